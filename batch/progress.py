"""How far a run is: a bar on a terminal, a line a document elsewhere, a log, and a summary."""

import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.text import Text

from batch.manifest import Outcome
from export.model import explained
from export.terminal import printable

SHOWN_FILES = 8
"""So many of the files in work are named."""
MOST_REASONS = 12
"""Of a summary: so many different reasons for failures."""


class Log:
    """Events as lines of JSON, each whole and with its time, as they happen."""

    def __init__(self, path: Path | None) -> None:
        self._file: IO[bytes] | None = None
        self._path = path
        if path is not None:
            with explained(path):
                path.parent.mkdir(parents=True, exist_ok=True)
                self._file = path.open("ab", buffering=0)

    def __call__(self, event: str, **values: Any) -> None:
        if self._file is None or self._path is None:
            return
        stamp = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = {"time": stamp, "event": event, **values}
        text = json.dumps(line, ensure_ascii=False).encode("utf-8", "backslashreplace")
        with explained(self._path):
            self._file.write(text + b"\n")

    def close(self) -> None:
        if self._file is not None:
            with suppress(OSError):
                self._file.close()


class Watch:
    """Counts what passes by and shows it."""

    def __init__(self, total: int, *, quiet: bool, log: Log) -> None:
        self.total, self.quiet, self.log = total, quiet, log
        self.ended_here = self.failed = self.before = 0
        """How many were done in this run, of these failed, and how many need not be done again."""
        self.begun = time.monotonic()
        self.running: dict[str, float] = {}
        self._bar: Progress | None = None
        self._task = TaskID(0)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Keep a bar up to date for as long as the block lasts, on a terminal."""
        if self.quiet or not sys.stderr.isatty():
            yield
            return
        bar = Progress(
            TextColumn("raingan"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            auto_refresh=False,
            console=Console(stderr=True),
        )
        self._task = bar.add_task("", total=self.total, completed=self.done, rate="")
        self._bar = bar
        try:
            with Live(
                get_renderable=self._drawn,
                console=bar.console,
                transient=True,
                refresh_per_second=2,
            ):
                yield
        finally:
            self._bar = None

    def started(self, document: str) -> None:
        """A worker takes it; may be called from a thread."""
        self.running[document] = time.monotonic()

    @property
    def done(self) -> int:
        return self.ended_here + self.before

    def ended(self, outcome: Outcome) -> None:
        """Show and log what a document came to."""
        self.ended_here += 1
        self.failed += outcome.status == "failed"
        self.running.pop(outcome.document, None)
        self.log(
            "document",
            document=outcome.document,
            status=outcome.status,
            how=outcome.how,
            sha256=outcome.sha256,
            pages=outcome.pages,
            rows=outcome.rows,
            review=outcome.review,
            findings=outcome.findings,
            error=outcome.error,
            seconds=round(outcome.seconds, 3),
            **({"trace": outcome.trace} if outcome.trace else {}),
        )
        if self.quiet or self._bar is not None:
            return
        how = "" if outcome.how == "converted" else f" ({outcome.how})"
        print(
            f"[{self.done}/{self.total}] {printable(outcome.document)}: {outcome.status}{how}, "
            f"{outcome.rows} rows, {outcome.findings} findings",
            file=sys.stderr,
            flush=True,
        )

    def rate(self) -> str:
        """Documents a minute, and the time left at that rate."""
        converted = self.ended_here
        seconds = time.monotonic() - self.begun
        if converted < 1 or seconds < 1:
            return ""
        left = (self.total - self.done) * seconds / converted
        return f"{60 * converted / seconds:,.0f} a minute, {duration(left)} left"

    def _drawn(self) -> RenderableType:
        bar = self._bar
        if bar is None:
            return Text("")
        failed = f", {self.failed} failed" if self.failed else ""
        bar.update(self._task, completed=self.done, rate=self.rate() + failed)
        now = time.monotonic()
        lines: list[RenderableType] = [bar.get_renderable()]
        files = sorted(self.running.items(), key=lambda item: item[1])[:SHOWN_FILES]
        for name, since in files:
            lines.append(Text(f"  {now - since:5.0f} s  {printable(name)[-80:]}", "dim"))
        return Group(*lines)


def duration(seconds: float) -> str:
    """Time as people say it.

    >>> duration(59.6), duration(61), duration(7260), duration(200_000)
    ('1 min', '1 min', '2 h 1 min', '2 d 7 h')
    """
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min"
    return f"{hours // 24} d {hours % 24} h"


def reason_without_name(document: str, error: str) -> str:
    """Why a document failed, as others fail too: without its name and page.

    >>> reason_without_name("a.pdf", "a.pdf p.3: cannot be drawn (x)")
    'cannot be drawn (x)'
    >>> reason_without_name("a.pdf", "no page could be read: blank")
    'no page could be read: blank'
    """
    last = document.rpartition("/")[2]
    for name in (document, last):
        match = re.match(re.escape(name) + r"(?: p\.\d+)?: ", error)
        if match:
            return error[match.end() :]
    return error


def reasons(failures: Iterable[tuple[str, str]]) -> Counter[str]:
    """How many documents failed for each reason; those that differ by a figure count as one.

    >>> reasons([("a", "a: 7 pages"), ("b", "b: 9 pages"), ("c", "c: empty")])
    Counter({'7 pages': 2, 'empty': 1})
    """
    first: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for document, error in failures:
        reason = reason_without_name(document, error)
        counts[first.setdefault(re.sub(r"\d[\d,.]*", "0", reason), reason)] += 1
    return counts


def reason_lines(counts: Mapping[str, int]) -> Iterator[str]:
    """The reasons for failures, the most frequent first."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    for reason, count in ranked[:MOST_REASONS]:
        yield f"  {count:>7,}  {printable(reason)}"
    if len(ranked) > MOST_REASONS:
        rest = sum(count for _, count in ranked[MOST_REASONS:])
        yield f"  {rest:>7,}  for {len(ranked) - MOST_REASONS} other reasons: see documents.csv"
