"""The shapes of the self-optimising plan's files, so that tools that were built on it keep working.

What is not known is left out, never 0. Sessions are named as that plan names them: those of Claude Code by their native
id alone, all others by the whole id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import sinh
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from tachograph.analysis.kpis import Kpi
from tachograph.learning.alerts import Alert
from tachograph.learning.baselines import Baseline
from tachograph.learning.records import Group
from tachograph.learning.review import Judged
from tachograph.model import to_datetime

VERSION = "1.0.0"
BOOTSTRAP_SESSIONS = 5
_CLAUDE = "claude_code:"

AlertLevel = Literal["PASS", "WARNING", "CRITICAL"]


def plan_id(session: str) -> str:
    """How the plan names a session, see above."""
    native = session.removeprefix(_CLAUDE)
    return native if native != session and ":" not in native else session


def moment(at: int) -> str:
    """ISO-8601 in UTC, whole seconds: ``2026-02-14T12:00:00Z``."""
    return f"{to_datetime(at):%Y-%m-%dT%H:%M:%SZ}"


def alert_level(alerts: Iterable[Alert]) -> AlertLevel:
    """The gravest of a session's alerts in the plan's words."""
    found = {alert.severity for alert in alerts}
    return "CRITICAL" if "critical" in found else "WARNING" if "warning" in found else "PASS"


# ------------------------------------------------------------------------------------------------------ baselines


class KpiBaseline(msgspec.Struct, frozen=True, omit_defaults=True):
    """One KPI's baseline."""

    mean: float
    std_dev: float
    """In the KPI's unit, also of those that are measured on a logarithmic scale."""
    p50: float
    p95: float
    p99: float
    status: Literal["bootstrap", "converged"] | UnsetType = UNSET


class ModelBaselines(msgspec.Struct, frozen=True):
    """Baselines of one agent's models of one family."""

    session_count: int
    baselines: dict[str, KpiBaseline]


class BaselineFile(msgspec.Struct, frozen=True):
    """``baselines/{agent-type}.json``: at the top pooled over all models."""

    agent_type: str
    version: str
    last_updated: str
    session_count: int
    baselines: dict[str, KpiBaseline]
    bootstrap_threshold: int
    by_model: dict[str, ModelBaselines]
    """By agent and model family: ``claude_code/claude-opus``."""


def baseline_files(table: Mapping[Group, Mapping[str, Baseline]], known: Mapping[str, Kpi]) -> dict[str, BaselineFile]:
    """One for each agent type that has a baseline at all, by agent type; ``known`` are all KPIs by name."""
    found: dict[str, BaselineFile] = {}
    for agent_type in sorted({group.agent_type for group in table}):
        groups = {group: kpis for group, kpis in sorted(table.items()) if group.agent_type == agent_type}
        updated = [one.updated_at for kpis in groups.values() for one in kpis.values() if one.updated_at is not None]
        if not updated:
            continue
        top = groups.get(Group(agent_type, "*", "*"), {})
        found[agent_type] = BaselineFile(
            agent_type, VERSION, moment(max(updated)), _count(top), _baselines(top, known), BOOTSTRAP_SESSIONS,
            {
                f"{group.agent}/{group.family}": ModelBaselines(_count(kpis), _baselines(kpis, known))
                for group, kpis in groups.items() if group.family != "*"
            },
        )  # fmt: skip
    return found


def _count(kpis: Mapping[str, Baseline]) -> int:
    return max((one.n for one in kpis.values()), default=0)


def _baselines(kpis: Mapping[str, Baseline], known: Mapping[str, Kpi]) -> dict[str, KpiBaseline]:
    found: dict[str, KpiBaseline] = {}
    for name, one in sorted(kpis.items()):
        mean, sd, p50, p95, p99 = one.mean, one.sd, one.p50, one.p95, one.p99
        if mean is None or sd is None or p50 is None or p95 is None or p99 is None:
            continue  # readers of these files take all five for granted
        if name in known and known[name].scale == "log":
            sd = mean * sinh(sd)  # half of the usual range, from mean / exp(sd) to mean * exp(sd)
        found[name] = KpiBaseline(mean, sd, p50, p95, p99, UNSET if one.status == "settling" else one.status)
    return found


# -------------------------------------------------------------------------------------------------------- history


class HistoryLine(msgspec.Struct, frozen=True):
    """A line of ``history/kpis.jsonl``. Of several about one session the last one counts."""

    session_id: str
    date: str
    agent_type: str
    model: str
    """Model family."""
    duration_seconds: float
    kpis: dict[str, float]
    baselines: dict[str, float] = {}
    """Means that the session was held against."""
    optimizations_active: tuple[str, ...] = ()
    alert_level: AlertLevel = "PASS"


def history_line(judged: Judged, applied: Iterable[str] = ()) -> HistoryLine:
    """The line of a session that was given the texts of the suggestions ``applied``."""
    point = judged.point
    means = {name: one.mean for name, one in sorted(judged.before.items()) if one.mean is not None}
    return HistoryLine(
        plan_id(point.session), moment(point.ended_at), point.group.agent_type, point.group.family,
        (point.ended_at - point.started_at) / 1000, dict(sorted(point.values.items())), means,
        tuple(sorted(applied)), alert_level(judged.alerts),
    )  # fmt: skip
