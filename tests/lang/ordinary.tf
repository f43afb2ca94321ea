# Everything that an ordinary configuration uses, without a mistake.
terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.0"
    }
  }
  backend "s3" {
    bucket = "states"
    key    = "a/b"
  }
}

provider "aws" {
  region = var.region
}

provider "aws" {
  alias  = "west"
  region = "us-west-2"
}

variable "region" {
  type        = string
  default     = "eu-central-1"
  description = "Where."
  validation {
    condition     = can(regex("^[a-z]+-", var.region))
    error_message = "The region ${var.region} is odd."
  }
}

variable "rules" {
  type = map(object({
    port = number
    note = optional(string, "none")
  }))
  default = {
    web = { port = 80 }
    tls = { port = 443, note = "x" }
  }
}

locals {
  names = [for name, rule in var.rules : "${name}-${rule.port}" if rule.port < 1000]
  text  = <<-EOT
    %{for name in local.names~}
    - ${name}
    %{endfor~}
  EOT
}

data "test_thing" "current" {
  name = "current"
}

resource "test_thing" "a" {
  provider = aws.west
  for_each = var.rules

  name = "${each.key}-thing"
  tags = merge({ Name = each.key }, each.value.note == null ? {} : { note = each.value.note })

  dynamic "rule" {
    for_each = var.rules
    iterator = it
    content {
      port = it.value.port
      note = it.key
      source {
        cidr = "10.0.0.0/8"
      }
    }
  }

  depends_on = [data.test_thing.current]

  lifecycle {
    create_before_destroy = true
    ignore_changes        = [tags["Name"], size]
    replace_triggered_by  = [test_thing.b.id]
    precondition {
      condition     = each.value.port > 0
      error_message = "Ports are positive."
    }
  }
}

resource "test_thing" "b" {
  name    = "b"
  subnets = ["x", "y"]
  peer { id = "p" }
}

moved {
  from = test_thing.old
  to   = test_thing.b
}

removed {
  from = test_thing.gone
  lifecycle {
    destroy = false
  }
}

import {
  to = test_thing.a["web"]
  id = "i-1"
}

check "health" {
  assert {
    condition     = test_thing.b.id != ""
    error_message = "No id."
  }
}

output "ids" {
  value       = { for key, thing in test_thing.a : key => thing.id }
  description = "By rule."
  sensitive   = true
}

# expect:
