variable "a" {
  type = /* c */ string /* d */
}
variable "b" {
  type = list(any) /* d */ # e
}
