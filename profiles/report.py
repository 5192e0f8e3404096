"""Kinds of report, one TOML file each: the words that name them, their columns and headers.

There are two sorts. Without `table` a profile is of indicator rows (ITA); with it, of a ruled table
of items: price lists, bills of quantities, registers. Then columns have types, and sums are data.
"""

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, get_args

from extract.errors import ReportError


class NoProfile(ReportError):
    """No kind of report of that name is known, or no one kind fits best."""

    exit_code = 4


class BadProfile(ReportError):
    """A profile's file has a key nobody reads, or lacks one."""

    exit_code = 4


YearKind = Literal["assessment", "fiscal", ""]
ColumnType = Literal["text", "ordinal", "number", "integer", "date"]
"""`ordinal` is what numbers the rows, as it is printed: 1, 1.2, ก."""
Role = Literal["item", "heading", "subtotal", "total", "carried", "adjustment", "note"]
"""What a row of an items table is: `carried` is a sum carried from or to another page; `adjustment`
a discount or tax, which goes into the next total; `note` says something and counts nothing."""
TABLE_NAME = r"[a-z][a-z_]{0,39}(?<!_now)"
TAKEN = frozenset(
    {"rows", "cells", "corrections", "findings", "documents", "tables", "columns"},
)
"""Tables that every run has, and those that a database has beside them."""
OWN_FIELDS = frozenset(
    {
        *("document", "page", "row", "line", "role"),
        *("caption", "section", "pages", "confidence", "needs_review"),
        *("archive", "record", "position", "loaded_at", "vanished_at"),
    }
)
"""Columns that every items table has, in the files or in a database."""


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
    type: ColumnType = "text"
    unit: str = ""
    """The word that may stand behind its numbers: บาท, %."""
    description: str = ""
    under: tuple[str, ...] = ()
    """Headers over several columns, one of which the column stands under: ค่าวัสดุ."""
    lead: str = ""
    """Of a text: the field that the number which it begins with goes to, where that is empty."""
    rest: str = ""
    """Of a number: the field that what stands behind it goes to, where that is empty."""
    summed: bool = False
    """Rows of sums add it up."""


@dataclass(frozen=True, slots=True)
class Group:
    """A header over several columns; a year in it is of this kind."""

    title_en: str
    headers: tuple[str, ...]
    year: YearKind = ""


@dataclass(frozen=True, slots=True)
class Relation:
    """What a column is, of others of its row: their sum, or their product."""

    field: str
    of: tuple[str, ...]
    tolerance: Decimal | None = None
    """How far it may be off; None for the profile's."""


@dataclass(frozen=True, slots=True)
class RowKind:
    """Rows that are no items, by the words that they begin with."""

    role: Role
    words: tuple[str, ...]
    sign: int = 1
    """Of an adjustment: -1 where it is printed without a sign and taken off."""
    rounds: Decimal = Decimal(0)
    """Of a total: it may be the sum rounded by less than this."""


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
    """Fields one of which at least a table must have."""
    min_columns: int

    core: tuple[str, ...] = ()
    """Columns without which a row lacks something, so that an unnamed column is a loss."""
    table: str = ""
    """The table of the output that its items go to; empty for indicator rows."""
    description: str = ""
    tolerance: Decimal = Decimal("0.01")
    sums: tuple[Relation, ...] = ()
    products: tuple[Relation, ...] = ()
    """Those of one column are alternatives: one of them must hold."""
    rows: tuple[RowKind, ...] = ()
    digest: str = ""
    """Of a file from outside the digest of its text; empty for those that are installed."""

    def __hash__(self) -> int:
        """Of its name alone: that of all its words costs more than what it is looked up for."""
        return hash((self.name, self.digest))

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that cells.csv names."""
        return tuple(column.field for column in self.columns if column.part_of is None)

    @property
    def key(self) -> str:
        """What names it where its content matters too: what was made by it is kept under this.

        >>> parse("x", EXAMPLE).key, profile_named("ita-improvement").key
        ('x', 'ita-improvement')
        """
        return f"{self.name}:{self.digest}" if self.digest else self.name

    @property
    def label(self) -> str:
        """Of an items profile the column that names a row: its first text."""
        return next((c.field for c in self.columns if c.type == "text"), "")

    @property
    def ordinal(self) -> str:
        """Of an items profile the column that numbers its rows, if it has one."""
        return next((c.field for c in self.columns if c.type == "ordinal"), "")

    def column(self, field: str) -> Column | None:
        return next((c for c in self.columns if c.field == field), None)

    def published(self, field: str) -> str:
        """The name of a column's field in cells.csv.

        >>> [profile_named("ita-improvement").published(f) for f in ("steps", "strengths", "score")]
        ['steps', 'result', '']
        """
        column = self.column(field)
        return field if column is None or column.part_of is None else column.part_of


EXAMPLE = """\
title_th = "รายการ"
title_en = "List"
table = "list_items"
min_columns = 1
required = ["name"]

[[columns]]
field = "name"
title_th = "รายการ"
title_en = "Name"
headers = ["รายการ"]
"""
"""The least that makes a profile of items."""

SHAPES: dict[str, tuple[tuple[type, ...], str]] = {
    **dict.fromkeys(
        ("headers", "cues", "under", "of", "words", "keywords", "required", "core"),
        ((list,), "a list of texts"),
    ),
    **dict.fromkeys(("tolerance", "rounds"), ((int, Decimal), "a number from 0 on")),
    **dict.fromkeys(("min_columns", "sign"), ((int,), "a whole number")),
    "summed": ((bool,), "true or false"),
}
"""What a key holds, and the words for it; a text where nothing else is said."""


def build(kind: type[Any], name: str, table: Mapping[str, Any]) -> Any:
    """One value from one TOML table, refusing keys that nobody reads."""
    refuse_unknown(kind, name, table)
    try:
        return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in table.items()})
    except TypeError as error:
        raise BadProfile(f"{name}.toml: {kind.__name__.lower()}: {error}") from error


def refuse_unknown(kind: type[Any], name: str, table: Mapping[str, Any]) -> None:
    known = {field.name for field in fields(kind)} - {"digest"}
    for key in table:
        if key not in known:
            listed = ", ".join(sorted(known))
            raise BadProfile(f"{name}.toml: unknown key {key!r}; known are {listed}")


def checked(kind: type[Any], name: str, part: str, table: Mapping[str, Any]) -> dict[str, Any]:
    """The values of one TOML table, refusing what its keys cannot hold."""
    refuse_unknown(kind, name, table)
    values: dict[str, Any] = {}
    for key, value in table.items():
        shape, wanted = SHAPES.get(key, ((str,), "a text"))
        fits = isinstance(value, shape) and isinstance(value, bool) == (shape == (bool,))
        if shape == (list,) and fits:
            fits = all(isinstance(text, str) and text.strip() for text in value)
        if Decimal in shape and fits:
            value = Decimal(value)
            fits = value.is_finite() and value >= 0
        if not fits:
            raise BadProfile(f"{name}.toml: {part}: {key} is to be {wanted}")
        values[key] = value
    return values


PARTS: dict[str, type[Any]] = {
    "columns": Column,
    "groups": Group,
    "sums": Relation,
    "products": Relation,
    "rows": RowKind,
}
"""What is a list of tables in a profile's file."""


def parse(name: str, text: str) -> Profile:
    """Build a profile from TOML.

    >>> parse("x", 'titel = "t"')
    Traceback (most recent call last):
    ...
    profiles.report.BadProfile: x.toml: unknown key 'titel'; known are columns, core, description, \
groups, keywords, min_columns, name, products, required, rows, sums, table, title_en, title_th, \
tolerance
    """
    try:
        table = tomllib.loads(text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, ArithmeticError) as error:
        raise BadProfile(f"{name}.toml: {error}") from error
    parts: dict[str, Any] = {"name": name}
    for key, kind in PARTS.items():
        tables = table.pop(key, [])
        if not isinstance(tables, list) or not all(isinstance(part, dict) for part in tables):
            raise BadProfile(f"{name}.toml: {key} is to be tables: [[{key}]]")
        parts[key] = tuple(build(kind, name, checked(kind, name, key, part)) for part in tables)
    whole = checked(Profile, name, "the profile", {"keywords": []} | table)
    profile: Profile = build(Profile, name, whole | parts)
    for problem in problems_of(profile):
        raise BadProfile(f"{name}.toml: {problem}")
    return profile


def problems_of(profile: Profile) -> list[str]:
    """What no one key of a profile shows: names that clash or lead nowhere."""
    found = []
    names = [column.field for column in profile.columns]
    numbers = {c.field for c in profile.columns if c.type in ("number", "integer")}
    texts = {c.field for c in profile.columns if c.type in ("text", "ordinal")}
    lacking = [
        f"required column {field!r} is not among its columns"
        for field in profile.required
        if field not in profile.fields
    ]
    for column in profile.columns:
        if column.type not in get_args(ColumnType):
            found.append(f"{column.field}: type is one of {', '.join(get_args(ColumnType))}")
        for key, goal in (("lead", column.lead), ("rest", column.rest)):
            if goal and (goal not in texts or goal == column.field):
                found.append(f"{column.field}: {key} names no column of text: {goal!r}")
    for group in profile.groups:
        if group.year not in get_args(YearKind):
            found.append("the year of a group is assessment, fiscal or empty")
    if not profile.table:
        typed = [c.field for c in profile.columns if c.type != "text"]
        if typed or profile.sums or profile.products or profile.rows:
            found.append("types, sums, products and rows need `table`, the name of the output")
        return found + lacking
    if not re.fullmatch(TABLE_NAME, profile.table) or profile.table in TAKEN:
        found.append(
            f"table {profile.table!r} is to be small letters and _, 40 at most, not end with _now, "
            "and none of " + ", ".join(sorted(TAKEN))
        )
    for field in names:
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", field) or field in OWN_FIELDS:
            found.append(
                f"field {field!r} is to be small letters, digits and _, 40 at most, and none of "
                + ", ".join(sorted(OWN_FIELDS))
            )
    if len(set(names)) < len(names):
        found.append("two columns have the same field")
    if sum(column.type == "ordinal" for column in profile.columns) > 1:
        found.append("two columns number the rows")
    if not profile.label:
        found.append("no column of type text, which a row is named by")
    found += [
        f"{c.field}: only a number is summed"
        for c in profile.columns
        if c.summed and c.field not in numbers
    ]
    found += [
        f"{c.field}: part_of is of indicator rows" for c in profile.columns if c.part_of is not None
    ]
    for relation in (*profile.sums, *profile.products):
        for field in (relation.field, *relation.of):
            if field not in numbers:
                found.append(f"a sum or product names no column of numbers: {field!r}")
        if len(relation.of) < 2 or relation.field in relation.of:
            found.append(f"{relation.field}: a sum or product is made of two other columns or more")
    for kind in profile.rows:
        if kind.role not in get_args(Role) or kind.role in ("item",):
            roles = [role for role in get_args(Role) if role != "item"]
            found.append(f"the role of a row is one of {', '.join(roles)}")
        if kind.sign not in (1, -1):
            found.append("the sign of a row is 1 or -1")
    return found + lacking


@cache
def profiles() -> tuple[Profile, ...]:
    """All kinds of report that are known, by name.

    >>> [profile.name for profile in profiles()]
    ['ita-improvement', 'price-items']
    """
    found = (f for f in files("profiles").joinpath("kinds").iterdir() if f.name.endswith(".toml"))
    ordered = sorted(found, key=lambda f: f.name)
    known = tuple(parse(f.name.removesuffix(".toml"), f.read_text("utf-8")) for f in ordered)
    tables = [profile.table for profile in known if profile.table]
    if len(set(tables)) < len(tables):
        raise BadProfile(f"two profiles write one table: {', '.join(sorted(tables))}")
    return known


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


def profile_at(path: str | Path) -> Profile:
    """The profile of a TOML file from outside; its name is that of the file.

    Raises BadProfile for what cannot be read, and where a known profile writes its table.
    """
    file = Path(path)
    try:
        text = file.read_text("utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no UTF-8 text"
        raise BadProfile(f"{path}: {reason}; give a profile as docs/profiles.md tells") from error
    name = file.name.removesuffix(".toml")
    profile = parse(name, text)
    for known in profiles():
        if profile.name == known.name or (profile.table and profile.table == known.table):
            raise BadProfile(
                f"{path}: the profile {known.name!r} has this name or table; give it another one"
            )
    return replace(profile, digest=hashlib.sha256(text.encode()).hexdigest()[:16])
