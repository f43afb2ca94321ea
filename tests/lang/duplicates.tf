variable "a" {}
variable "a" {}
resource "test_thing" "x" { name = "x" }
resource "test_thing" "x" { name = "y" }
locals {
  l = 1
}
locals {
  l = 2
}
provider "aws" {}
provider "aws" {}

# expect:
# error duplicates.tf:2:1-13 Duplicate variable declaration
# error duplicates.tf:4:1-26 Duplicate resource "test_thing" configuration
# error duplicates.tf:9:3-8 Duplicate local value definition
# error duplicates.tf:12:1-15 Duplicate provider configuration
