"""The data package: what the tables are, for programs that load them (Frictionless, version 2)."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from export.schema import DOCUMENTS, LIST_SEPARATOR, TABLES, Field, Table

PROFILES = "https://datapackage.org/profiles/2.0"
TITLE = "แถวตัวชี้วัด ITA ที่ตรวจแล้ว / Audited ITA indicator rows"
LICENCES = [
    {
        "name": "CC-BY-4.0",
        "path": "https://creativecommons.org/licenses/by/4.0/",
        "title": "Creative Commons Attribution 4.0, for the official names and codes of places: "
        "credit GeoThai. The text of the reports stays with the agencies that wrote them.",
    }
]
SOURCES = [
    {
        "title": "GeoThai: provinces, districts and subdistricts of Thailand, CC-BY-4.0",
        "path": "https://geothai.fasu.dev",
    }
]
MEDIA_TYPES = {
    "csv": "text/csv",
    "json": "application/json",
    "jsonl": "application/jsonl",
    "parquet": "application/vnd.apache.parquet",
}
"""Of each form that a table's file may have."""
STREAMED = ("csv", "jsonl")
"""Of the other forms frictionless-py does not count the bytes, and takes any number for wrong."""


class Written(NamedTuple):
    """What stands in one file."""

    sha256: str
    size_bytes: int


def data_package(
    files: Mapping[str, Written],
    keyed: Collection[str],
    tables: Iterable[Table] = TABLES,
    forms: Sequence[str] = ("csv",),
) -> str:
    """Describe the files of tables in these forms; `keyed` tables have no two records of one key.

    A resource is named as its table, and where there are several forms `rows-csv`, `rows-parquet`.
    """
    package = {
        "$schema": f"{PROFILES}/datapackage.json",
        "name": "raingan",
        "title": TITLE,
        "description": "Read from reports by raingan; docs/output.md says how to load it.",
        "licenses": LICENCES,
        "sources": SOURCES,
        "resources": [
            _resource(
                table,
                form,
                f"-{form}" if len(forms) > 1 else "",
                files[f"{table.name}.{form}"],
                table.name in keyed,
            )
            | _same_as_json(f"{table.name}.json", files, forms)
            for form in forms
            for table in tables
        ],
    }
    return json.dumps(package, ensure_ascii=False, indent=2) + "\n"


def _same_as_json(name: str, files: Mapping[str, Written], forms: Sequence[str]) -> dict[str, Any]:
    """Of a run's own package what only raingan reads: the JSON file of the same records."""
    if "json" in forms or name not in files:
        return {}
    return {"json": {"path": name, "hash": f"sha256:{files[name].sha256}"}}


def _resource(
    table: Table, form: str, suffix: str, written: Written, is_keyed: bool
) -> dict[str, Any]:
    schema = table_schema(table, form)
    if is_keyed:
        schema["primaryKey"] = list(table.key)
    if table.name != DOCUMENTS.name:
        reference = {"resource": DOCUMENTS.name + suffix, "fields": list(DOCUMENTS.key)}
        schema["foreignKeys"] = [{"fields": list(DOCUMENTS.key), "reference": reference}]
    described = {
        "$schema": f"{PROFILES}/dataresource.json",
        "name": table.name + suffix,
        "type": "table",
        "title": f"{table.title_th} / {table.title_en}",
        "description": table.description,
        "path": f"{table.name}.{form}",
        "format": form,
        "mediatype": MEDIA_TYPES[form],
        "encoding": "utf-8",
        "bytes": written.size_bytes,
        "hash": f"sha256:{written.sha256}",
        "schema": schema,
    }
    return described if form in STREAMED else {k: v for k, v in described.items() if k != "bytes"}


def table_schema(table: Table, form: str) -> dict[str, Any]:
    """The table's columns as Table Schema has them, with the types of one form."""
    return {
        "$schema": f"{PROFILES}/tableschema.json",
        "fields": [_field(field, form) for field in table.fields],
        "missingValues": [""],
    }


def _field(field: Field, form: str) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": field.name,
        "type": field.type,
        "title": f"{field.title_th} / {field.title_en}",
        "titles": {"th": field.title_th, "en": field.title_en},
        "description": field.description,
    }
    if form == "parquet" and is_misread(field):
        return described | {"type": "any"}
    if field.type == "said":
        described["type"] = "array"
    elif field.type == "list" and form == "csv":
        described |= {"delimiter": LIST_SEPARATOR, "itemType": field.item}
    elif field.type == "list":
        described |= {"type": "array", "arrayItem": {"type": field.item}}
    elif field.type == "boolean" and form == "csv":
        described |= {"trueValues": ["True"], "falseValues": ["False"]}
    if constraints := _constraints(field):
        described["constraints"] = constraints
    return described


def is_misread(field: Field) -> bool:
    """Whether frictionless-py takes the right value of a Parquet file for a wrong one.

    It reads through pandas: lists become arrays of numpy, integers beside absent ones floats. The
    file has its types in itself.
    """
    return field.type in ("list", "said") or (field.type == "integer" and not field.required)


def _constraints(field: Field) -> dict[str, Any]:
    constraints: dict[str, Any] = {}
    if field.required:
        constraints["required"] = True
    if field.allowed:
        constraints["enum"] = list(field.allowed)
    if field.pattern:
        constraints["pattern"] = field.pattern
    if field.within:
        constraints["minimum"], constraints["maximum"] = field.within
    return constraints
