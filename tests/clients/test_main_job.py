"""The main job: a private-registry endpoint from nothing to InService and away again, and the first change to it."""

import json

NEW_IMAGE = "myteam.myorg.com/docker-local/my-inference-image:v2"
STATE = "../../state/private-registry.sandbox.tfstate"


def calls(project):
    """The sandbox's call log: operation and the names in it, for the calls that change something."""
    logs = list((project.folder / "../../state").resolve().glob("*.calls.jsonl"))
    assert len(logs) == 1, logs
    lines = [json.loads(line) for line in logs[0].read_text().splitlines()]
    changing = ("Create", "Update", "Delete")
    return [call for call in lines if call["operation"].startswith(changing) and call["service"] == "sagemaker"]


def operations(log):
    return [call["operation"] for call in log if call.get("outcome", "ok") == "ok"]


def test_from_nothing_to_in_service_and_back(example):
    project = example("private-registry")
    plan = project.run("plan", "-no-color").expect(0)
    assert "4 to add, 0 to change, 0 to destroy" in plan.out
    assert "sandbox" in plan.text.lower()
    apply = project.run("apply", "-auto-approve", "-no-color").expect(0)
    assert "InService" in apply.text
    assert 'endpoint_name = "my-endpoint"' in apply.out
    again = project.run("plan", "-no-color", "-detailed-exitcode").expect(0)
    assert "No changes" in again.out
    listed = project.run("state", "list").expect(0).out.split()
    assert listed == [
        "aws_sagemaker_endpoint.endpoint",
        "aws_sagemaker_endpoint_configuration.config",
        "aws_sagemaker_model.model",
        "smform_vpc_config.registry",
    ]
    project.run("destroy", "-auto-approve", "-no-color").expect(0)
    assert operations(calls(project)) == [
        "CreateModel",
        "CreateEndpointConfig",
        "CreateEndpoint",
        "DeleteEndpoint",
        "DeleteEndpointConfig",
        "DeleteModel",
    ]
    assert project.run("state", "list").expect(0).out == ""
    assert project.state(STATE)["resources"] == []


def test_a_changed_image_rolls_out_in_order(example):
    project = example("private-registry")
    project.run("apply", "-auto-approve", "-no-color").expect(0)
    before = len(calls(project))
    changed = f"-var=image={NEW_IMAGE}"
    project.run("plan", "-no-color", "-detailed-exitcode", changed).expect(2)
    project.run("apply", "-auto-approve", "-no-color", changed).expect(0)
    assert operations(calls(project)[before:]) == [
        "CreateModel",
        "CreateEndpointConfig",
        "UpdateEndpoint",
        "DeleteEndpointConfig",
        "DeleteModel",
    ]
    project.run("plan", "-no-color", "-detailed-exitcode", changed).expect(0)


def test_a_failing_container_is_rolled_back_and_told(example):
    project = example("private-registry")
    project.run("apply", "-auto-approve", "-no-color").expect(0)
    old = attribute(project, "aws_sagemaker_endpoint", "endpoint_config_name")
    faults = project.folder / "faults.json"
    rule = {"match": {"service": "sagemaker", "operation": "UpdateEndpoint"}, "effect": {"type": "failed_container"}}
    faults.write_text(json.dumps([rule]))
    project.env["SMFORM_SANDBOX_FAULTS"] = str(faults)
    before = len(calls(project))
    changed = f"-var=image={NEW_IMAGE}"
    failed = project.run("apply", "-auto-approve", "-no-color", changed).expect(1)
    assert "ping health check" in failed.text
    log = calls(project)[before:]
    assert operations(log) == ["CreateModel", "CreateEndpointConfig", "UpdateEndpoint"]
    assert attribute(project, "aws_sagemaker_endpoint", "endpoint_config_name") == old
    faults.write_text("[]")
    left = project.run("plan", "-no-color", "-detailed-exitcode", changed).expect(2)
    assert "1 to change" in left.out
    project.run("apply", "-auto-approve", "-no-color", changed).expect(0)
    assert operations(calls(project)[before:])[3:] == ["UpdateEndpoint", "DeleteEndpointConfig", "DeleteModel"]
    project.run("plan", "-no-color", "-detailed-exitcode", changed).expect(0)


def test_fixed_names_are_refused_at_plan_with_the_fix(example):
    project = example("plain-terraform")
    project.run("apply", "-auto-approve", "-no-color").expect(0)
    before = len(calls(project))
    refused = project.run("apply", "-auto-approve", "-no-color", f"-var=image={NEW_IMAGE}").expect(1)
    assert 'name_prefix = "vpc-model-"' in refused.text
    assert "main.tf line" in refused.text
    assert calls(project)[before:] == []


def test_a_saved_plan_is_applied_as_reviewed(example):
    project = example("private-registry")
    project.run("plan", "-no-color", "-out=reviewed.plan").expect(0)
    (project.folder / "main.tf").write_text("this is no longer a configuration")
    project.run("apply", "-no-color", "reviewed.plan").expect(0)
    stale = project.run("apply", "-no-color", "reviewed.plan").expect(1)
    assert "stale" in stale.text.lower()


def test_approval_is_asked_for(example):
    project = example("private-registry")
    declined = project.run("apply", "-no-color", stdin="no\n").expect(1)
    assert "sandbox" in declined.text.lower()
    assert project.run("state", "list").out == ""
    project.run("apply", "-no-color", stdin="yes\n").expect(0)


def attribute(project, type_name, name):
    resources = project.state(STATE)["resources"]
    [resource] = [resource for resource in resources if resource["type"] == type_name]
    [current] = [instance for instance in resource["instances"] if "deposed" not in instance]
    return current["attributes"][name]
