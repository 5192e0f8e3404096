"""A profile drafted from a document: headers as read, types by content, sums that hold."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import combinations

from extract.errors import ReportError
from extract.model import Page
from normalize.cells import find_defects, repair_cell, repair_lines
from normalize.columns import (
    SURE,
    TableView,
    Text,
    extent,
    header_key,
    match_header,
    placed_under,
    titles_end,
)
from normalize.dates import read_date
from normalize.items import ItemRecord, ordinal_text
from normalize.numerals import THAI_DIGITS, read_figure
from normalize.report import normalize
from profiles.report import TAKEN, ColumnType, Profile, parse, profiles

MOSTLY = 0.6
"""A column is of a type that so many of its values are of; a sum holds in so many rows."""
FEW_ROWS = 2
"""A sum that could be tried in fewer rows than this says nothing."""
UNIT_LETTERS = 10
"""What stands behind a number in its cell and is longer is no unit."""
SUM_WORDS = ("รวม", "รวมเงิน", "รวมเป็นเงิน", "รวมทั้งสิ้น", "รวมเป็นเงินทั้งสิ้น", "ยอดรวม", "Total")
CARRIED_WORDS = ("ยอดยกไป", "ยอดยกมา", "ยกไป", "ยกมา")


class NothingToDraft(ReportError):
    """A document has no table that a profile could be made of."""

    exit_code = 4


@dataclass(frozen=True, slots=True)
class Guess:
    """One column of the drafted profile."""

    field: str
    header: str
    over: str
    """The header over several columns that it stands under, where only that tells it apart."""
    type: ColumnType
    has_rest: bool = False
    """Most of its numbers have a unit behind them."""
    unit: str = ""
    """What stands behind some of its numbers."""
    summed: bool = False
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Head:
    """A table with its header: for each column its text, and the one over it."""

    view: TableView
    end: int
    """One past the last row of the header."""
    columns: tuple[tuple[Text, str], ...]

    @property
    def key(self) -> tuple[str, ...]:
        return tuple(f"{header_key(over)}>{header_key(text.text)}" for text, over in self.columns)


def draft(name: str, pages: Sequence[Page]) -> str:
    """TOML text of a profile for tables like those of a document, to be completed by hand.

    It can be used as it is: it reads the tables that it was drafted from. Of several sorts of table
    the one with most rows counts. Raises NothingToDraft where there is none.
    """
    heads = list(heads_of(pages))
    rows: Counter[tuple[str, ...]] = Counter()
    for head in heads:
        rows[head.key] += head.view.table.row_count - (head.end - head.view.table.first_row)
    if not rows:
        document = pages[0].source.document if pages else name
        raise NothingToDraft(
            f"{document}: no table with a header over two columns or more; "
            "write a profile as docs/profiles.md tells, or convert a page that has one"
        )
    best = max(rows, key=lambda key: (rows[key], len(key)))
    same = [head for head in heads if head.key == best]
    guesses = guess_columns(same)
    title = title_of(pages) or name
    numbers = [guess.field for guess in guesses if guess.type in ("number", "integer")]
    all_summed = [replace(guess, summed=guess.field in numbers) for guess in guesses]
    first = parse(name, written(name, title, all_summed, (), (), ()))
    records = normalize(pages[0].source.document, pages, (first,)).item_records
    words = sum_words(records, first)
    summed = summed_fields(records, numbers)
    guesses = [replace(guess, summed=guess.field in summed) for guess in guesses]
    products, sums = relations_of(records, numbers)
    return written(name, title, guesses, sums, products, words)


def heads_of(pages: Sequence[Page]) -> Iterator[Head]:
    """The tables of a document that begin with a header: words over at least two columns."""
    defects = find_defects(pages)
    for page in pages:
        for index, table in enumerate(page.tables):
            texts = tuple(repair_cell(cell, defects) for cell in table.cells)
            head = head_of(TableView(page.source.page, index, table, texts))
            if head is not None:
                yield head


def head_of(view: TableView) -> Head | None:
    """The header of one table: its first row, and the rows below that its spans reach into."""
    if view.table.column_count < 2 or view.table.row_count < 2:
        return None
    first = titles_end(view)
    top = [t for t in view.texts if t.cell.row == first and t.text.strip()]
    end = max((t.cell.row + t.cell.row_span for t in top), default=first + 1)
    below = [t for t in view.texts if t.cell.row == first + 1 and t.text.strip()]
    blanks = [t for t in view.texts if t.cell.row == first and not t.text.strip()]
    if end == first + 1 and blanks and below and not any(map(has_digit, below)):
        end = first + 2  # a dump without spans: the second row names what the first leaves open
    if end >= view.table.first_row + view.table.row_count:
        end = first + 1
    header = [t for t in view.texts if first <= t.cell.row < end and t.text.strip()]
    leaves = [t for t in header if not any(is_under(other, t) for other in header)]
    leaves.sort(key=lambda t: extent(t.cell))
    if len(leaves) < 2 or 2 * sum(map(has_digit, leaves)) > len(leaves):
        return None
    columns = []
    for leaf in leaves:
        over = [t for t in header if is_under(leaf, t)]
        if not over and leaf.cell.row > first:
            left = [t for t in header if t.cell.row == first and t.cell.column < leaf.cell.column]
            over = [t for t in left[-1:] if any(is_under(other, t) for other in leaves)]
        columns.append((leaf, " ".join(over[-1].text.split()) if over else ""))
    return Head(view, end, tuple(columns))


def has_digit(text: Text) -> bool:
    return bool(re.search(r"\d", text.text))


def is_under(text: Text, other: Text) -> bool:
    """True where one header stands below another and over none of its own columns."""
    start, end = extent(text.cell)
    left, right = extent(other.cell)
    return text.cell.row >= other.cell.row + other.cell.row_span and min(end, right) - max(
        start, left
    ) > 0.5 * (end - start)


def guess_columns(heads: Sequence[Head]) -> list[Guess]:
    """The columns of tables of one header, by what stands in them."""
    found: list[Guess] = []
    labels = [" ".join(text.text.split()) for text, _ in heads[0].columns]
    taken: set[str] = set()
    for n, (text, over) in enumerate(heads[0].columns):
        values = [value for head in heads for value in values_of(head, n)]
        field = next(
            (f for f in known_fields(text.text, over) if f not in taken), f"column_{n + 1}"
        )
        taken.add(field)
        kind = type_of(values, first=n == 0)
        figures = [read_figure(value) for value in values]
        rests = Counter(figure.rest for figure in figures if figure is not None and figure.rest)
        found.append(
            Guess(
                field,
                labels[n],
                over if labels.count(labels[n]) > 1 else "",
                kind,
                has_rest=kind == "number" and len(rests) > 1 and 2 * rests.total() > len(values),
                unit=max(rests, key=lambda r: rests[r]) if kind == "number" and rests else "",
                examples=tuple(dict.fromkeys(values))[:3],
            )
        )
    if not any(guess.type == "text" for guess in found):
        at = max(range(len(found)), key=lambda n: len("".join(found[n].examples)))
        found[at] = replace(found[at], type="text", has_rest=False)
    return found


def values_of(head: Head, n: int) -> Iterator[str]:
    """What stands in a column below the header, a line each."""
    start, end = extent(head.columns[n][0].cell)
    for text in head.view.texts:
        left, right = extent(text.cell)
        inside = min(end, right) - max(start, left) > 0.5 * (right - left)
        if text.cell.row >= head.end and inside and text.cell.column_span == 1:
            yield from filter(None, (" ".join(line.split()) for line in text.text.split("\n")))


def known_fields(header: str, over: str) -> Iterator[str]:
    """What other profiles of items call a column with this header, and one over it."""
    for profile in profiles():
        if profile.table:
            matches = placed_under(match_header(header, profile), (over,), profile)
            yield from (field for field, score in matches if score >= SURE)


def type_of(values: Sequence[str], first: bool) -> ColumnType:
    """What most values of a column are.

    >>> type_of(["1", "2", "3"], first=True), type_of(["1,200.00", "-"], first=False)
    ('ordinal', 'number')
    >>> type_of(["5 ม.ค. 2565", "1 ต.ค. 2566"], first=False), type_of(["2561", "2563"], first=False)
    ('date', 'integer')
    >>> type_of(["2566", "๒๕๖๗", "67"], first=False), type_of(["2566", "12.50"], first=False)
    ('integer', 'number')
    """
    values = [value for value in values if value.strip("-–— .")]
    if not values:
        return "text"
    most = MOSTLY * len(values)
    if sum(read_date(value) is not None for value in values) >= most:
        return "date"
    ordinals = [ordinal_text(value) for value in values]
    if first and sum(map(bool, ordinals)) >= most:
        return "ordinal"
    figures = [figure for value in values if (figure := read_figure(value)) is not None]
    if sum(len(figure.rest) <= UNIT_LETTERS for figure in figures) < most:
        return "text"
    plain = [value.translate(THAI_DIGITS) for value in values]
    years = sum(bool(re.fullmatch(r"(?:25|19|20)\d\d", value)) for value in plain)
    short = sum(bool(re.fullmatch(r"\d\d", value)) for value in plain)
    return "integer" if years >= most and years + short == len(plain) else "number"


def title_of(pages: Sequence[Page]) -> str:
    """The first line of a document that holds words."""
    defects = find_defects(pages)
    for page in pages:
        for line in page.lines:
            text = " ".join(repair_lines([line], defects)[0].split())
            if len(re.findall("[ก-ฮA-Za-z]", text)) > 5:
                return text[:80]
    return ""


def sum_words(records: Sequence[ItemRecord], profile: Profile) -> tuple[str, ...]:
    """The words of rows without a number of their own that begin as sums do."""
    labels = [str(record.item.value(profile.label) or "") for record in records]
    plain = (" ".join(re.sub(r"\([^()]*\)", "", label).split()) for label in labels)
    starts = tuple(map(header_key, SUM_WORDS))
    return tuple(
        dict.fromkeys(
            label
            for label, record in zip(plain, records, strict=True)
            if label and not record.ordinal and header_key(label).startswith(starts)
        )
    )


def value_of(record: ItemRecord, field: str) -> Decimal | None:
    value = record.item.value(field)
    return Decimal(value) if isinstance(value, int | Decimal) else None


def summed_fields(records: Sequence[ItemRecord], numbers: Sequence[str]) -> set[str]:
    """The columns of numbers that rows of sums fill."""
    totals = [record for record in records if record.item.role == "total"]
    return {f for f in numbers if any(value_of(record, f) is not None for record in totals)}


def relations_of(
    records: Sequence[ItemRecord], numbers: Sequence[str]
) -> tuple[tuple[tuple[str, tuple[str, ...]], ...], tuple[tuple[str, tuple[str, ...]], ...]]:
    """The products and the sums of two or three columns that hold in most rows."""
    items = [record for record in records if record.item.role == "item"]
    found: dict[str, list[tuple[str, tuple[str, ...]]]] = defaultdict(list)
    for goal in numbers:
        others = [field for field in numbers if field != goal]
        for pair in combinations(others, 2):
            if holds(items, goal, pair, product=True):
                found["products"].append((goal, pair))
        for size in (2, 3):
            for some in combinations(others, size):
                if holds(items, goal, some, product=False):
                    found["sums"].append((goal, some))
    return tuple(found["products"]), tuple(found["sums"])


def holds(items: Sequence[ItemRecord], goal: str, of: tuple[str, ...], product: bool) -> bool:
    """Whether a column is made of others in most rows, and in no row by a number that does
    nothing there alone: 0 in a sum, 1 in a product."""
    tried = right = telling = 0
    for record in items:
        total, parts = value_of(record, goal), [value_of(record, field) for field in of]
        known = [part for part in parts if part is not None]
        if total is None or len(known) < len(parts):
            continue
        made = Decimal(int(product))
        for part in known:
            made = made * part if product else made + part
        tried += 1
        right += abs(made - total) <= Decimal("0.01")
        telling += not any(part == int(product) for part in known)
    return tried >= FEW_ROWS and telling > 0 and right >= MOSTLY * tried


# ------------------------------------------------------------------ the text


def quoted(text: str) -> str:
    """A text as TOML writes it."""
    plain = "".join(letter for letter in " ".join(text.split()) if letter.isprintable())
    return json.dumps(plain, ensure_ascii=False)


def listed(texts: Sequence[str]) -> str:
    return "[" + ", ".join(map(quoted, texts)) + "]"


def table_name(name: str) -> str:
    """A name for the output that no other table has.

    >>> table_name("Vehicle-Register 2568"), table_name("rows")
    ('vehicle_register', 'own_items')
    """
    plain = re.sub(r"[^a-z]+", "_", name.lower()).strip("_")[:40].strip("_")
    known = {profile.table for profile in profiles()} | TAKEN
    return plain if plain and plain not in known else "own_items"


def written(
    name: str,
    title: str,
    guesses: Sequence[Guess],
    sums: Sequence[tuple[str, tuple[str, ...]]],
    products: Sequence[tuple[str, tuple[str, ...]]],
    words: Sequence[str],
) -> str:
    """The TOML text, with comments that tell what to fill in."""
    label = next(guess.field for guess in guesses if guess.type == "text")
    has_ordinal = [guess.field for guess in guesses if guess.type == "ordinal"]
    counted = len({guess.field for guess in guesses if guess.type != "ordinal"})
    enough = max(min(2, counted), counted * 3 // 5)
    lines = [
        "# A drafted profile: look through it from top to bottom; docs/profiles.md tells all.",
        f"title_th = {quoted(title)}  # what this kind of report is called",
        f"title_en = {quoted(name)}  # the same in English",
        f"table = {quoted(table_name(name))}  # the table of the output: small letters and _",
        f"min_columns = {enough}  # so many columns make it one of this kind",
        f"required = {listed([label])}  # and one of these must be among them",
        "tolerance = 0.01  # a sum may be off by so much",
        "",
        "# The columns in the order of the output. `field` is the name there: small letters and _.",
        "# `headers` are all the ways in which reports head it; spaces and marks do not count.",
        "# The first column of type text names a row.",
    ]
    fields = {guess.field for guess in guesses}
    for guess in guesses:
        lines += ["", "[[columns]]"]
        if guess.examples:
            lines.append(f"# as in: {', '.join(map(quoted, guess.examples))}")
        lines.append(f"field = {quoted(guess.field)}")
        lines.append(f"type = {quoted(guess.type)}  # text, ordinal, number, integer or date")
        lines.append(f"title_th = {quoted(guess.header)}")
        lines.append(f"title_en = {quoted(guess.field.replace('_', ' ').capitalize())}")
        lines.append(f"headers = {listed([guess.header])}")
        if guess.over:
            lines.append(f"under = {listed([guess.over])}  # the header over it")
        if guess.summed:
            lines.append("summed = true  # rows of sums add it up")
        if guess.has_rest:
            lines.append(f'rest = "{unit_field(guess, fields)}"  # what stands behind the number')
        elif guess.unit:
            lines.append(f"unit = {quoted(guess.unit)}  # what may stand behind its numbers")
        if guess.field == label and has_ordinal:
            lines.append(f"lead = {quoted(has_ordinal[0])}  # a number that the text begins with")
    for guess in guesses:
        if guess.has_rest and unit_field(guess, fields) not in fields:
            unit = unit_field(guess, fields)
            lines += ["", "[[columns]]", f"field = {quoted(unit)}", 'title_th = "หน่วย"']
            lines += ['title_en = "Unit"', 'headers = ["หน่วย", "หน่วยนับ"]']
    lines += ["", "# What columns are of each other. These hold in most rows of the document:"]
    for key, relations in (("sums", sums), ("products", products)):
        for goal, of in relations:
            lines += ["", f"[[{key}]]", f"field = {quoted(goal)}", f"of = {listed(of)}"]
    if not sums and not products:
        lines += [
            "# (none was found; they are written like this)",
            "# [[products]]",
            '# field = "amount"',
            '# of = ["quantity", "unit_price"]',
        ]
    lines += [
        "",
        "# Rows that are no items, by the words that they begin with.",
        "[[rows]]",
        'role = "total"',
        f"words = {listed(list(dict.fromkeys((*SUM_WORDS, *words))))}",
        "",
        "[[rows]]",
        'role = "carried"',
        f"words = {listed(CARRIED_WORDS)}",
        "",
        "# [[rows]]",
        '# role = "adjustment"  # what changes the next sum: a tax, or with `sign = -1` a discount',
        '# words = ["ภาษีมูลค่าเพิ่ม"]',
        "",
        "# [[rows]]",
        '# role = "note"',
        '# words = ["หมายเหตุ"]',
    ]
    return "\n".join(lines) + "\n"


def unit_field(guess: Guess, fields: set[str]) -> str:
    """Where the unit of a number goes: a column of units, or one made for it."""
    return "unit" if "unit" in fields or guess.field == "quantity" else f"{guess.field}_unit"
