"""What goes wrong around a run: the disk, permissions, damaged leavings, a second run, Ctrl-C.

Whatever it is: one clear message, no traceback, each table whole, and the same command goes on.
"""

import csv
import json
import secrets
import shutil
import signal
import sqlite3
import stat
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest
from forked import Running, forks
from made import ROW, row, tsv

from bench.archive import ROOT, command, marked, processes
from bench.crash import differences, snapshot
from export.store import Store

PUBLISHED = (
    *("rows.csv", "rows.json", "cells.csv", "corrections.csv", "findings.csv", "findings.json"),
    *("documents.csv", "datapackage.json", "audit.html"),
)
LONG = 24
"""Documents of an archive that takes long enough to be interrupted."""


def fill(folder, count, first=1):
    """Small reports with texts of their own."""
    folder.mkdir(exist_ok=True)
    for number in range(first, first + count):
        rows = [row(analysis=f"{ROW['analysis']} {'มาก' * number}") for _ in range(12)]
        (folder / f"report-{number:02}.txt").write_text(tsv(rows), "utf-8")
    return folder


@pytest.fixture
def archive(tmp_path):
    return fill(tmp_path / "archive", 3)


@pytest.fixture(scope="module")
def forked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("forks")
    with forks(folder, fill(folder / "warm", 1) / "report-01.txt") as forked:
        yield forked


@pytest.fixture(scope="module")
def convert(forked):
    """Runs the command line to its end."""
    return forked.convert


def convert_on(disk, inputs, jobs=0, **how):
    """The same where a small disk is mounted."""
    asked = [*disk.inside, *command([inputs], disk.place, "--jobs", str(jobs))]
    return subprocess.run(asked, capture_output=True, text=True, **how)


@pytest.fixture(scope="module")
def undisturbed(convert, tmp_path_factory):
    """The output of three reports, converted in peace."""
    work = tmp_path_factory.mktemp("undisturbed")
    done = convert(fill(work / "archive", 3), work / "out")
    assert done.returncode == 0, done.stderr
    return without_run(snapshot(work / "out"))


def without_run(files):
    """A snapshot without what names the folder that was converted."""
    return {name: digest for name, digest in files.items() if name != ".raingan/run.json"}


def is_one_message(done, code, *parts):
    """It ends with this code and one line that says these things, and with no traceback."""
    lines = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert len(lines) == 1, done.stderr
    for part in parts:
        assert part.lower() in lines[0].lower()
    return True


def is_full(done):
    """It says so, in the words of the system or of SQLite."""
    return "No space left on device" in done.stderr or "disk is full" in done.stderr


def published(out):
    """The bytes of each published file that is there."""
    return {name: (out / name).read_bytes() for name in PUBLISHED if (out / name).is_file()}


def temporary_files(out):
    return [path for path in out.rglob("*") if path.suffix == ".tmp" or path.parent.name == "tmp"]


def is_whole(out):
    """Each published file ends as it should; none is cut."""
    for name, content in published(out).items():
        if name.endswith(".json"):
            json.loads(content)
        elif name.endswith(".csv"):
            lines = list(csv.reader(content.decode("utf-8-sig").splitlines(keepends=True)))
            assert {len(line) for line in lines} == {len(lines[0])}, name
        else:
            assert content.rstrip().endswith(b"</html>")
    return True


# -------------------------------------------------------------------------------- a full disk


class SmallDisk:
    """A tmpfs in a mount namespace of its own, which needs no rights; gone with its process."""

    def __init__(self, place, kilobytes):
        self.place = place
        place.mkdir()
        self.holder = subprocess.Popen(
            ["unshare", "--user", "--map-root-user", "--mount", "sh"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        said = self.tell(f"mount -t tmpfs -o size={kilobytes}k tmpfs '{place}'")
        if said:
            self.close()
            pytest.skip(f"no small disk can be mounted here: {said}")

    def tell(self, line):
        """What a shell beside the disk says to it."""
        try:
            print(line, "\necho; echo done", file=self.holder.stdin, flush=True)
        except BrokenPipeError:
            return self.holder.stdout.read() or "unshare failed"
        said = []
        for answer in self.holder.stdout:
            if answer == "done\n":
                return "".join(said).strip()
            said.append(answer)
        return "".join(said).strip() or "unshare failed"

    def close(self):
        self.holder.stdin.close()
        self.holder.stdout.close()
        self.holder.wait()

    @property
    def inside(self):
        """A prefix that runs a command where the disk is mounted."""
        joined = ["nsenter", "--target", str(self.holder.pid), "--user", "--mount"]
        return [*joined, "--preserve-credentials", f"--wd={ROOT}"]

    @property
    def seen(self):
        """The disk as it is seen from here."""
        return Path(f"/proc/{self.holder.pid}/root{self.place}")


@contextmanager
def small_disk(place, kilobytes):
    if not all(map(shutil.which, ("unshare", "nsenter", "mount"))):
        pytest.skip("no unshare and nsenter of util-linux here")
    disk = SmallDisk(place, kilobytes)
    try:
        yield disk
    finally:
        disk.close()


def disk_kilobytes(out):
    """What an output takes on a disk of 4 KB pages."""
    return sum(-(-path.stat().st_size // 4096) * 4 for path in out.rglob("*") if path.is_file())


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_disk_full(convert, archive, undisturbed, tmp_path, share):
    """It is full among the first results, the last ones, and the tables."""
    convert(archive, tmp_path / "whole")
    needed = disk_kilobytes(tmp_path / "whole")
    with small_disk(tmp_path / "disk", round(needed * share)) as disk:
        done = convert_on(disk, archive)
        assert is_one_message(done, 5) and is_full(done)
        assert published(disk.seen) == {}
        assert temporary_files(disk.seen) == []
        assert disk.tell(f"mount -o remount,size={needed * 4}k '{disk.place}'") == ""
        resumed = convert_on(disk, archive)
        assert (resumed.returncode, "Traceback" in resumed.stderr) == (0, False)
        assert list(differences(undisturbed, without_run(snapshot(disk.seen)))) == []


def test_disk_full_leaves_the_tables_of_the_run_before(convert, archive, tmp_path):
    convert(archive, tmp_path / "first")
    with small_disk(tmp_path / "disk", round(disk_kilobytes(tmp_path / "first") * 1.3)) as disk:
        assert convert_on(disk, archive).returncode == 0
        old = published(disk.seen)
        fill(archive, 6, first=4)
        done = convert_on(disk, archive)
        assert is_one_message(done, 5) and is_full(done)
        assert (published(disk.seen), sorted(old)) == (old, sorted(PUBLISHED))
        assert temporary_files(disk.seen) == []


def test_disk_full_under_workers(archive, tmp_path):
    """They say it, the others stop, and nobody is left."""
    with small_disk(tmp_path / "disk", 24) as disk:
        mark = secrets.token_hex(8)
        done = convert_on(disk, archive, jobs=2, env=marked(mark))
        assert processes(mark) == []
        assert is_one_message(done, 5) and is_full(done)
        assert published(disk.seen) == {}


@pytest.mark.parametrize("kilobytes", [1, 8, 64])
def test_files_may_not_grow(convert, archive, undisturbed, tmp_path, kilobytes):
    """A limit on the size of a file: what a quota comes to, also where nothing can be mounted."""
    out = tmp_path / "out"
    done = convert(archive, out, most_bytes=kilobytes * 1024)
    assert is_one_message(done, 5)
    assert published(out) == {}
    assert temporary_files(out) == []
    assert convert(archive, out).returncode == 0
    assert list(differences(undisturbed, without_run(snapshot(out)))) == []


# -------------------------------------------------------------------------------- permissions


@pytest.fixture
def obeyed(convert, archive, tmp_path):
    """Skip where permissions are not obeyed even by one without root's rights."""
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o555)
    if convert(archive, locked / "out", anybody=True).returncode == 0:
        pytest.skip("this user may write everywhere here")


def test_output_is_a_file(convert, archive, tmp_path):
    (tmp_path / "out").write_text("mine")
    assert is_one_message(convert(archive, tmp_path / "out"), 5, str(tmp_path / "out"))
    assert (tmp_path / "out").read_text() == "mine"


def test_output_below_a_file(convert, archive, tmp_path):
    (tmp_path / "file").write_text("mine")
    out = tmp_path / "file" / "out"
    assert is_one_message(convert(archive, out), 5, str(out))


@pytest.mark.usefixtures("obeyed")
def test_new_output_in_a_folder_that_is_read_only(convert, archive, tmp_path):
    parent = tmp_path / "parent"
    parent.mkdir(mode=0o555)
    done = convert(archive, parent / "out", anybody=True)
    assert is_one_message(done, 5, "Permission denied", str(parent / "out"))
    assert list(parent.iterdir()) == []


@pytest.mark.usefixtures("obeyed")
@pytest.mark.parametrize("place", [".", ".raingan", ".raingan/parts"])
def test_output_that_is_read_only(convert, archive, tmp_path, place):
    """The tables of the run before stand; writable again, it goes on."""
    out = tmp_path / "out"
    convert(archive, out)
    old = published(out)
    fill(archive, 1, first=4)
    for path in [out / place, *(out / place).rglob("*")]:
        if path.is_dir():
            path.chmod(0o555)
    done = convert(archive, out, anybody=True)
    for path in [out / place, *(out / place).rglob("*")]:
        if path.is_dir():
            path.chmod(0o755)
    assert is_one_message(done, 5, "Permission denied")
    assert published(out) == old
    assert convert(archive, out).returncode == 0
    assert len((out / "documents.csv").read_text("utf-8").splitlines()) == 5


@pytest.mark.usefixtures("obeyed")
def test_input_that_may_not_be_read(convert, archive, tmp_path):
    """It costs its own document; once it may be read, only that is converted."""
    locked = archive / "report-02.txt"
    locked.chmod(0)
    done = convert(archive, tmp_path / "out", anybody=True)
    assert is_one_message(done, 6, "report-02.txt", "Permission denied")
    locked.chmod(0o644)
    again = convert(archive, tmp_path / "out", "--retry-failed")
    assert (again.returncode, again.stderr.count("error")) == (0, 0)


@pytest.mark.usefixtures("obeyed")
@pytest.mark.parametrize("mode", [0, stat.S_IXUSR], ids=["nothing", "no-listing"])
def test_folder_that_may_not_be_read(convert, archive, tmp_path, mode):
    """It is said, and the documents beside it are converted; once it may be read, its own are."""
    inner = fill(archive / "inner", 2)
    inner.chmod(mode)
    done = convert(archive, tmp_path / "out", anybody=True)
    inner.chmod(0o755)
    assert is_one_message(done, 6, "inner", "cannot be read")
    again = convert(archive, tmp_path / "out")
    assert again.returncode == 0, again.stderr
    assert len((tmp_path / "out/documents.csv").read_text("utf-8").splitlines()) == 6


@pytest.mark.usefixtures("obeyed")
@pytest.mark.parametrize("mode", [0, stat.S_IXUSR], ids=["nothing", "no-listing"])
def test_only_a_folder_that_may_not_be_read(convert, archive, tmp_path, mode):
    archive.chmod(mode)
    done = convert(archive, tmp_path / "out", anybody=True)
    archive.chmod(0o755)
    assert is_one_message(done, 3, "a folder that cannot be read")


@pytest.mark.usefixtures("obeyed")
def test_tables_that_may_not_be_read_are_replaced(convert, archive, undisturbed, tmp_path):
    out = tmp_path / "out"
    convert(archive, out)
    (out / "rows.csv").chmod(0)
    done = convert(archive, out, anybody=True)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    assert list(differences(undisturbed, without_run(snapshot(out)))) == []


def test_nothing_is_written_elsewhere(root, tmp_path):
    """Neither by the program nor by the libraries that read a scan, some of which would report."""
    home, temporary = tmp_path / "home", tmp_path / "tmp"
    home.mkdir()
    temporary.mkdir()
    scan = root / "samples/lue-amnat-2570-scan.tif"
    done = subprocess.run(
        command([scan], tmp_path / "out", "--jobs", "1"),
        env=marked("elsewhere", temporary) | {"HOME": str(home), "XDG_CACHE_HOME": str(home)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert (list(home.rglob("*")), list(temporary.rglob("*"))) == ([], [])


def test_a_home_that_cannot_be_written(root, tmp_path):
    """As a service or a container has it."""
    (tmp_path / "file").write_text("")
    done = subprocess.run(
        command([root / "samples/lom-kao-2568.md"], tmp_path / "out", "--jobs", "0"),
        env=marked("homeless") | {"HOME": str(tmp_path / "file/home")},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr


# -------------------------------------------------------------------------- damaged leavings


def parts(out):
    return sorted(path for path in (out / ".raingan/parts").rglob("*") if path.is_file())


def manifest(out):
    return out / ".raingan/manifest.sqlite"


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def spoil(path):
    """Overwrite the middle of a file."""
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 64] = b"\xa5" * 64
    path.write_bytes(content[: max(len(content), 64)])


def emptied(path):
    path.write_bytes(b"")


def gone(path):
    path.unlink()


def folder_instead(path):
    path.unlink()
    path.mkdir()


def newer_format(path):
    with sqlite3.connect(path) as base:
        base.execute("PRAGMA user_version = 4711")
    base.close()


def other_tables(path):
    """A base that is whole and none of ours, but says that it is."""
    with sqlite3.connect(path) as base:
        number = base.execute("PRAGMA user_version").fetchone()[0]
    base.close()
    path.unlink()
    with sqlite3.connect(path) as base:
        base.execute("CREATE TABLE inputs (name TEXT)")
        base.execute(f"PRAGMA user_version = {number}")
    base.close()


@pytest.fixture
def finished(convert, archive, tmp_path):
    """A finished output over `archive`."""
    done = convert(archive, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    return tmp_path / "out"


@pytest.fixture
def mends_itself(convert, archive, finished, undisturbed):
    """Whether the same command gives the same output, whatever had happened to it."""

    def mends():
        done = convert(archive, finished)
        assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
        assert list(differences(undisturbed, without_run(snapshot(finished)))) == []
        return True

    return mends


def test_parts_folder_gone(mends_itself, finished):
    shutil.rmtree(finished / ".raingan/parts")
    assert mends_itself()


def test_all_that_is_kept_gone(mends_itself, finished):
    shutil.rmtree(finished / ".raingan")
    assert mends_itself()


def test_tables_gone_or_damaged(mends_itself, finished):
    (finished / "rows.csv").unlink()
    cut(finished / "cells.csv")
    spoil(finished / "audit.html")
    assert mends_itself()


@pytest.mark.parametrize("damage", [cut, spoil, emptied, gone])
def test_kept_parts_damaged(mends_itself, finished, damage):
    """Those that are needed are made again."""
    for path in parts(finished):
        damage(path)
    (finished / "rows.csv").unlink()
    assert mends_itself()


@pytest.mark.parametrize("damage", [cut, spoil, emptied, gone, newer_format, other_tables])
def test_manifest_damaged(forked, mends_itself, finished, damage):
    """It is made anew; until then `status` says what it can."""
    damage(manifest(finished))
    shown = forked.run(["status", str(finished)])
    assert (shown.returncode in (0, 3), "Traceback" in shown.stderr) == (True, False), shown
    assert mends_itself()


def a_result(out):
    """The kept result of a document, without which its tables cannot be written."""
    return Store(out).part(Store(out).names()[0])


@pytest.mark.parametrize("place", [manifest, a_result], ids=["manifest", "part"])
def test_folder_in_the_place_of_a_kept_file(convert, archive, finished, place):
    """It is named, and whatever is in it stays; without it the run goes on."""
    path = place(finished)
    folder_instead(path)
    (finished / "rows.csv").unlink()
    assert is_one_message(convert(archive, finished), 5, str(path))
    path.rmdir()
    assert convert(archive, finished).returncode == 0


@pytest.mark.parametrize("damage", [cut, spoil, emptied, gone])
@pytest.mark.parametrize("name", ["run.json", "between.json"])
def test_other_kept_files_damaged(mends_itself, finished, damage, name):
    damage(finished / ".raingan" / name)
    assert mends_itself()


def test_strange_files_among_the_kept_ones(convert, archive, finished, undisturbed):
    """What a killed run or a person left where the program keeps its own goes, or stays out."""
    (finished / ".raingan/tmp").mkdir(exist_ok=True)
    (finished / ".raingan/tmp/half").write_bytes(b"half")
    shard = parts(finished)[0].parent
    (shard / f"{shard.name}{'0' * 30}-{'0' * 16}.zip").write_bytes(b"nobody's")
    done = convert(archive, finished)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    assert temporary_files(finished) == []
    assert {name: digest for name, digest in snapshot(finished).items() if name in PUBLISHED} == {
        name: digest for name, digest in undisturbed.items() if name in PUBLISHED
    }


# ------------------------------------------------------------------- two at once, and Ctrl-C


@pytest.fixture(scope="module")
def long_archive(tmp_path_factory):
    return fill(tmp_path_factory.mktemp("long") / "archive", LONG)


@pytest.fixture(scope="module")
def whole(convert, long_archive, tmp_path_factory):
    """It, converted in peace."""
    out = tmp_path_factory.mktemp("whole") / "out"
    assert convert(long_archive, out).returncode == 0
    return snapshot(out)


def test_two_runs_into_one_output(convert, long_archive, tmp_path):
    """The first is held still while the second one tries."""
    out = tmp_path / "out"
    with Running(long_archive, out, tmp_path / "tmp") as first:
        assert first.until_done(1)
        first.send(signal.SIGSTOP)
        before = snapshot(out)
        second = convert(long_archive, out)
        assert snapshot(out) == before
        first.send(signal.SIGCONT)
        code, said = first.rest()
    assert is_one_message(second, 5, str(out), "another run")
    assert code == 0, said
    assert len((out / "documents.csv").read_text("utf-8").splitlines()) == LONG + 1


@pytest.mark.parametrize(
    ("number", "everybody"),
    [(signal.SIGINT, True), (signal.SIGINT, False), (signal.SIGTERM, False)],
    ids=["ctrl-c", "interrupt of the parent", "termination of the parent"],
)
def test_interrupted(convert, long_archive, whole, tmp_path, number, everybody):
    """A terminal sends it to the whole group, `kill` to the parent alone."""
    out, temporary, log = tmp_path / "out", tmp_path / "tmp", tmp_path / "run.log"
    with Running(long_archive, out, temporary, "--log", log) as run:
        assert run.until_done(5)
        if everybody:
            run.send(number)
        else:
            run.process.send_signal(number)
        code, said = run.rest()
        assert processes(run.mark) == []
    assert (code, "Traceback" in said) == (130, False), said
    assert "interrupted" in said.splitlines()[-1]
    assert json.loads(log.read_text("utf-8").splitlines()[-1])["event"] == "interrupted"
    assert (published(out), temporary_files(out), list(temporary.iterdir())) == ({}, [], [])
    kept = {path.name: path.stat().st_mtime_ns for path in parts(out)}
    assert len(kept) >= 5
    resumed = convert(long_archive, out)
    assert resumed.returncode == 0, resumed.stderr
    now = {path.name: path.stat().st_mtime_ns for path in parts(out)}
    assert {name: now.get(name) for name in kept} == kept
    assert list(differences(whole, snapshot(out))) == []


def test_interrupted_leaves_the_tables_of_the_run_before(convert, long_archive, tmp_path):
    out = tmp_path / "out"
    assert convert(long_archive / "report-01.txt", out).returncode == 0
    old = published(out)
    with Running(long_archive, out, tmp_path / "tmp") as run:
        assert run.until_done(3)
        run.send(signal.SIGINT)
        assert run.rest()[0] == 130
    assert (published(out), sorted(old)) == (old, sorted(PUBLISHED))
    assert is_whole(out)
