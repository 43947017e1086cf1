"""Holding a session back after a critical alert: only when the user asked for it, and only until it was seen."""

import os

from tachograph.hooks.places import FOLDER, LET_THROUGH, append, read_bytes
from tachograph.hooks.records import is_name, number_of, table_of, text_of

_LOOKED_AT = 64 * 1024
"""Bytes at the end of the file; only the last alerts matter."""

Record = dict[str, object]


def stop_prompt(data: str, briefing: Record, event: Record, session: str, at: int) -> str:
    """Why the prompt is held back; empty: it is not. One that begins with the phrase opens the gate for good."""
    gate = _closed_gate(data, briefing, session, at)
    if not gate or "agent_id" in event or not isinstance(event.get("prompt"), str):
        return ""
    if text_of(event, "prompt").lstrip().startswith(text_of(gate, "phrase")):
        let_through(data, gate)
        return ""
    return text_of(gate, "reason")


def stop_start(data: str, briefing: Record, session: str, at: int) -> str:
    """Why the session does not start; empty: it does. One start is held back: who begins anew has seen the reason."""
    gate = _closed_gate(data, briefing, session, at)
    if not gate or not let_through(data, gate):  # what cannot be remembered would hold every start back
        return ""
    return f"{text_of(gate, 'reason')} Start again to go on: this is said once."


def pass_resumed(data: str, briefing: Record, session: str, at: int) -> None:
    """Let the prompts of a session pass that goes on: it began before anybody could be told."""
    gate = _closed_gate(data, briefing, session, at)
    if gate and session:
        let_through(data, gate, session)


def let_through(data: str, gate: Record, session: str = "*") -> bool:
    """Remember that the gate's alert stops ``session``, or nobody, any more; whether that could be written down."""
    return append(data, LET_THROUGH, f"{text_of(gate, 'alert')} {session}\n".encode())


def _closed_gate(data: str, briefing: Record, session: str, at: int) -> Record:
    """The gate, when it is closed for ``session`` at this moment (ms); else an empty record."""
    gate = table_of(briefing, "gate")
    until = number_of(gate, "until")
    is_whole = is_name(text_of(gate, "alert"), "_:.-/") and text_of(gate, "reason") and text_of(gate, "phrase").strip()
    if not is_whole or until is None or at >= until:
        return {}
    open_for = {f"{text_of(gate, 'alert')} {who}".encode() for who in ("*", session)}
    lines = read_bytes(os.path.join(data, FOLDER, LET_THROUGH), _LOOKED_AT, only_end=True).split(b"\n")
    return {} if open_for.intersection(lines) else gate
