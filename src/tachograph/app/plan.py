"""Which logs have to be read, and how much of each."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import msgspec

from tachograph.app.purged import load_purged
from tachograph.errors import UsageError
from tachograph.model import Problem
from tachograph.sources import LogFile, hash_text, load_sources

_CHECKPOINT = "log, size, mtime_ns, inode, device, sidecar_mtime_ns, parser, epoch"


class Stored(msgspec.Struct, frozen=True, array_like=True):
    """The checkpoint of a log that was read before."""

    log: int
    size: int
    mtime_ns: int
    inode: int
    device: int
    sidecar_mtime_ns: int
    parser: int
    epoch: int


class Reading(msgspec.Struct, frozen=True, array_like=True):
    """A log to be read, and the checkpoint to go on from (None: from the start)."""

    log: LogFile
    path_hash: int
    stored: Stored | None = None
    """Set only when the file grew and nothing else speaks against reading on."""


class Plan(msgspec.Struct):
    """What an ingestion has to do."""

    seen: int = 0
    readings: list[Reading] = []
    problems: list[Problem] = []
    """Found while looking for logs; their ``detail`` holds a raw path."""
    strangers: list[str] = []
    """Files named that look like logs and were never read: see :func:`plan_logs`."""


def make_plan(connection: sqlite3.Connection, epoch: int, agent: str | None = None, path: Path | None = None) -> Plan:
    """Look for logs (of ``agent``; under ``path`` instead of the agents' own places) and compare with what is stored.

    Raises UsageError for an unknown agent.
    """
    plan = Plan()
    stored = _load_stored(connection)
    purged = load_purged(connection)
    seen: set[tuple[int, int]] = set()
    for source_name, source in load_sources().items():
        if agent is not None and agent != source_name:
            continue
        for folder in [path] if path is not None else source.roots():
            for found in source.discover(folder):
                if isinstance(found, Problem):
                    plan.problems.append(found)
                    continue
                identity = (found.device, found.inode)
                if found.inode and identity in seen:
                    continue
                seen.add(identity)
                plan.seen += 1
                path_hash = hash_text(found.path)
                if path_hash not in purged:
                    _consider(plan, found, path_hash, stored.get(path_hash), source.VERSION, epoch)
    return plan


def plan_logs(connection: sqlite3.Connection, epoch: int, paths: Iterable[str]) -> Plan:
    """Look at the logs at ``paths`` alone, as far as they were read before.

    Whether one that was not read before is to be read, only a look at everything tells: it may be a copy, a link, or
    of no agent's folder. Those are the plan's ``strangers``. What is no log at all is left out.
    """
    plan = Plan()
    purged = load_purged(connection)
    for path in paths:
        path_hash = hash_text(path)
        if path_hash in purged or not os.path.isfile(path):
            continue
        held = connection.execute(f"SELECT agent, {_CHECKPOINT} FROM logs WHERE path_hash = ?", (path_hash,)).fetchone()
        for name, source in load_sources().items():
            if held is not None and held[0] != name:
                continue
            found = next((log for log in source.discover(Path(path)) if isinstance(log, LogFile)), None)
            if found is None:
                continue
            if held is None:
                plan.strangers.append(path)
                break
            plan.seen += 1
            _consider(plan, found, path_hash, Stored(*held[1:]), source.VERSION, epoch)
    return plan


def check_agent(agent: str | None) -> None:
    """Raise UsageError when there is no source of that name."""
    if agent is not None and agent not in load_sources():
        known = ", ".join(sorted(load_sources()))
        raise UsageError(f"There is no agent {agent!r}.", slug="unknown_agent", hint=f"Known agents: {known}.")


def _load_stored(connection: sqlite3.Connection) -> dict[int, Stored]:
    rows: Iterable[tuple[int, ...]] = connection.execute(f"SELECT path_hash, {_CHECKPOINT} FROM logs")
    return {row[0]: Stored(*row[1:]) for row in rows}


def _consider(plan: Plan, log: LogFile, path_hash: int, stored: Stored | None, parser: int, epoch: int) -> None:
    how = _compare(log, stored, parser, epoch)
    if how != "unchanged":
        plan.readings.append(Reading(log, path_hash, stored if how == "grown" else None))


def _compare(log: LogFile, stored: Stored | None, parser: int, epoch: int) -> Literal["unchanged", "grown", "read"]:
    if stored is None or stored.parser != parser or stored.epoch != epoch:
        return "read"
    # Windows gives a folder's entries no identity: there size and time have to do.
    same_place = not log.inode or (stored.inode, stored.device) == (log.inode, log.device)
    same_file = same_place and stored.sidecar_mtime_ns == log.sidecar_mtime_ns
    if same_file and (stored.size, stored.mtime_ns) == (log.size, log.mtime_ns):
        return "unchanged"
    return "grown" if same_file and log.size > stored.size else "read"
