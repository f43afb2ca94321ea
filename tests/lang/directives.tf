locals {
  a = "%{ if true }x"
  }
locals {
  b = "%{ for x in [] }%{ endif }"
}
locals {
  c = "%{ iff true }%{ endif }"
}

# expect:
# error directives.tf:2:21-22 Unexpected end of template
# error directives.tf:5:24-34 Unexpected endif directive
# error directives.tf:8:11-14 Invalid template control keyword
