"""Edits of one file that failed again and again, without a look at it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tachograph.analysis.detectors._changes import CUT_FROM, may_change
from tachograph.analysis.detectors._files import base_name, files_of, tail
from tachograph.analysis.detectors._registry import detector
from tachograph.analysis.detectors._scene import Scene
from tachograph.model import Finding, Marker, Prompt, ToolCall

_LEAST = 3
_MOST = 50
"""Rows open at a time, each of at least three failed edits: keeps hostile logs from taking all day."""

_Files = tuple[str, ...]
"""What one edit works on."""


@detector("failed_edit_loop", "Failed edits of a file that was not read between")
def failed_edit_loop(scene: Scene) -> Iterator[Finding]:
    """Three or more edits of the same file failed in a row, and the agent did not read it between. One finding for each
    such row; the edits after the first are the waste. Edits refused by a person or cancelled neither count nor end it.

    What ends a row: a successful edit of the file; a read of it, also by a search that may have shown its lines; a
    shell command that names it, that may have shown contents without naming files (``grep -r``, ``git diff``,
    ``cat *.py``), or that is not known to leave files as they are (formatters, checkouts, ``make``, whatever cannot be
    parsed); a subagent, a server's or an unknown tool; a prompt or notice that names the file (``@file`` puts its
    content into the context) and a command that a person ran; a rollback, and a compaction (after which an agent may
    be given its files anew).

    What does not: commands that show and change nothing of it (``ls``, ``git status``, ``wc``, ``cat`` of another
    file); a run of tests, a compiler or a linter without an option to mend (its report may quote lines, which is no
    read); any other prompt, and an interruption: "try again" shows the agent nothing of the file.

    A patch of several files counts for these files together. ``responses`` says in how many of the agent's responses
    the edits were made: 1 means all at once, before any of the errors was seen.
    """
    tried = _count_tries(scene)
    if not tried:
        return
    ends = _ends(scene)
    rows: dict[_Files, list[ToolCall]] = {}
    found: list[tuple[_Files, list[ToolCall]]] = []
    at = 0
    for call in scene.calls:
        while at < len(ends) and ends[at].position < call.position:
            rows = {key: row for key, row in _few(rows).items() if not _says_more(ends[at], key)}
            at += 1
        if not rows and not _is_failed_edit(call):
            continue
        files = tuple(files_of(call, scene.folder(call)))
        if _is_failed_edit(call) and files:
            if tried.get(files, 0) >= _LEAST:
                if files not in rows:
                    rows[files] = []
                    found.append((files, rows[files]))
                rows[files].append(call)
            continue
        rows = {key: row for key, row in _few(rows).items() if not _ends_row(call, files, key)}
    for paths, calls in found:
        if len(calls) >= _LEAST:
            yield _finding(scene, ", ".join(paths), calls)


def _is_failed_edit(call: ToolCall) -> bool:
    return call.category == "edit" and call.status == "error"


def _count_tries(scene: Scene) -> Counter[_Files]:
    """How many edits of the same files failed in all; empty when nothing can come of it."""
    tries = Counter(tuple(files_of(call, scene.folder(call))) for call in scene.calls if _is_failed_edit(call))
    return tries if any(number >= _LEAST for number in tries.values()) else Counter()


def _few(rows: dict[_Files, list[ToolCall]]) -> dict[_Files, list[ToolCall]]:
    """``rows``; none of them when they are so many that no agent at work can have left them."""
    return rows if len(rows) <= _MOST else {}


def _ends(scene: Scene) -> list[Prompt | Marker]:
    """What was said or happened beside the calls and may end rows, in order."""
    markers = [marker for marker in scene.markers if marker.kind in ("compaction", "rollback")]
    return sorted([*scene.prompts, *markers], key=lambda record: record.position)


def _says_more(record: Prompt | Marker, row: tuple[str, ...]) -> bool:
    """Whether the agent may have been told of a file of ``row`` by ``record``."""
    if isinstance(record, Marker) or record.kind in ("shell", "compact_summary"):
        return True
    text = record.text.lower()
    return any(base_name(path).lower() in text for path in row)


def _ends_row(call: ToolCall, files: tuple[str, ...], row: tuple[str, ...]) -> bool:
    """Whether the agent may have seen or changed a file of ``row`` by ``call``."""
    if call.status in ("denied", "cancelled"):
        return False
    if call.category in ("edit", "read"):
        tails = {tail(path) for path in row}
        return call.status != "error" and (not files or any(tail(path) in tails for path in files))
    if call.category == "search":
        return call.status != "error" and (not files or any(path.startswith(files[0]) for path in row))
    if call.category == "shell":
        return _shows_or_changes(call.command, row)
    return call.category.startswith("mcp:") or may_change(call)


def _shows_or_changes(command: str | None, row: tuple[str, ...]) -> bool:
    if not command or len(command) >= CUT_FROM:
        return True
    # Slow to import, and most sessions never need it.
    from tachograph.analysis.shell.showing import may_show

    return any(may_show(command, base_name(path)) for path in row)


def _finding(scene: Scene, path: str, calls: list[ToolCall]) -> Finding:
    errors = dict.fromkeys(call.error_signature for call in calls if call.error_signature)
    return scene.finding(
        calls,
        wasted=calls[1:],
        count=len(calls),
        facts={
            "path": path,
            "errors": "; ".join(errors) or None,
            "responses": len({call.response or call.id for call in calls}),
        },
    )
