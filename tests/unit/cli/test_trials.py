from __future__ import annotations

import json
from typing import Any

import pytest

from tachograph.app.suggestions import activate, disable
from tests.builders.pointed import DAY, HOUR, Loop, loop, make_point
from tests.unit.cli.running import Tacho, assert_valid, tacho

__all__ = ["loop", "tacho"]


@pytest.fixture
def tried(loop: Loop) -> Loop:
    """One suggestion under test; sessions with it have half the overhead of the others."""
    loop.bad_days(8)
    loop.learn()
    trial = activate(loop.workspace, "batch_tasks", None).trial
    for number in range(101, 161):
        arm = "treatment" if number % 2 else "control"
        value = (1.0 if number % 2 else 3.0) + (number % 5) / 10
        place = f"/home/ada/{'site' if number % 4 < 2 else 'lab'}"
        values = {"tool_overhead_ratio": value, "error_rate": 0.02}
        point = make_point(number, values, project=place, task_type="fix")
        loop.put(point)
        loop.assign(trial, point.session, arm, at=point.started_at)
    loop.now += 16 * DAY
    loop.learn()
    return loop


def read(tacho: Tacho, *arguments: str, schema: str = "trial") -> dict[str, Any]:
    assert tacho("trials", *arguments, "--no-ingest", "--json") == 0, tacho.err
    answer: dict[str, Any] = json.loads(tacho.out)
    assert_valid(schema, answer)
    return answer


def test_a_trial_whole(tacho: Tacho, tried: Loop) -> None:
    told = read(tacho, "show", "batch_tasks")
    assert (told["state"], told["kpi"], told["agent_type"], told["policy"]) == (
        "proven", "tool_overhead_ratio", "main", "trial",
    )  # fmt: skip
    effect = told["effect"]
    assert (effect["n_treatment"], effect["n_control"]) == (30, 30)
    assert effect["mean_control"] - effect["mean_treatment"] == pytest.approx(2.0, abs=0.05)
    assert effect["difference"] == pytest.approx(-2.0, abs=0.1)
    assert effect["low"] <= effect["difference"] <= effect["high"] < 0
    assert set(told["guards"]) == {"cost_per_turn", "error_rate", "waste_share"}
    assert told["guards"]["error_rate"]["difference"] == pytest.approx(0.0, abs=1e-6)
    assert {(one["kind"], one["stratum"]) for one in told["where"]} == {
        ("project", "/home/ada/site"),
        ("project", "/home/ada/lab"),
    }
    assert sum(one["effect"]["n_treatment"] for one in told["where"]) == 30
    assert told["decided_at"] is not None
    assert told["review_due_at"] is not None
    assert told["reason"].startswith("Proven: tool_overhead_ratio is better by 2")


def test_it_is_named_by_its_id_too(tacho: Tacho, tried: Loop) -> None:
    (one,) = read(tacho, "list", schema="trials")["trials"]
    assert read(tacho, "show", one["id"])["id"] == one["id"]


def test_as_a_person_reads_it(tacho: Tacho, tried: Loop) -> None:
    assert tacho("trials", "list", "--no-ingest") == 0
    assert "proven" in tacho.out
    assert "-2" in tacho.out
    assert tacho("trials", "show", "batch_tasks", "--no-ingest") == 0
    assert "Where" in tacho.out
    assert "/home/ada/site" in tacho.out


def test_sessions_with_the_text_do_not_feed_the_baseline(tacho: Tacho, tried: Loop) -> None:
    assert tacho("baseline", "show", "main", "--no-ingest", "--json") == 0
    (group,) = json.loads(tacho.out)["groups"]
    assert group["kpis"]["tool_overhead_ratio"]["n"] == 8 + 30


def test_the_latest_trial_of_a_suggestion_is_meant(tacho: Tacho, loop: Loop) -> None:
    loop.bad_days()
    loop.learn()
    first = activate(loop.workspace, "batch_tasks", None)
    loop.now += HOUR
    disable(loop.workspace, "batch_tasks", None)
    loop.now += HOUR
    second = activate(loop.workspace, "batch_tasks", None)
    loop.learn()
    assert [one["id"] for one in read(tacho, "list", schema="trials")["trials"]] == [second.trial, first.trial]
    assert read(tacho, "show", "batch_tasks")["id"] == second.trial
    assert (read(tacho, "show", first.trial)["state"], read(tacho, "show", first.trial)["closed_by"]) == (
        "retired", "disable",
    )  # fmt: skip


def test_the_quick_rule_is_labelled_as_what_it_is(tacho: Tacho, tried: Loop) -> None:
    tried.settings('[learn]\npolicy = "quick"\n')
    tried.learn()
    told = read(tacho, "show", "batch_tasks")
    assert told["policy"] == "quick"
    assert told["reason"].startswith("Quick rule, no proof:")


def test_what_harms_is_stopped_and_the_history_says_why(tacho: Tacho, loop: Loop) -> None:
    loop.bad_days(8)
    loop.learn()
    trial = activate(loop.workspace, "batch_tasks", None).trial
    for number in range(101, 161):
        treated = bool(number % 2)
        point = make_point(number, {"tool_overhead_ratio": (6.0 if treated else 3.0) + (number % 5) / 10})
        loop.put(point)
        loop.assign(trial, point.session, "treatment" if treated else "control", at=point.started_at)
    loop.now += 16 * DAY
    report = loop.learn()
    assert (report.retired, report.trials) == (1, {"harmful": 1})
    assert loop.offered() == []
    told = read(tacho, "show", "batch_tasks")
    assert (told["state"], told["closed_by"]) == ("harmful", "retire")
    assert tacho("suggest", "history", "--no-ingest") == 0
    assert "Harmful" in tacho.out


def test_an_unknown_name_is_an_error_in_one_sentence(tacho: Tacho, tried: Loop) -> None:
    assert tacho("trials", "show", "no_such", "--no-ingest") == 3
    assert tacho.err == "tacho: There is no trial 'no_such'.\ntacho trials list shows them all.\n"


def test_an_empty_machine_has_no_trials(tacho: Tacho) -> None:
    assert tacho("trials", "list") == 0
    assert tacho.out.startswith("There was no trial yet.\n")
    assert tacho("trials", "show", "batch_tasks") == 3
