variable "v" { default = "1" }
locals {
  cases = {
    addfirst  = [["b", "c"], ["a", "b", "c"]]
    dropfirst = [["a", "b", "c"], ["b", "c"]]
    dup       = [[1, 1], [1, 2]]
    dup3      = [["a", "a", "b"], ["a", "b", "b"]]
    empty     = [["a"], []]
    mid       = [["a", "b", "c"], ["a", "X", "c"]]
    objs      = [[{ n = "a", v = 1 }, { n = "b", v = 2 }], [{ n = "b", v = 2 }, { n = "c", v = 3 }]]
    replaced  = [["a", "b"], ["c", "d", "e"]]
    shift     = [["a", "b", "c"], ["b", "c", "d"]]
    swap      = [["a", "b", "c"], ["c", "a", "b"]]
    tail      = [["a", "b", "c", "d", "e"], ["a", "b", "c", "d", "x"]]
    two       = [["a", "b", "c", "d"], ["a", "X", "Y", "d"]]
    t4        = [["a", "q", "q"], ["q", "q", "q"]]
    t7        = [["q", "q", "q"], ["a", "q", "q"]]
    t8        = [["a", "b"], ["b", "a"]]
    u2        = [[{ x = 1 }, { y = 1 }], [{ y = 1 }, { x = 1 }, { z = 2 }]]
    u3        = [[{ x = 1, n = "a" }, { x = 2, n = "b" }, { x = 3, n = "c" }], [{ x = 2, n = "b" }, { x = 3, n = "d" }]]
    u4        = [["a", "b", "b", "c"], ["a", "b", "c", "c"]]
  }
}
output "r" { value = { for k, c in local.cases : k => c[var.v == "1" ? 0 : 1] } }
resource "terraform_data" "r" {
  for_each = local.cases
  input    = each.value[var.v == "1" ? 0 : 1]
}
