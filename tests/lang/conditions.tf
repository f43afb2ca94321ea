variable "size" {
  default = 5
  validation {
    condition     = var.size > 10
    error_message = "Size ${var.size} is too small."
  }
  validation {
    condition     = var.size
    error_message = "x"
  }
}
variable "secret" {
  default   = "s"
  sensitive = true
  validation {
    condition     = length(var.secret) > 5
    error_message = "The secret ${var.secret} is short."
  }
}
resource "test_thing" "a" {
  name = "a"
  lifecycle {
    postcondition {
      condition     = self.id != ""
      error_message = "No id."
    }
  }
}

# expect:
# warning conditions.tf:17:21-57 Error message refers to sensitive values
# error conditions.tf:16:21-43 Condition failed: The condition does not hold. Its message is not known yet, or refers to values that must not be shown
# error conditions.tf:4:21-34 Condition failed: Size 5 is too small
# error conditions.tf:8:21-29 Invalid condition result | var.size is 5
