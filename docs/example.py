"""Write the archive of docs/example.md: invented reports of four places over five years.

python docs/example.py FOLDER
"""

import random
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from profiles.framework import framework_for  # noqa: E402

PLACES = (
    "เทศบาลตำบลน้ำปาย อำเภอแม่จริม จังหวัดน่าน",
    "เทศบาลเมืองนาแซง อำเภอหล่มเก่า จังหวัดเพชรบูรณ์",
    "องค์การบริหารส่วนตำบลห้วยยาง อำเภอเมืองสกลนคร จังหวัดสกลนคร",
    "เทศบาลตำบลเขาหลวง อำเภอวังสะพุง จังหวัดเลย",
)
YEARS = range(2566, 2571)
CODES = ("i1", "i6", "i7", "i10", "i15", "e1", "e4", "e7", "o2", "o25")
"""One of each indicator."""
LEVELS = (88, 84, 82, 75, 68, 86, 83, 80, 92, 87)
"""Where the scores of each indicator start."""
HEADERS = (
    *("ตัวชี้วัด", "ข้อคำถาม", "ผลการวิเคราะห์การประเมิน", "มาตรการ/โครงการ/กิจกรรม"),
    *("ผลการวิเคราะห์ตัวชี้วัดที่สอดคล้องกับมาตรการ/โครงการ/กิจกรรม", "ขั้นตอน/วิธีการดำเนินการ"),
    *("ระยะเวลาการดำเนินการ", "ผู้รับผิดชอบ"),
)


def write_archive(folder: Path, seed: int = 1) -> None:
    """Write a Markdown dump for each place and year; the same seed gives the same texts."""
    rng = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    for number, place in enumerate(PLACES, 1):
        shift = rng.uniform(-6, 6)
        for year in YEARS:
            scores = [
                min(99.5, level + shift + 1.5 * (year - YEARS[0]) + rng.gauss(0, 2.5))
                for level in LEVELS
            ]
            if (number, year) == (2, 2569):
                scores[3] += 100  # a misprint: 181.30 for 81.30
            text = report(place, year, [f"{score:.2f}" for score in scores])
            (folder / f"{number}-{year}.md").write_text(text, "utf-8")


def report(place: str, year: int, scores: list[str]) -> str:
    """One report: a title, and a row for each indicator."""
    known = framework_for(year - 1)
    asked = {question.code: question.text for question in known.questions}
    lines = [
        f"**แนวทางการปรับปรุงและพัฒนาคุณธรรมและความโปร่งใส ประจำปีงบประมาณ พ.ศ. {year}**",
        f"\n**{place}**\n",
        "| " + " | ".join(HEADERS) + " |",
        "|" + " --- |" * len(HEADERS),
    ]
    for indicator, code, score in zip(known.indicators, CODES, scores, strict=True):
        cells = (
            f"{indicator.no}. {indicator.name}",
            f"{code} {asked.get(code, '')}".strip(),
            "ผู้ตอบส่วนใหญ่เห็นว่าควรปรับปรุงให้ดียิ่งขึ้น",
            "จัดทำแนวทางปฏิบัติและเผยแพร่ให้ทราบทั่วกัน",
            f"จุดแข็ง: มีแนวทางที่ชัดเจน<br>ได้คะแนน {score} คะแนน",
            "1. ทบทวนแนวทาง<br>2. ประกาศให้ทราบ",
            f"ตลอดปีงบประมาณ {year}",
            "สำนักปลัด",
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    write_archive(Path(sys.argv[1]))
