"""What a run keeps comes back as it was, and only from files that are whole and ours."""

import fcntl
import json
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import ROW, paged, row, tsv
from test_export import FULL, TEXT, contents, full, read_csv, read_json, result

from audit.model import Finding
from export.decisions import BadDecisions, append_decision, read_decisions
from export.files import renew, write_run
from export.model import CannotWrite, DocumentRecord, DocumentResult
from export.store import (
    FOLDER,
    NotARun,
    NotKept,
    Run,
    Store,
    absolute_input,
    adopt,
    decode,
    encode,
    keep_pages,
    kept_pages,
    locked,
    new_file,
    pages_file,
    program_fingerprint,
    published_findings,
    renamed,
    staging,
    work_key,
)
from extract.errors import Unreadable
from extract.model import Box, Cell, Line, Page, Source, Table
from extract.model import Run as Letters
from extract.source import find_inputs
from normalize.decisions import Decision
from normalize.model import Row
from pipeline import Settings, convert_document, read_document, redo_document

PAGE = Page(
    Source("ก/แผน.pdf", 1, Box(0, 0, 842.5, 595)),
    (
        Table(
            (
                Cell(
                    (Line((Letters("Sarabun", "น้ำ\ud800\x00"),), Box(1, 2, 3, 4.1), (0.5, 1.0)),),
                    Source("ก/แผน.pdf", 1, Box(0.1, 2, 3, 4)),
                    3,
                    1,
                    origin="ocr",
                    confidence=0.1 + 0.2,
                    doubtful=("น้ำ",),
                ),
            ),
            3,
            1,
            2,
            open_below=True,
        ),
    ),
    (Line((Letters("", "a"),)),),
    frame=(-1, 0, 100, 0, -1, 200.5),
    unread=(Box(1, 2, 3, 4),),
)


READING = "ab" * 16


def keep(folder, pages, reading=READING):
    """Keep pages under a key."""
    draft = new_file(folder)
    assert tuple(keep_pages(draft, pages)) == tuple(pages)
    adopt(draft, pages_file(folder, reading))


# ------------------------------------------------------------------ values to bytes and back


def test_pages_come_back_as_they_were(tmp_path):
    pages = (PAGE, replace(PAGE, source=Source("ก/แผน.pdf", 2), frame=None))
    keep(tmp_path / FOLDER, pages)
    assert tuple(kept_pages(tmp_path / FOLDER, READING, "ก/แผน.pdf")) == pages


def test_pages_come_back_under_the_name_that_their_document_has_now(tmp_path):
    keep(tmp_path / FOLDER, (PAGE,))
    [page] = kept_pages(tmp_path / FOLDER, READING, "b.pdf")
    [cell] = page.tables[0].cells
    assert (page.source, cell.source) == (
        replace(PAGE.source, document="b.pdf"),
        replace(PAGE.tables[0].cells[0].source, document="b.pdf"),
    )
    assert replace(page, source=PAGE.source, tables=PAGE.tables) == PAGE


def test_a_sample_under_another_name_comes_to_what_renaming_gives(samples, root):
    for name in ("lom-kao-2568.md", "mueang-prachin-buri-2567.html"):
        found = next(i for i in find_inputs([str(root / "samples" / name)]))
        [before] = [r for r in samples.results if r.record.document == name]
        fresh = convert_document(replace(found, name="ก/อื่น.txt"))
        assert replace(fresh, reading=before.reading) == renamed(before, "ก/อื่น.txt")


def test_every_sample_comes_back_as_it_was(samples, root, tmp_path):
    store = Store(samples.out)
    assert list(store.names()) == sorted(r.record.document for r in samples.results)
    for one in samples.results:
        assert store.result(one.record.document) == one
        about = store.about(one.record.document)
        assert (about.record, about.findings) == (one.record, one.findings)
    exported = [i for i in find_inputs([str(root / "samples")]) if i.reader == "dump"]
    for found in exported:
        pages = tuple(read_document(found, Settings()).pages)
        assert tuple(store.pages(found.name)) == pages


def test_every_sample_done_again_from_its_pages_is_the_same(samples):
    store = Store(samples.out)
    before = contents(samples.out)
    redone = [redo_document(store, name, ()) for name in store.names()]
    assert {r.record.document: r for r in redone} == {r.record.document: r for r in samples.results}
    renew(samples.out, redone[:3])
    assert contents(samples.out) == before


@given(text=TEXT, score=st.none() | st.decimals(allow_nan=False, allow_infinity=False))
def test_any_row_comes_back(text, score):
    one = replace(FULL, steps=text, responsible=(text, ""), score=score)
    back = decode(encode(one), Row)
    assert back == one
    assert str(back.score) == str(score)


@given(number=st.floats(min_value=0, max_value=1))
def test_any_confidence_comes_back_exactly(number):
    assert decode(encode(replace(FULL, confidence=number)), Row).confidence == number


def test_dates_decimals_and_absent_values_come_back():
    one = full("ก.pdf")
    back = decode(encode(one), DocumentResult)
    assert back == one
    assert back.rows[0].score == Decimal("83.57")
    assert back.rows[0].start_date == date(2025, 10, 1)
    assert back.rows[0].weaknesses is None
    assert isinstance(back.cells[0].box, Box)


# ------------------------------------------------------------------ a run


def test_the_run_is_kept_as_it_was_asked_for(tmp_path):
    asked = Run(("/a/b.pdf",), profile="ita-improvement", version="9")
    write_run(tmp_path, [full("b.pdf"), full("a.pdf")], "th", asked)
    store = Store(tmp_path)
    run = store.run
    assert replace(run, parts=(), published={}, stands="") == replace(
        asked, language="th", documents=("a.pdf", "b.pdf")
    )
    assert all((store.folder / "parts" / part).is_file() for part in run.parts)
    assert sorted(run.published) == sorted(set(contents(tmp_path)) - {"decisions.jsonl"})
    assert store.names() == ("a.pdf", "b.pdf")


def test_names_of_documents_are_no_names_of_files(tmp_path):
    names = ["../../up.pdf", "/etc/passwd", "a" * 300, "ก/ข.pdf", "run.json"]
    write_run(tmp_path / "out", [full(name) for name in names])
    store = Store(tmp_path / "out")
    assert set(store.names()) == set(names)
    assert [store.result(name).record.document for name in names] == names
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    assert {p.parent.parent.name for p in store.folder.rglob("*.zip")} == {"parts"}


def test_the_same_results_are_kept_as_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        with staging(tmp_path / name) as folder:
            keep(folder, [PAGE])
            write_run(tmp_path / name, [full("a.pdf"), full("b.pdf")], folder=folder)
    one, two = (kept_files(tmp_path / name / FOLDER) for name in ("one", "two"))
    assert len(one) == 5
    assert one == two


def kept_files(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def test_documents_of_an_earlier_run_are_not_in_the_next(tmp_path):
    write_run(tmp_path, [full("a.pdf"), full("b.pdf")])
    write_run(tmp_path, [full("b.pdf")])
    store = Store(tmp_path)
    assert store.names() == ("b.pdf",)
    with pytest.raises(NotKept, match=r"a.pdf: not kept .* run convert again"):
        store.result("a.pdf")


def test_what_a_result_was_made_of_names_it():
    one = Decision("1", "a.pdf", "cell", page=1, row=1, column=1, was="x", now="y")
    other = replace(one, now="z")
    keys = [
        work_key(reading, profile, decisions)
        for reading, profile, decisions in (
            *(("r", "", ()), ("s", "", ()), ("r", "p", ())),
            *(("r", "", (one,)), ("r", "", (other,))),
        )
    ]
    assert len(set(keys)) == len(keys)
    assert work_key("r", "", (one, other)) == work_key("r", "", (other,))


def test_the_program_has_a_fingerprint_that_stays():
    program = "from export.store import program_fingerprint; print(program_fingerprint())"
    places = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    done = subprocess.run([sys.executable, "-c", program], env=places, capture_output=True)
    assert done.stdout.decode().strip() == program_fingerprint()


def test_two_documents_of_one_name_are_both_published(tmp_path):
    write_run(tmp_path, [result(digest="b"), result(digest="a")])
    hashes = [line["sha256"] for line in read_csv(tmp_path / "documents.csv")]
    assert hashes == ["a" * 64, "b" * 64]
    assert Store(tmp_path).names() == ("a.pdf",)


def test_a_run_that_ends_early_leaves_the_output_as_it_was(tmp_path):
    write_run(tmp_path, [full()])
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    with pytest.raises(KeyError), staging(tmp_path) as folder:
        new_file(folder).write_bytes(b"half")
        raise KeyError
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


def test_what_a_killed_run_left_half_done_is_cleared_away(tmp_path):
    new_file(tmp_path / FOLDER).write_bytes(b"half")
    write_run(tmp_path, [full()])
    assert sorted(p.name for p in (tmp_path / FOLDER).iterdir()) == [
        *("between.json", "parts", "run.json")
    ]


def test_there_is_one_run_at_a_time(tmp_path):
    with staging(tmp_path), pytest.raises(CannotWrite, match="another run is writing there"):
        write_run(tmp_path, [full()])
    write_run(tmp_path, [full()])


def test_a_link_in_the_place_of_the_kept_files_is_not_followed(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.txt").write_text("mine")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / FOLDER).symlink_to(tmp_path / "mine")
    write_run(tmp_path / "out", [full()])
    assert (tmp_path / "mine" / "a.txt").read_text() == "mine"
    assert not (tmp_path / "out" / FOLDER).is_symlink()


def test_pages_that_were_not_read_to_the_end_are_not_kept(tmp_path):
    def pages():
        yield PAGE
        raise Unreadable("a.pdf: truncated")

    with pytest.raises(Unreadable):
        list(keep_pages(tmp_path / "a", pages()))
    half = keep_pages(tmp_path / "b", [PAGE, PAGE])
    next(half)
    half.close()
    assert list(tmp_path.iterdir()) == []


def test_pages_are_taken_one_by_one(tmp_path):
    taken = []

    def pages():
        for number in (1, 2, 3):
            taken.append(number)
            yield replace(PAGE, source=Source("a.pdf", number))

    passed = keep_pages(tmp_path / "a", pages())
    assert next(passed).source.page == 1
    assert taken == [1]


def test_no_room_for_the_pages_is_told(tmp_path):
    with pytest.raises(CannotWrite, match="cannot write"):
        list(keep_pages(tmp_path / "none" / "a", [PAGE]))


def test_kept_files_are_no_inputs(tmp_path):
    (tmp_path / "a.txt").write_text(paged(tsv([ROW])), "utf-8")
    write_run(tmp_path, [full()])
    (tmp_path / FOLDER / "b.txt").write_text("x")
    names = [i.name for i in find_inputs([str(tmp_path)], output=tmp_path) if not i.skipped]
    assert "a.txt" in names
    assert not [name for name in names if FOLDER in name or name == "b.txt"]


@pytest.mark.parametrize(
    ("given_", "meant"),
    [
        ("/a/b.pdf", "/a/b.pdf"),
        ("s3://bucket/a.pdf", "s3://bucket/a.pdf"),
        ("https://user:secret@example.org/a@b.pdf", "https://example.org/a@b.pdf"),
        ("https://example.org/a@b.pdf", "https://example.org/a@b.pdf"),
        ("memory://a@b.pdf", "memory://a@b.pdf"),
    ],
)
def test_inputs_mean_the_same_elsewhere(given_, meant):
    assert absolute_input(given_) == meant


def test_relative_inputs_are_those_of_this_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert absolute_input("in/*.pdf") == str(tmp_path / "in/*.pdf")


# ------------------------------------------------------------------ files that are none


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format": "x"}', b"\xff", b"[" * 10000])
def test_a_broken_run_is_told(tmp_path, content):
    write_run(tmp_path, [full()])
    (tmp_path / FOLDER / "run.json").write_bytes(content)
    with pytest.raises(NotARun, match="run convert again"):
        _ = Store(tmp_path).run


def test_a_run_of_another_format_is_told(tmp_path):
    write_run(tmp_path, [full()], run=Run(version="7.0"))
    path = tmp_path / FOLDER / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {"format": 99}), "utf-8")
    with pytest.raises(NotARun, match=r"another version \(7.0\); run convert again"):
        Store(tmp_path).names()


def test_a_folder_without_a_run_is_told(tmp_path):
    with pytest.raises(NotARun, match="no finished run is kept here"):
        Store(tmp_path).names()
    with pytest.raises(NotARun):
        renew(tmp_path / "none", [full()])


def damage(path, how):
    if how == "gone":
        path.unlink()
    elif how == "cut":
        path.write_bytes(path.read_bytes()[:-30])
    elif how == "changed":
        content = bytearray(path.read_bytes())
        with zipfile.ZipFile(path) as archive:
            starts = [one.header_offset + 60 for one in archive.infolist()]
        for start_ in starts:
            content[start_ : start_ + 10] = b"\0" * 10
        path.write_bytes(content)
    elif how == "text":
        path.write_text("no ZIP file")
    else:
        with zipfile.ZipFile(path, "w") as archive:
            for name in ("1.json", "about.json", "result.json"):
                archive.writestr(name, how)


@pytest.mark.parametrize("how", ["gone", "cut", "changed", "text", "{}", "[1]", "null", ""])
def test_kept_files_that_are_not_whole_are_told(tmp_path, how):
    kept = replace(full("a.pdf"), reading=READING)
    write_run(tmp_path, [kept, full("b.pdf")])
    store = Store(tmp_path)
    keep(store.folder, [PAGE])
    assert len(list(store.pages("a.pdf"))) == 1
    before = contents(tmp_path)
    damage(store.part("a.pdf"), how)
    damage(pages_file(store.folder, READING), how)
    with pytest.raises(NotKept, match="run convert again"):
        list(store.pages("a.pdf"))
    with pytest.raises(NotKept, match="run convert again"):
        store.result("a.pdf")
    with pytest.raises(NotKept, match="run convert again"):
        renew(tmp_path, [replace(full("b.pdf"), rows=())])
    assert contents(tmp_path) == before


def test_the_file_of_another_document_is_not_taken(tmp_path):
    write_run(tmp_path, [full("a.pdf"), full("b.pdf")])
    store = Store(tmp_path)
    store.part("a.pdf").write_bytes(store.part("b.pdf").read_bytes())
    with pytest.raises(NotKept, match="run convert again"):
        Store(tmp_path).about("a.pdf")


def test_a_member_that_unpacks_without_end_is_not_read(tmp_path, monkeypatch):
    write_run(tmp_path, [full()])
    monkeypatch.setattr("export.store.MEMBER_BYTES", 100)
    with pytest.raises(NotKept):
        Store(tmp_path).result("a.pdf")


# ------------------------------------------------------------------ renew


def test_one_document_is_replaced_in_all_tables(tmp_path):
    names = ["ก.pdf", "a.pdf", "b.pdf"]
    changed = full("a.pdf")
    changed = replace(
        changed,
        record=replace(changed.record, status="partial"),
        rows=(replace(FULL, document="a.pdf", measures="ใหม่"),),
        cells=(),
        findings=(),
    )
    write_run(tmp_path / "new", [full("ก.pdf"), changed, full("b.pdf")], "th")
    write_run(tmp_path / "out", [full(name) for name in names], "th")
    assert contents(tmp_path / "out") != contents(tmp_path / "new")
    renew(tmp_path / "out", [changed])
    assert contents(tmp_path / "out") == contents(tmp_path / "new")
    assert Store(tmp_path / "out").result("a.pdf") == changed
    assert len(list((tmp_path / "out" / FOLDER).rglob("*.zip"))) == 3
    assert not list(tmp_path.rglob("*.tmp"))


def test_a_document_that_the_run_did_not_have_is_told(tmp_path):
    write_run(tmp_path, [full("a.pdf")])
    before = contents(tmp_path)
    with pytest.raises(NotKept, match=r"b.pdf: no document of this run"):
        renew(tmp_path, [full("b.pdf")])
    assert contents(tmp_path) == before


def test_a_table_that_cannot_be_replaced_leaves_no_temporary_file(tmp_path):
    write_run(tmp_path, [full("a.pdf")])
    (tmp_path / "rows.json").unlink()
    (tmp_path / "rows.json").mkdir()
    with pytest.raises(CannotWrite, match=r"rows.json: cannot write"):
        renew(tmp_path, [full("a.pdf")])
    assert not list(tmp_path.rglob("*.tmp"))


def test_two_programs_renew_one_after_the_other(tmp_path):
    write_run(tmp_path, [result("a.pdf"), result("b.pdf")])
    program = (
        "import sys; from pathlib import Path; from test_export import full;"
        "from export.files import renew; renew(Path(sys.argv[1]), [full(sys.argv[2])])"
    )
    with locked(tmp_path):
        both = [start(program, tmp_path, name) for name in ("a.pdf", "b.pdf")]
        assert [one.poll() for one in both] == [None, None]
    assert [one.wait(60) for one in both] == [0, 0]
    assert {line["document"] for line in read_csv(tmp_path / "cells.csv")} == {"a.pdf", "b.pdf"}
    assert len(read_json(tmp_path / "rows.json")) == 4


def start(program, *arguments):
    tests = Path(__file__).parent
    places = os.pathsep.join(map(str, (tests, tests.parent)))
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": places},
    )


def test_published_findings_are_read_back(tmp_path):
    one = full()
    between = Finding("", "report_missing", "info", "m", documents=("a.pdf", "b.pdf"))
    write_run(tmp_path, [replace(one, findings=(*one.findings, between))])
    (first, second) = published_findings(tmp_path)
    assert first == between
    assert second == replace(one.findings[0], message_th="")
    (tmp_path / "findings.json").write_text('[{"a": 1}]')
    with pytest.raises(NotARun):
        published_findings(tmp_path)


# ------------------------------------------------------------------ decisions


def decision(number, **parts):
    values = {"document": "ก.txt", "target": "cell", "was": "น้ำ\ud800", "now": 'a"\n'} | parts
    return Decision(str(number), **values)


def test_decisions_are_read_back_in_their_order(tmp_path):
    path = tmp_path / "decisions.jsonl"
    assert read_decisions(path) == ()
    given_ = [decision(3, page=1, row=2, column=0), decision(1, now=None), decision(2, now="")]
    for one in given_:
        append_decision(path, one)
    assert read_decisions(path) == tuple(given_)
    assert path.read_bytes().count(b"\n") == 3


def test_a_line_cut_short_is_closed_and_told(tmp_path):
    path = tmp_path / "decisions.jsonl"
    append_decision(path, decision(1))
    path.write_bytes(path.read_bytes() + b'{"id": "2", "doc')
    append_decision(path, decision(3))
    lines = path.read_bytes().splitlines()
    assert [len(lines), lines[1]] == [3, b'{"id": "2", "doc']
    with pytest.raises(BadDecisions, match=r"decisions.jsonl, line 2: no decision"):
        read_decisions(path)
    path.write_bytes(b"\n".join([lines[0], b"", lines[2]]))
    append_decision(path, decision(4))
    assert [one.id for one in read_decisions(path)] == ["1", "3", "4"]


@pytest.mark.parametrize(
    "line",
    [
        '{"a": 1}',
        "[]",
        "null",
        '{"id": "1", "document": "a", "target": "page"}',
        '{"id": "1", "document": "a", "target": "cell", "page": "1"}',
        "\x00",
        "[" * 5000,
    ],
)
def test_a_line_that_is_no_decision_is_told(tmp_path, line):
    path = tmp_path / "decisions.jsonl"
    path.write_text(line + "\n", "utf-8")
    with pytest.raises(BadDecisions) as raised:
        read_decisions(path)
    assert "line 1" in str(raised.value)
    assert raised.value.exit_code == 2


def test_decisions_written_by_hand_may_have_a_mark_and_carriage_returns(tmp_path):
    path = tmp_path / "decisions.jsonl"
    lines = [encode(decision(n, was="ก")) for n in (1, 2)]
    path.write_bytes(b"\xef\xbb\xbf" + b"\r\n".join(lines) + b"\r\n")
    assert [one.id for one in read_decisions(path)] == ["1", "2"]


def test_programs_that_decide_at_once_lose_nothing(tmp_path):
    path = tmp_path / "decisions.jsonl"
    program = (
        "import sys; from pathlib import Path; from export.decisions import append_decision\n"
        "from normalize.decisions import Decision\n"
        "for n in range(60): append_decision(Path(sys.argv[1]), "
        "Decision(f'{sys.argv[2]}-{n}', 'a.pdf', 'cell', was='x' * 9000))"
    )
    path.touch()
    handle = os.open(path, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    several = [start(program, path, name) for name in "abc"]
    os.close(handle)
    assert [one.wait(60) for one in several] == [0, 0, 0]
    ids = [one.id for one in read_decisions(path)]
    assert sorted(ids) == sorted(f"{name}-{n}" for name in "abc" for n in range(60))
    for name in "abc":
        mine = [int(one[2:]) for one in ids if one.startswith(name)]
        assert mine == list(range(60))


def test_a_folder_that_takes_no_decision_is_told(tmp_path):
    with pytest.raises(CannotWrite, match="cannot write"):
        append_decision(tmp_path / "none" / "decisions.jsonl", decision(1))


def test_a_decision_is_applied_to_the_kept_pages(tmp_path):
    source = tmp_path / "a.txt"
    source.write_text(paged(tsv([ROW, row(indicator="")])), "utf-8")
    with staging(tmp_path / "out") as folder:
        first = convert_document(source, Settings(keep=folder))
        write_run(tmp_path / "out", [first], folder=folder)
    source.unlink()
    cell = next(c for c in first.cells if c.field == "measures")
    decided = Decision(
        "1", "a.txt", "cell", "measures", cell.page, cell.row, cell.column, 0, cell.raw, "ใหม่"
    )
    redone = redo_document(Store(tmp_path / "out"), "a.txt", [decided])
    assert redone.rows[0].measures == "ใหม่"
    assert redone.decisions == (decided,)
    renew(tmp_path / "out", [redone])
    assert read_json(tmp_path / "out" / "rows.json")[0]["measures"] == "ใหม่"
    (line,) = [
        line
        for line in read_csv(tmp_path / "out" / "corrections.csv")
        if line["rule"] == "decision"
    ]
    assert (line["before"], line["after"]) == (cell.value, "ใหม่")


def test_a_document_that_failed_has_no_pages(tmp_path):
    failed = DocumentResult(DocumentRecord("z.pdf", "failed", error="empty"))
    write_run(tmp_path, [failed])
    store = Store(tmp_path)
    assert store.result("z.pdf") == failed
    assert not store.has_pages("z.pdf")
    with pytest.raises(NotKept):
        list(store.pages("z.pdf"))
