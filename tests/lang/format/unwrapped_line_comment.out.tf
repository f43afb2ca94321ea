a = a # c

b = (a +
  b # c
)
