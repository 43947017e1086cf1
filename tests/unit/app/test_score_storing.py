"""Scoring with the warehouse and without: what is kept, what is compared, which verdicts are told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tachograph.analysis.axes.digest import Digest, session_hash
from tachograph.analysis.axes.trajectory import Judgement
from tachograph.app.history import load_history
from tachograph.app.ingest import ingest
from tachograph.app.judging import store_judgement
from tachograph.app.workspace import DEMO_NOTE, Workspace
from tachograph.errors import NotFound, TachographError
from tachograph.judge import JudgeConfig
from tachograph.warehouse.store import open_writer, transaction
from tests.builders.claude import ClaudeHome
from tests.builders.scoring import ids, named, score
from tests.builders.wasteful import HOUSE, SITE, Wasteful, make_workspace, wasteful
from tests.dump import dump_warehouse

__all__ = ["wasteful"]


def test_without_storing_the_warehouse_stays_as_it_is(wasteful: Wasteful) -> None:
    workspace = make_workspace(wasteful.home)
    ingest(workspace, agent="codex")
    before = dump_warehouse(workspace.folder)
    report = score(workspace, wasteful.loops.path, wasteful.thread.id, last=True, store=False)
    assert ids(report) == [*named(wasteful.loops), f"codex:{wasteful.thread.id}"]
    assert dump_warehouse(workspace.folder) == before


def test_without_storing_no_warehouse_is_made(wasteful: Wasteful) -> None:
    workspace = make_workspace(wasteful.home)
    report = score(workspace, wasteful.home, store=False)
    assert len(report.sessions) == 7
    assert not workspace.folder.exists()
    with pytest.raises(TachographError, match="--no-store makes none") as caught:
        score(workspace, wasteful.loops.session_id, store=False)
    assert caught.value.slug == "no_warehouse"
    assert not workspace.folder.exists()


def test_stored_or_not_the_score_is_the_same(wasteful: Wasteful) -> None:
    workspace = wasteful.ingest()
    stored, loose = (score(workspace, wasteful.loops.path, store=store).sessions[0] for store in (True, False))
    assert stored == loose


def test_without_storing_it_is_still_compared_with_the_users_own(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    for number in range(10):
        log = claude.project(SITE).session(f"2026-05-{number + 1:02d}T09:00:00Z", model=HOUSE).prompt("Fix the bug.")
        log.response(input=0, output=100 * (number + 1))
    claude.write()
    ingest(workspace := make_workspace(home))
    new = claude.project(SITE).session("2026-06-01T09:00:00Z", model=HOUSE).prompt("Fix the bug.")
    path = new.response(input=0, output=5000).write()
    token = score(workspace, path, store=False).sessions[0].token
    assert token.reference is not None
    assert (token.verdict, token.reference.kind, token.reference.n, token.percentile) == ("above_p75", "own", 10, 100)
    again = score(workspace, claude.logs[0].path, store=False).sessions[0].token
    assert again.reference is None or again.reference.kind == "bundled", "it is not compared with itself"


def judge(workspace: Workspace, name: str) -> None:
    with open_writer(workspace.folder) as connection, transaction(connection):
        history = load_history(connection, name)
        assert history is not None
        judgement = Judgement("BETTER", 0.9, "Turn 1.", ())
        store_judgement(
            connection, name, JudgeConfig(), judgement, Digest("x", 1, 1, 0), session_hash(history.session), 1000
        )


@pytest.mark.parametrize("store", [True, False])
def test_a_stored_verdict_is_told_also_when_nothing_is_stored(wasteful: Wasteful, store: bool) -> None:
    workspace = wasteful.ingest()
    judge(workspace, *named(wasteful.clean))
    found = score(workspace, wasteful.clean.path, store=store).sessions[0].trajectory
    assert (found.state, found.verdict) == ("CURRENT", "BETTER")


def test_a_grown_log_makes_the_verdict_stale(wasteful: Wasteful) -> None:
    workspace = wasteful.ingest()
    judge(workspace, *named(wasteful.clean))
    wasteful.clean.prompt("And more.").response().write()
    for target in (wasteful.clean.path, wasteful.clean.session_id):
        found = score(workspace, target).sessions[0].trajectory
        assert (found.state, found.verdict) == ("STALE", "BETTER")


def test_names_are_looked_up_in_an_updated_warehouse(wasteful: Wasteful) -> None:
    workspace = make_workspace(wasteful.home)
    ingest(workspace, agent="codex")
    with pytest.raises(NotFound):
        score(workspace, wasteful.loops.session_id, update=False)
    assert ids(score(workspace, wasteful.loops.session_id)) == named(wasteful.loops)


def test_a_demo_is_left_as_it_was_made(wasteful: Wasteful) -> None:
    workspace = wasteful.ingest()
    (workspace.folder / DEMO_NOTE).write_text("{}")
    new = wasteful.open("2026-06-01T09:00:00Z", "Fix it.").response().write()
    before = dump_warehouse(workspace.folder)
    report = score(workspace, new, wasteful.clean.session_id)
    assert [one.waste.value for one in report.sessions] == [0, 0]
    assert dump_warehouse(workspace.folder) == before


def test_without_stored_text_the_token_axis_says_why_not(wasteful: Wasteful) -> None:
    for store in (True, False):
        (found,) = score(make_workspace(wasteful.home, store_text="none"), wasteful.loops.path, store=store).sessions
        assert (found.task_type, found.token.verdict, found.token.reason) == (None, "unavailable", "no_task")
        assert found.waste.value == 3


def test_several_logs_of_one_session_are_one(wasteful: Wasteful) -> None:
    resumed = wasteful.codex.session(
        "2026-05-20T12:00:00Z", id=wasteful.thread.id, cwd=SITE, model=HOUSE, segment="2"
    ).turn()
    resumed.prompt("Go on.").answer().tokens(input=77, output=5).complete()
    wasteful.codex.write()
    paths: Sequence[Path] = [wasteful.thread.path, resumed.path]
    assert ids(score(make_workspace(wasteful.home), *paths)) == [f"codex:{wasteful.thread.id}"]
