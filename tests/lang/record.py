#!/usr/bin/env python3
"""Records what Terraform answers to the expressions of expressions.txt.

Usage: record.py [FILE]   (default: expressions.txt beside this script)

The file is a list of entries. An entry is an expression on lines that begin with "> ", followed by the answer, and
ends with an empty line; lines that begin with "#" between entries are comments. The answer of an expression of one
line is what `terraform console` prints; an expression of several lines is put into a local value first. Of an error
only the summaries are kept. The folder "files" beside the list is the working directory. Needs `terraform` on the path; nothing is downloaded.
"""

import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile


def evaluate(expression: str, files: pathlib.Path) -> str:
    with tempfile.TemporaryDirectory() as directory:
        if files.is_dir():
            shutil.copytree(files, directory, dirs_exist_ok=True)
        question = expression
        if "\n" in expression:
            pathlib.Path(directory, "main.tf").write_text(f"locals {{\n  answer = {expression}\n}}\n")
            question = "local.answer"
        config = pathlib.Path(directory, "cli.rc")
        config.write_text("")
        environment = dict(os.environ, TF_CLI_CONFIG_FILE=str(config), CHECKPOINT_DISABLE="1")
        run = subprocess.run(
            ["terraform", "console", "-no-color"],
            input=question + "\n", cwd=directory, env=environment, capture_output=True, text=True, check=False,
        )
    if run.returncode == 0:
        return run.stdout.rstrip("\n")
    summaries = re.findall(r"^Error: (.*)$", run.stdout + run.stderr, re.MULTILINE)
    return "\n".join(f"Error: {summary}" for summary in summaries)


def main() -> None:
    path = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).with_name("expressions.txt"))
    pieces: list[tuple[str, str]] = []
    question: list[str] = []
    for line in path.read_text().split("\n"):
        if line.startswith("> "):
            question.append(line[2:])
            continue
        if question:
            pieces.append(("question", "\n".join(question)))
            question = []
        if line.startswith("#"):
            pieces.append(("comment", line))
    if question:
        pieces.append(("question", "\n".join(question)))
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        answers = list(pool.map(lambda piece: evaluate(piece[1], path.with_name("files")) if piece[0] == "question" else "", pieces))
    with path.open("w") as out:
        for (kind, text), answer in zip(pieces, answers):
            if kind == "comment":
                out.write(f"{text}\n\n")
                continue
            out.write("".join(f"> {line}\n" for line in text.split("\n")) + answer + "\n\n")


main()
