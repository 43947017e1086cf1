"""Which server runs on a data folder: one at a time, and every command can find it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec

from tachograph.app.export.write import write_privately
from tachograph.errors import Busy, NotFound
from tachograph.model import to_datetime
from tachograph.warehouse.lock import file_lock
from tachograph.web.access import plain_address

_START_SECONDS = 5.0
"""How long a server that has just begun may take to say where it listens."""
_LOOK_SECONDS = 0.5
"""How long to wait for a command that holds the lock only to see whether a server does."""


class Running(msgspec.Struct, frozen=True):
    """A server that runs."""

    pid: int
    port: int
    started_at: datetime


@contextmanager
def be_the_only(folder: Path) -> Iterator[None]:
    """Hold the place of the one server whose folder this is; one that was killed does not hold it.

    Raises Busy, saying where the other one is.
    """
    with file_lock(folder / "lock", _LOOK_SECONDS) as held:
        if not held:
            raise _already(_wait_for_note(folder))
        _note(folder).unlink(missing_ok=True)  # of one that was killed
        try:
            yield
        finally:
            _note(folder).unlink(missing_ok=True)


def tell_where(folder: Path, port: int) -> None:
    """Leave word of where this process listens. Raises OSError."""
    note = Running(os.getpid(), port, to_datetime(time.time_ns() // 1_000_000))
    with write_privately(_note(folder)) as out:
        out.write(msgspec.json.encode(note))


def find_running(folder: Path) -> Running:
    """The server that runs. Raises NotFound when there is none."""
    with file_lock(folder / "lock", 0.0) as held:
        found = None if held else _wait_for_note(folder)
    if found is None:
        raise NotFound(
            "No tacho serve runs on this data folder.",
            slug="not_serving",
            hint="Start it with tacho serve; TACHO_DATA_DIR names the data folder.",
        )
    return found


def _note(folder: Path) -> Path:
    return folder / "server.json"


def _wait_for_note(folder: Path) -> Running | None:
    """What the running server wrote; None when it says nothing for long."""
    deadline = time.monotonic() + _START_SECONDS
    while (found := _read_note(folder)) is None and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def _read_note(folder: Path) -> Running | None:
    try:
        return msgspec.json.decode(_note(folder).read_bytes(), type=Running)
    except (OSError, msgspec.MsgspecError):
        return None


def _already(found: Running | None) -> Busy:
    where = f"at {plain_address(found.port)} (process {found.pid})" if found else "and has not said yet where"
    return Busy(
        f"tacho serve runs already for this data folder, {where}.",
        slug="already_serving",
        hint="tacho serve --url prints an address that opens it in a browser.",
    )
