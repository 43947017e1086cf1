"""Commands as examples to learn from: those of a file, or those stored here with what is known of their outcomes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from pathlib import Path

from tachograph.app.commands.dataset import DatasetRow, event_of, read_dataset
from tachograph.app.commands.events import existing_store
from tachograph.app.commands.labels import effective_label
from tachograph.app.commands.outcomes import refresh_outcomes
from tachograph.app.ml.active import Target
from tachograph.app.ml.engine import need_engine
from tachograph.app.workspace import Workspace
from tachograph.capture.store import CommandStore, open_commands
from tachograph.errors import TachographError, UsageError
from tachograph.learning.ml.table import Row, Table
from tachograph.model import LABEL_KINDS, CommandEvent, CommandLabel

SUCCEEDED = 50.0
"""Of a label, 0 to 100: the least that counts as success."""
LABELS: dict[str, str] = {
    "productivity": "how the command turned out, 0 (of no use) to 100: its strongest label, a person's before known"
    " outcomes before pseudo before synthetic ones; several of one kind: their mean",
    "success": "1 where the command's strongest label is 50 or more, else 0",
}
"""What the label of a command is, in words: for a model's metadata."""
_LATEST = 100_000
"""Commands that are looked at where all would do: a store may hold a million."""
OF_A_FILE = "dataset"
"""Source of labels in a file that does not name one; such labels count as known outcomes."""


def read_examples(path: Path, target: Target) -> Table:
    """The commands of a file. Raises TachographError (``bad_dataset``) as reading does, UsageError for sessions."""
    need_engine()
    from tachograph.learning.ml.command_features import FEATURES

    _check_target(target)
    rows = enumerate(read_dataset(path), 1)
    return Table(FEATURES, [to_row(event_of(row, n), _label_in(row, path, n), target) for n, row in rows])


def stored_examples(
    workspace: Workspace, folder: Path | None, target: Target, *, unlabelled_since: int | None = None
) -> Table:
    """The labelled commands of a store; outcomes are looked up first. With ``unlabelled_since`` (ms UTC) the latest
    commands from then on, with and without labels.

    Without ``folder`` it is the data folder's store, into which the commands that agents ran come from the warehouse.
    Raises TachographError as the stores do.
    """
    need_engine()
    from tachograph.learning.ml.command_features import FEATURES

    _check_target(target)
    with open_commands(existing_store(workspace, folder)) as store:
        refresh_outcomes(workspace, store)
        labels = _effective_labels(store)
        events: Iterable[CommandEvent]
        if unlabelled_since is None:
            events = store.each_event("id IN (SELECT target FROM labels)")
        else:
            latest = store.each_event("executed_at >= ?", (unlabelled_since,), "executed_at DESC, id")
            events = islice(latest, _LATEST)
        return Table(FEATURES, [to_row(event, labels.get(event.id), target) for event in events])


def to_row(event: CommandEvent, label: CommandLabel | None, target: Target) -> Row:
    """One command as an example; those of one repository are a group, without one those of a session."""
    from tachograph.learning.ml.command_features import read_features

    known = None if label is None else label.score
    if known is not None and target == "success":
        known = float(known >= SUCCEEDED)
    return Row(
        id=event.id, values=read_features(event), label=known, kind=None if label is None else label.kind,
        source="" if label is None else label.source, group=event.repo or event.session or "", at=event.executed_at,
    )  # fmt: skip


def _check_target(target: Target) -> None:
    if target not in LABELS:
        raise UsageError(f"{target} is learned from sessions, not from commands.", hint="Leave out --dataset.")


def _effective_labels(store: CommandStore) -> dict[str, CommandLabel]:
    found: dict[str, CommandLabel] = {}
    for target, labels in groupby(store.labels(), key=lambda label: label.target):
        label = effective_label(list(labels))
        if label is not None:
            found[target] = label
    return found


def _label_in(row: DatasetRow, path: Path, number: int) -> CommandLabel | None:
    score = row.productivity_label
    if score is None:
        return None
    kind = row.label_kind or "outcome"
    if kind not in LABEL_KINDS or not 0 <= score <= 100:
        told = f"label_kind is {kind[:50]!r}" if kind not in LABEL_KINDS else f"productivity_label is {score:g}"
        hint = f"A label is 0 to 100, its kind one of {', '.join(LABEL_KINDS)}."
        raise TachographError(f"{path}, row {number}: {told}.", slug="bad_dataset", hint=hint)
    return CommandLabel(row.id or "", kind, row.label_source or OF_A_FILE, score, 0)


def read_rows(path: Path) -> Iterator[tuple[DatasetRow, CommandEvent]]:
    """Each row of a file beside its command."""
    for number, row in enumerate(read_dataset(path), 1):
        yield row, event_of(row, number)
