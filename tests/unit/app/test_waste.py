"""The waste report: sums, rates and filters over a history in which every detector finds something."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from tachograph.app.filters import Filter, make_filter
from tachograph.app.findings import FindingFilter
from tachograph.app.ingest import ingest
from tachograph.app.waste import UNEXAMINED, By, WasteGroup, WasteReport, group_waste, report_waste, unexamined_agent
from tachograph.app.workspace import Workspace
from tachograph.warehouse.store import open_reader, open_writer, transaction
from tests.builders.claude import ClaudeHome
from tests.builders.wasteful import (
    ERROR,
    FILE,
    MYSTERY,
    SITE,
    TEXT,
    TOOLS,
    Wasteful,
    make_workspace,
    purge_session,
    wasteful,
)

__all__ = ["wasteful"]
UTC = make_filter(tz="UTC")
DETECTORS = {
    "abandoned_branch", "cache_rebuild", "duplicate_subagent_work", "failed_edit_loop", "heavy_result",
    "redundant_read", "repeated_failed_retry",
}  # fmt: skip


def report(
    workspace: Workspace, chosen: Filter = UTC, wanted: FindingFilter | None = None, limit: int = 0
) -> WasteReport:
    with closing(open_reader(workspace.folder)) as connection:
        return report_waste(connection, chosen, wanted, limit)


def groups(workspace: Workspace, by: By, chosen: Filter = UTC) -> dict[str, WasteGroup]:
    with closing(open_reader(workspace.folder)) as connection:
        return {group.key: group for group in group_waste(connection, by, chosen)}


def test_every_detector_finds_its_waste_in_both_formats(wasteful: Wasteful) -> None:
    found = report(wasteful.ingest())
    counts = {group.key: (group.findings, group.sessions, group.of) for group in found.detectors}
    assert counts == dict.fromkeys(DETECTORS, (2, 2, 7))
    assert {(f.detector, f.session.partition(":")[0]) for f in found.findings} == {
        (name, agent) for name in DETECTORS for agent in ("claude_code", "codex")
    }
    assert (found.sessions, found.sessions_with_findings, found.timezone) == (7, 6, "UTC")


def test_sums_are_those_of_the_findings(wasteful: Wasteful) -> None:
    branch = groups(wasteful.ingest(), "detector")["abandoned_branch"]
    assert branch == WasteGroup(
        key="abandoned_branch", findings=2, sessions=2, of=7, rate=2 / 7, count=2, wasted_tokens=21_000,
        carried_tokens=0, wasted_usd=1.01, unpriced_findings=0, unweighed_findings=0, amounts_of="abandoned_branch",
    )  # fmt: skip


def test_amounts_of_a_project_are_those_of_one_detector(wasteful: Wasteful) -> None:
    """Detectors overlap: there is no sum over them."""
    found = report(workspace := wasteful.ingest())
    for part in (found.projects, found.agent_types):
        for group in part:
            assert group.amounts_of in DETECTORS
    (site,) = (group for group in found.projects if group.key == SITE)
    by_detector: dict[str, float] = {}
    for one in found.findings:
        if one.project == SITE:
            by_detector[one.detector] = by_detector.get(one.detector, 0) + (one.wasted_usd or 0)
    dearest = max(by_detector, key=by_detector.__getitem__)
    assert (site.amounts_of, site.wasted_usd) == (dearest, pytest.approx(by_detector[dearest]))
    (alone,) = report(workspace, UTC, FindingFilter(detector="redundant_read")).projects
    assert (alone.amounts_of, alone.findings) == ("redundant_read", 2)


def test_groups_come_dearest_first(wasteful: Wasteful) -> None:
    found = report(wasteful.ingest())
    for part in (found.detectors, found.projects, found.agent_types, found.findings):
        costs = [one.wasted_usd for one in part]
        assert costs == sorted(costs, reverse=True), part


def test_projects_fold_subagents_into_their_sessions(wasteful: Wasteful) -> None:
    found = groups(wasteful.ingest(), "project")
    assert {key: (one.findings, one.sessions, one.of) for key, one in found.items()} == {
        SITE: (13, 5, 5),
        TOOLS: (1, 1, 2),
    }


def test_kinds_of_agents_are_counted_by_themselves(wasteful: Wasteful) -> None:
    found = groups(wasteful.ingest(), "agent_type")
    assert {key: (one.findings, one.sessions, one.of) for key, one in found.items()} == {
        "main session": (12, 5, 7),
        "Explore": (1, 1, 2),
        "explorer": (1, 1, 2),
    }


def test_a_detector_without_a_finding_is_there_with_a_rate_of_nothing(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    claude.project().session().prompt().response()
    claude.write()
    ingest(workspace := make_workspace(home))
    found = groups(workspace, "detector")
    assert set(found) == DETECTORS
    assert found["heavy_result"] == WasteGroup("heavy_result", 0, 0, 1, 0.0, 0, None, 0, None, 0, 0)


def test_an_empty_selection_has_no_rate(wasteful: Wasteful) -> None:
    found = report(wasteful.ingest(), make_filter(project="nowhere", tz="UTC"))
    assert (found.sessions, found.sessions_with_findings, found.findings, found.projects) == (0, 0, [], [])
    assert {group.rate for group in found.detectors} == {None}


@pytest.mark.parametrize(
    ("wanted", "findings", "sessions"),
    [
        (FindingFilter(detector="failed_edit_loop"), 2, 2),
        (FindingFilter(min_usd=1.0), 4, 3),
        (FindingFilter(min_usd=1.3), 2, 2),  # at least, not more than
        (FindingFilter(detector="redundant_read", max_gap_turns=0), 0, 0),
        (FindingFilter(detector="redundant_read", max_gap_turns=1), 2, 2),
        (FindingFilter(max_gap_turns=0), 12, 6),  # other detectors have no gap
    ],
)
def test_choices_reach_every_part(wasteful: Wasteful, wanted: FindingFilter, findings: int, sessions: int) -> None:
    found = report(wasteful.ingest(), wanted=wanted)
    assert (len(found.findings), found.sessions_with_findings) == (findings, sessions)
    for part in (found.detectors, found.projects, found.agent_types):
        assert sum(group.findings for group in part) == findings
    assert found.sessions == 7, "the whole stays the whole"


def test_one_detector_alone_is_shown_also_when_it_finds_nothing(wasteful: Wasteful) -> None:
    wanted = FindingFilter(detector="redundant_read", max_gap_turns=0)
    assert [(one.key, one.findings, one.of) for one in report(wasteful.ingest(), wanted=wanted).detectors] == [
        ("redundant_read", 0, 7)
    ]


@pytest.mark.parametrize(
    ("chosen", "sessions", "findings"),
    [
        (make_filter(since="2026-05-19", tz="UTC"), 3, 8),
        (make_filter(until="2026-05-19", tz="UTC"), 4, 6),
        (make_filter(agent="codex", tz="UTC"), 1, 7),
        (make_filter(project="TOOLS", tz="UTC"), 2, 1),
    ],
)
def test_filters_are_about_the_start_of_the_session(
    wasteful: Wasteful, chosen: Filter, sessions: int, findings: int
) -> None:
    found = report(wasteful.ingest(), chosen)
    assert (found.sessions, len(found.findings)) == (sessions, findings)
    assert sum(group.findings for group in found.detectors) == findings


def test_the_dearest_are_shown_and_the_rest_is_counted(wasteful: Wasteful) -> None:
    found = report(wasteful.ingest(), limit=3)
    assert [(one.detector, one.wasted_usd) for one in found.findings] == [
        ("heavy_result", 4.101066),
        ("heavy_result", 1.3),
        ("cache_rebuild", 1.1),
    ]
    assert found.more_findings == 11


def test_what_is_not_priced_is_unknown_and_makes_a_lower_bound(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    for model in ("house-model", MYSTERY):
        log = claude.project(SITE).session(model=model).prompt()
        log.shell("npm test", ERROR, 1).shell("npm test", ERROR, 1).response()
    claude.write()
    ingest(workspace := make_workspace(home))
    found = report(workspace)
    retries = found.detectors[0]
    assert (retries.findings, retries.unpriced_findings, retries.unweighed_findings) == (2, 1, 0)
    assert retries.wasted_usd == found.findings[0].wasted_usd is not None
    assert (found.findings[1].wasted_usd, found.findings[1].wasted_tokens) == (None, found.findings[0].wasted_tokens)
    only = report(workspace, wanted=FindingFilter(min_usd=0))
    assert [one.wasted_usd for one in only.findings] == [retries.wasted_usd], "an unknown cost is not at least $0"


def test_nothing_priced_is_null_not_zero(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    claude.project(SITE).session(model=MYSTERY).prompt().shell("make", ERROR, 1).shell("make", ERROR, 1).response()
    claude.write()
    ingest(workspace := make_workspace(home))
    assert [one.wasted_usd for one in report(workspace).projects] == [None]


def test_a_size_that_is_not_known_makes_tokens_a_lower_bound(wasteful: Wasteful) -> None:
    workspace = wasteful.ingest()
    with open_writer(workspace.folder) as connection, transaction(connection):
        connection.execute("UPDATE findings SET tokens = NULL, cost_pico = NULL WHERE detector = 'abandoned_branch'"
                           " AND tokens = 11000")  # fmt: skip
    found = groups(workspace, "detector")["abandoned_branch"]
    assert (found.wasted_tokens, found.unweighed_findings, found.unpriced_findings) == (10_000, 1, 1)


def test_errors_that_pass_by_themselves_are_counted(wasteful: Wasteful) -> None:
    workspace = wasteful.ingest()
    assert report(workspace).transient_failures == 1
    assert report(workspace, make_filter(agent="codex", tz="UTC")).transient_failures == 0


def test_a_copy_of_a_transient_failure_counts_once(wasteful: Wasteful) -> None:
    wasteful.loops.fork("2026-05-21T09:00:00Z").prompt("Otherwise.").response()
    wasteful.claude.write()
    found = report(wasteful.ingest())
    assert (found.transient_failures, found.sessions, found.sessions_with_findings) == (1, 8, 6)
    assert len(found.findings) == 14, "nor does the copied waste"


def test_sessions_that_can_no_longer_be_examined_are_counted(wasteful: Wasteful) -> None:
    workspace = wasteful.ingest()
    name = f"claude_code:{wasteful.clean.session_id}"
    assert report(workspace).unexamined_sessions == 0
    with open_writer(workspace.folder) as connection, transaction(connection):
        connection.execute(
            "UPDATE logs SET parser = 1 WHERE log = (SELECT log FROM segments WHERE session = ?)", (name,)
        )
    wasteful.clean.path.unlink()
    ingest(workspace)
    assert report(workspace).unexamined_sessions == 1
    assert report(workspace, make_filter(agent="codex", tz="UTC")).unexamined_sessions == 0
    with closing(open_reader(workspace.folder)) as connection:
        assert unexamined_agent(connection, name) == "claude_code"
        assert unexamined_agent(connection, f"claude_code:{wasteful.heavy.session_id}") is None


def test_a_detectors_share_is_of_the_sessions_it_could_look_at(wasteful: Wasteful) -> None:
    workspace = wasteful.ingest()
    assert report(workspace).unexamined_detectors == []
    with open_writer(workspace.folder) as connection, transaction(connection):
        connection.execute(
            "UPDATE logs SET parser = 1 WHERE log IN (SELECT log FROM segments WHERE session IN (?, ?, ?))",
            [
                f"claude_code:{wasteful.clean.session_id}",
                f"claude_code:{wasteful.parent.session_id}",  # its subagents were read by this version
                f"codex:{wasteful.thread.id}",
            ],
        )
        connection.execute("UPDATE logs SET parser = 1 WHERE agent = 'codex'")
        connection.execute("DELETE FROM findings WHERE detector = 'heavy_result'")
    found = report(workspace)
    assert found.unexamined_detectors == sorted({name for names in UNEXAMINED.values() for name in names})
    assert {group.key: (group.sessions, group.of) for group in found.detectors} == {
        "abandoned_branch": (2, 6),  # of Codex nothing is lacking
        "cache_rebuild": (2, 7),
        "duplicate_subagent_work": (2, 7),
        "failed_edit_loop": (2, 7),
        "heavy_result": (0, 5),
        "redundant_read": (2, 6),  # what was found counts among what could be
        "repeated_failed_retry": (2, 6),
    }


@pytest.mark.parametrize("agent", ["claude_code", "codex"])
def test_a_detector_that_could_look_at_no_session_has_no_rate(wasteful: Wasteful, agent: str) -> None:
    workspace = wasteful.ingest()
    with open_writer(workspace.folder) as connection, transaction(connection):
        connection.execute("UPDATE logs SET parser = 1")
        connection.execute("DELETE FROM findings")
    chosen = make_filter(agent=agent, tz="UTC")
    rates = {key: group.rate for key, group in groups(workspace, "detector", chosen).items()}
    assert rates == {name: None if name in UNEXAMINED[agent] else 0.0 for name in DETECTORS}


def test_a_log_that_is_there_is_examined_again(wasteful: Wasteful) -> None:
    workspace = wasteful.ingest()
    with open_writer(workspace.folder) as connection, transaction(connection):
        connection.execute("UPDATE logs SET parser = 1")
    ingest(workspace)
    assert report(workspace).unexamined_sessions == 0


def test_an_unreadable_log_is_no_unexamined_session(home: Path) -> None:
    folder = home / ".claude" / "projects" / "x"
    folder.mkdir(parents=True)
    (folder / "bad.jsonl").write_text("neither\n")
    ingest(workspace := make_workspace(home))
    assert report(workspace).unexamined_sessions == 0


def test_waste_goes_with_a_purged_session(wasteful: Wasteful) -> None:
    workspace = wasteful.ingest()
    purge_session(workspace, wasteful.parent.session_id)
    found = groups(workspace, "detector")["duplicate_subagent_work"]
    assert (found.findings, found.of) == (1, 6)


def test_waste_outlives_its_log(wasteful: Wasteful) -> None:
    workspace = wasteful.ingest()
    before = report(workspace)
    for log in (*wasteful.claude.logs, *wasteful.codex.logs):
        log.path.unlink()
    ingest(workspace)
    assert report(workspace) == before


def test_reads_by_different_agents_are_not_added_up(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    log = claude.project(SITE).session().prompt().read(FILE, TEXT).call("Task", {"prompt": "x"})
    log.subagent().prompt("x").read(FILE, TEXT).response()
    log.result("ok").response()
    claude.write()
    ingest(workspace := make_workspace(home))
    assert report(workspace).findings == []
