a = [for x in y :
  x
if x]
b = [
  for x in y :
  x
]
c = { for k, v in y : k => {
  b = 1
  }
if x }
