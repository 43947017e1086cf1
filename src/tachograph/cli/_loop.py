"""What the commands of the loop share."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from tachograph.app.learn.loop_store import open_loop
from tachograph.app.workspace import Workspace
from tachograph.cli._session import note

F = TypeVar("F", bound=Callable[..., Any])


@contextmanager
def loop_connection(workspace: Workspace, no_ingest: bool) -> Iterator[sqlite3.Connection]:
    """A reading connection, the loop brought up to date first unless told otherwise."""
    update = workspace.settings.ingest_auto and not no_ingest
    with open_loop(workspace, update=update, note=note) as opened:
        yield opened


def type_option(command: F) -> F:
    """``--agent-type``: whose."""
    return click.option("--agent-type", metavar="TYPE", help="Only this agent type: main, or a subagent's type.")(
        command
    )
