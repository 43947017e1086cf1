"""Trials: which sessions took part, and what came of them."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from tachograph.analysis.kpis import load_kpis
from tachograph.app.learn.assignments import load_assignments
from tachograph.app.learn.decisions import Activation
from tachograph.app.learn.fold import Folded, expected_of, keep_kind, load_kind
from tachograph.app.learn.points import load_points
from tachograph.learning.baselines import BaselineTable
from tachograph.learning.records import Assignment, Point
from tachograph.learning.suggestions import ComparisonCondition, Suggestion
from tachograph.learning.trials import REVIEW_AFTER, Outcome, Trial, TrialState, judge_trial
from tachograph.report.sanitise import harmless

GUARDS = ("cost_per_turn", "error_rate", "waste_share")
"""KPIs that a suggestion must not worsen, whatever its own target is."""


class TrialBook(msgspec.Struct, frozen=True):
    """All trials by id."""

    states: dict[str, TrialState]
    outcomes: dict[str, list[Outcome]]
    """Of the target KPI."""


def judge_trials(
    connection: sqlite3.Connection,
    activations: Sequence[Activation],
    folded: Folded,
    catalogue: Mapping[str, Suggestion],
    policy: Literal["trial", "quick"],
    now: int,
) -> TrialBook:
    """Every trial as it stands, kept for the reports; the caller's transaction commits them.

    Trials of suggestions that the catalogue no longer has are left as they were judged last.
    """
    kpis = load_kpis()
    by_trial: dict[str, list[Assignment]] = defaultdict(list)
    for one in load_assignments(connection):
        by_trial[one.trial].append(one)
    taking_part = {one.session for assigned in by_trial.values() for one in assigned}
    points = {point.session: point for point in load_points(connection, "session IN (SELECT session FROM assignments)")}
    assert points.keys() <= taking_part
    book = TrialBook(load_trials(connection), {})
    for activation in activations:
        suggestion = catalogue.get(activation.suggestion)
        if suggestion is None:
            continue
        table = folded.before_trials.get(activation.trial, folded.baselines)
        outcomes = {
            kpi: _outcomes(by_trial[activation.trial], points, kpi, table, any_family=_chooses_model(suggestion))
            for kpi in dict.fromkeys([suggestion.kpi, *GUARDS])
        }
        trial = Trial(
            activation.trial,
            activation.suggestion,
            activation.agent_type,
            suggestion.kpi,
            kpis[suggestion.kpi].better,
            activation.started_at,
            activation.closed.at if activation.closed else None,
        )
        judged = judge_trial(trial, outcomes, policy, now)
        book.states[trial.id] = _keep_verdict(activation, book.states.get(trial.id), judged)
        book.outcomes[trial.id] = outcomes[suggestion.kpi]
    keep_kind(connection, "trial", book.states)
    return book


def _keep_verdict(one: Activation, held: TrialState | None, judged: TrialState) -> TrialState:
    """``judged``, but of a trial that has ended the verdict that it ended with.

    The session that decided it may go on later: it no longer counts then, and the rest may not be enough.
    """
    if one.closed is None or held is None or held.state not in ("proven", "harmful", "no_effect"):
        return judged
    return msgspec.structs.replace(
        judged, state=held.state, reason=held.reason, decided_at=held.decided_at, review_due_at=held.review_due_at,
        policy=held.policy,
    )  # fmt: skip


def load_trials(connection: sqlite3.Connection) -> dict[str, TrialState]:
    """The trials as they were judged last, by id."""
    records = load_kind(connection, "trial")
    return {name: msgspec.msgpack.decode(record, type=TrialState) for name, record in records.items()}


def review_due(one: Activation, state: TrialState | None) -> int | None:
    """When what was proven or promoted is to be looked at again, ms UTC; None for what was neither."""
    if one.closed is None:
        return state.review_due_at if state is not None else None
    return one.closed.at + REVIEW_AFTER if one.closed.action == "promote" and not one.demoted else None


def list_due_reviews(activations: Sequence[Activation], states: Mapping[str, TrialState], now: int) -> list[str]:
    """A sentence for each suggestion that is to be looked at again."""
    return [
        f"{one.suggestion} for {harmless(one.agent_type)} is due for a review: models and work have changed since. Take"
        " it out (tacho suggest disable; tacho suggest promote --remove --apply) and activate it again to test it anew."
        for one in activations
        if (due := review_due(one, states.get(one.trial))) is not None and due <= now
    ]


def _chooses_model(suggestion: Suggestion) -> bool:
    """Whether its text may change which model answers: then a session's own family tells nothing of what was usual."""
    return isinstance(suggestion.when, ComparisonCondition)


def _outcomes(
    assigned: Sequence[Assignment], points: dict[str, Point], kpi: str, before: BaselineTable, *, any_family: bool
) -> list[Outcome]:
    """The sessions of a trial that have this KPI, in the order in which they ended."""
    pairs = [(points[one.session], one) for one in assigned if one.session in points]
    found = []
    for point, one in sorted(pairs, key=lambda pair: (pair[0].ended_at, pair[0].session)):
        value = point.values.get(kpi)
        if value is None:
            continue
        expected = expected_of(point, kpi, before, any_family=any_family)
        found.append(
            Outcome(
                session=point.session,
                treated=one.arm == "treatment",
                share=one.share,
                ended_at=point.ended_at,
                value=value,
                expected=expected.mean if expected else None,
                spread=expected.sd if expected else None,
                task_type=point.task_type,
                project=point.project,
            )
        )
    return found
