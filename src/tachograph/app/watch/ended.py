"""What SessionEnd hooks have written down: which sessions are over, and since when."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tachograph.hooks.places import ENDED, ENDED_BEFORE, FOLDER, LONGEST_ENDED, read_bytes

_MOST_BYTES = 2 * LONGEST_ENDED

Ending = tuple[str, int]
"""Session and moment, ms UTC."""


class _Line(msgspec.Struct):
    session: str
    at: int


class EndedSessions:
    """The hooks' file, of which each line is told once."""

    def __init__(self, folder: Path) -> None:
        """``folder`` is the data folder."""
        self._folder = folder / FOLDER
        self._told: set[Ending] = set()

    def owns(self, path: str) -> bool:
        """Whether this is the file that hooks add to."""
        return path == str(self._folder / ENDED)

    def read_new(self) -> list[Ending]:
        """The lines that were not there at the last call, in order."""
        found: dict[Ending, None] = {}
        for name in (ENDED_BEFORE, ENDED):
            for raw in read_bytes(str(self._folder / name), _MOST_BYTES, only_end=True).splitlines():
                try:
                    line = msgspec.json.decode(raw, type=_Line)
                except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                    continue
                found[line.session, line.at] = None
        new = [one for one in found if one not in self._told]
        self._told = set(found)
        return new
