"""Scores: the cases, and what holds for every text."""

import tomllib
from decimal import Decimal
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalize.scores import read_score

CASES = tomllib.loads((Path(__file__).parent / "cases/scores.toml").read_text("utf-8"))["case"]
PIECES = [
    *(
        "คะแนน",
        "การประเมิน ",
        "ได้ ",
        "ระดับ ",
        "ร้อยละ ",
        "เกณฑ์ ",
        "เต็ม ",
        "จาก ",
        "ปี ",
        "ข้อ ",
        "เพิ่มขึ้น ",
    ),
    *("๘๓", "95", "132", "2567", ".", ",", "๕๗", " ", "\n", "-", "(", ")", "i3 ", "o10", "หน่วยงาน"),
]
TEXT = st.lists(st.sampled_from(PIECES), max_size=10).map("".join)


def param(case):
    marks = pytest.mark.xfail if case.get("expect") == "fail" else ()
    return pytest.param(case, id=case["label"], marks=marks)


@pytest.mark.parametrize("case", [param(case) for case in CASES])
def test_case(case):
    reading = read_score(
        {case.get("field", "result"): case["raw"]}, case.get("assessed"), case.get("code")
    )
    value = case.get("value")
    assert (reading.value, reading.reason) == (value and Decimal(value), case["reason"])
    assert reading.doubtful == case.get("doubtful", reading.doubtful)


def test_the_score_may_stand_in_any_text_of_the_row():
    reading = read_score({"analysis": "คะแนนใน\nระดับ ๙๕ คะแนน", "result": "จุดแข็ง: มีระบบ"})
    assert (reading.value, [m.field for m in reading.mentions]) == (Decimal(95), ["analysis"])


def test_one_score_twice_is_one_score():
    reading = read_score({"analysis": "ได้คะแนน ๙๕", "result": "คะแนนการประเมิน 95.00"})
    assert reading.value == 95


def test_two_scores_are_a_conflict_and_both_are_kept():
    reading = read_score({"analysis": "ได้คะแนน ๙๕", "result": "ได้คะแนน ๘๐"})
    assert (reading.value, reading.reason, reading.doubtful) == (None, "conflict", True)
    assert [m.value for m in reading.mentions] == [95, 80]


def test_a_score_above_100_is_kept_but_is_no_value():
    reading = read_score({"result": "คะแนนการประเมิน 132"})
    assert (reading.value, reading.doubtful) == (None, True)
    assert [(m.value, m.reason) for m in reading.mentions] == [(132, "out_of_range")]


@given(text=TEXT)
def test_a_score_is_a_printed_number_from_0_to_100(text):
    reading = read_score({"result": text})
    if reading.value is not None:
        assert 0 <= reading.value <= 100
        assert reading.reason == "stated"
        assert reading.steps[0].after == str(reading.value)


@given(text=TEXT)
def test_no_score_without_the_word(text):
    assert read_score({"result": text.replace("คะแนน", "")}).mentions == ()


@given(case=st.sampled_from(CASES))
def test_thai_or_arabic_digits_are_one_score(case):
    thai = case["raw"].translate(str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙"))
    assert read_score({"r": thai}).value == read_score({"r": case["raw"]}).value


READERS = (lambda text: read_score({"analysis": "คะแนน " + text}, 2568, "i1"),)
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
