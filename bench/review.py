"""How fast the review answers over a large run, and what it holds in memory.

python bench/review.py [--documents 300] [--decisions 60] [--think 1.0] [--keep DIR]

Makes an archive of dumps with many faults each (samples/make), converts it, and asks the review as
a browser does: the queue, then item after item, each accepted. Times are of the server, in this
process, without a network; the decisions are written down and applied while it goes on.
"""

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "samples" / "make")]

import dumps  # noqa: E402
import report as maker  # noqa: E402
from starlette.testclient import TestClient  # noqa: E402
from typer.testing import CliRunner  # noqa: E402

from commands.main import app  # noqa: E402
from commands.review import review_tools  # noqa: E402
from export.store import Store  # noqa: E402
from review.desk import Desk  # noqa: E402
from review.web import Guard, Site  # noqa: E402

HOST = "127.0.0.1:8000"
SUFFIX = {"tsv": ".txt", "markdown": ".md", "html": ".html"}
FAULTS = [*maker.FAULTS_ANY, *maker.FAULTS_SECTIONS, *maker.FAULTS_DUMP]


def make(folder: Path, count: int) -> None:
    """Dumps of made reports, each with all kinds of faults at once."""
    for seed in range(count):
        rng = random.Random(seed)
        kind = ("tsv", "markdown", "html")[seed % 3]
        made = maker.draw_report(rng, kind, faults=list(FAULTS), clean=True)
        text, _ = dumps.to_dump(made, rng)
        (folder / f"r{seed:04}{SUFFIX[kind]}").write_text(text, "utf-8")


def convert(folder: Path, out: Path) -> None:
    done = CliRunner().invoke(app, ["convert", str(folder), "--out", str(out), "-q"])
    if done.exit_code:
        raise SystemExit(done.output)


def peak_rss() -> float:
    """Megabytes at the most, as Linux counts them."""
    status = Path("/proc/self/status").read_text("utf-8")
    return next(int(x.split()[1]) for x in status.split("\n") if x.startswith("VmHWM")) / 1024


def timed(ask: Callable[..., Any], *asked: Any, **more: Any) -> tuple[float, Any]:
    """What it takes in milliseconds, and what it gives."""
    before = time.perf_counter()
    answer = ask(*asked, **more)
    return (time.perf_counter() - before) * 1000, answer


def shown(name: str, times: list[float]) -> None:
    ordered = sorted(times)
    p95 = ordered[int(len(ordered) * 0.95)]
    print(f"{name:<34} median {statistics.median(times):7.1f} ms   p95 {p95:7.1f} ms")


def measure(out: Path, decisions: int, think: float) -> None:
    before = time.perf_counter()
    desk = Desk(out, review_tools(Store(out)))
    print(f"opened in {time.perf_counter() - before:.1f} s: {len(desk.items)} items waiting")
    desk.start()
    site = Site(desk, Guard(frozenset({HOST})))
    client = TestClient(site.application(), base_url=f"http://{HOST}", follow_redirects=False)
    queue: list[float] = []
    first: list[float] = []
    following: list[float] = []
    decided: list[float] = []
    for start in range(0, 2000, 100):
        queue.append(timed(client.get, f"/?from={start}")[0])
    item, document = desk.queue()[0], ""
    for _ in range(decisions):
        took, answer = timed(client.get, f"/item/{item.id}")
        assert answer.status_code == 200
        (following if item.document == document else first).append(took)
        document = item.document
        time.sleep(think)  # nobody decides faster; meanwhile the next document is made ready
        form = {"csrf": site.guard.csrf, "action": "accept"}
        took, answer = timed(client.post, f"/item/{item.id}", data=form)
        assert answer.status_code == 303
        decided.append(took)
        item = desk.items[answer.headers["location"].split("/item/")[1].split("?")[0]]
    shown("queue page of 100", queue)
    if first:
        shown("first item of a document", first)
    if following:
        shown("another item of it", following)
    shown("a decision", decided)
    before = time.perf_counter()
    desk.close()
    print(f"all tables written {time.perf_counter() - before:.1f} s after the last decision")
    print(f"peak RSS {peak_rss():.0f} MB, converting included")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--documents", type=int, default=300)
    parser.add_argument("--decisions", type=int, default=60)
    parser.add_argument("--think", type=float, default=1.0, help="seconds a person needs")
    parser.add_argument("--keep", type=Path, help="make the run here, or use the one that is")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        top = asked.keep or Path(temporary)
        folder, out = top / "archive", top / "out"
        if not (out / "rows.csv").exists():
            folder.mkdir(parents=True, exist_ok=True)
            make(folder, asked.documents)
            convert(folder, out)
        measure(out, asked.decisions, asked.think)


if __name__ == "__main__":
    main()
