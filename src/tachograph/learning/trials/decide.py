"""When a trial is decided: session by session in the order in which they ended, and by the first that is enough."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Literal, NamedTuple

from tachograph.learning.trials.betting import bet, bet_against_gain, prepare_steps
from tachograph.learning.trials.nature import nature_of
from tachograph.learning.trials.quick import QuickRule
from tachograph.learning.trials.records import Outcome, Policy, Trial

WORTH = 0.2
"""Gain worth having, standard deviations within the arms: what Cohen calls a small effect (Statistical Power Analysis
for the Behavioral Sciences, 1988, section 2.2)."""
PATIENCE = 60
"""Outcomes of both arms before a gain can be ruled out: until then what does harm is to be called harmful."""
LONGEST = 150
"""Outcomes of both arms after which a trial ends without proof: by then nearly every effect of 1 standard
deviation, and two thirds of those of 0.5, have been found."""
HELD = 4.0
"""Evidence of harm at which a proof waits: what is proven is given to all, and without a control group harm would no
longer be seen. Waiting makes no false proof; without harm, one trial in four at most ever gets there."""

Cause = Literal["better", "worse", "no_gain", "too_long", "quick"]


class Decision(NamedTuple):
    """What decided a trial, and when."""

    state: Literal["proven", "harmful", "no_effect"]
    cause: Cause
    at: int
    """End of the session that decided it, ms UTC."""
    kpi: str
    """The one that shows it."""


class _Stand(NamedTuple):
    """One KPI after one session."""

    key: tuple[int, str]
    kpi: str
    outcome: Outcome
    better: float
    worse: float
    no_gain: float
    """Evidence that the gain is not worth having."""


def decide_trial(
    trial: Trial, outcomes: Mapping[str, Sequence[Outcome]], policy: Policy, alpha: float
) -> Decision | None:
    """The decision, or None while there is none; ``outcomes`` usable and in order. KPIs but the trial's are guards.

    Harm is the mean of the evidence on target and guards: it passes 1 / alpha by chance with a probability of at most
    alpha for all of them together, for a mean of such evidence is such evidence.
    """
    target = _Target(trial, policy, alpha)
    harm = dict.fromkeys((trial.kpi, *outcomes), 1.0)
    for (at, _), stands in groupby(_stands(trial, outcomes), key=lambda stand: stand.key):
        decision = None
        for stand in stands:
            harm[stand.kpi] = stand.worse
            if stand.kpi == trial.kpi:
                decision = target.take(stand)
        evidence = sum(harm.values()) / len(harm)
        if evidence >= 1 / alpha:
            return Decision("harmful", "worse", at, max(harm, key=harm.__getitem__))
        if decision and not (decision.cause == "better" and evidence >= HELD):
            return decision
    return None


def _stands(trial: Trial, outcomes: Mapping[str, Sequence[Outcome]]) -> list[_Stand]:
    """Of all KPIs, in the order in which the sessions ended."""
    found: list[_Stand] = []
    for kpi, some in outcomes.items():
        found += _follow(kpi, some, trial)
    return sorted(found, key=lambda stand: stand.key)


def _follow(kpi: str, outcomes: Sequence[Outcome], trial: Trial) -> Iterator[_Stand]:
    steps = prepare_steps(outcomes, *nature_of(kpi, trial))
    courses = (bet(steps), bet(steps, for_worse=True), bet_against_gain(steps, WORTH))
    for one, *capital in zip(outcomes, *courses, strict=True):
        yield _Stand((one.ended_at, one.session), kpi, one, *capital)


class _Target:
    """What the trial's own KPI decides."""

    def __init__(self, trial: Trial, policy: Policy, alpha: float) -> None:
        self.kpi, self.policy, self.alpha = trial.kpi, policy, alpha
        self.quick = QuickRule(trial.better)
        self.sessions = 0
        self.better = self.no_gain = 0.0

    def take(self, stand: _Stand) -> Decision | None:
        """The decision that this session brings."""
        self.sessions += 1
        self.better = max(self.better, stand.better)
        self.no_gain = max(self.no_gain, stand.no_gain)
        at = stand.key[0]
        if self.policy == "quick":
            verdict = self.quick.take(stand.outcome)
            return None if verdict is None else Decision("proven" if verdict else "no_effect", "quick", at, self.kpi)
        if self.better >= 1 / self.alpha:
            return Decision("proven", "better", at, self.kpi)
        if self.sessions >= PATIENCE and self.no_gain >= 2 / self.alpha:
            return Decision("no_effect", "no_gain", at, self.kpi)
        if self.sessions >= LONGEST:
            return Decision("no_effect", "too_long", at, self.kpi)
        return None
