"""Ruled lines to cells with spans: the same geometry for exported and scanned pages.

A rule is an axis-aligned stroke on paper. Rules that touch form a grid; the hull of a grid counts
as ruled even where nothing is drawn, because a page break cuts a row open and table finders that
ask for four drawn sides lose its text (facts: up to 43 % of a scanned report's text).
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import NamedTuple

from extract.model import Box

SNAP_POINTS = 3.0
"""Rules nearer than this are one rule; a gap of this width does not break one."""
MIN_CELL_POINTS = 4.0
MIN_RULE_POINTS = 3.0
COVERED = 0.55
"""Share of a cell's side that must be drawn for the side to be there."""
MOST_PAIRS = 20_000_000
"""So many pairs of rules across and down make a plan or a pattern: no table is looked for."""
MOST_FIELDS = 250_000
"""Rows times columns of one grid."""
MOST_ALONE = 5_000
MOST_OUTER = 300
"""How many grids, the largest ones, are looked at for holding others."""
LARGEST_POINTS = 1e9
"""Rules beyond are on no paper."""


class Rule(NamedTuple):
    """One stroke: at `at` across, from `start` to `end` along it, in points from the top left."""

    at: float
    start: float
    end: float


class Span(NamedTuple):
    """A cell as the grid knows it; rows and columns count from 0."""

    row: int
    column: int
    row_span: int
    column_span: int
    box: Box


@dataclass(frozen=True, slots=True)
class Grid:
    """One table's geometry: its lines across and down, and which cell each field belongs to."""

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    spans: tuple[Span, ...]
    owner: tuple[int, ...]
    """For field (row * columns + column) the index into `spans`."""
    open_above: bool
    open_below: bool

    @property
    def box(self) -> Box:
        return Box(self.xs[0], self.ys[0], self.xs[-1], self.ys[-1])

    def find(self, x: float, y: float) -> int | None:
        """The index of the span that holds a point, None outside of the grid."""
        column = bisect_right(self.xs, x) - 1
        row = bisect_right(self.ys, y) - 1
        if 0 <= column < len(self.xs) - 1 and 0 <= row < len(self.ys) - 1:
            return self.owner[row * (len(self.xs) - 1) + column]
        return None


def find_grids(
    across: Iterable[Rule], down: Iterable[Rule], page_height: float
) -> tuple[Grid, ...]:
    """Group rules that touch into grids of at least two cells, from the top of the page down.

    `across` are horizontal rules (`at` is y), `down` vertical ones (`at` is x). A grid that lies
    within one cell of another is a box in that cell's text, not a table of its own.
    """
    across = [rule for rule in join_rules(across) if -SNAP_POINTS < rule.at < page_height]
    down = [
        Rule(rule.at, max(rule.start, 0.0), min(rule.end, page_height))
        for rule in join_rules(down)
        if rule.start < page_height and rule.end > 0
    ]
    if len(across) * len(down) > MOST_PAIRS:
        return ()
    grids = []
    for group in touching(across, down):
        grid = build_grid(*group)
        if grid is not None and len(grid.spans) > 1:
            grids.append(grid)
    grids.sort(key=lambda grid: (grid.ys[0], grid.xs[0]))
    outer = sorted(grids, key=lambda grid: area(grid.box), reverse=True)[:MOST_OUTER]
    return tuple(grid for grid in grids if not any(holds(other, grid) for other in outer))


def area(box: Box) -> float:
    return (box.x1 - box.x0) * (box.bottom - box.top)


def is_on_paper(rule: Rule) -> bool:
    """False for a rule of a broken file, whose numbers are none or beyond all paper."""
    return all(isfinite(side) and abs(side) <= LARGEST_POINTS for side in rule)


def join_rules(rules: Iterable[Rule]) -> list[Rule]:
    """Snap rules that lie side by side, and join the pieces of broken and dotted ones.

    Rules that are on no paper are left out.

    >>> join_rules([Rule(10, 0, 50), Rule(10.8, 51, 90), Rule(40, 0, 90)])
    [Rule(at=10.8, start=0, end=90), Rule(at=40, start=0, end=90)]
    >>> join_rules([Rule(10, 0, 50), Rule(10, 60, 90)])
    [Rule(at=10, start=0, end=50), Rule(at=10, start=60, end=90)]
    """
    ordered = sorted(rule for rule in rules if is_on_paper(rule))
    joined: list[Rule] = []
    at = 0
    while at < len(ordered):
        stop = at + 1
        while stop < len(ordered) and ordered[stop].at - ordered[stop - 1].at <= SNAP_POINTS / 2:
            stop += 1
        near = ordered[at:stop]
        at = stop
        # the longest pieces say where the rule is; a double rule lies at its middle one
        middle = sorted(near, key=lambda rule: rule.at)[len(near) // 2].at
        pieces = sorted((rule.start, rule.end) for rule in near)
        start, end = pieces[0]
        for next_start, next_end in pieces[1:]:
            if next_start - end <= SNAP_POINTS:
                end = max(end, next_end)
            else:
                joined.append(Rule(middle, start, end))
                start, end = next_start, next_end
        joined.append(Rule(middle, start, end))
    return [rule for rule in joined if rule.end - rule.start >= MIN_RULE_POINTS]


def touching(across: Sequence[Rule], down: Sequence[Rule]) -> list[tuple[list[Rule], list[Rule]]]:
    """Rules that meet, directly or by others, as groups of (horizontal, vertical) ones."""
    parent = list(range(len(across) + len(down)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    ordered = sorted((upright.at, j) for j, upright in enumerate(down))
    places = [at for at, _ in ordered]
    for i, level in enumerate(across):
        first = bisect_left(places, level.start - SNAP_POINTS)
        last = bisect_right(places, level.end + SNAP_POINTS)
        for _, j in ordered[first:last]:
            upright = down[j]
            if upright.start - SNAP_POINTS <= level.at <= upright.end + SNAP_POINTS:
                parent[root(i)] = root(len(across) + j)
    groups: dict[int, tuple[list[Rule], list[Rule]]] = defaultdict(lambda: ([], []))
    for i, level in enumerate(across):
        groups[root(i)][0].append(level)
    for j, upright in enumerate(down, len(across)):
        groups[root(j)][1].append(upright)
    alone = [upright for level, uprights in groups.values() if not level for upright in uprights]
    return [group for group in groups.values() if all(group)] + side_by_side(alone)


def side_by_side(down: Sequence[Rule]) -> list[tuple[list[Rule], list[Rule]]]:
    """Upright rules of one length that nothing joins: a row that a page break cuts at both ends.

    >>> columns = side_by_side([Rule(10, 40, 700), Rule(90, 40, 700), Rule(200, 41, 700)])
    >>> [[rule.at for rule in upright] for _, upright in columns]
    [[10, 90, 200]]
    >>> side_by_side([Rule(10, 40, 700), Rule(90, 300, 400), Rule(200, 40, 60)])
    []
    """
    groups: list[list[Rule]] = []
    if len(down) > MOST_ALONE:
        return []
    for rule in sorted(down):
        for group in groups:
            if abs(group[0].start - rule.start) < 6 and abs(group[0].end - rule.end) < 6:
                group.append(rule)
                break
        else:
            groups.append([rule])
    return [
        ([], group) for group in groups if len(group) > 2 and group[0].end - group[0].start > 40
    ]


def build_grid(across: list[Rule], down: list[Rule]) -> Grid | None:
    """Cells of one group of rules; None where they enclose nothing."""
    top = min([r.start for r in down] + [r.at for r in across])
    bottom = max([r.end for r in down] + [r.at for r in across])
    left = min([r.start for r in across] + [r.at for r in down])
    right = max([r.end for r in across] + [r.at for r in down])
    xs = levels([left, *(r.at for r in down), right])
    ys = levels([top, *(r.at for r in across), bottom])
    columns, rows = len(xs) - 1, len(ys) - 1
    if columns < 1 or rows < 1 or rows * columns > MOST_FIELDS:
        return None
    uprights = drawn_sides(xs, ys, down)
    floors = drawn_sides(ys, xs, across)
    parent = list(range(rows * columns))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for row in range(rows):
        for column in range(columns):
            here = row * columns + column
            if column + 1 < columns and (column + 1, row) not in uprights:
                parent[root(here + 1)] = root(here)
            if row + 1 < rows and (row + 1, column) not in floors:
                parent[root(here + columns)] = root(here)
    fields: dict[int, list[int]] = defaultdict(list)
    for here in range(rows * columns):
        fields[root(here)].append(here)
    pieces = [piece for members in fields.values() for piece in rectangles(members, columns)]
    spans: list[Span] = []
    owner = [0] * (rows * columns)
    for row0, column0, row1, column1 in sorted(pieces):
        for row in range(row0, row1 + 1):
            for column in range(column0, column1 + 1):
                owner[row * columns + column] = len(spans)
        box = Box(xs[column0], ys[row0], xs[column1 + 1], ys[row1 + 1])
        spans.append(Span(row0, column0, row1 - row0 + 1, column1 - column0 + 1, box))
    return Grid(
        tuple(xs),
        tuple(ys),
        tuple(spans),
        tuple(owner),
        open_above=sum((0, c) in floors for c in range(columns)) * 2 < columns,
        open_below=sum((rows, c) in floors for c in range(columns)) * 2 < columns,
    )


def rectangles(fields: Sequence[int], columns: int) -> list[tuple[int, int, int, int]]:
    """Fields that no rule parts, as (first row, first column, last row, last column) each.

    Where a rule is missing they may form an L; that is cut into rectangles row by row.

    >>> rectangles([0, 1, 3, 4], 3)
    [(0, 0, 1, 1)]
    >>> rectangles([0, 1, 3], 3)
    [(0, 0, 0, 1), (1, 0, 1, 0)]
    """
    runs: list[list[int]] = []
    for field in fields:
        row, column = divmod(field, columns)
        if runs and runs[-1][0] == row and runs[-1][2] == column - 1:
            runs[-1][2] = column
        else:
            runs.append([row, column, column])
    found: list[tuple[int, int, int, int]] = []
    ending: dict[tuple[int, int, int], int] = {}
    for row, column0, column1 in runs:
        at = ending.pop((column0, row - 1, column1), None)
        if at is None:
            at = len(found)
            found.append((row, column0, row, column1))
        else:
            found[at] = (found[at][0], column0, row, column1)
        ending[column0, row, column1] = at
    return found


def levels(values: Iterable[float]) -> list[float]:
    """Distinct positions, those nearer than a cell's least size as one.

    >>> levels([0, 100, 101.5, 50])
    [0, 50, 100]
    """
    found: list[float] = []
    for value in sorted(values):
        if not found or value - found[-1] >= MIN_CELL_POINTS:
            found.append(value)
    return found


def drawn_sides(
    lines: Sequence[float], stops: Sequence[float], rules: Iterable[Rule]
) -> frozenset[tuple[int, int]]:
    """Which sides are drawn: (index of the line, index of the stretch between two stops)."""
    covered: dict[tuple[int, int], float] = defaultdict(float)
    for rule in rules:
        line = nearest(lines, rule.at)
        first = max(bisect_right(stops, rule.start) - 1, 0)
        for stretch in range(first, len(stops) - 1):
            if stops[stretch] >= rule.end:
                break
            shared = min(rule.end, stops[stretch + 1]) - max(rule.start, stops[stretch])
            covered[line, stretch] += shared / (stops[stretch + 1] - stops[stretch])
    return frozenset(side for side, share in covered.items() if share >= COVERED)


def nearest(lines: Sequence[float], at: float) -> int:
    """The index of the line nearest to a place, the first of two as near.

    >>> nearest([0, 10, 20], 14), nearest([0, 10, 20], 5), nearest([0, 10], 99)
    (1, 0, 1)
    """
    after = bisect_left(lines, at)
    near = range(max(after - 1, 0), min(after + 1, len(lines)))
    return min(near, key=lambda i: abs(lines[i] - at))


def holds(outer: Grid, inner: Grid) -> bool:
    """True where all of `inner` lies within one cell of `outer`."""
    if outer is inner:
        return False
    box = inner.box
    corner = outer.find(box.x0, box.top)
    return corner is not None and corner == outer.find(box.x1, box.bottom)
