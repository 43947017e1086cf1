"""Writing in a ledger: each change is checked against what the ledger says at that moment, then appended."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, tzinfo
from typing import Any, Literal

import msgspec

from tachograph.app.goals.place import LedgerPlace
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
from tachograph.ledger.reading import Reading
from tachograph.ledger.replay import State
from tachograph.ledger.transitions import Refused, apply
from tachograph.model.goal import FailureReason, Goal, GoalType, ResultFit
from tachograph.redaction import default_cleaner

TITLE_CHARS = 200
NOTE_CHARS = 2000
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


class Book:
    """The ledger at a place, written by an author. Times are ms UTC; texts are redacted, then cut."""

    def __init__(self, place: LedgerPlace, author: Author, zone: tzinfo, now_ms: int | None = None) -> None:
        self._place = place
        self.author = author
        self._zone = zone
        self._now = now_ms or time.time_ns() // 1_000_000
        self._clean = default_cleaner(store_text=True)  # what is typed here is meant to be kept

    def state(self) -> State:
        """What the ledger says now."""
        return file.read(self._place.path).state

    def start(
        self, title: str, type: GoalType, *, notes: str = "", supersedes: str | None = None,
        started_at: int | None = None,
    ) -> Goal:  # fmt: skip
        """Begin a goal. Raises NotFound when ``supersedes`` names none, UsageError, and as ``ledger.file.change``."""
        key = new_key()
        start = self._moment(started_at)

        def make(reading: Reading) -> OwnEvent:
            superseded = find_goal(reading.state, supersedes).key if supersedes else None
            return GoalStarted(
                **self._stamp(reading, key, self._free_name(reading, start)), title=self._text(title, TITLE_CHARS),
                goal_type=type, started_at=start, supersedes=superseded, notes=self._text(notes, NOTE_CHARS),
                agent=self.author.agent, model=self.author.model,
            )  # fmt: skip

        return self._write(make, key)

    def resume(
        self, name: str, failure_reason: FailureReason, *, notes: str = "", started_at: int | None = None
    ) -> Goal:
        """The attempt under way has failed for this reason; the next one begins. Raises NotFound and UsageError."""

        def make(reading: Reading) -> OwnEvent:
            goal, start = find_goal(reading.state, name), self._moment(started_at)
            self._check_after(goal, start)
            return GoalContinued(
                **self._stamp(reading, goal.key, goal.id), failure_reason=failure_reason, started_at=start,
                notes=self._text(notes, NOTE_CHARS), agent=self.author.agent, model=self.author.model,
            )  # fmt: skip

        return self._write(make, name)

    def finish(
        self, name: str, status: Literal["success", "fail"], *, result_fit: ResultFit | None = None,
        failure_reason: FailureReason | None = None, notes: str = "", finished_at: int | None = None,
    ) -> Goal:  # fmt: skip
        """Close a goal. Raises NotFound and UsageError."""

        def make(reading: Reading) -> OwnEvent:
            goal, end = find_goal(reading.state, name), self._moment(finished_at)
            self._check_after(goal, end)
            return GoalFinished(
                **self._stamp(reading, goal.key, goal.id), status=status, finished_at=end, result_fit=result_fit,
                failure_reason=failure_reason, notes=self._text(notes, NOTE_CHARS),
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
            return UsageAdded(**stamp, usd=usd, tokens=tokens, note=self._text(note, NOTE_CHARS))

        return self._write(make, name)

    def merge(self, kept: str, dropped: str) -> Goal:
        """Two goals were one: let the first have the attempts of the second. Raises NotFound and UsageError."""

        def make(reading: Reading) -> OwnEvent:
            goal, gone = find_goal(reading.state, kept), find_goal(reading.state, dropped)
            stamp = {**self._stamp(reading, goal.key, goal.id), "session": None}
            return GoalsMerged(**stamp, dropped_key=gone.key, dropped_goal_id=gone.id)

        return self._write(make, kept)

    def _write(self, make: Callable[[Reading], OwnEvent], name: str) -> Goal:
        """Append one event; the goal that it is about, as it is then. An event without effect is not written."""
        made: list[Goal] = []

        def checked(reading: Reading) -> list[OwnEvent]:
            event = make(reading)
            goals = {goal.key: goal for goal in reading.state.goals}
            try:
                apply(goals, event)
            except Refused as error:
                raise UsageError(_sentence(str(error)), slug="goal_refused", hint=_allowed(reading, name)) from None
            made.append(goals[event.key])
            return [event]

        file.change(self._place.path, checked)
        return made[0]

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
        limits = {"title": TITLE_CHARS, "notes": NOTE_CHARS}
        texts = {name: value for name in limits if isinstance(value := getattr(changes, name), str)}
        return msgspec.structs.replace(
            changes, **{name: self._text(value, limits[name]) for name, value in texts.items()}
        )

    def _text(self, text: str, limit: int) -> str:
        return self._clean.text(text.encode("utf-8", "replace").decode().strip(), limit)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _allowed(reading: Reading, name: str) -> str:
    """What can be done with the goal as it is."""
    try:
        goal = find_goal(reading.state, name)
    except NotFound:
        return ""
    possible = {
        "in_progress": "It is in progress: it can be continued, finished, updated, or get another one merged into it",
        "success": "It has succeeded: it can be updated, opened again (update --reopen), merged or superseded",
        "fail": "It has failed: it can be continued, updated, opened again (update --reopen), merged or superseded",
    }
    return f"{possible[goal.status]}."
