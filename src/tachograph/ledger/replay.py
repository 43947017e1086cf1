"""From the lines of a ledger to its goals: the same whatever the order of the lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from tachograph.ledger.events import OwnEvent
from tachograph.ledger.foreign import Snapshot, put
from tachograph.ledger.transitions import Goals, Refused, apply
from tachograph.model.goal import Goal

_KEY_CHARS = 4


class Numbered(msgspec.Struct, frozen=True):
    """An event and the line it stands in, from 1."""

    line: int
    event: OwnEvent | Snapshot


class RefusedEvent(msgspec.Struct, frozen=True):
    """An event that was not possible when it came; it stays in the file, without effect."""

    line: int
    why: str


class State(msgspec.Struct, frozen=True):
    """What a ledger says."""

    goals: tuple[Goal, ...]
    """By start, then key."""
    refused: tuple[RefusedEvent, ...]
    """By line."""
    last_ts: int
    """``ts`` of the latest event, microseconds; 0: there is none."""

    def find(self, key: str) -> Goal | None:
        """The goal of this key, or the one that it was merged into."""
        return next((goal for goal in self.goals if key == goal.key or key in goal.merged), None)


def replay(events: Iterable[Numbered]) -> State:
    """Apply the events in the order of their times. An event that is told several times counts once."""
    goals: Goals = {}
    refused: list[RefusedEvent] = []
    seen: set[str] = set()
    last = 0
    for numbered in sorted(events, key=_order):
        event = numbered.event
        last = max(last, event.ts)
        if isinstance(event, Snapshot):
            put(goals, event)
            continue
        if event.event_id in seen:
            continue
        seen.add(event.event_id)
        try:
            apply(goals, event)
        except Refused as error:
            refused.append(RefusedEvent(numbered.line, str(error)))
    return State(_named(goals), tuple(sorted(refused, key=lambda one: one.line)), last)


def _order(numbered: Numbered) -> tuple[int, bool, int, str, bytes]:
    """By time. Another tool's lines of one moment as they stand; ours by name, then content where two have one name."""
    event = numbered.event
    if isinstance(event, Snapshot):
        return event.ts, False, numbered.line, "", b""
    return event.ts, True, 0, event.event_id, msgspec.json.encode(event)


def _named(goals: Goals) -> tuple[Goal, ...]:
    """Goals with names of their own: the earliest keeps a name that several were given, the others get a suffix."""
    by_name: defaultdict[str, list[Goal]] = defaultdict(list)
    for goal in sorted(goals.values(), key=lambda goal: (goal.started_at, goal.key)):
        by_name[goal.id].append(goal)
    named: list[Goal] = []
    for name, several in by_name.items():
        named.append(several[0])
        named += [msgspec.structs.replace(one, id=f"{name}-{one.key[:_KEY_CHARS]}") for one in several[1:]]
    return tuple(sorted(named, key=lambda goal: (goal.started_at, goal.key)))
