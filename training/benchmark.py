"""Draw a benchmark once and keep it in a file, so that every checkpoint is measured on the same.

    python -m training.benchmark synthetic --words FOLDER --places FOLDER --web-fonts FOLDER \\
        --system-fonts FOLDER --out frozen.npz
    python -m training.benchmark print --documents FOLDER --out print.npz

`synthetic` holds lines and table cells in the fonts that were never trained on, and in three that
were.  `print` holds lines of exported PDFs, drawn at 150, 200 and 300 dpi in the fonts that Word
embedded (TH Sarabun, Angsana, Browallia); their text layers are the truth for letters and digits
only, since they lose and reorder marks.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw

from extract.lines import page_hint
from training.synth import (
    HELD_OUT,
    ROOT,
    Fonts,
    Press,
    body_ratio,
    damage,
    load_font,
    printable,
    some_damage,
)
from training.texts import TICK, Words, digits, line, load_words, maybe_thai, register_code, to_thai

LINES = 400  # a font
SEED = 4711  # of the lines; the cells take their seed from the name of the font
SHEETS = 4  # a font and resolution
WEB = ("niramit-400", "niramit-700", "sarabun-400", "sarabun-700")
SYSTEM = ("Norasi", "Norasi-Bold", "Loma", "Loma-Bold", "Laksaman")
NATIONAL = ("THNiramitAS-Regular", "THNiramitAS-Bold", "THSarabun-Bold", "THSarabunNew-Regular")
LARGER = ("sarabun", "Laksaman", "Norasi", "TH")  # drawn small in their em, so set in larger sizes


@dataclass(frozen=True)
class Item:
    """One image: a normalised line (`kind` is "line") or a grey region, with its text."""

    font: str
    kind: str
    truth: str  # lines parted by \\n
    dpi: int = 0
    hint: float | None = None
    base: float | None = None  # of the one line to be read, in pixels of the region
    damage: str = ""

    @property
    def held_out(self) -> bool:
        return any(name in self.font.lower() for name in HELD_OUT)


Drawn = tuple[Item, np.ndarray]


def save(drawn: Iterable[Drawn], target: Path) -> int:
    """All images one after the other, their shapes and their items; returns the count."""
    pairs = list(drawn)
    np.savez_compressed(
        target,
        pixels=np.concatenate([image.ravel() for _, image in pairs]),
        shapes=np.array([image.shape for _, image in pairs]),
        items=np.array(json.dumps([asdict(item) for item, _ in pairs], ensure_ascii=False)),
    )
    return len(pairs)


def load(source: Path) -> list[Drawn]:
    with np.load(source) as kept:
        items = [Item(**fields) for fields in json.loads(str(kept["items"]))]
        pixels, shapes = kept["pixels"], kept["shapes"]
    ends = np.cumsum(shapes[:, 0] * shapes[:, 1])
    images = np.split(pixels, ends[:-1])
    return [
        (item, image.reshape(shape))
        for item, image, shape in zip(items, images, shapes, strict=True)
    ]


def amount(r: random.Random) -> str:
    forms = (
        f"{r.uniform(10**3, 10**8):,.2f}",
        f"{r.randint(10**3, 10**8):,}",
        f"{r.randint(10**3, 10**8):,}.00",
        f"{r.uniform(0, 100):.2f}",
        f"{r.randint(0, 999)}",
    )
    return r.choice(forms)


def long_string(r: random.Random) -> str:
    return maybe_thai(r, r.choice((register_code(r), digits(r, 6, 16))), 0.5)


CELLS: tuple[tuple[str, int, Callable[[random.Random], str]], ...] = (
    ("dash", 2, lambda r: r.choice("---–")),
    ("code", 2, lambda r: r.choice("ieo") + maybe_thai(r, str(r.randint(1, 43)), 0.75)),
    ("thai number", 3, lambda r: to_thai(amount(r))),
    ("number", 3, amount),
    ("string", 2, long_string),
)


def sheet(words: Words, path: str, r: random.Random) -> Iterator[tuple[str, list[str]]]:
    """Kind and lines of the cells of one sheet: six of text, twelve of one figure."""
    for _ in range(6):
        count = r.choice((1, 2, 2, 3, 4))
        yield "text", [printable(line(words, r, r.randint(10, 42)), path) for _ in range(count)]
    for kind, count, draw in CELLS:
        for _ in range(count):
            yield kind, [draw(r)]


def region(
    path: str,
    pixels: float,
    lines: list[str],
    kind: str,
    r: random.Random,
    numbers: np.random.Generator,
) -> np.ndarray:
    """A damaged cell with rests of its rules at the edges; type of `pixels` an em."""
    twice = 1 if pixels > 50 else 2
    font = load_font(path, round(pixels * twice))
    body = body_ratio(path) * font.size
    pitch, widest = (
        body * r.uniform(2.3, 3.0),
        max(font.getlength(text.replace(TICK, ROOT)) for text in lines),
    )
    left, right = body * r.uniform(0.3, 3), body * r.uniform(0.3, 3)
    top, bottom = body * r.uniform(2.4, 3.6), body * r.uniform(0.7, 1.6)
    size = (int(left + widest + right) + 1, int(top + pitch * (len(lines) - 1) + bottom))
    image = Image.new("L", size, 255)
    pen = ImageDraw.Draw(image)
    for number, text in enumerate(lines):
        spare = widest - font.getlength(text)
        at = (left + spare * r.choice((0, 0.5, 1)), top + pitch * number)
        pen.text(at, text, font=font, fill=0, anchor="ls")
    x, y = size[0] - 1, size[1] - 1
    for ends in ((0, 0, 0, y), (x, 0, x, y), (0, 0, x, 0), (0, y, x, y)):
        if r.random() < 0.12:
            pen.line(ends, fill=0, width=max(1, round(body * 0.1)))
    page = np.asarray(image)
    if twice == 2:
        half = (max(8, round(size[0] / 2)), max(8, round(size[1] / 2)))
        page = cv2.resize(page, half, interpolation=cv2.INTER_AREA)
    return damage(page, body / twice, kind, r, numbers)


def font_cells(words: Words, name: str, path: str) -> Iterator[Drawn]:
    r = random.Random(name)
    numbers = np.random.default_rng(len(name))
    for dpi in (150, 200, 300) * SHEETS:
        points = r.choice((10, 11, 12, 14, 16)) * (1.25 if name.startswith(LARGER) else 1)
        drawn = [
            (kind, lines, harm, region(path, points / 72 * dpi, lines, harm, r, numbers))
            for kind, lines in sheet(words, path, r)
            for harm in [some_damage(r)]
        ]
        hint = page_hint([image for kind, _, _, image in drawn if kind == "text"], dpi)
        for kind, lines, harm, image in drawn:
            yield Item(name, kind, "\n".join(lines), dpi, hint, None, harm), image


def font_lines(words: Words, name: str, path: str) -> Iterator[Drawn]:
    press = Press(words, Fonts((path,), (1.0,)), SEED)
    made = 0
    while made < LINES:
        for sample in press.block()[: LINES - made]:
            made += 1
            yield Item(name, "line", sample.text), sample.image


def synthetic(args: argparse.Namespace) -> Iterator[Drawn]:
    words = load_words(args.words, args.places)
    files = [args.web_fonts / f"{name}.ttf" for name in WEB]
    files += [args.system_fonts / f"{name}.ttf" for name in SYSTEM]
    files += [args.national_fonts / f"{name}.ttf" for name in NATIONAL]
    for file in files:
        yield from font_lines(words, file.stem, str(file))
        yield from font_cells(words, file.stem, str(file))


def printed(args: argparse.Namespace) -> Iterator[Drawn]:
    import pdfplumber  # only this command reads PDFs

    for file in sorted(args.documents.glob("*.pdf")):
        with pdfplumber.open(file) as document:
            for page in document.pages[:4]:
                runs = list(text_runs(page))
                for dpi in (150, 200, 300) if is_thai(runs) else ():
                    image = np.asarray(page.to_image(resolution=dpi).original.convert("L"))
                    hint = page_hint([image], dpi)
                    for run in runs:
                        yield run_crop(run, float(page.height), image, dpi, hint)


def is_thai(runs: list[list[dict]]) -> bool:
    """False for short pages and for the layers that an OCR without Thai left behind."""
    letters = [char["text"] for run in runs for char in run]
    return len(letters) > 80 and sum("ก" <= letter <= "๛" for letter in letters) > len(letters) / 4


def baseline(char: dict) -> float:
    return float(char["matrix"][5])


def text_runs(page) -> Iterator[list[dict]]:  # type: ignore[no-untyped-def]  # pdfplumber
    """Characters of one baseline, parted where a gap is wider than an em."""
    kept = [c for c in page.chars if c["upright"] and c["size"] > 6 and c["text"].strip()]
    for _, row in groupby(sorted(kept, key=baseline), key=lambda c: round(baseline(c) / 2)):
        run: list[dict] = []
        for char in sorted(row, key=lambda c: c["x0"]):
            if run and char["x0"] - max(c["x1"] for c in run[-3:]) > char["size"]:
                yield run
                run = []
            run.append(char)
        yield run


def run_crop(
    run: list[dict], height: float, image: np.ndarray, dpi: int, hint: float | None
) -> Drawn:
    size, scale = max(c["size"] for c in run), dpi / 72
    base = height - baseline(run[0])
    left, right = min(c["x0"] for c in run), max(c["x1"] for c in run)
    x0, x1 = max(0, int((left - size / 4) * scale)), int((right + size / 4) * scale)
    y0, y1 = max(0, int((base - 0.95 * size) * scale)), int((base + 0.42 * size) * scale)
    font = run[0]["fontname"].split("+")[-1].split(",")[0].strip("'")
    item = Item(font, "print", "".join(c["text"] for c in run), dpi, hint, base * scale - y0)
    return item, np.ascontiguousarray(image[y0 : max(y1, y0 + 8), x0 : max(x1, x0 + 8)])


def main() -> None:
    cv2.setNumThreads(1)
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=("synthetic", "print"))
    for name in ("words", "places", "web-fonts", "system-fonts", "national-fonts", "documents"):
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    print(save(synthetic(args) if args.command == "synthetic" else printed(args), args.out))


if __name__ == "__main__":
    main()
