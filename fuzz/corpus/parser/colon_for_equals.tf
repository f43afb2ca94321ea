output "a" {
  value: 1
}

# expect:
# error colon_for_equals.tf:2:8-9 Invalid argument
