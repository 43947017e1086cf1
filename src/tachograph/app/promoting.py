"""Making a suggestion permanent: its text in the agent's own file, and out of it again."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec

from tachograph.app.learn.activation import state_of
from tachograph.app.learn.agent_types import MAIN
from tachograph.app.learn.decisions import Activation, decide, find_activations, load_decisions
from tachograph.app.learn.trials import load_trials
from tachograph.app.promotion import PromotionPlan, apply_promotion, find_places, plan_demotion, plan_promotion
from tachograph.app.workspace import Workspace
from tachograph.errors import NotFound, UsageError
from tachograph.hooks.run import AGENTS
from tachograph.learning.suggestions import load_catalogue, render
from tachograph.report.sanitise import harmless
from tachograph.warehouse.store import open_reader, open_writer, transaction

BACKUPS = "backups"


class Promotion(msgspec.Struct, frozen=True):
    """A change of an agent's file, planned or made."""

    suggestion: str
    agent_type: str
    state: str
    """Of its trial: proven, active …"""
    sessions: int
    """That its trial has judged, with and without it."""
    path: str
    diff: str
    """Unified; empty: the file says so already."""
    applied: bool
    backup: str | None
    """Where the file is as it was before; null when nothing was there, or nothing was written."""


def promote_suggestion(
    workspace: Workspace,
    id: str,
    agent_type: str | None,
    *,
    agent: str | None,
    project: Path | None,
    apply: bool,
    remove: bool,
    by: Literal["user", "auto"],
) -> Promotion:
    """Write a suggestion's text into the agent's file, or with ``remove`` take it out; only shown without ``apply``.

    Without an ``agent``, the one whose sessions took part in the trial; Claude Code where they were those of all.

    Raises NotFound and UsageError where it was never put to the test, or there is no such file.
    """
    if id not in load_catalogue():
        raise NotFound(
            f"There is no suggestion {harmless(id)!r}.", slug="no_suggestion",
            hint=f"There are {', '.join(load_catalogue())}.",
        )  # fmt: skip
    with closing(open_reader(workspace.folder)) as connection:
        one = _find(find_activations(load_decisions(connection)), id, agent_type)
        states = load_trials(connection)
    trial = states.get(one.trial)
    sessions = trial.target.n_treatment + trial.target.n_control if trial is not None else 0
    promotion = Promotion(id, one.agent_type, state_of(one, states), sessions, "", "", False, None)
    plan = _plan(workspace, one, agent or one.agent or AGENTS[0], project, remove=remove)
    if not apply:
        return msgspec.structs.replace(promotion, path=str(plan.path), diff=plan.diff)
    with open_writer(workspace.folder) as connection, transaction(connection):  # first: no file without a decision
        backup = apply_promotion(plan, workspace.folder / BACKUPS, datetime.now(UTC))
        done = msgspec.structs.replace(
            promotion, path=str(plan.path), diff=plan.diff, applied=True, backup=str(backup) if backup else None
        )
        where = f"In {plan.path.name}." if by == "auto" else ""
        if by == "auto" and _find(find_activations(load_decisions(connection)), id, one.agent_type).closed is not None:
            return done  # for another agent, or by another process meanwhile
        decide(connection, id, one.agent_type, "demote" if remove else "promote", by, where, None, one.numbers)
    return done


def _plan(workspace: Workspace, one: Activation, agent: str, project: Path | None, *, remove: bool) -> PromotionPlan:
    places = find_places(project)
    named = {name for name in workspace.settings.agent_types.values() if isinstance(name, str)}
    is_main = one.agent_type in {MAIN, *named}
    if remove:
        return plan_demotion(one.suggestion, agent, one.agent_type, places, is_main=is_main)
    text = render(load_catalogue()[one.suggestion], one.numbers)
    return plan_promotion(one.suggestion, text, agent, one.agent_type, places, is_main=is_main)


def _find(activations: list[Activation], id: str, agent_type: str | None) -> Activation:
    """The last time that the suggestion was put to the test for this agent type."""
    latest: dict[str, Activation] = {}
    for one in activations:
        if one.suggestion == id and agent_type in (None, one.agent_type):
            latest[one.agent_type] = one
    if not latest:
        raise UsageError(
            f"{id} was never put to the test{f' for {harmless(agent_type)}' if agent_type else ''}.",
            slug="never_tried", hint="tacho suggest activate ID does so.",
        )  # fmt: skip
    if len(latest) > 1:
        raise UsageError(
            f"{id} was put to the test for several agent types.", slug="several_types",
            hint=f"Name one with --agent-type: {', '.join(harmless(name) for name in latest)}.",
        )  # fmt: skip
    return next(iter(latest.values()))
