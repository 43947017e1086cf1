"""``tacho predict`` as people and programs see it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tachograph.app.ml.predict import LIVE_MS, Forecast, SessionForecast, forecast_live, forecast_start
from tachograph.app.ml.session_models import AskedModel, Foreseen
from tachograph.app.ml.usual import Kind, Usual
from tachograph.app.workspace import Workspace
from tachograph.cli._forecast import describe_forecast
from tachograph.learning.ml.metadata import Estimate
from tachograph.report.document import Document
from tachograph.report.text import render
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
    assert (answer["task_type"], answer["told_by"]) == (task_type, "prompt")
    assert first_figure(answer)["median"] == pytest.approx(median)


def test_a_named_task_type_goes_before_the_prompt_and_any_bytes_may_be_one(told, tmp_path):
    file = tmp_path / "prompt.md"
    file.write_bytes(b"\xff\xfe fix \x00" + b"x" * 10_000)
    assert as_json(told, "--prompt-file", str(file), "--task-type", "feature-build")["task_type"] == "feature-build"
    assert as_json(told, "--prompt-file", str(file))["task_type"] == "debug-fix"


@pytest.mark.parametrize(
    ("prompt", "task_type", "told_by", "number", "said"),
    [
        (
            "Sing of the sea.",
            "feature-build",
            "default",
            20,
            "it counts as feature-build, as such prompts do everywhere",
        ),
        ("", None, "nothing", 32, "what stands here is of any work. --task-type names one."),
        ("/clear", None, "nothing", 32, "The prompt holds no task"),
    ],
)
def test_a_prompt_that_does_not_tell_the_kind_of_work_is_said_not_to(
    told, tmp_path, prompt, task_type, told_by, number, said
):
    file = tmp_path / "prompt.md"
    file.write_text(prompt, encoding="utf-8")
    answer = as_json(told, "--prompt-file", str(file))
    assert (answer["task_type"], answer["told_by"], answer["usual"]["sessions"]) == (task_type, told_by, number)
    assert told("predict", "--prompt-file", str(file), "--no-ingest") == 0
    assert said in " ".join(told.out.split())


@pytest.mark.parametrize(
    ("arguments", "told_by"), [(["--task-type", "debug-fix"], "option"), (["--agent-type", "main"], None)]
)
def test_what_tells_the_kind_of_work(told, arguments, told_by):
    assert as_json(told, *arguments)["told_by"] == told_by
    assert told("predict", *arguments, "--no-ingest") == 0
    assert "prompt" not in told.out


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


def test_how_often_intervals_held_is_said_beside_them():
    session = forecast("USD", 6.0, 2.0, 9.0)
    cost = AskedModel(
        name="costs", what="cost", rows=37, sessions=15, coverage=Estimate(0.951, 0.84, 1.0), auc=None,
        beats_baseline=True,
    )  # fmt: skip
    text = lay(describe_forecast(Forecast([session], [cost]), UTC))
    assert "cost 1 $6.00 $2.00 to $9.00" in text
    told = "cost: of 37 predictions for 15 sessions that costs had not seen, 95 % (84 to 100) had what came within"
    assert told in text
    assert "interval: meant to hold the truth in 9 of 10 sessions" in text
    assert "AUC" not in text


@pytest.mark.parametrize(
    ("low", "high", "shown"), [(0.5, 0.704, "success 1 64 % of such, 50 % to 70 %"), (None, None, "success 1 64 % –")]
)
def test_a_chance_has_the_share_of_such_sessions_that_succeeded(low, high, shown):
    model = AskedModel(
        name="luck", what="success", rows=40, sessions=20, coverage=None, auc=Estimate(0.72, 0.5, 0.84),
        beats_baseline=True,
    )  # fmt: skip
    text = lay(describe_forecast(Forecast([forecast("probability", 0.64, low, high)], [model]), UTC))
    assert shown in text
    assert "72 % (50 to 84) of pairs of a success and a failure were in the right order (AUC)" in text
    assert "of sessions with such a chance so many succeeded" in text
    assert "meant to hold the truth" not in text


def forecast(unit: str, value: float, low: float | None, high: float | None) -> SessionForecast:
    """A session of which one model says something."""
    moment = datetime(2026, 5, 20, tzinfo=UTC)
    foreseen = Foreseen(
        what="cost" if unit == "USD" else "success", unit=unit, turns=1, value=value, low=low, high=high, model="m",
        beats_baseline=True, top_feature="commands so far",
    )  # fmt: skip
    nobody = Kind()
    return SessionForecast(
        id="codex:1", name="1", title="", agent="codex", agent_type="main", project=None, task_type=None,
        started_at=moment, last_at=moment, live=False, turns=1, usd=1.0, foreseen=[foreseen],
        usual=Usual(nobody, nobody, 0, []), worse=[],
    )  # fmt: skip


def lay(document: Document) -> str:
    return " ".join(render(document, 200).split())


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
        (["x", "--live"], 2, "A SESSION and --live do not go together."),
        (
            ["--live", "--agent", "codex"],
            2,
            "--agent does not go with --live: such options say what is about to start.",
        ),
        (["x", "--task-type", "ml-eval"], 2, "--task-type does not go with a SESSION that has begun"),
        (
            ["x", "--task-type", "ml-eval", "--prompt-file", "p", "--agent", "codex"],
            2,
            "--task-type, --prompt-file and --agent do not go with a SESSION",
        ),
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
