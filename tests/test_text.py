"""What every text rule owes its readers, the defects of fonts, and the cases found on paper."""

import doctest
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalize.text import FONT_RULES, TEXT_RULES, classify, mark_skeleton, plain_spaces, repair
from profiles.lexicon import pua_map, segment

CASES = tomllib.loads((Path(__file__).parent / "cases/text.toml").read_text("utf-8"))["case"]
CELLS = sorted({case["raw"] for case in CASES})
PIECES = [
    *sorted({piece for cell in CELLS for piece in (cell, *cell.split(" "))}),
    *(" ", "  ", "\n", " \n", "า", "ำ", " า", " ำ", "้", "่", "ํ", "เ", "เเ", "ี", "์", "น", "ต"),
    *("\u200b", "\u00a0", "\u00ad", "\ufffd", "\uf70b", "\r\n", "o12", "๒๕๖๙", "ITA"),
]
TEXT = st.lists(st.sampled_from(PIECES), max_size=6).map("".join)
RUNS = st.lists(st.tuples(st.sampled_from("ABCD"), st.sampled_from(PIECES)), max_size=7)
FONTS = {
    "A": ("split_sara_am",),
    "B": ("reversed_sara_am",),
    "C": ("tone_for_ring", "replaced_sara_am", "dropped_marks"),
}
every_rule = pytest.mark.parametrize("rule", TEXT_RULES, ids=lambda r: r.__name__)


def param(case):
    marks = pytest.mark.xfail if case.get("expect") == "fail" else ()
    return pytest.param(case, id=case["label"], marks=marks)


@pytest.mark.parametrize("case", [param(case) for case in CASES])
def test_case(case):
    context = "\n".join((case.get("font_text", ""), case["raw"]))
    defects = {"A": tuple(case["defects"])} if "defects" in case else classify({"A": context})
    text, _ = repair([("A", case["raw"])], defects)
    assert text == case.get("value", case["raw"])


@every_rule
@given(raw=TEXT)
def test_a_rule_run_twice_changes_nothing_more(rule, raw):
    assert rule(rule(raw)) == rule(raw)


@given(raw=TEXT)
def test_repaired_text_needs_no_repair(raw):
    text, _ = repair([("", raw)], {})
    assert repair([("", text)], {}) == (text, ())


@given(pieces=RUNS)
def test_the_trace_leads_from_the_runs_to_the_text(pieces):
    value, steps = repair(pieces, FONTS)
    text = "".join(piece for _, piece in pieces)
    for step in steps:
        assert step.before == text != step.after
        text = step.after
    assert text == value


@given(pieces=RUNS)
def test_every_printed_line_stays(pieces):
    text, _ = repair(pieces, FONTS)
    raw = plain_spaces("".join(piece for _, piece in pieces))
    assert text.count("\n") == raw.count("\n")


@pytest.mark.parametrize("rule", (*TEXT_RULES, *FONT_RULES), ids=lambda r: r.__name__)
def test_a_rule_shows_what_it_changes_and_what_it_leaves(rule):
    examples = doctest.DocTestParser().get_examples(rule.__doc__)
    left_alone = [e for e in examples if eval(e.want) == eval(e.source[e.source.index("(") :])]
    assert 0 < len(left_alone) < len(examples)


def test_there_are_cases_of_every_sort():
    groups = [case["group"] for case in CASES]
    assert len(CASES) >= 170
    assert {"seen", "near", "known", "held"} == set(groups)


SPLIT = "ส านักงาน\nจ านวน"
REVERSED = "รำคำกลำง\nจ ำนวน\nอำคำร"
RIGHT = "สำนักงาน จำนวน ราคากลาง น้ำ"
DROPPED = "ในหนวยงานของทานมีเจาหนาที่เบิกจายเงินเปนเท็จ หรือเรียกรับสินบนในการใหบริการตอประชาชนมากนอยเพียงใด"


@pytest.mark.parametrize(
    ("texts", "defects"),
    [
        ({}, {}),
        ({"A": ""}, {"A": ()}),
        ({"A": "Integrity 2568"}, {"A": ()}),
        ({"A": RIGHT}, {"A": ()}),
        (
            {"A": SPLIT, "B": REVERSED, "C": RIGHT},
            {"A": ("split_sara_am",), "B": ("reversed_sara_am",), "C": ()},
        ),
        ({"A": "จัดท า"}, {"A": ("split_sara_am",)}),
        ({"A": "ถ้ำ คล้ำ กล้ำ"}, {"A": ()}),
        ({"A": REVERSED + "\nกำรเงิน งำน หน้ำที่\nราคา อาคาร"}, {"A": ("partly_reversed_sara_am",)}),
        ({"A": "ด\ufffdำเนินงาน ประจ\ufffdาปี"}, {"A": ("replaced_sara_am",)}),
        ({"A": "ชื\U00100000อ ที\U00100000"}, {"A": ("unmapped_glyphs",)}),
        ({"A": "\uf0b7 ข้อ ๑ \uf0a7 ข้อ ๒"}, {"A": ()}),
        ({"A": DROPPED}, {"A": ("dropped_marks",)}),
        ({"A": "กองคลัง " * 40}, {"A": ()}),
        ({"A": "ขนาดที่ก่าหนด ไม่ต่่ากว่า"}, {"A": ("tone_for_ring",)}),
        ({"A": "ที่่ ต่่ากว่า"}, {"A": ()}),
        (
            {"A": "การดาเนินงานตามแผนประจาปีงบประมาณของสานักงานและหน่วยงาน"},
            {"A": ("dropped_nikhahit",)},
        ),
        ({"A": "การดำเนินงานตามแผนประจาปีงบประมาณของสานักงานและหน่วยงาน"}, {"A": ()}),
    ],
)
def test_defects_of_fonts(texts, defects):
    assert classify(texts) == defects


def test_a_font_with_little_text_shares_the_verdict_of_its_document():
    assert classify({"A": SPLIT, "B": "ท า"})["B"] == ("split_sara_am",)
    assert classify({"A": RIGHT, "B": "ท า"})["B"] == ()


def test_a_right_font_is_never_turned_because_another_is_reversed():
    assert classify({"A": REVERSED, "B": "ทำ"})["B"] == ()


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        ([("A", "ส านักงาน "), ("B", "รำคำกลำง "), ("C", "น้ำ นา")], "สำนักงาน ราคากลาง น้ำ นา"),
        ([("C", "ต"), ("A", " าบล")], "ตำบล"),
        ([("A", "ต"), ("C", " าบล")], "ตำบล"),
        ([("A", "ต "), ("A", "าบล")], "ตำบล"),
        ([("B", "ต "), ("B", "ำบล")], "ตำบล"),
        ([("C", "ไม่"), ("A", "ต่"), ("A", " ากว่า")], "ไม่ต่ำกว่า"),
        ([("A", "น \uf70bาดื่ม")], "น้ำดื่ม"),
        ([("B", "น \u200b้ำดื่ม")], "น้ำดื่ม"),
        ([("B", "กำรด"), ("", "\n"), ("B", "ำเนินงำน")], "การดำ\nเนินงาน"),
        ([("A", "จัดท"), ("", "\n"), ("A", "าแผน")], "จัดทำ\nแผน"),
        ([("X", "ทำ")], "ทำ"),
        ([], ""),
    ],
)
def test_each_run_is_repaired_for_its_font(pieces, text):
    assert repair(pieces, classify({"A": SPLIT, "B": REVERSED, "C": RIGHT}))[0] == text


def test_the_steps_name_the_rules():
    _, steps = repair([("A", "น \uf70bา\u200bใส")], {"A": ("split_sara_am",)})
    assert [(step.rule, step.after) for step in steps] == [
        ("drop_invisible", "น \uf70bาใส"),
        ("private_use_glyphs", "น ้าใส"),
        ("split_sara_am", "น้ำใส"),
    ]


def test_a_repaired_document_has_no_defect_left():
    texts = {"A": SPLIT, "B": REVERSED, "C": RIGHT}
    defects = classify(texts)
    assert set(classify({f: repair([(f, t)], defects)[0] for f, t in texts.items()}).values()) == {
        ()
    }


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (DROPPED[:26], "ในหน่วยงานของท่านมีเจ้าหน้าที่"),
        ("ต าบล", "ตำบล"),
        ("รำคำ กลำง", "ราคากลาง"),
        ("ประเมนิ", "ประเมิน"),
        ("หม่้บ้าน", "หมู่บ้าน"),
    ],
)
def test_skeletons_meet(one, other):
    assert mark_skeleton(one) == mark_skeleton(other)


def test_skeletons_keep_what_is_no_mark():
    assert mark_skeleton("ข้อ ๑.๒ E-Service (ไม่มี)") == "ขอ๑.๒E-Service(ไมม)"


def test_the_private_use_table_is_whole():
    assert {chr(code) for code in pua_map()} == {
        *map(chr, range(0xF700, 0xF71B)),
        *map(chr, range(0xF884, 0xF89F)),
    }


@given(raw=TEXT)
def test_segments_join_to_the_text(raw):
    assert "".join(segment(raw)) == raw
