"""Who is responsible: the words of one cell to canonical names of units, in the report's order."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from normalize.numerals import thai_digits
from normalize.trace import Step
from profiles.vocabulary import vocabulary


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit that a cell names."""

    name: str
    """Canonical; of a unit that the vocabulary does not know, as printed without its wraps."""
    printed: str
    known: bool
    certain: bool = True
    """False where letters had to be corrected to make out the name, or where it is a time."""


@dataclass(frozen=True, slots=True)
class UnitReading:
    """The units of one cell without repetition, and how each came about."""

    units: tuple[Unit, ...]
    steps: tuple[Step, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(unit.name for unit in self.units)

    @property
    def certain(self) -> bool:
        return all(unit.certain for unit in self.units)


class Names(NamedTuple):
    """The vocabulary, made ready to be searched in text without white space."""

    canonical: dict[str, str]
    """From each spelling."""
    known: re.Pattern[str]
    start: re.Pattern[str]
    """How a unit, a post or a person begins."""
    sure_start: re.Pattern[str]
    """A beginning that needs no space before it when a known unit ends there."""
    link: re.Pattern[str]
    """The word และ with a unit behind it."""
    unfinished: re.Pattern[str]
    """A post, or the first word of a unit, that must go on."""
    time: re.Pattern[str]
    """Words of time, which no unit is named by."""
    bracketed: re.Pattern[str]
    """A unit in brackets."""


class Squeezed(NamedTuple):
    """A text without its white space, and where that stood."""

    text: str
    places: tuple[int, ...]
    """Of each character: its index in the printed text."""
    gaps: frozenset[int]
    """Characters that white space stands before."""
    starts: tuple[int, ...]
    """Those of them, in order, that something may begin at."""
    links: tuple[int, ...]
    """Where the word และ stands with a unit behind it."""


WHITE = re.compile(r"[\s\u200b\ufeff]+")
WIDE = re.compile(r"\s{4,}")
LONG = 80
"""Letters that no unit's name has."""
MARKUP = re.compile(r"</?[a-z]+ */?>|\\?\*\\?\*|__", re.IGNORECASE)
BULLET = re.compile(
    r"(?:^|(?<=[\s,/;]))(?:[-–—•·*▪]|\(?\d{1,2}[.)])\s*(?=[^\s\d.])|[-–](?=กอง|สำนัก|งาน|ฝ่าย)"
)
MARK = re.compile(r"\s*[,/;|]+\s*")
NOTE = re.compile(r"\([^()]*\)")
THAI = re.compile(r"[ก-๎.]+")
NOTHING = re.compile(r"[\s\-–—.]*")
WRAP = re.compile(r"(?<=[ก-๎])\s*\n\s*(?=[ก-๎])")
LATIN = re.compile(r"[A-Za-z]")


def key(text: str) -> str:
    """A name without white space, to compare spellings by.

    >>> key("กอง\\nสาธารณสุข และสิ่งแวดล้อม")
    'กองสาธารณสุขและสิ่งแวดล้อม'
    >>> key("กองคลัง")
    'กองคลัง'
    """
    return WHITE.sub("", text)


def one_spelling(text: str) -> str:
    """Write SARA AM and SARA AE as one character each, and digits as Arabic ones.

    >>> one_spelling("สํานักปลัด"), one_spelling("เเผน ๑")
    ('สำนักปลัด', 'แผน 1')
    >>> one_spelling("กองคลัง")
    'กองคลัง'
    """
    return thai_digits(text).replace("\u0e4d\u0e32", "\u0e33").replace("เเ", "แ")


def alternatives(words: tuple[str, ...]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


@cache
def names() -> Names:
    """The vocabulary's units by spelling, and the patterns that find where one begins."""
    shape = vocabulary().shape
    canonical: dict[str, str] = {}
    for unit in vocabulary().units:
        for spelling in (unit.name, *unit.variants):
            canonical[key(one_spelling(spelling))] = unit.name
    for spelling, name in tuple(canonical.items()):
        canonical.setdefault(spelling.replace("ำ", "า"), name)
    known = alternatives(tuple(canonical))
    prefixes, posts = alternatives(shape.prefixes), alternatives(shape.posts)
    start = rf"(?:{prefixes}|{posts}|{alternatives(shape.titles)})"
    going = alternatives(tuple(post for post in shape.posts if post not in shape.complete))
    months = alternatives(tuple(word for m in vocabulary().months for word in (m.name, m.short)))
    sure = rf"(?:{known}|กอง|สำนัก)"
    return Names(
        canonical,
        re.compile(known),
        re.compile(start),
        re.compile(sure),
        re.compile(rf"(?:และ|หรือ|กับ|ร่วมกับ)(?={sure}|ฝ่าย|ศูนย์)"),
        re.compile(rf"(?:{going})*(?:{prefixes})*(?:{going})*"),
        re.compile(rf"(?<!\d)(?:25|20)\d\d(?!\d)|ไตรมาส|ปีงบ|ตลอด(?:ทั้ง)?ปี|{months}|^[\d\s./-]+$"),
        re.compile(rf"\(\s*(?={start})([^()]*)\)"),
    )


def parts(text: str) -> Iterator[str]:
    """Cut a cell at what parts its units for certain: commas, slashes, bullets and numbers.

    >>> list(parts("สำนักปลัด /งานนิติการ")), list(parts("- กองคลัง\\n- กองช่าง"))
    (['สำนักปลัด', 'งานนิติการ'], ['กองคลัง', 'กองช่าง'])
    >>> list(parts("ทุกสำนัก/กอง"))
    ['ทุกสำนัก/กอง']
    """
    held = ""
    for part in MARK.split(BULLET.sub(",", names().bracketed.sub(r",\1,", text))):
        if held and f"{key(held)}/{key(part)}" in names().canonical:
            held = f"{held}/{part}"
            continue
        if held:
            yield held
        held = "" if NOTHING.fullmatch(part) else part.strip()
    if held:
        yield held


def squeezed(text: str) -> Squeezed:
    places = tuple(i for i, c in enumerate(text) if not WHITE.match(c))
    gaps = frozenset(n for n, (a, b) in enumerate(pairwise(places), 1) if b - a > 1)
    bare = "".join(text[i] for i in places)
    starts = tuple(at for at in sorted(gaps) if names().start.match(bare, at))
    links = tuple(match.start() for match in names().link.finditer(bare))
    return Squeezed(bare, places, gaps, starts, links)


def ends(part: Squeezed, at: int) -> bool:
    """Whether a known unit can end here: at the end, or where another one begins."""
    if at == len(part.text) or names().link.match(part.text, at):
        return True
    begins = names().start if at in part.gaps else names().sure_start
    return bool(begins.match(part.text, at))


def next_start(part: Squeezed, begin: int) -> int:
    """Where the unit after the one that begins here begins."""
    for at in part.starts[bisect_right(part.starts, begin) :]:
        if not names().unfinished.fullmatch(part.text, begin, min(at, begin + LONG)):
            return at
    link = next(iter(part.links[bisect_right(part.links, begin) :]), len(part.text))
    finished = not names().unfinished.fullmatch(part.text, begin, min(link, begin + LONG))
    return link if finished else len(part.text)


def cuts(part: Squeezed) -> Iterator[tuple[int, int]]:
    """From where to where each unit of one part goes; the longest known name first.

    >>> text = "สำนักปลัด กองสาธารณสุข และสิ่งแวดล้อม กองแผน งาน"
    >>> [squeezed(text).text[slice(*cut)] for cut in cuts(squeezed(text))]
    ['สำนักปลัด', 'กองสาธารณสุขและสิ่งแวดล้อม', 'กองแผน', 'งาน']
    """
    at = 0
    gaps = sorted(part.gaps)
    while at < len(part.text):
        if link := names().link.match(part.text, at):
            at = link.end()
        known = names().known.match(part.text, at)
        stop = known.end() if known and ends(part, known.end()) else next_start(part, at)
        inner = (
            []
            if known and stop == known.end()
            else gaps[bisect_right(gaps, at) : bisect_left(gaps, stop)]
        )
        for gap in inner:
            if spelled(part.text[at:gap])[0] and spelled(part.text[gap:stop])[0]:
                yield at, gap
                at = gap
        yield at, stop
        at = stop


def spelled(spelling: str) -> tuple[str | None, bool]:
    """The known unit of this spelling, and whether every letter of it is as it should be."""
    if name := names().canonical.get(spelling):
        return name, True
    return nearest(spelling), False


@lru_cache(maxsize=4096)
def nearest(spelling: str) -> str | None:
    """The one known unit that a damaged spelling can only be.

    >>> nearest("กองคสัง"), nearest("กองสาธารณสขและสิ่งแวดลอม")
    ('กองคลัง', 'กองสาธารณสุขและสิ่งแวดล้อม')
    >>> nearest("กองทาง"), nearest("กองการศึก"), nearest("กองช่าง2")
    (None, None, None)
    """
    if len(spelling) > LONG or not THAI.fullmatch(spelling):
        return None
    limit = 1 if len(spelling) < 10 else 2
    near: dict[str, int] = {}
    for known, name in names().canonical.items():
        distance = Levenshtein.distance(spelling, known, score_cutoff=limit + 1)
        if distance <= limit + 1 and len(known) >= 6:
            near[name] = min(distance, near.get(name, distance))
    best = min(near, key=lambda name: near[name], default=None)
    if best is None or near[best] > limit:
        return None
    return best if all(d > near[best] + 1 for name, d in near.items() if name != best) else None


def unwrapped(printed: str) -> str:
    """An unknown unit's name without the line breaks inside it.

    >>> unwrapped("กอง\\nส่งเสริม\\nการลงทุน"), unwrapped("งาน ตลาดสด")
    ('กองส่งเสริมการลงทุน', 'งานตลาดสด')
    >>> unwrapped("นายสมชาย ใจดี"), unwrapped("คณะกรรมการ ITA")
    ('นายสมชาย ใจดี', 'คณะกรรมการ ITA')
    """
    line = WHITE.sub(" ", WRAP.sub("", printed.strip()))
    first, _, rest = line.partition(" ")
    goes_on = rest and names().unfinished.fullmatch(first) and not LATIN.match(rest)
    return first + rest if goes_on else line


def named(printed: str) -> tuple[Unit, Step | None]:
    """One unit from its print."""
    name, certain = spelled(key(printed))
    if name:
        rule = "spelled" if certain else "nearest"
        unit = Unit(name, printed, known=True, certain=certain)
    else:
        rule = "unwrapped"
        timed = names().time.search(printed) is not None
        unit = Unit(unwrapped(printed), printed, known=False, certain=not timed)
    return unit, Step(rule, printed, unit.name) if unit.name != printed else None


def narrow(white: re.Match[str]) -> str:
    return "\n" if "\n" in white[0] else " "


@lru_cache(maxsize=1024)
def read_units(text: str) -> UnitReading:
    """The units that a cell names; `-` and an empty cell name none.

    >>> read_units("สำนักปลัด กองสาธารณสุข และสิ่งแวดล้อม กองการศึกษาฯ /งาน ประชาสัมพันธ์").names
    ('สำนักปลัด', 'กองสาธารณสุขและสิ่งแวดล้อม', 'กองการศึกษา', 'งานประชาสัมพันธ์')
    >>> read_units("กองสาธารณสุขและอนามัย").names
    ('กองสาธารณสุขและอนามัย',)
    """
    clean = MARKUP.sub(" ", one_spelling(text))
    bare = WIDE.sub(narrow, NOTE.sub(" ", names().bracketed.sub(r",\1,", clean)))
    units: dict[str, Unit] = {}
    steps: list[Step] = []
    for part in parts(bare):
        squeeze = squeezed(part)
        for begin, stop in cuts(squeeze):
            printed = part[squeeze.places[begin] : squeeze.places[stop - 1] + 1]
            unit, step = named(printed)
            units.setdefault(unit.name, unit)
            steps += [step] if step else []
    return UnitReading(tuple(units.values()), tuple(steps))
