"""Configurations as published modules write them: counts and for_each over kinds of endpoints and over variants, dynamic
blocks, made-up names, roles with their policies, scaling and alarms. They go through a whole life, and a plan in between
is empty."""

import pathlib

import pytest
from conftest import Project

MODULES = pathlib.Path(__file__).parent / "modules"


@pytest.mark.parametrize("name", ["serve", "variants"])
def test_a_module_lives(name, tmp_path):
    folder = tmp_path / name
    for file in sorted((MODULES / name).rglob("*.tf")):
        copy = folder / file.relative_to(MODULES / name)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(file.read_text())
    project = Project(folder, SMFORM_SANDBOX="1", SMFORM_SANDBOX_SPEED="20000")
    project.run("apply", "-auto-approve", "-no-color").expect(0)
    project.run("plan", "-detailed-exitcode", "-no-color").expect(0)
    if name == "variants":
        project.run("apply", "-auto-approve", "-no-color", "-var=image=2").expect(0)
        project.run("plan", "-detailed-exitcode", "-no-color", "-var=image=2").expect(0)
    project.run("destroy", "-auto-approve", "-no-color").expect(0)
