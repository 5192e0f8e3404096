"""Units of work for the tests of the cluster, which its workers import by name."""

import os
import signal
from dataclasses import dataclass, replace
from pathlib import Path

from extract.errors import ReportError

SEGFAULTS, RAISES, HANGS = 5, 9, 13


class Refused(ReportError):
    """Stands for an output that cannot be written."""


@dataclass(frozen=True)
class Writing:
    """A task that leaves a file."""

    number: int
    folder: Path


def double(number: int) -> int:
    return 2 * number


def whose(number: int) -> tuple[int, int]:
    """The process that did it, and the dask worker that this belongs to."""
    return os.getpid(), os.getppid()


def poisoned(number: int) -> int:
    if number == SEGFAULTS:
        os.kill(os.getpid(), signal.SIGSEGV)
    if number == RAISES:
        raise ZeroDivisionError("made for the test")
    if number == HANGS:
        while True:
            signal.pause()
    return 2 * number


def refused(number: int) -> int:
    if number == 3:
        raise Refused("out: cannot write")
    return number


def write(task: Writing) -> tuple[int, int]:
    """Leave a file as a part of the store is left, and tell the dask worker's process."""
    path = task.folder / "parts" / f"{task.number % 4:02}" / f"{task.number}.zip"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"%d\n" % task.number * 1000)
    return task.number, os.getppid()


def into(task: Writing, folder: Path) -> Writing:
    return replace(task, folder=folder)
