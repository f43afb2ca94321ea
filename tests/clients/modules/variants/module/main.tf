terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = ">= 5.0.0, < 7.0.0" }
  }
}
variable "name" { type = string }
variable "variants" {
  type = map(object({
    image         = string
    instance_type = optional(string, "ml.m5.large")
    count         = optional(number, 1)
    weight        = optional(number, 1)
    environment   = optional(map(string), {})
    min_capacity  = optional(number)
    max_capacity  = optional(number)
  }))
}
variable "vpc" {
  type    = object({ subnet_ids = list(string), security_group_ids = list(string) })
  default = null
}
variable "kms_key_arn" {
  type    = string
  default = null
}
variable "capture" {
  type    = object({ percentage = number, uri = string })
  default = null
}
data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}
data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["sagemaker.${data.aws_partition.current.dns_suffix}"]
    }
  }
}
data "aws_iam_policy_document" "perm" {
  statement {
    sid       = "Logs"
    actions   = ["logs:CreateLogGroup", "logs:PutLogEvents"]
    resources = ["arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}:log-group:/aws/sagemaker/*"]
  }
  dynamic "statement" {
    for_each = var.kms_key_arn == null ? [] : [var.kms_key_arn]
    content {
      actions   = ["kms:Decrypt"]
      resources = [statement.value]
    }
  }
}
resource "random_id" "this" {
  byte_length = 4
  keepers     = { name = var.name }
}
resource "aws_iam_role" "this" {
  name_prefix           = "${var.name}-"
  assume_role_policy    = data.aws_iam_policy_document.assume.json
  force_detach_policies = true
}
resource "aws_iam_role_policy" "this" {
  name   = "${var.name}-inline"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.perm.json
}
resource "aws_iam_role_policy_attachment" "this" {
  for_each   = toset(["AmazonSageMakerFullAccess"])
  role       = aws_iam_role.this.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/${each.value}"
}
resource "time_sleep" "iam" {
  depends_on      = [aws_iam_role_policy.this, aws_iam_role_policy_attachment.this]
  create_duration = "10s"
}
resource "aws_sagemaker_model" "this" {
  for_each           = var.variants
  name               = "${var.name}-${each.key}-${substr(sha256(each.value.image), 0, 8)}"
  execution_role_arn = aws_iam_role.this.arn
  primary_container {
    image       = each.value.image
    environment = each.value.environment
    mode        = "SingleModel"
  }
  dynamic "vpc_config" {
    for_each = var.vpc[*]
    content {
      subnets            = vpc_config.value.subnet_ids
      security_group_ids = vpc_config.value.security_group_ids
    }
  }
  enable_network_isolation = false
  tags                     = { Name = each.key }
  lifecycle { create_before_destroy = true }
  depends_on = [time_sleep.iam]
}
resource "aws_sagemaker_endpoint_configuration" "this" {
  name_prefix = "${var.name}-"
  kms_key_arn = var.kms_key_arn
  dynamic "production_variants" {
    for_each = var.variants
    content {
      variant_name           = production_variants.key
      model_name             = aws_sagemaker_model.this[production_variants.key].name
      instance_type          = production_variants.value.instance_type
      initial_instance_count = production_variants.value.count
      initial_variant_weight = production_variants.value.weight
    }
  }
  dynamic "data_capture_config" {
    for_each = var.capture == null ? [] : [var.capture]
    content {
      enable_capture              = true
      initial_sampling_percentage = data_capture_config.value.percentage
      destination_s3_uri          = data_capture_config.value.uri
      capture_options { capture_mode = "Input" }
      capture_options { capture_mode = "Output" }
    }
  }
  lifecycle { create_before_destroy = true }
}
resource "aws_sagemaker_endpoint" "this" {
  name                 = "${var.name}-${random_id.this.hex}"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.this.name
  deployment_config {
    blue_green_update_policy {
      traffic_routing_configuration {
        type                     = "CANARY"
        wait_interval_in_seconds = 60
        canary_size {
          type  = "CAPACITY_PERCENT"
          value = 50
        }
      }
      termination_wait_in_seconds          = 0
      maximum_execution_timeout_in_seconds = 1800
    }
    auto_rollback_configuration {
      dynamic "alarms" {
        for_each = aws_cloudwatch_metric_alarm.errors
        content { alarm_name = alarms.value.alarm_name }
      }
    }
  }
}
resource "aws_cloudwatch_metric_alarm" "errors" {
  for_each            = var.variants
  alarm_name          = "${var.name}-${each.key}-5xx"
  alarm_description   = "5xx of ${each.key}"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  evaluation_periods  = 2
  metric_name         = "Invocation5XXErrors"
  namespace           = "AWS/SageMaker"
  period              = "60"
  statistic           = "Sum"
  threshold           = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = []
  dimensions          = { EndpointName = "${var.name}-${random_id.this.hex}", VariantName = each.key }
}
locals { scaled = { for k, v in var.variants : k => v if v.max_capacity != null } }
resource "aws_appautoscaling_target" "this" {
  for_each           = local.scaled
  min_capacity       = coalesce(each.value.min_capacity, 1)
  max_capacity       = each.value.max_capacity
  resource_id        = format("endpoint/%s/variant/%s", aws_sagemaker_endpoint.this.name, each.key)
  scalable_dimension = "sagemaker:variant:DesiredInstanceCount"
  service_namespace  = "sagemaker"
}
resource "aws_appautoscaling_policy" "this" {
  for_each           = aws_appautoscaling_target.this
  name               = "track-${each.key}"
  policy_type        = "TargetTrackingScaling"
  resource_id        = each.value.resource_id
  scalable_dimension = each.value.scalable_dimension
  service_namespace  = each.value.service_namespace
  target_tracking_scaling_policy_configuration {
    target_value = 70.5
    customized_metric_specification {
      metric_name = "CPUUtilization"
      namespace   = "/aws/sagemaker/Endpoints"
      statistic   = "Average"
      unit        = "Percent"
      dimensions {
        name  = "EndpointName"
        value = aws_sagemaker_endpoint.this.name
      }
      dimensions {
        name  = "VariantName"
        value = each.key
      }
    }
  }
}
resource "aws_appautoscaling_policy" "zero" {
  for_each           = aws_appautoscaling_target.this
  name               = "zero-${each.key}"
  policy_type        = "StepScaling"
  resource_id        = each.value.resource_id
  scalable_dimension = each.value.scalable_dimension
  service_namespace  = each.value.service_namespace
  step_scaling_policy_configuration {
    adjustment_type         = "ChangeInCapacity"
    metric_aggregation_type = "Average"
    cooldown                = 300
    step_adjustment {
      metric_interval_lower_bound = 0
      scaling_adjustment          = 1
    }
  }
}
resource "aws_cloudwatch_metric_alarm" "step" {
  for_each            = aws_appautoscaling_policy.zero
  alarm_name          = "${var.name}-${each.key}-backlog"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 1
  threshold           = 1
  alarm_actions       = [each.value.arn]
  metric_query {
    id          = "e1"
    expression  = "m1 + 0"
    label       = "Backlog"
    return_data = true
  }
  metric_query {
    id = "m1"
    metric {
      metric_name = "HasBacklogWithoutCapacity"
      namespace   = "AWS/SageMaker"
      period      = 60
      stat        = "Average"
      dimensions  = { EndpointName = aws_sagemaker_endpoint.this.name }
    }
  }
}
output "endpoint_name" { value = aws_sagemaker_endpoint.this.name }
output "arns" { value = { for k, m in aws_sagemaker_model.this : k => m.arn } }
