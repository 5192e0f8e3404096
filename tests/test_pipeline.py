"""The command line, and a document from its bytes to its tables."""

import csv
import json
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from made import AGENCY, ROW, TITLE, Font, paged, pdf, row, table, tsv, words
from typer.testing import CliRunner

from commands.main import app
from export.model import CannotWrite
from extract.errors import ReportError, Unreadable
from pipeline import Settings, __version__, convert_document, only_input
from profiles.report import BadProfile, NoProfile, profiles

ROOT = Path(__file__).parent.parent
FILES = [
    *(
        ".raingan",
        "audit.html",
        "cells.csv",
        "corrections.csv",
        "datapackage.json",
        "decisions.jsonl",
        "documents.csv",
    ),
    *("findings.csv", "findings.json", "rows.csv", "rows.json"),
]
REPORT = paged(tsv([ROW]))
CODES = {
    "ok": 0,
    "usage": 2,
    "unreadable": 3,
    "profile": 4,
    "cannot write": 5,
    "some failed": 6,
    "found": 8,
}
"""As contract.md numbers them."""
GREY = "q 842 0 0 595 0 0 cm BI /W 1 /H 1 /CS /G /BPC 8 ID \x55 EI Q"


@pytest.fixture
def folder(tmp_path):
    found = tmp_path / "in"
    found.mkdir()
    (found / "report.txt").write_text(REPORT, "utf-8")
    return found


@pytest.fixture
def run(tmp_path):
    """Call the command line; `convert` writes to the folder `out`."""

    def call(*args, out=tmp_path / "out"):
        words_ = [str(arg) for arg in args]
        if words_[0] == "convert":
            words_ += ["--out", str(out)]
        return CliRunner().invoke(app, words_)

    return call


def lines(result):
    return result.stderr.splitlines()


def documents(out):
    with (out / "documents.csv").open(encoding="utf-8-sig", newline="") as file:
        return [(line["document"], line["status"]) for line in csv.DictReader(file)]


# ------------------------------------------------------------------ convert


def test_convert_writes_every_file_of_the_contract(run, folder, tmp_path):
    result = run("convert", folder / "report.txt")
    assert result.exit_code == CODES["ok"]
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == FILES
    [found] = json.loads((tmp_path / "out/rows.json").read_text("utf-8"))
    assert (found["document"], found["code"], found["pages"]) == ("report.txt", "i1", [1])
    assert (found["agency"], found["district_code"]) == ("เทศบาลตำบลศรีเตี้ย", "5103")
    assert (found["start_date"], found["end_date"]) == ("2025-10-01", "2026-09-30")


def test_lines_of_progress_where_there_is_no_terminal(run, folder):
    (folder / "second.txt").write_text(REPORT, "utf-8")
    result = run("convert", folder)
    assert lines(result) == [
        "[1/2] report.txt: ok, 1 rows, 1 findings",
        "[2/2] second.txt: ok (renamed), 1 rows, 1 findings",
    ]
    assert "\x1b" not in result.output


def test_summary_counts_and_says_where_the_files_are(run, folder, tmp_path):
    shown = run("convert", folder).stdout
    words_ = [line.replace("│", " ").split() for line in shown.splitlines()]
    counts = {line[0]: line[1] for line in words_ if len(line) > 1}
    assert {k: counts[k] for k in ("documents", "pages", "rows", "findings")} == {
        **{"documents": "1", "pages": "1"},
        **{"rows": "1", "findings": "1"},
    }
    assert f"in {tmp_path}/out/:" in shown.replace("\n", "")
    assert "rows.csv" in shown


def test_quiet_says_nothing(run, folder):
    result = run("convert", folder, "--quiet")
    assert (result.exit_code, result.output) == (0, "")


def test_two_runs_give_the_same_bytes(run, folder, tmp_path):
    (folder / "b.pdf").write_bytes(pdf(words(50, 40, TITLE), words(50, 40, AGENCY)))
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\n")
    run("convert", folder, out=tmp_path / "one")
    run("convert", folder, out=tmp_path / "two")
    for name in FILES[1:]:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_order_and_number_of_paths_do_not_matter(run, folder, tmp_path):
    (folder / "a.txt").write_text(REPORT.replace("๒๕๖๙", "๒๕๖๘"), "utf-8")
    a, b = folder / "a.txt", folder / "report.txt"
    run("convert", a, b, out=tmp_path / "one")
    run("convert", b, a, b, out=tmp_path / "two")
    assert (tmp_path / "one/rows.csv").read_bytes() == (tmp_path / "two/rows.csv").read_bytes()


def test_a_document_alone_is_what_it_is_among_others(folder):
    """No document's evidence leaks into another one's."""
    (folder / "a.txt").write_text(REPORT.replace("ศรีเตี้ย", "บ้านโฮ่ง"), "utf-8")
    before = convert_document(folder / "report.txt")
    convert_document(folder / "a.txt")
    assert convert_document(folder / "report.txt") == before


def test_good_and_bad_files_of_one_folder(run, folder, tmp_path):
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing")
    (folder / "scan.pdf").write_bytes(pdf(GREY))
    (folder / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 50)
    (folder / "notes.docx").write_bytes(b"PK\x03\x04")
    result = run("convert", folder)
    assert result.exit_code == CODES["some failed"]
    assert documents(tmp_path / "out") == [
        ("broken.pdf", "failed"),
        ("photo.png", "failed"),
        ("report.txt", "ok"),
        ("scan.pdf", "failed"),
    ]
    errors = [line for line in lines(result) if line.startswith("error: ")]
    assert [line.split(":")[1].strip() for line in errors] == [
        "broken.pdf",
        "photo.png",
        "scan.pdf",
    ]
    rows = json.loads((tmp_path / "out/rows.json").read_text("utf-8"))
    assert [r["document"] for r in rows] == ["report.txt"]


def test_scan_among_the_pages_leaves_the_rest(run, folder, tmp_path):
    rows = (
        ("ตัวชี้วัด", "ข้อคำถาม ITA", "ผลการวิเคราะห์", "ผู้รับผิดชอบ"),
        ("๑.การปฏิบัติหน้าที่", "i๑ การปฏิบัติงาน", "ดี", "กองคลัง"),
    )
    good = words(50, 40, TITLE) + "\n" + table((20, 150, 400, 600, 820), (100, 160, 260), rows)
    (folder / "part.pdf").write_bytes(pdf(good, GREY))
    result = run("convert", folder / "part.pdf")
    assert result.exit_code == CODES["ok"]
    assert documents(tmp_path / "out") == [("part.pdf", "partial")]
    assert "note: part.pdf: 1 of 2 pages could not be read" in lines(result)
    found = json.loads((tmp_path / "out/findings.json").read_text("utf-8"))
    assert [f["pages"] for f in found if f["check"] == "page_unreadable"] == [[2]]
    assert [r["code"] for r in json.loads((tmp_path / "out/rows.json").read_text("utf-8"))] == [
        "i1"
    ]


def test_zip_glob_and_folder_name_their_documents(run, folder, tmp_path):
    deep = folder / "ปี ๒๕๖๙"
    deep.mkdir()
    (deep / "b.txt").write_text(REPORT, "utf-8")
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as packed:
        packed.writestr("c/d.txt", REPORT)
    run("convert", folder, out=tmp_path / "one")
    assert [name for name, _ in documents(tmp_path / "one")] == ["report.txt", "ปี ๒๕๖๙/b.txt"]
    run("convert", f"{folder}/**/*.txt", out=tmp_path / "two")
    assert len(documents(tmp_path / "two")) == 2
    run("convert", tmp_path / "all.zip", out=tmp_path / "three")
    assert [(Path(name).name, s) for name, s in documents(tmp_path / "three")] == [("d.txt", "ok")]


def test_lang_th_writes_messages_in_thai(run, folder, tmp_path):
    run("convert", folder, "--lang", "th")
    found = json.loads((tmp_path / "out/findings.json").read_text("utf-8"))
    assert {f["message"][:15] for f in found} == {"ไม่มีแถวของตัวช"}


# ------------------------------------------------------------------ exit codes


def test_the_one_input_is_unreadable(run, tmp_path):
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7\nnothing")
    result = run("convert", broken)
    assert result.exit_code == CODES["unreadable"]
    [error] = [line for line in lines(result) if line.startswith("error: ")]
    assert "export or scan it again" in error
    assert documents(tmp_path / "out") == [("broken.pdf", "failed")]


def test_missing_input_writes_nothing(run, tmp_path):
    result = run("convert", tmp_path / "no such file.pdf")
    assert result.exit_code == CODES["unreadable"]
    assert len([line for line in lines(result) if line.startswith("error: ")]) == 1
    assert "no such file.pdf" in lines(result)[-1]


def test_folder_without_documents(run, tmp_path):
    (tmp_path / "empty").mkdir()
    result = run("convert", tmp_path / "empty")
    assert result.exit_code == CODES["unreadable"]
    [error] = lines(result)
    assert error.startswith("error: no documents in ")
    assert "give PDFs" in error


@pytest.mark.parametrize("args", [["convert"], ["convert", "a.pdf", "--no-such"], ["nothing"]])
def test_wrong_usage(args):
    result = CliRunner().invoke(app, args)
    assert result.exit_code == CODES["usage"]
    assert "Usage:" in result.stderr


def test_unknown_profile(run, folder, tmp_path):
    result = run("convert", folder, "--profile", "budget")
    assert result.exit_code == CODES["profile"]
    known = ", ".join(profile.name for profile in profiles())
    assert lines(result) == [f"error: no profile named 'budget'; known are: {known}"]
    assert not (tmp_path / "out").exists()


def test_named_profile(run, folder):
    assert run("convert", folder, "--profile", "ita-improvement").exit_code == CODES["ok"]


def test_no_profile_fits_the_one_document(run, tmp_path):
    other = tmp_path / "budget.txt"
    other.write_text("รายการ\tงบประมาณ\tหมายเหตุ\tปี\nค่าวัสดุ\t๕๐๐\t-\t๒๕๖๙\n", "utf-8")
    result = run("convert", other)
    assert result.exit_code == CODES["profile"]
    assert documents(tmp_path / "out") == [("budget.txt", "partial")]
    with (tmp_path / "out/cells.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = [line["raw"] for line in csv.DictReader(file)]
    assert cells[:3] == ["รายการ", "งบประมาณ", "หมายเหตุ"]
    assert json.loads((tmp_path / "out/rows.json").read_text("utf-8")) == []


@pytest.mark.parametrize("place", ["out", "out/deeper"])
def test_output_folder_is_a_file(run, folder, tmp_path, place):
    (tmp_path / "out").write_text("in the way")
    result = run("convert", folder, out=tmp_path / place)
    assert result.exit_code == CODES["cannot write"]
    [error] = [line for line in lines(result) if line.startswith("error: ")]
    assert "out" in error
    assert (tmp_path / "out").read_text() == "in the way"


def test_table_that_cannot_be_replaced(run, folder, tmp_path):
    (tmp_path / "out/rows.csv/in the way").mkdir(parents=True)
    result = run("convert", folder)
    assert result.exit_code == CODES["cannot write"]
    assert "rows.csv" in lines(result)[-1]


@pytest.mark.parametrize(("level", "code"), [("error", 0), ("warning", 8), ("info", 8)])
def test_fail_on(run, folder, level, code):
    """The report lacks nine indicators: warnings, no error."""
    assert run("convert", folder, "--fail-on", level).exit_code == code


def test_fail_on_an_error(run, tmp_path):
    odd = tmp_path / "odd.txt"
    odd.write_text(paged(tsv([row(question="เรื่องอื่นที่หน่วยงานเห็นสมควร")])), "utf-8")
    assert run("convert", odd, "--fail-on", "error").exit_code == CODES["found"]


def test_decisions_are_never_overwritten(run, folder, tmp_path):
    run("convert", folder)
    line = '{"id": "1", "document": "other.txt", "target": "cell"}\n'
    (tmp_path / "out/decisions.jsonl").write_text(line)
    assert run("convert", folder).exit_code == CODES["ok"]
    assert (tmp_path / "out/decisions.jsonl").read_text() == line


# ------------------------------------------------------------------ inspect, profiles, version


def test_inspect_for_a_program(run, folder):
    result = run("inspect", folder / "report.txt", "--json")
    assert result.exit_code == 0
    shown = json.loads(result.stdout)
    assert (shown["document"], shown["profile"], shown["fiscal_year"], shown["agency"]) == (
        *("report.txt", "ita-improvement", 2569),
        "เทศบาลตำบลศรีเตี้ย",
    )
    [page] = shown["pages"]
    assert (page["page"], page["source"], page["layer"]) == (1, "dump", "good")
    [found] = page["tables"]
    assert found["columns"] == [
        *("indicator", "question", "analysis", "measures"),
        *("result", "steps", "timeframe", "responsible"),
    ]
    assert found["headers"][1] == "ข้อคำถาม ITA"
    assert len(shown["sha256"]) == 64


def test_inspect_names_the_defects_of_each_font(run, tmp_path):
    bad = "ส านักปลัดจัดท าแผนการด าเนินงานประจ าปี เพื่อน าไปสู่การพัฒนา และก ากับติดตาม ท าให้ส าเร็จ"
    drawn = [words(50, 40 + 16 * n, bad) for n in range(12)]
    path = tmp_path / "word.pdf"
    path.write_bytes(pdf("\n".join(drawn), fonts=(Font("ABCDEF+THSarabunPSK"),)))
    shown = json.loads(run("inspect", path, "--json").stdout)
    assert list(shown["defects"]) == ["THSarabunPSK"]
    assert "split_sara_am" in shown["defects"]["THSarabunPSK"]


def test_inspect_for_a_person(run, folder):
    result = run("inspect", folder / "report.txt")
    assert result.exit_code == 0
    assert result.stdout.startswith("report.txt: ita-improvement, เทศบาลตำบลศรีเตี้ย, 2569")


def test_inspect_of_what_cannot_be_read(run, tmp_path):
    result = run("inspect", tmp_path / "none.pdf")
    assert result.exit_code == CODES["unreadable"]
    [error] = lines(result)
    assert error.startswith("error: ")
    assert "none.pdf" in error


def test_inspect_takes_one_document(run, folder):
    (folder / "second.txt").write_text(REPORT, "utf-8")
    result = run("inspect", folder)
    assert result.exit_code == CODES["unreadable"]
    assert "2 documents here" in lines(result)[0]


def test_profiles_are_listed(run):
    result = run("profiles")
    assert result.exit_code == 0
    assert result.stdout.startswith("ita-improvement: ")
    assert "indicator, question, analysis" in result.stdout


def test_version(run):
    assert run("--version").stdout == f"raingan {__version__}\n"


@pytest.mark.parametrize("command", ["convert", "inspect", "profiles"])
def test_help_of_every_command(command):
    result = CliRunner().invoke(app, [command, "-h"])
    assert result.exit_code == 0
    assert command == "profiles" or "Example" in result.stdout


def test_as_a_program_of_its_own(folder, tmp_path):
    """Once with a real process: no terminal, Thai on its output, its exit code."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "pipeline.py"), "convert", str(folder), "--out", "written"],
        capture_output=True,
        cwd=tmp_path,
        encoding="utf-8",
    )
    assert (done.returncode, done.stderr) == (0, "[1/1] report.txt: ok, 1 rows, 1 findings\n")
    assert done.stdout.splitlines()[-1].startswith("in written/:")
    assert sorted(p.name for p in (tmp_path / "written").iterdir()) == FILES


# ------------------------------------------------------------------ as a function


def test_failure_is_returned_and_not_raised(tmp_path):
    path = tmp_path / "broken.pdf"
    path.write_bytes(b"%PDF-1.7\n")
    result = convert_document(path)
    assert (result.record.document, result.record.status) == ("broken.pdf", "failed")
    assert result.record.error.startswith("broken.pdf: ")
    assert (result.rows, result.cells, result.findings) == ((), (), ())


def test_result_and_settings_survive_a_worker(folder):
    result = convert_document(folder / "report.txt", Settings("ita-improvement"))
    assert pickle.loads(pickle.dumps(result)) == result
    assert pickle.loads(pickle.dumps(Settings("x"))) == Settings("x")


def test_several_documents_for_one(folder):
    (folder / "second.txt").write_text(REPORT, "utf-8")
    with pytest.raises(Unreadable, match="2 documents here"):
        only_input(str(folder))


def kinds(error):
    return [error, *(deeper for kind in error.__subclasses__() for deeper in kinds(kind))]


@pytest.mark.parametrize("kind", kinds(ReportError), ids=lambda kind: kind.__name__)
def test_errors_survive_pickling(kind):
    made = pickle.loads(pickle.dumps(kind("a.pdf: encrypted; export it without a password")))
    assert type(made) is kind
    assert str(made) == "a.pdf: encrypted; export it without a password"
    assert made.exit_code == kind.exit_code


def test_errors_have_the_exit_codes_of_the_contract():
    assert {kind: kind.exit_code for kind in (Unreadable, NoProfile, BadProfile, CannotWrite)} == {
        Unreadable: 3,
        NoProfile: 4,
        BadProfile: 4,
        CannotWrite: 5,
    }
