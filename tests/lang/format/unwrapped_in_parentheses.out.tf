a = (
  a
)
b = (a
) + (b)
