"""What people decided: applied after reading, undone, followed to where the cell stands now."""

from dataclasses import replace

import pytest
from made import report_of, tsv
from test_checks import ANALYSES, MISREAD, QUESTIONS, TITLE, asked, bare, body, pages, titled

from audit.checks import audit, reasons_left, settled_rows
from normalize.decisions import (
    ROW_FIELDS,
    Decision,
    finding_key,
    in_force,
    raw_of_row,
    readings_of_agency,
    readings_of_years,
)
from normalize.report import typed, written

UNKNOWN = "ประเด็นอื่นที่หน่วยงานเห็นสมควรดำเนินการเพิ่มเติม"


def on_cell(report, page, field, now):
    """A decision on the first cell of a page's column."""
    cell = next(c for c in report.cells if (c.page, c.field) == (page, field))
    name = f"c{page}{field}"
    return Decision(
        name, "a.txt", "cell", field, page, cell.row, cell.column, was=cell.raw, now=now
    )


def on_row(report, number, field, now):
    """A decision on a value of the row of that place in the report."""
    record = report.records[number]
    page, line, column = record.anchor
    was = raw_of_row(record.physical, field)
    return Decision(
        f"r{number}{field}", "a.txt", "row", field, page, line, column, record.part, was, now
    )


def on_document(report, field, now):
    said = readings_of_agency(report.agency) if field == "agency" else ""
    said = said or readings_of_years(report.years)
    return Decision(f"d{field}", "a.txt", "document", field, was=said, now=now)


def decided(texts, *makers):
    """The report with what is decided on its plain reading."""
    plain = report_of(*texts)
    return report_of(*texts, decisions=[make(plain) for make in makers])


# ------------------------------------------------------------------ cells


def test_a_cell_carries_the_value_that_a_person_gave_it():
    report = decided(pages(), lambda r: on_cell(r, 2, "analysis", "ควรเปิดเผยทุกโครงการ"))
    assert report.rows[1].analysis == "ควรเปิดเผยทุกโครงการ"
    cell = next(c for c in report.cells if (c.page, c.field) == (2, "analysis"))
    assert cell.raw == ANALYSES[1]
    assert cell.value == "ควรเปิดเผยทุกโครงการ"
    steps = [(c.rule, c.before, c.after) for c in report.corrections if c.page == 2]
    assert ("decision", ANALYSES[1], "ควรเปิดเผยทุกโครงการ") in steps


def test_line_breaks_of_a_decision_are_meant():
    given = "1. สำรวจ\n2. สรุปผล"
    report = decided(pages(), lambda r: on_cell(r, 2, "steps", given))
    assert report.rows[1].steps == given


def test_a_cell_can_be_emptied():
    report = decided(pages(), lambda r: on_cell(r, 2, "measures", ""))
    assert report.rows[1].measures is None


def test_what_a_cell_is_made_into_follows_from_the_decision():
    """Dates, units and codes are read anew from the text that a person gave."""
    report = decided(
        pages(),
        lambda r: on_cell(r, 1, "timeframe", "ไตรมาสที่ 2"),
        lambda r: on_cell(r, 2, "responsible", "กองคลัง\nกองช่าง"),
        lambda r: on_cell(r, 3, "question", "i8 " + QUESTIONS[2][1].split(" ", 1)[1]),
    )
    assert [str(report.rows[0].start_date), str(report.rows[0].end_date)] == [
        "2026-01-01",
        "2026-03-31",
    ]
    assert report.rows[1].responsible == ("กองคลัง", "กองช่าง")
    assert report.rows[2].code == "i8"


def test_a_cell_found_right_is_left_as_it_is():
    plain = report_of(*pages())
    report = decided(pages(), lambda r: on_cell(r, 2, "analysis", None))
    assert report.rows == plain.rows
    assert not [c for c in report.corrections if c.rule == "decision"]
    assert len(report.decided_cells) == 1


def test_a_decision_follows_its_cell_to_another_row():
    report = decided(pages(), lambda r: replace(on_cell(r, 2, "analysis", "ใหม่"), row=9, column=7))
    assert report.rows[1].analysis == "ใหม่"
    assert report.stale == ()


def test_a_decision_on_a_text_that_two_cells_have_is_not_guessed():
    """Its place reads otherwise now, and both of two cells could be meant."""
    texts = pages(**{f"p{n}": tsv([body(n) | {"measures": "จัดทำคู่มือ"}]) for n in (2, 3)})
    report = decided(texts, lambda r: replace(on_cell(r, 2, "measures", "จัดทำแผน"), page=5))
    assert [s.decision.now for s in report.stale] == ["จัดทำแผน"]
    assert report.rows[1].measures == report.rows[2].measures == "จัดทำคู่มือ"


def test_a_decision_does_not_jump_to_another_cell_that_reads_as_its_own_did():
    """Two cells read alike, one is decided on and reads otherwise now: the other is not it."""
    same = {f"p{n}": tsv([body(n) | {"timeframe": "ไตรมาสที่ ๑"}]) for n in (2, 3)}
    was = on_cell(report_of(*pages(**same)), 2, "timeframe", "ไตรมาสที่ 4")
    same["p2"] = tsv([body(2) | {"timeframe": "ไตรมาสที่ ๗"}])
    report = report_of(*pages(**same), decisions=[was])
    assert report.rows[2].timeframe == "ไตรมาสที่ 1"
    assert [s.reads for s in report.stale] == ["ไตรมาสที่ ๗"]


def test_a_long_text_read_a_little_otherwise_is_asked_again():
    """Its twin on another page reads as it did; that one was not decided on."""
    long = ANALYSES[1]
    same = {f"p{n}": tsv([body(n) | {"analysis": long}]) for n in (2, 3)}
    was = on_cell(report_of(*pages(**same)), 2, "analysis", "ใหม่")
    same["p2"] = tsv([body(2) | {"analysis": long.replace("โครงการ", "โครวการ")}])
    report = report_of(*pages(**same), decisions=[was])
    assert (report.rows[2].analysis, len(report.stale)) == (long, 1)


def test_a_value_of_a_row_does_not_jump_to_a_row_that_reads_alike():
    same = {f"p{n}": tsv([body(n) | {"timeframe": "ไตรมาสที่ ๑"}]) for n in (2, 3)}
    was = on_row(report_of(*pages(**same)), 1, "start_date", "2026-07-01")
    same["p2"] = tsv([body(2) | {"timeframe": "ไตรมาสที่ ๓"}])
    report = report_of(*pages(**same), decisions=[was])
    assert [str(report.rows[n].start_date) for n in (1, 2)] == ["2026-04-01", "2025-10-01"]
    assert len(report.stale) == 1


def test_a_changed_reading_is_asked_again():
    was = on_cell(report_of(*pages()), 2, "analysis", "ใหม่")
    changed = pages(**asked(2, QUESTIONS[1][1], analysis="อ่านใหม่ได้อีกอย่าง"))
    report = report_of(*changed, decisions=[was])
    assert report.rows[1].analysis == "อ่านใหม่ได้อีกอย่าง"
    [stale] = report.stale
    assert (stale.page, stale.reads) == (2, "อ่านใหม่ได้อีกอย่าง")
    [finding] = [f for f in audit(report) if f.check == "stale_decision"]
    assert finding.places == ((2, was.row, was.column),)


# ------------------------------------------------------------------ rows


def test_a_row_takes_the_code_that_a_person_gave_it():
    texts = pages(**asked(3, UNKNOWN))
    plain = report_of(*texts)
    report = decided(texts, lambda r: on_row(r, 2, "code", "i8"))
    assert (plain.rows[2].code, report.rows[2].code) == (None, "i8")
    assert [f for f in audit(report) if f.check == "code_unknown"] == []
    assert not settled_rows(report, audit(report))[2].needs_review
    assert ("code", "decision", "i8") in {(c.field, c.rule, c.after) for c in report.corrections}


@pytest.mark.parametrize(
    ("field", "now", "value"),
    [
        ("score", "83.50", "83.50"),
        ("start_date", "2025-11-01", "2025-11-01"),
        ("end_date", "2026-03-31", "2026-03-31"),
        ("responsible", "กองคลัง\nกองช่าง", "กองคลัง\nกองช่าง"),
        ("references", "o8\no10", "o8\no10"),
        ("strengths", "บุคลากรมีความรู้", "บุคลากรมีความรู้"),
        ("weaknesses", "", ""),
        ("indicator_no", "2", "2"),
    ],
)
def test_a_row_takes_the_values_that_a_person_gave_it(field, now, value):
    report = decided(pages(), lambda r: on_row(r, 0, field, now))
    assert written(getattr(report.rows[0], field)) == value
    if field == "indicator_no":
        assert report.rows[0].indicator_name == "การใช้งบประมาณ"


def test_a_value_that_its_field_cannot_hold_changes_nothing():
    """The file was edited by hand; review refuses such a value."""
    plain = report_of(*pages()).rows[0]
    for field, now in (("score", "มาก"), ("start_date", "2569"), ("indicator_no", "x")):
        assert decided(pages(), lambda r, f=field, n=now: on_row(r, 0, f, n)).rows[0] == plain


def test_one_question_of_several_takes_a_value_of_its_own():
    question = "e๗ หน่วยงานเปิดโอกาสให้มีส่วนร่วม e๘ หน่วยงานมีการปรับปรุง e๙ หน่วยงานสะดวก"
    texts = pages(**asked(8, question))
    report = decided(texts, lambda r: on_row(r, 8, "score", "71"))
    assert {r.code: written(r.score) for r in report.rows if r.code in ("e7", "e8", "e9")} == {
        "e7": "",
        "e8": "71",
        "e9": "",
    }


def test_a_row_found_right_needs_no_look():
    texts = pages(**asked(2, bare(2, "๖๖")))
    plain, report = report_of(*texts), decided(texts, lambda r: on_row(r, 1, "", None))
    assert plain.records[1].reasons == ("code",)
    assert report.records[1].reasons == ()
    assert report.rows[1].code == plain.rows[1].code == "i6"


def test_a_row_that_reads_otherwise_is_asked_again():
    was = on_row(report_of(*pages()), 0, "score", "80")
    changed = pages(**asked(1, QUESTIONS[0][1], result="ได้คะแนน ๗๕ คะแนน"))
    report = report_of(*changed, decisions=[was])
    assert str(report.rows[0].score) == "75"
    assert [f.check for f in audit(report)] == ["stale_decision"]


# ------------------------------------------------------------------ the document


def test_an_official_name_brings_its_district_and_codes():
    report = decided(
        pages(), lambda r: on_document(r, "agency", "เทศบาลตำบลบ้านโฮ่ง อำเภอบ้านโฮ่ง จังหวัดลำพูน")
    )
    assert (report.agency.name, report.agency.district_code) == ("เทศบาลตำบลบ้านโฮ่ง", "5103")
    assert {r.agency for r in report.rows} == {"เทศบาลตำบลบ้านโฮ่ง"}


def test_a_name_alone_is_looked_for_where_the_agency_was():
    report = decided(pages(), lambda r: on_document(r, "agency", "เทศบาลตำบลบ้านโฮ่ง"))
    agency = report.agency
    assert (agency.name, agency.district, agency.district_code) == (
        "เทศบาลตำบลบ้านโฮ่ง",
        "บ้านโฮ่ง",
        "5103",
    )


def test_a_place_without_its_kind_is_no_official_agency():
    report = decided(pages(), lambda r: on_document(r, "agency", "ศรีเตี้ย"))
    assert (report.agency.name, report.agency.district_code) == ("ศรีเตี้ย", None)


def test_a_name_that_no_place_bears_is_kept_as_typed():
    report = decided(pages(), lambda r: on_document(r, "agency", "เทศบาลตำบลกขคฆ"))
    assert (report.agency.name, report.agency.district_code) == ("เทศบาลตำบลกขคฆ", None)
    assert not report.agency.needs_review


def test_an_agency_found_right_is_asked_no_more():
    texts = pages(**titled(3, TITLE, MISREAD), **titled(4, TITLE, MISREAD))
    report = decided(texts, lambda r: on_document(r, "agency", None))
    assert report.agency.name == "เทศบาลตำบลศรีเตี้ย"
    about = [f for f in audit(report) if f.field == "agency"]
    assert about
    assert all(f.decided for f in about)


def test_a_year_is_decided_before_what_follows_from_it():
    report = decided(pages(), lambda r: on_document(r, "fiscal_year", "2570"))
    assert {r.fiscal_year for r in report.rows} == {2570}
    assert report.framework.year == 2568  # of the assessed year, which nobody changed


# ------------------------------------------------------------------ findings


def test_a_finding_that_stands_is_decided_and_its_row_needs_no_look():
    texts = pages(**asked(5, QUESTIONS[4][1], timeframe="ไตรมาสที่ ๒ ปีงบประมาณ ๒๕๖๕"))
    plain = report_of(*texts)
    [finding] = audit(plain)
    assert settled_rows(plain, (finding,))[4].needs_review
    key = finding_key(finding.check, finding.code, finding.values)
    report = report_of(
        *texts, decisions=[Decision("f", "a.txt", "finding", finding.check, was=key)]
    )
    [again] = audit(report)
    assert again == replace(finding, decided=True)
    assert reasons_left(report.records[4], (again,)) == ()
    assert not settled_rows(report, (again,))[4].needs_review


def test_a_finding_that_says_something_else_is_not_decided():
    texts = pages(**asked(5, QUESTIONS[4][1], timeframe="ไตรมาสที่ ๒ ปีงบประมาณ ๒๕๖๕"))
    [finding] = audit(report_of(*texts))
    key = finding_key(finding.check, finding.code, finding.values)
    other = pages(**asked(5, QUESTIONS[4][1], timeframe="ไตรมาสที่ ๓ ปีงบประมาณ ๒๕๖๕"))
    report = report_of(
        *other, decisions=[Decision("f", "a.txt", "finding", finding.check, was=key)]
    )
    [again] = audit(report)
    assert not again.decided


# ------------------------------------------------------------------ the file's lines


def line(number, now, **more):
    return Decision(str(number), "a.txt", "cell", "analysis", 1, 2, 3, was="ก", now=now, **more)


def test_the_last_decision_on_a_cell_holds():
    assert [d.now for d in in_force([line(1, "ข"), line(2, "ค")])] == ["ค"]


def test_an_undone_decision_gives_way_to_the_one_before():
    undo = Decision("3", "a.txt", "undo", undoes="2")
    assert [d.now for d in in_force([line(1, "ข"), line(2, "ค"), undo])] == ["ข"]
    redo = Decision("4", "a.txt", "undo", undoes="3")
    assert [d.now for d in in_force([line(1, "ข"), line(2, "ค"), undo, redo])] == ["ค"]


def test_fields_of_one_row_are_decided_each_by_itself():
    row_lines = [
        Decision(field, "a.txt", "row", field, 1, 2, 3, was="ก", now="1") for field in ROW_FIELDS
    ]
    assert len(in_force(row_lines)) == len(ROW_FIELDS)


def test_every_field_of_a_row_can_be_read_back():
    [first, *_] = report_of(*pages()).rows
    for field in ROW_FIELDS:
        assert typed(field, written(getattr(first, field))) == getattr(first, field)


def test_a_decision_changes_nothing_of_other_documents():
    plain = report_of(*pages())
    assert report_of(*pages(), decisions=()) == plain
