"""The text of a cell: its layer repaired, its lines of paper joined, its digits made Arabic."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from extract.model import Cell, Line, Page
from normalize.columns import TableView, Text
from normalize.numerals import thai_digits
from normalize.references import REFERENCE_RULES
from normalize.sections import find_headings, list_lines
from normalize.text import classify, collapse_spaces, repair, strip_lines
from normalize.trace import Rule, Step, apply
from normalize.wraps import (
    advance,
    ends_early,
    join_lines,
    keeps_end_spaces,
    seen_in,
    unwrap,
    wrap_widths,
)

VALUE_RULES: tuple[Rule, ...] = (
    thai_digits,
    *REFERENCE_RULES,
    list_lines,
    collapse_spaces,
    strip_lines,
)
"""What makes a value of a joined text, in any column."""


@dataclass(frozen=True, slots=True)
class Room:
    """How text stands in a column: the least free width at its left and right, in points."""

    left: float
    right: float


@dataclass(frozen=True, slots=True)
class Paper:
    """What is known of how a document was set, for joining its lines."""

    rooms: Mapping[tuple[int, int, int], Room]
    """By page, table and column of the cell."""
    widths: Mapping[tuple[tuple[int, int], int], int | None]
    """The width at which a dump's column was wrapped, by (page, table) and column of the cell; None
    where it was not."""
    keeps_spaces: bool = False
    """The exporter writes the spaces at line ends."""
    seen: str = ""
    """What stands within lines, where spaces are known."""


def font_texts(pages: Iterable[Page]) -> dict[str, str]:
    """All text of each font of a document, a run a line."""
    found: dict[str, list[str]] = {}
    for page in pages:
        cells = (cell.lines for table in page.tables for cell in table.cells)
        for lines in (page.lines, *cells):
            for line in lines:
                for run in line.runs:
                    found.setdefault(run.font, []).append(run.text)
    return {font: "\n".join(texts) for font, texts in found.items()}


def find_defects(pages: Sequence[Page]) -> dict[str, tuple[str, ...]]:
    """The defects of each font's text layer, from the whole document."""
    return classify(font_texts(pages))


def repair_lines(
    lines: Sequence[Line], defects: Mapping[str, tuple[str, ...]]
) -> tuple[str, tuple[Step, ...]]:
    """Printed lines to one text with `\\n` between them, each font's defects repaired."""
    pieces: list[tuple[str, str]] = []
    for i, line in enumerate(lines):
        if i:
            pieces.append((pieces[-1][0] if pieces else "", "\n"))
        pieces += [(run.font, run.text) for run in line.runs]
    return repair(pieces, defects)


def repair_cell(cell: Cell, defects: Mapping[str, tuple[str, ...]]) -> Text:
    text, steps = repair_lines(cell.lines, defects)
    return Text(cell, text, steps)


def measure(views: Sequence[TableView]) -> Paper:
    """Learn margins and wrap widths from all cells of a document."""
    rooms: dict[tuple[int, int, int], Room] = {}
    columns: dict[tuple[tuple[int, int], int], list[str]] = {}
    printed: list[str] = []
    repaired: list[str] = []
    for view in views:
        for text in view.texts:
            key = (view.page, view.index, text.cell.column)
            box = text.cell.source.box
            if box is None:
                if text.text.strip() and text.cell.row >= view.header_rows[1]:
                    columns.setdefault(((view.page, view.index), key[2]), []).append(text.text)
                continue
            if len(text.cell.lines) > 1:
                printed += [line.text for line in text.cell.lines[:-1]]
                repaired += text.text.split("\n")
            if text.cell.column_span > 1:
                continue
            for line in text.cell.lines:
                if line.box is not None:
                    room = rooms.get(key, Room(6.0, 6.0))
                    rooms[key] = Room(
                        max(min(room.left, line.box.x0 - box.x0), 0.0),
                        max(min(room.right, box.x1 - line.box.x1), 0.0),
                    )
    keeps = keeps_end_spaces(printed) if printed else False
    return Paper(rooms, wrap_widths(columns), keeps, "" if keeps else seen_in(repaired))


def join_text(texts: Sequence[tuple[int, int, Text]], paper: Paper) -> tuple[str, tuple[Step, ...]]:
    """The lines of one text, over its cells in order ((page, table, Text) each), as it was typed.

    Steps begin with the repaired text of the cells, a line of paper a line.
    """
    whole = "\n".join(text.text for _, _, text in texts)
    if not whole.strip():
        return "", (Step("strip_lines", whole, ""),) if whole else ()
    lines: list[str] = []
    hard: list[bool] = []
    flattened = False
    for page, table, text in texts:
        key = (page, table, text.cell.column)
        own = text.text.split("\n")
        if text.cell.source.box is None:
            width = paper.widths.get(((page, table), text.cell.column))
            own, breaks = part_headings(own, [True] * (len(own) - 1))
            if width is not None:
                flattened = True
                own = [unwrap(line, width) for line in own]
        else:
            breaks = hard_breaks(text, own, paper.rooms.get(key, Room(2.0, 2.0)))
            if paper.keeps_spaces and len(own) == len(text.cell.lines):
                own = [
                    f"{line} " if printed.text.endswith(" ") else line
                    for line, printed in zip(own, text.cell.lines, strict=True)
                ]
        if lines:
            hard.append(False)
        lines += own
        hard += breaks
    lines, hard = part_headings(lines, hard)
    joined = join_lines(lines, hard, kept=paper.keeps_spaces, seen=paper.seen)
    rule = "unwrap" if flattened else "join_lines"
    return joined, (Step(rule, whole, joined),) if joined != whole else ()


def part_headings(lines: list[str], hard: list[bool]) -> tuple[list[str], list[bool]]:
    """Put the headings of a result on lines of their own; the break before one was meant.

    >>> part_headings(["จุดแข็ง: มีระบบ จุดอ่อน:", "ไม่ครบ"], [False])
    (['จุดแข็ง: มีระบบ', 'จุดอ่อน:', 'ไม่ครบ'], [True, False])
    >>> part_headings(["ซึ่งเป็น", "จุดแข็งของหน่วยงาน"], [False])
    (['ซึ่งเป็น', 'จุดแข็งของหน่วยงาน'], [False])
    """
    whole = "\n".join(lines)
    meant = {heading.begin for heading in find_headings(whole)}
    meant = {at for at in meant if at and whole[at - 1].isspace()}
    if not meant:
        return lines, hard
    parted: list[str] = []
    breaks: list[bool] = []
    start = 0
    for n, line in enumerate(lines):
        if n:
            breaks.append(hard[n - 1] or start in meant)
        cuts = sorted(at for at in meant if start < at < start + len(line))
        for begin, end in pairwise([start, *cuts, start + len(line)]):
            parted.append(whole[begin:end].rstrip() if end in meant else whole[begin:end])
        breaks += [True] * len(cuts)
        start += len(line) + 1
    return parted, breaks


def hard_breaks(text: Text, lines: Sequence[str], room: Room) -> list[bool]:
    """For each break between two lines, whether the next word would still have fitted."""
    cell = text.cell
    box = cell.source.box
    if len(lines) != len(cell.lines) or box is None:
        return [False] * (len(lines) - 1)
    breaks = []
    for i in range(len(lines) - 1):
        here = cell.lines[i].box
        if here is None:
            breaks.append(False)
            continue
        free = box.x1 - here.x1 - room.right
        if here.x0 - box.x0 - room.left > 3 and abs((here.x0 - box.x0) - (box.x1 - here.x1)) < 4:
            free = box.x1 - box.x0 - (here.x1 - here.x0) - room.left - room.right
        letter = (here.x1 - here.x0) / max(advance(lines[i]), 1) * 100
        breaks.append(ends_early(free, lines[i + 1], letter))
    return breaks


def finish(text: str) -> tuple[str, tuple[Step, ...]]:
    """Joined text to the value that is published.

    >>> finish("ตลอดปีงบประมาณ ๒๕๖๙")[0]
    'ตลอดปีงบประมาณ 2569'
    """
    return apply(VALUE_RULES, text)
