"""Writing in a ledger: each change is checked against what the ledger says at that moment, then appended."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, tzinfo
from itertools import count
from typing import Any, Literal

import msgspec

from tachograph.app.goals.place import LedgerPlace
from tachograph.app.goals.refusals import reason_needed, refusal
from tachograph.errors import NotFound, UsageError
from tachograph.ledger import file
from tachograph.ledger.events import (
    Changes,
    GoalContinued,
    GoalFinished,
    GoalsMerged,
    GoalStarted,
    GoalUpdated,
    OwnEvent,
    UsageAdded,
    new_event_id,
    new_key,
)
from tachograph.ledger.goals import Goals
from tachograph.ledger.reading import Reading
from tachograph.ledger.replay import State
from tachograph.ledger.transitions import Refused, apply
from tachograph.model.goal import FailureReason, Goal, GoalType, ResultFit
from tachograph.redaction import default_cleaner
from tachograph.report.sanitise import harmless, harmless_lines

TITLE_CHARS = 200
NOTE_CHARS = 2000
NAME_CHARS = 100
_DAY_NUMBER = re.compile(r"(\d{4}-\d\d-\d\d)-(\d{3,9})")


class Author(msgspec.Struct, frozen=True):
    """Who writes, from where."""

    agent: str | None = None
    model: str | None = None
    session: str | None = None
    """``<agent>:<native id>``, as the environment tells it."""


def read(place: LedgerPlace) -> Reading:
    """What the ledger says; an empty one where there is none. Raises TachographError."""
    return file.read(place.path)


def find_goal(state: State, name: str) -> Goal:
    """The goal of this id, or of a beginning of it that no other one has. Raises NotFound."""
    exact = [goal for goal in state.goals if name in (goal.id, goal.key)]
    found = exact or [goal for goal in state.goals if name and goal.id.startswith(name)]
    if len(found) == 1:
        return found[0]
    if found:
        shown = ", ".join(goal.id for goal in found[:5])
        raise NotFound(f"{len(found)} goals begin with {name}.", slug="ambiguous_goal", hint=f"Among them: {shown}.")
    hint = "tacho goal list shows them." if state.goals else "There is none yet: tacho goal start --title … --type …"
    raise NotFound(f"No goal is called {name}.", slug="no_such_goal", hint=hint)


def _meant(state: State, name: str) -> Goal | None:
    try:
        return find_goal(state, name)
    except NotFound:
        return None


StampMaker = Callable[[], dict[str, Any]]
"""Makes what every event of a goal says: ``event_id``, ``ts``, ``goal_id``, ``key``."""


class _OneIsOpen(Exception):
    """A goal is open."""


class Book:
    """The ledger at a place, written by an author. Times are ms UTC.

    Texts are redacted, then cut, and hold nothing that a terminal obeys: people look at the file itself too.
    """

    def __init__(self, place: LedgerPlace, author: Author, zone: tzinfo, now_ms: int | None = None) -> None:
        self._place = place
        self._zone = zone
        self._now = now_ms or time.time_ns() // 1_000_000
        self._clean = default_cleaner(store_text=True)  # what is typed here is meant to be kept
        self.author = Author(self._name(author.agent), self._name(author.model), author.session)
        """Its names as they are written."""

    def state(self) -> State:
        """What the ledger says now."""
        return file.read(self._place.path).state

    def start(
        self, title: str, type: GoalType, *, notes: str = "", supersedes: str | None = None,
        started_at: int | None = None,
    ) -> Goal:  # fmt: skip
        """Begin a goal. Raises NotFound when ``supersedes`` names none, UsageError, and as ``ledger.file.change``."""
        key = new_key()

        def make(reading: Reading) -> OwnEvent:
            superseded = find_goal(reading.state, supersedes).key if supersedes else None
            return self._started(reading, key, title, type, notes, started_at, superseded)

        return self._write(make, key)

    def recover(self, title: str, *, notes: str, started_at: int) -> Goal | None:
        """Begin a goal of type meta, unless one is open: then nothing is written, and None. Raises as ``start``."""
        key = new_key()

        def make(reading: Reading) -> OwnEvent:
            if any(not goal.closed for goal in reading.state.goals):
                raise _OneIsOpen
            return self._started(reading, key, title, "meta", notes, started_at)

        try:
            return self._write(make, key)
        except _OneIsOpen:
            return None

    def _started(
        self, reading: Reading, key: str, title: str, type: GoalType, notes: str, started_at: int | None,
        supersedes: str | None = None,
    ) -> GoalStarted:  # fmt: skip
        start = self._moment(started_at)
        return GoalStarted(
            **self._stamp(reading, key, self._free_name(reading, start)), title=self._title(title),
            goal_type=type, started_at=start, supersedes=supersedes, notes=self._notes(notes),
            agent=self.author.agent, model=self.author.model,
        )  # fmt: skip

    def resume(
        self, name: str, failure_reason: FailureReason, *, notes: str = "", started_at: int | None = None
    ) -> Goal:
        """The attempt under way has failed for this reason; the next one begins. Raises NotFound and UsageError."""

        def make(reading: Reading) -> OwnEvent:
            goal, start = find_goal(reading.state, name), self._moment(started_at)
            self._check_after(goal, start)
            return GoalContinued(
                **self._stamp(reading, goal.key, goal.id), failure_reason=failure_reason, started_at=start,
                notes=self._notes(notes), agent=self.author.agent, model=self.author.model,
            )  # fmt: skip

        return self._write(make, name)

    def finish(
        self, name: str, status: Literal["success", "fail"], *, result_fit: ResultFit | None = None,
        failure_reason: FailureReason | None = None, notes: str = "", finished_at: int | None = None,
    ) -> Goal:  # fmt: skip
        """Close a goal. Raises NotFound and UsageError."""
        if status == "fail" and failure_reason is None:
            raise reason_needed()

        def make(reading: Reading) -> OwnEvent:
            goal, end = find_goal(reading.state, name), self._moment(finished_at)
            self._check_after(goal, end)
            return GoalFinished(
                **self._stamp(reading, goal.key, goal.id), status=status, finished_at=end, result_fit=result_fit,
                failure_reason=failure_reason, notes=self._notes(notes),
            )  # fmt: skip

        return self._write(make, name)

    def update(
        self, name: str, changes: Changes, *, supersedes: str | None = None, attempt: int | None = None,
        link: Iterable[str] = (), unlink: Iterable[str] = (),
    ) -> Goal:  # fmt: skip
        """Correct what the ledger says; ``supersedes`` is a goal's id. Raises NotFound and UsageError."""

        def make(reading: Reading) -> OwnEvent:
            goal = find_goal(reading.state, name)
            wanted = self._cleaned(changes)
            if supersedes is not None:
                wanted = msgspec.structs.replace(wanted, supersedes=find_goal(reading.state, supersedes).key)
            stamp = {**self._stamp(reading, goal.key, goal.id), "session": None}
            return GoalUpdated(**stamp, changes=wanted, attempt=attempt, link=tuple(link), unlink=tuple(unlink))

        return self._write(make, name)

    def add_usage(self, name: str, usd: str | None, tokens: int | None, note: str = "") -> Goal:
        """Note cost or tokens that no log shows. Raises NotFound."""

        def make(reading: Reading) -> OwnEvent:
            goal = find_goal(reading.state, name)
            stamp = {**self._stamp(reading, goal.key, goal.id), "session": None}
            return UsageAdded(**stamp, usd=usd, tokens=tokens, note=self._notes(note))

        return self._write(make, name)

    def merge(self, kept: str, dropped: str) -> Goal:
        """Two goals were one: let the first have the attempts of the second. Raises NotFound and UsageError."""

        def make(reading: Reading) -> OwnEvent:
            goal, gone = find_goal(reading.state, kept), find_goal(reading.state, dropped)
            stamp = {**self._stamp(reading, goal.key, goal.id), "session": None}
            return GoalsMerged(**stamp, dropped_key=gone.key, dropped_goal_id=gone.id)

        return self._write(make, kept)

    def record(self, title: str, type: GoalType, started_at: int, make: Callable[[StampMaker], list[OwnEvent]]) -> Goal:
        """Note a goal that is over, or long under way, all at once: its start, and what ``make`` makes after it.

        ``make`` is handed what stamps an event of this goal. Nothing is written when one of them is not possible: then
        it raises UsageError.
        """
        key = new_key()

        def all_of_it(reading: Reading) -> list[OwnEvent]:
            first = self._started(reading, key, title, type, "", started_at)
            number = count(first.ts + 1)
            nameless = {"goal_id": first.goal_id, "key": key}
            return [first, *make(lambda: {"event_id": new_event_id(), "ts": next(number), **nameless})]

        return self._write_all(all_of_it, key)

    def _write(self, make: Callable[[Reading], OwnEvent], name: str) -> Goal:
        """Append one event; the goal that it is about, as it is then. An event without effect is not written."""
        return self._write_all(lambda reading: [make(reading)], name)

    def _write_all(self, make: Callable[[Reading], list[OwnEvent]], name: str) -> Goal:
        made: list[Goal] = []

        def checked(reading: Reading) -> list[OwnEvent]:
            events = make(reading)
            goals = Goals(reading.state.goals)
            try:
                for event in events:
                    apply(goals, event)
            except Refused as error:
                raise refusal(error, _meant(reading.state, name)) from None
            made.append(goals[events[0].key])
            return events

        if not self._place.path.exists():  # what is refused makes no ledger
            checked(file.read(self._place.path))
        file.change(self._place.path, checked)
        return made[-1]

    def _stamp(self, reading: Reading, key: str, name: str) -> dict[str, Any]:
        ts = max(time.time_ns() // 1000, reading.state.last_ts + 1)
        return {
            "event_id": new_event_id(), "ts": ts, "goal_id": name, "key": key, "session": self.author.session
        }  # fmt: skip

    def _free_name(self, reading: Reading, start: int) -> str:
        day = f"{datetime.fromtimestamp(start / 1000, self._zone):%Y-%m-%d}"
        given = [goal.id for goal in reading.state.goals]
        given += [name for one in reading.events if isinstance(name := getattr(one.event, "goal_id", None), str)]
        taken = [int(found[2]) for name in given if (found := _DAY_NUMBER.match(name)) and found[1] == day]
        return f"{day}-{max(taken, default=0) + 1:03}"

    def _moment(self, given: int | None) -> int:
        if given is not None and given > self._now + 60_000:
            told = datetime.fromtimestamp(given / 1000, UTC)
            raise UsageError(f"{told:%Y-%m-%d %H:%M} UTC has not come yet.", slug="bad_time")
        return self._now if given is None else given

    def _check_after(self, goal: Goal, moment: int) -> None:
        last = goal.attempts[-1].started_at
        if moment < last and not goal.closed:
            told = datetime.fromtimestamp(last / 1000, self._zone)
            raise UsageError(f"The attempt under way began later, at {told:%Y-%m-%d %H:%M}.", slug="bad_time")

    def _cleaned(self, changes: Changes) -> Changes:
        given = {name: value for name in _TEXTS if isinstance(value := getattr(changes, name), str)}
        return msgspec.structs.replace(changes, **{name: _TEXTS[name](self, value) for name, value in given.items()})

    def _title(self, text: str) -> str:
        return harmless(self._text(text, TITLE_CHARS)).strip()

    def _notes(self, text: str) -> str:
        return harmless_lines(self._text(text, NOTE_CHARS))

    def _name(self, text: str | None) -> str | None:
        return harmless(self._text(text, NAME_CHARS)) or None if text else None

    def _text(self, text: str, limit: int) -> str:
        return self._clean.text(text.encode("utf-8", "replace").decode().strip(), limit)


_TEXTS: dict[str, Callable[[Book, str], str | None]] = {
    "title": Book._title, "notes": Book._notes, "agent": Book._name, "model": Book._name
}  # fmt: skip
