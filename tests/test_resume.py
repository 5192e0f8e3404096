"""A run does what is new, has changed or was decided on; what is done stays done."""

import json
import os
import zipfile
from datetime import datetime
from pathlib import Path

import pypdfium2
import pytest
from made import paged, pdf, row, tsv
from test_export import contents, read_csv
from typer.testing import CliRunner

from batch.manifest import MANIFEST, Manifest
from commands.main import app
from export.decisions import append_decision
from export.store import FOLDER, Store
from normalize.decisions import Decision

LONG_AGO = 1_600_000_000


def report(measures="อบรม"):
    return paged(tsv([row(measures=measures)]))


def write(path: Path, text: str, when: int = LONG_AGO) -> None:
    """A file that has not been written to just now."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    os.utime(path, (when, when))


class Runs:
    """The command line over one folder of reports."""

    def __init__(self, tmp_path):
        self.reports, self.out, self.log = tmp_path / "in", tmp_path / "out", tmp_path / "run.log"
        self.code, self.stderr = 0, ""

    def __call__(self, *options, out=None):
        """Convert; what each document that was looked at came to, and how."""
        self.log.unlink(missing_ok=True)
        words = ["convert", self.reports, "--out", out or self.out, "--log", self.log, *options]
        done = CliRunner().invoke(app, [str(word) for word in words])
        self.code, self.stderr = done.exit_code, done.stderr
        assert not done.exception or isinstance(done.exception, SystemExit), done.output
        return {line["document"]: line["how"] for line in self.events("document")}

    def events(self, name):
        lines = self.log.read_text("utf-8").splitlines() if self.log.exists() else []
        return [line for line in map(json.loads, lines) if line["event"] == name]

    def status(self):
        done = CliRunner().invoke(app, ["status", str(self.out), "--json"])
        return json.loads(done.stdout)


@pytest.fixture
def runs(tmp_path):
    made = Runs(tmp_path)
    write(made.reports / "a.txt", report())
    write(made.reports / "b.txt", report("ประชุม"))
    assert made() == {"a.txt": "converted", "b.txt": "converted"}
    return made


def kept(out):
    return {p.name: p.read_bytes() for p in out.rglob("*") if p.is_file() and p.name != MANIFEST}


def test_a_second_run_does_nothing_and_changes_nothing(runs):
    before = {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in runs.out.iterdir() if p.is_file()}
    assert runs() == {}
    after = {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in runs.out.iterdir() if p.is_file()}
    assert after == before


def test_only_what_is_new_or_changed_is_done(runs, tmp_path):
    write(runs.reports / "a.txt", report("สื่อสาร"))
    write(runs.reports / "c.txt", report("ติดตาม"))
    assert runs() == {"a.txt": "converted", "c.txt": "converted"}
    fresh = tmp_path / "fresh"
    runs(out=fresh)
    assert contents(fresh) == contents(runs.out)
    assert set(kept(fresh)) == set(kept(runs.out))


def test_a_file_of_the_same_size_and_time_that_was_written_just_now_is_read(runs):
    path = runs.reports / "b.txt"
    path.write_text(report("ประชุษ"), "utf-8")
    times = path.stat()
    assert runs() == {"b.txt": "converted"}
    path.write_text(report("ประชุม"), "utf-8")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert runs() == {"b.txt": "converted"}
    assert "ประชุม" in (runs.out / "rows.csv").read_text("utf-8-sig")


def test_a_file_that_was_only_touched_is_not_done_again(runs):
    os.utime(runs.reports / "a.txt")
    assert runs() == {}
    assert runs() == {}


def test_a_renamed_file_is_not_converted_again(runs, tmp_path):
    (runs.reports / "sub").mkdir()
    (runs.reports / "a.txt").rename(runs.reports / "sub" / "ใหม่.txt")
    assert runs() == {"sub/ใหม่.txt": "renamed"}
    assert [line["document"] for line in read_csv(runs.out / "documents.csv")] == [
        *("b.txt", "sub/ใหม่.txt")
    ]
    runs(out=tmp_path / "fresh")
    assert contents(tmp_path / "fresh") == contents(runs.out)


def test_a_file_that_is_there_twice_is_converted_once(runs, tmp_path):
    for name in ("a2.txt", "z/a3.txt"):
        write(runs.reports / name, report())
    assert runs() == {"a2.txt": "renamed", "z/a3.txt": "renamed"}
    done = runs(out=tmp_path / "fresh")
    assert sorted(done.values()) == ["converted", "converted", "renamed", "renamed"]
    assert contents(tmp_path / "fresh") == contents(runs.out)


def test_another_suffix_or_reader_is_no_other_name(runs):
    write(runs.reports / "a.pdf", report())
    assert runs() == {"a.pdf": "converted"}
    assert runs.code == 6


def test_members_of_an_archive_are_looked_up_too(runs):
    with zipfile.ZipFile(runs.reports / "z.zip", "w") as archive:
        archive.writestr("in/a.txt", report())
        archive.writestr("new.txt", report("ใหม่"))
    os.utime(runs.reports / "z.zip", (LONG_AGO, LONG_AGO))
    assert runs() == {"z.zip/in/a.txt": "renamed", "z.zip/new.txt": "converted"}
    assert runs() == {}


def test_what_is_not_there_any_more_is_in_no_table_but_comes_back_for_nothing(runs):
    text = (runs.reports / "a.txt").read_text("utf-8")
    (runs.reports / "a.txt").unlink()
    assert runs() == {}
    assert [line["document"] for line in read_csv(runs.out / "documents.csv")] == ["b.txt"]
    write(runs.reports / "a.txt", text)
    assert set(runs().values()) <= {"kept"}
    assert len(read_csv(runs.out / "documents.csv")) == 2


def test_what_was_made_of_a_file_that_changed_is_let_go(runs):
    before = set(kept(runs.out))
    write(runs.reports / "a.txt", report("สื่อสาร"))
    runs()
    assert len(set(kept(runs.out))) == len(before)


def test_another_language_or_profile_reads_nothing_again(runs):
    assert set(runs("--lang", "th").values()) == {"renamed"}
    assert "ไม่" in (runs.out / "findings.csv").read_text("utf-8-sig")
    assert set(runs("--profile", "ita-improvement").values()) == {"decided"}


def decision(out, number="1", now="ใหม่", **parts):
    cell = next(c for c in Store(out).result("a.txt").cells if c.field == "measures")
    place = (cell.page, cell.row, cell.column)
    values = {"was": cell.raw, "now": now, "sha256": Store(out).about("a.txt").record.sha256}
    return Decision(number, "a.txt", "cell", "measures", *place, 0, **(values | parts))


def test_a_decision_is_applied_to_the_kept_pages_of_its_document_alone(runs, tmp_path):
    append_decision(runs.out / "decisions.jsonl", decision(runs.out))
    assert runs() == {"a.txt": "decided"}
    assert "ใหม่" in (runs.out / "rows.csv").read_text("utf-8-sig")
    assert runs() == {}
    append_decision(runs.out / "decisions.jsonl", Decision("2", "a.txt", "undo", undoes="1"))
    runs()
    assert "ใหม่" not in (runs.out / "rows.csv").read_text("utf-8-sig")


def test_a_decision_on_a_document_that_failed_is_no_reason_to_try_again(runs):
    write(runs.reports / "bad.pdf", "%PDF-1.7\n")
    runs()
    append_decision(
        runs.out / "decisions.jsonl", Decision("1", "bad.pdf", "document", "agency", now="อบต.")
    )
    runs()
    assert runs() == {}


def test_what_failed_is_tried_again_on_request_or_under_other_limits(runs):
    write(runs.reports / "bad.pdf", "%PDF-1.7\n")
    assert runs() == {"bad.pdf": "converted"}
    assert runs.code == 6
    assert runs() == {}
    assert runs.code == 6
    assert runs("--retry-failed") == {"bad.pdf": "converted"}
    assert runs("--time-limit", "900") == {"bad.pdf": "converted"}
    assert runs("--time-limit", "900") == {}
    assert runs("--time-limit", "900", "--password", "1234") == {"bad.pdf": "converted"}


def test_a_file_that_is_mended_is_done(runs):
    write(runs.reports / "c.txt", "")
    runs()
    assert runs.status()["failures"][0]["document"] == "c.txt"
    write(runs.reports / "c.txt", report("แก้ไข"))
    assert runs() == {"c.txt": "converted"}
    assert runs.status()["failed"] == 0


def test_files_from_before_a_day_are_not_looked_at(runs):
    write(runs.reports / "a.txt", report("สื่อสาร"))
    write(runs.reports / "old.txt", report("เก่า"))
    today = datetime.now().strftime("%Y-%m-%d")
    write(runs.reports / "new.txt", report("ใหม่"), int(datetime.now().timestamp()))
    assert runs("--since", today) == {"new.txt": "converted"}
    assert [line["document"] for line in read_csv(runs.out / "documents.csv")] == [
        *("a.txt", "b.txt", "new.txt")
    ]
    assert "อบรม" in (runs.out / "rows.csv").read_text("utf-8-sig")
    assert runs() == {"a.txt": "converted", "old.txt": "converted"}


def test_a_dry_run_says_what_would_be_done_and_writes_nothing(runs, tmp_path):
    write(runs.reports / "a.txt", report("สื่อสาร"))
    write(runs.reports / "c.txt", report("ติดตาม"))
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    words = ["convert", str(runs.reports), "--out", str(runs.out), "--dry-run"]
    done = CliRunner().invoke(app, words)
    assert done.stdout.split() == ["a.txt", "c.txt"]
    assert done.stderr == "3 documents: 1 new, 1 changed, 0 to be tried again, 1 as they are\n"
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before
    words[3] = str(tmp_path / "none")
    done = CliRunner().invoke(app, words)
    assert done.stdout.split() == ["a.txt", "b.txt", "c.txt"]
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + bytes(200), None])
def test_without_its_manifest_nothing_is_converted_again(runs, content):
    path = runs.out / FOLDER / MANIFEST
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    before = contents(runs.out)
    assert runs() == {"a.txt": "kept", "b.txt": "kept"}
    assert contents(runs.out) == before
    assert runs() == {}


def test_a_kept_result_that_is_damaged_is_made_anew(runs):
    before = contents(runs.out)
    part = Store(runs.out).part("a.txt")
    part.write_bytes(part.read_bytes()[:-40])
    assert runs() == {"a.txt": "decided"}
    assert "what is damaged is done anew" in runs.stderr
    assert contents(runs.out) == before


# ------------------------------------------------------------------ what is said of it


def test_status_while_a_run_goes_on(tmp_path, runs):
    write(runs.reports / "bad.pdf", "%PDF-1.7\n")
    runs()
    state = runs.status()
    assert (state["total"], state["done"], state["failed"], state["left"]) == (3, 3, 1, 0)
    assert (state["running"], state["finished"]) == (False, True)
    assert state["inputs"] == [str(runs.reports)]
    with Manifest(runs.out / FOLDER / MANIFEST) as manifest:
        known = [one.found for one in manifest.inputs()]
        assert known == []
        manifest.begin(Store(runs.out).run, [])
        state = runs.status()
    assert (state["total"], state["done"], state["finished"]) == (0, 0, False)
    shown = CliRunner().invoke(app, ["status", str(runs.out)]).stdout
    assert "not finished: the same command goes on from here" in shown
    none = CliRunner().invoke(app, ["status", str(tmp_path / "none")])
    assert (none.exit_code, "no run has written here" in none.stderr) == (3, True)


def test_the_log_tells_what_happened_as_lines_of_json(runs):
    write(runs.reports / "bad\n.pdf", "%PDF-1.7\n")
    runs()
    events = [json.loads(line) for line in runs.log.read_text("utf-8").splitlines()]
    assert [line["event"] for line in events] == ["run", "document", "tables", "end"]
    assert all(datetime.fromisoformat(line["time"]).tzinfo for line in events)
    assert events[1]["status"] == "failed"
    assert "not a readable PDF" in events[1]["error"]
    assert (events[-1]["documents"], events[-1]["failed"], events[-1]["rows"]) == (3, 1, 2)


def test_a_summary_that_can_go_into_a_mail(runs):
    for number in range(3):
        write(runs.reports / f"{number}.pdf", f"%PDF-1.{number}\n")
    done = CliRunner().invoke(app, ["convert", str(runs.reports), "--out", str(runs.out)])
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"raingan 0.1.0: {runs.reports}, in ")
    assert lines[1].split() == ["documents", "5", "3", "failed"]
    assert "why documents failed:" in lines
    [reason] = [line for line in lines if "not a readable PDF" in line]
    assert reason.split()[0] == "3"


def test_an_exported_pdf_is_kept_and_found_again(runs):
    (runs.reports / "c.pdf").write_bytes(pdf())
    os.utime(runs.reports / "c.pdf", (LONG_AGO, LONG_AGO))
    assert runs() == {"c.pdf": "converted"}
    assert runs() == {}


def test_a_log_that_cannot_be_written_is_told_before_anything_is_done(runs, tmp_path):
    words = ["convert", str(runs.reports), "--out", str(tmp_path / "new"), "--log", str(tmp_path)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 5
    assert not (tmp_path / "new").exists()


# ------------------------------------------------------------------ what must not be taken for done


SCAN = Path(__file__).parent.parent / "samples" / "pho-thong-2568-scan.pdf"


def one_page(number, path):
    """A scan of one page of a sample."""
    with pypdfium2.PdfDocument(SCAN) as source, pypdfium2.PdfDocument.new() as made:
        made.import_pages(source, [number])
        made.save(path)
    os.utime(path, (LONG_AGO, LONG_AGO))


@pytest.fixture(scope="module")
def scans(tmp_path_factory):
    """Two scans of a page each, converted without searchable twins."""
    made = Runs(tmp_path_factory.mktemp("scans"))
    made.reports.mkdir()
    one_page(1, made.reports / "a.pdf")
    one_page(2, made.reports / "b.pdf")
    assert set(made().values()) == {"converted"}
    return made


def twins(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_searchable_twins_are_made_of_what_is_done_and_follow_their_documents(scans, tmp_path):
    found = tmp_path / "found"
    assert scans("--searchable", found) == {"a.pdf": "kept", "b.pdf": "kept"}
    before = twins(found)
    assert sorted(before) == ["a.pdf", "b.pdf"]
    assert scans("--searchable", found) == {}
    (found / "a.pdf").unlink()
    assert scans("--searchable", found) == {"a.pdf": "kept"}
    assert twins(found) == before
    one, two, third = (scans.reports / name for name in ("a.pdf", "b.pdf", "c.pdf"))
    one.rename(third)
    two.rename(one)
    third.rename(two)
    assert scans("--searchable", found) == {"a.pdf": "renamed", "b.pdf": "renamed"}
    assert twins(found) == {"a.pdf": before["b.pdf"], "b.pdf": before["a.pdf"]}


def test_a_dry_run_names_what_lacks_its_searchable_twin(scans, tmp_path):
    words = ["convert", str(scans.reports), "--out", str(scans.out), "--dry-run"]
    done = CliRunner().invoke(app, [*words, "--searchable", str(tmp_path / "none")])
    assert sorted(done.stdout.split()) == ["a.pdf", "b.pdf"]
    assert CliRunner().invoke(app, words).stdout == ""


def test_pages_read_coarser_are_not_taken_for_pages_read_well(scans):
    assert set(scans("--max-pixels", "1500000").values()) == {"converted"}
    coarse = contents(scans.out)["cells.csv"]
    assert set(scans().values()) == {"converted"}
    assert contents(scans.out)["cells.csv"] != coarse


def test_two_copies_are_converted_once_also_when_what_failed_is_tried_again(runs):
    write(runs.reports / "bad.pdf", "%PDF-1.7\n")
    runs()
    for name in ("c.txt", "d.txt"):
        write(runs.reports / name, report("ใหม่มาก"))
    done = runs("--retry-failed")
    assert sorted(done.values()) == ["converted", "converted", "renamed"]


@pytest.mark.parametrize("name", [".DS_Store", "zz", "ab/@eaDir"])
def test_what_others_put_among_the_kept_files_is_left_alone(runs, name):
    path = runs.out / FOLDER / "parts" / name
    path.parent.mkdir(exist_ok=True)
    path.mkdir()
    write(runs.reports / "c.txt", report("ใหม่"))
    assert runs() == {"c.txt": "converted"}
    assert runs.code == 0
    assert path.is_dir()


def test_a_day_of_the_buddhist_era_is_told(runs):
    before = contents(runs.out)
    assert runs("--since", "2569-11-01") == {}
    assert (runs.code, "do you mean 2026?" in runs.stderr) == (2, True)
    runs("--since", "0001-01-01")
    assert runs.code in (0, 2)
    assert contents(runs.out) == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--memory-limit", "150"], "a worker needs 700 MB"),
        (["--exchange", "x"], "give both, or neither"),
        (["--cluster", "tcp://127.0.0.1:1", "--second-opinion"], "may differ in Tesseract"),
    ],
)
def test_what_cannot_be_asked_for_is_told_at_once(runs, options, said):
    runs(*options)
    assert (runs.code, said in runs.stderr) == (2, True)
