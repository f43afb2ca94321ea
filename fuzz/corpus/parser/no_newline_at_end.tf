locals {
  a = 1
}
# comment without a line break
