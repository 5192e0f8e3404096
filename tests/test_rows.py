"""Rows that go on over a page, pages that stand twice, cells merged over rows, sections."""

from made import (
    FIELDS,
    HEADERS,
    ROW,
    html,
    report_of,
    report_of_pdf,
    row,
    rule,
    rules,
    tsv,
    words,
)

from audit.checks import audit
from normalize.rows import squeeze

I2 = "เจ้าหน้าที่ในหน่วยงานของท่าน มีการเลือกปฏิบัติอย่างไม่เป็นธรรม ต่อผู้ที่มาติดต่อหรือผู้รับบริการ มากน้อยเพียงใด"
SECOND = row(indicator="", question=f"i๒ {I2}", analysis="ควรพัฒนาช่องทางออนไลน์")
THIRD = row(
    indicator="",
    question="i๓ เจ้าหน้าที่ในหน่วยงานของท่าน มีการเรียกรับสินบน เพื่อแลกกับการปฏิบัติงานหรือการให้บริการหรือไม่",
    analysis="ไม่พบการเรียกรับสินบน",
)
EMPTY = dict.fromkeys(FIELDS, "")


def said(report, *fields):
    return [tuple(getattr(r, f) for f in ("code", "pages", *fields)) for r in report.rows]


def checks(report):
    return [finding.check for finding in audit(report)]


# ------------------------------------------------------------------ over a page


REST = EMPTY | {"analysis": "และเผยแพร่ให้ประชาชนทราบ", "steps": "๓. รายงานผลต่อผู้บริหาร"}


def test_row_goes_on_under_a_repeated_header():
    report = report_of(tsv([ROW]), tsv([REST, SECOND]))
    assert said(report, "analysis", "steps") == [
        (
            "i1",
            (1, 2),
            "เป็นไปตามที่กำหนดมากที่สุดและเผยแพร่ให้ประชาชนทราบ",
            "1. จัดทำคู่มือ\n2. ประชาสัมพันธ์คู่มือ\n3. รายงานผลต่อผู้บริหาร",
        ),
        ("i2", (2,), "ควรพัฒนาช่องทางออนไลน์", "1. จัดทำคู่มือ\n2. ประชาสัมพันธ์คู่มือ"),
    ]


def test_row_goes_on_without_a_header():
    report = report_of(tsv([ROW]), tsv([REST, SECOND], headers={}, titles=()))
    assert said(report, "analysis") == [
        ("i1", (1, 2), "เป็นไปตามที่กำหนดมากที่สุดและเผยแพร่ให้ประชาชนทราบ"),
        ("i2", (2,), "ควรพัฒนาช่องทางออนไลน์"),
    ]


def test_row_goes_on_over_three_pages():
    more = EMPTY | {"analysis": "และติดตามผล"}
    report = report_of(tsv([ROW]), tsv([REST]), tsv([more, SECOND]))
    assert said(report, "analysis")[0] == (
        *("i1", (1, 2, 3)),
        "เป็นไปตามที่กำหนดมากที่สุดและเผยแพร่ให้ประชาชนทราบและติดตามผล",
    )
    assert [r.code for r in report.rows] == ["i1", "i2"]


def test_question_cut_by_the_page_is_one():
    head, tail = I2.split(" ต่อผู้ที่")
    cut = SECOND | {"question": f"i๒ {head}", "timeframe": "", "responsible": ""}
    rest = EMPTY | {
        "question": f"ต่อผู้ที่{tail}",
        "timeframe": "ตลอดปีงบประมาณ ๒๕๖๙",
        "responsible": "กองคลัง",
    }
    report = report_of(tsv([ROW, cut]), tsv([rest, THIRD]))
    assert [r.code for r in report.rows] == ["i1", "i2", "i3"]
    found = report.rows[1]
    assert (found.pages, found.responsible) == ((1, 2), ("กองคลัง",))
    assert squeeze(found.question) == squeeze(I2)


def test_question_of_the_staff_without_a_code_is_no_rest_of_one_of_the_public():
    """Only those of the staff end with มากน้อยเพียงใด: it is a row whose code is lost."""
    public = row(question="e๕ หน่วยงานเผยแพร่ข้อมูลอย่างครบถ้วน")
    lost = row(indicator="", question="ท่านได้รับความเป็นธรรม มากน้อยเพียงใด")
    assert [r[0] for r in said(report_of(tsv([public]), tsv([lost])))] == ["e5", None]


def test_code_of_a_second_question_stands_on_the_next_page():
    """One cell asks e8 and e9; the page ends between them."""
    first = row(
        indicator="๘.การปรับปรุงการทำงาน",
        question="e๘ หน่วยงานมีการปรับปรุงการดำเนินงานให้ตอบสนองต่อประชาชน",
        analysis="e๘ ประเด็น ควรรับฟังความคิดเห็น",
        timeframe="",
    )
    rest = EMPTY | {
        "analysis": "e๙ ประเด็น ควรเพิ่มบริการออนไลน์",
        "timeframe": "ตลอดปีงบประมาณ ๒๕๖๙",
        "question": "e๙ หน่วยงานมีการพัฒนาการให้บริการผ่านช่องทางออนไลน์ให้สะดวก รวดเร็ว และมีประสิทธิภาพ",
    }
    report = report_of(tsv([first]), tsv([rest]))
    assert [r.code for r in report.rows] == ["e8", "e9"]
    assert report.rows[1].analysis == "ควรเพิ่มบริการออนไลน์"


def test_whole_question_after_a_whole_one_is_a_row_of_its_own():
    """It prints no code, and says all that the official question says."""
    report = report_of(tsv([ROW | {"timeframe": ""}]), tsv([SECOND | {"question": I2}]))
    assert said(report, "timeframe") == [("i1", (1,), None), ("i2", (2,), "ตลอดปีงบประมาณ 2569")]


def test_row_below_a_section_never_goes_on():
    """The row before is incomplete, and this one prints no code: the section parts them."""
    other = row(indicator="", question="เรื่องร้องเรียนภายในหน่วยงาน")
    first = html([HEAD, cells_of(ROW | {"timeframe": ""})])
    second = html([HEAD, [("ตัวชี้วัดที่ ๕ การแก้ไขปัญหาการทุจริต", 1, 8)], cells_of(other)])
    report = report_of(first, second)
    assert said(report, "indicator_no", "timeframe") == [
        ("i1", (1,), 1, None),
        (None, (2,), 5, "ตลอดปีงบประมาณ 2569"),
    ]


def test_row_that_prints_a_code_never_goes_on():
    report = report_of(tsv([ROW | {"timeframe": ""}]), tsv([SECOND]))
    assert said(report, "timeframe") == [("i1", (1,), None), ("i2", (2,), "ตลอดปีงบประมาณ 2569")]


def test_what_the_next_page_repeats_stands_once():
    """Word repeats the indicator's cell and sometimes the unit on the rest of a row."""
    rest = REST | {"indicator": ROW["indicator"], "responsible": "สำนักปลัด"}
    report = report_of(tsv([ROW]), tsv([rest]))
    assert said(report, "responsible", "indicator_no") == [("i1", (1, 2), ("สำนักปลัด",), 1)]


# ------------------------------------------------------------------ a page break on paper

XS = (20, 100, 230, 330, 430, 530, 630, 720, 820)
TEXTS = ("๑.การ", "i๑ การปฏิบัติงาน", "ดีมาก", "อบรม", "จุดแข็ง: ดี", "๑. อบรม", "ปี ๒๕๖๙", "กองคลัง")


def across(top, texts):
    return "\n".join(words(x + 3, top + 3, t) for x, t in zip(XS, texts, strict=False) if t)


def header(top):
    said = [HEADERS[f].split("/")[0][:18] for f in FIELDS]
    said[FIELDS.index("result")] = "จุดแข็ง/จุดอ่อน"
    return across(top, said)


def test_row_cut_open_by_a_page_break_is_one():
    """No rule below the row, none above its rest."""
    down = "\n".join(rule(x, 460, x, 570) for x in XS)
    first = "\n".join([rules(XS, (400, 460)), down, header(405), across(470, TEXTS)])
    rest_down = "\n".join(rule(x, 30, x, 90) for x in XS)
    rest = across(40, ("", "", "และเผยแพร่", "", "", "๒. รายงาน", "", ""))
    after = across(100, ("", "i๒ เจ้าหน้าที่", "พอใช้", "ประชุม", "จุดอ่อน: ช้า", "", "ปี ๒๕๖๙", "กองช่าง"))
    second = "\n".join([rest_down, rules(XS, (90, 150)), rest, after])
    report = report_of_pdf(first, second)
    assert [v.table.open_below for v in report.views] == [True, False]
    assert [v.table.open_above for v in report.views] == [False, True]
    assert said(report, "analysis", "responsible") == [
        ("i1", (1, 2), "ดีมากและเผยแพร่", ("กองคลัง",)),
        ("i2", (2,), "พอใช้", ("กองช่าง",)),
    ]


def test_question_cut_between_its_heading_and_its_code_is_one():
    down = "\n".join(rule(x, 460, x, 570) for x in XS)
    head = ("๙.การ", "ตัวชี้วัดย่อย ๙.๑ ข้อ", "ข้อมูลครบ", "", "จุดแข็ง:", "", "", "กอง")
    first = "\n".join([rules(XS, (400, 460)), down, header(405), across(470, head)])
    rest_down = "\n".join(rule(x, 30, x, 90) for x in XS)
    rest = across(40, ("", "o๒ ข้อมูลผู้บริหาร", "แต่เก่า", "อบรม", "ดี", "๑. อบรม", "ปี ๒๕๖๙", "คลัง"))
    report = report_of_pdf(first, "\n".join([rest_down, rules(XS, (90, 91)), rest]))
    assert said(report, "responsible") == [("o2", (1, 2), ("กองคลัง",))]


# ------------------------------------------------------------------ twins

LONG = {
    "analysis": "หน่วยงานควรประเมินและวิเคราะห์ถึงปัจจัยที่มีผลต่อการปฏิบัติงานให้เป็นไปตามขั้นตอน "
    "เพื่อจัดลำดับความสำคัญและแก้ไขปรับปรุงขั้นตอนและระยะเวลาในการให้บริการของหน่วยงาน",
    "measures": "จัดทำคู่มือการปฏิบัติงานและประชาสัมพันธ์ให้ผู้รับบริการทราบโดยทั่วกัน",
}


def test_page_that_stands_twice_gives_its_rows_once():
    page = tsv([ROW | LONG, SECOND])
    report = report_of(page, page, tsv([THIRD]))
    assert said(report) == [("i1", (1, 2)), ("i2", (1, 2)), ("i3", (3,))]
    assert [(t.page, t.again) for t in report.twins] == [(1, 2)]
    assert "duplicate_page" in checks(report)


def test_page_read_twice_with_other_mistakes_is_a_twin():
    first = tsv([ROW | LONG, SECOND])
    again = first.replace("ประชาสัมพันธ์", "ประชาสัมพันธ").replace("i๒", "๑๒").replace("ความ", "คาวม")
    report = report_of(first, again)
    assert said(report) == [("i1", (1, 2)), ("i2", (1, 2))]


def test_pages_of_like_text_about_other_questions_are_no_twins():
    more = LONG | {"analysis": 3 * LONG["analysis"]}
    report = report_of(tsv([ROW | more]), tsv([SECOND | more]))
    assert report.twins == ()
    assert said(report) == [("i1", (1,)), ("i2", (2,))]


def test_short_pages_that_look_alike_are_no_twins():
    short = row(question="i๑", analysis="ดี", measures="", result="", steps="")
    assert report_of(tsv([short]), tsv([short | {"question": "i๒"}])).twins == ()


# ------------------------------------------------------------------ merged cells and sections


def cells_of(cells, *skipped):
    return [cells[f] for f in FIELDS if f not in skipped]


HEAD = [HEADERS[f] for f in FIELDS]


def test_indicator_merged_over_its_rows():
    report = report_of(
        html(
            [
                HEAD,
                [(ROW["indicator"], 2, 1), *cells_of(ROW, "indicator")],
                cells_of(SECOND, "indicator"),
            ]
        )
    )
    assert said(report, "indicator_no", "indicator_name") == [
        ("i1", (1,), 1, "การปฏิบัติหน้าที่"),
        ("i2", (1,), 1, "การปฏิบัติหน้าที่"),
    ]


def test_indicator_printed_once_above_empty_cells():
    report = report_of(tsv([ROW, SECOND]), tsv([THIRD]))
    assert [r.indicator_no for r in report.rows] == [1, 1, 1]


def test_unit_shared_by_two_rows_belongs_to_both():
    shared = ("กองคลัง", 2, 1)
    report = report_of(
        html(
            [
                HEAD,
                [*cells_of(ROW, "responsible"), shared],
                cells_of(SECOND, "responsible"),
                cells_of(THIRD),
            ]
        )
    )
    assert said(report, "responsible", "analysis") == [
        ("i1", (1,), ("กองคลัง",), "เป็นไปตามที่กำหนดมากที่สุด"),
        ("i2", (1,), ("กองคลัง",), "ควรพัฒนาช่องทางออนไลน์"),
        ("i3", (1,), ("สำนักปลัด",), "ไม่พบการเรียกรับสินบน"),
    ]


def test_question_merged_over_rows_takes_all_that_stand_beside_it():
    tail = ["๒. ประเมินผลคู่มือ", ROW["timeframe"], "กองคลัง"]
    report = report_of(
        html(
            [
                HEAD,
                [*((ROW[f], 2, 1) for f in FIELDS[:5]), *(ROW[f] for f in FIELDS[5:])],
                tail,
                cells_of(SECOND),
            ]
        )
    )
    assert [r.code for r in report.rows] == ["i1", "i2"]
    assert report.rows[0].responsible == ("สำนักปลัด", "กองคลัง")
    assert report.rows[0].steps.endswith("2. ประเมินผลคู่มือ")


def test_sections_name_the_indicator():
    rows = [
        HEAD,
        [("ตัวชี้วัดที่ ๑ การปฏิบัติหน้าที่", 1, 8)],
        cells_of(ROW | {"indicator": ""}),
        [("ตัวชี้วัดที่ ๕ การแก้ไขปัญหาการทุจริต", 1, 8)],
        cells_of(
            row(indicator="", question="เรื่องร้องเรียนภายในหน่วยงาน"),
        ),
    ]
    report = report_of(html(rows))
    assert said(report, "indicator_no") == [("i1", (1,), 1), (None, (1,), 5)]


def test_section_named_at_the_end_of_a_page_belongs_to_the_next_row():
    first = [
        HEAD,
        [("ตัวชี้วัดที่ ๑ การปฏิบัติหน้าที่", 1, 8)],
        cells_of(ROW | {"indicator": ""}),
        [("ตัวชี้วัดที่ ๕ การแก้ไขปัญหาการทุจริต", 1, 8)],
    ]
    second = [HEAD, cells_of(row(indicator="", question="เรื่องร้องเรียนภายในหน่วยงาน"))]
    report = report_of(html(first), html(second), name="a.html")
    assert said(report, "indicator_no") == [("i1", (1,), 1), (None, (2,), 5)]


def test_sections_of_a_table_without_a_column_of_indicators():
    odd = row(question="เรื่องร้องเรียนภายในหน่วยงาน")
    rows = [
        HEAD[1:],
        [("ตัวชี้วัดที่ ๑ การปฏิบัติหน้าที่", 1, 7)],
        cells_of(ROW, "indicator"),
        [("ตัวชี้วัดที่ ๕ การแก้ไขปัญหาการทุจริต", 1, 7)],
        cells_of(odd, "indicator"),
    ]
    found = said(report_of(html(rows)), "indicator_no", "indicator_name")
    assert found == [
        ("i1", (1,), 1, "การปฏิบัติหน้าที่"),
        (None, (1,), 5, "การแก้ไขปัญหาการทุจริต"),
    ]


def test_several_questions_in_one_cell_share_the_rest():
    asked = row(
        indicator="๙.การเปิดเผยข้อมูล",
        question="o๑ โครงสร้างและอำนาจหน้าที่ o๒ ข้อมูลผู้บริหาร",
        analysis="o๑ ประเด็น โครงสร้างไม่เป็นปัจจุบัน o๒ ประเด็น ขาดช่องทางติดต่อ",
    )
    report = report_of(tsv([asked]))
    assert said(report, "question", "analysis", "responsible") == [
        ("o1", (1,), "โครงสร้างและอำนาจหน้าที่", "โครงสร้างไม่เป็นปัจจุบัน", ("สำนักปลัด",)),
        ("o2", (1,), "ข้อมูลผู้บริหาร", "ขาดช่องทางติดต่อ", ("สำนักปลัด",)),
    ]


def test_empty_rows_are_no_rows():
    assert said(report_of(tsv([EMPTY, ROW, EMPTY]))) == [("i1", (1,))]


def test_two_data_tables_on_one_page_are_both_read():
    page = tsv([ROW]) + "\nหมายเหตุ\n\n" + tsv([SECOND])
    report = report_of(page)
    assert said(report) == [("i1", (1,)), ("i2", (1,))]
    places = [(c.row, c.column) for c in report.cells]
    assert len(places) == len(set(places))
