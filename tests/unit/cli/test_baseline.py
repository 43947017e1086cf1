from __future__ import annotations

import json
from typing import Any

import pytest

from tachograph.learning.records import Group
from tests.builders.pointed import DAY, Loop, loop, points_of
from tests.unit.cli.running import Tacho, assert_valid, tacho

__all__ = ["loop", "tacho"]

USUAL = [0.02, 0.03, 0.02, 0.04, 0.03, 0.02, 0.03, 0.04, 0.02, 0.03]
SONNET = Group("main", "claude_code", "claude-sonnet")
CODEX = Group("main", "codex", "gpt")
READER = Group("reader", "claude_code", "claude-opus")


@pytest.fixture
def filled(loop: Loop) -> Loop:
    """Four groups of ten, six, two and one sessions."""
    loop.put(*points_of("error_rate", USUAL, first=80))
    loop.put(*points_of("error_rate", [0.1] * 6, first=70, group=SONNET))
    loop.put(*points_of("error_rate", [0.1] * 2, first=90, group=CODEX))
    loop.put(*points_of("waste_share", [0.1], first=90, group=READER))
    loop.learn()
    return loop


def ask(tacho: Tacho, *arguments: str, schema: str) -> dict[str, Any]:
    assert tacho("baseline", *arguments, "--json") == 0, tacho.err
    answer: dict[str, Any] = json.loads(tacho.out)
    assert_valid(schema, answer)
    return answer


def read(tacho: Tacho, *arguments: str) -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = ask(tacho, *arguments, schema="baselines")["groups"]
    return groups


def names(groups: list[dict[str, Any]]) -> list[tuple[str, str, str, int]]:
    return [(one["agent_type"], one["agent"], one["model_family"], one["sessions"]) for one in groups]


def test_groups_the_largest_first(tacho: Tacho, filled: Loop) -> None:
    groups = read(tacho, "list", "--no-ingest")
    assert names(groups) == [
        ("main", "claude_code", "claude-opus", 10),
        ("main", "claude_code", "claude-sonnet", 6),
        ("main", "codex", "gpt", 2),
        ("reader", "claude_code", "claude-opus", 1),
    ]
    error_rate = groups[0]["kpis"]["error_rate"]
    assert error_rate["n"] == 10
    assert 0.02 < error_rate["mean"] < 0.04
    assert error_rate["p50"] <= error_rate["p95"] <= error_rate["p99"]
    assert groups[2]["kpis"]["error_rate"]["status"] == "bootstrap"


def test_pooled_ones_on_demand(tacho: Tacho, filled: Loop) -> None:
    found = names(read(tacho, "list", "--no-ingest", "--pooled"))
    assert ("main", "claude_code", "*", 16) in found
    assert ("main", "*", "*", 18) in found
    assert len(found) > 4


def test_one_agent_type(tacho: Tacho, filled: Loop) -> None:
    assert len(read(tacho, "show", "main", "--no-ingest")) == 3
    assert names(read(tacho, "show", "main", "--agent", "codex", "--no-ingest")) == [("main", "codex", "gpt", 2)]
    assert tacho("baseline", "show", "main", "--no-ingest") == 0
    assert "main: claude_code, claude-opus" in tacho.out


def test_a_baseline_goes_stale_when_nothing_feeds_it(tacho: Tacho, loop: Loop) -> None:
    loop.put(*points_of("error_rate", USUAL, first=10))
    loop.put(*points_of("waste_share", [0.1], first=90))
    loop.learn()
    (group,) = read(tacho, "list", "--no-ingest")
    assert group["stale"]
    assert group["kpis"]["error_rate"]["is_stale"]


@pytest.mark.parametrize(
    ("arguments", "left", "groups"),
    [
        ([], {"claude-opus": 0, "claude-sonnet": 0, "gpt": 0}, 3),
        (["--agent", "codex"], {"claude-opus": 10, "claude-sonnet": 6, "gpt": 0}, 1),
        (["--family", "claude-opus"], {"claude-opus": 0, "claude-sonnet": 6, "gpt": 2}, 1),
        (["--kpi", "error_rate"], {"claude-opus": 0, "claude-sonnet": 0, "gpt": 0}, 3),
        (["--kpi", "waste_share"], {"claude-opus": 10, "claude-sonnet": 6, "gpt": 2}, 3),
    ],
)
def test_a_reset_begins_anew_for_what_is_named(
    tacho: Tacho, filled: Loop, arguments: list[str], left: dict[str, int], groups: int
) -> None:
    done = ask(tacho, "reset", "main", *arguments, schema="baseline_reset")
    assert (done["agent_type"], done["groups"]) == ("main", groups)
    found = {one["model_family"]: one["kpis"].get("error_rate", {"n": 0})["n"]
             for one in read(tacho, "show", "main", "--no-ingest")}  # fmt: skip
    assert {family: found.get(family, 0) for family in left} == left
    assert names(read(tacho, "show", "reader", "--no-ingest")) == [("reader", "claude_code", "claude-opus", 1)]


def test_new_sessions_feed_what_was_set_back(tacho: Tacho, filled: Loop) -> None:
    assert tacho("baseline", "reset", "main", "--family", "claude-opus") == 0
    assert "Set back: all KPIs of the agent type main, 1 group of sessions." in tacho.out
    filled.now += 3 * DAY
    filled.put(*points_of("error_rate", [0.4] * 5, first=105))
    filled.learn()
    found = {one["model_family"]: one["kpis"]["error_rate"] for one in read(tacho, "show", "main", "--no-ingest")}
    assert (found["claude-opus"]["n"], found["claude-opus"]["mean"]) == (5, pytest.approx(0.4))
    assert filled.rows("SELECT count(*) FROM points") == [(24,)]  # nothing is deleted


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["show", "nobody"], 3, "No session is of the agent type 'nobody'."),
        (["reset", "nobody"], 3, "No session is of the agent type 'nobody'."),
        (["reset", "main", "--agent", "nobody"], 3, "No baseline is of that agent and model family."),
        (["reset", "main", "--family", "no-house"], 3, "No baseline is of that agent and model family."),
        (["show", "reader", "--agent", "codex", "--no-ingest"], 3, "No baseline is of that agent and model family."),
        (["reset", "main", "--kpi", "nothing"], 2, "There is no KPI 'nothing'."),
        (["reset"], 2, "Missing argument 'TYPE'"),
    ],
)
def test_what_makes_no_sense_is_refused(tacho: Tacho, filled: Loop, arguments: list[str], code: int, said: str) -> None:
    assert tacho("baseline", *arguments) == code
    assert said in tacho.err
    assert tacho.out == ""
    assert filled.rows("SELECT count(*) FROM baseline_resets") == [(0,)]


def test_an_empty_machine_has_no_baselines(tacho: Tacho) -> None:
    assert tacho("baseline", "list") == 0
    assert tacho.out == "There are no baselines yet: no session has KPIs.\n"
    assert tacho("baseline", "reset", "main") == 3
    assert "There are none yet." in tacho.err
