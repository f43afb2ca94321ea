a = /* c */ a
b = a /* c */
c = /* c */ a
d = a /* c */
