"""Make Thai ITA improvement reports with their truth.

python samples/make --out DIR --seed N --count K [--kinds chromium,typst,tsv,...] [--clean]
                    [--font FAMILY] [--size PT]    as fontconfig knows it; drawn unless told
python samples/make --committed --out samples      makes the committed samples again

Reports go to DIR, their truth to DIR/truth (committed: to samples/expected). Needs the packages of
requirements.in beside this file, and chromium, LibreOffice Writer and fonts-thai-tlwg.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import geothai
from committed import COMMITTED, SCANNED
from dumps import to_dump
from printers import LayoutMovedError, print_report
from report import Report, draw_report
from scanner import find_hand, scan
from truth import pages_of_dump, truth_of

SUFFIX = {"tsv": ".txt", "markdown": ".md", "html": ".html"}
KINDS = ("chromium", "word", "libreoffice", "weasyprint", "typst", "tsv", "markdown", "html")


def write(report: Report, name: str, out: Path, truth_dir: Path, rng: random.Random) -> Path:
    target = out / (name + SUFFIX.get(report.style.kind, ".pdf"))
    if report.style.kind in SUFFIX:
        text, pages = to_dump(report, rng)
        target.write_text(text, "utf-8")
        printed = pages_of_dump(report, pages)
    else:
        printed = print_report(report, target)
    truth = truth_of(report, printed, target.name)
    line = json.dumps(truth, ensure_ascii=False, indent=1)
    (truth_dir / (name + ".json")).write_text(line + "\n", "utf-8")
    return target


def make(seed: int, kind: str, name: str, out: Path, truth_dir: Path, **fixed: Any) -> Path:
    """One report; where a layout moves under its marks, the next seed's report is taken."""
    for attempt in range(5):
        rng = random.Random(seed * 1000 + attempt)
        report = draw_report(rng, kind, **dict(fixed))
        try:
            return write(report, name, out, truth_dir, rng)
        except LayoutMovedError as error:
            print(f"{name}: {error}, drawn again", file=sys.stderr)
    raise SystemExit(f"{name}: no layout held still")


def slug(report: Report) -> str:
    """A file name of the place and the year: ban-hong-2568."""
    code = report.district_code or report.province_code
    for place in (*geothai.provinces(), *geothai.districts(report.province_code)):
        if place.code == code:
            return re.sub("[^a-z]+", "-", place.name_en.lower()).strip("-") + f"-{report.year}"
    raise KeyError(code)


def make_committed(out: Path, exported: tuple[Any, ...]) -> None:
    """The samples of the project, each under its own name: these, and the scans."""
    truth_dir = out / "expected"
    truth_dir.mkdir(parents=True, exist_ok=True)
    for seed, kind, fixed in exported:
        rng = random.Random(seed * 1000)
        name = slug(draw_report(rng, kind, **fixed))
        path = make(seed, kind, name, out, truth_dir, **fixed)
        print(path)
    for seed, kind, fixed, profile, dpi, quality, pages, suffix in SCANNED:
        name = slug(draw_report(random.Random(seed * 1000), kind, **fixed))
        with tempfile.TemporaryDirectory() as folder:
            exported = make(seed, kind, name, Path(folder), Path(folder), **fixed)
            path = scan(
                exported, exported.with_suffix(".json"), out, truth_dir, profile=profile, dpi=dpi,
                seed=seed, name=name + "-scan", suffix=suffix, pages=pages, hand=find_hand(),
                most=quality,
            )  # fmt: skip
        print(path)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--clean", action="store_true", help="no faults in any of them")
    parser.add_argument("--committed", action="store_true", help="make samples/ itself")
    parser.add_argument("--scanned", action="store_true", help="only the scans of samples/")
    parser.add_argument("--font", help="family of the paper, in place of a drawn one")
    parser.add_argument("--size", type=float, help="its size in points")
    asked = parser.parse_args()
    if asked.committed or asked.scanned:
        make_committed(asked.out, () if asked.scanned else COMMITTED)
        return
    truth_dir = asked.out / "truth"
    truth_dir.mkdir(parents=True, exist_ok=True)
    kinds = asked.kinds.split(",")
    fixed = {k: v for k, v in (("font", asked.font), ("size", asked.size)) if v}
    for i in range(asked.count):
        seed, kind = asked.seed + i, kinds[i % len(kinds)]
        clean = True if asked.clean else None
        path = make(seed, kind, f"g{seed}-{kind}", asked.out, truth_dir, clean=clean, **fixed)
        print(path)


if __name__ == "__main__":
    main()
