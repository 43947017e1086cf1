"""Models as files: a folder each, with ``model.json`` (the trees) and ``metadata.json`` (what is known of them)."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

from tachograph.app.export.write import write_privately
from tachograph.app.ml.active import METADATA_FILE, MODEL_FILE, is_name, model_dir, models_dir, read_active
from tachograph.app.workspace import Workspace
from tachograph.errors import NotFound, TachographError
from tachograph.learning.ml.metadata import Metadata
from tachograph.learning.ml.model_check import LARGEST_MODEL
from tachograph.paths import open_regular, private_dir

_LARGEST_METADATA = 4 << 20
"""Bytes; training writes some 40,000."""


class SavedModel(msgspec.Struct, frozen=True):
    """A model that lies in the models folder."""

    name: str
    folder: Path
    metadata: Metadata | None
    """None: it cannot be used."""
    fault: str = ""
    """Why it cannot be used."""


def load_model(folder: Path) -> tuple[bytes, Metadata]:
    """The model in ``folder`` and its metadata, which names the hash that the model must have.

    What the trees are worth is seen when they are asked. Raises NotFound (``no_model``) when there is none,
    TachographError (``model_damaged``) when the two do not belong together or are of a version that this tacho does not
    know.
    """
    metadata = read_metadata(folder)
    model = _read(folder / MODEL_FILE, LARGEST_MODEL)
    if hash_model(model) != metadata.model_hash:
        raise _damaged(folder, f"{MODEL_FILE} is not the one that {METADATA_FILE} describes")
    return model, metadata


def read_metadata(folder: Path) -> Metadata:
    """What is known of the model in ``folder``. Raises as :func:`load_model`."""
    content = _read(folder / METADATA_FILE, _LARGEST_METADATA)
    try:
        return msgspec.json.decode(content, type=Metadata)
    except msgspec.DecodeError as error:
        raise _damaged(folder, f"{METADATA_FILE} cannot be read: {error}") from error


def save_model(folder: Path, model: bytes, metadata: Metadata) -> None:
    """Write both files, 0600, the folder 0700: a new folder appears whole or not at all.

    Where the folder is there already its files are replaced one by one; if that is interrupted, the two no longer
    belong together, and :func:`load_model` says so. Raises TachographError when it cannot be written.
    """
    try:
        if folder.exists():
            _write_both(folder, model, metadata)
        else:
            _write_anew(folder, model, metadata)
    except OSError as error:
        raise TachographError(f"Cannot write {folder}: {error.strerror or error}.", slug="cannot_write") from error


def keep_model(workspace: Workspace, model: bytes, metadata: Metadata) -> Path:
    """Put a model into the models folder under its own name; return its folder.

    The same model again changes nothing. Raises TachographError (``model_exists``) when another one has that name.
    """
    folder = model_dir(workspace.folder, metadata.name)
    if (folder / MODEL_FILE).is_file():
        if read_metadata(folder).model_hash == metadata.model_hash:
            return folder
        raise TachographError(
            f"There is another model called {metadata.name}.",
            slug="model_exists",
            hint=f"Look at {folder}; a model that is no longer needed can be deleted there.",
        )
    private_dir(workspace.folder)
    private_dir(models_dir(workspace.folder))
    save_model(folder, model, metadata)
    return folder


def find_model(workspace: Workspace, name: str) -> Path:
    """The folder of the model that ``name`` means: a name in the models folder, its unique beginning, else a folder.

    Raises NotFound (``no_model``), TachographError (``model_name``).
    """
    folder = Path(name)
    if len(folder.parts) == 1 and name == folder.name:
        here = (folder / MODEL_FILE).is_file()
        kept = None if here and not is_name(name) else _complete(workspace, model_dir(workspace.folder, name))
        if kept is not None and ((kept / MODEL_FILE).is_file() or not here):
            folder = kept
    if not (folder / MODEL_FILE).is_file():
        raise NotFound(f"There is no model {name}.", slug="no_model", hint="tacho ml status lists the models.")
    return folder


def find_active_model(workspace: Workspace, target: str) -> Path | None:
    """The folder of the model in use for ``target``; None: none is, or it is no longer there."""
    current = read_active(workspace.folder).of(target)
    if current is None:
        return None
    folder = model_dir(workspace.folder, current.name)
    return folder if (folder / MODEL_FILE).is_file() else None


def list_models(workspace: Workspace) -> list[SavedModel]:
    """All models of the models folder, by name; also those that cannot be used, with the reason."""
    return list(_each_model(models_dir(workspace.folder)))


def hash_model(model: bytes) -> str:
    """SHA-256 of a model's bytes, 64 hexadecimal digits."""
    return hashlib.sha256(model).hexdigest()


def _complete(workspace: Workspace, folder: Path) -> Path:
    """``folder``, or the only model whose name begins so."""
    if (folder / MODEL_FILE).is_file():
        return folder
    found = [place for place in models_dir(workspace.folder).glob(f"{folder.name}*") if (place / MODEL_FILE).is_file()]
    if len(found) > 1:
        raise NotFound(
            f"Several models begin with {folder.name}.", slug="no_model", hint="Give more of the name: tacho ml status."
        )
    return found[0] if found else folder


def _each_model(folder: Path) -> Iterator[SavedModel]:
    if not folder.is_dir():
        return
    for place in sorted(folder.iterdir()):
        if place.name.startswith(".") or not place.is_dir():
            continue
        try:
            yield SavedModel(place.name, place, read_metadata(place))
        except TachographError as error:
            yield SavedModel(place.name, place, None, error.message)


def _write_anew(folder: Path, model: bytes, metadata: Metadata) -> None:
    folder = Path(os.path.abspath(folder))
    unfinished = private_dir(folder.with_name(f".{folder.name}.{secrets.token_hex(8)}.part"))
    try:
        _write_both(unfinished, model, metadata)
        os.rename(unfinished, folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _write_both(folder: Path, model: bytes, metadata: Metadata) -> None:
    with write_privately(folder / MODEL_FILE) as stream:
        stream.write(model)
    with write_privately(folder / METADATA_FILE) as stream:
        stream.write(msgspec.json.format(msgspec.json.encode(metadata), indent=1) + b"\n")


def _read(path: Path, limit: int) -> bytes:
    try:
        with open_regular(path) as stream:
            content = stream.read(limit + 1)
    except (FileNotFoundError, NotADirectoryError) as error:
        hint = "tacho ml status lists the models; tacho ml train makes one."
        raise NotFound(
            f"There is no model in {path.parent}: {path.name} is missing.", slug="no_model", hint=hint
        ) from error
    except OSError as error:
        raise TachographError(f"Cannot read {path}: {error.strerror or error}.", slug="cannot_read") from error
    if len(content) > limit:
        raise _damaged(path.parent, f"{path.name} is larger than {limit >> 20} MiB")
    return content


def _damaged(folder: Path, what: str) -> TachographError:
    return TachographError(
        f"The model in {folder} cannot be used: {what}.",
        slug="model_damaged",
        hint="Train or pull it again; tacho ml status shows the others.",
    )
