from __future__ import annotations

import random
import statistics
from contextlib import closing
from pathlib import Path

import pytest

from tachograph.app.cost import query_totals
from tachograph.app.filters import Filter, make_filter
from tachograph.app.ingest import ingest
from tachograph.app.tools import By, Sort, ToolGroup, ToolReport, report_tools
from tachograph.app.workspace import Workspace
from tachograph.warehouse.store import open_reader
from tests.builders.claude import ClaudeHome
from tests.builders.codex import CodexHome
from tests.builders.small import HOUSE, MYSTERY, Week, make_workspace, week

__all__ = ["week"]
UTC = make_filter(tz="UTC")


def read(
    workspace: Workspace, by: By = "tool", chosen: Filter = UTC, sort: Sort = "calls", limit: int | None = None
) -> ToolReport:
    with closing(open_reader(workspace.folder)) as connection:
        return report_tools(connection, by, chosen, sort, limit)


def by_key(report: ToolReport) -> dict[str, ToolGroup]:
    return {group.key: group for group in report.groups}


def test_calls_are_counted_by_their_outcome(week: Week) -> None:
    report = read(week.ingest())
    found = by_key(report)
    assert {key: group.calls for key, group in found.items()} == {
        "Bash": 4, "Read": 1, "Edit": 1, "Task": 1, "mcp__notes__add": 1, "exec_command": 1,
    }  # fmt: skip
    assert (found["Bash"].ok, found["Bash"].errors, found["Bash"].error_rate) == (1, 3, 0.75)
    assert (found["Edit"].denied, found["Edit"].errors, found["Edit"].error_rate) == (1, 0, None)
    total = report.total
    assert (total.calls, total.ok, total.errors, total.denied, total.cancelled, total.missing) == (9, 5, 3, 1, 0, 0)
    assert total.error_rate == 3 / 8


def test_cost_is_split_among_the_calls_of_a_response(week: Week) -> None:
    found = by_key(read(week.ingest()))
    assert found["Read"].usd == 0.2
    assert found["Bash"].usd == 0.6 + 0.2 + 0.5 + 0.05
    assert found["exec_command"].usd == 0.08


def test_the_split_loses_nothing(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    log = claude.project().session(model=HOUSE).prompt()
    for count in (1, 3, 7):
        log.calls(*[(f"Tool{number}", {}) for number in range(count)], output=1)
    claude.write()
    workspace = make_workspace(home)
    ingest(workspace)
    report = read(workspace)
    with closing(open_reader(workspace.folder)) as connection:
        assert report.total.usd == query_totals(connection, UTC).usd == 0.00003
    assert sum(group.usd or 0 for group in report.groups) == pytest.approx(0.00003, abs=1e-11)


def test_an_unpriced_response_makes_a_lower_bound(week: Week) -> None:
    week.open("2026-05-21T10:00:00Z", "/home/ada/tools", "More.").tool("mcp__notes__add", {}, result="ok", output=1_000)
    week.claude.write()
    report = read(week.ingest())
    notes = by_key(report)["mcp__notes__add"]
    assert (notes.calls, notes.usd, notes.unpriced_calls) == (2, 0.01, 1)
    assert report.total.unpriced_calls == 1


def test_nothing_priced_is_no_cost_at_all(week: Week) -> None:
    notes = by_key(read(week.ingest()))["mcp__notes__add"]
    assert (notes.usd, notes.unpriced_calls) == (None, 1)


def test_a_call_without_a_response_carries_nothing_and_is_counted(home: Path) -> None:
    codex = CodexHome(home / ".codex")
    codex.session(model=HOUSE).turn().prompt().shell("ls", "a").complete()
    codex.write()
    workspace = make_workspace(home)
    ingest(workspace)
    total = read(workspace).total
    assert (total.calls, total.usd, total.unattributed_calls, total.unpriced_calls) == (1, None, 1, 0)


def test_the_tools_own_time_goes_before_the_logs(week: Week) -> None:
    found = by_key(read(week.ingest()))
    codex, read_ = found["exec_command"], found["Read"]
    assert (codex.median_ms, codex.timed_calls, codex.reported_times) == (2500.0, 1, 1)
    assert (read_.median_ms, read_.timed_calls, read_.reported_times) == (4500.0, 1, 0)
    assert (found["Edit"].median_ms, found["Edit"].timed_calls) == (None, 0), "a refusal is no duration"


def test_medians_are_exact(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    log = claude.project().session(model=HOUSE).prompt()
    rng = random.Random(7)
    seconds = [rng.randrange(1, 500) for _ in range(12)]
    sizes = [rng.randrange(1, 900) for _ in range(12)]
    for number, (wait, size) in enumerate(zip(seconds, sizes, strict=True)):
        log.call("Read" if number < 5 else "Grep", {"file_path": "a"}).result("x" * size, seconds=wait)
    claude.write()
    workspace = make_workspace(home)
    ingest(workspace)
    report = read(workspace)
    found = by_key(report)
    assert found["Read"].median_ms == statistics.median(seconds[:5]) * 1000
    assert found["Grep"].median_ms == statistics.median(seconds[5:]) * 1000
    assert report.total.median_ms == statistics.median(seconds) * 1000
    assert report.total.median_result_chars == statistics.median(sizes)
    assert (report.total.result_chars, report.total.results) == (sum(sizes), 12)


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("command", {"npm run build": 2, "git status": 1, "rg": 1, "make": 1}),
        ("server", {"notes": 1}),
        ("category", {"shell": 5, "read": 1, "edit": 1, "subagent": 1, "mcp:notes": 1}),
    ],
)
def test_calls_are_grouped(week: Week, by: By, expected: dict[str, int]) -> None:
    report = read(week.ingest(), by)
    assert {group.key: group.calls for group in report.groups} == expected
    assert report.total.calls == sum(expected.values())
    assert report.matching == len(expected)


def test_calls_of_other_kinds_keep_their_share_of_a_response(week: Week) -> None:
    assert by_key(read(week.ingest(), "command"))["git status"].usd == 0.2


def test_shell_calls_without_a_command_have_a_group_of_their_own(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    claude.project().session(model=HOUSE).prompt().tool("BashOutput", {"bash_id": "1"}, result="x")
    claude.write()
    workspace = make_workspace(home)
    ingest(workspace)
    assert {group.key: group.calls for group in read(workspace, "command").groups} == {"": 1}


@pytest.mark.parametrize(
    ("sort", "first"),
    [
        ("calls", "Bash"),
        ("errors", "Bash"),
        ("error-rate", "Bash"),
        ("time", "Read"),
        ("result", "Bash"),
        ("cost", "Bash"),
    ],
)
def test_what_is_sorted_by_comes_first(week: Week, sort: Sort, first: str) -> None:
    report = read(week.ingest(), sort=sort, limit=2)
    assert report.groups[0].key == first
    assert (len(report.groups), report.matching) == (2, 6)


def test_what_is_unknown_comes_last(week: Week) -> None:
    report = read(week.ingest(), sort="cost")
    assert report.groups[-1].key == "mcp__notes__add"
    assert read(week.ingest(), sort="time").groups[-1].key == "Edit"


@pytest.mark.parametrize(
    ("chosen", "calls"),
    [
        (make_filter(since="2026-05-18T12:00", tz="UTC"), {"Bash": 1, "exec_command": 1, "mcp__notes__add": 1}),
        (make_filter(since="2026-05-18T09:00:12", until="2026-05-18T09:00:20", tz="UTC"), {"Edit": 1}),
        (make_filter(agent="codex", tz="UTC"), {"exec_command": 1}),
        (make_filter(project="tools", tz="UTC"), {"mcp__notes__add": 1}),
        (make_filter(project="nowhere", tz="UTC"), {}),
    ],
)
def test_filters_are_about_the_moment_of_the_call(week: Week, chosen: Filter, calls: dict[str, int]) -> None:
    assert {group.key: group.calls for group in read(week.ingest(), chosen=chosen).groups} == calls


def test_a_call_outside_the_span_keeps_its_share(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    log = claude.project().session("2026-05-20T10:00:00Z", model=HOUSE).prompt("x", 0)
    log.calls(("Read", {}), ("Grep", {}), output=10_000, seconds=0, step=10)
    claude.write()
    workspace = make_workspace(home)
    ingest(workspace)
    found = by_key(read(workspace, chosen=make_filter(since="2026-05-20T10:00:05", tz="UTC")))
    assert {key: group.usd for key, group in found.items()} == {"Grep": 0.05}


def test_a_forks_copies_are_not_counted_again(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    log = claude.project().session(model=HOUSE).prompt().shell("ls", "a").response()
    log.fork("2026-05-21T10:00:00Z").prompt("Otherwise.").shell("ls", "a").response(model=MYSTERY)
    claude.write()
    workspace = make_workspace(home)
    ingest(workspace)
    assert by_key(read(workspace))["Bash"].calls == 2
