"""Does a suggestion work? Its text is given by the toss of a coin; the sessions without it are the control group."""

from tachograph.learning.trials.effect import ALPHA, estimate_effect
from tachograph.learning.trials.judge import REVIEW_AFTER, judge_trial
from tachograph.learning.trials.records import Effect, Outcome, Policy, Scale, State, Trial, TrialState, Where

__all__ = [
    "ALPHA",
    "REVIEW_AFTER",
    "Effect",
    "Outcome",
    "Policy",
    "Scale",
    "State",
    "Trial",
    "TrialState",
    "Where",
    "estimate_effect",
    "judge_trial",
]
