"""Rules for numbers as they are printed, in the order they run."""

import re
from decimal import Decimal
from typing import NamedTuple

from normalize.trace import Rule, Step, apply

THAI_DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")
LETTER_ZERO = re.compile(r"(?<=\d)[oO]+(?=[\d.,]*\d)")
GROUPED = re.compile(r"(?<![\d.,])[+-]?\d{1,3}(?:,\d{3})+(?![\d,]|\.\d*,)")
PLAIN = re.compile(r"[+-]?\d+(?:\.\d+)?")
GAP = re.compile(r"(?:(?<=\d)|(?<=\d[.,]))[\s\u200b\ufeff]+(?=\d)")
WRAPPED = re.compile(r"(?<=\d[,.])\s+(?=\d)|(?<=\d)\s+(?=[,.]\d)")
NO_SATANG = re.compile(r"(?<=\d) ?\. ?[-–—−]+(?=\s|$)")
LONG_MINUS = re.compile(r"^[–—−][ \u00a0]*(?=\d)")
BRACKETS = re.compile(r"^\(\s*(\d[\d,.]*)\s*\)$")
NO_NUMBER = re.compile(r"[\s\-–—−_.]*")
FIGURE = re.compile(
    r"฿?\s*(?P<number>[+-]?[ ]?(?:\d{1,15}(?:\.\d{1,10})?|\.\d{1,10}))"
    r"(?![\d,.]|\s*\d|[ ]?[-–/xX×*])\s*(?P<rest>(?s:.*))"
)
MULTIPLES = "สิบ", "ร้อย", "พัน", "หมื่น", "แสน", "ล้าน"
ONES = "ศูนย์", "หนึ่ง", "เอ็ด", "สอง", "ยี่", "สาม", "สี่", "ห้า", "หก", "เจ็ด", "แปด", "เก้า"
SCALE = re.compile(f"(?:{'|'.join(MULTIPLES)})+")
SPELLED = re.compile(
    r"[(=\"“]*(?:{0})+บาท(?:ถ้วน|(?:{0})+สตางค์(?:ถ้วน)?)?[)=\"”]*".format(
        "|".join((*ONES, *MULTIPLES))
    )
)
NO_UNIT = re.compile(r"[oOlI|][oOlI|\d]*|[eE][+-]?\d+|.*(?<![A-Za-z\u0e01-\u0e4e.])\d.*", re.DOTALL)
WHITE = re.compile(r"[\s\u200b\ufeff]+")


def thai_digits(text: str) -> str:
    """Write Thai digits as Arabic digits, and nothing else.

    >>> thai_digits("๒,๕๖๗ บาท")
    '2,567 บาท'
    >>> thai_digits("2,567")
    '2,567'
    """
    return text.translate(THAI_DIGITS)


def letter_zero(text: str) -> str:
    """Read the letter o between the digits of one number as the zero it was misread from.

    >>> letter_zero("2o5 และ 1o.25")
    '205 และ 10.25'
    >>> letter_zero("o10 และ 3o")
    'o10 และ 3o'
    """
    return LETTER_ZERO.sub(lambda m: "0" * len(m[0]), text)


def grouping_commas(text: str) -> str:
    """Drop commas that group digits in threes, and only those.

    >>> grouping_commas("1,234,567.8")
    '1234567.8'
    >>> grouping_commas("12,34 และ 1,2,3")
    '12,34 และ 1,2,3'
    """
    return GROUPED.sub(lambda m: m[0].replace(",", ""), text)


NUMBER_RULES: tuple[Rule, ...] = (thai_digits, letter_zero, grouping_commas)


def read_number(text: str) -> Decimal | None:
    """Read a text that is one number; a unit, a percent sign or a range is none.

    >>> read_number("๑,๒๓๔.๕๐")
    Decimal('1234.50')
    >>> read_number("๙๕ คะแนน"), read_number("๑-๒"), read_number("-")
    (None, None, None)
    """
    plain, _ = apply(NUMBER_RULES, text.strip())
    return Decimal(plain) if PLAIN.fullmatch(plain) else None


def wrapped_number(text: str) -> str:
    """Join a number that was wrapped behind its comma or at its point.

    >>> wrapped_number("2,335,\\n635.12")
    '2,335,635.12'
    >>> wrapped_number("2,335\\n635.12")
    '2,335\\n635.12'
    """
    return WRAPPED.sub("", text)


def satang_dash(text: str) -> str:
    """Drop the dash that says that there are no satang.

    >>> satang_dash("28,000.-")
    '28,000'
    >>> satang_dash("28,000-")
    '28,000-'
    """
    return NO_SATANG.sub("", text)


def minus_sign(text: str) -> str:
    """Write a longer dash right before a number as its minus sign.

    >>> minus_sign("–1,500.00")
    '-1,500.00'
    >>> minus_sign("1–2")
    '1–2'
    """
    return LONG_MINUS.sub("-", text)


def brackets_are_minus(text: str) -> str:
    """Read a number that stands in brackets alone as negative, as accounts print it.

    >>> brackets_are_minus("(1,500.00)")
    '-1,500.00'
    >>> brackets_are_minus("(1) และ (2)")
    '(1) และ (2)'
    """
    return BRACKETS.sub(r"-\1", text)


FIGURE_RULES: tuple[Rule, ...] = (
    thai_digits,
    letter_zero,
    wrapped_number,
    satang_dash,
    minus_sign,
    brackets_are_minus,
    grouping_commas,
)
"""What reads the cell of a column of numbers."""


class Figure(NamedTuple):
    """What a cell of a column of numbers holds."""

    value: Decimal | None
    """None where a dash says that there is none."""
    rest: str = ""
    """What stands behind the number: its unit."""
    steps: tuple[Step, ...] = ()


def read_figure(text: str, unit: str = "") -> Figure | None:
    """Read a cell that holds one number, or a dash for none; None where neither can be told.

    What stands behind the number is kept, unless it is the `unit` that the column says. What has
    more than 15 digits before its point is the number of an account, and no amount.

    >>> read_figure("๒๘,๐๐๐.-").value, read_figure("(500.00)").value, read_figure(" - ").value
    (Decimal('28000'), Decimal('-500.00'), None)
    >>> read_figure("9 ตัว").rest, read_figure("130,000 บาท", "บาท").rest
    ('ตัว', '')
    >>> read_figure("12,34"), read_figure("1-2"), read_figure("ไม่มี")
    (None, None, None)
    """
    if NO_NUMBER.fullmatch(text):
        return Figure(None)
    plain, steps = apply(FIGURE_RULES, text.strip())
    match = FIGURE.fullmatch(plain)
    if match is None:
        return None
    rest = " ".join(match["rest"].split())
    if unit and rest.startswith(unit):
        rest = rest[len(unit) :].strip()
    return Figure(Decimal(match["number"].replace(" ", "")), rest, steps)


def is_unit(rest: str) -> bool:
    """False where what stands behind a number is more of a number: its value is not known then.

    >>> [is_unit(rest) for rest in ("ตัว", "ลบ.ม.", "m3", "")]
    [True, True, True, True]
    >>> [is_unit(rest) for rest in ("OO", "e3", "ถึง 3", "พัน", "ส.ค. 2567")]
    [False, False, False, False, False]
    """
    return not (NO_UNIT.fullmatch(rest) or SCALE.fullmatch(rest))


def is_spelled_amount(text: str) -> bool:
    """True for an amount in words and nothing else.

    >>> is_spelled_amount("(หนึ่งพันสองร้อยบาทถ้วน)"), is_spelled_amount("สองบาทห้าสิบสตางค์")
    (True, True)
    >>> is_spelled_amount("โต๊ะ (หนึ่งพันบาทถ้วน)"), is_spelled_amount("ร้อยสายไฟ")
    (False, False)
    """
    return bool(SPELLED.fullmatch("".join(text.split())))


def says_scale(text: str, unit: str) -> bool:
    """True for a header whose numbers are thousands or millions of the unit of its column.

    >>> says_scale("จำนวนเงิน (ล้านบาท)", "บาท"), says_scale("จำนวนเงิน (บาท)", "บาท")
    (True, False)
    """
    return bool(unit) and bool(re.search(SCALE.pattern + re.escape(unit), "".join(text.split())))


def close_up(text: str) -> str:
    """Take out white space, so that a wrapped phrase can be found; digits stay apart.

    >>> close_up("ตลอด\\nปีงบประ มาณ ๒๕๖๙"), close_up("ไตรมาส 2 2569")
    ('ตลอดปีงบประมาณ๒๕๖๙', 'ไตรมาส2 2569')
    >>> close_up("1. 95 คะแนน")
    '1. 95คะแนน'
    """
    return WHITE.sub("", GAP.sub("\x00", text)).replace("\x00", " ")
