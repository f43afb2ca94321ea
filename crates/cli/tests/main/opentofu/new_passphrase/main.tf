terraform {
  encryption {
    key_provider "pbkdf2" "old" {
      passphrase = "correct horse battery"
      iterations = 200000
    }
    key_provider "pbkdf2" "team" {
      passphrase = "another passphrase"
      iterations = 200000
    }
    method "aes_gcm" "old" { keys = key_provider.pbkdf2.old }
    method "aes_gcm" "main" { keys = key_provider.pbkdf2.team }
    state {
      method = method.aes_gcm.main
      fallback {
        method = method.aes_gcm.old
      }
    }
  }
}
