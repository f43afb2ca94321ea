locals {
  object = { name = "x", port = 1 }
  list   = ["a", "b"]
  map    = tomap({ a = 1 })
  none   = null
  set    = toset(["a"])
  things = tolist([{ id = 1 }])
  a      = local.object.nam
  b      = local.object["nam"]
  c      = local.list[2]
  d      = local.list.name
  e      = local.map.b
  f      = local.map["b"]
  g      = local.none.x
  h      = local.none[0]
  i      = local.set[0]
  j      = local.things.id
  k      = local.list["x"]
  l      = local.object.name.first
  m      = local.list[-1]
  n      = local.list[0.5]
  o      = local.object[null]
}

# expect:
# error access_errors.tf:8:24-28 Unsupported attribute | local.object is object with 2 attributes
# error access_errors.tf:9:24-31 Invalid index | local.object is object with 2 attributes
# error access_errors.tf:10:22-25 Invalid index | local.list is tuple with 2 elements
# error access_errors.tf:11:22-27 Unsupported attribute | local.list is tuple with 2 elements
# error access_errors.tf:12:21-23 Missing map element | local.map is map of number with 1 element
# error access_errors.tf:13:21-26 Invalid index | local.map is map of number with 1 element
# error access_errors.tf:14:22-24 Attempt to get attribute from null value | local.none is null
# error access_errors.tf:15:22-25 Attempt to index null value | local.none is null
# error access_errors.tf:16:21-24 Invalid index | local.set is set of string with 1 element
# error access_errors.tf:17:24-27 Unsupported attribute | local.things is list of object with 1 element
# error access_errors.tf:18:22-27 Invalid index | local.list is tuple with 2 elements
# error access_errors.tf:19:29-35 Unsupported attribute | local.object.name is "x"
# error access_errors.tf:20:22-26 Invalid index | local.list is tuple with 2 elements
# error access_errors.tf:21:22-27 Invalid index | local.list is tuple with 2 elements
# error access_errors.tf:22:24-30 Invalid index | local.object is object with 2 attributes
