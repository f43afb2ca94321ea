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
# error malformed_references.tf:9:7-13 Reference to undeclared resource
