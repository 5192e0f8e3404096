"""Where a finding points: the cells, pages and codes of what a check looks at."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from audit.model import Place
from normalize.report import Record, Report
from normalize.rows import PhysicalRow, Piece


def physical_rows(report: Report) -> Iterator[tuple[Record, ...]]:
    """The records of each physical row: one for each question that it asks."""
    for _, records in groupby(report.records, key=lambda record: id(record.physical)):
        yield tuple(records)


def cells_of(physical: PhysicalRow, *fields: str) -> tuple[Place, ...]:
    """The cells of a row in these columns that hold text, else those that hold none."""
    pieces = [p for field in fields for part in physical.parts for p in part.pieces(field)]
    filled = [piece for piece in pieces if not piece.is_empty]
    return tuple(dict.fromkeys(place_of(piece) for piece in filled or pieces))


def place_of(piece: Piece) -> Place:
    return Place(piece.page, piece.text.cell.row, piece.text.cell.column)


def pages_of(places: Iterable[Place]) -> tuple[int, ...]:
    """The pages of some cells, ascending."""
    return tuple(sorted({place.page for place in places}))


def title_cells(report: Report, pages: Iterable[int]) -> tuple[Place, ...]:
    """The cells above the headers of these pages; titles outside of tables have none."""
    wanted = set(pages)
    return tuple(
        Place(view.page, text.cell.row, text.cell.column)
        for view in report.views
        if view.page in wanted and view.is_data
        for text in view.texts
        if text.cell.row < view.header_rows[0] and text.text.strip()
    )


def codes_of(records: Sequence[Record]) -> str | None:
    """The codes of some records as a finding writes them."""
    codes = dict.fromkeys(record.row.code for record in records if record.row.code)
    return ";".join(codes) or None


def shorten(text: str, most: int = 80) -> str:
    """A text for one line of a finding; its end where it is too long.

    >>> shorten("ก\\nข"), shorten("1234567890", 4)
    ('ก ข', '…7890')
    """
    line = " ".join(text.split())
    return line if len(line) <= most else "…" + line[-most:]
