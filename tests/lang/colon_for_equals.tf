output "a" {
  value: 1
}

# expect:
# error colon_for_equals.tf:2:3-8 Argument or block definition required
