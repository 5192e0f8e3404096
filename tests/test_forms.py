"""What other systems are given is what the run found, in every form, and runs nothing."""

import csv
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
import unicodedata
import zipfile
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from io import StringIO
from operator import itemgetter
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from export import forms, workbook
from export.files import csv_records, json_records, write_run
from export.forms import FORMS, MissingExtra, NotATarget, write_files
from export.model import CannotWrite, DocumentRecord, DocumentResult
from export.package import LICENCES, MEDIA_TYPES
from export.published import Published
from export.schema import ROWS, SCHEMA_VERSION, TABLES, Field, Table
from export.values import csv_value, drop_guard, frozen, publish_text
from export.workbook import ABOUT, CELL_UNITS, write_workbook
from normalize.model import Row

ROOT = Path(__file__).parent.parent
CASES = tomllib.loads((ROOT / "tests" / "cases" / "formulas.toml").read_text("utf-8"))["case"]
every_case = pytest.mark.parametrize("case", CASES, ids=[case["label"] for case in CASES])

ITEMS = Table(
    "price_items",
    "รายการราคา: ปร.4/ปร.5",
    "Price items",
    "one record per item",
    (
        Field("document", "string", "เอกสาร", "Document", "", required=True),
        Field("item", "string", "รายการ", "Item", "what is bought"),
        Field("quantity", "integer", "จำนวน", "Quantity", "how many"),
        Field("price", "number", "ราคา", "Price", "in baht"),
        Field("share", "number", "สัดส่วน", "Share", "", decimal_places=4),
        Field("bought", "date", "วันที่ซื้อ", "Bought", ""),
        Field("checked", "boolean", "ตรวจแล้ว", "Checked", ""),
        Field("units", "list", "หน่วย", "Units", ""),
        Field("pages", "list", "หน้า", "Pages", "", item="integer"),
        Field("values", "said", "ข้อความ", "Values", ""),
    ),
    "document",
    has_json=True,
)


class Made:
    """Tables as `Published` gives them, of records that a test made."""

    def __init__(self, out, **records):
        self.out, self.made = out, records
        self.tables = tuple(table for table in (*TABLES, ITEMS) if table.name in records)
        (out / "datapackage.json").write_text('{"resources": []}', "utf-8")

    def records(self, table):
        return iter(self.made[table.name])


PIECES = [
    *("ส ำนัก", "น้ำ", "ประชาสัมพันธ์", "๒๕๖๙", "i1", "No Gift Policy", "\n", "\r\n", " ", "\t", '"'),
    *('""', ",", ";", "；", "'", "\\", "=1+1", "-", "- ", "+", "@", "\u00a0", "\u200b", "\ufeff"),
    *("\x00", "\x1b", "\x85", "\u2028", "\ud800", "\uffff", "e\u0301", "NA", "null", "😀", "<b>"),
    *("_x000D_", "<r>", "</r>", "&amp;", "]]>", "06", "1e5", "True", "2025-10-01", "None", "nan"),
]
TEXT = st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join).map(publish_text)
VALUES = {
    "string": TEXT,
    "integer": st.integers(-(2**50), 2**50),
    "boolean": st.booleans(),
    "date": st.dates(date(1850, 1, 1), date(9999, 12, 31)),
}


def values_of(field):
    """What a field of a published table can hold, absent included where it may be."""
    match field.type:
        case "list":
            item = st.integers(0, 10**6) if field.item == "integer" else TEXT
            return st.lists(item, max_size=3)
        case "said":
            return st.lists(st.fixed_dictionaries({"where": TEXT, "text": TEXT}), max_size=2)
        case "number":
            places = 10 if field.decimal_places is None else field.decimal_places
            kind = st.decimals(-(10**10), 10**10, places=places)
        case _:
            kind = VALUES[field.type]
    return kind if field.required else st.none() | kind


def records_of(table):
    fields = {field.name: values_of(field) for field in table.fields}
    return st.lists(st.fixed_dictionaries(fields), max_size=3)


# ---------------------------------------------------------------- independent readers


def from_csv(path, table):
    """As docs/output.md says: pandas, empty is absent, the guard undone."""
    frame = pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""])
    frame = frame.replace(r"^\u00a0(?=\s*[\t=+\-@＝＋－＠])", "", regex=True)
    assert list(frame) == [field.name for field in table.fields]
    return [
        {
            field.name: typed(field, None if pd.isna(line[field.name]) else line[field.name])
            for field in table.fields
        }
        for line in frame.to_dict("records")
    ]


def typed(field, text):
    if text is None:
        return [] if field.type in ("list", "said") else None
    match field.type:
        case "list":
            return [int(x) if field.item == "integer" else x for x in text.split(";")]
        case "said":
            return json.loads(text)
        case "integer":
            return int(text)
        case "number":
            return Decimal(text)
        case "boolean":
            return {"True": True, "False": False}[text]
        case "date":
            return date.fromisoformat(text)
    return text


def from_json(text, table):
    records = json.loads(text, parse_float=Decimal)
    for record in records:
        assert list(record) == [field.name for field in table.fields]
        for field in table.fields:
            if field.type == "date" and record[field.name]:
                record[field.name] = date.fromisoformat(record[field.name])
    return records


def from_sheet(sheet, table):
    """As docs/output.md says: the column's name is the last line of its header."""
    header, *lines = sheet.iter_rows(values_only=True)
    assert [title.split("\n")[-1] for title in header] == [field.name for field in table.fields]
    records = []
    for line in lines:
        record = {}
        for field, value in zip(table.fields, line, strict=True):
            match field.type:
                case "list":
                    parts = str(value).split("\n") if value is not None else []
                    value = [int(x) if field.item == "integer" else x for x in parts]
                case "said":
                    value = json.loads(value) if value else []
                case "number":
                    value = None if value is None else Decimal(str(value))
                case "integer":
                    value = None if value is None else int(value)
                case "date" if isinstance(value, str):
                    value = date.fromisoformat(value)
                case "date":
                    value = value and value.date()
            record[field.name] = value
        records.append(record)
    return records


def joined(records, table, separator, other):
    """The records with what a form that joins lists puts for its separator."""
    lists = [field.name for field in table.fields if field.type == "list"]
    return [
        record
        | {
            name: [x.replace(separator, other) if isinstance(x, str) else x for x in record[name]]
            for name in lists
        }
        for record in records
    ]


# ---------------------------------------------------------------- round trips


EVERY_TABLE = {table.name: table for table in (*TABLES, ITEMS)}


@settings(max_examples=15, phases=[Phase.generate])  # six files an example: too slow to shrink
@pytest.mark.parametrize("name", EVERY_TABLE)
@given(data=st.data())
def test_any_records_are_read_back_from_every_form(name, data):
    table = EVERY_TABLE[name]
    records = data.draw(records_of(table), label="records")
    with tempfile.TemporaryDirectory() as folder:
        made = Made(Path(folder), **{table.name: records})
        to = Path(folder) / "files"
        assert write_files(made, to, FORMS).notes == ()
        path = to / table.name
        assert from_json(path.with_suffix(".json").read_text("utf-8"), table) == records
        lines = path.with_suffix(".jsonl").read_text("utf-8").splitlines()
        assert from_json(f"[{','.join(lines)}]", table) == records
        assert parquet.read_table(path.with_suffix(".parquet")).to_pylist() == records
        assert from_csv(path.with_suffix(".csv"), table) == joined(records, table, ";", "；")

        write_workbook(made, Path(folder) / "other" / "book.xlsx")
        book = openpyxl.load_workbook(Path(folder) / "other" / "book.xlsx")
        assert from_sheet(book.worksheets[0], table) == joined(records, table, "\n", " ")


@settings(max_examples=40)
@given(records=records_of(ITEMS))
def test_csv_is_what_pandas_writes(records):
    columns = {
        field.name: pd.Series(
            [csv_value(field, frozen(record[field.name])) for record in records],
            dtype={"integer": "Int64", "boolean": "boolean"}.get(field.type, "object"),
        )
        for field in ITEMS.fields
    }
    text = pd.DataFrame(columns).to_csv(header=False, index=False, lineterminator="\n")
    assert csv_records(ITEMS, records, itemgetter) == text


def test_the_samples_are_the_same_in_every_form(samples, tmp_path):
    published = Published(samples.out)
    done = write_files(published, tmp_path / "files", FORMS)
    assert done.notes == ()
    assert [path.name for path in done.paths] == [
        *(f"{table.name}.{form}" for table in published.tables for form in FORMS),
        "datapackage.json",
    ]
    write_workbook(published, tmp_path / "book.xlsx")
    book = openpyxl.load_workbook(tmp_path / "book.xlsx")
    for table, sheet in zip(published.tables, book.worksheets, strict=False):
        records = list(published.records(table))
        path = tmp_path / "files" / table.name
        assert (samples.out / f"{table.name}.csv").read_bytes() == path.with_suffix(
            ".csv"
        ).read_bytes()
        if table.has_json:
            native = samples.out / f"{table.name}.json"
            assert native.read_bytes() == path.with_suffix(".json").read_bytes()
        assert parquet.read_table(path.with_suffix(".parquet")).to_pylist() == records
        assert from_sheet(sheet, table) == joined(records, table, "\n", " ")


def test_two_exports_are_the_same_bytes(samples, tmp_path):
    for name in ("one", "two"):
        write_files(Published(samples.out), tmp_path / name, FORMS)
        write_workbook(Published(samples.out), tmp_path / f"{name}.xlsx")
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()


def test_plain_csv_is_without_the_mark_and_still_guarded(tmp_path):
    record = empty(ITEMS) | {"item": "=1+1"}
    made = Made(tmp_path, price_items=[record])
    write_files(made, tmp_path / "marked", ["csv"])
    write_files(made, tmp_path / "plain", ["csv"], plain=True)
    marked = (tmp_path / "marked" / "price_items.csv").read_bytes()
    plain = (tmp_path / "plain" / "price_items.csv").read_bytes()
    assert marked == b"\xef\xbb\xbf" + plain
    assert "\u00a0=1+1".encode() in plain


def test_only_the_forms_that_were_asked_for_are_written(tmp_path):
    made = Made(tmp_path, price_items=[])
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "mine.txt").write_text("mine", "utf-8")
    write_files(made, tmp_path / "files", ["parquet", "jsonl"])
    names = sorted(path.name for path in (tmp_path / "files").iterdir())
    assert names == [
        *("datapackage.json", "mine.txt", "price_items.jsonl", "price_items.parquet"),
    ]


def empty(table):
    return {
        field.name: [] if field.type in ("list", "said") else None for field in table.fields
    } | {"document": "a.pdf"}


def test_a_line_of_json_lines_is_one_line_to_every_reader(tmp_path):
    text = "ก\x85ข\u2028ค\u2029ง\nจ"
    made = Made(tmp_path, price_items=[empty(ITEMS) | {"item": text}, empty(ITEMS)])
    write_files(made, tmp_path / "files", ["jsonl"])
    written = (tmp_path / "files" / "price_items.jsonl").read_text("utf-8")
    assert len(written.splitlines()) == written.count("\n") == 2
    assert json.loads(written.splitlines()[0])["item"] == text
    read = pd.read_json(StringIO(written), lines=True, dtype=False)
    assert (read["item"][0], read["item"].isna().tolist()) == (text, [False, True])


# ---------------------------------------------------------------- the data package


def package_of(folder):
    return json.loads((folder / "datapackage.json").read_text("utf-8"))


@pytest.mark.parametrize("asked", [["csv"], ["parquet"], ["csv", "parquet"]], ids="+".join)
def test_frictionless_finds_the_exported_package_valid(samples, tmp_path, asked):
    frictionless = pytest.importorskip("frictionless")
    write_files(Published(samples.out), tmp_path, asked)
    report = frictionless.validate(str(tmp_path / "datapackage.json"))
    assert report.flatten(["name", "rowNumber", "fieldName", "note"]) == []
    assert report.valid
    assert len(report.tasks) == len(asked) * len(TABLES)


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_frictionless_finds_exported_json_valid(samples, tmp_path, form):
    frictionless = pytest.importorskip("frictionless")
    pytest.importorskip("ijson", reason="frictionless reads JSON with its extra `json`")
    pytest.importorskip("jsonlines", reason="frictionless reads JSON with its extra `json`")
    write_files(Published(samples.out), tmp_path, [form])
    report = frictionless.validate(str(tmp_path / "datapackage.json"))
    assert report.flatten(["name", "rowNumber", "fieldName", "note"]) == []
    assert report.valid


def test_a_wrong_value_in_an_exported_file_is_found(samples, tmp_path):
    frictionless = pytest.importorskip("frictionless")
    write_files(Published(samples.out), tmp_path, ["csv"])
    path = tmp_path / "documents.csv"
    path.write_text(path.read_text("utf-8").replace(",ok,", ",fine,", 1), "utf-8")
    report = frictionless.validate(str(tmp_path / "datapackage.json"))
    found = {kind for (kind,) in report.flatten(["type"])}
    assert {"hash-count", "constraint-error"} <= found


def test_the_package_says_what_each_file_is(samples, tmp_path):
    write_files(Published(samples.out), tmp_path, FORMS)
    package = package_of(tmp_path)
    assert package["licenses"] == LICENCES
    assert package["sources"]
    resources = {one["name"]: one for one in package["resources"]}
    assert len(resources) == len(FORMS) * len(TABLES)
    for one in resources.values():
        form = one["path"].rpartition(".")[2]
        content = (tmp_path / one["path"]).read_bytes()
        assert one["hash"] == "sha256:" + hashlib.sha256(content).hexdigest()
        assert one.get("bytes", len(content)) == len(content)
        assert (one["format"], one["mediatype"]) == (form, MEDIA_TYPES[form])
        for key in one["schema"].get("foreignKeys", []):
            assert key["reference"]["resource"] == f"documents-{form}"
    assert resources["documents-parquet"]["schema"]["primaryKey"] == ["document"]
    types = {one["name"]: one for one in resources["rows-jsonl"]["schema"]["fields"]}
    assert (types["pages"]["type"], types["pages"]["arrayItem"]) == ("array", {"type": "integer"})
    types = {one["name"]: one for one in resources["rows-csv"]["schema"]["fields"]}
    assert (types["pages"]["type"], types["pages"]["delimiter"]) == ("list", ";")


def test_a_key_is_claimed_only_where_the_run_claims_it(tmp_path):
    twice = tuple(Row("a.pdf", "i1", 1, None, "IIT", (page,)) for page in (1, 2))
    write_run(tmp_path / "out", [DocumentResult(DocumentRecord("a.pdf", "ok"), twice)])
    write_files(Published(tmp_path / "out"), tmp_path / "files", ["csv"])
    keys = {
        one["name"]: one["schema"].get("primaryKey")
        for one in package_of(tmp_path / "files")["resources"]
    }
    assert (keys["rows"], keys["documents"]) == (None, ["document"])


# ---------------------------------------------------------------- Parquet


def test_parquet_has_types_and_says_what_they_mean(samples, tmp_path):
    write_files(Published(samples.out), tmp_path, ["parquet"])
    schema = parquet.read_schema(tmp_path / "rows.parquet")
    assert [str(schema.field(name).type).replace("element", "item") for name in TYPED] == [
        *("string", "int64", "decimal128(38, 18)", "decimal128(18, 4)", "date32[day]", "bool"),
        *("list<item: string>", "list<item: int64>"),
    ]
    assert schema.field("score").metadata[b"title_th"].decode() == "คะแนน"
    about = {name.decode(): value.decode() for name, value in schema.metadata.items()}
    assert (about["table"], about["title_th"]) == ("rows", ROWS.title_th)
    assert about["schema_version"] == str(SCHEMA_VERSION)
    fields = json.loads(about["table_schema"])["fields"]
    assert [field["name"] for field in fields] == [field.name for field in ROWS.fields]
    values = parquet.read_schema(tmp_path / "findings.parquet").field("values").type
    assert values.value_type == pa.struct([("where", pa.string()), ("text", pa.string())])


TYPED = (
    *("document", "fiscal_year", "score", "confidence", "start_date", "needs_review"),
    *("responsible", "pages"),
)


def test_a_number_that_parquet_cannot_hold_is_left_out_and_told(tmp_path):
    numbers = ["83.57", "0." + "1" * 19, "9" * 20, "9" * 21, "0." + "1" * 18, "1E+5", "0E-30"]
    records = [empty(ITEMS) | {"price": Decimal(number)} for number in numbers]
    records[1]["document"] = "b.pdf"
    records += [empty(ITEMS) | {"quantity": value} for value in (2**63 - 1, 2**63)]
    done = write_files(Made(tmp_path, price_items=records), tmp_path / "files", ["json", "parquet"])
    read = parquet.read_table(tmp_path / "files" / "price_items.parquet").to_pylist()
    kept = [Decimal(number) if n not in (1, 3) else None for n, number in enumerate(numbers)]
    assert [record["price"] for record in read[:-2]] == kept
    assert [record["quantity"] for record in read[-2:]] == [2**63 - 1, None]
    assert done.notes == (
        "price_items.parquet: left out in quantity, a number of more than 64 bits (in a.pdf)",
        "price_items.parquet: left out in price, a number of more than 20 digits before the point "
        "or 18 after it (2 times, first in b.pdf)",
    )
    native = json.loads(
        (tmp_path / "files" / "price_items.json").read_text("utf-8"), parse_float=Decimal
    )
    assert [record["price"] for record in native[:-2]] == [Decimal(n) for n in numbers]


def test_parquet_is_written_in_groups(tmp_path, monkeypatch):
    monkeypatch.setattr(forms, "SLICE_RECORDS", 10)
    monkeypatch.setattr(forms, "ROW_GROUP_BYTES", 10_000)
    records = [empty(ITEMS) | {"item": f"{n:04}" * 100, "quantity": n} for n in range(95)]
    write_files(Made(tmp_path, price_items=records), tmp_path / "files", ["parquet"])
    file = parquet.ParquetFile(tmp_path / "files" / "price_items.parquet")
    assert file.num_row_groups == 4
    assert file.metadata.num_rows == 95
    assert file.read().column("quantity").to_pylist() == list(range(95))


# ---------------------------------------------------------------- the workbook


def book_of(made, path, **options):
    done = write_workbook(made, path)
    return openpyxl.load_workbook(path, **options), done


def test_a_workbook_is_laid_out_for_a_person(samples, tmp_path):
    book, _ = book_of(Published(samples.out), tmp_path / "book.xlsx")
    assert book.sheetnames[:2] == ["แถวตัวชี้วัด (rows)", "ช่องตาราง (cells)"]
    assert book.sheetnames[-1] == ABOUT
    sheet = book.worksheets[0]
    assert sheet["A1"].value == "เอกสาร\ndocument"
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("B2", sheet.dimensions)
    columns = {field.name: number for number, field in enumerate(ROWS.fields, 1)}
    first = {name: sheet.cell(2, number) for name, number in columns.items()}
    assert {cell.font.name for cell in first.values() if cell.value} == {"TH Sarabun New"}
    assert first["question"].alignment.wrap_text
    assert (first["province_code"].data_type, first["province_code"].number_format) == ("s", "@")
    assert first["fiscal_year"].value == 2568
    assert first["needs_review"].value is False
    assert first["start_date"].value == datetime(2024, 10, 1)
    assert first["start_date"].number_format == "yyyy-mm-dd"
    widths = {letter: one.width for letter, one in sheet.column_dimensions.items()}
    assert all(8 <= width <= 61 for width in widths.values())
    assert widths["M"] > 60 > 20 > widths["L"]
    with zipfile.ZipFile(tmp_path / "book.xlsx") as archive:
        xml = archive.read("xl/worksheets/sheet1.xml").decode()
    assert '<ignoredError sqref="A1:AB182"' in xml
    assert 'numberStoredAsText="1"' in xml


def test_the_last_sheet_says_what_the_columns_mean(samples, tmp_path):
    book, _ = book_of(Published(samples.out), tmp_path / "book.xlsx")
    lines = list(book[ABOUT].iter_rows(min_row=2, values_only=True))
    described = [line[2] for line in lines if line[0] == "แถวตัวชี้วัด (rows)" and line[2]]
    assert described == [field.name for field in ROWS.fields]
    assert any("GeoThai" in str(line[4]) for line in lines)


def test_a_text_beyond_excels_limit_is_cut_with_a_mark_and_told(tmp_path):
    texts = ["ก" * CELL_UNITS, "ก" * (CELL_UNITS + 1), "😀" * 20_000, "ก" + "กี่" * 20_000]
    records = [empty(ITEMS) | {"item": text} for text in texts]
    book, done = book_of(Made(tmp_path, price_items=records), tmp_path / "to" / "book.xlsx")
    shown = [cell.value for cell in book.worksheets[0]["B"][1:]]
    assert shown[0] == texts[0]
    for text, cut in zip(texts[1:], shown[1:], strict=True):
        kept, mark = cut.split("\n")
        assert text.startswith(kept)
        assert unicodedata.category(text[len(kept)]) != "Mn"  # no letter without its mark
        assert len(cut.encode("utf-16-le")) // 2 <= CELL_UNITS
        assert mark == f"[ตัดข้อความ / cut: {len(text.encode('utf-16-le')) // 2:,} characters]"
    note = (
        "book.xlsx: in price_items.item a text was cut, since Excel takes 32,767 characters "
        "(3 times, first in a.pdf)"
    )
    assert done.notes == (note,)
    assert note in [line[4] for line in book[ABOUT].iter_rows(values_only=True)]


def test_a_table_too_long_for_a_sheet_goes_on_on_the_next(tmp_path, monkeypatch):
    monkeypatch.setattr(workbook, "SHEET_RECORDS", 3)
    records = [empty(ITEMS) | {"quantity": n} for n in range(6)]
    book, _ = book_of(Made(tmp_path, price_items=records), tmp_path / "to" / "book.xlsx")
    assert book.sheetnames == [
        *("รายการราคา ปร.4 ป (price_items)", "รายการราคา ปร.4 (price_items 2)", ABOUT),
    ]
    read = [from_sheet(sheet, ITEMS) for sheet in book.worksheets[:2]]
    assert [[record["quantity"] for record in part] for part in read] == [[0, 1, 2], [3, 4, 5]]


def test_a_table_without_records_has_its_sheet(tmp_path):
    book, _ = book_of(Made(tmp_path, price_items=[]), tmp_path / "to" / "book.xlsx")
    assert from_sheet(book.worksheets[0], ITEMS) == []


@pytest.mark.parametrize(
    ("name", "thai"),
    [
        ("a" * 40, "ก"),
        ("a" * 28, "ก"),
        ("items", "ก" * 40),
        ("items", "'[ก]:*?/\\'"),
        ("items", ""),
    ],
)
def test_any_table_has_a_sheet_name_that_excel_takes(tmp_path, name, thai):
    table = replace(ITEMS, name=name, title_th=thai)
    made = Made(tmp_path)
    made.tables = (table, replace(table, name=name + "b"))
    made.records = lambda table: iter([empty(ITEMS)])
    book, _ = book_of(made, tmp_path / "to" / "book.xlsx")
    assert len(book.sheetnames) == 3
    for sheet in book.sheetnames:
        assert 0 < len(sheet) <= 31
        assert not re.search(r"[\[\]:*?/\\]|^'|'$", sheet)


def test_a_number_that_excel_would_round_is_a_text_of_its_digits(tmp_path):
    numbers = ["83.57", "1234567890.0123456789", "123456789012345", "1234567890123456", "1E+400"]
    numbers += ["1" + "0" * 30 + "1", "-0.000000000000012345", "12345678901234500"]
    records = [empty(ITEMS) | {"price": Decimal(number)} for number in numbers]
    book, _ = book_of(Made(tmp_path, price_items=records), tmp_path / "to" / "book.xlsx")
    cells = book.worksheets[0]["D"][1:]
    assert [cell.data_type for cell in cells] == list("nsnsssnn")
    assert [Decimal(str(cell.value)) for cell in cells] == [Decimal(number) for number in numbers]


def test_a_day_before_excels_calendar_is_a_text(tmp_path):
    days = [date(1868, 10, 1), date(1900, 2, 28), date(1900, 3, 1), date(2025, 10, 1)]
    records = [empty(ITEMS) | {"bought": day} for day in days]
    book, _ = book_of(Made(tmp_path, price_items=records), tmp_path / "to" / "book.xlsx")
    assert [cell.value for cell in book.worksheets[0]["F"][1:]] == [
        *("1868-10-01", "1900-02-28", datetime(1900, 3, 1), datetime(2025, 10, 1)),
    ]


# ---------------------------------------------------------------- formulas

TRIGGER = re.compile(r"[=+\-@＝＋－＠\t\r]")
STRIPPED = " \t\r\n\x0b\x0c\u3000"
"""What spreadsheets drop from the beginning of a cell before they look whether it is a formula."""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A run whose every text is a payload, its rows in all forms, and the workbook."""
    out, to = tmp_path_factory.mktemp("hostile"), tmp_path_factory.mktemp("to")
    rows = tuple(
        Row(
            *("a.pdf", f"o{number}", 9, case["text"], "OIT", (1,)),
            agency=case["text"],
            steps=case["text"],
            responsible=(case["text"], "กองคลัง"),
        )
        for number, case in enumerate(CASES)
    )
    record = DocumentRecord("a.pdf", "ok", "a" * 64, 1, agency=CASES[0]["text"], rows=len(rows))
    write_run(out, [DocumentResult(record, rows)])
    write_files(Published(out), to, FORMS)
    write_workbook(Published(out), to / "book.xlsx")
    return to


def payload(case):
    return publish_text(case["text"])


def test_there_are_payloads_enough():
    assert len({payload(case) for case in CASES}) >= 45


@every_case
def test_no_payload_begins_a_cell_of_csv(hostile, case):
    with (hostile / "rows.csv").open(encoding="utf-8-sig", newline="") as file:
        line = list(csv.DictReader(file))[CASES.index(case)]
    for value in line.values():
        assert not TRIGGER.match(value.lstrip(STRIPPED)), value
    assert drop_guard(line["steps"]) == drop_guard(line["agency"]) == payload(case)
    joined = drop_guard(line["responsible"]).split(";")
    assert joined == [payload(case).replace(";", "；"), "กองคลัง"]


@every_case
def test_every_payload_is_a_text_of_the_workbook(hostile, case):
    sheet = openpyxl.load_workbook(hostile / "book.xlsx").worksheets[0]
    columns = {field.name: number for number, field in enumerate(ROWS.fields, 1)}
    for name in ("agency", "steps"):
        cell = sheet.cell(CASES.index(case) + 2, columns[name])
        assert (cell.data_type, cell.value) == ("s", payload(case))
        assert cell.number_format == "@"
        assert cell.hyperlink is None


def test_the_workbook_has_no_formula_and_no_way_out(hostile):
    with zipfile.ZipFile(hostile / "book.xlsx") as archive:
        names = archive.namelist()
        sheets = [name for name in names if name.startswith("xl/worksheets/")]
        assert len(sheets) == len(TABLES) + 1
        for name in sheets:
            xml = archive.read(name).decode()
            assert not re.search(r"<f[ >/]|<hyperlink|ddeLink|<externalReference", xml), name
    assert not [name for name in names if "external" in name.lower() or "vba" in name.lower()]
    assert not [name for name in names if name.startswith("xl/worksheets/_rels")]


@pytest.mark.parametrize("form", ["json", "jsonl", "parquet"])
def test_the_other_forms_have_the_payloads_as_they_are(hostile, form):
    path = hostile / f"rows.{form}"
    match form:
        case "json":
            read = json.loads(path.read_text("utf-8"))
        case "jsonl":
            read = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        case "parquet":
            read = parquet.read_table(path).to_pylist()
    assert [record["steps"] for record in read] == [payload(case) for case in CASES]


# ---------------------------------------------------------------- when it cannot be done


def test_the_modules_are_there_without_what_they_write_with():
    code = (
        "import sys; sys.modules['pyarrow'] = sys.modules['xlsxwriter'] = None; "
        "import export.forms, export.workbook; print('there')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("there\n", "")


def test_a_library_that_is_missing_is_named(tmp_path, monkeypatch):
    made = Made(tmp_path, price_items=[empty(ITEMS)])
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(MissingExtra, match=r"pip install 'raingan\[parquet\]'") as raised:
        write_files(made, tmp_path / "files", ["csv", "parquet"])
    assert raised.value.exit_code == 2
    assert list((tmp_path / "files").iterdir()) == []
    with pytest.raises(MissingExtra, match=r"pip install 'raingan\[excel\]'"):
        write_workbook(made, tmp_path / "to" / "book.xlsx")


def test_a_runs_own_folder_is_no_target(samples):
    before = {path.name: path.stat().st_mtime_ns for path in samples.out.iterdir()}
    with pytest.raises(NotATarget, match="--to") as raised:
        write_files(Published(samples.out), samples.out, ["csv"])
    assert raised.value.exit_code == 2
    assert {path.name: path.stat().st_mtime_ns for path in samples.out.iterdir()} == before


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


class Stopping(Made):
    """The source breaks off in the middle."""

    def records(self, table):
        yield from super().records(table)
        raise KeyboardInterrupt


def test_an_export_that_stops_leaves_the_old_files_and_no_others(tmp_path):
    to = tmp_path / "files"
    write_files(Made(tmp_path, price_items=[]), to, FORMS)
    write_workbook(Made(tmp_path, price_items=[]), to / "book.xlsx")
    before = contents(to)
    for write in (
        lambda made: write_files(made, to, FORMS),
        lambda made: write_workbook(made, to / "book.xlsx"),
    ):
        with pytest.raises(KeyboardInterrupt):
            write(Stopping(tmp_path, price_items=[empty(ITEMS)]))
        assert contents(to) == before
        assert [path for path in to.iterdir() if path.is_dir()] == []


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    made = Made(tmp_path, price_items=[empty(ITEMS)])
    (tmp_path / "file").write_text("mine", "utf-8")
    for write in (
        lambda: write_files(made, tmp_path / "file", ["csv"]),
        lambda: write_workbook(made, tmp_path / "file" / "book.xlsx"),
    ):
        with pytest.raises(CannotWrite, match="--to") as raised:
            write()
        assert raised.value.exit_code == 5
    (tmp_path / "to" / "book.xlsx").mkdir(parents=True)
    with pytest.raises(CannotWrite, match=r"book\.xlsx: cannot write \(a folder stands there\)"):
        write_workbook(made, tmp_path / "to" / "book.xlsx")
    assert [path.name for path in (tmp_path / "to").iterdir()] == ["book.xlsx"]


@pytest.mark.skipif(sys.platform == "win32", reason="has no file size limit")
@pytest.mark.parametrize("form", [*FORMS, "xlsx"])
def test_a_full_disk_is_told_and_leaves_the_old_files(tmp_path, form):
    import errno
    import resource
    import signal

    to = tmp_path / "files"

    def write(made):
        if form == "xlsx":
            return write_workbook(made, to / "book.xlsx")
        return write_files(made, to, [form])

    write(Made(tmp_path, price_items=[]))
    before = contents(to)
    text = "".join(hashlib.sha256(str(n).encode()).hexdigest() for n in range(400))
    made = Made(tmp_path, price_items=[empty(ITEMS) | {"item": f"{n}{text}"} for n in range(20)])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (9000, hard))
    try:
        with pytest.raises(CannotWrite, match=os.strerror(errno.EFBIG)):
            write(made)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert contents(to) == before
    assert [path for path in to.iterdir() if path.is_dir()] == []


def test_json_of_the_conversion_and_of_the_export_are_the_same_text():
    record = empty(ITEMS) | {"units": ["ก", "ข"], "values": [{"where": "5", "text": "ค"}]}
    (read,) = json.loads(f"[{json_records(ITEMS, [record], itemgetter)}]")
    assert read == record


# ---------------------------------------------------------------- as docs/output.md loads them

PAGE = Path(__file__).parent.parent / "docs" / "feeding.md"
EXAMPLE = re.compile(r"^\*\*(\w+)\*\*[^\n]*\n```python\n(.*?)```", re.MULTILINE | re.DOTALL)
LOADING = dict(EXAMPLE.findall(PAGE.read_text("utf-8")))


def test_the_page_tells_how_to_load_what_pandas_reads():
    assert set(LOADING) == {*FORMS, "xlsx"} - {"json"}
    assert all(len(code.splitlines()) <= 3 for code in LOADING.values())


@pytest.mark.parametrize("form", LOADING)
def test_pandas_loads_each_form_in_three_lines(tmp_path, monkeypatch, form):
    score, steps = Decimal("83.57"), "- ประชาสัมพันธ์\n- NA"
    made = {"province_code": "06", "score": score, "start_date": date(2025, 10, 1)}
    row = Row("a.pdf", "i1", 1, None, "IIT", (1, 2), fiscal_year=2569, steps=steps, **made)
    rows = (row, replace(row, code="i2", score=None, start_date=None, fiscal_year=None))
    monkeypatch.chdir(tmp_path)
    write_run(Path("output"), [DocumentResult(DocumentRecord("a.pdf", "ok"), rows)])
    write_files(Published(Path("output")), Path("files"), FORMS)
    write_workbook(Published(Path("output")), Path("reports.xlsx"))
    names = {"pd": pd}
    exec(LOADING[form], names)
    loaded, absent = names["rows"].to_dict("records")
    assert (loaded["province_code"], loaded["steps"], loaded["fiscal_year"]) == ("06", steps, 2569)
    assert float(loaded["score"]) == 83.57
    assert str(loaded["start_date"]).startswith("2025-10-01")
    assert bool(loaded["needs_review"]) is False
    assert [
        name for name in ("score", "start_date", "fiscal_year") if not pd.isna(absent[name])
    ] == []
    pages = {"csv": "1;2", "xlsx": "1\n2"}.get(form, [1, 2])
    assert (pages if isinstance(pages, str) else list(loaded["pages"])) == pages
