"""Words that stand inside cells: units, headings, months. The data is vocabulary.toml."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from profiles.report import build

Kind = Literal["strengths", "weaknesses"]


@dataclass(frozen=True, slots=True)
class UnitWord:
    """A unit of a local government, with the other ways to write its name."""

    name: str
    variants: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Shape:
    """How the name of a unit begins, a person's post, and a person's name."""

    prefixes: tuple[str, ...]
    posts: tuple[str, ...]
    complete: tuple[str, ...]
    """Posts that no unit needs to follow."""
    titles: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Heading:
    """Spellings of one heading of the result column."""

    kind: Kind
    spellings: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Month:
    """A month by all its names."""

    number: int
    name: str
    short: str
    english: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class FiscalYear:
    """When a fiscal year begins."""

    first_month: int
    """In the year before the one it is named after."""
    source: str


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All of vocabulary.toml."""

    units: tuple[UnitWord, ...]
    shape: Shape
    headings: tuple[Heading, ...]
    months: tuple[Month, ...]
    fiscal_year: FiscalYear


LISTS = {"units": UnitWord, "headings": Heading, "months": Month}
SINGLES = {"shape": Shape, "fiscal_year": FiscalYear}


def parse_vocabulary(text: str) -> Vocabulary:
    """Build a vocabulary from TOML, refusing keys that nobody reads.

    >>> parse_vocabulary('[[units]]\\nname = "กองคลัง"\\nvariant = []')
    Traceback (most recent call last):
    ...
    profiles.report.BadProfile: vocabulary.toml: unknown key 'variant'; known are name, source, \
variants
    """
    tables = tomllib.loads(text)
    for key, kind in LISTS.items():
        tables[key] = [build(kind, "vocabulary", entry) for entry in tables.get(key, ())]
    for key, kind in SINGLES.items():
        if key in tables:
            tables[key] = build(kind, "vocabulary", tables[key])
    vocabulary: Vocabulary = build(Vocabulary, "vocabulary", tables)
    return vocabulary


@cache
def vocabulary() -> Vocabulary:
    """The words that come with the program.

    >>> vocabulary().units[0].name
    'สำนักปลัด'
    """
    return parse_vocabulary((files("profiles") / "vocabulary.toml").read_text("utf-8"))
