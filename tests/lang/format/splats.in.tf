a=a[ * ] . b
b=a.*.b
c=a . * . b
d=a [*] [0]
e=a.* [0]
f=a.*.b[0]
