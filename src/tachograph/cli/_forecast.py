"""What ``tacho predict`` tells people."""

from __future__ import annotations

from datetime import tzinfo

from tachograph.app.ml.predict import Forecast, SessionForecast, StartForecast
from tachograph.app.ml.session_models import AskedModel, Foreseen
from tachograph.app.ml.usual import LEAST, Usual, show_figure
from tachograph.learning.ml.metadata import Estimate
from tachograph.report.document import Block, Column, Document, Facts, Heading, Line, Table
from tachograph.report.units import UNKNOWN, count, counted, minute, usd

_NO_MODEL = (
    "No model of sessions is in use: what stands here is what earlier sessions came to. tacho ml train --target session"
    " makes one."
)
_INTERVAL = "interval: meant to hold the truth in 9 of 10 sessions · USD of the whole session, subagents included"
_CHANCE = (
    "success: the chance of it · its interval: of sessions with such a chance so many succeeded (9 of 10 such intervals"
    " hold that share); – where the chance itself lies outside"
)
_UNTOLD = {
    "default": "No word of the prompt tells what kind of work it is: it counts as {task}, as such prompts do"
    " everywhere. --task-type names another.",
    "nothing": "The prompt holds no task, such as an empty one or a slash command: what stands here is of any work."
    " --task-type names one.",
}
"""What is said where the prompt does not tell the kind of work."""
_BAND = "10 % and 90 %: a tenth of the sessions lay below, a tenth above"


def describe_forecast(told: Forecast, zone: tzinfo) -> Document:
    """Sessions that have begun, and what the models' numbers mean."""
    if not told.sessions:
        return Document([Line("No session goes on.")])
    blocks: list[Block] = []
    for one in told.sessions:
        blocks += _describe_session(one, zone)
    return Document([*blocks, *_legend(told)])


def _legend(told: Forecast) -> list[Line]:
    """What the numbers of models mean, as far as there are any, and how the models did."""
    if not told.models:
        return [Line(_NO_MODEL, "dim")]
    lines = [Line(_held_out(one), "dim") for one in told.models]
    units = {one.unit for session in told.sessions for one in session.foreseen}
    lines += [Line(text, "dim") for unit, text in (("USD", _INTERVAL), ("probability", _CHANCE)) if unit in units]
    return lines


def _held_out(one: AskedModel) -> str:
    rows = f"{counted(one.rows, 'prediction')} for {counted(one.sessions, 'session')} that {one.name} had not seen"
    if one.coverage is not None:
        return f"{one.what}: of {rows}, {_share(one.coverage)} had what came within their interval"
    if one.auc is not None:
        told = f"{_share(one.auc)} of pairs of a success and a failure were in the right order (AUC)"
        return f"{one.what}: of {rows}, {told}"
    return f"{one.what}: judged by {rows}"


def _share(one: Estimate) -> str:
    return f"{100 * one.value:.0f} % ({100 * one.low:.0f} to {100 * one.high:.0f})"


def _describe_session(one: SessionForecast, zone: tzinfo) -> list[Block]:
    state = "goes on" if one.live else f"last record {minute(one.last_at, zone)}"
    facts = [
        ("session", f"{one.id}, {state}"),
        ("about", one.title or UNKNOWN),
        ("kind", f"{one.agent_type} ({one.agent}), {one.task_type or 'task type not known'}"),
        ("so far", f"{usd(one.usd)}, {counted(one.turns, 'finished turn')}"),
    ]
    blocks: list[Block] = [Heading(one.name), Facts(facts)]
    if one.foreseen:
        blocks.append(_table(one.foreseen))
        blocks += _remarks(one.foreseen)
    blocks += [Line(f"Worse than usual: {sentence}.", "warn") for sentence in one.worse]
    return [*blocks, *_describe_usual(one.usual, 2)]


def _table(foreseen: list[Foreseen]) -> Table:
    columns = [
        Column("predicted", "left"),
        Column("after turns"),
        Column("value", style="strong"),
        Column("interval", "left"),
        Column("spent by then", rank=2),
        Column("came to"),
        Column("mostly because of", "left", flexible=True, rank=1),
    ]
    rows = [
        [
            one.what, count(one.turns), _show(one, one.value), _interval(one),
            UNKNOWN if one.spent_usd is None else usd(one.spent_usd), _show(one, one.actual), one.top_feature,
        ]
        for one in foreseen
    ]  # fmt: skip
    return Table(columns, rows)


def _remarks(foreseen: list[Foreseen]) -> list[Line]:
    poor = sorted({one.model for one in foreseen if not one.beats_baseline})
    remarks = [Line(f"{name} was no better than a simple guess on sessions it had not seen.", "warn") for name in poor]
    if any(one.learned_from for one in foreseen):
        remarks.append(Line("The model has learned from this session: that it fits proves nothing.", "dim"))
    return remarks


def _interval(one: Foreseen) -> str:
    if one.low is None or one.high is None:
        return UNKNOWN
    ends = f"{_show(one, one.low)} to {_show(one, one.high)}"
    return ends if one.unit == "USD" else f"of such, {ends}"


def _show(one: Foreseen, value: float | None) -> str:
    if value is None:
        return UNKNOWN
    return usd(value) if one.unit == "USD" else f"{100 * value:.0f} %"


def describe_start(told: StartForecast) -> Document:
    """A session that has not begun."""
    what = told.task_type or "any work"
    blocks: list[Block] = [Heading(f"Before the start: {what}", f"{told.agent_type} ({told.agent or 'every agent'})")]
    if told.told_by in _UNTOLD:
        blocks.append(Line(_UNTOLD[told.told_by].format(task=told.task_type), "warn"))
    blocks += [Line(f"Worse than usual: {sentence}.", "warn") for sentence in told.worse]
    return Document([*blocks, *_describe_usual(told.usual, 0), Line(_BAND, "dim")])


def _describe_usual(usual: Usual, most: int) -> list[Block]:
    """What sessions of the kind came to; ``most`` figures, 0: all."""
    of = ", ".join(part for part in (usual.of.task_type, usual.of.agent_type, usual.of.agent) if part) or "all"
    columns = [
        Column("usually", "left"),
        Column("sessions"),
        Column("10 %"),
        Column("median", style="strong"),
        Column("90 %"),
    ]
    rows = []
    for one in usual.figures[: most or None]:
        show = show_figure(one)
        rows.append([one.title, count(one.n), show(one.p10), show(one.median), show(one.p90)])
    wider = f"Fewer than {LEAST} sessions are of just this kind: a wider one is told of."
    heading = Heading(f"Earlier sessions: {of}", counted(usual.sessions, "session"))
    return [heading, *([Line(wider, "dim")] if usual.of != usual.asked else []), Table(columns, rows)]
