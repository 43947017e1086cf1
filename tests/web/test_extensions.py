"""What one file or one row adds is in the dashboard and in ``report html`` by itself.

A page, a source, a detector, a metric, a KPI, a rule of alerts and a suggestion, each in a temporary package.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module, resources
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from tachograph.analysis.detectors import load_detectors
from tachograph.analysis.kpis import load_kpis
from tachograph.analysis.metrics import load_metrics
from tachograph.app.dashboard.page import load_pages
from tachograph.app.ingest import ingest
from tachograph.app.learn.run import learn
from tachograph.app.reports.html_report import make_report
from tachograph.app.rollups.refresh import refresh
from tachograph.app.workspace import Workspace
from tachograph.learning.alerts.rules import load_rules
from tachograph.learning.suggestions import load_catalogue
from tachograph.settings import Settings
from tachograph.sources import load_sources
from tachograph.web.guard import Guard
from tests.builders.claude import ClaudeHome
from tests.loop.test_extensions import KPI, RULE, SUGGESTION
from tests.loop.working import Course, write_course
from tests.unit.analysis.detectors.test_registry import NIGHT
from tests.unit.analysis.test_metrics import NEW_METRIC
from tests.unit.sources.test_new_source import code_block
from tests.web.calling import call
from tests.web.conftest import guarded

PAGE = '''
"""The longest prompts."""

import msgspec

from tachograph.app.dashboard.page import Page, Param
from tachograph.report.view import Cell, Column, Grid, View


class Long(msgspec.Struct, frozen=True):
    """The longest prompts of the range."""

    least: int
    chars: list[int]
    """Of each, the longest first."""


def gather(desk, scope, params) -> Long:
    """See Long."""
    least = int(params.get("least", "0"))
    query = "SELECT chars FROM prompts WHERE chars >= ? ORDER BY chars DESC LIMIT 3"
    return Long(least, [chars for (chars,) in desk.connection.execute(query, (least,))])


def show(data, scope, params) -> View:
    """The page."""
    rows = [[Cell(place), Cell(chars)] for place, chars in enumerate(data.chars, 1)]
    columns = [Column("place", "Place", "count"), Column("chars", "Characters", "count")]
    return View("Long prompts", [Grid("longest", "The longest", columns, rows)])


PAGE = Page("long-prompts", "Long prompts", gather, show, "The longest prompts.", order=5,
            params=(Param("least", "At least so many characters."),))
'''
MODULES = {
    "tachograph.sources": {"mossy": code_block("python")},
    "tachograph.analysis.detectors": {"night_work": NIGHT},
    "tachograph.analysis.metrics": {"longest": NEW_METRIC},
    "tachograph.analysis.kpis": {"writing": KPI},
    "tachograph.app.dashboard.pages": {"long_prompts": PAGE},
}
ROWS = {
    "tachograph.learning.alerts.rules": ("rules.toml", RULE),
    "tachograph.learning.suggestions.catalogue": ("catalogue.toml", SUGGESTION),
}
LOADERS: tuple[Any, ...] = (
    load_sources, load_detectors, load_metrics, load_kpis, load_pages, load_rules, load_catalogue,
)  # fmt: skip
SESSIONS = 13
NOW_MS = round(datetime(2026, 5, 20, 12, tzinfo=UTC).timestamp() * 1000)


class Extended(msgspec.Struct):
    """A workspace read with everything added, and its dashboard."""

    workspace: Workspace
    dashboard: Guard

    def text(self, target: str) -> str:
        """A page's text, without its markup."""
        answer = call(self.dashboard, target)
        assert answer.status == 200, answer.text
        return " ".join(re.sub(r"<[^>]*>", " ", answer.text).split())

    def data(self, target: str) -> Any:
        """A page's data."""
        answer = call(self.dashboard, f"/api/v1/{target}")
        assert answer.status == 200, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Extended]:
    """Thirteen sessions of Claude Code, the last with a long prompt, and one of Mossy."""
    folder = tmp_path_factory.mktemp("extended")
    with pytest.MonkeyPatch.context() as patch:
        for variable, place in {"HOME": "", "TACHO_DATA_DIR": "data", "CLAUDE_CONFIG_DIR": ".claude"}.items():
            patch.setenv(variable, str(folder / place))
        patch.setenv("CODEX_HOME", str(folder / "none"))
        patch.setenv("TACHO_CONFIG", "")
        patch.setattr(sys, "dont_write_bytecode", True)
        add_everything(folder / "more", patch)
        write_logs(folder)
        workspace = Workspace(folder / "data", Settings(display_timezone="UTC"))
        ingest(workspace, jobs=1)
        learn(workspace, update=False)
        refresh(workspace)
        yield Extended(workspace, guarded(workspace))
    for package, modules in MODULES.items():
        for name in modules:
            sys.modules.pop(f"{package}.{name}", None)
            vars(import_module(package)).pop(name, None)
    for load in LOADERS:
        load.cache_clear()


def add_everything(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Each module into its package, each row into its table."""
    for package, modules in MODULES.items():
        (folder / package).mkdir(parents=True)
        for name, code in modules.items():
            (folder / package / f"{name}.py").write_text(code, encoding="utf-8")
        home = import_module(package)
        patch.setattr(home, "__path__", [*home.__path__, str(folder / package)])
    for name, (file, row) in ROWS.items():
        place = folder / name
        place.mkdir()
        table = resources.files(name.rpartition(".")[0]).joinpath(file).read_text(encoding="utf-8")
        (place / file).write_text(table + row, encoding="utf-8")
        patch.setattr(f"{name}.resources", SimpleNamespace(files=lambda _, place=place: place))
    for load in LOADERS:
        load.cache_clear()


def write_logs(folder: Path) -> None:
    """The histories of both agents."""
    claude = ClaudeHome(folder / ".claude")
    for number in range(SESSIONS):
        words = 60 if number == SESSIONS - 1 else 4 + number % 3
        log = claude.project().session(f"2026-05-{number + 1:02d}T09:00:00Z")
        write_course(log, Course(productive=20, tasks=3, batch=2), ("again " * words).strip())
    claude.write()
    (folder / ".mossy").mkdir()
    (folder / ".mossy" / "plants.mossy").write_text(code_block("json"), encoding="utf-8")


# ------------------------------------------------------------------------------------------------------ a page


def test_a_page_is_in_the_menu_and_at_its_address(extended: Extended) -> None:
    menu = call(extended.dashboard, "/?range=all").text.partition("<nav")[2].partition("</nav>")[0]
    assert 'href="/long-prompts?range=all"' in menu
    assert "Long prompts" in menu
    text = extended.text("/long-prompts?range=all")
    assert "The longest Place Characters 1 359 2 35 3 35" in text


def test_a_page_is_in_the_api_and_described(extended: Extended) -> None:
    assert extended.data("long-prompts?least=36") == {
        "schema": "tachograph.page_long_prompts/1", "least": 36, "chars": [359],
    }  # fmt: skip
    listed = {one["slug"]: one for one in call(extended.dashboard, "/api/v1").json()["pages"]}
    assert listed["long-prompts"] == {
        "slug": "long-prompts", "title": "Long prompts", "doc": "The longest prompts.",
        "href": "/api/v1/long-prompts",
    }  # fmt: skip
    told = extended.data("openapi.json")
    operation = told["paths"]["/api/v1/long-prompts"]["get"]
    assert [one["name"] for one in operation["parameters"]] == ["range", "from", "to", "project", "agent", "least"]
    schema = told["components"]["schemas"]["long-prompts"]
    assert schema["description"] == "The longest prompts of the range."
    assert schema["properties"]["chars"]["type"] == "array"
    Draft202012Validator(schema).validate(extended.data("long-prompts"))


def test_a_pages_tables_can_be_downloaded(extended: Extended) -> None:
    csv = call(extended.dashboard, "/download/long-prompts/longest.csv?least=36")
    assert (csv.status, csv.text) == (200, "place,chars\r\n1,359\r\n")
    json = call(extended.dashboard, "/download/long-prompts/longest.json?least=36").json()
    assert (json["page"], json["rows"]) == ("long-prompts", [{"place": 1, "chars": 359}])


def test_a_page_is_behind_the_guard(extended: Extended) -> None:
    for path in ("/long-prompts", "/api/v1/long-prompts", "/download/long-prompts/longest.csv"):
        assert call(extended.dashboard, path, cookie=None).status == 403
        assert call(extended.dashboard, path, headers=[("Sec-Fetch-Site", "cross-site")]).status == 403


# ---------------------------------------------------------------------------------------------------- a source


def test_a_source_can_be_chosen_and_is_counted(extended: Extended) -> None:
    page = call(extended.dashboard, "/sessions?range=all").text
    assert '<option value="mossy">mossy</option>' in page
    (session,) = extended.data("sessions?range=all&agent=mossy")["sessions"]
    assert (session["id"], session["agent"]) == ("mossy:plants", "mossy")
    (model,) = extended.data("models?range=all&agent=mossy")["models"]
    assert (model["model"], model["tokens"]["output"]) == ("gpt-5.4", 80)
    assert "Water the plants." in extended.text("/session?id=mossy:plants")
    assert "mossy" in extended.text("/doctor")


# -------------------------------------------------------------------------------------------------- a detector


def test_a_detector_is_on_every_page_about_waste(extended: Extended) -> None:
    found = {one["detector"]: one for one in extended.data("waste?range=all")["detectors"]}
    assert found["night_work"]["title"] == "Work at night"
    assert found["night_work"]["sessions"] == SESSIONS
    for target in ("/?range=all", "/waste?range=all", "/waste?range=all&detector=night_work", "/how-we-count"):
        assert re.search("night.work|Work at night", extended.text(target)), target
    assert "Every call counts." in extended.text("/how-we-count")
    last = extended.data("sessions?range=all&detector=night_work")
    assert len(last["sessions"]) == SESSIONS
    assert "Work at night" in extended.text(f"/session?id={last['sessions'][0]['id']}")


def test_a_detector_is_in_the_html_report(extended: Extended) -> None:
    assert "Work at night" in report(extended)


# ------------------------------------------------------------------------------------------- a metric and a KPI


def test_a_metric_is_on_the_page_of_a_sessions_metrics(extended: Extended) -> None:
    session = extended.data("sessions?range=all&q=again")["sessions"][0]["id"]
    told = {one["metric"]: one for one in extended.data(f"metrics?id={session}")["metrics"]}
    assert (told["longest_prompt"]["value"], told["longest_prompt"]["unit"]) == (359, "characters")
    assert "Longest prompt 359 characters" in extended.text(f"/metrics?id={session}")


def test_a_kpi_is_on_the_pages_of_sessions_and_trends(extended: Extended) -> None:
    session = extended.data("sessions?range=all&q=again")["sessions"][0]["id"]
    kpis = {one["kpi"]: one for one in extended.data(f"session?id={session}")["loop"]["kpis"]}
    assert (kpis["words_per_prompt"]["value"], kpis["words_per_prompt"]["status"]) == (60.0, "critical")
    assert "Words per prompt" in extended.text(f"/session?id={session}")
    assert "Words per prompt" in extended.text("/trends?range=all&kpi=words_per_prompt")
    assert "Words / prompts." in extended.text("/how-we-count")


def test_a_kpi_is_in_the_html_report(extended: Extended) -> None:
    assert "Words per prompt" in report(extended)


# ------------------------------------------------------------------------------------- a rule and a suggestion


def test_a_rule_is_told_of_with_what_it_found(extended: Extended) -> None:
    assert "hardly_cached" in extended.text("/how-we-count")
    assert "Look at the order of what is sent." in extended.text("/how-we-count")
    session = extended.data("sessions?range=all&q=again")["sessions"][0]["id"]
    rules = {told["alert"]["rule"] for told in extended.data(f"session?id={session}")["loop"]["alerts"]}
    assert "hardly_cached" in rules
    assert "hardly_cached" in str(extended.data("suggestions")["alerts"])


def test_a_suggestion_is_offered(extended: Extended) -> None:
    offered = {one["id"]: one for one in extended.data("suggestions")["suggestions"]}
    assert (offered["short_prompts"]["title"], offered["short_prompts"]["state"]) == ("Shorter sessions", "offered")
    assert "Shorter sessions" in extended.text("/suggestions")


def report(extended: Extended) -> str:
    content = make_report(extended.workspace, 30, None, NOW_MS, share_safe=False).content
    return " ".join(re.sub(r"<[^>]*>", " ", content.decode()).split())
