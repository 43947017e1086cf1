"""What the watcher tells others, and what it and its child process say to each other."""

from __future__ import annotations

from typing import Literal

import msgspec


class Change(msgspec.Struct, frozen=True):
    """Something in the warehouse is not as it was: pages that show it are made anew."""

    revision: int
    """State of the warehouse."""
    sessions: tuple[str, ...] = ()
    """Ids of the main sessions concerned, the most recent first; of many only the first 200."""


class Reading(msgspec.Struct, frozen=True):
    """How far an ingestion has come."""

    done_logs: int = 0
    all_logs: int = 0
    done_bytes: int = 0
    all_bytes: int = 0


class Status(msgspec.Struct, frozen=True):
    """Where the watcher stands."""

    ready: bool = False
    """Everything that was there at the start has been read."""
    reading: Reading | None = None
    """Of the ingestion at hand; None: there is none, or it has just begun."""
    notes: tuple[str, ...] = ()
    """What the person should know, oldest first; the last 20."""


# ------------------------------------------------------------------------------------ between the two processes


class Job(msgspec.Struct, frozen=True, array_like=True):
    """One thing to do."""

    kind: Literal["sweep", "grown", "finished", "judge"]
    since: int = -1
    """Tell what has changed after this revision; -1: tell of recent sessions only."""
    recent_ms: int = 0
    """Moment in ms UTC: sessions that ended later are recent."""
    folders: tuple[bytes, ...] = ()
    """To be looked through besides the agents' own."""
    logs: tuple[bytes, ...] = ()
    """Absolute paths of those that have changed."""
    ids: tuple[str, ...] = ()
    """Main sessions that have finished."""


class Activity(msgspec.Struct, frozen=True, array_like=True):
    """A main session, its subagents folded in."""

    session: str
    ended_ms: int | None
    """Its latest timestamp, ms UTC."""
    written_ms: int
    """When the last of its logs was written to, ms UTC."""


class Progress(msgspec.Struct, frozen=True, tag=True):
    """Sent while a job lasts."""

    reading: Reading


class Alive(msgspec.Struct, frozen=True, tag=True):
    """Sent every few seconds while a job lasts."""

    cpu_seconds: float
    """Used by the process so far: does it move?"""


class Answer(msgspec.Struct, frozen=True, tag=True):
    """Sent when a job is over."""

    revision: int = 0
    changed: tuple[Activity, ...] = ()
    strangers: tuple[bytes, ...] = ()
    """Of the job's ``logs``: those that were never read. After a look at everything: they are none."""
    others: tuple[str, ...] = ()
    """More main sessions that are shown otherwise now, because of those that changed."""
    busy: bool = False
    """Another process is writing: to be tried again soon."""
    fault: str = ""
    """Why it could not be done, in words for a person."""
    notes: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    """Sessions that no judge could be reached for."""
    spent: bool = False
    """The process has used much memory: better begin the next job with a fresh one."""


Message = Progress | Alive | Answer
