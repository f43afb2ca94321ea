locals {
  a = "C:\dir"
  b = "\u12"
}

# expect:
# error bad_escape.tf:2:10-12 Invalid escape sequence
# error bad_escape.tf:3:8-12 Invalid escape sequence
