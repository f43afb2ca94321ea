"""A client that never stops asking: no change that smform makes to a running endpoint may lose one of its requests."""

import json
import threading

import pytest
from conftest import Project

CONFIGURATION = """
variable "image" { default = "v1" }
variable "type" { default = "ml.t2.medium" }
variable "policy" { default = "all_at_once" }

resource "aws_sagemaker_model" "m" {
  name_prefix        = "m-"
  execution_role_arn = "arn:aws:iam::123456789012:role/SageMakerExecutionRole"
  primary_container {
    image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/img:${var.image}"
  }
}

resource "aws_sagemaker_endpoint_configuration" "c" {
  name_prefix = "c-"
  production_variants {
    variant_name           = "V"
    model_name             = aws_sagemaker_model.m.name
    instance_type          = var.type
    initial_instance_count = 2
  }
}

resource "aws_sagemaker_endpoint" "e" {
  %s
  endpoint_config_name = aws_sagemaker_endpoint_configuration.c.name
  deployment_config {
    dynamic "rolling_update_policy" {
      for_each = var.policy == "rolling" ? [1] : []
      content {
        wait_interval_in_seconds = 60
        maximum_batch_size {
          type  = "CAPACITY_PERCENT"
          value = 50
        }
      }
    }
    dynamic "blue_green_update_policy" {
      for_each = var.policy == "rolling" ? [] : [1]
      content {
        traffic_routing_configuration {
          type                     = var.policy == "canary" ? "CANARY" : "ALL_AT_ONCE"
          wait_interval_in_seconds = 120
          dynamic "canary_size" {
            for_each = var.policy == "canary" ? [1] : []
            content {
              type  = "CAPACITY_PERCENT"
              value = 50
            }
          }
        }
      }
    }
  }
}
"""


class Asking:
    """Invokes an endpoint without a pause, and keeps who answered and what was refused."""

    def __init__(self, sandbox, name):
        self.runtime, self.sagemaker, self.name = sandbox.client("sagemaker-runtime"), sandbox.client("sagemaker"), name
        self.images, self.lost, self.over = [], [], threading.Event()
        self.thread = threading.Thread(target=self.ask)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def invoke(self):
        answer = json.loads(self.runtime.invoke_endpoint(EndpointName=self.name, Body=b"{}")["Body"].read())
        self.images.append(answer["images"][0].rpartition(":")[2])

    def ask(self):
        while not self.over.is_set():
            try:
                self.invoke()
            except self.runtime.exceptions.ClientError:
                # The endpoint may have given way to another of a new name; then that one must answer.
                try:
                    self.name = self.serving()
                    self.invoke()
                except Exception as error:
                    self.lost.append(str(error))

    def serving(self):
        listed = self.sagemaker.list_endpoints(StatusEquals="InService")["Endpoints"]
        assert listed, "no endpoint is in service"
        return listed[0]["EndpointName"]


@pytest.fixture
def served(sandbox, tmp_path):
    """A project of its own on the sandbox, applied once, and a client that asks."""

    def start(naming):
        project = Project(tmp_path, AWS_ENDPOINT_URL=sandbox.url).write(CONFIGURATION % naming)
        project.run("apply", "-auto-approve", "-no-color").expect(0)
        return project, Asking(sandbox, project.state()["resources"][0]["instances"][0]["attributes"]["name"])

    return start


def apply(project, *more, code=0):
    return project.run("apply", "-auto-approve", "-no-color", *more).expect(code)


@pytest.mark.parametrize("policy", ["all_at_once", "canary", "rolling"])
def test_a_changed_image_and_configuration(served, policy):
    project, asking = served('name = "e"')
    with asking:
        apply(project, f"-var=policy={policy}", "-var=image=v2")
        apply(project, f"-var=policy={policy}", "-var=image=v2", "-var=type=ml.m5.large")
    assert asking.lost == []
    assert {"v1", "v2"} == set(asking.images)
    # Once the new image serves alone, the old one does not come back.
    assert asking.images[-1] == "v2"


def test_a_rollback(served, sandbox):
    project, asking = served('name = "e"')
    rule = {"match": {"operation": "UpdateEndpoint"}, "effect": {"failed_container": {}}}
    sandbox.post("/_sandbox/faults", {"rules": [rule]})
    with asking:
        failed = apply(project, "-var=image=v2", code=1)
        sandbox.post("/_sandbox/faults", {"rules": []})
        before = len(asking.images)
        apply(project, "-var=image=v3")
    assert "rolled" in failed.prose
    assert asking.lost == []
    assert asking.images[before] == "v1" and asking.images[-1] == "v3"


def test_a_replacement(served):
    project, asking = served("")
    with asking:
        apply(project, "-replace=aws_sagemaker_endpoint.e")
        apply(project, "-replace=aws_sagemaker_model.m", "-var=image=v2")
    assert asking.lost == []
    assert asking.images[-1] == "v2"


def test_another_name(served):
    project, asking = served('name = "e"')
    with asking:
        project.write(CONFIGURATION % 'name = "f"')
        apply(project)
    assert asking.lost == []
    assert asking.name == "f"
