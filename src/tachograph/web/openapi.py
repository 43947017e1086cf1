"""The description of the API, made from the pages themselves."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec

from tachograph import __version__
from tachograph.app.dashboard.page import Page
from tachograph.app.scope import DEFAULT_RANGE, RANGES
from tachograph.web.answers import schema_name
from tachograph.web.record_schema import describe_record

_REFERENCE = "#/components/schemas/"
_ERRORS = {
    "400": "A parameter makes no sense.",
    "403": "Another site asked, or the cookie is missing: plain text.",
    "404": "There is no such thing.",
    "500": "The warehouse failed, or a bug.",
    "503": "The first reading of the logs goes on, or the warehouse is busy: try again.",
}
_ERROR = {
    "type": "object",
    "description": "What went wrong.",
    "properties": {
        "error": {
            "type": "object",
            "properties": {
                "slug": {"type": "string", "description": "A name for programs; docs/errors.md lists them."},
                "message": {"type": "string", "description": "One sentence."},
                "hint": {"type": "string", "description": "What to do about it; may be empty."},
            },
            "required": ["slug", "message", "hint"],
            "additionalProperties": False,
        }
    },
    "required": ["error"],
    "additionalProperties": False,
}
_SCOPE: list[tuple[str, str, dict[str, Any]]] = [
    ("range", "Whole days up to today, or from and to.", {"enum": [*RANGES, "custom"], "default": DEFAULT_RANGE}),
    ("from", "First day, such as 2026-11-01; with range=custom or without a range.", {"format": "date"}),
    ("to", "Last day, itself included.", {"format": "date"}),
    ("project", "Exactly this project: the path of its root.", {}),
    ("agent", "Only this agent, such as claude_code.", {}),
]


class ApiPage(msgspec.Struct, frozen=True):
    """A page that the API has."""

    slug: str
    title: str
    doc: str
    href: str


class ApiIndex(msgspec.Struct, frozen=True):
    """What the API has."""

    openapi: str
    """Where its description is."""
    pages: list[ApiPage]


def api_index(pages: Mapping[str, Page]) -> ApiIndex:
    """All pages, in the order of the menu."""
    listed = [ApiPage(one.slug, one.title, one.doc, f"/api/v1/{one.slug}") for one in pages.values()]
    return ApiIndex("/api/v1/openapi.json", listed)


@lru_cache(maxsize=1)
def describe_api(pages: tuple[Page, ...]) -> dict[str, Any]:
    """The API of ``pages`` as OpenAPI 3.1."""
    schemas: dict[str, Any] = {"Error": _ERROR}
    for page in pages:
        schemas |= _page_schemas(page)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tachograph",
            "version": __version__,
            "description": "What the pages of the dashboard show, read-only. Needs the cookie that the address printed"
            " by `tacho serve --url` gives. Null means not known.",
        },
        "servers": [{"url": "/"}],
        "paths": {f"/api/v1/{page.slug}": {"get": _operation(page)} for page in pages},
        "components": {
            "schemas": schemas,
            "securitySchemes": {"cookie": {"type": "apiKey", "in": "cookie", "name": "tacho_<port>"}},
        },
        "security": [{"cookie": []}],
    }


def _page_schemas(page: Page) -> dict[str, Any]:
    """By name: the page's record and those in it, each under the page's own name."""
    record = typing.get_type_hints(page.gather)["return"]
    root, parts = describe_record(record, f"{_REFERENCE}{page.slug}.{{name}}")
    root["properties"] = {"schema": {"const": f"tachograph.{schema_name(page.slug)}/1"}, **root["properties"]}
    root["required"] = ["schema", *root["required"]]
    return {page.slug: root} | {f"{page.slug}.{name}": schema for name, schema in sorted(parts.items())}


def _operation(page: Page) -> dict[str, Any]:
    failures = {
        status: {"description": told} | ({} if status == "403" else {"content": _json("Error")})
        for status, told in _ERRORS.items()
    }
    return {
        "operationId": page.slug.replace("-", "_"),
        "summary": page.title,
        "description": page.doc,
        "parameters": [
            *(_parameter(*one) for one in (_SCOPE if page.scoped else ())),
            *(_parameter(one.name, one.doc, {"enum": list(one.choices)} if one.choices else {}) for one in page.params),
        ],
        "responses": {"200": {"description": page.doc, "content": _json(page.slug)}, **failures},
    }


def _parameter(name: str, doc: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": doc, "schema": {"type": "string", **schema}}


def _json(name: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REFERENCE + name}}}
