"""Hostile files, made when asked for: each builder is pure and gives the bytes of one file."""

import hashlib
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from io import BytesIO

from made import pdf, table, words
from PIL import Image

PASSWORD = "เปิด-sesame"
"""Of no file here: one that is never to be seen in a message."""
OPENS = "sesame"
"""What `encrypted_pdf` asks for."""
SENTENCE = "หน่วยงานมีการประเมินความโปร่งใสทุกปี"
GRID = table((50, 250, 450), (100, 140, 200), (("ข้อคำถาม", "ผล"), ("i๑ การปฏิบัติงาน", "ดีมาก")))


# ------------------------------------------------------------------ PDFs


def objects_pdf(*bodies: str | bytes, extra: str = "") -> bytes:
    """A PDF of these objects, numbered from 1; the first is its catalogue."""
    out = bytearray(b"%PDF-1.7\n")
    places = []
    for number, body in enumerate(bodies, 1):
        places.append(len(out))
        said = body.encode("latin-1") if isinstance(body, str) else body
        out += b"%d 0 obj\n" % number + said + b"\nendobj\n"
    start = len(out)
    lines = "".join(f"{place:010d} 00000 n \n" for place in places)
    out += f"xref\n0 {len(places) + 1}\n0000000000 65535 f \n{lines}".encode()
    out += f"trailer\n<< /Size {len(places) + 1} /Root 1 0 R {extra} >>\n".encode()
    return bytes(out + f"startxref\n{start}\n%%EOF\n".encode())


def stream(content: bytes, says: str = "") -> bytes:
    """The body of an object that is a stream."""
    return (
        b"<< %s /Length %d >>\nstream\n" % (says.encode(), len(content)) + content + b"\nendstream"
    )


CATALOGUE = "<< /Type /Catalog /Pages 2 0 R >>"
ONE_PAGE = "<< /Type /Pages /Kids [3 0 R] /Count 1 >>"


def paged_pdf(content: bytes, says: str = "", box: str = "0 0 595 842", more: str = "") -> bytes:
    """One page that shows a content stream."""
    page = f"<< /Type /Page /Parent 2 0 R /MediaBox [{box}] /Contents 4 0 R {more} >>"
    return objects_pdf(CATALOGUE, ONE_PAGE, page, stream(content, says))


def good_pdf() -> bytes:
    """A page that any reader reads."""
    return pdf(words(50, 40, SENTENCE) + "\n" + GRID)


def truncated_pdf() -> bytes:
    """A download that broke off before its first page."""
    return good_pdf()[:120]


def pdf_without_pages() -> bytes:
    return pdf()


def circular_pages() -> bytes:
    """A tree of pages that is its own child."""
    return objects_pdf(CATALOGUE, "<< /Type /Pages /Kids [2 0 R 3 0 R] /Count 2 >>", "3 0 R")


def circular_objects() -> bytes:
    """Objects that stand for each other."""
    return objects_pdf("2 0 R", "3 0 R", "1 0 R")


def circular_parents() -> bytes:
    """A page that inherits its size in a circle."""
    return objects_pdf(
        CATALOGUE,
        "<< /Type /Pages /Kids [3 0 R] /Count 1 /Parent 3 0 R >>",
        "<< /Type /Page /Parent 2 0 R /Resources 3 0 R /Contents 3 0 R >>",
    )


def circular_forms() -> bytes:
    """A drawing that draws itself, twice each time."""
    form = "/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /F 5 0 R >> >>"
    return objects_pdf(
        CATALOGUE,
        ONE_PAGE,
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        "/Resources << /XObject << /F 5 0 R >> >> >>",
        stream(b"/F Do"),
        stream(b"/F Do /F Do", form),
    )


def doubling_forms(depth: int = 40) -> bytes:
    """Drawings each of which draws the next one twice: 2 ** depth in all."""
    bodies: list[str | bytes] = [
        CATALOGUE,
        ONE_PAGE,
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        "/Resources << /XObject << /F 5 0 R >> >> >>",
        stream(b"/F Do"),
    ]
    for number in range(5, 5 + depth):
        inner = f"/Resources << /XObject << /F {number + 1} 0 R >> >>"
        form = f"/Type /XObject /Subtype /Form /BBox [0 0 9 9] {inner}"
        bodies.append(stream(b"/F Do /F Do", form))
    bodies.append(stream(b"0 0 9 9 re f", "/Type /XObject /Subtype /Form /BBox [0 0 9 9]"))
    return objects_pdf(*bodies)


def deep_pages(depth: int = 5000) -> bytes:
    """One page below a tree of thousands of levels."""
    tree = [
        f"<< /Type /Pages /Kids [{number + 1} 0 R] /Count 1 >>" for number in range(2, 2 + depth)
    ]
    return objects_pdf(
        CATALOGUE, *tree, f"<< /Type /Page /Parent {1 + depth} 0 R /MediaBox [0 0 595 842] >>"
    )


def deep_arrays(depth: int = 200_000) -> bytes:
    """A content stream of brackets in brackets."""
    return paged_pdf(b"[" * depth + b"]" * depth + b" TJ")


def deflated(content: bytes, times: int, again: int = 1) -> bytes:
    """What unpacks to `times` copies of `content`, itself packed `again` times."""
    packer = zlib.compressobj(9)
    packed = b"".join([*(packer.compress(content) for _ in range(times)), packer.flush()])
    for _ in range(again - 1):
        packed = zlib.compress(packed, 9)
    return packed


def bomb_pdf(megabytes: int = 120) -> bytes:
    """A page whose content unpacks to 120 MB; it is packed twice, and 1 kB on disk."""
    packed = deflated(b"q Q " * 250_000, megabytes, again=2)
    return paged_pdf(packed, "/Filter [/FlateDecode /FlateDecode]")


def bomb_of_objects(megabytes: int = 120) -> bytes:
    """A table of objects that unpacks to 120 MB."""
    packed = deflated(bytes(1_000_000), megabytes)
    start = 9
    says = "/Type /XRef /W [1 4 2] /Size 5 /Root 1 0 R /Filter /FlateDecode"
    return (
        b"%PDF-1.7\n1 0 obj\n"
        + stream(packed, says)
        + b"\nendobj\nstartxref\n%d\n%%%%EOF\n" % start
    )


def unknown_filter() -> bytes:
    """A page packed in a way that there is not."""
    return paged_pdf(b"BT (x) Tj ET" * 50, "/Filter /WhiteSpaceDecode")


def many_pages(count: int = 10_000) -> bytes:
    """More pages than any report has."""
    kids = " ".join(f"{number} 0 R" for number in range(3, 3 + count))
    page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>"
    tree = f"<< /Type /Pages /Kids [{kids}] /Count {count} >>"
    return objects_pdf(CATALOGUE, tree, *[page] * count)


def pictured_pdf(image: bytes, says: str, box: str = "0 0 595 842", times: int = 1) -> bytes:
    """One page with one picture over all of it, drawn so many times."""
    x0, y0, x1, y1 = (float(side) for side in box.split())
    draw = f"q {x1 - x0} 0 0 {y1 - y0} {x0} {y0} cm /I Do Q\n".encode() * times
    return objects_pdf(
        CATALOGUE,
        ONE_PAGE,
        f"<< /Type /Page /Parent 2 0 R /MediaBox [{box}] /Contents 4 0 R "
        "/Resources << /XObject << /I 5 0 R >> >> >>",
        stream(draw),
        stream(image, f"/Type /XObject /Subtype /Image {says}"),
    )


def absurd_page() -> bytes:
    """A scan on a page of 2,147,483,648 points by one."""
    says = "/Width 8 /Height 8 /ColorSpace /DeviceGray /BitsPerComponent 8"
    return pictured_pdf(bytes(64), says, "0 0 2147483648 1")


def picture_bomb_pdf(side: int = 12_000) -> bytes:
    """A scan of 144 megapixels in a kilobyte."""
    says = (
        f"/Width {side} /Height {side} /ColorSpace /DeviceGray /BitsPerComponent 8 "
        "/Filter [/FlateDecode /FlateDecode]"
    )
    return pictured_pdf(deflated(bytes(side * 100), side // 100, again=2), says)


def many_pictures(count: int = 100_000) -> bytes:
    """A page that draws one picture a hundred thousand times."""
    says = "/Width 8 /Height 8 /ColorSpace /DeviceGray /BitsPerComponent 8"
    return pictured_pdf(bytes(64), says, times=count)


def rc4(key: bytes, content: bytes) -> bytes:
    """The cipher of old PDFs."""
    box = list(range(256))
    j = 0
    for i in range(256):
        j = (j + box[i] + key[i % len(key)]) % 256
        box[i], box[j] = box[j], box[i]
    out = bytearray()
    i = j = 0
    for byte in content:
        i = (i + 1) % 256
        j = (j + box[i]) % 256
        box[i], box[j] = box[j], box[i]
        out.append(byte ^ box[(box[i] + box[j]) % 256])
    return bytes(out)


PADDING = bytes.fromhex("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a")


def encrypted_pdf(password: str = OPENS, owner: str = "owner") -> bytes:
    """A page that opens with a password of its own, by 40-bit RC4."""
    asked, owned = ((p.encode("latin-1") + PADDING)[:32] for p in (password, owner))
    kept = rc4(hashlib.md5(owned).digest()[:5], asked)
    name, rights = bytes(range(16)), -44
    key = hashlib.md5(asked + kept + struct.pack("<i", rights) + name).digest()[:5]
    content = b"BT /F1 12 Tf 50 700 Td (Annual report 2569, with enough words to be read) Tj ET"
    secret = rc4(hashlib.md5(key + b"\4\0\0\0\0").digest()[:10], content)
    return objects_pdf(
        CATALOGUE,
        ONE_PAGE,
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        "/Resources << /Font << /F1 5 0 R >> >> >>",
        stream(secret),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        extra=f"/ID [<{name.hex()}> <{name.hex()}>] /Encrypt << /Filter /Standard /V 1 /R 2 "
        f"/P {rights} /O <{kept.hex()}> /U <{rc4(key, PADDING).hex()}> >>",
    )


# ------------------------------------------------------------------ pictures


def saved(picture: Image.Image, form: str, **options: object) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def png_of(width: int, height: int, packed: bytes) -> bytes:
    """A grey PNG that says how large it is, and holds what it likes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        sum_ = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", sum_)

    head = chunk(b"IHDR", struct.pack(">2I5B", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def png_bomb(side: int = 60_000) -> bytes:
    """3.6 gigapixels of white."""
    return png_of(side, side, deflated(bytes(side), 100))


def text_bomb_png(megabytes: int = 100) -> bytes:
    """A small picture with a comment that unpacks to 100 MB."""
    whole = saved(Image.new("L", (300, 400), 255), "PNG")
    body = b"Comment\0\0" + deflated(bytes(1_000_000), megabytes)
    chunk = struct.pack(">I", len(body)) + b"zTXt" + body
    chunk += struct.pack(">I", zlib.crc32(b"zTXt" + body))
    return whole[:33] + chunk + whole[33:]


def truncated_image(form: str) -> bytes:
    """A third of a picture of noise, which says that it is whole."""
    whole = saved(Image.effect_noise((300, 420), 90), form)
    return whole[: len(whole) // 3]


def speck() -> bytes:
    """A picture of one pixel, as mails and web pages hide them."""
    return saved(Image.new("L", (1, 1)), "GIF")


def thread_picture() -> bytes:
    return saved(Image.new("1", (50_000, 2), 1), "PNG")


def tiff_with_a_broken_frame(broken: Sequence[int] = (1,), count: int = 3) -> bytes:
    """Pages of grey, of which some have lost their pixels: the strips lie beyond the file."""
    frames = [Image.new("L", (300, 420), 200 + number) for number in range(count)]
    content = bytearray(
        saved(frames[0], "TIFF", save_all=True, append_images=frames[1:], compression="tiff_lzw")
    )
    at = struct.unpack_from("<I", content, 4)[0]
    for number in range(count):
        entries = struct.unpack_from("<H", content, at)[0]
        for entry in range(at + 2, at + 2 + 12 * entries, 12):
            tag, kind, strips = struct.unpack_from("<HHI", content, entry)
            if tag == 273 and number in broken:
                if strips == 1:
                    struct.pack_into("<HHII", content, entry, tag, 4, 1, 0x7FFFFFF0)
                else:
                    place = struct.unpack_from("<I", content, entry + 8)[0]
                    size = 2 if kind == 3 else 4
                    content[place : place + size * strips] = b"\xf0" * (size * strips)
        at = struct.unpack_from("<I", content, at + 2 + 12 * entries)[0]
    return bytes(content)


# ------------------------------------------------------------------ ZIP files


def zipped(*members: tuple[str, bytes]) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in members:
            out.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content, 8)
    return buffer.getvalue()


def zip_bomb(megabytes: int = 400) -> bytes:
    """One text that unpacks to more than any text may have."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as out:
        info = zipfile.ZipInfo("a.txt", (2026, 1, 1, 0, 0, 0))
        info.compress_type = zipfile.ZIP_DEFLATED
        with out.open(info, "w", force_zip64=True) as member:
            for _ in range(megabytes):
                member.write(b"a" * 1_000_000)
    return buffer.getvalue()


def lying_zip() -> bytes:
    """A bomb whose table of contents says that it is small."""
    whole = bytearray(zip_bomb(20))
    central = whole.rindex(b"PK\1\2")
    struct.pack_into("<I", whole, central + 24, 900)
    return bytes(whole)


def overlapping_zip(members: int = 500, megabytes: int = 10) -> bytes:
    """Many members that all are the same bytes of the file, as Fifield's bombs are."""
    whole = zipped(("a.txt", b"a" * (megabytes * 1_000_000)))
    central = whole.index(b"PK\1\2")
    end = whole.index(b"PK\5\6")
    entry = whole[central:end]
    tail = bytearray(whole[end:])
    struct.pack_into("<HHI", tail, 8, members, members, len(entry) * members)
    return whole[:central] + entry * members + bytes(tail)


def renamed_overlapping_zip(members: int = 500, megabytes: int = 10) -> bytes:
    """The same with a name of its own for each member."""
    whole = overlapping_zip(members, megabytes)
    head, *entries = whole.split(b"PK\1\2")
    out = [head]
    for number, entry in enumerate(entries):
        out.append(entry[:42] + f"{number:05d}".encode()[:5] + entry[47:])
    return b"PK\1\2".join(out)


def climbing_zip() -> bytes:
    return zipped(("../../etc/up.pdf", good_pdf()), ("..\\up.txt", b"x"), ("C:/up.txt", b"x"))


def encrypted_zip(password: str = OPENS, content: bytes | None = None) -> bytes:
    """One text, encrypted as all ZIP programs can."""
    text = f"รายงาน\tผล\n{SENTENCE}\tดี\n".encode() if content is None else content
    whole = bytearray(zipped(("a.txt", text)))
    name = len("a.txt")
    start, end = 30 + name, whole.index(b"PK\1\2")
    crc = zlib.crc32(text)
    secret = zip_cipher(password.encode(), bytes(11) + bytes([crc >> 24]) + whole[start:end])
    for at, size in ((18, 22), (end + 20, end + 24)):
        struct.pack_into("<I", whole, at, len(secret))
        struct.pack_into("<I", whole, size, len(text))
    whole[6] |= 1
    whole[end + 8] |= 1
    tail = bytearray(whole[end:])
    last = tail.index(b"PK\5\6")
    struct.pack_into("<I", tail, last + 16, start + len(secret))
    return bytes(whole[:start] + secret + tail)


def zip_cipher(password: bytes, content: bytes) -> bytes:
    """The old cipher of ZIP files."""
    table = [0] * 256
    for n in range(256):
        value = n
        for _ in range(8):
            value = (value >> 1) ^ (0xEDB88320 if value & 1 else 0)
        table[n] = value
    keys = [0x12345678, 0x23456789, 0x34567890]

    def turn(byte: int) -> None:
        keys[0] = (keys[0] >> 8) ^ table[(keys[0] ^ byte) & 255]
        keys[1] = ((keys[1] + (keys[0] & 255)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = (keys[2] >> 8) ^ table[(keys[2] ^ (keys[1] >> 24)) & 255]

    for byte in password:
        turn(byte)
    out = bytearray()
    for byte in content:
        k = keys[2] | 2
        out.append(byte ^ (((k * (k ^ 1)) >> 8) & 255))
        turn(byte)
    return bytes(out)


# ------------------------------------------------------------------ dumps


def scripted_dump() -> bytes:
    """A page of the web with a script in each place that takes one."""
    return (
        "<html><head><title>x</title><script>alert('<table><tr><td>1</td></tr></table>')</script>"
        "<style>td{background:url(//x)}</style></head><body onload=alert(1)>"
        "<table><tr><td>ข้อ<script>document.write('<td>ปลอม')</script></td><td>ผล</td></tr>"
        "<tr><td><img src=x onerror=alert(1)>i๑</td><td><a href='javascript:alert(1)'>ดี</a></td>"
        "</tr></table></body></html>\n"
    ).encode()


def entity_bomb() -> bytes:
    """A billion laughs, which only a parser of XML would unfold."""
    lines = ['<?xml version="1.0"?>', "<!DOCTYPE lolz [", '<!ENTITY lol "lol">']
    before = "lol"
    for n in range(1, 10):
        lines.append(f'<!ENTITY lol{n} "{f"&{before};" * 10}">')
        before = f"lol{n}"
    rows = f"<table><tr><td>ข้อ</td><td>&{before};</td></tr></table>"
    return "\n".join([*lines, "]>", rows, ""]).encode()


def tab_bomb(megabytes: int = 20) -> bytes:
    """A text of nothing but empty cells."""
    return (b"a\tb\n" + b"\t" * 996) * (megabytes * 1000)


# ------------------------------------------------------------------ what must fail, and says why

POISON: dict[str, Callable[[], tuple[str, bytes]]] = {
    "empty": lambda: ("empty.pdf", b""),
    "truncated": lambda: ("truncated.pdf", truncated_pdf()),
    "head alone": lambda: ("head.pdf", b"%PDF-1.7\n"),
    "web page": lambda: ("notfound.pdf", b"<html><body><h1>404 Not Found</h1></body></html>"),
    "noise": lambda: ("noise.pdf", bytes((n * n * 7 + n // 3) % 256 for n in range(20_000))),
    "zeros": lambda: ("zeros.pdf", bytes(5000)),
    "word file": lambda: ("letter.pdf", zipped(("[Content_Types].xml", b"<Types/>"))),
    "old word file": lambda: ("old.pdf", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000)),
    "rar": lambda: ("packed.pdf", b"Rar!\x1a\x07\x01\x00" + bytes(200)),
    "broken zip": lambda: ("broken.zip", zipped(("a.txt", b"x" * 500))[:60]),
    "encrypted": lambda: ("locked.pdf", encrypted_pdf()),
    "no pages": lambda: ("nopages.pdf", pdf_without_pages()),
    "circular pages": lambda: ("circle.pdf", circular_pages()),
    "circular objects": lambda: ("ring.pdf", circular_objects()),
    "drawing of itself": lambda: ("itself.pdf", circular_forms()),
    "too many drawn": lambda: ("over.pdf", many_pictures(2000)),
    "unknown filter": lambda: ("filter.pdf", unknown_filter()),
    "decompression bomb": lambda: ("bomb.pdf", bomb_pdf()),
    "bomb of objects": lambda: ("objects.pdf", bomb_of_objects()),
    "too many pages": lambda: ("pages.pdf", many_pages()),
    "absurd page": lambda: ("absurd.pdf", absurd_page()),
    "cut png": lambda: ("cut.png", truncated_image("PNG")),
    "cut jpeg": lambda: ("cut.jpg", truncated_image("JPEG")),
    "cut tiff": lambda: ("cut.tif", truncated_image("TIFF")),
    "png bomb": lambda: ("bomb.png", png_bomb()),
    "broken frames": lambda: ("frames.tif", tiff_with_a_broken_frame((0, 1, 2))),
    "speck": lambda: ("speck.gif", speck()),
    "thread": lambda: ("thread.png", thread_picture()),
    "binary text": lambda: ("binary.txt", b"text\0more\0" * 900),
    "latin text": lambda: ("latin.txt", "größer straße äöü ".encode("latin-1") * 20),
}
"""Name to file name and bytes: each costs its own document, and its line says why."""
