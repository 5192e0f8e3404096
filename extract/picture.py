"""Pages as pictures: loaded, turned upright, straightened, cleaned as far as they need it.

Pictures are grey, dark ink on light paper, one byte a pixel; angles are degrees, counter-clockwise.
"""

import struct
import warnings
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from itertools import count
from math import isfinite
from typing import NamedTuple

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.TiffImagePlugin import TiffImageFile

from extract.errors import Unreadable
from extract.model import Frame, Grey, Picture
from extract.source import LIMITS, Limits

IMAGE_ERRORS = (
    *(ArithmeticError, AttributeError, EOFError, LookupError, NotImplementedError, OSError),
    *(RecursionError, SyntaxError, TypeError, ValueError, struct.error, MemoryError),
    Image.DecompressionBombError,
)
"""What Pillow raises on broken files."""
LEAST_PIXELS = 32
LONGEST_SHAPE = 20
"""Times its other side a page may be long."""
FORMATS = ("BMP", "GIF", "JPEG", "JPEG2000", "PNG", "TIFF", "WEBP")
"""What Pillow may take a file for; it knows some that run other programs."""
ORIENTATION, SIDEWAYS = 0x0112, (5, 6, 7, 8)
SUBFILE_TYPE, REDUCED = 254, 1
"""The tag and the bit by which a TIFF marks a small copy of another of its pictures."""

MAX_SKEW = 3.5
"""Degrees to which a crooked page is looked for."""
LARGEST_DPI = 300.0
"""A finer picture is made smaller: it costs time and reads no better (facts: 400 dpi gains
nothing)."""
USUAL_LONG_SIDE = 11.69
"""Inches of an A4 page, for a picture that does not say its resolution."""
LEAST_DPI = 96
"""Of a screen: a picture too small to be a page at that shows a part of one."""
STREAK, STREAK_PIXELS = 10, 4
"""Grey levels by which a streak is darker than what is beside it, and how wide it may be."""
NEGATIVE = 80
"""Grey of a page that is mostly dark: it is white on black, and is turned over."""
COLOURED = 45
"""Grey levels between the brightest and the darkest of three colours of coloured ink."""
COLOURED_SHARE = 0.0003
GRAIN = 0.06
"""Share of a page that has half the depth of its ink from which on it is blotchy."""
SPECK_SHARE = 0.0015
"""Share of lone dark or light pixels from which on a page is smoothed."""

cv2.setNumThreads(1)
Image.MAX_IMAGE_PIXELS = None  # `loaded` looks at the size before anything is unpacked


class Turn(NamedTuple):
    """How an upright picture came of another: `matrix` (2x3) maps old pixels to new ones."""

    picture: Picture
    matrix: MatLike

    def back(self) -> Frame:
        """Leads points of the upright page to points of the page as it was."""
        inverse = cv2.invertAffineTransform(self.matrix)
        scale = 72 / self.picture.dpi
        a, b, c = (float(v) for v in inverse[0])
        d, e, f = (float(v) for v in inverse[1])
        return a, b, c * scale, d, e, f * scale


def prepared(picture: Picture) -> Picture:
    """The picture in grey, at its own resolution or at the finest that pays, without stamps and
    signatures in colour."""
    pixels, dpi = picture
    if dpi > LARGEST_DPI * 1.1:
        factor, dpi = LARGEST_DPI / dpi, LARGEST_DPI
        small = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        pixels = np.asarray(small, np.uint8)
    if pixels.ndim == 3:
        pixels = without_coloured_ink(pixels, dpi)
    if np.median(pixels[::8, ::8]) < NEGATIVE:
        pixels = np.asarray(255 - pixels, np.uint8)
    return Picture(without_streaks(pixels), dpi)


def without_streaks(grey: Grey) -> Grey:
    """The picture without the lines that dirt in a scanner draws over the whole of a page.

    Such a line runs through both margins at one place of the sensor, where no rule of a table
    runs; what lies left and right of it takes its place.
    """
    for turned in (False, True):
        page = grey.T if turned else grey
        columns = streak_columns(np.ascontiguousarray(page))
        if not columns.size:
            continue
        page = page.copy()
        for at in columns:
            beside = page[:, (at - STREAK_PIXELS, at + STREAK_PIXELS)]
            page[:, at] = beside.mean(1).astype(np.uint8)
        grey = np.ascontiguousarray(page.T if turned else page)
    return grey


def streak_columns(grey: Grey) -> NDArray[np.intp]:
    """The columns that are darker than what is beside them from the page's top to its bottom."""
    height, width = grey.shape
    kernel = np.ones((1, 2 * STREAK_PIXELS + 1), np.uint8)
    depth = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, kernel)
    dark = cv2.threshold(depth, STREAK, 1, cv2.THRESH_BINARY)[1]
    margin = max(8, height // 40)
    shares = [
        cv2.reduce(part, 0, cv2.REDUCE_AVG, dtype=cv2.CV_32F)[0]
        for part in (dark, dark[:margin], dark[-margin:])
    ]
    streaked = (shares[0] > 0.5) & (shares[1] > 0.6) & (shares[2] > 0.6)
    beside = np.convolve(streaked, (1, 1, 1), "same") > 0
    found = streaked | (beside & (shares[0] > 0.3))
    found[:STREAK_PIXELS] = found[width - STREAK_PIXELS :] = False
    return np.flatnonzero(found)


def without_coloured_ink(pixels: Grey, dpi: float) -> Grey:
    """Grey of a picture in colour, in which large coloured marks are as light as their colour is.

    The brightest of three colours is light where a red or blue stamp stands on paper and dark where
    it stands on black print. Coloured letters, which are small, and coloured fields, which are
    full, stay as they are.
    """
    grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    blue, green, red = cv2.split(pixels)
    brightest = cv2.max(cv2.max(blue, green), red)
    depth = cv2.subtract(brightest, cv2.min(cv2.min(blue, green), red))
    coloured = cv2.threshold(depth, COLOURED, 1, cv2.THRESH_BINARY)[1]
    if cv2.countNonZero(coloured) < COLOURED_SHARE * coloured.size:
        return np.asarray(grey, np.uint8)
    joined = cv2.dilate(coloured, np.ones((3, 3), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    for x, y, width, height, area in stats[1:count]:
        is_large = max(width, height) > 0.5 * dpi and min(width, height) > 0.15 * dpi
        if is_large and area < 0.5 * width * height:
            part = np.s_[y : y + height, x : x + width]
            grey[part] = np.where(coloured[part] > 0, brightest[part], grey[part])
    return np.asarray(grey, np.uint8)


def quarter_turned(picture: Picture, quarters: int) -> Turn:
    """The picture turned by a multiple of 90 degrees, counter-clockwise."""
    height, width = picture.grey.shape[:2]
    quarters %= 4
    turned = np.ascontiguousarray(np.rot90(picture.grey, quarters))
    matrix = np.array(
        (
            ((1, 0, 0), (0, 1, 0)),
            ((0, 1, 0), (-1, 0, width - 1)),
            ((-1, 0, width - 1), (0, -1, height - 1)),
            ((0, -1, height - 1), (1, 0, 0)),
        )[quarters],
        dtype=np.float64,
    )
    return Turn(Picture(turned, picture.dpi), matrix)


def straightened(picture: Picture) -> Turn:
    """The picture with its rows level; left as it is where it is so within 0.03 degrees."""
    grey = picture.grey
    height, width = grey.shape[:2]
    angle = skew_angle(grey)
    if abs(angle) < 0.03:
        return Turn(picture, np.array(((1.0, 0, 0), (0, 1.0, 0))))
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1)
    level = cv2.warpAffine(
        grey, matrix, (width, height), flags=cv2.INTER_CUBIC, borderValue=paper_level(grey)
    )
    return Turn(Picture(np.asarray(level, np.uint8), picture.dpi), matrix)


def paper_level(grey: Grey) -> int:
    """The grey of the paper: lighter than four fifths of the page is dark."""
    return int(np.percentile(grey[::8, ::8], 80))


def skew_angle(grey: Grey) -> float:
    """Degrees by which the page must be turned to stand level."""
    ink = small_ink(grey, 900, 25)
    coarse = best_angle(ink, np.arange(-MAX_SKEW, MAX_SKEW + 0.1, 0.25))
    fine = best_angle(ink, coarse + np.arange(-0.2, 0.21, 0.05))
    return best_angle(small_ink(grey, 1800, 51), fine + np.arange(-0.04, 0.041, 0.02))


def small_ink(grey: Grey, longest: int, window: int) -> MatLike:
    """1 where there is ink, on a picture made smaller."""
    scale = min(1.0, longest / max(grey.shape))
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    method = cv2.ADAPTIVE_THRESH_MEAN_C
    return cv2.adaptiveThreshold(small, 1, method, cv2.THRESH_BINARY_INV, window, 12)


def best_angle(ink: MatLike, angles: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    """The angle whose row sums change most sharply."""
    return float(angles[int(np.argmax([sharpness(ink, float(angle)) for angle in angles]))])


def unsheared(picture: Picture) -> Turn:
    """The picture with its columns upright, where they lean though its rows are level: the paper
    ran askew through the scanner."""
    grey = picture.grey
    angle = best_angle(
        np.ascontiguousarray(small_ink(grey, 900, 25).T), np.arange(-MAX_SKEW, MAX_SKEW + 0.1, 0.1)
    )
    matrix = np.array(((1.0, -np.tan(np.radians(angle)), 0), (0, 1.0, 0)))
    height, width = grey.shape
    matrix[0, 2] = -matrix[0, 1] * height / 2
    upright = cv2.warpAffine(
        grey, matrix, (width, height), flags=cv2.INTER_CUBIC, borderValue=paper_level(grey)
    )
    return Turn(Picture(np.asarray(upright, np.uint8), picture.dpi), matrix)


def sharpness(ink: MatLike, angle: float) -> float:
    """How sharply the rows of a page turned by `angle` differ: lines of text and rules are rows.

    Each column moves up or down as a shear would, which for angles this small is a rotation; the
    rows are summed without making the turned page.
    """
    height, width = ink.shape
    matrix = np.array(((1.0, 0, 0), (-np.tan(np.radians(angle)), 1, 0)))
    matrix[1, 2] = -matrix[1, 0] * width / 2
    rows = cv2.reduce(
        cv2.warpAffine(ink, matrix, (width, height), flags=cv2.INTER_NEAREST),
        1,
        cv2.REDUCE_SUM,
        dtype=cv2.CV_32F,
    )
    return float(np.square(np.diff(rows[:, 0])).sum())


def cleaned(picture: Picture) -> Picture:
    """Take grain off a blotchy page and the specks off a speckled one; leave every other one alone,
    since both cost small type."""
    grey = without_grain(picture.grey)
    middle = np.asarray(cv2.medianBlur(grey, 3), np.uint8)
    if grey is not picture.grey:
        return Picture(middle, picture.dpi)
    specks = find_specks(grey, middle)
    if float(np.count_nonzero(specks)) < SPECK_SHARE * grey.size:
        return picture
    return Picture(np.where(specks, middle, grey), picture.dpi)


def without_grain(grey: Grey) -> Grey:
    """The picture with blotches of half the depth of its ink made paper, where there are many.

    Print has few pixels of half its depth, only those at its edges.
    """
    height, width = grey.shape
    small = cv2.resize(
        grey, (max(1, width // 8), max(1, height // 8)), interpolation=cv2.INTER_AREA
    )
    small = cv2.blur(cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8)), (9, 9))
    paper = np.asarray(cv2.resize(small, (width, height)), np.uint8)
    depth = cv2.subtract(paper, grey)
    some = depth[::3, ::3]
    ink = float(np.percentile(some, 99))
    dark = float((some > 0.55 * ink).mean())
    half = float(((some <= 0.55 * ink) & (some > 0.2 * ink)).mean())
    if ink < 80 or half < GRAIN or half < 1.25 * dark:
        return grey
    low = 0.45 * ink
    return np.asarray(255 - ((depth - low) * (255 / (ink - low))).clip(0, 255), np.uint8)


def find_specks(grey: Grey, middle: Grey) -> NDArray[np.bool_]:
    """Where single pixels differ from all their neighbours by more than print does; `middle` is the
    picture after a median filter.

    Dots that stand in a row are a hairline or a thin stroke, which smoothing would break.
    """
    high = cv2.threshold(cv2.absdiff(grey, middle), 90, 1, cv2.THRESH_BINARY)[1]
    crowd = cv2.filter2D(high, -1, np.ones((5, 5), np.uint8))
    return np.asarray((high > 0) & (crowd <= 3))


def frames(content: bytes) -> Iterator[Image.Image]:
    """The pictures of an image file that are pages, undecoded; each is closed with the next one.

    Raises what Pillow raises.
    """
    with Image.open(BytesIO(content), formats=FORMATS) as image:
        for number in count() if isinstance(image, TiffImageFile) else range(1):
            try:
                image.seek(number)
            except EOFError:
                return
            if not (isinstance(image, TiffImageFile) and is_reduced(image)):
                yield image


class Unloaded(NamedTuple):
    """A page of an image file that cannot be had, while others can."""

    why: str


def load_frames(content: bytes, limits: Limits = LIMITS) -> Iterator[Picture | Unloaded]:
    """The pages of an image file, upright as its EXIF says, at the resolution that it states.

    Of a TIFF all pictures but reduced copies; of every other kind the first: what follows is an
    animation, or a camera's second shot. Raises Unreadable where no picture can be decoded, or
    where there are more than the limit.
    """
    lost: list[Unloaded] = []
    loaded_one = False
    for number, frame in enumerate(_frames(content, limits)):
        if number >= limits.pages:
            raise Unreadable(f"more than {limits.pages:,} pages; give --max-pages, or split it")
        if isinstance(frame, Unloaded) and not loaded_one:
            lost.append(frame)
            continue
        yield from lost
        lost.clear()
        loaded_one = True
        yield frame
    if lost:
        raise Unreadable(lost[0].why)


def _frames(content: bytes, limits: Limits) -> Iterator[Picture | Unloaded]:
    """Each picture decoded, or why it cannot be; the next one takes its place in memory."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(BytesIO(content), formats=FORMATS)
    except UnidentifiedImageError:
        yield Unloaded("the image cannot be decoded: its head is damaged")
        return
    except IMAGE_ERRORS as error:
        yield Unloaded(_undecoded(error))
        return
    with image:
        for number in count() if isinstance(image, TiffImageFile) else range(1):
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    image.seek(number)
            except EOFError:
                return
            except IMAGE_ERRORS as error:
                yield Unloaded(f"no page from here on: {_undecoded(error)}")
                return
            frame: Picture | Unloaded
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    if isinstance(image, TiffImageFile) and is_reduced(image):
                        continue
                    frame = loaded(image, limits.pixels)
            except IMAGE_ERRORS as error:
                frame = Unloaded(_undecoded(error))
            yield frame


def is_reduced(image: TiffImageFile) -> bool:
    """True for a small copy of another picture of the file."""
    kind = image.tag_v2.get(SUBFILE_TYPE, 0)
    return isinstance(kind, int) and bool(kind & REDUCED)


def _undecoded(error: BaseException) -> str:
    reason = " ".join(str(error).split())[:120] or type(error).__name__
    return f"the image cannot be decoded: {reason}"


def loaded(image: Image.Image, most_pixels: int = LIMITS.pixels) -> Picture:
    """One frame, in grey or in colour. Raises ValueError where its size is that of no page."""
    width, height = image.size
    sides = sorted(image.size)
    if width * height > most_pixels:
        said = f"{width} x {height} pixels, more than {most_pixels:,}"
        raise ValueError(f"{said}; give --max-pixels")
    if sides[0] < max(LEAST_PIXELS, sides[1] / LONGEST_SHAPE):
        raise ValueError(f"{width} x {height} pixels is the size of no page")
    across, down = stated_dpi(image.info.get("dpi"))
    if image.getexif().get(ORIENTATION, 1) in SIDEWAYS:
        across, down = down, across
    upright = squared(ImageOps.exif_transpose(image), across, down, most_pixels)
    if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
        upright = upright.convert("RGBA")
        paper = Image.new("RGBA", upright.size, "white")
        upright = Image.alpha_composite(paper, upright)
    if upright.mode.startswith(("I;16", "I", "F")):
        deep = np.asarray(upright, dtype=np.float32)
        top = 65535.0 if deep.max() > 255 else 255.0
        grey = (deep / top * 255).clip(0, 255).astype(np.uint8)
    elif upright.mode in ("1", "L"):
        grey = np.asarray(upright.convert("L"))
    else:
        grey = np.ascontiguousarray(np.asarray(upright.convert("RGB"))[..., ::-1])
    return Picture(grey, page_dpi(max(across, down), *upright.size))


def squared(
    image: Image.Image, across: float, down: float, most_pixels: int = LIMITS.pixels
) -> Image.Image:
    """The frame with as many pixels an inch down as across: a fax has half as many."""
    dpi = max(across, down)
    if min(across, down) < 90 or dpi > 1200 or 0.95 < across / down < 1.05:
        return image
    size = (round(image.width * dpi / across), round(image.height * dpi / down))
    if size[0] * size[1] > most_pixels:
        return image
    mode = {"1": "L", "P": "RGB"}.get(image.mode, image.mode)
    return image.convert(mode).resize(size, Image.Resampling.BILINEAR)


def stated_dpi(stated: object) -> tuple[float, float]:
    """What a picture says of its resolution across and down; 0 where that is no number.

    >>> stated_dpi((204, 98)), stated_dpi((300, "x")), stated_dpi(None)
    ((204.0, 98.0), (0.0, 0.0), (0.0, 0.0))
    """
    with suppress(TypeError, ValueError, ZeroDivisionError):
        if isinstance(stated, tuple) and len(stated) == 2:
            across, down = float(stated[0]), float(stated[1])
            return (across, down) if isfinite(across + down) else (0.0, 0.0)
    return 0.0, 0.0


def page_dpi(dpi: float, width: int, height: int) -> float:
    """The resolution that a picture states, where a page of paper can have it; else that which
    makes it A4.

    Cameras and screenshots state 72 or 96 whatever the page.

    >>> page_dpi(200, 1654, 2339), round(page_dpi(72, 1654, 2339))
    (200, 200)
    """
    if 100 <= dpi <= 1200 and 4 <= max(width, height) / dpi <= 36:
        return dpi
    return max(max(width, height) / USUAL_LONG_SIDE, LEAST_DPI)
