"""Suggestions in the shapes of the self-optimising plan: those for a session, and those in force."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from tachograph.app.learn.plan_shapes import moment, plan_id
from tachograph.learning.records import Point
from tachograph.learning.suggestions import Offer, Priority, Suggestion
from tachograph.learning.trials import Outcome, TrialState

SESSIONS_TARGET = 3


class Tracking(msgspec.Struct, frozen=True):
    """How a suggestion for a session fares."""

    activated_at: str | None
    sessions_tracked: int
    sessions_target: int
    impact_measured: str | None


class PlannedSuggestion(msgspec.Struct, frozen=True, kw_only=True):
    """One suggestion of ``optimizations/{session-id}.json``."""

    id: str
    priority: Priority
    category: str
    title: str
    description: str
    impact: str
    evidence: str
    implementation: str
    activation_status: str
    tracking: Tracking


class SessionSuggestions(msgspec.Struct, frozen=True):
    """``optimizations/{session-id}.json``."""

    session_id: str
    agent_type: str
    date: str
    suggestions: tuple[PlannedSuggestion, ...]


def session_suggestions(point: Point, suggestions: Iterable[PlannedSuggestion]) -> SessionSuggestions:
    """The suggestions for one session."""
    return SessionSuggestions(
        plan_id(point.session), point.group.agent_type, moment(point.ended_at), tuple(suggestions)
    )


def plan_suggestion(
    offer: Offer, suggestion: Suggestion, guidance: str, activated_at: int | None, state: TrialState | None
) -> PlannedSuggestion:
    """An offer to a session; ``guidance`` is the rendered text, the rest what is known of its trial."""
    effect = None if state is None else state.target.difference
    return PlannedSuggestion(
        id=suggestion.id,
        priority=offer.priority,
        category=suggestion.category,
        title=suggestion.title,
        description=guidance,
        impact=suggestion.impact,
        evidence="; ".join(offer.evidence),
        implementation=suggestion.implementation,
        activation_status="inactive" if activated_at is None else state.state if state is not None else "active",
        tracking=Tracking(
            None if activated_at is None else moment(activated_at),
            0 if state is None else state.target.n_treatment,
            SESSIONS_TARGET,
            None if effect is None else f"{effect:+.4g} {suggestion.kpi}",
        ),
    )


class ExpectedImpact(msgspec.Struct, frozen=True):
    """What a suggestion is to change."""

    kpi: str
    direction: Literal["increase", "decrease"]
    magnitude: str


class ImpactResult(msgspec.Struct, frozen=True):
    """What it may have changed in one session."""

    session: str
    kpi_before: float
    """Mean of the baseline before the trial."""
    kpi_after: float
    delta: str
    """Such as ``+21.0%``."""


class ActiveTracking(msgspec.Struct, frozen=True, omit_defaults=True):
    """How an active suggestion fares; what is not decided yet is left out."""

    sessions_applied: tuple[str, ...]
    session_count: int
    impact_results: tuple[ImpactResult, ...]
    promotion_eligible: bool
    effectiveness: Literal["PROVEN", "INEFFECTIVE"] | UnsetType = UNSET
    avg_improvement: str | UnsetType = UNSET


class ActiveSuggestion(msgspec.Struct, frozen=True, kw_only=True):
    """One suggestion of ``optimizations/active.json``."""

    id: str
    source_session: str
    """A session that speaks for it; ``""`` where none is known."""
    agent_type: str
    activated_at: str
    title: str
    implementation_guidance: str
    expected_impact: ExpectedImpact
    tracking: ActiveTracking


def active_suggestion(
    suggestion: Suggestion,
    agent_type: str,
    guidance: str,
    activated_at: int,
    state: TrialState | None,
    outcomes: Sequence[Outcome] = (),
    source_session: str = "",
) -> ActiveSuggestion:
    """A suggestion in force; ``guidance`` is the rendered text, ``outcomes`` are those of its target KPI."""
    treated = [one for one in outcomes if one.treated]
    results: list[ImpactResult] = []
    changes: list[float] = []
    for one in treated:
        if one.expected:  # without one, or from 0 on, there is no change in per cent
            changes.append((one.value - one.expected) / abs(one.expected) * 100)
            results.append(ImpactResult(plan_id(one.session), one.expected, one.value, f"{changes[-1]:+.1f}%"))
    verdict = None if state is None else state.state
    return ActiveSuggestion(
        id=suggestion.id,
        source_session=plan_id(source_session),
        agent_type=agent_type,
        activated_at=moment(activated_at),
        title=suggestion.title,
        implementation_guidance=guidance,
        expected_impact=ExpectedImpact(suggestion.kpi, suggestion.direction, suggestion.impact),
        tracking=ActiveTracking(
            tuple(plan_id(one.session) for one in treated),
            len(treated),
            tuple(results),
            verdict == "proven",
            "PROVEN" if verdict == "proven" else "INEFFECTIVE" if verdict in ("harmful", "no_effect") else UNSET,
            f"{fmean(changes):+.1f}%" if changes else UNSET,
        ),
    )


class ActiveFile(msgspec.Struct, frozen=True):
    """``optimizations/active.json``."""

    version: str
    last_updated: str
    suggestions: tuple[ActiveSuggestion | dict[str, Any], ...]
    """Ours, then those of others as they wrote them."""
