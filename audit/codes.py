"""What is wrong with the codes of rows, their indicators and their questions."""

from collections.abc import Iterator
from difflib import SequenceMatcher

from rapidfuzz.distance import Levenshtein

from audit.evidence import cells_of, codes_of, place_of, shorten
from audit.model import Place, Problem, Said, page_list
from normalize.codes import wording_skeleton
from normalize.numerals import THAI_DIGITS
from normalize.report import Record, Report, SaidIndicator
from profiles.lexicon import segment

MOST_MISSING = 4
"""More missing indicators are told at once."""
MIN_EDITS = 3
"""Letters by which a wording must differ to be another one: fewer may be misread."""
SAME_WORDING = 0.7
"""Below this share of equal letters a question of a year without a framework of its own may be that
year's own wording."""


def asked_in(record: Record) -> tuple[Place, ...]:
    """The question cells of a row, on the page of its twin too."""
    twins = [piece for row in record.again for piece in row.pieces("question")]
    again = [place_of(piece) for piece in twins]
    return tuple(dict.fromkeys((*cells_of(record.physical, "question"), *again)))


def on_page(record: Record, page: int) -> tuple[Place, ...]:
    """The question cells of a row on one of its pages."""
    return tuple(place for place in asked_in(record) if place.page == page)


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
                    places=on_page(record, said.page),
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
                places=asked_in(record),
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
                places=asked_in(record),
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
                places=asked_in(record),
            )


def indicator_missing(report: Report) -> Iterator[Problem]:
    """An indicator from 1 to 10 has no row in the document.

    A document without any row is left alone: another finding says why it has none. One that lacks
    most of them is a part of a report, which is one finding.
    """
    if not report.records:
        return
    found = {record.row.indicator_no for record in report.records}
    missing = [i for i in report.framework.indicators if i.no not in found]
    if len(missing) > MOST_MISSING:
        numbers = ", ".join(str(indicator.no) for indicator in missing)
        yield Problem(
            f"indicators {numbers} have no row: this may be a part of a report",
            tuple(Said("indicator", f"{i.no} {i.name}") for i in missing),
            field="indicator_no",
            message_th=f"ไม่มีแถวของตัวชี้วัดที่ {numbers} อาจเป็นเพียงส่วนหนึ่งของรายงาน",
        )
        return
    for indicator in missing:
        yield Problem(
            f"indicator {indicator.no} {indicator.name} has no row",
            (Said("indicator", f"{indicator.no} {indicator.name}"),),
            field="indicator_no",
            message_th=f"ไม่มีแถวของตัวชี้วัดที่ {indicator.no} {indicator.name}",
        )


def indicator_name_conflict(report: Report) -> Iterator[Problem]:
    """Number and name of an indicator disagree with each other or between pages.

    A name misread by a letter or two, or printed without its number, is left alone.
    """
    found: dict[tuple[str, str], list[tuple[Record, SaidIndicator]]] = {}
    for record in report.records:
        for said in (*record.indicators, *record.indicators_again):
            reading = said.reading
            other = reading.conflict or (
                reading.named is not None
                and record.row.indicator_no is not None
                and reading.named != record.row.indicator_no
                and report.framework.owner(record.row.code or "") == record.row.indicator_no
            )
            if other:
                key = (record.row.code or str(record.anchor), " ".join(said.text.split()))
                found.setdefault(key, []).append((record, said))
    pooled: dict[tuple[int, ...], list[tuple[Record, SaidIndicator]]] = {}
    for cases in found.values():
        pages = tuple(sorted({said.page for _, said in cases}))
        pooled.setdefault(pages, []).extend(cases)
    for pages, cases in pooled.items():
        records = list({id(record): record for record, _ in cases}.values())
        prints = dict.fromkeys((said.page, " ".join(said.text.split())) for _, said in cases)
        others = dict.fromkeys(
            (said.page, " ".join(said.text.split()))
            for record in records
            for said in (*record.indicators, *record.indicators_again)
        )
        no = records[0].row.indicator_no
        name = records[0].row.indicator_name
        shown = sorted({**prints, **others})
        yield Problem(
            f"number and name of an indicator disagree: {' and '.join(text for _, text in prints)}",
            tuple(Said(str(page), text) for page, text in shown),
            tuple(sorted({*pages, *(page for page, _ in shown)})),
            code=codes_of(records),
            field="indicator_no",
            suggestion=f"{no} {name}" if no is not None and name else None,
            fixed=no is not None,
            message_th="เลขและชื่อตัวชี้วัดไม่ตรงกัน: " + " และ ".join(text for _, text in prints),
            places=tuple(
                place for record in records for place in cells_of(record.physical, "indicator")
            ),
        )


def duplicate_row(report: Report) -> Iterator[Problem]:
    """One code stands in two rows that are not a duplicated page.

    A row that goes on over the page, or the repeat of a whole page, is left alone.
    """
    rows: dict[str, list[Record]] = {}
    for record in report.records:
        if record.row.code is not None:
            rows.setdefault(record.row.code, []).append(record)
    for code, records in rows.items():
        if len(records) < 2:
            continue
        yield Problem(
            f"{code} stands in {len(records)} rows",
            tuple(
                Said(page_list(r.row.pages), shorten(f"{r.row.question}: {r.row.analysis or ''}"))
                for r in records
            ),
            tuple(sorted({page for record in records for page in record.row.pages})),
            code=code,
            field="code",
            message_th=f"รหัส {code} อยู่ใน {len(records)} แถว",
            places=tuple(dict.fromkeys(place for r in records for place in asked_in(r))),
        )


def question_mismatch(report: Report) -> Iterator[Problem]:
    """The question differs from the official wording of its code.

    A letter or two misread, and marks, spaces or signs that differ, are left alone; so are the
    items of the OIT, whose names are printed in many short ways, and codes whose wording of that
    year is not known.
    """
    for record in report.records:
        code, asked = record.row.code, record.row.question
        official = report.framework.question(code) if code else None
        if code is None or official is None or not asked or code[0] == "o":
            continue
        printed, wording = wording_skeleton(asked), wording_skeleton(official.text)
        if not wording or not printed or wording in printed:
            continue
        edits = Levenshtein.distance(printed, wording)
        sure = official.year == report.years.assessment
        alike = Levenshtein.normalized_similarity(printed, wording)
        if edits < MIN_EDITS or (not sure and alike < SAME_WORDING):
            continue
        yield Problem(
            f"the question of {code} differs from its official wording: "
            + differences(asked, official.text),
            (
                Said(page_list(record.row.pages), asked),
                Said(f"framework {official.year}", official.text),
            ),
            record.row.pages,
            code=code,
            field="question",
            suggestion=official.text,
            message_th=f"ข้อคำถามของ {code} ไม่ตรงกับถ้อยคำทางการ",
            places=asked_in(record),
        )


def differences(printed: str, official: str) -> str:
    """The words of two wordings that differ, as `printed for official`.

    >>> differences("ได้อย่างน้อยเพียงใด", "ได้มากน้อยเพียงใด")
    'อย่าง for มาก'
    """
    one, other = ([w for w in segment(t) if not w.isspace()] for t in (printed, official))
    parts = []
    for tag, a, b, c, d in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if tag != "equal":
            parts.append(f"{''.join(one[a:b]) or 'nothing'} for {''.join(other[c:d]) or 'nothing'}")
    return "; ".join(parts[:4])
