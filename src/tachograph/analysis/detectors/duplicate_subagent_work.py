"""Subagents of one session that read the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tachograph.analysis.detectors._registry import detector
from tachograph.analysis.detectors._scene import Scene
from tachograph.analysis.shell import examine_command
from tachograph.model import Finding, ToolCall

_MIN_READS = 5
_MIN_TENTHS = 7


@detector("duplicate_subagent_work", "Subagents that read the same", scope="siblings")
def duplicate_subagent_work(scenes: Sequence[Scene]) -> Iterator[tuple[int, Finding]]:
    """Two subagents of one session of which each read at least 5 different contents, at least 70 % of them the same.

    Contents are compared by hash: successful results of reading tools, and of shell commands that do nothing but print
    files. The share is that of the smaller set. The finding belongs to the subagent that began later and is proved by
    its own calls; when it is like several earlier ones, only the one with most contents in common is named, so that
    nothing counts twice. Reading the same content again within one subagent is not meant here.

    Subagents may have been given the same files on purpose (several reviewers, each with a question of their own):
    what they read twice was still read, and paid for, twice.
    """
    order = sorted(range(len(scenes)), key=lambda at: (scenes[at].session.started_at or 0, scenes[at].session.id, at))
    contents = {at: _contents(scenes[at]) for at in order}
    able = [at for at in order if len(contents[at]) >= _MIN_READS]
    for number, later in enumerate(able):
        best, most = None, 0
        for earlier in able[:number]:
            shared = len(contents[later].keys() & contents[earlier].keys())
            smaller = min(len(contents[later]), len(contents[earlier]))
            other = scenes[earlier].session.id != scenes[later].session.id
            if other and shared > most and 10 * shared >= _MIN_TENTHS * smaller:
                best, most = earlier, shared
        if best is not None:
            yield later, _finding(scenes[later], contents[later], scenes[best], contents[best])


def _contents(scene: Scene) -> dict[int, ToolCall]:
    """Every different content that was read, with the first call that read it."""
    found: dict[int, ToolCall] = {}
    for call in scene.calls:
        if call.result_hash is not None and _is_read(call):
            found.setdefault(call.result_hash, call)
    return found


def _is_read(call: ToolCall) -> bool:
    if call.status != "ok" or call.result_kind or not call.result_chars:
        return False
    if call.category != "shell":
        return call.category == "read"
    return call.command is not None and examine_command(call.command).prints_only


def _finding(later: Scene, own: dict[int, ToolCall], earlier: Scene, other: dict[int, ToolCall]) -> Finding:
    calls = [call for key, call in own.items() if key in other]
    return later.finding(
        calls,
        wasted=calls,
        count=len(calls),
        facts={
            "other_session": earlier.session.id,
            "shared": len(calls),
            "reads": len(own),
            "other_reads": len(other),
            "share": round(len(calls) / min(len(own), len(other)), 3),
            "agent_type": later.session.agent_type,
            "other_agent_type": earlier.session.agent_type,
        },
    )
