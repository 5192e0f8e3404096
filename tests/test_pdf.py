"""Exported PDFs, made by hand: what is drawn, what it stands for, and what cannot be read."""

import io
import pickle
import signal
from pathlib import Path

import pytest
from made import (
    HEIGHT,
    WIDTH,
    Font,
    actual,
    bar,
    pdf,
    rule,
    rules,
    table,
    words,
)

from audit.checks import audit
from extract.errors import ReportError, Unreadable
from extract.model import Box, Run
from extract.pdf import read_pdf
from normalize.report import normalize
from profiles.report import profiles

SHARED = Path(__file__).parent.parent.parent / "shared"
XS, TOPS = (50, 250, 450), (100, 140, 200)
CELLS = (("ข้อคำถาม", "ผลการวิเคราะห์"), ("i๑ การปฏิบัติงาน", "ดีมาก"))
PROSE = "".join(words(50, 30 + 16 * n, "หน่วยงานมีการประเมินความโปร่งใสทุกปี") + "\n" for n in range(3))
SECONDS = 60
"""A guard against files that hang a parser, no measure of speed."""


def read(content, document="a.pdf"):
    return list(read_pdf(document, io.BytesIO(content)))


def read_one(*drawn, **how):
    [page] = read(pdf("\n".join(drawn), **how))
    return page


def cells(page, n=0):
    return [(c.row, c.column, c.raw) for c in page.tables[n].cells]


def texts(page):
    return [line.text for line in page.lines]


# ------------------------------------------------------------------ tables


def test_ruled_table():
    page = read_one(words(50, 40, "รายงาน ITA"), table(XS, TOPS, CELLS), words(50, 220, "จบ"))
    assert cells(page) == [
        (0, 0, "ข้อคำถาม"),
        (0, 1, "ผลการวิเคราะห์"),
        (1, 0, "i๑ การปฏิบัติงาน"),
        (1, 1, "ดีมาก"),
    ]
    assert texts(page) == ["รายงาน ITA", "จบ"]
    [found] = page.tables
    assert (found.first_row, found.row_count, found.column_count) == (0, 2, 2)
    assert found.box == Box(50, 100, 450, 200)


def test_cells_know_their_place_on_paper():
    page = read_one(table(XS, TOPS, CELLS))
    assert page.source.box == Box(0, 0, WIDTH, HEIGHT)
    last = page.tables[0].cells[3]
    assert (last.source.document, last.source.page) == ("a.pdf", 1)
    assert last.source.box == Box(250, 140, 450, 200)
    assert (last.origin, last.confidence) == ("text", None)
    [line] = last.lines
    assert line.box.x0 == pytest.approx(253)
    assert 140 < line.box.top < line.box.bottom < 160


def test_lines_of_a_cell_stay_apart():
    page = read_one(table(XS, TOPS, (("ก", "ข"), ("มากน้อย\nเพียงใด", "ดี\n\nมาก"))))
    assert page.tables[0].cells[2].raw == "มากน้อย\nเพียงใด"
    assert page.tables[0].cells[3].raw == "ดี\nมาก"


def test_lines_are_ordered_from_the_top_whatever_the_stream_says():
    lower, upper = words(60, 170, "เพียงใด"), words(60, 150, "มากน้อย")
    page = read_one(rules(XS, TOPS), lower, upper)
    assert page.tables[0].cells[2].raw == "มากน้อย\nเพียงใด"


def test_stretches_of_a_line_are_ordered_from_the_left():
    page = read_one(words(150, 40, "หลัง"), words(50, 40, "หน้า"))
    assert texts(page) == ["หน้า หลัง"]


def test_empty_cells_are_kept():
    page = read_one(table(XS, TOPS, (("ข้อคำถาม", ""), ("", "ดีมาก"))))
    assert [c.raw for c in page.tables[0].cells] == ["ข้อคำถาม", "", "", "ดีมาก"]


def test_merged_cell_stands_once():
    drawn = [
        rule(50, 100, 450, 100),
        rule(250, 140, 450, 140),
        rule(50, 200, 450, 200),
        *(rule(x, 100, x, 200) for x in XS),
        words(53, 150, "๑.การปฏิบัติหน้าที่"),
        words(253, 105, "i๑"),
        words(253, 150, "i๒"),
    ]
    page = read_one(*drawn)
    assert [(c.raw, c.row_span) for c in page.tables[0].cells] == [
        ("๑.การปฏิบัติหน้าที่", 2),
        ("i๑", 1),
        ("i๒", 1),
    ]


def test_row_that_a_page_break_leaves_open_keeps_its_text():
    drawn = [rules(XS, (500, 520)), *(rule(x, 520, x, 580) for x in XS), words(53, 530, "i๑ การ")]
    [found] = read_one(*drawn, words(253, 530, "ดี")).tables
    assert (found.open_above, found.open_below) == (False, True)
    assert [c.raw for c in found.cells] == ["", "", "i๑ การ", "ดี"]


def test_rules_drawn_as_thin_bars():
    """Word fills a thin rectangle for each rule."""
    drawn = [bar(50, y, 450, y + 0.5) for y in TOPS] + [bar(x, 100, x + 0.5, 200) for x in XS]
    page = read_one(*drawn, words(53, 105, "ก"), words(253, 150, "ข"))
    assert [c.raw for c in page.tables[0].cells] == ["ก", "", "", "ข"]


@pytest.mark.parametrize("white", ["1 G", "1 1 1 RG", "0 0 0 0 K"])
def test_white_strokes_are_no_rules(white):
    page = read_one(rules(XS, TOPS, color=white), words(53, 105, "ก"), words(253, 150, "ข"))
    assert page.tables == ()
    assert texts(page) == ["ก", "ข"]


def test_white_bars_are_no_rules():
    drawn = [bar(50, y, 450, y + 0.5, "1 g") for y in TOPS]
    drawn += [bar(x, 100, x + 0.5, 200, "1 g") for x in XS]
    assert read_one(*drawn, words(53, 105, "ก")).tables == ()


def test_white_rules_do_not_divide_the_cells_of_a_black_table():
    page = read_one(table(XS, TOPS, CELLS), rules((150, 350), (120, 170), color="1 G"))
    assert len(page.tables[0].cells) == 4


def test_grey_rules_are_rules():
    assert len(read_one(rules(XS, TOPS, "0.6 G"), words(53, 105, "ก")).tables[0].cells) == 4


def test_shaded_header_is_no_table_of_its_own():
    page = read_one(bar(50, 100, 450, 140, "0.9 g"), table(XS, TOPS, CELLS))
    assert [c.raw for c in page.tables[0].cells] == [
        *("ข้อคำถาม", "ผลการวิเคราะห์", "i๑ การปฏิบัติงาน", "ดีมาก")
    ]


def test_two_tables_count_their_rows_on():
    upper = table((50, 250, 450), (50, 80, 110), (("ก", "ข"), ("ค", "ง")))
    lower = table((50, 150, 450), (300, 330, 360), (("จ", "ฉ"), ("ช", "ซ")))
    first, second = read_one(lower, upper).tables
    assert (first.first_row, second.first_row) == (0, 2)
    assert [(c.row, c.column, c.raw) for c in second.cells] == [
        *((2, 0, "จ"), (2, 1, "ฉ"), (3, 0, "ช"), (3, 1, "ซ"))
    ]


def test_underlined_title_is_text():
    page = read_one(words(50, 40, "รายงานผลการประเมิน"), rule(50, 53, 200, 53))
    assert (page.tables, texts(page)) == ((), ["รายงานผลการประเมิน"])


# ------------------------------------------------------------------ text


def test_actual_text_stands_for_what_is_drawn():
    """LibreOffice draws ตำาบล, and says in the tag that it is ตำบล."""
    page = read_one(actual("ตำบล", words(50, 40, "ตำาบล")), words(50, 60, "บ้าน"))
    assert texts(page) == ["ตำบล", "บ้าน"]


def test_empty_actual_text_takes_the_glyphs_away():
    page = read_one(words(50, 40, "ตำบล"), actual("", words(50, 60, "ตกแต่ง")))
    assert texts(page) == ["ตำบล"]


def test_actual_text_within_actual_text_counts_once():
    page = read_one(actual("หมู่บ้าน", actual("หม่้บ้าน", words(50, 40, "หมบาน"))))
    assert texts(page) == ["หมู่บ้าน"]


def test_tag_without_actual_text_changes_nothing():
    page = read_one("/P <</MCID 0>> BDC", words(50, 40, "ตำบล"), "EMC")
    assert texts(page) == ["ตำบล"]


def test_runs_know_their_font_without_its_subset_prefix():
    fonts = (Font("AAAAAA+Sarabun-Bold"), Font("THSarabunIT9"))
    page = read_one(words(50, 40, "ก"), words(56, 40, "๑", font=2), words(50, 60, "ข"), fonts=fonts)
    assert [line.runs for line in page.lines] == [
        (Run("Sarabun-Bold", "ก"), Run("THSarabunIT9", "๑")),
        (Run("Sarabun-Bold", "ข"),),
    ]


def test_layer_is_read_as_it_is_and_repaired_elsewhere():
    """The font says า for every ำ; which fonts do is seen from the whole document."""
    page = read_one(words(50, 40, "ตำบล"), fonts=(Font("IT9", (("ำ", "ํา"),)),))
    assert texts(page) == ["ตํ" + "าบล"]


def test_marks_stay_with_their_letter():
    """A mark has no width of its own, and may lie outside of the cell of its letter."""
    page = read_one(table(XS, TOPS, (("ที่ตั้ง", "ผู้รับ"), ("น้ำ", "เพื่อ"))))
    assert [c.raw for c in page.tables[0].cells] == ["ที่ตั้ง", "ผู้รับ", "น้ำ", "เพื่อ"]


def test_mark_drawn_far_away_does_not_move_the_word_before_it():
    """Exporters may draw the marks of a page after all of its letters."""
    drawn = (rules(XS, TOPS), words(60, 150, "จุดแข็ง"), words(400, 150, "กองคลัง"))
    page = read_one(*drawn, words(60, 560, "่"))
    assert [c.raw for c in page.tables[0].cells] == ["", "", "จุดแข็ง", "กองคลัง"]


def test_turned_text_is_left_out():
    page = read_one(table(XS, TOPS, CELLS), words(400, 300, "ร่างเอกสาร", turned=True))
    assert texts(page) == []
    assert [c.raw for c in page.tables[0].cells][3] == "ดีมาก"


def test_page_of_turned_text_alone_says_that_nothing_was_read():
    """A table set sideways without the page being turned: blank pages alone give no note."""
    page = read_one(*(words(100 + 20 * n, 500, "ข้อคำถาม", turned=True) for n in range(9)))
    assert (page.layer, page.lines) == ("none", ())
    assert page.layer_note


def test_page_that_is_turned_as_a_whole_is_read_upright():
    turned = table((50, 250, 450), (100, 140, 200), CELLS)
    plain = read_one(turned)
    [page] = read(
        pdf(f"q 0 1 -1 0 {HEIGHT} 0 cm {turned} Q", page="/Rotate 90").replace(
            b"[0 0 842 595]", b"[0 0 595 842]"
        )
    )
    assert page.source.box == Box(0, 0, WIDTH, HEIGHT)
    assert cells(page) == cells(plain)


def test_text_outside_of_the_page_is_left_out():
    page = read_one(words(50, 40, "รายงาน"), words(50, HEIGHT + 200, "ซ่อน"))
    assert texts(page) == ["รายงาน"]


def test_empty_page_among_others():
    first, second, third = read(pdf(PROSE, "", PROSE))
    assert (second.tables, second.lines, second.layer) == ((), (), "none")
    assert [p.source.page for p in (first, second, third)] == [1, 2, 3]
    assert texts(first) == texts(third) != []


def test_layer_of_glyph_numbers_is_useless():
    [page] = read(pdf(PROSE).replace(b"/ToUnicode", b"/Unicode99"))
    assert page.layer in ("useless", "none")
    assert page.layer_note
    assert (page.tables, page.lines) == ((), ())


# ------------------------------------------------------------------ what cannot be read


def unreadable(content, document="ก/a.pdf"):
    with pytest.raises(Unreadable) as caught:
        read(content, document)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{document}: ")
    assert str(pickle.loads(pickle.dumps(caught.value))) == message
    return message


@pytest.mark.parametrize(
    "content",
    [b"", b"%PDF-1.7\n", b"no PDF at all", b"\0" * 5000, b"\x89PNG\r\n\x1a\n" + b"x" * 900],
    ids=["empty", "head alone", "text", "zeros", "picture"],
)
def test_what_is_no_pdf_says_so_and_what_to_do(content):
    assert "export or scan it again" in unreadable(content)


def test_pdf_without_pages():
    assert "no pages" in unreadable(pdf())


def test_encrypted_pdf_asks_for_one_without_password():
    locked = pdf(
        PROSE,
        extra="/ID [<00112233445566778899aabbccddeeff> <00112233445566778899aabbccddeeff>] "
        "/Encrypt << /Filter /Standard /V 1 /R 2 /P -44 "
        f"/O <{'11' * 32}> /U <{'22' * 32}> >>",
    )
    message = unreadable(locked)
    assert "encrypted" in message
    assert "without" in message


@pytest.mark.parametrize("share", [0.15, 0.4, 0.6, 0.8, 0.95])
def test_truncated_pdf_gives_whole_pages_or_an_error(share):
    """pdfminer rebuilds the table of objects where it can; half a page must not pass for one."""
    whole = pdf(*[table(XS, TOPS, CELLS)] * 8)
    try:
        pages = read(whole[: int(len(whole) * share)])
    except Unreadable as error:
        assert "export or scan it again" in str(error)
        return
    for page in pages:
        assert page.layer != "good" or len(page.tables[0].cells) == 4


def test_page_that_cannot_be_parsed_leaves_the_others():
    """The second page has a font whose descendants are no list."""
    good = table(XS, TOPS, CELLS)
    head, *pages = pdf(good, good, good, fonts=(Font(), Font())).split(b"/F2 7 0 R")
    head = head.replace(b"/DescendantFonts [8 0 R]", b"/DescendantFonts  8 0 R ")
    broken = head + b"/F2 3 0 R" + pages[0] + b"/F2 7 0 R" + pages[1] + b"/F2 3 0 R" + pages[2]
    first, second, third = read(broken)
    assert (
        cells(first)
        == cells(third)
        == [
            *((0, 0, "ข้อคำถาม"), (0, 1, "ผลการวิเคราะห์")),
            *((1, 0, "i๑ การปฏิบัติงาน"), (1, 1, "ดีมาก")),
        ]
    )
    assert (second.source.page, second.layer, second.tables) == (2, "useless", ())
    assert second.layer_note.startswith("the page cannot be parsed: ")


def test_page_without_a_size_leaves_the_others():
    good = table(XS, TOPS, CELLS)
    whole = pdf(good, good, good)
    at = whole.index(b"/MediaBox", whole.index(b"/MediaBox") + 1)
    first, second, third = read(whole[:at] + b"/NoBox__" + whole[at + 8 :])
    assert cells(first) == cells(third) != []
    assert second.source.page == 2


# ------------------------------------------------------------------ files found in the wild


def in_place(folder):
    found = sorted((SHARED / folder).glob("*.pdf"))
    if not found:
        reason = f"{folder} files are not beside the project"
        return [pytest.param(None, marks=pytest.mark.skip(reason=reason), id="absent")]
    return [pytest.param(path, id=path.stem[:40]) for path in found]


@pytest.fixture
def guard():
    def hang(*_):
        raise TimeoutError(f"still reading after {SECONDS} s")

    before = signal.signal(signal.SIGALRM, hang)
    signal.alarm(SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures("guard")
@pytest.mark.parametrize("path", in_place("hostile"))
def test_hostile_file_gives_pages_or_one_error(path):
    try:
        pages = read(path.read_bytes(), path.name)
    except ReportError as error:
        assert str(error).startswith(f"{path.name}: ")
        assert "\n" not in str(error)
        return
    assert [p.source.page for p in pages] == [*range(1, len(pages) + 1)]
    assert all(p.layer_note for p in pages if p.layer == "useless" or p.image_share > 0.5)
    report = normalize(path.name, pages, profiles())
    assert report.rows == ()
    assert {f.check for f in audit(report)} <= {"page_unreadable", "page_without_table"}


@pytest.mark.usefixtures("guard")
@pytest.mark.parametrize("path", in_place("real"))
def test_real_file_is_read_to_the_end_and_no_row_is_invented(path):
    pages = read(path.read_bytes(), path.name)
    assert pages
    assert all(p.layer_note for p in pages if p.layer == "useless" or p.image_share > 0.5)
    for page in pages:
        rows = [(t.first_row, t.first_row + t.row_count) for t in page.tables]
        assert rows == sorted(rows)
        for found in page.tables:
            places = [(c.row, c.column) for c in found.cells]
            assert places == sorted(set(places))
    report = normalize(path.name, pages, profiles())
    assert report.rows == ()
    assert len(report.cells) == sum(len(t.cells) for p in pages for t in p.tables)
