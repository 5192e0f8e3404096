"""An archive, worked off: what of it is still to be done, done, and written down."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from batch.manifest import Known, Manifest, now
from export.store import PARTS, is_whole, sha256_of
from extract.source import Input
from normalize.decisions import Decision

SETTLED = 500
"""So many inputs are noted at once that are as they were."""


class Due(NamedTuple):
    """An input that is to be done."""

    found: Input
    decisions: tuple[Decision, ...]
    """Those that may be on it."""
    again: bool
    """Also if it failed before in the same way."""


Parts = Callable[[Input, str, tuple[Decision, ...]], tuple[str, ...]]
"""The names below PARTS that an input's result may have, by its bytes' SHA-256."""


class Decided:
    """Decisions, by the document that they are on."""

    def __init__(self, decisions: Iterable[Decision]) -> None:
        self.all = tuple(decisions)
        self._named: dict[str, list[int]] = defaultdict(list)
        self._hashed: dict[str, list[int]] = defaultdict(list)
        for number, decision in enumerate(self.all):
            if decision.document:
                self._named[decision.document].append(number)
            if decision.sha256:
                self._hashed[decision.sha256].append(number)

    def on(self, document: str, sha256: str | None) -> tuple[Decision, ...]:
        """Those under its name or on its bytes; where these are not known, all that may be."""
        if sha256 is None:
            return self.all
        numbers = {*self._named.get(document, ()), *self._hashed.get(sha256, ())}
        return tuple(self.all[number] for number in sorted(numbers))

    def changed_since(self, before: "Decided") -> set[tuple[str, str]]:
        """The documents, by name and by bytes, on which there are others than before."""
        known = set(before.all)
        return {(d.document, d.sha256) for d in self.all if d not in known}


class Plan:
    """The inputs of a run that are to be done; those that are done are noted as such on the way."""

    def __init__(
        self,
        manifest: Manifest,
        folder: Path,
        parts: Parts,
        decided: Decided,
        again: bool = False,
        lacks: Callable[[Known], bool] = lambda known: False,
    ) -> None:
        """`lacks` says of an input whose result is there whether something beside it is not."""
        self.lacks = lacks
        self.begun = now()
        self.manifest, self.folder, self.parts, self.decided = manifest, folder, parts, decided
        self.again = again
        self.kept = self.changed = self.retried = self.new = self.failed = 0
        """How many inputs are as they were, are others than before, are to be tried again, are
        new; and how many of the first failed."""
        self.waiting: dict[int, int] = defaultdict(int)
        """How many files of a size are being converted."""
        self.twins: list[tuple[Input, bool]] = []
        """Files of the size of one that is being converted: it may be the same."""

    def __iter__(self) -> Iterator[Due]:
        same: list[str] = []
        hashed: list[str] = []
        for known in self.manifest.inputs():
            due, by_hash = self._due(known)
            if due is None:
                (hashed if by_hash else same).append(known.found.name)
                self.kept += 1
                self.failed += known.status == "failed"
            elif self._may_be_twin(known.found):
                self.twins.append((known.found, due.again))
            else:
                self.waiting[known.found.size or 0] += 1
                yield due
            if len(same) + len(hashed) >= SETTLED:
                self._settle(same, hashed)
        self._settle(same, hashed)

    def late(self) -> Iterator[Due]:
        """The files that were held back; they are looked up before they are converted."""
        for found, again in self.twins:
            sha256 = digest_of(found) if self.decided.all else None
            yield Due(found, self.decided.on(found.name, sha256), again)

    def done(self, found: Input) -> None:
        """A file is not being converted any more."""
        size = found.size or 0
        self.waiting[size] -= 1
        if self.waiting[size] <= 0:
            del self.waiting[size]

    def _settle(self, same: list[str], hashed: list[str]) -> None:
        self.manifest.settle(same)
        self.manifest.settle(hashed, self.begun)
        same.clear()
        hashed.clear()

    def _due(self, known: Known) -> tuple[Due | None, bool]:
        """What is to be done of an input, if anything; and whether its file was read for that."""
        found, sha256, by_hash = known.found, known.sha256, False
        if sha256 is None and found.on_disk is not None and (known.before or self.decided.all):
            sha256, by_hash = digest_of(found), True
        decisions = self.decided.on(found.name, sha256)
        again = self.again and known.status == "failed"
        if known.part and not again and not self.lacks(known):
            for part in self.parts(found, sha256 or "", decisions):
                if part == known.part and (self.folder / PARTS / part).is_file():
                    return None, by_hash
        if known.part is None:
            self.new += 1
        elif again:
            self.retried += 1
        else:
            self.changed += 1
        return Due(found, decisions, again), by_hash

    def _may_be_twin(self, found: Input) -> bool:
        return bool(found.size) and self.waiting.get(found.size or 0, 0) > 0 and not found.error


def digest_of(found: Input) -> str | None:
    """The SHA-256 of a file in its place; None where it cannot be read."""
    if found.on_disk is not None:
        with suppress(OSError):
            return sha256_of(found.on_disk)
    return None


def drop_damaged(folder: Path, parts: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Remove kept results that are not whole any more; gives their documents, by name alone."""
    dropped = []
    for document, part in parts:
        path = folder / PARTS / part
        if not is_whole(path, document):
            path.unlink(missing_ok=True)
            dropped.append((document, ""))
    return dropped


def stamp_of(folder: Path, parts: Iterable[tuple[str, str]]) -> str:
    """Stands for the parts as they are now: another one where one was written anew, or is gone."""
    digest = hashlib.sha256()
    for document, part in parts:
        with suppress(OSError):
            there = (folder / PARTS / part).stat()
            stamp = (document, part, there.st_size, there.st_mtime_ns, there.st_ino)
            digest.update(repr(stamp).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def sweep(folder: Path, manifest: Manifest, published: Iterable[str]) -> int:
    """Remove kept files that nothing asks for any more; gives how many.

    What earlier runs came to of documents that this one does not have stays: the archive may be
    given whole again.
    """
    gone = 0
    keep: dict[str, set[str]] = defaultdict(set)
    for part in published:
        shard, _, name = part.partition("/")
        keep[shard] |= {name, f"{name.partition('-')[0]}.crops.zip"}
    for place in folder.glob("*.zip"):  # as an earlier version kept them
        gone += remove(place)
    for here in sorted((folder / PARTS).glob("[0-9a-f][0-9a-f]")):
        needed = manifest.needed(here.name) | keep.get(here.name, set())
        for path in sorted(here.glob("*.zip")):
            if path.name not in needed:
                gone += remove(path)
        with suppress(OSError):
            here.rmdir()
    return gone


def remove(path: Path) -> bool:
    """Remove a file; what is none, or may not be removed, stays."""
    with suppress(OSError):
        path.unlink()
        return True
    return False
