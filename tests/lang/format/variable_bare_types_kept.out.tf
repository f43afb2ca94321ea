variable "a" {
  type = object
}
variable "b" {
  type = list(list)
}
variable "c" {
  type = (list)
}
variable "d" {
  type = object({ a = list, b = optional(map, {}), c = "string" })
}
