"""Tokens, money, time and turns that a session may take."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct

from tachograph.analysis.expectations._figures import tell_cost, tell_seconds, tell_usd
from tachograph.analysis.expectations._outcome import Outcome
from tachograph.analysis.expectations._recording import Recording
from tachograph.analysis.expectations._registry import expectation
from tachograph.analysis.expectations._tally import Tally
from tachograph.analysis.summary import active_ms, summarise
from tachograph.model import Evidence, Usage
from tachograph.model.rates import PICO

Count = Annotated[int, Meta(ge=0)]
Amount = Annotated[float, Meta(ge=0)]


class TokenBudget(Struct, frozen=True, forbid_unknown_fields=True):
    """Tokens that all responses together may use."""

    max_input: Count | None = None
    """Uncached input."""
    max_output: Count | None = None
    max_total: Count | None = None
    """Uncached input and output."""
    max_total_all: Count | None = None
    """All kinds, what was read from and written to the cache too."""
    max_cache_read: Count | None = None
    max_cache_write: Count | None = None


class CostBudget(Struct, frozen=True, forbid_unknown_fields=True):
    """Money that all responses together may cost."""

    max_usd: Amount | None = None
    allow_unpriced: bool = False
    """Leave out what has no known price."""


class Duration(Struct, frozen=True, forbid_unknown_fields=True):
    """Time that a session may take."""

    max_seconds: Amount | None = None
    """From its first record to its last."""
    max_active_seconds: Amount | None = None
    """In which the agent was at work."""


@expectation()
def token_budget(asked: TokenBudget, recording: Recording) -> Outcome:
    """At most so many tokens, each response counted once.

    max_input: uncached input; max_total: that and output; max_cache_read, max_cache_write: of the cache; max_total_all:
    all kinds. Where a log gives only a lower bound of an output, a limit that it does not exceed is unknown.
    """
    tally = Tally(recording)
    used = _amounts(recording.usage)
    unsure = _count_unsure(recording)
    told_nothing = any(
        not response.output_reliable and response.usage == Usage()
        for part in recording.parts
        for response in part.session.responses
    )
    for name, amount in used.items():
        limit = getattr(asked, f"max_{name}")
        if limit is None:
            continue
        label = name.replace("_", " ")
        bound = bool(unsure) and (told_nothing or name in _WITH_OUTPUT)
        if amount > limit:
            told = f"{label}: {'at least ' if bound else ''}{amount:,} > {limit:,} tokens"
            tally.failed(told, proof=_shares(recording, name))
        elif bound:
            tally.unknown(f"{label}: at least {amount:,} tokens, {_LEAST} {_responses(unsure)}")
        else:
            tally.passed(f"{label}: {amount:,} ≤ {limit:,} tokens")
    return tally.outcome()


@expectation("prices")
def cost_budget(asked: CostBudget, recording: Recording) -> Outcome:
    """At most so much money, at list prices.

    A model without a known price fails it, unless allow_unpriced is true: then only the rest counts. Where a log gives
    only a lower bound of an output, a limit that is not exceeded is unknown.
    """
    tally = Tally(recording)
    if asked.max_usd is None:
        return tally.outcome()
    limit = Decimal(str(asked.max_usd)) * PICO
    cost = sum(part.cost_pico or 0 for part in recording.parts)
    unpriced: Counter[str] = Counter()
    for part in recording.parts:
        unpriced.update(dict(part.unpriced))
    unsure = _count_unsure(recording)
    is_least = bool(unpriced or unsure)
    told = f"cost: {'at least ' if is_least else ''}{tell_cost(cost, limit, is_least=is_least)}"
    if cost > limit:
        tally.failed(f"{told} > {tell_usd(limit)}", proof=_costs(recording))
    elif unsure:
        tally.unknown(f"{told}, {_LEAST} {_responses(unsure)}")
    elif not unpriced or asked.allow_unpriced:
        tally.passed(f"{told} ≤ {tell_usd(limit)}")
    if unpriced:
        models = ", ".join(
            f"{recording.name(model)} ({_responses(count)})" for model, count in sorted(unpriced.items())
        )
        note = tally.passed if asked.allow_unpriced else tally.failed
        note(f"no price is known for {models}")
    return tally.outcome()


@expectation()
def duration(asked: Duration, recording: Recording) -> Outcome:
    """At most so much time, in seconds.

    max_seconds: from the first record to the last, pauses of the person included. max_active_seconds: while the agent
    of the main session was at work; subagents work within that time or beside it, and do not add to it.
    """
    tally = Tally(recording)
    sessions = [part.session for part in recording.parts]
    starts = [one.started_at for one in sessions if one.started_at is not None]
    ends = [one.ended_at for one in sessions if one.ended_at is not None]
    wall = max(ends) - min(starts) if starts and ends else None
    active = active_ms(recording.main.session) if wall is not None else None
    _hold_time(tally, "from start to end", wall, asked.max_seconds)
    _hold_time(tally, "active in the main session", active, asked.max_active_seconds)
    return tally.outcome()


@expectation()
def max_turns(limit: Count, recording: Recording) -> Outcome:
    """At most so many turns (a prompt of a person up to the next one).

    Those of the session that is checked: what an agent asks its subagents does not count.
    """
    turns = summarise(recording.main.session).turns
    if turns > limit:
        return Outcome("fail", f"turns of the main session: {turns:,} > {limit:,}")
    return Outcome("pass", f"turns of the main session: {turns:,} ≤ {limit:,}")


_LEAST = "the log gives a lower bound of the output of"
_WITH_OUTPUT = frozenset({"output", "total", "total_all"})


def _count_unsure(recording: Recording) -> int:
    """Responses of whose output the log gives only a lower bound."""
    return sum(not one.output_reliable for part in recording.parts for one in part.session.responses)


def _amounts(usage: Usage) -> dict[str, int]:
    written = usage.cache_write_5m + usage.cache_write_1h
    total = usage.input + usage.output
    return {
        "input": usage.input, "output": usage.output, "total": total,
        "total_all": total + usage.cache_read + written, "cache_read": usage.cache_read, "cache_write": written,
    }  # fmt: skip


def _shares(recording: Recording, name: str) -> list[Evidence]:
    """What each session used, the largest share first."""
    used = [
        (part.session, _amounts(sum((one.usage for one in part.session.responses), Usage()))[name])
        for part in recording.parts
    ]
    used.sort(key=lambda one: -one[1])
    label = name.replace("_", " ")
    return [Evidence(session.id, text=f"{label}: {amount:,} tokens") for session, amount in used if amount]


def _costs(recording: Recording) -> list[Evidence]:
    costs = sorted(((part.cost_pico or 0, part.session.id) for part in recording.parts), key=lambda one: -one[0])
    return [Evidence(session, text=tell_cost(cost)) for cost, session in costs if cost]


def _hold_time(tally: Tally, what: str, taken: int | None, limit: float | None) -> None:
    if limit is None:
        return
    most = Decimal(str(limit)) * 1000
    if taken is None:
        tally.unknown(f"{what}: the log gives no times")
    elif taken > most:
        tally.failed(f"{what}: {tell_seconds(taken)} > {tell_seconds(most)}")
    else:
        tally.passed(f"{what}: {tell_seconds(taken)} ≤ {tell_seconds(most)}")


def _responses(count: int) -> str:
    return f"{count:,} response{'' if count == 1 else 's'}"
