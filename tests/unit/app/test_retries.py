from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tachograph.app.filters import Filter, make_filter
from tachograph.app.ingest import ingest
from tachograph.app.retries import By, RetryReport, Signal, report_retries
from tachograph.app.workspace import Workspace
from tachograph.settings import Settings
from tachograph.warehouse.store import open_reader
from tests.builders.claude import ClaudeHome
from tests.builders.small import HOUSE, MYSTERY, SITE, TOOLS, Week, fail, make_workspace, week

__all__ = ["week"]


def read(workspace: Workspace, by: By = "project", chosen: Filter | None = None, clusters: int = 10) -> RetryReport:
    with closing(open_reader(workspace.folder)) as connection:
        return report_retries(connection, by, chosen or make_filter(tz="UTC"), clusters)


def keys(report: RetryReport) -> dict[str, int]:
    return {group.key: group.sessions for group in report.groups}


def test_the_four_signals_are_told_apart(week: Week) -> None:
    total = read(week.ingest()).total
    assert total.sessions == 6
    assert total.follow_ups == Signal(2, 2, 6, 2 / 6)
    assert total.interruptions == Signal(1, 1, 6, 1 / 6)
    assert total.structural_retries == Signal(1, 1, 6, 1 / 6)
    assert total.subagent_spawns == Signal(1, 1, 6, 1 / 6)


def test_groups_add_up_to_the_total(week: Week) -> None:
    report = read(week.ingest())
    site, tools = report.groups
    assert (site.key, site.sessions, tools.key, tools.sessions) == (SITE, 4, TOOLS, 2)
    assert site.follow_ups == Signal(2, 2, 4, 0.5)
    assert site.structural_retries == Signal(1, 1, 4, 0.25)
    assert tools.structural_retries == Signal(0, 0, 2, 0.0)


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("project", {SITE: 4, TOOLS: 2}),
        ("agent", {"claude_code": 5, "codex": 1}),
        ("model", {HOUSE: 5, MYSTERY: 1}),
        ("branch", {"main": 5, "login": 1}),
        ("week", {"2026-05-18": 5, "2026-05-25": 1}),
    ],
)
def test_main_sessions_are_grouped(week: Week, by: By, expected: dict[str, int]) -> None:
    assert keys(read(week.ingest(), by)) == expected


def test_a_week_begins_on_monday_of_the_readers_zone(week: Week) -> None:
    week.open("2026-05-17T23:30:00Z", SITE, "Late on Sunday.")
    week.claude.write()
    workspace = week.ingest()
    assert keys(read(workspace, "week"))["2026-05-11"] == 1
    assert keys(read(workspace, "week", make_filter(tz="Europe/Berlin"))) == {"2026-05-18": 6, "2026-05-25": 1}


def test_the_model_with_most_own_output_stands_for_a_session(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    log = claude.project().session().prompt().response(model="small", output=5).response(model="large", output=9)
    log.response(model="small", output=3).call("Task", {"prompt": "x"}, model="large", output=1)
    log.subagent().prompt("x").response(model="small", output=500)
    claude.write()
    workspace = make_workspace(home)
    ingest(workspace)
    assert keys(read(workspace, "model")) == {"large": 1}


def test_filters_are_about_the_start_of_the_session(week: Week) -> None:
    workspace = week.ingest()
    later = read(workspace, chosen=make_filter(since="2026-05-18T12:00", tz="UTC"))
    assert later.total.sessions == 5
    assert later.total.structural_retries.count == 1, "the session it repeats lies before --since"
    assert later.failed_calls == 1
    assert read(workspace, chosen=make_filter(until="2026-05-18T12:00", tz="UTC")).total.sessions == 1
    assert keys(read(workspace, chosen=make_filter(project="TOOLS", tz="UTC"))) == {TOOLS: 2}
    assert read(workspace, chosen=make_filter(agent="codex", tz="UTC")).total.follow_ups == Signal(1, 1, 1, 1.0)


@pytest.mark.parametrize(
    ("at", "project", "text", "retried"),
    [
        ("2026-05-21T09:00:05Z", SITE, "Do it.", 1),  # 24 hours to the second
        ("2026-05-21T09:00:06Z", SITE, "Do it.", 0),
        ("2026-05-20T09:00:05Z", SITE, "Do it.", 1),  # at the same moment: one of both comes after
        ("2026-05-20T10:00:00Z", TOOLS, "Do it.", 0),
        ("2026-05-20T10:00:00Z", SITE, "Do it!", 0),
    ],
)
def test_a_structural_retry_is_the_same_opening_in_the_same_project_within_a_day(
    home: Path, at: str, project: str, text: str, retried: int
) -> None:
    claude = ClaudeHome(home / ".claude")
    claude.project(SITE).session("2026-05-20T09:00:00Z").prompt("Do it.", 5).response()
    claude.project(project).session(at).prompt(text, 0).response()
    claude.write()
    workspace = make_workspace(home)
    ingest(workspace)
    assert read(workspace).total.structural_retries == Signal(retried, retried, 2, retried / 2)


def test_each_retry_looks_back_to_the_one_just_before(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    for day in (1, 2, 3, 5):
        claude.project(SITE).session(f"2026-05-{day:02d}T09:00:00Z").prompt("Do it.").response()
    claude.write()
    workspace = make_workspace(home)
    ingest(workspace)
    assert read(workspace).total.structural_retries.count == 2


def test_a_session_without_a_prompt_can_have_neither_follow_ups_nor_a_retry(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    claude.project(SITE).session().response()
    claude.write()
    workspace = make_workspace(home)
    ingest(workspace)
    total = read(workspace).total
    assert total.follow_ups == total.structural_retries == Signal(0, 0, 0, None)
    assert total.interruptions == Signal(0, 0, 1, 0.0)


def test_subagents_are_spawns_and_nothing_else(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    log = claude.project(SITE).session().prompt("Do it.").call("Task", {"prompt": "x"})
    agent = log.subagent()
    agent.prompt("x").call("Task", {"prompt": "y"}).result("ok").prompt("and z").response()
    agent.interruption()
    claude.write()
    workspace = make_workspace(home)
    ingest(workspace)
    total = read(workspace).total
    assert (total.sessions, total.follow_ups.count, total.interruptions.count) == (1, 0, 0)
    assert total.subagent_spawns == Signal(2, 1, 1, 1.0)


def test_failed_calls_cluster_by_tool_command_and_error(week: Week) -> None:
    report = read(week.ingest())
    assert (report.failed_calls, report.failure_clusters) == (3, 2)
    build, search = report.failures
    assert (build.tool, build.target, build.error) == ("Bash", "npm run build", "boom: no such module")
    assert (build.calls, build.sessions) == (2, 2)
    assert build.last_at == datetime(2026, 5, 18, 15, 0, 7, tzinfo=UTC)
    assert build.last_session == f"claude_code:{week.again.session_id}"
    assert build.last_call == week.again.call_id
    assert (search.target, search.calls, search.last_session) == (
        "rg",
        1,
        f"claude_code:{week.first.session_id}/{week.agent.agent_id}",
    )


def test_only_the_largest_clusters_are_shown_and_the_rest_is_counted(week: Week) -> None:
    report = read(week.ingest(), clusters=1)
    assert (report.failed_calls, report.failure_clusters, len(report.failures)) == (3, 2, 1)


def test_copied_calls_do_not_fail_again(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    log = claude.project(SITE).session().prompt("Do it.")
    fail(log, "make", 1, 10)
    log.response()
    log.fork("2026-05-21T10:00:00Z").prompt("Otherwise.").response()
    claude.write()
    workspace = make_workspace(home)
    ingest(workspace)
    assert read(workspace).failed_calls == 1


def test_without_stored_text_failures_cluster_by_path(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    log = claude.project(SITE).session().prompt("Do it.")
    for name in ("a", "a", "b"):
        log.tool("Read", {"file_path": f"{SITE}/{name}"}, result="File does not exist.", error=True)
    claude.write()
    workspace = Workspace(home / "tachograph", Settings(store_text="none"))
    ingest(workspace)
    found = [(cluster.target, cluster.error, cluster.calls) for cluster in read(workspace).failures]
    assert found == [(f"{SITE}/a", None, 2), (f"{SITE}/b", None, 1)]


def test_an_empty_selection_has_no_rate(week: Week) -> None:
    report = read(week.ingest(), chosen=make_filter(project="nowhere", tz="UTC"))
    assert report.groups == []
    assert report.failures == []
    assert report.total.interruptions == Signal(0, 0, 0, None)
