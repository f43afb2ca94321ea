locals {
  name = "x-${upper("a"}-y"
  next = "${local.name"
}
