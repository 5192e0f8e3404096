"""Values as they are published: text that every reader takes, numbers without noise."""

import json
import re
import unicodedata
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from datetime import date
from decimal import Context, Decimal
from operator import attrgetter
from typing import Any, cast

from audit.model import Said
from export.schema import LIST_SEPARATOR, Field

GUARD = "\u00a0"
"""NO-BREAK SPACE: no spreadsheet's formula begins with it, and a person does not see it."""

_FORMULA = re.compile(r"\s*[\t=+\-@＝＋－＠]")
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")

_WIDE = Context(prec=400)
"""Room for any number that a float can be."""
_JSON = json.JSONEncoder(ensure_ascii=False)
_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))

Published = str | int | bool | None
Read = Callable[[str], Callable[[Any], Any]]
"""How a value is taken from a record, by the column's name."""


def publish_text(text: str | None) -> str | None:
    r"""Make text NFC with `\n`, and show what no file format takes; empty is absent.

    A control character becomes its picture, half a surrogate pair the replacement character.

    >>> publish_text("ก\r\nข\x00")
    'ก\nข␀'
    >>> publish_text("น้ำ\tดื่ม")
    'น้ำ\tดื่ม'
    """
    if not text:
        return None
    # a third of the time that the pattern takes; most texts are one line
    if not text.isprintable() and not text.replace("\n", "").isprintable():
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        text = _UNPRINTABLE.sub(lambda match: _picture(match[0]), text)
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _picture(character: str) -> str:
    code = ord(character)
    if code == 0x7F:
        return "\u2421"
    return chr(0x2400 + code) if code < 0x20 else "\ufffd"


def guard_formula(text: str) -> str:
    r"""Put a no-break space before text that a spreadsheet could take for a formula.

    That is anything that begins with `=`, `+`, `-`, `@` or a tab, bulleted text too: unguarded,
    "- ประชาสัมพันธ์" may become #NAME?. JSON needs none.

    >>> guard_formula("=1+1")
    '\xa0=1+1'
    >>> guard_formula("1. ประชาสัมพันธ์ = แจ้ง")
    '1. ประชาสัมพันธ์ = แจ้ง'
    """
    is_word = text[:1].isalnum()  # as most begin, and quicker told than by the pattern
    return GUARD + text if not is_word and _FORMULA.match(text) else text


def drop_guard(text: str) -> str:
    r"""Undo `guard_formula`, exactly.

    >>> drop_guard("\xa0- ประชาสัมพันธ์")
    '- ประชาสัมพันธ์'
    >>> drop_guard("\xa0ประชาสัมพันธ์")
    '\xa0ประชาสัมพันธ์'
    """
    return text[1:] if text.startswith(GUARD) and _FORMULA.match(text[1:]) else text


def number_text(value: Decimal | float, decimal_places: int | None = None) -> str:
    """Write a number plainly: no exponent, no noise, one decimal place at the least.

    >>> number_text(Decimal("83.570")), number_text(0.1 + 0.2, 4), number_text(Decimal("1E+2"))
    ('83.57', '0.3', '100.0')
    """
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if decimal_places is not None:
        number = number.quantize(Decimal((0, (1,), -decimal_places)), context=_WIDE)
    text = format(number or number.copy_abs(), "f")  # arithmetic would keep 28 digits
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals.rstrip('0') or '0'}"


def join_list(items: Iterable[str | int]) -> str | None:
    """Join with `;`; one that stands within an item becomes the full-width `；`.

    >>> join_list(("กองคลัง", "กองช่าง; งานโยธา"))
    'กองคลัง;กองช่าง； งานโยธา'
    """
    texts = [publish_text(str(item)) or "" for item in items]
    return LIST_SEPARATOR.join(text.replace(LIST_SEPARATOR, "；") for text in texts) or None


def said_json(values: Iterable[Said]) -> str:
    """Write what each place says as a compact JSON array.

    >>> said_json([Said("5", "๖๖"), Said("6", "๒๖")])
    '[{"where":"5","text":"๖๖"},{"where":"6","text":"๒๖"}]'
    """
    places = [{"where": publish_text(w) or "", "text": publish_text(t) or ""} for w, t in values]
    return _COMPACT.encode(places)


def csv_value(field: Field, value: object) -> Published:
    """Turn a record's value into what its CSV column holds; None is an empty cell."""
    match value:
        case None | ():
            return None
        case bool() | int() if field.type != "number":
            return value
        case str():
            text = publish_text(value)
        case Decimal() | float() | int():
            return number_text(value, field.decimal_places)
        case date():
            return value.isoformat()
        case tuple():
            text = said_json(value) if field.type == "said" else join_list(value)
        case _:
            raise TypeError(f"{field.name}: no way to write {type(value).__name__}")
    return guard_formula(text) if text else None


def json_value(field: Field, value: object) -> str:
    """Turn a record's value into JSON; numbers keep the digits that they have."""
    match value:
        case None:
            return "null"
        case bool() | int() if field.type != "number":
            return _JSON.encode(value)
        case Decimal() | float() | int():
            return number_text(value, field.decimal_places)
        case date():
            return _JSON.encode(value.isoformat())
        case tuple() if field.type == "said":
            return said_json(value)
        case tuple():
            items = [publish_text(x) or "" if isinstance(x, str) else x for x in value]
            return _JSON.encode(items)
        case str():
            return _JSON.encode(publish_text(value))
        case _:
            raise TypeError(f"{field.name}: no way to write {type(value).__name__}")


def csv_cell(field: Field, value: object) -> str:
    """Turn a record's value into its cell of a line of CSV, in quotes where it needs them.

    >>> from export.schema import DOCUMENT
    >>> csv_cell(DOCUMENT, "a,b"), csv_cell(DOCUMENT, None)
    ('"a,b"', '')
    """
    if isinstance(value, str):  # most are, and this spares them half of the way
        text = guard_formula(publish_text(value) or "")
    else:
        published = csv_value(field, value)
        text = "" if published is None else str(published)
    if "," in text or '"' in text or "\n" in text:
        return '"' + text.replace('"', '""') + '"'
    return text


def written_columns(
    write: Callable[[Field, Hashable], str],
    fields: Iterable[Field],
    records: Sequence[object],
    read: Read = attrgetter,
) -> Iterator[list[str]]:
    """Write records column by column; what stands in several of them is written once.

    `read` is `attrgetter` of values and `itemgetter` of records by column name.
    """
    for field in fields:
        values: list[Hashable] = list(map(read(field.name), records))
        if field.type in ("list", "said"):
            values = list(map(frozen, values))
        written = {value: write(field, value) for value in set(values)}
        yield [written[value] for value in values]


def frozen(value: Any) -> Hashable:
    """A list as the tuple that a run's values have in its place.

    >>> frozen([{"where": "5", "text": "๖๖"}])
    (('5', '๖๖'),)
    """
    if not isinstance(value, list):
        return cast(Hashable, value)
    return tuple((x["where"], x["text"]) if isinstance(x, dict) else x for x in value)
