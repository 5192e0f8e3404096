"""Turn npm font packages (woff2 subsets) into whole TrueType files.

A web font package ships one file a script: the Thai file lacks Latin letters, so the two
subsets of one weight are merged.

    python fonts.py NODE_MODULES OUT_FOLDER
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from fontTools.merge import Merger, Options
from fontTools.ttLib import TTFont

WEIGHTS = ("300", "400", "500", "600", "700")


def to_ttf(source: Path, target: Path) -> Path:
    """Unpack one woff2 file, dropping tables that the merger cannot handle."""
    font = TTFont(source)
    font.flavor = None
    for table in ("STAT", "DSIG", "meta"):
        if table in font:
            del font[table]
    font.save(target)
    return target


def merge_subsets(folder: Path, family: str, weight: str, target: Path) -> bool:
    """Merge the Latin and the Thai subset of one weight; False where one is missing."""
    names = [f"{family}-{script}-{weight}-normal.woff2" for script in ("thai", "latin")]
    parts = [folder / name for name in names]
    if not all(part.exists() for part in parts):
        return False
    with tempfile.TemporaryDirectory() as scratch:
        files = [str(to_ttf(part, Path(scratch) / f"{n}.ttf")) for n, part in enumerate(parts)]
        Merger(options=Options(drop_tables=["vhea", "vmtx"])).merge(files).save(target)
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("node_modules", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for package in sorted((args.node_modules / "@fontsource").iterdir()):
        for weight in WEIGHTS:
            target = args.out / f"{package.name}-{weight}.ttf"
            if merge_subsets(package / "files", package.name, weight, target):
                print(target.name)


if __name__ == "__main__":
    main()
