"""What each event does to a goal, and which it may not do."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from tachograph.ledger.events import (
    Changes,
    GoalContinued,
    GoalFinished,
    GoalsMerged,
    GoalStarted,
    GoalUpdated,
    OwnEvent,
    UsageAdded,
    UsageSynced,
)
from tachograph.ledger.goals import Goals
from tachograph.model.goal import Attempt, Goal, GoalType, ManualUsage, ResultFit, SyncedUsage


class Refused(Exception):
    """This event is not possible now; the text says why, and what is."""


def apply(goals: Goals, event: OwnEvent) -> None:
    """Let ``goals`` be as they are after the event. Raises Refused, and leaves them alone."""
    match event:
        case GoalStarted():
            _start(goals, event)
        case GoalsMerged():
            _merge(goals, event)
        case _:
            goal = _known(goals, event.key, event.goal_id)
            goals[goal.key] = _linked(_STEPS[type(event)](goals, goal, event), event.session)


def _known(goals: Goals, key: str, name: str) -> Goal:
    found = goals.get(key) or goals.holder(key)
    if found is None:
        raise Refused(f"goal {name} was never started here")
    return found


def _start(goals: Goals, event: GoalStarted) -> None:
    if event.key in goals or goals.holder(event.key) is not None:
        raise Refused(f"goal {event.goal_id} was started already")
    if not event.title.strip():
        raise Refused("a goal has a title")
    superseded = _superseded(goals, event.key, event.supersedes)
    first = Attempt(number=1, status="in_progress", started_at=event.started_at, agent=event.agent, model=event.model)
    goals[event.key] = _linked(
        Goal(
            id=event.goal_id, key=event.key, title=event.title, type=event.goal_type, status="in_progress",
            started_at=event.started_at, supersedes=superseded, notes=event.notes, agent=event.agent,
            model=event.model, attempts=(first,),
        ),
        event.session,
    )  # fmt: skip


def _continue(_: Goals, goal: Goal, event: GoalContinued) -> Goal:
    if goal.status == "success":
        raise Refused(f"{goal.id} has succeeded; start another goal that supersedes it")
    last = goal.attempts[-1]
    start = max(event.started_at, last.finished_at or last.started_at)
    if last.status == "in_progress":
        last = replace(last, status="fail", finished_at=start, failure_reason=event.failure_reason)
    elif last.failure_reason is None:
        last = replace(last, failure_reason=event.failure_reason)
    following = Attempt(
        number=last.number + 1, status="in_progress", started_at=start, notes=event.notes,
        agent=event.agent or last.agent, model=event.model or last.model,
    )  # fmt: skip
    return replace(
        goal, status="in_progress", finished_at=None, result_fit=None, failure_reason=None,
        attempts=(*goal.attempts[:-1], last, following),
    )  # fmt: skip


def _finish(_: Goals, goal: Goal, event: GoalFinished) -> Goal:
    if goal.closed:
        raise Refused(f"{goal.id} is closed already ({goal.status}); it can be updated, or opened again")
    if event.status == "fail" and event.failure_reason is None:
        raise Refused("a goal that fails has a failure reason")
    if event.status == "success" and event.failure_reason is not None:
        raise Refused("a goal that succeeds has no failure reason; those of its attempts stay with them")
    check_fit(goal.type, event.status, event.result_fit)
    last = goal.attempts[-1]
    end = max(event.finished_at, last.started_at)
    last = replace(last, status=event.status, finished_at=end, failure_reason=event.failure_reason)
    return replace(
        goal, status=event.status, finished_at=end, result_fit=event.result_fit, failure_reason=event.failure_reason,
        notes=_joined(goal.notes, event.notes), attempts=(*goal.attempts[:-1], last),
    )  # fmt: skip


def check_fit(type: GoalType, status: str, fit: ResultFit | None) -> None:
    """Raises Refused when such a goal has no such fit."""
    if fit is None:
        return
    if type != "product":
        raise Refused(f"a result fit is for goals of type product; this one is {type}")
    if status == "in_progress":
        raise Refused("a goal that is open has no result fit yet")
    if status == "success" and fit == "miss":
        raise Refused("a goal that succeeds fits exactly or in part; a miss is a failure")
    if status == "fail" and fit != "miss":
        raise Refused("a goal that fails is a miss, or has no result fit")


def _update(goals: Goals, goal: Goal, event: GoalUpdated) -> Goal:
    if event.attempt is not None:
        changed = _update_attempt(goal, event.attempt, event.changes)
    else:
        changed = _update_goal(goals, goal, event.changes)
    sessions = tuple(one for one in dict.fromkeys((*changed.sessions, *event.link)) if one not in event.unlink)
    return replace(changed, sessions=sessions)


def _update_attempt(goal: Goal, number: int, changes: Changes) -> Goal:
    given = {name for name in Changes.__struct_fields__ if getattr(changes, name) is not UNSET}
    if other := given - {"failure_reason", "notes", "agent", "model"}:
        raise Refused(f"an attempt has no {', '.join(sorted(other))} to change")
    attempt = next((one for one in goal.attempts if one.number == number), None)
    if attempt is None:
        raise Refused(f"{goal.id} has attempts 1 to {len(goal.attempts)}")
    if changes.failure_reason is not UNSET and attempt.status != "fail":
        raise Refused(f"attempt {number} of {goal.id} has not failed")
    changed = replace(attempt, **{name: getattr(changes, name) for name in given})
    attempts = tuple(changed if one is attempt else one for one in goal.attempts)
    failed = goal.status == "fail" and changed.number == len(attempts)
    return replace(goal, attempts=attempts, failure_reason=changed.failure_reason if failed else goal.failure_reason)


def _update_goal(goals: Goals, goal: Goal, changes: Changes) -> Goal:
    if changes.title is not UNSET and not changes.title.strip():
        raise Refused("a goal has a title")
    if changes.status is not UNSET:
        goal = _reopen(goal)
    plain = {"title": "title", "goal_type": "type", "notes": "notes", "agent": "agent",
             "model": "model", "result_fit": "result_fit"}  # fmt: skip
    wanted = {to: getattr(changes, name) for name, to in plain.items() if getattr(changes, name) is not UNSET}
    if changes.supersedes is not UNSET:
        wanted["supersedes"] = _superseded(goals, goal.key, changes.supersedes)
    if wanted.get("type", "product") != "product" and "result_fit" not in wanted:
        wanted["result_fit"] = None
    goal = replace(goal, **wanted)
    check_fit(goal.type, goal.status, goal.result_fit)
    if changes.failure_reason is not UNSET:
        if goal.status != "fail":
            raise Refused(f"{goal.id} has not failed; an attempt's reason is changed with the attempt's number")
        last = replace(goal.attempts[-1], failure_reason=changes.failure_reason)
        goal = replace(goal, failure_reason=changes.failure_reason, attempts=(*goal.attempts[:-1], last))
    return _retimed(goal, changes)


def _reopen(goal: Goal) -> Goal:
    if not goal.closed:
        raise Refused(f"{goal.id} is open")
    last = replace(goal.attempts[-1], status="in_progress", finished_at=None, failure_reason=None)
    return replace(
        goal, status="in_progress", finished_at=None, result_fit=None, failure_reason=None,
        attempts=(*goal.attempts[:-1], last),
    )  # fmt: skip


def _retimed(goal: Goal, changes: Changes) -> Goal:
    if changes.started_at is not UNSET:
        first = goal.attempts[0]
        if first.finished_at is not None and changes.started_at > first.finished_at:
            raise Refused(f"the first attempt of {goal.id} would end before it starts")
        attempts = (replace(first, started_at=changes.started_at), *goal.attempts[1:])
        goal = replace(goal, started_at=changes.started_at, attempts=attempts)
    if changes.finished_at is not UNSET:
        last = goal.attempts[-1]
        if not goal.closed:
            raise Refused(f"{goal.id} is open; finish it with its time")
        if changes.finished_at < last.started_at:
            raise Refused(f"the last attempt of {goal.id} would end before it starts")
        attempts = (*goal.attempts[:-1], replace(last, finished_at=changes.finished_at))
        goal = replace(goal, finished_at=changes.finished_at, attempts=attempts)
    return goal


def _add_usage(_: Goals, goal: Goal, event: UsageAdded) -> Goal:
    try:
        sound = event.usd is None or Decimal(event.usd).is_finite()
    except InvalidOperation:
        sound = False
    if not sound or (event.usd is None and event.tokens is None):
        raise Refused("what is typed in is an amount in USD, or a number of tokens")
    added = ManualUsage(event.ts // 1000, event.usd, event.tokens, event.note)
    return replace(goal, manual=(*goal.manual, added))


def _sync_usage(_: Goals, goal: Goal, event: UsageSynced) -> Goal:
    known = {one.session: one for one in (*goal.synced, *event.sessions)}
    return replace(goal, synced=tuple(known[session] for session in sorted(known)))


def _merge(goals: Goals, event: GoalsMerged) -> None:
    kept = _known(goals, event.key, event.goal_id)
    dropped = _known(goals, event.dropped_key, event.dropped_goal_id)
    if kept is dropped:
        raise Refused("a goal cannot be merged with itself")
    if not dropped.closed:
        instead = f", or merge {kept.id} into it" if kept.closed else ""
        raise Refused(f"{dropped.id} is open: finish it first{instead}")
    earlier = sorted((*dropped.attempts, *kept.attempts[:-1]), key=lambda one: (one.started_at, one.finished_at or 0))
    attempts = [replace(one, number=number) for number, one in enumerate((*earlier, kept.attempts[-1]), 1)]
    finished = max(kept.finished_at, dropped.finished_at or 0) if kept.finished_at is not None else None
    if finished is not None:
        attempts[-1] = replace(attempts[-1], finished_at=finished)
    taken = (dropped.key, *dropped.merged)
    if _supersedes_through(goals, kept, taken) or _supersedes_through(goals, dropped, (kept.key,)):
        raise Refused(f"another goal stands between {kept.id} and {dropped.id}: one supersedes it, it the other")
    superseded = dropped.supersedes if dropped.supersedes != kept.key else None
    goals[kept.key] = replace(
        kept, started_at=min(kept.started_at, dropped.started_at), finished_at=finished, attempts=tuple(attempts),
        notes=_joined(kept.notes, dropped.notes), manual=(*kept.manual, *dropped.manual),
        synced=_joined_usage(kept, dropped), merged=(*kept.merged, *taken),
        sessions=tuple(dict.fromkeys((*kept.sessions, *dropped.sessions))),
        supersedes=kept.supersedes if kept.supersedes not in (None, *taken) else superseded,
    )  # fmt: skip
    del goals[dropped.key]
    goals.hold(kept.key, taken)
    for key, goal in goals.items():
        if goal.supersedes in taken:
            goals[key] = replace(goal, supersedes=kept.key)


def _joined_usage(kept: Goal, dropped: Goal) -> tuple[SyncedUsage, ...]:
    """What was noted for either; of a session that worked for both, the sum."""
    by_session = {one.session: one for one in kept.synced}
    for one in dropped.synced:
        other = by_session.get(one.session)
        by_session[one.session] = one if other is None else _sum(one, other)
    return tuple(by_session[session] for session in sorted(by_session))


def _sum(one: SyncedUsage, other: SyncedUsage) -> SyncedUsage:
    numbers = [name for name in SyncedUsage.__struct_fields__ if name not in ("session", "pico_usd")]
    picos = [pico for pico in (one.pico_usd, other.pico_usd) if pico is not None]
    added = {name: getattr(one, name) + getattr(other, name) for name in numbers}
    return replace(one, **added, pico_usd=sum(picos) if picos else None)


def _superseded(goals: Goals, key: str, supersedes: str | None) -> str | None:
    """The key of the goal that is meant, or was merged into another. Raises Refused where it would go in a circle."""
    if supersedes is None:
        return None
    holder = goals.holder(supersedes)
    meant = holder.key if holder is not None else supersedes
    if key == meant or key in _chain(goals, meant):
        raise Refused("a goal cannot supersede itself, nor one that supersedes it")
    return meant


def _supersedes_through(goals: Goals, goal: Goal, others: tuple[str, ...]) -> bool:
    """Whether the goal supersedes one of the others by way of a third one."""
    return goal.supersedes is not None and any(key in others for key in _chain(goals, goal.supersedes))


def _chain(goals: Goals, key: str) -> list[str]:
    """Keys of the goals that the one of this key supersedes, itself left out."""
    found: list[str] = []
    goal = goals.get(key)
    while goal is not None and goal.supersedes is not None and goal.supersedes not in found:
        found.append(goal.supersedes)
        goal = goals.get(goal.supersedes)
    return found


def _linked(goal: Goal, session: str | None) -> Goal:
    if session is None or session in goal.sessions:
        return goal
    return replace(goal, sessions=(*goal.sessions, session))


def _joined(notes: str, more: str) -> str:
    return "\n".join(filter(None, (notes, more)))


_STEPS: dict[type[msgspec.Struct], Callable[[Goals, Goal, Any], Goal]] = {
    GoalContinued: _continue,
    GoalFinished: _finish,
    GoalUpdated: _update,
    UsageAdded: _add_usage,
    UsageSynced: _sync_usage,
}
