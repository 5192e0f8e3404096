"""Tables across pages to physical rows, and rows that go on over a page put together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from extract.model import Cell
from normalize.columns import CLEAR, WIDE, TableView, Text, is_indicator, match_header
from profiles.report import Profile


class Judge(Protocol):
    """What is known of the wording of questions."""

    def prints_code(self, text: str) -> bool:
        """True where the text of a question cell begins with a code."""

    def is_whole(self, text: str) -> bool:
        """True for the whole official wording of a question."""

    def completes(self, asked: str, more: str) -> bool:
        """True where a text completes the question before it to official wording, or brings the
        end that questions have and it lacks."""

    def other_indicator(self, before: str, now: str) -> bool:
        """True where two indicator cells name two indicators."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One cell's share of a physical row."""

    page: int
    table: int
    """Counted from 0 within the page."""
    text: Text
    header: str = ""
    """What heads its column."""

    @property
    def is_empty(self) -> bool:
        return not self.text.text.strip()


@dataclass(frozen=True, slots=True)
class TableRow:
    """What one page says of one row: for each field the cells that stand in it, top to bottom."""

    page: int
    fields: tuple[tuple[str, tuple[Piece, ...]], ...]
    section: tuple[Piece, ...] = ()
    """The full-width cells above the row that are no title: an indicator may be named there."""
    is_first: bool = False
    """The first row of its page's table, header aside."""
    is_cut: bool = False
    """The page break cuts it open: there is no rule above it."""
    is_open: bool = False
    """The last row of a table that has no rule below it."""

    def pieces(self, field: str) -> tuple[Piece, ...]:
        return next((pieces for name, pieces in self.fields if name == field), ())

    def raw(self, field: str) -> str:
        return "\n".join(p.text.text for p in self.pieces(field) if not p.is_empty)


@dataclass(frozen=True, slots=True)
class PhysicalRow:
    """One row of the report from all pages it stands on, in order."""

    parts: tuple[TableRow, ...]

    @property
    def pages(self) -> tuple[int, ...]:
        return tuple(sorted({part.page for part in self.parts}))

    def pieces(self, field: str) -> tuple[Piece, ...]:
        """The cells of a field on all pages; what the next page repeats stands once."""
        found: list[Piece] = []
        for part in self.parts:
            pieces = [p for p in part.pieces(field) if not p.is_empty]
            said = squeeze("".join(p.text.text for p in pieces))
            before = squeeze("".join(p.text.text for p in found))
            if not found or not said or (said != before and not before.endswith(said)):
                found += pieces
        return tuple(found)


def squeeze(text: str) -> str:
    """Text without white space.

    >>> squeeze("กอง \\n คลัง")
    'กองคลัง'
    """
    return "".join(text.split())


def rows_of(
    view: TableView, profile: Profile, before: Sequence[Piece] = ()
) -> tuple[tuple[TableRow, ...], tuple[Piece, ...]]:
    """The rows of one data table: a question cell with all that stands beside it.

    A cell merged over several rows belongs to each of them; a header that stands again is no row.
    An indicator named over the full width at its end belongs to the first row of the next table,
    which takes it as `before`.
    """
    cells = [text for text in view.texts if text.cell.row >= view.header_rows[1]]
    if not cells:
        return (), tuple(before)
    field_of = {id(text): view.slot_of(text.cell) for text in cells}
    heads = {slot.field: slot.header for slot in view.slots}
    last_row = view.table.first_row + view.table.row_count - 1
    rows: list[TableRow] = []
    section = list(before)
    row = view.header_rows[1]
    while row <= last_row:
        here = [t for t in cells if covers(t.cell, row)]
        if is_header_again(here, field_of, profile):
            row += 1
            continue
        wide = next((t for t in here if t.text.strip() and is_wide(t.cell, view)), None)
        if wide is not None:
            section.append(Piece(view.page, view.index, wide))
            row = wide.cell.row + wide.cell.row_span
            continue
        stop = 1 + max(
            (
                t.cell.row + t.cell.row_span - 1
                for t in here
                if field_of[id(t)] == "question" and t.cell.row == row
            ),
            default=row,
        )
        fields: dict[str, list[Piece]] = {}
        for text in cells:
            if any(covers(text.cell, r) for r in range(row, stop)) and not is_wide(text.cell, view):
                field = field_of[id(text)]
                piece = Piece(view.page, view.index, text, heads.get(field, ""))
                fields.setdefault(field, []).append(piece)
        fields.pop("", None)
        if any(not p.is_empty for pieces in fields.values() for p in pieces):
            rows.append(
                TableRow(
                    view.page,
                    tuple((name, tuple(pieces)) for name, pieces in fields.items()),
                    tuple(section),
                    is_first=not rows,
                    is_cut=not rows and view.table.open_above,
                )
            )
            section = []
        row = max(stop, row + 1)
    if rows and view.table.open_below:
        rows[-1] = replace(rows[-1], is_open=True)
    return tuple(rows), tuple(p for p in section if is_indicator(p.text.text.replace("\n", "")))


def is_header_again(here: Sequence[Text], field_of: Mapping[int, str], profile: Profile) -> bool:
    """True where three cells of a row hold the headers of their own columns."""
    heads = 0
    for text in here:
        matches = match_header(text.text, profile) if 0 < len(text.text) < 80 else ()
        heads += bool(matches) and matches[0][1] >= CLEAR and matches[0][0] == field_of[id(text)]
    return heads >= 3


def covers(cell: Cell, row: int) -> bool:
    return cell.row <= row < cell.row + cell.row_span


def is_wide(cell: Cell, view: TableView) -> bool:
    """True for a cell over most columns of the table: a title or the name of a section."""
    return cell.column_span > WIDE * view.table.column_count and view.table.column_count > 2


MERGED = ("timeframe", "responsible")
"""Fields that reports merge over several rows."""


def carry_merged(before: Sequence[TableRow], rows: Sequence[TableRow]) -> tuple[TableRow, ...]:
    """Give the rows of the next page the text of a cell that is merged over the page break.

    On the page before it belongs to two rows at least, the last among them; on this one it is the
    empty cell at the top of its column.
    """
    if len(before) < 2 or not rows:
        return tuple(rows)
    found = list(rows)
    for field in MERGED:
        shared = {id(piece.text) for piece in before[-2].pieces(field)}
        merged = tuple(p for p in before[-1].pieces(field) if not p.is_empty)
        top = {id(piece.text) for piece in rows[0].pieces(field)}
        if not merged or not all(id(piece.text) in shared for piece in merged):
            continue
        for i, row in enumerate(found):
            pieces = row.pieces(field)
            if not pieces or not all(p.is_empty and id(p.text) in top for p in pieces):
                break
            fields = tuple((n, merged if n == field else p) for n, p in row.fields)
            found[i] = replace(row, fields=fields)
    return tuple(found)


def put_together(rows: Iterable[TableRow], judge: Judge) -> tuple[PhysicalRow, ...]:
    """Join the rows that a page break cut."""
    found: list[list[TableRow]] = []
    for row in rows:
        if found and goes_on(found[-1], row, judge):
            found[-1].append(row)
        else:
            found.append([row])
    return tuple(PhysicalRow(tuple(parts)) for parts in found)


def asks_on(before: Sequence[TableRow], row: TableRow) -> bool:
    """True where a row of several questions is cut between two of them.

    The next question prints its code, but stands without a time of its own, beside no other
    indicator, and without units where no open side shows the cut.
    """

    def filled(field: str) -> bool:
        return any(squeeze(part.raw(field)) for part in before)

    indicator = squeeze(row.raw("indicator"))
    if not filled("timeframe") or squeeze(row.raw("timeframe")):
        return False
    if indicator and indicator != squeeze("".join(p.raw("indicator") for p in before)):
        return False
    is_open = row.is_cut or before[-1].is_open
    return is_open or (filled("responsible") and not squeeze(row.raw("responsible")))


def goes_on(before: Sequence[TableRow], row: TableRow, judge: Judge) -> bool:
    """True where `row` is the rest of the row that ends with `before`.

    Its question cell is empty, or it prints no code of its own, stands first on the next page, and
    is cut open, incomplete, or completes the wording of the question before it. A whole question
    after a whole question is a row of its own, whatever the rules say.
    """
    if row.section:
        return False
    question = row.raw("question")
    last = before[-1]
    asked = "".join(part.raw("question") for part in before)
    named = "".join(part.raw("indicator") for part in before)
    if row.raw("indicator").strip() and judge.other_indicator(named, row.raw("indicator")):
        return False
    if not question.strip():
        # the last line before a page break may be the first of a row whose question comes after it
        return row.is_first or not row.is_open
    if not asked.strip() and last.is_open and row.is_first:
        return True
    if not row.is_first or row.page == last.page:
        return False
    if judge.prints_code(question):
        # the cut may stand between the heading of a question and its code
        headed = last.is_open and not judge.prints_code(asked) and not judge.is_whole(asked)
        if headed and not any(squeeze(part.raw("timeframe")) for part in before):
            return True
        return asks_on(before, row)
    if judge.is_whole(question) and judge.is_whole(asked):
        return False
    complete = bool(squeeze(row.raw("timeframe"))) and bool(squeeze(row.raw("analysis")))
    return row.is_cut or last.is_open or not complete or judge.completes(asked, question)
