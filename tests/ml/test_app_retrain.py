"""Comparing models, drift, and training anew what is due."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tachograph.app.commands.dataset import METRICS
from tachograph.app.ml.active import put_to_use, read_active
from tachograph.app.ml.compare import compare_models, unseen
from tachograph.app.ml.drift import report_drift
from tachograph.app.ml.examples import read_examples, stored_examples
from tachograph.app.ml.models import list_models
from tachograph.app.ml.retrain import Failure, Retraining, retrain
from tachograph.app.ml.train import TrainReport, TrainRequest, train_model
from tachograph.app.workspace import Workspace
from tachograph.errors import NotFound, TachographError, UsageError
from tachograph.learning.ml.metadata import Metadata
from tachograph.model import to_datetime
from tests.ml.rows import DAY, LAST, commands, dataset, later, store

SLOW = 400
"""Rows that a model is trained on here."""


def cut(rows: Path, bare: Path) -> Path:
    """The rows of a file with their seven first columns and labels alone."""
    with rows.open(newline="") as stream, bare.open("w", newline="") as out:
        names = [*list(METRICS), "productivity_label", "label_kind"]
        writer = csv.DictWriter(out, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(csv.DictReader(stream))
    return bare


def train(folder: Path, **options: Any) -> TrainReport:
    now = options.pop("now_ms", LAST)
    request = TrainRequest(**{"target": "productivity", "n_estimators": 60, **options})
    return train_model(Workspace(folder), request, now)


def again(folder: Path, days: float = 1, **options: Any) -> Retraining:
    """What came of productivity so many days after the last made-up command."""
    (one,) = retrain(Workspace(folder), ["productivity"], now_ms=LAST + round(days * DAY), **options).targets
    return one


@pytest.fixture(scope="module")
def weak_and_strong(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with 400 labelled commands, a model of one tree of them, and one of 60."""
    folder = tmp_path_factory.mktemp("data")
    store(folder, commands(SLOW))
    for trees in (1, 60):
        train(folder, n_estimators=trees)
    return folder


def by_trees(folder: Path) -> dict[int, Metadata]:
    return {one.metadata.trees: one.metadata for one in list_models(Workspace(folder)) if one.metadata is not None}


class TestComparing:
    """The same rows for both, and none that either has learned from."""

    def test_the_better_model_is_better(self, weak_and_strong: Path) -> None:
        models = by_trees(weak_and_strong)
        strong, weak = models[max(models)], models[1]
        duel = compare_models(Workspace(weak_and_strong), strong.name, weak.name)
        assert duel.better == strong.name
        assert duel.gain.low > 0
        assert duel.gain.value == pytest.approx(duel.second_error - duel.first_error)
        assert (duel.measure, duel.judged_on, duel.rows) == ("mae", ["outcome"], 80)
        turned = compare_models(Workspace(weak_and_strong), weak.name, strong.name)
        assert turned.better == strong.name
        assert turned.gain.value == pytest.approx(-duel.gain.value)

    def test_without_a_second_it_is_the_one_in_use(self, tmp_path: Path) -> None:
        store(tmp_path, commands(SLOW))
        one, other = (train(tmp_path, n_estimators=trees).model.name for trees in (2, 3))
        with pytest.raises(NotFound) as caught:
            compare_models(Workspace(tmp_path), one, None)
        assert caught.value.slug == "no_active_model"
        put_to_use(tmp_path, "productivity", other)
        assert compare_models(Workspace(tmp_path), one, None).second == other

    def test_a_model_is_not_compared_with_itself(self, weak_and_strong: Path) -> None:
        name = by_trees(weak_and_strong)[1].name
        with pytest.raises(UsageError) as caught:
            compare_models(Workspace(weak_and_strong), name, name)
        assert caught.value.slug == "same_model"

    def test_models_of_different_things_are_not_compared(self, weak_and_strong: Path) -> None:
        workspace = Workspace(weak_and_strong)
        place = Path(train(weak_and_strong, target="success", out_dir=weak_and_strong / "elsewhere").folder)
        with pytest.raises(UsageError) as caught:
            compare_models(workspace, by_trees(weak_and_strong)[1].name, str(place))
        assert caught.value.slug == "other_target"

    def test_rows_that_were_learned_from_do_not_judge(self, weak_and_strong: Path) -> None:
        metadata = by_trees(weak_and_strong)[1]
        table = stored_examples(Workspace(weak_and_strong), None, "productivity")
        rows = unseen(table, [metadata])
        assert len(rows) == 80
        assert min(row.at for row in rows) == metadata.parts.cut_at
        half = msgspec.structs.replace(metadata.parts, cut_at=sorted(row.at for row in rows)[40])
        assert len(unseen(table, [metadata, msgspec.structs.replace(metadata, parts=half)])) == 40

    def test_all_real_rows_judge_a_model_of_made_up_ones(self, weak_and_strong: Path, tmp_path: Path) -> None:
        train(tmp_path, dataset=dataset(tmp_path / "rows.csv"))
        (made_up,) = by_trees(tmp_path).values()
        table = stored_examples(Workspace(weak_and_strong), None, "productivity")
        assert len(unseen(table, [made_up])) == SLOW
        real = by_trees(weak_and_strong)[1]
        assert len(unseen(table, [made_up, real])) == 80
        mixed = msgspec.structs.replace(real, rows_by_kind=made_up.rows_by_kind)
        assert unseen(read_examples(tmp_path / "rows.csv", "productivity"), [mixed]) == []

    def test_rows_without_times_prove_nothing(self, weak_and_strong: Path, tmp_path: Path) -> None:
        """What a model has learned from cannot be told then, nor whether such rows are new to another one."""
        workspace, models = Workspace(weak_and_strong), by_trees(weak_and_strong)
        assert compare_models(workspace, models[max(models)].name, models[1].name).new_to_both is True
        with_times = dataset(tmp_path / "rows.csv", SLOW, seed=3)
        without = cut(with_times, tmp_path / "bare.csv")
        names = [train(tmp_path, dataset=without, n_estimators=trees).model.name for trees in (1, 20)]
        for rows, new in ((without, False), (with_times, False)):
            assert compare_models(Workspace(tmp_path), *names, rows).new_to_both is new
        names = [train(tmp_path, dataset=with_times, n_estimators=trees).model.name for trees in (1, 20)]
        assert compare_models(Workspace(tmp_path), *names, with_times).new_to_both is True
        with pytest.raises(TachographError) as caught:
            compare_models(Workspace(tmp_path), *names, without)
        assert "executed_at" in caught.value.hint

    def test_too_few_rows_say_nothing(self, weak_and_strong: Path, tmp_path: Path) -> None:
        names = [one.name for one in by_trees(weak_and_strong).values()]
        few = dataset(tmp_path / "few.csv", rows=20)
        with pytest.raises(TachographError) as caught:
            compare_models(Workspace(weak_and_strong), names[0], names[1], few)
        assert (caught.value.slug, caught.value.exit_code) == ("too_little_data", 1)
        assert "30 are needed" in caught.value.message


class TestDrift:
    """What comes in now against what was learned from."""

    def test_the_rows_of_training_have_not_drifted(self, tmp_path: Path) -> None:
        rows = dataset(tmp_path / "rows.csv", 1000)
        name = train(tmp_path, dataset=rows).model.name
        report = report_drift(Workspace(tmp_path), name, rows)
        assert (report.model, report.rows, report.drifted, report.since) == (name, 1000, [], None)
        assert max(one.psi for one in report.features) < 0.1

    def test_what_takes_longer_has_drifted(self, tmp_path: Path) -> None:
        store(tmp_path, commands(SLOW))
        name = train(tmp_path).model.name
        replace = msgspec.structs.replace
        slow = [
            (replace(event, id=f"{event.id}_", duration_ms=(event.duration_ms or 0) * 50), label)
            for event, label in later(commands(SLOW), 181)
        ]
        store(tmp_path, [(event, replace(label, target="evt_nothing")) for event, label in slow])
        report = report_drift(Workspace(tmp_path), name)
        assert (report.rows, report.drifted) == (SLOW, ["duration_ms"])
        first = report.features[0]
        assert (first.feature, first.title) == ("duration_ms", "duration (ms)")
        assert (first.drifted, first.is_gone) == (True, False)
        assert first.psi > 0.2 > first.by_chance

    def test_what_a_file_does_not_have_is_told_apart(self, tmp_path: Path) -> None:
        rows = dataset(tmp_path / "rows.csv")
        name = train(tmp_path, dataset=rows).model.name
        bare = cut(rows, tmp_path / "bare.csv")
        shifts = {one.feature: one for one in report_drift(Workspace(tmp_path), name, bare).features}
        assert (shifts["commits"].drifted, shifts["commits"].is_gone) == (True, True)
        assert (shifts["lines_added"].drifted, shifts["lines_added"].is_gone) == (False, False)

    def test_nothing_came_in(self, tmp_path: Path) -> None:
        store(tmp_path, commands())
        report = report_drift(Workspace(tmp_path), train(tmp_path).model.name)
        assert (report.rows, report.features, report.drifted) == (0, [], [])

    def test_no_model_is_in_use(self, tmp_path: Path) -> None:
        with pytest.raises(NotFound) as caught:
            report_drift(Workspace(tmp_path), None)
        assert caught.value.slug == "no_active_model"


class TestRetraining:
    """Due or not, better or not; and running it again changes nothing."""

    def test_the_first_model_is_put_to_use_if_it_is_good(self, tmp_path: Path) -> None:
        store(tmp_path, commands(SLOW))
        came = again(tmp_path)
        assert (came.outcome, came.reasons, came.in_use) == ("activated", ["no model is in use"], came.trained)
        assert again(tmp_path).outcome == "not_due"
        assert len(list_models(Workspace(tmp_path))) == 1

    def test_too_little_to_learn_from_is_told_once(self, tmp_path: Path) -> None:
        made = commands(SLOW)
        store(tmp_path, made[:30])
        came = again(tmp_path)
        assert (came.outcome, came.in_use, came.trained) == ("too_little", None, None)
        assert "from: 30 commands with a known outcome or a label, 100 are needed" in came.remark
        failed = Failure(at=to_datetime(LAST + DAY), labels=30, why=came.remark, again_labels=36, again_from=None)
        assert came.failed == failed
        later_on = again(tmp_path, days=2)
        assert (later_on.outcome, later_on.reasons, later_on.failed) == ("not_due", [], failed)
        store(tmp_path, made[:35])
        assert again(tmp_path).outcome == "not_due"
        store(tmp_path, made[:36])
        assert again(tmp_path, dry_run=True).outcome == "due"
        store(tmp_path, made)
        came = again(tmp_path)
        assert (came.outcome, came.failed) == ("activated", None)
        assert again(tmp_path).failed is None

    def test_a_failure_is_no_training(self, tmp_path: Path) -> None:
        """Labels that are needed are counted from it, and so are days; it is told until a model is trained."""
        train(tmp_path, dataset=dataset(tmp_path / "rows.csv", 1000), activate=True)
        store(tmp_path, commands(50, seed=9))
        came = again(tmp_path)
        assert (came.outcome, came.reasons) == ("too_little", ["50 labels, and none is behind the one in use"])
        assert came.failed is not None
        assert (came.failed.again_labels, came.failed.again_from) == (60, to_datetime(LAST + 91 * DAY))
        store(tmp_path, later(commands(5, seed=2), 181))
        told = again(tmp_path, days=90)
        assert (told.outcome, told.failed) == ("not_due", came.failed)
        due = again(tmp_path, days=91, dry_run=True)
        assert (due.outcome, due.reasons) == ("due", ["the last try was 90 days ago"])
        store(tmp_path, later(commands(10, seed=3), 181))
        assert again(tmp_path, dry_run=True).reasons == ["65 labels, 50 when it was tried last, in vain"]
        train(tmp_path, dataset=dataset(tmp_path / "other.csv", 1000, seed=4), activate=True, now_ms=LAST + 2 * DAY)
        assert again(tmp_path, dry_run=True).failed is None

    def test_few_new_labels_do_not_make_it_due(self, tmp_path: Path) -> None:
        store(tmp_path, commands(SLOW))
        train(tmp_path, activate=True)
        store(tmp_path, later(commands(60, seed=2), 181))
        assert again(tmp_path).outcome == "not_due"
        store(tmp_path, later(commands(80, seed=3), 181))
        came = again(tmp_path, dry_run=True)
        assert (came.outcome, came.reasons) == ("due", ["540 labels, 400 at the last training"])
        assert (read_active(tmp_path).trainings, read_active(tmp_path).failures) == ({}, {})

    def test_age_makes_it_due_when_there_is_anything_new(self, tmp_path: Path) -> None:
        store(tmp_path, commands(SLOW))
        train(tmp_path, activate=True)
        assert again(tmp_path, days=100).outcome == "not_due"
        store(tmp_path, later(commands(5, seed=2), 181))
        assert again(tmp_path, days=89).outcome == "not_due"
        came = again(tmp_path, days=90, dry_run=True)
        assert (came.outcome, came.reasons) == ("due", ["the last training was 90 days ago"])

    def test_the_one_in_use_stays_unless_the_new_one_is_better(self, tmp_path: Path) -> None:
        store(tmp_path, commands(SLOW))
        champion = train(tmp_path, activate=True, n_estimators=None).model.name
        store(tmp_path, later(commands(100, seed=2), 181))
        came = again(tmp_path)
        assert (came.outcome, came.in_use) == ("kept", champion)
        assert came.trained != champion
        assert came.duel is not None
        assert came.duel.gain.low <= 0
        current = read_active(tmp_path).of("productivity")
        assert current is not None
        assert current.name == champion
        assert again(tmp_path).outcome == "not_due"

    def test_a_better_one_takes_its_place(self, tmp_path: Path) -> None:
        """The one in use was trained with a single tree."""
        store(tmp_path, commands(SLOW))
        champion = train(tmp_path, n_estimators=1).model.name
        put_to_use(tmp_path, "productivity", champion)
        store(tmp_path, later(commands(100, seed=2), 181))
        came = again(tmp_path)
        assert (came.outcome, came.in_use) == ("activated", came.trained)
        assert came.duel is not None
        assert (came.duel.better, came.duel.second) == (came.trained, champion)
        assert [one.name for one in read_active(tmp_path).targets["productivity"]] == [champion, came.trained]

    def test_drift_makes_it_due(self, tmp_path: Path) -> None:
        store(tmp_path, commands(SLOW))
        train(tmp_path, activate=True)
        replace = msgspec.structs.replace
        new = [
            (replace(event, duration_ms=(event.duration_ms or 0) * 50), label)
            for event, label in later(commands(250, seed=2), 181)
        ]
        store(tmp_path, new[:10])
        store(tmp_path, [(event, replace(label, target="evt_nothing")) for event, label in new[10:]])
        came = again(tmp_path, days=200, dry_run=True)
        assert came.reasons == ["the last training was 200 days ago", "inputs have drifted: duration (ms)"]

    def test_made_up_rows_give_way_to_real_ones(self, tmp_path: Path) -> None:
        train(tmp_path, dataset=dataset(tmp_path / "rows.csv", 1000), activate=True)
        assert again(tmp_path).outcome == "not_due"
        store(tmp_path, commands(30, seed=9))
        assert again(tmp_path).outcome == "too_little"
        store(tmp_path, commands(SLOW))
        came = again(tmp_path)
        assert came.reasons == ["430 labels, 30 when it was tried last, in vain"]
        assert came.duel is not None
        assert came.duel.better is None
        assert (came.outcome, came.in_use) == ("activated", came.trained)

    def test_noise_is_not_put_to_use(self, tmp_path: Path) -> None:
        made = commands()
        labels = [label for _, label in commands(seed=99)]
        replace = msgspec.structs.replace
        store(
            tmp_path, [(event, replace(label, target=event.id)) for (event, _), label in zip(made, labels, strict=True)]
        )
        came = again(tmp_path)
        assert (came.outcome, came.in_use) == ("not_better", None)
        assert "does not beat the baseline" in came.remark
        assert again(tmp_path).outcome == "not_due"

    def test_without_a_target_what_is_in_use_is_looked_at(self, tmp_path: Path) -> None:
        assert retrain(Workspace(tmp_path), None).targets == []
        store(tmp_path, commands(SLOW))
        for target in ("productivity", "success"):
            put_to_use(tmp_path, target, train(tmp_path, target=target).model.name)
        report = retrain(Workspace(tmp_path), None, now_ms=LAST)
        assert [(one.target, one.outcome) for one in report.targets] == [
            ("productivity", "not_due"),
            ("success", "not_due"),
        ]

    def test_a_model_in_use_that_is_gone_is_trained_anew(self, tmp_path: Path) -> None:
        store(tmp_path, commands(SLOW))
        put_to_use(tmp_path, "productivity", "gone")
        assert again(tmp_path).outcome == "activated"


def test_a_damaged_model_in_use_is_told(tmp_path: Path) -> None:
    store(tmp_path, commands(SLOW))
    place = Path(train(tmp_path, activate=True).folder)
    (place / "model.json").write_text("{}")
    with pytest.raises(TachographError) as caught:
        again(tmp_path)
    assert caught.value.slug == "model_damaged"
