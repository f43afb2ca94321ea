"""The backend http over a small server that keeps one state, also with terraform as second tool."""

import http.server
import json
import shutil
import signal
import subprocess
import threading
import time

import pytest

from conftest import SMFORM, environment

TERRAFORM = shutil.which("terraform")
CONFIG = """
terraform {
  backend "http" {}
}
resource "terraform_data" "a" {
  input = "one"
}
"""
HOLDER = {
    "ID": "5f1c",
    "Operation": "OperationTypeApply",
    "Info": "",
    "Who": "bob@build",
    "Version": "1.11.0",
    "Created": "2025-01-01T00:00:00Z",
    "Path": "",
}
LOCAL = CONFIG.replace('backend "http" {}', "")


class Server:
    """One state, and the information of whoever holds its lock."""

    def __init__(self):
        self.state, self.lock, self.guard = None, None, threading.Lock()
        self.locked = lambda: None
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def reply(self, status, body=b""):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def body(self):
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))

            def do_GET(self):
                with outer.guard:
                    self.reply(404) if outer.state is None else self.reply(200, outer.state)

            def do_POST(self):
                body = self.body()
                with outer.guard:
                    given = self.path.partition("ID=")[2]
                    if outer.lock is not None and json.loads(outer.lock)["ID"] != given:
                        return self.reply(423, outer.lock)
                    outer.state = body
                self.reply(200)

            def do_LOCK(self):
                body = self.body()
                with outer.guard:
                    if outer.lock is not None:
                        return self.reply(423, outer.lock)
                    outer.lock = body
                outer.locked()
                self.reply(200)

            def do_UNLOCK(self):
                body = self.body()
                with outer.guard:
                    if outer.lock is not None and json.loads(outer.lock)["ID"] != json.loads(body)["ID"]:
                        return self.reply(409, outer.lock)
                    outer.lock = None
                self.reply(200)

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        address = f"http://127.0.0.1:{self.http.server_address[1]}/state"
        self.env = {f"TF_HTTP_{name}ADDRESS": address for name in ("", "LOCK_", "UNLOCK_")}
        threading.Thread(target=self.http.serve_forever, daemon=True).start()


@pytest.fixture
def server():
    server = Server()
    yield server
    server.http.shutdown()
    server.http.server_close()


@pytest.fixture
def remote(project, server):
    project.env.clear()
    project.env.update(server.env)
    return project.write(CONFIG)


def test_a_state_lives_on_the_server(remote, server):
    remote.run("apply", "-auto-approve", "-no-color").expect(0)
    assert json.loads(server.state)["resources"][0]["name"] == "a"
    assert server.lock is None
    assert not (remote.folder / "terraform.tfstate").exists()
    remote.run("plan", "-no-color", "-detailed-exitcode").expect(0)
    refused = remote.run("workspace", "new", "other", "-no-color").expect(1)
    assert "workspaces not supported" in refused.prose
    remote.run("destroy", "-auto-approve", "-no-color").expect(0)
    assert json.loads(server.state)["resources"] == []


def test_whoever_holds_the_lock_is_respected(remote, server):
    server.lock = json.dumps(HOLDER).encode()
    refused = remote.run("apply", "-auto-approve", "-no-color").expect(1)
    assert "bob@build" in refused.prose and "5f1c" in refused.prose
    assert server.state is None
    assert "5f1c" in remote.run("force-unlock", "-force", "-no-color", "other").expect(1).prose
    remote.run("force-unlock", "-force", "-no-color", "5f1c").expect(0)
    remote.run("apply", "-auto-approve", "-no-color").expect(0)


def test_a_lock_that_comes_after_an_interrupt_is_given_back(remote, server):
    locked = threading.Event()

    def late():
        locked.set()
        time.sleep(1)

    server.locked = late
    process = subprocess.Popen(
        [SMFORM, "apply", "-auto-approve", "-no-color"],
        cwd=remote.folder,
        env=environment(**remote.env),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert locked.wait(30)
    process.send_signal(signal.SIGINT)
    told, _ = process.communicate(timeout=30)
    assert process.returncode == 1 and "The state was not opened" in told
    assert server.lock is None and server.state is None


def test_a_state_moves_there_and_back(remote, server):
    remote.write(LOCAL).run("apply", "-auto-approve", "-no-color").expect(0)
    refused = remote.write(CONFIG).run("plan", "-no-color").expect(1)
    assert "init -migrate-state" in refused.prose
    remote.run("init", "-migrate-state", "-force-copy", "-no-color").expect(0)
    assert not (remote.folder / "terraform.tfstate").exists()
    assert remote.run("state", "list").expect(0).out == "terraform_data.a\n"
    refused = remote.write(LOCAL).run("plan", "-no-color").expect(1)
    assert "init -migrate-state" in refused.prose
    remote.run("init", "-migrate-state", "-force-copy", "-no-color").expect(0)
    assert (remote.folder / "terraform.tfstate").exists()
    remote.run("plan", "-no-color", "-detailed-exitcode").expect(0)


@pytest.mark.skipif(TERRAFORM is None, reason="terraform is not installed")
def test_terraform_and_smform_take_turns(remote, server):
    def terraform(*arguments):
        env = environment(TF_CLI_CONFIG_FILE="/dev/null", CHECKPOINT_DISABLE="1", **server.env)
        command = [TERRAFORM, *arguments]
        return subprocess.run(command, cwd=remote.folder, env=env, capture_output=True, text=True, timeout=60)

    done = terraform("init", "-no-color")
    assert done.returncode == 0, done.stderr
    assert terraform("apply", "-auto-approve", "-no-color").returncode == 0
    remote.run("plan", "-no-color", "-detailed-exitcode").expect(0)
    remote.write(CONFIG.replace("one", "two")).run("apply", "-auto-approve", "-no-color").expect(0)
    planned = terraform("plan", "-no-color", "-detailed-exitcode")
    assert planned.returncode == 0, planned.stdout + planned.stderr
    # The same lock keeps both out. Terraform shows itself as the holder here, beside the right id.
    server.lock = json.dumps(HOLDER).encode()
    theirs = terraform("apply", "-auto-approve", "-no-color")
    ours = remote.run("apply", "-auto-approve", "-no-color").expect(1)
    assert theirs.returncode == 1 and "ID=5f1c" in theirs.stderr
    assert "bob@build" in ours.err and "5f1c" in ours.err
