"""The words of the browse pages, in Thai and English."""

import re

WORDS: dict[str, tuple[str, str]] = {
    "title": ("ค้นข้อมูล", "Browse"),
    "skip_link": ("ข้ามไปเนื้อหา", "Skip to content"),
    "language": ("English", "ไทย"),
    "tables": ("ตาราง", "Tables"),
    "records": ("รายการ", "records"),
    "of": ("จาก", "of"),
    "search": ("ค้นหา", "Search"),
    "search_in": ("ค้นหาใน", "Search in"),
    "search_hint": (
        "เว้นวรรคระหว่างคำ: ต้องพบทุกคำ เลขไทยและเลขอารบิกถือว่าเหมือนกัน",
        "A space between words: all of them. Thai and Arabic digits are the same.",
    ),
    "filter": ("เงื่อนไข", "Filter"),
    "column": ("เลือกคอลัมน์", "choose a column"),
    "drop_filter": ("ไม่ใช้เงื่อนไขนี้", "drop this one"),
    "apply": ("แสดง", "Show"),
    "clear": ("ล้างเงื่อนไขทั้งหมด", "Drop all conditions"),
    "all_columns": ("แสดงทุกคอลัมน์", "All columns"),
    "main_columns": ("แสดงคอลัมน์หลัก", "Main columns"),
    "facets": ("จำนวนตาม", "How many by"),
    "slow_facets": ("นับไม่ทันเวลา", "Not counted in time"),
    "more": ("ดูอีก", "more"),
    "remove": ("เอาออก", "drop"),
    "open": ("เปิด", "open"),
    "nothing": ("ไม่พบรายการ", "Nothing found"),
    "next_page": ("หน้าต่อไป", "Next page"),
    "as_json": ("JSON", "JSON"),
    "sql": ("SQL", "SQL"),
    "show_sql": ("ดูและแก้ SQL", "See and change the SQL"),
    "run": ("ค้น", "Run"),
    "sql_hint": (
        "อ่านได้อย่างเดียว คำสั่งหนึ่งใช้เวลาได้ไม่เกิน 5 วินาที",
        "Read only; a statement has five seconds.",
    ),
    "parameters": ("ค่าของตัวแปร", "Values of parameters"),
    "cut": ("แสดงเพียงส่วนแรก", "only the first are shown"),
    "columns": ("คอลัมน์", "Columns"),
    "of_document": ("ในตารางอื่นของเอกสารนี้", "This document in other tables"),
    "technical": ("ข้อมูลทางเทคนิค", "Technical"),
    "yes": ("ใช่", "yes"),
    "no": ("ไม่ใช่", "no"),
    "cannot": ("แสดงไม่ได้", "This cannot be shown"),
    "too_long": (
        "คำสั่งใช้เวลานานเกิน 5 วินาที ลองเพิ่มเงื่อนไข",
        "The query took longer than five seconds; narrow it down",
    ),
    "no_page": (
        "ไม่มีหน้านี้: เลือกตารางที่ต้องการจากหน้าแรก",
        "There is no such page: choose a table on the first page",
    ),
    "no_csv": (
        "หน้านี้ไม่มี CSV: ใช้ไฟล์ CSV ในโฟลเดอร์ผลลัพธ์ หรือคำสั่ง raingan export",
        "There is no CSV here: take that of the output folder, or raingan export",
    ),
    "no_record": (
        "ไม่พบรายการนี้: ตารางอาจเปลี่ยนไปแล้ว ค้นหาใหม่ในตารางที่ต้องการ",
        "There is no such record: the tables may have changed; search for it in its table",
    ),
    "no_column": (
        "ไม่มีคอลัมน์ {name}: ดูชื่อคอลัมน์ทั้งหมดได้ที่หน้า SQL",
        "There is no column {name}: the SQL page lists them",
    ),
    "not_select": (
        "คำสั่งต้องขึ้นต้นด้วย SELECT หรือ WITH เพราะหน้านี้อ่านได้อย่างเดียว: แก้คำสั่งแล้วค้นใหม่",
        "The statement has to begin with SELECT or WITH, since nothing is changed here: "
        "go back and change it",
    ),
    "bad_query": (
        "ทำตามคำขอไม่ได้ ({why}): ตรวจชื่อตารางและคอลัมน์ได้ที่หน้า SQL "
        'ชื่อที่เป็นคำของ SQL เช่น "references" และ "values" ต้องมีเครื่องหมายคำพูด',
        "That cannot be asked ({why}): the SQL page lists tables and columns; names that are words "
        'of SQL, such as "references" and "values", need their quotes',
    ),
    "changed": (
        "ตารางในโฟลเดอร์ผลลัพธ์เปลี่ยนไปแล้ว หน้านี้ยังแสดงข้อมูลเดิม: กด Ctrl-C แล้วสั่ง raingan browse ใหม่",
        "The tables of the output folder have changed, and this is how they were: "
        "press Ctrl-C and start raingan browse again",
    ),
    "made_with": ("แสดงด้วย Datasette", "Shown with Datasette"),
    "places": (
        "ชื่อและรหัสสถานที่จาก GeoThai (CC-BY-4.0)",
        "Names and codes of places: GeoThai (CC-BY-4.0)",
    ),
}
"""Thai, English."""

LOOKUPS: dict[str, tuple[str, str]] = {
    "exact": ("=", "="),
    "not": ("≠", "≠"),
    "contains": ("มีข้อความ", "contains"),
    "gte": ("≥", "≥"),
    "lte": ("≤", "≤"),
    "in": ("เป็นหนึ่งใน", "is one of"),
    "arraycontains": ("ในรายการมี", "list has"),
    "isnull": ("ว่าง", "is absent"),
    "notnull": ("ไม่ว่าง", "is there"),
}
"""Those of Datasette's comparisons that a form offers; an address may have the others."""


def word(key: str, language: str) -> str:
    """A word of the pages in `th` or `en`.

    >>> word("search", "en"), word("search", "th")
    ('Search', 'ค้นหา')
    """
    thai, english = WORDS[key]
    return thai if language == "th" else english


def lookup_name(key: str, language: str) -> str:
    """What a comparison is called; its own name where it has no other.

    >>> lookup_name("contains", "th"), lookup_name("glob", "th")
    ('มีข้อความ', 'glob')
    """
    thai, english = LOOKUPS.get(key, (key, key))
    return thai if language == "th" else english


TRUTH = {
    "1": frozenset({"1", "✓", "true", *WORDS["yes"]}),
    "0": frozenset({"0", "–", "-", "false", *WORDS["no"]}),
}


def said_of_truth(said: str) -> list[str]:
    """What stands in a table for a yes or a no; nothing where it is neither.

    >>> said_of_truth("ใช่"), said_of_truth("no"), said_of_truth("2")
    (['1'], ['0'], [])
    """
    return [value for value, words in TRUTH.items() if said in words]


SAID: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile("(?:Database|Table) not found|404|No data"), "no_page"),
    (re.compile("Record not found"), "no_record"),
    (re.compile("Statement must be a SELECT"), "not_select"),
    (
        re.compile(r"(?s:(?:\w+ has no column|no such column:|Cannot sort table by) (?P<name>.+))"),
        "no_column",
    ),
)
"""What Datasette and SQLite say, and what a person is told instead."""


def explained(said: object, language: str) -> str:
    """Why something cannot be shown, and what to do, for what Datasette or SQLite says of it.

    >>> explained("no such column: x", "en")
    'There is no column x: the SQL page lists them'
    """
    text = str(said)
    for pattern, key in SAID:
        if match := pattern.fullmatch(text):
            return word(key, language).format(**match.groupdict())
    return word("bad_query", language).format(why=text)
