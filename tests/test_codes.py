"""Codes are read from print, indicator and wording together; what is not certain is not guessed."""

import re
import time
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normalize.codes import (
    OIT_CODE_RULES,
    code_from_wording,
    read_code,
    split_analysis,
    split_questions,
    wording_ratio,
    wording_skeleton,
)
from profiles.framework import framework_for

CASES = tomllib.loads((Path(__file__).parent / "cases" / "codes.toml").read_text("utf-8"))
YEAR = framework_for(2568)
CODES = [question.code for question in YEAR.questions]


def cases(kind):
    for case in CASES[kind]:
        failing = pytest.mark.xfail(strict=True) if case.get("expect") == "fail" else ()
        yield pytest.param(case, id=case["label"], marks=failing)


@pytest.mark.parametrize("case", list(cases("question")))
def test_question_cell(case):
    framework = framework_for(case.get("year", 2568))
    parts = split_questions(case["raw"], framework)
    no = case.get("indicator")
    readings = [read_code(p.printed, p.text, no, framework, p.shared) for p in parts]
    found = [[r.code or "", r.how, p.text] for r, p in zip(readings, parts, strict=True)]
    assert found == case["parts"]
    assert list(readings[0].disagrees) == case.get("disagrees", [])
    if "lead" in case:
        assert [part.lead for part in parts] == case["lead"]


@pytest.mark.parametrize("case", list(cases("analysis")))
def test_analysis_cell(case):
    found = split_analysis(case["raw"], case["codes"])
    assert list(found) == case["codes"]
    assert [value or "" for value in found.values()] == case["value"]


def test_trace_joins_print_to_code():
    for case in CASES["question"]:
        framework = framework_for(case.get("year", 2568))
        for part in split_questions(case["raw"], framework):
            reading = read_code(part.printed, part.text, case.get("indicator"), framework)
            text = part.printed or ""
            for step in reading.steps:
                assert step.before == text
                text = step.after
            assert reading.code in (None, text)


def test_sure_only_where_print_and_year_agree():
    assert read_code("i6", "", 2, YEAR).confidence == 1
    assert read_code("o25", "แผนป้องกันการทุจริต", 10, YEAR).confidence == 1
    misread = read_code("๖๖", YEAR.question("i6").text, 2, YEAR)
    assert (misread.confidence, misread.candidates) == (0.95, ("i6",))
    assert read_code(None, YEAR.question("e4").text, 7, YEAR).confidence == 0.85
    assert read_code("๑๘", "ถ้อยคำอื่นของปีนั้น", 3, YEAR).confidence == 0.75


def test_unknown_keeps_its_candidates():
    reading = read_code("๑๑", "ถ้อยคำอื่นของปีนั้น", 6, framework_for(2566))
    assert (reading.code, reading.how, reading.candidates) == (None, "unknown", ("e1", "e11"))


def test_every_official_wording_is_read_back():
    for year in (2568, 2569):
        framework = framework_for(year)
        for question in framework.questions:
            if len(wording_skeleton(question.text)) >= 8:
                assert code_from_wording(question.text, framework) == (question.code, 100.0)
                assert wording_ratio(question.code, question.text, framework) == 100


def test_official_wordings_bear_out_their_own_code():
    for question in YEAR.questions:
        reading = read_code(question.code, question.text, question.indicator, YEAR)
        assert (reading.code, reading.how, reading.disagrees) == (question.code, "printed", ())


@pytest.mark.parametrize("rule", OIT_CODE_RULES, ids=lambda rule: rule.__name__)
@settings(deadline=None)
@given(
    text=st.lists(
        st.sampled_from(["i", "E", "Ｏ", "О", "0", "๐", "๑", "25", " ", "(", ".", "ข้อ"]), max_size=5
    )
)
def test_rules_are_idempotent(rule, text):
    once = rule("".join(text))
    assert rule(once) == once


PRINTS = {"i": ["i{}", "I{}", "i {}", "(i{})", "ข้อ i{}"], "e": ["e{}", "E {}.", "๑) e{}"]}
PRINTS["o"] = ["o{}", "O{}", "๐{}", "๐ {}", "ข้อ 0{}"]
THAI = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")
ARABIC = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")


@settings(deadline=None)
@given(
    code=st.sampled_from(CODES),
    form=st.integers(0, 4),
    thai=st.booleans(),
    asked=st.sampled_from(["คำถามใดก็ได้", "หน่วยงานของท่านมีการดำเนินการ มากน้อยเพียงใด"]),
)
def test_any_way_to_print_a_code_is_read(code, form, thai, asked):
    forms = PRINTS[code[0]]
    number = code[1:].translate(THAI) if thai else code[1:]
    raw = f"{forms[form % len(forms)].format(number)} {asked}"
    (part,) = split_questions(raw, YEAR)
    reading = read_code(part.printed, part.text, YEAR.question(code).indicator, YEAR)
    assert (reading.code, reading.how, part.text) == (code, "printed", asked)


PIECES = [
    "i๑",
    "e๗ ",
    "๐๒",
    " ๖๖ ",
    "ข้อ ",
    "\n",
    "ประเด็น",
    "หน่วยงานมีการปรับปรุง",
    " ๒) ",
    "(อ้างอิงจาก ",
    "ข้อมูลพื้นฐาน",
    " มากน้อยเพียงใด ",
    "9.1 ",
    ", ",
    " - ",
    "/",
    " และ ",
    "ถึง",
    "IIT ",
    "8",
    "(",
    ")",
]


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=16).map("".join))
def test_no_letter_of_a_cell_is_lost_or_made_up(raw):
    letters = "".join(raw.split())
    parts = split_questions(raw, YEAR)
    for part in parts:
        for text in (part.lead, part.text):
            assert "".join(text.split()) in letters
        assert part.shared or "".join((part.printed or "").split()) in letters
    kept = "".join(part.lead + part.text for part in parts)
    for word in ("หน่วยงานมีการปรับปรุง", "ข้อมูลพื้นฐาน", "มากน้อยเพียงใด"):
        assert kept.count(word) >= raw.count(word)
    said = (kept + "".join(part.printed or "" for part in parts)).translate(ARABIC)
    for code in ("i๑", "e๗", "๖๖"):
        assert code not in raw or code.lstrip("ie").translate(ARABIC) in said


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=16).map("".join))
def test_analysis_has_every_code_and_only_printed_text(raw):
    found = split_analysis(raw, ("e7", "e8"))
    assert list(found) == ["e7", "e8"]
    letters = "".join(raw.split())
    for line in "\n".join(value or "" for value in found.values()).split("\n"):
        assert "".join(line.split()) in letters


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=16).map("".join), st.integers(0, 11))
def test_what_no_list_explains_is_never_trusted(raw, indicator):
    for part in split_questions(raw, YEAR):
        reading = read_code(part.printed, part.text, indicator, YEAR, part.shared)
        assert 0 <= reading.confidence <= 1
        starts = re.match(r"[,/]|และ|ถึง|i๑|e๗", part.text)
        if part.printed is not None and reading.code is not None and starts:
            assert reading.disagrees
            assert reading.confidence <= 0.5


@pytest.mark.parametrize(
    "piece",
    ["i1 ", "o1 o2 ", "e7 หน่วยงาน ", "๖๖ หน่วยงาน ", "e7 - ", "e7 ประเด็น ก\n", " ", "\n", "("],
)
def test_time_grows_with_the_cell(piece):
    raw = piece * (10_000 // len(piece))
    started = time.process_time()
    split_questions(f"i1 {raw}ก", YEAR)
    split_analysis(f"i1 {raw}ก", ("e7", "e8", "i6"))
    assert time.process_time() - started < 1
