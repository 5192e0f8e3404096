"""What is asked of a person, in which order; pure."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from audit.looks import Look
from audit.model import RANK, Finding, Place, Severity
from normalize.decisions import finding_key

Kind = Literal["finding", "cell", "row", "document"]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to decide: a finding, or a cell, row or value of a document in doubt."""

    id: str
    """Made of the document and what it is about; no path, the same in every run."""
    document: str
    kind: Kind
    check: str
    severity: Severity
    field: str = ""
    code: str | None = None
    place: Place | None = None
    """The cell to look at first."""
    part: int = 0
    confidence: float = 1.0
    reasons: tuple[str, ...] = ()
    finding: Finding | None = None


def item_id(*parts: object) -> str:
    """A short name of what an item is about.

    >>> item_id("a.pdf", "cell", 1, 2, 3) == item_id("a.pdf", "cell", 1, 2, 3)
    True
    """
    text = "\x1f".join("" if part is None else str(part) for part in parts)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def items_of(document: str, findings: Iterable[Finding], looks: Iterable[Look]) -> tuple[Item, ...]:
    """Everything of one document that waits for a person.

    A finding of unsure cells is asked cell by cell, in the looks; what is said of a whole page that
    cannot be read has nothing to decide but that it is so.
    """
    items = [
        Item(
            item_id(document, "finding", finding_key(f.check, f.code, f.values)),
            document,
            "finding",
            f.check,
            f.severity,
            f.field or "",
            f.code,
            f.places[0] if f.places else None,
            finding=f,
        )
        for f in findings
        if not f.decided and f.check != "low_confidence"
    ]
    for look in looks:
        place = None
        if look.page is not None and look.row is not None and look.column is not None:
            place = Place(look.page, look.row, look.column)
        items.append(
            Item(
                item_id(document, look.kind, look.field, place, look.part),
                document,
                look.kind,
                "low_confidence" if look.kind == "cell" else "needs_review",
                "warning" if look.pressing else "info",
                look.field,
                look.code,
                place,
                look.part,
                look.confidence,
                look.reasons,
            )
        )
    return tuple({item.id: item for item in items}.values())


def order(item: Item) -> tuple[object, ...]:
    """Errors first, then what is least sure; what the rows carry already comes last of its kind."""
    fixed = item.finding is not None and item.finding.fixed
    place = item.place or Place(0, 0, 0)
    return (RANK[item.severity], fixed, item.confidence, item.document, place, item.check, item.id)


def sorted_queue(items: Iterable[Item]) -> list[Item]:
    return sorted(items, key=order)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which part of the queue is shown; empty for all."""

    document: str = ""
    check: str = ""
    severity: str = ""

    def takes(self, item: Item) -> bool:
        return (
            self.document in ("", item.document)
            and self.check in ("", item.check)
            and self.severity in ("", item.severity)
        )


def after(queue: Sequence[Item], current: str, step: int = 1) -> Item | None:
    """The item that stands so many places behind one; the first where that one has gone."""
    for at, item in enumerate(queue):
        if item.id == current:
            there = at + step
            return queue[there] if 0 <= there < len(queue) else None
    return queue[0] if queue else None
