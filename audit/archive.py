"""Checks between the documents of one archive: names, years, texts and scores that disagree."""

import hashlib
import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from itertools import accumulate, groupby, pairwise, product
from sys import intern
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
MOST_A_YEAR = 20
"""So many reports of one agency for one year are compared with each one of the next year. That
there are more is a finding of its own, and what has to be settled first."""

Key = tuple[str, str, str]
"""What names an agency: the codes of its province and district, and its name."""


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
    def key(self) -> Key:
        return (self.province_code or "", self.district_code or "", self.agency or "")

    @property
    def name(self) -> tuple[str, str]:
        """By which documents are ordered."""
        return (self.document, self.sha256)


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


@dataclass(frozen=True, slots=True)
class Archive:
    """All documents with rows, counted from 0 in the order of their names and hashes.

    It holds who and when, some 60 bytes a document and 300 an agency; all else is loaded when
    it is asked for.
    """

    abstracts: Sequence[Abstract]
    order: Sequence[int]
    """Where in `abstracts` each document stands."""
    years: Sequence[int]
    """The fiscal years, as in `abstracts`; 0 for none."""
    agencies: Sequence[Key]
    """Those that a document names, sorted."""
    by_agency: Sequence[int]
    """The documents of the first agency, then those of the second, and so on."""
    starts: Sequence[int]
    """Where in `by_agency` those of each agency begin, and where the last ones end."""
    misfits: Sequence[int]
    """The documents that ask the questions of another year."""
    variants: Sequence[tuple[int, int]] = ()
    """Agencies, each with one whose name can only be a misreading of it."""

    def __getitem__(self, document: int) -> Abstract:
        return self.abstracts[self.order[document]]

    def year(self, document: int) -> int:
        return self.years[self.order[document]]

    def documents_of(self, agency: int) -> Sequence[int]:
        return self.by_agency[self.starts[agency] : self.starts[agency + 1]]


def archive_of(abstracts: Sequence[Abstract]) -> Archive:
    """Load each abstract once, and again for its name where they are not in order."""
    numbers: dict[Key, int] = {}
    owners, misfits = array("l"), array("B")
    years: list[int] = []
    known: dict[int, int] = {}
    last, is_ordered = ("", ""), True
    for one in abstracts:
        is_ordered, last = is_ordered and last <= one.name, one.name
        province, district, name = one.key
        key = (intern(province), intern(district), name)
        owners.append(numbers.setdefault(key, len(numbers)) if name else -1)
        year = one.fiscal_year or 0
        years.append(known.setdefault(year, year))
        misfits.append(misfit(one) is not None)
    order: Sequence[int] = range(len(years))
    if not is_ordered:
        order = array("L", sorted(order, key=lambda place: abstracts[place].name))
    agencies = sorted(numbers)
    rank = array("L", [0]) * len(agencies)
    counts = [0] * len(agencies)
    for number, key in enumerate(agencies):
        rank[numbers[key]] = number
    named = (n for n, place in enumerate(order) if owners[place] >= 0)
    by_agency = sorted(named, key=lambda n: rank[owners[order[n]]])
    for n in by_agency:
        counts[rank[owners[order[n]]]] += 1
    archive = Archive(
        abstracts,
        order,
        years,
        agencies,
        array("L", by_agency),
        array("L", accumulate(counts, initial=0)),
        array("L", (n for n, place in enumerate(order) if misfits[place])),
    )
    return replace(archive, variants=tuple(variants(archive)))


def agency_variant(archive: Archive) -> Iterator[Problem]:
    """One agency stands under two names in different documents.

    Two official names, however much alike, and names of different provinces are left alone.
    """
    for official, unknown in archive.variants:
        name, read = archive.agencies[official][2], archive.agencies[unknown][2]
        theirs = [archive[n].document for n in archive.documents_of(unknown)]
        ours = [archive[n].document for n in archive.documents_of(official)]
        yield Problem(
            f"{read} may be {name}",
            (*(Said(one, read) for one in theirs), *(Said(one, name) for one in ours[:3])),
            field="agency",
            suggestion=name,
            message_th=f"{read} อาจเป็น {name}",
            documents=tuple(sorted((*theirs, *ours))),
        )


def variants(archive: Archive) -> Iterator[tuple[int, int]]:
    """Agencies, each with one whose name can only be a misreading of it."""
    by_province: dict[str, list[int]] = defaultdict(list)
    for agency, (province, _, _) in enumerate(archive.agencies):
        if province:
            by_province[province].append(agency)
    first = {
        province: min(archive.documents_of(agency)[0] for agency in found)
        for province, found in by_province.items()
    }
    for province in sorted(first, key=first.__getitem__):
        found = by_province[province]
        official = [agency for agency in found if is_official(archive.agencies[agency])]
        for unknown in sorted({*found} - {*official}):
            for one in official:
                if may_be(archive.agencies[unknown], archive.agencies[one]):
                    yield one, unknown


def is_official(agency: Key) -> bool:
    """Whether a place of the province, and district, ends the agency's name."""
    province, district, name = agency
    return any(
        name.endswith(place.name) and (not district or place.district_code in ("", district))
        for place in gazetteer().places_of.get(province, ())
    )


def may_be(unknown: Key, official: Key) -> bool:
    """Whether a name can be a misreading of the other one of its province."""
    districts = {unknown[1], official[1]} - {""}
    if len(districts) > 1 or unknown[2] == official[2]:
        return False
    return look_alike_cost(official[2], unknown[2], limit=2 * NAME_ALIKE) <= NAME_ALIKE


def series(archive: Archive) -> Iterator[list[list[int]]]:
    """The documents of each agency, a misread name with its own: a list a year, in order."""
    misread = {unknown: official for official, unknown in archive.variants}
    others: dict[int, list[int]] = defaultdict(list)
    for unknown, official in misread.items():
        others[official].append(unknown)
    for agency in range(len(archive.agencies)):
        if agency not in misread:
            names = (agency, *others[agency]) if agency in others else (agency,)
            dated = (n for name in names for n in archive.documents_of(name) if archive.year(n))
            found = sorted(dated, key=lambda n: (archive.year(n), n))
            yield [list(of) for _, of in groupby(found, key=archive.year)]


def report_repeated(archive: Archive) -> Iterator[Problem]:
    """Two documents are the report of one agency for one year.

    Reports of other years, and of an agency that no document names, are left alone.
    """
    for years in series(archive):
        for documents in years:
            if len(documents) > 1:
                yield repeated(map(archive.__getitem__, documents))


def repeated(reports: Iterator[Abstract]) -> Problem:
    """One problem for all reports of an agency and year, of which two are held at a time."""
    first = last = next(reports)
    said, codes = [said_of(first)], set[str]()
    for report in reports:
        said.append(said_of(report))
        codes |= differing(last, report)
        last = report
    same = "with the same rows" if not codes else f"{len(codes)} of their rows differ"
    return Problem(
        f"{len(said)} reports of {first.agency} for {first.fiscal_year}, {same}",
        tuple(said),
        code=";".join(sorted(codes)) or None,
        severity="warning" if codes else "info",
        message_th=f"มีรายงานของ {first.agency} ปี {first.fiscal_year} จำนวน {len(said)} ฉบับ",
        documents=tuple(sorted(one.where for one in said)),
    )


def said_of(report: Abstract) -> Said:
    return Said(report.document, f"{len(report.answers)} rows")


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
    for years in series(archive):
        there = [archive.year(documents[0]) for documents in years]
        gaps = [year for one, next_ in pairwise(there) for year in range(one + 1, next_)]
        if gaps:
            missing = ", ".join(map(str, gaps))
            reports = (archive[n] for documents in years for n in documents)
            first = archive[years[0][0]].agency
            said = tuple(Said(a.document, str(a.fiscal_year)) for a in reports)
            yield Problem(
                f"no report of {first} for {missing}",
                said,
                field="fiscal_year",
                suggestion=missing,
                severity="info",
                message_th=f"ไม่มีรายงานของ {first} ปี {missing}",
                documents=tuple(sorted(one.where for one in said)),
            )


def years_on(archive: Archive) -> Iterator[tuple[Abstract, Abstract]]:
    """Each report with the one of the same agency for the year before; two years are loaded."""
    for years in series(archive):
        loaded: tuple[int, list[Abstract]] = (0, [])
        for ours, theirs in pairwise(years):
            before, now = archive.year(ours[0]), archive.year(theirs[0])
            if now - before == 1:
                earlier = loaded[1] if loaded[0] == before else load_some(archive, ours)
                loaded = (now, load_some(archive, theirs))
                yield from product(earlier, loaded[1])


def load_some(archive: Archive, documents: Sequence[int]) -> list[Abstract]:
    return [archive[document] for document in documents[:MOST_A_YEAR]]


def paired(one: Abstract, other: Abstract) -> Iterator[tuple[Answer, Answer]]:
    """What two reports say of each code that stands once in both."""
    theirs = standing_once(other)
    for code, answer in standing_once(one).items():
        if code in theirs:
            yield answer, theirs[code]


def standing_once(abstract: Abstract) -> dict[str, Answer]:
    """The answers by their codes, without those that stand there again."""
    found = {answer.code: answer for answer in abstract.answers}
    if len(found) < len(abstract.answers):
        counts = Counter(answer.code for answer in abstract.answers)
        found = {code: answer for code, answer in found.items() if counts[code] == 1}
    return found


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
    for document in archive.misfits:
        abstract = archive[document]
        year, codes = misfit(abstract) or (0, ())
        yield Problem(
            f"the questions are those of {year}, the year assessed is {abstract.assessment_year}",
            (
                Said(abstract.document, f"assessed {abstract.assessment_year}"),
                Said(f"framework {year}", ", ".join(codes)),
            ),
            code=";".join(codes),
            field="assessment_year",
            suggestion=str(year),
            message_th=f"ข้อคำถามเป็นของปี {year} แต่ปีที่ประเมินคือ {abstract.assessment_year}",
            documents=(abstract.document,),
        )


def misfit(abstract: Abstract) -> tuple[int, Sequence[str]] | None:
    """The year that a report's questions are of, and their codes, where it is not its own."""
    if abstract.assessment_year is None:
        return None
    own = framework_for(abstract.assessment_year).year
    votes: dict[int, list[str]] = defaultdict(list)
    fitting = 0
    for answer in abstract.answers:
        if own in answer.fits:
            fitting += len(answer.fits) == 1
        elif answer.fits and is_known(own, answer.code):
            for year in answer.fits:
                votes[year].append(answer.code)
    best = max(sorted(votes), key=lambda year: len(votes[year]), default=None)
    if best is None or len(votes[best]) < MIN_FITS or len(votes[best]) <= 2 * fitting:
        return None
    return best, votes[best]


@cache
def is_known(year: int, code: str) -> bool:
    """Whether it is known what a code asks in a year, or that it asks nothing."""
    framework = framework_for(year)
    asked = framework.question(code)
    return framework.has(code) is False or (asked is not None and asked.text != "")


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


def archive_findings(abstracts: Sequence[Abstract]) -> Iterator[Finding]:
    """All findings between documents, in the order of ARCHIVE_CHECKS; they name no document, but
    all that are involved. The order of the abstracts does not matter.

    Abstracts are asked for again and again; what is held is little, whatever there is of them.
    """
    archive = archive_of(abstracts)
    for check in ARCHIVE_CHECKS:
        for problem in check(archive):
            yield replace(stamp("", check.__name__, problem), pages=())
