"""Git's tree objects, written by hand into a folder of objects: only what differs between two states goes in."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable
from pathlib import Path

import msgspec

_FOLDER_MODE = b"40000"


class Entry(msgspec.Struct, frozen=True):
    """A file of a state."""

    path: bytes
    mode: bytes
    object: str
    """Name of its content."""


Sides = tuple[Entry | None, Entry | None]
"""A file in a base and in a state that differs from it; None: it is not there."""


def read_differences(written: bytes) -> dict[bytes, Sides]:
    """What ``git diff-index --raw -z`` writes of a state, by path."""
    found: dict[bytes, Sides] = {}
    fields = iter(written.split(b"\0"))
    for field in fields:
        if field:
            base_mode, mode, base_object, name, _ = field[1:].split(b" ")
            path = next(fields)
            found[path] = (_entry(path, base_mode, base_object), _entry(path, mode, name))
    return found


def _entry(path: bytes, mode: bytes, name: bytes) -> Entry | None:
    return Entry(path, mode, name.decode("ascii")) if mode.strip(b"0") else None


def split_differences(first: dict[bytes, Sides], second: dict[bytes, Sides]) -> tuple[list[Entry], list[Entry]]:
    """What is only in the first of two states, and what is only in the second; both are known by their base."""
    lost, made = [], []
    for path in first.keys() | second.keys():
        known = first.get(path), second.get(path)
        before = known[0][1] if known[0] else known[1][0] if known[1] else None
        after = known[1][1] if known[1] else known[0][0] if known[0] else None
        if before != after:
            lost += [before] if before else []
            made += [after] if after else []
    return lost, made


def write_tree(objects: Path, entries: Iterable[Entry], algorithm: str) -> str:
    """Write the tree of ``entries`` and those of its folders below ``objects``; its name. Raises OSError.

    ``algorithm`` is git's: ``sha1`` or ``sha256``.
    """
    return _write_folder(objects, [(entry.path.split(b"/"), entry) for entry in entries], 0, algorithm)


def _write_folder(objects: Path, entries: list[tuple[list[bytes], Entry]], depth: int, algorithm: str) -> str:
    lines = []
    folders: dict[bytes, list[tuple[list[bytes], Entry]]] = {}
    for parts, entry in entries:
        if len(parts) > depth + 1:
            folders.setdefault(parts[depth], []).append((parts, entry))
        else:
            mode = entry.mode.lstrip(b"0")
            lines.append((parts[depth], mode + b" " + parts[depth] + b"\0" + bytes.fromhex(entry.object)))
    for name, inner in folders.items():
        tree = _write_folder(objects, inner, depth + 1, algorithm)
        lines.append((name + b"/", _FOLDER_MODE + b" " + name + b"\0" + bytes.fromhex(tree)))  # so git sorts folders
    lines.sort()
    return _write_object(objects, b"".join(line for _, line in lines), algorithm)


def _write_object(objects: Path, content: bytes, algorithm: str) -> str:
    import hashlib  # loads OpenSSL: not for who only looks

    whole = b"tree %d\0" % len(content) + content
    name = hashlib.new(algorithm, whole, usedforsecurity=False).hexdigest()
    place = os.path.join(objects, name[:2])
    os.makedirs(place, exist_ok=True)
    with open(os.path.join(place, name[2:]), "wb") as file:
        file.write(zlib.compress(whole, 1))
    return name
