terraform {
  required_version = ">= 99"
  required_providers {
    a = { source = "x/a" }
    b = { source = "x/b" }
  }
  backend "s3" {
    bucket = "b"
  }
}
provider "a" {
  alias = "one"
}
