"""Values of a whole archive, kept in a temporary file instead of in memory."""

import heapq
import os
import tempfile
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, overload

from export.model import explained
from export.store import decode, encode

T = TypeVar("T")

AT_ONCE_BYTES = 500_000
"""Of values while they are put in order, as they are written; in memory some five times that."""


class Spool(Sequence[T]):
    """Values of one kind in a file that has no name: it is gone with the process, killed or not.

    Each reading makes a value anew; 8 bytes a value stay in memory.
    """

    def __init__(self, folder: Path, kind: type[T]) -> None:
        self.folder, self.kind = folder, kind
        self.ends = array("Q")
        self.flushed = True
        with explained(folder):
            self.file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - its own block closes it

    def append(self, value: T) -> None:
        content = encode(value)
        with explained(self.folder):
            self.file.write(content)
        self.ends.append((self.ends[-1] if self.ends else 0) + len(content))
        self.flushed = False

    def __len__(self) -> int:
        return len(self.ends)

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> list[T]: ...
    def __getitem__(self, place: int | slice) -> T | list[T]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        number = range(len(self))[place]
        start = self.ends[number - 1] if number else 0
        if not self.flushed:
            with explained(self.folder):
                self.file.flush()
            self.flushed = True
        return decode(os.pread(self.file.fileno(), self.ends[number] - start, start), self.kind)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; that there was no room for its last values is not told here."""
        with suppress(OSError):
            self.file.close()


def in_order(
    spool: Spool[T], key: Callable[[T], Any], at_once_bytes: int = AT_ONCE_BYTES
) -> Iterator[T]:
    """The values by a key, those with the same one as they came; few of them in memory."""
    full = (one // at_once_bytes < end // at_once_bytes for one, end in pairwise(spool.ends))
    firsts = [place for place, is_full in enumerate(full, 1) if is_full]
    parts = [range(*ends) for ends in pairwise((0, *firsts, len(spool)))]
    if len(parts) < 2:
        yield from sorted(spool, key=key)
        return
    with Spool(spool.folder, spool.kind) as runs:
        for part in parts:
            for value in sorted(spool[part.start : part.stop], key=key):
                runs.append(value)
        yield from heapq.merge(*(map(runs.__getitem__, part) for part in parts), key=key)


def json_array(values: Iterable[object]) -> Iterator[bytes]:
    """Write values as one JSON array, a line a value."""
    before = b"["
    for value in values:
        yield before + b"\n" + encode(value)
        before = b","
    yield b"[]\n" if before == b"[" else b"\n]\n"
