"""Events of the commands that are in an agent's log."""

from __future__ import annotations

import re
from functools import lru_cache

import xxhash

from tachograph.analysis.commands import command_head
from tachograph.app.commands.log_calls import LoggedCall, LoggedSession
from tachograph.capture.hashing import Key, hash_command
from tachograph.model import CommandEvent

NOTE = "from the log: edits since the command before it"
"""What the command itself changed is not known."""

_PIECE = re.compile(
    r"""(?P<space>[ \t\r\n]+)|(?P<plain>[^ \t\r\n"'\\]+)|'(?P<single>[^']*)'"""
    r"""|"(?P<double>(?:[^"\\]|\\.)*)"|\\(?P<one>.)""",
    re.DOTALL,
)
_ESCAPED = re.compile(r"""\\(["\\])""")


def event_id(agent: str, session: str, call: str) -> str:
    """The id of a call's event: the same whenever, and in whatever order, its log is read."""
    name = "\0".join((agent, session, call)).encode("utf-8", "surrogatepass")
    return f"evt_{xxhash.xxh3_128_hexdigest(name)[:20]}"


def make_event(session: LoggedSession, call: LoggedCall, key: Key) -> CommandEvent:
    """The event of a call. What it changed are the edits since the command before it, as far as the log tells."""
    hashed = _hash_line(call.text, key) if call.command is not None else hash_command((call.text,), key)
    return CommandEvent(
        id=event_id(session.agent, session.id, call.id),
        origin="log",
        agent=session.agent,
        executed_at=call.started_at,
        command_hash=hashed,
        hash_key=key.id,
        program=command_head(call.command or ""),
        duration_ms=call.duration_ms,
        exit_code=call.exit_code,
        timed_out=call.timed_out,
        files_touched_count=call.files,
        lines_added=call.lines_added,
        lines_deleted=call.lines_deleted,
        delta_note=NOTE,
        repo=session.project,
        session=session.id,
        call=call.id,
    )


@lru_cache(maxsize=8192)
def _hash_line(line: str, key: Key) -> str:
    """The same as ``capture.hashing.hash_line``, some ten times as fast."""
    words = split_words(line)
    return hash_command((line,) if words is None else words, key)


def split_words(line: str) -> list[str] | None:
    """What ``shlex.split`` makes of ``line``; None where it refuses to."""
    words: list[str] = []
    word: str | None = None
    at = 0
    for piece in _PIECE.finditer(line):
        if piece.start() != at:
            return None
        at = piece.end()
        kind, text = piece.lastgroup, piece[piece.lastgroup or 0]
        if kind == "space":
            if word is not None:
                words.append(word)
            word = None
        else:
            if kind == "double" and "\\" in text:
                text = _ESCAPED.sub(r"\1", text)
            word = text if word is None else word + text
    if word is not None:
        words.append(word)
    return words if at == len(line) else None
