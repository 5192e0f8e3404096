"""A portal gets what the run has, typed and once, whatever broke on the way there.

What is marked `both` also runs against a real CKAN, where RAINGAN_TEST_CKAN_URL names it (as in
http://127.0.0.1:5000) and RAINGAN_TEST_CKAN_TOKEN holds the token of an editor there.
"""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from ckan_server import TOKEN, Answer, Asked, Ckan, Door, Fault, forwarded
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.model import Finding, Said
from export import ckan
from export.ckan import (
    KEY,
    CannotSend,
    Denied,
    NoCkan,
    Rejected,
    Sent,
    WrongTarget,
    portal_of,
    publish_dataset,
)
from export.files import write_run
from export.model import DocumentRecord, DocumentResult
from export.published import Published
from export.store import NotARun
from extract.errors import ReportError
from extract.model import Box
from normalize.model import CellValue, Correction, Row

A, B = "ปี 2569/แผน.pdf", "b; 'x'.pdf"
WRITES = {"package_create", "package_patch", "resource_create", "resource_patch"} | {
    *("datastore_create", "datastore_upsert", "datastore_delete")
}
FULL = Row(
    document=A,
    code="i10",
    indicator_no=4,
    indicator_name="การใช้ทรัพย์สินของราชการ",
    instrument="IIT",
    pages=(7, 8),
    fiscal_year=2569,
    province_code="06",
    question='ทรัพย์สิน "ของราชการ", :name %s \\ {x}',
    analysis="1. น้ำ\n2. ย้ำ",
    measures="- ประชาสัมพันธ์\n- No Gift Policy",
    steps="=HYPERLINK(0)",
    score=Decimal("1234567890.12"),
    start_date=date(2025, 10, 1),
    end_date=date(2026, 9, 30),
    responsible=("สำนักปลัด", "กองช่าง; 'งาน', {โยธา}"),
    references=("o8", "o10"),
    confidence=0.5,
    needs_review=True,
)
BARE = Row(document=B, code="e7", indicator_no=None, indicator_name=None, instrument=None, pages=())


def made(document: str, *rows: Row) -> DocumentResult:
    """A document's result with something in every table."""
    values = (Said("5", "๖๖"), Said("6", "-๒๖"))
    return DocumentResult(
        DocumentRecord(document, "ok", "0" * 64, pages=8, source=("text",), rows=len(rows)),
        rows=rows,
        cells=tuple(
            CellValue(document, 5, 0, 0, column, f"+{column}", f"๑{column}", box=Box(1, 2.5, 3, 4))
            for column in range(3)
        ),
        corrections=(
            Correction(document, 5, 0, 0, "code", "read_code", "i๑", "i1", 0.9),
            Correction(document, None, None, None, "agency", "read_agency", "ก", "ข", None),
        ),
        findings=(
            Finding(document, "code_conflict", "warning", "two", (5, 6), "i10", None, values),
        ),
    )


BEFORE = (made(A, FULL, replace(FULL, code="i11"), replace(FULL, code=None)), made(B, BARE))
AFTER = (made(A, replace(FULL, score=None, responsible=()), replace(FULL, code="i12")),)


def run_of(out: Path, results: tuple[DocumentResult, ...]) -> Published:
    write_run(out, results)
    return Published(out)


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    return run_of(tmp_path_factory.mktemp("before"), BEFORE)


@pytest.fixture(scope="module")
def after(tmp_path_factory):
    return run_of(tmp_path_factory.mktemp("after"), AFTER)


class Place(NamedTuple):
    """A portal behind its door, and a dataset's name that is free there."""

    door: Door
    ckan: Ckan | None
    """None for a real one."""
    name: str
    token: str
    organisation: str

    @property
    def url(self) -> str:
        return f"ckan+{self.door.address}/{self.name}"

    def ask(self, action: str, **values: object) -> dict:
        """An answer of the portal itself, by no code of ours."""
        headers = {"Authorization": self.token, "Content-Type": "application/json"}
        address = f"{self.door.address}/api/action/{action}"
        with urlopen(Request(address, json.dumps(values).encode(), headers)) as answer:
            return json.loads(answer.read(), parse_float=Decimal)["result"]

    def send(self, published: Published, **more: object) -> Sent:
        given = {"organisation": self.organisation} | more
        return publish_dataset(published, self.url, self.token, **given)

    def resources(self) -> dict[str, dict]:
        found = self.ask("package_show", id=self.name)["resources"]
        assert len({one["raingan"] for one in found}) == len(found)
        return {one["raingan"]: one for one in found}

    def table(self, name: str, resource_id: str = "") -> list[dict]:
        resource_id = resource_id or self.resources()[name]["id"]
        found: list[dict] = []
        total = None
        while total is None or len(found) < total:
            asked = {"resource_id": resource_id, "limit": 5000, "offset": len(found)}
            page = self.ask("datastore_search", **asked)
            found, total = found + page["records"], page["total"]
        return [{n: v for n, v in one.items() if n != "_id"} for one in found]


def local(ckan: Ckan | None = None) -> Place:
    ckan = ckan or Ckan()
    return Place(Door(ckan.respond), ckan, "ita-2568", TOKEN, "test-org")


def real() -> Place:
    url = os.environ.get("RAINGAN_TEST_CKAN_URL")
    token = os.environ.get("RAINGAN_TEST_CKAN_TOKEN", "")
    if not url:
        pytest.skip("RAINGAN_TEST_CKAN_URL names no CKAN")
    there = Place(
        Door(forwarded(url)), None, f"raingan-test-{secrets.token_hex(6)}", token, organisation=""
    )
    homes = there.ask("organization_list_for_user", permission="create_dataset")
    return there._replace(organisation=homes[0]["name"])


@pytest.fixture(params=["local", "real"])
def both(request) -> Iterator[Place]:
    place = local() if request.param == "local" else real()
    yield place
    if not place.ckan:
        with suppress(HTTPError):
            place.ask("package_delete", id=place.name)
    place.door.close()


@pytest.fixture
def place() -> Iterator[Place]:
    place = local()
    yield place
    place.door.close()


def as_json(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def equal(place: Place, published: Published) -> bool:
    """Every table of the portal says what the run says, value by value."""
    resources = place.resources()
    for table in published.tables:
        found = place.table(table.name, resources[table.name]["id"])
        there = [{f.name: one[f.name] for f in table.fields} for one in found]
        here = [
            {name: as_json(value) for name, value in record.items()}
            for record in published.records(table)
        ]
        if sorted(map(repr, plain(there))) != sorted(map(repr, plain(here))):
            return False
        assert resources[table.name]["raingan_content"]
    return True


def plain(records: list[dict]) -> list[dict]:
    """Numbers as one type: JSON has none of its own for those without a fraction."""
    return [
        {n: Decimal(v).normalize() if type(v) in (int, Decimal) else v for n, v in one.items()}
        for one in records
    ]


# ------------------------------------------------------------------ what is sent


def test_a_new_dataset_holds_every_table_as_a_file_and_typed(both, before):
    sent = both.send(before)
    assert sent.is_new and sent.notes == ()
    assert sent.page == f"{both.door.address}/dataset/{both.name}"
    names = [table.name for table in before.tables]
    assert sent.files == (*(f"{name}.csv" for name in names), "datapackage.json")
    counts = {t.name: sum(1 for _ in before.records(t)) for t in before.tables}
    assert {t.name: (t.records, t.written, t.removed) for t in sent.tables} == {
        name: (count, count, 0) for name, count in counts.items()
    }
    assert counts["rows"] == 4 and counts["findings"] == 2
    assert equal(both, before)
    resources = both.resources()
    assert set(resources) == {*names, *(f"{name}.csv" for name in names), "datapackage.json"}
    for name in sent.files:
        content, resource = (before.out / name).read_bytes(), resources[name]
        assert resource["size"] == len(content)
        assert resource["raingan_content"] == ckan.sha256_of(before.out / name)
        assert resource["format"] == ("JSON" if name == "datapackage.json" else "CSV")
        if both.ckan:  # a real one may have a loader, which writes a hash of its own
            assert resource["hash"] == f"sha256:{ckan.sha256_of(before.out / name)}"
            assert both.ckan.files[resource["id"]] == content
    assert resources["rows.csv"]["name"] == "rows.csv: แถวตัวชี้วัด / Indicator rows"
    assert resources["rows"]["name"] == "rows: แถวตัวชี้วัด / Indicator rows (API)"
    for name in ("rows", "rows.csv"):
        assert "แถวตัวชี้วัด" in resources[name]["description"]
        assert "one record per indicator code" in resources[name]["description"]


def test_the_dataset_says_what_it_is(both, before):
    both.send(before)
    dataset = both.ask("package_show", id=both.name)
    assert dataset["title"] == "แถวตัวชี้วัด ITA ที่ตรวจแล้ว / Audited ITA indicator rows"
    assert "ที่มาของทุกค่า" in dataset["notes"] and "origin of every value" in dataset["notes"]
    assert dataset["license_id"] == "cc-by"
    assert [tag["name"] for tag in dataset["tags"]] == ["ITA"]
    assert dataset["organization"]["name"] == both.organisation


def test_columns_are_typed_and_explained_in_both_languages(both, before):
    both.send(before)
    about = {name: one["id"] for name, one in both.resources().items()}
    found = both.ask("datastore_search", resource_id=about["rows"], limit=0)["fields"]
    columns = {one["id"]: one for one in found}
    assert {name: columns[name]["type"] for name in ("code", "score", "fiscal_year", "pages")} == {
        "code": "text",
        "score": "numeric",
        "fiscal_year": "int8",
        "pages": "_int8",
    }
    assert columns["needs_review"]["type"] == "bool" and columns["end_date"]["type"] == "date"
    assert columns["responsible"]["type"] == "_text"
    assert columns["district"]["info"] == {
        "label": "อำเภอ",
        "notes": "อำเภอ / District: canonical name without อำเภอ",
    }
    found = both.ask("datastore_search", resource_id=about["findings"], limit=0)["fields"]
    assert {one["id"]: one["type"] for one in found}["values"] == "json"


def test_values_come_back_exactly(both, before):
    both.send(before)
    there = {one["code"]: one for one in both.table("rows") if one["document"] == A}
    assert there["i10"]["score"] == Decimal("1234567890.12")
    assert there["i10"]["steps"] == "=HYPERLINK(0)"
    assert there["i10"]["responsible"] == ["สำนักปลัด", "กองช่าง; 'งาน', {โยธา}"]
    assert there["i10"]["start_date"] == "2025-10-01"
    assert there["i10"]["pages"] == [7, 8]
    bare = next(one for one in both.table("rows") if one["document"] == B)
    assert bare["score"] is None and bare["responsible"] == [] and bare["agency"] is None
    said = next(one for one in both.table("findings") if one["code"] == "i10")
    assert said["values"] == [{"where": "5", "text": "๖๖"}, {"where": "6", "text": "-๒๖"}]


# letters that SQL, JSON, CSV and spreadsheets take for something else, with Thai marks
PIECES = ("น้ำ", "กำ", "'", '"', "\\", ";", "--", "\n", "{", "%s", ":a", "=1+1", "\t", "😀", "NULL")
texts = st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("".join)


@settings(max_examples=15)
@given(
    st.lists(
        st.builds(
            replace,
            st.just(FULL),
            question=st.none() | texts,
            score=st.none() | st.decimals(0, 10**10, places=4),
            start_date=st.none() | st.dates(),
            responsible=st.lists(texts, max_size=3).map(tuple),
            pages=st.lists(st.integers(1, 10**6), max_size=3).map(tuple),
            code=st.sampled_from(["i1", "i2", None]),
        ),
        max_size=4,
    )
)
def test_whatever_rows_say_the_portal_says(tmp_path_factory, rows):
    place = local()
    published = run_of(tmp_path_factory.mktemp("any"), (made(A, *rows),))
    place.send(published)
    assert equal(place, published)
    place.door.close()


def test_a_real_archive(samples, both):
    published = Published(samples.out)
    sent = both.send(published)
    assert sum(table.records for table in sent.tables) > 6000
    assert equal(both, published)
    both.door.forget()
    assert not any(table.written for table in both.send(published).tables)
    assert WRITES.isdisjoint(both.door.calls)


# ------------------------------------------------------------------ sent again


def test_the_second_time_nothing_is_written(both, before):
    both.send(before)
    resources = both.resources()
    both.door.forget()
    sent = both.send(before)
    assert not sent.is_new and sent.files == () and sent.notes == ()
    assert [(t.written, t.removed) for t in sent.tables] == [(0, 0)] * len(before.tables)
    assert "package_show" in both.door.calls
    assert WRITES.isdisjoint(both.door.calls)
    assert both.resources() == resources


def test_a_changed_archive_changes_what_is_there(both, before, after):
    both.send(before)
    keys = {one["code"]: one[KEY] for one in both.table("rows") if one["document"] == A}
    sent = both.send(after)
    tables = {table.name: table for table in sent.tables}
    # i10 has changed, i12 is new; i11, the one without a code and e7 are gone
    assert (tables["rows"].records, tables["rows"].written, tables["rows"].removed) == (2, 2, 3)
    assert (tables["cells"].written, tables["cells"].removed) == (0, 3)
    assert equal(both, after)
    assert {one["code"]: one[KEY] for one in both.table("rows")}["i10"] == keys["i10"]
    assert len(both.resources()) == 2 * len(after.tables) + 1


def test_an_empty_table_is_there_too(both, tmp_path):
    published = run_of(tmp_path / "out", (replace(made(B), cells=(), findings=()),))
    both.send(published)
    assert both.table("cells") == [] and equal(both, published)


def test_a_half_done_change_is_not_taken_for_what_was_before(both, before, after):
    both.send(before)
    both.door.fail("datastore_delete", 1, Fault())
    with pytest.raises(CannotSend):
        both.send(after)
    assert not equal_rows(both, before) and not both.resources()["rows"]["raingan_content"]
    both.send(before)
    assert equal(both, before)


def equal_rows(place: Place, published: Published) -> bool:
    codes = sorted(str(one["code"]) for one in place.table("rows"))
    return codes == sorted(str(one["code"]) for one in published.records(published.tables[0]))


FAULTS = (Fault(), Fault(is_done=True), Fault(500))


@pytest.mark.parametrize("change", [False, True], ids=["new", "changed"])
def test_an_export_broken_at_any_request_is_repeated(before, after, change):
    rehearsal = local()
    if change:
        rehearsal.send(before)
    start = deepcopy(rehearsal.ckan)
    rehearsal.door.forget()
    rehearsal.send(after)
    requests = list(enumerate(rehearsal.door.calls))
    rehearsal.door.close()
    assert len(requests) > 20
    for number, name in requests:
        place = local(deepcopy(start))
        earlier = sum(action == name for at, action in requests if at <= number)
        place.door.fail(name, earlier, FAULTS[(number + change) % 3])
        with pytest.raises(CannotSend, match="repeat the same command"):
            place.send(after)
        place.door.forget()
        place.send(after)
        assert equal(place, after), (number, name)
        assert len(place.resources()) == 2 * len(after.tables) + 1
        place.door.close()


@pytest.mark.parametrize("action", ["datastore_upsert", "resource_create", "datastore_create"])
def test_a_real_portal_broken_in_the_middle_is_repeated(both, before, action):
    both.door.fail(action, 3, Fault(is_done=True))
    with pytest.raises(CannotSend, match="repeat the same command"):
        both.send(before)
    both.send(before)
    assert equal(both, before)
    assert len(both.resources()) == 2 * len(before.tables) + 1


def test_what_others_did_to_a_table_is_undone(both, before):
    both.send(before)
    rows = both.resources()["rows"]["id"]
    both.ask("datastore_delete", resource_id=rows, filters={"code": "i10"})
    sent = both.send(before)
    assert [t.written for t in sent.tables if t.name == "rows"] == [1]
    assert equal(both, before)
    both.ask("datastore_delete", resource_id=rows)
    both.send(before)
    assert equal(both, before)


def test_a_table_with_other_columns_is_made_anew(both, before):
    both.send(before)
    resource = both.resources()["documents"]["id"]
    columns = both.ask("datastore_search", resource_id=resource, limit=0)["fields"][1:]
    kinds = {"_text": "text[]", "_int8": "int8[]"}
    both.ask("datastore_delete", resource_id=resource)
    both.ask(
        "datastore_create",
        resource_id=resource,
        fields=[{"id": c["id"], "type": kinds.get(c["type"], "text")} for c in columns],
        primary_key=[KEY],
    )
    sent = both.send(before)
    assert [t.written for t in sent.tables if t.name == "documents"] == [2]
    assert equal(both, before)


def test_a_deleted_dataset_is_made_anew(both, before):
    both.send(before)
    both.ask("package_delete", id=both.name)
    assert both.send(before).is_new
    assert equal(both, before)


def test_a_table_that_the_run_does_not_have_is_left_and_named(both, before):
    both.send(before)
    dataset = both.ask("package_show", id=both.name)["id"]
    for name in ("old.csv", "old"):
        both.ask("resource_create", package_id=dataset, name=name, url="x", raingan=name)
    both.ask("resource_create", package_id=dataset, name="a person's", url="x", raingan="")
    sent = both.send(before)
    assert [note.split(" ")[0] for note in sent.notes] == ["old.csv", "old"]
    assert {"old.csv", "old", ""} <= {
        one["raingan"] for one in both.ask("package_show", id=both.name)["resources"]
    }


def test_a_resource_that_is_there_twice_is_named(place, before, after):
    place.send(before)
    dataset = place.ask("package_show", id=place.name)["id"]
    place.ask("resource_create", package_id=dataset, name="x", url="x", raingan="rows.csv")
    sent = place.send(after)
    assert sent.notes == (
        "two resources are rows.csv: the second is left; delete it on the portal",
    )


def test_a_resource_of_a_person_is_not_taken_for_ours(both, before):
    made = {"name": both.name, "owner_org": both.organisation, "title": "ของหน่วยงาน"}
    dataset = both.ask("package_create", **made)["id"]
    own = {"package_id": dataset, "name": "rows"}
    columns = [{"id": "a", "type": "text"}]
    rows = both.ask("datastore_create", resource=own, fields=columns, primary_key=["a"])
    rows = rows["resource_id"]
    both.ask("datastore_upsert", resource_id=rows, records=[{"a": "ของเขา"}], method="upsert")
    sent = both.send(before)
    assert not sent.is_new and sent.notes == ()
    page = both.ask("datastore_search", resource_id=rows)
    assert [one["a"] for one in page["records"]] == ["ของเขา"]
    resources = both.ask("package_show", id=both.name)["resources"]
    assert len(resources) == 2 * len(before.tables) + 2


def test_a_portal_that_keeps_no_marks_gets_nothing_twice(before):
    place = local(Ckan(keeps_marks=False))
    place.send(before)
    sent = place.send(before)
    resources = place.ask("package_show", id=place.name)["resources"]
    assert len(resources) == 2 * len(before.tables) + 1
    assert len(sent.files) == len(before.tables) + 1  # no digest to go by
    assert [table.written for table in sent.tables] == [0] * len(before.tables)
    place.door.close()


def test_a_resource_that_a_person_renamed_is_found(both, before, after):
    both.send(before)
    for name in ("rows", "rows.csv"):
        both.ask("resource_patch", id=both.resources()[name]["id"], name="ชื่อใหม่")
    both.send(after)
    assert equal(both, after)
    assert both.resources()["rows.csv"]["name"] == "ชื่อใหม่"


# ------------------------------------------------------------------ fields of the dataset


def test_fields_go_where_the_portal_has_them(both, before):
    fields = {"maintainer": "กองคลัง", "objective": "พันธกิจหน่วยงาน", "tag_string": "ITA,OIT"}
    both.send(before, fields=fields)
    dataset = both.ask("package_show", id=both.name)
    assert dataset["maintainer"] == "กองคลัง"
    assert dataset["extras"] == [{"key": "objective", "value": "พันธกิจหน่วยงาน"}]
    assert [tag["name"] for tag in dataset["tags"]] == ["ITA", "OIT"]
    both.door.forget()
    both.send(before, fields=fields)
    assert WRITES.isdisjoint(both.door.calls)
    both.send(before, fields={"objective": "กฎหมายที่เกี่ยวข้อง", "geo_coverage": "จังหวัด"})
    dataset = both.ask("package_show", id=both.name)
    assert {one["key"]: one["value"] for one in dataset["extras"]} == {
        "objective": "กฎหมายที่เกี่ยวข้อง",
        "geo_coverage": "จังหวัด",
    }
    assert dataset["maintainer"] == "กองคลัง" and len(dataset["resources"]) == 11


def test_what_a_person_wrote_on_the_portal_stays(both, before, after):
    both.send(before)
    both.ask("package_patch", id=both.name, title="ชื่อที่คนตั้ง", notes="คำอธิบาย")
    both.send(after)
    dataset = both.ask("package_show", id=both.name)
    assert (dataset["title"], dataset["notes"]) == ("ชื่อที่คนตั้ง", "คำอธิบาย")
    both.send(after, fields={"title": "ชื่อจากคำสั่ง", "private": "true"})
    dataset = both.ask("package_show", id=both.name)
    assert (dataset["title"], dataset["private"]) == ("ชื่อจากคำสั่ง", True)


def test_a_portal_with_its_own_form_gets_its_fields_or_names_them(before):
    form = {"data_type": Asked(is_required=True), "data_format": Asked(True, is_many=True)}
    place = local(Ckan(form=form | {"objective": Asked(is_many=True)}))
    with pytest.raises(Rejected, match=r"data_type: Missing value \(--set NAME=VALUE"):
        place.send(before)
    fields = {"data_type": "ข้อมูลระเบียน", "objective": "พันธกิจหน่วยงาน"}
    place.send(before, fields=fields)
    dataset = place.ask("package_show", id=place.name)
    assert dataset["data_type"] == "ข้อมูลระเบียน" and dataset["data_format"] == ["CSV"]
    assert dataset["objective"] == ["พันธกิจหน่วยงาน"] and dataset["extras"] == []
    place.door.forget()
    place.send(before, fields=fields)
    assert WRITES.isdisjoint(place.door.calls)
    place.door.close()


@pytest.mark.parametrize("name", ["name", "owner_org", "resources", "extras"])
def test_fields_that_are_not_for_people(place, before, name):
    with pytest.raises(WrongTarget, match=name):
        place.send(before, fields={name: "x"})
    assert place.door.calls == []


def test_a_dataset_moves_to_the_organisation_that_is_given(before):
    ckan = Ckan({"test-org": "ก", "other-org": "ข"}, {TOKEN: ("test-org", "other-org")})
    place = local(ckan)
    place.send(before)
    place.send(before, organisation="other-org")
    assert place.ask("package_show", id=place.name)["organization"]["name"] == "other-org"
    place.send(before, organisation="")
    assert place.ask("package_show", id=place.name)["organization"]["name"] == "other-org"
    with pytest.raises(WrongTarget, match=r"one of test-org \(ก\), other-org \(ข\), not third"):
        place.send(before, organisation="third")
    place.door.close()


# ------------------------------------------------------------------ what a portal does not take


def test_without_a_datastore_the_files_are_sent(before):
    place = local(Ckan(has_datastore=False))
    sent = place.send(before)
    assert sent.tables == () and len(sent.files) == 6
    assert sent.notes == ("the portal has no DataStore: the files were sent, no table behind it",)
    assert set(place.resources()) == set(sent.files)
    assert place.send(before).files == ()
    place.door.close()


def test_a_file_that_is_too_large_is_told_and_the_rest_is_sent(before, after):
    size = max((before.out / f"{t.name}.csv").stat().st_size for t in before.tables)
    place = local(Ckan(largest_file=size - 1))
    sent = place.send(before)
    assert len(sent.notes) == 2  # rows.csv and the description are larger
    assert sent.notes[0].startswith(f"rows.csv was not taken ({size:,} bytes): ")
    assert "File upload too large" in sent.notes[0]
    assert "rows.csv" not in sent.files and "cells.csv" in sent.files
    assert equal(place, before)
    place.door.close()


def test_of_a_file_that_has_become_too_large_the_old_one_is_told(place, before, after):
    place.send(after)
    place.ckan.largest_file = 10
    sent = place.send(before)
    assert len(sent.notes) == 6 and sent.files == ()
    assert all(note.endswith("; the file there is of an earlier export") for note in sent.notes)
    assert (
        place.ckan.files[place.resources()["rows.csv"]["id"]]
        == (after.out / "rows.csv").read_bytes()
    )


def test_chunks_are_halved_until_they_are_taken(place, tmp_path, monkeypatch):
    rows = [replace(FULL, code=f"i{number}", analysis="ก" * 300) for number in range(1, 40)]
    published = run_of(tmp_path / "out", (made(A, *rows),))
    place.door.largest = 1 << 20
    place.send(published)
    assert place.door.calls.count("datastore_upsert") == len(published.tables)
    other = local()
    other.door.largest = 30_000
    sent = other.send(published)
    assert other.door.calls.count("datastore_upsert") > 8
    assert equal(other, published)
    assert [note.split(" ")[0] for note in sent.notes] == ["rows.csv", "datapackage.json"]
    other.door.close()


def test_a_record_that_is_too_large_is_told(place, tmp_path):
    published = run_of(tmp_path / "out", (made(A, replace(FULL, analysis="ก" * 20_000)),))
    place.door.largest = 50_000
    with pytest.raises(CannotSend, match=r"datastore_upsert.*no request of that size.*แผน\.pdf"):
        place.send(published)


def test_requests_hold_few_records_and_little_text(place, tmp_path, monkeypatch):
    monkeypatch.setattr(ckan, "CHUNK_RECORDS", 2)
    published = run_of(
        tmp_path / "out", (made(A, *(replace(FULL, code=f"i{n}") for n in range(9))),)
    )
    place.send(published)
    # rows 5, cells 2, corrections 1, findings 1, documents 1
    assert place.door.calls.count("datastore_upsert") == 10
    monkeypatch.setattr(ckan, "CHUNK_BYTES", 1)
    other = local()
    other.send(published)
    assert other.door.calls.count("datastore_upsert") == 9 + 3 + 2 + 1 + 1
    assert equal(other, published)
    other.door.close()


def test_a_portal_that_gives_few_records_at_once_is_asked_for_the_rest(before, after, monkeypatch):
    place = local(Ckan(rows_max=2))
    place.send(before)
    sent = place.send(after)
    assert [t.written for t in sent.tables if t.name == "cells"] == [0]
    assert equal(place, after)
    place.door.close()


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_portal_is_asked_again(place, before, status):
    waited: list[float] = []
    place.door.fail("package_create", 1, Fault(status, (("Retry-After", "7"),)))
    place.door.fail("datastore_upsert", 2, Fault(status))
    place.door.fail("datastore_upsert", 3, Fault(status))
    place.door.fail("resource_create", 1, Fault(status, (("Retry-After", "tomorrow"),)))
    place.send(before, wait=waited.append)
    assert waited == [7, 1, 1, 2]
    assert equal(place, before)
    content = place.ckan.files[place.resources()["rows.csv"]["id"]]
    assert content == (before.out / "rows.csv").read_bytes()


def test_a_portal_that_stays_busy_is_given_up(place, before):
    waited: list[float] = []
    for number in range(1, 9):
        place.door.fail("package_show", number, Fault(503))
    with pytest.raises(CannotSend, match=r"busy \(503\); repeat the same command later"):
        place.send(before, wait=waited.append)
    assert waited == [1, 2, 4, 8, 16]
    place.door.forget()
    place.door.fail("package_create", 1, Fault(429, (("Retry-After", "3600"),)))
    with pytest.raises(CannotSend, match="busy"):
        place.send(before, wait=waited.append)
    assert len(waited) == 5


# ------------------------------------------------------------------ errors, one line each


def refusal(place: Place, published: Published, **more: object) -> ReportError:
    with pytest.raises(ReportError) as caught:
        place.send(published, **more)
    text = str(caught.value)
    assert text.isprintable() and TOKEN not in text and len(text) < 700
    return caught.value


@pytest.mark.parametrize("token", ["", "  ", "โทเคน", "a\nb"])
def test_no_token(place, before, token):
    error = refusal(place._replace(token=token), before)
    assert isinstance(error, WrongTarget) and error.exit_code == 2
    assert "RAINGAN_CKAN_TOKEN" in str(error)
    assert place.door.calls == []


def test_the_token_is_not_shown_with_the_portal():
    with ckan.connected("https://host", TOKEN, [].append) as portal:
        assert portal.token == TOKEN and TOKEN not in repr(portal)


def test_a_token_that_is_refused(both, before):
    wrong = "wrong-token"
    with pytest.raises(Denied) as caught:
        both._replace(token=wrong).send(before)
    text = str(caught.value)
    assert caught.value.exit_code == 5
    assert "RAINGAN_CKAN_TOKEN" in text and "not known" in text and wrong not in text


def test_a_token_that_may_not_edit_the_dataset(place, before, after):
    place.send(before)
    place.ckan.editors["another"] = ()
    error = refusal(place._replace(token="another", organisation=""), after)
    assert isinstance(error, Denied) and "resource_patch" in str(error)


def test_the_organisations_to_choose_from_are_named(both, before):
    for other in ("", "no-such-organisation"):
        with pytest.raises(WrongTarget) as caught:
            both.send(before, organisation=other)
        assert f"--organisation has to be one of {both.organisation} (" in str(caught.value)
        assert other in str(caught.value)
    both.send(before)


@pytest.mark.parametrize(
    "url, says",
    [
        ("ckan+https://host/A", "A: no name for a dataset"),
        ("ckan+https://host/a", "no name for a dataset"),
        ("ckan+https://host/แผน", "no name for a dataset"),
        ("ckan+https://host/" + "a" * 101, "no name for a dataset"),
        ("ckan+https://host", "not an address"),
        ("ckan+https://host/", "not an address"),
        ("ckan+https://host/a?b=c", "not an address"),
        ("ckan+ftp://host/ita", "not an address"),
        ("https://host/ita", "not an address"),
        ("ckan+http://host/ita", "use ckan\\+https"),
        ("ckan+http://127.evil.example/ita", "use ckan\\+https"),
        ("ckan+http://localhost.evil.example/ita", "use ckan\\+https"),
        ("ckan+https://me:secret@host/ita", "no user or password"),
    ],
)
def test_addresses_that_are_none(url, says):
    with pytest.raises(WrongTarget, match=says) as caught:
        portal_of(url)
    assert "secret" not in str(caught.value) and caught.value.exit_code == 2


@pytest.mark.parametrize(
    "url, portal, name",
    [
        ("ckan+https://data.go.th/ita-68", "https://data.go.th", "ita-68"),
        ("ckan+https://data.go.th/dataset/ita-68/", "https://data.go.th", "ita-68"),
        ("ckan+https://h.go.th:8443/a/b/ita", "https://h.go.th:8443/a/b", "ita"),
        ("ckan+https://h.go.th/dataset", "https://h.go.th", "dataset"),
        ("ckan+http://127.0.0.1:5000/ita", "http://127.0.0.1:5000", "ita"),
        ("ckan+http://[::1]:5000/ita", "http://[::1]:5000", "ita"),
    ],
)
def test_addresses(url, portal, name):
    assert portal_of(url) == (portal, name)


def test_a_host_that_does_not_answer(before):
    place = local()
    place.door.close()
    error = refusal(place, before)
    assert "no connection" in str(error) and error.exit_code == 5


def test_a_host_that_is_no_portal(place, before):
    elsewhere = place.url.replace("/ita-2568", "/other/ita-2568")
    with pytest.raises(
        CannotSend, match="no CKAN portal answers there \\(404, text/html"
    ) as caught:
        publish_dataset(before, elsewhere, TOKEN)
    assert str(caught.value).startswith(f"{place.door.address}/other (package_show): ")


def test_a_portal_below_a_path(before):
    ckan = Ckan()
    place = Place(Door(ckan.respond, "/data/portal"), ckan, "ita", TOKEN, "test-org")
    assert place.send(before).page.endswith("/data/portal/dataset/ita")
    assert equal(place, before)
    place.door.close()


def test_a_portal_that_has_moved(place, before):
    place.door.fail("package_show", 1, Fault(301, (("Location", "https://new.example/"),)))
    assert "sends on to https://new.example/" in str(refusal(place, before))


def test_a_host_without_tls(place, before):
    secure = place.url.replace("ckan+http:", "ckan+https:")
    with pytest.raises(CannotSend, match="no trusted connection"):
        publish_dataset(before, secure, TOKEN)


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"{}",
        b"17",
        b'"text"',
        b"",
        b"{",
        b'{"success": true}',
        b'{"success": true, "result": {"id": "x"}}',
        b"\xff",
    ],
)
def test_json_that_is_not_of_a_portal(before, body):
    door = Door(lambda *_: Answer(200, "application/json", body))
    place = Place(door, None, "ita", TOKEN, "test-org")
    assert isinstance(refusal(place, before), CannotSend)
    door.close()


def test_a_portal_that_says_the_token_or_writes_to_the_terminal(place, before):
    error = {"__type": "Validation Error", "title": [f"\x1b[2J{TOKEN}\n" + "x" * 5000]}
    answer = Answer(
        409, "application/json", json.dumps({"success": False, "error": error}).encode()
    )
    other = place._replace(door=Door(lambda *_: answer))
    assert "title: [2J… xxx" in str(refusal(other, before))
    other.door.close()


def test_a_name_that_the_portal_says_is_taken(place, before):
    error = {"__type": "Validation Error", "name": ["That URL is already in use."]}
    body = json.dumps({"success": False, "error": error}).encode()

    def respond(action: str, headers: dict[str, str], content: bytes) -> Answer:
        if action == "package_create":  # as CKAN up to 2.10 says of a deleted dataset's name
            return Answer(409, "application/json", body)
        return place.ckan.respond(action, headers, content)

    other = place._replace(door=Door(respond))
    assert "name: That URL is already in use.; a deleted dataset may" in str(refusal(other, before))
    other.door.close()


def test_a_netrc_does_not_replace_the_token(place, before, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    assert place.send(before).is_new


def test_a_file_that_was_edited_is_not_published(place, tmp_path):
    published = run_of(tmp_path / "out", BEFORE)
    path = published.out / "rows.csv"
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(NotARun, match=r"rows\.csv not as raingan wrote it"):
        place.send(published)
    assert place.door.calls == []


def test_without_the_library(place, before, monkeypatch):
    monkeypatch.setitem(sys.modules, "ckanapi", None)
    with pytest.raises(NoCkan, match=r"raingan\[ckan\]"):
        place.send(before)


def test_the_library_is_loaded_only_to_send(root):
    check = "import sys, export.ckan; print({'requests', 'ckanapi'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", check], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"
