"""Made-up commands with made-up labels, for trying out training before anything is known.

Mix of commands and formula of the label are those that the tool published which this one follows. They say nothing of
anybody's work: a model of them has learned the formula. Repositories, programs and times are added, so that the data
can be divided as real data are; the formula knows nothing of them.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import msgspec

from tachograph.model import CommandEvent, CommandLabel

NOISE = 6.0
"""Half the width of the label's even noise: no model can come nearer than 3.0 on average."""
SOURCE = "formula"
KEY = "synthetic"
"""In place of the key's id: the hashes are random."""

_START_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z
_SPAN_MS = 180 * 86_400_000
_REPOSITORIES = 24
_LIFE = 0.15
"""Share of the time that a repository is worked on; they begin one after the other."""
_PROGRAMS = (
    "pytest",
    "make",
    "npm run build",
    "npm test",
    "git commit",
    "git merge",
    "sed",
    "cargo build",
    "python",
    "cp",
)


class _Outcome(msgspec.Struct, frozen=True):
    duration_ms: int
    exit_code: int
    timed_out: bool
    files: int
    added: int
    deleted: int


def _small(draw: random.Random) -> _Outcome:
    return _Outcome(draw.randint(120, 3500), 0, False, draw.randint(1, 8), draw.randint(2, 120), draw.randint(0, 60))


def _large(draw: random.Random) -> _Outcome:
    return _Outcome(
        draw.randint(2500, 26_000), 0, False, draw.randint(6, 45), draw.randint(80, 900), draw.randint(30, 650)
    )


def _failed(draw: random.Random) -> _Outcome:
    return _Outcome(
        draw.randint(200, 10_000), 1, False, draw.randint(1, 14), draw.randint(1, 200), draw.randint(0, 220)
    )


def _timed_out(draw: random.Random) -> _Outcome:
    code = draw.choice((124, 137))
    return _Outcome(
        draw.randint(10_000, 120_000), code, True, draw.randint(0, 6), draw.randint(0, 40), draw.randint(0, 50)
    )


_PROFILES: tuple[tuple[float, Callable[[random.Random], _Outcome]], ...] = (
    (0.50, _small),
    (0.72, _large),
    (0.90, _failed),
    (1.00, _timed_out),
)
"""Up to which draw of 0 to 1 each profile is taken: half of the commands are small and good, a tenth times out."""


def label_without_noise(event: CommandEvent) -> float:
    """The formula: 65, more for success, files and lines, less for failure, time-out, duration and a failed rewrite."""
    failed = event.exit_code != 0
    churn = (event.lines_added or 0) + (event.lines_deleted or 0)
    score = 65.0 + (-20 if failed else 20)
    score -= 28 if event.timed_out else 0
    score += 0.75 * min(event.files_touched_count or 0, 20)
    score += min(churn / 120, 17)
    score -= min((event.duration_ms or 0) / 24_000, 18)
    return score - (8 if failed and churn > 240 else 0)


def generate(rows: int, seed: int) -> list[tuple[CommandEvent, CommandLabel]]:
    """``rows`` commands with labels of kind ``synthetic``, oldest first; the same for the same seed."""
    draw = random.Random(seed)
    return [_one(draw, number, rows) for number in range(rows)]


def _one(draw: random.Random, number: int, rows: int) -> tuple[CommandEvent, CommandLabel]:
    part = number / rows
    at = _START_MS + int(part * _SPAN_MS)
    chance = draw.random()
    outcome = next(make for until, make in _PROFILES if chance < until)(draw)
    event = CommandEvent(
        id=f"evt_{draw.getrandbits(80):020x}",
        origin="run",
        agent=draw.choice((None, "claude_code", "codex")),
        executed_at=at,
        command_hash=f"{draw.getrandbits(128):032x}",
        hash_key=KEY,
        program=draw.choice(_PROGRAMS),
        duration_ms=outcome.duration_ms,
        exit_code=outcome.exit_code,
        timed_out=outcome.timed_out,
        files_touched_count=outcome.files,
        lines_added=outcome.added,
        lines_deleted=outcome.deleted,
        binary_files=0,
        renames=0,
        commits=0,
        repo=_repository(draw, part),
    )
    score = min(100.0, max(0.0, label_without_noise(event) + draw.uniform(-NOISE, NOISE)))
    return event, CommandLabel(event.id, "synthetic", SOURCE, score, at)


def _repository(draw: random.Random, part: float) -> str:
    """One of those that are worked on when ``part`` of the time is over."""
    first = [number * (1 - _LIFE) / (_REPOSITORIES - 1) for number in range(_REPOSITORIES)]
    open_ones = [number for number, begin in enumerate(first) if begin <= part <= begin + _LIFE]
    return f"made-up-{draw.choice(open_ones):02d}"
