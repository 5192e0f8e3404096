"""A finished run's tables in the browser: searched, filtered, counted, asked by SQL; never changed.

Datasette answers, on a SQLite file made of the published tables, behind the guard of the review.
"""

import json
import re
import sqlite3
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import parse_qsl, urlencode

from markupsafe import Markup
from starlette.applications import Starlette
from starlette.datastructures import URL
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from audit.model import RANK, page_list
from export.audit_page import CHECK_TITLES, FIELD_TITLES, SEVERITY_TITLES
from export.database import load
from export.model import CannotWrite
from export.published import PACKAGE, Published
from export.schema import DOCUMENTS, FINDINGS, LIST_SEPARATOR, ROWS, SCHEMA_VERSION, Field, Table
from export.store import FOLDER, locked, replacing
from extract.errors import ReportError
from normalize.numerals import read_number, thai_digits
from normalize.text import (
    compose_letters,
    compose_sara_am,
    drop_invisible,
    tone_before_sara_am,
    two_sara_e,
    vowel_before_tone,
)
from normalize.trace import Rule
from review.browse_words import LOOKUPS, explained, lookup_name, said_of_truth, word
from review.serve import answer, listening_at
from review.web import (
    Application,
    Guard,
    Guarded,
    Receive,
    Scope,
    Send,
    choose_language,
    language_of,
    seen,
    static,
)
from review.words import check_name, field_name

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
STATEMENT_MS, FACET_MS = 5000, 2500
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
    title = SEVERITY_TITLES.get(severity)
    return (title.th if language == "th" else title.en) if title else severity


LABELS: Mapping[str, tuple[Callable[[str, str], str], Sequence[str]]] = {
    "check": (check_name, tuple(CHECK_TITLES)),
    "field": (field_name, tuple(FIELD_TITLES)),
    "severity": (severity_name, tuple(RANK)),
}
"""What values are called for a person, where they are names of ours; and these."""
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
TO_THAI = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")
MOST_COMPARED = 200
"""Values of one condition that are looked up in other spellings."""
LONGEST_PATTERN, LONGEST_TEXT = 1000, 200_000
"""That are compared folded; no value of ours is as long, and Python cannot be interrupted."""


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
    text = spelled(text)
    if THAI_DIGIT.search(text):
        text = thai_digits(text)
    return " ".join(text.casefold().split())


def spelled(text: str) -> str:
    for rule in FOLDING:
        text = rule(text)
    return text


def search_clause(table: str, asked: str, name: str = "search") -> tuple[str, dict[str, str]]:
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
        key = f"{name}{number}"
        conditions.append(f"text glob :{key}" if by_trigrams else f"instr(text, :{key})")
        values[key] = f"*{one}*" if by_trigrams else one
    index = f'"{table}{SEARCH}"'
    return f"rowid in (select rowid from {index} where {' and '.join(conditions)})", values


GLOB_SIGNS, WILDCARDS = frozenset("*?[]"), frozenset("%_")


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


# ---------------------------------------------------------------------- conditions


def condition_of(argument: str) -> tuple[str, str]:
    """The column and the comparison that a part of an address is a condition on; else two blanks.

    >>> condition_of("score__gte"), condition_of("_search"), condition_of("code")
    (('score', 'gte'), ('', ''), ('code', 'exact'))
    """
    name, _, lookup = argument.rpartition("__")
    if lookup and name:
        return name, lookup
    return ("", "") if argument.startswith("_") else (argument, "exact")


def several(text: str) -> list[str]:
    """The values of an `in`: a list in JSON, or with commas."""
    if text.startswith("["):
        try:
            found = json.loads(text)
        except ValueError:
            return [text]
        return [str(one) for one in found] if isinstance(found, list) and found else [text]
    return [one.strip() for one in text.split(",")]


def spellings(text: str) -> list[str]:
    """How a text may be stored that was typed like this, as it was typed before the others.

    >>> spellings("นํ้า ๒")
    ['นํ้า ๒', 'น้ำ ๒', 'น้ำ 2']
    >>> spellings("น้ำ")
    ['น้ำ']
    """
    plain = spelled(text.strip())
    return list(dict.fromkeys((text, plain, thai_digits(plain), plain.translate(TO_THAI))))


def plain_number(text: str) -> str:
    """A number as the tables have it; what is none with Arabic digits.

    >>> plain_number("๒,๕๖๙"), plain_number(" ๙๕.๕๐"), plain_number("๑-๒")
    ('2569', '95.50', '1-2')
    """
    number = read_number(text)
    return thai_digits(text.strip()) if number is None else str(number)


@lru_cache(maxsize=4096)
def folded_once(text: str) -> str:
    """Folded; agencies and questions stand in thousands of records."""
    return folded(text)


@lru_cache(maxsize=64)
def like_parts(pattern: str) -> list[tuple[re.Pattern[str], int]]:
    """What stands between the `%` of a pattern, each with its length."""
    return [
        (re.compile("".join("." if c == "_" else re.escape(c) for c in part), re.DOTALL), len(part))
        for part in folded(pattern).split("%")
    ]


def folded_like(pattern: object, value: object) -> bool | None:
    """SQL's `like`, of texts folded as for a search; NULL for what is too long to be compared.

    >>> folded_like("%ปี ๒๕%", "แผน ปี 2569"), folded_like("ซ_อม", "ซ้อม"), folded_like("ก%ง", "กอ")
    (True, True, False)
    """
    if pattern is None or value is None:
        return None
    given, text = str(pattern), str(value)
    if len(given) > LONGEST_PATTERN or len(text) > LONGEST_TEXT:
        return None
    text = folded_once(text)
    parts = like_parts(given)
    if len(parts) == 1:
        return parts[0][0].fullmatch(text) is not None
    (first, at), *between, (last, length) = parts
    if not first.match(text):
        return False
    for part, _ in between:
        found = part.search(text, at)
        if found is None:
            return False
        at = found.end()
    return len(text) - length >= at and last.match(text, len(text) - length) is not None


def array_numbers(
    fields: Mapping[str, Field], clauses: Iterable[str], values: Mapping[str, Any]
) -> dict[str, int]:
    """The parameters of Datasette's clauses that are looked for in a list of numbers, as numbers.

    JSON tells 3 from "3", and an address has texts only.
    """
    found = {}
    for match in filter(None, map(IN_ARRAY.fullmatch, clauses)):
        about, value = fields.get(match["column"]), values[match["name"]]
        if about is not None and about.item == "integer" and value.isdecimal():
            found[match["name"]] = int(value)
    return found


IN_ARRAY = re.compile(
    r':(?P<name>p\d+) (?:not )?in \(select value from json_each\([^.]+\."?(?P<column>\w+)"?\)\)'
)


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
    key: str = ""
    """Of the state of the tables that the file holds."""
    looked: tuple[tuple[int, ...], bool] = ((), False)
    """What the package was when it was looked at last, and whether it was another state."""
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
            "in_words": partial(self.in_words, language=language),
            "typed": partial(self.typed, language=language),
            "explained": partial(explained, language=language),
            "changed": self.has_changed(),
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
        if about is not None and about.type == "boolean" and str(value) in ("0", "1"):
            return word("yes" if str(value) == "1" else "no", language)
        if column in LABELS:
            name, _ = LABELS[column]
            value = name(str(value), language)
        return seen(value)

    def in_words(self, table: str, cell: Mapping[str, Any], language: str) -> Any:
        """A cell of a list: in the words of the counts, where its value is a name of ours."""
        column, value = cell["column"], cell["raw"]
        about = self.fields.get(table, {}).get(column)
        if value is None or about is None or not (column in LABELS or about.type == "boolean"):
            return cell["value"]
        text = self.label(table, column, value, language)
        return Markup('<span title="{}">{}</span>').format(value, text) if text else NOTHING

    def typed(self, table: str, column: str, lookup: str, value: str, language: str) -> str:
        """A condition's value in the words of the page, as a person would type it."""
        if lookup in EQUAL and lookup not in SEVERAL:
            return self.label(table, column, value, language)
        if lookup in SEVERAL:
            named = [self.label(table, column, one, language) for one in several(value)]
            return value if any("," in name for name in named) else ", ".join(named)
        return value

    def columns(self, table: str, everything: bool) -> tuple[str, ...]:
        """The columns of a list of records; the technical ones are on a record's own page."""
        own = tuple(self.fields.get(table, {}))
        return own if everything else MAIN_COLUMNS.get(table, own)

    def has_changed(self) -> bool:
        """Whether the published tables are others by now than those that are shown."""
        out = self.path.parent.parent
        try:
            there = (out / PACKAGE).stat()
            now = (there.st_mtime_ns, there.st_size, there.st_ino)
            if self.key and now != self.looked[0]:
                self.looked = (now, key_of_run(out) != self.key)
        except OSError:
            return bool(self.key)
        return self.looked[1]

    # ------------------------------------------------------------------ conditions

    async def meant(self, table: str, asked: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """The parts of an address with its conditions on what is stored, however it was typed."""
        return [await self.condition(table, *one) for one in asked]

    async def condition(self, table: str, key: str, value: str) -> tuple[str, str]:
        column, lookup = condition_of(key)
        about = self.fields[table].get(column)
        if about is None:
            return key, value
        names = partial(self.named, about)
        if lookup == "contains" and (found := names(value, within=True)):
            return as_condition(column, "in", found)
        if lookup in EQUAL:
            given = several(value) if lookup in SEVERAL else [value]
            if about.type in ("integer", "number"):
                found = [plain_number(one) for one in given]
            elif about.type == "date":
                found = [thai_digits(one.strip()) for one in given]
            elif about.type == "string" and about.name not in LABELS:
                found = await self.stored(table, about, given)
            else:
                found = [name for one in given for name in names(one) or [one]]
            same = lookup in SEVERAL and found == given
            return (key, value) if same else as_condition(column, lookup, found)
        if lookup in ("gt", "gte", "lt", "lte") and about.type != "string":
            return key, plain_number(value)
        if lookup in ("arraycontains", "arraynotcontains"):
            if about.item == "integer":
                return key, plain_number(value)
            return key, (await self.stored(table, about, [value]))[0]
        return key, value

    def named(self, about: Field, text: str, within: bool = False) -> list[str]:
        """The stored values that a page shows as this text, or with it within, in a language."""
        said = folded(text)
        if about.type == "boolean":
            return said_of_truth(said)
        if not said or about.name not in LABELS:
            return []
        name, values = LABELS[about.name]
        found = {v: {folded(v), *(folded(name(v, lang)) for lang in ("th", "en"))} for v in values}
        if within:
            return [v for v, names in found.items() if any(said in one for one in names)]
        return [text] if text in found else [v for v, names in found.items() if said in names]

    async def stored(self, table: str, about: Field, given: list[str]) -> list[str]:
        """The values that a column has of these: as they were typed, else in other spellings."""
        from datasette.database import QueryInterrupted

        ways = [spellings(one) for one in given]
        every = list(dict.fromkeys(one for way in ways for one in way))
        if len(every) == len(given) or len(given) > MOST_COMPARED:
            return given
        source, value = f'"{table}"', f'"{about.name}"'
        if about.type == "list":
            source, value = f'"{table}", json_each("{table}"."{about.name}") as item', "item.value"
        names = {f"v{number}": one for number, one in enumerate(every)}
        places = ", ".join(f":{name}" for name in names)
        sql = f"select distinct {value} from {source} where {value} in ({places})"
        try:
            rows = await self.datasette.databases[self.name].execute(sql, names)
        except QueryInterrupted:
            return given
        there = {value for (value,) in rows.rows}
        found = []
        for one, way in zip(given, ways, strict=True):
            found += [one] if one in there else [w for w in way if w in there] or [one]
        return found

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


EQUAL = {"exact": "in", "not": "notin", "in": "in", "notin": "notin"}
"""The comparisons with whole values, each with the one for several."""
SEVERAL = frozenset(EQUAL.values())


def as_condition(column: str, lookup: str, found: list[str]) -> tuple[str, str]:
    """A condition as Datasette's own links have it, so that a count shows that it was chosen."""
    if len(found) > 1:
        return f"{column}__{EQUAL[lookup]}", json.dumps(found, ensure_ascii=False)
    return (column if EQUAL[lookup] == "in" else f"{column}__not"), found[0]


def plugin_of(shelf: Shelf) -> ModuleType:
    """What Datasette calls, for this shelf alone: other servers may be in the process."""
    from datasette import Response as Answer
    from datasette import hookimpl
    from datasette.filters import FilterArguments, Filters
    from datasette.views.base import DatasetteError

    def is_ours(datasette: Any) -> bool:
        return datasette is shelf.datasette

    def prepare_connection(conn: Any, database: str, datasette: Any) -> None:
        if is_ours(datasette) and database == shelf.name:
            conn.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
            conn.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
            conn.create_function("like", 2, folded_like, deterministic=True)
            conn.set_authorizer(read_only)

    def filters_from_request(request: Any, table: str, datasette: Any) -> Any:
        if not is_ours(datasette) or table not in shelf.fields:
            return None

        async def filters() -> Any:
            columns = await datasette.databases[shelf.name].table_columns(table)
            fields = shelf.fields[table]
            pairs = [(key, one) for key in request.args for one in request.args.getlist(key)]
            conditions = [pair for pair in pairs if condition_of(pair[0])[0]]
            own, typed = Filters(sorted(conditions)).build_where_clauses(table)
            values: dict[str, Any] = dict(array_numbers(fields, own, typed))
            clauses = []
            for number, (key, one) in enumerate(conditions):
                name, lookup = condition_of(key)
                if name not in columns:  # else it finds nothing, and does not say why
                    raise DatasetteError(f"{table} has no column {name}", status=400)
                about = fields.get(name)
                if lookup == "contains" and about is not None and about.type == "string":
                    # the index first: `like` folds what it is given, record by record
                    literal = " ".join(w for w in one.split() if not WILDCARDS.intersection(w))
                    clause, words = search_clause(table, literal, f"within{number}_")
                    clauses += [clause] if clause else []
                    values |= words
            asked = request.args.get("_search") or ""
            clause, words = search_clause(table, asked)
            clauses += [clause] if clause else []
            shown = {"supports_search": True, "search": asked}
            return FilterArguments(clauses, values | words, [], shown)

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
        why = explained(error.message, language)
    elif isinstance(error, Base400):
        status, why = error.status, explained(error.args[0], language)
    elif isinstance(error, sqlite3.Error):
        status, why = 400, explained(error, language)
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
    shelf.key = said["key"]
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
    database = shelf.datasette.databases[shelf.name]
    database.execute = quiet(database.execute)
    plugin = plugin_of(shelf)
    pm.register(plugin, name=f"{plugin.__name__}_{id(plugin)}")
    try:
        reading = replace(guard, methods=frozenset({"GET", "HEAD"}))
        yield Guarded(routed(understood(shelf, shelf.datasette.app()), shelf, reading), reading)
    finally:
        pm.unregister(plugin)
        shelf.datasette.executor.shutdown()
        for database in shelf.datasette.databases.values():
            database.close()


def quiet(execute: Callable[..., Any]) -> Callable[..., Any]:
    """Datasette's `execute`, that says of a slip in a statement nothing at the terminal.

    The page says it; the terminal is for faults of ours.
    """

    def without_a_word(*given: Any, **named: Any) -> Any:
        return execute(*given, **{**named, "log_sql_errors": False})

    return without_a_word


def understood(shelf: Shelf, pages: Application) -> Application:
    """Pages that are asked for what a condition means, not for how it was typed."""
    address = re.compile(rf"/{re.escape(shelf.name)}/([^/]+?)(?:\.json)?")

    async def asked(scope: Scope, receive: Receive, send: Send) -> None:
        match = address.fullmatch(scope.get("path", ""))
        if match and match[1] in shelf.fields and scope["query_string"]:
            given = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
            meant = await shelf.meant(match[1], given)
            if meant != given:
                scope = {**scope, "query_string": urlencode(meant).encode()}
        await pages(scope, receive, send)

    return asked


def routed(pages: Application, shelf: Shelf, guard: Guard) -> Starlette:
    """Datasette's pages but those about itself, which name paths; CSV has no guard there."""

    async def absent(request: Request) -> Response:
        text = word("no_page", language_of(request, shelf.language))
        if request.url.path.endswith(".csv"):
            text = word("no_csv", language_of(request, shelf.language))
        return Response(text + "\n", 404, media_type="text/plain")

    return Starlette(
        routes=[
            Route("/enter", guard.enter),
            Route("/language", choose_language),
            Route("/static/{name}", static),
            Route("/favicon.ico", lambda request: Response(status_code=204)),
            Route("/-/{rest:path}", absent),
            Route("/{rest:path}.csv", absent),
            Route("/{rest:path}.db", absent),
            Mount("/", pages),
        ]
    )


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
