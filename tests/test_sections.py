"""Headings and lists inside cells: the cases, and what holds for every text."""

import tomllib
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalize.sections import list_lines, split_result, step_numbers
from profiles.vocabulary import vocabulary

FILE = tomllib.loads((Path(__file__).parent / "cases/sections.toml").read_text("utf-8"))
PIECES = [
    *(
        "จุดแข็ง",
        "จุดที่ต้องพัฒนา",
        "ที่ควรพัฒนา",
        "จดแข็ง",
        ":",
        " ",
        "\n",
        "<b>",
        "</b>",
        "**",
        "- ",
        "-",
        "– ",
    ),
    *(
        "๑.",
        "2. ",
        "3) ",
        "(4) ",
        "1.",
        "• ",
        "2.5",
        "ข้อ ",
        "มี",
        "ของ",
        "ระบบ",
        "E-Service",
        "(OIT)",
        "พ.ศ. ",
    ),
]
TEXT = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


def param(case):
    marks = pytest.mark.xfail if case.get("expect") == "fail" else ()
    return pytest.param(case, id=case["label"], marks=marks)


@pytest.mark.parametrize("case", [param(case) for case in FILE["case"]])
def test_case(case):
    parts = split_result(case["raw"])
    assert (parts.strengths, parts.weaknesses, parts.certain) == (
        case.get("strengths"),
        case.get("weaknesses"),
        case["certain"],
    )


@pytest.mark.parametrize("case", [param(case) for case in FILE["list"]])
def test_list(case):
    assert list_lines(case["raw"]) == case["value"]
    assert list(step_numbers(case["raw"])) == case["numbers"]


@pytest.mark.parametrize("heading", vocabulary().headings, ids=lambda heading: heading.kind)
def test_every_spelling_is_its_heading(heading):
    for spelling in heading.spellings:
        parts = split_result(f"{spelling}: ก")
        assert (parts.strengths, parts.weaknesses, parts.certain) == (
            ("ก", None, True) if heading.kind == "strengths" else (None, "ก", True)
        )


@given(text=TEXT)
def test_lists_change_nothing_but_white_space(text):
    assert "".join(list_lines(text).split()) == "".join(text.split())


@given(text=TEXT)
def test_lists_run_twice_change_nothing_more(text):
    assert list_lines(list_lines(text)) == list_lines(text)


@given(text=TEXT)
def test_parts_are_printed_text(text):
    parts = split_result(text)
    kept = "".join(text.split()).replace("*", "").replace("<b>", "").replace("</b>", "")
    for part in (parts.strengths, parts.weaknesses):
        for line in (part or "").split("\n"):
            assert "".join(line.split()).replace("*", "") in kept


READERS = (list_lines, split_result, step_numbers)
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
