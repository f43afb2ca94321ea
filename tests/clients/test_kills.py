"""Runs that are killed at each of their calls, just before it is made and just after it took effect.

The next run must find every object that the service has, and end as if nothing had happened: what the service lists is
what the state records, one to one.
"""

import concurrent.futures
import http.client
import http.server
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import threading
import urllib.parse

import pytest
from conftest import SMFORM, Project, environment, start_sandbox

CONFIG = """
terraform {
  required_version = ">= 1.5"
}

variable "image" {
  default = "myteam.myorg.com/docker-local/my-inference-image:v1"
}

variable "weight" {
  default = 1
}

variable "port" {
  default = 443
}

provider "aws" {
  region = "us-east-1"
}

resource "aws_security_group" "model" {
  name        = "containers"
  description = "What the containers may reach"
  vpc_id      = "vpc-0123456789abcdef0"
}

resource "aws_vpc_security_group_egress_rule" "registry" {
  security_group_id = aws_security_group.model.id
  cidr_ipv4         = "10.0.0.0/16"
  ip_protocol       = "tcp"
  from_port         = var.port
  to_port           = var.port
}

resource "aws_sagemaker_model" "model" {
  name_prefix        = "model-"
  execution_role_arn = "arn:aws:iam::123456789012:role/SageMakerExecutionRole"

  primary_container {
    image = var.image

    image_config {
      repository_access_mode = "Vpc"
    }
  }

  vpc_config {
    subnets            = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
    security_group_ids = [aws_security_group.model.id]
  }
}

resource "aws_sagemaker_endpoint_configuration" "config" {
  name_prefix = "config-"

  production_variants {
    variant_name           = "MyVariant"
    model_name             = aws_sagemaker_model.model.name
    instance_type          = "ml.t2.medium"
    initial_instance_count = 1
    initial_variant_weight = var.weight
  }
}

resource "aws_sagemaker_endpoint" "endpoint" {
  name                 = "kept"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.config.name
}
"""

AROUND = """
provider "aws" {
  region = "us-east-1"
}

resource "aws_vpc" "own" {
  cidr_block           = "10.9.0.0/16"
  enable_dns_hostnames = true
}

resource "aws_subnet" "own" {
  vpc_id     = aws_vpc.own.id
  cidr_block = "10.9.1.0/24"
}

resource "aws_vpc_endpoint" "own" {
  vpc_id       = aws_vpc.own.id
  service_name = "com.amazonaws.us-east-1.s3"
}

resource "aws_iam_role" "own" {
  name_prefix        = "own-"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [] })
}

resource "aws_iam_role_policy" "own" {
  role   = aws_iam_role.own.name
  policy = jsonencode({ Version = "2012-10-17", Statement = [] })
}

resource "aws_iam_policy" "own" {
  name_prefix = "own-"
  policy      = jsonencode({ Version = "2012-10-17", Statement = [] })
}

resource "aws_iam_role_policy_attachment" "own" {
  role       = aws_iam_role.own.name
  policy_arn = aws_iam_policy.own.arn
}

resource "aws_cloudwatch_metric_alarm" "own" {
  alarm_name          = "errors"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 2
  metric_name         = "Invocation5XXErrors"
  namespace           = "AWS/SageMaker"
  period              = 60
  statistic           = "Sum"
  threshold           = 1
}

# Should these be half made, they have to go before they are made again.
resource "aws_security_group" "own" {
  name   = "own"
  vpc_id = aws_vpc.own.id

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_iam_policy" "fixed" {
  name   = "fixed"
  policy = jsonencode({ Version = "2012-10-17", Statement = [] })

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_cloudwatch_log_group" "own" {
  name              = "/aws/sagemaker/Endpoints/kept"
  retention_in_days = 30
}
"""
"""What is made around an endpoint. Some of it the service names itself, and lets there be many alike."""

CHANGING = ("Create", "Update", "Delete", "Authorize", "Revoke", "Modify", "Add", "Put", "Attach", "Detach")
"""What the names of operations begin with that change something."""

APPLY = ("apply", "-auto-approve", "-no-color")
DESTROY = ("destroy", "-auto-approve", "-no-color")


class Between(http.server.ThreadingHTTPServer):
    """Stands between a run and the service, and kills the run at one of its calls, by number or name. What else is to happen
    after a call, before it is answered, is up to `then`."""

    daemon_threads = True

    def __init__(self, server, kill_at=None, after=False, then=None):
        super().__init__(("127.0.0.1", 0), Passing)
        self.upstream = urllib.parse.urlsplit(server.url).netloc
        self.kill_at, self.after, self.then = kill_at, after, then
        self.calls, self.lock, self.victim, self.held = [], threading.Lock(), None, None
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def ask(self, path, body, headers):
        """Asks the service; the answer, and its content."""
        connection = http.client.HTTPConnection(self.upstream, timeout=30)
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer, content

    def handle_error(self, request, client_address):
        """A killed client leaves broken connections behind, which is what this is for."""


class Passing(http.server.BaseHTTPRequestHandler):
    """One connection of the run."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        between = self.server
        with between.lock:
            at = len(between.calls)
            between.calls.append(operation(self.headers, body))
        is_last = between.kill_at in (at, between.calls[at])
        if is_last and not between.after:
            between.held = (self.path, body, dict(self.headers))
            between.victim.kill()
            return
        answer, content = between.ask(self.path, body, dict(self.headers))
        if is_last:
            between.victim.kill()
            return
        if between.then:
            between.then(between.calls[at])
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server"):
                self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def operation(headers, body):
    """The operation that a request asks for, by its protocol."""
    target = headers.get("x-amz-target")
    return target.split(".")[1] if target else urllib.parse.parse_qs(body.decode()).get("Action", ["?"])[0]


class Place:
    """A folder with a configuration, its state, and the world that it is about."""

    def __init__(self, folder, like=None):
        self.folder = folder
        if like:
            shutil.copytree(like.folder, folder)
        else:
            folder.mkdir()
        self.server = start_sandbox(folder, speed=20_000)
        self.project = Project(folder)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.stop()

    def run(self, *arguments):
        """A run that nothing stands between."""
        self.project.env = {"AWS_ENDPOINT_URL": self.server.url}
        return self.project.run(*arguments)

    def killed(self, arguments, kill_at=None, after=False):
        """A run that is killed at a call; every call that it made."""
        return self.through(Between(self.server, kill_at, after), arguments).calls

    def through(self, between, arguments):
        """A run with something between it and the service, which is returned."""
        self.project.env = {"AWS_ENDPOINT_URL": between.url}
        started = lambda process: setattr(between, "victim", process)
        try:
            between.run = self.project.follow(lambda *_: None, *arguments, started=started)
        finally:
            between.shutdown()
            between.server_close()
        return between

    def listed(self):
        """What the service has, but for what it had before the first run."""
        sagemaker, ec2 = self.server.client("sagemaker"), self.server.client("ec2")
        found = [one["ModelName"] for one in sagemaker.list_models()["Models"]]
        found += [one["EndpointConfigName"] for one in sagemaker.list_endpoint_configs()["EndpointConfigs"]]
        found += [one["EndpointName"] for one in sagemaker.list_endpoints()["Endpoints"]]
        groups = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["containers"]}])["SecurityGroups"]
        found += [one["GroupId"] for one in groups]
        rules = ec2.describe_security_group_rules(
            Filters=[{"Name": "group-id", "Values": [one["GroupId"] for one in groups]}]
        )["SecurityGroupRules"] if groups else []
        found += [one["SecurityGroupRuleId"] for one in rules]
        return sorted(found + self.around())

    def around(self):
        ec2, iam, cloudwatch = self.server.client("ec2"), self.server.client("iam"), self.server.client("cloudwatch")
        found = [one["VpcId"] for one in ec2.describe_vpcs(Filters=[{"Name": "cidr", "Values": ["10.9.0.0/16"]}])["Vpcs"]]
        within = [{"Name": "vpc-id", "Values": list(found)}]
        if found:
            found += [one["SubnetId"] for one in ec2.describe_subnets(Filters=within)["Subnets"]]
            groups = ec2.describe_security_groups(Filters=[*within, {"Name": "group-name", "Values": ["own"]}])
            found += [one["GroupId"] for one in groups["SecurityGroups"]]
            endpoints = ec2.describe_vpc_endpoints(Filters=within)["VpcEndpoints"]
            found += [one["VpcEndpointId"] for one in endpoints]
        for role in iam.list_roles()["Roles"]:
            name = role["RoleName"]
            if name.startswith("own-"):
                found += [name]
                found += [f"{name}:{one}" for one in iam.list_role_policies(RoleName=name)["PolicyNames"]]
                attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
                found += [f"{name}/{one['PolicyArn']}" for one in attached]
        found += [one["Arn"] for one in iam.list_policies(Scope="Local")["Policies"]]
        found += [one["logGroupName"] for one in self.server.client("logs").describe_log_groups()["logGroups"]]
        return found + [one["AlarmName"] for one in cloudwatch.describe_alarms()["MetricAlarms"]]

    def recorded(self):
        """What the state has."""
        path = self.folder / "terraform.tfstate"
        resources = json.loads(path.read_text())["resources"] if path.exists() else []
        instances = [(one["mode"], each) for one in resources for each in one["instances"]]
        assert not [each for _, each in instances if each.get("status") or each.get("deposed")]
        return sorted(each["attributes"]["id"] for mode, each in instances if mode == "managed")


def imports(place):
    """The same configuration without a state, and with import blocks for what the state held."""
    state = place.project.state()
    (place.folder / "terraform.tfstate").unlink()
    blocks = [
        f'import {{\n  to = {one["type"]}.{one["name"]}\n  id = "{one["instances"][0]["attributes"]["id"]}"\n}}\n'
        for one in state["resources"]
        if one["mode"] == "managed"
    ]
    place.project.write("\n".join(blocks), "imports.tf")


SCENARIOS = {
    "create": (None, APPLY),
    "create around": (lambda place: place.project.write(AROUND), APPLY),
    "update": (lambda place: place.run(*APPLY).expect(0), (*APPLY, "-var=port=8443")),
    "replace": (lambda place: place.run(*APPLY).expect(0), (*APPLY, "-var=image=myteam.myorg.com/docker-local/new:v2")),
    "destroy": (lambda place: place.run(*APPLY).expect(0), DESTROY),
    "import": (lambda place: (place.run(*APPLY).expect(0), imports(place)), APPLY),
}


def one_kill(base, folder, command, at, after):
    with Place(folder, like=base) as place:
        place.killed(command, at, after)
        place.run(*command).expect(0)
        if command[0] == "apply":
            place.run("plan", "-no-color", "-detailed-exitcode", *command[3:]).expect(0)
        wrong = place.listed() != place.recorded()
        assert not wrong, f"the service has {place.listed()}, the state {place.recorded()}"
        return place.listed()


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_run_killed_at_any_call_is_followed_up(tmp_path, scenario):
    prepare, command = SCENARIOS[scenario]
    base = Place(tmp_path / "base")
    base.project.write(CONFIG)
    if prepare:
        prepare(base)
    base.server.stop()
    with Place(tmp_path / "whole", like=base) as place:
        calls = place.killed(command)
        expected = place.recorded()
        assert place.listed() == expected and bool(expected) == (scenario != "destroy")
    points = [(at, False) for at in range(len(calls))]
    points += [(at, True) for at, name in enumerate(calls) if name.startswith(CHANGING)]
    with concurrent.futures.ThreadPoolExecutor(4 * (os.cpu_count() or 1)) as pool:
        ran = {
            (at, after): pool.submit(one_kill, base, tmp_path / f"{at}-{after}", command, at, after)
            for at, after in points
        }
    wrong = {point: run.exception() for point, run in ran.items() if run.exception()}
    told = [f"killed {'after' if after else 'before'} call {at}, {calls[at]}: {why}" for (at, after), why in wrong.items()]
    assert not told, "\n".join(told)
    assert {len(run.result()) for run in ran.values()} == {len(expected)}


def test_a_saved_plan_is_not_carried_out_twice(tmp_path):
    """The run was killed before it wrote the state, so that the state is still the one the plan was made for."""
    change, saved = "-var=image=myteam.myorg.com/docker-local/new:v2", ("apply", "-no-color", "saved.plan")
    base = Place(tmp_path / "base")
    base.project.write(CONFIG)
    base.run(*APPLY).expect(0)
    base.run("plan", "-no-color", "-out=saved.plan", change).expect(0)
    base.server.stop()
    with Place(tmp_path / "whole", like=base) as place:
        calls = place.killed(saved)
        expected = len(place.recorded())
    for at, name in enumerate(calls):
        if not name.startswith(CHANGING):
            continue
        with Place(tmp_path / f"killed-{at}", like=base) as place:
            place.killed(saved, at, after=True)
            assert "Saved plan is stale" in place.run(*saved).expect(1).text
            # A plan made now knows of it.
            place.run("plan", "-no-color", "-out=saved.plan", change).expect(0)
            place.run(*saved).expect(0)
            assert place.listed() == place.recorded() and len(place.recorded()) == expected, f"killed after {name}"


@pytest.mark.parametrize("made_up", [False, True])
def test_who_goes_back_after_a_kill_keeps_what_serves(tmp_path, made_up):
    """A rollout that is killed before it has moved the endpoint, and then is wanted no more."""
    of_image = '-${substr(sha1(var.image), 0, 4)}"'
    text = CONFIG
    if not made_up:
        for kind in ("model", "config"):
            text = re.sub(f'name_prefix( *)= "{kind}-"', f'name = "{kind}{of_image}', text)
    base = Place(tmp_path / "base")
    base.project.write(text)
    base.run(*APPLY).expect(0)
    serving = base.recorded()
    base.server.stop()
    change = (*APPLY, "-var=image=myteam.myorg.com/docker-local/new:v2")
    with Place(tmp_path / "whole", like=base) as place:
        calls = place.killed(change)
    points = [at for at, name in enumerate(calls) if name in ("CreateModel", "CreateEndpointConfig", "UpdateEndpoint")]
    assert len(points) == 3
    for at, after in [(at, after) for at in points for after in (False, True)][:5]:
        with Place(tmp_path / f"{at}-{after}", like=base) as place:
            place.killed(change, at, after)
            place.run("plan", "-no-color", "-out=back.plan").expect(0)
            place.run("apply", "-no-color", "back.plan").expect(0)
            assert place.listed() == place.recorded() == serving, f"killed {'after' if after else 'before'} {calls[at]}"
            place.run("plan", "-no-color", "-detailed-exitcode").expect(0)


@pytest.mark.parametrize("between", [("refresh",), ("apply", "-refresh-only", "-auto-approve")])
def test_what_is_half_made_does_not_pass_for_whole_when_it_is_only_read(tmp_path, between):
    """A group whose first rule was not taken out yet: on record as it is, that rule would be as good as wanted."""
    with Place(tmp_path / "whole") as place:
        place.project.write(CONFIG)
        at = place.killed(APPLY).index("RevokeSecurityGroupEgress")
    with Place(tmp_path / "killed") as place:
        place.project.write(CONFIG)
        place.killed(APPLY, at)
        place.run(*between, "-no-color").expect(0)
        place.run(*APPLY).expect(0)
        place.run("plan", "-no-color", "-detailed-exitcode").expect(0)
        assert place.listed() == place.recorded()


def test_what_somebody_made_under_an_announced_name_is_left_alone(tmp_path):
    """Runs that are killed before they create what has a fixed name; before the next run somebody else creates it."""
    fixed = CONFIG.replace('name_prefix        = "model-"', 'name = "m"').replace('name_prefix = "config-"', 'name = "c"')
    theirs = {"ModelName": "theirs", "ExecutionRoleArn": "arn:aws:iam::123456789012:role/SageMakerExecutionRole"}
    image = {"PrimaryContainer": {"Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/theirs:v1"}}
    variant = {"VariantName": "Theirs", "ModelName": "theirs", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}

    def create(sagemaker, operation):
        if operation == "CreateModel":
            sagemaker.create_model(**{**theirs, "ModelName": "m"}, **image)
            return
        sagemaker.create_model(**theirs, **image)
        name = "c" if operation == "CreateEndpointConfig" else "theirs"
        sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
        if operation == "CreateEndpoint":
            sagemaker.create_endpoint(EndpointName="kept", EndpointConfigName=name)

    for operation in ("CreateModel", "CreateEndpointConfig", "CreateEndpoint"):
        with Place(tmp_path / f"whole-{operation}") as place:
            place.project.write(fixed)
            at = place.killed(APPLY).index(operation)
        with Place(tmp_path / operation) as place:
            place.project.write(fixed)
            place.killed(APPLY, at)
            sagemaker = place.server.client("sagemaker")
            create(sagemaker, operation)
            told = place.run(*APPLY).expect(1).text
            assert "Another object has the place of an announced one" in told and "already exists" in told, told
            # Nor is it deleted with the rest.
            place.run(*DESTROY).expect(0)
            models = {one["ModelName"] for one in sagemaker.list_models()["Models"]}
            configs = {one["EndpointConfigName"] for one in sagemaker.list_endpoint_configs()["EndpointConfigs"]}
            endpoints = {one["EndpointName"] for one in sagemaker.list_endpoints()["Endpoints"]}
            kept = {
                "CreateModel": ({"m"}, set(), set()),
                "CreateEndpointConfig": ({"theirs"}, {"c"}, set()),
                "CreateEndpoint": ({"theirs"}, {"theirs"}, {"kept"}),
            }
            assert (models, configs, endpoints) == kept[operation]


def test_what_a_colleague_has_recorded_meanwhile_is_not_taken_for_what_was_announced(tmp_path):
    """VPCs have no names: a run is killed when it has created one, and the state then gets another from elsewhere."""
    network = 'resource "aws_vpc" "own" {\n  cidr_block = "10.9.0.0/16"\n}\n'
    with Place(tmp_path / "mine") as mine:
        theirs = Project(tmp_path / "theirs", AWS_ENDPOINT_URL=mine.server.url)
        theirs.folder.mkdir()
        for project in (mine.project, theirs):
            project.write(network)
        calls = mine.killed(APPLY)
        mine.run(*DESTROY).expect(0)
        mine.killed(APPLY, calls.index("CreateVpc"), after=True)
        theirs.run(*APPLY).expect(0)
        assert len(mine.listed()) == 2
        shutil.copy(theirs.folder / "terraform.tfstate", mine.folder)
        mine.run(*APPLY).expect(0)
        assert mine.listed() == mine.recorded()
        assert mine.recorded() == [one["attributes"]["id"] for one in theirs.state()["resources"][0]["instances"]]


@pytest.mark.parametrize(
    ("late", "until", "code", "told"),
    [
        # The plan looks for what was announced, and whether the rule is taken; then it is created, which is refused.
        ("AuthorizeSecurityGroupEgress", ("DescribeSecurityGroupRules", 2), 1, "It may have been created after all"),
        # Under another name it is created a second time.
        ("CreateModel", ("CreateModel", 1), 0, "A call of an earlier run took effect late"),
    ],
)
def test_a_call_of_a_killed_run_may_take_effect_when_the_next_run_has_looked(tmp_path, late, until, code, told):
    with Place(tmp_path / "late") as place:
        place.project.write(CONFIG)
        # By its name: what is independent is called in any order.
        killed = place.through(Between(place.server, late), APPLY)
        calls = []

        def then(call):
            calls.append(call)
            if (call, calls.count(call)) == until:
                assert killed.ask(*killed.held)[0].status == 200

        run = place.through(Between(place.server, then=then), APPLY).run.expect(code)
        assert told in run.prose, run.text
        place.run(*APPLY).expect(0)
        place.run("plan", "-no-color", "-detailed-exitcode").expect(0)
        assert place.listed() == place.recorded()


BACKEND = """
terraform {
  backend "s3" {
    bucket         = "%s"
    key            = "team/terraform.tfstate"
    region         = "us-east-1"
    use_path_style = true
    use_lockfile   = true
    endpoints      = { s3 = "%s" }
  }
}
"""


@pytest.mark.parametrize("scenario", ["create", "replace"])
def test_a_run_killed_on_a_machine_that_is_lost_is_followed_up_from_another(tmp_path, moto, scenario):
    """The journal is lost with the machine; what was announced beside the state in S3 tells of every creation."""
    command = SCENARIOS[scenario][1]
    s3 = moto.client("s3")

    def place(name):
        bucket = f"states-{name}"
        s3.create_bucket(Bucket=bucket)
        made = Place(tmp_path / name)
        made.project.write(CONFIG).write(BACKEND % (bucket, moto.url), "backend.tf")
        if scenario != "create":
            made.run(*APPLY).expect(0)
        return made, bucket

    with place("whole")[0] as whole:
        calls = whole.killed(command)
        assert [key["Key"] for key in s3.list_objects_v2(Bucket="states-whole")["Contents"]] == ["team/terraform.tfstate"]
        expected = len(whole.listed())
    points = [at for at, name in enumerate(calls) if name.startswith(("Create", "Authorize"))]
    assert len(points) >= 2
    for at in points:
        killed, bucket = place(f"at-{at}")
        with killed:
            killed.killed(command, at, after=True)
            # Another machine: nothing but the configuration.
            shutil.rmtree(killed.folder / ".terraform")
            lock = json.load(s3.get_object(Bucket=bucket, Key="team/terraform.tfstate.tflock")["Body"])
            killed.run("force-unlock", "-force", lock["ID"]).expect(0)
            killed.run(*command).expect(0)
            killed.run("plan", "-no-color", "-detailed-exitcode", *command[3:]).expect(0)
            state = json.load(s3.get_object(Bucket=bucket, Key="team/terraform.tfstate")["Body"])
            recorded = [each["attributes"]["id"] for one in state["resources"] for each in one["instances"]]
            assert killed.listed() == sorted(recorded), f"killed after {calls[at]}"
            assert len(recorded) == expected
            keys = [key["Key"] for key in s3.list_objects_v2(Bucket=bucket)["Contents"]]
            assert keys == ["team/terraform.tfstate"]


def limited(place, command, size, answer):
    """A run whose files cannot become larger than `size` bytes. At a write by which one would, the part that still fits is
    written, and the system ends the run (`SIG_DFL`), or tells it that there is no room (`SIG_IGN`); how it ended."""

    def limit():
        signal.signal(signal.SIGXFSZ, answer)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    done = subprocess.run(
        [SMFORM, *command],
        cwd=place.folder,
        env=environment(AWS_ENDPOINT_URL=place.server.url),
        capture_output=True,
        timeout=120,
        preexec_fn=limit,
    )
    return done.returncode


def one_limit(base, folder, command, size, answer):
    with Place(folder, like=base) as place:
        code = limited(place, command, size, answer)
        assert code in (0, 1 if answer == signal.SIG_IGN else -signal.SIGXFSZ), code
        place.run(*command).expect(0)
        if command[0] == "apply":
            place.run("plan", "-no-color", "-detailed-exitcode", *command[3:]).expect(0)
        assert place.listed() == place.recorded(), f"stopped at byte {size} of a file"
        return code


STEP = 190
"""Bytes between two kills: most records of a journal are longer."""


def at_any_write(folder, scenario, step, answer):
    """Runs that are limited to ever larger files, until one ends well; how each ended."""
    prepare, command = SCENARIOS[scenario]
    base = Place(folder / "base")
    base.project.write(CONFIG)
    if prepare:
        prepare(base)
    base.server.stop()
    together = 4 * (os.cpu_count() or 1)
    codes = []
    with concurrent.futures.ThreadPoolExecutor(together) as pool:
        while 0 not in codes:
            sizes = [step * at for at in range(len(codes), len(codes) + together)]
            codes += pool.map(lambda size: one_limit(base, folder / str(size), command, size, answer), sizes)
            assert len(codes) < 500
    return codes


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_run_killed_at_any_write_is_followed_up(tmp_path, scenario):
    """In the middle of each record of the journal and between them, and while the new state is written."""
    assert at_any_write(tmp_path, scenario, STEP, signal.SIG_DFL).count(-signal.SIGXFSZ) > 5


@pytest.mark.parametrize("scenario", ["create", "create around", "replace"])
def test_a_run_without_room_for_a_write_is_followed_up(tmp_path, scenario):
    """As on a full disk: the record of one outcome does not fit, that of the next one might."""
    assert at_any_write(tmp_path, scenario, 2 * STEP, signal.SIG_IGN).count(1) > 5
