"""Findings between the documents of a run are asked like any other."""

import json

import pytest
from made import paged
from test_checks import pages
from test_review import Person, convert, open_desk

from export.decisions import read_decisions


@pytest.fixture
def folder(tmp_path):
    """The same report under two names: told twice for one agency and year."""
    archive = tmp_path / "archive"
    archive.mkdir()
    for name in ("a.txt", "b.txt"):
        (archive / name).write_text(paged(*pages()), "utf-8")
    return archive


@pytest.fixture
def out(folder, tmp_path):
    convert(folder, tmp_path / "out")
    return tmp_path / "out"


def between(out):
    found = json.loads((out / "findings.json").read_text("utf-8"))
    return {f["check"]: f["decided"] for f in found if not f["document"]}


def test_a_finding_between_documents_is_asked_once_and_for_all(out, folder):
    person = Person(out)
    assert between(out)["report_repeated"] is False
    item = person.item("report_repeated")
    queue = person.get("/").text
    assert "a.txt, b.txt" in queue
    assert '<option value="">' in queue
    page = person.get(f"/item/{item.id}").text
    assert "a.txt, b.txt" in page
    assert "<textarea" not in page
    assert person.get(f"/picture/{item.id}/1").status_code == 404
    assert person.get(f"/item/{item.id}?on=document-agency").status_code == 404
    edited = person.post(f"/item/{item.id}", action="edit", value="2569", on="document-fiscal_year")
    assert edited.status_code == 422 or edited.status_code == 404
    assert read_decisions(out / "decisions.jsonl") == ()
    assert person.post(f"/item/{item.id}", action="accept", who="สมชาย").status_code == 303
    assert person.desk.work()
    assert item.id not in person.desk.items
    assert person.desk.waiting == set()
    assert between(out)["report_repeated"] is True
    convert(folder, out)
    assert between(out)["report_repeated"] is True
    assert item.id not in open_desk(out).items
    person = Person(out)
    person.post("/undo")
    assert person.desk.work()
    assert between(out)["report_repeated"] is False
    assert item.id in person.desk.items


def test_what_was_decided_between_documents_before_a_crash_is_applied_at_the_next_start(out):
    person = Person(out)
    item = person.item("report_repeated")
    person.post(f"/item/{item.id}", action="accept")
    again = open_desk(out)  # the first one never came to write the tables
    assert again.waiting == {""}
    again.work()
    assert between(out)["report_repeated"] is True
    assert open_desk(out).waiting == set()
