b {
  a = <<-EOT
  x
    ${f(
  [
    1
])}  
EOT
b = 1
}
