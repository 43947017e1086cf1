"""Opening what the loop has found out, brought up to date first when that is wanted."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from tachograph.app.learn.run import learn_if_free
from tachograph.app.workspace import Workspace
from tachograph.errors import TachographError
from tachograph.warehouse.store import open_reader, read_meta, warehouse_file


@contextmanager
def open_loop(workspace: Workspace, *, update: bool, note: Callable[[str], None]) -> Iterator[sqlite3.Connection]:
    """A reading connection to the warehouse; ``update`` reads new logs and goes round the loop first.

    Without it, ``note`` says so when the loop has never gone round. Raises TachographError as the store does.
    """
    if update:
        learn_if_free(workspace, update=True, note=note)
    elif not warehouse_file(workspace.folder).exists():
        raise TachographError(
            "There is no warehouse yet.", slug="no_warehouse", hint="Run tacho learn, or leave out --no-ingest."
        )
    with closing(open_reader(workspace.folder)) as connection:
        connection.execute("BEGIN")  # all queries of one report see the same state
        if not read_meta(connection, "loop_at"):
            note("The loop has not gone round yet: tacho learn computes KPIs and baselines.")
        yield connection
