"""Writing the self-optimising plan's layout under a telemetry folder: privately, whole, and only what has changed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import xxhash

from tachograph.analysis.kpis import load_kpis
from tachograph.app.export.write import write_privately
from tachograph.app.learn.plan_incident import incident_page
from tachograph.app.learn.plan_names import file_name, file_names
from tachograph.app.learn.plan_shapes import (
    VERSION,
    HistoryLine,
    baseline_files,
    history_line,
    moment,
    plan_id,
)
from tachograph.app.learn.plan_suggestions import ActiveFile, ActiveSuggestion, SessionSuggestions
from tachograph.errors import TachographError
from tachograph.learning.alerts import Incident
from tachograph.learning.baselines import Baseline
from tachograph.learning.records import Group
from tachograph.learning.review import Judged
from tachograph.learning.suggestions import load_catalogue
from tachograph.paths import FILE_MODE, private_dir, private_file
from tachograph.report.sanitise import harmless

_MOST_BYTES = 16 * 1024 * 1024
"""A larger active.json is none of ours."""
_LINE_BYTES = 1024 * 1024
_CHUNK_BYTES = 256 * 1024


class PlanFiles(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be written; what is empty is left as it is on disk."""

    judged: Iterable[Judged] = ()
    """Sessions for the history; those that it holds as they are cost nothing but a look."""
    applied: Mapping[str, Sequence[str]] = {}
    """Session -> ids of the suggestions whose text it was given."""
    baselines: Mapping[Group, Mapping[str, Baseline]] = {}
    suggestions: Sequence[SessionSuggestions] = ()
    incidents: Sequence[Incident] = ()
    reports: Mapping[str, str] = {}
    """Session -> Markdown."""
    weekly: Mapping[str, str] = {}
    """Date or week -> Markdown."""


def write_plan_files(folder: Path, plan: PlanFiles) -> list[str]:
    """Write ``plan`` below ``folder``; returns what the person should know: at most one sentence, and nothing raised.

    Files that hold what they should are not touched; a file appears whole or not at all, with mode 0600, folders that
    are made with 0700. Safe to repeat.
    """
    try:
        for place, content in _contents(plan):
            write_if_changed(folder / place, content)
        append_history(folder / "history" / "kpis.jsonl", plan)
    except (OSError, TachographError) as error:
        reason = error.message if isinstance(error, TachographError) else f"{error.strerror or error}."
        return [f"The telemetry folder {harmless(str(folder))} could not be written whole: {harmless(reason)}"]
    return []


def _contents(plan: PlanFiles) -> Iterator[tuple[str, bytes]]:
    files = baseline_files(plan.baselines, load_kpis())
    types = file_names([*files, *(one.group.agent_type for one in plan.incidents)])
    for agent_type, baselines in files.items():
        yield f"baselines/{types[agent_type]}.json", _to_json(baselines)
    for told in plan.suggestions:
        yield f"optimizations/{file_name(told.session_id)}.json", _to_json(told)
    for session, text in plan.reports.items():
        yield f"reports/{file_name(plan_id(session))}.md", text.encode()
    for date, text in plan.weekly.items():
        yield f"reports/weekly-{file_names([date])[date]}.md", text.encode()
    taken: set[str] = set()
    for incident in sorted(plan.incidents, key=lambda one: one.id):
        at = moment(incident.at).replace(":", "").replace("-", "")
        name = f"{types[incident.group.agent_type]}-{file_name(incident.kpi)}-{at}"
        if name.lower() in taken:  # of two agents or models at the same second
            name = f"{name}-{file_name(incident.id)}"
        taken.add(name.lower())
        yield f"incidents/{name}.md", incident_page(incident, load_kpis().get(incident.kpi)).encode()


def write_if_changed(path: Path, content: bytes) -> bool:
    """Let ``path`` hold ``content``, with mode 0600; False when it did so already.

    Its folder and that one's folder are made with mode 0700. Raises TachographError when it cannot be written.
    """
    try:
        if path.stat().st_size == len(content) and path.read_bytes() == content:
            return False
    except OSError:
        pass  # not there, or not readable: writing tells why
    _make_place(path)
    if path.exists() and not path.is_file():  # writing to a FIFO waits for somebody who reads it
        raise TachographError(f"{path} is not a regular file.", slug="not_a_file")
    with write_privately(path) as stream:
        stream.write(content)
    return True


def _make_place(path: Path) -> None:
    """The file's folder, and where it is missing the one that this lies in."""
    if not path.parent.parent.exists():
        private_dir(path.parent.parent)
    private_dir(path.parent)


def _to_json(record: msgspec.Struct) -> bytes:
    return msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n"


# -------------------------------------------------------------------------------------------------------- history


def append_history(path: Path, plan: PlanFiles) -> int:
    """Append a line for each session that the history does not hold as it is now; returns how many.

    A session that grew gets one more line, and readers take a session's last one. What other sessions do to it (its
    baselines, the alert) is left as it was said at the time. Raises OSError and TachographError.
    """
    lines = (history_line(judged, plan.applied.get(judged.point.session, ())) for judged in plan.judged)
    held: dict[str, int] | None = None
    count = 0
    pending = bytearray()
    for line in lines:
        if held is None:
            held, is_torn = _read_history(path)
            pending += b"\n" if is_torn else b""
        own = _own_facts(line)
        if held.get(line.session_id) == own:
            continue
        held[line.session_id] = own
        count += 1
        pending += msgspec.json.encode(line) + b"\n"
        if len(pending) >= _CHUNK_BYTES:
            _append(path, pending)
            pending.clear()
    if count and pending:
        _append(path, pending)
    return count


def _own_facts(line: HistoryLine) -> int:
    """Stands for what a line says of its session alone."""
    facts = (line.date, line.agent_type, line.model, line.duration_seconds, sorted(line.kpis.items()))
    return xxhash.xxh3_64_intdigest(msgspec.json.encode(facts))


def _read_history(path: Path) -> tuple[dict[str, int], bool]:
    """The facts of each session's last line, and whether the file ends within a line; bad lines are passed over."""
    held: dict[str, int] = {}
    last = b"\n"
    decode = msgspec.json.Decoder(HistoryLine).decode
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with open(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):  # a FIFO or a device never ends
                raise TachographError(f"{path} is not a regular file.", slug="not_a_file")
            while raw := stream.readline(_LINE_BYTES):
                last = raw[-1:]
                try:
                    line = decode(raw)
                except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                    continue
                held[line.session_id] = _own_facts(line)
    except FileNotFoundError:
        pass
    return held, last != b"\n"


def _append(path: Path, content: bytes | bytearray) -> None:
    _make_place(path)
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    if not path.exists():
        private_file(path)  # whatever the umask
    with open(os.open(path, flags, FILE_MODE), "ab") as stream:
        stream.write(content)


# --------------------------------------------------------------------------------------------------------- active


def write_active(path: Path, suggestions: Sequence[ActiveSuggestion], now: int) -> list[str]:
    """Let ``path`` (an ``active.json``) hold ``suggestions``; one that does so already is not touched.

    Entries of others (ids that are not in the catalogue) stay, behind ours. A file that people have edited into
    something that cannot be read is left to them. Returns what the person should know: at most one sentence, and
    nothing raised.
    """
    held = _load(path)
    if held is None and path.exists():
        return [f"{harmless(str(path))} cannot be read as what it should be, and was left as it is."]
    entries = list(suggestions) + [
        one for one in (held or {}).get("suggestions", ()) if one["id"] not in load_catalogue()
    ]
    if held is not None and held["suggestions"] == msgspec.json.decode(msgspec.json.encode(entries)):
        return []
    try:
        write_if_changed(path, _to_json(ActiveFile(VERSION, moment(now), tuple(entries))))
    except TachographError as error:
        return [harmless(error.message)]
    except OSError as error:
        return [harmless(f"Cannot write {path}: {error.strerror or error}.")]
    return []


def read_active(path: Path) -> frozenset[tuple[str, str]] | None:
    """(suggestion, agent type) of every entry that is in an ``active.json``: what was written and is not, was removed.

    None for a file that is gone or cannot be read as one: it says nothing, and disables nothing.
    """
    held = _load(path)
    if held is None:
        return None
    return frozenset((one["id"], one["agent_type"]) for one in held["suggestions"])


def _load(path: Path) -> dict[str, Any] | None:
    """The file, when it has the shape that counts: a list of suggestions, each with its id and agent type."""
    try:
        if not path.is_file() or path.stat().st_size > _MOST_BYTES:
            return None
        held = msgspec.json.decode(path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    entries = held.get("suggestions") if isinstance(held, dict) else None
    if not isinstance(entries, list):
        return None
    named = all(
        isinstance(one, dict) and isinstance(one.get("id"), str) and isinstance(one.get("agent_type"), str)
        for one in entries
    )
    return held if named else None
