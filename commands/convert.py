"""`raingan convert`."""

import hashlib
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from batch.manifest import now
from batch.pool import Guard
from batch.progress import duration, reason_lines
from commands.app import FOUND, SOME_FAILED, FailOn, Tongue, app, errors_on_one_line, fail
from commands.archive import (
    Means,
    Tally,
    convert_archive,
    first_taken,
    interruptible,
    is_found,
    show_plan,
)
from export.store import Run, absolute_input, key_of
from export.terminal import printable
from extract.errors import Unreadable
from extract.source import LIMITS, find_inputs
from pipeline import Settings, __version__, kind_of
from profiles.report import NoProfile

CRASHED = 1


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
    profile: Annotated[
        str,
        typer.Option(
            help="Try this kind of report only: a name of `raingan profiles`, or FILE.toml."
        ),
    ] = "",
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
    csv_plain: Annotated[
        bool, typer.Option("--csv-plain", help="CSV without the mark that has Excel show Thai.")
    ] = False,
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
        settings = replace(
            kind_of(profile),
            second_opinion=second_opinion,
            vision_url=vision_url,
            vision_model=vision_model,
            vision_key=vision_key,
            searchable=searchable.absolute() if searchable else None,
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
            settings.run,
            inputs=tuple(map(absolute_input, inputs)),
            version=__version__,
            plain=csv_plain,
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


def exit_code(tally: Tally, fail_on: FailOn | None) -> int:
    """The exit code of the contract for a run that ended."""
    if tally.crashed:
        return CRASHED
    if tally.failed:
        return Unreadable.exit_code if tally.documents == 1 else SOME_FAILED
    if tally.documents == 1 and tally.without_profile:
        return NoProfile.exit_code
    return FOUND if is_found(tally, fail_on) else 0
