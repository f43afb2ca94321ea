output "a" {
  value = "one
two"
}

# expect:
# error multi_line_string.tf:2:15-3:1 Invalid multi-line string
# error multi_line_string.tf:2:15-3:1 Unterminated template string
