"""Goals in numbers: how many were reached, in how many attempts, at what cost, and why others were not.

Goals that take one another up again are one (``analysis.goal_chains``): attempts and cost are those of all of them,
status and time that of the last. What is not known is absent.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import fsum

import msgspec

from tachograph.analysis.goal_chains import GoalChain, collapse_chains
from tachograph.app.filters import Filter
from tachograph.app.goals.figure_records import NOT_NOTED, Achieved, GoalFigures, ModelGoals, ReasonCount
from tachograph.app.goals.ledgers import KnownLedger
from tachograph.app.goals.usage import GoalUsage, LedgerUsage

_MODEL_CHARS = 100
"""Of a model's name: a ledger may hold any text."""


class MeasuredLedger(msgspec.Struct, frozen=True):
    """A ledger with what its goals used."""

    ledger: KnownLedger
    usage: LedgerUsage
    models: Mapping[str, str]
    """Key of a goal -> the model of most responses of its main sessions."""


class EffectiveGoal(msgspec.Struct, frozen=True):
    """A chain of goals with what it used."""

    chain: GoalChain
    model: str
    """As noted last; else that of most responses of its main sessions; else ``not noted``."""
    matched: bool
    """Whether responses fell to it."""
    usd: float | None
    """API-equivalent list price; None where nothing is priced."""
    complete: bool
    """Whether ``usd`` is all of it: every goal of the chain has responses, each priced and surely its own."""
    sessions: tuple[str, ...]
    """Main sessions with responses that fell to it, by id."""


def combine(measured: MeasuredLedger) -> list[EffectiveGoal]:
    """The goals of a ledger as chains, the earliest first."""
    return [_combine(chain, measured) for chain in collapse_chains(measured.ledger.state.goals)]


def select(goals: Iterable[EffectiveGoal], chosen: Filter) -> list[EffectiveGoal]:
    """Those that ended within ``chosen``, or are open and began before its end, and were worked on by its agent."""
    return [one for one in goals if _is_within(one.chain, chosen)]


def sum_up(
    measured: Sequence[MeasuredLedger], chosen: Filter, unreadable: Sequence[str] = ()
) -> GoalFigures | None:  # fmt: skip
    """The figures of all of them; None where there is no goal to tell of, and no ledger that cannot be read."""
    by_ledger = [(one, select(combine(one), chosen)) for one in measured]
    goals = [goal for _, found in by_ledger for goal in found]
    if not goals and not unreadable:
        return None
    closed = [one for one in goals if one.chain.last.closed]
    whole = achieved(closed)
    return GoalFigures(
        ledgers=sum(bool(found) for _, found in by_ledger), open=len(goals) - len(closed), achieved=whole,
        matched=sum(one.matched for one in closed),
        known_cost_coverage=whole.cost_known / whole.closed if closed else None, models=_by_model(closed),
        attempt_failures=_attempt_failures(goals), goal_failures=_goal_failures(closed), result_fits=_fits(closed),
        unreadable=list(unreadable), lost_lines=sum(one.ledger.lost_lines for one in measured),
    )  # fmt: skip


def achieved(closed: Sequence[EffectiveGoal]) -> Achieved:
    """What became of these goals, which are all over."""
    succeeded = sum(one.chain.status == "success" for one in closed)
    attempts = sum(one.chain.attempts for one in closed)
    known = [one for one in closed if one.complete]
    reached = sum(one.chain.status == "success" for one in known)
    usd = fsum(one.usd or 0.0 for one in known) if known else None
    return Achieved(
        closed=len(closed), succeeded=succeeded, success_rate=succeeded / len(closed) if closed else None,
        attempts=attempts, attempts_per_goal=attempts / len(closed) if closed else None, cost_known=len(known),
        cost_known_succeeded=reached, usd=usd, usd_per_success=usd / reached if usd is not None and reached else None,
    )  # fmt: skip


def _combine(chain: GoalChain, measured: MeasuredLedger) -> EffectiveGoal:
    used = [measured.usage.goals.get(goal.key) for goal in chain.goals]
    priced = [one.totals.usd for one in used if one is not None and one.totals.usd is not None]
    return EffectiveGoal(
        chain, _model_of(chain, measured.models), any(one is not None and one.totals.responses > 0 for one in used),
        fsum(priced) if priced else None, all(map(_is_complete, used)),
        tuple(sorted({session for one in used if one is not None for session in one.sessions})),
    )  # fmt: skip


def _is_complete(used: GoalUsage | None) -> bool:
    return used is not None and used.totals.usd is not None and used.coverage == 1


def _model_of(chain: GoalChain, models: Mapping[str, str]) -> str:
    noted = [name for goal in chain.goals for name in (goal.model, *(one.model for one in goal.attempts)) if name]
    told = [models[goal.key] for goal in chain.goals if goal.key in models]
    return (noted or told or [NOT_NOTED])[-1][:_MODEL_CHARS]


def _is_within(chain: GoalChain, chosen: Filter) -> bool:
    agents = {name for goal in chain.goals for name in (goal.agent, *(one.agent for one in goal.attempts))}
    if chosen.agent is not None and chosen.agent not in agents:
        return False
    end = chain.finished_at
    if end is None:
        return chosen.until is None or chain.started_at < chosen.until
    return (chosen.since is None or end >= chosen.since) and (chosen.until is None or end < chosen.until)


def _by_model(closed: Sequence[EffectiveGoal]) -> list[ModelGoals]:
    groups: defaultdict[str, list[EffectiveGoal]] = defaultdict(list)
    for one in closed:
        groups[one.model].append(one)
    found = [ModelGoals(model=model, achieved=achieved(goals)) for model, goals in groups.items()]
    return sorted(found, key=lambda one: (-one.achieved.closed, one.model))


def _attempt_failures(goals: Sequence[EffectiveGoal]) -> list[ReasonCount]:
    attempts = [attempt for one in goals for goal in one.chain.goals for attempt in goal.attempts]
    return _count([one.failure_reason or NOT_NOTED for one in attempts if one.status == "fail"])


def _goal_failures(closed: Sequence[EffectiveGoal]) -> list[ReasonCount]:
    failed = [one.chain.last for one in closed if one.chain.status == "fail"]
    return _count([goal.failure_reason or NOT_NOTED for goal in failed])


def _fits(closed: Sequence[EffectiveGoal]) -> list[ReasonCount]:
    products = [one.chain.last for one in closed if one.chain.last.type == "product"]
    return _count([goal.result_fit or NOT_NOTED for goal in products])


def _count(reasons: Iterable[str]) -> list[ReasonCount]:
    return [ReasonCount(*one) for one in sorted(Counter(reasons).items(), key=lambda one: (-one[1], one[0]))]
