"""One definition of each table: whatever is made of it says the same."""

import csv
import dataclasses
import io
import re
import sqlite3
from typing import get_args

import pytest

from audit.model import Finding
from export.database import SQL_TYPES, sql_of, sql_type
from export.files import CSV, JSON, item_record
from export.forms import arrow_schema
from export.model import DocumentRecord
from export.package import table_schema
from export.records import json_schema, record_model
from export.schema import CELLS, CORRECTIONS, DOCUMENTS, FINDINGS, ROWS, TABLES, Type, item_table
from normalize.model import CellValue, Correction, Item, Row
from profiles.report import profiles

OTHERS = tuple(item_table(profile) for profile in profiles() if profile.table)
EVERY = (*TABLES, *OTHERS)
RECORDS = {ROWS: Row, CELLS: CellValue, CORRECTIONS: Correction, FINDINGS: Finding,
           DOCUMENTS: DocumentRecord}  # fmt: skip

JSON_TYPES = {
    "string": {"string"}, "integer": {"integer"}, "number": {"number"}, "boolean": {"boolean"},
    "date": {"string"}, "list": {"array"}, "said": {"array"},
}  # fmt: skip
TABLE_TYPES = {"said": "array"}
ARROW_TYPES = {
    "string": "string", "integer": "int", "number": "decimal", "boolean": "bool",
    "date": "date32", "list": "list", "said": "list",
}  # fmt: skip

every_table = pytest.mark.parametrize("table", EVERY, ids=lambda table: table.name)


def names(table):
    return [field.name for field in table.fields]


@every_table
def test_records_have_what_the_table_names(table):
    if table in RECORDS:
        kind = RECORDS[table]
        there = {field.name for field in dataclasses.fields(kind)} | set(vars(kind))
    else:
        item = Item("a", "p", table.name, 1, 0, 0, "item", (), None, None, (1,))
        profile = next(one for one in profiles() if one.table == table.name)
        own = tuple((column.field, None) for column in profile.columns)
        there = set(vars(item_record(dataclasses.replace(item, values=own))))
    assert set(names(table)) <= there


@every_table
def test_csv_and_json_have_its_columns(table):
    assert next(csv.reader(io.StringIO(CSV.head(table).removeprefix("\ufeff")))) == names(table)
    assert JSON.head(table) == "["


@every_table
def test_table_schema_says_the_same(table):
    described = table_schema(table, "csv")["fields"]
    assert [one["name"] for one in described] == names(table)
    for field, one in zip(table.fields, described, strict=True):
        assert one["type"] == TABLE_TYPES.get(field.type, field.type), field.name
        assert one["titles"] == {"th": field.title_th, "en": field.title_en}
        limits = one.get("constraints", {})
        assert limits.get("required", False) == field.required
        assert limits.get("enum", []) == list(field.allowed)


@every_table
def test_json_schema_says_the_same(table):
    schema = json_schema(table)
    assert list(schema["properties"]) == names(table) == list(record_model(table).model_fields)
    for field in table.fields:
        one = schema["properties"][field.name]
        kinds = {part.get("type", "string") for part in one.get("anyOf", [one])}
        assert kinds - {"null"} == JSON_TYPES[field.type], field.name
        may_be_absent = not field.required and field.type not in ("list", "said")
        assert ("null" in kinds) == may_be_absent, field.name
        assert one["title"] == f"{field.title_th} / {field.title_en}"
        assert one["description"] == field.description


@every_table
def test_arrow_says_the_same(table):
    pytest.importorskip("pyarrow", reason="the extra `parquet` is not installed")
    schema = arrow_schema(table)
    assert schema.names == names(table)
    for field in table.fields:
        assert str(schema.field(field.name).type).startswith(ARROW_TYPES[field.type]), field.name


@every_table
@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_sql_says_the_same(table, dialect):
    pytest.importorskip("sqlalchemy", reason="the extra `database` is not installed")
    text = sql_of(table, dialect)
    body = re.search(r"CREATE TABLE [^(]+\((.*?)\n\)", text, re.DOTALL)[1]
    columns = dict(re.findall(r'^\s*"?([a-z_0-9]+)"? ([A-Za-z\[\]]+)', body, re.MULTILINE))
    assert [name for name in columns if name in names(table)] == names(table)
    for field in table.fields:
        assert columns[field.name] == sql_type(field, dialect), field.name
    if dialect == "postgresql":
        for field in table.fields:
            assert f"{field.title_th} / {field.title_en}" in text


@every_table
def test_sqlite_takes_the_sql(table):
    pytest.importorskip("sqlalchemy", reason="the extra `database` is not installed")
    with sqlite3.connect(":memory:") as database:
        database.executescript(sql_of(table, "sqlite"))
        rows = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        (made,) = (name for (name,) in rows if name == f"raingan_{table.name}")
        found = [line[1] for line in database.execute(f"PRAGMA table_info({made})")]
    assert [name for name in found if name in names(table)] == names(table)


def test_every_type_has_its_place_everywhere():
    kinds = set(get_args(Type))
    assert kinds == set(JSON_TYPES) == set(ARROW_TYPES)
    assert all(set(types) == kinds for types in SQL_TYPES.values())


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_the_contract_names_the_same_columns(root, table):
    contract = root.parent / "shared" / "contract.md"
    if not contract.exists():
        pytest.skip("needs ../shared/contract.md")
    text = contract.read_text("utf-8")
    section = re.search(rf"^## {table.name}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)[1]
    if table is ROWS:
        lines = re.findall(r"^\| ([a-z_, ]+) \| \S", section, re.MULTILINE)
        told = [name for line in lines for name in line.split(", ") if name != "column"]
    else:
        told = re.search(r"`([^`]+)`", section)[1].replace("(text|ocr|dump)", "")
        told = [re.sub(r" .*", "", name) for name in re.split(r", ", told)]
    ours = names(table)
    if table is FINDINGS:  # added at the end
        ours = ours[: len(told)]
    assert ours == told


def test_the_docs_name_every_column_of_every_kind(root):
    page = (root / "docs" / "output.md").read_text("utf-8")
    for table in EVERY:
        section = re.search(rf"^## {table.name}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
        told = re.findall(r"^\| ([a-z][a-z_0-9]*) \| (?!type)", section[1], re.MULTILINE)
        assert told == names(table)
