"""Training from files, from what is stored, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tachograph.app.commands.dataset import DatasetRow, row_of, write_dataset
from tachograph.app.ml.active import Target, read_active
from tachograph.app.ml.examples import count_without_kind, read_examples, stored_examples, to_row
from tachograph.app.ml.models import load_model
from tachograph.app.ml.train import TrainRequest, choose_params, choose_target, train_model
from tachograph.app.workspace import Workspace
from tachograph.cli._ml import describe_training
from tachograph.errors import TachographError, UsageError
from tachograph.learning.ml.command_features import read_features
from tachograph.learning.ml.metadata import Params
from tachograph.model import CommandLabel
from tachograph.report.text import render
from tests.ml.rows import commands, dataset, store


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return dataset(tmp_path_factory.mktemp("rows") / "rows.csv")


def request(target: Target = "productivity", **options: Any) -> TrainRequest:
    return TrainRequest(target=target, **{"n_estimators": 60, **options})


class TestExamples:
    """A command as a row to learn from."""

    def test_a_row_has_the_commands_features_and_label(self) -> None:
        event, label = commands(1)[0]
        row = to_row(event, label, "productivity")
        assert (row.id, row.at, row.group) == (event.id, event.executed_at, "")
        assert (row.label, row.kind, row.source) == (label.score, "outcome", "seen")
        assert row.values == read_features(event)

    @pytest.mark.parametrize(("score", "label"), [(0, 0.0), (49.9, 0.0), (50, 1.0), (100, 1.0)])
    def test_success_is_a_label_of_50_or_more(self, score: float, label: float) -> None:
        event = commands(1)[0][0]
        assert to_row(event, CommandLabel(event.id, "human", "person", score, 0), "success").label == label

    def test_without_a_label_nothing_is_known_of_it(self) -> None:
        row = to_row(commands(1)[0][0], None, "success")
        assert (row.label, row.kind, row.source) == (None, None, "")

    def test_a_file_gives_the_same_rows_as_a_store(self, tmp_path: Path) -> None:
        made = commands(20)
        store(tmp_path / "data", made)
        replace = msgspec.structs.replace
        cells = [
            replace(row_of(event), productivity_label=label.score, label_kind=label.kind, label_source=label.source)
            for event, label in made
        ]
        write_dataset(cells, "jsonl", tmp_path / "rows.jsonl", labels=True)
        of_file = read_examples(tmp_path / "rows.jsonl", "productivity")
        stored = stored_examples(Workspace(tmp_path / "data"), None, "productivity")
        assert [(row.id, row.label, row.kind, row.at, row.group) for row in of_file.rows] == [
            (row.id, row.label, row.kind, row.at, row.group) for row in stored.rows
        ]

    def test_the_strongest_label_counts(self, tmp_path: Path) -> None:
        event, label = commands(1)[0]
        store(tmp_path, [(event, label), (event, CommandLabel(event.id, "human", "person", 12, 0))])
        (row,) = stored_examples(Workspace(tmp_path), None, "productivity").rows
        assert (row.label, row.kind, row.source) == (12.0, "human", "person")

    def test_only_labelled_commands_are_learned_from(self, tmp_path: Path) -> None:
        made = commands(10)
        store(tmp_path, made[:4])
        with_some = [(event, CommandLabel("evt_other", "human", "person", 1, 0)) for event, _ in made[4:]]
        store(tmp_path, with_some)
        assert len(stored_examples(Workspace(tmp_path), None, "productivity").rows) == 4
        latest = stored_examples(Workspace(tmp_path), None, "productivity", unlabelled_since=made[5][0].executed_at)
        assert [row.id for row in latest.rows] == [event.id for event, _ in made[:4:-1]]

    def test_seven_columns_and_a_label_will_do(self, tmp_path: Path) -> None:
        (tmp_path / "old.csv").write_text(
            "command_hash,duration_ms,exit_code,timed_out,files_touched_count,lines_added,lines_deleted,productivity_label\n"
            "ab,100,0,False,1,2,3,81.5\ncd,,1,0,,,,\n"
        )
        first, second = read_examples(tmp_path / "old.csv", "productivity").rows
        assert (first.label, first.kind, first.source, first.group) == (81.5, "synthetic", "kind not given", "")
        assert (second.label, second.kind) == (None, None)
        assert count_without_kind(read_examples(tmp_path / "old.csv", "productivity")) == 1

    def test_a_label_of_which_no_kind_is_given_counts_as_the_weakest_and_is_told(self, tmp_path: Path) -> None:
        made = [msgspec.structs.replace(row_of(one), productivity_label=label.score) for one, label in commands()]
        write_dataset(made, "csv", tmp_path / "bare.csv", labels=True)
        said = [msgspec.structs.replace(row, label_kind="human") for row in made]
        write_dataset(said, "csv", tmp_path / "said.csv", labels=True)
        bare = request(dataset=tmp_path / "bare.csv", out_dir=tmp_path / "m", n_estimators=5)
        report = train_model(Workspace(tmp_path), bare)
        assert (report.labels_without_kind, report.model.rows_by_kind) == (300, {"synthetic": 300})
        assert report.model.judged_on == ["synthetic"]
        assert "300 labels without a label_kind" in render(describe_training(report), width=300)
        known = train_model(Workspace(tmp_path), msgspec.structs.replace(bare, dataset=tmp_path / "said.csv"))
        assert (known.labels_without_kind, known.model.rows_by_kind) == (0, {"human": 300})
        assert "label_kind" not in render(describe_training(known), width=300)

    @pytest.mark.parametrize(
        ("label", "kind", "said"),
        [
            (101, "human", "productivity_label is 101"),
            (-1, "human", "productivity_label is -1"),
            (5, "x", "label_kind"),
        ],
    )
    def test_labels_that_make_no_sense_are_refused(self, tmp_path: Path, label: float, kind: str, said: str) -> None:
        row = DatasetRow(command_hash="ab", productivity_label=label, label_kind=kind)
        write_dataset([row], "jsonl", tmp_path / "rows.jsonl", labels=True)
        with pytest.raises(TachographError) as caught:
            read_examples(tmp_path / "rows.jsonl", "productivity")
        assert caught.value.slug == "bad_dataset"
        assert "row 1: " + said in caught.value.message


class TestTraining:
    """What is written, and what is put to use."""

    def test_a_model_is_saved_and_not_put_to_use(self, tmp_path: Path, rows: Path) -> None:
        report = train_model(Workspace(tmp_path), request(dataset=rows))
        assert report.folder == str(tmp_path / "models" / report.model.name)
        assert (report.is_active, report.why_not, report.model.beats_baseline) == (False, "", True)
        assert (report.model.rows_by_kind, report.model.judged_on) == ({"synthetic": 300}, ["synthetic"])
        assert read_active(tmp_path).targets == {}
        assert load_model(Path(report.folder))[1].data_hash

    def test_it_is_put_to_use_when_asked(self, tmp_path: Path, rows: Path) -> None:
        report = train_model(Workspace(tmp_path), request(dataset=rows, activate=True))
        current = read_active(tmp_path).of("productivity")
        assert report.is_active
        assert current is not None
        assert (current.name, current.reason) == (report.model.name, "")

    def test_the_same_rows_and_seed_give_the_same_model(self, tmp_path: Path, rows: Path) -> None:
        names = [train_model(Workspace(tmp_path), request(dataset=rows), 10**12).model.name for _ in range(2)]
        other = train_model(Workspace(tmp_path), request(dataset=rows, seed=7), 10**12).model.name
        assert names[0] == names[1] != other

    def test_the_same_trees_of_labels_of_another_kind_are_another_model(self, tmp_path: Path, rows: Path) -> None:
        store(tmp_path, commands())
        made_up, real = (train_model(Workspace(tmp_path), one, 10**12) for one in (request(dataset=rows), request()))
        assert made_up.model.model_hash == real.model.model_hash
        assert made_up.model.name != real.model.name
        assert load_model(Path(real.folder))[1].parts.judged_on == ("outcome",)

    def test_a_folder_of_ones_own(self, tmp_path: Path, rows: Path) -> None:
        out = tmp_path / "mine" / "model"
        report = train_model(Workspace(tmp_path / "data"), request(dataset=rows, out_dir=out))
        assert report.folder == str(out)
        assert json.loads((out / "metadata.json").read_text())["name"] == report.model.name
        assert not (tmp_path / "data" / "models").exists()

    def test_a_folder_of_ones_own_is_copied_to_be_used(self, tmp_path: Path, rows: Path) -> None:
        out, data = tmp_path / "model", tmp_path / "data"
        report = train_model(Workspace(data), request(dataset=rows, out_dir=out, activate=True))
        assert load_model(out) == load_model(data / "models" / report.model.name)

    def test_what_is_stored_here(self, tmp_path: Path) -> None:
        store(tmp_path, commands())
        report = train_model(Workspace(tmp_path), request())
        assert (report.model.rows_by_kind, report.model.judged_on) == ({"outcome": 300}, ["outcome"])

    def test_a_store_in_a_repository(self, tmp_path: Path) -> None:
        store(tmp_path / ".tacho", commands())
        report = train_model(Workspace(tmp_path / "data"), request(path=tmp_path / ".tacho"))
        assert report.model.rows == 300

    def test_success_is_a_probability(self, tmp_path: Path, rows: Path) -> None:
        model = train_model(Workspace(tmp_path), request("success", dataset=rows)).model
        assert (model.goal, sorted(model.measures), model.coverage) == ("probability", ["auc", "brier"], None)

    def test_noise_is_saved_and_not_put_to_use(self, tmp_path: Path) -> None:
        """Labels that have nothing to do with the commands."""
        made = commands()
        labels = [label for _, label in commands(seed=99)]
        replace = msgspec.structs.replace
        store(
            tmp_path, [(event, replace(label, target=event.id)) for (event, _), label in zip(made, labels, strict=True)]
        )
        report = train_model(Workspace(tmp_path), request(activate=True))
        assert (report.is_active, report.model.beats_baseline) == (False, False)
        assert report.why_not.startswith("its gain over a constant (mean error ")
        assert report.why_not.endswith(") is not surely above 0 (95 % intervals)")
        assert load_model(Path(report.folder))[1].beats_baseline is False
        assert read_active(tmp_path).of("productivity") is None


class TestRefusals:
    """Why not, and what is missing."""

    def test_an_empty_store(self, tmp_path: Path) -> None:
        with pytest.raises(TachographError) as caught:
            train_model(Workspace(tmp_path), request())
        assert (caught.value.slug, caught.value.exit_code) == ("too_little_data", 1)
        assert caught.value.message == (
            "There is too little to learn productivity from: 0 commands with a known outcome or a label, 100 are"
            " needed; 0 sessions with such, 5 are needed."
        )
        assert "tacho label review" in caught.value.hint
        assert not (tmp_path / "models").exists()

    def test_too_few_repositories_and_sessions(self, tmp_path: Path) -> None:
        replace = msgspec.structs.replace
        store(tmp_path, [(replace(event, repo="one", session="codex:1"), label) for event, label in commands()])
        with pytest.raises(TachographError) as caught:
            train_model(Workspace(tmp_path), request())
        assert "1 session with such, 5 are needed" in caught.value.message

    def test_sessions_are_not_in_files(self, rows: Path, tmp_path: Path) -> None:
        for use in (
            lambda: train_model(Workspace(tmp_path), request("session_cost", dataset=rows)),
            lambda: read_examples(rows, "session_cost"),
        ):
            with pytest.raises(UsageError):
                use()

    def test_turns_are_of_sessions(self, rows: Path, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="--turns"):
            train_model(Workspace(tmp_path), request(dataset=rows, turns=2))


@pytest.mark.parametrize(
    ("target", "what", "means"),
    [
        ("productivity", None, "productivity"),
        ("success", None, "success"),
        ("session", None, "session_cost"),
        ("session", "success", "session_success"),
        ("session", "waste", "session_waste"),
    ],
)
def test_targets(target: str, what: str | None, means: str) -> None:
    assert choose_target(target, what) == means


def test_what_is_of_sessions() -> None:
    with pytest.raises(UsageError, match="--what"):
        choose_target("success", "cost")


@pytest.mark.parametrize(
    ("target", "bounds"),
    [
        ("productivity", (0, 100)),
        ("success", (None, None)),
        ("session_cost", (0, None)),
        ("session_waste", (None, None)),
    ],
)
def test_labels_have_limits_where_they_are_known(target: Target, bounds: tuple[float | None, float | None]) -> None:
    params = choose_params(TrainRequest(target=target, max_depth=2, learning_rate=0.5, seed=9))
    assert (params.lowest, params.highest) == bounds
    assert (params.max_depth, params.learning_rate, params.seed, params.n_estimators) == (
        2,
        0.5,
        9,
        Params().n_estimators,
    )
