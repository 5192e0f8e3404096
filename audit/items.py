"""What is wrong with tables of items: sums, products, numbers not read, rows that lack."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import reduce
from itertools import groupby
from operator import mul
from typing import NamedTuple

from audit.evidence import place_of, shorten
from audit.model import Place, Problem, Said, Severity, page_list
from normalize.items import ItemRecord, Ordinal
from normalize.model import Item
from normalize.report import Report
from profiles.report import Profile, Relation

MANY_PLACES = 40
"""A sum over more cells than these names the first of them."""
PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,4})?)\s*(?:%|เปอร์เซ็นต์)|ร้อยละ\s*(\d{1,3}(?:\.\d{1,4})?)")
RATED = Decimal("0.01")
"""How far a tax may be off its rate, beside the tolerance of the profile: a satang of rounding."""

ROUNDED = Decimal("0.02")
"""How far a price that is adopted may be off the sum that it is rounded from, as a share."""
OF_PAGE = re.compile(r"หน้านี้|หน้า(?:ที่)?\s*\d+\s*$|\bpage\b", re.IGNORECASE)
"""In the words of a sum: it is that of its page, whatever sections stand on it."""
INCLUDED = re.compile(r"รวม(?:อยู่)?ใน|รวม[^()]{0,20}แล้ว|\binclu", re.IGNORECASE)
"""In the words of a tax: the rows before it hold it already."""
BEFORE_TAX = re.compile(r"ก่อน|ไม่รวม|\b(?:before|exclu)", re.IGNORECASE)
"""In the words of a sum: the tax that is told beside it is none of it."""

Found = tuple[ItemRecord, Problem]
"""A problem, and the row that it is about."""


class Part(NamedTuple):
    """A number that goes into a sum."""

    value: Decimal
    record: ItemRecord


def sum_mismatch(report: Report) -> Iterator[Problem]:
    """A sum or product that is printed is not what the numbers it is made of come to.

    Across a row, by the sums and products of the profile; and down a column, where a row of a sum
    is compared with the rows above it up to the sum before, with discounts and taxes, and these
    with the rate that they print. A difference that the rounding of the printed numbers explains,
    and an adopted price that is rounded by less than 2 percent, is an info. A difference within
    the profile's tolerance is left alone, and so is a sum of which a number could not be read.
    Where a form can be summed in several ways, one that fits is enough, and the others are left
    alone: a tax may be within the price, and a sum may be of its page, its section, or all rows.
    """
    for _, problem in sums(report):
        yield problem


def sums(report: Report) -> Iterator[Found]:
    """All sums that do not add up, each with its row."""
    profile = report.profile
    if profile is None or not profile.table:
        return
    for record in report.item_records:
        yield from across(record, profile)
        yield from products(record, profile)
    closing: dict[str, list[Part]] = defaultdict(list)
    for _, scope in groupby(report.item_records, key=lambda record: record.scope):
        records = tuple(scope)
        for column in profile.columns:
            if column.summed:
                before = closing[column.field]
                yield from down(records, column.field, profile, tuple(before))
                totals = [one for one in records if one.item.role == "total"]
                before += parts_of(totals, column.field)[-1:]


def number(record: ItemRecord, field: str) -> Decimal | None:
    value = record.item.value(field)
    return Decimal(value) if isinstance(value, int | Decimal) else None


def is_unread(record: ItemRecord, *fields: str) -> bool:
    return any(field in fields for field, _ in record.unread)


def half_unit(value: Decimal) -> Decimal:
    """How far a printed number can be off by rounding: half a unit of its last decimal place.

    A whole number is taken as exact: 2 or 28000.00 are counts and prices, and were not rounded.

    >>> half_unit(Decimal("17.71")), half_unit(Decimal("28000.00"))
    (Decimal('0.005'), Decimal('0'))
    """
    exponent = value.as_tuple().exponent
    if value == value.to_integral_value() or not isinstance(exponent, int):
        return Decimal(0)
    return Decimal(5).scaleb(exponent - 1)


def across(record: ItemRecord, profile: Profile) -> Iterator[Found]:
    """The sums of one row."""
    if record.item.role in ("heading", "note"):
        return
    for relation in profile.sums:
        total = number(record, relation.field)
        parts = [(field, number(record, field)) for field in relation.of]
        known = [(field, value) for field, value in parts if value is not None]
        if total is None or not known or is_unread(record, relation.field, *relation.of):
            continue
        computed = sum((value for _, value in known), Decimal(0))
        slack = sum((half_unit(value) for _, value in known), half_unit(total))
        severity = judged(total - computed, tolerance_of(relation, profile), slack)
        if severity is not None:
            yield mismatch(record, relation, "+", total, computed, severity, profile)


def products(record: ItemRecord, profile: Profile) -> Iterator[Found]:
    """The products of one row; of several that make one column, one must hold."""
    if record.item.role != "item":
        return
    ways: dict[str, list[Relation]] = defaultdict(list)
    for relation in profile.products:
        ways[relation.field].append(relation)
    for field, relations in ways.items():
        total = number(record, field)
        if total is None:
            continue
        judgements: list[tuple[Severity | None, Relation, Decimal]] = []
        for relation in those_that_count(relations, record, profile):
            factors = [number(record, name) for name in relation.of]
            known = [factor for factor in factors if factor is not None]
            if len(known) < len(factors):
                continue
            computed = reduce(mul, known, Decimal(1))
            slack = half_unit(total) + sum(
                half_unit(factor) * abs(reduce(mul, known[:n] + known[n + 1 :], Decimal(1)))
                for n, factor in enumerate(known)
            )
            severity = judged(total - computed, tolerance_of(relation, profile), slack)
            judgements.append((severity, relation, computed))
        if not judgements or any(severity is None for severity, _, _ in judgements):
            continue
        told = next((j for j in judgements if j[0] == "info"), judgements[0])
        severity, relation, computed = told
        if severity is not None:
            yield mismatch(record, relation, "×", total, computed, severity, profile)


def those_that_count(
    relations: Sequence[Relation], record: ItemRecord, profile: Profile
) -> Sequence[Relation]:
    """The alternatives for a product that the numbers of a row leave: where a column of its own
    holds what some factors make (the cost, before Factor F), another is not that product, too."""
    known = [r for r in relations if all(number(record, name) is not None for name in r.of)]
    own = [
        relation
        for relation in known
        if not any(
            other.field != relation.field
            and set(other.of) == set(relation.of)
            and number(record, other.field) is not None
            for other in profile.products
        )
    ]
    return own or known


def tolerance_of(relation: Relation, profile: Profile) -> Decimal:
    return profile.tolerance if relation.tolerance is None else relation.tolerance


def judged(difference: Decimal, tolerance: Decimal, slack: Decimal) -> Severity | None:
    """None for a difference that is none, info for one that rounding explains."""
    if abs(difference) <= tolerance:
        return None
    return "info" if abs(difference) <= slack + tolerance else "error"


def mismatch(
    record: ItemRecord,
    relation: Relation,
    sign: str,
    total: Decimal,
    computed: Decimal,
    severity: Severity,
    profile: Profile,
) -> Found:
    """What to say of a row whose numbers do not make each other."""
    known = [(field, number(record, field)) for field in relation.of]
    made = f" {sign} ".join(f"{value:,}" for _, value in known if value is not None)
    computed = plain(computed, total)
    english, thai = title(relation.field, profile)
    pages = page_list(record.item.pages)
    rounded = severity == "info"
    return record, Problem(
        f"{named(record)}: {english} is {total:,}, but {made} = {computed:,}"
        + (", which rounding explains" if rounded else ""),
        (
            Said(pages, f"{english}: {record.printed(relation.field)}"),
            *(
                Said(pages, f"{title(field, profile)[0]}: {record.printed(field)}")
                for field, value in known
                if value is not None
            ),
        ),
        record.item.pages,
        field=relation.field,
        suggestion=f"{computed:,}",
        severity="info" if rounded else "error",
        message_th=f"{named(record)}: {thai} {total:,} แต่ {made} = {computed:,}"
        + (" (อธิบายได้ด้วยการปัดเศษ)" if rounded else ""),
        places=places_of(record, relation.field, *relation.of),
    )


def plain(computed: Decimal, like: Decimal) -> Decimal:
    """A computed number, with the decimal places of the printed one where these are enough.

    >>> plain(Decimal("21644.457120"), Decimal("21644.46")), plain(Decimal("6.00"), Decimal("6"))
    (Decimal('21644.457120'), Decimal('6'))
    """
    with suppress(InvalidOperation):  # too long for the places of the other
        if computed == computed.quantize(like):
            return computed.quantize(like)
    return computed


def title(field: str, profile: Profile) -> tuple[str, str]:
    """What a column is called, in English and in Thai."""
    column = profile.column(field)
    return (column.title_en, column.title_th) if column is not None else (field, field)


def named(record: ItemRecord) -> str:
    """What a person finds a row by: its number and the beginning of its name.

    The name is that of the profile's first text, which stands behind the number.
    """
    texts = [str(value) for _, value in record.item.values if isinstance(value, str)]
    head = " ".join(" ".join(texts[: 2 if record.ordinal else 1]).split())
    return head if len(head) <= 40 else head[:39] + "…"


def places_of(record: ItemRecord, *fields: str) -> tuple[Place, ...]:
    """The cells of a row in these columns, in this order."""
    return tuple(
        dict.fromkeys(place_of(piece) for field in fields for piece in record.cells(field))
    )


# ------------------------------------------------------------------ down a column


class Way(NamedTuple):
    """One way to come to a sum."""

    base: Decimal
    """What is added to its parts: a sum before it, or nothing."""
    parts: tuple[Part, ...]
    first: int = 0
    """Which record of the scope it begins with."""

    @property
    def value(self) -> Decimal:
        return sum((part.value for part in self.parts), self.base)

    @property
    def slack(self) -> Decimal:
        return sum((half_unit(part.value) for part in self.parts), half_unit(self.base))


class Sum(NamedTuple):
    """A printed sum, and the records of its scope that it is over: from `first` up to `stop`."""

    part: Part
    first: int
    stop: int


@dataclass(slots=True)
class Column:
    """What one column of a scope has held so far; places are those of records in the scope."""

    leaves: list[tuple[int, Part]]
    """Numbers that are no sums: of items, of taxes and discounts with their sign, and what is
    carried to the first page of an excerpt."""
    sums: list[Sum]
    """Printed sums that no later one is over."""
    included: list[Part]
    """Taxes that the rows before them hold already; no sum adds them."""
    before: tuple[Part, ...]
    """The totals of the lists before this one."""
    carried: tuple[int, Part] | None = None
    after_total: int = 0
    after_sum: int = 0
    after_fold: int = 0
    """Past the last sum of sums."""
    table: int = 0
    """Where the table of the last record begins."""

    def rows(self, first: int) -> Way:
        """The numbers from a record on that are no sums."""
        found = [(n, part) for n, part in self.leaves if n >= first]
        return Way(Decimal(0), tuple(part for _, part in found), found[0][0] if found else first)

    def printed(self, first: int) -> Way:
        """The same with printed sums in the place of what they are over: nothing counts twice,
        and an error in one of them is told once."""
        found: list[tuple[int, Part]] = []
        stop = first
        places = [(one.first, 0, one.stop, one.part) for one in self.sums if one.first >= first]
        places += [(n, 1, n, part) for n, part in self.leaves if n >= first]
        for n, is_leaf, end, part in sorted(places, key=lambda place: place[:3]):
            if not is_leaf or n >= stop:
                found.append((n, part))
                stop = max(stop, end)
        return Way(Decimal(0), tuple(part for _, part in found), found[0][0] if found else first)

    def last(self) -> int:
        """Where what the last total is over begins; 0 without one."""
        totals = [one.first for one in self.sums if one.part.record.item.role == "total"]
        return totals[-1] if totals else 0

    def has_rows(self, first: int) -> bool:
        """True where something other than taxes and discounts stands from a record on."""
        return any(n >= first and not is_change(part) for n, part in self.leaves)

    def carried_here(self) -> tuple[int, Part] | None:
        """What is carried to the page of the last record."""
        return self.carried if self.carried and self.carried[0] >= self.table else None


def is_change(part: Part) -> bool:
    return part.record.item.role == "adjustment"


def is_sum(part: Part) -> bool:
    return part.record.item.role in ("subtotal", "total", "carried")


def down(
    records: Sequence[ItemRecord], name: str, profile: Profile, before: tuple[Part, ...] = ()
) -> Iterator[Found]:
    """The rows of sums in one column, each against the rows that it can be the sum of.

    `before` are the totals of the lists before this one, which a sum of all of them is over.
    """
    column = Column([], [], [], before)
    top: Sum | None = None
    is_whole = has_all = True
    for n, record in enumerate(records):
        if n and record.table != records[n - 1].table:
            column.table = n
        role, value = record.item.role, number(record, name)
        if role in ("heading", "note"):
            continue
        if is_unread(record, name):
            is_whole = has_all = False
        if value is None:
            continue
        part = Part(value, record)
        stop, below = children(records, n) if role == "subtotal" and record.ordinal else (n, [])
        parts = parts_of(below, name)
        if parts:  # a sum that stands above its rows, and is counted in their place
            if not any(is_unread(one, name) for one in below):
                yield from compared(part, [Way(Decimal(0), parts)], name, profile)
            if not any(one.first <= n < one.stop for one in column.sums):
                column.sums.append(Sum(part, n, stop))
        elif role == "item" or (role == "subtotal" and record.ordinal):
            column.leaves.append((n, part))
            column.included = []
        elif role == "adjustment":
            part = Part(-value if record.kind and record.kind.sign < 0 < value else value, record)
            above = column.sums[-1].part.record if column.sums else record
            may_be_in = not BEFORE_TAX.search(named_whole(above, profile))
            bases = bases_of(part, column)
            is_in, problems = rate(part, bases, may_be_in, name, profile)
            if is_whole:
                yield from problems
            if is_in:
                column.included.append(part)
            else:
                column.leaves.append((n, part))
        elif role == "carried":
            ways = carried_ways(column)
            if column.carried and not column.rows(column.carried[0] + 1).parts and not is_whole:
                yield from compared(part, ways[:1], name, profile)
            elif is_whole:
                yield from compared(part, ways, name, profile)
            if not ways:
                column.leaves.append((n, part))
                column.after_sum = n + 1
            column.carried = (n, part)
        elif not is_of_one_part(part, records[column.after_total : n], name, profile):
            if top and fits(top.part, column.rows(0), profile):  # it is the sum of what follows it
                column.sums.remove(top)
                top = None
            ways = sum_ways(records, n, column, name, profile)
            if is_whole:
                yield from compared(part, ways, name, profile)
            if ways and OF_PAGE.search(named_whole(record, profile)):
                continue
            if not is_whole:
                ways = ways[:1]
            way = best(part, ways, profile)[1] if ways else None
            if top and way and top.part in way.parts and fits(part, way, profile):
                top = None
            if role == "total" and not ways:
                top = Sum(part, n, n)
            first = way.first if way else n
            if sum(one.first >= first for one in column.sums) > 1:
                column.after_fold = n + 1
            column.sums = [one for one in column.sums if one.first < first and one.stop <= first]
            column.sums.append(top if top and top.first == n else Sum(part, first, n))
            column.after_sum = n + 1
            if role == "total":
                column.after_total, is_whole = n + 1, True
    if top and has_all and column.has_rows(0):
        column.sums.remove(top)
        yield from compared(top.part, [column.rows(0), column.printed(0)], name, profile)


def parts_of(records: Sequence[ItemRecord], name: str) -> tuple[Part, ...]:
    numbers = ((number(record, name), record) for record in records)
    return tuple(Part(value, record) for value, record in numbers if value is not None)


def children(records: Sequence[ItemRecord], n: int) -> tuple[int, list[ItemRecord]]:
    """Where the rows below row n end, as their numbers tell, and those one level below it."""
    own = records[n].ordinal
    stop = n + 1
    while stop < len(records) and (
        records[stop].ordinal[: len(own)] == own
        or not (records[stop].ordinal or records[stop].kind)
    ):
        stop += 1
    return stop, [one for one in records[n + 1 : stop] if len(one.ordinal) == len(own) + 1]


def is_of_one_part(part: Part, records: Sequence[ItemRecord], name: str, profile: Profile) -> bool:
    """True for the sum of one of the columns that this one adds up, named by its words: รวมค่าแรง in
    the column of all costs, where these are told apart below the rows."""
    label = named_whole(part.record, profile)
    items = [one for one in records if one.item.role == "item"]
    for relation in profile.sums:
        columns = [profile.column(other) for other in relation.of if relation.field == name]
        told = [c for c in columns if c and any(word in label for word in c.under)]
        if len(told) == 1 and not any(is_unread(one, told[0].field) for one in items):
            way = Way(Decimal(0), parts_of(items, told[0].field))
            return bool(way.parts) and fits(part, way, profile)
    return False


def sum_ways(
    records: Sequence[ItemRecord], n: int, column: Column, name: str, profile: Profile
) -> list[Way]:
    """What the sum in row n can be over, the most likely first; nothing where it stands on top.

    A sum with rows of its own is over these, at the least. One without, behind another sum, is
    that sum with what changed it since, or is over several. No way leaves out a tax or discount
    that stands before it, or counts a row and its sum both.
    """
    record = records[n]
    role, label = record.item.role, named_whole(record, profile)
    begin = column.after_total if role == "total" else column.after_sum
    has_rows = column.has_rows(begin)
    here = column.carried_here()
    if OF_PAGE.search(label):
        ways = [column.rows(column.table)]
        if here is not None:
            since = column.rows(here[0] + 1)
            ways = [since, since._replace(base=here[1].value), *ways]
        return [way for way in ways if way.parts]
    if not has_rows and column.sums:
        first = column.last() if role == "total" else column.sums[-1].first
        ways = [column.printed(first), column.rows(first)]
        firsts = [column.after_fold, 0]
        if role == "total" and column.before:
            own = column.printed(0)
            ways.append(own._replace(parts=(*column.before, *own.parts)))
    else:
        ways = [column.rows(begin), column.printed(begin)]
        firsts = [column.last(), 0] if role == "total" else []
    if role == "subtotal":
        sections = list(section_firsts(records, n))
        if has_rows or not column.sums:
            rest = (k for k, _ in column.leaves if k >= begin)
            if sections and next(rest, n) >= sections[0]:
                sections = []  # the rows since the last sum are those below the last heading
            elif (
                not column.sums
                and column.leaves
                and column.leaves[0][1].record.item.role == "carried"
            ):
                firsts.append(0)
        elif wider := [first for first in sections if first < column.sums[-1].first]:
            if not column.rows(begin).parts:
                ways = []
            sections, firsts = wider, [column.after_fold]
        else:
            firsts.append(column.after_total)
        firsts = [*sections, *firsts]
    ways += [way for first in firsts for way in (column.rows(first), column.printed(first))]
    if role == "total" and has_rows and here is None and begins_anew(records, column.table):
        changes = (k for k, one in column.leaves if k >= begin and is_change(one))
        if all(k >= column.table for k in changes):
            ways.append(column.rows(column.table))
    ways = [way for way in ways if not all(map(is_change, way.parts))]
    if BEFORE_TAX.search(label):
        taxes = column.included or next_taxes(records, n, name)
        less = [Part(-tax.value, tax.record) for tax in taxes]
        lower = [way._replace(parts=(*way.parts, *less)) for way in ways]
        ways = lower if column.included else [*ways, *lower] if less else ways
    return ways


def section_firsts(records: Sequence[ItemRecord], n: int) -> Iterator[int]:
    """Where the rows under each heading begin that row n stands under, the nearest one first."""
    path = (records[n].item.section or "").split(" / ")
    for depth in range(len(path), 0, -1):
        section, first = " / ".join(path[:depth]), n
        while first and f"{records[first - 1].item.section} / ".startswith(f"{section} / "):
            first -= 1
        if first < n:
            yield first


def begins_anew(records: Sequence[ItemRecord], table: int) -> bool:
    """True for a table in a scope whose numbers do not go on from the one before."""
    own = next((one.ordinal for one in records[table:] if one.ordinal), ())
    return not own or all(own <= one.ordinal for one in records[:table] if one.ordinal)


def next_taxes(records: Sequence[ItemRecord], n: int, name: str) -> tuple[Part, ...]:
    """The tax in the row below a sum."""
    rows = [one for one in records[n + 1 : n + 2] if one.kind and one.item.role == "adjustment"]
    return parts_of([one for one in rows if one.kind and one.kind.sign > 0], name)


def carried_ways(column: Column) -> list[Way]:
    """What can be carried over a page: what was carried before with the rows since, or all rows."""
    ways = []
    if column.carried is not None:
        since = column.rows(column.carried[0] + 1)
        ways.append(since._replace(base=column.carried[1].value))
    for first in (0, column.after_total):
        ways += [column.rows(first), column.printed(first)]
    if column.carried_here() is None:
        ways.append(column.rows(column.table))
    return [way for way in ways if way.parts or way.base]


def best(part: Part, ways: Sequence[Way], profile: Profile) -> tuple[Severity | None, Way]:
    """The way that a printed sum fits best, and how well; the first one where none fits."""
    kind = part.record.kind
    rounds = kind.rounds if kind is not None else Decimal(0)
    judgements: list[tuple[Severity | None, Way]] = []
    for way in ways:
        severity = judged(part.value - way.value, profile.tolerance, way.slack)
        if severity == "error" and is_rounded(part.value, way.value, rounds):
            severity = "info"
        if severity is None:
            return None, way
        judgements.append((severity, way))
    return min(judgements, key=lambda judgement: judgement[0] == "error")


def fits(part: Part, way: Way, profile: Profile) -> bool:
    return best(part, [way], profile)[0] != "error"


def compared(part: Part, ways: Sequence[Way], name: str, profile: Profile) -> Iterator[Found]:
    """A printed sum against what it can be; the first way is the one that is told."""
    if not ways:
        return
    severity, way = best(part, ways, profile)
    if severity is None:
        return
    kind = part.record.kind
    record = part.record
    english, thai = title(name, profile)
    why = ("", "")
    if severity == "info":
        is_price = kind is not None and kind.rounds and abs(part.value - way.value) > way.slack
        why = (
            (", rounded to a price", " (ปัดเป็นราคา)")
            if is_price
            else (", which rounding explains", " (อธิบายได้ด้วยการปัดเศษ)")
        )
    computed = plain(way.value, part.value)
    yield (
        record,
        Problem(
            f"{named(record)}: {english} is {part.value:,}, "
            f"but {over(way)} come to {computed:,}{why[0]}",
            (
                Said(page_list(record.item.pages), f"{english}: {record.printed(name)}"),
                Said(page_list(pages_of(way)) or page_list(record.item.pages), f"{computed:,}"),
            ),
            tuple(sorted({*record.item.pages, *pages_of(way)})),
            field=name,
            suggestion=f"{computed:,}",
            severity=severity,
            message_th=f"{named(record)}: {thai} {part.value:,} "
            f"แต่ผลรวมของ {len(way.parts) + bool(way.base)} จำนวนคือ {computed:,}{why[1]}",
            places=(
                *places_of(record, name),
                *(p for one in way.parts[:MANY_PLACES] for p in places_of(one.record, name)),
            ),
        ),
    )


def is_rounded(price: Decimal, value: Decimal, most: Decimal) -> bool:
    """True for a price that is a value rounded up or down: to tens, hundreds, up to `most`.

    >>> is_rounded(Decimal("398000.00"), Decimal("398318.31"), Decimal(1000))
    True
    >>> is_rounded(Decimal("398500.00"), Decimal("398318.31"), Decimal(1000))
    False
    >>> is_rounded(Decimal("1000.00"), Decimal("1900.00"), Decimal(1000))
    False
    """
    if abs(price - value) > abs(value) * ROUNDED:
        return False
    unit = Decimal(1)
    while unit <= most:
        if price % unit == 0 and abs(price - value) < unit:
            return True
        unit *= 10
    return False


def over(way: Way) -> str:
    """The rows that a sum is over, for a person: how many, from which to which."""
    if len(way.parts) + bool(way.base) == 1 and (not way.parts or is_sum(way.parts[0])):
        return "the sum before it would"
    if len(way.parts) == 1 and not way.base:
        return f"1 row ({shorten(named(way.parts[0].record), 30)})"
    first, last = (shorten(named(part.record), 30) for part in (way.parts[0], way.parts[-1]))
    start = "the sum before it and " if way.base else ""
    return f"{start}{len(way.parts)} rows ({first} to {last})"


def pages_of(way: Way) -> tuple[int, ...]:
    return tuple(sorted({page for part in way.parts for page in part.record.item.pages}))


def bases_of(part: Part, column: Column) -> list[Way]:
    """What a tax or discount can be taken of: what stands before it, with earlier changes.

    One that is taken off may be of any sum before it, too: a tax that is withheld is one of the
    price without the tax that was added.
    """
    if column.has_rows(column.after_total) or not column.sums:
        firsts = [column.after_total, 0]
    else:
        firsts = [column.last(), 0]
    bases = [way for first in firsts for way in (column.printed(first), column.rows(first))]
    if part.value < 0:
        own = tuple(one for _, one in column.leaves if not is_change(one))
        bases += [Way(Decimal(0), own), *(Way(Decimal(0), (one.part,)) for one in column.sums)]
    return [way for way in bases if not all(map(is_change, way.parts))]


def rate(
    part: Part, bases: Sequence[Way], may_be_in: bool, name: str, profile: Profile
) -> tuple[bool, tuple[Found, ...]]:
    """Whether a tax is part of what it is taken of, and what is wrong with it by its rate.

    It is part of it where its row says so, or where it is what the rate takes out of a price, and
    not what it puts on it.
    """
    record = part.record
    label = named_whole(record, profile)
    is_added = record.kind is None or record.kind.sign > 0
    is_in = is_added and may_be_in and bool(INCLUDED.search(label))
    cells = (record.printed(column.field) for column in profile.columns)
    match = PERCENT.search(label) or PERCENT.search(" ".join(filter(None, cells)))
    if match is None or not bases:
        return is_in, ()
    percent = Decimal(match[1] or match[2])
    near = profile.tolerance + RATED

    def is_of(share: Decimal) -> bool:
        return any(abs(abs(part.value) - abs(way.value * share)) <= near for way in bases)

    added, inside = percent / 100, percent / (100 + percent)
    if not is_in and is_of(added):
        return False, ()
    if is_added and may_be_in and is_of(inside):
        return True, ()
    english, thai = title(name, profile)
    told = round(bases[0].value * (inside if is_in else added), 2)
    base = plain(bases[0].value, part.value)
    problem = Problem(
        f"{named(record)}: {english} is {part.value:,}, but {match[0]} "
        f"{'within' if is_in else 'of'} {base:,} is {told:,}",
        (
            Said(page_list(record.item.pages), f"{english}: {record.printed(name)}"),
            Said(page_list(pages_of(bases[0])), f"{base:,}"),
        ),
        tuple(sorted({*record.item.pages, *pages_of(bases[0])})),
        field=name,
        suggestion=f"{told:,}",
        severity="error",
        message_th=f"{named(record)}: {thai} {part.value:,} "
        f"แต่ {match[0]} {'ใน' if is_in else 'ของ'} {base:,} คือ {told:,}",
        places=places_of(record, name),
    )
    return is_in, ((record, problem),)


def named_whole(record: ItemRecord, profile: Profile) -> str:
    return str(record.item.value(profile.label) or "")


# ------------------------------------------------------------------ single rows


def number_unread(report: Report) -> Iterator[Problem]:
    """A column of numbers or dates holds something that could not be read as one.

    The value is absent, the item asks for a look, and what stands there is in cells.csv. One
    finding for a column of a page. An empty cell, and a dash, which says that there is none, are
    left alone, and so are the words of a sum.
    """
    profile = report.profile
    if profile is None or not profile.table:
        return
    cases: dict[tuple[int, str], list[tuple[ItemRecord, str]]] = {}
    for record in report.item_records:
        for field, text in record.unread:
            cases.setdefault((record.item.page, field), []).append((record, text))
    for (page, field), found in cases.items():
        english, thai = title(field, profile)
        is_named = profile.column(field) is not None
        yield Problem(
            f"page {page}: {len(found)} of {english} could not be read"
            if is_named
            else f"page {page}: {english}, which no field names, has a number "
            f"in {len(found)} of its rows",
            tuple(
                Said(page_list(record.item.pages), f"{named(record)}: {shorten(text)}")
                for record, text in found
            ),
            tuple(sorted({p for record, _ in found for p in record.item.pages})),
            field=field if is_named else None,
            message_th=f"หน้า {page}: อ่าน{thai}ไม่ได้ {len(found)} แถว"
            if is_named
            else f"หน้า {page}: มีตัวเลข {len(found)} แถวในคอลัมน์ที่ไม่รู้จัก{thai.removeprefix('column')}",
            places=tuple(dict.fromkeys(p for record, _ in found for p in places_of(record, field))),
        )


def item_gap(report: Report) -> Iterator[Problem]:
    """The numbers of items skip or repeat one: a row may be missing, or not read.

    A list that begins again at 1, parts of an item (1.1, 1.2), letters, and the first number of a
    document that is an excerpt are left alone.
    """
    for _, problem in gaps(report):
        yield problem


def gaps(report: Report) -> Iterator[Found]:
    """Breaks in the numbers of items, each with the row that it shows at."""
    profile = report.profile
    if profile is None or not profile.table or not profile.ordinal:
        return
    english, thai = title(profile.ordinal, profile)
    last: dict[Ordinal, tuple[int, ItemRecord]] = {}
    for record in report.item_records:
        own = record.ordinal
        if not own:
            continue
        above, current = own[:-1], own[-1]
        before = last.get(above)
        last = {key: value for key, value in last.items() if len(key) < len(own)}
        last[above] = (current, record)
        if before is None or current in (1, before[0] + 1):
            continue
        said = ".".join(map(str, own))
        was = ".".join(map(str, (*above, before[0])))
        expected = ".".join(map(str, (*above, before[0] + 1)))
        yield (
            record,
            Problem(
                f"{english}: {said} stands behind {was}",
                (
                    Said(page_list(before[1].item.pages), named(before[1])),
                    Said(page_list(record.item.pages), named(record)),
                ),
                tuple(sorted({*before[1].item.pages, *record.item.pages})),
                field=profile.ordinal,
                suggestion=expected,
                message_th=f"{thai}: {said} อยู่ถัดจาก {was}",
                places=places_of(record, profile.ordinal, profile.label),
            ),
        )


def asked_about(report: Report) -> Iterator[tuple[ItemRecord, str, Problem]]:
    """The rows that problems of these checks are about, with the name of the check."""
    for record, problem in sums(report):
        yield record, sum_mismatch.__name__, problem
    for record, problem in gaps(report):
        yield record, item_gap.__name__, problem


def item_key(item: Item) -> tuple[int, int, int]:
    """What names an item within its document."""
    return item.page, item.row, item.line
