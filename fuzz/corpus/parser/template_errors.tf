locals {
  list = [1]
  a    = "x ${null} y"
  b    = "x ${local.list} y"
  c    = "%{ if null }x%{ endif }"
  d    = "%{ for x in 1 }x%{ endfor }"
  e    = <<-EOT
    first
    second ${local.list}
  EOT
}

# expect:
# error template_errors.tf:3:15-19 Invalid template interpolation value
# error template_errors.tf:4:15-25 Invalid template interpolation value | local.list is tuple with 1 element
# error template_errors.tf:5:17-21 Null condition
# error template_errors.tf:6:23-24 Iteration over non-iterable value
# error template_errors.tf:9:14-24 Invalid template interpolation value | local.list is tuple with 1 element
