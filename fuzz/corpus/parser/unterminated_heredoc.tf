locals {
  text = <<EOT
one
  EOT2
}

# expect:
# error unterminated_heredoc.tf:2:10-15 Unterminated template string
