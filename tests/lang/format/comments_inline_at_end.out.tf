a   = 1 /* c */
bbb = 22 /* d */

x = [/* c */
1]
ccc = 1 /* c */ # e
d   = 22        # d
