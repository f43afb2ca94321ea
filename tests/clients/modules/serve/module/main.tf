terraform {
  required_version = ">= 0.13"
  required_providers {
    aws    = { source = "hashicorp/aws", version = ">= 4.0" }
    random = { source = "hashicorp/random", version = ">= 3.1" }
  }
}
variable "name_prefix" { type = string }
variable "pytorch_version" {
  type    = string
  default = null
}
variable "transformers_version" { type = string }
variable "image_tag" {
  type    = string
  default = null
}
variable "hf_task" {
  type    = string
  default = null
}
variable "hf_model_id" {
  type    = string
  default = null
}
variable "hf_api_token" {
  type      = string
  default   = null
  sensitive = true
}
variable "model_data" {
  type    = string
  default = null
}
variable "instance_type" {
  type    = string
  default = null
}
variable "instance_count" {
  type    = number
  default = 1
}
variable "serverless_config" {
  type    = object({ max_concurrency = number, memory_size_in_mb = number })
  default = { max_concurrency = null, memory_size_in_mb = null }
}
variable "async_config" {
  type    = object({ s3_output_path = string, kms_key_id = optional(string), sns_error_topic = optional(string), sns_success_topic = optional(string) })
  default = { s3_output_path = null }
}
variable "autoscaling" {
  type    = object({ max_capacity = number, min_capacity = optional(number, 1), scaling_target_invocations = optional(number, 100), scale_in_cooldown = optional(number, 300), scale_out_cooldown = optional(number, 66) })
  default = { max_capacity = null }
}
variable "sagemaker_execution_role" {
  type    = string
  default = null
}
variable "tags" {
  type    = map(string)
  default = {}
}
locals {
  fw        = var.pytorch_version != null ? "pytorch" : "tensorflow"
  repo      = "huggingface-${local.fw}-inference"
  device    = var.instance_type == null ? "cpu" : length(regexall("^ml\\.[g|p{1,3}\\.$]", var.instance_type)) > 0 ? "gpu" : "cpu"
  tag_map   = { "4.17.0" = "py38", "4.26.0" = "py39" }
  image_tag = coalesce(var.image_tag, "${coalesce(var.pytorch_version, "2.0")}-transformers${var.transformers_version}-${local.device}-${local.tag_map[var.transformers_version]}-ubuntu20.04")
  role_arn  = var.sagemaker_execution_role != null ? data.aws_iam_role.given[0].arn : aws_iam_role.new[0].arn
  kind = {
    real       = var.async_config.s3_output_path == null && var.serverless_config.max_concurrency == null
    async      = var.async_config.s3_output_path != null && var.serverless_config.max_concurrency == null
    serverless = var.async_config.s3_output_path == null && var.serverless_config.max_concurrency != null
  }
  model    = var.model_data != null && var.hf_model_id == null ? aws_sagemaker_model.from_s3[0] : aws_sagemaker_model.from_hub[0]
  endpoint = local.kind.real ? aws_sagemaker_endpoint_configuration.real[0] : local.kind.async ? aws_sagemaker_endpoint_configuration.async[0] : aws_sagemaker_endpoint_configuration.serverless[0]
}
resource "random_string" "suffix" {
  length  = 8
  lower   = true
  upper   = false
  special = false
}
data "aws_sagemaker_prebuilt_ecr_image" "deploy" {
  repository_name = local.repo
  image_tag       = local.image_tag
}
data "aws_iam_role" "given" {
  count = var.sagemaker_execution_role != null ? 1 : 0
  name  = var.sagemaker_execution_role
}
resource "aws_iam_role" "new" {
  count = var.sagemaker_execution_role == null ? 1 : 0
  name  = "${var.name_prefix}-role-${random_string.suffix.result}"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Action = "sts:AssumeRole", Effect = "Allow", Principal = { Service = "sagemaker.amazonaws.com" } }]
  })
  inline_policy {
    name = "terraform-inferences-policy"
    policy = jsonencode({
      Version = "2012-10-17"
      Statement = [
        { Effect = "Allow", Action = ["cloudwatch:PutMetricData", "logs:CreateLogStream", "logs:PutLogEvents", "ecr:*", "s3:GetObject"], Resource = "*" },
      ]
    })
  }
  tags = var.tags
}
resource "aws_sagemaker_model" "from_s3" {
  count              = var.model_data != null && var.hf_model_id == null ? 1 : 0
  name               = "${var.name_prefix}-model-${random_string.suffix.result}"
  execution_role_arn = local.role_arn
  tags               = var.tags
  primary_container {
    image          = data.aws_sagemaker_prebuilt_ecr_image.deploy.registry_path
    model_data_url = var.model_data
    environment    = { HF_TASK = var.hf_task }
  }
}
resource "aws_sagemaker_model" "from_hub" {
  count              = var.model_data == null && var.hf_model_id != null ? 1 : 0
  name               = "${var.name_prefix}-model-${random_string.suffix.result}"
  execution_role_arn = local.role_arn
  tags               = var.tags
  primary_container {
    image = data.aws_sagemaker_prebuilt_ecr_image.deploy.registry_path
    environment = {
      HF_TASK           = var.hf_task
      HF_MODEL_ID       = var.hf_model_id
      HF_API_TOKEN      = var.hf_api_token
      HF_MODEL_REVISION = null
    }
  }
}
resource "aws_sagemaker_endpoint_configuration" "real" {
  count = local.kind.real ? 1 : 0
  name  = "${var.name_prefix}-ep-config-${random_string.suffix.result}"
  tags  = var.tags
  production_variants {
    variant_name           = "AllTraffic"
    model_name             = local.model.name
    initial_instance_count = var.instance_count
    instance_type          = var.instance_type
  }
}
resource "aws_sagemaker_endpoint_configuration" "async" {
  count = local.kind.async ? 1 : 0
  name  = "${var.name_prefix}-ep-config-${random_string.suffix.result}"
  tags  = var.tags
  production_variants {
    variant_name           = "AllTraffic"
    model_name             = local.model.name
    initial_instance_count = var.instance_count
    instance_type          = var.instance_type
  }
  async_inference_config {
    output_config {
      s3_output_path = var.async_config.s3_output_path
      kms_key_id     = var.async_config.kms_key_id
      notification_config {
        error_topic   = var.async_config.sns_error_topic
        success_topic = var.async_config.sns_success_topic
      }
    }
  }
}
resource "aws_sagemaker_endpoint_configuration" "serverless" {
  count = local.kind.serverless ? 1 : 0
  name  = "${var.name_prefix}-ep-config-${random_string.suffix.result}"
  tags  = var.tags
  production_variants {
    variant_name = "AllTraffic"
    model_name   = local.model.name
    serverless_config {
      max_concurrency   = var.serverless_config.max_concurrency
      memory_size_in_mb = var.serverless_config.memory_size_in_mb
    }
  }
}
resource "aws_sagemaker_endpoint" "it" {
  name                 = "${var.name_prefix}-ep-${random_string.suffix.result}"
  tags                 = var.tags
  endpoint_config_name = local.endpoint.name
}
locals { use_autoscaling = var.autoscaling.max_capacity != null && !local.kind.serverless ? 1 : 0 }
resource "aws_appautoscaling_target" "t" {
  count              = local.use_autoscaling
  min_capacity       = var.autoscaling.min_capacity
  max_capacity       = var.autoscaling.max_capacity
  resource_id        = "endpoint/${aws_sagemaker_endpoint.it.name}/variant/AllTraffic"
  scalable_dimension = "sagemaker:variant:DesiredInstanceCount"
  service_namespace  = "sagemaker"
}
resource "aws_appautoscaling_policy" "p" {
  count              = local.use_autoscaling
  name               = "${var.name_prefix}-scaling-target-${random_string.suffix.result}"
  policy_type        = "TargetTrackingScaling"
  resource_id        = aws_appautoscaling_target.t[0].resource_id
  scalable_dimension = aws_appautoscaling_target.t[0].scalable_dimension
  service_namespace  = aws_appautoscaling_target.t[0].service_namespace
  target_tracking_scaling_policy_configuration {
    predefined_metric_specification { predefined_metric_type = "SageMakerVariantInvocationsPerInstance" }
    target_value       = var.autoscaling.scaling_target_invocations
    scale_in_cooldown  = var.autoscaling.scale_in_cooldown
    scale_out_cooldown = var.autoscaling.scale_out_cooldown
  }
}
output "iam_role" { value = local.role_arn }
output "sagemaker_endpoint" { value = aws_sagemaker_endpoint.it }
output "sagemaker_model" {
  value     = local.model
  sensitive = true
}
