"""Backend `s3` against moto: state, lock, lost races, workspaces; and Terraform on the same bucket."""

import base64
import contextlib
import json
import os
import threading
import urllib.parse
import urllib.request
import uuid

import pytest

from conftest import REGION, Project
from test_terraform import TERRAFORM, terraform

CONFIG = """
terraform {
  backend "s3" {
    bucket         = "%s"
    key            = "team/terraform.tfstate"
    region         = "us-east-1"
    use_path_style = true
    use_lockfile   = true
    %s
  }
}

variable "names" {
  type    = set(string)
  default = ["a"]
}

resource "terraform_data" "one" {
  for_each = var.names
  input    = each.key
}
"""
KEY = "team/terraform.tfstate"
LOCK = KEY + ".tflock"
# What Terraform needs to be told of a bucket that is not AWS's.
IMITATION = """
    skip_credentials_validation = true
    skip_requesting_account_id  = true
    skip_region_validation      = true
"""


class Bucket:
    def __init__(self, moto):
        self.client, self.url, self.name = moto.client("s3"), moto.url, f"states-{uuid.uuid4()}"
        self.client.create_bucket(Bucket=self.name)
        self.client.put_bucket_versioning(Bucket=self.name, VersioningConfiguration={"Status": "Enabled"})

    def project(self, folder, more=""):
        folder.mkdir(parents=True, exist_ok=True)
        return Project(folder, AWS_ENDPOINT_URL=self.url, AWS_REGION=REGION).write(CONFIG % (self.name, more))

    def keys(self):
        listed = self.client.list_objects_v2(Bucket=self.name)
        return sorted(one["Key"] for one in listed.get("Contents", []))

    def read(self, key=KEY):
        return json.load(self.client.get_object(Bucket=self.name, Key=key)["Body"])

    def put(self, key, content):
        self.client.put_object(Bucket=self.name, Key=key, Body=json.dumps(content).encode())

    def lose(self):
        versions = self.client.list_object_versions(Bucket=self.name)
        for one in versions.get("Versions", []) + versions.get("DeleteMarkers", []):
            self.client.delete_object(Bucket=self.name, Key=one["Key"], VersionId=one["VersionId"])
        self.client.delete_bucket(Bucket=self.name)


@pytest.fixture
def bucket(moto):
    return Bucket(moto)


def test_a_state_lives_in_the_bucket(bucket, tmp_path):
    project = bucket.project(tmp_path / "one")
    project.run("plan", "-no-color", "-detailed-exitcode").expect(2)
    project.run("apply", "-auto-approve", "-no-color").expect(0)
    assert bucket.keys() == [KEY]
    state = bucket.read()
    assert (state["version"], state["serial"]) == (4, 1)
    assert not (tmp_path / "one" / "terraform.tfstate").exists()

    # A colleague, elsewhere.
    other = bucket.project(tmp_path / "two")
    other.run("plan", "-no-color", "-detailed-exitcode").expect(0)
    assert other.run("state", "list").expect(0).out == 'terraform_data.one["a"]\n'
    other.run("apply", "-auto-approve", "-no-color", '-var=names=["a","b"]').expect(0)
    assert bucket.read()["serial"] == 2
    assert len(project.run("state", "history").expect(0).out.splitlines()) >= 1
    project.run("destroy", "-auto-approve", "-no-color").expect(0)
    assert bucket.read()["resources"] == []
    assert bucket.keys() == [KEY]


def test_the_lock_of_another_is_respected(bucket, tmp_path):
    project = bucket.project(tmp_path)
    held = {
        "ID": "0b3c2f4e-1111-2222-3333-444455556666",
        "Operation": "OperationTypeApply",
        "Info": "",
        "Who": "ann@laptop",
        "Version": "1.11.0",
        "Created": "2026-01-01T00:00:00Z",
        "Path": f"{bucket.name}/{KEY}",
    }
    bucket.put(LOCK, held)
    refused = project.run("apply", "-auto-approve", "-no-color").expect(1)
    assert "ann@laptop" in refused.text and held["ID"] in refused.text
    assert bucket.keys() == [LOCK]

    refused = project.run("force-unlock", "-force", "another").expect(1)
    assert held["ID"] in refused.text
    # Given back while it is waited for.
    timer = threading.Timer(1.5, lambda: bucket.client.delete_object(Bucket=bucket.name, Key=LOCK))
    timer.start()
    project.run("apply", "-auto-approve", "-no-color", "-lock-timeout=60s").expect(0)
    timer.join()
    bucket.put(LOCK, held)
    project.run("force-unlock", "-force", held["ID"]).expect(0)
    assert bucket.keys() == [KEY]


def test_a_state_that_was_changed_meanwhile_is_not_overwritten(bucket, tmp_path):
    project = bucket.project(tmp_path)
    project.run("apply", "-auto-approve", "-no-color").expect(0)
    slow = CONFIG % (bucket.name, "") + 'resource "time_sleep" "wait" {\n  create_duration = "5s"\n}\n'
    project.write(slow)

    def intrude(line, _):
        if "time_sleep.wait: Creating" in line:
            state = bucket.read()
            bucket.put(KEY, {**state, "serial": state["serial"] + 5})

    # What an earlier run has rescued stays, and is not to be taken for what this one rescues.
    (tmp_path / "errored.tfstate").write_text("of an earlier run")
    ran = project.follow(intrude, "apply", "-auto-approve", "-no-color").expect(1)
    assert "changed by another run" in ran.prose
    assert "smform state push" in ran.prose and "errored.2.tfstate" in ran.prose
    assert "Not the one of an earlier run" in ran.prose
    assert (tmp_path / "errored.tfstate").read_text() == "of an earlier run"
    assert bucket.read()["serial"] == 6
    rescued = json.loads((tmp_path / "errored.2.tfstate").read_text())
    assert {one["type"] for one in rescued["resources"]} == {"terraform_data", "time_sleep"}
    assert bucket.keys() == [KEY]


def test_what_was_rescued_is_pushed_without_force(bucket, tmp_path):
    """The bucket is lost while a run goes on; what the run did is not."""
    project = bucket.project(tmp_path)
    project.run("apply", "-auto-approve", "-no-color").expect(0)
    project.write(CONFIG % (bucket.name, "") + 'resource "time_sleep" "wait" {\n  create_duration = "3s"\n}\n')

    def lose(line, _):
        if "time_sleep.wait: Creating" in line:
            bucket.lose()

    ran = project.follow(lose, "apply", "-auto-approve", "-no-color").expect(1)
    assert "NoSuchBucket" in ran.prose and "smform state push" in ran.prose and "errored.tfstate" in ran.prose
    bucket.client.create_bucket(Bucket=bucket.name)
    project.run("state", "push", "errored.tfstate").expect(0)
    assert {one["type"] for one in bucket.read()["resources"]} == {"terraform_data", "time_sleep"}
    project.run("plan", "-no-color", "-detailed-exitcode").expect(0)


def test_a_run_whose_lock_was_taken_away_says_what_is_recorded(bucket, tmp_path):
    project = bucket.project(tmp_path / "one").write(
        """
resource "terraform_data" "slow" {
  provisioner "local-exec" { command = "until [ -e go ]; do sleep 0.1; done" }
}
""",
        "slow.tf",
    )

    def take_away(line, _):
        if "Executing" in line:
            held = bucket.read(LOCK)["ID"]
            project.run("force-unlock", "-force", held).expect(0)
            (project.folder / "go").touch()

    ran = project.follow(take_away, "apply", "-auto-approve", "-no-color").expect(1)
    assert "Everything was done, but the run did not end as it should." in ran.prose
    assert "Done, and recorded in the state:" in ran.out
    assert "the lock of this run was taken away from it" in ran.prose
    assert len(bucket.read()["resources"]) == 2


def test_workspaces_are_below_their_prefix(bucket, tmp_path):
    project = bucket.project(tmp_path, 'workspace_key_prefix = "spaces"')
    project.run("workspace", "new", "blue").expect(0)
    project.run("apply", "-auto-approve", "-no-color").expect(0)
    assert bucket.keys() == [f"spaces/blue/{KEY}"]
    assert project.run("workspace", "list").expect(0).out.split() == ["default", "*", "blue"]
    project.run("destroy", "-auto-approve", "-no-color").expect(0)
    project.run("workspace", "select", "default").expect(0)
    project.run("workspace", "delete", "blue").expect(0)
    assert bucket.keys() == []


def test_a_local_state_moves_into_the_bucket_and_back(bucket, tmp_path):
    project = bucket.project(tmp_path)
    with_backend = CONFIG % (bucket.name, "")
    local = with_backend[with_backend.index("variable") :]
    project.write(local)
    for space in ("blue", "green"):
        project.run("workspace", "new", space).expect(0)
        project.run("apply", "-auto-approve", "-no-color").expect(0)
    project.run("workspace", "select", "default").expect(0)
    project.run("apply", "-auto-approve", "-no-color").expect(0)
    project.write(with_backend)
    project.run("init", "-migrate-state", "-no-color", stdin="yes\n").expect(0)
    assert bucket.keys() == [f"env:/blue/{KEY}", f"env:/green/{KEY}", KEY]
    assert bucket.read()["serial"] >= 1
    project.run("plan", "-no-color", "-detailed-exitcode").expect(0)
    project.write(local)
    project.run("init", "-migrate-state", "-no-color", stdin="yes\n").expect(0)
    for space in ("blue", "green", "default"):
        project.run("workspace", "select", space).expect(0)
        project.run("plan", "-no-color", "-detailed-exitcode").expect(0)
    assert project.state()["resources"][0]["type"] == "terraform_data"


def test_a_state_is_not_left_behind_without_a_word(bucket, tmp_path):
    project = bucket.project(tmp_path)
    project.run("plan", "-no-color").expect(0)
    assert not (tmp_path / ".terraform" / "terraform.tfstate").exists()
    project.run("apply", "-auto-approve", "-no-color").expect(0)
    text = CONFIG % (bucket.name, "")
    project.write(text[text.index("variable") :])
    refused = project.run("plan", "-no-color").expect(1)
    assert "init -migrate-state" in refused.prose
    project.write(text.replace(KEY, "elsewhere"))
    assert "Backend configuration changed" in project.run("plan", "-no-color").expect(1).prose
    project.write(text)
    project.run("plan", "-no-color", "-detailed-exitcode").expect(0)


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (("states-", "nowhere-"), "NoSuchBucket"),
        (('bucket         = "states', 'acls = "x"\n bucket = "states'), 'Did you mean "acl"?'),
        (("use_lockfile   = true", 'dynamodb_table = "locks"'), "use_lockfile = true"),
        (("use_lockfile   = true", "assume_role = {}"), "role_arn is missing"),
        (("use_lockfile   = true", "insecure = true"), "without verifying certificates"),
        (('region         = "us-east-1"', "use_lockfile = [1]"), "use_lockfile"),
    ],
)
def test_mistakes_are_told(bucket, tmp_path, change, wanted):
    text = (CONFIG % (bucket.name, "")).replace(*change)
    project = bucket.project(tmp_path).write(text)
    ran = project.run("plan", "-no-color").expect(1)
    assert wanted in ran.prose
    assert bucket.keys() == []


def test_many_runs_at_once_lose_nothing(bucket, tmp_path):
    """Each of 50 runs adds a resource of its own to one state."""
    count = 50
    runs = {}

    def apply(at):
        project = bucket.project(tmp_path / str(at))
        address = f"terraform_data.one[\"n{at}\"]"
        names = json.dumps([f"n{one}" for one in range(count)])
        command = ["apply", "-auto-approve", "-no-color", "-lock-timeout=300s", f"-var=names={names}", f"-target={address}"]
        runs[at] = project.run(*command, timeout=400)

    threads = [threading.Thread(target=apply, args=(at,)) for at in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for run in runs.values():
        run.expect(0)
    state = bucket.read()
    [resource] = state["resources"]
    assert {one["index_key"] for one in resource["instances"]} == {f"n{at}" for at in range(count)}
    assert state["serial"] == count
    assert bucket.keys() == [KEY]


@pytest.mark.skipif(TERRAFORM is None, reason="terraform is not installed")
def test_terraform_works_on_the_same_bucket(bucket, tmp_path):
    project = bucket.project(tmp_path, IMITATION)
    project.run("apply", "-auto-approve", "-no-color").expect(0)
    env = {"AWS_ENDPOINT_URL_S3": bucket.url, "AWS_EC2_METADATA_DISABLED": "true"}
    ran = terraform(project, "init", "-no-color", **env)
    assert ran.returncode == 0, ran.stderr
    ran = terraform(project, "plan", "-no-color", "-detailed-exitcode", **env)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    ran = terraform(project, "apply", "-auto-approve", "-no-color", '-var=names=["a","b"]', **env)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    project.run("plan", "-no-color", "-detailed-exitcode", '-var=names=["a","b"]').expect(0)

    # Terraform keeps out while smform works.
    lock = {"ID": "1", "Operation": "OperationTypeApply", "Who": "smform@here", "Version": "0.1.0", "Info": "", "Path": ""}
    bucket.put(LOCK, {**lock, "Created": "2026-01-01T00:00:00Z"})
    ran = terraform(project, "apply", "-auto-approve", "-no-color", **env)
    assert ran.returncode == 1 and "smform@here" in ran.stderr


def test_another_configuration_reads_the_outputs(bucket, tmp_path):
    """With `terraform_remote_state`, in clear and encrypted, of any workspace."""
    encryption = """
    terraform {
      encryption {
        key_provider "pbkdf2" "k" {
          passphrase = "correct horse battery"
          iterations = 200000
        }
        method "aes_gcm" "m" { keys = key_provider.pbkdf2.k }
        %s
      }
    }
    """
    output = 'output "names" {\n  value = [for one in terraform_data.one : one.output]\n}\n'
    owner = bucket.project(tmp_path / "owner").write(output, "output.tf")
    owner.run("apply", "-auto-approve", "-no-color").expect(0)
    owner.write(encryption % "state { method = method.aes_gcm.m }", "encryption.tf")
    owner.run("workspace", "new", "blue").expect(0)
    owner.run("apply", "-auto-approve", "-no-color", '-var=names=["b"]').expect(0)
    assert "encryption_version" in bucket.read(f"env:/blue/{KEY}")
    reader = Project(tmp_path / "reader", AWS_ENDPOINT_URL=bucket.url, AWS_REGION=REGION)
    reader.folder.mkdir()
    source = """
    data "terraform_remote_state" "%s" {
      backend   = "s3"
      workspace = "%s"
      config = {
        bucket         = "%s"
        key            = "team/terraform.tfstate"
        region         = "us-east-1"
        use_path_style = true
      }
    }
    output "%s" { value = data.terraform_remote_state.%s.outputs.names }
    """
    sources = [source % (name, space, bucket.name, name, name) for name, space in [("clear", "default"), ("blue", "blue")]]
    reader.write("\n".join(sources))
    refused = reader.run("plan", "-no-color").expect(1)
    assert 'remote_state_data_source "blue" { method' in refused.prose
    one = 'remote_state_data_sources {\n  remote_state_data_source "blue" { method = method.aes_gcm.m }\n}\n'
    reader.write(encryption % one, "encryption.tf")
    reader.run("apply", "-auto-approve", "-no-color").expect(0)
    read = json.loads(reader.run("output", "-json").expect(0).out)
    assert {name: output["value"] for name, output in read.items()} == {"clear": ["a"], "blue": ["b"]}
    reader.write("\n".join(sources).replace('workspace = "blue"', 'workspace = "none"'))
    refused = reader.run("plan", "-no-color").expect(1)
    assert "No stored state was found" in refused.prose


@contextlib.contextmanager
def recorded(moto):
    """The calls that moto has had, once the block has ended."""
    calls = []
    moto.post("/moto-api/recorder/reset-recording", {})
    moto.post("/moto-api/recorder/start-recording", {})
    yield calls
    moto.post("/moto-api/recorder/stop-recording", {})
    with urllib.request.urlopen(moto.url + "/moto-api/recorder/download-recording", timeout=10) as answer:
        calls.extend(json.loads(line) for line in answer.read().splitlines())


PROFILES = """
[profile team]
region = us-east-1
aws_access_key_id = AKIATEAM0000000000AA
aws_secret_access_key = secret
[profile ci]
region = us-east-1
role_arn = arn:aws:iam::123456789012:role/Ci
source_profile = team
"""
KEY_OF_CUSTOMER = "dGhpcnR5LXR3byBieXRlcyBvZiBhIGN1c3RvbWVyISE="


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ("encrypt = true", {"": "AES256"}),
        ('kms_key_id = "alias/states"\n    encrypt = true', {"": "aws:kms", "-Aws-Kms-Key-Id": "alias/states"}),
        (
            f'sse_customer_key = "{KEY_OF_CUSTOMER}"\n    encrypt = true',
            {"-Customer-Algorithm": "AES256", "-Customer-Key": KEY_OF_CUSTOMER},
        ),
    ],
    ids=["aes", "kms", "customer"],
)
def test_objects_are_encrypted_as_asked(bucket, moto, tmp_path, more, wanted):
    project = bucket.project(tmp_path / "one", more)
    with recorded(moto) as calls:
        project.run("apply", "-auto-approve", "-no-color").expect(0)
        project.run("plan", "-no-color", "-detailed-exitcode").expect(0)
    state = f"/{bucket.name}/{KEY}"
    puts = [call for call in calls if call["method"] == "PUT" and urllib.parse.urlparse(call["url"]).path == state]
    assert puts
    for put in puts:
        assert {name: put["headers"].get(f"X-Amz-Server-Side-Encryption{name}") for name in wanted} == wanted


@pytest.mark.parametrize(
    ("more", "roles"),
    [
        ('profile = "team"', []),
        ('profile = "ci"', ["arn:aws:iam::123456789012:role/Ci"]),
        (
            'profile = "team"\n    assume_role = {\n      role_arn     = "arn:aws:iam::123456789012:role/State"\n'
            '      session_name = "states"\n    }',
            ["arn:aws:iam::123456789012:role/State"],
        ),
    ],
    ids=["profile", "profile-with-role", "assume-role"],
)
def test_credentials_come_from_profiles_and_roles(bucket, moto, tmp_path, more, roles):
    (tmp_path / "profiles").write_text(PROFILES)
    project = bucket.project(tmp_path / "one", more)
    none = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    project.env |= none | {"AWS_CONFIG_FILE": str(tmp_path / "profiles")}
    with recorded(moto) as calls:
        project.run("apply", "-auto-approve", "-no-color").expect(0)
    by = {"sts": set(), "s3": set()}
    asked = set()
    for call in calls:
        key, _, _, service = call["headers"]["Authorization"].partition("Credential=")[2].split("/")[:4]
        by[service].add(key)
        if service == "sts":
            asked |= set(urllib.parse.parse_qs(base64.b64decode(call["body"]).decode())["RoleArn"])
    assert asked == set(roles)
    # With a role, the profile asks for it, and what the role gives reaches the bucket.
    assert by["sts" if roles else "s3"] == {"AKIATEAM0000000000AA"}
    assert len(by["s3"]) == 1 and (not roles or by["s3"] != by["sts"])
    assert bucket.keys() == [KEY]


def test_the_backend_is_completed_by_a_file_and_by_flags(bucket, tmp_path):
    project = bucket.project(tmp_path / "one")
    text = CONFIG % (bucket.name, "")
    for line in (f'    bucket         = "{bucket.name}"\n', '    key            = "team/terraform.tfstate"\n'):
        assert line in text
        text = text.replace(line, "")
    project.write(text)
    (tmp_path / "one/team.s3.tfbackend").write_text(f'bucket = "{bucket.name}"\nkey = "wrong"\n')
    project.run("init", "-no-color", "-backend-config=team.s3.tfbackend", f"-backend-config=key={KEY}").expect(0)
    project.run("apply", "-auto-approve", "-no-color").expect(0)
    # What was given once is remembered.
    project.run("init", "-no-color").expect(0)
    project.run("plan", "-no-color", "-detailed-exitcode").expect(0)
    assert bucket.keys() == [KEY]


@pytest.mark.skipif(TERRAFORM is None, reason="terraform is not installed")
def test_what_either_program_initialized_the_other_takes_as_it_is(bucket, tmp_path):
    text = (CONFIG % (bucket.name, IMITATION)).replace(f'    bucket         = "{bucket.name}"\n', "")
    env = {"AWS_ENDPOINT_URL_S3": bucket.url, "AWS_EC2_METADATA_DISABLED": "true"}
    given = f"-backend-config=bucket={bucket.name}"
    hashes = []
    for first in ("smform", "terraform"):
        project = bucket.project(tmp_path / first).write(text)
        if first == "smform":
            project.run("init", "-no-color", given).expect(0)
        else:
            ran = terraform(project, "init", "-no-color", given, **env)
            assert ran.returncode == 0, ran.stderr
        hashes.append(json.loads((project.folder / ".terraform/terraform.tfstate").read_text())["backend"]["hash"])
        project.run("apply", "-auto-approve", "-no-color").expect(0)
        ran = terraform(project, "init", "-no-color", "-input=false", **env)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        ran = terraform(project, "plan", "-no-color", "-detailed-exitcode", **env)
        assert ran.returncode == 0, ran.stdout + ran.stderr
    assert hashes[0] == hashes[1] != 0


def test_a_damaged_state_is_rescued_from_its_versions(bucket, tmp_path):
    project = bucket.project(tmp_path)
    for names in ('["a"]', '["a","b"]'):
        project.run("apply", "-auto-approve", "-no-color", f"-var=names={names}").expect(0)
    good = bucket.client.get_object(Bucket=bucket.name, Key=KEY)["Body"].read()
    (tmp_path / "good.json").write_bytes(good)
    cut = good[: len(good) // 2]

    def damage():
        bucket.client.put_object(Bucket=bucket.name, Key=KEY, Body=cut)

    damage()
    refused = project.run("plan", "-no-color").expect(1)
    assert "smform state rollback SERIAL" in refused.prose and ".backup" not in refused.prose
    assert f"s3://{bucket.name}/{KEY} is not a readable state" in refused.prose
    project.run("state", "rollback", "-auto-approve", "1").expect(0)
    assert (tmp_path / "damaged.tfstate").read_bytes() == cut
    assert [len(one["instances"]) for one in bucket.read()["resources"]] == [1] and bucket.read()["serial"] > 2
    damage()
    project.run("state", "push", "-force", "good.json").expect(0)
    assert (tmp_path / "damaged.2.tfstate").read_bytes() == cut
    assert bucket.read() == json.loads(good)
    # Deleted, and still there as a version.
    bucket.client.delete_object(Bucket=bucket.name, Key=KEY)
    assert "earlier ones of it are kept" in project.run("state", "list").expect(1).prose
    project.run("state", "rollback", "-auto-approve", "2").expect(0)
    assert bucket.read()["serial"] > 2
    assert project.run("state", "list").expect(0).out.count("terraform_data.one") == 2


def test_what_is_missing_for_a_history_is_told(moto, tmp_path):
    bucket = Bucket(moto)
    project = bucket.project(tmp_path)
    project.run("apply", "-auto-approve", "-no-color").expect(0)
    bucket.client.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Suspended"})
    assert "Switch versioning on" in project.run("state", "history").expect(0).prose


@pytest.mark.parametrize("content", [b"", b"garbage", b"{}"])
def test_a_lock_that_cannot_be_read_holds_and_can_be_taken_away(bucket, tmp_path, content):
    project = bucket.project(tmp_path)
    bucket.client.put_object(Bucket=bucket.name, Key=LOCK, Body=content)
    refused = project.run("apply", "-auto-approve", "-no-color").expect(1)
    name = f"s3://{bucket.name}/{LOCK}"
    assert f"smform force-unlock {name}" in refused.prose and "Who:" not in refused.text
    project.run("force-unlock", "-force", name).expect(0)
    project.run("apply", "-auto-approve", "-no-color").expect(0)


def test_init_asks_for_the_bucket_and_remembers_no_mistake(bucket, tmp_path):
    project = bucket.project(tmp_path)
    text = CONFIG % (bucket.name, "")
    project.write(text.replace(bucket.name, "no-such-bucket"))
    refused = project.run("init", "-no-color").expect(1)
    assert "NoSuchBucket" in refused.prose and "Successfully" not in refused.text
    project.write(text)
    project.run("init", "-no-color").expect(0)
    project.run("apply", "-auto-approve", "-no-color").expect(0)
