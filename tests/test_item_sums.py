"""Sums down the columns of made tables: which wrong figures are found, and which right ones not."""

import re

import pytest
from made import html, report_of

from audit.checks import audit

LIST = ["ลำดับ", "รายการ", "จำนวน", "หน่วย", "ราคาต่อหน่วย", "จำนวนเงิน"]
FORM = [
    [
        ("ลำดับที่", 2, 1),
        ("รายการ", 2, 1),
        ("จำนวน", 2, 1),
        ("หน่วย", 2, 1),
        ("ค่าวัสดุ", 1, 2),
        ("ค่าแรงงาน", 1, 2),
        ("รวมค่าวัสดุและค่าแรงงาน", 2, 1),
    ],
    ["ราคาต่อหน่วย", "จำนวนเงิน", "ราคาต่อหน่วย", "จำนวนเงิน"],
]
FACTORED = [
    *("ลำดับที่", "รายการ", "จำนวน", "หน่วย", "ค่างานต้นทุนต่อหน่วย", "ค่างานต้นทุน"),
    *("Factor F", "ราคาต่อหน่วย x Factor F", "ค่าก่อสร้าง"),
]


def page(*lines, head=(LIST,)):
    """A page with one table; a line is the cells of a row, parted by `|`."""
    rows = [[cell.strip() for cell in line.split("|")] for line in lines]
    return html([*map(list, head), *rows], titles=("บัญชีราคา",))


def sums(*lines):
    """Rows of a plain list from their number, name and amount."""
    parts = [[part.strip() for part in line.split("|")] for line in lines]
    return [f"{number} | {name} | | | | {amount}" for number, name, amount in parts]


SECTIONS = sums(
    "ก | งานรื้อถอน | ",
    "1 | รื้อหลังคา | 4,310.00",
    "2 | รื้อฝ้า | 2,725.50",
    " | รวมหมวด ก | 7,035.50",
    "ข | งานก่อสร้าง | ",
    "3 | หลังคาเหล็ก | 18,460.00",
    "4 | ฝ้ายิปซัม | 9,980.25",
    " | รวมหมวด ข | 28,440.25",
    " | รวมทั้งสิ้น | 35,475.75",
)
QUOTED = sums(
    "1 | ปั๊มน้ำ | 12,400.00",
    "2 | ถังเก็บน้ำ | 8,650.00",
    " | รวมเงิน | 21,050.00",
    " | ส่วนลด 4% | 842.00",
    " | ยอดหลังหักส่วนลด | 20,208.00",
    " | ภาษีมูลค่าเพิ่ม 7% | 1,414.56",
    " | รวมทั้งสิ้น | 21,622.56",
)
WITHHELD = sums(
    "1 | ค่าจ้างทำความสะอาด | 36,500.00",
    " | รวมเป็นเงิน | 36,500.00",
    " | ภาษีมูลค่าเพิ่ม 7% | 2,555.00",
    " | หักภาษี ณ ที่จ่าย 3% | 1,095.00",
    " | ยอดสุทธิ | 37,960.00",
)
INCLUDED = sums(
    "1 | เครื่องพิมพ์ | 4,494.00",
    "2 | จอภาพ | 6,313.00",
    " | รวมเป็นเงินทั้งสิ้น | 10,807.00",
    " | ภาษีมูลค่าเพิ่ม 7% (รวมอยู่ในราคาแล้ว) | 707.00",
)
BEFORE = sums(
    "1 | เครื่องพิมพ์ | 4,494.00",
    "2 | จอภาพ | 6,313.00",
    " | รวมราคาก่อนภาษี | 10,100.00",
    " | ภาษีมูลค่าเพิ่ม 7% | 707.00",
    " | รวมทั้งสิ้น | 10,807.00",
)
PARTS = sums(
    "1 | ทรายหยาบ | 3,120.00",
    " | รวม ก | 3,120.00",
    "2 | หินคลุก | 5,890.00",
    "3 | ดินลูกรัง | 1,475.00",
    " | รวม ข | 7,365.00",
    " | รวม ก+ข | 10,485.00",
    " | ภาษีมูลค่าเพิ่ม 7% | 733.95",
    " | รวมทั้งสิ้น | 11,218.95",
)
NESTED = sums(
    "1 | งานถนน | ",
    "1.1 | งานดิน | ",
    "1.1.1 | ดินถม | 6,240.00",
    "1.1.2 | ดินตัด | 3,180.00",
    " | รวมงานดิน | 9,420.00",
    "1.2 | งานผิว | ",
    "1.2.1 | ผิวคอนกรีต | 45,700.00",
    " | รวมงานผิว | 45,700.00",
    " | รวมหมวดที่ 1 | 55,120.00",
    "2 | งานท่อ | ",
    "2.1 | งานวาง | ",
    "2.1.1 | ท่อกลม | 15,350.00",
    " | รวมงานวาง | 15,350.00",
    "2.2 | งานบ่อ | ",
    "2.2.1 | บ่อพัก | 8,260.00",
    " | รวมงานบ่อ | 8,260.00",
    " | รวมหมวดที่ 2 | 23,610.00",
    " | รวมทั้งสิ้น | 78,730.00",
)
ABOVE = sums(
    "1 | งบบุคลากร | 412,600",
    "1.1 | เงินเดือน | 318,400",
    "1.2 | ค่าจ้าง | 94,200",
    "2 | งบดำเนินงาน | 86,900",
    "2.1 | วัสดุสำนักงาน | 51,300",
    "2.2 | ค่าสาธารณูปโภค | 35,600",
    " | รวม | 499,500",
)
TOP = sums(
    " | รวมทั้งสิ้น | 8,425.00",
    "1 | แผงกั้น | 5,270.00",
    "2 | กรวยยาง | 3,155.00",
)
EXCERPT = sums(
    " | ยอดยกมา | 14,200.00",
    "7 | บานพับ | 1,360.00",
    "8 | ลูกบิด | 2,945.00",
    " | รวมหน้านี้ | 4,305.00",
    " | รวมทั้งสิ้น | 18,505.00",
)
CARRIED = (
    sums(
        "1 | สายส่งน้ำ | 7,310.00",
        "2 | หัวฉีด | 2,480.00",
        " | รวมหน้านี้ | 9,790.00",
        " | ยอดยกไป | 9,790.00",
    ),
    sums(
        " | ยอดยกมา | 9,790.00",
        "3 | ข้อต่อสวม | 1,615.00",
        "4 | วาล์ว | 4,925.00",
        " | รวมหน้านี้ | 6,540.00",
        " | ยอดยกไป | 16,330.00",
    ),
    sums(
        " | ยอดยกมา | 16,330.00",
        "5 | มาตรวัดน้ำ | 3,745.00",
        " | รวมหน้านี้ | 3,745.00",
        " | รวมทั้งสิ้น | 20,075.00",
    ),
)
ACROSS = (
    sums(
        "ก | งานสี | ",
        "1 | สีรองพื้น | 2,330.00",
        "2 | สีทับหน้า | 4,790.00",
        " | รวมหมวด ก | 7,120.00",
        "ข | งานกระเบื้อง | ",
        "3 | กระเบื้องพื้น | 11,640.00",
        " | รวมหน้านี้ | 18,760.00",
    ),
    sums(
        "4 | กระเบื้องผนัง | 8,505.00",
        " | รวมหมวด ข | 20,145.00",
        " | รวมหน้านี้ | 8,505.00",
        " | รวมทั้งสิ้น | 27,265.00",
    ),
)
BILL = (
    "1 | งานไฟฟ้า | | | | | | | ",
    "1.1 | ปลั๊ก | 24 | จุด | 135.50 | 3,252.00 | 90.00 | 2,160.00 | 5,412.00",
    "1.2 | ดวงโคม | 16 | ชุด | 640.00 | 10,240.00 | 115.00 | 1,840.00 | 12,080.00",
    " | รวมหมวดงานไฟฟ้า | | | | 13,492.00 | | 4,000.00 | 17,492.00",
    "2 | งานสุขาภิบาล | | | | | | | ",
    "2.1 | อ่างล้างหน้า | 3 | ชุด | 1,850.00 | 5,550.00 | 350.00 | 1,050.00 | 6,600.00",
    " | รวมหมวดงานสุขาภิบาล | | | | 5,550.00 | | 1,050.00 | 6,600.00",
    " | รวมค่าวัสดุและค่าแรงงาน | | | | 19,042.00 | | 5,050.00 | 24,092.00",
)
FACTOR = (
    "1 | คันหิน | 120 | ม. | 310.00 | 37,200.00 | 1.25 | 387.50 | 46,500.00",
    "2 | ท่อระบายน้ำ | 45 | ม. | 964.00 | 43,380.00 | 1.25 | 1,205.00 | 54,225.00",
    " | รวมค่าก่อสร้าง | | | | 80,580.00 | | | 100,725.00",
    " | ราคากลาง | | | | | | | 100,700.00",
)
TABLES = {
    "sections": (page(*SECTIONS),),
    "discount and tax": (page(*QUOTED),),
    "tax withheld": (page(*WITHHELD),),
    "tax included": (page(*INCLUDED),),
    "price before tax": (page(*BEFORE),),
    "sums of sums": (page(*PARTS),),
    "nested sections": (page(*NESTED),),
    "sums above": (page(*ABOVE),),
    "sum on top": (page(*TOP),),
    "excerpt": (page(*EXCERPT),),
    "carried": tuple(page(*lines) for lines in CARRIED),
    "sections over pages": tuple(page(*lines) for lines in ACROSS),
    "bill": (page(*BILL, head=FORM),),
    "factor": (page(*FACTOR, head=(FACTORED,)),),
}
FIGURE = re.compile(r"(?<=<td>)[\d,]*\d(?:\.\d\d)?(?=</td>)")
FIRST = re.compile(r"<tr>\s*<td>$")


def found(*pages):
    """The errors in sums: column and what it should be."""
    return [
        (problem.field, problem.suggestion)
        for problem in audit(report_of(*pages))
        if problem.check == "sum_mismatch" and problem.severity == "error"
    ]


def otherwise(pages):
    """The pages again and again, each time with one printed figure otherwise: its first digit, or
    the last one that is no satang, which is tolerated."""
    for number, text in enumerate(pages):
        for match in FIGURE.finditer(text):
            if FIRST.search(text[: match.start()]):
                continue  # it numbers the row
            figure = match[0]
            digits = [n for n, letter in enumerate(figure) if letter.isdigit()]
            for n in {digits[0], digits[-2 if "." in figure else -1]}:
                digit = str((int(figure[n]) + 1) % 10 or 1)
                yield number, match, figure[:n] + digit + figure[n + 1 :]


def changed(pages, number, match, figure):
    text = pages[number]
    text = text[: match.start()] + figure + text[match.end() :]
    return (*pages[:number], text, *pages[number + 1 :])


@pytest.mark.parametrize("name", TABLES)
def test_tables_that_add_up_have_no_error(name):
    report = report_of(*TABLES[name])
    assert not any(item.needs_review for item in report.items)
    assert found(*TABLES[name]) == []


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("sections", 14),
        ("discount and tax", 14),
        ("tax withheld", 10),
        ("tax included", 8),
        ("price before tax", 10),
        ("sums of sums", 16),
        ("nested sections", 24),
        ("sums above", 14),
        ("sum on top", 6),
        ("excerpt", 10),
        ("carried", 26),
        ("sections over pages", 18),
        ("bill", 53),
    ],
)
def test_a_misprint_in_any_figure_is_found(name, count):
    tried = list(otherwise(TABLES[name]))
    missed = [
        (match[0], figure)
        for n, match, figure in tried
        if not found(*changed(TABLES[name], n, match, figure))
    ]
    assert (missed, len(tried)) == ([], count)


@pytest.mark.parametrize(
    ("name", "printed", "instead", "right"),
    [
        ("sections", "35,475.75", "28,440.25", "35,475.75"),  # the last section alone
        ("sections", "35,475.75", "70,951.50", "35,475.75"),  # rows and their sums
        ("sections", "28,440.25", "35,475.75", "28,440.25"),  # a section with those before it
        ("discount and tax", "20,208.00", "21,050.00", "20,208.00"),  # nothing taken off
        ("discount and tax", "20,208.00", "842.00", "20,208.00"),  # the discount alone
        ("discount and tax", "21,622.56", "20,208.00", "21,622.56"),  # no tax added
        ("discount and tax", "1,414.56", "1,473.50", "1,414.56"),  # of the price before discount
        ("tax withheld", "37,960.00", "39,055.00", "37,960.00"),
        ("tax withheld", "1,095.00", "365.00", "1,171.65"),
        ("tax included", "707.00", "756.49", "707.00"),  # put on what holds it
        ("price before tax", "10,100.00", "10,807.00", "756.49"),
        ("price before tax", "10,807.00", "10,100.00", "10,807.00"),
        ("sums of sums", "11,218.95", "733.95", "11,218.95"),
        ("sums of sums", "7,365.00", "3,120.00", "7,365.00"),
        ("nested sections", "55,120.00", "45,700.00", "55,120.00"),  # its last part alone
        ("nested sections", "23,610.00", "78,730.00", "23,610.00"),
        ("nested sections", "78,730.00", "157,460.00", "78,730.00"),
        ("sum on top", "8,425.00", "5,270.00", "8,425.00"),
        ("excerpt", "18,505.00", "4,305.00", "18,505.00"),  # without what is carried to it
        ("carried", "16,330.00", "6,540.00", "16,330.00"),  # of its page alone
        ("carried", "16,330.00", "9,790.00", "16,330.00"),  # what was carried to the page
        ("carried", "20,075.00", "3,745.00", "20,075.00"),
        ("sections over pages", "20,145.00", "8,505.00", "20,145.00"),  # its second page alone
        ("sections over pages", "18,760.00", "11,640.00", "18,760.00"),
        ("sections over pages", "27,265.00", "8,505.00", "27,265.00"),
        ("factor", "46,500.00", "37,200.00", "46,500.00"),  # Factor F left out
    ],
)
def test_a_sum_over_the_wrong_rows_is_found(name, printed, instead, right):
    pages = list(TABLES[name])
    for number, text in enumerate(pages):
        if f">{printed}<" in text:  # the last of them: one that stands twice is an item first
            before, after = text.rsplit(f">{printed}<", 1)
            pages[number] = f"{before}>{instead}<{after}"
            break
    assert pages != list(TABLES[name])
    assert right in [suggestion for _, suggestion in found(*pages)]


def test_a_sum_of_all_pages_that_is_only_that_of_the_last_is_found():
    pages = [page(*sums(f"{n} | งวดที่ {n} | {n}00.00")) for n in (1, 2)]
    pages.append(page(*sums("3 | งวดที่ 3 | 300.00", " | รวมทั้งสิ้น | 300.00")))
    assert found(*pages) == [("amount", "600.00")]
    apart = page(*sums("1 | โคมไฟ | 300.00", " | รวมทั้งสิ้น | 300.00"))  # a list of its own
    assert found(pages[0], pages[1], apart) == []


@pytest.mark.parametrize(
    ("total", "price", "severity"),
    [
        ("1,900.00", "1,000.00", "error"),
        ("999.00", "0.00", "error"),
        ("12,345.00", "12,000.00", "error"),
        ("12,345.00", "12,300.00", "info"),
        ("45,678.00", "45,000.00", "info"),
        ("45,678.00", "46,000.00", "info"),
    ],
)
def test_a_price_is_rounded_by_a_small_share_of_it(total, price, severity):
    rows = sums(f"1 | ลานคอนกรีต | {total}", f" | ราคากลาง | {price}")
    [problem] = audit(report_of(page(*rows)))
    assert (problem.severity, problem.suggestion) == (severity, total)


@pytest.mark.parametrize(
    ("words", "tax", "total", "errors"),
    [
        ("ภาษีมูลค่าเพิ่ม 7%", "707.00", "10,807.00", []),  # within the price, though it says nothing
        ("ภาษีมูลค่าเพิ่ม 7%", "707.00", "11,514.00", ["10,807.00"]),  # and put on it, too
        ("ภาษีมูลค่าเพิ่ม 7%", "756.49", "11,563.49", []),
        ("ภาษีมูลค่าเพิ่ม 7%", "756.49", "10,807.00", ["11,563.49"]),
        ("ภาษีมูลค่าเพิ่ม ๗% (รวมในราคาแล้ว)", "707.00", "10,807.00", []),
        ("ภาษีมูลค่าเพิ่ม (รวมในราคาแล้ว)", "707.00", "10,807.00", []),
        ("ภาษีมูลค่าเพิ่ม 7% (รวมในราคาแล้ว)", "756.49", "10,807.00", ["707.00"]),
        ("ภาษีมูลค่าเพิ่ม 7%", "700.00", "11,507.00", ["756.49"]),
    ],
)
def test_a_tax_is_on_a_price_or_within_it(words, tax, total, errors):
    rows = sums(
        "1 | ตู้เย็น | 10,807.00",
        " | รวมเป็นเงิน | 10,807.00",
        f" | {words} | {tax}",
        f" | รวมทั้งสิ้น | {total}",
    )
    assert [suggestion for _, suggestion in found(page(*rows))] == errors


def test_the_rate_of_a_tax_may_stand_in_columns_of_its_own():
    rows = ["1 | เต็นท์ | 4 | หลัง | 2,500.00 | 10,000.00", " | ภาษีมูลค่าเพิ่ม | 7 | % | | 770.00"]
    assert found(page(*rows)) == [("amount", "700.00")]


def test_a_number_that_could_not_be_read_spares_the_sums_over_it_alone():
    rows = sums(
        "1 | งบลงทุน | 500",
        "1.1 | ครุภัณฑ์ | 3๐๐*",
        "1.2 | ที่ดิน | 150",
        "2 | งบกลาง | 700",
        "2.1 | เบี้ยยังชีพ | 600",
        " | รวม | 9,000",
    )
    assert found(page(*rows)) == [("amount", "600")]


def test_what_is_carried_is_compared_though_a_row_before_was_not_read():
    pages = (
        page(*sums("1 | ไม้แบบ | 1,200.00*", "2 | ตะปู | 340.00", " | ยอดยกไป | 1,540.00")),
        page(*sums(" | ยอดยกมา | 1,450.00", "3 | ลวด | 95.00", " | รวม | 1,635.00")),
    )
    assert found(*pages) == [("amount", "1,540.00")]


def test_a_sum_of_windows_is_none_of_a_page():
    rows = sums("1 | บานพับ | 10.00", " | รวมงานหน้าต่าง | 10.00", "2 | มุ้ง | 5.00")
    more = sums(" | รวมงานหน้าต่าง | 15.00", " | รวมทั้งสิ้น | 15.00")
    assert found(page(*rows, *more)) == [("amount", "5.00")]


def test_sums_of_material_and_labour_in_the_column_of_both():
    rows = [
        "1 | พื้นไม้ | 12 | ตร.ม. | 950.00 | 11,400.00 | 180.00 | 2,160.00 | 13,560.00",
        " | รวมค่าวัสดุ | | | | | | | 11,400.00",
        " | รวมค่าแรง | | | | | | | 2,160.00",
        " | รวมทั้งสิ้น | | | | | | | 13,560.00",
    ]
    assert found(page(*rows, head=FORM)) == []
    wrong = page(*rows[:3], " | รวมทั้งสิ้น | | | | | | | 2,160.00", head=FORM)
    assert found(wrong) == [("amount", "13,560.00")]
    rows[2] = rows[2].replace("2,160.00", "2,610.00")
    assert found(page(*rows, head=FORM)) == [("amount", "13,560.00")]


def test_a_sum_of_lists_that_have_a_total_each():
    first = page(*sums("1 | ม้านั่ง | 130.00", "2 | ชิงช้า | 245.00", " | รวม | 375.00"))
    last = ["1 | กระดานลื่น | 412.00", " | รวม | 412.00"]
    assert found(first, page(*sums(*last, " | รวมทุกรายการ | 787.00"))) == []
    assert found(first, page(*sums(*last, " | รวมทุกรายการ | 878.00"))) == [("amount", "412.00")]
