"""A prepared briefing as ``tacho learn`` writes it for the hooks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

KEY = "5f" * 32
NOW = 1_795_176_000_000
"""2026-11-20T12:00:00Z, in ms."""


def suggestion(id: str = "batch_tasks", share: float = 0.5, text: str = "", agent_type: str = "main") -> dict[str, Any]:
    """One entry of ``suggestions``: on trial, or given to all when ``share`` is 1."""
    return {"id": id, "trial": f"{id}:{agent_type}:1780000000000", "share": share, "text": text or f"Text of {id}."}


def entry(*suggestions: dict[str, Any], facts: str = "Baselines of 12 sessions.", notice: str = "") -> dict[str, Any]:
    """What the sessions of one agent type are told."""
    return {"facts": facts, "notice": notice, "suggestions": list(suggestions)}


def gate(**changes: Any) -> dict[str, Any]:
    """A gate that is closed for an hour."""
    reason = "Costs are far above the baseline. Begin the prompt with !go to go on."
    return {"alert": "a1b2c3d4", "reason": reason, "phrase": "!go", "until": NOW + 3_600_000, **changes}


def status(**changes: Any) -> dict[str, Any]:
    """What the status line shows."""
    day = {"day": "2026-11-20", "zone_offset_s": 0, "usd_today": 3.2}
    return {**day, "budget": "", "alert": "", **changes}


def briefing(**changes: Any) -> dict[str, Any]:
    """A whole briefing: one entry for main sessions of Claude Code, nothing else."""
    record: dict[str, Any] = {
        "version": 1,
        "made_at": NOW - 600_000,
        "key": KEY,
        "projects": [],
        "types": {"claude_code": {"main": entry(suggestion())}, "codex": {}},
        "gate": None,
        "status": status(),
    }
    return record | changes


def write_briefing(data: Path, **changes: Any) -> Path:
    """Write it where the hooks look for it, and return the data folder."""
    (data / "hooks").mkdir(parents=True, exist_ok=True, mode=0o700)
    (data / "hooks" / "briefing.json").write_text(json.dumps(briefing(**changes)), encoding="utf-8")
    return data
