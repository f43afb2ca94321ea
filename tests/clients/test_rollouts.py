"""Names, replacements and what was deleted or moved behind smform's back, on a sandbox that another client works on, too."""

import pytest

from conftest import Project

MODEL = """
resource "aws_sagemaker_model" "model" {{
  {name}
  execution_role_arn = "arn:aws:iam::123456789012:role/SageMakerExecutionRole"
  primary_container {{
    image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/image:{version}"
  }}
}}
"""
CONFIG = """
resource "aws_sagemaker_endpoint_configuration" "config" {{
  {name}
  production_variants {{
    variant_name           = "MyVariant"
    model_name             = aws_sagemaker_model.model.name
    instance_type          = "ml.m5.large"
    initial_instance_count = {count}
  }}
}}
"""
ENDPOINT = """
resource "aws_sagemaker_endpoint" "endpoint" {{
  name                 = "e"
  endpoint_config_name = {config}
  depends_on           = [{depends}]
}}
"""
BY_REFERENCE = "aws_sagemaker_endpoint_configuration.config.name"


def stack(model='name_prefix = "m-"', name='name_prefix = "cfg-"', version=1, count=1, config=BY_REFERENCE, depends=""):
    """A model, a configuration and an endpoint."""
    return (
        MODEL.format(name=model, version=version)
        + CONFIG.format(name=name, count=count)
        + ENDPOINT.format(config=config, depends=depends)
    )


@pytest.fixture
def project(tmp_path, sandbox):
    """A project that works on the served sandbox as on an account."""
    (tmp_path / "project").mkdir()
    return Project(tmp_path / "project", AWS_ENDPOINT_URL=sandbox.url)


def apply(project, text, *arguments):
    return project.write(text).run("apply", "-auto-approve", "-no-color", *arguments).expect(0)


def plan(project, text, code, *arguments):
    return project.write(text).run("plan", "-no-color", "-detailed-exitcode", *arguments).expect(code)


def live(sandbox):
    """The configuration that the endpoint serves."""
    endpoint = sandbox.client("sagemaker").describe_endpoint(EndpointName="e")
    assert endpoint["EndpointStatus"] == "InService"
    return endpoint["EndpointConfigName"]


def configurations(sandbox):
    listed = sandbox.client("sagemaker").list_endpoint_configs()["EndpointConfigs"]
    return {config["EndpointConfigName"] for config in listed}


def test_a_configuration_that_is_renamed_by_hand_rolls_out(project, sandbox):
    apply(project, stack(name='name = "cfg-1"'))
    for name in ('name = "cfg-2"', 'name_prefix = "cfg-"', 'name = "cfg-3"'):
        apply(project, stack(name=name))
        assert configurations(sandbox) == {live(sandbox)}
        plan(project, stack(name=name), 0)
    assert live(sandbox) == "cfg-3"
    told = plan(project, stack(name='name = "cfg-4"', count=2), 2)
    assert "Only weights or counts of variants change" in told.text


def test_what_only_a_name_connects_rolls_out_together(project, sandbox):
    def text(name):
        return stack(name=f'name = "{name}"', config=f'"{name}"')

    # Neither refers to the other, so both are worked on at the same time; the clock leaves them some.
    sandbox.post("/_sandbox/speed", {"speed": 30})
    for name in ("cfg-1", "cfg-2"):
        apply(project, text(name))
        assert configurations(sandbox) == {live(sandbox)} == {name}
        plan(project, text(name), 0)


def test_a_name_that_the_endpoint_has_by_hand_is_not_taken_over(project, sandbox):
    by_hand = {"name": 'name = "cfg"', "config": '"cfg"', "depends": "aws_sagemaker_endpoint_configuration.config"}
    # Nothing but the service tells that the endpoint uses it.
    alone = {**by_hand, "depends": ""}
    apply(project, stack(**by_hand))
    apply(project, stack(**alone))
    refused = plan(project, stack(**alone, count=2), 1)
    assert "Replacement would reuse a name that is in use" in refused.text
    assert 'endpoint "e" uses it' in refused.prose
    assert "refer to aws_sagemaker_endpoint_configuration.config.name" in refused.prose
    assert live(sandbox) == "cfg"
    # As it says.
    apply(project, stack(count=2))
    assert configurations(sandbox) == {live(sandbox)}


def test_what_was_deleted_behind_an_endpoint_comes_back_under_its_name(project, sandbox):
    apply(project, stack())
    config, sagemaker = live(sandbox), sandbox.client("sagemaker")
    models = sagemaker.list_models()["Models"]
    sagemaker.delete_endpoint_config(EndpointConfigName=config)
    sagemaker.delete_model(ModelName=models[0]["ModelName"])
    told = plan(project, stack(), 2)
    assert "2 to add, 0 to change, 0 to destroy" in told.text
    assert "This plan makes it again, as it was and under its name" in told.prose
    apply(project, stack())
    assert configurations(sandbox) == {config} and live(sandbox) == config
    plan(project, stack(), 0)
    # Now it can be rolled out again.
    apply(project, stack(version=2))
    assert live(sandbox) != config


def test_a_change_without_the_present_model_moves_the_endpoint(project, sandbox):
    apply(project, stack())
    config, sagemaker = live(sandbox), sandbox.client("sagemaker")
    sagemaker.delete_model(ModelName=sagemaker.list_models()["Models"][0]["ModelName"])
    apply(project, stack(version=2))
    assert configurations(sandbox) == {live(sandbox)} != {config}
    assert len(sagemaker.list_models()["Models"]) == 1


def test_a_change_without_the_present_configuration_is_refused_with_the_way_out(project, sandbox):
    apply(project, stack())
    config = live(sandbox)
    sandbox.client("sagemaker").delete_endpoint_config(EndpointConfigName=config)
    refused = plan(project, stack(version=2), 1)
    assert 'Endpoint "e" has lost its configuration' in refused.text
    assert "Bring it back first" in refused.prose
    # Either of the two ways out.
    plan(project, stack(version=2), 2, "-replace=aws_sagemaker_endpoint.endpoint")
    apply(project, stack())
    apply(project, stack(version=2))
    assert configurations(sandbox) == {live(sandbox)} != {config}


def test_objects_do_not_move_to_a_region_that_only_the_environment_names(project, sandbox):
    apply(project, stack())
    config = live(sandbox)
    project.env["AWS_REGION"] = "eu-west-1"
    refused = plan(project, stack(), 1)
    assert "Error: Wrong AWS region" in refused.text
    assert "Set AWS_REGION=us-east-1" in refused.prose
    # What is destroyed is destroyed where it is.
    project.run("destroy", "-auto-approve", "-no-color").expect(0)
    assert config not in configurations(sandbox)


def test_an_endpoint_that_somebody_moves_is_brought_back(project, sandbox):
    apply(project, stack())
    config, sagemaker = live(sandbox), sandbox.client("sagemaker")
    described = sagemaker.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"]
    sagemaker.create_endpoint_config(EndpointConfigName="other", ProductionVariants=described)
    sandbox.post("/_sandbox/speed", {"speed": 1})
    sagemaker.update_endpoint(EndpointName="e", EndpointConfigName="other")
    told = plan(project, stack(), 2)
    assert "is moving to another configuration" in told.text and "1 to change" in told.text
    sandbox.post("/_sandbox/speed", {"speed": 2000})
    apply(project, stack())
    assert live(sandbox) == config
    plan(project, stack(), 0)


COMPONENT = """
resource "aws_sagemaker_model" "model" {{
  name               = "m"
  execution_role_arn = "arn:aws:iam::123456789012:role/SageMakerExecutionRole"
  primary_container {{
    image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/image:1"
  }}
}}
resource "aws_sagemaker_endpoint_configuration" "config" {{
  name_prefix        = "cfg-"
  execution_role_arn = "arn:aws:iam::123456789012:role/SageMakerExecutionRole"
  production_variants {{
    variant_name           = "v"
    instance_type          = "ml.g5.2xlarge"
    initial_instance_count = 1
  }}
}}
resource "aws_sagemaker_endpoint" "endpoint" {{
  name                 = "e"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.config.name
}}
resource "aws_sagemaker_inference_component" "component" {{
  name          = "{name}"
  endpoint_name = aws_sagemaker_endpoint.endpoint.name
  variant_name  = "v"
  runtime_config {{
    copy_count = 1
  }}
  specification {{
    model_name = aws_sagemaker_model.model.name
    compute_resource_requirements {{
      min_memory_required_in_mb = 1024
    }}
  }}
}}
"""
TARGET = """
resource "aws_appautoscaling_target" "copies" {
  service_namespace  = "sagemaker"
  resource_id        = "inference-component/${aws_sagemaker_inference_component.component.name}"
  scalable_dimension = "sagemaker:inference-component:DesiredCopyCount"
  min_capacity       = 1
  max_capacity       = 2
}
"""


def test_a_component_is_replaced_beside_the_old_one_where_it_has_another_name(project):
    again = "-replace=aws_sagemaker_inference_component.component"
    apply(project, COMPONENT.format(name="ic"))
    told = plan(project, COMPONENT.format(name="ic"), 2, again)
    assert 'Inference component "ic" does not serve while it is replaced' in told.prose
    apply(project, COMPONENT.format(name="ic") + TARGET)
    refused = plan(project, COMPONENT.format(name="ic") + TARGET, 1, again)
    assert "aws_appautoscaling_target.copies uses it" in refused.prose
    assert '"ic-2"' in refused.text
    done = apply(project, COMPONENT.format(name="ic-2") + TARGET)
    made = done.out.index("aws_sagemaker_inference_component.component: Creation complete")
    assert made < done.out.index("component (deposed object")
    plan(project, COMPONENT.format(name="ic-2") + TARGET, 0)


SCALED = """
resource "aws_appautoscaling_target" "variant" {{
  service_namespace  = "sagemaker"
  resource_id        = "endpoint/${{aws_sagemaker_endpoint.endpoint.name}}/variant/MyVariant"
  scalable_dimension = "sagemaker:variant:DesiredInstanceCount"
  min_capacity       = 1
  max_capacity       = 4
  lifecycle {{
    replace_triggered_by = [{target}]
  }}
}}
resource "aws_appautoscaling_policy" "variant" {{
  name               = "follow"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.variant.service_namespace
  resource_id        = aws_appautoscaling_target.variant.resource_id
  scalable_dimension = aws_appautoscaling_target.variant.scalable_dimension
  target_tracking_scaling_policy_configuration {{
    target_value = 70
    predefined_metric_specification {{
      predefined_metric_type = "SageMakerVariantInvocationsPerInstance"
    }}
  }}
  lifecycle {{
    replace_triggered_by = [{policy}]
  }}
}}
"""


def test_a_scaled_variant_gets_another_instance_type_in_one_apply(project):
    text = stack() + SCALED.format(target="", policy="")
    apply(project, text)
    larger = text.replace("ml.m5.large", "ml.m5.xlarge")
    refused = plan(project, larger, 1)
    assert "The instance type of a scaled variant changes" in refused.text
    # What the message says to write.
    triggers = {"target": "aws_sagemaker_endpoint_configuration.config", "policy": "aws_appautoscaling_target.variant"}
    larger = stack().replace("ml.m5.large", "ml.m5.xlarge") + SCALED.format(**triggers)
    done = apply(project, larger)
    steps = [
        "aws_appautoscaling_policy.variant: Destruction complete",
        "aws_appautoscaling_target.variant: Destruction complete",
        "aws_sagemaker_endpoint.endpoint: Modifications complete",
        "aws_appautoscaling_target.variant: Creation complete",
        "aws_appautoscaling_policy.variant: Creation complete",
    ]
    at = [done.out.index(step) for step in steps]
    assert at == sorted(at), done.out
    plan(project, larger, 0)


@pytest.mark.parametrize("replaced", ["aws_appautoscaling_target.variant", "aws_sagemaker_endpoint.endpoint"])
def test_what_scales_comes_back_with_what_it_scales(project, sandbox, replaced):
    """AWS takes policies away with their target, and that with its endpoint."""
    text = stack() + SCALED.format(target="", policy="")
    apply(project, text)
    larger = text.replace("ml.m5.large", "ml.m5.xlarge") if "target" in replaced else text
    done = apply(project, larger, f"-replace={replaced}")
    assert "Parts are replaced with their whole" in done.text
    scaling = sandbox.client("application-autoscaling")
    [policy] = scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    assert policy["PolicyName"] == "follow"
    plan(project, larger, 0)


def test_scaling_that_ends_with_another_instance_type_ends_first(project):
    scaled = SCALED.format(target="", policy="").replace("lifecycle {", "count = 1\n  lifecycle {").replace("variant.", "variant[0].")
    text = stack() + scaled
    apply(project, text)
    without = text.replace("ml.m5.large", "ml.m5.xlarge").replace("count = 1\n  lifecycle", "count = 0\n  lifecycle")
    done = apply(project, without)
    steps = ["policy.variant[0]: Destruction complete", "target.variant[0]: Destruction complete", "Modifications complete"]
    at = [done.out.index(step) for step in steps]
    assert at == sorted(at), done.out
    plan(project, without, 0)


def test_a_rule_for_what_is_created_holds_up_no_destroy(project):
    text = MODEL.format(name='name_prefix = "m-"', version=1)
    apply(project, text)
    elsewhere = text.replace("us-east-1.amazonaws", "eu-west-1.amazonaws")
    refused = project.write(elsewhere).run("plan", "-no-color").expect(1)
    assert "Image of another region" in refused.text
    project.run("destroy", "-auto-approve", "-no-color").expect(0)
    assert project.state()["resources"] == []


def test_a_number_that_could_not_be_sent_is_refused(project):
    text = stack().replace("initial_instance_count = 1", "initial_instance_count = 1.5")
    refused = project.write(text).run("validate", "-no-color").expect(1)
    assert "It must be a whole number" in refused.prose and "initial_instance_count = 1.5" in refused.text


def test_a_first_rollout_with_fixed_names_that_failed_is_mended_by_another_image(project, sandbox):
    """Nothing is in service: all three may go before they are made again under their names."""
    fails = {"match": {"operation": "CreateEndpoint"}, "nth": 1, "effect": {"failed_container": {}}}
    sandbox.post("/_sandbox/faults", {"rules": [fails]})
    fixed = {"model": 'name = "m"', "name": 'name = "c"'}
    project.write(stack(**fixed)).run("apply", "-auto-approve", "-no-color").expect(1)
    apply(project, stack(**fixed, version=2))
    assert live(sandbox) == "c"
    plan(project, stack(**fixed, version=2), 0)
    # Now it is in service.
    refused = project.write(stack(**fixed, version=3)).run("plan", "-no-color").expect(1)
    assert "Replacement would reuse a name that is in use" in refused.text


def test_what_an_endpoint_may_serve_after_a_failed_rollback_goes_last(project, sandbox):
    """The configuration of the update that failed never served alone, and half of the endpoint may serve it."""
    apply(project, stack())
    fails = {"match": {"operation": "UpdateEndpoint"}, "nth": 1, "effect": {"rollback_failed": {}}}
    sandbox.post("/_sandbox/faults", {"rules": [fails]})
    project.write(stack(version=2)).run("apply", "-auto-approve", "-no-color").expect(1)
    said = apply(project, stack(version=3)).out
    moved = said.index("aws_sagemaker_endpoint.endpoint: Modifications complete")
    assert said.count("Destroying...") == 4 and said.index("Destroying...") > moved
    assert live(sandbox) and len(configurations(sandbox)) == 1


def test_an_endpoint_that_takes_the_place_of_a_failed_one_stays(project, sandbox):
    """With create_before_destroy, what was set aside has the name of the new one, which must not be deleted with it."""
    first = ENDPOINT.replace("  depends_on", "  lifecycle {{\n    create_before_destroy = true\n  }}\n  depends_on")
    text = MODEL.format(name='name_prefix = "m-"', version=1) + CONFIG.format(name='name_prefix = "cfg-"', count=1)
    text += first.format(config=BY_REFERENCE, depends="")
    fails = {"match": {"operation": "CreateEndpoint"}, "nth": 1, "effect": {"failed_container": {}}}
    sandbox.post("/_sandbox/faults", {"rules": [fails]})
    project.write(text).run("apply", "-auto-approve", "-no-color").expect(1)
    project.run("apply", "-auto-approve", "-no-color").expect(0)
    assert live(sandbox)
    plan(project, text, 0)
    # A live one cannot come before the one whose name it gets.
    run = plan(project, text, 1, "-replace=aws_sagemaker_endpoint.endpoint")
    assert "Replacement would reuse a name that is in use" in run.prose and "Take create_before_destroy out" in run.prose


def test_validate_holds_blocks_against_each_other_and_against_the_provider(project):
    written = MODEL.format(name='name = "m"', version=1)
    elsewhere = written.replace("us-east-1.amazonaws", "eu-west-1.amazonaws")
    provider = 'provider "aws" {\n  region = "us-east-1"\n}\n'
    project.write(provider + written).run("validate", "-no-color").expect(0)
    project.write(elsewhere).run("validate", "-no-color").expect(0)
    refused = project.write(provider + elsewhere).run("validate", "-no-color").expect(1)
    assert "Image of another region" in refused.text and "eu-west-1.amazonaws.com/team/image:1" in refused.text
    serverless = CONFIG.format(name='name = "c"', count=1).replace("aws_sagemaker_model.model.name", '"m"')
    serverless = serverless.replace("initial_instance_count = 1", "").replace(
        'instance_type          = "ml.m5.large"',
        "serverless_config {\n      memory_size_in_mb = 2048\n      max_concurrency   = 5\n    }",
    )
    project.write(written + serverless).run("validate", "-no-color").expect(0)
    isolated = written.replace("primary_container {", "enable_network_isolation = true\n  primary_container {")
    refused = project.write(isolated + serverless).run("validate", "-no-color").expect(1)
    assert "A serverless variant cannot serve the model" in refused.text
    # What stands there may never be made.
    maybe = isolated.replace("enable_network_isolation", "count = 0\n  enable_network_isolation")
    project.write(maybe + serverless).run("validate", "-no-color").expect(0)


def test_a_name_with_a_random_part_has_a_way_out_without_editing(project, sandbox):
    """As in most published modules, whose files are not one's own."""
    random = 'resource "random_string" "suffix" {\n  length  = 6\n  special = false\n  upper   = false\n}\n'
    name = 'name = "cfg-${random_string.suffix.result}"'
    apply(project, random + stack(name=name))
    refused = plan(project, random + stack(name=name, count=2), 1)
    assert '+  name_prefix = "cfg-${random_string.suffix.result}-"' in refused.text
    way_out = "-replace='random_string.suffix'"
    assert f"Or plan with {way_out}" in refused.prose
    former = live(sandbox)
    apply(project, random + stack(name=name, count=2), "-replace=random_string.suffix")
    assert configurations(sandbox) == {live(sandbox)} != {former}
    plan(project, random + stack(name=name, count=2), 0)


def test_a_variant_without_a_written_name_moves_in_steps(project, sandbox):
    canary = """  deployment_config {
    blue_green_update_policy {
      traffic_routing_configuration {
        type                     = "CANARY"
        wait_interval_in_seconds = 60
        canary_size {
          type  = "INSTANCE_COUNT"
          value = 1
        }
      }
    }
  }
}
"""

    def text(version):
        whole = stack(version=version, count=2).rstrip().removesuffix("}") + canary
        return whole.replace('    variant_name           = "MyVariant"\n', "")

    apply(project, text(1))
    former = live(sandbox)
    apply(project, text(2))
    assert configurations(sandbox) == {live(sandbox)} != {former}
    plan(project, text(2), 0)


def test_a_state_in_s3_cannot_be_kept_in_the_sandbox(project):
    backend = 'terraform {\n  backend "s3" {\n    bucket = "b"\n    key    = "k"\n    region = "us-east-1"\n  }\n}\n'
    refused = project.write(backend).run("plan", "-no-color").expect(1)
    assert "backend_override.tf" in refused.prose and "-sandbox" in refused.prose
    assert "conditional writes" not in refused.prose
    project.write('terraform {\n  backend "local" {}\n}\n', "backend_override.tf").run("plan", "-no-color").expect(0)


def test_reverting_a_rollout_that_was_rolled_back_goes_back_to_what_serves(project, sandbox):
    """With names that are written by hand; what was made for the rollout goes, and what serves is not touched."""

    def text(version):
        return stack(model=f'name = "m-{version}"', name=f'name = "cfg-{version}"', version=version)

    apply(project, text(1))
    sandbox.post("/_sandbox/faults", {"rules": [{"match": {"operation": "UpdateEndpoint"}, "nth": 1, "effect": "silent_rollback"}]})
    project.write(text(2)).run("apply", "-auto-approve", "-no-color").expect(1)
    assert live(sandbox) == "cfg-1" and configurations(sandbox) == {"cfg-1", "cfg-2"}
    planned = plan(project, text(1), 2, "-out=back.plan")
    assert "aws_sagemaker_endpoint_configuration.config is the current object again" in planned.text
    assert "Plan: 0 to add, 0 to change, 2 to destroy." in planned.text
    project.run("apply", "-no-color", "back.plan").expect(0)
    assert live(sandbox) == "cfg-1" and configurations(sandbox) == {"cfg-1"}
    plan(project, text(1), 0)
    assert all(len(resource["instances"]) == 1 for resource in project.state()["resources"])


def rolled_back(project, sandbox, text):
    """A rollout that is rolled back."""
    fault = {"match": {"operation": "UpdateEndpoint"}, "nth": 1, "effect": "silent_rollback"}
    sandbox.post("/_sandbox/faults", {"rules": [fault]})
    project.write(text).run("apply", "-auto-approve", "-no-color").expect(1)


@pytest.mark.parametrize("name", ['name_prefix = "cfg-"', 'name = "cfg-{version}"'])
def test_a_model_with_a_made_up_name_is_gone_back_to_as_well(project, sandbox, name):
    def text(version):
        return stack(name=name.format(version=version), version=version)

    apply(project, text(1))
    serving, models = live(sandbox), sandbox.client("sagemaker").list_models()["Models"]
    rolled_back(project, sandbox, text(2))
    planned = plan(project, text(1), 2, "-out=back.plan")
    assert "aws_sagemaker_model.model is the current object again" in planned.text
    assert "Plan: 0 to add, 0 to change, 2 to destroy." in planned.text
    project.run("apply", "-no-color", "back.plan").expect(0)
    assert configurations(sandbox) == {live(sandbox)} == {serving}
    assert sandbox.client("sagemaker").list_models()["Models"] == models
    plan(project, text(1), 0)


@pytest.mark.parametrize("target", ["aws_sagemaker_model.model", "aws_sagemaker_endpoint_configuration.config"])
def test_a_target_leaves_what_an_endpoint_serves(project, sandbox, target):
    """After a rollback, what serves was set aside; what it is for was left out by the target."""
    apply(project, stack())
    serving = live(sandbox)
    rolled_back(project, sandbox, stack(version=2))
    done = apply(project, stack(version=2), f"-target={target}")
    assert f'"{serving}"' in done.prose and "in use by what the targets leave out" in done.prose
    assert live(sandbox) == serving and serving in configurations(sandbox)
    apply(project, stack(version=2))
    assert configurations(sandbox) == {live(sandbox)} != {serving}
    plan(project, stack(version=2), 0)


def test_a_saved_plan_does_not_undo_what_was_rolled_out_since(project, sandbox):
    apply(project, stack())
    plan(project, stack(version=2), 2, "-out=next.plan")
    client = sandbox.client("sagemaker")
    described = client.describe_endpoint_config(EndpointConfigName=live(sandbox))
    client.create_endpoint_config(EndpointConfigName="hand", ProductionVariants=described["ProductionVariants"])
    client.update_endpoint(EndpointName="e", EndpointConfigName="hand")
    client.get_waiter("endpoint_in_service").wait(EndpointName="e", WaiterConfig={"Delay": 1})
    before = configurations(sandbox)
    refused = project.run("apply", "-no-color", "next.plan").expect(1)
    assert "Saved plan is stale" in refused.text and 'and is "hand" now' in refused.prose
    assert live(sandbox) == "hand" and configurations(sandbox) == before


ONE_OF_ITS_KIND = {
    "aws_vpc_security_group_ingress_rule": '''
  security_group_id = "sg-0123456789abcdef0"
  cidr_ipv4         = "10.7.0.0/16"
  ip_protocol       = "tcp"
  from_port         = 8443
  to_port           = 8443
''',
    "aws_security_group_rule": '''
  security_group_id = "sg-0123456789abcdef0"
  type              = "egress"
  cidr_blocks       = ["10.7.0.0/16"]
  protocol          = "tcp"
  from_port         = 8443
  to_port           = 8443
''',
    "aws_iam_role_policy_attachment": '''
  role       = "SageMakerExecutionRole"
  policy_arn = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
''',
}


@pytest.mark.parametrize("kind", ONE_OF_ITS_KIND)
def test_what_there_can_be_only_once_is_there_after_its_replacement(project, kind):
    """The old one goes first, whatever is said to come first: it would be in the way, or take the new one with it."""
    lifecycle = "  lifecycle {\n    create_before_destroy = true\n  }\n"
    text = f'provider "aws" {{\n  region = "us-east-1"\n}}\nresource "{kind}" "one" {{{ONE_OF_ITS_KIND[kind]}{lifecycle}}}\n'
    apply(project, text)
    apply(project, text, f"-replace={kind}.one")
    plan(project, text, 0)


def test_an_object_that_leaves_its_old_address_is_not_in_the_state_twice(project, sandbox):
    text = stack()
    apply(project, text)
    renamed = text.replace('"aws_sagemaker_endpoint" "endpoint"', '"aws_sagemaker_endpoint" "other"')
    imported = 'import {\n  to = aws_sagemaker_endpoint.other\n  id = "e"\n}\n'
    second = renamed[renamed.index('resource "aws_sagemaker_endpoint" ') :]
    told = plan(project, text + imported + second, 2)
    assert "Object is in the state already" in told.text
    removed = "removed {\n  from = aws_sagemaker_endpoint.endpoint\n  lifecycle {\n    destroy = false\n  }\n}\n"
    done = apply(project, renamed + imported + removed)
    assert "Object is in the state already" not in done.text
    plan(project, renamed, 0)


def test_what_an_endpoint_names_by_text_is_not_destroyed_under_it(project, sandbox):
    named = {"model": 'name = "m"', "name": 'name = "cfg"', "config": '"cfg"'}
    apply(project, stack(**named, depends="aws_sagemaker_endpoint_configuration.config"))
    model, endpoint = MODEL.format(name='name = "m"', version=1), ENDPOINT.format(config='"cfg"', depends="")
    refused = plan(project, model + endpoint, 1)
    assert "What is in use would be destroyed" in refused.text and 'endpoint_config_name = "cfg"' in refused.text
    # A model is in use through the configuration that names it.
    config = CONFIG.format(name='name = "cfg"', count=1).replace("aws_sagemaker_model.model.name", '"m"')
    refused = plan(project, config + endpoint, 1)
    assert 'goes on using aws_sagemaker_model.model "m"' in refused.prose
    assert live(sandbox) == "cfg"


def test_what_an_endpoint_uses_that_ignores_the_change_stays(project, sandbox):
    ignoring = "lifecycle {\n    ignore_changes = [endpoint_config_name]\n  }"
    text = lambda version: stack(version=version).replace("  depends_on           = []", ignoring)
    apply(project, text(1))
    first = live(sandbox)
    told = plan(project, text(2), 2)
    assert "What is replaced stays in use" in told.text and "2 to add, 0 to change, 0 to destroy" in told.text
    apply(project, text(2))
    [second] = configurations(sandbox) - {first}
    assert "What is replaced stays in use" in plan(project, text(2), 0).text
    # As soon as it has left, the old ones go.
    client = sandbox.client("sagemaker")
    client.update_endpoint(EndpointName="e", EndpointConfigName=second)
    client.get_waiter("endpoint_in_service").wait(EndpointName="e", WaiterConfig={"Delay": 1})
    apply(project, text(2))
    assert configurations(sandbox) == {live(sandbox)} == {second}
    plan(project, text(2), 0)
