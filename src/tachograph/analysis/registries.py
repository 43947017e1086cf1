"""Finding what stands decorated in the modules of a package: adding one touches one file."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Protocol, TypeVar


class Named(Protocol):
    """What a registry holds."""

    @property
    def name(self) -> str:
        """By which it is found."""
        ...


T = TypeVar("T", bound=Named)


def find_named(package: str, kind: type[T], noun: str) -> dict[str, T]:
    """Everything of ``kind`` by name, in order of name, in every module of ``package`` without a leading underscore.

    Raises ValueError when two have the same name; ``noun`` says what they are.
    """
    found: dict[str, T] = {}
    home = importlib.import_module(package)
    for info in pkgutil.iter_modules(home.__path__):
        if info.name.startswith("_"):
            continue
        module = importlib.import_module(f"{package}.{info.name}")
        for value in vars(module).values():
            if isinstance(value, kind) and found.setdefault(value.name, value) is not value:
                raise ValueError(f"There are two {noun} named {value.name!r}.")
    return dict(sorted(found.items()))
