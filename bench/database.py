"""Loading 100,000 rows into SQLite and PostgreSQL, beside what pandas' to_sql takes for them.

python bench/database.py [--rows 100000] [--out OUTPUT] [--rounds 3] [--keep DIR]

The rows are those of samples/ (or of OUTPUT, a finished run), over and over under other document
names. Each reading is a process of its own, with an empty database. Without --postgresql a server
is started as the tests do it, and without one that part is left out. Exit code 1 says that a
bound is not kept.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from decimal import Decimal
from itertools import count, islice
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from bench.archive import Verdicts, command, work_folder  # noqa: E402

MOST_SECONDS = {"sqlite": 5.0, "postgresql": 20.0}
"""For a first load of 100,000 rows that are in memory, as they are for pandas."""
MOST_RATIO = {"sqlite": 1.0, "postgresql": 1.5}
"""Of that over to_sql, which makes no keys, no indexes and no checks."""
MOST_MEMORY = 2.0
"""What a load takes beyond its start, over the bytes of the table."""
JUDGED = 100_000
"""The bounds are for so many rows."""
CHUNK = 2000


def make_run(out: Path, target: Path, rows: int) -> int:
    """Write a run's folder with so many rows; gives the bytes of rows.json."""
    from export.files import csv_head, csv_records, json_records
    from export.published import Published
    from export.schema import DOCUMENTS, ROWS

    published = Published(out)
    base = [frozen(record) for record in published.records(ROWS)]
    documents = [frozen(record) for record in published.records(DOCUMENTS)]
    rounds = -(-rows // len(base))
    target.mkdir()
    (target / "datapackage.json").write_bytes((out / "datapackage.json").read_bytes())
    for table in published.tables:
        (target / f"{table.name}.csv").write_text(csv_head(table), "utf-8")
        if table.has_json:
            (target / f"{table.name}.json").write_text("[\n]\n", "utf-8")
    with (target / "documents.csv").open("a", encoding="utf-8") as file:
        for number in range(rounds):
            file.write(csv_records(DOCUMENTS, renamed(documents, number), itemgetter))
    every = islice((row for number in count() for row in renamed(base, number)), rows)
    with (target / "rows.json").open("w", encoding="utf-8") as file:
        file.write("[")
        join = ""
        while some := list(islice(every, CHUNK)):
            file.write(join + json_records(ROWS, some, itemgetter))
            join = ","
        file.write("\n]\n")
    return (target / "rows.json").stat().st_size


def frozen(record: dict[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in record.items()}


def renamed(records: list[dict[str, Any]], number: int) -> list[dict[str, Any]]:
    """The records of one more round of documents, which sort after those before."""
    return [record | {"document": f"{number:05}/{record['document']}"} for record in records]


# ---------------------------------------------------------------- one reading


class Timed(NamedTuple):
    """Of a reading, without what it needs before."""

    seconds: float
    cpu: float
    """The process's own; a server's is not in it."""


def timed(work: Callable[[], object]) -> Timed:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Timed(time.perf_counter() - wall, time.process_time() - cpu)


def read(run: Path, _: str) -> Timed:
    """Reading and checking the run's files, as every load does first."""
    from export.published import Published

    published = Published(run)

    def every() -> None:
        for table in published.tables:
            for _record in published.records(table):
                pass

    return timed(every)


def load(run: Path, url: str) -> Timed:
    """A first load as `raingan export` does it, from the run's files."""
    from export.database import load
    from export.published import Published

    return timed(lambda: load(Published(run), url))


def stored(run: Path, url: str) -> Timed:
    """The same without reading: the records are in memory before."""
    import gc

    from export.database import load
    from export.published import Published

    published = Published(run)
    held = {table.name: list(published.records(table)) for table in published.tables}
    gc.freeze()
    published.records = lambda table: iter(held[table.name])
    return timed(lambda: load(published, url))


def to_sql(run: Path, url: str) -> Timed:
    """What pandas takes for the rows, which it has in memory before."""
    import sqlalchemy

    rows = pandas_rows(run)
    engine = sqlalchemy.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    return timed(lambda: rows.to_sql("rows", engine, index=False, chunksize=CHUNK))


def pandas_rows(run: Path) -> Any:
    import pandas as pd

    from export.published import Published
    from export.schema import ROWS

    def flat(value: Any) -> Any:
        if isinstance(value, list):
            return json.dumps(value, ensure_ascii=False)
        return float(value) if isinstance(value, Decimal) else value

    records = Published(run).records(ROWS)
    return pd.DataFrame({k: flat(v) for k, v in record.items()} for record in records)


READINGS = {one.__name__: one for one in (read, load, stored, to_sql)}


class Cost(NamedTuple):
    """Of a reading in a process of its own."""

    seconds: float
    cpu: float
    megabytes: float
    """Beyond what the imports take, with all that the reading holds."""


def alone(name: str, run: Path, url: str) -> Cost:
    asked = [sys.executable, __file__, "--reading", name, str(run), url]
    done = subprocess.run(asked, capture_output=True, text=True, check=True)
    return Cost(*map(float, done.stdout.split()[-3:]))


def reading(name: str, run: Path, url: str) -> None:
    import pandas  # noqa: F401  # no import is in a time
    import psycopg  # noqa: F401
    import sqlalchemy  # noqa: F401

    import export.merge  # noqa: F401

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds, cpu = READINGS[name](run, url)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(seconds, cpu, (after - before) / 1024)


# ---------------------------------------------------------------- the report


def urls(work: Path, stack: ExitStack) -> Mapping[str, Iterator[str]]:
    """For each kind of database addresses of empty ones."""
    import postgres

    found = {"sqlite": (f"sqlite:///{work}/{number}.sqlite" for number in count())}
    if where := postgres.programs():
        server = stack.enter_context(postgres.running(where))
        found["postgresql"] = (server.url(server.new_database()) for _ in count())
    else:
        print(f"PostgreSQL is left out: {postgres.MISSING}")
    return found


def best(name: str, run: Path, addresses: Iterator[str], rounds: int) -> Cost:
    """The quickest of some readings, and the most memory of one."""
    costs = [alone(name, run, next(addresses)) for _ in range(rounds)]
    return min(costs)._replace(megabytes=max(cost.megabytes for cost in costs))


def show(name: str, cost: Cost) -> None:
    shown = f"{cost.seconds:>12.2f}{cost.cpu:>10.2f}{cost.megabytes:>10.0f}"
    print(f"  {name:<46}{shown}", flush=True)


def bench(work: Path, asked: argparse.Namespace) -> bool:
    out = asked.out
    if out is None:
        out = work / "samples"
        subprocess.run(command([ROOT / "samples"], out, "-q"), check=False)
    run = work / "run"
    size = make_run(out, run, asked.rows) / 1e6
    print(f"{asked.rows:,} rows, {size:.0f} MB as JSON, {size * 1e3 / asked.rows:.1f} kB a row")
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; best of {asked.rounds}\n")
    print(f"  {'':<46}{'seconds':>12}{'CPU':>10}{'MB':>10}")
    nowhere = iter(lambda: "-", None)
    show("reading and checking the run's files", best("read", run, nowhere, asked.rounds))
    costs: dict[str, dict[str, Cost]] = {}
    with ExitStack() as stack:
        for kind, addresses in urls(work, stack).items():
            found = costs[kind] = {
                name: best(name, run, addresses, asked.rounds)
                for name in ("to_sql", "stored", "load")
            }
            address = next(addresses)
            alone("load", run, address)
            same = iter(lambda address=address: address, None)
            show(f"{kind}: to_sql", found["to_sql"])
            show(f"{kind}: first load, rows in memory", found["stored"])
            show(f"{kind}: first load, from the files", found["load"])
            show(f"{kind}: the same once more", best("load", run, same, asked.rounds))
    print()
    verdicts = Verdicts(judged=asked.rows >= JUDGED)
    for kind, found in costs.items():
        theirs, ours = found["to_sql"].seconds, found["stored"].seconds
        verdicts.measure(f"{kind}: first load", ours, MOST_SECONDS[kind], " s")
        verdicts.measure(f"{kind}: over pandas' to_sql", ours / theirs, MOST_RATIO[kind])
        memory = found["load"].megabytes / size
        verdicts.measure(f"{kind}: memory over the table", memory, MOST_MEMORY)
    return verdicts.kept


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--out", type=Path, help="a finished run to take the rows of")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="a new folder for all files, left there")
    parser.add_argument("--reading", nargs=3, metavar="", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.reading:
        name, run, url = asked.reading
        reading(name, Path(run), url)
        return
    with work_folder(asked.keep) as folder:
        kept = bench(folder, asked)
    if not kept:
        sys.exit("\na bound is not kept")


if __name__ == "__main__":
    main()
