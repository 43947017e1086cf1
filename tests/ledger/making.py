"""Events and goals for tests: short to write, with times that rise."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

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
from tachograph.ledger.transitions import apply
from tachograph.model.goal import Attempt, Goal

NOW = 1_795_000_000_000
"""18 November 2026, ms UTC."""


def problems_of(goal: Goal) -> list[str]:
    """What is wrong with a goal that no goal may have."""
    last = goal.attempts[-1]
    checks = {
        "a fail has a reason": goal.status != "fail" or goal.failure_reason is not None or goal.key.startswith("id:"),
        "only a fail has one": goal.status == "fail" or goal.failure_reason is None,
        "closed has an end": goal.closed == (goal.finished_at is not None),
        "it ends after it starts": goal.finished_at is None or goal.finished_at >= goal.started_at,
        "the last attempt is as the goal": last.status == goal.status,
        "one attempt is open at most": all(one.status != "in_progress" for one in goal.attempts[:-1]),
        "attempts are numbered": [one.number for one in goal.attempts] == list(range(1, len(goal.attempts) + 1)),
        "only open attempts have no end": all(
            (a.status == "in_progress") == (a.finished_at is None) for a in goal.attempts
        ),
        "attempts end after they start": all((a.finished_at or a.started_at) >= a.started_at for a in goal.attempts),
        "reasons are of failed attempts": all(a.failure_reason is None or a.status == "fail" for a in goal.attempts),
        "a failed attempt has a reason": all(reason_known(a) for a in goal.attempts),
        "a fit is for products": goal.result_fit is None or goal.type == "product",
        "a fit is for closed goals": goal.result_fit is None or goal.closed,
        "no miss succeeds": goal.status != "success" or goal.result_fit != "miss",
        "a fail misses": goal.status != "fail" or goal.result_fit in (None, "miss"),
        "no goal supersedes itself": goal.supersedes != goal.key and goal.supersedes not in goal.merged,
    }
    return [name for name, fine in checks.items() if not fine]


def reason_known(attempt: Attempt) -> bool:
    """A failed attempt has a reason, unless another tool counted it."""
    return attempt.status != "fail" or attempt.failure_reason is not None or attempt.inferred


def has_cycle(goals: Goals) -> bool:
    """Whether some goal supersedes itself by way of others."""
    for goal in goals.values():
        seen, at = {goal.key}, goal.supersedes
        while at is not None and at in goals:
            if at in seen:
                return True
            seen.add(at)
            at = goals[at].supersedes
    return False


class Writer:
    """Makes events one after the other, and knows the goals that follow from them."""

    def __init__(self, name: str = "a", start: int = NOW * 1000) -> None:
        self._ticks: Iterator[int] = count(start, 1000)
        self._numbers = count(1)
        self._name = name
        self.goals = Goals()
        self.events: list[OwnEvent] = []

    def start(self, key: str = "", **fields: Any) -> str:
        number = next(self._numbers)
        key = key or f"{self._name}{number:07}"
        given = {"title": f"Goal {number}", "goal_type": "product", "started_at": self.now(), **fields}
        self.add(GoalStarted(**self.stamp(key), **given))
        return key

    def resume(self, key: str, reason: Any = "model_mistake", **fields: Any) -> None:
        self.add(GoalContinued(**self.stamp(key), failure_reason=reason, **{"started_at": self.now(), **fields}))

    def finish(self, key: str, status: Any = "success", **fields: Any) -> None:
        self.add(GoalFinished(**self.stamp(key), status=status, **{"finished_at": self.now(), **fields}))

    def update(self, key: str, attempt: int | None = None, link: Any = (), unlink: Any = (), **changes: Any) -> None:
        self.add(GoalUpdated(**self.stamp(key), changes=Changes(**changes), attempt=attempt, link=link, unlink=unlink))

    def add_usage(self, key: str, usd: str | None = None, tokens: int | None = None) -> None:
        self.add(UsageAdded(**self.stamp(key), usd=usd, tokens=tokens))

    def sync(self, key: str, *sessions: Any) -> None:
        self.add(UsageSynced(**self.stamp(key), sessions=sessions))

    def merge(self, kept: str, dropped: str) -> None:
        self.add(GoalsMerged(**self.stamp(kept), dropped_key=dropped, dropped_goal_id="2026-11-18-001"))

    def add(self, event: OwnEvent) -> None:
        """Keep the event, whether it is possible or not. Raises Refused when it is not."""
        self.events.append(event)
        apply(self.goals, event)

    def now(self) -> int:
        return self.events[-1].ts // 1000 + 1 if self.events else NOW

    def stamp(self, key: str) -> dict[str, Any]:
        ts = next(self._ticks)
        return {"event_id": f"ev_{self._name}{ts:016}", "ts": ts, "goal_id": "2026-11-18-001", "key": key}
