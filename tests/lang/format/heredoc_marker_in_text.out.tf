a = <<EOT
 x
${a}EOT
EOTX
EOT 
b = 1
