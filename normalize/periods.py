"""When a measure is carried out: the words of the timeframe column to dates.

A fiscal year Y of the Buddhist era is 1 October Y-544 to 30 September Y-543, and its quarters begin
in October. All readers work on `close_up` text: no white space but between two digits.
"""

import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache, lru_cache
from itertools import pairwise
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein
from rapidfuzz.fuzz import partial_ratio_alignment

from normalize.numerals import close_up, thai_digits
from normalize.trace import Step
from normalize.units import read_units
from profiles.vocabulary import vocabulary

ERA = 543
YEARS = range(2540, 2600)
"""Years of the Buddhist era that a report can mean; others are misread."""


@dataclass(frozen=True, slots=True)
class Period:
    """What a timeframe says. Both dates None: it states a period that could not be read."""

    start: date | None
    end: date | None
    """Both inclusive. A deadline has no start, an open beginning no end."""
    years: tuple[int, ...]
    """The years that the text names, Buddhist era, as printed: of a fiscal or a calendar year."""
    rule: str
    certain: bool
    steps: tuple[Step, ...] = ()


class Mention(NamedTuple):
    """One reading of one stretch of the closed-up text."""

    begin: int
    stop: int
    period: Period


# ---------------------------------------------------------------------------- years
LOOSE_YEAR = r"(?:ป[ีิืั๊้]?งบ(?:ประ?ม?า?ณ?)?ฯ?|งบประมาณ|(?:ปี)?งปม\.?|ประจำปี|ป[ีิื]|F\.?Y\.?)"
"""ปีงบประมาณ as it is printed, abbreviated, or with a mark or letters lost."""
YEAR_WORD = rf"(?:{LOOSE_YEAR}|พ\.?ศ\.?|ค\.?ศ\.?|ของ|ใน|ประจำ|/)"
YEAR = re.compile(rf"({YEAR_WORD}*) ?(\d{{4}})(?!\d)")
FISCAL = re.compile(r"งบ|งปม|F\.?Y")
SEP = r"(?: ?(?:-|–|—|−|‐|‑|~|ถึง|จนถึง|ไปจนถึง|to)(?:สิ้น)? ?)"


def year_of(digits: str) -> int | None:
    """A printed year as one of the Buddhist era; a Gregorian one is 543 less.

    >>> year_of("2568"), year_of("2025"), year_of("68"), year_of("2969")
    (2568, 2568, 2568, None)
    """
    number = int(digits)
    if len(digits) == 2:
        number += 2500
    for year in (number, number + ERA):
        if year in YEARS:
            return year
    return None


@cache
def quarter(year: int, first: int, last: int) -> tuple[date, date]:
    """The first and last day of some quarters of a fiscal year of the Buddhist era.

    >>> [str(day) for day in quarter(2565, 2, 2)]
    ['2022-01-01', '2022-03-31']
    """
    begin = vocabulary().fiscal_year.first_month
    starts = [divmod(12 * (year - ERA - 1) + begin - 1 + 3 * q, 12) for q in (first - 1, last)]
    start, after = (date(y, month + 1, 1) for y, month in starts)
    return start, after - timedelta(days=1)


def fiscal_year_of(day: date) -> int:
    """The fiscal year, Buddhist era, that a day lies in.

    >>> fiscal_year_of(date(2025, 9, 30)), fiscal_year_of(date(2025, 10, 1))
    (2568, 2569)
    """
    return day.year + ERA + (day.month >= vocabulary().fiscal_year.first_month)


def unread(rule: str, years: tuple[int, ...] = ()) -> Period:
    return Period(None, None, years, rule, certain=False)


# ---------------------------------------------------------------------------- days and months
def loose(name: str) -> str:
    """A pattern for a word whose marks may be lost or misread."""
    return re.sub(r"[ัิ-ฺ็-๎]+", "[ัิ-ฺ็-๎]*", name)


def short(name: str, follows: str) -> str:
    """A pattern for an abbreviation: the dots may be lost where a year or a range's dash follows.

    >>> [name for name in ("ม.ค.", "ม.ค", "มค") if re.fullmatch(short("ม.ค.", "$"), name)]
    ['ม.ค.', 'ม.ค', 'มค']
    """
    letters = [part for part in name.split(".") if part]
    dotted = r"[.,]".join(letters) + r"[.,]?"
    return rf"{dotted}|{''.join(letters)}(?:\.|(?={follows}))"


def month_patterns(follows: str) -> dict[str, int]:
    """Every way to write a month, with its number."""
    return {
        "|".join((loose(m.name), *m.english, short(m.short, follows))): m.number
        for m in vocabulary().months
    }


@cache
def month_numbers() -> tuple[tuple[re.Pattern[str], int], ...]:
    """For each month, how its name is written when nothing else is in the text."""
    return tuple(
        (re.compile(written, re.IGNORECASE), number)
        for written, number in month_patterns("$").items()
    )


@cache
def date_patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Two ends of a range, one end, and a word that a month's name stands in the text."""
    months = "|".join(month_patterns(r" ?\d\d"))
    first_months = "|".join(month_patterns(rf" ?\d\d|{SEP}"))

    def end(n: int, guard: str = "", named: str = months) -> str:
        return (
            rf"(?:วันที่|วัน)?(?P<d{n}>(?<![\d./]){guard}\d{{1,2}})?(?:เดือน|ของ)*(?P<m{n}>{named})"
            rf"(?P<w{n}>{YEAR_WORD}*) ?(?P<y{n}>\d{{4}}(?!\d)|\d\d(?![\d.]))?"
        )

    counted = "".join(f"(?<!{word})" for word in COUNTED)
    guard = counted + r"(?<!\d[-–])"
    numeric = r"(?<!\d)(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d\d)(?!\d)"
    numeric += r"|(?<!\d)(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)(?!\d)"
    days = rf"(?:วันที่)?(?P<d0>(?<!\d){counted}\d{{1,2}}){SEP}"
    days += rf"(?:วันที่)?(?=\d{{1,2}} ?(?:เดือน)?(?:{months}))"
    ranged = rf"(?:{days}|(?:{end(1, guard, first_months)}){SEP})(?:เดือน)?{end(2)}"
    flags = re.IGNORECASE
    return (re.compile(ranged, flags), re.compile(end(1, guard), flags), re.compile(numeric))


COUNTED = ("รอบที่", "รอบ", "ครั้งที่", "ระยะที่", "งวดที่", "ช่วงที่", "มาสที่", "มาส")
"""A number behind one of these is no day, even before a month."""


def month_of(name: str) -> int:
    return next(number for pattern, number in month_numbers() if pattern.fullmatch(name.strip()))


def calendar_year(month: int, year: int, words: str) -> int:
    """The Gregorian year of a month; after the word ปีงบประมาณ the year is a fiscal one."""
    before = FISCAL.search(words) and month >= vocabulary().fiscal_year.first_month
    return year - ERA - (1 if before else 0)


def day(year: int, month: int, number: str | None, *, last: bool) -> date | None:
    """A day, or the first or last one of its month; None where the calendar has none such."""
    in_month = monthrange(year, month)[1]
    given = int(number) if number else (in_month if last else 1)
    return date(year, month, given) if 1 <= given <= in_month else None


def date_ranges(text: str, year: int | None) -> Iterator[Mention]:
    """Two days or two months with a dash or ถึง between them."""
    if not DATE_WORD.search(text):
        return
    for match in date_patterns()[0].finditer(text):
        part = match.groupdict()
        month2 = month_of(part["m2"])
        month1 = month_of(part["m1"]) if part["m1"] else month2
        day1 = part["d1"] if part["m1"] else part["d0"]
        printed = tuple(part[y] and year_of(part[y]) for y in ("y1", "y2"))
        named = tuple(y for y in printed if y)
        rule = "date_range" if day1 or part["d2"] else "month_range"
        if any(part[y] and not known for y, known in zip(("y1", "y2"), printed, strict=True)):
            yield Mention(*match.span(), unread("impossible_year", named))
            continue
        ends = two_years(month1, month2, part, printed, year)
        first = day(ends[0], month1, day1, last=False) if ends else None
        last = day(ends[1], month2, part["d2"], last=True) if ends else None
        if first and last and first <= last:
            yield Mention(*match.span(), Period(first, last, named, rule, certain=True))
        else:
            why = "impossible_date" if ends else "no_year"
            yield Mention(*match.span(), unread(why, named))


def two_years(
    month1: int,
    month2: int,
    part: dict[str, str | None],
    printed: tuple[int | str | None, ...],
    year: int | None,
) -> tuple[int, int] | None:
    """The Gregorian years of both ends; the one that is not printed follows from the other."""
    year1, year2 = printed
    if not isinstance(year1, int) and not isinstance(year2, int):
        if year is None:
            return None
        start = calendar_year(month1, year, "งบ")
        return start, start + (month2 < month1)
    words2 = part["w2"] or ""
    if FISCAL.search(words2) and isinstance(year2, int) and not isinstance(year1, int):
        return calendar_year(month1, year2, words2), calendar_year(month2, year2, words2)
    first = calendar_year(month1, year1, part["w1"] or "") if isinstance(year1, int) else None
    last = calendar_year(month2, year2, words2) if isinstance(year2, int) else None
    if last is None and first is not None:
        last = first + (month2 < month1)
    if first is None and last is not None:
        first = last - (month2 < month1)
    return (first, last) if first is not None and last is not None else None


DATE_WORD = re.compile(
    r"[คย][มน]|พันธ|[ก-ฮ][ิี]?[.,]?[คยพ](?:[., ถ~‑‐−–—-]|\d|$)|[A-Za-z]{3}|\d[/.-]\d"
)
DEADLINE = re.compile(r"(?:ภายใน|ไม่เกิน|ให้เสร็จ|แล้วเสร็จ|จนถึง|ถึง)(?:สิ้น)?(?:วันที่|เดือน|สิ้นเดือน|ใน)*$")
BEFORE = re.compile(r"ก่อน(?:สิ้น)?(?:วันที่|เดือน)*$")
FROM = re.compile(r"(?:ตั้งแต่|เริ่ม(?:ต้น)?(?:ดำเนินการ)?(?:ใน|เมื่อ)?)(?:วันที่|เดือน|ต้นเดือน)*$")
ONWARD = re.compile(r"เป็นต้นไป")


def single_dates(text: str, year: int | None) -> Iterator[Mention]:
    """One day or one month: itself, a deadline, or a beginning, by the words around it."""
    if not DATE_WORD.search(text):
        return
    for match in date_patterns()[1].finditer(text):
        part = match.groupdict()
        month = month_of(part["m1"])
        printed = year_of(part["y1"]) if part["y1"] else None
        named = (printed,) if printed else ()
        if part["y1"] and not printed:
            yield Mention(*match.span(), unread("impossible_year"))
            continue
        if printed is None and year is None:
            yield Mention(*match.span(), unread("no_year"))
            continue
        words = part["w1"] or ""
        at = (
            calendar_year(month, printed, words)
            if printed
            else calendar_year(month, year or 0, "งบ")
        )
        first = day(at, month, part["d1"], last=False)
        last = day(at, month, part["d1"], last=True)
        yield Mention(*match.span(), bounded(text, match.start(), match.end(), first, last, named))
    for match in date_patterns()[2].finditer(text):
        number, _, month_digits, year_digits, *iso = match.groups()
        if iso[0]:
            year_digits, month_digits, number = iso
        printed = year_of(year_digits)
        month = int(month_digits)
        known = printed is not None and 1 <= month <= 12
        at_day = day((printed or 0) - ERA, month, number, last=False) if known else None
        named = (printed,) if printed else ()
        yield Mention(
            *match.span(), bounded(text, match.start(), match.end(), at_day, at_day, named)
        )


def bounded(
    text: str, begin: int, stop: int, first: date | None, last: date | None, named: tuple[int, ...]
) -> Period:
    """One day or month as the words before and after it bound it."""
    if first is None or last is None:
        return unread("impossible_date", named)
    before = text[max(0, begin - 24) : begin]
    if BEFORE.search(before):
        return unread("before_date", named)
    if DEADLINE.search(before):
        within = first if first != last else None
        return Period(within, last, named, "deadline", certain=False)
    if FROM.search(before) or ONWARD.match(text, stop):
        return Period(first, None, named, "beginning", certain=False)
    rule = "day" if first == last else "month"
    return Period(first, last, named, rule, certain=rule == "month")


BETWEEN = re.compile(SEP)


def joined(found: list[Mention], text: str) -> list[Mention]:
    """Two numeric days, or two quarters with their years, with a dash between them: one range."""
    ranges = []
    for one, two in pairwise(found):
        a, b = one.period, two.period
        if BETWEEN.fullmatch(text[one.stop : two.begin]) and a.start and b.end:
            rule = "date_range" if a.rule == "day" else a.rule
            sure = (a.certain and b.certain) or a.rule == b.rule == "day"
            period = Period(a.start, b.end, (*a.years, *b.years), rule, sure)
            good = a.start <= b.end and a.rule in ("day", "quarters") and b.rule == a.rule
            ranges.append(
                Mention(one.begin, two.stop, period if good else unread("several", period.years))
            )
    return [m for m in found if not any(overlap(m, r) for r in ranges)] + ranges


# ---------------------------------------------------------------------------- quarters and halves
QUARTER_WORD = r"(?:[ไใโ]ต[รธ]ม[าำ]?[สศล](?:ที่|ที|ที๋|ที้)?|(?<![A-Za-z])Q)"
LINK = r"(?: |,|และ|กับ|-|–|—|−|‐|‑|~|ถึง|/)+"
QUARTERS = re.compile(
    rf"{QUARTER_WORD} ?(?:(\d)(?!\d)((?:{LINK}{QUARTER_WORD}?(?:\d)(?![\d.]))*)|(แรก|สุดท้าย))",
    re.IGNORECASE,
)
TO = re.compile(r"-|–|—|−|‐|‑|~|ถึง")
TAIL_YEAR = re.compile(rf"(?:/|ของ|ใน|\(|ประจำ)*({YEAR_WORD}*) ?(\d{{4}})(?!\d)")
HEAD_YEAR = re.compile(rf"{YEAR_WORD}* ?(\d{{4}})[,(/:ใน]*$")
HALVES = re.compile(r"(?<!\d)(3|6|9|หก|สาม|เก้า) ?เดือน(แรก|หลัง)|ครึ่งปี(?:งบประมาณ)?(แรก|หลัง)")
MONTHS_OF = {"3": 1, "สาม": 1, "6": 2, "หก": 2, "9": 3, "เก้า": 3}


def near_year(text: str, begin: int, stop: int) -> tuple[int, int, str | None]:
    """The year that stands right behind or before a stretch, and the stretch with it."""
    if tail := TAIL_YEAR.match(text, stop):
        return begin, tail.end(), tail[2]
    if head := HEAD_YEAR.search(text, max(0, begin - 60), begin):
        return head.start(), stop, head[1]
    return begin, stop, None


def in_year(
    begin: int, stop: int, digits: str | None, year: int | None, first: int, last: int, rule: str
) -> Mention:
    """Some quarters of the year that is printed with them, or of the report's."""
    printed = year_of(digits) if digits else None
    chosen = printed if digits else year
    named = (printed,) if printed else ()
    if chosen is None or not 1 <= first <= last <= 4:
        why = "no_year" if chosen is None else "impossible_quarter"
        return Mention(begin, stop, unread(why, named))
    return Mention(begin, stop, Period(*quarter(chosen, first, last), named, rule, certain=True))


def quarters(text: str, year: int | None) -> Iterator[Mention]:
    """A quarter, or a range of quarters: from the first day of one to the last of the other."""
    for match in QUARTERS.finditer(text):
        numbers = [int(n) for n in re.findall(r"\d", match[0])]
        if match[3]:
            numbers = [1 if match[3] == "แรก" else 4]
        begin, stop, digits = near_year(text, match.start(), match.end())
        mention = in_year(begin, stop, digits, year, numbers[0], numbers[-1], "quarters")
        steady = all(b - a == 1 for a, b in pairwise(numbers))
        ranged = len(numbers) == 2 and bool(TO.search(match[2] or ""))
        gap = not steady and not ranged
        yield mention._replace(period=replace(mention.period, certain=False)) if gap else mention


def halves(text: str, year: int | None) -> Iterator[Mention]:
    """The first or last months of the year: ๖ เดือนแรก, ครึ่งปีหลัง."""
    for match in HALVES.finditer(text):
        count = MONTHS_OF[match[1]] if match[1] else 2
        first, last = (1, count) if "แรก" in match[0] else (5 - count, 4)
        begin, stop, digits = near_year(text, match.start(), match.end())
        yield in_year(begin, stop, digits, year, first, last, "half_year")


# ---------------------------------------------------------------------------- whole years
PRINTED = r"\d{4}(?!\d)|[5-9]\d(?!\d|วัน|เดือน|ครั้ง|ราย|คน|%)"
WHOLE = re.compile(
    rf"(?P<all>(?:ต[ลสด]อ[ดตค]|ทั้ง)(?:ทั้ง)?(?={LOOSE_YEAR}))?(?P<within>ภายใน)?(?P<end>(?:จน)?(?:ถึง)?สิ้น)?"
    rf"(?P<word>{LOOSE_YEAR})(?:พ\.?ศ\.?|ค\.?ศ\.?|\()* ?"
    rf"(?:(?P<y1>{PRINTED})"
    rf"(?:(?:{SEP}|และ|,|/)(?:{LOOSE_YEAR})?(?:พ\.?ศ\.?)? ?(?P<y2>{PRINTED}))?)?"
)
MISREAD = re.compile(r" ?\d[\d.oO]*(?!\d|วัน|เดือน|ครั้ง)")
BARE = re.compile(rf"(?:พ\.?ศ\.?|ค\.?ศ\.?)? ?(\d{{4}})(?:{SEP}(\d{{4}}))?")
LAST = re.compile(r"ปี(?:การศึกษา|ปฏิทิน|ที่(?:แล้ว|ผ่านมา)|ก่อน|ถัดไป|ต่อ)|ต่อปี|ทุกปี|รายปี|จากปี|ของทุกปี")


def whole_years(text: str, year: int | None) -> Iterator[Mention]:
    """A fiscal year, or several in a row, from the first day to the last."""
    for match in WHOLE.finditer(text):
        first, second = match["y1"], match["y2"]
        if not first and not match["all"] and not match["within"] and not match["end"]:
            continue
        if LAST.match(text, match.start("word")) or text.endswith("จาก", 0, match.start()):
            continue
        if not first and MISREAD.match(text, match.end()):
            yield Mention(*match.span(), unread("impossible_year"))
            continue
        printed = [year_of(y) for y in (first, second) if y]
        named = tuple(y for y in printed if y)
        if len(named) < len(printed):
            yield Mention(*match.span(), unread("impossible_year", named))
        elif not named and year is None:
            yield Mention(*match.span(), unread("no_year"))
        else:
            yield Mention(*match.span(), spanned(match, named or (year or 0,), named, year))
    if bare := BARE.fullmatch(text):
        known = [year_of(y) for y in bare.groups() if y]
        found = tuple(y for y in known if y)
        if len(found) == len(known):
            yield Mention(*bare.span(), spanned(None, found, found, year))


def spanned(
    match: re.Match[str] | None, years: tuple[int, ...], named: tuple[int, ...], year: int | None
) -> Period:
    """The days of these fiscal years; without the word งบประมาณ the year may be another kind."""
    first, last = years[0], years[-1]
    if first > last:
        return unread("impossible_year", named)
    start, end = quarter(first, 1, 4)[0], quarter(last, 1, 4)[1]
    if match and match["end"]:
        return Period(None, end, named, "deadline", certain=False)
    fiscal = bool(match and FISCAL.search(match["word"])) or year in years
    return Period(start, end, named, "full_year", certain=fiscal)


# ---------------------------------------------------------------------------- the whole text
NOTE = re.compile(r"\((?!(?:และ|ให้|ดำเนินการ|ทำ)*ต่อเนื่อง)[^()]*\)")
GOES_ON = re.compile(r"(?<!อย่าง)ต่อเนื่อง(?!จาก)")
RHYTHM = re.compile(
    r"(?:ทุก|ราย|รอบ|ครั้งละ|ปีละ|เดือนละ|ไตรมาสละ|อย่างน้อย|ระยะเวลา|ภายใน|ประมาณ|จำนวน|เป็นเวลา|ใช้เวลา)*"
    r"(?:\d+|หก|สาม|สิบสอง)?[/-]?\d* ?(?:ไตรมาส|เดือน|ปี|วัน(?:ทำการ)?|สัปดาห์|ครั้ง)"
)
REPORTING = re.compile(
    r"(?:รายงาน|สรุปผล|ติดตามผล|ประเมินผล|ทบทวน)(?:ผล|การ|ดำเนินการ|ดำเนินงาน|ภายใน|ใน|เดือน|ทุก|รอบ|ประจำ|ของ)*$"
)
LONG = 1500
"""Letters that no timeframe has: so long a text is not searched."""
READERS: tuple[Callable[[str, int | None], Iterator[Mention]], ...] = (
    date_ranges,
    quarters,
    halves,
    single_dates,
    whole_years,
)
TIME_WORD = re.compile(r"\d|ไตรมาส|เดือน|ปี|คม|ยน|\.[คยพ]|พันธ์")
YEAR_GAP = re.compile(r"(?<!\d)2 ?5 ?\d ?\d(?!\d)")


def mentions(text: str, year: int | None) -> list[Mention]:
    """All periods that closed-up text names, in its order; what an earlier reader took is taken."""
    found: list[Mention] = []
    for reader in READERS:
        new = [m for m in reader(text, year) if not any(overlap(m, old) for old in found)]
        found += joined(new, text)
    return sorted(found, key=lambda m: m.begin)


def meant(text: str, found: list[Mention]) -> list[Mention]:
    """Without the periods that only say when to report."""
    return [m for m in found if not REPORTING.search(text, max(0, m.begin - 60), m.begin)]


def overlap(one: Mention, two: Mention) -> bool:
    return one.begin < two.stop and two.begin < one.stop


def goes_on(text: str, found: list[Mention]) -> Period | None:
    """A period with ต่อเนื่อง behind it ends with the fiscal year it is said to go on in."""
    if not (on := GOES_ON.search(text)):
        return None
    before = [m.period for m in found if m.begin < on.start()]
    after = [m.period for m in found if m.begin >= on.start() and m.period.end]
    if not before or before[0].start is None:
        return after[0] if after and not before else None
    first = before[0]
    start = before[0].start
    end = max((p.end for p in (*before, *after) if p.end), default=start)
    end = quarter(fiscal_year_of(end), 1, 4)[1]
    years = tuple(y for p in (*before, *after) for y in p.years)
    sure = first.certain or first.rule == "beginning"
    return Period(start, end, tuple(dict.fromkeys(years)), "goes_on", certain=sure)


def settled(found: list[Mention]) -> Period:
    """One period from several: the first when it holds the others, else from first to last."""
    first = found[0].period
    years = tuple(y for m in found for y in m.period.years)
    days = [(m.period.start, m.period.end) for m in found]
    if first.start and first.end:
        low, high = first.start, first.end
        if all(low <= d <= high for pair in days for d in pair if d):
            return replace(first, years=years)
    starts, ends = ([d for d in column if d] for column in zip(*days, strict=True))
    if len(starts) == len(ends) == len(found):
        return Period(min(starts), max(ends), years, "several", certain=False)
    return first if len(found) == 1 else unread("several", years)


def narrowed(text: str, found: list[Mention]) -> list[Mention]:
    """A year that is only named beside quarters or months tells their year and no more."""
    plain = [
        m
        for m in found
        if m.period.rule == "full_year" and not text.startswith(("ตลอด", "ทั้ง"), m.begin)
    ]
    exact = [m for m in found if m.period.rule in ("quarters", "half_year", "month_range", "month")]
    if len(plain) != 1 or not exact or GOES_ON.search(text):
        return found
    low, high = sorted((plain[0], exact[0]), key=lambda m: m.begin)
    beside = BESIDE.fullmatch(text[low.stop : high.begin])
    kept = [m for m in found if m is not plain[0]]
    return kept if beside else [m._replace(period=doubted(m.period)) for m in kept]


BESIDE = re.compile(r"[ ,(/:]*(?:ของ|ใน|ประจำ|ช่วง|ระหว่าง|เดือน|ตั้งแต่)*[ (]*")
COUNTS = "ครั้ง|เดือน|วัน|คน|ราย|ชั่วโมง|ปี|สัปดาห์|โครงการ|กิจกรรม|ช่องทาง|ฉบับ|เรื่อง|ไตรมาส|รอบ|%"
COUNTED_NUMBER = re.compile(
    r"^\d{1,2}[.)]|(?:ร้อยละ|ทุก|รอบ|รอบที่|ครั้งที่|ข้อ|ข้อที่) ?\d+(?:/\d+)?|[io]\d+|0\d+"
    rf"|\d+(?:[-/]\d+)? ?(?:{COUNTS})"
)


def doubted(period: Period) -> Period:
    return replace(period, certain=False)


def unexplained(text: str, found: list[Mention]) -> bool:
    """Whether digits stand outside of all that was read, and count nothing."""
    rest, last = "", 0
    for mention in found:
        rest += text[last : mention.begin] + "\n"
        last = mention.stop
    return bool(re.search(r"\d", COUNTED_NUMBER.sub("", rest + text[last:])))


def read_closed(text: str, year: int | None) -> Period | None:
    """The period of closed-up text, or None where it names none."""
    everything = mentions(text, year)
    found = meant(text, everything)
    if not found:
        return None
    doubt = unexplained(text, everything)
    named = [y for m in found for y in m.period.years]
    if named and any(not m.period.years for m in found) and narrowed(text, found) != found:
        found = meant(text, mentions(text, named[0]))
    found = narrowed(text, found)
    period = goes_on(text, found) or settled(found)
    if doubt and period.rule != "full_year":
        return unread("unexplained", period.years)
    return doubted(period) if doubt else period


@cache
def time_words() -> tuple[str, ...]:
    return ("ไตรมาส", "ไตรมาสที่", "งบประมาณ", "ต่อเนื่อง", *(m.name for m in vocabulary().months))


def closest(word: str, text: str, begin: int, stop: int) -> tuple[int, int]:
    """The stretch about here that is most like the word."""
    spans = [(b, e) for b in range(begin - 1, begin + 3) for e in range(stop - 2, stop + 3)]

    def unlike(span: tuple[int, int]) -> tuple[int, int, int]:
        window = text[slice(*span)]
        return Levenshtein.distance(word, window), abs(len(word) - len(window)), span[0]

    return min((s for s in spans if 0 <= s[0] < s[1] <= len(text)), key=unlike)


def mended(text: str) -> str:
    """Put right a word of time that has a letter or two misread, lost or doubled.

    >>> mended("ไตรศาส1-2"), mended("ตุลาคฌ2567-กันฑายน2568")
    ('ไตรมาส1-2', 'ตุลาคม2567-กันยายน2568')
    >>> mended("มกราคม2568"), mended("ตลอดโครงการ")
    ('มกราคม2568', 'ตลอดโครงการ')
    """
    for word in time_words():
        if word in text:
            continue
        match = partial_ratio_alignment(word, text, score_cutoff=75)
        if match is None or len(text) < len(word) - 1:
            continue
        best = closest(word, text, match.dest_start, match.dest_end)
        window = text[slice(*best)]
        limit = 1 if len(word) < 8 else 2
        others = [w for w in time_words() if w != word and len(window) > 4]
        known = any(w in window or window in w for w in others)
        near = Levenshtein.distance(word, window) <= limit
        if near and not known and not re.search(r"\d", window):
            text = text[: best[0]] + word + text[best[1] :]
    return text


def near_misread(text: str, year: int | None) -> Period | None:
    """A year with one digit lost, doubled or impossible is the report's, if no other is near."""
    if year is None:
        return None
    for match in re.finditer(r"(?<!\d)\d[\d ]{1,4}(?!\d)", text):
        digits = match[0].replace(" ", "")
        if year_of(digits) is None and one_off(digits, str(year)):
            period = read_closed(text[: match.start()] + str(year) + text[match.end() :], year)
            return replace(period, years=(), certain=False) if period else None
    return None


def one_off(one: str, two: str) -> bool:
    """Whether one inserted, lost or changed character makes one text the other.

    >>> one_off("256", "2569"), one_off("2969", "2569"), one_off("25", "2569")
    (True, True, False)
    """
    if abs(len(one) - len(two)) > 1 or len(one) < 3:
        return False
    short, long = sorted((one, two), key=len)
    at = next((i for i, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    return short[at + (len(short) == len(long)) :] == long[at + 1 :]


READER_OF = {
    "day": "single_dates",
    "month": "single_dates",
    "date_range": "date_ranges",
    "month_range": "date_ranges",
    "half_year": "halves",
    "full_year": "whole_years",
}
"""The function that reads each kind of period, for the trace; the others bear its name."""


@lru_cache(maxsize=1024)
def read_period(text: str, fiscal_year: int | None) -> Period | None:
    """The period that a timeframe states; None where it states none, as `-` or ทุกไตรมาส.

    A year that the text names is taken, whatever the report's own fiscal year is.

    >>> period = read_period("ไตรมาสที่ ๒ - ๔ ปีงบประมาณ ๒๕๖๘", 2569)
    >>> str(period.start), str(period.end), period.years, period.rule
    ('2025-01-01', '2025-09-30', (2568,), 'quarters')
    >>> read_period("ทุก ๖ เดือน", 2569)
    """
    if len(text) > LONG:
        return unread("unread") if TIME_WORD.search(thai_digits(text)) else None
    closed = close_up(thai_digits(text)).strip(".,;:")
    closed = YEAR_GAP.sub(lambda m: m[0].replace(" ", ""), closed)
    if not TIME_WORD.search(closed):
        return unread("units") if names_units(text) else None
    bare = NOTE.sub("", closed)
    period = read_closed(bare, fiscal_year)
    if period is None or not period.certain:
        again = read_closed(mended(bare), fiscal_year) if mended(bare) != bare else None
        period = doubted(again) if again and (again.start or again.end) else period
    notes = [note[0][1:-1] for note in NOTE.finditer(closed)]
    period = with_notes(period, bare, notes, fiscal_year)
    if period is None and RHYTHM.fullmatch(bare):
        return None
    if period is None or (period.start is None and period.end is None):
        period = near_misread(bare, fiscal_year) or period or unread("unread")
    days = f"{period.start or ''}/{period.end or ''}"
    rule = READER_OF.get(period.rule, period.rule)
    steps = (Step(rule, text, days),) if days != "/" else ()
    return replace(period, years=tuple(dict.fromkeys(period.years)), steps=steps)


def names_units(text: str) -> bool:
    """Whether a timeframe is no time but known units: columns that changed their places.

    >>> names_units("สำนักปลัด กองคลัง"), names_units("ดำเนินการทันที")
    (True, False)
    """
    units = read_units(text).units
    return bool(units) and all(unit.known and unit.certain for unit in units)


def with_notes(
    period: Period | None, text: str, notes: list[str], year: int | None
) -> Period | None:
    """What notes in brackets add: the period where there is none outside, or its year.

    Where notes and text say different periods, neither is certain.
    """
    said = [found for note in notes if (found := noted(note, year))]
    if not said:
        return period
    inside = said[0]
    if len(said) > 1:
        inside = settled([Mention(0, 0, one) for one in said])
        inside = replace(inside, rule=said[0].rule, certain=all(one.certain for one in said))
    if period is None:
        return inside
    if period.start is None or inside.start is None:
        return period if period.end or inside.start is None else inside
    if period.years or not inside.years:
        return period if agree(period, inside) else doubted(period)
    outside = read_closed(text, fiscal_year_of(inside.start))
    if outside is None or inside.rule == "full_year":
        return replace(outside, years=inside.years) if outside else inside
    same = (inside.start, inside.end) == (outside.start, outside.end)
    return replace(inside, certain=inside.certain and same)


def noted(note: str, year: int | None) -> Period | None:
    """The period that a note states, if it states one and nothing else."""
    found = mentions(note, year)
    whole = len(found) == 1 and found[0].begin == 0 and found[0].stop >= len(note) - 1
    return found[0].period if whole else None


def agree(period: Period, note: Period) -> bool:
    """Whether a note lies in the period, or is the fiscal year that holds it."""
    if not (period.start and period.end and note.start and note.end):
        return True
    if note.rule == "full_year":
        return note.start <= period.start and period.end <= note.end
    return period.start == note.start and period.end == note.end


def outside(period: Period | None, fiscal_year: int | None) -> bool:
    """Whether a day of the period lies outside of the fiscal year of the Buddhist era.

    >>> outside(read_period("ต.ค. - ธ.ค. 2569", 2569), 2569)
    True
    >>> outside(read_period("ต.ค. - ธ.ค. 2568", 2569), 2569), outside(read_period("-", 2569), 2569)
    (False, False)
    """
    if period is None or fiscal_year is None:
        return False
    first, last = quarter(fiscal_year, 1, 4)
    return any(day is not None and not first <= day <= last for day in (period.start, period.end))
