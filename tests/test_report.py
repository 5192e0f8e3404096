"""One document as a whole: what its pages say together, and the rows that come of it."""

from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from made import (
    AGENCY,
    FIELDS,
    HEADERS,
    ROW,
    TITLE,
    Font,
    html,
    paged,
    pdf,
    report_of,
    report_of_pdf,
    row,
    tsv,
    words,
)

from audit.checks import audit
from extract.dump import read_dump
from extract.pdf import read_pdf
from normalize.report import normalize
from profiles.report import profiles

I2 = row(
    indicator="",
    question="i๒ เจ้าหน้าที่ในหน่วยงานของท่าน มีการเลือกปฏิบัติอย่างไม่เป็นธรรม "
    "ต่อผู้ที่มาติดต่อหรือผู้รับบริการ มากน้อยเพียงใด",
)


def only(*texts):
    [found] = report_of(*texts).rows
    return found


def with_cells(**cells):
    return only(tsv([row(**cells)]))


# ------------------------------------------------------------------ the columns of a row


def test_every_column_of_a_plain_row():
    found = only(tsv([ROW]))
    assert (found.document, found.pages, found.code, found.instrument) == (
        *("a.txt", (1,)),
        *("i1", "IIT"),
    )
    assert (found.indicator_no, found.indicator_name) == (1, "การปฏิบัติหน้าที่")
    assert (found.agency, found.district, found.province) == (
        *("เทศบาลตำบลศรีเตี้ย", "บ้านโฮ่ง"),
        "ลำพูน",
    )
    assert (found.province_code, found.district_code) == ("51", "5103")
    assert (found.fiscal_year, found.assessment_year) == (2569, 2568)
    assert found.question == (
        "การปฏิบัติงานหรือให้บริการของเจ้าหน้าที่ในหน่วยงานของท่าน เป็นไปตามขั้นตอนและระยะเวลามากน้อยเพียงใด"
    )
    assert found.analysis == "เป็นไปตามที่กำหนดมากที่สุด"
    assert found.measures == "ส่งเสริมการบริการประชาชน"
    assert found.result == "จุดแข็ง: บุคลากรมีความเข้าใจ"
    assert (found.strengths, found.weaknesses) == ("บุคลากรมีความเข้าใจ", None)
    assert found.steps == "1. จัดทำคู่มือ\n2. ประชาสัมพันธ์คู่มือ"
    assert found.timeframe == "ตลอดปีงบประมาณ 2569"
    assert (found.start_date, found.end_date) == (date(2025, 10, 1), date(2026, 9, 30))
    assert (found.score, found.responsible, found.references) == (None, ("สำนักปลัด",), ())
    assert (found.confidence, found.needs_review) == (1.0, False)


@pytest.mark.parametrize(
    ("cells", "score"),
    [
        ({"result": "คะแนนการประเมิน ๘๓.๕๗"}, "83.57"),
        ({"result": "ผลการประเมินได้คะแนน ๙๕"}, "95"),
        ({"analysis": "อยู่ในระดับ ๙๕ คะแนน"}, "95"),
        ({"result": "ลดลงร้อยละ ๕ จากปีก่อน"}, None),
        ({"steps": "๑. อบรม ๙๐ คน"}, None),
    ],
    ids=["decimal", "got", "level", "per cent", "people"],
)
def test_score_that_the_row_states(cells, score):
    assert with_cells(**cells).score == (score and Decimal(score))


@pytest.mark.parametrize(
    ("said", "first", "last"),
    [
        ("ไตรมาสที่ ๑-๒", date(2025, 10, 1), date(2026, 3, 31)),
        ("ไตรมาส ๔", date(2026, 7, 1), date(2026, 9, 30)),
        ("ต.ค. ๒๕๖๘ - ก.ย. ๒๕๖๙", date(2025, 10, 1), date(2026, 9, 30)),
        ("มกราคม ๒๕๖๙", date(2026, 1, 1), date(2026, 1, 31)),
        ("ตามความเหมาะสม", None, None),
    ],
    ids=["quarters", "quarter", "months", "month", "none"],
)
def test_time_of_a_row(said, first, last):
    found = with_cells(timeframe=said)
    assert (found.start_date, found.end_date) == (first, last)


def test_units_in_the_order_of_the_report():
    found = with_cells(responsible="กองคลัง สำนักปลัด กองช่าง")
    assert found.responsible == ("กองคลัง", "สำนักปลัด", "กองช่าง")


def test_references_become_codes():
    found = with_cells(analysis="ควรเผยแพร่ช่องทาง (อ้างอิงจาก ๐๑๐) และ (อ้างอิงจาก ๐๑๒ ,๐๑๓)")
    assert found.references == ("o10", "o12", "o13")
    assert "(อ้างอิงจาก o10)" in found.analysis


def test_strengths_and_weaknesses():
    found = with_cells(result="จุดแข็ง: มีคู่มือครบถ้วน จุดที่ต้องพัฒนา: ขาดการประชาสัมพันธ์")
    assert (found.strengths, found.weaknesses) == ("มีคู่มือครบถ้วน", "ขาดการประชาสัมพันธ์")
    assert found.result == "จุดแข็ง: มีคู่มือครบถ้วน\nจุดที่ต้องพัฒนา: ขาดการประชาสัมพันธ์"


def test_empty_cells_are_absent():
    found = with_cells(measures="", result="", steps=" ", timeframe="", responsible="")
    assert (found.measures, found.result, found.steps, found.timeframe) == (None,) * 4
    assert (found.start_date, found.end_date, found.responsible) == (None, None, ())


def test_dash_is_not_empty():
    found = with_cells(measures="-")
    assert found.measures == "-"


def test_raw_stays_as_printed():
    report = report_of(tsv([ROW]))
    raw = {cell.field: cell.raw for cell in report.cells if cell.row == 3}
    assert raw == {field: ROW[field] for field in FIELDS}


# ------------------------------------------------------------------ the years


@pytest.mark.parametrize(
    ("title", "years", "inferred"),
    [
        ("รายงานผลการประเมิน ITA ปีงบประมาณ พ.ศ. ๒๕๖๗", (2567, 2566), ("assessment",)),
        ("แผนปี ๒๕๖๘ จากผลการประเมิน ITA ปี ๒๕๖๗", (2568, 2567), ()),
        ("รายงานผลการประเมิน ITA ประจำปี 2566", (2566, 2565), ("assessment",)),
    ],
    ids=["the plan's", "both", "Arabic digits"],
)
def test_years_of_the_title(title, years, inferred):
    report = report_of(tsv([ROW], titles=(title, AGENCY)))
    assert (report.years.fiscal, report.years.assessment) == years
    assert report.years.inferred == inferred
    assert [(r.fiscal_year, r.assessment_year) for r in report.rows] == [years]


def test_year_of_the_plan_follows_the_year_assessed():
    """No title states a year, the header over the analysis does."""
    over = [
        (HEADERS["indicator"], 2, 1),
        ("การวิเคราะห์ผลการประเมิน ในปี ๒๕๖๕", 1, 2),
        ("การนำผลการวิเคราะห์ไปสู่การปฏิบัติ", 1, 5),
    ]
    body = [ROW[f] for f in FIELDS]
    text = html([over, [HEADERS[f] for f in FIELDS[1:]], body], titles=("รายงาน ITA", AGENCY))
    found = only(text)
    assert (found.fiscal_year, found.assessment_year) == (2566, 2565)


def test_report_without_a_year_is_shown_to_a_person():
    found = only(tsv([row(timeframe="ตลอดปีงบประมาณ")], titles=("รายงานผลการประเมิน ITA", AGENCY)))
    assert (found.fiscal_year, found.assessment_year, found.needs_review) == (None, None, True)


def test_codes_are_those_of_the_assessed_year():
    """o29 to o35 were asked in 2567; 2568 ends with o28."""
    asked = row(indicator="๙.การเปิดเผยข้อมูล", question="o๓๓ เรื่องที่ถามในปีนั้น")
    old = only(tsv([asked], titles=("แผนปีงบประมาณ พ.ศ. ๒๕๖๘ จากผลการประเมินปี ๒๕๖๗", AGENCY)))
    new = only(tsv([asked]))
    assert old.code == "o33"
    assert new.code != "o33" or new.needs_review


# ------------------------------------------------------------------ the agency


def test_agency_of_most_pages_goes_to_all_rows():
    pages = [tsv([r], titles=t) for r, t in ((ROW, (TITLE, AGENCY)), (I2, (TITLE,)))]
    rows = report_of(*pages).rows
    assert [r.agency for r in rows] == ["เทศบาลตำบลศรีเตี้ย"] * 2


@pytest.mark.parametrize(
    ("printed", "agency", "district", "province"),
    [
        (
            "องค์การบริหารส่วนตำบลป่าพลู อำเภอบ้านโฮ่ง จังหวัดลำพูน",
            *("องค์การบริหารส่วนตำบลป่าพลู", "บ้านโฮ่ง", "ลำพูน"),
        ),
        ("องค์การบริหารส่วนจังหวัดลำพูน", "องค์การบริหารส่วนจังหวัดลำพูน", None, "ลำพูน"),
    ],
    ids=["subdistrict", "province"],
)
def test_kinds_of_agency(printed, agency, district, province):
    found = only(tsv([ROW], titles=(TITLE, printed)))
    assert (found.agency, found.province) == (agency, province)
    if district:
        assert found.district == district


def test_name_that_no_place_explains_stays_as_printed():
    report = report_of(tsv([ROW], titles=(TITLE, AGENCY.replace("ศรีเตี้ย", "กขคฆงมโน"))))
    [found] = report.rows
    assert found.agency == "เทศบาลตำบลกขคฆงมโน"
    assert found.needs_review
    assert "agency_unknown" in [f.check for f in audit(report)]


# ------------------------------------------------------------------ documents


def test_document_of_another_kind_keeps_its_cells():
    report = report_of(html([["ชื่อ", "ห้อง", "โทร", "วันหยุด"], ["ห้องสมุด", "๒", "๑๐๐", "๒๐๐"]]))
    assert (report.profile, report.rows, len(report.cells)) == (None, (), 8)
    assert [c.value for c in report.cells][4:] == ["ห้องสมุด", "2", "100", "200"]
    assert {c.field for c in report.cells} == {""}


def test_same_pages_give_the_same_report():
    text = paged(tsv([ROW]), tsv([I2]))
    reports = [normalize("a.txt", tuple(read_dump("a.txt", text)), profiles()) for _ in range(2)]
    assert reports[0].rows == reports[1].rows
    assert reports[0].corrections == reports[1].corrections
    assert audit(reports[0]) == audit(reports[1])


def test_name_of_the_document_changes_nothing_but_itself():
    a, b = (report_of(tsv([ROW]), name=name) for name in ("a.txt", "ita-2569-ocr-dump.txt"))
    assert [r.document for r in (*a.rows, *b.rows)] == ["a.txt", "ita-2569-ocr-dump.txt"]
    assert [c.value for c in a.cells] == [c.value for c in b.cells]


def test_cells_are_named_by_page_row_and_column():
    report = report_of(tsv([ROW]) + "\nหมายเหตุ\n\n" + tsv([I2]), tsv([I2]))
    places = [(c.page, c.row, c.column) for c in report.cells]
    assert len(set(places)) == len(places)
    assert {c.table for c in report.cells if c.page == 1} == {0, 1}


def test_defect_of_a_font_is_repaired_in_that_font_only():
    """The same letters in two fonts: one splits ำ, the other has a real space."""
    split = "ส านักปลัดจัดท าแผนการด าเนินงานประจ าปี เพื่อน าไปสู่การพัฒนา และก ากับติดตาม"
    right = "สำนักปลัดจัดทำแผนการดำเนินงานประจำปี เพื่อนำไปสู่การพัฒนา และกำกับติดตาม"
    drawn = [words(50, 40 + 32 * n, split) for n in range(6)]
    drawn += [words(50, 56 + 32 * n, right, font=2) for n in range(6)]
    fonts = (Font("AAAAAA+Word"), Font("BBBBBB+Right"))
    report = normalize_pdf("\n".join(drawn), fonts=fonts)
    assert dict(report.defects) == {"Word": ("split_sara_am",)}
    assert set(report.pages[0].lines) == {right}


def normalize_pdf(*pages, **how):
    return normalize("a.pdf", tuple(read_pdf("a.pdf", BytesIO(pdf(*pages, **how)))), profiles())


def test_page_that_cannot_be_read_is_known_with_its_reason():
    grey = "q 842 0 0 595 0 0 cm BI /W 1 /H 1 /CS /G /BPC 8 ID \x55 EI Q"
    report = report_of_pdf(words(50, 40, TITLE + " " + AGENCY), grey)
    assert [(p.number, p.layer) for p in report.pages] == [(1, "good"), (2, "none")]
    assert "picture" in report.pages[1].note
