"""Files that somebody else wrote: which ones the library of trees gets to see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest
import xgboost

from tachograph.app.ml.admission import LARGEST_METADATA, admit, refused
from tachograph.app.ml.models import hash_model
from tachograph.app.ml.offers import ModelFiles, Offer
from tachograph.errors import TachographError
from tachograph.learning.ml.model_check import LARGEST_MODEL, ModelRefused, check_model
from tachograph.learning.ml.table import Feature
from tests.ml.registry_models import files, offer_of, trained, with_model

WIDTH = len(trained()[1].features)
Change = Callable[[dict[str, Any]], None]


def tree(record: dict[str, Any]) -> dict[str, Any]:
    return record["learner"]["gradient_booster"]["model"]["trees"][0]


def in_tree(field: str, node: int, value: Any) -> Change:
    def change(record: dict[str, Any]) -> None:
        tree(record)[field][node] = value

    return change


def put(*path: str | int, value: Any) -> Change:
    def change(record: dict[str, Any]) -> None:
        for step in path[:-1]:
            record = record[step]
        record[path[-1]] = value

    return change


def first_leaf(record: dict[str, Any]) -> int:
    return tree(record)["left_children"].index(-1)


def circle(record: dict[str, Any]) -> None:
    tree(record)["left_children"][1] = 0


def two_parents(record: dict[str, Any]) -> None:
    tree(record)["left_children"][0] = tree(record)["right_children"][0]


def half_a_leaf(record: dict[str, Any]) -> None:
    tree(record)["left_children"][first_leaf(record)] = 1


def cut_off(record: dict[str, Any]) -> None:
    tree(record)["left_children"][0] = tree(record)["right_children"][0] = -1


MODEL = ("learner", "gradient_booster", "model")
TREE = (*MODEL, "trees", 0)

NOT_SOUND: dict[str, tuple[Change, str]] = {
    "a child beyond the last": (in_tree("left_children", 0, 10_000_000), "a tree is none"),
    "a child before the first": (in_tree("left_children", 0, -5), "a tree is none"),
    "a circle": (circle, "a tree is none"),
    "one child twice": (two_parents, "a tree is none"),
    "half a leaf": (half_a_leaf, "a tree is none"),
    "nodes that hang on nothing": (cut_off, "a tree has parts that hang on nothing"),
    "another parent": (in_tree("parents", 1, 2), "a tree is none"),
    "a root with a parent": (in_tree("parents", 0, 7), "a tree is none"),
    "a feature beyond the last": (in_tree("split_indices", 0, WIDTH), "a tree asks for a feature that is not there"),
    "a feature before the first": (in_tree("split_indices", 0, -1), "a tree asks for a feature that is not there"),
    "a split by categories": (in_tree("split_type", 0, 1), "a tree has parts missing"),
    "categories": (put(*TREE, "categories", value=[1]), "a tree has parts that ours do not have"),
    "a list too short": (put(*TREE, "sum_hessian", value=[1.0]), "a tree has parts missing"),
    "no nodes": (put(*TREE, "left_children", value=[]), "a tree is not what it says"),
    "more nodes than said": (put(*TREE, "tree_param", "num_nodes", value="3000000"), "a tree is not what it says"),
    "deleted nodes": (put(*TREE, "tree_param", "num_deleted", value="1"), "a tree is not what it says"),
    "leaves of vectors": (put(*TREE, "tree_param", "size_leaf_vector", value="9"), "a tree is not what it says"),
    "another number": (put(*TREE, "id", value=1), "a tree is not what it says"),
    "fewer trees than said": (put(*MODEL, "trees", value=[]), "its trees are not as many as it says"),
    "trees of another class": (put(*MODEL, "tree_info", 0, value=7), "its trees are not as many as it says"),
    "rounds": (put(*MODEL, "iteration_indptr", 1, value=99), "its trees are not in the order of their making"),
    "encodings": (put(*MODEL, "cats", "enc", value=[1]), "its trees are not in the order of their making"),
    "another booster": (put("learner", "gradient_booster", "name", value="dart"), "it is a model of another kind"),
    "another objective": (put("learner", "objective", "name", value="rank:map"), "it is a model of another kind"),
    "more features": (
        put("learner", "learner_model_param", "num_feature", value="99"), f"it is not made for its {WIDTH} features"
    ),
    "classes": (
        put("learner", "learner_model_param", "num_class", value="3"), "it predicts more than one number"
    ),
    "several starts": (
        put("learner", "learner_model_param", "base_score", value="[1,2,3]"), "it predicts more than one number"
    ),
    "no features": (
        put("learner", "learner_model_param", "num_feature", value="0"), "it is not made for any features"
    ),
    "names": (put("learner", "feature_names", value=["a"]), "it does not name its features"),
    "a text for a number": (in_tree("left_children", 0, "1"), "it is not the JSON of a model"),
    "nothing of trees": (put("learner", value={}), "it is not the JSON of a model"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "why"), NOT_SOUND.values(), ids=NOT_SOUND.keys())
def test_trees_that_would_end_the_process_do_not_reach_the_library(change: Change, why: str) -> None:
    given = with_model(change)
    with pytest.raises(ModelRefused) as caught:
        check_model(given.model, WIDTH)
    assert str(caught.value) == why
    with pytest.raises(TachographError) as told:
        admit("productivity", given, offer_of(given), "/srv/models")
    name = trained()[1].name
    assert told.value.slug == "model_refused"
    assert told.value.message == f"The model {name} of /srv/models was refused: {why}."


def twice(field: bytes) -> bytes:
    """A name that stands twice: two readers may each believe another one."""
    model = trained()[0]
    return model.replace(b'"%s":' % field, b'"%s":[99999999],"%s":' % (field, field), 1)


@pytest.mark.parametrize(
    "model",
    [
        b"", b"null", b"{}", b"\x80\x04\x95", b"\xff\xfe{", b"{L\x00", trained()[0][:-1], trained()[0] + b"}",
        b'{"learner":' + b"[" * 200_000, twice(b"left_children"),
        trained()[0].replace(b'"num_class":"0"', b'"num_class":NaN'),
    ],
    ids=[
        "empty", "null", "nothing in it", "a pickle", "no text", "binary", "cut", "more", "deep", "twice", "no number",
    ],
)  # fmt: skip
def test_what_is_no_json_of_a_model(model: bytes) -> None:
    with pytest.raises(ModelRefused, match=r"^it is not the JSON of a model$"):
        check_model(model)


def test_our_own_models_pass() -> None:
    for target in ("productivity", "success"):
        model, metadata = trained(target)
        assert check_model(model) == len(metadata.features)
        assert admit(target, ModelFiles(model, msgspec.json.encode(metadata))) == metadata


def test_too_large_a_model_is_not_read() -> None:
    with pytest.raises(ModelRefused, match=r"^it has more than 33,554,432 bytes$"):
        check_model(b" " * (LARGEST_MODEL + 1))


STRANGE = (*trained()[1].features[:-1], Feature("moon_phase", "phase of the moon"))

NOT_OURS: dict[str, tuple[ModelFiles, str]] = {
    "another target": (files(target="success"), "it does not predict productivity"),
    "a newer schema": (files(schema=2), "it is written for another version of tacho"),
    "a name that leads elsewhere": (files(name="../../etc/cron.d/x"), "its name cannot be a folder's name"),
    "no name": (files(name=""), "its name cannot be a folder's name"),
    "a hidden name": (files(name=".ssh"), "its name cannot be a folder's name"),
    "a feature of tomorrow": (
        files(features=STRANGE), "it asks for 'moon_phase', which this version of tacho does not know"
    ),
    "features missing": (
        files(features=trained()[1].features[:-1]), "it was made for other features than this version of tacho has"
    ),
    "features in another order": (
        files(features=trained()[1].features[::-1]), "it was made for other features than this version of tacho has"
    ),
    "another model": (
        ModelFiles(trained(seed=2)[0], files().metadata), "its trees are not the ones that its metadata describes"
    ),
    "no metadata": (
        ModelFiles(trained()[0], b"{}"), "its metadata are not those of a model that this version knows"
    ),
    "deep metadata": (
        ModelFiles(trained()[0], b'{"name": "m", "rule": ' + b"[" * 100_000),
        "its metadata are not those of a model that this version knows",
    ),
    "large metadata": (
        ModelFiles(trained()[0], files().metadata + b" " * LARGEST_METADATA),
        "its metadata have more than 1,048,576 bytes",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("given", "why"), NOT_OURS.values(), ids=NOT_OURS.keys())
def test_models_of_which_something_else_is_wrong(given: ModelFiles, why: str) -> None:
    with pytest.raises(TachographError) as told:
        admit("productivity", given)
    assert (told.value.slug, told.value.message) == ("model_refused", f"The model was refused: {why}.")


def test_trees_for_other_features() -> None:
    matrix = np.random.default_rng(1).random((200, 3))
    model = xgboost.train({"max_depth": 2}, xgboost.DMatrix(matrix, matrix[:, 0]), 3).save_raw("json")
    given = ModelFiles(bytes(model), files(model_hash=hash_model(bytes(model))).metadata)
    with pytest.raises(TachographError) as told:
        admit("productivity", given)
    assert told.value.message == f"The model was refused: it is not made for its {WIDTH} features."


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("model_sha256", "0" * 64, "its trees are not the published ones (their hash is another one)"),
        ("metadata_sha256", "0" * 64, "its metadata are not the published ones (their hash is another one)"),
        ("name", "other", "it has another name than the published one"),
    ],
)
def test_what_was_offered_must_come(field: str, value: str, why: str) -> None:
    offer: Offer = msgspec.structs.replace(offer_of(files()), **{field: value})
    with pytest.raises(TachographError) as told:
        admit("productivity", files(), offer)
    assert told.value.message == f"The model {offer.name} was refused: {why}."


def test_a_refusal_quotes_a_name_that_is_none() -> None:
    assert refused("why", "a\nb" * 99, "/srv").message.startswith("The model 'a\\nba\\nb")
    assert len(refused("why", "a\nb" * 99, "/srv").message) < 200
