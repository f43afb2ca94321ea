ephemeral "random_password" "a" {
}
action "aws_x" "b" {
}
terraform {
  cloud {
  }
}

# expect:
# error unsupported_top_level.tf:3:1-19 Unsupported action block
