a = in[0]
b = for(1)
c = if[0]
d = [for x in [0] : in[0]]
