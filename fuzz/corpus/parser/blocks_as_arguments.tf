# "port" may be written as blocks or as an argument that holds objects.
locals {
  ports = [80, 443]
}

resource "test_thing" "blocks" {
  name = "a"
  port {
    from = 1
  }
  dynamic "port" {
    for_each = local.ports
    content {
      from = port.value
    }
  }
}

resource "test_thing" "argument" {
  name = "b"
  port = [for port in local.ports : { from = port, note = null }]
}

resource "test_thing" "none" {
  name = "c"
  port = []
}

resource "test_thing" "left_out" {
  name = "d"
  port = null
}

resource "test_thing" "both" {
  name = "e"
  port = []
  port {
    from = 1
  }
}

resource "test_thing" "incomplete" {
  name = "f"
  port = [{ from = 1 }]
}

resource "test_thing" "required_is_null" {
  name = "g"
  port = [{ from = 1, note = null }, { from = null, note = "x" }]
}

resource "test_thing" "no_object" {
  name = "h"
  port = [1]
}

# expect:
# error blocks_as_arguments.tf:36:3-7 Unsupported argument
# error blocks_as_arguments.tf:44:11-23 Incorrect attribute value type
# error blocks_as_arguments.tf:54:11-12 Incorrect attribute value type
# error blocks_as_arguments.tf:49:38-65 Missing required argument
