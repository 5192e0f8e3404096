"""References are OIT codes where the text says so, and never a number that merely begins with 0."""

import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normalize.references import REFERENCE_RULES, read_references
from normalize.trace import apply
from profiles.framework import framework_for

CASES = tomllib.loads((Path(__file__).parent / "cases" / "references.toml").read_text("utf-8"))
YEAR = framework_for(2568)
ARABIC = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")
THAI = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")


def cases():
    for case in CASES["case"]:
        failing = pytest.mark.xfail(strict=True) if case.get("expect") == "fail" else ()
        yield pytest.param(case, id=case["label"], marks=failing)


@pytest.mark.parametrize("case", list(cases()))
def test_reference(case):
    framework = framework_for(case.get("year", 2568))
    value, _ = apply(REFERENCE_RULES, case["raw"])
    assert value == case["value"]
    for text in (case["raw"], value, case["raw"].translate(ARABIC), value.translate(ARABIC)):
        found = read_references(text, framework, only_cited=case.get("cited", False))
        assert list(found.known) == case["known"]
        assert list(found.unknown) == case.get("unknown", [])


PIECES = [
    *("(อ้างอิงจาก ", "อ้าง", "อิง", "ข้อ ", "OIT ", "รายการ", "ข้อมูล", "๐๑๒", "O๑", "o26", "0 25"),
    *(" และ ", ", ", "-", " ถึง ", ")", "\n", " ", "๙.๑", "๐.๕", "2569", "โทร 043-123", "CO2"),
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


@pytest.mark.parametrize("rule", REFERENCE_RULES, ids=lambda rule: rule.__name__)
@settings(deadline=None)
@given(text=TEXTS)
def test_rules_are_idempotent(rule, text):
    once = rule(text)
    assert rule(once) == once


@settings(deadline=None)
@given(TEXTS)
def test_rules_together_are_idempotent_and_change_only_codes(text):
    value, steps = apply(REFERENCE_RULES, text)
    again, _ = apply(REFERENCE_RULES, value)
    assert again == value
    assert [step.before for step in steps[1:]] == [step.after for step in steps[:-1]]
    kept = str.maketrans("", "", "oO0๐ \n")
    assert value.translate(ARABIC).translate(kept) == text.translate(ARABIC).translate(kept)


@settings(deadline=None)
@given(TEXTS)
def test_digits_may_be_arabic_before_or_after(text):
    before, _ = apply(REFERENCE_RULES, text.translate(ARABIC))
    after = apply(REFERENCE_RULES, text)[0].translate(ARABIC)
    assert before == after


@settings(deadline=None)
@given(TEXTS)
def test_the_value_refers_to_what_the_print_does(text):
    framework = framework_for(2568)
    value, _ = apply(REFERENCE_RULES, text)
    assert set(read_references(text, framework).known) <= set(
        read_references(value, framework).known
    )


FORMS = ["(อ้างอิงจาก 0{})", "อ้างอิง o{} ต่อไป", "(อ้างอิงจาก O{} ,O{})", "อ้าง อิงจาก ข้อ 0{}"]


@settings(deadline=None)
@given(st.sampled_from(FORMS), st.integers(1, 28), st.booleans())
def test_every_item_is_found_in_every_form(form, number, thai):
    text = form.format(number, number)
    text = text.translate(THAI) if thai else text
    assert read_references(text, framework_for(2568)) == ((f"o{number}",), ())


PIECES = [
    "อ้างอิงจาก",
    " ",
    "o๑๒",
    "O8",
    "๐๑๐",
    "0๑-0๒๖",
    " - ",
    "ถึง",
    ",",
    "/",
    "(",
    ")",
    "ข้อ",
    "OIT",
    "99",
    "CO2",
]


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join), st.booleans())
def test_any_text_gives_codes_once_and_keeps_its_letters(raw, only_cited):
    found = read_references(raw, YEAR, only_cited)
    codes = (*found.known, *found.unknown)
    assert len(codes) == len(set(codes))
    assert all(re.fullmatch(r"o[1-9]\d?", code) for code in codes)
    assert all(YEAR.has(code) is not False for code in found.known)
    written, _ = apply(REFERENCE_RULES, raw)
    thai = re.compile(r"[ก-ฮะ-๎]+")
    assert thai.findall(written) == thai.findall(raw)
    assert apply(REFERENCE_RULES, written)[0] == written
