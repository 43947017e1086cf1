"""What a page is made from: the warehouse with the rollups beside it, at one moment."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import datetime, tzinfo

import msgspec

from tachograph.app.workspace import Workspace


class Standing(msgspec.Struct, frozen=True):
    """How far the rollups are."""

    as_of: datetime
    """When they were brought up to date last."""
    revision: int
    """State of the warehouse that they tell of."""


class Live(msgspec.Struct, frozen=True):
    """What the watcher knows of sessions that are going on; without a watcher none is called live."""

    watching: bool = False
    window_ms: int = 300_000
    """A session whose log has not grown for so long is finished."""
    ended: frozenset[str] = frozenset()
    """Ids of sessions that a SessionEnd hook has said to be over."""

    def is_live(self, id: str, ended_at: datetime | None, now_ms: int) -> bool:
        """Whether the session is going on."""
        recent = ended_at is not None and now_ms - ended_at.timestamp() * 1000 < self.window_ms
        return self.watching and recent and id not in self.ended


class Desk:
    """The warehouse, read-only and within one transaction, with the rollups attached as ``roll``."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        workspace: Workspace,
        zone: tzinfo,
        zone_name: str,
        now_ms: int,
        standing: Standing,
        live: Live | None = None,
    ) -> None:
        self.connection = connection
        self.workspace = workspace
        self.zone = zone
        self.zone_name = zone_name
        self.now_ms = now_ms
        self.standing = standing
        self.live = live or Live()


Params = Mapping[str, str]
"""The other parameters of an address, those of the page's own ``params`` alone."""
