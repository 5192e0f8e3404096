"""Repair of Thai text layers and OCR text: which defects each font has, and rules that undo them."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from normalize.trace import Rule, Step, apply
from profiles.lexicon import likely_sara_am, pua_map, reading_cost, unknown_letters

CONSONANT = "\u0e01-\u0e2e"
LEADING = "\u0e40-\u0e44"
UPPER_VOWEL = "\u0e31\u0e34-\u0e37"
LOWER_VOWEL = "\u0e38-\u0e3a"
TONE = "\u0e48-\u0e4b"
MARK = "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"
LETTER = "\u0e01-\u0e2e\u0e30-\u0e3a\u0e40-\u0e45\u0e47-\u0e4e"
SPACE = " \u00a0"
UNMAPPED = "\ufffd\ue000-\uf6ff\uf71b-\uf883\uf89f-\uf8ff\U000f0000-\U0010ffff"

CLEAR = 4.0
"""How much cheaper (natural logarithm) the better of two readings must be to be believed alone."""
SAMPLE = 20_000
"""Letters of one font that are enough to see what is wrong with it."""
MAX_VOTES = 400


# Rules that are right in any text.

_HYPHEN = re.compile(r"(?<=[A-Za-z0-9])\u00ad(?=[A-Za-z0-9])")
_INVISIBLE = re.compile(r"[\u0000-\u0008\u000e-\u001f\u007f\u00ad\u200b-\u200f\u2060-\u2064\ufeff]")
_BREAK = re.compile(r"\r\n|[\r\u000b\u000c\u0085\u2028\u2029]")
_ODD_SPACE = re.compile(r"[\t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_PUA = re.compile(r"[\uf700-\uf71a\uf884-\uf89e]")
_TWO_SARA_E = re.compile(r"\u0e40\u0e40")
_TONE_FIRST = re.compile(rf"([{TONE}\u0e4c]+)([{UPPER_VOWEL}{LOWER_VOWEL}\u0e47\u0e4d]+)")
_SPLIT_AM = re.compile(rf"\u0e4d ?([{TONE}]?) ?\u0e32")
_AM_TWICE = re.compile("[\u0e4d\u0e33]+\u0e33|\u0e33[\u0e32\u0e33]+")
_LATE_TONE = re.compile(rf"\u0e33([{TONE}])")
_DOUBLED_TONE_AA = re.compile(rf"([{LETTER}]*[{CONSONANT}])([{TONE}])\2+(\u0e32[{LETTER}]*)")
_DOUBLED = re.compile(rf"([{MARK}])\1+")
_EARLY_MARK = re.compile(
    rf"([{LETTER}]*)([ \n]*)(?<![{LETTER}])([{MARK}]+)([{LEADING}]?[{CONSONANT}][{LETTER}]*)"
)
_SPACED_MARK = re.compile(
    rf"([{LETTER}]*[{CONSONANT}{UPPER_VOWEL}{LOWER_VOWEL}])([ \n]+)([{MARK}]+)([{LETTER}]*)"
)
_SPACED_VOWEL = re.compile(
    rf"([{LETTER}]*[{CONSONANT}][{TONE}]?)([ \n]+)([{TONE}]?[\u0e30\u0e32\u0e33])([{LETTER}]*)"
)
_OPEN_VOWEL = re.compile(rf"([{LEADING}]) +([{CONSONANT}][{LETTER}]*)")
_SPACES = re.compile(r" {2,}")
_LINE_END = re.compile(r" *\n *|^ +| +$")

_SUSPECT = re.compile(
    "[\u0000-\u0009\u000b-\u001f\u007f-\u00a0\u00ad\u0300-\u036f\u1680\u2000-\u200f\u2028-\u202f"
    "\u205f-\u2064\u3000\ufeff\uf700-\uf71a\uf884-\uf89e\u0e4d]"
    rf"|[ \n][{MARK}\u0e30\u0e32\u0e33 \n]|[\u0e33{LEADING}][{MARK}\u0e32\u0e33\u0e40 ]"
    rf"|[{TONE}\u0e4c][{MARK}]|\u0e31\u0e31|\u0e47\u0e47|[{UPPER_VOWEL}][{UPPER_VOWEL}]"
    rf"|[{LOWER_VOWEL}][{LOWER_VOWEL}]| (?:\n|\Z)|\A[ {MARK}]|[^{LETTER}][{MARK}]"
)
"""Any text that a rule below changes has one of these; most cells have none."""
