"""Captured commands as they are listed, shown and exported, each with its label and its score where there are any."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from tachograph.app.commands.dataset import DatasetRow, row_of
from tachograph.app.commands.labels import effective_label
from tachograph.app.filters import Filter
from tachograph.app.workspace import Workspace
from tachograph.capture.store import CommandStore, commands_file
from tachograph.errors import NotFound
from tachograph.model import ChangedPath, CommandEvent, CommandLabel, CommandScore, ScoreKind, to_datetime
from tachograph.report.sanitise import harmless

_CHUNK = 500
_PREFIX = "evt_"
_ENDING = "\U0010ffff"


class CommandRow(msgspec.Struct, frozen=True, kw_only=True):
    """One command. None is what is not known; without a label or a model those fields are None."""

    id: str
    origin: str
    agent: str | None
    executed_at: datetime
    command_hash: str
    hash_key: str
    program: str
    duration_ms: int | None
    exit_code: int | None
    timed_out: bool
    signal: int | None
    files_touched_count: int | None
    lines_added: int | None
    lines_deleted: int | None
    binary_files: int | None
    renames: int | None
    commits: int | None
    repo: str | None
    session: str | None
    command: str | None
    """Redacted; only where it was asked for."""
    productivity_label: float | None
    """0 to 100."""
    label_kind: str | None
    label_source: str | None
    predicted_productivity: float | None
    predicted_low: float | None
    predicted_high: float | None
    top_contribution_feature: str | None
    top_contribution_value: float | None
    """In points of the score."""
    model_ref: str | None
    predicted_kind: ScoreKind | None
    """What the score is: ``productivity``, 0 to 100, or the ``chance`` of success in per cent."""


class CommandList(msgspec.Struct, frozen=True):
    """Commands, the latest first."""

    timezone: str
    matching: int
    """Commands that match, shown or not."""
    commands: tuple[CommandRow, ...]
    excluded_by: tuple[str, ...]
    """Where nothing matches, the options that leave out everything: each by itself, else all together; empty also when
    nothing is stored."""


class CommandDetail(msgspec.Struct, frozen=True):
    """All that is known of one command."""

    command: CommandRow
    call: str | None
    """The tool call that ran it."""
    head_before: str | None
    head_after: str | None
    delta_note: str
    """Why something of its changes could not be told."""
    paths: tuple[ChangedPath, ...]
    """At most 200 of the files that it touched."""
    labels: tuple[CommandLabel, ...]
    """Each one that was given; ``command`` has the one that counts."""


def list_commands(store: CommandStore, chosen: Filter, limit: int, program: str | None = None) -> CommandList:
    """The latest ``limit`` commands (0: all) within ``chosen``, of programs whose name begins with ``program``."""
    where, values = _condition(chosen, program)
    total = store.connection.execute(f"SELECT count(*) FROM events WHERE {where}", values).fetchone()[0]
    events = store.each_event(where, values, order=f"executed_at DESC, id DESC LIMIT {limit or -1}")
    rows = tuple(_listed(*one) for one in _completed(store, events))
    return CommandList(chosen.zone_name, total, rows, () if total else _find_excluders(store, chosen, program))


def show_command(store: CommandStore, name: str) -> CommandDetail:
    """The command called ``name``: its id, with or without ``evt_``, or a prefix that no other one has.

    Raises NotFound.
    """
    event = find_event(store, name)
    [(_, label, score)] = _completed(store, [event])
    return CommandDetail(
        command=_listed(event, label, score), call=event.call, head_before=event.head_before,
        head_after=event.head_after, delta_note=event.delta_note, paths=tuple(store.paths_of(event.id)),
        labels=tuple(store.labels("target = ?", (event.id,))),
    )  # fmt: skip


def find_event(store: CommandStore, name: str) -> CommandEvent:
    """The event of that id or unique prefix. Raises NotFound (``not_found``, ``ambiguous_command``)."""
    name = name.encode("utf-8", "replace").decode()  # an argument may hold any bytes
    prefix = name if name.startswith(_PREFIX) else _PREFIX + name
    if prefix == _PREFIX:
        raise NotFound("An empty id names no command.", hint="tacho commands list shows their ids.")
    found = store.events("id >= ? AND id < ?", (prefix, prefix + _ENDING), order="id LIMIT 2")
    if not found:
        raise NotFound(f"No command is called {harmless(name)}.", hint="tacho commands list shows them.")
    if len(found) > 1 and found[0].id != prefix:
        raise NotFound(
            f"Several commands begin with {harmless(name)}.", slug="ambiguous_command", hint="Give more of the id."
        )
    return found[0]


def each_row(store: CommandStore, chosen: Filter, limit: int = 0) -> Iterator[DatasetRow]:
    """The commands within ``chosen`` (the latest ``limit`` of them), the oldest first, with label and score."""
    where, values = _condition(chosen, None)
    if limit:
        where = f"id IN (SELECT id FROM events WHERE {where} ORDER BY executed_at DESC, id DESC LIMIT {limit})"
    for event, label, score in _completed(store, store.each_event(where, values)):
        yield msgspec.structs.replace(row_of(event), **_label_fields(label), **_score_fields(score))


def existing_store(workspace: Workspace, folder: Path | None) -> Path:
    """The folder of the store that is meant. Raises NotFound for a named one in which none lies."""
    if folder is None:
        return workspace.folder
    if not commands_file(folder).is_file():
        raise NotFound(
            f"There is no store of commands in {folder}{', which is a file' if folder.is_file() else ''}.",
            slug="no_such_store",
            hint="tacho commands init --path makes one; tacho run --path puts commands into it.",
        )
    return folder


def _condition(chosen: Filter, program: str | None) -> tuple[str, list[object]]:
    given = _tests(chosen, program)
    return " AND ".join(["1", *(test for _, test, _ in given)]), [value for _, _, value in given]


def _tests(chosen: Filter, program: str | None) -> list[tuple[str, str, object]]:
    """Each option that was given, with its condition and the value for it."""
    tests = [
        ("--since", "executed_at >= ?", chosen.since),
        ("--until", "executed_at < ?", chosen.until),
        ("--project", "instr(lower(coalesce(repo, '')), lower(?)) > 0", chosen.project),
        ("--agent", "agent = ?", chosen.agent),
        ("--program", "instr(program, ?) = 1", program),
    ]
    return [(option, test, value) for option, test, value in tests if value is not None]


def _find_excluders(store: CommandStore, chosen: Filter, program: str | None) -> tuple[str, ...]:
    given = _tests(chosen, program)
    if not _has(store, "1"):
        return ()
    alone = tuple(option for option, test, value in given if not _has(store, test, value))
    return alone or tuple(option for option, _, _ in given)


def _has(store: CommandStore, where: str, *values: object) -> bool:
    return store.connection.execute(f"SELECT 1 FROM events WHERE {where} LIMIT 1", values).fetchone() is not None


def _completed(
    store: CommandStore, events: Iterable[CommandEvent]
) -> Iterator[tuple[CommandEvent, CommandLabel | None, CommandScore | None]]:
    """Each event with the label that counts and its score."""
    source = iter(events)
    while chunk := list(islice(source, _CHUNK)):
        ids = [event.id for event in chunk]
        marks = ", ".join("?" * len(ids))
        labels: dict[str, list[CommandLabel]] = {}
        for label in store.labels(f"target IN ({marks})", ids):
            labels.setdefault(label.target, []).append(label)
        scores = {score.event: score for score in store.scores(f"event IN ({marks})", ids)}
        for event in chunk:
            yield event, effective_label(labels.get(event.id, [])), scores.get(event.id)


def _listed(event: CommandEvent, label: CommandLabel | None, score: CommandScore | None) -> CommandRow:
    own: dict[str, Any] = {name: getattr(event, name) for name in CommandRow.__struct_fields__ if hasattr(event, name)}
    own["executed_at"] = to_datetime(event.executed_at)
    return CommandRow(**own, **_label_fields(label), **_score_fields(score))


def _label_fields(label: CommandLabel | None) -> dict[str, Any]:
    return {
        "productivity_label": label and label.score, "label_kind": label and label.kind,
        "label_source": label and label.source,
    }  # fmt: skip


def _score_fields(score: CommandScore | None) -> dict[str, Any]:
    return {
        "predicted_productivity": score and score.score, "predicted_low": score and score.low,
        "predicted_high": score and score.high, "top_contribution_feature": score and score.top_feature,
        "top_contribution_value": score and score.top_value, "model_ref": score and score.model,
        "predicted_kind": score and score.kind,
    }  # fmt: skip
