resource "test_thing" "a" {
  nam  = "x"
  rules {
    port = 1
  }
}
resource "test_thing" "b" {
  name = ["x"]
  size = "big"
  id   = "i-1"
  tags = { a = [1] }
  rule = [{ port = 1 }]
  subnets {
  }
}
resource "test_thing" "c" {
  name = "c"
  rule "label" {
    port = 80
  }
  rule {
  }
  rule {
    port = 80
  }
}
resource "test_thing" "d" {
  name = null
}

# expect:
# error body_errors.tf:1:27-28 Missing required argument
# error body_errors.tf:2:3-6 Unsupported argument
# error body_errors.tf:3:3-8 Unsupported block type
# error body_errors.tf:12:3-7 Unsupported argument
# error body_errors.tf:13:3-10 Unsupported block type
# error body_errors.tf:10:3-5 Value for unconfigurable attribute
# error body_errors.tf:8:10-15 Incorrect attribute value type
# error body_errors.tf:9:10-15 Incorrect attribute value type
# error body_errors.tf:11:16-19 Incorrect attribute value type
# error body_errors.tf:18:8-15 Extraneous label
# error body_errors.tf:21:8-9 Missing required argument
# error body_errors.tf:23:3-7 Too many rule blocks
# error body_errors.tf:28:10-14 Missing required argument
