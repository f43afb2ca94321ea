c9 = 1 # a
c10 = 11111 # b
   # own
c11 = 1 # c
dd = 1
