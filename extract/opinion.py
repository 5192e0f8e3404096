"""Tesseract as a second opinion on lines that are in doubt, where it is installed.

It never changes what was read. Its Thai model has no ๔๖๗๘๙ and no ฌฃฅฦ, so it is not asked about
Thai digits, and what it makes of those letters is no contradiction. A doubtful Latin word becomes
surer where it reads the same; everything else that it says is put on record.
"""

import os
import re
import shutil
import subprocess
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

UNKNOWN = frozenset("๔๖๗๘๙ฌฃฅฦ")
"""Letters that Tesseract's Thai model cannot write."""
THAI_DIGITS = frozenset("๐๑๒๓๔๕๖๗๘๙")
DOUBTFUL = 0.9
"""Probability of a character below which it is asked."""
DOUBT_LEFT = 0.5
"""The share of a Latin letter's doubt that stays where both read the same: two readers of one
picture are misled by the same dirt."""
NEEDED = frozenset({"tha", "eng"})
TIMEOUT_SECONDS = 20.0
LATIN_WORD = re.compile(r"(?<![A-Za-z0-9๐-๙])[A-Za-z]{2,}(?![0-9๐-๙])")
"""What it can confirm. No lone letter, and none at a figure: it writes o, e, b for Thai digits."""
LINE, BLOCK = "7", "6"
"""How Tesseract is told to take a picture."""


class Answer(NamedTuple):
    """What an engine read, or why it did not."""

    text: str | None
    reason: str = ""


class Opinion(NamedTuple):
    """What a second engine says about a line."""

    text: str
    """Its reading, to be shown beside ours; empty where it gave none."""
    engine: str
    agrees: bool
    """It reads the same, but for what it cannot know."""
    sure: tuple[float, ...]
    """The probabilities of the characters of our reading, raised where it confirms them."""
    note: str = ""
    """What it made of the line, for the trace; or why it gave no reading."""


Reader = Callable[[NDArray[np.uint8]], Answer]


@dataclass(frozen=True, slots=True)
class Tesseract:
    """An installed Tesseract that knows Thai and English."""

    program: str
    version: str

    @staticmethod
    def find() -> "Tesseract | None":
        """The one on the PATH, asked once for its languages; None where it lacks one of them."""
        program = shutil.which("tesseract")
        return _asked(program) if program else None

    @property
    def engine(self) -> str:
        return f"tesseract {self.version}"

    def read(
        self,
        image: NDArray[np.uint8],
        languages: str = "tha+eng",
        single_line: bool = True,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> Answer:
        """Read a grey picture of a line, or of a cell of several lines, in one thread."""
        layout = LINE if single_line else BLOCK
        options = ["-l", languages, "--psm", layout, "--dpi", "300"]
        encoded = cv2.imencode(".png", image)[1].tobytes()
        try:
            done = subprocess.run(
                [self.program, "stdin", "stdout", *options],
                input=encoded,
                capture_output=True,
                timeout=timeout_seconds,
                env={**os.environ, "OMP_THREAD_LIMIT": "1"},
            )
        except subprocess.TimeoutExpired:
            return Answer(None, f"no answer within {timeout_seconds:g} seconds")
        except OSError as error:
            return Answer(None, f"cannot be started ({error.strerror or error})")
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["no message"]
            return Answer(None, f"failed with {done.returncode} ({said[-1][:200]})")
        lines = done.stdout.decode("utf-8", "replace").replace("\f", "\n").split("\n")
        return Answer("\n".join(line.strip() for line in lines if line.strip()))


@cache
def _asked(program: str) -> Tesseract | None:
    said = []
    for question in ("--list-langs", "--version"):
        try:
            done = subprocess.run([program, question], capture_output=True, timeout=TIMEOUT_SECONDS)
        except (OSError, subprocess.TimeoutExpired):
            return None
        said.append((done.stdout + done.stderr).decode("utf-8", "replace"))
    if not set(said[0].split()) >= NEEDED:
        return None
    version = re.search(r"tesseract v?(\d[\w.]*)", said[1])
    return Tesseract(program, version[1] if version else "of unknown version")


def is_worth_asking(text: str, sure: Sequence[float], below: float = DOUBTFUL) -> bool:
    """Something in the line is in doubt that a second engine can tell.

    >>> is_worth_asking("e๑๔", (0.5, 1, 1)), is_worth_asking("e๑๔", (1, 0.5, 0.5))
    (True, False)
    """
    beyond = UNKNOWN | THAI_DIGITS
    return any(
        doubt < below and letter not in beyond and not letter.isspace()
        for letter, doubt in zip(text, sure, strict=True)
    )


def second_opinion(
    text: str, sure: Sequence[float], image: NDArray[np.uint8], engine: str, read: Reader
) -> Opinion:
    """Ask about one line; `read` is `Tesseract.read`, or whatever reads a picture."""
    answer = read(image)
    if answer.text is None:
        return Opinion("", engine, False, tuple(sure), f"{engine}: {answer.reason}")
    return compared(text, sure, answer.text, engine)


def compared(text: str, sure: Sequence[float], other: str, engine: str) -> Opinion:
    """Our reading beside another one.

    >>> said = compared("ITA ๔๙", (0.6, 1, 1, 1, 1, 1), "ITA &&", "x")
    >>> said.agrees, said.sure[0]
    (True, 0.8)
    >>> said = compared("ITA ๑๒", (0.6, 1, 1, 1, 1, 1), "1TA ๑๒", "x")
    >>> said.agrees, said.sure[0]
    (False, 0.6)
    """
    ours, theirs = list(_letters(text)), [letter for _, letter in _letters(other)]
    blocks = Levenshtein.opcodes([letter for _, letter in ours], theirs).as_matching_blocks()
    agrees = True
    confirmed: set[int] = set()
    at = other_at = 0
    for block in blocks:
        mine = [letter for _, letter in ours[at : block.a]]
        if mine or block.b > other_at:
            agrees = agrees and bool(mine) and UNKNOWN.issuperset(mine)
        at, other_at = block.a + block.size, block.b + block.size
        confirmed.update(place for place, _ in ours[block.a : at])
    known = {place for place, letter in ours if letter not in UNKNOWN}
    if 2 * len(confirmed & known) < len(known):
        confirmed = set()  # a letter that is the same by chance
    raised = list(sure)
    for word in LATIN_WORD.finditer(text):
        if confirmed.issuperset(range(*word.span())):
            for place in range(*word.span()):
                raised[place] = 1 - (1 - raised[place]) * DOUBT_LEFT
    note = f"{engine} reads the same" if agrees else f"{engine} reads {other!r}"
    return Opinion(other, engine, agrees, tuple(raised), note)


QUOTES = {"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "`": "'"}


def _letters(text: str) -> Iterator[tuple[int, str]]:
    """Place and letter without what engines write differently: spaces, dashes, quotes, SARA AM."""
    for place, letter in enumerate(text):
        for plain in unicodedata.normalize("NFKC", letter):
            if unicodedata.category(plain) == "Pd":
                yield place, "-"
            elif not plain.isspace():
                yield place, QUOTES.get(plain, plain)
