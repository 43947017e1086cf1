"""A change of an agent's file: shown first, then made as it was shown, or not at all."""

from __future__ import annotations

import difflib
import hashlib
from datetime import datetime
from pathlib import Path

import msgspec

from tachograph.app.cases.replacing import replace_file
from tachograph.app.promotion.targets import Places, find_targets, read_agent_file
from tachograph.errors import Busy, TachographError
from tachograph.learning.suggestions.marked_block import drop_block, put_block
from tachograph.paths import open_private, private_dir
from tachograph.report.sanitise import harmless, harmless_lines

_OTHER_ENCODINGS = (b"\xff\xfe", b"\xfe\xff")


class PromotionPlan(msgspec.Struct, frozen=True):
    """What would become of a file."""

    path: Path
    """As the agent names it; a link is followed when the file is written, and stays one."""
    before: bytes | None
    """None: there is no such file yet."""
    after: bytes
    diff: str
    """Unified, harmless on a terminal; empty when nothing changes."""

    @property
    def changes(self) -> bool:
        """Whether there is anything to write."""
        return self.after != (self.before or b"")


def plan_promotion(
    suggestion: str, text: str, agent: str, agent_type: str, places: Places, *, is_main: bool | None = None
) -> PromotionPlan:
    """``text`` put into the file of ``agent_type``, in the block of ``suggestion``; nothing is written.

    ``is_main``: the type is that of main sessions; by default only ``main`` is.

    Raises TachographError where there is no such file (see find_targets), or a block cannot be put into it.
    """
    path = find_targets(agent, agent_type, places, agent_type == "main" if is_main is None else is_main)[0]
    before = _read_text(path)
    try:
        after = put_block(before or b"", suggestion, text)
    except ValueError as error:
        raise _not_editable(path, error) from error
    return PromotionPlan(path, before, after, _describe_change(path, before, after))


def plan_demotion(
    suggestion: str, agent: str, agent_type: str, places: Places, *, is_main: bool | None = None
) -> PromotionPlan:
    """The file of ``agent_type`` without the block of ``suggestion``; else as plan_promotion.

    Also where the agent has come to read another file since. The plan changes nothing where there is no such block.
    """
    paths = find_targets(agent, agent_type, places, agent_type == "main" if is_main is None else is_main)
    plans = [_plan_removal(path, suggestion) for path in paths]
    return next((plan for plan in plans if plan.changes), plans[0])


def _plan_removal(path: Path, suggestion: str) -> PromotionPlan:
    before = _read_text(path)
    try:
        after = drop_block(before or b"", suggestion)
    except ValueError as error:
        raise _not_editable(path, error) from error
    return PromotionPlan(path, before, after, _describe_change(path, before, after))


def apply_promotion(plan: PromotionPlan, backups: Path, now: datetime) -> Path | None:
    """Write what was planned; return the backup of what was there, None when there was nothing or nothing changes.

    The backup is written first, 0600, to the folder ``backups``; the file is replaced whole and keeps its mode.

    Raises Busy when the file is no longer what it was when the plan was made, and TachographError when it, or the
    backup, cannot be written.
    """
    if not plan.changes:
        return None
    if read_agent_file(plan.path) != plan.before:
        raise _changed(plan.path)
    backup = _save(plan, backups, now) if plan.before is not None else None
    try:
        if not plan.after and not plan.path.is_symlink():
            plan.path.unlink()  # it held nothing but our block
        else:
            replace_file(plan.path, plan.after, plan.before)
    except Busy as error:
        raise _changed(plan.path) from error
    return backup


def _save(plan: PromotionPlan, backups: Path, now: datetime) -> Path:
    private_dir(backups.parent)
    private_dir(backups)
    place = hashlib.sha256(str(plan.path).encode("utf-8", "surrogateescape")).hexdigest()[:8]
    stem = f"{plan.path.name}.tacho-backup-{now:%Y-%m-%dT%H%M%S}-{place}"
    path, number = backups / stem, 1
    while path.exists() or path.is_symlink():
        number += 1
        path = backups / f"{stem}-{number}"
    with open_private(path) as stream:
        stream.write(plan.before or b"")
    return path


def _read_text(path: Path) -> bytes | None:
    content = read_agent_file(path)
    if content is not None and (content.startswith(_OTHER_ENCODINGS) or b"\0" in content):
        raise _not_editable(path, "it is not text in UTF-8")
    return content


def _not_editable(path: Path, reason: object) -> TachographError:
    return TachographError(f"{harmless(str(path))} is left as it is: {reason}.", slug="agent_file_not_editable")


def _changed(path: Path) -> Busy:
    return Busy(
        f"{harmless(str(path))} was changed meanwhile; nothing was written.", slug="agent_file_changed",
        hint="Run the command again: it shows the change anew.",
    )  # fmt: skip


def _describe_change(path: Path, before: bytes | None, after: bytes) -> str:
    name = harmless(str(path))
    old_name = name if before is not None else "/dev/null"
    return "\n".join(difflib.unified_diff(_lines(before or b""), _lines(after), old_name, name, lineterm=""))


def _lines(content: bytes) -> list[str]:
    """Lines for a diff, without their ends: a block has those of its file."""
    lines = content.decode("utf-8", "replace").split("\n")
    return [harmless_lines(line.removesuffix("\r")) for line in (lines if lines[-1] else lines[:-1])]
