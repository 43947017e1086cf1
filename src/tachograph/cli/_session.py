"""What every reporting command does first: settings, update, connection."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tachograph.app.reporting import open_report
from tachograph.app.workspace import Workspace
from tachograph.cli._progress import progress_bar
from tachograph.report.sanitise import harmless_lines


@contextmanager
def report_connection(workspace: Workspace, no_ingest: bool) -> Iterator[sqlite3.Connection]:
    """A reading connection to the warehouse, brought up to date first unless told otherwise."""
    update = workspace.settings.ingest_auto and not no_ingest
    with (
        progress_bar() as on_progress,
        open_report(workspace, update=update, on_progress=on_progress, note=note) as opened,
    ):
        yield opened


def note(text: str) -> None:
    """Tell the person something that is not data; whatever of it comes from a log is made harmless."""
    print(f"tacho: {harmless_lines(text)}", file=sys.stderr)
