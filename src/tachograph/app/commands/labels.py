"""What people say of commands and sessions, and which of several labels counts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime

import msgspec

from tachograph.app.workspace import Workspace
from tachograph.capture.store import CommandStore
from tachograph.errors import NotFound, TachographError, UsageError
from tachograph.model import LABEL_KINDS, CommandLabel, LabelKind, to_datetime

PERSON = "person"
_DIGITS = re.compile(r"[0-9a-f]{1,20}")
_OWN = "target = ? AND kind = 'human' AND source = ?"
NOTE_CHARS = 500
"""Most characters of a note that are kept."""


class LabelRecord(msgspec.Struct, frozen=True):
    """A label as it is told."""

    target: str
    """Id of a command's event, or of a session."""
    kind: LabelKind
    source: str
    score: float
    at: datetime
    note: str


class LabelCount(msgspec.Struct, frozen=True):
    """Labels of one kind and source."""

    kind: LabelKind
    source: str
    labels: int
    mean: float
    """Of their scores."""


class LabelList(msgspec.Struct, frozen=True):
    """Labels of a store."""

    counts: list[LabelCount]
    """All of them, the most trustworthy kind first."""
    matching: int
    """Labels of the kind that was asked for."""
    labels: list[LabelRecord]
    """The latest of these."""


def effective_label(labels: Iterable[CommandLabel]) -> CommandLabel | None:
    """The one label that counts, of those of one target; None when there is none.

    The most trustworthy kind alone: a person's before known outcomes, these before pseudo ones, made-up ones last.
    Several sources of that kind: the mean of their scores, the sources joined by ``+``.
    """
    found = list(labels)
    kind = min((one.kind for one in found), key=LABEL_KINDS.index, default=None)
    strongest = sorted((one for one in found if one.kind == kind), key=lambda one: one.source)
    if len(strongest) < 2:
        return strongest[0] if strongest else None
    return CommandLabel(
        target=strongest[0].target,
        kind=strongest[0].kind,
        source="+".join(one.source for one in strongest),
        score=sum(one.score for one in strongest) / len(strongest),
        at=max(one.at for one in strongest),
        note="; ".join(one.note for one in strongest if one.note),
    )


def label(
    workspace: Workspace, store: CommandStore, target: str, score: float, note: str | None = None, *, at: int
) -> LabelRecord:
    """Keep a person's own label of a command or a session; it takes the place of the one before.

    ``target``: an event's id or the beginning of it (``evt_…``), or a session by id, native id or unique prefix. The
    note is redacted, then cut to 500 characters; None leaves the one that was there. ``at`` is now, in ms UTC. Raises
    NotFound, and UsageError for a score outside of 0 to 100.
    """
    if not 0 <= score <= 100:  # also what is no number
        raise UsageError("A score is a number from 0 (of no use) to 100.", slug="bad_score")
    name = find_target(workspace, store, target)
    if note is None:
        told = "".join(before.note for before in store.labels(_OWN, (name, PERSON)))
    else:
        told = workspace.clean.text(note, NOTE_CHARS)
    made = CommandLabel(name, "human", PERSON, float(score), at, told)
    store.put_labels([made])
    return tell(made)


def remove_label(workspace: Workspace, store: CommandStore, target: str) -> LabelRecord:
    """Take a person's own label back; return what it was. Raises NotFound when there is none."""
    name = find_target(workspace, store, target)
    found = store.labels(_OWN, (name, PERSON))
    if not found:
        raise NotFound("You have not labelled this one.", slug="no_label", hint="tacho label list shows what you have.")
    store.connection.execute(f"DELETE FROM labels WHERE {_OWN}", (name, PERSON))
    return tell(found[0])


def find_target(workspace: Workspace, store: CommandStore, name: str) -> str:
    """The id of the event or session that is meant; an event's ``evt_`` may be left out. Raises NotFound."""
    from tachograph.app.commands.events import find_event

    if not name.strip():
        hint = "tacho commands list and tacho sessions show their ids."
        raise NotFound("An empty id names no command and no session.", hint=hint)
    if name.startswith("evt_"):
        return find_event(store, name).id
    event = _find_bare(store, name) if _DIGITS.fullmatch(name) else None
    try:
        session = _find_session(workspace, name)
    except TachographError:
        if event is None:
            raise
        return event
    if event is not None:
        raise NotFound(
            f"Both a command and a session begin with {name}.",
            slug="ambiguous_command",
            hint=f"Write {event} or {session}.",
        )
    return session


def _find_bare(store: CommandStore, name: str) -> str | None:
    from tachograph.app.commands.events import find_event

    try:
        return find_event(store, f"evt_{name}").id
    except NotFound as error:
        if error.slug == "not_found":
            return None
        raise


def _find_session(workspace: Workspace, name: str) -> str:
    from tachograph.app.find_session import find_session
    from tachograph.warehouse.store import open_reader

    with closing(open_reader(workspace.folder)) as warehouse:
        return find_session(warehouse, name)


def list_labels(store: CommandStore, kind: LabelKind | None, limit: int) -> LabelList:
    """How many labels there are of which kind and source, and the latest ``limit`` (0: all) of ``kind`` (None: any)."""
    rows = store.connection.execute("SELECT kind, source, count(*), avg(score) FROM labels GROUP BY kind, source")
    counts = [LabelCount(*row) for row in rows]
    counts.sort(key=lambda one: (LABEL_KINDS.index(one.kind), one.source))
    matching = sum(one.labels for one in counts if kind in (None, one.kind))
    latest = store.connection.execute(
        "SELECT target, kind, source, score, at, note FROM labels WHERE ?1 IS NULL OR kind = ?1"
        " ORDER BY at DESC, target, kind, source LIMIT ?2",
        (kind, limit or -1),
    )
    return LabelList(counts, matching, [tell(CommandLabel(*row)) for row in latest])


def tell(label: CommandLabel) -> LabelRecord:
    """A label for a report."""
    return LabelRecord(label.target, label.kind, label.source, label.score, to_datetime(label.at), label.note)
