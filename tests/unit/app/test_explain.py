"""The proof of a finding, as it happened."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tachograph.app.explain import Explanation, Step, explain_finding
from tachograph.app.filters import Filter
from tachograph.app.findings import FindingFilter, list_findings
from tachograph.app.ingest import ingest
from tachograph.app.workspace import Workspace
from tachograph.errors import NotFound
from tachograph.warehouse.store import open_reader, open_writer, transaction
from tests.builders.claude import ClaudeHome
from tests.builders.wasteful import ERROR, FILE, HOUSE, SITE, TEXT, Wasteful, make_workspace, wasteful

__all__ = ["wasteful"]


def explain(workspace: Workspace, detector: str, agent: str = "claude_code") -> Explanation:
    with closing(open_reader(workspace.folder)) as connection:
        found = list_findings(connection, Filter(agent=agent), FindingFilter(detector))
        return explain_finding(connection, found[0].id, Filter())


def test_the_steps_of_a_repeated_failure(wasteful: Wasteful) -> None:
    told = explain(wasteful.ingest(), "repeated_failed_retry")
    assert (told.timezone, told.title) == ("UTC", "The same command failed again in the same way")
    assert told.rule.startswith("The same shell command, in the same folder, failed twice or more in a row")
    assert told.steps == [
        Step("call", 1, datetime(2026, 5, 18, 9, 0, second, tzinfo=UTC), True, "Bash", "npm test", "error", 1, ERROR)
        for second in (7, 10)
    ]


PROOFS = {
    "abandoned_branch": ["response"],
    "cache_rebuild": ["response", "response"],
    "duplicate_subagent_work": ["call"] * 5,
    "failed_edit_loop": ["call"] * 3,
    "heavy_result": ["call"],
    "redundant_read": ["call"] * 2,
    "repeated_failed_retry": ["call"] * 2,
}


def test_each_detectors_proof_is_shown_for_both_agents(wasteful: Wasteful) -> None:
    workspace = wasteful.ingest()
    for detector, kinds in PROOFS.items():
        for agent in ("claude_code", "codex"):
            told = explain(workspace, detector, agent)
            assert [step.kind for step in told.steps if step.is_proof] == kinds, (detector, agent)
            assert told.finding.detector == detector
            assert told.rule


def test_responses_tell_their_tokens(wasteful: Wasteful) -> None:
    first, asked, second = explain(wasteful.ingest(), "cache_rebuild").steps
    told = "cache read 100,000, written 0; input 0, output 0"
    assert (first.what, first.text, first.turn) == (HOUSE, told, 2)
    assert (asked.what, asked.text, asked.turn) == ("human", "More of it.", 3)
    assert second.text == "cache read 0, written 100,000; input 0, output 0"


def test_what_lay_between_is_shown_near_the_proof_and_counted_elsewhere(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    log = claude.project(SITE).session(model=HOUSE).prompt().read(FILE, TEXT)
    for number in range(10):
        log.shell(f"ls part{number}", "x")
    log.read(FILE, TEXT).response()
    claude.write()
    ingest(workspace := make_workspace(home))
    steps = explain(workspace, "redundant_read").steps
    assert [(step.text, step.is_proof, step.left_out) for step in steps] == [
        (FILE, True, 0), ("ls part0", False, 0), ("ls part1", False, 0), ("ls part2", False, 0),
        ("ls part7", False, 4), ("ls part8", False, 0), ("ls part9", False, 0), (FILE, True, 0),
    ]  # fmt: skip
    assert steps[0].result == "530 characters"


def test_markers_between_are_told(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    log = claude.project(SITE).session(model=HOUSE).prompt().response(input=0, write_5m=9000)
    log.response(input=0, cache_read=9000).compaction(9000).response(input=0, write_5m=9000)
    claude.write()
    ingest(workspace := make_workspace(home))
    told = explain(workspace, "cache_rebuild")
    assert told.finding.facts["cause"] == "compaction"
    assert [(step.kind, step.what) for step in told.steps] == [
        ("response", HOUSE), ("marker", "compaction"), ("prompt", "compact_summary"), ("response", HOUSE),
    ]  # fmt: skip


def test_it_can_be_explained_when_its_log_is_gone(wasteful: Wasteful) -> None:
    workspace = wasteful.ingest()
    before = explain(workspace, "failed_edit_loop")
    wasteful.loops.path.unlink()
    ingest(workspace)
    assert explain(workspace, "failed_edit_loop") == before


def test_without_stored_text_the_steps_are_there_without_words(wasteful: Wasteful) -> None:
    told = explain(wasteful.ingest(store_text="none"), "repeated_failed_retry")
    assert [(step.text, step.status, step.exit_code) for step in told.steps] == [("", "error", 1)] * 2


def test_a_detector_that_is_no_more_is_said_to_be(wasteful: Wasteful) -> None:
    workspace = wasteful.ingest()
    with open_writer(workspace.folder) as connection, transaction(connection):
        connection.execute("UPDATE findings SET detector = 'gone' WHERE detector = 'heavy_result'")
    told = explain(workspace, "gone")
    assert (told.title, told.rule) == ("gone", "This detector is no longer part of tacho.")
    assert len(told.steps) == 1


def test_a_subagents_finding_is_proved_by_its_own_calls(wasteful: Wasteful) -> None:
    told = explain(wasteful.ingest(), "duplicate_subagent_work")
    assert told.finding.session.endswith(f"/{wasteful.agents[1].agent_id}")
    assert {step.what for step in told.steps} == {"Read"}


def test_no_finding_is_a_mistake_of_the_users(wasteful: Wasteful) -> None:
    workspace = wasteful.ingest()
    with closing(open_reader(workspace.folder)) as connection, pytest.raises(NotFound):
        explain_finding(connection, "nothing", Filter())
