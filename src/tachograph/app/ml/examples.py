"""Commands as examples to learn from: those of a file, or those stored here with what is known of their outcomes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice
from pathlib import Path

import msgspec

from tachograph.app.commands.dataset import DatasetRow, event_of, read_dataset
from tachograph.app.commands.events import existing_store
from tachograph.app.commands.labels import effective_label
from tachograph.app.commands.outcomes import refresh_outcomes
from tachograph.app.ml.active import Target
from tachograph.app.ml.engine import need_engine
from tachograph.app.workspace import Workspace
from tachograph.capture.store import CommandStore, open_commands
from tachograph.errors import TachographError, UsageError
from tachograph.learning.ml.groups import Origin, by_repository, by_session
from tachograph.learning.ml.table import Feature, Goal, Grouping, Row, Table
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
"""Source of labels in a file that does not name one."""
KIND_NOT_GIVEN = "kind not given"
"""Source of labels in a file that does not say of which kind they are. They count as the weakest kind, synthetic: so
they are never trusted more than they deserve, and never judge a model where any label is known to be real."""


def read_examples(path: Path, target: Target) -> Table:
    """The commands of a file. Raises TachographError (``bad_dataset``) as reading does, UsageError for sessions."""
    need_engine()
    from tachograph.learning.ml.command_features import FEATURES

    _check_target(target)
    return _group(
        ((event_of(row, n), _label_in(row, path, n)) for n, row in enumerate(read_dataset(path), 1)), FEATURES, target
    )


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
        return _group(((event, labels.get(event.id)) for event in events), FEATURES, target)


def to_row(event: CommandEvent, label: CommandLabel | None, target: Target) -> Row:
    """One command as an example, as yet without a group."""
    from tachograph.learning.ml.command_features import read_features

    known = None if label is None else label.score
    if known is not None and target == "success":
        known = float(known >= SUCCEEDED)
    return Row(
        id=event.id, values=read_features(event), label=known, kind=None if label is None else label.kind,
        source="" if label is None else label.source, group="", at=event.executed_at,
    )  # fmt: skip


def _group(
    examples: Iterable[tuple[CommandEvent, CommandLabel | None]], features: tuple[Feature, ...], target: Target
) -> Table:
    """The examples by repository; by session where there are too few repositories to set some apart for judging.

    Also where neither will do: sessions are what there is sooner more of.
    """
    from tachograph.learning.ml.training import find_shortages

    rows: list[Row] = []
    origins: list[Origin] = []
    for event, label in examples:
        rows.append(to_row(event, label, target))
        origins.append(Origin(event.repo, event.session, event.executed_at))
    goal: Goal = "number" if target == "productivity" else "probability"
    wide = Table(features, _regroup(rows, by_repository(origins)), _kind_of_groups(origins))
    short = find_shortages(wide, goal)
    if not short:
        return wide
    narrow = Table(features, _regroup(rows, by_session(origins)), "session")
    is_coarser = _count_groups(narrow) < _count_groups(wide)  # of rows without repository, session and time
    return wide if is_coarser or len(find_shortages(narrow, goal)) > len(short) else narrow


def _kind_of_groups(origins: Sequence[Origin]) -> Grouping:
    """What the groups of ``by_repository`` are: without any repository sessions, without these too single rows."""
    if any(one.repo for one in origins):
        return "repository"
    return "session" if any(one.session for one in origins) else "group"


def _regroup(rows: Sequence[Row], groups: Sequence[str]) -> list[Row]:
    return [msgspec.structs.replace(row, group=group) for row, group in zip(rows, groups, strict=True)]


def _count_groups(table: Table) -> int:
    return len({row.group or row.id for row in table.rows})


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
    kind = row.label_kind or "synthetic"
    if kind not in LABEL_KINDS or not 0 <= score <= 100:
        told = f"label_kind is {kind[:50]!r}" if kind not in LABEL_KINDS else f"productivity_label is {score:g}"
        hint = f"A label is 0 to 100, its kind one of {', '.join(LABEL_KINDS)}."
        raise TachographError(f"{path}, row {number}: {told}.", slug="bad_dataset", hint=hint)
    source = (row.label_source or OF_A_FILE) if row.label_kind else KIND_NOT_GIVEN
    return CommandLabel(row.id or "", kind, source, score, 0)


def count_without_kind(table: Table) -> int:
    """Labels in a file that do not say of which kind they are."""
    return sum(row.source == KIND_NOT_GIVEN for row in table.known())


def read_rows(path: Path) -> Iterator[tuple[DatasetRow, CommandEvent]]:
    """Each row of a file beside its command."""
    for number, row in enumerate(read_dataset(path), 1):
        yield row, event_of(row, number)
