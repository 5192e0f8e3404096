"""Every check is a generator of problems over one whole report. CHECKS is the whole registry."""

from collections.abc import Callable, Iterator

from audit.model import Finding, Problem, Said, page_list, stamp
from normalize.numerals import THAI_DIGITS
from normalize.report import UNSURE, PageView, Report

COVER_LETTERS = 500

Check = Callable[[Report], Iterator[Problem]]


def agency_conflict(report: Report) -> Iterator[Problem]:
    """Pages name different agencies, districts or provinces.

    One finding for the agency's own name in several spellings, and one for each other agency that
    a page names, such as a template's leftover. A name printed alike on all pages is left alone,
    and so is one that differs in tone marks alone.
    """
    agency = report.agency
    own = [r for r in agency.conflicting if r.relation != "stranger"]
    if any(r.relation == "variant" for r in own) and len({str(r) for r in own}) > 1:
        yield Problem(
            f"{len(own)} spellings of the agency's name",
            tuple(Said(page_list(r.title_pages), str(r)) for r in own),
            tuple(sorted({page for r in own for page in r.title_pages})),
            field="agency",
            suggestion=agency.name,
            fixed=agency.name is not None,
            message_th=f"ชื่อหน่วยงานเขียนต่างกัน {len(own)} แบบ",
        )
    for reading in agency.strangers:
        if not reading.name:
            continue
        yield Problem(
            f"another agency is named: {reading}",
            (Said(page_list(reading.pages), str(reading)),),
            reading.pages,
            field="agency",
            suggestion=agency.name,
            message_th=f"มีชื่อหน่วยงานอื่น: {reading}",
        )


def agency_unknown(report: Report) -> Iterator[Problem]:
    """No official place bears a name that pages print; the nearest ones are the suggestion.

    A name that stands in the official list, in its district and province, is left alone.
    """
    unknown = [
        r for r in report.agency.unknown_readings if r.relation != "stranger" and r.title_pages
    ]
    if not unknown:
        return
    pages = sorted({page for reading in unknown for page in reading.title_pages})
    nearest = list(dict.fromkeys(c.name for c in report.agency.candidates))[:3]
    yield Problem(
        "no official place bears the name",
        tuple(Said(page_list(r.title_pages), str(r)) for r in unknown),
        tuple(pages),
        field="agency",
        suggestion="; ".join(nearest) or None,
        fixed=report.agency.how not in ("unknown", "printed"),
        message_th="ไม่พบชื่อนี้ในทะเบียนสถานที่ราชการ",
    )


def year_conflict(report: Report) -> Iterator[Problem]:
    """Pages state different fiscal or assessment years.

    A title that states both years, or a page without any, is left alone.
    """
    years = report.years
    fair = {years.fiscal, years.assessment}
    stated = [said for said in years.said if said.where != "timeframe"]
    wrong = [said for said in stated if said.year not in fair]
    wrong += [
        said
        for said in stated
        if said.year in fair
        and (
            (said.where == "assessment" and said.year != years.assessment)
            or (said.where == "fiscal" and said.year != years.fiscal)
            or (
                said.where == "title" and said.year == years.assessment and alone(said.page, report)
            )
        )
    ]
    if not wrong:
        return
    pages = tuple(sorted({said.page for said in wrong}))
    yield Problem(
        f"other years than {years.fiscal} (plan) and {years.assessment} (assessment)",
        tuple(Said(str(said.page), f"{said.year}: {said.text}") for said in wrong),
        pages,
        field="fiscal_year",
        suggestion=f"{years.fiscal}; {years.assessment}",
        fixed=True,
        message_th=f"ปีไม่ตรงกับปีงบประมาณ {years.fiscal} และปีที่ประเมิน {years.assessment}",
    )


def alone(page: int, report: Report) -> bool:
    """True where a page's titles state the assessed year only, and other pages' the plan's."""
    here = {s.year for s in report.years.said if s.page == page and s.where == "title"}
    there = [s for s in report.years.said if s.page != page and s.where == "title"]
    plan = sum(s.year == report.years.fiscal for s in there)
    return here == {report.years.assessment} and plan > len(there) / 2


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


def code_misread(report: Report) -> Iterator[Problem]:
    """The printed code is impossible here; the row carries what it was read as.

    The letter o printed or read as a zero (๐๒ for o2) is the usual print and is left alone.
    """
    for record in report.records:
        for said in record.codes:
            if said.reading.how == "misread":
                yield Problem(
                    f"{said.reading.printed} read as {said.reading.code}",
                    (Said(str(said.page), said.reading.printed or ""),),
                    (said.page,),
                    code=said.reading.code,
                    field="code",
                    suggestion=said.reading.code,
                    fixed=True,
                    message_th=f"{said.reading.printed} อ่านเป็น {said.reading.code}",
                )


def code_conflict(report: Report) -> Iterator[Problem]:
    """Two readings of one row give different codes, or its wording or indicator speaks against it.

    Two pages that print one code in different digits are left alone.
    """
    for record in report.records:
        prints = {squeezed(said.reading.printed) for said in record.codes if said.reading.printed}
        pages = tuple(sorted({said.page for said in record.codes}))
        if len(prints) > 1:
            yield Problem(
                f"one row has the codes {' and '.join(sorted(prints))}",
                tuple(Said(str(s.page), s.reading.printed or "") for s in record.codes),
                pages,
                code=record.row.code,
                field="code",
                suggestion=record.row.code,
                fixed=record.row.code is not None,
                message_th=f"แถวเดียวกันมีรหัส {' และ '.join(sorted(prints))}",
            )
        elif record.code.disagrees:
            against = " and ".join(record.code.disagrees)
            yield Problem(
                f"{record.code.printed} disagrees with the row's {against}",
                (
                    Said(
                        str(pages[0]), f"{record.code.printed} {record.row.question or ''}".strip()
                    ),
                ),
                pages,
                code=record.row.code,
                field="code",
                suggestion="; ".join(c for c in record.code.candidates if c != record.row.code)
                or None,
                message_th=f"รหัส {record.code.printed} ไม่ตรงกับตัวชี้วัดหรือข้อคำถามของแถว",
            )


def squeezed(printed: str | None) -> str:
    """A printed code in one form, for telling prints apart.

    >>> squeezed("I ๑๐") == squeezed("i10")
    True
    """
    return "".join((printed or "").translate(THAI_DIGITS).lower().split()).strip("().:")


def code_unknown(report: Report) -> Iterator[Problem]:
    """No code could be established for a row; it is kept, without one.

    A row whose code was misread, or known from its wording alone, is left alone.
    """
    for record in report.records:
        if record.row.code is None:
            yield Problem(
                "no code could be established",
                (
                    Said(
                        str(record.row.pages[0]),
                        f"{record.code.printed or ''} {record.row.question or ''}".strip()[:200],
                    ),
                ),
                record.row.pages,
                field="code",
                suggestion="; ".join(record.code.candidates) or None,
                severity="error",
                message_th="ไม่ทราบรหัสข้อคำถาม",
            )


def indicator_missing(report: Report) -> Iterator[Problem]:
    """An indicator from 1 to 10 has no row in the document.

    A document without any row is left alone: another finding says why it has none.
    """
    if not report.records:
        return
    found = {record.row.indicator_no for record in report.records}
    for indicator in report.framework.indicators:
        if indicator.no not in found:
            yield Problem(
                f"indicator {indicator.no} {indicator.name} has no row",
                (Said("indicator", f"{indicator.no} {indicator.name}"),),
                field="indicator_no",
                message_th=f"ไม่มีแถวของตัวชี้วัดที่ {indicator.no} {indicator.name}",
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
        if not weak and not page.unread:
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
        yield Problem(
            f"page {page.number}: {len(weak)} of {len(cells)} cells were read without certainty"
            + (f", {page.unread} places bear no print" if page.unread else ""),
            tuple(said),
            (page.number,),
            code=";".join(dict.fromkeys(code for code in codes if code)) or None,
            severity="warning" if codes else "info",
            message_th=f"หน้า {page.number}: อ่านได้ไม่แน่ชัด {len(weak)} จาก {len(cells)} ช่อง",
        )


def page_unreadable(report: Report) -> Iterator[Problem]:
    """Nothing could be read from a page: a picture, or a useless text layer.

    An empty page is left alone.
    """
    for page in report.pages:
        if not page.is_read and page.note:
            yield Problem(
                f"page {page.number} cannot be read: {page.note}; it needs OCR or a new export",
                (Said(str(page.number), page.note),),
                (page.number,),
                severity="error",
                message_th=f"อ่านหน้า {page.number} ไม่ได้ ต้องอ่านด้วย OCR หรือส่งออกไฟล์ใหม่",
            )


def page_without_table(report: Report) -> Iterator[Problem]:
    """A page has text but no table of the report.

    The cover, which is short and stands before the first table, is left alone.
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
    for page in bare:
        yield Problem(
            f"page {page.number} has text but no table of the report"
            + (f"; pictures cover {page.image_share:.0%} of it" if pictured(page) else ""),
            (Said(str(page.number), opening(page)),),
            (page.number,),
            severity="warning" if pictured(page) else "info",
            message_th=f"หน้า {page.number} มีข้อความแต่ไม่มีตารางของรายงาน",
        )


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


PAGE_CHECKS: tuple[Check, ...] = (low_confidence, page_unreadable, page_without_table)
"""What can be said of a document whose kind nobody knows."""

CHECKS: tuple[Check, ...] = (
    agency_conflict,
    agency_unknown,
    year_conflict,
    duplicate_page,
    code_misread,
    code_conflict,
    code_unknown,
    indicator_missing,
    *PAGE_CHECKS,
)


def audit(report: Report) -> tuple[Finding, ...]:
    """All findings of one report, in the order of CHECKS."""
    return tuple(
        stamp(report.document, check.__name__, problem)
        for check in (CHECKS if report.profile is not None else PAGE_CHECKS)
        for problem in check(report)
    )
