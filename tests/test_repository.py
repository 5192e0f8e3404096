"""What is committed: no trace of a machine, the two commands, what a wheel holds."""

import ast
import os
import re
import stat
import subprocess
import tomllib
from pathlib import Path

import pytest

from extract.source import find_inputs

ROOT = Path(__file__).parent.parent
MACHINE = re.compile(rb"(?<![\w./-])/(?:home|root|Users|work|mnt|tmp)/[\w.-]+|[A-Z]:\\Users\\")
REGISTRY = re.compile(
    rb"--(?:extra-)?index-url|--find-links|--trusted-host|pypi\.org/simple|files\.pythonhosted\.org"
    rb"|(?:https?://)?[\w.-]*(?:artifactory|nexus|devpi|codeartifact|pkgs\.dev)[\w.-]*"
)
UNFINISHED = re.compile(rb"\b(?:TODO|FIXME|XXX)\b")
TEXT = (
    *("", ".py", ".toml", ".md", ".markdown", ".txt", ".lock", ".in", ".yml", ".yaml"),
    *(".json", ".tsv", ".html"),
)
PINNED = re.compile(r"(?m)^([A-Za-z0-9_.-]+)==[^\s\\]+ \\\n((?:    --hash=sha256:\w+.*\n?)+)")
LOCKS = ("requirements.lock", "requirements-feed.lock", "requirements-dev.lock")
FEEDS = ("excel", "parquet", "database", "ckan", "browse", "plot")
SEED_NAMES = ("ฆ้องชัย", "ห้องชัย", "ห้วยซ้อ")
CODE = (
    *("extract", "profiles", "normalize", "audit", "export", "review", "batch", "commands"),
    "pipeline.py",
)


def tracked():
    if not (ROOT / ".git").exists():
        pytest.skip("this is no working copy of git")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def hits(pattern, paths):
    return [
        f"{path.relative_to(ROOT)}: {match.group()[:80]!r}"
        for path in paths
        if path.suffix in TEXT and path != Path(__file__)
        for match in pattern.finditer(path.read_bytes())
    ]


def test_no_path_of_a_machine():
    assert hits(MACHINE, tracked()) == []


def test_no_address_of_a_package_registry():
    assert hits(REGISTRY, tracked()) == []


def test_nothing_is_left_to_do():
    assert hits(UNFINISHED, [p for p in tracked() if p.suffix != ".html"]) == []


@pytest.mark.parametrize("name", ["run", "test", ".ci/setup", ".ci/run"])
def test_commands_are_executable(name):
    path = ROOT / name
    assert path.stat().st_mode & stat.S_IXUSR
    assert path.read_text("utf-8").startswith("#!/usr/bin/env bash\n")
    checked = subprocess.run(["bash", "-n", str(path)], capture_output=True, text=True)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_locks_pin_every_package_by_hash():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    needs = [
        *((lock, project["dependencies"]) for lock in LOCKS),
        *(("requirements-feed.lock", extras[name]) for name in FEEDS),
        ("requirements-dev.lock", extras["dev"][1:]),
    ]
    found = {}
    for lock in LOCKS:
        text = (ROOT / lock).read_text("utf-8")
        pinned = PINNED.findall(text)
        found[lock] = {name.lower().replace("_", "-") for name, _ in pinned}
        assert len(found[lock]) == len(re.findall(r"(?m)^[A-Za-z0-9]", text))
    for lock, wanted in needs:
        assert {re.split(r"[<>=~ \[]", need)[0] for need in wanted} <= found[lock], lock
    assert extras["feed"] == [f"raingan[{','.join(FEEDS)}]"]
    assert extras["dev"][0] == "raingan[cluster,feed]"


def test_locks_agree_on_what_they_share():
    """What is tested is what is run."""
    versions = {}
    for lock in LOCKS:
        for name, version in re.findall(r"(?m)^([\w.-]+)==(\S+)", (ROOT / lock).read_text("utf-8")):
            assert versions.setdefault(name, version) == version, f"{lock}: {name}"


def test_wheel_holds_the_program_and_its_data():
    """Every package is listed, and so is every module that these import."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    only = config["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
    assert sorted(only) == sorted(CODE)
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages <= set(only)
    assert config["project"]["scripts"] == {"raingan": "commands.main:main"}


def test_data_files_lie_where_they_are_installed():
    """A loader names its files; each of them is in `profiles`."""
    data = [p for p in (ROOT / "profiles").rglob("*") if p.suffix in (".toml", ".tsv", ".txt")]
    assert {"ita-framework.toml", "vocabulary.toml", "ita-improvement.toml"} <= {
        p.name for p in data
    }
    loaders = "\n".join(p.read_text("utf-8") for p in (ROOT / "profiles").glob("*.py"))
    for path in data:
        assert path.name in loaders or path.parent.name in loaders, f"nobody reads {path.name}"


def test_code_names_no_place_of_the_seed():
    """No special case for one municipality: it may stand in examples of docstrings only."""
    found = []
    for name in CODE:
        paths = (ROOT / name).rglob("*.py") if (ROOT / name).is_dir() else [ROOT / name]
        for path in paths:
            tree = ast.parse(path.read_text("utf-8"))
            shown = {id(node.body[0].value) for node in ast.walk(tree) if has_docstring(node)}
            found += [
                f"{path.relative_to(ROOT)}:{node.lineno}"
                for node in ast.walk(tree)
                if isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and id(node) not in shown
                and any(place in node.value for place in SEED_NAMES)
            ]
    assert found == []


def has_docstring(node):
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return isinstance(node, kinds) and ast.get_docstring(node, clean=False) is not None


def test_data_names_no_place_of_the_seed():
    for path in (ROOT / "profiles").rglob("*.toml"):
        lines = path.read_text("utf-8").splitlines()
        text = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
        assert [place for place in SEED_NAMES if place in text] == [], path.name


def test_no_tracked_file_is_made_by_a_run():
    names = {path.relative_to(ROOT).parts[0] for path in tracked()}
    assert names & {"output", "dist", "build", ".venv", ".venv-dev", "__pycache__"} == set()
    assert not [p for p in tracked() if "__pycache__" in p.parts or p.suffix == ".pyc"]


def test_samples_folder_holds_no_text_that_a_run_would_take_for_a_report():
    """`./run` converts samples/ as it stands: its own notes and lists must not be documents."""
    found = {one.name for one in find_inputs([os.fspath(ROOT / "samples")]) if not one.skipped}
    assert {Path(name).parent.as_posix() for name in found} == {"."}
    assert not [name for name in found if "readme" in name.lower()]
