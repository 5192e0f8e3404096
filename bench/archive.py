"""A whole archive: is every document accounted for, at what time and in what memory?

python bench/archive.py [--documents 1000] [--jobs 2] [--quick] [--all] [--keep DIR]
python bench/archive.py --only-make DIR [--documents 1000]

Makes an archive of exported reports, scans, dumps and poison, converts it with one job and with
several, and once more over the finished output. Exit code 1 says that a bound is not kept.
"""

import argparse
import csv
import os
import random
import re
import resource
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "samples" / "make"), str(ROOT / "tests")]

SHARES = (("exported", 0.45), ("scanned", 0.10), ("dump", 0.40), ("poison", 0.05))
SUFFIX = {"tsv": ".txt", "markdown": ".md", "html": ".html"}
MOST_RATIO, MOST_AGAIN, MOST_SLOPE = 0.55, 0.02, 1.0
"""Of the wall time with two jobs over one; of a second run over the first; MB by 1,000."""
LARGE = 500
"""Below so many documents start-up decides the figures, and the bounds are shown, not judged."""
MARK = "RAINGAN_BENCH_RUN"
"""The environment variable by which a run's processes are known, whoever their parent is."""
DONE = re.compile(r"^\[(\d+)/(\d+)\]")
SAMPLE_SECONDS = 0.5

# ---------------------------------------------------------------- the archive


def make_archive(folder: Path, count: int, seed: int = 1) -> dict[str, str]:
    """Write `count` documents of mixed kinds into one folder; gives each file's kind by its name.

    No two have the same bytes, but for poison of the same sort.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(seed)
    kinds = [kind for kind, share in SHARES for _ in range(round(count * share))]
    kinds += ["dump"] * (count - len(kinds))
    rng.shuffle(kinds)
    makers = {
        "exported": Slices(whole_pdfs(scanned=False), most=3),
        "scanned": Slices(whole_pdfs(scanned=True), most=1),
        "dump": made_dump,
        "poison": Poison(),
    }
    archive = {}
    for number, kind in enumerate(kinds[:count], 1):
        name, content = makers[kind](number, rng)
        name = f"{number:05}-{name}"
        (folder / name).write_bytes(content)
        archive[name] = kind
    return archive


def whole_pdfs(scanned: bool) -> list[Path]:
    paths = sorted((ROOT / "samples").glob("*.pdf"))
    return [path for path in paths if path.stem.endswith("-scan") == scanned]


class Slices:
    """Makes short PDFs of a few neighbouring pages of the samples, one after the other."""

    def __init__(self, sources: Sequence[Path], most: int) -> None:
        self.sources, self.most, self.turn = sources, most, 0

    def __call__(self, number: int, rng: random.Random) -> tuple[str, bytes]:
        from io import BytesIO

        import pypdfium2

        source = self.sources[self.turn % len(self.sources)]
        self.turn += 1
        with pypdfium2.PdfDocument(source) as whole, pypdfium2.PdfDocument.new() as part:
            length = min(rng.randint(1, self.most), len(whole))
            first = rng.randint(0, len(whole) - length)
            part.import_pages(whole, list(range(first, first + length)))
            written = BytesIO()
            part.save(written)
        # after its end a PDF may say what it likes: no two of them are one file
        return source.name, written.getvalue() + f"\n% {number}\n".encode()


def made_dump(number: int, rng: random.Random) -> tuple[str, bytes]:
    import dumps
    import report as maker

    kind = rng.choice(list(SUFFIX))
    made = maker.draw_report(rng, kind)
    text, _ = dumps.to_dump(made, rng)
    return f"report{SUFFIX[kind]}", text.encode()


class Poison:
    """Gives one sort after the other of files that cannot be converted."""

    def __init__(self) -> None:
        from hostile import POISON

        self.sorts, self.turn = dict(POISON), 0

    def __call__(self, number: int, rng: random.Random) -> tuple[str, bytes]:
        sort = list(self.sorts)[self.turn % len(self.sorts)]
        self.turn += 1
        name, content = self.sorts[sort]()
        # its own name may hold what no file system takes twice; the sort says more in a report
        return f"{sort.replace('/', '-')}{Path(name).suffix}", content


# ---------------------------------------------------------------- a run and its processes


@contextmanager
def work_folder(keep: Path | None) -> Iterator[Path]:
    """A new folder that stays, or one that is gone with the block."""
    if keep:
        keep.mkdir(parents=True)
        yield keep.resolve()
    else:
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder)


def command(inputs: Iterable[Path], out: Path, *more: str) -> list[str]:
    """The command line of a conversion, by this interpreter."""
    given = map(str, inputs)
    return [sys.executable, str(ROOT / "pipeline.py"), "convert", *given, "--out", str(out), *more]


def marked(mark: str, temporary: Path | None = None) -> dict[str, str]:
    """This environment with the mark of a run, and a folder of its own for temporary files."""
    held = os.environ | {MARK: mark, "PYTHONUNBUFFERED": "1"}
    return held | ({"TMPDIR": str(temporary)} if temporary else {})


def processes(mark: str) -> list[int]:
    """All live processes that have the mark of a run, this one excepted."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for entry in os.scandir("/proc"):
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with suppress(OSError):
                if wanted in Path(entry.path, "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
    return found


def kill_all(mark: str) -> None:
    """kill -9 every process of a run, until there is none."""
    while alive := processes(mark):
        for pid in alive:
            with suppress(ProcessLookupError):
                os.kill(pid, 9)


def status_kilobytes(pid: int, name: str) -> int:
    """A figure of /proc/PID/status; 0 of a process that is gone."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1])
    return 0


@dataclass(slots=True)
class Course:
    """How a run went."""

    code: int = 0
    wall: float = 0.0
    cpu: float = 0.0
    rss: list[tuple[int, float]] = field(default_factory=list)
    """Documents done, and the megabytes of the parent process then."""
    worker_mb: float = 0.0
    """The peak of the largest process beside the parent."""
    errors: str = ""
    left: int = 0
    """Processes that were there after its end."""

    @property
    def slope(self) -> float:
        """Megabytes by 1,000 documents, from 20 % on, publication included."""
        total = max((done for done, _ in self.rss), default=0)
        late = [(done, mb) for done, mb in self.rss if done >= total * 0.2]
        if len({done for done, _ in late}) < 2:
            return 0.0
        return statistics.linear_regression(*zip(*late, strict=True)).slope * 1000

    @property
    def resting_mb(self) -> float:
        """What the parent held on the median between 20 % and the last document."""
        total = max((done for done, _ in self.rss), default=0)
        return statistics.median([mb for n, mb in self.rss if total * 0.2 <= n < total] or [0.0])

    @property
    def peak_mb(self) -> float:
        return max((mb for _, mb in self.rss), default=0.0)


def follow(stream: IO[str], said: list[str], done: list[int]) -> None:
    for line in stream:
        said.append(line)
        if found := DONE.match(line):
            done[0] = int(found[1])


def watch(asked: Sequence[str], temporary: Path) -> Course:
    """Run a command to its end; the memory of its processes is looked at twice a second."""
    course, mark = Course(), secrets.token_hex(8)
    temporary.mkdir(exist_ok=True)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    said: list[str] = []
    done = [0]
    with subprocess.Popen(
        asked,
        env=marked(mark, temporary),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stderr is not None
        reader = threading.Thread(target=follow, args=(process.stderr, said, done))
        reader.start()
        try:
            while process.poll() is None:
                resident = status_kilobytes(process.pid, "VmRSS")
                if resident:
                    course.rss.append((done[0], resident / 1024))
                workers = [pid for pid in processes(mark) if pid != process.pid]
                peaks = [status_kilobytes(pid, "VmHWM") / 1024 for pid in workers]
                course.worker_mb = max([course.worker_mb, *peaks])
                with suppress(subprocess.TimeoutExpired):
                    process.wait(SAMPLE_SECONDS)
        except BaseException:
            kill_all(mark)
            raise
        reader.join()
    course.wall, course.code = time.perf_counter() - start, process.returncode
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    course.cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    course.errors, course.left = "".join(said), len(processes(mark))
    kill_all(mark)
    return course


# ---------------------------------------------------------------- what it came to


def table(out: Path, name: str) -> list[dict[str, str]]:
    csv.field_size_limit(sys.maxsize)
    with (out / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def unaccounted(out: Path, archive: Mapping[str, str]) -> Iterator[str]:
    """What documents.csv says otherwise than the maker of the archive."""
    lines = table(out, "documents.csv")
    names = Counter(line["document"] for line in lines)
    of = {name: next((n for n in archive if is_of(name, n)), "") for name in names}
    for name, count in names.items():
        if count > 1:
            yield f"{name} stands {count} times"
        if not of[name]:
            yield f"{name} is nobody's"
    for name in set(archive) - set(of.values()):
        yield f"{name} has no line"
    for line in lines:
        name = line["document"]
        fails = archive.get(of[name]) == "poison"
        if (line["status"] == "failed") != fails:
            yield f"{name} is {line['status']}: {line['error']}"
        if line["status"] == "failed" and not line["error"]:
            yield f"{name} fails without a reason"
        if "fault of raingan" in line["error"] or "Traceback" in line["error"]:
            yield f"{name}: {line['error']}"


def is_of(document: str, name: str) -> bool:
    """The document is the file, or lies in it."""
    return document == name or document.startswith((f"{name}/", f"{name}#", f"{name}!"))


def otherwise_alone(folder: Path, out: Path, names: Iterable[str], work: Path) -> Iterator[str]:
    """The documents whose rows are others when they are converted alone, in this process."""
    from typer.testing import CliRunner

    from commands.main import app

    together: dict[str, list[dict[str, str]]] = {}
    for line in table(out, "rows.csv"):
        together.setdefault(line["document"], []).append(line)
    for name in names:
        alone = work / "alone"
        asked = ["convert", str(folder / name), "--out", str(alone), "--jobs", "0", "-q"]
        done = CliRunner().invoke(app, asked)
        if done.exit_code not in (0, 4):
            yield f"{name}: exit code {done.exit_code} when alone"
        elif table(alone, "rows.csv") != together.get(name, []):
            yield f"{name}: other rows when alone"
        shutil.rmtree(alone, ignore_errors=True)


def strays(folder: Path, archive: Iterable[str], *outs: Path) -> Iterator[str]:
    """Files beside the inputs, and temporary ones in outputs."""
    wanted = set(archive)
    yield from (f"{e.name} beside the inputs" for e in folder.iterdir() if e.name not in wanted)
    for out in outs:
        for path in out.rglob("*"):
            if path.suffix == ".tmp" or path.name.endswith(("-journal", ".partial")):
                yield f"{path.relative_to(out)} in {out.name}/"


# ---------------------------------------------------------------- the report


@dataclass(slots=True)
class Verdicts:
    """Prints a line a measure and remembers whether all bounds were kept."""

    judged: bool
    kept: bool = True

    def measure(self, name: str, value: float, bound: float, unit: str = "") -> None:
        verdict = "PASS" if value <= bound else "short"
        if not self.judged:
            verdict = f"({verdict}: too few documents to judge)"
        else:
            self.kept &= value <= bound
        shown = f"{value:.3f}{unit}", f"{bound:g}{unit}"
        print(f"  {name:<46}{shown[0]:>12}{shown[1]:>10}  {verdict}")

    def none_of(self, name: str, wrong: Iterable[str]) -> None:
        found = list(wrong)
        self.kept &= not found
        print(f"  {name:<46}{len(found):>12}{0:>10}  {'short' if found else 'PASS'}")
        for line in found[:20]:
            print(f"      {line}")


def show_course(name: str, count: int, course: Course) -> None:
    rate = count / course.wall if course.wall else 0.0
    print(
        f"  {name:<22}{course.wall:>9.1f}{course.cpu:>9.1f}{rate:>10.2f}{course.resting_mb:>11.0f}"
        f"{course.peak_mb:>10.0f}{course.worker_mb:>12.0f}{course.code:>6}",
        flush=True,
    )


def bench(work: Path, asked: argparse.Namespace) -> bool:
    folder, count = work / "archive", asked.documents
    archive = make_archive(folder, count, asked.seed)
    kinds = Counter(archive.values())
    print(f"{count} documents: " + ", ".join(f"{n} {kind}" for kind, n in kinds.items()))
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
    heads = ("wall s", "CPU s", "doc/s", "parent MB", "peak MB", "worker MB", "exit")
    widths = (9, 9, 10, 11, 10, 12, 6)
    print("  " + " " * 22 + "".join(f"{h:>{w}}" for h, w in zip(heads, widths, strict=True)))
    courses, outs = {}, {}
    for name, jobs in (("jobs 1", 1), (f"jobs {asked.jobs}", asked.jobs)):
        out = outs[name] = work / name.replace(" ", "-")
        more = ["--jobs", str(jobs), *asked.option]
        courses[name] = watch(command([folder], out, *more), work / "tmp")
        show_course(name, count, courses[name])
    one, many = outs
    more = ["--jobs", str(asked.jobs), *asked.option]
    again = watch(command([folder], outs[many], *more), work / "tmp")
    show_course("second run", count, again)
    print()
    verdicts = Verdicts(judged=count >= LARGE)
    ratio = courses[many].wall / courses[one].wall
    verdicts.measure(f"wall time, {many} over {one}", ratio, MOST_RATIO)
    verdicts.measure("second run over the first", again.wall / courses[many].wall, MOST_AGAIN)
    for name, course in courses.items():
        verdicts.measure(
            f"parent's growth by 1,000 documents, {name}", course.slope, MOST_SLOPE, " MB"
        )
    wrong_codes = [f"{n}: exit code {c.code}" for n, c in courses.items() if c.code != 6]
    verdicts.none_of("wrong exit codes", wrong_codes)
    said = "".join(course.errors for course in (*courses.values(), again))
    verdicts.none_of("tracebacks", re.findall(r"(?m)^Traceback.*", said))
    verdicts.none_of("not accounted for", unaccounted(outs[many], archive))
    verdicts.none_of("files that differ with other jobs", differing(*outs.values()))
    good = [name for name, kind in archive.items() if kind != "poison"]
    some = (
        good if asked.all else random.Random(asked.seed).sample(good, min(asked.check, len(good)))
    )
    alone = otherwise_alone(folder, outs[many], some, work)
    verdicts.none_of(f"other rows when alone, of {len(some)}", alone)
    left = sum(course.left for course in (*courses.values(), again))
    verdicts.none_of("processes left", [f"{left} of them"] if left else [])
    verdicts.none_of("files left", strays(folder, archive, *outs.values()))
    verdicts.none_of("files left in the temp folder", [p.name for p in (work / "tmp").iterdir()])
    return verdicts.kept


def differing(one: Path, other: Path) -> Iterator[str]:
    """Published files that are not the same bytes in both outputs."""
    names = {path.name for out in (one, other) for path in out.iterdir() if path.is_file()}
    for name in sorted(names):
        both = [out / name for out in (one, other)]
        if not all(path.is_file() for path in both):
            yield f"{name} is only in one"
        elif both[0].read_bytes() != both[1].read_bytes():
            yield name


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--documents", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--check", type=int, default=40, help="so many are converted alone too")
    parser.add_argument("--all", action="store_true", help="all of them")
    parser.add_argument("--quick", action="store_true", help="60 documents; bounds are not judged")
    parser.add_argument(
        "--keep", type=Path, help="a new folder for archive and outputs, left there"
    )
    parser.add_argument("--only-make", type=Path, metavar="DIR", help="write the archive, no more")
    parser.add_argument(
        "--option", action="append", default=[], metavar="ARG", help="one more for convert"
    )
    asked = parser.parse_args()
    if asked.quick:
        asked.documents, asked.check = min(asked.documents, 60), min(asked.check, 6)
    if asked.only_make:
        made = make_archive(asked.only_make, asked.documents, asked.seed)
        print(f"{len(made)} documents in {asked.only_make}")
        return
    with work_folder(asked.keep) as folder:
        kept = bench(folder, asked)
    if not kept:
        sys.exit("\na bound is not kept")


if __name__ == "__main__":
    main()
