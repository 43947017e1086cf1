"""What the next test or build said of a command."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from tachograph.analysis.check_commands import Verdict, is_check, read_verdict, tells_check
from tachograph.analysis.shell import examine_command
from tachograph.app.commands.log_calls import LoggedCall
from tachograph.model import CommandEvent, CommandLabel

SOURCE = "next_check"
WINDOW_MS = 30 * 60 * 1000
"""A test later than this says more about what was done in between. A choice, not a measurement."""
_MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
_MAKE_FAILED = 2
"""With this make ends whether a recipe failed or there is no makefile."""


class Step(msgspec.Struct, frozen=True):
    """One command in the order of its session, or of its repository."""

    event: str
    program: str
    started_at: int
    """ms UTC; so below."""
    ended_at: int
    verdict: Verdict
    """What it says, if it is a test or a build."""
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
    verdict = read_verdict(event.program, event.exit_code, call.error)
    checks = call.command is not None and tells_check(call.command)
    end = call.started_at if call.ended_at is None else call.ended_at
    return _step(event, checks, verdict, end, changed=call.files != 0, command=call.command)


def captured_step(event: CommandEvent) -> Step:
    """The step of a command that was captured: what it changed is known, what it was is known by its program.

    What it printed is not: a ``make`` that failed where the repository has no makefile at its root built nothing.
    """
    verdict = "nothing_ran" if _lacks_makefile(event) else read_verdict(event.program, event.exit_code)
    if event.command is not None:
        checks = tells_check(event.command)
    else:  # a line typed at a prompt may be a pipeline, whose exit code says nothing of its first program
        checks = event.origin == "run" and is_check(event.program)
    changed = bool(event.files_touched_count or event.commits)
    end = event.executed_at + (event.duration_ms or 0)
    return _step(event, checks, verdict, end, changed=changed, command=None)


def _lacks_makefile(event: CommandEvent) -> bool:
    if event.exit_code != _MAKE_FAILED or event.program.split()[:1] not in (["make"], ["gmake"]):
        return False
    root = Path(event.repo or "")
    return root.is_absolute() and root.is_dir() and not any((root / name).exists() for name in _MAKEFILES)


def _step(
    event: CommandEvent, checks: bool, verdict: Verdict, ended_at: int, *, changed: bool, command: str | None
) -> Step:
    end = max(ended_at, event.executed_at)
    told = "unknown" if event.timed_out else verdict
    return Step(event.id, event.program, event.executed_at, end, told, checks, changed, command)


def label_next_checks(steps: Iterable[Step]) -> Iterator[CommandLabel]:
    """100 for a command that may have changed something and whose next check went well, 0 where it did not.

    The next one is the first that began when the command was over, at most 30 minutes later; one that never began,
    because the program or the makefile is not there, is none. Where its outcome is not known, nothing is said.
    """
    steps = sorted(steps, key=lambda step: (step.started_at, step.event))
    checks = [step for step in steps if step.is_check and step.verdict != "nothing_ran"]
    starts = [step.started_at for step in checks]
    for step in steps:
        at = bisect_left(starts, step.ended_at)
        while at < len(checks) and checks[at].event == step.event:
            at += 1
        if at == len(checks) or starts[at] - step.ended_at > WINDOW_MS:
            continue
        check = checks[at]
        if check.verdict != "unknown" and step.may_change():
            score, note = 100.0 if check.verdict == "passed" else 0.0, f"{check.program}: {check.verdict}"
            yield CommandLabel(step.event, "outcome", SOURCE, score, check.ended_at, note)
