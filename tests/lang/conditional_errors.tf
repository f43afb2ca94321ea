locals {
  flag = "perhaps"
  a    = local.flag ? 1 : 2
  b    = null ? 1 : 2
  c    = true ? 1 : []
  d    = true ? { a = "x" } : { a = [] }
  e    = true ? 1 : local.flag.x
}

# expect:
# error conditional_errors.tf:3:10-20 Incorrect condition type | local.flag is "perhaps"
# error conditional_errors.tf:4:10-14 Null condition
# error conditional_errors.tf:5:17-23 Inconsistent conditional result types
# error conditional_errors.tf:6:17-41 Inconsistent conditional result types
