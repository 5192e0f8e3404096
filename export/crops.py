"""Pictures of the places that findings are about, cut from the pages as they lie on paper."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from audit.model import RANK, Finding, Place
from extract.errors import ReportError
from extract.model import Box, Frame, Grey, Picture
from normalize.model import CellValue

CROP_DPI, PAGE_DPI = 145.0, 60.0
"""Pixels an inch of a cell's picture, and of the small one of a whole page."""
FINER = 1.3
"""So many pixels stand for one of the page, for screens that show more."""
PLACES, PAGES = 3, 2
"""So many cells are shown for a finding; or so many pages, where it names none."""
MOST_CROPS, MOST_BYTES = 150, 1_000_000
"""Of one document, the worst findings first."""
AROUND_POINTS = 12.0
QUALITY = 38
"""Of WebP: letters of 10 points stay legible, for 6 KB a cell."""
MOST_SIDE = 2400
FADED = 0.45
"""How much of the ink around a cell is left."""

Key = tuple[int, int | None, int | None]
"""Page, row and column of a cell; without row and column the page."""
PictureOf = Callable[[int], Picture | None]
"""Draws a page; None where there is none to draw. May raise a ReportError."""


@dataclass(frozen=True, slots=True)
class Crop:
    """A picture (WebP) of one cell and a little around it, or of a whole page."""

    page: int
    row: int | None
    """None for a whole page."""
    column: int | None
    width: int
    """As it is shown; the picture has FINER times as many pixels."""
    height: int
    content: bytes

    @property
    def key(self) -> Key:
        return (self.page, self.row, self.column)


class Wanted(NamedTuple):
    """What is to be cut: a cell's box, or all of the page."""

    key: Key
    box: Box | None


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Errors before warnings before notes, and what is settled last; else as they came."""
    return sorted(findings, key=lambda f: (f.decided, RANK[f.severity]))


def keys_of(finding: Finding, boxed: Iterable[Place] | Mapping[Place, object]) -> tuple[Key, ...]:
    """The cells that are shown of a finding, or the pages where none of its cells has a place."""
    places = tuple(place for place in dict.fromkeys(finding.places) if place in boxed)
    if places:
        return spread(places)
    return tuple((page, None, None) for page in finding.pages[:PAGES])


def spread(places: Sequence[Place]) -> tuple[Key, ...]:
    """A few of many places: the first of each page before others of one page.

    >>> spread((Place(1, 0, 0), Place(1, 1, 0), Place(2, 0, 0), Place(3, 0, 0)))
    ((1, 0, 0), (2, 0, 0), (3, 0, 0))
    """
    first = list({place.page: place for place in reversed(places)}.values())[::-1]
    rest = [p for p in places if p not in first]
    return tuple((p.page, p.row, p.column) for p in [*first, *rest][:PLACES])


def wanted_of(findings: Iterable[Finding], cells: Iterable[CellValue]) -> list[Wanted]:
    """What findings show, each once, the worst finding's first."""
    boxes = {Place(c.page, c.row, c.column): c.box for c in cells if c.box is not None}
    wanted: dict[Key, Box | None] = {}
    for finding in worst_first(findings):
        for key in keys_of(finding, boxes):
            page, row, column = key
            known = row is not None and column is not None
            wanted[key] = boxes[Place(page, row or 0, column or 0)] if known else None
    return [Wanted(key, box) for key, box in wanted.items()][:MOST_CROPS]


def cut_crops(
    findings: Sequence[Finding],
    cells: Sequence[CellValue],
    frames: Mapping[int, Frame | None],
    picture_of: PictureOf,
) -> tuple[Crop, ...]:
    """The pictures of one document's findings; each page is drawn once at the most.

    `frames` tells of pages that lie turned; their pictures are upright. A page that cannot be
    drawn has none.
    """
    wanted = wanted_of(findings, cells)
    rank = {one.key: number for number, one in enumerate(wanted)}
    by_page: dict[int, list[Wanted]] = defaultdict(list)
    for one in wanted:
        by_page[one.key[0]].append(one)
    crops: list[Crop] = []
    for page, here in sorted(by_page.items()):
        try:
            picture = picture_of(page)
        except ReportError:
            continue
        if picture is not None:
            crops += cut_page(picture, frames.get(page), here)
    kept, size = [], 0
    for crop in sorted(crops, key=lambda crop: rank[crop.key]):
        size += len(crop.content)
        if size <= MOST_BYTES:
            kept.append(crop)
    return tuple(kept)


def cut_page(picture: Picture, frame: Frame | None, wanted: Iterable[Wanted]) -> Iterator[Crop]:
    """The pictures of one page."""
    grey, dpi = smaller(picture.grey, picture.dpi, CROP_DPI)
    if grey.ndim == 3:
        grey = np.asarray(cv2.cvtColor(grey, cv2.COLOR_BGR2GRAY), np.uint8)
    quarters = quarters_of(frame)
    for (page, row, column), box in wanted:
        if box is None:
            part = smaller(grey, dpi, PAGE_DPI)[0]
        else:
            found = cut(grey, dpi, box)
            if found is None:
                continue
            part = found
        part = np.ascontiguousarray(np.rot90(part, quarters))
        height, width = (max(1, round(side / FINER)) for side in part.shape)
        done, encoded = cv2.imencode(".webp", part, [cv2.IMWRITE_WEBP_QUALITY, QUALITY])
        if done:
            yield Crop(page, row, column, width, height, encoded.tobytes())


def smaller(grey: Grey, dpi: float, wanted: float) -> tuple[Grey, float]:
    """The picture at the resolution wanted, or at its own where that is less; never a huge one."""
    longest = max(grey.shape[:2])
    factor = min(1.0, wanted / dpi, MOST_SIDE * wanted / CROP_DPI / longest)
    if factor >= 1:
        return grey, dpi
    height, width = (max(1, round(side * factor)) for side in grey.shape[:2])
    return np.asarray(cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA)), dpi * factor


def cut(grey: Grey, dpi: float, box: Box) -> Grey | None:
    """A cell framed, with what is around it paler; None where the box lies outside of the page."""
    scale, (height, width) = dpi / 72, grey.shape[:2]
    around = AROUND_POINTS * scale
    if not all(map(math.isfinite, box)):
        return None
    x0, y0, x1, y1 = (side * scale for side in box)
    left, top = max(0, int(x0 - around)), max(0, int(y0 - around))
    right, bottom = min(width, math.ceil(x1 + around)), min(height, math.ceil(y1 + around))
    if right - left < 4 or bottom - top < 4:
        return None
    part = grey[top:bottom, left:right]
    pale = (255 - (255 - part) * FADED).astype(np.uint8)
    inner = (
        slice(max(0, int(y0) - top), max(0, math.ceil(y1) - top)),
        slice(max(0, int(x0) - left), max(0, math.ceil(x1) - left)),
    )
    pale[inner] = part[inner]
    corners = (
        (int(max(x0 - left, -9)), int(max(y0 - top, -9))),
        (math.ceil(min(x1, right + 9) - left), math.ceil(min(y1, bottom + 9) - top)),
    )
    return np.asarray(cv2.rectangle(pale, *corners, 0, 2), np.uint8)


def quarters_of(frame: Frame | None) -> int:
    """How often a page that lies turned is turned by a quarter, counter-clockwise, to be read.

    >>> quarters_of(None), quarters_of((1, 0, 0, 0, 1, 0)), quarters_of((-1, 0, 9, 0, -1, 9))
    (0, 0, 2)
    >>> quarters_of((0, -1, 9, 1, 0, 0))
    1
    """
    if frame is None:
        return 0
    a, _, _, d, _, _ = frame
    return round(math.degrees(math.atan2(d, a)) / 90) % 4
