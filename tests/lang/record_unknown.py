#!/usr/bin/env python3
"""Records what Terraform makes of unknown and sensitive values in expressions: unknown.txt.

Entries are as in expressions.txt. The answer is JSON, with "(unknown)" for what is not known when the plan is made,
and "sensitive " in front of a sensitive value; of an error it is the summary. The expressions refer to these values:

    local.u     an unknown string, not null         local.d     unknown, of unknown type
    local.n     an unknown number, not null         local.b     an unknown bool, not null
    var.secret  the sensitive string "s"

Needs `terraform` on the path; nothing is downloaded.
"""

import json
import os
import pathlib
import re
import subprocess
import tempfile

BASE = """
resource "terraform_data" "u" {}
variable "secret" {
  default   = "s"
  sensitive = true
}
locals {
  u = terraform_data.u.id
  d = jsondecode(terraform_data.u.id)
  n = length(terraform_data.u.id)
  b = terraform_data.u.id == "x"
}
"""


def terraform(directory: str, *arguments: str) -> subprocess.CompletedProcess:
    pathlib.Path(directory, "cli.rc").write_text("")
    environment = dict(os.environ, TF_CLI_CONFIG_FILE=f"{directory}/cli.rc", CHECKPOINT_DISABLE="1")
    return subprocess.run(
        ["terraform", *arguments], cwd=directory, env=environment, capture_output=True, text=True, check=False,
    )


def merge(after, unknown):
    if unknown is True:
        return "(unknown)"
    if isinstance(unknown, list) and isinstance(after, list):
        return [merge(a, u) for a, u in zip(after, unknown)]
    if isinstance(unknown, dict) and isinstance(after, (dict, type(None))):
        after = after or {}
        return {key: merge(after.get(key), unknown.get(key)) for key in sorted({*after, *unknown})}
    return after


def answers(questions: list[str]) -> list[str]:
    with tempfile.TemporaryDirectory() as directory:
        output = 'output "{}" {{\n  sensitive = true\n  value = {}\n}}\n'
        pathlib.Path(directory, "base.tf").write_text(BASE)
        for at, question in enumerate(questions):
            pathlib.Path(directory, f"q{at}.tf").write_text(
                output.format(f"o{at}", f"[{question}]") + output.format(f"s{at}", f"issensitive({question})")
            )
        terraform(directory, "init")
        failed: dict[int, str] = {}
        # Terraform stops at the first kind of error, so that it takes several rounds to meet all of them.
        while terraform(directory, "plan", "-no-color", "-out=plan").returncode != 0:
            before = len(failed)
            for line in terraform(directory, "plan", "-no-color", "-json").stdout.splitlines():
                found = json.loads(line).get("diagnostic", {})
                name = re.fullmatch(r"q(\d+)\.tf", (found.get("range") or {}).get("filename", ""))
                if found.get("severity") == "error" and name:
                    failed.setdefault(int(name[1]), "Error: " + found["summary"])
                    pathlib.Path(directory, name[0]).unlink(missing_ok=True)
            assert len(failed) > before, "the plan fails for a reason of its own"
        changes = json.loads(terraform(directory, "show", "-json", "plan").stdout)["output_changes"]
        found = []
        for at in range(len(questions)):
            if at in failed:
                found.append(failed[at])
                continue
            value, secret = changes[f"o{at}"], changes[f"s{at}"]
            text = json.dumps(merge(value.get("after"), value.get("after_unknown"))[0], sort_keys=True)
            found.append(("sensitive " if secret.get("after") is True else "") + text)
        return found


path = pathlib.Path(__file__).with_name("unknown.txt")
questions = [line[2:] for line in path.read_text().splitlines() if line.startswith("> ")]
path.write_text("\n".join(f"> {q}\n{a}\n" for q, a in zip(questions, answers(questions))))
