"""Scores, their reasons, and models that are none."""

from __future__ import annotations

import json
import sys
import time

import msgspec
import numpy as np
import pytest
import xgboost

from tachograph.errors import TachographError
from tachograph.learning.ml.booster import Model
from tachograph.learning.ml.command_features import FEATURES as COMMAND_FEATURES
from tachograph.learning.ml.command_features import read_features
from tachograph.learning.ml.contributions import contributions
from tachograph.learning.ml.matrix import read_values
from tachograph.learning.ml.metadata import Params
from tachograph.learning.ml.scoring import Scorer
from tachograph.learning.ml.synthetic import generate
from tachograph.learning.ml.table import Feature, Goal, Row, Table
from tachograph.learning.ml.training import Trained, check_params, train
from tests.effort import takes_at_most
from tests.ml.engine_tables import FEATURES, THREADS, numbers, successes

PARAMS = Params(threads=THREADS, n_estimators=40, learning_rate=0.2)


@pytest.fixture(scope="module")
def trained() -> Trained:
    return train(holey(numbers(1, 800)), "number", PARAMS)


@pytest.fixture(scope="module")
def odds() -> Trained:
    return train(holey(successes(1, 800)), "probability", PARAMS)


def holey(table: Table) -> Table:
    """Every seventh value is not known."""
    rows = [
        msgspec.structs.replace(
            row, values=tuple(None if (n + 3 * place) % 7 == 0 else v for place, v in enumerate(row.values))
        )
        for n, row in enumerate(table.rows)
    ]
    return Table(table.features, rows)


@pytest.mark.parametrize("goal", ["number", "probability"])
@pytest.mark.parametrize("depth", [1, 3, 6])
def test_contributions_are_those_of_the_library(goal: Goal, depth: int) -> None:
    """Ours are worked out leaf by leaf; the library's row by row."""
    table = holey(numbers(1, 600) if goal == "number" else successes(1, 600))
    model = train(table, goal, msgspec.structs.replace(PARAMS, max_depth=depth)).model
    x = read_values(table.rows, len(FEATURES))
    theirs = xgboost.Booster(model_file=bytearray(model)).predict(xgboost.DMatrix(x), pred_contribs=True)
    assert np.abs(theirs).max() > 0.5
    np.testing.assert_allclose(contributions(Model(model).trees, x), theirs[:, :-1], atol=1e-4)


def test_contributions_add_up_to_the_prediction(trained: Trained) -> None:
    for said in Scorer(trained.model, trained.metadata).score(holey(numbers(2, 300))):
        assert len(said.contributions) == len(FEATURES) + 1
        assert sum(said.contributions) == pytest.approx(said.prediction, abs=1e-4)


def test_contributions_of_a_probability_add_up_to_its_log_odds(odds: Trained) -> None:
    for said in Scorer(odds.model, odds.metadata).score(successes(2, 300)):
        assert 1 / (1 + np.exp(-sum(said.contributions))) == pytest.approx(said.prediction, abs=1e-5)


def test_the_top_feature_is_the_one_that_moves_most_in_either_direction(trained: Trained) -> None:
    scored = Scorer(trained.model, trained.metadata).score(numbers(2, 300))
    names = [feature.name for feature in FEATURES]
    for said in scored:
        own = said.contributions[:-1]
        assert said.top_value == own[names.index(said.top_feature)]
        assert abs(said.top_value) == max(map(abs, own))
    assert {"strong", "harm"} <= {said.top_feature for said in scored}
    assert min(said.top_value for said in scored) < 0 < max(said.top_value for said in scored)


def test_without_any_effect_there_is_no_top_feature() -> None:
    rows = [msgspec.structs.replace(row, values=(1.0,) * 6) for row in numbers(1, 300).rows]
    model = train(Table(FEATURES, rows), "number", PARAMS)
    said = Scorer(model.model, model.metadata).score(Table(FEATURES, rows[:1]))[0]
    assert (said.top_feature, said.top_value) == ("", 0.0)
    assert said.contributions[-1] == pytest.approx(said.prediction)


def test_no_rows_no_scores(trained: Trained) -> None:
    assert Scorer(trained.model, trained.metadata).score(Table(FEATURES, [])) == []


def test_a_row_is_scored_alike_alone_and_among_others(trained: Trained) -> None:
    scorer, table = Scorer(trained.model, trained.metadata), holey(numbers(2, 50))
    alone = [scorer.score(Table(FEATURES, [row]))[0] for row in table.rows]
    assert alone == scorer.score(table)


def test_values_without_measure_do_not_break_scoring(trained: Trained) -> None:
    odd = (float("inf"), float("-inf"), float("nan"), 1e300, -1e300, None)
    said = Scorer(trained.model, trained.metadata).score(
        Table(FEATURES, [Row("odd", odd, None, None, "", "", 0), Row("none", (None,) * 6, None, None, "", "", 0)])
    )
    assert said[0].contributions == said[1].contributions


def test_rows_with_other_features_are_refused(trained: Trained) -> None:
    other = Table((*FEATURES[:-1], Feature("another", "another")), numbers(1, 10).rows)
    with pytest.raises(TachographError) as refused:
        Scorer(trained.model, trained.metadata).score(other)
    assert refused.value.slug == "model_features"


def test_metadata_of_another_model_is_refused(trained: Trained) -> None:
    fewer = msgspec.structs.replace(trained.metadata, features=FEATURES[:-1])
    with pytest.raises(TachographError) as refused:
        Scorer(trained.model, fewer)
    assert refused.value.slug == "model_damaged"


def first_tree(**changes: object) -> object:
    def change(model: dict[str, object]) -> None:
        tree = model["learner"]["gradient_booster"]["model"]["trees"][0]
        for key, value in changes.items():
            tree[key][0] = value

    return change


BROKEN = [
    ("a way back", first_tree(left_children=0)),
    ("a way out", first_tree(right_children=10_000)),
    ("half a split", first_tree(left_children=-1)),
    ("no such feature", first_tree(split_indices=6)),
    ("a negative feature", first_tree(split_indices=-1)),
    ("no trees", lambda model: model["learner"]["gradient_booster"].clear()),
    ("no learner", lambda model: model.clear()),
]


@pytest.mark.parametrize("change", [case[1] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_a_tampered_model_is_refused(trained: Trained, change: object) -> None:
    model = json.loads(trained.model)
    change(model)
    with pytest.raises(TachographError) as refused:
        Model(json.dumps(model).encode())
    assert refused.value.slug == "model_damaged"


@pytest.mark.parametrize("text", [b"", b"no model", b"\x80\x04pickle", b"[]", b"null", b"[" * 100_000])
def test_what_is_no_model_is_refused_in_silence(text: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(TachographError) as refused:
        Model(text)
    assert refused.value.slug == "model_damaged"
    assert capfd.readouterr() == ("", "")


def test_without_the_library_the_fix_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xgboost", None)
    with pytest.raises(TachographError) as refused:
        train(numbers(1, 300), "number", PARAMS)
    assert (refused.value.slug, refused.value.hint) == ("ml_missing", "pip install 'tachograph[ml]'")


def test_training_and_scoring_print_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    model = train(successes(1, 300), "probability", PARAMS)
    Scorer(model.model, model.metadata).score(successes(2, 10))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_depth": 0}, {"max_depth": 9}, {"n_estimators": 0}, {"n_estimators": 5001}, {"learning_rate": 0.0},
        {"learning_rate": 1.1}, {"learning_rate": float("nan")}, {"seed": -1}, {"seed": 2**31}, {"threads": -1},
    ],
    ids=str,
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(TachographError) as refused:
        check_params(msgspec.structs.replace(Params(), **wrong))
    assert (refused.value.slug, refused.value.exit_code) == ("ml_params", 2)


def test_fifty_thousand_commands_are_scored_with_reasons_in_five_seconds() -> None:
    made = generate(50_000, 42)
    rows = [
        Row(event.id, read_features(event), label.score, label.kind, label.source, event.repo or "", event.executed_at)
        for event, label in made
    ]
    model = train(Table(COMMAND_FEATURES, rows[::10]), "number", Params(threads=THREADS))
    scorer = Scorer(model.model, model.metadata)
    table = Table(COMMAND_FEATURES, rows)
    # The library has threads of its own.
    scored = takes_at_most(5, lambda: scorer.score(table), clock=time.process_time)
    assert len(scored) == 50_000
    assert model.metadata.trees > 100  # it is not fast because it is small
