"""Checks between the documents of one archive: names, years, texts and scores that disagree."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import combinations, pairwise
from typing import NamedTuple

from audit.model import Finding, Problem, Said, stamp
from normalize.codes import wording_ratio, wording_skeleton
from normalize.model import Row
from normalize.places import NAME_ALIKE, look_alike_cost
from profiles.framework import framework_for, framework_years
from profiles.gazetteer import gazetteer

SCORE_JUMP = Decimal(25)
"""Points from one year to the next. The grades of the ITA are 5 to 15 points wide, so a change of
two grades or more in one question is rare enough to be looked at."""
SCORE_CHANGED = Decimal(2)
"""Points from which on a score has changed by more than rounding and the mood of respondents."""
MIN_LETTERS = 60
"""A shorter text says too little to be called copied."""
MIN_SCORES = 3
"""So many equal scores, and no other, are no accident."""
MIN_FITS = 3
"""So many questions in the wording of another year tell which year's framework was used."""
SAME_WORDING = 95.0


class Answer(NamedTuple):
    """What one row says, for comparing it with the same code of another year."""

    code: str
    score: Decimal | None
    text: int
    """A fingerprint of analysis, measures, result and steps without digits, signs and spaces."""
    letters: int
    """How many letters it is of."""
    asked: int = 0
    """A fingerprint of the question; 0 where it has none."""
    fits: tuple[int, ...] = ()
    """The assessed years in whose official wording the question is printed."""


@dataclass(frozen=True, slots=True)
class Abstract:
    """What is known of one document for comparing it with the others: 4 to 6 KB in memory."""

    document: str
    sha256: str
    agency: str | None
    province_code: str | None
    district_code: str | None
    fiscal_year: int | None
    assessment_year: int | None
    answers: tuple[Answer, ...] = ()

    @property
    def key(self) -> tuple[str, str, str]:
        """What names its agency."""
        return (self.province_code or "", self.district_code or "", self.agency or "")


def abstract_of(document: str, sha256: str, rows: Sequence[Row]) -> Abstract | None:
    """What to keep of a document's rows; None for one without rows."""
    if not rows:
        return None
    first = rows[0]
    return Abstract(
        document,
        sha256,
        first.agency,
        first.province_code,
        first.district_code,
        first.fiscal_year,
        first.assessment_year,
        tuple(answer_of(row) for row in rows if row.code),
    )


def answer_of(row: Row) -> Answer:
    texts = (row.analysis, row.measures, row.result, row.steps)
    text = letters_of(" ".join(text or "" for text in texts))
    question = letters_of(row.question or "")
    fits = tuple(
        year
        for year in framework_years()
        if (wording_ratio(row.code or "", row.question or "", framework_for(year)) or 0)
        >= SAME_WORDING
    )
    return Answer(
        row.code or "", row.score, fingerprint(text), len(text), fingerprint(question), fits
    )


def letters_of(text: str) -> str:
    """The letters of a text without digits, signs and marks, as they are compared."""
    return re.sub(r"\d+", "", wording_skeleton(text))


def fingerprint(letters: str) -> int:
    """64 bits that stand for a text in every run; 0 for none."""
    digest = hashlib.blake2b(letters.encode(), digest_size=8).digest()
    return int.from_bytes(digest) if letters else 0


Archive = Sequence[Abstract]
"""All documents with rows, ordered by name."""


def agency_variant(archive: Archive) -> Iterator[Problem]:
    """One agency stands under two names in different documents.

    Two official names, however much alike, and names of different provinces are left alone.
    """
    for official, unknown in variants(archive):
        yield Problem(
            f"{unknown[0].agency} may be {official[0].agency}",
            tuple(Said(a.document, a.agency or "") for a in (*unknown, *official[:3])),
            field="agency",
            suggestion=official[0].agency,
            message_th=f"{unknown[0].agency} อาจเป็น {official[0].agency}",
            documents=tuple(sorted(a.document for a in (*unknown, *official))),
        )


def variants(archive: Archive) -> Iterator[tuple[list[Abstract], list[Abstract]]]:
    """The documents of an agency, and those under a name that can only be a misreading of it."""
    by_province: dict[str, dict[tuple[str, str, str], list[Abstract]]] = defaultdict(dict)
    for abstract in archive:
        if abstract.agency and abstract.province_code:
            names = by_province[abstract.province_code]
            names.setdefault(abstract.key, []).append(abstract)
    for names in by_province.values():
        known = {key: is_official(found[0]) for key, found in names.items()}
        official = [key for key in sorted(names) if known[key]]
        for unknown in (key for key in sorted(names) if not known[key]):
            for one in official:
                districts = {one[1], unknown[1]} - {""}
                if len(districts) > 1 or one[2] == unknown[2]:
                    continue
                if look_alike_cost(one[2], unknown[2]) <= NAME_ALIKE:
                    yield names[one], names[unknown]


def is_official(abstract: Abstract) -> bool:
    """Whether a place of the province, and district, ends the agency's name."""
    name, district = abstract.agency or "", abstract.district_code
    return any(
        name.endswith(place.name) and (not district or place.district_code in ("", district))
        for place in gazetteer().places_of.get(abstract.province_code or "", ())
    )


def series(archive: Archive) -> Iterator[list[Abstract]]:
    """The documents of each agency, a misread name with its own, by year."""
    names = {u.key: o[0].key for o, unknown in variants(archive) for u in unknown}
    found: dict[tuple[str, str, str], list[Abstract]] = defaultdict(list)
    for abstract in archive:
        if abstract.agency and abstract.fiscal_year:
            found[names.get(abstract.key, abstract.key)].append(abstract)
    for key in sorted(found):
        yield sorted(found[key], key=lambda a: (a.fiscal_year or 0, a.document))


def report_repeated(archive: Archive) -> Iterator[Problem]:
    """Two documents are the report of one agency for one year.

    Reports of other years, and of an agency that no document names, are left alone.
    """
    for documents in series(archive):
        years: dict[int | None, list[Abstract]] = defaultdict(list)
        for abstract in documents:
            years[abstract.fiscal_year].append(abstract)
        for year, found in years.items():
            if len(found) < 2:
                continue
            codes = sorted({c for one, two in pairwise(found) for c in differing(one, two)})
            same = "with the same rows" if not codes else f"{len(codes)} of their rows differ"
            yield Problem(
                f"{len(found)} reports of {found[0].agency} for {year}, {same}",
                tuple(Said(a.document, f"{len(a.answers)} rows") for a in found),
                code=";".join(codes) or None,
                severity="warning" if codes else "info",
                message_th=f"มีรายงานของ {found[0].agency} ปี {year} จำนวน {len(found)} ฉบับ",
                documents=tuple(sorted(a.document for a in found)),
            )


def differing(one: Abstract, other: Abstract) -> set[str]:
    """The codes that only one of two documents has, or that they say different things of."""
    ours, theirs = (
        {a.code: (a.score, a.text) for a in abstract.answers} for abstract in (one, other)
    )
    return {code for code in {*ours, *theirs} if ours.get(code) != theirs.get(code)}


def report_missing(archive: Archive) -> Iterator[Problem]:
    """A year is missing between the first and the last report of an agency.

    Years before the first and after the last are left alone.
    """
    for documents in series(archive):
        years = sorted({a.fiscal_year for a in documents if a.fiscal_year})
        gaps = [y for y in range(years[0], years[-1]) if y not in years]
        if gaps:
            missing = ", ".join(map(str, gaps))
            yield Problem(
                f"no report of {documents[0].agency} for {missing}",
                tuple(Said(a.document, str(a.fiscal_year)) for a in documents),
                field="fiscal_year",
                suggestion=missing,
                severity="info",
                message_th=f"ไม่มีรายงานของ {documents[0].agency} ปี {missing}",
                documents=tuple(sorted(a.document for a in documents)),
            )


def years_on(archive: Archive) -> Iterator[tuple[Abstract, Abstract]]:
    """Each report with the one of the same agency for the year before."""
    for documents in series(archive):
        for one, other in combinations(documents, 2):
            if (other.fiscal_year or 0) - (one.fiscal_year or 0) == 1:
                yield one, other


def paired(one: Abstract, other: Abstract) -> Iterator[tuple[Answer, Answer]]:
    """What two reports say of each code that stands once in both."""
    ours: dict[str, list[Answer]] = defaultdict(list)
    theirs: dict[str, list[Answer]] = defaultdict(list)
    for found, abstract in ((ours, one), (theirs, other)):
        for answer in abstract.answers:
            found[answer.code].append(answer)
    for code, answers in ours.items():
        if len(answers) == 1 and len(theirs[code]) == 1:
            yield answers[0], theirs[code][0]


def text_copied(archive: Archive) -> Iterator[Problem]:
    """Texts of a row stand unchanged from the year before, while its score has changed.

    A score that moved by two points or less, a short text, and a row without scores are left alone.
    """
    for one, other in years_on(archive):
        cases = [
            (before, now)
            for before, now in paired(one, other)
            if before.text == now.text
            and now.letters >= MIN_LETTERS
            and before.score is not None
            and now.score is not None
            and abs(now.score - before.score) > SCORE_CHANGED
        ]
        yield from between(one, other, cases, "the text of the year before with another score",
                           "ข้อความเหมือนปีก่อนแต่คะแนนต่าง")  # fmt: skip


def score_copied(archive: Archive) -> Iterator[Problem]:
    """All scores of a report are those of the year before, while its texts are others.

    Some equal scores, or a report that repeats its texts as well, are left alone.
    """
    for one, other in years_on(archive):
        cases = [
            (before, now)
            for before, now in paired(one, other)
            if before.score is not None and now.score is not None
        ]
        changed = sum(before.text != now.text for before, now in cases)
        if (
            len(cases) >= MIN_SCORES
            and all(before.score == now.score for before, now in cases)
            and 2 * changed > len(cases)
        ):
            yield from between(one, other, cases, "all scores of the year before with other texts",
                               "คะแนนเหมือนปีก่อนทุกข้อแต่ข้อความต่าง")  # fmt: skip


def score_jump(archive: Archive) -> Iterator[Problem]:
    """A score jumps by more than 25 points from one year to the next.

    A code under which the other year's report asks another question, or none, is left alone.
    """
    for one, other in years_on(archive):
        cases = [
            (before, now)
            for before, now in paired(one, other)
            if before.score is not None
            and now.score is not None
            and abs(now.score - before.score) > SCORE_JUMP
            and asks_the_same(before, now)
        ]
        yield from between(one, other, cases, "a score that jumps", "คะแนนเปลี่ยนมาก")


def asks_the_same(before: Answer, now: Answer) -> bool:
    """Whether two reports print one question under a code, or both the same official wording."""
    same = before.asked == now.asked != 0
    return same or bool(set(before.fits) & set(now.fits))


def between(
    one: Abstract,
    other: Abstract,
    cases: Sequence[tuple[Answer, Answer]],
    what: str,
    what_th: str,
) -> Iterator[Problem]:
    """One finding for all codes of two reports."""
    if not cases:
        return
    codes = ";".join(now.code for _, now in cases)
    said = [
        Said(now.code, f"{one.fiscal_year}: {before.score}, {other.fiscal_year}: {now.score}")
        for before, now in cases
    ]
    yield Problem(
        f"{what}: {codes.replace(';', ', ')}",
        (Said(one.document, str(one.fiscal_year)), Said(other.document, str(other.fiscal_year)),
         *said),
        code=codes,
        field="score",
        message_th=f"{what_th}: {codes.replace(';', ', ')}",
        documents=tuple(sorted((one.document, other.document))),
    )  # fmt: skip


def framework_mismatch(archive: Archive) -> Iterator[Problem]:
    """The questions of a report are those of another year's framework than its own.

    A question that both years ask in one wording, or whose wording in its own year is not known,
    and one or two odd codes, are left alone.
    """
    for abstract in archive:
        if abstract.assessment_year is None:
            continue
        framework = framework_for(abstract.assessment_year)
        own = framework.year
        votes: dict[int, list[str]] = defaultdict(list)
        for answer in abstract.answers:
            asked = framework.question(answer.code)
            known = framework.has(answer.code) is False or (asked is not None and asked.text)
            if known and answer.fits and own not in answer.fits:
                for year in answer.fits:
                    votes[year].append(answer.code)
        fitting = sum(own in answer.fits and len(answer.fits) == 1 for answer in abstract.answers)
        best = max(sorted(votes), key=lambda year: len(votes[year]), default=None)
        if best is None or len(votes[best]) < MIN_FITS or len(votes[best]) <= 2 * fitting:
            continue
        yield Problem(
            f"the questions are those of {best}, the year assessed is {abstract.assessment_year}",
            (
                Said(abstract.document, f"assessed {abstract.assessment_year}"),
                Said(f"framework {best}", ", ".join(votes[best])),
            ),
            code=";".join(votes[best]),
            field="assessment_year",
            suggestion=str(best),
            message_th=f"ข้อคำถามเป็นของปี {best} แต่ปีที่ประเมินคือ {abstract.assessment_year}",
            documents=(abstract.document,),
        )


ArchiveCheck = Callable[[Archive], Iterator[Problem]]

ARCHIVE_CHECKS: tuple[ArchiveCheck, ...] = (
    agency_variant,
    report_repeated,
    report_missing,
    text_copied,
    score_copied,
    score_jump,
    framework_mismatch,
)


def audit_archive(abstracts: Iterable[Abstract]) -> tuple[Finding, ...]:
    """All findings between documents, in the order of ARCHIVE_CHECKS; they name no document, but
    all that are involved. The order of the abstracts does not matter."""
    archive = sorted(abstracts, key=lambda a: (a.document, a.sha256))
    return tuple(
        replace(stamp("", check.__name__, problem), pages=())
        for check in ARCHIVE_CHECKS
        for problem in check(archive)
    )
