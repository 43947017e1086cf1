"""In what a session, or a kind of sessions, is worse than the baseline: said in sentences of our own."""

from __future__ import annotations

from collections.abc import Mapping

from tachograph.app.ml.usual import LEAST, Figure, Usual, show_figure

_MOST = 3


def find_worse(values: Mapping[str, float], usual: Usual) -> list[str]:
    """A sentence for each number that is worse than in three quarters of the sessions of ``usual``, at most three.

    The baseline's band is that from the first to the third quartile, as everywhere; nothing is said of numbers that
    fewer than ten sessions have.
    """
    return [_say(figure, values[figure.name]) for figure in usual.figures if is_worse(figure, values)][:_MOST]


def is_worse(figure: Figure, values: Mapping[str, float]) -> bool:
    """Whether the number of that name is beyond the bad end of the figure's band."""
    value = values.get(figure.name)
    if value is None or figure.n < LEAST or figure.p25 is None or figure.p75 is None:
        return False
    return value > figure.p75 if figure.better == "down" else value < figure.p25


def _say(figure: Figure, value: float) -> str:
    show = show_figure(figure)
    return (
        f"{figure.title}: {show(value)}, usually {show(figure.median)} ({show(figure.p25)} to {show(figure.p75)} in"
        f" half of {figure.n} sessions)"
    )
