"""Budgets: what a day, a week, a project or a session may cost, and how much of that is used up."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from typing import Any, Literal, TypeAlias

import msgspec

Scope = Literal["day", "week", "project", "session"]
Level = Literal["ok", "near", "over", "unknown"]

NEAR = 0.80
"""Share of a budget from which a warning is due; the next one is due at the whole."""


class Budget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A ``[[budget]]`` table. Either ``usd`` or ``tokens`` is the limit."""

    scope: Scope
    usd: float | None = None
    tokens: int | None = None
    """Of all kinds together."""
    agent: str | None = None
    """Only what this agent used."""
    project: str | None = None
    """Only projects whose path has this part, upper and lower case alike; a budget of scope ``project`` needs it."""

    @property
    def limit(self) -> float:
        """USD or tokens."""
        return self.usd if self.usd is not None else float(self.tokens or 0)


class Window(msgspec.Struct, frozen=True):
    """A stretch of time, ms UTC, half-open."""

    start: int
    end: int


class Spend(msgspec.Struct, frozen=True):
    """What was used of a budget."""

    usd: float | None
    """Of what is priced; None when nothing is."""
    tokens: int
    is_lower_bound: bool = False
    """Some of it has no known price."""
    session: str | None = None
    """Of a budget per session: the one that used most."""


class BudgetState(msgspec.Struct, frozen=True):
    """A budget and how much of it is used up."""

    budget: Budget
    window: Window | None
    """None: no stretch of time, the whole history of a project, or one session."""
    used: float | None
    """USD or tokens, as the budget; None: not known."""
    share: float | None
    """Of the limit."""
    level: Level
    """near: at least 80 % used up; over: all of it."""
    text: str
    """A sentence for the user, without names from logs or settings; empty when there is nothing to warn of."""
    session: str | None


Measure: TypeAlias = Callable[[Budget, Window | None], Spend]
"""Looks up what was used of a budget, in its window where it has one."""


def read_budgets(raw: Sequence[Any]) -> tuple[Budget, ...]:
    """The ``[[budget]]`` tables of the settings; ValueError with one sentence when one is wrong."""
    found = []
    for number, row in enumerate(raw, start=1):
        try:
            budget = msgspec.convert(row, Budget)
        except msgspec.ValidationError as error:
            raise ValueError(f"Budget {number} of the settings is wrong: {error}.") from error
        fault = _find_fault(budget)
        if fault:
            raise ValueError(f"Budget {number} of the settings {fault}.")
        found.append(budget)
    return tuple(found)


def _find_fault(budget: Budget) -> str | None:
    if (budget.usd is None) == (budget.tokens is None):
        return "needs a limit: either usd or tokens"
    if not (math.isfinite(budget.limit) and budget.limit > 0):
        return "has a limit that is not above 0"
    if budget.scope == "project" and not budget.project:
        return "is for a project and needs a part of its path as project"
    return None


def window_of(scope: Scope, now: datetime) -> Window | None:
    """The day or the week (from Monday) in which ``now`` lies, in the time zone of ``now``; None for other scopes."""
    if scope not in ("day", "week"):
        return None
    first = now.date() - timedelta(days=now.weekday() if scope == "week" else 0)
    last = first + timedelta(days=7 if scope == "week" else 1)
    start, end = (datetime.combine(day, time(), tzinfo=now.tzinfo) for day in (first, last))
    return Window(int(start.timestamp() * 1000), int(end.timestamp() * 1000))


def judge_budgets(budgets: Sequence[Budget], spend: Measure, now: datetime) -> list[BudgetState]:
    """Each budget as it stands at ``now``, a moment in the user's time zone; in their order."""
    states = []
    for budget in budgets:
        window = window_of(budget.scope, now)
        used = spend(budget, window)
        states.append(_judge(budget, window, used))
    return states


def _judge(budget: Budget, window: Window | None, spend: Spend) -> BudgetState:
    used = spend.usd if budget.usd is not None else float(spend.tokens)
    if used is None:
        return BudgetState(budget, window, None, None, "unknown", "", spend.session)
    share = used / budget.limit
    level: Level = "over" if share >= 1 else "near" if share >= NEAR else "ok"
    text = "" if level == "ok" else _sentence(budget, share, used, spend.is_lower_bound)
    return BudgetState(budget, window, used, share, level, text, spend.session)


_WHOSE: dict[Scope, str] = {
    "day": "The day's budget",
    "week": "The week's budget",
    "project": "A project's budget",
    "session": "The budget of a session",
}


def _sentence(budget: Budget, share: float, used: float, is_lower_bound: bool) -> str:
    if budget.usd is not None:
        limit, amount = f"${budget.usd:,.2f}", f"${used:,.2f}"
    else:
        limit, amount = f"{budget.tokens:,} tokens", f"{used:,.0f}"
    least = "at least " if is_lower_bound and budget.usd is not None else ""
    if share >= 1:
        return f"{_WHOSE[budget.scope]} of {limit} is used up: {least}{amount}."
    return f"{_WHOSE[budget.scope]} of {limit} is used to {least}{math.floor(share * 100)} %: {amount}."
