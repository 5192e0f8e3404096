"""What is known, shown: of a run, of a document, and what checks there are."""

import json
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from audit.archive import ARCHIVE_CHECKS, Abstract, abstract_of
from audit.checks import CHECKS
from audit.model import Finding
from batch.manifest import State, state_of
from batch.progress import reason_lines, reasons
from commands.app import FOUND, FailOn, Tongue, app, errors_on_one_line, fail, note
from commands.archive import Tally, is_found
from export.decisions import read_decisions
from export.files import DECISIONS, JSON, between_documents, finding_order, in_language
from export.model import DocumentRecord
from export.schema import FINDINGS
from export.store import FOLDER, Language, NotARun, Store, is_locked, published_findings
from export.terminal import show_findings, show_summary
from normalize.decisions import decisions_for, in_force
from normalize.report import Report, normalize
from pipeline import kind_of, only_input, read_document, redo_document


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


@app.command(epilog="Example:  raingan inspect report.pdf --json")
def inspect(
    file: Annotated[str, typer.Argument(help="One PDF or text dump.")],
    as_json: Annotated[bool, typer.Option("--json", help="For a program, not a person.")] = False,
    password: Annotated[list[str] | None, typer.Option(help="Try this if it is encrypted.")] = None,
    profile: Annotated[
        str, typer.Option(help="Name its columns by this kind of report only, or by FILE.toml.")
    ] = "",
) -> None:
    """Show what each page of a document is: its text layer, defects, tables and columns."""
    with errors_on_one_line():
        settings = replace(kind_of(profile), passwords=tuple(password or ()))
        found = only_input(file)
        reading = read_document(found, settings)
        report = normalize(found.name, reading.pages, settings.profiles)
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
