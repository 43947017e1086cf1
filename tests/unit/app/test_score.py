"""Stored sessions on three axes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from tachograph.analysis.axes import token_economy
from tachograph.analysis.axes.digest import Digest, session_hash
from tachograph.analysis.axes.token_economy import References
from tachograph.analysis.axes.trajectory import Judgement, TrajectoryScore
from tachograph.app.filters import make_filter
from tachograph.app.history import load_history
from tachograph.app.ingest import ingest
from tachograph.app.judging import store_judgement
from tachograph.app.score import NO_TEXT, WASTE_DOMAIN, Score, SubagentScore, score_sessions, score_waste, waste_score
from tachograph.app.show import tell_session
from tachograph.app.workspace import Workspace
from tachograph.judge import JudgeConfig
from tachograph.warehouse.store import open_reader, open_writer, transaction
from tests.builders.claude import ClaudeHome
from tests.builders.wasteful import HOUSE, SITE, TOOLS, Wasteful, make_workspace, wasteful

__all__ = ["wasteful"]
NONE = TrajectoryScore(state="UNAVAILABLE", domain_of_validity="None.")


@pytest.fixture(autouse=True)
def without_the_bundled_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_economy, "bundled_bands", dict)  # whatever comes along by now


def score(workspace: Workspace, *ids: str) -> list[Score]:
    with closing(open_reader(workspace.folder)) as connection:
        return score_sessions(connection, ids, lambda _: NONE)


def test_a_score_says_what_it_is_about(wasteful: Wasteful) -> None:
    name = f"claude_code:{wasteful.loops.session_id}"
    (found,) = score(wasteful.ingest(), name)
    assert (found.id, found.name, found.kind, found.project) == (name, "00000001", "main", SITE)
    assert (found.title, found.task_type, found.subagents) == ("Fix the broken login.", "debug-fix", [])
    assert found.trajectory is NONE
    assert (found.token.verdict, found.token.unit) == ("unavailable", "real_tokens")


def test_no_axis_is_without_its_domain_of_validity(wasteful: Wasteful) -> None:
    for agent in ("claude_code", "codex"):
        name = wasteful.loops.session_id if agent == "claude_code" else wasteful.thread.id
        (found,) = score(wasteful.ingest(), f"{agent}:{name}")
        assert found.token.domain_of_validity
        assert found.waste.domain_of_validity == WASTE_DOMAIN
        assert set(msgspec.to_builtins(found)) & {"score", "total", "overall", "grade"} == set(), "three, never one"


def test_waste_is_counted_and_proved_in_words(wasteful: Wasteful) -> None:
    (found,) = score(wasteful.ingest(), f"claude_code:{wasteful.loops.session_id}")
    assert (found.waste.verdict, found.waste.value) == ("waste_found", 3)
    first, second = found.waste.findings[0].evidence["calls"]
    assert found.waste.evidence[0] == f"repeated_failed_retry: calls {first}, {second} (turns 1)"
    assert [proof.partition(":")[0] for proof in found.waste.evidence[1:]] == ["redundant_read", "failed_edit_loop"]


def test_responses_prove_as_well(wasteful: Wasteful) -> None:
    (found,) = score(wasteful.ingest(), f"claude_code:{wasteful.rebuilt.session_id}")
    first, second = found.waste.findings[0].evidence["responses"]
    assert found.waste.evidence == (f"cache_rebuild: responses {first}, {second} (turns 2, 3)",)


def test_nothing_found_is_said_without_a_claim(wasteful: Wasteful) -> None:
    (found,) = score(wasteful.ingest(), f"claude_code:{wasteful.clean.session_id}")
    assert (found.waste.verdict, found.waste.value, found.waste.findings, found.waste.evidence) == (
        "no_waste_found", 0, [], (),
    )  # fmt: skip
    assert "nothing found does not mean that nothing was wasted" in found.waste.domain_of_validity


def test_subagents_are_beside_and_never_inside(wasteful: Wasteful) -> None:
    parent = f"claude_code:{wasteful.parent.session_id}"
    workspace = wasteful.ingest()
    (found,) = score(workspace, parent)
    assert found.subagents == [
        SubagentScore(f"{parent}/{agent.agent_id}", "Explore", real_tokens, findings)
        for agent, real_tokens, findings in zip(wasteful.agents, (460, 460), (0, 1), strict=True)
    ]
    assert (found.waste.value, found.token.value) == (0, 250)
    (thread,) = score(workspace, f"codex:{wasteful.thread.id}")
    assert [(one.agent_type, one.findings) for one in thread.subagents] == [("explorer", 0), ("explorer", 1)]


def test_inlined_subagents_are_beside_too(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    log = claude.project(SITE).session(model=HOUSE).prompt("Fix it.").call("Task", {"prompt": "x"})
    agent = log.inlined()
    agent.shell("npm test", "boom", 1).shell("npm test", "boom", 1).response()
    log.result("ok").response()
    claude.write()
    ingest(workspace := make_workspace(home))
    (found,) = score(workspace, f"claude_code:{log.session_id}")
    assert [one.findings for one in found.subagents] == [1]
    assert found.waste.value == 0


def test_a_subagent_can_be_scored_by_itself(wasteful: Wasteful) -> None:
    name = f"claude_code:{wasteful.parent.session_id}/{wasteful.agents[1].agent_id}"
    (found,) = score(wasteful.ingest(), name)
    assert (found.kind, found.project, found.waste.value, found.subagents) == ("subagent", TOOLS, 1, [])
    assert (found.token.verdict, found.token.value) == ("unavailable", 460)


def test_subagents_of_a_subagent_are_beside_both(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    log = claude.project(SITE).session(model=HOUSE).prompt("Fix it.").call("Task", {"prompt": "x"})
    agent = log.subagent().prompt("x").call("Task", {"prompt": "y"})
    below = log.subagent(spawned_by=agent.agent_id).prompt("y").response(input=1, output=2)
    agent.response(input=10, output=20)
    log.response()
    claude.write()
    ingest(workspace := make_workspace(home))
    name = f"claude_code:{log.session_id}"
    ids = [f"{name}/{one.agent_id}" for one in (agent, below)]
    assert [[one.id for one in found.subagents] for found in score(workspace, name, *ids)] == [ids, ids[1:], []]


def test_sessions_come_in_the_order_asked_for(wasteful: Wasteful) -> None:
    names = [f"claude_code:{log.session_id}" for log in (wasteful.clean, wasteful.loops, wasteful.heavy)]
    assert [found.id for found in score(wasteful.ingest(), *names)] == names


def test_a_session_without_a_log_of_its_own_is_left_out(wasteful: Wasteful) -> None:
    assert score(wasteful.ingest(), "claude_code:nothing") == []


def test_given_references_are_used(wasteful: Wasteful) -> None:
    workspace = wasteful.ingest()
    with closing(open_reader(workspace.folder)) as connection:
        (found,) = score_sessions(
            connection, [f"claude_code:{wasteful.loops.session_id}"], lambda _: NONE, References([], {})
        )
    assert found.token.reason == "no_reference"


@pytest.mark.parametrize(
    ("agent", "ending"),
    [
        ("claude_code", "retries, heavy results and rewound branches are not found, and not all repeated reads."),
        ("codex", "retries, heavy results and repeated reads are not found."),
    ],
)
def test_a_session_that_cannot_be_examined_any_more_says_so(wasteful: Wasteful, agent: str, ending: str) -> None:
    workspace = wasteful.ingest()
    name = f"{agent}:{wasteful.clean.session_id if agent == 'claude_code' else wasteful.thread.id}"
    with open_writer(workspace.folder) as connection, transaction(connection):
        connection.execute(
            "UPDATE logs SET parser = 1 WHERE log = (SELECT log FROM segments WHERE session = ?)", (name,)
        )
        waste = score_waste(connection, name)
    assert waste.domain_of_validity.startswith(WASTE_DOMAIN)
    assert waste.domain_of_validity.endswith(ending)


@pytest.mark.parametrize("agent", ["claude_code", "codex"])
def test_waste_without_the_text_of_commands_says_what_is_not_found(wasteful: Wasteful, agent: str) -> None:
    name = f"{agent}:{wasteful.loops.session_id if agent == 'claude_code' else wasteful.thread.id}"
    (found,) = score(wasteful.ingest(store_text="none"), name)
    assert found.waste.domain_of_validity == f"{WASTE_DOMAIN} {NO_TEXT}"


def test_what_was_stored_without_text_stays_without(wasteful: Wasteful) -> None:
    wasteful.ingest(store_text="none")
    wasteful.loops.path.unlink()
    workspace = wasteful.ingest()
    names = [f"claude_code:{log.session_id}" for log in (wasteful.loops, wasteful.rewound)]
    gone, read_again = score(workspace, *names)
    assert gone.waste.domain_of_validity == f"{WASTE_DOMAIN} {NO_TEXT}"
    assert read_again.waste.domain_of_validity == WASTE_DOMAIN


def test_waste_of_no_findings() -> None:
    assert waste_score([]).verdict == "no_waste_found"
    assert waste_score([], "One.", "Two.").domain_of_validity == f"{WASTE_DOMAIN} One. Two."


# ------------------------------------------------------------------------------------------------ tacho show


def tell(connection: sqlite3.Connection, name: str) -> Score | None:
    return tell_session(connection, name, make_filter(tz="UTC")).score


def test_the_story_of_a_session_holds_its_score(wasteful: Wasteful) -> None:
    workspace = wasteful.ingest()
    name = f"claude_code:{wasteful.loops.session_id}"
    with closing(open_reader(workspace.folder)) as connection:
        found = tell(connection, name)
        assert found is not None
        assert (found.id, found.waste.value, found.trajectory.reason) == (name, 3, "not_judged")
        assert found.trajectory.hint is not None
        assert "--judge" in found.trajectory.hint


def test_a_stored_verdict_shows_in_the_story(wasteful: Wasteful) -> None:
    workspace = wasteful.ingest()
    name = f"claude_code:{wasteful.clean.session_id}"
    with open_writer(workspace.folder) as connection, transaction(connection):
        history = load_history(connection, name)
        assert history is not None
        judgement = Judgement("WORSE", 0.9, "Turn 1 wanders.", ())
        store_judgement(
            connection, name, JudgeConfig(), judgement, Digest("x", 1, 1, 0), session_hash(history.session), 1000
        )
    with closing(open_reader(workspace.folder)) as connection:
        found = tell(connection, name)
    assert found is not None
    assert (found.trajectory.state, found.trajectory.verdict, found.trajectory.review) == ("CURRENT", "WORSE", True)
    assert found.trajectory.value == pytest.approx(0.25)


def test_a_session_whose_own_log_is_missing_has_no_score(wasteful: Wasteful) -> None:
    wasteful.parent.path.unlink()
    workspace = wasteful.ingest()
    with closing(open_reader(workspace.folder)) as connection:
        assert tell(connection, f"claude_code:{wasteful.parent.session_id}") is None
