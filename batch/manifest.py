"""What is known of each input of an archive: where a run stands, and what it need not do again.

An index beside the parts, which are the truth: without it, or with one that is broken, each file is
hashed once more and nothing is converted twice. One process writes it; others may read it.
It is no WAL database, so that it also works where memory cannot be shared, such as on NFS.
"""

import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, Self

from audit.model import Finding
from export.model import CannotWrite, DocumentResult, explained
from export.store import About, NotARun, Run, decode, encode
from extract.source import Input, without_secrets

MANIFEST = "manifest.sqlite"
SCHEMA = 2
"""Of the tables below: those of another number are made anew."""
RACY_NS = 2_000_000_000
"""A file that was written so shortly before it was hashed may have been written once more since."""
CHUNK = 500
TABLES = """
CREATE TABLE inputs (
    name TEXT PRIMARY KEY,
    place BLOB NOT NULL,
    input BLOB NOT NULL,
    size INTEGER,
    rank INTEGER NOT NULL,
    stamp TEXT NOT NULL,
    turn INTEGER NOT NULL,
    done INTEGER NOT NULL DEFAULT 0,
    sha256 TEXT,
    hashed INTEGER,
    part TEXT,
    reading TEXT,
    status TEXT,
    error TEXT,
    pages INTEGER NOT NULL DEFAULT 0,
    rows INTEGER NOT NULL DEFAULT 0,
    review INTEGER NOT NULL DEFAULT 0,
    errors INTEGER NOT NULL DEFAULT 0,
    warnings INTEGER NOT NULL DEFAULT 0,
    infos INTEGER NOT NULL DEFAULT 0,
    decided INTEGER NOT NULL DEFAULT 0,
    crashed INTEGER NOT NULL DEFAULT 0,
    scanned INTEGER NOT NULL DEFAULT 0,
    seconds REAL
);
CREATE INDEX by_turn ON inputs (turn, rank, name);
CREATE INDEX by_part ON inputs (part);
CREATE INDEX by_reading ON inputs (reading);
CREATE TABLE turns (
    turn INTEGER PRIMARY KEY,
    asked BLOB NOT NULL,
    total INTEGER,
    finished INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE published (stamp TEXT NOT NULL);
"""
"""`rank` puts the largest first; `turn` counts runs; `done` is the turn in which an input was last
done or found to be so."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an input came to, without its tables: they are in its part."""

    document: str
    status: str
    part: str = ""
    """Its file below PARTS."""
    reading: str = ""
    sha256: str | None = None
    error: str | None = None
    pages: int = 0
    rows: int = 0
    review: int = 0
    errors: int = 0
    warnings: int = 0
    infos: int = 0
    decided: int = 0
    crashed: bool = False
    scanned: bool = False
    """Some of its text was read from a picture."""
    seconds: float = 0.0
    how: str = "converted"
    """Or `kept`, `renamed`, `decided`: what of an earlier run it could be made of."""
    trace: str = ""
    """Of a fault of our own."""
    hashed: int = 0
    """When its bytes were read, in nanoseconds; 0 where they were not."""

    @property
    def findings(self) -> int:
        """All of them, decided or not."""
        return self.errors + self.warnings + self.infos + self.decided


RECORDED = (
    *("part", "reading", "sha256", "status", "error", "pages", "rows", "review", "errors"),
    *("warnings", "infos", "decided", "crashed", "scanned", "seconds"),
)


def outcome_of(kept: About | DocumentResult, part: str, review: int) -> Outcome:
    """What is said of a result without its tables; `review` rows of it need a person."""
    record = kept.record
    return Outcome(
        record.document,
        record.status,
        part,
        kept.reading,
        record.sha256,
        record.error,
        record.pages or 0,
        record.rows,
        review,
        *counted(kept.findings),
        scanned="ocr" in record.source,
    )


def counted(findings: Iterable[Finding]) -> tuple[int, int, int, int]:
    """Errors, warnings and notes that nobody decided on, and those that somebody did."""
    findings = list(findings)
    severities = [finding.severity for finding in findings if not finding.decided]
    counts = [severities.count(severity) for severity in ("error", "warning", "info")]
    return counts[0], counts[1], counts[2], len(findings) - len(severities)


class Known(NamedTuple):
    """An input that is part of this run, and what an earlier one left of it."""

    found: Input
    sha256: str | None
    """Of its bytes, where the file is as it was when they were read; else None."""
    before: str | None
    """The same, of whatever it was when it was last read."""
    part: str | None
    status: str | None
    scanned: bool = False


class State(NamedTuple):
    """How far the last run is."""

    asked: Run
    total: int | None
    """None while the inputs are still being listed."""
    finished: bool
    """The tables were written."""
    done: int
    failed: int
    partial: int
    rows: int
    review: int
    reasons: tuple[tuple[str, str], ...]
    """Of each failed document its name and why."""
    other: int
    """Documents that only earlier runs had, kept for one that has them again."""

    @property
    def left(self) -> int:
        return max(0, (self.total or 0) - self.done)


class Manifest:
    """The index of one output folder, open for one run."""

    def __init__(self, path: Path | None) -> None:
        """Open or make it; what cannot be read is made anew. None makes one in memory."""
        self.path = path
        self.note = ""
        with explained(path or Path(MANIFEST)):
            try:
                self._open()
            except sqlite3.DatabaseError as error:
                if path is None or not is_unusable(error):
                    raise written(path or Path(MANIFEST), error) from error
                self.note = f"{path.name} cannot be read ({error}): each file is hashed again"
                for suffix in ("", "-journal"):
                    path.with_name(path.name + suffix).unlink(missing_ok=True)
                self._open()
        self.turn = 0
        self._addresses: dict[str, str] = {}
        """Of URLs that hold a password, which is written nowhere: by what is written."""

    def _open(self) -> None:
        self._base = sqlite3.connect(self.path or ":memory:", timeout=30, isolation_level=None)
        try:
            self._base.execute("PRAGMA synchronous = OFF")  # the parts are what must not be lost
            self._base.execute("PRAGMA cache_size = -500")
            number = self._base.execute("PRAGMA user_version").fetchone()[0]
            if number != SCHEMA:
                self._base.execute("BEGIN")
                for table in ("inputs", "turns", "published"):
                    self._base.execute(f"DROP TABLE IF EXISTS {table}")
                for statement in TABLES.split(";"):
                    self._base.execute(statement)
                self._base.execute(f"PRAGMA user_version = {SCHEMA}")
                self._base.execute("COMMIT")
            found = self._base.execute("PRAGMA quick_check(1)").fetchone()[0]
            if found != "ok":
                raise sqlite3.DatabaseError(found)
            for column in ("turn FROM inputs", "turn FROM turns", "stamp FROM published"):
                self._base.execute(f"SELECT {column} LIMIT 1").fetchone()
        except BaseException:
            self._base.close()
            raise

    @classmethod
    def copied(cls, path: Path) -> "Manifest":
        """One in memory with what the file holds, for trying out what a run would do."""
        memory = cls(None)
        for mode in ("ro", "rw"):  # what a killed run left half written must be undone to be read
            with suppress(sqlite3.DatabaseError):
                source = sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True)
                try:
                    if source.execute("PRAGMA user_version").fetchone()[0] == SCHEMA:
                        source.backup(memory._base)
                finally:
                    source.close()
                break
        return memory

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._base.close()

    def begin(self, asked: Run, found: Iterable[Input], since: int | None = None) -> int:
        """Start a run with these inputs; gives how many they are.

        Files last changed before `since` (nanoseconds) are part of it only where an earlier
        run had them, and are not looked at again.
        """
        row = self._base.execute("SELECT max(turn) FROM turns").fetchone()
        self.turn = (row[0] or 0) + 1
        total = 0
        with self._writing():
            self._base.execute(
                "INSERT INTO turns VALUES (?, ?, NULL, 0)", (self.turn, encode(asked))
            )
        source = iter(found)
        while some := list(islice(source, CHUNK)):
            with self._writing():
                total += sum(self._take(one, since) for one in some)
        with self._writing():
            self._base.execute("UPDATE turns SET total = ? WHERE turn = ?", (total, self.turn))
            self._base.execute("DELETE FROM turns WHERE turn < ?", (self.turn,))
        return total

    def _take(self, found: Input, since: int | None) -> bool:
        open_url = without_secrets(found.url)
        if open_url != found.url:
            self._addresses[open_url] = found.url
            found = replace(found, url=open_url)
        place = encode((found.path, found.url, found.member))
        if since is not None and found.on_disk is not None and int(found.stamp or since) < since:
            query = "UPDATE inputs SET turn = ?, done = ? WHERE name = ? AND part IS NOT NULL"
            return self._base.execute(query, (self.turn, self.turn, found.name)).rowcount > 0
        values = (
            found.name,
            place,
            encode(found),
            found.size,
            -(found.size or 0),
            found.stamp,
            self.turn,
        )
        self._base.execute(
            """INSERT INTO inputs (name, place, input, size, rank, stamp, turn)
            VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET
              hashed = CASE WHEN place = excluded.place AND size IS excluded.size
                             AND stamp = excluded.stamp AND stamp != '' THEN hashed END,
              place = excluded.place, input = excluded.input,
              size = excluded.size, rank = excluded.rank,
              stamp = excluded.stamp, turn = excluded.turn""",
            values,
        )
        return True

    def inputs(self) -> Iterator[Known]:
        """The inputs of this run that are not done, the largest first."""
        query = """SELECT rank, name, input, sha256, hashed, stamp, part, status, scanned
            FROM inputs WHERE turn = ? AND done < ? AND (rank, name) > (?, ?)
            ORDER BY rank, name LIMIT ?"""
        after: tuple[int, str] = (-(2**62), "")
        while True:
            rows = self._base.execute(query, (self.turn, self.turn, *after, CHUNK)).fetchall()
            for rank, name, content, sha256, hashed, stamp, part, status, scanned in rows:
                after = (rank, name)
                racy = stamp.isdigit() and int(stamp) > (hashed or 0) - RACY_NS
                same = sha256 if hashed and not racy else None
                found = decode(content, Input)
                if found.url in self._addresses:
                    found = replace(found, url=self._addresses[found.url])
                yield Known(found, same, sha256, part, status, bool(scanned))
            if not rows:
                return

    def record(self, outcome: Outcome) -> None:
        """Write down what an input came to."""
        sets = ", ".join(f"{name} = ?" for name in RECORDED)
        values = [getattr(outcome, name) for name in RECORDED]
        with self._writing():
            self._base.execute(
                f"UPDATE inputs SET done = ?, hashed = coalesce(?, hashed), {sets} WHERE name = ?",
                (self.turn, outcome.hashed or None, *values, outcome.document),
            )

    def settle(self, names: Iterable[str], hashed: int | None = None) -> None:
        """Note that these inputs are as an earlier run left them."""
        with self._writing():
            self._base.executemany(
                "UPDATE inputs SET done = ?, hashed = coalesce(?, hashed) WHERE name = ?",
                [(self.turn, hashed, name) for name in names],
            )

    def reopen(self, documents: Iterable[tuple[str, str]]) -> int:
        """Have inputs of the run looked at once more, by name or SHA-256; gives how many."""
        with self._writing():
            return sum(
                self._base.execute(
                    "UPDATE inputs SET done = 0 WHERE turn = ? AND "
                    "(name = ? OR (sha256 != '' AND sha256 = ?))",
                    (self.turn, name, sha256),
                ).rowcount
                for name, sha256 in documents
            )

    def finish(self, stamp: str) -> None:
        """Note that the tables of this run are written, from parts of that stamp."""
        with self._writing():
            self._base.execute("UPDATE turns SET finished = 1 WHERE turn = ?", (self.turn,))
            self._base.execute("DELETE FROM published")
            self._base.execute("INSERT INTO published VALUES (?)", (stamp,))

    def is_published(self, stamp: str) -> bool:
        """Whether the tables were last written from parts of that stamp."""
        return self._base.execute("SELECT stamp FROM published").fetchall() == [(stamp,)]

    def parts(self) -> Iterator[tuple[str, str]]:
        """Each document of this run with its part, by name."""
        query = "SELECT name, part FROM inputs WHERE turn = ? ORDER BY name"
        yield from self._base.execute(query, (self.turn,))

    def needed(self, shard: str) -> set[str]:
        """Of one folder below PARTS the files that a run may ask for: of all that is known."""
        names: set[str] = set()
        within = (f"{shard}*",)
        for (part,) in self._base.execute("SELECT part FROM inputs WHERE part GLOB ?", within):
            name = part.rpartition("/")[2]
            names |= {name, f"{name.partition('-')[0]}.crops.zip"}
        query = "SELECT reading FROM inputs WHERE reading GLOB ?"
        names |= {f"{reading}.pages.zip" for (reading,) in self._base.execute(query, within)}
        return names

    def outcomes(self, where: str = "") -> Iterator[Outcome]:
        """What the inputs of this run came to, by name: all, or those of a status."""
        columns = ", ".join(("name", *RECORDED))
        query = f"SELECT {columns} FROM inputs WHERE turn = ? AND done = turn"
        if where:
            query += " AND status = ?"
        rows = self._base.execute(
            f"{query} ORDER BY name", (self.turn, *([where] if where else []))
        )
        for name, *values in rows:
            yield Outcome(name, **dict(zip(RECORDED, values, strict=True)))

    def state(self) -> State | None:
        """How far the last run is; None where there was none."""
        last = self._base.execute(
            "SELECT turn, asked, total, finished FROM turns ORDER BY turn DESC LIMIT 1"
        ).fetchone()
        if last is None:
            return None
        turn, asked, total, finished = last
        counts = self._base.execute(
            """SELECT count(*), coalesce(sum(status = 'failed'), 0),
            coalesce(sum(status = 'partial'), 0), coalesce(sum(rows), 0), coalesce(sum(review), 0)
            FROM inputs WHERE turn = ? AND done = ?""",
            (turn, turn),
        ).fetchone()
        reasons = self._base.execute(
            "SELECT name, error FROM inputs WHERE turn = ? AND done = ? AND status = 'failed' "
            "ORDER BY name",
            (turn, turn),
        ).fetchall()
        other = self._base.execute("SELECT count(*) FROM inputs WHERE turn < ?", (turn,)).fetchone()
        done, failed, partial, rows, review = counts
        return State(
            decode(asked, Run), total, bool(finished), done, failed, partial, rows, review,
            tuple(reasons), other[0],
        )  # fmt: skip

    def _writing(self) -> "Transaction":
        return Transaction(self._base, self.path or Path(MANIFEST))


@dataclass(frozen=True, slots=True)
class Transaction:
    """All of a block is written, or nothing."""

    base: sqlite3.Connection
    path: Path

    def __enter__(self) -> None:
        with self._told():
            self.base.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: Any, error: BaseException | None, _: Any) -> None:
        with self._told():
            if isinstance(error, sqlite3.Error):
                raise error
            if error is None:
                self.base.execute("COMMIT")
            elif self.base.in_transaction:
                self.base.execute("ROLLBACK")

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            with suppress(sqlite3.Error):
                self.base.execute("ROLLBACK")
            if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_ERROR:
                raise  # a fault of ours
            raise written(self.path, error) from error


def written(path: Path, error: Exception) -> CannotWrite:
    return CannotWrite(
        f"{path}: cannot write ({error}); free the place, or choose another folder with --out"
    )


OUTSIDE = {
    *(sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN),
    *(sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PERM, sqlite3.SQLITE_NOLFS),
}
"""Errors for which the file itself is not to blame."""


def is_unusable(error: sqlite3.Error) -> bool:
    """The file is none of ours, or broken: not a full disk or somebody else's lock."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF not in OUTSIDE


def state_of(out: Path, folder: Path) -> State:
    """How far the run into a folder is; raises NotARun where there was none."""
    path = folder / MANIFEST
    state = None
    with suppress(sqlite3.DatabaseError, OSError):
        state = Manifest.copied(path).state()
    if state is None:
        raise NotARun(f"{out}: no run has written here; give the folder of `raingan convert --out`")
    return state


def now() -> int:
    """Nanoseconds, as files' times are counted."""
    return time.time_ns()
