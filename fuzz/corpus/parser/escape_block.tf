resource "test_thing" "a" {
  name = "a"
  _ {
    count = 1
  }
}

# expect:
# error escape_block.tf:4:5-10 Unsupported argument
