check "constant" {
  assert {
    condition     = 1 == 1
    error_message = "Never."
  }
}

# expect:
# error constant_condition.tf:3:21-27 Invalid assert expression
# error constant_condition.tf:1:1-17 Zero assert blocks
