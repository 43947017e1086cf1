"""The charts of the HTML report."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tachograph.analysis.detectors import load_detectors
from tachograph.app.dashboard.trend_sums import FEW, KpiTrend
from tachograph.app.reports.html_figures import Figures
from tachograph.app.reports.html_names import Names
from tachograph.app.rollups.cubes import SessionSums, UsageSums
from tachograph.report.units import counted
from tachograph.report.view import Chart, Kind, Series

MOST_MODELS = 8
"""Models with a part of their own in every bar; the others are put together."""
_SIGNALS: tuple[tuple[str, Callable[[SessionSums], tuple[int, int]]], ...] = (
    ("followed up", lambda one: (one.followed_up, one.prompted)),
    ("interrupted", lambda one: (one.interrupted, one.with_logs)),
    ("reopened", lambda one: (one.retried, one.comparable)),
    ("with subagents", lambda one: (one.spawning, one.with_logs)),
)
"""Each signal: sessions that have it, sessions that could."""


def chart_spend(told: Figures, names: Names) -> Chart:
    """Cost by step, stacked by model."""
    models = [model for model, sums in told.models if sums.priced]
    shown = models if len(models) <= MOST_MODELS + 1 else models[:MOST_MODELS]
    series = [Series(names.model(model), _spent(told, [model])) for model in shown]
    if len(shown) < len(models):
        series.append(Series("other models", _spent(told, models[len(shown) :])))
    about = f"US dollars at list prices by {_step(told)} and model, dated by response."
    return Chart("spend", "Cost by model", about, "stacked", told.steps.labels, series, "usd")


def _spent(told: Figures, models: Sequence[str]) -> list[float | None]:
    """Dollars by step: 0 where they were not used, None where they were and nothing is priced."""
    found: list[float | None] = []
    for number in told.steps.numbers:
        used = [told.spend.get((model, number), UsageSums()) for model in models]
        priced = [one.pico for one in used if one.pico is not None]
        found.append(sum(priced) / 10**12 if priced or not any(one.responses for one in used) else None)
    return found


def chart_session_cost(told: Figures) -> Chart:
    """Mean and median cost of a session by step."""
    left_out = sum(one.left_out for one in told.costs)
    without = f" Left out: {left_out:,} of which a price or a log is missing." if left_out else ""
    about = (
        f"US dollars per session by the {_step(told)} in which it began, subagents included; gaps where there was"
        f" none.{without}"
    )
    series = [
        Series("mean", _without_noise([one.mean for one in told.costs])),
        Series("median", _without_noise([one.median for one in told.costs])),
    ]
    return Chart(
        "session-cost", "Cost per session", about, "lines", told.steps.labels, series, "usd", how="how-session-costs"
    )


def chart_signals(told: Figures) -> Chart:
    """The four retry signals, each as the share of the sessions that could have it."""
    about = (
        f"Share of the sessions begun in the {_step(told)} that have at least one, of those in which it could be:"
        " further prompts; stops by a person; the same first prompt as another session of the project in the 24 hours"
        " before; subagents started, which is never a retry."
    )
    series = [
        Series(name, [part / whole if whole else None for part, whole in map(read, told.signals)])
        for name, read in _SIGNALS
    ]
    return Chart("signals", "Retry signals", about, "lines", told.steps.labels, series, "percent", how="how-retries")


def chart_waste(told: Figures) -> Chart:
    """Cost of the findings of each detector."""
    detectors = load_detectors()
    axis = [detectors[name].title if name in detectors else name for name, _ in told.waste]
    about = "Estimated US dollars by detector. Detectors overlap: there is no sum over them."
    return Chart(
        "waste",
        "Cost of what was wasted",
        about,
        "bars",
        axis,
        [Series("cost", [sums.usd for _, sums in told.waste])],
        "usd",
    )


def chart_kpi(told: Figures, trend: KpiTrend) -> Chart:
    """Mean of one KPI by step, with the usual range behind it."""
    step = _step(told)
    few = sum(0 < number < FEW for number in trend.sessions)
    unit = f" {trend.unit};" if trend.unit not in ("ratio", "score") else ""
    about = (
        f"Mean of the sessions that ended in the {step};{unit} better when"
        f" {'higher' if trend.better == 'up' else 'lower'}."
        + (f" {counted(few, step)} had fewer than {FEW} sessions." if few else "")
        + (" Too few sessions yet to say what is usual." if trend.low is None else "")
    )
    low, high = _without_noise([trend.low, trend.high])
    return Chart(
        f"kpi-{trend.kpi}", trend.title, about, "lines", told.steps.labels,
        [Series("mean", _without_noise(trend.means))], _kind(trend.unit),
        band=None if low is None or high is None else (low, high), band_name="usual",
    )  # fmt: skip


def _without_noise(values: Sequence[float | None]) -> list[float | None]:
    """What was added up of microdollars and millionths has no more digits than these."""
    return [None if value is None else round(value, 9) for value in values]


def _kind(unit: str) -> Kind:
    """How values of a KPI are written."""
    if unit.startswith("USD"):
        return "usd"
    return "percent" if unit == "ratio" else "tokens" if unit == "tokens" else "number"


def _step(told: Figures) -> str:
    return told.steps.step
