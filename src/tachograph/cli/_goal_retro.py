"""The timeline of retrospectives for a person."""

from __future__ import annotations

from datetime import tzinfo

from tachograph.app.goals.retro import RetroMetric, RetroTimeline, RetroWindow
from tachograph.report.document import Block, Column, Document, Heading, Line, Table
from tachograph.report.units import UNKNOWN, counted, day, percent, usd

_TITLES = {
    "success_rate": "success rate", "exact_fit_rate": "exact fit rate", "attempts_per_goal": "attempts per goal",
    "usd_per_success": "cost per success", "known_cost_coverage": "cost wholly known",
}  # fmt: skip


def describe_timeline(found: RetroTimeline, zone: tzinfo) -> Document:
    """Each retrospective with the goals around it."""
    over = f"{counted(found.product_goals, 'product goal')} over"
    blocks: list[Block] = [Heading("Retrospectives", f"{found.window} goals before and after each, {over}")]
    if not found.retros:
        blocks += [
            Line("No retrospective: no goal of type retro is over, and no commit added a file to docs/retros."),
            Line("tacho goal start --title … --type retro begins one.", "dim"),
        ]  # fmt: skip
    for one in found.retros:
        blocks += _window(one, zone)
    if found.problem:
        blocks.append(Line(found.problem, "warn"))
    if found.retros:
        blocks.append(
            Line(
                "Intervals: 95 %, from resamples of the goals. Goals differ for many reasons: a difference says that"
                " something changed around then, not that the retrospective did it.", "dim",
            )
        )  # fmt: skip
    return Document(blocks)


def _window(one: RetroWindow, zone: tzinfo) -> list[Block]:
    columns = [
        Column("", "left", flexible=True), Column("before"), Column("n"), Column("after"), Column("n"),
        Column("difference", style="strong"), Column("95 % interval", "left"),
    ]  # fmt: skip
    rows = [_row(metric) for metric in one.metrics]
    blocks: list[Block] = [Heading(one.name, day(one.at, zone))]
    if one.goal_id is not None and one.files:
        blocks.append(Line(f"with {', '.join(one.files)}", "dim"))
    blocks.append(Table(columns, rows))
    if one.straddling:
        blocks.append(Line(f"Left out: {counted(one.straddling, 'goal')} under way at that time.", "dim"))
    return [*blocks, Line(one.warning, "warn")] if one.warning else blocks


def _row(one: RetroMetric) -> list[str]:
    ends = "" if one.low is None or one.high is None else f"{_change(one, one.low)} to {_change(one, one.high)}"
    return [
        _TITLES[one.name], _value(one, one.before), f"{one.before_n:,}", _value(one, one.after), f"{one.after_n:,}",
        UNKNOWN if one.difference is None else _change(one, one.difference), ends or one.reason,
    ]  # fmt: skip


def _value(one: RetroMetric, value: float | None) -> str:
    if value is None:
        return UNKNOWN
    if one.name == "usd_per_success":
        return usd(value)
    return f"{value:.2f}" if one.name == "attempts_per_goal" else percent(value, 1)


def _change(one: RetroMetric, value: float) -> str:
    sign = "-" if value < 0 else "+"
    if one.name.endswith(("rate", "coverage")):
        return f"{sign}{100 * abs(value):.1f} points"
    return f"{sign}{_value(one, abs(value))}"
