"""A finished run's tables, read back from its files as typed values: what other systems are fed."""

import csv
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from export.schema import DOCUMENT, ITEM_FIELDS, LIST_SEPARATOR, TABLES, Field, Table
from export.store import NotARun, sha256_of
from export.values import drop_guard
from profiles.report import TABLE_NAME

PACKAGE = "datapackage.json"
LONGEST_CELL_BYTES = 1 << 30
"""csv refuses longer ones, to notice a quote that is never closed."""
BETWEEN, BLOCK_LETTERS = "\n},\n", 1 << 18
"""What parts two objects in our JSON: no text in it has a line feed. So much is read at once."""
KEY_DIGITS = 16
"""Of a digest that stands for a record: 64 bits, within one document."""

Value = str | int | Decimal | bool | date | list[str] | list[int] | list[dict[str, str]] | None
Record = dict[str, Value]
"""One line of a table by column name; an absent value is None, a list without items is empty."""


class Published:
    """The tables that a run wrote, by the description beside them; `.raingan/` is not needed."""

    def __init__(self, out: Path) -> None:
        """Raises NotARun where the folder has no finished run's tables."""
        self.out = out
        path = out / PACKAGE
        try:
            resources = json.loads(path.read_text("utf-8"))["resources"]
            described = [(one, table_of(one["name"], one)) for one in resources]
        except OSError as error:
            raise NotARun(
                f"{out}: no finished run is here ({PACKAGE}: {error.strerror or error}); "
                "give the folder that `raingan convert --out` wrote"
            ) from error
        except (ValueError, KeyError, TypeError) as error:
            raise NotARun(f"{path}: not readable ({error!r}); run convert again") from error
        self.tables = tuple(table for _, table in described)
        files = [file for one, _ in described for file in (one, one.get("json")) if file]
        self._hashes = {Path(file["path"]).name: file["hash"] for file in files}

    def path(self, table: Table) -> Path:
        """The file that holds every value as it is: JSON where there is one, else CSV."""
        return self.out / f"{table.name}.{'json' if table.has_json else 'csv'}"

    def records(self, table: Table) -> Iterator[Record]:
        """The lines of a table in their order, one in memory at a time.

        Raises NotARun where a file is not what its description says: cut, or changed by hand.
        """
        from export.records import refusal, validator

        path = self.path(table)
        validate = validator(table)
        with as_not_a_run(path):
            found = json_lines(path) if table.has_json else csv_lines(path)
            read = from_json if table.has_json else from_csv
            names = [field.name for field in table.fields]
            readers = [(f.name, reader) for f in table.fields if (reader := read(f)) is not None]
            for number, raw in enumerate(found, 1):
                record = raw if list(raw) == names else {name: raw[name] for name in names}
                for name, reader in readers:
                    record[name] = reader(record[name])
                if why := refusal(validate, record):
                    raise ValueError(f"record {number}: {why}")
                yield record

    def edited(self) -> tuple[str, ...]:
        """The files that are not as they were written: a person has been at them."""
        with as_not_a_run(self.out):
            return tuple(
                name
                for name, digest in self._hashes.items()
                if f"sha256:{sha256_of(self.out / name)}" != digest
            )


@contextmanager
def as_not_a_run(path: Path) -> Iterator[None]:
    """Say of an error in the block that the file is not what a run wrote."""
    try:
        yield
    except OSError as error:
        why = error.strerror or str(error)
        raise NotARun(f"{path}: cannot be read ({why}); run convert again") from error
    except KeyError as error:
        raise NotARun(f"{path}: has no column {error}; run convert again") from error
    except (ValueError, TypeError, InvalidOperation, csv.Error) as error:
        raise NotARun(f"{path}: not as a run wrote it ({error}); run convert again") from error


def table_of(name: str, resource: Mapping[str, Any]) -> Table:
    """The table of a resource of the package: ours, or that of another kind of report."""
    ours = next((table for table in TABLES if table.name == name), None)
    if ours is not None:
        return ours
    if not re.fullmatch(TABLE_NAME, name):  # it becomes that of files, and of tables in databases
        raise ValueError(f"no table can be named {name!r}")
    thai, english = resource["title"].split(" / ", 1)
    schema = resource["schema"]
    fields = tuple(field_of(one) for one in schema["fields"])
    key = tuple(schema.get("primaryKey", ()))
    return Table(name, thai, english, resource["description"], fields, "", key, has_json=True)


def field_of(described: Mapping[str, Any]) -> Field:
    """A field as the package describes it."""
    limits = described.get("constraints", {})
    titles = described["titles"]
    within = (limits["minimum"], limits["maximum"]) if "minimum" in limits else None
    if described["name"] in ITEM_FIELDS:
        return ITEM_FIELDS[described["name"]]
    return Field(
        described["name"],
        "said" if described["type"] == "array" else described["type"],
        titles["th"],
        titles["en"],
        described["description"],
        limits.get("required", False),
        described.get("itemType", "string"),
        allowed=tuple(limits.get("enum", ())),
        pattern=limits.get("pattern", ""),
        within=within,
    )


def json_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of an array as raingan writes it, one after the other; numbers as Decimal."""
    decode = json.JSONDecoder(parse_float=Decimal).decode
    with path.open(encoding="utf-8-sig") as file:
        rest = file.read(BLOCK_LETTERS)
        if not rest.startswith("[\n"):  # someone has laid it out anew
            yield from decode(rest + file.read())
            return
        rest = rest[2:]
        while block := file.read(BLOCK_LETTERS):
            *whole, rest = rest.split(BETWEEN)
            yield from (decode(record + "\n}") for record in whole)
            rest += block
    *whole, rest = rest.removesuffix("\n").split(BETWEEN)
    yield from (decode(record + "\n}") for record in whole)
    if rest != "]" and not rest.endswith("\n}\n]"):
        raise ValueError("the end is missing")
    if rest != "]":
        yield decode(rest.removesuffix("\n]"))


def csv_lines(path: Path) -> Iterator[dict[str, str]]:
    """The lines of a CSV file by column name, with a byte-order mark or without."""
    csv.field_size_limit(LONGEST_CELL_BYTES)
    with path.open(encoding="utf-8-sig", newline="") as file:
        for line in csv.DictReader(file, strict=True):
            if None in line or None in line.values():
                raise ValueError(f"a line with {len(line)} cells")
            yield line


def from_json(field: Field) -> Callable[[Any], Value] | None:
    """How a member of a JSON object becomes the field's value; None where it is that."""
    match field.type:
        case "number":  # a text in its place is left to be refused
            return lambda value: Decimal(value) if isinstance(value, int) else value
        case "date":
            return lambda value: None if value is None else date.fromisoformat(value)
        case _:
            return None


def from_csv(field: Field) -> Callable[[str], Value]:
    """How the text of a CSV cell becomes the field's value."""
    match field.type:
        case "integer":
            return lambda text: int(text) if text else None
        case "number":
            return lambda text: Decimal(text) if text else None
        case "boolean":
            return lambda text: YES_NO[text] if text else None
        case "date":
            return lambda text: date.fromisoformat(text) if text else None
        case "list" if field.item == "integer":
            return lambda text: [int(item) for item in text.split(LIST_SEPARATOR) if text]
        case "list":
            return lambda text: drop_guard(text).split(LIST_SEPARATOR) if text else []
        case "said":
            return lambda text: json.loads(text) if text else []
        case _:
            return lambda text: drop_guard(text) or None


YES_NO = {"True": True, "False": False}


def with_keys(table: Table, records: Iterable[Record]) -> Iterator[tuple[str, Record]]:
    """Each record with what names it within its document, the same in every run.

    That is the rest of the table's key: `i1`, or for a cell `5:2:0`. A second record of one key, or
    one without, has its number behind: `i1#2`, `#1`. In a table without a key it is a digest of
    what tells its records apart. Those of one document have to stand together, as they do in what
    is published.
    """
    rest = [name for name in table.key if name != DOCUMENT.name]
    for _, group in groupby(records, key=itemgetter(DOCUMENT.name)):
        seen: Counter[str] = Counter()
        for record in group:
            name = key_text(record, rest) if table.key else digest_of(record, table.told_by)
            seen[name] += 1
            is_plain = seen[name] == 1 and (name or not rest)
            yield name if is_plain else f"{name}#{seen[name]}", record


def key_text(record: Record, names: Iterable[str]) -> str:
    """The values of these columns, empty text where one is absent."""
    values = [record[name] for name in names]
    return "" if None in values else ":".join(str(value) for value in values)


def digest_of(record: Record, names: Iterable[str]) -> str:
    """A short digest of these values, of all where none are named."""
    told = [record[name] for name in names] or list(record.values())
    text = json.dumps(told, ensure_ascii=False, default=str)
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:KEY_DIGITS]
