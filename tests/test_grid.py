"""Rules on paper become cells: merged, broken, doubled, left open, side by side."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.grid import Rule, find_grids
from extract.model import Box

HEIGHT = 600.0


def across(*rules):
    return [Rule(at, start, end) for at, start, end in rules]


down = across


def spans(grid):
    """Row, column, rows, columns of every cell."""
    return [(s.row, s.column, s.row_span, s.column_span) for s in grid.spans]


def full(xs, ys):
    """The rules of a table without merged cells."""
    return [Rule(y, xs[0], xs[-1]) for y in ys], [Rule(x, ys[0], ys[-1]) for x in xs]


def one(levels, uprights):
    [grid] = find_grids(levels, uprights, HEIGHT)
    return grid


def test_plain_table():
    grid = one(*full((50, 150, 300), (100, 140, 200)))
    assert spans(grid) == [(0, 0, 1, 1), (0, 1, 1, 1), (1, 0, 1, 1), (1, 1, 1, 1)]
    assert [s.box for s in grid.spans] == [
        Box(50, 100, 150, 140),
        Box(150, 100, 300, 140),
        Box(50, 140, 150, 200),
        Box(150, 140, 300, 200),
    ]
    assert grid.box == Box(50, 100, 300, 200)
    assert (grid.open_above, grid.open_below) == (False, False)


def test_find_names_the_cell_at_a_point():
    grid = one(*full((50, 150, 300), (100, 140, 200)))
    assert [grid.find(x, y) for x, y in ((60, 110), (200, 110), (60, 190), (299, 199))] == [
        *(0, 1, 2, 3)
    ]
    assert [grid.find(x, y) for x, y in ((49, 110), (301, 110), (60, 99), (60, 201))] == [None] * 4


def test_cell_merged_over_rows():
    levels = across((100, 50, 300), (140, 150, 300), (180, 50, 300))
    grid = one(levels, down((50, 100, 180), (150, 100, 180), (300, 100, 180)))
    assert spans(grid) == [(0, 0, 2, 1), (0, 1, 1, 1), (1, 1, 1, 1)]
    assert grid.find(60, 170) == grid.find(60, 110) == 0


def test_header_of_two_rows():
    """One cell over two rows beside a group over two columns."""
    levels = across((100, 0, 300), (120, 100, 300), (140, 0, 300), (200, 0, 300))
    uprights = down((0, 100, 200), (100, 100, 200), (200, 120, 200), (300, 100, 200))
    assert spans(one(levels, uprights)) == [
        *((0, 0, 2, 1), (0, 1, 1, 2)),
        *((1, 1, 1, 1), (1, 2, 1, 1)),
        *((2, 0, 1, 1), (2, 1, 1, 1), (2, 2, 1, 1)),
    ]


def test_title_over_the_whole_width():
    levels = across((100, 0, 300), (120, 0, 300), (200, 0, 300))
    uprights = down((0, 100, 200), (100, 120, 200), (200, 120, 200), (300, 100, 200))
    assert spans(one(levels, uprights)) == [
        *((0, 0, 1, 3), (1, 0, 1, 1), (1, 1, 1, 1), (1, 2, 1, 1))
    ]


def test_row_left_open_below_by_a_page_break():
    levels = across((500, 0, 300), (520, 0, 300))
    grid = one(levels, down((0, 500, 580), (150, 500, 580), (300, 500, 580)))
    assert (grid.open_above, grid.open_below) == (False, True)
    assert spans(grid) == [(0, 0, 1, 1), (0, 1, 1, 1), (1, 0, 1, 1), (1, 1, 1, 1)]
    assert grid.box == Box(0, 500, 300, 580)


def test_row_left_open_above_by_a_page_break():
    levels = across((80, 0, 300), (200, 0, 300))
    grid = one(levels, down((0, 40, 200), (150, 40, 200), (300, 40, 200)))
    assert (grid.open_above, grid.open_below) == (True, False)
    assert grid.find(20, 50) == 0
    assert grid.spans[0].box == Box(0, 40, 150, 80)


def test_row_open_at_both_ends_of_the_page():
    grid = one(across((300, 0, 300)), down((0, 40, 560), (150, 40, 560), (300, 40, 560)))
    assert (grid.open_above, grid.open_below) == (True, True)
    assert len(grid.spans) == 4


def test_one_row_that_fills_a_page_has_upright_rules_only():
    """A long row cut by two page breaks: neither its top nor its bottom is on this page."""
    grid = one([], down(*((x, 40, 560) for x in (0, 60, 150, 300))))
    assert spans(grid) == [(0, 0, 1, 1), (0, 1, 1, 1), (0, 2, 1, 1)]
    assert (grid.open_above, grid.open_below) == (True, True)


def test_rules_beyond_the_page_end_with_it():
    grid = one(*full((0, 100, 200), (100, 300, 900)))
    assert grid.box.bottom == HEIGHT
    assert grid.find(50, 599) is not None


def pieces(at, start, end, length, gap):
    """A broken rule: pieces of `length` with `gap` between them."""
    found, here = [], start
    while here < end:
        found.append(Rule(at, here, min(here + length, end)))
        here += length + gap
    return found


@pytest.mark.parametrize(
    ("length", "gap"), [(20, 2.5), (1, 1), (0.5, 2), (3, 3)], ids=["broken", "dots", "fine", "dash"]
)
def test_broken_and_dotted_rules_are_whole(length, gap):
    levels, uprights = full((0, 100, 200), (100, 150, 200))
    drawn = [p for r in levels for p in pieces(*r, length, gap)]
    stood = [p for r in uprights for p in pieces(*r, length, gap)]
    assert spans(one(drawn, stood)) == spans(one(levels, uprights))


def test_double_rules_are_one():
    levels, uprights = full((0, 100, 200), (100, 150, 200))
    levels += [rule._replace(at=rule.at + 1.4) for rule in levels]
    uprights += [rule._replace(at=rule.at + 1.4) for rule in uprights]
    grid = one(levels, uprights)
    assert len(grid.spans) == 4
    assert len(grid.xs) == len(grid.ys) == 3


def test_each_cell_with_its_own_frame():
    """Chromium draws every cell's border by itself."""
    levels, uprights = [], []
    for x0, x1 in ((0, 100), (100, 250)):
        for top, bottom in ((100, 140), (140, 190), (190, 230)):
            levels += [Rule(top, x0, x1), Rule(bottom, x0, x1)]
            uprights += [Rule(x0, top, bottom), Rule(x1, top, bottom)]
    assert len(one(levels, uprights).spans) == 6


def test_rule_that_misses_its_neighbour_by_a_point():
    levels, uprights = full((0, 100, 200), (100, 150, 200))
    short = [rule._replace(start=rule.start + 1, end=rule.end - 1) for rule in levels]
    assert len(one(short, uprights).spans) == 4


def test_rule_missing_between_two_rows_merges_their_cells_in_that_column_only():
    levels = across((100, 0, 300), (150, 0, 100), (200, 0, 300))
    grid = one(levels, down((0, 100, 200), (100, 100, 200), (200, 100, 200), (300, 100, 200)))
    assert spans(grid) == [(0, 0, 1, 1), (0, 1, 2, 1), (0, 2, 2, 1), (1, 0, 1, 1)]


@pytest.mark.parametrize(("drawn", "count"), [(30, 1), (80, 2)], ids=["a stub", "most of it"])
def test_a_side_is_there_when_most_of_it_is_drawn(drawn, count):
    """A rule that ends within a cell: an underline that touches, or a side with a gap."""
    levels = across((100, 0, 200), (150, 0, drawn), (150, 100, 200), (200, 0, 200))
    grid = one(levels, down((0, 100, 200), (100, 100, 200), (200, 100, 200)))
    assert sum(span.column == 0 for span in grid.spans) == count


def test_an_l_is_cut_into_rectangles():
    """Two rules are missing: three fields run together around a fourth."""
    levels = across((100, 0, 200), (150, 100, 200), (200, 0, 200))
    uprights = down((0, 100, 200), (100, 150, 200), (200, 100, 200))
    grid = one(levels, uprights)
    assert spans(grid) == [(0, 0, 1, 2), (1, 0, 1, 1), (1, 1, 1, 1)]
    assert grid.find(50, 190) != grid.find(150, 190)


def test_box_within_a_cell_is_no_table():
    levels, uprights = full((0, 200, 400), (100, 300, 400))
    inner_levels, inner_uprights = full((20, 80, 150), (150, 180, 220))
    grid = one(levels + inner_levels, uprights + inner_uprights)
    assert grid.box == Box(0, 100, 400, 400)
    assert len(grid.spans) == 4


def test_tables_one_above_the_other():
    upper, lower = full((0, 100, 200), (50, 90, 130)), full((0, 50, 200), (300, 350))
    first, second = find_grids(lower[0] + upper[0], lower[1] + upper[1], HEIGHT)
    assert (first.box, len(first.spans)) == (Box(0, 50, 200, 130), 4)
    assert (second.box, len(second.spans)) == (Box(0, 300, 200, 350), 2)


def test_tables_side_by_side():
    left, right = full((0, 50, 100), (50, 90, 130)), full((200, 260, 300), (50, 70, 130))
    first, second = find_grids(right[0] + left[0], right[1] + left[1], HEIGHT)
    assert (first.box.x1, second.box.x0) == (100, 200)
    assert (first.find(250, 60), second.find(250, 60)) == (None, 0)


def test_underlines_are_no_table():
    assert find_grids(across((100, 50, 200), (130, 60, 90)), [], HEIGHT) == ()


def test_underlines_beside_a_table_change_nothing():
    levels, uprights = full((0, 100, 200), (100, 150, 200))
    grid = one([*levels, Rule(125, 20, 80), Rule(400, 0, 200)], uprights)
    assert grid.find(50, 110) is not None
    assert grid.box == Box(0, 100, 200, 200)


def test_single_box_is_no_table():
    assert find_grids(*full((50, 150), (100, 140)), HEIGHT) == ()


def test_two_boxes_that_do_not_touch_are_no_table():
    a, b = full((50, 150), (100, 140)), full((200, 300), (100, 140))
    assert find_grids(a[0] + b[0], a[1] + b[1], HEIGHT) == ()


def test_a_cross_divides_what_it_spans():
    """As where a page shows neither the top nor the bottom of a table without outer rules."""
    grid = one(across((100, 50, 150)), down((100, 50, 150)))
    assert [s.box for s in grid.spans] == [
        Box(50, 50, 100, 100),
        Box(100, 50, 150, 100),
        Box(50, 100, 100, 150),
        Box(100, 100, 150, 150),
    ]
    assert (grid.open_above, grid.open_below) == (True, True)


def test_no_rules_no_grids():
    assert find_grids([], [], HEIGHT) == ()


# ------------------------------------------------------------------ whatever the rules are


@st.composite
def tables(draw):
    """Rules of a table, some of them missing in places."""
    steps = st.lists(st.integers(8, 90), min_size=2, max_size=5)
    xs = [30.0]
    for step in draw(steps):
        xs.append(xs[-1] + step)
    ys = [40.0]
    for step in draw(steps):
        ys.append(ys[-1] + step)
    sides = [("across", y, a, b) for y in ys for a, b in pairwise(xs)]
    sides += [("down", x, a, b) for x in xs for a, b in pairwise(ys)]
    kept = draw(st.lists(st.booleans(), min_size=len(sides), max_size=len(sides)))
    drawn = [side for side, keep in zip(sides, kept, strict=True) if keep]
    shift = draw(st.sampled_from((0.0, 0.4, 0.7)))
    levels = [Rule(at + shift, a, b) for way, at, a, b in drawn if way == "across"]
    uprights = [Rule(at - shift, a, b) for way, at, a, b in drawn if way == "down"]
    return levels, uprights


@given(tables())
def test_every_field_belongs_to_exactly_one_cell(rules):
    for grid in find_grids(*rules, HEIGHT):
        columns = len(grid.xs) - 1
        owned = [
            row * columns + column
            for span in grid.spans
            for row in range(span.row, span.row + span.row_span)
            for column in range(span.column, span.column + span.column_span)
        ]
        assert sorted(owned) == list(range(columns * (len(grid.ys) - 1)))
        for index, span in enumerate(grid.spans):
            assert grid.owner[span.row * columns + span.column] == index


@given(tables(), st.data())
def test_every_point_of_a_grid_lies_in_the_cell_found_for_it(rules, data):
    for grid in find_grids(*rules, HEIGHT):
        box = grid.box
        x = data.draw(st.floats(box.x0, box.x1, exclude_max=True))
        y = data.draw(st.floats(box.top, box.bottom, exclude_max=True))
        held = [
            n
            for n, span in enumerate(grid.spans)
            if span.box.x0 <= x < span.box.x1 and span.box.top <= y < span.box.bottom
        ]
        assert held == [grid.find(x, y)]


@given(tables())
def test_cells_fill_the_grid_without_gaps(rules):
    for grid in find_grids(*rules, HEIGHT):
        area = sum((s.box.x1 - s.box.x0) * (s.box.bottom - s.box.top) for s in grid.spans)
        whole = (grid.box.x1 - grid.box.x0) * (grid.box.bottom - grid.box.top)
        assert area == pytest.approx(whole)


@given(tables(), st.randoms(use_true_random=False))
def test_the_order_of_the_rules_does_not_matter(rules, random):
    levels, uprights = list(rules[0]), list(rules[1])
    before = find_grids(levels, uprights, HEIGHT)
    random.shuffle(levels)
    random.shuffle(uprights)
    assert find_grids(levels, uprights, HEIGHT) == before
