"""Product goals before and after each retrospective: what changed, how sure that is, and from how many goals."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from tachograph.analysis.intervals import ratio_of_sums
from tachograph.analysis.two_windows import SMALL, differ
from tachograph.app.goals.figures import EffectiveGoal, combine
from tachograph.app.goals.gather import measure_ledger
from tachograph.app.goals.ledgers import KnownLedger
from tachograph.app.goals.retro_events import RetroEvent, RetroFiles, find_events
from tachograph.model import to_datetime


class RetroMetric(msgspec.Struct, frozen=True, kw_only=True):
    """One number in both windows."""

    name: str
    """success_rate, exact_fit_rate, attempts_per_goal, usd_per_success, known_cost_coverage."""
    before: float | None
    """Rates are 0 to 1; null: not known."""
    after: float | None
    before_n: int
    """Goals that it is told from: of ``exact_fit_rate`` those with a fit, of ``usd_per_success`` those whose whole cost
    is known."""
    after_n: int
    difference: float | None
    """``after - before``."""
    low: float | None
    """Lower end of the 95 % bootstrap interval of the difference; null where there is none."""
    high: float | None
    reason: str
    """Why the difference, or its interval, is null; empty where both are there."""


class RetroWindow(msgspec.Struct, frozen=True, kw_only=True):
    """One retrospective and the goals around it."""

    name: str
    """Id of its goal, else the paths of its files."""
    at: datetime
    """When the goal ended, or the commit that added the file was made."""
    goal_id: str | None
    files: list[str]
    before: list[str]
    """Ids of the product goals that ended last before it; of goals that take one another up the last one."""
    after: list[str]
    """Those that began first after it and are over."""
    straddling: int
    """Product goals that began before and were not over: they are of neither side."""
    metrics: list[RetroMetric]
    warning: str
    """Empty: there are enough goals on either side."""


class RetroTimeline(msgspec.Struct, frozen=True, kw_only=True):
    """All retrospectives of a project."""

    project: str
    window: int
    """Goals looked at on either side, at most."""
    least: int
    """Goals on either side below which the warning is given."""
    product_goals: int
    """Goals of type ``product`` that are over."""
    retros: list[RetroWindow]
    """By time."""
    problem: str
    """Why files of retrospectives could not be looked for; empty: they could."""


def retro_timeline(
    connection: sqlite3.Connection, ledger: KnownLedger, files: RetroFiles, window: int
) -> RetroTimeline:
    """The windows around each retrospective: goals of type retro that are over, and ``files`` by their commits."""
    goals = [one for one in combine(measure_ledger(connection, ledger)) if one.chain.last.type == "product"]
    events = find_events(ledger.state.goals, files)
    return RetroTimeline(
        project=ledger.place.project, window=window, least=SMALL,
        product_goals=sum(one.chain.last.closed for one in goals),
        retros=[_look_around(event, goals, window) for event in events], problem=files.problem,
    )  # fmt: skip


def _look_around(event: RetroEvent, goals: Sequence[EffectiveGoal], window: int) -> RetroWindow:
    over = [one for one in goals if one.chain.last.closed]
    ended = [one for one in over if _end(one) <= event.at]
    begun = [one for one in over if one.chain.started_at >= event.at and one not in ended]
    before = sorted(ended, key=_end)[-window:]
    after = sorted(begun, key=lambda one: (one.chain.started_at, one.chain.last.key))[:window]
    return RetroWindow(
        name=event.name, at=to_datetime(event.at), goal_id=event.goal_id, files=list(event.files),
        before=[one.chain.last.id for one in before], after=[one.chain.last.id for one in after],
        straddling=sum(one.chain.started_at < event.at < _end(one) for one in goals),
        metrics=[_compare(name, of, before, after) for name, of in _METRICS.items()], warning=_warn(before, after),
    )  # fmt: skip


def _end(one: EffectiveGoal) -> float:
    end = one.chain.finished_at
    return float("inf") if end is None else end


def _warn(before: Sequence[EffectiveGoal], after: Sequence[EffectiveGoal]) -> str:
    if min(len(before), len(after)) >= SMALL:
        return ""
    return (
        f"n is small: {len(before)} before, {len(after)} after. With fewer than {SMALL} goals on either side intervals"
        " hold the truth less often than 95 %, and a difference may well be chance."
    )


Part = tuple[float, float]
"""What a goal adds above and below the line of a ratio."""


def _compare(
    name: str, part: Callable[[EffectiveGoal], Part | None], before: Sequence[EffectiveGoal],
    after: Sequence[EffectiveGoal],
) -> RetroMetric:  # fmt: skip
    first, second = ([found for one in side if (found := part(one)) is not None] for side in (before, after))
    told = differ(first, second, ratio_of_sums)
    return RetroMetric(
        name=name, before=ratio_of_sums(first), after=ratio_of_sums(second), before_n=len(first), after_n=len(second),
        difference=told.value, low=told.low, high=told.high, reason=told.reason,
    )  # fmt: skip


def _success(one: EffectiveGoal) -> Part:
    return float(one.chain.status == "success"), 1.0


def _exact_fit(one: EffectiveGoal) -> Part | None:
    fit = one.chain.last.result_fit
    return None if fit is None else (float(fit == "exact_fit"), 1.0)


def _attempts(one: EffectiveGoal) -> Part:
    return float(one.chain.attempts), 1.0


def _cost(one: EffectiveGoal) -> Part | None:
    return (one.usd or 0.0, float(one.chain.status == "success")) if one.complete else None


def _coverage(one: EffectiveGoal) -> Part:
    return float(one.complete), 1.0


_METRICS: dict[str, Callable[[EffectiveGoal], Part | None]] = {
    "success_rate": _success,
    "exact_fit_rate": _exact_fit,
    "attempts_per_goal": _attempts,
    "usd_per_success": _cost,
    "known_cost_coverage": _coverage,
}
