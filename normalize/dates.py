"""A day as registers print it: 5 มกราคม 2568, 5 ม.ค. 68, 05/01/2568, 2025-01-05."""

import re
from datetime import date

from normalize.numerals import thai_digits
from normalize.periods import ERA, month_patterns

THAI_YEARS, GREGORIAN_YEARS = range(2400, 2700), range(1857, 2157)
"""Years of the Buddhist era, and the same ones as others count them."""
SHORT_YEARS = range(31, 76)
"""Two digits that are years of the Buddhist era: those of the Gregorian one are not that old where
registers are kept, and not yet to come."""
BUDDHIST, LATIN = re.compile(r"พ\.?\s?ศ"), re.compile(r"[A-Za-z]|ค\.?\s?ศ")
NUMERIC = re.compile(r"(\d{1,2})\s?[/.-]\s?(\d{1,2})\s?[/.-]\s?(\d{4}|\d{2})")
ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
NAMED = re.compile(
    r"(?:วันที่)?\s*(\d{1,2})\s*([^\d\s][^\d]*?)\s*(?:พ\.?ศ\.?|ค\.?ศ\.?)?\s*(\d{4}|\d{2})"
)


def read_date(text: str) -> date | None:
    """Read a text that is one day; None for a month, a range, and what the calendar lacks.

    A year of two digits is one of the Buddhist era, as Thai registers shorten it, where no other
    one is likely: 24 may be 2024 or 2524, and 85 may be 1985.

    >>> read_date("๕ มกราคม ๒๕๖๘"), read_date("5 ม.ค. 68"), read_date("31/12/2567")
    (datetime.date(2025, 1, 5), datetime.date(2025, 1, 5), datetime.date(2024, 12, 31))
    >>> read_date("2025-01-05"), read_date("30/02/2568"), read_date("ม.ค. 2568")
    (datetime.date(2025, 1, 5), None, None)
    >>> read_date("1/5/24"), read_date("1/5/85"), read_date("5 Jan 68"), read_date("5 ม.ค. พ.ศ. 24")
    (None, None, None, datetime.date(1981, 1, 5))
    """
    plain = " ".join(thai_digits(text).split())
    if match := ISO.fullmatch(plain):
        year, month, day = match.groups()
    elif match := NUMERIC.fullmatch(plain):
        day, month, year = match.groups()
    elif match := NAMED.fullmatch(plain):
        day, name, year = match.groups()
        numbers = {
            number
            for pattern, number in month_patterns("$").items()
            if re.fullmatch(pattern, name.replace(" ", ""), re.IGNORECASE)
        }
        if len(numbers) != 1:
            return None
        month = str(numbers.pop())
    else:
        return None
    number = int(year)
    if len(year) == 2:
        if not (number in SHORT_YEARS or BUDDHIST.search(plain)) or LATIN.search(plain):
            return None
        number += 2500
    if number in THAI_YEARS:
        number -= ERA
    elif number not in GREGORIAN_YEARS:
        return None
    try:
        return date(number, int(month), int(day))
    except ValueError:
        return None
