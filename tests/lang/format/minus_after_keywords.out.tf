a = [for x in - y : x if - x > 1]
b = [for x in y : -x]
