"""A finished run's tables as files for other systems: CSV, JSON, JSON Lines, Parquet."""

import json
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from decimal import Decimal
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from export.files import MARK, PACKAGE, csv_head, csv_records, json_records
from export.model import CannotWrite
from export.package import LICENCES, SOURCES, Written, data_package, table_schema
from export.published import Published, Record, Value
from export.schema import SCHEMA_VERSION, Field, Table
from export.store import FOLDER, adopt, sha256_of
from export.values import json_value, number_text, written_columns
from extract.errors import ReportError

FormName = Literal["csv", "json", "jsonl", "parquet"]
FORMS: tuple[FormName, ...] = get_args(FormName)

SLICE_RECORDS = 1000
"""So many are in memory at once, as in the conversion."""
ROW_GROUP_BYTES = 32 << 20
"""Of Parquet: enough to compress well and to skip by, and what a reader has to hold."""
DIGITS, PLACES, SHORT_DIGITS = 38, 18, 18
"""Of a Parquet number all and those after the point, as Spark takes them; of one whose places are
fixed all: those fit into 64 bits."""

Add = Callable[[Sequence[Record]], None]
Losses = dict[str, tuple[int, str]]
"""What a form could not hold: how often, and the document where it was first."""


class MissingExtra(ReportError):
    """A form needs a library that is not installed."""

    exit_code = 2


class NotATarget(ReportError):
    """The place that was given is none for these files."""

    exit_code = 2


class Exported(NamedTuple):
    """The files that were written, and what a person has to know about them."""

    paths: tuple[Path, ...]
    notes: tuple[str, ...] = ()


def write_files(
    published: Published, folder: Path, forms: Collection[str], *, plain: bool = False
) -> Exported:
    """Write every table in each of these forms, and a `datapackage.json` that describes them.

    `plain` leaves the byte-order mark of CSV out. Files that are there are replaced when all the
    new ones are complete; others are left alone. Two calls give the same bytes.
    """
    if is_of_a_run(folder, published.out):
        raise NotATarget(f"{folder}: a run's own folder; give another one with --to")
    wanted = [form for form in FORMS if form in forms]
    losses: Losses = {}
    files: dict[str, Written] = {}
    with staging(folder) as beside:
        for table in published.tables:
            with ExitStack() as stack:
                adds = []
                for form in wanted:
                    name = f"{table.name}.{form}"
                    file = writer(form, plain, beside / name, folder / name, table, losses)
                    adds.append(stack.enter_context(file))
                for some in slices(published.records(table)):
                    for add in adds:
                        add(some)
            for form in wanted:
                path = beside / f"{table.name}.{form}"
                files[path.name] = Written(sha256_of(path), path.stat().st_size)
        package = data_package(files, keyed_in(published), published.tables, wanted)
        with told(folder / PACKAGE):
            (beside / PACKAGE).write_text(package, "utf-8")
        paths = tuple(folder / name for name in (*files, PACKAGE))
        for path in paths:
            put(beside / path.name, path)
    names = {f"{table.name}.{form}" for table in published.tables for form in FORMS} - files.keys()
    if old := sorted(name for name in names if (folder / name).exists()):
        left = f"{', '.join(old)}: of an earlier export, and left as it was; name its --format, too"
        return Exported(paths, (left, *notes_of(losses)))
    return Exported(paths, notes_of(losses))


def is_of_a_run(folder: Path, out: Path) -> bool:
    """Whether a folder holds what a run keeps or publishes."""
    whole = folder.resolve()
    return whole == out.resolve() or (folder / FOLDER).exists() or FOLDER in whole.parts


def writer(
    form: FormName, plain: bool, path: Path, final: Path, table: Table, losses: Losses
) -> AbstractContextManager[Add]:
    """A file of one form in the making, as what adds records to it."""
    match form:
        case "csv":
            head = csv_head(table)
            return text_file(
                path, final, head.removeprefix(MARK) if plain else head, csv_lines(table)
            )
        case "json":
            return text_file(path, final, "[", json_array(table), "\n]\n")
        case "jsonl":
            return text_file(path, final, "", json_lines(table))
        case "parquet":
            return parquet_file(path, final, table, losses)


@contextmanager
def text_file(
    path: Path, final: Path, head: str, encode: Callable[[Sequence[Record]], str], tail: str = ""
) -> Iterator[Add]:
    with told(final), path.open("xb") as file:
        file.write(head.encode())

        def add(records: Sequence[Record]) -> None:
            with told(final):
                file.write(encode(records).encode())

        yield add
        file.write(tail.encode())


def csv_lines(table: Table) -> Callable[[Sequence[Record]], str]:
    return lambda records: csv_records(table, records, itemgetter)


def json_array(table: Table) -> Callable[[Sequence[Record]], str]:
    """How records become members of one array: with a comma before all but the first."""
    before = ""

    def encode(records: Sequence[Record]) -> str:
        nonlocal before
        text = before + json_records(table, records, itemgetter)
        before = ","
        return text

    return encode


def json_lines(table: Table) -> Callable[[Sequence[Record]], str]:
    """How records become lines; what some readers take for the end of a line is escaped."""

    def member(field: Field, value: object) -> str:
        return f'"{field.name}": {json_value(field, value)}'

    def encode(records: Sequence[Record]) -> str:
        columns = written_columns(member, table.fields, records, itemgetter)
        lines = "".join(f"{{{line}}}\n" for line in map(", ".join, zip(*columns, strict=True)))
        for end in "\x85\u2028\u2029":
            lines = lines.replace(end, f"\\u{ord(end):04x}")
        return lines

    return encode


# ---------------------------------------------------------------- Parquet


@contextmanager
def parquet_file(path: Path, final: Path, table: Table, losses: Losses) -> Iterator[Add]:
    """Raises MissingExtra where pyarrow is not installed."""
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise MissingExtra(
            f"writing .parquet needs pyarrow ({error}): pip install 'raingan[parquet]'"
        ) from error
    schema = arrow_schema(table)
    waiting: list[Any] = []
    with (
        told(final),
        path.open("xb") as file,
        parquet.ParquetWriter(file, schema, compression="zstd") as written,
    ):

        def flush() -> None:
            if waiting:
                whole = pa.Table.from_batches(waiting, schema)
                written.write_table(whole, row_group_size=whole.num_rows)
                waiting.clear()

        def add(records: Sequence[Record]) -> None:
            columns = [
                arrow_column(table, field, records, schema.field(field.name).type, losses)
                for field in table.fields
            ]
            waiting.append(pa.RecordBatch.from_arrays(columns, schema=schema))
            if sum(batch.nbytes for batch in waiting) >= ROW_GROUP_BYTES:
                with told(final):
                    flush()

        yield add
        flush()


def arrow_column(
    table: Table, field: Field, records: Sequence[Record], kind: Any, losses: Losses
) -> Any:
    """A column of records; a number that its type cannot hold is left out, and noted."""
    import pyarrow as pa

    values = [record[field.name] for record in records]
    try:
        return pa.array(values, kind)
    except (pa.ArrowInvalid, OverflowError):
        limit = number_limit(field)
        what = f"{table.name}.parquet: left out in {field.name}, a number of more than {limit}"
        for place, value in enumerate(values):
            if not fits(field, value):
                values[place] = None
                lose(losses, what, records[place])
        return pa.array(values, kind)


def number_limit(field: Field) -> str:
    if field.type != "number":
        return "64 bits"
    digits, places = number_type(field)
    return f"{digits - places} digits before the point or {places} after it"


def number_type(field: Field) -> tuple[int, int]:
    """All digits of a Parquet number, and those after its point."""
    return (
        (DIGITS, PLACES) if field.decimal_places is None else (SHORT_DIGITS, field.decimal_places)
    )


def fits(field: Field, value: Value) -> bool:
    if isinstance(value, Decimal):
        digits, places = number_type(field)
        whole, _, decimals = number_text(value).partition(".")
        short = len(whole.lstrip("-0")) <= digits - places
        return value.is_finite() and short and len(decimals.rstrip("0")) <= places
    some = value if isinstance(value, list) else [value]
    return all(not isinstance(x, int) or -(1 << 63) <= x < 1 << 63 for x in some)


def arrow_schema(table: Table) -> Any:
    """The table's columns as Arrow types, with all that is known of them as metadata."""
    import pyarrow as pa

    def kind(field: Field) -> Any:
        match field.type:
            case "string":
                return pa.string()
            case "integer":
                return pa.int64()
            case "number":
                return pa.decimal128(*number_type(field))
            case "boolean":
                return pa.bool_()
            case "date":
                return pa.date32()
            case "list":
                return pa.list_(pa.int64() if field.item == "integer" else pa.string())
            case "said":
                return pa.list_(pa.struct([("where", pa.string()), ("text", pa.string())]))

    fields = [
        pa.field(
            field.name,
            kind(field),
            metadata={
                "title_th": field.title_th,
                "title_en": field.title_en,
                "description": field.description,
            },
        )
        for field in table.fields
    ]
    about = {
        "table": table.name,
        "title_th": table.title_th,
        "title_en": table.title_en,
        "description": table.description,
        "schema_version": str(SCHEMA_VERSION),
        "table_schema": json.dumps(table_schema(table, "json"), ensure_ascii=False),
        "licenses": json.dumps(LICENCES, ensure_ascii=False),
        "sources": json.dumps(SOURCES, ensure_ascii=False),
    }
    return pa.schema(fields, metadata=about)


# ---------------------------------------------------------------- what all forms share


def slices(records: Iterable[Record]) -> Iterator[list[Record]]:
    source = iter(records)
    while some := list(islice(source, SLICE_RECORDS)):
        yield some


def keyed_in(published: Published) -> set[str]:
    """The tables of which the run says that no two records have one key."""
    described = json.loads((published.out / PACKAGE).read_text("utf-8"))
    return {one["name"] for one in described["resources"] if "primaryKey" in one["schema"]}


def lose(losses: Losses, what: str, record: Record) -> None:
    """Note that something of a record could not be written."""
    count, first = losses.get(what, (0, str(record.get("document") or "no document")))
    losses[what] = (count + 1, first)


def notes_of(losses: Losses) -> tuple[str, ...]:
    """A line for each sort of loss.

    >>> notes_of({"rows.xlsx: cut": (2, "a.pdf")})
    ('rows.xlsx: cut (2 times, first in a.pdf)',)
    """
    return tuple(
        f"{what} ({count} times, first in {first})" if count > 1 else f"{what} (in {first})"
        for what, (count, first) in losses.items()
    )


@contextmanager
def staging(folder: Path) -> Iterator[Path]:
    """A folder beside the files to be, for those that are not complete; it is gone at the end."""
    with told(folder):
        folder.mkdir(parents=True, exist_ok=True)
        beside = tempfile.TemporaryDirectory(
            prefix=".raingan-", dir=folder, ignore_cleanup_errors=True
        )
    with beside as name:
        yield Path(name)


def put(complete: Path, path: Path) -> None:
    """Put a complete file in its place."""
    with told(path):
        if path.is_dir():
            raise IsADirectoryError(0, "a folder stands there")
        adopt(complete, path)


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Say of an error in the block that the path cannot be written, and what to do."""
    try:
        yield
    except OSError as error:
        raise CannotWrite(
            f"{path}: cannot write ({error.strerror or error}); free the place, close the program "
            "that holds the file, or choose another place with --to"
        ) from error
