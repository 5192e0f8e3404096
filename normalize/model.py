"""The nouns of normalisation: indicator rows and items, and the record of how they came about."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from extract.model import Box, Origin
from profiles.report import Role

Instrument = Literal["IIT", "EIT", "OIT"]


@dataclass(frozen=True, slots=True)
class Row:
    """One indicator code of one document. Absent is None; years are of the Buddhist era."""

    document: str
    code: str | None
    """`i1`, `e7`, `o25`; None where none could be established."""
    indicator_no: int | None
    indicator_name: str | None
    instrument: Instrument | None
    pages: tuple[int, ...]
    """The first page of the input is 1."""
    agency: str | None = None
    district: str | None = None
    province: str | None = None
    province_code: str | None = None
    district_code: str | None = None
    fiscal_year: int | None = None
    assessment_year: int | None = None
    question: str | None = None
    analysis: str | None = None
    measures: str | None = None
    result: str | None = None
    steps: str | None = None
    timeframe: str | None = None
    strengths: str | None = None
    weaknesses: str | None = None
    score: Decimal | None = None
    start_date: date | None = None
    end_date: date | None = None
    responsible: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    confidence: float = 1.0
    """0 to 1, of the weakest cell; 1 for text that was never an image."""
    needs_review: bool = False


ItemValue = str | int | Decimal | date | None


@dataclass(frozen=True, slots=True)
class Item:
    """One row of a ruled table of items, as a profile describes it. Absent is None."""

    document: str
    profile: str
    table: str
    """The table of the output that it goes to."""
    page: int
    """Of its first cell, as are row and line."""
    row: int
    """Counted from 0 over all tables of the page, as in `Cell`."""
    line: int
    """On which line of the row it begins, from 0: where no rules part the rows, one row of cells
    holds many items."""
    role: Role
    values: tuple[tuple[str, Any], ...]
    """An ItemValue by field, every column of the profile in its order. Kept as JSON, where a number
    and a date are text like any other, so that the columns' types have to say what is what."""
    caption: str | None
    """The line right above its table."""
    section: str | None
    """The headings that it stands under, the outer one first."""
    pages: tuple[int, ...]
    confidence: float = 1.0
    """0 to 1, of the weakest cell; 1 for text that was never an image."""
    needs_review: bool = False

    def value(self, field: str) -> ItemValue:
        """What stands in a column; None for one that the profile does not have, too."""
        found: ItemValue = next((value for name, value in self.values if name == field), None)
        return found


@dataclass(frozen=True, slots=True)
class CellValue:
    """One table cell: as it was read, and what the text rules made of it."""

    document: str
    page: int
    table: int
    """Counted from 0 within its page."""
    row: int
    """Counted from 0 over all tables of the page, as in `Cell`."""
    column: int
    """Counted from 0 within its table."""
    raw: str
    value: str
    field: str = ""
    """The profile's name for the column; empty where no profile names it."""
    source: Origin = "text"
    box: Box | None = None
    """None for a text dump."""
    confidence: float | None = None
    """As in `Cell`: None for text that was never an image."""
    doubtful: tuple[str, ...] = ()
    """As in `Cell`: the words that a recogniser is not sure of."""

    @property
    def x0(self) -> float | None:
        return self.box.x0 if self.box else None

    @property
    def top(self) -> float | None:
        return self.box.top if self.box else None

    @property
    def x1(self) -> float | None:
        return self.box.x1 if self.box else None

    @property
    def bottom(self) -> float | None:
        return self.box.bottom if self.box else None


@dataclass(frozen=True, slots=True)
class Correction:
    """One change of one value. Page, row and column are those of the cell it was read from."""

    document: str
    page: int | None
    row: int | None
    column: int | None
    field: str
    rule: str
    """The name of the function that made the change, or `decision`."""
    before: str
    after: str
    confidence: float | None = None
    """0 to 1: how sure the rule is; None for a rule that is right whenever it applies."""
