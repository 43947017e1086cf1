"""Moments as records hold them (integers), and as reports give them out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_datetime(milliseconds: int) -> datetime:
    """The moment in UTC; JSON writes it as ``2026-05-20T10:00:00Z``."""
    return _EPOCH + timedelta(milliseconds=milliseconds)
