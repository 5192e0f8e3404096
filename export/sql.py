"""The tables in SQL: what they are made of, which of them a database has, and whose they are."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from export.database import (
    LONGEST_NAME_BYTES,
    NOW,
    SQL_TYPES,
    TECHNICAL,
    CannotLoad,
    Dialect,
    key_of,
    sql_type,
)
from export.schema import DOCUMENT, DOCUMENTS, SCHEMA_VERSION, Field, Table

TIMES: Mapping[Dialect, str] = {"postgresql": "timestamp with time zone", "sqlite": "TEXT"}


class Verbatim(sa.types.UserDefinedType[Any]):
    """A type by its name; values go to the driver, and come from it, as they are."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_: object) -> str:
        return self.name


class Column(NamedTuple):
    """A column, and what a person should know of it."""

    name: str
    type: str
    title_th: str
    title_en: str
    description: str
    required: bool = False


class Described(NamedTuple):
    """A table of the database, and what a person should know of it."""

    name: str
    """Without the prefix."""
    title_th: str
    title_en: str
    description: str
    columns: tuple[Column, ...]
    sql: sa.Table
    has_view: bool = True


class Known(NamedTuple):
    """What the database says of a table that raingan made there."""

    version: int
    columns: str


class Place(NamedTuple):
    """Where the tables are."""

    connection: sa.Connection
    dialect: Dialect
    schema: str | None
    prefix: str

    def quoted(self, name: str, more: str = "") -> str:
        """A name of ours as a statement holds it, with its schema."""
        quote = self.connection.dialect.identifier_preparer.quote_identifier
        return ".".join(quote(part) for part in (self.schema, self.prefix + name + more) if part)

    def literal(self, text: str) -> str:
        """A text as a statement without parameters holds it."""
        options = {"literal_binds": True}
        return str(sa.literal(text).compile(self.connection, compile_kwargs=options))

    def run(self, statement: str) -> None:
        """Run a statement as it stands."""
        self.connection.exec_driver_sql(statement)


# ---------------------------------------------------------------- the tables in SQL


def columns_of(table: Table, dialect: Dialect) -> tuple[Column, ...]:
    """The columns of a table: the published ones, then those of the database."""
    own = (
        Column(
            field.name,
            sql_type(field, dialect),
            field.title_th,
            field.title_en,
            with_allowed(field),
            field.required,
        )
        for field in table.fields
    )
    text, whole, time = simple_types(dialect)
    return (
        *own,
        Column("archive", text, "คลังเอกสาร", "Archive", "as it was named when loaded", True),
        Column(
            "record",
            text,
            "ชื่อระเบียน",
            "Record",
            "names the record within its document, the same in every run",
            True,
        ),
        Column("position", whole, "ลำดับ", "Position", "order within the document, from 1", True),
        Column(
            "loaded_at",
            time,
            "เวลาที่นำเข้า",
            "Loaded at",
            "when its values were last set, or it came back",
            True,
        ),
        Column(
            "vanished_at",
            time,
            "เวลาที่หายไป",
            "Vanished at",
            "since when it is no longer in its archive; absent while it is",
        ),
    )


def with_allowed(field: Field) -> str:
    allowed = ", ".join(f"`{one}`" for one in field.allowed)
    return f"{field.description}: {allowed}" if allowed else field.description


def simple_types(dialect: Dialect) -> tuple[str, str, str]:
    """Text, whole number and time."""
    types = SQL_TYPES[dialect]
    return types["string"], types["integer"], TIMES[dialect]


def described(
    tables: Sequence[Table], dialect: Dialect, prefix: str, metadata: sa.MetaData
) -> tuple[Described, ...]:
    """Published tables as the database has them; that of the documents comes first."""
    done: list[Described] = []
    for table in tables:
        columns = columns_of(table, dialect)
        keys: list[sa.Constraint] = [sa.PrimaryKeyConstraint("archive", *key_of(table))]
        if done:
            refers = ("archive", DOCUMENT.name)
            keys.append(sa.ForeignKeyConstraint(refers, [done[0].sql.c[name] for name in refers]))
        sql = sa.Table(
            named(prefix + table.name),
            metadata,
            *map(sql_column, columns),
            *keys,
            *checks_of(table, dialect),
            *(index_of(prefix + table.name, field) for field in table.fields if field.indexed),
        )
        done.append(
            Described(table.name, table.title_th, table.title_en, table.description, columns, sql)
        )
    return tuple(done)


def statements(table: Table, dialect: Dialect, prefix: str) -> Iterator[str]:
    """What makes one table, as text for a person or a script."""
    metadata = sa.MetaData()
    tables = (DOCUMENTS,) if table.name == DOCUMENTS.name else (DOCUMENTS, table)
    one = described(tables, dialect, prefix, metadata)[-1]
    # with names for parameters there is nothing that stands for a percent sign
    form = (sqlite if dialect == "sqlite" else postgresql).dialect(paramstyle="named")
    quote = form.identifier_preparer.quote_identifier
    yield str(CreateTable(one.sql).compile(dialect=form)).strip()
    for index in sorted(one.sql.indexes, key=lambda index: str(index.name)):
        yield str(CreateIndex(index).compile(dialect=form))
    name, view = quote(one.sql.name), quote(one.sql.name + NOW)
    yield f"CREATE VIEW {view} AS {selection(name, [column.name for column in one.columns])}"
    if dialect == "postgresql":
        for kind, of in (("TABLE", name), ("VIEW", view)):
            for text, said in comments(kind, of, one):
                yield f"COMMENT ON {text} IS '{said.replace(chr(39), chr(39) * 2)}'"


def checks_of(table: Table, dialect: Dialect) -> Iterator[sa.CheckConstraint]:
    """Bounds that no version moves; which words are `allowed` grows, so they are only described."""
    for field in table.fields:
        column: sa.ColumnClause[Any] = sa.column(named(field.name))
        if field.within:
            low, high = field.within
            yield sa.CheckConstraint(column.between(number(low), number(high)))
        if field.type == "boolean" and dialect == "sqlite":
            yield sa.CheckConstraint(column.in_([number(0), number(1)]))


def number(value: int) -> sa.ColumnClause[Any]:
    return sa.literal_column(str(value))


def registry_of(
    dialect: Dialect, prefix: str, metadata: sa.MetaData
) -> tuple[Described, Described]:
    """What tells of the tables: `tables` and `columns`."""
    text, whole, time = simple_types(dialect)
    tables = (
        Column("table_name", text, "ชื่อตาราง", "Table", "without the prefix", True),
        Column("title_th", text, "ชื่อภาษาไทย", "Thai title", "for people"),
        Column("title_en", text, "ชื่อภาษาอังกฤษ", "English title", "for people"),
        Column("description", text, "คำอธิบาย", "Description", "what one record is"),
        Column("schema_version", whole, "รุ่น", "Schema version", "of its columns", True),
        Column("columns", text, "ลายนิ้วมือคอลัมน์", "Columns", "a digest of names and types", True),
        Column("made_by", text, "สร้างโดย", "Made by", "the program that made it", True),
        Column("last_archive", text, "คลังล่าสุด", "Last archive", "that changed something in it"),
        Column("last_source", text, "แฮชล่าสุด", "Last source", "SHA-256 of its datapackage.json"),
        Column("last_loaded_at", time, "เวลาล่าสุด", "Last loaded at", "when that was"),
    )
    columns = (
        Column("table_name", text, "ชื่อตาราง", "Table", "without the prefix", True),
        Column("column_name", text, "ชื่อคอลัมน์", "Column", "as it is in the table", True),
        Column("position", whole, "ลำดับ", "Position", "in the table, from 1", True),
        Column("type", text, "ชนิด", "Type", "in this database", True),
        Column("title_th", text, "ชื่อภาษาไทย", "Thai title", "for people"),
        Column("title_en", text, "ชื่อภาษาอังกฤษ", "English title", "for people"),
        Column("description", text, "คำอธิบาย", "Description", "what it holds"),
    )

    def one(
        name: str, titles: tuple[str, str, str], of: tuple[Column, ...], *key: str
    ) -> Described:
        sql = sa.Table(
            named(prefix + name),
            metadata,
            *map(sql_column, of),
            sa.PrimaryKeyConstraint(*key),
        )
        return Described(name, *titles, of, sql, has_view=False)

    return (
        one(
            "tables", ("ตาราง", "Tables", "the tables that raingan made here"), tables, "table_name"
        ),
        one(
            "columns",
            ("คอลัมน์", "Columns", "the columns of these tables, with their titles"),
            columns,
            *("table_name", "column_name"),
        ),
    )


def named(name: str) -> sa.quoted_name:
    """A name that is always quoted: no list of reserved words is that of every version."""
    return sa.quoted_name(name, quote=True)


def sql_column(column: Column) -> sa.Column[Any]:
    return sa.Column(named(column.name), Verbatim(column.type), nullable=not column.required)


def index_of(table: str, field: Field) -> sa.Index:
    """An index under a name that no other one of the schema has, and that is not cut."""
    name = f"{table}_{field.name}_index"
    if len(name) > LONGEST_NAME_BYTES:
        name = f"{name[:46]}_{sha256(name.encode()).hexdigest()[:16]}"
    # PostgreSQL's usual kind refuses texts of more than 2.7 kB, as an agency misread may be
    is_free = field.type == "string" and not field.allowed
    return sa.Index(named(name), field.name, postgresql_using="spgist" if is_free else None)


# ---------------------------------------------------------------- what is there already


def prepare(
    place: Place, registry: Sequence[Described], ours: Sequence[Described], program: str
) -> set[str]:
    """Make what is missing and refuse what is not known; gives the names of all known tables.

    Those of the registry are not among them.
    """
    known = known_tables(place, registry)
    for one in (*registry, *ours):
        require_known(place, one, known.get(one.name))
    every = (*registry, *ours)
    missing = [one for one in every if not actual_columns(place, one.sql.name)]
    metadata = registry[0].sql.metadata
    metadata.create_all(place.connection, [one.sql for one in missing], checkfirst=False)
    for one in every:
        grown = [] if one in missing else added_columns(place, one)
        for column in grown:
            name = place.quoted(one.name)
            place.run(f'ALTER TABLE {name} ADD COLUMN "{column.name}" {column.type}')
        if one.has_view and (one in missing or grown or not exists(place, one.sql.name + NOW)):
            make_view(place, one)
        if one in missing or grown:
            register(place, registry[0].sql, one, program)
    describe(place, registry, every)
    return (set(known) | {one.name for one in ours}) - {one.name for one in registry}


def known_tables(place: Place, registry: Sequence[Described]) -> dict[str, Known]:
    """The tables that raingan made here, by name. Raises CannotLoad where the list is not ours."""
    tables = registry[0]
    there = actual_columns(place, tables.sql.name)
    if not there:
        return {}
    c = tables.sql.c
    if not {"table_name", "schema_version", "columns"} <= {name for name, _ in there}:
        raise CannotLoad(unknown(tables.sql.name))
    rows = place.connection.execute(sa.select(c.table_name, c.schema_version, c.columns))
    known = {name: Known(int(version), columns) for name, version, columns in rows}
    newest = max((one.version for one in known.values()), default=0)
    if newest > SCHEMA_VERSION:
        raise CannotLoad(
            f"the tables {place.prefix}… have version {newest} of the columns, this raingan knows "
            f"{SCHEMA_VERSION}: use the newer raingan that made them, or another prefix"
        )
    return known


def require_known(place: Place, one: Described, known: Known | None) -> None:
    """Raise CannotLoad where a table is there that this version must not write into."""
    there = actual_columns(place, one.sql.name)
    shown = place.prefix + one.name
    if known is None:
        names = [one.sql.name, *(index.name for index in one.sql.indexes)]
        names += [one.sql.name + NOW] if one.has_view else []
        if taken := [name for name in names if exists(place, str(name))]:
            raise CannotLoad(unknown(str(taken[0])))
        return
    if known.version < SCHEMA_VERSION:
        raise CannotLoad(
            f"table {shown} has version {known.version} of the columns, this raingan writes "
            f"{SCHEMA_VERSION}: load into tables with another prefix, and drop the old ones when "
            "nobody reads them any more"
        )
    if there and fingerprint(there) != known.columns:
        raise CannotLoad(
            f"table {shown} is no longer as raingan made it: undo what was done to its columns, or "
            "load into tables with another prefix"
        )
    expected = published_columns((column.name, column.type) for column in one.columns)
    found = published_columns(there)
    if there and found != expected[: len(found)]:
        differing = sorted({name for name, _ in set(found) ^ set(expected)}) or ["their order"]
        raise CannotLoad(
            f"table {shown} has other columns than this raingan writes "
            f"({', '.join(differing)}): use the raingan that made it, or load with another prefix"
        )


def unknown(name: str) -> str:
    return (
        f"{name} is in the database already and was not made by raingan; nothing was written: "
        "load with another prefix, or into another schema or database"
    )


def published_columns(columns: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Without those of the database, which stand before the ones that were added later."""
    return [column for column in columns if column[0] not in TECHNICAL]


def added_columns(place: Place, one: Described) -> list[Column]:
    """Columns that the table does not have yet: a later version publishes more."""
    there = dict(actual_columns(place, one.sql.name))
    return [column for column in one.columns if column.name not in there]


def actual_columns(place: Place, name: str) -> list[tuple[str, str]]:
    """Names and types of a table's columns as they are in the database; none where it is not."""
    if place.dialect == "sqlite":
        found = place.connection.execute(
            sa.text("SELECT name, type FROM pragma_table_info(:name)"), {"name": name}
        )
    else:
        found = place.connection.execute(
            sa.text(
                "SELECT a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute a "
                "JOIN pg_class c ON c.oid = a.attrelid "
                "JOIN pg_namespace n ON n.oid = c.relnamespace "
                "WHERE n.nspname = :schema AND c.relname = :name AND a.attnum > 0 "
                "AND NOT a.attisdropped ORDER BY a.attnum"
            ),
            {"name": name, "schema": place.schema},
        )
    return [(str(column), str(kind)) for column, kind in found]


def exists(place: Place, name: str) -> bool:
    """Whether a table, view or index has the name."""
    if place.dialect == "sqlite":
        statement = "SELECT 1 FROM sqlite_master WHERE lower(name) = lower(:name)"
    else:
        statement = (
            "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = :schema AND c.relname = :name"
        )
    given = {"name": name} | ({"schema": place.schema} if place.schema else {})
    return place.connection.execute(sa.text(statement), given).first() is not None


def fingerprint(columns: Iterable[tuple[str, str]]) -> str:
    text = "\n".join(f"{name} {kind}" for name, kind in columns)
    return sha256(text.encode()).hexdigest()[:16]


def make_view(place: Place, one: Described) -> None:
    """Make the view of what has not vanished, which is what most readers want."""
    name = place.quoted(one.name, NOW)
    columns = [column for column, _ in actual_columns(place, one.sql.name)]
    if place.dialect == "sqlite":
        place.run(f"DROP VIEW IF EXISTS {name}")
        make = "CREATE VIEW"
    else:
        make = "CREATE OR REPLACE VIEW"  # other views may stand on it
    place.run(f"{make} {name} AS {selection(place.quoted(one.name), columns)}")


def selection(table: str, columns: Iterable[str]) -> str:
    """What the view of a table shows."""
    shown = ", ".join(f'"{column}"' for column in columns if column != "vanished_at")
    return f'SELECT {shown} FROM {table} WHERE "vanished_at" IS NULL'


def register(place: Place, tables: sa.Table, one: Described, program: str) -> None:
    """Note that the table is ours, and as which columns it was made."""
    columns = fingerprint(actual_columns(place, one.sql.name))
    where = tables.c.table_name == one.name
    changed = place.connection.execute(sa.update(tables).where(where).values(columns=columns))
    if not changed.rowcount:
        place.connection.execute(
            sa.insert(tables).values(
                table_name=one.name,
                schema_version=SCHEMA_VERSION,
                columns=columns,
                made_by=program,
            )
        )


def describe(place: Place, registry: Sequence[Described], every: Sequence[Described]) -> None:
    """Bring the titles up to date, in the tables that tell of them and in PostgreSQL's comments."""
    tables, columns = (one.sql for one in registry)
    t = tables.c
    for one in every:
        title = {
            t.title_th: one.title_th,
            t.title_en: one.title_en,
            t.description: one.description,
        }
        otherwise = sa.or_(*(column.is_distinct_from(text) for column, text in title.items()))
        titled = place.connection.execute(
            sa.update(tables).where(t.table_name == one.name, otherwise).values(title)
        )
        by_name = {column.name: column for column in one.columns}
        lines = [
            (one.name, name, number, kind, *by_name[name][2:5])
            for number, (name, kind) in enumerate(actual_columns(place, one.sql.name), 1)
        ]
        mine = columns.c.table_name == one.name
        listed = sa.select(columns).where(mine).order_by(columns.c.position)
        before = [tuple(line) for line in place.connection.execute(listed)]
        if before != lines:
            place.connection.execute(sa.delete(columns).where(mine))
            names = columns.c.keys()
            place.connection.execute(
                sa.insert(columns), [dict(zip(names, line, strict=True)) for line in lines]
            )
        if place.dialect == "postgresql" and (titled.rowcount or before != lines):
            views = [("VIEW", place.quoted(one.name, NOW))] if one.has_view else []
            for kind, name in [("TABLE", place.quoted(one.name)), *views]:
                for text, said in comments(kind, name, one):
                    place.run(f"COMMENT ON {text} IS {place.literal(said)}")


def comments(kind: str, name: str, one: Described) -> Iterator[tuple[str, str]]:
    """What other programs show beside a table or view and its columns; of each its comment."""
    yield f"{kind} {name}", f"{one.title_th} / {one.title_en}: {one.description}"
    for column in one.columns:
        if kind == "TABLE" or column.name != "vanished_at":
            said = f"{column.title_th} / {column.title_en}: {column.description}"
            yield f'COLUMN {name}."{column.name}"', said
