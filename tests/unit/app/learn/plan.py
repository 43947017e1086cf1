"""Judged sessions, baselines and the like, as the loop hands them to what writes files."""

from __future__ import annotations

from typing import Any

from tachograph.learning.alerts import Alert, Incident, IncidentRow
from tachograph.learning.baselines import Baseline
from tachograph.learning.records import Group, Point
from tachograph.learning.review import Judged
from tachograph.learning.suggestions import Offer, Suggestion, load_catalogue
from tachograph.learning.trials import Effect, Outcome, TrialState

END = 1_780_002_000_000
"""2026-05-28T21:00:00Z."""
MAIN = Group("main", "claude_code", "claude-house")
BATCH: Suggestion = load_catalogue()["batch_tasks"]


def baseline(kpi: str = "token_efficiency", **fields: Any) -> Baseline:
    given: dict[str, Any] = {
        "n": 8, "mean": 0.05, "sd": 0.01, "p50": 0.04, "p95": 0.07, "p99": 0.08, "status": "converged",
        "is_spread_wide": False, "is_stale": False, "updated_at": END, **fields,
    }  # fmt: skip
    return Baseline(kpi=kpi, **given)


def alert(severity: Any = "critical", **fields: Any) -> Alert:
    given: dict[str, Any] = {
        "id": "a1", "session": "claude_code:s1", "group": MAIN, "kpi": "token_efficiency", "rule": "far_below",
        "priority": 1, "at": END, "value": 0.001, "mean": 0.05, "sd": 0.01, "deviations": 4.9, "consecutive": 1,
        "action": "Look at it.", **fields,
    }  # fmt: skip
    return Alert(severity=severity, **given)


def judged(
    session: str = "claude_code:s1", *alerts: Alert, values: dict[str, float] | None = None,
    before: dict[str, Baseline] | None = None, **fields: Any,
) -> Judged:  # fmt: skip
    given: dict[str, Any] = {
        "group": MAIN, "kind": "main", "started_at": END - 90_500, "ended_at": END,
        "values": {"token_efficiency": 0.001} if values is None else values, **fields,
    }  # fmt: skip
    before = {"token_efficiency": baseline()} if before is None else before
    return Judged(Point(session, **given), before, {}, alerts, (), {})


def incident(id: str = "i1", **fields: Any) -> Incident:
    rows = tuple(IncidentRow(f"claude_code:s{n}", END - n * 3_600_000, 0.01, 0.05, 4.0) for n in (3, 2, 1))
    given: dict[str, Any] = {
        "group": MAIN, "kpi": "token_efficiency", "at": END, "sessions": rows,
        "causes": ("All three are of the project site.",), "actions": ("Split the work.",), **fields,
    }  # fmt: skip
    return Incident(id=id, **given)


def offer(**fields: Any) -> Offer:
    given: dict[str, Any] = {
        "suggestion": BATCH.id, "agent_type": "main", "numbers": {"sessions": 5.0, "value": 1.7, "bound": 1.0},
        "evidence": ("26 of 41 calls", "session s1"), "usd_per_week": None, "basis": "", "priority": "HIGH", **fields,
    }  # fmt: skip
    return Offer(**given)


def trial_state(state: Any = "active", **fields: Any) -> TrialState:
    given: dict[str, Any] = {
        "trial": "t", "suggestion": BATCH.id, "agent_type": "main", "reason": "So far.",
        "target": Effect(n_treatment=4, n_control=3, difference=-0.25), "guards": {}, "where": (), **fields,
    }  # fmt: skip
    return TrialState(state=state, **given)


def outcome(session: str, value: float, expected: float | None = 2.0, treated: bool = True) -> Outcome:
    return Outcome(f"claude_code:{session}", treated, 0.5, END, value, expected)
