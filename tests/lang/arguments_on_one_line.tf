locals {
  a = 1 b = 2
}
variable "v" { type = string default = "x" }
variable "w" {} variable "x" {}

# expect:
# error arguments_on_one_line.tf:2:9-10 Missing newline after argument
# error arguments_on_one_line.tf:4:30-37 Invalid single-argument block definition
# error arguments_on_one_line.tf:5:17-25 Missing newline after block definition
