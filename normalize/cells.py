"""The text of a cell: its layer repaired, its lines of paper joined, its digits made Arabic."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from extract.model import Box, Cell, Line, Page
from normalize.columns import TableView, Text
from normalize.numerals import thai_digits
from normalize.references import REFERENCE_RULES
from normalize.sections import find_headings, list_lines
from normalize.text import classify, collapse_spaces, repair, strip_lines
from normalize.trace import Rule, Step, apply
from normalize.wraps import (
    hard_breaks,
    hard_lines,
    is_item,
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
ITEM_RULES: tuple[Rule, ...] = (thai_digits, collapse_spaces, strip_lines)
"""The same of tables of items, whose numbers and dashes are no codes and no lists."""


THAI = re.compile("[ก-ฮ]")
MANY_EARLY = 0.15
"""Share of lines that seem to end early, from which on the exporter breaks elsewhere."""
ENOUGH_LETTERS = 120_000
"""So many letters of a font, of 60 full pages, tell what its layer lacks."""
ENOUGH_LINES = 6000
"""So many lines tell how an exporter sets its text; a report of 500 pages has 100,000."""
MIN_PADDING = 1.0
"""Points that are left free beside the text of a column at the least."""

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
    has_headed_items: bool = False
    """Numbered items begin with a head of their own."""
    whole_runs: bool = False
    """Lines were broken at spaces only, not between Thai words."""


def font_texts(pages: Iterable[Page]) -> dict[str, str]:
    """The text of each font of a document, a run a line, as much as is needed to judge it."""
    found: dict[str, list[str]] = {}
    letters: Counter[str] = Counter()
    for page in pages:
        cells = (cell.lines for table in page.tables for cell in table.cells)
        for lines in (page.lines, *cells):
            for line in lines:
                for run in line.runs:
                    if letters[run.font] < ENOUGH_LETTERS:
                        letters[run.font] += len(run.text)
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


LOST = {"dropped_marks": 0.5, "unmapped_glyphs": 0.5}
"""Confidence in the text of a font that has lost letters or marks for good."""


def repair_cell(cell: Cell, defects: Mapping[str, tuple[str, ...]]) -> Text:
    """A cell with its layer repaired as far as that can be done, and how sure its text is."""
    text, steps = repair_lines(cell.lines, defects)
    fonts = {run.font for line in cell.lines for run in line.runs if THAI.search(run.text)}
    doubts = [LOST[name] for font in fonts for name in defects.get(font, ()) if name in LOST]
    known = [c for c in (cell.confidence, *doubts) if c is not None]
    return Text(cell, text, steps, min(known, default=None))


def measure(views: Sequence[TableView], wording: Sequence[str] = ()) -> Paper:
    """Learn margins and wrap widths from all cells of a document; `wording` is known text."""
    printed: list[str] = []
    repaired: list[str] = [*wording]
    drawn: list[tuple[str, Box]] = []
    reach: dict[tuple[int, int], float] = {}
    edges: dict[Column, float] = {}
    slots: dict[Column, tuple[int, int]] = {}
    flat: dict[tuple[tuple[int, int], int], list[str]] = {}
    kept: dict[Column, list[list[str]]] = {}
    for view, text in data_texts(views):
        cell, box = text.cell, text.cell.source.box
        key = (view.page, view.index, cell.column)
        if box is None:
            flat.setdefault(((view.page, view.index), cell.column), []).append(text.text)
            kept.setdefault(key, []).append(text.text.split("\n"))
            continue
        lines = text.text.split("\n")
        if len(printed) < ENOUGH_LINES:
            printed += [line.text for line in cell.lines]
            repaired += lines
        if len(lines) == len(cell.lines) and len(drawn) < ENOUGH_LINES:
            drawn += [(t, li.box) for t, li in zip(lines, cell.lines, strict=True) if li.box]
        if cell.column_span == 1:
            slots[key] = slot = (view.table.column_count, cell.column)
            edges[key] = box.x1
            for line in cell.lines:
                # a word too long for its column runs over its side and says nothing of it
                if line.box and line.box.x1 - box.x1 < -MIN_PADDING:
                    reach[slot] = max(reach.get(slot, -20.0), line.box.x1 - box.x1)
    keeps = bool(printed) and keeps_end_spaces(printed)
    paper = Paper(
        letter_width(drawn),
        {key: x1 + reach.get(slots[key], -4.0) for key, x1 in edges.items()},
        wrap_widths(flat),
        {key: kept_width(cells) for key, cells in kept.items() if any(len(c) > 1 for c in cells)},
        keeps,
        seen_in(repaired),
    )
    return replace(
        paper,
        whole_runs=breaks_at_spaces(views, paper),
        has_headed_items=items_have_heads(views),
    )


def data_texts(views: Sequence[TableView]) -> Iterator[tuple[TableView, Text]]:
    """The cells below the headers that hold text."""
    for view in views:
        for text in view.texts:
            if text.text and text.cell.row >= view.header_rows[1]:
                yield view, text


def breaks_at_spaces(views: Sequence[TableView], paper: Paper) -> bool:
    """True for an exporter that keeps Thai words together up to a space, as where it did not know
    the letters of a broken font: then many lines seem to end early that do not."""
    early = breaks = 0
    for view, text in data_texts(views):
        lines = text.text.split("\n")
        if len(lines) < 2 or len(lines) != len(text.cell.lines):
            continue
        meant = meant_breaks(view.page, view.index, text, lines, paper)
        for below, hard in zip(lines[1:], meant, strict=True):
            if not is_item(below):
                breaks += 1
                early += hard
    return breaks >= 20 and early > MANY_EARLY * breaks


def meant_breaks(
    page: int, table: int, text: Text, lines: Sequence[str], paper: Paper
) -> list[bool]:
    """Which breaks between the printed lines of a cell were meant."""
    box = text.cell.source.box
    right = paper.rights.get((page, table, text.cell.column), box.x1 - 4 if box else 0.0)
    boxes = [line.box for line in text.cell.lines]
    return hard_breaks(lines, boxes, right, paper.letter, whole_runs=paper.whole_runs)


def settle_lines(views: Sequence[TableView], paper: Paper) -> tuple[TableView, ...]:
    """Judge every break between lines, and let the lines' places on paper go."""
    return tuple(
        replace(
            view,
            texts=tuple(settle_text(view.page, view.index, text, paper) for text in view.texts),
            table=replace(view.table, cells=()),
        )
        for view in views
    )


def settle_text(page: int, table: int, text: Text, paper: Paper) -> Text:
    """One cell with its breaks judged and without its lines' places."""
    cell = text.cell
    own = text.text.split("\n")
    spaced: list[int] = []
    if text.decided and text.steps and text.steps[-1].rule == "decision":
        breaks = [True] * (len(own) - 1)
    elif cell.source.box is None:
        breaks = hard_lines(own, paper.kept.get((page, table, cell.column)))
    elif len(own) == len(cell.lines):
        breaks = meant_breaks(page, table, text, own, paper)
        ends = line_texts(cell.lines)
        if paper.has_headed_items and not paper.keeps_spaces:
            ends = end_heads(
                [f"{o} " if e[-1:] == " " else o for o, e in zip(own, ends, strict=True)], breaks
            )
        spaced = [n for n, end in enumerate(ends) if end[-1:] == " "]
    else:
        breaks = [False] * (len(own) - 1)
    return replace(text, cell=replace(cell, lines=()), breaks=tuple(breaks), spaced=tuple(spaced))


def join_text(texts: Sequence[tuple[int, int, Text]], paper: Paper) -> tuple[str, tuple[Step, ...]]:
    """The lines of one text, over its cells in order ((page, table, Text) each), as it was typed.

    The texts are settled. Steps begin with their repaired text, a line of paper a line.
    """
    whole = "\n".join(text.text for _, _, text in texts)
    if not whole.strip():
        return "", (Step("strip_lines", whole, ""),) if whole else ()
    lines: list[str] = []
    hard: list[bool] = []
    flattened = False
    for page, table, text in texts:
        own = text.text.split("\n")
        for n in text.spaced:
            own[n] += " "
        breaks = list(text.breaks or [False] * (len(own) - 1))
        if text.cell.source.box is None and not text.decided:
            own, breaks = part_headings(own, breaks)
            width = paper.flat.get(((page, table), text.cell.column))
            if width is not None:
                flattened = True
                own = [unwrap(line, width, paper.seen) for line in own]
        if lines:
            hard.append(False)
        lines += own
        hard += breaks
    lines, hard = part_headings(lines, hard)
    joined = join_lines(lines, hard, kept=paper.keeps_spaces, seen=paper.seen)
    rule = "unwrap" if flattened else "join_lines"
    return joined, (Step(rule, whole, joined),) if joined != whole else ()


HEADED = re.compile(r"\s*\(?[0-9๐-๙]{1,2}[.)]\s*[^\s0-9๐-๙][^\s]{2,26}(?P<gap>\s)?")


def items_have_heads(views: Sequence[TableView]) -> bool:
    """True where numbered items mostly begin with a short head: `๑.การยืม จัดทำทะเบียน`."""
    heads = items = 0
    for _, text in data_texts(views):
        lines = text.text.split("\n")
        for line, below in pairwise(lines):
            if HEADED.match(line) and not is_item(below):
                items += 1
                heads += " " in line.strip()[4:]
    return items >= 6 and 2 * heads >= items


def end_heads(lines: Sequence[str], hard: Sequence[bool]) -> list[str]:
    """Keep the space behind an item's head where the line ends with it.

    A head that goes on has its space early on the next line.

    >>> end_heads(["๑. เตรียมการ", "ประกาศรายชื่อผู้รับผิดชอบ"], [False])
    ['๑. เตรียมการ ', 'ประกาศรายชื่อผู้รับผิดชอบ']
    >>> end_heads(["๑. ปรับปรุงแนว", "ปฏิบัติ จัดทำประกาศ"], [False])
    ['๑. ปรับปรุงแนว', 'ปฏิบัติ จัดทำประกาศ']
    """
    found = list(lines)
    for n, (line, below) in enumerate(pairwise(lines)):
        head = HEADED.fullmatch(line)
        if head and not head["gap"] and not hard[n] and " " not in below.strip()[:12]:
            found[n] = f"{line} "
    return found


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


def finish(
    text: str, field: str = "", rules: tuple[Rule, ...] = VALUE_RULES
) -> tuple[str, tuple[Step, ...]]:
    """Joined text to the value that is published; the dash of a timeframe is no bullet.

    >>> finish("ตลอดปีงบประมาณ ๒๕๖๙")[0]
    'ตลอดปีงบประมาณ 2569'
    >>> finish("ธ.ค. ๒๕๖๗ – ก.ย. ๒๕๖๘", "timeframe")[0]
    'ธ.ค. 2567 – ก.ย. 2568'
    """
    if field == "timeframe":
        rules = tuple(rule for rule in rules if rule is not list_lines)
    return apply(rules, text)
