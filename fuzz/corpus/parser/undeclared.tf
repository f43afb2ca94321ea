variable "image" {}
locals {
  prefix = "x"
  a      = var.imgae
  b      = local.prefx
  c      = module.net.id
  d      = test_thing.mian.id
  e      = data.test_thing.main.id
  f      = path.modul
  g      = terraform.workspaces
  h      = [for x in [1] : y.z]
}
resource "test_thing" "main" {
  name = var.nam
  dynamic "rule" {
    for_each = [1]
    content {
      port = rule.value
      note = rul.value
    }
  }
}

# expect:
# error undeclared.tf:4:12-21 Reference to undeclared input variable
# error undeclared.tf:5:12-23 Reference to undeclared local value
# error undeclared.tf:6:12-25 Reference to undeclared module
# error undeclared.tf:7:12-30 Reference to undeclared resource
# error undeclared.tf:8:12-35 Reference to undeclared resource
# error undeclared.tf:9:12-22 Invalid "path" attribute
# error undeclared.tf:10:12-32 Invalid "terraform" attribute
# error undeclared.tf:11:28-31 Reference to undeclared resource
# error undeclared.tf:14:10-17 Reference to undeclared input variable
# error undeclared.tf:19:14-23 Reference to undeclared resource
