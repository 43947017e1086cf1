"""git's hooks: a block in the hook's script, behind its first line; what else it does stays as it is."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import Literal

import msgspec

from tachograph.app.bootstrap.block import HASH, drop_block, has_block, put_block
from tachograph.app.bootstrap.files import read_text, refusal
from tachograph.capture.git import Git, GitFailed, find_git
from tachograph.errors import NotFound, TachographError
from tachograph.report.sanitise import harmless

HookName = Literal["commit-msg", "pre-commit"]
CALLS: dict[HookName, str] = {
    "commit-msg": 'tacho bootstrap check-message "$1"',
    "pre-commit": "tacho bootstrap scan-staged",
}
"""What each hook runs."""

_UNDONE = {
    "commit-msg": "whether the message names a goal was not checked",
    "pre-commit": "what is committed was not looked through for secrets",
}
_SHELL = re.compile(rb"#![ \t]*(?:/\S*/)?(?:env[ \t]+(?:-S[ \t]+)?)?(?:ba|da|k|z|a)?sh(?=\s|\Z)[^\n]*(?:\n|\Z)")
_OWN_HEAD = b"#!/bin/sh\n# Made by tacho bootstrap.\n"
_SECONDS = 10.0


class HookFolder(msgspec.Struct, frozen=True):
    """Where git looks for the hooks of a repository."""

    own: Path
    """Without links; the folder ``hooks`` in the repository's own folder, that of the main work tree."""
    elsewhere: str | None
    """Another folder that is configured (``core.hooksPath``), as git says it; None: there is none."""


def find_hooks(root: Path) -> HookFolder:
    """The folder of the hooks of the repository that ``root`` lies in.

    Raises NotFound (``no_repository``), and TachographError (``no_git``, ``git_failed``).
    """
    program = find_git()
    if program is None:
        raise TachographError("git is not installed.", slug="no_git")
    git, deadline = Git(program, str(root)), time.monotonic() + _SECONDS
    try:
        common = os.fsdecode(git.ask(deadline, "rev-parse", "--git-common-dir")[:-1])
    except GitFailed as error:
        if "not a git repository" in error.said:
            raise NotFound(
                f"{harmless(str(root))} is in no git repository.",
                slug="no_repository",
                hint="Hooks need one: git init.",
            ) from error
        raise TachographError(f"{error.why}: {harmless(error.said)}", slug="git_failed") from error
    own = Path(os.path.realpath(root / common)) / "hooks"
    configured = _configured(git, deadline)
    is_elsewhere = configured is not None and os.path.realpath(root / configured) != os.path.realpath(own)
    return HookFolder(own, configured if is_elsewhere else None)


def put_hook(folder: HookFolder, name: HookName, content: bytes | None) -> bytes:
    """The script of a hook, which holds ``content``, with our block.

    Raises BadMarks, and TachographError where it must be put in by hand.
    """
    by_hand = f"Add this line to the hook {name} yourself: {CALLS[name]}"
    path = folder.own / name
    if folder.elsewhere is not None:
        raise TachographError(
            f"The hooks of this repository lie in {harmless(folder.elsewhere)} (core.hooksPath), which somebody else"
            " keeps. Nothing was written.",
            slug="hooks_elsewhere", hint=by_hand,
        )  # fmt: skip
    if path.is_symlink():
        raise refusal(path, "it is a link", by_hand)
    if content is None or has_block(content, HASH):
        return put_block(_OWN_HEAD if content is None else content, HASH, _lines(name))
    first = _SHELL.match(content)
    if first is None:
        raise refusal(path, "it is no script of a shell", by_hand)
    if os.name != "nt" and not os.access(path, os.X_OK):
        raise refusal(path, "git does not run it, for it is not executable", by_hand)
    return put_block(content, HASH, _lines(name), first.end())


def drop_hook(content: bytes | None) -> bytes | None:
    """The script without our block; None where nothing but ours was in it. Raises BadMarks."""
    left = content and drop_block(content, HASH)
    return None if left == _OWN_HEAD else left


def installed_hooks(folder: HookFolder) -> list[HookName]:
    """The hooks that have a mark of ours."""
    return [name for name in CALLS if _has_mark(folder.own / name)]


def _has_mark(path: Path) -> bool:
    return not path.is_symlink() and path.is_file() and has_block(read_text(path) or b"", HASH)


def _lines(name: HookName) -> list[str]:
    """The commit goes on whatever happens to tacho; only what it finds stops it."""
    return [
        "if tacho --version >/dev/null 2>&1; then",
        f"  {CALLS[name]} && tacho_code=0 || tacho_code=$?",
        '  if [ "$tacho_code" -eq 1 ]; then exit 1; fi',
        f'  if [ "$tacho_code" -ne 0 ]; then echo "tacho failed: {_UNDONE[name]}." >&2; fi',
        "else",
        f'  echo "tacho cannot be run: {_UNDONE[name]}." >&2',
        "fi",
    ]


def _configured(git: Git, deadline: float) -> str | None:
    """What ``core.hooksPath`` says without what we tell git ourselves (scope ``command``); the last one counts."""
    try:
        told = git.ask(deadline, "config", "-z", "--show-scope", "--type=path", "--get-all", "core.hooksPath")
    except GitFailed as error:
        raise TachographError("git does not tell where its hooks lie.", slug="git_failed") from error
    fields = told.split(b"\0")
    values = [value for scope, value in zip(fields[::2], fields[1::2], strict=False) if scope != b"command"]
    return os.fsdecode(values[-1]) if values else None
