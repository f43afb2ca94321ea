"""States go to Terraform and back: what one tool has written, the other reads as its own."""

import json
import re
import shutil
import subprocess
import time

import pytest
from conftest import SMFORM, Project, environment

TERRAFORM = shutil.which("terraform")
needs_terraform = pytest.mark.skipif(TERRAFORM is None, reason="terraform is not installed")

MODULE = """
variable "name" {}
resource "terraform_data" "inner" {
  count = 2
  input = { name = var.name, at = count.index }
}
output "all" { value = terraform_data.inner[*].output }
"""
CONFIG = """
variable "words" {
  type    = set(string)
  default = ["b", "a", "a.b [0]"]
}
variable "secret" {
  default   = "hidden"
  sensitive = true
}
locals {
  mixed = { list = [1, "two", null], deep = { nothing = null, yes = true, big = 12345678901234567890 } }
}
module "each" {
  source   = "./m"
  for_each = var.words
  name     = each.key
}
resource "terraform_data" "one" {
  input = local.mixed
  lifecycle {
    postcondition {
      condition     = self.output != null
      error_message = "nothing came out"
    }
  }
}
resource "terraform_data" "each" {
  for_each         = var.words
  input            = "${each.key} <&> é\\u2028"
  triggers_replace = [terraform_data.one.id]
}
resource "terraform_data" "hidden" {
  input = { password = var.secret, plain = "x" }
}
resource "terraform_data" "first" {
  input = "created first"
  lifecycle { create_before_destroy = true }
}
resource "terraform_data" "user" {
  input = [terraform_data.first.output, module.each["a"].all[0].name]
}
check "passes" {
  assert {
    condition     = length(var.words) > 0
    error_message = "no words"
  }
}
check "fails" {
  assert {
    condition     = length(var.words) > 5
    error_message = "only ${length(var.words)} words"
  }
}
output "words" { value = var.words }
output "mixed" { value = terraform_data.one.output }
output "secret" {
  value     = terraform_data.hidden.output.password
  sensitive = true
}
output "each" { value = { for name, made in module.each : name => made.all[*].at } }
"""


class Terraform:
    """Terraform at work in the folder of a project."""

    def __init__(self, project):
        self.folder = project.folder

    def run(self, *arguments, code=0):
        env = environment(TF_CLI_CONFIG_FILE="/dev/null", CHECKPOINT_DISABLE="1")
        done = subprocess.run(
            [TERRAFORM, *arguments], cwd=self.folder, env=env, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def project(tmp_path):
    (tmp_path / "m").mkdir()
    project = Project(tmp_path).write(CONFIG).write(MODULE, "m/main.tf")
    if TERRAFORM:
        Terraform(project).run("init", "-no-color")
    return project


def edit(project, change):
    state = project.state()
    change(state)
    (project.folder / "terraform.tfstate").write_text(json.dumps(state, indent=2) + "\n")


def set_aside(state):
    """Gives `terraform_data.first` a second object, left over from a replacement, and makes another one tainted."""
    [resource] = [one for one in state["resources"] if one["name"] == "first"]
    [current] = resource["instances"]
    attributes = {**current["attributes"], "id": "6b38ad0c-b54b-4d13-a5cf-3e3b3bb8b1a3"}
    resource["instances"].append({**current, "deposed": "0a1b2c3d", "attributes": attributes})
    [resource] = [one for one in state["resources"] if one["name"] == "inner" and '"b"' in one["module"]]
    resource["instances"][1]["status"] = "tainted"
    state["serial"] += 1


def plan(text):
    """A plan in JSON, with what a plan is about: what changes, and what was there before."""
    plan = json.loads(text)
    parts = ("resource_changes", "output_changes", "prior_state", "planned_values", "resource_drift", "checks")
    return {part: plan.get(part) for part in parts}


def agree(project):
    """Both tools see the same state, and plan the same."""
    terraform = Terraform(project)
    ours = project.run("state", "list").expect(0).out
    assert terraform.run("state", "list") == ours
    assert json.loads(terraform.run("show", "-json")) == json.loads(project.run("show", "-json").expect(0).out)
    assert json.loads(terraform.run("output", "-json")) == json.loads(project.run("output", "-json").expect(0).out)
    terraform.run("plan", "-no-color", "-out=theirs.plan")
    project.run("plan", "-no-color", "-json-into=ours.json").expect(0)
    theirs, ours = plan(terraform.run("show", "-json", "theirs.plan")), plan((project.folder / "ours.json").read_text())
    for part, expected in theirs.items():
        assert ours[part] == expected, part
    return theirs["resource_changes"]


def actions(changes):
    found = {}
    for change in changes:
        name = change["address"] + (f" {change['deposed']}" if "deposed" in change else "")
        if change["change"]["actions"] != ["no-op"]:
            found[name] = change["change"]["actions"]
    return found


LEFT = {
    'module.each["b"].terraform_data.inner[1]': ["delete", "create"],
    "terraform_data.first 0a1b2c3d": ["delete"],
}


@needs_terraform
def test_terraform_reads_what_smform_wrote(project):
    project.run("apply", "-auto-approve", "-no-color").expect(0)
    assert actions(agree(project)) == {}
    edit(project, set_aside)
    # Written anew by smform, with what it did not touch.
    project.run("apply", "-auto-approve", "-no-color", "-target=terraform_data.hidden", "-var=secret=other").expect(0)
    changes = actions(agree(project))
    assert changes.pop("terraform_data.hidden") == ["update"]
    assert changes.items() >= LEFT.items()
    Terraform(project).run("apply", "-auto-approve", "-no-color")
    assert actions(agree(project)) == {}


@needs_terraform
def test_smform_reads_what_terraform_wrote(project):
    terraform = Terraform(project)
    terraform.run("apply", "-auto-approve", "-no-color")
    assert actions(agree(project)) == {}
    edit(project, set_aside)
    terraform.run("apply", "-auto-approve", "-no-color", "-target=terraform_data.hidden", "-var=secret=other")
    changes = actions(agree(project))
    assert changes.pop("terraform_data.hidden") == ["update"]
    assert changes.items() >= LEFT.items()
    project.run("apply", "-auto-approve", "-no-color").expect(0)
    assert actions(agree(project)) == {}
    # What both write of the same state is the same text, but for the serial.
    terraform.run("apply", "-auto-approve", "-no-color", "-replace=terraform_data.first")
    path = project.folder / "terraform.tfstate"
    theirs = path.read_text()
    project.run("taint", "terraform_data.first").expect(0)
    project.run("untaint", "terraform_data.first").expect(0)
    serial = re.compile(r'"serial": \d+')
    assert serial.sub("", path.read_text()) == serial.sub("", theirs)


SLOW = """
variable "names" { type = set(string) }
resource "terraform_data" "one" {
  for_each = var.names
  input    = each.key
  provisioner "local-exec" { command = "touch begun; sleep 2" }
}
"""


@needs_terraform
@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize("first", ["smform", "terraform"])
def test_each_tool_keeps_out_while_the_other_works_on_a_local_state(tmp_path, first, waits):
    """One has the lock while it works, and what it has written is what the other works on, or the other fails."""
    project = Project(tmp_path).write(SLOW)
    Terraform(project).run("init", "-no-color")
    env = environment(TF_CLI_CONFIG_FILE="/dev/null", CHECKPOINT_DISABLE="1")
    tools = {"smform": SMFORM, "terraform": TERRAFORM}
    [second] = set(tools) - {first}

    def begin(tool, names, *more):
        command = [tools[tool], "apply", "-auto-approve", "-no-color", f"-var=names={names}", *more]
        return subprocess.Popen(command, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    holder = begin(first, '["a"]')
    while not (tmp_path / "begun").exists():
        assert holder.poll() is None, holder.communicate()
        time.sleep(0.05)
    other = begin(second, '["a","b"]', *(["-lock-timeout=30s"] if waits else []))
    said, _ = other.communicate(timeout=60)
    held, _ = holder.communicate(timeout=60)
    assert holder.returncode == 0, held
    names = project.run("state", "list").expect(0).out.split()
    if other.returncode:
        # Terraform waits with the file open that is replaced; it must not believe that it has written the state.
        assert not waits or second == "terraform", said
        assert "lock" in said or "not supported by Terraform" in said, said
        assert names == ['terraform_data.one["a"]']
    else:
        assert waits, said
        assert names == ['terraform_data.one["a"]', 'terraform_data.one["b"]'], said


def unknown(attributes):
    return {
        "mode": "managed",
        "type": "aws_s3_bucket",
        "name": "logs",
        "provider": 'provider["registry.terraform.io/hashicorp/aws"].west',
        "instances": [
            {
                "index_key": "a",
                "status": "tainted",
                "schema_version": 3,
                "attributes": attributes,
                "sensitive_attributes": [[{"type": "get_attr", "value": "policy"}]],
                "identity_schema_version": 0,
                "identity": {"bucket": "logs"},
                "private": "eyJzY2hlbWFfdmVyc2lvbiI6IjAifQ==",
                "dependencies": ["aws_kms_key.all", "data.aws_caller_identity.me"],
                "create_before_destroy": True,
            },
            {
                "index_key": "a",
                "deposed": "0a1b2c3d",
                "schema_version": 3,
                "attributes": {**attributes, "bucket": "older"},
                "sensitive_attributes": [],
            },
        ],
    }


READ = {
    "mode": "data",
    "type": "aws_s3_objects",
    "name": "all",
    "provider": 'provider["registry.terraform.io/hashicorp/aws"]',
    "instances": [
        {"schema_version": 0, "attributes": {"id": "logs", "keys": []}, "sensitive_attributes": []},
    ],
}


def laid_out(value, depth):
    """A value as it stands in a state, so many levels deep."""
    return json.dumps(value, indent=2, ensure_ascii=False).replace("\n", "\n" + "  " * depth)


def test_types_that_are_not_known_are_kept_to_the_byte(tmp_path):
    attributes = {
        "zeta": None,
        "bucket": "logs",
        "policy": '{"a":"é"}',
        "count": 12345678901234567890123,
        "ratio": 0.1,
        "rules": [{"b": 1, "a": []}, {}],
        "empty": "",
    }
    resource = unknown(attributes)
    state = {
        "version": 4,
        "terraform_version": "1.11.4",
        "serial": 7,
        "lineage": "3f5a9c0e-0000-4000-8000-000000000001",
        "outputs": {},
        "resources": [READ, resource],
        "check_results": None,
    }
    # Numbers in forms of their own stay in them.
    text = laid_out(state, 0).replace("0.1,", "1.50e+3,") + "\n"
    kept = laid_out(resource, 2).replace("0.1,", "1.50e+3,")
    assert kept in text
    project = Project(tmp_path).write('resource "terraform_data" "one" {\n  input = 1\n}\n')
    path = project.folder / "terraform.tfstate"
    path.write_text(text)
    for arguments in [
        ("apply", "-auto-approve", "-no-color"),
        ("apply", "-refresh-only", "-auto-approve", "-no-color"),
        ("apply", "-auto-approve", "-no-color", "-replace=terraform_data.one"),
        ("destroy", "-auto-approve", "-no-color"),
    ]:
        ran = project.run(*arguments).expect(0)
        assert "aws_s3_bucket, data.aws_s3_objects" in ran.prose and "kept as they are" in ran.prose, ran.text
        assert kept in path.read_text() and laid_out(READ, 2) in path.read_text(), arguments
    listed = project.run("state", "list").expect(0).out.splitlines()
    assert sorted(listed) == ['aws_s3_bucket.logs["a"]', "data.aws_s3_objects.all"]
    pulled = project.run("state", "pull").expect(0).out
    assert kept in pulled


ROLE = "arn:aws:iam::123456789012:role/SageMakerExecutionRole"
HOSTING = f"""
resource "aws_sagemaker_model" "m" {{
  name               = "m"
  execution_role_arn = "{ROLE}"
  primary_container {{
    container_hostname = "ModelContainer"
    image              = "myteam.myorg.com/docker-local/my-inference-image:latest"
    image_config {{ repository_access_mode = "Vpc" }}
  }}
  vpc_config {{
    subnets            = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
    security_group_ids = ["sg-0123456789abcdef0"]
  }}
}}
resource "aws_sagemaker_model" "many" {{
  name               = "many"
  execution_role_arn = "{ROLE}"
  container {{
    image              = "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/img:1"
    container_hostname = "a"
  }}
  container {{
    image              = "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/img:1"
    container_hostname = "b"
  }}
}}
resource "aws_sagemaker_endpoint_configuration" "c" {{
  name = "c"
  production_variants {{
    variant_name           = "v"
    model_name             = aws_sagemaker_model.m.name
    instance_type          = "ml.m5.large"
    initial_instance_count = 1
  }}
  data_capture_config {{
    initial_sampling_percentage = 50
    destination_s3_uri          = "s3://bucket/captured"
    capture_options {{ capture_mode = "Input" }}
  }}
  async_inference_config {{
    output_config {{ s3_output_path = "s3://bucket/out" }}
  }}
}}
resource "aws_sagemaker_endpoint" "e" {{
  name                 = "e"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.c.name
  deployment_config {{
    blue_green_update_policy {{
      traffic_routing_configuration {{
        type                     = "ALL_AT_ONCE"
        wait_interval_in_seconds = 60
      }}
    }}
  }}
}}
"""


def zero(ty):
    """What the AWS provider may store for an argument that is not set."""
    if isinstance(ty, list):
        return {} if ty[0] == "map" else []
    return {"string": "", "number": 0, "bool": False}[ty]


def each_argument(block, values, change):
    """Calls `change` with the holder, the name and the schema of every argument that is neither required nor computed."""
    for name, attribute in block.get("attributes", {}).items():
        if attribute.get("optional") and not attribute.get("computed"):
            change(values, name, attribute["type"])
    for name, nested in block.get("block_types", {}).items():
        for item in values.get(name) or []:
            if isinstance(item, dict):
                each_argument(nested["block"], item, change)


def zeroed(holder, name, ty):
    if name in holder and holder[name] is None:
        holder[name] = zero(ty)


def nulled(holder, name, ty):
    if holder.get(name) in ("", 0, [], {}) and holder[name] is not True:
        holder[name] = None


def left_out(holder, name, _):
    if name in holder and holder[name] is None:
        del holder[name]


@pytest.mark.parametrize("change", [zeroed, nulled, left_out])
def test_what_the_aws_provider_stores_for_nothing_is_nothing(tmp_path, change):
    """It stores null or the zero value for what is not set, and has no place for some of our arguments."""
    project = Project(tmp_path, SMFORM_SANDBOX="1", SMFORM_SANDBOX_SPEED="20000").write(HOSTING)
    project.run("apply", "-auto-approve", "-no-color").expect(0)
    schemas = json.loads(project.run("providers", "schema", "-json").expect(0).out)["provider_schemas"]
    [types] = [provider["resource_schemas"] for source, provider in schemas.items() if source.endswith("/aws")]
    path = project.folder / "terraform.sandbox.tfstate"
    state, touched = json.loads(path.read_text()), 0
    for resource in state["resources"]:
        for instance in resource["instances"]:
            before = json.dumps(instance["attributes"])
            each_argument(types[resource["type"]]["block"], instance["attributes"], change)
            touched += before != json.dumps(instance["attributes"])
    assert touched == len(state["resources"]) or change is nulled, "the test changes something"
    path.write_text(json.dumps(state, indent=2))
    planned = project.run("plan", "-no-color", "-detailed-exitcode")
    assert planned.code == 0, planned.text
    planned = project.run("plan", "-no-color", "-detailed-exitcode", "-refresh=false")
    assert planned.code == 0, planned.text


def test_a_state_of_an_older_provider_is_taken_over_as_it_is(tmp_path):
    """Up to version 5 it recorded no region; blocks that nobody wrote are null; what a network has not is an empty text."""
    project = Project(tmp_path, SMFORM_SANDBOX="1", SMFORM_SANDBOX_SPEED="20000")
    network = """
resource "aws_vpc" "v" { cidr_block = "10.9.0.0/16" }
resource "aws_subnet" "s" {
  vpc_id     = aws_vpc.v.id
  cidr_block = "10.9.1.0/24"
}
resource "random_password" "p" { length = 8 }
"""
    project.write(HOSTING + network)
    project.run("apply", "-auto-approve", "-no-color").expect(0)
    path = project.folder / "terraform.sandbox.tfstate"
    state = json.loads(path.read_text())

    def without(value):
        """Without regions, and null for every list without elements below the top."""
        for one in value.values():
            for item in one if isinstance(one, list) else []:
                if isinstance(item, dict):
                    without(item)
                    item.update({name: None for name, inner in item.items() if inner == []})

    for resource in state["resources"]:
        for instance in resource["instances"]:
            attributes = instance["attributes"]
            assert attributes.pop("region", "us-east-1") == "us-east-1"
            without(attributes)
            instance["sensitive_attributes"] = []
            if resource["type"] == "aws_subnet":
                attributes.update(ipv6_cidr_block="", ipv6_cidr_block_association_id="")
    path.write_text(json.dumps(state, indent=2))
    planned = project.run("plan", "-no-color", "-detailed-exitcode").expect(0)
    assert "changed outside" not in planned.text
    assert "(sensitive value)" in project.run("state", "show", "random_password.p").expect(0).out
