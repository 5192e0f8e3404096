"""Published price tables against what a person keyed from their rendered pages, row by row.

The files lie beside the project and are no part of it. Kept here are numbers, units and the first
letters of generic words. One line is one row: what it is, its number, letters, unit, and figures in
the order of the file's columns; `.` where nothing is printed, `-` where a dash is.
"""

from dataclasses import replace
from decimal import Decimal
from functools import cache
from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest

from audit.checks import audit
from extract.model import Line, Run
from extract.pdf import read_pdf
from normalize.draft import draft
from normalize.report import normalize
from pipeline import convert_document
from profiles.report import parse, profiles

REAL = Path(__file__).parent.parent.parent / "shared" / "real"

ROAD = """
heading 1 งานด . . . . . . .
item 1.1 งานถ ตร.ม. - 1.36 - 1.3365 1.82 -
item 1.2 งานป ตร.ม. 11,908.00 1.36 16,194.88 1.3365 1.82 21,644.46
item 1.3 งานต ลบ.ม. . . . . . .
item 1.4 งานด ลบ.ม. . . . . . .
item 1.5 งานว ลบ.ม. . . . . . .
heading 2 งานร . . . . . . .
item 2.1 บดอั ลบ.ม. . . . . . .
item 2.2 บดอั ลบ.ม. . . . . . .
heading 3 งานผ . . . . . . .
item 3.1 งานล ตร.ม. 11,908.00 13.25 157,781.00 1.3365 17.71 210,890.68
item 3.2 งานช ตร.ม. 11,908.00 196.14 2,335,635.12 1.3365 262.14 3,121,563.12
heading 4 งานต . . . . . . .
item 4.1 งานต ตร.ม. 59.54 252.00 15,004.08 1.3365 336.80 20,053.07
item 4.2 งานต ตร.ม. 297.70 252.00 75,020.40 1.3365 336.80 100,265.36
heading 5 งานท . . . . . . .
item 5.1 ขนาด ม. . . . . . .
item 5.2 ขนาด ม. . . . . . .
item 5.3 ขนาด ม. . . . . . .
item 5.4 ขนาด ม. . . . . . .
item 5.5 ขนาด ม. . . . . . .
heading 6 งานก . . . . . . .
item 6.1 สำหร แห่ง . . . . . .
item 6.2 สำหร แห่ง . . . . . .
item 6.3 สำหร แห่ง . . . . . .
item 6.4 สำหร แห่ง . . . . . .
item 6.5 สำหร แห่ง . . . . . .
item 6.6 สำหร แห่ง . . . . . .
item 6.7 สำหร แห่ง . . . . . .
item 6.8 สำหร แห่ง . . . . . .
item 6.9 สำหร แห่ง . . . . . .
heading 7 งานบ . . . . . . .
item 7.1 สำหร แห่ง . . . . . .
item 7.2 สำหร แห่ง . . . . . .
item 7.3 สำหร แห่ง . . . . . .
heading 8 งานท . . . . . . .
item 8.1 งานท แห่ง . . . . . .
total . รวมค . . . . . . 3,474,416.69
"""

CANAL = """
item 1 งานด ลบ.ม. 224.000 17.61 3,944.64 1.3266 23.36 5,232.96
item 2 งานด ตร.ม. 1,365.000 174.00 237,510.00 1.3266 230.83 315,080.77
item 3 เหล็ ตร.ม. 1,365.000 30.38 41,468.70 1.3266 40.30 55,012.38
heading 4 งานท . . . . . . .
item . -งาน ลบ.ม. 0.24 2,307.00 553.68 1.3266 3060.47 734.51
item . -ท่อ ท่อน 65.00 250.00 16,250.00 1.3266 331.65 21,557.25
item . -ไม้ เมตร 16.00 33.00 528.00 1.3266 43.78 700.44
total . รวมค . . . 300,255.02 . . 398,318.31
total . ราคา . . . . . . 398,000.00
"""

CENTRE = """
item 1 งานโ . 71,655.29 1.2726 91,188.52
item 2 งานส . 104,577.12 1.2726 133,084.84
item 3 งานฝ . 14,480.00 1.2726 18,427.24
item 4 งานร . 1,260.00 1.2726 1,603.47
item 5 งานอ . 9,446.13 1.2726 12,021.14
note . เงื่ . . . .
note . เงิน . . . .
note . เงิน . . . .
note . ดอกเ . . . .
note . ค่าภ . ? . .
total . รวมค . . . 256,325.21
"""
"""`?` is a number that the file holds in white on white: nobody can key it."""

TANK = """
item 1 งานโ . 78,825.87 1.2726 100,313.80
note . เงื่ . . . .
note . เงิน . . . .
note . เงิน . . . .
note . ดอกเ . . . .
note . ค่าภ . ? . .
total . รวมค . . . 100,313.80
"""

COOLERS = """
item 1 เครื เครื่อง 2 28,000 56,000
item 2 เครื เครื่อง 2 37,000 74,000
total . รวมเ . . . 130,000
"""

SPEAKERS = """
item 1 สายล ม้วน 1 2,400.00 2,400.00
item 2 วอยส ตัว 9 300.00 2,700.00
item 3 ขดลว ตัว 9 300.00 2,700.00
item 4 อุปก ชุด 9 800.00 7,200.00
total . (-หน . . . 15,000.00
item 1 เครื เครื่อง 1 3,000.00 3,000.00
item 2 ไมค์ ชุด 1 2,000.00 2,000.00
item 3 สายล ม้วน 1 2,400.00 2,400.00
item 4 วอยส ตัว 9 300.00 2,700.00
item 5 ขดลว ตัว 9 300.00 2,700.00
item 6 อุปก ชุด 9 800.00 7,200.00
total . (-สอ . . . 20,000.00
item 1 สายล ม้วน 2 2,400.00 4,800.00
item 2 วอยส ตัว 14 300.00 4,200.00
item 3 ขดลว ตัว 14 300.00 4,200.00
item 4 อุปก ชุด 14 800.00 11,200.00
item 5 ค่าแ ม้วน 2 200.00 400.00
total . (-สอ . . . 24,800.00
item 1 วอยล ตัว 20 300.00 6,000.00
item 2 แมชช ตัว 20 300.00 6,000.00
item 3 อุปก ชุด 20 800.00 16,000.00
total . (-สอ . . . 28,000.00
item 1 เครื เครื่อง 1 15,000.00 15,000.00
item 2 วอยส ตัว 4 300.00 1,200.00
item 3 แมชช ตัว 4 300.00 1,200.00
item 4 อุปก ชุด 4 800.00 3,200.00
total . (-สอ . . . 20,600.00
item 1 สายล ม้วน 4 2,400.00 9,600.00
item 2 ลำโพ ชุด 3 1,800.00 5,400.00
item 3 อุปก ชุด 3 800.00 2,400.00
item 4 ค่าแ ม้วน 4 200.00 800.00
total . (-หน . . . 18,200.00
item 1 เครื เครื่อง 1 22,000.00 22,000.00
item 2 สายล ม้วน 18 2,400.00 43,200.00
item 3 วอยส ตัว 21 300.00 6,300.00
item 4 ขดลว ตัว 21 300.00 6,300.00
item 5 อุปก ชุด 21 800.00 16,800.00
item 6 ค่าแ ม้วน 18 200.00 3,600.00
total . (-เก . . . 98,200.00
item 1 เครื เครื่อง 1 15,000.00 15,000.00
item 2 วอยส ตัว 9 300.00 2,700.00
item 3 ขดลว ตัว 9 300.00 2,700.00
item 4 อุปก ชุด 9 800.00 7,200.00
total . (-สอ . . . 27,600.00
item 1 เครื เครื่อง 1 15,000.00 15,000.00
item 2 วอยส ตัว 5 300.00 1,500.00
item 3 ขดลว ตัว 5 300.00 1,500.00
item 4 อุปก ชุด 5 800.00 4,000.00
total . (-สอ . . . 22,000.00
item 1 เครื เครื่อง 1 12,600.00 12,600.00
item 2 สายล ม้วน 3 2,400.00 7,200.00
item 3 ลำโพ ตัว 2 1,800.00 3,600.00
item 4 อุปก ชุด 2 800.00 1,600.00
item 5 ค่าแ ม้วน 3 200 600.00
total . (-สอ . . . 25,600.00
item 1 เครื เครื่อง 1 22,000.00 22,000.00
item 2 เครื เครื่อง 3 15,000.00 45,000.00
item 3 ลำโพ ตัว 5 1,800.00 9,000.00
item 4 สายภ ม้วน 29 2,400.00 69,600.00
item 5 ขดลว ตัว 91 300.00 27,300.00
item 6 ขดลว ตัว 91 300.00 27,300.00
item 7 เครื เครื่อง 1 12,600.00 12,600.00
item 8 เครื เครื่อง 1 3,000.00 3,000.00
item 9 ไมโค ชุด 1 2,000.00 2,000.00
item 10 อุปก ชุด 96 800.00 76,800.00
item 11 ค่าแ ม้วน 27 200.00 5,400.00
total . รวมเ . . . 300,000.00
"""

WITH_FACTOR = ("quantity", "unit_price", "cost", "factor", "unit_price_with_factor", "amount")
SUMMARY = ("cost", "factor", "amount")
PLAIN = ("quantity", "unit_price", "amount")
TRUTH = {
    "saiyoi_por4_road.pdf": (ROAD, WITH_FACTOR),
    "saiyoi_summary_price_5x10.pdf": (CANAL, WITH_FACTOR),
    "saiyoi_por5_childcentre.pdf": (CENTRE, SUMMARY),
    "saiyoi_por5_filter_tank.pdf": (TANK, SUMMARY),
    "saiyoi_aircon_price_word_3x7.pdf": (COOLERS, PLAIN),
    "saiyoi_pa_system_multi3x5.pdf": (SPEAKERS, PLAIN),
}
pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason="no real files beside the project")
every_file = pytest.mark.parametrize("name", TRUTH)
PRICES = next(profile for profile in profiles() if profile.table == "price_items")


@cache
def pages_of(name):
    return tuple(read_pdf(name, BytesIO((REAL / name).read_bytes())))


def report_of(pages):
    return normalize("a.pdf", pages, profiles())


def keyed(name):
    """The rows as a person keyed them: role, number, letters, unit, figures by column."""
    lines, columns = TRUTH[name]
    for line in lines.strip().split("\n"):
        role, number, letters, unit, *figures = line.split()
        values = {}
        for field, figure in zip(columns, figures, strict=True):
            if figure != "?":
                known = figure not in (".", "-")
                values[field] = Decimal(figure.replace(",", "")) if known else None
        yield (
            role,
            None if number == "." else number,
            letters,
            None if unit == "." else unit,
            values,
        )


def read(item, values):
    """The same of an item, as far as it was keyed."""
    label = "".join(str(item.value("item")).split())
    own = {field: item.value(field) for field in values}
    return item.role, item.value("item_no"), label[:4], item.value("unit"), own


@every_file
def test_every_row_is_right_as_it_was_keyed(name):
    report = report_of(pages_of(name))
    truth = list(keyed(name))
    assert report.profile == PRICES
    assert [read(item, row[4]) for item, row in zip(report.items, truth, strict=False)] == truth
    assert len(report.items) == len(truth)
    others = {c.field for c in PRICES.columns if c.type == "number"} - set(TRUTH[name][1])
    assert {item.value(field) for item in report.items for field in others} == {None}
    assert [item for item in report.items if item.needs_review] == []


@every_file
def test_the_sums_of_the_files_add_up_but_for_the_price_that_was_rounded(name):
    found = [f for f in audit(report_of(pages_of(name))) if f.check == "sum_mismatch"]
    rounded = [("info", "amount", "398,318.31")] if "summary" in name else []
    assert [(f.severity, f.field, f.suggestion) for f in found] == rounded


def with_line(pages, number, table, cell, line, text):
    """The pages with one line of one cell otherwise."""
    page = pages[number]
    old = page.tables[table].cells[cell]
    own = old.lines[line]
    changed = Line((Run(own.runs[0].font, text),), own.box, own.sure)
    lines = (*old.lines[:line], changed, *old.lines[line + 1 :])
    cells = page.tables[table].cells
    cells = (*cells[:cell], replace(old, lines=lines), *cells[cell + 1 :])
    tables = page.tables
    tables = (*tables[:table], replace(tables[table], cells=cells), *tables[table + 1 :])
    return (*pages[:number], replace(page, tables=tables), *pages[number + 1 :])


def misprints(pages, fields):
    """The pages again and again, each time with the first digit of one printed number otherwise."""
    named = {(c.page, c.table, c.row, c.column): c.field for c in report_of(pages).cells}
    for number, page in enumerate(pages):
        for n, table in enumerate(page.tables):
            for at, cell in enumerate(table.cells):
                if named.get((page.source.page, n, cell.row, cell.column)) not in fields:
                    continue
                for line, own in enumerate(cell.lines):
                    digits = [i for i, letter in enumerate(own.text) if letter.isdigit()]
                    if digits:
                        first = digits[0]
                        other = "3" if own.text[first] in "2๒" else "2"
                        text = own.text[:first] + other + own.text[first + 1 :]
                        yield own.text, with_line(pages, number, n, at, line, text)


@pytest.mark.parametrize(
    ("name", "count", "unseen"),
    [
        ("saiyoi_summary_price_5x10.pdf", 39, []),
        ("saiyoi_por5_childcentre.pdf", 17, ["201,418.54"]),
        ("saiyoi_aircon_price_word_3x7.pdf", 7, []),
        ("saiyoi_por4_road.pdf", 34, []),
    ],
)
def test_a_misprint_in_any_number_is_found(name, count, unseen):
    """Every number of these files is part of a sum or a product, so none can change unseen, but
    for the one that is printed white on white and stands in a note."""
    fields = {*TRUTH[name][1]}
    missed, tried = [], 0
    for text, pages in misprints(pages_of(name), fields):
        tried += 1
        found = [f for f in audit(report_of(pages)) if f.check == "sum_mismatch"]
        if not any(f.severity == "error" for f in found):
            missed.append(text.strip())
    assert (missed, tried) == (unseen, count)


def test_a_scan_of_a_form_gives_the_same_numbers(tmp_path):
    """The form drawn as a picture of 200 dots an inch and recognised, white print left out."""
    name = "saiyoi_por5_childcentre.pdf"
    picture = tmp_path / "form.png"
    with pypdfium2.PdfDocument(REAL / name) as drawn:
        drawn[0].render(scale=200 / 72).to_pil().convert("L").save(picture, dpi=(200, 200))
    items = convert_document(picture).items
    truth = list(keyed(name))
    assert [read(item, row[4])[4] for item, row in zip(items, truth, strict=True)] == [
        row[4] for row in truth
    ]
    assert [(item.role, item.value("item_no")) for item in items] == [row[:2] for row in truth]
    assert {item.value("cost") for item in items if item.role == "note"} == {None}


@every_file
def test_a_drafted_profile_reads_its_document_as_it_is(name):
    own = parse("drafted-kind", draft("drafted-kind", pages_of(name)))
    report = normalize("a.pdf", pages_of(name), (own,))
    truth = list(keyed(name))
    fields = [c.field for c in own.columns if c.type == "number"]
    assert set(TRUTH[name][1]) == set(fields)
    assert [item.value("item_no") for item in report.items] == [row[1] for row in truth]
    assert [item.value("amount") for item in report.items] == [row[4]["amount"] for row in truth]
