"""Run an exporter on a Report; a marked copy tells which page each word is on."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import layers
import pdfplumber
import pikepdf
import pypdfium2
from paper import Marks, Owner, to_html, to_typst
from report import Report, Style

CHROMIUM = [
    "chromium",
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-pdf-header-footer",
]


@dataclass(frozen=True)
class Printed:
    """A written PDF: the text of each cell by page, and the pages of titles and leaves."""

    cells: dict[Owner, dict[int, str]]
    torn: frozenset[tuple[Owner, int]]  # where a word itself is cut by a page's end
    pages: int


class LayoutMovedError(Exception):
    """The marked copy and the plain one differ, so the marks prove nothing."""


def run(command: list[str], seconds: int = 180) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=seconds)


def chromium(page: str, target: Path, work: Path) -> None:
    source = work / "page.html"
    source.write_text(page, "utf-8")
    with tempfile.TemporaryDirectory(dir=work) as profile:
        run([*CHROMIUM, f"--user-data-dir={profile}", f"--print-to-pdf={target}", source.as_uri()])


def weasyprint(page: str, target: Path, work: Path) -> None:
    import weasyprint as engine

    engine.HTML(string=page, base_url=str(work)).write_pdf(str(target))


def typst(page: str, target: Path, work: Path) -> None:
    import typst as engine

    source = work / "page.typ"
    source.write_text(page, "utf-8")
    engine.compile(str(source), output=str(target), font_paths=[layers.FONTS])


def libreoffice(source: Path, target: Path, work: Path) -> None:
    with tempfile.TemporaryDirectory(dir=work) as profile:
        run(
            ["soffice", f"-env:UserInstallation={Path(profile).as_uri()}", "--headless",
             "--convert-to", "pdf", "--outdir", str(target.parent), str(source)]
        )  # fmt: skip
    made = target.parent / (source.stem + ".pdf")
    if made != target:
        made.replace(target)


def compose(report: Report, marks: Marks, target: Path, work: Path) -> None:
    style = report.style
    if style.kind == "typst":
        typst(to_typst(report, marks), target, work)
    elif style.kind == "libreoffice":
        import docx_paper

        source = work / "page.docx"
        docx_paper.to_docx(report, marks, source)
        libreoffice(source, target, work)
    else:
        defect = layers.DEFECTS.get(style.defect)
        faces, other = "", ""
        # Pango breaks Thai poorly without help: the words are told to it as `change` tells them
        change = layers.same if style.kind == "weasyprint" else None
        shown = report
        if defect:
            faces, family, other = layers.faces(style, work)
            change = defect.change
            shown = replace(report, style=replace(style, font=family))
        page = to_html(shown, marks, faces, other, change)
        (chromium if style.kind == "chromium" else weasyprint)(page, target, work)


def color_pages(path: Path) -> dict[int, set[int]]:
    """Pages (1 = first) of each marked word, from the colours of the copy.

    Chromium draws a mark that juts over a page's end on both pages: what stands in the margin
    does not count. (Its link rectangles are worse: they repeat whole lines.)
    """
    found: dict[int, set[int]] = {}
    with pdfplumber.open(path) as pdf:
        for page in pdf.pages:
            for c in page.chars:
                color = c["non_stroking_color"]
                middle = (c["top"] + c["bottom"]) / 2
                if not 33 < middle < page.height - 38 or not color or len(color) != 3:
                    continue
                red, green, blue = (round(float(v) * 255) for v in color)
                word = (red << 16) + (green << 8) + blue - 1
                if word >= 0:
                    found.setdefault(word, set()).add(page.page_number)
            page.close()
    return found


def same_layout(one: Path, other: Path, stray: float = 0.001) -> bool:
    """Both files draw the same pages, but for this share of stray pixels.

    LibreOffice and Typst round each coloured portion: words move by less than a pixel
    (share 0.001-0.006); one line more or less on a page gives 0.03 and more.
    """
    a, b = pypdfium2.PdfDocument(one), pypdfium2.PdfDocument(other)
    same = len(a) == len(b)
    for left, right in zip(a, b, strict=False):
        pixels = [p.render(scale=0.75, grayscale=True).to_numpy() for p in (left, right)]
        same = same and pixels[0].shape == pixels[1].shape
        same = same and float((abs(pixels[0].astype(int) - pixels[1]) > 100).mean()) < stray
    a.close()
    b.close()
    return same


def page_count(path: Path) -> int:
    with pikepdf.open(path) as pdf:
        return len(pdf.pages)


def print_report(report: Report, target: Path) -> Printed:
    """The PDF at `target`, with what is on which page."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        marks = Marks(True)
        compose(report, marks, work / "marked.pdf", work)
        compose(report, Marks(False), work / "plain.pdf", work)
        stray = 0.012 if report.style.kind in ("libreoffice", "typst") else 0.001
        if not same_layout(work / "marked.pdf", work / "plain.pdf", stray):
            compose(report, Marks(False, spans=True), work / "plain.pdf", work)
            if not same_layout(work / "marked.pdf", work / "plain.pdf", stray):
                raise LayoutMovedError(target.name)
        found = color_pages(work / "marked.pdf")
        images = {
            page
            for number, (owner, _, _) in enumerate(marks.tokens)
            if owner[0] == "leaf" and owner[4] == "image"
            for page in found.get(number, set())
        }
        finish(report.style, work / "plain.pdf", target, images)
    cells: dict[Owner, dict[int, str]] = {}
    torn: set[tuple[Owner, int]] = set()
    last_line: dict[tuple[Owner, int], int] = {}
    gap = ""
    for number, (owner, line, word) in enumerate(marks.tokens):
        if word.isspace():
            gap = word
            continue
        on = found.get(number, set())
        if not on:
            raise LayoutMovedError(f"{target.name}: {word} is on no page")
        if len(on) > 1 and owner[0] == "cell":
            torn |= {(owner, p) for p in on}
        for page in sorted(on):
            held = cells.setdefault(owner, {})
            joint = "\n" if last_line.get((owner, page), line) != line else gap
            last_line[owner, page] = line
            held[page] = held[page] + joint + word if page in held else word
        gap = ""
    return Printed(cells, frozenset(torn), page_count(target))


def finish(style: Style, plain: Path, target: Path, images: set[int]) -> None:
    """Image pages become images, the text layer gets its defects, dates go."""
    with pikepdf.open(plain) as pdf:
        defect = layers.DEFECTS.get(style.defect)
        if defect:
            layers.remap(pdf, defect)
        elif style.kind == "weasyprint":
            layers.name_glyphs(pdf, style.font)
        for page in images:
            layers.to_image(pdf, plain, page - 1)
        if "/Metadata" in pdf.Root:
            del pdf.Root.Metadata
        for key in ("/CreationDate", "/ModDate"):
            if key in pdf.docinfo:
                del pdf.docinfo[key]
        pdf.save(target, deterministic_id=True, compress_streams=True,
                 object_stream_mode=pikepdf.ObjectStreamMode.generate)  # fmt: skip
