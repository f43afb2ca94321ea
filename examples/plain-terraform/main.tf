# The same endpoint in plain Terraform: an inline vpc_config, and fixed names.

terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.26"
    }
  }

  backend "local" {
    path = "state/plain-terraform.tfstate"
  }
}

provider "aws" {
  region = "us-east-1"
}

variable "image" {
  description = "The container image, with the host of the private registry."
  type        = string
  default     = "myteam.myorg.com/docker-local/my-inference-image:latest"
}

resource "aws_sagemaker_model" "model" {
  name               = "vpc-model"
  execution_role_arn = "arn:aws:iam::123456789012:role/SageMakerExecutionRole"

  primary_container {
    container_hostname = "ModelContainer"
    image              = var.image

    image_config {
      repository_access_mode = "Vpc"
    }
  }

  vpc_config {
    subnets            = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
    security_group_ids = ["sg-0123456789abcdef0"]
  }
}

resource "aws_sagemaker_endpoint_configuration" "config" {
  name = "my-endpoint-config"

  production_variants {
    variant_name           = "MyVariant"
    model_name             = aws_sagemaker_model.model.name
    instance_type          = "ml.t2.medium"
    initial_instance_count = 1
  }
}

resource "aws_sagemaker_endpoint" "endpoint" {
  name                 = "my-endpoint"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.config.name
}

output "endpoint_name" {
  value = aws_sagemaker_endpoint.endpoint.name
}
