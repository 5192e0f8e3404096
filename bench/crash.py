"""Kill a conversion at random moments, go on by the same command, compare with an undisturbed one.

python bench/crash.py [--rounds 25] [--documents 24] [--jobs 2] [--seed 1] [--keep DIR]

A round kills the whole tree of processes, or only the parent, with signal 9 between its start and
its end; two in five kill while the tables are being published, and half of them kill the resumed
run too. Exit code 1 says that an output came out otherwise, or that something was left.
"""

import argparse
import hashlib
import os
import random
import secrets
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from bench.archive import (  # noqa: E402
    DONE,
    command,
    kill_all,
    make_archive,
    marked,
    processes,
    work_folder,
)

MANIFEST = ".raingan/manifest"
"""What the manifest's own files begin with: they hold times and places, not results."""
ORPHAN_SECONDS = 15
"""So long a worker may outlive its parent."""


def snapshot(out: Path) -> dict[str, str]:
    """The hash of every file of an output, the manifest's own left out."""
    found = {}
    for path in sorted(out.rglob("*")):
        name = path.relative_to(out).as_posix()
        if path.is_file() and not name.startswith(MANIFEST):
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def differences(wanted: dict[str, str], found: dict[str, str]) -> Iterator[str]:
    for name in sorted(wanted.keys() | found.keys()):
        if name not in found:
            yield f"{name} is missing"
        elif name not in wanted:
            yield f"{name} is a stray"
        elif wanted[name] != found[name]:
            yield f"{name} differs"


@dataclass(frozen=True, slots=True)
class Moment:
    """When to kill: so long after the start, or after the last document was done."""

    seconds: float
    after_documents: bool = False
    parent_alone: bool = False

    def __str__(self) -> str:
        what = "the parent" if self.parent_alone else "the tree"
        when = "into publication" if self.after_documents else "from the start"
        return f"{what}, {self.seconds:.2f} s {when}"


@dataclass(frozen=True, slots=True)
class End:
    """How a run ended."""

    code: int
    wall: float
    publication: float
    """From the line of its last document to its end."""
    done: int
    errors: str
    orphans: int = 0
    """Processes that outlived the parent by ORPHAN_SECONDS."""


def run(asked: Sequence[str], log: Path, temporary: Path, moment: Moment | None = None) -> End:
    """Run a command, and kill it at the moment; its messages go to a file, so that no pipe is
    left to block it."""
    mark = secrets.token_hex(8)
    temporary.mkdir(exist_ok=True)
    with log.open("wb") as errors:
        start = time.perf_counter()
        process = subprocess.Popen(
            asked,
            env=marked(mark, temporary),
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
        )
    last, done, total, orphans = 0.0, 0, 0, 0
    while process.poll() is None:
        now = time.perf_counter()
        if not last:
            done, total = progress(log)
            last = now if total and done == total else 0.0
        since = last if moment and moment.after_documents else start
        if moment and since and now - since >= moment.seconds:
            if moment.parent_alone:
                process.kill()
                process.wait()
                orphans = outliving(mark)
            kill_all(mark)
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.005)
    end = time.perf_counter()
    kill_all(mark)
    done, total = progress(log)
    said = log.read_text("utf-8", "replace")
    published = end - last if last else 0.0
    return End(process.returncode, end - start, published, done, said, orphans)


def outliving(mark: str) -> int:
    """How many processes are still there some time after their parent's death."""
    for pid in processes(mark):
        with suppress(ProcessLookupError):
            handle = os.pidfd_open(pid)
            select.select([handle], [], [], ORPHAN_SECONDS)
            os.close(handle)
    return len(processes(mark))


def progress(log: Path) -> tuple[int, int]:
    """Documents done and asked for, by the last line that says so."""
    done = total = 0
    for line in log.read_text("utf-8", "replace").splitlines():
        if found := DONE.match(line):
            done, total = int(found[1]), int(found[2])
    return done, total


def drawn(rng: random.Random, whole: End, left: float = 1.0) -> Moment:
    """A moment of a run like the undisturbed one, of which this share is left to do."""
    late = left == 1.0 and rng.random() < 0.4
    seconds = rng.uniform(0, whole.publication if late else whole.wall * max(0.2, left))
    return Moment(seconds, late, parent_alone=rng.random() < 0.3)


def bench(work: Path, asked: argparse.Namespace) -> bool:
    folder, temporary, log = work / "archive", work / "tmp", work / "errors.txt"
    inputs = set(make_archive(folder, asked.documents, asked.seed))
    more = ("--jobs", str(asked.jobs), *asked.option)
    whole = run(command([folder], work / "whole", *more), log, temporary)
    wanted = snapshot(work / "whole")
    print(
        f"{len(inputs)} documents, undisturbed {whole.wall:.1f} s, {whole.publication:.1f} s of it "
        f"publication; exit code {whole.code}, {len(wanted)} files",
        flush=True,
    )
    rng = random.Random(asked.seed)
    kept = True
    for number in range(1, asked.rounds + 1):
        out = work / f"round-{number}"
        kills, ends = [], []
        for _ in range(1 + (rng.random() < 0.5)):
            moment = drawn(rng, whole, 1 - ends[-1].done / len(inputs) if ends else 1.0)
            ends.append(run(command([folder], out, *more), log, temporary, moment))
            kills.append(
                f"{moment} at {ends[-1].done}" + ("" if ends[-1].code < 0 else ", too late")
            )
        ends.append(run(command([folder], out, *more), log, temporary))
        wrong = list(differences(wanted, snapshot(out)))
        if ends[-1].code != whole.code:
            wrong.append(f"exit code {ends[-1].code}: {ends[-1].errors[-500:]}")
        wrong += [f"{end.orphans} orphans" for end in ends if end.orphans]
        wrong += ["a traceback" for end in ends if "Traceback" in end.errors]
        wrong += [f"{p.name} beside the inputs" for p in folder.iterdir() if p.name not in inputs]
        wrong += [f"{path.name} in the temp folder" for path in temporary.iterdir()]
        for path in temporary.iterdir():  # what one round left is not the next one's
            shutil.rmtree(path, ignore_errors=True)
            path.unlink(missing_ok=True)
        print(
            f"round {number}: " + "; ".join(kills) + f": {'; '.join(wrong) or 'equal'}", flush=True
        )
        kept &= not wrong
    return kept


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--documents", type=int, default=24)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--keep", type=Path, help="a new folder for archive and outputs, left there"
    )
    parser.add_argument(
        "--option", action="append", default=[], metavar="ARG", help="one more for convert"
    )
    asked = parser.parse_args()
    with work_folder(asked.keep) as folder:
        kept = bench(folder, asked)
    if not kept:
        sys.exit("\nsomething came out otherwise")


if __name__ == "__main__":
    main()
