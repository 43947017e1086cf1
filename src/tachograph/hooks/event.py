"""What the agent says on standard input: one JSON object, read within bounds of size and time."""

import os
import time

from tachograph.hooks.records import parse

_SECONDS = 0.12
"""So long an event is waited for; agents write it at once."""
_QUIET_SECONDS = 0.01
"""After so long without more, what looks like the end of an object is tried as one: some writers never close."""
_LONGEST = 4 * 1024 * 1024
"""Bytes. A prompt may hold a pasted file; more than this is not looked at, and nothing is done then."""
_CHUNK = 65536


def read_event(descriptor: int = 0) -> dict[str, object]:
    """The event on ``descriptor``; an empty one when there is none, when it is too long, or too late."""
    held = bytearray()
    deadline = time.monotonic() + _SECONDS
    is_tried = False
    while len(held) <= _LONGEST:
        left = deadline - time.monotonic()
        if left <= 0:
            break
        may_be_whole = not is_tried and held[-4:].rstrip().endswith(b"}")
        if not _has_more(descriptor, min(left, _QUIET_SECONDS) if may_be_whole else left):
            event = parse(held) if may_be_whole else {}
            if event:
                return event
            is_tried = True
            continue
        chunk = os.read(descriptor, _CHUNK)
        if not chunk:
            break
        held += chunk
        is_tried = False
    return parse(held) if len(held) <= _LONGEST else {}


def _has_more(descriptor: int, seconds: float) -> bool:
    if os.name == "nt":  # its pipes cannot be waited for; the watch over the whole process ends a read that hangs
        return True
    import select

    return bool(select.select([descriptor], [], [], seconds)[0])
