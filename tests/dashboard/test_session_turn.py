"""The page of one turn: its calls in order, with what the response that made them used."""

from __future__ import annotations

from html import unescape
from pathlib import Path

import pytest

from tachograph.app.ingest import ingest
from tachograph.errors import NotFound, UsageError
from tests.builders.claude import ClaudeHome, ClaudeLog
from tests.builders.small import HOUSE, SITE, Week, make_workspace, week
from tests.builders.wasteful import Wasteful, wasteful
from tests.dashboard.session_pages import opened, rows_of

__all__ = ["wasteful", "week"]


def _id(log: ClaudeLog) -> str:
    return f"claude_code:{log.session_id}"


def test_calls_are_told_in_order_with_the_response_of_each(week: Week) -> None:
    with opened(week.ingest()) as told:
        data = told.turn(_id(week.first), 1)
    assert [(step.kind, step.call.name if step.call else "") for step in data.steps] == [
        ("call", "Bash"), ("call", "Read"), ("call", "Bash"), ("call", "Edit"), ("marker", ""),
    ]  # fmt: skip
    calls = [step.call for step in data.steps if step.call]
    assert [call.status for call in calls] == ["error", "ok", "ok", "denied"]
    assert [call.exit_code for call in calls] == [1, None, 0, None]
    assert [call.target for call in calls] == [
        "cd /home/ada/site && npm run build", "/home/ada/site/a.py", "git status", "/home/ada/site/a.py",
    ]  # fmt: skip
    assert calls[0].error == "boom: no such module"
    assert [step.response.usd if step.response else None for step in data.steps] == [
        pytest.approx(0.6), pytest.approx(0.4), None, pytest.approx(0.2), None,
    ]  # fmt: skip
    assert data.steps[4].marker is not None
    assert data.steps[4].marker.kind == "interruption"
    assert [step.number for step in data.steps] == [1, 2, 3, 4, 5]


def test_response_without_a_call_and_started_subagents_are_told(week: Week) -> None:
    with opened(week.ingest()) as told:
        data = told.turn(_id(week.first), 2)
        html = unescape(told.html(data))
    answer, task = data.steps[:2]
    assert (answer.kind, answer.call, answer.response is not None) == ("response", None, True)
    assert task.call is not None
    assert f"{_id(week.first)}/{week.agent.agent_id}" in data.turn.subagents
    assert "answer" in html
    assert (data.first_turn, data.last_turn) == (1, 2)


def test_calls_that_prove_a_finding_are_marked_with_it(wasteful: Wasteful) -> None:
    with opened(wasteful.ingest()) as told:
        data = told.turn(_id(wasteful.loops), 1)
        html = told.html(data)
    assert [finding.detector for finding in data.findings] == ["repeated_failed_retry"]
    marked = [step.call.target for step in data.steps if step.findings and step.call]
    assert marked == ["npm test", "npm test"]
    assert html.count(f"waste {data.findings[0].id}") == 2
    assert html.count("is-proof") == 2
    assert 'id="proof"' not in html
    assert 'id="findings"' in html


def test_call_decides_which_turn_is_shown(wasteful: Wasteful) -> None:
    with opened(wasteful.ingest()) as told:
        third = told.turn(_id(wasteful.loops), 3).steps[0].call
        assert third is not None
        data = told.turn(_id(wasteful.loops), 1, call=third.id)
        unknown = told.turn(_id(wasteful.loops), 1, call="toolu_nobody")
    assert data.turn.number == 3
    assert [step.sought for step in data.steps].count(True) == 1
    assert (unknown.turn.number, [step.sought for step in unknown.steps].count(True)) == (1, 0)


def test_long_turn_comes_in_parts_and_a_call_is_on_its_own(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    log = claude.project(SITE).session("2026-05-18T09:00:00Z", model=HOUSE).prompt("Go.")
    for number in range(450):
        log.shell(f"make step{number}", "ok")
    claude.write()
    workspace = make_workspace(home)
    ingest(workspace)
    with opened(workspace) as told:
        first, last = told.turn(_id(log), 1), told.turn(_id(log), 1, part="3")
        call = last.steps[0].call
        assert call is not None
        sought = told.turn(_id(log), 1, call=call.id)
        html = unescape(told.html(first))
        table = rows_of(told.view(last), "calls")
    assert (len(first.steps), first.piece.parts, first.piece.matching) == (200, 3, 450)
    assert [step.number for step in last.steps] == list(range(401, 451))
    assert call.target == "make step400"
    assert (sought.piece.part, sought.steps[0].sought) == (3, True)
    assert "1–200 of 450" in html
    assert "part=2#turn-calls" in html
    assert [row[3] for row in table][:2] == ["make step400", "make step401"]


@pytest.mark.parametrize(
    ("params", "error", "slug"),
    [
        ({"n": "99"}, NotFound, "no_turn"), ({"n": "0"}, NotFound, "no_turn"), ({"n": ""}, UsageError, "bad_turn"),
        ({"n": "-1"}, UsageError, "bad_turn"), ({"n": "1e3"}, UsageError, "bad_turn"),
        ({"n": "²"}, UsageError, "bad_turn"), ({"n": "1", "part": "x"}, UsageError, "bad_part"),
        ({"n": "1", "id": "nobody"}, NotFound, "not_found"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_said(week: Week, params: dict[str, str], error: type[Exception], slug: str) -> None:
    from tachograph.app.dashboard.pages.turn import PAGE

    with opened(week.ingest()) as told, pytest.raises(error) as caught:
        PAGE.gather(told.desk, told.scope, {"id": _id(week.first), **params})
    assert caught.value.slug == slug  # type: ignore[attr-defined]


def test_turn_zero_is_what_came_before_the_first_prompt(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    log = claude.project(SITE).session("2026-05-18T09:00:00Z", model=HOUSE).response(output=7).prompt("Go.")
    log.response(output=8)
    claude.write()
    workspace = make_workspace(home)
    ingest(workspace)
    with opened(workspace) as told:
        zero, one = told.turn(_id(log), 0), told.turn(_id(log), 1)
        session = told.session(_id(log))
        assert told.view(zero).title == "Before the first prompt"
    assert (zero.turn.output, one.turn.output, one.first_turn) == (7, 8, 0)
    assert [turn.turn.number for turn in session.turns] == [0, 1]


def test_turn_leads_back_to_its_place_in_the_session(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    log = claude.project(SITE).session("2026-05-18T09:00:00Z", model=HOUSE)
    for number in range(60):
        log.prompt(f"Step {number + 1}.").shell("make", "ok")
    claude.write()
    workspace = make_workspace(home)
    ingest(workspace)
    with opened(workspace) as told:
        html = unescape(told.html(told.turn(_id(log), 51)))
        session = told.html(told.session(_id(log), part="2"))
    assert "&part=2#turn-51" in html
    assert 'id="turn-51"' in session
    assert 'hx-get="/turn?id=' in session
    assert 'hx-select=".steps"' in session
    assert 'class="block steps"' in html
