"""Whole-program tests: the smform binary, with real AWS clients beside it.

`SMFORM` names the binary; `SANDBOX_SERVER` may name the sandbox crate's example `serve`, for those tests that need the
sandbox only. Every test has its own folder, uses free ports of 127.0.0.1, and leaves nothing running.
"""

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import boto3
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SANDBOX_SERVER = os.environ.get("SANDBOX_SERVER")
SMFORM = os.environ.get("SMFORM", str(ROOT / "target/debug/smform"))

REGION = "us-east-1"
NO_ACCOUNT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
}


def environment(**more):
    """A clean environment: nothing of the machine's AWS or Terraform settings."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "TF_", "SMFORM"))}
    return {**kept, **NO_ACCOUNT, **more}


class Run:
    """What a command printed, and how it ended."""

    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr

    @property
    def text(self):
        return self.out + self.err

    @property
    def prose(self):
        """Messages with the line breaks of wrapping taken out."""
        return " ".join(self.text.split())

    def expect(self, code):
        assert self.code == code, f"exit {self.code}, expected {code}\n{self.text}"
        return self


class Project:
    """A folder with a configuration, and smform at work in it."""

    def __init__(self, folder, **env):
        self.folder, self.env = pathlib.Path(folder), env

    def write(self, text, name="main.tf"):
        (self.folder / name).write_text(text)
        return self

    def run(self, *arguments, stdin="", timeout=120):
        command = [SMFORM, *arguments]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=environment(**self.env),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        return Run(done)

    def follow(self, watch, *arguments, started=lambda _: None):
        """Runs a command and gives each line to `watch` as it is printed, with the process, which `started` has seen."""
        process = subprocess.Popen(
            [SMFORM, *arguments],
            cwd=self.folder,
            env=environment(**self.env),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started(process)
        printed = []
        for line in process.stdout:
            printed.append(line)
            watch(line, process)
        return Run(subprocess.CompletedProcess(arguments, process.wait(), "".join(printed), ""))

    def state(self, name="terraform.tfstate"):
        return json.loads((self.folder / name).read_text())


@pytest.fixture
def project(tmp_path):
    """An empty project on the sandbox, whose clock runs fast enough for a test."""
    return Project(tmp_path, SMFORM_SANDBOX="1", SMFORM_SANDBOX_SPEED="20000")


@pytest.fixture
def example(tmp_path):
    """A copy of an example, on the sandbox."""

    def copy(name, **env):
        folder = tmp_path / name
        # Without what somebody's own run has left there.
        shutil.copytree(ROOT / "examples" / name, folder, ignore=shutil.ignore_patterns("state", ".terraform"))
        return Project(folder, **{"SMFORM_SANDBOX": "1", "SMFORM_SANDBOX_SPEED": "20000", **env})

    return copy


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A server process with a URL."""

    def __init__(self, process, url):
        self.process, self.url = process, url

    def client(self, service):
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return json.load(answer)

    def post(self, path, body):
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), method="POST")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read()

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start_sandbox(folder, speed=2000):
    """`smform sandbox`, its world kept in a folder; or the sandbox by itself, where `SANDBOX_SERVER` names its program."""
    world = folder / "world.json"
    if SANDBOX_SERVER:
        command = [SANDBOX_SERVER, "--speed", str(speed), "--state", str(world)]
    else:
        command = [SMFORM, "sandbox", "-listen=127.0.0.1:0", f"-speed={speed}", f"-file={world}"]
    process = subprocess.Popen(
        command,
        env=environment(),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    seen = []
    for line in process.stdout:
        seen.append(line)
        found = re.search(r"^(?:.*AWS_ENDPOINT_URL=)?['\"]?(http://127[0-9.:]+)", line)
        if found:
            break
    else:
        process.wait()
        pytest.fail("the sandbox did not start:\n" + "".join(seen))
    server = Server(process, found.group(1))
    wait_for(server.url + "/_sandbox/clock")
    return server


@pytest.fixture
def sandbox(tmp_path):
    """The sandbox, serving other clients."""
    server = start_sandbox(tmp_path)
    yield server
    server.stop()


def wait_for(url, seconds=60):
    deadline = time.monotonic() + seconds
    while True:
        try:
            return urllib.request.urlopen(url, timeout=5).read()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


@pytest.fixture(scope="session")
def moto_process(tmp_path_factory):
    port = free_port()
    recording = str(tmp_path_factory.mktemp("moto") / "recording")
    process = subprocess.Popen(
        [sys.executable, pathlib.Path(__file__).with_name("moto_server.py"), "-H", "127.0.0.1", "-p", str(port)],
        env=environment(MOTO_RECORDER_FILEPATH=recording),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    server = Server(process, f"http://127.0.0.1:{port}")
    wait_for(server.url + "/moto-api/data.json")
    yield server
    server.stop()


@pytest.fixture
def moto(moto_process):
    """moto, an AWS imitation of another make, empty."""
    moto_process.post("/moto-api/reset", {})
    return moto_process
