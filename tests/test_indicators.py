"""An indicator is read from its number and its name; a piece of a name settles nothing."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normalize.indicators import read_indicator
from profiles.framework import framework_for

CASES = tomllib.loads((Path(__file__).parent / "cases" / "indicators.toml").read_text("utf-8"))
YEAR = framework_for(2568)
NAMED = [(i.no, name) for i in YEAR.indicators for name in (i.name, *i.variants)]
THAI = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")


@pytest.mark.parametrize("case", CASES["case"], ids=lambda case: case["label"])
def test_indicator(case):
    reading = read_indicator(case["raw"], YEAR)
    number = case.get("number")
    assert (reading.number, reading.how) == (number, case["how"])
    assert reading.name == (YEAR.indicator(number).name if number else None)
    assert reading.conflict == ("named" in case)
    if "named" in case:
        assert reading.named == case["named"]
        assert reading.confidence == 0.5
    assert list(reading.candidates) == case.get("candidates", [])


def test_both_readings_of_a_conflict_are_kept():
    reading = read_indicator("๒.การอำนาจ", YEAR)
    assert (reading.printed_number, reading.printed_name, reading.named) == (2, "การอำนาจ", 3)


@settings(deadline=None)
@given(
    st.sampled_from(NAMED),
    st.sampled_from(["{}.{}", "{}. {}", "{}) {}", "ตัวชี้วัดที่ {} {}", "{} {}", "ตัวชี้วัดที่{}\n{}"]),
    st.booleans(),
    st.lists(st.integers(1, 20), max_size=2),
)
def test_every_name_is_read_in_every_form(named, form, thai, wraps):
    number, name = named
    for place in wraps:
        name = name[:place] + " " + name[place:]
    raw = form.format(number, name)
    reading = read_indicator(raw.translate(THAI) if thai else raw, YEAR)
    assert (reading.number, reading.how, reading.conflict) == (number, "both", False)


@settings(deadline=None)
@given(st.sampled_from(NAMED), st.integers(1, 10))
def test_a_foreign_number_is_always_a_conflict(named, number):
    reading = read_indicator(f"{number}. {named[1]}", YEAR)
    assert (reading.number, reading.named) == (number, named[0])
    assert reading.conflict == (number != named[0])


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(["การ", "ใช้", "หน้าที่", "ข้อมูล", "๒", ".", " ", "ที่", "งาน"]), max_size=6)
)
def test_nothing_is_settled_without_number_or_name(pieces):
    reading = read_indicator("".join(pieces), YEAR)
    assert (reading.number is None) == (reading.how in ("fragment", "unknown"))
    assert (reading.confidence == 0) == (reading.number is None)


PIECES = [
    "ตัวชี้วัดที่",
    " ",
    "๑",
    "10",
    "9.1",
    ".",
    ")",
    "(",
    "\n",
    "การใช้อำนาจ",
    "การ",
    "ทุจริต",
    "IIT",
    "๐",
]


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_any_cell_gives_a_reading_of_what_is_printed(raw):
    reading = read_indicator(raw, YEAR)
    assert reading.number is None or 1 <= reading.number <= 10
    assert (reading.name is None) == (reading.number is None)
    assert 0 <= reading.confidence <= 1
    assert "".join((reading.printed_name or "").split()) in "".join(raw.split())
    names = {indicator.no for indicator in YEAR.indicators}
    assert {*reading.candidates, *filter(None, [reading.named])} <= names
