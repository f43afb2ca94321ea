terraform {
  encryption {
    key_provider "pbkdf2" "team" {
      passphrase = "correct horse battery"
      iterations = 200000
    }
    method "aes_gcm" "main" {
      keys = key_provider.pbkdf2.team
      aad  = [0, 1, 127, 128, "255"]
    }
    state { method = method.aes_gcm.main }
  }
}
