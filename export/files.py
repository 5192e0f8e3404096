"""Write what a run publishes; the old files stand until all the new ones are complete."""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from itertools import islice
from operator import attrgetter
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any, Literal, NamedTuple

from audit.archive import Abstract, abstract_of, archive_findings
from audit.model import Finding
from export.audit_page import Summary, anchor_of, audit_html, document_section, summary_of
from export.decisions import read_decisions
from export.model import DocumentResult, explained
from export.package import Written, data_package
from export.schema import CELLS, CORRECTIONS, DOCUMENTS, FINDINGS, ROWS, TABLES, Field, Table
from export.spool import Spool, in_order, json_array
from export.store import (
    ABOUT,
    BETWEEN,
    PARTS,
    RESULT,
    RUN,
    About,
    Language,
    NotARun,
    NotKept,
    Run,
    Store,
    about_in,
    adopt,
    crops_file,
    decode,
    encode,
    keep_result,
    keep_value,
    kept_crops,
    key_of,
    locked,
    member,
    new_file,
    opened,
    part_name,
    pieces,
    reading_key,
    replacing,
    sha256_of,
    staging,
    stem,
    work_key,
)
from export.values import Read, csv_cell, json_value, publish_text, written_columns
from normalize.decisions import Decision, finding_key, in_force
from normalize.model import CellValue, Correction, Item, Row

PACKAGE, DECISIONS, AUDIT = "datapackage.json", "decisions.jsonl", "audit.html"
PLAIN, SUMMARY = "audit-plain.html", "summary.json"
"""Of a kept result its section of audit.html without pictures, and its line in the list there."""
MARK = "\ufeff"
"""Of byte order: with it Excel takes a CSV file for UTF-8."""
SLICE_RECORDS = 1000
"""So many are made text at once: a report of 500 pages has 50,000 corrections."""
SLICE_BETWEEN = 200
"""The same of findings between documents, which may name many."""


class Form(NamedTuple):
    """How a table's chunks of records become a file: `head + join.join(chunks) + tail`."""

    name: Literal["csv", "json"]
    head: Callable[[Table], str]
    encode: Callable[[Table, Sequence[object]], str]
    join: str
    tail: str


class Entry(NamedTuple):
    """The kept result of one document."""

    document: str
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
    that of `staging(out)`, where pages may be kept already. Of `decisions` those on findings
    between documents are applied.
    """
    with ExitStack() as stack:
        if folder is None:
            folder = stack.enter_context(staging(out))
        run = replace(run or Run(), language=language)
        documents: Counter[str] = Counter()
        kept = []
        for result in results:
            name = result.record.document
            kept.append((name, keep(folder, result, run, documents[name])))
            documents[name] += 1
        return publish(out, folder, run, kept, decisions)


def renew(out: Path, results: Iterable[DocumentResult]) -> None:
    """Replace the lines of these documents in all tables, and leave those of the others.

    What is put together from all documents is made anew, by the decisions of decisions.jsonl.
    Raises NotKept for a document that the run did not have.
    """
    store = Store(out)
    _ = store.run
    with locked(out):
        run = store.run
        parts = dict(zip(run.documents, run.parts, strict=True))
        before = set(run.parts)
        for result in results:
            if result.record.document not in parts:
                raise NotKept(f"{result.record.document}: no document of this run")
            parts[result.record.document] = keep(store.folder, result, run)
        publish(out, store.folder, run, parts.items(), read_decisions(out / DECISIONS), alone=True)
        for gone in before - set(parts.values()):
            with suppress(OSError):
                (store.folder / PARTS / gone).unlink()


def part_of(result: DocumentResult, run: Run, number: int = 0) -> str:
    """The file of a result below PARTS."""
    record = result.record
    reading = result.reading or reading_key(record.sha256 or "", record.document, number)
    work = work_key(reading, run.profile, result.decisions)
    return part_name(work, record.document, run.language, number)


def keep(folder: Path, result: DocumentResult, run: Run, number: int = 0) -> str:
    """Write what a document came to, and its part of every file; gives its name below PARTS.

    `number` counts documents of one name.
    """
    part = part_of(result, run, number)
    path = folder / PARTS / part
    records = _records(result, run.language)
    tables = _tables(result.table)
    keyed = tuple(table.name for table in tables if _has_key(table, records[table.name]))
    record = result.record
    described = About(
        record,
        result.findings,
        result.decisions,
        result.looks,
        keyed,
        abstract_of(record.document, record.sha256 or "", result.rows),
        result.reading,
        result.review,
        result.table,
    )
    parts: dict[str, Iterable[bytes]] = {ABOUT: (encode(described),), RESULT: (encode(result),)}
    for table, form in outputs(tables):
        if records[table.name]:
            parts[file_name(table, form)] = _encoded(table, form, records[table.name])
    anchor = anchor_of(Path(stem(record.document, number)))
    keep_result(folder, path, parts | _page_parts(path, anchor, result))
    return part


def _tables(other: Table | None) -> tuple[Table, ...]:
    """The tables that a document's lines go to: that of its items among them, if it has any."""
    return TABLES if other is None else (*TABLES, other)


def _page_parts(path: Path, anchor: str, result: DocumentResult) -> dict[str, Iterable[bytes]]:
    """The sections of a document in audit.html, and what is said of it there beside them."""
    crops = kept_crops(crops_file(path))
    plain = "".join(document_section(anchor, result, crops, pictures=False)).encode()
    full = "".join(document_section(anchor, result, crops)).encode() if crops else plain
    summary = summary_of(anchor, result, len(plain), len(full))
    return {AUDIT: (full,), PLAIN: (plain,), SUMMARY: (encode(summary),)}


def publish(
    out: Path,
    folder: Path,
    run: Run,
    kept: Iterable[tuple[str, str]],
    decisions: Iterable[Decision],
    alone: bool = False,
    unchanged: bool = False,
) -> tuple[Path, ...]:
    """Put the kept parts of all documents together, in their order, and the files in place.

    `kept` names each document's part. `alone` says that the caller holds the lock of the folder;
    `unchanged` that no part was written since the last time: then nothing is, if nothing need be.
    """
    with ExitStack() as stack:
        if not alone:
            stack.enter_context(locked(out))
        documents = sorted(kept)
        decisions = [d for d in decisions if not d.document]
        run = replace(
            run,
            documents=tuple(document for document, _ in documents),
            parts=tuple(part for _, part in documents),
            stands=key_of(in_force(decisions)),
        )
        before = _published(out)
        if unchanged and is_published(out, run):
            return tuple(out / name for name in before)
        ready, run = _prepared(out, folder, run, decisions, stack)
        for temporary, final in ready:
            with explained(final):
                adopt(temporary, final)
        for name in before.keys() - run.published.keys():  # of a kind of report that is no more
            with suppress(OSError):
                if Path(name).name == name and sha256_of(out / name) == before[name]:
                    _remove(out / name)
        keep_value(folder, RUN, run)
    return tuple(final for _, final in ready)


def _published(out: Path) -> dict[str, str]:
    """The hashes of the files that the run before wrote, as it says: it may be someone else's."""
    with suppress(NotARun):
        return Store(out).run.published
    return {}


def is_published(out: Path, run: Run) -> bool:
    """Whether the files in place are those of such a run, to the byte."""
    with suppress(NotARun, NotKept, OSError):
        before, _ = Store(out).run, Store(out).between()
        if before == replace(run, published=before.published) and before.published:
            return all(sha256_of(out / name) == there for name, there in before.published.items())
    return False


def _prepared(
    out: Path, folder: Path, run: Run, decisions: Sequence[Decision], stack: ExitStack
) -> tuple[list[tuple[Path, Path]], Run]:
    """All files of a run beside their places, gone with the stack, and the run with hashes."""
    summaries = stack.enter_context(Spool(folder, Summary))
    abstracts = stack.enter_context(Spool(folder, Abstract))
    between = stack.enter_context(Spool(folder, Finding))
    others: dict[str, Table] = {}
    unkeyed: set[str] = set()
    hashes = []
    for document, part in zip(run.documents, run.parts, strict=True):
        with opened(folder / PARTS / part, document) as archive:
            described = about_in(archive, document)
            summaries.append(decode(member(archive, SUMMARY), Summary))
        hashes.append(bytes.fromhex(described.record.sha256 or ""))
        if described.table is not None:
            others[described.table.name] = described.table
        unkeyed |= {table.name for table in _tables(described.table)} - set(described.keyed)
        if described.abstract is not None:
            abstracts.append(described.abstract)
    for finding in between_documents(abstracts, decisions):
        between.append(finding)
    with replacing(folder, folder / BETWEEN) as temporary, temporary.open("xb") as file:
        file.writelines(json_array(between))
    tables = (*TABLES, *(others[name] for name in sorted(others)))
    keyed = {table.name for table in tables if table.key} - unkeyed
    if len(set(run.documents)) < len(run.documents):
        keyed.clear()
    files = [
        _growing(out / file_name(*output), *output, folder, stack) for output in outputs(tables)
    ]
    package, page = (_temporary(folder, stack) for _ in range(2))
    order = sorted(range(len(hashes)), key=lambda place: (run.documents[place], hashes[place]))
    entries = (Entry(run.documents[n], folder / PARTS / run.parts[n]) for n in order)

    def order_of(found: Finding) -> tuple[object, ...]:
        return finding_order(next(in_language((found,), run.language)))

    published = in_language(in_order(between, order_of), run.language)
    written = _assemble(files, entries, published, run.plain)
    with explained(out / PACKAGE):
        package.write_bytes(data_package(written, keyed, tables).encode())
    _write_page(page, folder, run, summaries, between)
    with explained(out / DECISIONS):
        _create(out / DECISIONS)
    ready = [*((file.path, file.final) for file in files)]
    ready += [(package, out / PACKAGE), (page, out / AUDIT)]
    return ready, replace(
        run, published={final.name: sha256_of(temporary) for temporary, final in ready}
    )


def _write_page(
    path: Path,
    folder: Path,
    run: Run,
    summaries: Sequence[Summary],
    between: Iterable[Finding],
) -> None:
    """Write audit.html from the kept sections, one after the other."""

    def section_of(place: int, pictures: bool) -> Iterator[bytes]:
        with opened(folder / PARTS / run.parts[place], run.documents[place]) as archive:
            yield from pieces(archive, AUDIT if pictures else PLAIN)

    with explained(path), path.open("xb") as file:
        for piece in audit_html(summaries, between, section_of, run.language):
            file.write(piece)


def between_documents(
    abstracts: Sequence[Abstract], decisions: Iterable[Decision]
) -> Iterator[Finding]:
    """The findings between documents; those that a person let stand say so."""
    stand = {d.was for d in in_force(decisions) if d.target == "finding" and not d.document}
    for found in archive_findings(abstracts):
        yield replace(found, decided=finding_key(found.check, found.code, found.values) in stand)


def _temporary(folder: Path, stack: ExitStack) -> Path:
    """Name a file that is to be put in its place, gone when the stack is, put there or not."""
    with explained(folder):
        path = new_file(folder)
    stack.callback(_remove, path)
    return path


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)


def _create(path: Path) -> None:
    """Make an empty file where there is none; what people decided is never touched."""
    with suppress(FileExistsError):
        path.open("xb").close()


def _encoded(table: Table, form: Form, records: Iterable[object]) -> Iterator[bytes]:
    source, first = iter(records), True
    while some := list(islice(source, SLICE_RECORDS)):
        if not first:
            yield form.join.encode()
        yield form.encode(table, some).encode()
        first = False


def _growing(final: Path, table: Table, form: Form, folder: Path, stack: ExitStack) -> Growing:
    path = _temporary(folder, stack)
    with explained(final):
        handle = path.open("xb")
    stack.callback(_close, handle)
    return Growing(table, form, path, final, handle, hashlib.sha256())


def _close(handle: IO[bytes]) -> None:
    """Close; what a full disk did not take was told when it was written."""
    with suppress(OSError):
        handle.close()


def _assemble(
    files: Sequence[Growing], entries: Iterable[Entry], between: Iterable[Finding], plain: bool
) -> dict[str, Written]:
    """Write all files at once, so that each kept result is opened once."""
    for file in files:
        head = file.form.head(file.table)
        _write(file, (head.removeprefix(MARK) if plain else head).encode())
    those = [file for file in files if file.table is FINDINGS]
    source = iter(between)
    while some := list(islice(source, SLICE_BETWEEN)):
        for file in those:
            _add(file, _encoded(file.table, file.form, some))
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
    return MARK + ",".join(field.name for field in table.fields) + "\n"


def csv_records(table: Table, records: Sequence[object], read: Read = attrgetter) -> str:
    """Write records as lines of CSV, without the header: the bytes that pandas would write."""
    columns = written_columns(csv_cell, table.fields, records, read)
    lines = map(",".join, zip(*columns, strict=True))
    return "\n".join((*lines, ""))


def json_records(table: Table, records: Sequence[object], read: Read = attrgetter) -> str:
    """Write records as members of a JSON array, a line a value."""
    columns = written_columns(_json_member, table.fields, records, read)
    objects = map(",\n".join, zip(*columns, strict=True))
    return ",".join(f"\n{{\n{members}\n}}" for members in objects)


def _json_member(field: Field, value: object) -> str:
    return f'  "{field.name}": {json_value(field, value)}'


CSV = Form("csv", csv_head, csv_records, join="", tail="")
JSON = Form("json", lambda table: "[", json_records, join=",", tail="\n]\n")


def outputs(tables: Iterable[Table]) -> Iterator[tuple[Table, Form]]:
    """Each file of these tables."""
    return (
        (table, form) for table in tables for form in (CSV, JSON) if form is CSV or table.has_json
    )


def file_name(table: Table, form: Form) -> str:
    return f"{table.name}.{form.name}"


def _records(result: DocumentResult, language: Language) -> dict[str, Sequence[Any]]:
    return {
        ROWS.name: sorted(result.rows, key=row_order),
        CELLS.name: sorted(result.cells, key=cell_order),
        CORRECTIONS.name: sorted(filter(_is_visible, result.corrections), key=correction_order),
        FINDINGS.name: sorted(in_language(result.findings, language), key=finding_order),
        DOCUMENTS.name: (result.record,),
        **({result.table.name: [*map(item_record, result.items)]} if result.table else {}),
    }


def item_record(item: Item) -> SimpleNamespace:
    """An item with its values as attributes, as those of a row are."""
    own = {name: getattr(item, name) for name in item.__slots__ if name != "values"}
    return SimpleNamespace(**dict(item.values), **own)


def in_language(findings: Iterable[Finding], language: Language) -> Iterator[Finding]:
    """Findings as they are published, in the order in which they come."""
    for found in findings:
        thai = language == "th" and found.message_th
        yield replace(found, message=found.message_th) if thai else found


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
