"""From the lines of a ledger to its goals: the same whatever the order of the lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from tachograph.ledger.events import OwnEvent
from tachograph.ledger.foreign import Snapshot, put
from tachograph.ledger.goals import Goals
from tachograph.ledger.transitions import Refused, apply
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
    goals = Goals()
    refused: list[RefusedEvent] = []
    last = 0
    for numbered in sorted(_once(events), key=_order):
        event = numbered.event
        last = max(last, event.ts)
        if isinstance(event, Snapshot):
            put(goals, event)
            continue
        try:
            apply(goals, event)
        except Refused as error:
            refused.append(RefusedEvent(numbered.line, str(error)))
    return State(_named(goals), tuple(sorted(refused, key=lambda one: one.line)), last)


def _once(events: Iterable[Numbered]) -> list[Numbered]:
    """Each of our events once; of two that have one name and differ, always the same one."""
    found: list[Numbered] = []
    named: dict[str, Numbered] = {}
    for one in events:
        if isinstance(one.event, Snapshot):
            found.append(one)
            continue
        other = named.setdefault(one.event.event_id, one)
        if other.event != one.event:
            named[one.event.event_id] = min(one, other, key=lambda each: msgspec.json.encode(each.event))
    return [*found, *named.values()]


def _order(numbered: Numbered) -> tuple[int, bool, int, str]:
    """By time; another tool's lines of one moment as they stand, ours by name."""
    event = numbered.event
    if isinstance(event, Snapshot):
        return event.ts, False, numbered.line, ""
    return event.ts, True, 0, event.event_id


def _named(goals: Goals) -> tuple[Goal, ...]:
    """Goals with names of their own: the earliest keeps a name that several were given, the others get a suffix."""
    by_name: defaultdict[str, list[Goal]] = defaultdict(list)
    for goal in sorted(goals.values(), key=lambda goal: (goal.started_at, goal.key)):
        by_name[goal.id].append(goal)
    named: list[Goal] = []
    for name, several in by_name.items():
        named.append(several[0])
        suffixes = _suffixes([one.key for one in several[1:]])
        named += [
            msgspec.structs.replace(one, id=f"{name}-{suffix}")
            for one, suffix in zip(several[1:], suffixes, strict=True)
        ]
    return tuple(sorted(named, key=lambda goal: (goal.started_at, goal.key)))


def _suffixes(keys: list[str]) -> list[str]:
    """The beginnings of the keys, as long as all of them must be to differ."""
    chars = _KEY_CHARS
    while len({key[:chars] for key in keys}) < len(keys):
        chars += 1
    return [key[:chars] for key in keys]
