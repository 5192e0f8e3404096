"""The state of a review: what waits, what was decided, and the run that is kept up to date."""

import re
import secrets
import sys
import threading
import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from audit.evidence import place_of
from audit.model import Place
from export.decisions import append_decision, read_decisions
from export.files import DECISIONS, renew
from export.model import DocumentResult
from export.store import Store
from extract.errors import ReportError
from extract.model import Picture
from normalize.decisions import (
    DOCUMENT_FIELDS,
    ROW_FIELDS,
    Decision,
    Target,
    decisions_for,
    finding_key,
    in_force,
    raw_of_row,
    readings_of_agency,
    readings_of_years,
)
from normalize.model import CellValue
from normalize.numerals import thai_digits
from normalize.places import Agency, placed
from normalize.report import Record, Report, typed, written
from profiles.framework import Framework
from review.queue import Item, items_of, sorted_queue

KEPT_REPORTS = 8
QUIET_SECONDS, LONGEST_SECONDS = 1.5, 15.0
"""So long after the last request the tables are written, at the latest so long after a decision:
nobody is kept waiting for them. What the pages show carries a decision at once."""
SWITCH_SECONDS = 0.0005
"""How long a thread may keep Python to itself: a page waits for many such turns, at the usual 5 ms
half of its time."""
PAUSE_SECONDS = 0.2
"""So long after the last request a document is done again: the page that comes next goes first."""
AGAIN_SECONDS = 20.0
"""So long after the tables could not be written it is tried again."""
BETWEEN = ""
"""Stands for the document of findings between documents, as in decisions.jsonl."""
MOST_LETTERS = 20_000
"""A longer value than any cell has is no value."""
CODE = re.compile(r"[ieo][1-9][0-9]?")


class Tools(NamedTuple):
    """What the program gives the review: it sits above it and may not be imported."""

    report: Callable[[Store, str, Iterable[Decision]], Report]
    """A document from its kept pages, with decisions."""
    result: Callable[[Store, Report], DocumentResult]
    """The tables' lines of a report."""
    picture: Callable[[str, int, float, bool], Picture | None]
    """A page of a document at so many pixels an inch, with or without what a viewer cuts off; None
    where it is no picture. Raises ReportError."""


class Refused(Exception):
    """A decision that cannot be taken as it was sent; the message is for the person."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a decision is made on, and what it says now."""

    target: Target
    field: str
    page: int | None = None
    row: int | None = None
    column: int | None = None
    part: int = 0
    was: str = ""
    value: str = ""

    @property
    def name(self) -> str:
        """As links and forms name it.

        >>> Subject("cell", "analysis", 3, 5, 2).name, Subject("row", "score", 3, 5, 1).name
        ('cell-3-5-2', 'row-score')
        """
        if self.target == "cell":
            return f"cell-{self.page}-{self.row}-{self.column}"
        return f"{self.target}-{self.field}"


@dataclass(slots=True)
class Desk:
    """One run under review. Every method may be called from any thread."""

    out: Path
    tools: Tools
    read_only: bool = False
    lock: threading.RLock = field(default_factory=threading.RLock)
    store: Store = field(init=False)
    items: dict[str, Item] = field(default_factory=dict)
    by_document: dict[str, tuple[Item, ...]] = field(default_factory=dict)
    decisions: tuple[Decision, ...] = ()
    dirty: set[str] = field(default_factory=set)
    """Documents with decisions that are not applied yet."""
    waiting: set[str] = field(default_factory=set)
    """Documents with decisions that the tables do not carry yet."""
    results: dict[str, DocumentResult | None] = field(default_factory=dict)
    """What they came to with their decisions, to be written."""
    failed: str = ""
    """Why the tables could not be written the last time."""
    past: dict[str, Item] = field(default_factory=dict)
    """What waited and does no more."""
    drawing: threading.Lock = field(default_factory=threading.Lock)
    """PDFium draws for one thread at a time, or it brings the program down."""
    _pictured: dict[str, str] = field(default_factory=dict)
    _stamp: tuple[int, int] = (-1, -1)
    """Of the file when it was read last: its bytes, and when it was changed."""
    _reports: OrderedDict[str, Report] = field(default_factory=OrderedDict)
    _queue: list[Item] | None = None
    _wake: threading.Condition = field(init=False)
    _ahead: list[str] = field(default_factory=list)
    """Documents that are likely asked for next."""
    _touched: float = 0.0
    _since: float = 0.0
    """When the first of the decisions that are not in the tables yet was made."""
    _workers: list[threading.Thread] = field(default_factory=list)
    _closing: bool = False

    def __post_init__(self) -> None:
        self.store = Store(self.out)
        self._wake = threading.Condition(self.lock)
        self.read_decisions()
        for name in self.store.names():
            about = self.store.about(name)
            own = in_force(self.decisions_on(name))
            self.put(name, items_of(name, about.findings, about.looks))
            if own != about.decisions and self.store.has_pages(name) and not self.read_only:
                self.apply({name})
        between = self.store.between()
        self.put(BETWEEN, items_of(BETWEEN, between, ()))
        stand = {d.was for d in in_force(self.decisions_on(BETWEEN)) if d.target == "finding"}
        changed = any(
            f.decided != (finding_key(f.check, f.code, f.values) in stand) for f in between
        )
        if changed and not self.read_only:
            self.apply({BETWEEN})

    # ------------------------------------------------------------------ what there is

    @property
    def documents(self) -> list[str]:
        return [name for name in self.by_document if name != BETWEEN]

    def put(self, document: str, items: tuple[Item, ...]) -> None:
        """Take these for all that waits of a document."""
        with self.lock:
            for item in self.by_document.get(document, ()):
                self.items.pop(item.id, None)
                self.past[item.id] = item
            self.by_document[document] = items
            self.items.update({item.id: item for item in items})
            self._queue = None

    def queue(self) -> list[Item]:
        """All that waits, what matters most first."""
        with self.lock:
            if self._queue is None:
                self._queue = sorted_queue(self.items.values())
            return self._queue

    def read_decisions(self) -> None:
        """Read the file where it has grown: another window or program may have added to it."""
        path = self.out / DECISIONS
        found = path.stat() if path.exists() else None
        stamp = (found.st_size, found.st_mtime_ns) if found else (0, 0)
        with self.lock:
            if stamp != self._stamp:
                before = self.decisions
                self.decisions = read_decisions(path)
                self._stamp = stamp
                if self.by_document:
                    changed = set(before) ^ set(self.decisions)
                    self.apply({decision.document for decision in changed})

    def decisions_on(self, document: str) -> tuple[Decision, ...]:
        return decisions_for(document, self.sha256_of(document), self.decisions)

    def sha256_of(self, document: str) -> str:
        """Of a document's bytes; empty for what is between documents."""
        return "" if document == BETWEEN else self.store.about(document).record.sha256 or ""

    def report(self, document: str, touch: bool = True) -> Report:
        """A document, with all decisions but those that the worker is about to apply.

        Raises NotKept.
        """
        with self.lock:
            if touch:
                self._touched = monotonic()
            found = self._reports.get(document)
            if found is not None:
                self._reports.move_to_end(document)
                return found
            decisions = self.decisions
        found = self.tools.report(self.store, document, decisions)
        with self.lock:
            sha256 = self.sha256_of(document)
            if decisions_for(document, sha256, decisions) == self.decisions_on(document):
                self.keep(document, found)  # else the worker has a newer one, or makes it
        return found

    def keep(self, document: str, report: Report) -> None:
        self._reports[document] = report
        self._reports.move_to_end(document)
        while len(self._reports) > KEPT_REPORTS:
            self._reports.popitem(last=False)

    def picture(self, document: str, page: int, dpi: float, whole: bool = False) -> Picture | None:
        """A page as a picture, None for a dump. Raises ReportError."""
        with self.drawing:
            return self.tools.picture(document, page, dpi, whole)

    def no_picture(self, document: str, page: int) -> str:
        """Why the pages of a document cannot be shown; empty where they can. Asked once."""
        if document not in self._pictured:
            try:
                self.picture(document, page, 20.0)
                self._pictured[document] = ""
            except ReportError as error:
                self._pictured[document] = str(error)
        return self._pictured[document]

    # ------------------------------------------------------------------ decisions

    def decide(self, made: Sequence[Decision], gone: Iterable[str] = ()) -> None:
        """Write decisions down before anything else, and have the tables carry them.

        `gone` are the items that they settle: they are asked no more, at once.
        """
        if self.read_only:
            raise Refused("read-only: nothing is decided here")
        with self.lock:
            for decision in made:
                append_decision(self.out / DECISIONS, decision)
            for item in gone:
                found = self.items.pop(item, None)
                if found is not None:
                    self.past[item] = found
                    kept = self.by_document[found.document]
                    self.by_document[found.document] = tuple(i for i in kept if i.id != item)
            self._queue = None
            self.read_decisions()
            self.apply({decision.document for decision in made})

    def decision_on(self, item_id: str) -> Decision | None:
        """What was decided on an item that waits no more."""
        item = self.past.get(item_id)
        if item is None or item_id in self.items:
            return None
        held = in_force(self.decisions_on(item.document))
        return next((d for d in reversed(held) if settles(d, item)), None)

    def current(self, document: str, subject: Subject) -> Subject:
        """A subject with what was decided on it since its report was made."""
        with self.lock:
            if document not in self.waiting:
                return subject
            held = in_force(self.decisions_on(document))
        place = (subject.page, subject.row, subject.column, subject.part)
        for decision in reversed(held):
            there = (decision.page, decision.row, decision.column, decision.part)
            same = (decision.target, decision.field) == (subject.target, subject.field)
            if same and there == place and decision.now is not None:
                return replace(subject, value=decision.now)
        return subject

    def undo(self, decision_id: str, who: str, alike: bool = False) -> None:
        """Take a decision back, or all that were made with it. Raises Refused where none holds."""
        held = [
            decision
            for decision in in_force(self.decisions)
            if decision.id == decision_id
            or (alike and form_of_id(decision.id) == form_of_id(decision_id))
        ]
        if not held:
            raise Refused("this decision does not hold any more")
        self.decide(
            [
                Decision(
                    new_id(),
                    decision.document,
                    "undo",
                    undoes=decision.id,
                    who=who,
                    when=now(),
                    sha256=decision.sha256,
                )
                for decision in held
            ]
        )

    def apply(self, documents: set[str]) -> None:
        """Have these documents done again, and the tables written."""
        with self.lock:
            known = documents & set(self.by_document)
            if known and not self.waiting:
                self._since = monotonic()
            self.dirty |= known
            self.waiting |= known
            self._wake.notify_all()

    def read_ahead(self, document: str) -> None:
        """Have the worker do a document that is likely asked for next."""
        with self.lock:
            self._touched = monotonic()
            if self._workers and document not in {*self._reports, *self._ahead}:
                self._ahead.append(document)
                self._wake.notify_all()

    def redo(self) -> bool:
        """Apply what was decided on one document; False where nothing waits for it."""
        with self.lock:
            if not self.dirty:
                return False
            document = min(self.dirty)
            self.dirty.discard(document)
            decisions = self.decisions
            if document == BETWEEN:  # put together whenever the tables are written
                self.results[document] = None
                return True
        try:
            report = self.tools.report(self.store, document, decisions)
            result = self.tools.result(self.store, report)
        except ReportError as error:
            with self.lock:
                self.failed = str(error)
                self.waiting.discard(document)
            return True
        with self.lock:
            if document not in self.dirty:  # nothing was decided on it meanwhile
                self.results[document] = result
                self.keep(document, report)
                self.put(document, items_of(document, result.findings, result.looks))
        return True

    def write(self) -> bool:
        """Put what documents came to into the tables, all at once; False where nothing was put.

        What cannot be written is tried again in a while.
        """
        with self.lock:
            results, self.results = self.results, {}
        if not results:
            return False
        try:
            renew(self.out, [result for result in results.values() if result is not None])
            between = self.store.between()
            with self.lock:
                if BETWEEN not in self.dirty | set(self.results):
                    self.put(BETWEEN, items_of(BETWEEN, between, ()))
        except ReportError as error:
            with self.lock:
                self.failed = str(error)
                self.results = results | self.results
                self._since = self._touched = monotonic() + AGAIN_SECONDS
            return False
        with self.lock:
            self.failed = ""
            self.waiting -= set(results) - self.dirty - set(self.results)
            self._since = monotonic()
        return True

    def work(self) -> bool:
        """Do all that waits; False where nothing did."""
        done = False
        while self.redo():
            done = True
        return self.write() or done

    def start(self) -> None:
        """Keep the tables up to date, and read ahead, in threads of their own."""
        sys.setswitchinterval(SWITCH_SECONDS)
        for name, target in (("tables", self._write), ("ahead", self._read)):
            worker = threading.Thread(target=self._said, args=(target,), name=name, daemon=True)
            worker.start()
            self._workers.append(worker)

    def _said(self, target: Callable[[], None]) -> None:
        """Run a thread; that it broke off is said on every page."""
        try:
            target()
        except BaseException as error:
            with self.lock:
                self.failed = f"{type(error).__name__}: {error}; start the review again"
            raise

    def _write(self) -> None:
        while True:
            with self.lock:
                while not (self.results or self._closing):
                    self._wake.wait()
                if self._closing:
                    return
                quiet = monotonic() - self._touched
                if quiet < QUIET_SECONDS and monotonic() - self._since < LONGEST_SECONDS:
                    self._wake.wait(QUIET_SECONDS - quiet)
                    continue
            self.write()

    def _read(self) -> None:
        while True:
            with self.lock:
                while not (self.dirty or self._ahead or self._closing):
                    self._wake.wait()
                if self._closing:
                    return
                quiet = monotonic() - self._touched
                if 0 <= quiet < PAUSE_SECONDS and monotonic() - self._since < LONGEST_SECONDS:
                    self._wake.wait(PAUSE_SECONDS - quiet)
                    continue
                document = "" if self.dirty else self._ahead.pop(0)
            if document:
                with suppress(ReportError):  # it is said when the document is asked for
                    self.report(document, touch=False)
            elif self.redo():
                with self.lock:
                    self._wake.notify_all()

    def close(self) -> None:
        """Write what is not written yet, and stop."""
        with self.lock:
            self._closing = True
            self._wake.notify_all()
        for worker in self._workers:
            worker.join()
        while self.work():
            pass


def new_id() -> str:
    return secrets.token_hex(8)


def settles(decision: Decision, item: Item) -> bool:
    """Whether a decision is about what an item asks."""
    if decision.target == "finding":
        found = item.finding
        return found is not None and decision.was == finding_key(
            found.check, found.code, found.values
        )
    if decision.target == "document":
        return decision.field == item.field
    place = (decision.page, decision.row, decision.column)
    return item.place is not None and (
        place == tuple(item.place) if decision.target == "cell" else place[:2] == item.place[:2]
    )


def form_of_id(decision_id: str) -> str:
    """What the ids of all decisions of one form share.

    >>> form_of_id("ab12-3"), form_of_id("ab12")
    ('ab12', 'ab12')
    """
    return decision_id.split("-")[0]


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


# ---------------------------------------------------------------------- what a decision is on


def record_at(report: Report, item: Item) -> Record | None:
    """The row that an item is about: that of its code, else that of its cell."""
    place = item.place
    if place is not None:
        here = [r for r in report.records if any(p == place for p in cells_of_record(r))]
        own = [r for r in here if item.code and r.row.code in item.code.split(";")]
        if item.kind == "row":
            own = [r for r in here if r.part == item.part]
        if own or here:
            return (own or here)[0]
    codes = (item.code or "").split(";")
    pages = set(item.finding.pages) if item.finding else set()
    return next(
        (
            r
            for r in report.records
            if r.row.code in codes and (not pages or pages & set(r.row.pages))
        ),
        None,
    )


def cells_of_record(record: Record) -> list[Place]:
    """All cells of a row, those of its repeats too."""
    rows = (*record.physical.parts, *record.again)
    return [place_of(p) for part in rows for _, pieces in part.fields for p in pieces]


def cell_at(report: Report, place: Place) -> CellValue | None:
    return next(
        (c for c in report.cells if (c.page, c.row, c.column) == tuple(place)),
        None,
    )


def subject_of(report: Report, item: Item, on: str = "") -> Subject:
    """What a decision on an item is made on; `on` names another one. Raises Refused."""
    if item.document == BETWEEN:
        if on:
            raise Refused("no such value")
        return Subject("finding", item.check)
    record = record_at(report, item)
    kind, _, name = on.partition("-")
    if kind == "cell":
        try:
            place = Place(*map(int, name.split("-")))
        except (TypeError, ValueError) as error:
            raise Refused("no such cell") from error
        return cell_subject(report, place)
    if kind == "row" and record is not None and name in ("", *ROW_FIELDS):
        return row_subject(record, name)
    if kind == "document" and name in DOCUMENT_FIELDS:
        return document_subject(report, name)
    if on:
        raise Refused("no such value")
    if item.field in DOCUMENT_FIELDS:
        return document_subject(report, item.field)
    if item.kind == "row" and record is not None:
        return row_subject(record, "")
    if item.kind == "finding" and item.field in ROW_FIELDS and record is not None:
        return row_subject(record, item.field)
    if item.place is not None:
        return cell_subject(report, item.place)
    return Subject("finding", item.check)


def cell_subject(report: Report, place: Place) -> Subject:
    cell = cell_at(report, place)
    if cell is None:
        raise Refused("no such cell")
    return Subject("cell", cell.field, *place, was=cell.raw, value=cell.value)


def row_subject(record: Record, name: str) -> Subject:
    page, row, column = record.anchor
    value = written(getattr(record.row, name)) if name else ""
    was = raw_of_row(record.physical, name)
    return Subject("row", name, page, row, column, record.part, was, value)


def document_subject(report: Report, name: str) -> Subject:
    if name == "agency":
        agency = report.agency
        value = placed(agency.name or "", agency.district, agency.province)
        return Subject("document", name, was=readings_of_agency(agency), value=value)
    year = report.years.fiscal if name == "fiscal_year" else report.years.assessment
    return Subject("document", name, was=readings_of_years(report.years), value=written(year))


def choices_of(report: Report, item: Item, subject: Subject) -> tuple[str, ...]:
    """Other readings of a value, the likeliest first, each once and none that it has already."""
    found: list[str] = []
    record = record_at(report, item)
    finding = item.finding
    if subject.target == "document" and subject.field == "agency":
        found += [str(reading) for reading in report.agency.votes[:6] if reading.name]
        found += full_names(report.agency)
    elif subject.target == "document":
        found += [str(said.year) for said in report.years.said]
    elif subject.field == "code" and record is not None:
        found += [*record.code.candidates, *(s.reading.code or "" for s in record.codes)]
        if record.row.indicator_no is not None:
            found += [
                code
                for code in codes_of(report.framework)
                if report.framework.owns(record.row.indicator_no, code)
            ]
    elif subject.field == "score" and record is not None:
        found += [str(m.value) for m in record.score.mentions if m.value is not None]
    elif subject.target == "cell" and record is not None:
        found += [
            piece.text.text
            for row in record.again
            for piece in row.pieces(subject.field)
            if piece.page != subject.page
        ]
    if finding is not None and finding.suggestion and finding.field == subject.field:
        found.insert(0, finding.suggestion)
    already = {subject.value, report.agency.name if subject.field == "agency" else ""}
    other = [text for text in dict.fromkeys(found) if text.strip() and text not in already]
    return tuple(text for text in other if is_possible(report, subject, text))[:9]


def full_names(agency: Agency) -> list[str]:
    """The official places that an agency could be named after, as agencies of its kind.

    The name of a place alone, without the kind of agency, names none.
    """
    own = next((c.name for c in agency.candidates if (agency.name or "").endswith(c.name)), "")
    kind = (agency.name or "").removesuffix(own) if own else ""
    places = agency.candidates[:5] if kind else ()
    return [placed(f"{kind}{place.name}", place.district, place.province) for place in places]


def is_possible(report: Report, subject: Subject, value: str) -> bool:
    try:
        checked(report, subject, value)
    except Refused:
        return False
    return True


def codes_of(framework: Framework) -> tuple[str, ...]:
    return tuple(f"{c.letter}{n}" for c in framework.codes for n in range(1, c.count + 1))


def checked(report: Report, subject: Subject, value: str) -> str:
    """A value as it may be written down. Raises Refused, saying what it should be."""
    text = value.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ").strip()
    text = unicodedata.normalize("NFC", text)
    if len(text) > MOST_LETTERS:
        raise Refused(f"more than {MOST_LETTERS} letters")
    if any(unicodedata.category(char) == "Cc" and char != "\n" for char in text):
        raise Refused("a control character")
    name = subject.field
    if subject.target == "document" and name != "agency":
        text = thai_digits(text)
        if not re.fullmatch(r"2[5-6]\d\d", text):
            raise Refused("a year of the Buddhist era, such as 2569")
    if subject.target == "document" and name == "agency" and not text:
        raise Refused("the name of the agency")
    if subject.target == "row":
        text = thai_digits(text) if name not in ("strengths", "weaknesses", "responsible") else text
        check_row_value(report, name, text)
    return text


def check_row_value(report: Report, name: str, text: str) -> None:
    codes = [text] if name == "code" else text.split("\n") if name == "references" else []
    for code in filter(None, codes):
        if not CODE.fullmatch(code) or report.framework.has(code) is False:
            raise Refused(f"{code} is no code of {report.framework.year}: i1, e7 or o25")
    try:
        value = typed(name, text)
    except (ValueError, ArithmeticError) as error:
        form = "2025-10-31" if name.endswith("date") else "a number"
        raise Refused(f"{text} cannot be read; write {form}") from error
    if name == "score" and value is not None and not 0 <= value <= 100:
        raise Refused("a score of 0 to 100")
    if name == "indicator_no" and value is not None and not 1 <= value <= 10:
        raise Refused("an indicator of 1 to 10")


def made_of(
    desk: Desk,
    item: Item,
    subject: Subject,
    now_value: str | None,
    who: str = "",
    why: str = "",
    id: str = "",
    on: str = "",
) -> Decision:
    """The decision on one subject.

    Without a value the finding is right as it is, or the subject, where it was chosen by `on`.
    """
    sha256 = desk.sha256_of(item.document)
    common = Decision(
        id or new_id(), item.document, "finding", item.check,
        who=who, when=now(), why=why, sha256=sha256,
    )  # fmt: skip
    if now_value is None and item.finding is not None and not on:
        finding = item.finding
        was = finding_key(finding.check, finding.code, finding.values)
        return replace(common, was=was)
    return replace(
        common,
        target=subject.target,
        field=subject.field,
        page=subject.page,
        row=subject.row,
        column=subject.column,
        part=subject.part,
        was=subject.was,
        now=now_value,
    )


def same_reading(one: Subject, other: Subject) -> bool:
    """Whether the same value can be right for both."""
    return (one.target, one.field, one.was) == (other.target, other.field, other.was)


def alike(
    desk: Desk, report: Report, item: Item, subject: Subject, on: str = ""
) -> list[tuple[Item | None, Subject]]:
    """What else of the document the same decision settles, each with its item if it waits.

    Cells are alike that read the same in the same column, findings that say the same.
    """
    others = [i for i in desk.by_document[item.document] if i.id != item.id]
    found: list[tuple[Item | None, Subject]] = []
    if item.finding is not None and not on:
        texts = [said.text for said in item.finding.values]
        found += [
            (other, subject_of(report, other))
            for other in others
            if other.finding is not None
            and other.check == item.check
            and [said.text for said in other.finding.values] == texts
        ]
    elif subject.target == "cell":
        waiting = {other.place: other for other in others if other.kind == "cell"}
        for cell in report.cells:
            place = Place(cell.page, cell.row, cell.column)
            own = (subject.page, subject.row, subject.column)
            if place != own and cell.raw == subject.was and cell.field == subject.field:
                found.append((waiting.get(place), cell_subject(report, place)))
    return found
