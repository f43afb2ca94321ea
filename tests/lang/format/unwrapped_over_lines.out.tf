a = ([
  1
])
b = ({
  a = 1
})
c = (f(
  a
))
d = ([for x in y :
x])
