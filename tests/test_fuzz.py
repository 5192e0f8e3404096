"""Whatever a dump holds and wherever rules stand: nothing raises, is lost, or explodes.

Hypothesis is fed with pieces of real cells and with the ways in which dumps are written and broken.
"""

import math
import re
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from audit.checks import audit
from extract.dump import MOST_GAPS, read_dump
from extract.grid import Rule, find_grids
from extract.model import Source
from extract.pdf import Glyph, place
from normalize.report import normalize
from profiles.report import profiles

HEIGHT = 842.0

# ------------------------------------------------------------------ dumps

PIECES = (
    *("ลำดับ", "ประเด็น/ตัวชี้วัด ITA", "ข้อคำถาม ITA", "ผลการวิเคราะห์การประเมิน"),
    *("มาตรการ/โครงการ/กิจกรรม", "ขั้นตอน/วิธีการดำเนินการ", "ระยะเวลาการดำเนินการ", "ผู้รับผิดชอบ"),
    *("๑.การปฏิบัติหน้าที่", "i๑ การปฏิบัติงานหรือให้บริการ", "ข้อ i12", "o๒๕", "e7 e8 e9", "(i๓)"),
    *("เป็นไปตามที่กำหนดมากที่สุด", "จุดแข็ง: บุคลากรมีความเข้าใจ", "จุดที่ต้องพัฒนา", "-", "–", "๙๒.๓๕"),
    *("๑. จัดทำคู่มือ ๒. ประชาสัมพันธ์", "1) ก 2) ข", "ต.ค. 2567 - ก.ย. 2568", "ไตรมาส 1 – 4"),
    *("ตลอดปีงบประมาณ พ.ศ. ๒๕๖๙", "สำนักปลัด, กองคลัง", "น้ำ ทำ กําหนด", "R&D", "<ชื่อหน่วยงาน>"),
    *(
        "100%",
        "x < 5 และ y > 3",
        "ราคา $100",
        "C:\\ita\\o8",
        "https://x.go.th/a?b=1|2",
        "**",
        "a_b_c",
    ),
    *("=1+1", "+66", "@", "\u200b", "\ufeff", "\u00a0", "\u0e33", "๏", "😀", "นาย ก. ๆ ฯลฯ"),
)
TITLES = (
    "รายงานผลการประเมิน ITA ในปีงบประมาณ พ.ศ. ๒๕๖๙",
    "เทศบาลตำบลศรีเตี้ย อำเภอบ้านโฮ่ง จังหวัดลำพูน",
    "หน้า ๒",
)
MARKUP = (
    *("<table>", "</table>", "<tr>", "</tr>", "<td>", "</td>", "<th>", "<td rowspan=3>", "<br>"),
    *("<td colspan='2'>", "<td rowspan=9999 colspan=9999>", "<td colspan=0>", "<b>", "</b>", "<p>"),
    *("<thead>", "<tbody>", "<li>", "<img src=x>", "&nbsp;", "&amp;", "&lt;", "&#3585;", "&bogus;"),
    *("\t", "\t\t", "\n", "\n\n", "\r\n", "\r", "\f", "|", "\\|", "||", "|---|---|", ":-:", "---"),
    *("**", "__", "*", "_", "~~", "`", "```", "# ", "> ", "- ", "$", "$$", "\\(", "\\)", "\\"),
    *("<!-- page 3 -->", "<!-- x -->", "## Page 2", "{3}----------", "=====", "***", "\0", "\x0b"),
)
BROKEN = ("<", ">", "</", "<td", "<td a='", "<!--", "-->", "<script>", "</script>", "<style>", "&#")

cell = st.lists(st.sampled_from(PIECES), max_size=3).map(" ".join)
rows = st.lists(st.lists(cell, min_size=1, max_size=9), min_size=1, max_size=6)
titles = st.lists(st.sampled_from(TITLES), max_size=2)


def as_tabs(lines):
    return "".join("\t".join(row) + "\n" for row in lines)


def as_pipes(lines):
    head, *body = ("| " + " | ".join(row) + " |\n" for row in lines)
    return head + "|---" * len(lines[0]) + "|\n" + "".join(body)


def as_html(lines):
    inner = "".join("<tr>" + "".join(f"<td>{text}</td>" for text in row) for row in lines)
    return f"<table>{inner}</table>\n"


@st.composite
def tables(draw):
    way = draw(st.sampled_from((as_tabs, as_pipes, as_html)))
    return "".join(f"{title}\n" for title in draw(titles)) + way(draw(rows))


between = st.sampled_from(("", "\n", "\f", "<!-- page 2 -->\n", "\n---\n\n", "## Page 2\n"))
written = st.lists(st.tuples(between, tables()), min_size=1, max_size=3).map(
    lambda parts: "".join(gap + text for gap, text in parts)
)


@st.composite
def mutated(draw):
    """A dump of which pieces were cut out, doubled, moved, or had something put into them."""
    text = draw(written)
    for _ in range(draw(st.integers(1, 6))):
        a, b = sorted(draw(st.tuples(*[st.integers(0, len(text))] * 2)))
        put = draw(st.sampled_from((*MARKUP, *BROKEN)))
        text = draw(
            st.sampled_from(
                (
                    text[:a] + text[b:],
                    text[:b] + text[a:b] + text[b:],
                    text[:a] + put + text[a:],
                    text[:a] + put + text[b:],
                    text[b:] + text[:a],
                    text[:a] + put * 9 + text[a:],
                    text[:b],
                )
            )
        )
    return text


soup = st.lists(st.sampled_from((*PIECES, *MARKUP, *BROKEN, *TITLES)), max_size=40).map("".join)


def check_places(pages):
    """Cells lie within their table, in order, and none upon another."""
    numbers = [page.source.page for page in pages]
    assert numbers == sorted(set(numbers))
    for page in pages:
        first = 0
        for table in page.tables:
            assert table.first_row == first
            first += table.row_count
            taken = set()
            for cell in table.cells:
                assert cell.row_span >= 1 and cell.column_span >= 1
                assert table.first_row <= cell.row
                assert cell.row + cell.row_span <= table.first_row + table.row_count
                assert cell.column >= 0 and cell.column + cell.column_span <= table.column_count
                here = {
                    (row, column)
                    for row in range(cell.row, cell.row + cell.row_span)
                    for column in range(cell.column, cell.column + cell.column_span)
                }
                assert not taken & here
                taken |= here
            assert [(c.row, c.column) for c in table.cells] == sorted(
                (c.row, c.column) for c in table.cells
            )


@given(st.one_of(written, mutated(), soup))
def test_any_dump_reads(text):
    pages = list(read_dump("a.txt", text))
    check_places(pages)
    made = sum(len(table.cells) for page in pages for table in page.tables)
    pieces = len(re.findall(r"[\t|\n\r]|<t[dh]", text)) + 1
    assert made <= (MOST_GAPS + 1) * pieces + 1000 * sum(len(page.tables) for page in pages)
    assert pages == list(read_dump("a.txt", text))


@given(st.one_of(written, mutated()))
def test_any_dump_becomes_a_report(text):
    pages = tuple(read_dump("a.txt", text))
    report = normalize("a.txt", pages, profiles())
    audit(report)
    assert len(report.cells) == sum(len(table.cells) for page in pages for table in page.tables)


MARKS = st.integers(0, 9_999_999).map(lambda number: f"กข{number:07d}คง")
"""Words that stand once in a dump, and that no reader takes for anything else."""


@given(
    st.lists(
        st.one_of(MARKS, MARKS, st.sampled_from((*MARKUP, *PIECES))), min_size=1, max_size=30
    ).map(tuple),
    st.sampled_from((" ", "\n", "\t", "")),
)
@example(("x", "\n", "```", "กข0000001คง"), " ")
def test_every_word_of_a_dump_is_somewhere(parts, glue):
    text = glue.join(parts)
    pages = list(read_dump("a.txt", text))
    said = [line.text for page in pages for line in page.lines]
    said += [cell.raw for page in pages for table in page.tables for cell in table.cells]
    whole = "\n".join(said)
    assert [part for part in parts if part.startswith("กข") and part not in whole] == []


@given(rows, st.sampled_from((as_tabs, as_pipes, as_html)), st.lists(st.integers(1, 10**6)))
def test_every_cell_of_a_table_is_in_a_cell_or_a_line(lines, way, numbers):
    """Whatever the lengths of its rows are."""
    marked = [[f"กข{n}{r}คง{text}" for n, text in enumerate(row)] for r, row in enumerate(lines)]
    pages = list(read_dump("a.txt", way(marked)))
    said = [line.text for page in pages for line in page.lines]
    said += [cell.raw for page in pages for table in page.tables for cell in table.cells]
    whole = "\n".join(said)
    assert [text[:5] for row in marked for text in row if text.split("คง")[0] not in whole] == []


# ------------------------------------------------------------------ rules and cells

ODD = st.sampled_from((math.nan, math.inf, -math.inf, 0.0, -0.0, 1e-300, 1e300, -5.0, 1e18, 842.0))
NUMBERS = st.one_of(st.floats(-50, 900), st.integers(-9, 900).map(float), ODD)
any_rule = st.builds(Rule, NUMBERS, NUMBERS, NUMBERS)


@st.composite
def drawn_table(draw):
    """The sides of a table, each drawn or not, and somewhat broken."""
    steps = st.lists(st.sampled_from((0.5, 3.0, 5.0, 20.0, 33.3, 80.0)), min_size=1, max_size=7)
    xs, ys = [30.0], [40.0]
    for line, widths in ((xs, draw(steps)), (ys, draw(steps))):
        for width in widths:
            line.append(line[-1] + width)
    across = [Rule(y, a, b) for y in ys for a, b in pairwise(xs)]
    down = [Rule(x, a, b) for x in xs for a, b in pairwise(ys)]
    return tuple(draw(st.lists(st.sampled_from(way), max_size=60)) for way in (across, down))


@st.composite
def any_rules(draw):
    across, down = draw(drawn_table())
    wobble = st.floats(-2, 2)
    for way in (across, down):
        for _ in range(draw(st.integers(0, 5))):
            way.append(draw(any_rule))
        if way and draw(st.booleans()):
            at = draw(st.integers(0, len(way) - 1))
            rule = way[at]
            middle = (rule.start + rule.end) / 2
            way[at : at + 1] = draw(
                st.sampled_from(
                    (
                        [rule, rule],
                        [Rule(rule.at + draw(wobble), rule.start, rule.end), rule],
                        [Rule(rule.at, rule.start, middle - 2), Rule(rule.at, middle, rule.end)],
                        [Rule(rule.at, rule.end, rule.start)],
                        [Rule(rule.at, middle, middle)],
                        [],
                    )
                )
            )
    return across, down


def check_grid(grid):
    """Each field belongs to one cell, each cell is a rectangle of fields with a size."""
    columns, count = len(grid.xs) - 1, len(grid.ys) - 1
    assert list(grid.xs) == sorted(set(grid.xs)) and list(grid.ys) == sorted(set(grid.ys))
    assert all(map(math.isfinite, (*grid.xs, *grid.ys)))
    owner = [-1] * (columns * count)
    for index, span in enumerate(grid.spans):
        assert span.row_span >= 1 and span.column_span >= 1
        assert span.box.x0 < span.box.x1 and span.box.top < span.box.bottom
        for row in range(span.row, span.row + span.row_span):
            for column in range(span.column, span.column + span.column_span):
                assert owner[row * columns + column] == -1
                owner[row * columns + column] = index
    assert tuple(owner) == grid.owner


@given(any_rules())
def test_any_rules_give_whole_grids(rules):
    for grid in find_grids(*rules, HEIGHT):
        check_grid(grid)


@given(any_rules(), st.randoms(use_true_random=False))
def test_odd_rules_in_any_order_give_the_same(rules, random):
    across, down = list(rules[0]), list(rules[1])
    before = find_grids(across, down, HEIGHT)
    random.shuffle(across)
    random.shuffle(down)
    assert find_grids(across, down, HEIGHT) == before


PLACES = st.tuples(st.sampled_from(("ก", "ข้", "๑", " ", "\u0e48")), *[st.floats(-40, 900)] * 2)


@given(any_rules(), st.lists(PLACES, max_size=40))
def test_every_letter_of_a_page_is_in_a_cell_or_a_line(rules, places):
    glyphs = [Glyph(text, x, x + 5, y, 10.0, "F") for text, x, y in places]
    page = place(Source("a.pdf", 1), glyphs, find_grids(*rules, HEIGHT))
    said = [line.text for line in page.lines]
    said += [cell.raw for table in page.tables for cell in table.cells]
    assert sorted("".join("".join(said).split())) == sorted(
        "".join(t for t, *_ in places if t != " ")
    )
    check_places([page])


def test_thousands_of_rules_are_read_as_far_as_they_can_be_a_table():
    """A pattern of 9,000 lines is no table; one of 200 by 200 is, and takes its cells."""
    pattern = [Rule(float(n), 0.0, 20_000.0) for n in range(0, 18_000, 2)]
    assert find_grids(pattern, pattern, 20_000.0) == ()
    lines = [Rule(float(n), 0.0, 1000.0) for n in range(0, 1000, 5)]
    [grid] = find_grids(lines, lines, 1000.0)
    check_grid(grid)
    assert len(grid.spans) == 200 * 200
