"""Trials as they stand: what each suggestion did to the sessions that were given it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import datetime

import msgspec

from tachograph.app.learn.decisions import Activation, find_activations, load_decisions
from tachograph.app.learn.trials import load_trials, review_due
from tachograph.errors import NotFound
from tachograph.learning.suggestions import load_catalogue
from tachograph.learning.trials import Effect, TrialState, Where
from tachograph.model import to_datetime
from tachograph.report.sanitise import harmless


class TrialRow(msgspec.Struct, frozen=True):
    """One trial."""

    id: str
    suggestion: str
    agent_type: str
    state: str
    reason: str
    kpi: str
    """Its target."""
    started_at: datetime
    decided_at: datetime | None
    closed_by: str | None
    """What ended it: disable, promote or retire; null: it goes on."""
    review_due_at: datetime | None
    policy: str
    assigned_treatment: int
    """Sessions that were given its text; those whose target KPI is not known take no part in the effect."""
    assigned_control: int
    """Sessions that chance left without it."""
    effect: Effect
    guards: dict[str, Effect]
    where: list[Where]


class TrialList(msgspec.Struct, frozen=True):
    """All trials, the latest first."""

    trials: list[TrialRow]


def list_trials(connection: sqlite3.Connection) -> TrialList:
    """Every trial that there was, the latest first."""
    states = load_trials(connection)
    activations = find_activations(load_decisions(connection))
    arms = _count_arms(connection)
    rows = [_row(one, states[one.trial], arms) for one in activations if one.trial in states]
    return TrialList(sorted(rows, key=lambda one: one.started_at, reverse=True))


def show_trial(connection: sqlite3.Connection, name: str) -> TrialRow:
    """The trial of this id, or the last one of the suggestion of this name. Raises NotFound."""
    for one in list_trials(connection).trials:
        if name in (one.id, one.suggestion):
            return one
    raise NotFound(f"There is no trial {harmless(name)!r}.", slug="no_trial", hint="tacho trials list shows them all.")


def _count_arms(connection: sqlite3.Connection) -> dict[tuple[str, str], int]:
    rows = connection.execute("SELECT trial, arm, count(*) FROM assignments GROUP BY 1, 2")
    return {(trial, arm): number for trial, arm, number in rows}


def _row(one: Activation, state: TrialState, arms: Mapping[tuple[str, str], int]) -> TrialRow:
    catalogue = load_catalogue()
    return TrialRow(
        id=one.trial, suggestion=one.suggestion, agent_type=one.agent_type, state=state.state, reason=state.reason,
        kpi=catalogue[one.suggestion].kpi if one.suggestion in catalogue else "",
        started_at=to_datetime(one.started_at), decided_at=_moment(state.decided_at),
        closed_by=one.closed.action if one.closed else None, review_due_at=_moment(review_due(one, state)),
        policy=state.policy, assigned_treatment=arms.get((one.trial, "treatment"), 0),
        assigned_control=arms.get((one.trial, "control"), 0), effect=state.target, guards=state.guards,
        where=list(state.where),
    )  # fmt: skip


def _moment(at: int | None) -> datetime | None:
    return None if at is None else to_datetime(at)
