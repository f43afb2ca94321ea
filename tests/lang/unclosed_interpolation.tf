locals {
  name = "x-${upper("a"}-y"
  next = "${local.name"
}

# expect:
# error unclosed_interpolation.tf:2:24-25 Missing argument separator
