terraform {
  encryption {
    key_provider "pbkdf2" "team" {
      passphrase = "corr\u0065\u0301ct \"${"horse"}\" $${battery} Ünicode"
      iterations = 200000
    }
    method "aes_gcm" "main" { keys = key_provider.pbkdf2.team }
    state { method = method.aes_gcm.main }
  }
}
