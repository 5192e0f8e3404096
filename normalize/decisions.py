"""What people decided: which decisions still hold, and what each says."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from rapidfuzz import fuzz

from normalize.columns import Text
from normalize.places import Agency, find_mentions, placed, resolve_agency
from normalize.rows import PhysicalRow
from normalize.trace import Step
from normalize.years import Years
from profiles.gazetteer import gazetteer

Target = Literal["cell", "row", "document", "finding", "undo"]


@dataclass(frozen=True, slots=True)
class Decision:
    """One line of decisions.jsonl, as a person made it; never changed afterwards."""

    id: str
    """Unique in its file."""
    document: str
    """As in documents.csv."""
    target: Target
    """`cell`: the value of one table cell. `row`: a value that was made of a row's cells, or, with
    an empty field, the whole row. `document`: the agency or a year. `finding`: it stands as it is.
    `undo`: the decision named by `undoes` is taken back."""
    field: str = ""
    """Of a cell its column's field; of a row one of ROW_FIELDS; of a document one of
    DOCUMENT_FIELDS; of a finding the name of its check."""
    page: int | None = None
    row: int | None = None
    column: int | None = None
    """With page and row the cell, counted as in cells.csv. Of a row its first question cell."""
    part: int = 0
    """Which of the questions of a row that asks several, from 0."""
    was: str = ""
    """What was decided on: the raw text of the cell, or of the cells that the row's value was made
    of; for a document the readings (`said_of`); for a finding what it says (`finding_key`)."""
    now: str | None = None
    """What it says: the value as it is published, a list's items on lines of their own; empty for
    nothing. None leaves the value as it is and says that it is right."""
    who: str = ""
    when: str = ""
    """ISO 8601 with its zone."""
    why: str = ""
    sha256: str = ""
    """Of the document's bytes: a renamed document keeps its decisions."""
    undoes: str = ""


ROW_FIELDS = (
    "code",
    "indicator_no",
    "score",
    "start_date",
    "end_date",
    "responsible",
    "references",
    "strengths",
    "weaknesses",
)
DOCUMENT_FIELDS = ("agency", "fiscal_year", "assessment_year")


@dataclass(frozen=True, slots=True)
class Stale:
    """A decision on a reading that has changed since."""

    decision: Decision
    reads: str
    """What stands there now; empty where nothing does."""
    page: int | None = None


def in_force(decisions: Iterable[Decision]) -> tuple[Decision, ...]:
    """The decisions that hold, in order: none that was undone, and of one thing the last."""
    lines = list(decisions)
    undone: set[str] = set()
    for line in reversed(lines):
        if line.target == "undo" and line.id not in undone:
            undone.add(line.undoes)
    kept: dict[tuple[object, ...], Decision] = {}
    for line in lines:
        if line.target != "undo" and line.id not in undone:
            kept.pop(subject(line), None)
            kept[subject(line)] = line
    return tuple(kept.values())


def subject(decision: Decision) -> tuple[object, ...]:
    """What a decision is about: a later one on the same takes its place."""
    place: tuple[object, ...] = (decision.page, decision.row, decision.column)
    name = decision.field
    if decision.target == "cell":
        name = ""
    if decision.target == "finding":
        place = (decision.was,)
    return (decision.document, decision.target, name, decision.part, *place)


def decisions_for(
    document: str, sha256: str, decisions: Iterable[Decision]
) -> tuple[Decision, ...]:
    """Those of one document, under its name or, if it was renamed, by its bytes."""
    return tuple(
        d for d in decisions if d.document == document or (d.sha256 and d.sha256 == sha256)
    )


def finding_key(check: str, code: str | None, said: Sequence[tuple[str, str]]) -> str:
    """What a finding says, for telling whether it is still the one that was decided on.

    >>> finding_key("step_gap", "i12", [("8", "starts at 3")])
    'step_gap i12 | 8: starts at 3'
    """
    whole = " | ".join([f"{check} {code or ''}".strip(), *(f"{w}: {t}" for w, t in said)])
    if len(whole) <= 500:
        return whole
    return f"{whole[:420]}… {hashlib.sha256(whole.encode()).hexdigest()[:16]}"


def decide_text(text: Text, decision: Decision) -> Text:
    """A cell with the value that a person gave it, or as sure as one who looked can make it."""
    cell = replace(
        text.cell,
        confidence=None if text.cell.confidence is None else 1.0,
        legible=None,
        figures=None,
        doubtful=(),
        ragged=False,
    )
    sure = None if text.confidence is None else 1.0
    if decision.now is None:
        return replace(text, cell=cell, confidence=sure, decided=True)
    steps = text.steps
    if decision.now != text.text:
        steps = (*steps, Step("decision", text.text, decision.now))
    return replace(text, cell=cell, text=decision.now, steps=steps, confidence=sure, decided=True)


def decide_cells(
    cells: Mapping[tuple[int, int, int], Text], decisions: Iterable[Decision]
) -> tuple[dict[tuple[int, int, int], Text], tuple[Stale, ...]]:
    """The decided ones among all cells of a document by (page, row, column); and stale decisions.

    A decision follows its text to the one cell that reads so now, where a table is cut otherwise
    since. It does not where its place still holds that cell, read otherwise: then another cell that
    reads so is another one, and nobody decided on it.
    """
    wanted = [d for d in decisions if d.target == "cell"]
    if not wanted:
        return {}, ()
    by_raw: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    for place, text in cells.items():
        by_raw[text.raw].append(place)
    taken: set[tuple[int, int, int]] = set()
    found: dict[tuple[int, int, int], Text] = {}
    stale: list[Stale] = []
    for decision in wanted:
        place = (decision.page or 0, decision.row or 0, decision.column or 0)
        here = cells.get(place)
        key: tuple[int, int, int] | None = place
        if here is None or here.raw != decision.was:
            same = [k for k in by_raw[decision.was] if k not in taken]
            reads = here.raw if here is not None else None
            key = same[0] if has_moved(decision.was, reads, len(same)) else None
        if key is None:
            stale.append(Stale(decision, here.raw if here else "", decision.page))
            continue
        taken.add(key)
        found[key] = decide_text(cells[key], decision)
    return found, tuple(stale)


MOVED_LETTERS, ALIKE = 24, 50.0
"""A text as long as this stands for its cell wherever it is: a shorter one, such as a timeframe, is
said of many. And the ratio of two readings from which on they are of one cell."""


def has_moved(was: str, reads: str | None, same: int) -> bool:
    """Whether a text that was decided on stands elsewhere now; `same` counts where it could.

    >>> long = "ควรเปิดเผยรายละเอียดของโครงการจัดซื้อจัดจ้าง"
    >>> has_moved(long, "สำนักปลัด", 1), has_moved(long, None, 1), has_moved(long, None, 2)
    (True, True, False)
    >>> has_moved(long, long.replace("โครงการ", "โครวการ"), 1), has_moved("ตลอดปี", "สำนักปลัด", 1)
    (False, False)
    """
    long = len("".join(was.split())) >= MOVED_LETTERS
    return same == 1 and long and (reads is None or fuzz.ratio(was, reads) < ALIKE)


SOURCES: dict[str, tuple[str, ...]] = {
    "code": ("question",),
    "indicator_no": ("indicator",),
    "score": ("analysis", "result", "score"),
    "start_date": ("timeframe",),
    "end_date": ("timeframe",),
    "responsible": ("responsible",),
    "references": ("analysis", "measures", "result", "steps"),
    "strengths": ("result", "strengths"),
    "weaknesses": ("result", "weaknesses"),
}
"""The columns that each value of a row is made of."""


def raw_of_row(physical: PhysicalRow, field: str) -> str:
    """What stands on paper for a value of a row, a cell a line; for no field, for the whole row."""
    if field and field not in SOURCES:
        raise KeyError(field)
    names = SOURCES.get(field) or tuple(
        dict.fromkeys(name for part in physical.parts for name, _ in part.fields)
    )
    pieces = [piece for name in names for part in physical.parts for piece in part.pieces(name)]
    return "\n".join(piece.text.raw for piece in pieces if piece.text.raw.strip())


def anchor(physical: PhysicalRow) -> tuple[int, int, int]:
    """Page, row and column of the cell that names a row: its question, else its first one."""
    asked = [piece for part in physical.parts for piece in part.pieces("question")]
    pieces = [piece for part in physical.parts for _, pieces in part.fields for piece in pieces]
    first = next((p for p in (*asked, *pieces) if p.text.raw.strip()), pieces[0])
    return first.page, first.text.cell.row, first.text.cell.column


RowDecisions = Mapping[tuple[int, int], Mapping[str, Decision]]
"""By the number of the physical row and of the question in it: what was decided, by field."""


def decide_rows(
    rows: Sequence[PhysicalRow], decisions: Iterable[Decision]
) -> tuple[dict[tuple[int, int], dict[str, Decision]], tuple[Stale, ...]]:
    """Which decision is about which of the physical rows; and those on readings that changed."""
    wanted = [d for d in decisions if d.target == "row"]
    found: dict[tuple[int, int], dict[str, Decision]] = defaultdict(dict)
    stale = []
    at = {anchor(row): i for i, row in enumerate(rows)} if wanted else {}
    for decision in wanted:
        if decision.field and decision.field not in ROW_FIELDS:
            continue
        here = at.get((decision.page or 0, decision.row or 0, decision.column or 0))
        if here is not None and raw_of_row(rows[here], decision.field) == decision.was:
            found[here, decision.part][decision.field] = decision
            continue
        same = [i for i, row in enumerate(rows) if raw_of_row(row, decision.field) == decision.was]
        reads = raw_of_row(rows[here], decision.field) if here is not None else None
        if has_moved(decision.was, reads, len(same)):
            found[same[0], decision.part][decision.field] = decision
        else:
            stale.append(Stale(decision, reads or "", decision.page))
    return found, tuple(stale)


def readings_of_agency(agency: Agency) -> str:
    """What a decision on the agency was made on: the names that the pages print."""
    return "; ".join(sorted({str(reading) for reading in agency.votes}))


def readings_of_years(years: Years) -> str:
    """What a decision on a year was made on: the years that titles and headers state."""
    return "; ".join(sorted({f"{s.where} {s.year}" for s in years.said if s.where != "timeframe"}))


def decide_years(
    years: Years, decisions: Iterable[Decision]
) -> tuple[Years, tuple[Decision, ...], tuple[Stale, ...]]:
    """Both years as a person gave them, the decisions that hold, and those that are stale."""
    said = readings_of_years(years)
    held, stale = [], []
    for decision in decisions:
        if decision.target != "document" or decision.field == "agency":
            continue
        if decision.was != said:
            stale.append(Stale(decision, said))
            continue
        held.append(decision)
        name = "fiscal" if decision.field == "fiscal_year" else "assessment"
        inferred = tuple(n for n in years.inferred if n != name)
        given = years.fiscal if name == "fiscal" else years.assessment
        year = given if decision.now is None else int(decision.now) if decision.now else None
        if name == "fiscal":
            years = replace(years, fiscal=year, inferred=inferred)
        else:
            years = replace(years, assessment=year, inferred=inferred)
    return years, tuple(held), tuple(stale)


def decide_agency(
    agency: Agency, decisions: Iterable[Decision]
) -> tuple[Agency, tuple[Decision, ...], tuple[Stale, ...]]:
    """The agency as a person named it: the official place of that name, else as it was typed."""
    said = readings_of_agency(agency)
    held, stale = [], []
    for decision in decisions:
        if decision.target != "document" or decision.field != "agency":
            continue
        if decision.was != said:
            stale.append(Stale(decision, said))
            continue
        held.append(decision)
        if decision.now is not None:
            agency = named(agency, decision.now)
        agency = replace(agency, confidence=1.0, needs_review=False)
    return agency, tuple(held), tuple(stale)


def named(agency: Agency, name: str) -> Agency:
    """The agency under another name, with the district and province that belong to it.

    A name typed without them is looked for where the agency was thought to be.
    """
    province = agency.province
    for tried in (name, placed(name, agency.district, province), placed(name, None, province)):
        found = resolve_agency(find_mentions(1, tried, "title"), gazetteer())
        if found.name and found.how == "exact" and not found.needs_review:
            return replace(
                found, candidates=agency.candidates, votes=agency.votes, steps=agency.steps
            )
    found = resolve_agency(find_mentions(1, name, "title"), gazetteer())
    typed = " ".join(name.split())
    parts = found.votes[0] if found.votes else None
    return replace(
        agency,
        name=(parts.name if parts and parts.name else typed) or None,
        district=parts.district if parts else None,
        province=parts.province if parts else None,
        district_code=None,
        province_code=None,
    )
