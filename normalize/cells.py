"""The text of a cell: its layer repaired, its lines of paper joined, its digits made Arabic."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from extract.model import Cell, Line, Page
from normalize.columns import TableView, Text
from normalize.numerals import thai_digits
from normalize.references import REFERENCE_RULES
from normalize.sections import find_headings, list_lines
from normalize.text import classify, collapse_spaces, repair, strip_lines
from normalize.trace import Rule, Step, apply
from normalize.wraps import (
    hard_breaks,
    hard_lines,
    join_lines,
    keeps_end_spaces,
    kept_width,
    letter_width,
    line_texts,
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


Column = tuple[int, int, int]
"""A column of one table: page, table and column as its cells count them."""


@dataclass(frozen=True, slots=True)
class Paper:
    """What is known of how a document was set, for joining its lines."""

    letter: float = 0.0
    """The width of an ordinary consonant in points."""
    rights: Mapping[Column, float] = field(default_factory=dict)
    """The right edge of a column's full lines in points."""
    flat: Mapping[tuple[tuple[int, int], int], int | None] = field(default_factory=dict)
    """The width at which a dump's column was wrapped before its lines became spaces, by (page,
    table) and column; None where it was not."""
    kept: Mapping[Column, int | None] = field(default_factory=dict)
    """The same for a dump that kept its lines."""
    keeps_spaces: bool = False
    """The exporter writes the spaces at line ends."""
    seen: str = ""
    """What stands within lines, and official wording: where spaces are known."""


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


def measure(views: Sequence[TableView], wording: Sequence[str] = ()) -> Paper:
    """Learn margins and wrap widths from all cells of a document; `wording` is known text."""
    printed: list[Line] = []
    repaired: list[str] = []
    reach: dict[tuple[int, int], float] = {}
    edges: dict[Column, float] = {}
    flat: dict[tuple[tuple[int, int], int], list[str]] = {}
    kept: dict[Column, list[list[str]]] = {}
    for view in views:
        for text in view.texts:
            cell, box = text.cell, text.cell.source.box
            key = (view.page, view.index, cell.column)
            if not text.text or cell.row < view.header_rows[1]:
                continue
            if box is None:
                flat.setdefault(((view.page, view.index), cell.column), []).append(text.text)
                kept.setdefault(key, []).append(text.text.split("\n"))
                continue
            printed += cell.lines
            repaired += text.text.split("\n")
            if cell.column_span == 1:
                slot = (view.table.column_count, cell.column)
                edges[key] = box.x1
                overhang = max((li.box.x1 - box.x1 for li in cell.lines if li.box), default=-20.0)
                reach[slot] = max(reach.get(slot, -20.0), min(overhang, 0.0))
    widths = {view.page: view.table.column_count for view in views}
    ends = [line.text for line in printed]
    keeps = bool(ends) and keeps_end_spaces(ends)
    return Paper(
        letter_width(printed),
        {key: x1 + reach.get((widths[key[0]], key[2]), -6.0) for key, x1 in edges.items()},
        wrap_widths(flat),
        {key: kept_width(cells) for key, cells in kept.items() if any(len(c) > 1 for c in cells)},
        keeps,
        seen_in([*repaired, *wording]),
    )


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
            breaks = hard_lines(own, paper.kept.get(key))
            own, breaks = part_headings(own, breaks)
            width = paper.flat.get(((page, table), text.cell.column))
            if width is not None:
                flattened = True
                own = [unwrap(line, width, paper.seen) for line in own]
        elif len(own) == len(text.cell.lines):
            right = paper.rights.get(key, text.cell.source.box.x1 - 4)
            breaks = hard_breaks(text.cell.lines, right, paper.letter)
            ends = line_texts(text.cell.lines)
            own = [
                f"{line} " if end[-1:] == " " else line for line, end in zip(own, ends, strict=True)
            ]
        else:
            breaks = [False] * (len(own) - 1)
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


def finish(text: str) -> tuple[str, tuple[Step, ...]]:
    """Joined text to the value that is published.

    >>> finish("ตลอดปีงบประมาณ ๒๕๖๙")[0]
    'ตลอดปีงบประมาณ 2569'
    """
    return apply(VALUE_RULES, text)
