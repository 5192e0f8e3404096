"""The nouns of extraction. All frozen: a changed one is a new one."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Box(NamedTuple):
    """Left, top, right, bottom in PDF points; the origin is the page's top left corner."""

    x0: float
    top: float
    x1: float
    bottom: float


Frame = tuple[float, float, float, float, float, float]
"""(a, b, c, d, e, f) leads points (u, v) of a page turned upright to the page as it lies:
x = a*u + b*v + c, y = d*u + e*v + f."""


def on_paper(box: Box, frame: Frame) -> Box:
    """The smallest upright box of the page as it lies around a box of the page turned upright.

    >>> on_paper(Box(10, 20, 30, 25), (-1, 0, 100, 0, -1, 200))
    Box(x0=70, top=175, x1=90, bottom=180)
    """
    a, b, c, d, e, f = frame
    corners = [(u, v) for u in (box.x0, box.x1) for v in (box.top, box.bottom)]
    xs = [a * u + b * v + c for u, v in corners]
    ys = [d * u + e * v + f for u, v in corners]
    return Box(min(xs), min(ys), max(xs), max(ys))


@dataclass(frozen=True, slots=True)
class Source:
    """Where on paper something was read."""

    document: str
    """The input's path relative to the folder given, with `/`, or its file name."""
    page: int
    """As a PDF viewer counts: the first page is 1."""
    box: Box | None = None
    """None for a text dump."""

    def __str__(self) -> str:
        return f"{self.document} p.{self.page}"


class Run(NamedTuple):
    """Characters of one line that stand in one font."""

    font: str
    """The PDF's name of the font without its subset prefix; empty for a dump."""
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it stands on the page, or in a cell of a dump that keeps its lines."""

    runs: tuple[Run, ...]
    box: Box | None = None
    sure: tuple[float, ...] = ()
    """Of a line that was recognised, the probability of each character of its text."""
    passed_over: float = 0.0
    """The score of the likeliest character that was left out of it, such as a tone mark."""

    @property
    def text(self) -> str:
        return "".join(run.text for run in self.runs)


Origin = Literal["text", "ocr", "dump"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table: never altered, never dropped."""

    lines: tuple[Line, ...]
    source: Source
    row: int
    """Counted from 0 over all tables of the page, so that (page, row, column) names a cell."""
    column: int
    """Counted from 0 within its table."""
    row_span: int = 1
    column_span: int = 1
    origin: Origin = "text"
    confidence: float | None = None
    """0 to 1: of its least sure character, as a recogniser gave it; 1 where there is none. None for
    text that was never an image."""
    legible: float | None = None
    """The same of its characters on the whole, their mean; None where that is not known."""
    figures: float | None = None
    """The same of its numbers and codes alone; None where it has none, or was never an image."""
    doubtful: tuple[str, ...] = ()
    """The words in which a recogniser is not sure of a character."""
    ragged: bool = False
    """Its row of a dump has more or fewer cells than the table, so the column is uncertain."""

    @property
    def raw(self) -> str:
        """The cell's text as it was read, one line of paper a line."""
        return "\n".join(line.text for line in self.lines)


@dataclass(frozen=True, slots=True)
class Table:
    """The cells of one ruled table in reading order; a merged cell stands once."""

    cells: tuple[Cell, ...]
    first_row: int
    row_count: int
    column_count: int
    box: Box | None = None
    open_above: bool = False
    """The first row has no rule above it: it goes on from the page before."""
    open_below: bool = False


Grey = NDArray[np.uint8]
"""Pixels, 0 black to 255 white."""


class Picture(NamedTuple):
    """A page as a picture: dark ink on light paper."""

    grey: Grey
    """Rows by columns; before it is prepared for reading also by blue, green and red."""
    dpi: float
    """Pixels an inch."""


Layer = Literal["good", "none", "useless"]


@dataclass(frozen=True, slots=True)
class Page:
    """What one page says: its tables, and the lines that stand outside of them."""

    source: Source
    """Its box is the whole page, None for a dump."""
    tables: tuple[Table, ...] = ()
    lines: tuple[Line, ...] = ()
    origin: Origin = "text"
    layer: Layer = "good"
    layer_note: str = ""
    """Why the layer is judged so, for `inspect` and for the finding; empty for a blank page."""
    image_share: float = 0.0
    """The share of the page that pictures cover, 0 to 1."""
    frame: Frame | None = None
    """Of a scanned page: its boxes are of the page turned upright; this leads back."""
    unread: tuple[Box, ...] = ()
    """Where a scanned page bears something that is no print: handwriting, a stamp."""

    @property
    def is_read(self) -> bool:
        """Its text was to be had, from its layer or from its picture."""
        return self.layer == "good" or self.origin == "ocr"


LEGIBLE = 0.6
"""A page whose letters are less certain than this on the mean is no print, or hopelessly blurred:
pages of real scans are above 0.94, photographs and blurs below 0.3."""


def why_illegible(page: Page) -> str:
    """Why nothing that was read from a page's picture can be trusted; empty where it can be."""
    cells = (line for table in page.tables for cell in table.cells for line in cell.lines)
    lines = [line for line in (*page.lines, *cells) if line.text.strip()]
    letters = [sure for line in lines for sure in line.sure]
    if lines and not letters:
        return ""  # read by another reader, which does not say how sure it is
    if not letters:
        return "nothing on it is print"
    sure = sum(letters) / len(letters)
    return f"its print is not legible ({sure:.0%} sure)" if sure < LEGIBLE else ""
