locals {
  text = <<EOT
one
  EOT2
}

# expect:
# error unterminated_heredoc.tf:9:1-1 Unterminated template string
