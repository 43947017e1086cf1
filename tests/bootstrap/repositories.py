"""Repositories made by git, and set-ups of them."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

from tachograph.app.bootstrap.plan import Request, apply_setup, plan_removal, plan_setup

LEDGER = "metrics/events.ndjson"
POLICY = "docs/goals-policy.md"
OURS = [LEDGER, POLICY, ".gitattributes", ".gitignore", "AGENTS.md"]
"""What a set-up makes where nothing is."""


def git(folder: Path, *arguments: str, code: int = 0, path: Path | None = None) -> str:
    """What git writes, stderr included; ``path`` comes first on the PATH."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    if path is not None:
        environment["PATH"] = f"{path}{os.pathsep}{environment['PATH']}"
    done = subprocess.run(
        ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", *arguments],
        cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        check=False,
    )  # fmt: skip
    text = done.stdout.decode("utf-8", "replace")
    assert done.returncode == code, text
    return text


def make_repository(folder: Path, **files: bytes) -> Path:
    """A repository with one commit, of ``files`` (``name__md`` stands for name.md)."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", "-b", "main", "--template=")
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_bytes(content)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", "first")
    return folder


def tree(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Content and mode of each file, hooks included, the rest of .git left out."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and (not name.startswith(".git/") or name.startswith(".git/hooks/")):
            found[name] = (path.read_bytes(), stat.S_IMODE(path.stat().st_mode))
    return found


def set_up(folder: Path, **wanted: object) -> tuple[str, ...]:
    """Set it up; the notes."""
    setup = plan_setup(Request(folder, LEDGER, **wanted))  # type: ignore[arg-type]
    apply_setup(setup)
    return setup.notes


def take_away(folder: Path, **wanted: object) -> tuple[str, ...]:
    """Take the set-up away; the notes."""
    setup = plan_removal(Request(folder, LEDGER, **wanted))  # type: ignore[arg-type]
    apply_setup(setup)
    return setup.notes


def fake_tacho(folder: Path, script: str) -> Path:
    """A folder for the PATH with a ``tacho`` that is a shell script: ``--version`` works, the rest is ``script``."""
    folder.mkdir()
    program = folder / "tacho"
    program.write_text(f'#!/bin/sh\n[ "$1" = --version ] && exit 0\n{script}\n')
    program.chmod(0o755)
    return folder
