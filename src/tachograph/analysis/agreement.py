"""How far two series of verdicts on the same sessions agree: a judge with labels, or one model with another.

Verdicts are ranks on a scale of five steps, so a step off is a smaller error than four. Everything is computed from
the 5 × 5 table of pairs. What is undefined is None with the reason, never a number.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Sequence

import msgspec

from tachograph.analysis.axes.trajectory import VALUES, Verdict
from tachograph.analysis.bootstrap import RESAMPLES, Statistic, add_interval

SCALE: tuple[Verdict, ...] = tuple(sorted(VALUES, key=VALUES.__getitem__))
"""From MUCH_WORSE to MUCH_BETTER."""
LEAST = 2
"""Pairs below which nothing can be said."""

_STEPS = range(len(SCALE))
_NEAR = 1
"""Steps between two verdicts that still agree by ``top2``."""

_Pairs = Sequence[Sequence[int]]
"""``pairs[i][j]``: how often the reference gave step i where the other gave step j."""
_Measure = Callable[[_Pairs], float | None]


class ClassAgreement(msgspec.Struct, frozen=True):
    """Agreement on one verdict."""

    verdict: Verdict
    reference: int
    """How often the reference gave it (its support)."""
    tested: int
    """How often the tested side gave it."""
    both: int
    """How often both did on the same session."""
    precision: Statistic
    """Where the tested side gave it: share in which the reference did too."""
    strict: Statistic
    """Where the reference gave it: share in which the tested side did too (recall)."""
    top2: Statistic
    """Where the reference gave it: share in which the tested side was at most one step away."""


class Agreement(msgspec.Struct, frozen=True):
    """How far the tested side agrees with the reference over ``pairs`` sessions that both judged."""

    pairs: int
    exact: Statistic
    """Share of sessions with the same verdict."""
    top2: Statistic
    """Share of sessions with the same verdict or one next to it on the scale."""
    spearman: Statistic
    """Spearman's rank correlation with mid-ranks for ties, -1 to 1."""
    kappa: Statistic
    """Cohen's kappa with quadratic weights, up to 1; 0 is what chance would give."""
    classes: tuple[ClassAgreement, ...]
    """One for each of the five verdicts, MUCH_WORSE first."""


def measure_agreement(reference: Sequence[Verdict], tested: Sequence[Verdict], *, seed: int = 42) -> Agreement:
    """Agreement of two series of verdicts on the same sessions, in the same order.

    ``top2`` follows top-2 accuracy, where a classifier is right when the wanted class is among its two best. A judge
    gives one verdict and no ranking, so here its neighbours on the scale count as its next best guess.

    The intervals come from :data:`RESAMPLES` resamples of the pairs, the same for the same ``seed``. An interval is
    null when the number is undefined in more than 5 % of the resamples, for then its ends cannot be told, and when all
    resamples give the same, which says more of their small number than of certainty. Raises ValueError when the series
    differ in length.
    """
    cells = [SCALE.index(a) * len(SCALE) + SCALE.index(b) for a, b in zip(reference, tested, strict=True)]
    table = _tabulate(cells)
    chance = random.Random(seed)
    resamples = (
        [_tabulate(chance.choices(cells, k=len(cells))) for _ in range(RESAMPLES)] if len(cells) >= LEAST else []
    )

    def state(measure: _Measure, undefined: str) -> Statistic:
        return _state(measure, undefined, table, resamples)

    return Agreement(
        len(cells),
        state(lambda pairs: _share_within(pairs, _STEPS, 0), ""),
        state(lambda pairs: _share_within(pairs, _STEPS, _NEAR), ""),
        state(_correlate_ranks, "one side gave the same verdict throughout"),
        state(_weigh_kappa, "both sides gave the same verdict throughout"),
        tuple(_describe_class(step, table, state) for step in _STEPS),
    )


def _describe_class(step: int, table: _Pairs, state: Callable[[_Measure, str], Statistic]) -> ClassAgreement:
    unlabelled = "the reference never gave it"
    return ClassAgreement(
        SCALE[step],
        sum(table[step]),
        sum(row[step] for row in table),
        table[step][step],
        state(lambda pairs: _ratio(pairs[step][step], sum(row[step] for row in pairs)), "it was never given"),
        state(lambda pairs: _share_within(pairs, (step,), 0), unlabelled),
        state(lambda pairs: _share_within(pairs, (step,), _NEAR), unlabelled),
    )


def _state(measure: _Measure, undefined: str, table: _Pairs, resamples: Sequence[_Pairs]) -> Statistic:
    """The measure of the table, with its interval over the resamples."""
    if not resamples:
        return Statistic(reason=f"fewer than {LEAST} sessions that both judged")
    value = measure(table)
    if value is None:
        return Statistic(reason=undefined)
    return add_interval(value, map(measure, resamples))


def _tabulate(cells: Sequence[int]) -> _Pairs:
    counts = Counter(cells)
    width = len(SCALE)
    return [[counts[row * width + column] for column in _STEPS] for row in _STEPS]


def _share_within(pairs: _Pairs, steps: Sequence[int], distance: int) -> float | None:
    """Of the pairs whose reference is among ``steps``: share at most ``distance`` steps apart."""
    near = sum(pairs[i][j] for i in steps for j in _STEPS if abs(i - j) <= distance)
    return _ratio(near, sum(sum(pairs[i]) for i in steps))


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _correlate_ranks(pairs: _Pairs) -> float | None:
    """Pearson's correlation of the mid-ranks; None when one side does not vary."""
    first = _centred_ranks([sum(row) for row in pairs])
    second = _centred_ranks([sum(row[j] for row in pairs) for j in _STEPS])
    together = spread_first = spread_second = 0
    for i in _STEPS:
        for j in _STEPS:
            together += pairs[i][j] * first[i] * second[j]
            spread_first += pairs[i][j] * first[i] ** 2
            spread_second += pairs[i][j] * second[j] ** 2
    return together / math.sqrt(spread_first * spread_second) if spread_first and spread_second else None


def _centred_ranks(counts: Sequence[int]) -> list[int]:
    """Twice the distance of each step's mid-rank from the mean rank: whole numbers."""
    ranks = []
    before = 0
    for count in counts:
        ranks.append(2 * before + count - sum(counts))
        before += count
    return ranks


def _weigh_kappa(pairs: _Pairs) -> float | None:
    """1 - observed / expected disagreement, weighted by the square of the steps between; None when none is expected."""
    rows = [sum(row) for row in pairs]
    columns = [sum(row[j] for row in pairs) for j in _STEPS]
    observed = sum((i - j) ** 2 * pairs[i][j] for i in _STEPS for j in _STEPS)
    expected = sum((i - j) ** 2 * rows[i] * columns[j] for i in _STEPS for j in _STEPS)
    return 1 - observed * sum(rows) / expected if expected else None
