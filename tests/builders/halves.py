"""A history with a change in its midst: after it there are more large sessions, and more of them read from a cache.

A session has one turn or eight, each with one call: 10,000 tokens of input, of which a warm session reads 9,000 from
the cache and a cold one none; 3,000 or 2,000 of output, by turns of the sessions. Prices as in wasteful.py.
"""

from __future__ import annotations

import math
from datetime import timedelta
from pathlib import Path
from statistics import fmean

from tests.builders.claude import ClaudeHome, ClaudeLog
from tests.builders.log import parse_moment
from tests.builders.wasteful import HOUSE, write_config

SITE = "/home/ada/site"
CUT = "2026-05-20T10:00:00Z"
BEFORE = [(1, number % 4 == 3, number) for number in range(20)] + [(8, number % 4 == 3, number) for number in range(10)]
AFTER = [(1, number % 4 > 0, number) for number in range(10)] + [(8, number % 4 > 0, number) for number in range(20)]
"""Sessions in order: turns, whether they are warm, and their number among those of their size."""


class Halves:
    """Thirty sessions before CUT, one every six hours, and thirty from CUT on."""

    def __init__(self, home: Path) -> None:
        self.claude = ClaudeHome(home / ".claude")
        for first, sessions in ((-30, BEFORE), (0, AFTER)):
            for place, (turns, warm, number) in enumerate(sessions):
                at = parse_moment(CUT) + timedelta(hours=6 * (first + place))
                self.work(at.isoformat(), turns, warm=warm, output=output_of(number))
        write_config(home)

    def work(
        self, at: str, turns: int = 1, *, warm: bool = False, output: int = 1_000, cwd: str = SITE,
        opening: str = "Fix the crash.",
    ) -> ClaudeLog:  # fmt: skip
        """A session with one call in each turn."""
        log = self.claude.project(cwd).session(at, model=HOUSE)
        for number in range(turns):
            log.prompt("Go on." if number else opening)
            tokens = {"input": 1_000, "cache_read": 9_000} if warm else {"input": 10_000}
            log.calls(("Bash", {"command": "make test"}), output=output, **tokens).result("ok")
        return log

    def write(self) -> None:
        """Write all logs."""
        self.claude.write()


def output_of(number: int) -> int:
    """Tokens of output in each turn."""
    return 2_000 if number % 2 else 3_000


def cost_of(turns: int, warm: bool, number: int) -> float:
    """USD of a session."""
    return turns * ((0.019 if warm else 0.1) + output_of(number) * 50e-6)


def geometric_mean(costs: list[float]) -> float:
    """As the comparison has it for costs."""
    return math.exp(fmean(map(math.log, costs)))
