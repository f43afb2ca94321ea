bbbb = 2   # x
cc   = 333 // y

d = 1 # z
