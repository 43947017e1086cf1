"""What an overview says of goals."""

from __future__ import annotations

from collections.abc import Sequence

from tachograph.app.goals.figure_records import Achieved, GoalFigures, ModelGoals, ReasonCount
from tachograph.report.document import Block, Facts, Heading, Line
from tachograph.report.units import counted, percent, usd

_MODELS = 3
"""Models named."""
_REASONS = 4
"""Reasons named."""


def glance(goals: GoalFigures | None) -> list[Block]:
    """A heading and a few lines; nothing where there are no goals."""
    if goals is None or not (goals.achieved.closed or goals.open):
        return []
    source = "" if goals.ledgers == 1 else f"of {counted(goals.ledgers, 'ledger')}"
    return [Heading("Goals", source), Facts([(name, text) for name, text in _facts(goals) if text])]


def goal_caveats(goals: GoalFigures | None) -> list[Line]:
    """Ledgers that cannot be read, or not wholly."""
    if goals is None:
        return []
    lines = [Line(text, "warn") for text in goals.unreadable]
    if goals.lost_lines:
        lines.append(
            Line(f"{counted(goals.lost_lines, 'line')} of goals' ledgers without effect: tacho goal fsck", "dim")
        )
    return lines


def _facts(goals: GoalFigures) -> list[tuple[str, str]]:
    whole = goals.achieved
    if not whole.closed:
        return [("closed", f"none, {goals.open:,} open")]
    per_goal = f"{whole.attempts_per_goal:.2f} per goal" if whole.attempts_per_goal is not None else ""
    reached = f"{whole.closed:,}, {whole.succeeded:,} succeeded ({percent(whole.succeeded, whole.closed)})"
    return [
        ("closed", reached + (f", {goals.open:,} open" if goals.open else "")),
        ("attempts", per_goal),
        ("cost", tell_cost(whole)),
        ("history", f"{goals.matched:,} of {whole.closed:,} matched, whole cost known of {whole.cost_known:,}"),
        ("by model", _models(goals.models)),
        ("failed attempts", _reasons(goals.attempt_failures)),
        ("failed goals", _reasons(goals.goal_failures)),
    ]


def tell_cost(whole: Achieved) -> str:
    """Cost per success and what it is known from."""
    if whole.usd is None:
        return "not wholly known of any: tacho goal coverage"
    n = f"n = {counted(whole.cost_known, 'goal')} whose whole cost is known, {whole.cost_known_succeeded:,} succeeded"
    if whole.usd_per_success is None:
        return f"{usd(whole.usd)} and no success ({n})"
    return f"{usd(whole.usd_per_success)} per success ({n})"


def _models(models: Sequence[ModelGoals]) -> str:
    told = [
        f"{one.model} {one.achieved.succeeded:,} of {one.achieved.closed:,}"
        + (f" at {usd(one.achieved.usd_per_success)}" if one.achieved.usd_per_success is not None else "")
        for one in models[:_MODELS]
    ]  # fmt: skip
    more = [f"{len(models) - _MODELS} more"] if len(models) > _MODELS else []
    return ", ".join([*told, *more])


def _reasons(reasons: Sequence[ReasonCount]) -> str:
    told = [f"{one.reason.replace('_', ' ')} {one.count:,}" for one in reasons[:_REASONS]]
    more = [f"{len(reasons) - _REASONS} more"] if len(reasons) > _REASONS else []
    return ", ".join([*told, *more])
