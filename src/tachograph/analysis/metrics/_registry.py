"""What a metric is, and where the metrics are found."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec

from tachograph.analysis.registries import find_named
from tachograph.model import Session


class Metric(msgspec.Struct, frozen=True):
    """A named value of a session; calling it computes the value."""

    name: str
    """Key in the metrics record."""
    unit: str
    """What is counted: tokens, calls, files, seconds …"""
    title: str
    """For people, a few words."""
    compute: Callable[[Session], Any]
    """Builtins or Structs; None when the session cannot tell, then the metric is absent."""

    def __call__(self, session: Session) -> Any:
        """The value for ``session``."""
        return self.compute(session)

    @property
    def doc(self) -> str:
        """What it says and what it does not: the function's docstring."""
        return (self.compute.__doc__ or "").strip()


def metric(name: str, unit: str, title: str) -> Callable[[Callable[[Session], Any]], Metric]:
    """Make a pure function of a session a metric."""
    return lambda compute: Metric(name, unit, title, compute)


@cache
def load_metrics(package: str = "tachograph.analysis.metrics") -> dict[str, Metric]:
    """All metrics by name, in order of name: those in every module of ``package`` without a leading underscore.

    Raises ValueError when two have the same name.
    """
    return find_named(package, Metric, "metrics")


def measure(session: Session) -> dict[str, Any]:
    """The session's metrics as one record; what the session cannot tell is left out."""
    values = ((name, one(session)) for name, one in load_metrics().items())
    return {name: value for name, value in values if value is not None}
