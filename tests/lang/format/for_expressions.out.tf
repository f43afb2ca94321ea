a = [for x in [1, 2] : x if x > 1]
b = { for k, v in { a = 1 } : k => v... }
c = [for x in f(y) : x]
d = [for x in(y) : x]
e = { for x in [1] : (x) => [x]... }
f = [for x in "a" : x]
g = [for x in y : x if[x][0]]
