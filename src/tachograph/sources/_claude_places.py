"""Where Claude Code keeps its transcripts on this machine, and for how long."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

_DEFAULT_DAYS = 30


class _Settings(msgspec.Struct):
    """``settings.json``: the one option of it that decides how long history lasts."""

    cleanupPeriodDays: int | None = None  # noqa: N815 (the file's own name)


def places() -> list[Path]:
    """``CLAUDE_CONFIG_DIR`` (comma-separated) if set, else ``~/.config/claude`` and ``~/.claude``."""
    named = os.environ.get("CLAUDE_CONFIG_DIR")
    if named:
        return [Path(part.strip()).expanduser() for part in named.split(",") if part.strip()]
    return [Path.home() / ".config" / "claude", Path.home() / ".claude"]


def roots() -> list[Path]:
    """Those of :func:`places` that hold projects."""
    return [place for place in places() if (place / "projects").is_dir()]


def homes(root: Path) -> list[Path]:
    """Its projects."""
    return [root / "projects"]


def retention_days(place: Path) -> int | None:
    """Days after their last change at which Claude Code deletes transcripts when it starts: ``cleanupPeriodDays``.

    30 unless ``settings.json`` says otherwise, also when that cannot be read (as Claude Code itself takes it).
    """
    try:
        settings = msgspec.json.decode((place / "settings.json").read_bytes(), type=_Settings)
    except (OSError, msgspec.MsgspecError, RecursionError):
        return _DEFAULT_DAYS
    return settings.cleanupPeriodDays if settings.cleanupPeriodDays is not None else _DEFAULT_DAYS
