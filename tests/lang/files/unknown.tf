# Gives the recorded calls a value that is not known: in a console, a resource that was never created.
resource "terraform_data" "absent" {}

locals {
  unknown = terraform_data.absent.output
}
