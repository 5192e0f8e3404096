"""Write what a run publishes; the old files stand until all the new ones are complete."""

import hashlib
import re
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, Literal, NamedTuple

import pandas as pd

from audit.archive import Abstract, abstract_of, audit_archive
from audit.model import Finding
from export.audit_page import Summary, anchor_of, audit_page, document_section, summary_of
from export.decisions import read_decisions
from export.model import DocumentResult, explained
from export.package import Written, data_package
from export.schema import CELLS, CORRECTIONS, DOCUMENTS, FINDINGS, ROWS, TABLES, Table
from export.store import (
    ABOUT,
    BETWEEN,
    FOLDER,
    RESULT,
    RUN,
    About,
    Language,
    NotKept,
    Run,
    Store,
    about_in,
    decode,
    encode,
    keep_result,
    keep_value,
    kept_crops,
    locked,
    member,
    opened,
    pieces,
    result_file,
    result_files,
    staging,
    take_place,
)
from export.values import csv_value, json_value, publish_text
from normalize.decisions import Decision, finding_key, in_force
from normalize.model import CellValue, Correction, Row

PACKAGE, DECISIONS, AUDIT = "datapackage.json", "decisions.jsonl", "audit.html"
PLAIN, SUMMARY = "audit-plain.html", "summary.json"
"""Of a kept result its section of audit.html without pictures, and its line in the list there."""
DTYPES = {"integer": "Int64", "boolean": "boolean"}
SLICE_RECORDS = 1000
"""So many are made text at once: a report of 500 pages has 50,000 corrections."""


class Form(NamedTuple):
    """How a table's chunks of records become a file: `head + join.join(chunks) + tail`."""

    name: Literal["csv", "json"]
    head: Callable[[Table], str]
    encode: Callable[[Table, Sequence[object]], str]
    join: str
    tail: str


class Entry(NamedTuple):
    """The kept result of one document; sorts as the documents do."""

    document: str
    sha256: str
    path: Path


@dataclass(slots=True)
class Growing:
    """One file of a table in the making."""

    table: Table
    form: Form
    path: Path
    final: Path
    handle: IO[bytes]
    digest: Any
    size: int = 0
    chunks: int = 0


def _write(file: Growing, content: bytes) -> None:
    with explained(file.final):
        file.handle.write(content)
    file.digest.update(content)
    file.size += len(content)


def _add(file: Growing, chunk: Iterable[bytes]) -> None:
    """Write the records of one document after those of another."""
    for number, piece in enumerate(chunk):
        if not number and file.chunks:
            _write(file, file.form.join.encode())
        file.chunks += not number
        _write(file, piece)


def write_run(
    out: Path,
    results: Iterable[DocumentResult],
    language: Language = "en",
    run: Run | None = None,
    folder: Path | None = None,
    decisions: Iterable[Decision] = (),
) -> tuple[Path, ...]:
    """Write every table of the contract, `datapackage.json`, and `decisions.jsonl` if absent.

    Results may come in any order and are let go one by one: the same ones give the same bytes.
    The folder is tried before the first result is asked for. Files of a run before are
    replaced at the end, when all the new ones are complete. `run` is kept with them; `folder` is
    one of `staging(out)`, where pages may be kept already. Of `decisions` those on findings between
    documents are applied.
    """
    with ExitStack() as stack:
        if folder is None:
            folder = stack.enter_context(staging(out))
        documents: Counter[str] = Counter()
        for result in results:
            name = result.record.document
            keep(result_file(folder, name, documents[name]), result, language)
            documents[name] += 1
        names = tuple(sorted(documents.elements()))
        run = replace(run or Run(), language=language, documents=names)
        keep_value(folder / RUN, run)
        stack.enter_context(locked(out))
        return publish(out, folder, run, decisions)


def renew(out: Path, results: Iterable[DocumentResult]) -> None:
    """Replace the lines of these documents in all tables, and leave those of the others.

    What is put together from all documents is made anew, by the decisions of decisions.jsonl.
    Raises NotKept for a document that the run did not have.
    """
    store = Store(out)
    run = store.run
    with locked(out):
        for result in results:
            if result.record.document not in run.documents:
                raise NotKept(f"{result.record.document}: no document of this run")
            keep(result_file(store.folder, result.record.document), result, run.language)
        publish(out, store.folder, run, read_decisions(out / DECISIONS))


def keep(path: Path, result: DocumentResult, language: Language) -> None:
    """Write what a document came to, and its part of every file."""
    records = _records(result, language)
    keyed = tuple(table.name for table in TABLES if _has_key(table, records[table.name]))
    record = result.record
    abstract = abstract_of(record.document, record.sha256 or "", result.rows)
    described = About(record, result.findings, result.decisions, result.looks, keyed, abstract)
    parts: dict[str, Iterable[bytes]] = {ABOUT: (encode(described),), RESULT: (encode(result),)}
    for table, form in OUTPUTS:
        if records[table.name]:
            parts[file_name(table, form)] = _encoded(table, form, records[table.name])
    keep_result(path, parts | _page_parts(path, result))


def _page_parts(path: Path, result: DocumentResult) -> dict[str, Iterable[bytes]]:
    """The sections of a document in audit.html, and what is said of it there beside them."""
    anchor = anchor_of(path)
    crops = kept_crops(path.parent, result.record.document)
    plain = "".join(document_section(anchor, result, crops, pictures=False)).encode()
    full = "".join(document_section(anchor, result, crops)).encode() if crops else plain
    summary = summary_of(anchor, result, len(plain), len(full))
    return {AUDIT: (full,), PLAIN: (plain,), SUMMARY: (encode(summary),)}


def publish(out: Path, folder: Path, run: Run, decisions: Iterable[Decision]) -> tuple[Path, ...]:
    """Put the kept parts of all documents together, in their order, and the files in place."""
    entries, abstracts, summaries = [], [], []
    keyed = {table.name for table in TABLES if table.key}
    for document, path in result_files(folder, run.documents):
        with opened(path, document) as archive:
            described = about_in(archive, document)
            summaries.append(decode(member(archive, SUMMARY), Summary))
        entries.append(Entry(document, described.record.sha256 or "", path))
        keyed &= set(described.keyed)
        abstracts.append(described.abstract)
    between = between_documents(abstracts, decisions)
    keep_value(folder / BETWEEN, between)
    if len(set(run.documents)) < len(run.documents):
        keyed.clear()
    with ExitStack() as stack:
        files = [_growing(out / file_name(*output), *output, stack) for output in OUTPUTS]
        package = _temporary(out / PACKAGE, stack)
        written = _assemble(files, sorted(entries), in_language(between, run.language))
        with explained(out / PACKAGE):
            package.write_bytes(data_package(written, keyed).encode())
        page = _temporary(out / AUDIT, stack)
        _write_page(page, entries, summaries, between, run.language)
        with explained(out / DECISIONS):
            _create(out / DECISIONS)
        if folder != out / FOLDER:
            with explained(out / FOLDER):
                take_place(folder, out)
        ready = [*((file.path, file.final) for file in files), (package, out / PACKAGE)]
        ready.append((page, out / AUDIT))
        for temporary, final in ready:
            with explained(final):
                temporary.replace(final)
    return tuple(final for _, final in ready)


def _write_page(
    path: Path,
    entries: Iterable[Entry],
    summaries: Sequence[Summary],
    between: Sequence[Finding],
    language: Language,
) -> None:
    """Write audit.html from the kept sections, one after the other."""
    kept = {anchor_of(entry.path): entry for entry in entries}

    def section_of(anchor: str, pictures: bool) -> Iterator[bytes]:
        with opened(kept[anchor].path, kept[anchor].document) as archive:
            yield from pieces(archive, AUDIT if pictures else PLAIN)

    with explained(path.with_name(AUDIT)), path.open("xb") as file:
        for piece in audit_page(summaries, between, section_of, language):
            file.write(piece)


def between_documents(
    abstracts: Iterable[Abstract | None], decisions: Iterable[Decision]
) -> tuple[Finding, ...]:
    """The findings between documents; those that a person let stand say so."""
    stand = {d.was for d in in_force(decisions) if d.target == "finding" and not d.document}
    return tuple(
        replace(f, decided=finding_key(f.check, f.code, f.values) in stand)
        for f in audit_archive(abstract for abstract in abstracts if abstract is not None)
    )


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


def _encoded(table: Table, form: Form, records: Sequence[object]) -> Iterator[bytes]:
    for first in range(0, len(records), SLICE_RECORDS):
        if first:
            yield form.join.encode()
        yield form.encode(table, records[first : first + SLICE_RECORDS]).encode()


def _growing(final: Path, table: Table, form: Form, stack: ExitStack) -> Growing:
    path = _temporary(final, stack)
    with explained(final):
        handle = path.open("xb")
    stack.callback(_close, handle)
    return Growing(table, form, path, final, handle, hashlib.sha256())


def _close(handle: IO[bytes]) -> None:
    """Close; what a full disk did not take was told when it was written."""
    with suppress(OSError):
        handle.close()


def _assemble(
    files: Sequence[Growing], entries: Iterable[Entry], between: Sequence[Finding]
) -> dict[str, Written]:
    """Write all files at once, so that each kept result is opened once."""
    for file in files:
        _write(file, file.form.head(file.table).encode())
        if file.table is FINDINGS and between:
            _add(file, _encoded(file.table, file.form, between))
    for entry in entries:
        with opened(entry.path, entry.document) as archive:
            for file in files:
                _add(file, pieces(archive, file.final.name))
    for file in files:
        _write(file, file.form.tail.encode())
        with explained(file.final):
            file.handle.close()
    return {file.final.name: Written(file.digest.hexdigest(), file.size) for file in files}


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


def file_name(table: Table, form: Form) -> str:
    return f"{table.name}.{form.name}"


def _records(result: DocumentResult, language: Language) -> dict[str, Sequence[Any]]:
    return {
        ROWS.name: sorted(result.rows, key=row_order),
        CELLS.name: sorted(result.cells, key=cell_order),
        CORRECTIONS.name: sorted(filter(_is_visible, result.corrections), key=correction_order),
        FINDINGS.name: in_language(result.findings, language),
        DOCUMENTS.name: (result.record,),
    }


def in_language(findings: Iterable[Finding], language: Language) -> list[Finding]:
    """Findings as they are published, in their order."""
    if language == "th":
        findings = [replace(f, message=f.message_th or f.message) for f in findings]
    return sorted(findings, key=finding_order)


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
    place = (first_page, finding.check, finding.pages, finding.documents)
    return (*place, code, finding.field or "", finding.message)
