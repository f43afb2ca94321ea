b "x" { a = b }
b {
  c {
    a = b
  }
}
