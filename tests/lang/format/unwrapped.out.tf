a = b
c = a + b
d = a ? b : c # c
e = a
f = 1
g = [1]
h = "a"
