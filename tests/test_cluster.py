"""Documents on a cluster: a scheduler and workers on loopback, some of which die."""

import os
import re
import select
import shutil
import signal
import subprocess
import sys
import threading
from collections import Counter
from contextlib import contextmanager, suppress
from itertools import count

import cluster_work
import pytest
from cluster_work import HANGS, RAISES, SEGFAULTS, Refused, Writing

import batch.cluster
from batch.cluster import ClusterError, Ground, in_cluster
from batch.exchange import Exchange, ExchangeFailed, Part, fetch_parts, put_token, send_parts
from batch.pool import Guard, Lost
from export.store import OWN, program_fingerprint

pytest.importorskip("distributed")

GUARD = Guard(seconds=2, seconds_per_page=0, patience=1)


class Started:
    """Processes of a cluster, each with its children in a group of its own."""

    def __init__(self, root, folder):
        self.root, self.folder, self.groups = root, folder, []
        self.scheduler = self.start(root, "scheduler", "--port", "0")
        self.address = self.said(self.scheduler, r"Scheduler at:\s+(tcp://\S+)")

    def start(self, code, *arguments):
        """One of dask's two commands, with the program of a folder."""
        command = [sys.executable, "-m", "dask", *arguments, "--host", "127.0.0.1"]
        started = subprocess.Popen(
            [*command, "--no-dashboard"],
            cwd=self.folder,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join([str(code), str(self.root / "tests")]),
            },
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.groups.append(started)
        return started

    def worker(self, code=None, threads=1):
        """A worker, when it is registered; its nanny's process."""
        place = self.folder / f"w{len(self.groups)}"
        options = ("--nthreads", str(threads), "--local-directory", str(place))
        started = self.start(code or self.root, "worker", self.address, *options)
        self.said(started, r"Registered to:\s+(tcp://\S+)")
        return started

    def said(self, process, pattern):
        """Wait for a line of its log, and read on so that it can write."""
        for line in process.stderr:
            found = re.search(pattern, line)
            if found:
                threading.Thread(target=process.stderr.read, daemon=True).start()
                return found.group(1)
        raise AssertionError(f"it ended without {pattern}")

    def kill(self, process):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

    def stop(self):
        for process in self.groups:
            self.kill(process)
            process.wait()


@contextmanager
def cluster(root, folder, workers=0):
    """A scheduler with workers of one thread, each below a nanny."""
    started = Started(root, folder)
    try:
        for _ in range(workers):
            started.worker()
        yield started
    finally:
        started.stop()


@pytest.fixture(scope="module")
def two(root, tmp_path_factory):
    with cluster(root, tmp_path_factory.mktemp("cluster"), workers=2) as started:
        yield started


@pytest.fixture
def alone(root, tmp_path):
    with cluster(root, tmp_path) as started:
        yield started


def has_ended(pid):
    """Wait until a process is gone."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        ready, _, _ = select.select([handle], [], [], 20)
        return bool(ready)
    finally:
        os.close(handle)


# ---------------------------------------------------------------- tasks and results


def test_every_task_comes_back_once(two):
    got = list(in_cluster(cluster_work.double, range(100), two.address))
    assert sorted(got) == [(number, 2 * number) for number in range(100)]


def test_exactly_the_poison_is_lost(two):
    got = dict(in_cluster(cluster_work.poisoned, range(24), two.address, GUARD))
    lost = {number: found.why for number, found in got.items() if isinstance(found, Lost)}
    assert sorted(lost) == sorted([SEGFAULTS, RAISES, HANGS])
    assert "SIGSEGV" in lost[SEGFAULTS]
    assert "ZeroDivisionError" in lost[RAISES]
    assert "not done within 2 seconds" in lost[HANGS]
    rest = {number: found for number, found in got.items() if number not in lost}
    assert rest == {number: 2 * number for number in range(24) if number not in lost}


def test_tasks_are_taken_from_their_source_as_the_work_goes_on(two):
    taken = []

    def source():
        for number in range(60):
            taken.append(number)
            yield number

    ahead = []
    for done, _ in enumerate(in_cluster(cluster_work.double, source(), two.address, window=2), 1):
        ahead.append(len(taken) - done)
    assert len(ahead) == 60
    assert max(ahead) < 2 * 2


def test_an_output_that_cannot_be_written_ends_the_run(two):
    with pytest.raises(Refused, match="out: cannot write"):
        list(in_cluster(cluster_work.refused, range(12), two.address))


def test_work_that_is_left_is_taken_back_and_the_cluster_goes_on(two):
    running = in_cluster(cluster_work.whose, count(), two.address)
    processes = {next(running)[1][0] for _ in range(8)}
    running.close()
    assert all(has_ended(process) for process in processes)
    assert dict(in_cluster(cluster_work.double, range(3), two.address)) == {0: 0, 1: 2, 2: 4}


def test_two_runs_share_a_cluster(two):
    one = in_cluster(cluster_work.double, range(20), two.address)
    other = in_cluster(cluster_work.whose, range(20), two.address)
    got = [next(one), next(other)]
    one_rest = list(one)
    assert len(one_rest) == 19
    assert len([*got, *other]) == 21


def test_a_unit_that_no_worker_can_import_is_our_mistake():
    def unit(number):
        return number

    unit.__module__ = "__main__"
    with pytest.raises(TypeError, match="__main__"):
        next(in_cluster(unit, range(2), "tcp://127.0.0.1:1"))


# ---------------------------------------------------------------- workers and schedulers that die


def test_a_worker_that_dies_is_started_again_by_its_nanny(alone):
    alone.worker()
    running = in_cluster(cluster_work.whose, range(20), alone.address)
    got = [next(running)]
    os.kill(got[0][1][1], signal.SIGKILL)
    got += running
    assert Counter(number for number, _ in got) == Counter(range(20))
    assert len({worker for _, (_, worker) in got}) == 2


def test_documents_of_a_worker_that_is_stopped_are_done_by_another(alone):
    """None of them fails for it."""
    workers = [alone.worker(), alone.worker()]
    running = in_cluster(cluster_work.whose, range(300), alone.address)
    got = [next(running)]
    workers[0].terminate()
    got += running
    assert Counter(number for number, _ in got) == Counter(range(300))
    assert [found for _, found in got if isinstance(found, Lost)] == []


def test_no_worker_any_more(alone, monkeypatch):
    """Its processes end with it."""
    monkeypatch.setattr(batch.cluster, "LOOK_SECONDS", 0.5)
    nanny = alone.worker()
    running = in_cluster(cluster_work.whose, count(), alone.address, patience=1)
    process, worker = next(running)[1]
    os.kill(nanny.pid, signal.SIGKILL)
    os.kill(worker, signal.SIGKILL)
    assert has_ended(process)
    with pytest.raises(ClusterError, match=r"no worker for 1 seconds; start some with `dask w"):
        list(running)


def test_no_scheduler_any_more(alone, monkeypatch):
    monkeypatch.setattr(batch.cluster, "CONNECT_SECONDS", 3.0)
    alone.worker()
    running = in_cluster(cluster_work.double, count(), alone.address)
    assert next(running)[1] % 2 == 0
    alone.kill(alone.scheduler)
    with pytest.raises(ClusterError, match="run the same command again"):
        list(running)


def test_no_worker_at_all(alone):
    with pytest.raises(ClusterError, match="has no workers; start some with `dask worker tcp://"):
        next(in_cluster(cluster_work.double, range(2), alone.address, patience=0.5))


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense://x:1", "tcp://127.0.0.1"])
def test_no_scheduler_at_all(monkeypatch, address):
    monkeypatch.setattr(batch.cluster, "CONNECT_SECONDS", 0.5)
    with pytest.raises(ClusterError, match=f"{address}: no scheduler answers"):
        next(in_cluster(cluster_work.double, range(2), address))


# ---------------------------------------------------------------- workers that do not fit


def test_a_worker_that_does_not_see_an_input_is_named(two):
    ground = Ground(seen=("/nowhere/scans",))
    with pytest.raises(
        ClusterError, match=r"worker tcp://\S+ does not see the input /nowhere/scan"
    ):
        next(in_cluster(cluster_work.double, range(2), two.address, ground=ground))


def test_a_folder_of_the_same_name_is_not_the_same_folder(tmp_path):
    from batch.crew import why_unfit

    token = tmp_path / batch.cluster.TOKEN.format("one")
    token.touch()
    ground = Ground(written=(str(tmp_path),))
    assert why_unfit(ground, "one") == ""
    assert f"does not see the output folder {tmp_path}" in why_unfit(ground, "other")
    assert list(tmp_path.iterdir()) == [token]


def test_tokens_are_gone_after_a_run_and_after_one_that_was_killed(two, tmp_path):
    left, of_another_run = (tmp_path / batch.cluster.TOKEN.format(name) for name in ("a", "b"))
    for token in (left, of_another_run):
        token.touch()
    os.utime(left, (0, 0))
    ground = Ground(written=(str(tmp_path),))
    assert len(list(in_cluster(cluster_work.double, range(5), two.address, ground=ground))) == 5
    assert list(tmp_path.iterdir()) == [of_another_run]


@pytest.fixture
def other_program(root, tmp_path):
    """The program with a comment more."""
    folder = tmp_path / "other"
    for name in ("batch", *OWN):
        if (root / name).is_dir():
            skip = shutil.ignore_patterns("__pycache__")
            shutil.copytree(root / name, folder / name, ignore=skip)
        else:
            shutil.copy(root / name, folder / name)
    with (folder / "extract" / "errors.py").open("a") as file:
        file.write("# a comment more\n")
    return folder


def test_a_worker_without_the_program_is_named(alone, tmp_path):
    alone.worker(tmp_path)
    with pytest.raises(ClusterError, match=r"^worker tcp://\S+ has no raingan that fits .*$"):
        next(in_cluster(cluster_work.double, range(2), alone.address))


def test_a_worker_of_another_program_is_named(alone, other_program):
    alone.worker()
    alone.worker(other_program)
    ground = Ground(program_fingerprint())
    with pytest.raises(ClusterError, match=r"^worker tcp://\S+ runs another state of raingan .*$"):
        next(in_cluster(cluster_work.double, range(2), alone.address, ground=ground))


def test_a_worker_of_another_program_that_comes_later_is_left_out(
    alone, other_program, monkeypatch
):
    """Whether a look at the cluster finds it, or the first task that it gets."""
    monkeypatch.setattr(batch.cluster, "LOOK_SECONDS", 0.5)
    alone.worker()
    notes = []

    def until_noted():
        """So many that the newcomer gets some, and more when it is known."""
        for number in range(100_000):
            yield number
            if notes:
                break
        yield from range(number + 1, number + 21)

    ground = Ground(program_fingerprint())
    running = in_cluster(
        cluster_work.whose, until_noted(), alone.address, ground=ground, note=notes.append
    )
    got = [next(running)]
    other = alone.worker(other_program)
    got += running
    assert len(notes) == 1
    assert re.search(
        r"^worker tcp://\S+ runs another state of raingan .*; it is left out$", notes[0]
    )
    assert Counter(number for number, _ in got) == Counter(range(len(got)))
    assert {worker for _, (_, worker) in got} == {got[0][1][1]}
    assert other.poll() is None


# ---------------------------------------------------------------- the exchange


def tree(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_files_come_by_way_of_an_exchange_also_of_a_worker_that_dies(alone, tmp_path):
    workers = [alone.worker(), alone.worker()]
    there, here = tmp_path / "exchange", tmp_path / "out"
    there.mkdir()
    here.mkdir()
    exchange = Exchange(there.as_uri(), here, cluster_work.into)
    tasks = [Writing(number, tmp_path / "nowhere") for number in range(40)]
    running = in_cluster(cluster_work.write, tasks, alone.address, exchange=exchange)
    got = [next(running)]
    first = got[0][0].number
    assert tree(here)[f"parts/{first % 4:02}/{first}.zip"] == b"%d\n" % first * 1000
    alone.kill(next(w for w in workers if os.getpgid(got[0][1][1]) == w.pid))
    got += running
    assert sorted(task.number for task, _ in got) == list(range(40))
    assert tree(here) == {f"parts/{n % 4:02}/{n}.zip": b"%d\n" % n * 1000 for n in range(40)}
    assert tree(there) == {}
    assert not (tmp_path / "nowhere").exists()


def test_an_exchange_that_cannot_be_opened_is_told(two, tmp_path):
    for url in ("nosuch://bucket/x", (tmp_path / "file" / "x").as_uri()):
        (tmp_path / "file").write_bytes(b"")
        exchange = Exchange(url, tmp_path, cluster_work.into)
        with pytest.raises(ExchangeFailed, match=f"{url}: cannot be written to"):
            next(in_cluster(cluster_work.write, [], two.address, exchange=exchange))


def test_what_was_changed_on_the_way_is_not_taken(tmp_path):
    sent, there, here = (tmp_path / name for name in ("sent", "there", "here"))
    sent.mkdir()
    (sent / "a.zip").write_bytes(b"whole")
    parts = send_parts(sent, ["a.zip"], str(there), "run/1")
    assert tree(there) == {"run/1/a.zip": b"whole"}
    (there / "run/1/a.zip").write_bytes(b"wh")
    with pytest.raises(ExchangeFailed, match=r"a\.zip has other bytes than its worker sent"):
        fetch_parts(str(there), parts, here)
    assert tree(here) == {}


@pytest.mark.parametrize("name", ["../a.zip", "/a.zip", "x/../../a.zip"])
def test_a_name_that_climbs_is_not_taken(tmp_path, name):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "key").write_bytes(b"x")
    part = Part(name, "key", 1, "")
    with pytest.raises(ExchangeFailed, match="a worker names"):
        fetch_parts(str(tmp_path / "there"), (part,), tmp_path / "here")
    assert tree(tmp_path) == {"there/key": b"x"}


def test_no_password_of_an_exchange_is_in_a_message():
    with pytest.raises(ExchangeFailed) as raised:
        put_token("nothing://me:sekret77@host/a", "run")
    assert "nothing://host/a: cannot be written to" in str(raised.value)
    assert "sekret77" not in str(raised.value)


def test_a_file_that_is_there_is_replaced_whole(tmp_path):
    sent, there, here = (tmp_path / name for name in ("sent", "there", "here"))
    for folder, content in ((sent, b"new"), (here, b"old")):
        folder.mkdir()
        (folder / "a.zip").write_bytes(content)
    fetch_parts(str(there), send_parts(sent, ["a.zip"], str(there), "run/1"), here)
    assert tree(here) == {"a.zip": b"new"}
    assert tree(there) == {}
    shutil.rmtree(there)


# ---------------------------------------------------------------- the whole of it


def test_samples_with_a_worker_killed_come_out_as_without(alone, samples, root, tmp_path):
    """Byte for byte what one process writes, and nothing beside it."""
    workers = [alone.worker(), alone.worker()]
    out = tmp_path / "out"
    command = [sys.executable, str(root / "pipeline.py"), "convert", str(root / "samples")]
    running = subprocess.Popen(
        [*command, "--out", str(out), "--cluster", alone.address],
        stderr=subprocess.PIPE,
        text=True,
    )
    with running:
        said = next(line for line in running.stderr if ".txt" in line or ".md" in line)
        alone.kill(workers[0])
        said += running.stderr.read()
    assert running.returncode == 0, said
    wanted = {name: content for name, content in tree(samples.out).items() if "/" not in name}
    got = tree(out)
    assert {name: got[name] for name in wanted} == wanted
    assert [name for name in got if name.endswith(".tmp") or "/tmp/" in name] == []
