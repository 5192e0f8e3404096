"""Thai words, how common they are, private-use glyphs of Thai fonts; loaded on first use."""

import math
import os
import re
from functools import cache, lru_cache
from importlib.resources import files

LONGEST_WORD = 24
"""Longer entries of the word list are titles and phrases: nothing is lost without them."""
UNKNOWN_LETTERS = 16.0
"""Cost of one stretch of letters that no word explains, about that of the rarest word."""
UNKNOWN_LETTER = 3.0
_THAI_RUN = re.compile(r"[\u0e01-\u0e2e\u0e30-\u0e3a\u0e40-\u0e45\u0e47-\u0e4e]+")
_PIECE = re.compile(rf"{_THAI_RUN.pattern}|\s+|[^\s\u0e01-\u0e4e]+|.", re.DOTALL)
_CAN_START = re.compile(r"[\u0e01-\u0e2e\u0e40-\u0e44]")


@cache
def pua_map() -> dict[int, str]:
    """Private-use code point to the Thai letter it draws, for `str.translate`.

    >>> len(pua_map()), pua_map()[0xF70A] == pua_map()[0xF88B] == "่"
    (54, True)
    """
    text = files("profiles").joinpath("thai-pua-map.tsv").read_text("utf-8")
    rows = [line.split("\t") for line in text.splitlines() if line.startswith("U+")]
    return {int(row[0][2:], 16): row[2] for row in rows}


def without_a_home() -> None:
    """Keep PyThaiNLP from making a folder in the user's home, which a service may not have."""
    if "PYTHAINLP_READ_MODE" not in os.environ:
        os.environ.setdefault("PYTHAINLP_READ_ONLY", "1")


@cache
def thai_words() -> frozenset[str]:
    """The word list of PyThaiNLP, without single letters, which explain anything.

    >>> "ดำเนินการ" in thai_words(), "ดาเนินการ" in thai_words()
    (True, False)
    """
    without_a_home()
    from pythainlp.corpus import thai_words as listed

    return frozenset(word for word in listed() if len(word) > 1) | {"ณ"}


@cache
def word_costs() -> dict[str, float]:
    """What each word costs a reading: minus the logarithm of its share in the Thai National Corpus.

    >>> word_costs()["การ"] < word_costs()["ดำเนินการ"] < word_costs()["ถลำ"]
    True
    """
    without_a_home()
    from pythainlp.corpus import tnc

    counts = dict(tnc.word_freqs())
    words = [word for word in thai_words() if len(word) <= LONGEST_WORD]
    total = sum(counts.get(word, 0) for word in words)
    return {word: math.log(total / (counts.get(word, 0) + 0.5)) for word in words}


@lru_cache(maxsize=20_000)
def read_run(run: str) -> tuple[float, int, tuple[int, ...]]:
    """The likeliest words of a run of Thai letters: cost, letters unexplained, ends of the words.

    >>> cost, unknown, ends = read_run("การดำเนินการ")
    >>> unknown, ends
    (0, (3, 12))
    """
    costs = word_costs()
    size = len(run)
    starts = [bool(_CAN_START.match(letter)) for letter in run] + [True]
    # At each place: cost, letters unexplained, where the last word began, and whether it is one.
    best: list[tuple[float, int, int, bool]] = [(math.inf, 0, 0, True)] * (size + 1)
    best[0] = (0.0, 0, 0, True)
    for begin in range(size):
        here, unknown, _, is_word = best[begin]
        if here == math.inf:
            continue
        end = begin + 1
        while not starts[end]:
            end += 1
        price = here + UNKNOWN_LETTER * (end - begin) + (UNKNOWN_LETTERS if is_word else 0.0)
        if price < best[end][0]:
            best[end] = (price, unknown + end - begin, begin, False)
        for end in range(begin + 1, min(size, begin + LONGEST_WORD) + 1):
            if starts[end]:
                cost = costs.get(run[begin:end])
                if cost is not None and here + cost < best[end][0]:
                    best[end] = (here + cost, unknown, begin, True)
    ends: list[int] = []
    place, is_word = size, True
    while place:
        _, _, begin, this_is_word = best[place]
        if this_is_word or is_word:
            ends.append(place)
        place, is_word = begin, this_is_word
    return best[size][0], best[size][1], tuple(reversed(ends))


def segment(text: str) -> list[str]:
    """Cut text into words, spaces and signs; joined again they are the text.

    >>> segment("แผนการดำเนินงาน ITA 2568")
    ['แผนการ', 'ดำเนินงาน', ' ', 'ITA', ' ', '2568']
    """
    words: list[str] = []
    for piece in _PIECE.findall(text):
        if _THAI_RUN.match(piece):
            begin = 0
            for end in read_run(piece)[2]:
                words.append(piece[begin:end])
                begin = end
        else:
            words.append(piece)
    return words


def reading_cost(text: str) -> float:
    """How unlikely the Thai of a text is; compare two readings of one text, lower is better.

    >>> reading_cost("ดำเนินการ") < reading_cost("ดาเนินการ")
    True
    """
    return sum(read_run(run)[0] for run in _THAI_RUN.findall(text))


def unknown_letters(text: str) -> int:
    """How many Thai letters no word explains.

    >>> unknown_letters("ประจำปี"), unknown_letters("ในหนวยงาน") > 0
    (0, True)
    """
    return sum(read_run(run)[1] for run in _THAI_RUN.findall(text))


@cache
def lost_ring_words(ring: str = "") -> dict[str, str]:
    """Words with SARA AM by how they look with another sign for its ring, where that is no Thai.

    >>> lost_ring_words()["ดาเนิน"], "นา" in lost_ring_words(), "มาลา" in lost_ring_words()
    ('ดำเนิน', False, False)
    >>> lost_ring_words("่")["ก่าหนด"], "ค่า" in lost_ring_words("่")
    ('กำหนด', False)
    """
    found = {}
    for word, cost in word_costs().items():
        if "ำ" in word and len(word) >= 4 and cost < 13:
            other = word.replace("ำ", f"{ring}า")
            if other not in word_costs() and read_run(other)[0] - cost > 6:
                found[other] = word
    return found


@cache
def lost_ring_pattern(ring: str = "") -> re.Pattern[str]:
    """Finds the longest of `lost_ring_words`; as a tree of letters, since a long list is slow."""
    return re.compile(_tree(sorted(lost_ring_words(ring))))


def _tree(words: list[str]) -> str:
    tails: dict[str, list[str]] = {}
    for word in words:
        tails.setdefault(word[:1], []).append(word[1:])
    is_end = "" in tails
    branches = [letter + _tree(tails[letter]) for letter in sorted(tails) if letter]
    if not branches:
        return ""
    return f"(?:{'|'.join(branches)}){'?' if is_end else ''}"
