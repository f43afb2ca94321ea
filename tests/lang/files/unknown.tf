# Gives the recorded calls a value that is not known (in a console, a resource that was never created) and templates
# to refer to.
resource "terraform_data" "absent" {}

locals {
  unknown   = terraform_data.absent.output
  template  = "hi $${name}"
  templates = ["x $${name}", "%%{ if name }yes%%{ else }no%%{ endif }"]
}
