"""A ledger's bytes put in order, without any change to what it says."""

from __future__ import annotations

import json

import msgspec

from tachograph.ledger.foreign import is_foreign
from tachograph.ledger.lines import SUM, sum_of
from tachograph.ledger.reading import MARKER, can_be_read


class Repaired(msgspec.Struct, frozen=True):
    """What a repair makes of a ledger."""

    content: bytes
    """The ledger as it should be: whole lines."""
    rejected: bytes
    """Lines that nothing can be made of, whole ones; they do not belong in the ledger."""
    markers: int
    """Lines that a merge left, gone."""
    doubled: int
    """Lines that stood there twice, letter for letter; one of each is left."""
    restamped: int
    """Lines edited by hand that have a right sum now."""


def repair(content: bytes) -> Repaired:
    """Put a ledger in order: the same goals follow from it, and a second repair finds nothing to do.

    The order of the lines stays, and so does every event, those without effect too.
    """
    kept: list[bytes] = []
    rejected: list[bytes] = []
    seen: set[bytes] = set()
    markers = doubled = restamped = 0
    for raw in content.split(b"\n"):
        line = raw.strip()
        if not line:
            continue
        if MARKER.fullmatch(line):
            markers += 1
        elif not can_be_read(line):
            rejected.append(line + b"\n")
        else:
            stamped = _stamped(line)
            restamped += stamped != line
            if b'"event_id"' in stamped and stamped in seen:
                doubled += 1
                continue
            seen.add(stamped)
            kept.append(stamped + b"\n")
    return Repaired(b"".join(kept), b"".join(rejected), markers, doubled, restamped)


def _stamped(line: bytes) -> bytes:
    """The line with the sum that belongs to it; another tool's lines have none and stay as they are."""
    said = json.loads(line)
    if is_foreign(said):
        return line
    right = sum_of(said)
    if said.get(SUM) == right:
        return line
    return json.dumps({**said, SUM: right}, ensure_ascii=False, separators=(", ", ": ")).encode()
