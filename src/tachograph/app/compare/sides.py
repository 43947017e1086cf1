"""The two sides of a comparison: spans of time, given by dates or by what happened in the repository."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta, tzinfo

import msgspec

from tachograph.app.compare.commits import Commit, Repository
from tachograph.app.filters import parse_moment
from tachograph.errors import UsageError
from tachograph.report.sanitise import harmless

RETRO, FILE = "retro", "file:"
_RANGE = re.compile(r"(?<![/:.])\.\.(?![/.])")
"""Two dots, but not those of a path such as ``file:../CLAUDE.md``."""
_DAY_MS = timedelta(days=1) // timedelta(milliseconds=1)
_FIRST, _LAST = 0, 253_402_300_799_000
"""What lies before 1970 or after the year 9999 is moved there: no session does, and it has to be written as a date."""


class Moment(msgspec.Struct, frozen=True):
    """A moment as it was given, and what was found for it."""

    given: str
    at: int
    """ms UTC"""
    commit: str | None = None
    """Hash of the commit that it stands for; None: it is a date."""


class Side(msgspec.Struct, frozen=True):
    """Half-open: since <= start of the session < until. None: no bound. Times are ms UTC."""

    since: int | None
    until: int | None
    moments: tuple[Moment, ...]
    """What the bounds come from."""


class Question(msgspec.Struct, frozen=True):
    """What a person asks for: both sides, or the one moment between them."""

    before: str | None = None
    after: str | None = None
    at: str | None = None
    window_days: int | None = None
    """How far the sides reach from their moments; None: as far as the history does."""


def find_sides(question: Question, zone: tzinfo, now_ms: int, folder: str) -> tuple[Side, Side]:
    """Before and after. git is asked in ``folder``, and only for what is no date.

    Raises UsageError for what makes no sense, NotFound when the repository does not know a name.
    """
    texts = _read(question)
    repositories: list[Repository] = []

    def find(text: str) -> Moment:
        return _find_moment(text, zone, now_ms, repositories, folder)

    window = None if question.window_days is None else question.window_days * _DAY_MS
    before = _make_side(texts[0], window, find, is_after=False)
    after = _make_side(texts[1], window, find, is_after=True)
    if before.until is None or after.since is None or before.until > after.since:
        raise UsageError("The sides overlap: after has to begin where before ends, or later.", slug="sides_overlap")
    return before, after


def _read(question: Question) -> tuple[str, str]:
    """What is given for the two sides. Raises UsageError."""
    if question.at is not None and question.before is None and question.after is None:
        if _RANGE.search(question.at):
            raise UsageError("--at takes one moment, not a range.", slug="which_sides")
        return question.at, question.at
    if question.at is None and question.before is not None and question.after is not None:
        return question.before, question.after
    raise UsageError(
        "Say what to compare: --before and --after, or --at alone.", slug="which_sides",
        hint="For example: tacho compare --at file:CLAUDE.md --window 30.",
    )  # fmt: skip


def _make_side(text: str, window: int | None, find: Callable[[str], Moment], *, is_after: bool) -> Side:
    parts = [part.strip() for part in _RANGE.split(text)]
    if len(parts) > 2:
        raise UsageError(f"{harmless(text)!r} is no range.", slug="which_sides", hint="A range has two ends: A..B.")
    if len(parts) == 1:
        moment = find(parts[0])
        if is_after:
            return Side(moment.at, None if window is None else _clamp(moment.at + window), (moment,))
        return Side(None if window is None else _clamp(moment.at - window), moment.at, (moment,))
    if window is not None:
        raise UsageError("--window goes with moments: a range has its own two ends.", slug="which_sides")
    ends = [find(part) if part else None for part in parts]
    since, until = (None if end is None else end.at for end in ends)
    if since is not None and until is not None and until <= since:
        raise UsageError(f"{harmless(text)!r} ends before it begins.", slug="empty_span")
    return Side(since, until, tuple(end for end in ends if end is not None))


def _find_moment(text: str, zone: tzinfo, now_ms: int, repositories: list[Repository], folder: str) -> Moment:
    """A date as everywhere else, else what git knows; ``repositories`` holds the one that was asked before."""
    if not text or text == FILE:
        raise UsageError(f"{harmless(text)!r} names no moment.", slug="which_sides")
    try:
        return Moment(text, _clamp(parse_moment(text, zone, now_ms)))
    except UsageError:
        if not repositories:
            repositories.append(Repository(folder))
    commit = _find_commit(text, repositories[0])
    return Moment(text, commit.at, commit.id)


def _find_commit(text: str, repository: Repository) -> Commit:
    if text == RETRO:
        return repository.find_retro()
    if text.startswith(FILE):
        return repository.find_change(text.removeprefix(FILE))
    return repository.find_commit(text)


def _clamp(at: int) -> int:
    return min(max(at, _FIRST), _LAST)
