"""The main job: a private-registry endpoint from nothing to InService and away again, and the first change to it."""

import contextlib
import json
import os
import re
import signal
import time

import pytest

NEW_IMAGE = "myteam.myorg.com/docker-local/my-inference-image:v2"
STATE = "state/private-registry.sandbox.tfstate"
COMES_UP = "aws_sagemaker_endpoint.endpoint: Creating"


def calls(project):
    """The sandbox's call log: operation and the names in it, for the calls that change something."""
    logs = list((project.folder / "state").glob("*.calls.jsonl"))
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
    assert "aws_sagemaker_endpoint.endpoint: Creation complete" in apply.out
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
    script(project, {"match": {"operation": "UpdateEndpoint"}, "effect": {"failed_container": {}}})
    before = len(calls(project))
    changed = f"-var=image={NEW_IMAGE}"
    failed = project.run("apply", "-auto-approve", "-no-color", changed).expect(1)
    assert "ping health check" in failed.prose
    log = calls(project)[before:]
    assert operations(log) == ["CreateModel", "CreateEndpointConfig", "UpdateEndpoint"]
    assert attribute(project, "aws_sagemaker_endpoint", "endpoint_config_name") == old
    script(project)
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
    # The fix is a patch of the file, for the model and for the configuration that refers to its name.
    for prefix in ("vpc-model-", "my-endpoint-config-"):
        assert re.search(rf'^ *\+ +name_prefix += "{prefix}"$', refused.text, re.MULTILINE)
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


def test_a_silent_rollback_is_noticed(example):
    project = example("private-registry")
    project.run("apply", "-auto-approve", "-no-color").expect(0)
    old = attribute(project, "aws_sagemaker_endpoint", "endpoint_config_name")
    script(project, {"match": {"operation": "UpdateEndpoint"}, "effect": "silent_rollback"})
    project.run("apply", "-auto-approve", "-no-color", f"-var=image={NEW_IMAGE}").expect(1)
    assert attribute(project, "aws_sagemaker_endpoint", "endpoint_config_name") == old
    assert "DeleteEndpointConfig" not in operations(calls(project))


def test_a_failed_create_is_recorded_and_replaced(example):
    project = example("private-registry")
    script(project, {"match": {"operation": "CreateEndpoint"}, "effect": {"failed_container": {}}})
    failed = project.run("apply", "-auto-approve", "-no-color").expect(1)
    assert "ping health check" in failed.prose
    script(project)
    plan = project.run("plan", "-no-color", "-detailed-exitcode").expect(2)
    assert "tainted" in plan.out
    project.run("apply", "-auto-approve", "-no-color").expect(0)
    project.run("plan", "-no-color", "-detailed-exitcode").expect(0)


def test_throttling_and_lost_replies_are_got_over(example):
    project = example("private-registry")
    script(
        project,
        {"match": {"operation": "CreateModel"}, "times": 2, "effect": "throttle"},
        {"match": {"operation": "CreateEndpointConfig"}, "nth": 1, "effect": "lost_reply"},
        {"match": {"operation": "CreateEndpoint"}, "nth": 1, "effect": "lost_reply"},
    )
    project.run("apply", "-auto-approve", "-no-color").expect(0)
    script(project)
    project.run("plan", "-no-color", "-detailed-exitcode").expect(0)


@pytest.mark.parametrize("refusal", ["throttle", {"error": {"code": "ExpiredTokenException", "message": "expired"}}])
def test_what_was_created_without_an_answer_is_found_whatever_the_next_attempt_was_told(example, refusal):
    project = example("private-registry")
    script(
        project,
        {"match": {"operation": "CreateModel"}, "nth": 1, "times": 1, "effect": "lost_reply"},
        {"match": {"operation": "CreateModel"}, "nth": 2, "times": 60, "effect": refusal},
    )
    failed = project.run("apply", "-auto-approve", "-no-color").expect(1)
    assert "Whether it was created is not known" in failed.prose
    script(project)
    project.run("apply", "-auto-approve", "-no-color").expect(0)
    world = next((project.folder / "state").glob("*.sandbox.json"))
    assert len(set(re.findall(r"vpc-model-\d+", world.read_text()))) == 1
    project.run("destroy", "-auto-approve", "-no-color").expect(0)
    assert "vpc-model-" not in world.read_text(), "nothing is left of the first attempt"


def test_a_killed_run_is_followed_up(example):
    """Killed while the endpoint comes up: the next run knows of everything, and nothing is made twice."""
    project = example("private-registry", SMFORM_SANDBOX_SPEED="20")

    def kill(line, process):
        if COMES_UP in line:
            time.sleep(0.5)
            process.kill()

    project.follow(kill, "apply", "-auto-approve", "-no-color").expect(-signal.SIGKILL)
    project.env["SMFORM_SANDBOX_SPEED"] = "20000"
    project.run("apply", "-auto-approve", "-no-color").expect(0)
    project.run("plan", "-no-color", "-detailed-exitcode").expect(0)
    project.run("destroy", "-auto-approve", "-no-color").expect(0)
    made = operations(calls(project))
    assert made.count("CreateModel") == made.count("DeleteModel")
    assert made.count("CreateEndpointConfig") == made.count("DeleteEndpointConfig")
    assert made.count("CreateEndpoint") == made.count("DeleteEndpoint")


@pytest.mark.parametrize("way", ["moved", "state mv"])
def test_what_a_killed_run_was_creating_may_get_another_address(example, way):
    """It is waited for there, and neither made nor deleted a second time."""
    project = example("private-registry", SMFORM_SANDBOX_SPEED="20")

    def kill(line, process):
        if COMES_UP in line:
            time.sleep(0.5)
            process.kill()

    project.follow(kill, "apply", "-auto-approve", "-no-color").expect(-signal.SIGKILL)
    project.env["SMFORM_SANDBOX_SPEED"] = "20000"
    old, new = "aws_sagemaker_endpoint.endpoint", "aws_sagemaker_endpoint.served"
    for path in project.folder.glob("*.tf"):
        text = path.read_text().replace('"aws_sagemaker_endpoint" "endpoint"', '"aws_sagemaker_endpoint" "served"')
        path.write_text(text.replace(old, new))
    if way == "moved":
        (project.folder / "moved.tf").write_text(f"moved {{\n  from = {old}\n  to   = {new}\n}}\n")
    else:
        project.run("state", "mv", old, new).expect(0)
    project.run("apply", "-auto-approve", "-no-color").expect(0)
    project.run("plan", "-no-color", "-detailed-exitcode").expect(0)
    made = operations(calls(project))
    assert (made.count("CreateEndpoint"), made.count("DeleteEndpoint")) == (1, 0)


@pytest.mark.parametrize("asked_by", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_run_says_what_is_left(example, asked_by):
    project = example("private-registry", SMFORM_SANDBOX_SPEED="20")

    def interrupt(line, process):
        if COMES_UP in line:
            time.sleep(0.3)
            process.send_signal(asked_by)

    # Whatever the tests were started with.
    with hang_up(signal.SIG_DFL):
        ran = project.follow(interrupt, "apply", "-auto-approve", "-no-color").expect(1)
    told = sections(ran)
    assert "aws_sagemaker_model.model (created)" in told[DONE]
    assert told[UNDER_WAY] == ["aws_sagemaker_endpoint.endpoint (being created)"]
    assert FAILED not in told
    project.env["SMFORM_SANDBOX_SPEED"] = "20000"
    project.run("apply", "-auto-approve", "-no-color").expect(0)
    project.run("plan", "-no-color", "-detailed-exitcode").expect(0)


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="only there smform is told what is ignored")
def test_a_run_that_is_to_outlive_its_terminal_does(project):
    project.write('resource "terraform_data" "a" {\n  provisioner "local-exec" { command = "kill -HUP $PPID" }\n}\n')
    with hang_up(signal.SIG_IGN):
        project.run("apply", "-auto-approve", "-no-color").expect(0)


@contextlib.contextmanager
def hang_up(answer):
    """What a process does that is started meanwhile, when its terminal is closed."""
    before = signal.signal(signal.SIGHUP, answer)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


def test_programs_are_told_what_an_interrupted_run_has_left(example):
    project = example("private-registry", SMFORM_SANDBOX_SPEED="20")

    def interrupt(line, process):
        if COMES_UP in line:
            time.sleep(0.3)
            process.send_signal(signal.SIGINT)

    ran = project.follow(interrupt, "apply", "-auto-approve", "-json").expect(1)
    [told] = [one for one in map(json.loads, ran.out.splitlines()) if one["type"] == "apply_report"]
    listed = {
        title: [(one["resource"]["addr"], one.get("outcome")) for one in objects]
        for title, objects in told["report"].items()
        if isinstance(objects, list)
    }
    assert ("aws_sagemaker_model.model", "created") in listed.pop("done")
    assert listed == {
        "under_way": [("aws_sagemaker_endpoint.endpoint", "being created")],
        "failed": [],
        "not_begun": [],
    }
    assert told["report"]["recorded"] == {"in": "state"}


def test_a_second_interrupt_ends_the_run_and_still_says_what_goes_on(example):
    project = example("private-registry", SMFORM_SANDBOX_SPEED="1")

    def interrupt(line, process):
        if "aws_sagemaker_endpoint.endpoint: Creating..." in line:
            time.sleep(0.5)
            process.send_signal(signal.SIGINT)
        if "Stopping" in line:
            process.send_signal(signal.SIGINT)

    start = time.monotonic()
    ran = project.follow(interrupt, "apply", "-auto-approve", "-no-color").expect(1)
    assert time.monotonic() - start < 60, "it waits for nothing"
    told = sections(ran)
    [journal] = [title for title in told if title.startswith("Done, and recorded in the journal ")]
    assert "aws_sagemaker_model.model (created)" in told[journal]
    assert told[UNDER_WAY] == ["aws_sagemaker_endpoint.endpoint (being created)"]
    assert set(told) == {journal, UNDER_WAY}
    assert "Apply again, on this machine" in ran.out
    # The sandbox keeps the speed that it was made with, unless told otherwise.
    project.env["SMFORM_SANDBOX_SPEED"] = "20000"
    project.run("apply", "-auto-approve", "-no-color").expect(0)
    project.run("plan", "-no-color", "-detailed-exitcode").expect(0)
    assert operations(calls(project)).count("CreateEndpoint") == 1


def test_what_waits_for_its_turn_is_not_begun_after_an_interrupt(project):
    project.env["SMFORM_SANDBOX_SPEED"] = "5"
    project.write('resource "aws_cloudwatch_log_group" "many" {\n  count = 4\n  name  = "many-${count.index}"\n}\n')
    script(project, {"match": {"operation": "CreateLogGroup"}, "effect": {"latency": {"seconds": 5}}})

    def interrupt(line, process):
        if "Creating..." in line:
            process.send_signal(signal.SIGINT)

    ran = project.follow(interrupt, "apply", "-auto-approve", "-no-color", "-parallelism=1").expect(1)
    assert ran.out.count("Creating...") == 1, ran.out
    assert len(sections(ran)["Not begun:"]) == 3, ran.out


def test_an_interrupt_ends_commands_with_all_that_they_have_started(project):
    """Also when only smform itself is interrupted, as supervisors do it."""
    # Reading finds the end as soon as nobody has the other end open.
    os.mkfifo(project.folder / "alive")
    alive = os.open(project.folder / "alive", os.O_RDONLY | os.O_NONBLOCK)
    project.write(
        """
resource "terraform_data" "slow" {
  provisioner "local-exec" { command = "exec 3>alive; sleep 300 & touch started; sleep 300" }
}
"""
    )

    def interrupt(line, process):
        if "Executing" in line:
            while not (project.folder / "started").exists():
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)

    start = time.monotonic()
    project.follow(interrupt, "apply", "-auto-approve", "-no-color").expect(1)
    assert time.monotonic() - start < 100, "it waits for no command"
    assert os.read(alive, 1) == b"", "the last one has ended"
    os.close(alive)


def test_a_run_that_ends_badly_tells_of_every_object(project):
    """Done, still under way, failed, not begun."""
    role = "arn:aws:iam::123456789012:role/SageMakerExecutionRole"
    models = "".join(
        f'''
resource "aws_sagemaker_model" "{name}" {{
  name               = "{name}"
  execution_role_arn = "{role}"
  primary_container {{ image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/img:1" }}
}}
resource "aws_sagemaker_endpoint_configuration" "{name}" {{
  production_variants {{
    model_name             = aws_sagemaker_model.{name}.name
    instance_type          = "ml.m5.large"
    initial_instance_count = 1
  }}
}}
resource "aws_sagemaker_endpoint" "{name}" {{
  name                 = "{name}"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.{name}.name
  timeouts {{ create = "1m" }}
}}
'''
        for name in ("slow", "bad")
    )
    # So slowly that the minute is over long before the endpoint is there, on any machine.
    project.env["SMFORM_SANDBOX_SPEED"] = "60"
    project.write(models)
    refusal = {"error": {"code": "AccessDeniedException", "message": "no", "status": 400}}
    script(project, {"match": {"operation": "CreateModel", "name": "bad"}, "effect": refusal})
    ran = project.run("apply", "-auto-approve", "-no-color").expect(1)
    told = sections(ran)
    assert told[DONE] == ["aws_sagemaker_model.slow (created)", "aws_sagemaker_endpoint_configuration.slow (created)"]
    assert told[UNDER_WAY] == ["aws_sagemaker_endpoint.slow (being created)"]
    assert told[FAILED] == ["aws_sagemaker_model.bad"]
    assert told[LEFT] == [
        "aws_sagemaker_endpoint.bad (to be created)",
        "aws_sagemaker_endpoint_configuration.bad (to be created)",
    ]


def test_two_runs_at_once(sandbox, example):
    """The second is told who is at work; the sandbox is a server here, so that both could reach it."""
    sandbox.post("/_sandbox/speed", {"speed": 1})
    project = example("private-registry", AWS_ENDPOINT_URL=sandbox.url, SMFORM_SANDBOX="0")
    second = []

    def meanwhile(line, process):
        if COMES_UP in line:
            second.append(project.run("plan", "-no-color").expect(1))
            process.kill()

    project.follow(meanwhile, "apply", "-auto-approve", "-no-color").expect(-signal.SIGKILL)
    [second] = second
    assert "locked" in second.prose and "apply" in second.prose.lower()
    sandbox.post("/_sandbox/speed", {"speed": 2000})
    project.run("destroy", "-auto-approve", "-no-color").expect(0)
    assert sandbox.client("sagemaker").list_models()["Models"] == []


DONE, FAILED, LEFT = "Done, and recorded in the state:", "Failed:", "Not begun:"
UNDER_WAY = "Still under way at the service:"


def sections(ran):
    """What the report of a run that did not do everything lists, by title."""
    told = {}
    for block in ran.out.split("Not everything was done.\n")[1].split("\n\n"):
        title, *lines = block.strip().split("\n")
        if lines and all(line.startswith("  ") for line in lines):
            told[title] = [line.strip() for line in lines]
    return told


def script(project, *rules):
    """Has the sandbox go wrong as the rules say in the runs that follow; without rules, not at all."""
    faults = project.folder / "faults.json"
    faults.write_text(json.dumps({"rules": list(rules)}))
    project.env["SMFORM_SANDBOX_FAULTS"] = str(faults)


def attribute(project, type_name, name):
    resources = project.state(STATE)["resources"]
    [resource] = [resource for resource in resources if resource["type"] == type_name]
    [current] = [instance for instance in resource["instances"] if "deposed" not in instance]
    return current["attributes"][name]
