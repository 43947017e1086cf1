"""The files of a repository that set-up touches: read and replaced whole, never through a link that leads out."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import msgspec

from tachograph.errors import Busy, TachographError
from tachograph.paths import open_regular
from tachograph.report.sanitise import harmless

MOST_BYTES = 4 << 20
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_OTHER_ENCODINGS = (b"\xff\xfe", b"\xfe\xff")


class FilePlan(msgspec.Struct, frozen=True):
    """What a file is, and what it shall be."""

    name: str
    """As it is shown: from the repository's root where it lies in it."""
    path: Path
    """Absolute, without links."""
    base: Path
    """The folder, without links, that it must lie in."""
    before: bytes | None
    """None: there is no such file."""
    after: bytes | None
    """None: there shall be none."""
    executable: bool = False
    """Of a new file."""

    @property
    def changes(self) -> bool:
        """Whether there is anything to do."""
        return self.after != self.before


def locate(base: Path, name: str | Path) -> Path:
    """The path of a file in the folder ``base`` (without links), links followed.

    Raises TachographError (``link_leads_out``) where that is not within ``base``.
    """
    path = Path(os.path.realpath(base / name))
    if not path.is_relative_to(base) or path == base:
        raise TachographError(
            f"{harmless(str(name))} leads out of {harmless(str(base))}; nothing was written.", slug="link_leads_out"
        )
    return path


def read_text(path: Path) -> bytes | None:
    """What the file holds; None when there is none.

    Raises TachographError (``file_not_editable``) when it cannot be read, is no regular file, no text in UTF-8, or
    larger than 4 MiB.
    """
    try:
        with open_regular(path) as stream:
            content = stream.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise refusal(path, error.strerror or str(error)) from error
    if len(content) > MOST_BYTES:
        raise refusal(path, "it is larger than 4 MiB")
    if content.startswith(_OTHER_ENCODINGS) or b"\0" in content:
        raise refusal(path, "it is not text in UTF-8")
    return content


def refusal(path: Path | str, why: str, hint: str = "") -> TachographError:
    """The error that leaves a file alone."""
    return TachographError(
        f"{harmless(str(path))} is left as it is: {harmless(why)}. Nothing was written.", slug="file_not_editable",
        hint=hint,
    )  # fmt: skip


def write_plan(plan: FilePlan) -> None:
    """Make the file what it shall be, all at once, with the mode that it had.

    Raises Busy when it is no longer what it was when the plan was made, TachographError when it cannot be written.
    """
    if not plan.changes:
        return
    part = plan.path.with_name(f".{plan.path.name}.tacho-part")
    try:
        locate(plan.base, plan.path)
        if plan.after is None:
            _check_unchanged(plan)
            plan.path.unlink(missing_ok=True)
            return
        plan.path.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)  # of a set-up that was killed
        _write_part(part, plan.after, _mode_for(plan))
        _check_unchanged(plan)
        os.replace(part, plan.path)
    except OSError as error:
        raise TachographError(
            f"Cannot write {harmless(str(plan.path))}: {error.strerror or error}.", slug="cannot_write"
        ) from error
    finally:
        _forget(part)


def _write_part(part: Path, content: bytes, mode: int) -> None:
    descriptor = os.open(part, _CREATE, 0o600)
    with open(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(descriptor)
    part.chmod(mode)


def _mode_for(plan: FilePlan) -> int:
    """The file's mode; of a new one what the process gives every new file, for these belong to the project."""
    try:
        return stat.S_IMODE(plan.path.stat().st_mode)
    except FileNotFoundError:
        mask = os.umask(0o077)
        os.umask(mask)
        return 0o777 & ~mask | stat.S_IXUSR if plan.executable else 0o666 & ~mask


def _check_unchanged(plan: FilePlan) -> None:
    if read_text(plan.path) != plan.before:
        raise Busy(
            f"{harmless(plan.name)} was changed meanwhile.", slug="file_changed",
            hint="Run the command again: it goes on where it stopped.",
        )  # fmt: skip


def _forget(part: Path) -> None:
    try:
        part.unlink(missing_ok=True)
    except OSError:  # the folder is not there, or not ours: then there is no part either
        return
