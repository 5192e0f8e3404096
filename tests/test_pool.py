"""A document can hang, crash or fill its worker, and costs itself alone."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from pool_work import Job, Refused, in_pool, work

from batch.pool import Guard, Lost, Pool, through

GUARD = Guard(2, 1, patience=3, memory_bytes=2_000_000_000, tasks_per_worker=20)
REASONS = {
    "hang": "not done within 2 seconds of work, and 1 more for each page; give it more with",
    "hang in C": "not done within 2 seconds",
    "segfault": "it crashes the reader (SIGSEGV)",
    "abort": "it crashes the reader (SIGABRT)",
    "exit 0": "it ends the reader (exit code 0)",
    "exit 3": "it ends the reader (exit code 3)",
    "sys.exit": "a fault of raingan (SystemExit); please report it with the file",
    "eat": "needs more memory than a worker may take (2,000 MB); give it more with --memory-limit",
    "killed": "its worker was killed twice, most likely because the machine ran out of memory",
    "fail": "a fault of raingan (ZeroDivisionError); please report it with the file",
    "recurse": "a fault of raingan (RecursionError)",
}


def is_running(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture(scope="module")
def mixed():
    """What came of every sort of bad task among good ones, by kind."""
    jobs = [Job("good", number) for number in range(40)]
    for place, kind in enumerate(REASONS):
        jobs.insert(3 * place, Job(kind, -1))
    return list(in_pool(work, jobs, 2, GUARD))


def test_exactly_the_bad_ones_are_lost(mixed):
    assert sorted(job.kind for job, got in mixed if isinstance(got, Lost)) == sorted(REASONS)
    good = [(job, got) for job, got in mixed if job.kind == "good"]
    assert sorted(got[0] for _, got in good) == list(range(40))
    assert all(job.number == got[0] for job, got in good)


@pytest.mark.parametrize("kind", REASONS)
def test_a_person_is_told_why(mixed, kind):
    [lost] = [got for job, got in mixed if job.kind == kind]
    assert lost.why.startswith(REASONS[kind])
    assert ("ZeroDivisionError: made for the test" in lost.trace) == (kind == "fail")


def test_no_worker_is_left(mixed):
    workers = {got[1] for _, got in mixed if not isinstance(got, Lost)}
    assert len(workers) > 2
    assert not [process for process in workers if is_running(process)]


def test_a_worker_that_was_killed_for_another_is_no_verdict(tmp_path):
    jobs = [Job("killed once", 1, tmp_path), Job("good", 2)]
    assert sorted(got[0] for _, got in in_pool(work, jobs, 1, GUARD)) == [1, 2]


def test_each_page_gives_more_time():
    guard = Guard(seconds=1, seconds_per_page=1)
    [(_, got)] = in_pool(work, [Job("pages", 8)], 1, guard)
    assert got[0] == 8
    short = Guard(seconds=1, seconds_per_page=0.01)
    [(_, got)] = in_pool(work, [Job("pages", 8)], 1, short)
    assert isinstance(got, Lost)


def test_workers_are_replaced_after_some_tasks():
    guard = Guard(tasks_per_worker=3)
    done = list(in_pool(work, [Job("good", n) for n in range(9)], 1, guard))
    assert len({got[1] for _, got in done}) == 3


def test_tasks_are_taken_as_the_work_goes_on():
    taken = []

    def jobs():
        for number in range(50):
            taken.append(number)
            yield Job("good", number)

    results = in_pool(work, jobs(), 2, GUARD)
    next(results)
    assert len(taken) <= 6
    results.close()
    assert len(taken) <= 6


def test_an_output_that_cannot_be_written_ends_the_run():
    with pytest.raises(Refused, match="cannot write"):
        list(in_pool(work, [Job("refuse"), Job("good", 1)], 1, GUARD))


def test_what_is_started_is_told():
    told = []
    with Pool(work, 2, GUARD) as pool:
        list(through(pool, [Job("good", n) for n in range(5)], told.append))
    assert sorted(job.number for job in told) == list(range(5))


def test_a_pool_that_is_stopped_kills_what_runs(tmp_path):
    pool = Pool(work, 2, Guard(seconds=600))
    both = [pool.submit(Job("wait", n, tmp_path)) for n in (1, 2)]
    waiting = appeared(tmp_path, 2)
    pool.stop()
    assert not [process for process in waiting if is_running(process)]
    assert all(one.cancelled() or isinstance(one.result(), Lost) for one in both)


def appeared(folder: Path, count: int) -> list[int]:
    """The processes that say so, once there are as many as wanted."""
    events = threading.Event()
    while len(found := list(folder.glob("*.waits"))) < count:
        events.wait(0.01)
    return [int(path.stem) for path in found]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_workers_end_with_their_parent_whatever_they_do(tmp_path, number):
    program = (
        "import sys; from pathlib import Path; from pool_work import Job, in_pool, work\n"
        "if __name__ == '__main__':\n"
        "    list(in_pool(work, [Job('wait', n, Path(sys.argv[1])) for n in (1, 2)], 2))\n"
    )
    script = tmp_path / "parent.py"
    script.write_text(program)
    tests = Path(__file__).parent
    places = os.pathsep.join(map(str, (tests, tests.parent)))
    parent = subprocess.Popen(
        [sys.executable, script, tmp_path],
        env={**os.environ, "PYTHONPATH": places},
        stderr=subprocess.PIPE,
    )
    workers = appeared(tmp_path, 2)
    os.kill(parent.pid, number)
    assert parent.wait(60) == -number
    parent.communicate()  # all that held its error stream have gone
    gone = threading.Event()
    while any(map(is_running, workers)):
        gone.wait(0.01)
