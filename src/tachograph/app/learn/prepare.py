"""Joining what the loop knows into the next sessions' briefing."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from tachograph.analysis.kpis import load_kpis
from tachograph.app.budgets import fullest, judge_user_budgets, show_budget, spend_today
from tachograph.app.filters import find_zone
from tachograph.app.learn.activation import state_of
from tachograph.app.learn.agent_types import AgentTypes
from tachograph.app.learn.briefing import (
    VERSION,
    Briefing,
    Gate,
    StatusLine,
    assignment_key,
    tell_types,
    write_briefing,
)
from tachograph.app.learn.decisions import Activation, load_acks, now_ms
from tachograph.app.learn.expectations import prepare_expectations
from tachograph.app.learn.fold import Folded, load_alerts
from tachograph.app.learn.weekly import weekly_remark
from tachograph.app.workspace import Workspace
from tachograph.learning.alerts import Alert
from tachograph.learning.budgets import BudgetState
from tachograph.learning.suggestions import Suggestion, render
from tachograph.learning.trials import TrialState

RECENT_MS = 7 * 24 * 3600 * 1000
"""Older alerts are history: nobody is told of them at the start of a session."""
_MOST_BUDGETS = 2
"""Of those that are used up most of all, in the one line that a person is told."""
PHRASE = "!go"
"""Lets one prompt through the gate."""


def prepare_briefing(
    connection: sqlite3.Connection,
    workspace: Workspace,
    folded: Folded,
    activations: Sequence[Activation],
    states: Mapping[str, TrialState],
    texts: Mapping[str, str],
    types: AgentTypes,
) -> None:
    """Write what the hooks tell from now on; they read it without looking into the warehouse.

    ``texts`` are those of :func:`active_texts`.
    """
    now, settings = now_ms(), workspace.settings
    acks = load_acks(connection)
    unseen = [one for one in load_alerts(connection, "at >= ?", (now - RECENT_MS,)) if one.id not in acks]
    budgets = judge_user_budgets(connection, workspace, now)
    used_up = sorted(budgets, key=lambda one: -(one.share or 0.0))
    said = [one.text for one in used_up if one.text][:_MOST_BUDGETS]
    remark = " ".join([*said, *([week] if (week := weekly_remark(connection, now)) else [])])
    briefing = Briefing(
        version=VERSION,
        made_at=now,
        key=assignment_key(workspace.folder),
        projects=types.places,
        types=tell_types(
            folded.baselines, _current(connection, unseen), activations, states, texts,
            {agent: remark for agent in {group.agent for group in folded.baselines} if remark},
            settings.learn_share,
        ),
        gate=_gate(unseen, now) if settings.hooks_gate else None,
        status=_status(connection, workspace, budgets, unseen, now),
    )  # fmt: skip
    write_briefing(workspace.folder, briefing)
    prepare_expectations(connection, workspace.folder, now, wanted=settings.hooks_predict)


def active_texts(
    activations: Sequence[Activation], states: Mapping[str, TrialState], catalogue: Mapping[str, Suggestion]
) -> dict[str, str]:
    """The text of every suggestion that is given to sessions now, by its trial.

    Its numbers are those of the day on which it was activated: a trial is of one text.
    """
    texts = {}
    for one in activations:
        suggestion = catalogue.get(one.suggestion)
        if suggestion is None or one.closed is not None or state_of(one, states) not in ("active", "proven"):
            continue
        with suppress(ValueError):  # a slot that this version has and that one had not: it cannot be told
            texts[one.trial] = render(suggestion, one.numbers)
    return texts


def _current(connection: sqlite3.Connection, unseen: Sequence[Alert]) -> list[Alert]:
    """What the next session is told of: critical alerts, and warnings of the last session of its kind alone."""
    latest = {
        session
        for session, _ in connection.execute(
            "SELECT session, max(ended_at) FROM points WHERE family <> '' GROUP BY agent, agent_type"
        )
    }
    return [one for one in unseen if one.severity == "critical" or one.session in latest]


def _gate(unseen: Sequence[Alert], now: int) -> Gate | None:
    """The latest critical alert, for a day."""
    critical = [one for one in unseen if one.severity == "critical"]
    if not critical:
        return None
    latest = critical[0]
    kpi = load_kpis().get(latest.kpi)
    what = latest.kpi if kpi is None else kpi.title
    reason = (
        f"Tachograph: a critical alert has not been seen: {what}. Look at it with `tacho alerts list` and run"
        f" `tacho alerts ack {latest.id}`, or begin your prompt with {PHRASE} to go on."
    )
    return Gate(latest.id, reason, PHRASE, now + 24 * 3600 * 1000)


def _status(
    connection: sqlite3.Connection,
    workspace: Workspace,
    budgets: Sequence[BudgetState],
    unseen: Sequence[Alert],
    now: int,
) -> StatusLine:
    zone, _ = find_zone(workspace.settings.display_timezone)
    moment = datetime.fromtimestamp(now / 1000, UTC).astimezone(zone)
    offset = moment.utcoffset() or timedelta()
    critical = sum(one.severity == "critical" for one in unseen)
    alert = f"{critical} critical alert{'s' * (critical != 1)}" if critical else ""
    most_used = fullest(budgets)
    return StatusLine(
        day=f"{moment:%Y-%m-%d}",
        zone_offset_s=int(offset.total_seconds()),
        usd_today=spend_today(connection, zone, now),
        budget=show_budget(most_used) if most_used is not None else "",
        alert=alert,
    )
