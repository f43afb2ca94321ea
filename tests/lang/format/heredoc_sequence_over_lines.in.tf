b {
a = <<EOT
x
${a
}
  %{ if a }
%{~ else ~}
 x
%{endif}
EOT
b=1
}
