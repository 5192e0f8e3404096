"""One document, from raw pages to rows, with all that the audit needs to judge them."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from rapidfuzz import fuzz

from extract.model import Frame, Origin, Page, on_paper
from normalize.cells import (
    ITEM_RULES,
    VALUE_RULES,
    Paper,
    find_defects,
    finish,
    join_text,
    measure,
    repair_cell,
    repair_lines,
    settle_lines,
)
from normalize.codes import (
    CLOSE,
    EXACT,
    CodeReading,
    QuestionPart,
    code_from_wording,
    read_code,
    split_analysis,
    split_questions,
    wording_ratio,
    wording_skeleton,
)
from normalize.columns import TableView, Text, unnamed_columns, view_tables
from normalize.decisions import (
    Decision,
    RowDecisions,
    Stale,
    anchor,
    decide_agency,
    decide_cells,
    decide_rows,
    decide_years,
    in_force,
)
from normalize.indicators import IndicatorReading, read_indicator
from normalize.items import ItemRecord, Place, field_at, read_items
from normalize.model import CellValue, Correction, Instrument, Item, Row
from normalize.periods import Period, outside, read_period
from normalize.places import Agency, Mention, TextKind, find_mentions, resolve_agency
from normalize.references import References, read_references
from normalize.rows import (
    PhysicalRow,
    Piece,
    TableRow,
    carry_merged,
    put_together,
    rows_of,
    squeeze,
)
from normalize.scores import ScoreReading, read_score
from normalize.sections import Sections, split_result
from normalize.trace import Step
from normalize.units import UnitReading, read_units
from normalize.years import Years, YearSaid, say_years, settle_years
from profiles.framework import Framework, framework_for
from profiles.gazetteer import gazetteer
from profiles.lexicon import word_costs
from profiles.report import NoProfile, Profile

SAME_PAGE, SAME_QUESTION = 90.0, 80.0
"""Ratios of two pages' texts, and of their questions, from which on they are one page."""
MIN_PAGE_LETTERS = 120
MANY_PAGES = 8
"""What stands on more pages than these is a phrase of the form and says nothing of a repeat."""
TEXT_FIELDS = ("question", "analysis", "measures", "result", "steps", "timeframe")
QUESTION_END = re.compile(r"(?:มากน้อยเพียงใด|หรือไม่|น้อยเพียงใด)[?]?$")
HEADING = re.compile(
    r"\s*(?:[0-9๐-๙]{1,2}\.[0-9๐-๙]"
    r"|(?:\(?[0-9๐-๙]{1,2}[.)]\s*)?(?:ตัว\s*ชี้\s*วัด|ประเด็น|แบบ|หมวด|ด้าน))"
)
UNSURE_CODE, UNSURE_FIGURE, UNSURE_LETTER, UNSURE_TEXT = 0.8, 0.85, 0.5, 0.95
"""What is less sure has its row shown to a person: its code; a digit; a letter of a column from
which a value is made; a text of any column on the whole. A single letter of prose is a finding
and no more: a word shows what it should be, a number does not."""
VALUE_FIELDS = frozenset({"question", "timeframe", "responsible", "score"})
PAGE_NUMBER = re.compile(r"(?:หน้า(?:ที่)?)?\s*-?\s*[0-9๐-๙]{1,3}\s*(?:[/-]\s*[0-9๐-๙]{0,3})?")
UNSURE = 0.9
"""A cell below this is a finding."""
COUNTED_FIELDS = frozenset({"no", "indicator"})
"""Columns whose numbers are checked by their order and by the names beside them."""


@dataclass(frozen=True, slots=True)
class PageView:
    """What the audit needs to know of a page."""

    number: int
    origin: Origin
    layer: str
    note: str
    has_data: bool
    tables: int
    image_share: float
    is_read: bool = True
    frame: Frame | None = None
    unread: int = 0
    """How many marks outside of its tables are no print."""
    titles: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Twin:
    """A page that stands twice: its content counts once."""

    page: int
    again: int
    ratio: float


@dataclass(frozen=True, slots=True)
class SaidCode:
    """What one page prints for a code, and what was made of it."""

    page: int
    reading: CodeReading


@dataclass(frozen=True, slots=True)
class SaidIndicator:
    page: int
    text: str
    reading: IndicatorReading


@dataclass(frozen=True, slots=True)
class Record:
    """A row and the evidence behind it."""

    row: Row
    code: CodeReading
    codes: tuple[SaidCode, ...]
    """What every page prints for it, the twin of its page included."""
    indicators: tuple[SaidIndicator, ...]
    period: Period | None
    score: ScoreReading
    units: UnitReading
    sections: Sections
    references: References
    physical: PhysicalRow
    siblings: tuple[str, ...] = ()
    """The codes of the other questions of its physical row."""
    doubts: tuple[str, ...] = ()
    """Why a person should look at it, beside what its values say themselves."""
    part: int = 0
    """Which of the questions of its physical row it is, from 0."""
    decided: frozenset[str] = frozenset()
    """The values that a person gave or let stand; empty text for the row as a whole."""
    reasons: tuple[str, ...] = ()
    """Why a person should look, all of it: the doubts, and what its values say themselves."""
    again: tuple[TableRow, ...] = ()
    """What the repeats of its pages say of the same row."""
    indicators_again: tuple[SaidIndicator, ...] = ()
    """What they print for its indicator."""
    decided_steps: tuple[tuple[str, Step], ...] = ()
    """What a person changed of the values that its cells were read as, by field."""

    @property
    def anchor(self) -> tuple[int, int, int]:
        """Page, row and column of the cell that a decision on the row names."""
        return anchor(self.physical)


@dataclass(frozen=True, slots=True)
class Report:
    """Everything known of one document."""

    document: str
    profile: Profile | None
    framework: Framework
    pages: tuple[PageView, ...]
    agency: Agency
    years: Years
    views: tuple[TableView, ...] = ()
    records: tuple[Record, ...] = ()
    twins: tuple[Twin, ...] = ()
    cells: tuple[CellValue, ...] = ()
    corrections: tuple[Correction, ...] = ()
    defects: tuple[tuple[str, tuple[str, ...]], ...] = ()
    unnamed: frozenset[tuple[int, int]] = frozenset()
    """(Page, table) of tables that lack a field and have a column that no field names."""
    decisions: tuple[Decision, ...] = ()
    """What people decided of this document and still holds."""
    stale: tuple[Stale, ...] = ()
    decided_cells: frozenset[tuple[int, int, int]] = frozenset()
    """(Page, row, column) of cells whose value a person gave or let stand."""
    item_records: tuple[ItemRecord, ...] = ()
    """What a profile with a `table` makes of its tables; then there are no `records`."""

    @property
    def items(self) -> tuple[Item, ...]:
        return tuple(record.item for record in self.item_records)

    @property
    def rows(self) -> tuple[Row, ...]:
        return tuple(record.row for record in self.records)


def choose_profile(
    views_of: Mapping[str, Sequence[TableView]], profiles: Sequence[Profile]
) -> Profile | None:
    """The profile in whose columns most tables of the document stand; None where none fits.

    Indicator rows come before items, however many: their headers are never those of other tables,
    and a report with an annex of prices is still a report. Of several the one that names most
    columns. Raises NoProfile where two do equally well, since then nothing but chance would decide.
    """

    def fit(profile: Profile) -> tuple[bool, int, int]:
        views = [view for view in views_of[profile.name] if view.is_data]
        named = sum(bool(slot.field) for view in views for slot in view.slots)
        return bool(views) and not profile.table, len(views), named

    fits = {profile.name: fit(profile) for profile in profiles}
    most = max(fits.values(), default=(False, 0, 0))
    best = [profile for profile in profiles if fits[profile.name] == most]
    if not most[1]:
        return None
    if len(best) > 1:
        names = " and ".join(profile.name for profile in best)
        raise NoProfile(f"the profiles {names} fit equally well: say which one by --profile")
    return best[0]


def normalize(
    document: str,
    source: Iterable[Page],
    profiles: Sequence[Profile],
    decisions: Iterable[Decision] = (),
) -> Report:
    """All of one document; pure in its pages, the profiles and what people decided of it.

    What the pages hold is let go on the way; give an iterator, and nothing keeps it.
    """
    word_costs()  # loading leaves much to be used again: before the pages, not on top of them
    pages = list(source)
    held = in_force(decisions)
    defects = find_defects(pages)
    tables = [
        (page.source.page, i, table, tuple(repair_cell(cell, defects) for cell in table.cells))
        for page in pages
        for i, table in enumerate(page.tables)
    ]
    decided, stale_cells = decide_cells(
        {place_of(page, text): text for page, _, _, texts in tables for text in texts}
        if any(d.target == "cell" for d in held)
        else {},
        held,
    )
    if decided:
        tables = [
            (page, i, table, tuple(decided.get(place_of(page, text), text) for text in texts))
            for page, i, table, texts in tables
        ]
    views_of = {profile.name: view_tables(tables, profile) for profile in profiles}
    try:
        profile = choose_profile(views_of, profiles)
    except NoProfile as error:
        raise NoProfile(f"{document}: {error}") from error
    if profile is not None:
        views = views_of[profile.name]
    else:
        views = tuple(TableView(*table) for table in tables)
    data_pages = {view.page for view in views if view.is_data}
    page_views = tuple(view_page(page, defects, views, data_pages) for page in pages)
    captions = captions_of(pages, views, defects) if profile is not None and profile.table else {}
    del pages, tables, views_of
    years = settle_years(tuple(years_said(page_views, views, profile)))
    years, year_decisions, stale_years = decide_years(years, held)
    framework = framework_for(years.assessment or (years.fiscal or 2569) - 1)
    paper = measure(views, [question.text for question in framework.questions])
    item_records: tuple[ItemRecord, ...] = ()
    meant: Mapping[Place, frozenset[int]] = {}
    twins: tuple[Twin, ...] = ()
    if profile is not None and profile.table:
        twins = same_pages(page_views, views)
        repeated = frozenset(twin.again for twin in twins)
        item_records, meant = read_items(document, views, profile, paper, captions, repeated)
    views = with_breaks(settle_lines(views, paper), meant)
    frames = {page.number: page.frame for page in page_views if page.frame is not None}
    cells, corrections = read_cells(document, views, profile, paper, frames)
    if profile is None or not profile.table:
        twins = find_twins(views)
    report = Report(
        document,
        profile,
        framework,
        page_views,
        Agency(None),
        years,
        views,
        twins=twins,
        cells=tuple(cells),
        defects=tuple(sorted((font, names) for font, names in defects.items() if names)),
        unnamed=frozenset(
            (view.page, view.index)
            for view in views
            if profile is not None and unnamed_columns(view, profile)
        ),
        decided_cells=frozenset(decided),
        item_records=item_records,
    )
    of_indicators = profile if profile is not None and not profile.table else None
    physical = physical_rows(report, of_indicators) if of_indicators is not None else ()
    of_rows, stale_rows = decide_rows(physical, held)
    drafts = (
        list(read_rows(report, of_indicators, paper, physical, of_rows))
        if of_indicators is not None
        else []
    )
    printed = resolve_agency(tuple(mentions_of(page_views, views, paper)), gazetteer())
    agency, agency_decisions, stale_agency = decide_agency(printed, held)
    records = twice_asked(tuple(place_record(draft, agency, years) for draft in drafts))
    records = under_others(records)
    corrections += row_corrections(document, agency, records)
    corrections += item_corrections(item_records)
    corrections += decided_corrections(document, printed, year_decisions, agency_decisions, report)
    return replace(
        report,
        agency=agency,
        records=records,
        corrections=tuple(corrections),
        decisions=held,
        stale=(*stale_cells, *stale_years, *stale_rows, *stale_agency),
    )


def place_of(page: int, text: Text) -> tuple[int, int, int]:
    """What names a cell of the document: page, row and column."""
    return page, text.cell.row, text.cell.column


def decided_corrections(
    document: str,
    printed: Agency,
    years: Sequence[Decision],
    agency: Sequence[Decision],
    report: Report,
) -> Iterator[Correction]:
    """What people decided of the document as a whole, as far as it changed a value."""
    before = {"agency": printed.name or ""}
    for decision in (*years, *agency):
        said = before.get(decision.field, decision.was)
        if decision.now is not None and decision.now != said:
            yield Correction(
                document, None, None, None, decision.field, "decision", said, decision.now
            )


CAPTION_POINTS = 40.0
"""A line farther above a table than this does not head it."""


def captions_of(
    pages: Sequence[Page], views: Sequence[TableView], defects: Mapping[str, tuple[str, ...]]
) -> dict[tuple[int, int], str]:
    """The line right above each data table, by its page and which table of it it is."""
    lines = {page.source.page: page.lines for page in pages}
    found = {}
    for view in views:
        above = tuple(
            line
            for line in (lines.get(view.page, ()) if view.is_data else ())
            if not PAGE_NUMBER.fullmatch(line.text.strip())
        )
        box = view.table.box
        if box is not None:
            above = tuple(
                line
                for line in above
                if line.box is not None
                and 0 < box.top + 3 - line.box.bottom + 3 < CAPTION_POINTS
                and min(line.box.x1, box.x1) > max(line.box.x0, box.x0)
            )
        elif view.index:
            above = ()
        nearest = max(above, key=lambda li: li.box.bottom if li.box else 0.0, default=None)
        if box is None and above:
            nearest = above[-1]
        if nearest is not None:
            text = " ".join(repair_lines([nearest], defects)[0].split())
            found[view.page, view.index] = finish(text, rules=ITEM_RULES)[0]
    return found


def with_breaks(
    views: Sequence[TableView], meant: Mapping[Place, frozenset[int]]
) -> tuple[TableView, ...]:
    """The breaks between two items of one cell were meant."""
    if not meant:
        return tuple(views)

    def broken(page: int, text: Text) -> Text:
        own = meant.get(place_of(page, text))
        if own is None or text.breaks is None:
            return text
        breaks = tuple(hard or n in own for n, hard in enumerate(text.breaks))
        return replace(text, breaks=breaks)

    return tuple(
        replace(view, texts=tuple(broken(view.page, text) for text in view.texts)) for view in views
    )


def same_pages(pages: Sequence[PageView], views: Sequence[TableView]) -> tuple[Twin, ...]:
    """Pages of items that say the same to the letter, title and all, each with the first of them.

    Unlike a page of indicators, one of items may differ from another in a number alone.
    """
    found: dict[tuple[str, ...], int] = {}
    twins = []
    for page in pages:
        own = [view for view in views if view.page == page.number]
        if not page.has_data:
            continue
        lines = [line for line in page.lines if not PAGE_NUMBER.fullmatch(line.strip())]
        key = (*lines, *(text.text for view in own for text in view.texts))
        first = found.setdefault(key, page.number)
        if first != page.number:
            twins.append(Twin(first, page.number, 1.0))
    return tuple(twins)


def item_corrections(records: Iterable[ItemRecord]) -> Iterator[Correction]:
    """The steps from what cells print to the values of items, for the row and not for one cell."""
    for record in records:
        for field, step in record.steps:
            item = record.item
            yield Correction(
                item.document, item.page, item.row, None, field, step.rule, step.before, step.after
            )


def view_page(
    page: Page,
    defects: Mapping[str, tuple[str, ...]],
    views: Sequence[TableView],
    data_pages: set[int],
) -> PageView:
    """A page's titles: its lines above the first table, and the full-width rows of its tables."""
    number = page.source.page
    top = min((t.box.top for t in page.tables if t.box is not None), default=None)
    above = [
        line for line in page.lines if top is None or line.box is None or line.box.bottom <= top + 3
    ]
    lines = tuple(filter(None, repair_lines(page.lines, defects)[0].split("\n")))
    titles = list(filter(None, repair_lines(above, defects)[0].split("\n")))
    for view in views:
        if view.page == number and view.is_data:
            titles += [
                t.text for t in view.texts if t.cell.row < view.header_rows[0] and t.text.strip()
            ]
    return PageView(
        number,
        page.origin,
        page.layer,
        page.layer_note,
        number in data_pages,
        len(page.tables),
        page.image_share,
        page.is_read,
        page.frame,
        len(page.unread),
        tuple(titles),
        lines,
    )


def years_said(
    pages: Sequence[PageView], views: Sequence[TableView], profile: Profile | None
) -> Iterator[YearSaid]:
    """The years that titles and headers state. A narrative page speaks only where it names the
    report, since its text may speak of any year."""
    words = [squeeze(word) for word in profile.keywords] if profile else []
    first = min((page.number for page in pages if page.has_data), default=0)
    for page in pages:
        is_cover = page.number < first and is_short("\n".join(page.titles))
        for title in page.titles:
            if page.has_data or is_cover or any(word in squeeze(title) for word in words):
                yield from say_years(page.number, "title", title)
    for view in views:
        for kind, text in view.groups:
            yield from say_years(view.page, kind or "title", text)
        for cell_text in view.texts if view.is_data else ():
            if "ปี" in cell_text.text and view.field_of(cell_text.cell) == "timeframe":
                yield from say_years(view.page, "timeframe", cell_text.text.replace("\n", ""))


def mentions_of(
    pages: Sequence[PageView], views: Sequence[TableView], paper: Paper
) -> Iterator[Mention]:
    """Every naming of an agency, in titles and in the text of the rows."""
    covers = {page.number for page in pages if not page.has_data}
    first_data = min((page.number for page in pages if page.has_data), default=None)
    for page in pages:
        is_title = page.has_data or first_data is None or page.number < first_data
        titles = "\n".join(page.titles)
        kind: TextKind = "title" if is_title and is_short(titles) else "body"
        yield from find_mentions(page.number, titles, kind)
    for view in views:
        if not view.is_data or view.page in covers:
            continue
        for text in view.texts:
            if text.cell.row >= view.header_rows[1] and text.text:
                joined = join_text([(view.page, view.index, text)], paper)[0]
                yield from find_mentions(view.page, joined, "body")


def is_short(text: str) -> bool:
    """A title or a cover, not a page of prose."""
    return len(text) < 700


def read_cells(
    document: str,
    views: Sequence[TableView],
    profile: Profile | None,
    paper: Paper,
    frames: Mapping[int, Frame],
) -> tuple[list[CellValue], list[Correction]]:
    """Every cell with its value, and the steps from the one to the other.

    The boxes are of the page as it lies: `frames` leads there from a page turned upright.
    """
    cells: list[CellValue] = []
    corrections: list[Correction] = []
    rules = ITEM_RULES if profile is not None and profile.table else VALUE_RULES
    for view in views:
        frame = frames.get(view.page)
        for text in view.texts:
            cell = text.cell
            box = cell.source.box
            field = view.field_of(cell)
            if profile is not None:
                field = profile.published(field)
                if profile.table and view.is_data and cell.row >= view.header_rows[1]:
                    field = field_at(view, text, profile) or ""
            joined, join_steps = join_text([(view.page, view.index, text)], paper)
            value, steps = finish(joined, field, rules)
            cells.append(
                CellValue(
                    document,
                    view.page,
                    view.index,
                    cell.row,
                    cell.column,
                    text.raw,
                    value,
                    field,
                    cell.origin,
                    on_paper(box, frame) if box is not None and frame is not None else box,
                    text.confidence,
                    cell.doubtful,
                )
            )
            corrections += [
                Correction(
                    document, view.page, cell.row, cell.column, field, s.rule, s.before, s.after
                )
                for s in (*text.steps, *join_steps, *steps)
            ]
    return cells, corrections


def find_twins(views: Sequence[TableView]) -> tuple[Twin, ...]:
    """Pages that hold the same rows, each with the first page it repeats."""
    texts: dict[int, list[str]] = defaultdict(list)
    questions: dict[int, list[str]] = defaultdict(list)
    for view in views:
        if not view.is_data:
            continue
        for text in view.texts:
            if text.cell.row >= view.header_rows[1]:
                field = view.slot_of(text.cell)
                if field not in ("indicator", "no", ""):
                    texts[view.page].append(wording_skeleton(text.text))
                if field == "question":
                    questions[view.page].append(wording_skeleton(text.text))
    whole = {page: "".join(parts) for page, parts in texts.items()}
    whole = {page: joined for page, joined in whole.items() if len(joined) >= MIN_PAGE_LETTERS}
    shingles: dict[str, list[int]] = defaultdict(list)
    twins: list[Twin] = []
    for page, letters in whole.items():
        keys = {
            letters[i : i + 12]
            for i in range(len(letters) - 11)
            if hash_of(letters[i : i + 4]) == 0
        }
        shared: dict[int, int] = defaultdict(int)
        for key in keys:
            if len(shingles[key]) <= MANY_PAGES:
                for other in shingles[key]:
                    shared[other] += 1
        for key in keys:
            shingles[key].append(page)
        for other in sorted(shared):
            if shared[other] * 8 < len(keys) or any(t.again == other for t in twins):
                continue
            ratio = fuzz.ratio(whole[other], letters, score_cutoff=SAME_PAGE)
            asked = fuzz.ratio("".join(questions[other]), "".join(questions[page]))
            if ratio >= SAME_PAGE and asked >= SAME_QUESTION:
                twins.append(Twin(other, page, ratio / 100))
                break
    return tuple(twins)


def hash_of(text: str) -> int:
    """A small hash that is the same in every run: one in four texts gives 0.

    >>> hash_of("กขคง"), hash_of("abcd")
    (0, 2)
    """
    return sum(ord(letter) * weight for letter, weight in zip(text, (1, 3, 5, 7), strict=False)) % 4


def physical_rows(report: Report, profile: Profile) -> tuple[PhysicalRow, ...]:
    """The rows of all data tables but those of repeated pages, put together over page breaks."""
    repeated = {twin.again for twin in report.twins}
    rows: list[TableRow] = []
    section: tuple[Piece, ...] = ()
    for view in report.views:
        if view.is_data and view.page not in repeated:
            found, section = rows_of(view, profile, section)
            rows += carry_merged(rows, found)
    return put_together(rows, Wording(report.framework))


def read_rows(
    report: Report,
    profile: Profile,
    paper: Paper,
    physical: Sequence[PhysicalRow],
    decided: RowDecisions,
) -> Iterator[Record]:
    """One record a code, from the physical rows and what people decided of them."""
    framework = report.framework
    repeated = {twin.again: twin.page for twin in report.twins}
    shadows: dict[int, list[TableRow]] = defaultdict(list)
    for view in report.views:
        if view.is_data and view.page in repeated:
            shadows[repeated[view.page]] += rows_of(view, profile)[0]
    indicator: list[SaidIndicator] = []
    for number, row in enumerate(physical):
        indicator = say_indicators(row, indicator, framework)
        own = {part: fields for (of, part), fields in decided.items() if of == number}
        yield from split_row(report, paper, row, indicator, shadows, own)


@dataclass(frozen=True, slots=True)
class Wording:
    """What the year's framework knows of the wording of questions."""

    framework: Framework

    def prints_code(self, text: str) -> bool:
        """True where the text begins with a code, at most after a heading.

        >>> Wording(framework_for(2568)).prints_code("e๘ หน่วยงานมีการปรับปรุง")
        True
        >>> Wording(framework_for(2568)).prints_code("เข้าไปมีส่วนร่วมในการดำเนินงาน e๘ หน่วยงาน")
        False
        """
        first = split_questions(text, self.framework)[0]
        return first.printed is not None and (
            not wording_skeleton(first.lead) or bool(HEADING.match(first.lead))
        )

    def other_indicator(self, before: str, now: str) -> bool:
        """True where two cells name two indicators.

        >>> Wording(framework_for(2568)).other_indicator("๑.การปฏิบัติหน้าที่", "๒.การใช้งบประมาณ")
        True
        >>> Wording(framework_for(2568)).other_indicator("๘.การปรับปรุง", "การทำงาน")
        False
        """
        first = read_indicator(before.replace("\n", ""), self.framework)
        second = read_indicator(now.replace("\n", ""), self.framework)
        return second.how in ("both", "name") and first.number not in (None, second.number)

    def is_whole(self, text: str) -> bool:
        last = split_questions(text, self.framework)[-1]
        found = code_from_wording(last.text, self.framework)
        return found is not None and found[1] >= EXACT

    def completes(self, asked: str, more: str) -> bool:
        before = split_questions(asked, self.framework)[-1].text
        after = split_questions(asked + more, self.framework)[-1].text
        joined = code_from_wording(after, self.framework)
        alone = code_from_wording(before, self.framework)
        if joined is not None and (alone is None or joined[1] > alone[1]):
            return True
        # questions of the staff alone end so: after one of the public it is a row without a code
        printed = split_questions(asked, self.framework)[-1].printed or ""
        return (
            not set("eEoO") & set(printed)
            and bool(QUESTION_END.search(squeeze(more)))
            and not QUESTION_END.search(squeeze(asked))
        )


def say_indicators(
    physical: PhysicalRow, before: list[SaidIndicator], framework: Framework
) -> list[SaidIndicator]:
    """What the pages of a row print for its indicator; an empty cell goes on with the one above."""
    said: list[SaidIndicator] = []
    for part in physical.parts:
        own = [p for p in part.pieces("indicator") if not p.is_empty]
        text = " ".join(p.text.text.replace("\n", "") for p in own or part.section)
        if text.strip():
            said.append(SaidIndicator(part.page, text, read_indicator(text, framework)))
    if len(said) > 1 and any(s.reading.how in ("fragment", "unknown") for s in said[1:]):
        # a name that the page break cut
        whole = "".join(s.text for s in said)
        reading = read_indicator(whole, framework)
        if reading.confidence > said[0].reading.confidence or said[0].reading.named is None:
            said = [SaidIndicator(said[0].page, whole, reading)]
    settled = [s for s in said if s.reading.number is not None]
    return settled or before


def split_row(
    report: Report,
    paper: Paper,
    physical: PhysicalRow,
    indicators: Sequence[SaidIndicator],
    shadows: Mapping[int, Sequence[TableRow]],
    decided: Mapping[int, Mapping[str, Decision]],
) -> Iterator[Record]:
    """The records of one physical row: one for each question in it."""
    framework = report.framework
    joined = {field: join_pieces(physical.pieces(field), paper) for field in TEXT_FIELDS}
    indicator_no = indicators[0].reading.number if indicators else None
    parts = split_questions(joined["question"], framework)
    readings = [
        read_code(part.printed, part.text, indicator_no, framework, part.shared) for part in parts
    ]
    readings = [decide_code(reading, decided.get(i, {})) for i, reading in enumerate(readings)]
    names = [reading.code or f"?{i}" for i, reading in enumerate(readings)]
    analyses = split_analysis(joined["analysis"], names)
    shared = {
        f: finish(joined[f], f)[0] or None for f in ("measures", "result", "steps", "timeframe")
    }
    sections = split_result(shared["result"] or "")
    if not shared["result"]:
        sections = columns_of_result(physical, paper)
        shared["result"] = result_of_columns(physical, sections)
    scored = {"analysis": joined["analysis"], "result": joined["result"] or shared["result"] or ""}
    if printed := join_pieces(physical.pieces("score"), paper):
        scored["score"] = printed
    units = read_units("\n".join(p.text.text for p in physical.pieces("responsible")))
    period = read_period(shared["timeframe"] or "", report.years.fiscal)
    twins = [row for page in physical.pages for row in shadows.get(page, ())]
    pages = tuple(
        sorted({*physical.pages, *(t.again for t in report.twins if t.page in physical.pages)})
    )
    doubts = physical_doubts(report, physical, indicators)
    worded = all(
        is_worded(reading, part.text, framework)
        for part, reading in zip(parts, readings, strict=True)
    )
    doubts += tuple(reading_doubts(physical, worded))
    for n, (part, reading, name) in enumerate(zip(parts, readings, names, strict=True)):
        score = read_score(scored, assessed=report.years.assessment, code=reading.code)
        analysis = finish(analyses.get(name) or "")[0] or None
        own_no = indicator_no
        if own_no is None and reading.code:
            own_no = framework.owner(reading.code)
        indicator = framework.indicator(own_no)
        text = read_references(analysis or "", framework)
        cited = [
            read_references(shared[f] or "", framework, only_cited=True)
            for f in ("measures", "result", "steps")
        ]
        references = References(
            tuple(dict.fromkeys((*text.known, *(c for r in cited for c in r.known)))),
            tuple(dict.fromkeys((*text.unknown, *(c for r in cited for c in r.unknown)))),
        )
        row = Row(
            report.document,
            reading.code,
            own_no,
            indicator.name if indicator else None,
            indicator.instrument if indicator else instrument_of(reading.code),
            pages,
            fiscal_year=report.years.fiscal,
            assessment_year=report.years.assessment,
            question=finish(part.text)[0] or None,
            analysis=analysis,
            measures=shared["measures"],
            result=shared["result"],
            steps=shared["steps"],
            timeframe=shared["timeframe"],
            strengths=sections.strengths,
            weaknesses=sections.weaknesses,
            score=score.value,
            start_date=period.start if period else None,
            end_date=period.end if period else None,
            responsible=units.names,
            references=references.known,
            confidence=row_confidence(physical, reading),
        )
        repeats = tuple(repeats_of(twins, reading, indicator_no, framework))
        own = decided.get(n, {})
        row, changes = decide_row(row, own, framework)
        yield Record(
            row,
            reading,
            tuple(say_codes(physical, part, reading, repeats)),
            tuple(indicators),
            period,
            score,
            units,
            sections,
            references,
            physical,
            tuple(other for other in names if other != name),
            doubts,
            n,
            frozenset(own),
            again=tuple(row for row, _ in repeats),
            indicators_again=tuple(
                said
                for twin, _ in repeats
                for said in say_indicators(PhysicalRow((twin,)), [], framework)
            ),
            decided_steps=changes,
        )


def decide_code(reading: CodeReading, decided: Mapping[str, Decision]) -> CodeReading:
    """A code as a person gave it; how it is printed and was read stays with it."""
    decision = decided.get("code")
    if decision is None:
        return reading
    sure = replace(reading, confidence=1.0, disagrees=())
    if decision.now is None or decision.now == (reading.code or ""):
        return sure
    step = Step("decision", reading.code or reading.printed or "", decision.now)
    return replace(sure, code=decision.now or None, steps=(*reading.steps, step))


def decide_row(
    row: Row, decided: Mapping[str, Decision], framework: Framework
) -> tuple[Row, tuple[tuple[str, Step], ...]]:
    """A row with the values that a person gave it, and each change by its field.

    The code is settled before the row is made. A value that cannot be read as what its field holds
    is left alone: the review takes none, so the file was edited by hand.
    """
    changes: list[tuple[str, Step]] = []
    for field, decision in decided.items():
        if field in ("", "code") or decision.now is None:
            continue
        before = written(getattr(row, field))
        if decision.now == before:
            continue
        with suppress(ValueError, ArithmeticError):
            row = replace(row, **{field: typed(field, decision.now)})
            changes.append((field, Step("decision", before, decision.now)))
    if "indicator_no" in decided and row.indicator_no is not None:
        indicator = framework.indicator(row.indicator_no)
        row = replace(
            row,
            indicator_name=indicator.name if indicator else None,
            instrument=indicator.instrument if indicator else row.instrument,
        )
    return row, tuple(changes)


def written(value: object) -> str:
    """A value of a row as a decision writes it: items on lines of their own, empty for none.

    >>> written(("กองคลัง", "กองช่าง")), written(None), written(Decimal("83.5"))
    ('กองคลัง\\nกองช่าง', '', '83.5')
    """
    if isinstance(value, tuple):
        return "\n".join(map(str, value))
    return "" if value is None else str(value)


def typed(field: str, text: str) -> Any:
    """A value as its field holds it. Raises ValueError or ArithmeticError for one it cannot hold.

    >>> typed("end_date", "2026-09-30"), typed("responsible", "กองคลัง\\nกองช่าง"), typed("score", "")
    (datetime.date(2026, 9, 30), ('กองคลัง', 'กองช่าง'), None)
    """
    if field in ("responsible", "references"):
        return tuple(filter(None, map(str.strip, text.split("\n"))))
    if not text.strip():
        return None
    if field == "indicator_no":
        return int(text)
    if field == "score":
        score = Decimal(text)
        if not score.is_finite():
            raise ValueError(text)
        return score
    if field in ("start_date", "end_date"):
        return date.fromisoformat(text)
    return text


def columns_of_result(physical: PhysicalRow, paper: Paper) -> Sections:
    """Strengths and weaknesses that stand in columns of their own."""
    strengths, weaknesses = (
        finish(join_pieces(physical.pieces(field), paper))[0] or None
        for field in ("strengths", "weaknesses")
    )
    return Sections(strengths, weaknesses)


def result_of_columns(physical: PhysicalRow, sections: Sections) -> str | None:
    """One result from two columns, each under its header as a heading."""
    parts = []
    for field, text in (("strengths", sections.strengths), ("weaknesses", sections.weaknesses)):
        pieces = physical.pieces(field)
        if text and pieces:
            parts.append(f"{pieces[0].header}: {text}")
    return "\n".join(parts) or None


def physical_doubts(
    report: Report, physical: PhysicalRow, indicators: Sequence[SaidIndicator]
) -> tuple[str, ...]:
    """Why a person should look at a row, as far as its table tells."""
    tables = {(p.page, p.table) for part in physical.parts for _, ps in part.fields for p in ps}
    cells = [p.text.cell for part in physical.parts for _, ps in part.fields for p in ps]
    doubts = []
    if any(cell.ragged for cell in cells):
        doubts.append("cells missing")
    if tables & report.unnamed:
        doubts.append("unnamed column")
    if indicators and indicators[0].reading.conflict:
        doubts.append("indicator")
    return tuple(doubts)


def is_worded(reading: CodeReading, question: str, framework: Framework) -> bool:
    """The official wording of its code confirms what was read."""
    if reading.code is None:
        return False
    ratio = wording_ratio(reading.code, question, framework)
    return ratio is not None and ratio >= CLOSE


def reading_doubts(physical: PhysicalRow, worded: bool) -> Iterator[str]:
    """What a recogniser is not sure of in a row: a number, or a letter of any text.

    A code that its official wording confirms is sure, whatever its picture says.
    """
    for field, pieces in ((f, ps) for part in physical.parts for f, ps in part.fields):
        for piece in pieces:
            cell = piece.text.cell
            settled = field in COUNTED_FIELDS or (field == "question" and worded)
            if cell.figures is not None and cell.figures < UNSURE_FIGURE and not settled:
                yield "figures"
            if cell.origin == "ocr" and cell.column_span > 1 and not piece.text.decided:
                yield "merged"  # a rule between two columns may have been missed
            sure = 1.0 if piece.text.confidence is None else piece.text.confidence
            whole = sure if cell.legible is None else cell.legible
            if whole < UNSURE_TEXT or (
                field in VALUE_FIELDS and sure < UNSURE_LETTER and not settled
            ):
                yield "letters"


def join_pieces(pieces: Sequence[Piece], paper: Paper) -> str:
    return join_text([(p.page, p.table, p.text) for p in pieces], paper)[0] if pieces else ""


def say_codes(
    physical: PhysicalRow,
    part: QuestionPart,
    reading: CodeReading,
    repeats: Sequence[tuple[TableRow, CodeReading]],
) -> Iterator[SaidCode]:
    """What each page prints for a code; a repeated page may print another."""
    page = next(
        (
            p.page
            for p in physical.pieces("question")
            if part.printed and part.printed in p.text.text
        ),
        physical.pages[0],
    )
    yield SaidCode(page, reading)
    yield from (SaidCode(row.page, again) for row, again in repeats)


def repeats_of(
    twins: Sequence[TableRow],
    reading: CodeReading,
    indicator_no: int | None,
    framework: Framework,
) -> Iterator[tuple[TableRow, CodeReading]]:
    """The rows of repeated pages that ask for the same code, and how it was read there."""
    for row in twins:
        for other in split_questions(" ".join(row.raw("question").split("\n")), framework):
            again = read_code(other.printed, other.text, indicator_no, framework, other.shared)
            if reading.code is not None and again.code == reading.code:
                yield row, again


def row_confidence(physical: PhysicalRow, reading: CodeReading) -> float:
    """The weakest of the row's cells and of what its code was read from."""
    cells = [
        piece.text.confidence
        for part in physical.parts
        for _, pieces in part.fields
        for piece in pieces
        if piece.text.confidence is not None
    ]
    return min([1.0, reading.confidence, *cells])


def instrument_of(code: str | None) -> Instrument | None:
    """The instrument that a code's letter stands for.

    >>> instrument_of("e7"), instrument_of(None)
    ('EIT', None)
    """
    names: dict[str, Instrument] = {"i": "IIT", "e": "EIT", "o": "OIT"}
    return names.get((code or "")[:1])


def place_record(record: Record, agency: Agency, years: Years) -> Record:
    """Put the agency on a row, and say whether a person should look at it."""
    reasons = tuple(dict.fromkeys(reasons_of(record, agency, years)))
    row = replace(
        record.row,
        agency=agency.name,
        district=agency.district,
        province=agency.province,
        district_code=agency.district_code,
        province_code=agency.province_code,
        confidence=min(record.row.confidence, agency.confidence),
        needs_review=bool(reasons),
    )
    return replace(record, row=row, reasons=reasons)


def reasons_of(record: Record, agency: Agency, years: Years) -> Iterator[str]:
    """Why a person should look at a row: one word each, of what nobody has decided yet."""
    if agency.needs_review:
        yield "agency"
    if years.fiscal is None or "fiscal" in years.inferred:
        yield "year"
    if "" in record.decided:
        return
    own = {
        "code": record.code.code is None
        or bool(record.code.disagrees)
        or record.code.how == "misread"
        or record.code.confidence < UNSURE_CODE,
        "score": record.score.doubtful,
        "responsible": not record.units.certain,
        "sections": not record.sections.certain,
        "timeframe": (record.period is not None and not record.period.certain)
        or outside(record.period, years.fiscal),
    }
    settled = {
        *record.decided,
        *(["sections"] if {"strengths", "weaknesses"} & record.decided else []),
        *(["timeframe"] if {"start_date", "end_date"} & record.decided else []),
    }
    yield from (name for name, doubtful in own.items() if doubtful and name not in settled)
    yield from record.doubts


def twice_asked(records: Sequence[Record]) -> tuple[Record, ...]:
    """Ask for a look at rows that bear one code without being one page twice."""
    counts = Counter(record.row.code for record in records if record.row.code)
    return tuple(
        replace(
            record,
            row=replace(record.row, needs_review=True),
            doubts=(*record.doubts, "code twice"),
            reasons=(*record.reasons, "code twice"),
        )
        if counts[record.row.code or ""] > 1 and not {"", "code"} & record.decided
        else record
        for record in records
    )


USUAL_YEAR, USUAL_ROWS = 2568, 4
"""The year whose indicators own codes for certain; and how many rows must keep to it for each that
does not."""


def under_others(records: Sequence[Record]) -> tuple[Record, ...]:
    """Ask for a look at rows whose code belongs to another indicator, as the others of the report
    show: the name of a section between two of them was lost."""
    usual = framework_for(USUAL_YEAR)

    def agrees(record: Record) -> bool | None:
        owner = usual.owner(record.row.code) if record.row.code else None
        return None if owner is None else owner == record.row.indicator_no

    counts = Counter(map(agrees, records))
    if not counts[False] or counts[True] < USUAL_ROWS * counts[False]:
        return tuple(records)
    return tuple(
        replace(
            record,
            row=replace(record.row, needs_review=True),
            reasons=tuple(dict.fromkeys((*record.reasons, "indicator"))),
        )
        if agrees(record) is False and not {"", "indicator_no"} & record.decided
        else record
        for record in records
    )


def row_corrections(
    document: str, agency: Agency, records: Iterable[Record]
) -> Iterator[Correction]:
    """The steps from what cells print to the structured values of rows.

    They name the page and row, and no column, since they speak of the row and not of one cell.
    """
    for change in agency.steps:
        yield Correction(
            document,
            change.pages[0] if change.pages else None,
            None,
            None,
            change.field,
            change.rule,
            change.before,
            change.after,
            change.confidence,
        )
    for record in records:
        for field, step in record.decided_steps:
            page, row, _ = record.anchor
            yield Correction(document, page, row, None, field, step.rule, step.before, step.after)
        changes: tuple[tuple[str, str, tuple[Step, ...], float | None], ...] = (
            ("code", "question", record.code.steps, record.code.confidence),
            ("start_date", "timeframe", record.period.steps if record.period else (), None),
            ("responsible", "responsible", record.units.steps, None),
            ("score", "result", record.score.steps, None),
            ("strengths", "result", record.sections.steps, None),
        )
        for field, source, steps, sure in changes:
            pieces = record.physical.pieces(source)
            for step in steps:
                yield Correction(
                    document,
                    pieces[0].page if pieces else record.row.pages[0],
                    pieces[0].text.cell.row if pieces else None,
                    None,
                    field,
                    step.rule,
                    step.before,
                    step.after,
                    sure,
                )
