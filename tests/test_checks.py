"""Every check from both sides: what it finds, and what looks like it and is left alone.

Each case is a whole report, ten pages with nothing to find in them, and one change to it.
"""

import inspect
import re
from dataclasses import replace

import pytest
from made import AGENCY, HEADERS, TITLE, html, report_of, report_of_pdf, row, tsv, words

from audit.checks import CHECKS, audit
from audit.model import page_list
from normalize.decisions import Decision
from normalize.model import CellValue

QUESTIONS = (
    (
        "๑.การปฏิบัติหน้าที่",
        "i๑ การปฏิบัติงานหรือให้บริการของเจ้าหน้าที่ในหน่วยงานของท่านเป็นไปตามขั้นตอนและระยะเวลา มากน้อยเพียงใด",
    ),
    (
        "๒.การใช้งบประมาณ",
        "i๖ หน่วยงานของท่าน มีการใช้งบประมาณหรือการจัดซื้อจัดจ้าง ที่เอื้อประโยชน์ให้บุคคลใดบุคคลหนึ่ง มากน้อยเพียงใด",
    ),
    ("๓.การใช้อำนาจ", "i๗ ท่านได้รับมอบหมายงานตามตำแหน่งหน้าที่อย่างเป็นธรรม มากน้อยเพียงใด"),
    (
        "๔.การใช้ทรัพย์สินของราชการ",
        "i๑๐ เจ้าหน้าที่ในหน่วยงานของท่าน มีการขอยืมหรือขอใช้ทรัพย์สินของหน่วยงาน "
        "อย่างถูกต้องตามขั้นตอน/แนวปฏิบัติ มากน้อยเพียงใด",
    ),
    (
        "๕.การแก้ไขปัญหาการทุจริต",
        "i๑๕ ท่านเชื่อมั่นในกระบวนการจัดการเรื่องร้องเรียนการทุจริตและประพฤติมิชอบ"
        "ภายในหน่วยงานของท่าน มากน้อยเพียงใด",
    ),
    (
        "๖.คุณภาพการดำเนินงาน",
        "e๑ เจ้าหน้าที่ปฏิบัติงานหรือให้บริการแก่ท่าน เป็นไปตามขั้นตอนและระยะเวลา",
    ),
    (
        "๗.ประสิทธิภาพการสื่อสาร",
        "e๔ หน่วยงานมีช่องทางการเผยแพร่ข้อมูลข่าวสารที่สามารถเข้าถึงได้ง่าย",
    ),
    ("๘.การปรับปรุงการทำงาน", "e๘ หน่วยงานมีการปรับปรุงการดำเนินงานให้ตอบสนองต่อประชาชน"),
    ("๙.การเปิดเผยข้อมูล", "o๒ ข้อมูลผู้บริหาร"),
    ("๑๐.การป้องกันการทุจริต", "o๒๕ แผนปฏิบัติการป้องกันการทุจริต"),
)
"""The number of a page is that of its indicator."""
ANALYSES = (
    "เป็นไปตามที่กำหนดโดยบุคลากรมุ่งมั่นในการทำงาน",
    "ควรเปิดเผยรายละเอียดของโครงการจัดซื้อจัดจ้างให้ประชาชนตรวจสอบ",
    "ควรกำหนดหลักเกณฑ์การมอบหมายงานเป็นลายลักษณ์อักษร",
    "ควรจัดทำแนวปฏิบัติการยืมทรัพย์สินและแจ้งเวียนทุกส่วนราชการ",
    "ควรปกปิดข้อมูลของผู้ร้องเรียนและแจ้งผลให้ทราบเป็นระยะ",
    "ควรติดประกาศระยะเวลาให้บริการในจุดที่เห็นได้ชัด",
    "ควรเพิ่มช่องทางประชาสัมพันธ์ผ่านสื่อสังคมออนไลน์",
    "ควรรับฟังความคิดเห็นของผู้รับบริการทุกไตรมาส",
    "ข้อมูลผู้บริหารไม่เป็นปัจจุบัน ควรปรับปรุงทุกครั้งที่มีการเปลี่ยนแปลง",
    "ควรเผยแพร่แผนปฏิบัติการบนหน้าแรกของเว็บไซต์",
)
LONG = (
    "หน่วยงานควรประเมินและวิเคราะห์ถึงปัจจัยที่มีผลต่อการปฏิบัติงาน เพื่อจัดลำดับความสำคัญ"
    "และแก้ไขปรับปรุงขั้นตอนและระยะเวลาในการให้บริการ แล้วรายงานผลต่อผู้บริหารทุกไตรมาส"
)


def body(n):
    """The row of page n."""
    indicator, question = QUESTIONS[n - 1]
    return row(indicator=indicator, question=question, analysis=ANALYSES[n - 1])


def pages(**changed):
    """The pages of the report; `p3="..."` puts another text in the place of page 3."""
    whole = {f"p{n}": tsv([body(n)]) for n in range(1, 11)}
    return [text for text in (whole | changed).values() if text]


def titled(n, *titles):
    return {f"p{n}": tsv([body(n)], titles=titles)}


def asked(n, question, **cells):
    return {f"p{n}": tsv([body(n) | {"question": question} | cells])}


def bare(n, digits):
    """The question of page n with another code before it."""
    return f"{digits} {QUESTIONS[n - 1][1].split(' ', 1)[1]}"


def headed(n, **headers):
    return {f"p{n}": tsv([body(n)], headers=HEADERS | headers)}


def shared(analysis):
    """Page 8 with three questions in one cell."""
    question = (
        "e๗ หน่วยงานเปิดโอกาสให้บุคคลภายนอกเข้าไปมีส่วนร่วมในการปรับปรุงพัฒนาการดำเนินงานของหน่วยงาน "
        "e๘ หน่วยงานมีการปรับปรุงการดำเนินงานให้ตอบสนองต่อประชาชน "
        "e๙ หน่วยงานมีการปรับปรุงระบบการให้บริการเพื่อให้เกิดความสะดวก รวดเร็ว และมีประสิทธิภาพ"
    )
    return asked(8, question, analysis=analysis)


OTHER = AGENCY.replace("ศรีเตี้ย", "ศรีเตีย")
MISREAD = AGENCY.replace("ศรีเตี้ย", "ศรีเดี้ย")
STRANGER = "เทศบาลเมืองลำพูน อำเภอเมืองลำพูน จังหวัดลำพูน"
NOWHERE = "เทศบาลตำบลกขคฆงมโน อำเภอบ้านโฮ่ง จังหวัดลำพูน"
OLD = TITLE.replace("๒๕๖๙", "๒๕๖๗")
PROSE = "\n".join([LONG] * 5) + "\n"


def prices(*rows):
    """A price list as a dump: number, item, quantity, price and amount, and its total."""
    return [html([["ลำดับ", "รายการ", "จำนวน", "ราคาต่อหน่วย", "รวม"], *map(list, rows)])]


FOUND = {
    "sum_mismatch": {
        "a product": (
            prices(
                ("1", "โต๊ะ", "2", "1,500.00", "3,500.00"), ("2", "พัดลม", "1", "900.00", "900.00")
            ),
            {"field": "amount", "suggestion": "3,000.00", "severity": "error", "fixed": False},
        ),
        "a total": (
            prices(
                ("1", "โต๊ะ", "2", "1,500.00", "3,000.00"),
                ("2", "พัดลม", "1", "900.00", "900.00"),
                ("", "รวมเป็นเงิน", "", "", "4,900.00"),
            ),
            {"field": "amount", "suggestion": "3,900.00", "severity": "error", "pages": (1,)},
        ),
    },
    "number_unread": {
        "a number with a comma out of place": (
            prices(
                ("1", "โต๊ะ", "2", "1,500.00", "3,00.00"), ("2", "พัดลม", "1", "900.00", "900.00")
            ),
            {"field": "amount", "severity": "warning", "pages": (1,)},
        ),
    },
    "item_gap": {
        "a number skipped": (
            prices(("1", "โต๊ะ", "2", "1.00", "2.00"), ("3", "พัดลม", "1", "9.00", "9.00")),
            {"field": "item_no", "suggestion": "2", "pages": (1,)},
        ),
    },
    "agency_conflict": {
        "a spelling of its own on two pages": (
            pages(**titled(3, TITLE, MISREAD), **titled(4, TITLE, MISREAD)),
            {"field": "agency", "suggestion": "เทศบาลตำบลศรีเตี้ย", "fixed": True},
        ),
    },
    "agency_unknown": {
        "a name that is in no list": (
            pages(**{k: v for n in range(1, 11) for k, v in titled(n, TITLE, NOWHERE).items()}),
            {"field": "agency", "pages": tuple(range(1, 11)), "fixed": False},
        ),
        "a misread name on two pages": (
            pages(**titled(3, TITLE, MISREAD), **titled(4, TITLE, MISREAD)),
            {"field": "agency", "pages": (3, 4), "fixed": True},
        ),
    },
    "year_conflict": {
        "a title of two years before": (
            pages(**titled(5, OLD, AGENCY)),
            {"pages": (5,), "field": "fiscal_year", "suggestion": "2569; 2568", "fixed": True},
        ),
    },
    "duplicate_page": {
        "a page that stands twice": (
            [
                *pages(p10=tsv([body(10) | {"measures": LONG}])),
                tsv([body(10) | {"measures": LONG}]),
            ],
            {"pages": (10, 11), "code": "o25", "fixed": True},
        ),
    },
    "code_misread": {
        "the letter read as a digit": (
            pages(**asked(2, bare(2, "๖๖"))),
            {"pages": (2,), "code": "i6", "suggestion": "i6", "fixed": True},
        ),
        "the letter read as a one": (
            pages(**asked(5, bare(5, "๑๑๕"))),
            {"pages": (5,), "code": "i15", "suggestion": "i15", "fixed": True},
        ),
        "in an indicator of another instrument": (
            pages(**asked(6, bare(6, "๑๑"))),
            {"pages": (6,), "code": "e1", "suggestion": "e1", "fixed": True},
        ),
    },
    "code_conflict": {
        "two prints of a page that stands twice": (
            [
                *pages(p2=tsv([body(2) | {"question": bare(2, "๖๖"), "measures": LONG}])),
                tsv([body(2) | {"question": bare(2, "๒๖"), "measures": LONG}]),
            ],
            {"pages": (2, 11), "code": "i6", "suggestion": "i6", "fixed": True},
        ),
        "the code of another question": (
            pages(**asked(1, bare(1, "i๒"))),
            {"pages": (1,), "field": "code", "fixed": False},
        ),
    },
    "code_unknown": {
        "no code and a wording that nobody knows": (
            pages(**asked(3, "ประเด็นอื่นที่หน่วยงานเห็นสมควรดำเนินการเพิ่มเติม")),
            {"pages": (3,), "field": "code", "code": None, "severity": "error"},
        ),
    },
    "indicator_missing": {
        "no page of the third": (pages(p3=""), {"pages": (), "field": "indicator_no"}),
        "a part of a report": (
            pages(p3="", p4="", p5="", p6="", p7="", p8=""),
            {"message": "indicators 3, 4, 5, 6, 7, 8 have no row: this may be a part of a report"},
        ),
        "the last pages are lost": (
            pages(p10=""),
            {"message": "indicator 10 การป้องกันการทุจริต has no row"},
        ),
    },
    "duplicate_row": {
        "one code in two rows": (
            pages(p6=tsv([body(6), body(6) | {"analysis": ANALYSES[6], "measures": LONG}])),
            {"pages": (6,), "code": "e1", "severity": "warning"},
        ),
        "on two pages": (
            [*pages(), tsv([body(2) | {"analysis": LONG, "measures": ANALYSES[0]}])],
            {"pages": (2, 11), "code": "i6"},
        ),
    },
    "indicator_name_conflict": {
        "the name of another number": (
            pages(p2=tsv([body(2) | {"indicator": "๒.การใช้อำนาจ"}])),
            {"pages": (2,), "code": "i6", "suggestion": "2 การใช้งบประมาณ"},
        ),
        "the twin of a page prints another name": (
            [
                *pages(p2=tsv([body(2) | {"measures": LONG}])),
                tsv([body(2) | {"measures": LONG, "indicator": "๒.การอำนาจ"}]),
            ],
            {"pages": (2, 11), "code": "i6"},
        ),
    },
    "header_variant": {
        "another known header on two pages": (
            pages(**headed(7, question="ข้อความ ITA"), **headed(8, question="ข้อความ ITA")),
            {"pages": (7, 8), "field": "question", "severity": "info"},
        ),
        "one that nobody knows, in the usual place": (
            pages(**headed(4, steps="วิธีการขั้นตอนในการทำงานของหน่วยงาน")),
            {"pages": (4,), "field": "steps"},
        ),
    },
    "cell_empty": {
        "no measures in one of ten rows": (
            pages(p4=tsv([body(4) | {"measures": ""}])),
            {"pages": (4,), "code": "i10", "field": "measures", "severity": "info"},
        ),
        "no units": (
            pages(p7=tsv([body(7) | {"responsible": ""}])),
            {"pages": (7,), "code": "e4", "field": "responsible"},
        ),
    },
    "text_truncated": {
        "a preposition at the end": (
            pages(**asked(5, QUESTIONS[4][1], analysis="ควรแจ้งเวียนและกำชับให้บุคลากรภายใน")),
            {"pages": (5,), "code": "i15", "field": "analysis", "severity": "warning"},
        ),
        "a cause without what it does": (
            pages(**asked(9, QUESTIONS[8][1], result="จุดแข็ง: ได้ดี เนื่องจากการตรวจสอบตามแบบประเมิน")),
            {"pages": (9,), "code": "o2", "field": "result"},
        ),
        "within a word": (
            pages(**asked(3, QUESTIONS[2][1], measures="จัดทำแผนประชาสั")),
            {"pages": (3,), "code": "i7", "field": "measures"},
        ),
        "within a word that another row has whole": (
            pages(
                p3=tsv([body(3) | {"measures": LONG[:-3]}]), p4=tsv([body(4) | {"measures": LONG}])
            ),
            {"pages": (3,), "code": "i7"},
        ),
    },
    "step_gap": {
        "a number is skipped": (
            pages(**asked(4, QUESTIONS[3][1], steps="๑. สำรวจ ๓. สรุปผล")),
            {"pages": (4,), "code": "i10", "field": "steps", "severity": "info"},
        ),
        "a number stands twice": (
            pages(**asked(4, QUESTIONS[3][1], steps="1) สำรวจ 2) จัดทำ 2) สรุปผล")),
            {"message": "steps: 2 is followed by 2"},
        ),
        "the steps of another row go on": (
            pages(**asked(4, QUESTIONS[3][1], steps="๓. สำรวจ ๔. สรุปผล")),
            {"message": "steps: starts at 3"},
        ),
    },
    "question_mismatch": {
        "another word": (
            pages(**asked(1, QUESTIONS[0][1].replace("มากน้อย", "อย่างน้อย"))),
            {"pages": (1,), "code": "i1", "field": "question", "fixed": False},
        ),
        "a word is missing": (
            pages(**asked(6, QUESTIONS[5][1].replace("หรือให้บริการ", ""))),
            {"pages": (6,), "code": "e1"},
        ),
    },
    "analysis_missing": {
        "two of three questions have one": (
            pages(**shared("e๗ ประเด็น ขาดการมีส่วนร่วม e๘ ประเด็น ยังไม่ตอบสนอง")),
            {"pages": (8,), "code": "e9", "field": "analysis"},
        ),
    },
    "score_range": {
        "more than a hundred": (
            pages(**asked(2, QUESTIONS[1][1], result="จุดแข็ง: ได้คะแนน ๑๓๒ คะแนน")),
            {"pages": (2,), "code": "i6", "field": "score", "severity": "error"},
        ),
    },
    "score_conflict": {
        "two in one cell": (
            pages(**asked(2, QUESTIONS[1][1], result="ได้คะแนน ๘๕.๕๐ คะแนน คะแนนการประเมิน ๕๒")),
            {"pages": (2,), "code": "i6", "field": "score", "severity": "error"},
        ),
    },
    "reference_unknown": {
        "an item that the list does not have": (
            pages(**asked(2, QUESTIONS[1][1], analysis="ควรเปิดเผยข้อมูล (อ้างอิงจาก ๐๗๐)")),
            {"pages": (2,), "code": "i6", "field": "references"},
        ),
    },
    "unit_variant": {
        "with and without a sign": (
            pages(
                **asked(2, QUESTIONS[1][1], responsible="กองการศึกษาฯ"),
                **asked(4, QUESTIONS[3][1], responsible="กองการศึกษา"),
            ),
            {"pages": (2, 4), "suggestion": "กองการศึกษา", "fixed": True, "severity": "info"},
        ),
    },
    "period_outside_year": {
        "the quarter of another year": (
            pages(**asked(5, QUESTIONS[4][1], timeframe="ไตรมาสที่ ๒ ปีงบประมาณ ๒๕๖๕")),
            {"pages": (5,), "code": "i15", "field": "timeframe", "severity": "warning"},
        ),
        "most of the report lies in another year": (
            pages(
                **{
                    f"p{n}": tsv([body(n) | {"timeframe": f"ไตรมาสที่ {n % 4 + 1} ปีงบประมาณ ๒๕๖๘"}])
                    for n in range(1, 9)
                }
            ),
            {"pages": (*range(1, 9),), "suggestion": "2568"},
        ),
        "months after its end": (
            pages(**asked(5, QUESTIONS[4][1], timeframe="ตุลาคม - ธันวาคม ๒๕๖๙")),
            {"pages": (5,), "code": "i15"},
        ),
    },
    "page_without_table": {
        "a page of prose after the first table": (
            pages(p4=pages()[3] + "<!-- page 41 -->\n" + PROSE),
            {"severity": "info"},
        ),
        "a document without any table": ([PROSE], {"pages": (1,), "severity": "warning"}),
    },
}
"""Check to label to (pages, what the finding says at least)."""

ALONE = {
    "sum_mismatch": {
        "a satang of rounding": prices(
            ("1", "สายไฟ", "3", "0.335", "1.01"),
            ("2", "พัดลม", "1", "900.00", "900.00"),
            ("", "รวมเป็นเงิน", "", "", "901.00"),
        ),
        "a total of which a number was not read": prices(
            ("1", "โต๊ะ", "2", "1,500.00", "3,0x0.00"), ("", "รวมเป็นเงิน", "", "", "4,900.00")
        ),
    },
    "number_unread": {
        "a dash and an empty cell": prices(
            ("1", "โต๊ะ", "-", "", "3,000.00"), ("2", "พัดลม", "1", "900.-", "900.-")
        ),
    },
    "item_gap": {
        "a list that begins again, and parts": prices(
            ("1", "โต๊ะ", "2", "1.00", "2.00"),
            ("2", "งานไฟฟ้า", "", "", ""),
            ("2.1", "สายไฟ", "1", "9.00", "9.00"),
            ("2.2", "ปลั๊ก", "1", "9.00", "9.00"),
            ("3", "พัดลม", "1", "9.00", "9.00"),
            ("1", "ตู้", "1", "9.00", "9.00"),
        ),
    },
    "agency_conflict": {
        "alike on all pages": pages(),
        "tone marks lost on one page": pages(**titled(3, TITLE, OTHER)),
        "a text speaks of other agencies": pages(
            **asked(4, QUESTIONS[3][1], measures="ศึกษาดูงานร่วมกับหน่วยงานอื่นของรัฐ")
        ),
        "one page has no title": pages(**titled(3)),
    },
    "agency_unknown": {
        "an official name": pages(),
        "short forms of district and province": pages(
            **titled(2, TITLE, "เทศบาลตำบลศรีเตี้ย อ.บ้านโฮ่ง จ.ลำพูน")
        ),
    },
    "year_conflict": {
        "every title alike": pages(),
        "a title with both years": pages(
            **titled(2, TITLE + " จากผลการประเมินปีงบประมาณ พ.ศ. ๒๕๖๘", AGENCY)
        ),
        "a page without a year": pages(**titled(2, AGENCY)),
        "an older year in the text of a row": pages(
            **asked(2, QUESTIONS[1][1], measures="ตามแผนปี ๒๕๖๕ และหนังสือ ที่ ๑๒๓๔/๒๕๖๖")
        ),
        "a telephone number like a year": pages(**titled(2, TITLE, AGENCY, "โทร. ๐๕๓ ๒๕๖๑ ๒๒๒")),
    },
    "duplicate_page": {
        "pages that share measures and steps": pages(),
        "the same long text for another question": pages(
            p6=tsv([body(6) | {"measures": LONG}]), p7=tsv([body(7) | {"measures": LONG}])
        ),
    },
    "code_misread": {
        "codes in Thai digits": pages(),
        "the letter o as a zero": pages(**asked(9, "๐๒ ข้อมูลผู้บริหาร")),
        "a zero before the number": pages(**asked(9, "o๐๒ ข้อมูลผู้บริหาร")),
        "a capital letter": pages(**asked(1, bare(1, "I๑"))),
        "a word before the code": pages(**asked(1, bare(1, "ข้อ i๑"))),
        "no code at all, but the official wording": pages(**asked(1, bare(1, "").strip())),
    },
    "code_conflict": {
        "a code and its own question": pages(),
        "Arabic digits on the page that stands twice": [
            *pages(p2=tsv([body(2) | {"measures": LONG}])),
            tsv([body(2) | {"question": bare(2, "i6"), "measures": LONG}]),
        ],
        "a question in other words": pages(
            **asked(3, "i๗ ท่านได้รับการประเมินผลการปฏิบัติงานอย่างเป็นธรรมหรือไม่")
        ),
    },
    "code_unknown": {
        "a misread code": pages(**asked(2, bare(2, "๖๖"))),
        "the official wording alone": pages(**asked(2, bare(2, "").strip())),
    },
    "indicator_missing": {
        "all ten": pages(),
        "the name in other words": pages(
            p4=tsv([body(4) | {"indicator": "๔.การใช้ทรัพย์สินของทางราชการ"}])
        ),
        "no rows at all": [PROSE],
    },
    "duplicate_row": {
        "a row a code": pages(),
        "a page that stands twice": [
            *pages(p2=tsv([body(2) | {"measures": LONG}])),
            tsv([body(2) | {"measures": LONG}]),
        ],
        "a row that goes on over the page": [
            *pages(),
            tsv([dict.fromkeys(body(10), "") | {"analysis": "และปรับปรุงให้เป็นปัจจุบัน"}]),
        ],
    },
    "indicator_name_conflict": {
        "number and name agree": pages(),
        "a name misread by a letter": pages(p2=tsv([body(2) | {"indicator": "๒.การใช้งบประมาน"}])),
        "no number": pages(p2=tsv([body(2) | {"indicator": "การใช้งบประมาณ"}])),
        "the name in other words": pages(
            p4=tsv([body(4) | {"indicator": "๔.การใช้ทรัพย์สินของทางราชการ"}])
        ),
    },
    "header_variant": {
        "alike on all pages": pages(),
        "spaces and dots": pages(**headed(3, question="ข้อ คำถาม ITA.")),
        "a letter misread": pages(**headed(3, steps="ขั้นตอน/วิธีการคำเนินการ")),
        "a page without a header": pages(p5=tsv([body(5)], headers={})),
    },
    "cell_empty": {
        "all filled": pages(),
        "a dash": pages(p4=tsv([body(4) | {"measures": "-"}])),
        "a column that nobody fills": pages(
            **{f"p{n}": tsv([body(n) | {"result": ""}]) for n in range(1, 11)}
        ),
        "times that are merged over rows": pages(
            **{f"p{n}": tsv([body(n) | {"timeframe": ""}]) for n in (2, 4, 6)}
        ),
        "the rest of a row on its next page": [
            *pages(),
            tsv([dict.fromkeys(body(10), "") | {"analysis": "และปรับปรุงให้เป็นปัจจุบัน"}]),
        ],
    },
    "text_truncated": {
        "whole sentences": pages(),
        "a word that ends so by itself": pages(
            **asked(5, QUESTIONS[4][1], analysis="แจ้งผ่านหนังสือเวียนและกลุ่ม LINE ภายใน")
        ),
        "a noun that ends in a preposition's letters": pages(
            **asked(5, QUESTIONS[4][1], analysis="ควรตรวจสอบทรัพย์สินของทางราชการ")
        ),
        "a bracket at the end": pages(
            **asked(5, QUESTIONS[4][1], analysis="ควรปรับปรุงเว็บไซต์ (อ้างอิงจาก ๐๘)")
        ),
        "the next page goes on": [
            *pages(p10=tsv([body(10) | {"analysis": "ควรเผยแพร่แผนและเพื่อเป็นการ"}])),
            tsv([dict.fromkeys(body(10), "") | {"analysis": "ป้องกันการทุจริต"}]),
        ],
        "another row says more after the same words": pages(
            p3=tsv([body(3) | {"measures": LONG}]),
            p4=tsv([body(4) | {"measures": LONG + "และเผยแพร่"}]),
        ),
    },
    "step_gap": {
        "in order": pages(**asked(4, QUESTIONS[3][1], steps="๑. สำรวจ ๒. จัดทำ ๓. สรุปผล")),
        "two lists": pages(**asked(4, QUESTIONS[3][1], steps="1. สำรวจ 2. จัดทำ 1. สรุปผล")),
        "parts of a step": pages(
            **asked(4, QUESTIONS[3][1], steps="1. สำรวจ 1.1 ประชุม 1.2 แจ้ง 2. สรุปผล")
        ),
        "two steps in one line": pages(
            **asked(4, QUESTIONS[3][1], steps="1. สำรวจความเห็น 2. จัดทำแผน 3. สรุปผล")
        ),
        "no numbers": pages(**asked(4, QUESTIONS[3][1], steps="- สำรวจ - สรุปผลใน 3 เดือน")),
    },
    "question_mismatch": {
        "official wording": pages(),
        "a letter misread": pages(**asked(1, QUESTIONS[0][1].replace("ขั้นตอน", "ขันตอบ"))),
        "spaces and signs": pages(**asked(1, QUESTIONS[0][1].replace(" มาก", " , มาก"))),
        "an item of the list in short": pages(**asked(10, "o๒๕ แผนป้องกันการทุจริต")),
        "the wording of the year is not known": pages(
            **asked(3, "i๗ ท่านได้รับความเป็นธรรมในการมอบหมายงาน มากน้อยเพียงใด")
        ),
    },
    "analysis_missing": {
        "each has its own": pages(
            **shared("e๗ ประเด็น ขาดการมีส่วนร่วม e๘ ประเด็น ไม่ตอบสนอง e๙ ประเด็น ไม่สะดวก")
        ),
        "one text for all": pages(**shared("ประชาชนขาดการมีส่วนร่วมและไม่สะดวก")),
        "none at all": pages(**shared("")),
    },
    "score_range": {
        "a hundred": pages(**asked(2, QUESTIONS[1][1], result="ได้คะแนน ๑๐๐ คะแนน")),
        "people, not points": pages(**asked(2, QUESTIONS[1][1], result="มีผู้ตอบแบบวัด ๑๓๒ คน")),
    },
    "score_conflict": {
        "one score": pages(**asked(2, QUESTIONS[1][1], result="ได้คะแนน ๘๕.๕๐ คะแนน")),
        "the full score beside it": pages(
            **asked(2, QUESTIONS[1][1], result="ได้คะแนน ๘๕.๕๐ จากคะแนนเต็ม ๑๐๐ คะแนน")
        ),
        "the score of the year before": pages(
            **asked(2, QUESTIONS[1][1], result="ได้คะแนน ๘๕.๕๐ คะแนน จากปี ๒๕๖๗ ที่ได้คะแนน ๗๐")
        ),
    },
    "reference_unknown": {
        "items that there are": pages(
            **asked(2, QUESTIONS[1][1], analysis="ควรเปิดเผยข้อมูล (อ้างอิงจาก ๐๑๒ ,๐๑๓)")
        ),
        "sub-indicators": pages(
            **asked(2, QUESTIONS[1][1], analysis="ควรเปิดเผย (อ้างอิงจากตัวชี้วัด ๙.๑, ๙.๒)")
        ),
        "a telephone number": pages(**asked(2, QUESTIONS[1][1], measures="โทร ๐๗๐ ๑๒๓ ๔๕๖")),
    },
    "unit_variant": {
        "one way": pages(),
        "a space and a line's end": pages(
            **asked(2, QUESTIONS[1][1], responsible="กอง การศึกษา"),
            **asked(4, QUESTIONS[3][1], responsible="กองการศึกษา"),
        ),
        "two units": pages(
            **asked(2, QUESTIONS[1][1], responsible="กองคลัง"),
            **asked(4, QUESTIONS[3][1], responsible="กองช่าง"),
        ),
    },
    "period_outside_year": {
        "the whole year": pages(),
        "its first month, a calendar year before": pages(
            **asked(5, QUESTIONS[4][1], timeframe="ตุลาคม - ธันวาคม ๒๕๖๘")
        ),
        "no date": pages(**asked(5, QUESTIONS[4][1], timeframe="ตามความเหมาะสม")),
    },
    "page_without_table": {
        "a cover before the first table": ["<h1>" + TITLE + "</h1>\n" + AGENCY + "\n", *pages()],
        "every page has its table": pages(),
    },
}


def findings(check, texts):
    return [f for f in audit(report_of(*texts)) if f.check == check]


def cases(table):
    return [
        pytest.param(check, *(case if isinstance(case, tuple) else (case,)), id=f"{check}: {label}")
        for check, labelled in table.items()
        for label, case in labelled.items()
    ]


@pytest.mark.parametrize(("check", "texts", "said"), cases(FOUND))
def test_finds(check, texts, said):
    [finding] = findings(check, texts)
    assert {name: getattr(finding, name) for name in said} == said
    assert finding.document == "a.txt"
    assert finding.message
    assert "\n" not in finding.message
    assert re.search("[ก-ฮ]", finding.message_th)
    assert finding.values


@pytest.mark.parametrize(("check", "texts"), cases(ALONE))
def test_leaves_alone(check, texts):
    assert findings(check, texts) == []


def test_the_report_of_the_cases_has_nothing_to_find():
    report = report_of(*pages())
    assert audit(report) == ()
    assert [r.indicator_no for r in report.rows] == [*range(1, 11)]
    assert not any(r.needs_review for r in report.rows)


# ------------------------------------------------------------------ more of what they say


def test_agency_conflict_says_what_each_page_prints():
    texts = pages(**titled(3, TITLE, MISREAD), **titled(4, TITLE, MISREAD))
    [finding] = findings("agency_conflict", texts)
    said = dict(finding.values)
    assert "ศรีเดี้ย" in said["3, 4"]
    assert "ศรีเตี้ย" in said[page_list([1, 2, *range(5, 11)])]


def test_agency_conflict_tells_a_stranger_from_a_spelling():
    """One page of a template names another town: it does not win, and is told by itself."""
    [finding] = findings("agency_conflict", pages(**titled(6, TITLE, STRANGER)))
    assert finding.pages == (6,)
    assert "ลำพูน" in finding.message
    rows = report_of(*pages(**titled(6, TITLE, STRANGER))).rows
    assert {r.agency for r in rows} == {"เทศบาลตำบลศรีเตี้ย"}


def test_year_conflict_leaves_the_rows_their_year():
    report = report_of(*pages(**titled(5, OLD, AGENCY)))
    assert {(r.fiscal_year, r.assessment_year) for r in report.rows} == {(2569, 2568)}


def test_rows_of_a_misread_code_are_shown_to_a_person():
    rows = report_of(*pages(**asked(2, bare(2, "๖๖")))).rows
    assert [(r.code, r.needs_review) for r in rows][1] == ("i6", True)
    assert not any(r.needs_review for r in rows if r.code != "i6")


def test_row_without_a_code_is_kept_and_shown():
    texts = pages(**asked(3, "ประเด็นอื่นที่หน่วยงานเห็นสมควรดำเนินการเพิ่มเติม"))
    rows = report_of(*texts).rows
    assert [(r.code, r.needs_review, r.indicator_no) for r in rows if r.code is None] == [
        (None, True, 3)
    ]
    assert len(rows) == 10


# ------------------------------------------------------------------ pages of a PDF

READABLE = "\n".join(words(50, 40 + 16 * n, "รายงานผลการประเมินความโปร่งใส") for n in range(4))
PICTURE = (
    "q 842 0 0 595 0 0 cm BI /W 1 /H 1 /CS /G /BPC 8 ID \x55 EI Q"  # one grey dot, a page wide
)


def test_page_unreadable_finds_a_picture_of_a_page():
    found = [f for f in audit(report_of_pdf(READABLE, PICTURE)) if f.check == "page_unreadable"]
    [finding] = found
    assert (finding.pages, finding.severity) == ((2,), "error")
    assert "needs a better scan" in finding.message
    assert [where for where, _ in finding.values] == ["2"]


def test_page_unreadable_leaves_an_empty_page_alone():
    found = audit(report_of_pdf(READABLE, ""))
    assert [f for f in found if f.check == "page_unreadable"] == []


# ------------------------------------------------------------------ the catalogue


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_every_check_is_shown_from_both_sides(check):
    name = check.__name__
    assert name in FOUND or f"test_{name}_finds_a_picture_of_a_page" in globals()
    assert name in ALONE or f"test_{name}_leaves_an_empty_page_alone" in globals()


def test_low_confidence_finds_a_picture_of_a_page():
    cells = [doubtful("๒๕๖๙", 0.3), doubtful("สำนักปลัด", 1.0)]
    report = replace(report_of(*pages()), cells=tuple(cells))
    [finding] = [f for f in audit(report) if f.check == "low_confidence"]
    assert finding.pages == (2,)
    assert [said.text for said in finding.values] == ["๒๕๖๙"]
    assert finding.severity == "info"  # no row is shown for it


def test_low_confidence_leaves_an_empty_page_alone():
    report = replace(report_of(*pages()), cells=(doubtful("สำนักปลัด", 0.99),))
    assert [f for f in audit(report) if f.check == "low_confidence"] == []


def doubtful(raw: str, confidence: float) -> CellValue:
    """A cell of page 2 as a recogniser reads it."""
    return CellValue("a.pdf", 2, 0, 3, 1, raw, raw, "timeframe", "ocr", None, confidence, (raw,))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_every_check_says_what_it_finds_and_what_it_leaves_alone(check):
    finds, leaves = re.split(r"\n\s*\n", inspect.cleandoc(check.__doc__))[:2]
    assert finds.endswith(".")
    assert "left alone" in leaves
    assert inspect.isgeneratorfunction(check)


def test_stale_decision_finds_a_picture_of_a_page():
    """The cell of a decision reads otherwise now."""
    decision = cell_decision(was="อ่านเป็นอย่างอื่น", now="เป็นไปตามที่กำหนด")
    [finding] = [f for f in audit(decided(decision)) if f.check == "stale_decision"]
    assert finding.pages == (1,)
    assert finding.suggestion == "เป็นไปตามที่กำหนด"
    assert dict(finding.values)["was"] == "อ่านเป็นอย่างอื่น"
    assert dict(finding.values)["reads"] == ANALYSES[0]


def test_stale_decision_leaves_an_empty_page_alone():
    """The cell reads as it did: the decision is applied, and so it is in another row."""
    decision = cell_decision(was=ANALYSES[0], now="เป็นไปตามที่กำหนด")
    for moved in (decision, replace(decision, row=decision.row + 3)):
        report = decided(moved)
        assert [f for f in audit(report) if f.check == "stale_decision"] == []
        assert report.rows[0].analysis == "เป็นไปตามที่กำหนด"


def cell_decision(was, now):
    """A decision on the analysis of page 1."""
    cell = next(c for c in report_of(*pages()).cells if (c.page, c.field) == (1, "analysis"))
    return Decision("d1", "a.txt", "cell", "analysis", 1, cell.row, cell.column, was=was, now=now)


def decided(*decisions):
    return report_of(*pages(), decisions=decisions)


def test_checks_have_the_names_of_the_contract():
    names = [check.__name__ for check in CHECKS]
    assert len(set(names)) == len(names)
    assert set(names) == {
        *("agency_conflict", "agency_unknown", "year_conflict", "duplicate_page"),
        *("code_misread", "code_conflict", "code_unknown", "indicator_missing"),
        *("duplicate_row", "indicator_name_conflict", "header_variant", "cell_empty"),
        *("text_truncated", "step_gap", "question_mismatch", "analysis_missing"),
        *("score_range", "score_conflict", "reference_unknown", "unit_variant"),
        *("period_outside_year", "low_confidence", "stale_decision"),
        *("page_unreadable", "page_without_table"),
        *("sum_mismatch", "number_unread", "item_gap"),
    }
