"""The stages composed for one document, and the command line."""

import ctypes
import hashlib
import json
import sys
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache, partial
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table as Grid
from rich.text import Text

from audit.archive import ARCHIVE_CHECKS, Abstract, abstract_of
from audit.checks import CHECKS, audit, settled_rows
from audit.looks import looks_of
from audit.model import Finding
from export.crops import CROP_DPI, Crop, cut_crops
from export.decisions import read_decisions
from export.files import DECISIONS, JSON, between_documents, in_language, write_run
from export.model import CannotWrite, DocumentRecord, DocumentResult, Status
from export.schema import FINDINGS
from export.searchable import SearchablePage, searchable_page, write_searchable
from export.store import (
    Language,
    NotARun,
    Run,
    Store,
    absolute_input,
    keep_crops,
    keep_pages,
    published_findings,
    staging,
)
from export.terminal import show_findings, show_summary
from extract.dump import read_dump
from extract.errors import ReportError, Unreadable
from extract.model import Origin, Page, Picture, Source, why_illegible
from extract.pdf import Scanner, draw_page, read_pdf
from extract.source import Input, find_inputs
from normalize.decisions import Decision, decisions_for, in_force
from normalize.report import Report, normalize
from profiles.lexicon import reading_cost
from profiles.report import NoProfile, Profile, profile_named, profiles

if TYPE_CHECKING:
    from extract.recognise import LineReader
    from review.desk import Tools

__version__ = "0.1.0"

CRASHED, SOME_FAILED, FOUND, INTERRUPTED = 1, 6, 8, 130
NO_PROFILE = "no table of a known kind of report: its cells are in cells.csv, it has no rows"
BLOCK_BYTES = 1 << 20
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

    @property
    def profiles(self) -> tuple[Profile, ...]:
        return (profile_named(self.profile),) if self.profile else profiles()


@dataclass(frozen=True, slots=True)
class Reading:
    """A document as it was read, before anything is made of it."""

    sha256: str
    pages: Iterator[Page]
    """To be taken once; reading them may raise a ReportError."""


def read_document(found: Input, settings: Settings) -> Reading:
    """All pages of one input. Raises a ReportError where there is nothing to be had."""
    scanner = partial(scan_page, settings)
    if found.error:
        raise Unreadable(found.error)
    if found.reader == "dump":
        digest = hashlib.sha256(found.read_bytes()).hexdigest()
        return Reading(digest, read_dump(found.name, found.read_text()))
    if found.reader == "image":
        content = found.read_bytes()
        pages = image_pages(found.name, content, scanner)
        return Reading(hashlib.sha256(content).hexdigest(), pages)
    path = found.on_disk
    if path is None:
        content = found.read_bytes()
        pages = read_pdf(found.name, BytesIO(content), scanner=scanner)
        return Reading(hashlib.sha256(content).hexdigest(), pages)
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise Unreadable(f"{found.name}: {error.strerror or error}; check the file") from error
    return Reading(digest, pages_on_disk(found.name, path, scanner))


def pages_on_disk(name: str, path: Path, scanner: Scanner) -> Iterator[Page]:
    """The pages of a PDF that is read from its place."""
    try:
        with path.open("rb") as file:
            yield from read_pdf(name, file, scanner=scanner)
    except OSError as error:
        raise Unreadable(f"{name}: {error.strerror or error}; check the file") from error


def image_pages(name: str, content: bytes, scanner: Scanner) -> Iterator[Page]:
    """The pages of an image file, each read from its picture."""
    from extract.picture import load_images

    try:
        for number, picture in enumerate(load_images(content), 1):
            page = scanner(Source(name, number), picture)
            why = why_illegible(page)
            if why:
                page = Page(page.source, unread=page.unread)
            note = f"a picture; {why}" if why else "a picture"
            yield replace(page, layer="none", layer_note=note, image_share=1.0)
    except Unreadable as error:
        raise Unreadable(f"{name}: {error}; scan it again as PDF, TIFF or PNG") from error


def scan_page(settings: Settings, source: Source, picture: Picture) -> Page:
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
    scans: list[SearchablePage] = []
    try:
        reading = read_document(found, settings)
        pages = kept_scans(reading.pages, scans) if settings.searchable else reading.pages
        if settings.keep is not None:
            pages = keep_pages(settings.keep, found.name, pages)
        decided = decisions_for(found.name, reading.sha256, settings.decisions)
        report = normalize(found.name, pages, settings.profiles, decided)
    except CannotWrite:
        raise
    except ReportError as error:
        return DocumentResult(DocumentRecord(found.name, "failed", error=str(error)))
    result = result_of(reading.sha256, report, audit(report))
    if settings.keep is not None:
        keep_crops(settings.keep, found.name, crops_of(found, report, result))
    if settings.searchable is None or not scans:
        return result
    target = settings.searchable / f"{found.name.removesuffix('.pdf')}.pdf"
    try:
        write_searchable(found.read_bytes(), scans, target)
    except ReportError as error:
        status: Status = "partial" if result.record.status == "ok" else result.record.status
        record = replace(result.record, status=status, error=str(error))
        return replace(result, record=record)
    return result


def redo_report(store: Store, document: str, decisions: Iterable[Decision]) -> Report:
    """A document of a finished run once more from its kept pages. Raises NotKept, NotARun.

    `decisions` may hold those on other documents.
    """
    settings = Settings(store.run.profile)
    sha256 = store.about(document).record.sha256 or ""
    decided = decisions_for(document, sha256, decisions)
    return normalize(document, store.pages(document), settings.profiles, decided)


def redo_document(store: Store, document: str, decisions: Iterable[Decision]) -> DocumentResult:
    """What `redo_report` comes to, as `convert_document` would give it."""
    return redone(store, redo_report(store, document, decisions))


def redone(store: Store, report: Report) -> DocumentResult:
    """What a report that was made from kept pages comes to."""
    sha256 = store.about(report.document).record.sha256 or ""
    return result_of(sha256, report, audit(report))


def page_picture(found: Input, page: int, dpi: float, whole: bool = False) -> Picture | None:
    """One page of an input as it lies, so that the boxes of its cells fit; None for a dump.

    `whole` is for pages whose text was read from its layer: it adds what a viewer cuts off, from
    whose corner their boxes count. An image file has the resolution that it states, whatever `dpi`.
    Raises a ReportError where the file has gone or the page cannot be drawn.
    """
    if found.error:
        raise Unreadable(found.error)
    if page < 1:
        raise Unreadable(f"{found.name}: there is no page {page}")
    if found.reader == "dump":
        return None
    if found.reader == "image":
        return image_page(found.name, found.read_bytes(), page)
    path = found.on_disk
    if path is None:
        return draw_page(found.name, BytesIO(found.read_bytes()), page, dpi, whole)
    try:
        with path.open("rb") as file:
            return draw_page(found.name, file, page, dpi, whole)
    except OSError as error:
        raise Unreadable(f"{found.name}: {error.strerror or error}; check the file") from error


def crops_of(found: Input, report: Report, result: DocumentResult) -> tuple[Crop, ...]:
    """The pictures of the places of a document's findings."""
    pages = {page.number: page for page in report.pages}
    frames = {number: page.frame for number, page in pages.items()}

    def picture_of(number: int) -> Picture | None:
        whole = number in pages and pages[number].origin == "text"
        return page_picture(found, number, CROP_DPI, whole)

    return cut_crops(result.findings, result.cells, frames, picture_of)


def image_page(name: str, content: bytes, page: int) -> Picture:
    """One frame of an image file; raises Unreadable where there is no such one."""
    from extract.picture import load_images

    try:
        picture = next(islice(load_images(content), page - 1, None), None)
    except Unreadable as error:
        raise Unreadable(f"{name}: {error}") from error
    if picture is None:
        raise Unreadable(f"{name}: it has no page {page}")
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
    """What a run came to, counted while its results pass by."""

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
    failures: list[DocumentRecord] | None = None

    def count(self, result: DocumentResult) -> None:
        record = result.record
        self.documents += 1
        self.failed += record.status == "failed"
        self.partial += record.status == "partial"
        self.pages += record.pages or 0
        self.rows += record.rows
        self.review += sum(row.needs_review for row in result.rows)
        self.count_findings(result.findings)
        if record.error:
            self.failures = [*(self.failures or []), record]

    def count_findings(self, findings: Sequence[Finding]) -> None:
        """Those that a person let stand are counted apart: they are settled."""
        severities = [finding.severity for finding in findings if not finding.decided]
        self.errors += severities.count("error")
        self.warnings += severities.count("warning")
        self.infos += severities.count("info")
        self.decided += len(findings) - len(severities)


@app.command(
    epilog="Examples:  raingan convert report.pdf   ·   raingan convert archive/ --out rows/   ·   "
    "raingan convert 'scans/**/*.pdf' dumps.zip --fail-on error"
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
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary.")] = False,
) -> None:
    """Turn reports into rows.csv, cells.csv, findings.csv and the other tables."""
    settings = Settings(profile, second_opinion, vision_url, vision_model, vision_key, searchable)
    with errors_on_one_line():
        check_readers(settings)
        if profile:
            profile_named(profile)
        found = [i for i in find_inputs(inputs, output=out) if not i.skipped]
        if not found:
            fail(f"no documents in {', '.join(inputs)}: give PDFs, text dumps, folders or ZIPs", 3)
        settings = replace(settings, decisions=read_decisions(out / DECISIONS))
        tally = Tally()
        language: Language = "th" if lang is Tongue.th else "en"
        asked = Run(tuple(map(absolute_input, inputs)), language, profile, __version__)
        with staging(out) as folder:
            settings = replace(settings, keep=folder)
            results = progress(run(found, settings, tally), len(found), quiet)
            files = write_run(out, results, language, asked, folder, settings.decisions)
        tally.count_findings(Store(out).between())
    if not quiet:
        summary(tally, out, files)
    for record in tally.failures or []:
        if record.status == "failed":
            typer.echo(f"error: {with_name(record)}", err=True)
        elif not quiet:
            typer.echo(f"note: {with_name(record)}", err=True)
    raise typer.Exit(exit_code(tally, fail_on))


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


def run(found: Iterable[Input], settings: Settings, tally: Tally) -> Iterator[DocumentResult]:
    """Convert one after another. A fault of our own is shown with its traceback, costs its
    document alone, and makes the exit code 1."""
    for source in found:
        try:
            result = convert_document(source, settings)
        except CannotWrite:
            raise
        except Exception as error:  # the other documents must not be lost to it
            traceback.print_exc()
            message = f"a fault of raingan ({type(error).__name__}); please report it with the file"
            result = DocumentResult(DocumentRecord(source.name, "failed", error=message))
            tally.crashed += 1
        tally.count(result)
        yield result


def progress(
    results: Iterator[DocumentResult], total: int, quiet: bool
) -> Iterator[DocumentResult]:
    """Pass results on, with a bar on a terminal and a line a document elsewhere."""
    if quiet:
        yield from results
    elif sys.stderr.isatty():
        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        with bar:
            task = bar.add_task("reading", total=total)
            for result in results:
                bar.update(task, advance=1, description=result.record.document[-40:])
                yield result
    else:
        for number, result in enumerate(results, 1):
            record = result.record
            typer.echo(
                f"[{number}/{total}] {record.document}: {record.status}, {record.rows} rows, "
                f"{record.findings} findings",
                err=True,
            )
            yield result


def with_name(record: DocumentRecord) -> str:
    """An error that names its document once."""
    error = record.error or ""
    return error if error.startswith(record.document) else f"{record.document}: {error}"


def summary(tally: Tally, out: Path, files: Sequence[Path]) -> None:
    table = Grid(title="raingan", title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_column()
    notes = [f"{tally.failed} failed"] if tally.failed else []
    notes += [f"{tally.partial} in part"] if tally.partial else []
    table.add_row("documents", str(tally.documents), ", ".join(notes))
    table.add_row("pages", str(tally.pages), "")
    table.add_row("rows", str(tally.rows), "")
    found = tally.errors + tally.warnings + tally.infos + tally.decided
    shares = f"{tally.errors} errors, {tally.warnings} warnings, {tally.infos} notes"
    shares += f", {tally.decided} decided" if tally.decided else ""
    table.add_row("findings", str(found), shares if found else "")
    table.add_row("need a person", str(tally.review), "rows with needs_review")
    Console().print(table)
    typer.echo(f"in {out}/: " + " ".join(sorted(path.name for path in files)))


def exit_code(tally: Tally, fail_on: FailOn | None) -> int:
    """The exit code of the contract for a run that ended."""
    if tally.crashed:
        return CRASHED
    if tally.failed:
        return Unreadable.exit_code if tally.documents == 1 else SOME_FAILED
    if tally.documents == 1 and any(r.error == NO_PROFILE for r in tally.failures or []):
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
    shown = in_language((f for f in findings if not check or f.check in check), language)
    shown.sort(key=lambda finding: finding.document)
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
    abstracts: list[Abstract | None] = []
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
        abstracts.append(abstract)
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
    browser: Annotated[bool, typer.Option(help="Open the browser.")] = True,
) -> None:
    """Decide in the browser what was not certain, beside the picture of the page."""
    from review.serve import serve

    with errors_on_one_line():
        serve(
            output, review_tools(Store(output)), host=host, port=port, token=token,
            who=who, language=lang.value if lang else "", read_only=read_only, browser=browser,
        )  # fmt: skip


def review_tools(store: Store) -> "Tools":
    """What the review needs of the program: a document done again, and its pages as pictures."""
    from review.desk import Tools

    @cache
    def inputs() -> dict[str, Input]:
        return {found.name: found for found in find_inputs(store.run.inputs, output=store.out)}

    @cache
    def is_the_one(document: str, sha256: str) -> bool:
        return hashlib.sha256(inputs()[document].read_bytes()).hexdigest() == sha256

    def picture(document: str, page: int, dpi: float, whole: bool) -> Picture | None:
        found = inputs().get(document)
        if found is None:
            raise Unreadable(f"{document}: not where it was converted from any more")
        if not is_the_one(document, store.about(document).record.sha256 or ""):
            raise Unreadable(f"{document}: changed since it was converted; run convert again")
        return page_picture(found, page, dpi, whole)

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
) -> None:
    """Show what each page of a document is: its text layer, defects, tables and columns."""
    with errors_on_one_line():
        found = only_input(file)
        reading = read_document(found, Settings())
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
        fail(
            "interrupted: nothing was written, the output of the run before is as it was",
            INTERRUPTED,
        )


def fail(message: str, code: int) -> NoReturn:
    typer.echo(f"error: {message}", err=True)
    raise typer.Exit(code)


def main() -> None:
    app()


if __name__ == "__main__":
    main()
