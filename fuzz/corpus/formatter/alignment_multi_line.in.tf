a = {
b = [
1
]
ccc = 2
d = {}
}
bbbb = (1 ==
2)
ccccccccc = 2
