a = {
 a = 1,
bbb = { c = 1 },
cc = 3 # d
"foo" : 1
"foooo" : 2
}
