"""`plan -generate-config-out`: what it writes for objects of every type describes them, so that it plans to nothing."""

import json

ROLE = "arn:aws:iam::123456789012:role/SageMakerExecutionRole"
ECR = "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/img:1"
TRUST = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sagemaker.amazonaws.com"},'
    '"Action":"sts:AssumeRole"}]}'
)

MADE = f"""
provider "aws" {{
  alias  = "west"
  region = "us-west-2"
}}
resource "smform_vpc_config" "all" {{
  subnets            = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
  security_group_ids = ["sg-0123456789abcdef0"]
}}
resource "aws_sagemaker_model" "all" {{
  name               = "m"
  execution_role_arn = "{ROLE}"
  primary_container {{
    container_hostname = "ModelContainer"
    image              = "myteam.myorg.com/docker-local/my-inference-image:latest"
    environment        = {{ PLAIN = "a$${{b}}", LINES = "line\\nline", "for" = "{{\\"a\\": 1}}" }}
    image_config {{ repository_access_mode = "Vpc" }}
  }}
  vpc_config {{
    subnets            = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
    security_group_ids = ["sg-0123456789abcdef0"]
  }}
  tags = {{ Team = "é", "a:b" = "" }}
}}
resource "aws_sagemaker_model" "prefixed" {{
  name_prefix        = "vpc-model-"
  execution_role_arn = "{ROLE}"
  container {{
    container_hostname = "a"
    image              = "{ECR}"
  }}
  container {{
    container_hostname = "b"
    image              = "{ECR}"
  }}
  inference_execution_config {{ mode = "Direct" }}
}}
resource "aws_sagemaker_model" "plain" {{
  execution_role_arn = "{ROLE}"
  primary_container {{ image = "{ECR}" }}
}}
resource "aws_sagemaker_model" "west" {{
  provider           = aws.west
  name               = "west"
  execution_role_arn = "{ROLE}"
  primary_container {{ image = "123456789012.dkr.ecr.us-west-2.amazonaws.com/team/img:1" }}
}}
resource "aws_sagemaker_endpoint_configuration" "all" {{
  name_prefix = "config-"
  production_variants {{
    variant_name                           = "one"
    model_name                             = aws_sagemaker_model.plain.name
    instance_type                          = "ml.m5.large"
    initial_instance_count                 = 2
    initial_variant_weight                 = 0.3
    container_startup_health_check_timeout_in_seconds = 120
  }}
  production_variants {{
    variant_name           = "two"
    model_name             = aws_sagemaker_model.plain.name
    instance_type          = "ml.m5.xlarge"
    initial_instance_count = 1
  }}
  data_capture_config {{
    enable_capture              = true
    initial_sampling_percentage = 50
    destination_s3_uri          = "s3://bucket/captured"
    capture_options {{ capture_mode = "Input" }}
    capture_options {{ capture_mode = "Output" }}
    capture_content_type_header {{ json_content_types = ["application/json"] }}
  }}
}}
resource "aws_sagemaker_endpoint_configuration" "serverless" {{
  name = "serverless"
  production_variants {{
    variant_name = "AllTraffic"
    model_name   = aws_sagemaker_model.plain.name
    serverless_config {{
      max_concurrency   = 5
      memory_size_in_mb = 1024
    }}
  }}
}}
resource "aws_sagemaker_endpoint_configuration" "hosting" {{
  execution_role_arn = "{ROLE}"
  production_variants {{
    variant_name           = "v"
    instance_type          = "ml.g5.2xlarge"
    initial_instance_count = 1
  }}
}}
resource "aws_sagemaker_endpoint" "all" {{
  name                 = "e"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.all.name
  deployment_config {{
    blue_green_update_policy {{
      traffic_routing_configuration {{
        type                     = "CANARY"
        wait_interval_in_seconds = 60
        canary_size {{
          type  = "CAPACITY_PERCENT"
          value = 30
        }}
      }}
    }}
    auto_rollback_configuration {{
      alarms {{ alarm_name = "five-hundreds" }}
    }}
  }}
}}
resource "aws_sagemaker_endpoint" "hosting" {{
  name                 = "hosting"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.hosting.name
}}
resource "aws_sagemaker_inference_component" "all" {{
  name          = "ic"
  endpoint_name = aws_sagemaker_endpoint.hosting.name
  variant_name  = "v"
  specification {{
    model_name = aws_sagemaker_model.plain.name
    compute_resource_requirements {{ min_memory_required_in_mb = 1024 }}
  }}
  runtime_config {{ copy_count = 2 }}
}}
resource "aws_appautoscaling_target" "all" {{
  service_namespace  = "sagemaker"
  resource_id        = "endpoint/${{aws_sagemaker_endpoint.all.name}}/variant/one"
  scalable_dimension = "sagemaker:variant:DesiredInstanceCount"
  min_capacity       = 1
  max_capacity       = 4
}}
resource "aws_appautoscaling_policy" "all" {{
  name               = "invocations"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.all.service_namespace
  resource_id        = aws_appautoscaling_target.all.resource_id
  scalable_dimension = aws_appautoscaling_target.all.scalable_dimension
  target_tracking_scaling_policy_configuration {{
    target_value      = 70.5
    scale_in_cooldown = 300
    predefined_metric_specification {{
      predefined_metric_type = "SageMakerVariantInvocationsPerInstance"
    }}
  }}
}}
resource "aws_cloudwatch_log_group" "logs" {{
  name              = "/aws/sagemaker/Endpoints/generated"
  retention_in_days = 14
  tags              = {{ team = "ml" }}
}}

resource "aws_cloudwatch_metric_alarm" "all" {{
  alarm_name          = "errors"
  alarm_description   = "What is answered with an error, for a deployment to be rolled back."
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 2
  metric_name         = "Invocation5XXErrors"
  namespace           = "AWS/SageMaker"
  period              = 60
  statistic           = "Sum"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  dimensions = {{
    EndpointName = aws_sagemaker_endpoint.all.name
    VariantName  = "one"
  }}
  tags = {{ Name = "errors" }}
}}
resource "aws_vpc" "all" {{
  cidr_block           = "10.9.0.0/16"
  enable_dns_hostnames = true
  tags                 = {{ Name = "nine" }}
}}
resource "aws_subnet" "all" {{
  vpc_id            = aws_vpc.all.id
  cidr_block        = "10.9.1.0/24"
  availability_zone = "us-east-1a"
}}
resource "aws_security_group" "all" {{
  name        = "all"
  description = "Everything"
  vpc_id      = aws_vpc.all.id
  ingress {{
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["10.9.0.0/16"]
  }}
  ingress {{
    description = "itself"
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    self        = true
  }}
  egress {{
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }}
}}
resource "aws_security_group" "bare" {{
  name_prefix = "bare-"
  vpc_id      = aws_vpc.all.id
  egress      = []
}}
resource "aws_security_group" "ruled" {{
  name   = "ruled"
  vpc_id = aws_vpc.all.id
}}
resource "aws_security_group_rule" "all" {{
  type              = "egress"
  security_group_id = aws_security_group.ruled.id
  from_port         = 443
  to_port           = 443
  protocol          = "tcp"
  cidr_blocks       = ["10.9.0.0/16"]
}}
resource "aws_vpc_security_group_ingress_rule" "all" {{
  security_group_id = aws_security_group.ruled.id
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 80
  cidr_ipv4         = "10.9.0.0/16"
}}
resource "aws_vpc_security_group_egress_rule" "all" {{
  security_group_id            = aws_security_group.ruled.id
  ip_protocol                  = "-1"
  referenced_security_group_id = aws_security_group.all.id
}}
resource "aws_vpc_endpoint" "all" {{
  vpc_id            = aws_vpc.all.id
  service_name      = "com.amazonaws.us-east-1.sagemaker.runtime"
  vpc_endpoint_type = "Interface"
  subnet_ids        = [aws_subnet.all.id]
}}
resource "aws_iam_role" "all" {{
  name               = "all"
  assume_role_policy = {json.dumps(TRUST)}
}}
resource "aws_iam_policy" "all" {{
  name   = "all"
  policy = jsonencode({{ Version = "2012-10-17", Statement = [{{ Effect = "Allow", Action = "s3:GetObject", Resource = "*" }}] }})
}}
resource "aws_iam_role_policy" "all" {{
  name   = "own"
  role   = aws_iam_role.all.name
  policy = jsonencode({{ Version = "2012-10-17", Statement = [{{ Effect = "Allow", Action = "s3:GetObject", Resource = "*" }}] }})
}}
resource "aws_iam_role_policy_attachment" "all" {{
  role       = aws_iam_role.all.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"
}}
resource "terraform_data" "all" {{}}
resource "null_resource" "all" {{}}
resource "random_id" "all" {{ byte_length = 4 }}
resource "random_uuid" "all" {{}}
resource "random_integer" "all" {{
  min = 1
  max = 9
}}
resource "random_string" "all" {{ length = 12 }}
resource "random_password" "all" {{ length = 12 }}
"""

# These have nothing by which they could be found again.
NOT_IMPORTED = {"random_pet", "time_sleep"}


def identifier(kind, values):
    """By what an object of a type is imported."""
    match kind:
        case "smform_vpc_config":
            return ",".join(values["subnets"]) + "/" + ",".join(values["security_group_ids"])
        case "aws_security_group_rule":
            return "_".join([values["security_group_id"], "egress", "tcp", "443", "443", *values["cidr_blocks"]])
        case "aws_appautoscaling_target":
            return "/".join([values[name] for name in ("service_namespace", "resource_id", "scalable_dimension")])
        case "aws_appautoscaling_policy":
            parts = ("service_namespace", "resource_id", "scalable_dimension", "name")
            return "/".join([values[name] for name in parts])
        case "aws_iam_role_policy_attachment":
            return f"{values['role']}/{values['policy_arn']}"
        case "random_id":
            return values["b64_url"]
        case "random_integer":
            return f"{values['result']},{values['min']},{values['max']}"
        case "random_string" | "random_password" | "random_uuid":
            return values["result"]
    return values["id"]


def resources(project):
    for resource in project.state("terraform.sandbox.tfstate")["resources"]:
        yield resource, resource["instances"][0]["attributes"]


def test_what_is_written_describes_the_objects(project):
    project.write(MADE).run("apply", "-auto-approve", "-no-color").expect(0)
    schemas = json.loads(project.run("providers", "schema", "-json").expect(0).out)["provider_schemas"]
    offered = {name for provider in schemas.values() for name in provider.get("resource_schemas", {})}
    made = {resource["type"] for resource, _ in resources(project)}
    assert made == offered - NOT_IMPORTED, "every type that can be imported is made"

    imports = 'provider "aws" {\n  alias  = "west"\n  region = "us-west-2"\n}\n'
    count = 0
    for resource, values in resources(project):
        address = f"{resource['type']}.{resource['name']}"
        count += 1
        imports += f"import {{\n  to = {address}\n  id = {json.dumps(identifier(resource['type'], values))}\n"
        imports += "  provider = aws.west\n}\n" if resource["name"] == "west" else "}\n"
    before = {f"{r['type']}.{r['name']}": values for r, values in resources(project)}
    project.run("state", "rm", *before).expect(0)

    project.write(imports)
    refused = project.run("plan", "-no-color").expect(1)
    assert "-generate-config-out" in refused.prose
    planned = project.run("plan", "-no-color", "-generate-config-out=generated.tf", "-out=saved").expect(0)
    text = (project.folder / "generated.tf").read_text()
    assert f"Plan: {count} to import, 0 to add, 0 to change, 0 to destroy." in planned.out, planned.text + text
    assert planned.out.count("(config will be generated)") == count
    assert "written to generated.tf" in planned.prose
    project.run("fmt", "-check", "-diff", "generated.tf").expect(0)
    assert "jsonencode({" in text
    assert 'Team  = "é"' in text and "\n  arn " not in text
    # The saved plan knows the file that it was made with.
    (project.folder / "generated.tf").rename(project.folder / "aside")
    project.run("apply", "-no-color", "saved").expect(0)
    (project.folder / "aside").rename(project.folder / "generated.tf")
    # From now on the blocks say which provider configuration they use.
    assert "Invalid import provider argument" in project.run("plan", "-no-color").expect(1).text
    project.write(imports.replace("  provider = aws.west\n", ""))
    project.run("plan", "-no-color", "-detailed-exitcode").expect(0)
    after = {f"{r['type']}.{r['name']}": values for r, values in resources(project)}
    assert after.keys() == before.keys()
    assert {address: values["id"] for address, values in after.items()} == {
        address: values["id"] for address, values in before.items()
    }
    project.run("destroy", "-auto-approve", "-no-color").expect(0)


def test_the_rules_of_the_flag(project):
    project.write('import {\n  to = terraform_data.x\n  id = "abc"\n}\n')

    def refused(*flags):
        return project.run("plan", "-no-color", *flags).expect(1).prose

    assert "Invalid generate-config-out flag" in refused("-destroy", "-generate-config-out=g.tf")
    assert "Invalid generate-config-out flag" in refused("-refresh-only", "-generate-config-out=g.tf")
    assert "does not exist" in refused("-generate-config-out=nowhere/g.tf")
    (project.folder / "g.tf").write_text("")
    assert "Target generated file already exists" in refused("-generate-config-out=g.tf")
    (project.folder / "g.tf").unlink()
    # Elsewhere than among the files of the configuration: written there, and planned with.
    (project.folder / "sub").mkdir()
    planned = project.run("plan", "-no-color", "-json-into=plan.json", "-generate-config-out=sub/main.tf").expect(0)
    assert "1 to import" in planned.out
    written = (project.folder / "sub/main.tf").read_text()
    assert 'resource "terraform_data" "x" {' in written
    changes = json.loads((project.folder / "plan.json").read_text())["resource_changes"]
    assert changes[0]["change"]["generated_config"] in written
    # Not for what cannot be written as one block, nor when the object is not there.
    project.write('import {\n  to = terraform_data.x[0]\n  id = "abc"\n}\n')
    assert "without count and for_each" in refused("-generate-config-out=g.tf")
    project.write('import {\n  to = module.m.terraform_data.x\n  id = "abc"\n}\n')
    refused("-generate-config-out=g.tf")
    project.write('import {\n  to = aws_sagemaker_model.x\n  id = "nowhere"\n}\n')
    assert "Cannot import non-existent remote object" in refused("-generate-config-out=g.tf")
    project.write('import {\n  to = aws_nothing.x\n  id = "nowhere"\n}\n')
    assert "aws_nothing" in refused("-generate-config-out=g.tf")
    # Without anything to import, nothing is written.
    project.write('resource "terraform_data" "x" {}\n')
    project.run("plan", "-no-color", "-generate-config-out=g.tf").expect(0)
    assert not (project.folder / "g.tf").exists()
