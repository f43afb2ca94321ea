a = 1
bbbb = 2
# c
cc = 3
dddddd = 4
