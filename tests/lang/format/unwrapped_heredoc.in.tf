a="${<<EOT
x
EOT
}"
b="${f(<<EOT
x
EOT
)}"
