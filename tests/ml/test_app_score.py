"""Scores of a file's rows and of a command that was just captured."""

from __future__ import annotations

import csv
import json
import math
import re
import stat
from pathlib import Path

import msgspec
import pytest

from tachograph.app.commands.dataset import DatasetRow, read_dataset, write_dataset
from tachograph.app.ml.active import put_to_use
from tachograph.app.ml.models import hash_model, keep_model, load_model, save_model
from tachograph.app.ml.score import score_dataset
from tachograph.app.ml.score_event import score_event
from tachograph.app.ml.train import TrainRequest, train_model
from tachograph.app.workspace import Workspace
from tachograph.capture.store import open_commands
from tachograph.errors import NotFound, TachographError, UsageError
from tachograph.learning.ml.command_features import FEATURES
from tachograph.learning.ml.metadata import IntervalBin
from tests.ml.rows import commands, dataset, store

FIRST = ["command_hash", "duration_ms", "exit_code", "timed_out", "files_touched_count", "lines_added", "lines_deleted"]
CONTRIBUTIONS = [f"contribution_{feature.name}" for feature in FEATURES] + ["contribution_bias"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with rows and two models of them."""
    folder = tmp_path_factory.mktemp("scored")
    rows = dataset(folder / "rows.csv")
    for target in ("productivity", "success"):
        train_model(
            Workspace(folder),
            TrainRequest(target=target, dataset=rows, out_dir=folder / target, n_estimators=20),  # type: ignore[arg-type]
        )
    return folder


def chance_of(log_odds: float) -> float:
    return 100 / (1 + math.exp(-log_odds))


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


class TestFiles:
    """``tacho ml score``."""

    def test_every_row_has_score_interval_and_all_contributions(self, place: Path, tmp_path: Path) -> None:
        out = tmp_path / "scored.csv"
        report = score_dataset(Workspace(tmp_path), place / "productivity", place / "rows.csv", out)
        rows = read_csv(out)
        name = load_model(place / "productivity")[1].name
        assert (report.model, report.rows, report.format, len(rows)) == (name, 300, "csv", 300)
        assert list(rows[0])[:7] == FIRST
        assert list(rows[0])[-len(CONTRIBUTIONS) :] == CONTRIBUTIONS
        assert stat.S_IMODE(out.stat().st_mode) == 0o600
        for row in rows:
            score, low, high = (float(row[f"predicted_{end}"]) for end in ("productivity", "low", "high"))
            assert 0 <= low <= score <= high <= 100
            moved = {name: float(row[name]) for name in CONTRIBUTIONS}
            assert min(100.0, max(0.0, sum(moved.values()))) == pytest.approx(score, abs=1e-3)
            del moved["contribution_bias"]
            top = max(moved, key=lambda name: abs(moved[name]))
            assert top == f"contribution_{row['top_contribution_feature']}"
            assert float(row["top_contribution_value"]) == moved[top]
            assert (row["model_ref"], row["predicted_kind"]) == (name, "productivity")
        assert sum(report.top_features.values()) == 300
        assert report.mean == pytest.approx(sum(float(row["predicted_productivity"]) for row in rows) / 300)

    def test_the_rows_themselves_stay_as_they_were(self, place: Path, tmp_path: Path) -> None:
        score_dataset(Workspace(tmp_path), place / "productivity", place / "rows.csv", tmp_path / "scored.csv")
        scores = {"predicted_productivity", "predicted_low", "predicted_high", "model_ref", "predicted_kind"}
        scores |= {"top_contribution_feature", "top_contribution_value"}
        blank = dict.fromkeys(scores)
        again = [msgspec.structs.replace(row, **blank) for row in read_dataset(tmp_path / "scored.csv")]  # type: ignore[arg-type]
        before = list(read_dataset(place / "rows.csv"))
        assert [row.command_hash for row in again] == [row.command_hash for row in before]
        assert [msgspec.structs.replace(row, productivity_label=None) for row in again] == [
            msgspec.structs.replace(row, productivity_label=None) for row in before
        ]
        labels = [(one.productivity_label, other.productivity_label) for one, other in zip(again, before, strict=True)]
        assert all(one == pytest.approx(other) for one, other in labels)

    def test_all_formats_say_the_same(self, place: Path, tmp_path: Path) -> None:
        for ending in ("csv", "jsonl", "parquet"):
            report = score_dataset(
                Workspace(tmp_path), place / "productivity", place / "rows.csv", tmp_path / f"rows.{ending}"
            )
            assert report.format == ending
        of_csv, of_jsonl, of_parquet = (
            [msgspec.structs.replace(row, productivity_label=None) for row in read_dataset(tmp_path / f"rows.{ending}")]
            for ending in ("csv", "jsonl", "parquet")
        )
        assert of_csv == of_jsonl == of_parquet
        record = json.loads((tmp_path / "rows.jsonl").read_text().splitlines()[0])
        assert list(record)[-len(CONTRIBUTIONS) :] == CONTRIBUTIONS

    def test_a_chance_of_success_says_that_it_is_one(self, place: Path, tmp_path: Path) -> None:
        report = score_dataset(Workspace(tmp_path), place / "success", place / "rows.csv", tmp_path / "scored.csv")
        assert report.kind == "chance"
        for row in read_csv(tmp_path / "scored.csv"):
            logit = sum(float(row[name]) for name in CONTRIBUTIONS)
            assert row["predicted_kind"] == "chance"
            assert float(row["predicted_productivity"]) == pytest.approx(chance_of(logit), abs=1e-2)

    def test_what_moved_a_chance_most_is_told_in_points_of_it(self, place: Path, tmp_path: Path) -> None:
        """The difference that leaving the feature's contribution out would make; the largest one of all."""
        score_dataset(Workspace(tmp_path), place / "success", place / "rows.csv", tmp_path / "scored.csv")
        for row in read_csv(tmp_path / "scored.csv"):
            moved = {name: float(row[name]) for name in CONTRIBUTIONS}
            logit = sum(moved.values())
            points = {name: chance_of(logit) - chance_of(logit - moved[name]) for name in CONTRIBUTIONS[:-1]}
            top = points[f"contribution_{row['top_contribution_feature']}"]
            assert float(row["top_contribution_value"]) == pytest.approx(top, abs=1e-2)
            assert abs(top) == pytest.approx(max(map(abs, points.values())), abs=1e-2)

    def test_a_chance_that_commands_like_it_contradict_has_no_interval(self, place: Path, tmp_path: Path) -> None:
        """Of all commands, the metadata are made to say, at most half succeeded."""
        model, metadata = load_model(place / "success")
        few = (IntervalBin(None, 240, 0.0, 0.5),)
        save_model(tmp_path / "m", model, msgspec.structs.replace(metadata, intervals=few))
        score_dataset(Workspace(tmp_path), tmp_path / "m", place / "rows.csv", tmp_path / "scored.csv")
        seen = set()
        for row in read_csv(tmp_path / "scored.csv"):
            is_within = float(row["predicted_productivity"]) <= 50
            seen.add(is_within)
            assert (row["predicted_low"], row["predicted_high"]) == (("0.0", "50.0") if is_within else ("", ""))
        assert seen == {True, False}

    def test_formulas_in_cells_are_made_harmless(self, place: Path, tmp_path: Path) -> None:
        rows = [DatasetRow(command_hash="ab", program='=HYPERLINK("x")', exit_code=0)]
        write_dataset(rows, "jsonl", tmp_path / "rows.jsonl")
        score_dataset(Workspace(tmp_path), place / "productivity", tmp_path / "rows.jsonl", tmp_path / "out.csv")
        assert read_csv(tmp_path / "out.csv")[0]["program"] == '\'=HYPERLINK("x")'

    def test_without_a_folder_the_model_in_use_scores(self, place: Path, tmp_path: Path) -> None:
        workspace = Workspace(tmp_path)
        with pytest.raises(NotFound) as caught:
            score_dataset(workspace, None, place / "rows.csv", tmp_path / "out.csv")
        assert caught.value.slug == "no_active_model"
        model, metadata = load_model(place / "success")
        keep_model(workspace, model, metadata)
        put_to_use(tmp_path, "success", metadata.name)
        assert score_dataset(workspace, None, place / "rows.csv", tmp_path / "out.csv").model == metadata.name

    def test_a_file_without_rows_gives_one_without_rows(self, place: Path, tmp_path: Path) -> None:
        (tmp_path / "none.csv").write_text(",".join(FIRST) + "\n")
        report = score_dataset(Workspace(tmp_path), place / "productivity", tmp_path / "none.csv", tmp_path / "out.csv")
        assert (report.rows, report.mean, report.top_features) == (0, None, {})
        assert read_csv(tmp_path / "out.csv") == []

    def test_a_bad_row_leaves_no_file(self, place: Path, tmp_path: Path) -> None:
        (tmp_path / "bad.csv").write_text(",".join(FIRST) + "\nab,1,0,0,1,1,1\nab,x,0,0,1,1,1\n")
        with pytest.raises(TachographError) as caught:
            score_dataset(Workspace(tmp_path), place / "productivity", tmp_path / "bad.csv", tmp_path / "out.csv")
        assert caught.value.slug == "bad_dataset"
        assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.csv"]

    def test_trees_that_would_lead_the_library_astray_are_refused(self, place: Path, tmp_path: Path) -> None:
        """As one that lies in somebody else's repository may have: a node's child is far beyond the last node."""
        model, metadata = load_model(place / "productivity")
        hostile = re.sub(rb'"left_children":\[\d+', b'"left_children":[999999', model, count=1)
        assert hostile != model
        save_model(tmp_path / "m", hostile, msgspec.structs.replace(metadata, model_hash=hash_model(hostile)))
        with pytest.raises(TachographError) as caught:
            score_dataset(Workspace(tmp_path), tmp_path / "m", place / "rows.csv", tmp_path / "out.csv")
        assert caught.value.slug == "model_damaged"

    def test_a_model_of_sessions_scores_no_commands(self, place: Path, tmp_path: Path) -> None:
        model, metadata = load_model(place / "productivity")
        save_model(tmp_path / "m", model, msgspec.structs.replace(metadata, target="session_cost"))
        with pytest.raises(UsageError) as caught:
            score_dataset(Workspace(tmp_path), tmp_path / "m", place / "rows.csv", tmp_path / "out.csv")
        assert caught.value.slug == "other_target"


class TestEvents:
    """What happens in the background after ``tacho run``."""

    @pytest.fixture
    def captured(self, tmp_path: Path) -> str:
        made = commands(3)
        store(tmp_path / "store", made)
        return made[1][0].id

    def test_the_score_is_kept_beside_the_event(self, place: Path, tmp_path: Path, captured: str) -> None:
        workspace = Workspace(tmp_path)
        score = score_event(workspace, tmp_path / "store", captured, place / "productivity")
        assert score is not None
        assert score.kind == "productivity"
        assert (score.event, score.model) == (captured, load_model(place / "productivity")[1].name)
        assert score.low is not None
        assert score.high is not None
        assert 0 <= score.low <= score.score <= score.high <= 100
        with open_commands(tmp_path / "store") as opened:
            assert opened.scores() == [score]

    def test_it_is_the_one_that_a_file_gives(self, place: Path, tmp_path: Path) -> None:
        row = next(iter(read_dataset(place / "rows.csv")))
        store(tmp_path, [commands(seed=1, kind="synthetic")[0]])
        assert row.id is not None
        score = score_event(Workspace(tmp_path), None, row.id, place / "productivity")
        score_dataset(Workspace(tmp_path), place / "productivity", place / "rows.csv", tmp_path / "out.csv")
        first = read_csv(tmp_path / "out.csv")[0]
        assert score is not None
        assert score.score == pytest.approx(float(first["predicted_productivity"]))
        assert (score.top_feature, score.top_value) == (
            first["top_contribution_feature"],
            float(first["top_contribution_value"]),
        )

    def test_a_model_beside_the_store_scores(self, place: Path, tmp_path: Path, captured: str) -> None:
        save_model(tmp_path / "store" / "model-xgb", *load_model(place / "success"))
        score = score_event(Workspace(tmp_path), tmp_path / "store", captured)
        assert score is not None
        assert (score.model, score.kind) == (load_model(place / "success")[1].name, "chance")
        with open_commands(tmp_path / "store") as opened:
            assert opened.scores() == [score]

    def test_without_a_model_nothing_is_kept(self, tmp_path: Path, captured: str) -> None:
        assert score_event(Workspace(tmp_path), tmp_path / "store", captured) is None
        with open_commands(tmp_path / "store") as opened:
            assert opened.scores() == []

    def test_an_event_that_is_not_there(self, place: Path, tmp_path: Path, captured: str) -> None:
        with pytest.raises(NotFound) as caught:
            score_event(Workspace(tmp_path), tmp_path / "store", "evt_none", place / "productivity")
        assert caught.value.slug == "no_such_command"
