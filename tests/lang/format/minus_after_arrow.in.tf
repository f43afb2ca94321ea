a = {for k in x:k=>-1}
