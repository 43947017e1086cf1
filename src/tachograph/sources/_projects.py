"""Which project a working directory belongs to: a rule on text, no look at the disk."""

from __future__ import annotations

import re

_WORKTREE = re.compile(r"[\\/]\.(?:claude[\\/])?worktrees[\\/][^\\/]+(?:[\\/].*)?$", re.DOTALL)


def project_of(cwd: str) -> str:
    """The project's root: ``cwd`` with ``/.claude/worktrees/<name>`` and ``/.worktrees/<name>`` folded in.

    Trailing separators go, so that ``/a/b/`` and ``/a/b`` are one project. Windows paths keep their spelling.
    """
    folded = _WORKTREE.sub("", cwd)
    stripped = folded.rstrip("/\\")
    return stripped if stripped and not stripped.endswith(":") else folded or "/"
