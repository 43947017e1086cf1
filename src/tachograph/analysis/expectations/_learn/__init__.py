"""Learning expectations from sessions that are known to be good: what all of them did, with a margin."""

from tachograph.analysis.expectations._learn.lessons import (
    Learnt,
    LeftOut,
    Lesson,
    confirm_lessons,
    learn_expectations,
)
from tachograph.analysis.expectations._learn.observation import Observation, observe

__all__ = ["Learnt", "LeftOut", "Lesson", "Observation", "confirm_lessons", "learn_expectations", "observe"]
