"""The published tables, defined once: files, data package and docs/output.md come from here."""

from dataclasses import dataclass, replace
from typing import Literal, get_args

from profiles.report import ColumnType, Profile, Role

Type = Literal["string", "integer", "number", "boolean", "date", "list", "said"]
"""`list` holds strings or integers; `said` holds what each place says, as `audit.model.Said`."""

LIST_SEPARATOR = ";"

SCHEMA_VERSION = 1
"""Of the tables below: a column gone, or with another meaning, makes it 2; one more does not."""


@dataclass(frozen=True, slots=True)
class Field:
    """One column; its name is that of the record's attribute."""

    name: str
    type: Type
    title_th: str
    title_en: str
    description: str
    required: bool = False
    item: Literal["string", "integer"] = "string"
    """Of a list."""
    decimal_places: int | None = None
    """None writes every digit that the value has."""
    allowed: tuple[str, ...] = ()
    pattern: str = ""
    within: tuple[int, int] | None = None
    indexed: bool = False
    """In a database, since people select by it."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table; its name is that of its file and of its part of a `DocumentResult`."""

    name: str
    title_th: str
    title_en: str
    description: str
    fields: tuple[Field, ...]
    sorted_by: str
    key: tuple[str, ...] = ()
    """Names one record. A run in which two records share it does not claim it."""
    told_by: tuple[str, ...] = ()
    """Without a key, the columns that make a record another one; the rest is said of it."""
    has_json: bool = False


def _confidence(description: str, required: bool = False) -> Field:
    return Field(
        "confidence",
        "number",
        "ความเชื่อมั่น",
        "Confidence",
        description,
        required,
        decimal_places=4,
        within=(0, 1),
    )


def _edge(name: str, title_th: str, title_en: str) -> Field:
    text = "points from the page's top left corner, as in pdfplumber; absent for a text dump"
    return Field(name, "number", title_th, title_en, text, decimal_places=2)


DOCUMENT = Field(
    "document",
    "string",
    "เอกสาร",
    "Document",
    "input path relative to the folder given, or its file name",
    required=True,
)

ROWS = Table(
    name="rows",
    title_th="แถวตัวชี้วัด",
    title_en="Indicator rows",
    description="one record per indicator code per document",
    sorted_by="document, indicator_no, code (i2 before i10; an absent one comes last)",
    key=("document", "code"),
    has_json=True,
    fields=(
        DOCUMENT,
        Field(
            "agency",
            "string",
            "หน่วยงาน",
            "Agency",
            "canonical name; as printed where no official place explains it",
            indexed=True,
        ),
        Field("district", "string", "อำเภอ", "District", "canonical name without อำเภอ"),
        Field("province", "string", "จังหวัด", "Province", "canonical name without จังหวัด"),
        Field(
            "province_code",
            "string",
            "รหัสจังหวัด",
            "Province code",
            "official code, two digits",
            pattern="[0-9]{2}",
        ),
        Field(
            "district_code",
            "string",
            "รหัสอำเภอ",
            "District code",
            "official code, four digits",
            pattern="[0-9]{4}",
        ),
        Field(
            "fiscal_year",
            "integer",
            "ปีงบประมาณ",
            "Fiscal year",
            "Buddhist era, the year the plan is for (2569)",
            indexed=True,
        ),
        Field(
            "assessment_year",
            "integer",
            "ปีที่ประเมิน",
            "Assessment year",
            "Buddhist era, the year that was assessed (2568)",
        ),
        Field("indicator_no", "integer", "ตัวชี้วัดที่", "Indicator number", "1-10", indexed=True),
        Field(
            "indicator_name",
            "string",
            "ชื่อตัวชี้วัด",
            "Indicator name",
            "the official name of the number",
        ),
        Field(
            "instrument",
            "string",
            "เครื่องมือ",
            "Instrument",
            "who was asked: IIT staff, EIT the public, OIT the agency's website",
            allowed=("IIT", "EIT", "OIT"),
        ),
        Field(
            "code",
            "string",
            "รหัสข้อ",
            "Code",
            "`i1`, `e7`, `o25`: lower-case letter and Arabic number, nothing else",
            pattern="[ieo][0-9]+",
            indexed=True,
        ),
        Field("question", "string", "ข้อคำถาม", "Question", "without its printed code"),
        Field(
            "analysis",
            "string",
            "ประเด็นที่วิเคราะห์",
            "Analysis",
            "without the heading `i1 ประเด็น`; list items on lines of their own, here and below",
        ),
        Field("measures", "string", "มาตรการ", "Measures", "what the agency will do"),
        Field("result", "string", "ผลการประเมิน", "Result", "with its headings, such as จุดแข็ง"),
        Field("steps", "string", "ขั้นตอน", "Steps", "how it will be done, numbered"),
        Field("timeframe", "string", "ระยะเวลา", "Timeframe", "as printed, digits Arabic"),
        Field("strengths", "string", "จุดแข็ง", "Strengths", "the part of `result` under จุดแข็ง"),
        Field(
            "weaknesses",
            "string",
            "จุดที่ต้องพัฒนา",
            "Weaknesses",
            "the part of `result` under จุดอ่อน, จุดที่ต้องพัฒนา or จุดที่ควรพัฒนา",
        ),
        Field(
            "score",
            "number",
            "คะแนน",
            "Score",
            "of 0-100, as the row states it; absent where it states none",
        ),
        Field(
            "start_date",
            "date",
            "วันเริ่มต้น",
            "Start date",
            "Gregorian, from `timeframe` and the Thai fiscal year (1 Oct - 30 Sep)",
        ),
        Field("end_date", "date", "วันสิ้นสุด", "End date", "the last day of it"),
        Field(
            "responsible",
            "list",
            "หน่วยงานที่รับผิดชอบ",
            "Responsible units",
            "canonical names, in the order of the report",
        ),
        Field(
            "references",
            "list",
            "ข้อ OIT ที่อ้างถึง",
            "References",
            "OIT codes that the text refers to: `o8`, `o10`",
        ),
        Field(
            "pages",
            "list",
            "หน้า",
            "Pages",
            "pages of the input that the row was read from, the first is 1",
            required=True,
            item="integer",
        ),
        _confidence("0-1: the weakest cell of the row; 1.0 for an exported page", required=True),
        Field(
            "needs_review",
            "boolean",
            "ควรตรวจทาน",
            "Needs review",
            "a person should look: low confidence, or an unresolved finding",
            required=True,
            indexed=True,
        ),
    ),
)

CELLS = Table(
    name="cells",
    title_th="ช่องตาราง",
    title_en="Table cells",
    description="one record per table cell, raw beside normalised",
    sorted_by="document, page, row, column",
    key=("document", "page", "row", "column"),
    fields=(
        DOCUMENT,
        Field("page", "integer", "หน้า", "Page", "the first is 1", required=True),
        Field("table", "integer", "ตารางที่", "Table", "from 0 within its page", required=True),
        Field("row", "integer", "แถว", "Row", "from 0 over all tables of the page", required=True),
        Field("column", "integer", "คอลัมน์", "Column", "from 0 within its table", required=True),
        Field(
            "field",
            "string",
            "เขตข้อมูล",
            "Field",
            "what the column is for: `no`, `indicator`, `question`, `analysis`, `measures`, "
            "`result`, `steps`, `timeframe`, `responsible`, or a column of another kind of report; "
            "`header`, `title`; absent where no profile names it",
        ),
        _edge("x0", "ซ้าย", "Left"),
        _edge("top", "บน", "Top"),
        _edge("x1", "ขวา", "Right"),
        _edge("bottom", "ล่าง", "Bottom"),
        Field(
            "source",
            "string",
            "ที่มา",
            "Source",
            "a PDF's text layer, an image that was read, or a text dump",
            required=True,
            allowed=("text", "ocr", "dump"),
        ),
        Field("raw", "string", "ข้อความดิบ", "Raw text", "as it was read, one line of paper a line"),
        Field(
            "value",
            "string",
            "ข้อความ",
            "Value",
            "what the text rules made of `raw`, before it is split over rows",
        ),
        _confidence("0-1, as the recogniser gave it; absent where nothing was recognised"),
    ),
)

CORRECTIONS = Table(
    name="corrections",
    title_th="การแก้ไข",
    title_en="Corrections",
    description="one record per change made to a value: they lead from the raw cells to the values",
    sorted_by="document, page, row, column; those of one cell in the order in which they were made",
    told_by=("page", "row", "column", "field", "rule", "before", "after"),
    fields=(
        DOCUMENT,
        Field("page", "integer", "หน้า", "Page", "the first is 1; absent for the whole document"),
        Field("row", "integer", "แถว", "Row", "as in `cells`"),
        Field("column", "integer", "คอลัมน์", "Column", "as in `cells`"),
        Field("field", "string", "เขตข้อมูล", "Field", "the field that was changed"),
        Field(
            "rule",
            "string",
            "กฎ",
            "Rule",
            "name of the function that made it, or `decision`",
            required=True,
        ),
        Field("before", "string", "ก่อน", "Before", "the text it was given"),
        Field("after", "string", "หลัง", "After", "the text it made"),
        _confidence("0-1: how sure the rule is; absent where it is right whenever it applies"),
    ),
)

FINDINGS = Table(
    name="findings",
    title_th="ข้อสังเกต",
    title_en="Findings",
    description="one record per inconsistency, within a document or between several",
    sorted_by="document, first page (none comes first), check; those between documents come first",
    told_by=("check", "pages", "code", "field", "values", "cells", "documents"),
    has_json=True,
    fields=(
        replace(
            DOCUMENT,
            description="as in `documents`; absent for a finding between documents",
            required=False,
        ),
        Field(
            "check",
            "string",
            "การตรวจ",
            "Check",
            "name of the check that found it",
            required=True,
            indexed=True,
        ),
        Field(
            "severity",
            "string",
            "ระดับ",
            "Severity",
            "what it does to the data",
            required=True,
            allowed=("error", "warning", "info"),
            indexed=True,
        ),
        Field(
            "pages", "list", "หน้า", "Pages", "every page involved, the first is 1", item="integer"
        ),
        Field("code", "string", "รหัสข้อ", "Code", "of the row it is about", indexed=True),
        Field("field", "string", "เขตข้อมูล", "Field", "of the row or the cell it is about"),
        Field(
            "message",
            "string",
            "คำอธิบาย",
            "Message",
            "a sentence for a person: English, or Thai with `--lang th`",
            required=True,
        ),
        Field(
            "values",
            "said",
            "ข้อความที่พบ",
            "Values",
            "what each place says: `where` (pages, or a label) and `text`",
        ),
        Field("suggestion", "string", "ข้อเสนอแนะ", "Suggestion", "what it should say"),
        Field(
            "fixed",
            "boolean",
            "แก้แล้ว",
            "Fixed",
            "the rows already carry the suggestion",
            required=True,
        ),
        Field(
            "cells",
            "list",
            "ช่องที่เกี่ยวข้อง",
            "Cells",
            "`page:row:column` of the cells in `cells` that it is about, the one to look at first "
            "before the others; absent where it is about no cell",
        ),
        Field(
            "documents",
            "list",
            "เอกสารที่เกี่ยวข้อง",
            "Documents",
            "of a finding between documents every one involved",
        ),
        Field(
            "decided",
            "boolean",
            "ตัดสินแล้ว",
            "Decided",
            "a person has looked at it: `decisions.jsonl` says what was decided",
            required=True,
        ),
    ),
)

DOCUMENTS = Table(
    name="documents",
    title_th="เอกสาร",
    title_en="Documents",
    description="one record per input, failed ones included",
    sorted_by="document",
    key=("document",),
    fields=(
        DOCUMENT,
        Field(
            "sha256", "string", "ค่าแฮช", "SHA-256", "of the input's bytes", pattern="[0-9a-f]{64}"
        ),
        Field(
            "status",
            "string",
            "สถานะ",
            "Status",
            "`partial` where pages could not be read; `failed` gives no rows",
            required=True,
            allowed=("ok", "partial", "failed"),
            indexed=True,
        ),
        Field("pages", "integer", "จำนวนหน้า", "Pages", "how many"),
        Field("source", "list", "ที่มา", "Source", "as in `cells`, more than one where pages differ"),
        Field("agency", "string", "หน่วยงาน", "Agency", "as in `rows`", indexed=True),
        Field("fiscal_year", "integer", "ปีงบประมาณ", "Fiscal year", "as in `rows`", indexed=True),
        Field("rows", "integer", "จำนวนแถว", "Rows", "how many", required=True),
        Field("findings", "integer", "จำนวนข้อสังเกต", "Findings", "how many", required=True),
        Field("error", "string", "ข้อผิดพลาด", "Error", "why it failed and what to do"),
    ),
)

TABLES = (ROWS, CELLS, CORRECTIONS, FINDINGS, DOCUMENTS)

TYPES: dict[ColumnType, Type] = {"ordinal": "string", "text": "string"}
"""Of a profile's columns; the others have the same name."""


def item_table(profile: Profile) -> Table:
    """The table that the items of another kind of report go to.

    >>> from profiles.report import profiles
    >>> [item_table(profile).key for profile in profiles() if profile.table][0]
    ('document', 'page', 'row', 'line')
    """
    own = (
        Field(
            column.field,
            TYPES.get(column.type, column.type),  # type: ignore[arg-type]  # the rest are alike
            column.title_th,
            column.title_en,
            (column.description or column.title_en) + (f" ({column.unit})" if column.unit else ""),
        )
        for column in profile.columns
    )
    return Table(
        name=profile.table,
        title_th=profile.title_th,
        title_en=profile.title_en,
        description=profile.description or "one record per row of a table of this kind",
        sorted_by="document, page, row, line",
        key=("document", "page", "row", "line"),
        has_json=True,
        fields=(
            DOCUMENT,
            *BEFORE_COLUMNS,
            *own,
            *AFTER_COLUMNS,
        ),
    )


BEFORE_COLUMNS = (
    *(field for field in CELLS.fields if field.name in ("page", "row")),
    Field(
        "line",
        "integer",
        "บรรทัด",
        "Line",
        "on which line of the row it begins, from 0: without rules one row of cells holds many",
        required=True,
    ),
    Field(
        "role",
        "string",
        "ชนิดของแถว",
        "Role",
        "what the row is; only `item` counts when a column is added up",
        required=True,
        allowed=get_args(Role),
        indexed=True,
    ),
)
AFTER_COLUMNS = (
    Field("caption", "string", "ชื่อตาราง", "Caption", "the line right above its table"),
    Field(
        "section", "string", "หัวข้อ", "Section", "the headings that it stands under, joined by ` / `"
    ),
    *(field for field in ROWS.fields if field.name in ("pages", "confidence")),
    Field(
        "needs_review",
        "boolean",
        "ควรตรวจทาน",
        "Needs review",
        "a person should look: a number that could not be read, a sum that does not add up",
        required=True,
        indexed=True,
    ),
)
ITEM_FIELDS = {field.name: field for field in (DOCUMENT, *BEFORE_COLUMNS, *AFTER_COLUMNS)}
"""What every table of items has."""
