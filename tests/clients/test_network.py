"""Networks that a configuration makes together with the model in them: what a plan cannot know yet, the apply judges."""

import json

VPC = "vpc-0123456789abcdef0"
SUBNETS = '["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]'
MODEL = f"""
resource "aws_sagemaker_model" "model" {{
  name_prefix        = "m-"
  execution_role_arn = "arn:aws:iam::123456789012:role/SageMakerExecutionRole"
  primary_container {{
    image = "myteam.myorg.com/docker-local/my-inference-image:1.0"
    image_config {{ repository_access_mode = "Vpc" }}
  }}
  vpc_config {{
    subnets            = {SUBNETS}
    security_group_ids = [aws_security_group.model.id]
  }}
}}
"""
GROUP = f"""
resource "aws_security_group" "model" {{
  name   = "of-the-model"
  vpc_id = "{VPC}"
}}
"""
WAY_OUT = """
resource "aws_vpc_security_group_egress_rule" "registry" {
  security_group_id = aws_security_group.model.id
  ip_protocol       = "6"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"
}
"""
APPLY = ("apply", "-auto-approve", "-no-color")
CLOSED = "Registry not reachable: no outbound rule"


def operations(project):
    lines = (project.folder / "terraform.sandbox.json.calls.jsonl").read_text().splitlines()
    return [json.loads(line)["operation"] for line in lines]


def test_a_group_of_the_same_run_that_lets_nothing_out_stops_the_model(project):
    # Without any rule, the plan knows it.
    plan = project.write(GROUP + MODEL).run("plan", "-no-color").expect(1)
    assert CLOSED in plan.text and 'no egress rule for "of-the-model"' in plan.prose
    # Of which group a rule will be is not known yet.
    project.write(GROUP + WAY_OUT.replace("443", "80") + MODEL)
    plan = project.run("plan", "-no-color").expect(0)
    assert CLOSED not in plan.text
    apply = project.run(*APPLY).expect(1)
    assert CLOSED in apply.text and "[group-outbound]" in apply.prose
    assert "aws_sagemaker_model.model" in apply.prose and "main.tf line" in apply.prose
    assert "CreateModel" not in operations(project)
    # The group is there; with a way out, the next run makes the model.
    project.write(GROUP + WAY_OUT + MODEL)
    project.run(*APPLY).expect(0)
    again = project.run("plan", "-no-color", "-detailed-exitcode").expect(0)
    assert "No changes" in again.out


def test_a_rule_of_the_same_run_counts_before_it_is_made(project):
    # The rule waits for something slow, and the model does not wait for the rule.
    slow = 'resource "terraform_data" "slow" {\n  provisioner "local-exec" { command = "sleep 2" }\n}\n'
    late = WAY_OUT.replace("cidr_ipv4", "depends_on = [terraform_data.slow]\n  cidr_ipv4")
    project.write(GROUP + late + MODEL + slow)
    apply = project.run(*APPLY).expect(0)
    assert "Registry" not in apply.text
    made = operations(project)
    assert made.index("CreateModel") < made.index("AuthorizeSecurityGroupEgress")


def test_a_network_that_is_closed_later_stops_only_what_needs_it(example):
    project = example("private-registry")
    project.run(*APPLY).expect(0)
    state = project.folder / "state/private-registry.sandbox.tfstate"
    recorded = json.loads(state.read_text())
    # As if the registry had moved to a port that nobody opened.
    for name in [project.folder / "main.tf", state]:
        text = name.read_text()
        name.write_text(text.replace('"myteam.myorg.com"', '"myteam.myorg.com:8443"'))
    assert recorded["resources"]
    tagged = (project.folder / "main.tf").read_text().replace('"my-endpoint"\n', '"my-endpoint"\n  tags = { a = "b" }\n')
    (project.folder / "main.tf").write_text(tagged)
    plan = project.run("plan", "-no-color").expect(0)
    assert "1 to change" in plan.out and "Warning: Registry not reachable: no inbound rule" in plan.out
    assert "It is so already, and the network itself is not changed" in plan.prose
    # A new model would have to get its image through it.
    project.run("plan", "-no-color", "-var", "image=myteam.myorg.com/docker-local/my-inference-image:v2").expect(1)


def test_rules_of_their_own_are_not_told_as_drift_of_their_group(project):
    project.write(GROUP + WAY_OUT + MODEL)
    project.run(*APPLY).expect(0)
    plan = project.run("plan", "-refresh-only", "-no-color", "-detailed-exitcode").expect(0)
    assert "No changes" in plan.out
    # Nor when they are changed, or replaced by others.
    legacy = """
resource "aws_security_group_rule" "legacy" {
  security_group_id = aws_security_group.model.id
  type              = "ingress"
  protocol          = "tcp"
  from_port         = PORT
  to_port           = PORT
  self              = true
}
"""
    for port in ("5000", "5001"):
        project.write(GROUP + WAY_OUT.replace('cidr_ipv4 ', f'description = "{port}"\n  cidr_ipv4 ') + MODEL + legacy.replace("PORT", port))
        project.run(*APPLY).expect(0)
        plan = project.run("plan", "-refresh-only", "-no-color", "-detailed-exitcode").expect(0)
    # One that nobody recorded is.
    project.run("state", "rm", "aws_vpc_security_group_egress_rule.registry").expect(0)
    plan = project.run("plan", "-refresh-only", "-no-color", "-detailed-exitcode").expect(2)
    assert "aws_security_group.model has changed" in plan.out


def test_protocols_are_the_same_by_name_and_number(project):
    rule = 'ingress {{\n from_port = {0}\n to_port = {0}\n protocol = "{1}"\n cidr_blocks = ["10.{2}.0.0/16"]\n }}'
    spellings = [("TCP", 443), ("6", 80), ("17", 53), ("1", 0), ("all", 0), ("ICMPv6", 0), ("50", 0), ("ESP", 0)]

    def group(spellings):
        inline = "\n".join(rule.format(port, name, at) for at, (name, port) in enumerate(spellings))
        singles = "".join(
            f"""
resource "aws_vpc_security_group_ingress_rule" "r{at}" {{
  security_group_id = aws_security_group.single.id
  ip_protocol       = "{name}"
  cidr_ipv4         = "10.{at}.0.0/16"
  {f"from_port = {port}" if port else ""}
  {f"to_port = {port}" if port else ""}
}}
resource "aws_security_group_rule" "s{at}" {{
  security_group_id = aws_security_group.single.id
  type              = "egress"
  protocol          = "{name}"
  from_port         = {port}
  to_port           = {port}
  cidr_blocks       = ["10.{at}.0.0/16"]
}}
"""
            for at, (name, port) in enumerate(spellings)
            if name not in ("1", "icmp")
        )
        two = '\nresource "aws_security_group" "single" {\n  name = "s"\n  vpc_id = "%s"\n}\n' % VPC
        return 'resource "aws_security_group" "g" {\n  name = "g"\n  vpc_id = "%s"\n%s\n}\n' % (VPC, inline) + two + singles

    project.write(group(spellings))
    project.run(*APPLY).expect(0)
    project.run("plan", "-no-color", "-detailed-exitcode").expect(0)
    project.run("plan", "-refresh-only", "-no-color", "-detailed-exitcode").expect(0)
    others = [("tcp", 443), ("tcp", 80), ("udp", 53), ("icmp", 0), ("-1", 0), ("58", 0), ("esp", 0), ("50", 0)]
    project.write(group(others))
    again = project.run("plan", "-no-color", "-detailed-exitcode").expect(0)
    assert "No changes" in again.out


def test_regions_that_are_none_are_refused_before_a_plan(project):
    for provider, argument, wanted in [
        ('region = "us-esat-1"', "", 'Did you mean "us-east-1"'),
        ('region = "us-east-1a"', "", 'Its region is "us-east-1"'),
        ('region = "us-east-1"', 'region = "useast1"', "a region such as us-east-1"),
    ]:
        project.write(f'provider "aws" {{\n  {provider}\n}}\nresource "aws_vpc" "v" {{\n  cidr_block = "10.0.0.0/16"\n  {argument}\n}}\n')
        for command in ("validate", "plan"):
            ran = project.run(command, "-no-color").expect(1)
            assert wanted in ran.prose and "main.tf line" in ran.prose, ran.text
    project.write('provider "aws" {\n  region = "us-esat-1"\n  skip_region_validation = true\n}\nresource "aws_vpc" "v" {\n  cidr_block = "10.0.0.0/16"\n}\n')
    project.run("validate", "-no-color").expect(0)
