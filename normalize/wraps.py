"""Line breaks that paper made: out of the text where a line merely was full, kept where meant.

Thai has no spaces between words, so a break inside a phrase goes without a trace, and a space at a
break is a real one or none at all. In a PDF the lines are known; in a dump that flattened them to
spaces a wrap is where the next word would not have fitted into the column.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from statistics import median

from extract.model import Box, Line
from profiles.lexicon import LONGEST_WORD, read_run, reading_cost, thai_words

# ---------------------------------------------------------------- widths

_ADVANCES = {
    138: "ฌญฒณMW%m@",
    118: "ฆฑทพฟฬHNUDGOQRKC&w๐๑๒๓๔๕๖๗๘๙",
    108: "นบปฝผภมษหฎฏABEPSVXYTZ",
    98: "แ",
    90: "จฐธวศฯะ0123456789abdeghnopqukFLvx",
    80: "งรcsyzJาำๅ",
    62: "เโใไ ",
    50: '()[]{}-–—"“”*frtIit',
    42: ".,:;/'!|lj‘’",
    0: "".join(map(chr, (0xE31, *range(0xE34, 0xE3B), *range(0xE47, 0xE4F), 0x200B, 0xAD))),
}
_ADVANCE = {letter: advance for advance, letters in _ADVANCES.items() for letter in letters}
"""Hundredths of an ordinary consonant, the mean of eight Thai fonts, which differ by 10 %."""
SPACE = _ADVANCE[" "]


def advance(text: str) -> int:
    """How wide a text stands in a proportional font, in hundredths of a consonant.

    >>> advance("กก"), advance("ก่ก้"), advance("เมือง")
    (200, 200, 350)
    """
    get = _ADVANCE.get
    return sum([get(letter, 100) for letter in text])


# ---------------------------------------------------------------- what stands at a gap

_THAI = "\u0e01-\u0e3a\u0e40-\u0e4e"
_THAI_END = re.compile(rf"[{_THAI}]$")
_THAI_START = re.compile(r"[\u0e01-\u0e2e\u0e40-\u0e44]")
_FIRST = re.compile(rf"[(\[\"'“‘<]*(?:[{_THAI}]+|[^\s{_THAI}]*[-/](?=.)|[^\s{_THAI}]+)?")
_CLOSING = re.compile(r"[)\]\"'”’>.,;:!?ๆฯ%]*")
_LAST_RUN = re.compile(rf"[{_THAI}]{{1,24}}$")
_FIRST_RUN = re.compile(rf"[{_THAI}]{{1,24}}")
_ITEM = re.compile(r"(?:[-–—•*▪◦●➢✓]|\(?[0-9๐-๙]{1,2}(?:\.[0-9๐-๙]{1,2})*[.)](?![0-9๐-๙]))")
_STARTS_PHRASE = re.compile(
    "โดย(?!ตรง|ประมาณ|ทั่ว|เคร่ง|เร็ว|สม|พลการ|ชอบ|มิชอบ|สุจริต|เด็ด|รวม|รอบ|เฉพาะ$)|ซึ่ง(?!กัน)"
    "|แต่(?!ละ|ง|วัน|แรก|เดิม)|เช่น(?!กัน|เดียว|นั้น|นี้)|ดังนั้น|ดังนี้|รวมทั้ง|รวมถึง|ตลอดจน|ทั้งนี้|อีกทั้ง"
    "|พร้อมทั้ง|พร้อมกันนี้|นอกจากนี้|นอกจากนั้น|จากนั้น|อาทิ|ได้แก่|เนื่องจาก|เพราะ|หาก|กรณี|ฯลฯ|เป็นต้น"
    "|มากน้อย|อย่างไรก็|หน่วยงานควร|เพื่อให้|ณ$|[พค]\\.\\s?ศ\\."
)
"""Words before which a space stands more often than not, as counted in reports and in guides."""
_ENDS_PHRASE = re.compile(
    "(?:ดังนั้น|ดังนี้|นอกจากนี้|นอกจากนั้น|ทั้งนี้|เช่น|อาทิ|ได้แก่|เป็นต้น|ฯลฯ|[ๆฯ]"
    "|^จุดแข็ง|^จุดอ่อน|^จุดที่(?:ต้อง|ควร)พัฒนา|^ประเด็น|^ณ)$"
)
_LEADS_ON = re.compile(
    "และ|หรือ|ที่|ใน|ของ|การ|ความ|ว่า|เป็น|ให้|จะ|ต้อง|จาก|ตาม|ไม่|เพื่อ|โดย|ซึ่ง|ด้าน|ผู้|ทุก|แต่ละ|ถึง|แก่|ต่อ|กับ"
)
"""Words that lead to the next one: no space after them in Thai."""
_ATTACHED = re.compile(r"[^\s-][-/]$")


_UNIT = re.compile(r"/?(?:กอง(?!ทุน)|สำนัก|ฝ่าย|งาน|หน่วย|ศูนย์|คณะ|ปลัด|ผู้อำนวยการ|หัวหน้า)")
"""How the name of a unit begins: one after another they stand on lines of their own."""


_MONTH = (
    r"(?:มกรา|กุมภา|มีนา|เมษา|พฤษภา|มิถุนา|กรกฎา|สิงหา|กันยา|ตุลา|พฤศจิกา|ธันวา|"
    r"(?:ม\.ค|ก\.พ|มี\.ค|เม\.ย|พ\.ค|มิ\.ย|ก\.ค|ส\.ค|ก\.ย|ต\.ค|พ\.ย|ธ\.ค)\.)"
)
_RANGE = re.compile(rf"[0-9๐-๙] ถึง\n{_MONTH}")
_ERA = re.compile(r"(?:ปี|งบประมาณ)\n[พค]\.\s?ศ\.")
_ADVISED = re.compile(
    "(?:หน่วยงาน|เจ้าหน้าที่|ผู้บริหาร|บุคลากร|เทศบาล|ฝ่าย|ท่าน|กอง|จึง|และ|หรือ|ที่|ซึ่ง|ไม่|ก็|ว่า|สม|ทั้ง)$"
)
_COUNTED = re.compile(
    r"[0-9๐-๙] (?:คน|ราย|บาท|คะแนน|แห่ง|รายการ|ชั่วโมง|นาที)\n"
    r"(?!ต่อ(?!ไป)|ขึ้นไป|แรก|เต็ม|ถ้วน|ที่|ของ|ใน|ๆ)"
)


def _set_apart(before: str, after: str) -> bool:
    """Whether what stands before a break asks for a space: a counted unit, a range of months.

    >>> _set_apart("ผู้ตอบ ๙ ราย", "ระบุว่าเคย"), _set_apart("ตุลาคม ๒๕๖๗ ถึง", "กันยายน ๒๕๖๘")
    (True, True)
    >>> _set_apart("แก่ประชาชน", "ควรปรับคู่มือ"), _set_apart("หน่วยงาน", "ควรระบุ")
    (True, False)
    >>> _set_apart("อย่างน้อย ๒ ครั้ง", "ต่อปี"), _set_apart("รวมถึง", "กันยายน")
    (False, False)
    """
    at_break = f"{before[-14:]}\n{after[:14]}"
    if after.startswith("ควร"):
        # advice begins a clause, unless who gives it or takes it stands right before
        return not _ADVISED.search(before)
    return bool(_RANGE.search(at_break) or _COUNTED.search(at_break) or _ERA.search(at_break))


def _phrase_gap(left: str, right: str) -> bool:
    starts = _STARTS_PHRASE.match(right) and not _LEADS_ON.fullmatch(_last_word(left))
    units = _UNIT.match(left) and _UNIT.match(right)
    return bool(starts or units or _ENDS_PHRASE.search(left))


@lru_cache(maxsize=20_000)
def first_word(text: str) -> str:
    """What a line takes of a text if it takes anything: the first word with what sticks to it.

    Of two words that can begin so it is the longer one: breakers of Thai words prefer it.

    >>> first_word("(อ้างอิงจาก ๐๘)"), first_word("E-Service"), first_word("ต่าง ๆ")
    ('(อ้างอิง', 'E-', 'ต่าง')
    """
    found = _FIRST.match(text)
    piece = found[0] if found else ""
    start = next((n for n, letter in enumerate(piece) if _THAI_START.match(letter)), None)
    if start is not None:
        run = piece[start:]
        piece = piece[:start] + max(run[: read_run(run)[2][0]], _longest_word(run), key=len)
    closing = _CLOSING.match(text, len(piece))
    return text[: closing.end()] if closing else piece


def _longest_word(run: str) -> str:
    words = thai_words()
    return next(
        (run[:n] for n in range(min(len(run), LONGEST_WORD), 1, -1) if run[:n] in words), ""
    )


@lru_cache(maxsize=20_000)
def _last_word(text: str) -> str:
    """The last word of a text that ends in Thai.

    >>> _last_word("ขั้นตอนการ"), _last_word("ผู้รับบริการ")
    ('การ', 'บริการ')
    """
    found = _LAST_RUN.search(text)
    if not found:
        return ""
    ends = read_run(found[0])[2]
    return found[0][ends[-2] if len(ends) > 1 else 0 :]


@lru_cache(maxsize=20_000)
def _torn(left: str, right: str) -> float:
    """How much likelier two ends of Thai text are as one run than as two; above 0 joins a word."""
    return reading_cost(left) + reading_cost(right) - reading_cost(left + right)


TORN = 3.0
"""From here on a word is torn for sure."""


def _tear(left: str, right: str) -> float:
    ends, begins = _LAST_RUN.search(left), _FIRST_RUN.match(right)
    return _torn(ends[0][-12:], begins[0][:12]) if ends and begins else 0.0


# ---------------------------------------------------------------- the width of a column

CHEAP_HARD = 0.4
"""What a line break that was meant costs before a list item; elsewhere `DEAR_HARD`."""
DEAR_HARD = 3.0
SLACK_COST = 0.012
"""Cost of a wrap for each hundredth of a consonant by which the next word would have fitted."""
OVERFULL_COST = 0.02
OVERFULL_MOST = 6.0
SHAKY = 60
"""How far fonts and word breakers let a width differ, in hundredths of a consonant."""

Gaps = tuple[tuple[int, ...], tuple[int, ...], tuple[float, ...], tuple[float, ...]]
"""Advances of chunks and of their first words; costs of a real space and a meant break before."""


@lru_cache(maxsize=4_000)
def _gaps(text: str) -> tuple[tuple[str, ...], Gaps]:
    chunks = tuple(text.split())
    words = [first_word(chunk) for chunk in chunks]
    spaces = [0.0]
    breaks = [0.0]
    for left, right in pairwise(chunks):
        item = _ITEM.match(right) is not None
        if item:
            spaces.append(0.6)
        elif _ATTACHED.search(left):
            spaces.append(2.0)
        elif not (_THAI_END.search(left) and _THAI_START.match(right)):
            spaces.append(0.2)
        elif _phrase_gap(left, right):
            spaces.append(0.6)
        elif _LEADS_ON.fullmatch(_last_word(left)):
            spaces.append(3.0)
        else:
            spaces.append(1.4 + min(5.0, max(0.0, _tear(left, right))))
        breaks.append(CHEAP_HARD if item else DEAR_HARD)
    return chunks, (
        tuple(map(advance, chunks)),
        tuple(map(advance, words)),
        tuple(spaces),
        tuple(breaks),
    )


def _fill(gaps: Gaps, width: int) -> tuple[float, tuple[bool, ...]]:
    """The likeliest lines of a text in a column: the cost, and before which chunks it was full."""
    chunks, words, spaces, breaks = gaps
    size = len(chunks)
    costs = [0.0] * (size + 1)
    after = [size] * size
    full = [False] * size
    for begin in range(size - 1, -1, -1):
        best, length, inside = 1e9, -SPACE, 0.0
        for end in range(begin, size):
            length += SPACE + chunks[end]
            if end > begin:
                inside += spaces[end]
            over = length - width
            cost = inside + costs[end + 1]
            if over > 0:
                cost += min(OVERFULL_MOST, over * OVERFULL_COST)
            wrapped = False
            if end + 1 < size:
                free = -over - SPACE - words[end + 1]
                wrap = free * SLACK_COST if free > 0 else 0.0
                wrapped = wrap < breaks[end + 1]
                cost += wrap if wrapped else breaks[end + 1]
            if cost < best:
                best, after[begin], full[begin] = cost, end + 1, wrapped
            if over > 400:
                break
        costs[begin] = best
    wraps = [False] * size
    here = 0
    while here < size:
        line, here = here, after[here]
        if here < size:
            wraps[here] = full[line]
    return costs[0], tuple(wraps)


_HARD = re.compile(r"\n|  +")


def _pieces(text: str) -> list[Gaps]:
    return [_gaps(piece)[1] for piece in _HARD.split(text) if piece.strip()]


def _best_width(pieces: Sequence[Gaps]) -> tuple[int, float]:
    """The width that explains the gaps of a column best, and its cost."""
    longest = max(max(gaps[0]) for gaps in pieces)

    def cost(width: int) -> float:
        return sum([_fill(gaps, width)[0] for gaps in pieces])

    costs = {width: cost(width) for width in (longest * n // 100 for n in WIDTHS)}
    least = min(costs.values())
    width = max(width for width, cost in costs.items() if cost <= least + 0.01)
    return width, least


WIDTHS = (78, 92, 100, 102, 105, 109, 114, 120, 130, 145, 165)
"""Widths to try, in hundredths of the longest stretch without a space."""


def _is_wrapped(cost: float, unwrapped: float, share: float = 0.65) -> bool:
    """Whether full lines explain the gaps far better than real spaces do."""
    return cost < share * unwrapped


Key = tuple[tuple[int, int], int]
"""(Page, table) and column: widths differ between pages; one may be typed where others are read."""


def wrap_widths(columns: Mapping[Key, Sequence[str]]) -> dict[Key, int | None]:
    """The width at which each column's lines were full, None where its dump kept no wraps.

    A document must show over all its columns that its spaces are wraps, then each page for itself.
    """
    found: dict[Key, tuple[int, float, float]] = {}
    for key, texts in columns.items():
        pieces = [piece for text in texts for piece in _pieces(text)]
        if pieces:
            unwrapped = sum(sum(gaps[2]) for gaps in pieces)
            found[key] = (*_best_width(pieces), unwrapped)
    by_page: dict[tuple[int, int], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for (page, _), (_, cost, unwrapped) in found.items():
        by_page[page][0] += cost
        by_page[page][1] += unwrapped
    total = sum(cost for cost, _ in by_page.values()), sum(cost for _, cost in by_page.values())
    flattened = total[1] >= 8 and _is_wrapped(*total)
    widths: dict[Key, int | None] = dict.fromkeys(columns)
    for key, (width, cost, unwrapped) in found.items():
        if flattened and (
            _is_wrapped(*by_page[key[0]]) or (unwrapped >= 6 and _is_wrapped(cost, unwrapped, 0.35))
        ):
            widths[key] = width or None
    return widths


_LATIN_START = re.compile(r"[^\\s\\u0e00-\\u0e7f]")


def _keeps_space(left: str, right: str) -> bool:
    """Whether a space stands, or stood, at a wrap between two texts.

    >>> _keeps_space("การเปิดเผย", "ข้อมูล"), _keeps_space("No Gift", "Policy")
    (False, True)
    >>> _keeps_space("E-", "Service"), _keeps_space("ต่าง", "ๆ"), _keeps_space("โครงการ/", "กิจกรรม")
    (False, True, False)
    """
    if _ATTACHED.search(left):
        return False
    if _THAI_END.search(left) and _THAI_START.match(right):
        return _phrase_gap(left, right) and _tear(left, right) < TORN
    return left[-1] not in "([“‘" and right[0] not in ")].,;:”’"


def _as_seen(before: str, after: str, seen: str) -> bool | None:
    """Whether known text puts a space between the same letters; None where it does not say."""
    return _seen_between(before[-10:], after[:10], seen)


@lru_cache(maxsize=4096)
def _seen_between(before: str, after: str, seen: str) -> bool | None:
    for letters in (10, 6):
        ends, begins = before[-letters:], after[:letters]
        spaced, joined = seen.count(f"{ends} {begins}"), seen.count(ends + begins)
        if spaced != joined:
            return spaced > joined
    return None


def unwrap(text: str, width: int | None, seen: str = "") -> str:
    """Take the spaces out that are wraps of a column of this width, and keep the real ones.

    `seen` is text with known spaces, such as official wording: it decides where a line was full.

    >>> unwrap("เจ้าหน้าที่ใน หน่วยงานของท่าน มี การเลือกปฏิบัติอย่าง", 1570)
    'เจ้าหน้าที่ในหน่วยงานของท่าน มีการเลือกปฏิบัติอย่าง'
    >>> unwrap("เพื่อลดการใช้ดุลย พินิจ", None)
    'เพื่อลดการใช้ดุลย พินิจ'
    """
    if width is None:
        return text
    out: list[str] = []
    at = 0
    for gap in _HARD.finditer(text):
        out += (_unwrapped(text[at : gap.start()], width, seen), gap[0])
        at = gap.end()
    return "".join(out) + _unwrapped(text[at:], width, seen)


def _unwrapped(text: str, width: int, seen: str) -> str:
    chunks, gaps = _gaps(text)
    if len(chunks) < 2:
        return text
    _, wraps = _fill(gaps, width)
    out = chunks[0]
    for n in range(1, len(chunks)):
        known = _as_seen(out, chunks[n], seen) if seen and wraps[n] else None
        if known is None:
            known = not wraps[n] or _keeps_space(chunks[n - 1], chunks[n])
        out += " " * known + chunks[n]
    return out


# ---------------------------------------------------------------- lines that are known

_WEB = re.compile(r"(?:https?://|www\.)\S*$")
_WEB_REST = re.compile(r"[\w./?=&%#~-]*[./?=&%#][\w./?=&%#~-]*(?=\s|$)", re.ASCII)


def keeps_end_spaces(lines: Sequence[str]) -> bool:
    """Whether the exporter of a document writes the spaces at the ends of its full lines.

    >>> keeps_end_spaces(["การเปิดเผย", "ข้อมูล ", "รัฐ "]), keeps_end_spaces(["การเปิดเผย", "ข้อมูล"])
    (True, False)
    """
    return 10 * sum(line.endswith(" ") for line in lines) > len(lines)


def seen_in(lines: Iterable[str]) -> str:
    """What a document writes within its lines, where spaces are known: evidence for its breaks."""
    return "\n".join(dict.fromkeys(line.strip() for line in lines))[:EVIDENCE_LETTERS]


EVIDENCE_LETTERS = 300_000


def join_lines(
    lines: Sequence[str], hard: Sequence[bool], *, kept: bool = False, seen: str = ""
) -> str:
    """The text of a cell from its lines; `hard[n]` says that the break after line n was meant.

    `kept` says that the exporter keeps the spaces at line ends: then there is none where none is.
    `seen` is text with known spaces; what it writes between the same letters decides first.

    >>> join_lines(["การใช้ดุลย", "พินิจตาม No", "Gift Policy ต่าง", "ๆ"], [False, False, False])
    'การใช้ดุลยพินิจตาม No Gift Policy ต่าง ๆ'
    >>> join_lines(["จุดแข็ง", "- ดี"], [True])
    'จุดแข็ง\\n- ดี'
    """
    out: list[str] = []
    before = ""
    for n, line in enumerate(lines):
        text = line.strip()
        if not text:
            continue
        if before:
            out.append(_joint(before, line, hard[n - 1], kept, seen))
        out.append(text)
        before = line
    return "".join(out)


def _joint(before: str, line: str, hard: bool, kept: bool, seen: str) -> str:
    if hard:
        return "\n"
    if before[-1].isspace() or line[0].isspace():
        return " "
    left, right = before.rsplit(None, 1)[-1], line.split(None, 1)[0]
    if _WEB.search(left) and _WEB_REST.match(right):
        return ""
    if _THAI_END.search(left) and _THAI_START.match(right):
        if kept:
            return ""
        if _set_apart(before, line):
            return " "
        known = _as_seen(before, line, seen) if seen else None
        if known is not None:
            return " " * known
    return " " if _keeps_space(left, right) else ""


def ends_early(free: float, next_line: str, letter: float, *, whole_runs: bool = False) -> bool:
    """Whether a line ends before it was full: the next line's first word would have fitted.

    `free` is what is left to the right of the line, `letter` the width of an ordinary consonant,
    both in points. With `whole_runs`, all up to the next space would have to fit.

    >>> ends_early(60.0, "กองคลัง", 7.0), ends_early(12.0, "กองคลัง", 7.0)
    (True, False)
    >>> ends_early(60.0, "กองคลังและกองช่าง", 7.0, whole_runs=True)
    False
    """
    chunk = next_line.split(None, 1)[0] if next_line.strip() else ""
    word = chunk if whole_runs else first_word(chunk)
    return free > (advance(word) + SPACE + SHAKY) / 100 * letter


def letter_width(lines: Iterable[tuple[str, Box]]) -> float:
    """The width of an ordinary consonant in points, from lines of right text with their boxes."""
    widths = [
        (box.x1 - box.x0) / advance(text.strip()) * 100
        for text, box in lines
        if len(text.strip()) > 7
    ]
    return median(widths) if widths else 0.0


def hard_breaks(
    texts: Sequence[str],
    boxes: Sequence[Box | None],
    right: float,
    letter: float,
    *,
    whole_runs: bool = False,
) -> list[bool]:
    """Which breaks between lines were meant: before a list item, and where a line ended early.

    `right` is the right edge of the column's full lines; breaks of lines without a box are soft.
    """
    texts = [text.strip() for text in texts]
    breaks = []
    for n, box in enumerate(boxes[:-1]):
        below = "".join(texts[n + 1 : n + 3])
        meant = _ITEM.match(below) is not None
        if not meant and box is not None and letter > 0:
            meant = ends_early(right - box.x1, below, letter, whole_runs=whole_runs)
        breaks.append(meant)
    return breaks


def is_item(text: str) -> bool:
    """True for a line that begins with a bullet or the number of an item.

    >>> is_item("- ดี"), is_item("๒.การยืม"), is_item("2568")
    (True, True, False)
    """
    return _ITEM.match(text.strip()) is not None


def kept_width(cells: Iterable[Sequence[str]]) -> int | None:
    """The width at which a dump that kept its lines broke them, None where all breaks were meant.

    >>> kept_width([["การส่งเสริมให้พนักงาน", "ยึดถือผลประโยชน์ของ", "ประชาชนเป็นหลักในการ", "บริการ"]])
    1682
    >>> kept_width([["กองคลัง", "กองสวัสดิการสังคม", "กองช่าง"], ["- ดี", "- ประหยัดงบประมาณรายจ่าย"]])
    """
    pairs = [
        pair for lines in cells for pair in pairwise(lines) if not _ITEM.match(pair[1].strip())
    ]
    width = max((advance(line.strip()) for pair in pairs for line in pair), default=0)
    full = sum(not _fits(line, below, width) for line, below in pairs)
    return width if len(pairs) > 2 and full >= 0.7 * len(pairs) else None


def _fits(line: str, below: str, width: int) -> bool:
    return ends_early(width - advance(line.strip()), below, 100.0)


def hard_lines(lines: Sequence[str], width: int | None) -> list[bool]:
    """Which breaks between a dump's lines were meant, for `join_lines`.

    >>> hard_lines(["ยึดถือผลประโยชน์ของ", "ประชาชน", "กองคลัง"], 1650)
    [False, True]
    """
    return [
        width is None or _ITEM.match(below.strip()) is not None or _fits(line, below, width)
        for line, below in pairwise(lines)
    ]


def line_texts(lines: Sequence[Line]) -> list[str]:
    """The lines of a cell for `join_lines`, a space at the end where bold type ends or begins.

    There a heading ends, and what follows does not go on with it, full line or not.
    """
    bold = [
        (is_bold(line.runs[0].font), is_bold(line.runs[-1].font)) if line.runs else (False, False)
        for line in lines
    ]
    ends = [last != first for (_, last), (first, _) in pairwise(bold)] + [False]
    return [line.text + " " * end for line, end in zip(lines, ends, strict=True)]


def is_bold(font: str) -> bool:
    """As far as a font's name tells.

    >>> is_bold("TH SarabunPSK,Bold"), is_bold("Laksaman-Regular")
    (True, False)
    """
    return "bold" in font.lower()
