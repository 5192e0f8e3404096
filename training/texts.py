"""Random text for training: Thai words, administrative vocabulary, codes, numbers and noise.

Nothing here is a sentence of a real document.  Words come from open word lists, places from the
public list of subdistricts, and many pieces are random, or real words with letters exchanged for
their look-alikes, so that the recogniser learns to read glyphs rather than to guess words.
"""

from __future__ import annotations

import json
import random
import re
import tomllib
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from pydoc_data.topics import topics

TICK = "✓"
THAI_DIGITS = "๐๑๒๓๔๕๖๗๘๙"
ARABIC_DIGITS = "0123456789"
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
CONSONANTS = "กขคฆงจฉชซญดตถทธนบปผฝพฟภมยรลวศษสหอ"
RARE = "ฃฅฆฉฌญฎฏฐฑฒณธภศษฬฮฤฦ"
ABOVE = ("", "", "ิ", "ี", "ึ", "ื", "ั", "็")
TONES = ("", "", "่", "้", "๊", "๋")
LEADING = ("", "", "", "เ", "แ", "โ", "ใ", "ไ")
TAILS = ("", "", "", "า", "ะ", "ำ", "อ", "ๆ", "ฯ")
MARKS = frozenset("ัิีึืฺุู็่้๊๋์ํ๎ำ")
ORPHAN = re.compile("(^|[^ก-ฮัิีึืฺุู็่้๊๋์ํ๎ำ])[ัิีึืฺุู็่้๊๋์ํ๎ำ]+")
THAI_WORD = re.compile("[ก-ฺเ-๎]+")


@cache
def wording_file() -> dict[str, str]:
    return tomllib.loads(Path(__file__).with_name("wording.toml").read_text(encoding="utf8"))


def wording(name: str) -> tuple[str, ...]:
    """One list of wording.toml."""
    text = wording_file()[name]
    return tuple(text.replace("\n", "").split("|") if "|" in text else text.split())


LOOK_ALIKES = wording("look_alikes")
STACKS = wording("stacks")
ADMIN = wording("admin")
SHORT_MONTHS = wording("short_months")
SHORT_FORMS = wording("short_forms")
UNITS = wording("units")
MONTHS = wording("months")
ENGLISH = wording("english")
ACRONYMS = wording("acronyms")
SYMBOLS = (
    *"/-–():;,.\"'“”‘’%&+*@_=!?#[]<>|•…ๆฯ฿~°×",
    "...", "......", "ฯลฯ", TICK,
)  # fmt: skip
CHARSET = (
    [" "]
    + [chr(c) for c in range(0x0E01, 0x0E3B)]
    + [chr(c) for c in range(0x0E3F, 0x0E5C)]
    + list(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.,:;/-()\"'%&+*@_=!?“”‘’–"
    )
    + list("#[]<>|•…~°×$")
    + [TICK]
)
ALLOWED = frozenset(CHARSET)
PLAIN_SIGNS = tuple(c for c in CHARSET if c != " " and c not in MARKS)
LEDGER = 0.22  # share of lines that hold one number, code or dash, as the cells of tables do
DASHES = ("-", "-", "-", "-", "-", "-", "–", ".", "/", TICK, TICK)
ENDS = (*":;.,)/-ฯๆ\"'!?%", " :", "...", ".-", "”", "’")


@dataclass(frozen=True)
class Words:
    """The word lists that lines are drawn from."""

    lexicon: tuple[str, ...]
    frequent: tuple[str, ...]
    weights: tuple[float, ...]  # cumulative, of `frequent`
    places: tuple[str, ...]
    names: tuple[str, ...]
    english: tuple[str, ...]


def load_words(words: Path, places: Path) -> Words:
    """Lists from pythainlp's corpus folder and geothai's data folder."""
    lines = (words / "tnc_freq.txt").read_text(encoding="utf8").split("\n")
    pairs = [line.split("\t") for line in lines]
    kept = [p for p in pairs if len(p) == 2 and THAI_WORD.fullmatch(p[0]) and len(p[0]) > 1][:10000]
    people = ("person_names_female_th", "person_names_male_th", "family_names_th")
    return Words(
        lexicon=word_list(words / "words_th.txt"),
        frequent=tuple(word for word, _ in kept),
        weights=tuple(accumulate(float(count) ** 0.55 for _, count in kept)),
        places=place_names(places),
        names=tuple(name for file in people for name in word_list(words / f"{file}.txt")),
        english=english_words(),
    )


def word_list(file: Path) -> tuple[str, ...]:
    lines = (line.strip() for line in file.read_text(encoding="utf8").split("\n"))
    return tuple(line for line in lines if len(line) < 18 and THAI_WORD.fullmatch(line))


def place_names(folder: Path) -> tuple[str, ...]:
    """Names of provinces, districts and subdistricts: every Thai word in the JSON files."""
    files = (json.loads(f.read_text(encoding="utf8")) for f in sorted(folder.glob("*.json")))
    return tuple(sorted({n for f in files for n in thai_strings(f) if 1 < len(n) < 30}))


def thai_strings(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        node = list(node.values())
    if isinstance(node, list):
        for value in node:
            yield from thai_strings(value)
    elif isinstance(node, str) and THAI_WORD.fullmatch(node):
        yield node


def english_words() -> tuple[str, ...]:
    """English words of 2 to 12 letters, from the documentation that comes with Python."""
    text = " ".join(topics.values()).lower()
    return tuple(sorted(set(re.findall(r"(?<![a-z_])[a-z]{2,12}(?![a-z_])", text))))


def to_thai(text: str) -> str:
    """Arabic digits to Thai digits.

    >>> to_thai("i12, 2567")
    'i๑๒, ๒๕๖๗'
    >>> to_thai("ข้อ ๓")
    'ข้อ ๓'
    """
    return text.translate(str.maketrans(ARABIC_DIGITS, THAI_DIGITS))


def maybe_thai(r: random.Random, text: str, share: float = 0.7) -> str:
    return to_thai(text) if r.random() < share else text


def digits(r: random.Random, least: int, most: int) -> str:
    return "".join(r.choice(ARABIC_DIGITS) for _ in range(r.randint(least, most)))


def word(w: Words, r: random.Random) -> str:
    return w.frequent[bisect_left(w.weights, r.random() * w.weights[-1])]


def rare_word(w: Words, r: random.Random) -> str:
    return r.choice(w.lexicon)


def look_alike(w: Words, r: random.Random) -> str:
    """A word in which one or two letters became letters that look like them."""
    letters = list(word(w, r) if r.random() < 0.6 else rare_word(w, r))
    for _ in range(r.randint(1, 2)):
        n = r.randrange(len(letters))
        groups = [group for group in LOOK_ALIKES if letters[n] in group]
        if groups:
            letters[n] = r.choice(r.choice(groups))
    return "".join(letters)


def pair_run(w: Words, r: random.Random) -> str:
    """A run of letters that look alike, each with or without marks."""
    group = r.choice(LOOK_ALIKES)
    if group[0] in MARKS or group[0] in "ำา":
        return "".join(r.choice(CONSONANTS) + r.choice(group) for _ in range(r.randint(1, 4)))
    if group[0] in "ใไเแโ":
        return "".join(r.choice(group) + r.choice(CONSONANTS) for _ in range(r.randint(1, 4)))
    if group[0] in CONSONANTS or group[0] in RARE:
        runs = (r.choice(group) + r.choice(ABOVE) + r.choice(TONES) for _ in range(r.randint(2, 5)))
        return "".join(runs)
    return "".join(r.choice(group) for _ in range(r.randint(2, 6)))


def admin(w: Words, r: random.Random) -> str:
    forms = (ADMIN, UNITS, SHORT_FORMS + SHORT_MONTHS)
    return r.choice(r.choices(forms, (60, 28, 12))[0])


def stack(w: Words, r: random.Random) -> str:
    return r.choice(STACKS)


def place(w: Words, r: random.Random) -> str:
    kind = r.choice(("", "ตำบล", "อำเภอ", "จังหวัด", "เทศบาลตำบล", "ต.", "อ.", "จ."))
    return kind + r.choice(w.places)


def person(w: Words, r: random.Random) -> str:
    return r.choice(("", "นาย", "นาง", "นางสาว", "น.ส.")) + r.choice(w.names)


CODE_PAIRS = ("{}, {}", "{}-{}", "({}-{})", "{}/{}", "{} – {}", "({})", "{}:", "{} ,{}")


def code(w: Words, r: random.Random) -> str:
    one, other = (
        r.choice("ieoioeOIE") + maybe_thai(r, str(r.randint(1, 43)), 0.7) for _ in range(2)
    )
    return one if r.random() < 0.75 else r.choice(CODE_PAIRS).format(one, other)


def dotted(w: Words, r: random.Random) -> str:
    return r.choice("....…") * r.randint(2, 14)


def listed(w: Words, r: random.Random) -> str:
    form = r.choice(("{}.", "{})", "({})", "{}. ", "{}.{}", "ข้อ {}"))
    first, second = str(r.randint(1, 30)), str(r.randint(1, 9))
    return form.format(maybe_thai(r, first, 0.75), maybe_thai(r, second, 0.75))


NUMBERS: tuple[Callable[[random.Random], str], ...] = (
    lambda r: str(r.randint(2540, 2580)),
    lambda r: f"{r.uniform(0, 100):.2f}",
    lambda r: f"{r.randint(0, 10 ** r.randint(1, 8)):,}",
    lambda r: f"{r.uniform(0, 10 ** r.randint(3, 7)):,.2f}",
    lambda r: f"{r.uniform(10**3, 10**8):,.2f}",
    lambda r: f"{r.randint(10**3, 10**8):,}.00",
    lambda r: f"{r.randint(0, 999)}",
    lambda r: f"{r.randint(0, 100)}%",
    lambda r: f"ร้อยละ {r.uniform(0, 100):.{r.randint(0, 2)}f}",
    lambda r: f"{r.randint(0, 10 ** r.randint(1, 10))}",
    lambda r: f"{r.randint(1, 99)}/{r.randint(2550, 2575)}",
    lambda r: f"0{r.randint(2, 9)}-{r.randint(0, 999):03d}-{r.randint(0, 9999):04d}",
    lambda r: f"{r.randint(1, 9)}.{r.randint(1, 12)}.{r.randint(1, 9)}",
    lambda r: f"พ.ศ. {r.randint(2540, 2580)}",
    lambda r: f"พ.ศ.{r.randint(2540, 2580)}",
    lambda r: f"({r.randint(1, 40)})",
    lambda r: f"{r.randint(0, 23):02d}.{r.randint(0, 59):02d} น.",
    lambda r: f"{r.randint(1, 9)}-{r.randint(10, 30)}",
    lambda r: digits(r, 2, 8),
    lambda r: digits(r, 6, 18),
    lambda r: register_code(r),
    lambda r: register_code(r),
    lambda r: ill_parted(r),
    lambda r: ill_parted(r),
    lambda r: f"{r.randint(1, 999)}{r.choice('.,')}{digits(r, 1, 3)}",
    lambda r: f"{r.uniform(0, 100):.2f}%",
    lambda r: f"{r.randint(1, 31)}/{r.randint(1, 12)}/{r.choice(('', '25'))}{r.randint(60, 70)}",
    lambda r: f"{r.randint(1, 9)}.{r.randint(1, 19)}.{r.randint(1, 19)}",
)


def number(w: Words, r: random.Random) -> str:
    return maybe_thai(r, r.choice(NUMBERS)(r), 0.65)


def ill_parted(r: random.Random) -> str:
    """A number whose separators keep no rule, so that only the picture tells which they are."""
    parts = [digits(r, 1, 4) for _ in range(r.randint(2, 4))]
    return "".join(part + r.choice(".,,") for part in parts[:-1]) + parts[-1]


def register_code(r: random.Random) -> str:
    """A number as registers and letters have it: 400-48-0100, 432-39-0003-0004, 0855.2/109."""
    parts = [digits(r, n, n) for n in (r.choice((2, 3, 3, 4, 4)) for _ in range(r.randint(2, 4)))]
    return r.choice("---/.").join(parts)


def date(w: Words, r: random.Random) -> str:
    forms = (
        "{d} {m} {y}",
        "{m} {y}",
        "{d} {m}",
        "{d} {m} พ.ศ. {y}",
        "{m} - {n} {y}",
        "{d}/{k}/{y}",
    )
    text = r.choice(forms).format(
        d=r.randint(1, 31),
        m=r.choice(MONTHS if r.random() < 0.6 else SHORT_MONTHS),
        n=r.choice(MONTHS),
        y=r.randint(2555, 2575),
        k=r.randint(1, 12),
    )
    return maybe_thai(r, text)


def english(w: Words, r: random.Random) -> str:
    one = r.choice(ENGLISH) if r.random() < 0.4 else r.choice(w.english)
    other = r.choice(ENGLISH)
    scramble = "".join(r.choice(LETTERS + ARABIC_DIGITS) for _ in range(r.randint(2, 7)))
    forms = (
        (one, 16), (one.capitalize(), 18), (one.upper(), 8), (r.choice(ACRONYMS), 20),
        (f"{one.capitalize()} {r.choice(w.english).capitalize()}", 16),
        (f"{one}@{other}.go.th", 4), (f"www.{one}.go.th", 4), (f"http://www.{one}.com/{other}", 3),
        (f"{one[0].upper()}-{other.capitalize()}", 5), (scramble, 10),
    )  # fmt: skip
    return r.choices([form for form, _ in forms], [share for _, share in forms])[0]


def symbol(w: Words, r: random.Random) -> str:
    return r.choice(SYMBOLS)


def syllables(w: Words, r: random.Random) -> str:
    return "".join(syllable(r) for _ in range(r.randint(1, 4)))


def syllable(r: random.Random) -> str:
    base = r.choice(CONSONANTS if r.random() < 0.6 else RARE)
    lead = r.choice(LEADING)
    vowel = r.choice(ABOVE) if not lead else ""
    if not vowel and not lead and r.random() < 0.3:
        vowel = r.choice("ุู")
    mark = r.choice(TONES) if r.random() < 0.85 else "์"
    tail = r.choice(TAILS) if not vowel else r.choice(CONSONANTS + "   ").strip()
    return lead + base + vowel + mark + tail


def noise(w: Words, r: random.Random) -> str:
    return "".join(r.choice(PLAIN_SIGNS) for _ in range(r.randint(1, 5)))


def dash(w: Words, r: random.Random) -> str:
    return r.choice(DASHES)


Kind = Callable[[Words, random.Random], str]
MIXED: tuple[tuple[Kind, float], ...] = (
    (word, 24), (rare_word, 10), (look_alike, 12), (pair_run, 4), (admin, 9), (stack, 6),
    (place, 4), (person, 2), (code, 6), (listed, 4), (number, 11), (date, 4), (english, 9),
    (symbol, 5), (syllables, 6), (noise, 3), (dotted, 1.5),
)  # fmt: skip
PLAIN: tuple[tuple[Kind, float], ...] = (  # lines that look like running text
    (word, 48), (rare_word, 4), (look_alike, 12), (admin, 14), (stack, 5), (place, 4), (person, 2),
    (code, 3), (listed, 2), (number, 5), (date, 2), (english, 3), (symbol, 2),
)  # fmt: skip
CELLS: tuple[tuple[Kind, float], ...] = ((number, 14), (code, 5), (listed, 2), (dash, 3))


def pick(shares: tuple[tuple[Kind, float], ...], w: Words, r: random.Random) -> str:
    return r.choices([kind for kind, _ in shares], [share for _, share in shares])[0](w, r)


def line(w: Words, r: random.Random, length: int) -> str:
    """A line of about `length` characters, never starting with a mark."""
    if r.random() < LEDGER:
        return tidy(pick(CELLS, w, r))
    gap = r.choice((0.05, 0.15, 0.3))
    shares = PLAIN if r.random() < 0.4 else MIXED
    text = ""
    while len(text) < length:
        text += pick(shares, w, r) + (" " if r.random() < gap else "")
    if r.random() < 0.12:
        text = r.choice('("“‘[') + text + r.choice(')"”’]')
    text = text[:length] if len(text) > length * 1.5 else text
    return tidy(text + r.choice(ENDS) if r.random() < 0.18 else text)


def tidy(text: str) -> str:
    """Canonical form: NFC, single spaces, no two SARA E for SARA AE, no mark without a letter.

    >>> tidy("่เเม่  น้ำ")
    'แม่ น้ำ'
    >>> tidy("น้ำ ก็")
    'น้ำ ก็'
    """
    text = unicodedata.normalize("NFC", text).replace("เเ", "แ")
    text = re.sub(r"\s+", " ", "".join(c for c in text if c in ALLOWED)).strip()
    return ORPHAN.sub(r"\1", text).strip() or "๑"
