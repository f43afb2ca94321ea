variable "name" {}
output "x" {
  value = var.nmae
}
locals {
  a = nope()
}
