"""The fiscal year that a report plans for and the year that was assessed, from all its pages."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from normalize.numerals import thai_digits

YEAR = re.compile(r"(?<!\d)(25[5-9]\d|[67]\d)(?!\d|[.,]\d)")
BEFORE_YEAR = re.compile(r"(?:ปี|พ\.\s?ศ\.?|พศ\.?)\s*(?:งบประมาณ)?\s*(?:พ\.?\s?ศ\.?)?\s*$")


@dataclass(frozen=True, slots=True)
class YearSaid:
    """A year that one page states, and where: `title`, `timeframe`, or a header's kind of year."""

    page: int
    year: int
    where: str
    text: str


@dataclass(frozen=True, slots=True)
class Years:
    """Both years of a report; `inferred` names those that no page states."""

    fiscal: int | None
    assessment: int | None
    said: tuple[YearSaid, ...] = ()
    inferred: tuple[str, ...] = ()


def find_years(text: str) -> tuple[int, ...]:
    """Years of the Buddhist era that a title or header states, in order.

    >>> find_years("ในปีงบประมาณ พ.ศ.๒๕๖๙ (ผลการประเมินปี 2568)")
    (2569, 2568)
    >>> find_years("ปีงบประมาณ ๖๙ (ปี 68)")
    (2569, 2568)
    >>> find_years("โทร. 2567 1234, หน้า 2565, ปีละ 60 ครั้ง")
    ()
    """
    digits = thai_digits(text)
    found = []
    for match in YEAR.finditer(digits):
        if BEFORE_YEAR.search(digits[max(match.start() - 24, 0) : match.start()]):
            year = int(match.group(1))
            found.append(year if year > 100 else 2500 + year)
    return tuple(found)


def say_years(page: int, where: str, text: str) -> tuple[YearSaid, ...]:
    """The years of one title or header, as said by its page."""
    shown = " ".join(text.split())
    return tuple(YearSaid(page, year, where, shown) for year in find_years(text))


def settle_years(said: Sequence[YearSaid]) -> Years:
    """Decide both years by the votes of the pages.

    The header over the analysis states the assessed year; titles state the year of the plan, or
    both, the plan's being the later. A year that nobody states lies one year from the other.

    >>> settle_years([YearSaid(2, 2569, "title", ""), YearSaid(2, 2568, "assessment", "")]).fiscal
    2569
    >>> settle_years([YearSaid(1, 2569, "title", "")])
    Years(fiscal=2569, assessment=2568, said=(YearSaid(page=1, year=2569, where='title', \
text=''),), inferred=('assessment',))
    """
    headed = Counter(s.year for s in said if s.where == "assessment")
    planned = Counter(s.year for s in said if s.where == "fiscal")
    titled = Counter(s.year for s in said if s.where == "title")
    inferred: list[str] = []
    assessment = winner(headed)
    fiscal = winner(planned)
    if fiscal is None:
        later = Counter({y: n for y, n in titled.items() if assessment is None or y > assessment})
        fiscal = winner(later)
        timed = winner(Counter(s.year for s in said if s.where == "timeframe"))
        if timed is not None and assessment is None and fiscal == timed - 1 and len(later) == 1:
            # the title names the year assessed, the timeframes the year of the plan
            return Years(timed, fiscal, tuple(said), ("fiscal",))
        if fiscal is None and timed is not None and assessment is None:
            fiscal = timed
            inferred.append("fiscal")
        if fiscal is not None and assessment is None and later[fiscal - 1]:
            assessment = fiscal - 1
        elif fiscal is not None and assessment is None and later[fiscal + 1] * 2 > later[fiscal]:
            fiscal, assessment = fiscal + 1, fiscal
    if fiscal is None and assessment is not None:
        fiscal = assessment + 1
        inferred.append("fiscal")
    elif assessment is None and fiscal is not None:
        assessment = fiscal - 1
        inferred.append("assessment")
    return Years(fiscal, assessment, tuple(said), tuple(inferred))


def winner(votes: Counter[int]) -> int | None:
    """The year with most votes, the later of equals."""
    return max(votes, key=lambda year: (votes[year], year)) if votes else None
