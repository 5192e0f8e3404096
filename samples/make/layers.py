"""Text layers as Word, Excel and others leave them, while the page still looks right.

A font is made that draws private characters as a bare nikhahit, as SARA AA or as nothing; the HTML
uses them, and the PDF's ToUnicode map then says of them what the defect says.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pikepdf
import pypdfium2
from fontTools.ttLib import TTFont
from report import OFFICIAL, Style

FONTS = "/usr/share/fonts/truetype/tlwg"
NIKHAHIT, SARA_AA, NOTHING = "\ue001", "\ue002", "\ue003"
TONES = "่้๊๋์"
PUA = {
    "่": "\uf70a", "้": "\uf70b", "๊": "\uf70c", "๋": "\uf70d", "์": "\uf70e",
    "ั": "\uf710", "ิ": "\uf701", "ี": "\uf702", "ึ": "\uf703", "ื": "\uf704",
    "็": "\uf712", "ุ": "\uf718", "ู": "\uf719",
}  # fmt: skip
PUA_NAMES = {
    "\uf705": "่", "\uf706": "้", "\uf707": "๊", "\uf708": "๋", "\uf709": "์",
    "\uf70a": "่", "\uf70b": "้", "\uf70c": "๊", "\uf70d": "๋", "\uf70e": "์",
    "\uf701": "ิ", "\uf702": "ี", "\uf703": "ึ", "\uf704": "ื", "\uf710": "ั",
    "\uf711": "\u0e4d", "\uf712": "็", "\uf713": "่", "\uf714": "้", "\uf718": "ุ", "\uf719": "ู",
}  # fmt: skip
MARK = re.compile("([ัิีึืุู])([่้๊๋์])")


def same(word: str, _field: str) -> str:
    return word


def split_am(word: str, _field: str) -> str:
    """SARA AM as its two drawn parts, which a map can then name as it likes."""
    return word.replace("ำ", NIKHAHIT + "า")


def split_am_kept(word: str, _field: str) -> str:
    return word.replace("ำ", NIKHAHIT + SARA_AA)


def tone_first(word: str, _field: str) -> str:
    """The tone before the vowel below it, in every other syllable."""
    return MARK.sub(lambda m: m[2] + m[1] if m.start() % 2 == 0 else m[0], word)


def gap_before_mark(word: str, _field: str) -> str:
    return re.sub("([ก-ฮ])([ึีื])", "\\1" + NOTHING + "\\2", word)


def zero_width(word: str, _field: str) -> str:
    return word if word.isspace() or word.isascii() else word + NOTHING


def hard_spaces(word: str, _field: str) -> str:
    return "\u00a0" if word == " " else word


def no_tones_in_question(word: str, name: str) -> str:
    return re.sub(f"[{TONES}]", "", word) if name == "question" else word


def two_fonts(word: str, _field: str) -> str:
    return word.replace("ำ", NIKHAHIT + "า")


@dataclass(frozen=True)
class Defect:
    """What the maps of the two fonts say of a character; `two` is the questions' font."""

    change: Callable[[str, str], str] = same
    one: dict[str, str] = field(default_factory=dict)
    two: dict[str, str] | None = None


SPLIT = {NIKHAHIT: " ", "\u0e4d": " "}
REVERSE = {NIKHAHIT: " ", "า": "ำ"}
DEFECTS = {
    "word2007": Defect(split_am, SPLIT),
    "excel": Defect(split_am, REVERSE),
    "word-and-excel": Defect(two_fonts, SPLIT, REVERSE),
    "word-and-right": Defect(two_fonts, SPLIT, {NIKHAHIT: "\u0e4d"}),
    "word2013": Defect(split_am, {NIKHAHIT: "\u0e4d"}),
    "pua": Defect(same, PUA),
    "fffd": Defect(split_am, {NIKHAHIT: "\ufffd"}),
    "fffd-am": Defect(split_am_kept, {NIKHAHIT: "\ufffd", SARA_AA: "ำ"}),
    "tone-first": Defect(tone_first),
    "gap": Defect(gap_before_mark, {NOTHING: " "}),
    "zwsp": Defect(zero_width, {NOTHING: "\u200b"}),
    "nbsp": Defect(hard_spaces),
    "no-tones": Defect(no_tones_in_question),
}


def reads_official(wordings: list[str]) -> bool:
    """Whether every question has an official wording, so that lost tones can be known again."""
    return all(w in OFFICIAL.values() for w in wordings)


# ------------------------------------------------------------------ fonts
def make_font(source: Path, target: Path, family: str) -> None:
    """The font under another name, with the three private characters."""
    font = TTFont(source)
    cmap = font.getBestCmap()
    order = list(font.getGlyphOrder())
    for char, like in ((NIKHAHIT, "\u0e4d"), (SARA_AA, "า"), (NOTHING, "\u0e4d")):
        name = f"private{ord(char):04X}"
        base = cmap[ord(like)]
        glyph = copy.deepcopy(font["glyf"][base])
        if char == NOTHING:
            glyph = type(glyph)()
            glyph.numberOfContours = 0
        order.append(name)
        font.setGlyphOrder(order)
        font["glyf"].glyphs[name] = glyph
        font["glyf"].glyphOrder = order
        font["hmtx"].metrics[name] = (0, 0) if char == NOTHING else font["hmtx"].metrics[base]
        for table in font["cmap"].tables:
            if table.isUnicode():
                table.cmap[ord(char)] = name
    font["maxp"].numGlyphs = len(order)
    for record in font["name"].names:
        if record.nameID in (1, 4, 6, 16):
            record.string = family
    font.save(target)


def faces(style: Style, work: Path) -> tuple[str, str, str]:
    """@font-face rules of the two made fonts, and their families."""
    names = ("RaingOne", "RaingTwo")
    source = style.font if (Path(FONTS) / f"{style.font}.ttf").exists() else "Laksaman"
    other = "Garuda" if source != "Garuda" else "Norasi"
    rules = ""
    for family, base in zip(names, (source, other), strict=True):
        for weight, suffix in (("normal", ""), ("bold", "-Bold")):
            target = work / f"{family}{suffix}.ttf"
            if not target.exists():
                make_font(Path(FONTS) / f"{base}{suffix}.ttf", target, family + suffix)
            rules += (
                f"@font-face {{ font-family: {family}; font-weight: {weight}; "
                f"src: url('{target.as_uri()}'); }}\n"
            )
    return rules, names[0], names[1]


# ------------------------------------------------------------------ ToUnicode
def read_map(text: str) -> dict[str, str]:
    """Glyph code (four hex digits) to text, from a ToUnicode program."""
    out: dict[str, str] = {}
    for block in re.findall(r"beginbfchar(.*?)endbfchar", text, re.S):
        for code, value in re.findall(r"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            out[code.upper()] = bytes.fromhex(value).decode("utf-16-be")
    for block in re.findall(r"beginbfrange(.*?)endbfrange", text, re.S):
        found = re.findall(r"<(\w+)>\s*<(\w+)>\s*(?:<(\w+)>|\[(.*?)\])", block, re.S)
        for first, last, start, listed in found:
            values = re.findall(r"<(\w+)>", listed)
            for i in range(int(last, 16) - int(first, 16) + 1):
                value = values[i] if values else start
                chars = bytes.fromhex(value).decode("utf-16-be")
                if not values:
                    chars = chars[:-1] + chr(ord(chars[-1]) + i)
                out[f"{int(first, 16) + i:04X}"] = chars
    return out


def write_map(held: dict[str, str]) -> bytes:
    lines = [
        "/CIDInit /ProcSet findresource begin", "12 dict begin", "begincmap",
        "/CMapName /Adobe-Identity-UCS def", "/CMapType 2 def",
        "1 begincodespacerange", "<0000> <FFFF>", "endcodespacerange",
    ]  # fmt: skip
    items = sorted(held.items())
    for at in range(0, len(items), 100):
        some = items[at : at + 100]
        lines.append(f"{len(some)} beginbfchar")
        lines += [f"<{c}> <{t.encode('utf-16-be').hex().upper()}>" for c, t in some]
        lines.append("endbfchar")
    lines += ["endcmap", "CMapName currentdict /CMap defineresource pop", "end", "end"]
    return "\n".join(lines).encode("ascii")


def remap(pdf: pikepdf.Pdf, defect: Defect) -> None:
    """Every made font's map says what the defect says; ActualText, which Word lacks, goes."""
    for thing in pdf.objects:
        if not isinstance(thing, pikepdf.Dictionary) or thing.get("/Type") != "/Font":
            continue
        name = str(thing.get("/BaseFont", ""))
        if "/ToUnicode" not in thing or "Raing" not in name:
            continue
        says = defect.two if defect.two is not None and "Two" in name else defect.one
        held = read_map(thing.ToUnicode.read_bytes().decode("latin-1"))
        held = {c: "".join(says.get(x, x) for x in t) for c, t in held.items()}
        thing.ToUnicode = pdf.make_stream(write_map(held))
    for page in pdf.pages:
        page.contents_coalesce()
        data = page.Contents.read_bytes()
        data = re.sub(rb"/Span\s*<<\s*/ActualText\s*<[0-9A-Fa-f]*>\s*>>\s*BDC", b"/Span BMC", data)
        page.Contents = pdf.make_stream(data)


def name_glyphs(pdf: pikepdf.Pdf, family: str) -> None:
    """Name WeasyPrint's glyphs by the font: it miscounts where SARA AM is drawn in two."""
    for thing in pdf.objects:
        if not isinstance(thing, pikepdf.Dictionary) or thing.get("/Type") != "/Font":
            continue
        name = str(thing.get("/BaseFont", "")).rpartition("+")[2].replace(" ", "-")
        source = Path(FONTS) / f"{name}.ttf"
        if "/ToUnicode" not in thing or not source.exists():
            continue
        font = TTFont(source)
        named = {f"{font.getGlyphID(g):04X}": chr(c) for c, g in font.getBestCmap().items()}
        held = read_map(thing.ToUnicode.read_bytes().decode("latin-1"))
        content = {**held, **{c: t for c, t in named.items() if "\u0e00" < t < "\u0e7f"}}
        content |= {c: PUA_NAMES.get(t, t) for c, t in named.items() if t in PUA_NAMES}
        thing.ToUnicode = pdf.make_stream(write_map(content))


# ------------------------------------------------------------------ image pages
def to_image(pdf: pikepdf.Pdf, drawn: Path, number: int) -> None:
    """Page `number` (0 = first) as a picture of itself, without a text layer."""
    source = pypdfium2.PdfDocument(drawn)
    bitmap = source[number].render(scale=1.6, grayscale=True)
    picture = bitmap.to_pil()
    source.close()
    page = pdf.pages[number]
    wide, high = (float(page.mediabox[i]) for i in (2, 3))
    image = pdf.make_stream(
        picture.tobytes(),
        Type=pikepdf.Name.XObject,
        Subtype=pikepdf.Name.Image,
        Width=picture.width,
        Height=picture.height,
        ColorSpace=pikepdf.Name.DeviceGray,
        BitsPerComponent=8,
    )
    page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=image))
    page.Contents = pdf.make_stream(f"q {wide} 0 0 {high} 0 0 cm /Im0 Do Q".encode("ascii"))
    if "/Annots" in page:
        del page["/Annots"]
