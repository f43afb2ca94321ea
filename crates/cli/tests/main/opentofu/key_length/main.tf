terraform {
  encryption {
    key_provider "pbkdf2" "team" {
      passphrase = "correct horse battery"
      iterations = 200000
      key_length = 16
    }
    method "aes_gcm" "main" { keys = key_provider.pbkdf2.team }
    state { method = method.aes_gcm.main }
  }
}
