variable "a" {
  type    = number
  default = 1
}
locals {
  l = "base"
}
resource "test_thing" "a" {
  name = "base"
  rule {
    port = 1
  }
  lifecycle {
    prevent_destroy = true
  }
}
output "all" {
  value = "${var.a + 1} ${local.l} ${test_thing.a.name} ${test_thing.a.rule[0].port}"
  precondition {
    condition     = var.a == 7 && local.l == "new" && test_thing.a.name == "base" && test_thing.a.rule[0].port == 9
    error_message = "Not merged."
  }
}
