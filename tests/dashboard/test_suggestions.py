"""Suggestions and trials: the page tells what the commands tell."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tachograph.analysis.kpis import load_kpis
from tachograph.app.alerts import acknowledge_alerts, list_alerts
from tachograph.app.dashboard import loop_report
from tachograph.app.dashboard.desk import Desk
from tachograph.app.dashboard.loop_report import LoopData
from tachograph.app.dashboard.open_desk import open_desk
from tachograph.app.dashboard.pages.suggestions import PAGE
from tachograph.app.filters import Filter
from tachograph.app.learn.figures import show_effect
from tachograph.app.scope import Scope
from tachograph.app.suggestions import activate, disable, list_decisions, list_suggestions
from tachograph.app.trials import list_trials
from tachograph.app.workspace import Workspace
from tachograph.errors import NotFound
from tachograph.learning.records import Group
from tachograph.report.view import Code, Empty, Facts, Section, View
from tests.builders.looped import Looped, looped
from tests.builders.pointed import BAD, HOUR, Loop, loop, make_point
from tests.dashboard.walking import cards_of, grid_of, walk

__all__ = ["loop", "looped"]


@contextmanager
def opened(workspace: Workspace) -> Iterator[Desk]:
    with open_desk(workspace, update=True) as desk:
        yield desk


def told(workspace: Workspace, scope: Scope, **own: str) -> tuple[LoopData, View]:
    with opened(workspace) as desk:
        data = PAGE.gather(desk, scope, own)
    return data, PAGE.show(data, scope, own)


def codes_of(view: View) -> list[str]:
    return [block.text for block in walk(view.blocks) if isinstance(block, Code)]


def test_what_fits_is_what_the_command_lists(loop: Loop, scope: Scope) -> None:
    loop.bad_days()
    loop.install(activation="manual")
    loop.learn()
    data, view = told(loop.workspace, scope)
    with loop.read() as connection:
        listed = list_suggestions(connection, loop.workspace, None)
    assert data.suggestions == listed.suggestions != []
    assert (data.activation, data.hooks) == ("manual", ["claude_code"])
    grid = grid_of(view, "suggestions")
    assert [row[0].title for row in grid.rows] == [one.id for one in listed.suggestions]
    assert all(row[3].about for row in grid.rows if row[3].value != "–")
    assert cards_of(view)["Offered now"].cell.value == len(listed.suggestions)
    for one, command in zip(listed.suggestions, codes_of(view), strict=False):
        assert command == f"tacho suggest activate {one.id} --agent-type {one.agent_type}"
    facts = [block for block in walk(view.blocks) if isinstance(block, Facts)]
    shown = [cell.value for block in facts for name, cell, _ in block.items if name == "sessions are told"]
    assert shown == [one.text for one in listed.suggestions]


def test_agent_types_are_quoted_for_the_shell(loop: Loop, scope: Scope) -> None:
    name = "docs; rm -rf ~"
    loop.bad_days(group=Group(name, "claude_code", "claude-opus"))
    loop.learn()
    data, view = told(loop.workspace, scope)
    commands = [shlex.split(text) for text in codes_of(view)]
    assert [words[-1] for words in commands if words[1] == "suggest"] == [one.agent_type for one in data.suggestions]
    assert {words[-1] for words in commands if words[1] == "suggest"} == {name}


def _run_trial(loop: Loop, sessions: int = 12) -> str:
    """A trial in which the text halves management calls; returns its id."""
    loop.bad_days(12)
    loop.install(activation="manual")
    loop.learn()
    trial = activate(loop.workspace, "batch_tasks", "main").trial
    loop.learn()
    for number in range(sessions):
        arm = "treatment" if number % 2 else "control"
        session = f"claude_code:main-{101 + number:04d}"
        loop.assign(trial, session, arm)
        ratio = 1.0 + number / 100 if number % 2 else 3.0 + number / 100
        loop.put(make_point(101 + number, BAD | {"tool_overhead_ratio": ratio}))
    loop.now += (sessions + 1) * 6 * HOUR
    loop.learn(forced=True)
    return trial


def test_trials_are_those_of_the_command(loop: Loop, scope: Scope) -> None:
    trial = _run_trial(loop)
    data, view = told(loop.workspace, scope)
    with loop.read() as connection:
        [listed] = list_trials(connection).trials
    assert data.trials == [listed]
    assert (listed.effect.n_treatment, listed.effect.n_control) == (6, 6)
    [row] = grid_of(view, "trials").rows
    kpi = load_kpis()["tool_overhead_ratio"]
    assert row[0].href == f"/suggestions?trial={trial.replace(':', '%3A')}#trial"
    assert row[0].note == listed.reason
    assert [cell.value for cell in row[1:]] == [
        "main", listed.state, 6, "1.06", 6, "3.05", show_effect(kpi, listed.effect), round(listed.effect.e_value, 2),
        round(listed.effect.harm_e_value, 2), kpi.title, listed.started_at,
    ]  # fmt: skip
    assert str(row[7].value).startswith("-")
    assert cards_of(view)["Under test"].cell.value == sum(one.state == "active" for one in data.suggestions)


def test_one_trial_whole(loop: Loop, scope: Scope) -> None:
    trial = _run_trial(loop)
    data, view = told(loop.workspace, scope, trial=trial)
    assert data.trial == data.trials[0]
    effects = grid_of(view, "trial-effects")
    assert [row[0].value for row in effects.rows] == [
        f"{load_kpis()['tool_overhead_ratio'].title} (target)",
        *(load_kpis()[name].title for name in data.trials[0].guards),
    ]
    [section] = [block for block in view.blocks if isinstance(block, Section) and block.id == "trial"]
    [facts] = [block for block in section.blocks if isinstance(block, Facts)]
    values = {name: cell.value for name, cell, _ in facts.items}
    assert (values["given the text"], values["left without"]) == (6, 6)
    assert "tacho suggest disable batch_tasks --agent-type main" in codes_of(view)


def test_a_trial_that_was_ended_is_told_without_the_command_to_end_it(loop: Loop, scope: Scope) -> None:
    trial = _run_trial(loop)
    disable(loop.workspace, "batch_tasks", "main", "no use")
    data, view = told(loop.workspace, scope, trial=trial)
    assert data.trial is not None
    assert data.trial.closed_by == "disable"
    assert not [text for text in codes_of(view) if "disable" in text]
    with loop.read() as connection:
        decisions = list_decisions(connection).decisions
    assert data.decisions == decisions
    rows = grid_of(view, "decisions").rows
    assert [(row[3].value, row[5].value) for row in rows] == [("disable", "no use"), ("activate", "")]


@pytest.mark.parametrize("name", ["nothing", "<script>", "batch_tasks:main:1"])
def test_a_trial_that_is_not_there(desk: Desk, scope: Scope, name: str) -> None:
    with pytest.raises(NotFound) as caught:
        PAGE.gather(desk, scope, {"trial": name})
    assert caught.value.slug == "no_trial"


def test_alerts_are_those_of_the_command(looped: Looped, scope: Scope) -> None:
    data, view = told(looped.workspace, scope)
    with opened(looped.workspace) as desk:
        listed = list_alerts(desk.connection, looped.workspace, Filter(), None, everything=True, limit=0)
    grave = {one.id: one for one in listed.alerts if one.severity != "info"}
    assert {one.id: one for one in data.alerts} == grave
    assert [one.at for one in data.alerts] == sorted((one.at for one in data.alerts), reverse=True)
    assert data.incidents == listed.incidents != []
    rows = grid_of(view, "alerts").rows
    assert [row[1].value for row in rows] == [one.severity for one in data.alerts]
    assert all(row[7].href.startswith("/session?id=claude_code%3A") for row in rows)
    assert f"tacho alerts ack {data.alerts[0].id}" in codes_of(view)
    assert f"tacho report incident {data.incidents[0].id}" in codes_of(view)


def test_what_was_said_of_an_alert_is_shown(looped: Looped, scope: Scope) -> None:
    first, _ = told(looped.workspace, scope)
    id = first.alerts[0].id
    acknowledge_alerts(looped.workspace, [id], "false_alarm")
    data, view = told(looped.workspace, scope)
    assert [one.verdict for one in data.alerts if one.id == id] == ["false_alarm"]
    assert cards_of(view)["Unseen alerts"].cell.value == len(first.alerts) - 1
    assert [row[8].value for row in grid_of(view, "alerts").rows if row[0].title == id] == ["false alarm"]


def test_all_unseen_alerts_are_counted_not_those_shown_alone(
    looped: Looped, scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, _ = told(looped.workspace, scope)
    with opened(looped.workspace) as desk:
        [(graver,)] = desk.connection.execute("SELECT count(*) FROM alerts WHERE severity <> 'info'")
    assert whole.unseen_alerts.critical + whole.unseen_alerts.warning == graver > 1
    monkeypatch.setattr(loop_report.latest_alerts, "__defaults__", (1,))
    cut, view = told(looped.workspace, scope)
    assert (len(cut.alerts) <= 1, cut.unseen_alerts) == (True, whole.unseen_alerts)
    assert cards_of(view)["Unseen alerts"].cell.value == graver


def test_an_alert_is_told_in_words(looped: Looped, scope: Scope) -> None:
    data, view = told(looped.workspace, scope)
    rows = grid_of(view, "alerts").rows
    assert [row[0].note for row in rows] == [one.rule.replace("_", " ") for one in data.alerts]
    assert all(
        row[0].href.startswith("/session?id=") == (one.session is not None)
        for row, one in zip(rows, data.alerts, strict=True)
    )


def test_only_the_latest_alerts_and_incidents(looped: Looped) -> None:
    with opened(looped.workspace) as desk:
        whole = list(loop_report.latest_alerts(desk.connection))
        assert list(loop_report.latest_alerts(desk.connection, 3)) == whole[:3]
        incidents = loop_report.latest_incidents(desk.connection)
        assert loop_report.latest_incidents(desk.connection, 1) == incidents[:1]
        graver = desk.connection.execute(
            "SELECT id FROM alerts WHERE severity <> 'info' ORDER BY at DESC, id"
        ).fetchall()
        assert [(one.id,) for one in whole] == graver[: loop_report.MOST_ALERTS] != []


@pytest.mark.parametrize("state", ["nothing", "learned"])
def test_what_keeps_suggestions_from_anybody(loop: Loop, scope: Scope, state: str, empty_desk: Desk) -> None:
    if state == "nothing":
        view = PAGE.show(PAGE.gather(empty_desk, scope, {}), scope, {})
        expected = ["tacho learn"]
    else:
        loop.bad_days()
        loop.learn()
        _, view = told(loop.workspace, scope)
        expected = ["tacho hooks install"]
    assert [block.command for block in walk(view.blocks) if isinstance(block, Empty)] == expected


def test_evidence_links_to_its_sessions(loop: Loop, scope: Scope) -> None:
    loop.bad_days()
    loop.learn()
    data, view = told(loop.workspace, scope)
    facts = [block for block in walk(view.blocks) if isinstance(block, Facts)]
    cells = [cell for block in facts for name, cell, _ in block.items if name == "evidence"]
    assert [cell.value for cell in cells] == [line for one in data.suggestions for line in one.evidence]
    linked = [cell for cell in cells if cell.href]
    assert linked
    assert all(str(cell.value).startswith("claude_code:") for cell in linked)
