bbbbb = 1
a = <<EOT
x
EOT
ccccccc = 2 # d
e=3 # f
