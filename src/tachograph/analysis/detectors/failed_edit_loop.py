"""Edits of one file that failed again and again, without a look at it."""

from __future__ import annotations

from collections.abc import Iterator

from tachograph.analysis.detectors._changes import effects_of, may_change
from tachograph.analysis.detectors._files import absolute, base_name, files_of, tail
from tachograph.analysis.detectors._registry import detector
from tachograph.analysis.detectors._scene import Scene
from tachograph.model import Finding, ToolCall

_LEAST = 3


@detector("failed_edit_loop", "Failed edits of a file that was not read between")
def failed_edit_loop(scene: Scene) -> Iterator[Finding]:
    """Three or more edits of the same file failed in a row, and the agent did not read it between. One finding for each
    such row; the edits after the first are the waste. Edits refused by a person or cancelled neither count nor end it.

    What ends a row: a successful edit of the file; a read of it; a search that may have shown its lines; any shell
    command, but for one that only prints other files; a subagent, a server's or an unknown tool; a prompt or an
    interruption by a person (who may have changed the file); a compaction (after which an agent may be given its files
    anew). A patch of several files counts for these files together. ``responses`` says in how many of the agent's
    responses the edits were made: 1 means all at once, before any of the errors was seen.
    """
    ends = _ends(scene)
    rows: dict[tuple[str, ...], list[ToolCall]] = {}
    found: list[tuple[str, list[ToolCall]]] = []
    at = 0
    for call in scene.calls:
        if at < len(ends) and ends[at] < call.position:
            rows.clear()
            while at < len(ends) and ends[at] < call.position:
                at += 1
        if not rows and not _is_failed_edit(call):
            continue
        files = tuple(files_of(call, scene.folder(call)))
        if _is_failed_edit(call) and files:
            if files not in rows:
                rows[files] = []
                found.append((", ".join(files), rows[files]))
            rows[files].append(call)
            continue
        for key in [key for key in rows if _ends_row(call, files, key, scene.folder(call))]:
            del rows[key]
    for path, calls in found:
        if len(calls) >= _LEAST:
            yield _finding(scene, path, calls)


def _is_failed_edit(call: ToolCall) -> bool:
    return call.category == "edit" and call.status == "error"


def _ends(scene: Scene) -> list[int]:
    """Positions of what ends every row."""
    told = [p.position for p in scene.prompts if p.kind not in ("meta", "notification")]
    return sorted(told + [m.position for m in scene.markers if m.kind in ("interruption", "compaction", "rollback")])


def _ends_row(call: ToolCall, files: tuple[str, ...], row: tuple[str, ...], folder: str) -> bool:
    """Whether the agent may have seen or changed a file of ``row`` by ``call``."""
    if call.status in ("denied", "cancelled"):
        return False
    tails = {tail(path) for path in row}
    if call.category in ("edit", "read"):
        return call.status != "error" and (not files or any(tail(path) in tails for path in files))
    if call.category == "search":
        return call.status != "error" and (not files or any(path.startswith(files[0]) for path in row))
    if call.category == "shell":
        effects = effects_of(call)
        if effects is None or not effects.prints_only or not effects.reads:
            return True
        named = {tail(absolute(file.path, folder)) for file in effects.reads}
        return bool(named & tails) or any(base_name(path) in (call.command or "") for path in row)
    return call.category.startswith("mcp:") or may_change(call)


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
