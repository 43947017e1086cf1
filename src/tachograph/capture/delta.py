"""What differs between two states of a repository, read from what git writes of it."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from tachograph.model import ChangedPath, RepoDelta

MOST_PATHS = 200
"""So many of the touched files are named."""
DIFF = (
    "diff-tree", "-r", "--raw", "--numstat", "-z", "-M", "-l1000", "--no-ext-diff", "--no-textconv",
    "--ignore-submodules=dirty",
)  # fmt: skip
"""How git is asked; before 1000 x 1000 comparisons it looks for moved files by their content, and always by name."""
IGNORING_LINE_ENDS = ("--ignore-cr-at-eol",)
_LINK = b"160000"
"""The mode of another repository's commit, which has no lines."""


class Change(msgspec.Struct):
    """One file that is different."""

    path: bytes
    old_path: bytes | None
    before: str | None
    after: str | None
    is_same_mode: bool = True
    is_counted: bool = True
    """Whether it has lines that mean something."""
    is_filtered: bool = False
    """Whether it passes a filter, which was not run: how many lines are others cannot be told."""
    added: int | None = 0
    """None: not text."""
    deleted: int | None = 0


def read_changes(written: bytes) -> list[Change]:
    """The files that ``git diff-tree`` tells of, with their lines; in its order (by name)."""
    changes: dict[bytes, Change] = {}
    fields = iter(written.split(b"\0"))
    for field in fields:
        if field.startswith(b":"):
            change = _read_raw(field, fields)
            changes[change.path] = change
        elif field:
            _read_lines(field, fields, changes)
    return list(changes.values())


def recount(changes: list[Change], again: list[Change], guessed: set[bytes]) -> list[Change]:
    """Count those whose path is ``guessed`` as ``again`` does, which ignores the ends of lines; leave out what is
    nothing but those: where git guesses whether a file is text, it keeps the line ends that it had."""
    others = {change.path: change for change in again}
    kept = []
    for change in changes:
        other = others.get(change.path)
        if change.path in guessed and other is not None and change.added is not None:
            change.added, change.deleted = other.added, other.deleted
            is_rewritten = change.before and change.after and change.old_path is None and change.is_same_mode
            if is_rewritten and change.is_counted and change.added == change.deleted == 0:
                continue
        kept.append(change)
    return kept


def _read_raw(field: bytes, rest: Iterator[bytes]) -> Change:
    """``:old-mode new-mode old-object new-object status``, then one name, or two of a moved file."""
    old_mode, new_mode, before, after, status = field[1:].split(b" ")
    first = next(rest)
    moved = status[:1] in (b"R", b"C")
    return Change(
        path=next(rest) if moved else first,
        old_path=first if moved else None,
        before=_object(before),
        after=_object(after),
        is_same_mode=old_mode == new_mode,
        is_counted=_LINK not in (old_mode, new_mode),
    )


def _read_lines(field: bytes, rest: Iterator[bytes], changes: dict[bytes, Change]) -> None:
    """``added TAB deleted TAB name``; a moved file has an empty name there, and two more fields."""
    added, deleted, path = field.split(b"\t", 2)
    if not path:
        next(rest)
        path = next(rest)
    change = changes[path]
    change.added = None if added == b"-" else int(added)
    change.deleted = None if deleted == b"-" else int(deleted)


def _object(name: bytes) -> str | None:
    return name.decode("ascii") if name.strip(b"0") else None


def sum_changes(changes: list[Change]) -> RepoDelta:
    """What the changes amount to."""
    counted = [change for change in changes if change.is_counted]
    is_known = not any(change.is_filtered for change in changes)
    return RepoDelta(
        files_touched=len(changes),
        lines_added=sum(change.added or 0 for change in counted) if is_known else None,
        lines_deleted=sum(change.deleted or 0 for change in counted) if is_known else None,
        binary_files=sum(change.added is None for change in counted),
        renames=sum(change.old_path is not None for change in changes),
        paths=tuple(_describe(change) for change in sorted(changes, key=lambda change: change.path)[:MOST_PATHS]),
    )


def _describe(change: Change) -> ChangedPath:
    return ChangedPath(
        path=_text(change.path),
        lines_added=change.added if change.is_counted else None,
        lines_deleted=change.deleted if change.is_counted else None,
        old_path=None if change.old_path is None else _text(change.old_path),
        before=change.before,
        after=change.after,
    )


def _text(path: bytes) -> str:
    """A name as text; bytes that are none are written as ``\\xff``."""
    return path.decode("utf-8", "backslashreplace")
