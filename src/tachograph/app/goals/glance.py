"""What an overview says of goals: nothing, at no cost, where there is no ledger."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from tachograph.app.filters import Filter
from tachograph.app.goals.figure_records import GoalFigures
from tachograph.app.goals.roots import find_roots, list_projects
from tachograph.app.workspace import Workspace


def glance_at_goals(
    connection: sqlite3.Connection, workspace: Workspace, chosen: Filter, folder: str | None, *,
    projects: Sequence[str] | None = None, exact_project: bool = False,
) -> GoalFigures | None:  # fmt: skip
    """The figures of the goals within ``chosen``; None where there are none.

    Looked at are the ledgers of the projects that the warehouse knows, and that of ``folder``. A demo has none: its
    projects are made up. ``projects``: those of the warehouse, where the caller knows them. ``exact_project``: the
    chosen project is its whole path, not a part of it.
    """
    roots = find_ledger_roots(connection, workspace, folder, projects)
    if not roots:
        return None
    from tachograph.app.goals.gather import gather_goals
    from tachograph.app.goals.ledgers import find_ledgers

    found = find_ledgers(roots, workspace.settings.goals_path)
    return gather_goals(connection, found, chosen, exact_project=exact_project)


def find_ledger_roots(
    connection: sqlite3.Connection, workspace: Workspace, folder: str | None, projects: Sequence[str] | None = None
) -> list[str]:  # fmt: skip
    """The roots of the repositories whose ledgers are looked at, see :func:`glance_at_goals`; by name."""
    if workspace.is_demo:
        return []
    known = list_projects(connection) if projects is None else projects
    return find_roots([*known, *([folder] if folder is not None else [])], workspace.settings.goals_path)
