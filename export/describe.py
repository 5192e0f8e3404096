"""docs/output.md from the schema: `python -m export.describe > docs/output.md`."""

import sys

from export.schema import TABLES, Field, Table

INTRODUCTION = """\
# What a run writes

<!-- Made by `python -m export.describe > docs/output.md`; change it in `export/`. -->

| file | holds |
| --- | --- |
{files}
| datapackage.json | the CSV tables described for programs: types, titles in Thai and English, \
keys, hashes (Frictionless Data Package 2) |
| decisions.jsonl | what people decided in review: made empty if absent, never overwritten |

The files of a run before are replaced, one after the other, when all the new ones are complete: a
run that fails earlier leaves them as they were. No file holds a time, so two runs over the same
input give the same bytes, in whatever order the documents were done.

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

KEY_NOTE = "A run with two records of one key, or a record without, leaves it out of the package."


def output_page() -> str:
    """Write the page about a run's output."""
    files = "\n".join(_file(table) for table in TABLES)
    return "\n".join([INTRODUCTION.format(files=files), *(_section(table) for table in TABLES)])


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


if __name__ == "__main__":
    sys.stdout.write(output_page())
