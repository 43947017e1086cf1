"""The session that a file or a case names."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from tachograph.app.expect.sheet import Sheet, Steps, shorten

METADATA_KEYS = ("trace_path", "session_id", "trace_run_id", "trace_id")
"""What of ``metadata`` is ours."""
_MADE = ("agent", "created", "source")
"""What else is, in a case that tacho cases made."""


class NamedSession(msgspec.Struct, frozen=True):
    """Where a session is to be found; nothing where none is named."""

    target: str | None = None
    """A log's path, or an id."""
    mlflow_run: str | None = None
    mlflow_trace: str | None = None
    foreign: tuple[str, ...] = ()
    """Other people's keys, as paths."""


def read_named_session(sheet: Sheet, path: Steps, folder: Path) -> NamedSession:
    """The session that ``metadata`` (and, at the top of a file, ``session``) names in the mapping at ``path``.

    A path is relative to ``folder``. Where metadata give a path and an id, the path counts if something lies there:
    logs are deleted after a while, and the warehouse still knows the session. Wrong kinds of values are refused.
    """
    where = (*path, "metadata")
    metadata = sheet.at(where)
    if not isinstance(metadata, dict):
        if not path:
            sheet.mapping(where)  # the block is our own: refused
        return NamedSession(_read_session(sheet, path, folder), foreign=("metadata",) if path and metadata else ())
    found = {key: sheet.text((*where, key)) for key in METADATA_KEYS if metadata.get(key) is not None}
    log = _below(folder, found.get("trace_path"))
    named = found.get("session_id")
    target = log if log is not None and (named is None or os.path.exists(log)) else named
    session = _read_session(sheet, path, folder)
    if session is not None and target is not None:
        sheet.refuse("metadata and session both name a session", (*path, "session"), "Keep one of them.", key=True)
    ours = METADATA_KEYS + (_MADE if made_here(metadata) else ())
    foreign = tuple(f"metadata.{shorten(key)}" for key in metadata if key not in ours)
    return NamedSession(session or target, found.get("trace_run_id"), found.get("trace_id"), foreign)


def made_here(metadata: object) -> bool:
    """Whether a case with this ``metadata`` was made by tacho cases."""
    return isinstance(metadata, dict) and metadata.get("source") == "tacho"


def _read_session(sheet: Sheet, path: Steps, folder: Path) -> str | None:
    """What ``session`` at the top of a file names; a case has none."""
    value = None if path else sheet.text(("session",))
    return _below(folder, value) if value is not None and _is_path(value, folder) else value


def _is_path(value: str, folder: Path) -> bool:
    """Whether a path is meant: something lies there, or it is written like one. Ids of subagents hold slashes too."""
    written = value.startswith(("/", ".", "~")) or value.endswith((".jsonl", ".zst")) or os.path.isabs(value)
    return written or os.path.exists(folder / value)


def _below(folder: Path, value: str | None) -> str | None:
    """``value`` seen from ``folder``, written so that it cannot be taken for an id."""
    if value is None:
        return None
    path = str(folder / os.path.expanduser(value))
    return path if os.path.isabs(path) or path.startswith(".") else os.path.join(".", path)
