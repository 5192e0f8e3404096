"""Wraps go, spaces stay: cells as a person reads them, known lines, made-up columns."""

import tomllib
from collections import defaultdict
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extract.model import Box, Line, Run
from normalize.wraps import (
    SPACE,
    advance,
    ends_early,
    first_word,
    hard_breaks,
    hard_lines,
    join_lines,
    kept_width,
    letter_width,
    line_texts,
    seen_in,
    unwrap,
    wrap_widths,
)
from profiles.lexicon import segment

CASES = tomllib.loads((Path(__file__).parent / "cases/wraps.toml").read_text("utf-8"))
SEED, JOIN = CASES["seed"], CASES["join"]


def flat(marked):
    """The cell as the dump has it: a wrap and a real space look the same."""
    return marked.replace("|", " ").replace("␣", " ")


def spaced(marked):
    """The cell as it was written."""
    return marked.replace("|", "").replace("␣", " ")


def gaps(text):
    """Letters without spaces, and before which of them a space stands."""
    letters, at = [], set()
    for letter in text:
        if letter.isspace():
            at.add(len(letters))
        else:
            letters.append(letter)
    return "".join(letters), at


def columns(cells):
    found = defaultdict(list)
    for cell in cells:
        found[cell["page"], cell["column"]].append(flat(cell["marked"]))
    return found


def wrong(truth, got, raw):
    """Real spaces dropped, wraps kept, and how many gaps there were to judge."""
    letters, real = gaps(truth)
    same, kept = gaps(got)
    assert same == letters
    return len(real - kept), len(kept - real), len(gaps(raw)[1])


def test_seed_cells():
    widths = wrap_widths(columns(SEED))
    dropped, kept, judged = (
        sum(counts)
        for counts in zip(
            *(
                wrong(
                    spaced(cell["marked"]),
                    unwrap(flat(cell["marked"]), widths[cell["page"], cell["column"]]),
                    flat(cell["marked"]),
                )
                for cell in SEED
            ),
            strict=True,
        )
    )
    assert judged > 550
    assert dropped <= 13
    assert kept <= 3


def test_official_wording_decides_first():
    raw = "๖๖ หน่วยงานของท่าน มีการใช้งบประมาณ หรือการจัดซื้อจัดจ้าง ที่เอื้อประโยชน์ให้"
    official = "หน่วยงานของท่าน มีการใช้งบประมาณหรือการจัดซื้อจัดจ้าง ที่เอื้อประโยชน์ให้"
    assert unwrap(raw, 1570) == f"๖๖ {official.replace(' ', '')}"
    assert unwrap(raw, 1570, official) == f"๖๖ {official}"


def test_page_typed_in_paragraphs_has_no_width():
    widths = wrap_widths(columns(SEED))
    assert {column: widths[12, column] for column in (1, 2, 3, 4)} == dict.fromkeys((1, 2, 3, 4))
    assert 1750 < widths[2, 2] < 1950


def test_document_without_wraps_is_left_alone():
    cells = columns(SEED)
    typed = {
        key: [spaced(c["marked"]) for c in SEED if (c["page"], c["column"]) == key] for key in cells
    }
    assert set(wrap_widths(typed).values()) == {None}
    assert unwrap("จุดแข็ง ระบบ  ดี", None) == "จุดแข็ง ระบบ  ดี"


def filled(text, width):
    """Lines of a text as a browser fills them; a space at the end of a line stays there."""
    lines = [""]
    for word in segment(text):
        full = advance((lines[-1] + word).strip()) > width
        if full and lines[-1].strip() and not word.isspace():
            lines.append("")
        lines[-1] += word
    return lines


def wrapped(text, width):
    """The same as one marked text."""
    first, *lines = filled(text, width)
    for line in lines:
        first += ("" if first.endswith(" ") else "|") + line
    return first.replace(" ", "␣")


@pytest.mark.parametrize("letters", [13, 18, 26])
def test_made_up_columns(letters):
    texts = [spaced(cell["marked"]) for cell in SEED if len(cell["marked"]) > 60]
    Random(letters).shuffle(texts)
    cells = [
        {"page": n // 6, "column": n % 2, "marked": wrapped(part, letters * 100)}
        for n, text in enumerate(texts)
        for part in text.split("\n")
    ]
    widths = wrap_widths(columns(cells))
    results = [
        wrong(
            spaced(cell["marked"]),
            unwrap(flat(cell["marked"]), widths[cell["page"], cell["column"]]),
            flat(cell["marked"]),
        )
        for cell in cells
    ]
    dropped, kept, judged = map(sum, zip(*results, strict=True))
    assert (dropped + kept) / judged <= 0.08
    assert all(width and abs(width - letters * 100) < 300 for width in widths.values())


@pytest.mark.parametrize("case", JOIN, ids=lambda case: case["label"])
def test_join(case):
    hard = [n in case.get("hard", ()) for n in range(len(case["lines"]))]
    assert join_lines(case["lines"], hard) == case["value"]


def test_join_with_kept_end_spaces_adds_none_to_thai():
    lines = ["แผนการจัดซื้อ", "ดังนั้น ", "หน่วยงาน"]
    assert join_lines(lines, [False] * 3, kept=True) == "แผนการจัดซื้อดังนั้น หน่วยงาน"
    assert join_lines(["No Gift", "Policy"], [False], kept=True) == "No Gift Policy"


def test_join_learns_from_what_the_document_writes():
    lines = ["เจ้าหน้าที่ในหน่วยงานของท่าน", "มีการเรียกรับสินบน"]
    known = seen_in(["i๒ หน่วยงานของท่าน มีการเลือกปฏิบัติ"])
    assert join_lines(lines, [False]) == "เจ้าหน้าที่ในหน่วยงานของท่านมีการเรียกรับสินบน"
    assert join_lines(lines, [False], seen=known) == "เจ้าหน้าที่ในหน่วยงานของท่าน มีการเรียกรับสินบน"


def line(text, x1, font="A"):
    return Line((Run(font, text),), Box(100.0, 0.0, x1, 10.0))


def test_hard_breaks_and_typefaces():
    lines = [
        line("๑. แจ้งเวียน", 182.0, "A-Bold"),
        line("ส่งหนังสือถึงกอง", 195.0),
        line("กองคลัง", 145.0),
        line("กองช่าง", 146.0),
        line("- ประกาศ", 199.0),
    ]
    texts, boxes = [part.text for part in lines], [part.box for part in lines]
    assert hard_breaks(texts, boxes, 200.0, 7.8) == [False, False, True, True]
    assert line_texts(lines) == ["๑. แจ้งเวียน ", *(part.text for part in lines[1:])]
    assert hard_breaks(["ก", "ข"], [None, None], 200.0, 7.8) == [False]


@pytest.mark.parametrize("letters", [14, 20])
def test_lines_that_a_dump_kept(letters):
    texts = [spaced(cell["marked"]).split("\n")[0] for cell in SEED]
    cells = [[line.strip() for line in filled(text, letters * 100)] for text in texts]
    width = kept_width(cells)
    assert width is not None
    assert abs(width - letters * 100) < 150
    breaks = [hard for lines in cells for hard in hard_lines(lines, width)]
    assert sum(breaks) <= 0.05 * len(breaks)


def test_letter_width_and_early_ends():
    box = Box(100.0, 0.0, 200.0, 10.0)
    assert letter_width([("กกกกกกกกกก", box), ("ก", Box(100.0, 0.0, 150.0, 10.0))]) == 10.0
    assert letter_width([]) == 0.0
    assert not ends_early(40.0, "ปีงบประมาณ ๒๕๖๙", 7.8)
    assert ends_early(120.0, "ปีงบประมาณ ๒๕๖๙", 7.8)


PIECES = sorted({piece for cell in SEED for piece in flat(cell["marked"]).split(" ")})
PIECES += ["", " ", "\n", "-", "๑.", "(", ")", "ๆ", "ฯ", "E-", "์", "ะ", "\u200b", "http://a", "/"]
TEXT = st.lists(st.sampled_from(PIECES), max_size=9).map(" ".join)


@settings(deadline=None)
@given(TEXT, st.integers(100, 4000))
def test_unwrap_takes_only_spaces(text, width):
    got = unwrap(text, width)
    assert got.split("\n")[0].replace(" ", "") == text.split("\n")[0].replace(" ", "")
    assert "".join(got.split()) == "".join(text.split())
    assert len(got) <= len(text)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.tuples(st.integers(1, 3), st.integers(0, 2)), st.lists(TEXT, max_size=3)))
def test_widths_of_anything(cells):
    widths = wrap_widths(cells)
    assert widths.keys() == cells.keys()
    assert all(width is None or width > 0 for width in widths.values())


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=7), st.data())
def test_join_loses_no_letter(lines, data):
    hard = data.draw(st.lists(st.booleans(), min_size=len(lines), max_size=len(lines)))
    assert "".join(join_lines(lines, hard).split()) == "".join("".join(lines).split())


@settings(deadline=None)
@given(st.sampled_from(PIECES))
def test_first_word_begins_the_text(text):
    assert text.startswith(first_word(text))


def test_combining_marks_have_no_width():
    assert advance("ที่นี่") == advance("ทน")
    assert advance(" ") == SPACE
