"""The indicator cell: which of the ten indicators its number and its name stand for."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

from rapidfuzz import fuzz, process

from normalize.codes import wording_skeleton
from profiles.framework import Framework

CLOSE = 82.0
"""From this ratio of two skeletons on, a printed name is that of an indicator."""
CLEAR = 8.0
"""By so much the best name must lead that of the next indicator."""
MIN_SKELETON = 6
"""Letters that a name must have before it says anything."""

_ARABIC = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")
_PREFIX = re.compile(r"[\s•\-–*]*(?:(?:ตัว\s*ชี้\s*วัด|ประเด็น)(?:\s*ย่อย)?(?:\s*ที่)?\s*)?[:(\[]?\s*")
_NUMBER = re.compile(r"(1\s?0|[1-9])(?:\s?\.\s?\d{1,2})?\s*(?:[.)\]:、,]+|(?=\s|[ก-๎]|$))(?!\d)\s*")

Sign = Literal["both", "number", "name", "fragment", "unknown"]


@dataclass(frozen=True, slots=True)
class IndicatorReading:
    """Which indicator a cell names, and on what grounds."""

    number: int | None
    name: str | None
    """The official name of `number`."""
    how: Sign
    """`fragment`: only a piece of a name, as a wrapped cell leaves it; it settles nothing."""
    confidence: float
    printed_number: int | None = None
    printed_name: str | None = None
    """The name as printed, without number; None where there is none."""
    named: int | None = None
    """The indicator whose name is printed; None where that is none's."""
    candidates: tuple[int, ...] = ()
    """What a fragment can belong to."""

    @property
    def conflict(self) -> bool:
        """The number is one indicator's and the name another's: the number is kept."""
        return None not in (self.printed_number, self.named) and self.printed_number != self.named


def read_indicator(text: str, framework: Framework) -> IndicatorReading:
    """Read number and name; where they disagree the number stands, and `conflict` says so.

    >>> from profiles.framework import framework_for
    >>> reading = read_indicator("๗. ประสิทธิภาพ การสื่อสาร", framework_for(2568))
    >>> reading.number, reading.name, reading.how
    (7, 'ประสิทธิภาพการสื่อสาร', 'both')
    >>> reading = read_indicator("๒.การอำนาจ", framework_for(2568))
    >>> reading.number, reading.named, reading.conflict
    (2, 3, True)
    >>> reading = read_indicator("การทำงาน", framework_for(2568))
    >>> reading.number, reading.how, reading.candidates
    (None, 'fragment', (8,))
    """
    arabic = text.translate(_ARABIC)
    start = _prefix_end(arabic)
    match = _NUMBER.match(arabic, start)
    number = int("".join(match[1].split())) if match else None
    printed = text[match.end() if match else start :].strip() or None
    named, ratio = _match_name(printed or "", framework)
    if number is None and named is None:
        candidates = _fragment(printed or "", framework)
        how: Sign = "fragment" if candidates else "unknown"
        return IndicatorReading(None, None, how, 0.0, None, printed, None, candidates)
    indicator = framework.indicator(named if number is None else number)
    name = indicator.name if indicator else None
    if number is None:
        return IndicatorReading(named, name, "name", 0.9 * ratio, None, printed, named)
    if named is None:
        sure = 0.8 if printed is None or _is_piece(printed, number, framework) else 0.5
        return IndicatorReading(number, name, "number", sure, number, printed)
    sure = 1.0 if named == number else 0.5
    how = "both" if named == number else "number"
    return IndicatorReading(number, name, how, sure, number, printed, named)


def _prefix_end(arabic: str) -> int:
    match = _PREFIX.match(arabic)
    return match.end() if match else 0


@cache
def _names(framework: Framework) -> tuple[tuple[int, ...], tuple[str, ...]]:
    named = [(i.no, name) for i in framework.indicators for name in (i.name, *i.variants)]
    return tuple(no for no, _ in named), tuple(wording_skeleton(name) for _, name in named)


def _match_name(text: str, framework: Framework) -> tuple[int | None, float]:
    """The indicator whose name is clearly the nearest, or the only one a longer text holds."""
    skeleton = wording_skeleton(text)
    if len(skeleton) < MIN_SKELETON:
        return None, 0.0
    numbers, names = _names(framework)
    best: dict[int, float] = {}
    for _, ratio, place in process.extract(skeleton, names, scorer=fuzz.ratio, limit=None):
        best.setdefault(numbers[place], ratio)
    (first, top), (_, second) = list(best.items())[:2]
    if top >= CLOSE and top - second >= CLEAR:
        return first, top / 100
    held = {no for no, name in zip(numbers, names, strict=True) if name in skeleton}
    return (held.pop(), 0.9) if len(held) == 1 else (None, 0.0)


def _fragment(text: str, framework: Framework) -> tuple[int, ...]:
    """The indicators whose name begins or ends with a text that is too short to name one."""
    piece = wording_skeleton(text)
    if len(piece) < 3:
        return ()
    numbers, names = _names(framework)
    pairs = zip(numbers, names, strict=True)
    return tuple(
        dict.fromkeys(
            no for no, name in pairs if piece in (name[: len(piece)], name[-len(piece) :])
        )
    )


def _is_piece(text: str, number: int, framework: Framework) -> bool:
    return number in _fragment(text, framework)
