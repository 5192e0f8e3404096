"""Records in pandas: every column has its type, and every value comes back."""

from datetime import date
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from export.files import row_order
from export.frames import DTYPES, records_of, typed_frame
from export.published import Published
from export.schema import FINDINGS, ROWS, Field, Table

TEXTS = st.text(st.sampled_from("กำซ้อ๑๒;,\"'\n =-+@A\u200b"), min_size=1, max_size=8)
VALUES = {
    "string": TEXTS,
    "integer": st.integers(-(2**63) + 1, 2**63 - 1),
    "number": st.decimals(-(10**9), 10**9, places=10),
    "boolean": st.booleans(),
    "date": st.dates(date(1900, 1, 1), date(2200, 12, 31)),
    "said": st.lists(st.fixed_dictionaries({"where": TEXTS, "text": TEXTS}), max_size=3),
}


def value_of(field):
    if field.type == "list":
        return st.lists(VALUES[field.item], max_size=3)
    return VALUES[field.type] if field.type == "said" else st.none() | VALUES[field.type]


KINDS = (*DTYPES, "list", "said")
MIXED = Table(
    "mixed", "", "", "",
    (*(Field(kind, kind, "", "", "") for kind in KINDS),
     Field("numbers", "list", "", "", "", item="integer")), "",
)  # fmt: skip
RECORDS = st.lists(
    st.fixed_dictionaries({field.name: value_of(field) for field in MIXED.fields}), max_size=6
)


def back(value):
    """A value of a frame as it stands in a record."""
    if isinstance(value, list):
        return value
    if pd.isna(value):
        return None
    return value.date() if isinstance(value, pd.Timestamp) else value


@given(RECORDS)
def test_every_value_comes_back(records):
    frame = typed_frame(MIXED, records, exact=True)
    rows = [{name: back(value) for name, value in row.items()} for row in frame.to_dict("records")]
    assert rows == records
    assert list(frame.columns) == [field.name for field in MIXED.fields]


@given(RECORDS)
def test_every_column_has_its_type_however_few_values_it_has(records):
    frame = typed_frame(MIXED, records)
    for field in MIXED.fields:
        assert frame[field.name].dtype == DTYPES.get(field.type, "object"), field.name
    assert typed_frame(MIXED, records, exact=True)["number"].dtype == "object"


def test_numbers_can_be_averaged_or_are_exact():
    records = [{"number": Decimal("83.5")}, {"number": None}, {"number": Decimal("0.1234567891")}]
    table = Table("t", "", "", "", (MIXED.fields[2],), "")
    assert typed_frame(table, records)["number"].mean() == pytest.approx(41.81172839455)
    exact = typed_frame(table, records, exact=True)["number"]
    assert exact.dropna().tolist() == [Decimal("83.5"), Decimal("0.1234567891")]


def test_an_integer_of_any_size_is_itself():
    table = Table("t", "", "", "", (Field("n", "integer", "", "", ""),), "")
    frame = typed_frame(table, [{"n": 2**70}, {"n": None}, {"n": -(2**63)}])
    assert frame["n"].tolist() == [2**70, None, -(2**63)]


def test_results_are_the_records_that_a_run_publishes(samples):
    published = Published(samples.out)
    rows = [
        record
        for result in sorted(samples.results, key=lambda one: one.record.document)
        for record in records_of(ROWS, sorted(result.rows, key=row_order))
    ]
    assert rows == list(published.records(ROWS))


def test_the_samples_are_loaded_as_they_are(samples):
    frame = typed_frame(ROWS, Published(samples.out).records(ROWS))
    i15 = frame[(frame["document"] == "amnat-charoen-2568.pdf") & (frame["code"] == "i15")]
    [row] = i15.to_dict("records")
    assert row["score"] == 88.02
    assert row["fiscal_year"] == 2568
    assert pd.isna(row["district"])
    assert row["responsible"] == ["กองยุทธศาสตร์และงบประมาณ"]
    assert row["start_date"] == pd.Timestamp(2024, 10, 1)
    assert frame["needs_review"].sum() == sum(
        row.needs_review for result in samples.results for row in result.rows
    )
    findings = typed_frame(FINDINGS, Published(samples.out).records(FINDINGS))
    assert set(findings["severity"]) <= {"error", "warning", "info"}
    assert isinstance(findings["values"][0], list)
