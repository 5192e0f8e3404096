"""Measure a model on the files that benchmark.py wrote, and fit its temperature.

    python -m training.evaluate measure --model thai-lines.onnx --benchmark frozen.npz [--detail 20]
    python -m training.evaluate print   --model thai-lines.onnx --benchmark print.npz
    python -m training.evaluate calibrate --model thai-lines.onnx --words FOLDER --places FOLDER \\
        --web-fonts FOLDER --system-fonts FOLDER

Cells are cut and read as at run time; lines are read as they were drawn.
"""

from __future__ import annotations

import argparse
import os
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import cv2
import numpy as np
from rapidfuzz.distance import Levenshtein

from extract.lines import find_lines
from extract.recognise import LineReader, Prior, Reading, decode, read_lines
from profiles.lexicon import reading_cost
from training.benchmark import Drawn, Item, load
from training.synth import Press, training_fonts, unpack
from training.texts import THAI_DIGITS, load_words

NUMBER = re.compile(r"[๐-๙0-9](?:[๐-๙0-9.,/:-]*[๐-๙0-9])?")
CODE = re.compile(r"(?<![A-Za-z])[ieoIEO][๐-๙0-9]{1,2}")
LOST_IN_LAYERS = re.compile("[ัิ-ฺ็-๎าำๆ\ue000-\uf8ff\u200b-\u200d\\s]|[.…]{2,}")
LETTERS_AND_SIGNS = re.compile("[ก-ฮเ-ไ๐-๙0-9A-Za-z.,:;/()%\"'+*-]+")
TO_ARABIC = str.maketrans(THAI_DIGITS, "0123456789")
SURE = 0.98  # confidence of a line that counts as sure
TEMPERATURES = (0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.6)
BINS = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9999, 1.01)
CALIBRATION_SEED = 31337


def fold(text: str) -> str:
    """Spellings that look the same become the same.

    >>> fold("นํ้า")
    'น้ำ'
    >>> fold("น้ำ")
    'น้ำ'
    """
    text = unicodedata.normalize("NFC", text).replace("\u200b", "").replace("เเ", "แ")
    text = re.sub("ํ([่-๋]?)า", r"\1ำ", text)
    text = re.sub("([่-๋])ํา", r"\1ำ", text)
    text = re.sub("([่-์])([ัิ-ฺ])", r"\2\1", text)
    return re.sub(r"\s+", " ", text).strip()


def bare(text: str) -> str:
    return fold(text).replace(" ", "")


@dataclass
class Tally:
    """Adds up comparisons of truth and reading."""

    chars: int = 0
    errors: int = 0
    items: int = 0
    exact: int = 0
    tokens: Counter[str] = field(default_factory=Counter)
    digits: dict[str, Counter[str]] = field(
        default_factory=lambda: {d: Counter() for d in THAI_DIGITS}
    )
    confusions: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[int, str, str]] = field(default_factory=list)

    def add(self, truth: str, read: str) -> None:
        a, b = bare(truth), bare(read)
        wrong = Levenshtein.distance(a, b)
        self.chars, self.errors = self.chars + len(a), self.errors + wrong
        self.items, self.exact = self.items + 1, self.exact + (a == b)
        if wrong:
            self.failures.append((wrong, fold(truth), fold(read)))
        for name, pattern in (("number", NUMBER), ("code", CODE)):
            want, got = (Counter(pattern.findall(fold(text))) for text in (truth, read))
            self.tokens.update(
                {f"{name} true": want.total(), f"{name} right": (want & got).total()}
            )
        self.align(a, b)

    def align(self, a: str, b: str) -> None:
        for op in Levenshtein.opcodes(a, b):
            left, right = a[op.src_start : op.src_end], b[op.dest_start : op.dest_end]
            same = op.tag == "equal"
            for d in THAI_DIGITS:
                count = left.count(d)
                self.digits[d].update(true=count, read=right.count(d), right=count if same else 0)
            if not same:
                self.confusions[f"{left or '∅'}→{right or '∅'}"] += 1

    def row(self) -> str:
        """CER, Thai digits, numbers, codes and exact items as cells of a Markdown table."""
        total = sum(self.digits.values(), Counter())
        return " | ".join(
            (
                f"{percent(self.errors, self.chars):.2f}",
                f"{percent(total['right'], total['true']):.2f}",
                f"{percent(total['right'], total['read']):.2f}",
                str(total["true"]),
                f"{self.tokens['number right']}/{self.tokens['number true']}",
                f"{self.tokens['code right']}/{self.tokens['code true']}",
                f"{self.exact}/{self.items}",
            )
        )

    def digit_row(self) -> str:
        """Right, true and read of each Thai digit."""
        counts = self.digits.items()
        return "  ".join(f"{d} {c['right']}/{c['true']}/{c['read']}" for d, c in counts)


HEADER = "| what | CER % | digit recall % | precision % | of | numbers | codes | exact |"


def percent(part: float, whole: float) -> float:
    return 100 * part / max(whole, 1)


def read_drawn(
    reader: LineReader, images: Sequence[np.ndarray], prior: Prior | None = None
) -> list[Reading]:
    """Readings of packed lines."""
    scores = reader.scores_of([unpack(image) for image in images])
    return [decode(frames, reader.alphabet, prior) for frames in scores]


def measure(reader: LineReader, drawn: list[Drawn], detail: int, prior: Prior | None) -> None:
    tallies: dict[str, Tally] = defaultdict(Tally)
    sure: Counter[str] = Counter()
    judgements: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    lines = [(item, image) for item, image in drawn if item.kind == "line"]
    for (item, _), reading in zip(
        lines, read_drawn(reader, [i for _, i in lines], prior), strict=True
    ):
        for name in (f"lines {item.font}", f"lines, {group(item)}"):
            tallies[name].add(item.truth, reading.text)
        own = judged(item.truth, reading.text, reading.characters)
        judgements[f"lines, {group(item)}"] += own
    for item, image in drawn:
        if item.kind == "line":
            continue
        bands = find_lines(image, item.dpi, item.hint)
        readings = read_lines(image, bands, reader, prior)
        text = "\n".join(reading.text for reading in readings)
        names = ["", f" {item.font}", f" {item.kind}", f" {item.dpi} dpi"]
        names += [f" {item.damage}"] if item.damage else []
        characters = [s for reading in readings for s in (*reading.characters, 1.0)][:-1]
        judgements[f"cells, {group(item)}"] += judged(item.truth, text, characters)
        for name in names:
            tallies[f"cells, {group(item)},{name}"].add(item.truth, text)
        if item.kind != "text" and readings and min(r.confidence for r in readings) > SURE:
            right = bare(text) == bare(item.truth)
            sure[f"{group(item)} sure {'right' if right else 'wrong'}"] += 1
    print(HEADER)
    print("| --- " * HEADER.count(" | ") + "| --- |")
    for name, tally in sorted(tallies.items()):
        print(f"| {name.rstrip(',')} | {tally.row()} |")
    for name in ("lines, held out", "cells, held out,"):
        print(name, tallies[name].digit_row())
        print("   ", tallies[name].confusions.most_common(30))
        for wrong, truth, read in sorted(tallies[name].failures, reverse=True)[:detail]:
            print(f"    {wrong:3d} {truth!r} {read!r}")
    print("cells of figures with confidence above", SURE, dict(sure))
    for name, own in sorted(judgements.items()):
        print_reliability(name, own)


def group(item: Item) -> str:
    if item.font == "held-back":
        return "held back"
    return "held out" if item.held_out else "trained fonts"


def skeleton(text: str, font: str) -> str:
    """What a text layer keeps for sure: letters, digits, signs; no marks, no dotted lines.

    The fonts named IT๙ draw Thai digits for Arabic ones, so there the two are one.

    >>> skeleton("ค่าจ้าง ๕,๐๐๐.๕๐", "TH SarabunPSK")
    'คจง๕,๐๐๐.๕๐'
    >>> skeleton("ข้อ ๕", "TH SarabunIT๙")
    'ขอ5'
    """
    text = unicodedata.normalize("NFKC", text).replace("ํา", "").replace("–", "-")
    text = LOST_IN_LAYERS.sub("", text.replace("เเ", "แ"))
    return text.translate(TO_ARABIC) if "IT" in font else text


def measure_print(reader: LineReader, drawn: list[Drawn], detail: int, prior: Prior | None) -> None:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    confusions: Counter[str] = Counter()
    failures = []
    for item, image in drawn:
        a = skeleton(item.truth, item.font)
        if not LETTERS_AND_SIGNS.fullmatch(a):
            continue
        reading = read_near(reader, item, image, prior)
        b = skeleton(reading.text, item.font) if reading else ""
        numbers = [Counter(NUMBER.findall(text)) for text in (a, b)]
        figures = re.fullmatch("[๐-๙0-9.,/%()-]+", a) is not None
        sure = reading is not None and reading.confidence > SURE
        for name in ("all", f"{item.dpi} dpi", item.font):
            counts[name].update(
                {
                    "chars": len(a), "errors": Levenshtein.distance(a, b), "lines": 1,
                    "right": a == b, "lost": reading is None, "numbers": numbers[0].total(),
                    "numbers right": (numbers[0] & numbers[1]).total(), "figures": figures,
                    "figures right": figures and a == b, "sure": sure,
                    "sure wrong": sure and a != b,
                }
            )  # fmt: skip
        confusions.update(changes(a, b))
        if a != b:
            failures.append((item.dpi, item.font, a, reading.text if reading else ""))
    for name, c in sorted(counts.items()):
        print(f"| {name} | {percent(c['errors'], c['chars']):.2f} of {c['chars']} |", end="")
        for good, whole in (("right", "lines"), ("numbers right", "numbers")):
            print(f" {c[good]}/{c[whole]} |", end="")
        print(f" {c['figures right']}/{c['figures']} | {c['lost']} |", end="")
        print(f" {c['sure wrong']}/{c['sure']} |")
    print(confusions.most_common(40))
    for failure in failures[:: max(1, len(failures) // max(1, detail))][:detail]:
        print("   ", *failure)


def changes(a: str, b: str) -> Iterable[str]:
    for op in Levenshtein.opcodes(a, b):
        if op.tag != "equal":
            yield f"{a[op.src_start : op.src_end] or '∅'}→{b[op.dest_start : op.dest_end] or '∅'}"


def read_near(
    reader: LineReader, item: Item, image: np.ndarray, prior: Prior | None
) -> Reading | None:
    """The line of the region whose baseline is the item's."""
    if item.base is None:
        return None
    bands = find_lines(image, item.dpi, item.hint)
    near = [band for band in bands if abs(band.base - item.base) < 0.5 * band.body]
    if not near:
        return None
    band = min(near, key=lambda found: abs(found.base - item.base))
    return read_lines(image, [band], reader, prior)[0]


def calibrate(args: argparse.Namespace, reader: LineReader) -> None:
    """Log loss and error of calibration at each temperature, on lines of the training fonts."""
    fonts = training_fonts(args.web_fonts, args.system_fonts, args.national_fonts)
    press = Press(load_words(args.words, args.places), fonts, CALIBRATION_SEED)
    samples = [sample for _ in range(200) for sample in press.block()][:600]
    for temperature in TEMPERATURES:
        reader.temperature = temperature
        readings = read_drawn(reader, [sample.image for sample in samples])
        pairs = zip(samples, readings, strict=True)
        sure = [
            one
            for sample, reading in pairs
            for one in judged(sample.text, reading.text, reading.characters)
        ]
        print(f"temperature {temperature} log loss {log_loss(sure):.5f} ECE {ece(sure):.4f}")


def judged(truth: str, text: str, characters: Sequence[float]) -> list[tuple[float, bool]]:
    """Confidence and correctness of each character read; spaces are left out."""
    right = np.zeros(len(text), bool)
    folded = "\n".join(fold(line) for line in truth.split("\n"))
    for op in Levenshtein.opcodes(folded, text):
        if op.tag == "equal":
            right[op.dest_start : op.dest_end] = True
    parts = zip(characters, right, text, strict=True)
    return [(sure, bool(ok)) for sure, ok, char in parts if not char.isspace()]


def print_reliability(name: str, sure: list[tuple[float, bool]]) -> None:
    """How often characters of each confidence are right."""
    values, right = np.array([s for s, _ in sure]), np.array([ok for _, ok in sure])
    print(f"{name}: log loss {log_loss(sure):.4f} ECE {ece(sure):.4f}")
    for low, high in pairwise(BINS):
        chosen = (values >= low) & (values < high)
        if chosen.any():
            told, found = 100 * values[chosen].mean(), 100 * right[chosen].mean()
            print(f"| {low} to {min(high, 1)} | {chosen.sum()} | {told:.2f} | {found:.2f} |")


def log_loss(sure: list[tuple[float, bool]]) -> float:
    return -sum(float(np.log(max(s if ok else 1 - s, 1e-6))) for s, ok in sure) / len(sure)


def ece(sure: list[tuple[float, bool]], bins: int = 15) -> float:
    """Expected calibration error."""
    values, right = np.array([s for s, _ in sure]), np.array([ok for _, ok in sure])
    slot = np.minimum((values * bins).astype(int), bins - 1)
    chosen = [slot == k for k in range(bins) if (slot == k).any()]
    return float(sum(m.mean() * abs(values[m].mean() - right[m].mean()) for m in chosen))


def main() -> None:
    cv2.setNumThreads(1)
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=("measure", "print", "calibrate"))
    parser.add_argument("--model", type=Path)
    parser.add_argument("--benchmark", type=Path)
    for name in ("words", "places", "web-fonts", "system-fonts", "national-fonts"):
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--words-known", action="store_true", help="read with the words' prior")
    parser.add_argument("--detail", type=int, default=0, help="print this many failures")
    args = parser.parse_args()
    reader = LineReader.load(args.model)
    if args.command == "calibrate":
        calibrate(args, reader)
    else:
        run = measure if args.command == "measure" else measure_print
        prior = reading_cost if args.words_known else None
        run(reader, load(args.benchmark), args.detail, prior)


if __name__ == "__main__":
    main()
