"""Outputs as they were agreed on. ``TACHO_REGOLD=1`` writes them anew: then look at every difference."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"
_REGOLD = bool(os.environ.get("TACHO_REGOLD"))  # read before a test takes tacho's variables away


def check_golden(name: str, text: str) -> None:
    """Compare ``text`` with what lies under ``tests/golden/<name>``."""
    path = FOLDER / name
    if _REGOLD:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.is_file(), f"{path.name} is new: look at the output, then run with TACHO_REGOLD=1"
    assert text == path.read_text(encoding="utf-8")
