"""The generated pages of docs/ are in step with the code; README.md names what there is."""

import ast
import html
import importlib
import pkgutil
import re
from pathlib import Path

import pytest
import typer.main
from typer.cli import get_docs_for_click

import normalize
from audit.archive import ARCHIVE_CHECKS
from audit.checks import CHECKS
from commands.main import app
from export.describe import PAGES, rule_names
from export.schema import TABLES
from normalize.periods import READER_OF
from normalize.places import _RULES as PLACE_RULES

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
WRITTEN = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.glob("*.md"))]
UNRECORDED = {"grouping_commas"}
"""A rule of `read_number`, which keeps no steps; nor is it told where a figure is read."""
MADE = "run ./test docs"


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_the_one_that_the_code_makes(page):
    assert (DOCS / f"{page}.md").read_text("utf-8") == PAGES[page](), MADE


def test_the_commands_are_those_of_the_command_line():
    command = typer.main.get_command(app)
    context = typer.Context(command)
    made = get_docs_for_click(obj=command, ctx=context, name="raingan")
    written = html.unescape((DOCS / "commands.md").read_text("utf-8"))
    assert written.strip() == made.strip(), MADE


def test_every_check_says_what_it_finds_and_what_it_spares():
    page = (DOCS / "checks.md").read_text("utf-8")
    names = re.findall(r"^## (\w+)$", page, re.MULTILINE)
    assert names == [check.__name__ for check in (*CHECKS, *ARCHIVE_CHECKS)]
    assert len(re.findall(r"^\*\*Finds:\*\* \S", page, re.MULTILINE)) == len(names)
    assert len(re.findall(r"^\*\*Spares:\*\* \S", page, re.MULTILINE)) == len(names)


def test_every_rule_stands_once():
    page = (DOCS / "rules.md").read_text("utf-8")
    assert sorted(re.findall(r"^### (\w+)$", page, re.MULTILINE)) == sorted(rule_names())


def test_every_rule_that_was_used_is_described(samples):
    used = {step.rule for result in samples.results for step in result.corrections}
    assert used - set(rule_names()) == set()


def test_the_rules_described_are_those_of_the_code():
    """Those of every ordered tuple of rules, and those named where a step is made."""
    named = {READER_OF.get(name, name) for name in rules_named_in_code()}
    named |= {rule.__name__ for rule in PLACE_RULES.values()}
    assert set(rule_names()) == rules_in_tuples() - UNRECORDED | named


def rules_in_tuples():
    modules = [
        importlib.import_module(f"normalize.{module.name}")
        for module in pkgutil.iter_modules(normalize.__path__)
    ]
    return {
        rule.__name__
        for module in modules
        for name, value in vars(module).items()
        if name.endswith("_RULES") and isinstance(value, tuple)
        for rule in value
    }


def rules_named_in_code():
    """Literals that become the rule of a step: of `Step`, `Period`, `in_year`, of a name `rule`."""
    places = {"Step": 0, "Period": 3, "in_year": 6}
    found = set()
    for path in (ROOT / "normalize").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                place = places.get(node.func.id, len(node.args))
                found |= literals(*node.args[place : place + 1])
            elif isinstance(node, ast.Assign) and "rule" in names(*node.targets):
                found |= literals(node.value)
    return found


def literals(*nodes):
    """The texts that an expression can be: of a choice both sides, not what it is chosen by."""
    found = set()
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
        elif isinstance(node, ast.IfExp):
            found |= literals(node.body, node.orelse)
        elif isinstance(node, ast.Tuple):
            found |= literals(*node.elts)
    return found


def names(*nodes):
    return {n.id for node in nodes for n in ast.walk(node) if isinstance(n, ast.Name)}


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.name)
def test_links_lead_to_files_and_headings(path):
    text = path.read_text("utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        file = path.parent / name if name else path
        assert file.exists(), target
        if anchor:
            heads = re.findall(r"^#+ (.+)$", file.read_text("utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w\- ]", "", h).lower().replace(" ", "-") for h in heads}


def test_readme_names_every_table_and_every_exit_code():
    readme = (ROOT / "README.md").read_text("utf-8")
    for table in TABLES:
        assert f"docs/output.md#{table.name}" in readme
    codes = re.search(r"Exit codes(.+?)\n\n", readme, re.DOTALL)[1]
    assert set(re.findall(r"`(\d+)`", codes)) >= {"0", "1", "2", "3", "4", "5", "6", "8", "130"}


def test_the_picture_is_small():
    for picture in (DOCS / "images").iterdir():
        assert picture.suffix == ".png"
        assert picture.stat().st_size < 300_000


def test_the_house_is_drawn_with_every_module():
    page = (DOCS / "architecture.md").read_text("utf-8")
    house = page.partition("## The house")[2].partition("\n## ")[0]
    for layer in ("extract", "profiles", "normalize", "audit", "export"):
        part = re.search(rf"^    {layer}/ .*?(?=^    \S)", house, re.MULTILINE | re.DOTALL)[0]
        drawn = set(re.findall(r"\w+\.py", part))
        there = {path.name for path in (ROOT / layer).glob("*.py")} - {"__init__.py"}
        assert drawn == there, layer
