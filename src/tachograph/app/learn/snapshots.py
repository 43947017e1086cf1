"""The fold over all sessions as it was some sessions ago, so that a new session does not cost the whole history.

A snapshot counts as long as nothing that it was made from has changed: the sessions up to its moment (the table
``points_changed`` is told of each by triggers), rules, KPIs, resets, and who was treated. Else the fold begins anew:
what comes out is the same.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

import msgspec
import xxhash

from tachograph.app.learn.decisions import Activation, load_resets
from tachograph.app.learn.rules import load_user_rules
from tachograph.learning.baselines import Baseline
from tachograph.learning.records import Group

DISTANCES = (1000, 250)
"""Sessions before the last one at which snapshots are taken: most of what changes is younger than these."""
_KIND = "snapshot"
_EARLIEST = -(1 << 62)
_MOST = 4


class Snapshot(msgspec.Struct, frozen=True, array_like=True):
    """The fold after all sessions that had ended by a moment."""

    upto: int
    """End of the last of them, ms UTC; every other session ended later."""
    basis: str
    """Stands for all else that it rests on."""
    state: bytes
    """Of the reviewer."""
    sessions: int
    incomplete: int
    before_trials: list[tuple[str, list[tuple[Group, dict[str, Baseline]]]]]
    """Baselines as they were when each trial began."""


def find_snapshot(
    connection: sqlite3.Connection, activations: Sequence[Activation], before: int | None = None
) -> Snapshot | None:
    """The latest snapshot that counts, of those from before the moment ``before`` (ms UTC); None when there is none."""
    changed = connection.execute("SELECT min(at) FROM points_changed").fetchone()[0]
    limit = min((at for at in (changed, before) if at is not None), default=None)
    rows = connection.execute(
        "SELECT record FROM loop_records WHERE kind = ? ORDER BY CAST(name AS INTEGER) DESC", (_KIND,)
    ).fetchall()
    for (record,) in rows:
        found = msgspec.msgpack.decode(record, type=Snapshot)
        if (limit is None or found.upto < limit) and found.basis == basis_of(connection, activations, found.upto):
            return found
    return None


def keep_snapshots(connection: sqlite3.Connection, start: Snapshot | None, taken: Sequence[Snapshot]) -> None:
    """Keep what was taken, the one that was gone on from, and some before it; the caller's transaction commits it."""
    upto = start.upto if start is not None else _EARLIEST
    connection.execute("DELETE FROM loop_records WHERE kind = ? AND CAST(name AS INTEGER) > ?", (_KIND, upto))
    connection.executemany(
        "INSERT INTO loop_records VALUES (?, ?, ?)",
        [(_KIND, str(one.upto), msgspec.msgpack.encode(one)) for one in taken],
    )
    connection.execute(
        "DELETE FROM loop_records WHERE kind = ?1 AND name NOT IN (SELECT name FROM loop_records WHERE kind = ?1"
        " ORDER BY CAST(name AS INTEGER) DESC LIMIT ?2)",
        (_KIND, _MOST),
    )
    connection.execute("DELETE FROM points_changed")


def forget_snapshots(connection: sqlite3.Connection) -> None:
    """Have the next fold begin at the first session; the caller's transaction commits it."""
    connection.execute("DELETE FROM loop_records WHERE kind = ?", (_KIND,))


def basis_of(connection: sqlite3.Connection, activations: Sequence[Activation], upto: int) -> str:
    """Stands for all but the sessions that a fold up to a moment rests on."""
    treated = connection.execute(
        "SELECT DISTINCT a.session, a.suggestion FROM assignments a JOIN points p USING (session)"
        " WHERE a.arm = 'treatment' AND p.ended_at <= ? ORDER BY 1, 2",
        (upto,),
    ).fetchall()
    parts = (
        hash_rules(),
        load_user_rules(),
        load_resets(connection),
        treated,
        sorted(one.trial for one in activations if one.started_at <= upto),
    )
    return xxhash.xxh3_128_hexdigest(msgspec.msgpack.encode(parts))


@cache
def hash_rules() -> str:
    """A hash of all KPIs, rules and texts of the loop that come with this version."""
    hasher = xxhash.xxh3_64()
    for name in ("tachograph.analysis.kpis", "tachograph.learning"):
        for file in _files(resources.files(name)):
            hasher.update(file.read_bytes())
    return hasher.hexdigest()


def _files(folder: Traversable) -> list[Traversable]:
    found: list[Traversable] = []
    for one in sorted(folder.iterdir(), key=lambda one: one.name):
        if one.is_dir():
            found += _files(one)
        elif one.name.endswith((".py", ".toml")):
            found.append(one)
    return found
