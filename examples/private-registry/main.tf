# A real-time endpoint whose container image lives in a private Docker registry, reached through a VPC.

terraform {
  required_version = ">= 1.5"

  backend "local" {
    path = "state/private-registry.tfstate"
  }
}

provider "aws" {
  region = var.region
}

variable "region" {
  description = "Where the endpoint runs."
  type        = string
  default     = "us-east-1"
}

variable "image" {
  description = "The container image, with the host of the private registry."
  type        = string
  default     = "myteam.myorg.com/docker-local/my-inference-image:latest"
}

# The way to the registry: checked against the live VPC, nothing is created.
resource "smform_vpc_config" "registry" {
  subnets            = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
  security_group_ids = ["sg-0123456789abcdef0"]

  registry {
    host              = "myteam.myorg.com"
    security_group_id = "sg-0fedcba9876543210"
  }
}

# Models and endpoint configurations cannot be changed. With a name prefix, a change makes a new one beside the old one,
# so that nothing is missing while the endpoint moves over.
resource "aws_sagemaker_model" "model" {
  name_prefix        = "vpc-model-"
  execution_role_arn = "arn:aws:iam::123456789012:role/SageMakerExecutionRole"

  primary_container {
    container_hostname = "ModelContainer"
    image              = var.image

    image_config {
      repository_access_mode = "Vpc"
    }
  }

  vpc_config {
    subnets            = smform_vpc_config.registry.subnets
    security_group_ids = smform_vpc_config.registry.security_group_ids
  }
}

resource "aws_sagemaker_endpoint_configuration" "config" {
  name_prefix = "my-endpoint-config-"

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
  description = "What clients invoke."
  value       = aws_sagemaker_endpoint.endpoint.name
}

output "endpoint_arn" {
  value = aws_sagemaker_endpoint.endpoint.arn
}

output "vpc_id" {
  description = "The VPC through which the image is pulled."
  value       = smform_vpc_config.registry.vpc_id
}
