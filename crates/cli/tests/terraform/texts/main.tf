variable "v" { default = "1" }
locals { n = var.v == "1" }
resource "terraform_data" "j" { triggers_replace = local.n ? jsonencode({ a = [1], b = 2 }) : jsonencode({ a = [1, 2], b = 2 }) }
resource "terraform_data" "ws" { triggers_replace = local.n ? "[1,2]" : "[1, 2]" }
resource "terraform_data" "txt" { triggers_replace = local.n ? "a\nb" : "a\nc" }
resource "terraform_data" "list" { triggers_replace = local.n ? tolist(["a"]) : tolist(["a", "b"]) }
resource "terraform_data" "nul" { input = local.n ? null : { a = 1, "x" = null } }
resource "terraform_data" "nul2" { input = local.n ? { a = 1, x = null, y = null, z = "" } : { a = null, x = 3, y = null, z = "" } }
resource "terraform_data" "tosens" { input = local.n ? "v" : sensitive("v") }
resource "terraform_data" "tosens2" { input = local.n ? sensitive("v") : "w" }
resource "terraform_data" "ty" { input = local.n ? "12" : jsonencode([1]) }
resource "terraform_data" "ctl" { input = local.n ? "tab\tq\"b\\s ü \u0001" : "${"$"}{x}" }
resource "terraform_data" "emp" { input = local.n ? [] : tolist([]) }
resource "terraform_data" "single" {
  count = local.n ? 1 : 0
  input = jsonencode({ a = 1 })
}
resource "terraform_data" "lines" {
  count = local.n ? 1 : 0
  input = "line1\nline2"
}
moved {
  from = terraform_data.olda
  to   = terraform_data.newa
}
output "gone" { value = local.n ? "x" : null }
output "sens2" {
  value     = local.n ? "a" : "a"
  sensitive = true
}
