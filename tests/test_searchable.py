"""Scans made searchable, read back by other programs' readers."""

import shutil
import subprocess
from io import BytesIO

import pdfplumber
import pypdfium2
import pytest
from made import pdf
from PIL import Image, ImageDraw

from export.model import CannotWrite
from export.searchable import (
    SearchablePage,
    invisible_font,
    lines_of,
    searchable_page,
    write_searchable,
)
from extract.model import Box, Cell, Line, Page, Run, Source, Table

WIDTH, HEIGHT = 400, 300
LINES = (
    ("รายงานผลการประเมิน ITA พ.ศ. ๒๕๖๙", Box(40, 20, 360, 38)),
    ("i๑๒ น้ำ ที่ ป่า ปู่ ฌฃฅฦ", Box(30, 60, 180, 74)),
    ("e14 (ร้อยละ ๙๔.๖๗๘)", Box(200, 60, 370, 74)),
    ("-", Box(200, 100, 206, 110)),
)
TEXT = "".join(text.replace(" ", "") for text, _ in LINES)


def picture(mode="L", size=(800, 600), **options):
    made = Image.new(mode, size, "white")
    ImageDraw.Draw(made).rectangle((100, 100, 300, 140), "black")
    return made


def saved(made, form, **options):
    buffer = BytesIO()
    made.save(buffer, form, **options)
    return buffer.getvalue()


JPEG = saved(picture(), "JPEG", quality=60)


def scan(page="", content="q 400 0 0 300 0 0 cm /Im Do Q", jpeg=JPEG, size=(WIDTH, HEIGHT)):
    """A PDF of one page that shows one JPEG."""
    image = (
        f"<< /Type /XObject /Subtype /Image /Width 800 /Height 600 /ColorSpace /DeviceGray "
        f"/BitsPerComponent 8 /Filter /DCTDecode /Length {len(jpeg)} >>\nstream\n"
    )
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {size[0]} {size[1]}] {page} "
        "/Resources << /XObject << /Im 5 0 R >> >> /Contents 4 0 R >>".encode(),
        f"<< /Length {len(content)} >>\nstream\n{content}\nendstream".encode(),
        image.encode() + jpeg + b"\nendstream",
    ]
    out = b"%PDF-1.4\n"
    places = []
    for number, body in enumerate(objects, 1):
        places.append(f"{len(out):010d} 00000 n \n")
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    table = f"xref\n0 6\n0000000000 65535 f \n{''.join(places)}trailer\n<< /Size 6 /Root 1 0 R >>\n"
    return out + table.encode() + f"startxref\n{len(out)}\n%%EOF\n".encode()


def made(tmp_path, content, *pages):
    target = tmp_path / "made.pdf"
    write_searchable(content, pages, target)
    return target


def page(lines=LINES, width=WIDTH, height=HEIGHT, **more):
    return SearchablePage(1, width, height, tuple(lines), **more)


def pictures(content):
    """The bytes of a PDF's pictures as they are stored."""
    document = pypdfium2.PdfDocument(content)
    return [
        bytes(image.get_data())
        for sheet in document
        for image in sheet.get_objects([pypdfium2.raw.FPDF_PAGEOBJ_IMAGE])
    ]


def rendered(content):
    return pypdfium2.PdfDocument(content)[0].render().to_numpy().tobytes()


def found_by_pdfium(content, text):
    """Where pdfium finds a text, in points from the top left of the page as displayed."""
    sheet = pypdfium2.PdfDocument(content)[0]
    layer = sheet.get_textpage()
    start, count = layer.search(text).get_next()
    corners = []
    for number in range(start, start + count):
        left, bottom, right, top = layer.get_charbox(number, loose=True)
        corners += [displayed(sheet, left, bottom), displayed(sheet, right, top)]
    xs, ys = zip(*corners, strict=True)
    return Box(min(xs), min(ys), max(xs), max(ys))


def displayed(sheet, x, y):
    grid = 100_000
    across, down = pypdfium2.raw.c_int(), pypdfium2.raw.c_int()
    pypdfium2.raw.FPDF_PageToDevice(sheet, 0, 0, grid, grid, 0, x, y, across, down)
    width, height = sheet.get_size()
    return across.value * width / grid, down.value * height / grid


PAGES = {
    "upright": ("", (400, 300), "q 400 0 0 300 0 0 cm /Im Do Q"),
    "rotate 90": ("/Rotate 90", (300, 400), "q 0 400 -300 0 300 0 cm /Im Do Q"),
    "rotate 180": ("/Rotate 180", (400, 300), "q -400 0 0 -300 400 300 cm /Im Do Q"),
    "rotate 270": ("/Rotate 270", (300, 400), "q 0 -400 300 0 0 400 cm /Im Do Q"),
    "cropped": ("/CropBox [50 40 450 340]", (500, 420), "q 400 0 0 300 50 40 cm /Im Do Q"),
    "cropped, rotate 90": (
        "/Rotate 90 /CropBox [50 40 350 440]",
        (420, 500),
        "q 0 400 -300 0 350 40 cm /Im Do Q",
    ),
    "scale left as it was": ("", (400, 300), "0.5 0 0 0.5 0 0 cm 800 0 0 600 0 0 cm /Im Do"),
}


@pytest.mark.parametrize("kind", PAGES)
def test_lines_lie_where_they_were_read(tmp_path, kind):
    entries, size, content = PAGES[kind]
    original = scan(entries, content, size=size)
    out = made(tmp_path, original, page()).read_bytes()
    for text, box in LINES:
        assert found_by_pdfium(out, text) == pytest.approx(box, abs=2)
    layer = pypdfium2.PdfDocument(out)[0].get_textpage().get_text_range()
    assert "".join(layer.split()) == TEXT
    assert pictures(out) == pictures(original) == [JPEG]
    assert rendered(out) == rendered(original)


@pytest.mark.parametrize("kind", [kind for kind in PAGES if "cropped" not in kind])
def test_pdfplumber_reads_the_words_in_their_places(tmp_path, kind):
    entries, size, content = PAGES[kind]
    with pdfplumber.open(made(tmp_path, scan(entries, content, size=size), page())) as document:
        [sheet] = document.pages
        assert "".join(sheet.extract_text().split()) == TEXT
        for text, box in LINES:
            mine = sheet.within_bbox((box.x0 - 2, box.top - 2, box.x1 + 2, box.bottom + 2))
            assert mine.extract_text() == text
            assert min(char["x0"] for char in mine.chars) == pytest.approx(box.x0, abs=2)
            assert max(char["x1"] for char in mine.chars) == pytest.approx(box.x1, abs=2)
            assert min(char["top"] for char in mine.chars) == pytest.approx(box.top, abs=2)


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="pdftotext is not installed")
def test_pdftotext_reads_the_text(tmp_path):
    target = made(tmp_path, scan("/Rotate 90", PAGES["rotate 90"][2], size=(300, 400)), page())
    said = subprocess.run(["pdftotext", target, "-"], capture_output=True, check=True)
    assert sorted(said.stdout.decode().split()) == sorted(" ".join(t for t, _ in LINES).split())


def test_words_of_a_line_come_near_their_places(tmp_path):
    line = ("ที่ ที่ นนน", Box(100, 100, 200, 115))
    with pdfplumber.open(made(tmp_path, scan(), page([line]))) as document:
        first, second, third = document.pages[0].extract_words()
    assert second["x0"] - first["x0"] == pytest.approx(100 * 1.5 / 5.9, abs=2)
    assert third["x1"] == pytest.approx(200, abs=2)


def test_a_page_that_was_turned_upright_to_be_read(tmp_path):
    """The scan lies on its side: its text was read on the page turned clockwise."""
    line = ("รายงาน ๒๕๖๙", Box(20, 30, 220, 48))  # on the turned page, 300 x 400 points
    turned = (0, 1, 0, -1, 0, HEIGHT)  # its x runs up the page as it lies, its y to the right
    out = made(tmp_path, scan(), page([line], frame=turned)).read_bytes()
    assert found_by_pdfium(out, line[0]) == pytest.approx((30, 80, 48, 280), abs=2)


def test_the_same_input_gives_the_same_bytes(tmp_path):
    first = made(tmp_path, scan(), page()).read_bytes()
    assert made(tmp_path, scan(), page()).read_bytes() == first
    assert made(tmp_path, scan(), page(LINES[:1])).read_bytes() != first


def test_pages_without_text_stay_as_they_are(tmp_path):
    out = made(tmp_path, scan(), page([("  ", Box(0, 0, 9, 9)), ("ก", Box(5, 5, 5, 9))]))
    assert pypdfium2.PdfDocument(out)[0].get_textpage().get_text_range() == ""
    assert pictures(made(tmp_path, scan()).read_bytes()) == [JPEG]


def test_letters_outside_of_the_usual_plane_and_halves_of_them(tmp_path):
    line = ("ก 𝟗 \ud800 ข", Box(30, 60, 180, 74))
    out = made(tmp_path, scan(), page([line])).read_bytes()
    text = pypdfium2.PdfDocument(out)[0].get_textpage().get_text_range()
    assert text.startswith("ก 𝟗") and text.endswith("ข")


def test_more_letters_than_a_block_of_the_map_holds(tmp_path):
    text = "".join(chr(code) for code in (*range(0x21, 0x7F), *range(0x0E01, 0x0E3A)))
    out = made(tmp_path, scan(), page([(text, Box(0, 60, 400, 70))])).read_bytes()
    assert pypdfium2.PdfDocument(out)[0].get_textpage().get_text_range() == text


# ------------------------------------------------------------------ pictures


def test_a_jpeg_goes_in_as_it_is(tmp_path):
    out = made(tmp_path, JPEG, page()).read_bytes()
    assert pictures(out) == [JPEG]
    assert pypdfium2.PdfDocument(out)[0].get_size() == (WIDTH, HEIGHT)
    for text, box in LINES:
        assert found_by_pdfium(out, text) == pytest.approx(box, abs=2)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_jpeg_is_shown_as_its_camera_meant(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = saved(picture(), "JPEG", quality=95, exif=exif)
    size = (300, 400) if orientation > 4 else (400, 300)
    out = made(tmp_path, content, page(LINES[-1:], *size)).read_bytes()
    sheet = pypdfium2.PdfDocument(out)[0]
    assert sheet.get_size() == size
    assert found_by_pdfium(out, "-") == pytest.approx(LINES[-1][1], abs=2)
    shown = sheet.render(grayscale=True).to_pil().convert("L")
    corners = {1: (50, 50), 2: (250, 50), 3: (250, 230), 4: (50, 230)}
    sides = {5: (50, 50), 6: (230, 50), 7: (230, 250), 8: (50, 250)}
    x, y = (corners | sides)[orientation]
    assert shown.getpixel((x + 10, y + 10)) < 60
    assert sum(shown.histogram()[:128]) == pytest.approx(2000, rel=0.1)
    if orientation in (1, 3, 6, 8):
        assert pictures(out) == [content]


@pytest.mark.parametrize(
    ("mode", "form"),
    [
        *(("1", "TIFF"), ("L", "TIFF"), ("RGB", "TIFF"), ("CMYK", "TIFF"), ("I;16", "TIFF")),
        *(("1", "PNG"), ("P", "PNG"), ("LA", "PNG"), ("RGBA", "PNG"), ("I;16", "PNG")),
        *(("CMYK", "JPEG"), ("RGB", "BMP"), ("P", "GIF"), ("RGB", "WEBP"), ("RGB", "JPEG2000")),
    ],
)
def test_other_pictures_look_the_same(tmp_path, mode, form):
    plain = picture("L", (400, 300))
    if mode == "I;16":
        made_of = Image.frombytes(
            "I;16", plain.size, bytes(b for p in plain.tobytes() for b in (p, p))
        )
    else:
        made_of = plain.convert("RGB").convert(mode)
    options = {"quality": 95} if form in ("JPEG", "WEBP") else {}
    out = made(tmp_path, saved(made_of, form, **options), page()).read_bytes()
    shown = pypdfium2.PdfDocument(out)[0].render(grayscale=True).to_pil().convert("L")
    assert shown.size == plain.size
    assert shown.getpixel((200, 120)) < 60
    assert shown.getpixel((20, 20)) > 200


def test_a_tiff_of_several_pages(tmp_path):
    pages = [picture("1", (800, 600)), picture("1", (600, 800))]
    content = saved(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    second = SearchablePage(2, 300, 400, (("หน้าสอง", Box(10, 10, 90, 24)),))
    document = pypdfium2.PdfDocument(made(tmp_path, content, second))
    assert [sheet.get_size() for sheet in document] == [(288, 216), (300, 400)]
    assert [s.get_textpage().get_text_range() for s in document] == ["", "หน้าสอง"]


# ------------------------------------------------------------------ what goes wrong


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no picture",
        b"%PDF-1.7 and nothing else",
        JPEG[:200],
        saved(picture(), "PNG")[:90],
        saved(picture(), "TIFF")[:90],
    ],
)
def test_damaged_files_are_told_and_leave_nothing(tmp_path, content):
    with pytest.raises(CannotWrite, match="no searchable PDF can be made"):
        write_searchable(content, [page()], tmp_path / "made.pdf")
    assert list(tmp_path.iterdir()) == []


def test_a_page_that_is_not_there(tmp_path):
    with pytest.raises(CannotWrite, match="no searchable PDF"):
        write_searchable(scan(), [SearchablePage(7, 400, 300, LINES)], tmp_path / "made.pdf")


def test_a_place_that_takes_no_file(tmp_path):
    (tmp_path / "made.pdf").mkdir()
    with pytest.raises(CannotWrite, match="choose another folder with --searchable"):
        write_searchable(scan(), [page()], tmp_path / "made.pdf")
    assert [path.name for path in tmp_path.iterdir()] == ["made.pdf"]


def test_folders_are_made(tmp_path):
    write_searchable(scan(), [page()], tmp_path / "a" / "b.pdf")
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b.pdf"]


# ------------------------------------------------------------------ pages


def line(text, *box):
    return Line((Run("", text[:1]), Run("", text[1:])), Box(*box) if box else None)


def test_lines_come_in_reading_order_cell_by_cell():
    source = Source("a.pdf", 3, Box(0, 0, 300, 400))
    cells = (
        Cell((line("สอง", 10, 52, 40, 60), line("สาม", 10, 62, 40, 70)), source, 0, 0),
        Cell((line("สี่"), line("ห้า")), Source("a.pdf", 3, Box(50, 50, 90, 70)), 0, 1),
        Cell((), source, 1, 0),
    )
    table = Table(cells, 0, 2, 2, Box(8, 50, 90, 90))
    lines = (line("หนึ่ง", 10, 10, 90, 20), line("หก", 10, 95, 90, 105), line("ไร้ที่"))
    turned = (0.0, 1.0, 0.0, -1.0, 0.0, 300.0)
    read = Page(source, (Table((), 0, 0, 0), table), lines, "ocr", "none", frame=turned)
    assert [text for text, _ in lines_of(read)] == ["หนึ่ง", "สอง", "สาม", "สี่", "ห้า", "หก"]
    assert lines_of(read)[4] == ("ห้า", Box(50, 60, 90, 70))
    assert searchable_page(read) == SearchablePage(3, 400, 300, lines_of(read), turned)


def test_a_page_without_a_place_has_no_searchable_twin():
    with pytest.raises(ValueError, match="without a place"):
        searchable_page(Page(Source("a.md", 1)))


def test_the_font_is_small():
    assert len(invisible_font()) < 700


def test_an_exported_page_can_get_text_too(tmp_path):
    out = made(tmp_path, pdf("q Q"), SearchablePage(1, 842, 595, LINES)).read_bytes()
    assert found_by_pdfium(out, LINES[0][0]) == pytest.approx(LINES[0][1], abs=2)
