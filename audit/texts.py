"""What is wrong with the texts of a table: gaps, ends that are none, wording that varies."""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from rapidfuzz import fuzz, process

from audit.evidence import cells_of, codes_of, pages_of, physical_rows, shorten
from audit.model import Place, Problem, Said, page_list
from normalize.columns import header_key, spellings
from normalize.numerals import thai_digits
from normalize.report import Record, Report
from profiles.lexicon import segment, thai_words
from profiles.report import Profile

FILLED_SHARE = {"timeframe": 0.85, "responsible": 0.85}
USUALLY = 0.7
"""Share of a document's rows that must fill a column for a gap in it to be one. Reports merge times
and units over rows, which a dump shows as gaps."""
NAMED_FIELDS = ("question", "analysis", "measures", "result", "steps", "timeframe", "responsible")
PROSE = ("analysis", "measures", "result", "steps")


def header_variant(report: Report) -> Iterator[Problem]:
    """A column's header differs between pages; one finding a column, for the pages that are fewer.

    Years, spaces, dots and letters that were misread are left alone: a header counts as the known
    spelling that it is nearest to.
    """
    if report.profile is None:
        return
    heads: dict[str, dict[str, list[tuple[int, str, Place]]]] = defaultdict(lambda: {})
    for view in report.views:
        if not view.is_data or view.header_rows[0] == view.header_rows[1]:
            continue
        for slot in view.slots:
            cell = next(
                (
                    text
                    for text in view.texts
                    if view.header_rows[0] <= text.cell.row < view.header_rows[1]
                    and slot.header
                    and " ".join(text.text.split()) == slot.header
                ),
                None,
            )
            if slot.field and cell is not None:
                place = Place(view.page, cell.cell.row, cell.cell.column)
                spelling = known_spelling(slot.header, slot.field, report.profile)
                heads[slot.field].setdefault(spelling, []).append((view.page, slot.header, place))
    for field, ways in heads.items():
        merged = merge_misread(ways)
        if len(merged) < 2:
            continue
        usual, *others = sorted(merged, key=lambda w: (-len(merged[w]), min(merged[w])))
        rare = sorted(case for way in others for case in merged[way])
        yield Problem(
            f"the header of {field} differs: {rare[0][1]} there, {merged[usual][0][1]} elsewhere",
            tuple(
                Said(page_list(page for page, _, _ in merged[way]), merged[way][0][1])
                for way in (*others, usual)
            ),
            tuple(sorted({page for page, _, _ in rare})),
            field=field,
            suggestion=merged[usual][0][1],
            severity="info",
            message_th=f"หัวคอลัมน์ต่างกัน: {rare[0][1]} กับ {merged[usual][0][1]}",
            places=tuple(place for _, _, place in (*rare, merged[usual][0])),
        )


def known_spelling(header: str, field: str, profile: Profile) -> str:
    """The known header of a column that one is nearest to, as it is compared; its own if none.

    >>> from profiles.report import profiles
    >>> known_spelling("ข้อคำถาม ITA", "question", profiles()[0])
    'ขอคาถามita'
    """
    key = header_key(header)
    keys, names = spellings(profile)
    own = [k for k, name in zip(keys, names, strict=True) if name == field]
    found = process.extractOne(key, own, scorer=fuzz.ratio, score_cutoff=SAME_HEADER)
    return str(found[0]) if found else key


SAME_HEADER = 88.0
"""Ratio of two headers from which on they are one, misread."""


def merge_misread(
    ways: dict[str, list[tuple[int, str, Place]]],
) -> dict[str, list[tuple[int, str, Place]]]:
    """Put spellings that nobody knows to the ones that they are misread from."""
    merged: dict[str, list[tuple[int, str, Place]]] = {}
    for way in sorted(ways, key=lambda w: (-len(ways[w]), w)):
        near = next((m for m in merged if fuzz.ratio(m, way) >= SAME_HEADER), way)
        merged.setdefault(near, []).extend(ways[way])
    return merged


def cell_empty(report: Report) -> Iterator[Problem]:
    """A column that other rows fill is empty.

    A dash, a cell merged over several rows, and the rest of a row on its next page are left alone.
    """
    rows = list(physical_rows(report))
    for field in ("analysis", "measures", "result", "steps", "timeframe", "responsible"):
        having = [r for r in rows if any(p.pieces(field) for p in r[0].physical.parts)]
        empty = [r for r in having if not r[0].physical.pieces(field)]
        empty = [
            r
            for r in empty
            if all(p.is_empty for t in r[0].physical.parts for p in t.pieces(field))
        ]
        least = FILLED_SHARE.get(field, USUALLY)
        if not empty or len(having) < 3 or len(having) - len(empty) < least * len(having):
            continue
        for records in empty:
            physical = records[0].physical
            yield Problem(
                f"{field} is empty, as in {len(empty)} of {len(having)} rows",
                (Said(page_list(physical.pages), ""),),
                physical.pages,
                code=codes_of(records),
                field=field,
                severity="info",
                message_th=f"ช่องว่าง: {field}",
                places=cells_of(physical, field),
            )


OPEN_ENDED = frozenset(
    re.findall(
        r"\S+",
        """
        และ หรือ ที่ ซึ่ง โดย เพื่อ ของ ใน ตาม กับ แก่ จาก ให้ จะ ต้อง จะต้อง ควร เป็น เป็นการ ภายใต้ ได้แก่
        เช่น คือ ว่า เพราะ เนื่องจาก ระหว่าง สำหรับ เกี่ยวกับ หาก ถ้า แต่ อีกทั้ง รวมทั้ง ตลอดจน ทั้งนี้ รวมถึง
        ไม่ ณ แห่ง โดยการ และการ เพื่อการ ในการ เพื่อให้ ทั้ง ทำให้ และเพื่อ โดยมี โดยให้ พร้อมทั้ง ด้วยการ
        ที่จะ ซึ่งจะ ที่ต้อง ทุก แต่ละ
        """,
    )
)
"""Words that no sentence ends with."""
NOT_A_VERB = re.compile(
    r"(?:กำชับ|เพื่อ|ส่งเสริม|กำกับ|ดูแล|แจ้ง|สนับสนุน|กระตุ้น|ผลักดัน)?ให้(?:บุคลากร|เจ้าหน้าที่|พนักงาน|ผู้บริหาร|ประชาชน)\S{0,12}ภายใน$"
)
"""Someone is made to do what does not stand there any more."""
CAUSE = re.compile(r"เนื่องจากการ(?P<what>[^\s]{3,60})$")
PREDICATE = re.compile(r"ไม่|ยัง|มี|เป็น|ได้|ถูก|ทำให้|ต้อง|ขาด|พบ|อาจ|เกิด|ล่าช้า|น้อย|มาก|สูง|ต่ำ|จำกัด|เพียง")
"""What a clause has beside the noun that it begins with."""


def text_truncated(report: Report) -> Iterator[Problem]:
    """A text ends in mid-sentence and no page continues it.

    A text that ends with a noun, a number or a closed bracket is left alone, and so is one that its
    next page goes on with. It ends within a word where other rows show the whole one, or where the
    beginning of a word was not read from a picture.
    """
    longer = Continued.of(report)
    for records in physical_rows(report):
        seen: set[tuple[str, str]] = set()
        for record in records:
            for field in PROSE:
                text = getattr(record.row, field)
                if not text or (field, text) in seen:
                    continue
                seen.add((field, text))
                printed = all(
                    piece.text.confidence is None for piece in record.physical.pieces(field)
                )
                if not (
                    is_cut_off(text) or longer.goes_on(text) or (printed and ends_within_word(text))
                ):
                    continue
                places = cells_of(record.physical, field)
                yield Problem(
                    f"{field} ends in mid-sentence: {shorten(text, 40)}",
                    (Said(page_list(p.page for p in places[-1:]), shorten(text, 120)),),
                    pages_of(places),
                    code=record.row.code,
                    field=field,
                    message_th=f"ข้อความไม่จบ: {shorten(text, 40)}",
                    places=places[::-1],
                )


def is_cut_off(text: str) -> bool:
    """True where the last sentence of a text cannot end so.

    >>> is_cut_off("แจ้งเวียนและกำชับให้บุคลากรภายใน"), is_cut_off("ทั้งนี้ หน่วยงานจะต้อง")
    (True, True)
    >>> is_cut_off("หนังสือเวียนและกลุ่ม LINE ภายใน"), is_cut_off("เป็นไปตามระเบียบของทางราชการ")
    (False, False)
    >>> is_cut_off("จุดที่ต้องพัฒนา: เนื่องจากการตรวจสอบตามแบบประเมิน")
    True
    """
    last = text.rstrip().rsplit("\n", 1)[-1].rstrip()
    if not last or not re.search("[ก-ฮ]", last):
        return False
    if last[-1] in ",/–" and len(last) > 12:
        return True
    words = [word for word in segment(last[-80:]) if not word.isspace()]
    if len(words) < 3:
        return False
    if words[-1] in OPEN_ENDED or "".join(words[-2:]) in OPEN_ENDED:
        return True
    if NOT_A_VERB.search(last):
        return True
    cause = CAUSE.search(last)
    return cause is not None and not PREDICATE.search(cause["what"])


def ends_within_word(text: str) -> bool:
    """True where a text ends with the beginning of a word.

    >>> ends_within_word("จัดทำแผนประชาสั"), ends_within_word("จัดทำแผนประชาสัมพันธ์")
    (True, False)
    """
    last = text.rstrip()
    if not re.search("[ก-ฮ][ก-๎]*$", last):
        return False
    word = segment(last[-80:])[-1]
    known = sorted_words()
    if word in thai_words():
        return False
    at = bisect_left(known, word)
    return at < len(known) and known[at].startswith(word)


@cache
def sorted_words() -> tuple[str, ...]:
    return tuple(sorted(thai_words()))


MIN_TAIL = 24
"""Letters that two texts must share for the one to be the beginning of the other."""
GOES_ON = re.compile(r"[\s,;:.()/\-–\"'“”]")


@dataclass(frozen=True, slots=True)
class Continued:
    """All texts of a report, for telling where the words that one ends with go on elsewhere."""

    whole: str

    @classmethod
    def of(cls, report: Report) -> "Continued":
        texts = [getattr(r.row, f) for r in report.records for f in PROSE]
        lines = dict.fromkeys(line.strip() for t in texts if t for line in t.split("\n"))
        return cls("\n".join(lines))

    def goes_on(self, text: str, least: int = 1) -> bool:
        """True where the text ends within a word that so many lines of the report complete."""
        last = text.rstrip().rsplit("\n", 1)[-1].strip()
        tail = last[-MIN_TAIL:]
        if len(tail) < MIN_TAIL or not re.search("[ก-๎]$", tail):
            return False
        found = 0
        at = self.whole.find(tail)
        while at >= 0:
            stop = at + len(tail)
            rest = self.whole[stop : stop + MIN_TAIL]
            if rest[:1] not in ("", "\n") and not GOES_ON.match(rest) and within_word(tail, rest):
                found += 1
            at = self.whole.find(tail, at + 1)
        return found >= least


def within_word(before: str, after: str) -> bool:
    """True where a text that goes on has no word's end between its two halves.

    >>> within_word("จัดทำแผนประชาสั", "มพันธ์เชิงรุก"), within_word("จัดทำแผน", "ประชาสัมพันธ์")
    (True, False)
    """
    place = 0
    for word in segment(before + after.split("\n")[0]):
        if place == len(before):
            return False
        place += len(word)
    return place != len(before)


NUMBERED = re.compile(
    r"^\s*(?:(?:ขั้น(?:ตอน)?ที่|ข้อ(?:ที่)?)\s*(?P<named>\d{1,2})(?!\d)"
    r"|\(?(?P<number>\d{1,2})[.)](?!\d)\s*\S)"
)


def step_gap(report: Report) -> Iterator[Problem]:
    """Numbered steps skip or repeat a number, or do not start at 1.

    Parts of a step (1.1, 1.2), a list that begins again at 1, and a single number are left alone.
    """
    for records in physical_rows(report):
        for field in ("steps", "measures"):
            text = getattr(records[0].row, field)
            numbers = step_numbers(text or "")
            wrong = gap_in(numbers)
            if not wrong or not gap_in(inline_numbers(text or "")):
                continue
            places = cells_of(records[0].physical, field)
            yield Problem(
                f"{field}: {wrong}",
                (Said(page_list(pages_of(places)), ", ".join(map(str, numbers))),),
                pages_of(places),
                code=codes_of(records),
                field=field,
                severity="info",
                message_th="ลำดับข้อไม่ต่อเนื่อง: " + ", ".join(map(str, numbers)),
                places=places,
            )


def step_numbers(text: str) -> tuple[int, ...]:
    """The numbers that head the lines of a list.

    >>> step_numbers("1. สำรวจ\\n2) สรุป\\n2.1 ย่อย\\nไม่มีเลข"), step_numbers("ขั้นตอนที่ ๑ สำรวจ")
    ((1, 2), (1,))
    """
    matches = (NUMBERED.match(thai_digits(line)) for line in text.split("\n"))
    return tuple(int(match["number"] or match["named"]) for match in matches if match)


def inline_numbers(text: str) -> tuple[int, ...]:
    """The numbers of a list whose items stand in one line, as far as they go on.

    >>> inline_numbers("1. สำรวจ 2. สรุป\\n3. รายงาน ภายใน 15 วัน")
    (1, 2, 3)
    >>> inline_numbers("1. สำรวจ ครั้งที่ 2 ปี\\n3. รายงาน")
    (1, 3)
    """
    found: list[int] = []
    for match in re.finditer(r"(?<![\d.])(\d{1,2})[.)](?!\d)", thai_digits(text)):
        number, heads = int(match[1]), match.start() == 0 or text[match.start() - 1] == "\n"
        if heads or (found and number == found[-1] + 1):
            found.append(number)
    return tuple(found)


def gap_in(numbers: Sequence[int]) -> str:
    """What is wrong with the numbers of a list, empty where nothing is.

    >>> gap_in((1, 3)), gap_in((3, 4)), gap_in((1, 2, 2))
    ('1 is followed by 3', 'starts at 3', '2 is followed by 2')
    >>> gap_in((1, 2, 1, 2, 3)), gap_in(()), gap_in((1,))
    ('', '', '')
    """
    if not numbers:
        return ""
    if numbers[0] != 1:
        return f"starts at {numbers[0]}" if len(numbers) > 1 or numbers[0] < 10 else ""
    for before, now in pairwise(numbers):
        if now not in (before + 1, 1) or (now == 1 and before == 1):
            return f"{before} is followed by {now}"
    return ""


def analysis_missing(report: Report) -> Iterator[Problem]:
    """A question in a shared row has no analysis of its own.

    A text that speaks of all questions of the row, without their codes, is left alone; so is a row
    without any, which is an empty cell.
    """
    for records in physical_rows(report):
        if len(records) < 2:
            continue
        having = [r for r in records if r.row.analysis]
        for record in records if having else ():
            if record.row.analysis:
                continue
            yield Problem(
                f"{record.row.code or 'a question'} has no analysis beside "
                + (codes_of(having) or "the others"),
                tuple(Said(r.row.code or "?", shorten(r.row.analysis or "", 60)) for r in records),
                record.row.pages,
                code=record.row.code,
                field="analysis",
                message_th=f"{record.row.code or 'ข้อคำถาม'} ไม่มีผลการวิเคราะห์ของตนเอง",
                places=cells_of(record.physical, "analysis", "question"),
            )


def unit_variant(report: Report) -> Iterator[Problem]:
    """One unit is written in different ways; the rows carry one name for it.

    Spaces, line ends and letters that were misread are left alone.
    """
    ways: dict[str, dict[str, list[Record]]] = defaultdict(lambda: defaultdict(list))
    for records in physical_rows(report):
        for unit in records[0].units.units:
            if unit.known and unit.certain:
                way = re.sub(r"[\s​]+", "", unit.printed).strip(".,;/-")
                ways[unit.name][way].append(records[0])
    for name, prints in ways.items():
        if len(prints) < 2:
            continue
        cases = sorted(prints.items(), key=lambda item: (-len(item[1]), item[0]))
        found = [record for _, some in cases for record in some]
        rare = [record for _, some in cases[1:] for record in some]
        yield Problem(
            f"one unit is written {' and '.join(way for way, _ in cases)}",
            tuple(
                Said(page_list(p for r in some for p in r.row.pages), way) for way, some in cases
            ),
            tuple(sorted({page for record in found for page in record.row.pages})),
            field="responsible",
            suggestion=name,
            fixed=True,
            severity="info",
            message_th=f"หน่วยงานเดียวกันเขียนต่างกัน: {' และ '.join(way for way, _ in cases)}",
            places=tuple(
                dict.fromkeys(
                    place
                    for record in (*rare, *found[:1])
                    for place in cells_of(record.physical, "responsible")
                )
            ),
        )
