locals {
  a = true & false
}

# expect:
# error bitwise.tf:2:12-13 Unsupported operator
# error bitwise.tf:2:12-13 Missing newline after argument
