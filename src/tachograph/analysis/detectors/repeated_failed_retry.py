"""Commands run again that failed again in the same way."""

from __future__ import annotations

from collections.abc import Iterator

from tachograph.analysis.detectors._changes import Changes, waits
from tachograph.analysis.detectors._registry import detector
from tachograph.analysis.detectors._scene import Scene
from tachograph.model import Finding, ToolCall

_LONGEST_GAP_MS = 3_600_000
"""After an hour the world may be another one. A choice, not a measurement."""


@detector("repeated_failed_retry", "The same command failed again in the same way")
def repeated_failed_retry(scene: Scene) -> Iterator[Finding]:
    """The same shell command, in the same folder, failed twice or more in a row with the same error, and nothing that
    could change the outcome happened between. A run of n calls is one finding; the calls after the first are the waste.

    The same command: its whole text, runs of white space as one blank, and the same orders how to run it (time allowed,
    sandbox, rights). The same error: the same exit code, and the same text when numbers, hashes, temporary paths,
    durations and times are left out. A failure is the tool's own error flag or an exit code other than 0.

    What could change the outcome: a successful edit, by whatever tool; a command that is not known to be read-only, or
    that cannot be parsed; input to a running process; a subagent; a command or a subagent still at work in the
    background; a tool of unknown effect; a prompt, an answer, a refusal or an interruption by a person; the notice that
    something in the background ended; a wait (``sleep``, ``--watch``); more than an hour.

    Not counted: errors that pass by themselves (rate limits, refused connections, locks, pending checks …); calls made
    before the earlier one's result was there (parallel ones); commands that wait themselves. What other agents did at
    the same time is not looked at.
    """
    changes = Changes(scene)
    runs: dict[tuple[int, str], _Run] = {}
    found: list[_Run] = []
    for call in scene.calls:
        if call.category != "shell" or call.command_hash is None or call.status in ("denied", "cancelled"):
            continue
        key = (call.command_hash, scene.folder(call))
        run = runs.get(key)
        if run is not None and run.takes(call, changes):
            continue
        if _fails(call) and not waits(call):
            runs[key] = run = _Run(call)
            found.append(run)
        else:
            runs.pop(key, None)
    for run in found:
        if len(run.calls) > 1:
            yield _finding(scene, run.calls)


class _Run:
    """Failures of one command, one after the other."""

    def __init__(self, first: ToolCall) -> None:
        self.calls = [first]
        self.own: set[int] = set()
        """Positions of calls that failed like the last one, but were made before its result was there."""

    def takes(self, call: ToolCall, changes: Changes) -> bool:
        """Whether ``call`` belongs to this run; it is then one more retry, or known to be parallel."""
        last = self.calls[-1]
        if not _fails(call) or _outcome(call) != _outcome(last):
            return False
        ended = last.ended_at
        if ended is None or call.started_at - ended > _LONGEST_GAP_MS:
            return False
        if call.started_at < ended or (call.response != "" and call.response == last.response):
            self.own.add(call.position)
            return True
        if changes.outcome_may_differ(last, call, self.own):
            return False
        self.calls.append(call)
        self.own.clear()
        return True


def _fails(call: ToolCall) -> bool:
    """For good: not denied, not cancelled, not without a result, and no error that passes by itself."""
    failed = call.status == "error" or (call.status == "ok" and call.exit_code not in (None, 0))
    return failed and call.result_kind != "transient" and _outcome(call)[1] is not None


def _outcome(call: ToolCall) -> tuple[int | None, int | None]:
    """Exit code and error; where the tool itself saw none, the whole output."""
    return call.exit_code, call.result_hash if call.error_hash is None else call.error_hash


def _finding(scene: Scene, calls: list[ToolCall]) -> Finding:
    first, last = calls[0], calls[-1]
    return scene.finding(
        calls,
        wasted=calls[1:],
        count=len(calls) - 1,
        facts={
            "command": first.command,
            "cwd": scene.folder(first),
            "exit_code": first.exit_code,
            "error": first.error_signature,
            "runs": len(calls),
            "seconds": round((last.started_at - first.started_at) / 1000),
        },
    )
