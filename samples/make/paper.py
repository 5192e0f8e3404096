"""A Report as HTML, Typst or .docx; with marks on, every word has a colour that tells its page."""

from __future__ import annotations

import html
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from pythainlp.tokenize import word_tokenize
from report import (
    GROUP_LEFT,
    GROUP_RIGHT,
    INDICATORS,
    THAI_DIGITS,
    Leaf,
    PrintedRow,
    Report,
    Section,
    Style,
)

HEADS = re.compile(r"^(จุดแข็ง|จุดอ่อน|จุดที่ต้องพัฒนา|จุดที่ควรพัฒนา):?$")
THAI_START = re.compile("[ก-ฮเ-ไ]")
WIDTHS = {
    "no": 4, "indicator": 10, "question": 15, "analysis": 20, "measures": 14, "result": 16,
    "steps": 15, "timeframe": 9, "responsible": 10,
}  # fmt: skip
Owner = tuple[str, int, int, int, str]  # cell|title|leaf, key, part, section tag, field


@dataclass
class Marks:
    """Which token each number stands for, as they were written; number + 1 is its colour."""

    on: bool
    spans: bool = False  # words stand alone, as they do under their colours, but bear none
    tokens: list[tuple[Owner, int, str]] = field(default_factory=list)

    def number(self, owner: Owner, line: int, text: str) -> int:
        self.tokens.append((owner, line, text))
        return len(self.tokens) - 1


@lru_cache(maxsize=20000)
def words(text: str) -> tuple[str, ...]:
    """The text in words and gaps; joined again it is the text."""
    parts: list[str] = []
    for piece in re.split(r"(\s+)", text):
        if not piece or piece.isspace():
            parts.append(piece)
        else:
            parts += word_tokenize(piece, engine="newmm", keep_whitespace=True)
    return tuple(p for p in parts if p)


@dataclass(frozen=True)
class GridCell:
    field: str
    lines: tuple[str, ...]
    rowspan: int = 1
    colspan: int = 1


@dataclass(frozen=True)
class GridRow:
    row: PrintedRow | None  # None: a band over the whole width
    cells: tuple[GridCell, ...]


def indicator_text(row: PrintedRow, style: Style) -> str:
    name = (row.cells.get("indicator") or (INDICATORS[row.indicator - 1],))[0]
    return f"{row.indicator}{style.dot}{name}"


def grid(section: Section, style: Style, first_number: int = 1) -> list[GridRow]:
    """The rows of a section as cells with spans; a cell that a span covers is left out."""
    out: list[GridRow] = []
    before, number = None, first_number - 1
    rows = section.rows
    for i, row in enumerate(rows):
        fresh = row.indicator != before
        before = row.indicator
        if fresh and style.indicator == "band":
            text = f"ตัวชี้วัดที่ {row.indicator} {INDICATORS[row.indicator - 1]}"
            out.append(GridRow(None, (GridCell("band", (text,), 1, len(style.columns)),)))
        cells = []
        for name in style.columns:
            if name == "no":
                number += row.part == 0
                cells.append(GridCell("no", (str(number),) if row.part == 0 else ()))
            elif name != "indicator":
                cells.append(GridCell(name, row.cells.get(name, ())))
            elif style.indicator == "merged":
                if fresh:
                    span = 1
                    while i + span < len(rows) and rows[i + span].indicator == row.indicator:
                        span += 1
                    cells.append(GridCell(name, (indicator_text(row, style),), span))
            elif style.indicator == "repeated" or fresh:
                cells.append(GridCell(name, (indicator_text(row, style),)))
            else:
                cells.append(GridCell(name, ()))
        out.append(GridRow(row, tuple(cells)))
    return out


def header(section: Section, report: Report) -> list[list[tuple[str, int, int]]]:
    """Header rows as (text, rowspan, colspan)."""
    style = report.style
    if not style.groups:
        return [[(section.headers[c], 1, 1) for c in style.columns]]
    left = [c for c in style.columns if c in ("question", "analysis")]
    top: list[tuple[str, int, int]] = []
    low: list[tuple[str, int, int]] = []
    done: set[str] = set()
    for c in style.columns:
        if c in ("no", "indicator"):
            top.append((section.headers[c], 2, 1))
            continue
        side = "left" if c in left else "right"
        if side not in done:
            done.add(side)
            text = GROUP_LEFT.format(before=report.year - 1) if side == "left" else GROUP_RIGHT
            width = len(left) if side == "left" else sum(
                x not in ("no", "indicator", *left) for x in style.columns
            )  # fmt: skip
            top.append((text, 1, width))
        low.append((section.headers[c], 1, 1))
    return [top, low]


def digits(text: str, style: Style, owner: Owner) -> str:
    """The text with the digits the report prints; a mixed report decides cell by cell."""
    if style.digits == "arabic":
        return text
    if style.digits == "mixed" and random.Random(repr(owner)).random() < 0.5:
        return text
    return text.translate(THAI_DIGITS)


# ------------------------------------------------------------------ HTML
CSS = """
@page {{ size: {size}; margin: {margin}; }}
body {{ font-family: {font}; font-size: {pt}pt; line-height: 1.35; margin: 0; }}
i {{ font-style: normal; white-space: nowrap; }}
table {{ border-collapse: collapse; width: 100%; table-layout: fixed; }}
td, th {{ border: 0.7pt solid black; padding: 2pt 3pt; vertical-align: {valign};
  overflow-wrap: anywhere; font-weight: normal; text-align: left; }}
th, .title {{ text-align: center; font-weight: {heavy}; vertical-align: middle; }}
thead {{ display: {thead}; }}
.section, .leaf {{ break-before: page; }}
.section:first-child, .leaf:first-child {{ break-before: auto; }}
p {{ margin: 0 0 2pt 0; }}
td p {{ margin: 0; }}
.cover {{ text-align: center; padding-top: 120pt; font-size: 150%; }}
.body p {{ text-indent: 30pt; margin-bottom: 8pt; }}
.small {{ width: 60%; margin: 12pt auto; }}
.q {{ font-family: {other}; }}
"""


def page_size(style: Style) -> str:
    wide, high = {"A4": (210, 297), "legal": (216, 356)}[style.paper]
    return f"{high}mm {wide}mm" if style.landscape else f"{wide}mm {high}mm"


def to_html(
    report: Report, marks: Marks, faces: str = "", other: str = "",
    change: Callable[[str, str], str] | None = None,
) -> str:  # fmt: skip
    """The report as a page for Chromium or WeasyPrint; `change` makes the broken text layer."""
    style = report.style

    def text(line: str, owner: Owner, at: int) -> str:
        shown: list[str] = []
        last = ""
        for word in words(digits(line, style, owner)):
            out = change(word, owner[4]) if change else word
            out = html.escape(out, quote=False)
            if change:  # the browser's dictionary cannot break what the change wrote
                joint = "<wbr>" if THAI_START.match(word) and last not in ("(", '"') else ""
                out = word if word.isspace() and out == word else f"{joint}<i>{out}</i>"
                last = word
            if marks.on and word.isspace():
                marks.number(owner, at, word)
            elif marks.on:
                out = f'<a style="color:#{marks.number(owner, at, word) + 1:06x}">{out}</a>'
            elif marks.spans:
                out = f"<a>{out}</a>"
            shown.append(out)
        return "".join(shown)

    def block(lines: tuple[str, ...], owner: Owner) -> str:
        out = []
        for i, line in enumerate(lines):
            body = text(line, owner, i)
            if style.bold and owner[4] == "result" and HEADS.match(line):
                body = f"<b>{body}</b>"
            out.append(f"<p>{body}</p>")
        return "".join(out)

    body: list[str] = []
    number = 1
    for order, item in enumerate(report.blocks):
        if isinstance(item, Leaf):
            owner: Owner = ("leaf", order, 0, 0, item.kind)
            kind = "cover" if item.kind == "cover" else "body"
            table = "".join(
                "<tr>"
                + "".join(f"<td>{html.escape(digits(c, style, owner))}</td>" for c in r)
                + "</tr>"
                for r in item.table
            )
            table = f'<table class="small">{table}</table>' if table else ""
            body.append(f'<div class="leaf {kind}">{block(item.lines, owner)}{table}</div>')
            continue
        owner = ("title", 0, 0, item.tag, "title")
        title = [text(t, owner, i) for i, t in enumerate(item.titles)]
        above = "".join(f'<p class="title">{t}</p>' for t in title)
        cols = len(style.columns)
        inside = "".join(f'<tr><th colspan="{cols}">{t}</th></tr>' for t in title)
        above = above if style.titles in ("above", "both") else ""
        inside = inside if style.titles in ("inside", "both") else ""
        heads = ""
        for line in header(item, report):
            own: Owner = ("head", 0, 0, item.tag, "header")
            row = (f'<th rowspan="{r}" colspan="{c}">{text(t, own, 0)}</th>' for t, r, c in line)
            heads += f"<tr>{''.join(row)}</tr>"
        rows = ""
        for g in grid(item, style, number):
            key, part = (g.row.key, g.row.part) if g.row else (-1, 0)
            rows += "<tr>" + "".join(
                f'<td rowspan="{c.rowspan}" colspan="{c.colspan}" class="{c.field[0]}">'
                f"{block(c.lines, ('cell', key, part, item.tag, c.field))}</td>"
                for c in g.cells
            ) + "</tr>"  # fmt: skip
        number += sum(r.part == 0 for r in item.rows)
        total = sum(WIDTHS[c] for c in style.columns)
        widths = "".join(
            f'<col style="width:{100 * WIDTHS[c] / total:.2f}%">' for c in style.columns
        )
        body.append(
            f'<div class="section">{above}<table><colgroup>{widths}</colgroup>'
            f"<thead>{inside}{heads}</thead><tbody>{rows}</tbody></table></div>"
        )
    numbers = "@page { @bottom-center { content: counter(page); font-size: 9pt; } }"
    css = CSS.format(
        size=page_size(style), margin="12mm 10mm 14mm 10mm", font=f"'{style.font}'", pt=style.size,
        valign=style.valign, heavy="bold" if style.bold else "normal",
        thead="table-header-group" if style.repeat_header else "table-row-group",
        other=f"'{other or style.font}'",
    )  # fmt: skip
    return (
        '<!DOCTYPE html><html lang="th"><head><meta charset="utf-8"><title>ITA</title><style>'
        f"{faces}{css}{numbers if style.page_numbers else ''}</style></head>"
        f"<body>{''.join(body)}</body></html>"
    )


# ------------------------------------------------------------------ Typst
def to_typst(report: Report, marks: Marks) -> str:
    style = report.style

    def quote(word: str) -> str:
        return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'

    def text(line: str, owner: Owner, at: int) -> str:
        out = []
        if not marks.on:
            return f"#text({quote(digits(line, style, owner))})"
        for word in words(digits(line, style, owner)):
            if word.isspace():
                marks.number(owner, at, word)
                out.append(f"#text({quote(word)})")
            else:
                color = quote(f"#{marks.number(owner, at, word) + 1:06x}")
                out.append(f"#text(fill: rgb({color}), {quote(word)})")
        return "".join(out)

    def block(lines: tuple[str, ...], owner: Owner) -> str:
        out = []
        for i, line in enumerate(lines):
            body = text(line, owner, i)
            if style.bold and owner[4] == "result" and HEADS.match(line):
                body = f"#strong[{body}]"
            out.append(body)
        return "#linebreak()".join(out)

    wide, high = {"A4": ("210mm", "297mm"), "legal": ("216mm", "356mm")}[style.paper]
    size = f"width: {high}, height: {wide}" if style.landscape else f"width: {wide}, height: {high}"
    numbering = '"1"' if style.page_numbers else "none"
    out = [
        f"#set page({size}, margin: (x: 10mm, y: 13mm), numbering: {numbering})",
        f'#set text(font: "{style.font}", size: {style.size}pt, lang: "th")',
        "#set par(leading: 0.6em)",
    ]
    number = 1
    for order, item in enumerate(report.blocks):
        if order:
            out.append("#pagebreak(weak: true)")
        if isinstance(item, Leaf):
            owner: Owner = ("leaf", order, 0, 0, item.kind)
            lines = "\n\n".join(text(t, owner, i) for i, t in enumerate(item.lines))
            if item.kind == "cover":
                lines = f"#v(120pt)\n#align(center)[#text(size: 1.5em)[{lines}]]"
            out.append(lines)
            if item.table:
                cells = ", ".join(
                    f"[#text({quote(digits(c, style, owner))})]" for r in item.table for c in r
                )
                out.append(f"\n#table(columns: {len(item.table[0])}, {cells})")
            continue
        owner = ("title", 0, 0, item.tag, "title")
        title = [text(t, owner, i) for i, t in enumerate(item.titles)]
        if style.titles in ("above", "both"):
            out.append("\n".join(f"#align(center)[{t}]" for t in title))
        cols = len(style.columns)
        heads: list[str] = []
        if style.titles in ("inside", "both"):
            heads += [f"table.cell(colspan: {cols}, align: center)[{t}]" for t in title]
        for line in header(item, report):
            heads += [
                f"table.cell(rowspan: {r}, colspan: {c}, align: center)"
                f"[{text(t, ('head', 0, 0, item.tag, 'header'), 0)}]"
                for t, r, c in line
            ]
        cells_out = []
        for g in grid(item, style, number):
            key, part = (g.row.key, g.row.part) if g.row else (-1, 0)
            for c in g.cells:
                body = block(c.lines, ("cell", key, part, item.tag, c.field))
                cells_out.append(f"table.cell(rowspan: {c.rowspan}, colspan: {c.colspan})[{body}]")
        number += sum(r.part == 0 for r in item.rows)
        widths = ", ".join(f"{WIDTHS[c]}fr" for c in style.columns)
        again = "true" if style.repeat_header else "false"
        out.append(
            f"#table(columns: ({widths}), inset: 3pt, stroke: 0.6pt, "
            f"table.header(repeat: {again}, {', '.join(heads)}),\n" + ",\n".join(cells_out) + ")"
        )
    return "\n".join(out)
