"""What the writers take: everything that one document came to."""

from dataclasses import dataclass
from typing import Literal

from audit.model import Finding
from extract.model import Origin
from normalize.model import CellValue, Correction, Row

Status = Literal["ok", "partial", "failed"]


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """The line of `documents.csv`: one for each input, failed ones included."""

    document: str
    """The input's path relative to the folder given, or its file name; unique within a run."""
    status: Status
    sha256: str | None = None
    """None where the input could not be opened."""
    pages: int | None = None
    source: tuple[Origin, ...] = ()
    """Where the text came from: more than one where the pages differ."""
    agency: str | None = None
    fiscal_year: int | None = None
    rows: int = 0
    findings: int = 0
    error: str | None = None
    """Why the document failed, or what of it could not be done."""


@dataclass(frozen=True, slots=True)
class DocumentResult:
    """One document's lines of every table. Picklable; in no order but that of `corrections`.

    The corrections of one cell stand in the order in which they were made.
    """

    record: DocumentRecord
    rows: tuple[Row, ...] = ()
    cells: tuple[CellValue, ...] = ()
    corrections: tuple[Correction, ...] = ()
    findings: tuple[Finding, ...] = ()
