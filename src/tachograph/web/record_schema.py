"""JSON Schemas of records, with their docstrings."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
import typing
from itertools import pairwise
from typing import Any

import msgspec

Schema = dict[str, Any]


def describe_record(record: type[msgspec.Struct], template: str) -> tuple[Schema, dict[str, Schema]]:
    """The record's own schema, and by name those of the records in it; ``template`` makes a reference of a name.

    Records are closed, and every field that is always written is required.
    """
    _, found = describe_types([record], template)
    return found.pop(record.__name__), found


def describe_types(types: list[Any], template: str) -> tuple[list[Schema], dict[str, Schema]]:
    """A schema of each type, and by name those of the records that they hold, themselves included."""
    schemas, found = msgspec.json.schema_components(types, ref_template=template)
    for one in _structs_among(types):
        found[one.__name__] = _describe_struct(one, found[one.__name__])
    return list(schemas), found


def plain_text(doc: str) -> str:
    """A docstring's text on one line, without its markup."""
    text = re.sub(r":\w+:`~?([^`]*)`", r"\1", " ".join(doc.split()))
    return text.replace("``", "`")


def _structs_among(types: list[Any]) -> list[type[msgspec.Struct]]:
    found: dict[type[msgspec.Struct], None] = {}
    pending = list(types)
    while pending:
        one = pending.pop()
        pending.extend(typing.get_args(one))
        if isinstance(one, type) and issubclass(one, msgspec.Struct) and one not in found:
            found[one] = None
            pending.extend(field.type for field in msgspec.structs.fields(one))
    return list(found)


def _describe_struct(record: type[msgspec.Struct], schema: Schema) -> Schema:
    docs = _field_docs(record)
    properties = {
        name: {**_without_default(value), **({"description": docs[name]} if name in docs else {})}
        for name, value in schema["properties"].items()
    }
    required = schema.get("required", []) if record.__struct_config__.omit_defaults else list(properties)
    return {
        "description": plain_text(inspect.getdoc(record) or ""),
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _without_default(schema: Schema) -> Schema:
    return {key: value for key, value in schema.items() if key != "default"}


def _field_docs(record: type[msgspec.Struct]) -> dict[str, str]:
    """The string below each field, those of base classes included; none where the source is not there."""
    docs: dict[str, str] = {}
    for base in reversed(record.__mro__):
        if base is msgspec.Struct or not issubclass(base, msgspec.Struct):
            continue
        try:
            (body,) = ast.parse(textwrap.dedent(inspect.getsource(base))).body
        except (OSError, TypeError, SyntaxError):
            continue
        for field, below in pairwise(getattr(body, "body", [])):
            if (
                isinstance(field, ast.AnnAssign)
                and isinstance(field.target, ast.Name)
                and isinstance(below, ast.Expr)
                and isinstance(below.value, ast.Constant)
            ):
                docs[field.target.id] = plain_text(str(below.value.value))
    return docs
