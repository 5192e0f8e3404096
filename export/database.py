"""Load a run's tables into SQLite or PostgreSQL: once more the same archive changes nothing."""

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any, Literal, NamedTuple

from export.published import Published, Record, with_keys
from export.schema import DOCUMENT, DOCUMENTS, Field, Table
from export.store import NotARun
from extract.errors import ReportError

Dialect = Literal["sqlite", "postgresql"]

PREFIX = "raingan_"
NOW = "_now"
"""Ends the name of a table's view of what has not vanished."""
RESERVED_TABLES = ("tables", "columns")
TECHNICAL = ("archive", "record", "position", "loaded_at", "vanished_at")
"""What the database has beside the published tables, and the columns beside the published ones."""
LONGEST_PREFIX = 20
LONGEST_NAME_BYTES = 63
"""PostgreSQL cuts longer names, and then two may be one."""
LONGEST_ARCHIVE = 200
LONGEST_DOCUMENT_BYTES = 2000
"""Of its name, as part of a key in PostgreSQL."""
LARGEST_INTEGER = 2**63 - 1
WAIT_SECONDS = 60.0
"""So long another load into the same tables is waited for."""

SQL_TYPES: Mapping[Dialect, Mapping[str, str]] = {
    "postgresql": {
        "string": "text",
        "integer": "bigint",
        "number": "numeric",
        "boolean": "boolean",
        "date": "date",
        "list": "text[]",
        "said": "jsonb",
    },
    "sqlite": {
        "string": "TEXT",
        "integer": "INTEGER",
        # what is TEXT is greater than every number, and 95 as an INTEGER divided by 2 is 47
        "number": "REAL",
        "boolean": "INTEGER",
        "date": "TEXT",
        "list": "TEXT",
        "said": "TEXT",
    },
}
"""Of a field by its type; a list of integers is `bigint[]` in PostgreSQL."""

_SERVER = re.compile(
    r"(?:[^:/?#@]*(?::(?P<secret>[^:/?#@]*))?@)?"
    r"(?P<shown>(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]*)(?::[0-9]+)?(?:/[^/?#@]*)?)"
    r"(?:\?.*)?"
)
"""Strict, since a password with a letter that ends it would be shown as part of the host."""


class BadTarget(ReportError):
    """No such database can be loaded into, or not under these names."""

    exit_code = 2


class CannotLoad(ReportError):
    """The database refused; nothing of the load is in it."""

    exit_code = 5


@dataclass(frozen=True, slots=True)
class TableLoad:
    """What a load did to the records of its archive in one table."""

    table: str
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    vanished: int = 0
    """They are no longer in the archive: marked, not deleted."""
    came_back: int = 0
    """They had vanished; whether or not their values are the old ones."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load did, a table after the other."""

    address: str
    """Of the database, without user, password and options."""
    tables: tuple[TableLoad, ...]


class Address(NamedTuple):
    """Where the database is."""

    dialect: Dialect
    shown: str
    path: Path | None
    """Of an SQLite file."""
    url: str
    secret: str = ""
    """The password, as it is written in the address."""


def load(
    published: Published,
    url: str,
    *,
    archive: str = "",
    prefix: str = PREFIX,
    schema: str = "",
    program: str = "raingan",
    shrink: bool = False,
) -> Loaded:
    """Make the records of this archive in the database those of the run, in one transaction.

    Tables are `prefix` and their name, made where they are not there; the records of other
    archives are left alone. A load that finds everything as it is writes nothing. `program` is
    noted as their maker. Where most documents of the archive would vanish, `shrink` has to say so.
    Raises BadTarget for what was asked, CannotLoad for what the database says, NotARun for what the
    run's files are; then nothing is written.
    """
    address = address_of(url)
    require_names(address, archive, prefix, schema)
    require_tables(published, prefix)
    with extra():
        from export.merge import load_into

        if address.dialect == "postgresql":
            import psycopg  # noqa: F401
    return Loaded(
        address.shown, load_into(address, published, archive, prefix, schema, program, shrink)
    )


def sql_of(table: Table, dialect: Dialect, prefix: str = PREFIX) -> str:
    """The statements that make a table, its indexes and its view, and say what its columns are."""
    with extra():
        from export.sql import statements
    return ";\n".join(statements(table, dialect, prefix)) + ";\n"


@contextmanager
def extra() -> Iterator[None]:
    """Say of an import in the block that it needs more than is installed."""
    try:
        yield
    except ImportError as error:
        raise BadTarget(
            f"a database needs more than is installed ({error}): pip install 'raingan[database]'"
        ) from error


def address_of(url: str) -> Address:
    """Read a database's address. Raises BadTarget, which repeats nothing that may be secret.

    >>> address_of("sqlite:///out/rows.sqlite").path
    PosixPath('out/rows.sqlite')
    >>> address_of("postgresql://me:secret@host/reports?sslmode=require").shown
    'postgresql://host/reports'
    """
    scheme, _, rest = url.partition("://")
    match scheme:
        case "sqlite" if rest[:1] == "/" and rest[1:] not in ("", ":memory:"):
            return Address("sqlite", f"sqlite:///{rest[1:]}", Path(rest[1:]), url)
        case "postgresql" | "postgres" | "postgresql+psycopg":
            if found := _SERVER.fullmatch(rest):
                shown = f"postgresql://{found['shown']}"
                return Address("postgresql", shown, None, url, found["secret"] or "")
            raise BadTarget(
                "the address of the database cannot be read; it is "
                "postgresql://user@host/database, where @ : / ? # in a name or a password are "
                "written %40 %3A %2F %3F %23"
            )
    raise BadTarget(
        "no address of a database that can be loaded into; write sqlite:///FILE or "
        "postgresql://user@host/database"
    )


def require_names(address: Address, archive: str, prefix: str, schema: str) -> None:
    """Raise BadTarget where one of the names is none that can be taken."""
    if not re.fullmatch(r"([A-Za-z_][A-Za-z0-9_]*)?", prefix) or len(prefix) > LONGEST_PREFIX:
        raise BadTarget(
            f"{prefix[:40]!a}: no prefix for tables; take up to {LONGEST_PREFIX} letters a-z, "
            "figures and _, a letter first"
        )
    if address.dialect == "sqlite" and prefix.lower().startswith("sqlite_"):
        raise BadTarget(f"{prefix}: SQLite keeps such names for itself; take another prefix")
    if not archive.isprintable() or len(archive) > LONGEST_ARCHIVE:
        raise BadTarget(
            f"{archive[:40]!a}: no name of an archive; take up to {LONGEST_ARCHIVE} letters that "
            "can be seen"
        )
    if schema and address.dialect == "sqlite":
        raise BadTarget(f"{schema!a}: an SQLite file has no schemas; leave the schema out")
    if not schema.isprintable():
        raise BadTarget(f"{schema[:40]!a}: no name of a schema; take one that can be seen")


def require_tables(published: Published, prefix: str) -> None:
    """Raise NotARun or BadTarget where the run's tables cannot be those of a database."""
    names = [table.name for table in published.tables]
    if DOCUMENTS not in published.tables or len(set(names)) < len(names):
        raise NotARun(
            f"{published.out}: not the tables of a run ({', '.join(names)}); run convert again"
        )
    for table in published.tables:
        require_table(table, prefix)


def require_table(table: Table, prefix: str) -> None:
    """Raise BadTarget where a table of another kind of report has a name that ours have."""
    names = [field.name for field in table.fields]
    wrong = [name for name in names if name in TECHNICAL]
    if table.name in RESERVED_TABLES or table.name.endswith(NOW):
        wrong.append(table.name)
    wrong += [name for name in (table.name, *names) if not re.fullmatch("[a-z_][a-z0-9_]*", name)]
    wrong += [] if DOCUMENT.name in names else [f"without {DOCUMENT.name}"]
    wrong += [name for name in names if names.count(name) > 1 or len(name) > LONGEST_NAME_BYTES]
    if len(prefix + table.name + NOW) > LONGEST_NAME_BYTES:
        wrong.append(prefix + table.name)
    if wrong:
        raise BadTarget(
            f"table {table.name!a}: {wrong[0]!a} is no name that a database can be given here; "
            "change it in the profile, and convert again"
        )


def sql_type(field: Field, dialect: Dialect) -> str:
    """The type of a field's column.

    >>> from export.schema import ROWS
    >>> pages = next(field for field in ROWS.fields if field.name == "pages")
    >>> sql_type(pages, "postgresql"), sql_type(pages, "sqlite")
    ('bigint[]', 'TEXT')
    """
    if field.type == "list" and field.item == "integer" and dialect == "postgresql":
        return "bigint[]"
    return SQL_TYPES[dialect][field.type]


def key_of(table: Table) -> tuple[str, ...]:
    """The columns that name one record of an archive.

    Where a record may have no document, its `record` names the document too.
    """
    if table.name == DOCUMENTS.name:
        return (DOCUMENT.name,)
    if is_loose(table):
        return ("record",)
    return (DOCUMENT.name, "record")


def is_loose(table: Table) -> bool:
    """Whether a record may belong to no document."""
    return not next(field for field in table.fields if field.name == DOCUMENT.name).required


def lines_of(
    table: Table, dialect: Dialect, records: Iterable[Record]
) -> Iterator[tuple[Any, ...]]:
    """The values of each record as the dialect's driver takes them; then its name and position.

    Positions count from 1 within a document. Raises CannotLoad for what the database cannot hold.
    """
    takes = [(field.name, taken(field, dialect)) for field in table.fields]
    loose = is_loose(table)
    position, last = 0, None
    for name, record in with_keys(table, records):
        document = record[DOCUMENT.name]
        if document != last:
            position, last = 0, document
            require_short(str(document), dialect)
        position += 1
        if table.name == DOCUMENTS.name and name:
            raise CannotLoad(
                f"{document}: two documents of the run have this name; rename one and convert again"
            )
        try:
            values = [take(record[column]) if take else record[column] for column, take in takes]
        except OverflowError as error:
            raise CannotLoad(
                f"{table.name} of {document}: {error}; correct what was read there "
                "(raingan review), and load again"
            ) from error
        yield (*values, f"{document or ''}:{name}" if loose else name, position)


def require_short(document: str, dialect: Dialect) -> None:
    if dialect == "postgresql" and len(document.encode()) > LONGEST_DOCUMENT_BYTES:
        raise CannotLoad(
            f"{document[:60]}…: a name of more than {LONGEST_DOCUMENT_BYTES:,} bytes is too long "
            "for a key in PostgreSQL; rename it and convert again"
        )


def taken(field: Field, dialect: Dialect) -> Callable[[Any], Any] | None:
    """How a value becomes what the driver takes; None where it is that already."""
    lite = dialect == "sqlite"
    match field.type:
        case "integer":
            return whole
        case "number" if lite:
            return real
        case "date" if lite:
            return lambda value: value and value.isoformat()
        case "said":
            return said_as_json
        case "list" if lite:
            return partial(list_as_json, str if field.item == "integer" else encode_basestring)
        case "list":
            return partial(list_as_array, str if field.item == "integer" else array_item)
    return None


def whole(value: int | None) -> int | None:
    """An integer that a column of 64 bits holds. Raises OverflowError."""
    if value is not None and not -LARGEST_INTEGER <= value <= LARGEST_INTEGER:
        raise OverflowError(f"the number {value} is larger than a column of 64 bits holds")
    return value


def real(value: Decimal | None) -> float | None:
    """A number that SQLite gives back as it is: all of up to 15 digits. Raises OverflowError.

    Made by Python, which rounds correctly; SQLite does not always.
    """
    if value is None:
        return None
    number = float(value)
    if not math.isfinite(number) or Decimal(repr(number)) != value:
        raise OverflowError(
            f"the number {value} has more digits than SQLite holds; PostgreSQL does"
        )
    return number


_SAID = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def said_as_json(value: list[dict[str, str]] | None) -> str | None:
    return None if value is None else _SAID.encode(value)


def list_as_json(write: Callable[[Any], str], value: list[Any] | None) -> str | None:
    r"""A list as JSON, in a fifth of the time that an encoder takes.

    >>> list_as_json(encode_basestring, ['กองคลัง; "ฝ่าย"', "a,b"]), list_as_json(str, [])
    ('["กองคลัง; \\"ฝ่าย\\"","a,b"]', '[]')
    """
    return None if value is None else f"[{','.join(map(write, value))}]"


def list_as_array(write: Callable[[Any], str], value: list[Any] | None) -> str | None:
    r"""A list as PostgreSQL reads an array, in a fifth of the time that its driver takes.

    >>> list_as_array(array_item, ['กองคลัง; "ฝ่าย"', "NULL"]), list_as_array(str, [5, 6])
    ('{"กองคลัง; \\"ฝ่าย\\"","NULL"}', '{5,6}')
    """
    return None if value is None else f"{{{','.join(map(write, value))}}}"


def array_item(text: str) -> str:
    """Text in quotes: nothing in it ends it, and NULL is a word."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
