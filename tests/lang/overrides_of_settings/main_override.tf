terraform {
  required_version = ">= 1.0"
  required_providers {
    b = { source = "y/b" }
    c = { source = "y/c" }
  }
  backend "local" {
  }
}
provider "a" {
  alias  = "one"
  region = "x"
}
provider "a" {
  region = "x"
}
