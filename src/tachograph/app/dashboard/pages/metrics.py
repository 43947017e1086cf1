"""Every metric of one session, by name; one that is added to the program is here by itself."""

from __future__ import annotations

from typing import Any

import msgspec

from tachograph.analysis.metrics import load_metrics, measure
from tachograph.app.dashboard.desk import Desk, Params
from tachograph.app.dashboard.links import session_link
from tachograph.app.dashboard.page import Page
from tachograph.app.dashboard.session_story import SESSION_PARAM, find_named
from tachograph.app.dashboard.session_words import shorten
from tachograph.app.find_session import label_sessions
from tachograph.app.history import load_history
from tachograph.app.scope import Scope
from tachograph.report.units import seconds
from tachograph.report.view import Cell, Column, Empty, Grid, Note, View

_NAMES, _SHOWN, _TITLE = 50, 8, 90


class MetricValue(msgspec.Struct, frozen=True):
    """One metric of the session."""

    metric: str
    title: str
    unit: str
    about: str
    """What it says and what it does not."""
    value: float | None
    """The number; of a list how long it is. Null: it is told by kind."""
    by_kind: dict[str, float]
    """Kinds may lie within each other, so there is no sum."""
    names: list[str]
    """The first 50 of a list of names."""


class SessionMetrics(msgspec.Struct, frozen=True):
    """What can be measured of one session by itself, without its subagents and what it copied."""

    session: str
    label: str
    """Its short name and what it is about."""
    log_missing: bool
    """Then there are no metrics."""
    metrics: list[MetricValue]
    """By name; one that the session cannot tell is absent."""


def gather(desk: Desk, scope: Scope, params: Params) -> SessionMetrics:  # noqa: ARG001 (the signature of every page)
    """See :class:`SessionMetrics`. Raises as the page of the session does."""
    session = find_named(desk, params)
    history = load_history(desk.connection, session)
    found = measure(history.session) if history else {}
    told = [_tell(name, value) for name, value in found.items()]
    return SessionMetrics(session, label_sessions(desk.connection, [session])[session], history is None, told)


def _tell(name: str, value: Any) -> MetricValue:
    """A metric is a number, a word, numbers by kind, a list, or a record with a number and a list."""
    metric = load_metrics()[name]
    number: float | None = None
    by_kind: dict[str, float] = {}
    names: list[Any] = []
    if isinstance(value, list | tuple):
        number, names = len(value), list(value[:_NAMES])
    elif isinstance(value, dict | msgspec.Struct):
        fields = msgspec.to_builtins(value)
        by_kind = {key: one for key, one in fields.items() if isinstance(one, int | float)}
        names = next((one[:_NAMES] for one in fields.values() if isinstance(one, list)), [])
        if set(by_kind) == {"count"}:
            number, by_kind = by_kind["count"], {}
    elif isinstance(value, str):
        names = [value]
    else:
        number = value
    about = " ".join(metric.doc.replace("``", "").split())
    texts = [one for one in names if isinstance(one, str)]
    return MetricValue(name, metric.title, metric.unit, about, number, by_kind, texts)


def show(data: SessionMetrics, scope: Scope, params: Params) -> View:  # noqa: ARG001
    """The page."""
    if data.log_missing:
        text = "Its own log is missing, so there is nothing to measure; its subagents' metrics are on their pages."
        return View("Metrics", [Empty(text, href=session_link(data.session), link="The session")], data.label)
    columns = [
        Column("metric", "Metric"), Column("value", "Value", "number"), Column("unit", "Unit", low=True),
        Column("details", "By kind, or which", wide=True),
    ]  # fmt: skip
    about = "Of the session by itself: what its subagents did is on their pages, what it copied counts elsewhere."
    grid = Grid("metrics", "All metrics", columns, [_row(one) for one in data.metrics], about)
    back = Note("What each of them says: docs/metrics.md.", "dim", session_link(data.session), "Back to the session")
    return View(f"Metrics of {shorten(data.label, _TITLE)}", [grid, back])


def _row(one: MetricValue) -> list[Cell]:
    value = Cell(one.value)
    if one.unit == "seconds" and one.value is not None:
        value = Cell(one.value, note=seconds(one.value))
    if one.value is None:
        value = Cell("by kind" if one.by_kind else None, tone="dim")
    parts = [f"{key} {number:,}" for key, number in one.by_kind.items()] or one.names
    more = f" … {len(parts) - _SHOWN} more" if len(parts) > _SHOWN else ""
    return [Cell(one.title, title=one.about), value, Cell(one.unit), Cell(", ".join(parts[:_SHOWN]) + more)]


PAGE = Page(
    "metrics", "Metrics", gather, show, "Every metric of one session by itself.", scoped=False,
    params=(SESSION_PARAM,),
)  # fmt: skip
