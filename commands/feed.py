"""A finished run for other systems: `raingan export`, `raingan schema`, `raingan browse`."""

import json
import os
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from commands.app import Host, OpenBrowser, Port, Token, Tongue, app, errors_on_one_line, fail, note
from export.ckan import TOKEN, publish_dataset
from export.database import PREFIX, Dialect, load, sql_of
from export.forms import Exported, write_files
from export.package import table_schema
from export.published import Published
from export.schema import DOCUMENTS, TABLES, Table, item_table
from export.store import NotARun
from export.terminal import printable
from export.workbook import write_workbook
from extract.source import without_secrets
from pipeline import __version__
from profiles.report import profiles

DATABASES = ("sqlite", "postgresql", "postgres", "postgresql+psycopg")
PORTALS = ("ckan+https", "ckan+http")


class FileForm(StrEnum):
    """A form of files."""

    csv = "csv"
    json = "json"
    jsonl = "jsonl"
    parquet = "parquet"


class SchemaForm(StrEnum):
    """A language that schemas are written in."""

    table = "table-schema"
    json = "json-schema"
    sqlite = "sqlite"
    postgresql = "postgresql"


@app.command(
    "export",
    epilog="Examples:  raingan export output/ --to book.xlsx   ·   "
    "raingan export output/ --to files/ --format parquet --format jsonl   ·   "
    "raingan export output/ --to sqlite:///reports.sqlite   ·   "
    "raingan export output/ --to postgresql://user@host/reports   ·   "
    "raingan export output/ --to ckan+https://data.example.go.th/ita-2568 --organisation my-agency",
)
def export_run(
    output: Annotated[Path, typer.Argument(help="The folder that `raingan convert` wrote.")],
    to: Annotated[
        str,
        typer.Option(
            help="Where to: a folder, FILE.xlsx, sqlite:///FILE, postgresql://USER@HOST/NAME "
            "or ckan+https://HOST/DATASET."
        ),
    ],
    form: Annotated[
        list[FileForm] | None,
        typer.Option("--format", help="Of files in a folder; may be given several times."),
    ] = None,
    csv_plain: Annotated[
        bool, typer.Option("--csv-plain", help="CSV without the mark that has Excel show Thai.")
    ] = False,
    archive: Annotated[
        str,
        typer.Option(
            help="Of a database: the name that these documents are kept under, so that archives "
            "can share the tables."
        ),
    ] = "",
    prefix: Annotated[
        str, typer.Option(help="Of a database: what the names of the tables begin with.")
    ] = PREFIX,
    schema: Annotated[
        str, typer.Option(help="Of PostgreSQL: the schema that the tables are in.")
    ] = "",
    shrink: Annotated[
        bool,
        typer.Option("--shrink", help="Of a database: also where most documents have gone."),
    ] = False,
    organisation: Annotated[
        str, typer.Option(help="Of a portal: the organisation that a new dataset belongs to.")
    ] = "",
    given: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=TEXT",
            help="Of a portal: a further field of the dataset; may be given several times.",
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
) -> None:
    """Bring a finished run's tables to where other systems take them; twice brings no doubles.

    A portal's token is read from the environment variable RAINGAN_CKAN_TOKEN. Passwords of
    databases are better left to ~/.pgpass or PGPASSWORD than given in the address.
    """
    scheme = to.partition("://")[0].lower() if "://" in to else ""
    if form and scheme:
        fail("--format is of files in a folder: leave it out, or give --to a folder", 2)
    with errors_on_one_line():
        published = Published(output)
        refuse_edited(published)
        if scheme in DATABASES:
            lines = into_database(published, to, archive, prefix, schema, shrink)
        elif scheme in PORTALS:
            lines = into_portal(published, to, organisation, fields_of(given or ()))
        elif scheme:
            fail(
                f"--to {without_secrets(to)}: no kind of place that is known; give a folder, "
                "FILE.xlsx, sqlite:///FILE, postgresql://USER@HOST/NAME or ckan+https://HOST/DATASET",
                2,
            )
        else:
            lines = into_files(published, Path(to), form or (), csv_plain)
    if not quiet:
        for line in lines:
            typer.echo(printable(line))


def refuse_edited(published: Published) -> None:
    """End where a file that is exported was changed by hand; say so where a copy of one was."""
    exported = {published.path(table).name for table in published.tables}
    edited = published.edited()
    if gone := [name for name in edited if name in exported]:
        fail(
            f"{', '.join(gone)}: changed by hand since it was written; `raingan convert` writes it "
            "anew, and `raingan review` keeps corrections",
            NotARun.exit_code,
        )
    if edited:
        note(
            f"{', '.join(edited)}: changed by hand since it was written, and what was changed is "
            "not exported; `raingan review` keeps corrections"
        )


def into_files(
    published: Published, target: Path, forms: Sequence[FileForm], plain: bool
) -> list[str]:
    """Write files; what was written, in lines."""
    if target.suffix.lower() == ".xlsx":
        if forms:
            fail("--format: a workbook has its own; give --to a folder for files", 2)
        done: Exported = write_workbook(published, target)
    elif not forms:
        fail(
            f"--to {target}: a folder needs --format csv, json, jsonl or parquet; for Excel give "
            "FILE.xlsx (.xls is not written), for a database sqlite:///FILE",
            2,
        )
    else:
        done = write_files(published, target, [one.value for one in forms], plain=plain)
    for text in done.notes:
        note(text)
    return [str(path) for path in done.paths]


def into_database(
    published: Published, url: str, archive: str, prefix: str, schema: str, shrink: bool
) -> list[str]:
    """Load a database; what became of each table, in lines."""
    loaded = load(
        published, url, archive=archive, prefix=prefix, schema=schema,
        program=f"raingan {__version__}", shrink=shrink,
    )  # fmt: skip
    lines = [loaded.address]
    for one in loaded.tables:
        counts = (
            (one.new, "new"), (one.changed, "changed"), (one.unchanged, "unchanged"),
            (one.vanished, "vanished"), (one.came_back, "came back"),
        )  # fmt: skip
        told = ", ".join(f"{count:,} {name}" for count, name in counts if count)
        lines.append(f"  {prefix}{one.table:<12} {told or 'empty'}")
    return lines


def into_portal(
    published: Published, url: str, organisation: str, fields: dict[str, str]
) -> list[str]:
    """Publish a dataset; what was sent, in lines."""
    token = os.environ.get(TOKEN, "")
    sent = publish_dataset(published, url, token, organisation=organisation, fields=fields)
    for text in sent.notes:
        note(text)
    lines = [f"{sent.page} ({'new' if sent.is_new else 'updated'})"]
    lines.append(f"  files sent: {', '.join(sent.files) or 'none, all were there'}")
    lines += [
        f"  {one.name:<12} {one.records:,} records: {one.written:,} sent, {one.removed:,} removed"
        for one in sent.tables
    ]
    return lines


def fields_of(given: Sequence[str]) -> dict[str, str]:
    """The fields of --set."""
    for one in given:
        if not one.partition("=")[1]:
            fail(f"--set {one}: write NAME=TEXT", 2)
    return {name: text for name, _, text in (one.partition("=") for one in given)}


@app.command(
    "schema", epilog="Examples:  raingan schema rows   ·   raingan schema --form postgresql"
)
def show_schema(
    table: Annotated[str, typer.Argument(help="One table; all without it.")] = "",
    form: Annotated[
        SchemaForm, typer.Option(help="Table Schema, JSON Schema of a record, or SQL.")
    ] = SchemaForm.table,
) -> None:
    """Show what the tables are, for programs: names, types, titles, limits, keys."""
    from export.records import json_schema

    every = known_tables()
    if table and table not in every:
        fail(f"no table {table}; there are: {', '.join(every)}", 2)
    wanted = [every[table]] if table else list(every.values())
    wanted.sort(key=lambda one: one.name != DOCUMENTS.name)  # the others refer to it
    if form in (SchemaForm.sqlite, SchemaForm.postgresql):
        dialect: Dialect = "sqlite" if form is SchemaForm.sqlite else "postgresql"
        with errors_on_one_line():
            typer.echo("\n".join(sql_of(one, dialect) for one in wanted), nl=False)
        return
    shown = {
        one.name: json_schema(one) if form is SchemaForm.json else table_schema(one, "csv")
        for one in wanted
    }
    typer.echo(json.dumps(shown[table] if table else shown, ensure_ascii=False, indent=2))


def known_tables() -> dict[str, Table]:
    """All tables by name, those of the other kinds of report that are installed among them."""
    others = (item_table(profile) for profile in profiles() if profile.table)
    return {one.name: one for one in (*TABLES, *others)}


@app.command(epilog="Example:  raingan browse output/ --lang th")
def browse(
    output: Annotated[Path, typer.Argument(help="The folder that `raingan convert` wrote.")],
    host: Host = "127.0.0.1",
    port: Port = 0,
    token: Token = "",
    lang: Annotated[Tongue, typer.Option(help="Language of the titles.")] = Tongue.th,
    browser: OpenBrowser = True,
) -> None:
    """Look through a run's tables in the browser: search, filter, sort, SQL; changes nothing."""
    from review.browse import serve_browse

    with errors_on_one_line():
        serve_browse(
            output, host=host, port=port, token=token, language=lang.value, browser=browser
        )
