bbbbb = f(<<EOT
x
EOT
, 1)
a = 1
