a = !b
b = !!b
c = !-b
d = !f(a)[0]
e = a && !b
f = !/* x */ a
