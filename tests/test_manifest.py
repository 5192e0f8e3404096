"""The index of an archive: what it knows, and that it may be lost."""

import os
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from batch.manifest import MANIFEST, RACY_NS, SCHEMA, Manifest, Outcome, state_of
from export.model import CannotWrite
from export.store import NotARun, Run
from extract.source import Input

STAMP = 1_600_000_000_000_000_000


def found(name, size=10, stamp=str(STAMP), **parts):
    return Input(name, "pdf", Path("/in") / name, size=size, stamp=stamp, **parts)


def outcome(name, **parts):
    shard = {"part": f"ab/{name}.zip", "reading": "cd" * 16, "sha256": "ef" * 32}
    return Outcome(name, "ok", **(shard | {"hashed": STAMP + 2 * RACY_NS} | parts))


@pytest.fixture
def path(tmp_path):
    return tmp_path / MANIFEST


def run(path, inputs, done=()):
    """A run that does some of its inputs; what is then known of the inputs of the next."""
    with Manifest(path) as manifest:
        manifest.begin(Run(), inputs)
        for one in done:
            manifest.record(one)


def known(path, inputs):
    with Manifest(path) as manifest:
        manifest.begin(Run(), inputs)
        return {one.found.name: one for one in manifest.inputs()}


def test_an_unchanged_file_is_known_by_its_bytes(path):
    run(path, [found("a"), found("b")], [outcome("a")])
    again = known(path, [found("a"), found("b")])
    assert again["a"].sha256 == "ef" * 32
    assert again["a"].part == "ab/a.zip"
    assert (again["b"].sha256, again["b"].part) == (None, None)


@pytest.mark.parametrize(
    "changed",
    [
        {"size": 11},
        {"stamp": str(STAMP + 1)},
        {"stamp": ""},
        {"path": Path("/other/a")},
        {"member": "x"},
        {"url": "memory://a"},
    ],
)
def test_a_changed_file_is_not(path, changed):
    run(path, [found("a")], [outcome("a")])
    again = known(path, [replace(found("a"), **changed)])
    assert again["a"].sha256 is None
    assert again["a"].before == "ef" * 32


def test_a_file_written_shortly_before_it_was_read_is_not_trusted(path):
    run(path, [found("a")], [outcome("a", hashed=STAMP + RACY_NS - 1)])
    assert known(path, [found("a")])["a"].sha256 is None


def test_a_stamp_that_is_no_time_is_trusted(path):
    tagged = found("a", stamp='"etag"')
    run(path, [tagged], [outcome("a", hashed=5)])
    assert known(path, [tagged])["a"].sha256 == "ef" * 32


def test_the_largest_come_first_and_none_is_left_out(path):
    inputs = [found(f"{n:04}", size=n % 7 or None) for n in range(1600)]
    with Manifest(path) as manifest:
        assert manifest.begin(Run(), inputs) == 1600
        names = []
        for one in manifest.inputs():
            names.append(one.found)
            manifest.record(outcome(one.found.name))
        assert list(manifest.inputs()) == []
    assert sorted(one.name for one in names) == [one.name for one in inputs]
    sizes = [one.size or 0 for one in names]
    assert sizes == sorted(sizes, reverse=True)


def test_names_that_are_no_text_and_paths_come_back(path):
    odd = Input("ก\n.pdf", None, Path(os.fsdecode(b"/in/\xff\n.pdf")), error="a: b", size=1)
    assert known(path, [odd]) == {"ก\n.pdf": (odd, None, None, None, None, False)}


def test_no_password_of_an_address_is_written(path):
    secret = Input("a", "pdf", url="ftp://me:sekret77@host/a.pdf", size=1, stamp="x")
    assert known(path, [secret])["a"].found == secret
    run(path, [secret], [outcome("a")])
    assert known(path, [secret])["a"].sha256 == "ef" * 32
    assert b"sekret77" not in path.read_bytes()


def test_inputs_that_a_run_does_not_have_are_kept_but_not_listed(path):
    run(path, [found("a"), found("b")], [outcome("a"), outcome("b")])
    with Manifest(path) as manifest:
        manifest.begin(Run(), [found("b")])
        manifest.settle(["b"])
        assert list(manifest.parts()) == [("b", "ab/b.zip")]
        assert manifest.needed("ab") == {
            *("a.zip", "a.zip.crops.zip", "b.zip", "b.zip.crops.zip"),
        }
        assert manifest.needed("cd") == {"cd" * 16 + ".pages.zip"}
        state = manifest.state()
    assert (state.total, state.done, state.other) == (1, 1, 1)


def test_the_state_counts_what_the_last_run_did(path, tmp_path):
    bad = outcome("c", error="c: broken")
    run(
        path,
        [found(name) for name in "abcd"],
        [outcome("a", rows=3, review=1), outcome("b", rows=2), replace(bad, status="failed")],
    )
    state = state_of(tmp_path, tmp_path)
    assert (state.total, state.done, state.failed, state.left) == (4, 3, 1, 1)
    assert (state.rows, state.review, state.finished) == (5, 1, False)
    assert state.reasons == (("c", "c: broken"),)


def test_it_can_be_read_while_it_is_written(path, tmp_path):
    with Manifest(path) as manifest:
        manifest.begin(Run(), [found("a"), found("b")])
        manifest.record(outcome("a"))
        assert (state_of(tmp_path, tmp_path).done, state_of(tmp_path, tmp_path).left) == (1, 1)
        manifest.record(outcome("b"))
        assert state_of(tmp_path, tmp_path).left == 0


def test_what_a_killed_run_wrote_by_halves_is_undone_also_to_be_looked_at(path, tmp_path):
    run(path, [found("a")], [outcome("a")])
    program = (
        "import os, signal, sqlite3, sys\n"
        "base = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "base.execute('PRAGMA cache_size = 1')\n"
        "base.execute('PRAGMA cache_spill = 1')\n"
        "base.execute('BEGIN IMMEDIATE')\n"
        "base.execute(\"UPDATE inputs SET status = 'failed'\")\n"
        "base.executemany('INSERT INTO inputs (name, place, input, stamp, turn, rank) VALUES "
        "(?, ?, ?, ?, 1, 0)', [(str(n), b'', b'x' * 9000, '') for n in range(200)])\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", program, path], check=False)
    assert path.with_name(f"{MANIFEST}-journal").exists()
    state = state_of(tmp_path, tmp_path)
    assert (state.total, state.failed) == (1, 0)
    assert known(path, [found("a")])["a"].status == "ok"


@pytest.mark.parametrize("content", [b"", b"x" * 5000, b"SQLite format 3\0" + bytes(4080)])
def test_one_that_is_none_is_made_anew(path, content):
    path.write_bytes(content)
    with Manifest(path) as manifest:
        assert bool(manifest.note) == bool(content)
        assert manifest.begin(Run(), [found("a")]) == 1


def test_one_that_is_damaged_within_is_made_anew(path):
    run(path, [found(f"{n:04}") for n in range(500)])
    content = bytearray(path.read_bytes())
    for start in range(8192, len(content), 4096):
        content[start : start + 64] = b"\xff" * 64
    path.write_bytes(content)
    with Manifest(path) as manifest:
        assert "each file is hashed again" in manifest.note
        assert manifest.begin(Run(), [found("a")]) == 1


def test_one_of_another_version_is_made_anew(path):
    run(path, [found("a")], [outcome("a")])
    base = sqlite3.connect(path)
    base.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    base.execute("ALTER TABLE inputs RENAME COLUMN part TO shard")
    base.commit()
    base.close()
    assert known(path, [found("a")])["a"].part is None


def test_a_folder_that_takes_no_file_is_told(tmp_path):
    with pytest.raises(CannotWrite, match="cannot write"):
        Manifest(tmp_path / "none" / MANIFEST)


def test_a_folder_without_one_is_told(tmp_path):
    with pytest.raises(NotARun, match="no run has written here"):
        state_of(tmp_path, tmp_path)
