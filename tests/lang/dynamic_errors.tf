resource "test_thing" "a" {
  name = "a"
  dynamic "rul" {
    for_each = []
    content {}
  }
  dynamic "rule" {
    for_each = 5
    content {
      port = 1
    }
  }
  dynamic "rule" {
    foreach = []
    content {
    }
  }
  dynamic "rule" {
    for_each = []
    port     = 1
  }
  dynamic "rule" {
    for_each = [1]
    iterator = a.b
    content {
      port = 1
    }
  }
  dynamic "rule" {
    for_each = ["a", "b"]
    content {
      port = rule.value
    }
  }
  dynamic {
  }
}
resource "test_thing" "unknown_is_fine" {
  name = "b"
  dynamic "rule" {
    for_each = test_thing.c.id == "x" ? [1] : []
    content {
      port = rule.value
    }
  }
}
resource "test_thing" "c" {
  name = "c"
}

# expect:
# error dynamic_errors.tf:3:11-16 Unsupported block type
# error dynamic_errors.tf:35:11-12 Missing label
# error dynamic_errors.tf:8:16-17 Invalid dynamic for_each value
# error dynamic_errors.tf:14:5-12 Unsupported argument
# error dynamic_errors.tf:13:3-17 Missing required argument
# error dynamic_errors.tf:20:5-9 Unsupported argument
# error dynamic_errors.tf:18:3-17 Invalid dynamic block
# error dynamic_errors.tf:24:16-19 Invalid iterator name
# error dynamic_errors.tf:32:14-24 Incorrect attribute value type | rule.value is "a"
