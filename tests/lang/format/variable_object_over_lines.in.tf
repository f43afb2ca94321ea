variable "x" {
type = object({
    # c
a=string
bbb=optional(list(string), []) # x
})
default     = {}
}
