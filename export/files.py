"""Write what a run publishes; the old files stand until all the new ones are complete."""

import hashlib
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Literal, NamedTuple

import pandas as pd

from audit.model import Finding
from export.model import DocumentResult
from export.package import Written, data_package
from export.schema import CELLS, CORRECTIONS, DOCUMENTS, FINDINGS, ROWS, TABLES, Table
from export.values import csv_value, json_value, publish_text
from extract.errors import ReportError
from normalize.model import CellValue, Correction, Row

Language = Literal["en", "th"]
PACKAGE, DECISIONS = "datapackage.json", "decisions.jsonl"
DTYPES = {"integer": "Int64", "boolean": "boolean"}
BLOCK_BYTES = 1 << 20
SLICE_RECORDS = 1000
"""So many are made text at once: a report of 500 pages has 50,000 corrections."""


class CannotWrite(ReportError):
    """The output folder takes no files: no permission, no space, or something in the way."""

    exit_code = 5


class Form(NamedTuple):
    """How a table's chunks of records become a file: `head + join.join(chunks) + tail`."""

    name: Literal["csv", "json"]
    head: Callable[[Table], str]
    encode: Callable[[Table, Sequence[object]], str]
    join: str
    tail: str


class Chunk(NamedTuple):
    """The records of one document in a spool; sorts as the documents do."""

    document: str
    sha256: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Spool:
    """One file in the making: a nameless temporary file, in the order in which results come."""

    table: Table
    form: Form
    handle: IO[bytes]
    chunks: list[Chunk]

    @property
    def name(self) -> str:
        return f"{self.table.name}.{self.form.name}"


def write_run(
    out: Path, results: Iterable[DocumentResult], language: Language = "en"
) -> tuple[Path, ...]:
    """Write every table of the contract, `datapackage.json`, and `decisions.jsonl` if absent.

    Results may come in any order and are let go one by one: the same ones give the same bytes.
    The folder is tried before the first result is asked for. Files of a run before are
    replaced at the end, when all the new ones are complete.
    """
    keyed = {table.name for table in TABLES if table.key}
    with ExitStack() as stack:
        with _explained(out):
            out.mkdir(parents=True, exist_ok=True)
            spools = [_spool(out, table, form, stack) for table, form in OUTPUTS]
        for result in results:
            records = _records(result, language)
            keyed -= {table.name for table in TABLES if not _has_key(table, records[table.name])}
            for spool in spools:
                with _explained(out / spool.name):
                    _append(spool, result, records[spool.table.name])
        documents = [chunk.document for chunk in spools[-1].chunks]
        if len(set(documents)) < len(documents):
            keyed.clear()
        written = {}
        ready = []
        for spool in spools:
            with _explained(out / spool.name):
                temporary = _temporary(out / spool.name, stack)
                written[spool.name] = _assemble(spool, temporary)
                ready.append((temporary, out / spool.name))
        with _explained(out / PACKAGE):
            temporary = _temporary(out / PACKAGE, stack)
            temporary.write_bytes(data_package(written, keyed).encode())
            ready.append((temporary, out / PACKAGE))
        with _explained(out / DECISIONS):
            _create(out / DECISIONS)
        for temporary, final in ready:
            with _explained(final):
                temporary.replace(final)
    return tuple(final for _, final in ready)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CannotWrite(
            f"{path}: cannot write ({error.strerror or error}); free the place, close the program "
            "that holds the file, or choose another folder with --out"
        ) from error


def _temporary(final: Path, stack: ExitStack) -> Path:
    """Name a file beside its final place, gone when the stack is, replaced or not."""
    path = final.with_name(f".{final.name}.{secrets.token_hex(4)}.tmp")
    stack.callback(_remove, path)
    return path


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)


def _create(path: Path) -> None:
    """Make an empty file where there is none; what people decided is never touched."""
    with suppress(FileExistsError):
        path.open("xb").close()


def _spool(out: Path, table: Table, form: Form, stack: ExitStack) -> Spool:
    handle = TemporaryFile(dir=out)  # noqa: SIM115 - closed by the stack
    stack.callback(_close, handle)
    return Spool(table, form, handle, [])


def _close(handle: IO[bytes]) -> None:
    """Close; what a full disk did not take was told when it was written."""
    with suppress(OSError):
        handle.close()


def _append(spool: Spool, result: DocumentResult, records: Sequence[object]) -> None:
    if not records:
        return
    start = spool.handle.tell()
    for first in range(0, len(records), SLICE_RECORDS):
        if first:
            spool.handle.write(spool.form.join.encode())
        part = records[first : first + SLICE_RECORDS]
        spool.handle.write(spool.form.encode(spool.table, part).encode())
    spool.handle.flush()
    record = result.record
    chunk = Chunk(record.document, record.sha256 or "", start, spool.handle.tell())
    spool.chunks.append(chunk)


def _assemble(spool: Spool, path: Path) -> Written:
    """Write the spool's chunks in the order of their documents."""
    digest, size = hashlib.sha256(), 0
    with path.open("xb") as file:
        for block in _blocks(spool):
            digest.update(block)
            size += file.write(block)
    spool.handle.close()
    return Written(digest.hexdigest(), size)


def _blocks(spool: Spool) -> Iterator[bytes]:
    yield spool.form.head(spool.table).encode()
    for number, chunk in enumerate(sorted(spool.chunks)):
        if number:
            yield spool.form.join.encode()
        spool.handle.seek(chunk.start)
        for start in range(chunk.start, chunk.end, BLOCK_BYTES):
            yield spool.handle.read(min(BLOCK_BYTES, chunk.end - start))
    yield spool.form.tail.encode()


def csv_head(table: Table) -> str:
    return "\ufeff" + ",".join(field.name for field in table.fields) + "\n"


def csv_records(table: Table, records: Sequence[object]) -> str:
    """Write records as lines of CSV, without the header."""
    return str(frame(table, records).to_csv(header=False, index=False, lineterminator="\n"))


def frame(table: Table, records: Sequence[object]) -> pd.DataFrame:
    """Hold records as their CSV does: lists joined, numbers that are not whole as text."""
    columns = {
        field.name: pd.Series(
            [csv_value(field, getattr(record, field.name)) for record in records],
            dtype=DTYPES.get(field.type, "object"),
        )
        for field in table.fields
    }
    return pd.DataFrame(columns)


def json_records(table: Table, records: Sequence[object]) -> str:
    """Write records as members of a JSON array, a line a value."""
    return ",".join("\n" + _json_object(table, record) for record in records)


def _json_object(table: Table, record: object) -> str:
    members = (
        (field.name, json_value(field, getattr(record, field.name))) for field in table.fields
    )
    return "{\n" + ",\n".join(f'  "{name}": {value}' for name, value in members) + "\n}"


CSV = Form("csv", csv_head, csv_records, join="", tail="")
JSON = Form("json", lambda table: "[", json_records, join=",", tail="\n]\n")
OUTPUTS = tuple(
    (table, form) for table in TABLES for form in (CSV, JSON) if form is CSV or table.has_json
)


def _records(result: DocumentResult, language: Language) -> dict[str, Sequence[Any]]:
    findings = result.findings
    if language == "th":
        findings = tuple(replace(f, message=f.message_th or f.message) for f in findings)
    return {
        ROWS.name: sorted(result.rows, key=row_order),
        CELLS.name: sorted(result.cells, key=cell_order),
        CORRECTIONS.name: sorted(filter(_is_visible, result.corrections), key=correction_order),
        FINDINGS.name: sorted(findings, key=finding_order),
        DOCUMENTS.name: (result.record,),
    }


def _is_visible(correction: Correction) -> bool:
    """The change is more than what writing does to all text, such as NFC."""
    return publish_text(correction.before) != publish_text(correction.after)


def _has_key(table: Table, records: Sequence[object]) -> bool:
    """No two records have the same key, and all have a whole one."""
    keys = [tuple(getattr(record, name) for name in table.key) for record in records]
    return len(set(keys)) == len(keys) and all(None not in key for key in keys)


def code_order(code: str | None) -> tuple[str, int, str]:
    """Order codes as people count, an absent one last.

    >>> sorted(["i10", "o1", None, "i2"], key=code_order)
    ['i2', 'i10', 'o1', None]
    """
    parts = re.split(r"(\d+)", code or "\uffff", maxsplit=1)
    return (parts[0], int(parts[1]), parts[2]) if len(parts) == 3 else (parts[0], 0, "")


def row_order(row: Row) -> tuple[object, ...]:
    return (row.indicator_no is None, row.indicator_no, code_order(row.code), row.pages)


def cell_order(cell: CellValue) -> tuple[int, ...]:
    return (cell.page, cell.row, cell.column, cell.table)


def correction_order(correction: Correction) -> tuple[int, ...]:
    """Order by place and leave the changes of one cell as they came."""
    places = (correction.page, correction.row, correction.column)
    return tuple(-1 if place is None else place for place in places)


def finding_order(finding: Finding) -> tuple[object, ...]:
    code = code_order(finding.code)
    first_page = min(finding.pages, default=0)
    return (first_page, finding.check, finding.pages, code, finding.field or "", finding.message)
