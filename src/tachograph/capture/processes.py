"""Who is alive: process groups below a process, and whether anybody is left in a group.

Shells and wrappers make groups of their own, which a time-out must end too. Where there is no ``/proc`` (macOS), the
command's own group is all that is known.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

_FOLDER = Path("/proc")


class _Process(NamedTuple):
    pid: int
    state: bytes
    parent: int
    group: int


def is_alive(process: int) -> bool:
    """Whether there is a process of this number; where that cannot be told (Windows), it is assumed."""
    if os.name == "nt":  # there the question would end it
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def send(group: int, number: int) -> bool:
    """Send a signal to a group (0: none); return whether anybody is there who may be sent one."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def descendant_groups(pid: int) -> frozenset[int]:
    """Return the groups of the living descendants of ``pid``, never this process's own.

    Who has become a daemon (its parent has ended) is no descendant any more.
    """
    children: dict[int, list[_Process]] = defaultdict(list)
    for process in _processes():
        children[process.parent].append(process)
    found: set[int] = set()
    queue = [pid]
    while queue:
        for process in children.pop(queue.pop(), ()):
            found.add(process.group)
            queue.append(process.pid)
    return frozenset(found - {0, 1, os.getpgrp()})


def is_anybody_left(groups: Iterable[int]) -> bool:
    """Whether one of the groups has a member that has not ended. One that nobody has buried yet has."""
    suspects = {group for group in groups if send(group, 0)}
    if not suspects or not (processes := _processes()):
        return bool(suspects)
    return any(process.group in suspects and process.state not in b"ZX" for process in processes)


def _processes() -> list[_Process]:
    """All that can be seen. A name may hold blanks and brackets: what counts comes after the last one."""
    try:
        names = [name for name in os.listdir(_FOLDER) if name.isdecimal()]
    except OSError:
        return []
    found = []
    for name in names:
        try:
            state, parent, group = (_FOLDER / name / "stat").read_bytes().rpartition(b")")[2].split(maxsplit=3)[:3]
            found.append(_Process(int(name), state, int(parent), int(group)))
        except (OSError, ValueError):  # it has ended meanwhile
            continue
    return found
