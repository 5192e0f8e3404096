"""What was read leads to what is published, by named steps on record, without a gap."""

import ast
import csv
from collections import defaultdict
from pathlib import Path

import pytest

from bench.score import read_out

ROOT = Path(__file__).parent.parent
LAYERS = ("extract", "profiles", "normalize", "audit", "export")


@pytest.fixture(scope="module")
def steps(samples):
    """The corrections of each cell in order, by document, page, row and column."""
    found = defaultdict(list)
    for result in samples.results:
        for step in result.corrections:
            if step.column is not None:
                found[step.document, step.page, step.row, step.column].append(step)
    return found


def cells_of(samples):
    return [cell for result in samples.results for cell in result.cells]


def test_steps_lead_from_the_raw_text_to_the_value(samples, steps):
    broken = []
    for cell in cells_of(samples):
        text = cell.raw
        for step in steps.get((cell.document, cell.page, cell.row, cell.column), ()):
            if step.before != text or step.after == step.before or step.field != cell.field:
                broken.append((cell, step))
                break
            text = step.after
        else:
            if text != cell.value:
                broken.append((cell, text))
    assert broken == []


def test_every_step_is_of_a_cell_that_there_is(samples, steps):
    places = {(c.document, c.page, c.row, c.column) for c in cells_of(samples)}
    assert set(steps) <= places
    assert len(places) == len(cells_of(samples))
    assert len(steps) > 200


def test_published_files_hold_the_chain_too(samples):
    """As a reader of the CSV follows it, empty cells and the guard against formulas included."""
    _, _, cells, _ = read_out(samples.out)
    corrections = read_csv(samples.out / "corrections.csv")
    assert len(cells) == len(cells_of(samples))
    assert len(corrections) > 200
    at = defaultdict(list)
    for line in corrections:
        if line["column"]:
            at[line["document"], line["page"], line["row"], line["column"]].append(line)
    for cell in cells:
        text = cell["raw"]
        for line in at[cell["document"], cell["page"], cell["row"], cell["column"]]:
            assert line["before"] == text
            text = line["after"]
        assert text == cell["value"]


def read_csv(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def functions():
    """The names of all functions of the code base."""
    return {
        node.name
        for layer in LAYERS
        for path in (ROOT / layer).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef)
    }


def test_every_rule_is_the_name_of_a_function(samples):
    used = {step.rule for result in samples.results for step in result.corrections}
    assert used - functions() - {"decision"} == set()
    assert {"thai_digits", "read_score"} <= used


def test_no_value_changes_without_a_step(samples, steps):
    changed = {(c.document, c.page, c.row, c.column) for c in cells_of(samples) if c.raw != c.value}
    assert changed - set(steps) == set()


def test_a_row_that_bears_a_code_read_otherwise_says_by_which_rule(samples):
    """The code of each finding of code_misread has a correction that ends in it."""
    for result in samples.results:
        ends = {c.after for c in result.corrections if c.field == "code"}
        misread = [f.suggestion for f in result.findings if f.check == "code_misread"]
        assert set(misread) <= ends
