"""Rules for numbers as they are printed, in the order they run."""

import re
from decimal import Decimal

from normalize.trace import Rule, apply

THAI_DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")
LETTER_ZERO = re.compile(r"(?<=\d)[oO]+(?=[\d.,]*\d)")
GROUPED = re.compile(r"(?<![\d.,])[+-]?\d{1,3}(?:,\d{3})+(?![\d,]|\.\d*,)")
PLAIN = re.compile(r"[+-]?\d+(?:\.\d+)?")
GAP = re.compile(r"(?:(?<=\d)|(?<=\d[.,]))[\s\u200b\ufeff]+(?=\d)")
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


def close_up(text: str) -> str:
    """Take out white space, so that a wrapped phrase can be found; digits stay apart.

    >>> close_up("ตลอด\\nปีงบประ มาณ ๒๕๖๙"), close_up("ไตรมาส 2 2569")
    ('ตลอดปีงบประมาณ๒๕๖๙', 'ไตรมาส2 2569')
    >>> close_up("1. 95 คะแนน")
    '1. 95คะแนน'
    """
    return WHITE.sub("", GAP.sub("\x00", text)).replace("\x00", " ")
