"""Goals for a person."""

from __future__ import annotations

from datetime import datetime, tzinfo
from pathlib import Path

from tachograph.app.goals.fsck import FsckReport
from tachograph.app.goals.imports import ImportReport
from tachograph.app.goals.records import AttemptRecord, GoalRecord
from tachograph.app.goals.recovery import EnsuredGoal
from tachograph.app.goals.telling import GoalCost, GoalList, GoalTold
from tachograph.app.totals import Totals
from tachograph.model.goal import GoalStatus
from tachograph.report.document import Block, Column, Document, Facts, Heading, Line, Style, Table
from tachograph.report.units import UNKNOWN, count, counted, duration, minute, percent, tokens, usd

_STATUS: dict[GoalStatus, tuple[str, Style]] = {
    "in_progress": ("in progress", "accent"), "success": ("success", "good"), "fail": ("failed", "bad"),
}  # fmt: skip
_AMOUNT_CHARS = 40
_COST = (
    "API-equivalent list price of the responses made for the goal (docs/goals.md); ≥: some are without a price, or may"
    " have been another goal's"
)


def describe_change(
    told: GoalTold, zone: tzinfo, *, linked: str | None = None, sessions: bool = False, manual: bool = False
) -> Document:
    """What a goal is like after a change, in a line or two; ``linked``: the session in which it was made.

    ``sessions`` and ``manual``: with its sessions, and with what was typed in last.
    """
    goal = told.goal
    word, style = _STATUS[goal.status]
    last = told.attempts[-1]
    parts = [word, f"attempt {len(told.attempts)}", f"since {minute(last.started_at, zone)}"]
    if goal.status != "in_progress":
        parts = [word, counted(goal.attempts, "attempt"), _outcome(goal)]
    blocks: list[Block] = [
        Line(f"{goal.goal_id} · {goal.title}", "strong"),
        Line(" · ".join(filter(None, parts)), style),
    ]
    if linked:
        blocks.append(Line(f"linked with the session {linked}", "dim"))
    if sessions:
        blocks.append(Line(f"sessions: {', '.join(goal.sessions) or 'none'}", "dim"))
    if manual:
        added = goal.manual[-1]
        blocks.append(Line(f"typed in: {_manual(added.usd, added.tokens, added.note)}", "dim"))
    return Document(blocks)


def describe_ensured(ensured: EnsuredGoal, zone: tzinfo) -> Document:
    """Whether a goal is open, and which."""
    goals = [Line(f"{one.goal_id} · {one.title} · since {minute(one.started_at, zone)}") for one in ensured.goals]
    files = counted(ensured.changed_paths, "changed file")
    match ensured.state:
        case "active_goal_exists":
            return Document([Line(f"{counted(len(goals), 'goal')} in progress", "good"), *goals])
        case "started_work_without_active_goal":
            name = ensured.goals[0].goal_id
            told = f"Work has started ({files}) and no goal was open: this draft was made."
            mend = f'tacho goal update {name} --title "…" --type product says what it is.'
            return Document([Line(told, "warn"), *goals, Line(mend, "dim")])
        case "clean_no_active_goal":
            return Document([Line("No goal is open, and nothing has changed since the last commit.")])
    why = f"No goal is open. Whether work has started cannot be told: {ensured.why_uncertain}."
    return Document([Line(why, "warn"), Line('tacho goal start --title "…" --type product begins a goal.', "dim")])


def describe_goal(told: GoalTold, zone: tzinfo) -> Document:
    """One goal with its attempts and its cost."""
    goal, word = told.goal, _STATUS[told.goal.status][0]
    facts: list[tuple[str, str]] = [
        ("status", " · ".join(filter(None, (word, _outcome(goal))))),
        ("type", goal.goal_type),
        ("started", minute(goal.started_at, zone)),
        ("finished", minute(goal.finished_at, zone) if goal.finished_at else UNKNOWN),
        *_given(("supersedes", goal.supersedes), ("agent", goal.agent), ("model", goal.model)),
        *_cost_facts(told.cost),
        *[("typed in", _manual(one.usd, one.tokens, one.note)) for one in goal.manual],
        *_given(("sessions", ", ".join(goal.sessions)), ("notes", goal.notes)),
    ]
    columns = [
        Column("attempt", "left", style="strong"), Column("status", "left"), Column("started", "left"),
        Column("took"), Column("usd"), Column("failure", "left"),
        Column("agent", "left", rank=1), Column("notes", "left", flexible=True, rank=2),
    ]  # fmt: skip
    used = {one.number: one.totals for one in told.cost.attempts} if told.cost else {}
    rows = [_attempt_row(one, used.get(number), zone) for number, one in enumerate(told.attempts, 1)]
    return Document([Heading(goal.title, goal.goal_id), Facts(facts), Heading("Attempts"), Table(columns, rows)])


def _given(*facts: tuple[str, str | None]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in facts if value]


def describe_goals(found: GoalList, zone: tzinfo) -> Document:
    """Goals as a table, or how to begin."""
    if not found.goals:
        return Document([*_none_found(found), *_warned(found.problems)])
    columns = [
        Column("goal", "left", style="strong"), Column("status", "left"), Column("type", "left", rank=2),
        *[Column("goals")] * found.effective, Column("attempts"), Column("started", "left", rank=1),
        Column("usd", meaning=_COST), Column("title", "left", flexible=True),
    ]  # fmt: skip
    rows = [
        [
            row.goal.goal_id, _brief(row.goal), row.goal.goal_type, *[count(len(row.chain))] * found.effective,
            count(row.goal.attempts), minute(row.goal.started_at, zone), _usd(row.cost), row.goal.title,
        ]
        for row in found.goals
    ]  # fmt: skip
    shown = f"{len(rows):,} of {found.matching:,}" if len(rows) < found.matching else counted(found.matching, "goal")
    blocks: list[Block] = [Heading("Goals", shown), Table(columns, rows)]
    return Document([*blocks, *_warned(found.problems)])


def _none_found(found: GoalList) -> list[Block]:
    if found.known and not found.matching:
        return [Line(f"None of {counted(found.known, 'goal')} matches (tacho goal list shows all).")]
    hint = 'tacho goal start --title "…" --type product begins one; tacho goal infer proposes some from history.'
    return [Line(f"There are no goals yet: {_from_here(found.path)} holds none."), Line(hint, "dim")]


def describe_fsck(report: FsckReport) -> Document:
    """What is wrong with a ledger, and what was done about it."""
    summary = f"{counted(report.lines, 'line')} · {counted(report.events, 'event')} · {counted(report.goals, 'goal')}"
    blocks: list[Block] = [Heading(_from_here(report.path), summary)]
    for one in report.problems:
        blocks += [
            Line(f"line {one.line:,}: {one.text}", "" if one.harmless else "warn"),
            Line(f"{one.meaning} A repair {one.repair}.", "dim", indent=2),
        ]
    if not report.problems:
        blocks.append(Line("Nothing is wrong with it.", "good"))
    if report.repaired:
        done = [
            f"repaired: {counted(report.removed_markers, 'marker')} removed",
            f"{counted(report.removed_duplicates, 'double')} removed",
            f"{counted(report.restamped, 'edited line')} stamped anew",
            f"{counted(report.rejected, 'line')} moved aside",
        ]  # fmt: skip
        blocks += [Line(), Line(" · ".join(done), "good"), Line(f"as it was: {_from_here(report.backup_path)}", "dim")]
        blocks += [Line(f"moved aside: {_from_here(report.rejected_path)}", "dim")] * bool(report.rejected_path)
    elif any(one.repairable for one in report.problems):
        blocks += [Line(), Line("tacho goal fsck --repair puts it in order; a copy is kept.", "dim")]
    return Document(blocks)


def describe_import(report: ImportReport) -> Document:
    """What was taken over."""
    taken = f"{counted(report.added, 'event')} taken over, {report.known:,} known already"
    goals = f"{report.goals_before:,} → {counted(report.goals_after, 'goal')}"
    lost = [Line(f"line {one.line:,} of {report.source}: {one.text}", "warn") for one in report.problems]
    return Document([Line(f"{taken} · {goals}", "strong"), *lost])


def _from_here(path: str | None) -> str:
    """The path as one would name it from the folder one stands in."""
    here = Path.cwd()
    return str(Path(path or "").relative_to(here)) if Path(path or "").is_relative_to(here) else path or ""


def _warned(problems: int) -> list[Block]:
    if not problems:
        return []
    return [Line(f"{counted(problems, 'thing')} about the ledger to look at: tacho goal fsck", "warn")]


def _outcome(goal: GoalRecord) -> str:
    told = (goal.result_fit, goal.failure_reason)
    return " · ".join(one.replace("_", " ") for one in told if one)


def _brief(goal: GoalRecord) -> str:
    detail = goal.result_fit or goal.failure_reason
    word = _STATUS[goal.status][0]
    return f"{word}: {detail.replace('_', ' ')}" if detail else word


def _usd(cost: GoalCost | None) -> str:
    if cost is None:
        return UNKNOWN
    return usd(cost.totals.usd, lower_bound=_is_lower_bound(cost))


def _is_lower_bound(cost: GoalCost) -> bool:
    return cost.totals.unpriced_responses > 0 or cost.unclear_responses > 0


def _cost_facts(cost: GoalCost | None) -> list[tuple[str, str]]:
    if cost is None:
        return [("cost", f"{UNKNOWN} (no session falls to it: tacho goal coverage)")]
    totals = cost.totals
    used = f"{counted(totals.responses, 'response')} in {counted(totals.sessions, 'session')}"
    facts = [("cost", f"{_usd(cost)} · {tokens(totals.tokens)} tokens · {used}")]
    if cost.synced.responses:
        facts.append(("of which", f"{usd(cost.synced.usd)} that only the ledger knows (from tacho goal sync)"))
    if cost.coverage is not None and cost.coverage < 1:
        known = f"{percent(cost.coverage, 1)} of the responses that were, or may have been, made for it"
        facts.append(("coverage", f"{known} (tacho goal coverage)"))
    return facts


def _manual(amount: str | None, number: int | None, note: str) -> str:
    shown = (amount or "")[:_AMOUNT_CHARS]
    money = f"-${shown[1:]}" if shown.startswith("-") else f"${shown}"
    told = [money if amount else "", f"{number:,} tokens" if number is not None else "", note]
    return " · ".join(filter(None, told))


def _attempt_row(one: AttemptRecord, used: Totals | None, zone: tzinfo) -> list[str]:
    number = one.entry_id.rpartition("-")[2].lstrip("0")
    word = _STATUS[one.status][0] + (" (inferred)" if one.inferred else "")
    reason = (one.failure_reason or "").replace("_", " ")
    cost = usd(used.usd, lower_bound=used.unpriced_responses > 0) if used else UNKNOWN
    return [
        number, word, minute(one.started_at, zone), _took(one.started_at, one.finished_at), cost, reason,
        one.agent or UNKNOWN, one.notes,
    ]  # fmt: skip


def _took(start: datetime, end: datetime | None) -> str:
    return duration(round((end - start).total_seconds() * 1000)) if end else UNKNOWN
