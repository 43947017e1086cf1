"""``tacho trials``."""

from __future__ import annotations

import click

from tachograph.analysis.kpis import Kpi, load_kpis
from tachograph.app.learn.figures import show_effect, show_value
from tachograph.app.trials import TrialList, TrialRow, list_trials, show_trial
from tachograph.app.workspace import Workspace
from tachograph.cli._loop import loop_connection
from tachograph.cli._options import json_option, update_option
from tachograph.cli._output import print_document, print_json
from tachograph.learning.trials import Effect
from tachograph.report.document import Block, Column, Document, Facts, Heading, Line, Table
from tachograph.report.units import UNKNOWN, count

_LEGEND = (
    "difference: with the text less without it, each session held against its baseline from before the trial; in"
    " brackets where it lies, however often one looks (95 %). evidence: 20 proves it."
)
_ONE_LEGEND = _LEGEND.replace(
    "evidence: 20 proves it.",
    "better, worse: evidence for it; 20 proves the target, 20 on average over all of worse is harm.",
)


@click.group()
def command() -> None:
    """See whether suggestions help: sessions with their text against a control group."""


@command.command("list")
@update_option
@json_option
def list_command(no_ingest: bool, as_json: bool) -> None:
    """List all trials, the latest first."""
    with loop_connection(Workspace(), no_ingest) as connection:
        found = list_trials(connection)
    print_json("trials", found) if as_json else print_document(_describe(found))


@command.command("show")
@click.argument("trial", metavar="TRIAL")
@update_option
@json_option
def show_command(trial: str, no_ingest: bool, as_json: bool) -> None:
    """Show one trial whole. TRIAL is its id, or a suggestion's name: then its last trial is meant."""
    with loop_connection(Workspace(), no_ingest) as connection:
        found = show_trial(connection, trial)
    print_json("trial", found) if as_json else print_document(_describe_one(found))


def _describe(found: TrialList) -> Document:
    if not found.trials:
        return Document([Line("There was no trial yet."), Line("tacho suggest list shows what could be tried.", "dim")])
    columns = [
        Column("suggestion", "left", style="strong"),
        Column("agent type", "left", flexible=True, least=8),
        Column("state", "left"),
        Column("with"),
        Column("without"),
        Column("difference", "left"),
        Column("evidence"),
        Column("began", "left", rank=1),
        Column("target KPI", "left", rank=2),
    ]
    return Document([Heading("Trials"), Table(columns, [_row(one) for one in found.trials]), Line(_LEGEND, "dim")])


def _row(one: TrialRow) -> list[str]:
    return [
        one.suggestion, one.agent_type, one.state.replace("_", " "), count(one.effect.n_treatment),
        count(one.effect.n_control), show_effect(load_kpis().get(one.kpi), one.effect), f"{one.effect.e_value:.3g}",
        f"{one.started_at:%Y-%m-%d}", one.kpi,
    ]  # fmt: skip


def _describe_one(one: TrialRow) -> Document:
    facts = [
        ("trial", one.id),
        ("state", f"{one.state.replace('_', ' ')}: {one.reason}"),
        ("policy", one.policy),
        ("began", f"{one.started_at:%Y-%m-%d %H:%M} UTC"),
        ("assigned", f"{count(one.assigned_treatment)} with the text, {count(one.assigned_control)} without"),
    ]
    if one.review_due_at is not None:
        facts.append(("review", f"due {one.review_due_at:%Y-%m-%d}"))
    effects = [(f"{one.kpi} (target)", one.kpi, one.effect), *((name, name, e) for name, e in one.guards.items())]
    columns = [
        Column("KPI", "left"), Column("with"), Column("mean"), Column("without"), Column("mean"),
        Column("difference", "left", style="strong"), Column("better"), Column("worse"),
    ]  # fmt: skip
    rows = [_effect_row(title, load_kpis().get(kpi), effect) for title, kpi, effect in effects]
    blocks: list[Block] = [Facts(facts), Table(columns, rows)]
    if one.where:
        shown = [
            [where.kind.replace("_", " "), where.stratum, "proven" if where.is_proven else "",
             count(where.effect.n_treatment), count(where.effect.n_control),
             show_effect(load_kpis().get(one.kpi), where.effect)]
            for where in one.where
        ]  # fmt: skip
        places = [
            Column("by", "left"), Column("", "left", flexible=True, keep_end=True), Column("", "left", style="good"),
            Column("with"), Column("without"), Column("difference", "left"),
        ]  # fmt: skip
        blocks += [Heading("Where", "a part of the sessions each"), Table(places, shown)]
    return Document([*blocks, Line(_ONE_LEGEND, "dim")])


def _effect_row(title: str, kpi: Kpi | None, effect: Effect) -> list[str]:
    means = [_mean(kpi, effect.mean_treatment), _mean(kpi, effect.mean_control)]
    return [
        title, count(effect.n_treatment), means[0], count(effect.n_control), means[1], show_effect(kpi, effect),
        f"{effect.e_value:.3g}", f"{effect.harm_e_value:.3g}",
    ]  # fmt: skip


def _mean(kpi: Kpi | None, value: float | None) -> str:
    return UNKNOWN if kpi is None else show_value(kpi, value)
