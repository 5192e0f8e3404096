"""Kinds of report, one TOML file each: the words that name them, their columns and headers."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from extract.errors import ReportError


class NoProfile(ReportError):
    """No kind of report of that name is known."""

    exit_code = 4


class BadProfile(ReportError):
    """A profile's file has a key nobody reads, or lacks one."""

    exit_code = 4


YearKind = Literal["assessment", "fiscal", ""]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the table: its field in the output, and how reports head it."""

    field: str
    title_th: str
    title_en: str
    headers: tuple[str, ...]
    part_of: str | None = None
    """The field whose part the column holds, or empty: it has no field of its own in cells.csv."""
    cues: tuple[str, ...] = ()
    """Words that give away a header nobody has listed, where no other column's cue is in it."""


@dataclass(frozen=True, slots=True)
class Group:
    """A header over several columns; a year in it is of this kind."""

    title_en: str
    headers: tuple[str, ...]
    year: YearKind = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """What one kind of report looks like."""

    name: str
    title_th: str
    title_en: str
    keywords: tuple[str, ...]
    columns: tuple[Column, ...]
    groups: tuple[Group, ...]
    required: tuple[str, ...]
    min_columns: int

    core: tuple[str, ...] = ()
    """Columns without which a row lacks something, so that an unnamed column is a loss."""

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that cells.csv names."""
        return tuple(column.field for column in self.columns if column.part_of is None)

    def published(self, field: str) -> str:
        """The name of a column's field in cells.csv.

        >>> [profile_named("ita-improvement").published(f) for f in ("steps", "strengths", "score")]
        ['steps', 'result', '']
        """
        column = next((c for c in self.columns if c.field == field), None)
        return field if column is None or column.part_of is None else column.part_of


def build(kind: type[Any], name: str, table: dict[str, Any]) -> Any:
    """One value from one TOML table, refusing keys that nobody reads."""
    known = set(kind.__dataclass_fields__)
    for key in table.keys() - known:
        raise BadProfile(f"{name}.toml: unknown key {key!r}; known are {', '.join(sorted(known))}")
    try:
        return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in table.items()})
    except TypeError as error:
        raise BadProfile(f"{name}.toml: {kind.__name__.lower()}: {error}") from error


def parse(name: str, text: str) -> Profile:
    """Build a profile from TOML.

    >>> parse("x", 'titel = "t"')
    Traceback (most recent call last):
    ...
    profiles.report.BadProfile: x.toml: unknown key 'titel'; known are columns, core, groups, \
keywords, min_columns, name, required, title_en, title_th
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadProfile(f"{name}.toml: {error}") from error
    columns = tuple(build(Column, name, column) for column in table.pop("columns", ()))
    groups = tuple(build(Group, name, group) for group in table.pop("groups", ()))
    profile: Profile = build(
        Profile, name, table | {"name": name, "columns": columns, "groups": groups}
    )
    for field in profile.required:
        if field not in profile.fields:
            raise BadProfile(f"{name}.toml: required column {field!r} is not among its columns")
    return profile


@cache
def profiles() -> tuple[Profile, ...]:
    """All kinds of report that are known, by name.

    >>> [profile.name for profile in profiles()]
    ['ita-improvement']
    """
    found = (f for f in files("profiles").joinpath("kinds").iterdir() if f.name.endswith(".toml"))
    ordered = sorted(found, key=lambda f: f.name)
    return tuple(parse(f.name.removesuffix(".toml"), f.read_text("utf-8")) for f in ordered)


def profile_named(name: str) -> Profile:
    """The profile of that name.

    >>> profile_named("ita-improvement").required
    ('question',)
    """
    for profile in profiles():
        if profile.name == name:
            return profile
    known = ", ".join(profile.name for profile in profiles())
    raise NoProfile(f"no profile named {name!r}; known are: {known}")
