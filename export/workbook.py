"""A finished run's tables as one Excel workbook for a person: a sheet a table, no formula."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import Any

from export.forms import (
    Exported,
    Losses,
    MissingExtra,
    lose,
    notes_of,
    put,
    staging,
    told,
)
from export.package import LICENCES, SOURCES, TITLE
from export.published import Published, Record
from export.schema import Field, Table
from export.values import frozen, json_value, number_text

SHEET_RECORDS = 1_048_575
"""Excel's rows but for the header; what is more goes on on a next sheet."""
CELL_UNITS = 32_767
"""Of UTF-16, the longest text that Excel takes."""
SHEET_NAME_UNITS = 31
EXACT_DIGITS, MOST_POWER = 15, 300
"""A number of no more digits, and not beyond this power of ten, is read back as it was."""
FIRST_DATE = date(1900, 3, 1)
"""Excel counts a day before it that never was."""

FONT, FONT_SIZE = "TH Sarabun New", 14
"""What Thai offices have; a program without it takes another."""
LEAST_WIDTH, MOST_WIDTH = 8, 60
"""Of a column, in characters; longer texts wrap."""
LINE_POINTS, MOST_LINES = 21, 8
"""Of a row the height of a line, and how many are shown: not every program finds the height by
itself, and a text of a whole page would push all others out of sight."""
CREATED = datetime(2000, 1, 1)
"""In every workbook, so that two of the same run are the same bytes."""
BEFORE_CODE = re.compile("(?<=_)(?=x[0-9A-Fa-f]{4}_)")
"""Within what Excel takes for a character's code, `_x000D_`. Written as two runs it is none; not
every reader undoes the code for the underscore that Excel would write instead."""
ABOUT = "คำอธิบาย (about)"
ABOUT_HEAD = ("แผ่นงาน\nsheet", "ชื่อ\ntitle", "คอลัมน์\ncolumn", "ชนิด\ntype", "ความหมาย\nmeaning")
ABOUT_WIDTHS = (26, 26, 18, 14, 80)


def write_workbook(published: Published, path: Path) -> Exported:
    """Write all tables as one workbook, put in place when it is complete.

    A header is the Thai title, and on a line of its own the column's name. Raises MissingExtra
    where xlsxwriter is not installed.
    """
    try:
        import xlsxwriter
        from xlsxwriter.exceptions import FileCreateError
    except ImportError as error:
        raise MissingExtra(
            f"writing .xlsx needs xlsxwriter ({error}): pip install 'raingan[excel]'"
        ) from error
    losses: Losses = {}
    with staging(path.parent) as beside:
        complete = beside / "workbook"
        options = {
            "constant_memory": True,
            "tmpdir": str(beside),
            "use_zip64": True,
            "strings_to_formulas": False,
            "strings_to_numbers": False,
            "strings_to_urls": False,
            "default_format_properties": {"font_name": FONT, "font_size": FONT_SIZE},
        }
        with told(path):
            book = xlsxwriter.Workbook(complete, options)
            book.set_properties({"title": TITLE, "author": "raingan", "created": CREATED})
            styles = styles_of(book)
            sheets = [
                (write_table(book, styles, table, published, path, losses), table)
                for table in published.tables
            ]
            write_about(book, styles, sheets, notes_of(losses))
            try:
                book.close()
            except FileCreateError as error:
                raise error.args[0] from error  # the OSError that it was
        put(complete, path)
    return Exported((path,), notes_of(losses))


def styles_of(book: Any) -> dict[str, Any]:
    """The formats of cells by the type of their field, `header`, and `doubt`: needs a person."""
    font = {"font_name": FONT, "font_size": FONT_SIZE, "valign": "top"}
    text = font | {"num_format": "@", "text_wrap": True}  # stays a text when a person edits it
    kinds = {
        "string": text,
        "list": text,
        "said": text,
        "integer": font | {"num_format": "0"},
        "number": font,
        "boolean": font | {"align": "left"},
        "date": font | {"num_format": "yyyy-mm-dd", "align": "left"},
        "doubt": font | {"align": "left", "bg_color": "#FFEB9C"},
        "header": text | {"bold": True, "bg_color": "#DDE6F0", "bottom": 1},
    }
    return {kind: book.add_format(properties) for kind, properties in kinds.items()}


def write_table(
    book: Any,
    styles: dict[str, Any],
    table: Table,
    published: Published,
    path: Path,
    losses: Losses,
) -> list[str]:
    """Write one table, on several sheets where one cannot hold it; gives their names."""
    records = published.records(table)
    names: list[str] = []
    while (first := list(islice(records, 1))) or not names:
        names.append(sheet_name(book, table, len(names) + 1))
        write_sheet(
            book.add_worksheet(names[-1]),
            styles,
            table,
            islice(chain(first, records), SHEET_RECORDS),
            f"{path.name}: in {table.name}.",
            losses,
        )
    return names


def write_sheet(
    sheet: Any,
    styles: dict[str, Any],
    table: Table,
    records: Iterable[Record],
    place: str,
    losses: Losses,
) -> None:
    widths = [0] * len(table.fields)
    for column, field in enumerate(table.fields):
        header = f"{field.title_th}\n{field.name}"
        widths[column] = width_of(header) + 3  # the filter's button stands there too
        write_text(sheet, 0, column, header, styles["header"])
    sheet.set_row(0, 2 * LINE_POINTS + 6)
    last = 0
    for last, record in enumerate(records, 1):
        lines = 1
        for column, field in enumerate(table.fields):
            shown = write_value(sheet, last, column, field, record, styles, place, losses)
            if len(shown) > widths[column] and widths[column] < MOST_WIDTH:
                widths[column] = max(widths[column], width_of(shown))
            if lines < MOST_LINES and (len(shown) > MOST_WIDTH or "\n" in shown):
                lines = max(lines, lines_of(shown))
        sheet.set_row(last, min(lines, MOST_LINES) * LINE_POINTS)
    for column, width in enumerate(widths):
        sheet.set_column(column, column, min(max(width + 1, LEAST_WIDTH), MOST_WIDTH))
    finish(sheet, last, len(table.fields) - 1)


def finish(sheet: Any, last_row: int, last_column: int) -> None:
    """What a person expects of a sheet with a header; and no warning at a number that is text."""
    from xlsxwriter.utility import xl_range

    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, last_row, last_column)
    sheet.repeat_rows(0)
    sheet.set_landscape()
    whole = xl_range(0, 0, last_row, last_column)
    sheet.ignore_errors({"number_stored_as_text": whole, "two_digit_text_year": whole})


def write_value(
    sheet: Any,
    row: int,
    column: int,
    field: Field,
    record: Record,
    styles: dict[str, Any],
    place: str,
    losses: Losses,
) -> str:
    """Write one value; gives the text that decides how wide its column has to be."""
    value, style = record[field.name], styles[field.type]
    match value:
        case None | []:
            return ""
        case bool():
            doubtful = value and field.name == "needs_review"
            sheet.write_boolean(row, column, value, styles["doubt"] if doubtful else style)
            return str(value)
        case int() | Decimal() if is_exact(value):
            sheet.write_number(row, column, value, style)
            return str(value)
        case date() if value >= FIRST_DATE:
            sheet.write_datetime(row, column, value, style)
            return value.isoformat()
    if field.type == "said":
        text = json_value(field, frozen(value))
    elif isinstance(value, list):
        text = "\n".join(str(item).replace("\n", " ") for item in value)
    elif isinstance(value, Decimal):
        text = number_text(value)
    else:
        text = value.isoformat() if isinstance(value, date) else str(value)
    if len(text) > CELL_UNITS // 2 and units(text) > CELL_UNITS:
        what = f"{place}{field.name} a text was cut, since Excel takes {CELL_UNITS:,} characters"
        lose(losses, what, record)
        text = cut(text)
    write_text(sheet, row, column, text, styles["string"])
    return text


def write_text(sheet: Any, row: int, column: int, text: str, style: Any) -> None:
    """Write text as text, whatever it looks like."""
    pieces = BEFORE_CODE.split(text) if "_x" in text else [text]
    if text.startswith("<r>") and text.endswith("</r>"):
        # xlsxwriter takes it for markup of its own and escapes nothing: a way in for formulas
        pieces[:1] = [text[:1], pieces[0][1:]]
    if len(pieces) == 1:
        sheet.write_string(row, column, text, style)
    else:
        runs = [part for piece in pieces for part in (style, piece)]
        sheet.write_rich_string(row, column, *runs, style)


def is_exact(value: int | Decimal) -> bool:
    """Whether Excel, whose numbers are binary, gives it back to the last digit.

    >>> is_exact(Decimal("83.57")), is_exact(Decimal("1234567890.0123456789"))
    (True, False)
    """
    number = Decimal(value)
    if not number.is_finite() or abs(number.adjusted()) > MOST_POWER:
        return False
    return len(number_text(number).replace(".", "").lstrip("-").strip("0")) <= EXACT_DIGITS


def units(text: str) -> int:
    """How long Excel says that it is: a character beyond the first 65,536 counts twice."""
    return len(text) + sum(letter > "\uffff" for letter in text)


def cut(text: str) -> str:
    """Cut a text at a letter's end, with a mark that nobody overlooks."""
    mark = f"\n[ตัดข้อความ / cut: {units(text):,} characters]"
    room, end = CELL_UNITS - units(mark), 0
    for letter in text:
        room -= units(letter)
        if room < 0:
            break
        end += 1
    while end and unicodedata.category(text[end]) == "Mn":
        end -= 1
    return text[:end] + mark


def lines_of(text: str) -> int:
    """So many lines it fills in the widest column, or a few more.

    >>> lines_of("ก" * 61 + "\\nข")
    3
    """
    return sum(1 + len(line) // (MOST_WIDTH + 1) for line in text.split("\n", MOST_LINES))


def width_of(text: str) -> int:
    """The width of its longest line in characters; a mark above or below a letter takes none.

    >>> width_of("ผู้ที่\\nนี้เป็น")
    4
    """
    lines = (line[: 4 * MOST_WIDTH] for line in text[: 40 * MOST_WIDTH].split("\n"))
    return max(sum(unicodedata.category(letter) != "Mn" for letter in line) for line in lines)


def sheet_name(book: Any, table: Table, number: int) -> str:
    """The table's Thai title and its name: what a person reads, and what a program looks for."""
    mark = f" ({table.name})" if number == 1 else f" ({table.name} {number})"
    title = " ".join(re.sub(r"[\[\]:*?/\\]", " ", table.title_th).split())
    while units(title) > max(SHEET_NAME_UNITS - units(mark), 0):
        title = title[:-1]
    if units(mark) < SHEET_NAME_UNITS:
        return f"{title.strip(chr(39) + ' ')}{mark}"
    return f"{len(book.worksheets()) + 1} {table.name}"[:SHEET_NAME_UNITS]


def write_about(
    book: Any,
    styles: dict[str, Any],
    sheets: list[tuple[list[str], Table]],
    notes: Iterable[str],
) -> None:
    """The last sheet: what the columns mean, what was cut, whose data it is."""
    sheet = book.add_worksheet(ABOUT)
    for column, (header, width) in enumerate(zip(ABOUT_HEAD, ABOUT_WIDTHS, strict=True)):
        write_text(sheet, 0, column, header, styles["header"])
        sheet.set_column(column, column, width)
    row = 0
    for row, line in enumerate(about_lines(sheets, notes), 1):
        for column, text in enumerate(line):
            write_text(sheet, row, column, text, styles["string"])
    finish(sheet, row, len(ABOUT_HEAD) - 1)


def about_lines(
    sheets: Iterable[tuple[list[str], Table]], notes: Iterable[str]
) -> Iterator[tuple[str, ...]]:
    for names, table in sheets:
        yield names[0], f"{table.title_th} / {table.title_en}", "", "", table.description
        for field in table.fields:
            kind = f"list of {field.item}" if field.type == "list" else field.type
            title = f"{field.title_th} / {field.title_en}"
            yield names[0], title, field.name, "JSON" if kind == "said" else kind, field.description
    for note in notes:
        yield "", "ข้อควรทราบ / Note", "", "", note
    for one in LICENCES:
        yield "", "สัญญาอนุญาต / Licence", "", "", f"{one['name']}: {one['title']} {one['path']}"
    for one in SOURCES:
        yield "", "ที่มา / Source", "", "", f"{one['title']} {one['path']}"
