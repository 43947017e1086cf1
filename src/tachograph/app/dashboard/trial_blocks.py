"""How suggestions' trials are shown: all in a table, and one whole."""

from __future__ import annotations

import shlex

from tachograph.analysis.kpis import load_kpis
from tachograph.app.dashboard.links import link
from tachograph.app.dashboard.loop_report import LoopData
from tachograph.app.learn.figures import show_effect, show_value
from tachograph.app.trials import TrialRow
from tachograph.learning.trials import Effect
from tachograph.report.view import Block, Cell, Code, Column, Facts, Grid, Kind, Note, Section, Tone

TONES: dict[str, Tone] = {
    "active": "", "proven": "good", "promoted": "good", "harmful": "bad", "no_effect": "dim", "retired": "dim",
    "critical": "bad", "warning": "warn",
}  # fmt: skip
"""Of states, and of what alerts are called."""
LEGEND = (
    "Difference: with the text less without it, each session held against its baseline from before the trial; in"
    " brackets where it lies, however often one looks (95 %). Evidence of 20 that the target is better proves it; of 20"
    " that it is worse, on average over target and guards, is harm."
)


def kpi_title(kpi: str) -> str:
    """A KPI in words; its name when it is no longer known."""
    kpis = load_kpis()
    return kpis[kpi].title if kpi in kpis else kpi


def state_cell(state: str) -> Cell:
    """A state as a label."""
    return Cell(state.replace("_", " "), tone=TONES.get(state, ""), tag=True)


def show_trials(data: LoopData) -> Grid:
    """All trials, one row each."""
    columns = [
        Column("suggestion", "Suggestion", wide=True), Column("agent_type", "Agent type"), Column("state", "State"),
        Column("n_treatment", "With", "count", "Sessions that were given the text"),
        Column("mean_treatment", "Mean with"),
        Column("n_control", "Without", "count", "Sessions of the control group"),
        Column("mean_control", "Mean without"),
        Column("difference", "Difference", "text", "With its interval"),
        Column("e_value", "Evidence", "number", "That the target is better; 20 proves it"),
        Column("harm_e_value", "Of harm", "number", low=True), Column("kpi", "Target", low=True),
        Column("started_at", "Began", "moment", low=True),
    ]  # fmt: skip
    rows = [
        [
            Cell(one.suggestion, href=link("suggestions", anchor="trial", trial=one.id), note=one.reason),
            Cell(one.agent_type), state_cell(one.state), *_effect_cells(one.kpi, one.effect),
            Cell(kpi_title(one.kpi)), Cell(one.started_at),
        ]
        for one in data.trials
    ]  # fmt: skip
    empty = "There was no trial yet."
    return Grid("trials", "Trials", columns, rows, LEGEND, empty=empty, how="trials")


def _effect_cells(kpi: str, effect: Effect) -> list[Cell]:
    known = load_kpis().get(kpi)
    means = [None if known is None or mean is None else show_value(known, mean)
             for mean in (effect.mean_treatment, effect.mean_control)]  # fmt: skip
    told = None if known is None or effect.difference is None else show_effect(known, effect)
    return [
        Cell(effect.n_treatment), Cell(means[0]), Cell(effect.n_control), Cell(means[1]), Cell(told),
        Cell(round(effect.e_value, 2)), Cell(round(effect.harm_e_value, 2)),
    ]  # fmt: skip


def show_trial(one: TrialRow) -> Section:
    """One trial with all that is known of it."""
    blocks: list[Block] = [_trial_facts(one), *_trial_effects(one)]
    if one.closed_by is None:
        words = f"tacho suggest disable {shlex.quote(one.suggestion)} --agent-type {shlex.quote(one.agent_type)}"
        blocks.append(Code(words, "Take it out of the next sessions"))
    blocks.append(Note("", href=link("suggestions", anchor="trials"), link="All trials"))
    return Section(f"Trial of {one.suggestion}", blocks, "trial", how="trials")


def _trial_facts(one: TrialRow) -> Facts:
    facts: list[tuple[str, Cell, Kind]] = [
        ("trial", Cell(one.id), "text"),
        ("state", state_cell(one.state), "text"),
        ("why", Cell(one.reason), "text"),
        ("policy", Cell(one.policy), "text"),
        ("began", Cell(one.started_at), "moment"),
        ("given the text", Cell(one.assigned_treatment), "count"),
        ("left without", Cell(one.assigned_control), "count"),
    ]
    facts += [("decided", Cell(one.decided_at), "moment")] if one.decided_at else []
    facts += [("ended by", Cell(one.closed_by), "text")] if one.closed_by else []
    facts += [("review due", Cell(one.review_due_at), "moment")] if one.review_due_at else []
    return Facts(facts)


def _trial_effects(one: TrialRow) -> list[Block]:
    columns = [
        Column("kpi", "KPI", wide=True), Column("n_treatment", "With", "count"), Column("mean_treatment", "Mean with"),
        Column("n_control", "Without", "count"), Column("mean_control", "Mean without"),
        Column("difference", "Difference"), Column("e_value", "Better", "number"),
        Column("harm_e_value", "Worse", "number"),
    ]  # fmt: skip
    rows = [[Cell(f"{kpi_title(one.kpi)} (target)"), *_effect_cells(one.kpi, one.effect)]]
    rows += [[Cell(kpi_title(name)), *_effect_cells(name, effect)] for name, effect in one.guards.items()]
    blocks: list[Block] = [Grid("trial-effects", "Effect by KPI", columns, rows, LEGEND, how="trials")]
    if one.where:
        places = [Column("by", "By"), Column("stratum", "Of", wide=True), Column("proven", "Proven"), *columns[1:]]
        parts = [
            [Cell(where.kind.replace("_", " ")), Cell(where.stratum), Cell("proven" if where.is_proven else "",
             tone="good" if where.is_proven else ""), *_effect_cells(one.kpi, where.effect)]
            for where in one.where
        ]  # fmt: skip
        blocks.append(Grid("trial-where", "Where", places, parts, "A part of the sessions each.", how="trials"))
    return blocks
