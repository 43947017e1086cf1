"""Tokens of responses near certain moments of a session, against those of its other responses."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from math import exp, log
from statistics import median
from typing import NamedTuple

from tachograph.analysis.intervals import LEAST, Interval, bootstrap, sign_test

NEAR = 5
"""Responses before a moment, and as many from it on, that are near it: a turn of agents has about as many."""
LEAST_RESPONSES = 3
"""Of each side, in a session that is compared: a median of fewer is one response's whim."""


class Contrast(NamedTuple):
    """One session's medians, tokens per response."""

    session: str
    near: float
    far: float


class Relation(NamedTuple):
    """Far against near over many sessions."""

    ratio: float | None
    """The median over sessions of far / near; above 1: responses near the moments are the smaller ones."""
    interval: Interval | None
    sessions: int
    """Sessions that have responses of both sides."""
    larger: int
    """Of these, in which far is above near."""
    smaller: int
    p: float | None
    """Of the exact sign test of ``larger`` against ``smaller``."""


def split_near(places: Sequence[int], moments: Iterable[int]) -> list[bool]:
    """For each response, at ``places`` in order, whether it is near one of ``moments``.

    A response that stands at a moment's own place counts as one before it: it made the call that is meant.
    """
    near = [False] * len(places)
    for moment in moments:
        at = bisect_right(places, moment)
        for number in range(max(0, at - NEAR), min(len(places), at + NEAR)):
            near[number] = True
    return near


def contrast(session: str, near: Sequence[int], far: Sequence[int]) -> Contrast | None:
    """The medians of both sides; None with fewer than :data:`LEAST_RESPONSES` responses that have tokens on either."""
    used_near, used_far = [one for one in near if one > 0], [one for one in far if one > 0]
    if min(len(used_near), len(used_far)) < LEAST_RESPONSES:
        return None
    return Contrast(session, float(median(used_near)), float(median(used_far)))


def relate(contrasts: Sequence[Contrast]) -> Relation:
    """Far / near over sessions; the ratio is None with fewer than :data:`LEAST` sessions."""
    larger, smaller = sum(one.far > one.near for one in contrasts), sum(one.far < one.near for one in contrasts)
    logs = [log(one.far / one.near) for one in contrasts]
    if len(logs) < LEAST:
        return Relation(None, None, len(logs), larger, smaller, None)
    ends = bootstrap(logs, median)
    interval = None if ends is None else Interval(exp(ends.low), exp(ends.high))
    return Relation(exp(median(logs)), interval, len(logs), larger, smaller, sign_test(larger, smaller))
