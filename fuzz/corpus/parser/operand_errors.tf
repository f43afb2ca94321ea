variable "name" {
  default = "web"
}
variable "secret" {
  default   = "hunter2"
  sensitive = true
}
locals {
  count = 3
  a     = var.name + local.count
  b     = -var.name
  c     = !local.count
  d     = var.secret * 2
  e     = local.count > null
  f     = 0 / 0
  g     = var.name < "b"
}

# expect:
# error operand_errors.tf:10:11-19 Invalid operand | var.name is "web"
# error operand_errors.tf:11:12-20 Invalid operand | var.name is "web"
# error operand_errors.tf:12:12-23 Invalid operand | local.count is 3
# error operand_errors.tf:13:11-21 Invalid operand | var.secret has a sensitive value
# error operand_errors.tf:14:11-29 Operation failed | local.count is 3
# error operand_errors.tf:15:11-16 Operation failed
# error operand_errors.tf:16:11-19 Invalid operand | var.name is "web"
# error operand_errors.tf:16:22-25 Invalid operand
