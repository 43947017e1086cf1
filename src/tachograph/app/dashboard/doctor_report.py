"""What the page of the doctor tells: as ``tacho doctor``, but from what is stored, without a look at every log."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from tachograph.app.dashboard.desk import Desk
from tachograph.app.dashboard.hook_report import HookReport, report_hooks
from tachograph.app.doctor import Check
from tachograph.app.doctor.check import EXAMPLES, Scene, plural
from tachograph.app.doctor.machine import check_settings, check_sqlite, check_time_zone, check_versions
from tachograph.app.doctor.news import tell_record_types, version_key
from tachograph.app.doctor.store import check_permissions, tell_disk
from tachograph.app.rollups.cubes import UsageSums
from tachograph.app.rollups.read import add_up
from tachograph.app.scope import Scope
from tachograph.model import to_datetime
from tachograph.paths import config_file
from tachograph.report.units import percent
from tachograph.sources import load_sources

_CHECKS: tuple[Callable[[Scene], Check], ...] = (
    check_versions, check_sqlite, check_settings, check_time_zone, check_permissions,
)  # fmt: skip
"""Those of ``tacho doctor`` that cost little, whatever the size of the history."""
_RECENT = 500
"""Sessions whose agents' versions are looked at: the latest."""
_DAY_MS = 24 * 3600 * 1000
_NS = 10**6


class AgentLogs(msgspec.Struct, frozen=True):
    """The logs of one agent that were read, also those that are gone."""

    agent: str
    logs: int
    bytes: int
    """As they were when last read."""
    last_change: datetime | None
    retention_days: int | None
    """Days after their last change on which the agent deletes logs; null: it keeps them, or that is not known."""
    next_loss: datetime | None
    """When the oldest log that it has not deleted yet will go; null: none will."""
    expired: int
    """Logs older than that: they are deleted, or will be when the agent starts next. What was read stays here."""


class ProblemKind(msgspec.Struct, frozen=True):
    """One kind of problem; docs/problems.md says what each means and what is lost."""

    slug: str
    problems: int
    logs: int
    examples: list[str]
    """Log, line and detail of up to three, of the logs that changed last."""


class StoredFile(msgspec.Struct, frozen=True):
    """A file of the data folder."""

    name: str
    bytes: int


class Rollups(msgspec.Struct, frozen=True):
    """The sums that the dashboard's pages are made from."""

    as_of: datetime
    """When they were brought up to date last."""
    revision: int
    """State of the warehouse that they tell of."""
    zone: str


class Watching(msgspec.Struct, frozen=True):
    """The watcher of this server."""

    is_on: bool
    window_seconds: int
    """A session whose log has not grown for so long is finished."""
    ended: int
    """Sessions that their agent has said to be over, of late."""


class LoopState(msgspec.Struct, frozen=True):
    """The loop, in short."""

    last_round: datetime | None
    seconds: float | None
    """How long it took."""
    sessions: int
    """With KPIs."""


class DoctorData(msgspec.Struct, frozen=True):
    """What is as it should be, and what is not; about the whole store."""

    data_dir: str
    checks: list[Check]
    logs: list[AgentLogs]
    problems: list[ProblemKind]
    """The most frequent first."""
    files: list[StoredFile]
    rollups: Rollups
    watching: Watching
    loop: LoopState
    hooks: HookReport


def gather_doctor(desk: Desk, *, time_hooks: bool) -> DoctorData:
    """See :class:`DoctorData`; ``time_hooks`` starts the hooks' program a few times, on an event that does nothing."""
    connection, folder = desk.connection, desk.workspace.folder
    held = dict(connection.execute("SELECT name, value FROM meta WHERE name IN ('loop_at', 'loop_seconds')"))
    zone = connection.execute("SELECT value FROM roll.meta WHERE name = 'zone'").fetchone()
    seconds = held.get("loop_seconds")
    logs = _look_at_logs(connection, desk.now_ms)
    return DoctorData(
        data_dir=desk.workspace.clean.name(str(folder)),
        checks=list(_run_checks(desk, logs)),
        logs=logs.agents,
        problems=list(_count_problems(connection)),
        files=_list_files(folder),
        rollups=Rollups(desk.standing.as_of, desk.standing.revision, zone[0] if zone else desk.zone_name),
        watching=Watching(desk.live.watching, desk.live.window_ms // 1000, len(desk.live.ended)),
        loop=LoopState(
            to_datetime(int(held["loop_at"])) if held.get("loop_at") else None, float(seconds) if seconds else None,
            connection.execute("SELECT count(*) FROM points").fetchone()[0],
        ),
        hooks=report_hooks(desk.workspace, timed=time_hooks),
    )  # fmt: skip


def _list_files(folder: Path) -> list[StoredFile]:
    """The databases; their shared-memory files are memory."""
    paths = [path for path in sorted(folder.glob("*.sqlite*")) if path.suffix != ".sqlite-shm"]
    return [StoredFile(path.name, path.stat().st_size) for path in paths]


def _run_checks(desk: Desk, logs: _Logs) -> Iterator[Check]:
    workspace = desk.workspace
    scene = Scene(
        workspace.folder, config_file(), workspace.settings, "", desk.connection, None, [], desk.now_ms
    )  # fmt: skip
    for check in _CHECKS:
        yield check(scene)
    yield tell_disk(workspace.folder, sum(one.bytes for one in logs.agents))
    yield tell_record_types(logs.unknown)
    yield _check_versions(desk.connection)
    yield _check_prices(desk)


def _check_versions(connection: sqlite3.Connection) -> Check:
    """As the doctor's check of agent versions, of the latest sessions alone."""
    rows = connection.execute(
        "SELECT DISTINCT agent, version FROM (SELECT agent, version FROM sessions ORDER BY ended_at DESC LIMIT ?)"
        " WHERE version IS NOT NULL ORDER BY agent, version",
        (_RECENT,),
    ).fetchall()
    known = {agent: source.NEWEST_KNOWN for agent, source in load_sources().items()}
    newer = [
        f"{agent} {name}" for agent, name in rows if agent in known and version_key(name) > version_key(known[agent])
    ]
    details = [f"{agent}: tacho was checked with versions up to {newest}" for agent, newest in sorted(known.items())]
    if not newer:
        return Check("agent versions", "ok", "none newer than what tacho was checked with", details)
    return Check(
        "agent versions", "info", f"{plural(len(newer), 'version')} newer than what tacho was checked with",
        [*newer, *details], "Numbers are most likely right; a newer tacho has been checked with newer logs.",
    )  # fmt: skip


def _check_prices(desk: Desk) -> Check:
    """As the doctor's check of prices, from the sums."""
    everything = Scope(datetime.fromtimestamp(desk.now_ms / 1000, desk.zone).date(), "all", zone=desk.zone)
    models = {str(name): sums for (name,), sums in add_up(desk.connection, UsageSums, everything, by=("model",))}
    tokens = sum(one.tokens for one in models.values())
    unpriced = sorted(
        ((name, one) for name, one in models.items() if one.unpriced), key=lambda pair: (-pair[1].tokens, pair[0])
    )
    if not unpriced:
        return Check("prices", "ok", f"all of {plural(len(models), 'model')} priced" if models else "nothing to price")
    details = [
        f"{name}: {plural(one.unpriced, 'response')}, {percent(one.tokens, tokens)} of all tokens"
        for name, one in unpriced
    ]
    summary = f"{plural(len(unpriced), 'model')} of {len(models)} without a price: totals are lower bounds"
    return Check(
        "prices", "warn", summary, details, 'A section [prices."<model>"] in config.toml gives a model its price.'
    )


class _Logs(msgspec.Struct, frozen=True):
    """What one look at all logs tells."""

    agents: list[AgentLogs]
    unknown: list[tuple[str, str]]
    """Agent and unknown types of the logs that have such, see logs.unknown_types."""


_OF_AGENT = """
SELECT count(*), sum(size), max(mtime_ns), min(mtime_ns) FILTER (WHERE mtime_ns > ?2),
    count(*) FILTER (WHERE mtime_ns <= ?2)
FROM logs WHERE agent = ?1"""
_UNKNOWN = "SELECT agent, unknown_types FROM logs WHERE unknown_types <> '{}' ORDER BY agent"


def _look_at_logs(connection: sqlite3.Connection, now_ms: int) -> _Logs:
    found = []
    for (agent,) in connection.execute("SELECT agent FROM logs GROUP BY agent").fetchall():
        days = _retention_days(agent)
        border = None if days is None else (now_ms - days * _DAY_MS) * _NS
        logs, size, last, oldest, expired = connection.execute(_OF_AGENT, (agent, border)).fetchone()
        loss = None if oldest is None or days is None else to_datetime(oldest // _NS + days * _DAY_MS)
        found.append(AgentLogs(agent, logs, size, to_datetime(last // _NS), days, loss, expired))
    unknown = connection.execute(_UNKNOWN).fetchall()
    return _Logs(sorted(found, key=lambda one: (-one.logs, one.agent)), unknown)


def _retention_days(agent: str) -> int | None:
    source = load_sources().get(agent)
    if source is None:
        return None
    found = [source.retention_days(folder) for folder in source.places()]
    return min((days for days in found if days is not None), default=None)


def _count_problems(connection: sqlite3.Connection) -> Iterator[ProblemKind]:
    rows = connection.execute(
        "SELECT slug, count(*), count(DISTINCT log) FROM problems GROUP BY slug ORDER BY 2 DESC, 1"
    ).fetchall()
    for slug, problems, logs in rows:
        examples = connection.execute(
            "SELECT l.path, p.line, p.detail FROM problems p JOIN logs l USING (log) WHERE p.slug = ?"
            " ORDER BY l.mtime_ns DESC, p.number LIMIT ?",
            (slug, EXAMPLES),
        )
        told = [f"{path}{f':{line}' if line else ''}: {detail}" for path, line, detail in examples]
        yield ProblemKind(slug, problems, logs, told)
