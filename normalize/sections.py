"""The parts of a cell: what stands under its headings, and the items of its lists."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from normalize.trace import Step
from profiles.vocabulary import Kind, vocabulary


@dataclass(frozen=True, slots=True)
class Sections:
    """What a result says under its headings; None where it has no such heading."""

    strengths: str | None
    weaknesses: str | None
    certain: bool = True
    """False where a misread heading had to be made out."""
    steps: tuple[Step, ...] = ()


class Found(NamedTuple):
    """A heading: from its number or bullet to the end of its colon."""

    begin: int
    stop: int
    kind: Kind
    certain: bool
    printed: str


DIGIT = "[0-9๐-๙]"
WHITE = re.compile(r"\s+")
OPENER = rf"(?:[-–—•·*▪]\s*|\(?{DIGIT}{{1,2}}[.)]\s*|<b>\s*|<strong>\s*|\\?\*\\?\*|__)"
CLOSER = r"(?:\s*(?:</b>|</strong>|\\?\*\\?\*|__))*"
COLON = r"\s*[:：;=]"


@cache
def headings() -> tuple[re.Pattern[str], dict[str, Kind]]:
    """A heading with what opens and closes it, and its kind by spelling without white space."""
    kinds: dict[str, Kind] = {
        spelling: heading.kind
        for heading in vocabulary().headings
        for spelling in heading.spellings
    }
    words = "|".join(r"\s*".join(spelling) for spelling in sorted(kinds, key=len, reverse=True))
    return re.compile(
        rf"(?P<place>^[ \t]*|\n[ \t]*|(?<=[\s>*:])|(?=จุดที่))"
        rf"(?P<open>{OPENER}*)(?P<word>{words})"
        rf"(?:\s?/\s?(?P<other>{words}))?(?P<close>{CLOSER})(?:\s*\([A-Za-z ]{{4,24}}\))?"
        rf"(?P<colon>{COLON})?(?P<late>{CLOSER})(?P<edge>(?=\s|$|[-–•<\\*\"“'(]))?"
    ), kinds


CONTINUES = re.compile(
    r"[ \t]*(?:ของ|คือ|และ|ใน|ด้าน|เป็น|ซึ่ง|ได้แก่|เพื่อ|ตาม|จาก|โดย|ต่อ|อย่าง|ให้|/|หรือ|,|ที่(?!มี))"
)
LEADS_ON = re.compile(
    r"(?:เป็น|มี|คือ|และ|ของ|ว่า|หรือ|ด้าน|เสริม|พัฒนา|วิเคราะห์|ประเด็น|เรื่อง|ส่วน|สิ่ง|ข้อ|จุด|งาน|ถือ|นำ|จาก|ระบุ|สรุป"
    r"|ใน|ทราบ|พบ|เห็น|แก้ไข|ปรับปรุง|กำหนด|ตาม|กับ|/|,)\s*$"
)


def leads_on(text: str, at: int) -> bool:
    """Whether the word before a place makes what follows a part of its sentence."""
    return LEADS_ON.search(text, max(0, at - 20), at) is not None


def exact_headings(text: str) -> Iterator[Found]:
    """Headings as they are spelled: at the start of a line, before a colon, or between spaces."""
    pattern, kinds = headings()
    sectioned = False
    for match in pattern.finditer(text):
        word, other = (WHITE.sub("", match[name] or "") for name in ("word", "other"))
        if other and kinds[other] != kinds[word]:
            continue
        starts = match["place"] != "" or match.start("place") == 0 or match["open"] != ""
        marked = bool(match["colon"] or match["close"] or match["late"])
        flows = CONTINUES.match(text, match.end("late"))
        led = leads_on(text, match.start("open"))
        bare_middle = not starts and (led or (word.startswith("ที่") and not sectioned))
        likely = sectioned and len(word) > 11
        after_space = starts or text[match.start("open") - 1] in " \n\t>*:"
        stuck = (match["edge"] is None) + (not after_space)
        if not marked and (flows or bare_middle or (stuck and not starts and not likely)):
            continue
        if stuck == 2 or (not after_space and not likely):
            continue
        sectioned = True
        certain = after_space and (marked or not stuck)
        yield Found(match.start("open"), match.end("late"), kinds[word], certain, match["word"])


MISREAD = re.compile(
    rf"(?P<place>^[ \t]*|\n[ \t]*|(?<=[\s>*:]))(?P<open>{OPENER}*)"
    r"(?=[ก-๎]{0,12}(?:[ุจ][ดค]|ด[แอท]|แข|่อน|เด่น|ด้อย|ควร|ต้อง|พัฒ))"
    rf"(?P<word>[ก-๎]{{5,28}}){CLOSER}(?P<colon>{COLON})?{CLOSER}(?=\s|$)"
)


def misread_headings(text: str) -> Iterator[Found]:
    """Headings with a letter or two misread: long ones and those of a line's start."""
    for match in MISREAD.finditer(text):
        word = match["word"]
        kind = None if word in headings()[1] else nearest(word)
        starts = match["place"] != "" or match.start() == 0 or match["open"] or match["colon"]
        flows = CONTINUES.match(text, match.end()) and not match["colon"]
        led = not starts and leads_on(text, match.start())
        if kind and not flows and not led and (starts or len(word) > 9 or word[:2] == "จุ"):
            yield Found(match.start("open"), match.end(), kind, False, word)


@lru_cache(maxsize=4096)
def nearest(word: str) -> Kind | None:
    """The kind of the one heading that a damaged word can only be.

    >>> nearest("จดแข็ง"), nearest("จุคที่ควรพัฒนา"), nearest("จุดอ้อน")
    ('strengths', 'weaknesses', 'weaknesses')
    >>> nearest("จุดบริการ"), nearest("จุดเดิม")
    (None, None)
    """
    limit = 1 if len(word) < 9 else 2
    kinds = headings()[1]
    near = {k for s, k in kinds.items() if len(s) > 5 and Levenshtein.distance(word, s) <= limit}
    return near.pop() if len(near) == 1 else None


def find_headings(text: str) -> list[Found]:
    """All headings in order."""
    if not SOME_HEADING.search(text):
        return []
    found = list(exact_headings(text))
    for other in misread_headings(text):
        if not any(other.begin < f.stop and f.begin < other.stop for f in found):
            found.append(other)
    return sorted(found)


SOME_HEADING = re.compile(r"จุ|ุด|แข็|ด[แอ]|่อน|(?:ควร|ต้อง)\s*(?:พัฒ|ปรั)|(?:^|\n)[^\n]{0,6}[จข]")
EDGE = re.compile(r"^[\s:]+|\s+$")
MARKUP = re.compile(r"</?(?:b|strong|p|br)\s*/?>|\\?\*\\?\*|__", re.IGNORECASE)


def split_result(text: str) -> Sections:
    """The parts under จุดแข็ง and จุดที่ต้องพัฒนา, without the headings.

    Each numbered item stands on a line of its own.

    >>> split_result("จุดแข็ง: มีระบบ จุดที่ต้องพัฒนา คะแนนการประเมิน 90")
    Sections(strengths='มีระบบ', weaknesses='คะแนนการประเมิน 90', certain=True, steps=())
    >>> split_result("จุดแข็ง: 1) มีระบบ 2) มีคู่มือ").strengths
    '1) มีระบบ\\n2) มีคู่มือ'
    >>> split_result("ความร่วมมือเป็นจุดแข็งของหน่วยงาน").strengths
    """
    parts: dict[Kind, list[str]] = {"strengths": [], "weaknesses": []}
    found = find_headings(text)
    ends = [f.begin for f in found[1:]] + [len(text)]
    steps = []
    for heading, end in zip(found, ends, strict=False):
        part = EDGE.sub("", MARKUP.sub("", text[heading.stop : end]))
        if part:
            parts[heading.kind].append(own_lines(part, {i.begin for i in numbered_items(part)}))
        if not heading.certain:
            steps.append(Step("misread_headings", heading.printed, heading.kind))
    strengths, weaknesses = ("\n".join(parts[k]) or None for k in ("strengths", "weaknesses"))
    return Sections(strengths, weaknesses, all(f.certain for f in found), tuple(steps))


# ---------------------------------------------------------------------------- lists
class Item(NamedTuple):
    """What may be the number or the bullet of a list's item."""

    begin: int
    """Where the line would begin: before a bold mark that opens the number."""
    style: str
    number: int
    """0 for a bullet."""
    starts: bool
    """It stands at the start of a line."""
    spaced: bool
    vetoed: bool
    """The word before it takes the number: ข้อ 1."""


BOLD = r"(?:<b>|<strong>|<p>|\\?\*\\?\*|__)?"
NUMBERED = re.compile(
    rf"(?<![\d.,/A-Za-z-])(?P<number>{DIGIT}{{1,2}})(?P<right>\)|\.(?!{DIGIT}))(?=\s*[^\s\d).,])"
)
OPENING = re.compile(rf"{BOLD}\s*(?P<left>(?<![\d.,/A-Za-z-])\()?$")
BULLETED = re.compile(r"(?P<mark>[-–—•*▪])(?![-–—*\s]*(?:$|\n))(?!\*)(?<!\*\*)\s*(?P<next>\S)")
CITES_NUMBER = re.compile(
    r"(?:ข้อ|ที่|มาตรา|หมวด|ประเภท|ชั้น|หมู่|ม\.|ลำดับ|บท|ตัวชี้วัด|ศ\.|โทร\.?|หรือ|และ|ถึง|[-–])\s*$"
)
"""What takes even a number with a bracket behind it and none before: ตามข้อ 1)."""
TAKES_NUMBER = re.compile(
    r"(?:ข้อ|ที่|มาตรา|หมวด|ประเภท|ระดับ|ชั้น|หมู่|ม\.|ลำดับ|บท|มาส|ภายใน|จำนวน|ตัวชี้วัด|ปี|ศ\.|โทร\.?|หรือ|และ|ถึง|[-–])\s*$"
)


def numbered(text: str) -> list[Item]:
    """Everything that has the look of an item's number."""
    items = []
    for match in NUMBERED.finditer(text):
        floor = max(0, match.start() - 20)
        opening = OPENING.search(text, floor, match.start())
        mark = opening[0].lstrip() if opening else ""
        begin = match.start() - len(mark)
        before = text[max(0, begin - 12) : begin]
        line = before.rstrip(" \t")
        # in "ทุกไตรมาส 2) มีคู่มือ" the bracket opens nothing: the number is an item's
        closes = text.rfind("(", max(0, begin - 60), begin) > text.rfind(
            ")", max(0, begin - 60), begin
        )
        takes = TAKES_NUMBER if match["right"] == "." or closes else CITES_NUMBER
        items.append(
            Item(
                begin,
                ("(" if mark.endswith("(") else "") + match["right"],
                int(match["number"]),
                line == "" if begin <= 12 else line.endswith("\n"),
                before[-1:].isspace() or before[-1:] in (">", "*"),
                bool(takes.search(before)),
            )
        )
    return items


def numbered_items(text: str) -> list[Item]:
    """The numbers that make a list: at the start of a line, or in ascending order.

    >>> [item.number for item in numbered_items("1.ก้าวแรก ตามข้อ 2. เดิม 2.ก้าวต่อไป")]
    [1, 2]
    """
    candidates = numbered(text)
    last: dict[str, int] = {}
    items = []
    ends = {(item.style, item.number): at for at, item in enumerate(candidates) if not item.vetoed}
    for at, item in enumerate(candidates):
        before = last.get(item.style)
        goes_on = ends.get((item.style, item.number + 1), 0) > at
        if item.starts:
            taken = True
        elif item.vetoed:
            taken = False
        elif before is not None and item.number == before + 1:
            taken = True
        elif before is not None and before <= item.number <= before + 3:
            taken = item.spaced
        else:
            taken = item.spaced and goes_on and (before is None or item.number == 1)
        if taken:
            last[item.style] = item.number
            items.append(item)
    return items


def bullets(text: str) -> Iterator[int]:
    """Where bullets stand: at the start of a line, behind a colon or heading, then after spaces."""
    listed = False
    headed = {len(text[: heading.stop].rstrip()) for heading in find_headings(text)}
    for match in BULLETED.finditer(text):
        before = text[max(0, match.start() - 12) : match.start()]
        line = before.rstrip(" \t")
        starts = line == "" and len(before) == match.start()
        starts = starts or line.endswith(("\n", ":", "<p>", "</b>", "<b>"))
        starts = starts or len(text[: match.start()].rstrip(" \t")) in headed
        apart = before[-1:].isspace() or starts
        ranged = line[-1:].isdigit() and match["next"].isdigit()
        foreign = line[-1:].isascii() and match["next"].isascii() and not starts
        if match["mark"] in "•▪" or starts:
            listed = True
        elif not (listed and apart) or ranged or foreign:
            continue
        yield match.start()


LINE_START = re.compile(r"[ \t]*$")


def list_lines(text: str) -> str:
    """Put each item of a list, and each heading of a result, on a line of its own.

    >>> list_lines("๑.ปรับปรุงแนวปฏิบัติ ๒.ระบบการยืม")
    '๑.ปรับปรุงแนวปฏิบัติ\\n๒.ระบบการยืม'
    >>> list_lines("ตามข้อ 1. และ 2.5 ของ E- Service ในการรับ- จ่าย")
    'ตามข้อ 1. และ 2.5 ของ E- Service ในการรับ- จ่าย'
    """
    places = {item.begin for item in numbered_items(text)}
    places |= set(bullets(text)) | {heading.begin for heading in find_headings(text)}
    return own_lines(text, places)


def own_lines(text: str, places: set[int]) -> str:
    """Begin a line at each of these places, but where only an opening mark stands before it.

    >>> own_lines("ก 1. ข", {2}), own_lines("- 1. ข", {2})
    ('ก\\n1. ข', '- 1. ข')
    """
    lines, last = [], 0
    for place in sorted(places):
        line = text[last:place]
        if line.strip() and not OPENED.search(line):
            lines.append(line.rstrip(" \t"))
            last = place
    return "\n".join((*(line.removesuffix("\n") for line in lines), text[last:]))


OPENED = re.compile(
    rf"(?:^|\s)(?:<b>|<strong>|<p>|\\?\*\\?\*|__|[-–—•*▪]|\(?{DIGIT}{{1,2}}[.)])\s*$"
)


def step_numbers(text: str) -> tuple[int, ...]:
    """The numbers of a list's outermost items in the order of print; () for a list without.

    >>> step_numbers("3.การสื่อสาร\\n4.การตรวจสอบ")
    (3, 4)
    >>> step_numbers("- ร้อยละ 2.5"), step_numbers("1. ก 1) ข 2) ค 2. ง")
    ((), (1, 2))
    """
    items = numbered_items(text)
    return tuple(item.number for item in items if item.style == items[0].style)
