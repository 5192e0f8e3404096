"""What is wrong with the numbers of rows: scores, references, times."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from audit.evidence import cells_of, codes_of, pages_of, physical_rows
from audit.model import Problem, Said, page_list
from normalize.periods import outside, quarter
from normalize.report import Record, Report

SCORED = ("result", "analysis", "score")


def score_range(report: Report) -> Iterator[Problem]:
    """A score lies outside of 0-100; the row carries none.

    A number of people, a year or a share of something else is left alone.
    """
    low, high = report.framework.score_range
    for records in physical_rows(report):
        seen: set[str] = set()
        for record in records:
            for mention in record.score.mentions:
                out = mention.reason == "out_of_range"
                if not out or mention.value is None or mention.phrase in seen:
                    continue
                seen.add(mention.phrase)
                places = cells_of(record.physical, mention.field)
                yield Problem(
                    f"a score of {mention.value} is not within {low}-{high}",
                    (Said(page_list(pages_of(places)), mention.phrase),),
                    pages_of(places) or record.row.pages,
                    code=codes_of(records),
                    field="score",
                    severity="error",
                    message_th=f"คะแนน {mention.value} อยู่นอกช่วง {low}-{high}",
                    places=places,
                )


def score_conflict(report: Report) -> Iterator[Problem]:
    """Two scores are stated for one code; the row carries none.

    The score of the year before, the full score, and the score of another code are left alone.
    """
    for records in physical_rows(report):
        conflicting = [r for r in records if r.score.reason == "conflict"]
        seen: set[tuple[str, ...]] = set()
        for record in conflicting:
            stated = [m for m in record.score.mentions if m.reason == "stated"]
            key = tuple(m.phrase for m in stated)
            if key in seen:
                continue
            seen.add(key)
            places = cells_of(record.physical, *dict.fromkeys(m.field for m in stated))
            values = dict.fromkeys(str(m.value) for m in stated)
            yield Problem(
                f"two scores for one code: {' and '.join(values)}",
                tuple(Said(page_list(pages_of(places)), m.phrase) for m in stated),
                pages_of(places) or record.row.pages,
                code=codes_of(conflicting),
                field="score",
                severity="error",
                message_th=f"มีคะแนนสองค่า: {' และ '.join(values)}",
                places=places,
            )
    for code, found in scores_by_code(report).items():
        if len({record.row.score for record in found}) > 1:
            values = dict.fromkeys(str(record.row.score) for record in found)
            yield Problem(
                f"rows of {code} state different scores: {' and '.join(values)}",
                tuple(Said(page_list(r.row.pages), str(r.row.score)) for r in found),
                tuple(sorted({page for record in found for page in record.row.pages})),
                code=code,
                field="score",
                severity="error",
                message_th=f"แถวของ {code} มีคะแนนต่างกัน: {' และ '.join(values)}",
                places=tuple(p for r in found for p in cells_of(r.physical, *SCORED)),
            )


def scores_by_code(report: Report) -> dict[str, list[Record]]:
    """The rows that state a score, by their code."""
    found: dict[str, list[Record]] = defaultdict(list)
    for record in report.records:
        if record.row.code is not None and record.row.score is not None:
            found[record.row.code].append(record)
    return found


def reference_unknown(report: Report) -> Iterator[Problem]:
    """A text refers to a code that the year's framework does not have.

    A code of a year whose count is not known for certain is left alone.
    """
    for records in physical_rows(report):
        cases: dict[str, list[Record]] = defaultdict(list)
        for record in records:
            for code in record.references.unknown:
                cases[code].append(record)
        for code, some in cases.items():
            fields = ("analysis", "measures", "result", "steps")
            places = cells_of(some[0].physical, *fields)
            yield Problem(
                f"{code} is no code of the framework of {report.framework.year}",
                (Said(page_list(some[0].row.pages), code),),
                some[0].row.pages,
                code=codes_of(some),
                field="references",
                message_th=f"ไม่มีรหัส {code} ในกรอบการประเมินปี {report.framework.year}",
                places=places,
            )


MANY_STRAYS = 4
"""From so many timeframes of one other year on, most of a report's, they are told at once."""


def shared_year(rows: Sequence[tuple[Record, ...]]) -> int | None:
    """The one fiscal year in which all timeframes of some rows lie; None where there is none."""
    days = [
        day
        for records in rows
        if records[0].period is not None
        for day in (records[0].period.start, records[0].period.end)
        if day is not None
    ]
    years = {day.year + 543 + (day.month >= 10) for day in days}
    return years.pop() if len(years) == 1 else None


def period_outside_year(report: Report) -> Iterator[Problem]:
    """A timeframe does not lie in the fiscal year of the plan.

    A timeframe without a date, or one that could not be read, is left alone. Most timeframes of a
    report in one other year are one finding.
    """
    fiscal = report.years.fiscal
    if fiscal is None:
        return
    first, last = quarter(fiscal, 1, 4)
    dated = [
        records
        for records in physical_rows(report)
        if records[0].period is not None and (records[0].period.start or records[0].period.end)
    ]
    strays = [records for records in dated if outside(records[0].period, fiscal)]
    other = shared_year(strays)
    if other is not None and len(strays) >= MANY_STRAYS and 2 * len(strays) > len(dated):
        found = [record for records in strays for record in records]
        pages = sorted({page for record in found for page in record.row.pages})
        yield Problem(
            f"{len(strays)} of {len(dated)} timeframes lie in the fiscal year {other}, "
            f"not in {fiscal}",
            tuple(
                Said(page_list(r[0].physical.pages), r[0].row.timeframe or "") for r in strays[:12]
            ),
            tuple(pages),
            code=codes_of(found),
            field="timeframe",
            suggestion=str(other),
            message_th=f"ระยะเวลา {len(strays)} จาก {len(dated)} แถว"
            f"อยู่ในปีงบประมาณ {other} ไม่ใช่ {fiscal}",
            places=tuple(place for r in strays for place in cells_of(r[0].physical, "timeframe")),
        )
        return
    for records in strays:
        places = cells_of(records[0].physical, "timeframe")
        yield Problem(
            f"{records[0].row.timeframe} does not lie in the fiscal year {fiscal} "
            f"({first} to {last})",
            (Said(page_list(pages_of(places)), records[0].row.timeframe or ""),),
            pages_of(places),
            code=codes_of(records),
            field="timeframe",
            message_th=f"ระยะเวลา {records[0].row.timeframe} ไม่อยู่ในปีงบประมาณ {fiscal}",
            places=places,
        )
