"""A git folder of our own beside a repository: its index copied, its objects borrowed, its configuration left behind.

States of the work tree are written into it as trees. Whatever git locks, writes or runs, it does here, and there is
nothing here that runs: the configuration is ours, with those settings of the repository's that only say how files are
to be read.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from tachograph.capture.processes import is_alive
from tachograph.paths import open_regular

_COPIED = frozenset((
    "core.autocrlf", "core.eol", "core.filemode", "core.ignorecase", "core.symlinks", "core.precomposeunicode",
    "core.longpaths", "core.trustctime", "core.checkstat", "core.sparsecheckout", "core.sparsecheckoutcone",
    "core.excludesfile", "core.attributesfile", "extensions.objectformat",
))  # fmt: skip
"""Settings that say how files are read and compared; none of them names anything that could be run."""
_OURS = {
    "core.repositoryformatversion": "1",
    "core.bare": "false",
    "core.compression": "0",
    "core.loosecompression": "0",
    "core.fsync": "none",
    "core.safecrlf": "false",
    "core.splitindex": "false",
    "index.sparse": "false",
    "diff.ignoresubmodules": "dirty",  # else a git of its own would be started in each, with its configuration
    "advice.addembeddedrepo": "false",
}
_BESIDE = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 (a folder of our own is made there, by mkdtemp)
_PREFIX = "tacho-look-"
_FORGOTTEN_SECONDS = 86_400
"""When a folder of a process that is no more is removed: one in a container may only look as if it were gone."""
_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./")
_DEFAULTS = {"core.excludesfile": "ignore", "core.attributesfile": "attributes"}


class Places(msgspec.Struct, frozen=True):
    """Where the parts of a repository are; absolute paths."""

    top: str
    """The work tree."""
    git_dir: str
    common_dir: str
    """The same, but for work trees that were added to a repository."""


class Shadow:
    """The folder, until it is removed."""

    def __init__(self, places: Places, settings: Mapping[str, str]) -> None:
        """Make it. Raises OSError."""
        self._places = places
        self._indexes = 0
        place = _place_outside(places.top)
        _remove_forgotten(place)
        self._process = os.getpid()
        self.folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{self._process}-", dir=place))
        self.git_dir = self.folder / "git"
        self.objects = self.git_dir / "objects"
        for folder in ("objects/info", "objects/pack", "refs", "info"):
            (self.git_dir / folder).mkdir(parents=True)
        self._write("HEAD", b"ref: refs/heads/none\n")
        self.configure(settings)

    def remove(self) -> None:
        """Take it away; what cannot be removed stays. A forked process leaves it to the one that made it."""
        if os.getpid() != self._process:
            return
        shutil.rmtree(self.folder, ignore_errors=True)

    def configure(self, settings: Mapping[str, str]) -> None:
        """Take over the settings that say how files are read, and the lists of what is ignored."""
        self.is_sparse = _is_on(settings.get("core.sparsecheckout"))
        self.has_folders_in_index = self.is_sparse and _is_on(settings.get("index.sparse"))
        self.converts = settings.get("core.autocrlf", "").lower() == "input" or _is_on(settings.get("core.autocrlf"))
        self.algorithm = settings.get("extensions.objectformat", "sha1").lower()
        self._write("config", _write_config({**_choose(settings, self._places.top), **_OURS}))
        ignored = _read(os.path.join(self._places.common_dir, "info", "exclude"))
        self._write("info/exclude", ignored + b"\n" + self._own_excludes())
        self._write("info/attributes", _read(os.path.join(self._places.common_dir, "info", "attributes")))
        self._write("info/sparse-checkout", _read(os.path.join(self._places.git_dir, "info", "sparse-checkout")))
        self.copy_shallow()

    def copy_shallow(self) -> None:
        """Take over where the history ends."""
        edge = _read(os.path.join(self._places.common_dir, "shallow"))
        if edge:
            self._write("shallow", edge)
        else:
            (self.git_dir / "shallow").unlink(missing_ok=True)

    def variables(self, index: Path | None, borrowing: bool) -> dict[str, str]:
        """The environment in which git works here, ``borrowing`` the repository's objects or without them."""
        found = {
            "GIT_DIR": str(self.git_dir),
            "GIT_WORK_TREE": self._places.top,
            "GIT_OBJECT_DIRECTORY": str(self.objects),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_ATTR_NOSYSTEM": "1",
            "HOME": str(self.folder),
            "XDG_CONFIG_HOME": str(self.folder),
        }
        if borrowing:
            found["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = _quote(os.path.join(self._places.common_dir, "objects"))
        return found if index is None else {**found, "GIT_INDEX_FILE": str(index)}

    def copy_index(self, source: Path | None = None) -> Path:
        """A new index: the repository's own, or that of an earlier state. Raises OSError.

        Its time is copied too: git looks again at every file that was written in the same second or later.
        """
        self._indexes += 1
        target = self.git_dir / f"index{self._indexes}"
        if source is not None:
            _copy(str(source), target)
            return target
        for name in _shared_indexes(self._places.git_dir):
            _copy(os.path.join(self._places.git_dir, name), self.git_dir / name)
        _copy(os.path.join(self._places.git_dir, "index"), target)
        return target

    def _own_excludes(self) -> bytes:
        """This folder, and a git folder of another name than usual, where they lie in the work tree."""
        lines = []
        for inner in (str(self.folder), self._places.git_dir, self._places.common_dir):
            relative = os.path.relpath(os.path.realpath(inner), os.path.realpath(self._places.top))
            if relative != os.curdir and relative.split(os.sep)[0] != os.pardir:
                lines.append(b"/" + _as_pattern(relative) + b"/\n")
        return b"".join(lines)

    def _write(self, name: str, content: bytes) -> None:
        (self.git_dir / name).write_bytes(content)


def signature(path: str) -> tuple[int, int, int, int] | None:
    """What tells whether a file was replaced or written; None when there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _remove_forgotten(place: str) -> None:
    """Remove what processes that were killed left here: copies of files that nobody else should find."""
    for name in os.listdir(place):
        number = name.removeprefix(_PREFIX).partition("-")[0]
        if name.startswith(_PREFIX) and number.isdecimal() and os.name != "nt":
            with contextlib.suppress(OSError):  # others tidy up too
                path = os.path.join(place, name)
                found = os.lstat(path)
                is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
                if is_ours and time.time() - found.st_mtime > _FORGOTTEN_SECONDS and not is_alive(int(number)):
                    shutil.rmtree(path, ignore_errors=True)


def has_attributes(places: Places, paths: Iterable[bytes]) -> bool:
    """Whether there is any file that gives attributes to one of ``paths`` (relative to the top)."""
    folders = {b""}
    for path in paths:
        while path:
            path = path.rpartition(b"/")[0]
            if path in folders:
                break
            folders.add(path)
    top = os.fsencode(places.top)
    files = [os.path.join(top, folder, b".gitattributes") for folder in folders]
    files.append(os.fsencode(os.path.join(places.common_dir, "info", "attributes")))
    files.append(os.fsencode(_user_file("attributes")))
    return any(os.path.lexists(file) for file in files)


def _user_file(name: str) -> str:
    """What git reads of the user's own when nothing else is named."""
    return os.path.join(os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config"), "git", name)


def _place_outside(top: str) -> str:
    """A folder for temporary files that is not in the work tree, if there is any."""
    usual = tempfile.gettempdir()
    root = os.path.join(os.path.realpath(top), "")
    for place in (usual, *_BESIDE):
        if (
            os.path.isdir(place)
            and os.access(place, os.W_OK)
            and not (os.path.realpath(place) + os.sep).startswith(root)
        ):
            return place
    return usual


def _is_on(value: str | None) -> bool:
    return value is not None and value.lower() in ("true", "yes", "on", "1")


def _choose(settings: Mapping[str, str], top: str) -> dict[str, str]:
    """Those that are taken over; files that they name are regular ones, or none: git would read a device to its end."""
    chosen = {key: value for key, value in settings.items() if key in _COPIED}
    for key, name in _DEFAULTS.items():
        path = os.path.join(top, os.path.expanduser(chosen.get(key) or _user_file(name)))
        chosen[key] = path if os.path.isfile(path) and os.path.getsize(path) <= _MOST_READ else os.devnull
    return chosen


def _write_config(settings: Mapping[str, str]) -> bytes:
    lines = []
    for key, value in settings.items():
        section, _, name = key.partition(".")
        text = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        lines.append(f'[{section}]\n\t{name} = "{text}"\n')
    return os.fsencode("".join(lines))


def _quote(path: str) -> str:
    """A path as git reads it from a list of object folders."""
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _as_pattern(path: str) -> bytes:
    """A path as a pattern of what is ignored: ``?`` stands for whatever could mean something else."""
    return bytes(byte if byte in _PLAIN else ord("?") for byte in os.fsencode(path.replace(os.sep, "/")))


def _shared_indexes(git_dir: str) -> list[str]:
    return [name for name in os.listdir(git_dir) if name.startswith("sharedindex.")]


def _read(path: str) -> bytes:
    """A small file of the repository's; empty when it is not there or no regular file."""
    try:
        with open_regular(path) as file:
            return file.read(_MOST_READ)
    except OSError:
        return b""


_MOST_READ = 1 << 24
_MOST_COPIED = 1 << 29
"""Bytes of an index: one of a million files has 100 MB."""


def _copy(source: str, target: Path) -> None:
    try:
        with open_regular(source) as file, open(target, "wb") as copy:
            found = os.fstat(file.fileno())
            if found.st_size > _MOST_COPIED:
                raise OSError(errno.EFBIG, "it is too large to be copied", source)
            shutil.copyfileobj(file, copy, 1 << 20)
    except FileNotFoundError:
        target.unlink(missing_ok=True)
        return
    os.utime(target, ns=(found.st_atime_ns, found.st_mtime_ns))
