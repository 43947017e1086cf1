"""What is wrong with a ledger, and putting it in order."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from tachograph.app.goals.place import LedgerPlace
from tachograph.ledger import file
from tachograph.ledger.reading import NOTES, LedgerProblem, Slug, read_ledger
from tachograph.ledger.repair import Repaired, repair
from tachograph.paths import private_file

MEANINGS: dict[Slug, tuple[str, str]] = {
    "torn_line": (
        "Writing it was interrupted. Nothing was lost that anybody was told is kept.",
        "moves it to the file of rejected lines",
    ),
    "conflict_marker": (
        "git could not merge the ledger; both sides count. merge=union in .gitattributes avoids that"
        " (tacho bootstrap sets it).",
        "removes the marker",
    ),
    "not_json": ("It counts for nothing.", "moves it to the file of rejected lines"),
    "unknown_event": ("It counts for nothing; a newer tacho may know it.", "moves it to the file of rejected lines"),
    "invalid_event": ("It counts for nothing.", "moves it to the file of rejected lines"),
    "edited_line": (
        "Its sum is not that of what it says; git shows what was changed, and when.",
        "gives it the sum that belongs to it",
    ),
    "duplicate_event": ("It counts once.", "removes it where the two lines are the same"),
    "refused_event": (
        "It was not possible when its turn came: two clones may have changed the same goal.",
        "leaves it: it is part of the record",
    ),
    "same_name": ("Two clones gave two goals the same number.", "leaves it: the suffix tells them apart"),
}
"""What each problem means, and what a repair does about it."""
_LEFT: frozenset[Slug] = frozenset({"refused_event", "same_name"})
"""A repair does nothing about these."""


class FoundProblem(msgspec.Struct, frozen=True):
    """One thing about one line."""

    line: int
    """From 1."""
    slug: Slug
    text: str
    meaning: str
    repair: str
    """What ``--repair`` does about it."""
    harmless: bool
    """The line counts all the same."""
    repairable: bool
    """``--repair`` does something about it."""


class FsckReport(msgspec.Struct, frozen=True, kw_only=True):
    """A ledger looked through."""

    path: str
    lines: int
    """Lines that are not blank."""
    events: int
    """Lines that are events, one told several times each time."""
    goals: int
    problems: list[FoundProblem]
    """By line."""
    repaired: bool = False
    removed_markers: int = 0
    removed_duplicates: int = 0
    restamped: int = 0
    rejected: int = 0
    """Lines moved to ``rejected_path``."""
    backup_path: str | None = None
    """The ledger as it was before the repair."""
    rejected_path: str | None = None


def examine(place: LedgerPlace) -> FsckReport:
    """Look a ledger through; nothing is changed. Raises TachographError (``ledger_unreadable``)."""
    reading = file.read(place.path)
    return FsckReport(
        path=str(place.path), lines=reading.lines, events=len(reading.events), goals=len(reading.state.goals),
        problems=[_found(one) for one in reading.problems],
    )  # fmt: skip


def repair_ledger(place: LedgerPlace, now: datetime | None = None) -> FsckReport:
    """Put a ledger in order and tell what was done; it says the same afterwards.

    The ledger as it was is kept beside it (``events.ndjson.<time>.bak``); lines that nothing can be made of are
    appended to ``events.ndjson.rejected``. Nothing is done where nothing is to do. Raises as ``ledger.file.replace``.
    """
    before = examine(place)
    if not place.path.exists():
        return before
    stamp = f"{now or datetime.now(UTC):%Y%m%dT%H%M%S%f}"
    backup = place.path.with_name(f"{place.path.name}.{stamp}.bak")
    rejected = place.path.with_name(f"{place.path.name}.rejected")
    done: list[Repaired] = []

    def mend(content: bytes) -> bytes:
        mended = repair(content)
        if mended.content != content:
            _add(backup, content)
            if mended.rejected:
                _add(rejected, mended.rejected)
            done.append(mended)
        return mended.content

    content = file.replace(place.path, mend)
    if not done:
        return before
    report = read_ledger(content)
    made = done[0]
    return FsckReport(
        path=str(place.path), lines=report.lines, events=len(report.events), goals=len(report.state.goals),
        problems=[_found(one) for one in report.problems], repaired=True, removed_markers=made.markers,
        removed_duplicates=made.doubled, restamped=made.restamped, rejected=made.rejected.count(b"\n"),
        backup_path=str(backup), rejected_path=str(rejected) if made.rejected else None,
    )  # fmt: skip


def _add(path: Path, content: bytes) -> None:
    """Append to a file of ours, on the disk before this returns."""
    descriptor = os.open(private_file(path), os.O_WRONLY | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0))
    with os.fdopen(descriptor, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())


def _found(one: LedgerProblem) -> FoundProblem:
    meaning, does = MEANINGS[one.slug]
    return FoundProblem(one.line, one.slug, one.text, meaning, does, one.slug in NOTES, one.slug not in _LEFT)
