"""Which column is which: other words, orders and numbers of columns, headers far away."""

import pytest
from made import (
    AGENCY,
    FIELDS,
    HEADERS,
    ROW,
    TITLE,
    html,
    report_of,
    report_of_pdf,
    row,
    table,
    tsv,
)

SECOND = row(
    indicator="",
    question="i๒ เจ้าหน้าที่ในหน่วยงานของท่าน มีการเลือกปฏิบัติอย่างไม่เป็นธรรม "
    "ต่อผู้ที่มาติดต่อหรือผู้รับบริการ มากน้อยเพียงใด",
    analysis="ควรพัฒนาช่องทางออนไลน์",
)


def columns(report, page=1):
    """The fields of each data table of a page."""
    return [[s.field for s in v.slots] for v in report.views if v.page == page and v.is_data]


def fields_of(report, **where):
    return [(c.field, c.value) for c in report.cells if where.items() <= as_dict(c).items()]


def as_dict(cell):
    return {name: getattr(cell, name) for name in ("page", "table", "row", "column", "field")}


def only_row(report):
    [found] = report.rows
    return found


def test_usual_header():
    report = report_of(tsv([ROW]))
    assert columns(report) == [list(FIELDS)]
    assert report.profile.name == "ita-improvement"
    assert report.views[0].header_rows == (2, 3)


def test_cells_of_title_header_and_body_are_named():
    report = report_of(tsv([ROW]))
    named = fields_of(report, row=0)[0], fields_of(report, row=2)[1], fields_of(report, row=3)[6]
    assert [field for field, _ in named] == ["title", "header", "timeframe"]
    assert named[2] == ("timeframe", "ตลอดปีงบประมาณ 2569")


OTHER_WORDS = {
    "indicator": "ตัวชี้วัดที่",
    "question": "ข้อความ ITA",
    "analysis": "ผลวิเคราะห์",
    "measures": "แนวทาง/มาตรการ",
    "result": "จุดแข็ง/จุดที่ควรพัฒนา",
    "steps": "วิธีดำเนินการ",
    "timeframe": "ห้วงเวลาดำเนินการ",
    "responsible": "หน่วยงานที่รับผิดชอบ",
}
MISREAD = {
    "indicator": "ประเด็น/ ตัวชีวัด lTA",
    "question": "ขอคำถาม ITA",
    "analysis": "ผลการวิเคราะหการประเมน",
    "measures": "มาตรการ/ โครงการ/กิจกรรม",
    "result": "ผลการวิเคราะห์ ตัวชี้วัดที่สอดคล้อง กับมาตรการ/โครงการ",
    "steps": "ขั้นตอน / วิธีการ ดำเนินการ",
    "timeframe": "ระยะ เวลา การ ดำเนินการ",
    "responsible": "ผู้รับผิด ชอบ",
}


@pytest.mark.parametrize("words", [OTHER_WORDS, MISREAD], ids=["other", "misread"])
def test_header_in_other_words(words):
    report = report_of(tsv([ROW], headers=words))
    assert columns(report) == [list(FIELDS)]
    found = only_row(report)
    assert (found.code, found.measures, found.responsible) == (
        *("i1", "ส่งเสริมการบริการประชาชน"),
        ("สำนักปลัด",),
    )


@pytest.mark.parametrize(
    "fields",
    [
        tuple(f for f in FIELDS if f != "result"),
        FIELDS,
        ("no", *FIELDS),
        ("indicator", "question", "responsible", "timeframe", "steps", "measures", "analysis"),
        ("question", "indicator", *FIELDS[2:]),
    ],
    ids=["seven", "eight", "nine", "other order", "question first"],
)
def test_number_and_order_of_columns(fields):
    report = report_of(tsv([row(no="๑")], fields))
    assert columns(report) == [list(fields)]
    found = only_row(report)
    assert found.code == "i1"
    assert found.indicator_no == 1
    assert found.analysis == "เป็นไปตามที่กำหนดมากที่สุด"
    assert found.result == ("จุดแข็ง: บุคลากรมีความเข้าใจ" if "result" in fields else None)
    assert found.responsible == ("สำนักปลัด",)


def test_column_that_nobody_knows_keeps_its_cells_and_names_none():
    fields = (*FIELDS[:7], "budget", "responsible")
    report = report_of(tsv([row(budget="๕๐,๐๐๐")], fields, headers={"budget": "งบประมาณที่ใช้ (บาท)"}))
    assert columns(report) == [[*FIELDS[:7], "", "responsible"]]
    assert only_row(report).timeframe == "ตลอดปีงบประมาณ 2569"
    assert [c.raw for c in report.cells if c.field == ""] == ["๕๐,๐๐๐"]


def test_header_on_the_first_page_only():
    report = report_of(tsv([ROW]), tsv([SECOND], headers={}, titles=()))
    assert columns(report, 1) == columns(report, 2) == [list(FIELDS)]
    assert [(r.code, r.pages) for r in report.rows] == [("i1", (1,)), ("i2", (2,))]
    assert [c.field for c in report.cells if c.page == 2] == list(FIELDS)


def test_titles_again_without_the_header():
    report = report_of(tsv([ROW]), tsv([SECOND], headers={}))
    assert [(r.code, r.pages) for r in report.rows] == [("i1", (1,)), ("i2", (2,))]
    assert report.rows[1].analysis == "ควรพัฒนาช่องทางออนไลน์"


def test_order_that_changes_from_page_to_page():
    swapped = ("indicator", "question", "measures", "analysis", *FIELDS[4:])
    report = report_of(tsv([ROW]), tsv([SECOND], swapped))
    assert columns(report, 2) == [list(swapped)]
    assert (report.rows[1].analysis, report.rows[1].measures) == (
        "ควรพัฒนาช่องทางออนไลน์",
        "ส่งเสริมการบริการประชาชน",
    )


def test_header_of_two_rows_with_groups():
    over = [
        (HEADERS["indicator"], 2, 1),
        ("การวิเคราะห์ผลการประเมิน ในปี ๒๕๖๘", 1, 2),
        ("การนำผลการวิเคราะห์ไปสู่การปฏิบัติ", 1, 5),
    ]
    leaves = [HEADERS[f] for f in FIELDS[1:]]
    report = report_of(html([over, leaves, [ROW[f] for f in FIELDS]]))
    assert columns(report) == [list(FIELDS)]
    assert report.views[0].groups == (
        ("assessment", "การวิเคราะห์ผลการประเมิน ในปี ๒๕๖๘"),
        ("fiscal", "การนำผลการวิเคราะห์ไปสู่การปฏิบัติ"),
    )
    assert (report.years.fiscal, report.years.assessment) == (2569, 2568)
    assert only_row(report).code == "i1"


def test_header_of_two_rows_in_a_dump_without_spans():
    over = [HEADERS["indicator"], "การวิเคราะห์ผลการประเมิน ในปี ๒๕๖๘", ""]
    over += ["การนำผลการวิเคราะห์ไปสู่การปฏิบัติ", "", "", "", ""]
    under = ["", *(HEADERS[f] for f in FIELDS[1:])]
    body = [ROW[f] for f in FIELDS]
    text = "\n".join("\t".join(cells) for cells in ([TITLE] + [""] * 7, over, under, body))
    report = report_of(text)
    assert columns(report) == [list(FIELDS)]
    assert [c.field for c in report.cells if c.row == 1] == ["header"] * 3
    assert only_row(report).timeframe == "ตลอดปีงบประมาณ 2569"


def test_titles_within_the_table():
    titles = [[(TITLE, 1, 8)], [(AGENCY, 1, 8)]]
    body = [[HEADERS[f] for f in FIELDS], [ROW[f] for f in FIELDS]]
    report = report_of(html(titles + body, titles=()))
    assert [c.field for c in report.cells if c.row < 2] == ["title", "title"]
    assert only_row(report).agency == "เทศบาลตำบลศรีเตี้ย"
    assert only_row(report).fiscal_year == 2569


SUMMARY = html(
    [
        ["ตัวชี้วัด", "คะแนนปี ๒๕๖๗", "คะแนนปี ๒๕๖๘", "ผลต่าง"],
        ["การปฏิบัติหน้าที่", "๙๐.๑๑", "๙๕.๒๒", "๕.๑๑"],
        ["การใช้งบประมาณ", "๘๘.๐๐", "๙๑.๐๐", "๓.๐๐"],
    ]
)


def test_summary_of_scores_is_no_data_table():
    report = report_of(SUMMARY, tsv([ROW]))
    assert columns(report, 1) == []
    assert columns(report, 2) == [list(FIELDS)]
    assert [r.code for r in report.rows] == ["i1"]
    assert {c.field for c in report.cells if c.page == 1} == {""}


def test_summary_after_the_data_does_not_go_on_with_its_columns():
    report = report_of(tsv([ROW]), SUMMARY)
    assert [r.code for r in report.rows] == ["i1"]
    assert columns(report, 2) == []


def test_table_of_another_kind_gives_cells_and_no_rows():
    report = report_of(SUMMARY)
    assert (report.profile, report.rows) == (None, ())
    assert len(report.cells) == 12


def test_question_column_is_needed():
    fields = tuple(f for f in FIELDS if f != "question")
    assert report_of(tsv([ROW], fields)).profile is None


def test_words_of_a_header_in_a_body_cell_are_text():
    odd = row(analysis="ผู้รับผิดชอบ", measures="มาตรการ")
    report = report_of(tsv([ROW, odd | {"question": SECOND["question"]}]))
    assert [r.code for r in report.rows] == ["i1", "i2"]
    assert (report.rows[1].analysis, report.rows[1].measures) == ("ผู้รับผิดชอบ", "มาตรการ")


# ------------------------------------------------------------------ on paper

XS = (20, 100, 230, 330, 430, 530, 630, 720, 820)


def on_paper(rows, xs=XS, top=100):
    tops = [top + 80 * n for n in range(len(rows) + 1)]
    return table(xs, tops, rows)


BROKEN = [
    *("ประเด็น/\nตัวชี้วัด ITA", "ข้อคำถาม ITA", "ผลการวิเคราะห์\nการประเมิน"),
    *("มาตรการ/\nโครงการ/กิจกรรม", "จุดแข็ง/จุดอ่อน", "ขั้นตอน/วิธีการ\nดำเนินการ"),
    *("ระยะเวลาการ\nดำเนินการ", "ผู้รับผิดชอบ"),
]
FIRST = [
    *("๑.การปฏิบัติหน้าที่", "i๑ การปฏิบัติงาน", "ดีมาก", "อบรม", "จุดแข็ง: ดี"),
    *("๑. อบรม", "ปี ๒๕๖๙", "สำนักปลัด"),
]
NEXT = ["", "i๒ เจ้าหน้าที่", "พอใช้", "ประชุม", "จุดอ่อน: ช้า", "๑. ประชุม", "ปี ๒๕๖๙", "กองคลัง"]


def test_paper_header_on_the_first_page_only():
    report = report_of_pdf(on_paper([BROKEN, FIRST]), on_paper([NEXT]))
    assert columns(report, 1) == columns(report, 2) == [list(FIELDS)]
    assert [(r.code, r.responsible) for r in report.rows] == [
        ("i1", ("สำนักปลัด",)),
        ("i2", ("กองคลัง",)),
    ]


def test_paper_columns_that_move_a_little_go_on():
    moved = [x + 4 for x in XS]
    report = report_of_pdf(on_paper([BROKEN, FIRST]), on_paper([NEXT], moved))
    assert [r.code for r in report.rows] == ["i1", "i2"]


def test_paper_table_of_another_width_does_not_go_on():
    other = (200, 400, 600)
    report = report_of_pdf(
        on_paper([BROKEN, FIRST]), on_paper([["รายการ", "งบประมาณ"], ["ค่าวัสดุ", "๕๐๐"]], other)
    )
    assert columns(report, 2) == []
    assert [r.code for r in report.rows] == ["i1"]


def test_paper_table_that_ends_earlier_does_not_go_on():
    """Its first columns stand where those of the report do, and it is another table."""
    summary = ["ลำดับ", "รายการ", "ปี ๒๕๖๗", "ปี ๒๕๖๘", "ผลต่าง"]
    report = report_of_pdf(on_paper([BROKEN, FIRST]), on_paper([summary], XS[:6]))
    assert columns(report, 2) == []
    assert [r.code for r in report.rows] == ["i1"]
