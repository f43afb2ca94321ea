variable "image" { default = "1" }
provider "aws" {
  region = "eu-west-1"
  default_tags { tags = { team = "ml" } }
}
data "aws_vpc" "default" { default = true }
data "aws_subnets" "all" {
  filter {
    name   = "vpc-id"
    values = [data.aws_vpc.default.id]
  }
}
resource "aws_security_group" "ep" {
  name_prefix = "ep-"
  vpc_id      = data.aws_vpc.default.id
  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
  lifecycle { create_before_destroy = true }
}
module "ep" {
  source = "./module"
  name   = "shop"
  variants = {
    blue  = { image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop:${var.image}", weight = 0.9, count = 2, max_capacity = 4 }
    green = { image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop:2", weight = 0.1, count = 2, environment = { A = "1" } }
  }
  vpc         = { subnet_ids = data.aws_subnets.all.ids, security_group_ids = [aws_security_group.ep.id] }
  capture     = { percentage = 10, uri = "s3://bucket/capture" }
  kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
}
output "ep" { value = module.ep }
