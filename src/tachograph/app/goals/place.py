"""Which ledger is meant."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from tachograph.errors import TachographError, UsageError
from tachograph.sources import project_of


class LedgerPlace(msgspec.Struct, frozen=True):
    """A repository and its ledger."""

    root: Path
    """Absolute; the folder that the ledger's goals are about."""
    path: Path
    """Absolute; the ledger, which may not exist yet."""

    @property
    def project(self) -> str:
        """The root as sessions name their project, worktrees folded in."""
        return project_of(str(self.root))


def find_place(folder: Path, configured: str, named: Path | None = None) -> LedgerPlace:
    """The ledger of the repository that ``folder`` lies in: at ``configured`` from its root, or at ``named``.

    The root is the nearest folder upwards that holds a ``.git`` or a ledger, else ``folder`` itself. Nothing is made.
    Raises UsageError where ``folder`` is none or lies in a bare repository (``bare_repository``), and TachographError
    (``ledger_elsewhere``) where links would lead out of the repository.
    """
    folder = Path(os.path.realpath(folder))  # as agents tell where they work
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder.", slug="not_a_folder")
    if named is not None:
        path = Path(os.path.abspath(named))
        return LedgerPlace(_root_of(path.parent, "") or folder, path)
    found = _root_of(folder, configured)
    if found is None and any(map(_is_bare, (folder, *folder.parents))):
        raise UsageError(
            f"{folder} is in a bare repository, which has no files of its own.", slug="bare_repository",
            hint="Stand in a clone or a worktree of it, or name one with --repo.",
        )  # fmt: skip
    root = found or folder
    path = Path(os.path.abspath(root / configured))
    if not path.is_relative_to(root) or not Path(os.path.realpath(path.parent)).is_relative_to(os.path.realpath(root)):
        raise TachographError(
            f"The ledger {path} would lie outside of the repository {root}.",
            slug="ledger_elsewhere", hint="goals.path is a path within the repository; links must not lead out of it.",
        )  # fmt: skip
    return LedgerPlace(root, path)


def _root_of(folder: Path, configured: str) -> Path | None:
    for one in (folder, *folder.parents):
        if (one / ".git").exists() or (configured and (one / configured).is_file()):
            return one
    return None


def _is_bare(folder: Path) -> bool:
    return (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir()
