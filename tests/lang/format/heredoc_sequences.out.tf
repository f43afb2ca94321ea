a = <<EOT
  hi ${a + b}
	x\ "${f("b")}"
$${ b }
		EOT
b = 1
