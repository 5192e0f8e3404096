"""Pictures of pages: which way up, their rules, what is taken off them, what is read and doubted.

The pictures are drawn here, or are the scanned samples; no font is needed.
"""

import socket
from pathlib import Path

import cv2
import numpy as np
import pytest

from audit.checks import audit, low_confidence
from extract.grid import find_grids
from extract.gutters import implied_rules
from extract.model import Box, Line, Picture, Run, Source, on_paper
from extract.pdf import Drawing, read_pdf
from extract.picture import (
    cleaned,
    prepared,
    quarter_turned,
    straightened,
    streak_columns,
    unsheared,
    without_coloured_ink,
    without_streaks,
)
from extract.rules import find_rules
from extract.scan import (
    FIGURES,
    Region,
    Spot,
    cell_region,
    doubtful_words,
    has_ink_left,
    is_inked,
    weakest,
    weakest_figure,
    without_level_rules,
)
from normalize.report import normalize
from pipeline import Settings, convert_document, line_reader, scan_page
from profiles.report import profiles

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "samples"
SCANS = sorted([*SAMPLES.glob("*-scan.pdf"), *SAMPLES.glob("*-scan.tif")])
XS, YS = (100, 300, 560, 900, 1200), (120, 260, 520, 900)


def table(level: int = 0, width: int = 3) -> np.ndarray:
    """A ruled table of 3 x 4 cells at 200 dpi, A5 or so, without text."""
    page = np.full((1100, 1400), 240, np.uint8)
    for y in YS:
        cv2.line(page, (XS[0], y), (XS[-1], y), level, width)
    for x in XS:
        cv2.line(page, (x, YS[0]), (x, YS[-1]), level, width)
    return page


def cells(page: np.ndarray, dpi: float = 200.0) -> list[int]:
    """How many cells each table of a picture has."""
    picture = Picture(page, dpi)
    grids = find_grids(*find_rules(picture), page.shape[0] * 72 / dpi)
    return [len(grid.spans) for grid in grids]


def letters(page: np.ndarray, x: int, y: int, count: int) -> None:
    """What looks like a row of letters: boxes with flat tops, nearly touching."""
    for n in range(count):
        cv2.rectangle(page, (x + 14 * n, y), (x + 14 * n + 11, y + 16), 20, 2)


# ------------------------------------------------------------------ rules


def test_a_table_has_its_cells():
    assert cells(table()) == [12]


@pytest.mark.parametrize("level", [60, 150, 205], ids=lambda level: f"grey {level}")
def test_faint_rules_are_rules(level):
    assert cells(table(level, 1)) == [12]


def test_broken_rules_are_rules():
    page = table()
    for at in range(130, 1190, 90):
        page[:, at : at + 8] = 240
    for at in range(150, 900, 80):
        page[at : at + 8] = 240
    assert cells(page) == [12]


def test_double_rules_are_one():
    page = table(width=1)
    for y in YS:
        cv2.line(page, (XS[0], y + 5), (XS[-1], y + 5), 0, 1)
    assert cells(page) == [12]


def test_a_row_of_letters_is_no_rule():
    page = table()
    letters(page, XS[0] + 4, 300, 9)
    letters(page, XS[1] + 4, 300, 12)
    letters(page, XS[2] + 30, 640, 15)
    assert cells(page) == [12]


def test_an_underline_in_a_cell_is_no_rule():
    page = table()
    cv2.line(page, (XS[1] + 20, 400), (XS[2] - 60, 400), 0, 2)
    assert cells(page) == [12]


def test_a_staple_adds_no_cells():
    page = table()
    cv2.line(page, (XS[0] - 30, YS[0]), (XS[0] + 30, YS[0]), 0, 3)
    cv2.line(page, (XS[0], YS[0] - 28), (XS[0], YS[0] + 30), 0, 3)
    assert cells(page) == [12]


def test_the_back_of_the_sheet_adds_no_cells():
    page = table()
    for x in (210, 430, 700, 1050):
        cv2.line(page, (x, YS[0]), (x, YS[-1]), 212, 2)
    assert cells(page) == [12]


def test_a_row_cut_by_the_page_break_is_open():
    page = table()
    for x in XS:
        cv2.line(page, (x, YS[-1]), (x, YS[-1] + 120), 0, 3)
    grids = find_grids(*find_rules(Picture(page, 200.0)), 1100 * 0.36)
    assert [(len(g.spans), g.open_below) for g in grids] == [(16, True)]


def test_a_page_without_rules_has_no_table():
    page = np.full((1100, 1400), 240, np.uint8)
    for y in range(100, 900, 60):
        letters(page, 100, y, 60)
    assert cells(page) == []


# ------------------------------------------------------------------ turning


@pytest.mark.parametrize("angle", [-3.0, -1.2, 0.4, 2.0, 3.0])
def test_a_crooked_page_is_straightened(angle):
    page = table()
    matrix = cv2.getRotationMatrix2D((700, 550), angle, 1)
    crooked = cv2.warpAffine(page, matrix, (1400, 1100), borderValue=240)
    level = straightened(Picture(crooked, 200.0))
    assert cells(level.picture.grey) == [12]
    u, v = XS[0] * 0.36, YS[0] * 0.36
    x, y = (matrix @ (XS[0], YS[0], 1)) * 0.36
    back = on_paper(Box(u, v, u, v), level.back())
    assert (back.x0, back.top) == pytest.approx((x, y), abs=1.0)


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_a_turned_page_leads_back(quarters):
    page = np.full((300, 500), 255, np.uint8)
    page[40:60, 100:160] = 0
    turned = quarter_turned(Picture(page, 72.0), -quarters)
    upright = quarter_turned(turned.picture, quarters)
    assert np.array_equal(upright.picture.grey, page)
    ys, xs = np.nonzero(page == 0)
    rows, columns = np.nonzero(turned.picture.grey == 0)
    box = on_paper(Box(xs.min(), ys.min(), xs.max(), ys.max()), upright.back())
    assert box == pytest.approx((columns.min(), rows.min(), columns.max(), rows.max()), abs=1e-6)


def test_leaning_columns_are_stood_up():
    page = table()
    matrix = np.array(((1.0, 0.04, 0), (0, 1.0, 0)))
    leaning = cv2.warpAffine(page, matrix, (1400, 1100), borderValue=240)
    assert cells(unsheared(Picture(leaning, 200.0)).picture.grey) == [12]


# ------------------------------------------------------------------ cleaning


def test_streaks_of_the_scanner_go_and_rules_stay():
    page = table()
    page[:, 700:702] = 150
    assert 700 in streak_columns(page)
    freed = without_streaks(page)
    assert freed[1000, 700] > 230
    assert cells(freed) == [12]
    assert not streak_columns(table()).size


def test_speckles_are_smoothed_and_clean_pages_left_alone():
    page = table()
    assert cleaned(Picture(page, 200.0)).grey is page
    dirty = page.copy()
    numbers = np.random.default_rng(5)
    dirty[numbers.random(dirty.shape) < 0.01] = 0
    freed = cleaned(Picture(dirty, 200.0)).grey
    assert (freed[950:] < 128).mean() < 0.001 < (dirty[950:] < 128).mean()


def test_blotches_are_taken_off():
    page = table(20, 3)
    numbers = np.random.default_rng(5)
    coarse = cv2.resize(numbers.random((550, 700)).astype(np.float32), (1400, 1100))
    page = np.where((coarse > 0.62) & (page > 200), 165, page).astype(np.uint8)
    freed = cleaned(Picture(page, 200.0)).grey
    assert (page[950:] < 200).mean() > 0.1
    assert (freed[950:] < 200).mean() < 0.01
    assert cells(freed) == [12]


def test_a_coloured_stamp_goes_and_print_under_it_stays():
    pixels = np.full((400, 600, 3), 245, np.uint8)
    cv2.line(pixels, (50, 200), (550, 200), (20, 20, 20), 5)
    over = pixels.copy()
    cv2.circle(over, (300, 200), 120, (40, 40, 210), 8)
    stamped = np.minimum(pixels, over)
    grey = without_coloured_ink(stamped, 200.0)
    assert grey[80, 300] > 190  # on the ring, on paper
    assert grey[200, 180] < 60  # on the ring, on print


def test_a_negative_is_turned_over():
    assert cells(prepared(Picture(255 - table(), 200.0)).grey) == [12]
    assert prepared(Picture(table(), 200.0)).grey[5, 5] == 240


def test_coloured_letters_stay():
    pixels = np.full((400, 600, 3), 245, np.uint8)
    for x in range(50, 500, 30):
        cv2.rectangle(pixels, (x, 180), (x + 14, 200), (160, 30, 30), 3)
    grey = without_coloured_ink(pixels, 200.0)
    assert grey[180, 57] < 110


# ------------------------------------------------------------------ tables without rules


def ink_of_columns(columns: int) -> np.ndarray:
    """Ink, a pixel a point: a title, and three rows of three lines in so many columns."""
    ink = np.zeros((400, 600), np.bool_)
    ink[20:32, 150:450] = True
    wide = 540 // columns
    for row in range(3):
        for line in range(3):
            top = 60 + row * 80 + line * 18
            for column in range(columns):
                ink[top : top + 10, 30 + column * wide : 30 + (column + 1) * wide - 14] = True
    return ink


def test_columns_are_found_by_their_blank_lanes():
    grids = find_grids(*implied_rules(ink_of_columns(8), []), 400)
    assert [(len(g.xs) - 1, len(g.ys) - 1) for g in grids] == [(8, 3)]


@pytest.mark.parametrize("columns", [1, 2, 3])
def test_few_columns_are_no_table(columns):
    assert implied_rules(ink_of_columns(columns), []) == ([], [])


# ------------------------------------------------------------------ doubt


def line(text: str, *sure: float, passed_over: float = 0.0) -> Line:
    return Line((Run("", text),), None, sure or (1.0,) * len(text), passed_over)


def test_a_cell_is_as_sure_as_its_weakest_letter():
    assert weakest([]) == 1.0
    assert weakest([line("กข", 0.9, 0.7), line("ค ง", 0.8, 0.1, 0.99)]) == 0.7
    assert weakest([line("กข", passed_over=0.6)]) == pytest.approx(0.4)


def test_figures_are_numbers_and_codes_without_their_heads():
    found = [m["body"] for m in FIGURES.finditer("ข้อ i๑๒ (อ้างอิง ๐๑๐) 1,234.50 บาท ร้อยละ 85%")]
    assert found == ["๑๒", "๑๐", "1,234.50", "85%"]


def test_a_doubtful_digit_is_seen_and_a_doubtful_letter_is_not():
    assert weakest_figure([line("ก๑", 0.2, 0.95)]) == 0.95
    assert weakest_figure([line("ก๑", 1.0, 0.6)]) == 0.6
    assert weakest_figure([line("กข", 0.2, 0.2)]) is None


def test_doubtful_words_show_what_stands_around():
    text = "ประชาชนในพื้นที่"
    sure = [1.0] * len(text)
    sure[4] = 0.5
    assert list(doubtful_words([line(text, *sure)])) == ["ประชาชนในพื"]
    assert list(doubtful_words([line(text)])) == []


def test_ink_that_no_line_covers_makes_a_cell_doubtful():
    page = np.full((120, 400), 240, np.uint8)
    letters(page, 20, 30, 10)
    assert has_ink_left(page, (), 16.0)
    from extract.lines import Band

    spot = Spot(Region(page, 0, 0), Band(20.0, 160.0, 46.0, 16.0))
    assert not has_ink_left(page, (spot,), 16.0)
    assert is_inked(spot)
    assert not is_inked(Spot(Region(np.full((120, 400), 240, np.uint8), 0, 0), spot.band))


def test_marks_that_stand_on_a_rule_are_kept_and_tails_from_above_are_not():
    page = table()
    cv2.line(page, (350, YS[1] - 4), (350, YS[1] + 40), 0, 3)  # the head of a letter of the cell
    cv2.line(page, (420, YS[1] - 30), (420, YS[1] + 1), 0, 3)  # a tail of the line above
    picture = Picture(page, 200.0)
    across, _ = find_rules(picture)
    bare = without_level_rules(picture, across)
    box = Box(XS[1] * 0.36, YS[1] * 0.36, XS[2] * 0.36, YS[2] * 0.36)
    region = cell_region(bare, box)
    assert region.y < YS[1] - 2
    columns = (region.grey[: YS[1] + 2 - region.y] < 100).any(0)
    assert columns[350 - region.x]
    assert not columns[420 - region.x]
    assert columns.sum() < 8  # nothing is left of the rule


# ------------------------------------------------------------------ whole pages


@pytest.fixture(scope="module")
def page():
    """A page of the first scanned sample that holds a table, as a picture."""
    with SCANS[0].open("rb") as file:
        drawing = Drawing(file)
        yield drawing.draw(2, 200.0)
        drawing.close()


def read(picture: Picture):
    return scan_page(Settings(), Source("scan.pdf", 1), picture)


def texts(page) -> list[str]:
    return [cell.raw for table in page.tables for cell in table.cells if cell.raw]


def test_a_page_is_read_whichever_way_up_it_lies(page):
    upright = read(page)
    there = set(texts(upright))
    assert len(there) > 10
    for quarters in (1, 2, 3):
        turned = read(quarter_turned(Picture(prepared(page).grey, 200.0), quarters).picture)
        assert len(there & set(texts(turned))) > 0.8 * len(there)
        height, width = page.grey.shape[:2]
        if quarters == 2:
            assert turned.frame is not None
            first, again = upright.tables[0].box, turned.tables[0].box
            assert first is not None and again is not None
            moved = on_paper(again, turned.frame)
            assert moved.x1 == pytest.approx(width * 0.36 - first.x0, abs=8)
            assert moved.bottom == pytest.approx(height * 0.36 - first.top, abs=8)


def test_an_empty_page_gives_nothing():
    empty = read(Picture(np.full((800, 600), 245, np.uint8), 100.0))
    assert (empty.tables, empty.lines, empty.unread) == ((), (), ())


def test_noise_gives_no_table_and_no_trusted_text():
    numbers = np.random.default_rng(1)
    noise = numbers.integers(0, 255, (400, 300)).astype(np.uint8)
    assert texts(read(Picture(noise, 100.0))) == []


def test_a_scan_says_how_sure_it_is():
    result = convert_document(SCANS[0])
    assert result.record.status == "ok"
    assert "ocr" in result.record.source
    scanned = [cell for cell in result.cells if cell.source == "ocr"]
    assert scanned and all(0 <= (cell.confidence or 0) <= 1 for cell in scanned)
    assert all(cell.box is not None for cell in scanned)
    weak = {c.page for c in scanned if (c.confidence or 0) < 0.9}
    found = {f.pages[0] for f in result.findings if f.check == "low_confidence"}
    assert weak <= found


def test_low_confidence_finds_doubtful_cells_and_leaves_exported_pages_alone():
    scanned = normalize("scan.pdf", [read_first(SCANS[0], 2)], profiles())
    clean = SAMPLES / "mae-charim-2568.pdf"
    with clean.open("rb") as file:
        exported = normalize(clean.name, read_pdf(clean.name, file), profiles())
    assert list(low_confidence(exported)) == []
    doubtful = [c for c in scanned.cells if (c.confidence or 1) < 0.9]
    found = [f for f in audit(scanned) if f.check == "low_confidence"]
    assert bool(found) == bool(doubtful or scanned.pages[0].unread)


def read_first(path: Path, number: int):
    with path.open("rb") as file:
        for page in read_pdf(path.name, file, scanner=lambda s, p: scan_page(Settings(), s, p)):
            if page.source.page == number:
                return page
    raise AssertionError(f"{path.name} has no page {number}")


def test_two_readings_of_a_picture_are_the_same(page):
    assert read(page) == read(page)


@pytest.mark.parametrize("path", SCANS, ids=lambda path: path.name)
def test_scans_are_read_without_a_network_and_without_tesseract(path, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a scan needs no network")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setenv("PATH", "")
    result = convert_document(path)
    assert result.record.status == "ok"
    assert result.rows


def test_the_reader_is_loaded_once():
    assert line_reader() is line_reader()
