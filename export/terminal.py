"""Findings for a person at a terminal: document by document, then how often each check found."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from rich import box
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from audit.model import Finding, Severity, page_list
from export.model import DocumentRecord
from export.values import publish_text

SHOWN: Mapping[Severity, tuple[str, str]] = {
    "error": ("error", "bold red"),
    "warning": ("warning", "yellow"),
    "info": ("note", "dim"),
}
"""How a severity is called and drawn; the worst first."""
CONTROLS = re.compile(r"[\x80-\x9f]")
HIDDEN = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
"""Among them what turns the direction of the text around it."""
MOST_LETTERS, MOST_DOCUMENTS = 400, 10
"""So much of a message or a suggestion, and so many documents; findings.json has all of them."""


def show_findings(
    console: Console, findings: Iterable[Finding], records: Mapping[str, DocumentRecord]
) -> None:
    """Print the findings, which come document by document; the worst of each document first."""
    for document, group in groupby(findings, key=lambda finding: finding.document):
        console.print(heading(document, records.get(document)))
        grid = Grid(box=box.SIMPLE, show_header=False, padding=(0, 1, 0, 0), expand=True)
        grid.add_column(width=7)
        grid.add_column(width=8, overflow="fold")
        grid.add_column(width=4, overflow="fold")
        grid.add_column(ratio=1, overflow="fold")
        for finding in sorted(group, key=lambda finding: list(SHOWN).index(finding.severity)):
            name, style = SHOWN[finding.severity]
            pages = f"p. {page_list(finding.pages)}" if finding.pages else ""
            grid.add_row(
                Text(name, style),
                pages,
                Text(printable(finding.code or "").replace(";", " ")),
                said(finding),
            )
        console.print(grid)


def heading(document: str, record: DocumentRecord | None) -> Text:
    """The document's name, and whose report of which year it is."""
    if not document:
        return Text("between documents", "bold")
    known = [record.agency, record.fiscal_year] if record else []
    about = ", ".join(str(part) for part in known if part)
    return Text.assemble((printable(document), "bold"), f": {printable(about)}" if about else "")


def said(finding: Finding) -> Text:
    """The check's name and what is settled of it; the message; what it should say."""
    state = [word for word in ("fixed", "decided") if getattr(finding, word)]
    text = Text.assemble((finding.check, "bold"), f" ({', '.join(state)})" if state else "")
    text.append("\n" + printable(finding.message))
    if finding.documents:
        named = ", ".join(map(printable, finding.documents[:MOST_DOCUMENTS]))
        more = len(finding.documents) - MOST_DOCUMENTS
        text.append(f"\nin {named}" + (f" and {more} more" if more > 0 else ""))
    if finding.suggestion:
        text.append("\n→ " + printable(finding.suggestion), "cyan")
    return text


def printable(text: str) -> str:
    r"""Text of a report as a terminal can take it: nothing in it is an order, and it has an end.

    >>> printable("a\x1b[31mb")
    'a␛[31mb'
    """
    shown = HIDDEN.sub("", CONTROLS.sub("\ufffd", publish_text(text) or ""))
    return shown if len(shown) <= MOST_LETTERS else shown[:MOST_LETTERS] + "…"


def show_summary(console: Console, findings: Sequence[Finding], documents: int) -> None:
    """Print how often each check found something, those that found most first."""
    if findings:
        grid = Grid(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
        grid.add_column("check")
        for title in ("errors", "warnings", "notes", "fixed", "decided"):
            grid.add_column(title, justify="right")
        by_check = defaultdict(list)
        for finding in findings:
            by_check[finding.check].append(finding)
        for check in sorted(by_check, key=lambda check: (-len(by_check[check]), check)):
            grid.add_row(check, *counts(by_check[check]))
        grid.add_section()
        grid.add_row("all", *counts(findings))
        console.print(grid)
    concerned = len({finding.document for finding in findings if finding.document})
    of_all = f" of {documents}" if documents else ""
    console.print(f"{len(findings)} findings in {concerned}{of_all} documents")


def counts(findings: Sequence[Finding]) -> list[str]:
    severities = Counter(finding.severity for finding in findings)
    numbers = [*(severities[severity] for severity in SHOWN)]
    numbers += [sum(f.fixed for f in findings), sum(f.decided for f in findings)]
    return [str(number) if number else "" for number in numbers]
