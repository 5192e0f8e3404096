"""Writing 100,000 rows as files, beside what pandas' to_csv and to_parquet take for them.

python bench/files.py [--rows 100000] [--out OUTPUT] [--rounds 3] [--workbook] [--keep DIR]

The rows are those of samples/ (or of OUTPUT, a finished run), over and over under other document
names, with long texts of their own in each round. Each reading is a process of its own. Times are
processor time, which on a machine with nothing else to do is what a person waits. Exit code 1 says
that a bound is not kept.
"""

import argparse
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import count, islice
from operator import itemgetter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from bench.archive import Verdicts, command, work_folder  # noqa: E402

MOST_SECONDS = {"conversion": 3.0, "csv": 3.0, "parquet": 2.0}
"""For 100,000 rows that are in memory, as pandas has them."""
MOST_RATIO = 1.0
"""Of that over pandas for the same values: `to_csv` alone, and `to_parquet` with its frame."""
MOST_MEMORY = 2.0
"""What an export of a run's files takes beyond its start, over the bytes of the table."""
JUDGED = 100_000
"""The bounds are for so many rows."""
SLICE = 1000
OWN = ("analysis", "measures", "result", "steps", "strengths", "weaknesses")
"""The columns whose text is never that of another document in an archive."""


def make_run(out: Path, target: Path, rows: int) -> int:
    """Write the folder of a run with so many rows; gives the bytes of rows.json."""
    from export.files import csv_head, json_records
    from export.published import Published
    from export.schema import ROWS

    published = Published(out)
    base = list(published.records(ROWS))
    target.mkdir()
    (target / "datapackage.json").write_bytes((out / "datapackage.json").read_bytes())
    for table in published.tables:
        (target / f"{table.name}.csv").write_text(csv_head(table), "utf-8")
        if table.has_json:
            (target / f"{table.name}.json").write_text("[\n]\n", "utf-8")
    every = islice((row for number in count() for row in renamed(base, number)), rows)
    with (target / "rows.json").open("w", encoding="utf-8") as file:
        file.write("[")
        join = ""
        while some := list(islice(every, SLICE)):
            file.write(join + json_records(ROWS, some, itemgetter))
            join = ","
        file.write("\n]\n")
    return (target / "rows.json").stat().st_size


def renamed(records: list[dict[str, Any]], number: int) -> Iterator[dict[str, Any]]:
    """The records of one more round of documents, which sort after those before."""
    for record in records:
        own = {name: f"{record[name]} ({number})" for name in OWN if record[name]}
        yield record | {"document": f"{number:05}/{record['document']}"} | own


# ---------------------------------------------------------------- one reading


class Held:
    """A run of which only the rows are there, in memory."""

    def __init__(self, run: Path) -> None:
        from export.published import Published
        from export.schema import ROWS

        self.out, self.tables = run, (ROWS,)
        self.rows = list(Published(run).records(ROWS))

    def records(self, _: object) -> Iterator[dict[str, Any]]:
        return iter(self.rows)


def read(run: Path, to: Path) -> Iterator[None]:
    """A run's files read and checked, and nothing made of them."""
    from export.published import Published

    published = Published(run)
    yield
    for table in published.tables:
        for _ in published.records(table):
            pass


def conversion(run: Path, to: Path) -> Iterator[None]:
    """The lines that a conversion keeps of its rows: `export.files.csv_records`."""
    from export.files import csv_records
    from export.schema import ROWS
    from normalize.model import Row

    rows = [
        Row(**{name: tuple(v) if isinstance(v, list) else v for name, v in record.items()})
        for record in Held(run).rows
    ]
    yield
    with to.open("wb") as file:
        for start in range(0, len(rows), SLICE):
            file.write(csv_records(ROWS, rows[start : start + SLICE]).encode())


def held(form: str) -> Any:
    def reading(run: Path, to: Path) -> Iterator[None]:
        from export.forms import write_files

        published: Any = Held(run)
        yield
        write_files(published, to, [form])

    return reading


def export(form: str) -> Any:
    def reading(run: Path, to: Path) -> Iterator[None]:
        from export.forms import write_files
        from export.published import Published

        yield
        write_files(Published(run), to, [form])

    return reading


def workbook(run: Path, to: Path) -> Iterator[None]:
    from export.published import Published
    from export.workbook import write_workbook

    yield
    write_workbook(Published(run), to.with_suffix(".xlsx"))


def pandas_csv(run: Path, to: Path) -> Iterator[None]:
    """`to_csv` of a frame that holds what the file is to hold, lists joined already."""
    import pandas as pd

    from export.schema import ROWS
    from export.values import csv_value, frozen

    rows = Held(run).rows
    frame = pd.DataFrame(
        {
            field.name: pd.Series(
                [csv_value(field, frozen(row[field.name])) for row in rows],
                dtype={"integer": "Int64", "boolean": "boolean"}.get(field.type, "object"),
            )
            for field in ROWS.fields
        }
    )
    yield
    frame.to_csv(to, index=False, lineterminator="\n", encoding="utf-8-sig")


def pandas_parquet(run: Path, to: Path) -> Iterator[None]:
    """A frame of the records, and `to_parquet` of it: numbers Decimal, lists as they are."""
    import pandas as pd

    rows = Held(run).rows
    yield
    pd.DataFrame(rows).to_parquet(to, compression="zstd", index=False)


FORMS = ("csv", "json", "jsonl", "parquet")
READINGS = {
    **{one.__name__: one for one in (read, conversion, pandas_csv, pandas_parquet, workbook)},
    **{f"held-{form}": held(form) for form in FORMS},
    **{f"export-{form}": export(form) for form in FORMS},
}


def reading(name: str, run: Path, to: Path) -> None:
    """Print the seconds of what stands after the `yield`, and the megabytes beyond the start."""
    import pandas  # noqa: F401  # their imports are in no figure
    import pyarrow.parquet  # noqa: F401
    import xlsxwriter  # noqa: F401

    import export.records
    import export.workbook  # noqa: F401

    steps = READINGS[name](run, to)
    before = peak()
    next(steps)
    start = time.process_time()
    for _ in steps:
        pass
    print(time.process_time() - start, peak() - before)


def peak() -> float:
    """Megabytes that this process has held at the most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def alone(name: str, run: Path, to: Path, rounds: int) -> tuple[float, float]:
    """The least seconds, and the most megabytes beyond the start, of some processes."""
    asked = [sys.executable, __file__, "--reading", name, str(run), str(to)]
    figures = []
    for _ in range(rounds):
        done = subprocess.run(asked, capture_output=True, text=True, check=True)
        figures.append([float(figure) for figure in done.stdout.split()])
    return min(seconds for seconds, _ in figures), max(held for _, held in figures)


# ---------------------------------------------------------------- the report


def bench(work: Path, asked: argparse.Namespace) -> bool:
    out = asked.out
    if out is None:
        out = work / "samples"
        subprocess.run(command([ROOT / "samples"], out, "-q"), check=False)
    run = work / "run"
    size = make_run(out, run, asked.rows) / 1e6
    print(f"{asked.rows:,} rows, {size:.0f} MB as JSON, {size * 1e3 / asked.rows:.1f} kB a row")
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; best of {asked.rounds}\n")
    verdicts = Verdicts(judged=asked.rows >= JUDGED)

    def measured(name: str) -> tuple[float, float]:
        return alone(name, run, work / name, asked.rounds)

    print("  rows in memory to a file")
    theirs = {"csv": measured("pandas_csv")[0], "parquet": measured("pandas_parquet")[0]}
    for form, seconds in theirs.items():
        print(f"  {f'pandas, {form}':<46}{seconds:>10.2f} s", flush=True)
    theirs["conversion"] = theirs["csv"]
    for form, name in (
        ("conversion", "conversion"),
        ("csv", "held-csv"),
        ("parquet", "held-parquet"),
    ):
        seconds, _ = measured(name)
        verdicts.measure(f"{form}: seconds", seconds, MOST_SECONDS[form], " s")
        verdicts.measure(f"{form}: over pandas", seconds / theirs[form], MOST_RATIO)
    for form in ("json", "jsonl"):
        print(f"  {form:<46}{measured(f'held-{form}')[0]:>10.2f} s")
    print("\n  a run's files read, checked, and written anew", flush=True)
    print(f"  {'reading and checking alone':<46}{measured('read')[0]:>10.2f} s")
    for form in FORMS:
        seconds, megabytes = measured(f"export-{form}")
        print(f"  {form:<46}{seconds:>10.2f} s{megabytes:>10.0f} MB", flush=True)
        verdicts.measure(f"{form}: memory over the table", megabytes / size, MOST_MEMORY)
    if asked.workbook:
        seconds, megabytes = measured("workbook")
        print(f"  {'workbook':<46}{seconds:>10.2f} s{megabytes:>10.0f} MB")
        verdicts.measure("workbook: memory over the table", megabytes / size, MOST_MEMORY)
    return verdicts.kept


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--out", type=Path, help="a finished run to take the rows of")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workbook", action="store_true", help="write one, too: minutes")
    parser.add_argument("--keep", type=Path, help="a new folder for all files, left there")
    parser.add_argument("--reading", nargs=3, metavar="", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.reading:
        name, run, to = asked.reading
        reading(name, Path(run), Path(to))
        return
    with work_folder(asked.keep) as folder:
        kept = bench(folder, asked)
    if not kept:
        sys.exit("\na bound is not kept")


if __name__ == "__main__":
    main()
