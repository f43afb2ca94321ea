b {
a=1
    /* foo
  bar
      */
x = /* a
  b */ 1 # c
bbb = 22 # d
}
