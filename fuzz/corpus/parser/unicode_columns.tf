locals {
  größe = "äöü 👩‍👩‍👧" + 1
  ok    = 1 # é
  name  = "日本${null}"
}

# expect:
# error unicode_columns.tf:2:11-18 Invalid operand
# error unicode_columns.tf:4:16-20 Invalid template interpolation value
