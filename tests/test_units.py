"""Responsible units: the cases, and what holds for every cell."""

import tomllib
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalize.units import key, read_units, unwrapped
from profiles.vocabulary import vocabulary

CASES = tomllib.loads((Path(__file__).parent / "cases/units.toml").read_text("utf-8"))["case"]
KNOWN = [unit.name for unit in vocabulary().units if "/" not in unit.name]
PIECES = [
    *("สำนักปลัด", "กองคลัง", "กองการศึกษาฯ", "กอง", "งาน", "สาธารณสุข", "และ", "สิ่งแวดล้อม", "ผู้อำนวยการ"),
    *(" ", "\n", ",", "/", "- ", "1. ", "(", ")", "นายสมชาย ใจดี", "ทุก", "ฯ", "กองคสัง", "อบต."),
]
TEXT = st.lists(st.sampled_from(PIECES), max_size=9).map("".join)


def param(case):
    marks = pytest.mark.xfail if case.get("expect") == "fail" else ()
    return pytest.param(case, id=case["label"], marks=marks)


@pytest.mark.parametrize("case", [param(case) for case in CASES])
def test_case(case):
    reading = read_units(case["raw"])
    assert list(reading.names) == case["value"]
    assert reading.certain == case["certain"]


@pytest.mark.parametrize("name", KNOWN)
def test_every_known_unit_is_itself(name):
    assert read_units(name).names == (name,)


@pytest.mark.parametrize("unit", vocabulary().units, ids=lambda unit: unit.name)
def test_every_variant_is_its_unit(unit):
    assert [read_units(variant).names for variant in unit.variants] == [(unit.name,)] * len(
        unit.variants
    )


@given(chosen=st.lists(st.sampled_from(KNOWN), max_size=5, unique=True))
def test_known_units_on_lines_are_those_units(chosen):
    assert read_units("\n".join(f"- {name}" for name in chosen)).names == tuple(chosen)


@given(text=TEXT)
def test_no_unit_is_named_twice_or_blank(text):
    found = read_units(text).names
    assert len(set(found)) == len(found)
    assert all(name.strip() for name in found)


@given(text=TEXT)
def test_the_names_read_again_are_the_same_units(text):
    found = read_units(text)
    known = tuple(unit.name for unit in found.units if unit.known)
    assert read_units(", ".join(known)).names == known


@given(text=TEXT)
def test_each_step_leads_from_the_print_to_a_name(text):
    reading = read_units(text)
    for step in reading.steps:
        assert step.before != step.after
        assert step.after in reading.names
        assert key(step.before) in key(text.replace("/", "")) or "/" in text


def test_a_correction_is_on_record():
    (step,) = read_units("กองคสัง").steps
    assert step == ("nearest", "กองคสัง", "กองคลัง")


@given(text=st.lists(st.sampled_from(PIECES), max_size=5).map("".join))
def test_unwrapping_twice_changes_nothing_more(text):
    assert unwrapped(unwrapped(text)) == unwrapped(text)


READERS = (read_units,)
LONG = [
    "จุดแข็ง ",
    "จุดแขง ",
    "1. ก ",
    "- ",
    "**",
    "คะแนน 95 ",
    "95 ",
    "9",
    "ไตรมาส 1-",
    "2569",
    "ตค 68 - ",
]
LONG += ["กอง ", "กองคสัง ", "นาย ก ", "และกองคลัง", "()", "  ", "\n", "ก"]


@pytest.mark.parametrize("piece", LONG)
def test_a_cell_of_10000_letters_is_read_within_a_second(piece):
    text = piece * (10000 // len(piece))
    begin = process_time()
    for read in READERS:
        read(text)
    assert process_time() - begin < len(READERS)
