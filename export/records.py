"""The tables as pydantic models: what a record may hold, checked, and as JSON Schema."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    Strict,
    StrictBool,
    StrictInt,
    StrictStr,
    ValidationError,
    WithJsonSchema,
    create_model,
)
from pydantic import Field as ModelField

from export.schema import Field, Table

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class Said(BaseModel):
    """What one place says."""

    model_config = ConfigDict(extra="forbid")
    where: str
    text: str


TYPES: Mapping[str, Any] = {
    "string": StrictStr,
    "integer": StrictInt,
    "number": Annotated[Decimal, Strict()],
    "boolean": StrictBool,
    "date": date,
    "said": list[Said],
}


@cache
def record_model(table: Table) -> type[BaseModel]:
    """The model of one record of a table; every column is there, None where it may be absent.

    >>> from export.schema import ROWS
    >>> sorted(record_model(ROWS).model_fields)[:3]
    ['agency', 'analysis', 'assessment_year']
    """
    fields: dict[str, Any] = {
        field.name: (
            type_of(field),
            ModelField(
                ...,
                title=f"{field.title_th} / {field.title_en}",
                description=field.description,
            ),
        )
        for field in table.fields
    }
    model = create_model(
        table.name,
        __config__=ConfigDict(
            extra="forbid", title=f"{table.title_th} / {table.title_en}", protected_namespaces=()
        ),
        __doc__=table.description,
        **fields,
    )
    return cast("type[BaseModel]", model)


def type_of(field: Field) -> Any:
    """What a field's value may be; None where it may be absent."""
    if field.type == "list":
        return list[StrictInt] if field.item == "integer" else list[StrictStr]
    kind: Any = TYPES[field.type]
    if field.allowed:
        kind = Literal[field.allowed]
    if field.pattern:
        kind = Annotated[kind, ModelField(pattern=f"^(?:{field.pattern})$")]
    if field.type == "number":
        low, high = field.within or (None, None)
        shown = {"type": "number"} | ({"minimum": low, "maximum": high} if field.within else {})
        kind = Annotated[kind, ModelField(ge=low, le=high), WithJsonSchema(shown)]
    return kind if field.required or field.type == "said" else kind | None


def json_schema(table: Table) -> dict[str, Any]:
    """JSON Schema of one record as the JSON files hold it."""
    schema = record_model(table).model_json_schema(mode="serialization")
    return {"$schema": DIALECT, **schema}


def validator(table: Table) -> Any:
    """What checks a record of the table; for `refusal`."""
    return record_model(table).__pydantic_validator__


def refusal(validate: Any, record: Mapping[str, object]) -> str:
    """Why a record is none of the table; empty where it is one."""
    try:
        validate.validate_python(record)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        return f"{place}: {first['msg']}"
    return ""
