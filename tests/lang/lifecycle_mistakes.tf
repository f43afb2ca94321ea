resource "test_thing" "a" {
  name = "a"
  lifecycle {
    prevent_destroy       = var.x
    create_before_destory = true
    ignore_changes        = [self.name[count.index], "tags"]
    replace_triggered_by  = [var.x, data.a.b]
    precondition {
      condition = true
    }
  }
  lifecycle {}
}
data "test_thing" "b" {
  lifecycle {
    prevent_destroy = true
  }
}

# expect:
# error lifecycle_mistakes.tf:12:3-12 Duplicate lifecycle block
# error lifecycle_mistakes.tf:5:5-26 Unsupported argument
# error lifecycle_mistakes.tf:4:29-32 Variables not allowed
# error lifecycle_mistakes.tf:4:29-34 Unsuitable value type
# error lifecycle_mistakes.tf:6:30-52 Invalid expression
# warning lifecycle_mistakes.tf:6:54-60 Quoted references are deprecated
# error lifecycle_mistakes.tf:7:30-35 Invalid reference in replace_triggered_by expression
# error lifecycle_mistakes.tf:7:30-35 Invalid replace_triggered_by expression
# error lifecycle_mistakes.tf:8:18-19 Missing required argument
# error lifecycle_mistakes.tf:9:19-23 Invalid precondition expression
# error lifecycle_mistakes.tf:16:5-20 Invalid data resource lifecycle argument
