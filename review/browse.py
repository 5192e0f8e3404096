"""A finished run's tables in the browser: searched, filtered, counted, asked by SQL; never changed.

Datasette answers, on a SQLite file made of the published tables, behind the guard of the review.
"""

import json
import re
import sqlite3
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any

from markupsafe import Markup
from starlette.applications import Starlette
from starlette.datastructures import URL
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from audit.model import RANK, page_list
from export.database import load
from export.model import CannotWrite
from export.published import PACKAGE, Published
from export.schema import DOCUMENTS, FINDINGS, LIST_SEPARATOR, ROWS, SCHEMA_VERSION, Field, Table
from export.store import FOLDER, locked, replacing
from extract.errors import ReportError
from normalize.numerals import thai_digits
from normalize.text import (
    compose_letters,
    compose_sara_am,
    drop_invisible,
    tone_before_sara_am,
    two_sara_e,
    vowel_before_tone,
)
from normalize.trace import Rule
from review.browse_words import LOOKUPS, lookup_name, word
from review.serve import answer, listening_at
from review.web import Guard, Guarded, choose_language, language_of, seen, static
from review.words import check_name, field_name
from review.words import word as review_word

FILE = "browse.sqlite"
FORMAT = 1
"""Of the file; another one makes it anew."""
SEARCH, MADE = "_search", "made_from"
"""The end of the name of a table's full-text index; the table that says what a file is made of."""
MOST_WORDS = 20
NOTHING = Markup("&nbsp;")
"""Datasette takes an empty text for no answer."""
LONGEST_VALUE = 50_000_000
"""What a query may put together, in bytes: `zeroblob(1e9)` is not made."""
PAGE_RECORDS = 50
STATEMENT_MS, FACET_MS = 5000, 500
FACETS = frozenset({"agency", "fiscal_year", "indicator_no", "check", "field", "rule"})
"""Columns that are worth counting, beside those with few values of their own."""
MAIN_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "rows": (
        *("document", "agency", "fiscal_year", "indicator_no", "code", "question", "measures"),
        *("score", "responsible", "needs_review"),
    ),
    "cells": ("document", "page", "row", "column", "field", "raw", "value", "confidence"),
    "findings": (
        *("document", "check", "severity", "pages", "code", "field", "message", "values"),
        *("suggestion", "fixed", "decided"),
    ),
}
"""Shown until all are asked for; all of them where a table is not named."""


def severity_name(severity: str, language: str) -> str:
    return review_word(severity, language) if severity in RANK else severity


LABELS: Mapping[str, Callable[[str, str], str]] = {
    "check": check_name,
    "field": field_name,
    "severity": severity_name,
}
"""What values are called for a person, where they are names of ours."""
LATER = ("findings", "documents", "cells", "corrections")
"""Tables that stand behind those that hold what was read, in this order."""
TEMPLATES = Path(__file__).parent / "browse_templates"
PRAGMAS = frozenset({
    *("table_info", "table_xinfo", "index_list", "index_info", "index_xinfo", "foreign_key_list"),
    *("schema_version", "data_version", "database_list", "function_list", "page_count"),
})  # fmt: skip
"""What Datasette asks of a file."""
FOLDING: tuple[Rule, ...] = (
    compose_letters,
    drop_invisible,
    two_sara_e,
    vowel_before_tone,
    compose_sara_am,
    tone_before_sara_am,
)
THAI_DIGIT = re.compile("[๐-๙]")
"""Of published values most have none, and to look is much faster than to write them anew."""


class CannotBrowse(ReportError):
    """What it takes to show the tables is not installed."""

    exit_code = 2


# ---------------------------------------------------------------------- search


def folded(text: str) -> str:
    """Text as it is looked up: spellings, digits and cases that mean the same made the same.

    >>> folded("สํานักปลัด  ปี ๒๕๖๙ (E-Service)")
    'สำนักปลัด ปี 2569 (e-service)'
    >>> folded("ซ้อ") == folded("ซอ")
    False
    """
    for rule in FOLDING:
        text = rule(text)
    if THAI_DIGIT.search(text):
        text = thai_digits(text)
    return " ".join(text.casefold().split())


def search_clause(table: str, asked: str) -> tuple[str, dict[str, str]]:
    """The condition that a record has every word of a search, with its parameters.

    Trigrams find words of three letters or more; others are looked for in every record, since
    SQLite counts bytes there and finds nothing for two letters of Thai.

    >>> search_clause("rows", "ซ้อม ๖๙")[1]
    {'search0': '*ซ้อม*', 'search1': '69'}
    >>> search_clause("rows", " ")
    ('', {})
    """
    words = list(dict.fromkeys(folded(asked).split()))[:MOST_WORDS]
    if not words:
        return "", {}
    conditions, values = [], {}
    for number, one in enumerate(words):
        by_trigrams = len(one) >= 3 and not GLOB_SIGNS.intersection(one)
        name = f"search{number}"
        conditions.append(f"text glob :{name}" if by_trigrams else f"instr(text, :{name})")
        values[name] = f"*{one}*" if by_trigrams else one
    index = f'"{table}{SEARCH}"'
    return f"rowid in (select rowid from {index} where {' and '.join(conditions)})", values


GLOB_SIGNS = frozenset("*?[]")


def searched_text(fields: Sequence[Field], values: Iterable[str | None]) -> str:
    """What of a record is searched: its texts and the items of its lists, folded."""
    texts: list[str] = []
    for about, value in zip(fields, values, strict=True):
        if value and about.type in ("list", "said"):
            items = json.loads(value)
            texts += [item["text"] if about.type == "said" else item for item in items]
        elif value:
            texts.append(value)
    return folded("\n".join(texts))


def is_searched(about: Field) -> bool:
    return about.type in ("string", "said") or (about.type == "list" and about.item == "string")


def add_search(path: Path, tables: Iterable[Table], key: str) -> None:
    """Put the full-text indexes into a file of these tables, and what it is made of."""
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("pragma synchronous = off")  # the file is not in its place yet
        counts: dict[str, int] = {}
        homes: dict[str, str] = {}
        for table in tables:
            fields = [about for about in table.fields if is_searched(about)]
            index = f'"{table.name}{SEARCH}"'
            database.execute(
                f"create virtual table {index} using fts5"
                "(text, tokenize='trigram', detail='none', columnsize=0)"
            )
            columns = ", ".join(f'"{about.name}"' for about in fields)
            found = database.execute(f'select rowid, {columns} from "{table.name}" order by rowid')
            texts = ((rowid, searched_text(fields, values)) for rowid, *values in found)
            database.executemany(f"insert into {index} (rowid, text) values (?, ?)", texts)
            database.execute(f"insert into {index} ({index}) values ('optimize')")
            [(counts[table.name],)] = database.execute(f'select count(*) from "{table.name}"')
            if table.name not in (ROWS.name, *LATER):
                named = database.execute(f'select distinct document from "{table.name}"')
                homes |= {document: table.name for (document,) in named}
        database.execute(f"create table {MADE} (name text primary key, content text)")
        made = {"key": key, "counts": json.dumps(counts), "homes": json.dumps(homes)}
        database.executemany(f"insert into {MADE} values (?, ?)", made.items())


# ---------------------------------------------------------------------- the file


def browse_file(out: Path, say: Callable[[str], None] = lambda text: None) -> Path:
    """The SQLite file of a run, made anew where the published tables are other ones than its own.

    `say` is told that it takes a while. Raises NotARun, and CannotWrite where it cannot be made.
    """
    path = out / FOLDER / FILE
    published = Published(out)
    with locked(out):
        key = key_of_run(out)
        if made_from(path).get("key") != key:
            say(f"making {FILE} of {out}: once for this state of its tables")
            with replacing(out / FOLDER, path) as temporary:
                load(published, f"sqlite:///{temporary}", prefix="")
                try:
                    add_search(temporary, published.tables, key)
                except sqlite3.Error as error:
                    raise CannotWrite(
                        f"{path}: cannot be made ({error}); it needs free space there, and "
                        "SQLite 3.34 or newer"
                    ) from error
    return path


def key_of_run(out: Path) -> str:
    """What tells one state of the published tables from another: the package has their hashes."""
    made_by = f"{FORMAT} {SCHEMA_VERSION}\n".encode()
    return sha256(made_by + (out / PACKAGE).read_bytes()).hexdigest()


def made_from(path: Path) -> dict[str, str]:
    """What a file says of itself; nothing where it is none, or a damaged one."""
    if not path.is_file():
        return {}
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            return dict(database.execute(f"select name, content from {MADE}"))
    except sqlite3.Error:
        return {}


# ---------------------------------------------------------------------- what Datasette is told


def read_only(action: int, name: str | None, argument: str | None, *_: object) -> int:
    """What a statement may do: read. No other file, no extension, no setting, no path of ours."""
    if action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE):
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_READ:
        hidden = (name or "").lower() == "pragma_database_list" and argument == "file"
        return sqlite3.SQLITE_IGNORE if hidden else sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_FUNCTION:
        return sqlite3.SQLITE_DENY if argument == "load_extension" else sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_PRAGMA and (name or "").lower() in PRAGMAS:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_UPDATE and name == "sqlite_master":
        return sqlite3.SQLITE_OK  # of a virtual table when it is opened; the file takes no change
    return sqlite3.SQLITE_DENY


def is_facet(about: Field) -> bool:
    return about.name in FACETS or about.type == "boolean" or bool(about.allowed)


def metadata_of(name: str, tables: Iterable[Table]) -> dict[str, Any]:
    """Titles, descriptions, order and facets of the tables, in the form that Datasette has."""
    described = {
        table.name: {
            "title": f"{table.title_th} / {table.title_en}",
            "description": table.description,
            "columns": {
                about.name: f"{about.title_th} / {about.title_en}: {about.description}"
                for about in table.fields
            },
            "facets": [about.name for about in table.fields if is_facet(about)],
            "sort": "rowid",
            "sortable_columns": ["rowid", *(about.name for about in table.fields)],
            "label_column": table.fields[0].name,
        }
        for table in tables
    }
    return {"title": "raingan", "databases": {name: {"title": "raingan", "tables": described}}}


@dataclass(slots=True)
class Shelf:
    """The tables of one file, as pages show them."""

    path: Path
    tables: tuple[Table, ...]
    language: str = ""
    """Of the pages; empty for that of the browser."""
    counts: Mapping[str, int] = field(default_factory=dict)
    datasette: Any = None
    name: str = Path(FILE).stem
    homes: Mapping[str, str] = field(default_factory=dict)
    """The table that what was read of a document is in, where that is not `rows`."""
    fields: dict[str, dict[str, Field]] = field(init=False)

    def __post_init__(self) -> None:
        self.tables = tuple(
            sorted(self.tables, key=lambda t: LATER.index(t.name) + 1 if t.name in LATER else 0)
        )
        self.fields = {table.name: {f.name: f for f in table.fields} for table in self.tables}

    # ------------------------------------------------------------------ words

    def words(self, request: Request | None) -> dict[str, Any]:
        """What templates ask for, in the language of a request."""
        language = language_of(request, self.language) if request is not None else "en"
        return {
            "language": language,
            "w": partial(word, language=language),
            "shelf": self,
            "database": self.name,
            "table_title": partial(self.table_title, language=language),
            "column_title": partial(self.column_title, language=language),
            "column_hint": self.column_hint,
            "label": partial(self.label, language=language),
            "lookups": list(LOOKUPS),
            "lookup_name": partial(lookup_name, language=language),
            "seen": seen,
        }

    def table_title(self, name: str, language: str) -> str:
        found = next((t for t in self.tables if t.name == name), None)
        return name if found is None else found.title_th if language == "th" else found.title_en

    def column_title(self, table: str, name: str, language: str) -> str:
        about = self.fields.get(table, {}).get(name)
        return name if about is None else about.title_th if language == "th" else about.title_en

    def column_hint(self, table: str, name: str) -> str:
        about = self.fields.get(table, {}).get(name)
        return f"{name}: {about.description}" if about else name

    def label(self, table: str, column: str, value: object, language: str) -> str:
        """A counted value for a person."""
        about = self.fields.get(table, {}).get(column)
        if about is not None and about.type == "boolean":
            return word("yes" if str(value) == "1" else "no", language)
        name = LABELS.get(column)
        return seen(name(str(value), language) if name else value)

    def columns(self, table: str, everything: bool) -> tuple[str, ...]:
        """The columns of a list of records; the technical ones are on a record's own page."""
        own = tuple(self.fields.get(table, {}))
        return own if everything else MAIN_COLUMNS.get(table, own)

    # ------------------------------------------------------------------ values

    def cell(self, table: str | None, column: str, value: object, row: Any) -> Markup | None:
        """A value as a page shows it; None leaves it to Datasette."""
        if value is None or isinstance(value, bytes):
            return None
        about = self.fields.get(table or "", {}).get(column)
        text = seen(value) if about is None else readable(about, value)
        if not text:
            return NOTHING
        there = self.link(table or "", column, value, row)
        return Markup('<a href="{}">{}</a>').format(there, text) if there else Markup.escape(text)

    def link(self, table: str, column: str, value: object, row: Any) -> str:
        """Where a value leads: a document to its rows, a code of a finding to its row."""
        names = row.keys()
        document = row["document"] if "document" in names else None
        if not document or table not in self.fields:
            return ""
        home = self.homes.get(document, ROWS.name)
        if column == "document":
            return self.address(DOCUMENTS.name if table == home else home, document=document)
        if table == DOCUMENTS.name and column in (ROWS.name, FINDINGS.name) and value:
            return self.address(home if column == ROWS.name else column, document=document)
        if table == FINDINGS.name and column == "code":
            codes = str(value).replace(LIST_SEPARATOR, ",")  # of several rows
            return self.address(ROWS.name, document=document, code__in=codes)
        return ""

    def address(self, table: str, **conditions: str) -> str:
        return str(URL(f"/{self.name}/{table}").include_query_params(**conditions))

    def with_documents(self) -> list[str]:
        return [t.name for t in self.tables if "document" in self.fields[t.name]]


def readable(about: Field, value: object) -> str:
    """A value as text for a person: a list a line an item, pages as ranges, a mark for yes.

    >>> readable(Field("pages", "list", "", "", "", item="integer"), "[1, 2, 3, 7]")
    '1-3, 7'
    >>> readable(Field("values", "said", "", "", ""), '[{"where": "5", "text": "๖๖"}]')
    '5: ๖๖'
    """
    if about.type == "boolean":
        return "✓" if value else "–"
    if about.type in ("list", "said"):
        items = json.loads(str(value))
        if about.type == "said":
            return "\n".join(f"{seen(item['where'])}: {seen(item['text'])}" for item in items)
        if about.item == "integer":
            return page_list(items)
        return "\n".join(seen(item) for item in items)
    return seen(value)


def condition_column(argument: str) -> str:
    """The column that a part of an address is a condition on; empty where it is none.

    >>> condition_column("score__gte"), condition_column("_search"), condition_column("code")
    ('score', '', 'code')
    """
    name, _, lookup = argument.rpartition("__")
    return name if lookup and name else "" if argument.startswith("_") else argument


def plugin_of(shelf: Shelf) -> ModuleType:
    """What Datasette calls, for this shelf alone: other servers may be in the process."""
    from datasette import Response as Answer
    from datasette import hookimpl
    from datasette.filters import FilterArguments
    from datasette.views.base import DatasetteError

    def is_ours(datasette: Any) -> bool:
        return datasette is shelf.datasette

    def prepare_connection(conn: Any, database: str, datasette: Any) -> None:
        if is_ours(datasette) and database == shelf.name:
            conn.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
            conn.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
            conn.set_authorizer(read_only)

    def filters_from_request(request: Any, table: str, datasette: Any) -> Any:
        if not is_ours(datasette) or table not in shelf.fields:
            return None

        async def filters() -> Any:
            columns = await datasette.databases[shelf.name].table_columns(table)
            for name in map(condition_column, request.args):
                if name and name not in columns:  # else it finds nothing, and does not say why
                    raise DatasetteError(f"{table} has no column {name}", status=400)
            asked = request.args.get("_search") or ""
            clause, values = search_clause(table, asked)
            shown = {"supports_search": True, "search": asked}
            return FilterArguments([clause] if clause else [], values, [], shown)

        return filters

    def render_cell(row: Any, value: Any, column: str, table: str, datasette: Any) -> Any:
        return shelf.cell(table, column, value, row) if is_ours(datasette) else None

    def extra_template_vars(request: Any, datasette: Any) -> dict[str, Any]:
        if not is_ours(datasette):
            return {}
        return shelf.words(Request(request.scope) if request is not None else None)

    def handle_exception(datasette: Any, request: Any, exception: Exception) -> Iterator[None]:
        outcome: Any = yield
        if is_ours(datasette):
            outcome.force_result([partial(explained_error, shelf, Answer, request, exception)])

    last, first, around = {"trylast": True}, {"tryfirst": True}, {"hookwrapper": True}
    hooks: list[tuple[Callable[..., Any], dict[str, bool]]] = [
        (prepare_connection, {}),
        (filters_from_request, last),  # the last word on whether there is a search
        (render_cell, first),
        (extra_template_vars, {}),
        (handle_exception, around),
    ]
    plugin = ModuleType("raingan_browse")
    for hook, when in hooks:
        setattr(plugin, hook.__name__, hookimpl(**when)(hook))
    return plugin


async def explained_error(shelf: Shelf, answer: Any, request: Any, error: Exception) -> Any:
    """The page that says why there is none; a fault of ours is told at the terminal, too."""
    from datasette.utils.asgi import Base400
    from datasette.views.base import DatasetteError

    language = language_of(Request(request.scope), shelf.language)
    if getattr(error, "title", None) == "SQL Interrupted":
        status, why = 400, word("too_long", language)
    elif isinstance(error, DatasetteError):
        status = 400 if error.status >= 500 else error.status  # what was asked is at fault
        why = str(error.message)
    elif isinstance(error, Base400):
        status, why = error.status, str(error.args[0])
    elif isinstance(error, sqlite3.Error):
        status, why = 400, str(error)
    else:
        traceback.print_exception(error)
        status, why = 500, f"{type(error).__name__}: {error}"
    if request.path.endswith(".json"):
        return answer.json({"ok": False, "error": why, "status": status}, status=status)
    page = await shelf.datasette.render_template("error.html", {"error": why}, request=request)
    return answer.html(page, status=status)


# ---------------------------------------------------------------------- the server


def datasette_parts() -> tuple[Any, Any]:
    """Datasette itself, and where its plugins are known. Raises CannotBrowse."""
    try:
        from datasette.app import Datasette
        from datasette.plugins import pm
    except ImportError as error:
        raise CannotBrowse(f"browsing needs {error.name}: pip install 'raingan[browse]'") from error
    return Datasette, pm


@contextmanager
def browsing(shelf: Shelf, guard: Guard) -> Iterator[Guarded]:
    """The pages of a shelf, behind the guard, while the block lasts. Raises CannotBrowse."""
    Datasette, pm = datasette_parts()
    said = made_from(shelf.path)
    shelf.counts, shelf.homes = json.loads(said["counts"]), json.loads(said["homes"])
    there = shelf.path.resolve().as_uri().removeprefix("file://")  # as an address has it
    counted = {name: {"count": records} for name, records in shelf.counts.items()}
    known = {"hash": said["key"], "size": shelf.path.stat().st_size, "tables": counted}
    shelf.datasette = Datasette(
        immutables=[there],
        inspect_data={shelf.name: known},
        metadata=metadata_of(shelf.name, shelf.tables),
        template_dir=str(TEMPLATES),
        settings={
            "default_page_size": PAGE_RECORDS,
            "sql_time_limit_ms": STATEMENT_MS,
            "facet_time_limit_ms": FACET_MS,
            "allow_download": False,
            "suggest_facets": False,
            "truncate_cells_html": 0,
            "num_sql_threads": 4,
        },
    )
    plugin = plugin_of(shelf)
    pm.register(plugin, name=f"{plugin.__name__}_{id(plugin)}")
    try:
        yield Guarded(routed(shelf.datasette.app(), guard), guard)
    finally:
        pm.unregister(plugin)
        shelf.datasette.executor.shutdown()
        for database in shelf.datasette.databases.values():
            database.close()


def routed(pages: Any, guard: Guard) -> Starlette:
    """Datasette's pages but those about itself, which name paths; CSV has no guard there."""
    return Starlette(
        routes=[
            Route("/enter", guard.enter),
            Route("/language", choose_language),
            Route("/static/{name}", static),
            Route("/favicon.ico", lambda request: Response(status_code=204)),
            Route("/-/{rest:path}", absent, methods=["GET", "POST"]),
            Route("/{rest:path}.csv", absent, methods=["GET", "POST"]),
            Route("/{rest:path}.db", absent, methods=["GET", "POST"]),
            Mount("/", pages),
        ]
    )


def absent(request: Request) -> Response:
    raise HTTPException(404)


def serve_browse(
    out: Path, *, host: str, port: int, token: str, language: str, browser: bool
) -> None:
    """Show a run's tables until it is interrupted.

    Raises CannotServe, CannotBrowse, and NotARun where the folder holds no finished run.
    """
    datasette_parts()  # before a file is made in vain
    with listening_at(host, port, token, "the tables") as door:
        path = browse_file(out, partial(print, flush=True))
        shelf = Shelf(path, Published(out).tables, language)
        with browsing(shelf, door.guard) as application:
            answer(application, door, f"tables of {out}", browser)
