resource "test_thing" "a" {
  name
}

"quoted" = 1

# expect:
# error neither_argument_nor_block.tf:2:3-7 Argument or block definition required
