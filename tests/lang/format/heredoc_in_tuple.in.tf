bbbbb = [<<EOT
x
EOT
]
a=1
