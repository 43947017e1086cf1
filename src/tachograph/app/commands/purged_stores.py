"""What purged sessions ran, in stores of commands outside the data folder."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import msgspec

from tachograph.app.purged import is_purged_id
from tachograph.capture.forgetting import forget_sessions
from tachograph.capture.store import CommandStore, commands_file, open_commands
from tachograph.errors import NotFound

_SESSIONS = """
SELECT session FROM events WHERE session IS NOT NULL
UNION SELECT target FROM labels WHERE substr(target, 1, 4) <> 'evt_' ORDER BY 1"""


class PurgedStore(msgspec.Struct, frozen=True):
    """What of a store goes with purged sessions."""

    folder: str
    sessions: int
    """Purged sessions, now or earlier, that it knows."""
    commands: int
    """That these ran."""


def look_in_store(folder: Path, purged: Collection[int]) -> PurgedStore:
    """What the store in ``folder`` holds of sessions whose hashes are in ``purged``. Raises NotFound for no store."""
    if not commands_file(folder).is_file():
        raise NotFound(f"There is no store of commands in {folder}.", slug="no_such_store")
    with open_commands(folder) as store:
        found = _purged_sessions(store, purged)
        count = "SELECT count(*) FROM events WHERE session = ?"
        commands = sum(store.connection.execute(count, (session,)).fetchone()[0] for session in found)
    return PurgedStore(str(folder), len(found), commands)


def forget_in_store(folder: Path, purged: Collection[int]) -> bool:
    """Remove that, and what was said of it; return whether no byte of it is left there."""
    if not commands_file(folder).is_file():
        return True
    with open_commands(folder) as store:
        found = _purged_sessions(store, purged)
    return forget_sessions(folder, found) if found else True


def _purged_sessions(store: CommandStore, purged: Collection[int]) -> list[str]:
    return [name for (name,) in store.connection.execute(_SESSIONS) if is_purged_id(name, purged)]
