terraform {
  encryption {
    key_provider "pbkdf2" "inner" {
      passphrase = "correct horse battery"
      iterations = 200000
    }
    key_provider "pbkdf2" "team" {
      chain         = key_provider.pbkdf2.inner
      iterations    = 200000
      key_length    = 16
      hash_function = "sha256"
    }
    method "aes_gcm" "main" { keys = key_provider.pbkdf2.team }
    state { method = method.aes_gcm.main }
  }
}
