variable "a" {
  typ     = string
  default = var.b
}
variable "b" {
  type    = strin
  default = 1
}
variable "c" {
  type    = number
  default = "x"
}
variable "count" {}
variable "d" {
  nullable = false
  default  = null
}
variable "e" {
  type = object({ a = optional(number, "x") })
}
variable "f" {
  validation {
    condition     = true
    error_message = "No."
  }
}
variable "g" {
  sensitive = maybe
}
variable "h" {
  default = upper("x")
}
variable "i" {
  validations {}
}

# expect:
# error variable_mistakes.tf:2:3-6 Unsupported argument
# error variable_mistakes.tf:3:13-16 Variables not allowed
# error variable_mistakes.tf:6:13-18 Invalid type specification
# error variable_mistakes.tf:11:13-16 Invalid default value for variable
# error variable_mistakes.tf:13:10-17 Invalid variable name
# error variable_mistakes.tf:16:14-18 Invalid default value for variable
# error variable_mistakes.tf:19:40-43 Invalid default value for optional attribute
# error variable_mistakes.tf:23:21-25 Invalid validation expression
# error variable_mistakes.tf:23:21-25 Invalid variable validation condition
# error variable_mistakes.tf:28:15-20 Variables not allowed
# error variable_mistakes.tf:28:15-20 Unsuitable value type
# error variable_mistakes.tf:31:13-23 Function calls not allowed
# error variable_mistakes.tf:34:3-14 Unsupported block type
