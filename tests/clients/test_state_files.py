"""States on disk: what happens to them when the disk, the file or its neighbours are not as they should be."""

import concurrent.futures
import json
import os
import resource
import shutil
import signal
import stat
import subprocess

import pytest
from conftest import SMFORM, Project, environment

CONFIG = """
variable "names" {
  type    = set(string)
  default = ["a", "b"]
}

resource "terraform_data" "one" {
  for_each = var.names
  input    = each.key
}
"""
APPLY = ("apply", "-auto-approve", "-no-color")


def files(project):
    """What is in the folder of a project, but for the configuration."""
    return {
        str(path.relative_to(project.folder)): path.read_bytes()
        for path in project.folder.rglob("*")
        if path.is_file() and path.suffix != ".tf"
    }


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


@pytest.fixture
def applied(project):
    project.write(CONFIG).run(*APPLY).expect(0)
    return project


UNREADABLE = {
    "truncated": (lambda whole: whole[: len(whole) // 2], "smform state rollback SERIAL"),
    "no JSON": (b"hello", "smform state rollback SERIAL"),
    "another file": (b'{"name": "package", "version": "1.0.0"}', "state"),
    "version 0": (lambda whole: whole.replace(b'"version": 4', b'"version": 0'), "version 0"),
    "newer": (lambda whole: whole.replace(b'"version": 4', b'"version": 5'), "version 5"),
    "binary": (bytes(range(256)), "smform state rollback SERIAL"),
    "empty": (b"", "smform state rollback SERIAL"),
    "a wrong type": (lambda whole: whole.replace(b'"resources": [', b'"resources": 3, "x": ['), "resources are not a list"),
}


@pytest.mark.parametrize("damage", UNREADABLE)
def test_a_state_that_cannot_be_read_is_left_alone(applied, damage):
    content, wanted = UNREADABLE[damage]
    path = applied.folder / "terraform.tfstate"
    path.write_bytes(content if isinstance(content, bytes) else content(path.read_bytes()))
    before = files(applied)
    for command in [APPLY, ("plan",), ("destroy", "-auto-approve"), ("state", "list"), ("output",), ("refresh",)]:
        ran = applied.run(*command, "-no-color").expect(1)
        assert "terraform.tfstate" in ran.prose and wanted in ran.prose, ran.text
        assert files(applied) == before, command


def test_an_empty_file_is_an_empty_state(project):
    """As with Terraform: some tools make the file before there is a state."""
    project.write(CONFIG)
    (project.folder / "terraform.tfstate").write_bytes(b"")
    project.run(*APPLY).expect(0)
    assert project.state()["serial"] == 1


def test_a_state_that_is_a_folder_is_told(project):
    project.write(CONFIG)
    (project.folder / "terraform.tfstate").mkdir()
    for command in [APPLY, ("plan",), ("state", "list")]:
        ran = project.run(*command).expect(1)
        assert "terraform.tfstate" in ran.prose and "panicked" not in ran.text


def limited(project, size, *arguments):
    """A run that may not write files beyond a size: the disk is full as soon as the state is longer than that."""

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return subprocess.run(
        [SMFORM, *arguments],
        cwd=project.folder,
        env=environment(**project.env),
        capture_output=True,
        text=True,
        timeout=60,
        preexec_fn=limit,
    )


@pytest.mark.parametrize("size", [0, 100, 700, 1500, 3000])
def test_a_full_disk_loses_nothing(applied, size):
    """However much can still be written: what is on disk stays whole, and a run with space converges."""
    path = applied.folder / "terraform.tfstate"
    names = json.dumps([f"n{at}" for at in range(30)])
    ran = limited(applied, size, *APPLY, f"-var=names={names}")
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "panicked" not in ran.stderr
    assert "space" in ran.stderr or "too large" in ran.stderr, ran.stderr
    told = " ".join(ran.stderr.split())
    assert told.count("annot write the journal") <= 1, "the cause is told once, not of every object: " + ran.stderr
    json.loads(path.read_bytes())
    listed = set(applied.run("state", "list").expect(0).out.split())
    assert listed, "nothing is forgotten"
    applied.run(*APPLY, f"-var=names={names}").expect(0)
    applied.run("plan", "-no-color", "-detailed-exitcode", f"-var=names={names}").expect(0)
    state = applied.state()
    [one] = state["resources"]
    assert len(one["instances"]) == 30


@pytest.mark.skipif(os.geteuid() == 0 and shutil.which("setpriv") is None, reason="root may write everywhere")
def test_a_folder_that_must_not_be_written_is_told_before_anything_is_made(applied):
    folder = applied.folder
    before = files(applied)
    names = '-var=names=["c"]'
    mode = stat.S_IMODE(folder.stat().st_mode)
    folder.chmod(0o555)
    try:
        command = [SMFORM, *APPLY, names]
        if os.geteuid() == 0:
            # Without the capability to override permissions, root is held to them.
            command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all", *command]
        ran = subprocess.run(
            command, cwd=folder, env=environment(**applied.env), capture_output=True, text=True, timeout=60
        )
    finally:
        folder.chmod(mode)
    assert ran.returncode == 1
    assert "Creating" not in ran.stdout and "ermission denied" in " ".join(ran.stderr.split()), ran.stderr
    assert files(applied) == before


def test_many_runs_at_once_lose_nothing(project):
    """Each of 50 processes adds a resource of its own to one state; one works at a time, the others wait."""
    count = 50
    project.write(CONFIG)
    names = json.dumps([f"n{at}" for at in range(count)])

    def apply(at):
        target = f'-target=terraform_data.one["n{at}"]'
        return project.run(*APPLY, "-lock-timeout=300s", f"-var=names={names}", target, timeout=400)

    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        for ran in list(pool.map(apply, range(count))):
            ran.expect(0)
    state = project.state()
    [one] = state["resources"]
    assert {each["index_key"] for each in one["instances"]} == {f"n{at}" for at in range(count)}
    assert state["serial"] == count
    assert not (project.folder / ".terraform.tfstate.lock.info").exists(), "no lock is left behind"


def test_of_many_runs_that_do_not_wait_one_wins(project):
    project.write(CONFIG + 'resource "time_sleep" "wait" {\n  create_duration = "2s"\n}\n')
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        ran = list(pool.map(lambda _: project.run(*APPLY), range(10)))
    won = [each for each in ran if each.code == 0]
    lost = [each for each in ran if each.code != 0]
    assert won and lost
    assert all("locked" in each.prose for each in lost)
    assert project.state()["serial"] >= 1
    project.run("plan", "-no-color", "-detailed-exitcode").expect(0)


def test_an_apply_records_each_object_at_its_own_cost(project):
    """The journal of a whole apply, as it is right before the end, grows with the number of objects and no faster."""
    measure = """
    resource "terraform_data" "last" {
      depends_on = [terraform_data.one]
      provisioner "local-exec" { command = "wc -c < terraform.tfstate.journal > size" }
    }
    """
    project.write(CONFIG + measure)

    def size(count):
        names = json.dumps([f"n{at:04}" for at in range(count)])
        project.run(*APPLY, f"-var=names={names}").expect(0)
        written = int((project.folder / "size").read_text())
        project.run("destroy", "-auto-approve", f"-var=names={names}").expect(0)
        return written

    few, many = size(20), size(200)
    assert 5 * few < many < 11 * few, (few, many)
