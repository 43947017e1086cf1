"""Models for many machines: published once under an alias, pulled by every machine, checked before they are kept."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

import msgspec

from tachograph.app.ml.active import METADATA_FILE, MODEL_FILE, Target, model_dir, read_active
from tachograph.app.ml.admission import LARGEST_METADATA, TARGETS, admit, refused
from tachograph.app.ml.engine import need_engine
from tachograph.app.ml.facts import is_made_up, why_not_better
from tachograph.app.ml.folder_registry import FolderRegistry, UrlRegistry
from tachograph.app.ml.models import find_model, keep_model, load_model
from tachograph.app.ml.offers import CHAMPION, ModelFiles, Offer, Registry, check_alias, hash_file
from tachograph.app.ml.status import activate as put_to_use
from tachograph.app.workspace import Workspace
from tachograph.errors import NotFound, TachographError, UsageError
from tachograph.learning.ml.metadata import Metadata
from tachograph.learning.ml.model_check import LARGEST_MODEL
from tachograph.webhook.download import is_safe_address

OpenMlflow = Callable[[str], Registry]
"""MLflow's registry at a tracking URI; ``tachograph.mlflow.models.MlflowRegistry``."""

_PIN = re.compile(r"#sha256=([0-9a-fA-F]{64})$")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+:", re.IGNORECASE)  # one letter and a colon is a drive
_MLFLOWS_OWN = ("databricks", "databricks-uc")


class PublishReport(msgspec.Struct, frozen=True, kw_only=True):
    """A model that everybody can pull now."""

    registry: str
    kind: Literal["folder", "mlflow", "url"]
    alias: str
    target: str
    name: str
    version: str
    """Under which the registry keeps it."""
    before: str | None
    """The version that the alias meant; null: none. The same one: nothing was changed."""
    sha256: str
    """Of ``metadata.json``, which names the hash of the model: ``#sha256=…`` behind the registry's address pins it."""
    made_up: bool
    """It learned from made-up rows alone: what it says tells nothing of anybody's work."""


class PulledModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model that is on this machine now."""

    target: str
    name: str
    version: str
    sha256: str
    """Of its published ``metadata.json``."""
    outcome: Literal["added", "unchanged"]
    """``unchanged``: it was there already."""
    in_use: bool
    better: str = ""
    """Why it does not count as better than a guess; empty: it does."""
    made_up: bool = False
    """It learned from made-up rows alone: what it says tells nothing of anybody's work."""


class PullReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a registry has under an alias."""

    registry: str
    kind: Literal["folder", "mlflow", "url"]
    alias: str
    models: tuple[PulledModel, ...]


def publish(
    workspace: Workspace, name: str, uri: str, alias: str = CHAMPION, *, open_mlflow: OpenMlflow
) -> PublishReport:
    """Publish the model ``name`` (or the one in a folder of that path) and have ``alias`` mean it from then on.

    Raises TachographError: ``not_better`` for a champion that does not beat the baseline, and as :func:`admit`, the
    registry and the models folder do.
    """
    check_alias(alias)
    folder = find_model(workspace, name)
    _, metadata = load_model(folder)
    if metadata.target not in TARGETS:
        raise refused(f"{metadata.target[:60]!r} is nothing that tacho predicts", source=str(folder))
    target = metadata.target
    files = _read_files(folder)
    need_engine()
    admit(target, files, source=str(folder))
    reason = why_not_better(metadata)
    if reason and alias == CHAMPION:
        raise TachographError(
            f"{metadata.name} does not beat the baseline: {reason}.",
            slug="not_better",
            hint="It can be published under another alias, such as --alias candidate.",
            exit_code=1,
        )
    registry, pin = _open(uri, open_mlflow)
    if pin is not None:
        raise UsageError("A registry's address has a hash behind it only for pulling.")
    before = registry.offered(target, alias) if registry.kind != "folder" or Path(registry.uri).is_dir() else None
    version = registry.put(target, alias, metadata.name, files)
    return PublishReport(
        registry=registry.uri, kind=registry.kind, alias=alias, target=target, name=metadata.name, version=version,
        before=None if before is None else before.version, sha256=hash_file(files.metadata),
        made_up=is_made_up(metadata),
    )  # fmt: skip


def pull(
    workspace: Workspace,
    uri: str,
    alias: str = CHAMPION,
    *,
    open_mlflow: OpenMlflow,
    targets: Sequence[Target] = TARGETS,
    activate: bool = False,
) -> PullReport:
    """Fetch what ``alias`` means for each target, and keep it among the models here; with ``activate`` use it, too.

    All are fetched and checked before the first is kept. Raises NotFound (``not_published``) when there is none,
    TachographError as :func:`admit`, the registry, the models folder and activation do.
    """
    check_alias(alias)
    need_engine()
    registry, pin = _open(uri, open_mlflow)
    offers = [(target, offer) for target in targets if (offer := registry.offered(target, alias)) is not None]
    if not offers:
        raise NotFound(
            f"The registry {registry.uri} has no model under the alias {alias}.",
            slug="not_published",
            hint="tacho ml publish puts one there.",
        )
    if pin is not None:
        names = [offer.name for _, offer in offers]
        offers = [(target, offer) for target, offer in offers if offer.metadata_sha256 == pin]
        if not offers:
            why = "it is not the one that was asked for (its hash is another one)"
            raise refused(why, names[0] if len(names) == 1 else "", registry.uri)
    fetched: list[tuple[Offer, ModelFiles, Metadata]] = []
    for target, offer in offers:
        files = registry.fetch(target, offer)
        fetched.append((offer, files, admit(target, files, offer, registry.uri)))
    if activate:
        _check_better([metadata for _, _, metadata in fetched])
    models = [_keep(workspace, offer, files, metadata, activate=activate) for offer, files, metadata in fetched]
    return PullReport(registry=registry.uri, kind=registry.kind, alias=alias, models=tuple(models))


def _open(uri: str, open_mlflow: OpenMlflow) -> tuple[Registry, str | None]:
    """The registry, and the hash that stands behind its address."""
    pinned = _PIN.search(uri)
    bare = uri[: pinned.start()] if pinned else uri
    pin = pinned[1].lower() if pinned else None
    if not bare or "\0" in bare:
        raise UsageError("--registry needs a folder, the address of a web server, or what MLflow takes.")
    return _choose(bare, open_mlflow), pin


def _choose(uri: str, open_mlflow: OpenMlflow) -> Registry:
    """A web address is asked whether it is a plain folder; what is none of ours is MLflow's."""
    if uri.lower().startswith("file:"):
        path = unquote(urlsplit(uri).path)
        return FolderRegistry(Path(path.lstrip("/") if os.name == "nt" else path).absolute())
    if uri in _MLFLOWS_OWN:
        return open_mlflow(uri)
    if _SCHEME.match(uri) is None:
        return FolderRegistry(Path(uri).expanduser().absolute())
    if uri.startswith(("https:", "http:")) and is_safe_address(uri):
        plain = UrlRegistry(uri)
        if plain.is_there():
            return plain
    return open_mlflow(uri)


def _read_files(folder: Path) -> ModelFiles:
    model, metadata = (folder / MODEL_FILE).read_bytes(), (folder / METADATA_FILE).read_bytes()
    if len(model) > LARGEST_MODEL or len(metadata) > LARGEST_METADATA:
        raise refused("it is too large to be published", source=str(folder))
    return ModelFiles(model, metadata)


def _check_better(models: Sequence[Metadata]) -> None:
    for metadata in models:
        reason = why_not_better(metadata)
        if reason:
            raise TachographError(
                f"{metadata.name} does not beat the baseline: {reason}.",
                slug="not_better",
                hint="Nothing was changed here. Without --activate it is fetched and not used.",
                exit_code=1,
            )


def _keep(workspace: Workspace, offer: Offer, files: ModelFiles, metadata: Metadata, *, activate: bool) -> PulledModel:
    was_there = (model_dir(workspace.folder, metadata.name) / MODEL_FILE).is_file()
    keep_model(workspace, files.model, metadata)
    if activate:
        put_to_use(workspace, metadata.name)
    current = read_active(workspace.folder).of(metadata.target)
    return PulledModel(
        target=metadata.target, name=metadata.name, version=offer.version, sha256=offer.metadata_sha256,
        outcome="unchanged" if was_there else "added", in_use=current is not None and current.name == metadata.name,
        better=why_not_better(metadata), made_up=is_made_up(metadata),
    )  # fmt: skip
