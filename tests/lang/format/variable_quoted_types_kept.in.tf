variable "a" {
type="number"
}
variable "b" {
type = "set"
}
variable "c" {
type = "list(string)"
}
variable "d" {
type = " string"
}
variable "e" {
type = "${string}"
}
