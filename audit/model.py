"""The nouns of the audit: what a check found, before and after it is stamped."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, NamedTuple

Severity = Literal["error", "warning", "info"]
RANK: dict[Severity, int] = {"error": 0, "warning": 1, "info": 2}
"""What matters most comes first."""


class Said(NamedTuple):
    """What one place of the report says."""

    where: str
    """A page or pages (`page_list`), or another label such as a code or a place's kind."""
    text: str


class Place(NamedTuple):
    """One cell that a problem is about, as `Cell` counts: (page, row, column) names it."""

    page: int
    row: int
    column: int

    def __str__(self) -> str:
        return f"{self.page}:{self.row}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """What a check yields: it knows neither its own name nor the document."""

    message: str
    """One sentence in English."""
    values: tuple[Said, ...] = ()
    pages: tuple[int, ...] = ()
    """Every page involved, ascending; the first page of the input is 1."""
    code: str | None = None
    field: str | None = None
    suggestion: str | None = None
    fixed: bool = False
    """The rows already carry the suggestion."""
    severity: Severity = "warning"
    message_th: str = ""
    """The same sentence in Thai."""
    places: tuple[Place, ...] = ()
    """The cells that it is about, the one to look at first before the others."""
    documents: tuple[str, ...] = ()
    """Of a problem between documents: every one involved."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One inconsistency of one document: a problem with the name of the check that found it."""

    document: str
    check: str
    severity: Severity
    message: str
    pages: tuple[int, ...] = ()
    code: str | None = None
    field: str | None = None
    values: tuple[Said, ...] = ()
    suggestion: str | None = None
    fixed: bool = False
    message_th: str = ""
    places: tuple[Place, ...] = ()
    documents: tuple[str, ...] = ()
    """Of a finding between documents: every one involved; `document` is then empty."""
    decided: bool = False
    """A person has looked at it and let it stand as it is."""

    @property
    def cells(self) -> tuple[str, ...]:
        """The places as findings.csv writes them: `page:row:column` of cells.csv."""
        return tuple(map(str, self.places))


def stamp(document: str, check: str, problem: Problem) -> Finding:
    """Put the names of its document and check on a problem.

    >>> stamp("a.pdf", "code_unknown", Problem("no code", pages=(3,))).check
    'code_unknown'
    """
    return Finding(
        document=document,
        check=check,
        severity=problem.severity,
        message=problem.message,
        pages=problem.pages,
        code=problem.code,
        field=problem.field,
        values=problem.values,
        suggestion=problem.suggestion,
        fixed=problem.fixed,
        message_th=problem.message_th,
        places=problem.places,
        documents=problem.documents,
    )


def page_list(pages: Iterable[int]) -> str:
    """Write page numbers for a person, neighbours as a range.

    >>> page_list((14, 4, 5, 6, 1, 2))
    '1, 2, 4-6, 14'
    >>> page_list((3,))
    '3'
    """
    parts: list[str] = []
    for _, run in groupby(enumerate(sorted(set(pages))), key=lambda pair: pair[1] - pair[0]):
        numbers = [number for _, number in run]
        short = len(numbers) < 3
        parts += map(str, numbers) if short else [f"{numbers[0]}-{numbers[-1]}"]
    return ", ".join(parts)
