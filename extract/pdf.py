"""Exported PDFs, page by page: characters in the order of the content stream, rules, tables.

Characters are kept in stream order within a line, since sorting by position puts Thai marks before
their consonants (facts: 63 % of cells right by position, 100 % by stream). LibreOffice's glyph maps
are wrong, but it writes the right text as ActualText, which is applied here.
"""

import logging
import math
import re
import struct
import unicodedata
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from io import BufferedReader, BytesIO
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pypdfium2 as pdfium
from pdfminer.pdfdevice import PDFTextDevice
from pdfminer.pdfdocument import PDFDocument, PDFNoPageLabels, PDFPasswordIncorrect
from pdfminer.pdfexceptions import PDFException, PDFObjectNotFound
from pdfminer.pdffont import PDFFont, PDFUnicodeNotDefined
from pdfminer.pdfinterp import PDFPageInterpreter, PDFResourceManager
from pdfminer.pdfpage import PDFPage
from pdfminer.pdfparser import PDFParser
from pdfminer.pdftypes import (
    LITERALS_ASCII85_DECODE,
    LITERALS_ASCIIHEX_DECODE,
    LITERALS_FLATE_DECODE,
    LITERALS_LZW_DECODE,
    LITERALS_RUNLENGTH_DECODE,
    PDFObjRef,
    PDFStream,
    resolve1,
    stream_value,
)
from pdfminer.psparser import PSException, PSKeyword
from pdfminer.utils import apply_matrix_pt, apply_matrix_rect, mult_matrix
from pdfplumber.utils.pdfinternals import decode_text

from extract.errors import Unreadable
from extract.grid import Grid, Rule, find_grids
from extract.layer import judge_layer
from extract.model import Box, Cell, Line, Page, Picture, Run, Source, Table, why_illegible
from extract.source import LIMITS, Limits

PARSER_ERRORS = (
    PSException,
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What pdfminer raises on broken files: 16 of 610 hostile PDFs gave an IndexError or TypeError."""

RULE_WIDTH_POINTS = 3.0
"""A filled shape thinner than this is a rule; Word draws all its borders so."""
INVISIBLE = 3
"""The text rendering mode that draws nothing."""
LEAST_DPI, USUAL_DPI, MOST_DPI = 100.0, 200.0, 600.0
"""Pixels an inch at which a page is drawn to be read: as its pictures have, within these bounds;
the usual ones where it has no picture."""
PICTURED = 0.2
"""Share of a page that a picture covers from which on it may hold the table."""
LEAST_PIXELS = 32
MOST_PIXELS = 60_000_000
"""A page is drawn coarser rather than with more pixels than this: an A2 page at 300 dpi."""
LEGIBLE_DPI = 72.0
"""Drawn coarser than this, print of the usual size cannot be read."""
MOST_STREAM_BYTES = 100_000_000
"""What one stream may unpack to: a page of a map drawn in lines has a tenth of it."""
MOST_SLOW_BYTES = 1_000_000
"""Of a stream packed in the ways of the first PDFs, which pdfminer unpacks slowly."""
DEFLATE_RATIO = 1032
"""How many times smaller the usual packing can make anything."""
MOST_GLYPHS = 100_000
MOST_RULES = 500_000
"""On one page: a full page of text has 5,000 glyphs, a plan of a building 100,000 lines."""
MOST_LINES = 3_000
"""Places of baselines, to a tenth of a point, on one page: a full one has 60."""
MOST_COVERED = 500
"""How many times over pictures may cover a page: layers and tiles come to ten."""
MOST_NESTED, DEEPEST = 10_000, 60
"""How many drawings of a page may stand within others, and how deep."""
LINE_SHIFT = 0.45
"""A baseline that moves by more than this share of the type size begins another line."""

logging.getLogger("pdfminer").setLevel(logging.ERROR)


Matrix = tuple[float, float, float, float, float, float]


class Glyph(NamedTuple):
    """Characters drawn at one place; x0, x1 and the baseline in points from the top left."""

    text: str
    x0: float
    x1: float
    baseline: float
    size: float
    font: str


SARA_AM = "\u0e33"
NARROW = 0.8
"""A glyph below this share of its size is too narrow for a consonant and SARA AM."""


def whole_clusters(glyphs: Sequence[Glyph]) -> list[Glyph]:
    """Put the pieces of a syllable with SARA AM together, each of which bears its whole text.

    Typst draws the ring of ำ at a height of its own and so parts น ํ า, writing นำ for each.

    >>> ring = [Glyph("นำ", x, x + 5, 100, 12, "Waree") for x in (0, 5, 7)]
    >>> [(g.text, g.x0, g.x1) for g in whole_clusters(ring)]
    [('นำ', 0, 12)]
    >>> wide = [Glyph("นำ", x, x + 14, 100, 12, "Waree") for x in (0, 14)]
    >>> len(whole_clusters(wide))
    2
    """
    found: list[Glyph] = []
    pieces = 0
    for glyph in glyphs:
        last = found[-1] if found else glyph
        is_piece = (
            len(glyph.text) > 1
            and glyph.text.endswith(SARA_AM)
            and glyph.x1 - glyph.x0 < NARROW * glyph.size
        )
        same = pieces and is_piece and pieces < 3 and glyph.text == last.text
        if same and abs(glyph.baseline - last.baseline) < 0.3 * glyph.size:
            found[-1] = last._replace(x0=min(last.x0, glyph.x0), x1=max(last.x1, glyph.x1))
            pieces += 1
        else:
            found.append(glyph)
            pieces = int(is_piece)
    return found


class EarlyMark(NamedTuple):
    """A mark of the next page's first line, painted at the end of this one."""

    glyph: Glyph
    depth: float
    """Points below the end of the table."""


class PageDevice(PDFTextDevice):
    """Collects what one page draws: characters, rules, the share that pictures cover."""

    def __init__(self, rsrcmgr: Any) -> None:
        super().__init__(rsrcmgr)
        self.width = self.height = 0.0
        self.glyphs: list[Glyph] = []
        self.across: list[Rule] = []
        self.down: list[Rule] = []
        self.shaded_across: list[Rule] = []
        self.shaded_down: list[Rule] = []
        self.image_area = 0.0
        self.images: list[tuple[float, float]] = []
        """Of each picture its area in square points, and its pixels an inch."""
        self.unseen = 0
        """Letters drawn invisibly, as OCR engines lay their text over a scan."""
        self.turned: list[Glyph] = []
        """Letters on their side, `baseline` to `x1` along the page's height."""
        self.outlines = 0
        self.ctm: Matrix = (1, 0, 0, 1, 0, 0)
        self._figure: Matrix = self.ctm
        self._tags: list[tuple[int, str | None]] = []
        self._fonts: dict[int, str] = {}
        self.circular = False
        """A drawing draws itself."""
        self._depth = self._nested = 0

    def begin_page(self, page: PDFPage, ctm: Matrix) -> None:
        x0, y0, x1, y1 = apply_matrix_rect(ctm, page.mediabox)
        self.width, self.height = abs(float(x1 - x0)), abs(float(y1 - y0))
        if not math.isfinite(self.width * self.height):
            raise PDFException("the page has no size")

    def begin_tag(self, tag: Any, props: Any = None) -> None:
        actual = props.get("ActualText") if isinstance(props, dict) else None
        text = decode_text(actual) if isinstance(actual, bytes) else None
        self._tags.append((len(self.glyphs), text))

    def end_tag(self) -> None:
        if not self._tags:
            return
        start, text = self._tags.pop()
        drawn = self.glyphs[start:]
        if text is None or not drawn or any(tag[1] is not None for tag in self._tags):
            return
        whole = drawn[0]._replace(
            text=text, x0=min(g.x0 for g in drawn), x1=max(g.x1 for g in drawn)
        )
        self.glyphs[start:] = [whole] if text else []

    def render_string(self, textstate: Any, seq: Any, ncs: Any, graphicstate: Any) -> None:
        before = len(self.glyphs)
        super().render_string(textstate, seq, ncs, graphicstate)
        if textstate.render == INVISIBLE:
            self.unseen += len(self.glyphs) - before

    def render_char(
        self,
        matrix: Matrix,
        font: Any,
        fontsize: float,
        scaling: float,
        rise: float,
        cid: int,
        *_: Any,
    ) -> float:
        try:
            text = font.to_unichr(cid)
        except PDFUnicodeNotDefined:
            text = f"(cid:{cid})"
        advance: float = font.char_width(cid) * fontsize * scaling
        a, b, c, d, e, f = matrix
        if abs(b) > abs(a) * 0.2 or a <= 0:
            self._turned(text, matrix, advance, font)
            return advance
        x, y = c * rise + e, d * rise + f
        name = self._fonts.get(id(font))
        if name is None:
            name = self._fonts[id(font)] = font_name(font.fontname)
        size = abs(fontsize * d) or abs(fontsize)
        self.glyphs.append(Glyph(text, x, x + a * advance, self.height - y, size, name))
        if len(self.glyphs) > MOST_GLYPHS:
            raise TooMuch(f"more than {MOST_GLYPHS:,} letters on one page")
        return advance

    def _turned(self, text: str, matrix: Matrix, advance: float, font: Any) -> None:
        """Keep letters that stand on their side, as headers of narrow columns do; a watermark
        across the page is left out."""
        a, b, _, _, e, f = matrix
        if abs(a) > 0.05 * abs(b):
            return
        here = Glyph(text, e, e, self.height - f, abs(b * advance), font_name(font.fontname))
        self.turned.append(here._replace(x1=self.height - f - b * advance))

    def paint_path(
        self, gstate: Any, stroke: bool, fill: bool, evenodd: bool, path: Sequence[Any]
    ) -> None:
        points: list[tuple[float, float]] = []
        for step in path:
            kind = step[0]
            if kind == "m":
                self._shape(gstate, stroke, fill, points)
                points = []
            if kind in "cvy":
                self.outlines += 1
                return
            if kind == "h":
                points.append(points[0] if points else (0.0, 0.0))
            else:
                points.append(apply_matrix_pt(self.ctm, step[-2:]))
        self._shape(gstate, stroke, fill, points)
        drawn = len(self.across) + len(self.down) + len(self.shaded_across)
        if drawn > MOST_RULES or len(self.shaded_down) > MOST_RULES:
            raise TooMuch(f"more than {MOST_RULES:,} lines on one page")

    def _shape(
        self, gstate: Any, stroke: bool, fill: bool, points: list[tuple[float, float]]
    ) -> None:
        if len(points) < 2 or (fill and not stroke and is_white(gstate.ncolor)):
            return
        top = self.height
        if fill and not stroke:
            x0, x1 = min(p[0] for p in points), max(p[0] for p in points)
            y0, y1 = top - max(p[1] for p in points), top - min(p[1] for p in points)
            if x1 - x0 > RULE_WIDTH_POINTS and y1 - y0 > RULE_WIDTH_POINTS:
                self.shaded_across += [Rule(y0, x0, x1), Rule(y1, x0, x1)]
                self.shaded_down += [Rule(x0, y0, y1), Rule(x1, y0, y1)]
            elif max(x1 - x0, y1 - y0) <= RULE_WIDTH_POINTS:
                # a dot of a dotted rule, across or down
                self.across.append(Rule((y0 + y1) / 2, x0, x1))
                self.down.append(Rule((x0 + x1) / 2, y0, y1))
            elif x1 - x0 >= y1 - y0:
                self.across.append(Rule((y0 + y1) / 2, x0, x1))
            else:
                self.down.append(Rule((x0 + x1) / 2, y0, y1))
        elif stroke and not is_white(gstate.scolor):
            for (ax, ay), (bx, by) in pairwise(points):
                if abs(ay - by) <= 1 < abs(ax - bx):
                    self.across.append(Rule(top - (ay + by) / 2, min(ax, bx), max(ax, bx)))
                elif abs(ax - bx) <= 1 < abs(ay - by):
                    self.down.append(Rule((ax + bx) / 2, top - max(ay, by), top - min(ay, by)))

    def begin_figure(self, name: str, bbox: Any, matrix: Any) -> None:
        self._figure = mult_matrix(matrix, self.ctm)
        self._depth += 1
        self._nested += self._depth > 1
        if self._nested > MOST_NESTED or self._depth > DEEPEST:
            raise TooMuch("drawings within drawings without end")

    def end_figure(self, name: str) -> None:
        self._depth -= 1

    def render_image(self, name: str, stream: Any) -> None:
        corners = [apply_matrix_pt(self._figure, p) for p in ((0, 0), (1, 0), (0, 1), (1, 1))]
        x0, x1 = min(p[0] for p in corners), max(p[0] for p in corners)
        y0, y1 = min(p[1] for p in corners), max(p[1] for p in corners)
        wide = max(min(x1, self.width) - max(x0, 0), 0)
        area = wide * max(min(y1, self.height) - max(y0, 0), 0)
        self.image_area += area
        columns, rows = (resolve1(stream.attrs.get(key)) for key in ("Width", "Height"))
        if area and isinstance(columns, int) and isinstance(rows, int):
            # a picture that is turned by 90 degrees has its columns along the page's height
            pixels = max(columns * rows, 1) / ((x1 - x0) * (y1 - y0))
            if 0 < pixels < 1e8:
                self.images.append((area, 72 * math.sqrt(pixels)))


class PageInterpreter(PDFPageInterpreter):
    """Notes a drawing that draws itself: pdfminer leaves it out, and pdfium would not end."""

    def execute(self, streams: Sequence[object]) -> None:
        ids = {getattr(resolve1(stream), "objid", None) for stream in streams}
        if isinstance(self.device, PageDevice) and ids & self.parent_stream_ids:
            self.device.circular = True
        super().execute(streams)


def font_name(name: object) -> str:
    """A font's name without the tag of its subset.

    >>> font_name("BAAAAA+Laksaman-Bold"), font_name("A+B")
    ('Laksaman-Bold', 'A+B')
    """
    text = decode_text(name) if isinstance(name, bytes) else str(name)
    tag, plus, rest = text.partition("+")
    return rest if plus and len(tag) == 6 and tag.isupper() else text


def is_white(color: object) -> bool:
    """True for a colour that leaves no mark on white paper.

    >>> is_white(1), is_white((1, 1, 1)), is_white((0, 0, 0, 0)), is_white(0), is_white(None)
    (True, True, True, False, False)
    """
    parts = color if isinstance(color, (tuple, list)) else (color,)
    if not parts or not all(isinstance(part, (int, float)) for part in parts):
        return False
    light = 0.0 if len(parts) == 4 else 1.0
    return all(abs(part - light) < 0.02 for part in parts)


# ---------------------------------------------------------------- the file


class TooMuch(PDFException):
    """A page or a file is more than any report is, and nobody should try to draw it."""


class BoundedStream(PDFStream):
    """A stream that refuses to unpack to more than MOST_STREAM_BYTES."""

    def decode(self) -> None:
        size = len(self.rawdata or b"")
        filters = [name for name, _ in self.get_filters()]
        if size * DEFLATE_RATIO ** len(filters) > MOST_STREAM_BYTES:
            self._measure(filters)
        super().decode()

    def _measure(self, filters: Sequence[object]) -> None:
        packed = self.rawdata or b""
        if self.decipher and self.objid is not None and self.genno is not None:
            packed = self.decipher(self.objid, self.genno, packed, self.attrs)
        slow = False
        for name in filters:
            if name in LITERALS_FLATE_DECODE:
                packed = inflated(packed)
            elif name in LITERALS_LZW_DECODE or name in LITERALS_RUNLENGTH_DECODE:
                if slow or len(packed) > MOST_SLOW_BYTES:
                    raise too_much()
                slow = True
            elif name not in (*LITERALS_ASCII85_DECODE, *LITERALS_ASCIIHEX_DECODE):
                return  # a picture, which pdfminer does not unpack


def too_much() -> TooMuch:
    return TooMuch(f"a part of it unpacks to more than {MOST_STREAM_BYTES:,} bytes")


def inflated(packed: bytes) -> bytes:
    """What zlib unpacks, as far as it is whole. Raises TooMuch beyond MOST_STREAM_BYTES."""
    unpacker = zlib.decompressobj()
    try:
        whole = unpacker.decompress(packed, MOST_STREAM_BYTES + 1)
    except zlib.error:
        return b""
    if len(whole) > MOST_STREAM_BYTES:
        raise too_much()
    return whole


class BoundedParser(PDFParser):
    """Makes of every stream one that is bounded."""

    def do_keyword(self, pos: int, token: PSKeyword) -> None:
        super().do_keyword(pos, token)
        if token is self.KEYWORD_STREAM and self.curstack:
            made = self.curstack[-1][1]
            if type(made) is PDFStream:
                made.__class__ = BoundedStream


class BoundedDocument(PDFDocument):
    """A document whose objects may stand for each other, but not in a circle."""

    def getobj(self, objid: int) -> object:
        found = super().getobj(objid)
        seen = {objid}
        while isinstance(found, PDFObjRef):
            if found.objid in seen:
                raise PDFObjectNotFound(objid)
            seen.add(found.objid)
            found = super().getobj(found.objid)
        return found

    def get_page_labels(self) -> Iterator[str]:
        """None: they are not used here, and may be a tree without end."""
        raise PDFNoPageLabels


class LenientPage(PDFPage):
    """A page that cannot be made sense of, as where its size is no number, leaves the others."""

    def __init__(self, *args: Any) -> None:
        self.contents: list[object] = []
        self.error: BaseException | None = None
        try:
            super().__init__(*args)
        except PARSER_ERRORS as error:
            self.error = error


MOST_CODES = 100_000
"""Codes that a range of a font may have: a font has 65,536 at most."""
_RANGES = re.compile(rb"begin(?:bf|cid|notdef)range(.*?)end(?:bf|cid|notdef)range", re.DOTALL)
_RANGE = re.compile(rb"<([0-9A-Fa-f\s]*)>\s*<([0-9A-Fa-f\s]*)>\s*(?:<[^<>]*>|\[[^\[\]]*\]|\d+)")


class BoundedFonts(PDFResourceManager):
    """Fonts, but for those that give a width or a letter to more codes than there are."""

    def get_font(self, objid: object, spec: Mapping[str, object]) -> PDFFont:
        if objid and objid in self._cached_fonts:
            return self._cached_fonts[objid]
        for key in ("W", "W2"):
            numbers = resolve1(spec.get(key))
            if isinstance(numbers, list):
                codes = [code for code in map(resolve1, numbers) if isinstance(code, (int, float))]
                if any(abs(code) > MOST_CODES for code in codes):
                    raise TooMuch("a font with widths for codes that there are not")
        for key in ("ToUnicode", "Encoding"):
            stream = resolve1(spec.get(key))
            if isinstance(stream, PDFStream):
                check_ranges(stream.get_data())
        return super().get_font(objid, spec)


def check_ranges(cmap: bytes) -> None:
    """Raise TooMuch where a font's table of codes has a range of more than MOST_CODES.

    >>> check_ranges(b"1 beginbfrange <0020> <007e> <0020> endbfrange")
    >>> check_ranges(b"1 beginbfrange <00000000> <7fffffff> <0020> endbfrange")
    Traceback (most recent call last):
    ...
    extract.pdf.TooMuch: a font with letters for more codes than there are
    """
    total = 0
    for block in _RANGES.finditer(cmap):
        for found in _RANGE.finditer(block[1]):
            first, last = (b"".join(code.split())[-8:] or b"0" for code in found.groups())
            total += max(int(last, 16) - int(first, 16), 0)
    if total > MOST_CODES:
        raise TooMuch("a font with letters for more codes than there are")


Scanner = Callable[[Source, Picture], Page]
"""Reads the picture of a page, as `scan.read_picture` does."""


def open_pdf(
    document: str, file: BufferedReader | BytesIO, passwords: Sequence[str]
) -> tuple[PDFDocument, str]:
    """The document, and the password that opened it. Raises Unreadable, which never names one."""
    for password in ("", *passwords):
        file.seek(0)
        try:
            return BoundedDocument(BoundedParser(file), password=password), password
        except PDFPasswordIncorrect:
            continue
        except PARSER_ERRORS as error:
            if password and isinstance(error, UnicodeError):
                continue  # letters that no password of this kind of file can have
            raise Unreadable(explain(document, error)) from error
    raise Unreadable(f"{document}: {locked(len(passwords))}")


def locked(tried: int) -> str:
    """What to do about a file that asks for a password, after so many were tried.

    >>> locked(0)
    'encrypted; give --password, or export it without one'
    >>> locked(2)
    'encrypted, and none of the 2 passwords given opens it; give --password'
    """
    if not tried:
        return "encrypted; give --password, or export it without one"
    wrong = "the password given does not open" if tried == 1 else f"none of the {tried} passwords"
    return f"encrypted, and {wrong}{'' if tried == 1 else ' given opens'} it; give --password"


def too_many_pages(document: str, count: int | None, limits: Limits) -> Unreadable:
    said = (
        f"{count:,} pages, more than {limits.pages:,}" if count else f"over {limits.pages:,} pages"
    )
    return Unreadable(f"{document}: {said}; give --max-pages, or split it")


def check_page_count(document: str, doc: PDFDocument, limits: Limits) -> None:
    """Raise Unreadable where there are too many pages; a count that lies is no reason."""
    try:
        stated = resolve1(resolve1(doc.catalog["Pages"])["Count"])
        if not isinstance(stated, int) or stated <= limits.pages:
            return
        over = next(islice(PDFPage.create_pages(doc), limits.pages, None), None)
    except PARSER_ERRORS:
        return  # what is wrong is said where the pages are read
    if over is not None:
        raise too_many_pages(document, stated, limits)


def read_pdf(
    document: str,
    file: BufferedReader | BytesIO,
    passwords: Sequence[str] = (),
    scanner: Scanner | None = None,
    limits: Limits = LIMITS,
) -> Iterator[Page]:
    """Read a PDF page by page; each page is let go before the next is read.

    A page whose text cannot be had from its layer is drawn and given to `scanner`. A page that
    nobody can read is yielded as useless, with the reason, and the rest goes on. Raises Unreadable
    where there is no page at all to be had, and where there are more than the limit.
    """
    doc, password = open_pdf(document, file, passwords)
    check_page_count(document, doc, limits)
    fonts = BoundedFonts()
    with closing(Drawing(file, (password,) if password else (), limits)) as drawing:
        number = 0
        early: list[EarlyMark] = []
        pages = LenientPage.create_pages(doc)
        while True:
            kept = set(doc._cached_objs)
            try:
                page = next(pages, None)
            except PARSER_ERRORS as error:
                if not number:
                    raise Unreadable(explain(document, error)) from error
                note = f"the list of pages is broken from here on: {reason_of(error)}"
                yield Page(Source(document, number + 1), layer="useless", layer_note=note)
                return
            if page is None:
                break
            number += 1
            if number > limits.pages:
                raise too_many_pages(document, None, limits)
            read, early, dpi = read_page(Source(document, number), fonts, page, early)
            yield read if scanner is None else with_picture(read, dpi, drawing, scanner)
            forget_streams(doc, page, kept)
    if not number:
        raise Unreadable(f"{document}: no pages in this PDF; export or scan it again")


def explain(document: str, error: BaseException) -> str:
    """Why a PDF cannot be opened, and what to do next, on one line."""
    reason = "it goes round in circles" if isinstance(error, RecursionError) else reason_of(error)
    return f"{document}: not a readable PDF ({reason}); is it complete? export or scan it again"


def reason_of(error: BaseException) -> str:
    """What a parser's error says, on one short line."""
    return " ".join(str(error).split())[:120] or type(error).__name__


def forget_streams(doc: Any, page: Any, kept: set[int]) -> None:
    """Drop what reading one page left in pdfminer's cache, or 500 pages stay in memory."""
    for objid in [i for i, (o, _) in doc._cached_objs.items() if isinstance(o, PDFStream)]:
        if objid not in kept:
            del doc._cached_objs[objid]
    for stream in page.contents:
        resolved = resolve1(stream)
        if isinstance(resolved, PDFStream):
            resolved.data = None


def read_page(
    source: Source, rsrcmgr: Any, page: PDFPage, early: Sequence[EarlyMark] = ()
) -> tuple[Page, list[EarlyMark], float]:
    """One page as tables of cells and the lines outside of them, the marks of the next page, and
    the pixels an inch of the page's pictures; 0 where it must not be drawn."""
    device = PageDevice(rsrcmgr)
    try:
        if isinstance(page, LenientPage) and page.error is not None:
            raise page.error
        PageInterpreter(rsrcmgr, device).process_page(page)
    except PARSER_ERRORS as error:
        note = f"the page cannot be parsed: {reason_of(error)}"
        dpi = 0.0 if isinstance(error, TooMuch) else USUAL_DPI
        return Page(source, layer="useless", layer_note=note), [], dpi
    width, height = device.width, device.height
    source = replace(source, box=Box(0.0, 0.0, width, height))
    drawn = whole_clusters(device.glyphs)
    glyphs = [
        g
        for g in drawn
        if 0 <= g.baseline <= height + g.size and g.x1 >= 0 and abs(g.x0) + g.x1 + g.size < math.inf
    ]
    if len({round(g.baseline, 1) for g in glyphs}) > MOST_LINES:
        note = f"more than {MOST_LINES:,} lines of text"
        return Page(source, layer="useless", layer_note=note), [], 0.0
    share = min(device.image_area / (width * height or 1), 1.0)
    dpi = own_dpi(device.images)
    covered = device.image_area / (width * height or 1)
    if covered > MOST_COVERED or device.circular:
        dpi = 0.0
    unseen = device.unseen / len(device.glyphs) if device.glyphs else 0.0
    layer, note = judge_layer(flowing(glyphs), image_share=share, unseen_share=unseen)
    if layer != "good":
        if not glyphs:
            note = why_no_text(share, device.outlines, len(device.turned))
        if covered > MOST_COVERED:
            note = f"pictures cover it {covered:,.0f} times over"
        if device.circular:
            note = note or "a drawing that draws itself"
        return Page(source, layer=layer, layer_note=note, image_share=share), [], dpi
    grids = find_grids(device.across, device.down, height)
    if not grids and device.shaded_across:
        grids = find_grids(
            device.across + device.shaded_across, device.down + device.shaded_down, height
        )
    if early:
        glyphs = put_early(early, glyphs, grids)
    glyphs, early = take_early(glyphs, grids)
    read = place(source, glyphs, grids, device.turned)
    return replace(read, layer_note=note, image_share=share), early, dpi


def own_dpi(images: Sequence[tuple[float, float]]) -> float:
    """The pixels an inch of the picture that covers most; strips of a picture count together.

    >>> own_dpi([(300.0, 200.1), (200.0, 200.2), (400.0, 72.0)]), own_dpi([])
    (200.1, 200.0)
    """
    areas: dict[int, float] = {}
    for area, dpi in images:
        areas[round(dpi / 5)] = areas.get(round(dpi / 5), 0.0) + area
    if not areas:
        return USUAL_DPI
    most = max(areas, key=lambda key: areas[key])
    dpi = next(dpi for _, dpi in images if round(dpi / 5) == most)
    return min(max(dpi, LEAST_DPI), MOST_DPI)


class Drawing:
    """Draws pages of one file by pdfium, which is opened when it is first needed."""

    def __init__(
        self,
        file: BufferedReader | BytesIO,
        passwords: Sequence[str] = (),
        limits: Limits = LIMITS,
    ) -> None:
        self.file, self.passwords = file, passwords
        self.most_pixels = min(limits.pixels, MOST_PIXELS)
        self.document: Any = None

    def _opened(self) -> Any:
        held = self.file
        content = held.getvalue() if isinstance(held, BytesIO) else Path(held.name)
        for password in self.passwords:
            try:
                return pdfium.PdfDocument(content, password=password)
            except pdfium.PdfiumError:
                continue
        return pdfium.PdfDocument(content)

    def draw(self, number: int, dpi: float, whole: bool = False) -> Picture:
        """Page `number` (1 is the first) as it is displayed, in colour; `whole` adds what a viewer
        cuts off, as the boxes of a text layer count.

        Raises pdfium's own error or a ValueError where it cannot be drawn.
        """
        if self.document is None:
            self.document = self._opened()
        page = self.document[number - 1]
        if whole and page.get_cropbox() != page.get_mediabox():
            page.set_cropbox(*page.get_mediabox())
            page.close()
            page = self.document[number - 1]  # it takes its size when it is opened
        try:
            width, height = page.get_size()
            if not 1 <= width * height < math.inf:
                raise ValueError("the page has no size")
            most = 72 * math.sqrt(self.most_pixels / (width * height))
            if most < min(dpi, LEGIBLE_DPI):
                raise ValueError(
                    f"a page of {width:.0f} x {height:.0f} points is not legible in "
                    f"{self.most_pixels:,} pixels"
                )
            dpi = min(dpi, most)
            if min(width, height) * dpi / 72 < LEAST_PIXELS:
                raise ValueError(f"a page of {width:.0f} x {height:.0f} points is too odd to draw")
            bitmap = page.render(scale=dpi / 72, rev_byteorder=False)
            pixels = bitmap.to_numpy()[..., :3].copy()
            bitmap.close()
        finally:
            page.close()
        return Picture(pixels, dpi)

    def close(self) -> None:
        if self.document is not None:
            self.document.close()


def why_not_drawn(file: BufferedReader | BytesIO, number: int, passwords: Sequence[str]) -> str:
    """Why pdfium would not end with a page, or with all memory; empty where nothing tells so."""
    try:
        doc, _ = open_pdf("", file, passwords)
        page = next(islice(LenientPage.create_pages(doc), number - 1, None), None)
        if page is None or not is_suspicious(page):
            return ""
        read, _, dpi = read_page(Source("", number), BoundedFonts(), page)
    except TooMuch as error:
        return reason_of(error)
    except (*PARSER_ERRORS, Unreadable):
        return ""  # pdfium may make more of it
    return "" if dpi else read.layer_note or "it is more than a page"


def is_suspicious(page: PDFPage) -> bool:
    """A page of much content, or of drawings in drawings; others need no second look."""
    if sum(len(stream_value(stream).get_data()) for stream in page.contents) > MOST_SLOW_BYTES:
        return True
    own = resolve1(page.resources) if isinstance(page, LenientPage) and not page.error else None
    return any(forms_of(form.get("Resources") or own) for form in forms_of(own))


def forms_of(resources: object) -> list[PDFStream]:
    """The drawings that a page or a drawing may use."""
    known = resolve1(resources)
    named = resolve1(known.get("XObject")) if isinstance(known, dict) else None
    found = map(resolve1, named.values()) if isinstance(named, dict) else ()
    return [one for one in found if isinstance(one, PDFStream) and "BBox" in one]


def draw_page(
    document: str,
    file: BufferedReader | BytesIO,
    number: int,
    dpi: float,
    whole: bool = False,
    passwords: Sequence[str] = (),
    limits: Limits = LIMITS,
) -> Picture:
    """Page `number` (1 is the first) as `Drawing.draw` does, in colour.

    A page of absurd size is drawn at fewer pixels an inch than asked for. Raises Unreadable.
    """
    if why := why_not_drawn(file, number, passwords):
        raise Unreadable(f"{document} p.{number}: not drawn ({why})")
    with closing(Drawing(file, passwords, limits)) as drawing:
        try:
            return drawing.draw(number, dpi, whole)
        except (pdfium.PdfiumError, ValueError, IndexError, OSError, MemoryError) as error:
            reason = reason_of(error)
            raise Unreadable(f"{document} p.{number}: cannot be drawn ({reason})") from error


def with_picture(page: Page, dpi: float, drawing: Drawing, scanner: Scanner) -> Page:
    """The page, read from its picture where its layer gives no text or, under a large picture, no
    table; as it was where the picture says nothing more, or `dpi` is 0."""
    if not dpi:
        return page
    wanted = page.layer != "good" and page.layer_note
    if not wanted and not (page.image_share > PICTURED and not page.tables):
        return page
    try:
        picture = drawing.draw(page.source.page, dpi)
    except (pdfium.PdfiumError, ValueError, OSError, MemoryError) as error:
        if not wanted:
            return page
        return replace(page, layer_note=f"{page.layer_note}; not drawn: {reason_of(error)}")
    seen = scanner(page.source, picture)
    if not wanted and not seen.tables:
        return page
    if not seen.tables and not seen.lines:
        return replace(page, unread=seen.unread)
    if wanted and (why := why_illegible(seen)):
        return replace(page, layer_note=f"{page.layer_note}; {why}", unread=seen.unread)
    return replace(seen, layer=page.layer, layer_note=page.layer_note, image_share=page.image_share)


def take_early(
    glyphs: Sequence[Glyph], grids: Sequence[Grid]
) -> tuple[list[Glyph], list[EarlyMark]]:
    """Take out the marks that belong to the next page.

    Where Chromium cuts a row in two it paints the marks of the next page's first line, which jut
    over the cut, at the end of this page, and not again on the next.
    """
    if not grids or not grids[-1].open_below:
        return list(glyphs), []
    bottom = grids[-1].ys[-1]
    early = [
        EarlyMark(g, g.baseline - bottom)
        for g in glyphs
        if is_mark(g.text) and g.x1 - g.x0 < 1 and 0 < g.baseline - bottom < 2 * g.size
    ]
    taken = {id(mark.glyph) for mark in early}
    letters = [g.baseline for g in glyphs if id(g) not in taken and not is_mark(g.text)]
    if any(abs(mark.glyph.baseline - y) < 2 for mark in early for y in letters):
        return list(glyphs), []  # a line of text stands there: a footer
    return [g for g in glyphs if id(g) not in taken], early


def put_early(
    early: Sequence[EarlyMark], glyphs: Sequence[Glyph], grids: Sequence[Grid]
) -> list[Glyph]:
    """Put marks painted on the page before behind their letters: as deep below a row's top as they
    were below the cut, and where the letter ends. What finds no letter is left as a glyph."""
    found = list(glyphs)
    tops = [y for grid in grids for y in grid.ys]
    for mark in early:
        near = [
            i
            for i, g in enumerate(found)
            if not is_mark(g.text) and abs(g.x1 - mark.glyph.x0) < 0.15 * g.size
        ]
        places = [
            i for i in near if any(abs(found[i].baseline - y - mark.depth) < 1.5 for y in tops)
        ]
        if not places and near:
            # the rules of an open row may run on above its text: then it is the page's first line
            first = min(g.baseline for g in found)
            places = [i for i in near if abs(found[i].baseline - first) < 1]
        if len(places) != 1:
            found.append(mark.glyph)
            continue
        at = places[0] + 1
        while at < len(found) and is_mark(found[at].text):
            at += 1
        letter = found[places[0]]
        found.insert(at, mark.glyph._replace(baseline=letter.baseline, font=letter.font))
    return found


def flowing(glyphs: Sequence[Glyph]) -> str:
    """All text of a page as it comes, with a space where one is only drawn as a gap.

    >>> a, b = (Glyph(t, x, x + 5, 9, 10, "F") for t, x in (("a", 0), ("b", 8)))
    >>> flowing([a, b]), flowing([a, b._replace(x0=5)])
    ('a b', 'ab')
    """
    parts: list[str] = []
    right, baseline = 0.0, 0.0
    for text, x0, x1, y, size, _ in glyphs:
        if x0 - right > 0.2 * size or x0 < right - size or abs(y - baseline) > size:
            parts.append(" ")
        parts.append(text)
        right, baseline = x1, y
    return "".join(parts).strip()


def why_no_text(image_share: float, outlines: int, turned: int) -> str:
    """Why a page has no upright character at all; empty for a blank one.

    >>> why_no_text(0.98, 0, 0), why_no_text(0.0, 900, 0), why_no_text(0.0, 3, 0)
    ('a picture covers 98% of it and there is no text', 'its text is drawn as outlines', '')
    >>> why_no_text(0.0, 0, 900)
    'its text is turned on its side'
    """
    if turned > 20:
        return "its text is turned on its side"
    if image_share > 0.02:
        return f"a picture covers {image_share:.0%} of it and there is no text"
    return "its text is drawn as outlines" if outlines > 100 else ""


def place(
    source: Source, glyphs: Sequence[Glyph], grids: Sequence[Grid], turned: Sequence[Glyph] = ()
) -> Page:
    """Put each stretch into the cell of its middle; the rest are the page's own lines.

    A long word may run over its cell's side: its letters stay together.
    """
    outside: list[Glyph] = []
    inside: list[list[list[Glyph]]] = [[[] for _ in grid.spans] for grid in grids]
    for stretch in stretches(glyphs):
        here = outside
        inked = [g for g in stretch if not g.text.isspace()] or stretch
        x = (min(g.x0 for g in inked) + max(g.x1 for g in inked)) / 2
        y = stretch[0].baseline - stretch[0].size * 0.3
        for grid, cells in zip(grids, inside, strict=True):
            span = grid.find(x, y)
            if span is not None:
                here = cells[span]
                break
        here += stretch
    spaced = sum(g.text.isspace() for g in glyphs) * 50 > len(glyphs)
    sideways = turned_texts(turned, grids)
    tables, first_row = [], 0
    for number, (grid, cells) in enumerate(zip(grids, inside, strict=True)):
        table = Table(
            tuple(
                Cell(
                    to_lines(drawn, spaced) or sideways.get((number, at), ()),
                    Source(source.document, source.page, span.box),
                    first_row + span.row,
                    span.column,
                    span.row_span,
                    span.column_span,
                )
                for at, (span, drawn) in enumerate(zip(grid.spans, cells, strict=True))
            ),
            first_row,
            len(grid.ys) - 1,
            len(grid.xs) - 1,
            grid.box,
            grid.open_above,
            grid.open_below,
        )
        tables.append(table)
        first_row += table.row_count
    return Page(source, tuple(tables), to_lines(outside, spaced))


def turned_texts(
    turned: Sequence[Glyph], grids: Sequence[Grid]
) -> dict[tuple[int, int], tuple[Line, ...]]:
    """The text on its side in each cell, by number of grid and span: one line a column of it."""
    found: dict[tuple[int, int], list[Glyph]] = {}
    for glyph in turned:
        for number, grid in enumerate(grids):
            span = grid.find(glyph.x0, (glyph.baseline + glyph.x1) / 2)
            if span is not None:
                found.setdefault((number, span), []).append(glyph)
                break
    lines = {}
    for place, glyphs in found.items():
        columns: list[list[Glyph]] = []
        for glyph in glyphs:
            if not columns or abs(columns[-1][-1].x0 - glyph.x0) > 2:
                columns.append([])
            columns[-1].append(glyph)
        texts = ("".join(g.text for g in column) for column in columns)
        lines[place] = tuple(Line((Run(glyphs[0].font, text),)) for text in texts if text.strip())
    return lines


def stretches(glyphs: Sequence[Glyph]) -> Iterator[list[Glyph]]:
    """Characters that follow each other without a gap, in the stream and on the page.

    >>> a, b = (Glyph(t, x, x + 5, 9, 10, "F") for t, x in (("a", 0), ("b", 5)))
    >>> [len(s) for s in stretches([a, b])], [len(s) for s in stretches([a, b._replace(x0=8)])]
    ([2], [1, 1])
    """
    stretch: list[Glyph] = []
    right, baseline = 0.0, 0.0
    for glyph in glyphs:
        gap = glyph.x0 - right
        shift = abs(glyph.baseline - baseline)
        if is_mark(glyph.text):
            joins = shift <= glyph.size and abs(gap) <= glyph.size
        else:
            joins = (
                shift <= LINE_SHIFT * glyph.size
                and -0.5 * glyph.size <= gap <= 1 + 0.12 * glyph.size
            )
        if stretch and not joins:
            yield stretch
            stretch = []
        stretch.append(glyph)
        if len(stretch) == 1 or not is_mark(glyph.text):
            right, baseline = glyph.x1, glyph.baseline
    if stretch:
        yield stretch


def is_mark(text: str) -> bool:
    """True for combining marks alone, private-use ones of old Thai fonts included.

    >>> is_mark("่"), is_mark("\uf70a"), is_mark("ํา"), is_mark("")
    (True, True, False, False)
    """
    return bool(text) and all(
        unicodedata.category(letter) == "Mn" or "\uf700" < letter <= "\uf71a" for letter in text
    )


def to_lines(glyphs: Sequence[Glyph], spaced: bool) -> tuple[Line, ...]:
    """Characters in stream order to lines from top to bottom.

    `spaced` says that the layer has space characters of its own, so that only a wide gap is taken
    for one; Thai justification spreads letters by up to a fifth of their size.
    """
    rows: list[tuple[float, float, list[Glyph]]] = []
    current = -1
    for glyph in glyphs:
        if current >= 0 and is_mark(glyph.text):
            rows[current][2].append(glyph)
            continue
        if current < 0 or abs(rows[current][0] - glyph.baseline) > LINE_SHIFT * glyph.size:
            for i, (baseline, size, _) in enumerate(rows):
                if abs(baseline - glyph.baseline) <= LINE_SHIFT / 2 * max(size, glyph.size):
                    current = i
                    break
            else:
                rows.append((glyph.baseline, glyph.size, []))
                current = len(rows) - 1
        rows[current][2].append(glyph)
    rows.sort(key=lambda row: row[0])
    lines = (to_line(row[2], spaced) for row in rows)
    return tuple(line for line in lines if line.text.strip())


def to_line(glyphs: Sequence[Glyph], spaced: bool) -> Line:
    """One line's characters to runs of one font, with the spaces that the layer leaves out."""
    glyphs = in_reading_order(glyphs)
    gap = 1.0 if spaced else 0.22
    runs: list[tuple[str, list[str]]] = []
    right: float | None = None
    last = " "
    for glyph in glyphs:
        if not runs or runs[-1][0] != glyph.font:
            runs.append((glyph.font, []))
        if (
            right is not None
            and glyph.x0 - right > gap * glyph.size
            and not last.isspace()
            and not glyph.text.isspace()
        ):
            runs[-1][1].append(" ")
        runs[-1][1].append(glyph.text)
        if not is_mark(glyph.text):
            right = glyph.x1 if right is None else max(right, glyph.x1)
            last = glyph.text[-1:] or last
    size = max(g.size for g in glyphs)
    box = Box(
        min(g.x0 for g in glyphs),
        min(g.baseline for g in glyphs) - size,
        max((g.x1 for g in glyphs if not g.text.isspace()), default=glyphs[-1].x1),
        max(g.baseline for g in glyphs) + size * 0.25,
    )
    return Line(tuple(Run(font, "".join(texts)) for font, texts in runs), box)


def in_reading_order(glyphs: Sequence[Glyph]) -> Sequence[Glyph]:
    """Stretches of one line from left to right; within a stretch the stream's order stays."""
    stretches: list[list[Glyph]] = [[glyphs[0]]]
    for before, glyph in pairwise(glyphs):
        if glyph.x0 < before.x0 - glyph.size and not is_mark(glyph.text):
            stretches.append([])
        stretches[-1].append(glyph)
    if len(stretches) == 1:
        return glyphs
    stretches.sort(key=lambda stretch: stretch[0].x0)
    return [glyph for stretch in stretches for glyph in stretch]
