"""Models to publish: small ones, trained once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec

from tachograph.app.ml.active import Target
from tachograph.app.ml.examples import to_row
from tachograph.app.ml.models import hash_model, keep_model
from tachograph.app.ml.offers import ModelFiles, Offer, hash_file
from tachograph.app.ml.train import fit
from tachograph.app.workspace import Workspace
from tachograph.learning.ml.command_features import FEATURES
from tachograph.learning.ml.metadata import Metadata, Params
from tachograph.learning.ml.synthetic import generate
from tachograph.learning.ml.table import Table

NOW = 1_767_225_600_000


@cache
def trained(target: Target = "productivity", seed: int = 1) -> tuple[bytes, Metadata]:
    """A model that counts as better than a guess: whether it is does not matter here."""
    rows = [to_row(event, label, target) for event, label in generate(800, seed)]
    params = Params(n_estimators=12, learning_rate=0.3, threads=1)
    model, metadata = fit(Table(FEATURES, rows), target, params, NOW)
    return model, msgspec.structs.replace(metadata, beats_baseline=True)


def keep(workspace: Workspace, target: Target = "productivity", seed: int = 1, **other: Any) -> str:
    """Put such a model into the models folder; its name."""
    model, metadata = trained(target, seed)
    metadata = msgspec.structs.replace(metadata, **other)
    keep_model(workspace, model, metadata)
    return metadata.name


def encoded(metadata: Metadata) -> bytes:
    return msgspec.json.format(msgspec.json.encode(metadata), indent=1) + b"\n"


def files(**other: Any) -> ModelFiles:
    """The files of such a model, its metadata changed."""
    model, metadata = trained()
    return ModelFiles(model, encoded(msgspec.structs.replace(metadata, **other)))


def offer_of(given: ModelFiles) -> Offer:
    name = msgspec.json.decode(given.metadata)["name"]
    return Offer(name, hash_file(given.model), hash_file(given.metadata), "1")


def with_model(change: Callable[[dict[str, Any]], None]) -> ModelFiles:
    """Files whose metadata name the hash of a model that somebody changed: only the model itself tells."""
    record = msgspec.json.decode(trained()[0])
    change(record)
    model = msgspec.json.encode(record)
    return ModelFiles(model, files(model_hash=hash_model(model)).metadata)
