a = 1 # c
bbb = 22 # d