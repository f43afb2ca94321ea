a=["${a}"]
b=f("${a}")
c={a="${a}"}
d=("${a}")
e="${a}${b}"
f="${a}" == "${b}"
g="${a}x"
h=""
i="%{if a}x%{endif}"
j="${b}" ? c : d
k=!"${b}"
l=[for x in y : "${x}"]
m="${a}".b
