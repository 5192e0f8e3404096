"""What a whole conversion of exported PDFs costs, beside what a user would take instead.

    python bench/exported.py [PDF...] [--peers PYTHON] [--rounds 3] [--pages 50] [--long 500]

Without PDFs it takes the longest sample of each exporter. Of each it makes a report of 50 pages
and reads that with raingan, with bare pdfplumber (`page.extract_tables()` and nothing else), and
with camelot and PyMuPDF where the interpreter given by `--peers` has them. Then it makes one of
500 pages and compares the memory of a conversion. What the figures mean is in README.md.
"""

import argparse
import importlib
import importlib.util
import inspect
import json
import multiprocessing
import os
import pkgutil
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
MOST_TIME, MOST_MEMORY = 1.15, 1.2
"""What it may cost: time a page over bare pdfplumber's, memory of 500 pages over that of 50."""

# ---------------------------------------------------------------- long reports from short ones

POSITION = re.compile(
    rb"(?P<head>(?:(?:^|(?<=\s))[-+.\d]+\s+){3}(?P<down>[-+.\d]+)\s+|(?:^|(?<=\s))BT\s+)"
    rb"(?P<x>[-+.\d]+)\s+(?P<y>[-+.\d]+)(?P<tail>\s+T[md]\b)"
)
"""Where a line of text begins: a text matrix, or the first move of a text object."""
FIXED_X, FIXED_Y = 0.3, 0.28
"""Shares of the page's text, from left and top, that stay as printed: questions and headers."""


def shuffle_lines(content: bytes, variant: int) -> bytes:
    """A page's content with its lines of text in other places, so that no page stands twice.

    Lines of one baseline move together; every operator, glyph and rule stays.

    >>> lines = b"BT 9 90 Td (head) Tj ET BT 9 50 Td (a) Tj ET BT 90 50 Td (b) Tj ET BT 90 10 Td"
    >>> shuffle_lines(lines, 2).count(b"90 10 Td"), shuffle_lines(lines, 0) == lines
    (1, True)
    """
    found = list(POSITION.finditer(content))
    if not variant or len(found) < 3:
        return content
    xs, ys = ([float(m[name]) for m in found] for name in ("x", "y"))
    downwards = sum((m["down"] or b"").startswith(b"-") for m in found) * 2 > len(found)
    left = min(xs) + FIXED_X * (max(xs) - min(xs))
    top, height = (min(ys) if downwards else max(ys)), (max(ys) - min(ys)) or 1.0
    moves = [x > left and abs(y - top) > FIXED_Y * height for x, y in zip(xs, ys, strict=True)]
    levels = sorted({m["y"] for m, moved in zip(found, moves, strict=True) if moved}, key=float)
    target = dict(zip(levels, random.Random(variant).sample(levels, len(levels)), strict=True))
    out, last = [], 0
    for match, moved in zip(found, moves, strict=True):
        if moved:
            out += [content[last : match.start("y")], target[match["y"]]]
            last = match.end("y")
    return b"".join(out) + content[last:]


def lengthen(sample: Path, pages: int, target: Path) -> None:
    """Write a report of so many pages: the sample's, then variants of them in turn.

    The file is the sample with an incremental update, so fonts and pictures are shared by all
    pages, as an exporter shares them.
    """
    import pdfplumber
    import pypdfium2

    plain = target.with_suffix(".plain")
    pypdfium2.PdfDocument(sample).save(plain)  # without object streams
    with pdfplumber.open(plain) as pdf:
        trailer = pdf.doc.xrefs[0].get_trailer()
        tree = pdf.doc.catalog["Pages"].objid
        bodies: list[bytes] = []
        first = int(trailer["Size"])
        kids = []
        originals = []
        first_pass = len(pdf.pages)
        tabled = [n for n, page in enumerate(pdf.pages) if page.find_tables()]
        for page in pdf.pages:
            attrs = dict(page.page_obj.attrs)
            attrs["Resources"] = attrs.get("Resources", page.page_obj.resources)
            attrs["MediaBox"] = list(page.page_obj.mediabox)
            for name in ("Annots", "StructParents", "Tabs", "Contents", "Parent", "B"):
                attrs.pop(name, None)
            streams = b"\n".join(stream.get_data() for stream in page.page_obj.contents)
            originals.append((b" ".join(written(k, v) for k, v in attrs.items()), streams))
        order = [*range(first_pass), *islice(cycle(tabled), max(pages - first_pass, 0))][:pages]
        seen: Counter[int] = Counter()
        for number in order:
            attributes, content = originals[number]
            variant = shuffle_lines(content, seen[number])
            seen[number] += 1
            packed = zlib.compress(variant)
            bodies.append(
                b"<</Length %d/Filter/FlateDecode>>\nstream\n%s\nendstream" % (len(packed), packed)
            )
            here = first + len(bodies)
            bodies.append(b"<<%s/Parent %d 0 R/Contents %d 0 R>>" % (attributes, tree, here - 1))
            kids.append(b"%d 0 R" % here)
        root = trailer["Root"].objid
    listed = b"<</Type/Pages/Count %d/Kids[%s]>>" % (pages, b" ".join(kids))
    update(plain, target, [(tree, listed), *enumerate(bodies, first)], root)
    plain.unlink()


def written(key: str, value: Any) -> bytes:
    """One entry of a PDF dictionary."""
    return f"/{key} ".encode() + as_pdf(value)


def as_pdf(value: Any) -> bytes:
    """A value of pdfminer as it is written in a PDF.

    >>> as_pdf([1, 2.5, True, None, b"a"])
    b'[1 2.5 true null <61>]'
    """
    if isinstance(value, dict):
        return b"<<" + b"".join(written(k, v) for k, v in value.items()) + b">>"
    if isinstance(value, (list, tuple)):
        return b"[" + b" ".join(map(as_pdf, value)) + b"]"
    if isinstance(value, bytes):
        return b"<" + value.hex().encode() + b">"
    if value is None or isinstance(value, bool):
        return {None: b"null", True: b"true", False: b"false"}[value]
    if isinstance(value, (int, float)):
        return str(value).encode()
    if hasattr(value, "objid"):
        return b"%d 0 R" % value.objid
    return b"/" + str(value.name).encode()


def update(source: Path, target: Path, objects: Sequence[tuple[int, bytes]], root: int) -> None:
    """Append objects to a PDF, with the cross-reference table that makes them count."""
    content = source.read_bytes().rstrip() + b"\n"
    before = int(re.findall(rb"startxref\s+(\d+)", content)[-1])
    size = 1 + max(number for number, _ in objects)
    parts, at, table = [content], len(content), []
    for number, body in objects:
        part = b"%d 0 obj\n%s\nendobj\n" % (number, body)
        table.append(b"%d 1\n%010d 00000 n \n" % (number, at))
        parts.append(part)
        at += len(part)
    parts.append(
        b"xref\n%strailer\n<</Size %d/Root %d 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n"
        % (b"".join(table), size, root, before, at)
    )
    target.write_bytes(b"".join(parts))


# ---------------------------------------------------------------- one reading, in its own process

Stages = Iterator[tuple[str, int]]
"""What was just done, and how many (tables, rows) came of it."""


def with_raingan(path: Path) -> Callable[[], Stages]:
    """The whole conversion: read_document, normalize, audit; then the files written."""
    sys.path.insert(0, str(ROOT))
    pipeline = importlib.import_module("pipeline")
    files = importlib.import_module("export.files")
    for package in ("profiles", "normalize", "audit"):
        load_knowledge(package)

    def read() -> Stages:
        result = pipeline.convert_document(path)
        yield "convert", result.record.rows
        with tempfile.TemporaryDirectory() as folder:
            files.write_run(Path(folder), [result])
        yield "write", sum(f.check == "duplicate_page" for f in result.findings)

    return read


def load_knowledge(package: str) -> None:
    """Call the cached loaders of a package: functions without arguments."""
    for found in pkgutil.iter_modules([str(ROOT / package)], f"{package}."):
        module = importlib.import_module(found.name)
        for value in vars(module).values():
            if hasattr(value, "cache_info") and value.__module__ == found.name:
                needed = inspect.signature(value).parameters.values()
                if all(p.default is not p.empty for p in needed):
                    value()


def with_pdfplumber(path: Path) -> Callable[[], Stages]:
    """`page.extract_tables()` of each page, each page closed when it is done."""
    import pdfplumber

    def read() -> Stages:
        tables = 0
        with pdfplumber.open(path) as pdf:
            for page in pdf.pages:
                tables += len(page.extract_tables())
                page.close()
        yield "convert", tables

    return read


def with_pymupdf(path: Path) -> Callable[[], Stages]:
    """`page.find_tables()` and the text of each table."""
    pymupdf = importlib.import_module("pymupdf")

    def read() -> Stages:
        tables = 0
        with pymupdf.open(path) as document:
            for page in document:
                tables += len([table.extract() for table in page.find_tables().tables])
        yield "convert", tables

    return read


def with_camelot(path: Path) -> Callable[[], Stages]:
    """`camelot.read_pdf(flavor="lattice")` over all pages."""
    camelot = importlib.import_module("camelot")

    def read() -> Stages:
        yield "convert", len(camelot.read_pdf(str(path), pages="all", flavor="lattice"))

    return read


TOOLS = {
    "raingan": with_raingan,
    "pdfplumber": with_pdfplumber,
    "camelot": with_camelot,
    "pymupdf": with_pymupdf,
}
PEERS = ("camelot", "pymupdf")


def run_child(tool: str, path: Path) -> None:
    """Read one document and print what it took as JSON."""
    begin = time.perf_counter(), time.process_time()
    read = TOOLS[tool](path)
    clocks = [("start", 0, time.perf_counter(), time.process_time())]
    clocks += [(s, n, time.perf_counter(), time.process_time()) for s, n in read()]
    told: dict[str, Any] = {}
    for stage, found, wall, cpu in clocks:
        told[stage] = {"wall": wall - begin[0], "cpu": cpu - begin[1], "found": found}
        begin = wall, cpu
    told["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(told))


# ---------------------------------------------------------------- all readings, and the tables


class Reading(NamedTuple):
    """What one process took: seconds and CPU seconds of each stage, and its memory."""

    start: float
    convert: float
    convert_cpu: float
    write: float
    write_cpu: float
    peak_mb: float
    found: int
    twins: int


def measure(tool: str, path: Path, python: str) -> Reading:
    command = [python, str(Path(__file__).resolve()), "--child", tool, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=path.parent)
    if done.returncode:
        sys.exit(f"{tool} failed on {path.name}:\n{done.stderr[-2000:]}")
    told = json.loads(done.stdout.splitlines()[-1])
    write = told.get("write", {"wall": 0.0, "cpu": 0.0, "found": 0})
    return Reading(
        told["start"]["wall"],
        told["convert"]["wall"],
        told["convert"]["cpu"],
        write["wall"],
        write["cpu"],
        told["peak_mb"],
        told["convert"]["found"],
        write["found"],
    )


def best(readings: Iterable[Reading]) -> Reading:
    """The least of each figure: what the machine's other work added least to."""
    return Reading(*(min(values) for values in zip(*readings, strict=True)))


def has(python: str, module: str) -> bool:
    code = f"import importlib.util as u; raise SystemExit(u.find_spec({module!r}) is None)"
    return subprocess.run([python, "-c", code], capture_output=True).returncode == 0


def samples() -> list[Path]:
    """The longest PDF of each exporter in samples/, as their producer names it.

    Typst places its text by nested `cm`, which `shuffle_lines` cannot move: it is left out.
    """
    import pdfplumber

    longest: dict[str, tuple[int, Path]] = {}
    for path in sorted((ROOT / "samples").glob("*.pdf")):
        with pdfplumber.open(path) as pdf:
            told = pdf.metadata.get("Producer") or pdf.metadata.get("Creator") or "unknown"
            exporter = re.split(r"[\s/]", str(told))[0]
            if exporter != "Typst":
                longest[exporter] = max(longest.get(exporter, (0, path)), (len(pdf.pages), path))
    return [path for _, path in longest.values()]


def in_child(function: Callable[..., object], *arguments: Any) -> None:
    """Run in a process of its own, since a child's peak memory begins at its parent's."""
    child = multiprocessing.get_context("fork").Process(target=function, args=arguments)
    child.start()
    child.join()
    if child.exitcode:
        sys.exit("the report could not be made")


def compare(path: Path, asked: argparse.Namespace, peers: Sequence[str]) -> dict[str, Reading]:
    """The best of n of each tool on one document; the order turns round after each round."""
    found: dict[str, list[Reading]] = {}
    order = ["pdfplumber", "raingan"]
    for _ in range(asked.rounds):
        for tool in order:
            found.setdefault(tool, []).append(measure(tool, path, sys.executable))
        order.reverse()
    for tool in peers:
        found[tool] = [measure(tool, path, asked.peers)]
    return {tool: best(readings) for tool, readings in found.items()}


def line(name: str, cells: Sequence[str]) -> str:
    return f"  {name:<24}" + "".join(f"{cell:>11}" for cell in cells)


def show_times(title: str, pages: int, found: dict[str, Reading]) -> bool:
    """One document's table; True where raingan keeps to its bound."""
    base = found["pdfplumber"]
    ours = found["raingan"]
    print(f"\n{title}: {pages} pages, {ours.found} rows, {ours.twins} pages twice")
    print(line("", ("ms/page", "ratio", "CPU ratio", "start s", "peak MB")))

    def show(name: str, reading: Reading, wall: float, cpu: float) -> None:
        ratios = f"{wall / base.convert:.2f}", f"{cpu / base.convert_cpu:.2f}"
        each = f"{wall / pages * 1000:.0f}"
        print(line(name, (each, *ratios, f"{reading.start:.1f}", f"{reading.peak_mb:.0f}")))

    show("pdfplumber, bare", base, base.convert, base.convert_cpu)
    show("raingan", ours, ours.convert, ours.convert_cpu)
    whole = ours.convert + ours.write, ours.convert_cpu + ours.write_cpu
    show("raingan, with writing", ours, *whole)
    for tool in PEERS:
        if tool in found:
            show(tool, found[tool], found[tool].convert, found[tool].convert_cpu)
    return whole[0] / base.convert <= MOST_TIME


def show_memory(short: Reading, long: Reading, asked: argparse.Namespace) -> bool:
    ratio = long.peak_mb / short.peak_mb
    print(f"\nmemory of a conversion with writing (bound {MOST_MEMORY})")
    print(line("", ("ms/page", "peak MB", "ratio")))
    for pages, reading, share in ((asked.pages, short, 1.0), (asked.long, long, ratio)):
        each = (reading.convert + reading.write) / pages * 1000
        print(line(f"{pages} pages", (f"{each:.0f}", f"{reading.peak_mb:.0f}", f"{share:.2f}")))
    return ratio <= MOST_MEMORY


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pdfs", nargs="*", type=Path, metavar="PDF")
    parser.add_argument("--peers", default=sys.executable, help="interpreter that has the peers")
    parser.add_argument("--rounds", type=int, default=3, help="best of n; peers run once")
    parser.add_argument("--pages", type=int, default=50)
    parser.add_argument("--long", type=int, default=500, help="0 leaves the memory out")
    parser.add_argument("--child", nargs=2, metavar=("TOOL", "PDF"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        run_child(asked.child[0], Path(asked.child[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        listed = work / "samples"
        in_child(lambda: listed.write_text("\n".join(map(str, asked.pdfs or samples())), "utf-8"))
        sources = [Path(source).resolve() for source in listed.read_text("utf-8").splitlines()]
        if not sources:
            sys.exit("no PDFs in samples/: name some")
        peers = [tool for tool in PEERS if has(asked.peers, tool)]
        for tool in PEERS:
            if tool not in peers:
                print(f"{tool}: not installed in {asked.peers}, left out (see bench/README.md)")
        print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; bound {MOST_TIME}")
        kept = []
        for source in sources:
            path = work / f"{source.stem}-{asked.pages}.pdf"
            in_child(lengthen, source, asked.pages, path)
            found = compare(path, asked, peers)
            kept.append(show_times(source.stem, asked.pages, found))
        if asked.long:
            path, target = work / "short.pdf", work / "long.pdf"
            for pages, made in ((asked.pages, path), (asked.long, target)):
                in_child(lengthen, sources[0], pages, made)
            short, long = (measure("raingan", p, sys.executable) for p in (path, target))
            kept.append(show_memory(short, long, asked))
    if not all(kept):
        sys.exit("\na bound is not kept")


if __name__ == "__main__":
    main()
