"""The stages composed for one document, and the command line."""

import ctypes
import hashlib
import json
import os
import signal
import time
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import cache, partial
from io import BytesIO
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from audit.archive import ARCHIVE_CHECKS, Abstract, abstract_of
from audit.checks import CHECKS, audit, settled_rows
from audit.looks import looks_of
from audit.model import Finding
from batch.archive import Decided, Due, Plan, digest_of, drop_damaged, stamp_of, sweep
from batch.manifest import (
    MANIFEST,
    Known,
    Manifest,
    Outcome,
    State,
    counted,
    now,
    outcome_of,
    state_of,
)
from batch.pool import Guard, Lost, Pool, fault, one_more_page, through
from batch.progress import Log, Watch, duration, reason_lines, reasons
from export.audit_page import environment
from export.crops import CROP_DPI, Crop, cut_crops
from export.decisions import read_decisions
from export.files import (
    DECISIONS,
    JSON,
    between_documents,
    finding_order,
    in_language,
    keep,
    part_of,
    publish,
)
from export.model import CannotWrite, DocumentRecord, DocumentResult, Status
from export.schema import FINDINGS
from export.searchable import SearchablePage, searchable_page, write_searchable
from export.store import (
    FOLDER,
    PARTS,
    Language,
    NotARun,
    NotKept,
    Run,
    Store,
    about,
    absolute_input,
    adopt,
    crops_file,
    is_locked,
    keep_crops,
    keep_pages,
    kept_pages,
    key_of,
    locked,
    new_file,
    pages_file,
    published_findings,
    reading_key,
    renamed,
    result_in,
    sha256_of,
    staging,
)
from export.terminal import printable, show_findings, show_summary
from extract.dump import read_dump
from extract.errors import ReportError, Unreadable
from extract.model import Origin, Page, Picture, Source, why_illegible
from extract.pdf import Scanner, draw_page, read_pdf
from extract.source import LIMITS, Input, Limits, find_inputs
from extract.source import decode as decode_text
from normalize.decisions import Decision, decisions_for, in_force
from normalize.report import Report, normalize
from profiles.gazetteer import gazetteer
from profiles.lexicon import reading_cost
from profiles.report import NoProfile, Profile, profile_named, profiles

if TYPE_CHECKING:
    from extract.recognise import LineReader
    from review.desk import Tools

__version__ = "0.1.0"

T = TypeVar("T")

CRASHED, SOME_FAILED, FOUND, INTERRUPTED = 1, 6, 8, 130
NO_PROFILE = "no table of a known kind of report: its cells are in cells.csv, it has no rows"
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, KEPT_BYTES = -1, -3, 12_000_000
"""Of glibc's malloc.h: what is larger than KEPT_BYTES goes back when it is freed."""

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Archived Thai government reports to clean, audited rows.",
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a conversion depends on beside the bytes of the document."""

    profile: str = ""
    """The only profile to try; empty for all that are known."""
    second_opinion: bool = False
    """Ask an installed Tesseract about scanned lines in doubt."""
    vision_url: str = ""
    """The base URL of a vision endpoint that reads scanned pages; empty for none, ever."""
    vision_model: str = ""
    vision_key: str = ""
    """The environment variable that holds the endpoint's key."""
    searchable: Path | None = None
    """The folder for searchable twins of scans; None where none are wanted."""
    decisions: tuple[Decision, ...] = ()
    """What people decided, of any document."""
    keep: Path | None = None
    """The folder (`staging`) in which pages are kept as they were read; None to keep none."""
    language: Language = "en"
    """Of the messages of findings, in what is kept."""
    limits: Limits = LIMITS
    passwords: tuple[str, ...] = field(default=(), repr=False)
    """To be tried on what is encrypted."""
    allowance: str = ""
    """A key of what a worker may take: a document that failed may not with another one."""

    @property
    def profiles(self) -> tuple[Profile, ...]:
        return (profile_named(self.profile),) if self.profile else profiles()

    @property
    def run(self) -> Run:
        """What the kept results have in common."""
        return Run(language=self.language, profile=self.profile)


@dataclass(frozen=True, slots=True)
class Reading:
    """A document as it was read, before anything is made of it."""

    sha256: str
    pages: Iterator[Page]
    """To be taken once; reading them may raise a ReportError."""


class Opened(NamedTuple):
    """An input whose bytes are at hand."""

    found: Input
    sha256: str
    content: bytes | None
    """None where the file is read from its place, by pieces."""
    stamp: tuple[int, int] | None = None
    """Of that file: its time and size when it was hashed."""


def open_document(found: Input, settings: Settings) -> Opened:
    """Get at an input's bytes. Raises a ReportError where there is nothing to be had."""
    if found.error:
        raise Unreadable(found.error)
    if found.reader == "pdf" and found.on_disk is not None:
        try:
            stamp = stamp_now(found.on_disk)
            return Opened(found, sha256_of(found.on_disk), None, stamp)
        except OSError as error:
            raise Unreadable(f"{found.name}: {error.strerror or error}; check the file") from error
    content = found.read_bytes(settings.passwords)
    return Opened(found, hashlib.sha256(content).hexdigest(), content)


def stamp_now(path: Path) -> tuple[int, int]:
    there = path.stat()
    return there.st_mtime_ns, there.st_size


def read_document(found: Input, settings: Settings) -> Reading:
    """All pages of one input. Raises a ReportError where there is nothing to be had."""
    opened = open_document(found, settings)
    return Reading(opened.sha256, read_opened(opened, settings))


def read_opened(
    opened: Opened, settings: Settings, missed: list[str] | None = None
) -> Iterator[Page]:
    """The pages of an input whose bytes are at hand; may raise a ReportError.

    `missed` is told of each page that the vision endpoint did not read.
    """
    found, content, limits = opened.found, opened.content, settings.limits
    scanner = partial(scan_page, settings, missed=missed)
    if found.reader == "dump":
        return read_dump(found.name, decode_text(found.name, content or b""), limits)
    if found.reader == "image":
        return image_pages(found.name, content or b"", scanner, limits)
    if content is None and found.on_disk is not None:
        return pages_on_disk(found.name, found.on_disk, scanner, settings)
    file = BytesIO(content or b"")
    return read_pdf(found.name, file, settings.passwords, scanner, limits)


def pages_on_disk(name: str, path: Path, scanner: Scanner, settings: Settings) -> Iterator[Page]:
    """The pages of a PDF that is read from its place."""
    try:
        with path.open("rb") as file:
            yield from read_pdf(name, file, settings.passwords, scanner, settings.limits)
    except OSError as error:
        raise Unreadable(f"{name}: {error.strerror or error}; check the file") from error


def image_pages(
    name: str, content: bytes, scanner: Scanner, limits: Limits = LIMITS
) -> Iterator[Page]:
    """The pages of an image file, each read from its picture."""
    from extract.picture import Unloaded, load_frames

    try:
        for number, picture in enumerate(load_frames(content, limits), 1):
            source = Source(name, number)
            if isinstance(picture, Unloaded):
                yield Page(source, layer="useless", layer_note=picture.why, image_share=1.0)
                continue
            page = scanner(source, picture)
            why = why_illegible(page)
            if why:
                page = Page(page.source, unread=page.unread)
            note = f"a picture; {why}" if why else "a picture"
            yield replace(page, layer="none", layer_note=note, image_share=1.0)
    except Unreadable as error:
        raise Unreadable(f"{name}: {error}; scan it again as PDF, TIFF or PNG") from error


def scan_page(
    settings: Settings, source: Source, picture: Picture, missed: list[str] | None = None
) -> Page:
    """Read a page from its picture. What that needs is loaded with the first such page.

    Where a vision endpoint is named it is asked first, and what it cannot read is read here.
    """
    from extract.opinion import Tesseract
    from extract.scan import read_picture

    if settings.vision_url:
        from extract.vision import VisionFailed, VisionReader, to_page

        reader = VisionReader(settings.vision_url, settings.vision_model, settings.vision_key)
        try:
            return to_page(reader.read_page(picture.grey), source)
        except VisionFailed as error:
            typer.echo(f"note: {source}: {error}", err=True)
            if missed is not None:
                missed.append(str(source))
    tesseract = Tesseract.find() if settings.second_opinion else None
    return read_picture(source, picture, line_reader(), reading_cost, tesseract)


@cache
def line_reader() -> "LineReader":
    from extract.recognise import LineReader

    give_back_memory()
    return LineReader.load()


def give_back_memory() -> None:
    """Have glibc return large freed blocks at once, which it otherwise keeps in pieces.

    Pages as pictures come and go by the megabyte: 345 MB at the peak in place of 455, for a
    twentieth more time. Other C libraries know no such setting.
    """
    with suppress(OSError, AttributeError):
        for setting in (M_MMAP_THRESHOLD, M_TRIM_THRESHOLD):
            ctypes.CDLL(None).mallopt(setting, KEPT_BYTES)


def convert_document(
    source: Input | Path | str, settings: Settings | None = None
) -> DocumentResult:
    """One document, start to finish. A failure is returned as its record, so that a batch goes on.

    A path that names several documents (a folder, a ZIP file) raises Unreadable: use `find_inputs`.
    """
    found = source if isinstance(source, Input) else only_input(str(source))
    settings = settings or Settings()
    try:
        opened = open_document(found, settings)
    except ReportError as error:
        return failed_result(found, None, settings, str(error))
    return convert_opened(opened, settings)


def convert_opened(opened: Opened, settings: Settings) -> DocumentResult:
    """The same of an input whose bytes are at hand."""
    found, sha256 = opened.found, opened.sha256
    scans: list[SearchablePage] = []
    missed: list[str] = []
    decided = decisions_for(found.name, sha256, settings.decisions)
    draft = new_file(settings.keep) if settings.keep is not None else None
    try:
        pages = counted_pages(read_opened(opened, settings, missed))
        pages = kept_scans(pages, scans) if settings.searchable else pages
        if draft is not None:
            pages = keep_pages(draft, pages)
        report = normalize(found.name, pages, settings.profiles, decided)
        check_unchanged(opened)
    except CannotWrite:
        raise
    except Changed as error:
        return failed_result(found, None, settings, str(error))
    except ReportError as error:
        return failed_result(found, sha256, settings, str(error))
    result = result_of(sha256, report, audit(report))
    result = with_searchable(opened, result, scans, settings)
    if settings.keep is None or draft is None:
        return result
    doubtful = result.record.status != "ok"
    reading = reading_of(found, sha256, settings, doubtful)
    if missed:  # under a key that no run looks for: the next one asks the endpoint again
        reading = key_of(reading, "not by the endpoint")
    result = replace(result, reading=reading)
    adopt(draft, pages_file(settings.keep, result.reading))
    keep_pictures(found, report, result, settings)
    return result


class Changed(Unreadable):
    """The file was written to while it was read."""


def check_unchanged(opened: Opened) -> None:
    """Raise Changed where what was read may not be what was hashed."""
    path = opened.found.on_disk
    if opened.stamp is None or path is None:
        return
    with suppress(OSError):
        if stamp_now(path) == opened.stamp:
            return
    raise Changed(f"{opened.found.name}: changed while it was read; run convert again")


def counted_pages(pages: Iterable[Page]) -> Iterator[Page]:
    """Pass pages on; each gives a worker more time."""
    for page in pages:
        one_more_page()
        yield page


def keep_pictures(found: Input, report: Report, result: DocumentResult, settings: Settings) -> None:
    """Keep the pictures that go with a result, before it is kept itself."""
    if settings.keep is not None:
        path = crops_file(settings.keep / PARTS / part_of(result, settings.run))
        keep_crops(settings.keep, path, crops_of(found, report, result, settings))


def searchable_target(found: Input, settings: Settings) -> Path | None:
    if settings.searchable is None:
        return None
    return settings.searchable / f"{found.name.removesuffix('.pdf')}.pdf"


def with_searchable(
    opened: Opened, result: DocumentResult, scans: Sequence[SearchablePage], settings: Settings
) -> DocumentResult:
    """Write the searchable twin of a scan; that it could not be is said in the document's line."""
    target = searchable_target(opened.found, settings)
    if target is None or not scans:
        return result
    content = opened.content
    try:
        if content is None:
            content = opened.found.read_bytes(settings.passwords)
        write_searchable(content, scans, target)
    except ReportError as error:
        status: Status = "partial" if result.record.status == "ok" else result.record.status
        return replace(result, record=replace(result.record, status=status, error=str(error)))
    return result


def failed_result(
    found: Input, sha256: str | None, settings: Settings, error: str
) -> DocumentResult:
    """The line of a document of which nothing can be had."""
    decided: tuple[Decision, ...] = ()
    if sha256 is None:
        reading = unread_key(found.name, error)
    else:
        reading = reading_of(found, sha256, settings, doubtful=True)
        decided = in_force(decisions_for(found.name, sha256, settings.decisions))
    record = DocumentRecord(found.name, "failed", sha256, error=error)
    return DocumentResult(record, decisions=decided, reading=reading)


def unread_key(name: str, error: str) -> str:
    return reading_key("", name, error)


def reading_of(found: Input, sha256: str, settings: Settings, doubtful: bool) -> str:
    """The key of a document's pages. One that was not read whole might be under other limits."""
    how: list[object] = [
        *(found.reader, settings.second_opinion, settings.vision_url, settings.vision_model)
    ]
    if found.reader != "dump":
        how += [settings.limits.pixels]
    if doubtful:
        how += [settings.limits, settings.allowance, str(settings.searchable or "")]
    return reading_key(sha256, *how)


def parts_of(found: Input, sha256: str, settings: Settings) -> tuple[str, ...]:
    """The files below PARTS that a document's result may have: as one read whole, or not."""
    record = DocumentRecord(found.name, "ok", sha256 or None)
    if found.error:
        reading = unread_key(found.name, found.error)
        return (part_of(DocumentResult(record, reading=reading), settings.run),)
    if not sha256:
        reading = lost_key(found, settings)
        lost = DocumentResult(record, reading=reading)
        return (part_of(lost, settings.run),) if found.stamp and found.on_disk is None else ()
    decided = in_force(decisions_for(found.name, sha256, settings.decisions))
    return tuple(
        part_of(
            DocumentResult(
                record,
                decisions=decided,
                reading=reading_of(found, sha256, settings, doubtful),
            ),
            settings.run,
        )
        for doubtful in (False, True)
    )


# ---------------------------------------------------------------- a document of an archive


@dataclass(frozen=True, slots=True)
class Task:
    """One document to be done and kept; picklable."""

    found: Input
    settings: Settings
    """With the folder to keep it in, and of the decisions those that may be on it."""
    again: bool = False
    """Also if it failed before in the same way."""


def convert_unit(task: Task) -> Outcome:
    """Do one document of an archive, as far as nobody has yet, and keep what it comes to.

    Raises CannotWrite; a document that cannot be read is an outcome like any other.
    """
    begun, read_at = time.monotonic(), now()
    found, settings = task.found, task.settings
    try:
        opened = open_document(found, settings)
    except ReportError as error:
        outcome = kept_outcome(failed_result(found, None, settings, str(error)), settings)
    else:
        decided = decisions_for(found.name, opened.sha256, settings.decisions)
        settings = replace(settings, decisions=decided)
        known = None if task.again else known_outcome(opened, settings)
        if known is None:
            known = kept_outcome(convert_opened(opened, settings), settings)
        outcome = replace(known, hashed=read_at)
    return replace(outcome, seconds=time.monotonic() - begun)


def known_outcome(opened: Opened, settings: Settings) -> Outcome | None:
    """What an earlier run left of a document, or of one of the same bytes; None for nothing."""
    folder = settings.keep
    if folder is None:
        return None
    found, sha256 = opened.found, opened.sha256
    parts = parts_of(found, sha256, settings)
    for part in parts:
        with suppress(NotKept):
            kept = about(folder / PARTS / part, found.name)
            target = searchable_target(found, settings)
            if target is not None and (kept.record.error or "").startswith(str(target)):
                continue  # its searchable twin could not be written then
            if has_searchable(opened, kept.record, kept.reading, settings):
                return replace(outcome_of(kept, part, kept.review), how="kept")
    for part in parts:
        twins = (folder / PARTS / part).parent.glob(f"{Path(part).name.partition('-')[0]}-*.zip")
        for twin in sorted(twins):
            with suppress(NotKept):
                result = result_in(twin)
                if result.record.status == "ok" and has_searchable(
                    opened, result.record, result.reading, settings
                ):
                    outcome = kept_outcome(renamed(result, found.name), settings)
                    return replace(outcome, how="renamed")
    for doubtful in (False, True):
        reading = reading_of(found, sha256, settings, doubtful)
        with suppress(NotKept):
            pages = kept_pages(folder, reading, found.name)
            report = normalize(found.name, pages, settings.profiles, settings.decisions)
            result = replace(result_of(sha256, report, audit(report)), reading=reading)
            if has_searchable(opened, result.record, reading, settings):
                keep_pictures(found, report, result, settings)
                return replace(kept_outcome(result, settings), how="decided")
    return None


def has_searchable(
    opened: Opened, record: DocumentRecord, reading: str, settings: Settings
) -> bool:
    """Whether no searchable twin is wanted, or it can be written from kept pages.

    One that is there may be of another document, which had this name before.
    """
    target = searchable_target(opened.found, settings)
    if target is None or "ocr" not in record.source or not settings.keep:
        return True
    scans: list[SearchablePage] = []
    for _ in kept_scans(kept_pages(settings.keep, reading, opened.found.name), scans):
        pass
    done = with_searchable(opened, DocumentResult(record), scans, settings)
    return done.record == record


def kept_outcome(result: DocumentResult, settings: Settings) -> Outcome:
    """Keep a result; what is said of it without its tables."""
    part = keep(settings.keep, result, settings.run) if settings.keep else ""
    return outcome_of(result, part, sum(row.needs_review for row in result.rows))


def lost_outcome(task: Task, lost: Lost) -> Outcome:
    """Keep that a document's worker did not come back."""
    found, read_at = task.found, now()
    error = f"{found.name}: {lost.why}"
    sha256 = digest_of(found)
    result = failed_result(found, sha256, task.settings, error)
    if sha256 is None and found.stamp:  # what is in an archive is not unpacked without a guard
        result = replace(result, reading=lost_key(found, task.settings))
    return replace(
        kept_outcome(result, task.settings),
        crashed=bool(lost.trace),
        trace=lost.trace,
        hashed=read_at if sha256 else 0,
    )


def lost_key(found: Input, settings: Settings) -> str:
    """What names the failure of a document that nobody could hash, until it or a limit changes."""
    return reading_key("", found.name, found.stamp, settings.limits, settings.allowance)


def redo_report(store: Store, document: str, decisions: Iterable[Decision]) -> Report:
    """A document of a finished run once more from its kept pages. Raises NotKept, NotARun.

    `decisions` may hold those on other documents.
    """
    run = store.run
    settings = Settings(run.profile, language=run.language)
    sha256 = store.about(document).record.sha256 or ""
    decided = decisions_for(document, sha256, decisions)
    return normalize(document, store.pages(document), settings.profiles, decided)


def redo_document(store: Store, document: str, decisions: Iterable[Decision]) -> DocumentResult:
    """What `redo_report` comes to, as `convert_document` would give it."""
    return redone(store, redo_report(store, document, decisions))


def redone(store: Store, report: Report) -> DocumentResult:
    """What a report that was made from kept pages comes to."""
    kept = store.about(report.document)
    result = result_of(kept.record.sha256 or "", report, audit(report))
    return replace(result, reading=kept.reading)


def page_picture(
    found: Input, page: int, dpi: float, whole: bool = False, settings: Settings | None = None
) -> Picture | None:
    """One page of an input as it lies, so that the boxes of its cells fit; None for a dump.

    `whole` is for pages whose text was read from its layer: it adds what a viewer cuts off, from
    whose corner their boxes count. An image file has the resolution that it states, whatever `dpi`.
    Raises a ReportError where the file has gone or the page cannot be drawn.
    """
    settings = settings or Settings()
    passwords, limits = settings.passwords, settings.limits
    if found.error:
        raise Unreadable(found.error)
    if page < 1:
        raise Unreadable(f"{found.name}: there is no page {page}")
    if found.reader == "dump":
        return None
    if found.reader == "image":
        return image_page(found.name, found.read_bytes(passwords), page, limits)
    path = found.on_disk
    if path is None:
        file = BytesIO(found.read_bytes(passwords))
        return draw_page(found.name, file, page, dpi, whole, passwords, limits)
    try:
        with path.open("rb") as opened:
            return draw_page(found.name, opened, page, dpi, whole, passwords, limits)
    except OSError as error:
        raise Unreadable(f"{found.name}: {error.strerror or error}; check the file") from error


def crops_of(
    found: Input, report: Report, result: DocumentResult, settings: Settings | None = None
) -> tuple[Crop, ...]:
    """The pictures of the places of a document's findings."""
    pages = {page.number: page for page in report.pages}
    frames = {number: page.frame for number, page in pages.items()}

    def picture_of(number: int) -> Picture | None:
        whole = number in pages and pages[number].origin == "text"
        return page_picture(found, number, CROP_DPI, whole, settings)

    return cut_crops(result.findings, result.cells, frames, picture_of)


def image_page(name: str, content: bytes, page: int, limits: Limits = LIMITS) -> Picture:
    """One frame of an image file; raises Unreadable where there is no such one."""
    from extract.picture import Unloaded, load_frames

    try:
        picture = next(islice(load_frames(content, limits), page - 1, None), None)
    except Unreadable as error:
        raise Unreadable(f"{name}: {error}") from error
    if picture is None:
        raise Unreadable(f"{name}: it has no page {page}")
    if isinstance(picture, Unloaded):
        raise Unreadable(f"{name} p.{page}: {picture.why}")
    return picture


def kept_scans(pages: Iterable[Page], scans: list[SearchablePage]) -> Iterator[Page]:
    """Pass pages on, and keep of those that were read from a picture what a search needs."""
    for page in pages:
        if page.origin == "ocr" and page.source.box is not None:
            scans.append(searchable_page(page))
        yield page


def only_input(path: str) -> Input:
    found = list(find_inputs([path]))
    if len(found) != 1:
        raise Unreadable(f"{path}: {len(found)} documents here; give one file, or use find_inputs")
    return found[0]


def result_of(sha256: str, report: Report, findings: tuple[Finding, ...]) -> DocumentResult:
    """The tables' lines of one document, and its own line."""
    unread = [page for page in report.pages if not page.is_read and page.note]
    status: Status = "partial" if unread or report.profile is None else "ok"
    error = None
    if report.pages and len(unread) == len(report.pages):
        status = "failed"
        error = f"no page could be read: {unread[0].note}"
    elif not report.pages:
        status, error = "failed", "empty: nothing to read"
    elif report.profile is None:
        error = NO_PROFILE
    elif unread:
        error = f"{len(unread)} of {len(report.pages)} pages could not be read"
    origins: tuple[Origin, ...] = tuple(sorted({page.origin for page in report.pages}))
    record = DocumentRecord(
        report.document,
        status,
        sha256,
        len(report.pages),
        origins,
        report.agency.name if report.profile else None,
        report.years.fiscal if report.profile else None,
        len(report.records),
        len(findings),
        error,
    )
    rows = settled_rows(report, findings)
    return DocumentResult(
        record,
        rows,
        report.cells,
        report.corrections,
        findings,
        report.decisions,
        looks_of(report, findings),
    )


class FailOn(StrEnum):
    """The least severity of a finding that makes the exit code 8."""

    error = "error"
    warning = "warning"
    info = "info"


class Tongue(StrEnum):
    """The language of the messages of findings."""

    en = "en"
    th = "th"


@dataclass(slots=True)
class Tally:
    """What a run came to."""

    documents: int = 0
    failed: int = 0
    crashed: int = 0
    partial: int = 0
    pages: int = 0
    rows: int = 0
    review: int = 0
    errors: int = 0
    warnings: int = 0
    infos: int = 0
    decided: int = 0
    without_profile: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    """How many documents failed for what."""

    def count(self, outcome: Outcome) -> None:
        self.documents += 1
        self.failed += outcome.status == "failed"
        self.partial += outcome.status == "partial"
        self.crashed += bool(outcome.crashed)
        self.pages += outcome.pages
        self.rows += outcome.rows
        self.review += outcome.review
        self.errors += outcome.errors
        self.warnings += outcome.warnings
        self.infos += outcome.infos
        self.decided += outcome.decided
        self.without_profile += outcome.error == NO_PROFILE

    def count_findings(self, findings: Sequence[Finding]) -> None:
        """Those that a person let stand are counted apart: they are settled."""
        errors, warnings, infos, decided = counted(findings)
        self.errors += errors
        self.warnings += warnings
        self.infos += infos
        self.decided += decided


@dataclass(frozen=True, slots=True)
class Means:
    """How a run is carried out: nothing of it is in what it writes, but for what failed."""

    jobs: int = 0
    """Documents at a time; 0 for one after the other in this process, without a guard."""
    guard: Guard = field(default_factory=Guard)
    cluster: str = ""
    """The address of a dask scheduler."""
    exchange: str = ""
    """The shared place for results, where the workers do not see the output folder."""
    again: bool = False
    """Also what failed before."""
    since: int | None = None
    """Files last changed before are not looked at, in nanoseconds."""
    quiet: bool = False
    log: Path | None = None
    inputs: tuple[str, ...] = ()
    """As they were given, absolute: what all workers of a cluster must see."""


@app.command(
    epilog="Examples:  raingan convert report.pdf   ·   raingan convert archive/ --out rows/   ·   "
    "raingan convert 'scans/**/*.pdf' dumps.zip --fail-on error   ·   "
    "raingan convert archive/ --retry-failed --time-limit 600 --log run.log"
)
def convert(
    inputs: Annotated[
        list[str],
        typer.Argument(help="PDFs, OCR dumps (TSV, Markdown, HTML), folders, globs, ZIPs, URLs."),
    ],
    out: Annotated[Path, typer.Option(help="The folder that the tables are written to.")] = Path(
        "output"
    ),
    profile: Annotated[str, typer.Option(help="Try this kind of report only.")] = "",
    fail_on: Annotated[
        FailOn | None,
        typer.Option(
            help="Exit with 8 on a finding of this severity or worse that nobody has decided on."
        ),
    ] = None,
    lang: Annotated[Tongue, typer.Option(help="Language of the messages of findings.")] = Tongue.en,
    searchable: Annotated[
        Path | None, typer.Option(help="Write each scan as a searchable PDF into this folder.")
    ] = None,
    second_opinion: Annotated[
        bool, typer.Option("--second-opinion", help="Ask an installed Tesseract where in doubt.")
    ] = False,
    vision_url: Annotated[
        str,
        typer.Option(help="Send scanned pages to this OpenAI-compatible endpoint to be read."),
    ] = "",
    vision_model: Annotated[str, typer.Option(help="The model of the endpoint.")] = "",
    vision_key: Annotated[
        str, typer.Option(help="The environment variable that holds the key to it.")
    ] = "",
    password: Annotated[
        list[str] | None,
        typer.Option(help="Try this on what is encrypted; may be given several times."),
    ] = None,
    password_file: Annotated[
        Path | None, typer.Option(help="Try the lines of this file as passwords.")
    ] = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try again what failed in an earlier run.")
    ] = False,
    since: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
            help="Look only at files changed since then; of the others the output keeps what it "
            "has.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done; write nothing.")
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=0,
            envvar="RAINGAN_JOBS",
            show_default="as processors and memory allow",
            help="Documents at a time, each in a process of its own; 0: in this one, unguarded.",
        ),
    ] = None,
    time_limit: Annotated[
        float,
        typer.Option(
            min=0,
            help="Seconds of work for a document, and as much again for 10 pages; 0: no limit.",
        ),
    ] = Guard().seconds,
    memory_limit: Annotated[
        int, typer.Option(min=0, help="Megabytes that a document may take; 0: no limit.")
    ] = Guard().memory_bytes // 1_000_000,
    max_pages: Annotated[int, typer.Option(min=1, help="Pages of a document.")] = LIMITS.pages,
    max_pixels: Annotated[
        int, typer.Option(min=1, help="Pixels of a page that is read from its picture.")
    ] = LIMITS.pixels,
    max_bytes: Annotated[int, typer.Option(min=1, help="Bytes of a document.")] = LIMITS.file_bytes,
    cluster: Annotated[
        str, typer.Option(help="Have the workers of this dask scheduler do it: tcp://HOST:8786.")
    ] = "",
    exchange: Annotated[
        str,
        typer.Option(help="Where workers that do not see --out leave results: folder or URL."),
    ] = "",
    log: Annotated[
        Path | None, typer.Option(help="Append what happens to this file, as lines of JSON.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary.")] = False,
) -> None:
    """Turn reports into rows.csv, cells.csv, findings.csv and the other tables.

    What is done is kept in the output folder: a run that was interrupted, or is repeated, does
    only what is new, has changed, or was decided on since.
    """
    seconds = time_limit
    guard = Guard(seconds, seconds / 10, memory_bytes=memory_limit * 1_000_000)
    with errors_on_one_line(), interruptible():
        passwords = (*(password or ()), *passwords_in(password_file))
        settings = Settings(
            profile,
            second_opinion,
            vision_url,
            vision_model,
            vision_key,
            searchable.absolute() if searchable else None,
            language="th" if lang is Tongue.th else "en",
            limits=replace(
                LIMITS, pages=max_pages, pixels=max_pixels, file_bytes=max_bytes,
                member_bytes=min(max_bytes, LIMITS.member_bytes),
            ),
            passwords=passwords,
            allowance=allowance(guard, passwords),
        )  # fmt: skip
        means = Means(
            default_jobs() if jobs is None else jobs,
            guard,
            cluster,
            exchange,
            retry_failed,
            None if since is None else nanoseconds_of(since),
            quiet,
            log,
        )
        if 0 < memory_limit < LEAST_MEGABYTES:
            fail(f"--memory-limit: a worker needs {LEAST_MEGABYTES} MB to begin with", 2)
        if cluster and (second_opinion or vision_url):
            fail("--cluster: its workers may differ in Tesseract, or in the key to an endpoint; "
                 "leave out --second-opinion and --vision-url", 2)  # fmt: skip
        if exchange and not cluster:
            fail("--exchange is for the workers of a --cluster: give both, or neither", 2)
        if exchange and searchable:
            fail("--searchable needs a folder that all workers see: leave out --exchange", 2)
        check_readers(settings)
        if profile:
            profile_named(profile)
        found = first_taken(
            one
            for one in find_inputs(
                inputs, output=out, limits=settings.limits, passwords=settings.passwords
            )
            if not one.skipped
        )
        if found is None:
            fail(f"no documents in {', '.join(inputs)}: give PDFs, text dumps, folders or ZIPs", 3)
        if dry_run:
            show_plan(found, out, settings, means)
            raise typer.Exit
        asked = replace(
            settings.run, inputs=tuple(map(absolute_input, inputs)), version=__version__
        )
        means = replace(means, inputs=asked.inputs)
        begun = time.monotonic()
        tally, files = convert_archive(found, asked, out, settings, means)
        if not quiet:
            summary(tally, asked, out, files, time.monotonic() - begun)
    raise typer.Exit(exit_code(tally, fail_on))


LEAST_MEGABYTES = 700
"""Of address space: what a worker has loaded before it reads a page, and some more."""


def allowance(guard: Guard, passwords: Sequence[str]) -> str:
    """A key of what a document may cost and be opened with, from which no password can be told."""
    secret = ""
    if passwords:
        together = "\0".join(passwords).encode("utf-8", "surrogatepass")
        secret = hashlib.scrypt(together, salt=b"raingan", n=1 << 14, r=8, p=1).hex()
    return key_of(guard.seconds, guard.memory_bytes, secret)


def nanoseconds_of(since: datetime) -> int:
    """A day of --since as files' times are counted."""
    try:
        found = int(since.timestamp()) * 1_000_000_000
    except (ValueError, OverflowError) as error:
        fail(f"--since: {since:%Y-%m-%d} is no day that a file can be of ({error})", 2)
    if found > now():
        hint = f"; do you mean {since.year - 543}?" if since.year > 2400 else ""
        fail(f"--since: {since.year} is to come: give the year of the common era{hint}", 2)
    return found


def passwords_in(path: Path | None) -> tuple[str, ...]:
    if path is None:
        return ()
    try:
        return tuple(path.read_text("utf-8-sig").splitlines())
    except (OSError, UnicodeError) as error:
        fail(f"--password-file: {path}: {error}; give a text file in UTF-8", 2)


def first_taken(found: Iterator[T]) -> Iterator[T] | None:
    """The same, the first of which is there: None where there is none.

    So what is wrong with the paths given is raised before anything is written.
    """
    first = next(found, None)
    return None if first is None else chain((first,), found)


def default_jobs() -> int:
    """As many as there are processors, if there is a GB of memory for each."""
    processors = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    )
    with suppress(OSError, ValueError, AttributeError):
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        with suppress(OSError, ValueError):  # what a container may take
            memory = min(memory, int(Path("/sys/fs/cgroup/memory.max").read_text("ascii")))
        return max(1, min(processors or 1, memory // 1_000_000_000))
    return max(1, processors or 1)


@contextmanager
def interruptible() -> Iterator[None]:
    """Have a request to end do what Ctrl-C does."""

    def interrupt(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, interrupt)
    except ValueError:  # not the main thread: then others see to it
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def convert_archive(
    found: Iterable[Input], asked: Run, out: Path, settings: Settings, means: Means
) -> tuple[Tally, tuple[Path, ...]]:
    """Do what is still to be done of these inputs, and write the tables of all of them."""
    with closing(Log(means.log)) as log:
        return convert_logged(found, asked, out, settings, means, log)


def convert_logged(
    found: Iterable[Input], asked: Run, out: Path, settings: Settings, means: Means, log: Log
) -> tuple[Tally, tuple[Path, ...]]:
    watch = Watch(0, quiet=means.quiet, log=log)
    try:
        with ExitStack() as stack:
            decided = Decided(read_decisions(out / DECISIONS))
            folder = stack.enter_context(staging(out))
            manifest = stack.enter_context(Manifest(folder / MANIFEST))
            if manifest.note:
                note(manifest.note)
            watch.total = manifest.begin(asked, found, means.since)
            log("run", version=__version__, out=str(out), inputs=asked.inputs, total=watch.total)
            settings = replace(settings, keep=folder)
            decided = work_off(manifest, out, settings, means, watch, decided)
            log("tables", documents=watch.total)
            stamp = stamp_of(folder, manifest.parts())
            unchanged = manifest.is_published(stamp)
            try:
                files = publish(
                    out, folder, asked, manifest.parts(), decided.all, unchanged=unchanged
                )
            except NotKept as error:
                note(f"{error}: what is damaged is done anew")
                manifest.reopen(drop_damaged(folder, manifest.parts()))
                decided = work_off(manifest, out, settings, means, watch, decided)
                files = publish(out, folder, asked, manifest.parts(), decided.all)
                stamp = stamp_of(folder, manifest.parts())
            manifest.finish(stamp)
            with locked(out):  # a review may have published since
                sweep(folder, manifest, Store(out).run.parts)
            tally = tallied(manifest, out, quiet=means.quiet)
            log("end", **{k: getattr(tally, k) for k in ("documents", "failed", "rows", "review")})
            return tally, files
    except KeyboardInterrupt:
        log("interrupted", done=watch.done, total=watch.total)
        fail(
            f"interrupted: {watch.done:,} of {watch.total:,} documents are done and kept; the same "
            "command goes on from there. The tables are as the run before left them",
            INTERRUPTED,
        )


def plan_of(manifest: Manifest, settings: Settings, decided: Decided, again: bool) -> Plan:
    """What of a run is due, with these settings and decisions."""

    def parts(found: Input, sha256: str, decisions: tuple[Decision, ...]) -> tuple[str, ...]:
        return parts_of(found, sha256, replace(settings, decisions=decisions))

    def lacks(known: Known) -> bool:
        target = searchable_target(known.found, settings)
        return target is not None and known.scanned and not target.exists()

    return Plan(manifest, settings.keep or Path(), parts, decided, again, lacks)


def work_off(
    manifest: Manifest,
    out: Path,
    settings: Settings,
    means: Means,
    watch: Watch,
    decided: Decided,
) -> Decided:
    """Do all that is due, by the decisions that there are at the end; gives these."""
    again = means.again

    def tasks(plan: Plan, source: Iterable[Due]) -> Iterator[Task]:
        for due in source:
            watch.before = before + plan.kept
            yield Task(due.found, replace(settings, decisions=due.decisions), due.again)

    before = 0
    with Workers(means, settings, watch) as workers, watch.shown():
        while True:
            plan = plan_of(manifest, settings, decided, again)
            for source in (plan, plan.late()):
                for task, got in workers.through(tasks(plan, source)):
                    outcome = lost_outcome(task, got) if isinstance(got, Lost) else got
                    manifest.record(outcome)
                    plan.done(task.found)
                    watch.ended(outcome)
            before = watch.before = before + plan.kept
            newer = Decided(read_decisions(out / DECISIONS))
            if not manifest.reopen(newer.changed_since(decided)):
                return newer
            decided, again = newer, False


class Workers:
    """Who does the tasks of a run: processes of this machine, a cluster, or this process."""

    def __init__(self, means: Means, settings: Settings, watch: Watch) -> None:
        self.means, self.settings, self.watch = means, settings, watch
        self._pool: Pool[Task, Outcome] | None = None

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._pool is None:
            return
        if kind is None:
            self._pool.close()
        else:
            self._pool.stop()

    def through(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Outcome | Lost]]:
        """Each task with what came of it, in the order in which they are done."""
        if self.means.cluster:
            there = first_taken(iter(tasks))
            if there is not None:  # else nobody need be asked
                yield from self._clustered(there)
        elif not self.means.jobs:
            yield from ((task, self._here(task)) for task in tasks)
        else:
            if self._pool is None:
                gazetteer()  # what the tables need of memory is taken now, not at the end
                environment()
                self._pool = Pool(convert_unit, self.means.jobs, self.means.guard)
            yield from through(self._pool, tasks, self._started)

    def _started(self, task: Task) -> None:
        self.watch.started(task.found.name)

    def _here(self, task: Task) -> Outcome | Lost:
        self._started(task)
        try:
            return convert_unit(task)
        except ReportError:
            raise
        except Exception as error:  # the other documents must not be lost to it
            traceback.print_exc()
            return fault(error)

    def _clustered(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Outcome | Lost]]:
        from batch.cluster import Ground, in_cluster
        from batch.exchange import Exchange
        from export.store import program_fingerprint

        folder = self.settings.keep or Path()
        exchange = None
        if self.means.exchange:
            place = self.means.exchange
            if "://" not in place:
                place = str(Path(place).absolute())
            exchange = Exchange(place, folder, written_into)
        written = [folder, *([self.settings.searchable] if self.settings.searchable else [])]
        ground = Ground(
            program_fingerprint(),
            written=() if exchange else tuple(str(one.absolute()) for one in written),
            seen=tuple(one for one in self.means.inputs if Path(one).exists()),
        )
        yield from in_cluster(
            convert_unit,
            (self._absolute(task) for task in tasks),
            self.means.cluster,
            self.means.guard,
            ground=ground,
            exchange=exchange,
            note=note,
        )

    def _absolute(self, task: Task) -> Task:
        """The same task for a process in another folder."""
        found, settings = task.found, task.settings
        if found.path is not None:
            found = replace(found, path=found.path.absolute())
        keep = settings.keep.absolute() if settings.keep else None
        self._started(task)
        return replace(task, found=found, settings=replace(settings, keep=keep))


def written_into(task: Task, folder: Path) -> Task:
    """The same task, whose result is kept in another folder."""
    return replace(task, settings=replace(task.settings, keep=folder))


MOST_FAILURES = 20
"""So many documents that failed are named at the end; documents.csv has all."""


def tallied(manifest: Manifest, out: Path, quiet: bool) -> Tally:
    """Count what the run came to, and name what failed."""
    tally = Tally()
    for outcome in manifest.outcomes():
        tally.count(outcome)
    named = 0
    for status, kind in (("failed", "error"), ("partial", "note")):
        for outcome in manifest.outcomes(status):
            if outcome.error and named < MOST_FAILURES and not (quiet and kind == "note"):
                typer.echo(f"{kind}: {printable(with_name(outcome))}", err=True)
                named += 1
    if tally.failed > MOST_FAILURES:
        more = f"{tally.failed - MOST_FAILURES:,} more failed"
        typer.echo(f"error: {more}: see documents.csv, or raingan status --json", err=True)
    tally.reasons = reasons(
        (outcome.document, outcome.error or "") for outcome in manifest.outcomes("failed")
    )
    tally.count_findings(Store(out).between())
    return tally


def show_plan(found: Iterable[Input], out: Path, settings: Settings, means: Means) -> None:
    """Say which documents a run would do, and which it would leave as they are."""
    folder = out / FOLDER
    settings = replace(settings, keep=folder)
    with Manifest.copied(folder / MANIFEST) as manifest:
        total = manifest.begin(settings.run, found, means.since)
        decided = Decided(read_decisions(out / DECISIONS))
        plan = plan_of(manifest, settings, decided, means.again)
        for due in plan:
            plan.done(due.found)
            if not means.quiet:
                typer.echo(printable(due.found.name))
    failed = plan.failed
    typer.echo(
        f"{total:,} documents: {plan.new:,} new, {plan.changed:,} changed, {plan.retried:,} to be "
        f"tried again, {plan.kept:,} as they are"
        + (f" ({failed:,} of them failed: see --retry-failed)" if failed else ""),
        err=True,
    )


def check_readers(settings: Settings) -> None:
    """Say before the first document what its readers lack, and end with exit code 2."""
    if settings.vision_url or settings.vision_model:
        from extract.vision import VisionFailed, VisionReader

        try:
            VisionReader(settings.vision_url, settings.vision_model, settings.vision_key)
        except VisionFailed as error:
            fail(f"--vision-url: {error}", 2)
        if not settings.vision_model:
            fail("--vision-url needs --vision-model: the name that the endpoint gives it", 2)
    if settings.second_opinion:
        from extract.opinion import Tesseract

        if Tesseract.find() is None:
            fail(
                "--second-opinion: no tesseract with the languages tha and eng on the PATH; "
                "install it, or leave the option out",
                2,
            )


def with_name(outcome: Outcome) -> str:
    """An error that names its document once."""
    error = outcome.error or ""
    return error if error.startswith(outcome.document) else f"{outcome.document}: {error}"


def summary(tally: Tally, asked: Run, out: Path, files: Sequence[Path], seconds: float) -> None:
    """What a run came to, in words and lines that can go into a mail."""
    notes = [f"{tally.failed:,} failed"] if tally.failed else []
    notes += [f"{tally.partial:,} in part"] if tally.partial else []
    found = tally.errors + tally.warnings + tally.infos + tally.decided
    shares = f"{tally.errors:,} errors, {tally.warnings:,} warnings, {tally.infos:,} notes"
    shares += f", {tally.decided:,} decided" if tally.decided else ""
    lines = [
        ("documents", tally.documents, ", ".join(notes)),
        ("pages", tally.pages, ""),
        ("rows", tally.rows, ""),
        ("findings", found, shares if found else ""),
        ("need a person", tally.review, "rows with needs_review"),
    ]
    of = ", ".join(asked.inputs[:3]) + (" …" if len(asked.inputs) > 3 else "")
    typer.echo(f"raingan {__version__}: {printable(of)}, in {duration(seconds)}")
    for name, count, more in lines:
        typer.echo(f"  {name:<14}{count:>9,}   {more}".rstrip())
    if tally.reasons:
        typer.echo("why documents failed:")
        for line in reason_lines(tally.reasons):
            typer.echo(line)
    typer.echo(f"in {out}/: " + " ".join(sorted(path.name for path in files)))


@app.command(epilog="Example:  raingan status output/ --json")
def status(
    output: Annotated[Path, typer.Argument(help="The folder that `raingan convert` writes to.")],
    as_json: Annotated[bool, typer.Option("--json", help="For a program, not a person.")] = False,
) -> None:
    """Show how far a run is, also while it goes on: done, failed and why, left."""
    with errors_on_one_line():
        state = state_of(output, output / FOLDER)
        going = is_locked(output / FOLDER)
    if as_json:
        typer.echo(json.dumps(described_state(state, going), ensure_ascii=False, indent=2))
        return
    total = "?" if state.total is None else f"{state.total:,}"
    if going:
        how = "a run is going on"
    elif state.finished:
        how = "finished, the tables are written"
    else:
        how = "not finished: the same command goes on from here"
    typer.echo(f"{output}: {how}")
    partial = f", {state.partial:,} in part" if state.partial else ""
    typer.echo(f"  done    {state.done:>9,} of {total}{partial}")
    typer.echo(f"  failed  {state.failed:>9,}")
    typer.echo(f"  left    {state.left:>9,}")
    typer.echo(f"  rows    {state.rows:>9,}, {state.review:,} for a person")
    if state.other:
        typer.echo(f"  kept of earlier runs, not in this one: {state.other:,}")
    if state.reasons:
        typer.echo("why documents failed:")
        for line in reason_lines(reasons(state.reasons)):
            typer.echo(line)


def described_state(state: State, going: bool) -> dict[str, Any]:
    """What `status` shows, as plain values."""
    return {
        "running": going,
        "finished": state.finished and not going,
        "inputs": list(state.asked.inputs),
        "total": state.total,
        "done": state.done,
        "failed": state.failed,
        "partial": state.partial,
        "left": state.left,
        "rows": state.rows,
        "review": state.review,
        "failures": [{"document": name, "error": error} for name, error in state.reasons],
    }


def exit_code(tally: Tally, fail_on: FailOn | None) -> int:
    """The exit code of the contract for a run that ended."""
    if tally.crashed:
        return CRASHED
    if tally.failed:
        return Unreadable.exit_code if tally.documents == 1 else SOME_FAILED
    if tally.documents == 1 and tally.without_profile:
        return NoProfile.exit_code
    return FOUND if is_found(tally, fail_on) else 0


def is_found(tally: Tally, fail_on: FailOn | None) -> bool:
    """Whether there is a finding of this severity or worse that nobody has decided on."""
    counts = {"error": tally.errors, "warning": tally.warnings, "info": tally.infos}
    worst = list(counts)[: list(FailOn).index(fail_on) + 1] if fail_on else []
    return any(counts[severity] for severity in worst)


class Layout(StrEnum):
    """For whom findings are shown: a person, or a program."""

    table = "table"
    json = "json"


@app.command(
    "audit",
    epilog="Examples:  raingan audit output/   ·   raingan audit output/ --check score_conflict "
    "--check code_unknown   ·   raingan audit output/ --format json --fail-on error",
)
def show_audit(
    output: Annotated[Path, typer.Argument(help="The folder that `raingan convert` wrote.")],
    fail_on: Annotated[
        FailOn | None,
        typer.Option(
            help="Exit with 8 on a finding of this severity or worse. One that the rows already "
            "carry (fixed) counts; one that a person has decided on does not."
        ),
    ] = None,
    check: Annotated[
        list[str] | None,
        typer.Option(help="Show this check only; may be given several times.", metavar="NAME"),
    ] = None,
    layout: Annotated[
        Layout, typer.Option("--format", help="A table, or an array as in findings.json.")
    ] = Layout.table,
    lang: Annotated[
        Tongue | None, typer.Option(help="Language of the messages; else that of the run.")
    ] = None,
) -> None:
    """Show the findings of a finished run, by the decisions of today; nothing is written."""
    names = [one.__name__ for one in (*CHECKS, *ARCHIVE_CHECKS)]
    for name in check or []:
        if name not in names:
            fail(f"--check: there is no check {name}; there are: {', '.join(names)}", 2)
    with errors_on_one_line():
        records, findings, language = audited(output)
    if lang is not None:
        language = "th" if lang is Tongue.th else "en"
    wanted = (f for f in findings if not check or f.check in check)
    shown = sorted(in_language(wanted, language), key=lambda f: (f.document, *finding_order(f)))
    if layout is Layout.json:
        typer.echo(JSON.head(FINDINGS) + JSON.encode(FINDINGS, shown) + JSON.tail, nl=False)
    else:
        console = Console(highlight=False)
        show_findings(console, shown, records)
        show_summary(console, shown, len(records))
    tally = Tally()
    tally.count_findings(shown)
    raise typer.Exit(FOUND if is_found(tally, fail_on) else 0)


def audited(out: Path) -> tuple[dict[str, DocumentRecord], list[Finding], Language]:
    """The documents of a finished run, all findings, and the language that it was asked for.

    A document is done again from its kept pages where it was decided on since. What is not kept is
    taken as it was published, and that is said.
    """
    store = Store(out)
    records: dict[str, DocumentRecord] = {}
    findings: list[Finding] = []
    abstracts: list[Abstract] = []
    try:
        run = store.run
    except NotARun:
        if not (out / "findings.json").is_file():
            raise
        note("the run's pages are not kept: these are its findings as they were published")
        published = published_findings(out)
        return records, list(published), "en"
    decisions = read_decisions(out / DECISIONS)
    for name in dict.fromkeys(run.documents):
        kept = store.about(name)
        abstract = kept.abstract
        held = in_force(decisions_for(name, kept.record.sha256 or "", decisions))
        records[name], own = kept.record, kept.findings
        if held != kept.decisions and not store.has_pages(name):
            note(f"{name}: its pages are not kept, so decisions since the run are not applied")
        elif held != kept.decisions:
            result = redo_document(store, name, decisions)
            records[name], own = result.record, result.findings
            abstract = abstract_of(name, result.record.sha256 or "", result.rows)
        findings += own
        abstracts += [abstract] if abstract else []
    return records, [*between_documents(abstracts, decisions), *findings], run.language


@app.command("checks")
def list_checks(
    as_json: Annotated[bool, typer.Option("--json", help="For a program, not a person.")] = False,
) -> None:
    """List the checks: what each finds and what it leaves alone."""
    from export.describe import described_checks

    described = described_checks()
    if as_json:
        shown = [check._asdict() for check in described]
        typer.echo(json.dumps(shown, ensure_ascii=False, indent=2))
        return
    console = Console(highlight=False)
    for check in described:
        between = ", between documents" if check.about == "archive" else ""
        console.print(f"[bold]{check.name}[/] ({' or '.join(check.severities)}{between})")
        console.print(Padding(Text(f"{check.finds} {check.spares}"), (0, 0, 0, 2)))


@app.command(epilog="Example:  raingan review output/ --who somchai")
def review(
    output: Annotated[Path, typer.Argument(help="The folder of a finished run.")],
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port; 0 takes a free one.")] = 0,
    token: Annotated[
        str, typer.Option(help="What another machine must know; needed with another --host.")
    ] = "",
    who: Annotated[str, typer.Option(help="Who decides, as decisions.jsonl names them.")] = "",
    lang: Annotated[Tongue | None, typer.Option(help="Language of the pages.")] = None,
    read_only: Annotated[bool, typer.Option("--read-only", help="Show, decide nothing.")] = False,
    password: Annotated[
        list[str] | None, typer.Option(help="Of encrypted inputs, for the pictures of their pages.")
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open the browser.")] = True,
) -> None:
    """Decide in the browser what was not certain, beside the picture of the page."""
    from review.serve import serve

    with errors_on_one_line():
        serve(
            output, review_tools(Store(output), tuple(password or ())),
            host=host, port=port, token=token, who=who,
            language=lang.value if lang else "", read_only=read_only, browser=browser,
        )  # fmt: skip


def review_tools(store: Store, passwords: tuple[str, ...] = ()) -> "Tools":
    """What the review needs of the program: a document done again, and its pages as pictures."""
    from review.desk import Tools

    settings = Settings(passwords=passwords)

    @cache
    def inputs() -> dict[str, Input]:
        found = find_inputs(store.run.inputs, output=store.out, passwords=passwords)
        return {one.name: one for one in found}

    @cache
    def is_the_one(document: str, sha256: str) -> bool:
        return open_document(inputs()[document], settings).sha256 == sha256

    def picture(document: str, page: int, dpi: float, whole: bool) -> Picture | None:
        found = inputs().get(document)
        if found is None:
            raise Unreadable(f"{document}: not where it was converted from any more")
        if not is_the_one(document, store.about(document).record.sha256 or ""):
            raise Unreadable(f"{document}: changed since it was converted; run convert again")
        return page_picture(found, page, dpi, whole, settings)

    def report(_: Store, document: str, decisions: Iterable[Decision]) -> Report:
        if not document:  # findings between documents have no page of their own
            return normalize(document, (), ())
        return redo_report(store, document, decisions)

    return Tools(report, redone, picture)


def note(message: str) -> None:
    typer.echo(f"note: {message}", err=True)


@app.command(epilog="Example:  raingan inspect report.pdf --json")
def inspect(
    file: Annotated[str, typer.Argument(help="One PDF or text dump.")],
    as_json: Annotated[bool, typer.Option("--json", help="For a program, not a person.")] = False,
    password: Annotated[list[str] | None, typer.Option(help="Try this if it is encrypted.")] = None,
) -> None:
    """Show what each page of a document is: its text layer, defects, tables and columns."""
    with errors_on_one_line():
        found = only_input(file)
        reading = read_document(found, Settings(passwords=tuple(password or ())))
        report = normalize(found.name, reading.pages, profiles())
    shown = inspection(reading.sha256, report)
    if as_json:
        typer.echo(json.dumps(shown, ensure_ascii=False, indent=2))
        return
    console = Console()
    console.print(
        f"{shown['document']}: {shown['profile'] or 'no profile fits'}, "
        f"{shown['agency'] or 'no agency'}, {shown['fiscal_year'] or 'no year'}",
        highlight=False,
    )
    grid = Grid("page", "from", "layer", "tables", "columns", "note")
    for page in shown["pages"]:
        columns = "; ".join(" | ".join(t["columns"] or ["(no data table)"]) for t in page["tables"])
        tables = ", ".join(f"{t['rows']}x{t['width']}" for t in page["tables"])
        grid.add_row(
            str(page["page"]),
            page["source"],
            page["layer"],
            tables,
            columns,
            "" if page["layer"] == "good" else page["note"],
        )
    console.print(grid)
    for font, names in shown["defects"].items():
        console.print(f"font {font or '(none)'}: {', '.join(names)}", highlight=False)


def inspection(sha256: str, report: Report) -> dict[str, Any]:
    """What `inspect` shows, as plain values."""
    return {
        "document": report.document,
        "sha256": sha256,
        "profile": report.profile.name if report.profile else None,
        "agency": report.agency.name,
        "fiscal_year": report.years.fiscal,
        "assessment_year": report.years.assessment,
        "defects": {font: list(names) for font, names in report.defects},
        "pages": [
            {
                "page": page.number,
                "source": page.origin,
                "layer": page.layer,
                "note": page.note,
                "tables": [
                    {
                        "rows": view.table.row_count,
                        "width": view.table.column_count,
                        "columns": [slot.field or "?" for slot in view.slots],
                        "headers": [slot.header for slot in view.slots],
                        "open_above": view.table.open_above,
                        "open_below": view.table.open_below,
                    }
                    for view in report.views
                    if view.page == page.number
                ],
            }
            for page in report.pages
        ],
    }


@app.command("profiles")
def list_profiles() -> None:
    """List the kinds of report that are known."""
    with errors_on_one_line():
        for profile in profiles():
            typer.echo(f"{profile.name}: {profile.title_en} ({profile.title_th})")
            typer.echo(f"  columns: {', '.join(profile.fields)}")


@app.callback(invoke_without_command=True)
def top(
    show_version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    if show_version:
        typer.echo(f"raingan {__version__}")
        raise typer.Exit


@contextmanager
def errors_on_one_line() -> Iterator[None]:
    try:
        yield
    except ReportError as error:
        fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        fail("interrupted: nothing was written", INTERRUPTED)


def fail(message: str, code: int) -> NoReturn:
    typer.echo(f"error: {message}", err=True)
    raise typer.Exit(code)


def main() -> None:
    app()


if __name__ == "__main__":
    # under its own name, so that workers find what is to be done
    from pipeline import main as start

    start()
