"""What pages say of whose report it is, and of which year."""

from collections.abc import Iterator

from audit.evidence import title_cells
from audit.model import Problem, Said, page_list
from normalize.report import Report


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
            places=title_cells(report, {page for r in own for page in r.title_pages}),
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
            places=title_cells(report, reading.title_pages),
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
        places=title_cells(report, pages),
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
        places=title_cells(report, pages),
    )


def alone(page: int, report: Report) -> bool:
    """True where a page's titles state the assessed year only, and other pages' the plan's."""
    here = {s.year for s in report.years.said if s.page == page and s.where == "title"}
    there = [s for s in report.years.said if s.page != page and s.where == "title"]
    plan = sum(s.year == report.years.fiscal for s in there)
    return here == {report.years.assessment} and plan > len(there) / 2
