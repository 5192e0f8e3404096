"""The frameworks are data: every fact has a source and a status, and nobody reads a stray key."""

import tomllib
from importlib.resources import files

import pytest

from profiles import framework as module
from profiles.framework import FILE, framework_for, framework_years, split_code

DATA = tomllib.loads((files("profiles") / FILE).read_text("utf-8"))
NAMES = [
    *("การปฏิบัติหน้าที่", "การใช้งบประมาณ", "การใช้อำนาจ", "การใช้ทรัพย์สินของราชการ"),
    *("การแก้ไขปัญหาการทุจริต", "คุณภาพการดำเนินงาน", "ประสิทธิภาพการสื่อสาร"),
    *("การปรับปรุงการทำงาน", "การเปิดเผยข้อมูล", "การป้องกันการทุจริต"),
]


@pytest.mark.parametrize("year", [2560, 2566, 2567, 2568, 2569, 2575])
def test_the_ten_indicators_of_every_year(year):
    framework = framework_for(year)
    assert [i.no for i in framework.indicators] == list(range(1, 11))
    assert [i.name for i in framework.indicators] == NAMES
    assert [i.instrument for i in framework.indicators] == ["IIT"] * 5 + ["EIT"] * 3 + ["OIT"] * 2
    assert framework.score_range == (0, 100)


def test_a_year_without_its_own_uses_the_nearest_earlier_one():
    assert framework_years() == (2566, 2567, 2568, 2569)
    assert framework_for(2572) is framework_for(2569)
    assert framework_for(2500) is framework_for(2566)


@pytest.mark.parametrize(
    ("year", "has", "perhaps", "lacks"),
    [
        (2566, ["i30", "e15", "o43"], [], ["i31", "e16", "o44", "x1", "o0", "i01"]),
        (2567, ["i15", "o35"], ["o36", "o43"], ["o44", "o70"]),
        (2568, ["i1", "i15", "e9", "o28"], [], ["i16", "e10", "o29"]),
        (2569, ["i15", "e9", "o26"], [], ["o27", "i16"]),
    ],
)
def test_codes_of_a_year(year, has, perhaps, lacks):
    framework = framework_for(year)
    assert [framework.has(code) for code in has] == [True] * len(has)
    assert [framework.has(code) for code in perhaps] == [None] * len(perhaps)
    assert [framework.has(code) for code in lacks] == [False] * len(lacks)


def test_each_indicator_owns_three_codes():
    framework = framework_for(2568)
    numbers = {"i": range(1, 16), "e": range(1, 10)}
    for letter, all_numbers in numbers.items():
        owners = [framework.owner(f"{letter}{n}") for n in all_numbers]
        first = 1 if letter == "i" else 6
        assert owners == [first + (n - 1) // 3 for n in all_numbers]
        for n, owner in zip(all_numbers, owners, strict=True):
            assert [i for i in range(1, 11) if framework.owns(i, f"{letter}{n}")] == [owner]


def test_what_is_not_verified_never_excludes():
    assert framework_for(2568).owns(3, "i6") is False
    assert framework_for(2567).owns(3, "i6") is None
    assert framework_for(2567).owns(2, "i6") is True
    assert framework_for(2566).owns(3, "i6") is None
    assert framework_for(2568).owns(9, "o25") is None
    assert framework_for(2566).owns(3, "e6") is False


def test_wording_is_borrowed_for_questions_but_not_for_items():
    borrowed = framework_for(2567).question("i6")
    assert (borrowed.year, borrowed.text) == (2568, framework_for(2568).question("i6").text)
    assert framework_for(2567).question("o25") is None
    assert framework_for(2569).question("o25").text == "การนำผลการประเมิน ITA ไปสู่การพัฒนาองค์กร"
    assert framework_for(2568).question("o25").text == "แผนปฏิบัติการป้องกันการทุจริต"


def test_every_fact_has_a_source_and_a_status():
    facts = [*DATA["instruments"].values(), *DATA["indicators"]]
    stated = []
    for year in DATA["years"].values():
        stated += [*year["codes"].values(), *year["questions"]]
        stated += [year["owners"]] if "owners" in year else []
    facts += stated
    assert {fact["source"] for fact in facts} <= set(DATA["sources"])
    known = {"source", "seed", "inferred", "unverified", "unknown"}
    assert {fact["status"] for fact in stated} <= known
    for fact in stated:
        if "code" in fact:
            assert bool(fact.get("text")) or fact["status"] in ("unknown", "inferred")


def test_every_code_of_a_year_stands_once_and_in_its_range():
    for year in framework_years():
        framework = framework_for(year)
        codes = [q["code"] for q in DATA["years"][str(year)]["questions"]]
        assert len(codes) == len(set(codes))
        assert all(framework.has(code) for code in codes)
        ordered = [split_code(question.code) for question in framework.questions]
        assert ordered == sorted(ordered)


def test_an_unknown_key_is_an_error():
    with pytest.raises(ValueError, match=r"2568: unknown key 'qestions'"):
        module._check({"qestions": []}, "year", "2568")
