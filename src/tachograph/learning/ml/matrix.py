"""Rows as arrays, in an order that depends on nothing but the rows."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from tachograph.learning.ml.table import Row, Table

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Values = npt.NDArray[np.float32]
"""Rows by features; NaN is not known."""


class Matrix(msgspec.Struct, frozen=True):
    """Rows with labels."""

    x: Values
    y: Floats
    kinds: npt.NDArray[np.str_]
    groups: Integers
    """Numbers of the groups, in the order of their names."""
    at: Integers

    def __len__(self) -> int:
        return len(self.y)

    def take(self, which: Flags) -> Matrix:
        """The rows that ``which`` says."""
        return Matrix(self.x[which], self.y[which], self.kinds[which], self.groups[which], self.at[which])


def read_values(rows: Sequence[Row], width: int) -> Values:
    """The values of ``rows``; what is not a finite number counts as not known."""
    x = np.array([row.values for row in rows], dtype=np.float64).reshape(len(rows), width)
    x[~np.isfinite(x)] = np.nan
    with np.errstate(over="ignore"):
        narrow = x.astype(np.float32)
    narrow[np.isinf(narrow)] = np.nan
    return narrow


def sort_rows(table: Table) -> list[Row]:
    """The rows with a label, by time, then id."""
    return sorted(table.known(), key=lambda row: (row.at, row.id))


def read_matrix(rows: Sequence[Row], width: int) -> Matrix:
    """``rows``, each with a label, as arrays. A row without a group is a group of its own."""
    names = [row.group or f"\x00{row.id}" for row in rows]
    numbers = {name: number for number, name in enumerate(sorted(set(names)))}
    return Matrix(
        x=read_values(rows, width),
        y=np.array([row.label for row in rows], dtype=np.float64),
        kinds=np.array([row.kind or "" for row in rows], dtype=np.str_),
        groups=np.array([numbers[name] for name in names], dtype=np.int64),
        at=np.array([row.at for row in rows], dtype=np.int64),
    )


def hash_rows(table: Table, rows: Sequence[Row]) -> str:
    """SHA-256 of the features' names and of ``rows``, 64 hexadecimal digits."""
    digest = hashlib.sha256(msgspec.json.encode([feature.name for feature in table.features]))
    for row in rows:
        digest.update(msgspec.json.encode(row))
    return digest.hexdigest()
