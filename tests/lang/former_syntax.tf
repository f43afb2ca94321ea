variable "a" {
  type = "string"
}
resource "test_thing" "a" {
  name = "a"
  lifecycle {
    ignore_changes       = ["*"]
    replace_triggered_by = [test_thing.b[each.value]]
  }
  locals {
  }
}
resource "test_thing" "b" {
  name       = "b"
  depends_on = ["test_thing.a"]
}
terraform {
  required_providers {
    aws = "~> 5.0"
  }
}
terraform {
  required_providers {
    x = { source = "x/terraform-provider-x" }
  }
}

# expect:
# error former_syntax.tf:2:10-18 Invalid quoted type constraints
# error former_syntax.tf:7:28-33 Invalid ignore_changes wildcard
# error former_syntax.tf:8:29-53 Invalid each reference in replace_triggered_by expression
# error former_syntax.tf:10:3-9 Reserved block type name in resource block
# warning former_syntax.tf:15:17-31 Quoted references are deprecated
# error former_syntax.tf:23:3-21 Duplicate required providers configuration
