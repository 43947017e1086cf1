"""Sessions as people name them, as the ledger does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import closing

from tachograph.app.workspace import Workspace
from tachograph.errors import NotFound

_FULL = re.compile(r"[a-z_]{1,40}:[0-9A-Za-z][0-9A-Za-z_.-]{0,199}")


def session_ids(workspace: Workspace, names: Sequence[str]) -> list[str]:
    """The ids of these sessions: as the warehouse knows them, else a whole id as it stands.

    Another machine's session may be named by its whole id. Raises NotFound.
    """
    from tachograph.app.find_session import find_session
    from tachograph.warehouse.store import open_reader, warehouse_file

    if not names:
        return []
    if not warehouse_file(workspace.folder).is_file():
        return [_whole(name) for name in names]
    found: list[str] = []
    with closing(open_reader(workspace.folder)) as connection:
        for name in names:
            try:
                found.append(find_session(connection, name))
            except NotFound as error:
                if error.slug == "ambiguous_session" or not _FULL.fullmatch(name):
                    raise
                found.append(name)
    return found


def _whole(name: str) -> str:
    if not _FULL.fullmatch(name):
        text = f"There is no history yet in which {name[:80]!r} could be looked up."
        raise NotFound(text, hint="Give the whole id, such as claude_code:…, or run tacho ingest first.")
    return name
