"""What the writers of all agents' demo logs share: a clock, random numbers, texts, lines."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from tachograph.app.demo.meter import Meter
from tachograph.app.demo.story import Step, Story, Turn

Record = dict[str, Any]
_WORDS = (
    "return", "value", "order", "items", "result", "self", "state", "index", "query", "total", "assert", "series",
    "station", "session", "config", "handler", "amount", "update", "filter", "client",
)  # fmt: skip
_LABOURED = ("edit", "write", "run", "fail", "commit")


class Scribe:
    """Plays a story and writes down its lines; subclasses know an agent's format."""

    base = 20_000
    lifetime = 300.0

    def __init__(self, story: Story, day: datetime, seed: str) -> None:
        """``day`` is midnight UTC of the day it is played on; ``seed`` decides on everything else that may vary."""
        hour, minute = map(int, story.at.split(":"))
        self.story = story
        self.rng = Random(seed)
        self.clock = day + timedelta(hours=hour, minutes=minute, seconds=self.rng.randint(0, 59))
        self.meter = Meter(self.rng, self.base + self.rng.randint(-1500, 2500), self.lifetime)
        self.records: list[Record] = []
        steps = [step for turn in story.turns() for step in turn.steps if step.verb in ("read", "edit", "write")]
        self.seen: set[str] = set()
        """Files that were read and not changed since."""
        self.known = [(step.what, max(40, step.added)) for step in steps] or [("README.md", 80)]

    def play(self, turns: tuple[Turn, ...]) -> None:
        """Write all turns down."""
        for number, turn in enumerate(turns):
            if number:
                self.wait(self.rng.uniform(25, 420))
            self.prompt(turn.prompt)
            for step in turn.steps:
                if step.verb in _LABOURED:
                    self.look_around()
                getattr(self, f"do_{step.verb}")(step)

    def prompt(self, text: str) -> None:
        """A person says something."""
        raise NotImplementedError

    def look_at(self, path: str, lines: int) -> None:
        """A file of the project is read."""
        raise NotImplementedError

    def search(self, word: str) -> None:
        """A word is looked for in the project."""
        raise NotImplementedError

    def look_around(self) -> None:
        """What agents do between the steps that a story tells: read files that are new to them, and search."""
        for _ in range(self.rng.choice((0, 1, 1, 2, 2, 3, 4))):
            path, lines = self.rng.choice(self.known)
            if path in self.seen:
                self.search(self.rng.choice(_WORDS))
            else:
                self.look_at(path, lines)

    def do_pause(self, step: Step) -> None:
        """Nobody is there for some minutes."""
        self.wait(60 * step.added)

    # --------------------------------------------------------------------------------------------- odds and ends

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.clock += timedelta(milliseconds=round(seconds * 1000))

    @property
    def timestamp(self) -> str:
        """The present, as both agents write it."""
        return self.clock.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def uuid(self) -> str:
        """A fresh one, the same in every playing."""
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))

    def token(self, prefix: str) -> str:
        """An id as APIs give them."""
        return prefix + "".join(self.rng.choices("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789", k=22))

    def seconds_of(self, command: str) -> float:
        """How long a command takes."""
        slow = any(word in command for word in ("pytest", "playwright", "cargo", "npm", "vitest", "deploy", "replay"))
        return self.rng.uniform(4, 70) if slow else self.rng.uniform(0.1, 2.5)

    def output_of(self, step: Step) -> int:
        """Tokens the model writes for a step, its thinking included."""
        lines = step.added if step.verb in ("edit", "write") else 0
        return self.rng.randint(120, 900) + lines * self.rng.randint(9, 13) + len(step.what) // 3

    def printed(self, step: Step) -> str:
        """What a command printed: its telling line last, when it went well; first, and always alike, when it failed."""
        if "\n" in step.result:
            return step.result
        rng = Random(f"{step.what}:{step.result}") if step.verb == "fail" else self.rng
        noise = "\n".join(make_line(rng) for _ in range(rng.randint(4, 90)))
        return f"{step.result}\n{noise}" if step.verb == "fail" else f"{noise}\n{step.result}"


def make_file(path: str, lines: int, edition: int = 0) -> str:
    """What a file holds: always the same for the same path, length and edition."""
    rng = Random(f"{path}:{lines}:{edition}")
    return "\n".join(make_line(rng) for _ in range(lines))


def make_line(rng: Random) -> str:
    """Something that looks like a line of code from far away."""
    return "    " * rng.randint(0, 2) + " ".join(rng.choices(_WORDS, k=rng.randint(2, 9)))


def to_lines(records: list[Record]) -> bytes:
    """Records as the lines of a log."""
    return b"".join(
        json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" for record in records
    )
