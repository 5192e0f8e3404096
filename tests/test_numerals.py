"""Numbers as they are printed: the cases, and what every rule owes its readers."""

import doctest
import tomllib
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalize.numerals import NUMBER_RULES, close_up, read_number, thai_digits
from normalize.trace import apply

CASES = tomllib.loads((Path(__file__).parent / "cases/numerals.toml").read_text("utf-8"))["case"]
PIECES = ["๑", "๒๓๔", "0", "567", ",", ".", "-", " ", "\n", "o", "O", "%", "คะแนน", "ข้อ ", "o10"]
TEXT = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)
every_rule = pytest.mark.parametrize("rule", NUMBER_RULES, ids=lambda rule: rule.__name__)


def param(case):
    marks = pytest.mark.xfail if case.get("expect") == "fail" else ()
    return pytest.param(case["raw"], case.get("value"), id=case["label"], marks=marks)


@pytest.mark.parametrize(("raw", "value"), [param(case) for case in CASES])
def test_case(raw, value):
    assert read_number(raw) == (value and Decimal(value))


@every_rule
@given(raw=TEXT)
def test_a_rule_run_twice_changes_nothing_more(rule, raw):
    assert rule(rule(raw)) == rule(raw)


@given(raw=TEXT)
def test_the_trace_leads_from_the_raw_text_to_the_value(raw):
    text, steps = apply(NUMBER_RULES, raw.strip())
    before = raw.strip()
    for step in steps:
        assert step.before == before
        before = step.after
    assert before == text
    number = read_number(raw)
    assert number is None or number == Decimal(text)


@every_rule
def test_a_rule_shows_what_it_changes_and_what_it_leaves(rule):
    examples = doctest.DocTestParser().get_examples(rule.__doc__)
    left_alone = [e for e in examples if eval(e.want) in e.source]
    assert 0 < len(left_alone) < len(examples)


@given(raw=TEXT)
def test_closing_up_keeps_numbers_apart(raw):
    closed = close_up(raw)
    assert close_up(closed) == closed
    assert "".join(closed.split()) == "".join(raw.split())
    assert all(run in raw for run in closed.split() if run.isdigit())


@given(raw=TEXT)
def test_thai_digits_change_nothing_but_digits(raw):
    changed = thai_digits(raw)
    assert len(changed) == len(raw)
    assert all(
        a == b or (a.isdigit() and int(a) == int(b)) for a, b in zip(raw, changed, strict=True)
    )
