"""The ITA framework of an assessed year, from ita-framework.toml: indicators, codes, questions."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

Instrument = Literal["IIT", "EIT", "OIT"]
Status = Literal["source", "seed", "inferred", "unverified", "unknown"]

FILE = "ita-framework.toml"
KNOWN = {
    "file": {
        *("schema", "score_range", "sources", "code_letters"),
        *("instruments", "indicators", "years"),
    },
    "code_letters": {"same", "like", "source"},
    "instrument": {"name", "variants", "letter", "source"},
    "indicator": {"no", "name", "variants", "instrument", "source"},
    "year": {"note", "questions", "codes", "owners"},
    "count": {"count", "status", "source"},
    "owners": {"ranges", "status", "source"},
    "question": {"code", "indicator", "text", "heading", "sub", "status", "source", "note"},
}


@dataclass(frozen=True, slots=True)
class Indicator:
    """One of the ten indicators."""

    no: int
    name: str
    variants: tuple[str, ...]
    """Other names that reports print for it."""
    instrument: Instrument
    letter: str
    """The letter of its codes: i, e or o."""


@dataclass(frozen=True, slots=True)
class Question:
    """What one code asks."""

    code: str
    indicator: int
    text: str
    """The official wording; empty where it is not known."""
    heading: str
    status: Status
    year: int
    """The year the wording is from: the framework's own, or the nearest one that has the code."""


@dataclass(frozen=True, slots=True)
class CodeRange:
    """The numbers of one letter: to `count`, and perhaps to `ceiling` where that is unverified."""

    letter: str
    count: int
    ceiling: int


@dataclass(frozen=True, slots=True, eq=False)
class Framework:
    """What was asked in one assessed year. One object a year, compared by identity."""

    year: int
    """The year that the framework is of, which may be earlier than the one asked for."""
    indicators: tuple[Indicator, ...]
    questions: tuple[Question, ...]
    codes: tuple[CodeRange, ...]
    owners: tuple[tuple[int, str, int, int], ...]
    """Indicator, letter, first and last number of the codes it owns; empty where not known."""
    owners_are_firm: bool
    """False where `owners` may speak for a reading but not against one."""
    score_range: tuple[int, int]

    def indicator(self, no: int | None) -> Indicator | None:
        """The indicator of that number; None for any number but 1 to 10."""
        return next((i for i in self.indicators if i.no == no), None)

    def question(self, code: str) -> Question | None:
        """What the code asks in this year; None where nothing is known of it."""
        return next((q for q in self.questions if q.code == code), None)

    def has(self, code: str) -> bool | None:
        """Whether the year has the code; None where the count of its codes is unverified.

        >>> framework_for(2568).has("o28"), framework_for(2568).has("o29")
        (True, False)
        >>> framework_for(2567).has("o40"), framework_for(2567).has("o70")
        (None, False)
        """
        letter, number = split_code(code)
        for numbers in self.codes:
            if numbers.letter == letter and number > 0:
                return (
                    True
                    if number <= numbers.count
                    else None
                    if number <= numbers.ceiling
                    else False
                )
        return False

    def owns(self, indicator_no: int, code: str) -> bool | None:
        """Whether the indicator owns the code; None where that is not known.

        The split of the OIT items between 9 and 10 is inferred, so it never excludes.

        >>> framework_for(2568).owns(5, "i15"), framework_for(2568).owns(6, "i1")
        (True, False)
        >>> framework_for(2568).owns(9, "o25"), framework_for(2566).owns(2, "i6")
        (None, None)
        """
        indicator = self.indicator(indicator_no)
        letter, number = split_code(code)
        if indicator is None or indicator.letter != letter or self.has(code) is False:
            return False
        if letter == "o":
            question = self.question(code)
            return True if question is not None and question.indicator == indicator_no else None
        for owner, _, first, last in self.owners:
            if owner == indicator_no and first <= number <= last:
                return True
        return False if self.owners_are_firm else None

    def owner(self, code: str) -> int | None:
        """The indicator that owns the code, as far as it is known.

        >>> framework_for(2569).owner("e7"), framework_for(2566).owner("e7")
        (8, None)
        """
        letter, number = split_code(code)
        for owner, of, first, last in self.owners:
            if of == letter and first <= number <= last:
                return owner
        question = self.question(code)
        return question.indicator if question is not None and letter == "o" else None


def split_code(code: str) -> tuple[str, int]:
    """The letter and the number of a code; ("", 0) for anything else.

    >>> split_code("o25"), split_code("๐๒๕")
    (('o', 25), ('', 0))
    """
    match = re.fullmatch(r"([ieo])([1-9][0-9]?)", code)
    return (match[1], int(match[2])) if match else ("", 0)


@cache
def framework_for(year: int) -> Framework:
    """The framework of an assessed year; without one of its own, the nearest earlier one's.

    >>> framework_for(2568).year, framework_for(2571).year, framework_for(2560).year
    (2568, 2569, 2566)
    >>> framework_for(2571) is framework_for(2569)
    True
    """
    years = framework_years()
    own = max((known for known in years if known <= year), default=years[0])
    return _framework(own) if own == year else framework_for(own)


@cache
def framework_years() -> tuple[int, ...]:
    """The years that have a framework of their own, ascending."""
    return tuple(sorted(int(year) for year in _file()["years"]))


@cache
def code_letters() -> tuple[Mapping[str, str], Mapping[str, str]]:
    """For each letter of a code the characters drawn the same, and those that are merely alike.

    >>> same, like = code_letters()
    >>> "О" in same["o"], "l" in like["i"], "l" in same["i"]
    (True, True, False)
    """
    letters = _file()["code_letters"]
    return letters["same"], letters["like"]


@cache
def _file() -> dict[str, Any]:
    found = tomllib.loads((files("profiles") / FILE).read_text("utf-8"))
    _check(found, "file", FILE)
    _check(found["code_letters"], "code_letters", "code_letters")
    for name, instrument in found["instruments"].items():
        _check(instrument, "instrument", name)
    for indicator in found["indicators"]:
        _check(indicator, "indicator", f"indicator {indicator.get('no')}")
    for year, facts in found["years"].items():
        _check(facts, "year", year)
        _check(facts.get("owners", {}), "owners", f"{year} owners")
        for letter, count in facts["codes"].items():
            _check(count, "count", f"{year} {letter}")
        for question in facts["questions"]:
            _check(question, "question", f"{year} {question.get('code')}")
    return found


def _check(table: Iterable[str], kind: str, where: str) -> None:
    for key in table:
        if key not in KNOWN[kind]:
            raise ValueError(f"{FILE}: {where}: unknown key {key!r}")


def _framework(year: int) -> Framework:
    found = _file()
    facts = found["years"][str(year)]
    owners = facts.get("owners", {})
    low, high = found["score_range"]
    return Framework(
        year=year,
        indicators=tuple(_indicator(table, found["instruments"]) for table in found["indicators"]),
        questions=_questions(year),
        codes=tuple(_codes(letter, count) for letter, count in facts["codes"].items()),
        owners=tuple(_owner(no, codes) for no, codes in owners.get("ranges", {}).items()),
        owners_are_firm=owners.get("status", "unknown") not in ("unverified", "unknown"),
        score_range=(low, high),
    )


def _indicator(table: Mapping[str, Any], instruments: Mapping[str, Any]) -> Indicator:
    letter = instruments[table["instrument"]]["letter"]
    variants = tuple(table.get("variants", ()))
    return Indicator(table["no"], table["name"], variants, table["instrument"], letter)


def _codes(letter: str, count: Mapping[str, Any]) -> CodeRange:
    known = count["count"]
    counts = [facts["codes"][letter]["count"] for facts in _file()["years"].values()]
    return CodeRange(letter, known, max(counts) if count["status"] == "unverified" else known)


def _owner(no: str, codes: str) -> tuple[int, str, int, int]:
    first, last = map(split_code, codes.split("-"))
    return int(no), first[0], first[1], last[1]


def _questions(year: int) -> tuple[Question, ...]:
    """The year's own questions, and for i and e without wording that of the nearest year.

    Numbers of OIT items mean different things in different years, so these are never borrowed.
    """
    found: dict[str, Question] = {}
    for near in sorted(framework_years(), key=lambda other: (abs(other - year), -other)):
        for table in _file()["years"][str(near)]["questions"]:
            code = table["code"]
            if near != year and (code[0] == "o" or (code in found and found[code].text)):
                continue
            text, heading = table.get("text", ""), table.get("heading", "")
            indicator, status = table["indicator"], table["status"]
            found[code] = Question(code, indicator, text, heading, status, near)
    return tuple(sorted(found.values(), key=lambda question: split_code(question.code)))
