"""Codes of questions: where a cell prints them, and which code each can only be."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import Literal, NamedTuple

from rapidfuzz import fuzz, process

from normalize.text import mark_skeleton
from normalize.trace import Rule, Step, apply
from profiles.framework import Framework, code_letters, framework_for, framework_years, split_code

EXACT = 97.0
"""From this ratio of two skeletons on, two wordings are one."""
STRONG = 90.0
"""From this ratio on, a wording speaks against another code that is printed."""
CLOSE = 85.0
"""From this ratio on, a wording supports a code."""
CLEAR = 6.0
"""By so much the best wording must lead the second."""
MIN_SKELETON = 8
"""Letters that a question must have before its wording says anything."""

_SAME, _LIKE = code_letters()
_FOLD = str.maketrans(
    {
        **{chr(0x0E50 + digit): str(digit) for digit in range(10)},
        **{chr(wide): chr(wide - 0xFEE0).lower() for wide in range(0xFF01, 0xFF5F)},
        **{chr(capital): chr(capital).lower() for capital in range(ord("A"), ord("Z") + 1)},
        **{alike: letter for letter, all_alike in _SAME.items() for alike in all_alike},
        "\u00a0": " ",
    }
)
"""One character to one, so that places in the folded text are places in the text."""
_ALIKE = re.escape("".join(_LIKE.values()).translate(_FOLD))

_GAP = r"\s{0,3}"
"""White space between two signs; longer runs are no cell's print, and unbounded ones cost time."""
_PLAIN = r"0?[1-9]\d?"
_NUMBER = rf"{_PLAIN}(?!\d|\.\d|,\d{{3}}|[a-z])"
_WORD = rf"(?:ข้อ(?:คำถาม)?(?:\s?ที่)?{_GAP})"
_COUNTED = (
    r"(?:คะแนน|คน|ครั้ง|วัน|เดือน|ปี|บาท|แห่ง|ชั่วโมง|นาที|ไตรมาส|%"
    r"|(?:ข้อ|ตัวชี้วัด|ด้าน|รายการ|ราย|เรื่อง|โครงการ|ประการ)(?![ก-๎]))"
)
_INSTRUMENT = rf"(?<![a-z])[ieo]it\s?[.:\-–]?\s?{_WORD}?[(\[]?\s?{_NUMBER}(?!{_GAP}{_COUNTED})"
_INSTRUMENT_NAME = re.compile(rf"\s{{0,3}}([ieo])it[\s.:\-–]{{0,3}}{_WORD}?[\s(\[]{{0,2}}(?=\d)")
_LETTERED = rf"(?:(?<![a-z\d])[ieo]\s?[.\-–]?\s?{_NUMBER}|{_INSTRUMENT})"
_ZERO_END = r"(?:(?![:/\-–]\d)|(?=[\-–]0[1-9]\d?(?![\d.:/\-–])))"
_ZERO = rf"(?<![\d.])0\s?{_PLAIN}(?!\d|[.,]\d|[a-z]){_ZERO_END}"
_MISREAD = (
    rf"(?:[{_ALIKE}]\s?\d{{1,2}}(?={_GAP}[)\]]?{_GAP}(?:[ก-ฮเ-ไ]|$))"
    rf"|(?<!\d\.)\d(?:\ ?\d){{0,2}}(?={_GAP}(?:[ก-ฮเ-ไ]|$)))"
)
_NUMBERING = rf"(?:\(?\d{{1,2}}(?:\.\d{{1,2}}){{0,3}}[.)]{_GAP})?"
_CLOSE = rf"{_GAP}[)\]]?{_GAP}[.:\-–]{{0,3}}{_GAP}"
_ISSUE = r"ประ\s?เด[็่้]?\s?น(?:ที่)?\s?:?"
_BULLET = r"[\s•\-–*]{0,6}"
_FORM = rf"(?:(?:แบบ(?:วัด|ตรวจ)\s?)?(?:[ieo]it\s?[.:\-–]?\s?(?={_WORD}?[(\[]?[ieo0]\s?\d))?)"

_TO = rf"(?:{_GAP}ถึง{_GAP}|\ {{0,3}}[-–—]{_GAP})"
_AND = rf"(?:{_GAP}(?:[,;/&+]|และ|กับ){_GAP}(?:และ{_GAP})?)"
_BARE = rf"[1-9]\d?(?!\d|[.:]\d|[/,]\d{{3}}|[a-z.]|{_GAP}{_COUNTED})"
_ITEM = rf"{_WORD}?[(\[]?\s?(?P<item>{_LETTERED}|0\s?{_PLAIN}(?!\d|[.:/\-–]\d)|{_BARE})"
_JOINED = rf"(?:\s?[)\].:])?(?:(?P<to>{_TO})|(?P<and>{_AND})){_ITEM}"
_LISTED = rf"(?:\s?[)\].:])?(?:(?P<to>{_TO})|(?P<and>{_AND})|\s{{1,3}}(?=[(\[]?[ieo])){_ITEM}"
_MORE_JOINED, _MORE = (
    "(?:" + re.sub(r"\?P<\w+>", "?:", item) + "){1,20}" for item in (_JOINED, _LISTED)
)
_LIST_ITEM = re.compile(_LISTED)
_CODE = rf"(?P<code>{_LETTERED}|{_ZERO}|{_MISREAD})(?P<more>{_MORE})?"

_HEAD = re.compile(
    rf"{_BULLET}{_NUMBERING}(?:ประเด็น(?:ที่)?{_GAP})?{_FORM}{_WORD}?[(\[]?{_GAP}{_CODE}{_CLOSE}"
)
_INNER = re.compile(
    rf"(?P<line>\n{_BULLET})?{_NUMBERING}{_FORM}(?P<word>{_WORD})?[(\[]?\s?{_CODE}{_CLOSE}"
)
_CLOSED = re.compile(_CLOSE)
_BEGINS = re.compile(r"[ก-ฮเ-ไa-z\"'(]")
_TAILED = r"(?:มาก\s?น้อย\s?เพียง\s?ใด|หรือ\s?ไม่)"
_ENDING = re.compile(
    rf"(?:(?P<tail>{_TAILED})?\s?(?:(?P<open>[(\[])\s?|\s)|(?P<line>\n){_GAP}){_WORD}?"
    rf"(?P<code>{_LETTERED})(?P<more>{_MORE})?\s?[)\]]?[ .]{{0,3}}(?=(?P<end>\n|$)|\s)"
)
_MENTION = re.compile(
    r"(?:อ้าง\s?อิง(?:\s?จาก)?|ตาม|จาก|และ|กับ|หรือ|ถึง|ดู|รายการ|[,/\-–])\s{0,3}(?:ข้อ\s?)?"
    r"[(\[]?\s{0,3}\Z"
)
_MENTION_LETTERS = 30
"""How far before a code a word can stand that only mentions it."""
_HEADING = re.compile(
    r"ตัว\s?ชี้\s?วัด|แบบ\s?(?:วัด|ตรวจ)|^\s{0,3}\d{1,2}[.)]\s{0,3}\S{0,20}$|^\s{0,3}\d{1,2}\.\d{1,2}\b"
)
_SUB_HEADING = re.compile(
    r"(?:^|\n)(?P<heading>\s{0,3}(?:[0-9๐-๙]{1,2}[.)]\s?)?"
    r"(?:(?:ตัว\s?ชี้\s?วัด|ประเด็น)(?:\s?ย่อย)?(?:\s?ที่)?\s?)?"
    r"[0-9๐-๙]{1,2}\.[0-9๐-๙]{1,2}[.)]?\s?[ก-๎][^\n]{0,80})$"
)
_RUNNING = re.compile(r"(?:\d{1,2}[.)]|\(\d{1,2}\))\s{0,3}(?=[\"“'(]?[ก-ฮเ-ไ])")
_NEXT_NUMBER = re.compile(r"\s\(?\d{1,2}[.)]\s{0,3}[ก-ฮเ-ไ]")
_LEFTOVER = re.compile(
    rf"[\s(\[]{{0,3}}(?:[,;/&+\-–—]|และ|ถึง|{_LETTERED}|{_ZERO}|\d{{1,3}}(?![\d.,)]))"
)
_MAY_HEAD = re.compile(rf"{_ISSUE}|(?:\A|\n)(?:{_WORD})?[^ก-๎\n]{{0,12}}[0-9๐-๙]")
_ANALYSIS_HEAD = re.compile(
    rf"(?:(?P<line>\A|\n){_BULLET}{_NUMBERING}{_WORD}?[(\[]?\s?|{_NUMBERING}{_WORD}?[(\[]?)"
    rf"(?P<code>{_LETTERED}|{_ZERO}|(?:[{_ALIKE}]\s?)?\d{{1,3}})(?P<more>{_MORE_JOINED})?"
    rf"{_GAP}[)\]]?{_GAP}:?{_GAP}(?P<issue>{_ISSUE})?{_GAP}"
)

_NOT_SKELETON = re.compile(r"[^a-z0-9ก-ฮะาเ-ๆ]+")
_TAIL = re.compile("(?:(?:มาก|อยาง)นอยเพยงใด|หรอไม)$")


class QuestionPart(NamedTuple):
    """One question of a cell."""

    printed: str | None
    """The code exactly as printed, or as the ends of its range spell it; None where none is."""
    text: str
    lead: str = ""
    """What stands before the code and is no question, such as the name of a sub-indicator."""
    shared: bool = False
    """Several codes stand before this one wording, so it need not be the wording of this code."""


MAX_LISTED = 15
"""Codes that a list or a range before one wording can have; more are no list of this kind."""

How = Literal["printed", "misread", "wording", "unknown"]
Doubt = Literal["indicator", "wording"]


@dataclass(frozen=True, slots=True)
class CodeReading:
    """Which code a question has, and on what grounds."""

    code: str | None
    printed: str | None
    how: How
    """`misread`: the print is impossible here; `wording`: nothing is printed."""
    confidence: float
    candidates: tuple[str, ...] = ()
    """The codes that the evidence leaves, likeliest first."""
    disagrees: tuple[Doubt, ...] = ()
    """What speaks against a printed code that was kept."""
    steps: tuple[Step, ...] = ()


def wording_skeleton(text: str) -> str:
    """The letters of a wording without marks, spaces and punctuation: what text layers keep best.

    >>> wording_skeleton("ข้อมูลผู้ บริหาร") == wording_skeleton("ขอมลผบรหาร")
    True
    >>> wording_skeleton("ส านัก E-Service")
    'สานกeservice'
    """
    letters = mark_skeleton(text).translate(_FOLD).lower().replace("เเ", "แ")
    return _NOT_SKELETON.sub("", letters)


def latin_code_letters(text: str) -> str:
    """Write the letter of a code small and in Latin, as full width, Greek and Cyrillic look it.

    >>> latin_code_letters("Ｉ๑"), latin_code_letters("О12")
    ('i๑', 'o12')
    >>> latin_code_letters("๖๖")
    '๖๖'
    """
    return "".join(
        letter if letter in "ieo" else char
        for char, letter in zip(text, text.translate(_FOLD), strict=True)
    )


def letter_of_instrument(text: str) -> str:
    """Write the name of an instrument before the number of its question as the letter of its codes.

    >>> letter_of_instrument("IIT 1"), letter_of_instrument("EIT ข้อ ๗")
    ('i1', 'e๗')
    >>> letter_of_instrument("ITA 1"), letter_of_instrument("EIT")
    ('ITA 1', 'EIT')
    """
    match = _INSTRUMENT_NAME.match(text.translate(_FOLD))
    return f"{match[1]}{text[match.end() :]}" if match else text


def arabic_code_digits(text: str) -> str:
    """Write the digits of a code in Arabic.

    >>> arabic_code_digits("i๑๐")
    'i10'
    >>> arabic_code_digits("i10")
    'i10'
    """
    return "".join(
        digit if digit in "0123456789" else char
        for char, digit in zip(text, text.translate(_FOLD), strict=True)
    )


def bare_code(text: str) -> str:
    """Drop the brackets, spaces, stops and padding that codes are printed with.

    >>> bare_code("(e 7."), bare_code("o02"), bare_code("0 25")
    ('e7', 'o2', '025')
    >>> bare_code("ข้อ 7")
    'ข้อ 7'
    """
    bare = re.sub(r"[\s().\[\]:\-–]+", "", text)
    match = re.fullmatch(r"([ieo]?)(0*)([1-9]\d{0,2})", bare)
    if not match:
        return text
    return match[1] + match[3] if match[1] else ("0" if match[2] else "") + match[3]


def letter_o_for_zero(text: str) -> str:
    """Read a leading zero as the letter o of an OIT item: numbers of items have none.

    >>> letter_o_for_zero("025")
    'o25'
    >>> letter_o_for_zero("25")
    '25'
    """
    return f"o{text[1:]}" if re.fullmatch(r"0[1-9]\d?", text) else text


CODE_RULES: tuple[Rule, ...] = (
    letter_of_instrument,
    latin_code_letters,
    arabic_code_digits,
    bare_code,
)
OIT_CODE_RULES: tuple[Rule, ...] = (*CODE_RULES, letter_o_for_zero)


def split_questions(text: str, framework: Framework | None = None) -> tuple[QuestionPart, ...]:
    """The questions of a cell, each with its code as printed, in order; at least one.

    Without a framework, questions that print no code are not told apart.

    >>> [tuple(part)[:2] for part in split_questions("e๗ หน่วยงานเปิดโอกาส e๘ หน่วยงานปรับปรุง")]
    [('e๗', 'หน่วยงานเปิดโอกาส'), ('e๘', 'หน่วยงานปรับปรุง')]
    >>> split_questions("๑) ตัวชี้วัดย่อย ๙.๒ ข้อ ๐๒ ข้อมูลผู้บริหาร")[0][:3]
    ('๐๒', 'ข้อมูลผู้บริหาร', '๑) ตัวชี้วัดย่อย ๙.๒')
    >>> [(part.printed, part.shared) for part in split_questions("e๗ - e๙ หน่วยงานมีการปรับปรุง")]
    [('e๗', True), ('e8', True), ('e๙', True)]
    >>> split_questions("ข้อมูลตาม o12 ครบถ้วน")
    (QuestionPart(printed=None, text='ข้อมูลตาม o12 ครบถ้วน', lead='', shared=False),)
    """
    text = text.strip()
    folded = text.translate(_FOLD)
    marks = _question_marks(text, folded, framework)
    endings = _ending_marks(text, folded, framework) if not marks or marks[0].start else []
    if endings and {mark.code.start for mark in marks} <= {mark.code.start for mark in endings}:
        return _parts_before(text, endings, framework)
    if not marks:
        return _split_by_wording(text, framework)
    return _parts_after(text, folded, marks, framework)


def split_analysis(text: str, codes: Sequence[str]) -> dict[str, str | None]:
    """The analysis of each code: what follows its `CODE ประเด็น`, None where nothing does.

    A text that heads no part with a code is the analysis of all codes of the row.

    >>> split_analysis("e๗ ประเด็น ขาดการมีส่วนร่วม e๘ ประเด็น ไม่สะดวก", ("e7", "e8", "e9"))
    {'e7': 'ขาดการมีส่วนร่วม', 'e8': 'ไม่สะดวก', 'e9': None}
    >>> split_analysis("๖๖ ประเด็น หน่วยงานมี", ("i6",)), split_analysis("ประเด็นในการ", ("i3",))
    ({'i6': 'หน่วยงานมี'}, {'i3': 'ประเด็นในการ'})
    >>> split_analysis("e๗ ประเด็น ล่าช้า (อ้างอิง ๐๒) e๘ ประเด็น ไม่สะดวก", ("e7", "e8"))
    {'e7': 'ล่าช้า (อ้างอิง ๐๒)', 'e8': 'ไม่สะดวก'}
    """
    text = text.strip()
    if not text:
        return dict.fromkeys(codes)
    heads = _analysis_heads(text, codes)
    if len(codes) == 1:
        head = heads[0] if heads and heads[0].start == 0 else None
        return {codes[0]: (text[head.end :].strip() if head else text) or None}
    if not heads:
        return dict.fromkeys(codes, text)
    found: dict[str, list[str]] = {code: [] for code in codes}
    lead = text[: heads[0].start].strip()
    if lead:
        named = {name for head in heads for name in head.names}
        found[next((code for code in codes if code not in named), heads[0].names[0])].append(lead)
    for head, following in zip(heads, (*heads[1:], None), strict=True):
        part = text[head.end : following.start if following else len(text)].strip()
        for name in head.names if part else ():
            found[name].append(part)
    return {code: "\n".join(parts) or None for code, parts in found.items()}


def read_code(
    printed: str | None,
    question: str,
    indicator_no: int | None,
    framework: Framework,
    shared: bool = False,
) -> CodeReading:
    """The code of a question from its print, its indicator and its wording together.

    A wording that several codes share, or that begins with what looks like the rest of a list of
    codes, is doubted unless it is the official one of the code.

    >>> from profiles.framework import framework_for
    >>> year = framework_for(2568)
    >>> read_code("i๑", "การปฏิบัติงาน", 1, year).code
    'i1'
    >>> reading = read_code("๖๖", "หน่วยงานของท่าน มีการใช้งบประมาณ", 4, year)
    >>> reading.code, reading.how
    (None, 'unknown')
    """
    indicator = framework.indicator(indicator_no)
    letter = indicator.letter if indicator else None
    if printed is None:
        return _read_wording(question, indicator_no, framework)
    rules = CODE_RULES if letter in ("i", "e") else OIT_CODE_RULES
    text, steps = apply(rules, printed)
    if split_code(text)[1] and framework.has(text) is not False:
        reading = _keep_print(text, printed, question, indicator_no, framework, steps)
    else:
        reading = _read_misread(text, printed, question, indicator_no, framework, steps)
    return _doubted(reading, question, indicator_no, framework, shared)


def code_from_wording(
    question: str, framework: Framework, among: Iterable[str] | None = None
) -> tuple[str, float] | None:
    """The code whose official wording a question clearly has, with the ratio; None without one.

    >>> from profiles.framework import framework_for
    >>> code_from_wording("ขอมูลผบรหาร", framework_for(2568))
    ('o2', 100.0)
    >>> code_from_wording("รายงานผลการดำเนินการ", framework_for(2568)) is None
    True
    """
    skeleton = _core(question)
    if len(skeleton) < MIN_SKELETON:
        return None
    codes, skeletons = _wordings(framework)
    ranked = process.extract(skeleton, skeletons, scorer=fuzz.ratio, score_cutoff=60, limit=2)
    if not ranked or ranked[0][1] < CLOSE:
        return None
    if len(ranked) > 1 and ranked[0][1] - ranked[1][1] < (CLEAR if ranked[0][1] < EXACT else 0.1):
        return None
    code = codes[ranked[0][2]]
    return (code, ranked[0][1]) if among is None or code in set(among) else None


def wording_ratio(code: str, question: str, framework: Framework) -> float | None:
    """How near, 0 to 100, a question is to the official wording of a code; None where unknown.

    >>> from profiles.framework import framework_for
    >>> wording_ratio("o2", "ข้อมูลผู้บริหาร", framework_for(2568))
    100.0
    >>> wording_ratio("i4", "หน่วยงานของท่าน", framework_for(2568)) is None
    True
    """
    official = framework.question(code)
    if official is None or not official.text:
        return None
    return fuzz.ratio(_core(official.text), _core(question))


def _keep_print(
    code: str,
    printed: str,
    question: str,
    indicator_no: int | None,
    framework: Framework,
    steps: tuple[Step, ...],
) -> CodeReading:
    """Keep a code that the year has, unless indicator and wording agree on another one."""
    fits = True if indicator_no is None else framework.owns(indicator_no, code)
    own = wording_ratio(code, question, framework)
    if own is not None and own >= CLOSE:
        if fits is False:
            return CodeReading(code, printed, "printed", 0.6, (code,), ("indicator",), steps)
        return CodeReading(code, printed, "printed", 1.0, (code,), (), steps)
    worded = code_from_wording(question, framework)
    other = worded[0] if worded and worded[0] != code and worded[1] >= STRONG else None
    if other is not None and not _speaks_alone(other, framework):
        other = None
    if other is not None and fits is not False and _is_of_another_year(code, question, framework):
        return CodeReading(code, printed, "printed", 0.9, (code, other), (), steps)
    if fits is False and other is not None and framework.owns(indicator_no or 0, other):
        steps = (*steps, Step("code_from_wording", code, other))
        return CodeReading(other, printed, "misread", 0.7, (other, code), (), steps)
    if other is not None and framework.owns(indicator_no or 0, other) is not False:
        return CodeReading(code, printed, "printed", 0.5, (code, other), ("wording",), steps)
    if fits is False:
        return CodeReading(code, printed, "printed", 0.5, (code,), ("indicator",), steps)
    return CodeReading(code, printed, "printed", 1.0, (code,), (), steps)


def _doubted(
    reading: CodeReading,
    question: str,
    indicator_no: int | None,
    framework: Framework,
    shared: bool,
) -> CodeReading:
    """Doubt a code whose question may be another's, or may hold more codes."""
    code = reading.code
    if code is None:
        return reading
    ratio = wording_ratio(code, question, framework)
    if _LEFTOVER.match(question.translate(_FOLD)) or (shared and (ratio is None or ratio < CLOSE)):
        against: tuple[Doubt, ...] = tuple(dict.fromkeys((*reading.disagrees, "wording")))
        return replace(reading, confidence=min(reading.confidence, 0.5), disagrees=against)
    is_spelt = letter_of_instrument(reading.printed or "") == reading.printed
    if is_spelt or (ratio is not None and ratio >= CLOSE):
        return reading
    if indicator_no is not None and framework.owns(indicator_no, code):
        return reading
    return replace(reading, confidence=min(reading.confidence, 0.75))


def _read_misread(
    text: str,
    printed: str,
    question: str,
    indicator_no: int | None,
    framework: Framework,
    steps: tuple[Step, ...],
) -> CodeReading:
    """Read a print that is no code of the year: its digits, the indicator and the wording."""
    likely = _codes_like(text, indicator_no, framework)
    worded = code_from_wording(question, framework)
    if worded and (
        worded[0] in likely or (worded[1] >= EXACT and _fits(worded[0], indicator_no, framework))
    ):
        code, sure = worded[0], 0.95 if worded[0] in likely else 0.7
        rule = "code_from_wording"
    elif len(likely) == 1 and _is_certain(text, likely[0], question, indicator_no, framework):
        code, sure, rule = likely[0], 0.75, "code_from_indicator"
    else:
        return CodeReading(None, printed, "unknown", 0.0, likely, (), steps)
    steps = (*steps, Step(rule, text, code))
    return CodeReading(code, printed, "misread", sure, (code, *_without(likely, code)), (), steps)


def _read_wording(question: str, indicator_no: int | None, framework: Framework) -> CodeReading:
    worded = code_from_wording(question, framework)
    if worded is None:
        return CodeReading(None, None, "unknown", 0.0)
    code, ratio = worded
    if not _fits(code, indicator_no, framework) or not _speaks_alone(code, framework):
        return CodeReading(None, None, "unknown", 0.0, (code,))
    steps = (Step("code_from_wording", "", code),)
    return CodeReading(code, None, "wording", 0.85 if ratio >= EXACT else 0.7, (code,), (), steps)


def _codes_like(text: str, indicator_no: int | None, framework: Framework) -> tuple[str, ...]:
    """The codes whose print can have been misread so: its letter as a digit, or lost."""
    digits = "".join(re.findall(r"\d", text))
    lost = () if text[:1] not in digits else (digits,)
    numbers = [n for n in (digits[1:] if lost else digits, *lost, digits[2:]) if n[:1] not in "0"]
    indicator = framework.indicator(indicator_no)
    letters = indicator.letter if indicator else "ieo"
    codes = [f"{letter}{number}" for number in dict.fromkeys(numbers) for letter in letters]
    codes = [code for code in codes if split_code(code)[1] and framework.has(code) is not False]
    if indicator_no is None:
        return tuple(codes)
    owned = {code: framework.owns(indicator_no, code) for code in codes}
    certain = tuple(code for code in codes if owned[code])
    return certain or tuple(code for code in codes if owned[code] is None)


def _is_certain(
    text: str, code: str, question: str, indicator_no: int | None, framework: Framework
) -> bool:
    """Whether indicator and digits alone settle a code whose wording is not known."""
    if indicator_no is None or not framework.owns(indicator_no, code) or len(text) < 2:
        return False
    ratio = wording_ratio(code, question, framework)
    return ratio is None or ratio >= 60


def _fits(code: str, indicator_no: int | None, framework: Framework) -> bool:
    return indicator_no is None or framework.owns(indicator_no, code) is not False


def _is_of_another_year(code: str, question: str, framework: Framework) -> bool:
    """Whether print and wording agree in any year's list: agencies copy last year's table."""
    others = (framework_for(year) for year in framework_years() if year != framework.year)
    ratios = (wording_ratio(code, question, other) for other in others)
    return any(ratio is not None and ratio >= CLOSE for ratio in ratios)


def _speaks_alone(code: str, framework: Framework) -> bool:
    """Whether a wording means the code without its print: it is of the year, or of its like."""
    question = framework.question(code)
    return question is not None and (question.year == framework.year or bool(framework.owners))


def _without(codes: Iterable[str], code: str) -> tuple[str, ...]:
    return tuple(other for other in codes if other != code)


def _core(text: str) -> str:
    """The skeleton of a question without the scale that some forms ask it on."""
    skeleton = wording_skeleton(text)
    return _TAIL.sub("", skeleton) or skeleton


@cache
def _wordings(framework: Framework) -> tuple[tuple[str, ...], tuple[str, ...]]:
    known = [question for question in framework.questions if question.text]
    return tuple(q.code for q in known), tuple(_core(q.text) for q in known)


class _Mark(NamedTuple):
    start: int
    """Where the numbering or the word before the code begins."""
    code: slice
    end: int
    names: tuple[str, ...]
    """The codes of the list, as printed or as its ranges spell them."""


def _mark(match: re.Match[str], text: str, folded: str) -> _Mark:
    """A code, with the list of codes that it begins where that makes sense."""
    code = slice(*match.span("code"))
    names, stop = _listed(match, text, folded) if match["more"] else ((text[code],), None)
    if stop is None:
        return _Mark(match.start(), code, match.end(), names)
    closed = _CLOSED.match(folded, stop)
    return _Mark(match.start(), code, closed.end() if closed else stop, names)


def _listed(match: re.Match[str], text: str, folded: str) -> tuple[tuple[str, ...], int | None]:
    """The codes of a list, its ranges written out; and where it stops short of the match.

    A range that runs down or is too long is none. A code that the list has is the next question's.
    """
    code = slice(*match.span("code"))
    letter, last = _letter_and_number(match["code"])
    found = {(letter, last): text[code]}
    for item in _LIST_ITEM.finditer(folded, *match.span("more")):
        own, number = _letter_and_number(item["item"])
        is_whole = own in ("i", "e", "o") or (own == "0" and letter in ("o", "0"))
        goes_on = own in (letter, "") or (own == "0" and letter in ("o", "i", "e"))
        if not item["to"] and not item["and"] and (own, number) in found:
            return tuple(found.values()), item.start()
        if (item["to"] or not is_whole) and not (goes_on and 0 < last < number):
            return (text[code],), code.stop
        letter = own if is_whole else letter
        first = last + 1 if item["to"] else number
        if len(found) + number - first >= MAX_LISTED:
            return (text[code],), code.stop
        for between in range(first, number):
            found.setdefault((letter, between), f"{letter}{between}")
        printed = text[slice(*item.span("item"))] if is_whole else f"{letter}{number}"
        found.setdefault((letter, number), printed)
        last = number
    return tuple(found.values()), None


def _letter_and_number(folded: str) -> tuple[str, int]:
    """The letter of a code, "0" for a zero in its place, "" for none; and its number.

    >>> _letter_and_number("e 7"), _letter_and_number("oit ข้อ 2"), _letter_and_number("08")
    (('e', 7), ('o', 2), ('0', 8))
    """
    digits = re.search(r"\d(?:\s?\d)*", folded)
    number = int("".join(digits[0].split())) if digits else 0
    return (folded[0] if folded[0] in "ieo0" else ""), number


def _question_marks(text: str, folded: str, framework: Framework | None) -> list[_Mark]:
    """The printed codes that head a question."""
    head = _HEAD.match(folded)
    marks = [_mark(head, text, folded)] if head else []
    end = marks[0].end if marks else 0
    while match := _INNER.search(folded, end):
        mark = _mark(match, text, folded)
        if _heads_question(match, mark, folded, marks, framework):
            marks.append(mark)
            end = mark.end
        else:
            end = match.end("code")
    return marks


def _ending_marks(text: str, folded: str, framework: Framework | None) -> list[_Mark]:
    """The printed codes that stand behind their questions, if the last one ends the cell."""
    marks: list[_Mark] = []
    end = 0
    while match := _ENDING.search(folded, end):
        start = match.end("tail") if match["tail"] else match.start()
        asked = text[marks[-1].end if marks else 0 : start]
        mark = _mark(match, text, folded)._replace(start=start, end=match.end())
        if _ends_question(match, mark, asked, folded, framework):
            marks.append(mark)
            end = mark.end
        else:
            end = match.end("code")
    return marks if marks and not folded[marks[-1].end :].strip() else []


def _ends_question(
    match: re.Match[str], mark: _Mark, asked: str, folded: str, framework: Framework | None
) -> bool:
    """Whether a code stands behind its question, and is not only mentioned at its end."""
    if _is_mentioned(match, folded):
        return False
    if match["open"] or match["tail"] or (match["line"] and match["end"] is not None):
        return True
    if match["end"] is None or framework is None:
        return False
    ratios = (wording_ratio(_plain_code(name), asked, framework) for name in mark.names)
    return any(ratio is not None and ratio >= 60 for ratio in ratios)


def _is_mentioned(match: re.Match[str], folded: str) -> bool:
    """Whether the words before a code only refer to it."""
    place = match.start("code")
    return _MENTION.search(folded, max(0, place - _MENTION_LETTERS), place) is not None


def _parts_before(
    text: str, marks: Sequence[_Mark], framework: Framework | None
) -> tuple[QuestionPart, ...]:
    """The questions of a cell whose codes stand behind them."""
    parts: list[QuestionPart] = []
    begin = 0
    for mark in marks:
        parts += _parts_of(mark, text[begin : mark.start], "")
        begin = mark.end
    return tuple(parts)


def _parts_after(
    text: str, folded: str, marks: Sequence[_Mark], framework: Framework | None
) -> tuple[QuestionPart, ...]:
    """The questions of a cell whose codes stand before them."""
    parts: list[QuestionPart] = []
    lead = text[: marks[0].start].strip()
    if lead and _is_question(lead, folded[marks[0].code], framework):
        parts += _split_by_wording(lead, framework)
        lead = ""
    ends = [mark.start for mark in marks[1:]] + [len(text)]
    codes = [[_plain_code(name) for name in mark.names] for mark in marks]
    asking = {
        code
        for names, mark, end in zip(codes, marks, ends, strict=True)
        if text[mark.end : end].strip()
        for code in names
    }
    for names, mark, end in zip(codes, marks, ends, strict=True):
        asked = text[mark.end : end]
        below = _SUB_HEADING.search(asked) if end < len(text) else None
        if below:
            asked = asked[: below.start()]
        # a list over questions that print their codes once more, and a code that stands twice
        if asked.strip() or not asking.issuperset(names):
            parts += _parts_of(mark, asked, lead)
            asking.update(names)
            lead = ""
        lead = "\n".join(filter(None, (lead, below["heading"].strip()))) if below else lead
    return tuple(parts)


def _plain_code(printed: str) -> str:
    """A printed code in its plain form, a zero in place of the letter read as o."""
    return apply(OIT_CODE_RULES, printed)[0]


def _parts_of(mark: _Mark, asked: str, lead: str) -> Iterator[QuestionPart]:
    """One part for each code of a list, all with the same wording."""
    question = _without_number(asked.strip())
    for name in mark.names:
        yield QuestionPart(name, question, lead, len(mark.names) > 1)


def _without_number(question: str) -> str:
    """A question without its running number; one with several numbered parts keeps them.

    >>> _without_number("๑) หน่วยงานมีการปรับปรุง"), _without_number("1.5 ล้านบาท")
    ('หน่วยงานมีการปรับปรุง', '1.5 ล้านบาท')
    >>> _without_number("1. ขั้นตอน 2. ระยะเวลา")
    '1. ขั้นตอน 2. ระยะเวลา'
    """
    folded = question.translate(_FOLD)
    running = _RUNNING.match(folded)
    if running is None or _NEXT_NUMBER.search(folded, running.end()):
        return question
    return question[running.end() :]


def _heads_question(
    match: re.Match[str],
    mark: _Mark,
    folded: str,
    marks: list[_Mark],
    framework: Framework | None,
) -> bool:
    """Whether a code inside a cell begins a question, or is only mentioned in one."""
    if not match["word"] and _is_mentioned(match, folded):
        return False
    if not _BEGINS.match(folded, mark.end):
        return False
    code = match["code"]
    first = folded[marks[0].code] if marks else ""
    if code[0] in "ieo":
        if code[1:3] == "it" and not match["line"] and first[1:3] != "it":
            return False
        return not marks or first[0] not in "ieo" or first[0] == code[0]
    if code[0] == "0" and (match["word"] or (match["line"] and first[:1] in ("o", "0"))):
        return True
    if not marks or first[0] in ("o", "0"):
        return False
    last = _letter_and_number(folded[marks[-1].code])[1]
    after = folded[mark.end : mark.end + 80]
    return _goes_on(code, last, after, framework) and bool(match["line"] or framework)


def _goes_on(code: str, last: int, after: str, framework: Framework | None) -> bool:
    """Whether a misread code is the next one: its digits end so, and its question says so."""
    digits = "".join(re.findall(r"\d", code))
    following = str(last + 1)
    if len(digits) < 2 or not digits.endswith(following):
        return False
    if framework is None:
        return True
    skeleton = wording_skeleton(after)[:16]
    codes, skeletons = _wordings(framework)
    return any(
        code[1:] == following and fuzz.ratio(skeleton, official[: len(skeleton)]) >= CLOSE
        for code, official in zip(codes, skeletons, strict=True)
    )


def _is_question(lead: str, code: str, framework: Framework | None) -> bool:
    """Whether the text before the first code of a cell is a question without a code."""
    if framework is not None and code_from_wording(lead, framework):
        return True
    if code[0] not in "ie" or _HEADING.search(lead):
        return False
    return len(wording_skeleton(lead)) >= 2 * MIN_SKELETON


def _split_by_wording(text: str, framework: Framework | None) -> tuple[QuestionPart, ...]:
    """Tell questions without codes apart where each line or sentence has an official wording."""
    whole = (QuestionPart(None, _without_number(text.strip())),)
    if framework is None:
        return whole
    skeleton, places = _skeleton_places(text)
    starts = set()
    for official in _wordings(framework)[1]:
        if 2 * MIN_SKELETON <= len(official) < len(skeleton):
            start = skeleton.find(official)
            if start >= 0:
                starts.add(start)
    if len(starts) < 2 or min(starts) > MIN_SKELETON:
        return _under_heading(text, framework) or whole
    cuts = [0, *(places[start] for start in sorted(starts)[1:]), len(text)]
    parts = [text[a:b].strip() for a, b in pairwise(cuts)]
    numbering = re.compile(r"\s\(?\d{1,2}[.)]$")
    return tuple(
        QuestionPart(
            None,
            _without_number(
                part[: m.start()] if (m := numbering.search(part.translate(_FOLD))) else part
            ),
        )
        for part in parts
    )


def _under_heading(text: str, framework: Framework) -> tuple[QuestionPart, ...]:
    """A question below the name of its sub-indicator, where its wording shows that it is one."""
    first, _, rest = text.strip().partition("\n")
    if not rest or not _SUB_HEADING.match(first) or not code_from_wording(rest, framework):
        return ()
    return (QuestionPart(None, _without_number(rest.strip()), first.strip()),)


def _skeleton_places(text: str) -> tuple[str, list[int]]:
    letters, places = [], []
    for place, char in enumerate(text):
        for letter in wording_skeleton(char):
            letters.append(letter)
            places.append(place)
    return "".join(letters), places


def _analysis_heads(text: str, codes: Sequence[str]) -> list[_Mark]:
    """The codes that head a part of an analysis, as far as they are codes of the row."""
    if not _MAY_HEAD.search(text):
        return []
    folded = text.translate(_FOLD)
    of_row = frozenset(codes)
    heads = []
    end = 0
    while match := _ANALYSIS_HEAD.search(folded, end):
        names = _head_names(match, text, folded, of_row)
        if names and not _is_mentioned(match, folded):
            start = _after_bracket(folded, match.start(), match.start("code"))
            heads.append(_Mark(start, slice(*match.span("code")), match.end(), names))
            end = match.end()
        else:
            end = match.end("code")
    return heads


def _after_bracket(folded: str, start: int, code: int) -> int:
    """Where a head begins whose numbering is the end of a bracket: `(อ้างอิง ๐๒) e๘ ประเด็น`."""
    opened = folded.rfind("(", 0, start) > folded.rfind(")", 0, start)
    close = folded.find(")", start, code)
    return close + 1 if opened and close >= 0 and "(" not in folded[start:close] else start


def _head_names(
    match: re.Match[str], text: str, folded: str, codes: frozenset[str]
) -> tuple[str, ...]:
    """The codes of the row that a head stands for; misread ones only before ประเด็น."""
    is_line = match["line"] is not None
    if not match["issue"] and not (is_line and match["code"][0] in "ieo"):
        return ()
    listed = _listed(match, text, folded)[0] if match["more"] else (match["code"],)
    names = [_plain_code(name) for name in listed]
    of_row = tuple(dict.fromkeys(name for name in names if name in codes))
    if of_row or len(names) != 1 or names[0][0] in "ieo":
        return of_row
    digits = "".join(re.findall(r"\d", names[0]))
    if not is_line or len(names[0]) < 2:
        return ()
    alike = [known for known in codes if digits[-len(known) + 1 :] == known[1:]]
    return tuple(alike) if len(alike) == 1 else ()
