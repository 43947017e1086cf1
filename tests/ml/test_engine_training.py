"""Training on data whose truth is known."""

from __future__ import annotations

import math
import random
from bisect import bisect_left

import msgspec
import numpy as np
import pytest

from tachograph.learning.ml import booster
from tachograph.learning.ml.booster import Lesson, grow
from tachograph.learning.ml.matrix import read_matrix, sort_rows
from tachograph.learning.ml.metadata import Metadata, Params
from tachograph.learning.ml.scoring import Scorer
from tachograph.learning.ml.table import Goal, Row, Table
from tachograph.learning.ml.training import Trained, train
from tests.ml.engine_tables import EFFECTS, FEATURES, THREADS, chance, draw, numbers, successes, truth

PARAMS = Params(threads=THREADS, learning_rate=0.15)


@pytest.fixture(scope="module")
def trained() -> Trained:
    return train(numbers(1), "number", PARAMS)


@pytest.fixture(scope="module")
def odds() -> Trained:
    return train(successes(1, 3000), "probability", PARAMS)


# ---------------------------------------------------------------------------------------------- a known truth


@pytest.mark.parametrize("seed", [1, 2])
def test_effects_are_found_in_the_order_of_their_size_and_noise_last(seed: int) -> None:
    model = train(numbers(seed, 3000, noise=2), "number", PARAMS).metadata
    found = [importance.feature for importance in model.importances]
    # the step is six, but all at once; a curve of twelve moves less on average
    assert found[0] == "strong"
    assert set(found[1:3]) == {"harm", "step"}
    assert found[3] == "weak"
    shifts = {importance.feature: importance.mean_shift for importance in model.importances}
    assert max(shifts["noise_1"], shifts["noise_2"]) < shifts["weak"] / 3
    assert 4.5 < shifts["strong"] < 5.5  # of an even 0 to 20: 5


def test_a_model_of_what_can_be_known_beats_both_baselines_on_later_rows_of_other_groups(trained: Trained) -> None:
    held_out = trained.metadata.held_out
    assert trained.metadata.beats_baseline
    assert [(c.baseline, c.measure) for c in held_out.comparisons] == [("constant", "mae"), ("one_rule", "mae")]
    constant, rule = held_out.comparisons
    assert constant.theirs > rule.theirs > held_out.measures["mae"].value
    assert rule.gain.value == pytest.approx(rule.theirs - held_out.measures["mae"].value)
    assert 0 < rule.gain.low < rule.gain.value < rule.gain.high
    assert trained.metadata.rule.startswith("strong: up to 0.")


def test_noise_is_not_learned_by_heart(trained: Trained) -> None:
    """The noise is even from -6 to 6, so that 3.0 is the best there is."""
    held_out = trained.metadata.held_out.measures["mae"]
    assert held_out.low < held_out.value < held_out.high
    assert held_out.value < 3.3
    assert trained.metadata.train_error > 2.6


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_intervals_hold_the_truth_in_90_of_100_fresh_cases(seed: int) -> None:
    model = train(numbers(seed), "number", PARAMS)
    fresh = numbers(seed + 100, 4000)
    scored = Scorer(model.model, model.metadata).score(fresh)
    inside = sum(said.low <= row.label <= said.high for said, row in zip(scored, fresh.rows, strict=True))
    assert 0.87 <= inside / len(scored) <= 0.93


def test_intervals_know_that_repositories_differ() -> None:
    """Each has a level of its own, and a feature by which it could be recognised: new ones are not as sure."""

    def levelled(seed: int, rows: int, groups: int) -> Table:
        dice, levels = random.Random(seed), {}
        table = []
        for number, (group, values, at) in enumerate(draw(seed, rows, groups)):
            level, mark = levels.setdefault(group, (dice.gauss(0, 5), dice.random()))
            label = truth(values) + level + dice.uniform(-6, 6)
            table.append(Row(f"r{number:05d}", (*values[:5], mark), label, "outcome", "made", group, at))
        return Table(FEATURES, table)

    model = train(levelled(1, 2000, 40), "number", PARAMS)
    fresh = levelled(2, 4000, 400)
    scored = Scorer(model.model, model.metadata).score(fresh)
    inside = sum(said.low <= row.label <= said.high for said, row in zip(scored, fresh.rows, strict=True))
    assert 0.84 <= inside / len(scored) <= 0.95
    assert sum(said.high - said.low for said in scored) / len(scored) > 16  # without levels it is 11


def test_coverage_on_the_held_out_rows_is_told(trained: Trained) -> None:
    coverage = trained.metadata.held_out.coverage
    assert coverage is not None
    assert 0.8 < coverage.value < 1
    assert coverage.low <= 0.9 <= coverage.high


def test_a_probability_is_near_the_chance(odds: Trained) -> None:
    fresh = draw(200, 4000)
    scored = Scorer(odds.model, odds.metadata).score(unlabelled(fresh))
    misses = [abs(said.prediction - chance(values)) for said, (_, values, _) in zip(scored, fresh, strict=True)]
    assert sum(misses) / len(misses) < 0.06
    ends = [(said.low, said.prediction, said.high) for said in scored if said.low is not None]
    assert all(0 <= low <= said <= high <= 1 for low, said, high in ends)
    assert len(ends) > 0.85 * len(scored), "hardly any prediction is contradicted by cases like it"


def test_of_cases_alike_the_share_of_successes_lies_within_their_interval(odds: Trained) -> None:
    fresh = draw(201, 8000)
    cuts = [bin_.above for bin_ in odds.metadata.intervals[1:]]
    alike: dict[int, list[float]] = {}
    for said, (_, values, _) in zip(Scorer(odds.model, odds.metadata).score(unlabelled(fresh)), fresh, strict=True):
        alike.setdefault(bisect_left(cuts, said.prediction), []).append(chance(values))
    shares = {number: sum(chances) / len(chances) for number, chances in alike.items()}
    bins = odds.metadata.intervals
    held = sum(len(alike[n]) for n, share in shares.items() if bins[n].low <= share <= bins[n].high)
    assert len(bins) == 26
    assert held / len(fresh) > 0.8  # the model asked has learned of more rows than those that made the intervals


def test_probabilities_are_compared_by_order_and_by_distance(odds: Trained) -> None:
    held_out = odds.metadata.held_out
    assert set(held_out.measures) == {"auc", "brier"}
    assert 0.75 < held_out.measures["auc"].value < 0.95
    assert held_out.measures["brier"].value < 0.2
    compared = [(c.baseline, c.measure) for c in held_out.comparisons]
    assert compared == [("constant", "brier"), ("one_rule", "auc"), ("one_rule", "brier")]
    assert held_out.coverage is None


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_model_of_noise_does_not_beat_the_baseline(seed: int) -> None:
    dice = random.Random(seed)
    rows = [msgspec.structs.replace(row, label=dice.uniform(0, 100)) for row in numbers(seed, 800).rows]
    assert not train(Table(FEATURES, rows), "number", PARAMS).metadata.beats_baseline


def test_a_model_that_only_repeats_the_rule_does_not_beat_it() -> None:
    dice = random.Random(5)
    rows = []
    for row in numbers(5, 1000).rows:
        flag = float(row.values[0] > 0.5)
        label = 50 + 20 * flag + dice.uniform(-6, 6)
        rows.append(msgspec.structs.replace(row, values=(flag, *row.values[1:]), label=label))
    metadata = train(Table(FEATURES, rows), "number", PARAMS).metadata
    constant, rule = metadata.held_out.comparisons
    assert constant.gain.low > 5
    assert rule.gain.low <= 0
    assert not metadata.beats_baseline
    assert metadata.rule.startswith("strong: up to 0 → 5")


def test_calibration_says_what_came_of_each_tenth(trained: Trained) -> None:
    bins = trained.metadata.held_out.calibration
    assert len(bins) == 10
    assert sum(bin_.rows for bin_ in bins) == trained.metadata.held_out.rows
    assert [bin_.predicted for bin_ in bins] == sorted(bin_.predicted for bin_ in bins)
    assert all(abs(bin_.predicted - bin_.actual) < 3 for bin_ in bins)


def test_what_is_known_to_go_one_way_goes_one_way(trained: Trained) -> None:
    steps = [number / 50 for number in range(51)]
    rows = [Row(str(step), (0.5, step, 0.2, 0.5, 0.5, 0.5), None, None, "", "", 0) for step in steps]
    said = [one.prediction for one in Scorer(trained.model, trained.metadata).score(Table(FEATURES, rows))]
    assert said == sorted(said, reverse=True)
    assert said[0] - said[-1] > 6


# ------------------------------------------------------------------------------------------- the same again


def test_the_same_rows_give_the_same_bytes_in_any_order(trained: Trained) -> None:
    shuffled = list(numbers(1).rows)
    random.Random(9).shuffle(shuffled)
    again = train(Table(FEATURES, shuffled), "number", PARAMS)
    assert again.model == trained.model
    assert msgspec.json.encode(again.metadata) == msgspec.json.encode(trained.metadata)


@pytest.mark.parametrize("goal", ["number", "probability"])
def test_the_same_rows_give_the_same_bytes_with_any_number_of_threads(
    goal: Goal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(booster, "MANY_ROWS", 0)
    table = numbers(1, 20_000) if goal == "number" else successes(1, 20_000)
    rows = read_matrix(sort_rows(table), len(FEATURES))
    lesson = Lesson(rows.x, rows.y, np.ones(20_000))
    one, three = (
        grow(lesson, FEATURES, goal, Params(n_estimators=8, max_depth=5, threads=threads)) for threads in (1, 3)
    )
    assert one == three


def test_another_seed_or_another_label_gives_another_model(trained: Trained) -> None:
    table = numbers(1)
    other_seed = train(table, "number", msgspec.structs.replace(PARAMS, seed=43))
    assert other_seed.model != trained.model
    assert other_seed.metadata.data_hash == trained.metadata.data_hash
    first, *rest = table.rows
    changed = train(Table(FEATURES, [msgspec.structs.replace(first, label=1.0), *rest]), "number", PARAMS)
    assert changed.metadata.data_hash != trained.metadata.data_hash


def test_metadata_survives_json(trained: Trained) -> None:
    metadata = trained.metadata
    assert msgspec.json.decode(msgspec.json.encode(metadata), type=Metadata) == metadata
    assert metadata.schema == 1
    assert metadata.library.startswith("xgboost ")
    assert metadata.rows == 1500
    assert [(k.kind, k.rows, k.weight) for k in metadata.rows_by_kind] == [("outcome", 1500, 0.5)]
    assert 1 <= metadata.trees <= PARAMS.n_estimators
    parts = metadata.parts
    assert parts.learned + parts.held_out + parts.left_out == 1500
    assert parts.judged_on == ("outcome",)
    assert [histogram.feature for histogram in metadata.histograms] == list(EFFECTS)


def test_predictions_and_intervals_stay_within_the_limits_of_labels() -> None:
    params = msgspec.structs.replace(PARAMS, lowest=45.0, highest=55.0)
    model = train(numbers(1, 600), "number", params)
    scored = Scorer(model.model, model.metadata).score(numbers(2, 600))
    assert min(said.low for said in scored) == 45.0
    assert max(said.high for said in scored) == 55.0
    assert all(45 <= said.low <= said.prediction <= said.high <= 55 for said in scored)


def test_unknown_values_are_no_obstacle() -> None:
    dice = random.Random(1)
    rows = [
        msgspec.structs.replace(
            row, values=(*(None if dice.random() < 0.2 else value for value in row.values[:4]), None, math.inf)
        )
        for row in numbers(1, 1000).rows
    ]
    model = train(Table(FEATURES, rows), "number", PARAMS)
    assert model.metadata.beats_baseline
    assert [histogram.missing for histogram in model.metadata.histograms][4:] == [model.metadata.parts.learned] * 2


# --------------------------------------------------------------------------------------------- kinds of labels


def test_pseudo_and_synthetic_labels_teach_but_never_judge() -> None:
    real = numbers(1, 500)
    others = [
        msgspec.structs.replace(row, id=f"x{row.id}", kind=kind)
        for kind, seed in (("pseudo", 2), ("synthetic", 3))
        for row in numbers(seed, 500).rows
    ]
    metadata = train(Table(FEATURES, [*real.rows, *others]), "number", PARAMS).metadata
    assert metadata.parts.judged_on == ("outcome",)
    assert metadata.held_out.rows == metadata.parts.held_out <= 100
    kinds = {row.kind: (row.rows, row.weight) for row in metadata.rows_by_kind}
    assert kinds == {"outcome": (500, 0.5), "pseudo": (500, 0.2), "synthetic": (500, 0.05)}
    assert sum(bin_.rows for bin_ in metadata.intervals) <= 400


def test_made_up_labels_together_never_weigh_more_than_the_real_ones() -> None:
    made_up = [
        msgspec.structs.replace(row, id=f"x{row.id}", kind="synthetic", group=f"made-up-{row.group}")
        for row in numbers(2, 6000).rows
    ]
    metadata = train(Table(FEATURES, [*numbers(1, 300).rows, *made_up]), "number", PARAMS).metadata
    # 300 × 0.5 is 150, and so is 6,000 × 0.025
    assert [(row.kind, row.rows, row.weight) for row in metadata.rows_by_kind] == [
        ("outcome", 300, 0.5),
        ("synthetic", 6000, pytest.approx(0.025)),
    ]
    assert metadata.parts.judged_on == ("outcome",)
    assert metadata.beats_baseline


def test_without_a_real_label_synthetic_ones_judge_and_that_is_said() -> None:
    metadata = train(numbers(1, 500, kind="synthetic"), "number", PARAMS).metadata
    assert metadata.parts.judged_on == ("synthetic",)
    assert metadata.held_out.rows >= 50


def unlabelled(drawn: list[tuple[str, tuple[float, ...], int]]) -> Table:
    return Table(
        FEATURES, [Row(str(n), values, None, None, "", group, at) for n, (group, values, at) in enumerate(drawn)]
    )
