"""What was decided about suggestions, baselines and alerts: kept as it happened, in order of time."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from tachograph.learning.records import Action, Decision, Reset

Verdict = Literal["seen", "real", "false_alarm"]
_CLOSING = ("disable", "retire")


def now_ms() -> int:
    """The moment, ms UTC."""
    return time.time_ns() // 1_000_000


class Activation(msgspec.Struct, frozen=True):
    """A suggestion that was put to the test for an agent type, and how that ended."""

    suggestion: str
    agent_type: str
    started_at: int
    by: str
    numbers: dict[str, float] = {}
    """Those in its text."""
    agent: str = ""
    """Whose sessions take part; empty: those of every agent."""
    closed: Decision | None = None
    """None: it goes on."""
    demoted: bool = False
    """It had been promoted, and was taken out of the agent's file again."""

    @property
    def trial(self) -> str:
        """Id of its trial."""
        return f"{self.suggestion}:{self.agent_type}:{self.started_at}"


def decide(
    connection: sqlite3.Connection,
    suggestion: str,
    agent_type: str,
    action: Action,
    by: Literal["user", "auto"],
    reason: str = "",
    at: int | None = None,
    numbers: Mapping[str, float] | None = None,
    agent: str = "",
) -> None:
    """Write a decision down; the caller's transaction commits it."""
    connection.execute(
        "INSERT INTO decisions (at, suggestion, agent_type, action, by, reason, numbers, agent)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            at if at is not None else now_ms(), suggestion, agent_type, action, by, reason,
            msgspec.json.encode(numbers or {}, order="deterministic").decode(), agent,
        ),
    )  # fmt: skip


def load_decisions(connection: sqlite3.Connection) -> list[Decision]:
    """All of them, in order of time."""
    rows = connection.execute(
        "SELECT at, suggestion, agent_type, action, by, reason, numbers, agent FROM decisions ORDER BY at, number"
    )
    decode = msgspec.json.Decoder(dict[str, float]).decode
    return [
        Decision(at, name, agent_type, action, by, reason, decode(numbers), agent)
        for at, name, agent_type, action, by, reason, numbers, agent in rows
    ]


def find_activations(decisions: Iterable[Decision]) -> list[Activation]:
    """Every time that a suggestion was put to the test, in order of their beginning."""
    found: list[Activation] = []
    for one in decisions:
        at = next(
            (n for n in range(len(found) - 1, -1, -1) if _about(found[n]) == (one.suggestion, one.agent_type)), None
        )
        last = None if at is None else found[at]
        if one.action == "activate":
            if last is None or last.closed is not None:
                found.append(Activation(one.suggestion, one.agent_type, one.at, one.by, one.numbers, one.agent))
        elif at is not None and last is not None:
            if one.action == "promote":  # also after it was disabled, or taken out of the file again
                found[at] = msgspec.structs.replace(last, closed=one, demoted=False)
            elif one.action in _CLOSING and last.closed is None:
                found[at] = msgspec.structs.replace(last, closed=one)
            elif one.action == "demote":
                found[at] = msgspec.structs.replace(last, demoted=True)
    return found


def load_resets(connection: sqlite3.Connection) -> list[Reset]:
    """Baselines that the user has set back, in order of time."""
    rows = connection.execute("SELECT at, agent_type, agent, family, kpi FROM baseline_resets ORDER BY at, number")
    return [Reset(*row) for row in rows]


def acknowledge(connection: sqlite3.Connection, alert: str, verdict: Verdict) -> None:
    """Write down what the user said of an alert; the caller's transaction commits it."""
    connection.execute("INSERT OR REPLACE INTO alert_acks VALUES (?, ?, ?)", (alert, now_ms(), verdict))


def load_acks(connection: sqlite3.Connection) -> dict[str, Verdict]:
    """What the user said of each alert that was seen."""
    return dict(connection.execute("SELECT alert, verdict FROM alert_acks"))


def _about(one: Activation) -> tuple[str, str]:
    return one.suggestion, one.agent_type
