"""The words of the review page, in Thai and English."""

import re

from export.audit_page import CHECK_TITLES, FIELD_TITLES

PAGES = re.compile(r"[0-9][0-9, -]*")
WORDS: dict[str, tuple[str, str]] = {
    "title": ("ตรวจทาน", "Review"),
    "queue": ("รายการรอตรวจ", "Queue"),
    "needs_review": ("แถวที่ควรตรวจ", "Row to look at"),
    "unsaved": (
        "ค่าในช่องถูกแก้แล้ว: กดบันทึกค่า หรือโหลดหน้านี้ใหม่เพื่อทิ้งการแก้ไข",
        "the value was changed: save it, or load the page again to drop the change",
    ),
    "was_decided": ("ตัดสินไว้ว่า", "What was decided"),
    "in_document": ("ในเอกสารนี้", "in this document"),
    "history": ("ประวัติการตัดสิน", "History"),
    "help": ("วิธีใช้และแป้นลัด", "Help and keys"),
    "skip_link": ("ข้ามไปเนื้อหา", "Skip to content"),
    "left": ("เหลือ", "left"),
    "decided": ("ตัดสินแล้ว", "decided"),
    "of": ("จาก", "of"),
    "document": ("เอกสาร", "Document"),
    "check": ("ข้อสังเกต", "Check"),
    "severity": ("ระดับ", "Severity"),
    "page": ("หน้า", "Page"),
    "code": ("รหัส", "Code"),
    "field": ("ช่อง", "Field"),
    "says": ("ข้อความ", "What it says"),
    "confidence": ("ความเชื่อมั่น", "Confidence"),
    "all": ("ทั้งหมด", "All"),
    "filter": ("กรอง", "Filter"),
    "nothing": ("ไม่มีรายการรอตรวจแล้ว", "Nothing waits to be decided"),
    "error": ("ผิดพลาด", "error"),
    "warning": ("ควรตรวจ", "warning"),
    "info": ("หมายเหตุ", "note"),
    "raw": ("ตามที่อ่านได้", "As it was read"),
    "value": ("ค่าที่ได้", "Value"),
    "trace": ("การแก้ไขทีละขั้น", "How the value was made"),
    "untouched": ("ไม่มีการแก้ไข", "nothing was changed"),
    "rule": ("กฎ", "Rule"),
    "before": ("ก่อน", "Before"),
    "after": ("หลัง", "After"),
    "where": ("ที่", "Where"),
    "others": ("แต่ละแห่งว่าอย่างไร", "What each place says"),
    "suggestion": ("ข้อเสนอแนะ", "Suggestion"),
    "accept": ("ถูกต้องแล้ว", "Right as it is"),
    "edit": ("แก้ไข", "Edit"),
    "save": ("บันทึกค่า", "Save the value"),
    "choose": ("เลือกค่าอื่น", "Choose another reading"),
    "skip": ("ข้าม", "Skip"),
    "undo": ("ยกเลิกล่าสุด", "Undo the last"),
    "take_back": ("ยกเลิก", "Take back"),
    "alike": ("ใช้กับทุกแห่งที่เหมือนกันในเอกสารนี้", "Same for all alike in this document"),
    "why": ("เหตุผล (ไม่บังคับ)", "Why (not needed)"),
    "who": ("ผู้ตัดสิน", "Who decides"),
    "next": ("ถัดไป", "Next"),
    "previous": ("ก่อนหน้า", "Previous"),
    "row": ("แถวนี้", "The row"),
    "change_this": ("แก้ช่องนี้", "change"),
    "picture": ("ภาพหน้าเอกสาร", "Picture of the page"),
    "cell_picture": ("ภาพช่องที่ต้องตรวจ", "Picture of the cell"),
    "no_picture": ("ไม่มีภาพ", "No picture"),
    "dump_lines": ("ข้อความของหน้า", "Text of the page"),
    "written": ("เขียนลงตารางครบแล้ว", "All tables are up to date"),
    "writing": ("กำลังเขียนลงตาราง", "The tables are being written"),
    "read_only": ("อ่านอย่างเดียว: ตัดสินไม่ได้", "Read-only: nothing is decided here"),
    "gone": (
        "รายการนี้ตัดสินไปแล้ว หรือไม่มีอยู่แล้ว",
        "This was decided meanwhile, or is there no more",
    ),
    "changed": ("ค่านี้เปลี่ยนไปแล้ว", "The value has changed meanwhile"),
    "look_again": ("ดูรายการนี้อีกครั้ง", "Look at it again"),
    "saved": ("บันทึกแล้ว", "Saved"),
    "undone": ("ยกเลิกแล้ว", "Taken back"),
    "cannot": ("ทำไม่ได้", "This cannot be done"),
    "refused": ("บันทึกไม่ได้", "Not saved"),
    "holds": ("มีผล", "holds"),
    "no_history": ("ยังไม่มีการตัดสิน", "Nothing was decided yet"),
    "keys": ("แป้นลัด", "Keys"),
    "language": ("English", "ไทย"),
    "more": ("หน้าต่อไป", "Next page"),
    "less": ("หน้าก่อน", "Page before"),
    "doubtful": ("คำที่ไม่แน่ใจ", "Words in doubt"),
    "decide_on": ("กำลังตัดสินเรื่อง", "Deciding on"),
    "as_finding": ("ข้อสังเกตนี้", "this finding"),
    "whole_row": ("ทั้งแถว", "the whole row"),
}

KEYS: tuple[tuple[str, str, str], ...] = (
    ("a", "ถูกต้องแล้ว", "right as it is"),
    ("e", "แก้ไข (Ctrl+Enter บันทึก, Esc ออก)", "edit (Ctrl+Enter saves, Esc leaves)"),
    ("1-9", "เลือกค่าอื่น", "choose another reading"),
    ("s", "ข้าม", "skip"),
    ("l", "ใช้กับทุกแห่งที่เหมือนกัน", "same for all alike"),
    ("u", "ยกเลิกการตัดสินล่าสุด", "undo the last decision"),
    ("n / p", "รายการถัดไป / ก่อนหน้า", "next / previous item"),
    ("z", "ดูภาพทั้งหน้า", "the whole page, large"),
    ("g", "กลับไปรายการรอตรวจ", "the queue"),
    ("o", "เปิดรายการแรก", "open the first item"),
    ("f", "กรอง", "filter"),
    ("h", "ประวัติ", "history"),
    ("?", "หน้านี้", "this page"),
)


def check_name(check: str, language: str) -> str:
    """What a check is called for a person.

    >>> check_name("step_gap", "en"), check_name("needs_review", "en")
    ('Steps are not in sequence', 'Row to look at')
    """
    if check in WORDS:
        return word(check, language)
    title = CHECK_TITLES.get(check)
    return (title.th if language == "th" else title.en) if title else check


REASONS: dict[str, tuple[str, str]] = {
    "figures": ("ตัวเลขอ่านไม่ชัด", "figures are not certain"),
    "letters": ("ตัวอักษรอ่านไม่ชัด", "letters are not certain"),
    "merged": ("อาจมีเส้นแบ่งช่องที่หายไป", "a rule between two columns may be missed"),
    "agency": ("ชื่อหน่วยงานไม่แน่ชัด", "the agency is not certain"),
    "year": ("ปีไม่แน่ชัด", "the year is not certain"),
    "code": ("รหัสไม่แน่ชัด", "the code is not certain"),
    "code twice": ("รหัสซ้ำ", "another row has the same code"),
    "indicator": ("รหัสกับตัวชี้วัดไม่ตรงกัน", "the code is of another indicator"),
    "score": ("คะแนนไม่แน่ชัด", "the score is not certain"),
    "responsible": ("ผู้รับผิดชอบไม่แน่ชัด", "the units are not certain"),
    "sections": ("จุดแข็งหรือจุดอ่อนไม่แน่ชัด", "strengths or weaknesses are not certain"),
    "timeframe": ("ระยะเวลาไม่แน่ชัด", "the dates are not certain"),
}
"""Why a row is to be looked at (`Record.reasons`)."""


def reason(name: str, language: str) -> str:
    """Why a row is to be looked at, for a person.

    >>> reason("code twice", "en")
    'another row has the same code'
    """
    if name in REASONS:
        return REASONS[name][language != "th"]
    return check_name(name, language)


def where_name(where: str, language: str) -> str:
    """Where something is said, for a person: pages are called pages.

    >>> where_name("3, 7-9", "en"), where_name("framework 2568", "en")
    ('p. 3, 7-9', 'framework 2568')
    """
    if PAGES.fullmatch(where):
        return f"หน้า {where}" if language == "th" else f"p. {where}"
    return where


def field_name(name: str, language: str) -> str:
    """What a column or a value of a row is called for a person.

    >>> field_name("measures", "th"), field_name("", "en")
    ('มาตรการ', '')
    """
    title = FIELD_TITLES.get(name)
    return (title.th if language == "th" else title.en) if title else name


def word(key: str, language: str) -> str:
    """A word of the page in `th` or `en`.

    >>> word("accept", "en"), word("accept", "th")
    ('Right as it is', 'ถูกต้องแล้ว')
    """
    thai, english = WORDS[key]
    return thai if language == "th" else english
