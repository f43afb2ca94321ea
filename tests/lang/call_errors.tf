locals {
  name = "x"
  a    = uper(local.name)
  b    = upper()
  c    = upper("a", "b")
  d    = upper([local.name])
  e    = tonumber(local.name)
  f    = upper(1...)
  g    = try(local.name.x, local.name[0])
  h    = can()
  i    = provider::aws::arn("x")
  j    = core::upper("x")
}

# expect:
# error call_errors.tf:3:10-14 Call to unknown function
# error call_errors.tf:4:16-17 Not enough function arguments
# error call_errors.tf:5:22-23 Too many function arguments
# error call_errors.tf:6:16-17 Invalid function argument | local.name is "x"
# error call_errors.tf:7:19-29 Invalid function argument | local.name is "x"
# error call_errors.tf:8:16-17 Invalid expanding argument value
# error call_errors.tf:9:10-14 Error in function call | local.name is "x"
# error call_errors.tf:10:14-15 Not enough function arguments
# error call_errors.tf:11:10-28 Unknown provider function
