"""Captured commands, for a person."""

from __future__ import annotations

from datetime import tzinfo

from tachograph.app.commands.backfill import BackfillReport
from tachograph.app.commands.events import CommandDetail, CommandList, CommandRow
from tachograph.model import ChangedPath
from tachograph.report.document import Block, Column, Document, Facts, Heading, Line, Table
from tachograph.report.units import UNKNOWN, count, counted, duration, minute, month_minute

_LEGEND = (
    "exit: 124 the time was over, 128 and more a signal · files, lines: what the command itself changed in its"
    " repository; of commands from logs, the agent's edits since the command before · score: predicted, 0 to 100, with"
    " the interval meant to hold the truth in 9 of 10 cases · moved by: what moved it most, and by how much"
)
_ID = slice(len("evt_"), len("evt_") + 8)
"""Eight digits name one of a million."""


def describe_list(found: CommandList, zone: tzinfo) -> Document:
    """The table of commands."""
    if not found.commands:
        hint = "tacho run -- COMMAND keeps one; tacho commands backfill takes what agents ran from their logs."
        return Document([Line("No commands in this selection."), Line(hint, "dim")])
    columns = [
        Column("id", "left", style="dim"),
        Column("started", "left"),
        Column("program", "left", flexible=True, least=12, style="strong"),
        Column("exit"),
        Column("took"),
        Column("files"),
        Column("lines"),
        Column("commits", rank=3),
        Column("label", rank=2),
        Column("score", "left"),
        Column("moved by", "left", rank=1),
        Column("agent", "left", rank=4),
    ]
    cells = [_row(row, zone) for row in found.commands]
    keep = [
        at
        for at, column in enumerate(columns)
        if column.title not in ("label", "score", "moved by") or any(row[at] != UNKNOWN for row in cells)
    ]
    shown = [columns[at] for at in keep]
    rows = [[row[at] for at in keep] for row in cells]
    remark = f"the latest {len(rows):,} of {found.matching:,}" if len(rows) < found.matching else f"{len(rows):,}"
    heading = Heading("Commands", f"{remark}; time zone {found.timezone}")
    return Document([heading, Table(shown, rows), Line(_LEGEND, "dim")])


def _row(row: CommandRow, zone: tzinfo) -> list[str]:
    return [
        row.id[_ID], month_minute(row.executed_at, zone), row.program or UNKNOWN, _exit_code(row),
        duration(row.duration_ms), count(row.files_touched_count), _lines(row.lines_added, row.lines_deleted),
        count(row.commits), UNKNOWN if row.productivity_label is None else f"{row.productivity_label:.0f}",
        _score(row), _top(row), row.agent or UNKNOWN,
    ]  # fmt: skip


def describe_detail(found: CommandDetail, zone: tzinfo) -> Document:
    """One command whole."""
    row = found.command
    facts = [
        ("id", row.id),
        ("started", minute(row.executed_at, zone)),
        ("took", duration(row.duration_ms)),
        ("exit code", _exit(row)),
        ("command", row.command or f"hash {row.command_hash}, of key {row.hash_key}"),
        (
            "kept by",
            {"run": "tacho run", "shell": "a shell's hook", "log": "an agent's log"}.get(row.origin, row.origin),
        ),
        ("agent", row.agent or UNKNOWN),
        ("session", row.session or UNKNOWN),
        ("repository", row.repo or UNKNOWN),
        ("changed", _changes(found)),
    ]
    facts += [(f"label ({one.kind})", _label(one.score, one.source, one.note)) for one in found.labels]
    if row.predicted_productivity is not None:
        facts.append(("score", f"{_score(row)}, moved most by {_top(row)}; model {row.model_ref}"))
    blocks: list[Block] = [Heading(row.program or UNKNOWN), Facts(facts)]
    if found.paths:
        columns = [Column("lines"), Column("file", "left", flexible=True, keep_end=True)]
        blocks.append(Table(columns, [[_path_lines(path), _path_name(path)] for path in found.paths]))
    return Document(blocks)


def describe_backfill(report: BackfillReport) -> Document:
    """What was taken from the logs."""
    sessions = counted(report.sessions, "session")
    blocks: list[Block] = [Line(f"{counted(report.events, 'command')} in {sessions} that are new or have changed.")]
    if report.matched:
        blocks.append(Line(f"{count(report.matched)} of them ran under tacho run: each is one event.", "dim"))
    if report.removed:
        blocks.append(Line(f"{count(report.removed)} that no log tells of any more were removed.", "dim"))
    return Document([*blocks, Line(f"The store holds {counted(report.total, 'command')} from logs.")])


def _exit(row: CommandRow) -> str:
    return f"{_exit_code(row)}{', its time was over' if row.timed_out else ''}"


def _exit_code(row: CommandRow) -> str:
    return UNKNOWN if row.exit_code is None else str(row.exit_code)


def _lines(added: int | None, deleted: int | None) -> str:
    return UNKNOWN if added is None and deleted is None else f"+{count(added)} -{count(deleted)}"


def _score(row: CommandRow) -> str:
    if row.predicted_productivity is None:
        return UNKNOWN
    text = f"{row.predicted_productivity:.0f}"
    if row.predicted_low is not None and row.predicted_high is not None:
        text += f" ({row.predicted_low:.0f}–{row.predicted_high:.0f})"
    return text


def _top(row: CommandRow) -> str:
    if row.top_contribution_feature is None or row.top_contribution_value is None:
        return UNKNOWN
    return f"{row.top_contribution_feature} {row.top_contribution_value:+.1f}"


def _label(score: float, source: str, note: str) -> str:
    return f"{score:.0f}, told by {source.replace('_', ' ')}{f': {note}' if note else ''}"


def _changes(found: CommandDetail) -> str:
    row = found.command
    if row.files_touched_count is None and row.commits is None:
        return found.delta_note or UNKNOWN
    files = UNKNOWN if row.files_touched_count is None else counted(row.files_touched_count, "file")
    parts = [files, _lines(row.lines_added, row.lines_deleted)]
    parts += [
        f"{count(number)} {word}" for number, word in ((row.binary_files, "binary"), (row.renames, "moved")) if number
    ]
    if row.commits:
        parts.append(counted(row.commits, "commit"))
    return ", ".join(parts) + (f" ({found.delta_note})" if found.delta_note else "")


def _path_name(path: ChangedPath) -> str:
    name = path.path if path.old_path is None else f"{path.old_path} → {path.path}"
    return name + (" (new)" if path.before is None else " (gone)" if path.after is None else "")


def _path_lines(path: ChangedPath) -> str:
    return "binary" if path.lines_added is None else _lines(path.lines_added, path.lines_deleted)
