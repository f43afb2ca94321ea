resource "aws_sagemaker_domain" "example" {
  domain_name = "example"
  auth_mode   = "IAM"
  vpc_id      = aws_vpc.example.id
  subnet_ids  = [aws_subnet.example.id]
  default_user_settings {
    execution_role = aws_iam_role.example.arn
  }
  tags = {
    Name = "${var.prefix}-domain"
    Team = "ml" # who pays
  }
  lifecycle {
    ignore_changes = [tags["Team"]]
  }
}
