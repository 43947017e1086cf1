"""The API: every page as data, described by itself."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from tachograph.app.dashboard.page import load_pages
from tachograph.report.view import Beside, Block, Chart, Grid, Section
from tachograph.web.guard import Guard
from tachograph.web.record_schema import describe_record
from tests.web.calling import call

PAGES = load_pages()


@pytest.fixture(scope="module")
def description(dashboard: Guard) -> Any:
    answer = call(dashboard, "/api/v1/openapi.json")
    assert (answer.status, answer.header("content-type")) == (200, "application/json")
    return answer.json()


@pytest.fixture(scope="module")
def session_id(dashboard: Guard) -> str:
    return str(call(dashboard, "/api/v1/sessions?range=all").json()["sessions"][0]["id"])


def query_for(slug: str, session_id: str) -> str:
    named = {param.name for param in PAGES[slug].params}
    return "range=all" + (f"&id={session_id}" if "id" in named else "") + ("&n=1" if "n" in named else "")


def test_all_pages_are_listed(dashboard: Guard) -> None:
    index = call(dashboard, "/api/v1").json()
    assert index["schema"] == "tachograph.api/1"
    assert {page["slug"]: page["href"] for page in index["pages"]} == {slug: f"/api/v1/{slug}" for slug in PAGES}
    assert all(page["title"] and page["doc"].endswith(".") for page in index["pages"])


@pytest.mark.parametrize("slug", PAGES)
def test_every_answer_is_as_described(dashboard: Guard, description: Any, session_id: str, slug: str) -> None:
    answer = call(dashboard, f"/api/v1/{slug}?{query_for(slug, session_id)}")
    assert (answer.status, answer.header("content-type")) == (200, "application/json"), answer.text
    told = answer.json()
    assert told["schema"] == f"tachograph.page_{slug.replace('-', '_')}/1"
    reference = description["paths"][f"/api/v1/{slug}"]["get"]["responses"]["200"]["content"]["application/json"][
        "schema"
    ]
    schema = {**reference, "components": description["components"]}
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(told)
    assert list(Draft202012Validator(schema).iter_errors({**told, "another": 1})), "a record is closed"


@pytest.mark.parametrize("slug", PAGES)
def test_every_parameter_and_field_is_described(description: Any, slug: str) -> None:
    operation = description["paths"][f"/api/v1/{slug}"]["get"]
    names = [one["name"] for one in operation["parameters"]]
    scope = ["range", "from", "to", "project", "agent"] if PAGES[slug].scoped else []
    assert names == scope + [param.name for param in PAGES[slug].params]
    assert all(one["description"] and one["schema"]["type"] == "string" for one in operation["parameters"])
    assert operation["description"] == PAGES[slug].doc


def test_the_description_refers_to_nothing_that_is_not_there(description: Any) -> None:
    text = json.dumps(description)
    used = {part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]}
    assert used <= set(description["components"]["schemas"])
    assert description["openapi"] == "3.1.0"
    assert {"400", "403", "404", "500", "503"} <= set(description["paths"]["/api/v1/sessions"]["get"]["responses"])


@pytest.mark.parametrize(
    ("target", "status", "slug"),
    [
        ("/api/v1/nothing", 404, "no_page"),
        ("/api/v1/sessions/more", 404, "no_page"),
        ("/api/v1/sessions?range=tomorrow", 400, "bad_range"),
        ("/api/v1/sessions?from=x", 400, "bad_date"),
        ("/api/v1/sessions?from=2026-02-01&to=2026-01-01", 400, "empty_span"),
        ("/api/v1/sessions?q=" + "x" * 2001, 400, "bad_parameter"),
    ],
)
def test_failures_are_told_as_described(
    dashboard: Guard, description: Any, target: str, status: int, slug: str
) -> None:
    answer = call(dashboard, target)
    assert (answer.status, answer.json()["error"]["slug"]) == (status, slug)
    schema = {"$ref": "#/components/schemas/Error", "components": description["components"]}
    Draft202012Validator(schema).validate(answer.json())


def test_a_session_that_is_not_there_is_not_found(dashboard: Guard) -> None:
    if "session" not in PAGES:
        pytest.skip("no such page yet")
    assert call(dashboard, "/api/v1/session?id=codex:nothing").status == 404
    assert call(dashboard, "/session?id=codex:nothing").status == 404


# ------------------------------------------------------------------------------------------------------ tables


def tables_of(blocks: list[Block]) -> list[str]:
    found: list[str] = []
    for block in blocks:
        if isinstance(block, Grid | Chart):
            found.append(block.id)
        elif isinstance(block, Section):
            found += tables_of(block.blocks)
        elif isinstance(block, Beside):
            found += [id for part in block.parts for id in tables_of(part)]
    return found


@pytest.mark.parametrize("slug", PAGES)
def test_every_table_of_every_page_can_be_downloaded(
    dashboard: Guard, session_id: str, slug: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[Block]] = []
    monkeypatch.setattr("tachograph.web.answers.find_grid", lambda blocks, id: seen.append(blocks))
    query = query_for(slug, session_id)
    call(dashboard, f"/download/{slug}/x.csv?{query}")
    monkeypatch.undo()
    ids = tables_of(seen[0])
    assert len(set(ids)) == len(ids)
    for id in ids:
        told = call(dashboard, f"/download/{slug}/{id}.json?{query}")
        assert told.status == 200, (id, told.text)
        record = told.json()
        assert (record["schema"], record["grid"]) == ("tachograph.grid/1", id)
        sheet = call(dashboard, f"/download/{slug}/{id}.csv?{query}")
        assert (sheet.header("content-type") or "").startswith("text/csv")
        assert sheet.header("content-disposition") == f'attachment; filename="tachograph-{slug}-{id}.csv"'
        lines = [key["key"] for key in record["columns"]]
        assert sheet.text.split("\r\n")[0].split(",")[: len(lines)] == lines or '"' in sheet.text.split("\r\n")[0]


def test_a_download_has_as_many_rows_as_its_page(dashboard: Guard) -> None:
    rows = call(dashboard, "/api/v1/sessions?range=all&size=50").json()["sessions"]
    (table,) = [id for id in ("sessions",) if call(dashboard, f"/download/sessions/{id}.json").status == 200]
    told = call(dashboard, f"/download/sessions/{table}.json?range=all&size=50").json()
    assert len(told["rows"]) == len(rows) > 10


@pytest.mark.parametrize("name", ["sessions", "sessions.xml", ".csv", "nothing.json", "sessions.csv.exe"])
def test_a_table_that_is_not_there_is_not_found(dashboard: Guard, name: str) -> None:
    assert call(dashboard, f"/download/sessions/{name}").status == 404


# ----------------------------------------------------------------------------------------------------- schemas


class Inner(msgspec.Struct):
    """A part."""

    n: int | None
    """How many; see :func:`count` and ``x``."""


class Base(msgspec.Struct):
    """What is shared."""

    id: str
    """Its name."""


class Outer(Base, omit_defaults=True):
    """A whole."""

    parts: list[Inner]
    plain: float = 0.0


def test_schemas_hold_the_docstrings() -> None:
    root, parts = describe_record(Outer, "#/{name}")
    assert root == {
        "description": "A whole.",
        "type": "object",
        "properties": {
            "id": {"type": "string", "description": "Its name."},
            "parts": {"type": "array", "items": {"$ref": "#/Inner"}},
            "plain": {"type": "number"},
        },
        "required": ["id", "parts"],
        "additionalProperties": False,
    }
    assert parts["Inner"]["properties"]["n"]["description"] == "How many; see count and `x`."
    assert parts["Inner"]["required"] == ["n"]
