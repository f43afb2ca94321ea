#!/usr/bin/env python3
"""Records which of the configurations in verdicts.txt Terraform takes.

Usage: record_verdicts.py

The file is a list of cases. A case begins with "=== ", followed by the verdict of `terraform init -backend=false` and
`terraform validate`, "valid" or "refused"; each file of it begins with "--- " and its name. Needs `terraform` on the
path; nothing is downloaded, since only the built-in provider is used.
"""

import concurrent.futures
import os
import pathlib
import re
import subprocess
import tempfile

PATH = pathlib.Path(__file__).with_name("verdicts.txt")


def verdict(files: dict[str, str]) -> str:
    with tempfile.TemporaryDirectory() as directory:
        folder = pathlib.Path(directory, "case")
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        environment = dict(os.environ, TF_CLI_CONFIG_FILE=os.devnull, CHECKPOINT_DISABLE="1")
        for command in (["init", "-backend=false", "-input=false"], ["validate"]):
            run = subprocess.run(["terraform", *command], cwd=folder, env=environment, capture_output=True, check=False)
            if run.returncode != 0:
                return "refused"
    return "valid"


def main() -> None:
    cases = []
    for text in re.split(r"^=== .*\n", PATH.read_text(), flags=re.MULTILINE)[1:]:
        parts = re.split(r"^--- (.*)\n", text, flags=re.MULTILINE)[1:]
        cases.append(dict(zip(parts[0::2], parts[1::2])))
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        verdicts = list(pool.map(verdict, cases))
    with PATH.open("w") as out:
        for files, answer in zip(cases, verdicts):
            out.write(f"=== {answer}\n" + "".join(f"--- {name}\n{text}" for name, text in files.items()))


main()
