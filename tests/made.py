"""Small reports that the tests make themselves: a PDF written by hand, a table as a dump."""

from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import NamedTuple

from extract.dump import read_dump
from extract.errors import Unreadable
from extract.pdf import read_pdf
from extract.picture import Unloaded, load_frames
from extract.source import LIMITS
from normalize.decisions import Decision
from normalize.report import Report, normalize
from profiles.report import profiles

WIDTH, HEIGHT = 842, 595
"""Points: A4 on its side, as these reports are printed."""
NO_WIDTH = (0x0E31, *range(0x0E34, 0x0E3B), *range(0x0E47, 0x0E4F))
"""Thai vowels and tone marks above and below; they take no room of their own."""

TITLE = "รายงานผลการประเมิน ITA ไปสู่การพัฒนาองค์กร ในปีงบประมาณ พ.ศ. ๒๕๖๙"
AGENCY = "เทศบาลตำบลศรีเตี้ย อำเภอบ้านโฮ่ง จังหวัดลำพูน"
FIELDS = (
    *("indicator", "question", "analysis", "measures"),
    *("result", "steps", "timeframe", "responsible"),
)
HEADERS = {
    "no": "ลำดับ",
    "indicator": "ประเด็น/ตัวชี้วัด ITA",
    "question": "ข้อคำถาม ITA",
    "analysis": "ผลการวิเคราะห์การประเมิน",
    "measures": "มาตรการ/โครงการ/กิจกรรม",
    "result": "ผลการวิเคราะห์ตัวชี้วัดที่สอดคล้องกับมาตรการ/โครงการ/กิจกรรม",
    "steps": "ขั้นตอน/วิธีการดำเนินการ",
    "timeframe": "ระยะเวลาการดำเนินการ",
    "responsible": "ผู้รับผิดชอบ",
}
ROW = {
    "indicator": "๑.การปฏิบัติหน้าที่",
    "question": "i๑ การปฏิบัติงานหรือให้บริการของเจ้าหน้าที่ในหน่วยงานของท่าน "
    "เป็นไปตามขั้นตอนและระยะเวลามากน้อยเพียงใด",
    "analysis": "เป็นไปตามที่กำหนดมากที่สุด",
    "measures": "ส่งเสริมการบริการประชาชน",
    "result": "จุดแข็ง: บุคลากรมีความเข้าใจ",
    "steps": "๑. จัดทำคู่มือ ๒. ประชาสัมพันธ์คู่มือ",
    "timeframe": "ตลอดปีงบประมาณ ๒๕๖๙",
    "responsible": "สำนักปลัด",
}


# ------------------------------------------------------------------ a PDF


class Font(NamedTuple):
    """A font of a made PDF; `letters` are what is drawn and what its layer says, where wrong."""

    name: str = "AAAAAA+Sarabun"
    letters: tuple[tuple[str, str], ...] = ()


def rule(x0: float, top: float, x1: float, bottom: float, color: str = "0 G") -> str:
    """A stroke from corner to corner, in points from the top left."""
    return f"{color} {x0} {HEIGHT - top} m {x1} {HEIGHT - bottom} l S"


def bar(x0: float, top: float, x1: float, bottom: float, color: str = "0 g") -> str:
    """A filled rectangle; a thin one is how Word draws a rule."""
    return f"{color} {x0} {HEIGHT - bottom} {x1 - x0} {bottom - top} re f 0 g"


def rules(xs: Sequence[float], tops: Sequence[float], color: str = "0 G") -> str:
    """All the rules of a plain table."""
    across = [rule(xs[0], y, xs[-1], y, color) for y in tops]
    down = [rule(x, tops[0], x, tops[-1], color) for x in xs]
    return "\n".join(across + down)


def words(x: float, top: float, text: str, font: int = 1, turned: bool = False) -> str:
    """One line of text whose baseline is 10 points below `top`."""
    matrix = f"0 1 -1 0 {x} {HEIGHT - top - 10}" if turned else f"1 0 0 1 {x} {HEIGHT - top - 10}"
    shown = text.encode("utf-16-be").hex()
    return f"BT /F{font} 10 Tf {matrix} Tm <{shown}> Tj ET"


def actual(text: str, *drawn: str) -> str:
    """What is drawn, marked with the text that it stands for."""
    said = ("\ufeff" + text).encode("utf-16-be").hex()
    return f"/Span <</ActualText <{said}>>> BDC\n" + "\n".join(drawn) + "\nEMC"


def table(xs: Sequence[float], tops: Sequence[float], cells: Sequence[Sequence[str]]) -> str:
    """A ruled table with one text a cell, a line of paper a line."""
    drawn = [rules(xs, tops)]
    for top, row in zip(tops, cells, strict=False):
        for x, text in zip(xs, row, strict=False):
            drawn += [words(x + 3, top + 3 + 14 * n, t) for n, t in enumerate(text.split("\n"))]
    return "\n".join(drawn)


def pdf(*pages: str, fonts: Sequence[Font] = (Font(),), extra: str = "", page: str = "") -> bytes:
    """A PDF of these content streams; `extra` goes into its trailer, `page` into each page."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", ""]
    widths = "[" + " ".join(f"{code} [0]" for code in NO_WIDTH) + "]"
    resources = []
    for n, font in enumerate(fonts, 1):
        at = len(objects) + 1
        cmap = to_unicode(font)
        objects += [
            f"<< /Type /Font /Subtype /Type0 /BaseFont /{font.name} /Encoding /Identity-H "
            f"/DescendantFonts [{at + 1} 0 R] /ToUnicode {at + 3} 0 R >>",
            f"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /{font.name} /DW 500 /W {widths} "
            f"/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> "
            f"/FontDescriptor {at + 2} 0 R >>",
            f"<< /Type /FontDescriptor /FontName /{font.name} /Flags 4 /FontBBox [0 -200 1000 800] "
            "/ItalicAngle 0 /Ascent 800 /Descent -200 /CapHeight 700 /StemV 80 >>",
            f"<< /Length {len(cmap)} >>\nstream\n{cmap}\nendstream",
        ]
        resources.append(f"/F{n} {at} 0 R")
    kids = []
    for content in pages:
        at = len(objects) + 1
        kids.append(f"{at} 0 R")
        objects += [
            f"<< /Type /Page {page} /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] "
            f"/Resources << /Font << {' '.join(resources)} >> >> /Contents {at + 1} 0 R >>",
            f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
        ]
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    out = bytearray(b"%PDF-1.7\n")
    places = []
    for n, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{n} 0 obj\n{body}\nendobj\n".encode("latin-1")
    start = len(out)
    lines = "".join(f"{place:010d} 00000 n \n" for place in places)
    out += f"xref\n0 {len(places) + 1}\n0000000000 65535 f \n{lines}".encode()
    out += f"trailer\n<< /Size {len(places) + 1} /Root 1 0 R {extra} >>\n".encode()
    return bytes(out + f"startxref\n{start}\n%%EOF\n".encode())


def to_unicode(font: Font) -> str:
    """A CMap that maps each code to itself but for the font's wrong letters."""
    singles = "\n".join(
        f"<{ord(drawn):04x}> <{said.encode('utf-16-be').hex()}>" for drawn, said in font.letters
    )
    count = len(font.letters)
    wrong = f"{count} beginbfchar\n{singles}\nendbfchar\n" if count else ""
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        "/CMapName /Made def 1 begincodespacerange <0000> <ffff> endcodespacerange\n"
        "3 beginbfrange\n<0020> <007e> <0020>\n<0e01> <0e7f> <0e01>\n<f700> <f71a> <f700>\n"
        f"endbfrange\n{wrong}endcmap end end"
    )


# ------------------------------------------------------------------ a dump


def row(**changes: str) -> dict[str, str]:
    """One row of the first indicator, with some of its cells otherwise."""
    return ROW | changes


def tsv(
    rows: Iterable[dict[str, str]],
    fields: Sequence[str] = FIELDS,
    titles: Sequence[str] = (TITLE, AGENCY),
    headers: dict[str, str] | None = None,
) -> str:
    """One page of a tab-separated dump: titles, a header row, rows."""
    said = HEADERS | (headers or {})
    blank = "\t" * (len(fields) - 1)
    lines = [title + blank for title in titles]
    if headers is None or headers:
        lines.append("\t".join(said[field] for field in fields))
    lines += ["\t".join(cells.get(field, "") for field in fields) for cells in rows]
    return "\n".join(lines) + "\n"


def html(rows: Sequence[Sequence[object]], titles: Sequence[str] = (TITLE, AGENCY)) -> str:
    """One page of an HTML dump; a cell is its text, or (text, row span, column span)."""
    lines = [f"<p>{title}</p>" for title in titles] + ["<table>"]
    for cells in rows:
        lines.append("<tr>")
        for cell in cells:
            text, down, across = cell if isinstance(cell, tuple) else (cell, 1, 1)
            spans = (f' rowspan="{down}"' if down > 1 else "") + (
                f' colspan="{across}"' if across > 1 else ""
            )
            lines.append(f"<td{spans}>{text}</td>")
        lines.append("</tr>")
    return "\n".join([*lines, "</table>"]) + "\n"


# ------------------------------------------------------------------ to a report


def paged(*pages: str) -> str:
    """Pages of a dump as one text."""
    return "".join(f"<!-- page {n} -->\n{page}" for n, page in enumerate(pages, 1))


def report_of(*pages: str, name: str = "a.txt", decisions: Sequence[Decision] = ()) -> Report:
    """What becomes of a dump of these pages."""
    return normalize(name, tuple(read_dump(name, paged(*pages))), profiles(), decisions)


def report_of_pdf(*pages: str) -> Report:
    """What becomes of a PDF of these content streams."""
    return normalize("a.pdf", tuple(read_pdf("a.pdf", BytesIO(pdf(*pages)))), profiles())


def load_images(content, limits=LIMITS):
    """The pictures of an image file of which every one is needed."""
    for frame in load_frames(content, limits):
        if isinstance(frame, Unloaded):
            raise Unreadable(frame.why)
        yield frame
