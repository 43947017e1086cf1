"""A command that a person or an agent ran, what it changed, and how that turned out."""

from __future__ import annotations

from typing import Literal

import msgspec

CommandOrigin = Literal["run", "shell", "log"]
"""``run``: under ``tacho run``; ``shell``: noted by a shell's hook; ``log``: found in an agent's log."""
ScoreKind = Literal["productivity", "chance"]
"""What a score is: ``productivity``: the label that a model expects, 0 to 100; ``chance``: of success, in per cent."""
LabelKind = Literal["human", "outcome", "pseudo", "synthetic"]
"""Where a label is from, the most trustworthy first."""
LABEL_KINDS: tuple[LabelKind, ...] = ("human", "outcome", "pseudo", "synthetic")


class ChangedPath(msgspec.Struct, frozen=True):
    """What a command did to one file of its repository."""

    path: str
    """Relative to the root of the work tree, with ``/``; redacted."""
    lines_added: int | None
    """None: the file is not text."""
    lines_deleted: int | None
    old_path: str | None = None
    """Where it was before, when it was moved."""
    before: str | None = None
    """Name of the git object that it was; None: it was not there."""
    after: str | None = None
    """Name of the git object that it is; None: it is gone."""


class RepoDelta(msgspec.Struct, frozen=True):
    """What a command changed in its repository; None is what could not be told."""

    files_touched: int | None = None
    """Files whose content, name or mode is another one; a moved file once."""
    lines_added: int | None = None
    """In text files."""
    lines_deleted: int | None = None
    binary_files: int | None = None
    """Those among the touched ones that are not text."""
    renames: int | None = None
    commits: int | None = None
    """Made by the command, amended ones included."""
    head_before: str | None = None
    head_after: str | None = None
    paths: tuple[ChangedPath, ...] = ()
    """At most 200 of the touched files, sorted."""
    note: str = ""
    """Why something could not be told; empty: everything could."""


class CommandEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One command that was run. Its output is not part of it."""

    id: str
    """``evt_`` and 20 hexadecimal digits; the same for the same call of a log, whenever it is read."""
    origin: CommandOrigin
    agent: str | None
    """Who ran it, as far as known: ``claude_code``, ``codex``, a name that was given."""
    executed_at: int
    """ms since 1970-01-01 UTC."""
    command_hash: str
    """32 hexadecimal digits: a keyed hash of the arguments, which cannot be guessed without the key."""
    hash_key: str
    """Which key that was."""
    program: str
    """The program with the words that say what it is to do, see ``analysis.commands.command_head``; redacted."""
    duration_ms: int | None
    exit_code: int | None
    """What ``tacho run`` returned: 124 after a time-out, 128 and more after a signal."""
    timed_out: bool = False
    signal: int | None = None
    """The signal that ended it."""
    files_touched_count: int | None = None
    lines_added: int | None = None
    lines_deleted: int | None = None
    binary_files: int | None = None
    renames: int | None = None
    commits: int | None = None
    head_before: str | None = None
    head_after: str | None = None
    delta_note: str = ""
    repo: str | None = None
    """Root of the work tree; of worktrees the main one's."""
    session: str | None = None
    """The agent's session that ran it."""
    call: str | None = None
    """The tool call that ran it."""
    command: str | None = None
    """The command itself, redacted; only when it was asked for."""


class CommandLabel(msgspec.Struct, frozen=True):
    """How a command, or a session, turned out."""

    target: str
    """Id of an event, or of a session."""
    kind: LabelKind
    source: str
    """What tells so: ``person``, ``next_check``, ``survival``, ``next_prompt``, ``goal``, ``formula`` …"""
    score: float
    """0 (of no use) to 100."""
    at: int
    """When it was told; ms since 1970-01-01 UTC."""
    note: str = ""


class CommandScore(msgspec.Struct, frozen=True):
    """What a model says of an event."""

    event: str
    model: str
    """Name of the model."""
    score: float
    """0 to 100: what that is, ``kind`` says."""
    low: float | None
    """Of productivity the interval that is meant to hold it in 9 of 10 cases. Of a chance the interval (9 of 10) for
    the share, in per cent, that succeeded of the commands with such a chance; None where the chance lies outside."""
    high: float | None
    top_feature: str
    """The one that moved the prediction most; empty: none did."""
    top_value: float
    """By how much, in points of the score."""
    kind: ScoreKind = "productivity"
