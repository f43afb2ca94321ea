module "a" {
}
module "b" {
  source = "terraform-aws-modules/vpc/aws"
}
module "c" {
  source = "./nowhere"
}
module "d" {
  source    = "./x"
  lifecycle = 1
  providers {
    aws = aws.x
  }
}
module "e" {
  source = "./${var.x}"
}

# expect:
# error module_mistakes.tf:1:12-13 Missing required argument
# error module_mistakes.tf:12:3-12 Unsupported block type
# error module_mistakes.tf:17:17-20 Variables not allowed
# error module_mistakes.tf:17:13-15 Unsuitable value type
# error module_mistakes.tf:3:1-11 Module not installed
# error module_mistakes.tf:6:1-11 Module not installed
# error module_mistakes.tf:9:1-11 Module not installed
