"""How scanned documents are read, beside what a user would take instead: one table.

    python bench/scans.py [--also DIR] [--set DIR] [--peers PYTHON] [--json FILE]
    python bench/scans.py --cost [--peers PYTHON]       CPU time of one page beside the peers'
    python bench/scans.py --twins --maker PYTHON        exported samples against scans of them

A set is a folder of scanned documents with truth/*.json; without one it is the scans of samples/.
Peers read the pages as raingan turned and straightened them, and their words are sorted into the
cells of raingan's grid: what is compared is the reading alone. What the figures mean is in
README.md.
"""

import argparse
import csv
import importlib
import importlib.util
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PEER_NAMES = {
    "tesseract": "Tesseract, page",
    "tesseract-cells": "Tesseract, cells",
    "img2table": "img2table",
    "ocrmypdf": "OCRmyPDF",
}
STAGES = {
    "extract.pdf": {"render": ("Drawing.draw",)},
    "extract.picture": {"render": ("load_frames",)},
    "extract.scan": {
        "straighten": ("prepared", "quarter_turned", "straightened", "cleaned"),
        "grid": ("find_rules", "find_grids"),
        "lines": ("page_hint", "find_lines", "cell_region", "outside"),
        "recognise": ("trial", "read_cuts"),
    },
}
"""The functions of each stage, as the module that calls them names them."""
THAI_DIGITS = "๐๑๒๓๔๕๖๗๘๙"
TO_ARABIC = str.maketrans(THAI_DIGITS, "0123456789")
NUMBER = re.compile(r"[0-9๐-๙](?:[0-9๐-๙.,:/]*[0-9๐-๙])?")
CODE = re.compile(r"(?<![A-Za-z0-9๐-๙])[ieoIEO0๐](?=[0-9๐-๙]{1,2}(?![0-9๐-๙.,]))[0-9๐-๙]+")
ENDINGS = {".pdf", ".tif", ".tiff", ".png", ".jpg", ".jpeg"}


# ---------------------------------------------------------------- in a process of its own: raingan


def with_raingan(job: dict[str, Any]) -> dict[str, Any]:
    """Convert documents one by one; what each cost by stage, and the pages that peers are to read.

    A picture is kept of every page that is asked for: upright, level, with its cells in pixels.
    """
    sys.path.insert(0, str(ROOT))
    pipeline = importlib.import_module("pipeline")
    files = importlib.import_module("export.files")
    scan = importlib.import_module("extract.scan")
    spent: Counter[str] = Counter()
    for module, stages in STAGES.items():
        for stage, names in stages.items():
            for name in names:
                watch(importlib.import_module(module), name, stage, spent)
    kept: dict[str, Any] = {}
    wanted = {(name, page) for name, page in job["pictures"]}
    layouts: list[Any] = []
    lay_out, read_picture = scan.upright_layout, scan.read_picture

    def laid_out(*arguments: Any) -> Any:
        layouts.append(lay_out(*arguments))
        return layouts[-1]

    def seen(source: Any, *arguments: Any) -> Any:
        page = read_picture(source, *arguments)
        name = Path(source.document).name
        if (name, source.page) in wanted:
            kept[f"{name}:{source.page}"] = picture_of(layouts[-1], page, Path(job["work"]))
        layouts.clear()
        return page

    scan.upright_layout, scan.read_picture = laid_out, seen
    pipeline.line_reader()
    told, results = [], []
    for path in job["documents"]:
        spent.clear()
        begin = time.process_time()
        result = pipeline.convert_document(path)
        cpu = time.process_time() - begin
        stages = {**spent, "rest": cpu - sum(spent.values())}
        pages = result.record.pages or 0
        told.append({"document": Path(path).name, "pages": pages, "cpu": cpu, "stages": stages})
        results.append(result)
    files.write_run(Path(job["out"]), results)
    return {"documents": told, "pictures": kept, "peak_mb": peak_mb()}


def watch(module: Any, name: str, stage: str, spent: Counter[str]) -> None:
    """Add the CPU time of a function to its stage, but for what other watched functions took."""
    *path, last = name.split(".")
    for part in path:
        module = getattr(module, part)
    real: Callable[..., Any] = getattr(module, last)

    def timed(*arguments: Any, **options: Any) -> Any:
        before, begin = sum(spent.values()), time.process_time()
        try:
            return real(*arguments, **options)
        finally:
            inner = sum(spent.values()) - before
            spent[stage] += time.process_time() - begin - inner

    setattr(module, last, timed)


def picture_of(layout: Any, page: Any, work: Path) -> dict[str, Any]:
    """The upright page as a PNG without loss, and its cells: box in pixels, row and column."""
    from PIL import Image

    picture = layout.turn.picture
    target = work / f"{len(list(work.glob('*.png'))):04d}.png"
    dpi = round(picture.dpi)
    Image.fromarray(picture.grey).save(target, dpi=(dpi, dpi))
    scale = picture.dpi / 72
    cells = [
        {
            "box": [round(v * scale) for v in cell.source.box],
            "key": [number, cell.row, cell.column],
            "raw": cell.raw,
        }
        for number, table in enumerate(page.tables)
        for cell in table.cells
    ]
    return {"image": str(target), "dpi": dpi, "cells": cells}


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# ---------------------------------------------------------------- in a process of its own: peers
# Each takes {"image", "dpi", "cells"} and gives the text of each cell. What it imports is in the
# peers' own environment.

Boxes = Sequence[Sequence[int]]
Peer = Callable[[Path, int, Boxes], list[str]]


def tesseract(image: Path, psm: int, dpi: int, kind: str = "tsv") -> str:
    command = ["tesseract", str(image), "-", "-l", "tha+eng", "--psm", str(psm), "--dpi", str(dpi)]
    done = subprocess.run([*command, kind], capture_output=True, text=True, check=True)
    return done.stdout


def words_in_cells(words: Iterable[tuple[float, float, str]], boxes: Boxes) -> list[str]:
    """Each word, in the order given, in the smallest cell that its middle lies in."""
    texts: list[list[str]] = [[] for _ in boxes]
    order = sorted(
        range(len(boxes)),
        key=lambda n: (boxes[n][2] - boxes[n][0]) * (boxes[n][3] - boxes[n][1]),
    )
    for x, y, word in words:
        for n in order:
            x0, top, x1, bottom = boxes[n]
            if x0 <= x <= x1 and top <= y <= bottom:
                texts[n].append(word)
                break
    return [" ".join(found) for found in texts]


def tesseract_page(image: Path, dpi: int, boxes: Boxes) -> list[str]:
    """Tesseract's own layout (psm 3) of the whole page."""
    rows = csv.DictReader(tesseract(image, 3, dpi).splitlines(), delimiter="\t", quoting=3)
    words = (
        (float(r["left"]) + float(r["width"]) / 2, float(r["top"]) + float(r["height"]) / 2,
         r["text"])
        for r in rows if r["level"] == "5" and (r["text"] or "").strip()
    )  # fmt: skip
    return words_in_cells(words, boxes)


def tesseract_cells(image: Path, dpi: int, boxes: Boxes) -> list[str]:
    """Tesseract on each cell of the grid by itself (psm 6), rules left out, on a white margin."""
    from PIL import Image, ImageOps

    inset, texts = round(0.018 * dpi), []
    with Image.open(image) as page, tempfile.TemporaryDirectory() as folder:
        for x0, top, x1, bottom in boxes:
            if min(x1 - x0, bottom - top) < 4 * inset:
                texts.append("")
                continue
            crop = page.crop((x0 + inset, top + inset, x1 - inset, bottom - inset))
            target = Path(folder) / "cell.png"
            ImageOps.expand(crop, 10, 255).save(target)
            texts.append(tesseract(target, 6, dpi, "txt"))
    return texts


def img2table(image: Path, dpi: int, boxes: Boxes) -> list[str]:
    """img2table with Tesseract; each of its cells goes to the cell that its middle lies in."""
    document = importlib.import_module("img2table.document")
    ocr = importlib.import_module("img2table.ocr")
    engine = ocr.TesseractOCR(n_threads=1, lang="tha+eng", psm=11)
    page = document.Image(src=str(image), detect_rotation=True)
    tables = page.extract_tables(ocr=engine, implicit_rows=False, borderless_tables=False)
    found, seen = [], set()
    for table in tables:
        for row in table.content.values():
            for cell in row:
                box = cell.bbox
                key = (box.x1, box.y1, box.x2, box.y2)
                if key not in seen and cell.value:
                    seen.add(key)
                    found.append(((box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2, str(cell.value)))
    return words_in_cells(found, boxes)


def ocrmypdf(image: Path, dpi: int, boxes: Boxes) -> list[str]:
    """OCRmyPDF's text layer, as pdfplumber reads its words."""
    pdfplumber = importlib.import_module("pdfplumber")
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "page.pdf"
        command = [sys.executable, "-m", "ocrmypdf", "-q", "-l", "tha+eng", "--jobs", "1",
                   "--image-dpi", str(dpi), "--output-type", "pdf", "--optimize", "0",
                   str(image), str(target)]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True)
        with pdfplumber.open(target) as pdf:
            page, scale = pdf.pages[0], dpi / 72
            words = [
                ((w["x0"] + w["x1"]) / 2 * scale, (w["top"] + w["bottom"]) / 2 * scale, w["text"])
                for w in page.extract_words()
            ]
    return words_in_cells(words, boxes)


PEERS: dict[str, tuple[str, Peer]] = {
    "tesseract": ("PIL", tesseract_page),
    "tesseract-cells": ("PIL", tesseract_cells),
    "img2table": ("img2table", img2table),
    "ocrmypdf": ("ocrmypdf", ocrmypdf),
}
"""The module that each peer needs."""


def with_peer(job: dict[str, Any]) -> dict[str, Any]:
    """The readings of all pages, with the CPU seconds of each, child processes included."""
    read = PEERS[job["peer"]][1]
    pages = []
    for page in job["pages"]:
        begin = cpu_seconds()
        texts = read(Path(page["image"]), page["dpi"], page["boxes"])
        pages.append({"texts": texts, "cpu": cpu_seconds() - begin})
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return {"pages": pages, "peak_mb": max(peak_mb(), children)}


def cpu_seconds() -> float:
    own, children = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def in_process(tool: str, job: dict[str, Any], python: str = sys.executable) -> dict[str, Any]:
    """What a process of one thread tells of its job."""
    env = {**os.environ, "OMP_NUM_THREADS": "1", "OMP_THREAD_LIMIT": "1"}
    with tempfile.TemporaryDirectory() as folder:
        asked, answer = Path(folder) / "job.json", Path(folder) / "answer.json"
        asked.write_text(json.dumps(job), "utf-8")
        command = [python, str(Path(__file__).resolve()), "--child", tool, str(asked), str(answer)]
        done = subprocess.run(command, capture_output=True, text=True, env=env)
        if done.returncode:
            sys.exit(f"{tool} failed:\n{done.stderr[-3000:]}")
        told: dict[str, Any] = json.loads(answer.read_text("utf-8"))
        return told


def run_child(tool: str, asked: Path, answer: Path) -> None:
    job = json.loads(asked.read_text("utf-8"))
    told = with_raingan(job) if tool == "raingan" else with_peer(job)
    answer.write_text(json.dumps(told), "utf-8")


# ---------------------------------------------------------------- what was read right


class Pair(NamedTuple):
    """A cell of the truth beside what was read in its place: same page, same column."""

    document: str
    page: int
    column: str
    truth: str
    read: str
    thai: bool = True
    """False where the truth tells Thai digits as Arabic ones."""


@dataclass
class Figures:
    """Sums over cells; shares are made when they are shown."""

    cells: int = 0
    right: int = 0
    chars: int = 0
    wrong_chars: int = 0
    numbers: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    digits: dict[str, Counter[str]] = field(
        default_factory=lambda: {d: Counter() for d in THAI_DIGITS}
    )


def scorer() -> Any:
    """bench/score.py, whose notion of what is equal is used throughout."""
    sys.path.insert(0, str(Path(__file__).parent))
    return importlib.import_module("score")


def pairs_of(truth: dict[str, Any], read: dict[tuple[int, str], list[str]]) -> Iterator[Pair]:
    """Each cell of the truth with the nearest reading of its page and column, each taken once.

    What is nearest is found as score.py finds it; a cell without any letters is no cell.
    """
    from rapidfuzz.distance import Levenshtein

    score = scorer()
    left = {key: [(text, score.norm(text)) for text in texts] for key, texts in read.items()}
    thai = truth["digits"] == "arabic" or any(
        c in THAI_DIGITS for cell in truth["cells"] for c in cell["text"]
    )
    for cell in truth["cells"]:
        wanted = score.norm(cell["text"])
        if not wanted or cell.get("unreadable"):
            continue
        pool = [item for item in left.get((cell["page"], cell["field"]), []) if item[1]]
        found = ""
        if pool:
            best = min(pool, key=lambda item: Levenshtein.distance(wanted, item[1]))
            if Levenshtein.distance(wanted, best[1]) < len(wanted):
                found = best[0]
                left[cell["page"], cell["field"]].remove(best)
        yield Pair(truth["document"], cell["page"], cell["field"], cell["text"], found, thai)


def count(pairs: Iterable[Pair]) -> Figures:
    from rapidfuzz.distance import Levenshtein

    score = scorer()
    sums = Figures()
    for pair in pairs:
        wanted, got = score.norm(pair.truth), score.norm(pair.read)
        distance = min(len(wanted), Levenshtein.distance(wanted, got))
        sums.cells += 1
        sums.right += distance == 0
        sums.chars += len(wanted)
        sums.wrong_chars += distance
        for pattern, total in ((NUMBER, sums.numbers), (CODE, sums.codes)):
            of_truth, of_read = (tokens(pattern, text) for text in (pair.truth, pair.read))
            total["truth"] += of_truth.total()
            total["read"] += of_read.total()
            total["right"] += (of_truth & of_read).total()
        if not pair.thai:
            continue
        truth, read = (re.sub(r"\s+", "", text) for text in (pair.truth, pair.read))
        for digit, sum_of in sums.digits.items():
            sum_of["truth"] += truth.count(digit)
            sum_of["read"] += read.count(digit)
        for op in Levenshtein.opcodes(truth, read):
            if op.tag == "equal":
                for digit in truth[op.src_start : op.src_end]:
                    if digit in sums.digits:
                        sums.digits[digit]["right"] += 1
    return sums


def tokens(pattern: re.Pattern[str], text: str) -> Counter[str]:
    """Numbers or codes of a text, in Arabic digits; o and 0 at the head of a code are one.

    >>> tokens(CODE, "อ้างอิง ๐๑๖"), tokens(NUMBER, "อ้างอิง o๑๖ ร้อยละ ๗๑.๕")
    (Counter({'o16': 1}), Counter({'71.5': 1}))
    """
    if pattern is NUMBER:
        text = CODE.sub(" ", text)
    found = (m.group().translate(TO_ARABIC).lower() for m in pattern.finditer(text))
    return Counter(t.replace("0", "o", 1) if pattern is CODE and t[0] == "0" else t for t in found)


def share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


@dataclass
class Outcome:
    """One engine's reading of one set of pages."""

    name: str
    figures: Figures
    cpu_page: float
    peak_mb: float
    pages: int
    rows: dict[str, Any] = field(default_factory=dict)
    stages: dict[str, float] = field(default_factory=dict)

    def shown(self) -> dict[str, float | None]:
        """The columns of the table, as shares but for the last two."""
        f, rows = self.figures, self.rows
        digits: Counter[str] = Counter()
        for sums in f.digits.values():
            digits.update(sums)
        return {
            "CER": share(f.wrong_chars, f.chars),
            "cells": share(f.right, f.cells),
            "digit-R": share(digits["right"], digits["truth"]),
            "digit-P": share(digits["right"], digits["read"]),
            "numbers": share(f.numbers["right"], f.numbers["truth"]),
            "codes": share(f.codes["right"], f.codes["truth"]),
            "rows": rows.get("rows"),
            "fields": rows.get("fields"),
            "agency": rows.get("agency"),
            "review": rows.get("review"),
            "unflagged": rows.get("unflagged"),
            "s/page": self.cpu_page,
            "MB": self.peak_mb,
        }


def rows_of(truths: Sequence[dict[str, Any]], out: Path) -> dict[str, Any]:
    """What became of the rows, by score.py: rows found, structured fields right, review."""
    score = scorer()
    records = [score.bydoc(part) for part in score.read_out(out)]
    whole, trusted, flagged, listed = [], [], 0, 0
    wrong: list[str] = []
    for truth in truths:
        rows, finds, cells, docs = (part.get(truth["document"], []) for part in records)
        told = score.score_doc(truth, rows, finds, cells, docs)
        whole.append(told)
        sure = [row for row in rows if row["needs_review"] not in (True, "True", "true")]
        flagged += len(rows) - len(sure)
        listed += len(rows)
        known = {str(row["code"]).lower() for row in sure}
        part = {**truth, "rows": [row for row in truth["rows"] if row["code"] in known]}
        trusted.append(score.score_doc(part, sure, [], [], docs))
        for code, name, got, want in told["wrong"]:
            if name in score.STRUCT:
                mark = "unflagged" if code in known else "flagged"
                wrong.append(f"{truth['document']} {code} {name}: {got} for {want} ({mark})")
        wrong += [f"{truth['document']} {code}: row missed" for code in told["missed"]]
        wrong += [f"{truth['document']} {code}: row too many" for code in told["extra"]]

    def sum_up(parts: Sequence[dict[str, Any]], names: Sequence[str]) -> tuple[int, int]:
        return (
            sum(p["struct"][n][0] for p in parts for n in names),
            sum(p["struct"][n][1] for p in parts for n in names),
        )

    right, values = sum_up(trusted, score.STRUCT)
    return {
        "rows": share(sum(r["rows_found"] for r in whole), sum(r["rows_truth"] for r in whole)),
        "extra": sum(len(r["extra"]) + r["rows_repeated"] for r in whole),
        "fields": share(*sum_up(whole, score.STRUCT)),
        "agency": share(*sum_up(whole, ["agency"])),
        "review": share(flagged, listed),
        "unflagged": share(values - right, values),
        "wrong": wrong,
    }


# ---------------------------------------------------------------- one set


@dataclass(frozen=True)
class ScanSet:
    """Scanned documents and their truth."""

    name: str
    documents: tuple[Path, ...]
    truths: tuple[dict[str, Any], ...]


def load_set(folder: Path, truth_folder: Path | None = None) -> ScanSet:
    """The scans of a folder: what has truth of a kind that begins with `scan`."""
    truths = scorer().load_truth(truth_folder or folder)
    chosen = [t for t in truths if str(t["kind"]).startswith("scan") and t.get("cells")]
    here = [(folder / t["document"], t) for t in chosen]
    found = [(p, t) for p, t in here if p.exists() and p.suffix in ENDINGS]
    name = "/".join(folder.resolve().parts[-2:])
    return ScanSet(name, tuple(p for p, _ in found), tuple(t for _, t in found))


def peer_pages(scans: ScanSet, most: int) -> list[tuple[str, int]]:
    """Pages with tables, evenly taken from the whole set."""
    pages = sorted({(t["document"], c["page"]) for t in scans.truths for c in t["cells"]})
    step = max(1.0, len(pages) / max(1, most))
    return [pages[int(n * step)] for n in range(min(most, len(pages)))]


def read_cells(out: Path) -> dict[str, dict[tuple[int, str], list[str]]]:
    """Raw texts by document, page and column."""
    found: dict[str, dict[tuple[int, str], list[str]]] = defaultdict(lambda: defaultdict(list))
    for cell in scorer().read_out(out)[2]:
        if cell["field"] and cell["raw"]:
            name = Path(cell["document"]).name
            found[name][int(cell["page"]), cell["field"]].append(cell["raw"])
    return found


def fields_of(out: Path) -> dict[tuple[str, int, int, int, int], str]:
    """The column's name of each cell: by document, page, table, row and column."""
    return {
        (
            Path(c["document"]).name, int(c["page"]), int(c["table"]), int(c["row"]),
            int(c["column"]),
        ): c["field"]
        for c in scorer().read_out(out)[2]
    }  # fmt: skip


def measure(scans: ScanSet, peers: Sequence[str], python: str, most: int) -> list[Outcome]:
    """raingan on all pages; then raingan and the peers on the peers' pages."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        out = work / "out"
        chosen = peer_pages(scans, most) if peers else []
        told = in_process(
            "raingan",
            {"documents": [str(p.resolve()) for p in scans.documents], "pictures": chosen,
             "work": folder, "out": str(out)},
        )  # fmt: skip
        cells = read_cells(out)
        pages = sum(d["pages"] for d in told["documents"])
        stages: Counter[str] = Counter()
        for document in told["documents"]:
            stages.update(document["stages"])
        pairs = [p for t in scans.truths for p in pairs_of(t, cells[t["document"]])]
        whole = Outcome(
            "raingan", count(pairs), sum(stages.values()) / max(1, pages), told["peak_mb"], pages,
            {**rows_of(scans.truths, out), "pairs": pairs, "documents": told["documents"]},
            {name: seconds / max(1, pages) for name, seconds in stages.items()},
        )  # fmt: skip
        found = [whole]
        pictures = {key: told["pictures"].get(f"{key[0]}:{key[1]}") for key in chosen}
        held = [key for key in chosen if pictures[key] and pictures[key]["cells"]]
        if not held:
            return found
        ours = [p for p in pairs if (p.document, p.page) in held]
        found.append(Outcome("raingan, same pages", count(ours), whole.cpu_page, 0.0, len(held)))
        names = fields_of(out)
        for peer in peers:
            found.append(with_same_pages(peer, python, scans, held, pictures, names))
    return found


def with_same_pages(
    peer: str, python: str, scans: ScanSet, held: Sequence[tuple[str, int]],
    pictures: dict[tuple[str, int], Any], names: dict[tuple[str, int, int, int, int], str],
) -> Outcome:  # fmt: skip
    """A peer on the pictures that raingan made of these pages."""
    jobs = [
        {**pictures[key], "boxes": [cell["box"] for cell in pictures[key]["cells"]]} for key in held
    ]
    answer = in_process("peer", {"peer": peer, "pages": jobs}, python)
    read: dict[str, dict[tuple[int, str], list[str]]] = defaultdict(lambda: defaultdict(list))
    for (document, page), job, got in zip(held, jobs, answer["pages"], strict=True):
        for cell, text in zip(job["cells"], got["texts"], strict=True):
            column = names.get((document, page, *cell["key"]), "")
            if column and text.strip():
                read[document][page, column].append(text)
    pairs = []
    for truth in scans.truths:
        on = {page for document, page in held if document == truth["document"]}
        part = {**truth, "cells": [c for c in truth["cells"] if c["page"] in on]}
        pairs += list(pairs_of(part, read[truth["document"]]))
    seconds = sum(page["cpu"] for page in answer["pages"]) / len(held)
    return Outcome(PEER_NAMES[peer], count(pairs), seconds, answer["peak_mb"], len(held))


# ---------------------------------------------------------------- the tables


def percent(value: float | None, places: int = 2) -> str:
    return "–" if value is None else f"{100 * value:.{places}f}"


def show(scans: ScanSet, found: Sequence[Outcome], asked: argparse.Namespace) -> None:
    columns = list(found[0].shown())
    print(f"\n{scans.name}: {len(scans.documents)} documents, {found[0].pages} pages")
    print(f"  {'':20}{'pages':>6}" + "".join(f"{c:>10}" for c in columns))
    for outcome in found:
        values = outcome.shown()
        cells = [percent(values[c]) for c in columns[:-2]]
        cells += [f"{values['s/page']:.2f}", f"{values['MB']:.0f}" if values["MB"] else "–"]
        print(f"  {outcome.name:20}{outcome.pages:>6}" + "".join(f"{c:>10}" for c in cells))
    ours = found[0]
    print("  CPU s/page: " + ", ".join(f"{k} {v:.3f}" for k, v in sorted(ours.stages.items())))
    print("  Thai digits, right/printed/read: " + ", ".join(
        f"{d} {s['right']}/{s['truth']}/{s['read']}" for d, s in ours.figures.digits.items()
    ))  # fmt: skip
    if asked.each:
        print(f"  {'document':52}{'cells':>6}{'CER':>8}{'right':>8}{'s/page':>8}")
        for document in ours.rows["documents"]:
            mine = count(p for p in ours.rows["pairs"] if p.document == document["document"])
            each = (
                percent(share(mine.wrong_chars, mine.chars)),
                percent(share(mine.right, mine.cells)),
            )
            seconds = document["cpu"] / max(1, document["pages"])
            print(
                f"  {document['document']:52}{mine.cells:>6}{each[0]:>8}{each[1]:>8}{seconds:>8.2f}"
            )
    if not asked.wrong:
        return
    for line in ours.rows["wrong"]:
        print("  wrong:", line)
    score = scorer()
    for pair in ours.rows["pairs"]:
        if score.norm(pair.truth) != score.norm(pair.read):
            print(f"  {pair.document} p{pair.page} {pair.column}: {difference(pair)}")


def difference(pair: Pair) -> str:
    """Where a cell was read wrongly, with a few letters around."""
    from rapidfuzz.distance import Levenshtein

    truth, read = (re.sub(r"\s+", "", text) for text in (pair.truth, pair.read))
    if not read:
        return f"not read: {truth[:40]}"
    parts = [
        f"{truth[max(0, op.src_start - 4) : op.src_end + 4]} => "
        f"{read[max(0, op.dest_start - 4) : op.dest_end + 4]}"
        for op in Levenshtein.opcodes(truth, read)
        if op.tag != "equal"
    ]
    return "; ".join(parts[:4]) + (f"; and {len(parts) - 4} more" if len(parts) > 4 else "")


def as_json(scans: ScanSet, found: Sequence[Outcome]) -> dict[str, Any]:
    ours = found[0]
    return {
        "set": scans.name,
        "engines": [
            {
                "name": outcome.name,
                "pages": outcome.pages,
                **outcome.shown(),
                "digits": {d: dict(s) for d, s in outcome.figures.digits.items()},
                "counts": {
                    "cells": outcome.figures.cells,
                    "characters": outcome.figures.chars,
                    "numbers": dict(outcome.figures.numbers),
                    "codes": dict(outcome.figures.codes),
                },
            }
            for outcome in found
        ],
        "stages": ours.stages,
        "documents": ours.rows["documents"],
        "wrong": ours.rows["wrong"],
        "extra": ours.rows["extra"],
    }


def available(python: str) -> list[str]:
    """The peers that this interpreter has; what is missing is said."""
    found = []
    for peer, (module, _) in PEERS.items():
        code = f"import importlib.util as u; raise SystemExit(u.find_spec({module!r}) is None)"
        if subprocess.run([python, "-c", code], capture_output=True).returncode:
            print(f"{PEER_NAMES[peer]}: {module} is not installed in {python}, left out")
        elif subprocess.run(["which", "tesseract"], capture_output=True).returncode:
            print(f"{PEER_NAMES[peer]}: tesseract is not installed, left out")
        else:
            found.append(peer)
    return found


# ---------------------------------------------------------------- what one page costs


def cost(asked: argparse.Namespace, peers: Sequence[str]) -> None:
    """CPU seconds of one page, each reader in turn, the least of `--rounds`."""
    page = asked.cost or ROOT / "bench" / COST_PAGE
    with tempfile.TemporaryDirectory() as folder:
        job = {"documents": [str(page.resolve())] * 2, "pictures": [(page.name, 1)], "work": folder,
               "out": str(Path(folder) / "out")}  # fmt: skip
        rounds = [in_process("raingan", job) for _ in range(asked.rounds)]
        best = min(rounds, key=lambda told: float(told["documents"][1]["cpu"]))
        first, again = best["documents"]
        ours = again["cpu"]
        picture = best["pictures"][f"{page.name}:1"]
        lines = sum(len(cell["raw"].split("\n")) for cell in picture["cells"] if cell["raw"])
        print(f"{page.name}: {lines} lines in cells, {picture['dpi']} dpi, one thread")
        print(f"  {'':28}{'CPU s':>8}{'raingan is':>12}{'peak MB':>9}")
        print(f"  {'raingan, whole conversion':28}{ours:>8.2f}{'':>12}{best['peak_mb']:>9.0f}")
        print(f"  {'raingan, first of a run':28}{first['cpu']:>8.2f}")
        for name, seconds in sorted(again["stages"].items()):
            print(f"    {name:26}{seconds:>8.2f}")
        for peer in peers:
            if peer not in ("tesseract", "img2table"):
                continue
            boxes = [cell["box"] for cell in picture["cells"]]
            plain = {"image": str(page.resolve()), "dpi": picture["dpi"], "boxes": boxes}
            told = [
                in_process("peer", {"peer": peer, "pages": [plain]}, asked.peers)
                for _ in range(asked.rounds if peer == "tesseract" else 1)
            ]
            seconds = min(t["pages"][0]["cpu"] for t in told)
            print(
                f"  {PEER_NAMES[peer]:28}{seconds:>8.2f}{ours / seconds:>11.3f}x"
                f"{told[0]['peak_mb']:>9.0f}"
            )
    size = sum(p.stat().st_size for p in (ROOT / "extract").glob("thai-lines.*"))
    print(f"  model: {size / 1e6:.2f} MB")


COST_PAGE = "dense-page.jpg"


# ---------------------------------------------------------------- scans against their twins


def twins(asked: argparse.Namespace) -> None:
    """Every exported sample is printed and scanned; the fields of its rows that differ."""
    samples = ROOT / "samples"
    maker = samples / "make" / "scanner.py"
    fields = differing = structured = 0
    score = scorer()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        exported = []
        for truth in sorted((samples / "expected").glob("*.json")):
            told = json.loads(truth.read_text("utf-8"))
            path = samples / told["document"]
            if told["kind"] != "exported" or path.suffix != ".pdf":
                continue
            command = [asked.maker, str(maker), str(path), str(truth), "--out", folder,
                       "--profile", asked.profile, "--dpi", "200", "--seed", "1",
                       "--name", path.stem]  # fmt: skip
            subprocess.run(command, check=True, capture_output=True)
            exported.append(path)
        rows = {}
        for kind, paths in (
            ("exported", exported),
            ("scanned", [work / path.name for path in exported]),
        ):
            out = work / kind
            in_process(
                "raingan",
                {"documents": [str(p.resolve()) for p in paths], "pictures": [], "work": folder,
                 "out": str(out)},
            )  # fmt: skip
            rows[kind] = scorer().bydoc(json.loads((out / "rows.json").read_text("utf-8")))
        for path in exported:
            left, right = (
                {row["code"]: row for row in rows[kind].get(path.name, [])}
                for kind in ("exported", "scanned")
            )
            told = list(differences(left, right))
            fields += sum(len(row) - len(NOT_COMPARED & row.keys()) for row in left.values())
            differing += len(told)
            structured += sum(line.split(" ")[1].rstrip(":") in score.STRUCT for line in told)
            print(f"\n{path.name}: {len(left)} rows, {len(right)} in the scan, {len(told)} differ")
            for line in told:
                print("  " + line)
    print(
        f"\n{differing} of {fields} fields differ ({percent(share(differing, fields))} %), of these"
    )
    print(f"{structured} are structured, the others texts")


NOT_COMPARED = {"confidence", "needs_review", "document"}


def differences(left: dict[str, Any], right: dict[str, Any]) -> Iterator[str]:
    """Fields that the scan's rows have otherwise; spaces within a text do not count."""
    for code, row in left.items():
        other = right.get(code)
        if other is None:
            yield f"{code}: no row in the scan"
            continue
        for name, value in row.items():
            if name in NOT_COMPARED:
                continue
            a, b = (
                re.sub(r"\s+", "", v) if isinstance(v, str) else v for v in (value, other[name])
            )
            if a == b:
                continue
            what = (
                difference(Pair("", 0, "", a, b))
                if isinstance(a, str) and isinstance(b, str)
                else f"{value} => {other[name]}"
            )
            flag = "flagged" if other["needs_review"] else "not flagged"
            yield f"{code} {name}: {what} ({flag}, confidence {other['confidence']:.2f})"
    for code in right.keys() - left.keys():
        yield f"{code}: a row only in the scan"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--set", type=Path, action="append", default=[], metavar="DIR")
    parser.add_argument("--also", type=Path, action="append", default=[], metavar="DIR",
                        help="beside the samples")  # fmt: skip
    parser.add_argument("--peers", default="", metavar="PYTHON", help="their interpreter")
    parser.add_argument("--peer-pages", type=int, default=12, help="pages of a set they read")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--wrong", action="store_true", help="list what was read wrongly")
    parser.add_argument("--each", action="store_true", help="a line for each document")
    parser.add_argument("--cost", type=Path, nargs="?", const=None, default=False, metavar="PAGE")
    parser.add_argument("--rounds", type=int, default=3, help="of --cost: the least counts")
    parser.add_argument("--twins", action="store_true")
    parser.add_argument("--maker", default=sys.executable, metavar="PYTHON",
                        help="of --twins: has the packages of samples/make")  # fmt: skip
    parser.add_argument("--profile", default="office", help="of --twins: how they are scanned")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        run_child(asked.child[0], Path(asked.child[1]), Path(asked.child[2]))
        return
    if asked.twins:
        twins(asked)
        return
    peers = available(asked.peers) if asked.peers else []
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    if asked.cost is not False:
        cost(asked, peers)
        return
    sets = [load_set(folder) for folder in asked.set]
    if not asked.set:
        sets = [load_set(ROOT / "samples", ROOT / "samples" / "expected")]
    sets += [load_set(folder) for folder in asked.also]
    written = []
    for scans in sets:
        if not scans.documents:
            print(f"{scans.name}: no scans with truth")
            continue
        found = measure(scans, peers, asked.peers, asked.peer_pages)
        show(scans, found, asked)
        written.append(as_json(scans, found))
        if asked.json:
            asked.json.write_text(json.dumps(written, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
