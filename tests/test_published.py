"""A run's tables read back: every value as it was, and what is not as written is refused."""

import csv
import json
from decimal import Decimal
from itertools import islice

import jsonschema
import pytest

from export.files import DECISIONS, write_run
from export.model import DocumentRecord, DocumentResult
from export.published import Published, digest_of, key_text, with_keys
from export.records import json_schema, record_model
from export.schema import CELLS, CORRECTIONS, DOCUMENTS, FINDINGS, ROWS, TABLES
from export.store import NotARun
from export.values import publish_text
from normalize.model import CellValue, Row

PARTS = {ROWS: "rows", CELLS: "cells", CORRECTIONS: "corrections", FINDINGS: "findings"}


def as_value(field, value):
    """A record's attribute as it should be read back."""
    match value:
        case tuple() if field.type == "said":
            return [{"where": where, "text": text} for where, text in value]
        case tuple():
            return list(value)
        case str():
            return publish_text(value)
        case float() | Decimal() if field.type == "number":
            number = Decimal(repr(value)) if isinstance(value, float) else value
            return number if field.decimal_places is None else round(number, field.decimal_places)
        case _:
            return value


@pytest.mark.parametrize("table", [ROWS, CELLS, FINDINGS], ids=lambda table: table.name)
def test_every_value_of_the_samples_comes_back(samples, table):
    wanted = {
        (record.document, *(str(as_value(field, getattr(record, field.name)))
                            for field in table.fields))
        for result in samples.results
        for record in getattr(result, PARTS[table])
    }  # fmt: skip
    found = [
        (record["document"], *(str(record[field.name]) for field in table.fields))
        for record in Published(samples.out).records(table)
        if record["document"] is not None
    ]
    assert len(found) == sum(len(getattr(result, PARTS[table])) for result in samples.results)
    assert {normal(line) for line in found} == {normal(line) for line in wanted}


def normal(line):
    """A number's digits without the zeros that add nothing."""
    return tuple(
        str(Decimal(text).normalize()) if text.replace(".", "", 1).isdigit() else text
        for text in line
    )


def test_types_are_those_of_the_fields(samples):
    kinds = {
        "string": str, "integer": int, "number": Decimal, "boolean": bool,
        "list": list, "said": list,
    }  # fmt: skip
    published = Published(samples.out)
    assert published.tables == TABLES
    for table in published.tables:
        for record in islice(published.records(table), 200):
            assert list(record) == [field.name for field in table.fields]
            for field in table.fields:
                value = record[field.name]
                if field.type == "date":
                    assert value is None or value.isoformat()[4] == "-"
                else:
                    assert value is None or type(value) is kinds[field.type], field.name


HARD = (
    "=1+1", "\u00a0=1", "- ก; ข", "ก\nข\n\nค", '"quoted", with comma', "ก้ำ กํา", "1.0", "True", "NA",
    "null", "🐘", "];}", "},", "x" * 200_000,
)  # fmt: skip


def hard_run(out, **more):
    """A run whose document holds what is hard to write."""
    rows = tuple(
        Row(
            "ก,ข\".pdf", f"i{number}", 1, None, "IIT", (number,),
            question=text, responsible=(text, "ข"), score=Decimal("12345678.9012345678"),
        )
        for number, text in enumerate(HARD, 1)
    )  # fmt: skip
    cells = tuple(
        CellValue('ก,ข".pdf', 1, 0, row, 0, raw=text, value=text, source="text")
        for row, text in enumerate(HARD)
    )
    record = DocumentRecord('ก,ข".pdf', "ok", "0" * 64, 1, ("text", "ocr"), rows=len(rows))
    write_run(out, [DocumentResult(record, rows, cells)], **more)
    return Published(out)


def test_hard_texts_come_back_from_json_and_csv(tmp_path):
    published = hard_run(tmp_path)
    rows = list(published.records(ROWS))
    assert [row["question"] for row in rows] == list(HARD)
    assert [row["responsible"] for row in rows] == [[text, "ข"] for text in HARD]
    assert {row["score"] for row in rows} == {Decimal("12345678.9012345678")}
    cells = list(published.records(CELLS))
    assert [cell["raw"] for cell in cells] == list(HARD)
    assert next(published.records(DOCUMENTS))["source"] == ["text", "ocr"]


def test_what_is_kept_is_not_needed(tmp_path):
    import shutil

    hard_run(tmp_path)
    shutil.rmtree(tmp_path / ".raingan")
    (tmp_path / DECISIONS).unlink()
    assert len(list(Published(tmp_path).records(ROWS))) == len(HARD)


def test_json_laid_out_anew_is_read_all_the_same(tmp_path):
    published = hard_run(tmp_path)
    before = list(published.records(ROWS))
    path = tmp_path / "rows.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8"), parse_float=str)), "utf-8")
    with pytest.raises(NotARun, match="score"):
        list(published.records(ROWS))
    hard_run(tmp_path)
    text = path.read_text("utf-8").replace("\n  ", "\n\t ").replace("[\n", "[ ", 1)
    path.write_text(text, "utf-8")
    assert list(published.records(ROWS)) == before


@pytest.mark.parametrize(
    ("name", "table", "damage", "why"),
    [
        ("rows.json", ROWS, lambda text: text[: len(text) // 2], "the end is missing"),
        ("rows.json", ROWS, lambda text: text[:-3], "the end is missing"),
        ("rows.json", ROWS, lambda text: text.replace('"code"', '"kode"'), "no column 'code'"),
        ("rows.json", ROWS, lambda text: text.replace('"i3"', '"I3"'), "record 3: code"),
        ("rows.json", ROWS, lambda text: text.replace('"needs_review": false', '"needs_review": 0'),
         "needs_review"),
        ("cells.csv", CELLS, lambda text: text.replace(",text,", ",txt,", 1), "record 1: source"),
        ("cells.csv", CELLS, lambda text: text.replace("\n", ",extra\n", 1), "a line with"),
        ("cells.csv", CELLS, lambda text: text[:-2] + '"', "not as a run wrote it"),
    ],
)  # fmt: skip
def test_a_damaged_file_is_refused_with_its_place(tmp_path, name, table, damage, why):
    published = hard_run(tmp_path)
    path = tmp_path / name
    path.write_text(damage(path.read_text("utf-8")), "utf-8")
    with pytest.raises(NotARun, match=why) as caught:
        list(published.records(table))
    assert name in str(caught.value)
    assert "run convert again" in str(caught.value)


def test_a_folder_without_a_run_is_told(tmp_path):
    with pytest.raises(NotARun, match="no finished run is here"):
        Published(tmp_path)
    (tmp_path / "datapackage.json").write_text("[]")
    with pytest.raises(NotARun, match="not readable"):
        Published(tmp_path)


@pytest.mark.parametrize("name", ["../rows", "/rows", "a/b", "Rows", "", "rows_now"])
def test_a_table_is_not_named_as_a_path(tmp_path, name):
    """A folder may come from someone else, and names become those of files."""
    hard_run(tmp_path)
    path = tmp_path / "datapackage.json"
    package = json.loads(path.read_text("utf-8"))
    package["resources"][0]["name"] = name
    path.write_text(json.dumps(package), "utf-8")
    with pytest.raises(NotARun, match="no table can be named"):
        Published(tmp_path)


def test_edits_by_hand_are_seen(tmp_path):
    published = hard_run(tmp_path)
    assert published.edited() == ()
    path = tmp_path / "rows.csv"
    path.write_text(path.read_text("utf-8") + "\n", "utf-8")
    assert published.edited() == ("rows.csv",)


def keys(codes):
    rows = [{"document": document, "code": code} for document, code in codes]
    return [key for key, _ in with_keys(ROWS, rows)]


def test_keys_name_each_record_of_a_document():
    assert keys([("a", "i1"), ("a", "i2"), ("a", "i1"), ("a", None), ("a", None), ("b", "i1")]) == [
        "i1", "i2", "i1#2", "#1", "#2", "i1",
    ]  # fmt: skip
    assert key_text({"page": 5, "row": 2, "column": 0}, ("page", "row", "column")) == "5:2:0"


def test_a_finding_keeps_its_key_when_it_is_decided_or_told_in_thai(samples):
    finding = next(Published(samples.out).records(FINDINGS))
    told = finding | {"decided": True, "message": "ก", "suggestion": "ข"}
    other = finding | {"pages": [99]}
    key, again, another = (digest_of(one, FINDINGS.told_by) for one in (finding, told, other))
    assert key == again
    assert key != another
    assert [k for k, _ in with_keys(FINDINGS, [finding, told])] == [key, f"{key}#2"]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_json_schema_takes_what_is_published_and_refuses_what_is_not(samples, table):
    schema = json_schema(table)
    check = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    assert list(schema["properties"]) == [field.name for field in table.fields]
    if table.has_json:
        records = json.loads((samples.out / f"{table.name}.json").read_text("utf-8"))
        for record in records:
            check.validate(record)
        first = records[0]
        assert not check.is_valid(first | {"extra": 1})
        assert not check.is_valid({k: v for k, v in first.items() if k != "document"})
        for field in table.fields:
            if field.required:
                assert not check.is_valid(first | {field.name: None}), field.name
            if field.type != "string":
                assert not check.is_valid(first | {field.name: "x"}), field.name


def test_a_model_says_its_titles_in_both_languages():
    model = record_model(ROWS)
    assert model.model_fields["agency"].title == "หน่วยงาน / Agency"
    assert model.model_config["title"] == "แถวตัวชี้วัด / Indicator rows"


def test_without_a_mark_for_excel_only_the_mark_is_missing(tmp_path):
    from export.store import Run

    hard_run(tmp_path / "a")
    plain = hard_run(tmp_path / "b", run=Run(plain=True))
    for table in TABLES:
        with_mark = (tmp_path / "a" / f"{table.name}.csv").read_bytes()
        assert with_mark == b"\xef\xbb\xbf" + (tmp_path / "b" / f"{table.name}.csv").read_bytes()
    assert [row["question"] for row in plain.records(ROWS)] == list(HARD)
    with (tmp_path / "b" / "rows.csv").open(encoding="utf-8", newline="") as file:
        assert next(csv.reader(file))[0] == "document"
