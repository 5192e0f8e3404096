"""The truth file of a printed report, in the form the scorer reads."""

from __future__ import annotations

import re
from typing import Any

from paper import GridRow, Owner, grid
from printers import Printed
from report import Leaf, Report, Section

TEXTS = (
    "question",
    "analysis",
    "measures",
    "result",
    "steps",
    "timeframe",
    "strengths",
    "weaknesses",
)


def bare(text: str | None) -> str | None:
    return None if text is None else re.sub(r"\s+", "", text)


def sections_of(report: Report) -> list[Section]:
    return [b for b in report.blocks if isinstance(b, Section)]


def pages_of_dump(report: Report, pages: dict[str, list[int]]) -> Printed:
    """What a dump holds, in the form a printed PDF gives."""
    cells: dict[Owner, dict[int, str]] = {}
    for order, item in enumerate(report.blocks):
        if isinstance(item, Leaf):
            cells["leaf", order, 0, 0, item.kind] = dict.fromkeys(pages[f"leaf{order}"], "x")
            continue
        for page in pages[f"section{item.tag}"]:
            cells["title", 0, 0, item.tag, "title"] = {page: "x"}
            for g in grid(item, report.style):
                if g.row:
                    for c in g.cells:
                        if c.lines:
                            owner: Owner = ("cell", g.row.key, g.row.part, item.tag, c.field)
                            cells[owner] = {page: "\n".join(c.lines)}
    return Printed(cells, frozenset(), max(p for v in pages.values() for p in v))


def truth_of(report: Report, printed: Printed, document: str) -> dict[str, Any]:
    style = report.style
    dump = style.kind in ("tsv", "markdown", "html")
    by_row: dict[int, set[int]] = {}
    by_section: dict[int, set[int]] = {}
    by_leaf: dict[str, set[int]] = {}
    for owner, held in printed.cells.items():
        if owner[0] == "cell" and owner[4] not in ("indicator", "no"):
            by_row.setdefault(owner[1], set()).update(held)
        if owner[0] == "title" and owner[4] == "title":
            by_section.setdefault(owner[3], set()).update(held)
        if owner[0] == "leaf":
            by_leaf.setdefault(owner[4], set()).update(held)
    whole_sections: dict[int, set[int]] = {k: set(v) for k, v in by_section.items()}
    for owner, held in printed.cells.items():
        if owner[0] == "cell":
            whole_sections.setdefault(owner[3], set()).update(held)
    findings = []
    for f in report.findings:
        pages: set[int] = set()
        for key in f.get("rows", []):
            pages |= by_row.get(key, set())
        for tag in f.get("sections", []):
            held = (
                whole_sections if f["check"] in ("duplicate-page", "header-variant") else by_section
            )
            pages |= held.get(tag, set())
        for leaf in f.get("leaves", []):
            pages |= by_leaf.get(leaf, set())
        findings.append(
            {"check": f["check"], "pages": sorted(pages), "code": f["code"], "note": f["note"]}
        )
    tolerated = list(report.tolerated)
    loose = sorted({p for ps in by_leaf.values() for p in ps})
    if loose:
        tolerated.insert(0, {"check": "page-without-table", "pages": loose})
    if any(f["check"] == "page-unreadable" for f in findings):
        tolerated.append({"check": "page-unreadable", "pages": sorted(by_leaf.get("image", set()))})
    if style.noise:
        codes = [t["code"] for t in report.truth if t["code"][0] == "o"]
        tolerated.append({"check": "code-misread", "codes": codes})
    rows = []
    for t in report.truth:
        pages = set(by_row.get(t["key"], set()))
        if "again" in t:
            pages |= by_row.get(t["again"], set())
        row = {k: v for k, v in t.items() if k not in ("key", "again", "skip")}
        for name in TEXTS:
            if "result" not in style.columns and name in ("result", "strengths", "weaknesses"):
                row[name] = None
            spaced = row[name]
            row[name] = bare(spaced)
            if spaced:
                row[name + "_spaced"] = spaced
        row["pages"] = sorted(pages)
        if t["skip"]:
            row["skip"] = sorted(set(t["skip"]))
        rows.append(row)
    out = {
        "document": document,
        "kind": "dump" if dump else "exported",
        "clean": report.clean,
        "agency": report.agency,
        "district": report.district,
        "province": report.province,
        "district_code": report.district_code,
        "province_code": report.province_code,
        "agency_variants": sorted(set(report.variants), key=report.variants.index),
        "fiscal_year": report.year,
        "assessment_year": report.year - 1,
        "digits": style.digits,
        "columns": list(style.columns),
        "text_is": "whitespace-insensitive with *_spaced beside; leading code and `CODE ประเด็น` "
        "are not part of question and analysis; Arabic digits",
        "rows": rows,
        "findings": findings,
        "tolerated": tolerated,
    }
    if not dump:
        out["cells"] = cells_of(report, printed)
    return out


def cells_of(report: Report, printed: Printed) -> list[dict[str, Any]]:
    """Every printed cell by page, in reading order."""
    out = []
    number = 1
    count: dict[int, int] = {}
    for section in sections_of(report):
        rows: list[GridRow] = grid(section, report.style, number)
        number += sum(r.part == 0 for r in section.rows)
        for g in rows:
            if g.row is None:
                continue
            owners = [(c, ("cell", g.row.key, g.row.part, section.tag, c.field)) for c in g.cells]
            pages = sorted({p for _, o in owners for p in printed.cells.get(o, {})})
            for page in pages:
                at = count.get(page, 0)
                for c, owner in owners:
                    text = printed.cells.get(owner, {}).get(page)
                    if text is None:
                        continue
                    cell = {
                        "page": page,
                        "row": at,
                        "column": report.style.columns.index(c.field),
                        "field": c.field,
                        "text": text,
                    }
                    if (owner, page) in printed.torn:
                        cell["unreadable"] = True
                    out.append(cell)
                count[page] = at + 1
    return sorted(out, key=lambda c: (c["page"], c["row"], c["column"]))
