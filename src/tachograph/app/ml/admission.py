"""Whether a model from elsewhere may come in: it is what it is said to be, and nothing but numbers."""

from __future__ import annotations

from math import isfinite
from typing import get_args

import msgspec

from tachograph.app.ml.active import COMMAND_TARGETS, Target, check_name, is_name
from tachograph.app.ml.models import hash_model
from tachograph.app.ml.offers import ModelFiles, Offer, hash_file
from tachograph.errors import TachographError
from tachograph.learning.ml.metadata import Metadata
from tachograph.learning.ml.model_check import ModelRefused, check_model
from tachograph.learning.ml.table import Feature, Row, Table

LARGEST_METADATA = 1 << 20
"""Bytes; there are some 40,000."""
TARGETS: tuple[Target, ...] = get_args(Target)
_SCHEMA = 1


def admit(target: Target, files: ModelFiles, offer: Offer | None = None, source: str = "") -> Metadata:
    """What is known of the model in ``files``, if it can be used for ``target`` and is the one that was offered.

    Raises TachographError: ``model_refused`` with the reason, the offer's name and the ``source``, the registry's
    address or a folder; ``ml_missing`` where models cannot be used at all.
    """
    try:
        return _check(target, files, offer)
    except ModelRefused as fault:
        raise refused(str(fault), "" if offer is None else offer.name, source) from fault


def refused(why: str, name: str = "", source: str = "") -> TachographError:
    """A model that is not taken (``model_refused``): the one called ``name``, from ``source``."""
    called = (f" {name}" if is_name(name) else f" {name[:80]!r}") if name else ""
    return TachographError(
        f"The model{called}{f' of {source}' if source else ''} was refused: {why}.",
        slug="model_refused",
        hint="Nothing was changed here. Ask whoever published it.",
    )


def _check(target: Target, files: ModelFiles, offer: Offer | None) -> Metadata:
    if offer is not None:
        _check_hashes(files, offer)
    metadata = _read_metadata(files)
    _check_about(metadata, target, offer)
    if hash_model(files.model) != metadata.model_hash:
        raise ModelRefused("its trees are not the ones that its metadata describes")
    _check_features(metadata, features_of(target))
    check_model(files.model, len(metadata.features))
    _try_it(files.model, metadata)
    return metadata


def features_of(target: Target) -> tuple[Feature, ...]:
    """What this version can tell a model for ``target``."""
    if target in COMMAND_TARGETS:
        from tachograph.learning.ml.command_features import FEATURES

        return FEATURES
    from tachograph.learning.ml import session_features

    return session_features.FEATURES


def _check_hashes(files: ModelFiles, offer: Offer) -> None:
    pairs = (("trees", files.model, offer.model_sha256), ("metadata", files.metadata, offer.metadata_sha256))
    for part, content, promised in pairs:
        if hash_file(content) != promised:
            raise ModelRefused(f"its {part} are not the published ones (their hash is another one)")


def _read_metadata(files: ModelFiles) -> Metadata:
    if len(files.metadata) > LARGEST_METADATA:
        raise ModelRefused(f"its metadata have more than {LARGEST_METADATA:,} bytes")
    try:
        return msgspec.json.decode(files.metadata, type=Metadata)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ModelRefused("its metadata are not those of a model that this version knows") from error


def _check_about(metadata: Metadata, target: Target, offer: Offer | None) -> None:
    if metadata.schema != _SCHEMA:
        raise ModelRefused("it is written for another version of tacho")
    if metadata.target != target:
        raise ModelRefused(f"it does not predict {target}")
    try:
        check_name(metadata.name)
    except TachographError as fault:
        raise ModelRefused("its name cannot be a folder's name") from fault
    if offer is not None and metadata.name != offer.name:
        raise ModelRefused("it has another name than the published one")


def _check_features(metadata: Metadata, known: tuple[Feature, ...]) -> None:
    wanted, ours = [one.name for one in metadata.features], [one.name for one in known]
    if wanted == ours:
        return
    strange = [name for name in wanted if name not in ours]
    if strange:
        raise ModelRefused(f"it asks for {strange[0][:60]!r}, which this version of tacho does not know")
    raise ModelRefused("it was made for other features than this version of tacho has")


def _try_it(model: bytes, metadata: Metadata) -> None:
    """The library reads it, and it says something of a row of which nothing is known."""
    from tachograph.learning.ml.scoring import Scorer

    nothing = Row("", (None,) * len(metadata.features), None, None, "", "", 0)
    (scored,) = Scorer(model, metadata).score(Table(metadata.features, [nothing]))
    ends = [end for end in (scored.low, scored.high) if end is not None]
    if not all(map(isfinite, (scored.prediction, *ends, *scored.contributions))):
        raise ModelRefused("what it says is no number")
