"""Opening the warehouse for a report, brought up to date first when that is wanted."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from tachograph.app.workspace import Workspace
from tachograph.errors import Busy, TachographError
from tachograph.warehouse.store import open_reader, warehouse_file


@contextmanager
def open_report(
    workspace: Workspace, *, update: bool, on_progress: Callable[..., None] | None = None, note: Callable[[str], None]
) -> Iterator[sqlite3.Connection]:
    """A reading connection; ``update`` brings the warehouse up to date first (the demo's is left as it is).

    While another process is updating, the report is made from what is stored, and ``note`` says so. Raises
    TachographError as the store does.
    """
    update = update and not workspace.is_demo
    if update or not warehouse_file(workspace.folder).exists():
        from tachograph.app.ingest import ingest

        if not update:
            raise TachographError(
                "There is no warehouse yet.", slug="no_warehouse", hint="Run tacho ingest, or leave out --no-ingest."
            )
        try:
            ingest(workspace, wait_seconds=2.0, on_progress=on_progress)
        except Busy:
            note("Another tacho process is updating the warehouse: this is what is stored so far.")
    with closing(open_reader(workspace.folder)) as connection:
        connection.execute("BEGIN")  # all queries of one report see the same state
        yield connection
