"""What a person should look at beside the findings: cells read in doubt, and rows in doubt."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from audit.checks import names, reasons_left
from audit.model import Finding
from normalize.report import UNSURE, Record, Report

OF_CELLS = frozenset({"figures", "letters"})
"""Reasons to look at a row that go away with the doubtful cells that they come from."""
OF_DOCUMENT = {"agency": "agency", "year": "fiscal_year"}
"""Reasons that all rows share, and the field of the document that settles them."""


class Look(NamedTuple):
    """One thing to look at that no finding of its own shows."""

    kind: Literal["cell", "row", "document"]
    field: str
    """Of a cell its column, of a document what is in doubt; empty for a row as a whole."""
    code: str | None
    page: int | None
    row: int | None
    column: int | None
    """With page and row the cell, or the cell that names the row."""
    part: int = 0
    """Of a row: which of its questions."""
    confidence: float = 1.0
    reasons: tuple[str, ...] = ()
    pressing: bool = True
    """Its row needs the look; False for a letter of prose."""


def looks_of(report: Report, findings: tuple[Finding, ...]) -> tuple[Look, ...]:
    """Everything of one report that nobody has decided yet and no finding asks about."""
    return (
        *document_looks(report, findings),
        *cell_looks(report),
        *row_looks(report, findings),
    )


def document_looks(report: Report, findings: tuple[Finding, ...]) -> Iterator[Look]:
    reasons = dict.fromkeys(reason for record in report.records for reason in record.reasons)
    asked = {finding.field for finding in findings if not finding.decided}
    for reason, field in OF_DOCUMENT.items():
        if reason in reasons and field not in asked:
            sure = report.agency.confidence if field == "agency" else 0.0
            yield Look("document", field, None, None, None, None, 0, sure, (reason,))


def cell_looks(report: Report) -> Iterator[Look]:
    """The cells of scanned pages that were read with too little confidence."""
    in_doubt: dict[tuple[int, int], Record] = {}
    for record in report.records:
        if OF_CELLS & set(record.reasons):
            for part in record.physical.parts:
                for _, pieces in part.fields:
                    for piece in pieces:
                        in_doubt[piece.page, piece.text.cell.row] = record
    of_items = {
        (piece.page, piece.text.cell.row)
        for item in report.item_records
        if OF_CELLS & set(item.reasons)
        for _, piece in item.pieces
    }
    for cell in report.cells:
        if cell.source != "ocr" or cell.confidence is None or cell.confidence >= UNSURE:
            continue
        found = in_doubt.get((cell.page, cell.row))
        yield Look(
            "cell",
            cell.field,
            found.row.code if found else None,
            cell.page,
            cell.row,
            cell.column,
            confidence=cell.confidence,
            reasons=cell.doubtful,
            pressing=found is not None or (cell.page, cell.row) in of_items,
        )


def row_looks(report: Report, findings: tuple[Finding, ...]) -> Iterator[Look]:
    """The rows that need a look for a reason that no finding and no cell shows."""
    weak = {
        (cell.page, cell.row)
        for cell in report.cells
        if cell.source == "ocr" and cell.confidence is not None and cell.confidence < UNSURE
    }
    checks = {finding.check for finding in findings}
    for record in report.records:
        asked = any(
            names(finding, record) and not finding.decided and finding.check != "low_confidence"
            for finding in findings
        )
        cells = {
            (piece.page, piece.text.cell.row)
            for part in record.physical.parts
            for _, pieces in part.fields
            for piece in pieces
        }
        reasons = [r for r in reasons_left(record, findings) if r not in {*OF_DOCUMENT, *checks}]
        if cells & weak:
            reasons = [reason for reason in reasons if reason not in OF_CELLS]
        if reasons and not asked:
            page, row, column = record.anchor
            yield Look(
                "row",
                "",
                record.row.code,
                page,
                row,
                column,
                record.part,
                record.row.confidence,
                tuple(reasons),
            )
