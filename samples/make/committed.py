"""The reports that are committed in samples/: what each is made from."""

from __future__ import annotations

from typing import Any

EIGHT = (
    "indicator", "question", "analysis", "measures", "result", "steps", "timeframe", "responsible",
)  # fmt: skip
SEVEN = tuple(c for c in EIGHT if c != "result")
TAMBON, TOWN = "เทศบาลตำบล", "เทศบาลเมือง"
COUNCIL, PROVINCE = "องค์การบริหารส่วนตำบล", "องค์การบริหารส่วนจังหวัด"

# (seed, kind, what is fixed); all else is drawn from the seed
COMMITTED: tuple[tuple[int, str, dict[str, Any]], ...] = (
    (11, "chromium", dict(agency_kind=TAMBON, year=2568, columns=EIGHT, landscape=True, sections=True,
        digits="thai", groups=True, indicator="merged", cover=True, faults=())),
    (12, "chromium", dict(agency_kind=COUNCIL, year=2567, columns=EIGHT, landscape=False, sections=False,
        digits="arabic", repeat_header=True, size=11, indicator="blank", groups=True,
        faults=("step-gap", "period-outside-year"))),
    (13, "chromium", dict(agency_kind=TAMBON, year=2570, columns=SEVEN, landscape=True, sections=False,
        repeat_header=False, paper="legal", size=10, indicator="repeated", groups=False,
        faults=("cell-empty", "reference-unknown"))),
    (14, "libreoffice", dict(agency_kind=TOWN, year=2569, columns=EIGHT, landscape=True, sections=False,
        groups=True, indicator="merged", size=10, font="Laksaman", faults=())),
    (15, "libreoffice", dict(agency_kind=COUNCIL, year=2566, columns=("no", *EIGHT), landscape=True,
        sections=True, groups=True, titles="above", size=9, font="Norasi", indicator="merged",
        faults=("agency-conflict", "duplicate-page"))),
    (16, "typst", dict(agency_kind=PROVINCE, year=2568, columns=EIGHT, landscape=True, sections=False,
        repeat_header=True, size=10, indicator="merged", groups=True, faults=())),
    (17, "weasyprint", dict(agency_kind=TAMBON, year=2569, columns=EIGHT, landscape=True, sections=True,
        digits="mixed", size=9, indicator="merged", groups=False,
        faults=("page-unreadable", "indicator-missing", "year-conflict"))),
    (18, "word", dict(agency_kind=TAMBON, year=2569, columns=EIGHT, landscape=True, sections=True,
        defect="word2007", digits="thai", indicator="merged", groups=True, size=10, faults=())),
    (19, "word", dict(agency_kind=COUNCIL, year=2568, columns=EIGHT, landscape=True, sections=False,
        defect="word-and-excel", size=10, indicator="merged", groups=True,
        faults=("score-range", "text-truncated"))),
    (20, "html", dict(agency_kind=TAMBON, year=2567, columns=EIGHT, noise=True, marker="comment",
        digits="thai", groups=True, faults=("code-misread", "look-alike", "analysis-missing"))),
    (21, "markdown", dict(agency_kind=TOWN, year=2568, columns=EIGHT, marker="none", wraps=True,
        noise=False, faults=())),
)  # fmt: skip
