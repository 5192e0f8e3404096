"""The data package: what the tables are, for programs that load them (Frictionless, version 2)."""

import json
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from export.schema import DOCUMENTS, LIST_SEPARATOR, TABLES, Field, Table

PROFILES = "https://datapackage.org/profiles/2.0"
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
TYPES = {"said": "array"}


class Written(NamedTuple):
    """What stands in one file."""

    sha256: str
    size_bytes: int


def data_package(files: Mapping[str, Written], keyed: Collection[str]) -> str:
    """Describe the CSV files; a table named in `keyed` has no two records with one key."""
    package = {
        "$schema": f"{PROFILES}/datapackage.json",
        "name": "raingan",
        "title": "แถวตัวชี้วัด ITA ที่ตรวจแล้ว / Audited ITA indicator rows",
        "description": "Read from reports by raingan; docs/output.md says how to load it.",
        "licenses": LICENCES,
        "sources": SOURCES,
        "resources": [
            _resource(table, files[f"{table.name}.csv"], table.name in keyed) for table in TABLES
        ],
    }
    return json.dumps(package, ensure_ascii=False, indent=2) + "\n"


def _resource(table: Table, written: Written, is_keyed: bool) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "$schema": f"{PROFILES}/tableschema.json",
        "fields": [_field(field) for field in table.fields],
        "missingValues": [""],
    }
    if is_keyed:
        schema["primaryKey"] = list(table.key)
    if table is not DOCUMENTS:
        reference = {"resource": DOCUMENTS.name, "fields": list(DOCUMENTS.key)}
        schema["foreignKeys"] = [{"fields": list(DOCUMENTS.key), "reference": reference}]
    return {
        "$schema": f"{PROFILES}/dataresource.json",
        "name": table.name,
        "type": "table",
        "title": f"{table.title_th} / {table.title_en}",
        "description": table.description,
        "path": f"{table.name}.csv",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": written.size_bytes,
        "hash": f"sha256:{written.sha256}",
        "schema": schema,
    }


def _field(field: Field) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": field.name,
        "type": TYPES.get(field.type, field.type),
        "title": f"{field.title_th} / {field.title_en}",
        "titles": {"th": field.title_th, "en": field.title_en},
        "description": field.description,
    }
    if field.type == "list":
        described |= {"delimiter": LIST_SEPARATOR, "itemType": field.item}
    if field.type == "boolean":
        described |= {"trueValues": ["True"], "falseValues": ["False"]}
    if constraints := _constraints(field):
        described["constraints"] = constraints
    return described


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
