"""The ledgers that there are, read."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from tachograph.app.goals.place import LedgerPlace, find_place
from tachograph.app.goals.roots import find_roots
from tachograph.errors import TachographError
from tachograph.ledger import file
from tachograph.ledger.file import MOST_BYTES
from tachograph.ledger.reading import NOTES, read_ledger
from tachograph.ledger.replay import State
from tachograph.paths import open_regular

_REMEMBERED = 16


class KnownLedger(msgspec.Struct, frozen=True):
    """A ledger that could be read."""

    place: LedgerPlace
    state: State
    lost_lines: int
    """Lines without effect, which ``tacho goal fsck`` explains; edits by hand are not looked for here."""


class LedgerTrouble(msgspec.Struct, frozen=True):
    """A ledger that is there and cannot be read."""

    path: str
    why: str
    """One sentence."""


class Ledgers(msgspec.Struct, frozen=True):
    """All ledgers that were found, by path."""

    known: tuple[KnownLedger, ...] = ()
    troubles: tuple[LedgerTrouble, ...] = ()


def find_ledgers(folders: Iterable[str], configured: str) -> Ledgers:
    """The ledgers, at ``configured`` from the root, of the repositories that these folders lie in, each once.

    Nothing raises: what is there and cannot be read is a trouble.
    """
    known: dict[str, KnownLedger] = {}
    troubles: dict[str, LedgerTrouble] = {}
    for root in find_roots(folders, configured):
        path = os.path.join(root, configured)
        try:
            place = find_place(Path(root), configured)
            if str(place.path) not in known:
                known[str(place.path)] = read_known(place)
        except TachographError as error:
            troubles[path] = LedgerTrouble(path, error.message)
        except OSError as error:
            why = f"The goals' ledger {path} cannot be read: {error.strerror or error}."
            troubles[path] = LedgerTrouble(path, why)
    return Ledgers(tuple(known[path] for path in sorted(known)), tuple(troubles[path] for path in sorted(troubles)))


def read_known(place: LedgerPlace) -> KnownLedger:
    """The ledger at ``place``. Raises OSError when it is no regular file, cannot be read, or is above 256 MiB."""
    if place.path.is_symlink():
        raise OSError("it is a link, which is not followed")
    with open_regular(place.path) as stream:
        about = os.fstat(stream.fileno())
        sign = (about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns)
        remembered = _memory.get(place)
        if remembered is not None and remembered[0] == sign:
            return remembered[1]
        content = stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise OSError("it is larger than 256 MiB")
    reading = read_ledger(content, sums=False)
    lost = [one for one in reading.problems if one.slug not in NOTES]
    found = KnownLedger(place, reading.state, len(lost))
    while len(_memory) >= _REMEMBERED:
        _memory.pop(next(iter(_memory)), None)
    _memory[place] = (sign, found)
    return found


_memory: dict[LedgerPlace, tuple[tuple[int, ...], KnownLedger]] = {}
"""For a server, which is asked again and again: reading ten thousand events takes half a second."""


def open_known(place: LedgerPlace) -> KnownLedger:
    """The ledger at ``place``; an empty one where there is none. Raises TachographError (``ledger_unreadable``)."""
    reading = file.read(place.path)
    return KnownLedger(place, reading.state, sum(one.slug not in NOTES for one in reading.problems))
