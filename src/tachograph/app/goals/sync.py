"""Noting in the ledger what this machine's sessions used for its goals, so that clones without their logs know it."""

from __future__ import annotations

import sqlite3
import time
from collections import defaultdict
from collections.abc import Iterable

import msgspec

from tachograph.app.goals.place import LedgerPlace
from tachograph.app.goals.sharing import Sharing, Sum, find_root, share
from tachograph.app.totals import to_usd
from tachograph.ledger import file
from tachograph.ledger.events import OwnEvent, UsageSynced, new_event_id
from tachograph.ledger.reading import Reading
from tachograph.ledger.replay import State
from tachograph.model.goal import Goal, SyncedUsage

_EVENT_SESSIONS = 500
"""Sessions in one line of the ledger: it stays far below the 1 MiB that a line may have."""


class NotedSession(msgspec.Struct, frozen=True):
    """What was noted of one session."""

    session: str
    responses: int
    """0: it is no longer counted for the goal."""
    usd: float | None
    """Null: nothing of it is priced."""
    unclear_responses: int
    responses_before: int | None
    """As the ledger had it; null: it had nothing of this session."""


class SyncedGoal(msgspec.Struct, frozen=True):
    """A goal of which something was noted."""

    goal_id: str
    title: str
    sessions: list[NotedSession]


class SyncReport(msgspec.Struct, frozen=True):
    """What a synchronisation noted."""

    path: str
    goals: int
    """Goals in the ledger."""
    events: int
    """Lines that were added to it; 0: it knew everything."""
    changed: list[SyncedGoal]


def sync(connection: sqlite3.Connection, place: LedgerPlace) -> SyncReport:
    """Note what differs from what the ledger has. Sessions that this machine does not know are left as they are.

    Raises as ``ledger.file.change`` does.
    """
    state = file.read(place.path).state
    changes = find_changes(connection, place, state)
    events = 0

    def make(reading: Reading) -> list[OwnEvent]:
        nonlocal state, changes, events
        if reading.state != state:  # somebody wrote meanwhile
            state, changes = reading.state, find_changes(connection, place, reading.state)
        made = _make_events(state, changes)
        events = len(made)
        return made

    if changes:  # where there are none, no ledger is made either
        file.change(place.path, make)
    goals = {goal.key: goal for goal in state.goals}
    changed = [_tell(goals[key], noted) for key, noted in changes.items()]
    return SyncReport(str(place.path), len(state.goals), events, changed)


def find_changes(connection: sqlite3.Connection, place: LedgerPlace, state: State) -> dict[str, list[SyncedUsage]]:
    """Key of a goal -> sessions of which the ledger has something else than this machine's history, by id."""
    found = _find_usage(share(connection, place, state.goals))
    changes = {goal.key: _compare(connection, goal, found.get(goal.key, {})) for goal in state.goals}
    return {key: noted for key, noted in changes.items() if noted}


def _find_usage(sharing: Sharing) -> dict[str, dict[str, SyncedUsage]]:
    """Key of a goal -> main session -> what it used, as the ledger is to have it."""
    sums: defaultdict[str, defaultdict[str, Sum]] = defaultdict(lambda: defaultdict(Sum))
    unclear: defaultdict[tuple[str, str], int] = defaultdict(int)
    for (key, _, root), one in sharing.goals.items():
        sums[key][root].add_sum(one)
    for (keys, root), one in sharing.unclear.items():
        for key in keys:
            unclear[key, root] += one.responses
            sums[key][root].add_sum(Sum())
    return {
        key: {root: one.noted(root, unclear.get((key, root), 0)) for root, one in roots.items()}
        for key, roots in sums.items()
    }


def _compare(connection: sqlite3.Connection, goal: Goal, found: dict[str, SyncedUsage]) -> list[SyncedUsage]:
    noted = {one.session: one for one in goal.synced}
    changed = [one for session, one in found.items() if noted.get(session) != one]
    for session in noted.keys() - found.keys():
        nothing = SyncedUsage(session=session, responses=0)
        if noted[session] != nothing and find_root(connection, session) is not None:
            changed.append(nothing)
    return sorted(changed, key=lambda one: one.session)


def _make_events(state: State, changes: dict[str, list[SyncedUsage]]) -> list[OwnEvent]:
    goals = {goal.key: goal for goal in state.goals}
    parts = [(goals[key], part) for key, noted in changes.items() for part in _parts(noted)]
    first = max(time.time_ns() // 1000, state.last_ts + 1)
    return [
        UsageSynced(event_id=new_event_id(), ts=first + number, goal_id=goal.id, key=goal.key, sessions=part)
        for number, (goal, part) in enumerate(parts)
    ]


def _parts(noted: list[SyncedUsage]) -> Iterable[tuple[SyncedUsage, ...]]:
    return [tuple(noted[at : at + _EVENT_SESSIONS]) for at in range(0, len(noted), _EVENT_SESSIONS)]


def _tell(goal: Goal, noted: list[SyncedUsage]) -> SyncedGoal:
    before = {one.session: one.responses for one in goal.synced}
    sessions = [
        NotedSession(one.session, one.responses, to_usd(one.pico_usd), one.unclear_responses, before.get(one.session))
        for one in noted
    ]
    return SyncedGoal(goal.id, goal.title, sessions)
