"""What the next test or build said of a command."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator

import msgspec

from tachograph.analysis.check_commands import is_check, tells_check
from tachograph.analysis.shell import examine_command
from tachograph.app.commands.log_calls import LoggedCall
from tachograph.model import CommandEvent, CommandLabel

SOURCE = "next_check"
WINDOW_MS = 30 * 60 * 1000
"""A test later than this says more about what was done in between. A choice, not a measurement."""
_LAST_VERDICT = 123
"""From 124 on an exit code tells of a time-out, a program that was not found, or a signal, and not of a test."""


class Step(msgspec.Struct, frozen=True):
    """One command in the order of its session, or of its repository."""

    event: str
    program: str
    started_at: int
    """ms UTC; so below."""
    ended_at: int
    passed: bool | None
    """It is a test or a build that went well; None: it is none, or nobody knows."""
    is_check: bool
    changed: bool
    """It is known to have changed files, or there were edits before it."""
    command: str | None = None
    """What else it may have changed is to be seen in this text; None: nothing."""

    def may_change(self) -> bool:
        """Whether it, or the edits before it, may have changed what the next check says."""
        if self.changed or self.is_check or self.command is None:
            return self.changed
        return examine_command(self.command).changes  # last: it takes longest


def logged_step(event: CommandEvent, call: LoggedCall) -> Step:
    """The step of a command in a log."""
    checks = call.command is not None and tells_check(call.command)
    end = call.started_at if call.ended_at is None else call.ended_at
    return _step(event, checks, end, changed=call.files != 0, command=call.command)


def captured_step(event: CommandEvent) -> Step:
    """The step of a command that was captured: what it changed is known, what it was is known by its program."""
    if event.command is not None:
        checks = tells_check(event.command)
    else:  # a line typed at a prompt may be a pipeline, whose exit code says nothing of its first program
        checks = event.origin == "run" and is_check(event.program)
    changed = bool(event.files_touched_count or event.commits)
    return _step(event, checks, event.executed_at + (event.duration_ms or 0), changed=changed, command=None)


def _step(event: CommandEvent, checks: bool, ended_at: int, *, changed: bool, command: str | None) -> Step:
    known = checks and event.exit_code is not None and event.exit_code <= _LAST_VERDICT and not event.timed_out
    passed = event.exit_code == 0 if known else None
    end = max(ended_at, event.executed_at)
    return Step(event.id, event.program, event.executed_at, end, passed, checks, changed, command)


def label_next_checks(steps: Iterable[Step]) -> Iterator[CommandLabel]:
    """100 for a command that may have changed something and whose next check went well, 0 where it did not.

    The next one is the first that began when the command was over, at most 30 minutes later. Where its outcome is not
    known, nothing is said.
    """
    steps = sorted(steps, key=lambda step: (step.started_at, step.event))
    checks = [step for step in steps if step.is_check]
    starts = [step.started_at for step in checks]
    for step in steps:
        at = bisect_left(starts, step.ended_at)
        while at < len(checks) and checks[at].event == step.event:
            at += 1
        if at == len(checks) or starts[at] - step.ended_at > WINDOW_MS:
            continue
        check = checks[at]
        if check.passed is not None and step.may_change():
            note = f"{check.program}: {'passed' if check.passed else 'failed'}"
            yield CommandLabel(step.event, "outcome", SOURCE, 100.0 if check.passed else 0.0, check.ended_at, note)
