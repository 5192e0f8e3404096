"""OCR text dumps to pages of cells: tab-separated, Markdown and HTML tables, mixed as they come.

The markup is read by one expression of our own that knows table and text tags by name. lxml loses
text after a NUL or below 256 levels, and html.parser takes any `<word` for a tag; here what is not
known markup is text and stays, there are no entity definitions to explode, and nothing raises.
"""

import html
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from rapidfuzz import fuzz

from extract.errors import Unreadable
from extract.model import Cell, Layer, Line, Page, Run, Source, Table
from extract.source import LIMITS, Limits

# ---------------------------------------------------------------- inline markup

_BREAKS = "br|p|div|li|ul|ol|h[1-6]|hr|section|article|header|footer|body|html|main|center|caption"
_INLINE = (
    "b|strong|i|em|u|s|sup|sub|span|font|small|big|a|code|pre|mark|del|ins|strike|img|input|label"
)
_GRID = "table|thead|tbody|tfoot|tr|td|th|colgroup|col"
_TAG = re.compile(
    rf"<(/?)({_BREAKS}|{_INLINE}|{_GRID}|head|meta|link|!doctype)"
    r"(?=[\s/>])((?:[^<>\"']|\"[^\"<>]{0,500}\"|'[^'<>]{0,500}'){0,500})>",
    re.IGNORECASE,
)
_BREAK = re.compile(_BREAKS, re.IGNORECASE)
_HEADING_EDGE = re.compile(r"(?<=[ \t])<(?:b|strong)>|</(?:b|strong)>(?=[ \t])", re.IGNORECASE)
_HIDDEN = re.compile(r"<(/?)(script|style|title)\b[^<>]{0,500}>", re.IGNORECASE)
_MARKED = re.compile(r"[<&$\\*_~`]")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_ESCAPE = re.compile(r"\\([*_|#~`+\-.!()\[\]<>{}$%&\\])")
_BEFORE = r"(?<![A-Za-z0-9ก-๛*_~`])"
_AFTER = r"(?![A-Za-z0-9ก-๛*_~`])"
_ITALIC = re.compile(
    rf"{_BEFORE}(?:\*(?=[^\s*])([^*\n]*[^\s*])\*|_(?=[^\s_])([^_\n]*[^\s_])_){_AFTER}"
)
_BOLD = re.compile(
    r"(?<!\*)(\*{2,3})(?=[^\s*])([^*]*)\1(?!\*)|(?<!\S)(\*{2,3})([^*]*[^\s*])\3(?!\*)"
    r"|(?<![A-Za-z0-9_])(_{2,3})(?=[^\s_])([^_]*[^\s_])\5(?![A-Za-z0-9_])"
)
_STRUCK = re.compile(r"(?<!~)~~(?=[^\s~])([^~]*[^\s~])~~(?!~)|(?<!`)`(?=[^\s`])([^`\n]*)`(?!`)")
_UPRIGHT = re.compile(r"\\(?:mathrm|mathbf|mathit|textbf|textit|text|operatorname)\{([^{}\\]*)\}")
_FORMULA = re.compile(
    r"(?<![\\$])(\${1,2})(?=[^\s$])([^$\n]{0,80}?[^\s$\\])\1(?![$\d])"
    r"|\\\((?=[^\n()]{0,80}?(?:\\[a-zA-Z%]|_|\d\.\d|%))([^\n()]{1,80}?)\\\)"
)
_FORMULA_LETTERS = re.compile(r"[A-Za-z0-9ก-๛_.,%+\- ]+")
_HEADING = re.compile(r"[ ]{0,3}#{1,6}[ ]+")
_FENCE = re.compile(r"\s*```\s*[A-Za-z0-9_+.-]*\s*$")


def _formula(found: re.Match[str]) -> str:
    """The text of a formula that holds but letters and numbers, any other as it stands."""
    inner = (found[2] or found[3]).strip().replace("{,}", ",").replace("\\%", "%")
    inner = re.sub(r"_\{?([A-Za-z0-9ก-๛]+)\}?|\{(\w+)\}", r"\1\2", inner)
    return inner if _FORMULA_LETTERS.fullmatch(inner) else found[0]


def _without_formulas(text: str) -> str:
    """Unwrap what a recogniser took for a formula.

    >>> _without_formulas("$i_1$ ได้ $92.35$ คะแนน \\\\(12\\\\%\\\\) $\\\\mathrm{e}4$")
    'i1 ได้ 92.35 คะแนน 12% e4'
    >>> _without_formulas("ราคา $100 และ $200 ค่า $x^2 > 5$")
    'ราคา $100 และ $200 ค่า $x^2 > 5$'
    """
    return _FORMULA.sub(_formula, _UPRIGHT.sub(r"\1", text))


_BLANKS = (" ", "\t")


def _bold(found: re.Match[str]) -> str:
    """The text between the marks, with a second space where a space stands beside them."""
    before = found.string[max(found.start() - 1, 0) : found.start()]
    after = found.string[found.end() : found.end() + 1]
    inner = found[2] or found[4] or found[6]
    return " " * (before in _BLANKS) + inner + " " * (after in _BLANKS)


def _without_marks(text: str) -> str:
    """Remove pairs of Markdown marks; a lone one is text.

    >>> _without_marks("**i1** การ *ย่อ* __ข้อ__ ~~เดิม~~ `รหัส` **จุดแข็ง **ระบบ")
    'i1  การ ย่อ  ข้อ  เดิม รหัส  จุดแข็ง ระบบ'
    >>> _without_marks("5*3*2 x_y__z a_b_c ** ** ***** ____ 92* และ 93* ก** ข**")
    '5*3*2 x_y__z a_b_c ** ** ***** ____ 92* และ 93* ก** ข**'
    """
    if "~~" in text or "`" in text:
        text = _STRUCK.sub(lambda found: found[1] or found[2] or "", text)
    if "*" in text or "_" in text:
        text = _ITALIC.sub(lambda found: found[1] or found[2], text)
        text = _BOLD.sub(_bold, text)
    return text


def plain(text: str) -> str:
    """Remove the markup that a dump puts into its text, and only that.

    The end of bold type at a space leaves a second space: a heading ends there, no full line.

    >>> plain("<b>จุดแข็ง</b> ระบบ&nbsp;A&amp;B<br>**ข้อ ๑**")
    'จุดแข็ง  ระบบ\\xa0A&B\\nข้อ ๑'
    >>> plain("ค่า <๕ และ x<y ตาม <ชื่อหน่วยงาน> R&D *****")
    'ค่า <๕ และ x<y ตาม <ชื่อหน่วยงาน> R&D *****'
    """
    if not _MARKED.search(text):
        return text
    if "<" in text:
        text = _HEADING_EDGE.sub(lambda edge: " " + edge[0], text)
        text = _TAG.sub(lambda tag: "\n" if _BREAK.fullmatch(tag[2]) else "", text)
    if "&" in text:
        text = _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)
    if "$" in text or "\\" in text:
        text = _without_formulas(text)
    if "\\" in text:
        text = _ESCAPE.sub(r"\1", text)
    return _without_marks(text)


def _lines(text: str) -> tuple[Line, ...]:
    parts = (part.strip(" \t\r\n") for part in plain(text).split("\n"))
    return tuple(Line((Run("", part),)) for part in parts if part)


LONGEST_COMMENT = 2000
"""What would be a longer one is text between an arrow and a comment that never ends."""


def _without_comments(text: str) -> str:
    kept: list[str] = []
    at = 0
    while (start := text.find("<!--", at)) >= 0 and (end := text.find("-->", start + 4)) >= 0:
        last = text.rfind("<!--", start, end)  # one that never ends is text
        kept.append(text[at : last if end - last < LONGEST_COMMENT else end + 3])
        at = end + 3
    return "".join(kept) + text[at:]


def _without_hidden(text: str) -> str:
    """Scripts, styles and the title of the browser's window are not on the page."""
    kept: list[str] = []
    at = 0
    opened: re.Match[str] | None = None
    for tag in _HIDDEN.finditer(text):
        if not tag[1]:
            opened = opened or tag
        elif opened and opened[2].lower() == tag[2].lower():
            kept.append(text[at : opened.start()])
            at = tag.end()
            opened = None
    return "".join(kept) + text[at:]


# ---------------------------------------------------------------- tables as they are written


class Slot(NamedTuple):
    """A cell of a dump before it has a place."""

    text: str
    rows: int = 1
    columns: int = 1
    ragged: bool = False
    wide: bool = False
    """Over all columns, however many they are."""


Rows = list[list[Slot]]


class Written(NamedTuple):
    """A table of tabs or pipes as it is written, before its rows are made of one width."""

    rows: list[list[str]]
    width: int
    glue: str
    """What parted its cells, as text."""


Block = str | Rows | Written
"""A line of prose, or a table."""


_OPEN_TABLE = re.compile(r"<(?:table|tr|td|th)(?=[\s>])", re.IGNORECASE)
_SPAN = re.compile(r"\b(row|col)span\s*=\s*[\"']?\s*(\d{1,4})", re.IGNORECASE)


def _html_table(text: str, start: int) -> tuple[str, Rows, str, int]:
    """The table that opens at `start`: text above its rows, rows, text between them, its end.

    Rows and cells close themselves; a table within a cell becomes lines of that cell.
    """
    rows: Rows = []
    above: list[str] = []
    loose: list[str] = []
    parts: list[str] | None = None
    spans = {"row": 1, "col": 1}
    depth = 0
    at = start

    def close_cell() -> None:
        nonlocal parts
        if parts is not None:
            if not rows:
                rows.append([])
            rows[-1].append(Slot("".join(parts), spans["row"], spans["col"]))
            parts = None

    for tag in _TAG.finditer(text, start):
        into = parts if parts is not None else loose if rows else above
        into.append(text[at : tag.start()])
        at = tag.end()
        closing, name = bool(tag[1]), tag[2].lower()
        if name == "table":
            if closing:
                depth -= 1
                if depth <= 0:
                    close_cell()
                    return "".join(above), rows, "".join(loose), at
            elif parts is None and rows:
                return "".join(above), rows, "".join(loose), tag.start()
            else:
                depth += 1
        elif depth > 1 and parts is not None and name in ("tr", "td", "th"):
            parts.append("\n" if name == "tr" else " ")
        elif name == "tr":
            close_cell()
            if not closing:
                rows.append([])
        elif name in ("td", "th"):
            close_cell()
            if not closing:
                parts = []
                spans = {"row": 1, "col": 1}
                for which, count in _SPAN.findall(tag[3]):
                    spans[which.lower()] = max(1, int(count))
        else:
            into.append(tag[0])
    (parts if parts is not None else loose).append(text[at:])
    close_cell()
    return "".join(above), rows, "".join(loose), len(text)


_PIPE = re.compile(r"(?<!\\)\|")
_SEPARATOR = re.compile(r"\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?")


def _is_separator(line: str) -> bool:
    return "|" in line and "-" in line and _SEPARATOR.fullmatch(line.strip()) is not None


def _pipe_cells(line: str) -> list[str]:
    line = line.strip()
    parts = _PIPE.split(line)
    if line.startswith("|"):
        parts = parts[1:]
    if len(parts) > 1 and not parts[-1].strip():
        parts = parts[:-1]
    return [part.strip() for part in parts]


def _is_pipe_row(line: str) -> bool:
    line = line.strip()
    return line.startswith("|") and line.count("|") > 1


MOST_PIECES = 200
"""Beyond so many lines no row is put together."""


def _joined(rows: Sequence[list[str]], columns: int) -> list[list[str]]:
    """Rows with those made whole that line breaks inside their cells had cut in pieces.

    Only where the pieces give exactly the columns; a line of one cell above a whole row is a title.
    """
    out: list[list[str]] = []
    broken = False
    n = 0
    while n < len(rows):
        whole, end = rows[n], n + 1
        most = n + MOST_PIECES
        while 1 < len(whole) < columns and end < min(len(rows), most) and len(rows[end]) < columns:
            whole = [*whole[:-1], whole[-1] + "\n" + rows[end][0], *rows[end][1:]]
            end += 1
        if end > n + 1 and len(whole) == columns:
            broken = True
            out.append(whole)
            n = end
        elif broken and len(rows[n]) == 1 and out:
            out[-1] = [*out[-1][:-1], out[-1][-1] + "\n" + rows[n][0]]
            n += 1
        else:
            out.append(rows[n])
            n += 1
    return out


def _usual_width(rows: Sequence[Sequence[str]]) -> int:
    """The width of the first row of several cells if another row has it, else of most rows."""
    counts = Counter(len(row) for row in rows if len(row) > 1)
    if not counts:
        return 1
    first = next(len(row) for row in rows if sum(bool(text.strip()) for text in row) > 1 or row[1:])
    return first if counts[first] > 1 else max(counts, key=lambda width: (counts[width], width))


def _squeezed(row: Iterable[str]) -> tuple[str, ...]:
    return tuple("".join(text.split()) for text in row)


def _by_header(rows: Sequence[list[str]]) -> Iterator[list[list[str]]]:
    """A run of rows cut before each repetition of its header, titles above it included."""
    header: tuple[str, ...] | None = None
    table: list[list[str]] = []
    for row in rows:
        filled = sum(bool(text.strip()) for text in row)
        if header is None:
            if filled > 1:
                header = _squeezed(row)
        elif _squeezed(row) == header:
            cut = len(table)
            while cut and sum(bool(text.strip()) for text in table[cut - 1][1:]) == 0:
                cut -= 1
            if cut:
                yield table[:cut]
            table = table[cut:]
        table.append(row)
    if table:
        yield table


def _tab_block(lines: list[str]) -> Iterator[Block]:
    """A run of lines with tabs: a table, or prose that is merely indented."""
    end = len(lines)
    while end and "\t" not in lines[end - 1]:
        end -= 1
    start = 0
    while start < end and "\t" not in lines[start]:
        start += 1
    rows = [[text.strip() for text in line.split("\t")] for line in lines[start:end]]
    width = max(map(len, rows), default=1)
    several = any(sum(map(bool, row)) > 1 for row in rows)
    if several and (width > 3 or (width > 2 and len(rows) > 1)):
        yield from lines[:start]
        width = _usual_width(rows)
        for table in _by_header(_joined(rows, width)):
            yield Written(table, width, " ")
        yield from lines[end:]
    else:
        yield from (line.replace("\t", " ") for line in lines)


def _pipe_block(lines: list[str]) -> Iterator[Block]:
    """A run of lines with pipes; the rule below a header says how many columns there are."""
    tables: list[list[list[str]]] = [[]]
    widths = [0]
    for line in lines:
        if not _is_separator(line):
            tables[-1].append(_pipe_cells(line))
        elif widths[-1] and len(tables[-1]) > 1:
            tables.append([tables[-1].pop()])
            widths.append(len(_pipe_cells(line)))
        else:
            widths[-1] = widths[-1] or len(_pipe_cells(line))
    for rows, ruled in zip(tables, widths, strict=True):
        width = ruled if ruled > 1 and any(len(row) == ruled for row in rows) else 0
        width = width or _usual_width(rows)
        for table in _by_header(_joined(rows, width)):
            yield Written(table, width, " | ")


def _line_blocks(text: str) -> Iterator[Block]:
    lines = [line for line in text.split("\n") if not _FENCE.match(line)]
    n = 0
    while n < len(lines):
        line = lines[n]
        end = n + 1
        is_table = _is_separator(line) or (end < len(lines) and _is_separator(lines[end]))
        if _is_pipe_row(line) or (is_table and "|" in line):
            while (
                end < len(lines)
                and lines[end].strip()
                and ("|" in lines[end] or (not lines[end - 1].rstrip().endswith("|")))
            ):
                end += 1
            yield from _pipe_block(lines[n:end])
        elif "\t" in line:
            while end < len(lines) and ("\t" in lines[end] or lines[end].strip()):
                end += 1
            yield from _tab_block(lines[n:end])
        else:
            yield line
        n = end


def _blocks(text: str) -> Iterator[Block]:
    at = 0
    while at < len(text):
        found = _OPEN_TABLE.search(text, at)
        if not found:
            break
        yield from _line_blocks(text[at : found.start()])
        above, rows, loose, at = _html_table(text, found.start())
        yield from _line_blocks(above)
        if any(rows):
            yield [row for row in rows if row]
        at = max(at, found.end())
        yield from _line_blocks(loose)
    yield from _line_blocks(text[at:])


# ---------------------------------------------------------------- rows of another width


class Habit(NamedTuple):
    """How the cells of one column are: how they begin, and how long they are."""

    shapes: Counter[str]
    heads: Counter[str]
    filled: int
    rows: int
    length: float
    spread: float


Habits = tuple[Habit, ...]

_RUNS = (
    (re.compile(r"[ก-๎]+"), "ก"),
    (re.compile(r"[0-9๐-๙]+"), "0"),
    (re.compile(r"[A-Za-z]+"), "a"),
)
_HEAD_LETTERS = 4


def _shape(text: str) -> str:
    """The classes of characters that a text begins with.

    >>> _shape("i๑ การปฏิบัติ"), _shape("๑.การ"), _shape("จุดแข็ง: ดี")
    ('a0 ก', '0.ก', 'ก: ก')
    """
    text = text[:12]
    for run, letter in _RUNS:
        text = run.sub(letter, text)
    return text[:4]


def _habit(texts: Sequence[str]) -> Habit:
    filled = [text for text in texts if text]
    lengths = [math.log(len(text)) for text in filled] or [0.0]
    mean = sum(lengths) / len(lengths)
    spread = math.sqrt(sum((length - mean) ** 2 for length in lengths) / len(lengths))
    return Habit(
        Counter(map(_shape, filled)),
        Counter(text[:_HEAD_LETTERS] for text in filled),
        len(filled),
        len(texts),
        mean,
        max(spread, 0.3),
    )


def _share(part: int, whole: int) -> float:
    return math.log((part + 0.5) / (whole + 1))


def _begins_alike(text: str, habit: Habit) -> float:
    """How well the beginning of a text fits a column, as a logarithm."""
    return _share(habit.shapes[_shape(text)], habit.filled) + _share(
        habit.heads[text[:_HEAD_LETTERS]], habit.filled
    )


def _likeness(text: str, habit: Habit) -> float:
    """How well a text fits a column, as a logarithm."""
    if not text:
        return _share(habit.rows - habit.filled, habit.rows)
    far = (math.log(len(text)) - habit.length) / habit.spread
    size = -min(far * far, 30.0) / 2 - math.log(habit.spread)
    return _share(habit.filled, habit.rows) + _begins_alike(text, habit) + size


def _bare(text: str) -> str:
    return plain(text[:2000]).strip()


MOST_HABITS = 400
"""So many rows are enough to know a column by."""


def _habits(tables: Iterable[Written]) -> dict[int, Habits]:
    """For each width of table how its columns are, by the whole rows below the headers."""
    rows: dict[int, list[list[str]]] = {}
    for table in tables:
        known = rows.setdefault(table.width, [])
        body = table.rows[_header_end(table) :]
        room = MOST_HABITS - len(known)
        known += [row for row in body if len(row) == table.width and any(row[1:])][: max(room, 0)]
    return {
        width: tuple(_habit([_bare(row[n]) for row in known]) for n in range(width))
        for width, known in rows.items()
        if width <= MOST_COLUMNS and len(known) >= ENOUGH_ROWS
    }


ENOUGH_ROWS = 2
"""Fewer whole rows do not show how a column is."""

BETTER = 3.0
"""How much likelier, as a natural logarithm, a place must be to be taken for the place."""

CLEARLY = 6.0
"""How much likelier it must be than any other to be sure, where such rows are no habit."""


def _header_end(table: Written) -> int:
    """The first row below titles and header."""
    at = next((n for n, row in enumerate(table.rows) if sum(map(bool, row)) > 1), 0)
    has_second = at + 1 < len(table.rows) and _groups(table.rows[at], table.rows[at + 1])
    return at + 2 if has_second else at + 1


def _scores(row: Sequence[str], habits: Habits, shift: int) -> list[float]:
    """Sums of likeness: up to each cell, where the cells stand `shift` columns to the right."""
    sums = [0.0]
    for n, text in enumerate(row):
        column = n + shift
        fits = 0 <= column < len(habits)
        sums.append(sums[-1] + (_likeness(text, habits[column]) if fits else -50.0))
    return sums


def _lengthened(row: list[str], habits: Habits | None, width: int, systematic: bool) -> list[Slot]:
    """A row of too few cells with blanks where its other cells fit their columns best.

    A blank in front is sure where no other place comes near it and the first cell begins like
    those of the second column, or where the table never writes the blanks of its first column.
    """
    missing = width - len(row)
    at = len(row)
    sure = False
    if habits and len(row) > 1:
        bare = [_bare(text) for text in row]
        left, right = _scores(bare, habits, 0), _scores(bare, habits, missing)
        fits = [left[n] + right[-1] - right[n] for n in range(len(row) + 1)]
        best = max(range(len(fits)), key=lambda n: (fits[n], n))
        if fits[best] - fits[-1] > BETTER:
            at = best
            others = max(fit for n, fit in enumerate(fits) if n != best)
            begins = _begins_alike(bare[0], habits[1]) - _begins_alike(bare[0], habits[0])
            clear = fits[0] - others > (BETTER if systematic else CLEARLY)
            sure = (at, missing) == (0, 1) and (
                (systematic and begins > BETTER / 2)
                or (clear and begins > (0 if systematic else BETTER / 2))
            )
    row = [*row[:at], *[""] * missing, *row[at:]]
    return [Slot(text, ragged=not sure) for text in row]


def _shortened(row: list[str], habits: Habits | None, width: int, glue: str) -> list[Slot]:
    """A row of too many cells with those made one that fit best so, where the columns tell.

    A lone blank in a row of one cell too many is a tab doubled, unless the columns say otherwise.
    """
    extra = len(row) - width
    blank = [n for n, text in enumerate(row) if n and not text]
    lone = blank[0] if extra == 1 and len(blank) == 1 and row[0] else None
    at = lone
    if habits:
        bare = [_bare(text) for text in row]
        left, right = _scores(bare, habits, 0), _scores(bare, habits, -extra)
        fits = []
        for n in range(width):
            one = " ".join(text for text in bare[n : n + extra + 1] if text)
            fits.append(left[n] + _likeness(one, habits[n]) + right[-1] - right[n + extra + 1])
        best = max(range(width), key=lambda n: fits[n])
        ranked = sorted(fits)
        if lone is not None and fits[best] - max(fits[lone - 1 : lone + 1]) < BETTER:
            return [Slot(text) for n, text in enumerate(row) if n != lone]
        if width > 1 and ranked[-1] - ranked[-2] > BETTER:
            whole = glue.join(text for text in row[best : best + extra + 1] if text)
            row = [*row[:best], whole, *row[best + extra + 1 :]]
            return [Slot(text, ragged=True) for text in row]
    if at is not None:
        row = [text for n, text in enumerate(row) if n != at]
    return [Slot(text, ragged=True) for text in row]


def _is_alone(row: Sequence[str]) -> bool:
    return bool(row and row[0]) and not any(row[1:])


_ALL_BOLD = re.compile(
    r"\s*(?:\*\*|__|<(?:b|strong)>).*(?:\*\*|__|</(?:b|strong)>)\s*", re.S | re.I
)


def _section_rows(tables: Sequence[Written]) -> frozenset[str]:
    """First cells of rows that hold nothing else and head the rows below them.

    Either no other row fills the first column, or they are unlike the cells of that column: all in
    bold where those are not, or several that begin alike and as none of those does.
    """
    alone: list[str] = []
    beside: list[str] = []
    for table in tables:
        body = table.rows[_header_end(table) :]
        if table.width >= FEWEST_COLUMNS and any(len(row) == table.width for row in body):
            alone += [row[0] for row in body if _is_alone(row)]
            beside += [row[0] for row in body if row[0] and any(row[1:])]
    if not beside:
        return frozenset(alone)
    bold = not any(_ALL_BOLD.fullmatch(text) for text in beside)
    others = _habit([_bare(text) for text in beside])
    bare = {text: _bare(text) for text in alone}
    heads = Counter(text[:_HEAD_LETTERS] for text in bare.values())
    return frozenset(
        text
        for text, read in bare.items()
        if (bold and _ALL_BOLD.fullmatch(text))
        or (
            heads[read[:_HEAD_LETTERS]] > 1
            and others.heads[read[:_HEAD_LETTERS]] == 0
            and others.shapes[_shape(read)] == 0
        )
    )


FEWEST_COLUMNS = 4
"""A row over all columns of a narrower table looks like any other row."""


def _fitted(
    table: Written, habits: Habits | None, sections: frozenset[str], systematic: bool
) -> Rows:
    """Rows of one width, as far as that loses no text; those that were not are marked ragged."""
    out: Rows = []
    width = table.width
    body = _header_end(table)
    head = next((n for n, row in enumerate(table.rows) if sum(map(bool, row)) > 1), body)
    roomy = width * len(table.rows) <= MOST_GAPS * sum(map(len, table.rows)) + 1000
    for n, row in enumerate(table.rows):
        while len(row) > width and not row[-1]:
            row = row[:-1]
        if n >= body and _is_alone(row) and row[0] in sections:
            out.append([Slot(row[0], wide=True)])
        elif len(row) == width or n < head or not any(row):
            out.append([Slot(text) for text in row])
        elif not roomy:
            out.append([Slot(text, ragged=True) for text in row])
        elif len(row) < width:
            out.append(_lengthened(row, habits, width, systematic))
        else:
            out.append(_shortened(row, habits, width, table.glue))
    return out


def _never_blank(tables: Iterable[Written]) -> bool:
    """True where whole rows always fill the first column and several rows lack one cell."""
    rows = [(row, table.width) for table in tables for row in table.rows[_header_end(table) :]]
    short = sum(len(row) == width - 1 for row, width in rows)
    return short > 1 and all(row[0] for row, width in rows if len(row) == width)


def _widened(table: Written, habits: dict[int, Habits]) -> Written:
    """A table without a header whose every row lacks the first cell of the other tables' rows."""
    wider = table.width + 1
    if wider not in habits or table.width < FEWEST_COLUMNS:
        return table
    for row in table.rows:
        if len(row) == wider:
            continue
        if len(row) != table.width or _lengthened(row, habits[wider], wider, True)[0].ragged:
            return table
    return table._replace(width=wider)


def _fit(pages: Iterable[tuple[int, list[Block]]]) -> Iterator[tuple[int, list[str | Rows]]]:
    """The pages with each table's rows fitted by what all tables of the dump show."""
    kept = list(pages)
    tables = [block for _, blocks in kept for block in blocks if isinstance(block, Written)]
    widths = {table.width for table in tables}
    habits: dict[int, Habits] = {}
    if len(widths) > 1 or any(len(row) != table.width for table in tables for row in table.rows):
        habits = _habits(tables)
        tables = [_widened(table, habits) for table in tables]
    alike = {width: [table for table in tables if table.width == width] for width in widths}
    sections = {width: _section_rows(same) for width, same in alike.items()}
    systematic = {width: _never_blank(same) for width, same in alike.items()}
    fitted = (
        _fitted(table, habits.get(width), sections[width], systematic[width])
        for table in tables
        for width in (table.width,)
    )
    for number, blocks in kept:
        yield number, [next(fitted) if isinstance(block, Written) else block for block in blocks]


# ---------------------------------------------------------------- places in the table


def _header_at(rows: Rows) -> int:
    """The first row with more than one filled cell; the rows above it are titles."""
    for n, row in enumerate(rows):
        if sum(bool(slot.text.strip()) for slot in row) > 1:
            return n
    return len(rows)


def _groups(upper: Sequence[str], lower: Sequence[str]) -> list[int] | None:
    """How many columns each cell of a two-row header spans (0: covered), or None if it is not one.

    >>> _groups(["ตัวชี้วัด", "การวิเคราะห์", ""], ["", "ข้อความ", "ผล"])
    [1, 2, 0]
    >>> _groups(["๙.การเปิดเผย", "", "ได้แก่"], ["", "ข้อ ๒", "ควร"])
    """
    if len(upper) != len(lower) or not upper[0] or lower[0] or all(upper):
        return None
    spans: list[int] = []
    group = 0
    for n, (above, below) in enumerate(zip(upper, lower, strict=True)):
        if above:
            group = n
            spans.append(1)
        elif below and lower[group]:
            spans.append(0)
            spans[group] += 1
        else:
            return None
    return spans


def _merged(rows: Rows) -> Rows:
    """Put back the spans of titles and of a two-row header that a dump without spans lost.

    A cell that is covered by another one is marked by a span of no columns.
    """
    if any(slot.rows > 1 or slot.columns > 1 for row in rows for slot in row):
        return rows
    width = max(map(len, rows))
    out = [[slot._replace(columns=width) if slot.wide else slot for slot in row] for row in rows]
    at = _header_at(rows)
    for row in out[:at]:
        if row and row[0].text.strip():
            row[:] = [row[0]._replace(columns=width)]
    if at + 1 < len(out):
        upper, lower = ([slot.text.strip() for slot in out[n]] for n in (at, at + 1))
        spans = _groups(upper, lower)
        for n, span in enumerate(spans or ()):
            covered = span == 1 and not lower[n]
            out[at][n] = out[at][n]._replace(rows=2 if covered else 1, columns=span)
            if covered:
                out[at + 1][n] = out[at + 1][n]._replace(columns=0)
    return out


MOST_COLUMNS = 200
"""Beyond it no spans are believed and no gaps filled."""

MOST_GAPS = 16
"""So many times the written cells a table may have before its gaps stay gaps."""


def _placed(rows: Rows) -> Iterator[tuple[int, int, Slot]]:
    """Row, column and content of each cell, spans kept within the table, gaps filled."""
    wide = max((sum(slot.columns for slot in row) for row in rows if len(row) > 1), default=0)
    until: list[int] = []  # for each column the first row that no cell above reaches
    free: list[tuple[list[int], int]] = []
    placed: list[tuple[int, int, Slot]] = []
    for r, row in enumerate(rows):
        c = 0
        for slot in row:
            if slot.columns == 0:
                continue
            while c < len(until) and until[c] > r:
                c += 1
            columns = (
                min(slot.columns, max(wide - c, 1)) if len(row) == 1 and wide else slot.columns
            )
            sane = c + columns <= MOST_COLUMNS
            slot = slot._replace(
                rows=min(slot.rows, len(rows) - r) if sane else 1, columns=columns if sane else 1
            )
            until += [0] * (c + slot.columns - len(until))
            for covered in range(c, c + slot.columns):
                until[covered] = max(until[covered], r + slot.rows)
            placed.append((r, c, slot))
            c += slot.columns
        if len(until) <= MOST_COLUMNS:
            free.append(([c for c, end in enumerate(until) if end <= r], len(until)))
    width = len(until)
    if width <= MOST_COLUMNS and width * len(rows) <= MOST_GAPS * len(placed) + 1000:
        for r, (open_columns, known) in enumerate(free):
            placed += [(r, c, Slot("")) for c in (*open_columns, *range(known, width))]
    return iter(sorted(placed))


def _table(rows: Rows, source: Source, first_row: int) -> Table:
    cells = tuple(
        Cell(
            _lines(slot.text),
            source,
            first_row + r,
            c,
            slot.rows,
            slot.columns,
            "dump",
            ragged=slot.ragged,
        )
        for r, c, slot in _placed(_merged(rows))
    )
    width = max(cell.column + cell.column_span for cell in cells)
    return Table(cells, first_row, len(rows), width)


# ---------------------------------------------------------------- pages


class Mark(NamedTuple):
    """Where a dump says that a page begins; what stands there is no text of the page."""

    start: int
    end: int
    number: int | None = None


_PAGE_WORD = r"(?:page|p\.|หน้าที่|หน้า)"
_PAGE_COMMENT = re.compile(
    rf"<!--\s*{_PAGE_WORD}\s*(?:no\.?|number)?\s*[:=#]?\s*\"?(\d{{1,5}})\"?[^<>]{{0,80}}?-->", re.I
)
_BREAK_COMMENT = re.compile(r"<!--\s*page\s*[-_ ]?\s*(?:break|end)\s*-->", re.I)
_PAGE_LINE = re.compile(
    r"^[ \t]{0,9}(?P<frame>#{1,6}|={2,}|-{2,}|\*\*|\[|<h[1-6]\b[^<>]{0,99}>)?[ \t]{0,9}"
    rf"{_PAGE_WORD}[ \t]*[:.#]?[ \t]*(?P<number>\d{{1,5}})"
    r"(?:[ \t]*(?:/|of|จาก)[ \t]*\d{1,5})?[ \t]*(?:#{1,6}|={2,}|-{2,}|\*\*|\]|</h[1-6]>|:)?[ \t]*$",
    re.I | re.M,
)
_COUNTER_RULE = re.compile(r"^\{(?P<number>\d{1,5})\}-{8,}[ \t]*$", re.M)
_RULE = re.compile(r"^[ \t]{0,9}(?:-{3,}|<hr\b[^<>]{0,99}>)[ \t]*$", re.M | re.I)
_FRONT_MATTER = re.compile(
    r"\s*---[ \t]*\n((?:[ \t]*[\w-]+[ \t]*:.*\n|[ \t]+(?![\w-]+[ \t]*:)\S.*\n){1,60})---[ \t]*\n"
)
_TABLE_EDGE = re.compile(r"<(/?)table(?=[\s>])", re.I)


def _numbered(found: Iterable[re.Match[str]]) -> list[Mark]:
    return [Mark(*match.span(), int(match[match.re.groups or 0])) for match in found]


def _outside_tables(text: str, marks: list[Mark]) -> list[Mark]:
    """Marks that do not stand inside an HTML table."""
    edges = [(edge.start(), -1 if edge[1] else 1) for edge in _TABLE_EDGE.finditer(text)]
    kept, depth, n = [], 0, 0
    for mark in marks:
        while n < len(edges) and edges[n][0] < mark.start:
            depth = max(0, depth + edges[n][1])
            n += 1
        if depth == 0:
            kept.append(mark)
    return kept


def _page_lines(text: str) -> list[Mark]:
    """Lines like `## Page 3`; without a frame only where they head every page from the first."""
    found = list(_PAGE_LINE.finditer(text))
    framed = [match for match in found if match["frame"]]
    marks = _numbered(framed or found)
    numbers = [mark.number or 0 for mark in marks]
    if framed:
        rising = all(a < b for a, b in pairwise(numbers))
        return marks if rising else []
    heads = bool(marks) and not text[: marks[0].start].strip()
    return marks if heads and len(marks) > 1 and numbers == [*range(1, len(marks) + 1)] else []


def _rules(text: str) -> list[Mark]:
    """Rules between pages: none that closes a front matter or underlines a heading."""
    front = _FRONT_MATTER.match(text)
    from_here = front.end() if front else 0
    free: list[Mark] = []
    tight: list[Mark] = []
    for rule in _RULE.finditer(text, from_here):
        above = text[from_here : rule.start()].rpartition("\n")[0].rpartition("\n")[2].strip(" \r")
        loose = not above or above.endswith(("|", ">")) or "\t" in above
        (free if loose else tight).append(Mark(*rule.span()))
    return free or tight


def _marks(text: str) -> list[Mark]:
    """The page marks of a dump: of several kinds the surest alone counts."""
    if "\f" in text:
        return [Mark(*match.span()) for match in re.finditer("\f", text)]
    comments = _numbered(_PAGE_COMMENT.finditer(text))
    comments = comments or [Mark(*match.span()) for match in _BREAK_COMMENT.finditer(text)]
    if comments:
        return comments
    lines = _numbered(_COUNTER_RULE.finditer(text)) or _outside_tables(text, _page_lines(text))
    return lines or _outside_tables(text, _rules(text))


def _marked_pages(text: str, marks: Sequence[Mark]) -> list[tuple[int, str]]:
    """Number and text of each page; a mark with a number stands at the head of its page."""
    stated = marks[0].number is not None
    offset = 1 if marks[0].number == 0 else 0
    head = text[: marks[0].start]
    pages = [] if (stated or "\f" not in text) and not head.strip() else [(1, head)]
    ends = [mark.start for mark in marks[1:]] + [len(text)]
    for mark, end in zip(marks, ends, strict=True):
        last = pages[-1][0] if pages else 0
        number = last + 1 if mark.number is None else mark.number + offset
        body = text[mark.end : end]
        if pages and number == last:
            pages[-1] = (last, pages[-1][1] + "\n" + body)
        else:
            pages.append((number if last < number < last + 9999 else last + 1, body))
    if not stated and len(pages) > 1 and not pages[-1][1].strip():
        pages.pop()
    return pages


def _alike(line: str, others: Iterable[str]) -> bool:
    return any(fuzz.ratio(line, other) >= 80 for other in others)


def _page_blocks(blocks: Iterable[Block]) -> Iterator[list[Block]]:
    """Without marks each table with the lines above it is a page, the cover before them another.

    Title lines of the first table are known by those of the other tables, and in a dump of one
    table by standing right above it.
    """
    gaps: list[list[str]] = [[]]
    tables: list[Rows | Written] = []
    for block in blocks:
        if isinstance(block, str):
            gaps[-1].append(block)
        else:
            tables.append(block)
            gaps.append([])
    if not tables:
        yield [*gaps[0]]
        return
    first, *later = gaps
    titles = [line for gap in later[:-1] for line in gap if line.strip()]
    cut = len(first)
    while cut:
        line = first[cut - 1]
        if len(tables) == 1:
            if not line.strip():
                break
        elif line.strip() and not _alike(line, titles):
            break
        cut -= 1
    cover, above = first[:cut], first[cut:]
    if any(line.strip() for line in cover):
        yield [*cover]
    for n, table in enumerate(tables):
        page: list[Block] = [*above, table]
        above = later[n]
        if n == len(tables) - 1:
            page += above
        yield page


def _page(source: Source, blocks: Iterable[str | Rows]) -> Page:
    lines: list[Line] = []
    tables: list[Table] = []
    row = 0
    for block in blocks:
        if isinstance(block, str):
            if _RULE.fullmatch(block):
                continue
            lines += _lines(_HEADING.sub("", block, count=1) if block.startswith("#") else block)
        else:
            tables.append(_table(block, source, row))
            row += tables[-1].row_count
    layer: Layer = (
        "good" if lines or any(cell.lines for t in tables for cell in t.cells) else "none"
    )
    return Page(source, tuple(tables), tuple(lines), "dump", layer)


_HTML_CELL = re.compile(r"<t[dh](?=[\s>])", re.IGNORECASE)


def _within(document: str, what: str, count: int, most: int, option: str) -> None:
    if count > most:
        raise Unreadable(f"{document}: {count:,} {what}, more than {most:,}; {option}split it")


def read_dump(document: str, text: str, limits: Limits = LIMITS) -> Iterator[Page]:
    """The pages of an OCR dump, as the dump marks them, else a page a table.

    Raises Unreadable where there are more of them, or of their cells and lines, than the limits.

    >>> [page] = read_dump("a.md", "| ข้อ | ผล |\\n|---|---|\\n| i๑ | ดี<br>มาก |\\n")
    >>> [cell.raw for cell in page.tables[0].cells]
    ['ข้อ', 'ผล', 'i๑', 'ดี\\nมาก']
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    cells = sum(map(text.count, "\n\t|")) + sum(1 for _ in _HTML_CELL.finditer(text))
    _within(document, "cells and lines", cells, limits.cells, "")
    text = _without_hidden(text)
    marks = _marks(text)
    _within(document, "pages", len(marks), limits.pages, "give --max-pages, or ")
    found: Iterable[tuple[int, list[Block]]]
    if marks:
        bodies = _marked_pages(text, marks)
        found = ((number, list(_blocks(_without_comments(body)))) for number, body in bodies)
    else:
        front = _FRONT_MATTER.match(text)
        if front:
            text = front[1] + text[front.end() :]
        found = enumerate(_page_blocks(_blocks(_without_comments(text))), start=1)
    for count, (number, blocks) in enumerate(_fit(found), 1):
        _within(document, "pages", count, limits.pages, "give --max-pages, or ")
        yield _page(Source(document, number), blocks)
