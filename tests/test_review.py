"""The review over HTTP: what it asks, what a decision changes, and what it refuses."""

import json
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from made import paged
from starlette.testclient import TestClient
from test_checks import MISREAD, QUESTIONS, TITLE, asked, bare, pages, titled
from typer.testing import CliRunner

from commands.main import app
from commands.review import review_tools
from export.decisions import append_decision, read_decisions
from export.store import Store
from extract.errors import ReportError
from normalize.decisions import Decision, in_force
from review.desk import Desk
from review.queue import Filter, after, items_of, order, sorted_queue
from review.serve import CannotServe, hosts_of, serve
from review.web import UNKNOWN_HOST, Guard, Site, png_of

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "samples"
HOST = "127.0.0.1:8000"
SCRIPT = "<script>alert('x')</script>"
FAULTY = pages(
    **titled(3, TITLE, MISREAD),
    **asked(2, bare(2, "๖๖")),
    **asked(4, QUESTIONS[3][1], result="ได้คะแนน ๑๓๒ คะแนน"),
    **asked(5, QUESTIONS[4][1], timeframe="ไตรมาสที่ ๒ ปีงบประมาณ ๒๕๖๕"),
    **asked(6, QUESTIONS[5][1], measures=f"{SCRIPT} ควร\u202eจัดทำ"),
    **asked(7, QUESTIONS[6][1], measures=""),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """An archive of a dump with faults and an exported PDF with some, and what it came to."""
    top = tmp_path_factory.mktemp("review")
    archive = top / "archive"
    archive.mkdir()
    (archive / "a.txt").write_text(paged(*FAULTY), "utf-8")
    shutil.copy(SAMPLES / "phanom-2568.pdf", archive)
    convert(archive, top / "out")
    return top


@pytest.fixture
def folder(made, tmp_path):
    shutil.copytree(made / "archive", tmp_path / "archive")
    return tmp_path / "archive"


@pytest.fixture
def out(made, folder, tmp_path):
    shutil.copytree(made / "out", tmp_path / "out")
    run = tmp_path / "out" / ".raingan" / "run.json"
    run.write_text(run.read_text("utf-8").replace(str(made), str(tmp_path)), "utf-8")
    return tmp_path / "out"


def convert(folder, out):
    done = CliRunner().invoke(app, ["convert", str(folder), "--out", str(out), "-q"])
    assert done.exit_code == 0, done.output


def open_desk(out, **more):
    return Desk(out, review_tools(Store(out)), **more)


class Person:
    """A browser with one review open."""

    def __init__(self, out, token="", **more):
        self.desk = open_desk(out, **more)
        self.site = Site(self.desk, Guard(frozenset({HOST}), token))
        self.client = TestClient(
            self.site.application(), base_url=f"http://{HOST}", follow_redirects=False
        )

    def get(self, path, **more):
        return self.client.get(path, **more)

    def post(self, path, headers=None, **fields):
        form = {"csrf": self.site.guard.csrf} | fields
        return self.client.post(path, data=form, headers=headers)

    def item(self, check, code=None):
        return next(
            i for i in self.desk.queue() if i.check == check and (code is None or i.code == code)
        )


@pytest.fixture
def person(out):
    return Person(out)


def rows(out, document="a.txt"):
    found = json.loads((out / "rows.json").read_text("utf-8"))
    return {row["code"]: row for row in found if row["document"] == document}


def findings(out, check):
    found = json.loads((out / "findings.json").read_text("utf-8"))
    return [f for f in found if f["check"] == check and f["document"] == "a.txt"]


# ------------------------------------------------------------------ the queue


def test_errors_come_before_warnings_and_notes(person):
    ranks = [item.severity for item in person.desk.queue()]
    assert ranks == sorted(ranks, key=["error", "warning", "info"].index)
    assert set(ranks) == {"error", "warning", "info"}
    assert person.desk.queue()[0].check == "score_range"


def test_what_is_least_sure_comes_first_of_its_kind(person):
    item = person.desk.queue()[0]
    weak = replace(item, id="b", confidence=0.2)
    done = replace(item, id="c", confidence=0.1, finding=replace(item.finding, fixed=True))
    assert [i.id for i in sorted_queue([done, item, weak])] == ["b", item.id, "c"]
    assert order(weak) < order(item)


def test_a_decided_finding_is_in_no_queue(person):
    about = person.desk.store.about("a.txt")
    left = items_of("a.txt", [replace(f, decided=True) for f in about.findings], ())
    assert left == ()


def test_the_queue_can_be_filtered_and_walked(person):
    text = person.get("/?severity=error&document=a.txt").text
    assert text.count('<tr class="error">') == 1
    assert '<tr class="warning">' not in text
    queue = person.desk.queue()
    assert after(queue, queue[0].id) == queue[1]
    assert after(queue, queue[1].id, -1) == queue[0]
    assert after(queue, queue[-1].id) is None
    assert not Filter("a.txt", "score_range", "info").takes(queue[0])


def test_every_item_has_a_page(person):
    for item in person.desk.queue():
        answer = person.get(f"/item/{item.id}")
        assert answer.status_code == 200, item
        assert item.check in answer.text


def test_a_dump_shows_its_lines_and_a_pdf_its_picture(person):
    dump = person.get(f"/item/{person.item('period_outside_year').id}").text
    assert '<td class="marked">ไตรมาสที่ ๒ ปีงบประมาณ ๒๕๖๕</td>' in dump
    item = next(i for i in person.desk.queue() if i.document == "phanom-2568.pdf" and i.place)
    page = person.get(f"/item/{item.id}").text
    [crop, *_] = re.findall(r'src="(/crop/[^"]+)"', page)
    [whole, *_] = re.findall(r'href="(/page/[^"]+)"', page)
    for path in (crop, whole.replace("/page/", "/picture/")):
        picture = person.get(path)
        assert picture.headers["content-type"] == "image/png"
        assert picture.content.startswith(b"\x89PNG")
    assert person.get(whole).status_code == 200


# ------------------------------------------------------------------ decisions


def test_what_is_right_is_asked_no_more(person, out):
    item = person.item("period_outside_year")
    assert rows(out)["i15"]["needs_review"]
    answer = person.post(f"/item/{item.id}", action="accept", why="ตามหนังสือ", who="สมชาย")
    assert answer.status_code == 303
    assert item.id not in person.desk.items
    assert person.desk.work()
    [finding] = findings(out, "period_outside_year")
    assert finding["decided"]
    assert not rows(out)["i15"]["needs_review"]
    [decision] = read_decisions(out / "decisions.jsonl")
    assert (decision.target, decision.why, decision.who) == ("finding", "ตามหนังสือ", "สมชาย")
    assert Person(out).desk.items.keys().isdisjoint({item.id})


def test_an_edited_value_is_in_the_rows_and_what_follows_from_it(person, out):
    item = person.item("period_outside_year")
    page = person.get(f"/item/{item.id}").text
    assert "<textarea" in page
    person.post(f"/item/{item.id}", action="edit", value="ไตรมาสที่ 2")
    person.desk.work()
    assert rows(out)["i15"]["timeframe"] == "ไตรมาสที่ 2"
    assert rows(out)["i15"]["start_date"] == "2026-01-01"
    assert findings(out, "period_outside_year") == []
    corrections = (out / "corrections.csv").read_text("utf-8-sig")
    assert "decision,ไตรมาสที่ ๒ ปีงบประมาณ ๒๕๖๕,ไตรมาสที่ 2" in corrections


def test_another_reading_can_be_chosen(person, out):
    item = person.item("code_misread", "i6")
    page = person.get(f"/item/{item.id}").text
    assert re.search(r'name="choose" value="i5"', page)
    person.post(f"/item/{item.id}", choose="i5")
    person.desk.work()
    assert "i6" not in rows(out)
    assert rows(out)["i5"]["indicator_no"] == 2


def test_agencies_are_offered_with_their_kind_and_place(person, out):
    item = next(i for i in person.desk.queue() if i.check == "agency_conflict")
    page = person.get(f"/item/{item.id}").text
    offered = re.findall(r'name="choose" value="([^"]*)"', page)
    assert offered
    assert all(name.startswith(("เทศบาล", "องค์การ")) for name in offered)
    person.post(f"/item/{item.id}", choose=offered[0])
    person.desk.work()
    assert offered[0].startswith(rows(out, item.document)["i1"]["agency"])


def test_a_row_carries_a_score_that_a_person_read(person, out):
    item = person.item("score_range", "i10")
    assert 'name="choose" value="132"' not in person.get(f"/item/{item.id}").text  # no score at all
    person.post(f"/item/{item.id}", action="edit", value="๙๒.๕")
    person.desk.work()
    assert rows(out)["i10"]["score"] == 92.5


@pytest.mark.parametrize(
    ("check", "on", "value"),
    [
        ("score_range", "row-score", "132"),
        ("score_range", "row-score", "มาก"),
        ("score_range", "row-start_date", "2569"),
        ("score_range", "row-indicator_no", "11"),
        ("score_range", "row-references", "o8\nอ๙"),
        ("code_misread", "row-code", "i99"),
        ("code_misread", "row-code", "x1"),
        ("agency_conflict", "document-fiscal_year", "1999"),
        ("agency_conflict", "document-agency", "  "),
        ("period_outside_year", "", "ก" * 20_001),
        ("period_outside_year", "", "ก\x07ข"),
    ],
)
def test_a_value_that_cannot_be_is_refused_and_kept_in_the_form(person, out, check, on, value):
    item = next(i for i in person.desk.queue() if i.check == check and i.document == "a.txt")
    answer = person.post(f"/item/{item.id}", action="edit", value=value, on=on)
    assert answer.status_code == 422
    assert "Not saved: " in answer.text
    assert read_decisions(out / "decisions.jsonl") == ()
    assert item.id in person.desk.items


def test_skipping_decides_nothing(person, out):
    queue = person.desk.queue()
    answer = person.post(f"/item/{queue[0].id}", action="skip")
    assert answer.headers["location"] == f"/item/{queue[1].id}"
    assert read_decisions(out / "decisions.jsonl") == ()


def truncated(folder, out):
    """A review of a report with nine cells that break off alike."""
    texts = pages(**asked(4, QUESTIONS[3][1], measures="จัดทำคู่มือ"))
    texts = [t.replace("ส่งเสริมการบริการประชาชน", "จัดทำแผนประชาสั") for t in texts]
    (folder / "a.txt").write_text(paged(*texts), "utf-8")
    convert(folder, out)
    return Person(out)


def test_the_same_for_all_alike(folder, out):
    person = truncated(folder, out)
    found = [i for i in person.desk.queue() if (i.check, i.document) == ("text_truncated", "a.txt")]
    assert len(found) == 9
    page = person.get(f"/item/{found[0].id}").text
    assert "Same for all alike in this document (8)" in page
    person.post(f"/item/{found[0].id}", action="accept", alike="1")
    assert person.desk.items.keys().isdisjoint({i.id for i in found})
    person.desk.work()
    assert all(f["decided"] for f in findings(out, "text_truncated"))


def test_a_decision_can_be_taken_back(person, out):
    before = rows(out)
    item = person.item("period_outside_year")
    person.post(f"/item/{item.id}", action="edit", value="ไตรมาสที่ 2")
    person.desk.work()
    assert person.post("/undo").headers["location"] == "/history?said=undone"
    person.desk.work()
    assert rows(out) == before
    assert item.id in person.desk.items
    assert in_force(read_decisions(out / "decisions.jsonl")) == ()
    assert person.post("/undo").status_code == 409


def test_the_history_takes_back_any_of_them(person):
    first, second = person.item("period_outside_year"), person.item("score_range", "i10")
    person.post(f"/item/{first.id}", action="accept")
    person.post(f"/item/{second.id}", action="accept")
    history = person.get("/history").text
    ids = re.findall(r'name="id" value="([0-9a-f]+)"', history)
    assert len(ids) == 2
    person.post("/undo", id=ids[1])
    [left] = in_force(person.desk.decisions)
    assert left.field == "score_range"


def test_decisions_hold_when_convert_runs_again(person, folder, out):
    item = person.item("period_outside_year")
    person.post(f"/item/{item.id}", action="edit", value="ไตรมาสที่ 2")
    person.desk.work()
    decided = rows(out)
    convert(folder, out)
    assert rows(out) == decided
    assert item.id not in Person(out).desk.items


def test_a_changed_reading_is_asked_again(person, folder, out):
    item = person.item("period_outside_year")
    person.post(f"/item/{item.id}", action="edit", value="ไตรมาสที่ 2")
    changed = [t.replace("ไตรมาสที่ ๒ ปีงบประมาณ ๒๕๖๕", "ไตรมาสที่ ๔ ปีงบประมาณ ๒๕๖๔") for t in FAULTY]
    (folder / "a.txt").write_text(paged(*changed), "utf-8")
    convert(folder, out)
    asked_again = {i.check for i in Person(out).desk.queue() if i.document == "a.txt"}
    assert {"stale_decision", "period_outside_year"} <= asked_again


def test_what_was_decided_elsewhere_is_taken_over(person, out):
    """Another window, or an edited file."""
    other = Person(out)
    item = other.item("period_outside_year")
    other.post(f"/item/{item.id}", action="accept")
    person.get("/")
    person.desk.work()
    assert item.id not in person.desk.items
    assert person.post(f"/item/{item.id}", action="accept").status_code == 409
    assert len(read_decisions(out / "decisions.jsonl")) == 1


def test_a_form_that_shows_another_value_than_now_is_not_taken(person):
    item = person.item("period_outside_year")
    answer = person.post(f"/item/{item.id}", action="edit", value="x", seen="เดิม")
    assert answer.status_code == 409


def test_what_was_decided_before_a_crash_is_applied_at_the_next_start(person, out):
    item = person.item("period_outside_year")
    person.post(f"/item/{item.id}", action="edit", value="ไตรมาสที่ 2")
    again = open_desk(out)  # the first one never came to write the tables
    assert again.waiting == {"a.txt"}
    again.close()
    assert rows(out)["i15"]["timeframe"] == "ไตรมาสที่ 2"


def test_the_worker_writes_what_waits_before_it_ends(out):
    desk = open_desk(out)
    desk.start()
    item = next(i for i in desk.queue() if i.check == "period_outside_year")
    client = Person(out)
    client.post(f"/item/{item.id}", action="accept")
    desk.read_decisions()
    desk.close()
    assert findings(out, "period_outside_year")[0]["decided"]


def test_a_value_that_was_typed_is_not_lost_by_accepting(person, out):
    item = person.item("period_outside_year")
    answer = person.post(
        f"/item/{item.id}", action="accept", seen=person_sees(person, item), value="ไตรมาสที่ 3"
    )
    assert answer.status_code == 422
    assert "ไตรมาสที่ 3</textarea>" in answer.text
    assert read_decisions(out / "decisions.jsonl") == ()


def person_sees(person, item):
    return re.search(r'name="seen" value="([^"]*)"', person.get(f"/item/{item.id}").text)[1]


def test_another_cell_of_the_row_is_decided_by_itself(person, out):
    item = person.item("period_outside_year")
    cell = next(c for c in Store(out).result("a.txt").cells if (c.page, c.field) == (6, "measures"))
    there = f"cell-{cell.page}-{cell.row}-{cell.column}"
    answer = person.post(f"/item/{item.id}", action="accept", on=there)
    assert answer.headers["location"] == f"/item/{item.id}?said=saved"
    [decision] = read_decisions(out / "decisions.jsonl")
    assert (decision.target, decision.field, decision.was) == ("cell", "measures", cell.raw)
    assert decision.now is None
    assert item.id in person.desk.items


def test_what_was_decided_on_one_form_is_undone_at_once(folder, out):
    person = truncated(folder, out)
    found = [i for i in person.desk.queue() if (i.check, i.document) == ("text_truncated", "a.txt")]
    person.post(f"/item/{found[0].id}", action="accept", alike="1")
    assert len(in_force(person.desk.decisions)) == 9
    person.post("/undo")
    assert in_force(person.desk.decisions) == ()
    person.desk.work()
    assert {i.id for i in found} <= person.desk.items.keys()


def test_a_value_goes_only_to_cells_that_read_alike(folder, out):
    person = truncated(folder, out)
    found = [i for i in person.desk.queue() if (i.check, i.document) == ("text_truncated", "a.txt")]
    person.post(f"/item/{found[0].id}", action="edit", value="จัดทำแผนประชาสัมพันธ์", alike="1")
    made = read_decisions(out / "decisions.jsonl")
    assert {(d.was, d.now) for d in made} == {("จัดทำแผนประชาสั", "จัดทำแผนประชาสัมพันธ์")}
    assert len({(d.page, d.row, d.column) for d in made}) == len(made) == 9


def test_a_second_window_is_told_what_was_decided_and_can_take_it_back(person, out):
    item = person.item("period_outside_year")
    person.post(f"/item/{item.id}", action="edit", value="ไตรมาสที่ 2", who="สมหญิง", why="อ่านจากภาพ")
    late = person.post(f"/item/{item.id}", action="accept")
    assert late.status_code == 409
    for said in ("ไตรมาสที่ 2</pre>", "สมหญิง", "อ่านจากภาพ"):
        assert said in late.text
    [decision] = in_force(person.desk.decisions)
    assert f'name="id" value="{decision.id}"' in late.text
    person.desk.work()
    assert "สมหญิง" in person.get(f"/item/{item.id}").text


def test_a_second_window_does_not_overwrite_what_it_does_not_show(person, out):
    item = person.item("period_outside_year")
    shown = str(rows(out)["i15"]["indicator_no"])
    other = {"on": "row-indicator_no", "action": "edit", "seen": shown}
    assert person.post(f"/item/{item.id}", value="4", **other).status_code == 303
    late = person.post(f"/item/{item.id}", value="5", **other)
    assert late.status_code == 409
    assert "<p>4</p>" in late.text
    assert f'href="/item/{item.id}"' in late.text


def test_who_decides_is_remembered_in_thai_too(person):
    first, second = person.desk.queue()[:2]
    person.post(f"/item/{first.id}", action="accept", who="สมชาย ใจดี")
    assert 'name="who" value="สมชาย ใจดี"' in person.get(f"/item/{second.id}").text


def test_a_line_taken_out_of_the_file_is_not_in_force_any_more(person, out):
    before = rows(out)
    item = person.item("period_outside_year")
    person.post(f"/item/{item.id}", action="edit", value="ไตรมาสที่ 2")
    person.desk.work()
    assert rows(out) != before
    (out / "decisions.jsonl").write_text("", "utf-8")
    person.get("/")
    person.desk.work()
    assert rows(out) == before


def test_a_file_of_decisions_that_is_broken_is_said(person, out):
    (out / "decisions.jsonl").write_text("{}\n{broken\n", "utf-8")
    for path in ("/", f"/item/{person.desk.queue()[0].id}", "/history"):
        answer = person.get(path)
        assert answer.status_code == 500
        assert "decisions.jsonl, line 1" in answer.text


def test_items_of_thai_readers_have_thai_names(person):
    item = person.item("period_outside_year")
    page = person.get(f"/item/{item.id}", headers={"accept-language": "th"}).text
    assert "<h1>ช่วงเวลาอยู่นอกปีงบประมาณ <code>period_outside_year</code></h1>" in page
    assert '<th scope="row">มาตรการ' in page


# ------------------------------------------------------------------ who may ask


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:81", "", "localhost"])
def test_an_unknown_host_is_not_answered(person, host):
    answer = person.get("/", headers={"host": host})
    assert (answer.status_code, answer.text) == (400, UNKNOWN_HOST + "\n")


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": f"https://{HOST}"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_another_site_decides_nothing(person, out, headers):
    item = person.desk.queue()[0]
    answer = person.post(f"/item/{item.id}", headers=headers, action="accept")
    assert answer.status_code == 403
    assert read_decisions(out / "decisions.jsonl") == ()


@pytest.mark.parametrize("csrf", ["", "x", "ก"])
def test_a_form_without_the_token_decides_nothing(person, out, csrf):
    item = person.desk.queue()[0]
    assert person.post(f"/item/{item.id}", action="accept", csrf=csrf).status_code == 403
    assert person.post("/undo", csrf=csrf).status_code == 403
    assert read_decisions(out / "decisions.jsonl") == ()


TRAVERSALS = [
    "../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e/%2e%2e/etc/passwd",
    "....//....//etc/passwd",
    "..\\..\\windows\\win.ini",
    "..%5c..%5cwindows",
    "%252e%252e%252fetc%252fpasswd",
    "/etc/passwd",
    "//etc/passwd",
    "file:///etc/passwd",
    "style.css%00.html",
    "style.css/../../desk.py",
    "..%c0%af..%c0%afetc/passwd",
    ".raingan/run.json",
    "~root/.bashrc",
]


@pytest.mark.parametrize("kind", ["static", "item", "picture", "crop"])
@pytest.mark.parametrize("path", TRAVERSALS)
def test_no_path_reaches_the_file_system(person, kind, path):
    first = person.desk.queue()[0].id
    for there in (f"/{kind}/{path}", f"/{kind}/{first}/{path}", f"/{path}"):
        answer = person.get(there)
        assert answer.status_code in (400, 404, 405), there
        assert "root:" not in answer.text


@pytest.mark.parametrize("page", ["0", "-1", "99999999999999999999", "1e3", "99", "๑", "1.png"])
def test_a_page_that_is_not_there_is_no_picture(person, page):
    item = next(i for i in person.desk.queue() if i.document == "phanom-2568.pdf")
    assert person.get(f"/picture/{item.id}/{page}").status_code == 404
    assert person.get(f"/crop/{item.id}/{page}-0-0").status_code == 404


def test_a_script_in_the_text_is_shown_and_does_not_run(person, out):
    """Whether it was read, as a dump's table gives it, or typed by someone."""
    item = person.item("period_outside_year")
    cell = next(c for c in Store(out).result("a.txt").cells if (c.page, c.field) == (6, "measures"))
    there = f"cell-{cell.page}-{cell.row}-{cell.column}"
    person.post(f"/item/{item.id}", action="edit", on=there, value=f"{SCRIPT}\u202eก", why=SCRIPT)
    pages = [f"/item/{item.id}?on={there}", "/", "/history", f"/?check={SCRIPT}&said={SCRIPT}"]
    for path in pages:
        assert "<script>alert" not in person.get(path).text
    page = person.get(pages[0]).text
    assert "&lt;script&gt;alert(&#39;x&#39;)" in page
    assert "‹202E›" in page  # what turns the direction of the text is visible


def test_every_answer_carries_the_headers(person):
    item = person.desk.queue()[0]
    for path in ("/", f"/item/{item.id}", "/static/keys.js", "/no", "/help", "/status"):
        headers = person.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"], path
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"


def test_pages_name_nothing_beyond_themselves(person):
    item = person.desk.queue()[0]
    for path in ("/", f"/item/{item.id}", "/help", "/history"):
        text = person.get(path).text
        assert not re.search(r'(?:src|href|action)="(?!/|#|\?)', text), path
        assert "style=" not in text
        assert not re.search(r"\son[a-z]+=", text)


def test_a_form_that_is_too_large_or_none_is_refused(person):
    item = person.desk.queue()[0]
    assert person.post(f"/item/{item.id}", value="x" * 300_000).status_code == 413
    answer = person.client.post(f"/item/{item.id}", json={"csrf": person.site.guard.csrf})
    assert answer.status_code == 415
    assert person.client.put(f"/item/{item.id}").status_code == 405


def test_read_only_decides_nothing(out):
    person = Person(out, read_only=True)
    item = person.desk.queue()[0]
    page = person.get(f"/item/{item.id}").text
    assert "<form" not in page
    assert "Read-only" in page
    assert person.post(f"/item/{item.id}", action="accept").status_code == 403
    assert person.post("/undo").status_code == 403
    assert read_decisions(out / "decisions.jsonl") == ()


def test_another_machine_needs_the_token(out):
    person = Person(out, token="s3cret")
    assert person.get("/").status_code == 403
    assert person.get("/enter?token=wrong").status_code == 403
    answer = person.get("/enter?token=s3cret")
    assert answer.status_code == 303
    assert "SameSite=strict" in answer.headers["set-cookie"]
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert person.get("/").status_code == 200


def test_another_address_is_not_served_without_a_token(out):
    with pytest.raises(CannotServe, match="--token"):
        serve(
            out, review_tools(Store(out)), host="0.0.0.0", port=0, token="", who="",
            language="", read_only=True, browser=False,
        )  # fmt: skip
    assert "192.0.2.1:80" not in hosts_of("127.0.0.1", 80)
    assert "127.0.0.1" in hosts_of("127.0.0.1", 80)  # as browsers write it
    assert "127.0.0.1" not in hosts_of("127.0.0.1", 8000)


# ------------------------------------------------------------------ when things are gone


def test_a_vanished_pdf_is_said_and_the_work_goes_on(person, folder, out):
    item = next(i for i in person.desk.queue() if i.document == "phanom-2568.pdf" and i.place)
    (folder / "phanom-2568.pdf").unlink()
    person = Person(out)
    page = person.get(f"/item/{item.id}")
    assert page.status_code == 200
    assert "not where it was converted from" in page.text
    assert person.post(f"/item/{item.id}", action="accept").status_code == 303
    person.desk.work()
    assert person.desk.failed == ""


def test_a_pdf_that_is_another_now_is_not_shown(person, folder, out):
    item = next(i for i in person.desk.queue() if i.document == "phanom-2568.pdf" and i.place)
    other = next(p for p in SAMPLES.glob("*.pdf") if p.name != "phanom-2568.pdf")
    shutil.copy(other, folder / "phanom-2568.pdf")
    page = Person(out).get(f"/item/{item.id}")
    assert page.status_code == 200
    assert "changed since it was converted" in page.text
    assert "<img" not in page.text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_was_decided_is_in_the_tables_when_it_is_stopped(person, out, number):
    """The program itself, as a person stops it at a terminal or a machine that shuts down."""
    item = person.item("period_outside_year")
    command = [sys.executable, ROOT / "pipeline.py", "review", out, "--no-browser", "--who", "ก"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        line = program.stdout.readline()
        address = re.search(r"http://[\d.:]+", line)[0]
        page = httpx2.get(f"{address}/item/{item.id}")
        csrf = re.search(r'name="csrf" value="([^"]+)"', page.text)[1]
        form = {"csrf": csrf, "action": "edit", "value": "ไตรมาสที่ 2", "who": "ก"}
        assert httpx2.post(f"{address}/item/{item.id}", data=form).status_code == 303
        program.send_signal(number)
        assert program.wait(60) == 0
    assert rows(out)["i15"]["timeframe"] == "ไตรมาสที่ 2"


def test_pages_that_are_not_kept_are_said(person, out):
    item = person.item("period_outside_year")
    for path in (out / ".raingan").rglob("*.pages.zip"):
        path.unlink()
    person = Person(out)
    answer = person.get(f"/item/{item.id}")
    assert answer.status_code == 500
    assert "convert" in answer.text


def test_tables_that_cannot_be_written_are_said_and_tried_again(person, out):
    item = person.item("period_outside_year")
    person.post(f"/item/{item.id}", action="accept")
    tools = person.desk.tools

    def broken(*_):
        raise ReportError("the disk is full")

    person.desk.tools = tools._replace(report=broken)
    person.desk.work()
    assert "the disk is full" in person.get("/").text
    assert len(read_decisions(out / "decisions.jsonl")) == 1  # nothing decided is lost


def test_tables_that_stand_in_the_way_are_written_when_they_do_no_more(person, out):
    item = person.item("period_outside_year")
    (out / "rows.csv").unlink()
    (out / "rows.csv" / "in the way").mkdir(parents=True)
    person.post(f"/item/{item.id}", action="edit", value="ไตรมาสที่ 2")
    person.desk.close()
    assert "rows.csv" in person.get("/").text
    assert person.get("/status").json()["writing"] == ["a.txt"]
    shutil.rmtree(out / "rows.csv")
    assert person.desk.work()
    assert person.get("/status").json() | {"left": 0} == {"left": 0, "writing": [], "failed": ""}
    assert rows(out)["i15"]["timeframe"] == "ไตรมาสที่ 2"


def test_a_huge_page_is_drawn_small():
    import numpy as np

    from extract.model import Box

    page = np.full((300, 200, 3), 255, np.uint8)
    huge = png_of(page, 1.0, (Box(0, 0, 1e6, 1e6),), Box(0, 0, 1e6, 1e6))
    assert len(huge) < 10_000


def test_languages(person):
    assert '<html lang="en">' in person.get("/").text
    thai = person.get("/", headers={"accept-language": "th-TH,th;q=0.9"}).text
    assert "รายการรอตรวจ" in thai
    person.get("/language?to=th")
    assert '<html lang="th">' in person.get("/help").text


def test_decisions_of_a_file_edited_by_hand_are_applied(out, folder):
    cell = next(c for c in Store(out).result("a.txt").cells if (c.page, c.field) == (1, "measures"))
    append_decision(
        out / "decisions.jsonl",
        Decision(
            "hand", "a.txt", "cell", "measures", 1, cell.row, cell.column, was=cell.raw, now="แผน"
        ),
    )
    convert(folder, out)
    assert rows(out)["i1"]["measures"] == "แผน"
