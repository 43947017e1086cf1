"""Lines of the ledger format of ``ai-agents-metrics``: each holds goals as they were after it, not what it changed.

A ledger may hold such lines beside ours. Their costs and tokens are left where they are: they were summed another way
than ours (see docs/goals.md), and the history tells them exactly.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from tachograph.ledger.goals import Goals
from tachograph.ledger.lines import to_microseconds, to_milliseconds, to_text
from tachograph.ledger.transitions import Refused, check_fit
from tachograph.model.goal import FAILURE_REASONS, GOAL_STATUSES, GOAL_TYPES, RESULT_FITS, Attempt, Goal

TYPES = re.compile(r"(goal|task)_(started|continued|finished|updated)|(goals|tasks)_merged|usage_synced")
_ENTRY_NUMBER = re.compile(r"-attempt-(\d{1,6})$")
_KEY = "id:"


class Snapshot(msgspec.Struct, frozen=True):
    """Goals as one line leaves them."""

    ts: int
    """Microseconds since 1970-01-01 UTC."""
    goals: tuple[Goal, ...]
    dropped: str | None
    """Key of a goal that was merged into another."""


def is_foreign(said: dict[str, Any]) -> bool:
    """Whether this looks like a line of that format: it has whole goals and no name of its own."""
    kind = said.get("event_type")
    return "event_id" not in said and isinstance(kind, str) and TYPES.fullmatch(kind) is not None


def decode_foreign(said: dict[str, Any]) -> Snapshot:
    """What such a line says. Raises ValueError with what is wrong."""
    goals = [one for one in (said.get("goal") or said.get("task"), *_listed(said, "goals", "tasks")) if one]
    entries = _listed(said, "entries", "attempts")
    dropped = said.get("dropped_goal_id") or said.get("dropped_task_id")
    if not goals and dropped is None:
        raise ValueError("it holds no goal")
    found = {goal.key: goal for goal in (_read_goal(one, entries) for one in goals)}
    return Snapshot(to_microseconds(said.get("ts")), tuple(found.values()), f"{_KEY}{dropped}" if dropped else None)


def as_event(said: dict[str, Any]) -> dict[str, Any]:
    """A line for the older form of that format: one object with all goals. It is dated by the latest time in it.

    Raises ValueError where there are none.
    """
    goals = _listed(said, "goals", "tasks")
    if not goals:
        raise ValueError("it holds no goals")
    entries = _listed(said, "entries", "attempts")
    times = [one.get(name) for one in (*goals, *entries) for name in ("started_at", "finished_at")]
    latest = max((to_microseconds(time) for time in times if time), default=None)
    if latest is None:
        raise ValueError("its goals have no times")
    return {"event_type": "goal_updated", "ts": to_text(latest), "goals": goals, "entries": entries}


def put(goals: Goals, snapshot: Snapshot) -> None:
    """Let the goals be as the line says; sessions linked and usage typed in since stay with them."""
    for goal in snapshot.goals:
        before = goals.get(goal.key)
        if before is not None:
            goal = msgspec.structs.replace(
                goal, sessions=before.sessions, manual=before.manual, synced=before.synced, merged=before.merged
            )
        goals[goal.key] = goal
    if snapshot.dropped is not None:
        gone = goals.pop(snapshot.dropped, None)
        kept = goals.get(snapshot.goals[0].key) if snapshot.goals else None
        if gone is not None and kept is not None:
            goals[kept.key] = msgspec.structs.replace(kept, merged=(*kept.merged, gone.key, *gone.merged))
            goals.hold(kept.key, (gone.key, *gone.merged))


def _listed(said: dict[str, Any], *names: str) -> list[dict[str, Any]]:
    found: object = next((said[name] for name in names if said.get(name)), [])
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _read_goal(said: Any, entries: list[dict[str, Any]]) -> Goal:
    if not isinstance(said, dict):
        raise ValueError("a goal is no object")
    name = _text(said, "goal_id", "task_id")
    if not name:
        raise ValueError("a goal has no goal_id")
    status = _one_of(said, GOAL_STATUSES, "status")
    reason = _one_of(said, (*FAILURE_REASONS, None), "failure_reason") if status == "fail" else None
    started = to_milliseconds(said.get("started_at"))
    finished = max(to_milliseconds(said.get("finished_at")), started) if status != "in_progress" else None
    superseded = _text(said, "supersedes_goal_id", "supersedes_task_id", "continuation_of")
    goal = Goal(
        id=name, key=f"{_KEY}{name}", title=_text(said, "title") or "(no title)",
        type=_one_of(said, GOAL_TYPES, "goal_type", "task_type"), status=status, started_at=started,
        finished_at=finished, failure_reason=reason, result_fit=_one_of(said, (*RESULT_FITS, None), "result_fit"),
        supersedes=f"{_KEY}{superseded}" if superseded else None, notes=_text(said, "notes") or "",
        agent=_text(said, "agent_name"), model=_text(said, "model"),
    )  # fmt: skip
    try:
        check_fit(goal.type, goal.status, goal.result_fit)
    except Refused as error:
        raise ValueError(str(error)) from None
    own = [one for one in entries if _text(one, "goal_id", "task_id") == name]
    return msgspec.structs.replace(goal, attempts=_read_attempts(goal, own, said.get("attempts")))


def _read_attempts(goal: Goal, entries: list[dict[str, Any]], counted: object) -> tuple[Attempt, ...]:
    """As many as there are entries, or as the goal counts; the last one ends as the goal does."""
    found = [_read_attempt(goal, one) for one in sorted(entries, key=_number_of)]
    missing = (counted if isinstance(counted, int) and not isinstance(counted, bool) else 0) - len(found)
    blank = Attempt(number=0, status="fail", started_at=goal.started_at, finished_at=goal.started_at, inferred=True)
    found = [*[blank] * min(max(missing, 0 if found else 1), 1000), *found]
    last = msgspec.structs.replace(
        found[-1], status=goal.status, finished_at=goal.finished_at, failure_reason=goal.failure_reason
    )
    over = [
        one if one.status != "in_progress" else msgspec.structs.replace(one, status="fail", finished_at=one.started_at)
        for one in found[:-1]
    ]
    return tuple(msgspec.structs.replace(one, number=number) for number, one in enumerate([*over, last], 1))


def _read_attempt(goal: Goal, said: dict[str, Any]) -> Attempt:
    status = _one_of(said, GOAL_STATUSES, "status")
    started = to_milliseconds(said["started_at"]) if said.get("started_at") else goal.started_at
    finished = to_milliseconds(said["finished_at"]) if said.get("finished_at") else None
    return Attempt(
        number=0, status=status, started_at=started,
        finished_at=max(finished or started, started) if status != "in_progress" else None,
        failure_reason=_one_of(said, (*FAILURE_REASONS, None), "failure_reason") if status == "fail" else None,
        notes=_text(said, "notes") or "", agent=_text(said, "agent_name"), model=_text(said, "model"),
        inferred=said.get("inferred") is True,
    )  # fmt: skip


def _number_of(said: dict[str, Any]) -> int:
    found = _ENTRY_NUMBER.search(_text(said, "entry_id") or "")
    return int(found[1]) if found else 0


def _text(said: dict[str, Any], *names: str) -> str | None:
    return next((str(said[name]) for name in names if isinstance(said.get(name), str) and said[name]), None)


def _one_of(said: dict[str, Any], values: tuple[Any, ...], *names: str) -> Any:
    value = next((said[name] for name in names if name in said), None)
    if value not in values:
        allowed = ", ".join(filter(None, values))
        raise ValueError(f"{names[0]} is {str(value)[:40]!r}, not one of {allowed}")
    return value
