"""The score of 0 to 100 that a row states, and no other number of its text.

A number is read where the word คะแนน stands right beside it. What the words around it make of it is
its reason: `stated`, or why it is none. Rather no score than another number.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from normalize.numerals import close_up, letter_zero, thai_digits
from normalize.sections import list_lines
from normalize.trace import Step

Reason = Literal[
    "stated",  # the score of this row
    "other_year",  # of a year before
    "other_code",  # of another question
    "overall",  # of the whole agency
    "total",  # of a whole instrument
    "threshold",  # a criterion, a target, a maximum
    "change",  # how much more or less
    "other_scale",  # not out of 100
    "range",  # one end of a band
    "out_of_range",  # above 100
    "unclear",  # digits that are no one number, as a lost decimal point leaves them
    "near",  # a number close to the word, and nothing says what it is
]
DOUBTS: tuple[Reason, ...] = ("out_of_range", "unclear", "total")
"""Reasons that leave open what the score is."""


@dataclass(frozen=True, slots=True)
class ScoreMention:
    """One number beside the word คะแนน."""

    field: str
    phrase: str
    """The words it stands in, without white space and in Arabic digits."""
    value: Decimal | None
    reason: Reason
    year: int | None = None
    """The year that the words around it name, Buddhist era."""


@dataclass(frozen=True, slots=True)
class ScoreReading:
    """The score of one row. `value` is None where it states none, or no single one."""

    value: Decimal | None
    mentions: tuple[ScoreMention, ...]
    reason: str
    """`stated`, `none`, `conflict`, or the reason of the one mention that could have been it."""
    certain: bool = True
    """False where the word คะแนน itself was misread and had to be made out."""
    steps: tuple[Step, ...] = ()

    @property
    def doubtful(self) -> bool:
        """A person should look: a score seems to be stated and is not given, or not for certain."""
        return (
            not self.certain
            or self.reason in ("conflict", *DOUBTS)
            or any(m.reason == "near" for m in self.mentions)
            or (self.reason == "other_year" and any(m.year for m in self.mentions))
        )


def either(words: str) -> str:
    return "|".join(words.split())


WHOLE_WORD = "คะแนน"
WORD = r"คะแ[นบ][นบ]"
NEAR_WORD = re.compile(
    "คะแนน|"
    + "|".join(
        f"{WHOLE_WORD[:i]}{between}{WHOLE_WORD[i + 1 :]}"
        for i in range(len(WHOLE_WORD))
        for between in ("[ก-๎]", "")
    )
)
WORD_LENGTH = len(WHOLE_WORD)
FIGURE = re.compile(
    r"(?:(?<![A-Za-z\d./,-])|(?<=[IEO]IT|ITA))\d[\d.,/]*(?: ?[-–—] ?\d[\d.,/]*| \d[\d.,/]*)*"
)
NUMBER = re.compile(r"\d{1,3}(?:\.\d{1,4})?")
OUT_OF_FIGURE = re.compile(r"(\d{1,3}(?:\.\d{1,4})?)/(\d{1,3})")
ITEM_NUMBER = re.compile(r"^(?:\d\.|25\d\d) (?=\d)")
"""What may stand before a number and is none of it: the number of an item, or a year."""
SOME_SCORE = re.compile(r"ค\s*ะ\s*[แเ]")
BROKEN = re.compile(r" ?[^\d\s()=] ?\d\d(?!\d)")
RESUMED = re.compile(r"(?<![\dA-Za-z])\d{1,3} ?[ก-๎'\"] ?$")
"""One character between digits: a decimal point may have been misread."""
STOP = re.compile(r"[.,/]+$")
SPLIT_POINT = re.compile(r"(?<=\d\d)(?:\.\s*\n\s*|\s*\n\s*\.)(?=\d\d(?!\d))")
YEAR = re.compile(r"(25\d\d)(?!\d)")

BESIDE = either(
    "การ ผล ที่ ได้รับ ได้ เฉลี่ย ประเมิน รวม ข้อคำถาม ข้อ นี้ ตัวชี้วัด ประเด็น ย่อย อยู่ เท่ากับ เท่า คือ เป็น คิด"
    " ร้อยละ จำนวน ใน ระดับ ของ หน่วยงาน ปี งบประมาณ พ\\.ศ\\. ITA IIT EIT OIT ทั้งสิ้น เพียง"
    r""" [=:–*"'()-] [ieoIEO]\s?\d{1,2}(?!\d) 25\d\d"""
    r" (?:เพิ่มขึ้น|สูงขึ้น|ลดลง|ต่ำลง)(?:มา)?(?:เป็น|เหลือ)"
)
KEYWORD_FIRST = re.compile(rf"{WORD}(?!เต็ม)(?:{BESIDE}| )*$")
KEYWORD_NEXT = re.compile(rf" ?{WORD}(?!เต็ม)")
ITEM_START = re.compile(r"^\s*(?:\(?[0-9๐-๙]{1,2}[.)](?![0-9๐-๙])|[-–—•*▪])\s*")
FULL_MARKS = re.compile(rf" ?(?:{WORD})?เต็ม")
COUNTS = either(
    r"คน ราย ครั้ง ข้อ วัน เดือน ปี(?!ที่|ก่อน|งบ|พ|\s?25) บาท โครงการ เรื่อง ประเด็น ช่องทาง ตัวชี้วัด แห่ง ฉบับ"
    " นาที ชั่วโมง สัปดาห์ ไตรมาส รอบ หน่วย ด้าน ระดับ อันดับ ลำดับ"
)
COUNTED = re.compile(rf" ?(?:{COUNTS})")
MANY = 50
"""So many and more, with the word คะแนน before them, may count nothing."""
LEVEL = re.compile(r"ระดับ(?:ที่)? ?$")
NUMBERED = re.compile(
    r"(?:(?:ข้อ|ประเด็น|ตัวชี้วัด|ลำดับ|ด้าน|ส่วน|ครั้ง|รอบ|มาส|ระดับ)(?:ย่อย)?ที่"
    r"|ข้อ|ลำดับ|อันดับ|หมวด|มาส|ตัวชี้วัด|คำถาม)$"
)
CRITERION = either("เกณฑ์ เป้าหมาย เป้า คาดหวัง คาดว่า มุ่งสู่ มุ่งเน้น มุ่งหวัง")
WISH = rf"(?:ให้|ต้อง|ควร|จะ|พึง)(?:มี|ได้)(?:รับ|ผล|{WORD}|การ|ประเมิน|เฉลี่ย|ไม่|อย่าง|รวม)*"
COMPARED = either(
    "เต็ม ต่ำกว่า น้อยกว่า สูงกว่า มากกว่า เกินกว่า ไม่เกิน เกิน อย่างน้อย ขั้นต่ำ จาก ผ่าน น้ำหนัก ช่วง ระหว่าง ขาด อีก"
)
THRESHOLD = re.compile(rf"(?:(?:{CRITERION})[^0-9]{{0,24}}|{WISH}|(?:{COMPARED})(?:{WORD})?) ?$")
CHANGED = either(
    "เพิ่มขึ้น เพิ่ม สูงขึ้น ลดลง ลด ต่ำลง น้อยลง ต่างกัน แตกต่าง ห่าง มากขึ้น ดีขึ้น หัก ตัด หายไป หาย ขาดไป"
)
BY_HOW_MUCH = either(
    "กว่าเดิม กว่าปีก่อน ถึง อีก ไป จำนวน ร้อยละ คิดเป็น อยู่ที่ เท่ากับ ประมาณ จากเดิม จากปีก่อน จากปีที่แล้ว จากปีที่ผ่านมา"
    r" จากปี[^0-9]{0,14}25\d\d"
)
CHANGE = re.compile(rf"(?:{CHANGED})(?:{BY_HOW_MUCH}|{WORD}| )*$")
BEFORE = either("เดิม ปีก่อน ปีที่แล้ว ปีที่ผ่านมา ปีงบประมาณที่ผ่านมา ครั้งก่อน รอบก่อน")
OTHER_YEAR = re.compile(
    rf"(?:(?<!กว่า)(?:{BEFORE})|กว่า(?:{BEFORE})(?:ที่|ซึ่ง|ได้|มี|อยู่|คือ))[^0-9]{{0,30}}$"
)
"""A comparison with the year before (ดีกว่าปีก่อนเล็กน้อย) says nothing of the number after it."""
OVERALL = re.compile(
    r"(?:ภาพรวม|โดยรวม|ทุกตัวชี้วัด|รวมทุก|ระดับประเทศ|ระดับจังหวัด|ระดับอำเภอ|ทั้งประเทศ)[^0-9]{0,24}$"
)
UPWARD = re.compile(rf" ?(?:{WORD})? ?(?:ขึ้นไป|หรือมากกว่า|เป็นอย่างน้อย|ลงมา)")
FROM_TO = re.compile(
    rf"(?:{CHANGED}|เปลี่ยนแปลง|เปลี่ยน)[^0-9]{{0,12}}จาก(?:[^0-9]{{0,16}}25\d\d)?[^0-9]{{0,16}}"
    rf"(?P<old>\d+(?:\.\d+)?)[ ()]*(?:{WORD})?"
    r"(?:[ ()]|ใน|เมื่อ|ของ|งบประมาณ|ปี(?:ที่แล้ว|ก่อน|ที่ผ่านมา)?|25\d\d)*"
    rf"(?:มา|ลดลง|เพิ่มขึ้น|และ)?(?:อยู่ที่|เป็น|เหลือ)(?:เพียง|ที่|ร้อยละ|{WORD}| )*(?P<new>\d+)"
)
"""From the score of before to the one of now."""
OUT_OF = re.compile(rf"(?: ?{WORD})?[ (]*(?:จาก|เต็ม)(?:{WORD})?(?:เต็ม|ทั้งหมด|รวม| )*(\d+)(?![\d.])")


LABELLED = re.compile(rf"(?:{BESIDE}| )*?(?:25\d\d|[=:])(?:{BESIDE}| )*\d")
"""A word คะแนน behind a number that begins the statement of another one."""
YEAR_BEHIND = re.compile(
    rf" ?(?:{WORD})?[ (]*(?:ใน|ของ|เมื่อ)?(?:ปี|ประจำปี)(?:งบประมาณ)?(?:พ\.?ศ\.?)? ?(25\d\d)"
    rf"(?!\d)(?!(?:{BESIDE}| |มี)*\d)"
)
CODE = re.compile(r"(?<![A-Za-z])([ieoIEO]) ?(\d{1,2})(?![\d]|[.,]\d)")
CODE_BEHIND = re.compile(
    rf" ?(?:{WORD})?[ (]*(?:(?:ใน|ของ|สำหรับ)?(?:ข้อ|ประเด็น|ตัวชี้วัด|คำถาม)*)?([ieoIEO]) ?(\d{{1,2}})"
    rf"(?!\d|[.,]\d)(?!(?:{BESIDE}| |มี)*\d)"
)
CITED = re.compile(r"\([^()]{8,}\)|(?:อ้างอิง|ตาม|เชื่อมโยง|สอดคล้อง)[^0-9]{0,12}?[ieoIEO] ?\d{1,2}")
"""A code in these is a reference, and the number behind it is not its score."""
CHAINED = re.compile(r"(?: |,|/|-|–|และ|กับ|ถึง|ข้อ)*")
THIS_ONE = re.compile(r"(?:ข้อ|ประเด็น|ตัวชี้วัด|คำถาม)นี้")
BETWEEN_LABEL = re.compile(rf"(?:{BESIDE}|{WORD}| |มี|ซึ่ง|ที่)*")
TOTAL = re.compile(
    r"(?:(?:IIT|EIT|OIT)(?:ปี|งบประมาณ|พ\.ศ\.|25\d\d|ได้รับ|ได้|คือ|เป็น|เท่ากับ|อยู่|ที่|มี|ผล|รวม|เฉลี่ย|ร้อยละ|จำนวน"
    rf"|{WORD}|[=:–*\"')-]| )*|ITA[=: )]*)$"
)


def closed_up(text: str) -> str:
    """A text as its numbers are searched: Arabic digits, no white space but between two."""
    return close_up(SPLIT_POINT.sub(".", letter_zero(thai_digits(text)))).replace("เเ", "แ")


def mentions(field: str, text: str, code: str | None = None) -> Iterator[ScoreMention]:
    """Every number beside the word คะแนน, with what it is; `code` is that of the row.

    >>> [(m.value, m.reason) for m in mentions("result", "ได้ ๙๕ คะแนน เกณฑ์ ๘๕ คะแนน ร้อยละ ๕")]
    [(Decimal('95'), 'stated'), (Decimal('85'), 'threshold')]
    """
    if not SOME_SCORE.search(text):
        return
    closed = closed_up(text)
    taken, last = -1, 0
    changes = {m.start(n): (n, m.end("old")) for m in FROM_TO.finditer(closed) for n in SIDES}
    for figure in FIGURE.finditer(closed):
        digits = STOP.sub("", figure[0])
        stop = figure.start() + len(digits)
        digits = ITEM_NUMBER.sub("", digits)
        begin = stop - len(digits)
        before, after = closed[max(0, begin - 30) : begin], closed[stop : stop + 30]
        leads = KEYWORD_FIRST.search(closed, max(0, begin - REACH), begin)
        follows = KEYWORD_NEXT.match(after)
        if NUMBERED.search(before) or YEAR.fullmatch(digits):
            continue
        ended = figure[0] != digits and len(digits) < 3 and after[1:]
        counted = COUNTED.match(after) and "." not in digits
        change, past = (None, 0) if counted else changes.get(begin, (None, 0))
        last = past if change == "new" else last
        phrase = closed[max(0, begin - 40) : stop + 12]
        year, behind = year_around(closed, last, begin, stop)
        blank = ScoreMention(field, phrase, None, "near", year)
        if follows:
            if not LABELLED.match(closed, stop + follows.end()):
                taken = stop + follows.end()
        elif change and (leads or WHOLE.search(closed, max(0, begin - REACH), begin)):
            pass
        elif not leads or leads.start() + WORD_LENGTH == taken or ended or counted:
            many = bool(leads and counted and not ended and leading(digits) >= MANY)
            own = leads is None or leads.start() + WORD_LENGTH != taken
            if own and (many or is_near(closed, begin, stop, digits, bool(ended), bool(counted))):
                found = judged(blank, closed, begin, stop, digits, last, code)
                reason: Reason = "near" if found.reason == "stated" else found.reason
                if reason in ("near", "total", "range"):
                    yield replace(found, reason="near")
            continue
        if LEVEL.search(before) and leading(digits) <= 10:
            continue
        found = judged(blank, closed, begin, stop, digits, last, code)
        old = change == "old" and found.reason in ("stated", "threshold")
        yield replace(found, reason="other_year", year=None) if old else found
        last = behind


SIDES = ("old", "new")
WHOLE = re.compile(WORD)
REACH = 120
"""Letters of closed-up text that a word may stand before its number."""
AHEAD, BEHIND = 24, 12
"""Letters of closed-up text between the word and a number near it."""
SHARE = re.compile(r"(?:ผู้|บุคลากร|ประชาชน|เจ้าหน้าที่|คน|ราย|ขาด|อีก)")
FULL = re.compile(r"เต็ม[^0-9]{0,6}$")


def is_near(closed: str, begin: int, stop: int, digits: str, ended: bool, counted: bool) -> bool:
    """Whether a number from 0 to 100 stands close to the word and nothing says what it is."""
    if counted or not NUMBER.fullmatch(digits) or not 0 <= Decimal(digits) <= 100:
        return False
    if (ended or LEVEL.search(closed, max(0, begin - 12), begin)) and leading(digits) <= 20:
        return False
    if begin == 0 or FULL.search(closed, max(0, begin - 12), begin):
        return False
    before = closed[max(0, begin - AHEAD) : begin]
    words = list(WHOLE.finditer(before))
    if words:
        between = before[words[-1].end() :]
        return not re.search(r"\d", between) and not SHARE.search(between)
    behind = re.match(rf"[^0-9;()]{{0,{BEHIND}}}?{WORD}(?!เต็ม)", closed[stop : stop + 2 * BEHIND])
    return behind is not None and not SHARE.search(behind[0])


def year_around(closed: str, last: int, begin: int, stop: int) -> tuple[int | None, int]:
    """The year that stands between the last number and this one, or right behind it; and where
    what is said of the number ends.

    >>> year_around("ปี2567ได้80คะแนน", 0, 9, 11), year_around("ได้80คะแนน(ปี2567)", 0, 3, 5)
    ((2567, 11), (2567, 17))
    >>> year_around("ได้80คะแนนปี2567ได้75", 0, 3, 5)
    (None, 5)
    """
    years = YEAR.findall(closed, max(last, begin - 40), begin)
    if years:
        return int(years[-1]), stop
    behind = YEAR_BEHIND.match(closed, stop)
    return (int(behind[1]), behind.end()) if behind else (None, stop)


def other_code(closed: str, last: int, begin: int, stop: int, code: str) -> Reason | None:
    """What it makes of a number that another code than the row's stands before it.

    >>> text = "ข้อที่ได้น้อยที่สุดคือi2ได้81.20คะแนน"
    >>> other_code(text, 0, 27, 32, "i1"), other_code(text, 0, 27, 32, "i2")
    ('other_code', None)
    """
    start = max(last, begin - 60)
    before = CITED.sub(lambda m: ";" * len(m[0]), closed[start:begin])
    found = list(CODE.finditer(before))
    if not found:
        behind = CODE_BEHIND.match(closed, stop)
        named = behind and (behind[1] + behind[2]).lower()
        return "other_code" if named and named != code else None
    names = [(m[1] + m[2]).lower() for m in found]
    rest = before[found[-1].end() :]
    if names[-1] == code or THIS_ONE.search(rest):
        return None
    if code in names:
        at = len(names) - 1 - names[::-1].index(code)
        pairs = zip(found[at:], found[at + 1 :], strict=False)
        if all(CHAINED.fullmatch(before, a.end(), b.start()) for a, b in pairs):
            return None
    if BETWEEN_LABEL.fullmatch(rest):
        return "other_code"
    return "unclear" if names[-1][0] == code[0] and ";" not in rest else None


def leading(digits: str) -> Decimal:
    """The number that a figure begins with."""
    number = NUMBER.match(digits)
    return Decimal(number[0]) if number else Decimal(0)


def judged(
    mention: ScoreMention,
    closed: str,
    begin: int,
    stop: int,
    digits: str,
    last: int,
    code: str | None,
) -> ScoreMention:
    """What a number beside คะแนน is, by the words before and behind it.

    `last` is where the number before it ends.
    """
    before = closed[max(0, begin - 60) : begin]
    clause = re.split(r"[;()]|\d[\d.,]*(?:คะแนน)?", before)[-1]
    scale = OUT_OF.match(closed, stop)
    full = scale[1] if scale else "100"
    if parted := OUT_OF_FIGURE.fullmatch(digits):
        digits, full = parted.groups()
    value = Decimal(digits) if NUMBER.fullmatch(digits) else None
    reason: Reason = "stated"
    if re.search(r"[-–—]", digits):
        reason = "range"
    elif FULL_MARKS.match(closed, stop) or UPWARD.match(closed, stop) or THRESHOLD.search(clause):
        reason = "threshold"
    elif CHANGE.search(before):
        reason = "change"
    elif full != "100":
        reason = "other_scale"
    elif value is None or BROKEN.match(closed, stop) or RESUMED.search(before):
        reason = "unclear"
    elif value > 100:
        reason = "out_of_range"
    elif OTHER_YEAR.search(clause):
        reason = "other_year"
    elif OVERALL.search(clause):
        reason = "overall"
    elif TOTAL.search(before):
        reason = "total"
    elif code:
        reason = other_code(closed, last, begin, stop, code) or reason
    return replace(mention, value=value, reason=reason)


def mended_word(text: str) -> str:
    """Put right the word คะแนน with one letter misread or lost.

    >>> mended_word("คะแฉนการประเมิน ๙๐"), mended_word("ได้คแนน ๙๐")
    ('คะแนนการประเมิน ๙๐', 'ได้คะแนน ๙๐')
    >>> mended_word("แนวทางและแผน")
    'แนวทางและแผน'
    """
    return NEAR_WORD.sub(WHOLE_WORD, text)


def this_year(found: list[ScoreMention], assessed: int | None) -> list[ScoreMention]:
    """Without scores of another year than the assessed one.

    Where that is not known: of a year before, where one of this year stands beside them.
    """
    stated = [m for m in found if m.reason == "stated"]
    latest = max((m.year for m in stated if m.year), default=None)
    if latest is None or (assessed is None and len({m.value for m in stated}) < 2):
        return found
    years = {None, assessed}
    if assessed is None:
        years = {None} if any(m.year is None for m in stated) else {latest}
    return [
        replace(m, reason="other_year") if m.reason == "stated" and m.year not in years else m
        for m in found
    ]


def items_of(text: str) -> list[str]:
    """The lines and items of a list apart, without their numbers: words of one say nothing of the
    number in the next.

    >>> items_of("จุดอ่อน: ๑. ช้ากว่าปีก่อน ๒. คะแนนเฉลี่ย 83.57")
    ['จุดอ่อน:', 'ช้ากว่าปีก่อน', 'คะแนนเฉลี่ย 83.57']
    """
    whole = SPLIT_POINT.sub(".", text)
    return [ITEM_START.sub("", line) for line in list_lines(whole).split("\n")]


def parts_of(field: str, text: str) -> list[str]:
    """The items of a text; in a column of scores the word stands in the header.

    >>> parts_of("score", "๙๒.๓๕"), parts_of("result", "จุดแข็ง: ๑. ก ๒. ข")
    (['คะแนน ๙๒.๓๕'], ['จุดแข็ง:', 'ก', 'ข'])
    """
    if field != "score":
        return items_of(text)
    lines = SPLIT_POINT.sub(".", text).split("\n")
    return [line if SOME_SCORE.search(line) else f"{WHOLE_WORD} {line}" for line in lines if line]


def read_score(
    texts: Mapping[str, str], assessed: int | None = None, code: str | None = None
) -> ScoreReading:
    """The one score that the texts of a row state; two different ones are a conflict.

    A score of another year than the assessed one, or of another code than the row's, is none of
    its own. The text `score` is that of a column of scores: there a number needs no word.

    >>> read_score({"result": "จุดแข็ง: ได้คะแนน ๙๕ เนื่องจาก", "analysis": "ร้อยละ ๕"}).value
    Decimal('95')
    >>> read_score({"result": "ได้คะแนน ๙๕", "analysis": "ได้คะแนน ๘๐"}).reason
    'conflict'
    >>> read_score({"result": "ปี 2567 ได้ 80 คะแนน", "score": "92.35"}, 2568).value
    Decimal('92.35')
    """
    found = [
        mention
        for field, text in texts.items()
        for item in parts_of(field, text)
        for mention in mentions(field, item, code)
    ]
    certain = True
    beside = [m for m in found if m.reason != "near"]
    if not any(m.reason == "stated" for m in found):
        # a number may stand on the line below its word
        whole = [m for field, text in texts.items() for m in mentions(field, text, code)]
        if not beside or {m.reason for m in whole} == {"stated"}:
            found = whole
            beside = [m for m in found if m.reason != "near"]
    if not beside:
        mended = {field: mended_word(text) for field, text in texts.items()}
        made_out = [m for field, text in mended.items() for m in mentions(field, text, code)]
        if any(m.reason != "near" for m in made_out):
            found, certain = made_out, False
    found = this_year(found, assessed)
    stated = [m for m in found if m.reason == "stated"]
    values = {m.value for m in stated}
    if values:
        # beside a score, a whole number is some other count
        found = [
            m
            for m in found
            if m.reason != "near" or (m.value and m.value % 1 and m.value not in values)
        ]
    kept = tuple(found)
    if len(values) == 1:
        value = stated[0].value
        step = Step("read_score", stated[0].phrase, str(value))
        return ScoreReading(value, kept, "stated", certain, (step,))
    if values:
        return ScoreReading(None, kept, "conflict", certain)
    doubts = [m.reason for m in found if m.reason in DOUBTS]
    other = [m.reason for m in found if m.reason != "near"]
    return ScoreReading(None, kept, (doubts or other or ["none"])[0], certain)
