"""Where a trial stands, in numbers and in one sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tachograph.analysis.kpis import Direction
from tachograph.learning.trials.betting import usable
from tachograph.learning.trials.decide import LONGEST, WORTH, Decision, decide_trial
from tachograph.learning.trials.effect import ALPHA, estimate_effect
from tachograph.learning.trials.nature import nature_of
from tachograph.learning.trials.quick import GAIN, NEEDED, SESSIONS
from tachograph.learning.trials.records import Effect, Outcome, Policy, Scale, State, Trial, TrialState
from tachograph.learning.trials.strata import find_where

REVIEW_AFTER = 90 * 86_400_000
"""Milliseconds after its proof at which a suggestion is to be looked at again: models and work change (the plan's
quarterly review)."""


def judge_trial(
    trial: Trial, outcomes: Mapping[str, Sequence[Outcome]], policy: Policy, now: int, alpha: float = ALPHA
) -> TrialState:
    """Where ``trial`` stands at ``now`` (ms UTC), from the outcomes of its sessions by KPI, in any order.

    Every KPI but the trial's own is a guard. The state is that of the first session that
    decided it: more sessions do not change it, nor does judging again. What ended after the trial was ended does not
    count. The probability that a text that changes nothing is called proven is at most ``alpha`` by the policy
    ``trial``, however often one looks; so is that of calling it harmful, by either policy.
    """
    natures = {kpi: nature_of(kpi, trial) for kpi in (trial.kpi, *outcomes)}
    used = {kpi: _in_order(some, trial.ended_at, natures[kpi].scale) for kpi, some in outcomes.items()}
    sessions = used.setdefault(trial.kpi, [])
    decision = decide_trial(trial, used, policy, alpha)
    effects = {kpi: estimate_effect(some, natures[kpi].better, alpha, natures[kpi].scale) for kpi, some in used.items()}
    state = _state(trial, decision, now)
    decided_at = decision.at if decision else trial.ended_at if state == "retired" else None
    return TrialState(
        trial=trial.id,
        suggestion=trial.suggestion,
        agent_type=trial.agent_type,
        state=state,
        reason=_explain(state, decision, effects, trial, policy, alpha),
        target=effects[trial.kpi],
        guards={kpi: effect for kpi, effect in effects.items() if kpi != trial.kpi},
        where=find_where(sessions, *natures[trial.kpi], alpha),
        decided_at=decided_at,
        review_due_at=decided_at + REVIEW_AFTER if state == "proven" and decided_at is not None else None,
        policy=policy,
    )


def _in_order(outcomes: Sequence[Outcome], until: int | None, scale: Scale) -> list[Outcome]:
    counted = [one for one in outcomes if until is None or one.ended_at <= until]
    return usable(sorted(counted, key=lambda one: (one.ended_at, one.session)), scale)


def _state(trial: Trial, decision: Decision | None, now: int) -> State:
    if decision:
        return decision.state
    if trial.ended_at is not None and trial.ended_at <= now:
        return "retired"
    return "candidate" if now < trial.started_at else "active"


def _explain(
    state: State, decision: Decision | None, effects: Mapping[str, Effect], trial: Trial, policy: Policy, alpha: float
) -> str:
    """One sentence without its full stop."""
    kpi = decision.kpi if decision else trial.kpi
    effect = effects[kpi]
    arms = f"{effect.n_treatment} sessions with it, {effect.n_control} without"
    change = (
        f"{kpi} {_describe_change(effect, nature_of(kpi, trial).better)} ({_describe_interval(effect, alpha)}); {arms}"
    )
    if decision and decision.cause == "quick":
        passed = f"{NEEDED} or more" if state == "proven" else f"fewer than {NEEDED}"
        return (
            f"Quick rule, no proof: better than the baseline by more than {GAIN:.0%} in {passed} of the first"
            f" {SESSIONS} sessions with it"
        )
    if decision:
        return {
            "better": f"Proven: {change}",
            "worse": f"Harmful: {change}",
            "no_gain": f"A gain of {WORTH} standard deviations or more is ruled out: {change}",
            "too_long": f"No proof after {LONGEST} sessions: {change}",
        }[decision.cause]
    if state == "retired":
        return f"Ended by decision, undecided: {change}"
    if not effect.n_treatment + effect.n_control:
        return "No session with a known outcome yet"
    if policy == "quick":
        return f"Quick rule: waits for {SESSIONS} sessions with it that have a baseline; {arms}"
    if effect.e_value >= 1 / alpha:
        return f"Proof held back while a guard may be getting worse: {change}"
    return f"Undecided: {change}; evidence {effect.e_value:.3g} of the {1 / alpha:.3g} that prove it"


def _describe_change(effect: Effect, better: Direction) -> str:
    if effect.difference is None:
        return "cannot be compared yet"
    if effect.difference == 0:
        return "is the same"
    word = "better" if (effect.difference > 0) == (better == "up") else "worse"
    return f"is {word} by {abs(effect.difference):.3g}"


def _describe_interval(effect: Effect, alpha: float) -> str:
    if effect.low is None and effect.high is None:
        return "no interval yet"
    low = "any" if effect.low is None else f"{effect.low:+.3g}"
    high = "any" if effect.high is None else f"{effect.high:+.3g}"
    return f"{1 - alpha:.0%} interval of the difference {low} to {high}"
