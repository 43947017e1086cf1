"""One round of the loop: from new logs to the next session's briefing."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from hashlib import blake2b

import msgspec

from tachograph.app.learn.activation import close_decided, fill_places
from tachograph.app.learn.agent_types import AgentTypes
from tachograph.app.learn.alert_book import AlertBook
from tachograph.app.learn.assignments import read_assignments
from tachograph.app.learn.decisions import Activation, find_activations, load_decisions, now_ms
from tachograph.app.learn.fold import Folded, fold_history
from tachograph.app.learn.installed import Installed, load_installed
from tachograph.app.learn.offers import refresh_offers
from tachograph.app.learn.points import note_told, refresh_points, untold_sessions
from tachograph.app.learn.prepare import active_texts, prepare_briefing
from tachograph.app.learn.promote_proven import promote_proven
from tachograph.app.learn.publish import publish, write_due_week
from tachograph.app.learn.rules import hash_user_rules
from tachograph.app.learn.snapshots import forget_snapshots, hash_rules
from tachograph.app.learn.switched_off import list_active, note_removed
from tachograph.app.learn.telemetry_points import read_telemetry_folder
from tachograph.app.learn.trials import TrialBook, judge_trials, list_due_reviews
from tachograph.app.learn.user_folder import user_folder
from tachograph.app.workspace import Workspace
from tachograph.errors import Busy
from tachograph.hooks.briefing import load_briefing
from tachograph.learning.alerts import Alert
from tachograph.learning.suggestions import Offer, load_catalogue
from tachograph.report.units import counted
from tachograph.warehouse.store import open_writer, read_meta, transaction, write_meta

_TABLES = ("assignments", "decisions", "starts", "baseline_resets", "alert_acks", "evaluations")
"""What people and hooks added: the loop goes round again when one of these has grown."""


class LearnReport(msgspec.Struct):
    """What one round of the loop did."""

    sessions: int = 0
    """Sessions with KPIs."""
    new_sessions: int = 0
    """Of these computed now: new or changed."""
    incomplete_sessions: int = 0
    """Of all: those of which some KPI's data is missing."""
    alerts: dict[str, int] = {}
    """New ones by severity."""
    incidents: int = 0
    """New ones."""
    trials: dict[str, int] = {}
    """All by state."""
    activated: int = 0
    retired: int = 0
    offers: int = 0
    changed: bool = False
    """False: nothing has happened since the last round; the rest is as it was then."""
    weekly_report: str | None = None
    """File of the week's report, when this round wrote one."""
    notes: list[str] = []
    """What the person should know."""
    seconds: float = 0.0


def learn(
    workspace: Workspace,
    *,
    update: bool = True,
    wait_seconds: float = 10.0,
    forced: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> LearnReport:
    """Bring the warehouse up to date (with ``update``), then baselines, alerts, trials, offers and the briefing.

    Raises Busy, and TachographError as the store and the settings do.
    """
    from tachograph.app.ingest import ingest

    started = time.monotonic()
    report = LearnReport()
    critical: Sequence[Alert] = ()
    if update and not workspace.is_demo:
        ingest(workspace, wait_seconds=wait_seconds)
    types = AgentTypes(workspace.settings.agent_types)
    with open_writer(workspace.folder, wait_seconds) as connection:
        report.notes += read_telemetry_folder(connection, workspace, types)
        useless = 0
        try:
            with transaction(connection):
                useless = read_assignments(connection, workspace.folder, workspace.clean)
        except OSError as error:
            report.notes.append(f"The hooks' assignments cannot be read: {error.strerror or error}.")
        changed = refresh_points(connection, types, on_progress)
        report.new_sessions = len(changed)
        if useless:
            report.notes.append(f"{counted(useless, 'line')} of the hooks' assignments could not be read.")
        installed = load_installed(workspace.folder)
        with transaction(connection):
            note_removed(connection, workspace, now_ms())
        is_told = bool(load_briefing(str(workspace.folder)))
        stamp = _stamp(connection, workspace, installed)
        if forced or changed or not is_told or read_meta(connection, "loop_stamp") != stamp:
            report.changed = True
            with transaction(connection):
                if forced:
                    forget_snapshots(connection)
                done = _go_round(connection, workspace, installed)
            critical = done.alerts.critical
            report.weekly_report, notes = _tell(connection, workspace, types, done)
            report.notes += notes
            _fill(report, done)
            with transaction(connection):
                note_told(connection)
                write_meta(connection, "loop_stamp", _stamp(connection, workspace, installed))
                write_meta(connection, "loop_seconds", f"{time.monotonic() - started:.3f}")
                write_meta(connection, "loop_at", str(now_ms()))
        else:
            report.sessions = connection.execute("SELECT count(*) FROM points WHERE family <> ''").fetchone()[0]
    if report.changed:
        _send(workspace, critical, report)
        if workspace.settings.learn_promotion == "auto":
            report.notes += promote_proven(workspace, installed.agents)
    report.seconds = time.monotonic() - started
    return report


def learn_if_free(workspace: Workspace, *, update: bool, note: Callable[[str], None]) -> LearnReport | None:
    """As :func:`learn`; None, with a note, while another process is at it."""
    try:
        return learn(workspace, update=update, wait_seconds=2.0)
    except Busy:
        note("Another tacho process is updating the warehouse: this is what is stored so far.")
        return None


class _Round(msgspec.Struct, frozen=True):
    """What one round has found out."""

    folded: Folded
    alerts: AlertBook
    activations: list[Activation]
    book: TrialBook
    offers: list[Offer]
    new_incidents: int
    activated: int
    retired: int


def _go_round(connection: sqlite3.Connection, workspace: Workspace, installed: Installed) -> _Round:
    """Compute everything anew from the points; the caller's transaction commits it."""
    now, settings, catalogue = now_ms(), workspace.settings, load_catalogue()
    incidents = _count_incidents(connection)
    activations = find_activations(load_decisions(connection))
    folded, alerts = fold_history(connection, activations, now)
    book = judge_trials(connection, activations, folded, catalogue, settings.learn_policy, now)
    retired = close_decided(connection, activations, book.states, now)
    offers = refresh_offers(connection, catalogue, now, installed.agents)
    activated = 0
    if installed.activates(settings):
        activations = find_activations(load_decisions(connection))
        activated = fill_places(connection, offers, activations, book.states, installed.reachable(folded), now)
    if retired or activated:
        activations = find_activations(load_decisions(connection))
        book = judge_trials(connection, activations, folded, catalogue, settings.learn_policy, now)
    new_incidents = max(0, _count_incidents(connection) - incidents)
    return _Round(folded, alerts, activations, book, offers, new_incidents, activated, retired)


def _tell(
    connection: sqlite3.Connection, workspace: Workspace, types: AgentTypes, done: _Round
) -> tuple[str | None, list[str]]:
    """Write what the hooks, people and other tools read: the week's report, if it was due, and notes for the person."""
    now, catalogue, states = now_ms(), load_catalogue(), done.book.states
    texts = active_texts(done.activations, states, catalogue)
    with transaction(connection):
        notes = list_active(connection, workspace, done.activations, states, done.book.outcomes, catalogue, texts, now)
        weekly, failed = write_due_week(connection, workspace, now)
    prepare_briefing(connection, workspace, done.folded, done.activations, states, texts, types)
    notes += [*failed, *list_due_reviews(done.activations, states, now)]
    folder = user_folder(workspace.settings)
    if folder is not None:
        baselines = done.folded.baselines
        untold = untold_sessions(connection)
        notes += publish(connection, workspace, folder, baselines, done.activations, states, catalogue, untold, weekly)
    return weekly, notes


def _fill(report: LearnReport, done: _Round) -> None:
    report.sessions, report.incomplete_sessions = done.folded.sessions, done.folded.incomplete
    report.alerts = {name: done.alerts.new[name] for name in ("critical", "warning", "info")}
    report.incidents, report.offers = done.new_incidents, len(done.offers)
    report.activated, report.retired = done.activated, done.retired
    for state in done.book.states.values():
        report.trials[state.state] = report.trials.get(state.state, 0) + 1


def _count_incidents(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM loop_records WHERE kind = 'incident'").fetchone()[0])


def _stamp(connection: sqlite3.Connection, workspace: Workspace, installed: Installed) -> str:
    """Changes whenever going round again may give something else: new facts, another day, another version."""
    from tachograph import __version__

    counts = [connection.execute(f"SELECT count(*), max(at) FROM {table}").fetchone() for table in _TABLES]
    points = connection.execute("SELECT count(*) FROM points_changed").fetchone()[0]  # 0 after a whole round
    settings = msgspec.json.encode(workspace.settings).decode()
    hour = now_ms() // (3600 * 1000)
    whole = f"{__version__}/{hash_rules()}/{hash_user_rules()}/{counts}/{points}/{hour}/{settings}/{installed.stamp}"
    return blake2b(whole.encode(), digest_size=16).hexdigest()  # settings may hold a key: that is kept nowhere


def _send(workspace: Workspace, critical: Sequence[Alert], report: LearnReport) -> None:
    """Hand new critical alerts to the sinks that the user has named; a sink's failure is a note."""
    settings = workspace.settings
    if critical and (settings.alerts_command or settings.alerts_url):
        from tachograph.app.alert_sink import send_alerts

        report.notes += send_alerts(settings, critical)
