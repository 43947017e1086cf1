"""What a registry of models is: models by what they predict, each under the name of its approval."""

from __future__ import annotations

import hashlib
import re
from typing import Annotated, Literal, Protocol

import msgspec

from tachograph.app.ml.active import Target
from tachograph.errors import TachographError, UsageError

CHAMPION = "champion"
"""The alias of the model that an organisation wants to be used."""
_ALIAS = re.compile(r"(?!latest$|v[0-9]+$)[a-z0-9][a-z0-9_-]{0,62}")

Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
"""64 hexadecimal digits."""


class Offer(msgspec.Struct, frozen=True):
    """Which model an alias means."""

    name: str
    model_sha256: Sha256
    metadata_sha256: Sha256
    version: str
    """Under which the registry keeps it."""


class ModelFiles(msgspec.Struct, frozen=True):
    """A model's two files, as they are."""

    model: bytes
    metadata: bytes


class Registry(Protocol):
    """A place where models are published. All of it raises TachographError, with the reason in one sentence."""

    kind: Literal["folder", "mlflow", "url"]
    uri: str
    """Without a password."""

    def offered(self, target: Target, alias: str) -> Offer | None:
        """The model for ``target`` that ``alias`` means; None: there is none."""

    def fetch(self, target: Target, offer: Offer) -> ModelFiles:
        """The files of an offer, as they lie there: none larger than a model may be, and not checked otherwise."""

    def put(self, target: Target, alias: str, name: str, files: ModelFiles) -> str:
        """Publish a model and then have ``alias`` mean it; return its version. The same files are kept once."""


def hash_file(content: bytes) -> str:
    """SHA-256 of a file's bytes, 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def check_alias(alias: str) -> str:
    """``alias`` itself. Raises UsageError unless every kind of registry takes it."""
    if _ALIAS.fullmatch(alias) is None:
        raise UsageError(
            f"{alias[:100]!r} cannot be an alias.",
            hint="Small letters, digits, hyphens and underscores, such as champion; not latest, v1 …",
        )
    return alias


def damaged(uri: str, what: str) -> TachographError:
    """What lies in a registry cannot be used (``registry_damaged``)."""
    return TachographError(
        f"The registry {uri} cannot be used: {what}.",
        slug="registry_damaged",
        hint="Nothing was changed here. Whoever keeps the registry should look, and publish the model again.",
    )
