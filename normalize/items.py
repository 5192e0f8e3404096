"""Tables of items across pages to typed rows, as a profile with a `table` describes them."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby, pairwise
from statistics import median
from types import MappingProxyType
from typing import NamedTuple

from extract.model import Cell, Line
from normalize.cells import ITEM_RULES, Paper, finish, join_text, settle_text
from normalize.columns import Slot, TableView, Text, extent, header_key
from normalize.dates import read_date
from normalize.model import Item, ItemValue
from normalize.numerals import (
    THAI_DIGITS,
    Figure,
    is_spelled_amount,
    is_unit,
    read_figure,
    says_scale,
)
from normalize.rows import Piece, is_header_again
from normalize.trace import Step
from normalize.wraps import is_bold
from profiles.report import Column, Profile, Role, RowKind

NEAR = 0.4
"""Lines whose middles are nearer than this share of a line's height stand beside each other."""
UNSURE_FIGURE, UNSURE_TEXT = 0.85, 0.95
"""As for indicator rows: a less sure figure, or text on the whole, is shown to a person."""
OVER = ""
"""The field of what stands over several columns: the words of a sum, the name of a section."""

Place = tuple[int, int, int]
"""Page, row and column of a cell."""
Ordinal = tuple[int, ...]
"""What numbers a row: (1, 2) for 1.2; empty where nothing does, or a letter."""

ORDINAL = re.compile(r"\(?\s*(\d{1,3}(?:\.\d{1,3})*)\s*[.)]*")
LETTERED = re.compile(r"\(?\s*([ก-ฮA-Za-z]|[ivxIVX]{1,4})\s*[.)]*")
LEAD = re.compile(
    r"\(?([1-9]\d{0,2}(?:\.[1-9]\d{0,2})+|[1-9]\d{0,2}(?=[.)]))(?P<mark>[.)]*+)(?![\d,%])\s*(?=\S)"
)
PRINTED_SUM = re.compile(r"\d[\d,]*\.\d\d(?!\d)|\d{1,3}(?:,\d{3})+|\d\s*บาท")
MEASURE = re.compile(
    r"(?:(?:ตร|ลบ)\.?\s?)?ม\.|(?:มม|ซม|กม|กก|ซีซี|นิ้ว|เมตร|มิลลิเมตร|เซนติเมตร|กิโล|กรัม|ลิตร"
    r"|ตัน|ฟุต|หลา|ไร่|แรงม้า|วัตต์|โวลต์|แอมป์|บาร์|องศา|เท่า)(?![ก-๎])|กิโลเมตร|กิโลกรัม|กิโลวัตต์"
    r"|(?:mm|cm|m|km|kg|kw|kva|kv|w|v|a|hp|btu|gb|tb|mb|ghz|mhz|inch)(?![a-z])|[x×*\"”″'/]",
    re.IGNORECASE,
)
"""A measure, whose number numbers no row: 1.5 นิ้ว."""
COLUMN_NUMBER = re.compile(r"[(\[]?(\d{1,2})[)\]]?(?:\s*=.*)?", re.DOTALL)
BULLETS = ("-", "–", "—", "•", "*", "·")
SHORT_WORD = 4
"""Words of fewer letters than this are compared with their marks."""
DASHES = frozenset("-–—_")
IN_BRACKETS = re.compile(r"\([^()]*\)")


class Share(NamedTuple):
    """Some lines of one cell: those that one row stands on."""

    page: int
    table: int
    text: Text
    first: int
    stop: int

    @property
    def words(self) -> str:
        return "\n".join(self.text.text.split("\n")[self.first : self.stop])

    @property
    def place(self) -> Place:
        return self.page, self.text.cell.row, self.text.cell.column


@dataclass(frozen=True, slots=True)
class Printed:
    """One row as it is printed: a row of cells, or some lines of one that holds many items."""

    page: int
    table: int
    row: int
    line: int
    shares: tuple[tuple[str, Share], ...]
    """By field, in reading order; OVER for what stands over several columns."""
    view: int
    """Which table of the document it stands in, counted from 0."""
    is_stacked: bool = False
    """No rule parts it from the row above."""
    is_first: bool = False
    is_cut: bool = False
    """The first row of a table that has no rule above it."""
    is_open: bool = False
    """The last row of a table that has no rule below it."""
    is_bold: bool = False
    """Its name is set in bold."""
    unnamed: tuple[tuple[str, Share], ...] = ()
    """Numbers in columns that no field names, with what heads them."""

    def words(self, field: str) -> str:
        return "\n".join(share.words for name, share in self.shares if name == field)


Group = list[Printed]
"""The printed rows that are one item."""


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """An item and the evidence behind it."""

    item: Item
    pieces: tuple[tuple[str, Piece], ...]
    """Its cells by field; of a cell that holds many items only the lines of this one."""
    ordinal: Ordinal
    kind: RowKind | None
    """What its words make of it, where it is no item."""
    table: tuple[int, int]
    """Page of its table, and which one of the page."""
    scope: int
    """Rows of one scope are summed together: over pages, up to a total."""
    unread: tuple[tuple[str, str], ...] = ()
    """Columns that hold something which could not be read as what they hold, and what."""
    steps: tuple[tuple[str, Step], ...] = ()
    """What made its values of what its cells print, by field."""
    reasons: tuple[str, ...] = ()
    """Why a person should look at it."""

    def cells(self, *fields: str) -> tuple[Piece, ...]:
        return tuple(piece for name, piece in self.pieces if name in fields)

    def printed(self, field: str) -> str:
        """What stands in a column, as it is printed."""
        return " ".join(" ".join(piece.text.text for piece in self.cells(field)).split())


class Reading(NamedTuple):
    """All items of a document."""

    records: tuple[ItemRecord, ...]
    meant: Mapping[Place, frozenset[int]]
    """Of cells that hold many items the breaks between two of them."""


# ------------------------------------------------------------------ rows as they are printed


def printed_rows(view: TableView, number: int, profile: Profile) -> tuple[Printed, ...]:
    """The rows of one data table, those of cells that hold many items apart."""
    found: list[Printed] = []
    cells = [t for t in view.texts if t.cell.row >= view.header_rows[1] and t.text.strip()]
    field_of = {id(text): field_at(view, text, profile) for text in cells}
    names = {key: field or "" for key, field in field_of.items()}
    by_row: dict[int, list[Text]] = defaultdict(list)
    strange: dict[int, list[tuple[str, Share]]] = defaultdict(list)
    for text in cells:
        if field_of[id(text)] is not None:
            by_row[text.cell.row].append(text)
        elif holds_figure(text.text, profile):
            whole = Share(view.page, view.index, text, 0, text.text.count("\n") + 1)
            strange[text.cell.row].append((strange_field(view, text), whole))
            by_row.setdefault(text.cell.row, [])
    spans = [text for text in cells if text.cell.row_span > 1]
    for row, here in sorted(by_row.items()):
        if are_column_numbers(here, bool(found)) or is_header_again(here, names, profile):
            continue
        merged = [t for t in spans if is_shared(t.cell, row, field_of[id(t)], profile)]
        stacks = stacked(here, field_of, profile)
        for line, shares in enumerate(stacks):
            if len(stacks) == 1:
                shares += [(t, 0, t.text.count("\n") + 1) for t in merged]
            ordered = sorted(shares, key=lambda share: share[0].cell.column)
            found.append(
                Printed(
                    view.page,
                    view.index,
                    row,
                    line,
                    tuple(
                        (field_of[id(t)] or OVER, Share(view.page, view.index, t, first, stop))
                        for t, first, stop in ordered
                    ),
                    number,
                    unnamed=tuple(strange[row]),
                    is_stacked=line > 0,
                    is_first=not found,
                    is_cut=not found and view.table.open_above,
                    is_bold=is_set_bold(
                        [s for s in shares if field_of[id(s[0])] in (OVER, profile.label)]
                    ),
                )
            )
    if found and view.table.open_below:
        found[-1] = replace(found[-1], is_open=True)
    return tuple(found)


def field_at(view: TableView, text: Text, profile: Profile) -> str | None:
    """The field that a cell stands in, OVER for words over several columns, None for a column
    without a name. A number over several columns stands in the last of them that holds numbers."""
    start, end = extent(text.cell)
    covered = [
        slot
        for slot in view.slots
        if min(end, slot.end) - max(start, slot.start) > 0.5 * (slot.end - slot.start)
    ]
    if len(covered) < 2:
        return view.slot_of(text.cell) or None
    figure = read_figure(text.text)
    if figure is not None and figure.value is not None:
        numbers = [s.field for s in covered if s.field and is_number(profile.column(s.field))]
        if numbers:
            return numbers[-1]
    return OVER


def holds_figure(text: str, profile: Profile) -> bool:
    """True where a line is a number and nothing else but a unit that the profile knows."""
    units = {"", *(column.unit for column in profile.columns)}
    figures = (read_figure(line) for line in text.split("\n"))
    return any(f is not None and f.value is not None and f.rest in units for f in figures)


def strange_field(view: TableView, text: Text) -> str:
    """What stands for the field of a column that has none: no field has a space in it."""
    start, end = extent(text.cell)
    heads = [s.header for s in view.slots if min(end, s.end) > max(start, s.start)]
    return " ".join(["column", *heads[:1]]).strip()


def is_number(column: Column | None) -> bool:
    return column is not None and column.type in ("number", "integer")


def is_shared(cell: Cell, row: int, field: str | None, profile: Profile) -> bool:
    """True for a text that is merged over several rows, in those below its first: a number counts
    once, and one that numbers rows names the first."""
    column = profile.column(field) if field else None
    return (
        cell.row < row < cell.row + cell.row_span
        and column is not None
        and column.type in ("text", "date")
    )


def are_column_numbers(here: Sequence[Text], has_rows: bool) -> bool:
    """True for the row below a header that numbers its columns: (1) (2) (3)=(1)x(2)."""
    if has_rows or len(here) < 3:
        return False
    matches = [COLUMN_NUMBER.fullmatch(t.text.strip().translate(THAI_DIGITS)) for t in here]
    numbers = [int(match[1]) for match in matches if match]
    return len(numbers) == len(here) and all(b == a + 1 for a, b in pairwise(numbers))


Lines = list[tuple[Text, int, int]]
"""Cells with their first line and one past their last."""


def stacked(
    here: Sequence[Text], field_of: Mapping[int, str | None], profile: Profile
) -> list[Lines]:
    """The rows that stand on the lines of one row of cells; one, unless its numbers are several.

    Lines beside each other are one row. A dump tells no places: there every cell must have as many
    lines.
    """
    whole: Lines = [(text, 0, text.text.count("\n") + 1) for text in here]
    anchors = [t for t in here if is_anchor(profile.column(field_of[id(t)] or ""))]
    if max((lines_that_count(t, profile, field_of[id(t)] or "") for t in anchors), default=0) < 2:
        return [whole]
    if any(text.cell.source.box is None for text in here):
        counts = {stop for text, _, stop in whole if field_of[id(text)] in (profile.label, OVER)}
        counts |= {text.text.count("\n") + 1 for text in anchors}
        if len(counts) != 1:
            return [whole]
        size = counts.pop()
        once = [one for one in whole if one[2] != size]
        rest = [one for one in whole if one[2] == size]
        return [
            [*(once if n == 0 else ()), *((text, n, n + 1) for text, _, _ in rest)]
            for n in range(size)
        ]
    placed: list[tuple[float, float, Text, int]] = []
    loose: Lines = []
    for text, first, stop in whole:
        boxes = [line.box for line in text.cell.lines]
        if len(boxes) != stop or not all(boxes):
            loose.append((text, first, stop))
            continue
        for n, box in enumerate(boxes):
            if box is not None:
                placed.append(((box.top + box.bottom) / 2, box.bottom - box.top, text, n))
    if not placed:
        return [whole]
    placed.sort(key=lambda line: line[0])
    gap = NEAR * median(height for _, height, _, _ in placed)
    bands: list[list[tuple[float, float, Text, int]]] = []
    for line in placed:
        if bands and line[0] - bands[-1][-1][0] <= gap:
            bands[-1].append(line)
        else:
            bands.append([line])
    found = [runs((text, n) for _, _, text, n in band) for band in bands]
    return [[*loose, *found[0]], *found[1:]]


def runs(lines: Iterable[tuple[Text, int]]) -> Lines:
    """Lines of cells as one run of each cell."""
    found: dict[int, tuple[Text, int, int]] = {}
    for text, n in lines:
        _, first, stop = found.get(id(text), (text, n, n + 1))
        found[id(text)] = (text, min(first, n), max(stop, n + 1))
    return list(found.values())


def is_anchor(column: Column | None) -> bool:
    """Columns of which a row has one value each."""
    return column is not None and column.type != "text"


def lines_that_count(text: Text, profile: Profile, field: str) -> int:
    """How many lines of a cell are a whole value each."""
    lines = [line for line in text.text.split("\n") if line.strip()]
    column = profile.column(field)
    if column is None or column.type == "text":
        return 0
    if column.type == "ordinal":
        return sum(bool(ordinal_text(line)) for line in lines)
    if column.type == "date":
        return sum(read_date(line) is not None for line in lines)
    return sum(read_figure(line) is not None for line in lines)


def is_set_bold(lines: Lines) -> bool:
    """All letters of some lines stand in a bold font, as far as its name tells."""
    fonts = {
        run.font
        for text, first, stop in lines
        for line in text.cell.lines[first:stop]
        for run in line.runs
        if run.text.strip()
    }
    return bool(fonts) and all(map(is_bold, fonts))


# ------------------------------------------------------------------ what a row is


def ordinal_text(text: str) -> str:
    """What numbers a row, without the marks around it; empty for anything else.

    >>> [ordinal_text(text) for text in ("๑.", "(2)", "1.2", "ก.", "รวม", "-")]
    ['1', '2', '1.2', 'ก', '', '']
    """
    plain = text.strip().translate(THAI_DIGITS)
    match = ORDINAL.fullmatch(plain) or LETTERED.fullmatch(plain)
    return match[1] if match else ""


def ordinal_of(text: str) -> Ordinal:
    """
    >>> ordinal_of("๑.๒"), ordinal_of("ก"), ordinal_of("")
    ((1, 2), (), ())
    """
    found = ordinal_text(text)
    return tuple(map(int, found.split("."))) if found[:1].isdigit() else ()


def leading_ordinal(text: str, last: Ordinal) -> tuple[str, str]:
    """The number that a text begins with, and the rest, where it can follow the `last` one.

    A number with decimals is taken for a measure unless it is the very next one, and so it is
    where a unit of measure stands behind it.

    >>> leading_ordinal("1.1งานถางป่า", (1,)), leading_ordinal("2) ท่อ", (1,))
    (('1.1', 'งานถางป่า'), ('2', 'ท่อ'))
    >>> leading_ordinal("1.5 นิ้ว", (7,)), leading_ordinal("4 นิ้ว", (3,))
    (('', '1.5 นิ้ว'), ('', '4 นิ้ว'))
    >>> leading_ordinal("2.00 ม. ท่อ", (1,)), leading_ordinal("1.2 เมตร เสา", (1, 1))
    (('', '2.00 ม. ท่อ'), ('', '1.2 เมตร เสา'))
    """
    match = LEAD.match(text.translate(THAI_DIGITS))
    if match is None or not can_follow(ordinal_of(match[1]), last):
        return "", text
    if not match["mark"] and (
        MEASURE.match(text, match.end()) or not comes_next(ordinal_of(match[1]), last)
    ):
        return "", text
    return match[1], text[match.end() :]


def can_follow(ordinal: Ordinal, last: Ordinal) -> bool:
    """Whether a number stands somewhere behind another one in a list: beside it, in it, out of it.

    >>> can_follow((1, 1), (1,)), can_follow((2,), (1, 5)), can_follow((3, 2), (1,))
    (True, True, False)
    """
    above = ordinal[:-1]
    if not last:
        return all(part == 1 for part in ordinal)
    return above == last[: len(above)] and (
        len(last) == len(above) or ordinal[-1] > last[len(above)]
    )


def comes_next(ordinal: Ordinal, last: Ordinal) -> bool:
    """Whether a number is the very next one of a list: beside another, the first in it, or out of
    it.

    >>> comes_next((1, 1), (1,)), comes_next((2,), (1, 5)), comes_next((2, 50), (2,))
    (True, True, False)
    """
    if ordinal == (*last, *(1 for _ in ordinal[len(last) :])):
        return len(ordinal) > len(last)
    return len(ordinal) <= len(last) and is_next(ordinal, last[: len(ordinal)])


def is_next(ordinal: Ordinal, before: Ordinal) -> bool:
    """
    >>> is_next((1, 3), (1, 2)), is_next((2,), (1, 2)), is_next((1,), ())
    (True, False, False)
    """
    return bool(before) and ordinal == (*before[:-1], before[-1] + 1)


def kind_of(row: Printed, profile: Profile) -> RowKind | None:
    """What its words make of a row; None for an item.

    The words of a sum stand in any column that holds no number there. A row with a number or letter
    of its own is an item whatever it is called, but for one that has the words of a total and no
    others, and so is one that has all factors of a product: a sum may count pieces, but has no
    price of one. A profile without products is told by its summed columns instead.
    """
    said = [row.words(OVER), row.words(profile.label), row.words(profile.ordinal)]
    figures = set()
    for field, share in row.shares:
        column = profile.column(field)
        if not is_number(column) or column is None:
            continue
        figure = read_figure(share.words, column.unit)
        if figure is None:
            said.append(share.words)
        elif figure.value is not None:
            figures.add(field)
    if not any(text.strip() for text in said):
        said = [share.words for _, share in row.shares]
    summed = {column.field for column in profile.columns if column.summed}
    if is_lettered(row, profile):  # a number or a letter
        return total_alone(row, profile) if figures and figures <= summed else None
    if any(figures >= set(product.of) for product in profile.products):
        return None
    if not profile.products and figures - summed:
        return None
    kind = next((kind for kind in (kind_by_words(t, profile) for t in said) if kind), None)
    if kind is not None and kind.role == "note" and figures & summed:
        # ตัวอักษร (...) beside รวมเป็นเงิน
        others = (
            kind_by_words(share.words, profile)
            for field, share in row.shares
            if field in (OVER, profile.label, profile.ordinal)
        )
        kind = next((other for other in others if other and other.role == "total"), kind)
    return kind


def total_alone(row: Printed, profile: Profile) -> RowKind | None:
    """The kind of total whose words are all that a row says."""
    key = header_key(IN_BRACKETS.sub("", row.words(profile.label)))
    return next(
        (
            kind
            for kind in profile.rows
            if kind.role == "total" and key in map(header_key, kind.words)
        ),
        None,
    )


def kind_by_words(text: str, profile: Profile) -> RowKind | None:
    """The kind of row that begins with these words; the longest one that is known decides."""
    key = header_key(IN_BRACKETS.sub("", text)) or header_key(text)
    if key[:1] in DASHES and key[-1:] in DASHES:  # - รวม -
        key = key.strip("".join(DASHES))
    if is_spelled_amount(text):
        return next((kind for kind in profile.rows if kind.role == "total"), None)
    best: tuple[int, RowKind] | None = None
    said = "".join(text.split()).lower()
    for kind in profile.rows:
        for printed in kind.words:
            word = header_key(printed)
            if len(word) < SHORT_WORD and "".join(printed.split()).lower() not in said:
                continue  # without its marks หัก is หก, which is six
            if word and key.startswith(word) and (best is None or len(word) > best[0]):
                best = len(word), kind
    return best[1] if best else None


def is_blank(row: Printed, profile: Profile) -> bool:
    """True for a row of dashes and nothing else, as forms have them."""
    return not row.unnamed and all(
        not text.strip(" \n-–—.") or (field == profile.ordinal and not ordinal_text(text))
        for field in {name for name, _ in row.shares}
        for text in [row.words(field)]
        if not (field == profile.ordinal and kind_by_words(text, profile))
    )


def has_figures(row: Printed, profile: Profile) -> bool:
    """True where a column of numbers or dates holds more than a dash."""
    return any(
        is_anchor(profile.column(field))
        and field != profile.ordinal
        and share.words.strip(" \n-–—.")
        for field, share in row.shares
    )


def is_bare(row: Printed, profile: Profile) -> bool:
    """True where only its name, or its number and name, stands in a row."""
    return not has_figures(row, profile) and all(
        field in (OVER, profile.label, profile.ordinal) or not share.words.strip(" \n-–—.")
        for field, share in row.shares
    )


def own_ordinal(row: Printed, profile: Profile, last: Ordinal) -> Ordinal:
    """The number of a row, from its column or from the beginning of its name."""
    own = ordinal_of(row.words(profile.ordinal)) if profile.ordinal else ()
    label = profile.column(profile.label)
    if own or label is None or not label.lead:
        return own
    return ordinal_of(leading_ordinal(row.words(profile.label).strip(), last)[0])


def is_lettered(row: Printed, profile: Profile) -> bool:
    """True where a letter stands for the number of a row: ก, ข."""
    return bool(profile.ordinal) and bool(ordinal_text(row.words(profile.ordinal)))


def put_together(rows: Sequence[Printed], profile: Profile) -> list[Group]:
    """The rows of a document, each with what it goes on in: on more lines, or over a page break."""
    rows = [row for row in rows if not is_blank(row, profile)]
    ordinals: list[Ordinal] = []
    marked: list[bool] = []
    last: Ordinal = ()
    for n, row in enumerate(rows):
        if row.is_first and n and rows[n - 1].view != row.view and not row.is_cut:
            first = ordinal_of(row.words(profile.ordinal)) if profile.ordinal else ()
            last = () if first == (1,) else last
        own = own_ordinal(row, profile, last)
        ordinals.append(own)
        marked.append(bool(own) or is_lettered(row, profile))
        last = own or last
    found: list[Group] = []
    firsts: list[int] = []
    for n, row in enumerate(rows):
        if found and not marked[n]:
            ahead = ((rows[k], ordinals[k], marked[k]) for k in range(n + 1, len(rows)))
            if goes_on(found[-1], ordinals[firsts[-1]], row, ahead, profile):
                found[-1].append(row)
                continue
        found.append([row])
        firsts.append(n)
    return list(mended(found, profile))


def mended(groups: Sequence[Group], profile: Profile) -> Iterator[Group]:
    """The rows, those of a stack put together whose numbers stand on the last line of the name.

    Every number and name alone has then below it one row without a number, which has the figures.
    That happens twice at least in a stack, or it stays a heading and its item.
    """

    def is_start(group: Group) -> bool:
        row = group[0]
        numbered = bool(profile.ordinal and ordinal_of(row.words(profile.ordinal)))
        return numbered and all(is_bare(part, profile) for part in group)

    def is_end(group: Group) -> bool:
        row = group[0]
        label = row.words(profile.label).strip()
        return (
            kind_of(row, profile) is None
            and not is_lettered(row, profile)
            and has_figures(row, profile)
            and bool(label)
            and not label.startswith(BULLETS)
        )

    for _, stack in groupby(groups, key=lambda group: (group[0].view, group[0].row)):
        own = list(stack)
        runs: list[Group] = []
        count = 0
        for n, group in enumerate(own):
            if n and is_end(group) and is_start(own[n - 1]) and group[0].is_stacked:
                runs[-1] = [*own[n - 1], *group]
                count += 1
            else:
                runs.append(group)
        loose = sum(is_end(group) for group in own) - count
        alone = sum(is_start(group) for group in own) - count
        yield from runs if count > 1 and not loose and not alone else own


def goes_on(
    group: Group,
    own: Ordinal,
    row: Printed,
    ahead: Iterable[tuple[Printed, Ordinal, bool]],
    profile: Profile,
) -> bool:
    """True where a row without a number of its own is the rest of the one before it.

    `own` numbers the one before; `ahead` are the rows that come after, with their numbers, and
    whether they have one or a letter.
    """
    last = group[-1]
    before = kind_of(group[0], profile)
    if kind_of(row, profile) is not None or (before is not None and before.role != "note"):
        return False
    is_cut = (
        row.is_first
        and row.page != last.page
        and (row.is_cut or last.is_open)
        and row.is_bold == last.is_bold
    )
    if has_figures(row, profile):
        return is_cut and not any(has_figures(part, profile) for part in group)
    if any(is_anchor(profile.column(field)) for field, _ in row.shares):
        return False  # a dash is a value, too
    if is_cut:
        return True
    if before is not None and not is_stacked_on(row, last):
        return False
    if not row.words(profile.label).strip() and not row.words(OVER).strip():
        return True
    if row.words(OVER).strip() or not is_bare(row, profile):
        return False
    if row.is_bold and not last.is_bold:
        return False
    if row.words(profile.label).lstrip().startswith("("):
        return True
    follower: Ordinal = ()
    ends = True
    for after, number, is_marked in ahead:
        if is_marked or not is_bare(after, profile):
            follower, ends = number, kind_of(after, profile) is not None
            break
    if own and follower:
        return is_next(follower, own) or follower[: len(own)] == own
    if is_stacked_on(row, last):
        return True
    return ends and not all(is_bare(part, profile) for part in group)


def is_stacked_on(row: Printed, last: Printed) -> bool:
    return row.is_stacked and (row.view, row.row) == (last.view, last.row)


# ------------------------------------------------------------------ items


def read_items(
    document: str,
    views: Sequence[TableView],
    profile: Profile,
    paper: Paper,
    captions: Mapping[tuple[int, int], str],
    repeated: frozenset[int] = frozenset(),
) -> Reading:
    """All items of the data tables, but for those of `repeated` pages.

    The views still have the places of their lines. `captions` are by page and table.
    """
    rows = [
        row
        for number, view in enumerate(views)
        if view.is_data and view.page not in repeated
        for row in printed_rows(view, number, profile)
    ]
    groups = put_together(rows, profile)
    roles = roles_of(groups, profile)
    torn = torn_groups(groups, roles, profile)
    numbered = {
        group[0].view
        for group, (role, _) in zip(groups, roles, strict=True)
        if role == "item" and profile.ordinal and ordinal_of(group[0].words(profile.ordinal))
    }
    last: Ordinal = ()
    records: list[ItemRecord] = []
    headings: list[tuple[int | None, str]] = []
    tops: dict[int, Ordinal] = {}
    scaled: dict[int, Mapping[str, str]] = {}
    scope = 0
    caption = captions.get((groups[0][0].page, groups[0][0].table), "") if groups else ""
    for n, (group, (role, kind)) in enumerate(zip(groups, roles, strict=True)):
        view = views[group[0].view]
        if n and group[0].view != groups[n - 1][0].view:
            before = views[groups[n - 1][0].view]
            is_headed = view.header_rows[0] < view.header_rows[1]
            other = {s.field for s in view.slots} != {s.field for s in before.slots}
            first = own_ordinal(group[0], profile, last)
            is_over = roles[n - 1][0] in ("total", "note") and not comes_next(first, last)
            if is_headed and (other or is_over):
                scope += 1
                headings = []
                last = ()
                caption = captions.get((view.page, view.index), "")
        if group[0].view not in scaled:
            above = captions.get((view.page, view.index), "")
            scaled[group[0].view] = scaled_columns(view, above, profile)
        units = scaled[group[0].view]
        record = read_item(document, group, role, kind, profile, paper, last, units)
        why = [*view.doubts, *(("lines",) if n in torn else ())]
        if role == "item" and kind is None and is_like_sum(group, record, profile, numbered):
            why.append("like a sum")
        record = doubted(record, why)
        last = record.ordinal or last
        depth = depth_of(group[0], record, profile)
        if role == "total":
            headings = []
            tops = {}
        elif role == "item" and record.ordinal:
            # 2 behind the heading 1 stands beside it, unless a 1 stands under it
            if is_next(record.ordinal, tops.pop(len(record.ordinal), ())):
                headings = outer(headings, len(record.ordinal), False)
        elif role == "heading":
            tops[len(record.ordinal)] = record.ordinal
            is_nested = bool(records) and records[-1].item.role == "heading"
            headings = outer(headings, depth, is_nested)
        section = " / ".join(text for _, text in headings) or None
        records.append(
            replace(
                record,
                scope=scope,
                item=replace(record.item, caption=caption or None, section=section),
            )
        )
        if role == "heading":
            headings.append((depth, str(record.item.value(profile.label) or "")))
    return Reading(tuple(records), breaks_between(groups))


def scaled_columns(view: TableView, caption: str, profile: Profile) -> Mapping[str, str]:
    """The columns whose header says that its numbers are thousands or millions of their unit."""
    found = {}
    for slot in view.slots:
        column = profile.column(slot.field)
        if column is None or not column.unit:
            continue
        heads = [slot.header, *(t.text for t in headers_of(view, slot))]
        heads += [text for text in (caption, *titles_of(view)) if "หน่วย" in text]
        said = next((text for text in heads if says_scale(text, column.unit)), None)
        if said is not None:
            found[slot.field] = " ".join(said.split())
    return found


def headers_of(view: TableView, slot: Slot) -> Iterator[Text]:
    """What stands in the header over a column."""
    for text in view.texts:
        start, end = extent(text.cell)
        if (
            view.header_rows[0] <= text.cell.row < view.header_rows[1]
            and min(end, slot.end) - max(start, slot.start) > 0
        ):
            yield text


def titles_of(view: TableView) -> Iterator[str]:
    return (text.text for text in view.texts if text.cell.row < view.header_rows[0])


def doubted(record: ItemRecord, why: Sequence[str]) -> ItemRecord:
    """The item with more reasons for a look."""
    if not why:
        return record
    item = replace(record.item, needs_review=True)
    return replace(record, item=item, reasons=(*record.reasons, *why))


def is_like_sum(
    group: Group, record: ItemRecord, profile: Profile, numbered: Collection[int]
) -> bool:
    """True for an item that has figures in columns of sums alone and may be a sum in words that
    nobody has listed: it has no number in a list of numbered ones, or words of a sum within."""
    if not holds_sums_alone(group, profile) or not has_figures(group[0], profile):
        return False
    label = str(record.item.value(profile.label) or "")
    key = header_key(label)
    words = {
        header_key(word) for kind in profile.rows if kind.role == "total" for word in kind.words
    }
    if record.ordinal or is_lettered(group[0], profile):
        return key.startswith(tuple(words))
    return any(word in key for word in words) or (
        group[0].view in numbered and not label.startswith(BULLETS)
    )


def torn_groups(
    groups: Sequence[Group], roles: Sequence[tuple[Role, RowKind | None]], profile: Profile
) -> frozenset[int]:
    """The rows whose name may stand partly in another one, since no rule parts them and their
    numbers do not stand on the first line of the name.

    Rows of a dump have no rules either. A number and a name alone, and below it the one item
    without a number before the next: that may be a heading, or the first line of this item.
    """
    found: set[int] = set()
    for n, (group, (role, kind)) in enumerate(zip(groups, roles, strict=True)):
        row = group[0]
        if is_bare(row, profile) and any(has_figures(part, profile) for part in group):
            found.add(n)
            continue
        if role != "item" or kind is not None or not has_figures(row, profile):
            continue
        if is_lettered(row, profile) or row.words(profile.label).strip().startswith(BULLETS):
            continue
        if not (row.is_stacked or is_without_places(row)):
            continue
        first = n - 1
        while (
            first >= 0
            and roles[first][0] == "heading"
            and not is_lettered(groups[first][0], profile)
        ):
            first -= 1
        after = groups[n + 1][0] if n + 1 < len(groups) else None
        is_alone = (
            after is None
            or roles[n + 1][1] is not None
            or bool(ordinal_of(after.words(profile.ordinal)))
        )
        if (
            first >= 0
            and is_alone
            and roles[first][0] == "heading"
            and ordinal_of(groups[first][0].words(profile.ordinal))
        ):
            found.update(range(first, n + 1))
    stacks: dict[tuple[int, int], list[int]] = defaultdict(list)
    for n, group in enumerate(groups):
        stacks[group[0].view, group[0].row].append(n)
    for own in stacks.values():
        rows = [row for n in own for row in groups[n]]
        if not any(row.is_stacked for row in rows):
            continue
        bare = [is_bare(row, profile) and not is_lettered(row, profile) for row in rows]
        nameless = [
            has_figures(row, profile) and not (row.words(profile.label) + row.words(OVER)).strip()
            for row in rows
        ]
        opens = bare[0] and not rows[0].is_bold and sum(bare) > 1
        if any(nameless) or opens:
            found.update(own)
    return frozenset(found)


def is_without_places(row: Printed) -> bool:
    return all(share.text.cell.source.box is None for _, share in row.shares)


def depth_of(row: Printed, record: ItemRecord, profile: Profile) -> int | None:
    """How deep a heading stands: 0 for a letter, 1 for 1, 2 for 1.1; None without either."""
    return len(record.ordinal) or (0 if is_lettered(row, profile) else None)


def outer(
    headings: Sequence[tuple[int | None, str]], depth: int | None, is_nested: bool
) -> list[tuple[int | None, str]]:
    """The headings that stay in force above a new one; `is_nested` right below another heading.

    >>> outer([(0, "ก"), (1, "๑")], 1, False), outer([(None, "งานดิน")], None, False)
    ([(0, 'ก')], [])
    """
    if depth is None:
        ends = (n for n, (own, _) in enumerate(headings) if own is None)
        return list(headings) if is_nested else list(headings[: next(ends, 0)])
    ends = (n for n, (own, _) in enumerate(headings) if own is not None and own >= depth)
    return list(headings[: next(ends, len(headings))])


def breaks_between(groups: Sequence[Group]) -> dict[Place, frozenset[int]]:
    """In cells that hold many items the breaks between the lines of two of them."""
    found: dict[Place, set[int]] = {}
    ends: dict[Place, int] = {}
    for group in groups:
        starts: dict[Place, int] = {}
        stops: dict[Place, int] = {}
        for share in (share for row in group for _, share in row.shares):
            starts[share.place] = min(share.first, starts.get(share.place, share.first))
            stops[share.place] = max(share.stop, stops.get(share.place, share.stop))
        for place, first in starts.items():
            if place in ends and first >= ends[place]:
                found.setdefault(place, set()).add(ends[place] - 1)
            ends[place] = stops[place]
    return {place: frozenset(breaks) for place, breaks in found.items()}


def roles_of(groups: Sequence[Group], profile: Profile) -> list[tuple[Role, RowKind | None]]:
    """What each row is, from its words, what it holds, and the numbers of those around it."""
    ordinals: list[Ordinal] = []
    last: Ordinal = ()
    for group in groups:
        ordinals.append(own_ordinal(group[0], profile, last))
        last = ordinals[-1] or last
    found: list[tuple[Role, RowKind | None]] = []
    role: Role
    for n, group in enumerate(groups):
        kind = kind_of(group[0], profile)
        if kind is not None:
            found.append(("note" if counts_nothing(group, kind, profile) else kind.role, kind))
            continue
        after = ordinals[n + 1] if n + 1 < len(groups) else ()
        own = ordinals[n]
        is_parent = bool(own) and len(after) > len(own) and after[: len(own)] == own
        if all(is_bare(row, profile) for row in group):
            ends = n + 1 == len(groups) or kind_of(groups[n + 1][0], profile) is not None
            if not own and ends:
                role = "note"
            else:
                role = "item" if own and (is_next(after, own) or ends) else "heading"
        else:
            role = "subtotal" if is_parent and holds_sums_alone(group, profile) else "item"
        found.append((role, None))
    return found


def counts_nothing(group: Group, kind: RowKind, profile: Profile) -> bool:
    """True for a row of a sum that holds no number; of a tax, none where the totals stand."""
    figures = {
        field
        for row in group
        for field, share in row.shares
        if (column := profile.column(field)) is not None
        and column.summed
        and (figure := read_figure(share.words, column.unit)) is not None
        and figure.value is not None
    }
    if kind.role == "adjustment":
        summed = [column.field for column in profile.columns if column.summed]
        return not figures & set(summed[-1:])
    return kind.role in ("subtotal", "total", "carried") and not figures


def holds_sums_alone(group: Group, profile: Profile) -> bool:
    """True where a row's only numbers are of columns that are summed."""
    columns = [profile.column(field) for row in group for field, _ in row.shares]
    return any(c is not None and c.summed for c in columns) and all(
        c is None or c.summed or not is_anchor(c) or c.type == "ordinal" for c in columns
    )


def read_item(
    document: str,
    group: Group,
    role: Role,
    kind: RowKind | None,
    profile: Profile,
    paper: Paper,
    last: Ordinal,
    scaled: Mapping[str, str] = MappingProxyType({}),
) -> ItemRecord:
    """One item with its values, and what could not be read of it.

    `scaled` are columns whose numbers are thousands or millions, with the words that say so: a
    number of them is not read, since it is not of the unit that the column is published in.
    """
    unnamed = [pair for row in group for pair in row.unnamed]
    pieces = (
        *pieces_of(group, paper),
        *((name, piece_of(share, paper)) for name, share in unnamed),
    )
    values: dict[str, ItemValue] = {}
    steps: list[tuple[str, Step]] = []
    unread: list[tuple[str, str]] = [(name, share.words) for name, share in unnamed]
    rests: list[tuple[str, str]] = []
    words: list[Piece] = [piece for field, piece in pieces if field == OVER]
    for column in profile.columns:
        own = [piece for field, piece in pieces if field == column.field]
        text = "\n".join(piece.text.text for piece in own)
        values[column.field] = None
        if not text.strip():
            continue
        if column.field == profile.label or (column.type == "text"):
            if column.field == profile.label:
                words += own
            else:
                values[column.field] = joined(own, paper) or None
        elif column.type == "ordinal":
            values[column.field] = ordinal_text(text) or None
            if values[column.field] is None and text.strip(" \n-–—."):
                words = [*own, *words]
        elif column.type == "date":
            day = read_date(text)
            values[column.field] = day
            if day is None and text.strip(" \n-–—."):
                unread.append((column.field, text))
        else:
            figure = read_figure(text, column.unit)
            if figure is None and role != "item" and not re.search(r"\d", text):
                words += own
                continue
            value, rest = fitting(figure, column)
            if rest and not is_same_unit(rest, words_of(pieces, column.rest)):
                value = None
            if figure is None or (figure.value is not None and value is None):
                unread.append((column.field, text))
                continue
            if value is not None and column.field in scaled:
                unread.append((column.field, f"{text} ({scaled[column.field]})"))
                continue
            values[column.field] = value
            steps += [(column.field, step) for step in figure.steps if step.rule in TOLD]
            if rest:
                rests.append((column.rest, rest))
    label = joined(words, paper)
    for field, rest in rests:
        values[field] = values.get(field) or rest
    named = profile.column(profile.label)
    if named is not None and named.lead and values.get(named.lead) is None and kind is None:
        lead, rest = leading_ordinal(label, last)
        if lead:
            steps.append((named.lead, Step("leading_ordinal", label, lead)))
            values[named.lead], label = lead, rest.strip()
    values[profile.label] = label or None
    if role == "note" and kind is not None and kind.role != "note":
        summed = [column.field for column in profile.columns if column.summed]
        if summed and kind.role != "adjustment" and PRINTED_SUM.search(label):
            unread.append((summed[-1], label))  # a sum within its words
    reasons = list(doubts(pieces, unread, profile))
    if role == "note" and kind is not None and kind.role == "note" and holds_sum(values, profile):
        reasons.append("amount of a note")
    if role == "item" and not label and values.get(profile.ordinal) is None:
        reasons.append("no name")
    if role in ("heading", "note"):  # no number in it can stand in the wrong column
        reasons = [reason for reason in reasons if reason != "cells missing"]
    known = [p.text.confidence for _, p in pieces if p.text.confidence is not None]
    first = group[0]
    item = Item(
        document,
        profile.name,
        profile.table,
        first.page,
        first.row,
        first.line,
        role,
        tuple((column.field, values[column.field]) for column in profile.columns),
        None,
        None,
        tuple(sorted({row.page for row in group})),
        min([1.0, *known]),
        bool(reasons),
    )
    return ItemRecord(
        item,
        pieces,
        ordinal_of(str(values.get(profile.ordinal) or "")),
        kind,
        (first.page, first.table),
        0,
        tuple(unread),
        tuple(steps),
        tuple(reasons),
    )


TOLD = frozenset(
    {"letter_zero", "wrapped_number", "satang_dash", "minus_sign", "brackets_are_minus"}
)
"""Rules that read a number otherwise than it is printed; commas and Thai digits are its print."""


def fitting(figure: Figure | None, column: Column) -> tuple[Decimal | int | None, str]:
    """The value of a column from what its cell holds, and what stands behind it; None where the
    column holds no such thing."""
    if figure is None or figure.value is None or (figure.rest and not column.rest):
        return None, ""
    if not is_unit(figure.rest):
        return None, ""
    if column.type == "number":
        return figure.value, figure.rest
    whole = figure.value == figure.value.to_integral_value()
    return (int(figure.value) if whole else None), figure.rest


def words_of(pieces: Iterable[tuple[str, Piece]], field: str) -> str:
    return " ".join(piece.text.text for name, piece in pieces if name == field)


def is_same_unit(rest: str, unit: str) -> bool:
    """True where what stands behind a number is the unit of its row, or the row names no other.

    >>> is_same_unit("ตัว", "-"), is_same_unit("ลบ.ม.", "ลบ. ม"), is_same_unit("ตัว", "ชุด")
    (True, True, False)
    """
    return not unit.strip(" \n-–—.") or header_key(rest) == header_key(unit)


def holds_sum(values: Mapping[str, ItemValue], profile: Profile) -> bool:
    """True where the last column that is summed has a value."""
    summed = [column.field for column in profile.columns if column.summed]
    return bool(summed) and values.get(summed[-1]) is not None


def joined(pieces: Sequence[Piece], paper: Paper) -> str:
    """The text of some cells as it is published; those of one column go on in each other."""
    texts = []
    for _, same in groupby(pieces, key=lambda piece: piece.text.cell.column):
        texts.append(join_text([(p.page, p.table, p.text) for p in same], paper)[0])
    whole = finish(" ".join(filter(None, texts)), rules=ITEM_RULES)[0]
    return " ".join(whole.split("\n"))


def pieces_of(group: Group, paper: Paper) -> Iterator[tuple[str, Piece]]:
    """The cells of a row by field, each with its lines of this row, joined where they adjoin."""
    shares = [pair for row in group for pair in row.shares]
    for (field, _), same in groupby(
        sorted(shares, key=lambda pair: (pair[0], pair[1].place, pair[1].first)),
        key=lambda pair: (pair[0], pair[1].place),
    ):
        run = [share for _, share in same]
        yield field, piece_of(run[0]._replace(stop=max(share.stop for share in run)), paper)


def piece_of(share: Share, paper: Paper) -> Piece:
    """Some lines of a cell as a cell of their own, as sure as they are."""
    text, lines = share.text, share.text.text.split("\n")
    if share.first == 0 and share.stop >= len(lines):
        own = text
    else:
        some = text.cell.lines[share.first : share.stop]
        sure = [value for line in some for value in line.sure]
        cell = replace(
            text.cell,
            lines=some if len(text.cell.lines) == len(lines) else (),
            confidence=min(sure) if sure else text.cell.confidence,
            figures=figures_of(some) if sure else text.cell.figures,
            legible=sum(sure) / len(sure) if sure else text.cell.legible,
        )
        own = Text(
            cell,
            share.words,
            confidence=min(sure) if sure else text.confidence,
            decided=text.decided,
        )
    settled = own if own.breaks is not None else settle_text(share.page, share.table, own, paper)
    return Piece(share.page, share.table, settled)


def figures_of(lines: Iterable[Line]) -> float | None:
    """How sure the digits of some lines are; None where there are none."""
    sure = [
        value
        for line in lines
        if len(line.sure) == len(line.text)
        for letter, value in zip(line.text, line.sure, strict=True)
        if letter.isdigit()
    ]
    return min(sure, default=None)


def doubts(
    pieces: Sequence[tuple[str, Piece]], unread: Sequence[tuple[str, str]], profile: Profile
) -> Iterator[str]:
    """Why a person should look at an item, as far as reading it tells."""
    if unread:
        yield "unread"
    cells = [
        (profile.column(field), piece.text) for field, piece in pieces if not piece.text.decided
    ]
    if any(text.cell.ragged for _, text in cells):
        yield "cells missing"
    if any(
        is_anchor(column) and text.cell.figures is not None and text.cell.figures < UNSURE_FIGURE
        for column, text in cells
    ):
        yield "figures"
    if any(
        (text.confidence if text.cell.legible is None else text.cell.legible) is not None
        and ((text.confidence if text.cell.legible is None else text.cell.legible) or 0.0)
        < UNSURE_TEXT
        for _, text in cells
    ):
        yield "letters"
