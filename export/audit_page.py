"""audit.html: the findings of a run for a person, one page that needs nothing else."""

import base64
import hashlib
import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from audit.archive import ARCHIVE_CHECKS
from audit.checks import CHECKS
from audit.model import Finding, Place, Severity, page_list
from export.crops import Crop, Key, keys_of, worst_first
from export.model import DocumentRecord, DocumentResult
from export.schema import TABLES
from export.values import publish_text
from normalize.model import CellValue

MOST_BYTES = 12_000_000
"""Of the sections of documents: what is more is left out, and the page says so."""
MOST_LISTED = 3000
MOST_FINDINGS, MOST_BETWEEN = 200, 300
"""Of one document, and of those between documents."""
MOST_PICTURED = 2_000_000
"""Letters of pictures in the section of one document: several findings may show one cell."""
PAGES_ACROSS = 20
MOST_LETTERS = 600
"""Of one text: enough to know the place; all of it is in the tables."""
MOST_SAID = 12
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
SYMBOLS = {"error": "✖", "warning": "▲", "info": "●", "decided": "✓"}
NUMBERS = re.compile(r"\d[\d, -]*")
CELL = re.compile(r"(\d+), row (\d+), (\w+)(?: (\d+))?")
FRAMEWORK = re.compile(r"framework (\d+)")
UNSEEN = re.compile(
    "[\x80-\x9f\xad\u061c\u180e\u200c-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
"""Characters that show nothing and could change how others are shown."""


class Title(NamedTuple):
    """A name in both languages."""

    th: str
    en: str


CHECK_TITLES = {
    "agency_conflict": Title("ชื่อหน่วยงานไม่ตรงกัน", "Agency names disagree"),
    "agency_unknown": Title("ไม่พบหน่วยงานในบัญชีทางการ", "Agency is in no official list"),
    "year_conflict": Title("ปีไม่ตรงกัน", "Years disagree"),
    "duplicate_page": Title("หน้าซ้ำ", "Page stands twice"),
    "duplicate_row": Title("แถวซ้ำ", "Row stands twice"),
    "code_misread": Title("รหัสอ่านผิด", "Code misread"),
    "code_conflict": Title("รหัสไม่ตรงกัน", "Codes disagree"),
    "code_unknown": Title("ไม่ทราบรหัส", "Code unknown"),
    "indicator_name_conflict": Title("ชื่อตัวชี้วัดไม่ตรงกัน", "Indicator names disagree"),
    "indicator_missing": Title("ไม่มีตัวชี้วัด", "Indicator missing"),
    "header_variant": Title("หัวตารางต่างกัน", "Column headers differ"),
    "cell_empty": Title("ช่องว่าง", "Cell is empty"),
    "text_truncated": Title("ข้อความขาดตอน", "Text breaks off"),
    "step_gap": Title("ลำดับขั้นตอนไม่ต่อเนื่อง", "Steps are not in sequence"),
    "question_mismatch": Title("ข้อคำถามต่างจากฉบับทางการ", "Question differs from the official one"),
    "analysis_missing": Title("ไม่มีผลการวิเคราะห์", "Analysis missing"),
    "score_range": Title("คะแนนอยู่นอกช่วง", "Score out of range"),
    "score_conflict": Title("คะแนนไม่ตรงกัน", "Scores disagree"),
    "reference_unknown": Title("อ้างถึงรหัสที่ไม่มี", "Refers to a code that does not exist"),
    "unit_variant": Title("ชื่อหน่วยงานภายในเขียนต่างกัน", "Unit is written in different ways"),
    "period_outside_year": Title("ช่วงเวลาอยู่นอกปีงบประมาณ", "Time outside of the fiscal year"),
    "low_confidence": Title("อ่านได้ไม่แน่ชัด", "Read without certainty"),
    "page_unreadable": Title("อ่านหน้าไม่ได้", "Page could not be read"),
    "page_without_table": Title("หน้าที่ไม่มีตาราง", "Page without a table"),
    "stale_decision": Title("การตัดสินไม่ตรงกับข้อมูลแล้ว", "Decision no longer fits"),
    "agency_variant": Title("ชื่อหน่วยงานต่างกันระหว่างเอกสาร", "Agency is named in two ways"),
    "report_repeated": Title("รายงานซ้ำ", "Report stands twice"),
    "report_missing": Title("ขาดรายงานบางปี", "Report of a year is missing"),
    "text_copied": Title("ข้อความเหมือนปีก่อน", "Text copied from the year before"),
    "score_copied": Title("คะแนนเหมือนปีก่อน", "Scores copied from the year before"),
    "score_jump": Title("คะแนนเปลี่ยนผิดปกติ", "Score jumps"),
    "framework_mismatch": Title("ข้อคำถามเป็นของปีอื่น", "Questions are of another year"),
    "sum_mismatch": Title("ผลรวมไม่ตรง", "Sum does not add up"),
    "number_unread": Title("อ่านตัวเลขไม่ได้", "Number could not be read"),
    "item_gap": Title("ลำดับที่ขาดหรือซ้ำ", "Numbers of items skip or repeat"),
}
SEVERITY_TITLES = {
    "error": Title("ผิดพลาด", "error"),
    "warning": Title("ควรตรวจ", "warning"),
    "info": Title("หมายเหตุ", "note"),
    "decided": Title("ตัดสินแล้ว", "decided"),
}
PLURALS = {
    **SEVERITY_TITLES,
    "error": Title("ผิดพลาด", "errors"),
    "warning": Title("ควรตรวจ", "warnings"),
    "info": Title("หมายเหตุ", "notes"),
}
STATUS_TITLES = {
    "ok": Title("ครบถ้วน", "complete"),
    "partial": Title("บางส่วน", "in part"),
    "failed": Title("อ่านไม่ได้", "failed"),
}
WHERE_TITLES = {
    "indicator": Title("ตัวชี้วัด", "indicator"),
    "was": Title("เดิม", "was"),
    "reads": Title("อ่านได้", "reads"),
    "decided": Title("ตัดสินเป็น", "decided"),
}
FIELD_TITLES = {
    field.name: Title(field.title_th, field.title_en) for table in TABLES for field in table.fields
} | {
    "no": Title("ลำดับ", "Number"),
    "indicator": Title("ประเด็น/ตัวชี้วัด", "Indicator"),
    "header": Title("หัวตาราง", "Header"),
}


# ---------------------------------------------------------------- text that is safe to show


def visible(text: str) -> str:
    """Text with what cannot be seen made visible, by the numbers of its characters.

    >>> visible("a\u202eb"), visible("ก\x07")
    ('a⟦U+202E⟧b', 'ก␇')
    """
    shown = publish_text(text) or ""
    return UNSEEN.sub(lambda match: f"⟦U+{ord(match[0]):04X}⟧", shown)


def shown(value: Any) -> Any:
    """What the templates write of a value; they escape it."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return visible(value)
    return "" if value is None else value


def both(th: str, en: str, *values: object) -> Markup:
    """A text in both languages, one of which the page hides; `{}` stands for the values."""
    safe = [Markup.escape(shown(value)) for value in values]
    thai, english = Markup(th).format(*safe), Markup(en).format(*safe)
    return Markup(
        '<span class="th" lang="th">{}</span><span class="en" lang="en">{}</span>'
    ).format(thai, english)


def titled(title: Title) -> Markup:
    """A name in both languages, whatever characters it has."""
    return both("{0}", "{1}", title.th, title.en)


def check_title(name: str) -> Markup:
    return titled(CHECK_TITLES.get(name, Title(name, name)))


def field_title(name: str) -> Markup:
    return titled(FIELD_TITLES.get(name, Title(name, name)))


def where_title(where: str) -> Markup:
    """Where a value stands, as `Said.where` names it, in both languages.

    >>> print(where_title("3, 7-9"))
    <span class="th" lang="th">หน้า 3, 7-9</span><span class="en" lang="en">p. 3, 7-9</span>
    """
    if NUMBERS.fullmatch(where):
        return both("หน้า {}", "p. {}", where)
    if found := FRAMEWORK.fullmatch(where):
        return both("กรอบการประเมินปี {}", "framework of {}", found[1])
    if found := CELL.fullmatch(where):
        page, row, field, column = found.groups()
        if column:
            return both("หน้า {} แถว {} คอลัมน์ {}", "p. {}, row {}, column {}", page, row, column)
        th, en = FIELD_TITLES.get(field, Title(field, field))
        return both("หน้า {0} แถว {1} · {2}", "p. {0}, row {1} · {3}", page, row, th, en)
    return titled(WHERE_TITLES.get(where, Title(where, where)))


def cut_short(text: str) -> str:
    """A text that is no longer than a person reads here."""
    return text if len(text) <= MOST_LETTERS else text[:MOST_LETTERS] + " …"


@cache
def environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=shown,
    )
    made.globals |= {
        "both": both,
        "titled": titled,
        "check_title": check_title,
        "field_title": field_title,
        "severity_titles": SEVERITY_TITLES,
        "status_titles": STATUS_TITLES,
        "symbols": SYMBOLS,
        "severities": SEVERITIES,
        "page_list": page_list,
        "cut_short": cut_short,
        "most_said": MOST_SAID,
        "where_title": where_title,
        "plurals": PLURALS,
    }
    return made


@cache
def style() -> str:
    return (Path(__file__).parent / "templates" / "audit.css").read_text("utf-8")


# ---------------------------------------------------------------- one document


@dataclass(frozen=True, slots=True)
class Shown:
    """One place of a finding as the page shows it."""

    page: int
    row: int | None
    column: int | None
    cell: CellValue | None
    image: str = ""
    """A data URL; empty where there is no picture."""
    width: int = 0
    height: int = 0


class Slot(NamedTuple):
    """One field of the matrix of pages and checks."""

    findings: int
    mark: str
    target: str


@dataclass(frozen=True, slots=True)
class Matrix:
    """How many findings each check has on each page; page 0 is the document as a whole."""

    pages: tuple[int, ...]
    lines: tuple[tuple[str, tuple[Slot | None, ...]], ...]


def mark_of(finding: Finding) -> str:
    return "decided" if finding.decided else finding.severity


def matrices(findings: Sequence[tuple[str, Finding]]) -> Iterator[Matrix]:
    """The findings, each with its anchor, by check and page; so many pages at a time as fit."""
    places: dict[tuple[str, int], list[tuple[str, Finding]]] = defaultdict(list)
    for anchor, finding in findings:
        for page in finding.pages or (0,):
            places[finding.check, page].append((anchor, finding))
    pages = sorted({page for _, page in places})
    for first in range(0, len(pages), PAGES_ACROSS):
        here = tuple(pages[first : first + PAGES_ACROSS])
        checks = dict.fromkeys(f.check for _, f in findings if set(f.pages or (0,)) & set(here))
        lines = [(c, tuple(slot(places.get((c, page), ())) for page in here)) for c in checks]
        yield Matrix(here, tuple(lines))


def slot(findings: Sequence[tuple[str, Finding]]) -> Slot | None:
    """The field of one check and page: it leads to the worst of its findings."""
    if not findings:
        return None
    worst = worst_first(finding for _, finding in findings)[0]
    target = next(anchor for anchor, finding in findings if finding is worst)
    return Slot(len(findings), mark_of(worst), target)


def places_of(
    finding: Finding, cells: Mapping[Place, CellValue], crops: Mapping[Key, Crop]
) -> list[Shown]:
    """What is shown of a finding's places: pictures where there are any, else the cells' text."""
    boxed = {place: None for place, cell in cells.items() if cell.box is not None}
    found = []
    for page, row, column in keys_of(finding, boxed if boxed else cells):
        known = row is not None and column is not None
        cell = cells.get(Place(page, row or 0, column or 0)) if known else None
        crop = crops.get((page, row, column))
        if crop is not None:
            image = f"data:image/webp;base64,{base64.b64encode(crop.content).decode()}"
            found.append(Shown(page, row, column, cell, image, crop.width, crop.height))
        elif cell is not None:
            found.append(Shown(page, row, column, cell))
    return found


def anchor_of(path: Path) -> str:
    """The anchor of a document on the page, by the file of its kept result."""
    digest, _, number = path.stem.partition("-")
    return f"d{digest[:16]}" + (f"-{number}" if number else "")


def document_section(
    anchor: str, result: DocumentResult, crops: Iterable[Crop], pictures: bool = True
) -> Iterator[str]:
    """The part of the page that is about one document, piece by piece; nothing without findings."""
    if not result.findings:
        return
    cells = {Place(c.page, c.row, c.column): c for c in result.cells}
    cut = {crop.key: crop for crop in crops} if pictures else {}
    ordered = worst_first(result.findings)
    listed = [(f"{anchor}-f{number}", f) for number, f in enumerate(ordered[:MOST_FINDINGS], 1)]
    cards, bare, room = [], 0, MOST_PICTURED
    for name, finding in listed:
        places = places_of(finding, cells, cut)
        size = sum(len(place.image) for place in places)
        if size > room:
            places, bare = places_of(finding, cells, {}), bare + 1
        else:
            room -= size
        cards.append((name, finding, places))
    yield from (
        environment()
        .get_template("audit-document.html")
        .generate(
            anchor=anchor,
            record=result.record,
            matrices=list(matrices(listed)),
            findings=cards,
            bare=bare,
            left_out=len(ordered) - len(listed),
            without_pictures=not pictures,
            mark_of=mark_of,
        )
    )


# ---------------------------------------------------------------- the page


@dataclass(frozen=True, slots=True)
class Summary:
    """What the page says of one document in its list, and how large its two sections are."""

    anchor: str
    record: DocumentRecord
    review: int
    """How many rows need a person."""
    marks: Mapping[str, int]
    checks: tuple[tuple[str, str, int], ...]
    """Of each check how many findings bear a mark."""
    plain: int = 0
    """Bytes of the section without pictures."""
    full: int = 0

    @property
    def name(self) -> tuple[str, str]:
        """By which documents are ordered that are equally bad."""
        return (self.record.document, self.anchor)


def summary_of(anchor: str, result: DocumentResult, plain: int = 0, full: int = 0) -> Summary:
    record, findings = result.record, result.findings
    review = sum(row.needs_review for row in result.rows)
    marks = Counter(map(mark_of, findings))
    checks = Counter((finding.check, mark_of(finding)) for finding in findings)
    counted = tuple((check, mark, count) for (check, mark), count in sorted(checks.items()))
    return Summary(anchor, record, review, dict(marks), counted, plain, full)


@dataclass(frozen=True, slots=True)
class Figures:
    """What the page needs of all documents at once, 50 bytes of each."""

    plain: Sequence[int]
    """Bytes of the sections without pictures, in the order of the documents; 0 for none."""
    full: Sequence[int]
    worst: Sequence[int]
    """The places of the documents, the worst first."""
    sums: Mapping[str, int]
    """Of documents by status, pages, rows, and rows that need a person."""
    marks: Counter[str]
    checks: Counter[tuple[str, str]]
    """By check and mark."""


def figures_of(documents: Sequence[Summary]) -> Figures:
    """Go through all documents once, and again for their names where they are not in order."""
    counts = {severity: array("L") for severity in SEVERITIES}
    plain, full = array("Q"), array("Q")
    sums, marks, checks = Counter[str](), Counter[str](), Counter[tuple[str, str]]()
    last, is_ordered = ("", ""), True
    for one in documents:
        is_ordered, last = is_ordered and last <= one.name, one.name
        for severity in SEVERITIES:
            counts[severity].append(one.marks.get(severity, 0))
        plain.append(one.plain)
        full.append(one.full)
        sums.update(
            {
                one.record.status: 1,
                "pages": one.record.pages or 0,
                "rows": one.record.rows,
                "review": one.review,
            }
        )
        marks.update(one.marks)
        checks.update({(check, mark): count for check, mark, count in one.checks})
    places: Iterable[int] = range(len(plain))
    worst = list(places if is_ordered else sorted(places, key=lambda place: documents[place].name))
    for severity in reversed(SEVERITIES):
        worst.sort(key=counts[severity].__getitem__, reverse=True)
    return Figures(plain, full, array("L", worst), sums, marks, checks)


def chosen(figures: Figures, room: int = MOST_BYTES) -> dict[int, bool]:
    """The documents that get a section, and whether with pictures: the worst first.

    All get one before any gets pictures.
    """
    found: dict[int, bool] = {}
    for place in figures.worst:
        if 0 < figures.plain[place] <= room:
            found[place] = False
            room -= figures.plain[place]
    for place in found:
        more = figures.full[place] - figures.plain[place]
        if more <= room:
            found[place] = True
            room -= more
    return found


SectionOf = Callable[[int, bool], Iterator[bytes]]
"""Gives the section of a document by its place, with pictures or without."""


def audit_html(
    documents: Sequence[Summary],
    between: Iterable[Finding],
    section_of: SectionOf,
    language: str = "en",
    room: int = MOST_BYTES,
) -> Iterator[bytes]:
    """The whole page, piece by piece; `documents` in the order in which they are listed.

    They are asked for again and again, and few of them are held.
    """
    figures = figures_of(documents)
    sections = chosen(figures, room)
    listed = sorted(figures.worst[:MOST_LISTED])
    marks, checks, worst = Counter(figures.marks), Counter(figures.checks), list[Finding]()
    findings = 0
    for finding in between:
        findings += 1
        marks[mark_of(finding)] += 1
        checks[finding.check, mark_of(finding)] += 1
        worst.append(finding)
        if len(worst) > 2 * MOST_BETWEEN:
            worst = worst_first(worst)[:MOST_BETWEEN]
    worst = worst_first(worst)[:MOST_BETWEEN]
    functions = {check.__name__: check for check in (*CHECKS, *ARCHIVE_CHECKS)}
    names = [name for name in functions if any(checks[name, mark] for mark in SYMBOLS)]
    last_first = map(documents.__getitem__, reversed(listed))
    environment_ = environment()
    top = environment_.get_template("audit-top.html").generate(
        style=Markup(style()),
        style_hash=base64.b64encode(hashlib.sha256(style().encode()).digest()).decode(),
        language=language,
        documents=len(documents),
        failed=figures.sums.get("failed", 0),
        partial=figures.sums.get("partial", 0),
        pages=figures.sums.get("pages", 0),
        rows=figures.sums.get("rows", 0),
        review=figures.sums.get("review", 0),
        marks=marks,
        checks=[(name, {mark: checks[name, mark] for mark in SYMBOLS}) for name in names],
        listed=((documents[place], place in sections) for place in listed),
        unlisted=len(documents) - len(listed),
        left_out=sum(map(bool, figures.plain)) - len(sections),
        without_pictures=sum(not full for full in sections.values()),
        between=[(f"b-{number}", finding) for number, finding in enumerate(worst, 1)],
        between_left_out=findings - len(worst),
        anchors={one.record.document: one.anchor for one in last_first},
        mark_of=mark_of,
    )
    yield from (piece.encode() for piece in top)
    for place in sorted(sections):
        yield from section_of(place, sections[place])
    meanings = [(name, (functions[name].__doc__ or "").partition("\n")[0]) for name in names]
    yield environment_.get_template("audit-end.html").render(meanings=meanings).encode()
