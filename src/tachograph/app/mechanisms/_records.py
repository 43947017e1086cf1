"""What is said of a mechanism."""

from __future__ import annotations

from typing import Literal

import msgspec

from tachograph.analysis.intervals import LEAST, Interval

Unit = Literal["share", "ratio"]
FEW = f"fewer than {LEAST} sessions: too few to say"
NO_INTERVAL = "too few sessions, or too much alike, for an interval"


class Figure(msgspec.Struct, kw_only=True):
    """One number of a mechanism, with how sure it is."""

    key: str
    """What is told, the same in every history: ``subagents``, ``use`` …"""
    about: str = ""
    """Which practice, agent or theme it is about; empty: the mechanism as a whole."""
    title: str
    """For people, a few words."""
    unit: Unit
    """share: 0 to 1; ratio: above 0, 1 means no difference."""
    value: float | None = None
    low: float | None = None
    """Lower end of the 95 % interval; so ``high``."""
    high: float | None = None
    n: int
    """How many there are of what ``of`` says."""
    of: str
    """What is counted by ``n``."""
    sessions: int | None = None
    """Main sessions behind it, where ``n`` counts something else; they are what is independent of one another."""
    p: float | None = None
    """Of an exact sign test by session; null: none was made."""
    reason: str = ""
    """Why the value or its interval is null; empty when all three are known."""
    evidence: list[str] = []
    """Ids of sessions in which it shows, the plainest first."""
    files: list[str] = []
    """Files in which it shows, where it is about files."""


class Account(msgspec.Struct):
    """What a mechanism comes to in one history."""

    figures: list[Figure]
    notes: list[str] = []
    """What was left out and why, a sentence each."""


class MechanismReport(msgspec.Struct):
    """A mechanism with its figures."""

    name: str
    title: str
    method: str
    """What is counted, and how."""
    not_proved: str
    """What the figures do not say."""
    figures: list[Figure]
    notes: list[str]


class FindingsReport(msgspec.Struct):
    """Mechanisms in order of name, over the main sessions that began within what was asked for."""

    timezone: str
    sessions: int
    """Main sessions."""
    mechanisms: list[MechanismReport]
    names: dict[str, str]
    """Id of each session that is named as evidence -> a short name by which ``tacho show`` finds it."""


def share_figure(
    key: str, title: str, part: int, n: int, of: str, interval: Interval | None, *, about: str = "",
    sessions: int | None = None, evidence: list[str] | None = None,
) -> Figure:  # fmt: skip
    """The share ``part / n`` with its interval; the reason when there is none of them, or no interval."""
    ends = interval if n else None
    reason = "" if ends is not None else NO_INTERVAL if n else f"there are no {of}"
    return Figure(
        key=key, about=about, title=title, unit="share", value=part / n if n else None, n=n, of=of, sessions=sessions,
        low=None if ends is None else ends.low, high=None if ends is None else ends.high, reason=reason,
        evidence=evidence or [],
    )  # fmt: skip


def ratio_figure(
    key: str, title: str, value: float | None, interval: Interval | None, n: int, of: str, *, about: str,
    p: float | None = None, evidence: list[str] | None = None, few: str = FEW,
) -> Figure:  # fmt: skip
    """A ratio with its interval; without a value because, as ``few`` says, there are too few sessions."""
    ends = interval if value is not None else None
    reason = "" if ends is not None else few if value is None else NO_INTERVAL
    return Figure(
        key=key, about=about, title=title, unit="ratio", value=value, n=n, of=of, p=p, reason=reason,
        low=None if ends is None else ends.low, high=None if ends is None else ends.high, evidence=evidence or [],
    )  # fmt: skip
