"""What a session's log says about its commands: the calls, the edits between them, what a person said to it."""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec

from tachograph.analysis.detectors import find_rewinds
from tachograph.model import HUMAN_KINDS, Marker, Prompt

_SESSION = "SELECT id, agent, kind, root_id, project FROM sessions WHERE id = ?"
_SEGMENTS = """
SELECT g.segment, g.inherited_until FROM segments g JOIN logs l USING (log)
WHERE g.session = ? ORDER BY g.started_at, l.path_hash, g.ordinal"""
_CALLS = """
SELECT position, id, category, status, started_at, ended_at, exit_code, nullif(command, ''),
       coalesce(command_hash, input_hash),
       command IS NOT NULL OR command_hash IS NOT NULL, duration_ms, result_kind, error_signature, path, more_files,
       lines_added, lines_removed
FROM tool_calls WHERE segment = ? AND position > ? AND category IN ('shell', 'edit') ORDER BY position"""
_PROMPTS = """
SELECT position, id, kind, at, text, chars, text_hash, parent_hash
FROM prompts WHERE segment = ? AND position > ? AND kind IN ('human', 'slash', 'shell', 'task') ORDER BY position"""
_MARKERS = """
SELECT position, id, kind, at, detail, value
FROM markers WHERE segment = ? AND position > ? AND kind IN ('interruption', 'rollback') ORDER BY position"""
_CUT_FROM = 450
"""Commands are stored up to 500 characters, up to 50 less when a redaction lies across the cut: this may be a part."""


class LoggedCall(msgspec.Struct, frozen=True):
    """A command that an agent ran, to its end or to an error, with what was edited since the one before it."""

    part: int
    """Which of the session's logs it is in, in their order."""
    position: int
    id: str
    started_at: int
    """ms UTC; so below."""
    ended_at: int | None
    """None where it went on in the background."""
    exit_code: int | None
    command: str | None
    """Redacted, then cut; None where no text is stored."""
    text: str
    """What tells it from other commands: its text; where that is cut or not stored, with or only the text's hash."""
    duration_ms: int | None
    """As the tool reports it, else from call to result, waiting for permission included."""
    timed_out: bool
    error: str | None
    """The first telling line of what it printed, where it failed; None: nothing is known of it."""
    files: int | None
    """Files edited since the command before; None: the log does not say which."""
    lines_added: int | None
    """By these edits; None: the log does not say."""
    lines_deleted: int | None


class Word(msgspec.Struct, frozen=True):
    """A person's prompt or interruption."""

    part: int
    position: int
    at: int
    kind: str
    """A kind of prompt, or ``interruption``."""
    text: str


class Rewound(msgspec.Struct, frozen=True):
    """A stretch that a person took back."""

    part: int
    start: int
    end: int
    at: int


class LoggedSession(msgspec.Struct, frozen=True):
    """A session without what it copied from another one."""

    id: str
    agent: str
    kind: str
    """main or subagent."""
    root: str
    """The main session that it belongs to; its own id for a main one."""
    project: str | None
    calls: tuple[LoggedCall, ...]
    words: tuple[Word, ...]
    rewound: tuple[Rewound, ...]


def read_session(warehouse: sqlite3.Connection, session: str) -> LoggedSession | None:
    """The session called so; None when there is none."""
    row = warehouse.execute(_SESSION, (session,)).fetchone()
    if row is None:
        return None
    calls = _Calls()
    words: list[Word] = []
    rewound: list[Rewound] = []
    for part, place in enumerate(warehouse.execute(_SEGMENTS, (session,)).fetchall()):
        for values in warehouse.execute(_CALLS, place):
            calls.take(part, values)
        prompts = [Prompt(*values) for values in warehouse.execute(_PROMPTS, place)]
        markers = [Marker(*values) for values in warehouse.execute(_MARKERS, place)]
        words += _words(part, prompts, markers)
        rewound += _rewound(part, prompts, markers)
    name, agent, kind, root, project = row
    return LoggedSession(name, agent, kind, root, project, tuple(calls.found.values()), tuple(words), tuple(rewound))


def _words(part: int, prompts: list[Prompt], markers: list[Marker]) -> list[Word]:
    found = [Word(part, p.position, p.at, p.kind, p.text) for p in prompts if p.kind in HUMAN_KINDS]
    found += [Word(part, m.position, m.at, m.kind, "") for m in markers if m.kind == "interruption"]
    return sorted(found, key=lambda word: word.position)


def _rewound(part: int, prompts: list[Prompt], markers: list[Marker]) -> list[Rewound]:
    times = {p.position: p.at for p in prompts} | {m.position: m.at for m in markers}
    return [Rewound(part, one.start, one.end, times[one.end]) for one in find_rewinds(prompts, markers)]


class _Calls:
    """The commands so far, by id: of a call that several logs of the session hold the first one counts."""

    def __init__(self) -> None:
        self.found: dict[str, LoggedCall] = {}
        self._edits = _Edits()

    def take(self, part: int, values: tuple[Any, ...]) -> None:
        """A row of ``_CALLS``."""
        (position, name, category, status, started_at, ended_at, exit_code, command, code, is_command, duration,
         result_kind, error, path, more, added, removed) = values  # fmt: skip
        if category == "edit":
            if status == "ok":
                self._edits.take(path, more, added, removed)
            return
        if not is_command or status not in ("ok", "error") or name in self.found:
            return
        background = result_kind == "background"
        if duration is None and ended_at is not None:
            duration = ended_at - started_at
        self.found[name] = LoggedCall(
            part=part, position=position, id=name, started_at=started_at, ended_at=None if background else ended_at,
            exit_code=exit_code, command=command, text=_identity(command, code),
            duration_ms=None if background or duration is None or duration < 0 else duration,
            timed_out=exit_code == 124 or (error or "").startswith("Command timed out"),
            error=error, files=self._edits.files, lines_added=self._edits.added, lines_deleted=self._edits.deleted,
        )  # fmt: skip
        self._edits = _Edits()


class _Edits:
    """Edits since the last command."""

    def __init__(self) -> None:
        self._paths: set[str] | None = set()
        self.added: int | None = 0
        self.deleted: int | None = 0

    @property
    def files(self) -> int | None:
        return None if self._paths is None else len(self._paths)

    def take(self, path: str | None, more: str | None, added: int | None, removed: int | None) -> None:
        self.added = None if self.added is None or added is None else self.added + added
        self.deleted = None if self.deleted is None or removed is None else self.deleted + removed
        if path is None or self._paths is None:
            self._paths = None
            return
        self._paths.add(path)
        if more is not None:
            self._paths.update(other for other, _ in msgspec.json.decode(more, type=list[tuple[str, str]]))


def _identity(command: str | None, code: int) -> str:
    if command is None:
        return str(code)
    return command if len(command) < _CUT_FROM else f"{command}\n{code}"
