"""What blocks that refer to each other say of each other before either is made."""

import pytest

from conftest import Project
from test_rollouts import CONFIG, MODEL, stack


@pytest.fixture
def project(tmp_path, sandbox):
    """A project that works on the served sandbox as on an account."""
    (tmp_path / "project").mkdir()
    return Project(tmp_path / "project", AWS_ENDPOINT_URL=sandbox.url)


def plan(project, text, code):
    return project.write(text).run("plan", "-no-color", "-detailed-exitcode").expect(code)


def test_a_reference_to_another_region(project):
    for name in ('name = "m"', 'name_prefix = "m-"'):
        model, config = MODEL.format(name=name, version=1), CONFIG.format(name='name_prefix = "c-"', count=1)
        model = model.replace("primary_container {", 'region = "eu-west-1"\n  primary_container {').replace("us-east-1.amazon", "eu-west-1.amazon")
        refused = plan(project, model + config, 1)
        assert "The model is in another region" in refused.text and "aws_sagemaker_model.model.name" in refused.text
        there = config.replace("  production_variants", '  region = "eu-west-1"\n  production_variants', 1)
        plan(project, model + there, 2)


def test_a_role_that_does_not_trust_sagemaker(project):
    def text(service):
        statement = f'Effect = "Allow", Action = "sts:AssumeRole", Principal = {{ Service = "{service}" }}'
        role = 'resource "aws_iam_role" "r" {\n  name = "r"\n  assume_role_policy = jsonencode({\n'
        role += f'    Version = "2012-10-17"\n    Statement = [{{ {statement} }}]\n  }})\n}}\n'
        model = MODEL.format(name='name_prefix = "m-"', version=1)
        return role + model.replace('"arn:aws:iam::123456789012:role/SageMakerExecutionRole"', "aws_iam_role.r.arn")

    refused = plan(project, text("ec2.amazonaws.com"), 1)
    assert "SageMaker may not assume the role" in refused.text and "execution_role_arn = aws_iam_role.r.arn" in refused.text
    assert "may not assume" not in plan(project, text("sagemaker.amazonaws.com"), 2).text


def test_a_log_group_that_comes_after_its_endpoint(project):
    def text(name, depends=""):
        group = f'resource "aws_cloudwatch_log_group" "logs" {{\n  name = "/aws/sagemaker/Endpoints/{name}"\n}}\n'
        return stack(depends=depends) + group

    told = plan(project, text("${aws_sagemaker_endpoint.endpoint.name}"), 2)
    assert "may exist before it is made" in told.text and "depends_on = [aws_cloudwatch_log_group.logs]" in told.prose
    for quiet in (text("e"), text("e", "aws_cloudwatch_log_group.logs")):
        assert "may exist" not in plan(project, quiet, 2).text
    project.run("apply", "-auto-approve", "-no-color").expect(0)
    plan(project, quiet, 0)
