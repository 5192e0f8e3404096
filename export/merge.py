"""A run's records put into a database's tables: all of them in one transaction, or none."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from export import database
from export.database import Address, BadTarget, CannotLoad, Dialect, TableLoad, key_of, lines_of
from export.model import explained
from export.published import PACKAGE, Published, Record
from export.schema import DOCUMENTS, Table
from export.sql import (
    Column,
    Place,
    columns_of,
    described,
    named,
    prepare,
    registry_of,
    sql_column,
)
from export.store import sha256_of

BESIDE: Mapping[Dialect, str] = {"postgresql": "pg_temp", "sqlite": "temp"}
"""Where temporary tables are; no other table is taken for one of them."""
INCOMING = "raingan_incoming"
CACHE_KILOBYTES = 64_000
"""Of SQLite's pages in memory, so that indexes grow there."""


def load_into(
    address: Address,
    published: Published,
    archive: str,
    prefix: str,
    schema: str,
    program: str,
    shrink: bool,
) -> tuple[TableLoad, ...]:
    """Do what `export.database.load` says."""
    engine = engine_of(address)
    driver = engine.dialect.loaded_dbapi.Error
    try:
        with engine.begin() as connection:
            dialect = address.dialect
            place = Place(connection, dialect, await_turn(connection, prefix, schema), prefix)
            return merged(place, published, archive, program, shrink)
    except sa.exc.DBAPIError as error:
        raise CannotLoad(refusal(address, error.orig or error)) from error
    except driver as error:
        raise CannotLoad(refusal(address, error)) from error
    finally:
        engine.dispose()


def engine_of(address: Address) -> sa.Engine:
    """What connects to the database; nothing is asked of it yet."""
    wait = database.WAIT_SECONDS
    if address.path is not None:
        with explained(address.path):
            address.path.parent.mkdir(parents=True, exist_ok=True)
        # SQLAlchemy would begin a transaction only before the first change, when it may be too late
        engine = sa.create_engine(
            sa.URL.create("sqlite", database=str(address.path)),
            connect_args={"timeout": wait, "isolation_level": None},
            poolclass=sa.NullPool,
            hide_parameters=True,
        )
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", lambda c: c.exec_driver_sql("BEGIN IMMEDIATE"))
        return engine
    url = sa.make_url(address.url).set(drivername="postgresql+psycopg")
    given = {"client_encoding": "utf8", "connect_timeout": "10", "application_name": "raingan"}
    arguments: dict[str, Any] = {k: v for k, v in given.items() if k not in url.query}
    arguments["prepare_threshold"] = None  # poolers between may not know prepared statements
    return sa.create_engine(
        url, connect_args=arguments, poolclass=sa.NullPool, hide_parameters=True
    )


def _prepare_sqlite(connection: sqlite3.Connection, _: object) -> None:
    for setting in ("foreign_keys=ON", "temp_store=FILE", f"cache_size=-{CACHE_KILOBYTES}"):
        connection.execute(f"PRAGMA {setting}")


def refusal(address: Address, error: BaseException) -> str:
    """What a database said, in one line and without a password, and what to do."""
    said = " ".join(str(error).split()) or type(error).__name__
    for secret in secrets_of(address):
        said = said.replace(secret, "…")
    state = getattr(error, "sqlstate", None)
    if state == "55P03" or "database is locked" in said:
        return (
            f"{address.shown}: locked for {database.WAIT_SECONDS:g} s, by another load or another "
            f"program; nothing was written. Wait for it and load again ({said})"
        )
    return f"{address.shown}: nothing was written, the database says: {said}{HINTS.get(state, '')}"


HINTS: Mapping[str | None, str] = {
    "3D000": "; make the database, or name one that is there",
    "28P01": "; give the password in PGPASSWORD or ~/.pgpass",
    "42501": "; the user needs CREATE on the schema, or to own its tables: docs/feeding.md",
}
"""By PostgreSQL's code: what to do."""


def secrets_of(address: Address) -> Iterator[str]:
    """The passwords in an address, as they are written there and as they are."""
    if address.dialect == "postgresql":
        url = sa.make_url(address.url)
        yield from {address.secret, str(url.password or "")} - {""}
        for name, value in url.query.items():
            if "password" in name:
                yield from (value,) if isinstance(value, str) else value


def await_turn(connection: sa.Connection, prefix: str, schema: str) -> str | None:
    """Wait until no other load is at work on these tables; gives their schema."""
    if connection.dialect.name == "sqlite":
        return None
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
    if encoding != "UTF8":
        raise CannotLoad(
            f"the database has the encoding {encoding}, which does not hold every Thai text; "
            "make one with ENCODING 'UTF8' TEMPLATE template0"
        )
    found = connection.execute(
        sa.text("SELECT current_schema()")
        if not schema
        else sa.text("SELECT nspname FROM pg_namespace WHERE nspname = :schema"),
        {"schema": schema} if schema else {},
    ).scalar_one_or_none()
    if found is None:
        missing = f"{schema!r} is not there" if schema else "none of the search path is there"
        raise CannotLoad(f"no schema for the tables: {missing}; make it, or name another")
    wait = f"{max(1, round(database.WAIT_SECONDS * 1000))}ms"
    connection.execute(sa.text("SELECT set_config('lock_timeout', :wait, true)"), {"wait": wait})
    key = sha256(f"raingan\0{found}\0{prefix}".encode()).digest()[:8]
    number = int.from_bytes(key, "big", signed=True)
    connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": number})
    return str(found)


def merged(
    place: Place, published: Published, archive: str, program: str, shrink: bool
) -> tuple[TableLoad, ...]:
    """Make the tables and put the records into them; the transaction is the caller's."""
    # a record refers to its document
    tables = sorted(published.tables, key=lambda table: table.name != DOCUMENTS.name)
    metadata = sa.MetaData(schema=place.schema)
    registry = registry_of(place.dialect, place.prefix, metadata)
    ours = described(tables, place.dialect, place.prefix, metadata)
    known = prepare(place, registry, ours, program)
    now = clock(place)
    loads = []
    for table, one in zip(tables, ours, strict=True):
        loads.append(merge(place, table, one.sql, published.records(table), archive, now))
        if table.name == DOCUMENTS.name and not shrink:
            require_most(loads[-1], archive)
    absent = sorted(known - {table.name for table in tables})
    for name in absent:
        if vanished := vanish(place, name, archive, now):
            loads.append(TableLoad(name, vanished=vanished))
    changed = [one.table for one in loads if one.new + one.changed + one.vanished + one.came_back]
    if changed:
        listed = registry[0].sql
        place.connection.execute(
            sa.update(listed)
            .where(listed.c.table_name.in_(changed))
            .values(
                last_archive=archive,
                last_source=sha256_of(published.out / PACKAGE),
                last_loaded_at=now,
            )
        )
    return tuple(loads)


def require_most(documents: TableLoad, archive: str) -> None:
    """Raise BadTarget where most documents of an archive would vanish: then it is another one."""
    there = documents.unchanged + documents.changed
    if documents.vanished > there:
        raise BadTarget(
            f"nothing was written: {documents.vanished:,} of the {documents.vanished + there:,} "
            f"documents that the database has of the archive {archive!r} are not in this run. If "
            "this is another archive, load it with an --archive of its own; if they have gone, "
            "load it with --shrink"
        )


def clock(place: Place) -> Any:
    """The time of this load: the server's, by which its readers ask."""
    if place.dialect == "postgresql":
        return place.connection.exec_driver_sql("SELECT now()").scalar_one()
    return datetime.now(UTC).isoformat(timespec="microseconds")


# ---------------------------------------------------------------- the records


class State(NamedTuple):
    """How many records an archive has in a table."""

    every: int
    vanished: int
    set_now: int


def state_of(place: Place, table: sa.Table, archive: str, now: Any) -> State:
    c = table.c
    counts = sa.select(
        sa.func.count(),
        sa.func.count(c.vanished_at),
        sa.func.count(sa.case((c.loaded_at == now, 1))),
    ).where(c.archive == archive)
    return State(*place.connection.execute(counts).one())


def merge(
    place: Place,
    table: Table,
    target: sa.Table,
    records: Iterable[Record],
    archive: str,
    now: Any,
) -> TableLoad:
    """Make the archive's records in a table these, and mark those that are not among them.

    They come to a temporary table first: what is slow is done before anything is locked. Those of
    an archive that is new here go where they belong at once.
    """
    run = place.connection.execute
    lines = lines_of(table, place.dialect, records)
    before = state_of(place, target, archive, now)
    if not before.every:
        names = [column.name for column in incoming_columns(table, place.dialect)]
        fill(
            place,
            target,
            (*names, "archive", "loaded_at"),
            ((*line, archive, now) for line in lines),
        )
        return TableLoad(table.name, new=state_of(place, target, archive, now).every)
    incoming = incoming_table(place, table)
    incoming.create(place.connection, checkfirst=False)
    fill(place, incoming, incoming.c.keys(), lines)
    if place.dialect == "postgresql":
        place.run(f"ANALYZE {incoming.schema}.{incoming.name}")
    count = run(sa.select(sa.func.count()).select_from(incoming)).scalar_one()
    run(upsert(place, table, target, incoming, archive, now))
    after = state_of(place, target, archive, now)
    same = (target.c[name] == incoming.c[name] for name in key_of(table))
    vanished = run(vanishing(target, archive, now).where(~sa.exists().where(*same))).rowcount
    incoming.drop(place.connection, checkfirst=False)
    new, came_back = after.every - before.every, before.vanished - after.vanished
    changed = after.set_now - new - came_back
    unchanged = count - new - came_back - changed
    return TableLoad(table.name, new, changed, unchanged, vanished, came_back)


def incoming_columns(table: Table, dialect: Dialect) -> list[Column]:
    """Those that `lines_of` gives values for."""
    beside = ("archive", "loaded_at", "vanished_at")
    return [column for column in columns_of(table, dialect) if column.name not in beside]


def incoming_table(place: Place, table: Table) -> sa.Table:
    """A temporary table for the lines of a table."""
    return sa.Table(
        INCOMING,
        sa.MetaData(),
        *map(sql_column, incoming_columns(table, place.dialect)),
        sa.PrimaryKeyConstraint(*key_of(table)),
        prefixes=["TEMPORARY"],
        schema=BESIDE[place.dialect],
    )


def fill(
    place: Place, table: sa.Table, names: Iterable[str], lines: Iterable[tuple[Any, ...]]
) -> None:
    """Write the lines by the driver's own quickest way, one in memory at a time."""
    preparer = place.connection.dialect.identifier_preparer
    into = preparer.format_table(table)
    listed = ", ".join(f'"{name}"' for name in names)
    driver = place.connection.connection.driver_connection
    assert driver is not None  # it is connected
    if place.dialect == "sqlite":
        marks = ", ".join("?" * (listed.count(", ") + 1))
        driver.executemany(f"INSERT INTO {into} ({listed}) VALUES ({marks})", lines)
        return
    into = into.replace("%%", "%")  # doubled for statements with parameters
    with (
        closing(driver.cursor()) as cursor,
        cursor.copy(f"COPY {into} ({listed}) FROM STDIN") as copy,
    ):
        for line in lines:
            copy.write_row(line)


def upsert(
    place: Place, table: Table, target: sa.Table, incoming: sa.Table, archive: str, now: Any
) -> sa.Insert:
    """Insert what is new and set what is otherwise; what is as it was is not touched at all."""
    key = key_of(table)
    names = incoming.c.keys()
    values = [name for name in names if name not in (*key, "position")]
    here = [target.c.archive == archive, *(target.c[n] == incoming.c[n] for n in key)]
    needed = [
        target.c.record.is_(None),
        target.c.vanished_at.is_not(None),
        *(target.c[n].is_distinct_from(incoming.c[n]) for n in (*values, "position")),
    ]
    chosen = (
        sa.select(*incoming.c, sa.literal(archive), sa.literal(now))
        .select_from(incoming.outerjoin(target, sa.and_(*here)))
        .where(sa.or_(*needed))
    )
    start = sqlite.insert(target) if place.dialect == "sqlite" else postgresql.insert(target)
    insert = start.from_select([*names, "archive", "loaded_at"], chosen)
    otherwise = (target.c[name].is_distinct_from(insert.excluded[name]) for name in values)
    is_set = sa.or_(target.c.vanished_at.is_not(None), *otherwise)
    return insert.on_conflict_do_update(
        index_elements=["archive", *key],
        set_={
            **{name: insert.excluded[name] for name in (*values, "position")},
            "loaded_at": sa.case((is_set, now), else_=target.c.loaded_at),
            "vanished_at": sa.null(),
        },
    )


def vanishing(table: Any, archive: str, now: Any) -> sa.Update:
    """Mark the records of an archive that are still there; which, the caller says."""
    c = table.c
    return (
        sa.update(table)
        .where(c.archive == archive, c.vanished_at.is_(None))
        .values({c.vanished_at: now})
    )


def vanish(place: Place, name: str, archive: str, now: Any) -> int:
    """Mark all records of an archive in a table that the run does not have."""
    columns: list[sa.ColumnClause[Any]] = [sa.column("archive"), sa.column("vanished_at")]
    table = sa.table(named(place.prefix + name), *columns, schema=place.schema)
    return place.connection.execute(vanishing(table, archive, now)).rowcount
