"""What the writers take: everything that one document came to."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from audit.looks import Look
from audit.model import Finding
from export.schema import Table
from extract.errors import ReportError
from extract.model import Origin
from normalize.decisions import Decision
from normalize.model import CellValue, Correction, Item, Row

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
    decisions: tuple[Decision, ...] = ()
    """Those in force that it was made with; they are in no table."""
    looks: tuple[Look, ...] = ()
    """What a person should look at beside the findings; in no table either."""
    reading: str = ""
    """The key of its pages as they were kept; empty where they were not."""
    items: tuple[Item, ...] = ()
    """The lines of a document of another kind of report, which has no rows."""
    table: Table | None = None
    """What its items' table is; None for an ITA report."""

    @property
    def review(self) -> int:
        """How many of its rows and items need a person."""
        return sum(one.needs_review for one in self.rows) + sum(
            one.needs_review for one in self.items
        )


class CannotWrite(ReportError):
    """The output folder takes no files: no permission, no space, or something in the way."""

    exit_code = 5


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Say of an error in the block that the path cannot be written, and what to do."""
    try:
        yield
    except OSError as error:
        raise CannotWrite(
            f"{path}: cannot write ({error.strerror or error}); free the place, close the program "
            "that holds the file, or choose another folder with --out"
        ) from error
