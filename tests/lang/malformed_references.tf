locals {
  a = var
  b = foo
  c = each.foo
  d = count.foo
  e = test_thing
  f = data.x
  g = template.x
  h = list.x.y
  i = local["a"]
}

# expect:
# error malformed_references.tf:2:7-10 Invalid reference
# error malformed_references.tf:3:7-10 Invalid reference
# error malformed_references.tf:4:7-15 Invalid "each" attribute
# error malformed_references.tf:5:7-16 Invalid "count" attribute
# error malformed_references.tf:6:7-17 Invalid reference
# error malformed_references.tf:7:7-13 Invalid reference
# error malformed_references.tf:8:7-15 Reserved symbol name
# error malformed_references.tf:9:7-15 Invalid reference
# error malformed_references.tf:10:7-17 Invalid reference
