resource "test_thing" "a" {
  name = "x"

output "b" {
  value = 1
}

# expect:
# error unclosed_block.tf:1:27-28 Unclosed configuration block
