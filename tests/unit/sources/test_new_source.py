"""What a new source costs: one file, the one that docs/sources.md shows."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import tachograph.sources
from tachograph.app.cost import report_cost
from tachograph.app.filters import Filter
from tachograph.app.ingest import ingest
from tachograph.app.workspace import Workspace
from tachograph.settings import Settings
from tachograph.sources import load_sources
from tachograph.warehouse.store import open_reader
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")


def code_block(language: str) -> str:
    """The page's only block in that language."""
    (block,) = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    return block


@pytest.fixture
def mossy(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of Mossy's logs; its source is one more file of the package while the test runs."""
    (tmp_path / "mossy.py").write_text(code_block("python"), encoding="utf-8")
    monkeypatch.setattr(tachograph.sources, "__path__", [*tachograph.sources.__path__, str(tmp_path)])
    load_sources.cache_clear()
    logs = home / ".mossy"
    logs.mkdir()
    (logs / "plants.mossy").write_text(code_block("json"), encoding="utf-8")
    yield logs
    sys.modules.pop("tachograph.sources.mossy", None)
    load_sources.cache_clear()


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "data", Settings())


def append(log: Path, **fields: object) -> None:
    with log.open("a", encoding="utf-8") as out:
        out.write(json.dumps(fields) + "\n")


def ask(workspace: Workspace, query: str) -> list[tuple[object, ...]]:
    connection = open_reader(workspace.folder)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def test_one_file_is_enough_to_discover_ingest_and_price(mossy, workspace):
    report = ingest(workspace, jobs=1)
    assert (report.seen, report.changed, report.sessions, report.responses, report.problems) == (1, 1, 1, 1, 0)
    connection = open_reader(workspace.folder)
    cost = report_cost(connection, "agent", Filter())
    connection.close()
    (group,) = cost.groups
    assert (group.key, group.responses, group.input, group.cache_read, group.output) == ("mossy", 1, 400, 500, 80)
    assert group.usd == pytest.approx((400 * 2.5 + 500 * 0.25 + 80 * 15) / 1e6)  # gpt-5.4's list price
    assert ask(workspace, "SELECT id, project, opening, prompts, turns FROM sessions") == [
        ("mossy:plants", "/home/ada/garden", "Water the plants.", 1, 1)
    ]


def test_a_grown_log_is_read_on_and_gives_what_a_fresh_reading_gives(mossy, workspace, tmp_path):
    ingest(workspace, jobs=1)
    log = mossy / "plants.mossy"
    append(log, at="2026-05-04T09:01:00Z", kind="prompt", text="The roses too.")
    append(log, at="2026-05-04T09:01:05Z", kind="answer", id="m2", model="gpt-5.4", fresh=100, out=20)
    append(log, at="2026-05-04T09:01:06Z", kind="weather")
    grown = ingest(workspace, jobs=1)
    assert grown.changed == 1
    assert grown.bytes < log.stat().st_size
    fresh = Workspace(tmp_path / "fresh", Settings())
    ingest(fresh, jobs=1)
    for query in (
        "SELECT id, prompts, turns, started_at, ended_at FROM sessions",
        "SELECT id, model, started_at, input, cache_read, output, cost_pico FROM responses ORDER BY id",
        "SELECT lines, unknown_types FROM logs",
    ):
        assert ask(workspace, query) == ask(fresh, query)
    ((lines, unknown),) = ask(workspace, "SELECT lines, unknown_types FROM logs")
    assert (lines, json.loads(str(unknown))) == (5, {"weather": 1})


def test_a_bad_line_is_a_problem_and_hides_no_neighbour(mossy, workspace):
    with (mossy / "plants.mossy").open("a", encoding="utf-8") as out:
        out.write('{"at": "2026-05-04T09:02:00Z", "kind": "ans\n')
    append(mossy / "plants.mossy", at="2026-05-04T09:03:00Z", kind="answer", id="m3", model="gpt-5.4", out=7)
    assert ingest(workspace, jobs=1).problems == 1
    assert ask(workspace, "SELECT slug, line FROM problems") == [("invalid_json", 3)]
    assert ask(workspace, "SELECT sum(output) FROM responses") == [(87,)]


def test_the_source_is_gone_again_after_the_test():
    assert sorted(load_sources()) == ["claude_code", "codex"]
