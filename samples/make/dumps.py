"""A Report as an OCR engine dumps it: tab-separated text, Markdown or HTML tables."""

from __future__ import annotations

import html
import random
import re

from paper import HEADS, WIDTHS, Owner, digits, grid, header, words
from report import THAI_DIGITS, Leaf, Report, Section, Style

MARKERS = {"formfeed": "\f", "rule": "---\n"}
REFERENCE = re.compile(r"\bo(?=\d)")


def wrap(text: str, width: int) -> str:
    """The text as lines of this width joined by one space each, as the engine flattens a cell."""
    lines, line = [], ""
    for word in words(text):
        if line and printed_length(line) + printed_length(word.rstrip()) > width:
            lines.append(line.rstrip())
            line = "" if word.isspace() else word
        else:
            line += word
    return " ".join(x for x in [*lines, line.rstrip()] if x)


def printed_length(text: str) -> int:
    """Letters that take a place of their own on the line."""
    return len(re.sub("[ัิ-ฺ็-๎]", "", text))


def noisy(text: str, style: Style, rng: random.Random, owner: Owner) -> str:
    """References and OIT codes with the letter o read as a zero."""
    if not style.noise or owner[4] not in ("question", "analysis"):
        return text
    zero = "0" if style.digits == "arabic" else "๐"
    gap = " " if owner[4] == "question" and rng.random() < 0.3 else ""
    return REFERENCE.sub(zero + gap, re.sub(r"\bO(?=\d)", "o", text))


def cell_lines(
    lines: tuple[str, ...], owner: Owner, style: Style, rng: random.Random
) -> list[tuple[str, bool]]:
    """The printed lines of a cell, and whether each is a heading in bold."""
    out = []
    for line in lines:
        text = noisy(line, style, rng, owner)
        text = text.translate(THAI_DIGITS) if style.digits == "thai" else digits(text, style, owner)
        out.append((text, bool(style.bold and owner[4] == "result" and HEADS.match(line))))
    return out


def to_dump(report: Report, rng: random.Random) -> tuple[str, dict[str, list[int]]]:
    """The dump, and the pages of each block: `leaf<order>` and `section<tag>`."""
    style = report.style
    pages: dict[str, list[int]] = {}
    out: list[str] = []
    number = 1
    paged = style.marker != "none"
    for page, item in enumerate(report.blocks, 1):
        order = page - 1
        text = ""
        if isinstance(item, Leaf):
            pages[f"leaf{order}"] = [page]
            text = leaf_text(item, style, rng)
        else:
            pages[f"section{item.tag}"] = [page]
            shown = not (style.header_once and item.tag != first_tag(report))
            text = section_text(item, report, rng, number, shown or not paged)
            number += sum(r.part == 0 for r in item.rows)
        if style.marker == "comment":
            text = f"<!-- page {page} -->\n" + text
        elif page > 1 and paged:
            text = MARKERS[style.marker] + ("\n" if style.marker == "rule" else "") + text
        out.append(text.rstrip("\n") + "\n")
    joint = "" if style.marker == "formfeed" else "\n"
    return joint.join(out), pages


def first_tag(report: Report) -> int:
    return next(b.tag for b in report.blocks if isinstance(b, Section))


def leaf_text(item: Leaf, style: Style, rng: random.Random) -> str:
    owner: Owner = ("leaf", 0, 0, 0, item.kind)
    lines = [digits(t, style, owner) for t in item.lines]
    table = [[digits(c, style, owner) for c in r] for r in item.table]
    if style.kind == "html":
        body = "\n".join(f"<p>{html.escape(t, quote=False)}</p>" for t in lines)
        if item.kind == "cover":
            body = body.replace("<p>", "<h1>", 1).replace("</p>", "</h1>", 1)
        rows = "".join("<tr>" + "".join(f"<td>{c}</td>" for c in r) + "</tr>" for r in table)
        return body + (f"\n<table>{rows}</table>" if rows else "") + "\n"
    if style.kind == "markdown":
        body = "\n\n".join(("# " if i == 0 else "") + t for i, t in enumerate(lines))
        if item.kind == "cover":
            body += "\n\n\\*\\*\\*\\*\\*"
        if table:
            body += "\n\n" + markdown_table(table)
        return body + "\n"
    body = "  \n".join(lines)
    if item.kind == "cover":
        body = "\n\n" + body + "\n\n\\*\\*\\*\\*\\*"
    return body + ("\n\n" + "\n".join("\t".join(r) for r in table) if table else "") + "\n"


def markdown_table(rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(r) + " |" for r in rows]
    return "\n".join([lines[0], "|" + " --- |" * len(rows[0]), *lines[1:]])


def section_text(
    item: Section, report: Report, rng: random.Random, number: int, with_header: bool
) -> str:
    style = report.style
    cols = len(style.columns)
    total = sum(WIDTHS[c] for c in style.columns)
    own: Owner = ("title", 0, 0, item.tag, "title")
    titles = [digits(t, style, own) for t in item.titles]
    heads = [
        [(digits(t, style, own), r, c) for t, r, c in line] for line in header(item, report)
    ] if with_header else []  # fmt: skip
    rows: list[list[tuple[str, int, int, str]]] = []
    for g in grid(item, style, number):
        key, part = (g.row.key, g.row.part) if g.row else (-1, 0)
        line = []
        for c in g.cells:
            owner: Owner = ("cell", key, part, item.tag, c.field)
            width = max(8, round(150 * WIDTHS[c.field] / total)) if style.wraps else 10_000
            line.append(
                (
                    join(cell_lines(c.lines, owner, style, rng), style, width),
                    c.rowspan,
                    c.colspan,
                    c.field,
                )
            )
        rows.append(line)
    if style.kind == "html":
        return html_section(titles, heads, rows, style, cols)
    flat = flatten(rows, cols)
    if style.kind == "tsv":
        top = [t + "\t" * (cols - 1) for t in titles] if style.titles != "above" else titles
        for line in heads:
            cells, column = [], 0
            for t, _r, c in line:
                if len(heads) == 2 and line is heads[1] and not cells:
                    lead = sum(x[1] == 2 for x in heads[0])
                    cells, column = [""] * lead, lead
                cells += [wrap(t, 16)] + [""] * (c - 1)
                column += c
            top.append("\t".join(cells))
        return "\n".join([*top, *("\t".join(r) for r in flat)]) + "\n"
    first = heads[0] if heads else []
    table: list[list[str]] = []
    lead = ""
    if style.titles == "inside":
        table += [[t] + [""] * (cols - 1) for t in titles]
    else:
        lead = "\n\n".join(f"**{t}**" for t in titles) + "\n\n"
    if first:
        cells = []
        for t, _r, c in first:
            cells += [t] + [""] * (c - 1)
        table.append(cells)
    for line in heads[1:]:
        skip = sum(x[1] == 2 for x in heads[0])
        table.append([""] * skip + [t for t, _r, _c in line])
    return lead + markdown_table([*table, *flat] if table else [[""] * cols, *flat]) + "\n"


def join(lines: list[tuple[str, bool]], style: Style, width: int) -> str:
    """One cell's text in the dump's own notation."""
    bold = {"html": "<b>{}</b>", "tsv": "<b>{}</b>", "markdown": "**{}**"}[style.kind]
    shown = []
    for text, heavy in lines:
        body = wrap(text, width)
        if style.kind == "html":
            body = html.escape(body, quote=False)
        if style.kind == "markdown":
            body = body.replace("|", "\\|")
        shown.append(bold.format(body) if heavy else body)
    if style.kind == "html":
        if style.code == "i1" and len(shown) > 1 and style.valign == "middle":
            return "".join(f"<p>{x}</p>" for x in shown)
        return "<br>".join(shown)
    if style.kind == "markdown":
        return "<br>".join(shown)
    if style.valign == "middle" and len(shown) > 1:
        return " ".join(f"<p>{x}</p>" for x in shown)
    return " ".join(shown)


def flatten(rows: list[list[tuple[str, int, int, str]]], cols: int) -> list[list[str]]:
    """Rows without spans: a covered cell is blank."""
    covered: dict[int, int] = {}
    out = []
    for line in rows:
        cells, queue = [], list(line)
        for column in range(cols):
            if covered.get(column, 0) > 0:
                covered[column] -= 1
                cells.append("")
            elif queue:
                text, rowspan, _c, _f = queue.pop(0)
                covered[column] = rowspan - 1
                cells.append(text)
        out.append(cells)
    return out


def html_section(
    titles: list[str], heads: list[list[tuple[str, int, int]]],
    rows: list[list[tuple[str, int, int, str]]], style: Style, cols: int,
) -> str:  # fmt: skip
    def cell(text: str, rowspan: int, colspan: int, tag: str = "td") -> str:
        spans = f' rowspan="{rowspan}"' if rowspan > 1 else ""
        spans += f' colspan="{colspan}"' if colspan > 1 else ""
        return f"<{tag}{spans}>{text}</{tag}>"

    above = ""
    lines = []
    if style.titles in ("inside", "both"):
        lines += [f"<tr>{cell(html.escape(t, quote=False), 1, cols)}</tr>" for t in titles]
    if style.titles in ("above", "both"):
        above = "".join(f"<p>{html.escape(t, quote=False)}</p>\n" for t in titles)
    tag = "th" if style.bold else "td"
    lines += ["<tr>" + "".join(cell(t, r, c, tag) for t, r, c in line) + "</tr>" for line in heads]
    lines += ["<tr>" + "".join(cell(t, r, c) for t, r, c, _ in line) + "</tr>" for line in rows]
    return f"{above}<table>\n" + "\n".join(lines) + "\n</table>\n"
