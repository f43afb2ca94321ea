locals {
  a = 1 +
}

locals {
  b = [1 2]
}

output "fine" {
  value = 1
}

output "single quotes" {
  value = 'x'
}

locals {
  c = { a = 1 b = 2 }
  d = foo(1 2)
}

# expect:
# error several_syntax_errors.tf:2:10-3:1 Invalid expression
# error several_syntax_errors.tf:6:10-11 Missing item separator
# error several_syntax_errors.tf:14:11-12 Invalid character
# error several_syntax_errors.tf:14:11-12 Invalid expression
# error several_syntax_errors.tf:18:15-16 Missing attribute separator
