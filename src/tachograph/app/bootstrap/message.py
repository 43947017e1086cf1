"""Whether a commit's message names the goal that the work belongs to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo

import msgspec

from tachograph.model.goal import Goal

_TRAILER = re.compile(r"goal:[ \t]*(\S.*?)[ \t]*", re.IGNORECASE)
_WORD = re.compile(r"[^\s,;:()\[\]#]+")
_SCISSORS = re.compile(r". -+ >8 -+")
_BY_GIT = ("Merge ", "Revert ", "Reapply ", "fixup! ", "squash! ", "amend! ")
NONE = "none"
"""``Goal: none`` says that a commit belongs to no goal."""


class MessageCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What a commit's message says of goals."""

    passed: bool
    goal: str | None
    """The goal that it names, one that is open or was worked on today."""
    reason: str
    """Why it passed without naming one, or did not pass; empty when it names one."""
    open_goals: list[str]
    """Ids that it may name."""


def check_message(message: str, goals: Sequence[Goal], now: datetime, zone: tzinfo) -> MessageCheck:
    """Whether ``message`` names, in its subject or a ``Goal:`` line, a goal that is open or of today.

    What git makes by itself (merges, reverts, fixups) and an empty message, which git refuses, pass without one.
    """
    subject, named = _read(message)
    usable = {goal.id for goal in goals if not goal.closed or _is_of_today(goal, now, zone)}
    known = {goal.id for goal in goals}
    words = [*(word for value in named for word in _WORD.findall(value)), *_WORD.findall(subject)]
    words = [word.rstrip(".") for word in words]
    open_goals = [goal.id for goal in goals if not goal.closed]
    goal = next((word for word in words if word in usable), None)
    if goal is not None:
        return MessageCheck(passed=True, goal=goal, reason="", open_goals=open_goals)
    passed, reason = _judge(subject, named, next((word for word in words if word in known), None))
    return MessageCheck(passed=passed, goal=None, reason=reason, open_goals=open_goals)


def _judge(subject: str, named: list[str], closed: str | None) -> tuple[bool, str]:
    if not subject:
        return True, "the message is empty"
    if subject.startswith(_BY_GIT):
        return True, "git made the message"
    if any(value.lower() == NONE for value in named):
        return True, "it says that it belongs to no goal"
    if closed is not None:
        return False, f"it names {closed}, which was closed before today"
    return False, "it names no goal"


def _read(message: str) -> tuple[str, list[str]]:
    """The first line, and the values of ``Goal:`` lines; comments and what stands below the scissors left out."""
    subject, named = "", []
    for line in message.split("\n"):
        text = line.strip()
        if _SCISSORS.fullmatch(text):
            break
        if not text or text.startswith("#"):
            continue
        subject = subject or text
        if trailer := _TRAILER.fullmatch(text):
            named.append(trailer[1])
    return subject, named


def _is_of_today(goal: Goal, now: datetime, zone: tzinfo) -> bool:
    today = now.astimezone(zone).date()
    moments = [one for one in (goal.started_at, goal.finished_at) if one is not None]
    return any(datetime.fromtimestamp(one / 1000, UTC).astimezone(zone).date() == today for one in moments)
