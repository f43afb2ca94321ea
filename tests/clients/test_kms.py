"""States and saved plans that are encrypted with keys of AWS KMS, against moto."""

import base64
import json

import pytest
from conftest import REGION, Project

CONFIG = """
terraform {
  encryption {
    key_provider "aws_kms" "team" {
      kms_key_id = "%s"
      region     = "us-east-1"
      key_spec   = "%s"
    }
    method "aes_gcm" "main" { keys = key_provider.aws_kms.team }
    state { method = method.aes_gcm.main }
    plan { method = method.aes_gcm.main }
  }
}
resource "terraform_data" "one" {
  input = "hunter2-hunter2"
}
"""
SECRET = "hunter2-hunter2"


@pytest.fixture
def kms(moto):
    return moto.client("kms")


@pytest.fixture
def project(tmp_path, moto):
    return Project(tmp_path, AWS_ENDPOINT_URL=moto.url, AWS_REGION=REGION)


def envelope(project, name="terraform.tfstate"):
    return json.loads((project.folder / name).read_text())


@pytest.mark.parametrize("spec", ["AES_256", "AES_128"])
def test_a_state_is_encrypted_with_a_key_of_kms(project, kms, spec):
    key = kms.create_key()["KeyMetadata"]
    project.write(CONFIG % (key["Arn"], spec))
    project.run("plan", "-no-color", "-out=saved").expect(0)
    project.run("apply", "-no-color", "saved").expect(0)
    project.run("plan", "-no-color", "-detailed-exitcode").expect(0)
    project.run("apply", "-auto-approve", "-no-color", "-replace=terraform_data.one").expect(0)
    for path in project.folder.rglob("*"):
        if path.is_file() and path.suffix != ".tf":
            assert SECRET.encode() not in path.read_bytes(), path
    state = envelope(project)
    assert (state["encryption_version"], state["serial"]) == ("v0", 2)
    # What is kept of the key is what OpenTofu keeps: the key that KMS has encrypted, and nothing else.
    assert list(state["meta"]) == ["key_provider.aws_kms.team"]
    kept = json.loads(base64.b64decode(state["meta"]["key_provider.aws_kms.team"]))
    assert list(kept) == ["ciphertext_blob"]
    told = kms.decrypt(CiphertextBlob=base64.b64decode(kept["ciphertext_blob"]))
    assert told["KeyId"] == key["Arn"] and len(told["Plaintext"]) == int(spec[4:]) // 8
    assert SECRET in project.run("state", "pull").expect(0).out


def test_keys_change_and_go(project, kms, moto):
    old, new = kms.create_key()["KeyMetadata"]["KeyId"], kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/new", TargetKeyId=new)
    project.write(CONFIG % (old, "AES_256"))
    project.run("apply", "-auto-approve", "-no-color").expect(0)
    turned = (CONFIG % (old, "AES_256")).replace(
        "    state { method = method.aes_gcm.main }",
        """
    key_provider "aws_kms" "next" {
      kms_key_id = "alias/new"
      key_spec   = "AES_256"
    }
    method "aes_gcm" "next" { keys = key_provider.aws_kms.next }
    state {
      method = method.aes_gcm.next
      fallback { method = method.aes_gcm.main }
    }""",
    )
    project.write(turned)
    project.run("apply", "-auto-approve", "-no-color").expect(0)
    assert list(envelope(project)["meta"]) == ["key_provider.aws_kms.next"]
    # A key that is no more leaves nothing to be read, and says so.
    before = (project.folder / "terraform.tfstate").read_bytes()
    moto.post("/moto-api/reset", {})
    for command in [("plan",), ("apply", "-auto-approve"), ("show",)]:
        refused = project.run(*command, "-no-color").expect(1)
        assert "alias/new" in refused.prose and "Check kms_key_id and region" in refused.prose, refused.text
    assert (project.folder / "terraform.tfstate").read_bytes() == before


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (("AES_256", "RSA_2048"), 'key_spec is "AES_256" or "AES_128"'),
        (('kms_key_id = "KEY"', ""), 'The argument "kms_key_id" is required'),
        (("region     =", "regoin     ="), 'Did you mean "region"?'),
        (('"KEY"', '"12345678-1234-1234-1234-123456789012"'), "Check kms_key_id and region"),
        (('region     = "us-east-1"', 'endpoints { kms = "http://127.0.0.1:1" }\n      max_retries = 1'), "127.0.0.1:1 cannot be reached"),
        (('region     = "us-east-1"', 'endpoints { kmz = "http://127.0.0.1:1" }'), 'no member "kmz"'),
        (('region     = "us-east-1"', 'endpoints = { kms = "http://127.0.0.1:1" }\n      max_retries = 1'), "127.0.0.1:1 cannot be reached"),
    ],
)
def test_what_does_not_work_is_told_before_anything_is_made(project, kms, change, wanted):
    text = (CONFIG % ("KEY", "AES_256")).replace(*change)
    project.write(text.replace("KEY", kms.create_key()["KeyMetadata"]["KeyId"]))
    refused = project.run("apply", "-auto-approve", "-no-color").expect(1)
    assert wanted in refused.prose, refused.text
    assert "Creation complete" not in refused.out
    assert not (project.folder / "terraform.tfstate").exists()


def test_the_sandbox_asks_nobody(project, kms):
    project.write(CONFIG % (kms.create_key()["KeyMetadata"]["KeyId"], "AES_256"))
    refused = project.run("plan", "-no-color", "-sandbox").expect(1)
    assert "no key service is asked" in refused.prose
    project.env["TF_ENCRYPTION"] = (
        'method "unencrypted" "plain" {}\nstate { method = method.unencrypted.plain }\n'
        "plan { method = method.unencrypted.plain }"
    )
    project.run("plan", "-no-color", "-sandbox").expect(0)
