"""Keyed hashes of commands: the same command is recognised, and nobody without the key can guess which one it is."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

import msgspec

from tachograph.errors import TachographError
from tachograph.paths import FILE_MODE, open_regular, private_dir, tighten

KEY_FILE = "commands.key"
HASH_DIGITS = 32
"""128 bits of an HMAC-SHA256: two of a billion different commands collide once in 10^20 histories."""
LEAST_KEY_BYTES = 16
"""A shorter secret could be found by trying."""

_MOST_KEY_BYTES = 4096
_ID_DIGITS = 12
_BETWEEN = b"\x1f"


class Key(msgspec.Struct, frozen=True):
    """A secret that commands are hashed with."""

    id: str
    """12 hexadecimal digits that name the key and do not give it away: two machines of one key have the same."""
    secret: bytes

    def __repr__(self) -> str:
        return f"Key(id={self.id!r})"


def hash_command(argv: Sequence[str], key: Key) -> str:
    """32 hexadecimal digits: HMAC-SHA256 of the arguments, joined by the unit separator, as the system passes them."""
    return _digest(key.secret, _BETWEEN.join(_bytes(word) for word in argv))[:HASH_DIGITS]


def hash_line(line: str, key: Key) -> str:
    """The hash of a command as it was typed: that of the words a shell would make of a plain one.

    So ``pytest -q`` in a log or at a prompt has the hash of ``tacho run -- pytest -q``. A line that is no whole list of
    words (an open quote) is one word.
    """
    try:
        words = shlex.split(line)
    except ValueError:
        words = [line]
    return hash_command(words, key)


def load_key(folder: Path, common: str = "") -> Key:
    """The key of the store in ``folder``, made when there is none; with ``common`` the key in that file instead.

    Raises TachographError: ``bad_key`` for a file that cannot be read or holds too little, ``cannot_write``.
    """
    if common:
        return _read(Path(os.path.abspath(os.path.expanduser(common))))
    path = folder / KEY_FILE
    if not path.exists():
        _make(path)
    elif path.stat().st_mode & 0o077:
        tighten(path)
    return _read(path)


def _make(path: Path) -> None:
    """Put a fresh key there, whole from its first moment on; when another process is faster, its key stays."""
    private_dir(path.parent)
    unfinished = path.with_name(f".{path.name}.{os.urandom(8).hex()}.part")
    try:
        descriptor = os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE_MODE)
        try:
            os.write(descriptor, os.urandom(32).hex().encode() + b"\n")
            _publish(unfinished, path)
        finally:
            os.close(descriptor)
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise TachographError(f"Cannot write {path}: {error.strerror or error}.", slug="cannot_write") from error


def _publish(unfinished: Path, path: Path) -> None:
    try:
        os.link(unfinished, path)
    except FileExistsError:
        return
    except OSError:  # a file system without hard links
        if not path.exists():
            os.replace(unfinished, path)


def _read(path: Path) -> Key:
    try:
        with open_regular(path) as stream:
            secret = stream.read(_MOST_KEY_BYTES).strip()
    except OSError as error:
        raise _bad(path, error.strerror or str(error)) from error
    if len(secret) < LEAST_KEY_BYTES:
        raise _bad(path, f"it holds fewer than {LEAST_KEY_BYTES} bytes")
    return Key(id=_digest(secret, b"id of this key")[:_ID_DIGITS], secret=secret)


def _bad(path: Path, reason: str) -> TachographError:
    return TachographError(
        f"The key file {path} cannot be used: {reason}.",
        slug="bad_key",
        hint="capture.key_file names an organisation's common key; a store's own key that is moved away is made anew.",
    )


def _bytes(word: str) -> bytes:
    """As the system passes it; half a character that a log was cut in counts as it is."""
    return word.encode("utf-8", "surrogateescape" if _was_escaped(word) else "surrogatepass")


def _was_escaped(word: str) -> bool:
    return all("\udc80" <= sign <= "\udcff" for sign in word if "\ud800" <= sign <= "\udfff")


def _digest(secret: bytes, text: bytes) -> str:
    import hmac  # loads OpenSSL: not for who imports this module for its names alone

    return hmac.digest(secret, text, "sha256").hex()
