"""What is wrong with tables of items: sums, products, numbers not read, rows that lack."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
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

Found = tuple[ItemRecord, Problem]
"""A problem, and the row that it is about."""


class Part(NamedTuple):
    """A number that goes into a sum."""

    value: Decimal
    record: ItemRecord


def sum_mismatch(report: Report) -> Iterator[Problem]:
    """A sum or product that is printed is not what the numbers it is made of come to.

    Across a row, by the sums and products of the profile; and down a column, where a row of a sum
    is compared with the rows above it up to the sum before, with discounts and taxes. A difference
    that the rounding of the printed numbers explains, and the rounding of an adopted price, is an
    info. A difference within the profile's tolerance is left alone, and so is a sum of which a
    number could not be read. Where a form can be summed in several ways, one that fits is enough,
    and the others are left alone.
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
    for _, scope in groupby(report.item_records, key=lambda record: record.scope):
        records = tuple(scope)
        for column in profile.columns:
            if column.summed:
                yield from down(records, column.field, profile)


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
        for relation in relations:
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

    @property
    def value(self) -> Decimal:
        return sum((part.value for part in self.parts), self.base)

    @property
    def slack(self) -> Decimal:
        return sum((half_unit(part.value) for part in self.parts), half_unit(self.base))


def down(records: Sequence[ItemRecord], field: str, profile: Profile) -> Iterator[Found]:
    """The rows of sums in one column, each against the rows that it can be the sum of.

    Later sums are compared with those that are printed, so that one error is told once.
    """
    everything: list[Part] = []
    since_total: list[Part] = []
    since_subtotal: list[Part] = []
    in_table: list[Part] = []
    subtotals: list[Part] = []
    totals: list[Part] = []
    changes: list[Part] = []
    as_printed: list[Part] = []
    within: set[int] = set()
    carried: Part | None = None
    is_whole = True
    table: tuple[int, int] | None = None
    for n, record in enumerate(records):
        if record.table != table:
            table, in_table = record.table, []
        role, value = record.item.role, number(record, field)
        if is_unread(record, field) and role not in ("heading", "note"):
            is_whole = False
        if value is None or role in ("heading", "note"):
            continue
        part = Part(value, record)
        above = children(records, n, field) if role == "subtotal" and record.ordinal else []
        within |= {k for k, _ in above}
        if n not in within:  # a sum that stands above its rows is counted in their place
            as_printed.append(part)
        if role == "item" or (role == "subtotal" and record.ordinal and not above):
            for parts in (everything, since_total, since_subtotal, in_table):
                parts.append(part)
            continue
        if role == "adjustment":
            part = Part(-value if record.kind and record.kind.sign < 0 < value else value, record)
            bases = [Way(Decimal(0), tuple(parts)) for parts in (since_total, everything)]
            if totals:
                bases.insert(0, Way(totals[-1].value, tuple(changes)))
            yield from rate(part, bases, field, profile, is_whole)
            for parts in (everything, since_total, in_table, changes):
                parts.append(part)
            continue
        nothing = Decimal(0)
        last = [Way(totals[-1].value, tuple(changes))] if totals else []
        ways = [Way(nothing, tuple(parts)) for parts in (since_total, everything, in_table)]
        ways.append(Way(nothing, tuple(p for p in as_printed if p is not part)))
        sections = [Way(nothing, (*subtotals, *since_subtotal, *changes))] if subtotals else []
        if above:
            ways = [Way(nothing, tuple(one for _, one in above))]
        elif role == "subtotal":
            ways = [Way(nothing, tuple(since_subtotal)), *ways, *sections]
        elif role == "carried":
            ways = ([Way(carried.value, ())] if carried else []) + ways
        elif len(since_total) > len(changes) or not last:
            ways = [*ways[:1], *sections, *ways[1:], Way(nothing, tuple(totals)), *last]
        else:
            ways = [*last, Way(nothing, tuple(totals)), *ways]
        ways = [way for way in ways if way.parts or way.base]
        if is_whole and ways:
            yield from compared(part, ways, field, profile)
        if role == "carried":
            if not everything and carried is None:
                for parts in (everything, since_total, since_subtotal, in_table):
                    parts.append(part)
            carried = part
        elif role == "subtotal" and not above:
            subtotals.append(part)
            since_subtotal = []
        elif role == "total":
            totals.append(part)
            since_total, since_subtotal, subtotals, changes, as_printed = [], [], [], [], []
            is_whole = True


def children(records: Sequence[ItemRecord], n: int, field: str) -> list[tuple[int, Part]]:
    """The rows one level below row n, as their numbers tell, each with its place."""
    own = records[n].ordinal
    found = []
    for k in range(n + 1, len(records)):
        record = records[k]
        if record.ordinal[: len(own)] != own and (record.ordinal or record.kind):
            break
        value = number(record, field)
        if value is not None and len(record.ordinal) == len(own) + 1:
            found.append((k, Part(value, record)))
    return found


def compared(part: Part, ways: Sequence[Way], field: str, profile: Profile) -> Iterator[Found]:
    """A printed sum against what it can be; the first way is the one that is told."""
    kind = part.record.kind
    rounds = kind.rounds if kind is not None else Decimal(0)
    judgements: list[tuple[Severity | None, Way]] = []
    for way in ways:
        severity = judged(part.value - way.value, profile.tolerance, way.slack)
        if severity == "error" and is_rounded(part.value, way.value, rounds):
            severity = "info"
        judgements.append((severity, way))
    if any(severity is None for severity, _ in judgements):
        return
    severity, way = next((j for j in judgements if j[0] == "info"), judgements[0])
    if severity is None:
        return
    record = part.record
    english, thai = title(field, profile)
    why = ("", "")
    if severity == "info":
        is_price = bool(rounds) and abs(part.value - way.value) > way.slack
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
                Said(page_list(record.item.pages), f"{english}: {record.printed(field)}"),
                Said(page_list(pages_of(way)) or page_list(record.item.pages), f"{computed:,}"),
            ),
            tuple(sorted({*record.item.pages, *pages_of(way)})),
            field=field,
            suggestion=f"{computed:,}",
            severity="info" if severity == "info" else "error",
            message_th=f"{named(record)}: {thai} {part.value:,} "
            f"แต่ผลรวมของ {len(way.parts) + bool(way.base)} จำนวนคือ {computed:,}{why[1]}",
            places=(
                *places_of(record, field),
                *(p for one in way.parts[:MANY_PLACES] for p in places_of(one.record, field)),
            ),
        ),
    )


def is_rounded(price: Decimal, value: Decimal, most: Decimal) -> bool:
    """True for a price that is a value rounded up or down: to tens, hundreds, up to `most`.

    >>> is_rounded(Decimal("398000.00"), Decimal("398318.31"), Decimal(1000))
    True
    >>> is_rounded(Decimal("398500.00"), Decimal("398318.31"), Decimal(1000))
    False
    """
    unit = Decimal(1)
    while unit <= most:
        if price % unit == 0 and abs(price - value) < unit:
            return True
        unit *= 10
    return False


def over(way: Way) -> str:
    """The rows that a sum is over, for a person: how many, from which to which."""
    count = len(way.parts) + bool(way.base)
    if not way.parts:
        return "the sum before it would"
    first, last = (shorten(named(part.record), 30) for part in (way.parts[0], way.parts[-1]))
    start = "the sum before it and " if way.base else ""
    return f"{start}{count - bool(way.base)} rows ({first} to {last})"


def pages_of(way: Way) -> tuple[int, ...]:
    return tuple(sorted({page for part in way.parts for page in part.record.item.pages}))


def rate(
    part: Part, bases: Sequence[Way], field: str, profile: Profile, is_whole: bool
) -> Iterator[Found]:
    """A tax or discount that prints its rate, against what it is taken of."""
    record = part.record
    match = PERCENT.search(named_whole(record, profile))
    bases = [way for way in bases if way.parts or way.base]
    if match is None or not is_whole or not bases:
        return
    share = Decimal(match[1] or match[2]) / 100
    computed = [way.value * share for way in bases]
    near = profile.tolerance + RATED
    if any(abs(abs(part.value) - abs(value)) <= near for value in computed):
        return
    english, thai = title(field, profile)
    told = round(computed[0], 2)
    base = plain(bases[0].value, part.value)
    yield (
        record,
        Problem(
            f"{named(record)}: {english} is {part.value:,}, but {match[0]} of {base:,} is {told:,}",
            (
                Said(page_list(record.item.pages), f"{english}: {record.printed(field)}"),
                Said(page_list(pages_of(bases[0])), f"{base:,}"),
            ),
            tuple(sorted({*record.item.pages, *pages_of(bases[0])})),
            field=field,
            suggestion=f"{told:,}",
            severity="error",
            message_th=f"{named(record)}: {thai} {part.value:,} "
            f"แต่ {match[0]} ของ {base:,} คือ {told:,}",
            places=places_of(record, field),
        ),
    )


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
        yield Problem(
            f"page {page}: {len(found)} of {english} could not be read",
            tuple(
                Said(page_list(record.item.pages), f"{named(record)}: {shorten(text)}")
                for record, text in found
            ),
            tuple(sorted({p for record, _ in found for p in record.item.pages})),
            field=field,
            message_th=f"หน้า {page}: อ่าน{thai}ไม่ได้ {len(found)} แถว",
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
