"""Which rows are learned from, and which are kept to judge the model by.

A model is judged as it will be used: on later rows, of groups that it has not seen. So the rows are divided by time
*and* by group. A group lies whole on one side; what of it is on the wrong side of the cut in time is left out. Labels
that somebody or something real gave (``human``, ``outcome``) alone are judged on; without any, the synthetic ones are.
"""

from __future__ import annotations

from collections import Counter

import msgspec
import numpy as np

from tachograph.learning.ml.matrix import Flags, Integers, Matrix

REAL = ("human", "outcome")
HELD_OUT = 0.2
"""Share of the rows to be judged on that is newer than the cut."""
LEAST_HELD_OUT = 0.1
"""Share of them to be held out; groups that lie astride the cut are moved over until so many are."""
LEAST_GROUPS = 2
"""Groups to be held out, where that can be: one alone may be unlike all others."""
MOST_SPENT = 0.5
"""Share of the older rows that may be lost as rows of held-out groups."""
FOLDS = 5
"""The learned groups are divided into so many parts, or as many as there are groups when they are fewer."""


class Split(msgspec.Struct, frozen=True):
    """What each row is for."""

    learned: Flags
    held_out: Flags
    judged: Flags
    """Rows whose labels may judge a model."""
    folds: Integers
    """Part of each row's group; -1 for groups without a row to be judged on, and for rows that are not learned from."""
    cut_at: int


def judged_kinds(kinds: set[str]) -> tuple[str, ...]:
    """Which kinds of labels a model is judged on, given those that there are. Pseudo-labels are never among them."""
    return tuple(kind for kind in REAL if kind in kinds) or ("synthetic",)


def split(data: Matrix) -> Split | None:
    """Divide the rows of ``data``, sorted by time; None where there are too few groups to divide."""
    judged = np.isin(data.kinds, judged_kinds(set(data.kinds.tolist())))
    if not judged.any():
        return None
    times = np.sort(data.at[judged])
    cut_at = int(times[int(len(times) * (1 - HELD_OUT))])
    newer = data.at >= cut_at
    held_groups = np.isin(data.groups, list(_newest_groups(data.groups[judged], newer[judged])))
    made_up = data.kinds == "synthetic"  # their times mean nothing, unless they are all there is
    held_out = judged & newer & held_groups
    learned = ~held_groups & (~newer | (made_up & ~judged))
    if not held_out.any() or len(set(data.groups[learned & judged].tolist())) < 2:
        return None
    return Split(learned, held_out, judged, _fold(data, learned, judged), cut_at)


def _newest_groups(groups: Integers, newer: Flags) -> set[int]:
    """The groups to hold out: those with most rows after the cut, and others until there are enough rows.

    A group that holds much of what could be learned from is passed over: of one large repository beside small ones, the
    small ones judge.
    """
    total, after = Counter(groups.tolist()), Counter(groups[newer].tolist())
    held: set[int] = set()
    rows, spent = 0, 0
    most = MOST_SPENT * (len(groups) - sum(after.values()))
    for group in sorted(after, key=lambda number: (-after[number] / total[number], total[number], number)):
        enough = rows >= LEAST_HELD_OUT * len(groups) and len(held) >= LEAST_GROUPS
        if enough and 2 * after[group] <= total[group]:
            break
        older = total[group] - after[group]
        if spent + older <= most:
            held.add(group)
            rows += after[group]
            spent += older
    return held


def _fold(data: Matrix, learned: Flags, judged: Flags) -> Integers:
    """Divide the learned groups so that each part has about as many rows to be judged on; the largest groups first."""
    sizes = Counter(data.groups[learned & judged].tolist())
    filled = [0] * min(FOLDS, len(sizes))
    part: dict[int, int] = {}
    for group in sorted(sizes, key=lambda number: (-sizes[number], number)):
        part[group] = filled.index(min(filled))
        filled[part[group]] += sizes[group]
    parts = [part.get(group, -1) for group in data.groups.tolist()]
    return np.where(learned, np.array(parts, dtype=np.int64), -1)
