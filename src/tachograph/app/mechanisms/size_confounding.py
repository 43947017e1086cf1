"""How much of a difference between two groups of sessions is their size."""

from __future__ import annotations

from collections.abc import Container

from tachograph.analysis.comparison import LEAST_PAIRS, Compared, Difference, Observation, compare
from tachograph.analysis.intervals import Interval
from tachograph.app.mechanisms._records import Account, Figure, ratio_figure
from tachograph.app.mechanisms._registry import mechanism
from tachograph.app.mechanisms._scene import MainSession, Scene

ANY = "any practice"
_SHOWN = 5
TOO_FEW = f"fewer than {LEAST_PAIRS} pairs of sessions of a size: too few to say"


@mechanism(
    "size_confounding",
    "Size confounds comparisons of sessions",
    not_proved=(
        "Not that what is left after matching is the practice's doing: sessions differ in more than size, and a"
        " practice can itself make a session longer, which matching then hides. Only a trial with a control group"
        " proves an effect: see tacho suggest and tacho trials."
    ),
)
def size_confounding(scene: Scene) -> Account:
    """Tokens of main sessions that use a practice against those of sessions that do not, twice: all of them, and only
    those of the same size, which is the number of own responses within a factor of two. Ratios of geometric means of
    all own tokens. Where the first is far from 1 and the second is not, the naive comparison told of size. Matching and
    intervals are those of tacho compare: a stratum weighs as much as its smaller side, sessions are resampled."""
    used = {name: set(sessions) for name, sessions in scene.uses.items()}
    groups = {ANY: set().union(*used.values()), **used}
    sized = [one for one in scene.sessions if one.responses and one.tokens]
    found = {name: _compare(sized, members) for name, members in groups.items()}
    figures = [figure for name, one in found.items() for figure in _figures(name, one)]
    largest = sorted(sized, key=lambda one: (-one.tokens, one.id))
    for figure in figures:
        figure.evidence = [one.id for one in largest if one.id in groups[figure.about]][:_SHOWN]
    few = sum(one.matched is None for one in found.values())
    return Account(
        figures, [f"Without a comparison, for want of sessions: {few} of {len(groups)} groups."] if few else []
    )


def _compare(sessions: list[MainSession], members: Container[str]) -> Compared:
    """Those outside of ``members`` before, those inside after."""
    sides: tuple[list[Observation], list[Observation]] = ([], [])
    for one in sessions:
        sides[one.id in members].append(Observation(float(one.tokens), one.responses, None))
    return compare(*sides, scale="log")


def _figures(name: str, found: Compared) -> list[Figure]:
    return [
        _figure("naive", "tokens, with / without", name, found.naive, found.after, found.before),
        _figure("matched", "the same, size for size", name, found.matched, found.after_matched, found.before_matched),
    ]


def _figure(key: str, title: str, name: str, found: Difference | None, inside: int, outside: int) -> Figure:
    of = f"main sessions: {inside} with, {outside} without"
    if found is None:
        return ratio_figure(key, title, None, None, inside + outside, of, about=name, few=TOO_FEW)
    interval = None
    if found.low is not None and found.high is not None:
        interval = Interval(1 + found.low / found.before, 1 + found.high / found.before)
    return ratio_figure(key, title, found.after / found.before, interval, inside + outside, of, about=name)
