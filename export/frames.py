"""Records as pandas frames whose columns have the types of the schema."""

import json
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import pandas as pd

from export.published import Record, Value, from_json
from export.schema import Field, Table
from export.values import json_value

TEXT = pd.Series([""]).dtype
"""What this pandas holds texts in: `str` since 3."""
DTYPES: Mapping[str, Any] = {
    "string": TEXT,
    "integer": "Int64",
    "number": "float64",
    "boolean": "boolean",
    "date": "datetime64[s]",
}
LARGEST_INTEGER = 2**63 - 1


def records_of(table: Table, values: Iterable[object]) -> Iterator[Record]:
    """Values such as `DocumentResult.rows` as records, just as they are read back from a run.

    >>> from export.model import DocumentRecord
    >>> from export.schema import DOCUMENTS
    >>> [record] = records_of(DOCUMENTS, [DocumentRecord("a.pdf", "ok", pages=3)])
    >>> record["pages"], record["source"], record["error"]
    (3, [], None)
    """
    readers = [(field, from_json(field) or as_it_is) for field in table.fields]
    for value in values:
        yield {
            field.name: reader(
                json.loads(json_value(field, getattr(value, field.name)), parse_float=Decimal)
            )
            for field, reader in readers
        }


def as_it_is(value: Value) -> Value:
    return value


def typed_frame(table: Table, records: Iterable[Record], exact: bool = False) -> pd.DataFrame:
    """Hold records in a frame: text, Int64, float, boolean, date and time, lists as lists.

    `exact` leaves numbers that need not be whole as Decimal, in columns of objects. What is
    absent is missing in each type's own way: `isna()` knows them all.
    """
    held = list(records)
    return pd.DataFrame({field.name: column(field, held, exact) for field in table.fields})


def column(field: Field, records: list[Record], exact: bool) -> "pd.Series[Any]":
    """One column; integers that 64 bits do not hold stay Python's."""
    values: list[Any] = [record[field.name] for record in records]
    dtype = DTYPES.get(field.type, "object")
    if (field.type == "number" and exact) or (
        field.type == "integer" and any(abs(value or 0) > LARGEST_INTEGER for value in values)
    ):
        dtype = "object"
    made: pd.Series[Any] = pd.Series(values, dtype=dtype)
    return made
