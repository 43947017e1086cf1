"""Which calls are the steps of a sequence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from tachograph.analysis.expectations._recording import Call

Fits: TypeAlias = Callable[[int, Call], bool]
"""Whether a call is the step of a number, from 0."""
Matched: TypeAlias = dict[int, Call]
"""The call of each step that has one, by the step's number."""


def match_in_order(count: int, calls: Sequence[Call], fits: Fits) -> Matched:
    """The first steps that happen in this order, others between them or not; the earliest call is always as good."""
    matched: Matched = {}
    for call in calls:
        if len(matched) < count and fits(len(matched), call):
            matched[len(matched)] = call
    return matched


def match_exactly(count: int, calls: Sequence[Call], fits: Fits) -> Matched:
    """The first steps that are the first calls, nothing between them."""
    matched: Matched = {}
    for step, call in zip(range(count), calls, strict=False):
        if not fits(step, call):
            break
        matched[step] = call
    return matched


def match_in_any_order(count: int, calls: Sequence[Call], fits: Fits) -> Matched:
    """As many steps as can have a call of their own at the same time (a maximum matching), in order of the calls."""
    candidates = [_first(calls, step, fits, count) for step in range(count)]
    takers: dict[int, int] = {}
    for step in range(count):
        _augment(step, candidates, takers)
    by_number = {call.number: call for row in candidates for call in row}
    return {step: by_number[number] for number, step in sorted(takers.items())}


def _first(calls: Sequence[Call], step: int, fits: Fits, most: int) -> list[Call]:
    """The first calls that are this step; as many as there are steps are enough, for the others leave one of them."""
    found: list[Call] = []
    for call in calls:
        if len(found) == most:
            break
        if fits(step, call):
            found.append(call)
    return found


def _augment(step: int, candidates: Sequence[Sequence[Call]], takers: dict[int, int]) -> None:
    """Give ``step`` a call: a free one, or one whose step can take another."""
    came_from: dict[int, tuple[int, int | None]] = {}
    waiting: list[tuple[int, int | None]] = [(step, None)]
    for asking, above in waiting:
        for number in _numbers(candidates[asking]):
            if number in came_from:
                continue
            came_from[number] = (asking, above)
            if number not in takers:
                _shift(number, came_from, takers)
                return
            waiting.append((takers[number], number))


def _shift(number: int, came_from: dict[int, tuple[int, int | None]], takers: dict[int, int]) -> None:
    """Every step on the way takes the call after the one it had."""
    place: int | None = number
    while place is not None:
        taker, above = came_from[place]
        takers[place] = taker
        place = above


def _numbers(calls: Sequence[Call]) -> Iterator[int]:
    return (call.number for call in calls)
