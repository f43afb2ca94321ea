"""`registry check` and `plan -registry-probe`: against `docker-registry`, where it is installed, and a small registry."""

import contextlib
import json
import signal
import socket
import time

import pytest

import registries
from conftest import Project, free_port
from registries import DOCKER_REGISTRY, HOST, Authority, Image, Registry

needs_docker_registry = pytest.mark.skipif(DOCKER_REGISTRY is None, reason="docker-registry is not installed")

# A user whose password nobody needs to know.
HTPASSWD = "user:$2b$04$abcdefghijklmnopqrstuuWbMqn/rlzUIrAAwSgZLFNZnqLjz9zVm"


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


@contextlib.contextmanager
def docker_registry(folder, identity=None, htpasswd=None):
    port = free_port()
    process = registries.start(folder, port, identity, htpasswd)
    try:
        wait_for_port(port, process)
        yield Registry(port, "https" if identity else "http"), process
    finally:
        process.send_signal(signal.SIGCONT)
        process.terminate()
        process.wait(timeout=10)


def wait_for_port(port, process):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        assert process.poll() is None, "docker-registry ended"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise AssertionError("docker-registry does not listen")


def check(tmp_path, authority, registry, image, *flags, code=0):
    """What is told of an image, by severity and code, without what is as it should be."""
    project = Project(tmp_path)
    authorities = [f"-ca-file={authority.path}"] if authority else []
    ran = project.run(
        "registry", "check", "-json", *authorities, f"-connect-to={HOST}=127.0.0.1:{registry.port}", *flags, f"{HOST}/{image}"
    )
    report = json.loads(ran.expect(code).out)
    assert report["valid"] == (code == 0)
    told = {(fact["severity"], fact["code"]) for fact in report["facts"] if fact["severity"] != "info"}
    return told - {("warning", "certificate-private-authority")}, report


@needs_docker_registry
def test_images_of_a_docker_registry(tmp_path, authority):
    with docker_registry(tmp_path, authority.identity("good")) as (registry, process):
        image = Image()
        registry.push("team/model", "1", image)
        told, report = check(tmp_path, authority, registry, "team/model:1")
        assert told == set()
        assert report["pinned"] == f"{HOST}/team/model@{image.digest}"
        assert report["platform"] == "linux/amd64"
        assert check(tmp_path, authority, registry, f"team/model@{image.digest}")[0] == set()

        assert check(tmp_path, None, registry, "team/model:1", code=1)[0] == {("error", "certificate-issuer")}
        assert check(tmp_path, authority, registry, "team/model:2", code=1)[0] == {("error", "manifest-missing")}
        assert check(tmp_path, authority, registry, "team/other:1", code=1)[0] == {("error", "manifest-missing")}

        registry.push("team/model", "arm", Image("arm64"))
        assert check(tmp_path, authority, registry, "team/model:arm", code=1)[0] == {("error", "platform-missing")}
        assert check(tmp_path, authority, registry, "team/model:arm", "-architecture=arm64")[0] == set()

        images = [Image("arm64", oci=True), Image(oci=True)]
        for part in images:
            registry.push("team/model", part.platform["architecture"], part)
        index = {"schemaVersion": 2, "mediaType": registries.OCI_INDEX, "manifests": [part.entry() for part in images]}
        registry.push_manifest("team/model", "all", registries.OCI_INDEX, json.dumps(index).encode())
        told, report = check(tmp_path, authority, registry, "team/model:all")
        assert told == {("warning", "media-type")}
        assert report["media_type"] == registries.OCI_INDEX

        # It accepts connections and says nothing.
        process.send_signal(signal.SIGSTOP)
        assert check(tmp_path, authority, registry, "team/model:1")[0] == {("unknown", "slow")}
    assert check(tmp_path, authority, registry, "team/model:1")[0] == {("unknown", "unreachable")}
    assert check(tmp_path, authority, registry, "team/model:1", "-inside-vpc", code=1)[0] == {("error", "unreachable")}


@needs_docker_registry
@pytest.mark.parametrize(
    ("identity", "wanted"),
    [
        ({"host": "other.example.com"}, {("error", "certificate-name")}),
        ({"begin": -30, "days": 20}, {("error", "certificate-expired")}),
        ({"begin": 5}, {("error", "certificate-not-yet-valid")}),
    ],
)
def test_certificates_of_a_docker_registry(tmp_path, authority, identity, wanted):
    with docker_registry(tmp_path, authority.identity("wrong", **identity)) as (registry, _):
        registry.push("team/model", "1", Image())
        told, report = check(tmp_path, authority, registry, "team/model:1", code=1)
        assert told == wanted
        assert report["pinned"] is None


@needs_docker_registry
def test_a_docker_registry_without_tls(tmp_path, authority):
    with docker_registry(tmp_path) as (registry, _):
        assert check(tmp_path, authority, registry, "team/model:1", code=1)[0] == {("error", "tls-missing")}


@needs_docker_registry
def test_a_docker_registry_with_passwords(tmp_path, authority):
    passwords = tmp_path / "htpasswd"
    passwords.write_text(HTPASSWD + "\n")
    with docker_registry(tmp_path, authority.identity("good"), passwords) as (registry, _):
        told, _ = check(tmp_path, authority, registry, "team/model:1", code=1)
        assert told == {("error", "authentication-required")}
        told, _ = check(tmp_path, authority, registry, "team/model:1", "-credentials-provider")
        assert told == {("unknown", "manifest-unread")}


MODEL = """
resource "aws_sagemaker_model" "model" {
  name               = "probed"
  execution_role_arn = "arn:aws:iam::123456789012:role/SageMakerExecutionRole"

  primary_container {
    image = "%s"

    image_config {
      repository_access_mode = "Vpc"
    }
  }

  vpc_config {
    subnets            = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
    security_group_ids = ["sg-0123456789abcdef0"]
  }
}

provider "aws" {
  region = "us-east-1"
}
"""


def test_a_plan_asks_the_registry_when_told_to(project, tmp_path, authority):
    image = Image()
    with registries.small_registry(authority.identity("good"), {"team/model:1": image}) as registry:
        project.env |= {
            "SMFORM_REGISTRY_CA_FILE": str(authority.path),
            "SMFORM_REGISTRY_CONNECT_TO": f"{HOST}=127.0.0.1:{registry.port}",
        }
        project.write(MODEL % f"{HOST}/team/model:1")
        ran = project.run("plan", "-no-color", "-registry-probe", "-out=plan").expect(0)
        assert "[reference-floating]" in ran.text
        assert f"{HOST}/team/model@{image.digest}" in ran.text
        assert "with aws_sagemaker_model.model" in ran.text

        project.write(MODEL % f"{HOST}/team/model:2")
        ran = project.run("plan", "-no-color", "-registry-probe", "-out=missing").expect(1)
        assert "Error: Image cannot be pulled" in ran.text
        assert "[manifest-missing]" in ran.text
        assert project.run("apply", "-no-color", "missing").expect(1)
        # Without being told to, it asks nobody.
        assert "manifest-missing" not in project.run("plan", "-no-color").expect(0).text
    project.write(MODEL % f"{HOST}/team/model:1")
    ran = project.run("plan", "-no-color", "-registry-probe").expect(0)
    assert "Warning: Image could not be checked" in ran.text
    assert "[unreachable]" in ran.text
