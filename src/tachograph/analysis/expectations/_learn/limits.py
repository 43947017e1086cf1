"""How much of everything the sessions needed: the most that was seen, and a margin."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import ROUND_CEILING, Decimal

from tachograph.analysis.expectations._learn.lesson import LeftOut, Lesson, in_sessions, raise_limit, round_up, tell
from tachograph.analysis.expectations._learn.observation import Observation
from tachograph.model.rates import PICO

_ERROR_STEP = Decimal("0.05")
"""Error rates are rounded up to a multiple of this, and are at least this: one slip is no failure. A choice."""
_LEAST = "the count of output is only a lower bound"

Seen = Sequence[Observation]
Told = Iterator[Lesson | LeftOut]


def tool_limits(seen: Seen, margin: Decimal) -> Told:
    """Calls of each tool that any of the sessions used."""
    return _count_limits("tool_limits", "calls of each tool", seen, margin, lambda one: one.calls)


def category_limits(seen: Seen, margin: Decimal) -> Told:
    """Calls of each category of tools that any of the sessions used."""
    return _count_limits("category_limits", "calls of each category", seen, margin, lambda one: one.categories)


def token_budget(seen: Seen, margin: Decimal) -> Told:
    """Tokens of output, and of uncached input and output together."""
    if bounds := _count_bounds(seen):
        yield LeftOut("token_budget", f"{_LEAST} {in_sessions(bounds)}")
        return
    counts = {"max_output": [one.output for one in seen], "max_total": [one.total for one in seen]}
    limits = {name: raise_limit(max(numbers), margin) for name, numbers in counts.items()}
    notes = {name: f"observed: {tell(numbers, 'token')}" for name, numbers in counts.items()}
    yield Lesson("token_budget", limits, f"observed {in_sessions(len(seen))}", notes)


def cost_budget(seen: Seen, margin: Decimal) -> Told:
    """What the sessions cost, when all of that is known."""
    costs = [Decimal(one.cost_pico) / PICO for one in seen if one.cost_pico is not None]
    if len(costs) < len(seen):
        missing = len(seen) - len(costs)
        yield LeftOut("cost_budget", f"responses without a known price {in_sessions(missing)}")
    elif bounds := _count_bounds(seen):
        yield LeftOut("cost_budget", f"{_LEAST} {in_sessions(bounds)}")
    elif max(costs) > 0:
        limit = float(round_up(max(costs) * (1 + margin)))
        told = tell([round_up(one) for one in costs], "USD")
        yield Lesson(
            "cost_budget", {"max_usd": limit}, f"observed {in_sessions(len(seen))}", {"max_usd": f"observed: {told}"}
        )


def duration(seen: Seen, margin: Decimal) -> Told:
    """Seconds in which the agent was at work."""
    seconds = [Decimal(one.active_ms) / 1000 for one in seen]
    if max(seconds) > 0:
        whole = [int(one.to_integral_value(ROUND_CEILING)) for one in seconds]
        yield Lesson(
            "duration",
            {"max_active_seconds": raise_limit(max(seconds), margin)},
            f"observed {in_sessions(len(seen))}",
            {"max_active_seconds": f"observed: {tell(whole, 'second')}"},
        )


def max_turns(seen: Seen, margin: Decimal) -> Told:
    """Turns of the main session."""
    turns = [one.turns for one in seen]
    if max(turns):
        told = f"observed: {tell(turns, 'turn')} {in_sessions(len(seen))}"
        yield Lesson("max_turns", raise_limit(max(turns), margin), told)


def max_error_rate(seen: Seen, margin: Decimal) -> Told:
    """Share of the finished calls that failed; not learnt from sessions without any call."""
    if not all(one.finished for one in seen):
        return
    rates = [Decimal(one.errors) / one.finished for one in seen]
    steps = (max(rates) * (1 + margin) / _ERROR_STEP).to_integral_value(ROUND_CEILING)
    limit = min(max(steps, Decimal(1)) * _ERROR_STEP, Decimal(1))
    failed = ", ".join(sorted({f"{one.errors} of {one.finished}" for one in seen}, key=_in_order)[:6])
    yield Lesson("max_error_rate", float(limit), f"observed: {failed} calls failed {in_sessions(len(seen))}")


def _in_order(told: str) -> list[int]:
    """Sorts ``3 of 12`` by its numbers."""
    return [int(one) for one in told.split(" of ")]


def _count_limits(
    key: str, what: str, seen: Seen, margin: Decimal, counts: Callable[[Observation], dict[str, int]]
) -> Told:
    names = sorted({name for one in seen for name in counts(one)})
    numbers = {name: [counts(one).get(name, 0) for one in seen] for name in names}
    if numbers:
        yield Lesson(
            key,
            {escape_glob(name): raise_limit(max(of), margin) for name, of in numbers.items()},
            f"observed {in_sessions(len(seen))}: {what}",
            {escape_glob(name): f"observed: {tell(of, 'call')}" for name, of in numbers.items()},
        )


def escape_glob(name: str) -> str:
    """The glob that matches ``name`` alone; brackets would make a tool and a text of it."""
    return "".join(f"[{sign}]" if sign in "*?[()" else sign for sign in name)


def _count_bounds(seen: Seen) -> int:
    """Sessions of whose output the log gives only a lower bound: no limit of theirs can be confirmed."""
    return sum(not one.reliable for one in seen)
