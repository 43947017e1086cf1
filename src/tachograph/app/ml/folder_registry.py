"""A registry that is a plain folder, which a web server may serve.

``<target>/<alias>.json`` says which model an alias means; the model's files lie in ``<target>/<SHA-256 of its
metadata>/``. No path is ever made of a name that stands in a file.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec

from tachograph.app.ml.active import METADATA_FILE, MODEL_FILE, Target
from tachograph.app.ml.admission import LARGEST_METADATA
from tachograph.app.ml.offers import ModelFiles, Offer, Sha256, damaged, hash_file
from tachograph.errors import TachographError, UsageError
from tachograph.learning.ml.model_check import LARGEST_MODEL
from tachograph.paths import open_regular
from tachograph.webhook.download import Undownloadable, Unreachable, download

MARK_FILE = "tachograph-models.json"
"""Lies at the top and says what the folder is."""
_MARK = b'{"schema": "tachograph.models/1"}\n'
_LARGEST_NOTE = 4096
_FOR_ALL = 0o644
_FOLDER_FOR_ALL = 0o755


class _Note(msgspec.Struct, frozen=True):
    """What an alias's file holds."""

    name: str
    model_sha256: Sha256
    metadata_sha256: Sha256


Read = Callable[[str, int], bytes | None]
"""The file at a relative path, of at most so many bytes; None: there is none. Raises TachographError."""


class UrlRegistry:
    """A folder that a web server serves: models are pulled from it."""

    kind: Literal["folder", "mlflow", "url"] = "url"

    def __init__(self, uri: str) -> None:
        self.uri = uri.rstrip("/")

    def is_there(self) -> bool:
        """Whether the server serves such a folder. Raises TachographError when no server answers."""
        try:
            return download(f"{self.uri}/{MARK_FILE}", _LARGEST_NOTE) == _MARK
        except Unreachable as fault:
            raise self._unreachable(fault) from fault
        except Undownloadable:
            return False

    def offered(self, target: Target, alias: str) -> Offer | None:
        """See :class:`~tachograph.app.ml.offers.Registry`."""
        return _read_offer(self._read, self.uri, target, alias)

    def fetch(self, target: Target, offer: Offer) -> ModelFiles:
        """See :class:`~tachograph.app.ml.offers.Registry`."""
        return _read_files(self._read, self.uri, target, offer)

    def put(self, target: Target, alias: str, name: str, files: ModelFiles) -> str:
        """Raises UsageError."""
        raise UsageError(
            "Models cannot be published to a web address.", hint="Name the folder that the web server serves."
        )

    def _read(self, path: str, largest: int) -> bytes | None:
        try:
            return download(f"{self.uri}/{path}", largest)
        except Undownloadable as fault:
            raise self._unreachable(fault) from fault

    def _unreachable(self, fault: Undownloadable) -> TachographError:
        return TachographError(
            f"The registry {self.uri} cannot be read: {fault}",
            slug="registry_unreachable",
            hint="Nothing was changed here. Look at the address, and whether its server runs.",
        )


class FolderRegistry:
    """A folder that those who may publish can write and everybody can read, such as a shared drive."""

    kind: Literal["folder", "mlflow", "url"] = "folder"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.uri = str(folder)

    def offered(self, target: Target, alias: str) -> Offer | None:
        """See :class:`~tachograph.app.ml.offers.Registry`."""
        if not self._folder.is_dir():
            raise TachographError(
                f"There is no folder {self.uri}.",
                slug="registry_unreachable",
                hint="Nothing was changed here. Is the drive there? tacho ml publish makes the folder.",
            )
        return _read_offer(self._read, self.uri, target, alias)

    def fetch(self, target: Target, offer: Offer) -> ModelFiles:
        """See :class:`~tachograph.app.ml.offers.Registry`."""
        return _read_files(self._read, self.uri, target, offer)

    def put(self, target: Target, alias: str, name: str, files: ModelFiles) -> str:
        """See :class:`~tachograph.app.ml.offers.Registry`. What is new appears whole, the alias last."""
        note = _Note(name, hash_file(files.model), hash_file(files.metadata))
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            place = self._folder / target
            place.mkdir(exist_ok=True)
            _put_folder(place / note.metadata_sha256, files)
            _put_file(place / f"{alias}.json", msgspec.json.format(msgspec.json.encode(note), indent=1) + b"\n")
            if self._read(MARK_FILE, _LARGEST_NOTE) != _MARK:
                _put_file(self._folder / MARK_FILE, _MARK)
        except OSError as error:
            raise TachographError(
                f"Cannot publish to {self.uri}: {error.strerror or error}.", slug="cannot_write"
            ) from error
        return note.metadata_sha256

    def _read(self, path: str, largest: int) -> bytes | None:
        """A pipe or a device in the place of a file is not waited for."""
        try:
            with open_regular(self._folder / path) as stream:
                content = stream.read(largest + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise damaged(self.uri, f"{path} cannot be read ({error.strerror or error})") from error
        if len(content) > largest:
            raise damaged(self.uri, f"{path} has more than {largest:,} bytes")
        return content


def _read_offer(read: Read, uri: str, target: Target, alias: str) -> Offer | None:
    path = f"{target}/{alias}.json"
    content = read(path, _LARGEST_NOTE)
    if content is None:
        return None
    try:
        note = msgspec.json.decode(content, type=_Note)
    except (msgspec.DecodeError, RecursionError) as error:
        raise damaged(uri, f"{path} does not say which model is meant") from error
    return Offer(note.name, note.model_sha256, note.metadata_sha256, note.metadata_sha256)


def _read_files(read: Read, uri: str, target: Target, offer: Offer) -> ModelFiles:
    found: list[bytes] = []
    for file, largest in ((MODEL_FILE, LARGEST_MODEL), (METADATA_FILE, LARGEST_METADATA)):
        path = f"{target}/{offer.metadata_sha256}/{file}"
        content = read(path, largest)
        if content is None:
            raise damaged(uri, f"{path} is missing")
        found.append(content)
    return ModelFiles(*found)


def _put_folder(folder: Path, files: ModelFiles) -> None:
    """Files that are there already and are others, a tampered model, are replaced."""
    if folder.is_dir():
        for file, content in ((MODEL_FILE, files.model), (METADATA_FILE, files.metadata)):
            if not (folder / file).is_file() or (folder / file).read_bytes() != content:
                _put_file(folder / file, content)
        return
    unfinished = folder.with_name(f".{secrets.token_hex(8)}.part")
    try:
        unfinished.mkdir()
        _put_file(unfinished / MODEL_FILE, files.model)
        _put_file(unfinished / METADATA_FILE, files.metadata)
        unfinished.chmod(_FOLDER_FOR_ALL)
        os.rename(unfinished, folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _put_file(path: Path, content: bytes) -> None:
    """Unlike our other files it is meant to be read by others."""
    unfinished = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with unfinished.open("xb") as stream:
            stream.write(content)
        unfinished.chmod(_FOR_ALL)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
