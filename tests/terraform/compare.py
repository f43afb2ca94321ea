#!/usr/bin/env python3
"""Asks Terraform and smform the same and prints what differs; nothing is recorded.

    compare.py cases PATH...      cases as in cases/ (folders of them as well)
    compare.py console FILE...    expressions as in tests/lang/expressions.txt, answers not needed
    compare.py validate FILE...   configurations as in tests/lang/verdicts.txt, verdicts not needed

For the search for differences that no recorded case shows; what is found belongs into a recorded case. The program
compared is $SMFORM, or target/debug/smform. At the end the number of cases that agree is told: in what they do (exit
code, plan, state, console text, verdict), and in the messages as well. Needs `terraform` on the path.
"""

import concurrent.futures
import difflib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import record

HERE = pathlib.Path(__file__).parent
SMFORM = os.path.abspath(os.environ.get("SMFORM", HERE.parent.parent / "target" / "debug" / "smform"))
TALK = ("text", "events")


def in_child(program: str, path: str) -> list:
    """The answers of one program; a process of its own, since record.py has one program for all."""
    ran = subprocess.run([sys.executable, __file__, "--answers", program, path], capture_output=True, text=True,
                         check=False)
    return json.loads(ran.stdout) if ran.returncode == 0 else [{"command": "?", "failed": ran.stderr[-2000:]}]


def case(path: pathlib.Path):
    ours, theirs = in_child(SMFORM, str(path)), in_child("terraform", str(path))
    deeds = [[{k: v for k, v in step.items() if k not in TALK} for step in steps] for steps in (theirs, ours)]
    lines = [json.dumps(steps, indent=1, sort_keys=True).splitlines() for steps in (theirs, ours)]
    return str(path), deeds[0] == deeds[1], theirs == ours, lines


def run(program: str, folder: str, *words: str, stdin: str = "") -> subprocess.CompletedProcess:
    environment = {"PATH": os.environ["PATH"], "HOME": folder, "CHECKPOINT_DISABLE": "1",
                   "TF_CLI_CONFIG_FILE": "/dev/null"}
    try:
        return subprocess.run([program, *words], cwd=folder, env=environment, input=stdin, capture_output=True,
                              text=True, check=False, timeout=60)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(words, -1, "", "took over a minute")


def console(expression: str):
    found = []
    for program in ("terraform", SMFORM):
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(HERE.parent / "lang" / "files", folder, dirs_exist_ok=True)
            question = expression
            if "\n" in expression:
                pathlib.Path(folder, "main.tf").write_text(f"locals {{\n  answer = {expression}\n}}\n")
                question = "local.answer"
            ran = run(program, folder, "console", "-no-color", stdin=question + "\n")
            told = [line.strip(" │╷╵") for line in (ran.stdout + ran.stderr).splitlines()]
            summaries = [line for line in told if line.startswith("Error: ")]
            found.append((ran.returncode, ran.stdout.splitlines() if ran.returncode == 0 else [], summaries))
    theirs, ours = found
    return expression, theirs[:2] == ours[:2], theirs == ours, [[str(f[0]), *f[1], *f[2]] for f in found]


def validate(files: dict):
    found = []
    for program in ("terraform", SMFORM):
        with tempfile.TemporaryDirectory() as outer:
            folder = os.path.join(outer, "case")
            for name, text in files.items():
                target = pathlib.Path(folder, name)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text)
            init = run(program, folder, "init", "-backend=false", "-input=false", "-no-color")
            ran = run(program, folder, "validate", "-json")
            try:
                told = sorted(record.message(d) for d in json.loads(ran.stdout).get("diagnostics", []))
            except ValueError:
                told = [ran.stdout + ran.stderr]
            if init.returncode and not any(m.startswith("error") for m in told):
                told.append("init refuses")
            found.append(("valid" if init.returncode == ran.returncode == 0 else "refused", told))
    title = "\n".join(f"--- {name}\n{text.rstrip()}" for name, text in files.items())
    return title, found[0][0] == found[1][0], found[0] == found[1], [[f[0], *f[1]] for f in found]


def questions(mode: str, words: list) -> list:
    found = []
    for word in words:
        path = pathlib.Path(word)
        if mode == "cases":
            found += sorted(path.glob("*.txt")) if path.is_dir() else [path]
        elif mode == "console":
            block = []
            for line in [*path.read_text().split("\n"), ""]:
                if line.startswith("> "):
                    block.append(line[2:])
                elif block:
                    found.append("\n".join(block))
                    block = []
        else:
            for text in re.split(r"^===.*\n", path.read_text(), flags=re.MULTILINE)[1:]:
                parts = re.split(r"^--- (.*)\n", text, flags=re.MULTILINE)[1:]
                found.append(dict(zip(parts[0::2], parts[1::2])))
    return found


def main() -> None:
    mode, *words = sys.argv[1:]
    if mode == "--answers":
        record.PROGRAM = words[0]
        print(json.dumps(record.answers(pathlib.Path(words[1]))))
        return
    asked = questions(mode, words)
    deeds = talk = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for title, same, equal, lines in pool.map({"cases": case, "console": console, "validate": validate}[mode], asked):
            deeds, talk = deeds + same, talk + equal
            if not equal:
                print(f"{'##' if same else '####'} {title}\n" + ("" if same else "(does something else)\n")
                      + "\n".join(difflib.unified_diff(*lines, "terraform", "smform", lineterm="", n=3)) + "\n")
    print(f"{len(asked)} asked; {deeds} agree in what they do, {talk} in the messages as well")


if __name__ == "__main__":
    main()
