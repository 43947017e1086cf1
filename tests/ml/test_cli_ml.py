"""``tacho ml``: what it prints, writes and refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tachograph.app.commands.dataset import METRICS
from tachograph.app.ml.active import put_to_use
from tachograph.app.ml.models import hash_model, load_model, save_model
from tachograph.app.ml.train import TrainRequest, train_model
from tachograph.app.workspace import Workspace
from tachograph.cli._ml import MADE_UP
from tests.ml.rows import commands, dataset, later, store
from tests.ml.session_histories import Sessions, days_before
from tests.unit.cli.running import SCHEMAS, Tacho, tacho

__all__ = ["tacho"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with rows and a model of them."""
    folder = tmp_path_factory.mktemp("trained")
    request = TrainRequest(
        target="productivity", dataset=dataset(folder / "rows.csv"), out_dir=folder / "model", n_estimators=60
    )
    train_model(Workspace(folder), request)
    return folder


@pytest.fixture
def data(home: Path) -> Path:
    """The data folder."""
    return home / "tachograph"


def ask(tacho: Tacho, *arguments: str, code: int = 0) -> dict[str, Any]:
    """The answer to ``tacho ml … --json``, which follows its schema where one is published."""
    assert tacho("ml", *arguments, "--json") == code, tacho.err
    answer: dict[str, Any] = json.loads(tacho.out)
    name = answer["schema"].removeprefix("tachograph.").removesuffix("/1")
    assert name == f"ml_{arguments[0]}"
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text("utf-8"))
    Draft202012Validator(schema).validate(answer)
    return answer


def words(tacho: Tacho) -> str:
    """What was printed, wherever its lines were broken."""
    return " ".join(tacho.out.split())


def train(tacho: Tacho, *arguments: str, code: int = 0) -> dict[str, Any]:
    """The answer to ``tacho ml train``, with few trees."""
    return ask(tacho, "train", "--n-estimators", "60", *arguments, code=code)


class TestGenerate:
    """Made-up rows."""

    @pytest.mark.parametrize(
        ("name", "options", "form"),
        [
            ("a.csv", [], "csv"),
            ("a.jsonl", [], "jsonl"),
            ("a.parquet", [], "parquet"),
            ("a.txt", [], "csv"),
            ("a.csv", ["--format", "jsonl"], "jsonl"),
        ],
    )
    def test_the_format_is_named_or_follows_the_ending(
        self, tacho: Tacho, tmp_path: Path, name: str, options: list[str], form: str
    ) -> None:
        answer = ask(tacho, "generate", "--out", str(tmp_path / name), "--rows", "7", *options)
        assert (answer["format"], answer["rows"], answer["seed"]) == (form, 7, 42)

    def test_a_dash_is_stdout(self, tacho: Tacho, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        assert tacho("ml", "generate", "--out", str(tmp_path / "a.csv"), "--rows", "3") == 0
        assert tacho("ml", "generate", "--out", "-", "--rows", "3") == 0
        assert tacho.out.encode() == (tmp_path / "a.csv").read_bytes()
        assert tacho("ml", "generate", "--out", "-", "--rows", "3", "--json") == 2
        assert "--json and --out - would both write to stdout." in tacho.err
        assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]

    def test_a_format_that_the_ending_does_not_mean_is_told(self, tacho: Tacho, tmp_path: Path) -> None:
        assert tacho("ml", "generate", "--out", str(tmp_path / "a.csv"), "--rows", "3", "--format", "jsonl") == 0
        assert "is written as jsonl, as --format says, although its ending means csv." in tacho.err

    def test_the_same_seed_gives_the_same_bytes(self, tacho: Tacho, tmp_path: Path) -> None:
        for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
            assert tacho("ml", "generate", "--out", str(tmp_path / name), "--rows", "50", "--seed", seed) == 0
        contents = [(tmp_path / name).read_bytes() for name in "abc"]
        assert contents[0] == contents[1] != contents[2]
        assert "50 made-up rows with labels in" in tacho.out

    def test_it_needs_no_library_of_trees(self, tmp_path: Path) -> None:
        code = (
            "import sys; sys.modules['xgboost'] = sys.modules['numpy'] = None\n"
            "from tachograph.cli._frame import run\n"
            f"sys.exit(run(['ml', 'generate', '--out', {str(tmp_path / 'a.csv')!r}, '--rows', '3']))"
        )
        assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode == 0


class TestTrain:
    """A model, and how good it is."""

    def test_what_people_are_told(self, tacho: Tacho, trained: Path, tmp_path: Path) -> None:
        code = tacho("ml", "train", "--dataset", str(trained / "rows.csv"), "--out-dir", str(tmp_path / "m"))
        assert code == 0
        for said in (
            "Model productivity-",
            "labels         300: 300 synthetic",
            "that it has not seen; judged by synthetic labels",
            "of labels within the 90 % intervals",
            "a constant  mean error",
            "one rule    mean error",
            "moved most by  whether it failed; ",
            MADE_UP,
            "It beats both baselines. tacho ml activate ",
        ):
            assert said in tacho.out or said in words(tacho)
        assert load_model(tmp_path / "m")[1].name in tacho.out

    def test_settings_reach_the_model(self, tacho: Tacho, trained: Path, tmp_path: Path) -> None:
        options = ["--n-estimators", "5", "--max-depth", "2", "--learning-rate", "0.5", "--seed", "3"]
        rows = str(trained / "rows.csv")
        answer = train(tacho, "--dataset", rows, "--out-dir", str(tmp_path / "m"), *options)
        params = load_model(tmp_path / "m")[1].params
        assert (params.n_estimators, params.max_depth, params.learning_rate, params.seed) == (5, 2, 0.5, 3)
        assert answer["model"]["trees"] <= 5
        assert answer["folder"] == str(tmp_path / "m")

    def test_put_to_use_at_once(self, tacho: Tacho, trained: Path, data: Path) -> None:
        answer = train(tacho, "--dataset", str(trained / "rows.csv"), "--activate")
        assert (answer["is_active"], answer["why_not"]) == (True, "")
        assert ask(tacho, "status")["in_use"]["productivity"]["name"] == answer["model"]["name"]

    def test_what_is_stored_here(self, tacho: Tacho, data: Path) -> None:
        store(data, commands())
        answer = train(tacho, "--from-warehouse", "--target", "success")
        assert (answer["model"]["target"], answer["model"]["rows_by_kind"]) == ("success", {"outcome": 300})
        assert train(tacho, "--from-warehouse", "--no-ingest")["model"]["target"] == "productivity"

    def test_a_store_elsewhere(self, tacho: Tacho, tmp_path: Path) -> None:
        store(tmp_path / ".tacho", commands())
        answer = train(tacho, "--from-warehouse", "--path", str(tmp_path / ".tacho"), "--no-ingest")
        assert answer["model"]["rows"] == 300

    @pytest.mark.parametrize("what", ["productivity", "success"])
    def test_too_little_says_what_is_missing(self, tacho: Tacho, what: str) -> None:
        assert tacho("ml", "train", "--from-warehouse", "--target", what) == 1
        told = f"There is too little to learn {what} from: 0 commands with a known outcome or a label, 100 are needed; "
        assert told in tacho.err

    def test_too_few_sessions(self, tacho: Tacho) -> None:
        assert tacho("ml", "train", "--target", "session", "--what", "waste", "--turns", "2") == 1
        told = (
            "There is too little to learn session_waste from: 0 first turns of sessions with a waste that is known, 100"
        )
        assert told in tacho.err
        assert "tacho predict" in tacho.err

    @pytest.mark.parametrize(
        "arguments",
        [
            [],
            ["--dataset", "ROWS", "--from-warehouse"],
            ["--dataset", "ROWS", "--target", "session"],
            ["--from-warehouse", "--what", "cost"],
            ["--from-warehouse", "--turns", "2"],
            ["--from-warehouse", "--max-depth", "9"],
            ["--from-warehouse", "--learning-rate", "0"],
            ["--dataset", "nowhere.csv"],
        ],
    )
    def test_what_makes_no_sense_is_refused(self, tacho: Tacho, trained: Path, arguments: list[str]) -> None:
        filled = [str(trained / "rows.csv") if one == "ROWS" else one for one in arguments]
        assert tacho("ml", "train", *filled) == 2

    @pytest.mark.parametrize(
        ("option", "value", "told"),
        [
            ("--max-depth", "9", "'9' is not a whole number from 1 to 8."),
            ("--max-depth", "1s", "'1s' is not a whole number from 1 to 8."),
            ("--n-estimators", "0.5", "'0.5' is not a whole number from 1 to 5,000."),
            ("--turns", "-1", "'-1' is not a whole number from 1 to 20."),
            ("--learning-rate", "1s", "'1s' is not a number above 0 and up to 1."),
            ("--learning-rate", "0", "'0' is not a number above 0 and up to 1."),
            ("--learning-rate", "nan", "'nan' is not a number above 0 and up to 1."),
        ],
    )
    def test_a_range_is_told(self, tacho: Tacho, option: str, value: str, told: str) -> None:
        assert tacho("ml", "train", "--from-warehouse", option, value) == 2
        assert f"Invalid value for '{option}': {told}" in tacho.err

    def test_a_file_that_is_none(self, tacho: Tacho, tmp_path: Path) -> None:
        (tmp_path / "a.csv").write_text("a,b\n1,2\n")
        assert tacho("ml", "train", "--dataset", str(tmp_path / "a.csv")) == 4
        assert "a.csv, line 1: " in tacho.err


class TestScore:
    """Rows with their scores."""

    def test_rows_are_scored(self, tacho: Tacho, trained: Path, tmp_path: Path) -> None:
        options = ["--model-dir", str(trained / "model"), "--dataset", str(trained / "rows.csv")]
        answer = ask(tacho, "score", *options, "--out", str(tmp_path / "a.csv"))
        assert (answer["rows"], answer["format"]) == (300, "csv")
        assert tacho("ml", "score", *options, "--out", str(tmp_path / "a.csv"), "--format", "jsonl") == 0
        assert "300 rows scored by productivity-" in tacho.out
        assert (tmp_path / "a.csv").read_bytes()[:1] == b"{"

    def test_a_dash_is_stdout(self, tacho: Tacho, trained: Path) -> None:
        options = ["--model-dir", str(trained / "model"), "--dataset", str(trained / "rows.csv"), "--out", "-"]
        assert tacho("ml", "score", *options, "--format", "jsonl") == 0
        assert len([json.loads(line) for line in tacho.out.splitlines()]) == 300
        assert tacho("ml", "score", *options, "--json") == 2

    @pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
    def test_rows_of_a_file_are_not_shown_on_a_terminal(self, trained: Path) -> None:
        """What is in the file could steer it."""
        ours, theirs = os.openpty()
        code = "import sys; from tachograph.cli._frame import run; sys.exit(run(sys.argv[1:]))"
        options = ["--model-dir", str(trained / "model"), "--dataset", str(trained / "rows.csv"), "--out", "-"]
        command = [sys.executable, "-c", code, "ml", "score", *options]
        done = subprocess.run(command, stdout=theirs, stderr=subprocess.PIPE, text=True, check=False)
        os.close(theirs)
        os.close(ours)
        assert done.returncode == 2
        assert "Rows of a file are not shown on a terminal." in done.stderr

    def test_the_rows_themselves_are_not_written_over(self, tacho: Tacho, trained: Path, tmp_path: Path) -> None:
        rows, link = tmp_path / "rows.csv", tmp_path / "link.csv"
        rows.write_bytes((trained / "rows.csv").read_bytes())
        link.symlink_to(rows)
        for out in (rows, link):
            assert (
                tacho("ml", "score", "--model-dir", str(trained / "model"), "--dataset", str(rows), "--out", str(out))
                == 2
            )
            assert "--out is the file that --dataset names" in tacho.err
        assert rows.read_bytes() == (trained / "rows.csv").read_bytes()

    def test_no_model(self, tacho: Tacho, trained: Path, tmp_path: Path) -> None:
        rows, out = ["--dataset", str(trained / "rows.csv")], ["--out", str(tmp_path / "a")]
        assert tacho("ml", "score", *rows, *out) == 3
        assert tacho("ml", "score", "--model-dir", str(tmp_path), *rows, *out) == 3
        assert not (tmp_path / "a").exists()


class TestUse:
    """status, activate, rollback."""

    def test_that_only_made_up_labels_are_behind_it_is_said_each_time(self, tacho: Tacho, trained: Path) -> None:
        for command in (
            ["activate", str(trained / "model")],
            ["activate", "prod"],
            ["status"],
            ["train", "--dataset", str(trained / "rows.csv"), "--seed", "5", "--activate"],
            ["rollback"],
        ):
            assert tacho("ml", *command) == 0
            assert MADE_UP in words(tacho), command
        assert ask(tacho, "status")["in_use"]["productivity"]["made_up"] is True
        name = load_model(trained / "model")[1].name
        assert ask(tacho, "activate", name)["made_up"] is True

    def test_of_known_outcomes_it_is_not_said(self, tacho: Tacho, data: Path) -> None:
        store(data, commands())
        train(tacho, "--from-warehouse", "--no-ingest", "--activate")
        assert tacho("ml", "status") == 0
        assert MADE_UP not in words(tacho)
        assert ask(tacho, "status")["in_use"]["productivity"]["made_up"] is False

    def test_none_in_use_says_what_to_do_next(self, tacho: Tacho, trained: Path, data: Path) -> None:
        """A model of known outcomes goes before a newer one of made-up rows."""
        rows = str(trained / "rows.csv")
        train(tacho, "--dataset", rows, "--n-estimators", "1")
        assert tacho("ml", "status") == 0
        assert "None is in use: none of these beats the baseline. More labels help: tacho label review" in words(tacho)
        made_up = train(tacho, "--dataset", rows)["model"]["name"]
        assert tacho("ml", "status") == 0
        assert f"None is in use: tacho ml activate {made_up} puts the newest good one to use. {MADE_UP}" in words(tacho)
        assert words(tacho).endswith("tacho ml train --from-warehouse learns from what happened here.")
        store(data, commands(seed=2))
        real = train(tacho, "--from-warehouse", "--no-ingest")["model"]["name"]
        train(tacho, "--dataset", rows, "--seed", "5")
        assert tacho("ml", "status") == 0
        assert words(tacho).endswith(f"tacho ml activate {real} puts the newest good one to use.")

    def test_what_judges_sessions_is_a_label(self, tacho: Tacho) -> None:
        assert tacho("ml", "train", "--target", "session", "--what", "success") == 1
        assert "tacho label SESSION --score 0..100 says how a session went" in tacho.err

    def test_sessions_are_named_as_in_training(self, tacho: Tacho, data: Path) -> None:
        assert tacho("ml", "rollback", "--target", "session") == 3
        assert "No model of sessions is in use." in tacho.err
        assert tacho("ml", "rollback", "--what", "cost") == 2
        assert tacho("ml", "retrain", "--what", "cost") == 2
        for what in ("cost", "waste"):
            put_to_use(data, f"session_{what}", f"session-{what}-1")
        assert tacho("ml", "rollback", "--target", "session") == 2
        assert "Models of session_cost and session_waste are in use: --what says which is meant." in tacho.err
        assert ask(tacho, "rollback", "--target", "session", "--what", "waste")["before"] == "session-waste-1"
        assert tacho("ml", "rollback", "--target", "session") == 0
        assert tacho.out == "session_cost: no model is in use any more; it was session-cost-1.\n"

    def test_an_empty_machine(self, tacho: Tacho) -> None:
        assert tacho("ml", "status") == 0
        assert "There is no model yet." in tacho.out
        answer = ask(tacho, "status")
        assert (answer["models"], answer["in_use"]) == ([], {})

    def test_there_and_back(self, tacho: Tacho, trained: Path) -> None:
        """A model from elsewhere is copied, used, left for another one, and gone back to."""
        metadata = load_model(trained / "model")[1]
        answer = ask(tacho, "activate", str(trained / "model"))
        assert (answer["target"], answer["now"], answer["before"]) == ("productivity", metadata.name, None)
        second = train(tacho, "--dataset", str(trained / "rows.csv"), "--seed", "5", "--activate")
        other = second["model"]["name"]
        in_use = ask(tacho, "status")["in_use"]["productivity"]
        assert (in_use["name"], in_use["before"], in_use["is_there"]) == (other, [metadata.name], True)
        assert tacho("ml", "status") == 0
        assert f"productivity: {other} since " in tacho.out
        assert tacho("ml", "rollback") == 0
        assert f"productivity: {metadata.name} is in use now instead of {other}." in words(tacho)
        answer = ask(tacho, "rollback")
        assert (answer["now"], answer["before"]) == (None, metadata.name)
        assert tacho("ml", "rollback") == 3
        assert tacho("ml", "rollback", "--target", "session_cost") == 3

    def test_the_beginning_of_a_name_will_do(self, tacho: Tacho, trained: Path) -> None:
        train(tacho, "--dataset", str(trained / "rows.csv"))
        assert tacho("ml", "activate", "prod") == 0
        assert "is in use now." in tacho.out
        assert tacho("ml", "activate", "prod") == 0
        assert "is in use already." in tacho.out

    def test_one_that_does_not_beat_the_baseline_needs_force(self, tacho: Tacho, trained: Path, data: Path) -> None:
        train(tacho, "--dataset", str(trained / "rows.csv"), "--n-estimators", "1")
        assert tacho("ml", "activate", "prod") == 1
        assert "does not beat the baseline: its gain over one rule (mean error " in tacho.err
        assert ask(tacho, "status")["in_use"] == {}
        answer = ask(tacho, "activate", "prod", "--force")
        assert answer["despite"].startswith("its gain over one rule (mean error ")
        assert tacho("ml", "status") == 0
        assert "Used although its gain over one rule (mean error " in words(tacho)

    def test_training_does_not_put_it_to_use_either(self, tacho: Tacho, trained: Path) -> None:
        rows = str(trained / "rows.csv")
        assert tacho("ml", "train", "--dataset", rows, "--n-estimators", "1", "--activate") == 1
        assert "It is not put to use: its gain over one rule (mean error " in words(tacho)
        assert ask(tacho, "status")["in_use"] == {}

    def test_broken_and_missing_models_are_told(self, tacho: Tacho, trained: Path, data: Path) -> None:
        name = ask(tacho, "activate", str(trained / "model"))["now"]
        (data / "models" / name / "metadata.json").write_text("\x1b[31m")
        assert tacho("ml", "status") == 0
        assert "broken" in tacho.out
        assert "\x1b" not in tacho.out
        assert tacho("ml", "activate", name) == 4
        for path in sorted((data / "models" / name).iterdir()):
            path.unlink()
        (data / "models" / name).rmdir()
        assert ask(tacho, "status")["in_use"]["productivity"]["is_there"] is False
        assert tacho("ml", "status") == 0
        assert "It is not there any more" in tacho.out

    @pytest.mark.parametrize(("name", "code"), [("nothing", 3), ("../x", 3), ("a b", 2), ("\x1b[2J", 2)])
    def test_names_that_mean_nothing(self, tacho: Tacho, name: str, code: int) -> None:
        assert tacho("ml", "activate", name) == code
        assert "\x1b" not in tacho.err


class TestWatching:
    """compare, drift, retrain."""

    def test_compare(self, tacho: Tacho, data: Path) -> None:
        store(data, commands(400))
        names = [
            train(tacho, "--from-warehouse", "--no-ingest", "--n-estimators", trees)["model"]["name"]
            for trees in ("1", "60")
        ]
        answer = ask(tacho, "compare", names[1], names[0], "--no-ingest")
        assert (answer["better"], answer["measure"]) == (names[1], "mae")
        assert tacho("ml", "compare", *names) == 0
        assert f"{names[1]} is better." in tacho.out
        assert "that neither has learned from" in tacho.out
        assert tacho("ml", "compare", names[0]) == 3

    def test_drift(self, tacho: Tacho, trained: Path) -> None:
        model, rows = str(trained / "model"), str(trained / "rows.csv")
        answer = ask(tacho, "drift", model, "--dataset", rows)
        assert (answer["rows"], answer["drifted"]) == (300, [])
        assert tacho("ml", "drift", model, "--dataset", rows) == 0
        assert "Nothing has drifted." in tacho.out
        assert tacho("ml", "drift", model, "--no-ingest") == 0
        assert "Nothing came in that could be compared." in tacho.out
        assert tacho("ml", "drift") == 3

    def test_drift_in_plain_words(self, tacho: Tacho, trained: Path, tmp_path: Path) -> None:
        """All that moved is shown; of the rest it is said how much there is."""
        model = str(trained / "model")
        assert tacho("ml", "drift", model, "--dataset", str(trained / "rows.csv")) == 0
        table, more = tacho.out.splitlines()[2:14], tacho.out.splitlines()[14]
        assert all(line[0].isalpha() for line in table)
        assert more == "and 5 other features, moved no more than by chance"
        (tmp_path / "bare.csv").write_text(",".join(METRICS) + "\n" + "aa,900000,1,1,500,9000,9000\n" * 300)
        answer = ask(tacho, "drift", model, "--dataset", str(tmp_path / "bare.csv"))
        assert len(answer["drifted"]) == 16
        assert {"exit_failed", "commits"} < set(answer["drifted"])
        assert tacho("ml", "drift", model, "--dataset", str(tmp_path / "bare.csv")) == 0
        assert tacho.out.count("drifted: no row has it") == 9
        assert "Drifted: " in tacho.out
        assert "; whether it only reads, by its name; " in words(tacho)
        assert not any(name in tacho.out for name in ("exit_failed", "lines_added", "by_agent"))

    def test_retrain(self, tacho: Tacho, data: Path) -> None:
        assert tacho("ml", "retrain") == 0
        assert "No model is in use: nothing is due." in tacho.out
        store(data, commands(400))
        (due,) = ask(tacho, "retrain", "--target", "productivity", "--dry-run")["targets"]
        assert (due["outcome"], due["reasons"]) == ("due", ["no model is in use"])
        assert tacho("ml", "retrain", "--target", "productivity") == 0
        assert "productivity: was trained, and the new one is in use" in tacho.out
        assert tacho("ml", "retrain") == 0
        assert "productivity: nothing is due" in tacho.out
        assert "failed" not in tacho.out
        store(data, later(commands(100, seed=2), 181))
        (came,) = ask(tacho, "retrain", "--no-ingest")["targets"]
        assert came["reasons"] == ["500 labels, 400 at the last training"]

    def test_a_retraining_that_failed_is_told_again(self, tacho: Tacho, data: Path) -> None:
        store(data, commands(400)[:30])
        why = "There is too little to learn productivity from: 30 commands with a known outcome or a label, 100 are"
        again = "It is tried again with 36 labels; there were 30."
        assert tacho("ml", "retrain", "--target", "productivity", "--no-ingest") == 0
        assert "productivity: was due, and could not be trained: nothing was changed" in tacho.out
        assert words(tacho).count(why) == 1
        assert again in words(tacho)
        assert tacho("ml", "retrain", "--target", "productivity", "--no-ingest") == 0
        assert "productivity: nothing is due The last training, " in words(tacho)
        assert f" UTC, failed. {why}" in words(tacho)
        assert again in words(tacho)
        (told,) = ask(tacho, "retrain", "--target", "productivity", "--no-ingest")["targets"]
        assert (told["outcome"], told["failed"]["labels"], told["failed"]["again_labels"]) == ("not_due", 30, 36)
        assert ask(tacho, "retrain", "--no-ingest")["targets"] == []

    def test_rows_without_times_are_told(self, tacho: Tacho, tmp_path: Path) -> None:
        rows = dataset(tmp_path / "rows.csv", 400).read_text().splitlines()
        (tmp_path / "bare.csv").write_text(
            "\n".join(",".join([*line.split(",")[:7], *line.split(",")[17:19]]) for line in rows)
        )
        bare = ["--dataset", str(tmp_path / "bare.csv")]
        names = [train(tacho, *bare, "--n-estimators", trees)["model"]["name"] for trees in ("1", "60")]
        assert ask(tacho, "compare", *names, *bare)["new_to_both"] is False
        assert tacho("ml", "compare", *names, *bare) == 0
        assert "that neither has learned from" not in words(tacho)
        assert "which may have been learned from" in words(tacho)
        assert "whether they were learned from cannot be told" in words(tacho)


class TestRegistry:
    """publish and pull by way of a folder."""

    def test_from_one_machine_to_another(
        self, tacho: Tacho, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        registry = str(tmp_path / "registry")
        answer = ask(tacho, "publish", str(trained / "model"), "--registry", registry)
        assert (answer["target"], answer["alias"], answer["before"]) == ("productivity", "champion", None)
        monkeypatch.setenv("TACHO_DATA_DIR", str(tmp_path / "other"))
        assert tacho("ml", "pull", "--registry", registry) == 0
        assert "is here now; tacho ml activate " in words(tacho)
        assert MADE_UP in words(tacho)
        (pulled,) = ask(tacho, "pull", "--registry", registry, "--activate")["models"]
        assert (pulled["outcome"], pulled["in_use"]) == ("unchanged", True)
        assert tacho("ml", "publish", answer["name"], "--registry", registry) == 0
        assert f"champion is {answer['name']} already" in words(tacho)
        assert MADE_UP in words(tacho)
        assert tacho("ml", "pull", "--registry", registry, "--alias", "nobody") == 3


def test_without_the_extra_one_sentence_says_what_to_install(trained: Path, tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['xgboost'] = None\n"
        "from tachograph.cli._frame import run\n"
        f"sys.exit(run(['ml', 'train', '--dataset', {str(trained / 'rows.csv')!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 4
    assert "pip install 'tachograph[ml]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_model_of_another_version_is_told_apart(tacho: Tacho, trained: Path, tmp_path: Path) -> None:
    """Its features are not those of this version."""
    import msgspec

    model, metadata = load_model(trained / "model")
    features = (msgspec.structs.replace(metadata.features[0], name="older"), *metadata.features[1:])
    save_model(tmp_path / "m", model, msgspec.structs.replace(metadata, features=features))
    rows, out = ["--dataset", str(trained / "rows.csv")], ["--out", str(tmp_path / "a.csv")]
    assert tacho("ml", "score", "--model-dir", str(tmp_path / "m"), *rows, *out) == 4
    assert "Train it again with tacho ml train." in tacho.err


def test_a_hostile_model_is_not_let_in(tacho: Tacho, trained: Path, tmp_path: Path) -> None:
    """A node's child is far beyond the last node: the library would read memory that is not its own."""
    import re

    import msgspec

    model, metadata = load_model(trained / "model")
    hostile = re.sub(rb'"left_children":\[\d+', b'"left_children":[999999', model, count=1)
    for name, content, described in (
        ("m", hostile, msgspec.structs.replace(metadata, model_hash=hash_model(hostile))),
        ("n", model, msgspec.structs.replace(metadata, name="../../escaped")),
        ("o", model, msgspec.structs.replace(metadata, target="weather")),
    ):
        save_model(tmp_path / name, content, described)
        assert tacho("ml", "activate", str(tmp_path / name), "--force") != 0
    assert ask(tacho, "status")["models"] == []
    assert not (tmp_path / "escaped").exists()


def test_sessions_are_learned_from_what_is_stored(tacho: Tacho, home: Path) -> None:
    """A hundred and thirty sessions; the longer ones begin with a failure."""
    sessions = Sessions(home)
    for number in range(130):
        log = sessions.open(days_before(140 - number), 1000, model="claude-sonnet-5")
        log.shell("make", "boom" if number % 3 == 0 else "done", 2 if number % 3 == 0 else 0)
        log.wait(60).prompt("Go on.").response(input=0, output=9000 if number % 3 == 0 else 1000 + number)
    sessions.claude.write()
    answer = train(tacho, "--target", "session", "--turns", "1")
    model = answer["model"]
    assert (model["target"], model["goal"], model["beats_baseline"]) == (
        "session_cost",
        "number",
        answer["why_not"] == "",
    )
    assert model["rows"] >= 130
    assert tacho("ml", "train", "--target", "session", "--no-ingest") == 0
    assert "Errors are differences of natural logarithms." in tacho.out
    assert tacho("ml", "train", "--target", "session", "--what", "success", "--no-ingest") == 1
