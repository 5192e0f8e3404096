"""The generated pages of docs/: `python -m export.describe PAGE > docs/PAGE.md`.

`output` comes from the schema, `checks` and `rules` from the docstrings of what they describe.
"""

import ast
import inspect
import re
import sys
import textwrap
import unicodedata
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple, get_args

from audit.archive import ARCHIVE_CHECKS
from audit.checks import CHECKS, PAGE_CHECKS
from audit.model import Problem, Severity
from export.schema import TABLES, Field, Table, item_table
from normalize.cells import VALUE_RULES
from normalize.codes import OIT_CODE_RULES, code_from_wording
from normalize.items import leading_ordinal
from normalize.numerals import (
    brackets_are_minus,
    letter_zero,
    minus_sign,
    satang_dash,
    wrapped_number,
)
from normalize.periods import date_ranges, goes_on, halves, quarters, single_dates, whole_years
from normalize.places import place_by_context, place_by_look_alike, place_by_vote
from normalize.scores import read_score
from normalize.sections import misread_headings
from normalize.text import BEFORE_FONT_RULES, FONT_RULES, TEXT_RULES
from normalize.units import nearest, spelled, unwrapped
from normalize.wraps import join_lines, unwrap
from profiles.report import profiles

INTRODUCTION = """\
# What a run writes

<!-- Made by `python -m export.describe > docs/output.md`; change it in `export/`. -->

| file | holds |
| --- | --- |
{files}
| datapackage.json | the CSV tables described for programs: types, titles in Thai and English, \
keys, hashes (Frictionless Data Package 2) |
| audit.html | the findings for a person: one page, with pictures of their places, that needs \
nothing else and sends nothing |
| decisions.jsonl | what people decided in review: made empty if absent, never overwritten |
| .raingan/ | what `raingan audit` and `raingan review` need of the run |

The files of a run before are replaced, one after the other, when all the new ones are complete: a
run that fails earlier leaves them as they were. No file holds a time, so two runs over the same
input give the same bytes, in whatever order the documents were done.

## What is kept beside the tables
`.raingan/` holds each document's pages as they were read, its lines of every table and the pictures
of audit.html, JSON in ZIP files, so that a decision is applied without reading the document again.
It is no part of what is published: it can be deleted, and then only `convert` brings it back.
`run.json` in it has **the inputs as absolute paths**, and the addresses of those from the network,
without a password: leave the folder out where those are nobody's business. The tables have none of
it.

## How values are written
- **Text** is UTF-8 and NFC with `\\n`. What no file format takes is made visible: a control
  character becomes its picture (NUL is `␀`), half a surrogate pair `\ufffd`; a carriage return
  is a line feed. Empty text is absent.
- **Absent** is an empty cell in CSV and `null` in JSON; a list without items is an empty cell
  and `[]`.
- **Numbers** that need not be whole have a point and no exponent: `83.57`, `95.0`. Confidence
  has at most four decimal places, a box two, a score as many as the report prints.
- **Dates** are ISO 8601, `2025-10-01`. **Years** are of the Buddhist era.
- **Yes and no** are `True` and `False` in CSV.
- **CSV** begins with a byte-order mark, so that Excel shows Thai, and quotes what has a comma,
  a quote or a line feed. A **list** is joined with `;`; a `;` inside of an item is written as the
  full-width `；`. `values` of the findings is a JSON array, as in findings.json.
- **JSON** is one array of objects with native lists: every text as it is, without the two
  substitutions of CSV, `；` and the guard below. Numbers keep their digits: `83.57` is never
  `83.56999`.

### The guard of CSV
A spreadsheet may take text that begins with `=`, `+`, `-` or `@` for a formula: `=HYPERLINK(…)`
runs and the bulleted `- ประชาสัมพันธ์` becomes `#NAME?`. So in CSV a text whose first character
other than white space is one of these (or its full-width form), or that begins with a tab, has one
NO-BREAK SPACE (U+00A0) before it. A person does not see it and `strip()` takes it away;
`export.values.drop_guard` or this pattern undoes it exactly: `^\\u00a0(?=\\s*[\\t=+\\-@＝＋－＠])`.
Numbers and dates have no guard, and JSON has none.

Tried with LibreOffice 7.4 told to evaluate formulas: none runs. It still reads a text that is
nothing but a signed number, such as `+5`, as a number. Excel could not be tried here.

## What findings have beside the contract's columns
`cells`, `documents` and `decided` were added at the end: the table cells that a finding is about,
the documents that one between documents is about, and whether a person has dealt with it. Only a
finding between documents has no `document`; those stand first.

## Load it
```python
import pandas as pd

text = {{"province_code": str, "district_code": str}}
rows = pd.read_csv("output/rows.csv", dtype=text, keep_default_na=False, na_values=[""])
rows = rows.replace(r"^\\u00a0(?=\\s*[\\t=+\\-@＝＋－＠])", "", regex=True)
rows["responsible"] = rows["responsible"].str.split(";")
```

`frictionless validate output/datapackage.json` checks the types, keys and hashes.

## Sources
Official names and codes of places: [GeoThai](https://geothai.fasu.dev), CC-BY-4.0. The text of
the reports stays with the agencies that wrote them.
"""

OTHER_KINDS = """\
# Tables of other kinds of report

A report of another kind than ITA's has no indicator rows. Its items go to a table of their own,
which is written when a document of the kind was read. Kinds are files of data
([profiles.md](profiles.md)): one of your own (`convert --profile FILE.toml`) gives another table.
All have `document`, `page`, `row`, `line`, `role`, `caption`, `section`, `pages`, `confidence` and
`needs_review` beside the columns of their profile.
"""

KEY_NOTE = "A run with two records of one key, or a record without, leaves it out of the package."


def output_page() -> str:
    """Write the page about a run's output."""
    others = tuple(item_table(profile) for profile in profiles() if profile.table)
    files = "\n".join(_file(table) for table in (*TABLES, *others))
    return "\n".join(
        [INTRODUCTION.format(files=files), *(_section(table) for table in TABLES)]
        + ([OTHER_KINDS] if others else [])
        + [_section(table) for table in others]
    )


def _file(table: Table) -> str:
    names = [f"{table.name}.{form}" for form in ("csv", "json") if form == "csv" or table.has_json]
    return f"| {', '.join(names)} | {table.title_th}: {table.description} |"


def _section(table: Table) -> str:
    about = f"{table.title_th}: {table.description}. Sorted by {table.sorted_by}."
    if table.key:
        about += f"\nThe key is ({', '.join(table.key)}). {KEY_NOTE}"
    lines = [f"## {table.name}", about, "", "| column | type | ชื่อ | meaning |"]
    lines += ["| --- | --- | --- | --- |", *map(_line, table.fields)]
    return "\n".join(lines) + "\n"


def _line(field: Field) -> str:
    kind = {"list": f"list of {field.item}", "said": "array"}.get(field.type, field.type)
    meaning = field.description
    if field.allowed:
        meaning += ": " + ", ".join(f"`{name}`" for name in field.allowed)
    if field.required:
        meaning += " (always there)"
    return f"| {field.name} | {kind} | {field.title_th} | {meaning} |"


# ---------------------------------------------------------------- checks

CHECKS_INTRODUCTION = """\
# Checks

<!-- Made by `./test docs` from the docstrings in `audit/`; change it there. -->

A check looks at one whole report and says what does not fit. It changes nothing. What it says is
a line of `findings.csv` ([its columns](output.md#findings)): the check's name, the pages, what
each of them says, a suggestion, whether the rows already carry it (`fixed`), and whether a person
has dealt with it (`decided`).

`raingan audit OUTPUT` shows the findings of a finished run, by the decisions of today and without
reading the documents again; `raingan checks` lists what stands here.
"""

BETWEEN_INTRODUCTION = """\
# Checks between documents

These look at all reports of one run. Such a finding names its `documents`, and no pages.
"""


Scope = Literal["report", "any document", "archive"]


class DescribedCheck(NamedTuple):
    """What a check says of itself."""

    name: str
    severities: tuple[str, ...]
    """The worst first; empty where the code does not show it."""
    finds: str
    spares: str
    about: Scope


def described_checks() -> tuple[DescribedCheck, ...]:
    """All checks in the order in which they run: of a report, then between the documents."""
    checks: tuple[Callable[..., object], ...] = (*CHECKS, *ARCHIVE_CHECKS)
    return tuple(map(_described, checks))


def _described(check: Callable[..., object]) -> DescribedCheck:
    """What it finds, and the near misses that it leaves alone."""
    first, *more = _prose(check)
    sentences = [s for text in more for s in re.split(r"(?<=[.])\s+(?=[A-Z])", text)]
    spared = [s for s in sentences if "left alone" in s]
    found = " ".join([first, *(s for s in sentences if s not in spared)])
    about: Scope = (
        "any document" if check in PAGE_CHECKS else "report" if check in CHECKS else "archive"
    )
    return DescribedCheck(check.__name__, _severities(check), found, " ".join(spared), about)


def _severities(check: Callable[..., object]) -> tuple[str, ...]:
    """Those with which a check makes its problems, as its code says.

    >>> from audit.codes import code_unknown
    >>> _severities(code_unknown)
    ('error',)
    """
    found: set[str] = set()
    for call in _calls(check, set()):
        if getattr(call.func, "id", "") == "Problem":
            given = [word.value for word in call.keywords if word.arg == "severity"]
            said = [n.value for one in given for n in ast.walk(one) if isinstance(n, ast.Constant)]
            found |= set(map(str, said)) if given else {Problem("").severity}
    return tuple(severity for severity in get_args(Severity) if severity in found)


def _calls(function: Callable[..., object], seen: set[str]) -> Iterator[ast.Call]:
    """The calls in a function, and in those of its module that it calls."""
    seen.add(function.__name__)
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))):
        if isinstance(node, ast.Call):
            yield node
            name = getattr(node.func, "id", "")
            called = getattr(sys.modules[function.__module__], name, None)
            if (
                inspect.isfunction(called)
                and called.__module__ == function.__module__
                and name not in seen
            ):
                yield from _calls(called, seen)


def checks_page() -> str:
    """Write the page about the checks."""
    of_archive = [check for check in described_checks() if check.about == "archive"]
    of_report = [check for check in described_checks() if check.about != "archive"]
    between = [BETWEEN_INTRODUCTION, *map(_check, of_archive)] if of_archive else []
    return "\n".join([CHECKS_INTRODUCTION, *map(_check, of_report), *between])


def _check(check: DescribedCheck) -> str:
    lines = [f"## {check.name}"]
    if check.severities:
        lines += [f"**Severity:** {' or '.join(check.severities)}", ""]
    lines += [f"**Finds:** {check.finds}", "", f"**Spares:** {check.spares}"]
    if check.about == "any document":
        lines += ["", "Runs on documents of an unknown kind too."]
    return "\n".join(lines) + "\n"


def _paragraphs(described: Callable[..., object]) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n", inspect.getdoc(described) or ""):
        if paragraph:
            yield paragraph


def _prose(described: Callable[..., object]) -> list[str]:
    """The paragraphs of a docstring that are no examples, a paragraph a line."""
    return [" ".join(p.split()) for p in _paragraphs(described) if not p.startswith(">>>")]


# ---------------------------------------------------------------- rules


class Outcome(NamedTuple):
    """A rule that is one outcome of a larger reader, and no function of its own."""

    name: str
    meaning: str


Named = Callable[..., object] | Outcome


class Chapter(NamedTuple):
    """Rules that make one kind of value."""

    title: str
    about: str
    rules: tuple[Named, ...]


RULES_INTRODUCTION = """\
# Rules

<!-- Made by `./test docs` from the rules' own docstrings and `export/describe.py`. -->

A rule makes one kind of change. Its name stands in the column `rule` of
`corrections.csv` ([its columns](output.md#corrections)) wherever it changed something, beside the
text before and after. The lines of one cell, in their order, lead from `raw` to `value` in
`cells.csv`; lines without a column lead from the cells of a row, or from the titles of the pages,
to a structured value.

The examples are run by `./test`: the first shows a text that the rule changes, the last mostly a
near miss that it leaves alone. Invisible characters are written as `\\u200b`.
"""

CHAPTERS = (
    Chapter(
        "The text layer, whatever the font",
        "For every cell and title, after the rules of its fonts; those up to "
        f"`{BEFORE_FONT_RULES[-1].__name__}` before them too. All run again while one of them "
        "changes something.",
        TEXT_RULES,
    ),
    Chapter(
        "The text layer, by font",
        "A font's defects are judged from all its text in the document; then each rule is applied "
        "to the fonts that have the defect of its name, and to no other.",
        FONT_RULES,
    ),
    Chapter(
        "Lines of paper",
        "The lines of a cell as one text: breaks that paper made go, breaks that were meant stay.",
        (join_lines, unwrap),
    ),
    Chapter("Values", "The joined text as it is published, in any column.", VALUE_RULES),
    Chapter(
        "code",
        "The printed code cleaned, then settled by the row's indicator and the official wording.",
        (
            *OIT_CODE_RULES,
            code_from_wording,
            Outcome(
                "code_from_indicator",
                "The one code of the row's indicator whose print can have been misread so, where "
                "the official wording of its question is not known or does not speak against it.",
            ),
        ),
    ),
    Chapter(
        "agency, district, province",
        "What titles print, and the name that was settled on from all pages together. The "
        "confidence stands beside it.",
        (place_by_vote, place_by_look_alike, place_by_context),
    ),
    Chapter(
        "start_date, end_date",
        "What a timeframe states, as `first day/last day`; one may be absent. A period that is "
        "not certain marks the row `needs_review`.",
        (
            date_ranges,
            quarters,
            halves,
            single_dates,
            whole_years,
            Outcome(
                "deadline", "ภายใน and ไม่เกิน: an end, and a start only for a month. Not certain."
            ),
            Outcome("beginning", "ตั้งแต่ and เป็นต้นไป: a start without an end. Not certain."),
            goes_on,
            Outcome("several", "Several periods, from the first day to the last. Not certain."),
        ),
    ),
    Chapter(
        "responsible",
        "One unit as printed, and its name; one that is only near a known name marks the row "
        "`needs_review`.",
        (
            spelled,
            nearest,
            unwrapped,
        ),
    ),
    Chapter("score", "The phrase that states it, and the number.", (read_score,)),
    Chapter(
        "strengths, weaknesses",
        "A heading that is not printed as it should be, and the part that it opens. Not certain: "
        "the row is marked `needs_review`.",
        (misread_headings,),
    ),
    Chapter(
        "Numbers of items",
        "A cell of a column of numbers as one number, in tables of items. That commas group digits "
        "and that Thai digits are digits is no change of its own.",
        (
            letter_zero,
            wrapped_number,
            satang_dash,
            minus_sign,
            brackets_are_minus,
            leading_ordinal,
        ),
    ),
    Chapter(
        "What people decided",
        "After all other rules, while what was decided on still reads as it did.",
        (
            Outcome(
                "decision",
                "The value that a person gave, as a line of `decisions.jsonl` says. One on a "
                "reading that has changed since is the finding `stale_decision`.",
            ),
        ),
    ),
)


def rule_names() -> tuple[str, ...]:
    """Every rule that the page describes, once."""
    return tuple(dict.fromkeys(_name(rule) for chapter in CHAPTERS for rule in chapter.rules))


def rules_page() -> str:
    """Write the page about the rules, each under the first value that it makes."""
    told: set[str] = set()
    parts = [RULES_INTRODUCTION]
    for chapter in CHAPTERS:
        again = [f"`{_name(rule)}`" for rule in chapter.rules if _name(rule) in told]
        about = f"{chapter.about} {'Also ' + ', '.join(again) + '.' if again else ''}".strip()
        parts.append(f"## {chapter.title}\n{about}\n")
        parts += [_rule(rule) for rule in chapter.rules if _name(rule) not in told]
        told |= {_name(rule) for rule in chapter.rules}
    return "\n".join(parts)


def _name(rule: Named) -> str:
    return rule.name if isinstance(rule, Outcome) else rule.__name__


def _rule(rule: Named) -> str:
    """One rule: its first sentences, and its examples as they run."""
    if isinstance(rule, Outcome):
        return f"### {rule.name}\n{rule.meaning}\n"
    examples = [p for p in _paragraphs(rule) if p.startswith(">>>")]
    shown = [f"```python\n{_visible(example)}\n```" for example in examples]
    return "\n\n".join([f"### {rule.__name__}\n{' '.join(_prose(rule))}", *shown]) + "\n"


def _visible(text: str) -> str:
    r"""Write characters that a reader cannot see or has no font for as Python would escape them.

    >>> _visible("ตรวจ\u200bสอบ \uf70a")
    'ตรวจ\\u200bสอบ \\uf70a'
    >>> _visible("น้ำ ดื่ม")
    'น้ำ ดื่ม'
    """
    return "".join(f"\\u{ord(letter):04x}" if _is_hidden(letter) else letter for letter in text)


def _is_hidden(letter: str) -> bool:
    """An odd space, a control, a private glyph, or an accent that its letter has swallowed."""
    kind = unicodedata.category(letter)
    accent = kind == "Mn" and letter < "\u0e00"
    return letter not in " \n" and (kind in ("Cc", "Cf", "Co", "Zs") or accent)


PAGES = {"output": output_page, "checks": checks_page, "rules": rules_page}

if __name__ == "__main__":
    sys.stdout.write(PAGES[sys.argv[1] if len(sys.argv) > 1 else "output"]())
