"""Of the report on a week: trials, budgets, recommendations."""

from __future__ import annotations

from tachograph.analysis.kpis import load_kpis
from tachograph.app.budgets import show_budget
from tachograph.app.learn.figures import show_value
from tachograph.app.reports.weekly import WeeklyReport
from tachograph.app.suggestions import SuggestionRow
from tachograph.app.trials import TrialRow
from tachograph.learning.budgets import BudgetState
from tachograph.learning.trials import Effect
from tachograph.report.document import Block, Column, Heading, Line, Style, Table
from tachograph.report.units import UNKNOWN, count, usd

_LEVELS: dict[str, Style] = {"over": "bad", "near": "warn"}
_TRIAL_COLUMNS = [
    Column("suggestion", "left", style="accent"),
    Column("agent type", "left", flexible=True, least=8),
    Column("state", "left", style="strong"),
    Column("treated + control"),
    Column("target", "left", rank=1),
    Column("effect", "left"),
]


def trial_blocks(told: WeeklyReport) -> list[Block]:
    """What is being tried, and what it has done so far."""
    heading = Heading("Trials", "as they stand now")
    if not told.trials:
        return [heading, Line("No suggestion was under test.")]
    reasons = [Line(f"{one.suggestion}: {one.reason}", "dim", 2) for one in told.trials if one.reason]
    return [heading, Table(_TRIAL_COLUMNS, [_trial_row(one) for one in told.trials]), *reasons]


def _trial_row(one: TrialRow) -> list[str]:
    state = one.state.replace("_", " ") + (" (quick)" if one.policy == "quick" else "")
    kpi = load_kpis().get(one.kpi)
    return [
        one.suggestion, one.agent_type, state, f"{one.effect.n_treatment} + {one.effect.n_control}",
        kpi.title if kpi else one.kpi, _tell_effect(one.kpi, one.effect),
    ]  # fmt: skip


def _tell_effect(name: str, effect: Effect) -> str:
    """``-0.02 (-0.04 to -0.01)``: the difference and its interval, as far as there is one."""
    if effect.difference is None:
        return UNKNOWN
    bounds = f"{_signed(name, effect.low)} to {_signed(name, effect.high)}"
    return f"{_signed(name, effect.difference)} ({bounds})"


def _signed(name: str, value: float | None) -> str:
    if value is None:
        return "unbounded"
    kpi = load_kpis().get(name)
    size = show_value(kpi, abs(value)) if kpi else f"{abs(value):.3g}"
    return ("-" if value < 0 else "+") + size


def budget_blocks(told: WeeklyReport) -> list[Block]:
    """The user's budgets; nothing when there are none."""
    if not told.budgets:
        return []
    lines: list[Block] = []
    others = [one for one in told.budgets if one.budget.scope != "day"]
    lines += [
        Line(f"{show_budget(one) or 'not known: nothing is priced'}{_tell(one)}", _style(one), 2) for one in others
    ]
    limits = dict.fromkeys(one.budget for one in told.budgets if one.budget.scope == "day")
    for budget in limits:
        days = [one for one in told.budgets if one.budget == budget]
        over = sum(one.level == "over" for one in days)
        limit = usd(budget.usd) if budget.usd is not None else f"{count(budget.tokens)} tokens"
        used = [one.share for one in days if one.share is not None]
        most = f"; at most {100 * max(used):.0f} % of it" if used else ""
        lines.append(Line(f"{limit} a day: used up on {over} of {len(days)} days{most}", "bad" if over else "", 2))
    return [Heading("Budgets"), *lines]


def _tell(one: BudgetState) -> str:
    return f", {100 * one.share:.0f} %" if one.share is not None else ""


def _style(one: BudgetState) -> Style:
    return _LEVELS.get(one.level, "")


def recommendation_blocks(told: WeeklyReport) -> list[Block]:
    """What fits and is not under test yet."""
    heading = Heading("Recommendations", "by what they may save, from the last four weeks that had sessions")
    if not told.recommendations:
        return [heading, Line("None: no suggestion fits that is not under test already.")]
    lines = [Line(_tell_offer(one), "", 2) for one in told.recommendations]
    return [heading, *lines, Line("tacho suggest show ID tells more, tacho suggest activate ID tries one.", "dim")]


def _tell_offer(one: SuggestionRow) -> str:
    saving = one.basis or "no estimate" if one.usd_per_week is None else f"{usd(one.usd_per_week)} a week ({one.basis})"
    evidence = f" Evidence: {one.evidence[0]}." if one.evidence else ""
    return f"{one.priority}, {one.title} ({one.id}) for {one.agent_type}: {saving}.{evidence}"
