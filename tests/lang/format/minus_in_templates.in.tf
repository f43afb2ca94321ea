a="a${-a}"
b="%{if -a}a%{endif}"
c="%{for a in -b}a%{endfor}"
