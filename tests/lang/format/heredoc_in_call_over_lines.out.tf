b {
  a = f(<<EOT
x
${a
  }
EOT
, 1)
b = 1
}
