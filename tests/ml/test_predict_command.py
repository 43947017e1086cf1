"""``tacho predict`` as people and programs see it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tachograph.app.ml.predict import LIVE_MS, forecast_live, forecast_start
from tachograph.app.ml.usual import Kind
from tachograph.app.workspace import Workspace
from tests.builders.log import milliseconds
from tests.builders.small import MYSTERY, write_config
from tests.ml.session_histories import BUILD, DAY, FIX, Sessions, session_id
from tests.unit.cli.running import Tacho, assert_valid, tacho

__all__ = ["tacho"]


@pytest.fixture
def sessions(home: Path) -> Sessions:
    """Twelve sessions that fix for $1 to $12 and twenty that build for ten cents."""
    write_config(home)
    sessions = Sessions(home)
    for number in range(1, 13):
        sessions.open(DAY.format(number), 100_000 * number)
    for number in range(20):
        sessions.open(f"2026-04-{number + 1:02d}T09:00:00Z", 10_000, text=BUILD)
    sessions.claude.write()
    return sessions


@pytest.fixture
def told(sessions: Sessions, tacho: Tacho) -> Tacho:
    """The command, the history read."""
    assert tacho("learn", "--quiet") == 0, tacho.err
    return tacho


def as_json(tacho: Tacho, *arguments: str):
    assert tacho("predict", *arguments, "--json", "--no-ingest") == 0, tacho.err
    answer = json.loads(tacho.out)
    assert_valid(answer["schema"].removeprefix("tachograph.").removesuffix("/1"), answer)
    return answer


def first_figure(answer):
    return answer["usual"]["figures"][0]


# ------------------------------------------------------------------------------------------------- before the start


def test_before_the_start_it_tells_what_such_sessions_came_to(told):
    answer = as_json(told, "--task-type", "debug-fix")
    assert answer["schema"] == "tachograph.predict_start/1"
    assert (answer["task_type"], answer["agent_type"], answer["usual"]["sessions"]) == ("debug-fix", "main", 12)
    cost = first_figure(answer)
    assert (cost["name"], cost["n"], cost["median"]) == ("cost_usd", 12, pytest.approx(6.5))
    assert (cost["p10"], cost["p90"]) == pytest.approx((2.1, 10.9))
    assert answer["worse"][0].startswith("cost, subagents included: $6.50, usually $0.10 ($0.10 to $4.25")
    assert {"cost_usd", "waste_usd", "cost_per_turn"} <= {one["name"] for one in answer["usual"]["figures"]}


@pytest.mark.parametrize(("prompt", "task_type", "median"), [(FIX, "debug-fix", 6.5), (BUILD, "feature-build", 0.1)])
def test_a_prompt_tells_the_kind_of_work(told, tmp_path, prompt, task_type, median):
    file = tmp_path / "prompt.md"
    file.write_text(prompt, encoding="utf-8")
    answer = as_json(told, "--prompt-file", str(file), "--agent", "claude_code")
    assert (answer["task_type"], first_figure(answer)["median"]) == (task_type, pytest.approx(median))


def test_a_named_task_type_goes_before_the_prompt_and_any_bytes_may_be_one(told, tmp_path):
    file = tmp_path / "prompt.md"
    file.write_bytes(b"\xff\xfe fix \x00" + b"x" * 10_000)
    assert as_json(told, "--prompt-file", str(file), "--task-type", "feature-build")["task_type"] == "feature-build"
    assert as_json(told, "--prompt-file", str(file))["task_type"] == "debug-fix"


def test_a_wider_kind_is_named(told):
    answer = as_json(told, "--task-type", "ml-eval")
    assert answer["usual"]["of"] == {"agent": None, "agent_type": "main", "task_type": None}
    assert (answer["usual"]["sessions"], answer["worse"]) == (32, [])
    assert told("predict", "--task-type", "ml-eval", "--no-ingest") == 0
    assert "a wider one is told of" in told.out


def test_for_people(told):
    assert told("predict", "--task-type", "debug-fix", "--no-ingest") == 0
    assert "cost, subagents included" in told.out
    assert "$6.50" in told.out
    assert "Worse than usual" in told.out


def test_a_subagent_costs_what_it_cost_by_itself(sessions, tacho):
    log = sessions.open("2026-05-20T09:00:00Z", 0)
    for number in range(1, 11):
        log.call("Task", {"description": "look", "prompt": "Look.", "subagent_type": "Explore"}, output=0)
        log.subagent(f"a{number:07d}").prompt("Look.").response(input=0, output=100_000 * number)
        log.wait(60).result("Looked.")
    sessions.claude.write()
    assert tacho("learn", "--quiet") == 0
    answer = as_json(tacho, "--agent-type", "Explore")
    cost = first_figure(answer)
    assert (answer["usual"]["sessions"], cost["title"], cost["n"], cost["median"]) == (
        10,
        "cost",
        10,
        pytest.approx(5.5),
    )


# --------------------------------------------------------------------------------------------------------- sessions


def test_of_a_session_it_tells_what_others_came_to_also_without_a_model(sessions, tacho):
    log = sessions.open("2026-05-20T09:00:00Z", 2_000_000)
    log.custom_title("<b>dear</b> \x1b[31mone")
    log.write()
    assert tacho("learn", "--quiet") == 0
    answer = as_json(tacho, session_id(log))
    assert answer["schema"] == "tachograph.predict/1"
    (one,) = answer["sessions"]
    assert (answer["models"], one["foreseen"], one["live"], one["turns"]) == ([], [], False, 1)
    assert (one["usd"], one["usual"]["sessions"]) == (pytest.approx(20.0), 12)
    assert one["worse"][0].startswith("cost, subagents included: $20.00, usually $6.50")
    assert tacho("predict", log.session_id, "--no-ingest") == 0
    assert "\x1b" not in tacho.out
    assert "No model of sessions is in use" in tacho.out


def test_a_session_without_a_price_has_no_cost(sessions, tacho):
    log = sessions.open("2026-05-20T09:00:00Z", 100, model=MYSTERY)
    log.write()
    assert tacho("learn", "--quiet") == 0
    (one,) = as_json(tacho, session_id(log))["sessions"]
    assert (one["usd"], one["worse"]) == (None, [])
    assert tacho("predict", log.session_id, "--no-ingest") == 0
    assert "unpriced" in tacho.out


def test_nothing_goes_on_in_an_old_history(told):
    assert as_json(told, "--live")["sessions"] == []
    assert told("predict", "--live", "--no-ingest") == 0
    assert "No session goes on." in told.out


@pytest.mark.parametrize(
    ("after_ms", "ended", "is_live"),
    [(0, None, True), (LIVE_MS, None, True), (LIVE_MS + 1, None, False), (0, 5_000, False), (0, -5_000, True)],
)
def test_a_session_goes_on_until_it_is_still_or_a_hook_has_noted_its_end(sessions, home, after_ms, ended, is_live):
    log = sessions.open("2026-05-20T09:00:00Z", 100)
    workspace = sessions.ingest()
    last = milliseconds(log.wait(-60).timestamp)
    if ended is not None:
        (workspace.folder / "hooks").mkdir(exist_ok=True)
        line = {"v": 1, "session": session_id(log), "at": last + ended}
        (workspace.folder / "hooks" / "ended.ndjson").write_text(json.dumps(line) + "\n")
    from tachograph.app.open_history import History

    with History.open(workspace.folder) as history:
        told = forecast_live(history.connection, workspace, last + after_ms)
    assert [one.id for one in told.sessions] == ([session_id(log)] if is_live else [])


# ----------------------------------------------------------------------------------------------------------- faults


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        ([], 2, "Name a session, or give --live"),
        (["x", "--live"], 2, "Name a session"),
        (["--live", "--task-type", "ml-eval"], 2, "Name a session"),
        (["--task-type", "cooking"], 2, "cooking"),
        (["--agent", "nobody"], 2, "nobody"),
        (["no-such-session"], 3, "No session is called"),
        (["--agent-type", "Explore\x1b[31m"], 3, "There is no earlier session of the agent type"),
        (["--prompt-file", "/no/such/file"], 4, "Cannot read"),
        (["--prompt-file", "/"], 4, "Cannot read"),
    ],
)
def test_faults_are_sentences(told, arguments, code, text):
    assert told("predict", *arguments, "--no-ingest") == code
    assert text in told.err
    assert "\x1b" not in told.err


def test_an_unknown_task_type_is_refused_also_without_the_command_line(told):
    from tachograph.app.open_history import History
    from tachograph.errors import UsageError

    with History.open(Workspace().folder) as history, pytest.raises(UsageError):
        forecast_start(history.connection, Kind(None, "main", "cooking"))


def test_on_an_empty_machine(home, tacho):
    assert tacho("predict", "--live") == 0
    assert tacho("predict", "--task-type", "debug-fix") == 3
    assert "no earlier session" in tacho.err
