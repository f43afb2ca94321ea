a  = b ? c : d
bb = b ? c : d
c  = b ? [1] : [2]
d  = b ? (1) : (2)
e  = a ? b : c ? d : e
