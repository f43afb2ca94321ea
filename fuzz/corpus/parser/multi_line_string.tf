output "a" {
  value = "one
two"
}

# expect:
# error multi_line_string.tf:2:11-15 Invalid multi-line string
