from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.builders.pointed import Loop, loop, points_of
from tests.unit.cli.running import Tacho, assert_valid, tacho

__all__ = ["loop", "tacho"]

USUAL = [0.02, 0.03, 0.02, 0.04, 0.03, 0.02, 0.03, 0.04, 0.02, 0.03]


@pytest.fixture
def regressed(loop: Loop) -> Loop:
    """Ten sessions as usual; then one of another project and two of the same in which calls fail."""
    loop.put(*points_of("error_rate", USUAL, first=88, project="/home/ada/site"))
    loop.put(*points_of("error_rate", [0.2], first=98, project="/home/ada/lab"))
    loop.put(*points_of("error_rate", [0.25, 0.3], first=99, project="/home/ada/site"))
    loop.learn()
    return loop


def read(tacho: Tacho, *arguments: str, schema: str = "alerts") -> dict[str, Any]:
    assert tacho("alerts", *arguments, "--json") == 0, tacho.err
    answer: dict[str, Any] = json.loads(tacho.out)
    assert_valid(schema, answer)
    return answer


def critical(tacho: Tacho, *arguments: str) -> list[str]:
    """Sessions with critical alerts, the latest first."""
    answer = read(tacho, "list", "--no-ingest", "--severity", "critical", *arguments)
    return [one["session"] for one in answer["alerts"]]


def session(number: int) -> str:
    return f"claude_code:main-{number:04d}"


def test_alerts_are_listed_the_latest_first(tacho: Tacho, regressed: Loop) -> None:
    assert critical(tacho) == [session(99), session(98)]
    (first, _) = read(tacho, "list", "--no-ingest", "--severity", "critical")["alerts"]
    about = (first["kpi"], first["value"], first["agent_type"], first["agent"])
    assert about == ("error_rate", 0.25, "main", "claude_code")
    assert (first["verdict"], first["at"]) == (None, "2026-11-18T06:00:00Z")
    assert first["deviations"] > 2
    assert first["action"]


@pytest.mark.parametrize(
    ("arguments", "numbers"),
    [
        (["--project", "site"], [99]),
        (["--project", "LAB"], [98]),
        (["--project", "nowhere"], []),
        (["--agent", "codex"], []),
        (["--since", "2026-11-18"], [99, 98]),
        (["--until", "2026-11-18T06:00"], [98]),
        (["--limit", "1"], [99]),
        (["--limit", "0"], [99, 98]),
    ],
)
def test_a_selection_narrows_the_list(tacho: Tacho, regressed: Loop, arguments: list[str], numbers: list[int]) -> None:
    assert critical(tacho, *arguments) == [session(number) for number in numbers]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ([], 1),
        (["--project", "site"], 1),
        (["--project", "lab"], 1),
        (["--project", "docs"], 0),
        (["--agent", "codex"], 0),
        (["--since", "2026-11-19"], 0),
    ],
)
def test_incidents_are_those_of_the_selection(tacho: Tacho, regressed: Loop, arguments: list[str], found: int) -> None:
    assert len(read(tacho, "list", "--no-ingest", *arguments)["incidents"]) == found


def test_an_incident_names_its_sessions_causes_and_actions(tacho: Tacho, regressed: Loop) -> None:
    (incident,) = read(tacho, "list", "--no-ingest")["incidents"]
    assert (incident["kpi"], incident["agent_type"], incident["model_family"]) == ("error_rate", "main", "claude-opus")
    assert incident["sessions"] == [session(98), session(99), session(100)]
    assert incident["causes"]
    assert incident["actions"]


def test_what_was_seen_is_no_longer_listed(tacho: Tacho, regressed: Loop) -> None:
    ids = [one["id"] for one in read(tacho, "list", "--no-ingest")["alerts"]]
    answer = read(tacho, "ack", ids[0], schema="alerts_acked")
    assert (answer["verdict"], answer["alerts"]) == ("seen", [ids[0]])
    listed = read(tacho, "list", "--no-ingest")
    assert [one["id"] for one in listed["alerts"]] == ids[1:]
    everything = {one["id"]: one["verdict"] for one in read(tacho, "list", "--no-ingest", "--all")["alerts"]}
    assert everything[ids[0]] == "seen"
    assert everything[ids[1]] is None


def test_acknowledged_alerts_leave_the_briefing_and_the_gate(tacho: Tacho, regressed: Loop) -> None:
    regressed.settings("[hooks]\ngate = true\n")
    regressed.learn()
    before = regressed.briefing()
    assert before["gate"]["alert"] in [one["id"] for one in read(tacho, "list", "--no-ingest")["alerts"]]
    assert before["status"]["alert"] == "2 critical alerts"
    assert tacho("alerts", "ack", "--all", "--real") == 0
    after = regressed.briefing()
    assert (after["gate"], after["status"]["alert"]) == (None, "")
    assert "Of late" not in after["types"]["claude_code"]["main"]["facts"]
    assert read(tacho, "list", "--no-ingest")["alerts"] == []


def test_a_beginning_names_an_alert_if_only_one_has_it(tacho: Tacho, regressed: Loop) -> None:
    ids = [one["id"] for one in read(tacho, "list", "--no-ingest", "--all")["alerts"]]
    assert read(tacho, "ack", ids[0][:-1] if sum(one.startswith(ids[0][:-1]) for one in ids) == 1 else ids[0],
                schema="alerts_acked")["alerts"] == [ids[0]]  # fmt: skip
    shared = next(
        (ids[0][:n] for n in range(len(ids[0]), -1, -1) if sum(one.startswith(ids[0][:n]) for one in ids) > 1), ""
    )
    if shared:
        assert tacho("alerts", "ack", shared) == 3
        assert "Several alerts begin with" in tacho.err


def test_false_alarms_lower_a_rules_precision_and_propose_a_threshold(tacho: Tacho, regressed: Loop) -> None:
    found = read(tacho, "list", "--no-ingest", "--severity", "critical")["alerts"]
    rule = found[0]["rule"]
    assert {one["rule"] for one in found} == {rule}
    named = [one["id"] for one in found]
    assert tacho("alerts", "ack", named[0], "--real") == 0
    assert tacho("alerts", "ack", named[1], "--false-alarm") == 0
    (row,) = [one for one in read(tacho, "list", "--no-ingest")["precision"] if one["rule"] == rule]
    assert (row["real"], row["false_alarms"], row["precision"]) == (1, 1, 0.5)
    assert row["proposed_threshold"] is not None
    assert tacho("alerts", "list", "--no-ingest") == 0
    assert "What the rules are worth" in tacho.out
    assert "50 %" in tacho.out


def test_one_may_change_ones_mind(tacho: Tacho, regressed: Loop) -> None:
    (first, *_) = read(tacho, "list", "--no-ingest")["alerts"]
    for said in ("--false-alarm", "--real"):
        assert tacho("alerts", "ack", first["id"], said) == 0
    (held,) = [one for one in read(tacho, "list", "--no-ingest", "--all")["alerts"] if one["id"] == first["id"]]
    assert held["verdict"] == "real"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["ack"], 2, "Name alerts, or ask for --all."),
        (["ack", "x", "--all"], 2, "Name alerts, or ask for --all."),
        (["ack", "no-such"], 3, "No alert is called no-such."),
        (["list", "--severity", "grave"], 2, "Invalid value for '--severity'"),
        (["list", "--agent", "nobody"], 2, "nobody"),
        (["replay", "--rules", "none.toml"], 4, "none.toml does not exist."),
        (["replay", "--rules", "bad.toml"], 4, "bad.toml holds no table of rules"),
    ],
)
def test_what_makes_no_sense_is_refused(
    tacho: Tacho, regressed: Loop, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, said: str
) -> None:
    monkeypatch.chdir(regressed.home)
    Path("bad.toml").write_text('[[rule]]\nid = "x"\n')
    assert tacho("alerts", *arguments) == code
    assert said in tacho.err
    assert tacho.out == ""


def test_one_unknown_name_among_others_says_nothing_of_the_others(tacho: Tacho, regressed: Loop) -> None:
    (first, *_) = read(tacho, "list", "--no-ingest")["alerts"]
    assert tacho("alerts", "ack", first["id"], "no-such") == 3
    assert first["id"] in [one["id"] for one in read(tacho, "list", "--no-ingest")["alerts"]]


def test_replay_tells_what_the_rules_would_have_said_and_stores_nothing(tacho: Tacho, regressed: Loop) -> None:
    before = regressed.rows("SELECT * FROM alerts ORDER BY id")
    replay = read(tacho, "replay", "--no-ingest", schema="alerts_replay")
    assert (replay["sessions"], replay["critical_sessions"], replay["incidents"]) == (13, 2, 1)
    assert [one["session"] for one in replay["alerts"]] == [session(99), session(98)]
    assert sum(one["alerts"] for one in replay["rules"]) == len(before)
    assert regressed.rows("SELECT * FROM alerts ORDER BY id") == before
    part = read(tacho, "replay", "--no-ingest", "--project", "lab", schema="alerts_replay")
    assert (part["sessions"], part["critical_sessions"]) == (1, 1)


def test_replay_tries_rules_of_ones_own_before_they_are_switched_on(tacho: Tacho, regressed: Loop) -> None:
    own = regressed.home / "own.toml"
    own.write_text(
        '[[rule]]\nid = "my_errors"\nkind = "bound"\nkpi = "error_rate"\nat = 0.015\nseverity = "critical"\n'
        'priority = 1\naction = "Look."\n'
    )
    code = tacho("alerts", "replay", "--no-ingest", "--rules", str(own), "--json")
    assert code == 0, tacho.err
    rules = {one["rule"] for one in json.loads(tacho.out)["rules"]}
    assert "my_errors" in rules
    (regressed.home / ".config" / "tachograph").mkdir(parents=True, exist_ok=True)
    own.rename(regressed.home / ".config" / "tachograph" / "alerts.toml")
    assert regressed.learn().changed
    assert "my_errors" in {rule for (rule,) in regressed.rows("SELECT DISTINCT rule FROM alerts")}


def test_an_empty_machine_has_no_alerts(tacho: Tacho) -> None:
    assert tacho("alerts", "list") == 0
    assert tacho.out.startswith("No alerts that nobody has seen")
    assert tacho("alerts", "ack", "--all") == 0
    assert tacho("alerts", "replay") == 0
    assert tacho.out == "No sessions with KPIs in this selection.\n"


def test_old_alerts_are_history_and_nobody_is_told_of_them(loop: Loop) -> None:
    loop.put(*points_of("error_rate", [*USUAL, 0.4], first=20))  # weeks ago
    loop.learn()
    assert loop.rows("SELECT count(*) FROM alerts WHERE severity = 'critical'") == [(1,)]
    assert "Of late" not in loop.briefing()["types"]["claude_code"]["main"]["facts"]
