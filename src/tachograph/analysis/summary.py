"""A session in a few additive numbers: what lists and totals need."""

from __future__ import annotations

import msgspec

from tachograph.model import HUMAN_KINDS, TURN_KINDS, Prompt, Session

IDLE_MS = 10 * 60 * 1000
"""A longer silence within a turn is not work: the machine slept, or a question waited for its answer."""

_LOCAL_COMMANDS = """
/add-dir /agents /bug /clear /compact /config /context /cost /doctor /effort /exit /export /fast /feedback /help /hooks
/ide /login /logout /mcp /memory /model /permissions /plugin /quit /release-notes /rename /resume /status /statusline
/terminal-setup /theme /upgrade /usage /vim
"""
HOUSEKEEPING = frozenset(_LOCAL_COMMANDS.split())
"""Slash commands that ask nothing of the model."""


class Summary(msgspec.Struct, frozen=True, array_like=True):
    """Counts over the records of one segment; they add up over the segments of a session."""

    turns: int = 0
    prompts: int = 0
    interruptions: int = 0
    compactions: int = 0
    api_errors: int = 0
    tool_calls: int = 0
    tool_errors: int = 0
    tool_denied: int = 0
    subagents: int = 0
    lines_added: int = 0
    lines_removed: int = 0
    active_ms: int = 0
    first_at: int | None = None
    """Moment of the first record, ms UTC (not additive: the earliest segment's counts)."""
    opening_hash: int | None = None
    opening: str | None = None
    """First 200 characters of the first prompt a person typed (not additive: the first segment's counts)."""


def summarise(session: Session, after: int = -1) -> Summary:
    """Count the records of ``session`` whose position is above ``after`` (those up to it are copies)."""
    prompts = [p for p in session.prompts if p.position > after]
    calls = [c for c in session.tool_calls if c.position > after]
    markers = [m.kind for m in session.markers if m.position > after]
    statuses = [c.status for c in calls]
    done = [c for c in calls if c.status == "ok"]
    opening = next((p for p in prompts if p.kind in HUMAN_KINDS and not _is_housekeeping(p)), None)
    return Summary(
        turns=sum(p.kind in TURN_KINDS for p in prompts),
        prompts=sum(p.kind in HUMAN_KINDS for p in prompts),
        interruptions=markers.count("interruption"),
        compactions=markers.count("compaction"),
        api_errors=markers.count("api_error"),
        tool_calls=len(calls),
        tool_errors=statuses.count("error"),
        tool_denied=statuses.count("denied"),
        subagents=sum(c.category == "subagent" and c.name in ("Task", "Agent", "spawn_agent") for c in calls),
        lines_added=sum(c.lines_added or 0 for c in done),
        lines_removed=sum(c.lines_removed or 0 for c in done),
        active_ms=active_ms(session, after),
        first_at=_first_moment(session, after),
        opening_hash=opening.text_hash if opening else None,
        opening=opening.text[:200] if opening else None,
    )


def _first_moment(session: Session, after: int) -> int | None:
    moments = [p.at for p in session.prompts if p.position > after]
    moments += [r.started_at for r in session.responses if r.position > after]
    moments += [c.started_at for c in session.tool_calls if c.position > after]
    return min(moments, default=None)


def _is_housekeeping(prompt: Prompt) -> bool:
    """Whether a prompt only handles the agent's own program: it says nothing of what the session is about."""
    return prompt.kind == "shell" or prompt.text.partition(" ")[0] in HOUSEKEEPING


def active_ms(session: Session, after: int = -1) -> int:
    """Milliseconds in which the agent was at work: from each prompt to the last record before the next one.

    Silences of more than :data:`IDLE_MS` are left out, but for a call that says it ran so long; and so is the time from
    a turn's last record to the prompt that opens the next. Time in which a permission was waited for counts (the log
    cannot tell it apart).
    """
    opening = (*HUMAN_KINDS, *TURN_KINDS)
    moments: list[tuple[int, bool]] = [(p.at, p.kind in opening) for p in session.prompts if p.position > after]
    long_calls: dict[int, int] = {}
    for r in session.responses:
        if r.position > after:
            moments.append((r.started_at, False))
            moments.append((r.ended_at, False))
    for c in session.tool_calls:
        if c.position > after:
            moments.append((c.started_at, False))
            if c.ended_at is not None:
                moments.append((c.ended_at, False))
                if c.duration_ms is not None and c.duration_ms > IDLE_MS:
                    long_calls[c.ended_at] = c.duration_ms
    moments.sort()
    total = 0
    previous: int | None = None
    for at, opens in moments:
        if previous is not None and not opens:
            silence = at - previous
            total += silence if silence <= IDLE_MS else min(silence, long_calls.get(at, 0))
        previous = at
    return total
