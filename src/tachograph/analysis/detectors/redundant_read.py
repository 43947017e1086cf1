"""Files read again although nothing can have changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

import msgspec

from tachograph.analysis.detectors._changes import Changes, effects_of, grows, waits
from tachograph.analysis.detectors._files import absolute
from tachograph.analysis.detectors._registry import detector
from tachograph.analysis.detectors._scene import Scene
from tachograph.model import Finding, ToolCall

_LEAST_CHARS = 200
"""A smaller result is not worth a finding: some 50 to 80 tokens."""


class _Reading(msgspec.Struct, frozen=True):
    """What a call read: equal for calls that read the same."""

    files: tuple[str, ...]
    first_line: int | None
    """None for a command, which says for itself which lines it prints."""
    command: int | None
    content: int


@detector("redundant_read", "The same content was read again")
def redundant_read(scene: Scene) -> Iterator[Finding]:
    """A file was read that the agent had before it already. Two kinds, and one for commands:

    ``said_unchanged``: the tool itself says that the file is as it was when last read. One finding for each such call.

    ``same_content``: the same file from the same line on came back with the same content, to the same agent, and
    nothing between can have changed the file or taken the earlier result out of the context. Equal content from the
    same line on is the same range: the limit asked for adds nothing. All reads of one content are one finding; those
    after the first are the waste. Prompts of a person do not matter, since the contents are compared, nor does the
    distance: it is told as ``gap_turns`` and ``largest_gap_turns``, the smallest and the largest number of the agent's
    responses from one of the reads to the next (0: in one response), and as ``gap_seconds``, the longest time.

    ``same_command``: the same of a shell command that does nothing but print files (Codex reads that way), with the
    same text in the same folder.

    What may have changed the file: an edit of it by whatever tool, or one refused because the file has to be read
    again; any command that is not known to be read-only; a subagent; a command or a subagent still at work in the
    background; a tool of unknown effect; a command that a person ran; the end of something in the background; a wait
    (``sleep``). A compaction and a rewind take the earlier result out of the context.

    Not counted: results under 200 characters; logs and other files that grow while a program runs (``.log``, ``.out``
    …); commands that wait before they print.
    """
    found = [*_said_unchanged(scene), *_read_again(scene)]
    yield from sorted(found, key=lambda finding: (finding.position, finding.calls))


def _said_unchanged(scene: Scene) -> Iterator[Finding]:
    last: dict[str, ToolCall] = {}
    for call in scene.calls:
        if call.category != "read" or call.status != "ok" or call.path is None:
            continue
        path = absolute(call.path, scene.folder(call))
        if call.result_kind == "unchanged":
            earlier = [last[path]] if path in last else []
            yield _finding(scene, "said_unchanged", path, [*earlier, call], [call])
        else:
            last[path] = call


def _read_again(scene: Scene) -> Iterator[Finding]:
    changes = Changes(scene)
    groups: dict[_Reading, list[ToolCall]] = {}
    found: list[tuple[_Reading, list[ToolCall]]] = []
    for call in _same_results(scene.calls):
        reading = _reading(call, scene.folder(call))
        if reading is None:
            continue
        group = groups.get(reading)
        if group is None or changes.files_may_differ(group[-1], call, reading.files):
            groups[reading] = group = []
            found.append((reading, group))
        group.append(call)
    for reading, group in found:
        if len(group) > 1:
            kind = "same_content" if reading.command is None else "same_command"
            yield _finding(scene, kind, ", ".join(reading.files), group, group[1:], reading.first_line)


def _same_results(calls: Sequence[ToolCall]) -> list[ToolCall]:
    """Of the successful calls that may be readings, those whose result came more than once."""
    able = [
        call
        for call in calls
        if call.status == "ok" and call.category in ("read", "shell") and (call.result_chars or 0) >= _LEAST_CHARS
    ]
    times = Counter((call.command_hash, call.result_hash) for call in able)
    return [call for call in able if times[call.command_hash, call.result_hash] > 1]


def _reading(call: ToolCall, folder: str) -> _Reading | None:
    """What a successful call read; None when it is no reading, or a question for news."""
    reading = _reading_of_any(call, folder)
    return None if reading is None or any(map(grows, reading.files)) else reading


def _reading_of_any(call: ToolCall, folder: str) -> _Reading | None:
    if call.result_hash is None or call.result_kind:
        return None
    if call.category == "read" and call.file_op == "read" and call.path:
        return _Reading((absolute(call.path, folder),), max(1, call.offset or 1), None, call.result_hash)
    if call.category == "shell" and call.command_hash is not None and call.exit_code in (None, 0) and not waits(call):
        effects = effects_of(call)
        if effects is not None and effects.prints_only and effects.reads:
            files = tuple(absolute(file.path, folder) for file in effects.reads)
            return _Reading(files, None, call.command_hash, call.result_hash)
    return None


def _finding(
    scene: Scene, kind: str, path: str, calls: list[ToolCall], wasted: list[ToolCall], first_line: int | None = None
) -> Finding:
    pairs = list(pairwise(calls))
    gaps = [scene.responses_before(b.position) - scene.responses_before(a.position) for a, b in pairs]
    return scene.finding(
        calls,
        wasted=wasted,
        count=len(wasted),
        facts={
            "kind": kind,
            "path": path,
            "first_line": max(1, calls[-1].offset or 1) if kind == "said_unchanged" else first_line,
            "gap_turns": min(gaps, default=None),
            "largest_gap_turns": max(gaps, default=None),
            "gap_seconds": max((round((b.started_at - a.started_at) / 1000) for a, b in pairs), default=None),
            "result_chars": calls[-1].result_chars,
        },
    )
