"""The telemetry folder that the user names."""

from __future__ import annotations

import os
from pathlib import Path

from tachograph.settings import Settings


def user_folder(settings: Settings) -> Path | None:
    """``learn.folder`` with ``~`` resolved; None when none is named, or no whole path.

    A hook goes round in whatever folder the agent works: a path that begins there would be another one each time.
    """
    named = os.path.expanduser(settings.learn_folder)
    return Path(named) if named and os.path.isabs(named) else None
