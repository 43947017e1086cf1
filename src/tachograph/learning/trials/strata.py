"""Where a text works: the same test among the sessions of one task type, or of one project."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from tachograph.analysis.kpis import Direction
from tachograph.learning.trials.betting import usable
from tachograph.learning.trials.effect import ALPHA, estimate_effect
from tachograph.learning.trials.records import Outcome, Scale, Where

FOLLOWED = 5
"""Strata of each kind that are looked at, those that turned up first. Each has the same part of alpha from the
beginning: dividing by a number that grows with the data would let the early ones have too much of it."""
LEAST = 8
"""Outcomes that each arm of a stratum needs."""

_KINDS: tuple[Literal["task_type", "project"], ...] = ("task_type", "project")


def find_where(
    outcomes: Sequence[Outcome], better: Direction, scale: Scale = "linear", alpha: float = ALPHA
) -> tuple[Where, ...]:
    """The effect in each stratum that is large enough; ``outcomes`` in the order in which the sessions ended.

    All of them together are falsely proven with a probability of at most ``alpha``. None of a kind of which there is
    only one: that would be the whole again.
    """
    part = alpha / (len(_KINDS) * FOLLOWED)
    used = usable(outcomes, scale)
    found = []
    for kind in _KINDS:
        strata = _split(used, kind)
        if len(strata) < 2:
            continue
        for name, members in list(strata.items())[:FOLLOWED]:
            treated = sum(one.treated for one in members)
            if min(treated, len(members) - treated) >= LEAST:
                effect = estimate_effect(members, better, alpha, scale)
                found.append(Where(kind, name, effect, effect.e_value >= 1 / part))
    return tuple(found)


def _split(outcomes: Sequence[Outcome], kind: Literal["task_type", "project"]) -> dict[str, list[Outcome]]:
    """Strata in the order in which they turned up."""
    strata: dict[str, list[Outcome]] = {}
    for one in outcomes:
        name = one.task_type if kind == "task_type" else one.project
        if name:
            strata.setdefault(name, []).append(one)
    return strata
