"""A user's mistake gets a message with its place and what to write instead, before anything is changed."""

import pytest

MODEL = """
resource "aws_sagemaker_model" "m" {
  name               = "m"
  execution_role_arn = "arn:aws:iam::123456789012:role/SageMakerExecutionRole"
  primary_container {
    image = "myteam.myorg.com/a/b:1"
    %s
  }
  %s
}
"""
VPC_MODE = 'image_config {\n      repository_access_mode = "Vpc"\n    }'


def vpc(subnets, groups='"sg-0123456789abcdef0"'):
    return f"vpc_config {{\n    subnets = [{subnets}]\n    security_group_ids = [{groups}]\n  }}"


CASES = {
    "syntax error": ('locals {\n  a = [1,\n}\n', ["main.tf line"]),
    "unknown attribute": (
        MODEL % ('imgae = "x"', ""),
        ["main.tf line", "imgae", 'Did you mean "image"'],
    ),
    "wrong type": (
        'resource "aws_sagemaker_endpoint" "e" {\n  name = "e"\n  endpoint_config_name = ["x"]\n}\n',
        ["main.tf line 3", "endpoint_config_name", "string"],
    ),
    "unknown reference": (
        'resource "aws_sagemaker_endpoint" "e" {\n  endpoint_config_name = local.confg\n}\nlocals {\n  config = "c"\n}\n',
        ["main.tf line 2", "confg", 'Did you mean "config"'],
    ),
    "dependency cycle": ("locals {\n  a = local.b\n  b = local.a\n}\n", ["cycle", "local.a", "local.b"]),
    "unknown type": ('resource "aws_sagemaker_modle" "m" {}\n', ["main.tf line 1", 'Did you mean "aws_sagemaker_model"']),
    "image outside ECR without Vpc access": (
        MODEL % ("", ""),
        ["main.tf line", "myteam.myorg.com/a/b:1", "Vpc"],
    ),
    "Vpc access without vpc_config": (MODEL % (VPC_MODE, ""), ["main.tf line", "vpc_config"]),
    "unknown security group": (
        MODEL % (VPC_MODE, vpc('"subnet-0123456789abcdef0", "subnet-0123456789abcdef1"', '"sg-0ffffffffffffffff"')),
        ["main.tf line", "sg-0ffffffffffffffff", "123456789012", "us-east-1"],
    ),
    "unknown subnet": (
        MODEL % (VPC_MODE, vpc('"subnet-0123456789abcdef0", "subnet-0ffffffffffffffff"')),
        ["main.tf line", "subnet-0ffffffffffffffff"],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_mistakes_are_located_and_change_nothing(project, name):
    text, expected = CASES[name]
    project.write(text)
    run = project.run("apply", "-auto-approve", "-no-color").expect(1)
    for part in expected:
        assert part in run.prose, f"{part!r} is not in:\n{run.text}"
    logs = list(project.folder.glob("*.calls.jsonl"))
    changing = [line for log in logs for line in log.read_text().splitlines() if '"Create' in line]
    assert changing == []


def test_subnets_of_two_vpcs(project):
    project.write(
        'data "aws_vpc" "other" {\n  default = true\n}\n'
        'data "aws_subnets" "other" {\n  filter {\n    name = "vpc-id"\n    values = [data.aws_vpc.other.id]\n  }\n}\n'
        + MODEL % (VPC_MODE, vpc('"subnet-0123456789abcdef0", data.aws_subnets.other.ids[0]'))
    )
    run = project.run("plan", "-no-color").expect(1)
    assert "main.tf line" in run.prose and "VPC" in run.prose


def test_an_unreadable_state(project):
    project.write('resource "terraform_data" "x" {}\n')
    state = project.folder / "terraform.sandbox.tfstate"
    state.write_text('{"version": 4, "serial"')
    run = project.run("plan", "-no-color").expect(1)
    assert "terraform.sandbox.tfstate" in run.err and "line 1" in run.err
    assert state.read_text() == '{"version": 4, "serial"'


def test_a_state_of_a_newer_format(project):
    project.write("")
    (project.folder / "terraform.sandbox.tfstate").write_text('{"version": 9, "serial": 1, "lineage": "x"}')
    run = project.run("plan", "-no-color").expect(1)
    assert "version 9" in run.err


def test_no_configuration(project):
    run = project.run("plan", "-no-color").expect(1)
    assert "No configuration files" in run.prose


def test_what_a_service_quotes_of_sensitive_values_is_not_shown(project):
    """What it refuses to read, or does not find, it names."""
    project.write(
        """
variable "name" {
  sensitive = true
  default   = "nobody-knows-4711"
}
data "aws_iam_role" "r" { name = var.name }
resource "aws_iam_role_policy_attachment" "a" {
  role       = var.name
  policy_arn = "arn:aws:iam::123456789012:policy/p"
}
"""
    )
    project.env["SMFORM_SANDBOX"] = "1"
    ran = project.run("plan", "-no-color").expect(1)
    assert "(sensitive value)" in ran.text and "4711" not in ran.text, ran.text
