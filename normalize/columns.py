"""Which column of which table is which field: headers matched fuzzily, pooled over the document."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from rapidfuzz import fuzz, process

from extract.model import Cell, Table
from normalize.indicators import read_indicator
from normalize.numerals import THAI_DIGITS, read_figure
from normalize.periods import read_period
from normalize.text import mark_skeleton
from normalize.trace import Step
from normalize.units import read_units
from profiles.framework import framework_for
from profiles.report import Profile

HEADER_ROWS = 7
"""Titles and headers stand in no more rows than these at the top of a table."""
CLEAR, SURE, LIKELY = 92.0, 80.0, 68.0
NOT_COUNTED = frozenset({"", "no", "score"})
"""Columns that other tables have too, and that say nothing of the kind of report."""
EDGE_POINTS = 12.0
"""How far the sides of a table may move from page to page."""
WIDE = 0.7
"""A cell over more than this share of the columns is a title or a section, not a value."""


@dataclass(frozen=True, slots=True)
class Text:
    """A cell with its text after the repair of its layer; `\\n` where a line of paper ends."""

    cell: Cell
    text: str
    steps: tuple[Step, ...] = ()
    confidence: float | None = None
    """0 to 1: of the cell as it was read, lowered where its layer has lost what no rule restores;
    None where neither says anything."""
    breaks: tuple[bool, ...] | None = None
    """For each break between two lines of the text whether it was meant; None until it is judged.
    Then the cell's lines are let go: with their boxes they are most of what a long report holds
    in memory."""
    spaced: tuple[int, ...] = ()
    """The lines behind which a space stands."""
    decided: bool = False
    """A person said what it says; every break in it is meant."""

    @property
    def raw(self) -> str:
        """The cell as it was read, one line of paper a line."""
        return self.steps[0].before if self.steps else self.text


@dataclass(frozen=True, slots=True)
class Slot:
    """A column: from `start` to `end` in points, or in column numbers for a dump."""

    field: str
    start: float
    end: float
    header: str = ""


@dataclass(frozen=True, slots=True)
class TableView:
    """A table as the profile sees it."""

    page: int
    index: int
    """Counted from 0 within the page."""
    table: Table
    texts: tuple[Text, ...]
    slots: tuple[Slot, ...] = ()
    """Empty where the table is no data table of the profile."""
    header_rows: tuple[int, int] = (0, 0)
    """First and one past the last row of the header, as `Cell.row` counts."""
    groups: tuple[tuple[str, str], ...] = ()
    """Headers over several columns: the kind of year that stands in them, and their text."""
    doubts: tuple[str, ...] = ()
    """Why a person should look at all of its rows."""

    @property
    def is_data(self) -> bool:
        return bool(self.slots)

    def field_of(self, cell: Cell) -> str:
        """The name in cells.csv: a field, `title`, `header`, or empty."""
        if not self.slots:
            return ""
        if cell.row < self.header_rows[0]:
            return "title"
        if cell.row < self.header_rows[1]:
            return "header"
        return self.slot_of(cell)

    def slot_of(self, cell: Cell) -> str:
        """The field whose column a cell stands in, empty for one over most columns."""
        start, end = extent(cell)
        shares = [
            (min(end, slot.end) - max(start, slot.start)) / (slot.end - slot.start)
            for slot in self.slots
        ]
        if len(shares) > 2 and sum(share > 0.5 for share in shares) > WIDE * len(shares):
            return ""
        best = max(range(len(shares)), key=lambda i: (min(shares[i], 0.5), -i))
        return self.slots[best].field if shares[best] > 0 else ""


def extent(cell: Cell) -> tuple[float, float]:
    """Where a cell starts and ends across its table: points, or columns of a dump."""
    box = cell.source.box
    if box is None:
        return float(cell.column), float(cell.column + cell.column_span)
    return box.x0, box.x1


def header_key(text: str) -> str:
    """What is compared of a header: no spaces, marks, digits or dots.

    >>> header_key("ขั้นตอน/วิธีการ\\nดำเนินการ") == header_key("ขันตอน/วิธีการดำเนินการ")
    True
    >>> header_key("ในปี ๒๕๖๘") == header_key("ในปี 2567")
    True
    """
    return re.sub(r"[\s\d.·:()*\u200b]+", "", mark_skeleton(text)).lower()


@lru_cache(maxsize=16)
def spellings(profile: Profile) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Header keys and the field each stands for; a group's is `group:` and its kind of year."""
    keys, names = [], []
    for column in profile.columns:
        for header in column.headers:
            keys.append(header_key(header))
            names.append(column.field)
    for group in profile.groups:
        for header in group.headers:
            keys.append(header_key(header))
            names.append(f"group:{group.year}")
    return tuple(keys), tuple(names)


@lru_cache(maxsize=4096)
def match_header(text: str, profile: Profile) -> tuple[tuple[str, float], ...]:
    """The fields that a header may name, best first, each with a score of 0 to 100.

    Two headers that differ in one word can be alike in most letters (ผลการดำเนินงาน and
    วิธีการดำเนินงาน), so short of a clear match one of the column's cues must stand in it.
    """
    key = header_key(text)
    if not key or len(key) > 120:
        return ()
    keys, names = spellings(profile)
    cued = cues_in(key, profile)
    scores: dict[str, float] = {}
    for _, score, at in process.extract(
        key, keys, scorer=fuzz.ratio, score_cutoff=LIKELY - 8, limit=None
    ):
        name = names[at]
        if score >= CLEAR or name in cued or name.startswith("group:"):
            scores[name] = max(scores.get(name, 0.0), score)
    for at, spelling in enumerate(keys):
        # a header that says more than its column's name: ผู้รับผิดชอบ/หน่วยงาน
        if len(spelling) >= 6 and spelling in key and 2 * len(spelling) >= len(key):
            score = 60 + 40 * len(spelling) / len(key)
            scores[names[at]] = max(scores.get(names[at], 0.0), score)
    for whole in {column.part_of for column in profile.columns if column.part_of}:
        parts = {column.field for column in profile.columns if column.part_of == whole}
        if len(parts & cued.keys()) > 1:
            # จุดแข็ง/จุดอ่อน heads one column, not one of the two
            scores = {field: score for field, score in scores.items() if field not in parts}
            cued = {field: at for field, at in cued.items() if field not in parts}
            scores[whole] = max(scores.get(whole, 0.0), CLEAR)
    first = min(cued.values(), default=0)
    for field, place in cued.items():
        if place == first:
            scores.setdefault(field, LIKELY)
    return tuple(sorted(scores.items(), key=lambda item: -item[1]))


def cues_in(key: str, profile: Profile) -> dict[str, int]:
    """The fields whose cue stands in a header, and where; a letter or two may be misread."""
    found: dict[str, int] = {}
    for column in profile.columns:
        for cue in map(header_key, column.cues):
            at = key.find(cue)
            if at < 0 and len(cue) > 5:
                near = fuzz.partial_ratio_alignment(cue, key, score_cutoff=80)
                at = near.dest_start if near is not None and len(key) >= len(cue) else -1
            if at >= 0:
                found[column.field] = min(at, found.get(column.field, at))
    return found


def view_tables(
    tables: Iterable[tuple[int, int, Table, tuple[Text, ...]]], profile: Profile
) -> tuple[TableView, ...]:
    """Name the columns of all tables of a document: (page, index, table, texts) each.

    A header is looked for in every table; one without a header that stands like the tables before
    it goes on with their columns. Columns that one page's header names badly take the name that
    the same column has in the document's other headers.
    """
    views = [
        with_header(TableView(page, index, table, texts), profile)
        for page, index, table, texts in tables
    ]
    headed = pool(views)
    views = [
        name_by_content(name_slots(view, headed), profile) if view.slots else view for view in views
    ]
    pooled = pool(views)  # what the content of other pages gave away, too
    found: list[TableView] = []
    last: TableView | None = None
    for view in views:
        if view.slots:
            view = last = name_slots(view, pooled)
        elif last is not None and goes_on(view, last, profile):
            first = titles_end(view)
            view = replace(view, slots=last.slots, header_rows=(first, first))
            if profile.table and begins_anew(view, last, profile):
                view = replace(view, doubts=(ANEW,))
        elif last is not None and profile.table:
            view = by_order(view, last, profile)
        if profile.table and view.slots:
            last = view
        found.append(view)
    return tuple(found)


def with_header(view: TableView, profile: Profile) -> TableView:
    """Find the header rows of one table, if its columns are those of the profile."""
    first = view.table.first_row
    limit = first + HEADER_ROWS
    candidates: list[tuple[Text, tuple[tuple[str, float], ...]]] = []
    for text in view.texts:
        if text.cell.row < limit and text.text.strip():
            matches = match_header(text.text, profile)
            if matches and matches[0][1] >= LIKELY:
                candidates.append((text, matches))
    if not candidates:
        return view
    by_row: Counter[int] = Counter()
    for text, matches in candidates:
        if matches[0][1] >= SURE:
            by_row[text.cell.row] += 1
    rows = sorted(row for row, count in by_row.items() if count >= 2)
    if not rows:
        return view
    top = rows[0]
    bottom = top
    sure = [text for text, matches in candidates if matches[0][1] >= SURE]
    for row in rows:
        if row <= bottom + 1 and not (profile.table and row > top and is_below(sure, row)):
            bottom = row
    end = 1 + max(
        (t.cell.row + t.cell.row_span - 1 for t, _ in candidates if top <= t.cell.row <= bottom),
        default=bottom,
    )
    end = max(end, bottom + 1)
    while top > first and any(
        t.cell.row <= top - 1 < t.cell.row + t.cell.row_span
        and m[0][1] >= SURE
        and t.cell.column_span < view.table.column_count
        for t, m in candidates
    ):
        top -= 1
    leaves = [t for t in view.texts if top <= t.cell.row < end]
    groups = []
    slots: list[tuple[Text, tuple[tuple[str, float], ...]]] = []
    for text in leaves:
        matches = match_header(text.text, profile) if text.text.strip() else ()
        below = text.cell.row + text.cell.row_span
        has_leaves = below < end and any(
            t.cell.row >= below
            and t.text.strip()
            and t.cell.column < text.cell.column + text.cell.column_span
            and text.cell.column < t.cell.column + t.cell.column_span
            for t in leaves
        )
        if has_leaves and (
            text.cell.column_span > 1 or (matches and matches[0][0].startswith("group:"))
        ):
            kind = next((m[0][6:] for m in matches if m[0].startswith("group:")), "")
            groups.append((kind, text.text))
        elif not has_leaves and (text.text.strip() or below == end):
            fitting = tuple(m for m in matches if not m[0].startswith("group:"))
            slots.append((text, placed_under(fitting, headers_over(text, leaves, top), profile)))
    named = assign(slots)
    fields = {slot.field for slot in named} - NOT_COUNTED - {profile.ordinal}
    if len(fields) < profile.min_columns or not set(profile.required) & fields:
        return view
    if profile.table:
        others = sum(not slot.field for slot in named)
        if profile.label not in fields or others >= len(fields):
            return view  # a table of something else that has a total, too
    return replace(
        view,
        slots=tuple(sorted(named, key=lambda slot: slot.start)),
        header_rows=(top, end),
        groups=tuple(groups),
    )


def is_below(headers: Sequence[Text], row: int) -> bool:
    """True where a header of a row stands right below that of the same column: the row is none of
    the header, whatever it says."""
    own = [text for text in headers if text.cell.row == row]
    above = [t for t in headers if t.cell.row + t.cell.row_span == row and t.cell.column_span == 1]
    return any(text.cell.column == other.cell.column for text in own for other in above)


def headers_over(text: Text, leaves: Sequence[Text], top: int) -> tuple[str, ...]:
    """The headers above one of a column, the nearest last; a dump without spans leaves those
    over several columns at the first of them."""
    found = []
    for row in range(top, text.cell.row):
        here = [t for t in leaves if t.cell.row <= row < t.cell.row + t.cell.row_span]
        own = [
            t
            for t in here
            if t.cell.column < text.cell.column + text.cell.column_span
            and text.cell.column < t.cell.column + t.cell.column_span
        ]
        if own and not any(t.text.strip() for t in own):
            own = [t for t in here if t.cell.column < text.cell.column and t.text.strip()]
            own = [t for t in own[-1:] if t.cell.row_span == 1]
        found += [t.text for t in own if t.text.strip()]
    return tuple(found)


def placed_under(
    matches: tuple[tuple[str, float], ...], over: Sequence[str], profile: Profile
) -> tuple[tuple[str, float], ...]:
    """What a header may name where it stands: columns under another header only below that one."""
    wanted = {c.field: tuple(map(header_key, c.under)) for c in profile.columns if c.under}
    if not wanted:
        return matches
    keys = [header_key(text) for text in over]
    here = {
        field
        for field, heads in wanted.items()
        if any(fuzz.ratio(key, head) >= CLEAR for key in keys for head in heads)
    }
    kept = [(field, score) for field, score in matches if field in here or field not in wanted]
    special = any(field in here for field, _ in kept)
    return tuple(
        sorted(
            (
                (field, score - 10 if special and field not in here else score)
                for field, score in kept
            ),
            key=lambda match: -match[1],
        )
    )


def assign(candidates: Sequence[tuple[Text, tuple[tuple[str, float], ...]]]) -> list[Slot]:
    """One field a column, the surest first; a column whose name nobody knows stays unnamed."""
    pairs = sorted(
        (
            (score, -i, field)
            for i, (_, matches) in enumerate(candidates)
            for field, score in matches
            if score >= LIKELY
        ),
        reverse=True,
    )
    names: dict[int, str] = {}
    for _, minus, field in pairs:
        if -minus not in names and field not in names.values():
            names[-minus] = field
    return [
        Slot(names.get(i, ""), *extent(text.cell), " ".join(text.text.split()))
        for i, (text, _) in enumerate(candidates)
    ]


def pool(views: Sequence[TableView]) -> dict[tuple[int, int], str]:
    """The field that most headers of the document give column i of n."""
    votes: dict[tuple[int, int], Counter[str]] = {}
    for view in views:
        for i, slot in enumerate(view.slots):
            if slot.field:
                votes.setdefault((i, len(view.slots)), Counter())[slot.field] += 1
    return {key: counter.most_common(1)[0][0] for key, counter in votes.items()}


def name_slots(view: TableView, pooled: dict[tuple[int, int], str]) -> TableView:
    """Give a column that this header leaves unnamed the name it has elsewhere."""
    taken = {slot.field for slot in view.slots}
    slots = []
    for i, slot in enumerate(view.slots):
        name = pooled.get((i, len(view.slots)), "")
        slots.append(slot if slot.field or name in taken else replace(slot, field=name))
    return replace(view, slots=tuple(slots))


def name_by_content(view: TableView, profile: Profile) -> TableView:
    """Name a column whose header nobody knows, where its cells can only be of one field.

    A column headed ประเด็น that holds the questions is their column, whatever its head says.
    """
    if profile.table:
        return view
    taken = {slot.field for slot in view.slots}
    slots = []
    for slot in view.slots:
        if not slot.field:
            texts = column_texts(view, slot)
            field = next((f for f in CONTENTS if f not in taken and speaks(f, texts)), "")
            slot = replace(slot, field=field)
            taken.add(field)
        slots.append(slot)
    asked = next((slot for slot in slots if slot.field == "question"), None)
    if asked is not None and not speaks("question", column_texts(view, asked)):
        for i, slot in enumerate(slots):
            if slot.field == "indicator" and speaks("question", column_texts(view, slot)):
                slots[slots.index(asked)] = replace(asked, field="")
                slots[i] = replace(slot, field="question")
    return replace(view, slots=tuple(slots))


def column_texts(view: TableView, slot: Slot) -> list[str]:
    """What stands in one column below its header."""
    return [
        text.text
        for text in view.texts
        if text.text.strip()
        and text.cell.row >= view.header_rows[1]
        and extent(text.cell) == (slot.start, slot.end)
    ]


def unnamed_columns(view: TableView, profile: Profile) -> tuple[Slot, ...]:
    """Columns with text that have no field, in a table that lacks a core field: what they hold
    may be what the rows miss."""
    fields = {slot.field for slot in view.slots}
    whole = fields | {profile.published(field) for field in fields}
    if not view.slots or not set(profile.core) - whole:
        return ()
    return tuple(s for s in view.slots if not s.field and any(column_texts(view, s)))


def speaks(field: str, texts: Sequence[str]) -> bool:
    """True where most cells of a column read as this field."""
    read = CONTENTS[field]
    return bool(texts) and 2 * sum(read(" ".join(text.split())) for text in texts) > len(texts)


def is_indicator(text: str) -> bool:
    """True for number and name of an indicator that agree.

    >>> is_indicator("๑.การปฏิบัติ หน้าที่"), is_indicator("๑. แจ้งเวียน")
    (True, False)
    """
    return read_indicator(text, framework_for(2568)).how == "both"


def is_question(text: str) -> bool:
    """True for a text that begins with a code in its letter.

    >>> is_question("i๑ การปฏิบัติงาน"), is_question("i๑ ประเด็น มีข้อสงสัย")
    (True, False)
    """
    return bool(re.match(r"(?:ข้อ\s*)?[ieoIEO]\s?[0-9๐-๙]{1,2}(?!\s*ประเด็น)", text))


def is_timeframe(text: str) -> bool:
    """True for a period that is read with certainty.

    >>> is_timeframe("ไตรมาส ๑-๒"), is_timeframe("กองคลัง")
    (True, False)
    """
    period = read_period(text, 2568)
    return period is not None and period.certain and len(text) < 80


def is_responsible(text: str) -> bool:
    """True for known units and nothing else.

    >>> is_responsible("สำนักปลัด กองคลัง"), is_responsible("ให้กองคลังสรุปรายงาน")
    (True, False)
    """
    units = read_units(text).units
    return bool(units) and all(unit.known and unit.certain for unit in units)


CONTENTS: dict[str, Callable[[str], bool]] = {
    "indicator": is_indicator,
    "question": is_question,
    "timeframe": is_timeframe,
    "responsible": is_responsible,
}
"""The fields that their texts give away."""


def titles_end(view: TableView) -> int:
    """The first row of a table that is not one cell over all columns."""
    row = view.table.first_row
    wide = {
        text.cell.row: text.cell.row_span
        for text in view.texts
        if text.cell.column_span >= view.table.column_count > 1
    }
    while row in wide:
        row += wide[row]
    return row


def goes_on(view: TableView, last: TableView, profile: Profile) -> bool:
    """True where a table without a header stands in the columns of the one before it."""
    box, before = view.table.box, last.table.box
    if profile.table and not holds_numbers(replace(view, slots=last.slots), profile):
        return False
    if box is None or before is None:
        same = view.table.column_count == last.table.column_count
        return same and (bool(profile.table) or not is_ledger(view))
    inner = [t.cell.source.box.x0 for t in view.texts if t.cell.source.box]
    near = sum(any(abs(slot.start - x) <= EDGE_POINTS / 2 for x in inner) for slot in last.slots)
    return (
        abs(box.x0 - before.x0) <= EDGE_POINTS
        and abs(box.x1 - before.x1) <= EDGE_POINTS
        and near * 2 > len(last.slots)
    )


BY_ORDER, ANEW = "columns by their order", "numbers begin anew"
"""Doubts of all rows of a table without a header."""


def by_order(view: TableView, last: TableView, profile: Profile) -> TableView:
    """A table without a header whose columns stand a little otherwise than those before it, with
    their fields where nothing speaks against it: as many columns, but for texts at the end, numbers
    where numbers stood, and rows numbered on from the last one. A person should look where a column
    stands nearer to another one of before.
    """
    columns: dict[int, tuple[float, float]] = {}
    for text in view.texts:
        if text.cell.column_span == 1:
            columns.setdefault(text.cell.column, extent(text.cell))
    places = [columns[n] for n in sorted(columns)]
    texts = {c.field for c in profile.columns if c.type == "text" and c.field != profile.label}
    slots = list(last.slots)
    while len(slots) > len(places) and slots[-1].field in texts:
        slots.pop()
    if not places or len(slots) != len(places) or view.table.column_count != len(places):
        return view
    moved = tuple(
        replace(slot, start=start, end=end)
        for slot, (start, end) in zip(slots, places, strict=True)
    )
    first = titles_end(view)
    found = replace(view, slots=moved, header_rows=(first, first))
    if not (all_numbers(found, profile) and counts_on(found, last, profile)):
        return view
    fits = view.table.box is None or all(
        2 * (min(new.end, old.end) - max(new.start, old.start)) > new.end - new.start
        for new, old in zip(moved, slots, strict=True)
    )
    return found if fits else replace(found, doubts=(BY_ORDER,))


def all_numbers(view: TableView, profile: Profile) -> bool:
    """True where every cell of a column of numbers is one, and the names are words."""
    if not holds_numbers(view, profile):
        return False
    numbers = {c.field for c in profile.columns if c.type in ("number", "integer")}
    return all(
        read_figure(line) is not None
        for text in view.texts
        if text.text.strip() and view.slot_of(text.cell) in numbers
        for line in text.text.split("\n")
    )


def counts_on(view: TableView, last: TableView, profile: Profile) -> bool:
    """True where the first number of a row in a table is the next one of the table before it."""
    before, after = numbers_of(last, profile), numbers_of(view, profile)
    if not before or not after:
        return False
    old, new = before[-1], after[0]
    nexts = [(*old[:n], old[n] + 1) for n in range(len(old))]
    return new in (*nexts, (*old, 1))


def begins_anew(view: TableView, last: TableView, profile: Profile) -> bool:
    """True where a table without a header begins with a row 1: it may be another list."""
    first = [t for t in view.texts if t.cell.row == view.header_rows[1]]
    own = numbers_of(replace(view, texts=tuple(first)), profile)
    return own[:1] == [(1,)] and bool(numbers_of(last, profile))


def numbers_of(view: TableView, profile: Profile) -> list[tuple[int, ...]]:
    """What numbers the rows of a table, from top to bottom."""
    found = []
    for text in sorted(view.texts, key=lambda text: text.cell.row):
        if text.cell.row >= view.header_rows[1] and view.slot_of(text.cell) == profile.ordinal:
            for line in text.text.translate(THAI_DIGITS).split("\n"):
                if match := re.fullmatch(r"\(?\s*(\d{1,3}(?:\.\d{1,3})*)\s*[.)]*", line.strip()):
                    found.append(tuple(map(int, match[1].split("."))))
    return found


def is_ledger(view: TableView) -> bool:
    """True for a table of numbers, which no rows of words go on in."""
    texts = [text.text.strip() for text in view.texts if text.text.strip()]
    return 3 * sum(not re.search(r"[A-Za-zก-๎]{3}", text) for text in texts) > len(texts)


def holds_numbers(view: TableView, profile: Profile) -> bool:
    """True where the columns of numbers hold little else, and the label's column holds words."""
    numbers = {c.field for c in profile.columns if c.type in ("number", "integer")}
    counts: Counter[tuple[bool, bool]] = Counter()
    for text in view.texts:
        field = view.slot_of(text.cell) if text.text.strip() else ""
        if field in numbers or field == profile.label:
            reads = all(read_figure(line) is not None for line in text.text.split("\n"))
            counts[field == profile.label, reads] += 1
    return 2 * counts[False, False] <= counts[False, True] + 1 and counts[True, False] > 0
