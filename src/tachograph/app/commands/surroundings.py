"""Which agent, in which of its sessions, runs a command: what agents tell the commands that they start."""

from __future__ import annotations

import re
from collections.abc import Mapping

_NATIVE_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,99}")
_SIGNS = {
    "claude_code": ("CLAUDE_CODE_SESSION_ID", ("CLAUDECODE",)),
    "codex": ("CODEX_THREAD_ID", ("CODEX_SANDBOX", "CODEX_SANDBOX_NETWORK_DISABLED")),
}
"""Agent -> the variable that names its session, and others that it sets for its commands (older ones only those)."""


def find_agent(environ: Mapping[str, str], named: str | None = None) -> tuple[str | None, str | None]:
    """The agent and its session (``<agent>:<native id>``), each None where it is not known.

    An agent that another one has started hands on what the other one told: then it cannot be said which of them runs
    the command, and both stay unknown unless one of them is ``named``. A name of no known agent has no session.
    """
    found = [agent for agent, (variable, others) in _SIGNS.items() if any(map(environ.get, (variable, *others)))]
    agent = named or (found[0] if len(found) == 1 else None)
    if agent not in found:
        return agent, None
    native = environ.get(_SIGNS[agent][0], "")
    return agent, f"{agent}:{native}" if _NATIVE_ID.fullmatch(native) else None
