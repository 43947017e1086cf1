"""Putting suggestions to the test, keeping what helps and dropping what does not."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from tachograph.app.learn.decisions import Activation, decide
from tachograph.learning.suggestions import Offer
from tachograph.learning.trials import TrialState

_DAY_MS = 24 * 3600 * 1000
WAITED_MS = 60 * _DAY_MS
"""A trial that has no outcome for so long gives up its place."""
MOST_ACTIVE = 3
"""Suggestions that may be under test for one agent type at the same time."""


def close_decided(
    connection: sqlite3.Connection, activations: Sequence[Activation], states: Mapping[str, TrialState], now: int
) -> int:
    """Retire what did harm or nothing; returns how many. What is proven stays, for all sessions, until it is promoted.

    The caller's transaction commits it.
    """
    retired = 0
    for one in activations:
        state = states.get(one.trial)
        if one.closed is not None or state is None:
            continue
        reason = state.reason if state.state in ("harmful", "no_effect") else _abandoned(one, state, now)
        if reason:
            decide(connection, one.suggestion, one.agent_type, "retire", "auto", reason, now)
            retired += 1
    return retired


def _abandoned(one: Activation, state: TrialState, now: int) -> str:
    """Why a trial in which nobody takes part is given up; empty: it is not."""
    takes_part = state.target.n_treatment + state.target.n_control
    if takes_part or now - one.started_at < WAITED_MS:
        return ""
    return f"No session whose target is known has taken part in {WAITED_MS // _DAY_MS} days"


def fill_places(
    connection: sqlite3.Connection,
    offers: Sequence[Offer],
    activations: Sequence[Activation],
    states: Mapping[str, TrialState],
    reachable: Collection[tuple[str, str]],
    now: int,
) -> int:
    """Put the best offers to the test where a place is free; returns how many.

    ``reachable`` are the agents (empty: any) and agent types whose sessions a hook can speak to. What was closed
    before, for whatever reason, is not taken up again by itself. The caller's transaction commits it.
    """
    active = under_test(activations, states)
    tried = {(one.suggestion, one.agent_type) for one in activations}
    filled = 0
    for offer in offers:
        about = (offer.suggestion, offer.agent_type)
        is_told = (offer.agent, offer.agent_type) in reachable
        if not is_told or about in tried or active[offer.agent_type] >= MOST_ACTIVE:
            continue
        decide(
            connection, *about, "activate", "auto", "It fits the last weeks' sessions.", now, offer.numbers, offer.agent
        )
        tried.add(about)
        active[offer.agent_type] += 1
        filled += 1
    return filled


def under_test(activations: Sequence[Activation], states: Mapping[str, TrialState]) -> Counter[str]:
    """How many suggestions are under test for each agent type: proven ones have made room."""
    return Counter(one.agent_type for one in activations if one.closed is None and state_of(one, states) == "active")


def state_of(
    one: Activation, states: Mapping[str, TrialState]
) -> Literal["candidate", "active", "proven", "harmful", "no_effect", "retired"]:
    """A trial's state; ``active`` before the first session that took part was judged."""
    state = states.get(one.trial)
    if state is None:
        return "retired" if one.closed else "active"
    return state.state
