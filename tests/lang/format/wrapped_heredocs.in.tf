locals {
  x = "v"
  a = "${<<EOT
${local.x}
EOT
}"
  b = "${join("${local.x}", ["${<<EOT
%{if true}x%{endif}
EOT
  }"])}"
  c = "${upper("${local.x}-${local.x}")}"
  d = "${<<EOT
plain
EOT
}"
}
