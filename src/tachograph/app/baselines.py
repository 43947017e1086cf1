"""Baselines as they are now, and setting them back."""

from __future__ import annotations

import sqlite3

import msgspec

from tachograph.analysis.kpis import load_kpis
from tachograph.app.kpis import no_such_type
from tachograph.app.learn.decisions import now_ms
from tachograph.app.learn.fold import load_baselines
from tachograph.app.workspace import Workspace
from tachograph.errors import NotFound, UsageError
from tachograph.learning.baselines import Baseline, BaselineTable
from tachograph.learning.records import Group
from tachograph.warehouse.store import open_writer, transaction

POOLED = "*"


class GroupBaselines(msgspec.Struct, frozen=True):
    """All baselines of one group of sessions."""

    agent_type: str
    agent: str
    """``*``: of every agent."""
    model_family: str
    """``*``: of every model family."""
    sessions: int
    """Sessions that feed the KPI with most of them."""
    bootstrap: int
    """KPIs that have fewer sessions than a baseline needs."""
    converged: int
    """KPIs whose spread has settled."""
    stale: bool
    """Sessions came, but for a week none has fed one of the KPIs."""
    kpis: dict[str, Baseline]


class BaselineReport(msgspec.Struct, frozen=True):
    """The baselines of all groups, the largest first."""

    groups: list[GroupBaselines]


class ResetReport(msgspec.Struct, frozen=True):
    """What was set back."""

    agent_type: str
    agent: str | None
    model_family: str | None
    kpi: str | None
    groups: int
    """Groups of sessions whose baselines begin anew."""


def report_baselines(
    connection: sqlite3.Connection, agent_type: str | None = None, agent: str | None = None, *, pooled: bool = False
) -> BaselineReport:
    """The baselines of the groups that match; ``pooled``: also those over all model families and agents."""
    table = load_baselines(connection)
    found = [
        _describe(group, baselines)
        for group, baselines in table.items()
        if (agent_type is None or group.agent_type == agent_type)
        and (agent is None or group.agent == agent)
        and (pooled or POOLED not in (group.agent, group.family))
    ]
    if not found and (agent_type is not None or agent is not None):
        raise _nothing_matches(table, agent_type)
    return BaselineReport(sorted(found, key=lambda one: (-one.sessions, one.agent_type, one.agent, one.model_family)))


def reset_baselines(
    workspace: Workspace, agent_type: str, agent: str | None, family: str | None, kpi: str | None
) -> ResetReport:
    """Have these baselines begin anew: sessions that have ended by now no longer feed them.

    Raises NotFound when no session is of this agent type, agent and model family, and UsageError for a KPI that is
    none.
    """
    if kpi is not None and kpi not in load_kpis():
        raise UsageError(f"There is no KPI {kpi!r}.", slug="unknown_kpi", hint=f"There are {', '.join(load_kpis())}.")
    with open_writer(workspace.folder) as connection:
        table = load_baselines(connection)
        groups = _matching(table, agent_type, agent, family)
        if not groups:
            raise _nothing_matches(table, agent_type)
        with transaction(connection):
            connection.execute(
                "INSERT INTO baseline_resets (at, agent_type, agent, family, kpi) VALUES (?, ?, ?, ?, ?)",
                (now_ms(), agent_type, agent, family, kpi),
            )
    return ResetReport(agent_type, agent, family, kpi, len(groups))


def _matching(table: BaselineTable, agent_type: str, agent: str | None, family: str | None) -> list[Group]:
    return [
        group
        for group in table
        if group.agent_type == agent_type
        and agent in (None, group.agent)
        and family in (None, group.family)
        and POOLED not in (group.agent, group.family)
    ]


def _nothing_matches(table: BaselineTable, agent_type: str | None) -> NotFound:
    """What to say when no group is meant: an unknown agent type, or a known one without that agent or family."""
    types = sorted({group.agent_type for group in table})
    if agent_type is not None and agent_type not in types:
        return no_such_type(agent_type, types)
    return NotFound(
        "No baseline is of that agent and model family.", slug="no_such_group", hint="tacho baseline list shows them."
    )


def _describe(group: Group, baselines: dict[str, Baseline]) -> GroupBaselines:
    states = [one.status for one in baselines.values() if one.n]
    return GroupBaselines(
        agent_type=group.agent_type,
        agent=group.agent,
        model_family=group.family,
        sessions=max((one.n for one in baselines.values()), default=0),
        bootstrap=states.count("bootstrap"),
        converged=states.count("converged"),
        stale=any(one.is_stale for one in baselines.values()),
        kpis={name: one for name, one in baselines.items() if one.n or one.mean is not None},
    )
