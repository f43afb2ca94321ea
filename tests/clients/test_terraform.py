"""The terraform binary, where there is one, reads what smform wrote and finds nothing to do."""

import json
import shutil
import subprocess

import pytest

from conftest import environment

TERRAFORM = shutil.which("terraform")
pytestmark = pytest.mark.skipif(TERRAFORM is None, reason="terraform is not installed")

CONFIG = """
variable "words" { default = ["b", "a"] }
resource "terraform_data" "one" {
  input = { words = sort(var.words), n = 1.5 }
}
resource "terraform_data" "many" {
  count            = 2
  input            = "${terraform_data.one.output.words[count.index]}-${count.index}"
  triggers_replace = terraform_data.one.id
}
output "many" { value = terraform_data.many[*].output }
output "secret" {
  value     = "x"
  sensitive = true
}
"""


def terraform(project, *arguments, **more):
    env = environment(TF_CLI_CONFIG_FILE="/dev/null", CHECKPOINT_DISABLE="1", **more)
    done = subprocess.run([TERRAFORM, *arguments], cwd=project.folder, env=env, capture_output=True, text=True, timeout=60)
    return done


def test_terraform_goes_on_where_smform_stopped(project):
    project.write(CONFIG)
    project.env.clear()
    project.run("apply", "-auto-approve", "-no-color").expect(0)
    assert terraform(project, "init", "-no-color").returncode == 0
    planned = terraform(project, "plan", "-no-color", "-detailed-exitcode")
    assert planned.returncode == 0, planned.stdout + planned.stderr
    listed = terraform(project, "state", "list").stdout
    assert listed == project.run("state", "list").expect(0).out
    theirs = json.loads(terraform(project, "output", "-json").stdout)
    ours = json.loads(project.run("output", "-json").expect(0).out)
    assert theirs == ours


def test_smform_goes_on_where_terraform_stopped(project):
    project.write(CONFIG)
    project.env.clear()
    assert terraform(project, "init", "-no-color").returncode == 0
    assert terraform(project, "apply", "-auto-approve", "-no-color").returncode == 0
    project.run("plan", "-no-color", "-detailed-exitcode").expect(0)
    project.run("destroy", "-auto-approve", "-no-color").expect(0)
    assert terraform(project, "state", "list").stdout == ""
