"""Spend over time by model, and how much of the prompts came from the cache."""

from __future__ import annotations

import sqlite3
from collections import defaultdict

import msgspec

from tachograph.app.dashboard.time_axis import Axis
from tachograph.app.rollups.cubes import UsageSums
from tachograph.app.rollups.read import add_up
from tachograph.app.scope import Scope
from tachograph.report.view import Chart, Series

OTHERS = "other models"
_SHOWN = 8
"""Models with a colour of their own; the rest is put together."""


class SpendStep(msgspec.Struct, frozen=True):
    """What was used in one day, week or month."""

    start: str
    """``2026-11-01``: the day, or the week's Monday; ``2026-11``: the month."""
    usd: float | None
    """Of what is priced; null when something was used and nothing of it is priced."""
    unpriced: int
    """Responses without a known price: above 0, ``usd`` is a lower bound."""
    responses: int
    tokens: int
    unreliable: int
    """Responses whose output is a lower bound: above 0, so is ``tokens``."""
    cache_share: float | None
    """Share of the prompts' tokens that came from the cache; null without any."""


class ModelSpend(msgspec.Struct, frozen=True):
    """What one model cost over time."""

    model: str
    usd: list[float | None]
    """In the order of the steps; null where nothing of what was used is priced."""


class SpendOverTime(msgspec.Struct, frozen=True):
    """Spend by step of time and by model, dated by response."""

    step: str
    """day, week or month."""
    steps: list[SpendStep]
    models: list[ModelSpend]
    """The dearest first; of more than nine, the ninth is all others together."""


def spend_over_time(connection: sqlite3.Connection, scope: Scope, axis: Axis) -> SpendOverTime:
    """Sums of every step of ``axis`` within ``scope``."""
    cells: dict[tuple[str, int], UsageSums] = {}
    for (number, model), sums in add_up(connection, UsageSums, scope, (axis.step, "model")):
        cells[str(model), int(number)] = sums
    by_model: dict[str, UsageSums] = defaultdict(UsageSums)
    by_step: dict[int, UsageSums] = defaultdict(UsageSums)
    for (model, number), sums in cells.items():
        _add(by_model[model], sums)
        _add(by_step[number], sums)
    priced = [model for model, sums in by_model.items() if sums.priced]
    priced.sort(key=lambda model: (-(by_model[model].pico or 0), model))
    own, rest = (priced, []) if len(priced) <= _SHOWN + 1 else (priced[:_SHOWN], priced[_SHOWN:])
    series = [ModelSpend(_name(model), [_usd(cells.get((model, n))) for n in axis.numbers]) for model in own]
    if rest:
        folded: dict[int, UsageSums] = defaultdict(UsageSums)
        for model in rest:
            for number in axis.numbers:
                _add(folded[number], cells.get((model, number), UsageSums()))
        series.append(ModelSpend(OTHERS, [_usd(folded[number]) for number in axis.numbers]))
    steps = [_step(label, by_step[number]) for label, number in zip(axis.labels, axis.numbers, strict=True)]
    return SpendOverTime(axis.step, steps, series)


def chart_spend(spend: SpendOverTime, id: str = "spend") -> Chart:
    """Stacked bars, one for each step."""
    return Chart(
        id, f"Spend by {spend.step}", _describe(spend), "stacked", [step.start for step in spend.steps],
        [Series(one.model, one.usd) for one in spend.models], "usd", live=True, how="spend",
    )  # fmt: skip


def chart_cache(spend: SpendOverTime, id: str = "cache") -> Chart:
    """A line: the share of the prompts' tokens that the cache answered."""
    return Chart(
        id, "Cache efficiency", f"Share of the prompts' tokens that were read from the cache, by {spend.step}.",
        "lines", [step.start for step in spend.steps],
        [Series("read from the cache", [step.cache_share for step in spend.steps])], "percent", live=True, how="cache",
    )  # fmt: skip


def _describe(spend: SpendOverTime) -> str:
    unpriced = sum(step.unpriced for step in spend.steps)
    least = f" {unpriced:,} responses without a known price are not in it." if unpriced else ""
    begin = " A week begins on Monday." if spend.step == "week" else ""
    return f"US dollars at list prices by {spend.step} and model, dated by response.{begin}{least}"


def _step(label: str, sums: UsageSums) -> SpendStep:
    return SpendStep(label, _usd(sums), sums.unpriced, sums.responses, sums.tokens, sums.unreliable, sums.cache_share)


def _usd(sums: UsageSums | None) -> float | None:
    """Nothing used cost nothing; what was used without a price is not known."""
    return 0.0 if sums is None or not (sums.responses or sums.priced) else sums.usd


def _name(model: str) -> str:
    return model or "(not known)"


def _add(held: UsageSums, more: UsageSums) -> None:
    for name in UsageSums.__struct_fields__:
        setattr(held, name, getattr(held, name) + getattr(more, name))
