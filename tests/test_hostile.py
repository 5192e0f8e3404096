"""What is meant badly, or broken: it costs its own document, and says why."""

import os
import pickle
import socket
import subprocess
import sys
import tracemalloc
from io import BytesIO
from pathlib import Path

import hostile
import pytest
from made import load_images, pdf, words

from extract.dump import read_dump
from extract.errors import ReportError, Unreadable
from extract.model import Page
from extract.pdf import draw_page, read_pdf
from extract.picture import Unloaded, load_frames
from extract.source import Limits, find_inputs
from pipeline import convert_document

SHARED = Path(__file__).parent.parent.parent / "shared"
PEAK_BYTES = 400_000_000
"""What a file may take whatever it unpacks to: twice the largest part that is unpacked."""

WHY = {
    "empty": "the file is empty; fetch it again",
    "truncated": "not a readable PDF",
    "head alone": "not a readable PDF",
    "web page": "named .pdf but holds text, perhaps a web page",
    "noise": "named .pdf but holds something else",
    "zeros": "named .pdf but holds something else",
    "word file": "a Word or Excel file; save it as PDF",
    "old word file": "an old Word or Excel file; save it as PDF",
    "rar": "a RAR archive; unpack it",
    "broken zip": "not a zip file; check the file",
    "encrypted": "encrypted; give --password",
    "no pages": "no pages in this PDF",
    "circular pages": "no pages in this PDF",
    "circular objects": "no pages in this PDF",
    "drawing of itself": "a drawing that draws itself",
    "too many drawn": "pictures cover it 2,000 times over",
    "unknown filter": "Unsupported filter",
    "decompression bomb": "a part of it unpacks to more than 100,000,000 bytes",
    "bomb of objects": "a part of it unpacks to more than 100,000,000 bytes",
    "too many pages": "10,000 pages, more than 5,000; give --max-pages, or split it",
    "absurd page": "a page of 2147483648 x 1 points is not legible in 60,000,000 pixels",
    "cut png": "the image cannot be decoded",
    "cut jpeg": "the image cannot be decoded",
    "cut tiff": "the image cannot be decoded",
    "png bomb": "60000 x 60000 pixels, more than 120,000,000; give --max-pixels",
    "broken frames": "the image cannot be decoded",
    "speck": "1 x 1 pixels is the size of no page",
    "thread": "50000 x 2 pixels is the size of no page",
    "binary text": "neither PDF nor image nor text",
    "latin text": "neither PDF nor image nor text",
}


def read(content, document="a.pdf", **how):
    return list(read_pdf(document, BytesIO(content), **how))


def blank_scanner(source, picture):
    """A reader of pictures that finds nothing, so that only the drawing costs time."""
    return Page(source, origin="ocr")


def found(*paths, **how):
    return list(find_inputs([str(path) for path in paths], **how))


def put(folder, name, content):
    path = folder / name
    path.write_bytes(content)
    return path


# ------------------------------------------------------------------ poison


def test_every_sort_of_poison_has_its_reason():
    assert set(WHY) == set(hostile.POISON)


@pytest.mark.parametrize("sort", hostile.POISON)
def test_poison_fails_and_says_why(tmp_path, sort):
    path = put(tmp_path, *hostile.POISON[sort]())
    record = convert_document(path).record
    assert (record.document, record.status) == (path.name, "failed")
    assert WHY[sort] in record.error
    assert "\n" not in record.error and str(tmp_path) not in record.error
    assert "Traceback" not in record.error and len(record.error) < 300


@pytest.mark.parametrize("sort", [sort for sort in hostile.POISON if "bomb" in sort])
def test_a_bomb_is_not_unpacked(tmp_path, sort):
    path = put(tmp_path, *hostile.POISON[sort]())
    tracemalloc.start()
    convert_document(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < PEAK_BYTES


# ------------------------------------------------------------------ PDFs


def test_a_page_that_inherits_in_a_circle():
    [page] = read(hostile.circular_parents(), scanner=blank_scanner)
    assert (page.source.page, page.tables, page.lines) == (1, (), ())


def test_a_drawing_that_draws_itself_is_not_drawn():
    [page] = read(hostile.circular_forms(), scanner=blank_scanner)
    assert (page.layer_note, page.origin) == ("a drawing that draws itself", "text")


@pytest.mark.parametrize(
    "make, why",
    [
        (hostile.circular_forms, "a drawing that draws itself"),
        (hostile.doubling_forms, "drawings within drawings without end"),
        (hostile.bomb_pdf, "a part of it unpacks to more than"),
    ],
)
def test_what_would_not_end_is_not_drawn_for_a_person_either(make, why):
    with pytest.raises(Unreadable, match=rf"^a\.pdf p\.1: not drawn \(.*{why}"):
        draw_page("a.pdf", BytesIO(make()), 1, 100)


def test_drawings_within_drawings_that_end_are_drawn():
    assert draw_page("a.pdf", BytesIO(hostile.doubling_forms(3)), 1, 72).grey.shape == (842, 595, 3)


def test_drawings_that_double_are_not_followed_nor_drawn():
    [page] = read(hostile.doubling_forms(), scanner=blank_scanner)
    assert page.layer_note == "the page cannot be parsed: drawings within drawings without end"
    assert page.origin == "text"


def test_a_tree_of_pages_without_end():
    with pytest.raises(Unreadable, match="goes round in circles"):
        read(hostile.deep_pages())


def test_brackets_without_end():
    [page] = read(hostile.deep_arrays(50_000))
    assert page.source.page == 1


def test_a_page_drawn_over_and_over_is_not_drawn():
    [page] = read(hostile.many_pictures(3000), scanner=blank_scanner)
    assert page.layer_note == "pictures cover it 3,000 times over"
    assert page.origin == "text"


def test_a_page_of_many_small_pictures_is_drawn():
    says = "/Width 8 /Height 8 /ColorSpace /DeviceGray /BitsPerComponent 8"
    tile = hostile.pictured_pdf(bytes(64), says, times=2000).replace(b"595.0 0 0 842.0", b"5 0 0 5")
    assert len(read(tile, scanner=blank_scanner)) == 1


def test_a_picture_that_unpacks_to_more_than_a_page_is_drawn_small():
    [page] = read(hostile.picture_bomb_pdf(), scanner=blank_scanner)
    assert "a picture covers 100% of it" in page.layer_note


def test_a_bomb_costs_its_page_alone():
    good = words(50, 40, hostile.SENTENCE)
    whole = pdf(good, "", good)
    at = whole.index(b"<< /Length 0 >>\nstream\n\nendstream")
    bomb = hostile.stream(hostile.deflated(b"q Q " * 250_000, 101), "/Filter /FlateDecode")
    first, second, third = read(
        whole[:at] + bomb + whole[at + len("<< /Length 0 >>\nstream\n\nendstream") :]
    )
    assert [line.text for line in first.lines] == [line.text for line in third.lines] != []
    assert "unpacks to more than" in second.layer_note


def test_a_stream_packed_in_slow_ways_many_times():
    runs = bytes([129, 65]) * 600_000  # two bytes for 128
    [page] = read(hostile.paged_pdf(runs, "/Filter [/RunLengthDecode /RunLengthDecode]"))
    assert "unpacks to more than" in page.layer_note


@pytest.mark.parametrize(
    "was, becomes",
    [
        (b"/W [3633 [0]", b"/W [0 2147483647 500 3633 [0]"),
        (b"<0020> <007e> <0020>", b"<00000000> <7fffffff> <0020>"),
    ],
)
def test_a_font_of_more_codes_than_there_are_costs_its_pages(was, becomes):
    made = pdf(words(50, 40, hostile.SENTENCE))
    assert was in made
    [page] = read(made.replace(was, becomes))
    assert page.layer_note.startswith("the page cannot be parsed: a font with ")


@pytest.mark.parametrize("number", ["1e999", "-1e999", "9" * 400, "nan", "-0.0000000001", "--5"])
def test_numbers_that_are_none_do_no_harm(number):
    drawn = (
        f"{number} {number} m {number} 9 l S 0 0 {number} {number} re f "
        f"q {number} 0 0 {number} 0 0 cm {words(50, 40, hostile.SENTENCE)} Q "
        f"BT /F1 {number} Tf 1 0 0 1 {number} 700 Tm <0e01> Tj ET "
    )
    first, second = read(pdf(drawn + words(50, 90, hostile.SENTENCE), hostile.GRID))
    assert len(second.tables) == 1
    assert first.source.page == 1
    whole = pdf(hostile.GRID, hostile.GRID)
    sized = whole.replace(b"[0 0 842 595]", f"[0 0 {number} 595]".encode(), 1)
    first, second = read(sized, scanner=blank_scanner)
    assert (first.source.page, len(second.tables)) == (1, 1)


def test_a_page_of_thousands_of_lines_is_not_laid_out():
    drawn = "".join(f"BT /F1 .01 Tf 1 0 0 1 9 {n / 8} Tm <0e01> Tj ET " for n in range(4000))
    [page] = read(pdf(drawn))
    assert page.layer_note == "more than 3,000 lines of text"


def test_a_page_of_more_letters_than_fit_is_not_laid_out():
    drawn = "BT /F1 1 Tf 1 0 0 1 9 9 Tm <" + "0e01" * 1000 + "> Tj ET "
    [page] = read(pdf(drawn * 101))
    assert "more than 100,000 letters on one page" in page.layer_note


# ------------------------------------------------------------------ limits


def test_pages_beyond_the_limit_fail_and_those_within_do_not():
    made = pdf(*[words(50, 40, hostile.SENTENCE)] * 4)
    assert len(read(made, limits=Limits(pages=4))) == 4
    with pytest.raises(Unreadable, match=r"^a\.pdf: 4 pages, more than 3; give --max-pages, or"):
        read(made, limits=Limits(pages=3))


@pytest.mark.parametrize("stated", ["1", "-1", "null"])
def test_more_pages_than_are_stated_stop_at_the_limit(stated):
    made = pdf(*[words(50, 40, hostile.SENTENCE)] * 4).replace(
        b"/Count 4", f"/Count {stated}".encode()
    )
    with pytest.raises(Unreadable, match="over 3 pages"):
        read(made, limits=Limits(pages=3))


def test_a_count_that_lies_is_no_reason():
    made = pdf(words(50, 40, hostile.SENTENCE)).replace(b"/Count 1", b"/Count 999999")
    assert len(read(made)) == 1


def test_a_page_over_the_limit_of_pixels_is_drawn_coarser():
    made = BytesIO(hostile.good_pdf())
    assert draw_page("a.pdf", made, 1, 300).grey.shape[:2] == (2480, 3509)
    coarse = draw_page("a.pdf", made, 1, 300, limits=Limits(pixels=1_000_000))
    assert coarse.grey.size // 3 <= 1_010_000
    assert coarse.dpi == pytest.approx(72 * (1_000_000 / (842 * 595)) ** 0.5)


def test_a_page_that_would_not_be_legible_leaves_the_others():
    says = "/Width 8 /Height 8 /ColorSpace /DeviceGray /BitsPerComponent 8"
    scan = hostile.pictured_pdf(bytes(64), says)
    limits = Limits(pixels=400_000)
    with pytest.raises(Unreadable, match="not legible in 400,000 pixels"):
        draw_page("a.pdf", BytesIO(scan), 1, 200, limits=limits)
    [page] = read(scan, scanner=blank_scanner, limits=limits)
    assert "not drawn: a page of 595 x 842 points is not legible" in page.layer_note


def test_an_image_over_the_limit_of_pixels():
    content = hostile.saved(hostile.Image.new("L", (900, 1200), 255), "PNG")
    assert len(list(load_images(content))) == 1
    with pytest.raises(Unreadable, match="900 x 1200 pixels, more than 1,000,000; give --max-pix"):
        list(load_images(content, Limits(pixels=1_000_000)))


def test_a_tiff_of_too_many_pages():
    content = hostile.tiff_with_a_broken_frame((), 4)
    assert len(list(load_images(content, Limits(pages=4)))) == 4
    with pytest.raises(Unreadable, match="more than 3 pages; give --max-pages"):
        list(load_images(content, Limits(pages=3)))


def test_a_dump_of_too_many_cells_or_pages():
    text = "a\tb\tc\td\n" * 40
    with pytest.raises(Unreadable, match=r"^a\.txt: 160 cells and lines, more than 100; split it"):
        list(read_dump("a.txt", text, Limits(cells=100)))
    with pytest.raises(Unreadable, match="pages, more than 5; give --max-pages, or split it"):
        list(read_dump("a.txt", "x\f" * 9, Limits(pages=5)))
    with pytest.raises(Unreadable, match="pages, more than 5; give --max-pages, or split it"):
        list(read_dump("a.txt", "<table><tr><td>a</table>\n" * 9, Limits(pages=5)))


def test_a_text_of_empty_cells_is_counted_before_it_is_read(tmp_path):
    path = put(tmp_path, "a.tsv", hostile.tab_bomb(1))
    assert "cells and lines, more than 500,000" in convert_document(path).record.error


@pytest.mark.parametrize("name", ["a.pdf", "a.txt", "a.png"])
def test_a_file_over_the_limit_of_bytes_is_not_read(tmp_path, name):
    content = {"a.pdf": hostile.good_pdf(), "a.txt": b"x" * 900}.get(name) or hostile.saved(
        hostile.Image.effect_noise((40, 40), 90), "PNG"
    )
    path = put(tmp_path, name, content)
    [one] = found(path, limits=Limits(file_bytes=500))
    assert one.error == f"{name}: more than 500 bytes; give --max-bytes, or split it"
    assert found(path)[0].error == ""


def test_a_text_has_a_limit_of_its_own(tmp_path):
    inputs = (
        put(tmp_path, "a.txt", b"x" * 900),
        put(tmp_path, "b.zip", hostile.zipped(("c.txt", b"x" * 900), ("d.txt", b"x" * 400))),
    )
    assert [one.error for one in found(*inputs, limits=Limits(text_bytes=500))] == [
        "a.txt: more than 500 bytes; split it",
        "b.zip/c.txt: more than 500 bytes; split it",
        "",
    ]


def test_a_huge_file_of_nothing_is_told_by_its_size(tmp_path):
    """A sparse file: a terabyte that takes no room on the disk."""
    path = put(tmp_path, "a.pdf", b"%PDF-1.7\n")
    os.truncate(path, 1 << 40)
    assert "more than 1,000,000,000 bytes" in found(path)[0].error


def test_a_file_that_grows_after_it_was_listed(tmp_path):
    path = put(tmp_path, "a.txt", b"x" * 100)
    [one] = found(path, limits=Limits(file_bytes=500))
    path.write_bytes(b"x" * 501)
    with pytest.raises(Unreadable, match=r"^a\.txt: more than 500 bytes"):
        one.read_bytes()


# ------------------------------------------------------------------ passwords


@pytest.mark.parametrize("passwords", [(hostile.OPENS,), (hostile.PASSWORD, "x", hostile.OPENS)])
def test_a_password_opens_a_pdf(passwords):
    [page] = read(hostile.encrypted_pdf(), passwords=passwords)
    assert [line.text for line in page.lines] == [
        "Annual report 2569, with enough words to be read"
    ]
    picture = draw_page("a.pdf", BytesIO(hostile.encrypted_pdf()), 1, 100, passwords=passwords)
    assert picture.grey.min() < 128  # something is drawn


def test_a_pdf_that_needs_no_password_is_read_whatever_is_given():
    assert len(read(hostile.good_pdf(), passwords=(hostile.PASSWORD,))) == 1
    assert len(read(hostile.encrypted_pdf(""), passwords=(hostile.PASSWORD,))) == 1
    assert len(read(hostile.encrypted_pdf(""))) == 1


@pytest.mark.parametrize(
    "passwords, says",
    [
        ((), "encrypted; give --password, or export it without one"),
        (("s3cret-k",), "encrypted, and the password given does not open it; give --password"),
        (
            ("s3cret-k", hostile.PASSWORD),
            "encrypted, and none of the 2 passwords given opens it; give --password",
        ),
    ],
)
def test_a_message_never_holds_a_password(passwords, says):
    with pytest.raises(Unreadable) as caught:
        read(hostile.encrypted_pdf(), passwords=passwords)
    assert str(caught.value) == f"a.pdf: {says}"
    with pytest.raises(Unreadable) as caught:
        draw_page("a.pdf", BytesIO(hostile.encrypted_pdf()), 1, 100, passwords=passwords)
    assert not any(password in str(caught.value) for password in passwords)


def test_a_password_opens_a_member_of_a_zip_file(tmp_path):
    path = put(tmp_path, "a.zip", hostile.encrypted_zip())
    [one] = found(path, passwords=(hostile.PASSWORD, hostile.OPENS))
    assert (one.name, one.reader, one.error) == ("a.zip/a.txt", "dump", "")
    assert hostile.OPENS not in repr(one) and hostile.OPENS.encode() not in pickle.dumps(one)
    assert hostile.SENTENCE in one.read_text((hostile.PASSWORD, hostile.OPENS))
    with pytest.raises(Unreadable, match=r"^a\.zip/a\.txt: encrypted; give --password$"):
        one.read_bytes()
    [locked] = found(path)
    assert locked.error == "a.zip/a.txt: encrypted; give --password"
    [wrong] = found(path, passwords=(hostile.PASSWORD,))
    assert wrong.error == (
        "a.zip/a.txt: encrypted, and no password given opens it; give --password"
    )


# ------------------------------------------------------------------ pictures


@pytest.mark.parametrize("broken", [(0,), (1,), (0, 2)])
def test_a_broken_frame_costs_its_page_alone(broken):
    frames = list(load_frames(hostile.tiff_with_a_broken_frame(broken)))
    assert [isinstance(frame, Unloaded) for frame in frames] == [n in broken for n in range(3)]
    assert [int(f.grey[0, 0]) for f in frames if not isinstance(f, Unloaded)] == [
        200 + n for n in range(3) if n not in broken
    ]
    assert all(f.why.startswith("the image ") for f in frames if isinstance(f, Unloaded))


def test_a_tiff_of_broken_frames_alone_cannot_be_read():
    with pytest.raises(Unreadable, match="the image cannot be decoded"):
        list(load_frames(hostile.tiff_with_a_broken_frame((0, 1, 2))))


def test_a_comment_that_unpacks_to_much_is_no_picture():
    content = hostile.text_bomb_png()
    tracemalloc.start()
    with pytest.raises(Unreadable, match="the image cannot be decoded"):
        list(load_images(content))
    assert tracemalloc.get_traced_memory()[1] < 80_000_000
    tracemalloc.stop()


# ------------------------------------------------------------------ ZIP files


def test_a_zip_bomb_is_not_unpacked(tmp_path):
    path = put(tmp_path, "a.zip", hostile.zip_bomb(20))
    tracemalloc.start()
    [one] = found(path, limits=Limits(member_bytes=1_000_000))
    assert tracemalloc.get_traced_memory()[1] < 3_000_000
    tracemalloc.stop()
    assert one.error == "a.zip/a.txt: more than 1,000,000 bytes; split it"


def test_a_member_larger_than_it_says(tmp_path):
    """zipfile stops at the size that is stated, and then the sum does not fit."""
    [one] = found(put(tmp_path, "a.zip", hostile.lying_zip()))
    assert "Bad CRC-32" in one.error


@pytest.mark.parametrize("make", [hostile.overlapping_zip, hostile.renamed_overlapping_zip])
def test_members_that_overlap_are_a_bomb(tmp_path, make):
    [one] = found(put(tmp_path, "a.zip", make()))
    assert one.error.startswith("a.zip: ")
    assert "overlap" in one.error.lower()


def test_a_bomb_in_a_bomb_is_not_opened(tmp_path):
    inner = hostile.zipped(("b.zip", hostile.zip_bomb(2)))
    for _ in range(5):
        inner = hostile.zipped(("c.zip", inner))
    [one] = found(put(tmp_path, "a.zip", inner))
    assert one.skipped == "an archive inside an archive; unpack it first"


def test_paths_that_climb_are_not_followed(tmp_path):
    inputs = found(put(tmp_path, "a.zip", hostile.climbing_zip()))
    assert [(one.name, one.reader) for one in inputs] == [
        ("a.zip/etc/up.pdf", None),
        ("a.zip/up.txt", None),
        ("a.zip/C:/up.txt", None),
    ]
    assert all("its path leads out of the archive" in one.error for one in inputs)
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


# ------------------------------------------------------------------ dumps


def test_scripts_are_neither_run_nor_read():
    pages = list(read_dump("a.html", hostile.scripted_dump().decode()))
    cells = [cell.raw for page in pages for table in page.tables for cell in table.cells]
    assert cells == ["ข้อ", "ผล", "i๑", "ดี"]


def test_entities_that_a_file_defines_stay_as_they_are_written():
    pages = list(read_dump("a.html", hostile.entity_bomb().decode()))
    cells = [cell.raw for page in pages for table in page.tables for cell in table.cells]
    assert cells == ["ข้อ", "&lol9;"]
    assert sum(len(line.text) for page in pages for line in page.lines) < 1000


# ------------------------------------------------------------------ folders


def test_a_folder_of_odd_things(tmp_path):
    put(tmp_path, "a.pdf", hostile.good_pdf())
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "b.pdf").symlink_to(tmp_path / "b.pdf")
    os.mkfifo(tmp_path / "c.pdf")
    with socket.socket(socket.AF_UNIX) as bound:
        before = Path.cwd()
        os.chdir(tmp_path)  # the name of a socket may be no longer than 107 bytes
        try:
            bound.bind("d.pdf")
        finally:
            os.chdir(before)
        inputs = found(tmp_path)
    assert [(one.name, one.reader, one.skipped) for one in inputs] == [
        ("a.pdf", "pdf", ""),
        ("b.pdf", None, "not a file"),
        ("c.pdf", None, "not a file"),
        ("d.pdf", None, "not a file"),
    ]


def test_a_file_that_becomes_a_pipe_is_not_waited_for(tmp_path):
    path = put(tmp_path, "a.txt", b"text")
    [one] = found(path)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(Unreadable, match=r"^a\.txt: no longer a file; check the file"):
        one.read_bytes()


@pytest.mark.parametrize("name", ["a.pdf", "a.txt", "a.png"])
def test_a_file_that_vanishes_fails_alone(tmp_path, name):
    content = {"a.pdf": hostile.good_pdf(), "a.txt": b"text"}.get(name) or hostile.saved(
        hostile.Image.new("L", (300, 400)), "PNG"
    )
    path = put(tmp_path, name, content)
    [one] = found(path)
    path.unlink()
    record = convert_document(one).record
    assert record.status == "failed"
    assert record.error.lower() == f"{name}: no such file or directory; check the file"


def test_a_pdf_that_is_cut_while_it_is_read(tmp_path):
    path = put(tmp_path, "a.pdf", pdf(*[words(50, 40, hostile.SENTENCE)] * 40))
    with path.open("rb") as file:
        pages = read_pdf("a.pdf", file, scanner=blank_scanner)
        assert next(pages).layer == "good"
        os.truncate(path, 0)
        try:
            rest = list(pages)
        except Unreadable as error:
            assert str(error).startswith("a.pdf: ")
        else:
            assert all(page.source.document == "a.pdf" for page in rest)


def test_what_nobody_may_read_is_told(tmp_path):
    """The tests may run as root, who may read all; so another user looks."""
    put(tmp_path, "open.txt", b"text")
    put(tmp_path, "locked.txt", b"text").chmod(0)
    (tmp_path / "closed").mkdir()
    put(tmp_path / "closed", "a.pdf", hostile.good_pdf())
    (tmp_path / "closed").chmod(0)
    tmp_path.chmod(0o755)
    script = (
        "import os\n"
        "from extract.source import find_inputs\n"
        f"os.chdir({os.fspath(tmp_path)!r})\n"
        "if os.getuid() == 0:\n"
        "    os.setgroups([]), os.setegid(65534), os.seteuid(65534)\n"
        "for one in [*find_inputs(['.']), *find_inputs(['closed'])]:\n"
        "    print(one.name, one.reader, one.error, sep='|')\n"
    )
    try:
        told = subprocess.run(
            [sys.executable, "-c", script],
            cwd=Path(__file__).parent.parent,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    finally:
        (tmp_path / "closed").chmod(0o755)
    assert told.splitlines() == [
        "closed|None|closed: a folder that cannot be read; check who may",
        "locked.txt|None|locked.txt: permission denied; check the file",
        "open.txt|dump|",
        "closed|None|closed: a folder that cannot be read; check who may",
    ]


@pytest.mark.parametrize(
    "name, shown",
    [
        ("รายงาน ประจำปี ๒๕๖๙.txt", "รายงาน ประจำปี ๒๕๖๙.txt"),
        ("a\nb\r.txt", "a␊b␍.txt"),
        ("\x1b[2J\x07\x7f.txt", "␛[2J␇␡.txt"),
        ("a\u202etxt.fdp.txt", "a\ufffdtxt.fdp.txt"),
        ("=cmd|x.txt", "=cmd|x.txt"),
        ("é.txt", "\u00e9.txt"),
        (os.fsdecode(b"\xa1\xd2\xc3.txt"), "\ufffd\ufffd\ufffd.txt"),
    ],
)
def test_names_are_shown_so_that_they_harm_nobody(tmp_path, name, shown):
    put(tmp_path, name, b"text")
    [one] = found(tmp_path)
    assert (one.name, one.reader) == (shown, "dump")
    assert one.read_text() == "text"
    (tmp_path / name).unlink()
    with pytest.raises(Unreadable) as caught:
        one.read_text()
    assert str(caught.value).startswith(f"{shown}: ")


# ------------------------------------------------------------------ files found in the wild


def in_place(folder):
    files = sorted((SHARED / folder).glob("*.pdf"))
    if not files:
        reason = f"{folder} files are not beside the project"
        return [pytest.param(None, marks=pytest.mark.skip(reason=reason), id="absent")]
    return [pytest.param(path, id=path.stem[:40]) for path in files]


@pytest.mark.parametrize("path", [*in_place("hostile"), *in_place("real")])
def test_a_file_of_the_wild_ends_with_pages_or_one_error(path):
    """Each page that needs it is drawn; what is drawn is not recognised, which takes its time."""
    [one] = found(path)
    sizes = []

    def scanner(source, picture):
        sizes.append(picture.grey.size)
        return blank_scanner(source, picture)

    try:
        with path.open("rb") as file:
            pages = list(read_pdf(one.name, file, scanner=scanner))
    except ReportError as error:
        assert str(error).startswith(f"{path.name}: ")
        assert "\n" not in str(error)
        return
    assert one.error == ""
    assert [page.source.page for page in pages] == [*range(1, len(pages) + 1)]
    assert all(size <= 3 * 61_000_000 for size in sizes)
