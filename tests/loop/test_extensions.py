"""What one file or one row adds appears everywhere by itself: a KPI, a rule of alerts, a suggestion."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tachograph.analysis import kpis
from tachograph.analysis.kpis import load_kpis
from tachograph.app.learn.run import learn
from tachograph.app.workspace import Workspace
from tachograph.learning.alerts.rules import load_rules
from tachograph.learning.suggestions import load_catalogue
from tests.builders.claude import ClaudeHome
from tests.loop.working import Course, write_course
from tests.unit.cli.running import Tacho, tacho

__all__ = ["tacho"]

KPI = '''
"""How people write."""

from tachograph.analysis.kpis._registry import Seen, Value, kpi


@kpi("words_per_prompt", "words", "Words per prompt", better="down", source="Made up.", thresholds=(10, 20, 40))
def words_per_prompt(seen: Seen) -> Value:
    """Words / prompts.

    Without prompts there is none.
    """
    words = [len(prompt.text.split()) for prompt in seen.session.prompts]
    return sum(words) / len(words) if words else None
'''
RULE = """
[[rule]]
id = "hardly_cached"
kind = "bound"
kpi = "cache_efficiency"
at = 0.96
severity = "warning"
priority = 1
action = "Look at the order of what is sent."
"""
SUGGESTION = """
[[suggestion]]
id = "short_prompts"
title = "Shorter sessions"
priority = "LOW"
category = "structure"
kpi = "context_peak"
direction = "decrease"
when = { kpi = "context_peak", worse_than = 50000 }
impact = "Less is read again."
implementation = "Begin anew when the work is another."
guidance = "Recent sessions here (n = {sessions:int}) held {value:tokens} tokens at most. New work may begin anew."
"""
SESSIONS = 12


@pytest.fixture
def history(home: Path) -> None:
    """Twelve sessions with short prompts and one with a long one, known to the loop already."""
    claude = ClaudeHome(home / ".claude")
    for number in range(SESSIONS + 1):
        words = 60 if number == SESSIONS else 4 + number % 3
        log = claude.project().session(f"2026-05-{number + 1:02d}T09:00:00Z")
        write_course(log, Course(productive=20, tasks=3, batch=2), ("again " * words).strip())
    claude.write()
    learn(Workspace())


@pytest.fixture
def new_kpi(history: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One more module lies in the package."""
    (tmp_path / "writing.py").write_text(KPI)
    monkeypatch.setattr(kpis, "__path__", [*kpis.__path__, str(tmp_path)])
    load_kpis.cache_clear()
    yield
    load_kpis.cache_clear()
    sys.modules.pop("tachograph.analysis.kpis.writing", None)
    if hasattr(kpis, "writing"):
        del kpis.writing


def ask(tacho: Tacho, *words: str) -> dict[str, Any]:
    assert tacho(*words, "--json") == 0, tacho.err
    answer: dict[str, Any] = json.loads(tacho.out)
    return answer


@pytest.mark.usefixtures("new_kpi")
def test_a_new_kpi_is_shown_and_counted_in_by_itself(tacho: Tacho) -> None:
    (group,) = ask(tacho, "kpis")["groups"]
    (row,) = (row for row in group["kpis"] if row["kpi"] == "words_per_prompt")
    assert (row["sessions"], row["median"], row["unit"], row["target"]) == (SESSIONS + 1, 5.0, "words", 10.0)
    assert tacho("kpis") == 0
    assert "Words per prompt" in tacho.out
    (baselines,) = ask(tacho, "baseline", "show", "main")["groups"]
    assert baselines["kpis"]["words_per_prompt"]["n"] == SESSIONS + 1
    assert tacho("baseline", "show", "main") == 0
    assert "Words per prompt" in tacho.out


@pytest.mark.usefixtures("new_kpi")
def test_a_new_kpi_alerts_and_is_reported_on_by_itself(tacho: Tacho) -> None:
    alerts = ask(tacho, "alerts", "list", "--severity", "critical")["alerts"]
    assert [(one["kpi"], one["value"], one["title"]) for one in alerts] == [
        ("words_per_prompt", 60.0, "Words per prompt")
    ]
    told = ask(tacho, "kpis", "--last")
    (row,) = (row for row in told["kpis"] if row["kpi"] == "words_per_prompt")
    assert (row["value"], row["status"]) == (60.0, "critical")
    report = ask(tacho, "report", "session", "--last")
    assert report["regressions"][0]["kpi"] == "words_per_prompt"
    for words in (("session", "--last"), ("weekly", "--week", "2026-W20")):
        assert tacho("report", *words, "--markdown", "-") == 0, tacho.err
        assert "Words per prompt" in tacho.out, words


@pytest.mark.usefixtures("new_kpi")
def test_a_new_kpi_is_in_the_next_briefing_by_itself(home: Path) -> None:
    learn(Workspace())
    briefing = json.loads((home / "tachograph" / "hooks" / "briefing.json").read_bytes())
    assert "Words per prompt" in briefing["types"]["claude_code"]["main"]["facts"]


@pytest.mark.usefixtures("history")
def test_a_row_of_the_users_own_rules_speaks_at_once(tacho: Tacho, home: Path) -> None:
    assert "hardly_cached" not in {one["rule"] for one in ask(tacho, "alerts", "list", "--all")["alerts"]}
    folder = home / ".config" / "tachograph"
    folder.mkdir(parents=True)
    (folder / "alerts.toml").write_text(RULE)
    assert_the_rule_speaks(tacho)
    (folder / "alerts.toml").unlink()
    assert "hardly_cached" not in {one["rule"] for one in ask(tacho, "alerts", "list", "--all")["alerts"]}


@pytest.mark.usefixtures("history")
def test_a_row_of_the_table_that_comes_along_speaks(
    tacho: Tacho, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_row(monkeypatch, tmp_path, "tachograph.learning.alerts", "rules", "rules.toml", RULE)
    load_rules.cache_clear()
    try:
        learn(Workspace(), forced=True)
        assert_the_rule_speaks(tacho)
    finally:
        load_rules.cache_clear()


def assert_the_rule_speaks(tacho: Tacho) -> None:
    found = [one for one in ask(tacho, "alerts", "list", "--limit", "0")["alerts"] if one["rule"] == "hardly_cached"]
    assert len(found) == SESSIONS + 1
    assert {(one["kpi"], one["severity"], one["action"]) for one in found} == {
        ("cache_efficiency", "warning", "Look at the order of what is sent.")
    }
    assert {one["rule"]: one["alerts"] for one in ask(tacho, "alerts", "replay")["rules"]}["hardly_cached"] == 13


@pytest.mark.usefixtures("history")
def test_a_row_of_the_catalogue_is_offered_shown_and_tried(
    tacho: Tacho, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_row(monkeypatch, tmp_path, "tachograph.learning.suggestions", "catalogue", "catalogue.toml", SUGGESTION)
    load_catalogue.cache_clear()
    try:
        learn(Workspace(), forced=True)
        (row,) = (one for one in ask(tacho, "suggest", "list")["suggestions"] if one["id"] == "short_prompts")
        assert (row["agent_type"], row["state"], row["title"]) == ("main", "offered", "Shorter sessions")
        assert row["text"].startswith("Recent sessions here (n = 13) held 9")
        assert (
            ask(tacho, "suggest", "show", "short_prompts")["implementation"] == "Begin anew when the work is another."
        )
        assert tacho("suggest", "activate", "short_prompts") == 0, tacho.err
        (trial,) = ask(tacho, "trials", "list")["trials"]
        assert (trial["suggestion"], trial["kpi"]) == ("short_prompts", "context_peak")
        assert "short_prompts" in {one["id"] for one in ask(tacho, "report", "session", "--last")["suggestions"]}
    finally:
        load_catalogue.cache_clear()


def add_row(monkeypatch: pytest.MonkeyPatch, folder: Path, package: str, module: str, file: str, row: str) -> None:
    """Have ``module`` read its table with one more row."""
    table = resources.files(package).joinpath(file).read_text(encoding="utf-8")
    (folder / file).write_text(table + row)
    monkeypatch.setattr(f"{package}.{module}.resources", SimpleNamespace(files=lambda _: folder))
