"""A Report as a .docx, as Word users lay it out, for LibreOffice to export."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import docx
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from paper import HEADS, WIDTHS, Marks, Owner, digits, grid, header, words
from report import Leaf, Report, Section, Style


def run_of(text: str, style: Style, bold: bool, scale: float = 1.0, color: int = 0) -> Any:
    """A w:r with the font for Thai (complex script) as well as for Latin letters."""
    run = OxmlElement("w:r")
    props = OxmlElement("w:rPr")
    fonts = OxmlElement("w:rFonts")
    for slot in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
        fonts.set(qn(slot), style.font)
    props.append(fonts)
    if bold:
        props.append(OxmlElement("w:b"))
        props.append(OxmlElement("w:bCs"))
    if color:
        tint = OxmlElement("w:color")
        tint.set(qn("w:val"), f"{color:06X}")
        props.append(tint)
    for tag in ("w:sz", "w:szCs"):
        size = OxmlElement(tag)
        size.set(qn("w:val"), str(round(style.size * 2 * scale)))
        props.append(size)
    lang = OxmlElement("w:lang")
    lang.set(qn("w:bidi"), "th-TH")
    props.append(lang)
    run.append(props)
    body = OxmlElement("w:t")
    body.text = text
    body.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    run.append(body)
    return run


def write_line(
    paragraph: Any, line: str, owner: Owner, at: int, style: Style, marks: Marks,
    bold: bool = False, scale: float = 1.0,
) -> None:  # fmt: skip
    text = digits(line, style, owner)
    if not (marks.on or marks.spans):
        paragraph._p.append(run_of(text, style, bold, scale))
        return
    for word in words(text):
        if marks.on and not word.isspace():
            number = marks.number(owner, at, word)
            paragraph._p.append(run_of(word, style, bold, scale, number + 1))
        else:
            if marks.on:
                marks.number(owner, at, word)
            paragraph._p.append(run_of(word, style, bold, scale))


def tighten(paragraph: Any) -> None:
    paragraph.paragraph_format.space_after = Pt(0)
    paragraph.paragraph_format.space_before = Pt(0)


def fill(
    cell: Any, lines: tuple[str, ...], owner: Owner, style: Style, marks: Marks, heavy: bool = False
) -> None:
    for i, line in enumerate(lines or ("",)):
        paragraph = cell.paragraphs[0] if i == 0 else cell.add_paragraph()
        tighten(paragraph)
        if heavy:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        bold = heavy or bool(style.bold and owner[4] == "result" and HEADS.match(line))
        if line:
            write_line(paragraph, line, owner, i, style, marks, bold)


def repeat(row: Any) -> None:
    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(mark)


def to_docx(report: Report, marks: Marks, target: Path) -> None:
    style = report.style
    document = docx.Document()
    page = document.sections[0]
    wide, high = {"A4": (210, 297), "legal": (216, 356)}[style.paper]
    if style.landscape:
        wide, high = high, wide
        page.orientation = WD_ORIENT.LANDSCAPE
    page.page_width, page.page_height = Mm(wide), Mm(high)
    page.left_margin = page.right_margin = Mm(12)
    page.top_margin = page.bottom_margin = Mm(14)
    usable = wide - 24
    number = 1
    for order, item in enumerate(report.blocks):
        if order:
            paragraph = document.add_paragraph()
            tighten(paragraph)
            paragraph.paragraph_format.page_break_before = True
            paragraph.paragraph_format.line_spacing = Pt(2)
        if isinstance(item, Leaf):
            owner: Owner = ("leaf", order, 0, 0, item.kind)
            for i, line in enumerate(item.lines):
                paragraph = document.add_paragraph()
                scale = 1.5 if item.kind == "cover" else 1.1
                if item.kind == "cover":
                    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
                write_line(paragraph, line, owner, i, style, marks, item.kind == "cover", scale)
            if item.table:
                table = document.add_table(len(item.table), len(item.table[0]))
                table.style = "Table Grid"
                for r, cells in enumerate(item.table):
                    for c, value in enumerate(cells):
                        fill(
                            table.cell(r, c),
                            (value,),
                            ("leaf", order, 0, 0, "table"),
                            style,
                            Marks(False),
                        )
            continue
        number = add_section(document, item, report, marks, usable, number)
    document.save(str(target))


def add_section(
    document: Any, item: Section, report: Report, marks: Marks, usable: float, number: int
) -> int:
    style = report.style
    owner: Owner = ("title", 0, 0, item.tag, "title")
    if style.titles in ("above", "both"):
        for i, line in enumerate(item.titles):
            paragraph = document.add_paragraph()
            tighten(paragraph)
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
            write_line(paragraph, line, owner, i, style, marks, style.bold, 1.2)
    heads = header(item, report)
    rows = grid(item, style, number)
    inside = item.titles if style.titles in ("inside", "both") else ()
    cols = len(style.columns)
    table = document.add_table(len(inside) + len(heads) + len(rows), cols)
    table.style = "Table Grid"
    table.autofit = False
    total = sum(WIDTHS[c] for c in style.columns)
    for c, name in enumerate(style.columns):
        table.columns[c].width = Mm(usable * WIDTHS[name] / total)
    matrix = [list(r.cells) for r in table.rows]
    for line in matrix:
        for c, name in enumerate(style.columns):
            line[c].width = Mm(usable * WIDTHS[name] / total)
    at = 0
    for i, text in enumerate(inside):
        cell = matrix[at][0].merge(matrix[at][cols - 1])
        paragraph = cell.paragraphs[0]
        tighten(paragraph)
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        write_line(paragraph, text, owner, i, style, marks, style.bold)
        at += 1
    top = at
    taken: set[tuple[int, int]] = set()
    for r, line in enumerate(heads):
        column = 0
        for text, down, across in line:
            while (r, column) in taken:
                column += 1
            cell = matrix[top + r][column]
            if down > 1 or across > 1:
                cell = cell.merge(matrix[top + r + down - 1][column + across - 1])
            taken |= {(r + d, column + a) for d in range(down) for a in range(across)}
            fill(cell, (text,), ("head", 0, 0, item.tag, "header"), style, marks, style.bold)
            column += across
        at += 1
    if style.repeat_header:
        for r in range(at):
            repeat(table.rows[r])
    spans: dict[int, int] = {}
    for g in rows:
        queue = list(g.cells)
        key, part = (g.row.key, g.row.part) if g.row else (-1, 0)
        column = 0
        while column < cols:
            if spans.get(column, 0) > 0:
                spans[column] -= 1
                column += 1
                continue
            c = queue.pop(0)
            cell = matrix[at][column]
            if c.rowspan > 1 or c.colspan > 1:
                cell = cell.merge(matrix[at + c.rowspan - 1][column + c.colspan - 1])
                spans[column] = c.rowspan - 1
            fill(cell, c.lines, ("cell", key, part, item.tag, c.field), style, marks)
            column += c.colspan
        at += 1
    return number + sum(r.part == 0 for r in item.rows)
