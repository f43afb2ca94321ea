variable "v" { default = 1 }
variable "secret" {
  sensitive = true
  default   = "s3"
}
resource "terraform_data" "plain" { input = "a${var.v}" }
resource "terraform_data" "same" { input = "same" }
resource "terraform_data" "repl" {
  triggers_replace = ["x", var.v, "z"]
  input            = { a = 1, b = "two", c = [1, 2, 3], d = null, "odd key" = true, name = "n" }
}
resource "terraform_data" "list" { input = [for s in(var.v == 1 ? tolist(["a", "b", "c", "d", "e", "f"]) : tolist(["a", "b", "X", "d", "e", "f", "g"])) : s] }
resource "terraform_data" "objs" { input = var.v == 1 ? tolist([{ a = 1, b = 2 }, { a = 3, b = 4 }]) : tolist([{ a = 1, b = 2 }, { a = 3, b = 5 }, { a = 6, b = 7 }]) }
resource "terraform_data" "map" { input = tomap(var.v == 1 ? { a = "1", b = "2", "c d" = "3" } : { a = "1", b = "3", e = "5" }) }
resource "terraform_data" "set" { input = toset(var.v == 1 ? ["a", "b"] : ["b", "c"]) }
resource "terraform_data" "json" { input = var.v == 1 ? jsonencode({ a = 1, b = [1, 2], c = "x" }) : jsonencode({ a = 1, b = [1, 3], d = "x" }) }
resource "terraform_data" "jsonws" { input = var.v == 1 ? "{\"a\":1}" : "{\"a\": 1}" }
resource "terraform_data" "text" { input = var.v == 1 ? "l1\nl2\nl3\n" : "l1\nL2\nl3\nl4\n" }
resource "terraform_data" "sens" { input = "${var.secret}${var.v}" }
resource "terraform_data" "sensobj" { input = { a = var.secret, b = var.v } }
resource "terraform_data" "typ" { input = var.v == 1 ? jsonencode("x") : jsonencode({ a = 1 }) }
resource "terraform_data" "unk" { input = { a = terraform_data.repl.id, b = 1, l = [terraform_data.repl.id, "k"] } }
resource "terraform_data" "cnt" {
  count = var.v == 1 ? 2 : 1
  input = count.index
}
resource "terraform_data" "each" {
  for_each = toset(var.v == 1 ? ["x", "y"] : ["x"])
  input    = each.key
  lifecycle { create_before_destroy = true }
  triggers_replace = var.v
}
output "o" { value = terraform_data.repl.id }
output "plain" { value = var.v }
output "unchanged_long_name" { value = "k" }
output "sec" {
  value     = "${var.secret}${var.v}"
  sensitive = true
}
output "obj" { value = { a = var.v, b = [1, var.v] } }
