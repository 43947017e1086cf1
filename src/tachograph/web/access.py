"""Who is let in: one-time codes that a command makes, and the cookie that a code turns into.

A code is a file whose name is the code's hash, so that a command needs no connection to the server to make one, and
who can write into the data folder can make one: its owner. To use a code is to delete its file, which succeeds once.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qsl

from tachograph.app.export.write import write_privately
from tachograph.errors import TachographError
from tachograph.paths import private_dir, private_file, tighten
from tachograph.web.guard import OPEN_PATH, Entry
from tachograph.web.neighbours import is_of_another_user

CODE_SECONDS = 10 * 60
"""How long a code can be used."""
COOKIE_SECONDS = 30 * 24 * 3600
"""How long a browser stays let in."""
_CODE_BYTES = 24
_SECRET_BYTES = 32
_CLOCK_SECONDS = 60
"""How far in the future a moment may lie: clocks are set back at times."""


def make_address(folder: Path, port: int) -> str:
    """An address that lets one browser in, once, within CODE_SECONDS. ``folder``: see :func:`serve_folder`.

    Raises TachographError when nothing can be written there.
    """
    codes = _codes(folder)
    code = secrets.token_urlsafe(_CODE_BYTES)
    private_file(codes / _hash(code))
    return f"{plain_address(port)}{OPEN_PATH.lstrip('/')}?code={code}"


def plain_address(port: int) -> str:
    """Where the dashboard is, for a browser that was let in."""
    return f"http://127.0.0.1:{port}/"


def serve_folder(data_folder: Path) -> Path:
    """The server's own folder, 0700. Raises TachographError when it cannot be made, or may be another user's."""
    return _own_folder(private_dir(data_folder) / "serve")


def _own_folder(path: Path) -> Path:
    """``path``, into which nobody else can have put anything: what lies there lets people in."""
    status = os.lstat(private_dir(path))
    if os.name == "posix" and (
        not stat.S_ISDIR(status.st_mode)
        or status.st_uid != os.geteuid()
        or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    ):
        raise TachographError(
            f"{path} may have been filled by somebody else.",
            slug="not_private",
            hint="Look at whose it is, and delete it: tacho serve makes it anew.",
        )
    tighten(path)
    return path


def make_entry(folder: Path, port: int) -> Entry:
    """Whom the server on ``port`` lets in. Raises TachographError when its secret cannot be written."""
    gate = _Gate(folder, port, _load_secret(folder / "secret"))
    return Entry(gate.admits, gate.redeem, is_of_another_user)


class _Gate:
    def __init__(self, folder: Path, port: int, secret: bytes) -> None:
        self._folder = folder
        self._port = port
        self._secret = secret
        self._name = f"tacho_{port}"
        """With the port: to a browser, all servers of one host share their cookies."""

    def admits(self, cookies: bytes) -> bool:
        return any(
            name.strip() == self._name and self._is_valid(value.strip())
            for name, _, value in (one.partition("=") for one in cookies.decode("latin-1").split(";"))
        )

    def _is_valid(self, value: str) -> bool:
        issued, _, given = value.partition(".")
        if not (issued.isascii() and issued.isdecimal() and len(issued) <= 12):
            return False
        if not hmac.compare_digest(given.encode("latin-1"), self._sign(issued).encode()):
            return False
        return -_CLOCK_SECONDS <= time.time() - int(issued) <= COOKIE_SECONDS

    def _sign(self, issued: str) -> str:
        return hmac.new(self._secret, f"tacho serve {self._port} {issued}".encode(), hashlib.sha256).hexdigest()

    def redeem(self, query: bytes) -> str | None:
        codes = [value for name, value in parse_qsl(query.decode("latin-1")) if name == "code"]
        if len(codes) != 1 or not _use(_codes(self._folder) / _hash(codes[0])):
            return None
        issued = str(int(time.time()))
        value = f"{issued}.{self._sign(issued)}"
        return f"{self._name}={value}; Max-Age={COOKIE_SECONDS}; Path=/; HttpOnly; SameSite=Strict"


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode("utf-8", "replace")).hexdigest()


def _codes(folder: Path) -> Path:
    """The folder of codes, without those that are too old."""
    codes = _own_folder(folder / "codes")
    for path in codes.iterdir():
        if not _is_fresh(path):
            with suppress(OSError):  # another process was quicker, or it is nothing of ours
                path.unlink()
    return codes


def _is_fresh(path: Path) -> bool:
    """Whether it is a code that its owner made within CODE_SECONDS."""
    try:
        status = path.lstat()
    except OSError:
        return False
    is_ours = stat.S_ISREG(status.st_mode) and (os.name != "posix" or status.st_uid == os.geteuid())
    return is_ours and -_CLOCK_SECONDS <= time.time() - status.st_mtime <= CODE_SECONDS


def _use(path: Path) -> bool:
    """Whether there was such a code; there is none afterwards."""
    if not _is_fresh(path):
        return False
    try:
        path.unlink()
    except OSError:
        return False
    return True


def _load_secret(path: Path) -> bytes:
    """The key that cookies are signed with; made when there is none, and kept, so that open browsers stay let in."""
    held = private_file(path).read_bytes()
    if len(held) == _SECRET_BYTES:
        return held
    secret = secrets.token_bytes(_SECRET_BYTES)
    with write_privately(path) as out:
        out.write(secret)
    return secret
