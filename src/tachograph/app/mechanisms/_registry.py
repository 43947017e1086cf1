"""What a mechanism is, and where the mechanisms are found."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import msgspec

from tachograph.analysis.registries import find_named
from tachograph.app.mechanisms._records import Account
from tachograph.app.mechanisms._scene import Scene


class Mechanism(msgspec.Struct, frozen=True):
    """Something that a history may show about how agents are used."""

    name: str
    """As ``tacho findings NAME`` takes it."""
    title: str
    """For people, a few words."""
    not_proved: str
    """What its figures do not say, in a sentence or two."""
    compute: Callable[[Scene], Account]

    def __call__(self, scene: Scene) -> Account:
        """Its figures in one history."""
        return self.compute(scene)

    @property
    def method(self) -> str:
        """What is counted, and how: the function's docstring, on one line."""
        return " ".join((self.compute.__doc__ or "").split())


def mechanism(name: str, title: str, *, not_proved: str) -> Callable[[Callable[[Scene], Account]], Mechanism]:
    """Make a function of a history a mechanism."""
    return lambda compute: Mechanism(name, title, not_proved, compute)


@cache
def load_mechanisms(package: str = "tachograph.app.mechanisms") -> dict[str, Mechanism]:
    """All mechanisms by name, in order of name: those in every module of ``package`` without a leading underscore.

    Raises ValueError when two have the same name.
    """
    return find_named(package, Mechanism, "mechanisms")
