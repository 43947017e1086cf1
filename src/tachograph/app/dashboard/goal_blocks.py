"""Goals as blocks of a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tachograph.app.goals.figure_records import Achieved, GoalFigures, ReasonCount
from tachograph.report.units import counted
from tachograph.report.view import Banner, Beside, Block, Card, Cards, Cell, Column, Grid, Section

_MOST = 20
"""Models that are listed."""


def show_goals(goals: GoalFigures | None, *, how: str, model: Callable[[str], str] = str) -> list[Block]:
    """A part of a page on what became of the goals; nothing where there are none.

    ``how`` is the anchor of the rule by which they are counted; ``model`` says what a model is called.
    """
    return [] if goals is None else [Section("Goals", list_figures(goals, model), id="goals", how=how)]


def list_figures(goals: GoalFigures, model: Callable[[str], str] = str) -> list[Block]:
    """The same without a heading."""
    blocks: list[Block] = []
    if goals.unreadable:
        blocks.append(Banner(f"{counted(len(goals.unreadable), 'ledger')} of goals cannot be read: tacho goal fsck."))
    if goals.achieved.closed or goals.open:
        blocks.append(Cards(_cards(goals)))
    if goals.achieved.closed:
        blocks.append(Beside([[_models(goals, model)], [_reasons(goals)]]))
    return blocks


def success_card(goals: GoalFigures) -> Card:
    """The share of closed goals that succeeded."""
    whole = goals.achieved
    return Card("Success rate", Cell(whole.success_rate, note=_reached(whole)), "percent")


def _cards(goals: GoalFigures) -> list[Card]:
    whole = goals.achieved
    known = f"n = {counted(whole.cost_known, 'goal')}"
    return [
        Card("Closed goals", Cell(whole.closed, note=f"{goals.open:,} open"), "count"),
        success_card(goals),
        Card("Attempts per goal", Cell(_rounded(whole.attempts_per_goal)), "number"),
        Card("Cost per success", _per_success(whole, known), "usd" if whole.usd_per_success is not None else "text"),
        Card("In the history", Cell(_share(goals.matched, whole.closed), note=_of(goals.matched, whole)), "percent"),
        Card("Cost wholly known", Cell(goals.known_cost_coverage, note=_of(whole.cost_known, whole)), "percent"),
    ]


def _models(goals: GoalFigures, model: Callable[[str], str]) -> Grid:
    columns = [
        Column("model", "Model", wide=True, hint="As noted; else that of most responses of the goal's sessions."),
        Column("closed", "Closed", "count"), Column("success_rate", "Succeeded", "percent"),
        Column("attempts", "Attempts", "number", "Per goal.", low=True),
        Column("usd", "Cost", "usd", "Per success, of goals whose whole cost is known."),
    ]  # fmt: skip
    rows = [
        [
            Cell(model(one.model)), Cell(one.achieved.closed), Cell(one.achieved.success_rate),
            Cell(_rounded(one.achieved.attempts_per_goal)),
            _per_success(one.achieved, f"n = {one.achieved.cost_known:,}"),
        ]
        for one in goals.models[:_MOST]
    ]  # fmt: skip
    return Grid("goal-models", "By model", columns, rows)


def _reasons(goals: GoalFigures) -> Grid:
    columns = [
        Column("reason", "Reason", wide=True), Column("attempts", "Attempts", "count", "That failed."),
        Column("goals", "Goals", "count", "That failed in the end."),
    ]  # fmt: skip
    attempts, failed = _by_reason(goals.attempt_failures), _by_reason(goals.goal_failures)
    names = sorted({**attempts, **failed}, key=lambda name: (-attempts.get(name, 0), -failed.get(name, 0), name))
    rows = [
        [Cell(name.replace("_", " ")), Cell(attempts.get(name, 0)), Cell(failed.get(name, 0))] for name in names
    ]  # fmt: skip
    about = "An attempt's reason stays when a later one succeeds."
    return Grid("goal-failures", "Why it failed", columns, rows, about, empty="No attempt failed.")


def _by_reason(reasons: Sequence[ReasonCount]) -> dict[str, int]:
    return {one.reason: one.count for one in reasons}


def _per_success(whole: Achieved, known: str) -> Cell:
    if whole.usd_per_success is not None:
        return Cell(whole.usd_per_success, note=known)
    return Cell("no success" if whole.cost_known else "not known", note=known, tone="dim")


def _reached(whole: Achieved) -> str:
    return f"{whole.succeeded:,} of {counted(whole.closed, 'goal')}"


def _of(part: int, whole: Achieved) -> str:
    return f"{part:,} of {counted(whole.closed, 'goal')}"


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
