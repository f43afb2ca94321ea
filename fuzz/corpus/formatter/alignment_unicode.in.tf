é = 1
ab = 2
日本 = 3 # c
abcdefgh = "日本" # d
x = "👩‍👩‍👧" # e
y = "é" # f
