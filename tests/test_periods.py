"""Timeframes to dates: the cases, and what holds for every text."""

import tomllib
from datetime import date
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalize.periods import fiscal_year_of, outside, quarter, read_period

CASES = tomllib.loads((Path(__file__).parent / "cases/periods.toml").read_text("utf-8"))["case"]
PIECES = [
    *(
        "ตลอด",
        "ปี",
        "ปีงบประมาณ ",
        "พ.ศ.",
        "๒๕๖๙",
        "2568",
        "2024",
        "256",
        "ไตรมาส ",
        "ที่ ",
        "๑",
        "4",
        "7",
    ),
    *(
        "-",
        " – ",
        "ถึง",
        "และ",
        "ต่อเนื่อง",
        "ตุลาคม ",
        "ก.พ. ",
        "มี.ค.",
        "31 ",
        "ตค",
        "กย ",
        "68",
        "FY",
        "May",
        "1/10/2567",
        "๖๗",
        "ภายใน",
    ),
    *(" ", "\n", "(", ")", "รายงาน", "ทุก ๖ เดือน", "6 เดือนแรก", "เป็นต้นไป", "ก่อน", "หน่วยงาน"),
]
TEXT = st.lists(st.sampled_from(PIECES), max_size=9).map("".join)
YEARS = st.one_of(st.none(), st.integers(2560, 2575))


def param(case):
    marks = pytest.mark.xfail if case.get("expect") == "fail" else ()
    return pytest.param(case, id=case["label"], marks=marks)


def told(period):
    """A period as a case writes it."""
    if period is None:
        return {}
    dates = {"start": period.start, "end": period.end}
    dates = {name: str(day) for name, day in dates.items() if day}
    return dates | {"rule": period.rule, "certain": period.certain}


@pytest.mark.parametrize("case", [param(case) for case in CASES])
def test_case(case):
    expected = {k: v for k, v in case.items() if k in ("start", "end", "rule", "certain")}
    assert told(read_period(case["raw"], 2569)) == expected


@pytest.mark.parametrize(
    ("raw", "years"),
    [
        ("ไตรมาสที่ 2 ปีงบประมาณ 2565", (2565,)),
        ("ตุลาคม 2567 - กันยายน 2568", (2567, 2568)),
        ("1 มกราคม 2025", (2568,)),
        ("ไตรมาส ๑-๒", ()),
    ],
)
def test_the_years_that_a_text_names_are_told(raw, years):
    assert read_period(raw, 2569).years == years


def test_without_a_year_anywhere_there_are_no_dates():
    period = read_period("ไตรมาส ๑-๒", None)
    assert (period.start, period.end, period.rule, period.certain) == (None, None, "no_year", False)


def test_the_step_leads_from_the_print_to_the_dates():
    (step,) = read_period("ตลอด\nปีงบประมาณ ๒๕๖๙", 2569).steps
    assert step == ("whole_years", "ตลอด\nปีงบประมาณ ๒๕๖๙", "2025-10-01/2026-09-30")


@given(text=TEXT, year=YEARS)
def test_no_period_ends_before_it_starts(text, year):
    period = read_period(text, year)
    if period and period.start and period.end:
        assert period.start <= period.end
        assert date(1990, 1, 1) < period.start < date(2070, 1, 1)


@given(text=TEXT, year=YEARS)
def test_what_is_certain_has_both_dates(text, year):
    period = read_period(text, year)
    assert not period or not period.certain or (period.start and period.end)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("ต.ค. - ธ.ค. 2569", True),
        ("ต.ค. 2568 - ก.ย. 2569", False),
        ("ต.ค. 2567 - ก.ย. 2569", True),
        ("ภายใน 31 ธ.ค. 2569", True),
        ("ตั้งแต่ ต.ค. 2568 เป็นต้นไป", False),
        ("ตลอดปีงบประมาณ 2568", True),
        ("ทุกเดือน", False),
        ("ไตรมาส 5", False),
    ],
)
def test_a_period_outside_of_the_year_is_told(raw, expected):
    assert outside(read_period(raw, 2569), 2569) == expected


def test_nothing_lies_outside_of_no_year():
    assert not outside(read_period("ต.ค. 2567", None), None)


@given(year=st.integers(2541, 2599), first=st.integers(1, 4), count=st.integers(0, 3))
def test_quarters_lie_in_their_fiscal_year(year, first, count):
    start, end = quarter(year, first, min(4, first + count))
    assert fiscal_year_of(start) == fiscal_year_of(end) == year


@given(case=st.sampled_from(CASES), gap=st.sampled_from([" ", "\n", "  "]))
def test_other_white_space_is_no_other_period(case, gap):
    again = gap.join(case["raw"].split())
    before, after = read_period(case["raw"], 2569), read_period(again, 2569)
    assert told(before) == told(after)


READERS = (lambda text: read_period(text, 2569),)
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
