locals {
  list = ["a", "a", null]
  a    = { for x in local.list : x => 1 }
  b    = { for x in ["k", "k"] : x => 1 }
  c    = [for x in 5 : x]
  d    = [for x in null : x]
  e    = [for x in local.list : x if x]
  f    = [for x in local.list : upper(x)]
}

# expect:
# error for_errors.tf:3:34-35 Duplicate object key
# error for_errors.tf:3:34-35 Invalid object key
# error for_errors.tf:4:34-35 Duplicate object key
# error for_errors.tf:5:20-21 Iteration over non-iterable value
# error for_errors.tf:6:20-24 Iteration over null value
# error for_errors.tf:7:38-39 Invalid 'for' condition
# error for_errors.tf:8:39-40 Invalid function argument
