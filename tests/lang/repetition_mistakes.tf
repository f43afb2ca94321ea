resource "test_thing" "a" {
  name     = "a"
  count    = 1
  for_each = {}
  provider = aws["west"]
}

# expect:
# error repetition_mistakes.tf:4:3-11 Invalid combination of "count" and "for_each"
# error repetition_mistakes.tf:5:17-25 Invalid provider configuration reference
