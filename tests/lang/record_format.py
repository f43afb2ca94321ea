#!/usr/bin/env python3
"""Records what Terraform's formatter makes of the texts in format/.

Usage: record_format.py

Of each NAME.in.tf it writes NAME.out.tf, byte for byte. The files are formatted in place in a temporary folder, as on
standard output a missing line break at the end would be added. Needs `terraform` on the path; nothing is downloaded.
"""

import os
import pathlib
import subprocess
import sys
import tempfile


def main() -> None:
    folder = pathlib.Path(__file__).with_name("format")
    sources = sorted(folder.glob("*.in.tf"))
    with tempfile.TemporaryDirectory() as directory:
        for source in sources:
            pathlib.Path(directory, source.name).write_bytes(source.read_bytes())
        environment = dict(os.environ, TF_CLI_CONFIG_FILE=os.devnull, CHECKPOINT_DISABLE="1")
        run = subprocess.run(
            ["terraform", "fmt", "-no-color", "-list=false"],
            cwd=directory, env=environment, capture_output=True, text=True, check=False,
        )
        if run.returncode != 0:
            sys.exit(run.stdout + run.stderr)
        for source in sources:
            name = source.name.removesuffix(".in.tf") + ".out.tf"
            folder.joinpath(name).write_bytes(pathlib.Path(directory, source.name).read_bytes())


main()
