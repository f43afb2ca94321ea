a="${ a+b }x${~ c ~}"
b="%{ if a }x%{else}y%{endif}"
c="%{if a+b~}x%{~else~}y%{~endif~}"
d="a ${ f("b", "c") } ${ [1,2][0] } ${ {a=1}.a }"
