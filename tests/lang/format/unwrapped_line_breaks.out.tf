a = a
b = a
c = a /* c */ # d
