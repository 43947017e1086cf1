"""Which commands must stay together when rows are divided into those learned from and those that judge.

Best is by repository: then a model is judged on repositories that it has not seen, as it will be used in new ones. Most
people have few repositories, too few to set some apart. Then commands are divided by session, which tells how a model
does in later sessions of the same repositories, and nothing of others. Either way no session has rows on both sides.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec


class Origin(msgspec.Struct, frozen=True):
    """Where a command was run."""

    repo: str | None
    session: str | None
    """The agent's session that ran it; None: a person did."""
    at: int
    """ms since 1970-01-01 UTC."""


def by_repository(origins: Sequence[Origin]) -> list[str]:
    """A group for each command: its repository, with all those that a session of it also worked in.

    Without a repository it is the session; without both the group is empty: the command is a group of its own.
    """
    leaders: dict[str, str] = {}
    for one in origins:
        if one.repo and one.session:
            _join(leaders, f"r{one.repo}", f"s{one.session}")
    names = [f"r{one.repo}" if one.repo else f"s{one.session}" if one.session else "" for one in origins]
    return [_lead(leaders, name)[1:] for name in names]


def by_session(origins: Sequence[Origin]) -> list[str]:
    """A group for each command: its session; of commands that no session ran those of one repository and day (UTC)."""
    return [one.session or f"{one.repo or ''} {_day(one.at)}" for one in origins]


def _day(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).date().isoformat()


def _lead(leaders: dict[str, str], name: str) -> str:
    """The name that stands for all that ``name`` is joined with."""
    while (leader := leaders.get(name, name)) != name:
        leaders[name] = leaders.get(leader, leader)
        name = leader
    return name


def _join(leaders: dict[str, str], first: str, second: str) -> None:
    """The smaller name leads, so that the order of commands does not matter: repositories before sessions."""
    low, high = sorted((_lead(leaders, first), _lead(leaders, second)))
    if low != high:
        leaders[high] = low
