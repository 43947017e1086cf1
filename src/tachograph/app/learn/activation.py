"""Putting suggestions to the test, keeping what helps and dropping what does not."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from tachograph.app.learn.decisions import Activation, decide
from tachograph.learning.suggestions import Offer
from tachograph.learning.trials import TrialState

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
        if one.closed is None and state is not None and state.state in ("harmful", "no_effect"):
            decide(connection, one.suggestion, one.agent_type, "retire", "auto", state.reason, now)
            retired += 1
    return retired


def fill_places(
    connection: sqlite3.Connection,
    offers: Sequence[Offer],
    activations: Sequence[Activation],
    states: Mapping[str, TrialState],
    reachable: Collection[str],
    now: int,
) -> int:
    """Put the best offers to the test where a place is free; returns how many.

    ``reachable`` are the agent types whose sessions a hook can speak to. What was closed before, for whatever reason,
    is not taken up again by itself. The caller's transaction commits it.
    """
    active = under_test(activations, states)
    tried = {(one.suggestion, one.agent_type) for one in activations}
    filled = 0
    for offer in offers:
        about = (offer.suggestion, offer.agent_type)
        if offer.agent_type not in reachable or about in tried or active[offer.agent_type] >= MOST_ACTIVE:
            continue
        decide(connection, *about, "activate", "auto", "It fits the last weeks' sessions.", now, offer.numbers)
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
