"""CHECKS is the whole registry: a check is a generator of problems over one whole report."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from audit.agencies import agency_conflict, agency_unknown, year_conflict
from audit.codes import (
    code_conflict,
    code_misread,
    code_unknown,
    duplicate_row,
    indicator_missing,
    indicator_name_conflict,
    question_mismatch,
)
from audit.items import asked_about, item_gap, item_key, number_unread, sum_mismatch
from audit.model import Finding, Problem, stamp
from audit.numbers import period_outside_year, reference_unknown, score_conflict, score_range
from audit.pages import (
    duplicate_page,
    low_confidence,
    page_unreadable,
    page_without_table,
    stale_decision,
)
from audit.texts import (
    analysis_missing,
    cell_empty,
    header_variant,
    step_gap,
    text_truncated,
    unit_variant,
)
from normalize.decisions import DOCUMENT_FIELDS, finding_key
from normalize.model import Item, Row
from normalize.report import Record, Report

Check = Callable[[Report], Iterator[Problem]]

PAGE_CHECKS: tuple[Check, ...] = (
    low_confidence,
    page_unreadable,
    page_without_table,
    stale_decision,
)
"""What can be said of a document whose kind nobody knows."""

CHECKS: tuple[Check, ...] = (
    agency_conflict,
    agency_unknown,
    year_conflict,
    duplicate_page,
    duplicate_row,
    code_misread,
    code_conflict,
    code_unknown,
    indicator_name_conflict,
    indicator_missing,
    header_variant,
    cell_empty,
    text_truncated,
    step_gap,
    question_mismatch,
    analysis_missing,
    score_range,
    score_conflict,
    reference_unknown,
    unit_variant,
    period_outside_year,
    sum_mismatch,
    number_unread,
    item_gap,
    *PAGE_CHECKS,
)

ITEM_CHECKS: tuple[Check, ...] = (
    agency_conflict,
    agency_unknown,
    duplicate_page,
    header_variant,
    sum_mismatch,
    number_unread,
    item_gap,
    *PAGE_CHECKS,
)
"""What can be said of a table of items, which has no codes, and dates of all years."""

COVERED = {
    "code_misread": "code",
    "code_conflict": "code",
    "code_unknown": "code",
    "duplicate_row": "code twice",
    "indicator_name_conflict": "indicator",
    "score_range": "score",
    "score_conflict": "score",
    "period_outside_year": "timeframe",
}
"""The reason to look at a row that a finding shows: once it is decided, nobody is asked again."""


def audit(report: Report) -> tuple[Finding, ...]:
    """All findings of one report, in the order of CHECKS; those that a person let stand say so."""
    return tuple(
        settle(report, stamp(report.document, check.__name__, problem))
        for check in checks_for(report)
        for problem in check(report)
    )


def checks_for(report: Report) -> tuple[Check, ...]:
    """The checks that mean something for a kind of report."""
    if report.profile is None:
        return PAGE_CHECKS
    return ITEM_CHECKS if report.profile.table else CHECKS


def settle(report: Report, finding: Finding) -> Finding:
    """Mark a finding that a person has dealt with: itself, its cell, its row's value, or the
    document's."""
    if finding.check == "stale_decision" or not report.decisions:
        return finding
    key = finding_key(finding.check, finding.code, finding.values)
    decided = any(d.target == "finding" and d.was == key for d in report.decisions)
    if finding.field in DOCUMENT_FIELDS:
        fields = {d.field for d in report.decisions if d.target == "document"}
        stale = {s.decision.field for s in report.stale}
        years = {"fiscal_year", "assessment_year"}
        decided |= bool((fields - stale) & (years if finding.field in years else {finding.field}))
    elif finding.places and finding.check != "low_confidence":
        decided |= tuple(finding.places[0]) in report.decided_cells
    if finding.field:
        named = [record for record in report.records if names(finding, record)]
        field = "start_date" if finding.field == "timeframe" else finding.field
        decided |= bool(named) and all(
            {field, "end_date" if field == "start_date" else field} & record.decided
            for record in named
        )
    return replace(finding, decided=decided) if decided else finding


def names(finding: Finding, record: Record) -> bool:
    """Whether a finding is about a row: it has its code, or points at its question."""
    if finding.code:
        return record.row.code in finding.code.split(";") and bool(
            not finding.pages or set(finding.pages) & set(record.row.pages)
        )
    return finding.check == "code_unknown" and tuple(record.anchor) in set(finding.places)


def settled_rows(report: Report, findings: tuple[Finding, ...]) -> tuple[Row, ...]:
    """The rows, each saying whether a person should still look at it.

    One is asked to look where a reading is in doubt, and where a finding of more than info is about
    the row, is not carried by it, and nobody has decided on it.
    """
    return tuple(
        replace(record.row, needs_review=bool(reasons_left(record, findings)))
        for record in report.records
    )


def settled_items(report: Report, findings: tuple[Finding, ...]) -> tuple[Item, ...]:
    """The items, each saying whether a person should still look at it: for a reading in doubt, or
    a finding of more than info that nobody has decided on."""
    if not report.item_records:
        return ()
    open_keys = {
        finding_key(f.check, f.code, f.values)
        for f in findings
        if f.severity != "info" and not f.decided
    }
    asked = {
        item_key(record.item)
        for record, check, problem in asked_about(report)
        if finding_key(check, problem.code, problem.values) in open_keys
    }
    return tuple(
        replace(item, needs_review=item.needs_review or item_key(item) in asked)
        for item in report.items
    )


def reasons_left(record: Record, findings: tuple[Finding, ...]) -> tuple[str, ...]:
    """Why a person should look at a row: the doubts of its reading, and checks by their names."""
    own = [f for f in findings if names(f, record)]
    covered: dict[str, bool] = {}
    for finding in own:
        reason = COVERED.get(finding.check)
        if reason is not None:
            covered[reason] = covered.get(reason, True) and finding.decided
    left = [reason for reason in record.reasons if not covered.get(reason, False)]
    left += [
        f.check
        for f in own
        if f.severity != "info"
        and not (f.fixed or f.decided)
        and f.check != "low_confidence"
        and "" not in record.decided
    ]
    return tuple(dict.fromkeys(left))
