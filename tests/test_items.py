"""Tables of items to typed rows: made ones, of other kinds and in other words than real ones."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import ROW, html, pdf, report_of, report_of_pdf, row, rule, rules, tsv, words

from audit.checks import CHECKS, ITEM_CHECKS, audit, settled_items
from extract.dump import read_dump
from extract.model import Box, Cell, Line, Page, Run, Source, Table
from extract.pdf import read_pdf
from normalize.dates import read_date
from normalize.decisions import Decision
from normalize.items import leading_ordinal, ordinal_of
from normalize.numerals import FIGURE_RULES, read_figure
from normalize.report import normalize
from normalize.trace import apply
from profiles.report import NoProfile, parse, profiles
from profiles.vocabulary import vocabulary

LIST = ["ลำดับ", "รายการ", "จำนวน", "หน่วย", "ราคาต่อหน่วย", "จำนวนเงิน"]
FORM = [
    [
        ("ลำดับที่", 2, 1),
        ("รายการ", 2, 1),
        ("จำนวน", 2, 1),
        ("หน่วย", 2, 1),
        ("ค่าวัสดุ", 1, 2),
        ("ค่าแรงงาน", 1, 2),
        ("รวมค่าวัสดุและค่าแรงงาน", 2, 1),
        ("หมายเหตุ", 2, 1),
    ],
    ["ราคาต่อหน่วย", "จำนวนเงิน", "ราคาต่อหน่วย", "จำนวนเงิน"],
]
"""The header of form ปร.4 with its two rows."""
VEHICLES = """
title_th = "ทะเบียนคุมรถราชการ"
title_en = "Vehicle register"
table = "vehicles"
min_columns = 3
required = ["plate"]

[[columns]]
field = "no"
type = "ordinal"
title_th = "ลำดับ"
title_en = "Number"
headers = ["ลำดับ"]

[[columns]]
field = "vehicle"
title_th = "ชนิดรถ"
title_en = "Vehicle"
headers = ["ชนิดรถ", "ประเภทรถ"]

[[columns]]
field = "plate"
title_th = "ทะเบียน"
title_en = "Plate"
headers = ["หมายเลขทะเบียน"]

[[columns]]
field = "bought"
type = "date"
title_th = "วันที่ได้มา"
title_en = "Bought on"
headers = ["วันที่ได้มา"]

[[columns]]
field = "model_year"
type = "integer"
title_th = "รุ่นปี"
title_en = "Model year"
headers = ["รุ่นปี"]

[[columns]]
field = "price"
type = "number"
unit = "บาท"
summed = true
title_th = "ราคาทุน"
title_en = "Price"
headers = ["ราคาทุน"]

[[columns]]
field = "worn"
type = "number"
summed = true
title_th = "ค่าเสื่อมราคาสะสม"
title_en = "Depreciation"
headers = ["ค่าเสื่อมราคาสะสม"]

[[columns]]
field = "left"
type = "number"
summed = true
title_th = "มูลค่าสุทธิ"
title_en = "Net value"
headers = ["มูลค่าสุทธิ"]

[[sums]]
field = "price"
of = ["worn", "left"]

[[rows]]
role = "total"
words = ["รวมทั้งสิ้น"]
"""


def table(*rows, head=(LIST,), titles=("บัญชีรายการ",)):
    """One page of a dump: a table below its title."""
    return html([*map(list, head), *map(list, rows)], titles=titles)


def values(report, *fields, role=None):
    """Some columns of all items, or of those of one role."""
    items = [item for item in report.items if role in (None, item.role)]
    return [tuple(map(item.value, fields)) for item in items]


def roles(report):
    return [(item.role, item.value("item")) for item in report.items]


def said(report, check="sum_mismatch"):
    """What a check says: severity, column, suggestion."""
    found = [f for f in audit(report) if f.check == check]
    return [(f.severity, f.field, f.suggestion) for f in found]


D = Decimal


# ------------------------------------------------------------------ the form of two groups


BOQ = (
    table(
        ["๑", "หมวดงานไฟฟ้า", "", "", "", "", "", "", "", ""],
        ["1.1", "สายไฟ", "๑๐๐", "เมตร", "๑๒.๕๐", "๑,๒๕๐.๐๐", "๕.๐๐", "๕๐๐.๐๐", "๑,๗๕๐.๐๐", ""],
        ["1.2", "โคมไฟ", "10", "ชุด", "450.00", "4,500.00", "100.-", "1,000.-", "5,500", "ขาว"],
        ["", "รวมหมวดงานไฟฟ้า", "", "", "", "5,750.00", "", "1,500.00", "7,250.00", ""],
        ["2", "หมวดงานประปา", "", "", "", "", "", "", "", ""],
        ["2.1", "ท่อ", "20", "ท่อน", "85", "1,700", "30", "600", "2,300", ""],
        ["", "ยอดยกไป", "", "", "", "7,450.00", "", "2,100.00", "9,550.00", ""],
        head=FORM,
    ),
    table(
        ["", "ยอดยกมา", "", "", "", "7,450.00", "", "2,100.00", "9,550.00", ""],
        ["2.2", "ก๊อกน้ำ", "4", "ตัว", "120.00", "480.00", "0", "-", "480.00", ""],
        ["", "รวมหมวดงานประปา", "", "", "", "2,180.00", "", "600.00", "2,780.00", ""],
        ["", "รวมเป็นเงิน", "", "", "", "7,930.00", "", "2,100.00", "10,030.00", ""],
        ["", "หักส่วนลด", "", "", "", "", "", "", "30.00", ""],
        ["", "ภาษีมูลค่าเพิ่ม 7%", "", "", "", "", "", "", "700.00", ""],
        ["", "รวมทั้งสิ้น (หนึ่งหมื่นเจ็ดร้อยบาทถ้วน)", "", "", "", "", "", "", "10,700.00", ""],
        head=FORM,
    ),
)


def test_columns_of_one_name_are_told_apart_by_the_header_over_them():
    fields = ("quantity", "material_price", "material", "labour_price", "labour", "amount")
    assert values(report_of(*BOQ), *fields, role="item") == [
        (D(100), D("12.50"), D("1250.00"), D("5.00"), D("500.00"), D("1750.00")),
        (D(10), D("450.00"), D("4500.00"), D(100), D(1000), D(5500)),
        (D(20), D(85), D(1700), D(30), D(600), D(2300)),
        (D(4), D("120.00"), D("480.00"), D(0), None, D("480.00")),
    ]


def test_sections_sums_and_what_is_carried_over_a_page_all_add_up():
    report = report_of(*BOQ)
    assert [role for role, _ in roles(report)] == [
        *("heading", "item", "item", "subtotal", "heading", "item", "carried"),
        *("carried", "item", "subtotal", "total", "adjustment", "adjustment", "total"),
    ]
    sections = [item.section for item in report.items if item.role == "item"]
    assert sections == ["หมวดงานไฟฟ้า", "หมวดงานไฟฟ้า", "หมวดงานประปา", "หมวดงานประปา"]
    assert audit(report) == ()
    assert not any(item.needs_review for item in report.items)


@pytest.mark.parametrize(
    ("printed", "instead", "field", "right"),
    [
        ("5,750.00", "5,570.00", "material", "5,750.00"),  # a subtotal
        ("9,550.00", "9,505.00", "amount", "9,550.00"),  # carried to the next page
        ("7,930.00", "7,390.00", "material", "7,930.00"),  # a total over the page
        ("700.00", "770.00", "amount", "700.00"),  # a tax by its rate
        ("10,700.00", "10,730.00", "amount", "10,700.00"),  # after discount and tax
        ("2,180.00", "2,810.00", "material", "2,180.00"),  # a section over the page
        ("๑,๒๕๐.๐๐", "๑,๕๒๐.๐๐", "material", "1,250.00"),  # a product
        ("5,500", "5,400", "amount", "5,500"),  # a sum across
    ],
)
def test_a_wrong_sum_is_found_wherever_it_stands(printed, instead, field, right):
    pages = [page.replace(f">{printed}<", f">{instead}<", 1) for page in BOQ]
    assert sum(page != old for page, old in zip(pages, BOQ, strict=True)) >= 1
    assert ("error", field, right) in said(report_of(*pages))


def test_a_finding_names_its_row_its_pages_and_its_cells():
    pages = (BOQ[0], BOQ[1].replace("10,030.00", "10,300.00"))
    report = report_of(*pages)
    [found] = [f for f in audit(report) if f.check == "sum_mismatch" and "rows" in f.message]
    assert found.message == (
        "รวมเป็นเงิน: Amount is 10,300.00, but 4 rows (1.1 สายไฟ to 2.2 ก๊อกน้ำ) come to 10,030.00"
    )
    assert found.message_th == ("รวมเป็นเงิน: จำนวนเงิน 10,300.00 แต่ผลรวมของ 4 จำนวนคือ 10,030.00")
    assert found.pages == (1, 2)
    assert [tuple(value) for value in found.values] == [
        ("2", "Amount: 10,300.00"),
        ("1, 2", "10,030.00"),
    ]
    assert [str(place) for place in found.places] == ["2:5:8", "1:3:8", "1:4:8", "1:7:8", "2:3:8"]
    reviewed = settled_items(report, audit(report))
    assert [item.value("item") for item in reviewed if item.needs_review] == ["รวมเป็นเงิน"]


def test_a_finding_that_a_person_let_stand_asks_for_no_look():
    pages = (table(["1", "โต๊ะ", "2", "ตัว", "500", "1,100"], ["2", "ตู้", "1", "ใบ", "9", "9"]),)
    report = report_of(*pages)
    [found] = audit(report)
    assert [i.needs_review for i in settled_items(report, (found,))] == [True, False]
    stand = replace(found, decided=True)
    assert [i.needs_review for i in settled_items(report, (stand,))] == [False, False]


# ------------------------------------------------------------------ dumps of other makes


def test_a_dump_without_spans_and_with_numbered_columns():
    markdown = """แบบประเมิน

| ลำดับ | รายการ | จำนวน | หน่วย | ค่าวัสดุ | | ค่าแรงงาน | | รวม |
|---|---|---|---|---|---|---|---|---|
| | | | | ราคาต่อหน่วย | จำนวนเงิน | ราคาต่อหน่วย | จำนวนเงิน | |
| (1) | (2) | (3) | (4) | (5) | (6)=(3)x(5) | (7) | (8) | (9) |
| 1 | ทราย | 3 | ลบ.ม. | 400 | 1,200 | 50 | 150 | 1,350 |
| 2 | หิน | 2 | | 500 | 1,000 | 50 | 100 | 1,100 |
| | รวม | | | | 2,200 | | 250 | 2,450 |
"""
    report = report_of(markdown)
    assert values(report, "item_no", "item", "unit", "material", "labour", "amount") == [
        ("1", "ทราย", "ลบ.ม.", D(1200), D(150), D(1350)),
        ("2", "หิน", None, D(1000), D(100), D(1100)),
        (None, "รวม", None, D(2200), D(250), D(2450)),
    ]
    assert audit(report) == ()


QUOTATION = """ใบเสนอราคา
ลำดับ\tรายละเอียด\tจำนวน\tหน่วยละ\tจำนวนเงิน
1\tกระดาษ\t10 รีม\t115.00\t1,150.00
2\tหมึกพิมพ์\t2 กล่อง\t2,300.00\t4,600.00
3\tคืนสินค้า\t1\t(250.00)\t−250.00
\tรวมเงิน\t\t\t5,500.00
\tส่วนลด 10%\t\t\t550.00
\tจำนวนเงินหลังหักส่วนลด\t\t\t4,950.00
\tVAT 7%\t\t\t346.50
\tรวมทั้งสิ้น\t\t\t5,296.50
"""


def test_a_quotation_with_a_discount_a_tax_and_a_negative_item():
    report = report_of(QUOTATION)
    assert values(report, "item", "quantity", "unit", "unit_price", "amount") == [
        ("กระดาษ", D(10), "รีม", D("115.00"), D("1150.00")),
        ("หมึกพิมพ์", D(2), "กล่อง", D("2300.00"), D("4600.00")),
        ("คืนสินค้า", D(1), None, D("-250.00"), D("-250.00")),
        ("รวมเงิน", None, None, None, D("5500.00")),
        ("ส่วนลด 10%", None, None, None, D("550.00")),
        ("จำนวนเงินหลังหักส่วนลด", None, None, None, D("4950.00")),
        ("VAT 7%", None, None, None, D("346.50")),
        ("รวมทั้งสิ้น", None, None, None, D("5296.50")),
    ]
    assert audit(report) == ()
    told = [c for c in report.corrections if c.rule in ("brackets_are_minus", "minus_sign")]
    assert [(c.page, c.row, c.column, c.field, c.before, c.after) for c in told] == [
        (1, 3, None, "unit_price", "(250.00)", "-250.00"),
        (1, 3, None, "amount", "−250.00", "-250.00"),
    ]


def test_a_discount_that_is_not_taken_off_is_found():
    wrong = QUOTATION.replace("4,950.00", "6,050.00")
    assert said(report_of(wrong))[0] == ("error", "amount", "4,950.00")


def test_a_satang_is_no_difference_and_rounding_is_told_apart_from_errors():
    rows = [
        ["1", "ทาสี", "11,908.00", "ตร.ม.", "1.82", "21,644.46"],  # 21,672.56; the price is rounded
        ["2", "สายไฟ", "3", "ม.", "0.335", "1.01"],  # 1.005
        ["3", "ปูน", "2", "ถุง", "150.00", "310.00"],
    ]
    assert said(report_of(table(*rows))) == [
        ("info", "amount", "21,672.56"),
        ("error", "amount", "300.00"),
    ]


def test_an_adopted_price_may_be_the_sum_rounded_and_no_more():
    def priced(price):
        rows = [["1", "ถนน", "", "", "", "398,318.31"], ["", "รวม", "", "", "", "398,318.31"]]
        return said(report_of(table(*rows, ["", "ราคากลางทั้งสิ้น", "", "", "", price])))

    assert priced("398,318.31") == []
    assert priced("398,000.00") == [("info", "amount", "398,318.31")]
    assert priced("389,000.00") == [("error", "amount", "398,318.31")]
    assert priced("398,100.00") == [("error", "amount", "398,318.31")]


def test_sums_that_stand_above_their_rows_and_are_summed_in_their_place():
    head = ["ที่", "รายการ", "จำนวนเงิน (บาท)", "หมายเหตุ"]
    rows = [
        ["1", "งบบุคลากร", "300,000", ""],
        ["1.1", "เงินเดือน", "200,000", ""],
        ["1.2", "ค่าจ้าง", "90,000", ""],
        ["2", "งบดำเนินงาน", "50,000", ""],
        ["2.1", "วัสดุ", "50,000", ""],
        ["", "รวม", "350,000", ""],
    ]
    report = report_of(table(*rows, head=(head,)))
    assert [role for role, _ in roles(report)] == [
        *("subtotal", "item", "item", "subtotal", "item", "total"),
    ]
    assert said(report) == [("error", "amount", "290,000")]  # and the total is told no second time


def test_a_list_without_numbers_has_headings_and_remarks_in_brackets():
    head = ["รายการ", "ปริมาณ", "หน่วย", "ราคา/หน่วย", "เป็นเงิน"]
    rows = [
        ["งานโครงหลังคา", "", "", "", ""],
        ["เหล็กตัวซี", "10", "เส้น", "500", "5,000"],
        ["แผ่นเมทัลชีท", "20", "แผ่น", "300", "6,000"],
        ["(หนา 0.35 มม.)", "", "", "", ""],
        ["งานฝ้า", "", "", "", ""],
        ["ยิปซัม", "12", "แผ่น", "150", "1,800"],
        ["รวมทั้งหมด", "", "", "", "12,900"],
    ]
    report = report_of(table(*rows, head=(head,)))
    assert roles(report) == [
        ("heading", "งานโครงหลังคา"),
        ("item", "เหล็กตัวซี"),
        ("item", "แผ่นเมทัลชีท (หนา 0.35 มม.)"),
        ("heading", "งานฝ้า"),
        ("item", "ยิปซัม"),
        ("total", "รวมทั้งหมด"),
    ]
    assert said(report) == [("error", "amount", "12,800")]


def test_a_header_again_merged_cells_and_rows_of_dashes():
    rows = [
        ["1", "เก้าอี้", "4", ("ตัว", 2, 1), "100", "400"],
        ["2", "โต๊ะ", "2", "500", "1,000"],
        LIST,
        ["", "", "-", "", "-", "-"],
        ["3", "ตู้", "1", "ใบ", "900", "900"],
        [("รวมเป็นเงิน (สองพันสามร้อยบาทถ้วน)", 1, 5), "2,300"],
    ]
    report = report_of(table(*rows))
    assert values(report, "item_no", "item", "quantity", "unit", "amount") == [
        ("1", "เก้าอี้", D(4), "ตัว", D(400)),
        ("2", "โต๊ะ", D(2), "ตัว", D(1000)),
        ("3", "ตู้", D(1), "ใบ", D(900)),
        (None, "รวมเป็นเงิน (สองพันสามร้อยบาทถ้วน)", None, None, D(2300)),
    ]
    assert audit(report) == ()
    last = [(cell.column, cell.field) for cell in report.cells if cell.row == 6]
    assert last == [(0, ""), (5, "amount")]  # words over several columns are of none


def test_a_sum_may_count_pieces_and_an_item_may_be_named_like_a_sum():
    rows = [
        ["", "รวมค่าขนส่ง", "2", "เที่ยว", "450", "900"],
        ["", "ตู้", "1", "ใบ", "900", "900"],
        ["รวม", "", "3", "", "", "1,800"],
    ]
    report = report_of(table(*rows))
    assert [(i.role, i.value("item"), i.value("quantity")) for i in report.items] == [
        ("item", "รวมค่าขนส่ง", D(2)),
        ("item", "ตู้", D(1)),
        ("total", "รวม", D(3)),
    ]
    assert audit(report) == ()


def test_a_summary_of_summaries_and_the_price_that_is_made_of_it():
    rows = [
        ["1", "งานอาคาร", "256,325.21", ""],
        ["2", "งานครุภัณฑ์", "50,000.00", "รวมค่าติดตั้ง"],
        [("สรุป", 2, 1), "รวมค่าก่อสร้างทั้งโครงการ/งาน", "306,325.21", ""],
        ["คิดเป็นเงินประมาณ", "306,000.00", ""],
    ]
    report = report_of(table(*rows, head=(["ลำดับที่", "รายการ", "ค่าก่อสร้าง", "หมายเหตุ"],)))
    assert roles(report)[2:] == [
        ("total", "สรุป รวมค่าก่อสร้างทั้งโครงการ/งาน"),
        ("total", "คิดเป็นเงินประมาณ"),
    ]
    assert said(report) == [("info", "amount", "306,325.21")]


def test_what_cannot_be_read_is_absent_asks_for_a_look_and_stays_in_the_cells():
    rows = [["1", "ขนย้าย", "เหมา", "งาน", "1,50.00", "3,000"], ["2", "ตู้", "1", "ใบ", "9", "9"]]
    report = report_of(table(*rows))
    assert values(report, "quantity", "unit_price", "amount") == [
        (None, None, D(3000)),
        (D(1), D(9), D(9)),
    ]
    assert [item.needs_review for item in report.items] == [True, False]
    assert said(report, "number_unread") == [
        ("warning", "quantity", None),
        ("warning", "unit_price", None),
    ]
    kept = next(c for c in report.cells if c.field == "unit_price")
    assert (kept.raw, kept.value) == ("1,50.00", "1,50.00")


def test_a_decision_on_a_cell_is_read_as_its_column_is():
    page = table(["1", "ตู้", "1", "ใบ", "9OO", "900"], ["2", "โต๊ะ", "1", "ตัว", "9", "9"])
    decision = Decision("d1", "a.txt", "cell", "unit_price", 1, 1, 4, 0, "9OO", "900")
    before, after = report_of(page), report_of(page, decisions=[decision])
    assert values(before, "unit_price")[0] == (None,)
    assert values(after, "unit_price")[0] == (D(900),)
    assert [item.needs_review for item in after.items] == [False, False]
    assert audit(after) == ()


def test_the_longest_numbers_that_are_read_are_summed():
    long = "999,999,999,999,999.99"
    rows = [["1", "ก", long, "ชิ้น", long, long], ["", "รวม 7%", "", "", "", "9.9999999999"]]
    report = report_of(table(*rows, ["", "VAT 999%", "", "", "", long]))
    assert values(report, "amount")[0] == (D(long.replace(",", "")),)
    assert len(said(report)) == 3


def test_numbers_that_skip_are_told_once_at_each_place():
    rows = [[n, f"รายการ {n}", "1", "ชิ้น", "5", "5"] for n in ("1", "2", "4", "5", "5", "1", "2")]
    found = [f for f in audit(report_of(table(*rows))) if f.check == "item_gap"]
    assert [(f.message, f.suggestion) for f in found] == [
        ("Number of the item: 4 stands behind 2", "3"),
        ("Number of the item: 5 stands behind 5", "6"),
    ]


def test_a_page_that_stands_twice_counts_once_and_one_that_differs_in_a_digit_does_not():
    one = table(["1", "กล้องวงจรปิด", "2", "ชุด", "4,500", "9,000"], titles=("หมู่ที่ 1",))
    other = one.replace("หมู่ที่ 1", "หมู่ที่ 2")
    report = report_of(one, other, one)
    assert len(report.items) == 2
    assert [(t.page, t.again) for t in report.twins] == [(1, 3)]
    assert [f.check for f in audit(report)] == ["duplicate_page"]


PIECES = st.tuples(
    st.sampled_from(["", "1", "2", "๓", "1.1", "ก", "-", "รวม", "(1)"]),
    st.sampled_from(["", "ตู้", "รวมเป็นเงิน", "ยอดยกมา", "1.2 ท่อ", "หมายเหตุ", "(ขาว)", "ส่วนลด 5%"]),
    st.sampled_from(["", "2", "-", "๓ ชุด", "(2)"]),
    st.sampled_from(["", "ใบ", "ภาษี"]),
    st.sampled_from(["", "10.00", "1,50", "รวม"]),
    st.sampled_from(["", "777.25", "-", "รวมทั้งสิ้น", "9-9"]),
)


@given(st.lists(PIECES, min_size=1, max_size=9), st.integers(0, 9))
def test_no_number_is_lost_whatever_the_rows_are(rows, cut):
    parts = {"ส่วนแรก": rows[:cut], "ส่วนหลัง": rows[cut:]}
    pages = [table(*some, titles=(title,)) for title, some in parts.items() if some]
    report = report_of(*pages)
    findings = audit(report)
    printed = sum(cells[5] == "777.25" for cells in rows)
    assert [i.value("amount") for i in report.items].count(D("777.25")) == printed
    assert sum(f == "amount" and t == "9-9" for r in report.item_records for f, t in r.unread) <= (
        sum(cells[5] == "9-9" for cells in rows)
    )
    keys = [(item.page, item.row, item.line) for item in report.items]
    assert len(set(keys)) == len(keys) and keys == sorted(keys)
    assert {len(item.values) for item in report.items} <= {14}
    assert len(settled_items(report, findings)) == len(report.items)
    assert all(f.values and f.message_th for f in findings if f.check == "sum_mismatch")


# ------------------------------------------------------------------ exported pages


XS = [40, 80, 300, 360, 420, 520, 640]


def drawn(tops, cells, below=True, above=True):
    """A ruled table on paper, without its first or last rule where it is cut."""
    lines = [rule(XS[0], y, XS[-1], y) for y in tops[1:-1]]
    lines += [rule(XS[0], tops[0], XS[-1], tops[0])] * above
    lines += [rule(XS[0], tops[-1], XS[-1], tops[-1])] * below
    lines += [rule(x, tops[0], x, tops[-1]) for x in XS]
    for top, row_of in zip(tops, cells, strict=False):
        for x, text in zip(XS, row_of, strict=False):
            lines += [
                words(x + 3, top + 3 + 14 * n, line)
                for n, line in enumerate(text.split("\n"))
                if line
            ]
    return "\n".join(lines)


def test_a_row_that_a_page_break_cuts_is_one_and_numbers_may_stand_in_its_middle():
    pump = "เครื่องสูบน้ำไฟฟ้าแบบ\nหอยโข่งขนาดสองแรงม้า\nพร้อมอุปกรณ์"
    first = [
        LIST,
        ["1", pump, "\n2", "\nเครื่อง", "\n9,000.00", "\n18,000.00"],
        ["2", "ท่อส่งน้ำพีวีซีขนาด", "30", "ท่อน", "100.00", "3,000.00"],
    ]
    second = [
        ["", "สองนิ้วชั้นแปดจุดห้า", "", "", "", ""],
        ["3", "วาล์ว", "2", "ตัว", "250.00", "500.00"],
        ["", "รวมทั้งสิ้น", "", "", "", "21,500.00"],
    ]
    report = report_of_pdf(
        drawn([100, 125, 180, 205], first, below=False),
        drawn([60, 80, 105, 130], second, above=False),
    )
    assert values(report, "item_no", "quantity", "amount") == [
        ("1", D(2), D("18000.00")),
        ("2", D(30), D("3000.00")),
        ("3", D(2), D("500.00")),
        (None, None, D("21500.00")),
    ]
    assert [item.pages for item in report.items] == [(1,), (1, 2), (2,), (2,)]
    assert report.items[1].value("item") == "ท่อส่งน้ำพีวีซีขนาดสองนิ้วชั้นแปดจุดห้า"
    assert "".join(str(report.items[0].value("item")).split()) == "".join(pump.split())
    assert said(report) == []


STACK = [
    ("ก", "งานรื้อถอน", "", "", "", ""),
    ("1", "รื้อผนัง", "12", "ตร.ม.", "50.00", "600.00"),
    ("2", "ขนเศษวัสดุไปทิ้งนอก", "1", "งาน", "2,000.00", "2,000.00"),
    ("", "สถานที่ก่อสร้าง", "", "", "", ""),
    ("ข", "งานผนัง", "", "", "", ""),
    ("1", "ก่ออิฐ", "8", "ตร.ม.", "300.00", "2,400.00"),
    ("2", "ฉาบปูน", "16", "ตร.ม.", "150.00", "2,400.00"),
]


def stacked(total="7,400.00", decisions=()):
    """A table without rules between its rows, as Word and Excel print lists."""
    lines = [rules(XS, [100, 130, 420]), rules(XS[-2:], [420, 450])]
    lines += [words(x + 3, 108, text) for x, text in zip(XS, LIST, strict=False)]
    for n, row_of in enumerate(STACK):
        shift = 4 if n == 1 else 0  # a number that stands a little lower than its row
        lines += [
            words(x + 3, 136 + 18 * n + (shift if x == XS[0] else 0), text)
            for x, text in zip(XS, row_of, strict=False)
            if text
        ]
    lines += [words(XS[4] + 10, 430, "รวมเป็นเงิน"), words(XS[5] + 3, 430, total)]
    pages = tuple(read_pdf("a.pdf", BytesIO(pdf("\n".join(lines)))))
    return normalize("a.pdf", pages, profiles(), decisions)


def test_many_items_in_one_row_of_cells_are_told_apart_by_their_lines():
    report = stacked()
    assert [(i.row, i.line, i.role, i.value("item_no"), i.section) for i in report.items] == [
        (1, 0, "heading", "ก", None),
        (1, 1, "item", "1", "งานรื้อถอน"),
        (1, 2, "item", "2", "งานรื้อถอน"),
        (1, 4, "heading", "ข", None),
        (1, 5, "item", "1", "งานผนัง"),
        (1, 6, "item", "2", "งานผนัง"),
        (2, 0, "total", None, None),
    ]
    assert values(report, "amount", role="item") == [
        (D("600.00"),),
        (D("2000.00"),),
        (D("2400.00"),),
        (D("2400.00"),),
    ]
    name = str(report.items[2].value("item"))
    assert "".join(name.split()) == "ขนเศษวัสดุไปทิ้งนอกสถานที่ก่อสร้าง"
    assert said(report) == []
    assert said(stacked("7,040.00")) == [("error", "amount", "7,400.00")]
    [amounts] = [c for c in report.cells if c.field == "amount" and c.row == 1]
    assert amounts.value.split("\n") == ["600.00", "2,000.00", "2,400.00", "2,400.00"]


def scanned(sure):
    """One item as a recogniser reads it, its amount with this certainty."""

    def cell(row, column, text, certain=0.99):
        box = Box(50 + 80 * column, 100 + 20 * row, 130 + 80 * column, 120 + 20 * row)
        line = Line((Run("", text),), box, (certain,) * len(text))
        figures = certain if text[0].isdigit() else None
        return Cell(
            (line,), Source("a.pdf", 1, box), row, column, 1, 1, "ocr", certain, certain, figures
        )

    cells = [cell(0, n, text) for n, text in enumerate(LIST)]
    cells += [
        cell(1, n, text, sure if n == 5 else 0.99)
        for n, text in enumerate(("1", "เครื่องพิมพ์", "2", "เครื่อง", "4,500", "9,000"))
    ]
    box = Box(50, 100, 530, 140)
    page = Page(Source("a.pdf", 1, box), (Table(tuple(cells), 0, 2, 6, box),), origin="ocr")
    return normalize("a.pdf", (page,), profiles())


def test_a_decision_on_a_cell_of_many_items_is_told_by_its_lines():
    was = "600.00\n2,000.00\n2,400.00\n2,400.00"

    def amounts(now):
        report = stacked(decisions=[Decision("d", "a.pdf", "cell", "amount", 1, 1, 5, 0, was, now)])
        items = [item for item in report.items if item.role == "item"]
        return [(item.value("amount"), item.needs_review) for item in items]

    right = [D("650.00"), D("2000.00"), D("2400.00"), D("2400.00")]
    assert amounts(was.replace("600.00", "650.00", 1)) == [(value, False) for value in right]
    fewer = amounts("600.00\n2,000.00")  # nobody can tell which items they are of
    assert [value for value, _ in fewer] == [None] * 5 and fewer[0] == (None, True)


def test_hostile_cells_are_only_unread():
    long = "9" * 5000
    report = report_of(table([long] * 6, ["(1)", "(2)", long, "(4)", "5", "6"], ["1"] * 6))
    assert [item.value("quantity") for item in report.items] == [None, None, D(1)]
    assert [item.needs_review for item in report.items] == [True, True, False]


def test_a_figure_that_was_read_without_certainty_is_shown_to_a_person():
    [item] = scanned(0.6).items
    assert (item.confidence, item.needs_review, item.value("amount")) == (0.6, True, D(9000))
    [found] = [f for f in audit(scanned(0.6)) if f.check == "low_confidence"]
    assert found.severity == "warning"
    [item] = scanned(0.99).items
    assert (item.confidence, item.needs_review) == (0.99, False)


# ------------------------------------------------------------------ knowledge is data


def vehicles(*rows, known=True):
    head = [
        *("ลำดับ", "ชนิดรถ", "หมายเลขทะเบียน", "วันที่ได้มา"),
        *("รุ่นปี", "ราคาทุน", "ค่าเสื่อมราคาสะสม", "มูลค่าสุทธิ"),
    ]
    own = (*profiles(), parse("vehicles", VEHICLES)) if known else profiles()
    pages = tuple(read_dump("v.txt", table(*rows, head=(head,))))
    return normalize("v.txt", pages, own)


FLEET = (
    ["๑", "รถบรรทุกขยะ", "กข ๑๒๓๔", "๑๕ มี.ค. ๒๕๖๐", "๒๕๕๙", "๒,๔๐๐,๐๐๐", "๒,๓๙๙,๙๙๙", "๑"],
    ["2", "รถกระบะ", "บม 77", "5/1/2565", "2564", "780,000 บาท", "390,000", "390,000"],
    ["", "รวมทั้งสิ้น", "", "", "", "3,180,000", "2,789,999", "390,001"],
)


def test_a_further_kind_of_table_is_a_file_and_no_code():
    assert vehicles(*FLEET, known=False).profile is None
    report = vehicles(*FLEET)
    assert report.profile is not None
    assert (report.profile.name, report.profile.table) == ("vehicles", "vehicles")
    fields = ("no", "vehicle", "plate", "bought", "model_year", "price", "left")
    assert values(report, *fields) == [
        ("1", "รถบรรทุกขยะ", "กข 1234", date(2017, 3, 15), 2559, D(2400000), D(1)),
        ("2", "รถกระบะ", "บม 77", date(2022, 1, 5), 2564, D(780000), D(390000)),
        (None, "รวมทั้งสิ้น", None, None, None, D(3180000), D(390001)),
    ]
    assert {(item.profile, item.table) for item in report.items} == {("vehicles", "vehicles")}
    assert audit(report) == ()


def test_its_sums_are_checked_and_its_dates_read_or_shown():
    rows = ([*FLEET[0][:-1], "9"], [*FLEET[1][:3], "ไม่ปรากฏ", *FLEET[1][4:]], FLEET[2])
    report = vehicles(*rows)
    assert said(report) == [("error", "price", "2,400,008"), ("error", "left", "390,009")]
    assert said(report, "number_unread") == [("warning", "bought", None)]


# ------------------------------------------------------------------ beside reports of indicators


def test_a_report_of_indicators_stays_one_with_a_price_table_in_it():
    report = report_of(tsv([row()]), table(["1", "ตู้", "1", "ใบ", "9", "9"]), tsv([row()]))
    assert report.profile is not None
    assert (report.profile.name, report.items) == ("ita-improvement", ())


def test_a_table_of_something_else_with_a_total_is_no_price_list():
    head = ["ลำดับ", "รายการ", "ชาย", "หญิง", "รวม"]
    assert report_of(table(["1", "ข้าราชการ", "4", "6", "10"], head=(head,))).profile is None


def test_items_are_checked_for_what_means_something_there():
    assert set(ITEM_CHECKS) < set(CHECKS)
    names = {check.__name__ for check in ITEM_CHECKS}
    assert "indicator_missing" not in names and "year_conflict" not in names
    page = table(["1", "ตู้", "1", "ใบ", "9", "9"], titles=("ปีงบประมาณ 2567", "ปีงบประมาณ 2569"))
    assert audit(report_of(page)) == ()


def test_two_profiles_that_fit_equally_well_are_an_error_that_says_what_to_do():
    pages = tuple(read_dump("a.txt", table(["1", "ตู้", "1", "ใบ", "9", "9"])))
    prices = next(p for p in profiles() if p.table)
    other = replace(prices, name="other-prices", table="other_items")
    with pytest.raises(NoProfile, match=r"a\.txt: .*price-items and other-prices.*--profile"):
        normalize("a.txt", pages, (prices, other))
    assert normalize("a.txt", pages, (other,)).items[0].table == "other_items"


# ------------------------------------------------------------------ numbers, dates, ordinals


@given(
    st.decimals(-(10**10), 10**10, places=2),
    st.sampled_from(["{:,}", "{}"]),
    st.booleans(),
    st.sampled_from(["", " บาท", " ตัว", "\n", " ลบ.ม."]),
)
def test_any_number_that_is_printed_is_read(value, form, thai, rest):
    text = form.format(value)
    if thai:
        text = text.translate(str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙"))
    figure = read_figure(text + rest)
    assert figure is not None
    assert (figure.value, figure.rest) == (value, rest.strip())


@given(st.lists(st.sampled_from(list("๑2,.- ()−–\nบo%x/")), max_size=9).map("".join))
def test_the_rules_of_figures_change_nothing_more_the_second_time(text):
    once, _ = apply(FIGURE_RULES, text)
    if read_figure(text) is not None:
        assert apply(FIGURE_RULES, once)[0] == once
    again = read_figure(once)
    first = read_figure(text)
    assert first is None or first.value is None or (again and again.value == first.value)


@pytest.mark.parametrize(
    "text",
    [
        "1" * 16,
        "1" * 100_000,
        "1-2",
        "1/2",
        "3 x 4",
        "12,34",
        "1.2.3",
        "1 2",
        "ประมาณ 5",
        "2,000 - 3,000",
        "5,0",
    ],
)
def test_what_is_not_one_number_is_not_read(text):
    assert read_figure(text) is None


@given(st.dates(date(1960, 1, 1), date(2099, 12, 31)))
def test_any_day_is_read_as_registers_print_it(day):
    year = day.year + 543
    month = vocabulary().months[day.month - 1]
    assert read_date(f"{day.day} {month.short} {year}") == day
    assert read_date(f"วันที่ {day.day} {month.name} พ.ศ. {year}") == day
    assert read_date(f"{day.day}/{day.month}/{year}") == day
    assert read_date(f"{day.day:02}-{day.month:02}-{day.year}") == day
    assert read_date(day.isoformat()) == day


@pytest.mark.parametrize("text", ["31/02/2568", "มกราคม 2568", "1-5 ม.ค. 2568", "2568", "1/1/3568"])
def test_what_is_no_day_is_none(text):
    assert read_date(text) is None


@given(st.lists(st.integers(1, 20), min_size=1, max_size=3))
def test_an_ordinal_is_found_before_its_text_where_it_can_follow(parts):
    printed = ".".join(map(str, parts))
    last = (*parts[:-1], parts[-1] - 1) if parts[-1] > 1 else tuple(parts[:-1])
    if len(parts) > 1:
        assert leading_ordinal(f"{printed} ท่อ", last) == (printed, "ท่อ")
    assert ordinal_of(f"({printed})") == tuple(parts)


def test_a_report_of_indicators_with_an_annex_of_prices_keeps_its_rows():
    """However many tables of prices there are: their cells are in cells.csv, as before."""
    prices = table(["1", "โต๊ะ", "2", "ตัว", "500.00", "1,000.00"])
    report = report_of(tsv([ROW, row()]), *[prices] * 3)
    assert report.profile is not None and not report.profile.table
    assert len(report.rows) == 2
    assert not report.items
    assert "500.00" in {cell.raw for cell in report.cells}


# ------------------------------------------------------------------ nothing lost, nothing guessed


def reviewed(report):
    """The names of all rows, and whether a person should look at each."""
    items = settled_items(report, audit(report))
    return [(item.value("item"), item.needs_review) for item in items]


def messages(report, check):
    return [(f.severity, f.message) for f in audit(report) if f.check == check]


def test_lines_of_a_dash_and_a_number_are_no_number():
    report = report_of(table(["1", "ขนดิน<br>เกลี่ยดิน", "-<br>20", "ลบ.ม.", "30", "600"]))
    [item] = report.items
    assert (item.value("quantity"), item.value("amount")) == (None, D(600))
    assert said(report, "number_unread") == [("warning", "quantity", None)]
    for text in ("-\n7", "–\n7", "+\n7"):
        assert read_figure(text) is None
    assert [read_figure(text).value for text in ("- 7", "–7", "-7")] == [D(-7)] * 3


@pytest.mark.parametrize(
    ("header", "name"), [("จำนวนเงิน", "column จำนวนเงิน"), ("ร้าน ข", "column ร้าน ข"), ("", "column")]
)
def test_numbers_of_a_column_that_no_field_names_are_told(header, name):
    head = ["ที่", "รายการ", "จำนวนเงิน", header]
    rows = [
        ["1", "พัดลม", "700.00", "650.00"],
        ["2", "โคมไฟ", "90.00", ""],
        ["", "รวม", "790.00", "๖๕๐"],
    ]
    report = report_of(table(*rows, head=(head,)))
    assert values(report, "amount") == [(D("700.00"),), (D("90.00"),), (D("790.00"),)]
    assert reviewed(report) == [("พัดลม", True), ("โคมไฟ", False), ("รวม", True)]
    message = f"page 1: {name}, which no field names, has a number in 2 of its rows"
    assert messages(report, "number_unread") == [("warning", message)]
    [found] = [f for f in audit(report) if f.check == "number_unread"]
    assert found.field is None and [str(place) for place in found.places] == ["1:1:3", "1:3:3"]


def test_a_number_alone_in_a_row_under_no_field_is_not_lost():
    head = ["ที่", "รายการ", "จำนวนเงิน", ""]
    rows = [["1", "พัดลม", "700.00", "ดี"], ["", "", "", "55.25"], ["2", "โคมไฟ", "90.00", ""]]
    report = report_of(table(*rows, head=(head,)))
    told = [text for record in report.item_records for _, text in record.unread]
    assert told == ["55.25"]
    assert len(said(report, "number_unread")) == 1


WIDE = [40, 80, 250, 340, 420, 520, 640]
"""Columns that stand a little otherwise than XS."""


def moved(xs, top, cells):
    """A ruled table on paper, in these columns."""
    tops = [top + 25 * n for n in range(len(cells) + 1)]
    lines = [rules(xs, tops)]
    for y, row_of in zip(tops, cells, strict=False):
        lines += [words(x + 3, y + 3, t) for x, t in zip(xs, row_of, strict=False) if t]
    return "\n".join(lines)


def priced(*numbers):
    return [[n, f"หลอดไฟแบบที่ {n}", "2", "หลอด", "40.00", "80.00"] for n in numbers]


def test_a_table_without_header_is_read_by_the_order_of_its_columns():
    total = [["", "รวมทั้งสิ้น", "", "", "", "320.00"]]
    far = [40, 80, 200, 260, 330, 420, 640]
    first = moved(XS, 100, [LIST, *priced("1", "2")])
    near, other = (moved(xs, 60, [*priced("3", "4"), *total]) for xs in (WIDE, far))
    for page in (near, other):
        report = report_of_pdf(first, page)
        assert [item.value("item_no") for item in report.items] == ["1", "2", "3", "4", None]
        assert [item.value("amount") for item in report.items][2:] == [D("80.00")] * 2 + [D(320)]
        assert said(report) == []
        marked = [item.needs_review for item in report.items]
        assert marked == [False] * 2 + [page is other] * 3


def test_a_table_that_does_not_fit_is_a_warning_and_no_silence():
    first = moved(XS, 100, [LIST, *priced("1", "2")])
    narrow = moved([40, 300, 640], 60, [["รวมทั้งสิ้น", "160.00"]])
    report = report_of_pdf(first, narrow)
    assert len(report.items) == 2
    [(severity, message)] = messages(report, "page_without_table")
    assert severity == "warning" and message.startswith("page 2: a table with amounts")
    bidders = [["1", "บริษัทหนึ่ง", "60", "ผ่าน", "30.00", "90.00"]]
    report = report_of_pdf(first, moved([40, 80, 200, 260, 330, 420, 640], 60, bidders))
    assert len(report.items) == 2
    assert [s for s, _ in messages(report, "page_without_table")] == ["warning"]
    report = report_of_pdf(first, moved(XS, 60, bidders))  # in its columns, and yet another list
    assert [item.needs_review for item in report.items] == [False, False, True]
    names = moved([40, 300, 640], 60, [["ประธานกรรมการ", "ลงชื่อ"], ["กรรมการ", "ลงชื่อ"]])
    assert [s for s, _ in messages(report_of_pdf(first, names), "page_without_table")] == ["info"]


def test_a_dump_that_leaves_out_its_last_texts_goes_on():
    head = [*LIST, "หมายเหตุ"]
    first = table(["1", "ตู้", "1", "ใบ", "9", "9", ""], head=(head,))
    after = html([["2", "ชั้นวาง", "2", "ตัว", "4", "8"], ["", "รวม", "", "", "", "17"]], titles=())
    report = report_of(first, after)
    assert values(report, "item_no", "amount") == [("1", D(9)), ("2", D(8)), (None, D(17))]
    assert audit(report) == ()


def test_a_measure_that_a_name_begins_with_numbers_no_row():
    rows = [
        ["1", "งานประปา", "", "", "", ""],
        ["", "1.1 ขุดร่อง", "3", "ม.", "10", "30"],
        ["", "1.2 เมตร เสาเข็ม", "1", "ต้น", "90", "90"],
        ["", "2.00 ม. ท่อ", "2", "ม.", "20", "40"],
        ["", "1.50 ท่อสั้น", "2", "ม.", "20", "40"],
        ["", "3.0 นิ้ว ข้องอ", "2", "ตัว", "5", "10"],
        ["", "1.2 กลบร่อง", "1", "งาน", "60", "60"],
        ["2", "งานสี", "1", "งาน", "70", "70"],
    ]
    report = report_of(table(*rows))
    assert [i.value("item_no") for i in report.items] == [
        *("1", "1.1", None, None, None, None, "1.2", "2"),
    ]
    names = [i.value("item") for i in report.items]
    assert names[2:6] == ["1.2 เมตร เสาเข็ม", "2.00 ม. ท่อ", "1.50 ท่อสั้น", "3.0 นิ้ว ข้องอ"]
    assert said(report, "item_gap") == []
    assert [i.section for i in report.items][1:] == ["งานประปา"] * 6 + [None]


@pytest.mark.parametrize("scale", ["(พันบาท)", "(ล้านบาท)", "(หน่วย : แสนบาท)", "\nพัน บาท"])
def test_thousands_and_millions_are_not_read_as_bahts(scale):
    head = ["ที่", "รายการ", "จำนวน", f"จำนวนเงิน {scale}"]
    rows = [["1", "อาคาร", "2", "3.5"], ["", "รวม", "", "3.5"]]
    report = report_of(table(*rows, head=(head,)))
    assert values(report, "quantity", "amount") == [(D(2), None), (None, None)]
    assert said(report, "number_unread") == [("warning", "amount", None)]
    assert [look for _, look in reviewed(report)] == [True, True]


def test_the_unit_of_a_whole_table_is_heeded_too():
    rows = (["1", "อาคาร", "1", "หลัง", "3.5", "3.5"],)
    above = report_of(table(*rows, titles=("ราคากลาง", "หน่วย : ล้านบาท")))
    assert values(above, "quantity", "unit_price", "amount") == [(D(1), None, None)]
    plain = report_of(table(*rows, titles=("ราคากลาง", "หน่วย : บาท")))
    assert values(plain, "unit_price", "amount") == [(D("3.5"), D("3.5"))]


@pytest.mark.parametrize("unit", ["", "เล่ม"])
@pytest.mark.parametrize("text", ["2OO", "3e2", "4 ถึง 6", "2.5 พัน", "3 มี.ค. 2568", "๒OO", "5l"])
def test_a_number_with_more_of_a_number_behind_it_is_not_read(text, unit):
    report = report_of(table(["1", "สมุด", text, unit, "", "40.00"]))
    assert values(report, "quantity", "unit") == [(None, unit or None)]
    assert said(report, "number_unread") == [("warning", "quantity", None)]
    assert reviewed(report) == [("สมุด", True)]


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [("2 เล่ม", "เล่ม", D(2)), ("2 เล่ม", "-", D(2)), ("2 กล่อง", "เล่ม", None), ("3 ลบ.ม.", "", D(3))],
)
def test_what_stands_behind_a_quantity_is_its_unit_or_it_is_not_read(text, unit, value):
    report = report_of(table(["1", "สมุด", text, unit, "", "40.00"]))
    assert values(report, "quantity") == [(value,)]
    assert [look for _, look in reviewed(report)] == [value is None]


def unruled(rows, xs=XS):
    """Rows of which no rule parts any, each cell's text at its own line: (line, text)."""
    count = 1 + max(line for row_of in rows for line, _ in row_of)
    lines = [rules(xs, [100, 130, 140 + 18 * count])]
    lines += [words(x + 3, 108, text) for x, text in zip(xs, LIST, strict=False)]
    for row_of in rows:
        lines += [
            words(x + 3, 136 + 18 * line, text)
            for x, (line, text) in zip(xs, row_of, strict=False)
            if text
        ]
    return report_of_pdf("\n".join(lines))


def long(n, at_number, at_figures, more=()):
    """An item whose name has two lines from 2n on."""
    line = 2 * n
    figures = [(line + at_figures, t) for t in ("1", "ชุด", "10.00", "10.00")]
    return [
        [(line + at_number, str(n + 1)), (line, f"ชุดอุปกรณ์สนามแบบ{'กขคง'[n]}"), *figures],
        [(0, ""), (line + 1, f"พร้อมฐานรุ่น{'กขคง'[n]}"), *[(0, "")] * 4],
    ]


def test_a_name_whose_figures_stand_on_its_last_line_is_one():
    report = unruled([row_of for n in range(3) for row_of in long(n, 0, 1)])
    names = ["".join(str(item.value("item")).split()) for item in report.items]
    assert names == [f"ชุดอุปกรณ์สนามแบบ{x}พร้อมฐานรุ่น{x}" for x in "กขค"]
    assert values(report, "item_no", "amount") == [(n, D("10.00")) for n in "123"]
    assert [item.needs_review for item in report.items] == [True] * 3


def test_names_that_may_be_torn_apart_are_shown_to_a_person():
    plain = [(2, text) for text in ("2", "เปล", "1", "ชุด", "10.00", "10.00")]
    once = unruled([*long(0, 0, 1), plain])  # a heading and its item, or one item
    assert [item.needs_review for item in once.items] == [True, True, False]
    below = unruled([row_of for n in range(3) for row_of in long(n, 1, 1)])
    assert all(item.needs_review for item in below.items)
    dump = [["1", "ตู้เก็บ", "", "", "", ""], ["", "เอกสาร", "1", "ใบ", "5", "5"]]
    report = report_of(table(*dump, ["2", "โต๊ะ", "1", "ตัว", "5", "5"]))
    assert [look for _, look in reviewed(report)] == [True, True, False]
    assert report.items[2].section is None
    bullet = report_of(table(dump[0], ["", "- เอกสาร", "1", "ใบ", "5", "5"]))
    assert [look for _, look in reviewed(bullet)] == [False, False]


@pytest.mark.parametrize(
    "text", ["1/5/24", "01/05/2x", "5 Jan 68", "1/1/80", "1/1/00", "1 ค.ศ. 24"]
)
def test_a_year_of_either_era_is_no_date(text):
    assert read_date(text) is None
    rows = ([*FLEET[0][:3], text, *FLEET[0][4:]], *FLEET[1:])
    report = vehicles(*rows)
    assert report.items[0].value("bought") is None
    assert said(report, "number_unread") == [("warning", "bought", None)]


@given(st.dates(date(1990, 1, 1), date(2030, 12, 31)))
def test_a_short_year_of_our_time_is_of_the_buddhist_era(day):
    short = (day.year + 543) % 100
    assert read_date(f"{day.day}/{day.month}/{short:02}") == day
    assert read_date(f"{day.day} {vocabulary().months[day.month - 1].short} {short:02}") == day


def test_a_note_beside_the_words_of_a_total_is_that_total():
    item = ["1", "พัดลม", "1", "ตัว", "700.00", "700.00"]
    words_of_it = [("ตัวอักษร (เจ็ดร้อยบาทถ้วน)", 1, 2), ("รวมเป็นเงิน", 1, 3), "800.00"]
    report = report_of(table(item, words_of_it))
    assert [role for role, _ in roles(report)] == ["item", "total"]
    assert said(report) == [("error", "amount", "700.00")]
    note = report_of(table(item, ["", "หมายเหตุ ค่าขนส่ง", "", "", "", "50.00"]))
    assert [(i.role, i.needs_review) for i in note.items] == [("item", False), ("note", True)]


@pytest.mark.parametrize(
    "label",
    [
        *("(หกร้อยห้าสิบบาทถ้วน)", "หกร้อยบาทห้าสิบสตางค์", "เป็นเงินทั้งสิ้น", "ทั้งสิ้น", "ผลรวม", "สรุปยอดรวม"),
        *("- รวม -", "มูลค่ารวม", "วงเงินรวม", "ค่าก่อสร้างรวมทั้งสิ้น", "ค่างานรวม", "ราคาก่อน VAT"),
    ],
)
def test_more_words_of_a_total(label):
    rows = [["1", "พัดลม", "1", "ตัว", "700.00", "700.00"], ["", label, "", "", "", "650.00"]]
    report = report_of(table(*rows))
    assert [role for role, _ in roles(report)] == ["item", "total"]
    assert said(report) == [("error", "amount", "700.00")]


def test_words_of_a_total_and_no_others_are_one_behind_a_number_too():
    item = ["1", "พัดลม", "1", "ตัว", "700.00", "700.00"]
    for label, expected in (("รวมทั้งสิ้น", "total"), ("รวมค่าติดตั้ง", "item")):
        report = report_of(table(item, ["2", label, "", "", "", "650.00"]))
        assert [role for role, _ in roles(report)] == ["item", expected]
        assert [look for _, look in reviewed(report)] == [False, True]


def test_what_may_be_a_sum_in_unknown_words_asks_for_a_look():
    item = ["1", "พัดลม", "1", "ตัว", "700.00", "700.00"]
    for label in ("สรุป", "", "งบที่ใช้"):
        report = report_of(table(item, ["", label, "", "", "", "650.00"]))
        assert [(i.role, i.needs_review) for i in report.items] == [("item", False), ("item", True)]


def test_a_sum_within_its_words_is_unread():
    item = ["1", "พัดลม", "1", "ตัว", "700.00", "700.00"]
    report = report_of(table(item, [("รวมทั้งสิ้น 650.00 บาท", 1, 6)]))
    assert [role for role, _ in roles(report)] == ["item", "note"]
    assert said(report, "number_unread") == [("warning", "amount", None)]
    assert [look for _, look in reviewed(report)] == [False, True]


def test_numbers_that_go_on_behind_a_total_and_a_header_are_of_one_list():
    def page(numbers, *sums):
        rows = [[n, f"ปากกา {n}", "1", "ด้าม", "100.00", "100.00"] for n in numbers]
        return table(*rows, *[["", label, "", "", "", value] for label, value in sums])

    sums = (("รวม", "200.00"), ("ภาษีมูลค่าเพิ่ม 7%", "28.00"), ("รวมทั้งสิ้น", "428.00"))
    on = report_of(page("12", ("รวม", "200.00")), page("34", *sums))
    assert {record.scope for record in on.item_records} == {0}
    assert said(on) == []
    again = page("12", ("รวม", "200.00")).replace("ปากกา", "ดินสอ")
    anew = report_of(page("12", ("รวม", "200.00")), again)
    assert {record.scope for record in anew.item_records} == {0, 1}


def test_a_letter_numbers_a_row_as_a_digit_does():
    rows = [
        ["ก", "หักล้างพื้นเดิม", "1", "งาน", "", "300.00"],
        ["ข", "เฉลี่ยหน้าดิน", "1", "งาน", "", "70.00"],
        ["", "รวมทั้งสิ้น", "", "", "", "370.00"],
    ]
    report = report_of(table(*rows))
    assert [role for role, _ in roles(report)] == ["item", "item", "total"]
    assert audit(report) == ()


def test_a_name_on_two_lines_has_no_break():
    report = stacked()
    assert not any("\n" in str(value) for item in report.items for _, value in item.values)


def test_six_is_no_discount():
    """Compared without its marks หัก (taken off) is หก (six)."""
    rows = [["", "หกเหลี่ยมปูพื้น", "", "", "", "60.00"], ["", "หักส่วนลด", "", "", "", "10.00"]]
    report = report_of(table(*rows, ["", "หัก ณ ที่จ่าย", "", "", "", "5.00"]))
    assert [role for role, _ in roles(report)] == ["item", "adjustment", "adjustment"]
