"""Odd and broken image files: read right, or told what is wrong with them."""

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from made import load_images
from PIL import Image, ImageDraw, TiffImagePlugin

from extract.errors import Unreadable
from extract.model import Picture, Source
from extract.picture import prepared
from extract.source import find_inputs
from pipeline import Settings, convert_document, read_document, scan_page

SIZE = (827, 1169)
"""A4 at 100 dpi, in pixels."""


def picture(mode="L", size=SIZE):
    """Paper with a dark bar near its top left corner."""
    made = Image.new("L", size, "white")
    ImageDraw.Draw(made).rectangle((100, 200, 300, 260), "black")
    if mode == "I;16":
        deep = np.asarray(made).astype("<u2") * 257
        return Image.frombytes(mode, size, deep.tobytes())
    return made.convert("RGB").convert(mode)


def saved(made, form, **options):
    buffer = BytesIO()
    made.save(buffer, form, **options)
    return buffer.getvalue()


def grey_of(page):
    return page.grey if page.grey.ndim == 2 else page.grey.mean(axis=2)


def bar(page):
    """Left, top, right and bottom of what is dark, in pixels."""
    rows, columns = np.nonzero(grey_of(page) < 100)
    return columns.min(), rows.min(), columns.max(), rows.max()


def only(content):
    [page] = load_images(content)
    assert page.grey.dtype == np.uint8
    assert page.grey.flags.c_contiguous
    return page


def png(width, height, rows=b""):
    """The head of a PNG that says how large it is, and what it holds of it."""

    def chunk(kind, body):
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">2I5B", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows))


KINDS = {
    "PNG": ("1", "L", "P", "RGB", "RGBA", "LA", "I;16"),
    "TIFF": ("1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "YCbCr", "LAB", "I;16"),
    "JPEG": ("L", "RGB", "CMYK"),
    "JPEG2000": ("L", "RGB", "RGBA", "I;16"),
    "WEBP": ("L", "RGB", "RGBA"),
    "GIF": ("1", "L", "P"),
    "BMP": ("1", "L", "P", "RGB"),
}


@pytest.mark.parametrize(("form", "mode"), [(f, m) for f, modes in KINDS.items() for m in modes])
def test_every_kind_of_pixel_is_read(tmp_path, form, mode):
    content = saved(picture(mode), form, **({"quality": 95} if form in ("JPEG", "WEBP") else {}))
    page = only(content)
    assert page.grey.shape[:2] == SIZE[::-1]
    assert bar(page) == pytest.approx((100, 200, 300, 260), abs=2)
    assert grey_of(page)[230, 200] < 10 and grey_of(page)[10, 10] > 245
    path = tmp_path / "page.bin"
    path.write_bytes(content)
    [found] = find_inputs([str(path)])
    assert (found.reader, found.error) == ("image", "")


@pytest.mark.parametrize(
    "packed",
    ["group3", "group4", "tiff_ccitt", "packbits", "tiff_lzw", "jpeg", "tiff_adobe_deflate"],
)
def test_tiffs_of_every_compression(packed):
    mode = "1" if packed.startswith(("group", "tiff_ccitt")) else "L"
    page = only(saved(picture(mode), "TIFF", compression=packed, dpi=(200, 200)))
    assert bar(page) == pytest.approx((100, 200, 300, 260), abs=2)
    assert page.dpi == 200


@pytest.mark.parametrize("mode", ["1", "L"])
@pytest.mark.parametrize("zero_is_white", [True, False])
def test_a_tiff_says_which_of_its_numbers_is_white(mode, zero_is_white):
    content = saved(picture(mode), "TIFF", tiffinfo={262: 0 if zero_is_white else 1})
    assert bar(only(content)) == (100, 200, 300, 260)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_what_is_clear_is_paper(mode):
    made = picture(mode)
    made.putalpha(Image.eval(picture("L"), lambda v: 255 - v))
    assert grey_of(only(saved(made, "PNG")))[10, 10] == 255
    black = Image.new(mode, SIZE)  # black below what is clear
    black.putalpha(Image.eval(picture("L"), lambda v: 255 - v))
    assert bar(only(saved(black, "PNG"))) == (100, 200, 300, 260)


def test_a_palette_with_a_clear_colour():
    made = picture("1").convert("P")
    page = only(saved(made, "PNG", transparency=255))
    assert grey_of(page)[10, 10] == 255
    assert bar(page) == (100, 200, 300, 260)


# ------------------------------------------------------------------ which pages there are


def test_a_tiff_of_pages_of_many_sizes_and_resolutions():
    pages = [picture("1"), picture("L", (1240, 900)), picture("RGB", (600, 900))]
    buffer = BytesIO()
    with TiffImagePlugin.AppendingTiffWriter(buffer) as out:
        for made, dpi in zip(pages, (100, 150, 300), strict=True):
            made.save(out, "TIFF", dpi=(dpi, dpi))
            out.newFrame()
    read = list(load_images(buffer.getvalue()))
    assert [page.grey.shape[:2] for page in read] == [(1169, 827), (900, 1240), (900, 600)]
    assert [round(page.dpi) for page in read] == [100, 150, 96]


def test_small_copies_in_a_tiff_are_no_pages():
    buffer = BytesIO()
    with TiffImagePlugin.AppendingTiffWriter(buffer) as out:
        for size, kind in ((SIZE, 2), ((400, 566), 1), ((900, 1200), 2)):
            tags = TiffImagePlugin.ImageFileDirectory_v2()
            tags[254] = kind
            picture("L", size).save(out, "TIFF", tiffinfo=tags)
            out.newFrame()
    read = list(load_images(buffer.getvalue()))
    assert [page.grey.shape[1] for page in read] == [827, 900]


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_picture_is_the_page(form):
    others = [Image.new("L", SIZE, "black"), Image.new("L", SIZE, "grey")]
    content = saved(picture("L"), form, save_all=True, append_images=others)
    assert bar(only(content)) == pytest.approx((100, 200, 300, 260), abs=2)


def test_a_second_shot_in_a_jpeg_is_no_page():
    content = saved(picture("L"), "MPO", save_all=True, append_images=[picture("L", (200, 300))])
    assert content.startswith(b"\xff\xd8\xff")
    assert only(content).grey.shape[:2] == SIZE[::-1]


def test_a_tiff_whose_pages_go_round_in_a_circle():
    content = bytearray(saved(picture("1"), "TIFF"))
    [first] = struct.unpack_from("<I", content, 4)
    [count] = struct.unpack_from("<H", content, first)
    struct.pack_into("<I", content, first + 2 + 12 * count, first)
    assert 1 <= len(list(load_images(bytes(content)))) <= 2


# ------------------------------------------------------------------ resolution


@pytest.mark.parametrize("form", ["TIFF", "PNG", "JPEG", "BMP"])
@pytest.mark.parametrize("dpi", [150, 200, 300])
def test_a_stated_resolution_is_believed(form, dpi):
    content = saved(picture("L", (1654, 2339)), form, dpi=(dpi, dpi))
    assert only(content).dpi == pytest.approx(dpi, abs=1)


@pytest.mark.parametrize("dpi", [(72, 72), (96, 96), (1, 1), (0, 0), (9999, 9999), (72, 96)])
@pytest.mark.parametrize("form", ["TIFF", "PNG"])
def test_one_that_no_page_has_is_not(form, dpi):
    page = only(saved(picture("L", (1654, 2339)), form, dpi=dpi))
    assert page.grey.shape == (2339, 1654)
    assert page.dpi == pytest.approx(200, abs=1)


@pytest.mark.parametrize("form", ["TIFF", "PNG", "JPEG", "WEBP", "GIF", "JPEG2000"])
def test_without_one_a_page_is_a4(form):
    assert only(saved(picture("L", (1654, 2339)), form)).dpi == pytest.approx(200, abs=1)


def test_a_resolution_in_centimetres():
    content = saved(picture("L"), "TIFF", resolution_unit="cm", x_resolution=40, y_resolution=40)
    assert only(content).dpi == pytest.approx(101.6, abs=0.1)


def test_a_resolution_that_is_no_number():
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[282] = tags[283] = TiffImagePlugin.IFDRational(1, 0)
    tags[296] = 2
    assert only(saved(picture("L", (1654, 2339)), "TIFF", tiffinfo=tags)).dpi == pytest.approx(
        200, abs=1
    )


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
def test_the_pixels_of_a_fax_become_square(mode):
    """204 dots an inch across and 98 lines an inch down, as fax machines scan by default."""
    page = only(saved(picture(mode, (1728, 1146)), "TIFF", dpi=(204, 98)))
    assert page.dpi == 204
    assert page.grey.shape[:2] == (round(1146 * 204 / 98), 1728)
    assert bar(page) == pytest.approx((100, 416, 300, 542), abs=3)


# ------------------------------------------------------------------ which way is up


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_as_its_camera_meant(form, orientation):
    back = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    lying = picture("L").transpose(back[orientation]) if orientation > 1 else picture("L")
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"tiffinfo": {274: orientation}} if form == "TIFF" else {"exif": exif}
    page = only(saved(lying, form, **options))
    assert page.grey.shape[:2] == SIZE[::-1]
    assert bar(page) == pytest.approx((100, 200, 300, 260), abs=3)


def test_a_fax_that_lies_on_its_side():
    lying = picture("L", (1146, 1728)).transpose(Image.Transpose.ROTATE_90)  # 1728 x 1146
    content = saved(lying, "TIFF", dpi=(204, 98), tiffinfo={274: 6})
    assert only(content).grey.shape == (1728, round(1146 * 204 / 98))


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_an_orientation_that_there_is_not(value):
    exif = Image.Exif()
    exif[0x0112] = value
    assert bar(only(saved(picture("L"), "PNG", exif=exif))) == (100, 200, 300, 260)


# ------------------------------------------------------------------ what is no page

FORMS = ("PNG", "JPEG", "TIFF", "WEBP", "GIF", "BMP", "JPEG2000")


def told(content):
    with pytest.raises(Unreadable) as raised:
        list(load_images(content))
    message = str(raised.value)
    assert " at 0x" not in message and "\n" not in message
    assert len(message) < 200
    return message


@pytest.mark.parametrize("form", FORMS)
def test_a_cut_off_file_is_told(form):
    whole = saved(Image.effect_noise((300, 420), 90), form)
    for share in (0.0, 0.001, 0.01, 0.1, 0.5, 0.9):
        cut = whole[: int(len(whole) * share)]
        assert told(cut).startswith("the image cannot be decoded: "), share


@pytest.mark.parametrize("form", FORMS)
def test_damage_ends_in_a_picture_or_in_one_error(form):
    whole = saved(picture("L", (300, 400)), form)
    for seed in range(40):
        content = bytearray(whole)
        random = np.random.default_rng(seed)
        for at in random.integers(0, min(len(content), 600), 4):
            content[at] = random.integers(0, 256)
        try:
            pages = list(load_images(bytes(content)))
        except Unreadable as error:
            assert " at 0x" not in str(error)
        else:
            assert all(page.grey.size and page.dpi > 0 for page in pages)


@pytest.mark.parametrize(
    "size", [(1, 1), (31, 1000), (50_000, 2), (2, 50_000), (50_000, 40), (16, 16)]
)
def test_what_is_too_small_or_too_thin_is_no_page(size):
    message = told(saved(Image.new("1", size, 1), "PNG"))
    assert message.endswith(f"{size[0]} x {size[1]} pixels is the size of no page")


@pytest.mark.parametrize(
    "size", [(60_000, 60_000), (2**31 - 1, 2**31 - 1), (12_000, 11_000), (40_000, 4_000)]
)
def test_what_is_too_large_is_told_before_it_is_unpacked(size):
    assert "pixel" in told(png(*size, bytes(1000)))


def test_a_large_page_at_a_usual_resolution_is_one():
    """A0 at 200 dpi, bitonal."""
    page = only(
        saved(Image.new("1", (6623, 9362), 1), "TIFF", compression="group4", dpi=(200, 200))
    )
    assert page.grey.shape == (9362, 6623)


def test_a_file_that_lies_about_its_size():
    assert "truncated" in told(png(1000, 1000, bytes(1000)))


@pytest.mark.parametrize(
    "content",
    [
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 900 900\n%%EndComments\nshowpage\n",
        b"P5 900 900 255\n" + bytes(810_000),
        b"8BPS\0\1" + bytes(100),
    ],
)
def test_other_kinds_of_picture_are_not_tried(content):
    """Some of them run other programs."""
    assert told(content) == "the image cannot be decoded: its head is damaged"


def test_a_thin_picture_survives_being_prepared():
    page = only(saved(Image.new("L", (2000, 120), 255), "PNG", dpi=(1200, 1200)))
    assert min(prepared(page).grey.shape) >= 1


# ------------------------------------------------------------------ the whole way


@pytest.mark.parametrize(
    "content",
    [
        b"",
        saved(picture("L"), "PNG")[:400],
        saved(picture("L"), "JPEG")[:400],
        saved(picture("1"), "TIFF")[:400],
        saved(Image.new("L", (1, 1)), "PNG"),
        png(60_000, 60_000),
    ],
)
def test_a_broken_image_costs_its_document_alone(tmp_path, content):
    path = tmp_path / "scan.png"
    path.write_bytes(content)
    record = convert_document(path).record
    assert record.status == "failed"
    assert record.error.startswith("scan.png: ")
    assert ";" in record.error
    assert str(tmp_path) not in record.error
    assert convert_document(path).record == record


def test_an_image_is_taken_for_what_it_is_and_not_for_its_name(tmp_path):
    path = tmp_path / "scan.jpg"
    path.write_bytes(saved(Image.new("L", (300, 400), 255), "TIFF"))
    [found] = find_inputs([str(path)])
    assert found.reader == "image"
    [page] = read_document(found, Settings()).pages
    assert (page.source.page, page.lines, page.tables) == (1, (), ())


@pytest.mark.parametrize("paper", [255, 128, 0])
def test_a_page_of_one_colour_is_no_error(tmp_path, paper):
    path = tmp_path / "blank.png"
    path.write_bytes(saved(Image.new("L", SIZE, paper), "PNG"))
    [found] = find_inputs([str(path)])
    [page] = read_document(found, Settings()).pages
    assert (page.tables, page.lines, page.unread) == ((), (), ())


@pytest.mark.parametrize("side", ["left", "right", "top", "bottom"])
@pytest.mark.parametrize("inside", range(12))
def test_a_streak_at_the_very_edge_of_a_page(side, inside):
    made = np.full((400, 300), 255, np.uint8)
    turned = {"left": made, "right": made[:, ::-1], "top": made.T, "bottom": made.T[:, ::-1]}[side]
    turned[:, inside : inside + 2] = 90
    turned[::3, max(inside - 1, 0)] = turned[::3, inside + 2] = 90
    assert prepared(Picture(made, 100.0)).grey.shape == made.shape


@pytest.mark.parametrize("size", [(32, 32), (33, 600), (600, 33)])
@pytest.mark.parametrize("dpi", [3.0, 96.0, 1200.0])
def test_the_smallest_pictures_are_read_as_nothing(size, dpi):
    made = np.full(size, 255, np.uint8)
    page = scan_page(Settings(), Source("a.png", 1), Picture(made, dpi))
    assert (page.tables, page.lines) == ((), ())
