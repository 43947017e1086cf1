"""What a detector is, where the detectors are found, and how they are run."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any, Literal, TypeVar

import msgspec

from tachograph.analysis.detectors._scene import Scene
from tachograph.model import Finding

Scope = Literal["session", "siblings"]
Found = TypeVar("Found")
OnFault = Callable[[str, Exception], None]
"""Is told the name of a detector and what went wrong in it."""


class Detector(msgspec.Struct, frozen=True):
    """One kind of waste and how it is found."""

    name: str
    """As findings and ``--detector`` name it."""
    title: str
    """For people, a few words."""
    scope: Scope
    """session: looks at one session; siblings: compares the subagents of one session with each other."""
    find: Callable[[Any], Iterable[Any]]
    """session: Scene -> findings. siblings: list of Scenes -> (index of the Scene, finding)."""

    @property
    def doc(self) -> str:
        """What counts, and what does not: the function's docstring."""
        from inspect import cleandoc  # slow to import, and seldom needed

        return cleandoc(self.find.__doc__ or "")

    def __call__(self, scene: Scene) -> list[Finding]:
        """The findings of this detector in one session, in order; none for a detector of siblings."""
        return [_signed(finding, self.name) for finding in self.find(scene)] if self.scope == "session" else []

    def compare(self, scenes: Sequence[Scene]) -> list[tuple[int, Finding]]:
        """The findings among the subagents of one session, each with the index of the one it belongs to."""
        return [(at, _signed(finding, self.name)) for at, finding in self.find(scenes)]


def _signed(finding: Finding, name: str) -> Finding:
    return msgspec.structs.replace(finding, detector=name)


def detector(name: str, title: str, scope: Scope = "session") -> Callable[[Callable[[Any], Iterable[Any]]], Detector]:
    """Make a pure function a detector."""
    return lambda find: Detector(name, title, scope, find)


@cache
def load_detectors(package: str = "tachograph.analysis.detectors") -> dict[str, Detector]:
    """All detectors by name, in order of name: one in every module of ``package`` without a leading underscore.

    Raises ValueError for a module that holds no detector of its own name.
    """
    found: dict[str, Detector] = {}
    for name in detector_names(package):
        one = getattr(importlib.import_module(f"{package}.{name}"), name, None)
        if not isinstance(one, Detector) or one.name != name:
            raise ValueError(f"The module {name} holds no detector called {name}.")
        found[name] = one
    return found


def detector_names(package: str = "tachograph.analysis.detectors") -> list[str]:
    """The names of all detectors, sorted; without loading them."""
    home = importlib.import_module(package)
    return sorted(info.name for info in pkgutil.iter_modules(home.__path__) if not info.name.startswith("_"))


def find_waste(scene: Scene, on_fault: OnFault | None = None) -> list[Finding]:
    """All waste of one session, in order of detectors.

    A detector that fails is told to ``on_fault`` and the others go on; without it the error is raised.
    """
    return _run_all("session", lambda one: one(scene), on_fault)


def find_shared_waste(scenes: Sequence[Scene], on_fault: OnFault | None = None) -> list[tuple[int, Finding]]:
    """Waste among the subagents of one session: (index of the subagent it belongs to, finding)."""
    return _run_all("siblings", lambda one: one.compare(scenes), on_fault)


def _run_all(scope: Scope, run: Callable[[Detector], list[Found]], on_fault: OnFault | None) -> list[Found]:
    found: list[Found] = []
    for one in _of_scope(scope):
        try:
            found += run(one)
        except Exception as error:
            if on_fault is None:
                raise
            on_fault(one.name, error)
    return found


def _of_scope(scope: Scope) -> Iterator[Detector]:
    return (one for one in load_detectors().values() if one.scope == scope)
