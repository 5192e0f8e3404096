"""SQLite and PostgreSQL alike: what is loaded is what was published, once, all of it or nothing."""

import json
import os
import pickle
import signal
import sqlite3
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import count
from pathlib import Path

import pandas as pd
import postgres
import pytest
import sqlalchemy
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from test_export import full

from export import database, merge, sql  # noqa: F401  # a child takes merge from here
from export.database import BadTarget, CannotLoad, TableLoad, address_of, load, sql_of
from export.files import write_run
from export.model import CannotWrite
from export.published import Published
from export.schema import CELLS, CORRECTIONS, DOCUMENTS, FINDINGS, ROWS, TABLES, Field, Table
from export.store import NotARun, sha256_of
from export.values import publish_text

ABSENT = "\x01"
"""Stands for an absent value in what psql prints: no published text holds it."""
LONG_AGO = "2001-01-01T00:00:00+00:00"
PLAIN = {"string": "x", "integer": 1, "number": Decimal("0.5"), "boolean": False, "list": [1]}
PRICES = Table(
    "prices",
    "บัญชีราคา",
    "Prices",
    "one record per item",
    (
        DOCUMENTS.fields[0],
        Field("item", "string", "รายการ", "Item", "what it is"),
        Field("amount", "number", "จำนวนเงิน", "Amount", "in baht"),
        Field("quantity", "integer", "จำนวน", "Quantity", "of units"),
    ),
    sorted_by="document",
)


# ---------------------------------------------------------------- what is loaded


class Made:
    """The tables of a run that never was."""

    def __init__(self, out, *, more=(), tables=TABLES, **records):
        self.out, self.tables = out, (*tables, *more)
        self.held = records
        names = {line["document"] for lines in records.values() for line in lines}
        self.held.setdefault(
            "documents", [line(DOCUMENTS, document=name) for name in sorted(names - {None})]
        )
        (out / "datapackage.json").write_text(repr(records), "utf-8")

    def records(self, table):
        yield from self.held.get(table.name, ())


def line(table, **given):
    """A record with nothing in it that need not be there."""
    empty = {"list": [], "said": []}
    blank = {
        field.name: PLAIN[field.type] if field.required else empty.get(field.type)
        for field in table.fields
    }
    return blank | {"document": "a.pdf"} | given


def row(code="i1", document="a.pdf", **given):
    return line(ROWS, document=document, code=code, **given)


# ---------------------------------------------------------------- who reads it


class Lite:
    """An SQLite file, read by Python's own module."""

    dialect = "sqlite"

    def __init__(self, path):
        self.path = path
        self.url = f"sqlite:///{path}"

    def ask(self, statement):
        connection = sqlite3.connect(self.path)
        try:
            found = [list(one) for one in connection.execute(statement)]
            connection.commit()
            return found
        finally:
            connection.close()

    def run(self, script):
        connection = sqlite3.connect(self.path)
        connection.executescript(script)
        connection.close()

    def names(self):
        """All tables, views and indexes."""
        if not self.path.exists():
            return set()
        return {name for (name,) in self.ask("SELECT name FROM sqlite_master")}

    def column(self, field):
        return f'"{field.name}"'

    def value(self, field, found):
        """A value as it was published, from what the database holds."""
        match field.type:
            case _ if found is None:
                return None
            case "number":
                return Decimal(repr(found))
            case "boolean":
                return {0: False, 1: True}[found]
            case "date":
                return date.fromisoformat(found)
            case "list" | "said":
                return json.loads(found)
        return found

    def exact(self, *tables):
        """Whatever is in the file, to the byte."""
        return self.path.read_bytes()


class Server:
    """A PostgreSQL database, read by psql."""

    dialect = "postgresql"

    def __init__(self, server):
        self.server = server
        self.name = server.new_database()
        self.url = server.url(self.name)

    def ask(self, statement):
        found = self.server.psql(self.name, statement, absent=ABSENT)
        return [[None if value == ABSENT else value for value in one] for one in found]

    run = ask

    def names(self):
        return {
            name
            for (name,) in self.ask(
                "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace "
                "WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'"
            )
        }

    def column(self, field):
        return f'to_json("{field.name}")' if field.type == "list" else f'"{field.name}"'

    def value(self, field, found):
        match field.type:
            case _ if found is None:
                return None
            case "number":
                return Decimal(found)
            case "integer":
                return int(found)
            case "boolean":
                return {"f": False, "t": True}[found]
            case "date":
                return date.fromisoformat(found)
            case "list" | "said":
                return json.loads(found)
        return found

    def exact(self, *tables):
        """Every row with where it lies, who wrote it and who locked it."""
        names = tables or [name for (name,) in self.ask("SELECT table_name FROM raingan_tables")]
        return [
            self.ask(f'SELECT ctid, xmin, xmax, t.* FROM "raingan_{name}" t ORDER BY ctid')
            for name in names
        ]


def read(base, table, prefix="raingan_", where="true", view="_now"):
    """The records of a table in their order, as a reader that is not ours has them."""
    columns = ", ".join(base.column(field) for field in table.fields)
    order = "coalesce(document, ''), position"
    found = base.ask(
        f'SELECT {columns} FROM "{prefix}{table.name}{view}" WHERE {where} ORDER BY {order}'
    )
    return [
        {f.name: base.value(f, value) for f, value in zip(table.fields, one, strict=True)}
        for one in found
    ]


def numbers(base, statement):
    """The one line of an answer, as numbers."""
    return [int(value) for value in base.ask(statement)[0]]


def does(loaded, table):
    """What a load did to a table, without its name; None where it did nothing to speak of."""
    (one,) = (one for one in loaded.tables if one.table == table.name)
    return one.new, one.changed, one.unchanged, one.vanished, one.came_back


@pytest.fixture(scope="session")
def server():
    where = postgres.programs()
    if where is None:
        pytest.skip(postgres.MISSING)
    with postgres.running(where) as found:
        yield found


@pytest.fixture
def pg(server):
    found = Server(server)
    yield found
    server.psql("postgres", f"DROP DATABASE {found.name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def base(request, tmp_path):
    if request.param == "sqlite":
        return Lite(tmp_path / "reports.sqlite")
    return request.getfixturevalue("pg")


# ---------------------------------------------------------------- round trips

PIECES = (
    *("กำ", "น้ำ", "ป่า", "๒๕๖๙", "ซื้อ", "\n", "\t", " ", ";", "；", '"', "'", "\\", "\\N", "\\."),
    *("{", "}", ",", "NULL", "null", "%s", "%(a)s", ":name", "$1", "?", "%", "%%", "--", "/*", "<"),
    *("'); DROP TABLE raingan_rows; --", "␀", "�", "😀", "\u200b", "\u0e48", "\u00a0", "=1+1"),
)
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=6).map("".join)
TEXT = TEXTS.map(publish_text)
ITEM = TEXT.map(lambda text: text or "")
DIGITS = st.decimals(
    min_value=-(10**6), max_value=10**6, places=4, allow_nan=False, allow_infinity=False
)
VALUES = {
    "string": TEXT,
    "integer": st.integers(-(2**63) + 1, 2**63 - 1),
    "number": DIGITS,
    "boolean": st.booleans(),
    "date": st.dates(),
    "said": st.lists(st.fixed_dictionaries({"where": ITEM, "text": ITEM}), max_size=3),
}


def values_of(field):
    if field.name == "document":
        return st.just("a.pdf")
    if field.type == "list":
        item = VALUES["integer"] if field.item == "integer" else ITEM
        return st.lists(item, max_size=4)
    found = VALUES[field.type]
    if field.within:
        found = st.decimals(min_value=0, max_value=1, places=4)
    if field.required:
        return found.filter(lambda value: value is not None)
    return found if field.type == "said" else found | st.none()


def records_of(table):
    fields = {field.name: values_of(field) for field in table.fields}
    return st.lists(st.fixed_dictionaries(fields), max_size=4)


ARCHIVES = count()


@settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    document=st.fixed_dictionaries({f.name: values_of(f) for f in DOCUMENTS.fields}),
    rows=records_of(ROWS),
    cells=records_of(CELLS),
    corrections=records_of(CORRECTIONS),
    findings=records_of(FINDINGS),
    prices=records_of(PRICES),
)
@example(
    document=line(DOCUMENTS),
    rows=[
        row(score=Decimal("123456.7891"), start_date=date(1, 1, 1), responsible=["a;b", "", '"'])
    ],
    cells=[],
    corrections=[],
    findings=[
        line(FINDINGS, document=None, documents=["a.pdf"], values=[{"where": "", "text": "\\"}])
    ],
    prices=[line(PRICES, amount=Decimal("-0.0001"), quantity=2**63 - 1)],
)
def test_any_record_comes_back(base, tmp_path, document, **records):
    archive = f"คลัง {next(ARCHIVES)}"
    made = Made(tmp_path, more=(PRICES,), documents=[document], **records)
    load(made, base.url, archive=archive)
    for table in made.tables:
        wanted = sorted(made.records(table), key=lambda one: one["document"] or "")
        assert read(base, table, where=f"archive = '{archive}'") == wanted
    again = load(made, base.url, archive=archive)
    assert {(one.new, one.changed, one.vanished, one.came_back) for one in again.tables} == {
        (0, 0, 0, 0)
    }


HOSTILE = [
    *(
        "'); DROP TABLE raingan_rows; --",
        '"; DROP TABLE raingan_rows; --',
        "%s %(x)s %% :name $1 ?",
    ),
    *("\\N", "\\.", "a\\.\nb", "\\", "\\\\", "\\x41", "E'\\n'", "{}", '{"a"}', "NULL", "\t\n\v"),
    *(
        "ข" * 100_000,
        "😀👩‍👩‍👧",
        "\u0e48\u0e33",
        "␀",
        "\u202egnp",
        "a\u2028b",
        "=1+1",
        "-- x",
        "\x7f",
    ),
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:12]))
def test_hostile_text_is_text_wherever_it_stands(base, tmp_path, text):
    archive = text[:100] if text.isprintable() else "other"
    lines = [row("i1", text[:100], agency=text, responsible=[text, ""], question=text)]
    said = [line(FINDINGS, document=None, values=[{"where": text, "text": text}], message=text)]
    made = Made(tmp_path, rows=lines, findings=said)
    for changed in (0, 0):
        assert does(load(made, base.url, archive=archive), ROWS)[1] == changed
    assert read(base, ROWS) == lines
    assert read(base, FINDINGS) == said
    assert base.ask(
        "SELECT count(*) FROM raingan_rows WHERE archive = '" + archive.replace("'", "''") + "'"
    ) in (
        [[1]],
        [["1"]],
    )


def test_a_run_comes_back_whole(base, tmp_path):
    write_run(tmp_path, [full("ก.pdf"), full("ข.pdf")])
    published = Published(tmp_path)
    loaded = load(published, base.url)
    for table in published.tables:
        wanted = list(published.records(table))
        assert wanted
        assert does(loaded, table) == (len(wanted), 0, 0, 0, 0)
        assert read(base, table) == wanted


def test_pandas_reads_the_tables(base, tmp_path):
    made = Made(
        tmp_path,
        rows=[
            row("i1", score=Decimal("83.57"), fiscal_year=2569, needs_review=True, agency="เทศบาล"),
            row("i2", score=None, responsible=["กองช่าง", "กองคลัง"]),
        ],
    )
    load(made, base.url)
    engine = sqlalchemy.create_engine(base.url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        frame = pd.read_sql("SELECT * FROM raingan_rows_now ORDER BY position", connection)
    engine.dispose()
    assert frame["code"].tolist() == ["i1", "i2"]
    assert frame["score"].astype(float).tolist()[0] == 83.57
    assert pd.isna(frame["score"][1]) and pd.isna(frame["agency"][1])
    assert frame["agency"][0] == "เทศบาล"
    assert frame["needs_review"].astype(bool).tolist() == [True, False]
    found = frame["responsible"][1]
    assert (json.loads(found) if base.dialect == "sqlite" else found) == ["กองช่าง", "กองคลัง"]


def test_numbers_count_as_numbers(base, tmp_path):
    scores = [Decimal("95"), Decimal("9.5"), Decimal("100.00")]
    rows = [row(f"i{n}", score=score) for n, score in enumerate(scores, 1)]
    load(Made(tmp_path, rows=rows), base.url)
    found = base.ask("SELECT score FROM raingan_rows_now ORDER BY score")
    assert [float(score) for (score,) in found] == [9.5, 95, 100]
    assert float(
        base.ask("SELECT min(score) / 4 FROM raingan_rows_now WHERE score > 90")[0][0]
    ) == (23.75)


@pytest.mark.parametrize("digits", ["1234567.891", "0.1234567891", "123456789012345", "-0.07"])
def test_fifteen_digits_are_exact(base, tmp_path, digits):
    made = Made(tmp_path, more=(PRICES,), prices=[line(PRICES, amount=Decimal(digits))])
    load(made, base.url)
    assert [one["amount"] for one in read(base, PRICES)] == [Decimal(digits)]
    assert does(load(made, base.url), PRICES) == (0, 0, 1, 0, 0)


def test_a_number_is_never_rounded_without_a_word(base, tmp_path):
    amount = Decimal("1234567890123456.789")
    made = Made(tmp_path, more=(PRICES,), prices=[line(PRICES, amount=amount)])
    if base.dialect == "postgresql":
        load(made, base.url)
        assert read(base, PRICES)[0]["amount"] == amount
    else:
        with pytest.raises(CannotLoad, match=rf"{amount} has more digits than SQLite holds"):
            load(made, base.url)
        assert base.names() == set()


@pytest.mark.parametrize("quantity", [2**63, -(2**63), 10**40])
def test_a_number_that_no_column_holds_is_told(base, tmp_path, quantity):
    made = Made(tmp_path, more=(PRICES,), prices=[line(PRICES, quantity=quantity)])
    with pytest.raises(CannotLoad, match=r"^prices of a\.pdf: .*64 bits") as caught:
        load(made, base.url)
    assert caught.value.exit_code == 5
    assert base.names() == set()


def test_a_number_beyond_sqlite_is_told_and_postgresql_takes_it(base, tmp_path):
    made = Made(tmp_path, more=(PRICES,), prices=[line(PRICES, amount=Decimal("1e400"))])
    if base.dialect == "postgresql":
        load(made, base.url)
        assert read(base, PRICES)[0]["amount"] == Decimal("1e400")
    else:
        with pytest.raises(CannotLoad, match="more digits than SQLite holds"):
            load(made, base.url)


# ---------------------------------------------------------------- loading again


def test_the_same_archive_again_touches_nothing(base, tmp_path):
    write_run(tmp_path, [full("ก.pdf"), full("ข.pdf")])
    published = Published(tmp_path)
    first = load(published, base.url)
    before = base.exact()
    second = load(published, base.url)
    assert base.exact() == before
    for one, again in zip(first.tables, second.tables, strict=True):
        assert again == TableLoad(one.table, unchanged=one.new)


def test_a_changed_archive_is_set_where_it_changed(base, tmp_path):
    old = [row("i1", score=Decimal("80")), row("i2"), row("i3"), row("i1", "b.pdf")]
    load(Made(tmp_path, rows=old), base.url, archive="2568")
    base.ask(f"UPDATE raingan_rows SET loaded_at = '{LONG_AGO}'")
    new = [row("i1", score=Decimal("90")), row("i3"), row("i4"), row("i1", "b.pdf")]
    made = Made(tmp_path, rows=new)
    assert does(load(made, base.url, archive="2568"), ROWS) == (1, 1, 2, 1, 0)
    assert read(base, ROWS) == new
    assert read(base, ROWS, where="vanished_at IS NOT NULL", view="") == [row("i2")]
    assert numbers(base, "SELECT count(*), count(vanished_at) FROM raingan_rows") == [5, 1]
    untouched = base.ask(
        f"SELECT document, code FROM raingan_rows WHERE loaded_at = '{LONG_AGO}' ORDER BY 1, 2"
    )
    assert untouched == [["a.pdf", "i2"], ["a.pdf", "i3"], ["b.pdf", "i1"]]
    assert does(load(made, base.url, archive="2568"), ROWS) == (0, 0, 4, 0, 0)


def test_what_vanished_comes_back(base, tmp_path):
    both, one = [row("i1"), row("i2", question="ก")], [row("i1")]
    for lines, wanted in [(both, (2, 0, 0, 0, 0)), (one, (0, 0, 1, 1, 0)), (one, (0, 0, 1, 0, 0))]:
        assert does(load(Made(tmp_path, rows=lines), base.url), ROWS) == wanted
    base.ask(f"UPDATE raingan_rows SET loaded_at = '{LONG_AGO}'")
    since = base.ask("SELECT vanished_at FROM raingan_rows WHERE code = 'i2'")
    assert since[0][0] is not None
    assert does(load(Made(tmp_path, rows=both), base.url), ROWS) == (0, 0, 1, 0, 1)
    assert read(base, ROWS) == both
    moved = base.ask(f"SELECT code FROM raingan_rows WHERE loaded_at <> '{LONG_AGO}'")
    assert moved == [["i2"]]
    load(Made(tmp_path, rows=one), base.url)
    again = [row("i1"), row("i2", question="ข")]
    assert does(load(Made(tmp_path, rows=again), base.url), ROWS) == (0, 0, 1, 0, 1)
    assert read(base, ROWS) == again


def test_a_new_place_in_the_order_is_no_change(base, tmp_path):
    load(Made(tmp_path, rows=[row("i2"), row("i3")]), base.url)
    base.ask(f"UPDATE raingan_rows SET loaded_at = '{LONG_AGO}'")
    more = [row("i1"), row("i2"), row("i3")]
    assert does(load(Made(tmp_path, rows=more), base.url), ROWS) == (1, 0, 2, 0, 0)
    assert read(base, ROWS) == more
    assert base.ask(f"SELECT code FROM raingan_rows WHERE loaded_at <> '{LONG_AGO}'") == [["i1"]]


def test_what_someone_changed_in_the_database_is_set_right(base, tmp_path):
    made = Made(tmp_path, rows=[row("i1", question="ก"), row("i2")])
    load(made, base.url)
    base.ask("UPDATE raingan_rows SET question = 'x' WHERE code = 'i1'")
    base.ask("DELETE FROM raingan_rows WHERE code = 'i2'")
    assert does(load(made, base.url), ROWS) == (1, 1, 0, 0, 0)
    assert read(base, ROWS) == made.held["rows"]


def test_archives_do_not_touch_each_other(base, tmp_path):
    load(Made(tmp_path, rows=[row("i1"), row("i2")]), base.url, archive="อบต. ก")
    before = base.ask("SELECT * FROM raingan_rows ORDER BY record")
    other = Made(tmp_path, rows=[row("i1", score=Decimal(1))])
    assert does(load(other, base.url, archive="อบต. ข"), ROWS) == (1, 0, 0, 0, 0)
    nothing = Made(tmp_path, documents=[])
    assert does(load(nothing, base.url, archive="อบต. ข", shrink=True), ROWS) == (0, 0, 0, 1, 0)
    mine = "SELECT * FROM raingan_rows WHERE archive = 'อบต. ก' ORDER BY record"
    assert base.ask(mine) == before


def test_most_of_an_archive_does_not_vanish_unasked(base, tmp_path):
    """Who loads another archive without a name for it would otherwise lose the first one."""
    write_run(tmp_path / "a", [full("ก.pdf"), full("ข.pdf"), full("ค.pdf")])
    load(Published(tmp_path / "a"), base.url)
    every = "SELECT * FROM raingan_documents ORDER BY document"
    before = base.ask(every)
    write_run(tmp_path / "b", [full("ค.pdf"), full("ง.pdf")])
    with pytest.raises(BadTarget, match=r"2 of the 3 documents .* --archive .* --shrink") as caught:
        load(Published(tmp_path / "b"), base.url)
    assert caught.value.exit_code == 2
    assert base.ask(every) == before
    loaded = load(Published(tmp_path / "b"), base.url, shrink=True)
    assert does(loaded, DOCUMENTS) == (1, 0, 1, 2, 0)
    write_run(tmp_path / "a", [full("ค.pdf"), full("ง.pdf"), full("จ.pdf")])
    load(Published(tmp_path / "a"), base.url)
    write_run(tmp_path / "a", [full("ค.pdf"), full("ง.pdf")])
    assert does(load(Published(tmp_path / "a"), base.url), DOCUMENTS) == (0, 0, 2, 1, 0)


def test_rows_of_one_code_and_of_none_have_keys_of_their_own(base, tmp_path):
    lines = [
        row("i1", question="ก"),
        row("i1", question="ข"),
        row(None, question="ค"),
        row(None, question="ง"),
    ]
    made = Made(tmp_path, rows=lines)
    load(made, base.url)
    assert read(base, ROWS) == lines
    found = base.ask("SELECT record FROM raingan_rows_now ORDER BY position")
    assert found == [["i1"], ["i1#2"], ["#1"], ["#2"]]


def test_findings_between_documents_have_none_and_still_a_key(base, tmp_path):
    between = line(FINDINGS, document=None, documents=["a.pdf", "b.pdf"], check="report_missing")
    within = line(FINDINGS, document="a.pdf", check="report_missing", documents=["a.pdf", "b.pdf"])
    made = Made(tmp_path, findings=[between, between, within])
    load(made, base.url)
    assert read(base, FINDINGS) == [between, between, within]
    assert does(load(made, base.url), FINDINGS) == (0, 0, 3, 0, 0)
    assert does(load(Made(tmp_path, findings=[between, within]), base.url), FINDINGS) == (
        *(0, 0, 2, 1),
        0,
    )


def test_a_record_belongs_to_a_document(base, tmp_path):
    made = Made(tmp_path, documents=[line(DOCUMENTS)], rows=[row("i1", "b.pdf")])
    with pytest.raises(CannotLoad, match=r"(?i)foreign key"):
        load(made, base.url)
    assert base.names() == set()


def test_two_documents_of_one_name_are_told(base, tmp_path):
    made = Made(tmp_path, documents=[line(DOCUMENTS), line(DOCUMENTS, sha256="a")])
    with pytest.raises(CannotLoad, match=r"^a\.pdf: two documents"):
        load(made, base.url)


def test_a_name_that_is_too_long_for_a_key_is_told(base, tmp_path):
    name = "".join(chr(0x0E01 + n * 7 % 46) for n in range(700)) + ".pdf"
    made = Made(tmp_path, rows=[row("i1", name)])
    if base.dialect == "sqlite":
        load(made, base.url)
        assert read(base, ROWS) == made.held["rows"]
    else:
        with pytest.raises(CannotLoad, match="too long for a key"):
            load(made, base.url)
        longest = Made(
            tmp_path, rows=[row("i1", name[:660])], findings=[line(FINDINGS, document=name[:660])]
        )
        load(longest, base.url, archive="ก" * 200)


def test_a_long_agency_is_no_trouble_for_its_index(base, tmp_path):
    long = "".join(chr(0x4E00 + n * 7919 % 20_000) for n in range(40_000))
    made = Made(tmp_path, rows=[row("i1", agency=long)])
    load(made, base.url)
    assert base.ask(f"SELECT code FROM raingan_rows WHERE agency = '{long}'") == [["i1"]]


# ---------------------------------------------------------------- tables that come and go


def test_the_table_of_another_kind_is_made_when_it_comes(base, tmp_path):
    load(Made(tmp_path, rows=[row()]), base.url)
    assert "raingan_prices" not in base.names()
    lines = [line(PRICES, item="ปูน", amount=Decimal("12.50"))]
    made = Made(tmp_path, more=(PRICES,), rows=[row()], prices=lines)
    assert does(load(made, base.url), PRICES) == (1, 0, 0, 0, 0)
    assert read(base, PRICES) == lines


def test_what_a_run_has_no_table_for_any_more_has_vanished(base, tmp_path):
    made = Made(tmp_path, more=(PRICES,), prices=[line(PRICES)])
    load(made, base.url)
    load(made, base.url, archive="other")
    loaded = load(Made(tmp_path, documents=[line(DOCUMENTS)]), base.url)
    assert does(loaded, PRICES) == (0, 0, 0, 1, 0)
    assert base.ask("SELECT archive FROM raingan_prices_now") == [["other"]]
    assert does(load(made, base.url), PRICES) == (0, 0, 0, 0, 1)


def test_tables_have_the_prefix_asked_for_or_none(base, tmp_path):
    made = Made(tmp_path, rows=[row()])
    load(made, base.url, prefix="")
    load(made, base.url, prefix="Ita_2568_")
    assert {"rows", "rows_now", "tables", "Ita_2568_rows", "Ita_2568_rows_now"} <= base.names()
    assert read(base, ROWS, prefix="") == read(base, ROWS, prefix="Ita_2568_") == [row()]
    assert does(load(made, base.url, prefix="Ita_2568_"), ROWS) == (0, 0, 1, 0, 0)


def test_a_schema_of_any_name_is_taken_where_it_is_there(pg, tmp_path):
    base, made = pg, Made(tmp_path, rows=[row()])
    name = """ชื่อ "odd"; %s %% -- 'x' :y"""
    quoted = '"' + name.replace('"', '""') + '"'
    base.ask(f"CREATE SCHEMA {quoted}")
    for wanted in [(1, 0, 0, 0, 0), (0, 0, 1, 0, 0)]:
        assert does(load(made, base.url, schema=name), ROWS) == wanted
    assert base.ask(f"SELECT code FROM {quoted}.raingan_rows_now") == [["i1"]]
    assert base.ask("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [["0"]]


SAME_NAME = {
    "a table": "CREATE TABLE raingan_rows (document text)",
    "a view": "CREATE VIEW raingan_cells AS SELECT 1 AS a",
    "a view of ours": "CREATE TABLE raingan_findings_now (a text)",
    "an index": "CREATE TABLE other (a text); CREATE INDEX raingan_rows_code_index ON other (a)",
    "our list": "CREATE TABLE raingan_tables (table_name text)",
    "our list, nearly": "CREATE TABLE raingan_tables "
    "(table_name text, schema_version integer, columns text)",
    "our titles": "CREATE TABLE raingan_columns (a text)",
}


@pytest.mark.parametrize("made_before", SAME_NAME.values(), ids=list(SAME_NAME))
def test_a_table_that_raingan_did_not_make_is_left_alone(base, tmp_path, made_before):
    for statement in made_before.split("; "):
        base.ask(statement)
    before = base.names()
    with pytest.raises(CannotLoad, match=r"raingan_\w+ is in the database already") as caught:
        load(Made(tmp_path, rows=[row()]), base.url)
    assert base.names() == before
    assert caught.value.exit_code == 5 and "\n" not in str(caught.value)
    load(Made(tmp_path, rows=[row()]), base.url, prefix="ita_")
    assert read(base, ROWS, prefix="ita_") == [row()]


ALTERED = {
    "a column more": "ALTER TABLE raingan_rows ADD COLUMN note text",
    "a column less": "ALTER TABLE raingan_rows DROP COLUMN steps",
    "another name": "ALTER TABLE raingan_rows RENAME COLUMN code TO kode",
}


@pytest.mark.parametrize("altered", ALTERED.values(), ids=list(ALTERED))
def test_a_table_that_someone_altered_is_refused(base, tmp_path, altered):
    made = Made(tmp_path, rows=[row()])
    load(made, base.url)
    base.ask("DROP VIEW raingan_rows_now")
    base.ask(altered)
    before = base.ask("SELECT * FROM raingan_rows")
    with pytest.raises(CannotLoad, match="raingan_rows is no longer as raingan made it"):
        load(Made(tmp_path, rows=[row("i9")]), base.url)
    assert base.ask("SELECT * FROM raingan_rows") == before


@pytest.mark.parametrize(
    "version, says", [(2, "use the newer raingan"), (0, "load into tables with another prefix")]
)
def test_tables_of_another_version_are_refused(base, tmp_path, version, says):
    made = Made(tmp_path, rows=[row()])
    load(made, base.url)
    base.ask(f"UPDATE raingan_tables SET schema_version = {version} WHERE table_name = 'rows'")
    with pytest.raises(CannotLoad, match=says):
        load(Made(tmp_path, rows=[row("i9")]), base.url)
    assert read(base, ROWS) == [row()]


NOTE = Field("note", "list", "หมายเหตุ", "Note", "of a later version", required=True)
LATER = tuple(
    replace(table, fields=(*table.fields, NOTE)) if table is ROWS else table for table in TABLES
)


def test_a_column_that_a_later_version_publishes_is_added(base, tmp_path):
    load(Made(tmp_path, rows=[row("i1"), row("i2")]), base.url)
    rows = [row("i1", note=["ก"]), row("i3", note=[])]
    made = Made(tmp_path, tables=LATER, rows=rows)
    assert does(load(made, base.url), ROWS) == (1, 1, 0, 1, 0)
    assert read(base, LATER[0]) == rows
    assert does(load(made, base.url), ROWS) == (0, 0, 2, 0, 0)
    listed = (
        "SELECT title_th FROM raingan_columns WHERE table_name = 'rows' AND column_name = 'note'"
    )
    assert base.ask(listed) == [["หมายเหตุ"]]


def test_an_earlier_version_does_not_leave_new_columns_as_they_were(base, tmp_path):
    load(Made(tmp_path, tables=LATER, rows=[row(note=["ก"])]), base.url)
    with pytest.raises(CannotLoad, match=r"raingan_rows has other columns.*\(note\)"):
        load(Made(tmp_path, rows=[row("i9")]), base.url)


def test_a_table_or_view_that_was_dropped_is_made_anew(base, tmp_path):
    made = Made(tmp_path, rows=[row()])
    load(made, base.url)
    base.ask("DROP VIEW raingan_rows_now")
    base.ask("DROP TABLE raingan_rows")
    assert does(load(made, base.url), ROWS) == (1, 0, 0, 0, 0)
    base.ask("DROP VIEW raingan_rows_now")
    assert does(load(made, base.url), ROWS) == (0, 0, 1, 0, 0)
    assert read(base, ROWS) == [row()]


OUR_NAMES = ("tables", "columns", "rows_now", "rows", "a'b", "x" * 52)


@pytest.mark.parametrize("name", OUR_NAMES)
def test_a_kind_of_report_cannot_take_our_names(base, tmp_path, name):
    table = replace(PRICES, name=name)
    with pytest.raises((BadTarget, NotARun)) as caught:
        load(Made(tmp_path, more=(table,), documents=[]), base.url)
    assert "\n" not in str(caught.value)
    assert base.names() == set()


@pytest.mark.parametrize("name", ["archive", "record", "position", 'a"b', "item"])
def test_a_kind_of_report_cannot_take_names_of_our_columns(base, tmp_path, name):
    field = replace(PRICES.fields[1], name=name)
    table = replace(PRICES, fields=(*PRICES.fields, field))
    with pytest.raises(BadTarget, match="in the profile"):
        load(Made(tmp_path, more=(table,), documents=[]), base.url)


def test_a_run_without_its_documents_is_refused(base, tmp_path):
    with pytest.raises(NotARun, match="run convert again"):
        load(Made(tmp_path, tables=(ROWS,), documents=[]), base.url)


# ---------------------------------------------------------------- what tells of them


def test_every_column_has_its_thai_title_in_a_table(base, tmp_path):
    made = Made(tmp_path, more=(PRICES,), documents=[])
    load(made, base.url, program="raingan 9")
    for table in made.tables:
        found = base.ask(
            "SELECT column_name, title_th, title_en FROM raingan_columns "
            f"WHERE table_name = '{table.name}' ORDER BY position"
        )
        own = [[field.name, field.title_th, field.title_en] for field in table.fields]
        assert found[: len(own)] == own
        assert [name for name, *_ in found[len(own) :]] == list(database.TECHNICAL)
        assert all(title for one in found for title in one)
    titles = base.ask("SELECT table_name, title_th, made_by FROM raingan_tables ORDER BY 1")
    assert [
        [table.name, table.title_th, "raingan 9"]
        for table in sorted(made.tables, key=lambda t: t.name)
    ] == [one for one in titles if one[0] not in database.RESERVED_TABLES]
    assert {name for name, *_ in titles} > set(database.RESERVED_TABLES)


def test_titles_are_kept_up_to_date(base, tmp_path):
    load(Made(tmp_path, more=(PRICES,), documents=[]), base.url)
    amount = replace(PRICES.fields[2], title_th="100% 'ราคา' \\", description="%s")
    later = replace(
        PRICES, title_th="ใหม่ %", fields=(*PRICES.fields[:2], amount, *PRICES.fields[3:])
    )
    load(Made(tmp_path, more=(later,), documents=[]), base.url)
    assert base.ask("SELECT title_th FROM raingan_tables WHERE table_name = 'prices'") == [
        ["ใหม่ %"]
    ]
    listed = (
        "SELECT title_th FROM raingan_columns WHERE table_name='prices' AND column_name='amount'"
    )
    assert base.ask(listed) == [["100% 'ราคา' \\"]]
    if base.dialect == "postgresql":
        assert comments(base, "raingan_prices")["amount"] == "100% 'ราคา' \\ / Amount: %s"


def comments(base, name):
    """The comments on a table or view and on its columns, as every program can read them."""
    return dict(
        base.ask(
            "SELECT coalesce(a.attname, ''), d.description FROM pg_description d "
            "LEFT JOIN pg_attribute a ON a.attrelid = d.objoid AND a.attnum = d.objsubid "
            f"AND a.attnum > 0 WHERE d.objoid = '{name}'::regclass "
            "AND d.classoid = 'pg_class'::regclass"
        )
    )


@pytest.mark.parametrize("view", ["", "_now"])
def test_postgresql_shows_titles_as_comments(pg, tmp_path, view):
    base = pg
    load(Made(tmp_path, documents=[]), base.url)
    for table in TABLES:
        found = comments(base, f"raingan_{table.name}{view}")
        assert found.pop("").startswith(f"{table.title_th} / {table.title_en}: ")
        for field in table.fields:
            assert found.pop(field.name).startswith(f"{field.title_th} / {field.title_en}: ")
        assert set(found) == set(database.TECHNICAL) - ({"vanished_at"} if view else set())


def test_the_last_load_that_changed_something_is_noted(base, tmp_path):
    made = Made(tmp_path, rows=[row()])
    load(made, base.url, archive="2568")
    listed = "SELECT last_archive, last_source FROM raingan_tables WHERE table_name = 'rows'"
    source = sha256_of(tmp_path / "datapackage.json")
    assert base.ask(listed) == [["2568", source]]
    load(Made(tmp_path, rows=[row(), row("i2")]), base.url, archive="2569")
    after = sha256_of(tmp_path / "datapackage.json")
    assert base.ask(listed) == [["2569", after]] and after != source
    load(Made(tmp_path, rows=[row()]), base.url, archive="2568")
    assert base.ask(listed) == [["2569", after]]
    stamps = "SELECT count(*) FROM raingan_tables WHERE last_loaded_at IS NOT NULL"
    assert numbers(base, stamps) == [2]


INDEXED = ("agency", "code", "fiscal_year", "indicator_no", "needs_review")


def test_columns_that_people_select_by_are_indexed(base, tmp_path):
    load(Made(tmp_path, documents=[]), base.url)
    wanted = {f"raingan_rows_{name}_index" for name in INDEXED}
    assert wanted <= base.names()
    assert {f"raingan_findings_{name}_index" for name in ("check", "severity")} <= base.names()


@pytest.mark.parametrize("table", [*TABLES, PRICES], ids=lambda table: table.name)
def test_the_statements_that_are_shown_make_the_same_tables(base, tmp_path, table):
    load(Made(tmp_path, more=(PRICES,), documents=[]), base.url)
    tables = [DOCUMENTS] if table is DOCUMENTS else [DOCUMENTS, table]
    base.run("".join(sql_of(one, base.dialect, "shown_") for one in tables))
    assert structure(base, f"shown_{table.name}") == structure(base, f"raingan_{table.name}")
    if base.dialect == "postgresql":
        for view in ("", "_now"):
            assert comments(base, f"shown_{table.name}{view}") == comments(
                base, f"raingan_{table.name}{view}"
            )


def structure(base, name):
    """Columns, keys and what they refer to."""
    prefix = name.partition("_")[0]
    if base.dialect == "sqlite":
        parts = ("table_info", "foreign_key_list")
        found = [base.ask(f"SELECT * FROM pragma_{what}('{name}')") for what in parts]
        listed = f"SELECT sql FROM sqlite_master WHERE tbl_name = '{name}' ORDER BY name"
        found.append(base.ask(listed))
    else:
        found = [
            base.ask(
                "SELECT column_name, data_type, udt_name, is_nullable "
                "FROM information_schema.columns "
                f"WHERE table_name = '{name}' ORDER BY ordinal_position"
            ),
            base.ask(
                "SELECT pg_get_constraintdef(oid) FROM pg_constraint "
                f"WHERE conrelid = '{name}'::regclass ORDER BY 1"
            ),
            base.ask(f"SELECT indexdef FROM pg_indexes WHERE tablename = '{name}' ORDER BY 1"),
        ]
    return repr(found).replace(f"{prefix}_", "")


def test_values_that_cannot_be_are_refused(base, tmp_path):
    made = Made(tmp_path, rows=[row(confidence=Decimal("1.5"))])
    with pytest.raises(CannotLoad, match=r"(?i)check constraint"):
        load(made, base.url)


# ---------------------------------------------------------------- all or nothing


class Paused(Made):
    """Stops in the middle of the rows until it is told to go on."""

    def __init__(self, *given, **records):
        super().__init__(*given, **records)
        self.is_there, self.go_on = threading.Event(), threading.Event()

    def records(self, table):
        for number, one in enumerate(super().records(table)):
            if table is ROWS and number == 1:
                self.is_there.set()
                assert self.go_on.wait(60)
            yield one


def in_thread(*given, **more):
    """A load that runs beside the test; gives its thread and what it came to."""
    outcome = []

    def run():
        try:
            outcome.append(load(*given, **more))
        except CannotLoad as error:
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, outcome


def test_readers_see_the_old_until_all_is_new(base, tmp_path):
    old = [row("i1"), row("i2")]
    load(Made(tmp_path, rows=old), base.url)
    new = [row("i1", question="ใหม่"), row("i3")]
    documents = [line(DOCUMENTS, error="ใหม่")]
    paused = Paused(tmp_path, rows=new, documents=documents)
    thread, outcome = in_thread(paused, base.url)
    assert paused.is_there.wait(60)
    assert read(base, ROWS) == old
    assert read(base, DOCUMENTS) == [line(DOCUMENTS)]
    paused.go_on.set()
    thread.join(60)
    assert does(outcome[0], ROWS) == (1, 1, 0, 1, 0)
    assert (read(base, ROWS), read(base, DOCUMENTS)) == (new, documents)


def test_a_second_load_gives_up_with_a_reason(base, tmp_path, monkeypatch):
    load(Made(tmp_path, rows=[row()]), base.url)
    paused = Paused(tmp_path, rows=[row("i1"), row("i2")])
    thread, outcome = in_thread(paused, base.url)
    assert paused.is_there.wait(60)
    monkeypatch.setattr(database, "WAIT_SECONDS", 0.05)
    with pytest.raises(CannotLoad, match=r"locked for 0\.05 s.*load again"):
        load(Made(tmp_path, rows=[row("i3")]), base.url)
    paused.go_on.set()
    thread.join(60)
    assert does(outcome[0], ROWS) == (1, 0, 1, 0, 0)
    assert read(base, ROWS) == [row("i1"), row("i2")]


def test_a_second_load_waits_for_the_first(base, tmp_path):
    """Also where both find no tables yet."""
    paused = Paused(tmp_path, rows=[row("i1"), row("i2")])
    first, one = in_thread(paused, base.url)
    assert paused.is_there.wait(60)
    second, other = in_thread(Made(tmp_path, rows=[row("i2"), row("i3")]), base.url)
    paused.go_on.set()
    first.join(60)
    second.join(60)
    assert does(one[0], ROWS) == (2, 0, 0, 0, 0)
    assert does(other[0], ROWS) == (1, 0, 1, 1, 0)
    assert read(base, ROWS) == [row("i2"), row("i3")]


def test_a_fault_in_the_middle_leaves_the_old(base, tmp_path):
    write_run(tmp_path, [full("ก.pdf"), full("ข.pdf")])
    load(Published(tmp_path), base.url)
    before = [read(base, table) for table in TABLES]
    path = tmp_path / "findings.json"
    path.write_text(path.read_text("utf-8").replace('"warning"', '"so-so"', 1), "utf-8")
    (tmp_path / "rows.json").write_text("[\n]\n", "utf-8")
    with pytest.raises(NotARun):
        load(Published(tmp_path), base.url)
    assert [read(base, table) for table in TABLES] == before


CHILD = """
import sys
from pathlib import Path
from test_database import DOCUMENTS, ROWS, Made, line, load, merge, row

class Slow(Made):
    def records(self, table):
        for number, one in enumerate(super().records(table)):
            if table is ROWS and number == 2:
                print("here", flush=True)
                sys.stdin.readline()
            yield one

merge.CACHE_KILOBYTES = 64  # so that SQLite writes to its file before the end
documents = [line(DOCUMENTS, document=f"{n}.pdf", error="x" * 5000) for n in range(200)]
rows = [row("i1", f"{n}.pdf") for n in range(4)]
load(Slow(Path(sys.argv[1]), documents=documents, rows=rows), sys.argv[2])
"""


@pytest.mark.parametrize("is_first", [True, False])
def test_a_kill_in_the_middle_leaves_the_old(base, tmp_path, root, is_first):
    old = Made(tmp_path, documents=[line(DOCUMENTS, document=f"{n}.pdf") for n in range(300)],
        rows=[row("i7", "0.pdf")])  # fmt: skip
    if not is_first:
        load(old, base.url)
    path = os.pathsep.join([str(root), str(root / "tests")])
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path), base.url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": path},
    )
    with child:
        assert child.stdout.readline() == b"here\n"
        if base.dialect == "sqlite":
            # it was at work in the file itself
            assert Path(f"{base.path}-journal").stat().st_size > 0
        child.kill()
    assert child.returncode == -signal.SIGKILL
    if is_first:
        assert base.names() == set()
    else:
        assert read(base, ROWS) == [row("i7", "0.pdf")]
        assert numbers(
            base, "SELECT count(*), count(error), count(vanished_at) FROM raingan_documents"
        ) == [300, 0, 0]
    assert does(load(old, base.url), ROWS) == ((1, 0, 0, 0, 0) if is_first else (0, 0, 1, 0, 0))


def test_a_server_that_goes_away_is_told_and_keeps_the_old(server, pg, tmp_path):
    base = pg
    load(Made(tmp_path, rows=[row("i1")]), base.url)
    paused = Paused(tmp_path, rows=[row("i2"), row("i3")])
    thread, outcome = in_thread(paused, base.url)
    assert paused.is_there.wait(60)
    server.control("-m", "immediate", "stop")
    server.start()
    paused.go_on.set()
    thread.join(60)
    assert isinstance(outcome[0], CannotLoad) and "\n" not in str(outcome[0])
    assert read(base, ROWS) == [row("i1")]


def test_a_full_disk_is_told_and_keeps_the_old(tmp_path, root):
    base = Lite(tmp_path / "reports.sqlite")
    load(Made(tmp_path, rows=[row("i1")]), base.url)
    before = base.exact()
    program = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from test_database import CannotLoad, Made, load, row\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "rows = [row(f'i{n}', question='x' * 5000) for n in range(100)]\n"
        "made = Made(Path(sys.argv[1]), rows=rows)\n"
        "limit = Path(sys.argv[2]).stat().st_size + 20_000\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))\n"
        "try:\n"
        "    load(made, f'sqlite:///{sys.argv[2]}')\n"
        "except CannotLoad as error:\n"
        "    print(error)\n"
    )
    path = os.pathsep.join([str(root), str(root / "tests")])
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path), str(base.path)],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": path},
        check=True,
    )
    assert "nothing was written, the database says:" in done.stdout
    assert base.exact() == before


# ---------------------------------------------------------------- what cannot be


ADDRESSES = [
    *(
        "",
        "reports.sqlite",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:reports.sqlite",
    ),
    *("mysql://me:s3cret@host/db", "postgresql+asyncpg://me:s3cret@host/db", "http://host/"),
    *(
        "postgresql://me:s3c@ret@host/db",
        "postgresql://me:s3c/ret@host/db",
        "postgresql://me:s3c?ret@h/d",
    ),
    *("postgresql://me:s3cret", "postgresql://me:s3cret#@host/db", "postgresql://ho st/db"),
    *("postgresql:me:s3cret@host", "postgresql://h/d@s3cret"),
]


@pytest.mark.parametrize("url", ADDRESSES)
def test_what_is_no_address_is_told_without_a_secret(tmp_path, url):
    with pytest.raises(BadTarget) as caught:
        load(Made(tmp_path, documents=[]), url)
    said = str(caught.value)
    assert "s3c" not in said and "ret@" not in said and "\n" not in said
    assert "postgresql://user@host/database" in said
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    "url, shown",
    [
        ("postgresql://me:p%40ss@[::1]:5432/db?sslmode=require", "postgresql://[::1]:5432/db"),
        ("postgres://host", "postgresql://host"),
        ("postgresql:///db", "postgresql:///db"),
        ("sqlite:////var/a?b.sqlite", "sqlite:////var/a?b.sqlite"),
    ],
)
def test_an_address_is_shown_without_what_may_be_secret(url, shown):
    assert address_of(url).shown == shown


@pytest.mark.parametrize(
    "prefix", ["1a", "a-b", 'a"b', "a b", "ก_", "a" * 21, "a;", "a\n", "%s", "a.b"]
)
def test_a_prefix_that_is_no_name_is_refused(base, tmp_path, prefix):
    with pytest.raises(BadTarget, match="no prefix"):
        load(Made(tmp_path, documents=[]), base.url, prefix=prefix)
    assert base.names() == set()


@pytest.mark.parametrize("archive", ["a\nb", "a\0", "\ud800", "x" * 201, "a\u202eb"])
def test_an_archive_whose_name_cannot_be_seen_is_refused(base, tmp_path, archive):
    with pytest.raises(BadTarget, match="no name of an archive"):
        load(Made(tmp_path, documents=[]), base.url, archive=archive)


def test_names_that_sqlite_has_no_use_for_are_refused(tmp_path):
    base, made = Lite(tmp_path / "a.sqlite"), Made(tmp_path, documents=[])
    with pytest.raises(BadTarget, match="no schemas"):
        load(made, base.url, schema="main")
    with pytest.raises(BadTarget, match="keeps such names"):
        load(made, base.url, prefix="sqlite_")


@pytest.mark.parametrize("name", ["missing", "a\nb", "a\0b", '"; DROP SCHEMA public; --'])
def test_a_schema_that_is_not_there_is_told(pg, tmp_path, name):
    base = pg
    with pytest.raises((BadTarget, CannotLoad), match="schema"):
        load(Made(tmp_path, documents=[]), base.url, schema=name)
    assert base.names() == set()


def not_loaded(made, url, secret, **more):
    """What a load says that fails; it has one line and no password."""
    with pytest.raises(CannotLoad) as caught:
        load(made, url, **more)
    said = str(caught.value)
    assert secret not in said and "\n" not in said and "Traceback" not in said
    assert pickle.loads(pickle.dumps(caught.value)).args == caught.value.args
    return said


def test_a_server_that_does_not_take_us_is_told_without_the_password(server, tmp_path):
    made, secret = Made(tmp_path, documents=[]), server.password
    url = server.url("postgres")
    wrong = url.replace(secret, f"{secret}x")
    assert "password authentication failed" in not_loaded(made, wrong, secret)
    nobody = url.replace(f":{server.port}/", f":{postgres.free_port()}/")
    assert "refused" in not_loaded(made, nobody, secret)
    assert "does not exist" in not_loaded(made, server.url("nowhere"), secret)
    assert "unknown" not in not_loaded(made, server.url("postgres", "?sslmode=require"), secret)
    assert "invalid" in not_loaded(made, server.url("postgres", f"?password={secret}&x=1"), secret)


def test_what_the_server_does_not_allow_is_told(server, pg, tmp_path):
    base, made = pg, Made(tmp_path, rows=[row()])
    secret = server.password
    base.ask(f"CREATE ROLE clerk_{base.name} LOGIN PASSWORD '{secret}'")
    clerk = base.url.replace("raingan:", f"clerk_{base.name}:")
    assert "permission denied for schema public" in not_loaded(made, clerk, secret)
    read_only = base.url + "?options=-c%20default_transaction_read_only%3Don"
    assert "read-only transaction" in not_loaded(made, read_only, secret)
    lost = base.url + "?options=-c%20search_path%3Dnowhere"
    assert "none of the search path is there" in not_loaded(made, lost, secret)
    catalog = not_loaded(made, base.url, secret, schema="pg_catalog")
    assert "permission denied" in catalog
    assert base.names() == set()


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_that_does_not_hold_thai_is_told(server, tmp_path, encoding):
    options = f"ENCODING '{encoding}' TEMPLATE template0 LOCALE 'C'"
    name = server.new_database(options)
    said = not_loaded(Made(tmp_path, rows=[row()]), server.url(name), server.password)
    server.psql("postgres", f"DROP DATABASE {name}")
    assert encoding in said and "UTF8" in said


def test_what_is_no_file_of_sqlite_is_told(tmp_path):
    made = Made(tmp_path, rows=[row()])
    text = tmp_path / "text.txt"
    text.write_text("ข้อความ" * 1000, "utf-8")
    assert "not a database" in not_loaded(made, f"sqlite:///{text}", "s3cret")
    assert text.read_text("utf-8") == "ข้อความ" * 1000
    assert "unable to open" in not_loaded(made, f"sqlite:///{tmp_path}", "s3cret")
    with pytest.raises(CannotWrite, match=r"a\.sqlite: cannot write"):
        load(made, f"sqlite:///{text}/a.sqlite")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write")
def test_a_file_that_cannot_be_written_is_told(tmp_path):
    made, base = Made(tmp_path, rows=[row()]), Lite(tmp_path / "a.sqlite")
    load(made, base.url)
    base.path.chmod(0o444)
    assert "readonly" in not_loaded(made, base.url, "s3cret")


@pytest.mark.parametrize("missing", ["sqlalchemy", "psycopg"])
def test_what_is_not_installed_is_named(tmp_path, monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.delitem(sys.modules, "export.merge")
    monkeypatch.delitem(sys.modules, "export.sql")
    with pytest.raises(BadTarget, match=rf"{missing}.*pip install 'raingan\[database\]'"):
        load(Made(tmp_path, documents=[]), "postgresql://host/db")


def test_the_module_can_be_read_without_sqlalchemy(root):
    program = (
        "import sys\n"
        "sys.modules['sqlalchemy'] = sys.modules['psycopg'] = None\n"
        "import export.database\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True)
    assert done.stderr == ""


def test_no_list_of_tables_is_kept_twice():
    made = {one.name for one in sql.registry_of("sqlite", "", sqlalchemy.MetaData())}
    assert made == set(database.RESERVED_TABLES)
    technical = {c.name for c in sql.columns_of(ROWS, "sqlite")} - {f.name for f in ROWS.fields}
    assert technical == set(database.TECHNICAL)
