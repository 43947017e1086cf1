"""What the commands about goals share: which ledger, who writes, times as people type them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import tzinfo
from pathlib import Path
from typing import Any, TypeVar

import click

from tachograph.app.goals.book import Author, Book
from tachograph.app.goals.place import LedgerPlace, find_place
from tachograph.app.workspace import Workspace

F = TypeVar("F", bound=Callable[..., Any])


def place_options(command: F) -> F:
    """``--repo`` and ``--ledger``, as keyword arguments ``repo`` and ``ledger`` for :func:`chosen_place`."""
    ledger = click.option(
        "--ledger", type=click.Path(path_type=Path), metavar="FILE",
        help="This ledger, instead of the repository's own (goals.path, metrics/events.ndjson unless set).",
    )  # fmt: skip
    repo = click.option(
        "--repo", type=click.Path(path_type=Path), metavar="DIR", default=".",
        help="The repository that DIR lies in, instead of the one you stand in.",
    )  # fmt: skip
    return repo(ledger(command))


def chosen_place(workspace: Workspace, repo: Path, ledger: Path | None) -> LedgerPlace:
    """The ledger that the options name. Raises TachographError."""
    return find_place(repo, workspace.settings.goals_path, ledger)


def chosen_zone(workspace: Workspace) -> tzinfo:
    """The user's time zone."""
    from tachograph.app.filters import find_zone

    return find_zone(workspace.settings.display_timezone)[0]


def open_book(workspace: Workspace, place: LedgerPlace, agent: str | None = None, model: str | None = None) -> Book:
    """The ledger for writing; who writes is what the options say, else what an agent tells its commands."""
    from tachograph.app.commands.surroundings import find_agent

    found, session = find_agent(os.environ, agent)
    return Book(place, Author(found, model, session), chosen_zone(workspace))


def read_moment(text: str | None, zone: tzinfo) -> int | None:
    """Milliseconds UTC of a time or date as people type it; without a zone it is in ``zone``. Raises UsageError."""
    from tachograph.app.filters import parse_moment

    return None if text is None else parse_moment(text, zone, time.time_ns() // 1_000_000)
