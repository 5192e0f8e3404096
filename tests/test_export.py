"""What a run writes can be read back, is the same twice, and replaces nothing by halves."""

import csv
import errno
import hashlib
import io
import json
import os
import pickle
import random
import re
import stat
import sys
import unicodedata
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.model import Finding, Place, Problem, Said, stamp
from export.files import code_order, csv_records, json_records, write_run
from export.model import CannotWrite, DocumentRecord, DocumentResult
from export.schema import CELLS, CORRECTIONS, DOCUMENTS, FINDINGS, ROWS, TABLES
from export.values import drop_guard, guard_formula, number_text, publish_text
from extract.errors import ReportError
from extract.model import Box
from normalize.model import CellValue, Correction, Row

WRITTEN = [
    "audit.html",
    "cells.csv",
    "corrections.csv",
    "datapackage.json",
    "decisions.jsonl",
    "documents.csv",
    "findings.csv",
    "findings.json",
    "rows.csv",
    "rows.json",
]
RECORDS = {
    ROWS: Row,
    CELLS: CellValue,
    CORRECTIONS: Correction,
    FINDINGS: Finding,
    DOCUMENTS: DocumentRecord,
}
FULL = Row(
    document="ปี 2569/แผน.pdf",
    code="i10",
    indicator_no=4,
    indicator_name="การใช้ทรัพย์สินของราชการ",
    instrument="IIT",
    pages=(7, 8),
    agency="เทศบาลตำบลบ้านนา",
    district="บ้านนา",
    province="นครนายก",
    province_code="06",
    district_code="0603",
    fiscal_year=2569,
    assessment_year=2568,
    question='ทรัพย์สิน "ของราชการ", มากน้อยเพียงใด',
    analysis="1. น้ำ\n2. ย้ำ",
    measures="- ประชาสัมพันธ์\n- No Gift Policy",
    result="จุดแข็ง\nดี",
    steps="=HYPERLINK(0)",
    timeframe="ต.ค. 2568 - ก.ย. 2569",
    strengths="ดี",
    score=Decimal("83.57"),
    start_date=date(2025, 10, 1),
    end_date=date(2026, 9, 30),
    responsible=("สำนักปลัด", "กองช่าง; งานโยธา"),
    references=("o8", "o10"),
    confidence=0.1 + 0.2,
    needs_review=True,
)
BETWEEN = Finding("", "report_missing", "info", "m", documents=("a.pdf", "b;c.pdf"))
FORMULA = re.compile(r"[ \n]*[\t=+\-@＝＋－＠]")
EMPTY = Row("ก.txt", None, None, None, None, (1,))


def result(name="a.pdf", digest="a", **parts):
    record = DocumentRecord(name, "ok", digest * 64, 14, ("text", "ocr"), "อบต.บ้านนา", 2569, 1, 1)
    return DocumentResult(record, **parts)


def full(name="a.pdf"):
    return result(
        name,
        rows=(replace(FULL, document=name), replace(FULL, document=name, code="i2")),
        cells=(
            CellValue(name, 7, 0, 2, 1, "ส ำนัก", "สำนัก", "question", "text", Box(1.23456, 2, 3, 4)),
            CellValue(name, 7, 0, 1, 0, "", "", source="dump", confidence=0.98765),
        ),
        corrections=(Correction(name, 7, 2, 1, "question", "split_sara_am", "ส ำนัก", "สำนัก", 0.9),),
        findings=(
            Finding(
                name,
                "code_misread",
                "warning",
                "`๖๖` is read as i6",
                (5,),
                "i6",
                values=(Said("5", 'ข้อ "๖๖"\n; i6'),),
                suggestion="i6",
                fixed=True,
                message_th="อ่าน `๖๖` เป็น i6",
                places=(Place(5, 2, 1), Place(5, 3, 0)),
            ),
        ),
    )


def read_csv(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def read_json(path):
    return json.loads(path.read_text("utf-8"), parse_float=Decimal)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_a_run_writes_every_file_of_the_contract(tmp_path):
    paths = write_run(tmp_path / "new" / "out", [full()])
    assert sorted(contents(tmp_path / "new" / "out")) == WRITTEN
    assert [path.name for path in paths] == [
        *("rows.csv", "rows.json", "cells.csv", "corrections.csv"),
        *("findings.csv", "findings.json", "documents.csv", "datapackage.json"),
        "audit.html",
    ]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_column_is_an_attribute_of_the_record(table):
    record = RECORDS[table]
    left_out = {"box", "message_th", "doubtful", "places"}
    attributes = {field.name for field in fields(record)} - left_out
    names = [field.name for field in table.fields]
    assert len(set(names)) == len(names)
    assert attributes <= set(names)
    assert all(hasattr(record, name) for name in names)


def test_rows_are_read_back_from_json_as_they_were(tmp_path):
    write_run(tmp_path, [result(FULL.document, rows=(FULL,))])
    assert read_json(tmp_path / "rows.json") == [
        {
            **{field.name: getattr(FULL, field.name) for field in ROWS.fields},
            "pages": [7, 8],
            "weaknesses": None,
            "score": Decimal("83.57"),
            "start_date": "2025-10-01",
            "end_date": "2026-09-30",
            "responsible": ["สำนักปลัด", "กองช่าง; งานโยธา"],
            "references": ["o8", "o10"],
            "confidence": Decimal("0.3"),
        }
    ]


def test_rows_are_read_back_from_csv_as_they_were(tmp_path):
    write_run(tmp_path, [result(FULL.document, rows=(FULL,))])
    (row,) = read_csv(tmp_path / "rows.csv")
    assert {name: drop_guard(text) for name, text in row.items()} == {
        **{field.name: getattr(FULL, field.name) for field in ROWS.fields},
        "indicator_no": "4",
        "fiscal_year": "2569",
        "assessment_year": "2568",
        "pages": "7;8",
        "weaknesses": "",
        "score": "83.57",
        "start_date": "2025-10-01",
        "end_date": "2026-09-30",
        "responsible": "สำนักปลัด;กองช่าง； งานโยธา",
        "references": "o8;o10",
        "confidence": "0.3",
        "needs_review": "True",
    }


def test_what_is_absent_is_null_or_an_empty_cell(tmp_path):
    write_run(tmp_path, [result(EMPTY.document, rows=(replace(EMPTY, steps=""),))])
    (row,) = read_json(tmp_path / "rows.json")
    (line,) = read_csv(tmp_path / "rows.csv")
    there = {"document": "ก.txt", "pages": "1", "confidence": "1.0", "needs_review": "False"}
    assert {name for name, value in row.items() if value not in (None, [])} == set(there)
    assert row["responsible"] == row["references"] == []
    assert {name: text for name, text in line.items() if text} == there


def test_cells_corrections_and_documents_are_read_back(tmp_path):
    write_run(tmp_path, [full(), DocumentResult(DocumentRecord("z.pdf", "failed", error="empty"))])
    cells = read_csv(tmp_path / "cells.csv")
    assert list(cells[1].values()) == [
        *("a.pdf", "7", "0", "2", "1", "question", "1.23", "2.0", "3.0", "4.0", "text"),
        *("ส ำนัก", "สำนัก", ""),
    ]
    assert list(cells[0].values()) == [
        *("a.pdf", "7", "0", "1", "0", "", "", "", "", "", "dump", "", "", "0.9876")
    ]
    assert [list(line.values()) for line in read_csv(tmp_path / "corrections.csv")] == [
        ["a.pdf", "7", "2", "1", "question", "split_sara_am", "ส ำนัก", "สำนัก", "0.9"]
    ]
    assert [list(line.values()) for line in read_csv(tmp_path / "documents.csv")] == [
        ["a.pdf", "a" * 64, "ok", "14", "text;ocr", "อบต.บ้านนา", "2569", "1", "1", ""],
        ["z.pdf", "", "failed", "", "", "", "", "0", "0", "empty"],
    ]


@pytest.mark.parametrize(
    ("language", "message"), [("en", "`๖๖` is read as i6"), ("th", "อ่าน `๖๖` เป็น i6")]
)
def test_findings_are_read_back_in_the_language_asked_for(tmp_path, language, message):
    write_run(tmp_path, [full()], language)
    said = [{"where": "5", "text": 'ข้อ "๖๖"\n; i6'}]
    expected = {
        "document": "a.pdf",
        "check": "code_misread",
        "severity": "warning",
        "pages": [5],
        "code": "i6",
        "field": None,
        "message": message,
        "values": said,
        "suggestion": "i6",
        "fixed": True,
        "cells": ["5:2:1", "5:3:0"],
        "documents": [],
        "decided": False,
    }
    (line,) = read_csv(tmp_path / "findings.csv")
    assert read_json(tmp_path / "findings.json") == [expected]
    assert json.loads(line["values"]) == said
    assert (line["message"], line["pages"], line["field"]) == (message, "5", "")
    assert (line["cells"], line["documents"], line["decided"]) == ("5:2:1;5:3:0", "", "False")


def test_a_finding_without_a_thai_message_keeps_the_english_one(tmp_path):
    finding = stamp("a.pdf", "code_unknown", Problem("no code"))
    write_run(tmp_path, [result(findings=(finding,))], "th")
    assert read_json(tmp_path / "findings.json")[0]["message"] == "no code"


def test_csv_has_a_byte_order_mark_and_no_carriage_return(tmp_path):
    write_run(tmp_path, [result(rows=(replace(FULL, steps="1. ก\r\n2. ข\rค"),))])
    for path in tmp_path.glob("*.csv"):
        assert path.read_bytes().startswith(b"\xef\xbb\xbfdocument,")
        assert b"\r" not in path.read_bytes()
    assert not (tmp_path / "rows.json").read_bytes().startswith(b"\xef\xbb\xbf")
    assert read_json(tmp_path / "rows.json")[0]["steps"] == "1. ก\n2. ข\nค"


def test_text_is_nfc_and_what_no_format_takes_is_visible(tmp_path):
    raw = "e\u0301 \x00\x0b\x7f\ud800\ufffe\tน้ำ"
    cell = CellValue("a.pdf", 1, 0, 0, 0, raw, "é")
    change = Correction("a.pdf", 1, 0, 0, "question", "drop_controls", raw, "é")
    write_run(tmp_path, [result(cells=(cell,), corrections=(change,))])
    shown = "é ␀␋␡\ufffd\ufffd\tน้ำ"
    assert read_csv(tmp_path / "cells.csv")[0]["raw"] == shown
    assert read_csv(tmp_path / "corrections.csv")[0]["before"] == shown


def test_a_change_that_nobody_can_see_is_no_correction(tmp_path):
    same = Correction("a.pdf", 1, 0, 0, "question", "order_marks", "e\u0301", "\u00e9")
    write_run(tmp_path, [result(corrections=(same,))])
    assert read_csv(tmp_path / "corrections.csv") == []


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1+1",
        "@SUM(A1)",
        "\t=1+1",
        " =1+1",
        "\n=1+1",
        "＝1+1",
        '=cmd|" /C calc"!A0',
        "- ประชาสัมพันธ์",
        "-",
    ],
)
def test_no_csv_cell_begins_as_a_formula(tmp_path, text):
    row = replace(FULL, measures=text, responsible=(text, "กองคลัง"))
    finding = Finding("a.pdf", "code_unknown", "warning", text, suggestion=text)
    write_run(tmp_path, [result(rows=(row,), findings=(finding,))])
    lines = read_csv(tmp_path / "rows.csv") + read_csv(tmp_path / "findings.csv")
    assert not [value for line in lines for value in line.values() if FORMULA.match(value)]
    assert drop_guard(read_csv(tmp_path / "rows.csv")[0]["measures"]) == text
    assert read_json(tmp_path / "rows.json")[0]["measures"] == text


@pytest.mark.parametrize("text", ["1. ก = ข", "ก-ข", "(-)", "ประชาสัมพันธ์", "\u00a0ก", ""])
def test_text_that_is_no_formula_has_no_guard(text):
    assert guard_formula(text) == text == drop_guard(text)


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (Decimal("83.57"), None, "83.57"),
        (Decimal("95"), None, "95.0"),
        (Decimal("95.00"), None, "95.0"),
        (Decimal("1E+2"), None, "100.0"),
        (Decimal("0.0000000001"), None, "0.0000000001"),
        (Decimal("1234567890.0123456789"), None, "1234567890.0123456789"),
        (Decimal("-0"), None, "0.0"),
        (0.1 + 0.2, 4, "0.3"),
        (0.99999, 4, "1.0"),
        (1e-7, 4, "0.0"),
        (56.760000000000005, 2, "56.76"),
        (-3.5, 2, "-3.5"),
    ],
)
def test_numbers_have_no_noise(value, places, text):
    assert number_text(value, places) == text


def test_rows_are_sorted_as_people_count(tmp_path):
    codes = [(9, "o2"), (None, None), (1, "i10"), (1, "i2"), (1, None), (9, "o11")]
    rows = [replace(FULL, indicator_no=number, code=code) for number, code in codes]
    write_run(tmp_path, [result(rows=tuple(rows))])
    written = [(row["indicator_no"], row["code"]) for row in read_json(tmp_path / "rows.json")]
    assert written == [(1, "i2"), (1, "i10"), (1, None), (9, "o2"), (9, "o11"), (None, None)]


def test_codes_of_an_odd_form_sort_too():
    codes = ["o1", "i10", "x", "", None, "i2", "i2b", "12", "i๓"]
    assert sorted(codes, key=code_order)[:6] == ["12", "i2", "i2b", "i๓", "i10", "o1"]


def test_findings_are_sorted_by_first_page_and_check(tmp_path):
    places = [("b", (3,)), ("a", (10, 2)), ("z", ()), ("a", (3,)), ("c", (2,))]
    found = tuple(Finding("a.pdf", check, "info", "m", pages) for check, pages in places)
    write_run(tmp_path, [result(findings=found)])
    written = [(one["check"], one["pages"]) for one in read_json(tmp_path / "findings.json")]
    assert written == [("z", []), ("a", [10, 2]), ("c", [2]), ("a", [3]), ("b", [3])]


def test_the_changes_of_one_cell_keep_their_order(tmp_path):
    changes = [(8, "z", "1", "2"), (7, "y", "a", "b"), (8, "a", "2", "3"), (None, "x", "p", "q")]
    made = tuple(Correction("a.pdf", p, 0, 0, "steps", r, b, a) for p, r, b, a in changes)
    write_run(tmp_path, [result(corrections=made)])
    assert [line["rule"] for line in read_csv(tmp_path / "corrections.csv")] == list("xyza")


def test_the_same_results_give_the_same_bytes_in_any_order(tmp_path):
    names = ["ก/1.pdf", "a.pdf", "b/2.html", "b/10.html", "ข.txt"]
    results = [full(name) for name in names] + [result("none.pdf")]
    write_run(tmp_path / "one", results)
    for seed in range(3):
        parts = [replace(one, rows=one.rows[::-1], cells=one.cells[::-1]) for one in results]
        random.Random(seed).shuffle(parts)
        write_run(tmp_path / "two", iter(parts))
        assert contents(tmp_path / "two") == contents(tmp_path / "one")
    documents = [line["document"] for line in read_csv(tmp_path / "one" / "rows.csv")]
    assert documents == sorted(documents)
    assert read_json(tmp_path / "one" / "rows.json")[0]["document"] == "a.pdf"


def test_a_run_without_documents_is_valid_too(tmp_path):
    write_run(tmp_path, [])
    assert read_json(tmp_path / "rows.json") == read_json(tmp_path / "findings.json") == []
    assert read_csv(tmp_path / "rows.csv") == []


def test_decisions_are_never_overwritten(tmp_path):
    write_run(tmp_path, [])
    decisions = tmp_path / "decisions.jsonl"
    assert decisions.read_bytes() == b""
    decisions.write_text('{"now": "i6"}\n', "utf-8")
    os.utime(decisions, (1, 1))
    write_run(tmp_path, [full()])
    assert decisions.read_text("utf-8") == '{"now": "i6"}\n'
    assert decisions.stat().st_mtime == 1


class Stop(Exception):
    pass


def stopping(error):
    yield full()
    raise error


@pytest.mark.parametrize(
    "error", [Stop(), KeyboardInterrupt(), OSError("the input's"), ReportError()]
)
def test_a_run_that_stops_leaves_the_old_files_and_no_others(tmp_path, error):
    write_run(tmp_path, [result()])
    before = contents(tmp_path)
    with pytest.raises(type(error)) as raised:
        write_run(tmp_path, stopping(error))
    assert raised.value is error
    assert contents(tmp_path) == before


@pytest.mark.parametrize("name", ["rows.json", "datapackage.json"])
def test_a_file_that_cannot_be_written_leaves_no_temporary_one(tmp_path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(CannotWrite, match=rf"{name}: cannot write .*--out"):
        write_run(tmp_path, [full()])
    assert not [path for path in tmp_path.rglob("*") if path.suffix == ".tmp"]


def test_an_output_folder_that_is_a_file_is_told_before_any_work(tmp_path):
    out = tmp_path / "out"
    out.write_text("mine", "utf-8")
    with pytest.raises(CannotWrite) as raised:
        write_run(out, stopping(Stop()))
    assert str(out) in str(raised.value)
    assert raised.value.exit_code == 5
    assert out.read_text("utf-8") == "mine"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write")
def test_a_folder_without_permission_is_told(tmp_path):
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        with pytest.raises(CannotWrite):
            write_run(tmp_path, [full()])
    finally:
        tmp_path.chmod(stat.S_IRWXU)


@pytest.mark.skipif(sys.platform == "win32", reason="has no file size limit")
def test_a_full_disk_is_told_and_leaves_the_old_files(tmp_path):
    import resource
    import signal

    write_run(tmp_path, [result()])
    before = contents(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))
    try:
        with pytest.raises(CannotWrite, match=os.strerror(errno.EFBIG)):
            write_run(tmp_path, [full("a.pdf"), full("b.pdf")])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert contents(tmp_path) == before


@pytest.mark.skipif(sys.platform == "win32", reason="has no umask")
def test_other_people_may_read_what_the_umask_lets_them(tmp_path):
    old = os.umask(0o022)
    try:
        write_run(tmp_path, [full()])
    finally:
        os.umask(old)
    modes = {path.is_dir(): stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*")}
    assert modes == {False: 0o644, True: 0o755}


def test_results_and_errors_survive_a_process_boundary():
    one = full()
    assert pickle.loads(pickle.dumps(one)) == one
    copy = pickle.loads(pickle.dumps(CannotWrite("why")))
    assert (type(copy), str(copy), copy.exit_code) == (CannotWrite, "why", 5)


def package_of(folder):
    return json.loads((folder / "datapackage.json").read_text("utf-8"))


def test_the_package_states_the_bytes_of_each_table(tmp_path):
    write_run(tmp_path, [full()])
    package = package_of(tmp_path)
    assert [one["name"] for one in package["resources"]] == [table.name for table in TABLES]
    for one in package["resources"]:
        written = (tmp_path / one["path"]).read_bytes()
        assert one["bytes"] == len(written)
        assert one["hash"] == "sha256:" + hashlib.sha256(written).hexdigest()
        header = written.decode("utf-8-sig").partition("\n")[0].split(",")
        assert [field["name"] for field in one["schema"]["fields"]] == header
        assert all(
            field["titles"]["th"] and field["titles"]["en"] for field in one["schema"]["fields"]
        )
    assert "GeoThai" in package["sources"][0]["title"]
    assert package["licenses"][0]["name"] == "CC-BY-4.0"


@pytest.mark.parametrize(
    ("rows", "key"),
    [
        ((FULL,), ["document", "code"]),
        ((FULL, replace(FULL, pages=(9,))), None),
        ((FULL, replace(FULL, code=None)), None),
    ],
)
def test_a_key_is_claimed_only_where_it_holds(tmp_path, rows, key):
    write_run(tmp_path, [result(FULL.document, rows=rows)])
    schemas = {one["name"]: one["schema"] for one in package_of(tmp_path)["resources"]}
    assert schemas["rows"].get("primaryKey") == key
    assert schemas["documents"]["primaryKey"] == ["document"]
    assert schemas["rows"]["foreignKeys"][0]["reference"]["resource"] == "documents"


def test_two_documents_of_one_name_claim_no_key(tmp_path):
    write_run(tmp_path, [result(digest="a"), result(digest="b")])
    assert not any("primaryKey" in one["schema"] for one in package_of(tmp_path)["resources"])


@pytest.mark.parametrize(
    "results",
    [
        [],
        [full()],
        [full("ก.pdf"), full("b.pdf"), result(EMPTY.document, rows=(EMPTY, EMPTY))],
        [result("a.pdf", findings=(BETWEEN,)), result("b.pdf")],
    ],
    ids=["none", "one", "three", "between"],
)
def test_frictionless_finds_the_package_valid(tmp_path, results):
    frictionless = pytest.importorskip("frictionless")
    write_run(tmp_path, results)
    report = frictionless.validate(str(tmp_path / "datapackage.json"))
    assert report.flatten(["type", "rowNumber", "fieldName", "note"]) == []
    assert report.valid


def test_frictionless_reads_typed_values(tmp_path):
    frictionless = pytest.importorskip("frictionless")
    write_run(tmp_path, [result(FULL.document, rows=(FULL,), findings=full().findings)])
    package = frictionless.Package(str(tmp_path / "datapackage.json"))
    (row,) = package.get_resource("rows").read_rows()
    assert (row["score"], row["fiscal_year"], row["start_date"], row["needs_review"]) == (
        *(Decimal("83.57"), 2569, date(2025, 10, 1), True),
    )
    assert (row["pages"], row["references"], row["weaknesses"]) == ([7, 8], ["o8", "o10"], None)
    (finding,) = package.get_resource("findings").read_rows()
    assert finding["values"] == [{"where": "5", "text": 'ข้อ "๖๖"\n; i6'}]


PIECES = [
    *("ส ำนัก", "น้ำ", "ประชาสัมพันธ์", "๒๕๖๙", "i1", "No Gift Policy", "\n", "\r\n", "\r", " ", "\t"),
    *(
        '"',
        '""',
        ",",
        ";",
        "；",
        "'",
        "\\",
        "=1+1",
        "-",
        "- ",
        "+",
        "@",
        "\u00a0",
        "\u200b",
        "\ufeff",
    ),
    *("\x00", "\x1b", "\x85", "\u2028", "\ud800", "\uffff", "e\u0301", "NA", "null", "😀", "<b>"),
]
TEXT = st.lists(st.sampled_from(PIECES), max_size=6).map("".join)
SCORES = st.none() | st.decimals(min_value=0, max_value=100, places=10)
DATES = st.none() | st.dates(min_value=date(1900, 1, 1), max_value=date(2200, 1, 1))


@given(text=TEXT)
def test_text_published_twice_changes_nothing_more(text):
    once = publish_text(text) or ""
    assert (publish_text(once) or "") == once == unicodedata.normalize("NFC", once)
    once.encode()


@given(text=TEXT)
def test_the_guard_is_undone_exactly(text):
    assert drop_guard(guard_formula(text)) == text
    assert not FORMULA.match(guard_formula(text))


@settings(deadline=None)  # a busy machine is no bug
@given(steps=TEXT, items=st.lists(TEXT.filter(bool), max_size=3), score=SCORES, start=DATES)
def test_any_row_is_read_back_from_both_formats(steps, items, score, start):
    row = replace(FULL, steps=steps, responsible=tuple(items), score=score, start_date=start)
    published = [publish_text(item) for item in items]

    (native,) = json.loads(f"[{json_records(ROWS, [row])}]", parse_float=Decimal)
    assert native["steps"] == publish_text(steps)
    assert native["responsible"] == published
    assert native["score"] == score
    assert native["start_date"] == (start and start.isoformat())

    names = [field.name for field in ROWS.fields]
    text = csv_records(ROWS, [row])
    (line,) = csv.DictReader(io.StringIO(text, newline=""), names)
    assert drop_guard(line["steps"]) == (publish_text(steps) or "")
    joined = drop_guard(line["responsible"])
    assert joined == ";".join(item.replace(";", "；") for item in published)
    assert line["score"] == ("" if score is None else number_text(score))

    read = pd.read_csv(io.StringIO(text), names=names, dtype=str, keep_default_na=False)
    assert read.iloc[0].to_dict() == line
