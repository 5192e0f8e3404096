"""A scan as a searchable PDF: its pages as they are, the recognised text invisible on them.

The text is drawn with a font of lines without area that is made here, so no Thai font is needed,
and in reading order, each line stretched over its box. pdfium, which pdfplumber brings, writes the
file: the streams of the original, its pictures among them, go through as they are.
"""

import ctypes
import hashlib
import re
import secrets
import struct
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image, ImageOps

from export.model import CannotWrite
from extract.model import Box, Cell, Frame, Page
from extract.picture import IMAGE_ERRORS, frames


class SearchablePage(NamedTuple):
    """What was recognised on one page, placed in points from the top left."""

    number: int
    """As a PDF viewer counts; of a picture with several pages too."""
    width: float
    height: float
    """Of the page as it is displayed, `/Rotate` and the crop box applied."""
    lines: tuple[tuple[str, Box], ...]
    frame: Frame = (1, 0, 0, 0, 1, 0)
    """From the page that the boxes stand on to the page as it is displayed, where it was turned or
    straightened to be read."""


def searchable_page(page: Page) -> SearchablePage:
    """What a page that was recognised brings to its searchable twin."""
    box = page.source.box
    if box is None:
        raise ValueError(f"{page.source}: a page without a place on paper")
    frame = page.frame or (1, 0, 0, 0, 1, 0)
    width, height = box.x1 - box.x0, box.bottom - box.top
    if abs(frame[1]) > abs(frame[0]):
        width, height = height, width
    return SearchablePage(page.source.page, width, height, lines_of(page), frame)


def lines_of(page: Page) -> tuple[tuple[str, Box], ...]:
    """The page's lines in reading order: from the top, a table cell by cell, each with its box."""
    blocks = [(line.box.top, [(line.text, line.box)]) for line in page.lines if line.box]
    for table in page.tables:
        lines = [placed for cell in table.cells for placed in _lines_in(cell)]
        blocks += [(table.box.top if table.box else lines[0][1].top, lines)] if lines else []
    return tuple(
        placed for _, lines in sorted(blocks, key=lambda block: block[0]) for placed in lines
    )


def _lines_in(cell: Cell) -> Iterator[tuple[str, Box]]:
    """A cell's lines; those whose places are not known share the cell's box."""
    box = cell.source.box
    for number, line in enumerate(cell.lines):
        if line.box:
            yield line.text, line.box
        elif box:
            high = (box.bottom - box.top) / len(cell.lines)
            top = box.top + number * high
            yield line.text, box._replace(top=top, bottom=top + high)


FALLBACK_DPI = 200
"""Of a picture's page that nobody read."""


def write_searchable(content: bytes, pages: Sequence[SearchablePage], target: Path) -> None:
    """Write a PDF, or a PDF made of a picture, with the text of its pages; whole or not at all.

    The same content and pages give the same bytes, but for a file that is encrypted, which stays
    so. A text layer that a page had before stays.
    """
    try:
        made = _searchable(content, pages)
    except pypdfium2.PdfiumError as error:
        raise CannotWrite(
            f"{target}: no searchable PDF can be made ({' '.join(str(error).split())}); "
            "the original may be damaged, open and save it with another program"
        ) from error
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        temporary.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(made)
        temporary.replace(target)
    except OSError as error:
        raise CannotWrite(
            f"{target}: cannot write ({error.strerror or error}); free the place, close the "
            "program that holds the file, or choose another folder with --searchable"
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def _searchable(content: bytes, pages: Sequence[SearchablePage]) -> bytes:
    with closing(_opened(content, pages)) as document:
        letters = sorted({letter for page in pages for text, _ in page.lines for letter in text})
        font = _load_font(document, letters)
        codes = {letter: code for code, letter in enumerate(letters, 1)}
        for page in pages:
            with closing(document[page.number - 1]) as sheet:
                _write_lines(document, sheet, page, font, codes)
        pdfium.FPDFFont_Close(font)
        had_identifier = bool(document.get_identifier())
        encrypted = pdfium.FPDF_GetSecurityHandlerRevision(document) != -1
        buffer = BytesIO()
        document.save(buffer)
    if encrypted:
        return buffer.getvalue()
    digest = hashlib.sha256(content + repr(pages).encode("utf-8", "replace")).hexdigest()
    return _named(buffer.getvalue(), digest[:32].upper().encode(), had_identifier)


def _opened(content: bytes, pages: Sequence[SearchablePage]) -> pypdfium2.PdfDocument:
    if b"%PDF-" in content[:1024]:
        return pypdfium2.PdfDocument(content)
    try:
        return _pdf_of_picture(content, pages)
    except IMAGE_ERRORS as error:
        raise pypdfium2.PdfiumError(str(error)) from error


def _write_lines(
    document: pypdfium2.PdfDocument,
    sheet: pypdfium2.PdfPage,
    page: SearchablePage,
    font: object,
    codes: Mapping[str, int],
) -> None:
    onto = _onto_paper(sheet, page)
    for text, box in page.lines:
        if not text.strip() or box.x1 <= box.x0 or box.bottom <= box.top:
            continue
        line = pdfium.FPDFPageObj_CreateTextObj(document, font, 1.0)
        coded = (ctypes.c_uint32 * len(text))(*(codes[letter] for letter in text))
        pdfium.FPDFText_SetCharcodes(line, coded, len(text))
        pdfium.FPDFTextObj_SetTextRenderMode(line, pdfium.FPDF_TEXTRENDERMODE_INVISIBLE)
        length = sum(WIDTHS[_glyph(letter)] for letter in text) / EM
        pdfium.FPDFPageObj_SetMatrix(line, _matrix(onto, box, length))
        pdfium.FPDFPage_InsertObject(sheet, line)
    if not pdfium.FPDFPage_GenerateContent(sheet):
        raise pypdfium2.PdfiumError(f"the text of page {page.number} is not taken")


_IDENTIFIERS = re.compile(rb"(<[0-9A-F]{32}>|)<[0-9A-F]{32}>\](?=[^\]]{0,99}>>\s*startxref)")


def _named(made: bytes, name: bytes, had_identifier: bool) -> bytes:
    """The file with an identifier of its contents instead of pdfium's random one.

    Its first half stays where the original had one. An encrypted file's key depends on it.
    """
    start = max(0, len(made) - 2000)
    first = rb"\1" if had_identifier else b"<" + name + b">"
    tail = _IDENTIFIERS.sub(first + b"<" + name + b">]", made[start:])
    return made[:start] + tail


# ---------------------------------------------------------------- text


_GRID = 100_000
"""Steps to a side of the page: pdfium takes whole numbers for places on a display."""


def _onto_paper(sheet: pypdfium2.PdfPage, page: SearchablePage) -> Frame:
    """From the page that the boxes stand on to PDF's own coordinates, whatever the page's
    rotation and crop box are."""

    def spot(x: int, y: int) -> tuple[float, float]:
        px, py = ctypes.c_double(), ctypes.c_double()
        pdfium.FPDF_DeviceToPage(sheet, 0, 0, _GRID, _GRID, 0, x, y, px, py)
        return px.value, py.value

    (x, y), right, down = spot(0, 0), spot(_GRID, 0), spot(0, _GRID)
    shown = (
        *((right[0] - x) / page.width, (down[0] - x) / page.height, x),
        *((right[1] - y) / page.width, (down[1] - y) / page.height, y),
    )
    a, b, c, d, e, f = page.frame
    return (
        *(shown[0] * a + shown[1] * d, shown[0] * b + shown[1] * e),
        shown[0] * c + shown[1] * f + shown[2],
        *(shown[3] * a + shown[4] * d, shown[3] * b + shown[4] * e),
        shown[3] * c + shown[4] * f + shown[5],
    )


def _matrix(onto: Frame, box: Box, length: float) -> pdfium.FS_MATRIX:
    """What makes a line of `length`, drawn from the origin in size 1, fill the box."""
    a, b, c, d, e, f = onto
    wide, high = (box.x1 - box.x0) / length, box.bottom - box.top
    left, base = box.x0, box.bottom + high * DESCENT / EM
    return pdfium.FS_MATRIX(
        *(wide * a, wide * d, -high * b, -high * e),
        *(a * left + b * base + c, d * left + e * base + f),
    )


# ---------------------------------------------------------------- a font that shows nothing

EM, ASCENT, DESCENT = 1000, 800, -200
WIDTHS = (1000, 1000, 400, 50)
"""Of the glyphs: the missing one, a letter, a space, a mark. None is 0, which would stack letters
where a reader sorts them by place."""


def _glyph(letter: str) -> int:
    """Which glyph stands for a letter: words come near their places if marks take no room."""
    return 2 if letter.isspace() else 3 if unicodedata.category(letter) == "Mn" else 1


def _load_font(document: pypdfium2.PdfDocument, letters: Sequence[str]) -> object:
    """The font in the document; the code of a letter is its place among the letters, from 1."""
    font = invisible_font()
    glyphs = struct.pack(f">{len(letters) + 1}H", 0, *map(_glyph, letters))
    loaded = pdfium.FPDFText_LoadCidType2Font(
        document,
        (ctypes.c_uint8 * len(font)).from_buffer_copy(font),
        len(font),
        _unicode_map(letters).encode(),
        (ctypes.c_uint8 * len(glyphs)).from_buffer_copy(glyphs),
        len(glyphs),
    )
    if not loaded:
        raise pypdfium2.PdfiumError("the font of the text is not taken")
    return loaded


def _unicode_map(letters: Sequence[str]) -> str:
    """The CMap that says which letter a code is; a block of it holds no more than 100 lines."""
    lines = [
        f"<{code:04X}> <{letter.encode('utf-16-be', 'replace').hex().upper()}>"
        for code, letter in enumerate(letters, 1)
    ]
    blocks = [lines[start : start + 100] for start in range(0, len(lines), 100)]
    return "\n".join(
        (
            "/CIDInit /ProcSet findresource begin",
            "12 dict begin",
            "begincmap",
            "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def",
            "/CMapName /Adobe-Identity-UCS def",
            "/CMapType 2 def",
            "1 begincodespacerange",
            "<0000> <FFFF>",
            "endcodespacerange",
            *(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks),
            "endcmap",
            "CMapName currentdict /CMap defineresource pop",
            "end",
            "end",
            "",
        )
    )


def invisible_font() -> bytes:
    """A TrueType font whose glyphs have a place and no area: a stroke there and back.

    pdfium leaves out of a page's text what is drawn by glyphs that are nothing at all.
    """
    count = len(WIDTHS)
    letters_to_glyphs = struct.pack(">4HI9H", 0, 1, 3, 1, 12, 4, 24, 0, 2, 2, 0, 0, 0xFFFF, 0)
    glyphs = [
        struct.pack(
            ">5h2H2B4h",
            *(1, 0, DESCENT, width, ASCENT),
            *(1, 0, 1, 1),
            *(0, width, DESCENT, ASCENT - DESCENT),
        )
        for width in WIDTHS
    ]
    size = len(glyphs[0])
    tables = {
        b"cmap": letters_to_glyphs + struct.pack(">3H", 0xFFFF, 1, 0),
        b"glyf": b"".join(glyphs),
        b"head": struct.pack(
            ">4I2H2Q4h2H3h",
            *(0x10000, 0x10000, 0, 0x5F0F3CF5, 0, EM, 0, 0),
            *(0, DESCENT, EM, ASCENT, 0, 8, 2, 0, 0),
        ),
        b"hhea": struct.pack(
            ">I3hH11hH", 0x10000, ASCENT, DESCENT, 0, EM, 0, 0, 0, 1, *(0,) * 7, count
        ),
        b"hmtx": b"".join(struct.pack(">Hh", width, 0) for width in WIDTHS),
        b"loca": struct.pack(f">{count + 1}H", *range(0, size * count // 2 + 1, size // 2)),
        b"maxp": struct.pack(">I14H", 0x10000, count, 2, 1, 0, 0, 1, *(0,) * 8),
        b"name": struct.pack(">3H", 0, 0, 6),
        b"post": struct.pack(">2I2h5I", 0x30000, 0, 0, 0, 1, 0, 0, 0, 0),
    }
    power = 1 << (len(tables).bit_length() - 1)
    head = struct.pack(
        ">I4H", 0x10000, len(tables), power * 16, power.bit_length() - 1, (len(tables) - power) * 16
    )
    body = b""
    for tag, table in tables.items():
        padded = table + bytes(-len(table) % 4)
        checksum = sum(struct.unpack(f">{len(padded) // 4}I", padded)) & 0xFFFFFFFF
        place = 12 + 16 * len(tables) + len(body)
        head += struct.pack(">4s3I", tag, checksum, place, len(table))
        body += padded
    return head + body


# ---------------------------------------------------------------- pictures

ORIENTATION = 0x0112
_TURNS = {1: 0, 6: 1, 3: 2, 8: 3}
"""EXIF's orientation to quarters of a turn clockwise; the other four are mirrored."""


def _pdf_of_picture(content: bytes, pages: Iterable[SearchablePage]) -> pypdfium2.PdfDocument:
    """A page for each picture; a JPEG is taken as it is."""
    document = pypdfium2.PdfDocument.new()
    read = {page.number: (page.width, page.height) for page in pages}
    for number, frame in enumerate(frames(content), 1):
        turn = _TURNS.get(frame.getexif().get(ORIENTATION, 1), -1)
        as_it_is = frame.format in ("JPEG", "MPO") and turn >= 0
        upright = ImageOps.exif_transpose(frame)
        size = (upright.width * 72 / FALLBACK_DPI, upright.height * 72 / FALLBACK_DPI)
        width, height = read.get(number, size)
        image = pypdfium2.PdfImage.new(document)
        if as_it_is:
            image.load_jpeg(BytesIO(content), inline=True)
            width, height = (height, width) if turn % 2 else (width, height)
        else:
            image.set_bitmap(pypdfium2.PdfBitmap.from_pil(_on_white(upright)))
        image.set_matrix(pypdfium2.PdfMatrix(width, 0, 0, height, 0, 0))
        with closing(document.new_page(width, height)) as sheet:
            sheet.insert_obj(image)
            sheet.set_rotation(90 * turn if as_it_is else 0)
            sheet.gen_content()
    return document


def _on_white(picture: Image.Image) -> Image.Image:
    """The picture in grey or in colours, of one byte each, and without transparency.

    >>> _on_white(Image.new("LA", (1, 1), (9, 0))).getpixel((0, 0))
    255
    """
    if picture.mode.startswith("I;16"):
        return picture.point(lambda value: value / 257).convert("L")
    mode = "L" if picture.mode in ("1", "L", "LA") else "RGB"
    if picture.has_transparency_data:
        clear = picture.convert("RGBA")
        paper = Image.new("RGBA", clear.size, "white")
        picture = Image.alpha_composite(paper, clear)
    return picture.convert(mode)
