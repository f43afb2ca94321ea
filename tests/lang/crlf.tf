locals {
  a = 1
  b = 2 +
}

output "x" {
  value = "a" + 1
}

# expect:
# error crlf.tf:3:11-4:1 Invalid expression
