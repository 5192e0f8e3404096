"""Dumps to pages and cells: each format by value, and anything at all without a crash."""

import re
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from extract.dump import plain, read_dump

HEADER = "ตัวชี้วัด\tการวิเคราะห์\t\tการนำไปปฏิบัติ"
SUB = "\tข้อความ\tผล\tมาตรการ"
ROW = "๑.การปฏิบัติ\ti๑ การปฏิบัติ\tเป็นไปตาม\tส่งเสริม"


def grid(table):
    """Row, column, row span, column span and text of each cell that is not empty and plain."""
    return [
        (cell.row, cell.column, cell.row_span, cell.column_span, cell.raw)
        for cell in table.cells
        if cell.raw or cell.row_span > 1 or cell.column_span > 1
    ]


def texts(table):
    rows = [[""] * table.column_count for _ in range(table.row_count)]
    for cell in table.cells:
        rows[cell.row - table.first_row][cell.column] = cell.raw
    return rows


def pages(text):
    return list(read_dump("a.txt", text))


def shape(text):
    """Page number, its lines, and how many tables stand on it."""
    return [
        (page.source.page, [line.text for line in page.lines], len(page.tables))
        for page in pages(text)
    ]


def test_tabs_with_title_and_two_row_header():
    [cover, page] = pages(
        f"รายงาน\n\n\\*\\*\\*\n\nชื่อเรื่อง\t\t\t\n{HEADER}\n{SUB}\n{ROW}\n\ti๒\tx\t\n"
    )
    assert [line.text for line in cover.lines] == ["รายงาน", "***"]
    [table] = page.tables
    assert (table.row_count, table.column_count, page.source.page) == (5, 4, 2)
    assert grid(table) == [
        (0, 0, 1, 4, "ชื่อเรื่อง"),
        (1, 0, 2, 1, "ตัวชี้วัด"),
        (1, 1, 1, 2, "การวิเคราะห์"),
        (1, 3, 1, 1, "การนำไปปฏิบัติ"),
        (2, 1, 1, 1, "ข้อความ"),
        (2, 2, 1, 1, "ผล"),
        (2, 3, 1, 1, "มาตรการ"),
        (3, 0, 1, 1, "๑.การปฏิบัติ"),
        (3, 1, 1, 1, "i๑ การปฏิบัติ"),
        (3, 2, 1, 1, "เป็นไปตาม"),
        (3, 3, 1, 1, "ส่งเสริม"),
        (4, 1, 1, 1, "i๒"),
        (4, 2, 1, 1, "x"),
    ]
    assert {cell.origin for cell in table.cells} == {"dump"}
    assert {cell.source.box for cell in table.cells} == {None}
    assert {run.font for cell in table.cells for line in cell.lines for run in line.runs} == {""}


def test_continued_row_is_no_two_row_header():
    [page] = pages("๙.การเปิดเผย\t\tการตรวจ\t\n\tข้อ ๐๒\tควร\tมาตรการ\n")
    assert all(cell.row_span == cell.column_span == 1 for cell in page.tables[0].cells)


def test_each_table_is_a_page_and_header_repeated_without_a_blank_line_too():
    table = f"{HEADER}\n{SUB}\n{ROW}\n"
    assert shape(f"ปก\n\n{table}\n{table}") == [(1, ["ปก"], 0), (2, [], 1), (3, [], 1)]
    assert shape(f"ชื่อ\t\t\t\n{table}ชื่อ\t\t\t\n{table}") == [(1, [], 1), (2, [], 1)]


def test_ragged_rows_keep_their_text():
    [page] = pages(
        "a\tb\tc\td\ny\t\t\tz\ne\tf\ng\th\ti\tj\tk\tl\nm\tn\to\tp\t\t\nq\tr\t\ts\tt\nu\tv\tw\tx\n"
    )
    assert texts(page.tables[0]) == [
        ["a", "b", "c", "d", "", ""],
        ["y", "", "", "z", "", ""],
        ["e", "f", "", "", "", ""],
        ["g", "h", "i", "j", "k", "l"],
        ["m", "n", "o", "p", "", ""],
        ["q", "r", "s", "t", "", ""],
        ["u", "v", "w", "x", "", ""],
    ]


def test_line_breaks_inside_tab_cells():
    [page] = pages("a\tb\tc\td\ne\tf1\nf2\tg\th\ni\tj\tk\tl1\nl2\n")
    assert texts(page.tables[0])[1:] == [["e", "f1\nf2", "g", "h"], ["i", "j", "k", "l1"]]
    assert [line.text for line in page.lines] == ["l2"]


def test_indented_prose_is_no_table():
    assert shape("\tด้วยเทศบาล\nเรื่อง\tรายงาน\n") == [(1, ["ด้วยเทศบาล", "เรื่อง รายงาน"], 0)]


def test_markdown():
    text = (
        "# รายงาน\n\n| **ข้อ** | ผล |  |\n|:--|---|---|\n|  | ก \\| ข | ดี<br>มาก |\n"
        "| \\*\\*๑.\\*\\* | <b>จุดแข็ง</b> ระบบ | R&amp;D \\*|\n\nท้าย\n"
    )
    [cover, page] = pages(text)
    assert [line.text for line in cover.lines] == ["รายงาน"]
    assert texts(page.tables[0]) == [
        ["ข้อ", "ผล", ""],
        ["", "ก | ข", "ดี\nมาก"],
        ["๑.", "จุดแข็ง  ระบบ", "R&D *"],
    ]
    assert grid(page.tables[0])[:2] == [(0, 0, 2, 1, "ข้อ"), (0, 1, 1, 2, "ผล")]
    assert [line.text for line in page.lines] == ["ท้าย"]


def test_markdown_without_outer_pipes_and_two_tables():
    [first, second] = pages("ข้อ | ผล\n--- | ---\n๑ | ดี\n\nข้อ | ผล\n--- | ---\n๒ | ดี\n")
    assert texts(first.tables[0]) == [["ข้อ", "ผล"], ["๑", "ดี"]]
    assert texts(second.tables[0]) == [["ข้อ", "ผล"], ["๒", "ดี"]]


def test_html_spans_and_markup():
    [page] = pages(
        "<!-- page 4 -->\n<h1>รายงาน</h1><p>ปี ๒๕๖๙</p><style>td{a}</style>\n"
        '<table border=1><tr><td colspan="100">ชื่อ</td></tr>'
        '<tr><th rowspan=2>ก</th><th colspan="2">ข</th></tr><tr><td>ค<td>ง</tr>\n'
        "<tr><td><b>จ</b>&nbsp;ฉ<sup>๑</sup><td><ul><li>ช</li><li>ซ</li></ul>\n"
        "<td><p>ฌ</p> <p>ญ &lt;๕</p><script>alert('x')</script></td></tr></table>"
    )
    assert page.source.page == 4
    assert [line.text for line in page.lines] == ["รายงาน", "ปี ๒๕๖๙"]
    assert grid(page.tables[0]) == [
        (0, 0, 1, 3, "ชื่อ"),
        (1, 0, 2, 1, "ก"),
        (1, 1, 1, 2, "ข"),
        (2, 1, 1, 1, "ค"),
        (2, 2, 1, 1, "ง"),
        (3, 0, 1, 1, "จ\xa0ฉ๑"),
        (3, 1, 1, 1, "ช\nซ"),
        (3, 2, 1, 1, "ฌ\nญ <๕"),
    ]


def test_html_malformed():
    [page] = pages("<table><tr><td>ก<td rowspan=99>ข<tr><td>ค <ชื่อหน่วยงาน> a<b<tr><td>ง")
    assert grid(page.tables[0]) == [
        (0, 0, 1, 1, "ก"),
        (0, 1, 3, 1, "ข"),
        (1, 0, 1, 1, "ค <ชื่อหน่วยงาน> a<b"),
        (2, 0, 1, 1, "ง"),
    ]


def test_html_table_goes_on_over_a_page_mark():
    first, second = pages(
        "<!-- page 1 --><table><tr><td>ก</td><td>ข</td></tr>"
        "<!-- page 2 --><tr><td>ค</td><td>ง</td></tr></table>"
    )
    assert texts(first.tables[0]) == [["ก", "ข"]]
    assert texts(second.tables[0]) == [["ค", "ง"]]


def test_table_within_a_cell_is_lines_of_it():
    [page] = pages(
        "<table><tr><td>ก<table><tr><td>๑</td></tr><tr><td>๒</td></tr></table>ข</td></tr></table>"
    )
    assert texts(page.tables[0]) == [["ก\n๑\n๒\nข"]]


def test_two_tables_on_a_page_count_their_rows_on():
    [page] = pages("<!-- page 1 -->\n| a | b |\n|---|---|\n| c | d |\n\ne\tf\tg\th\n")
    assert [(table.first_row, table.row_count) for table in page.tables] == [(0, 2), (2, 1)]
    assert [cell.row for cell in page.tables[1].cells] == [2] * 4


@pytest.mark.parametrize(
    "text, numbers",
    [
        ("ก\fข\fค\f", [1, 2, 3]),
        ("ก\f\fค", [1, 2, 3]),
        ("<!-- page 2 -->ก<!-- Page 5 of 9 -->ข<!-- หน้า ๖ -->ค", [2, 5, 6]),
        ("<!-- page 0 -->ก<!-- page 1 -->ข", [1, 2]),
        ("<!-- page 1 -->ก<!-- page 1 -->ข<!-- page 2 -->ค", [1, 2]),
        ("ก<!-- PageBreak -->ข", [1, 2]),
        ("ก\n\n---\n\nข\n\n---\n\nค\n", [1, 2, 3]),
        ("ก\n---\nข\n", [1, 2]),
        ("หัวข้อ\n---\nก\n\n---\n\nข\n", [1, 2]),
        ("---\ntitle: ก\n---\nข\n", [1]),
        ("---\ntitle: ก\n---\nข\n\n---\n\nค", [1, 2]),
        ("ก\n\n***\n\nข\n\n\\*\\*\\*\\*\\*\n", [1]),
        ("## Page 1\nก\n## Page 2\nข\n", [1, 2]),
        ("--- หน้า ๓ ---\nก\n--- หน้า ๔ ---\nข\n", [3, 4]),
        ("หน้า ๑\nก\nหน้า ๒\nข\n", [1, 2]),
        ("ก\nหน้า ๑\nข\nหน้า ๒\n", [1]),
        ("{0}------------------------------\nก\n{1}------------------------------\nข", [1, 2]),
        ("", [1]),
    ],
)
def test_page_marks(text, numbers):
    assert [page.source.page for page in pages(text)] == numbers


def test_marks_are_no_text():
    assert shape("## หน้า ๑\nก\n\n## หน้า ๒\nข") == [(1, ["ก"], 0), (2, ["ข"], 0)]


def test_rule_of_a_markdown_table_is_no_page_mark():
    assert shape("| a | b |\n|---|---|\n| c | d |\n\n| a |\n|---|\n| b |\n") == [
        (1, [], 1),
        (2, [], 1),
    ]


def test_title_lines_above_tables():
    table = "| ข้อ | ผล |\n|---|---|\n| ๑ | ดี |\n"
    title = "รายงานผล ปี ๒๕๖๙\nเทศบาลตำบลก\n\n"
    assert shape(f"ปก\n\n{title}{table}\n{title}{table}") == [
        (1, ["ปก"], 0),
        (2, ["รายงานผล ปี ๒๕๖๙", "เทศบาลตำบลก"], 1),
        (3, ["รายงานผล ปี ๒๕๖๙", "เทศบาลตำบลก"], 1),
    ]
    assert shape(f"ชื่อเรื่อง\n{table}") == [(1, ["ชื่อเรื่อง"], 1)]


def test_plain_leaves_what_is_no_markup():
    assert (
        plain("ราคา < ๕ บาท & x_y__z ** ** A&B; C:\\งาน")
        == "ราคา < ๕ บาท & x_y__z ** ** A&B; C:\\งาน"
    )


def test_entity_and_span_bombs_are_harmless():
    bomb = (
        '<!DOCTYPE a [<!ENTITY b "bbb">]>&b;&b;<table>'
        + "<tr><td rowspan=9999 colspan=9999>x" * 400
    )
    start = time.perf_counter()
    assert sum(len(page.tables) for page in pages(bomb)) == 1
    assert time.perf_counter() - start < 5


def test_large_dump_is_fast():
    text = f"{HEADER}\n{SUB}\n" + f"{ROW}\n" * 600
    start = time.perf_counter()
    [page] = pages(text)
    assert page.tables[0].row_count == 602
    assert time.perf_counter() - start < 1


COLUMNS = "ตัวชี้วัด\tคำถาม\tการวิเคราะห์\tมาตรการ\tเวลา\tหน่วย"
FULL = (
    "๑.การปฏิบัติ\ti๑ เจ้าหน้าที่ปฏิบัติงานเป็นไปตามขั้นตอน\tผลอยู่ในระดับดีมาก\tจัดทำคู่มือ\tต.ค.\tกองคลัง",
    "๒.การใช้งบ\ti๔ หน่วยงานใช้จ่ายงบประมาณอย่างคุ้มค่า\tผลอยู่ในระดับดี\tจัดอบรมพัสดุ\tม.ค.\tกองช่าง",
    "๓.การใช้อำนาจ\ti๗ ผู้บังคับบัญชามอบหมายงานอย่างเป็นธรรม\tผลอยู่ในระดับพอใช้\tจัดประชุม\tก.ย.\tกองคลัง",
)
SHORT = "i๒ เจ้าหน้าที่ปฏิบัติงานอย่างเท่าเทียมกัน\tผลอยู่ในระดับดี\tจัดทำป้าย\tม.ค.\tกองคลัง"


def rows_of(read):
    """Each row's texts and whether it is ragged, over all tables."""
    found = []
    for page in read:
        for table in page.tables:
            for texts_of_row, r in zip(texts(table), range(table.row_count), strict=True):
                row = [cell for cell in table.cells if cell.row == table.first_row + r]
                found.append((texts_of_row, {cell.ragged for cell in row}))
    return found


def in_pipes(lines):
    header, *rows = ["| " + line.replace("\t", " | ") + " |" for line in lines]
    return "\n".join([header, "|" + "---|" * header.count(" | ") + "---|", *rows])


@pytest.mark.parametrize("form", ["\n".join, in_pipes])
def test_blank_first_cells_that_were_never_written(form):
    lines = [COLUMNS, FULL[0], SHORT, SHORT.replace("i๒", "i๓"), *FULL[1:]]
    found = rows_of(pages(form(lines)))
    assert found[2] == (["", *SHORT.split("\t")], {False})
    assert found[3] == (["", *SHORT.replace("i๒", "i๓").split("\t")], {False})
    assert all(ragged == {False} for _, ragged in found)


def test_page_of_rows_without_their_first_cells():
    first = "\n".join([COLUMNS, *FULL])
    second = "\n".join([SHORT, SHORT.replace("i๒", "i๓")])
    assert rows_of(pages(f"{first}\f{second}"))[4:] == [
        (["", *SHORT.split("\t")], {False}),
        (["", *SHORT.replace("i๒", "i๓").split("\t")], {False}),
    ]


def test_lost_tab_puts_no_cell_in_a_wrong_column_unmarked():
    lost = FULL[1].replace("ดี\tจัด", "ดี จัด")
    found = rows_of(pages("\n".join([COLUMNS, FULL[0], lost, FULL[2], FULL[0]])))
    assert found[2] == (
        [
            "๒.การใช้งบ",
            "i๔ หน่วยงานใช้จ่ายงบประมาณอย่างคุ้มค่า",
            "ผลอยู่ในระดับดี จัดอบรมพัสดุ",
            "",
            "ม.ค.",
            "กองช่าง",
        ],
        {True},
    )
    assert [ragged for _, ragged in found] == [{False}, {False}, {True}, {False}, {False}]


def test_lost_tab_behind_the_first_cell_is_no_blank_in_front():
    lost = FULL[1].replace("\t", " ", 1)
    found = rows_of(pages("\n".join([COLUMNS, FULL[0], lost, FULL[2], FULL[0]])))
    assert found[2][1] == {True}


def test_a_tab_too_many_inside_a_cell():
    split = FULL[1].replace("i๔ ", "i๔\t")
    found = rows_of(pages("\n".join([COLUMNS, FULL[0], split, FULL[2], FULL[0]])))
    assert found[2] == (FULL[1].split("\t"), {True})


def test_short_row_without_others_to_compare_is_marked():
    assert rows_of(pages("a\tb\tc\td\ne\tf\tg\th\ni\tj\tk\n"))[2] == (["i", "j", "k", ""], {True})


def test_full_width_rows_of_a_table_without_spans():
    lines = ["คำถาม\tผล\tมาตรการ\tหน่วย"]
    for n in (1, 2):
        lines += [f"**ตัวชี้วัดที่ {n} การปฏิบัติ**\t\t\t", f"i{n} เจ้าหน้าที่\tดี\tคู่มือ\tกองคลัง"]
    for text in ("\n".join(lines), in_pipes(lines), in_pipes(lines).replace("**", "")):
        [table] = pages(text)[0].tables
        assert [cell for cell in grid(table) if cell[3] > 1] == [
            (1, 0, 1, 4, "ตัวชี้วัดที่ 1 การปฏิบัติ"),
            (3, 0, 1, 4, "ตัวชี้วัดที่ 2 การปฏิบัติ"),
        ]
        assert not any(cell.ragged for cell in table.cells)


def test_rows_that_alone_fill_the_first_column_head_the_others():
    lines = ["ตัวชี้วัด\tคำถาม\tผล\tหน่วย", "๑.การ\t\t\t", "\ti๑\tดี\tกองคลัง", "\ti๒\tดี\tกองคลัง"]
    [table] = pages(in_pipes(lines))[0].tables
    assert grid(table)[4] == (1, 0, 1, 4, "๑.การ")


def test_an_indicator_alone_in_its_row_is_no_full_width_row():
    lines = ["ตัวชี้วัด\tคำถาม\tผล\tหน่วย", "๑.การ\ti๑\tดี\tก", "๒.การ\t\t\t", "๓.การ\ti๗\tดี\tก"]
    [table] = pages(in_pipes(lines))[0].tables
    assert all(cell.column_span == 1 for cell in table.cells)
    rest = [lines[0], "เป็นไปตามขั้นตอน\t\t\t", *lines[1:]]
    [table] = pages(in_pipes(rest))[0].tables
    assert all(cell.column_span == 1 for cell in table.cells)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("**i1** การ", "i1  การ"),
        ("__i1__ การ", "i1  การ"),
        ("ก **ข** ค", "ก  ข  ค"),
        ("**ก****ข**", "**ก****ข**"),
        ("***ก***", "ก"),
        ("**ก *ข* ค**", "ก ข ค"),
        ("**จุดแข็ง<br>ระบบ**", "จุดแข็ง\nระบบ"),
        ("*หมายเหตุ* ก _ข_", "หมายเหตุ ก ข"),
        ("~~เดิม~~ `o1`", "เดิม o1"),
        ("<u>ก</u> <U>ข</U>", "ก ข"),
        ("2*3*4 92* และ 93* a_b_c ____ ก** ข**", "2*3*4 92* และ 93* a_b_c ____ ก** ข**"),
        ("* ข้อ ๑ * ข้อ ๒", "* ข้อ ๑ * ข้อ ๒"),
        ("$i_1$ $o_{10}$", "i1 o10"),
        ("ได้ $92.35$ คะแนน \\(85.07\\) ร้อยละ $12\\%$ 5\\%", "ได้ 92.35 คะแนน 85.07 ร้อยละ 12% 5%"),
        ("$\\mathrm{e}4$ \\text{คะแนน}", "e4 คะแนน"),
        ("\\(ITA\\) \\(1\\)", "(ITA) (1)"),
        ("ราคา $100 และ $200 $5-$6 $x^2$", "ราคา $100 และ $200 $5-$6 $x^2$"),
    ],
)
def test_marks_and_formulas(text, expected):
    assert plain(text) == expected


def test_comments_are_no_text_and_what_never_ends_is_none():
    far = "ข" * 3000
    text = f"ก<!-- ค --> <!-- ง\n<!-- จ -->\nขั้น ๑ --> ๒\n<!--{far} --> ๓"
    assert shape(text) == [(1, ["ก <!-- ง", "ขั้น ๑ --> ๒", f"<!--{far} --> ๓"], 0)]


@pytest.mark.parametrize(
    "text",
    [
        '{"rows": [{"code": "i1", "text": "ดี | มาก"}]}',
        '{\n\t"rows": [\n\t\t{\n\t\t\t"code": "i1",\n\t\t\t"text": "ดี"\n\t\t}\n\t]\n}',
        "```json\n[1, 2]\n```\nด้วย ก | ข และ ค\n- i3 ดี\n",
    ],
)
def test_what_is_no_table_makes_none(text):
    assert [page.tables for page in pages(text)] == [()]


@pytest.mark.parametrize(
    "text",
    [
        "<table><tr><td colspan=200>x" + "<tr><td>x" * 3000,
        "\n".join(["\t".join("a" * 199)] * 2) + "\na\tb" * 9000,
        "<table>" + "<tr><td rowspan=9999>" * 2000,
        "__ก**" * 6000,
        "**ก *ข " * 5000,
        "<!--" * 9000,
        "a\tb\tc\ta\ne\tf\n" + "x\n" * 15000,
    ],
)
def test_hostile_text_costs_no_more_than_its_length(text):
    start = time.perf_counter()
    read = pages(text)
    assert time.perf_counter() - start < 3
    assert sum(len(table.cells) for page in read for table in page.tables) < 100_000


TOKENS = (
    *("ก", "ข้อ ๑", "i๑ หน่วยงาน", "หน้า ๒", "## Page 2", "# ", "\u0e4d", "😀", "\0", "\\", '"', "'"),
    *("\t", "\t\t", "\n", "\n\n", "\r\n", "\f", "---", "***", "**", "__", "```", "{1}---------"),
    *("|", "| a | b |\n", "|---|---|\n", "\\|", "<", ">", "&amp;", "&lt;", "&#x0;", "&#99999999;"),
    *("<table>", "</table>", "<tr>", "<td>", "<td colspan=3>", "</td>", "<td rowspan='2'>"),
    *(
        "<b>",
        "</b>",
        "<br>",
        "<p>",
        "</p>",
        "<script>",
        "</script>",
        "<!-- page 3 -->",
        "<!--",
        "-->",
    ),
)
SOUP = st.lists(st.sampled_from(TOKENS), max_size=40).map("".join)


@settings(max_examples=300, deadline=None)
@given(st.one_of(SOUP, st.text(max_size=200)))
@example("<![if")
@example("<table><td><table></table><tr")
def test_anything_reads(text):
    read = pages(text)
    numbers = [page.source.page for page in read]
    assert numbers == sorted(set(numbers))
    for page in read:
        taken = set()
        for table in page.tables:
            for cell in table.cells:
                place = {
                    (cell.row + r, cell.column + c)
                    for r in range(cell.row_span)
                    for c in range(cell.column_span)
                }
                assert not taken & {(cell.row, cell.column)}
                taken |= place
                assert table.first_row <= cell.row < table.first_row + table.row_count
                assert cell.column + cell.column_span <= table.column_count


WORDS = st.text("กขคงจ๑๒abอี้.,:()%", min_size=1, max_size=8)
CELLS = st.lists(st.lists(WORDS, min_size=4, max_size=4), min_size=2, max_size=6)


def letters(read):
    """Every letter on the pages, in order of the alphabet."""
    raw = [cell.raw for page in read for table in page.tables for cell in table.cells]
    raw += [line.text for page in read for line in page.lines]
    return sorted(re.sub(r"\s", "", "".join(raw)))


@settings(deadline=None)
@given(CELLS, st.randoms(use_true_random=False))
def test_every_letter_of_a_tab_table_survives(rows, random):
    lines = ["\t".join(row) for row in rows]
    lines[random.randrange(len(lines))] += "\t" * random.randrange(3)
    lines[-1] = lines[-1].replace("\t", random.choice(["\t", "\t\t", " "]), 1)
    assert letters(pages("\n".join(lines))) == sorted("".join(map("".join, rows)))


@settings(deadline=None)
@given(CELLS)
def test_every_letter_of_html_and_markdown_survives(rows):
    expected = sorted("".join(map("".join, rows)))
    html = "".join("<tr>" + "".join(f"<td>{cell}" for cell in row) for row in rows)
    assert letters(pages(f"<table>{html}</table>")) == expected
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    assert letters(pages("\n".join([lines[0], "|---|---|---|---|", *lines[1:]]))) == expected
