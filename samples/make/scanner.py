"""The scanned twin of an exported report: each page printed, handled, scanned and filed.

python samples/make/scanner.py IN.pdf TRUTH.json --out DIR --profile worn --dpi 200 --seed 1
python samples/make/scanner.py --list                       names the profiles

Writes DIR/NAME.pdf (or .tif, .png, .jpg) and DIR/truth/NAME.json. Every step stands for something
that happens to paper: toner spreads at 600 dpi, the sheet is filed, stamped and written on, lies
askew under the lens, is sampled line by line, and its pixels are coded. Lengths are in millimetres
or micrometres of the sheet, so that a profile means the same at any resolution.
"""

from __future__ import annotations

import argparse
import io
import json
import math
import random
import re
import struct
import subprocess
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pikepdf
import pypdfium2
from PIL import Image, ImageDraw, ImageFont

PRESS = 600  # dpi at which pages are printed
MICRON = PRESS / 25400  # press pixels in a micrometre
Range = tuple[float, float]
Pixels = np.ndarray
NONE: Range = (0.0, 0.0)


@dataclass(frozen=True)
class Profile:
    """What befell a paper and how it was scanned; ranges are drawn from, shares are chances."""

    # the print
    toner: Range = (-8, 14)  # micrometres by which edges move outwards
    ragged: Range = (3, 8)  # micrometres by which edges wander
    voids: Range = NONE  # share of solid ink without toner
    rules: str = ""  # faint | broken | rows-only | none
    enlarged: float = 1.0  # sheet over page
    copies: int = 0  # photocopies of copies before the scan
    # the sheet
    texture: Range = (0.5, 1.5)  # grey levels
    bleed: Range = NONE  # share of the back's ink that shows
    stains: tuple[int, int] = (0, 0)
    age: Range = NONE  # share by which the edges are darker
    specks: Range = (0, 30)  # toner dust, a sheet
    punched: float = 0.0
    stapled: float = 0.0
    stamp: bool = False
    signature: bool = False
    writing: bool = False
    # on the glass
    skew: Range = (-0.4, 0.4)  # degrees
    curl: Range = NONE  # millimetres
    lid: Range = (238, 255)  # grey of what lies behind the sheet
    sideways: tuple[int, ...] = ()  # quarter turns of the image, none in the file
    rotate: tuple[int, ...] = ()  # quarter turns of the image that /Rotate undoes
    # the scanner
    blur: Range = (28, 48)  # micrometres, standard deviation of the lens
    jitter: Range = (0, 6)  # micrometres from line to line
    lamp: Range = (0.0, 0.04)  # share of light lost at the sides
    columns: Range = (0.0, 0.004)  # spread of the sensors' gains
    streaks: float = 0.0
    noise: Range = (1.0, 2.5)  # grey levels
    sharpen: Range = (0.0, 0.5)
    black: Range = (15, 50)  # grey of full ink
    white: Range = (232, 250)  # grey of bare paper
    color: bool = False
    # the file
    bitonal: str = ""  # otsu | sauvola | fixed
    coding: str = "jpeg"  # jpeg | flate | g4 | jbig2
    quality: Range = (60, 85)
    strips: tuple[int, int] = (1, 1)
    layer: str = ""  # latin | controls | codepage
    exported: bool = False  # every other page stays as the exporter wrote it


CLEAN = Profile(
    toner=(-3, 6), ragged=(1, 3), texture=(0.2, 0.6), specks=(0, 3), skew=(-0.15, 0.15),
    blur=(24, 34), jitter=(0, 2), lamp=(0.0, 0.01), noise=(0.3, 1.0), sharpen=(0.0, 0.2),
    black=(5, 25), white=(244, 254), quality=(80, 92),
)  # fmt: skip
OFFICE = Profile()
WORN = Profile(
    toner=(-18, 26), ragged=(5, 14), voids=(0.0, 0.02), texture=(1.0, 2.5), bleed=(0.0, 0.06),
    stains=(0, 2), age=(0.0, 0.06), specks=(20, 160), punched=0.3, stapled=0.3,
    skew=(-1.2, 1.2), curl=(0.0, 0.8), lid=(190, 255), blur=(40, 70), jitter=(4, 16),
    lamp=(0.03, 0.14), columns=(0.001, 0.008), streaks=0.25, noise=(2.0, 6.0),
    sharpen=(0.0, 0.9), black=(35, 85), white=(200, 242), quality=(35, 65),
)  # fmt: skip
FAX = replace(
    WORN, bitonal="fixed", coding="g4", bleed=NONE, lamp=(0.0, 0.06), stains=(0, 1),
    noise=(3.0, 10.0), curl=(0.0, 0.4),
)  # fmt: skip
FLATBED = replace(
    OFFICE, toner=(-20, 8), voids=(0.0, 0.01), texture=(1.0, 2.0), bleed=(0.02, 0.06),
    skew=(-0.9, 0.9), curl=(0.0, 0.5), lid=(225, 245), blur=(45, 62), lamp=(0.02, 0.08),
    noise=(1.5, 4.0), sharpen=NONE, black=(40, 75), white=(214, 236), color=True,
    quality=(45, 75), stains=(0, 1), specks=(5, 60), punched=0.3,
)  # fmt: skip
FEEDER = replace(
    OFFICE, toner=(0, 24), ragged=(4, 11), bleed=(0.0, 0.04), specks=(10, 100), skew=(-1.0, 1.0),
    lid=(246, 255), blur=(32, 52), jitter=(8, 20), columns=(0.003, 0.01), streaks=0.35,
    noise=(2.0, 5.0), sharpen=(0.6, 1.2), black=(20, 60), white=(236, 252), quality=(40, 60),
    punched=0.2, stapled=0.3,
)  # fmt: skip
PROFILES: dict[str, Profile] = {
    "clean": CLEAN,
    "office": OFFICE,
    "worn": WORN,
    "whitened": replace(OFFICE, white=(272, 284), sharpen=(0.0, 0.2)),
    "flatbed": FLATBED,
    "feeder": FEEDER,
    "copied": replace(FEEDER, copies=1, streaks=0.1),
    "fax": FAX,
    "otsu": replace(OFFICE, bitonal="otsu", coding="g4"),
    "sauvola": replace(WORN, bitonal="sauvola", coding="jbig2"),
    "jpeg30": replace(OFFICE, quality=(30, 32)),
    "thin": replace(OFFICE, toner=(-34, -26), ragged=(8, 14), voids=(0.02, 0.05)),
    "thick": replace(OFFICE, toner=(34, 46), ragged=(6, 12)),
    "soft": replace(OFFICE, blur=(95, 115)),
    "noisy": replace(OFFICE, noise=(11, 14), specks=(300, 500)),
    "dim": replace(OFFICE, lamp=(0.3, 0.4), black=(40, 60), white=(215, 230)),
    "pale": replace(OFFICE, black=(125, 150), white=(235, 250)),
    "skew3": replace(OFFICE, skew=(2.6, 3.0)),
    "curl": replace(OFFICE, curl=(2.0, 3.0)),
    "rotated": replace(OFFICE, rotate=(1, 2, 3)),
    "upside-down": replace(OFFICE, sideways=(2,)),
    "sideways": replace(OFFICE, sideways=(1, 3)),
    "sliced": replace(OFFICE, strips=(4, 160)),
    "stamp": replace(OFFICE, stamp=True, signature=True, color=True),
    "bleed": replace(OFFICE, bleed=(0.14, 0.2)),
    "stains": replace(OFFICE, stains=(4, 6), age=(0.1, 0.2), color=True),
    "punch": replace(OFFICE, punched=1.0, stapled=1.0),
    "streaks": replace(OFFICE, streaks=1.0),
    "faint-rules": replace(OFFICE, rules="faint"),
    "broken-rules": replace(OFFICE, rules="broken"),
    "rows-only": replace(OFFICE, rules="rows-only"),
    "no-rules": replace(OFFICE, rules="none"),
    "margin-writing": replace(OFFICE, writing=True, color=True),
    "layer-latin": replace(OFFICE, layer="latin"),
    "layer-controls": replace(OFFICE, layer="controls"),
    "layer-codepage": replace(OFFICE, layer="codepage"),
    "mixed": replace(OFFICE, exported=True),
    "a3": replace(OFFICE, enlarged=math.sqrt(2)),
    "reduced": replace(OFFICE, enlarged=0.8),
    "low150": WORN,  # to be scanned at 150 dpi
}


@dataclass(frozen=True)
class Chance:
    """The two generators of one page, so that a page does not depend on those before it."""

    pick: random.Random
    field: np.random.Generator

    def between(self, span: Range) -> float:
        return self.pick.uniform(*span)

    def happens(self, share: float) -> bool:
        return self.pick.random() < share


def chance(*seeds: int | str) -> Chance:
    pick = random.Random(repr(seeds))
    return Chance(pick, np.random.default_rng(pick.getrandbits(64)))


# ------------------------------------------------------------------ fields of chance
def smooth_field(shape: tuple[int, int], grain: float, c: Chance) -> Pixels:
    """A random surface of standard deviation 1 whose bumps are `grain` pixels wide."""
    small = max(3, round(shape[0] / grain) + 3), max(3, round(shape[1] / grain) + 3)
    knots = c.field.standard_normal(small, np.float32)
    surface = cv2.resize(knots, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return surface / (float(surface.std()) + 1e-6)


def grain_field(shape: tuple[int, int], sigma: Range, c: Chance) -> Pixels:
    """Fine random grain, longer in one direction; a tile of it, mirrored, covers a sheet."""
    tile = c.field.standard_normal((1024, 1024), np.float32)
    tile = cv2.GaussianBlur(tile, (0, 0), sigmaX=sigma[0], sigmaY=sigma[1])
    tile /= float(tile.std())
    again = (shape[0] // 1024 + 1, shape[1] // 1024 + 1)
    rows = [np.hstack([tile[:, :: (-1) ** x] for x in range(again[1])])]
    sheet = np.vstack([rows[0][:: (-1) ** y] for y in range(again[0])])
    return np.ascontiguousarray(sheet[: shape[0], : shape[1]])


# ------------------------------------------------------------------ the print
def print_page(page: pypdfium2.PdfPage, profile: Profile, c: Chance) -> Pixels:
    """The share of ink, 0 to 1, on a sheet of PRESS dpi."""
    scale = PRESS / 72 * profile.enlarged
    grey = page.render(scale=scale, grayscale=True).to_numpy()
    grey = np.ascontiguousarray(grey.reshape(grey.shape[:2]))
    ink = spread_toner(1 - grey.astype(np.float32) / 255, profile, c)
    ink = worn_rules(ink, grey, profile.rules, c)
    for _ in range(profile.copies):
        seen = cv2.GaussianBlur(ink, (0, 0), c.between((45, 65)) * MICRON)
        ink = spread_toner(scatter_specks(seen, 60, c), profile, c)
    return ink


def rule_masks(grey: Pixels) -> tuple[Pixels, Pixels]:
    """Where horizontal and vertical rules are: ink that runs on for 12 mm, at most 1 mm thick."""
    ink = (grey < 128).astype(np.uint8)
    long = round(12 * 1000 * MICRON)
    thick = round(1000 * MICRON)
    masks = []
    for shape in ((long, 1), (1, long)):
        run = cv2.morphologyEx(ink, cv2.MORPH_OPEN, cv2.getStructuringElement(0, shape))
        across = cv2.getStructuringElement(0, (1, thick) if shape[1] == 1 else (thick, 1))
        run &= ~cv2.morphologyEx(run, cv2.MORPH_OPEN, across)
        masks.append(cv2.dilate(run, np.ones((3, 3), np.uint8)).astype(bool))
    return masks[0], masks[1]


def worn_rules(ink: Pixels, grey: Pixels, how: str, c: Chance) -> Pixels:
    """The sheet with its rules printed faintly, with gaps, only between rows, or not at all."""
    if not how:
        return ink
    level, upright = rule_masks(grey)
    if how == "faint":
        ink[level | upright] *= c.between((0.22, 0.4))
    elif how == "broken":
        worn = smooth_field(ink.shape[:2], c.between((500, 900)) * MICRON, c) > 1.4
        ink[(level | upright) & worn] = 0
    elif how == "rows-only":
        ink[upright & ~level] = 0
    else:
        ink[level | upright] = 0
    return ink


def spread_toner(ink: Pixels, profile: Profile, c: Chance) -> Pixels:
    """Toner melts: edges move by a part of a pixel, wander, and solid ink has pinholes.

    The edge is a level line of the softened page, so that moving the level moves the edge.
    """
    soft = 1.3
    ink = cv2.GaussianBlur(ink, (0, 0), soft)
    slope = 1 / (soft * math.sqrt(2 * math.pi))
    level = 0.5 - c.between(profile.toner) * MICRON * slope
    wander = grain_field(ink.shape[:2], (2.5, 2.5), c)
    wander *= c.between(profile.ragged) * MICRON * slope
    ink = ((ink - level - wander) / (slope * 1.2) + 0.5).clip(0, 1)
    share = c.between(profile.voids)
    if share:
        holes = grain_field(ink.shape[:2], (1.8, 1.8), c)
        ink *= 1 - (holes > np.quantile(holes[:1024, :1024], 1 - share)) * c.between((0.4, 0.9))
    return ink


# ------------------------------------------------------------------ the sheet
def bleed_through(ink: Pixels, back: Pixels, share: float) -> Pixels:
    """Ink of the other side, mirrored, spread by the paper it shows through."""
    mirrored = cv2.resize(back[:, ::-1], (ink.shape[1], ink.shape[0]))
    mirrored = cv2.GaussianBlur(mirrored, (0, 0), 160 * MICRON)
    return 1 - (1 - ink) * (1 - mirrored * share)


def scatter_specks(ink: Pixels, count: int, c: Chance) -> Pixels:
    """Toner dust: dots of 40 to 200 micrometres, most of them small."""
    for _ in range(count):
        x, y = c.pick.randrange(ink.shape[1]), c.pick.randrange(ink.shape[0])
        radius = max(1, round((20 + 80 * c.pick.random() ** 3) * MICRON))
        cv2.circle(ink, (x, y), radius, c.between((0.3, 1.0)), -1, cv2.LINE_AA)
    return ink


# ------------------------------------------------------------------ on the glass
def sample_lines(ink: Pixels, dpi: int, profile: Profile, askew: float, c: Chance) -> Pixels:
    """The sheet under the lens, sampled line by line; -1 where the lid shows.

    Lens and pixel aperture together are one blur; then each sensor takes the point of the sheet
    that lies above it, where skew, curl and the carriage's uneven pace have brought it.
    """
    pitch = PRESS / dpi
    aperture = math.sqrt((c.between(profile.blur) * MICRON) ** 2 + pitch**2 / 12)
    seen = cv2.GaussianBlur(ink, (0, 0), aperture)
    high, wide = round(ink.shape[0] / pitch), round(ink.shape[1] / pitch)
    across = np.arange(wide, dtype=np.float32)[None] * pitch + (pitch - 1) / 2
    down = np.arange(high, dtype=np.float32)[:, None] * pitch + (pitch - 1) / 2
    unsteady = c.between(profile.jitter) * MICRON
    shake = cv2.GaussianBlur(c.field.standard_normal((high, 1), np.float32), (1, 5), 0.9)
    pace = smooth_field((high, 1), 40, c) * unsteady * 1.5
    across = across + shake * unsteady
    down = down + pace
    middle = ink.shape[1] / 2, ink.shape[0] / 2
    turn = math.radians(askew)
    moved = c.between((-1, 1)) * 1000 * MICRON, c.between((-1, 1)) * 1000 * MICRON
    off_x, off_y = across - middle[0] - moved[0], down - middle[1] - moved[1]
    x = off_x * math.cos(turn) - off_y * math.sin(turn) + middle[0]
    y = off_x * math.sin(turn) + off_y * math.cos(turn) + middle[1]
    lifted = c.between(profile.curl) * 1000 * MICRON
    if lifted:
        wave = 2 * math.pi * c.between((0.4, 0.9)) / ink.shape[1]
        phase = c.between((0, 6.28))
        y = y + lifted * np.sin(x * wave + phase) * (0.4 + 0.6 * y / ink.shape[0])
        x = x + lifted * 0.3 * np.sin(y * wave + phase)
    taken = cv2.remap(
        seen, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT, borderValue=-1,
    )  # fmt: skip
    return np.where(taken < -0.01, -1, taken.clip(0, 1))


def expose(sample: Pixels, dpi: int, profile: Profile, c: Chance) -> Pixels:
    """Grey levels: paper and ink under an uneven lamp, read by sensors of unequal gain."""
    shape = sample.shape[:2]
    black, white = c.between(profile.black), c.between(profile.white)
    lid = sample < 0
    paper = white + grain_field(shape, (0.9, 0.6), c) * c.between(profile.texture)
    paper += smooth_field(shape, dpi / 8, c) * c.between(profile.texture) * 0.5
    high, wide = shape
    edge = np.minimum(np.arange(wide), np.arange(wide)[::-1])[None] / dpi
    edge = np.minimum(edge, np.minimum(np.arange(high), np.arange(high)[::-1])[:, None] / dpi)
    paper *= 1 - c.between(profile.age) * np.exp(-edge / 0.8)
    paper = stain(paper, c.pick.randint(*profile.stains), dpi, c)
    grey = paper - sample.clip(0, 1) * (paper - black)
    grey[lid] = c.between(profile.lid)
    place = np.linspace(-1, 1, wide, dtype=np.float32)[None] - c.between((-0.4, 0.4))
    light = 1 - c.between(profile.lamp) * (place**2)
    light = light * (1 - c.between(profile.lamp) * 0.5 * np.linspace(0, 1, high)[:, None])
    gains = 1 + c.field.standard_normal((1, wide), np.float32) * c.between(profile.columns)
    grey = (grey * light * gains).astype(np.float32)
    if c.happens(profile.streaks):
        for _ in range(c.pick.randint(1, 3)):
            at, width = c.pick.randrange(wide), max(1, round(dpi / 200 * c.between((0.6, 2))))
            grey[:, at : at + width] *= c.between((0.55, 0.9))
    return grey


def stain(paper: Pixels, count: int, dpi: int, c: Chance) -> Pixels:
    """Rings and blots of something drunk: darkest at their rim, of no regular shape."""
    high, wide = paper.shape[:2]
    for _ in range(count):
        radius = c.between((8, 40)) / 25.4 * dpi
        x0, y0 = c.pick.randrange(wide), c.pick.randrange(high)
        box = (
            slice(max(0, int(y0 - 2 * radius)), int(y0 + 2 * radius)),
            slice(max(0, int(x0 - 2 * radius)), int(x0 + 2 * radius)),
        )
        part = paper[box]
        if min(part.shape) < 8:
            continue
        y, x = np.mgrid[box[0].start : box[0].start + part.shape[0],
                        box[1].start : box[1].start + part.shape[1]]  # fmt: skip
        reach = np.hypot(x - x0, (y - y0) * c.between((0.8, 1.2))) / radius
        reach = reach + smooth_field(part.shape, radius / 1.4, c) * 0.05
        reach = reach + smooth_field(part.shape, radius / 4, c) * 0.012
        rim = np.exp(-(((reach - 1) / c.between((0.03, 0.08))) ** 2))
        inside = 1 / (1 + np.exp((reach - 1) * 25))
        deep = c.between((0.05, 0.2))
        part *= 1 - deep * rim - deep * 0.35 * inside
    return paper


# ------------------------------------------------------------------ what people add
def inked(grey: Pixels, dpi: int, profile: Profile, hand: str, c: Chance) -> Pixels:
    """The page as RGB where it is scanned in colour, with stamp, signature and handwriting."""
    size = (grey.shape[1] * 2, grey.shape[0] * 2)
    over = Image.new("RGB", size, "white")
    unit = dpi * 2 / 25.4  # pixels of the overlay in a millimetre
    dark = np.flatnonzero((grey < 128).mean(axis=1) > 0.01) * 2
    printed = (int(dark[0]), int(dark[-1])) if dark.size else (0, size[1])
    if profile.stamp:
        stamp_seal(over, unit, printed, c)
    if profile.signature:
        sign(over, unit, printed, c)
    if profile.writing:
        write_margin(over, unit, hand, c)
    through = cv2.resize(np.asarray(over), grey.shape[1::-1], interpolation=cv2.INTER_AREA)
    if not profile.color:
        return grey * (cv2.cvtColor(through, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255)
    yellow = c.between((0.0, 0.05))
    tint = np.array([1.0, 1.0 - yellow * 0.4, 1.0 - yellow], np.float32)
    return grey[..., None] * tint * (through.astype(np.float32) / 255)


def stamp_seal(over: Image.Image, unit: float, printed: tuple[int, int], c: Chance) -> None:
    """A round seal in red or blue, pressed unevenly, over what is printed; sometimes a box too."""
    red = (205, 45, 60)
    blue = (50, 70, 175)
    for shape in ("seal", *(("box",) if c.happens(0.5) else ())):
        colour = c.pick.choice((red, blue))
        half = round(c.between((14, 19)) * unit)
        tile = Image.new("L", (2 * half, 2 * half), 0)
        pen = ImageDraw.Draw(tile)
        line = round(0.7 * unit)
        if shape == "seal":
            pen.ellipse((line, line, 2 * half - line, 2 * half - line), outline=255, width=line)
            inner = round(half * 0.62)
            pen.ellipse(
                (half - inner, half - inner, half + inner, half + inner), outline=255,
                width=line // 2,
            )  # fmt: skip
            for k in range(36):  # the ring of letters, as strokes
                a = 2 * math.pi * k / 36 + c.between((-0.03, 0.03))
                r0, r1 = half * c.between((0.68, 0.72)), half * c.between((0.8, 0.9))
                ends = [(half + r * math.cos(a), half + r * math.sin(a)) for r in (r0, r1)]
                pen.line((*ends[0], *ends[1]), fill=255, width=max(1, line // 2))
            scribble = [
                (half + half * 0.5 * math.sin(3 * t), half + half * 0.5 * math.cos(4.3 * t))
                for t in np.linspace(0, 5, 60)
            ]
            pen.line(scribble, fill=255, width=line // 2)
        else:
            pen.rectangle(
                (line, half // 2, 2 * half - line, 3 * half // 2), outline=255, width=line
            )
            for k in (0.8, 1.05, 1.3):
                pen.line((half * 0.3, half * k, half * 1.7, half * k), fill=255, width=line // 2)
        tile = tile.rotate(c.between((-25, 25)), Image.Resampling.BICUBIC)
        press = smooth_field((2 * half, 2 * half), 3 * unit, c) * 0.22 + c.between((0.6, 0.85))
        weight = np.asarray(tile, np.float32) / 255 * press.clip(0.1, 1)
        at = (
            c.pick.randrange(max(1, over.width // 8), max(2, over.width * 7 // 8 - 2 * half)),
            c.pick.randint(printed[0], max(printed[0], printed[1] - 2 * half)),
        )
        press_on(over, weight, colour, at)


def press_on(
    over: Image.Image, weight: Pixels, colour: tuple[int, ...], at: tuple[int, int]
) -> None:
    """Ink lets through its own colour, the more the thinner it lies."""
    box = (*at, at[0] + weight.shape[1], at[1] + weight.shape[0])
    under = np.asarray(over.crop(box), np.float32)
    ink = np.array(colour, np.float32) / 255
    lets = 1 - weight[..., None] * (1 - ink)
    over.paste(Image.fromarray((under * lets).astype(np.uint8)), at)


def sign(over: Image.Image, unit: float, printed: tuple[int, int], c: Chance) -> None:
    """A signature: one pen, loops that lean and run to the right, a stroke beneath."""
    size = round(45 * unit), round(18 * unit)
    tile = Image.new("L", size, 0)
    pen = ImageDraw.Draw(tile)
    t = np.linspace(0, 1, 220)
    loops = c.pick.randint(4, 7)
    y = sum(c.between((0.1, 0.35)) * np.sin(2 * math.pi * (loops * k * t + c.pick.random()))
            for k in (1, 1.7))  # fmt: skip
    x = 0.06 + 0.8 * t + 0.06 * np.sin(2 * math.pi * loops * t)
    points = list(zip(x * size[0], (0.45 + 0.6 * y) * size[1], strict=True))
    pen.line(points, fill=230, width=max(2, round(0.5 * unit)), joint="curve")
    pen.line((size[0] * 0.2, size[1] * 0.9, size[0] * 0.9, size[1] * 0.78), fill=230,
             width=max(2, round(0.4 * unit)))  # fmt: skip
    at = (
        c.pick.randrange(max(1, over.width - size[0])),
        c.pick.randint(printed[0], max(printed[0], printed[1] - size[1] // 2)),
    )
    colour = c.pick.choice(((35, 50, 150), (30, 30, 40)))
    press_on(over, np.asarray(tile, np.float32) / 255, colour, at)


NOTES = ("ตรวจแล้ว", "แก้ไขข้อ ๒", "ดูหน้า ๕", "ทราบ ดำเนินการ", "สำเนาถูกต้อง", "เรียน ปลัดฯ", "๑๒ มี.ค. ๖๙")


def write_margin(over: Image.Image, unit: float, hand: str, c: Chance) -> None:
    """Notes by hand in the margins: one beside the table, upright or turned, one above or below."""
    for side in ("beside", "end"):
        font = ImageFont.truetype(hand, round(c.between((6.0, 8.5)) * unit))
        text = c.pick.choice(NOTES)
        wide, high = round(font.getlength(text) + 4 * unit), round(11 * unit)
        tile = Image.new("L", (wide, high), 0)
        ImageDraw.Draw(tile).text((2 * unit, high * 0.7), text, 255, font, "ls",
                                  stroke_width=round(0.1 * unit))  # fmt: skip
        shape = (high, wide)
        x = np.arange(wide, dtype=np.float32)[None] + smooth_field(shape, 5 * unit, c) * 0.35 * unit
        y = np.arange(high, dtype=np.float32)[:, None]
        y = y + smooth_field(shape, 6 * unit, c) * 0.5 * unit
        wobbly = cv2.remap(np.asarray(tile), x, y, cv2.INTER_LINEAR)
        shaky = Image.fromarray(wobbly).rotate(
            c.between((-5, 5)) + (90 if side == "beside" else 0), Image.Resampling.BICUBIC, True
        )
        if side == "beside":
            left = c.pick.choice((unit, over.width - shaky.width - unit))
            low = over.height // 6
            at = (int(left), c.pick.randrange(low, over.height - low - shaky.height))
        else:
            top = c.pick.choice((unit, over.height - shaky.height - unit))
            at = (c.pick.randrange(over.width // 8, over.width * 7 // 8 - shaky.width), int(top))
        weight = np.asarray(shaky, np.float32) / 255 * c.between((0.75, 0.95))
        press_on(over, weight, c.pick.choice(((40, 60, 160), (45, 45, 50))), at)


def filed(image: Pixels, dpi: int, profile: Profile, c: Chance) -> Pixels:
    """Punch holes at the left, through which the lid shows, and a staple with its shadow."""
    image = image.copy()
    unit = dpi / 25.4
    high = image.shape[0]
    if c.happens(profile.punched):
        x = c.between((9, 12)) * unit
        shade = c.between((25, 60)) if c.happens(0.6) else c.between((170, 250))
        for y in (high / 2 - 40 * unit, high / 2 + 40 * unit):
            spot = (round(x), round(y + c.between((-2, 2)) * unit))
            dark = (max(0, shade - 60),) * 3
            cv2.circle(image, spot, round(2.9 * unit), dark, -1, cv2.LINE_AA)
            inner = (spot[0] + round(0.3 * unit), spot[1] + round(0.3 * unit))
            cv2.circle(image, inner, round(2.6 * unit), (shade,) * 3, -1, cv2.LINE_AA)
    if c.happens(profile.stapled):
        x, y = c.between((6, 11)) * unit, c.between((6, 11)) * unit
        lean = c.between((-0.9, -0.5))
        reach = 5.5 * unit
        ends = [
            (round(x + k * reach * math.cos(lean)), round(y + k * reach * math.sin(lean)))
            for k in (-1, 1)
        ]
        veil = np.ones(image.shape[:2], np.float32)
        below = [(a + round(0.8 * unit), b + round(0.9 * unit)) for a, b in ends]
        cv2.line(veil, below[0], below[1], 0.6, round(1.4 * unit), cv2.LINE_AA)
        veil = cv2.GaussianBlur(veil, (0, 0), 0.7 * unit)
        image *= veil if image.ndim == 2 else veil[..., None]
        cv2.line(image, ends[0], ends[1], (70,) * 3, max(1, round(0.5 * unit)), cv2.LINE_AA)
    return image


# ------------------------------------------------------------------ the scanner's electronics
def develop(image: Pixels, profile: Profile, c: Chance) -> Pixels:
    """Noise that grows with light, and the sharpening that office scanners do, as whole levels."""
    strength = c.between(profile.noise)
    level = strength * (0.5 + 0.5 * np.sqrt(image.clip(0, 255) / 255))
    image = image + c.field.standard_normal(image.shape, np.float32) * level
    amount = c.between(profile.sharpen)
    if amount:
        image = image + amount * (image - cv2.GaussianBlur(image, (0, 0), 1.2))
    return image.clip(0, 255).round().astype(np.uint8)


def threshold(grey: Pixels, how: str, dpi: int, c: Chance) -> Pixels:
    """One bit a pixel, True for white."""
    if how == "otsu":
        return cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[1] > 0
    if how == "fixed":
        return grey > c.between((120, 165))
    window = round(dpi / 6) | 1
    real = grey.astype(np.float32)
    mean = cv2.blur(real, (window, window))
    spread = np.sqrt((cv2.blur(real * real, (window, window)) - mean * mean).clip(0))
    return real > mean * (1 + c.between((0.15, 0.25)) * (spread / 128 - 1))


# ------------------------------------------------------------------ coding
@dataclass(frozen=True)
class Sheet:
    """A scanned page: pixels as stored, the quarter turns that /Rotate makes, the layer's lines."""

    pixels: Pixels  # uint8 grey or RGB, or bool
    turns: int
    lines: tuple[bytes, ...]
    strips: int
    quality: int


def group4(white: Pixels) -> bytes:
    """CCITT Group 4 data of a bitonal image, all in one strip."""
    held = io.BytesIO()
    Image.fromarray(~white).save(held, "TIFF", compression="group4", tiffinfo={278: len(white)})
    held.seek(0)
    with Image.open(held) as tiff:
        start, count = tiff.tag_v2[273][0], tiff.tag_v2[279][0]
    return held.getvalue()[start : start + count]


def jbig2(white: Pixels) -> bytes:
    """A JBIG2 page of one generic region, whose MMR coding is that of Group 4."""
    high, wide = white.shape
    data = group4(white)

    def segment(number: int, kind: int, body: bytes) -> bytes:
        return struct.pack(">IBBBI", number, kind, 0, 1, len(body)) + body

    page = struct.pack(">IIIIBH", wide, high, 0, 0, 0, 0)
    region = struct.pack(">IIIIBB", wide, high, 0, 0, 0, 1) + data
    return segment(0, 48, page) + segment(1, 38, region)


def image_object(pdf: pikepdf.Pdf, pixels: Pixels, coding: str, quality: int) -> pikepdf.Object:
    high, wide = pixels.shape[:2]
    one_bit = pixels.dtype == bool
    color = pixels.ndim == 3
    entries: dict[str, Any] = {
        "/Type": pikepdf.Name.XObject, "/Subtype": pikepdf.Name.Image, "/Width": wide,
        "/Height": high, "/BitsPerComponent": 1 if one_bit else 8,
        "/ColorSpace": pikepdf.Name.DeviceRGB if color else pikepdf.Name.DeviceGray,
    }  # fmt: skip
    if one_bit and coding == "g4":
        body = group4(pixels)
        entries["/Filter"] = pikepdf.Name.CCITTFaxDecode
        entries["/DecodeParms"] = pikepdf.Dictionary(K=-1, Columns=wide, Rows=high)
    elif one_bit and coding == "jbig2":
        body = jbig2(pixels)
        entries["/Filter"] = pikepdf.Name.JBIG2Decode
    elif one_bit:
        return pikepdf.Stream(pdf, np.packbits(pixels, axis=1).tobytes(), entries)
    elif coding == "jpeg":
        body = jpeg(pixels, quality)
        entries["/Filter"] = pikepdf.Name.DCTDecode
    else:
        return pikepdf.Stream(pdf, pixels.tobytes(), entries)
    return pikepdf.Stream(pdf, body, entries)


def jpeg(pixels: Pixels, quality: int) -> bytes:
    held = io.BytesIO()
    Image.fromarray(pixels).save(held, "JPEG", quality=quality, optimize=True)
    return held.getvalue()


def add_page(pdf: pikepdf.Pdf, sheet: Sheet, dpi: int, coding: str) -> None:
    high, wide = sheet.pixels.shape[:2]
    box = (wide * 72 / dpi, high * 72 / dpi)
    cuts = np.linspace(0, high, sheet.strips + 1).round().astype(int)
    images, drawn = pikepdf.Dictionary(), []
    for k, (top, bottom) in enumerate(pairwise(cuts)):
        if top == bottom:
            continue
        part = np.ascontiguousarray(sheet.pixels[top:bottom])
        images[f"/Im{k}"] = pdf.make_indirect(image_object(pdf, part, coding, sheet.quality))
        y, tall = (high - bottom) * 72 / dpi, (bottom - top) * 72 / dpi
        drawn.append(f"q {box[0]:.3f} 0 0 {tall:.3f} 0 {y:.3f} cm /Im{k} Do Q")
    resources = pikepdf.Dictionary(XObject=images)
    content = "\n".join(drawn).encode()
    if sheet.lines:
        font = pikepdf.Dictionary(
            Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica,
            Encoding=pikepdf.Name.WinAnsiEncoding,
        )  # fmt: skip
        resources["/Font"] = pikepdf.Dictionary(F0=font)
        step = (box[1] - 60) / max(24, len(sheet.lines))
        for k, line in enumerate(sheet.lines):
            y = box[1] - 30 - step * k
            shown = b"".join(b"%02x" % byte for byte in line)
            content += b"\nBT /F0 8 Tf 3 Tr 40 %.1f Td <%s> Tj ET" % (y, shown)
    page = pikepdf.Dictionary(
        Type=pikepdf.Name.Page, MediaBox=[0, 0, *(round(v, 3) for v in box)], Resources=resources,
        Contents=pdf.make_stream(content),
    )  # fmt: skip
    if sheet.turns:
        page["/Rotate"] = 90 * sheet.turns
    pdf.pages.append(pikepdf.Page(page))


def garbage(how: str, texts: list[str], c: Chance) -> tuple[bytes, ...]:
    """The lines of a text layer that says nothing of the page: what engines without Thai write."""
    if how == "codepage":
        lines = re.findall("[^\n]{1,70}", "\n".join(texts))
        return tuple(line.encode("cp874", "replace") for line in lines[:60])
    if how == "latin":
        letters = "nlffiflL5UW1UO9J:~lJ1tlflU5ti1'1.fl~lJ'i,;1uaa8eeggVmwwn"
        return tuple(
            " ".join(
                "".join(c.pick.choices(letters, k=c.pick.randint(2, 11)))
                for _ in range(c.pick.randint(5, 12))
            ).encode("cp1252")
            for _ in range(c.pick.randint(25, 45))
        )
    if how == "controls":
        return tuple(
            bytes(c.pick.choice((*range(1, 9), *range(14, 31), 32)) for _ in range(60))
            for _ in range(30)
        )
    return ()


# ------------------------------------------------------------------ a document
def scan_page(
    source: pypdfium2.PdfDocument, index: int, texts: list[str], profile: Profile, dpi: int,
    hand: str, seed: int,
) -> Sheet:  # fmt: skip
    """Page `index` (0 is the first) of the source as a scanner stores it."""
    c = chance(seed, index)
    ink = print_page(source[index], profile, c)
    share = c.between(profile.bleed)
    if share > 0.005:
        other = index ^ 1 if index ^ 1 < len(source) else index
        ink = bleed_through(ink, print_page(source[other], replace(profile, rules=""), c), share)
    ink = scatter_specks(ink, round(c.between(profile.specks)), c)
    askew = c.between(profile.skew) * (c.pick.choice((-1, 1)) if profile.skew[0] > 0 else 1)
    image = expose(sample_lines(ink, dpi, profile, askew, c), dpi, profile, c)
    if profile.stamp or profile.signature or profile.writing or profile.color:
        image = inked(image, dpi, profile, hand, c)
    pixels = develop(filed(image, dpi, profile, c), profile, c)
    if profile.bitonal:
        grey = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
        pixels = threshold(grey, profile.bitonal, dpi, c)
    turns = c.pick.choice(profile.rotate) if profile.rotate else 0
    lying = c.pick.choice(profile.sideways) if profile.sideways else 0
    pixels = np.ascontiguousarray(np.rot90(pixels, turns + lying))
    return Sheet(
        pixels, turns, garbage(profile.layer, texts, c), c.pick.randint(*profile.strips),
        round(c.between(profile.quality)),
    )  # fmt: skip


def device(profile: Profile, seed: int) -> Profile:
    """One scanner of the profile: what belongs to the device and its settings is drawn once."""
    c = chance(seed, "device")
    fixed = {}
    for name in ("blur", "lamp", "columns", "noise", "sharpen", "black", "white", "quality"):
        low, high = getattr(profile, name)
        at = c.between((low, high))
        near = (high - low) * 0.08
        fixed[name] = (max(low, at - near), min(high, at + near))
    return replace(profile, **fixed)


def write_pdf(target: Path, sheets: dict[int, Sheet], source: Path, dpi: int, coding: str) -> None:
    """The sheets as pages; a page without a sheet is taken from the source as it is."""
    with pikepdf.new() as pdf, pikepdf.open(source) as exported:
        for index, sheet in sheets.items():
            if sheet.pixels.size:
                add_page(pdf, sheet, dpi, coding)
            else:
                pdf.pages.append(exported.pages[index])
        pdf.save(target, deterministic_id=True, compress_streams=True)


def write_images(target: Path, sheets: dict[int, Sheet], dpi: int) -> None:
    """A TIFF of all pages; PNG and JPEG hold one."""
    pages = [Image.fromarray(sheet.pixels) for sheet in sheets.values()]
    first = next(iter(sheets.values()))
    if target.suffix == ".tif":
        coding = "group4" if first.pixels.dtype == bool else "tiff_adobe_deflate"
        pages[0].save(
            target, save_all=True, append_images=pages[1:], dpi=(dpi, dpi), compression=coding
        )
        return
    if len(pages) != 1:
        raise SystemExit(f"{target.name}: {len(pages)} pages, but this format holds one: --pages N")
    options = {"quality": first.quality} if target.suffix == ".jpg" else {}
    pages[0].save(target, dpi=(dpi, dpi), **options)


def twin_truth(truth: dict[str, Any], name: str, pages: list[int]) -> dict[str, Any]:
    """The truth of the scan: its name, kind, and only the pages (1 is the first) that were scanned.

    A row that also stands on a page left out is only looked for. An image in the exported report is
    no more unreadable than the rest of a scan.
    """
    new = {page: at for at, page in enumerate(pages, 1)}
    rows = []
    for row in truth["rows"]:
        if not new.keys() & row["pages"]:
            continue
        whole = set(row["pages"]) <= new.keys()
        if not whole and row["pages"][0] not in new:
            continue
        kept = {**row, "pages": [new[p] for p in row["pages"] if p in new]}
        rows.append(kept if whole else {**kept, "skip": ["*", "pages"]})
    findings, tolerated = [], list(truth["tolerated"])
    for finding in truth["findings"]:
        if finding["check"] == "page-unreadable":
            tolerated.append({"check": "page-without-table", "pages": finding["pages"]})
        elif not finding["pages"] or set(finding["pages"]) <= new.keys():
            findings.append({**finding, "pages": [new[p] for p in finding["pages"]]})
    moved = []
    for item in tolerated:
        if "pages" in item:
            item = {**item, "pages": [new[p] for p in item["pages"] if p in new]}
            if not item["pages"]:
                continue
        moved.append(item)
    moved += [{"check": check} for check in ("low-confidence", "page-without-table")]
    if len(pages) < max((p for row in truth["rows"] for p in row["pages"]), default=0):
        moved.append({"check": "indicator-missing"})
    cells = [{**c, "page": new[c["page"]]} for c in truth["cells"] if c["page"] in new]
    return {
        **truth, "document": name, "kind": "scan", "clean": not findings, "rows": rows,
        "findings": findings, "tolerated": moved, "cells": cells,
    }  # fmt: skip


def page_list(text: str, count: int) -> list[int]:
    """`1-3,5` as pages of a document of `count` pages; all where nothing is asked."""
    if not text:
        return list(range(1, count + 1))
    pages: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        pages += range(int(first), int(last or first) + 1)
    return [p for p in pages if p <= count]


def find_hand() -> str:
    """A font that looks written by hand, as fontconfig knows it."""
    asked = ["fc-match", "-f", "%{file}", "Sriracha,Charmonman,Purisa"]
    return subprocess.run(asked, check=True, capture_output=True, text=True).stdout


def scan(
    source: Path, truth: Path, out: Path, truth_dir: Path, *, profile: str, dpi: int, seed: int,
    name: str, suffix: str, pages: str, hand: str, most: int = 0,
) -> Path:  # fmt: skip
    """Write the scanned twin and its truth; `most` is an upper bound of JPEG quality."""
    told = json.loads(truth.read_text("utf-8"))
    chosen = device(PROFILES[profile], seed)
    if most:
        chosen = replace(chosen, quality=(most, most))
    document = pypdfium2.PdfDocument(source)
    wanted = page_list(pages, len(document))
    written = out / (name + suffix)
    sheets = {}
    for page in wanted:
        if chosen.exported and page % 2:
            sheets[page - 1] = Sheet(np.zeros((0, 0), np.uint8), 0, (), 1, 0)
            continue
        texts = [cell["text"] for cell in told["cells"] if cell["page"] == page]
        sheets[page - 1] = scan_page(document, page - 1, texts, chosen, dpi, hand, seed)
    document.close()
    out.mkdir(parents=True, exist_ok=True)
    truth_dir.mkdir(parents=True, exist_ok=True)
    if suffix == ".pdf":
        write_pdf(written, sheets, source, dpi, chosen.coding)
    else:
        write_images(written, sheets, dpi)
    line = json.dumps(twin_truth(told, written.name, wanted), ensure_ascii=False, indent=1)
    (truth_dir / (name + ".json")).write_text(line + "\n", "utf-8")
    return written


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("source", type=Path, nargs="?", metavar="IN.pdf")
    parser.add_argument("truth", type=Path, nargs="?", metavar="TRUTH.json")
    parser.add_argument("--out", type=Path, default=Path())
    parser.add_argument("--truth-dir", type=Path, help="OUT/truth unless told")
    parser.add_argument("--profile", choices=PROFILES, default="office")
    parser.add_argument("--dpi", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pages", default="", help="1-3,5: pages of the source; all unless told")
    parser.add_argument("--as", dest="suffix", choices=("pdf", "tif", "png", "jpg"), default="pdf")
    parser.add_argument(
        "--name", help="of the files written; made of source, profile, dpi and seed"
    )
    parser.add_argument("--quality", type=int, default=0, help="of JPEG, in place of the profile's")
    parser.add_argument("--hand", default="", metavar="FONT.ttf", help="font of handwriting")
    parser.add_argument("--list", action="store_true", help="name the profiles")
    asked = parser.parse_args()
    if asked.list:
        print("\n".join(PROFILES))
        return
    if not asked.source or not asked.truth:
        parser.error("IN.pdf and TRUTH.json are needed")
    cv2.setNumThreads(1)
    name = asked.name or f"{asked.source.stem}-{asked.profile}-{asked.dpi}-{asked.seed}"
    written = scan(
        asked.source, asked.truth, asked.out, asked.truth_dir or asked.out / "truth",
        profile=asked.profile, dpi=asked.dpi, seed=asked.seed, name=re.sub(r"[^\w.-]", "-", name),
        suffix="." + asked.suffix, pages=asked.pages, hand=asked.hand or find_hand(),
        most=asked.quality,
    )  # fmt: skip
    print(written)


if __name__ == "__main__":
    main()
