variable "a" {
  default = "7"
}
locals {
  l       = "new"
  missing = 1
}
resource "test_thing" "a" {
  rule {
    port = 9
  }
}
resource "test_thing" "b" {
}
resource "test_thing" "a" {
  depends_on = [test_thing.c]
  lifecycle {
    precondition {
      condition     = var.a == 1
      error_message = "x"
    }
  }
}
moved {
  from = test_thing.x
  to   = test_thing.a
}
