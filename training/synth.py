"""Synthetic scans of printed Thai lines: blocks of text are drawn, damaged and cut into lines.

A block is a few lines in one font, so that every cut line carries the marks of its neighbours, as
in a real scan.  Lines are cut relative to the *body* (the height of a plain consonant) and the
baseline: from TOP bodies above the baseline to BOTTOM bodies below it.  About half of the blocks
are cut by extract.lines itself, with the errors it makes; the others by their true place with
random errors.  Strokes of half of the blocks are bent, thickened or thinned: no font stays as
designed.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from fontTools.ttLib import TTFont
from PIL import Image, ImageDraw, ImageFont

from extract import lines as segment
from extract.lines import BOTTOM, TOP, Band, find_lines, take
from extract.recognise import normalise
from training.texts import ARABIC_DIGITS, THAI_DIGITS, TICK, Words, line, tidy

HELD_OUT = ("niramit", "norasi", "loma")
WEB_SHARES = {
    "sarabun": 14, "krub": 4, "taviraj": 3, "trirong": 3, "maitree": 3, "noto-serif-thai": 2.5,
    "noto-sans-thai-looped": 3, "ibm-plex-sans-thai-looped": 3, "bai-jamjuree": 1.2,
    "chakra-petch": 1.2, "k2d": 1.2, "koho": 1, "kodchasan": 1, "fahkwang": 1, "pridi": 1.2,
    "athiti": 0.6, "prompt": 0.8, "kanit": 0.8, "mitr": 0.6, "noto-sans-thai": 0.8,
    "ibm-plex-sans-thai": 0.6, "anuphan": 0.6, "mali": 0.4, "itim": 0.1, "sriracha": 0.1,
    "charm": 0.2, "charmonman": 0.1,
}  # fmt: skip
WEIGHT_SHARES = {"300": 0.08, "400": 0.56, "500": 0.08, "600": 0.06, "700": 0.22}
SYSTEM_SHARES = {
    "Laksaman": 6.5, "Laksaman-Bold": 3, "Laksaman-Italic": 0.6, "Laksaman-BoldItalic": 0.3,
    "Kinnari": 4, "Kinnari-Bold": 1.5, "Kinnari-Italic": 0.4, "Garuda": 3, "Garuda-Bold": 1.5,
    "Garuda-Oblique": 0.3, "Umpush": 3, "Umpush-Bold": 1.5, "Umpush-Light": 0.8, "Waree": 2,
    "Waree-Bold": 0.8, "ArundinaSans": 2.5, "ArundinaSans-Bold": 0.9, "ArundinaSerif": 2.5,
    "ArundinaSerif-Bold": 0.9, "ArundinaSansMono": 0.4, "TlwgTypo": 0.8, "TlwgTypist": 0.6,
    "TlwgTypewriter": 0.8, "TlwgMono": 0.5, "Purisa": 0.2, "Sawasdee": 0.5,
}  # fmt: skip
NATIONAL_SHARES = {  # the fonts that the government's letters have to be set in
    "THSarabun-Regular": 9.5, "THSarabun-Bold": 5.5, "THSarabun-Italic": 0.6,
    "THSarabun-Bold-Italic": 0.4, "THSarabunNew-Regular": 9.5, "THSarabunNew-Bold": 5.5,
    "THSarabunNew-Italic": 0.6, "THSarabunNew-BoldItalic": 0.4, "THKrub-Regular": 1,
    "THKrub-Bold": 0.5, "THK2DJuly8-Regular": 0.8, "THK2DJuly8-Bold": 0.4,
    "THChakraPetch-Regular": 0.8, "THChakraPetch-Bold": 0.4, "THFahkwang-Regular": 0.7,
    "THFahkwang-Bold": 0.3, "THKodchasal-Regular": 0.7, "THKodchasal-Bold": 0.3,
    "THKoHo-Regular": 0.7, "THKoHo-Bold": 0.3, "THBaijam-Regular": 0.7, "THBaijam-Bold": 0.3,
    "THMaliGrade6-Regular": 0.3,
}  # fmt: skip
SEGMENTED = 0.5  # share of blocks cut by extract.lines
SPREAD = 0.1  # share of blocks whose letters stand apart
BENT = 0.4  # share of blocks whose strokes are bent
RESTROKED = 0.3  # share of blocks whose strokes are made thicker or thinner
DAMAGES = {"clean": 12, "office": 48, "fax": 15, "scan": 14, "copy": 7, "bitonal": 4}
FIGURES = frozenset(ARABIC_DIGITS + THAI_DIGITS + ".,-–/%() ")


ROOT = "√"
CLUSTER = re.compile(".[ัิีึืฺุู็่้๊๋์ํ๎ำ]*")


@dataclass(frozen=True)
class Sample:
    """One training line: the normalised image (HEIGHT rows, uint8, ink bright) and its text."""

    image: np.ndarray
    text: str


@dataclass(frozen=True)
class Line:
    """Text and place of a line in its block: left, right, baseline, in pixels."""

    text: str
    left: float
    right: float
    base: float

    def scaled(self, across: float, down: float) -> Line:
        return Line(self.text, self.left * across, self.right * across, self.base * down)


@dataclass(frozen=True)
class Fonts:
    """Font files and the share of each."""

    paths: tuple[str, ...]
    shares: tuple[float, ...]


@lru_cache(maxsize=768)
def load_font(path: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.RAQM)


@lru_cache(maxsize=256)
def body_ratio(path: str) -> float:
    """Height of a plain consonant in ems."""
    return -load_font(path, 1000).getbbox("นมกอ", anchor="ls")[1] / 1000


@lru_cache(maxsize=256)
def signs(path: str) -> frozenset[int]:
    """The code points that a font draws."""
    return frozenset(TTFont(path, lazy=True).getBestCmap())


def printable(text: str, path: str) -> str:
    """The text without what the font lacks; a tick is drawn as the root sign, as typists do."""
    known = signs(path)
    kept = "".join(c for c in text if (0x221A if c == TICK else ord(c)) in known)
    return tidy(kept)


def training_fonts(web: Path, system: Path, national: Path) -> Fonts:
    """Paths and shares of the fonts to train on; the held-out families are refused."""
    found: list[tuple[Path, float]] = [
        (web / f"{family}-{weight}.ttf", share * part)
        for family, share in WEB_SHARES.items()
        for weight, part in WEIGHT_SHARES.items()
    ]
    found += [(system / f"{name}.ttf", share) for name, share in SYSTEM_SHARES.items()]
    found += [(national / f"{name}.ttf", share) for name, share in NATIONAL_SHARES.items()]
    found = [(path, share) for path, share in found if path.exists()]
    for path, _ in found:
        if any(name in path.name.lower() for name in HELD_OUT):
            raise ValueError(f"held-out font in the training set: {path.name}")
    return Fonts(tuple(str(path) for path, _ in found), tuple(share for _, share in found))


class Press:
    """Prints blocks of samples with one random generator."""

    def __init__(self, words: Words, fonts: Fonts, seed: int, longest: int = 60) -> None:
        self.words, self.fonts, self.longest = words, fonts, longest
        self.random = random.Random(seed)
        self.numbers = np.random.default_rng(seed)

    def block(self) -> list[Sample]:
        """Draw one block of lines, damage it, cut it."""
        r = self.random
        path = r.choices(self.fonts.paths, self.fonts.shares)[0]
        body = min(26.0, max(6.5, r.lognormvariate(2.5, 0.36)))
        drawn = max(13.0, body) if body < 20 else body
        page, lines = draw_block(r, self.words, path, drawn, self.longest)
        page = restroke(page, r)
        page = bend(page, drawn, r, self.numbers)
        page = rescale(page, body / drawn, r)
        lines = [item.scaled(body / drawn, body / drawn) for item in lines]
        page, lines = skew(page, lines, r)
        page = damage(page, body, some_damage(r), r, self.numbers)
        if r.random() < SEGMENTED:
            return segmented(page, lines, body, body_ratio(path), r)
        return [cut(page, item, body, r) for item in lines]


def draw_block(
    r: random.Random, words: Words, path: str, body: float, longest: int
) -> tuple[np.ndarray, list[Line]]:
    """Black text on white: 1 to 7 lines at a random spacing, sometimes ruled."""
    font = load_font(path, max(8, round(body / body_ratio(path))))
    body = body_ratio(path) * font.size
    count = r.choices((1, 2, 3, 5, 7), (3, 2, 2, 3, 3))[0]
    width = min(longest, max(2, int(r.lognormvariate(3.0, 0.6))))
    texts = [printable(line(words, r, max(1, length(r, width))), path) for _ in range(count)]
    apart = body * r.uniform(0.02, 0.3) if r.random() < SPREAD else 0.0
    lengths = [measured(text, font, apart) for text in texts]
    pitch = body * r.choice((r.uniform(1.9, 2.4), r.uniform(2.0, 3.4)))
    margin, widest = body * 2.2, max(lengths)
    size = (int(widest + 2 * margin) + 2, int(pitch * (count - 1) + body * 4.2))
    canvas = Image.new("L", size, 255)
    pen = ImageDraw.Draw(canvas)
    lines = [
        place(r, text, own, margin, widest, body * 2.7 + pitch * n)
        for n, (text, own) in enumerate(zip(texts, lengths, strict=True))
    ]
    for item in lines:
        typeset(pen, item, font, apart)
    underline(r, pen, lines, body)
    rules(r, pen, lines, body, canvas.size)
    return squeeze(np.asarray(canvas), lines, r)


def measured(text: str, font: ImageFont.FreeTypeFont, apart: float) -> float:
    """Width of a line in pixels, its letters `apart` pixels further from each other."""
    own = font.getlength(text.replace(TICK, ROOT))
    return own + apart * (len(CLUSTER.findall(text)) - 1)


def typeset(
    pen: ImageDraw.ImageDraw, item: Line, font: ImageFont.FreeTypeFont, apart: float
) -> None:
    """Write a line; where it is spread, as lines justified in the Thai way are, by clusters."""
    text = item.text.replace(TICK, ROOT)
    if text == ROOT and apart:
        handmade_tick(pen, item, font)
        return
    if not apart:
        pen.text((item.left, item.base), text, font=font, fill=0, anchor="ls")
        return
    x = item.left
    for cluster in CLUSTER.findall(text):
        pen.text((x, item.base), cluster, font=font, fill=0, anchor="ls")
        x += font.getlength(cluster) + apart


def handmade_tick(pen: ImageDraw.ImageDraw, item: Line, font: ImageFont.FreeTypeFont) -> None:
    """A tick as pens and symbol fonts make it, in the place of the root sign."""
    x, y, size = item.left, item.base, font.size * 0.35
    points = ((x, y - size * 0.6), (x + size * 0.35, y), (x + size * 1.1, y - size * 1.4))
    pen.line(points, fill=0, width=max(1, round(font.size * 0.05)), joint="curve")


def length(r: random.Random, width: int) -> int:
    return width + r.randint(-2, 2) if r.random() < 0.8 else r.randint(1, width)


def place(
    r: random.Random, text: str, own: float, margin: float, widest: float, base: float
) -> Line:
    shift = (widest - own) * r.choice((0, 0, 0.5, 1)) if widest > own else 0
    return Line(text, margin + shift, margin + shift + own, base)


def underline(r: random.Random, pen: ImageDraw.ImageDraw, lines: list[Line], body: float) -> None:
    if r.random() < 0.06:
        item = r.choice(lines)
        y = item.base + body * r.uniform(0.15, 0.35)
        pen.line((item.left, y, item.right, y), fill=0, width=max(1, round(body * 0.08)))


def rules(
    r: random.Random,
    pen: ImageDraw.ImageDraw,
    lines: list[Line],
    body: float,
    size: tuple[int, int],
) -> None:
    """Table rules near the text: left, right, above the first or below the last line."""
    width = max(1, round(body * r.uniform(0.05, 0.15)))
    shade = r.choice((0, 0, 90, 150))
    upright = (
        min(item.left for item in lines) - body * r.uniform(0.1, 1.0),
        max(item.right for item in lines) + body * r.uniform(0.1, 1.0),
    )
    level = (
        lines[0].base - body * r.uniform(1.8, 2.4),
        lines[-1].base + body * r.uniform(0.4, 1.1),
    )
    for x in upright:
        if r.random() < 0.2:
            pen.line((x, 0, x, size[1]), fill=shade, width=width)
    for y in level:
        if r.random() < 0.14:
            pen.line((0, y, size[0], y), fill=shade, width=width)


def squeeze(page: np.ndarray, lines: list[Line], r: random.Random) -> tuple[np.ndarray, list[Line]]:
    """Condense or widen the block, as word processors and other cuts of a font do."""
    if r.random() < 0.5:
        return page, lines
    factor = r.uniform(0.82, 1.16)
    size = (max(8, round(page.shape[1] * factor)), page.shape[0])
    page = cv2.resize(page, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR)
    return page, [item.scaled(factor, 1) for item in lines]


def restroke(page: np.ndarray, r: random.Random) -> np.ndarray:
    """Thicken or thin strokes by a part of a pixel, sometimes in one direction only."""
    if r.random() > RESTROKED:
        return page
    kernel = np.ones(r.choice(((2, 2), (1, 2), (2, 1), (1, 3), (3, 1))), np.uint8)
    change = cv2.erode if r.random() < 0.6 else cv2.dilate
    return cv2.addWeighted(change(page, kernel), part := r.uniform(0.2, 0.9), page, 1 - part, 0)


def bend(
    page: np.ndarray, body: float, r: random.Random, numbers: np.random.Generator
) -> np.ndarray:
    """Bend strokes and loops by a smooth random field: faces that no font file has."""
    if r.random() > BENT:
        return page
    height, width = page.shape
    knots = body * r.uniform(0.35, 1.2)
    shape = (max(2, int(height / knots) + 2), max(2, int(width / knots) + 2))
    reach = body * r.uniform(0.015, 0.055)
    moved = [
        cv2.resize(
            numbers.standard_normal(shape, np.float32) * reach, (width, height),
            interpolation=cv2.INTER_CUBIC,
        )
        for _ in range(2)
    ]  # fmt: skip
    across = moved[0] + np.arange(width, dtype=np.float32)[None]
    down = moved[1] + np.arange(height, dtype=np.float32)[:, None]
    return cv2.remap(page, across, down, cv2.INTER_LINEAR, borderValue=255)


def rescale(page: np.ndarray, factor: float, r: random.Random) -> np.ndarray:
    """Sample the block at its scan resolution, at a random place between the pixels."""
    if factor > 0.99:
        return page
    page = np.pad(page, ((0, r.randint(0, 1)), (0, r.randint(0, 1))), constant_values=255)
    size = (max(8, round(page.shape[1] * factor)), max(8, round(page.shape[0] * factor)))
    return cv2.resize(page, size, interpolation=cv2.INTER_AREA)


def skew(page: np.ndarray, lines: list[Line], r: random.Random) -> tuple[np.ndarray, list[Line]]:
    """A small rotation and slant; baselines are followed at the middle of each line."""
    if r.random() < 0.4:
        return page, lines
    height, width = page.shape
    angle = max(-0.7, min(0.7, r.gauss(0, 0.22)))
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1)
    matrix[0, 1] += r.gauss(0, 0.03)
    matrix[0, 2] -= matrix[0, 1] * height / 2
    matrix[:, 2] += np.array([r.uniform(-0.5, 0.5), r.uniform(-0.5, 0.5)])
    page = cv2.warpAffine(page, matrix, (width, height), borderValue=255)
    moved = []
    for item in lines:
        x, y = matrix @ np.array([(item.left + item.right) / 2, item.base, 1])
        half = (item.right - item.left) / 2
        moved.append(Line(item.text, float(x) - half, float(x) + half, float(y)))
    return page, moved


def some_damage(r: random.Random) -> str:
    return r.choices(tuple(DAMAGES), tuple(DAMAGES.values()))[0]


def damage(
    page: np.ndarray, body: float, kind: str, r: random.Random, numbers: np.random.Generator
) -> np.ndarray:
    """Clean, an office scan in grey or bitonal (fax), or something worse: see DAMAGES."""
    if kind == "clean":
        return straightened(page, r) if r.random() < 0.5 else page
    if kind == "office":
        return office(page, r, numbers)
    if kind == "fax":
        image = cv2.GaussianBlur(page, (0, 0), r.uniform(0.3, 0.75)).astype(np.float32)
        image += numbers.standard_normal(image.shape, np.float32) * r.uniform(0, 9)
        page = np.where(image < r.uniform(105, 195), 0, 255).astype(np.uint8)
        return straightened(page, r) if r.random() < 0.6 else page
    if body > 9 and r.random() < 0.13:
        change = cv2.erode if r.random() < 0.6 else cv2.dilate
        page = change(page, np.ones((2, 2), np.uint8))
    image: np.ndarray = page.astype(np.float32)
    if r.random() < 0.7 or kind == "bitonal":
        image = cv2.GaussianBlur(image, (0, 0), r.uniform(0.3, 0.9) * max(0.7, body / 12))
    if kind == "bitonal":
        return bitonal(image, r, numbers)
    image = toned(image, body, r, numbers)
    if kind == "copy":
        image = photocopied(image, r, numbers)
    grey = image.clip(0, 255).astype(np.uint8)
    return compressed(grey, r.randint(25, 85)) if r.random() < 0.5 else grey


def office(page: np.ndarray, r: random.Random, numbers: np.random.Generator) -> np.ndarray:
    """A page scanned askew in an office, kept as JPEG, and straightened by a cubic warp."""
    angle = r.gauss(0, 0.7) if r.random() < 0.6 else 0.0
    image = turned(page, angle, cv2.INTER_LINEAR) if angle else page
    image = cv2.GaussianBlur(image, (0, 0), r.uniform(0.3, 0.85)).astype(np.float32)
    if r.random() < 0.3:  # sharpened by the scanner
        soft = cv2.GaussianBlur(image, (0, 0), r.uniform(0.8, 1.6))
        image += (image - soft) * r.uniform(0.3, 1.2)
    dark, light = r.uniform(0, 95), r.uniform(200, 262)
    image = dark + image / 255 * (light - dark)
    if r.random() < 0.12:
        image = image + slope(image.shape[1], 18, r)[None] + slope(image.shape[0], 10, r)[:, None]
    image += numbers.standard_normal(image.shape, np.float32) * r.uniform(0, 5)
    grey = image.clip(0, 255).astype(np.uint8)
    if r.random() < 0.8:
        grey = compressed(grey, r.randint(40, 85))
    return turned(grey, -angle, cv2.INTER_CUBIC) if angle else straightened(grey, r)


def turned(page: np.ndarray, degrees: float, way: int) -> np.ndarray:
    """The page turned about its middle; what comes in from outside is paper."""
    height, width = page.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    paper = int(np.percentile(page, 90))
    return cv2.warpAffine(page, matrix, (width, height), flags=way, borderValue=paper)


def straightened(page: np.ndarray, r: random.Random) -> np.ndarray:
    """A cubic warp by next to nothing, as the straightening of a straight page is."""
    if r.random() < 0.5:
        return page
    height, width = page.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), r.gauss(0, 0.05), 1)
    matrix[:, 2] += np.array([r.uniform(-0.5, 0.5), r.uniform(-0.5, 0.5)])
    paper = int(np.percentile(page, 90))
    return cv2.warpAffine(page, matrix, (width, height), flags=cv2.INTER_CUBIC, borderValue=paper)


def compressed(grey: np.ndarray, quality: int) -> np.ndarray:
    """The image as JPEG leaves it."""
    coded = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE))


def toned(
    image: np.ndarray, body: float, r: random.Random, numbers: np.random.Generator
) -> np.ndarray:
    """Contrast, light, paper, bleed-through, stamps, noise."""
    if r.random() < 0.12:
        image = bled_through(image, body, r)
    if r.random() < 0.06:
        image = stamped(image, body, r)
    dark, light = (r.uniform(0, 110), r.uniform(170, 255)) if r.random() < 0.7 else (0.0, 255.0)
    image = dark + image / 255 * (light - dark)
    if r.random() < 0.25:
        image = image + slope(image.shape[1], 35, r)[None] + slope(image.shape[0], 20, r)[:, None]
    if r.random() < 0.7:
        image = image + numbers.standard_normal(image.shape, np.float32) * r.uniform(1, 11)
    if r.random() < 0.25:
        salt = numbers.random(image.shape, np.float32)
        share = r.uniform(0.0004, 0.003)
        image[salt < share] = 20
        image[salt > 1 - share] = 250
    return image


def bled_through(image: np.ndarray, body: float, r: random.Random) -> np.ndarray:
    """The back of the sheet shows, mirrored and faint."""
    mirrored = np.roll(image[:, ::-1], r.randint(0, image.shape[1]), 1)
    back = cv2.GaussianBlur(mirrored, (0, 0), 1.2 * max(0.7, body / 12))
    return np.minimum(image, 255 - (255 - back) * r.uniform(0.08, 0.28))


def stamped(image: np.ndarray, body: float, r: random.Random) -> np.ndarray:
    """A part of a round stamp over the text."""
    height, width = image.shape
    ring = np.full((height, width), 255, np.uint8)
    centre = (r.randint(0, width), r.randint(0, height))
    radius = r.randint(int(2 * body), int(6 * body))
    thick = max(1, int(body * r.uniform(0.1, 0.3)))
    cv2.circle(ring, centre, radius, r.randint(100, 190), thick, cv2.LINE_AA)
    return np.minimum(image, ring)


def slope(count: int, most: float, r: random.Random) -> np.ndarray:
    return np.linspace(r.uniform(-most, most), r.uniform(-most, most), count, dtype=np.float32)


def photocopied(image: np.ndarray, r: random.Random, numbers: np.random.Generator) -> np.ndarray:
    """Steep contrast and ragged, thickened or thinned strokes."""
    grain = cv2.GaussianBlur(numbers.standard_normal(image.shape, np.float32), (0, 0), 0.8)
    low, high = np.percentile(image, 1), np.percentile(image, 85)
    middle = low + (high - low) * r.uniform(0.4, 0.72)
    image = image + grain * r.uniform(10, 40) - middle
    return (image * r.uniform(2, 6) + 128).clip(0, 255)


def bitonal(image: np.ndarray, r: random.Random, numbers: np.random.Generator) -> np.ndarray:
    """A one-bit scan, as fax (CCITT) files hold."""
    image = image + numbers.standard_normal(image.shape, np.float32) * r.uniform(2, 22)
    darkest = float(np.percentile(image, 1))
    level = darkest + (255 - darkest) * r.uniform(0.42, 0.78)
    return np.where(image < level, 0, 255).astype(np.uint8)


def cut(page: np.ndarray, item: Line, body: float, r: random.Random) -> Sample:
    """Cut a line at its true place with errors of place and size.

    A line of figures has no consonant to be measured by, so its size errs most.
    """
    size = body * (r.uniform(0.92, 1.08) if r.random() < 0.7 else r.uniform(0.78, 1.2))
    if FIGURES.issuperset(item.text):
        size *= r.uniform(0.82, 1.18)
    size += r.triangular(-0.8, 2.0, 0.3)
    base = item.base + body * r.gauss(0, 0.05) + r.uniform(-0.4, 0.8)
    top, bottom = base - TOP * size, base + BOTTOM * size
    if r.random() < 0.15:
        top, bottom = top + body * r.uniform(0, 0.25), bottom - body * r.uniform(0, 0.2)
    left, right = item.left - side(body, r), item.right + side(body, r)
    image = take(page, round(left), round(top), round(right), round(bottom))
    return Sample(pack(normalise(image)), item.text)


def side(body: float, r: random.Random) -> float:
    return body * (r.uniform(0.08, 0.5) if r.random() < 0.8 else r.uniform(0.5, 1.8))


def segmented(
    page: np.ndarray, lines: Sequence[Line], body: float, ratio: float, r: random.Random
) -> list[Sample]:
    """Lines as they are cut at run time from a cell around the block, at a size that is read there.

    A line that it misses, or finds in two pieces, is cut at its true place.
    """
    left = max(0, round(min(item.left for item in lines) - body * r.uniform(0.2, 2.2)))
    right = round(max(item.right for item in lines) + body * r.uniform(0.2, 2.2))
    top = max(0, round(lines[0].base - body * r.uniform(1.8, 2.7)))
    bottom = round(lines[-1].base + body * r.uniform(0.6, 1.5))
    cell = np.ascontiguousarray(page[top:bottom, left:right])
    points = r.choice((9, 10, 11, 12, 14, 16, 18))
    dpi = min(400.0, max(120.0, body / ratio / points * 72))
    bands = find_lines(cell, dpi, hinted(body, r))
    return [
        taken(cell, near, item, r) if near else cut(page, item, body, r)
        for item in lines
        for near in [nearest(bands, item, left, top, body)]
    ]


def hinted(body: float, r: random.Random) -> float | None:
    """The body that the rest of the page suggests; most often near to the truth."""
    if r.random() < 0.08:
        return None
    error = r.gauss(0, 0.05) if r.random() < 0.8 else r.uniform(-0.2, 0.25)
    return (body + segment.GROWTH) * (1 + error)


def nearest(bands: list[Band], item: Line, left: int, top: int, body: float) -> Band | None:
    """The band that holds the line: its baseline near and both ends covered."""
    for band in bands:
        low = abs(band.base + top - item.base) < 0.4 * body
        ends = band.left + left - item.left, item.right - band.right - left
        if low and max(ends) < 0.3 * body and min(ends) > -2.5 * body:
            return band if 0.6 < band.body / body < 1.6 else None
    return None


def taken(cell: np.ndarray, band: Band, item: Line, r: random.Random) -> Sample:
    scale = r.choice((1.0, 1.0, 1.0, 0.88, 1.12, r.uniform(0.85, 1.15)))
    image = segment.cut(cell, replace(band, body=band.body * scale))
    return Sample(pack(normalise(image)), item.text)


def pack(image: np.ndarray) -> np.ndarray:
    """Normalised floats to bytes, for memory and transport."""
    return (image * 160 + 48).clip(0, 255).astype(np.uint8)


def unpack(image: np.ndarray) -> np.ndarray:
    return (image.astype(np.float32) - 48) / 160
