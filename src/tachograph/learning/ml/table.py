"""What a model learns from: rows of numbers with what is known of how each turned out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from tachograph.model import LabelKind

Goal = Literal["number", "probability"]
"""``number``: the label itself is predicted; ``probability``: that the label is 1."""


Grouping = Literal["group", "repository", "session"]
"""What a group of rows is; ``group``: nobody said."""


class Feature(msgspec.Struct, frozen=True):
    """One column."""

    name: str
    title: str
    """In words, for people."""
    monotone: Literal[-1, 0, 1] = 0
    """1: more of it never lowers the prediction, -1: never raises it; only where that is known of the thing itself."""


class Row(msgspec.Struct, frozen=True):
    """One example."""

    id: str
    values: tuple[float | None, ...]
    """In the order of the features; None is not known."""
    label: float | None
    """None: not known; such rows can be predicted, not learned from."""
    kind: LabelKind | None
    """Of the label."""
    source: str
    """Of the label."""
    group: str
    """What must not be on both sides of a split, see :data:`Grouping`; empty: a group of its own."""
    at: int
    """ms since 1970-01-01 UTC."""


class Table(msgspec.Struct, frozen=True):
    """Rows with the same features."""

    features: tuple[Feature, ...]
    rows: Sequence[Row]
    grouped_by: Grouping = "group"

    def known(self) -> list[Row]:
        """The rows with a label."""
        return [row for row in self.rows if row.label is not None]
