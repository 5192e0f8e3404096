"""A random ITA improvement report as values: what is printed, and what a reader must find in it."""

from __future__ import annotations

import random
import re
import tomllib
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import geothai

THAI_DIGITS = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")
INDICATORS = (
    "การปฏิบัติหน้าที่",
    "การใช้งบประมาณ",
    "การใช้อำนาจ",
    "การใช้ทรัพย์สินของราชการ",
    "การแก้ไขปัญหาการทุจริต",
    "คุณภาพการดำเนินงาน",
    "ประสิทธิภาพการสื่อสาร",
    "การปรับปรุงการทำงาน",
    "การเปิดเผยข้อมูล",
    "การป้องกันการทุจริต",
)
OFFICIAL = {
    "i1": "การปฏิบัติงานหรือให้บริการของเจ้าหน้าที่ในหน่วยงานของท่านเป็นไปตามขั้นตอนและระยะเวลา มากน้อยเพียงใด",
    "i2": "เจ้าหน้าที่ในหน่วยงานของท่าน มีการเลือกปฏิบัติอย่างไม่เป็นธรรม ต่อผู้ที่มาติดต่อหรือผู้รับบริการ มากน้อยเพียงใด",
    "i3": "เจ้าหน้าที่ในหน่วยงานของท่าน มีการเรียกรับสินบน เพื่อแลกกับการปฏิบัติงานหรือการให้บริการหรือไม่",
    "i6": "หน่วยงานของท่าน มีการใช้งบประมาณหรือการจัดซื้อจัดจ้าง ที่เอื้อประโยชน์ให้บุคคลใดบุคคลหนึ่ง มากน้อยเพียงใด",
    "i10": "เจ้าหน้าที่ในหน่วยงานของท่าน มีการขอยืมหรือขอใช้ทรัพย์สินของหน่วยงาน "
    "อย่างถูกต้องตามขั้นตอน/แนวปฏิบัติ มากน้อยเพียงใด",
    "i12": "การกำกับดูแลและตรวจสอบทรัพย์สินของหน่วยงาน "
    "สามารถป้องกันการนำทรัพย์สินของหน่วยงานไปใช้เพื่อประโยชน์ส่วนตัวได้ มากน้อยเพียงใด",
    "i15": "ท่านเชื่อมั่นในกระบวนการจัดการเรื่องร้องเรียนการทุจริตและประพฤติมิชอบภายในหน่วยงานของท่าน มากน้อยเพียงใด",
    "e1": "เจ้าหน้าที่ปฏิบัติงานหรือให้บริการแก่ท่าน เป็นไปตามขั้นตอนและระยะเวลา",
    "e4": "หน่วยงานมีช่องทางการเผยแพร่ข้อมูลข่าวสารที่สามารถเข้าถึงได้ง่าย",
    "e7": "หน่วยงานมีการเปิดโอกาสให้บุคคลภายนอกได้เข้าไปมีส่วนร่วมในการปรับปรุงพัฒนาการดำเนินงานของหน่วยงาน",
    "e8": "หน่วยงานมีการปรับปรุงการดำเนินงานให้ตอบสนองต่อประชาชน",
    "e9": "หน่วยงานมีการพัฒนาการให้บริการผ่านช่องทางออนไลน์ให้สะดวก รวดเร็ว และมีประสิทธิภาพ",
}
OIT_2568 = {
    "o1": "โครงสร้างและอำนาจหน้าที่",
    "o2": "ข้อมูลผู้บริหาร",
    "o3": "ข้อมูลการติดต่อ",
    "o6": "แผนและความก้าวหน้าในการดำเนินงานและการใช้งบประมาณประจำปี",
    "o8": "คู่มือหรือแนวทางการปฏิบัติงานของเจ้าหน้าที่",
    "o10": "E–Service",
    "o11": "ข้อมูลสถิติการให้บริการ",
    "o17": "แนวปฏิบัติการจัดการเรื่องร้องเรียนการทุจริตและประพฤติมิชอบ",
    "o20": "การเปิดโอกาสให้เกิดการมีส่วนร่วม",
    "o21": "ประกาศเจตนารมณ์และการสร้างวัฒนธรรม ตามนโยบาย No Gift Policy จากการปฏิบัติหน้าที่",
    "o24": "รายงานผลการดำเนินการเพื่อจัดการความเสี่ยงการทุจริตและประพฤติมิชอบประจำปี",
    "o25": "แผนปฏิบัติการป้องกันการทุจริต",
    "o26": "รายงานผลการดำเนินการป้องกันการทุจริตประจำปี",
}
OIT_2569 = {
    "o2": "ข้อมูลผู้บริหาร",
    "o3": "ข้อมูลการติดต่อและช่องทางการสอบถาม",
    "o7": "รายงานผลการดำเนินงานประจำปี",
    "o10": "ระบบการให้บริการผ่านช่องทางออนไลน์ (E-Service)",
    "o11": "สรุปผลการจัดซื้อจัดจ้างหรือการจัดหาพัสดุรายเดือน",
    "o21": "การประเมินความเสี่ยงการทุจริตในหน่วยงานภาครัฐ",
    "o23": "แผนปฏิบัติการป้องกันการทุจริต",
    "o24": "รายงานผลการดำเนินการป้องกันการทุจริต",
}
CODES = {
    1: ("i1", "i2", "i3"),
    2: ("i4", "i5", "i6"),
    3: ("i7", "i8", "i9"),
    4: ("i10", "i11", "i12"),
    5: ("i13", "i14", "i15"),
    6: ("e1", "e2", "e3"),
    7: ("e4", "e5", "e6"),
    8: ("e7", "e8", "e9"),
}
UNITS = (
    "สำนักปลัด",
    "กองคลัง",
    "กองช่าง",
    "กองการศึกษา",
    "กองสาธารณสุขและสิ่งแวดล้อม",
    "กองสวัสดิการสังคม",
    "กองยุทธศาสตร์และงบประมาณ",
    "หน่วยตรวจสอบภายใน",
    "งานนิติการ",
    "งานประชาสัมพันธ์",
    "กองการเจ้าหน้าที่",
)
FIELDS = (
    "indicator",
    "question",
    "analysis",
    "measures",
    "result",
    "steps",
    "timeframe",
    "responsible",
)
HEADERS = {
    "no": ("ลำดับ", "ที่", "ลำดับที่"),
    "indicator": ("ประเด็น/ ตัวชี้วัด ITA", "ตัวชี้วัด", "ตัวชี้วัดการประเมิน ITA", "ประเด็น/ตัวชี้วัด"),
    "question": ("ข้อคำถาม ITA", "ข้อความ ITA", "ข้อคำถาม", "ประเด็นข้อคำถามการประเมิน"),
    "analysis": ("ผลการวิเคราะห์การประเมิน", "ผลการวิเคราะห์", "การวิเคราะห์ผลการประเมิน"),
    "measures": ("มาตรการ/โครงการ/กิจกรรม", "มาตรการ/ แนวทาง/ กิจกรรม", "โครงการ/กิจกรรม/มาตรการ"),
    "result": (
        "ผลการวิเคราะห์ตัวชี้วัดที่สอดคล้องกับมาตรการ/โครงการ/กิจกรรม",
        "ผลการวิเคราะห์ที่สอดคล้องกับมาตรการ",
        "จุดแข็ง/จุดที่ต้องพัฒนา",
    ),
    "steps": ("ขั้นตอน/วิธีการดำเนินการ", "ขั้นตอนหรือวิธีการดำเนินการ", "วิธีการดำเนินการ"),
    "timeframe": ("ระยะเวลาการดำเนินการ", "ระยะเวลาดำเนินการ", "ระยะเวลา"),
    "responsible": ("ผู้รับผิดชอบ", "หน่วยงานที่รับผิดชอบ", "ผู้รับผิดชอบ/หน่วยงาน"),
}
MONTHS = [
    "ตุลาคม",
    "พฤศจิกายน",
    "ธันวาคม",
    "มกราคม",
    "กุมภาพันธ์",
    "มีนาคม",
    "เมษายน",
    "พฤษภาคม",
    "มิถุนายน",
    "กรกฎาคม",
    "สิงหาคม",
    "กันยายน",
]
SHORT = [
    "ต.ค.",
    "พ.ย.",
    "ธ.ค.",
    "ม.ค.",
    "ก.พ.",
    "มี.ค.",
    "เม.ย.",
    "พ.ค.",
    "มิ.ย.",
    "ก.ค.",
    "ส.ค.",
    "ก.ย.",
]
LAST_DAY = (31, 30, 31, 31, 28, 31, 30, 31, 30, 31, 31, 30)
LOOKALIKE = {
    "ฆ": "ห", "ช": "ซ", "ซ": "ช", "ด": "ต", "ต": "ด", "ถ": "ภ", "ภ": "ถ", "บ": "ป", "ป": "บ",
    "พ": "ฟ", "ผ": "ฝ", "ค": "ต", "ง": "ว", "น": "ม", "ม": "น", "ล": "ส", "ส": "ล", "ว": "ง",
}  # fmt: skip


@cache
def phrases() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "phrases.toml").read_text("utf-8"))


@dataclass(frozen=True)
class Style:
    """How the report looks; what is drawn before anything is written."""

    kind: str
    columns: tuple[str, ...] = FIELDS
    headers: dict[str, str] = field(default_factory=dict)
    groups: bool = True  # two-row merged header
    sections: bool = True  # a table with its title a section, else one table that flows
    titles: str = "inside"  # inside | above | both
    repeat_header: bool = True
    header_once: bool = False  # in section mode: only the first table has a header
    landscape: bool = True
    paper: str = "A4"
    cover: bool = True
    font: str = "Laksaman"
    size: float = 10.0
    digits: str = "thai"  # thai | arabic | mixed
    code: str = "i1"  # how the code is printed
    indicator: str = "merged"  # merged | repeated | blank | band
    dot: str = "."
    bold: bool = True
    valign: str = "top"
    bullets: str = "-"
    numbering: str = "1. "
    unit_join: str = "\n"
    page_numbers: bool = True
    defect: str = ""
    wraps: bool = True  # dumps: line wraps as spaces
    marker: str = "comment"  # dumps: formfeed | comment | rule | none
    noise: bool = False  # dumps: codes and references misread as OCR does


@dataclass(frozen=True)
class PrintedRow:
    """One physical row; `key` joins it to its truth, `part` counts its continuations."""

    key: int
    indicator: int
    cells: dict[str, tuple[str, ...]]
    part: int = 0


@dataclass(frozen=True)
class Section:
    titles: tuple[str, ...]
    rows: tuple[PrintedRow, ...]
    headers: dict[str, str]
    tag: int = 0


@dataclass(frozen=True)
class Leaf:
    """A page without indicator rows: cover, foreword with a score summary, signature, image."""

    kind: str
    lines: tuple[str, ...]
    table: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Report:
    style: Style
    agency: str
    variants: tuple[str, ...]
    district: str | None
    province: str
    district_code: str | None
    province_code: str
    year: int
    blocks: tuple[Leaf | Section, ...]
    truth: tuple[dict[str, Any], ...]  # one a code; `key` names its physical row
    findings: tuple[dict[str, Any], ...]  # `rows`/`sections`/`leaves` stand for pages until printed
    tolerated: tuple[dict[str, Any], ...]
    clean: bool


# ------------------------------------------------------------------ places
@cache
def places() -> tuple[Any, ...]:
    return tuple(
        (s, d, p)
        for p in geothai.provinces()
        if p.code != "10"
        for d in geothai.districts(p.code)
        for s in geothai.subdistricts(d.code)
        if 3 <= len(s.name_th) <= 14 and re.fullmatch("[ก-๙]+", s.name_th)
    )


def look_alike(name: str, rng: random.Random) -> str | None:
    """The name with one letter misread, where no place of the country bears the result."""
    taken = {s.name_th for s, _, _ in places()}
    spots = [i for i, c in enumerate(name) if c in LOOKALIKE]
    rng.shuffle(spots)
    for i in spots:
        other = name[:i] + LOOKALIKE[name[i]] + name[i + 1 :]
        if other not in taken:
            return other
    return None


@dataclass(frozen=True)
class Agency:
    full: str
    short: str
    district: str | None
    province: str
    district_code: str | None
    province_code: str
    local: str

    def line(self, form: str) -> str:
        name = self.full if form != "short" else self.short
        if self.district is None:
            return name
        if form == "abbreviated":
            return f"{name} อ.{self.district} จ.{self.province}"
        return f"{name} อำเภอ{self.district} จังหวัด{self.province}"


def draw_agency(rng: random.Random, kind: str = "") -> Agency:
    sub, district, province = rng.choice(places())
    kind = kind or rng.choices(
        ["เทศบาลตำบล", "องค์การบริหารส่วนตำบล", "เทศบาลเมือง", "เทศบาลนคร", "องค์การบริหารส่วนจังหวัด"],
        [50, 30, 8, 4, 8],
    )[0]  # fmt: skip
    if kind == "องค์การบริหารส่วนจังหวัด":
        full = kind + province.name_th
        return Agency(
            full, "อบจ." + province.name_th, None, province.name_th, None, province.code, ""
        )
    short = {"องค์การบริหารส่วนตำบล": "อบต."}.get(kind, kind)
    return Agency(
        kind + sub.name_th, short + sub.name_th, district.name_th, province.name_th,
        district.code, province.code, sub.name_th,
    )  # fmt: skip


# ------------------------------------------------------------------ texts
def one(rng: random.Random, group: str, key: str = "any") -> str:
    return str(rng.choice(phrases()[group][key]))


def analysis(rng: random.Random, indicator: int, year: int) -> tuple[str, list[str]]:
    """An analysis and the OIT codes it refers to."""
    top = 26 if year >= 2569 else 18
    pool = [f"o{n}" for n in rng.sample(range(2, top + 1), 3)]
    refs = pool[: rng.choice([0, 0, 1, 1, 1, 2, 2])]
    quote = ""
    if refs:
        joined = {1: refs[0], 2: rng.choice([", ", " ,", " และ "]).join(refs)}[len(refs)]
        quote = " " + rng.choice(["(อ้างอิงจาก {})", "(อ้างอิงจาก {})", "(อ้างอิง {})"]).format(joined)
    text = one(rng, "observations", str(indicator)) + rng.choice([" ดังนั้น ", " ", " "])
    text += one(rng, "advice") + quote
    for _ in range(rng.choice([0, 0, 1, 1, 2])):
        text += " " + one(rng, "tails") if rng.random() < 0.5 else " อีกทั้ง" + one(rng, "advice")
    if rng.random() < 0.6 and not text.endswith(")"):
        text += " " + one(rng, "tails")
    return text, refs


def numbered(items: list[str], style: Style) -> list[str]:
    return [style.numbering.replace("1", str(i)) + t for i, t in enumerate(items, 1)]


def bulleted(items: list[str], style: Style) -> list[str]:
    return [f"{style.bullets} {t}" for t in items]


def measures(rng: random.Random, style: Style) -> list[str]:
    items = rng.sample(phrases()["measures"]["any"], rng.choice([1, 1, 1, 2, 2, 3]))
    if len(items) == 1:
        return items
    return numbered(items, style) if rng.random() < 0.7 else bulleted(items, style)


def steps(rng: random.Random, style: Style) -> list[str]:
    bodies = rng.sample(phrases()["steps"]["bodies"], rng.choice([1, 2, 2, 3, 3, 4]))
    if len(bodies) == 1:
        return bodies if rng.random() < 0.5 else bulleted(bodies, style)
    if rng.random() < 0.5:
        heads = rng.sample(phrases()["steps"]["heads"], len(bodies))
        joint = rng.choice([" ", ": "])
        bodies = [h + joint + b for h, b in zip(heads, bodies, strict=True)]
        return numbered(bodies, style)
    return numbered(bodies, style) if rng.random() < 0.6 else bulleted(bodies, style)


def score_value(rng: random.Random) -> str:
    if rng.random() < 0.5:
        return str(rng.randint(62, 99))
    return f"{rng.randint(60, 99)}.{rng.randint(1, 99):02d}"


def score_text(rng: random.Random, score: str) -> str:
    text = one(rng, "scores").format(score=score)
    if rng.random() < 0.3:
        near = one(rng, "scores", "near")
        text += " " + near.format(small=rng.randint(2, 9), share=rng.randint(20, 95))
    return text


def result(rng: random.Random, style: Style, score: str | None) -> dict[str, Any]:
    """The lines of `result`, with what stands under its headings."""
    if rng.random() < 0.2:
        lines = [one(rng, "remarks")]
        if score:
            lines.append(score_text(rng, score))
        return {"lines": lines, "strengths": None, "weaknesses": None}
    sides = rng.choice([("s",), ("w",), ("s", "w"), ("s", "w"), ("s", "w")])
    lines, out = [], {"s": None, "w": None}
    last = sides[-1]
    for side in sides:
        head = "จุดแข็ง" if side == "s" else rng.choice(["จุดอ่อน", "จุดที่ต้องพัฒนา", "จุดที่ควรพัฒนา"])
        group = "strengths" if side == "s" else "weaknesses"
        items = rng.sample(phrases()[group]["any"], rng.choice([1, 1, 2, 3]))
        if score and side == last:
            items.insert(rng.randint(0, len(items)), score_text(rng, score))
        if len(items) == 1 and rng.random() < 0.7:
            joint = rng.choice([": ", ": ", " "])
            out[side] = items[0]
            lines.append(head + joint + items[0])
        else:
            body = bulleted(items, style) if rng.random() < 0.7 else numbered(items, style)
            out[side] = "\n".join(body)
            lines += [head + rng.choice(["", ":"]), *body]
    return {"lines": lines, "strengths": out["s"], "weaknesses": out["w"]}


def month_date(year: int, month: int, day: int) -> str:
    """ISO date of the n-th month (0 = October) of a Thai fiscal year."""
    gregorian = year - 543 - (1 if month < 3 else 0)
    calendar = (month + 9) % 12 + 1
    return f"{gregorian}-{calendar:02d}-{day:02d}"


def last_day(year: int, month: int) -> int:
    gregorian = year - 543 - (1 if month < 3 else 0)
    return 29 if month == 4 and gregorian % 4 == 0 else LAST_DAY[month]


def be_year(year: int, month: int) -> int:
    return year - 1 if month < 3 else year


def period(rng: random.Random, year: int, dash: str = "") -> tuple[str, str, str]:
    """A timeframe as printed, with its first and last day."""
    start, end = 0, 11
    dash = dash or rng.choice([" - ", "-", " – ", " ถึง "])
    form = rng.choices(
        ["year", "quarters", "quarter", "goes on", "months", "short", "days"],
        [40, 15, 10, 8, 10, 7, 10],
    )[0]
    if form == "year":
        text = rng.choice(
            [f"ตลอดปีงบประมาณ {year}", f"ตลอดปีงบประมาณ พ.ศ. {year}", f"ปีงบประมาณ พ.ศ. {year}"]
        )
        if rng.random() < 0.25:
            text += " " + one(rng, "notes")
    elif form in ("quarters", "goes on"):
        a = 1 if form == "goes on" else rng.randint(1, 3)
        b = rng.randint(a + 1, 4) if form == "quarters" else 2
        start, end = (a - 1) * 3, b * 3 - 1
        quarters = dash if dash != " ถึง " else " - "
        text = rng.choice(["ไตรมาส ", "ไตรมาสที่ "]) + f"{a}{quarters}{b}"
        if form == "goes on":
            text, end = text + f" และต่อเนื่องตลอดปีงบประมาณ {year}", 11
        elif rng.random() < 0.5:
            text += f" ปีงบประมาณ {year}"
    elif form == "quarter":
        a = rng.randint(1, 4)
        start, end = a * 3 - 3, a * 3 - 1
        text = f"ไตรมาสที่ {a}" + rng.choice(["", f" ปีงบประมาณ {year}", f" ของปีงบประมาณ พ.ศ. {year}"])
    else:
        start = rng.choice([0, 0, 0, 2, 3, 6])
        end = rng.choice([m for m in (2, 5, 8, 11, 11) if m > start])
        y1, y2 = be_year(year, start), be_year(year, end)
        if form == "months":
            text = f"{MONTHS[start]} {y1}{dash}{MONTHS[end]} {y2}"
            text = rng.choice(["", "เดือน"]) + text
        elif form == "short":
            cut = rng.choice([0, 2500])
            text = f"{SHORT[start]} {y1 - cut}{dash}{SHORT[end]} {y2 - cut}"
        else:
            text = f"1 {MONTHS[start]} {y1}{dash}{last_day(year, end)} {MONTHS[end]} {y2}"
    return text, month_date(year, start, 1), month_date(year, end, last_day(year, end))


def responsible(rng: random.Random, style: Style) -> tuple[list[str], list[str]]:
    count = rng.choice([1, 1, 2, 3, 4])
    names = sorted(rng.sample(UNITS, count), key=UNITS.index)
    if style.unit_join == "\n":
        return names, names
    return [style.unit_join.join(names)], names


def print_code(code: str, form: str) -> str:
    return form.replace("i1", code).replace("I1", code.upper())


# ------------------------------------------------------------------ a row
def logical_row(
    rng: random.Random, style: Style, codes: tuple[str, ...], indicator: int, agency: Agency,
    year: int, oit: dict[str, str],
) -> tuple[dict[str, tuple[str, ...]], list[dict[str, Any]]]:  # fmt: skip
    """The cells of one physical row, and the truth of each of its codes."""
    score = score_value(rng) if rng.random() < 0.45 else None
    if "result" not in style.columns:
        score = None
    name = rng.choice([agency.full, "หน่วยงาน", agency.full])
    mine = [m.format(agency=name) for m in measures(rng, style)]
    held = result(rng, style, score)
    done = steps(rng, style)
    when, start, end = period(rng, year)
    printed_units, units = responsible(rng, style)
    prefix = style.bold if len(codes) == 1 else True  # `i1 ประเด็น` before the analysis
    question_lines, analysis_lines, truths = [], [], []
    for code in codes:
        wording = (
            OFFICIAL.get(code)
            or oit.get(code)
            or rng.choice(phrases()["questions"].get(code, ["-"]))
        )
        text, refs = analysis(rng, indicator, year)
        lead = ""
        if code[0] == "o" and indicator == 9 and rng.random() < 0.15:
            lead = "1) ตัวชี้วัดย่อย 9.1 ข้อมูลพื้นฐาน ข้อ "
        question_lines.append(
            lead + print_code(code, style.code if not lead else "i1") + " " + wording
        )
        analysis_lines.append((f"{code} ประเด็น " if prefix else "") + text)
        truths.append(
            {
                "code": code,
                "indicator_no": indicator,
                "indicator_name": INDICATORS[indicator - 1],
                "instrument": {"i": "IIT", "e": "EIT", "o": "OIT"}[code[0]],
                "question": wording,
                "analysis": text,
                "measures": "\n".join(mine),
                "result": "\n".join(held["lines"]),
                "steps": "\n".join(done),
                "timeframe": when,
                "strengths": held["strengths"],
                "weaknesses": held["weaknesses"],
                "score": float(score) if score else None,
                "start_date": start,
                "end_date": end,
                "responsible": units,
                "references": refs,
                "skip": [],
            }
        )
    cells = {
        "question": tuple(question_lines),
        "analysis": tuple(analysis_lines),
        "measures": tuple(mine),
        "result": tuple(held["lines"]),
        "steps": tuple(done),
        "timeframe": (when,),
        "responsible": tuple(printed_units),
    }
    return cells, truths


def pick_codes(
    rng: random.Random, oit: dict[str, str], count: int
) -> list[tuple[int, tuple[str, ...]]]:
    """(indicator, codes of one physical row), every indicator at least once."""
    chosen: list[tuple[int, tuple[str, ...]]] = []
    for indicator, codes in CODES.items():
        if indicator == 8 and rng.random() < 0.6:
            chosen.append((8, codes))
            continue
        known = [c for c in codes if c in OFFICIAL]
        take = {rng.choice(known)} if known and rng.random() < 0.7 else {rng.choice(codes)}
        while rng.random() < (count - 10) / 14 and len(take) < 3:
            take.add(rng.choice(codes))
        chosen += [(indicator, (c,)) for c in sorted(take, key=lambda c: int(c[1:]))]
    first_of_10 = 20 if len(oit) == len(OIT_2569) else 21
    for indicator in (9, 10):
        pool = [c for c in oit if (int(c[1:]) >= first_of_10) == (indicator == 10)]
        take = set(rng.sample(pool, 1 if rng.random() < 0.7 else 2))
        chosen += [(indicator, (c,)) for c in sorted(take, key=lambda c: int(c[1:]))]
    return chosen


# ------------------------------------------------------------------ the report
TITLES = (
    "รายงานผลการประเมิน ITA ไปสู่การพัฒนาองค์กร ในปีงบประมาณ พ.ศ. {year}",
    "รายงานการนำผลการประเมิน ITA ไปสู่การปฏิบัติ ประจำปีงบประมาณ พ.ศ. {year}",
    "แนวทางการปรับปรุงและพัฒนาคุณธรรมและความโปร่งใส ประจำปีงบประมาณ พ.ศ. {year}",
    "การนำผลการประเมินคุณธรรมและความโปร่งใส (ITA) ไปสู่การพัฒนาองค์กร ปีงบประมาณ {year}",
)
COVER = (
    "รายงานการวิเคราะห์ผลการประเมินคุณธรรมและความโปร่งใสในหน่วยงานภาครัฐ",
    "ประจำปีงบประมาณ {year}",
)
GROUP_LEFT = "การวิเคราะห์ผลการประเมิน ในปี {before}"
GROUP_RIGHT = "การนำผลการวิเคราะห์ไปสู่การปฏิบัติ"
OTHER_QUESTION = {"ข้อความ ITA": "ข้อคำถาม ITA"}
FAULTS_ANY = (
    "cell-empty", "step-gap", "reference-unknown", "period-outside-year", "score-range",
    "unit-variant", "question-mismatch", "text-truncated", "indicator-name-conflict",
    "duplicate-row", "score-conflict", "indicator-missing", "analysis-missing", "code-unknown",
)  # fmt: skip
MIND_QUESTION = ("question-mismatch", "code-unknown", "duplicate-row", "indicator-name-conflict")
FAULTS_SECTIONS = ("agency-conflict", "year-conflict", "duplicate-page", "header-variant")
FAULTS_DUMP = ("code-misread", "look-alike", "misread-twice")
FAULTS_PDF = ("page-unreadable",)


def draw_style(rng: random.Random, kind: str) -> Style:
    dump = kind in ("tsv", "markdown", "html")
    columns = list(FIELDS)
    roll = rng.random()
    if roll < 0.15:
        columns.remove("result")
    elif roll < 0.25:
        columns.insert(0, "no")
    if rng.random() < 0.12:
        columns[-1], columns[-2] = columns[-2], columns[-1]
    if rng.random() < 0.08 and "result" in columns:
        columns.remove("result")
        columns.insert(columns.index("measures"), "result")
    landscape = dump or rng.random() < 0.75
    sections = dump or rng.random() < 0.5
    indicator = rng.choices(["merged", "repeated", "blank", "band"], [60, 15, 15, 10])[0]
    if dump:
        indicator = rng.choices(["merged", "repeated", "blank"], [50, 30, 20])[0]
    if indicator == "band":
        columns.remove("indicator")
    groups = rng.random() < 0.7 and indicator != "band"
    return Style(
        kind=kind,
        columns=tuple(columns),
        headers={
            f: rng.choice(HEADERS[f]) if rng.random() < 0.5 else HEADERS[f][0] for f in HEADERS
        },
        groups=groups,
        sections=sections,
        titles=rng.choices(["inside", "above", "both"], [45, 45, 10])[0],
        repeat_header=rng.random() < 0.7,
        header_once=dump and rng.random() < 0.15,
        landscape=landscape,
        paper="A4" if rng.random() < 0.8 else "legal",
        cover=rng.random() < 0.7,
        font=rng.choice(["Laksaman", "Laksaman", "Norasi", "Garuda", "Loma", "Umpush", "Waree"]),
        size=rng.choice([9, 10, 11, 12]) if landscape else rng.choice([7.5, 8, 8.5]),
        digits=rng.choices(["thai", "arabic", "mixed"], [50, 35, 15])[0],
        code=rng.choices(["i1", "I1", "ข้อ i1", "i1.", "(i1)"], [60, 15, 10, 10, 5])[0],
        indicator=indicator,
        dot=rng.choice([".", ". ", ". "]),
        bold=rng.random() < 0.6,
        valign=rng.choice(["top", "top", "middle"]),
        bullets=rng.choice(["-", "-", "•"]),
        numbering=rng.choice(["1. ", "1. ", "1) ", "1."]),
        unit_join=rng.choice(["\n", "\n", " ", " / ", ", "]),
        page_numbers=rng.random() < 0.6,
        wraps=rng.random() < 0.7,
        marker=rng.choice(["formfeed", "comment", "rule", "none"]),
        noise=dump and rng.random() < 0.6,
    )


DEFECT_NAMES = (
    "word2007", "word2007", "word2007", "excel", "excel", "word-and-excel", "word-and-right",
    "word2013", "pua", "fffd", "fffd-am", "tone-first", "gap", "zwsp", "nbsp", "no-tones",
)  # fmt: skip


def draw_report(rng: random.Random, kind: str, clean: bool | None = None, **fixed: Any) -> Report:
    """A report of this kind; `fixed` sets fields of its Style, its agency kind and its year."""
    year = int(fixed.pop("year", 0)) or rng.randint(2566, 2570)
    agency_kind = str(fixed.pop("agency_kind", ""))
    wanted = fixed.pop("faults", None)
    style = replace(draw_style(rng, kind), **fixed)
    if kind == "word":  # Chromium, with the text layer of another exporter
        names = [style.defect] if style.defect else DEFECT_NAMES
        style = replace(style, kind="chromium", defect=rng.choice(names), numbering="1. ")
    if style.defect == "no-tones":
        style = replace(style, indicator="merged")
        if "indicator" not in style.columns:
            style = replace(style, columns=("indicator", *style.columns))
    if style.kind in DUMPS and style.marker == "none":
        style = replace(style, cover=True, header_once=False)
    if style.indicator == "band" and "indicator" in style.columns:
        style = replace(style, columns=tuple(c for c in style.columns if c != "indicator"))
    agency = draw_agency(rng, agency_kind)
    oit = OIT_2569 if year - 1 >= 2569 else OIT_2568
    clean = rng.random() < 0.4 if clean is None else clean
    faults = list(wanted or [])
    if not clean and wanted is None:
        pool = list(FAULTS_ANY)
        if style.sections:
            pool += FAULTS_SECTIONS * 2
        pool += FAULTS_DUMP * 3 if kind in ("tsv", "markdown", "html") else FAULTS_PDF
        faults = sorted(set(rng.sample(pool, rng.choice([2, 3, 3, 4, 5]))))
    if wanted is None and rng.random() < 0.12:
        faults.append("dash")
    if wanted is None and rng.random() < 0.12 and "stranger" not in faults:
        faults.append("stranger")
    if style.sections and "look-alike" in faults:
        faults = [f for f in faults if f != "agency-conflict"]
    return build(rng, style, agency, year, oit, faults)


def build(
    rng: random.Random, style: Style, agency: Agency, year: int, oit: dict[str, str],
    faults: list[str],
) -> Report:  # fmt: skip
    findings: list[dict[str, Any]] = []
    tolerated: list[dict[str, Any]] = []
    faults = [f for f in faults if style.defect != "no-tones" or f not in MIND_QUESTION]
    plan = pick_codes(rng, oit, 12 if style.kind == "html" else rng.randint(11, 17))
    if "indicator-missing" in faults:
        gone = rng.randint(1, 10)
        if "analysis-missing" in faults and gone == 8:
            gone = 7
        plan = [x for x in plan if x[0] != gone]
        findings.append(note("indicator-missing", None, f"indicator {gone}", fixed_pages=[]))
    if "analysis-missing" in faults and (8, ("e7", "e8", "e9")) not in plan:
        plan = [x for x in plan if x[0] != 8]
        at = next((i for i, x in enumerate(plan) if x[0] > 8), len(plan))
        plan.insert(at, (8, ("e7", "e8", "e9")))
    if style.defect == "no-tones":
        plan = [x for x in plan if all(c in OFFICIAL for c in x[1])]
        plan += [(9, ("o2",)), (10, ("o25" if "o25" in oit else "o23",))]
        tolerated.append({"check": "indicator-missing"})
    rows, truth = [], []
    for key, (indicator, codes) in enumerate(plan):
        cells, truths = logical_row(rng, style, codes, indicator, agency, year, oit)
        rows.append(PrintedRow(key, indicator, cells))
        truth += [dict(t, key=key) for t in truths]
    rows, truth = inject_rows(rng, style, year, faults, rows, truth, findings, tolerated)
    form = rng.choices(["full", "abbreviated", "short"], [75, 10, 15])[0]
    title = rng.choice(TITLES)

    def titles(of: Agency, at: int) -> tuple[str, ...]:
        lines = (title.format(year=at), of.line(form))
        return lines if style.titles != "inside" or form == "full" else (" ".join(lines),)

    sections = paginate(rng, style, rows, titles(agency, year))
    sections, variants = inject_sections(
        rng, style, agency, year, faults, sections, titles, findings, tolerated, truth
    )
    blocks: list[Leaf | Section] = []
    if style.cover:
        lines = [*(c.format(year=year) for c in COVER), agency.line("full")]
        blocks.append(Leaf("cover", tuple(lines)))
    if rng.random() < 0.45 and (style.marker != "none" or style.kind not in DUMPS):
        paragraphs = [p.format(agency=agency.full) for p in phrases()["narrative"]["foreword"]]
        table = score_summary(rng) if rng.random() < 0.6 else ()
        blocks.append(Leaf("foreword", ("คำนำ", *rng.sample(paragraphs, 3)), table))
    blocks += sections
    if "page-unreadable" in faults and style.kind not in DUMPS:
        spot = rng.choice([len(blocks), 1 if style.cover else 0])
        blocks.insert(
            spot, Leaf("image", ("ประกาศเจตนารมณ์", *phrases()["narrative"]["foreword"][2:3]))
        )
        findings.append(note("page-unreadable", None, "an image-only page", leaves=["image"]))
    if rng.random() < 0.35 and (style.marker != "none" or style.kind not in DUMPS):
        box = (("ติดต่อสอบถาม", agency.full), ("โทรศัพท์", f"0{rng.randint(20000000, 59999999)}"))
        box = box if rng.random() < 0.5 else ()
        blocks.append(Leaf("signature", tuple(phrases()["narrative"]["signature"]), box))
    own = [t["code"] for t in truth if t["code"] not in OFFICIAL and t["code"] not in oit]
    loose = own + [t["code"] for t in truth if t["code"][0] == "o"]
    if loose:
        tolerated.append(
            {"check": "question-mismatch", "codes": loose, "why": "own wording, or other year"}
        )
    return Report(
        style, agency.full, (agency.full, agency.short, *variants), agency.district,
        agency.province, agency.district_code, agency.province_code, year, tuple(blocks),
        tuple(truth),
        tuple(findings), tuple(tolerated), not findings,
    )  # fmt: skip


DUMPS = ("tsv", "markdown", "html")


def note(check: str, code: str | None, text: str, **where: Any) -> dict[str, Any]:
    return {"check": check, "code": code, "note": text, **where}


def score_summary(rng: random.Random) -> tuple[tuple[str, ...], ...]:
    head = ("ที่", "ตัวชี้วัด", "คะแนน")
    body = ((str(i), n, f"{rng.uniform(70, 99):.2f}") for i, n in enumerate(INDICATORS, 1))
    return (head, *body)


def paginate(
    rng: random.Random, style: Style, rows: list[PrintedRow], titles: tuple[str, ...]
) -> list[Section]:
    """The rows in sections; in a dump a section is a page, and long rows go on over its end."""
    if not style.sections:
        return [Section(titles, tuple(rows), style.headers, 0)]
    sections: list[list[PrintedRow]] = [[]]
    for row in rows:
        if style.kind in DUMPS:
            full = len(sections[-1]) >= rng.choice([1, 1, 2, 2])
        else:
            full = bool(sections[-1]) and sections[-1][-1].indicator != row.indicator
            full = full and rng.random() < 0.8
        if full and sections[-1]:
            sections.append([])
        if style.kind in DUMPS and sections[-1] and rng.random() < 0.45:
            first, rest = split_row(rng, row)
            if rest is not None:
                sections[-1].append(first)
                sections.append([rest])
                continue
        sections[-1].append(row)
    return [Section(titles, tuple(s), style.headers, i) for i, s in enumerate(sections)]


def split_row(rng: random.Random, row: PrintedRow) -> tuple[PrintedRow, PrintedRow | None]:
    """The row cut where its analysis has a space, as a page's end cuts it."""
    lines = row.cells["analysis"]
    last = lines[-1]
    gaps = [m.start() for m in re.finditer(" ", last) if 60 < m.start() < len(last) - 25]
    gaps = [g for g in gaps if last[:g].count("(") == last[:g].count(")") and last[g - 1] != ","]
    if not gaps:
        return row, None
    cut = rng.choice(gaps)
    head = {**row.cells, "analysis": (*lines[:-1], last[:cut])}
    tail: dict[str, tuple[str, ...]] = dict.fromkeys(row.cells, ())
    tail["analysis"] = (last[cut + 1 :],)
    if rng.random() < 0.2:
        tail["responsible"] = row.cells["responsible"]
    return replace(row, cells=head), replace(row, cells=tail, part=1)


# ------------------------------------------------------------------ faults
def inject_rows(
    rng: random.Random, style: Style, year: int, faults: list[str], rows: list[PrintedRow],
    truth: list[dict[str, Any]], findings: list[dict[str, Any]], tolerated: list[dict[str, Any]],
) -> tuple[list[PrintedRow], list[dict[str, Any]]]:  # fmt: skip
    """Faults that stand in one row; each row bears at most one."""
    free = [r.key for r in rows if sum(t["key"] == r.key for t in truth) == 1]
    rng.shuffle(free)
    by_key = {r.key: i for i, r in enumerate(rows)}

    def of(key: int) -> dict[str, Any]:
        return next(t for t in truth if t["key"] == key)

    def put(key: int, name: str, lines: tuple[str, ...]) -> None:
        i = by_key[key]
        rows[i] = replace(rows[i], cells={**rows[i].cells, name: lines})
        if name in ("measures", "steps", "result"):
            of(key)[name] = "\n".join(lines) or None

    def take(ok: Any) -> int | None:
        key = next((k for k in free if ok(of(k))), None)
        if key is not None:
            free.remove(key)
        return key

    for fault in faults:
        if fault == "cell-empty":
            name = rng.choice(["measures", "measures", "steps"])
            if (key := take(lambda t: True)) is not None:
                put(key, name, ())
                findings.append(note(fault, of(key)["code"], name, rows=[key]))
        elif fault == "step-gap":
            if (key := take(lambda t: t["steps"].count("\n") >= 1)) is not None:
                items = [
                    re.sub(r"^\s*(?:\d+[.)]|[-•])\s*", "", s) for s in of(key)["steps"].split("\n")
                ]
                lines = numbered(items, style)
                number = str(len(lines) + rng.choice([1, 2]))
                lines[-1] = style.numbering.replace("1", number) + items[-1]
                put(key, "steps", tuple(lines))
                findings.append(note(fault, of(key)["code"], f"jumps to {number}", rows=[key]))
        elif fault == "reference-unknown":
            if (key := take(lambda t: True)) is not None:
                t, stray = of(key), f"o{rng.randint(45, 98)}"
                more = f" ตามที่ปรากฏใน (อ้างอิงจาก {stray})"
                t["analysis"] += more
                t["skip"].append("references")
                lines = rows[by_key[key]].cells["analysis"]
                put(key, "analysis", (*lines[:-1], lines[-1] + more))
                findings.append(note(fault, t["code"], stray, rows=[key]))
        elif fault == "period-outside-year":
            if (key := take(lambda t: True)) is not None:
                old = year - rng.choice([2, 3, 4])
                a = rng.randint(1, 4)
                text = f"ไตรมาสที่ {a} ปีงบประมาณ {old}"
                of(key).update(
                    timeframe=text,
                    start_date=month_date(old, a * 3 - 3, 1),
                    end_date=month_date(old, a * 3 - 1, last_day(old, a * 3 - 1)),
                )
                put(key, "timeframe", (text,))
                findings.append(note(fault, of(key)["code"], text, rows=[key]))
        elif fault in ("score-range", "score-conflict") and "result" in style.columns:
            if (key := take(lambda t: True)) is not None:
                held = result(rng, style, None)
                first = f"{rng.randint(101, 180)}" if fault == "score-range" else score_value(rng)
                lines = [*held["lines"], f"ได้คะแนน {first} คะแนน"]
                if fault == "score-conflict":
                    second = str(rng.randint(50, 59))
                    lines.append(f"คะแนนการประเมิน {second}")
                put(key, "result", tuple(lines))
                t = of(key)
                t.update(score=None, strengths=None, weaknesses=None)
                t["skip"] += ["score", "strengths", "weaknesses"]
                findings.append(note(fault, t["code"], lines[-1], rows=[key]))
        elif fault == "unit-variant":
            keys = [take(lambda t: True), take(lambda t: True)]
            if None not in keys:
                for key, unit in zip(keys, ("กองการศึกษาฯ", "กองการศึกษา"), strict=True):
                    put(key, "responsible", ("สำนักปลัด", unit))
                    of(key)["responsible"] = ["สำนักปลัด", "กองการศึกษา"]
                findings.append(note(fault, None, "กองการศึกษาฯ and กองการศึกษา", rows=keys))
        elif fault == "question-mismatch":
            if (
                key := take(lambda t: t["code"] in OFFICIAL and "หน่วยงาน" in t["question"])
            ) is not None:
                t = of(key)
                old, new = rng.choice([("หน่วยงาน", "ส่วนราชการ"), ("หน่วยงาน", "สำนักงาน")])
                line = rows[by_key[key]].cells["question"][0]
                t["question"] = t["question"].replace(old, new, 1)
                put(key, "question", (line.replace(old, new, 1),))
                findings.append(note(fault, t["code"], f"{new} for {old}", rows=[key]))
        elif fault == "text-truncated":
            if (key := take(lambda t: len(t["analysis"]) > 90)) is not None:
                t = of(key)
                end = rng.choice(["เพื่อให้บุคลากรภายใน", "และเพื่อเป็นการ", "ทั้งนี้ หน่วยงานจะต้อง"])
                t["analysis"] += " " + end
                lines = rows[by_key[key]].cells["analysis"]
                put(key, "analysis", (*lines[:-1], lines[-1] + " " + end))
                findings.append(note(fault, t["code"], "…" + end, rows=[key]))
        elif fault == "indicator-name-conflict" and "indicator" in style.columns:
            alone = [
                k for k in free if sum(r.indicator == rows[by_key[k]].indicator for r in rows) == 1
            ]
            alone = [k for k in alone if of(k)["code"] in OFFICIAL]
            if alone:
                key = alone[0]
                free.remove(key)
                wrong = INDICATORS[rows[by_key[key]].indicator % 8]
                put(key, "indicator", (wrong,))
                findings.append(note(fault, of(key)["code"], wrong, rows=[key]))
                tolerated.append({"check": "indicator-missing"})
        elif fault == "duplicate-row":
            if (key := take(lambda t: t["code"] in OFFICIAL and t["indicator_no"] < 9)) is not None:
                t = of(key)
                cells, _ = logical_row(
                    rng, style, (t["code"],), t["indicator_no"],
                    Agency("หน่วยงาน", "", None, "", None, "", ""), year, {},
                )  # fmt: skip
                new = PrintedRow(1000 + key, t["indicator_no"], cells)
                rows.insert(by_key[key] + 1, new)
                by_key = {r.key: i for i, r in enumerate(rows)}
                t["skip"].append("*")
                t["again"] = 1000 + key
                findings.append(note(fault, t["code"], "two rows", rows=[key, 1000 + key]))
                for check in ("score-conflict", "unit-variant"):
                    tolerated.append({"check": check, "codes": [t["code"]]})
        elif fault == "analysis-missing":
            key = next((t["key"] for t in truth if t["code"] == "e9"), None)
            if key is not None and rows[by_key[key]].cells["analysis"][-1].startswith("e9"):
                lines = rows[by_key[key]].cells["analysis"]
                put(key, "analysis", lines[:-1])
                for t in truth:
                    if t["key"] == key:
                        t["skip"].append("references")
                    if t["code"] == "e9":
                        t["analysis"], t["references"] = None, []
                findings.append(note(fault, "e9", "e7 and e8 have one", rows=[key]))
        elif fault == "stranger":  # a leftover of someone else's template: no fault of the report
            if (key := take(lambda t: t["measures"] and "\n" not in t["measures"])) is not None:
                other = draw_agency(rng, "เทศบาลตำบล").full
                put(key, "measures", (of(key)["measures"] + f" โดยนำแบบอย่างของ{other} มาปรับใช้",))
                tolerated.append({"check": "agency-conflict"})
        elif fault == "dash":  # neither empty nor a text: not judged
            if (key := take(lambda t: True)) is not None:
                put(key, "measures", ("-",))
                of(key)["skip"].append("measures")
                tolerated.append({"check": "cell-empty", "codes": [of(key)["code"]]})
        elif (
            fault == "code-unknown"
            and (key := take(lambda t: t["indicator_no"] in (3, 5) and t["code"] not in OFFICIAL))
            is not None
        ):
            t = of(key)
            wording = "บรรยากาศการทำงานเอื้อต่อการแสดงความเห็นอย่างตรงไปตรงมา"
            put(key, "question", (wording,))
            lines = rows[by_key[key]].cells["analysis"]
            put(key, "analysis", (re.sub(r"^\S+ ประเด็น ", "", lines[0]), *lines[1:]))
            truth.remove(t)
            findings.append(note(fault, None, wording, rows=[key]))
            tolerated.append({"check": "indicator-missing"})
    return rows, truth


MISREAD = {"i": ("1", "6", "2"), "e": ("1",)}


def misread(rng: random.Random, code: str) -> str:
    """The code as OCR leaves it: its letter read as a digit."""
    return rng.choice(MISREAD[code[0]]) + code[1:]


def respell(row: PrintedRow, code: str, other: str, style: Style) -> PrintedRow:
    question = row.cells["question"]
    if not question:
        return row
    first = question[0].replace(print_code(code, style.code), other, 1)
    lines = row.cells["analysis"]
    if lines and lines[0].startswith(f"{code} ประเด็น"):
        lines = (lines[0].replace(code, other, 1), *lines[1:])
    return replace(row, cells={**row.cells, "question": (first, *question[1:]), "analysis": lines})


def inject_sections(
    rng: random.Random, style: Style, agency: Agency, year: int, faults: list[str],
    sections: list[Section], titles: Any, findings: list[dict[str, Any]],
    tolerated: list[dict[str, Any]], truth: list[dict[str, Any]],
) -> tuple[list[Section], list[str]]:  # fmt: skip
    """Faults of whole sections: their titles, their headers, their doubles."""
    variants: list[str] = []
    burdened = {k for f in findings for k in f.get("rows", [])}
    count = len(sections)
    codes = {t["key"]: t["code"] for t in truth if sum(x["key"] == t["key"] for x in truth) == 1}
    if "agency-conflict" in faults and count > 3:
        while (other := draw_agency(rng, "เทศบาลตำบล")).province == agency.province:
            pass
        hit = sorted(rng.sample(range(1, count), 2 if count > 6 else 1))
        for i in hit:
            sections[i] = replace(sections[i], titles=titles(other, year))
        findings.append(note("agency-conflict", None, other.full, sections=hit))
        tolerated.append({"check": "agency-conflict"})
    if "look-alike" in faults and count > 3 and agency.local:
        other_name = look_alike(agency.local, rng)
        if other_name:
            kind = agency.full[: -len(agency.local)]
            short = agency.short[: -len(agency.local)]
            other = replace(
                agency, full=kind + other_name, short=short + other_name, local=other_name
            )
            hit = sorted(rng.sample(range(count), max(1, count // 4)))
            for i in hit:
                sections[i] = replace(sections[i], titles=titles(other, year))
            variants += [other.full, other.short]
            findings.append(note("agency-conflict", None, other.full, sections=list(range(count))))
            findings.append(note("agency-unknown", None, other.full, sections=hit))
            tolerated += [{"check": "agency-conflict"}, {"check": "agency-unknown"}]
    if "year-conflict" in faults and count > 3:
        i = rng.randrange(1, count)
        wrong = year - rng.choice([1, 2])
        sections[i] = replace(sections[i], titles=titles(agency, wrong))
        findings.append(note("year-conflict", None, str(wrong), sections=[i]))
    if "header-variant" in faults and count > 3 and not style.header_once:
        hit = sorted(rng.sample(range(1, count), 2))
        usual = style.headers["question"]
        other_head = "ข้อความ ITA" if usual != "ข้อความ ITA" else "ข้อคำถาม ITA"
        for i in hit:
            sections[i] = replace(sections[i], headers={**style.headers, "question": other_head})
        findings.append(note("header-variant", None, other_head, sections=hit))
    if "code-misread" in faults:
        able = [
            t
            for t in truth
            if t["code"] in OFFICIAL and t["key"] in codes and t["key"] not in burdened
        ]
        for t in rng.sample(able, min(2, len(able))):
            other_code = misread(rng, t["code"])
            burdened.add(t["key"])
            for i, s in enumerate(sections):
                rows = tuple(
                    respell(r, t["code"], other_code, style) if r.key == t["key"] else r
                    for r in s.rows
                )
                sections[i] = replace(s, rows=rows)
            findings.append(
                note("code-misread", t["code"], f"printed {other_code}", rows=[t["key"]])
            )
    whole = [
        i for i, s in enumerate(sections)
        if s.rows and all(r.part == 0 for r in s.rows)
        and not (i + 1 < count and sections[i + 1].rows and sections[i + 1].rows[0].part)
        and not any(r.key in burdened for r in s.rows) and s.titles == titles(agency, year)
        and s.headers == style.headers
    ]  # fmt: skip
    if ("duplicate-page" in faults or "misread-twice" in faults) and count > 3 and whole:
        i = rng.choice(whole)
        first = again = replace(sections[i])
        code = next((codes.get(r.key) for r in first.rows if codes.get(r.key) in OFFICIAL), None)
        again = replace(again, tag=count)
        if "misread-twice" in faults and code and code[0] == "i":
            key = next(r.key for r in first.rows if codes.get(r.key) == code)
            a, b = ("6" + code[1:], "2" + code[1:])
            first = replace(
                first,
                rows=tuple(respell(r, code, a, style) if r.key == key else r for r in first.rows),
            )
            again = replace(
                again,
                rows=tuple(respell(r, code, b, style) if r.key == key else r for r in again.rows),
            )
            findings.append(note("code-misread", code, a, sections=[i]))
            findings.append(note("code-misread", code, b, sections=[count]))
            findings.append(note("code-conflict", code, f"{a} and {b}", sections=[i, count]))
        findings.append(
            note(
                "duplicate-page",
                code if len(first.rows) == 1 else None,
                "the same content",
                sections=[i, count],
            )
        )
        sections[i : i + 1] = [first, again]
    return sections, variants
