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
# error output_mistakes.tf:1:12-13 Missing required argument
# error output_mistakes.tf:5:17-24 Unsuitable value type
# error output_mistakes.tf:6:17-18 Invalid expression
# error output_mistakes.tf:8:12-13 Missing required argument
# error output_mistakes.tf:9:3-9 Unsupported argument
# error output_mistakes.tf:6:20-28 Reference to "each" in context without for_each
