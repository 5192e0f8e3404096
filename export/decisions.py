"""decisions.jsonl: what people decided, a line each, only ever appended to."""

import fcntl
import os
from pathlib import Path

from export.model import explained
from export.store import BROKEN, decode, encode
from extract.errors import ReportError
from normalize.decisions import Decision


class BadDecisions(ReportError):
    """A line of decisions.jsonl is no decision; nothing of the file may be lost silently."""

    exit_code = 2


def read_decisions(path: Path) -> tuple[Decision, ...]:
    """All decisions of a file, in their order; none where there is no file."""
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError as error:
        raise BadDecisions(f"{path}: {error.strerror or error}; check the file") from error
    found = []
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            found.append(decode(line, Decision))
        except BROKEN as error:
            raise BadDecisions(
                f"{path}, line {number}: no decision ({error}); correct the line or take it out"
            ) from error
    return tuple(found)


def append_decision(path: Path, decision: Decision) -> None:
    """Add a line that stays, whoever else adds one now; a line cut short by a crash is closed."""
    line = encode(decision) + b"\n"
    with explained(path):
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            size = os.fstat(handle).st_size
            if size and os.pread(handle, 1, size - 1) != b"\n":
                line = b"\n" + line
            while line:
                line = line[os.write(handle, line) :]
            os.fsync(handle)
        finally:
            os.close(handle)
