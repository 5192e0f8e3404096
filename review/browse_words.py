"""The words of the browse pages, in Thai and English."""

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
