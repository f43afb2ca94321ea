resource "test_thing" {
}
resource {
}
variable "a" "b" {
}
output "1x" {
  value = 1
}
locals "x" {
}
resource "test_thing" "${a}" {
}

# expect:
# error labels.tf:12:24-26 Invalid string literal
# error labels.tf:1:23-24 Missing name for resource
# error labels.tf:3:10-11 Missing type for resource
# error labels.tf:5:14-17 Extraneous label for variable
# error labels.tf:7:8-12 Invalid output name
# error labels.tf:10:8-11 Extraneous label for locals
# error labels.tf:12:23-29 Invalid resource name
