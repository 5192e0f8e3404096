"""References to OIT items inside texts: which codes they are, and how a value writes them."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from normalize.trace import Rule
from profiles.framework import Framework, code_letters

_FOLD = str.maketrans(
    {
        **{chr(0x0E50 + digit): str(digit) for digit in range(10)},
        **{chr(0xFF10 + digit): str(digit) for digit in range(10)},
        **dict.fromkeys([*code_letters()[0]["o"], "O", "ｏ", "Ｏ"], "o"),
        "\u00a0": " ",
    }
)
"""One character to one, so that places in the folded text are places in the text."""

_CANDIDATE = re.compile(r"[oO0๐ｏＯ０" + re.escape(code_letters()[0]["o"]) + r"]\s?[0-9๐-๙０-９]")
_NUMBER = r"0?[1-9]\d?(?!\d|[.:]\d|[a-zA-Z])"
_LETTERED = rf"(?<![A-Za-z\d])o{_NUMBER}"
_ITEM = rf"(?<![A-Za-z\d.])[o0]\s?{_NUMBER}"
_BARE = r"[1-9]\d?(?=\s*[)\]])"
_AND = r"\s*(?:,|/|;|และ|กับ|หรือ|ถึง|[-–—])\s*(?:ข้อ\s*)?"
_CITE = (
    r"(?:อ[ั้่]?าง\s?อ[ิี]?ง(?:\s*(?:จาก|ตาม|ถึง|ใน))?"
    r"(?:\s*(?:OIT|แบบวัด|ตัว\s?ชี้\s?วัด|องค์ประกอบ|รายการ|ข้อ(?:ที่)?|[:(\[]))*\s*)"
)
_OIT = r"(?:(?<![A-Za-z])OIT|ข้อ)(?:\s*(?:ข้อ|ที่|[:(\[]))*\s*"
_LIST = rf"{_ITEM}(?:{_AND}(?:{_ITEM}|{_BARE}))*"
_CITED = re.compile(rf"{_CITE}(?P<list>{_LIST})")
_MARKED = re.compile(rf"(?:{_CITE}|{_OIT})(?P<list>{_LIST})(?!\s?[-–/.:]\s?\d)")
_SPELT = re.compile(rf"{_LETTERED}(?:{_AND}{_LETTERED})*")
_ZERO_RANGE = re.compile(
    r"(?<![\d.:/\-–])(?P<list>0\s?0?[1-9]\d?\s?[-–—]\s?0\s?[1-9]\d(?!\d|[.:/\-–]\d))"
)
_RANGE_OF = re.compile(r"(?:ข้อ|ข้อมูล|รายการ|ตัว\s?ชี้\s?วัด|องค์ประกอบ|OIT|ITA|แบบ(?:วัด|ตรวจ))\s*$")
_PIECE = re.compile(r"(?:[o0]\s?)?0?(?P<number>[1-9]\d?)(?!\d)")
_TO = re.compile(r"\s*(?:ถึง|[-–—])\s*(?:ข้อ\s*)?")


class References(NamedTuple):
    """The OIT codes that a text refers to, in its order, each once."""

    known: tuple[str, ...]
    unknown: tuple[str, ...] = ()
    """Codes that the year's framework does not have."""


def read_references(text: str, framework: Framework, only_cited: bool = False) -> References:
    """The OIT codes after อ้างอิง and, unless `only_cited`, those spelt with their letter.

    A text under its own heading, such as the steps, names codes without referring to them.

    >>> from profiles.framework import framework_for
    >>> read_references("(อ้างอิงจาก ๐๑๒ ,๐๑๓) หรือ o70", framework_for(2568))
    References(known=('o12', 'o13'), unknown=('o70',))
    >>> read_references("(อ้างอิงจากตัวชี้วัด ๙.๑, ๙.๒) โทร ๐๔๓ ๑๒๓", framework_for(2568))
    References(known=(), unknown=())
    >>> read_references("ตรวจสอบรายการข้อมูล o1-o26", framework_for(2568), only_cited=True)
    References(known=(), unknown=())
    """
    if not _CANDIDATE.search(text):
        return References((), ())
    folded = text.translate(_FOLD)
    spans = {match.span("list") for match in _CITED.finditer(folded)}
    if not only_cited:
        spans |= {match.span("list") for match in _MARKED.finditer(folded)}
        spans |= {match.span() for match in _SPELT.finditer(folded)}
        spans |= set(_zero_ranges(folded))
    codes = dict.fromkeys(
        code for start, end in sorted(spans) for code in _expand(folded[start:end])
    )
    known = tuple(code for code in codes if framework.has(code) is not False)
    return References(known, tuple(code for code in codes if code not in known))


def spelt_references(text: str) -> str:
    """Write an OIT code that is printed with its letter small and with Arabic digits.

    >>> spelt_references("ข้อ O๑๒ และ o๘"), spelt_references("Ｏ๑-Ｏ๒๖")
    ('ข้อ o12 และ o8', 'o1-o26')
    >>> spelt_references("CO2 และ O157")
    'CO2 และ O157'
    """
    if not _CANDIDATE.search(text):
        return text
    return _rewrite(text, [match.span() for match in _SPELT.finditer(text.translate(_FOLD))])


def cited_references(text: str) -> str:
    """Read the zero of a number after อ้างอิง, ข้อ or OIT as the letter o of an item.

    >>> cited_references("(อ้างอิงจาก ๐๑๒ ,๐๑๓)"), cited_references("ข้อ ๐๒ ข้อมูลผู้บริหาร")
    ('(อ้างอิงจาก o12 ,o13)', 'ข้อ o2 ข้อมูลผู้บริหาร')
    >>> cited_references("เวลา ๐๘.๓๐ น. โทร ๐๔๓-๑๒๓ ข้อ ๐.๕")
    'เวลา ๐๘.๓๐ น. โทร ๐๔๓-๑๒๓ ข้อ ๐.๕'
    """
    if not _CANDIDATE.search(text):
        return text
    spans = [match.span("list") for match in _MARKED.finditer(text.translate(_FOLD))]
    return _rewrite(text, spans)


def listed_references(text: str) -> str:
    """Read the zeros of a range of items of the list as the letter o.

    >>> listed_references("รายการ ข้อมูล 0๑-0๒๖ ตามปฏิทิน")
    'รายการ ข้อมูล o1-o26 ตามปฏิทิน'
    >>> listed_references("ระหว่างวันที่ 01-026 และ 01-02-2569")
    'ระหว่างวันที่ 01-026 และ 01-02-2569'
    """
    if not _CANDIDATE.search(text):
        return text
    return _rewrite(text, list(_zero_ranges(text.translate(_FOLD))))


REFERENCE_RULES: tuple[Rule, ...] = (spelt_references, cited_references, listed_references)
"""For the text of any column, before or after its digits are made Arabic."""


def _zero_ranges(folded: str) -> Iterator[tuple[int, int]]:
    """Ranges such as 01-026, of which the word before them says that they list items."""
    for match in _ZERO_RANGE.finditer(folded):
        if _RANGE_OF.search(folded, 0, match.start()):
            yield match.span("list")


def _rewrite(text: str, spans: list[tuple[int, int]]) -> str:
    for start, end in reversed(spans):
        written = _PIECE.sub(r"o\g<number>", text[start:end].translate(_FOLD))
        text = text[:start] + written + text[end:]
    return text


def _expand(folded: str) -> Iterator[str]:
    """The codes of a list, its ranges written out."""
    last, end = 0, 0
    for match in _PIECE.finditer(folded):
        number = int(match["number"])
        goes_on = 0 < last < number and _TO.fullmatch(folded, end, match.start())
        yield from (f"o{n}" for n in range(last + 1 if goes_on else number, number + 1))
        last, end = number, match.end()
