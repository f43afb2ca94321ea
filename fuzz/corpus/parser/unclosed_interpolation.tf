locals {
  name = "x-${upper("a"}-y"
  next = "${local.name"
}

# expect:
# error unclosed_interpolation.tf:2:20-21 Unbalanced parentheses
