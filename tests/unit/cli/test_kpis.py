from __future__ import annotations

import json
from typing import Any

import pytest

from tachograph.analysis.kpis import load_kpis
from tachograph.learning.records import Group
from tests.builders.claude import ClaudeHome
from tests.builders.pointed import Loop, loop, make_point, points_of
from tests.unit.cli.running import Tacho, assert_valid, tacho

__all__ = ["loop", "tacho"]

READER = Group("reader", "claude_code", "claude-opus")
CODEX = Group("main", "codex", "gpt")


def read(tacho: Tacho, *arguments: str, schema: str = "kpis") -> dict[str, Any]:
    assert tacho("kpis", *arguments, "--json") == 0, tacho.err
    answer: dict[str, Any] = json.loads(tacho.out)
    assert_valid(schema, answer)
    return answer


@pytest.fixture
def filled(loop: Loop) -> Loop:
    """Eight main sessions, three of a subagent's type, one of Codex."""
    loop.put(
        *points_of("error_rate", [0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08], first=90, project="/home/ada/site")
    )
    loop.put(*points_of("waste_share", [0.1, 0.2, 0.3], first=90, group=READER))
    loop.put(make_point(99, {}, CODEX, lacking={"token_efficiency": "the log has placeholders"}))
    loop.learn()
    return loop


def test_kpis_by_agent_type_the_largest_group_first(tacho: Tacho, filled: Loop) -> None:
    answer = read(tacho, "--no-ingest")
    groups = [(one["agent"], one["agent_type"], one["sessions"], one["incomplete"]) for one in answer["groups"]]
    assert groups == [("claude_code", "main", 8, 0), ("claude_code", "reader", 3, 0), ("codex", "main", 1, 1)]
    assert answer["sessions"] == 12
    (error_rate,) = answer["groups"][0]["kpis"]
    assert (error_rate["kpi"], error_rate["sessions"], error_rate["median"]) == ("error_rate", 8, 0.045)
    assert (error_rate["p25"], error_rate["p75"]) == (0.03, 0.06)
    assert (error_rate["status"], error_rate["better"], error_rate["target"]) == ("fair", "down", 0.0)
    assert error_rate["baseline"]["n"] == 8
    assert answer["groups"][1]["kpis"][0]["baseline"] is None  # fewer than five sessions, and no default


@pytest.mark.parametrize(
    ("arguments", "sessions"),
    [
        (["--agent-type", "reader"], 3),
        (["--agent", "codex"], 1),
        (["--project", "SITE"], 8),
        (["--project", "nowhere"], 0),
        (["--since", "2026-11-18"], 1),
        (["--until", "2026-11-16"], 2),
        (["--agent-type", "reader", "--agent", "codex"], 0),
    ],
)
def test_a_selection_narrows_it(tacho: Tacho, filled: Loop, arguments: list[str], sessions: int) -> None:
    assert read(tacho, "--no-ingest", *arguments)["sessions"] == sessions


def test_a_session_beside_its_baseline(tacho: Tacho, filled: Loop) -> None:
    log = ClaudeHome(filled.home / ".claude").project().session("2026-11-18T10:00:00Z").prompt("Repair it.")
    for number in range(20):
        log.call("Bash", {"command": f"make {number}"}).result("Exit code 1\nno", error=True)
    log.write()
    told = read(tacho, log.session_id, schema="session_kpis")
    assert (told["agent_type"], told["agent"], told["model_family"]) == ("main", "claude_code", "claude-sonnet")
    assert told["title"] == "Repair it."
    by_name = {one["kpi"]: one for one in told["kpis"]}
    error_rate = by_name["error_rate"]
    assert (error_rate["value"], error_rate["status"], error_rate["percentile"]) == (1.0, "critical", 0.0)
    assert "task_completion_rate" not in by_name
    assert {one["kpi"] for one in told["alerts"]} >= {"error_rate"}
    assert read(tacho, "--last", "--no-ingest", schema="session_kpis")["id"] == told["id"]
    assert tacho("kpis", log.session_id, "--no-ingest") == 0
    assert load_kpis()["error_rate"].title in tacho.out


def test_a_late_reading_reports_what_is_stored(tacho: Tacho, filled: Loop) -> None:
    log = ClaudeHome(filled.home / ".claude").project().session("2026-11-18T10:00:00Z").prompt("Repair it.")
    log.response(output=5).write()
    assert read(tacho, "--no-ingest")["sessions"] == 12
    assert read(tacho)["sessions"] == 13


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nobody"], 3, "No session is called nobody, or begins so."),
        (["--agent-type", "nobody"], 3, "No session is of the agent type 'nobody'."),
        (["x", "--last"], 2, "Name a session, or choose some: not both."),
        (["x", "--agent-type", "main"], 2, "Name a session, or choose some: not both."),
        (["--last"], 3, "There is no session yet."),
        (["--agent", "nobody"], 2, "nobody"),
        (["--since", "then"], 2, "'then' is no date."),
    ],
)
def test_what_makes_no_sense_is_refused(tacho: Tacho, filled: Loop, arguments: list[str], code: int, said: str) -> None:
    assert tacho("kpis", "--no-ingest", *arguments) == code
    assert said in tacho.err
    assert tacho.out == ""


def test_a_session_that_nobody_answered_has_no_kpis(tacho: Tacho, filled: Loop) -> None:
    log = ClaudeHome(filled.home / ".claude").project().session("2026-11-18T10:00:00Z").prompt("Hello?")
    log.write()
    assert tacho("kpis", log.session_id) == 3
    assert "has no KPIs: no response of a model is its own." in tacho.err


def test_an_agent_type_that_is_hostile_does_no_harm(tacho: Tacho, loop: Loop) -> None:
    loop.put(make_point(99, {"error_rate": 0.1}, Group("\x1b[31mred</b>", "claude_code", "claude-opus")))
    loop.learn()
    assert tacho("kpis", "--no-ingest") == 0
    assert "\x1b" not in tacho.out
    assert tacho("kpis", "--no-ingest", "--agent-type", "x") == 3
    assert "\x1b" not in tacho.err


def test_an_empty_machine_has_no_kpis(tacho: Tacho) -> None:
    assert tacho("kpis") == 0
    assert tacho.out.startswith("No sessions in this selection.\n")
