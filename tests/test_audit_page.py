"""audit.html needs nothing else, is safe whatever a report says, and stays of a sensible size."""

import base64
import hashlib
import random
import re
import weakref
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pypdfium2 as pdfium
import pytest

from audit.archive import ARCHIVE_CHECKS
from audit.checks import CHECKS
from audit.model import Finding, Place, Said
from export.audit_page import (
    CHECK_TITLES,
    MOST_LISTED,
    Summary,
    anchor_of,
    audit_html,
    both,
    chosen,
    document_section,
    figures_of,
    matrices,
    summary_of,
    visible,
)
from export.crops import (
    CROP_DPI,
    MOST_CROPS,
    PLACES,
    Crop,
    cut_crops,
    quarters_of,
    worst_first,
)
from export.files import part_of, renew, write_run
from export.model import DocumentRecord, DocumentResult
from export.spool import Spool
from export.store import PARTS, Run, Store, crops_file, keep_crops, kept_crops, staging, stem
from extract.errors import Unreadable
from extract.model import Box, Picture
from extract.source import find_inputs
from normalize.model import CellValue, Row
from pipeline import Settings, convert_document, only_input, page_picture

VOID = {"meta", "input", "img", "br"}
HEADINGS = ("h1", "h2", "h3")
NASTY = "<script>alert(1)</script>\"'&\u202e\x07\u200f{{ 7 * 7 }}"
WHITE = Picture(np.full((600, 800), 255, np.uint8), 100.0)


class Seen(HTMLParser):
    """What a page consists of; fails where its elements are not closed in order."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.ids, self.links = [], [], [], []
        self.attributes, self.headings, self.text = [], [], ""

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found["href"]] if "href" in found else []
        if tag in HEADINGS:
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> after {self.text[-200:]!r}"

    def handle_data(self, data):
        self.text += data if "style" not in self.open else ""


def seen(page):
    parser = Seen()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    return parser


def finding(document="a.pdf", check="score_range", severity="error", **more):
    given = {"message": "a score of 163", "message_th": "คะแนน 163 เกิน", "pages": (2,)}
    return Finding(document, check, severity, **(given | more))


BOX = Box(72, 72, 144, 144)


def cell(row=1, column=0, page=2, box=BOX, raw="๑๖๓"):
    return CellValue("a.pdf", page, 0, row, column, raw, "163", "score", box=box)


def result(document="a.pdf", findings=(), cells=(), rows=(), **record):
    described = DocumentRecord(document, "ok", "0" * 64, 3, ("text",), "เทศบาลตำบลบ้านนา", 2569)
    described = replace(described, findings=len(findings), rows=len(rows), **record)
    return DocumentResult(described, rows, tuple(cells), (), tuple(findings))


def crop(row=1, column=0, page=2, content=b"RIFF"):
    return Crop(page, row, column, 80, 60, content)


def section(*findings, crops=(), cells=(), pictures=True):
    made = result(findings=findings, cells=cells)
    return "".join(document_section("d1", made, crops, pictures))


def page_of(results, between=(), language="en", room=12_000_000):
    sections, summaries = [], []
    for number, one in enumerate(results):
        anchor = f"d{number}"
        plain = "".join(document_section(anchor, one, (), False)).encode()
        full = "".join(document_section(anchor, one, (crop(),))).encode()
        sections.append((plain, full))
        summaries.append(summary_of(anchor, one, len(plain), len(full)))
    made = audit_html(summaries, between, lambda n, p: iter([sections[n][p]]), language, room)
    return b"".join(made).decode()


def keep(folder, result, crops):
    """Put pictures where the run finds them."""
    keep_crops(folder, crops_file(folder / PARTS / part_of(result, Run())), crops)


def crops_of(folder, result):
    return kept_crops(crops_file(folder / PARTS / part_of(result, Run())))


def written(out):
    return (out / "audit.html").read_text("utf-8")


# ---------------------------------------------------------------- the page of a real run


@pytest.fixture(scope="module")
def page(samples):
    return written(samples.out)


def test_a_run_writes_a_page_with_every_finding_and_document(page, samples):
    found = seen(page)
    assert found.tags.count("article") == sum(len(r.findings) for r in samples.results)
    for one in samples.results:
        assert one.record.document in found.text
        assert all(f.message in found.text for f in one.findings)


def test_every_link_leads_to_its_place_and_no_id_stands_twice(page):
    found = seen(page)
    assert found.links and all(link.startswith("#") for link in found.links)
    assert {link[1:] for link in found.links} <= set(found.ids)
    assert len(set(found.ids)) == len(found.ids)


def test_the_page_needs_nothing_else(page):
    found = seen(page)
    policy = next(v for t, n, v in found.attributes if n == "content" and "default-src" in v)
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert f"style-src 'sha256-{digest}'" in policy
    assert not {"script", "link", "iframe", "object", "form", "base"} & set(found.tags)
    for _, name, value in found.attributes:
        assert name != "style" and not name.startswith("on")
        assert name not in {"src", "href"} or value.startswith(("data:image/webp;base64,", "#"))
    assert "url(" not in style and "@import" not in style
    assert not re.search(r"https?:", page)


def test_the_page_is_in_both_languages_and_marks_them(page):
    found = seen(page)
    thai = [v for t, n, v in found.attributes if n == "lang" and v == "th"]
    assert len(thai) > 500
    for title in ("ผลการตรวจรายงาน", "Audit of the reports", "คะแนนอยู่นอกช่วง", "Score out of range"):
        assert title in found.text


def test_headings_stand_in_order_and_pictures_say_what_they_are(page):
    found = seen(page)
    assert found.headings[0] == 1 and found.headings.count(1) == 1
    assert all(b - a <= 1 for a, b in zip(found.headings, found.headings[1:], strict=False))
    pictures = [v for t, n, v in found.attributes if t == "img" and n == "alt"]
    assert len(pictures) == found.tags.count("img") > 20
    assert all(re.fullmatch(r"หน้า \d+.* · page \d+.*", alt) for alt in pictures)


def test_the_same_run_gives_the_same_page(samples, tmp_path):
    name = "phanom-2568.pdf"
    store = Store(samples.out)
    result, crops = store.result(name), kept_crops(crops_file(store.part(name)))
    pages = []
    for folder in (tmp_path / "one", tmp_path / "two"):
        with staging(folder) as kept:
            keep(kept, result, crops)
            write_run(folder, [result], folder=kept)
        pages.append(written(folder))
    assert pages[0] == pages[1]
    assert pages[0].count("<img") == len(crops) > 0


def test_a_dump_shows_its_text_and_no_pictures(samples):
    name = "ita-2569-ocr-dump.txt"
    store = Store(samples.out)
    assert kept_crops(crops_file(store.part(name))) == ()
    made = "".join(document_section("d", store.result(name), ()))
    assert "<img" not in made
    assert "๖๖ หน่วยงานของท่าน" in seen(made).text


# ---------------------------------------------------------------- whatever a report says


def test_nothing_that_a_report_says_is_taken_for_the_page():
    nasty = finding(
        NASTY,
        message=NASTY,
        message_th=NASTY,
        code=NASTY,
        field=NASTY,
        values=(Said(NASTY, NASTY),),
        suggestion=NASTY,
        places=(Place(2, 1, 0),),
    )
    made = result(NASTY, (nasty,), (cell(raw=NASTY),), error=NASTY, agency=NASTY)
    between = finding("", "report_repeated", "warning", documents=(NASTY, NASTY), message=NASTY)
    page = page_of([made], (between,))
    found = seen(page)
    assert "script" not in found.tags
    assert "<script>alert(1)" in found.text
    assert "⟦U+202E⟧␇⟦U+200F⟧{{ 7 * 7 }}" in found.text
    assert not {"\u202e", "\x07", "\u200f"} & set(page)


def test_half_a_surrogate_pair_can_be_written():
    made = section(finding(message="a\ud800b", values=(Said("2", "\udfff"),)))
    assert "a\ufffdb" in made
    made.encode()


@pytest.mark.parametrize("text", ["ที่นี่", "a\nb", "น้ำ\u200bดื่ม"])
def test_text_that_can_be_seen_stays_as_it_is(text):
    assert visible(text) == text


def test_braces_of_a_report_are_no_places_for_values():
    assert "{0}" in both("{}", "{}", "{0}")


# ---------------------------------------------------------------- findings


def test_a_finding_shows_its_places_side_by_side():
    made = section(
        finding(places=(Place(2, 1, 0),), suggestion="63", fixed=True, code="i1", field="score"),
        crops=(crop(content=b"picture"),),
        cells=(cell(),),
    )
    text = " ".join(seen(made).text.split())
    assert f"base64,{base64.b64encode(b'picture').decode()}" in made
    assert 'width="80" height="60"' in made
    for part in (
        "as read๑๖๓",
        "value163",
        "63",
        "corrected in the rows",
        "page 2, row 1, column 0",
    ):
        assert part in text


def test_a_finding_without_places_shows_its_pages():
    whole = Crop(2, None, None, 90, 60, b"page")
    made = section(finding(pages=(2, 5, 7)), crops=(whole,))
    assert f"base64,{base64.b64encode(b'page').decode()}" in made
    assert "1 of 3 pages are shown" in seen(made).text


def test_the_worst_come_first_and_what_is_decided_last():
    findings = [
        finding(severity="info", message="one"),
        finding(severity="error", message="two", decided=True),
        finding(severity="warning", message="three"),
        finding(severity="error", message="four"),
    ]
    assert [f.message for f in worst_first(findings)] == ["four", "three", "one", "two"]


def test_a_matrix_counts_by_check_and_page_and_leads_to_the_worst():
    listed = [
        ("d-1", finding(pages=(1, 2))),
        ("d-2", finding(pages=(2,), decided=True)),
        ("d-3", finding(check="indicator_missing", severity="warning", pages=())),
    ]
    (matrix,) = matrices(listed)
    assert matrix.pages == (0, 1, 2)
    assert dict(matrix.lines) == {
        "score_range": (None, (1, "error", "d-1"), (2, "error", "d-1")),
        "indicator_missing": ((1, "warning", "d-3"), None, None),
    }


def test_a_long_report_has_several_matrices():
    listed = [(f"d-{page}", finding(pages=(page,))) for page in range(1, 201)]
    found = list(matrices(listed))
    assert [len(m.pages) for m in found] == [20] * 10
    assert sum(s.findings for m in found for _, slots in m.lines for s in slots if s) == 200


def test_every_check_has_a_title_in_both_languages():
    assert set(CHECK_TITLES) == {check.__name__ for check in (*CHECKS, *ARCHIVE_CHECKS)}
    assert all(re.search("[ก-๙]", title.th) for title in CHECK_TITLES.values())
    assert all(title.en.isascii() for title in CHECK_TITLES.values())


def test_findings_between_documents_lead_to_their_documents():
    between = finding("", "report_repeated", "warning", documents=("a.pdf", "gone.pdf"), pages=())
    found = seen(page_of([result(findings=(finding(),))], (between,)))
    assert "#l-d0" in found.links
    assert "Report stands twice" in found.text and "gone.pdf" in found.text


def test_a_run_without_findings_says_so():
    found = seen(page_of([result()]))
    assert "Nothing was found." in found.text
    assert "article" not in found.tags


@pytest.mark.parametrize("language", ["th", "en"])
def test_the_language_of_the_run_is_shown_first(language):
    page = page_of([result()], language=language)
    assert f'<html lang="{language}">' in page
    assert re.findall(r'id="show-(\w+)" checked', page) == [language]


# ---------------------------------------------------------------- its size


def test_all_documents_get_text_before_any_gets_pictures():
    documents = [
        Summary(f"d{n}", DocumentRecord(f"{n}.pdf", "ok"), 0, {"error": n}, (), 100, 1000)
        for n in range(1, 6)
    ]
    figures = figures_of(documents)
    assert chosen(figures, 10_000) == dict.fromkeys(range(5), True)
    assert chosen(figures, 1_500) == {4: True, 3: False, 2: False, 1: False, 0: False}
    assert chosen(figures, 250) == {4: False, 3: False}
    assert chosen(figures, 0) == {}


def test_what_has_no_room_stands_in_the_list_and_the_page_says_so():
    results = [
        result(f"{n}.pdf", (finding(f"{n}.pdf", severity="error" if n == 3 else "info"),))
        for n in range(6)
    ]
    size = len("".join(document_section("d0", results[0], (), False)).encode())
    found = seen(page_of(results, room=int(size * 1.5)))
    assert found.tags.count("article") == 1
    assert "d3-f1" in found.ids
    assert "5 documents stand in the list alone" in found.text
    assert all(f"{n}.pdf" in found.text for n in range(6))
    assert {link[1:] for link in found.links} <= set(found.ids)


def test_a_document_with_many_findings_is_cut_short_and_says_so():
    made = section(*(finding(message=f"number {n}") for n in range(250)))
    found = seen(made)
    assert found.tags.count("article") == 200
    assert "50 more findings of this document are in findings.csv" in found.text


def test_long_texts_and_many_places_are_cut_short():
    made = section(
        finding(
            values=tuple(Said(str(n), "ก" * 5000) for n in range(1, 21)),
            places=tuple(Place(2, row, 0) for row in range(9)),
        ),
        cells=[cell(row=row, raw="ข" * 5000) for row in range(9)],
    )
    text = seen(made).text
    assert "and 8 more" in text and f"{PLACES} of 9 cells are shown" in text
    assert max(map(len, re.findall("ก+|ข+", text))) == 600


def test_two_hundred_pages_give_a_section_of_a_sensible_size():
    places = [(Place(n, 1, 0), Place(n, 1, 1)) for n in range(1, 201)]
    found = [finding(pages=(n,), places=pair) for n, pair in enumerate(places, 1)]
    pictures = [crop(1, column, page, b"x" * 6000) for page in range(1, 201) for column in (0, 1)]
    cells = [cell(1, column, page) for page in range(1, 201) for column in (0, 1)]
    made = section(*found, crops=pictures, cells=cells)
    assert 1_500_000 < len(made) < 3_000_000
    assert made.count("<img ") == 248
    assert "76 findings are shown without pictures" in seen(made).text


def test_a_picture_that_many_findings_show_does_not_fill_the_page():
    found = [finding(message=f"number {n}", places=(Place(2, 1, 0),)) for n in range(100)]
    made = section(*found, crops=[crop(content=b"x" * 300_000)], cells=[cell()])
    assert made.count("<img ") == 4 and made.count('class="cell"') == 100
    assert "96 findings are shown without pictures" in seen(made).text


def test_five_thousand_documents_give_a_page_that_opens():
    documents = [
        Summary(f"d{n}", DocumentRecord(f"{n}.pdf", "ok"), 0, {"info": 1}, (), 20_000, 90_000)
        for n in range(5000)
    ]
    made = b"".join(
        audit_html(documents, (), lambda n, p: iter([b"<section id='d%d'></section>" % n]))
    )
    assert made.count(b"<section id='d") == 600
    assert made.count(b"<tr id=") == 3000
    assert len(made) < 4_000_000
    assert b"2000 more documents are in documents.csv" in made


def summary(number, name, marks, plain=0, full=0, **record):
    described = DocumentRecord(name, "ok", pages=3, rows=10, **record)
    checks = tuple(("score_range", mark, count) for mark, count in marks.items())
    return Summary(f"d{number}", described, 2, marks, checks, plain, full)


def test_equally_bad_documents_get_room_by_their_names():
    names = ["b.pdf", "a.pdf", "c.pdf", "a.pdf"]
    documents = [summary(n, name, {"info": 1}, 100, 100) for n, name in enumerate(names)]
    assert list(figures_of(documents).worst) == [1, 3, 0, 2]
    assert list(figures_of([documents[n] for n in (1, 3, 0, 2)]).worst) == [0, 1, 2, 3]
    worse = summary(9, "z.pdf", {"warning": 1}, 100, 100)
    assert list(figures_of([*documents, worse]).worst) == [4, 1, 3, 0, 2]
    assert chosen(figures_of([*documents, worse]), 200) == {4: True, 1: True}


def test_figures_are_of_all_documents_whether_they_are_listed_or_not():
    documents = [
        summary(n, f"{n:05}.pdf", {"error": 1, "decided": 2}) for n in range(MOST_LISTED + 100)
    ]
    between = [finding("", "score_jump", "info", message=f"number {n}") for n in range(1000)]
    between += [finding("", "report_repeated", "error", message="the worst")]
    text = seen(b"".join(audit_html(documents, between, lambda n, p: iter(()))).decode()).text
    for number in ("3100 เอกสาร", "9300 หน้า", "31000 แถว", "6200 แถวที่ต้องให้คนดู"):
        assert number in text
    assert "✖ ผิดพลาดerrors" in text and "3101" in text and "6200" in text
    assert text.index("the worst") < text.index("number 0")
    assert "number 298" in text and "number 299" not in text
    assert "701 more are in findings.csv" in text


class Watched(Summary):
    """A summary of which it can be seen that it is let go."""

    __slots__ = ("__weakref__",)
    held = 0
    most = 0

    def __post_init__(self):
        Watched.held += 1
        Watched.most = max(Watched.most, Watched.held)
        weakref.finalize(self, Watched.let_go)

    @staticmethod
    def let_go():
        Watched.held -= 1


def test_summaries_in_a_file_give_the_same_page_and_few_are_held(tmp_path):
    """The bytes are those of a list of all, whatever the order."""
    chance = random.Random(1)
    documents = [
        summary(n, f"{n:05}.pdf", {"error": chance.randint(0, 3)}, *sizes, agency="เทศบาลตำบลบ้านนา")
        for n in range(4000)
        for sizes in [(chance.choice([0, 9_000]), 20_000)]
    ]
    between = [finding("", "score_jump", "info", message=f"number {n}") for n in range(700)]

    def section_of(number, pictures):
        yield b"<p>%d %d</p>" % (number, pictures)

    for _ in range(2):
        with Spool(tmp_path, Watched) as spool, Spool(tmp_path, Finding) as found:
            for one in documents:
                spool.append(one)
            for one in between:
                found.append(one)
            assert Watched.held == 0
            made = b"".join(audit_html(spool, found, section_of))
        assert made == b"".join(audit_html(documents, between, section_of))
        assert made.count(b"<p>") > 1000
        assert 0 < Watched.most < 10
        chance.shuffle(documents)


# ---------------------------------------------------------------- pictures


def decoded(crop):
    return cv2.imdecode(np.frombuffer(crop.content, np.uint8), cv2.IMREAD_GRAYSCALE)


def test_a_crop_frames_its_cell_and_pales_what_is_around():
    grey = WHITE.grey.copy()
    grey[105:115, 120:180] = 0
    grey[90:96, 120:180] = 0
    (made,) = cut_crops(
        [finding(places=(Place(2, 1, 0),))], [cell()], {}, lambda page: Picture(grey, 100.0)
    )
    pixels = decoded(made)
    assert made.key == (2, 1, 0)
    assert pixels.shape == (134, 134)  # 72 points and 12 on both sides, at 100 dpi
    assert pixels[16:18, 60].max() < 60, "the frame"
    assert pixels[22:30, 60].max() < 40, "ink of the cell"
    assert 100 < pixels[9:11, 60].min() < 190, "ink beside it"


def test_each_page_is_drawn_once_and_only_where_it_is_shown():
    drawn = []

    def picture_of(page):
        drawn.append(page)
        return WHITE

    findings = [
        finding(places=(Place(2, 1, 0), Place(2, 2, 0))),
        finding(severity="info", pages=(3,)),
        finding(severity="info", pages=()),
    ]
    made = cut_crops(findings, [cell(), cell(row=2), cell(page=9)], {}, picture_of)
    assert drawn == [2, 3]
    assert [crop.key for crop in made] == [(2, 1, 0), (2, 2, 0), (3, None, None)]


def test_a_page_that_cannot_be_drawn_has_no_pictures():
    def picture_of(page):
        if page == 2:
            raise Unreadable("gone")
        return None if page == 3 else WHITE

    findings = [finding(pages=(2, 3)), finding(pages=(4,))]
    assert [c.key for c in cut_crops(findings, (), {}, picture_of)] == [(4, None, None)]


@pytest.mark.parametrize(
    "box",
    [
        Box(900, 900, 950, 950),
        Box(float("nan"), 0, 10, 10),
        Box(0, 0, float("inf"), 10),
        Box(-80, -80, -40, -40),
    ],
)
def test_a_box_outside_of_the_page_has_no_picture(box):
    found = [finding(places=(Place(2, 1, 0),))]
    assert cut_crops(found, [cell(box=box)], {}, lambda page: WHITE) == ()


def test_a_box_larger_than_the_page_shows_the_page():
    found = [finding(places=(Place(2, 1, 0),))]
    cells = [cell(box=Box(-1e30, -1e30, 1e30, 1e30))]
    (made,) = cut_crops(found, cells, {}, lambda page: WHITE)
    assert decoded(made).shape == (600, 800)


def test_pictures_of_one_document_are_limited():
    findings = [finding(places=(Place(2, row, 0),)) for row in range(400)]
    made = cut_crops(findings, [cell(row=row) for row in range(400)], {}, lambda page: WHITE)
    assert len(made) == MOST_CROPS
    noise = np.random.default_rng(1).integers(0, 255, (500, 500), np.uint8)
    large = [cell(row=row, box=Box(0, 0, 200, 200)) for row in range(40)]
    found = [finding(places=(Place(2, row, 0),)) for row in range(40)]
    heavy = cut_crops(found, large, {}, lambda page: Picture(noise, 145.0))
    assert 0 < sum(len(crop.content) for crop in heavy) <= 1_000_000
    assert len(heavy) < 40


def test_a_fine_scan_is_made_smaller():
    fine = Picture(np.full((3000, 4000), 255, np.uint8), 600.0)
    (made,) = cut_crops([finding(pages=(2,))], (), {}, lambda page: fine)
    assert decoded(made).shape == (300, 400)
    assert CROP_DPI < 150


def test_a_page_that_lies_turned_is_shown_upright():
    grey = WHITE.grey.copy()
    grey[:, 700:] = 0  # what is read first stands at the right
    frame = (0.0, -1.0, 576.0, 1.0, 0.0, 0.0)
    (made,) = cut_crops([finding(pages=(2,))], (), {2: frame}, lambda page: Picture(grey, 100.0))
    pixels = decoded(made)
    assert quarters_of(frame) == 1
    assert pixels.shape[0] > pixels.shape[1]
    assert pixels[:10].mean() < 30 and pixels[-10:].mean() > 220


# ---------------------------------------------------------------- kept, and made again


def test_renew_makes_the_page_anew_without_the_input(tmp_path):
    first = result("a.pdf", (finding(places=(Place(2, 1, 0),)),), (cell(),))
    other = result("b.pdf", (finding("b.pdf", message="of the other"),))
    with staging(tmp_path) as folder:
        keep(folder, first, (crop(content=b"kept"),))
        write_run(tmp_path, [first, other], folder=folder)
    before = written(tmp_path)
    kept = base64.b64encode(b"kept").decode()
    assert kept in before and "✓" not in seen(before).text
    settled = replace(first, findings=(replace(first.findings[0], decided=True),))
    renew(tmp_path, [settled])
    after = written(tmp_path)
    assert kept in after and "✓ ตัดสินแล้วdecided" in " ".join(seen(after).text.split())
    assert "of the other" in after
    renew(tmp_path, [first])
    assert written(tmp_path) == before


def test_pictures_that_are_lost_or_broken_are_left_out(tmp_path):
    path = crops_file(tmp_path / "a.zip")
    assert kept_crops(path) == ()
    path.write_bytes(b"no archive")
    assert kept_crops(path) == ()


def test_documents_of_one_name_have_their_own_anchors(tmp_path):
    results = [result("a.pdf", (finding(message=f"of {n}"),)) for n in (1, 2)]
    write_run(tmp_path, results)
    found = seen(written(tmp_path))
    assert len(set(found.ids)) == len(found.ids)
    assert "of 1" in found.text and "of 2" in found.text
    assert anchor_of(Path(stem("a.pdf", 1))).endswith("-1")


def test_rows_that_need_a_person_are_counted(tmp_path):
    row = Row("a.pdf", "i1", 1, None, None, (1,), needs_review=True)
    write_run(tmp_path, [result("a.pdf", rows=(row, replace(row, code="i2", needs_review=False)))])
    assert re.search(
        r"<b>1</b>\s*<span[^>]*>[^<]*</span><span[^>]*>rows need a person", written(tmp_path)
    )


# ---------------------------------------------------------------- a page of an input


def test_a_page_is_drawn_as_its_boxes_lie(root):
    picture = page_picture(only_input(str(root / "samples/ban-pong-2566.pdf")), 1, 100)
    assert picture.grey.shape[:2] == (827, 1170) and picture.dpi == 100
    frame = page_picture(only_input(str(root / "samples/lue-amnat-2570-scan.tif")), 2, 100)
    assert frame.dpi == 200
    assert page_picture(only_input(str(root / "samples/lom-kao-2568.md")), 1, 100) is None


def test_the_boxes_of_a_text_layer_count_from_the_corner_of_the_whole_page(root, tmp_path):
    made = pdfium.PdfDocument(root / "samples/phanom-2568.pdf")
    made[1].set_cropbox(100, 50, 700, 500)
    made.save(tmp_path / "cropped.pdf")
    found = only_input(str(tmp_path / "cropped.pdf"))
    assert page_picture(found, 2, 72).grey.shape[:2] == (450, 600)
    assert page_picture(found, 2, 72, whole=True).grey.shape[:2] == (595, 842)
    usual, cut = (
        crops_of(tmp_path, convert_document(one, Settings(keep=tmp_path)))
        for one in (root / "samples/phanom-2568.pdf", found)
    )
    assert {crop.key for crop in cut} >= {(2, 2, 4)}
    for one, other in zip(usual, cut, strict=True):
        assert one.key == other.key
        if one.row is not None:
            pairs = zip(decoded(one).shape, decoded(other).shape, strict=True)
            assert all(abs(a - b) <= 2 for a, b in pairs)
            inks = [int((decoded(crop) < 128).sum()) for crop in (one, other)]
            assert inks[1] == pytest.approx(inks[0], rel=0.05)


@pytest.mark.parametrize("name", ["ban-pong-2566.pdf", "lue-amnat-2570-scan.tif"])
@pytest.mark.parametrize("page", [-1, 0, 99])
def test_a_page_that_is_not_there_is_an_error(root, name, page):
    with pytest.raises(Unreadable, match=name):
        page_picture(only_input(str(root / "samples" / name)), page, 100)


def test_a_file_that_has_gone_or_broke_is_an_error(tmp_path):
    for name, content in (("a.pdf", b"%PDF-1.7 broken"), ("b.png", b"\x89PNG broken")):
        (tmp_path / name).write_bytes(content)
        found = next(iter(find_inputs([str(tmp_path / name)])))
        with pytest.raises(Unreadable, match=name):
            page_picture(found, 1, 100)
        (tmp_path / name).unlink()
        with pytest.raises(Unreadable, match=name):
            page_picture(found, 1, 100)


def test_a_conversion_that_keeps_nothing_draws_nothing(root, tmp_path):
    source = root / "samples/phanom-2568.pdf"
    kept = convert_document(source, Settings(keep=tmp_path))
    assert convert_document(source) == replace(kept, reading="")
    assert {crop.key for crop in crops_of(tmp_path, kept)} >= {(2, 2, 4)}
