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
    "overall",  # of the whole agency
    "threshold",  # a criterion, a target, a maximum
    "change",  # how much more or less
    "other_scale",  # not out of 100
    "range",  # one end of a band
    "out_of_range",  # above 100
    "unclear",  # digits that are no one number, as a lost decimal point leaves them
]


@dataclass(frozen=True, slots=True)
class ScoreMention:
    """One number beside the word คะแนน."""

    field: str
    phrase: str
    """The words it stands in, without white space and in Arabic digits."""
    value: Decimal | None
    reason: Reason
    year: int | None = None
    """The year that the words before it name, Buddhist era."""


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
        return not self.certain or self.reason in ("conflict", "out_of_range", "unclear")


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
FIGURE = re.compile(r"(?<![A-Za-z\d./,-])\d[\d.,/]*(?: ?[-–—] ?\d[\d.,/]*| \d[\d.,/]*)*")
NUMBER = re.compile(r"\d{1,3}(?:\.\d{1,4})?")
OUT_OF_FIGURE = re.compile(r"(\d{1,3}(?:\.\d{1,4})?)/(\d{1,3})")
ITEM_NUMBER = re.compile(r"^\d\. (?=\d)")
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
    r""" [=:–*"'()-] [ieo]\s?\d{1,2}(?!\d) 25\d\d"""
)
KEYWORD_FIRST = re.compile(rf"{WORD}(?!เต็ม)(?:{BESIDE}| )*$")
KEYWORD_NEXT = re.compile(rf" ?{WORD}(?!เต็ม)")
ITEM_START = re.compile(r"^\s*(?:\(?[0-9๐-๙]{1,2}[.)](?![0-9๐-๙])|[-–—•*▪])\s*")
FULL_MARKS = re.compile(rf" ?(?:{WORD})?เต็ม")
COUNTS = either(
    r"คน ราย ครั้ง ข้อ วัน เดือน ปี(?!ที่|ก่อน|งบ|พ|\s?25) บาท โครงการ เรื่อง ประเด็น ช่องทาง ตัวชี้วัด แห่ง ฉบับ"
    " หน่วย ด้าน ระดับ อันดับ ลำดับ"
)
COUNTED = re.compile(rf" ?(?:{COUNTS})")
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
OUT_OF = re.compile(rf"(?: ?{WORD})?[ (]*(?:จาก|เต็ม)(?:{WORD})?(?:เต็ม|ทั้งหมด|รวม| )*(\d+)(?![\d.])")


def mentions(field: str, text: str) -> Iterator[ScoreMention]:
    """Every number beside the word คะแนน, with what it is.

    >>> [(m.value, m.reason) for m in mentions("result", "ได้ ๙๕ คะแนน เกณฑ์ ๘๕ คะแนน ร้อยละ ๕")]
    [(Decimal('95'), 'stated'), (Decimal('85'), 'threshold')]
    """
    if not SOME_SCORE.search(text):
        return
    closed = close_up(SPLIT_POINT.sub(".", letter_zero(thai_digits(text)))).replace("เเ", "แ")
    taken = -1
    for figure in FIGURE.finditer(closed):
        digits = STOP.sub("", figure[0])
        stop = figure.start() + len(digits)
        digits = ITEM_NUMBER.sub("", digits)
        begin = stop - len(digits)
        before, after = closed[max(0, begin - 30) : begin], closed[stop : stop + 30]
        leads = KEYWORD_FIRST.search(closed, 0, begin)
        follows = KEYWORD_NEXT.match(after)
        if NUMBERED.search(before) or YEAR.fullmatch(digits):
            continue
        ended = figure[0] != digits and len(digits) < 3 and after[1:]
        if follows:
            taken = stop + follows.end()
        elif not leads or leads.start() + WORD_LENGTH == taken or ended or COUNTED.match(after):
            continue
        if LEVEL.search(before) and leading(digits) <= 10:
            continue
        phrase = closed[max(0, begin - 40) : stop + 12]
        years = YEAR.findall(closed, max(0, begin - 40), begin)
        blank = ScoreMention(field, phrase, None, "unclear", int(years[-1]) if years else None)
        yield judged(blank, closed, begin, stop, digits)


def leading(digits: str) -> Decimal:
    """The number that a figure begins with."""
    number = NUMBER.match(digits)
    return Decimal(number[0]) if number else Decimal(0)


def judged(mention: ScoreMention, closed: str, begin: int, stop: int, digits: str) -> ScoreMention:
    """What a number beside คะแนน is, by the words before and behind it."""
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
    return replace(mention, value=value, reason=reason)


def mended_word(text: str) -> str:
    """Put right the word คะแนน with one letter misread or lost.

    >>> mended_word("คะแฉนการประเมิน ๙๐"), mended_word("ได้คแนน ๙๐")
    ('คะแนนการประเมิน ๙๐', 'ได้คะแนน ๙๐')
    >>> mended_word("แนวทางและแผน")
    'แนวทางและแผน'
    """
    return NEAR_WORD.sub(WHOLE_WORD, text)


def this_year(found: list[ScoreMention]) -> list[ScoreMention]:
    """Without scores of a year before, where one of this year stands beside them."""
    stated = [m for m in found if m.reason == "stated"]
    latest = max((m.year for m in stated if m.year), default=None)
    if len({m.value for m in stated}) < 2 or latest is None:
        return found
    newest = None if any(m.year is None for m in stated) else latest
    return [
        replace(m, reason="other_year") if m in stated and m.year != newest else m for m in found
    ]


def items_of(text: str) -> list[str]:
    """The lines and items of a list apart, without their numbers: words of one say nothing of the
    number in the next.

    >>> items_of("จุดอ่อน: ๑. ช้ากว่าปีก่อน ๒. คะแนนเฉลี่ย 83.57")
    ['จุดอ่อน:', 'ช้ากว่าปีก่อน', 'คะแนนเฉลี่ย 83.57']
    """
    whole = SPLIT_POINT.sub(".", text)
    return [ITEM_START.sub("", line) for line in list_lines(whole).split("\n")]


def read_score(texts: Mapping[str, str]) -> ScoreReading:
    """The one score that the texts of a row state; two different ones are a conflict.

    >>> read_score({"result": "จุดแข็ง: ได้คะแนน ๙๕ เนื่องจาก", "analysis": "ร้อยละ ๕"}).value
    Decimal('95')
    >>> read_score({"result": "ได้คะแนน ๙๕", "analysis": "ได้คะแนน ๘๐"}).reason
    'conflict'
    """
    found = [
        mention
        for field, text in texts.items()
        for item in items_of(text)
        for mention in mentions(field, item)
    ]
    certain = True
    if not any(m.reason == "stated" for m in found):
        # a number may stand on the line below its word
        whole = [m for field, text in texts.items() for m in mentions(field, text)]
        if not found or {m.reason for m in whole} == {"stated"}:
            found = whole
    if not found:
        mended = {field: mended_word(text) for field, text in texts.items()}
        found = [m for field, text in mended.items() for m in mentions(field, text)]
        certain = not found
    found = this_year(found)
    stated = [m for m in found if m.reason == "stated"]
    values = {m.value for m in stated}
    kept = tuple(found)
    if len(values) == 1:
        value = stated[0].value
        step = Step("read_score", stated[0].phrase, str(value))
        return ScoreReading(value, kept, "stated", certain, (step,))
    if values:
        return ScoreReading(None, kept, "conflict", certain)
    doubts = [m.reason for m in found if m.reason in ("out_of_range", "unclear")]
    other = [m.reason for m in found]
    return ScoreReading(None, kept, (doubts or other or ["none"])[0], certain)
