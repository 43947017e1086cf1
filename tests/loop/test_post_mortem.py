"""The session that the published plan was made for, with the history before it: what is said of it, end to end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tachograph.app.ingest import ingest
from tachograph.app.learn.fold import load_alerts
from tachograph.app.workspace import Workspace
from tachograph.warehouse.store import open_reader, open_writer, transaction
from tests.builders.claude import ClaudeHome, ClaudeLog
from tests.builders.log import Record
from tests.builders.post_mortem import AT_WORK, COMPLETED, SCORES, SECONDS, TASKS
from tests.loop.working import Course, steady, write_course
from tests.unit.cli.running import Tacho, tacho

__all__ = ["tacho"]

ASK = "Translate docs/one.md, docs/two.md and docs/three.md into German."
PAIRS = 8
BASELINE = {
    "token_efficiency": (0.047, 0.012),
    "task_completion_rate": (0.96, 0.03),
    "active_time_ratio": (0.68, 0.08),
    "tool_overhead_ratio": (0.42, 0.11),
    "cache_efficiency": (0.94, 0.04),
}
"""What the plan tells of the sessions before."""
REGRESSIONS = {
    "tool_overhead_ratio": 11.9,
    "active_time_ratio": 5.8,
    "task_completion_rate": 4.3,
    "token_efficiency": 3.8,
}
ROUNDED = 0.15
"""The plan rounds its numbers before it divides them."""
SUGGESTIONS = {"background_agents", "batch_tasks", "preload_documents", "close_tasks", "idle_timeout"}


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A translation a day, and then that one."""
    home = ClaudeHome(tmp_path_factory.mktemp("post-mortem"))
    courses = {name: steady(*moments, 1 if "overhead" in name else -1, PAIRS) for name, moments in BASELINE.items()}
    for number, values in enumerate(zip(*courses.values(), strict=True)):
        of = dict(zip(courses, values, strict=True))
        course = Course(
            overhead=of["tool_overhead_ratio"], efficiency=of["token_efficiency"], active=of["active_time_ratio"],
            completed=of["task_completion_rate"], cached=of["cache_efficiency"],
        )  # fmt: skip
        write_course(_translation(home, f"2026-04-{number + 1:02d}T09:00:00Z"), course, ASK)
    write_post_mortem(_translation(home, "2026-05-20T09:00:00Z"))
    return home.write()


def _translation(home: ClaudeHome, at: str) -> ClaudeLog:
    main = home.project().session(at)
    main.prompt("Have the documents translated, please.")
    main.call("Task", {"description": "translate", "prompt": ASK, "subagent_type": "translation"})
    return main.subagent(agent_type="translation")


def write_post_mortem(log: ClaudeLog) -> None:
    """As tests/builders/post_mortem.py has it, as a log."""
    begin, answers, calls = log.clock, 50, list(_calls())
    log.prompt(ASK, seconds=0)
    step = AT_WORK / (answers - 1)  # from one answer to the next; that over the silence is none
    for answer in range(answers):
        late = (SECONDS - step * answers) if answer >= answers // 2 else 0
        log.clock = begin + timedelta(seconds=step * (answer + 1) + late)
        usage = {"input": 1_697, "cache_read": 98_103, "output": 100}
        if answer < len(calls):
            name, given, detail = calls[answer]
            log.calls((name, given), seconds=0, **usage).result("done", detail=detail, seconds=0)
        else:
            log.response(seconds=0, **usage)


def _calls() -> Iterator[tuple[str, Record, Record]]:
    """Tool, input and structured result."""
    for task in range(1, TASKS + 1):
        yield "TaskCreate", {"subject": f"Task {task}"}, {"task": {"id": str(task), "subject": f"Task {task}"}}
    for status, tasks in (("in_progress", 4), ("completed", COMPLETED)):
        for task in range(1, tasks + 1):
            changed = {"success": True, "taskId": str(task), "updatedFields": ["status"]}
            changed["statusChange"] = {"from": "pending", "to": status}
            yield "TaskUpdate", {"taskId": str(task), "status": status}, changed
    read = {"filePath": "/home/ada/site/docs/one.md", "content": "Eins.", "numLines": 1, "startLine": 1}
    yield "Read", {"file_path": read["filePath"]}, {"type": "text", "file": {**read, "totalLines": 1}}
    for name in ("one", "two", "three"):
        given = {"file_path": f"/home/ada/site/docs/de/{name}.md", "content": "One."}
        written = {"type": "create", "filePath": given["file_path"], "structuredPatch": [], "originalFile": None}
        yield "Write", given, {**written, "content": "One."}
    for part in range(11):
        yield "Bash", {"command": f"wc -w docs/de/part{part}"}, {"stdout": "40", "stderr": ""}


@pytest.fixture
def told(logs: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Id of the session, with everything stored and what the judge said of it."""
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(logs))
    workspace = Workspace()
    ingest(workspace)
    with open_writer(workspace.folder) as connection, transaction(connection):
        (session,) = connection.execute(
            "SELECT id FROM sessions WHERE agent_type = 'translation' ORDER BY ended_at DESC LIMIT 1"
        ).fetchone()
        connection.executemany(
            "INSERT INTO evaluations VALUES (?, ?, 'judge', 1, ?, 'telemetry')",
            [(session, name, score) for name, scores in SCORES.items() for score in scores],
        )
    return str(session)


def test_its_kpis_stand_beside_the_baseline_of_the_plan(tacho: Tacho, told: str) -> None:
    assert tacho("kpis", told, "--json") == 0, tacho.err
    answer = json.loads(tacho.out)
    rows = {row["kpi"]: row for row in answer["kpis"]}
    assert answer["agent_type"] == "translation"
    for name, (mean, sd) in BASELINE.items():
        assert rows[name]["baseline_mean"] == pytest.approx(mean, rel=0.002), name
        assert rows[name]["baseline_sd"] == pytest.approx(sd, rel=0.01), name
    found = {name: rows[name]["value"] for name in [*BASELINE, "error_rate", "document_coverage"]}
    assert found == {
        "token_efficiency": pytest.approx(0.001, abs=5e-6),
        "task_completion_rate": pytest.approx(0.83, abs=0.005),
        "active_time_ratio": pytest.approx(0.22, abs=0.001),
        "tool_overhead_ratio": pytest.approx(1.73, abs=0.005),
        "cache_efficiency": pytest.approx(0.983, abs=0.0005),
        "error_rate": 0.0,
        "document_coverage": pytest.approx(1 / 3),
    }
    judged = {name.removeprefix("quality_"): row["value"] for name, row in rows.items() if name.startswith("quality_")}
    assert judged == {name: scores[0] for name, scores in SCORES.items()}
    for name, deviations in REGRESSIONS.items():
        assert rows[name]["deviations"] == pytest.approx(deviations, abs=ROUNDED), name


def test_every_regression_is_an_alert_and_the_overhead_a_critical_one(tacho: Tacho, told: str) -> None:
    assert tacho("alerts", "list", "--all", "--limit", "0", "--json") == 0, tacho.err
    alerts = [one for one in json.loads(tacho.out)["alerts"] if one["session"] == told]
    worse = {one["kpi"]: one for one in alerts if one["kpi"] in BASELINE}
    assert {name: one["deviations"] for name, one in worse.items()} == {
        name: pytest.approx(deviations, abs=ROUNDED) for name, deviations in REGRESSIONS.items()
    }
    assert worse["tool_overhead_ratio"]["severity"] == "critical"
    assert len(alerts) == len({one["kpi"] for one in alerts})
    assert not {one["kpi"] for one in alerts if one["kpi"].startswith("quality_")}


def test_the_healthy_sessions_before_it_had_no_critical_alert(tacho: Tacho, told: str) -> None:
    assert tacho("learn") == 0
    connection = open_reader(Workspace().folder)
    assert {one.session for one in load_alerts(connection, "severity = 'critical'")} == {told}
    connection.close()


def test_its_report_names_the_regressions_worst_first_and_the_five_suggestions(tacho: Tacho, told: str) -> None:
    assert tacho("report", "session", told, "--json") == 0, tacho.err
    report = json.loads(tacho.out)
    worst = [one["kpi"] for one in report["regressions"] if one["kpi"] in BASELINE]
    assert worst == list(REGRESSIONS)
    assert {one["id"] for one in report["suggestions"]} == SUGGESTIONS
    assert report["suggestions"][0]["id"] == "background_agents"  # the only one that is critical
    assert report["verdict"] == "CRITICAL"
    assert tacho("report", "session", told, "--markdown", "-", "--no-ingest") == 0
    for text in ("0.047", "11.9", "Background agents for independent units of work"):
        assert text in tacho.out
