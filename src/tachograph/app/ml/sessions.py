"""Main sessions as examples: what was known after their first turns, and what they came to."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing

from tachograph.app.ml.session_outcomes import LABELS, Known, Root, load_outcomes, load_roots
from tachograph.app.ml.session_reading import read_session
from tachograph.app.workspace import Workspace
from tachograph.learning.ml.session_cut import Cut, look_at
from tachograph.learning.ml.session_features import (
    FEATURES,
    History,
    Outcome,
    What,
    read_cut,
    reference_of,
    to_scale,
)
from tachograph.learning.ml.table import Row, Table
from tachograph.warehouse.store import open_reader

__all__ = ["LABELS", "TURNS", "SessionExamples", "example_id", "session_table"]

TURNS = 3
"""Sessions are looked at after each of so many first turns."""
_MOST = 20_000
"""Sessions that are learned from, the newest ones: reading one takes a millisecond, and older habits say less."""


def session_table(workspace: Workspace, what: What, turns: int = TURNS, now_ms: int | None = None) -> Table:
    """The newest 20,000 main sessions, one row for each of their first ``turns`` turns that is over.

    A row's id is ``<session>@<turns>``; its group is the session, its time the session's start, so that a split by time
    never has the same session on both sides. Labels are counted from ``reference_of``; :data:`LABELS` says what they
    are. Of cost and waste there is no row where something spent so far has no price. Raises TachographError as the
    store does.
    """
    with closing(open_reader(workspace.folder)) as connection:
        connection.execute("BEGIN")
        examples = SessionExamples(connection, workspace, what, now_ms)
        rows = [row for root in examples.roots[-_MOST:] for row in examples.rows(root, turns)]
        return Table(FEATURES, rows, "session")


def example_id(session: str, turns: int) -> str:
    """The id of a row."""
    return f"{session}@{turns}"


class SessionExamples:
    """The sessions of a warehouse with what each came to; rows are asked for in the order in which sessions began."""

    def __init__(
        self, connection: sqlite3.Connection, workspace: Workspace, what: What, now_ms: int | None = None
    ) -> None:
        """``now_ms`` is the moment at which sessions are seen, ms UTC; None: now."""
        self.what = what
        self.roots = load_roots(connection)
        now = time.time_ns() // 1_000_000 if now_ms is None else now_ms
        self.known: dict[str, Known] = load_outcomes(connection, workspace.folder, what, self.roots, now)
        self._connection = connection
        self._history = History(
            Outcome(
                root.id, root.ended_at, to_scale(what, self.known[root.id].value), root.project, root.family,
                root.task_type,
            )
            for root in self.roots
            if root.id in self.known
        )  # fmt: skip

    def rows(self, root: Root, turns: int) -> Iterator[Row]:
        """A row for each of its cuts of which something can be said."""
        for cut in find_cuts(self._connection, root, turns):
            if (row := self.row(root, cut)) is not None:
                yield row

    def row(self, root: Root, cut: Cut) -> Row | None:
        """The row of one cut; None: nothing can be said of it."""
        known, reference = self.known.get(root.id), reference_of(self.what, cut.usd)
        if reference is None:
            return None
        past = self._history.past(root.started_at, root.project, cut.family, cut.task_type)
        return Row(
            id=example_id(root.id, cut.turns),
            values=read_cut(cut, past, reference),
            label=None if known is None else to_scale(self.what, known.value) - reference,
            kind=None if known is None else known.kind,
            source="" if known is None else known.source,
            group=root.id,
            at=root.started_at,
        )


def find_cuts(connection: sqlite3.Connection, root: Root, turns: int) -> list[Cut]:
    """The session after each of its first ``turns`` turns that are over."""
    records = read_session(connection, root, turns)
    if records is None:
        return []
    over = len(records.openings) - (not root.is_complete)
    return [cut for number in range(1, min(turns, over) + 1) if (cut := look_at(records, number)) is not None]
