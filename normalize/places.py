"""The agency of a document: gazetteer, look-alike letters, and the evidence of all its pages."""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Literal, NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from profiles.gazetteer import (
    BANGKOK,
    Gazetteer,
    Place,
    agency_words,
    gazetteer,
    look_alikes,
    name_key,
    spelled,
)

TextKind = Literal["title", "body"]
How = Literal["exact", "look-alike", "context", "printed", "unknown"]
"""`printed`: an agency that is not named after a place, as most pages print it."""

FAR = 3.0
"""What one page can say against a place at most: a stranger's page counts no more than this."""
ALIKE = 1.0
"""Name and district together are no further off than a few look-alike letters."""
NAME_ALIKE = 0.75
BODY_WEIGHT = 0.2
"""What a mention in running text counts beside one on a title line."""
MISREAD = 0.35
"""A name of which more than this share of the letters is read otherwise is another name."""
CONTEXT = 2.2
"""How far an average page may be from a place that only the pages together point to."""
MARGIN = 0.3
"""By how much a page, on average, must prefer the winner to the runner-up."""


# ---------------------------------------------------------------- how alike two names are


@lru_cache(maxsize=1 << 16)
def look_alike_cost(read: str, name: str, limit: float = FAR) -> float:
    """Tell how far a reading is from a name, up to a limit: look-alikes and lost marks are near.

    >>> look_alike_cost("ห้องชัย", "ฆ้องชัย"), look_alike_cost("ห้วยเม็ก", "ฆ้องชัย")
    (0.3, 3.0)
    >>> look_alike_cost("บานโฮง", "บ้านโฮ่ง")
    0.3
    """
    if read == name:
        return 0.0
    start = 0
    while start < len(read) and start < len(name) and read[start] == name[start]:
        start += 1
    end = 0
    rest = min(len(read), len(name)) - start
    while end < rest and read[-1 - end] == name[-1 - end]:
        end += 1
    return _edit_cost(read[start : len(read) - end], name[start : len(name) - end], limit)


def _edit_cost(read: str, name: str, limit: float) -> float:
    alike = look_alikes()
    swapped, mark_lost, other, lost = alike.swapped, alike.mark_lost, alike.other, alike.lost
    gain = [mark_lost.get(letter, lost) for letter in name]
    row = [0.0]
    for cost in gain:
        row.append(row[-1] + cost)
    for letter in read:
        drop = mark_lost.get(letter, lost)
        before = row
        left = before[0] + drop
        row = [left]
        for column, expected in enumerate(name):
            swap = 0.0 if letter == expected else swapped.get(letter + expected, other)
            left = min(before[column] + swap, before[column + 1] + drop, left + gain[column])
            row.append(left)
        if min(row) >= limit:
            return limit
    return min(limit, round(row[-1], 3))


def _without_tones(name: str) -> str:
    return "".join(letter for letter in name if letter not in look_alikes().tones)


def _folded(name: str) -> str:
    return name.translate(look_alikes().folded)


# ---------------------------------------------------------------- what a page says


@dataclass(frozen=True, slots=True)
class Mention:
    """An agency's name as one page states it."""

    page: int
    kind: TextKind
    agency: str
    """The kind of local government (`เทศบาลตำบล`); empty for any other agency."""
    name: str
    """The place in the name, or another agency's whole name; empty when its end is not sure."""
    rest: str = ""
    """The letters from the name on, for one whose end only other pages can tell."""
    district: str | None = None
    province: str | None = None


def _lenient(word: str) -> str:
    return "".join(
        "[ำา]?" if c == "ำ" else f"{c}?" if c in look_alikes().tones else re.escape(c) for c in word
    )


@cache
def _kind_pattern() -> re.Pattern[str]:
    kinds = [
        f"(?P<k{index}>" + "|".join([_lenient(kind.name), *map(re.escape, kind.short)]) + ")"
        for index, kind in enumerate(agency_words().kinds)
    ]
    return re.compile("|".join(kinds))


_PRINTED_END = re.compile(r"\s+(?=อำเภอ|จังหวัด|กรุงเทพ|เขต|กระทรวง|อ\.|จ\.|\d|[๐-๙(])|\s*[\t\n]")
_DISTRICT = re.compile(r"กิ่งอำเภอ|อ[ำา]?เภอ|(?<![ก-๛.])อ\.|(?<=[ก-๎])อ\.(?=[ก-ไ])")
_PROVINCE = re.compile(r"จั?ง?หวั?ด|จ\.(?=[ก-ไ])")
_ANY_DISTRICT = re.compile(_DISTRICT.pattern + "|เขต")
_SUBDISTRICT = re.compile(r"ต[ำา]?บล|ต\.(?=[ก-ไ])")
_NOT_LETTER = re.compile(r"[^ก-ฮะ-ฺเ-ๅ็-๎-]")
_NEVER_NAMES = ("อื่น", "ทุกแห่ง", "ใดๆ", "ต่างๆ")
_LONGEST_NAME = 32
_REACH = 90


class _Text(NamedTuple):
    """A text without its spaces, and where they stood."""

    letters: str
    gaps: Sequence[int]
    """Before which letter there was white space, ascending."""
    breaks: frozenset[int]
    """Those of them that end a line."""
    ends: Sequence[int]
    """Those that end a cell or a paragraph: a tab, a form feed, an empty line."""


_SPACES = re.compile(r"[\s\u200b-\u200d\u2060\ufeff]+")


def _compact(text: str) -> _Text:
    letters, gaps, breaks, ends, at, length = [], [], [], [], 0, 0
    for space in _SPACES.finditer(text):
        letters.append(text[at : space.start()])
        length += space.start() - at
        at = space.end()
        seen = space.group()
        if seen.strip("\u200b\u200c\u200d\u2060\ufeff"):
            gaps.append(length)
            if "\n" in seen or "\t" in seen or "\f" in seen:
                breaks.append(length)
                if seen != "\n" and ("\t" in seen or "\f" in seen or seen.count("\n") > 1):
                    ends.append(length)
    letters.append(text[at:])
    return _Text("".join(letters), gaps, frozenset(breaks), ends)


def find_mentions(page: int, text: str, kind: TextKind) -> tuple[Mention, ...]:
    """Read the agencies that a page's title lines, or its running text, name.

    A tab, a form feed or an empty line ends a name for good; a space or a line's end may stand
    inside of one.

    >>> find_mentions(1, "เทศบาลตำบล ศรี เตี้ย อำเภอบ้านโฮ่ง จังหวัดลำพูน", "title")[0].name
    'ศรีเตี้ย'
    >>> find_mentions(2, "พนักงานเทศบาลตำบลและสภาเทศบาลมีส่วนร่วม", "body")
    ()
    """
    text = spelled(text)
    if not _kind_pattern().search("".join(text.split())):
        return _printed(page, text) if kind == "title" else ()
    compact = _compact(text)
    starts = list(_kind_pattern().finditer(compact.letters))
    found = []
    nexts = [*(match.start() for match in starts), len(compact.letters)]
    for match, following in zip(starts, nexts[1:], strict=True):
        stop = min(match.end() + _REACH, following)
        end = bisect_left(compact.ends, match.end() + 1)
        if end < len(compact.ends):
            stop = min(stop, compact.ends[end])
        agency = agency_words().kinds[int((match.lastgroup or "k0")[1:])].name
        mention = _local(page, kind, agency, compact, match.end(), stop)
        if mention:
            found.append(mention)
    if kind == "title" and not found:
        return _printed(page, text)
    return tuple(found)


def _local(
    page: int, kind: TextKind, agency: str, text: _Text, start: int, stop: int
) -> Mention | None:
    """Read one agency of local government from where its place begins."""
    reach = text.letters[start:stop]
    district = _DISTRICT.search(reach)
    province = _PROVINCE.search(reach, district.end() if district else 0)
    marks = [m.start() for m in (district, province, _subdistrict(text, start, reach)) if m]
    if agency.endswith("จังหวัด"):
        district = None
    marked = min(marks, default=len(reach))
    other = _NOT_LETTER.search(reach)
    limit = min(marked, other.start() if other else len(reach), _LONGEST_NAME)
    rest = reach[:limit]
    if not rest or rest.startswith(_NEVER_NAMES):
        return None
    sure = marked == limit and bool(marks)
    name = _name(kind, text, start, rest, sure)
    if kind == "body" and name != rest:
        district = province = None
    if not name and (kind == "title" or _follows().match(rest)):
        return None
    return Mention(
        page,
        kind,
        agency,
        name,
        rest,
        _read_district(kind, text, start + district.end(), stop) if district else None,
        _read_province(text, start + province.end(), stop) if province else None,
    )


def _subdistrict(text: _Text, start: int, reach: str) -> re.Match[str] | None:
    """Find a subdistrict after the name: one without a space before it is a part of the name."""
    found = _SUBDISTRICT.finditer(reach, 1)
    return next((m for m in found if _spaced(text, start + m.start())), None)


def _spaced(text: _Text, at: int) -> bool:
    gap = bisect_left(text.gaps, at)
    return gap < len(text.gaps) and text.gaps[gap] == at


@cache
def _follows() -> re.Pattern[str]:
    return re.compile("|".join(sorted(agency_words().follow, key=len, reverse=True)))


@cache
def _title_ends() -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, agency_words().end)))


_COMBINING = re.compile(r"[ะ-ฺๅ็-๎]")


def _name(kind: TextKind, text: _Text, start: int, rest: str, sure: bool) -> str:
    """Tell where a name ends: before a mark of its district, with an official name, with a line."""
    official = gazetteer().places_by_name
    if sure and (kind == "title" or rest in official):
        return rest
    if rest in official and not _follows().fullmatch(rest):
        return rest
    if sure and not _follows().match(rest):
        shorter = _official_start(text, start, rest, kind)
        return shorter or rest
    known = _official_start(text, start, rest, kind)
    if known or kind == "body" or _follows().match(rest):
        return known
    if end := _title_ends().search(rest, 2):
        rest = rest[: end.start()]
    gaps = [gap - start for gap in text.gaps[bisect_left(text.gaps, start + 1) :]]
    inside = [gap for gap in gaps if gap < len(rest)]
    lines = [gap for gap in inside if gap + start in text.breaks]
    if lines:
        return rest[: lines[0]]
    return rest if not inside or len(rest) - inside[-1] < 6 else rest[: inside[0]]


def _official_start(text: _Text, start: int, rest: str, kind: TextKind) -> str:
    """Find the longest official name that a text begins with and that can end there."""
    official = gazetteer().places_by_name
    for length in range(len(rest), 1, -1):
        if rest[:length] not in official:
            continue
        after = start + length
        if length == len(rest) and kind == "body":
            return "" if _follows().fullmatch(rest) else rest
        if _COMBINING.match(text.letters, after) or _follows().fullmatch(rest[:length]):
            continue
        spaced = _spaced(text, after)
        follow = _follows().match(text.letters, after) or _title_ends().match(text.letters, after)
        if (spaced and (kind == "title" or follow)) or (follow and kind == "body"):
            return rest[:length]
        if spaced and length > 3:
            return rest[:length]
    return ""


def _read_district(kind: TextKind, text: _Text, start: int, stop: int) -> str | None:
    """Read a district's name up to its province, an official name's end, or a line's end."""
    reach = text.letters[start:stop]
    province = _PROVINCE.search(reach)
    other = _NOT_LETTER.search(reach)
    limit = min(other.start() if other else len(reach), 22)
    if province and province.start() <= limit:
        return reach[: province.start()] or None
    names = gazetteer().district_names
    for length in range(limit, 1, -1):
        if reach[:length] in names and not _COMBINING.match(reach, length):
            return reach[:length]
    if kind == "body":
        return None
    return _to_gap(text, start, limit)


def _to_gap(text: _Text, start: int, limit: int) -> str | None:
    gaps = [gap - start for gap in text.gaps[bisect_left(text.gaps, start + 1) :]]
    lines = [gap for gap in gaps if gap + start in text.breaks]
    end = min(lines[0] if lines else limit, limit)
    if end > 20 and gaps:
        end = gaps[0]
    return text.letters[start : start + end] or None


def _read_province(text: _Text, start: int, stop: int) -> str | None:
    """Read a province's name: an official one, or the part before a gap that is nearest to one."""
    reach = text.letters[start:stop]
    other = _NOT_LETTER.search(reach)
    limit = min(other.start() if other else len(reach), 22)
    names = gazetteer().province_by_name
    for length in range(limit, 2, -1):
        if reach[:length] in names and not _COMBINING.match(reach, length):
            return reach[:length]
    gaps = [gap - start for gap in text.gaps[bisect_left(text.gaps, start + 1) :]]
    ends = [gap for gap in gaps if gap <= limit] or [limit]
    return min((reach[:end] for end in ends), key=lambda n: _nearest_province(n)[1]) or None


@lru_cache(maxsize=4096)
def _nearest_province(read: str) -> tuple[str, float]:
    """The code of the province that a reading is nearest to, and how far off it is."""
    official = gazetteer()
    if province := official.province_by_name.get(read):
        return province.code, 0.0
    costs = [(look_alike_cost(read, p.name), p.code) for p in official.provinces]
    cost, code = min(costs)
    return code, cost


def _printed(page: int, text: str) -> tuple[Mention, ...]:
    """Read any other agency that a title line begins with."""
    words = agency_words()
    for match in re.finditer(r"(?m)^[ \t]*(?:ของ|หน่วยงาน[ \t]*:?[ \t]*|โดย[ \t]*)?(?=\S)", text):
        line = text[match.end() :].split("\n", 1)[0]
        key = name_key(line)
        if not key.startswith(words.printed) or key.startswith(words.never):
            continue
        whole = re.sub(r"[ \t\u200b\xa0]+", " ", _PRINTED_END.split(line, maxsplit=1)[0]).strip()
        if end := _title_ends().search(whole, 4):
            whole = whole[: end.start()].strip()
        if not 6 <= len(name_key(whole)) <= 80:
            continue
        district, province = _printed_place(text[match.end() :], len(name_key(whole)))
        return (Mention(page, "title", "", whole, "", district, province),)
    return ()


def _printed_place(text: str, start: int) -> tuple[str | None, str | None]:
    """Read the district and province after another agency's name, or inside of it."""
    compact = _compact(text)
    stop = min(start + 60, compact.ends[0] if compact.ends else len(compact.letters))
    mark = _ANY_DISTRICT.match(compact.letters, start)
    district = _read_district("title", compact, mark.end(), stop) if mark else None
    if inside := None if mark else _ANY_DISTRICT.search(compact.letters, 0, start):
        district = compact.letters[inside.end() : start]
        district = district if district in gazetteer().district_names else None
    after = mark.end() + len(district or "") if mark else start
    place = _PROVINCE.match(compact.letters, after) or _PROVINCE.search(compact.letters, 0, start)
    if place:
        return district, _read_province(compact, place.end(), stop)
    bangkok = gazetteer().province_by_code[BANGKOK].name
    return district, bangkok if compact.letters.startswith(bangkok, after) else None


# ---------------------------------------------------------------- what the document says


def placed(name: str, district: str | None, province: str | None) -> str:
    """A name with what is known of where it is, as titles print it.

    >>> placed("เทศบาลตำบลหนองน้อย", "วัดสิงห์", "ชัยนาท"), placed("เทศบาลตำบลหนองน้อย", None, None)
    ('เทศบาลตำบลหนองน้อย อำเภอวัดสิงห์ จังหวัดชัยนาท', 'เทศบาลตำบลหนองน้อย')
    """
    where = [f"อำเภอ{district}" if district else "", f"จังหวัด{province}" if province else ""]
    return " ".join([name, *filter(None, where)])


Relation = Literal["same", "marks", "variant", "stranger"]
"""`marks`: the same but for tone marks; `variant`: the agency, misread; `stranger`: another one."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One way in which the document names its agency, or another one."""

    agency: str
    """Its kind, as in Mention."""
    place: str
    district: str | None
    province: str | None
    title_pages: tuple[int, ...]
    body_pages: tuple[int, ...]
    official: bool = False
    """An official place bears the name, in the district and province that the reading states."""
    relation: Relation = "stranger"
    cost: float = FAR
    """How far it is from the agency that was settled on."""

    @property
    def name(self) -> str:
        return self.agency + self.place

    @property
    def pages(self) -> tuple[int, ...]:
        return tuple(sorted({*self.title_pages, *self.body_pages}))

    @property
    def weight(self) -> float:
        return len(self.title_pages) + BODY_WEIGHT * len(self.body_pages)

    def __str__(self) -> str:
        return placed(self.name, self.district, self.province)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An official place that the agency could be named after, and what speaks for it."""

    name: str
    district: str | None
    province: str
    district_code: str | None
    province_code: str
    cost: float
    """How far the pages are from it, on average."""
    pages: tuple[int, ...]
    """Those that name it without a mistake."""


PlaceField = Literal["agency", "district", "province"]


class PlaceStep(NamedTuple):
    """One change made to what some pages print; `rule` says what settled the place."""

    rule: str
    field: PlaceField
    before: str
    after: str
    confidence: float
    pages: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Agency:
    """What a document's agency is, and everything that was weighed."""

    name: str | None
    district: str | None = None
    province: str | None = None
    district_code: str | None = None
    province_code: str | None = None
    how: How = "unknown"
    confidence: float = 0.0
    needs_review: bool = True
    candidates: tuple[Candidate, ...] = ()
    """The nearest official places, the chosen one first when there is one."""
    votes: tuple[Reading, ...] = ()
    steps: tuple[PlaceStep, ...] = ()

    @property
    def unknown_readings(self) -> tuple[Reading, ...]:
        """The readings that no official place bears."""
        if self.how == "printed":
            return ()
        return tuple(r for r in self.votes if not r.official and r.agency)

    @property
    def conflicting(self) -> tuple[Reading, ...]:
        """What the titles say, and strangers anywhere, if they do not all say the same."""
        said = tuple(r for r in self.votes if r.title_pages or r.relation == "stranger")
        return said if any(r.relation in ("variant", "stranger") for r in said) else ()

    @property
    def strangers(self) -> tuple[Reading, ...]:
        return tuple(r for r in self.votes if r.relation == "stranger")


class _Score(NamedTuple):
    cost: float
    place: Place


def same_agency(one: str, other: str) -> bool:
    """Tell one agency's name, misread, from another agency's.

    >>> same_agency("เทศบาลตำบลห้องชัยพัฒนา", "เทศบาลตำบลฆ้องชัยพัฒนา")
    True
    >>> same_agency("เทศบาลตำบลท่าเคย", "เทศบาลตำบลหนองน้อย")
    False
    >>> same_agency("อบต.ท่าเคย", "เทศบาลตำบลท่าเคย")
    False
    """
    kinds = []
    for name in (name_key(one), name_key(other)):
        match = _kind_pattern().match(name)
        kinds.append((match.lastgroup, name[match.end() :]) if match else (None, name))
    (kind, name), (other_kind, other_name) = kinds
    return kind == other_kind and _misread(name, other_name)


def _misread(read: str, name: str) -> bool:
    most = max(NAME_ALIKE, MISREAD * min(len(read), len(name)))
    return look_alike_cost(read, name, most + 1) <= most


def resolve_agency(mentions: Sequence[Mention], official: Gazetteer) -> Agency:
    """Settle the agency of a document from what all its pages say.

    >>> pages = [(1, "ทองหลาว"), (2, "ทองหลาง"), (3, "ทองหลาว")]
    >>> agency = resolve_agency(
    ...     [Mention(p, "title", "เทศบาลตำบล", n, n, "บ้านนา", "นครนายก") for p, n in pages],
    ...     gazetteer(),
    ... )
    >>> agency.name, agency.district_code, agency.how
    ('เทศบาลตำบลทองหลาง', '2603', 'exact')
    >>> resolve_agency((), gazetteer()).name is None
    True
    """
    local = [m for m in mentions if m.agency]
    if not any(m.kind == "title" for m in local):
        printed = [m for m in mentions if not m.agency]
        if printed:
            return _resolve_printed(printed, official)
    readings = _readings(local)
    if not readings:
        return Agency(None)
    scores = _ranked(readings, official)
    agency = _settle(readings, scores, official)
    return _with_steps(agency)


def _readings(mentions: Sequence[Mention]) -> tuple[Reading, ...]:
    """Group equal mentions; end a name that runs on in a text where a title's name ends."""
    titled = sorted({m.name for m in mentions if m.kind == "title"}, key=len, reverse=True)
    pages: dict[tuple[str, str, str | None, str | None], dict[TextKind, set[int]]] = {}
    for mention in mentions:
        name = mention.name
        if mention.kind == "body":
            start = next((t for t in titled if mention.rest.startswith(t)), "")
            start = start or _misread_start(mention.rest, titled)
            if len(start) > len(name) or (start and not mention.district):
                name = max(name, start, key=len)
        if not name:
            continue
        key = (mention.agency, name, mention.district, mention.province)
        pages.setdefault(key, {"title": set(), "body": set()})[mention.kind].add(mention.page)
    return tuple(
        Reading(*key, tuple(sorted(at["title"])), tuple(sorted(at["body"])))
        for key, at in pages.items()
    )


def _misread_start(rest: str, names: Iterable[str]) -> str:
    """Find the beginning of a text that is one of the names with one or two look-alike letters."""
    best = ("", NAME_ALIKE)
    for name in names:
        if len(name) < 4:
            continue
        for length in (len(name), len(name) - 1, len(name) + 1):
            if length > len(rest) or (length < len(rest) and _COMBINING.match(rest, length)):
                continue
            cost = look_alike_cost(rest[:length], name)
            if cost < best[1]:
                best = (rest[:length], cost)
    return best[0]


# ---------------------------------------------------------------- which place explains it best


def _district_cost(read: str | None, place: Place, official: Gazetteer) -> float:
    if read is None or not place.district_code:
        return 0.0
    district = official.district_by_code[place.district_code].name
    if read == "เมือง" and district.startswith("เมือง") and place.district_code[2:] == "01":
        return 0.0
    return look_alike_cost(read, district)


def _province_cost(read: str | None, place: Place, official: Gazetteer) -> float:
    if read is None:
        return 0.0
    return look_alike_cost(read, official.province_by_code[place.province_code].name)


def _page_cost(reading: Reading, place: Place, official: Gazetteer) -> float:
    """Tell how far one page's words are from a place; a stranger's page is FAR, no more."""
    cost = look_alike_cost(reading.place, place.name)
    if cost < FAR:
        cost += _province_cost(reading.province, place, official)
    if cost < FAR:
        cost += _district_cost(reading.district, place, official)
    return min(FAR, cost)


def _ranked(readings: Sequence[Reading], official: Gazetteer) -> list[_Score]:
    """Rank the places that the readings could mean by what they cost all pages together.

    A place that only running text names is none of them when there are titles.
    """
    titled = [r for r in readings if r.title_pages] or readings
    return sorted(
        (
            _Score(sum(r.weight * _page_cost(r, place, official) for r in readings), place)
            for place in _shortlist(readings, official)
            if any(_page_cost(r, place, official) < FAR for r in titled)
        ),
        key=lambda s: (s.cost, s.place),
    )


def _shortlist(readings: Sequence[Reading], official: Gazetteer) -> set[Place]:
    heavy = sorted(readings, key=lambda r: -r.weight)[:12]
    if sum(r.weight for r in readings if r.agency.endswith("จังหวัด")) * 2 > sum(
        r.weight for r in readings
    ):
        return {Place(p.name, "", p.code) for p in official.provinces}
    found: set[Place] = set()
    stated = 0.0
    for reading in heavy:
        found.update(official.places_by_name.get(reading.place, ()))
        if reading.province is None:
            continue
        code, cost = _nearest_province(reading.province)
        if cost <= ALIKE:
            stated += reading.weight
            found.update(_alike_places(reading, code, 8))
    if stated * 2 < sum(r.weight for r in readings):
        for reading in heavy[:4]:
            found.update(_alike_places(reading, "", 12))
    if not found:
        for reading in heavy[:4]:
            found.update(_alike_places(reading, "", 12))
    return found


@cache
def _folded_places(province_code: str, pairs: bool) -> tuple[tuple[Place, ...], tuple[str, ...]]:
    official = gazetteer()
    places = official.places_of[province_code] if province_code else official.places
    if not pairs:
        return places, tuple(_folded(p.name) for p in places)
    districts = official.district_by_code
    return places, tuple(_folded(f"{p.name} {districts[p.district_code].name}") for p in places)


def _alike_places(reading: Reading, province_code: str, limit: int) -> list[Place]:
    """Pre-select places by letters folded to one shape; the real costs judge them."""
    found = []
    for pairs in (False, True) if reading.district else (False,):
        places, keys = _folded_places(province_code, pairs)
        text = f"{reading.place} {reading.district}" if pairs else reading.place
        near = process.extract(
            _folded(text), keys, scorer=Levenshtein.distance, processor=None, limit=limit
        )
        found += [places[index] for _, _, index in near]
    return found


# ---------------------------------------------------------------- the decision


def _is_official(reading: Reading, official: Gazetteer) -> bool:
    if reading.agency.endswith("จังหวัด"):
        return reading.place in official.province_by_name
    return any(
        _district_cost(reading.district, place, official) == 0
        and _province_cost(reading.province, place, official) == 0
        for place in official.places_by_name.get(reading.place, ())
    )


def _judged(reading: Reading, place: Place, agency: str, official: Gazetteer) -> Reading:
    """Say what a reading is to the place that was settled on."""
    cost = _page_cost(reading, place, official)
    bears = _is_official(reading, official)
    if reading.agency != agency:
        return replace(reading, official=bears, relation="stranger", cost=cost)
    relation: Relation
    if cost == 0:
        relation = "same"
    elif _marks_only(reading, place, official):
        relation = "marks"
    elif cost < ALIKE or (not bears and _misread(reading.place, place.name)):
        relation = "variant"
    else:
        relation = "stranger"
    return replace(reading, official=bears, relation=relation, cost=cost)


def _marks_only(reading: Reading, place: Place, official: Gazetteer) -> bool:
    pairs = [
        (reading.place, place.name),
        (reading.province, official.province_by_code[place.province_code].name),
    ]
    if place.district_code and _district_cost(reading.district, place, official):
        pairs.append((reading.district, official.district_by_code[place.district_code].name))
    return all(read is None or _without_tones(read) == _without_tones(name) for read, name in pairs)


def _heaviest(weights: Mapping[str, float]) -> str:
    return max(sorted(weights), key=lambda key: weights[key])


class _Evidence(NamedTuple):
    """What the readings say for and against the place that explains them best; weights of pages."""

    place: Place
    agency: str
    judged: tuple[Reading, ...]
    total: float
    own: float
    """Readings that are no other agency's name."""
    exact: float
    near: float
    """A few look-alike letters off at most."""
    far: float
    """Of the own ones: further off than that."""
    rival: float
    """The strongest other agency that a title names."""
    other_kind: float
    """The same place by another kind of agency."""
    cost: float
    """How far an average page is from the place."""
    margin: float
    """How much further an average page is from the next place."""
    ties: tuple[Place, ...]

    @property
    def titled(self) -> tuple[Reading, ...]:
        return tuple(r for r in self.judged if r.title_pages and r.relation != "stranger")


def _weigh(readings: Sequence[Reading], scores: Sequence[_Score], official: Gazetteer) -> _Evidence:
    """Judge every reading by the place that costs least, and add up what that means for it."""
    first, *others = scores
    place = first.place
    kinds: dict[str, float] = defaultdict(float)
    for reading in readings:
        kinds[reading.agency] += reading.weight * (FAR - _page_cost(reading, place, official))
    agency = _heaviest(kinds)
    judged = tuple(
        _judged(r, place, agency, official)
        for r in readings
        if r.title_pages or r.agency == agency or not r.agency.endswith("จังหวัด")
    )
    own = [r for r in judged if r.relation != "stranger"]
    exact = [r for r in own if _is_exact(r, place, official)]
    stated = [r for r in own if r.district]
    if stated and all(_district_cost(r.district, place, official) for r in stated):
        exact = []
    rivals: dict[tuple[str, str | None], float] = defaultdict(float)
    for reading in judged:
        if reading.relation == "stranger" and reading.title_pages:
            rivals[reading.name, reading.district] += reading.weight
    other_kinds: dict[str, float] = defaultdict(float)
    for reading in judged:
        if reading.agency != agency and reading.cost < ALIKE:
            other_kinds[reading.agency] += reading.weight
    total = _weight(readings)
    return _Evidence(
        place=place,
        agency=agency,
        judged=judged,
        total=total,
        own=_weight(own),
        exact=_weight(exact),
        near=_weight(r for r in own if r.cost <= ALIKE),
        far=_weight(r for r in judged if r.cost > ALIKE and not r.official),
        rival=max(rivals.values(), default=0.0),
        other_kind=max(other_kinds.values(), default=0.0),
        cost=first.cost / total,
        margin=(others[0].cost - first.cost) / total if others else FAR,
        ties=tuple(s.place for s in others if s.cost - first.cost < 1e-9),
    )


def _is_exact(reading: Reading, place: Place, official: Gazetteer) -> bool:
    """Name and district are the place's; one letter of the province may be misread."""
    return (
        reading.place == place.name
        and _district_cost(reading.district, place, official) == 0
        and _province_cost(reading.province, place, official) <= NAME_ALIKE
    )


def _weight(readings: Iterable[Reading]) -> float:
    return sum(reading.weight for reading in readings)


def _how(evidence: _Evidence) -> tuple[How, float]:
    """Say how the place follows from the evidence, and how sure that is."""
    alike = evidence.near >= 0.75 * (evidence.near + evidence.far)
    if evidence.exact and alike:
        return "exact", 0.9 + 0.1 * evidence.exact / evidence.total
    if evidence.near and alike and evidence.margin >= MARGIN:
        return "look-alike", 0.9 - 0.1 * min(1.0, evidence.cost)
    if evidence.cost <= CONTEXT or evidence.exact:
        return "context", 0.4 + 0.2 * evidence.near / evidence.total
    return "unknown", 0.0


def _doubtful(evidence: _Evidence, how: How) -> bool:
    """Tell whether a person should look, however likely the place is."""
    titled = evidence.titled
    if how == "context" or not titled:
        return True
    if evidence.rival > 0.5 * evidence.own or evidence.other_kind > 0.5 * evidence.own:
        return True
    placed = not evidence.place.district_code or any(r.district or r.province for r in titled)
    if how == "exact":
        pages = {page for r in titled for page in r.title_pages}
        return evidence.exact < 0.2 * evidence.total or not (placed or len(pages) > 1)
    if all(r.relation in ("same", "marks") for r in titled):
        return not placed
    one_reading = max(r.weight for r in titled) >= 0.5 * evidence.total
    return one_reading or not placed or evidence.margin < 2 * MARGIN


def _settle(readings: Sequence[Reading], scores: Sequence[_Score], official: Gazetteer) -> Agency:
    """Name the agency after the place that explains the readings best, or as it is printed."""
    candidates = _candidates(readings, scores, official)
    if not scores:
        return _unknown(readings, candidates, official)
    evidence = _weigh(readings, scores, official)
    how, confidence = _how(evidence)
    if how == "unknown" or _prefers_print(evidence, official):
        return _unknown(readings, candidates, official)
    place = evidence.place
    district = official.district_by_code.get(place.district_code)
    agency = Agency(
        name=evidence.agency + place.name,
        district=district.name if district else None,
        province=official.province_by_code[place.province_code].name,
        district_code=place.district_code or None,
        province_code=place.province_code,
        how=how,
        confidence=round(confidence * (0.5 + 0.5 * evidence.own / evidence.total), 3),
        needs_review=_doubtful(evidence, how),
        candidates=candidates,
        votes=_sorted(evidence.judged),
    )
    return _ambiguous(agency, (place, *evidence.ties)) if evidence.ties else agency


def _ambiguous(agency: Agency, places: Sequence[Place]) -> Agency:
    """Leave out what several places of the same evidence do not share."""
    doubtful = replace(agency, confidence=round(agency.confidence * 0.6, 3), needs_review=True)
    if len({place.name for place in places}) > 1:
        if agency.how == "exact":
            return doubtful
        doubtful = replace(doubtful, name=agency.votes[0].name, how="unknown")
    if len({place.district_code for place in places}) > 1:
        doubtful = replace(doubtful, district=None, district_code=None)
    if len({place.province_code for place in places}) > 1:
        doubtful = replace(doubtful, province=None, province_code=None)
    return doubtful


def _prefers_print(evidence: _Evidence, official: Gazetteer) -> bool:
    """Most pages agree on a name that no place bears, in a district that there is: keep it."""
    first = max(evidence.judged, key=lambda r: (r.weight, r.place))
    if first.official or not first.title_pages or first.weight < 0.5 * evidence.total:
        return False
    name = evidence.place.name
    most = NAME_ALIKE if len(name) > 5 and first.district else NAME_ALIKE / 2
    if evidence.near >= 0.5 * evidence.total and look_alike_cost(first.place, name) <= most:
        return False
    return first.district is None or bool(_districts(first, official))


def _districts(reading: Reading, official: Gazetteer) -> list[str]:
    """The codes of the districts that bear a reading's district, in its province."""
    if reading.district is None:
        return []
    provinces = official.provinces
    if reading.province is not None:
        code, cost = _nearest_province(reading.province)
        provinces = (official.province_by_code[code],) if cost <= ALIKE else ()
    return [
        d.code
        for p in provinces
        for d in official.districts_of[p.code]
        if d.name == reading.district
        or (reading.district == "เมือง" and d.code[2:] == "01" and p.code != BANGKOK)
    ]


def _unknown(
    readings: Sequence[Reading], candidates: tuple[Candidate, ...], official: Gazetteer
) -> Agency:
    """Keep the name that most pages print; settle district and province if they are official."""
    titled = [r for r in readings if r.title_pages] or list(readings)
    names: dict[str, float] = defaultdict(float)
    for reading in titled:
        names[reading.name] += reading.weight
    name = _heaviest(names)
    own = [r for r in titled if r.name == name]
    total = _weight(readings)
    judged = tuple(
        replace(
            r,
            official=_is_official(r, official),
            relation="same"
            if r.name == name
            else "variant"
            if same_agency(r.name, name)
            else "stranger",
            cost=look_alike_cost(r.name, name),
        )
        for r in readings
    )
    district, province, district_code, province_code = _own_place(own, official)
    return Agency(
        name=name,
        district=district,
        province=province,
        district_code=district_code,
        province_code=province_code,
        how="unknown",
        confidence=round(0.5 * sum(r.weight for r in own) / total, 3),
        needs_review=True,
        candidates=candidates,
        votes=_sorted(judged),
    )


def _own_place(
    readings: Sequence[Reading], official: Gazetteer
) -> tuple[str | None, str | None, str | None, str | None]:
    """Settle district and province alone: the official ones, else as printed and without a code."""
    provinces: dict[str, float] = defaultdict(float)
    districts: dict[str, float] = defaultdict(float)
    for reading in readings:
        if reading.province:
            code, cost = _nearest_province(reading.province)
            provinces[code if cost <= ALIKE else ""] += reading.weight
        for code in _districts(reading, official)[:1]:
            if len(_districts(reading, official)) == 1:
                districts[code] += reading.weight
    printed_district = next((r.district for r in readings if r.district), None)
    printed_province = next((r.province for r in readings if r.province), None)
    province_code = _heaviest(provinces) if provinces else ""
    district_code = _heaviest(districts) if districts else ""
    if district_code and province_code and district_code[:2] != province_code:
        district_code = ""
    if district_code:
        province_code = district_code[:2]
    if not district_code and printed_district and province_code:
        costs = sorted(
            (look_alike_cost(printed_district, d.name), d.code)
            for d in official.districts_of[province_code]
        )
        if costs[0][0] <= 0.5 and (len(costs) < 2 or costs[1][0] - costs[0][0] >= MARGIN):
            district_code = costs[0][1]
    return (
        official.district_by_code[district_code].name if district_code else printed_district,
        official.province_by_code[province_code].name if province_code else printed_province,
        district_code or None,
        province_code or None,
    )


def _candidates(
    readings: Sequence[Reading], scores: Sequence[_Score], official: Gazetteer
) -> tuple[Candidate, ...]:
    total = _weight(readings)
    found = []
    for cost, place in scores[:5]:
        district = official.district_by_code.get(place.district_code)
        pages = {p for r in readings if not _page_cost(r, place, official) for p in r.pages}
        found.append(
            Candidate(
                place.name,
                district.name if district else None,
                official.province_by_code[place.province_code].name,
                place.district_code or None,
                place.province_code,
                round(cost / total, 3),
                tuple(sorted(pages)),
            )
        )
    return tuple(found)


def _sorted(readings: Iterable[Reading]) -> tuple[Reading, ...]:
    return tuple(sorted(readings, key=lambda r: (-r.weight, r.pages, str(r))))


def _resolve_printed(mentions: Sequence[Mention], official: Gazetteer) -> Agency:
    """Take the name that most pages print; a place's name is not looked for in it."""
    shown: dict[str, dict[str, None]] = defaultdict(dict)
    keyed = []
    for mention in mentions:
        key = name_key(mention.name)
        shown[key][mention.name] = None
        keyed.append(replace(mention, name=key))
    readings = _readings(keyed)
    names: dict[str, float] = defaultdict(float)
    for reading in readings:
        names[reading.place] += reading.weight
    name = _heaviest(names)
    own = [r for r in readings if r.place == name]
    total = sum(names.values())
    rival = max((w for n, w in names.items() if n != name), default=0.0)
    district, province, district_code, province_code = _own_place(own, official)
    judged = tuple(
        replace(
            r,
            relation="same"
            if r.place == name
            else "marks"
            if _without_tones(r.place) == _without_tones(name)
            else "variant"
            if _misread(r.place, name)
            else "stranger",
            cost=look_alike_cost(r.place, name),
        )
        for r in readings
    )
    printed = next(iter(shown[name]))
    agency = Agency(
        name=printed,
        district=district,
        province=province,
        district_code=district_code,
        province_code=province_code,
        how="printed",
        confidence=round(0.9 * names[name] / total, 3),
        needs_review=rival > 0.5 * names[name],
        votes=_sorted(judged),
    )
    return _with_steps(agency)


# ---------------------------------------------------------------- the trace


def place_by_vote(name: str | None) -> str | None:
    """Take the official name that most pages print for the places where others differ."""
    return name


def place_by_look_alike(name: str | None) -> str | None:
    """Take the one official name that differs from the print in letters that look alike."""
    return name


def place_by_context(name: str | None) -> str | None:
    """Take the official name that district, province and all readings together point to."""
    return name


_RULES: Mapping[How, Callable[[str | None], str | None]] = {
    "exact": place_by_vote,
    "look-alike": place_by_look_alike,
    "context": place_by_context,
    "printed": place_by_vote,
    "unknown": place_by_vote,
}


def _with_steps(agency: Agency) -> Agency:
    """Say for every title what was put in place of its words, by which rule."""
    steps = []
    rule = _RULES[agency.how]
    for reading in agency.votes:
        pairs: tuple[tuple[PlaceField, str | None, str | None], ...] = (
            ("agency", reading.name, rule(agency.name)),
            ("district", reading.district, rule(agency.district)),
            ("province", reading.province, rule(agency.province)),
        )
        steps += [
            PlaceStep(rule.__name__, what, before, after, agency.confidence, reading.title_pages)
            for what, before, after in pairs
            if reading.title_pages
            and before is not None
            and after is not None
            and name_key(before) != name_key(after)
        ]
    return replace(agency, steps=tuple(steps))
