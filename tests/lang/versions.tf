terraform {
  required_version = ">= 2.0"
}
terraform {
  required_version = ">= 1.13.2, < 2.0"
}
terraform {
  required_version = "~> 1.16"
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
# error versions.tf:2:3-30 Unsupported Terraform Core version
# warning versions.tf:5:3-40 Module for a newer Terraform
# error versions.tf:8:3-31 Unsupported Terraform Core version
# error versions.tf:11:22-29 Invalid version constraint
# error versions.tf:13:20-29 Invalid provider source string
# error versions.tf:14:21-26 Invalid version constraint
# error versions.tf:15:11-14 Invalid required_providers object
# warning versions.tf:19:13-21 Version constraints inside provider configuration blocks are deprecated
# error versions.tf:20:3-8 Reserved argument name in provider block
