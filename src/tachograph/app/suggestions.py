"""Suggestions: what fits, what is under test, what was decided."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import datetime
from typing import Literal

import msgspec

from tachograph.app.kpis import no_such_type
from tachograph.app.learn.activation import MOST_ACTIVE, state_of, under_test
from tachograph.app.learn.decisions import Activation, decide, find_activations, load_decisions
from tachograph.app.learn.installed import load_installed
from tachograph.app.learn.offers import load_offers
from tachograph.app.learn.trials import load_trials
from tachograph.app.workspace import Workspace
from tachograph.errors import NotFound, UsageError
from tachograph.learning.records import Action
from tachograph.learning.suggestions import Offer, Suggestion, load_catalogue, render
from tachograph.learning.trials import TrialState
from tachograph.model import to_datetime
from tachograph.report.sanitise import harmless
from tachograph.warehouse.store import open_reader, open_writer, transaction

_REASON_CHARS = 200
State = Literal["offered", "candidate", "active", "proven", "harmful", "no_effect", "retired", "promoted"]


class SuggestionRow(msgspec.Struct, frozen=True):
    """A suggestion for one agent type."""

    id: str
    agent_type: str
    title: str
    priority: str
    category: str
    kpi: str
    """What it is meant to change."""
    direction: str
    state: State
    """offered: it fits, and is not under test; the others are states of its last trial."""
    usd_per_week: float | None
    """What it may save, estimated from your own sessions; null: that cannot be told, or it no longer fits."""
    basis: str
    """How that was estimated."""
    text: str
    """What a session is told."""
    evidence: list[str]
    trial: str | None
    """Id of its last trial."""


class SuggestionList(msgspec.Struct, frozen=True):
    """What fits the last weeks' sessions, and all that is or was under test; active ones first, then by saving."""

    activation: str
    """auto or manual: whether free places are filled by themselves."""
    hooks: list[str]
    """Agents whose hooks are installed: without any nobody is told anything."""
    suggestions: list[SuggestionRow]


class SuggestionDetails(msgspec.Struct, frozen=True):
    """One suggestion whole, and how it fares with each agent type."""

    id: str
    title: str
    priority: str
    category: str
    kpi: str
    direction: str
    impact: str
    implementation: str
    guidance: str
    """The text with its slots."""
    rows: list[SuggestionRow]


class SuggestionChange(msgspec.Struct, frozen=True):
    """A suggestion that was put to the test, or taken out of it."""

    id: str
    agent_type: str
    trial: str
    """Id of its trial."""


class DecisionRow(msgspec.Struct, frozen=True):
    """What was decided about a suggestion."""

    at: datetime
    suggestion: str
    agent_type: str
    action: Action
    by: str
    reason: str


class DecisionList(msgspec.Struct, frozen=True):
    """All decisions, the latest first."""

    decisions: list[DecisionRow]


def list_suggestions(connection: sqlite3.Connection, workspace: Workspace, agent_type: str | None) -> SuggestionList:
    """Offers and trials. Raises NotFound for an agent type without sessions."""
    installed = load_installed(workspace.folder)
    rows = [one for one in _rows(connection) if agent_type in (None, one.agent_type)]
    if agent_type is not None and not rows:
        known = [name for (name,) in connection.execute("SELECT DISTINCT agent_type FROM points ORDER BY 1")]
        if agent_type not in known:
            raise no_such_type(agent_type, known)
    activation = "auto" if installed.activates(workspace.settings) else "manual"
    return SuggestionList(activation, list(installed.agents), rows)


def show_suggestion(connection: sqlite3.Connection, id: str) -> SuggestionDetails:
    """One suggestion of the catalogue. Raises NotFound."""
    one = _find(id)
    return SuggestionDetails(
        one.id, one.title, one.priority, one.category, one.kpi, one.direction, one.impact, one.implementation,
        one.guidance, [row for row in _rows(connection) if row.id == id],
    )  # fmt: skip


def list_decisions(connection: sqlite3.Connection) -> DecisionList:
    """What was decided, the latest first."""
    return DecisionList(
        [
            DecisionRow(to_datetime(one.at), one.suggestion, one.agent_type, one.action, one.by, one.reason)
            for one in reversed(load_decisions(connection))
        ]
    )


def activate(workspace: Workspace, id: str, agent_type: str | None) -> Activation:
    """Put a suggestion to the test.

    Raises NotFound for one that is none, UsageError when it does not fit, is active or promoted already, or no place is
    free.
    """
    _find(id)
    with open_writer(workspace.folder) as connection:
        fitting = [one for one in load_offers(connection) if one.suggestion == id]
        offer = _choose(id, agent_type, fitting)
        activations = find_activations(load_decisions(connection))
        states = load_trials(connection)
        if any(
            (one.suggestion, one.agent_type) == (id, offer.agent_type) and one.closed is None for one in activations
        ):
            raise UsageError(f"{id} is active already for {offer.agent_type}.", slug="already_active")
        if any(
            (one.suggestion, one.agent_type, _state(one, states)) == (id, offer.agent_type, "promoted")
            for one in activations
        ):
            raise UsageError(
                f"{id} was promoted for {offer.agent_type}: every session has it, so there is no control group.",
                slug="already_promoted", hint=f"tacho suggest promote {id} --remove --apply takes it out.",
            )  # fmt: skip
        if under_test(activations, states)[offer.agent_type] >= MOST_ACTIVE:
            raise UsageError(
                f"{MOST_ACTIVE} suggestions are under test for {offer.agent_type} already.",
                slug="no_place", hint="tacho suggest disable ID makes room.",
            )  # fmt: skip
        with transaction(connection):
            decide(connection, id, offer.agent_type, "activate", "user", "", None, offer.numbers, offer.agent)
        return find_activations(load_decisions(connection))[-1]


def disable(workspace: Workspace, id: str, agent_type: str | None, reason: str = "") -> Activation:
    """Take a suggestion out of the next sessions. Raises NotFound, and UsageError when it is not active."""
    _find(id)
    with open_writer(workspace.folder) as connection:
        one = find_active(connection, id, agent_type)
        with transaction(connection):
            decide(connection, id, one.agent_type, "disable", "user", workspace.clean.text(reason, _REASON_CHARS))
        return one


def find_active(connection: sqlite3.Connection, id: str, agent_type: str | None) -> Activation:
    """The open activation of a suggestion. Raises UsageError when there is none, or none for this agent type alone."""
    open_ones = [
        one for one in find_activations(load_decisions(connection)) if one.suggestion == id and one.closed is None
    ]
    chosen = [one for one in open_ones if agent_type in (None, one.agent_type)]
    if len(chosen) == 1:
        return chosen[0]
    if not chosen:
        raise UsageError(f"{id} is not active.", slug="not_active", hint="tacho suggest list shows what is.")
    raise UsageError(
        f"{id} is active for several agent types.", slug="several_types",
        hint="Name one with --agent-type: " + ", ".join(one.agent_type for one in chosen) + ".",
    )  # fmt: skip


def load_state(workspace: Workspace) -> tuple[list[Activation], Mapping[str, TrialState]]:
    """All activations and the states of their trials, as they are stored."""
    with closing(open_reader(workspace.folder)) as connection:
        return find_activations(load_decisions(connection)), load_trials(connection)


def _find(id: str) -> Suggestion:
    catalogue = load_catalogue()
    if id not in catalogue:
        raise NotFound(
            f"There is no suggestion {harmless(id)!r}.", slug="no_suggestion", hint=f"There are {', '.join(catalogue)}."
        )
    return catalogue[id]


def _choose(id: str, agent_type: str | None, offers: Sequence[Offer]) -> Offer:
    fitting = [one for one in offers if agent_type in (None, one.agent_type)]
    if not fitting:
        raise UsageError(
            f"{id} does not fit the last weeks' sessions: its condition does not hold, so its text has no numbers.",
            slug="does_not_fit", hint="tacho suggest list shows what fits.",
        )  # fmt: skip
    if len(fitting) > 1:
        raise UsageError(
            f"{id} fits several agent types.", slug="several_types",
            hint="Name one with --agent-type: " + ", ".join(one.agent_type for one in fitting) + ".",
        )  # fmt: skip
    return fitting[0]


def _rows(connection: sqlite3.Connection) -> list[SuggestionRow]:
    catalogue, states = load_catalogue(), load_trials(connection)
    offers = {(one.suggestion, one.agent_type): one for one in load_offers(connection)}
    last = {(one.suggestion, one.agent_type): one for one in find_activations(load_decisions(connection))}
    rows = [
        _row(catalogue[about[0]], about[1], offers.get(about), last.get(about), states)
        for about in dict.fromkeys([*last, *offers])
        if about[0] in catalogue
    ]
    order = {"active": 0, "proven": 1, "offered": 2, "candidate": 2, "promoted": 3}
    return sorted(rows, key=lambda one: (order.get(one.state, 4), one.usd_per_week is None, -(one.usd_per_week or 0.0)))


def _row(
    suggestion: Suggestion, agent_type: str, offer: Offer | None, last: Activation | None,
    states: Mapping[str, TrialState],
) -> SuggestionRow:  # fmt: skip
    numbers = last.numbers if last is not None and last.closed is None else offer.numbers if offer else None
    return SuggestionRow(
        id=suggestion.id, agent_type=agent_type, title=suggestion.title, priority=suggestion.priority,
        category=suggestion.category, kpi=suggestion.kpi, direction=suggestion.direction,
        state=_state(last, states), usd_per_week=offer.usd_per_week if offer else None,
        basis=offer.basis if offer else "", text=_text(suggestion, numbers),
        evidence=list(offer.evidence) if offer else [], trial=last.trial if last else None,
    )  # fmt: skip


def _state(last: Activation | None, states: Mapping[str, TrialState]) -> State:
    if last is None:
        return "offered"
    if last.closed is not None and last.closed.action == "promote":
        return "retired" if last.demoted else "promoted"
    return state_of(last, states)


def _text(suggestion: Suggestion, numbers: Mapping[str, float] | None) -> str:
    try:
        return render(suggestion, numbers) if numbers is not None else ""
    except ValueError:
        return ""
