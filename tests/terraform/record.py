#!/usr/bin/env python3
"""Records what Terraform makes of the cases in cases/: one file in recorded/ for each.

    record.py [NAME...]        all cases, or those whose name begins with one of the words

A case is a text of files and commands, in the order in which they are written and run:

    # what the case is about
    -- main.tf --              the file has the text that follows
    -- old.tf -- removed       the file is removed
    $ plan -target=...         `plan`, `apply`, `destroy` or `refresh`; also `output -json`, `validate -json` and `test`

Of a plan, an apply and a refresh are recorded: the exit code, the part of the text that other programs and reviewers read (the
changes, the outputs, the progress, the summaries), the events of the same command with -json, of its messages the
summary and the place, the plan as `show -json` prints it, and the state afterwards. What is random (identifiers, times,
the lineage and serial) is replaced by something constant. Needs `terraform` on the path; nothing is downloaded.
"""

import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
TIME = re.compile(r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
DEPOSED = re.compile(r'(deposed object |"deposed(?:_key)?": ?")[0-9a-f]{8}\b')
ELAPSED = re.compile(r"\bafter \d+s\b")
PROGRESS = re.compile(r"\S.*?( \(deposed object \w+\))?: (Creat|Modif|Destr|Read|Import|Provision|Still |\(local-exec)")
SUMMARY = re.compile(r"(No changes|Apply complete!|Destroy complete!)[^.!]*")


def steady(text: str, folder: str) -> str:
    text = UUID.sub("00000000-0000-0000-0000-000000000000", text)
    text = TIME.sub("2000-01-01T00:00:00Z", text)
    text = DEPOSED.sub(r"\g<1>00000000", text)
    text = re.sub(r'"elapsed_seconds": ?\d+', '"elapsed_seconds":0', text)
    return ELAPSED.sub("after 0s", text.replace(folder, "FOLDER"))


def kept(text: str) -> list:
    """The lines that are compared. `kept` of the test that replays them does the same."""
    body, progress, part = [], [], None
    for line in text.splitlines():
        if part is None or part == "outputs of a plan":
            if line.startswith(("  # ", " # ")):
                part = "changes"
            elif line in ("Changes to Outputs:", "Outputs:"):
                part = "outputs of a plan" if line.startswith("C") else "outputs"
        if not part and PROGRESS.match(line):
            progress.append(line)
        elif part:
            if part == "changes" and line.startswith("This is a refresh-only plan"):
                while body and not body[-1]:
                    body.pop()
                part = None
                continue
            if part == "outputs of a plan" and (not line or PROGRESS.match(line)):
                part = None
                if line:
                    progress.append(line)
                continue
            body.append(line)
            if part == "changes" and line.startswith("Plan: "):
                part = None
        elif SUMMARY.match(line):
            body.append(line)
    return body + sorted(progress)


def read_case(path: pathlib.Path):
    """Yields ("file", name, text), ("removed", name, None) and ("run", words, None)."""
    name, lines = None, []
    for line in path.read_text().splitlines(keepends=True):
        header = re.fullmatch(r"-- (\S+) --( removed)?\n", line)
        if header or line.startswith("$ "):
            if name:
                yield "file", name, "".join(lines)
            name, lines = None, []
            if not header:
                yield "run", shlex.split(line[2:]), None
            elif header[2]:
                yield "removed", header[1], None
            else:
                name = header[1]
        elif name:
            lines.append(line)
    if name:
        yield "file", name, "".join(lines)


# The program that is asked; compare.py asks another one as well.
PROGRAM = "terraform"


def terraform(folder: str, *words: str) -> subprocess.CompletedProcess:
    environment = {"PATH": os.environ["PATH"], "HOME": folder, "CHECKPOINT_DISABLE": "1",
                   "TF_CLI_CONFIG_FILE": "/dev/null"}
    return subprocess.run([PROGRAM, *words], cwd=folder, env=environment, capture_output=True, text=True,
                          check=False, timeout=120)


def events(folder: str, words: list) -> list:
    """The events of a command with -json, in a copy of the folder."""
    with tempfile.TemporaryDirectory() as copy:
        place = os.path.join(copy, "case")
        shutil.copytree(folder, place, symlinks=True)
        ran = terraform(place, *words, "-json")
        found = []
        for line in steady(ran.stdout, place).splitlines():
            event = json.loads(line)
            kind = event.pop("type")
            for name in ("@timestamp", "@module", "@level"):
                event.pop(name)
            if kind == "diagnostic":
                found.append(message(event["diagnostic"]))
            elif kind not in ("version", "log", "apply_progress", "refresh_start", "refresh_complete"):
                found.append({"type": kind} | event)
        return sorted(found, key=lambda event: json.dumps(event, sort_keys=True))


def sort_key(item) -> str:
    return json.dumps(item, sort_keys=True, separators=(",", ":"))


def message(diagnostic: dict) -> str:
    """Severity, place and summary of a message."""
    place = ""
    if found := diagnostic.get("range"):
        (start, end) = (f"{at['line']},{at['column']}" for at in (found["start"], found["end"]))
        place = f" {found['filename']}:{start}-{end}"
    return f"{diagnostic['severity']}{place}: {diagnostic['summary']}"


def run(folder: str, words: list) -> dict:
    command, rest = words[0], words[1:]
    step = {"command": " ".join(words)}
    if command == "plan":
        options = ["-input=false", *rest]
        step["events"] = events(folder, ["plan", *options])
        ran = terraform(folder, "plan", "-no-color", "-out=saved.plan", *options)
        step |= {"exit": ran.returncode, "text": kept(steady(ran.stdout, folder))}
        shown = terraform(folder, "show", "-json", "saved.plan")
        if shown.returncode and os.path.exists(os.path.join(folder, "saved.plan")):
            # Terraform saves some partial plans that it cannot show.
            step["plan"] = None
            os.remove(os.path.join(folder, "saved.plan"))
        elif os.path.exists(os.path.join(folder, "saved.plan")):
            plan = json.loads(steady(shown.stdout, folder))
            plan.pop("terraform_version", None)
            plan.get("prior_state", {}).pop("terraform_version", None)
            if "relevant_attributes" in plan:
                # Terraform writes these in no particular order.
                plan["relevant_attributes"].sort(key=sort_key)
            step["plan"] = plan
            os.remove(os.path.join(folder, "saved.plan"))
    elif command in ("apply", "destroy", "refresh"):
        options = ["-input=false", *(["-auto-approve"] if command != "refresh" else []), *rest]
        step["events"] = events(folder, [command, *options])
        ran = terraform(folder, command, "-no-color", *options)
        step |= {"exit": ran.returncode, "text": kept(steady(ran.stdout, folder))}
        try:
            state = json.loads(steady(pathlib.Path(folder, "terraform.tfstate").read_text(), folder))
            state.pop("terraform_version", None)
            state.pop("lineage", None)
            # Terraform counts its writes on the way, so this number depends on timing.
            state.pop("serial", None)
            for resource in state["resources"]:
                for instance in resource["instances"]:
                    # Terraform writes these in no particular order.
                    instance["sensitive_attributes"].sort(key=sort_key)
            for result in state["check_results"] or []:
                (result["objects"] or []).sort(key=sort_key)
            (state["check_results"] or []).sort(key=sort_key)
            step["state"] = state
        except FileNotFoundError:
            pass
    else:
        ran = terraform(folder, *words)
        text = steady(ran.stdout, folder)
        step |= {"exit": ran.returncode, "text": text.splitlines()}
        if "-json" in words:
            step.pop("text")
            step["json"] = json.loads(text)
            step["json"].pop("terraform_version", None)
    return step


def answers(path: pathlib.Path) -> list:
    """What the program makes of the steps of a case."""
    steps, fresh = [], True
    with tempfile.TemporaryDirectory() as outer:
        # The folder has a name of its own, since some texts end with it.
        folder = os.path.join(outer, "case")
        os.mkdir(folder)
        for kind, what, text in read_case(path):
            if kind == "run":
                if fresh:
                    ran = terraform(folder, "init", "-input=false", "-no-color")
                    fresh = False
                    if ran.returncode and what[0] != "validate":
                        sys.stderr.write(f"{path.name}: init: {ran.stderr}\n")
                steps.append(run(folder, what))
                continue
            fresh = fresh or what.endswith((".tf", ".tf.json"))
            target = pathlib.Path(folder, what)
            if kind == "removed":
                target.unlink()
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text)
    return steps


def record(path: pathlib.Path) -> str:
    lines = ",\n".join("  {\n" + ",\n".join(
        f"    {json.dumps(key)}: {json.dumps(value, sort_keys=True)}" for key, value in step.items()) + "\n  }"
        for step in answers(path))
    (HERE / "recorded" / f"{path.stem}.json").write_text(f"[\n{lines}\n]\n")
    return path.stem


def main() -> None:
    wanted = sys.argv[1:] or [""]
    cases = [path for path in sorted((HERE / "cases").glob("*.txt")) if path.stem.startswith(tuple(wanted))]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for name in pool.map(record, cases):
            print(name)
    if not sys.argv[1:]:
        known = {path.stem for path in cases}
        for path in (HERE / "recorded").glob("*.json"):
            if path.stem not in known:
                path.unlink()


if __name__ == "__main__":
    main()
