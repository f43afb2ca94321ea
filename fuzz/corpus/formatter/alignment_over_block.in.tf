a = 1
b {}
ccc = 2
d { x = 1 }
eeeeeee = 3
