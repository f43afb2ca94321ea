variable "a" {
type=list
}
variable "b" {
type = map # c
default = {} # d
}
variable "c" {
type = set
}
variable "d" { type = list }
