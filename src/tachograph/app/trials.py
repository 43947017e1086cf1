"""Trials as they stand: what each suggestion did to the sessions that were given it."""

from __future__ import annotations

import sqlite3
from datetime import datetime

import msgspec

from tachograph.app.learn.decisions import Activation, find_activations, load_decisions
from tachograph.app.learn.trials import load_trials
from tachograph.errors import NotFound
from tachograph.learning.suggestions import load_catalogue
from tachograph.learning.trials import REVIEW_AFTER, Effect, TrialState, Where
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
    rows = [_row(one, states[one.trial]) for one in activations if one.trial in states]
    return TrialList(sorted(rows, key=lambda one: one.started_at, reverse=True))


def show_trial(connection: sqlite3.Connection, name: str) -> TrialRow:
    """The trial of this id, or the last one of the suggestion of this name. Raises NotFound."""
    for one in list_trials(connection).trials:
        if name in (one.id, one.suggestion):
            return one
    raise NotFound(f"There is no trial {harmless(name)!r}.", slug="no_trial", hint="tacho trials list shows them all.")


def _row(one: Activation, state: TrialState) -> TrialRow:
    catalogue = load_catalogue()
    return TrialRow(
        id=one.trial, suggestion=one.suggestion, agent_type=one.agent_type, state=state.state, reason=state.reason,
        kpi=catalogue[one.suggestion].kpi if one.suggestion in catalogue else "",
        started_at=to_datetime(one.started_at), decided_at=_moment(state.decided_at),
        closed_by=one.closed.action if one.closed else None, review_due_at=_moment(_review_due(one, state)),
        policy=state.policy, effect=state.target, guards=state.guards, where=list(state.where),
    )  # fmt: skip


def _review_due(one: Activation, state: TrialState) -> int | None:
    """What was promoted is to be looked at again, and so is what is given to all sessions."""
    if one.closed is None:
        return state.review_due_at
    return one.closed.at + REVIEW_AFTER if one.closed.action == "promote" and not one.demoted else None


def _moment(at: int | None) -> datetime | None:
    return None if at is None else to_datetime(at)
