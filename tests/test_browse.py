"""A run in Datasette: what is found, who is answered, and that nothing can be changed."""

import hashlib
import json
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from test_review_chromium import CHROMIUM, browser, page  # noqa: F401

from audit.model import Finding, Said
from export.audit_page import SEVERITY_TITLES
from export.files import write_run
from export.model import CannotWrite, DocumentRecord, DocumentResult
from export.published import Published
from export.schema import Field, Table
from export.store import NotARun
from normalize.model import CellValue, Row
from review.browse import (
    CannotBrowse,
    Shelf,
    add_search,
    browse_file,
    browsing,
    folded,
    folded_like,
    made_from,
    metadata_of,
    read_only,
    search_clause,
    searched_text,
    serve_browse,
)
from review.serve import CannotServe, listening_at
from review.web import HEADERS, UNKNOWN_HOST, Guard, choose_language

ROOT = Path(__file__).parent.parent
HOST = "127.0.0.1:8000"
SCRIPT = "<script>alert('x')</script>"
PATHS = [
    *("/", "/browse", "/browse/rows", "/browse/rows?_search=กอง", "/browse/findings"),
    *("/browse/documents", "/browse/cells", "/browse/corrections", "/browse/rows.json"),
    *("/browse?sql=select+1", "/browse.json?sql=select+1", "/browse/rows/,a.pdf,i1"),
    *("/enter?token=secret-word", "/language?to=th", "/static/style.css", "/static/browse.css"),
    *("/favicon.ico", "/-/databases.json", "/-/static/app.css", "/browse.db", "/browse/rows.csv"),
    *("/_internal", "/_memory", "/nothing", "/browse/nothing"),
]


def row(document, code, **more):
    values = {
        "indicator_no": 1,
        "indicator_name": "การปฏิบัติหน้าที่",
        "instrument": "IIT",
        "pages": (2,),
        "agency": "เทศบาลตำบลน้ำปาย",
        "fiscal_year": 2568,
    }
    return Row(document=document, code=code, **(values | more))


ROWS = (
    row("a.pdf", "i1", question="การให้บริการของเจ้าหน้าที่", measures="จัดทำคู่มือ ปี 2569"),
    row("a.pdf", "i2", question="การทำงานของเจ้าหน้าที่", measures="ซ้อมแผน (E-Service) 100%"),
    row(
        "a.pdf",
        "i3",
        question="กำหนดขั้นตอน",
        responsible=("กองคลัง", "กองช่าง"),
        needs_review=True,
        confidence=0.5,
        pages=(3, 4, 5, 9),
    ),
    row("b.pdf", "i1", question="ซอยแผนงาน", measures=SCRIPT, score=Decimal("100")),
    row(
        "b.pdf",
        "i10",
        indicator_no=4,
        question="=HYPERLINK(1) a*b [x] o\u202ei",
        score=Decimal("83.57"),
        start_date=date(2024, 10, 1),
    ),
    row("b.pdf", "i11", indicator_no=4, question="ที่เเจ้ง", score=Decimal("9.5"), agency=None),
)
CELLS = (
    CellValue("a.pdf", 1, 0, 0, 0, "สํานักปลัด ๒๕๖๙", "สำนักปลัด 2569", "responsible"),
    CellValue("a.pdf", 1, 0, 0, 1, "", "", ""),
)
FINDINGS = (
    Finding(
        document="a.pdf",
        check="code_misread",
        severity="warning",
        message="the code is i3",
        pages=(3,),
        code="i3",
        values=(Said("3", "i๓"), Said("framework 2568", "i3")),
        message_th="รหัสคือ i3",
    ),
    Finding(document="", check="score_conflict", severity="error", message="both", pages=()),
)


def digest_of(name):
    return hashlib.sha256(name.encode()).hexdigest()


def results(rows=ROWS):
    return [
        DocumentResult(
            DocumentRecord(name, "ok", digest_of(name), pages=9, rows=3),
            rows=tuple(r for r in rows if r.document == name),
            cells=tuple(c for c in CELLS if c.document == name),
            findings=tuple(f for f in FINDINGS if f.document == name),
        )
        for name in ("a.pdf", "b.pdf")
    ]


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("browse")
    write_run(folder, results())
    return folder


@pytest.fixture(scope="module")
def shelf(out):
    return Shelf(browse_file(out), Published(out).tables, "en")


def client_of(application, host=HOST):
    return TestClient(application, base_url=f"http://{host}", follow_redirects=False)


@pytest.fixture(scope="module")
def application(shelf):
    with browsing(shelf, Guard(frozenset({HOST}))) as application:
        yield application


@pytest.fixture
def client(application):
    return client_of(application)


def found(client, table, query):
    """What a table's page finds: the page's own JSON, in the order of the page."""
    answer = client.get(f"/browse/{table}.json", params={**query, "_shape": "objects"})
    assert answer.status_code == 200, answer.text
    return answer.json()["rows"]


def codes(client, asked, **more):
    rows = found(client, "rows", {"_search": asked, **more})
    return [f"{row['document'][0]}:{row['code']}" for row in rows]


# ------------------------------------------------------------------ search


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("เจ้าหน้าที่", ["a:i1", "a:i2"]),
        ("ซ้อ", ["a:i2"]),  # and not ซอ
        ("ซอ", ["b:i1"]),
        ("ซ้อม", ["a:i2"]),
        ("ซ้", ["a:i2"]),
        ("กำ", ["a:i3"]),
        ("กํา", ["a:i3"]),  # NIKHAHIT and SARA AA, as Word 2013 splits it
        ("กํ าหนด", ["a:i3"]),
        ("กําหนด ขั้นตอน", ["a:i3"]),
        ("คู่มือ บริการ", ["a:i1"]),  # in two columns
        ("บริการ  คู่มือ", ["a:i1"]),
        ("คู่มือ ซ้อม", []),
        ("คู่มือบริการ", []),
        ("2569", ["a:i1"]),
        ("๒๕๖๙", ["a:i1"]),
        ("๖๙", ["a:i1"]),
        ("e-service", ["a:i2"]),
        ("E-SERVICE", ["a:i2"]),
        ("(E-", ["a:i2"]),
        ("100%", ["a:i2"]),
        ("10_%", []),
        ("a*b", ["b:i10"]),
        ("a?b", []),
        ("*", ["b:i10"]),
        ("[x]", ["b:i10"]),
        ("[", ["b:i10"]),
        ('"', []),
        ("'", ["b:i1"]),
        ("กองช่าง", ["a:i3"]),  # an item of a list
        ("ง;ก", []),
        ('","', []),
        ("แจ้ง", ["b:i11"]),  # printed with two SARA E
        ("เเจ้ง", ["b:i11"]),
        ("script", ["b:i1"]),
        ("OR", []),
        ("i1 NOT i2", []),
        ("text:ซ้อม", []),
        ("น้ำปาย", ["a:i1", "a:i2", "a:i3", "b:i1", "b:i10"]),
        ("", ["a:i1", "a:i2", "a:i3", "b:i1", "b:i10", "b:i11"]),
        ("  ", ["a:i1", "a:i2", "a:i3", "b:i1", "b:i10", "b:i11"]),
    ],
)
def test_a_search_finds_these_rows_and_no_others(client, asked, expected):
    assert codes(client, asked) == expected


def test_a_search_goes_with_conditions_and_an_order(client):
    assert codes(client, "น้ำปาย", indicator_no="4") == ["b:i10"]
    assert codes(client, "แ", _sort_desc="code") == ["a:i2", "b:i11", "b:i1"]
    assert codes(client, "", score__gte="83.57", _sort="score") == ["b:i10", "b:i1"]


def test_every_table_is_searched(client):
    assert [c["raw"] for c in found(client, "cells", {"_search": "สำนัก ๖๙"})] == [CELLS[0].raw]
    assert [f["check"] for f in found(client, "findings", {"_search": "CODE is"})] == [
        "code_misread"
    ]
    assert found(client, "findings", {"_search": "where"}) == []  # a key of the JSON
    assert [d["document"] for d in found(client, "documents", {"_search": "B.P"})] == ["b.pdf"]


PIECES = [
    "กำ",
    "กํา",
    "ที่",
    "ท่ี",
    "น้ำ",
    "ซ้อ",
    "๑๒",
    "12",
    "A",
    "a",
    " ",
    "\n",
    "*",
    "[",
    "]",
    "?",
    '"',
]


@given(
    texts=st.lists(st.lists(st.sampled_from(PIECES), max_size=8).map("".join), max_size=6),
    asked=st.lists(st.sampled_from(PIECES), max_size=4).map("".join),
)
def test_the_index_finds_what_python_finds(texts, asked):
    about = (Field("a", "string", "", "", ""),)
    with sqlite3.connect(":memory:") as database:
        database.execute("create table t (a)")
        database.execute("create virtual table t_search using fts5(text, tokenize='trigram', "
                         "detail='none', columnsize=0)")  # fmt: skip
        for text in texts:
            new = database.execute("insert into t values (?)", (text,)).lastrowid
            database.execute(
                "insert into t_search (rowid, text) values (?, ?)",
                (new, searched_text(about, (text,))),
            )
        clause, values = search_clause("t", asked)
        where = f"where {clause}" if clause else ""
        rows = database.execute(f"select a from t {where} order by rowid", values).fetchall()
    words = folded(asked).split()
    assert [a for (a,) in rows] == [t for t in texts if all(w in folded(t) for w in words)]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_folding_twice_changes_nothing_more(text):
    assert folded(folded(text)) == folded(text)


# ------------------------------------------------------------------ conditions


def matching(client, table="rows", **conditions):
    """The codes of what a page finds, as a person would fill in its form."""
    columns = {"rows": "code", "findings": "check", "cells": "raw", "documents": "document"}
    return [row[columns[table]] for row in found(client, table, conditions)]


WARNINGS = ["report_repeated", "code_misread"]
EVERY = ["i1", "i2", "i3", "i1", "i10", "i11"]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"fiscal_year__exact": "๒๕๖๘"}, EVERY),
        ({"fiscal_year": "๒๕๖๘"}, EVERY),
        ({"fiscal_year__exact": "2,568"}, EVERY),
        ({"fiscal_year__not": "๒๕๖๘"}, []),
        ({"fiscal_year__contains": "๒๕"}, EVERY),
        ({"fiscal_year__contains": "๒๖"}, []),
        ({"fiscal_year__in": "๒๕๖๗,๒๕๖๘"}, EVERY),
        ({"fiscal_year__exact": "สองพัน"}, []),
        ({"score__gte": "๘๓.๕๗"}, ["i1", "i10"]),
        ({"score__lte": "๙.๕๐"}, ["i11"]),
        ({"score__exact": "๑๐๐"}, ["i1"]),
        ({"start_date__exact": "๒๐๒๔-๑๐-๐๑"}, ["i10"]),
        ({"start_date__gte": "๒๐๒๔-๑๐-๐๑"}, ["i10"]),
        ({"measures__contains": "ปี ๒๕๖๙"}, ["i1"]),
        ({"measures__contains": "๖๙"}, ["i1"]),
        ({"measures__contains": "e-service"}, ["i2"]),
        ({"measures__contains": "ซ้อ"}, ["i2"]),
        ({"measures__contains": "ซอ"}, []),
        ({"question__contains": "กํา"}, ["i3"]),
        ({"question__contains": "แจ้ง"}, ["i11"]),
        ({"question__contains": "จัดทำ"}, []),  # in another column
        ({"question__contains": "a*b [X]"}, ["i10"]),
        ({"question__contains": "ก%ขั้น"}, ["i3"]),
        ({"question__startswith": "กํา"}, ["i3"]),
        ({"question__endswith": "ตอน"}, ["i3"]),
        ({"question__notlike": "%การ%"}, ["i3", "i1", "i10", "i11"]),
        ({"agency__exact": "เทศบาลตำบลนํ้าปาย"}, EVERY[:5]),
        ({"agency": "เทศบาลตําบลน้ําปาย"}, EVERY[:5]),
        ({"agency__not": "เทศบาลตำบลนํ้าปาย"}, []),
        ({"agency__contains": "นํ้า"}, EVERY[:5]),
        ({"agency__contains": "%"}, EVERY[:5]),
        ({"code__exact": "i๑๐"}, ["i10"]),
        ({"code__exact": "i๑"}, ["i1", "i1"]),
        ({"code__in": "i๑,i๓"}, ["i1", "i3", "i1"]),
        ({"code__in": "[]"}, []),
        ({"code__exact": ""}, []),
        ({"responsible__arraycontains": "กองช่าง"}, ["i3"]),
        ({"responsible__arraycontains": "กองช่า"}, []),
        ({"pages__arraycontains": "๙"}, ["i3"]),
        ({"pages__arraycontains": "4"}, ["i3"]),
        ({"pages__arraynotcontains": "2"}, ["i3"]),
        ({"needs_review__exact": "ใช่"}, ["i3"]),
        ({"needs_review__exact": "yes"}, ["i3"]),
        ({"needs_review__exact": "Yes"}, ["i3"]),
        ({"needs_review__exact": "✓"}, ["i3"]),
        ({"needs_review__contains": "ใช่"}, ["i3"]),
        ({"needs_review__exact": "๑"}, ["i3"]),
        ({"needs_review__not": "ไม่ใช่"}, ["i3"]),
        ({"needs_review__exact": "บางที"}, []),
    ],
)
def test_a_condition_means_what_a_search_means(client, condition, expected):
    assert matching(client, **condition) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"severity__exact": "ควรตรวจ"}, WARNINGS),
        ({"severity__exact": "warning"}, WARNINGS),
        ({"severity__exact": "Warning"}, WARNINGS),
        ({"severity__not": "ควรตรวจ"}, []),
        ({"severity__not": "ผิดพลาด"}, WARNINGS),
        ({"severity__contains": "ควร"}, WARNINGS),
        ({"severity__contains": "r"}, WARNINGS),
        ({"severity__in": "ควรตรวจ, ผิดพลาด"}, WARNINGS),
        ({"severity__exact": "หมายเหตุ"}, []),
        ({"check__exact": "Code misread"}, ["code_misread"]),
        ({"check__exact": "code_misread"}, ["code_misread"]),
        ({"check__contains": "misread"}, ["code_misread"]),
        ({"check__contains": "code_"}, ["code_misread"]),
        ({"check__not": "Code misread"}, ["report_repeated"]),
    ],
)
def test_a_condition_takes_the_words_of_the_page_and_those_of_the_file(client, condition, expected):
    assert matching(client, "findings", **condition) == expected


def test_what_is_stored_as_it_was_typed_comes_before_other_spellings(tmp_path):
    write_run(
        tmp_path,
        results(tuple(row("a.pdf", f"i{n}", district=f"ที่ {n}๒") for n in (1, 2)))
        + [
            DocumentResult(DocumentRecord(name, "ok", digest_of(name)))
            for name in ("ปี 2569", "ปี ๒๕๖๙")
        ],
    )
    shelf = Shelf(browse_file(tmp_path), Published(tmp_path).tables)
    with browsing(shelf, Guard(frozenset({HOST}))) as application:
        client = client_of(application)
        for name in ("ปี 2569", "ปี ๒๕๖๙"):
            assert matching(client, "documents", document=name) == [name]
        assert matching(client, "documents", document__contains="๒๕๖๙") == ["ปี 2569", "ปี ๒๕๖๙"]


def test_a_condition_goes_on_over_the_pages(client):
    asked = {"needs_review__exact": "ไม่ใช่", "_size": "3", "_shape": "objects"}
    first = client.get("/browse/rows.json", params=asked).json()
    second = client.get(first["next_url"]).json()
    both = [*first["rows"], *second["rows"]]
    assert [row["code"] for row in both] == ["i1", "i2", "i1", "i10", "i11"]


def test_the_form_and_the_counts_show_what_was_typed(client):
    thai = {"cookie": "raingan_language=th"}
    asked = {"severity__exact": "warning", "check__contains": "misread"}
    text = client.get("/browse/findings", params=asked, headers=thai).text
    assert re.search(r'name="_filter_value_\d" value="ควรตรวจ"', text)
    assert re.search(r'<li class="chosen"><a href="[^"]*">ควรตรวจ</a>', text)
    assert '<span title="warning">ควรตรวจ</span>' in text
    several = client.get("/browse/findings", params={"severity__in": "error,warning"}, headers=thai)
    assert 'value="ผิดพลาด, ควรตรวจ"' in several.text
    rows = client.get("/browse/rows", params={"needs_review__exact": "ใช่"}, headers=thai).text
    assert re.search(r'<li class="chosen"><a href="[^"]*">ใช่</a>', rows)
    assert re.search(r'<td class="is-needs_review"[^>]*><div><span title="1">ใช่</span>', rows)
    assert re.search(r'name="_filter_value_\d" value="ใช่"', rows)


def test_cells_and_counts_have_the_same_words(client):
    for language in ("th", "en"):
        text = client.get(
            "/browse/findings", headers={"cookie": f"raingan_language={language}"}
        ).text
        title = SEVERITY_TITLES["warning"]
        name = title.th if language == "th" else title.en
        chosen = client.get(
            "/browse/findings?severity=warning", headers={"cookie": f"raingan_language={language}"}
        ).text
        assert f">{name}</a> <span>2</span>" in chosen
        assert f'<span title="warning">{name}</span>' in text


def test_a_severity_has_one_name_in_a_language(shelf):
    from review.words import word as review_word

    for severity in ("error", "warning", "info"):
        for language in ("th", "en"):
            title = SEVERITY_TITLES[severity]
            name = title.th if language == "th" else title.en
            assert shelf.label("findings", "severity", severity, language) == name
            assert review_word(severity, language) == name


def test_like_in_a_statement_is_folded_too(client):
    sql = "select code from rows where measures like :what order by 1"
    asked = {"sql": sql, "_shape": "arrays"}
    for what, expected in (("%ปี ๒๕__", [["i1"]]), ("SCRIPT%", []), ("%SCRIPT%", [["i1"]])):
        answer = client.get("/browse.json", params=asked | {"what": what})
        assert answer.json()["rows"] == expected
    null = client.get("/browse.json", params={"sql": "select null like 'a'", "_shape": "arrays"})
    assert null.json()["rows"] == [[None]]


@given(
    pattern=st.lists(st.sampled_from(["a", "b", "%", "_", ".", "("]), max_size=7).map("".join),
    text=st.lists(st.sampled_from(["a", "b", ".", "(", "\n"]), max_size=7).map("".join),
)
def test_like_is_that_of_sqlite_where_nothing_is_folded(pattern, text):
    text = folded(text)
    with sqlite3.connect(":memory:") as database:
        [(expected,)] = database.execute("select ? like ?", (text, pattern))
    assert folded_like(pattern, text) == bool(expected)


@pytest.mark.parametrize("sql", ["'a' like hex(zeroblob(9000))", "hex(zeroblob(900000)) like 'a'"])
def test_like_does_not_begin_what_would_not_end(client, sql):
    answer = client.get("/browse.json", params={"sql": f"select {sql}", "_shape": "arrays"})
    assert answer.json()["rows"] == [[None]]


# ------------------------------------------------------------------ pages


def test_the_first_page_leads_to_every_table_with_its_count(client, shelf):
    text = client.get("/").text
    for table in shelf.tables:
        assert f'href="/browse/{table.name}"' in text
        assert f"<strong>{table.title_en}</strong>" in text
    assert [t.name for t in shelf.tables[:3]] == ["rows", "findings", "documents"]
    assert "<span>6 records</span>" in text


def test_a_page_shows_values_readably_and_nothing_technical(client):
    text = client.get("/browse/rows?_columns=all").text
    for shown in ("83.57", "2024-10-01", "3-5, 9", "กองคลัง\nกองช่าง", "yes", "no"):
        assert f">{shown}<" in text, shown
    assert '["' not in text
    assert "is-loaded_at" not in text
    assert text.count('<tr class="doubt">') == 1
    assert 'class="mark warning">Needs review' in text


def test_what_a_document_says_is_text(client):
    text = client.get("/browse/rows").text
    assert SCRIPT not in text
    assert "&lt;script&gt;alert(" in text
    assert "o‹202E›i" in text
    nasty = client.get("/browse/rows", params={"_search": '"><script>'}).text
    assert "<script" not in nasty


def test_order_is_that_of_the_published_table(client):
    assert codes(client, "") == [f"{r.document[0]}:{r.code}" for r in ROWS]


@pytest.mark.parametrize("order", [{}, {"_sort": "code"}, {"_sort_desc": "score"}])
def test_pages_follow_each_other_without_a_gap(client, order):
    seen, asked = [], {**order, "_size": "4", "_shape": "objects"}
    address = "/browse/rows.json"
    while address:
        answer = client.get(address, params=asked).json()
        seen += [(row["document"], row["code"]) for row in answer["rows"]]
        address, asked = answer["next_url"], None
    assert len(seen) == 6
    assert set(seen) == {(r.document, r.code) for r in ROWS}


def test_numbers_are_ordered_as_numbers(client):
    rows = found(client, "rows", {"score__notnull": "1", "_sort": "score"})
    assert [row["score"] for row in rows] == [9.5, 83.57, 100]


def test_what_is_worth_counting_is_counted(client):
    answer = client.get("/browse/rows.json").json()
    counted = {
        name: {one["value"]: one["count"] for one in facet["results"]}
        for name, facet in answer["facet_results"].items()
    }
    assert counted["needs_review"] == {0: 5, 1: 1}
    assert counted["indicator_no"] == {1: 4, 4: 2}
    assert counted["agency"] == {"เทศบาลตำบลน้ำปาย": 5}
    text = client.get("/browse/findings").text
    assert ">Code misread</a>" in text


def test_a_finding_leads_to_the_rows_of_its_document(client):
    text = client.get("/browse/findings").text
    assert 'href="/browse/rows?document=a.pdf"' in text
    assert 'href="/browse/rows?document=a.pdf&amp;code__in=i3"' in text
    rows = found(client, "rows", {"document": "a.pdf", "code__in": "i3"})
    assert [row["code"] for row in rows] == ["i3"]
    assert "3: i๓\nframework 2568: i3" in text


def test_a_form_without_javascript_adds_a_condition(client):
    asked = {"_filter_column": "code", "_filter_op": "exact", "_filter_value": "i10"}
    there = client.get("/browse/rows", params=asked)
    assert there.status_code == 302
    text = client.get(there.headers["location"]).text
    assert "1 of 6 records" in " ".join(text.split())


def test_a_record_has_a_page_of_its_own(client):
    text = client.get("/browse/rows").text
    links = re.findall(r'<td><a href="(/browse/rows/[^"]+)"', text)
    assert len(links) == 6
    own = client.get(links[2]).text
    for shown in ("Responsible units", "กองคลัง\nกองช่าง", "3-5, 9", "<code"):
        assert shown in own
    assert 'href="/browse/findings?document=a.pdf"' in own


def test_pages_are_in_thai_or_english(shelf, client):
    assert "<h1>Browse</h1>" in client.get("/").text
    chosen = client.get("/language?to=th")
    assert chosen.status_code == 303
    cookie = {"cookie": chosen.headers["set-cookie"].split(";")[0]}
    client = client_of(client.app)
    text = client.get("/browse/rows?needs_review=1", headers=cookie).text
    assert '<html lang="th">' in text
    for shown in ("แถวตัวชี้วัด", "ควรตรวจทาน", "หน่วยงานที่รับผิดชอบ", "ค้นหา"):
        assert shown in text
    assert 'href="/language?to=en"' in text
    asking = replace_language(shelf, "")
    assert asking.words(request_of("th-TH,th;q=0.9"))["language"] == "th"
    assert asking.words(request_of("de"))["language"] == "en"


def replace_language(shelf, language):
    return Shelf(shelf.path, shelf.tables, language, shelf.counts)


def request_of(languages):
    from starlette.requests import Request

    headers = [(b"accept-language", languages.encode())]
    return Request({"type": "http", "method": "GET", "headers": headers})


def test_titles_and_meanings_are_with_the_data(shelf):
    rows = metadata_of("browse", shelf.tables)["databases"]["browse"]["tables"]["rows"]
    assert rows["title"] == "แถวตัวชี้วัด / Indicator rows"
    assert rows["columns"]["code"].startswith("รหัสข้อ / Code: ")
    assert rows["label_column"] == "document"
    assert {"agency", "fiscal_year", "indicator_no", "needs_review"} <= set(rows["facets"])


def test_a_table_of_another_kind_is_shown_as_it_is_described(shelf):
    prices = Table(
        "prices", "ราคา", "Prices", "one record per item",
        (
            Field("document", "string", "เอกสาร", "Document", ""),
            Field("item", "string", "รายการ", "Item", "what is bought"),
            Field("kind", "string", "ชนิด", "Kind", "", allowed=("a", "b")),
        ), "",
    )  # fmt: skip
    other = Shelf(shelf.path, (*shelf.tables, prices), "th")
    assert [t.name for t in other.tables][:3] == ["rows", "prices", "findings"]
    assert other.columns("prices", everything=False) == ("document", "item", "kind")
    assert other.column_title("prices", "item", "th") == "รายการ"
    assert other.label("prices", "severity", "odd", "th") == "odd"
    described = metadata_of("x", other.tables)["databases"]["x"]["tables"]["prices"]
    assert described["facets"] == ["kind"]


def test_a_document_of_another_kind_leads_to_its_own_table(shelf):
    other = Shelf(shelf.path, shelf.tables, homes={"p.pdf": "prices"})
    there = {"document": "p.pdf", "findings": 1, "rows": 7}
    assert other.link("findings", "document", "p.pdf", there) == "/browse/prices?document=p.pdf"
    assert other.link("documents", "rows", 7, there) == "/browse/prices?document=p.pdf"
    assert other.link("documents", "findings", 1, there) == "/browse/findings?document=p.pdf"
    assert other.link("findings", "document", "a.pdf", {"document": "a.pdf"}).startswith(
        "/browse/rows?"
    )
    assert other.link("rows", "document", "a&b", {"document": "a&b"}) == (
        "/browse/documents?document=a%26b"
    )


def test_an_index_is_made_of_whatever_tables_there_are(tmp_path):
    fields = (Field("document", "string", "", "", ""), Field("amount", "number", "", "", ""))
    tables = [Table("prices", "", "", "", fields, ""), Table("findings", "", "", "", fields, "")]
    with sqlite3.connect(tmp_path / "x.sqlite") as database:
        for table in tables:
            database.execute(f"create table {table.name} (document text, amount real)")
            database.execute(f"insert into {table.name} values ('p.pdf', 1), ('q.pdf', 2)")
    add_search(tmp_path / "x.sqlite", tables, "a key")
    said = made_from(tmp_path / "x.sqlite")
    assert said["key"] == "a key"
    assert json.loads(said["homes"]) == {"p.pdf": "prices", "q.pdf": "prices"}
    assert json.loads(said["counts"]) == {"prices": 2, "findings": 2}


# ------------------------------------------------------------------ who is answered


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1:9", "127.0.0.1", "localhost:8000.x", ""]
)
def test_another_host_is_answered_nothing(client, path, host):
    answer = client.get(path, headers={"host": host})
    assert (answer.status_code, answer.text) == (400, UNKNOWN_HOST + "\n")
    assert HOST not in answer.text


@pytest.fixture(scope="module")
def locked(out):
    shelf = Shelf(browse_file(out), Published(out).tables, "en")
    with browsing(shelf, Guard(frozenset({HOST}), "secret-word")) as application:
        yield application


@pytest.mark.parametrize("path", [path for path in PATHS if not path.startswith("/enter")])
def test_without_the_token_nothing_is_shown(locked, path):
    for cookies in ({}, {"raingan_session": "wrong"}):
        answer = client_of(locked).get(path, headers=cookie_header(cookies))
        assert (answer.status_code, answer.text) == (
            403,
            "the address with its token is needed\n",
        )


def cookie_header(cookies):
    return {"cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}


def test_the_address_with_the_token_opens_the_pages(locked):
    person = client_of(locked)
    assert person.get("/enter?token=wrong").status_code == 403
    entered = person.get("/enter?token=secret-word")
    assert (entered.status_code, entered.headers["location"]) == (303, "/")
    assert "httponly" in entered.headers["set-cookie"].lower()
    assert person.get("/browse/rows").status_code == 200


def test_others_are_let_in_only_with_a_token(out):
    with pytest.raises(CannotServe, match="give them a --token, such as --token "):
        serve_browse(out, host="0.0.0.0", port=0, token="", language="", browser=False)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
@pytest.mark.parametrize(
    "path",
    ["/", "/browse", "/browse/rows", "/browse/rows/,a.pdf,i1", "/-/messages", "/language?to=th"],
)
def test_other_methods_are_refused(client, shelf, capfd, method, path):
    before = digest(shelf.path)
    for headers in ({}, {"origin": "http://evil.example"}):
        answer = client.request(method, path, data={"sql": "delete from rows"}, headers=headers)
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
    assert client.head("/browse/rows").status_code == 200
    assert digest(shelf.path) == before
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("path", [path for path in PATHS if not path.startswith("/enter")])
def test_pages_load_nothing_from_elsewhere(client, path):
    answer = client.get(path)
    assert answer.headers["content-security-policy"] == HEADERS["content-security-policy"]
    assert answer.headers["x-frame-options"] == "DENY"
    assert "access-control-allow-origin" not in answer.headers
    if answer.headers.get("content-type", "").startswith("text/html"):
        links = re.findall(r'(?:src|href|action)="([^"]*)"', answer.text)
        assert links
        assert [x for x in links if not x.startswith(("/", "#", f"http://{HOST}/"))] == []
        assert [x for x in links if x.startswith("//")] == []
        assert "<script" not in answer.text
        assert "style=" not in answer.text
    styles = answer.text if path.endswith(".css") else ""
    assert "http" not in styles
    assert "@import" not in styles


@pytest.mark.parametrize(
    "path",
    ["/-/databases.json", "/-/databases", "/-/metadata", "/-/versions", "/-/threads", "/-/patterns",
     "/-/static/app.css", "/-/auth-token", "/%2D/databases", "/browse.db", "/browse/rows.csv",
     "/browse.csv?sql=select+1", "/browse/rows.csv?_stream=1"],
)  # fmt: skip
def test_what_is_not_about_the_data_is_not_there(client, path):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/_internal", "/_internal/databases", "/_internal.json"])
def test_what_datasette_keeps_for_itself_is_not_shown(client, path):
    assert client.get(path).status_code in (403, 404)


def test_no_page_names_a_folder_of_this_machine(client, out):
    for path in PATHS:
        assert str(out) not in client.get(path).text, path
    for sql in ("select * from pragma_database_list", "select file from pragma_database_list()"):
        answer = client.get("/browse.json", params={"sql": sql, "_shape": "arrays"})
        assert answer.status_code == 200
        assert str(out) not in answer.text
        assert ".raingan" not in answer.text


# ------------------------------------------------------------------ what is said


@pytest.mark.parametrize(
    ("path", "thai", "english"),
    [
        ("/nothing", "ไม่มีหน้านี้: เลือกตาราง", "There is no such page: choose a table"),
        ("/browse/nothing", "ไม่มีหน้านี้: เลือกตาราง", "There is no such page: choose a table"),
        ("/-/databases", "ไม่มีหน้านี้: เลือกตาราง", "There is no such page: choose a table"),
        ("/browse/rows.csv", "ใช้ไฟล์ CSV ในโฟลเดอร์ผลลัพธ์", "take that of the output folder"),
        ("/browse/rows/,a.pdf,none", "ไม่พบรายการนี้", "There is no such record"),
        ("/browse?sql=delete+from+rows", "ต้องขึ้นต้นด้วย SELECT", "has to begin with SELECT"),
        ("/browse?sql=select+x{}", "ทำตามคำขอไม่ได้ (unrecognized", "cannot be asked (unrecognized"),
        ("/browse?sql=select+values+from+rows", "ต้องมีเครื่องหมายคำพูด", "need their quotes"),
        ("/browse?sql=select+ไม่มี+from+rows", "ไม่มีคอลัมน์ ไม่มี: ดูชื่อ", "There is no column ไม่มี:"),
        ("/browse/rows?x%7B0%7D=1", "ไม่มีคอลัมน์ x{0}: ดูชื่อ", "There is no column x{0}:"),
        ("/browse/rows?_sort=x", "ไม่มีคอลัมน์ x: ดูชื่อ", "There is no column x:"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_said_in_the_language_with_what_to_do(
    client, capfd, path, thai, english
):
    for language, words in (("th", thai), ("en", english)):
        answer = client.get(path, headers={"cookie": f"raingan_language={language}"})
        assert answer.status_code in (400, 404)
        assert words in answer.text
    assert capfd.readouterr().err == ""  # a slip of theirs is no fault of ours


def test_an_unknown_host_is_told_what_to_open(client):
    text = client.get("/", headers={"host": "evil.example"}).text
    assert "open the address that the program shows" in text
    assert "เปิดที่อยู่ที่โปรแกรมแสดงไว้" in text


@pytest.mark.parametrize(
    ("before", "there"),
    [
        (f"http://{HOST}/browse/rows?_search=%E0%B8%81&a=1", "/browse/rows?_search=%E0%B8%81&a=1"),
        (f"http://{HOST}/browse/rows/,a.pdf,i1", "/browse/rows/,a.pdf,i1"),
        (f"http://{HOST}/", "/"),
        ("", "/"),
        ("http://evil.example/browse/rows", "/"),
        (f"http://evil.example/{HOST}/browse", "/"),
        (f"http://{HOST}@evil.example/browse", "/"),
        (f"http://{HOST}//evil.example/x", "/"),
        (f"http://{HOST}/\\evil.example/x", "/"),
        (f"http://{HOST}/language?to=en", "/"),
        (f"http://{HOST}/enter?token=x", "/"),
        ("http://[", "/"),
    ],
)  # fmt: skip
def test_the_language_changes_on_the_page_that_is_read(client, before, there):
    answer = client.get("/language?to=th", headers={"referer": before} if before else {})
    assert (answer.status_code, answer.headers["location"]) == (303, there)
    assert "raingan_language=th" in answer.headers["set-cookie"]


def test_the_language_of_the_review_leads_back_to_pages_and_not_to_forms():
    def shown(request):
        return PlainTextResponse("")

    routes = [
        Route("/item/{item}", shown),
        Route("/undo", shown, methods=["POST"]),
        Route("/language", choose_language),
    ]
    client = client_of(Starlette(routes=routes))
    for before, there in (
        ("/item/a%2Bb?check=x", "/item/a%2Bb?check=x"),
        ("/undo", "/"),
        ("/nothing", "/"),
    ):
        answer = client.get("/language?to=en", headers={"referer": f"http://{HOST}{before}"})
        assert answer.headers["location"] == there


# ------------------------------------------------------------------ nothing is changed


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    "sql",
    [
        "insert into rows (document) values ('x')",
        "update rows set code = 'x'",
        "delete from rows",
        "drop table rows",
        "create table x (y)",
        "create temp table x (y)",
        "with x as (select 1) delete from rows",
        "with x as (select 1) insert into rows (document) select * from x",
        "explain query plan delete from rows",
        "select 1; delete from rows",
        "attach 'other.sqlite' as other",
        "detach main",
        "vacuum into 'other.sqlite'",
        "pragma writable_schema = 1",
        "pragma query_only = 0",
        "select * from pragma_journal_mode('delete')",
        "select load_extension('x')",
        "select writefile('x', 'y')",
        "select readfile('/etc/hostname')",
        "select fts3_tokenizer('simple', x'00')",
        "insert into rows_search (rows_search) values ('delete-all')",
        "select length(zeroblob(100000000))",
        "select hex(zeroblob(40000000))",
        "reindex",
        "begin immediate",
        "",
    ],
)
def test_sql_by_hand_reads_and_does_nothing_else(client, shelf, sql):
    before = digest(shelf.path)
    answer = client.get("/browse.json", params={"sql": sql} if sql else {"sql": ";"})
    assert answer.status_code == 400, answer.text
    assert answer.json()["ok"] is False
    assert client.get("/browse", params={"sql": sql or ";"}).status_code == 400
    assert digest(shelf.path) == before
    assert not Path("other.sqlite").exists()


def test_sql_by_hand_answers(client):
    sql = "select document, count(*) n from rows where score > :least group by 1"
    asked = {"sql": sql, "least": "10", "_shape": "arrays"}
    assert client.get("/browse.json", params=asked).json()["rows"] == [["b.pdf", 2]]
    text = client.get("/browse", params=asked).text
    assert '<th scope="col">n</th>' in text
    assert 'name="least" value="10"' in text


def test_the_sql_of_a_page_can_be_taken_on(client):
    text = client.get("/browse/rows", params={"_search": "ซ้อม ๑๐๐%"}).text
    there = re.search(r'href="(/browse\?sql=[^"]+)"', text)[1].replace("&amp;", "&")
    assert ">i2<" in client.get(there).text


def test_a_query_without_end_is_ended(client):
    sql = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n"
    answer = client.get("/browse", params={"sql": sql})
    assert answer.status_code == 400
    assert "longer than five seconds" in answer.text
    assert "http" not in answer.text.replace(f"http://{HOST}", "")


def test_what_a_statement_may_do():
    allowed = [
        (sqlite3.SQLITE_SELECT, None, None),
        (sqlite3.SQLITE_READ, "rows", "code"),
        (sqlite3.SQLITE_FUNCTION, None, "avg"),
        (sqlite3.SQLITE_PRAGMA, "table_info", "rows"),
    ]
    refused = [
        (sqlite3.SQLITE_INSERT, "rows", None),
        (sqlite3.SQLITE_UPDATE, "rows", "code"),
        (sqlite3.SQLITE_DELETE, "rows", None),
        (sqlite3.SQLITE_ATTACH, "x", None),
        (sqlite3.SQLITE_PRAGMA, "writable_schema", "1"),
        (sqlite3.SQLITE_FUNCTION, None, "load_extension"),
        (sqlite3.SQLITE_CREATE_TEMP_TABLE, "x", None),
        (sqlite3.SQLITE_TRANSACTION, "BEGIN", None),
    ]
    assert [read_only(*one) for one in allowed] == [sqlite3.SQLITE_OK] * len(allowed)
    assert [read_only(*one) for one in refused] == [sqlite3.SQLITE_DENY] * len(refused)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/browse/nothing", 404),
        ("/nothing", 404),
        ("/browse/rows/x", 400),
        ("/browse/rows?_sort=nothing", 400),
        ("/browse/rows?nothing__contains=1", 400),
        ("/browse/rows?nothing=1", 400),
        ("/browse/rows?_where=nothing", 400),
        ("/browse/rows?_where=load_extension('x')", 400),
        ("/browse/rows?_size=-1", 400),
    ],
)
def test_what_cannot_be_shown_is_said_on_a_page(client, path, status):
    answer = client.get(path)
    assert answer.status_code == status
    assert "<h1>This cannot be shown</h1>" in answer.text
    assert client.get(path.replace("?", ".json?") if "?" in path else path + ".json").status_code


# ------------------------------------------------------------------ the file


@pytest.fixture
def own(tmp_path):
    write_run(tmp_path / "out", results())
    return tmp_path / "out"


def test_the_file_is_made_once(own):
    told = []
    path = browse_file(own, told.append)
    before = path.stat()
    assert browse_file(own, told.append) == path
    assert told == [f"making browse.sqlite of {own}: once for this state of its tables"]
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert list((own / ".raingan" / "tmp").iterdir()) == []
    assert made_from(path)["counts"] == json.dumps(
        {"rows": 6, "cells": 2, "corrections": 0, "findings": 2, "documents": 2}
    )


def test_the_file_is_made_anew_when_the_tables_are_others(own):
    first = made_from(browse_file(own))["key"]
    write_run(own, results(tuple(replace(r, measures="คลองใหม่") for r in ROWS[:4])))
    path = browse_file(own)
    assert made_from(path)["key"] != first
    with browsing(Shelf(path, Published(own).tables), Guard(frozenset({HOST}))) as application:
        assert len(codes(client_of(application), "คลองใหม่")) == 4
    write_run(own, results())
    assert made_from(browse_file(own))["key"] == first


def test_a_page_says_when_the_tables_are_others_by_now(own):
    said = "The tables of the output folder have changed"
    with browsing(
        Shelf(browse_file(own), Published(own).tables, "en"), Guard(frozenset({HOST}))
    ) as app:
        client = client_of(app)
        assert said not in client.get("/browse/rows").text
        write_run(own, results())  # the same again
        assert said not in client.get("/browse/rows").text
        write_run(own, results(ROWS[:2]))
        for path in ("/", "/browse/rows", "/browse/rows/,a.pdf,i1", "/browse?sql=select+1"):
            text = client.get(path).text
            assert said in text
            assert "start raingan browse again" in text
        thai = client.get("/", headers={"cookie": "raingan_language=th"}).text
        assert "ตารางในโฟลเดอร์ผลลัพธ์เปลี่ยนไปแล้ว" in thai
        write_run(own, results())
        assert said not in client.get("/").text
        (own / "datapackage.json").unlink()
        assert said in client.get("/").text


def test_long_counts_are_folded_and_none_is_left_out(own):
    many = tuple(row("a.pdf", f"i{n}", agency=f"เทศบาล {n:02}") for n in range(1, 13))
    write_run(own, results(many))
    with browsing(
        Shelf(browse_file(own), Published(own).tables, "en"), Guard(frozenset({HOST}))
    ) as app:
        text = client_of(app).get("/browse/rows").text
        assert re.findall(r"<summary>(more [^<]*)</summary>", text) == ["more 7"]
        assert len(re.findall(r'<a href="[^"]*">เทศบาล \d\d</a> <span>1</span>', text)) == 12
        assert "<details open><summary>more" not in text
        chosen = client_of(app).get("/browse/rows", params={"_facet_size": "12", "code": "i9"}).text
        assert "more" not in re.findall(r"<summary>([^<]*)</summary>", chosen)


@pytest.mark.parametrize("damage", [b"", b"no database", None])
def test_a_damaged_file_is_made_anew(own, damage):
    path = browse_file(own)
    whole = path.read_bytes()
    path.write_bytes(whole[:5000] if damage is None else damage)
    with browsing(Shelf(browse_file(own), Published(own).tables), Guard(frozenset({HOST}))) as app:
        assert len(codes(client_of(app), "")) == 6


def test_a_folder_may_have_any_name(tmp_path):
    folder = tmp_path / "งาน 50% #1?x=2"
    write_run(folder, results())
    shelf = Shelf(browse_file(folder), Published(folder).tables)
    with browsing(shelf, Guard(frozenset({HOST}))) as application:
        assert codes(client_of(application), "ซ้อม") == ["a:i2"]


def test_what_a_run_keeps_is_not_needed(own):
    shutil.rmtree(own / ".raingan")
    assert made_from(browse_file(own))["key"]


def test_a_folder_without_a_run_is_an_error(tmp_path):
    with pytest.raises(NotARun, match="no finished run"):
        browse_file(tmp_path)


def test_a_place_that_takes_no_file_is_an_error(own):
    shutil.rmtree(own / ".raingan")
    (own / ".raingan").write_text("in the way", "utf-8")
    with pytest.raises(CannotWrite, match="cannot write"):
        browse_file(own)


def test_a_full_disk_is_an_error_and_leaves_nothing(own, monkeypatch):
    def full(*_):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("review.browse.add_search", full)
    with pytest.raises(CannotWrite, match=r"disk is full\); it needs free space"):
        browse_file(own)
    assert not (own / ".raingan" / "browse.sqlite").exists()
    assert list((own / ".raingan" / "tmp").iterdir()) == []


def test_without_the_extra_it_says_what_to_install(own, monkeypatch):
    monkeypatch.setitem(sys.modules, "datasette.app", None)
    with pytest.raises(CannotBrowse, match=r"pip install 'raingan\[browse\]'"):
        serve_browse(own, host="127.0.0.1", port=0, token="", language="", browser=False)
    assert not (own / ".raingan" / "browse.sqlite").exists()


def test_two_servers_in_one_process_show_their_own(own, shelf, client):
    write_run(own, results(ROWS[:1]))
    other = Shelf(browse_file(own), Published(own).tables, "th")
    with browsing(other, Guard(frozenset({HOST}))) as application:
        assert codes(client_of(application), "") == ["a:i1"]
        assert len(codes(client, "")) == 6
        assert '<html lang="th">' in client_of(application).get("/").text
        assert '<html lang="en">' in client.get("/").text
    assert len(codes(client, "")) == 6


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly(out, number):
    code = (
        "import sys; from pathlib import Path; from review.browse import serve_browse; "
        "serve_browse(Path(sys.argv[1]), host='127.0.0.1', port=0, token='', language='', "
        "browser=False)"
    )
    command = [sys.executable, "-c", code, str(out)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as program:
        assert " at http://127.0.0.1:" in program.stdout.readline()
        program.send_signal(number)
        _, errors = program.communicate(timeout=60)
    assert (program.returncode, errors) == (0, "")


# ------------------------------------------------------------------ a real browser


@pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium")
def test_a_person_searches_and_follows_links(page, browser, out):  # noqa: F811
    import threading

    import uvicorn
    from axe_playwright_python.sync_playwright import Axe

    shelf = Shelf(browse_file(out), Published(out).tables, "th")
    with (
        listening_at("127.0.0.1", 0, "", "the tables") as (socket, guard, address),
        browsing(shelf, guard) as application,
    ):
        config = uvicorn.Config(application, log_level="warning", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]})
        thread.start()
        try:
            page.goto(address)
            page.get_by_role("searchbox").fill("ซ้อม ๑๐๐%")
            with page.expect_navigation():
                page.keyboard.press("Enter")
            assert page.locator("tbody tr").count() == 1
            assert "1 จาก 6 รายการ" in page.locator("h1").inner_text()
            asked = page.url
            page.get_by_role("link", name="English").click()
            assert page.url == asked
            assert "1 of 6 records" in page.locator("h1").inner_text()
            page.get_by_role("link", name="ไทย").click()
            assert page.url == asked
            page.goto(f"{address}browse/findings")
            page.get_by_role("link", name="a.pdf", exact=True).click()
            assert page.locator("tbody tr").count() == 3
            page.get_by_role("link", name="เปิด").first.click()
            assert page.locator("dl.record dt").count() > 25
            assert page.complaints == []
            assert {url.split("/")[2] for url in page.asked} == {address.split("/")[2]}
            checked = browser.new_context(bypass_csp=True).new_page()
            checked.set_viewport_size({"width": 360, "height": 700})
            for path in ("", "browse", "browse/rows?_search=กอง", "browse/rows/,a.pdf,i1"):
                checked.goto(address + path)
                wide = checked.evaluate("document.documentElement.scrollWidth")
                assert wide <= 360, path
                violations = Axe().run(checked).response["violations"]
                serious = [v for v in violations if v["impact"] in ("serious", "critical")]
                assert [(v["id"], v["nodes"][0]["html"]) for v in serious] == [], path
            checked.goto(f"{address}browse/rows")
            box = checked.locator("tbody tr").first.bounding_box()
            assert box["y"] < 700
            for column in ("agency", "code", "question"):
                cell = checked.locator(f"tbody tr:first-child td.is-{column} div").bounding_box()
                assert cell["x"] >= 0, column
                assert cell["x"] + cell["width"] <= 360, column
            count = checked.locator(".facets li a").first
            assert not count.is_visible()
            checked.locator(".facets label").click()
            assert count.is_visible()
            checked.set_viewport_size({"width": 1200, "height": 800})
            checked.goto(f"{address}browse/rows")
            assert checked.locator(".facets li a").first.is_visible()
            checked.close()
        finally:
            server.should_exit = True
            thread.join()
