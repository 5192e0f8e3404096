"""The stages composed for one document."""

import ctypes
import hashlib
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache, partial
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import typer

from audit.checks import audit, settled_items, settled_rows
from audit.looks import looks_of
from audit.model import Finding
from batch.archive import digest_of
from batch.manifest import Outcome, now, outcome_of
from batch.pool import Lost, one_more_page
from export.crops import CROP_DPI, Crop, cut_crops
from export.files import keep, part_of
from export.model import CannotWrite, DocumentRecord, DocumentResult, Status
from export.schema import item_table
from export.searchable import SearchablePage, searchable_page, write_searchable
from export.store import (
    PARTS,
    Language,
    NotKept,
    Run,
    Store,
    about,
    adopt,
    crops_file,
    keep_crops,
    keep_pages,
    kept_pages,
    key_of,
    new_file,
    pages_file,
    reading_key,
    renamed,
    result_in,
    sha256_of,
)
from extract.dump import read_dump
from extract.errors import ReportError, Unreadable
from extract.model import Origin, Page, Picture, Source, why_illegible
from extract.pdf import Scanner, draw_page, read_pdf
from extract.source import LIMITS, Input, Limits, find_inputs
from extract.source import decode as decode_text
from normalize.decisions import Decision, decisions_for, in_force
from normalize.report import Report, normalize
from profiles.lexicon import reading_cost
from profiles.report import Profile, profile_at, profile_named, profiles

if TYPE_CHECKING:
    from extract.recognise import LineReader

__version__ = "0.1.0"

NO_PROFILE = "no table of a known kind of report: its cells are in cells.csv, it has no rows"
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, KEPT_BYTES = -1, -3, 12_000_000
"""Of glibc's malloc.h: what is larger than KEPT_BYTES goes back when it is freed."""


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
    own: Profile | None = None
    """A kind of report that is not installed: the only one to try."""

    @property
    def profiles(self) -> tuple[Profile, ...]:
        if self.own is not None:
            return (self.own,)
        return (profile_named(self.profile),) if self.profile else profiles()

    @property
    def run(self) -> Run:
        """What the kept results have in common."""
        profile = self.own.key if self.own else self.profile
        return Run(language=self.language, profile=profile, own=self.own)


def kind_of(profile: str) -> Settings:
    """Settings for a kind of report, by its name or its FILE.toml; empty for all that are known.

    Raises NoProfile, BadProfile.
    """
    if profile.endswith(".toml"):
        return Settings(own=profile_at(profile))
    if profile:
        profile_named(profile)
    return Settings(profile)


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
    return outcome_of(result, part, result.review)


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
    settings = Settings("" if run.own else run.profile, language=run.language, own=run.own)
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
        len(report.records) + len(report.items),
        len(findings),
        error,
    )
    profile = report.profile
    return DocumentResult(
        record,
        settled_rows(report, findings),
        report.cells,
        report.corrections,
        findings,
        report.decisions,
        looks_of(report, findings),
        items=settled_items(report, findings),
        table=item_table(profile) if profile is not None and profile.table else None,
    )


if __name__ == "__main__":
    from commands.main import main

    main()
