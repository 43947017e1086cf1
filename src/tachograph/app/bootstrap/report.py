"""What set-up does, to be shown."""

from __future__ import annotations

import difflib
from typing import Literal

import msgspec

from tachograph.app.bootstrap.files import FilePlan
from tachograph.app.bootstrap.plan import Setup
from tachograph.report.sanitise import harmless, harmless_lines

Action = Literal["created", "changed", "removed", "unchanged"]


class FileChange(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of one file."""

    path: str
    """From the repository's root; a git hook's whole path."""
    action: Action
    diff: str
    """Unified; empty when nothing changes. Control characters are replaced."""


class BootstrapReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was done to a repository, or would be."""

    root: str
    ledger: str
    """Its path."""
    dry_run: bool
    """Nothing was written."""
    files: list[FileChange]
    notes: list[str]
    """What was left alone, and why."""


def report_setup(setup: Setup, *, dry_run: bool) -> BootstrapReport:
    """What ``setup`` does, file by file in the order of writing."""
    ledger = setup.ledger.relative_to(setup.root).as_posix()
    made: Action = "created" if setup.makes_ledger else "unchanged"
    first = (
        [FileChange(path=harmless(ledger), action=made, diff="")] if setup.makes_ledger or setup.ledger.exists() else []
    )
    return BootstrapReport(
        root=harmless(str(setup.root)),
        ledger=harmless(str(setup.ledger)),
        dry_run=dry_run,
        files=first + [_describe(plan) for plan in setup.files],
        notes=list(setup.notes),
    )


def _describe(plan: FilePlan) -> FileChange:
    name = harmless(plan.name)
    diff = difflib.unified_diff(
        _lines(plan.before),
        _lines(plan.after),
        "/dev/null" if plan.before is None else name,
        "/dev/null" if plan.after is None else name,
        lineterm="",
    )
    return FileChange(path=name, action=_action(plan), diff="\n".join(diff) if plan.changes else "")


def _action(plan: FilePlan) -> Action:
    if not plan.changes:
        return "unchanged"
    if plan.before is None:
        return "created"
    return "removed" if plan.after is None else "changed"


def _lines(content: bytes | None) -> list[str]:
    """Lines for a diff, without their ends: a block has those of its file."""
    lines = (content or b"").decode("utf-8", "replace").split("\n")
    return [harmless_lines(line.removesuffix("\r")) for line in (lines if lines[-1] else lines[:-1])]
