"""Tables without upright rules: columns from the blank lanes between texts.

Works on the ink of a page at one pixel a point. A lane counts where it runs through several lines
of text, since in prose the gaps between words do not stand above each other.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from extract.grid import Rule

LANE_POINTS = 6
"""A blank lane between two columns is at least this wide."""
LEAST_LANES = 3
"""A table without rules has at least four columns; fewer may be chance."""
LEAST_LINES = 4
LINE_POINTS = 24
"""A line of type is not higher than this."""
ROW_GAP_POINTS = 5
"""Rows are parted by more blank paper than this, and than lines within a row are."""

Ink = NDArray[np.bool_]


class Block(NamedTuple):
    """Lines of text between two wide gaps, as rows of pixels."""

    top: int
    bottom: int
    lines: int


def implied_rules(ink: Ink, across: Sequence[Rule]) -> tuple[list[Rule], list[Rule]]:
    """Rules that a table has not: across between its rows, down between its columns.

    `ink` is True where a page has ink, a pixel a point, without its rules; `across` are the level
    rules that it has, which part the rows where there are some. None where there is no such table.
    """
    blocks = find_blocks(ink, [round(rule.at) for rule in across])
    best: tuple[list[Block], list[tuple[int, int]]] = ([], [])
    for first in range(len(blocks)):
        table, lanes = grown(ink, blocks, first)
        if sum(b.lines for b in table) > sum(b.lines for b in best[0]):
            best = table, lanes
    table, lanes = best
    if sum(block.lines for block in table) < LEAST_LINES:
        return [], []
    top, bottom = table[0].top - 2.0, table[-1].bottom + 2.0
    columns = np.flatnonzero(ink[table[0].top : table[-1].bottom].any(0))
    left, right = float(columns[0]) - 3, float(columns[-1]) + 3
    ys = [top, *((a.bottom + b.top) / 2 for a, b in pairwise(table)), bottom]
    xs = [left, *((start + end) / 2 for start, end in lanes), right]
    return [Rule(y, left, right) for y in ys], [Rule(x, top, bottom) for x in xs]


def grown(
    ink: Ink, blocks: Sequence[Block], first: int
) -> tuple[list[Block], list[tuple[int, int]]]:
    """The blocks from `first` on through which at least LEAST_LANES lanes run, and the lanes."""
    blank = np.ones(ink.shape[1], np.bool_)
    table: list[Block] = []
    lanes: list[tuple[int, int]] = []
    for block in blocks[first:]:
        narrower = blank & ~ink[block.top : block.bottom].any(0)
        through = inner_runs(narrower)
        if len(through) < LEAST_LANES:
            break
        blank, lanes = narrower, through
        table.append(block)
    return table, lanes


def inner_runs(blank: Ink) -> list[tuple[int, int]]:
    """Blank lanes that have ink on both sides.

    >>> inner_runs(np.array([True] * 9 + [False] * 3 + [True] * 7 + [False] + [True] * 9))
    [(12, 19)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate(([False], blank, [False])).astype(np.int8)))
    return [
        (int(start), int(end))
        for start, end in zip(edges[::2], edges[1::2], strict=True)
        if start > 0 and end < len(blank) and end - start >= LANE_POINTS
    ]


def find_blocks(ink: Ink, cuts: Sequence[int]) -> list[Block]:
    """Lines of text grouped to rows: between the first and the last of several rules by the rules,
    elsewhere by the wider gaps between lines."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], ink.any(1), [False])).astype(np.int8)))
    lines = [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a > 1]
    gaps = sorted(after[0] - before[1] for before, after in pairwise(lines))
    heights = sorted(end - start for start, end in lines)
    # lines of Thai reach into each other: a run that is high is several lines, and says nothing of
    # the gap between them
    single = bool(heights) and heights[len(heights) // 2] < LINE_POINTS
    usual = gaps[len(gaps) // 2] if gaps and single else 0
    blocks: list[Block] = []
    for start, end in lines:
        if blocks:
            gap = (blocks[-1].bottom, start)
            ruled = any(gap[0] - 2 <= at <= gap[1] + 2 for at in cuts)
            outside = len(cuts) < 3 or start < min(cuts) or blocks[-1].bottom > max(cuts)
            wide = start - blocks[-1].bottom > max(ROW_GAP_POINTS, 1.6 * usual)
            if not (ruled or (wide and outside)):
                blocks[-1] = Block(blocks[-1].top, end, blocks[-1].lines + 1)
                continue
        blocks.append(Block(start, end, 1))
    return blocks
