d = [ # x
1 # y
] # z
d1 { # x
aaa = 1 # y
} # z
