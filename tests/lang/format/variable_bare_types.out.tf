variable "a" {
  type = list(any)
}
variable "b" {
  type    = map(any) # c
  default = {}       # d
}
variable "c" {
  type = set(any)
}
variable "d" { type = list(any) }
