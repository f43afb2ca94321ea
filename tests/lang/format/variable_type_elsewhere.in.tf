b {
variable "x" {
type = "string"
}
}
variable "a" {
validation {
type = "list"
condition = "${a}"
}
}
output "x" {
type = list
}
