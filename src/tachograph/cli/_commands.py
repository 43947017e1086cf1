"""Captured commands, for a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from tachograph.app.commands.backfill import BackfillReport
from tachograph.app.commands.events import CommandDetail, CommandList, CommandRow
from tachograph.learning.ml.command_features import feature_title
from tachograph.model import ChangedPath, ScoreKind
from tachograph.report.document import Block, Column, Document, Facts, Heading, Line, Table
from tachograph.report.units import UNKNOWN, count, counted, duration, minute, month_minute

_EXIT = "exit: 124 the time was over, 128 and more a signal"
_CHANGED = "files, lines: what the command itself changed in its repository"
_FROM_LOGS = "; of commands from logs, the agent's edits since the command before"
_LABEL = "label: how it turned out, 0 (of no use) to 100"
_SCORES: dict[ScoreKind, str] = {
    "productivity": "score: the label that a model expects, with the interval meant to hold it in 9 of 10 cases",
    "chance": "score in %: the chance of success that a model gives; of such: what share of commands with such a chance"
    " succeeded (9 of 10 such intervals hold it; none where the chance itself lies outside)",
}
_MOVED = "moved by: what moved the score most, and by how many points"
_ID = slice(len("evt_"), len("evt_") + 8)
"""Eight digits name one of a million."""
_TIME_OUT = 124
_TENTH_MS = 100


def describe_list(found: CommandList, zone: tzinfo) -> Document:
    """The table of commands."""
    if not found.commands:
        return _describe_nothing(found)
    cells = [_row(row, zone) for row in found.commands]
    empty = {name for at, name in _AT_TIMES.items() if all(row[at] == UNKNOWN for row in cells)}
    columns = _columns(found.commands)
    keep = [at for at, column in enumerate(columns) if column.title not in empty]
    rows = [[row[at] for at in keep] for row in cells]
    remark = f"the latest {len(rows):,} of {found.matching:,}" if len(rows) < found.matching else f"{len(rows):,}"
    heading = Heading("Commands", f"{remark}; time zone {found.timezone}")
    return Document([heading, Table([columns[at] for at in keep], rows)])


def _describe_nothing(found: CommandList) -> Document:
    if found.excluded_by:
        *most, last = found.excluded_by
        told = f"{', '.join(most)} and {last} leave" if most else f"{last} leaves"
        return Document([Line(f"No command matches: {told} out every one that is stored.")])
    hint = "tacho run -- COMMAND keeps one; tacho commands backfill takes what agents ran from their logs."
    return Document([Line("No commands are stored yet."), Line(hint, "dim")])


_AT_TIMES = {8: "label", 9: "score", 10: "moved by"}
"""Columns, by their place, that are left out where no command has anything in them."""


def _columns(rows: Sequence[CommandRow]) -> list[Column]:
    """All columns, with what they mean here."""
    scores = [text for kind, text in _SCORES.items() if any(row.predicted_kind == kind for row in rows)]
    changed = _CHANGED + (_FROM_LOGS if any(row.origin == "log" for row in rows) else "")
    return [
        Column("id", "left", style="dim"),
        Column("started", "left"),
        Column("program", "left", flexible=True, least=12, style="strong"),
        Column("exit", meaning=_EXIT if any((row.exit_code or 0) >= _TIME_OUT for row in rows) else ""),
        Column("took"),
        Column("files"),
        Column("lines", meaning=changed),
        Column("commits", rank=3),
        Column("label", rank=2, meaning=_LABEL),
        Column("score", "left", meaning=" · ".join(scores)),
        Column("moved by", "left", rank=1, meaning=_MOVED),
        Column("agent", "left", rank=4),
    ]


def _row(row: CommandRow, zone: tzinfo) -> list[str]:
    return [
        row.id[_ID], month_minute(row.executed_at, zone), row.program or UNKNOWN, _exit_code(row),
        _took(row), count(row.files_touched_count), _lines(row.lines_added, row.lines_deleted),
        count(row.commits), UNKNOWN if row.productivity_label is None else f"{round(row.productivity_label, 2):g}",
        _score(row), _top(row), row.agent or UNKNOWN,
    ]  # fmt: skip


def describe_detail(found: CommandDetail, zone: tzinfo) -> Document:
    """One command whole."""
    row = found.command
    facts = [
        ("id", row.id),
        ("started", minute(row.executed_at, zone)),
        ("took", _took(row)),
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
    facts += _explain_score(row)
    blocks: list[Block] = [Heading(row.program or UNKNOWN), Facts(facts)]
    if found.paths:
        columns = [Column("lines"), Column("file", "left", flexible=True, keep_end=True)]
        blocks.append(Table(columns, [[_path_lines(path), _path_name(path)] for path in found.paths]))
    more = (row.files_touched_count or 0) - len(found.paths)
    if found.paths and more > 0:
        blocks.append(Line(f"and {counted(more, 'file')} more, whose names are not kept", "dim"))
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


def _took(row: CommandRow) -> str:
    short = row.duration_ms is not None and row.duration_ms < _TENTH_MS // 2
    return "<0.1s" if short else duration(row.duration_ms)


def _score(row: CommandRow) -> str:
    if row.predicted_productivity is None:
        return UNKNOWN
    is_chance = row.predicted_kind == "chance"
    text = f"{row.predicted_productivity:.0f}{' %' if is_chance else ''}"
    if row.predicted_low is None or row.predicted_high is None:
        return text
    ends = f"{row.predicted_low:.0f}–{row.predicted_high:.0f}"
    return f"{text} (of such {ends} %)" if is_chance else f"{text} ({ends})"


def _explain_score(row: CommandRow) -> list[tuple[str, str]]:
    """The score in words, what moved it and which model says so; nothing without a score."""
    if row.predicted_productivity is None:
        return []
    is_chance, moved = row.predicted_kind == "chance", _top(row)
    return [
        _explain_chance(row) if is_chance else _explain_productivity(row),
        ("moved most by", "nothing" if moved == UNKNOWN else f"{moved} points{' of chance' if is_chance else ''}"),
        ("model", row.model_ref or UNKNOWN),
    ]


def _explain_productivity(row: CommandRow) -> tuple[str, str]:
    text = f"{row.predicted_productivity:.0f} of 100"
    if row.predicted_low is not None and row.predicted_high is not None:
        text += f"; {row.predicted_low:.0f} to {row.predicted_high:.0f} is meant to hold it in 9 of 10 cases"
    return "score", text


def _explain_chance(row: CommandRow) -> tuple[str, str]:
    text = f"{row.predicted_productivity:.0f} %"
    if row.predicted_low is None or row.predicted_high is None:
        return "chance of success", f"{text}, which commands with such a chance do not bear out"
    share = f"{row.predicted_low:.0f} to {row.predicted_high:.0f} %"
    return "chance of success", f"{text}; of commands with such a chance {share} succeeded"


def _top(row: CommandRow) -> str:
    if not row.top_contribution_feature or row.top_contribution_value is None:
        return UNKNOWN
    return f"{feature_title(row.top_contribution_feature)} {row.top_contribution_value:+.1f}"


def _label(score: float, source: str, note: str) -> str:
    return f"{round(score, 2):g}, told by {source.replace('_', ' ')}{f': {note}' if note else ''}"


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
