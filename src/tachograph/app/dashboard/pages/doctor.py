"""Doctor: is everything as it should be, and if not, why and what to do."""

from __future__ import annotations

from tachograph.app.dashboard.desk import Desk, Params
from tachograph.app.dashboard.doctor_report import DoctorData, gather_doctor
from tachograph.app.dashboard.hook_report import RUNS, HookReport
from tachograph.app.dashboard.links import link
from tachograph.app.dashboard.page import Page, Param
from tachograph.app.doctor import Check, Status
from tachograph.app.scope import Scope
from tachograph.report.units import size
from tachograph.report.view import (
    Beside,
    Block,
    Card,
    Cards,
    Cell,
    Code,
    Column,
    Empty,
    Facts,
    Grid,
    Kind,
    Note,
    Section,
    Tone,
    View,
)  # fmt: skip

_TONES: dict[Status, Tone] = {"ok": "good", "info": "", "warn": "warn", "broken": "bad"}
_MARKS: dict[Status, str] = {"ok": "✓", "info": "·", "warn": "!", "broken": "✗"}
_WORDS: dict[Status, str] = {"ok": "ok", "info": "to know", "warn": "look at it", "broken": "broken"}
_BY_WEIGHT: tuple[Status, ...] = ("broken", "warn", "info", "ok")
_DETAILS = 6
_EXAMPLES = 4
"""Kinds of problems of which examples are shown."""
_MUST_MS = 60
"""Within which a hook has to answer, in 95 of 100 cases (docs/hooks.md)."""


def gather(desk: Desk, scope: Scope, params: Params) -> DoctorData:  # noqa: ARG001 (the signature of every page)
    """See :class:`DoctorData`."""
    return gather_doctor(desk, time_hooks=params.get("time") == "hooks")


def show(data: DoctorData, scope: Scope, params: Params) -> View:  # noqa: ARG001
    """The page."""
    lead = f"Data in {data.data_dir}. About the whole store, from what is stored."
    blocks: list[Block] = [
        _cards(data),
        _show_checks(data.checks),
        *_show_logs(data),
        *_show_problems(data),
        Beside([[_show_state(data)], [_show_store(data)]]),
        _show_hooks(data.hooks),
        Note(
            "This page reads what is stored. The store itself, every log on the disk and this machine are examined by:"
        ),
        Code("tacho doctor", "Everything"),
    ]
    return View("Doctor", blocks, lead)


def _cards(data: DoctorData) -> Cards:
    worst: Status = min((one.status for one in data.checks), key=_BY_WEIGHT.index)
    logs = sum(one.logs for one in data.logs)
    problems = sum(one.problems for one in data.problems)
    return Cards(
        [
            Card("Checks", Cell(_WORDS[worst], tone=_TONES[worst]), "text"),
            Card("Logs read", Cell(logs, note=size(sum(one.bytes for one in data.logs)))),
            Card("Problems in logs", Cell(problems)),
            Card("Stored", Cell(size(sum(one.bytes for one in data.files))), "text"),
            Card("Watcher", Cell("on" if data.watching.is_on else "off"), "text"),
        ]
    )


def _show_checks(checks: list[Check]) -> Facts:
    ordered = sorted(checks, key=lambda one: _BY_WEIGHT.index(one.status))
    return Facts([(one.name, _check_cell(one), "text") for one in ordered], "Checks")


def _check_cell(one: Check) -> Cell:
    more = len(one.details) - _DETAILS
    details = [*one.details[:_DETAILS], *([f"… and {more:,} more"] if more > 0 else []), one.hint]
    note = " · ".join(line.strip() for line in details if line)
    tone: Tone = "" if one.status == "ok" else _TONES[one.status]
    return Cell(f"{_MARKS[one.status]} {one.summary}", note=note, tone=tone, title=_WORDS[one.status])


def _show_logs(data: DoctorData) -> list[Block]:
    columns = [
        Column("agent", "Agent"), Column("logs", "Logs read", "count"), Column("size", "Size", low=True),
        Column("last_change", "Last change", "moment", low=True),
        Column("retention_days", "Deleted after", "text", "When the agent deletes a log, after its last change"),
        Column("next_loss", "Next goes on", "day"),
        Column("expired", "Gone or going", "count", "Logs older than that; what was read of them stays here", low=True),
    ]  # fmt: skip
    rows = [
        [
            Cell(one.agent), Cell(one.logs), Cell(size(one.bytes)), Cell(one.last_change),
            Cell("kept" if one.retention_days is None else f"{one.retention_days} days"),
            Cell("" if one.next_loss is None else one.next_loss.date()), Cell(one.expired),
        ]
        for one in data.logs
    ]  # fmt: skip
    grid = Grid("logs", "Logs and how long they last", columns, rows)
    blocks: list[Block] = (
        [grid] if rows else [Empty("No log has been read yet. This says where tacho looks for them:", "tacho doctor")]
    )
    if any(one.expired for one in data.logs):
        blocks.append(Note("Keep warehouse.sqlite in your backups: of deleted logs it has all there is.", "dim"))
    return blocks


def _show_problems(data: DoctorData) -> list[Block]:
    columns = [
        Column("slug", "Kind", wide=True), Column("problems", "Problems", "count"), Column("logs", "Logs", "count"),
    ]  # fmt: skip
    rows = [[Cell(one.slug), Cell(one.problems), Cell(one.logs)] for one in data.problems]
    about = (
        "Parts of logs that could not be read as they should; all else in them was. docs/problems.md tells each kind."
    )
    empty = "Every line of every log could be read."
    examples = [Code("\n".join(one.examples), f"{one.slug}: examples") for one in data.problems[:_EXAMPLES]]
    return [Grid("problems", "Problems by kind", columns, rows, about, empty=empty), *examples]


def _show_state(data: DoctorData) -> Facts:
    watching, loop = data.watching, data.loop
    facts: list[tuple[str, Cell, Kind]] = [
        ("watcher", Cell("on" if watching.is_on else "off: sums are as of the last update"), "text"),
        ("a session is finished after", Cell(watching.window_seconds, note="without growth of its log"), "seconds"),
        ("sums are as of", Cell(data.rollups.as_of), "moment"),
        ("changes to the store so far", Cell(data.rollups.revision), "count"),
        ("days and hours in", Cell(data.rollups.zone), "text"),
        ("the loop went round", Cell(loop.last_round if loop.last_round else "never: tacho learn"),
         "moment" if loop.last_round else "text"),
        ("sessions with KPIs", Cell(loop.sessions), "count"),
    ]  # fmt: skip
    if loop.seconds is not None:
        facts.append(("the last round took", Cell(loop.seconds), "seconds"))
    return Facts(facts, "State")


def _show_store(data: DoctorData) -> Grid:
    rows = [[Cell(one.name), Cell(size(one.bytes))] for one in data.files]
    return Grid("files", "Files", [Column("name", "File", wide=True), Column("size", "Size")], rows)


def _show_hooks(hooks: HookReport) -> Section:
    columns = [Column("agent", "Agent"), Column("events", "Called at"), Column("path", "Settings file", wide=True)]
    rows = [
        [
            Cell(one.agent),
            Cell(one.problem, tone="bad") if one.problem else Cell(", ".join(one.events) or "not installed"),
            Cell(one.path),
        ]
        for one in hooks.files
    ]  # fmt: skip
    facts: list[tuple[str, Cell, Kind]] = [
        ("a session was seen to begin", Cell(hooks.last_start_at), "moment"),
        ("a suggestion was drawn", Cell(hooks.last_assignment_at), "moment"),
        ("the briefing was made", Cell(hooks.briefing_made_at), "moment"),
    ]
    blocks: list[Block] = [Grid("hooks", "Installed for you", columns, rows), Facts(facts, "Last")]
    blocks += [Note(note, "dim") for note in hooks.notes]
    return Section("Hooks", [*blocks, *_hook_times(hooks)], "hooks-of-agents")


def _hook_times(hooks: HookReport) -> list[Block]:
    again = Note(
        f"Start the hooks' program {RUNS} times on an event that does nothing, and see how long it takes.",
        href=link("doctor", anchor="hooks-of-agents", time="hooks"), link="Measure",
    )  # fmt: skip
    if hooks.median_ms is None or hooks.slowest_ms is None:
        return [again]
    tone: Tone = "good" if hooks.slowest_ms <= _MUST_MS else "warn"
    told = f"of {RUNS} starts just now; within {_MUST_MS} ms is fast enough"
    facts: list[tuple[str, Cell, Kind]] = [
        ("median", Cell(f"{hooks.median_ms:.0f} ms", tone=tone, note=told), "text"),
        ("slowest", Cell(f"{hooks.slowest_ms:.0f} ms", tone=tone), "text"),
    ]
    return [Facts(facts, "How long a hook takes"), again]


PAGE = Page(
    "doctor", "Doctor", gather, show,
    "Checks, logs and how long they last, problems, hooks, the watcher, and the state of the store.", order=10,
    params=(Param("time", "hooks: start the hooks' program a few times and tell how long it takes.", ("hooks",)),),
    scoped=False,
)  # fmt: skip
