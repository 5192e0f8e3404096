"""Units of work for the tests of the pool, which its workers import by name."""

import ctypes
import os
import signal
import sys
import time
from pathlib import Path
from typing import NamedTuple

from batch.pool import Pool, one_more_page, through
from extract.errors import ReportError


class Refused(ReportError):
    """Stands for an output that cannot be written."""


class Job(NamedTuple):
    """What a unit is told to do."""

    kind: str
    number: int = 0
    folder: Path = Path()


def in_pool(unit, jobs, workers, guard=None):
    """What comes of each job in a pool of its own."""
    with Pool(unit, workers, guard) as pool:
        yield from through(pool, jobs)


def work(job: Job) -> tuple[int, int]:
    """Do as told; gives the job's number and the process that did it."""
    KINDS.get(job.kind, lambda job: None)(job)
    return job.number, os.getpid()


def hang(job: Job) -> None:
    while True:
        pass


def hang_in_c(job: Job) -> None:
    """Hang where no line of Python is reached and no lock is given up."""
    ctypes.PyDLL(None).sleep(600)


def eat(job: Job) -> None:
    bytearray(40_000_000_000)


def kill_once(job: Job) -> None:
    """End as the system ends a process for want of memory, but not the second time."""
    marker = job.folder / f"killed-{job.number}"
    if not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)


def fail(job: Job) -> None:
    raise ZeroDivisionError("made for the test")


def refuse(job: Job) -> None:
    raise Refused("out: cannot write")


def take_pages(job: Job) -> None:
    """Take some time for each page, more in all than a document without pages gets."""
    for _ in range(job.number):
        one_more_page()
        ends = time.process_time() + 0.2
        while time.process_time() < ends:
            pass


def wait(job: Job) -> None:
    """Say which process waits, and wait for ever."""
    (job.folder / f"{os.getpid()}.waits").touch()
    while True:
        signal.pause()


KINDS = {
    "hang": hang,
    "hang in C": hang_in_c,
    "segfault": lambda job: ctypes.string_at(0),
    "exit 0": lambda job: os._exit(0),
    "exit 3": lambda job: os._exit(3),
    "sys.exit": lambda job: sys.exit("made for the test"),
    "abort": lambda job: os.abort(),
    "eat": eat,
    "killed": lambda job: os.kill(os.getpid(), signal.SIGKILL),
    "killed once": kill_once,
    "fail": fail,
    "recurse": lambda job: KINDS["recurse"](job),
    "refuse": refuse,
    "pages": take_pages,
    "wait": wait,
}
