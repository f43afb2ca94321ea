resource "foo" "bar" {
}
resource "foo" "bar" {}
resource "foo" "bar" {
}
b "x" "y" "z" { a = 1 }
b "a-b" {}
