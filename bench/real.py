"""python bench/real.py TRUTH DOCUMENTS [--dpi 150 200 300] [--apart] [--below 0.9] [--show]

How right are real pages, cell by cell in their places? DOCUMENTS holds the papers, TRUTH one JSON
file a page, keyed in by a person from what the page shows. Neither belongs into this repository.

    {"document": "name.pdf", "page": 1,   as a viewer counts
     "render": true,                      exported: drawn as an image at every --dpi first
     "apart": false,                      true: kept apart from all work on the code
     "tables": [{"rows": 3, "columns": 7, "cells": [[row, column, row span, column span, text]]}],
     "lines": ["..."]}                    print outside of tables, from the top down

Rows and columns count from 0 within each table; line breaks are spaces; a place that no cell names
is an empty cell. Lines that stand side by side on one height are one line. Handwriting and stamps
are not keyed in. Spaces do not count, nor the length of a dotted leader, nor the kind of a dash.

A cell is right if it stands at its place and all of its text is equal, and found if its place and
spans are. A number is a run of digits with , . / or - between; it is right if all of it is.
A wrong cell is flagged if its confidence is lower than --below. --show prints what is wrong.
"""

import argparse
import io
import json
import re
import resource
import sys
import time
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pypdfium2
from PIL import Image
from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from extract.model import Cell, Page, Picture, Source, Table
from extract.pdf import read_pdf
from extract.scan import read_picture
from pipeline import line_reader
from profiles.lexicon import reading_cost

NUMBER = re.compile(r"[0-9๐-๙]+(?:[,./-][0-9๐-๙]+)*")
LEADER = re.compile(r"(?:[.…]\s*){3,}")
DASHES = str.maketrans("–—‑−", "----")
QUOTES = str.maketrans("“”‘’", "\"\"''")
PRINTED_DPI = 600
SAME_LINE = 55
"""Share in percent of a piece's text that a line must hold for the piece to be a part of it."""


def tidy(text: str) -> str:
    """One spelling for what does not count, spaces kept as single ones."""
    text = unicodedata.normalize("NFC", text).replace("\u0e4d\u0e32", "\u0e33")
    text = LEADER.sub("… ", text.translate(DASHES).translate(QUOTES))
    return " ".join(text.split())


def plain(text: str) -> str:
    """The text as it is compared.

    >>> plain("ลงชื่อ ........ (ก) – 5") == plain("ลงชื่อ.....(ก)-5")
    True
    """
    return tidy(text).replace(" ", "")


def numbers(text: str) -> Counter[str]:
    return Counter(NUMBER.findall(tidy(text)))


def thai_digits(truth: str, read: str) -> tuple[int, int, int]:
    """Right, true and read Thai digits of two texts, aligned.

    >>> thai_digits("ปี ๒๕๖๘", "ปี ๒๕๖๖")
    (3, 4, 4)
    """
    truth, read = plain(truth), plain(read)
    right = 0
    for block in Levenshtein.opcodes(truth, read):
        if block.tag == "equal":
            right += sum("๐" <= c <= "๙" for c in truth[block.src_start : block.src_end])
    return right, *(sum("๐" <= c <= "๙" for c in text) for text in (truth, read))


class Score(Counter[str]):
    """Counts by name; those of several pages add up."""

    def compare(self, truth: str, read: str) -> None:
        found, wanted = numbers(read), numbers(truth)
        right, true, seen = thai_digits(truth, read)
        distance = Levenshtein.distance(plain(truth), plain(read))
        self.update(
            {
                "number": wanted.total(),
                "number right": (wanted & found).total(),
                "digit": true,
                "digit right": right,
                "digit read": seen,
                "letter": len(plain(truth)),
                "letter wrong": distance,
            }
        )


def all_cells(table: dict[str, Any]) -> dict[tuple[int, int], tuple[int, int, str]]:
    """Every cell of a table's truth, the empty ones too: place to spans and text."""
    cells = {(r, c): (down, right, text) for r, c, down, right, text in table["cells"]}
    covered = {
        (r + i, c + k)
        for (r, c), (down, right, _) in cells.items()
        for i in range(down)
        for k in range(right)
    }
    for row in range(table["rows"]):
        for column in range(table["columns"]):
            if (row, column) not in covered:
                cells[row, column] = (1, 1, "")
    return cells


def score_cells(
    truth: dict[str, Any], table: Table | None, below: float, score: Score
) -> Iterator[str]:
    """Counts into `score`; gives a line for each cell that is wrong."""
    found = {(c.row - table.first_row, c.column): c for c in table.cells} if table else {}
    wanted = all_cells(truth)
    for place, (down, right, text) in sorted(wanted.items()):
        cell = found.get(place)
        read = cell.raw.replace("\n", " ") if cell else ""
        score["cell"] += 1
        score["cell found"] += cell is not None and (cell.row_span, cell.column_span) == (
            down,
            right,
        )
        equal = cell is not None and plain(read) == plain(text)
        flagged = cell is not None and is_flagged(cell, below)
        score["cell right"] += equal
        score["right flagged"] += equal and flagged
        score["wrong flagged"] += flagged and not equal
        if plain(text) == "-":
            score["dash"] += 1
            score["dash right"] += equal
        if not text:
            score["empty"] += 1
            score["empty right"] += equal
        score.compare(text, read)
        if not equal:
            sure = "-" if cell is None or cell.confidence is None else f"{cell.confidence:.3f}"
            yield f"cell {place} {sure}: {shown(text, read)}"
    extra = len(found.keys() - wanted.keys())
    score["cell extra"] += extra
    if extra:
        yield f"{extra} cells that are none"


def shown(truth: str, read: str) -> str:
    """Short texts as they are, of long ones what differs."""
    truth, read = tidy(truth), tidy(read)
    if max(len(truth), len(read)) < 60:
        return f"{truth!r} read {read!r}"
    a, b = plain(truth), plain(read)
    parts = [
        f"{a[max(0, o.src_start - 4) : o.src_start]}[{a[o.src_start : o.src_end]}"
        f"→{b[o.dest_start : o.dest_end]}]"
        for o in Levenshtein.opcodes(a, b)
        if o.tag != "equal"
    ]
    return "  ".join(parts)


def is_flagged(cell: Cell, below: float) -> bool:
    return cell.confidence is not None and cell.confidence < below


def pair(truths: Sequence[dict[str, Any]], tables: Sequence[Table]) -> list[Table | None]:
    """The table that each truth is compared with: most equal cells, each only once."""
    left = list(tables)
    chosen: list[Table | None] = []
    for truth in truths:
        wanted = all_cells(truth)

        def alike(table: Table, wanted: dict[tuple[int, int], Any] = wanted) -> float:
            places = {(c.row - table.first_row, c.column): c.raw for c in table.cells}
            return sum(
                fuzz.ratio(plain(text), plain(places[place])) / 100
                for place, (_, _, text) in wanted.items()
                if text and place in places
            )

        best = max(left, key=alike, default=None)
        if best is not None and alike(best) > 0:
            left.remove(best)
            chosen.append(best)
        else:
            chosen.append(None)
    return chosen


def score_lines(truths: Sequence[str], lines: Sequence[str], score: Score) -> Iterator[str]:
    """Read lines are put to the true line they are most alike, several pieces in their order."""
    pieces: dict[int, list[str]] = {}
    used: Counter[int] = Counter()
    for line in lines:
        if not plain(line):
            continue

        def alike(n: int, line: str = line) -> float:
            whole = fuzz.ratio(plain(line), plain(truths[n]))
            if len(plain(line)) > 3:
                whole = max(whole, 0.98 * fuzz.partial_ratio(plain(line), plain(truths[n])))
            return whole - (0.5 if used[n] else 0)

        best = max(range(len(truths)), key=alike, default=None)
        if best is None or alike(best) < SAME_LINE:
            score["line extra"] += 1
            yield f"line that is none: {line!r}"
            continue
        used[best] += 1
        pieces.setdefault(best, []).append(line)
    for n, text in enumerate(truths):
        read = " ".join(pieces.get(n, []))
        score["line"] += 1
        score["line found"] += bool(read)
        score["line right"] += plain(read) == plain(text)
        score.compare(text, read)
        if plain(read) != plain(text):
            yield f"line: {shown(text, read)}"


def score_page(truth: dict[str, Any], page: Page, below: float) -> tuple[Score, list[str]]:
    score = Score()
    wrong: list[str] = []
    pairs = pair(truth["tables"], page.tables)
    for wanted, table in zip(truth["tables"], pairs, strict=True):
        wrong += score_cells(wanted, table, below, score)
    left = [t for t in page.tables if not any(t is p for p in pairs)]
    loose = [line.text for line in page.lines]
    loose += [line.text for table in left for cell in table.cells for line in cell.lines]
    wrong += score_lines(truth["lines"], loose, score)
    return score, wrong


def page_alone(path: Path, number: int, dpi: int | None) -> bytes:
    """One page as a PDF of its own; an image of it where `dpi` is given."""
    source, target = pypdfium2.PdfDocument(path), pypdfium2.PdfDocument.new()
    if dpi is None:
        target.import_pages(source, [number - 1])
    else:
        page = source[number - 1]
        picture = pypdfium2.PdfImage.new(target)
        picture.set_bitmap(pypdfium2.PdfBitmap.from_pil(printed(page, dpi)))
        width, height = page.get_size()
        picture.set_matrix(pypdfium2.PdfMatrix().scale(width, height))
        sheet = target.new_page(width, height)
        sheet.insert_obj(picture)
        sheet.gen_content()
    file = io.BytesIO()
    target.save(file)
    return file.getvalue()


def printed(page: pypdfium2.PdfPage, dpi: int) -> Image.Image:
    """The page as a printer and a scanner give it: drawn finely, then each pixel a mean."""
    fine = page.render(scale=PRINTED_DPI / 72, grayscale=True).to_pil().convert("L")
    size = (round(fine.width * dpi / PRINTED_DPI), round(fine.height * dpi / PRINTED_DPI))
    return fine.resize(size, Image.Resampling.BOX)


def scan_page(source: Source, picture: Picture) -> Page:
    return read_picture(source, picture, line_reader(), reading_cost)


def share(right: int, of: int) -> str:
    return f"{right}/{of} {100 * right / of:.1f}" if of else "-"


def report(name: str, score: Score) -> str:
    wrong = score["cell"] - score["cell right"]
    return (
        f"{name:52} cells {share(score['cell right'], score['cell'])}"
        f" | found {share(score['cell found'], score['cell'])} (+{score['cell extra']})"
        f" | dashes {share(score['dash right'], score['dash'])}"
        f" | empty {share(score['empty right'], score['empty'])}"
        f" | numbers {share(score['number right'], score['number'])}"
        f" | ๐-๙ {share(score['digit right'], score['digit'])} of {score['digit read']}"
        f" | lines {share(score['line right'], score['line'])} (+{score['line extra']})"
        f" | CER {100 * score['letter wrong'] / max(score['letter'], 1):.2f}"
        f" | flagged: wrong {share(score['wrong flagged'], wrong)},"
        f" right {share(score['right flagged'], score['cell right'])}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Score real pages in place.")
    parser.add_argument("truth", type=Path)
    parser.add_argument("documents", type=Path)
    parser.add_argument("--dpi", type=int, nargs="+", default=[150, 200, 300])
    parser.add_argument("--apart", action="store_true", help="the pages kept apart, too")
    parser.add_argument("--below", type=float, default=0.9, help="confidence that is flagged")
    parser.add_argument("--show", action="store_true", help="print what is wrong")
    parser.add_argument("--only", default="", help="files of truth whose name holds this")
    args = parser.parse_args()
    totals: dict[str, Score] = {}
    spent: Counter[str] = Counter()
    for file in sorted(args.truth.glob("*.json")):
        truth = json.loads(file.read_text(encoding="utf8"))
        if args.only not in file.name or (truth["apart"] and not args.apart):
            continue
        for dpi in args.dpi if truth["render"] else [None]:
            content = page_alone(args.documents / truth["document"], truth["page"], dpi)
            before = time.process_time()
            page = next(read_pdf(truth["document"], io.BytesIO(content), scanner=scan_page))
            group = f"{f'{dpi} dpi' if dpi else 'scans'}{', apart' if truth['apart'] else ''}"
            spent[group] += time.process_time() - before
            score, wrong = score_page(truth, page, args.below)
            score["page"] = 1
            print(report(f"{file.stem} {dpi or ''}", score))
            # pages kept apart are counted, never looked at
            if args.show and not truth["apart"]:
                print("".join(f"    {line}\n" for line in wrong), end="")
            totals.setdefault(group, Score()).update(score)
    print()
    for group, score in sorted(totals.items()):
        print(report(f"{group}: {score['page']} pages", score))
        print(f"    {spent[group] / score['page']:.2f} CPU s a page")
    print(f"peak RSS {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
