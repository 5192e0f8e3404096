"""Killed at any moment, a run goes on by the same command and ends as if nothing had been."""

import shutil
import signal

import pytest
from forked import Running, forks
from made import ROW, pdf, row, rules, tsv, words

from bench.archive import kill_all, processes
from bench.crash import differences, outliving, snapshot

STRIDE = 5
"""Of the operations on the disk, every fifth is one that a run dies at."""


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """Small reports, two of which have the same bytes, and one that cannot be read."""
    folder = tmp_path_factory.mktemp("archive")
    for number in range(1, 4):
        rows = [row(analysis=f"{ROW['analysis']} {'มาก' * number}"), row(question="i๒ ข้อคำถาม")]
        (folder / f"report-{number}.txt").write_text(tsv(rows), "utf-8")
    (folder / "twin.txt").write_bytes((folder / "report-1.txt").read_bytes())
    (folder / "exported.pdf").write_bytes(pdf(rules([50, 90], [50, 90]) + words(60, 60, "ก")))
    (folder / "poison.pdf").write_bytes(b"no PDF at all\n" * 40)
    return folder


@pytest.fixture(scope="module")
def convert(archive, tmp_path_factory):
    with forks(tmp_path_factory.mktemp("forks"), archive / "report-1.txt") as forked:
        yield forked.convert


# ------------------------------------------------------------ in one process, at every operation


def test_killed_at_any_operation_on_the_disk(convert, archive, tmp_path):
    whole = convert(archive, tmp_path / "whole")
    wanted = snapshot(tmp_path / "whole")
    assert (whole.returncode, "rows.csv" in wanted) == (6, True), whole.stderr
    assert whole.operations > 20
    wrong = {}
    for die_at in range(1, whole.operations + 1, STRIDE):
        out = tmp_path / f"at-{die_at}"
        killed = convert(archive, out, die_at=die_at)
        found = [f"{name} is torn" for name in torn(out, wanted)]
        resumed = convert(archive, out)
        found += differences(wanted, snapshot(out))
        if (killed.returncode, resumed.returncode, found) != (-signal.SIGKILL, 6, []):
            wrong[die_at] = (killed.returncode, resumed.returncode, found, resumed.stderr)
    assert wrong == {}


def torn(out, *wholes):
    """The published files that are as in none of these snapshots."""
    found = {name: digest for name, digest in snapshot(out).items() if "/" not in name}
    return [name for name, digest in found.items() if digest not in {w.get(name) for w in wholes}]


def test_killed_while_tables_are_replaced(convert, archive, tmp_path):
    """Each table is the old one or the new one, and then the new one."""
    folder, new = tmp_path / "archive", archive / "report-3.txt"
    shutil.copytree(archive, folder, ignore=shutil.ignore_patterns(new.name))
    assert convert(folder, tmp_path / "old").returncode == 6
    shutil.copy2(new, folder)
    assert convert(folder, tmp_path / "new").returncode == 6
    old, wanted = snapshot(tmp_path / "old"), snapshot(tmp_path / "new")
    shutil.copytree(tmp_path / "old", tmp_path / "grown")
    count = convert(folder, tmp_path / "grown").operations
    assert (list(differences(wanted, snapshot(tmp_path / "grown"))), count > 10) == ([], True)
    wrong = {}
    for die_at in range(2, count + 1, STRIDE):
        out = tmp_path / f"at-{die_at}"
        shutil.copytree(tmp_path / "old", out)
        killed = convert(folder, out, die_at=die_at)
        found = [f"{name} is torn" for name in torn(out, old, wanted)]
        resumed = convert(folder, out)
        found += differences(wanted, snapshot(out))
        if (killed.returncode, resumed.returncode, found) != (-signal.SIGKILL, 6, []):
            wrong[die_at] = (killed.returncode, resumed.returncode, found, resumed.stderr)
    assert wrong == {}


def test_killed_over_and_over_it_still_gets_there(convert, archive, tmp_path):
    """Each time it dies some operations later, over the leavings of all the times before."""
    convert(archive, tmp_path / "whole")
    out = tmp_path / "again"
    deaths = [convert(archive, out, die_at=n).returncode for n in (2, 9, 17, 5, 23, 11)]
    assert -signal.SIGKILL in deaths
    assert convert(archive, out).returncode == 6
    assert list(differences(snapshot(tmp_path / "whole"), snapshot(out))) == []


# ------------------------------------------------------------------ with workers, the whole tree


@pytest.fixture(scope="module")
def undisturbed(archive, tmp_path_factory):
    work = tmp_path_factory.mktemp("undisturbed")
    with Running(archive, work / "out", work / "tmp") as whole:
        code, said = whole.rest()
        assert (code, processes(whole.mark)) == (6, []), said
    assert list((work / "tmp").iterdir()) == []
    return snapshot(work / "out")


@pytest.mark.parametrize("documents", [1, 3, 6])
def test_tree_killed_in_mid_run(archive, undisturbed, tmp_path, documents):
    """The last of them is killed while it publishes."""
    out, before = tmp_path / "out", sorted(archive.iterdir())
    with Running(archive, out, tmp_path / "tmp") as killed:
        assert killed.until_done(documents)
        kill_all(killed.mark)
        assert killed.process.wait() == -signal.SIGKILL
    with Running(archive, out, tmp_path / "tmp") as resumed:
        code, said = resumed.rest()
        assert (code, "Traceback" in said) == (6, False)
        assert processes(resumed.mark) == []
    assert list(differences(undisturbed, snapshot(out))) == []
    assert sorted(archive.iterdir()) == before


def test_workers_end_with_their_parent(archive, tmp_path):
    with Running(archive, tmp_path / "out", tmp_path / "tmp") as killed:
        assert killed.until_done(1)
        workers = set(processes(killed.mark)) - {killed.process.pid}
        killed.process.kill()
        killed.process.wait()
        assert workers
        assert outliving(killed.mark) == 0
