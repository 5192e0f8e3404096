"""A page's picture to tables of cells and lines of text, as exported pages give them.

The page is turned upright and level, its rules become the geometry that exported pages use, every
cell is cut out and its lines are read. Boxes are points of the upright page; `Page.frame` leads
back to the page as it was scanned.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import cv2
import numpy as np
from cv2.typing import MatLike

from extract.grid import Grid, Rule, find_grids
from extract.gutters import implied_rules
from extract.lines import Band, cut, find_lines, page_hint
from extract.model import Box, Cell, Grey, Line, Page, Picture, Run, Source, Table
from extract.opinion import Tesseract, is_worth_asking, second_opinion
from extract.picture import (
    Turn,
    cleaned,
    paper_level,
    prepared,
    quarter_turned,
    straightened,
    unsheared,
)
from extract.recognise import LineReader, Prior, Reading, read_cuts
from extract.rules import find_rules, ink_and_levels

INSET_INCHES = 0.018
"""A cell is cut out this far inside its rules."""
TRIAL_LINES = 12
"""So many of the widest lines say whether a page stands upright."""
LONG_LINE = 6
"""Letters from which on a line says fully which way up it stands."""
UPRIGHT = 0.93
"""Mean sureness of the characters of an upright page; below it other ways up are tried."""
READABLE = 0.6
"""Mean sureness of a line's characters below which, outside of tables, it is no print."""
INK, INKED = 40, 0.04
"""Grey levels between paper and ink, and the share of a line's letters that is ink."""
LETTER_INK = 0.6
"""Squared heights of a letter: more ink than this outside of its lines makes a cell doubtful."""
GUESSED = 0.45
"""Confidence of a cell of a table without rules, or with ink that was not read: always shown to a
person."""
SURE_LETTER = 0.9
"""The same for a line of one or two letters, which dirt looks like."""
DOUBT = 0.9
"""Probability of a character below which the word around it is shown to a person."""
FIGURES = re.compile(
    r"(?:[A-Za-z]{1,2}|[0๐](?=[0-9๐-๙]{1,2}(?![0-9๐-๙.,])))?"
    r"(?P<body>[0-9๐-๙](?:[0-9๐-๙.,:/–-]*[0-9๐-๙])?%?)"
)
"""A number or a code. The head of a code, which may be o as well as zero in most fonts, does not
count: what codes there are decides it, and not the picture."""
NOISE = frozenset(".,'`:;|\"·•_~°")
"""What dirt on paper is read as: a line of nothing else is none."""


class Region(NamedTuple):
    """A part of the page: its pixels, and where its top left corner lies on the page."""

    grey: Grey
    x: int
    y: int


class Spot(NamedTuple):
    """A line that was found: its region, and its place in it."""

    region: Region
    band: Band


class Read(NamedTuple):
    """A line that was read."""

    spot: Spot
    reading: Reading
    note: str = ""
    """What a second engine makes of it, where it was asked."""


@dataclass(frozen=True, slots=True)
class Layout:
    """An upright page before it is read: its grids, and the lines of each part of it."""

    turn: Turn
    grids: tuple[Grid, ...]
    parts: tuple[tuple[Spot, ...], ...]
    """The lines of every span of every grid, one after the other; last those outside of grids."""
    left: tuple[bool, ...]
    """Of each part whether ink is left that belongs to none of its lines."""
    drawn: bool
    """The grids have rules; else their columns were guessed from blank lanes."""


def read_picture(
    source: Source,
    picture: Picture,
    reader: LineReader,
    prior: Prior | None = None,
    tesseract: Tesseract | None = None,
) -> Page:
    """Read one page. A page without anything to be read comes back without lines and cells.

    `prior` knows words, `tesseract` is asked about lines in doubt.

    `source` has the page's box where its size in points is known; else it follows from the
    picture's resolution.
    """
    layout = upright_layout(prepared(picture), reader)
    cuts = [(spot.region.grey, spot.band) for part in layout.parts for spot in part]
    readings = iter(read_cuts(cuts, reader, prior))
    parts = [[Read(spot, next(readings)) for spot in part] for part in layout.parts]
    if tesseract is not None:
        parts = [[asked(read, tesseract) for read in part] for part in parts]
    return to_page(source, picture, layout, parts)


def upright_layout(picture: Picture, reader: LineReader) -> Layout:
    """The layout of the page the right way up: that in which its lines read best.

    A page that reads well as it lies is turned no further.
    """
    best, most = None, -1.0
    for quarters in (0, 2, 1, 3):
        layout = lay_out(picture, quarters)
        sureness = trial(layout, reader)
        if sureness > most:
            best, most = layout, sureness
        if most >= UPRIGHT or (quarters == 0 and not any(layout.parts)):
            break
    assert best is not None
    return best


def lay_out(picture: Picture, quarters: int) -> Layout:
    """Turn, straighten and clean the page, and find its grids and lines."""
    turned = quarter_turned(picture, quarters)
    level = straightened(turned.picture)
    upright = cleaned(level.picture)
    turn = Turn(upright, chained(level.matrix, turned.matrix))
    across, down = find_rules(upright)
    if len(across) > 2 > len(down):
        leaning = unsheared(upright)
        rules = find_rules(leaning.picture)
        if len(rules[1]) > 2:
            (across, down), upright = rules, leaning.picture
            turn = Turn(upright, chained(leaning.matrix, turn.matrix))
    height = upright.grey.shape[0] * 72 / upright.dpi
    grids = find_grids(across, down, height)
    drawn = bool(grids)
    if not drawn:
        grids = find_grids(*implied_rules(*ink_and_levels(upright)), height)
    bare = without_level_rules(upright, across)
    regions = [cell_region(bare, span.box) for grid in grids for span in grid.spans]
    around = outside(upright, grids)
    # what stands around the tables may be dirt: it says how large letters are where no cell does
    hint = page_hint([region.grey for region in regions], upright.dpi)
    hint = hint or page_hint([around.grey], upright.dpi)
    parts = [
        tuple(Spot(region, band) for band in find_lines(region.grey, upright.dpi, hint))
        for region in (*regions, around)
    ]
    parts[-1] = tuple(spot for spot in parts[-1] if is_inked(spot))
    left = tuple(
        has_ink_left(region.grey, part, hint or 0.0)
        for region, part in zip(regions, parts[:-1], strict=True)
    )
    return Layout(turn, grids, tuple(parts), left, drawn)


def chained(after: MatLike, before: MatLike) -> MatLike:
    """The 2x3 matrix that does first what `before` does, then what `after` does."""
    last = np.array(((0.0, 0, 1),))
    both: MatLike = np.vstack((after, last)) @ np.vstack((before, last))
    return both[:2]


def without_level_rules(page: Picture, across: Sequence[Rule]) -> Picture:
    """The page with paper in place of its level rules; a stroke of a letter that crosses one stays.

    Rules bend: each is followed in pieces of half an inch.
    """
    grey, scale = page.grey.copy(), page.dpi / 72
    reach = max(3, round(0.04 * page.dpi))
    for rule in across:
        middle, step = round(rule.at * scale), max(8, round(page.dpi / 2))
        if not 2 * reach < middle < grey.shape[0] - 2 * reach:
            continue
        for start in range(max(0, round(rule.start * scale)), round(rule.end * scale), step):
            piece = np.s_[start : min(start + step, round(rule.end * scale) + 1)]
            around = grey[middle - reach : middle + reach + 1, piece]
            if not around.size:
                continue
            levels = around.mean(1)
            dark = levels < levels.max() - 0.25 * (levels.max() - levels.min())
            first = last = int(np.argmin(levels))
            while first > 0 and dark[first - 1]:
                first -= 1
            while last < len(dark) - 1 and dark[last + 1]:
                last += 1
            top, bottom = middle - reach + first - 1, middle - reach + last + 1
            beside = np.maximum(grey[top - 1, piece], grey[bottom + 1, piece])
            grey[top : bottom + 1, piece] = beside
    return Picture(grey, page.dpi)


def cell_region(page: Picture, box: Box) -> Region:
    """A cell inside its upright rules, and a little over the level one above it, which is painted
    over: heads of letters reach into it."""
    scale, inset = page.dpi / 72, INSET_INCHES * page.dpi
    height, width = page.grey.shape[:2]
    x0, y0 = max(0, round(box.x0 * scale + inset)), max(0, round(box.top * scale - 2 * inset))
    x1 = min(width, max(x0 + 1, round(box.x1 * scale - inset)))
    y1 = min(height, max(y0 + 1, round(box.bottom * scale - inset)))
    own = round(box.top * scale + inset) - y0
    return Region(without_tails(page.grey[y0:y1, x0:x1], own), x0, y0)


def without_tails(grey: Grey, above: int) -> Grey:
    """A cell without what hangs into its first rows, `above` of them over its own top, from the
    line of text over it: what begins at the very top and ends where the cell does."""
    strip = grey[: above + 3]
    if not strip.size or not above:
        return grey
    paper = int(np.percentile(grey, 80))
    dark = (strip < paper - INK).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    tails = [
        n for n in range(1, count) if stats[n, 1] == 0 and stats[n, 1] + stats[n, 3] < above + 3
    ]
    if not tails:
        return grey
    freed = grey.copy()
    mask = cv2.dilate(np.isin(labels, tails).astype(np.uint8), np.ones((3, 3), np.uint8))
    freed[: above + 3][mask > 0] = paper
    return freed


def outside(page: Picture, grids: Sequence[Grid]) -> Region:
    """The page with its grids painted over with paper."""
    if not grids:
        return Region(page.grey, 0, 0)
    grey, scale = page.grey.copy(), page.dpi / 72
    margin = 2 * INSET_INCHES * page.dpi
    for grid in grids:
        x0, y0, x1, y1 = (v * scale for v in grid.box)
        left, top = max(0, int(x0 - margin)), max(0, int(y0 - margin))
        grey[top : int(y1 + margin) + 1, left : int(x1 + margin) + 1] = paper_level(page.grey)
    return Region(grey, 0, 0)


def is_inked(spot: Spot) -> bool:
    """False for a line of dust: print fills more of the height of its letters."""
    band = spot.band
    top, bottom = max(0, round(band.base - band.body)), max(1, round(band.base))
    letters = spot.region.grey[top:bottom, max(0, round(band.left)) : round(band.right)]
    if not letters.size:
        return False
    paper = int(np.percentile(letters, 80))
    return float((letters < paper - INK).mean()) > INKED


def ink_left(grey: Grey, spots: Sequence[Spot]) -> int:
    """Dark pixels of a cell that none of its lines covers, dust and rests of rules left out."""
    calm = cv2.medianBlur(np.ascontiguousarray(grey), 3)
    ink, paper = (float(level) for level in np.percentile(calm, (1, 80)))
    dark = calm < paper - max(1.5 * INK, 0.5 * (paper - ink))
    rim = max(2, min(grey.shape) // 40)
    dark[:rim] = dark[-rim:] = False
    dark[:, :rim] = dark[:, -rim:] = False
    for _, band in spots:
        top, bottom = round(band.base - 2.2 * band.body), round(band.base + 0.95 * band.body)
        left, right = round(band.left - 0.8 * band.body), round(band.right + 0.8 * band.body)
        dark[max(0, top) : max(0, bottom), max(0, left) : max(0, right)] = False
    return int(np.count_nonzero(dark))


def has_ink_left(grey: Grey, spots: Sequence[Spot], body: float) -> bool:
    """Something that may be text stands in a cell and was not found: more ink than a letter has."""
    if min(grey.shape) < 5 or not body:
        return False
    return ink_left(grey, spots) > LETTER_INK * body * body


def trial(layout: Layout, reader: LineReader) -> float:
    """How sure the better half of the page's widest lines reads, 0 where there is none.

    Lines in cells go before others, which may be dirt, and so does not the worse half count.
    """
    spots = [spot for part in layout.parts[:-1] for spot in part]
    if len(spots) < TRIAL_LINES // 2:
        spots += layout.parts[-1]
    spots.sort(key=lambda spot: spot.band.left - spot.band.right)
    images = [cut(spot.region.grey, spot.band) for spot in spots[:TRIAL_LINES]]
    # letters on their side are often read as a few sure ones
    known = [sureness(r) * min(1.0, len(r.text) / LONG_LINE) for r in reader.read(images)]
    sure = sorted(known, reverse=True)[: -(-len(images) // 2)]
    return sum(sure) / len(sure) if sure else 0.0


def asked(read: Read, tesseract: Tesseract) -> Read:
    """The line with Tesseract's opinion of it: its text is the same, its doubts may be fewer."""
    spot, reading, _ = read
    if not is_worth_asking(reading.text, reading.characters):
        return read
    image = np.asarray(cut(spot.region.grey, spot.band), np.uint8)
    opinion = second_opinion(
        reading.text, reading.characters, image, tesseract.engine, tesseract.read
    )
    return Read(spot, replace(reading, characters=opinion.sure), opinion.note)


def to_page(
    source: Source, picture: Picture, layout: Layout, parts: Sequence[Sequence[Read]]
) -> Page:
    """Tables and lines of the upright page, in points."""
    height, width = layout.turn.picture.grey.shape[:2]
    scale = 72 / layout.turn.picture.dpi
    if source.box is None:
        rows, columns = picture.grey.shape[:2]
        source = replace(
            source, box=Box(0.0, 0.0, columns * 72 / picture.dpi, rows * 72 / picture.dpi)
        )
    page = Source(source.document, source.page, Box(0.0, 0.0, width * scale, height * scale))
    tables, first_row, at = [], 0, 0
    for grid in layout.grids:
        cells = []
        for span in grid.spans:
            lines = to_lines(parts[at], scale)
            whole = layout.drawn and not layout.left[at]
            at += 1
            cells.append(
                Cell(
                    lines,
                    replace(page, box=span.box),
                    first_row + span.row,
                    span.column,
                    span.row_span,
                    span.column_span,
                    origin="ocr",
                    confidence=min(weakest(lines), 1.0 if whole else GUESSED),
                    legible=min(mean(lines), 1.0 if whole else GUESSED),
                    figures=weakest_figure(lines),
                    doubtful=(
                        *doubtful_words(lines),
                        *(read.note for read in parts[at - 1] if read.note),
                    ),
                )
            )
        tables.append(
            Table(
                tuple(cells),
                first_row,
                len(grid.ys) - 1,
                len(grid.xs) - 1,
                grid.box,
                grid.open_above,
                grid.open_below,
            )
        )
        first_row += tables[-1].row_count
    print_like = [read for read in parts[-1] if is_print(read.reading)]
    return Page(
        page,
        tuple(tables),
        to_lines(print_like, scale),
        origin="ocr",
        frame=layout.turn.back(),
        unread=tuple(
            line_box(read.spot, scale) for read in parts[-1] if sureness(read.reading) < READABLE
        ),
    )


def sureness(reading: Reading) -> float:
    """Mean of the characters' confidences; 0 for a line in which nothing was read.

    The dots of a leader, of which some are always lost, say nothing of the words beside them.
    """
    words = [
        sure
        for letter, sure in zip(reading.text, reading.characters, strict=True)
        if letter not in " .…"
    ]
    sure = words or reading.characters
    return sum(sure) / len(sure) if sure else 0.0


def is_print(reading: Reading) -> bool:
    """Outside of tables: True of text, False of handwriting, emblems and dirt."""
    short = len(reading.text) < 3 and not any(letter.isdecimal() for letter in reading.text)
    return sureness(reading) >= (SURE_LETTER if short else READABLE)


def to_lines(reads: Sequence[Read], scale: float) -> tuple[Line, ...]:
    return tuple(
        Line(
            (Run("", read.reading.text),),
            line_box(read.spot, scale),
            read.reading.characters,
            read.reading.passed_over,
        )
        for read in reads
        if not NOISE.issuperset(read.reading.text)
    )


def line_box(spot: Spot, scale: float) -> Box:
    left, top, right, bottom = spot.band.box
    x, y = spot.region.x, spot.region.y
    return Box((x + left) * scale, (y + top) * scale, (x + right) * scale, (y + bottom) * scale)


def weakest(lines: Sequence[Line]) -> float:
    """The least sure letter of a cell, 1 for an empty one. Spaces do not count."""
    letters = (
        sure
        for line in lines
        for letter, sure in zip(line.text, line.sure, strict=True)
        if not letter.isspace()
    )
    left_out = (1 - line.passed_over for line in lines)
    return min((*letters, *left_out), default=1.0)


def mean(lines: Sequence[Line]) -> float:
    """How sure the characters of a cell are on the whole, 1 for an empty one."""
    sure = [s for line in lines for s in line.sure]
    return sum(sure) / len(sure) if sure else 1.0


def weakest_figure(lines: Sequence[Line]) -> float | None:
    """The least sure character of a cell's numbers and codes, None where it has none.

    >>> weakest_figure([Line((Run("", "ข้อ i๑ ก"),), None, (0.2, 1, 1, 1, 0.9, 0.8, 1, 0.3))])
    0.8
    """
    return min(
        (
            min(line.sure[found.start("body") : found.end()])
            for line in lines
            for found in FIGURES.finditer(line.text)
        ),
        default=None,
    )


def doubtful_words(lines: Sequence[Line]) -> Iterator[str]:
    """The words, or what stands around them, in which a character is in doubt."""
    for line in lines:
        text, done = line.text, 0
        for at, sure in enumerate(line.sure):
            if sure < DOUBT and at >= done and not text[at].isspace():
                start, done = max(done, at - 6), at + 7
                yield text[start:done].strip()
        if 1 - line.passed_over < DOUBT and not done:
            yield text.strip()[:40]
