"""MLflow's model registry as a place of our models: two JSON files with a version, never one of MLflow's own flavours.

A version is a run with two artifacts, and its tags hold their hashes. Nothing of a version is loaded, unpickled or
executed here, and of its artifacts nothing but those two files is fetched.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import msgspec

from tachograph.app.ml.active import METADATA_FILE, MODEL_FILE, Target
from tachograph.app.ml.admission import LARGEST_METADATA
from tachograph.app.ml.offers import ModelFiles, Offer, damaged, hash_file
from tachograph.errors import NotFound, TachographError
from tachograph.learning.ml.model_check import LARGEST_MODEL
from tachograph.mlflow.client import in_our_words, load_mlflow
from tachograph.mlflow.store import Store

EXPERIMENT = "tachograph-models"
"""Where the runs lie that hold the files, unless MLFLOW_EXPERIMENT_NAME names another one."""
_FOLDER = "model"
_LIMITS = {MODEL_FILE: LARGEST_MODEL, METADATA_FILE: LARGEST_METADATA}
_NAME, _MODEL_HASH, _METADATA_HASH = "tachograph.name", "tachograph.model_sha256", "tachograph.metadata_sha256"
_VERSIONS = 200
"""So many of the latest versions are looked at for one with the same files."""
_PATIENCE_SECONDS = 60


class MlflowRegistry:
    """The models registered at a tracking URI, such as that of an MLflow server."""

    kind: Literal["folder", "mlflow", "url"] = "mlflow"

    def __init__(self, uri: str) -> None:
        """Raises TachographError where there is no MLflow, or it does not take the URI."""
        self._store = Store(uri)
        self.uri = self._store.uri
        with in_our_words("MLflow does not open this registry"):
            self._client: Any = load_mlflow().MlflowClient(tracking_uri=uri, registry_uri=uri)

    def offered(self, target: Target, alias: str) -> Offer | None:
        """See :class:`~tachograph.app.ml.offers.Registry`."""
        model = registered_name(target)
        try:
            with in_our_words(f"The registered model {model} cannot be looked up"):
                version = self._client.get_registered_model(model).aliases.get(alias)
        except NotFound:
            return None
        if version is None:
            return None
        with in_our_words(f"Version {version} of {model} cannot be looked up"):
            found = self._client.get_model_version(model, str(version))
        offer = _read_offer(found)
        if offer is None:
            raise damaged(self.uri, f"version {version} of {model} has no hashes, so tacho did not publish it")
        return offer

    def fetch(self, target: Target, offer: Offer) -> ModelFiles:
        """See :class:`~tachograph.app.ml.offers.Registry`."""
        model = registered_name(target)
        with in_our_words(f"Version {offer.version} of {model} cannot be fetched"):
            run = self._client.get_model_version(model, offer.version).run_id
            listed = self._client.list_artifacts(run, _FOLDER) if run else []
        sizes = {one.path: one.file_size for one in listed if not one.is_dir}
        return ModelFiles(*(self._fetch_file(run, f"{_FOLDER}/{file}", sizes, _LIMITS[file]) for file in _LIMITS))

    def _fetch_file(self, run: str, path: str, sizes: dict[str, int | None], largest: int) -> bytes:
        if path not in sizes:
            raise damaged(self.uri, f"{path} is missing")
        if (sizes[path] or 0) > largest:
            raise damaged(self.uri, f"{path} has more than {largest:,} bytes")
        with tempfile.TemporaryDirectory(prefix="tacho-") as folder:
            with in_our_words(f"{path} cannot be fetched"), _files_of_at_most(largest):
                fetched = Path(self._client.download_artifacts(run, path, folder))
            with fetched.open("rb") as stream:
                return stream.read(largest + 1)

    def put(self, target: Target, alias: str, name: str, files: ModelFiles) -> str:
        """See :class:`~tachograph.app.ml.offers.Registry`. The alias is set last."""
        model = registered_name(target)
        self._register(model, target)
        version = self._find(target, name, files) or self._add(model, name, files)
        with in_our_words(f"The alias {alias} of {model} cannot be set"):
            self._client.set_registered_model_alias(model, alias, version)
        return version

    def _register(self, model: str, target: Target) -> None:
        with in_our_words(f"The model {model} cannot be registered"):
            if not self._client.search_registered_models(f"name = '{model}'", max_results=1):
                about = f"What tacho predicts of {target}: trees as JSON, see tacho ml pull."
                self._client.create_registered_model(model, description=about)

    def _find(self, target: Target, name: str, files: ModelFiles) -> str | None:
        """The latest version that holds these very files."""
        model = registered_name(target)
        with in_our_words(f"The versions of {model} cannot be looked up"):
            found = self._client.search_model_versions(f"name = '{model}'", max_results=_VERSIONS)
        wanted = (name, hash_file(files.model), hash_file(files.metadata))
        for one in sorted(found, key=lambda version: int(version.version), reverse=True):
            offer = _read_offer(one)
            if offer is None or (offer.name, offer.model_sha256, offer.metadata_sha256) != wanted:
                continue
            return offer.version if self._holds(target, offer, files) else None
        return None

    def _holds(self, target: Target, offer: Offer, files: ModelFiles) -> bool:
        """Whether the files still are what was published: else they are published anew."""
        try:
            return self.fetch(target, offer) == files
        except TachographError:
            return False

    def _add(self, model: str, name: str, files: ModelFiles) -> str:
        experiment = self._store.experiment(os.environ.get("MLFLOW_EXPERIMENT_NAME") or EXPERIMENT, create=True)
        tags = {_NAME: name, _MODEL_HASH: hash_file(files.model), _METADATA_HASH: hash_file(files.metadata)}
        with tempfile.TemporaryDirectory(prefix="tacho-") as folder, in_our_words(f"{name} cannot be published"):
            run = self._client.create_run(experiment, run_name=name, tags=tags).info
            for file, content in ((MODEL_FILE, files.model), (METADATA_FILE, files.metadata)):
                (Path(folder) / file).write_bytes(content)
                self._client.log_artifact(run.run_id, str(Path(folder) / file), _FOLDER)
            self._client.set_terminated(run.run_id)
            source = f"{run.artifact_uri}/{_FOLDER}"
            added = self._client.create_model_version(
                model, source, run.run_id, tags=tags, await_creation_for=_PATIENCE_SECONDS
            )
        return str(added.version)


def registered_name(target: Target) -> str:
    """What models for ``target`` are called in MLflow."""
    return f"tachograph-{target}"


def _read_offer(version: Any) -> Offer | None:
    """None: its tags are not ours."""
    tags = version.tags
    given = {
        "name": tags.get(_NAME),
        "model_sha256": tags.get(_MODEL_HASH),
        "metadata_sha256": tags.get(_METADATA_HASH),
        "version": str(version.version),
    }
    try:
        return msgspec.convert(given, Offer)
    except msgspec.ValidationError:
        return None


@contextmanager
def _files_of_at_most(size: int) -> Iterator[None]:
    """This process writes no larger file meanwhile: a server may send more than it said."""
    try:
        import resource
    except ImportError:  # Windows: what comes is measured afterwards
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    allowed = [one for one in (soft, hard, size) if one != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_FSIZE, (min(allowed), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
