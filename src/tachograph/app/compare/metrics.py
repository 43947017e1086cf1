"""What can be compared: every KPI, the cost, and every metric that is a number."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from tachograph.analysis.kpis import Direction, load_kpis
from tachograph.analysis.metrics import load_metrics
from tachograph.errors import NotFound
from tachograph.model import Session
from tachograph.report.sanitise import harmless

USD = "usd"
"""List price of a session with its subagents: what ``tacho sessions`` shows under this name."""
COUNTS_TURNS = frozenset({"turns", "human_prompts", "follow_up_rate"})
"""These say how many turns a session has: matching by turns would take out all that they could show."""
_FALLING_SHORT = frozenset({"tokens.output", "tokens.reasoning"})
"""Lower bounds where the log has placeholders for output counts: not known then."""


class Chosen(msgspec.Struct, frozen=True):
    """A metric that is to be compared."""

    name: str
    title: str
    unit: str
    better: Direction | None
    """Null: more of it is neither good nor bad."""
    scale: Literal["linear", "log"]
    """log: means are geometric."""
    source: Literal["kpi", "usd", "metric"]
    part: str = ""
    """Which of a metric's kinds, such as ``output`` of ``tokens.output``."""


def choose_metrics(names: tuple[str, ...]) -> list[Chosen]:
    """Those of these names in their order; all KPIs when none is named. Raises NotFound."""
    return [_choose(name) for name in dict.fromkeys(names or load_kpis())]


def _choose(name: str) -> Chosen:
    if name in load_kpis():
        kpi = load_kpis()[name]
        return Chosen(name, kpi.title, kpi.unit, kpi.better, kpi.scale, "kpi")
    if name == USD:
        return Chosen(name, "Cost", "USD", "down", "log", "usd")
    base, _, part = name.partition(".")
    if base not in load_metrics():
        known = ", ".join([USD, *load_kpis(), *load_metrics()])
        raise NotFound(f"There is no metric {harmless(name)!r}.", slug="no_metric", hint=f"There are {known}.")
    metric = load_metrics()[base]
    title = f"{metric.title}: {part}" if part else metric.title
    return Chosen(name, title, metric.unit, None, "linear", "metric", part)


def read_metric(chosen: Chosen, session: Session) -> float | None:
    """The number for one session; None when the session cannot tell. Raises NotFound for what is no number."""
    metrics = load_metrics()
    base = chosen.name.partition(".")[0]
    if chosen.name in _FALLING_SHORT and metrics["output_unreliable_responses"](session):
        return None
    return _read_number(chosen, metrics[base](session))


def _read_number(chosen: Chosen, value: Any) -> float | None:
    """A list is as many as it holds; of a dict the part that is named, 0 where it does not occur."""
    if value is None:
        return None
    if isinstance(value, dict) and chosen.part:
        found = value.get(chosen.part, 0)
        return float(found) if isinstance(found, int | float) else None
    if isinstance(value, dict) or chosen.part:
        kinds = sorted(value) if isinstance(value, dict) else []
        hint = f"Name a kind of it, such as {harmless(f'{chosen.name}.{kinds[0]}')}." if kinds else ""
        raise NotFound(f"The metric {harmless(chosen.name)!r} is not one number.", slug="no_metric", hint=hint)
    if isinstance(value, list | tuple):
        return float(len(value))
    if isinstance(value, msgspec.Struct):
        value = getattr(value, "count", None)
    return float(value) if isinstance(value, int | float) else None
