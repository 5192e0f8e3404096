"""What does a cluster cost beside the same processors used by one machine?

python bench/cluster.py [--documents 300] [--rounds 2] [--jobs 2] [--keep DIR]

Starts a scheduler and a worker on this machine, and converts one archive by turns with `--jobs N`
and with `--cluster`. Exit code 1 says that the bound is not kept or that the outputs differ.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

MOST_RATIO = 1.2
TASKS = 2000
"""Without any work in them."""
AGAIN = ("manifest.sqlite", "manifest.sqlite-wal", "manifest.sqlite-shm")
"""Files that tell when a run was, and so are never the same."""


def nothing(number: int) -> int:
    """A unit of work that takes no time."""
    return number


@dataclass(frozen=True, slots=True)
class Course:
    """One conversion of the archive."""

    wall: float
    cpu: float
    """Seconds of all processes that had part in it."""
    own: float
    """Of these, those of the process that was called."""
    scheduler: float
    seconds: dict[str, list[float]]
    """Of each document, by the suffix of its file."""
    publishing: float


class Cluster:
    """A scheduler and one worker, each with all that it starts."""

    def __init__(self, folder: Path, threads: int) -> None:
        self.scheduler, self.address = self._start(
            folder, r"Scheduler at:\s+(tcp://\S+)", "scheduler", "--port", "0"
        )
        place = ("--local-directory", str(folder))
        self.worker, _ = self._start(
            folder, r"Registered to:\s+(\S+)", "worker", self.address,
            "--nthreads", str(threads), *place,
        )  # fmt: skip

    def _start(self, folder: Path, ready: str, *arguments: str) -> tuple[psutil.Popen, str]:
        started = psutil.Popen(
            [sys.executable, "-m", "dask", *arguments, "--host", "127.0.0.1", "--no-dashboard"],
            cwd=folder,
            env=environment(),
            stderr=subprocess.PIPE,
            text=True,
        )
        for line in started.stderr:
            found = re.search(ready, line)
            if found:
                threading.Thread(target=started.stderr.read, daemon=True).start()
                return started, found.group(1)
        raise SystemExit(f"dask {arguments[0]} did not start")

    def stop(self) -> None:
        for started in (self.worker, self.scheduler):
            started.terminate()
            started.wait()


@contextmanager
def cluster(threads: int) -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory(prefix="raingan-bench-") as folder:
        started = Cluster(Path(folder), threads)
        try:
            yield started
        finally:
            started.stop()


def environment() -> dict[str, str]:
    path = os.pathsep.join([str(ROOT), str(ROOT / "bench")])
    return {**os.environ, "PYTHONPATH": path}


def cpu_of(process: psutil.Process) -> float:
    """Seconds of a process and of those that it has started, ended ones included."""
    total = 0.0
    for one in [process, *process.children(recursive=True)]:
        try:
            times = one.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def convert(archive: Path, out: Path, started: Cluster | None, jobs: int, *more: str) -> Course:
    """Convert it with so many processes here, or on the cluster."""
    log = out.with_suffix(".log")
    how = ["--cluster", started.address] if started else ["--jobs", str(jobs)]
    before = time.perf_counter()
    there = (cpu_of(started.worker), cpu_of(started.scheduler)) if started else (0.0, 0.0)
    asked = [sys.executable, str(ROOT / "pipeline.py"), "convert", str(archive)]
    ended = subprocess.Popen(
        [*asked, "--out", str(out), "--log", str(log), "-q", *how, *more], env=environment()
    )
    _, code, usage = os.wait4(ended.pid, 0)
    wall = time.perf_counter() - before
    if code:
        raise SystemExit(f"convert ended with {os.waitstatus_to_exitcode(code)}")
    after = (cpu_of(started.worker), cpu_of(started.scheduler)) if started else (0.0, 0.0)
    worker, scheduler = after[0] - there[0], after[1] - there[1]
    events = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    seconds = defaultdict(list)
    for event in events:
        if event["event"] == "document":
            seconds[Path(event["document"]).suffix].append(event["seconds"])
    at = {event["event"]: datetime.fromisoformat(event["time"]) for event in events}
    own = usage.ru_utime + usage.ru_stime
    publishing = (at["end"] - at["tables"]).total_seconds()
    return Course(wall, own + worker + scheduler, own, scheduler, dict(seconds), publishing)


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in AGAIN
    }


def milliseconds_a_task(address: str) -> float:
    """Wall time of a task without work, start-up left out."""
    import cluster as importable  # under its name, as the workers import it

    from batch.cluster import in_cluster

    running = in_cluster(importable.nothing, range(TASKS), address)
    for _ in range(100):
        next(running)
    before = time.perf_counter()
    left = sum(1 for _ in running)
    return (time.perf_counter() - before) / left * 1000


def make(folder: Path, count: int) -> int:
    """An archive without poison, which would measure time limits; how many documents it has."""
    import archive

    for name, kind in archive.make_archive(folder, count).items():
        if kind == "poison":
            (folder / name).unlink(missing_ok=True)
    return sum(1 for path in folder.rglob("*") if path.is_file())


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def bench(work: Path, asked: argparse.Namespace) -> bool:
    count = make(work / "archive", asked.documents)
    local: list[Course] = []
    spread: list[Course] = []
    with cluster(asked.jobs) as started:
        for number in range(asked.rounds):
            local.append(convert(work / "archive", work / f"local{number}", None, asked.jobs))
            spread.append(convert(work / "archive", work / f"there{number}", started, asked.jobs))
        exchange = ("--exchange", str(work / "exchange"))
        by_way = convert(work / "archive", work / "fetched", started, asked.jobs, *exchange)
        overhead = milliseconds_a_task(started.address)
    wanted = tree(work / "local0")
    same = all(tree(work / name) == wanted for name in ("there0", "fetched"))
    ratios = [there.wall / here.wall for here, there in zip(local, spread, strict=True)]
    print(f"{count} documents, {asked.jobs} processors")
    print(f"{'':<22}{'wall s':>9}{'CPU s':>9}{'called, CPU ms a document':>28}{'scheduler':>12}")
    for name, courses in (("--jobs", local), ("--cluster", spread), ("--exchange", [by_way])):
        best = min(courses, key=lambda course: course.wall)
        own, scheduler = (1000 * x / count for x in (best.own, best.scheduler))
        shown = f"{own:>28.1f}" if name != "--jobs" else f"{'':>28}"
        print(f"{name:<22}{best.wall:>9.1f}{best.cpu:>9.1f}{shown}{scheduler:>12.1f}")
    ratio = min(ratios)
    cpu = min(c.cpu for c in spread) / min(c.cpu for c in local)
    kept = ratio <= MOST_RATIO
    print(f"cluster over local: wall {', '.join(f'{r:.2f}' for r in ratios)}; CPU {cpu:.2f}")
    print(f"best wall ratio {ratio:.2f}, at most {MOST_RATIO}: {'PASS' if kept else 'short'}")
    print(f"a task without work: {overhead:.1f} ms")
    for suffix, times in sorted(spread[0].seconds.items()):
        print(f"a document {suffix}: median {statistics.median(times):.2f} s, "
              f"mean {statistics.mean(times):.2f} s, {len(times)} of them")  # fmt: skip
    out = work / "there0"
    kilobytes = size_of(out / ".raingan" / "parts") / count / 1000
    tables = (size_of(out) - size_of(out / ".raingan")) / count / 1000
    publishing = 1000 * min(c.publishing for c in [*local, *spread]) / count
    print(f"a document takes {kilobytes:.0f} KB of parts and {tables:.0f} KB of tables")
    print(f"putting the tables together: {publishing:.1f} ms a document")
    print(f"outputs byte for byte the same: {'PASS' if same else 'short'}")
    return kept and same


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--documents", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="work in this folder, which is empty or new")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="raingan-bench-") as temporary:
        work = asked.keep or Path(temporary)
        work.mkdir(parents=True, exist_ok=True)
        done = bench(work, asked)
    raise SystemExit(0 if done else 1)


if __name__ == "__main__":
    main()
