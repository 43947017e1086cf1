"""All goals of a ledger with their attempts, costs and figures, as a record and as Markdown."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import tzinfo
from pathlib import Path

import msgspec

from tachograph.app.filters import Filter
from tachograph.app.goals.figure_records import Achieved, GoalFigures, ReasonCount
from tachograph.app.goals.figures import sum_up
from tachograph.app.goals.gather import measure_ledger
from tachograph.app.goals.ledgers import KnownLedger
from tachograph.app.goals.records import AttemptRecord
from tachograph.app.goals.telling import GoalTold, tell_goal
from tachograph.app.reports.own_files import put_report
from tachograph.report.document import Block, Column, Document, Facts, Heading, Line, Table
from tachograph.report.markdown import to_markdown
from tachograph.report.units import UNKNOWN, count, counted, duration, minute, percent, usd

_MARK = "\n<!-- written by tacho goal report -->\n"
"""The last line of every report: what ends so may be written over."""


class GoalReport(msgspec.Struct, frozen=True):
    """Everything that a ledger and the history say of its goals; the same as long as both stay the same."""

    project: str
    ledger: str
    """Its path from the project's root, else its whole path."""
    figures: GoalFigures | None
    """Null: there are no goals."""
    goals: list[GoalTold]
    """By start."""


def report_goals(connection: sqlite3.Connection, ledger: KnownLedger) -> GoalReport:
    """The report on all goals of the ledger."""
    measured = measure_ledger(connection, ledger)
    place, state = ledger.place, ledger.state
    inside = place.path.is_relative_to(place.root)
    return GoalReport(
        place.project, (place.path.relative_to(place.root) if inside else place.path).as_posix(),
        sum_up([measured], Filter()),
        [tell_goal(state, goal, measured.usage.goals.get(goal.key)) for goal in state.goals],
    )  # fmt: skip


def report_markdown(report: GoalReport, zone: tzinfo) -> str:
    """The report as Markdown; times in ``zone``."""
    name = report.project.replace("\\", "/").rstrip("/").rpartition("/")[2] or report.project
    made = "Made by tacho goal report from the ledger and the history: make it anew instead of editing it."
    blocks: list[Block] = [Heading("Goals", name), Line(made), Line(f"Ledger: {report.ledger}")]
    if report.figures is None:
        return to_markdown(Document([*blocks, Line("No goals yet.")])) + _MARK
    figures = report.figures
    blocks += [
        Heading("Figures"), Facts(_figures(figures)), *_by_model(figures), *_reasons(figures), Heading("Goals"),
        _goals(report.goals, zone), Heading("Attempts"), _attempts(report.goals, zone), Heading("How to read it"),
        *[Line(text, indent=2) for text in _RULES],
    ]  # fmt: skip
    return to_markdown(Document(blocks)) + _MARK


def write_markdown(path: Path, text: str) -> None:
    """Put the report at ``path``, as ``put_report`` does."""
    put_report(path, text.encode("utf-8", "replace"), mark=_MARK.encode(), option="--out")


_RULES = (
    "A goal that takes up another one again is one with it in the figures, with the attempts and the cost of both.",
    "Cost is the list price of the responses made for a goal; ≥ means that some have no price, or may have been for"
    " another goal; – that the history knows of none.",
    "Cost per success is what the goals whose whole cost is known cost together, those that failed included, for each"
    " of them that succeeded.",
)


def _figures(told: GoalFigures) -> list[tuple[str, str]]:
    whole = told.achieved
    if not whole.closed:
        return [("closed", "none"), ("open", count(told.open))]
    return [
        ("closed", count(whole.closed)), ("open", count(told.open)),
        ("succeeded", f"{whole.succeeded:,} ({percent(whole.succeeded, whole.closed)})"),
        ("attempts", f"{whole.attempts:,}, {whole.attempts / whole.closed:.2f} per goal"),
        ("cost per success", _per_success(whole)),
        ("matched to the history", f"{told.matched:,} of {whole.closed:,}"),
        ("whole cost known", f"{whole.cost_known:,} of {whole.closed:,} ({percent(whole.cost_known, whole.closed)})"),
        *([("fit of product goals", _listed(told.result_fits))] if told.result_fits else []),
        *([("lines without effect", f"{told.lost_lines:,} (tacho goal fsck)")] if told.lost_lines else []),
    ]  # fmt: skip


def _per_success(whole: Achieved) -> str:
    if whole.usd_per_success is None:
        return UNKNOWN
    return f"{usd(whole.usd_per_success)} (from {counted(whole.cost_known, 'goal')} with known cost)"


def _by_model(told: GoalFigures) -> list[Block]:
    if not told.models:
        return []
    columns = [Column("model", "left"), Column("closed"), Column("succeeded"), Column("attempts per goal"),
               Column("cost per success"), Column("cost known")]  # fmt: skip
    rows = [
        [
            one.model, count(one.achieved.closed), percent(one.achieved.succeeded, one.achieved.closed),
            f"{one.achieved.attempts / one.achieved.closed:.2f}",
            UNKNOWN if one.achieved.usd_per_success is None else usd(one.achieved.usd_per_success),
            f"{one.achieved.cost_known:,} of {one.achieved.closed:,}",
        ]
        for one in told.models
    ]  # fmt: skip
    return [Heading("By model"), Table(columns, rows)]


def _reasons(told: GoalFigures) -> list[Block]:
    attempts, goals = _by_reason(told.attempt_failures), _by_reason(told.goal_failures)
    names = sorted({**attempts, **goals}, key=lambda name: (-attempts.get(name, 0), -goals.get(name, 0), name))
    if not names:
        return []
    columns = [Column("reason", "left"), Column("failed attempts"), Column("failed goals")]
    rows = [[name.replace("_", " "), count(attempts.get(name, 0)), count(goals.get(name, 0))] for name in names]
    return [Heading("Why it failed"), Table(columns, rows)]


def _by_reason(reasons: Sequence[ReasonCount]) -> dict[str, int]:
    return {one.reason: one.count for one in reasons}


def _listed(reasons: Sequence[ReasonCount]) -> str:
    return ", ".join(f"{one.reason.replace('_', ' ')} {one.count:,}" for one in reasons)


def _goals(goals: Sequence[GoalTold], zone: tzinfo) -> Table:
    columns = [
        Column("goal", "left"), Column("title", "left"), Column("type", "left"), Column("status", "left"),
        Column("fit or reason", "left"), Column("attempts"), Column("started", "left"), Column("finished", "left"),
        Column("cost"), Column("takes up", "left"),
    ]  # fmt: skip
    rows = [
        [
            told.goal.goal_id, told.goal.title, told.goal.goal_type, told.goal.status.replace("_", " "),
            (told.goal.failure_reason or told.goal.result_fit or UNKNOWN).replace("_", " "),
            count(told.goal.attempts), minute(told.goal.started_at, zone), minute(told.goal.finished_at, zone),
            _cost(told), told.goal.supersedes or "",
        ]
        for told in goals
    ]  # fmt: skip
    return Table(columns, rows)


def _cost(told: GoalTold) -> str:
    cost = told.cost
    if cost is None or not cost.totals.responses:
        return UNKNOWN
    return usd(cost.totals.usd, lower_bound=bool(cost.totals.unpriced_responses or cost.unclear_responses))


def _attempts(goals: Sequence[GoalTold], zone: tzinfo) -> Table:
    columns = [
        Column("attempt", "left"), Column("status", "left"), Column("reason", "left"), Column("started", "left"),
        Column("took"), Column("agent", "left"), Column("model", "left"), Column("notes", "left"),
    ]  # fmt: skip
    return Table(columns, [_attempt(one, zone) for told in goals for one in told.attempts])


def _attempt(one: AttemptRecord, zone: tzinfo) -> list[str]:
    took = duration(round((one.finished_at - one.started_at).total_seconds() * 1000)) if one.finished_at else UNKNOWN
    status = one.status.replace("_", " ") + (" (inferred)" if one.inferred else "")
    reason = (one.failure_reason or UNKNOWN).replace("_", " ")
    return [
        one.entry_id, status, reason, minute(one.started_at, zone), took, one.agent or UNKNOWN, one.model or UNKNOWN,
        one.notes,
    ]  # fmt: skip
