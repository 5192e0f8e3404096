"""A known inconsistency put into a clean report yields its finding, and no other.

The reports are those of samples/make, each another agency, layout, year and dump.
"""

import random
import sys
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from audit.checks import CHECKS, audit
from extract.dump import read_dump
from normalize.report import normalize
from profiles.report import profiles

MAKE = Path(__file__).parent.parent / "samples" / "make"
sys.path.insert(0, str(MAKE))
import dumps  # noqa: E402
import report as maker  # noqa: E402

KINDS = ("tsv", "markdown", "html")
SUFFIX = {"tsv": ".txt", "markdown": ".md", "html": ".html"}
FAULTS = (*maker.FAULTS_ANY, *maker.FAULTS_SECTIONS, *maker.FAULTS_DUMP)
PLACES = ("agency-conflict", "look-alike")
"""Faults that put another agency's name on pages: it may be told from both sides."""


def draw(seed: int, kind: str, faults: list[str]):
    return maker.draw_report(random.Random(seed), kind, faults=faults, clean=True)


def found_in(seed: int, kind: str, faults: list[str]):
    """The report with these faults, and the findings on its dump."""
    rng = random.Random(seed)
    made = maker.draw_report(rng, kind, faults=faults, clean=True)
    text, _ = dumps.to_dump(made, rng)
    name = f"a{SUFFIX[kind]}"
    return made, audit(normalize(name, tuple(read_dump(name, text)), profiles()))


def said(findings):
    """Check and code of each finding, a code of several as several."""
    return {
        (finding.check.replace("_", "-"), code)
        for finding in findings
        for code in (finding.code or "").split(";")
    }


def is_tolerated(made, check: str, code: str) -> bool:
    return any(
        each["check"] == check and (code in each.get("codes", [code]))
        for each in (*made.tolerated, {"check": "page-without-table"})
    )


@pytest.mark.parametrize("fault", FAULTS)
@settings(max_examples=5, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10_000), kind=st.sampled_from(KINDS))
@example(seed=7, kind="tsv")
@example(seed=8, kind="html")
def test_an_injected_fault_is_found_and_nothing_else(fault, seed, kind):
    seed = next(s for s in range(seed, seed + 100) if draw(s, kind, [fault]).findings)
    made, findings = found_in(seed, kind, [fault])
    expected = {(note["check"], note["code"] or "") for note in made.findings}
    checks = {check for check, code in expected if not code}
    found = said(findings)
    for check, code in expected:
        assert any(check == c and (not code or code == k) for c, k in found), (check, code)
    for check, code in found - expected:
        assert check in checks or is_tolerated(made, check, code), (check, code)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10_000), kind=st.sampled_from(KINDS))
def test_a_clean_report_has_nothing_to_find(seed, kind):
    made, findings = found_in(seed, kind, [])
    left = [f for f in findings if not is_tolerated(made, f.check.replace("_", "-"), f.code or "")]
    assert left == []


def test_every_check_within_a_page_is_injected():
    """The others are of pictures, decisions, pages without a table, and items of other kinds."""
    injected = {"look-alike": "agency-unknown", "misread-twice": "code-conflict"}
    names = {injected.get(fault, fault).replace("-", "_") for fault in FAULTS}
    others = {"low_confidence", "page_unreadable", "page_without_table", "stale_decision"}
    others |= {"sum_mismatch", "number_unread", "item_gap"}
    assert names | others == {check.__name__ for check in CHECKS}
