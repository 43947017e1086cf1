"""Logs of sessions whose KPIs are given: so much overhead, so efficient, so long at work."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction

import msgspec

from tests.builders.claude import ClaudeLog

CONTEXT = 100_000
"""Tokens of each answer, read and written."""


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """What a session is to come to."""

    overhead: float = 0.4
    """Calls for lists of tasks, for each productive one."""
    efficiency: float = 0.05
    active: float = 0.7
    completed: float = 1.0
    """Of the tasks."""
    cached: float = 0.95
    wall: float = 3600.0
    """Seconds."""
    productive: int = 100
    """About so many productive calls: what fits the overhead best is taken."""
    tasks: int = 200
    batch: int = 10
    """Calls in each answer."""


def steady(mean: float, sd: float, bad: int, pairs: int) -> list[float]:
    """5 + 2 * ``pairs`` values whose moving mean and standard deviation are exactly these at the end.

    ``bad``: 1 where more is worse, else -1. The first five weigh the same; from then on a value sqrt(1.25) deviations
    from the moving mean leaves the spread as it is, and the next one on the other side brings the mean back.
    """
    reach = math.sqrt(1.25) * sd
    values = [mean - reach, mean + reach, mean - reach, mean + reach, mean]
    for _ in range(pairs):
        values += [mean + bad * reach, mean + bad * (0.2 * reach - reach)]
    return values


def write_course(log: ClaudeLog, course: Course, ask: str = "Please go on with the work.") -> None:
    """One turn of work; the silence lies in its middle."""
    start = log.clock
    log.prompt(ask, seconds=0)
    ratio = Fraction(course.overhead).limit_denominator(course.productive)
    times = max(1, course.productive // ratio.denominator)
    calls = list(_calls(ratio.numerator * times, ratio.denominator * times, course))
    batches = [calls[at : at + course.batch] for at in range(0, len(calls), course.batch)]
    moments = 2 * len(batches)
    step = course.active * course.wall / (moments - 1)  # the one that the silence lies in does not count as work
    silence = course.wall - moments * step
    output = round(course.efficiency * CONTEXT)
    cache_read = round(course.cached * (CONTEXT - output))
    usage = {"input": CONTEXT - output - cache_read, "cache_read": cache_read, "output": output}
    for number, batch in enumerate(batches):
        moment = (2 * number + 1) * step + silence * (number >= len(batches) // 2)
        log.clock = start + timedelta(seconds=moment)
        log.calls(*batch, seconds=0, step=0, **usage)
        first = int(log.call_id[-6:]) - len(batch) + 1
        log.clock += timedelta(seconds=step)
        for call in range(len(batch)):
            log.result("ok", call=f"{log.call_id[:-6]}{first + call:06d}", detail=_detail(batch[call]), seconds=0)


def _calls(management: int, productive: int, course: Course) -> Iterator[tuple[str, dict[str, object]]]:
    """The lists of tasks lie among the rest; the first one makes the tasks, the last one says what became of them."""
    every = (management + productive) / max(management, 1)
    told = 0
    for number in range(management + productive):
        if told < management and number >= told * every:
            done = round(course.completed * course.tasks) if told == management - 1 else 0
            whole = told in (0, management - 1)
            yield ("TodoWrite", {"todos": _todos(course.tasks, done)}) if whole else ("TaskList", {})
            told += 1
        else:
            yield "Bash", {"command": f"make part{number}"}


def _todos(tasks: int, done: int) -> list[dict[str, str]]:
    return [
        {"content": f"Part {n}", "status": "completed" if n < done else "pending", "activeForm": f"Part {n}"}
        for n in range(tasks)
    ]


def _detail(call: tuple[str, dict[str, object]]) -> dict[str, object]:
    if call[0] == "TodoWrite":
        return {"oldTodos": [], "newTodos": call[1]["todos"]}
    return {"stdout": "ok", "stderr": ""} if call[0] == "Bash" else {}
