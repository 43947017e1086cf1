from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from tachograph.app.calibrate import calibrate
from tachograph.cli._calibration import describe_calibration
from tachograph.judge import JudgeConfig, JudgeUnavailable
from tachograph.report.text import render
from tests.builders.judged import Bench, bench
from tests.conftest import ROOT
from tests.golden import FOLDER, check_golden
from tests.unit.cli.running import Tacho, assert_valid, tacho

__all__ = ["bench", "tacho"]

MODEL = "qwen3:30b-a3b"
"""The one of the settings."""
LATE = JudgeUnavailable("timed_out", "It took too long.")


def read(tacho: Tacho, *arguments: object) -> dict:
    assert tacho("judge", "calibrate", *map(str, arguments), "--json") == 0, tacho.err
    answer: dict = json.loads(tacho.out)
    assert_valid("judge_calibrate", answer)
    return answer


@pytest.fixture
def labelled(bench: Bench) -> Bench:
    """The judge agrees on five of six sessions; another model on four."""
    bench.says(MODEL, "013344")
    bench.says("other", "002344")
    return bench


def test_as_a_person_sees_it(tacho: Tacho, labelled: Bench) -> None:
    assert tacho("judge", "calibrate", str(labelled.labels("011344"))) == 0
    check_golden("judge-calibrate.txt", tacho.out)


def test_two_models_as_a_person_sees_them(tacho: Tacho, labelled: Bench) -> None:
    labelled.said[MODEL, "4"] = LATE
    file = labelled.labels("------")
    file.write_text(file.read_text() + "\nnot JSON\n")
    assert tacho("judge", "calibrate", str(file), "--against", "other") == 0
    check_golden("judge-against.txt", tacho.out)


def test_the_shape_of_the_answer(tacho: Tacho, labelled: Bench) -> None:
    labelled.said[MODEL, "2"] = LATE
    answer = read(tacho, labelled.labels("011344"), "--seed", 7)
    assert list(answer) == ["schema", "prompt", "seed", "models", "against", "sessions", "bad_rows"]
    assert (answer["schema"], answer["seed"]) == ("tachograph.judge_calibrate/1", 7)
    assert (answer["against"], answer["bad_rows"]) == (None, [])
    (model,) = answer["models"]
    assert {**model, "agreement": None} == {
        "model": MODEL, "judged": 5, "unavailable": 1, "agreement": None, "stored": True,
    }  # fmt: skip
    assert list(model["agreement"]) == ["pairs", "exact", "top2", "spearman", "kappa", "classes"]
    assert model["agreement"]["exact"] == {
        "value": 1.0, "low": None, "high": None, "reason": "no spread to tell an interval from",
    }  # fmt: skip
    assert list(model["agreement"]["classes"][0]) == [
        "verdict", "reference", "tested", "both", "precision", "strict", "top2",
    ]  # fmt: skip
    assert answer["sessions"][2] == {
        "line": 3, "session": labelled.ids[2], "label": "WORSE",
        "verdicts": [{"model": MODEL, "verdict": None, "reason": "It took too long.", "cached": False}],
    }  # fmt: skip


def test_against_needs_no_labels(tacho: Tacho, labelled: Bench) -> None:
    answer = read(tacho, labelled.labels("------"), "--against", "other")
    assert [(one["model"], one["agreement"]) for one in answer["models"]] == [(MODEL, None), ("other", None)]
    assert (answer["against"]["pairs"], answer["against"]["exact"]["value"]) == (6, 4 / 6)
    assert [row["label"] for row in answer["sessions"]] == [None] * 6


def test_against_compares_labels_too_when_they_are_there(tacho: Tacho, labelled: Bench) -> None:
    answer = read(tacho, labelled.labels("0113--"), "--against", "other")
    assert [one["agreement"]["pairs"] for one in answer["models"]] == [4, 4]
    assert [one["agreement"]["exact"]["value"] for one in answer["models"]] == [0.75, 0.5]


def test_another_model_is_asked_on_demand(tacho: Tacho, labelled: Bench) -> None:
    answer = read(tacho, labelled.labels("01"), "--model", "other")
    assert answer["models"][0]["model"] == "other"
    assert labelled.asked == [("other", "0"), ("other", "1")]


def test_progress_goes_to_stderr(tacho: Tacho, labelled: Bench) -> None:
    labelled.said[MODEL, "1"] = JudgeUnavailable("timed_out", "It took\x1b[31m too long.")
    file = str(labelled.labels("011"))
    assert tacho("judge", "calibrate", file) == 0
    ids = labelled.ids
    assert tacho.err.splitlines() == [
        f"tacho: 1 of 3: {ids[0]}, {MODEL}: MUCH_WORSE",
        f"tacho: 2 of 3: {ids[1]}, {MODEL}: no verdict: It took\N{REPLACEMENT CHARACTER}[31m too long.",
        f"tacho: 3 of 3: {ids[2]}, {MODEL}: BETTER",
    ]
    assert "\x1b" not in tacho.out
    assert tacho("judge", "calibrate", file) == 0
    assert f"tacho: 1 of 3: {ids[0]}, {MODEL}: MUCH_WORSE (stored)" in tacho.err


def test_the_warehouse_is_brought_up_to_date_unless_told_otherwise(tacho: Tacho, labelled: Bench) -> None:
    log = labelled.claude.project().session("2026-05-30T09:00:00Z").prompt("Task 0.").response(output=9)
    labelled.claude.write()
    file = labelled.file(f"session,verdict\n{labelled.ids[0]},WORSE\n{log.session_id},WORSE\n{labelled.ids[2]},WORSE\n")
    stale = read(tacho, file, "--no-ingest")
    assert [row["line"] for row in stale["bad_rows"]] == [3]
    assert read(tacho, file)["bad_rows"] == []


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["none.jsonl"], 3, "There is no file none.jsonl."),
        (["."], 4, ". cannot be read: Is a directory."),
        (["binary"], 4, "binary is not UTF-8 text."),
        (["one"], 4, "A calibration needs 2 sessions or more; one has 1 that can be used."),
        (["two", "--against", MODEL], 2, "--against needs another model."),
        (["two", "--model", "other", "--against", "other"], 2, "--against needs another model."),
        (["two", "--seed", "-1"], 2, "Invalid value for '--seed'"),
        ([], 2, "Missing argument 'FILE'"),
    ],
)
def test_what_makes_no_sense_is_refused(
    tacho: Tacho, labelled: Bench, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, said: str
) -> None:
    monkeypatch.chdir(labelled.home)
    Path("binary").write_bytes(b"\xff\xff")
    Path("one").write_text(f"session,verdict\n{labelled.ids[0]},BETTER\n")
    Path("two").write_text(f"session,verdict\n{labelled.ids[0]},BETTER\n{labelled.ids[1]},BETTER\n")
    assert tacho("judge", "calibrate", *arguments) == code
    assert said in tacho.err
    assert tacho.out == ""
    assert labelled.asked == []


def test_a_judge_that_is_not_there_says_why(tacho: Tacho, labelled: Bench) -> None:
    labelled.down = JudgeUnavailable("no_server", "No server answers.")
    assert tacho("judge", "calibrate", str(labelled.labels("01"))) == 4
    assert tacho.err.endswith("tacho: The judge gave no verdict on any session.\nNo server answers.\n")
    assert tacho.out == ""


def test_an_interruption_keeps_what_was_judged(tacho: Tacho, labelled: Bench) -> None:
    file = str(labelled.labels("0113"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tachograph.judge.client.ask", _interrupted(labelled))
        assert tacho("judge", "calibrate", file) == 130
    store = sqlite3.connect(labelled.workspace.folder / "warehouse.sqlite")
    assert store.execute("SELECT count(*) FROM judgements").fetchone() == (2,)
    store.close()


def _interrupted(bench: Bench):
    def ask(config, system, user, schema) -> str:
        if "Task 2" in user:
            raise KeyboardInterrupt
        return bench._ask(config, system, user, schema)

    return ask


def test_a_narrow_terminal_shows_every_line(labelled: Bench) -> None:
    targets = labelled.find(labelled.labels("011344"))
    configs = [JudgeConfig(model=MODEL), JudgeConfig(model="other")]
    text = render(describe_calibration(calibrate(labelled.workspace, targets, configs)), 60)
    assert max(map(len, text.splitlines())) <= 60
    assert "MUCH_BETTER" in text


@pytest.mark.parametrize("name", ["judge-calibrate.txt", "judge-against.txt"])
def test_the_page_shows_what_is_printed(name: str) -> None:
    page = (ROOT / "docs" / "how-to" / "judge.md").read_text(encoding="utf-8")
    assert (FOLDER / name).read_text(encoding="utf-8") in page
