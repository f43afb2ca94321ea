terraform {
  required_version = ">= 1.12"
}
terraform {
  required_version = "a lot"
  required_providers {
    a = { source = "x/y/z/w" }
    b = { version = "new" }
    c = { url = "x" }
  }
}
provider "aws" {
  version = "~> 4.0"
  count   = 2
}

# expect:
# error versions.tf:2:3-31 Unsupported Terraform Core version
# error versions.tf:5:22-29 Invalid version constraint
# error versions.tf:7:20-29 Invalid provider source string
# error versions.tf:8:21-26 Invalid version constraint
# error versions.tf:9:11-14 Invalid required_providers object
# warning versions.tf:13:13-21 Version constraints inside provider configuration blocks are deprecated
# error versions.tf:14:3-8 Reserved argument name in provider block
