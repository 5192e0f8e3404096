"""`raingan audit` and `raingan checks`: a finished run's findings, by the decisions of today."""

import csv
import json
from io import StringIO
from shutil import rmtree

import pytest
from made import ROW, paged, row, tsv
from rich.cells import cell_len
from rich.console import Console
from typer.testing import CliRunner

from audit.archive import ARCHIVE_CHECKS
from audit.checks import CHECKS
from audit.model import Finding, Said
from commands.main import app
from export.decisions import append_decision
from export.files import renew, write_run
from export.model import DocumentRecord, DocumentResult
from export.store import FOLDER, Store, pages_file
from export.terminal import show_findings
from normalize.decisions import Decision, finding_key

ODD = row(question="เรื่องอื่นที่หน่วยงานเห็นสมควร")


@pytest.fixture
def out(tmp_path):
    """A finished run over two documents that are there no more."""
    source = tmp_path / "in"
    source.mkdir()
    (source / "a.txt").write_text(paged(tsv([ROW])), "utf-8")
    (source / "b.txt").write_text(paged(tsv([ODD])).replace("๒๕๖๙", "๒๕๗๐"), "utf-8")
    made = CliRunner().invoke(app, ["convert", str(source), "--out", str(tmp_path / "out"), "-q"])
    assert made.exit_code == 0
    rmtree(source)
    return tmp_path / "out"


def call(*args):
    return CliRunner().invoke(app, [str(arg) for arg in args])


def shown(result):
    assert result.exit_code in (0, 8)
    return json.loads(result.stdout)


def printed(findings, records=None, width=80):
    """What a console of this width gets to see."""
    file = StringIO()
    show_findings(Console(width=width, file=file), findings, records or {})
    return file.getvalue()


def files(out):
    return {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}


def let_stand(out, finding):
    """A person's word that a finding stands as it is."""
    said = [(one["where"], one["text"]) for one in finding["values"]]
    was = finding_key(finding["check"], finding["code"], said)
    document = finding["document"] or ""
    field = finding["check"]
    number = len((out / "decisions.jsonl").read_bytes())
    decided = Decision(f"d{number}", document, "finding", field, was=was)
    append_decision(out / "decisions.jsonl", decided)


def test_json_is_the_array_of_findings_json(out):
    result = call("audit", out, "--format", "json")
    assert result.exit_code == 0
    assert result.stdout == (out / "findings.json").read_text("utf-8")


def test_nothing_is_written(out):
    before = files(out)
    let_stand(out, shown(call("audit", out, "--format", "json"))[0])
    decisions = (out / "decisions.jsonl").read_bytes()
    call("audit", out)
    assert files(out) == before | {out / "decisions.jsonl": decisions}


def test_the_language_is_that_of_the_run_or_the_one_asked_for(out):
    [english] = {
        f["message"]
        for f in shown(call("audit", out, "--format", "json", "--check", "code_unknown"))
    }
    [thai] = {
        f["message"]
        for f in shown(
            call("audit", out, "--format", "json", "--check", "code_unknown", "--lang", "th")
        )
    }
    assert english.isascii()
    assert thai == "ไม่ทราบรหัสข้อคำถาม"


def test_a_table_names_document_severity_pages_check_and_message(out):
    lines = [line.split() for line in call("audit", out).stdout.splitlines()]
    at = lines.index(["b.txt:", "เทศบาลตำบลศรีเตี้ย,", "2570"])
    assert lines[0] == ["a.txt:", "เทศบาลตำบลศรีเตี้ย,", "2569"]
    first = next(line for line in lines[at + 1 :] if line)
    assert first == ["error", "p.", "1", "code_unknown"]
    assert ["indicator_missing", "2"] in lines
    all_ = next(line for line in lines if line[:1] == ["all"])
    assert all_[1] == "1"
    assert lines[-1][-6:] == ["findings", "in", "2", "of", "2", "documents"]


def test_only_the_checks_asked_for(out):
    result = call(
        *("audit", out, "--check", "code_unknown", "--check", "cell_empty"),
        *("--format", "json", "--fail-on", "error"),
    )
    assert {f["check"] for f in shown(result)} == {"code_unknown"}
    assert result.exit_code == 8
    others = call("audit", out, "--check", "indicator_missing", "--fail-on", "error")
    assert others.exit_code == 0


def test_an_unknown_check_is_told_with_all_names(out):
    result = call("audit", out, "--check", "code_unknow")
    assert result.exit_code == 2
    assert "no check code_unknow;" in result.stderr
    assert all(check.__name__ in result.stderr for check in CHECKS)


@pytest.mark.parametrize(("level", "code"), [("error", 8), ("warning", 8), ("info", 8), (None, 0)])
def test_fail_on(out, level, code):
    options = ["--fail-on", level] if level else []
    assert call("audit", out, *options).exit_code == code


def test_a_decided_finding_does_not_fail_and_is_shown_as_decided(out):
    [error] = [f for f in shown(call("audit", out, "--format", "json")) if f["severity"] == "error"]
    let_stand(out, error)
    result = call("audit", out, "--format", "json", "--fail-on", "error")
    [after] = [f for f in shown(result) if f["severity"] == "error"]
    assert after == error | {"decided": True}
    assert result.exit_code == 0
    assert "code_unknown (decided)" in call("audit", out).stdout


def test_a_fixed_finding_fails_as_with_convert(tmp_path):
    record = DocumentRecord("a.pdf", "ok", "a" * 64, 1, (), None, None, 0, 1)
    finding = Finding("a.pdf", "code_misread", "warning", "m", (1,), fixed=True)
    write_run(tmp_path, [DocumentResult(record, findings=(finding,))])
    result = call("audit", tmp_path, "--fail-on", "warning")
    assert (result.exit_code, "code_misread (fixed)" in result.stdout) == (8, True)


def test_a_decision_that_was_taken_back_is_seen(out):
    first = shown(call("audit", out, "--format", "json"))
    let_stand(out, first[0])
    assert sum(f["decided"] for f in shown(call("audit", out, "--format", "json"))) == 1
    (out / "decisions.jsonl").write_bytes(b"")
    assert shown(call("audit", out, "--format", "json")) == first


def test_convert_applies_what_was_decided(out, tmp_path):
    found = shown(call("audit", out, "--format", "json"))
    let_stand(out, found[0])
    (tmp_path / "a.txt").write_text(paged(tsv([ROW])), "utf-8")
    again = call("convert", tmp_path / "a.txt", "--out", out)
    assert "1 decided" in again.stdout
    published = json.loads((out / "findings.json").read_text("utf-8"))
    assert [f["decided"] for f in published] == [True] + [False] * (len(published) - 1)
    assert len(Store(out).about("a.txt").decisions) == 1


def test_a_broken_decision_stops_convert_and_audit(out, tmp_path):
    (out / "decisions.jsonl").write_text("{}\n")
    (tmp_path / "a.txt").write_text(paged(tsv([ROW])), "utf-8")
    before = files(out)
    for result in (call("audit", out), call("convert", tmp_path / "a.txt", "--out", out)):
        assert result.exit_code == 2
        assert "decisions.jsonl, line 1: no decision" in result.stderr
    assert files(out) == before


def test_no_finished_run_is_told(tmp_path):
    (tmp_path / "empty").mkdir()
    for place in ("empty", "none"):
        result = call("audit", tmp_path / place)
        assert result.exit_code == 3
        assert "no finished run is kept here" in result.stderr


def test_without_the_kept_files_the_published_findings_are_shown(out):
    rmtree(out / FOLDER)
    result = call("audit", out, "--format", "json")
    assert json.loads(result.stdout) == json.loads((out / "findings.json").read_text("utf-8"))
    assert "as they were published" in result.stderr


def test_without_the_pages_the_kept_findings_are_shown(out):
    first = shown(call("audit", out, "--format", "json"))
    let_stand(out, first[0])
    store = Store(out)
    pages_file(store.folder, store.about(first[0]["document"]).reading).unlink()
    result = call("audit", out, "--format", "json")
    assert shown(result) == first
    assert f"{first[0]['document']}: its pages are not kept" in result.stderr


def test_a_finding_between_documents_stands_first(tmp_path):
    record = DocumentRecord("a.pdf", "ok", "a" * 64, 1, (), None, None, 0, 1)
    own = Finding("a.pdf", "code_unknown", "warning", "mine", (1,))
    between = Finding("", "report_missing", "info", "ours", documents=("a.pdf", "b.pdf"))
    text = printed([between, own], {"a.pdf": record})
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    assert lines == [
        *("between documents", "note report_missing", "ours", "in a.pdf, b.pdf"),
        *("a.pdf", "warning p. 1 code_unknown", "mine"),
    ]


def test_no_more_documents_are_named_than_can_be_read():
    names = tuple(f"{n:03}.pdf" for n in range(200))
    text = printed([Finding("", "report_repeated", "info", "m", documents=names)])
    assert "009.pdf and 190 more" in " ".join(text.split())
    assert "010.pdf" not in text


@pytest.fixture
def twice(tmp_path):
    """A run over two reports of one agency for one year, which differ."""
    (tmp_path / "in").mkdir()
    for name, measures in (("a.txt", "อบรม"), ("b.txt", "ประชุม")):
        text = paged(tsv([row(measures=measures)]))
        (tmp_path / "in" / name).write_text(text, "utf-8")
    return tmp_path / "in"


def test_what_is_found_between_documents_is_published_and_counts(twice, tmp_path):
    out = tmp_path / "out"
    alone = call("convert", twice / "a.txt", "--out", out)
    both = call("convert", twice, "--out", out, "--fail-on", "warning")
    assert both.exit_code == 8
    counted = [
        int(line.split()[1])
        for result in (alone, both)
        for line in result.stdout.splitlines()
        if line.startswith("  findings")
    ]
    assert counted[1] == 2 * counted[0] + 1
    first, *others = json.loads((out / "findings.json").read_text("utf-8"))
    assert (first["document"], first["check"]) == (None, "report_repeated")
    assert first["documents"] == ["a.txt", "b.txt"]
    assert all(one["document"] and not one["documents"] for one in others)
    assert shown(call("audit", out, "--format", "json")) == [first, *others]
    assert call("audit", out).stdout.startswith("between documents\n")
    with (out / "documents.csv").open(encoding="utf-8-sig") as file:
        assert [int(line["findings"]) for line in csv.DictReader(file)] == [counted[0]] * 2


def test_a_finding_between_documents_can_be_let_stand(twice, tmp_path):
    out = tmp_path / "out"
    call("convert", twice, "--out", out)
    options = ("--check", "report_repeated", "--fail-on", "warning", "--format", "json")
    before = call("audit", out, *options)
    let_stand(out, shown(before)[0])
    after = call("audit", out, *options)
    assert (before.exit_code, after.exit_code) == (8, 0)
    assert shown(after) == [shown(before)[0] | {"decided": True}]
    renew(out, [Store(out).result("a.txt")])
    assert json.loads((out / "findings.json").read_text("utf-8"))[0] == shown(after)[0]
    assert Store(out).between()[0].decided
    call("convert", twice, "--out", out)
    assert Store(out).between()[0].decided


def test_what_was_decided_since_is_seen_between_documents_too(twice, tmp_path):
    out = tmp_path / "out"
    call("convert", twice, "--out", out)
    cell = next(c for c in Store(out).result("b.txt").cells if c.field == "measures")
    decided = Decision(
        *("1", "b.txt", "cell", "measures", cell.page, cell.row, cell.column, 0, cell.raw),
        now="อบรม",
    )
    options = ("--check", "report_repeated", "--format", "json")
    assert shown(call("audit", out, *options))[0]["severity"] == "warning"
    append_decision(out / "decisions.jsonl", decided)
    assert shown(call("audit", out, *options))[0]["severity"] == "info"


@pytest.mark.parametrize("width", [60, 80, 200])
def test_a_table_keeps_to_the_width(width):
    long = "ยาว" * 500
    found = [
        Finding(f"{n % 3}.pdf", "indicator_name_conflict", "error", long, tuple(range(1, 90, 2)))
        for n in range(20)
    ]
    text = printed(sorted(found, key=lambda f: f.document), width=width)
    assert max(map(cell_len, text.splitlines())) <= width
    assert text.count("indicator_name_conflict") == 20
    assert text.count("…") == 20


def test_text_of_a_report_gives_no_orders_to_the_terminal():
    evil = "\x1b[2J\x07[bold]x[/] \x9b31m\u202e"
    found = Finding(evil, "code_unknown", "error", evil, code=evil, suggestion=evil)
    text = printed([found], {evil: DocumentRecord(evil, "ok", agency=evil)})
    assert not set(text) & {"\x1b", "\x07", "\x9b", "\u202e"}
    assert text.count("[bold]x[/]") >= 3


def test_checks_are_listed_with_what_they_find_and_spare():
    listed = json.loads(call("checks", "--json").stdout)
    assert [one["name"] for one in listed] == [c.__name__ for c in (*CHECKS, *ARCHIVE_CHECKS)]
    assert all(one["severities"] for one in listed)
    assert {one["name"] for one in listed if one["about"] == "archive"} == {
        check.__name__ for check in ARCHIVE_CHECKS
    }
    assert all(one["finds"] and "left alone" in one["spares"] for one in listed)
    by_name = {one["name"]: one for one in listed}
    assert by_name["code_unknown"]["severities"] == ["error"]
    assert by_name["low_confidence"]["severities"] == ["warning", "info"]
    assert by_name["low_confidence"]["about"] == "any document"
    text = call("checks").stdout
    assert "code_unknown (error)\n  No code could be established" in text
    assert max(map(len, text.splitlines())) <= 80


def test_values_are_read_back_when_only_the_published_ones_are_there(out):
    rmtree(out / FOLDER)
    record = DocumentRecord("a.pdf", "ok", "a" * 64, 1, (), None, None, 0, 1)
    said = (Said("1", "ก"), Said("2", "ข"))
    finding = Finding("a.pdf", "code_conflict", "warning", "m", (1, 2), values=said)
    write_run(out, [DocumentResult(record, findings=(finding,))])
    rmtree(out / FOLDER)
    [one] = shown(call("audit", out, "--format", "json"))
    assert one["values"] == [{"where": "1", "text": "ก"}, {"where": "2", "text": "ข"}]
