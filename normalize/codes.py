"""Codes of questions: where a cell prints them, and which code each can only be."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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

_NUMBER = r"0?[1-9]\d?(?!\d|[.,]\d|[a-z])"
_LETTERED = rf"(?<![a-z\d])[ieo]\s?[.\-–]?\s?{_NUMBER}"
_ZERO = rf"(?<![\d.])0\s?{_NUMBER}(?![:/\-–]\d)"
_MISREAD = (
    rf"(?:[{_ALIKE}]\s?\d{{1,2}}(?=\s*[)\]]?\s*(?:[ก-ฮเ-ไ]|$))"
    r"|\d(?:\ ?\d){0,2}(?=\s*(?:[ก-ฮเ-ไ]|$)))"
)
_NUMBERING = r"(?:\d{1,2}(?:\.\d{1,2})*[.)]\s*)?"
_WORD = r"(?:ข้อ(?:คำถาม)?(?:\s*ที่)?\s*)"
_CLOSE = r"\s*[)\]]?\s*[.:\-–]*\s*"
_ISSUE = r"ประ\s?เด[็่้]?\s?น(?:ที่)?\s?:?"
_BULLET = r"[\s•\-–*]*"

_HEAD = re.compile(
    rf"{_BULLET}{_NUMBERING}(?:ประเด็น(?:ที่)?\s*)?{_WORD}?[(\[]?\s*"
    rf"(?P<code>{_LETTERED}|{_ZERO}|{_MISREAD}){_CLOSE}"
)
_INNER = re.compile(
    rf"(?P<line>\n{_BULLET})?(?P<lead>{_NUMBERING}(?P<word>{_WORD})?[(\[]?\s*)"
    rf"(?P<code>{_LETTERED}|{_ZERO}|{_MISREAD}){_CLOSE}"
)
_TRAILING = re.compile(rf"\s*[(\[]\s*{_WORD}?(?P<code>{_LETTERED})\s*[)\]]\s*$")
_MENTION = re.compile(r"(?:อ้าง\s*อิง(?:\s*จาก)?|ตาม|จาก|และ|กับ|หรือ|ถึง|ดู|[,/\-–])\s*[(\[]?\s*$")
_HEADING = re.compile(r"ตัว\s?ชี้\s?วัด|แบบ\s?(?:วัด|ตรวจ)|^\s*\d{1,2}[.)]\s*\S{0,20}$")
_MAY_HEAD = re.compile(rf"{_ISSUE}|(?:\A|\n)(?:{_WORD})?[^ก-๎\n]{{0,12}}[0-9๐-๙]")
_ANALYSIS_HEAD = re.compile(
    rf"(?:(?P<line>\A|\n){_BULLET}{_NUMBERING}{_WORD}?[(\[]?\s*|{_NUMBERING}{_WORD}?[(\[]?)"
    rf"(?P<code>{_LETTERED}|{_ZERO}|(?:[{_ALIKE}]\s?)?\d{{1,3}})\s*[)\]]?\s*:?\s*(?P<issue>{_ISSUE})?\s*"
)

_NOT_SKELETON = re.compile(r"[^a-z0-9ก-ฮะาเ-ๆ]+")
_TAIL = re.compile("(?:(?:มาก|อยาง)นอยเพยงใด|หรอไม)$")


class QuestionPart(NamedTuple):
    """One question of a cell."""

    printed: str | None
    """The code exactly as printed; None where none is."""
    text: str
    lead: str = ""
    """What stands before the code and is no question, such as the name of a sub-indicator."""


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


CODE_RULES: tuple[Rule, ...] = (latin_code_letters, arabic_code_digits, bare_code)
OIT_CODE_RULES: tuple[Rule, ...] = (*CODE_RULES, letter_o_for_zero)


def split_questions(text: str, framework: Framework | None = None) -> tuple[QuestionPart, ...]:
    """The questions of a cell, each with its code as printed, in order; at least one.

    Without a framework, questions that print no code are not told apart.

    >>> [tuple(part)[:2] for part in split_questions("e๗ หน่วยงานเปิดโอกาส e๘ หน่วยงานปรับปรุง")]
    [('e๗', 'หน่วยงานเปิดโอกาส'), ('e๘', 'หน่วยงานปรับปรุง')]
    >>> split_questions("๑) ตัวชี้วัดย่อย ๙.๒ ข้อ ๐๒ ข้อมูลผู้บริหาร")
    (QuestionPart(printed='๐๒', text='ข้อมูลผู้บริหาร', lead='๑) ตัวชี้วัดย่อย ๙.๒'),)
    >>> split_questions("ข้อมูลตาม o12 ครบถ้วน")
    (QuestionPart(printed=None, text='ข้อมูลตาม o12 ครบถ้วน', lead=''),)
    """
    folded = text.translate(_FOLD)
    marks = _question_marks(folded, framework)
    if not marks:
        trailing = _TRAILING.search(folded)
        if trailing:
            printed = text[slice(*trailing.span("code"))]
            return (QuestionPart(printed, text[: trailing.start()].strip()),)
        return _split_by_wording(text, framework)
    parts: list[QuestionPart] = []
    lead = text[: marks[0].start].strip()
    if lead and _is_question(lead, folded[marks[0].code], framework):
        parts += _split_by_wording(lead, framework)
        lead = ""
    for mark, following in zip(marks, (*marks[1:], None), strict=True):
        end = following.start if following else len(text)
        parts.append(QuestionPart(text[mark.code], text[mark.end : end].strip(), lead))
        lead = ""
    return tuple(parts)


def split_analysis(text: str, codes: Sequence[str]) -> dict[str, str | None]:
    """The analysis of each code: what follows its `CODE ประเด็น`, None where nothing does.

    A text that heads no part with a code is the analysis of all codes of the row.

    >>> split_analysis("e๗ ประเด็น ขาดการมีส่วนร่วม e๘ ประเด็น ไม่สะดวก", ("e7", "e8", "e9"))
    {'e7': 'ขาดการมีส่วนร่วม', 'e8': 'ไม่สะดวก', 'e9': None}
    >>> split_analysis("๖๖ ประเด็น หน่วยงานมี", ("i6",)), split_analysis("ประเด็นในการ", ("i3",))
    ({'i6': 'หน่วยงานมี'}, {'i3': 'ประเด็นในการ'})
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
    found: dict[str, str] = {}
    lead = text[: heads[0].start].strip()
    if lead:
        found[next((code for code in codes if code not in _named(heads)), heads[0].name)] = lead
    for head, following in zip(heads, (*heads[1:], None), strict=True):
        part = text[head.end : following.start if following else len(text)].strip()
        found[head.name] = "\n".join(filter(None, (found.get(head.name), part)))
    return {code: found.get(code) or None for code in codes}


def read_code(
    printed: str | None, question: str, indicator_no: int | None, framework: Framework
) -> CodeReading:
    """The code of a question from its print, its indicator and its wording together.

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
        return _keep_print(text, printed, question, indicator_no, framework, steps)
    return _read_misread(text, printed, question, indicator_no, framework, steps)


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
    name: str = ""


def _question_marks(folded: str, framework: Framework | None) -> list[_Mark]:
    """The printed codes that head a question."""
    head = _HEAD.match(folded)
    marks = [_Mark(0, slice(*head.span("code")), head.end())] if head else []
    for match in _INNER.finditer(folded, head.end() if head else 0):
        if _heads_question(match, folded, marks, framework):
            marks.append(_Mark(match.start(), slice(*match.span("code")), match.end()))
    return marks


def _heads_question(
    match: re.Match[str], folded: str, marks: list[_Mark], framework: Framework | None
) -> bool:
    """Whether a code inside a cell begins a question, or is only mentioned in one."""
    before, after = folded[: match.start("code")], folded[match.end() :]
    if not match["word"] and _MENTION.search(before):
        return False
    if not re.match(r"[ก-ฮเ-ไa-z\"'(]", after):
        return False
    code = match["code"]
    first = folded[marks[0].code][0] if marks else ""
    if code[0] in "ieo":
        return not marks or first not in "ieo" or first == code[0]
    if code[0] == "0" and (match["word"] or (match["line"] and first in ("o", "0"))):
        return True
    if not marks or first in ("o", "0"):
        return False
    last = re.findall(r"\d+", bare_code(folded[marks[-1].code]))[-1]
    return _goes_on(code, int(last), after, framework) and bool(match["line"] or framework)


def _goes_on(code: str, last: int, after: str, framework: Framework | None) -> bool:
    """Whether a misread code is the next one: its digits end so, and its question says so."""
    digits = "".join(re.findall(r"\d", code))
    following = str(last + 1)
    if len(digits) < 2 or not digits.endswith(following):
        return False
    if framework is None:
        return True
    skeleton = wording_skeleton(after[:80])[:16]
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
    whole = (QuestionPart(None, text.strip()),)
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
        return whole
    cuts = [0, *(places[start] for start in sorted(starts)[1:]), len(text)]
    parts = [text[a:b].strip() for a, b in pairwise(cuts)]
    numbering = re.compile(r"\s\d{1,2}[.)]$")
    return tuple(
        QuestionPart(
            None, part[: m.start()] if (m := numbering.search(part.translate(_FOLD))) else part
        )
        for part in parts
    )


def _skeleton_places(text: str) -> tuple[str, list[int]]:
    letters, places = [], []
    for place, char in enumerate(text):
        for letter in wording_skeleton(char):
            letters.append(letter)
            places.append(place)
    return "".join(letters), places


def _named(heads: Iterable[_Mark]) -> set[str]:
    return {head.name for head in heads}


def _analysis_heads(text: str, codes: Sequence[str]) -> list[_Mark]:
    """The codes that head a part of an analysis, as far as they are codes of the row."""
    if not _MAY_HEAD.search(text):
        return []
    folded = text.translate(_FOLD)
    heads = []
    for match in _ANALYSIS_HEAD.finditer(folded):
        name = _head_name(match, codes)
        if name and not _MENTION.search(folded[: match.start("code")]):
            heads.append(_Mark(match.start(), slice(*match.span("code")), match.end(), name))
    return heads


def _head_name(match: re.Match[str], codes: Sequence[str]) -> str | None:
    """The code of the row that a head stands for; misread ones only before ประเด็น."""
    code = bare_code(match["code"])
    is_line = match["line"] is not None
    if not match["issue"] and not (is_line and code[0] in "ieo"):
        return None
    if code[0] in "ieo":
        return code if code in codes else None
    if code[0] == "0" and letter_o_for_zero(code) in codes:
        return letter_o_for_zero(code)
    digits = "".join(re.findall(r"\d", code))
    if not is_line or len(code) < 2:
        return None
    alike = [known for known in codes if digits[-len(known) + 1 :] == known[1:]]
    return alike[0] if len(alike) == 1 else None
