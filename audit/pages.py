"""What is wrong with whole pages: read twice, badly, or not at all."""

import re
from collections import Counter
from collections.abc import Iterator

from audit.model import Place, Problem, Said
from normalize.columns import TableView
from normalize.decisions import Decision
from normalize.numerals import read_figure, thai_digits
from normalize.report import UNSURE, PageView, Report

COVER_LETTERS = 500


def duplicate_page(report: Report) -> Iterator[Problem]:
    """Two pages hold the same content; the rows are given once.

    Pages that share a phrase or two, or all but the question, are left alone.
    """
    for twin in report.twins:
        codes = [r.row.code for r in report.records if twin.page in r.row.pages and r.row.code]
        yield Problem(
            f"page {twin.again} repeats page {twin.page} ({twin.ratio:.0%} alike)",
            (Said(str(twin.page), "first"), Said(str(twin.again), "again")),
            (twin.page, twin.again),
            code=";".join(dict.fromkeys(codes)) or None,
            fixed=True,
            message_th=f"หน้า {twin.again} ซ้ำกับหน้า {twin.page}",
        )


def low_confidence(report: Report) -> Iterator[Problem]:
    """Cells of a scanned page were read with too little confidence, or something on it is no print.

    One finding a page; a warning where a number is doubtful, or a word hardly legible. Cells of
    exported pages and of dumps are left alone.
    """
    for page in report.pages:
        cells = [
            cell
            for cell in report.cells
            if cell.page == page.number and cell.confidence is not None and cell.source == "ocr"
        ]
        weak = [cell for cell in cells if (cell.confidence or 0.0) < UNSURE]
        if not page.is_read or (not weak and not page.unread):
            continue
        said = [
            Said(f"{page.number}, row {cell.row}, {cell.field or f'column {cell.column}'}", words)
            for cell in weak
            for words in ["; ".join(cell.doubtful) or cell.raw[:80]]
        ]
        if page.unread:
            said.append(Said(f"{page.number}", f"{page.unread} places outside of the tables"))
        codes = [
            record.row.code
            for record in report.records
            if page.number in record.row.pages
            and {"figures", "letters", "merged"} & set(record.doubts)
        ]
        in_doubt = any(
            page.number in record.item.pages and {"figures", "letters"} & set(record.reasons)
            for record in report.item_records
        )
        yield Problem(
            f"page {page.number}: {len(weak)} of {len(cells)} cells were read without certainty"
            + (f", {page.unread} places bear no print" if page.unread else ""),
            tuple(said),
            (page.number,),
            code=";".join(dict.fromkeys(code for code in codes if code)) or None,
            severity="warning" if codes or in_doubt else "info",
            places=tuple(Place(cell.page, cell.row, cell.column) for cell in weak),
            message_th=f"หน้า {page.number}: อ่านได้ไม่แน่ชัด {len(weak)} จาก {len(cells)} ช่อง",
        )


def page_unreadable(report: Report) -> Iterator[Problem]:
    """Nothing could be read from a page: a picture, or a useless text layer.

    An empty page is left alone.
    """
    for page in report.pages:
        if not page.is_read and page.note:
            yield Problem(
                f"page {page.number} cannot be read: {page.note}; "
                "it needs a better scan or a new export",
                (Said(str(page.number), page.note),),
                (page.number,),
                severity="error",
                message_th=f"อ่านหน้า {page.number} ไม่ได้ ต้องสแกนใหม่ให้ชัดหรือส่งออกไฟล์ใหม่",
            )


def page_without_table(report: Report) -> Iterator[Problem]:
    """A page has text but no table of the report.

    A report of items has a warning, too, for a table behind its first one that holds amounts and is
    not read. The cover, which is short and stands before the first table, is left alone.
    """
    first = min((page.number for page in report.pages if page.has_data), default=None)
    bare = [page for page in report.pages if is_bare(page, first)]
    if first is None and bare:
        yield Problem(
            "no table of a known kind of report: the cells are kept, there are no rows",
            tuple(Said(str(page.number), opening(page)) for page in bare),
            tuple(page.number for page in bare),
            message_th="ไม่พบตารางของรายงานที่รู้จัก",
        )
        return
    unread = {view.page: view for view in reversed(tables_of_amounts(report, first))}
    for number, view in sorted(unread.items()):
        yield Problem(
            f"page {number}: a table with amounts has no columns of the report and is not read",
            (Said(str(number), " ".join(" ".join(t.text for t in view.texts).split())[:120]),),
            (number,),
            severity="warning",
            message_th=f"หน้า {number} มีตารางตัวเลขที่ไม่ได้อ่าน เพราะคอลัมน์ไม่ตรงกับตารางของรายงาน",
        )
    for page in bare:
        if page.number in unread:
            continue
        yield Problem(
            f"page {page.number} has text but no table of the report"
            + (f"; pictures cover {page.image_share:.0%} of it" if pictured(page) else ""),
            (Said(str(page.number), opening(page)),),
            (page.number,),
            severity="warning" if pictured(page) else "info",
            message_th=f"หน้า {page.number} มีข้อความแต่ไม่มีตารางของรายงาน",
        )


def tables_of_amounts(report: Report, first: int | None) -> list[TableView]:
    """Tables of a report of items that are none of its data tables and hold amounts: a figure with
    decimals or commas, or two figures in a row."""
    if report.profile is None or not report.profile.table or first is None:
        return []
    repeated = {twin.again for twin in report.twins}
    start = next((n for n, view in enumerate(report.views) if view.is_data), 0)
    return [
        view
        for view in report.views[start:]
        if not view.is_data and view.page not in repeated and holds_amounts(view)
    ]


def holds_amounts(view: TableView) -> bool:
    rows: Counter[int] = Counter()
    for text in view.texts:
        for line in text.text.split("\n"):
            figure = read_figure(line, "บาท")
            if figure is not None and figure.value is not None and not figure.rest:
                if re.search(r"\d[.,]\d", thai_digits(line)):
                    return True
                rows[text.cell.row] += 1
    return max(rows.values(), default=0) > 1


def is_bare(page: PageView, first: int | None) -> bool:
    """True for a page with text but no data table, but for a cover before the first of them."""
    if page.has_data or not page.is_read or not (page.lines or page.tables):
        return False
    letters = sum(map(len, page.lines))
    return not (first is not None and page.number < first and letters < COVER_LETTERS)


def pictured(page: PageView) -> bool:
    """True where a picture that was not read is large enough to hold a table."""
    return page.image_share > 0.2 and page.origin != "ocr"


def opening(page: PageView) -> str:
    return " ".join(page.lines)[:120]


def stale_decision(report: Report) -> Iterator[Problem]:
    """A person decided on a reading that has changed since: the decision is not applied.

    A decision whose cell stands in another row now, and reads as before, is left alone.
    """
    for stale in report.stale:
        decision = stale.decision
        page = stale.page
        yield Problem(
            f"decided on another reading: {decision.field or decision.target}",
            (
                Said("was", decision.was),
                Said("reads", stale.reads),
                *([Said("decided", decision.now)] if decision.now is not None else []),
            ),
            (page,) if page is not None else (),
            field=decision.field or None,
            suggestion=decision.now,
            message_th=f"เคยตัดสินจากข้อความที่เปลี่ยนไปแล้ว: {decision.field or decision.target}",
            places=stale_place(decision),
        )


def stale_place(decision: Decision) -> tuple[Place, ...]:
    if decision.page is None or decision.row is None or decision.column is None:
        return ()
    return (Place(decision.page, decision.row, decision.column),)
