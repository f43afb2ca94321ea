output "a" {
}
output "b" {
  value      = 1
  sensitive  = "perhaps"
  depends_on = [1, each.key]
}
output "c" {
  values = 1
}

# expect:
# error output_mistakes.tf:1:1-11 Missing required argument
# error output_mistakes.tf:5:16-25 Unsuitable value type
# error output_mistakes.tf:6:17-18 Invalid expression
# error output_mistakes.tf:6:20-28 Invalid depends_on reference
# error output_mistakes.tf:9:3-9 Unsupported argument
# error output_mistakes.tf:8:1-11 Missing required argument
