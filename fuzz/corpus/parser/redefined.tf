locals {
  a = 1
  a = 2
}

# expect:
# error redefined.tf:3:3-4 Attribute redefined
