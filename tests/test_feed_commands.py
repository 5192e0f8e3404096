"""`raingan export`, `schema` and `browse` as they are typed."""

import json
import re
import sqlite3
from contextlib import closing

import pytest
from typer.testing import CliRunner

from commands.main import app
from export.files import write_run
from export.model import DocumentRecord, DocumentResult
from export.schema import TABLES
from normalize.model import Row


def result(name, *codes):
    rows = tuple(Row(name, code, 1, None, "IIT", (1,), agency="เทศบาลตำบลทดสอบ") for code in codes)
    return DocumentResult(DocumentRecord(name, "ok", "0" * 64, 1, rows=len(rows)), rows)


@pytest.fixture
def out(tmp_path):
    """A finished run of two documents."""
    write_run(tmp_path / "output", [result("a.pdf", "i1", "i2"), result("b.pdf", "e7")])
    return tmp_path / "output"


def ask(*arguments, code=0, env=None):
    done = CliRunner().invoke(app, list(map(str, arguments)), env=env)
    assert done.exit_code == code, done.output
    return done


def test_files_are_named_as_they_are_written(out, tmp_path):
    done = ask("export", out, "--to", tmp_path / "x", "--format", "jsonl", "--format", "csv",
               "--csv-plain")  # fmt: skip
    told = done.stdout.splitlines()
    assert sorted(told) == sorted(str(path) for path in (tmp_path / "x").iterdir())
    assert {f"{tmp_path}/x/rows.jsonl", f"{tmp_path}/x/datapackage.json"} <= set(told)
    assert (tmp_path / "x" / "rows.csv").read_bytes().startswith(b"document,")
    lines = (tmp_path / "x" / "rows.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["code"] for line in lines] == ["i1", "i2", "e7"]


def test_a_workbook_is_told_by_its_name(out, tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    ask("export", out, "--to", tmp_path / "รายงาน.XLSX")
    book = openpyxl.load_workbook(tmp_path / "รายงาน.XLSX", read_only=True)
    assert len(book.sheetnames) == len(TABLES) + 1


def test_a_database_is_told_what_became_of_each_table(out, tmp_path):
    url = f"sqlite:///{tmp_path}/r.sqlite"
    assert "raingan_rows         3 new" in ask("export", out, "--to", url).stdout
    assert "raingan_rows         3 unchanged" in ask("export", out, "--to", url).stdout
    write_run(out, [result("a.pdf", "i1"), result("b.pdf", "e7")])
    told = ask("export", out, "--to", url)
    assert "raingan_rows         2 unchanged, 1 vanished" in told.stdout
    assert told.stderr == ""
    assert ask("export", out, "--to", url, "--quiet").stdout == ""
    with closing(sqlite3.connect(tmp_path / "r.sqlite")) as database:
        now = database.execute("SELECT document, code FROM raingan_rows_now ORDER BY 1, 2")
        assert now.fetchall() == [("a.pdf", "i1"), ("b.pdf", "e7")]


def test_another_archive_in_the_place_of_the_first_is_noticed(out, tmp_path):
    url = f"sqlite:///{tmp_path}/r.sqlite"
    ask("export", out, "--to", url)
    write_run(tmp_path / "other", [result("c.pdf", "i1")])
    told = ask("export", tmp_path / "other", "--to", url, code=2)
    assert "2 of the 2 documents" in told.stderr
    ask("export", tmp_path / "other", "--to", url, "--archive", "other")
    assert "raingan_documents    2 unchanged" in ask("export", out, "--to", url).stdout
    told = ask("export", tmp_path / "other", "--to", url, "--shrink")
    assert "raingan_documents    1 new, 2 vanished" in told.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (("--to", "x"), 2, "needs --format csv, json, jsonl or parquet"),
        (("--to", "x.xlsx", "--format", "csv"), 2, "a workbook has its own"),
        (("--to", "sqlite:///x", "--format", "csv"), 2, "--format is of files"),
        (("--to", "mysql://me:geheim@host/x"), 2, "no kind of place that is known"),
        (("--to", "postgresql://me:geheim@host:port/x"), 2, "cannot be read"),
        (("--to", "ckan+https://host/data-set"), 2, "RAINGAN_CKAN_TOKEN"),
        (("--to", "ckan+https://host/data-set", "--set", "title"), 2, "write NAME=TEXT"),
        (("--to", "sqlite:///x", "--prefix", "a b"), 2, "prefix"),
    ],
)
def test_what_cannot_be_done_says_what_to_do(out, tmp_path, monkeypatch, arguments, code, why):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RAINGAN_CKAN_TOKEN", raising=False)
    done = ask("export", out, *arguments, code=code)
    assert why in done.stderr
    assert "geheim" not in done.output
    assert done.stderr.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["output"]


def test_a_folder_without_a_run_is_no_run(tmp_path):
    done = ask("export", tmp_path, "--to", tmp_path / "x.xlsx", code=3)
    assert "no finished run is here" in done.stderr


def test_edits_by_hand_are_not_exported_without_a_word(out, tmp_path):
    path = out / "rows.csv"
    path.write_text(path.read_text("utf-8").replace("i1", "i9"), "utf-8")
    told = ask("export", out, "--to", tmp_path / "x", "--format", "json")
    assert "note: rows.csv: changed by hand" in told.stderr
    assert json.loads((tmp_path / "x" / "rows.json").read_text("utf-8"))[0]["code"] == "i1"
    path = out / "documents.csv"
    path.write_text(path.read_text("utf-8").replace(",ok,", ",failed,"), "utf-8")
    told = ask("export", out, "--to", tmp_path / "y", "--format", "json", code=3)
    assert "documents.csv: changed by hand" in told.stderr
    assert not (tmp_path / "y").exists()


def test_a_changed_json_file_is_noticed(out, tmp_path):
    path = out / "rows.json"
    path.write_text(path.read_text("utf-8").replace("i1", "i9"), "utf-8")
    told = ask("export", out, "--to", tmp_path / "x", "--format", "json", code=3)
    assert "rows.json: changed by hand" in told.stderr


def test_files_of_an_earlier_export_are_told(out, tmp_path):
    ask("export", out, "--to", tmp_path / "x", "--format", "json")
    told = ask("export", out, "--to", tmp_path / "x", "--format", "csv")
    assert "rows.json" in told.stderr and "left as it was" in told.stderr
    assert (
        ask("export", out, "--to", tmp_path / "x", "--format", "csv", "--format", "json").stderr
        == ""
    )


def test_schemas_are_shown_for_one_table_or_all():
    one = json.loads(ask("schema", "rows").stdout)
    assert one["fields"][0]["titles"] == {"th": "เอกสาร", "en": "Document"}
    every = json.loads(ask("schema", "--form", "json-schema").stdout)
    assert {"rows", "price_items"} <= set(every)
    assert every["rows"]["properties"]["score"]["anyOf"][0] == {"type": "number"}
    assert 'CREATE TABLE "raingan_rows"' in ask("schema", "rows", "--form", "postgresql").stdout
    assert "there are: rows, cells" in ask("schema", "row", code=2).stderr


def test_browse_needs_a_run_and_a_token_for_others(out, tmp_path):
    pytest.importorskip("datasette")
    assert "no finished run" in ask("browse", tmp_path, "--no-browser", code=3).stderr
    told = ask("browse", out, "--no-browser", "--host", "0.0.0.0", code=2).stderr
    assert "--token" in told


def test_a_database_may_be_the_first_in_its_folder(out, tmp_path):
    ask("export", out, "--to", f"sqlite:///{tmp_path}/new/folder/r.sqlite")
    assert (tmp_path / "new" / "folder" / "r.sqlite").stat().st_size > 0


def test_nothing_is_exported_into_what_a_run_keeps(out, tmp_path):
    for folder in (out, out / ".raingan", out / ".raingan" / "deep"):
        told = ask("export", out, "--to", folder, "--format", "json", code=2)
        assert "a run's own folder" in told.stderr
    assert not (out / ".raingan" / "rows.json").exists()


def test_sql_can_be_run_as_it_is_shown():
    """Tables that others refer to stand first."""
    shown = ask("schema", "--form", "postgresql").stdout
    made = re.findall(r'CREATE TABLE "raingan_(\w+)"', shown)
    assert made[0] == "documents"
    assert set(made) >= {table.name for table in TABLES}
