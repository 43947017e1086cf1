from __future__ import annotations

import json

import pytest

from tachograph.app.quality import QualityReport, QualityRow
from tachograph.cli._quality import describe_quality
from tachograph.judge import JudgeUnavailable
from tachograph.report.text import render
from tests.builders.judged import Bench, bench
from tests.conftest import ROOT
from tests.golden import FOLDER, check_golden
from tests.unit.cli.running import Tacho, assert_valid, tacho

__all__ = ["bench", "tacho"]

MODEL = "qwen3:30b-a3b"
"""The one of the settings."""
GOLDEN = "judge-quality.txt"


def read(tacho: Tacho, *arguments: str) -> dict:
    assert tacho("judge", "quality", *arguments, "--json") == 0, tacho.err
    answer: dict = json.loads(tacho.out)
    assert_valid("judge_quality", answer)
    return answer


@pytest.fixture
def scoring(bench: Bench) -> Bench:
    """A judge that gives each of the six sessions other scores."""
    for number in range(6):
        bench.scores(MODEL, number, number / 10, 0.8 if number % 2 else None, 0.75, 0.05)
    return bench


def test_as_a_person_sees_it(tacho: Tacho, scoring: Bench) -> None:
    scoring.scored[MODEL, "3"] = JudgeUnavailable("timed_out", "It took too long.")
    assert tacho("judge", "quality", "--limit", "4") == 0
    check_golden(GOLDEN, tacho.out)


def test_the_page_shows_what_is_printed() -> None:
    page = (ROOT / "docs" / "how-to" / "judge.md").read_text(encoding="utf-8")
    assert (FOLDER / GOLDEN).read_text(encoding="utf-8") in page


def test_the_shape_of_the_answer(tacho: Tacho, scoring: Bench) -> None:
    answer = read(tacho, scoring.ids[2])
    assert answer == {
        "schema": "tachograph.judge_quality/1",
        "model": MODEL,
        "prompt": 1,
        "sessions": [
            {
                "id": scoring.ids[2], "name": answer["sessions"][0]["name"], "relevance": 0.2, "faithfulness": None,
                "coherence": 0.75, "hallucination": 0.05, "turns_shown": 1, "turns_left_out": 0, "cached": False,
                "reason": None,
            }
        ],
        "waiting": 0,
    }  # fmt: skip
    assert scoring.ids[2].endswith(answer["sessions"][0]["name"]) or answer["sessions"][0]["name"] in scoring.ids[2]


def test_without_a_name_the_latest_unscored_ones_are_asked_about(tacho: Tacho, scoring: Bench) -> None:
    first = read(tacho, "--limit", "2")
    assert [one["id"] for one in first["sessions"]] == [scoring.ids[5], scoring.ids[4]]
    assert first["waiting"] == 4
    second = read(tacho, "--limit", "3")
    assert [one["id"] for one in second["sessions"]] == [scoring.ids[3], scoring.ids[2], scoring.ids[1]]
    assert [one["id"] for one in read(tacho)["sessions"]] == [scoring.ids[0]]
    assert read(tacho) == {
        "schema": "tachograph.judge_quality/1", "model": MODEL, "prompt": 1, "sessions": [], "waiting": 0,
    }  # fmt: skip
    assert len(scoring.asked) == 6


def test_a_selection_narrows_it(tacho: Tacho, scoring: Bench) -> None:
    ids = [one["id"] for one in read(tacho, "--since", "2026-05-12", "--until", "2026-05-14")["sessions"]]
    assert ids == [scoring.ids[2], scoring.ids[1]]
    assert [one["id"] for one in read(tacho, "--agent", "codex")["sessions"]] == [scoring.ids[5]]


def test_the_last_session_is_the_one_that_ended_last(tacho: Tacho, scoring: Bench) -> None:
    assert [one["id"] for one in read(tacho, "--last")["sessions"]] == [scoring.ids[5]]


def test_a_session_that_is_named_twice_is_asked_about_once(tacho: Tacho, scoring: Bench) -> None:
    assert len(read(tacho, scoring.ids[1], scoring.ids[1].partition(":")[2])["sessions"]) == 1
    assert scoring.asked == [(MODEL, "1")]


def test_scores_are_kpis_when_the_command_ends(tacho: Tacho, scoring: Bench) -> None:
    assert tacho("learn", "--quiet") == 0
    assert tacho("judge", "quality", scoring.ids[1]) == 0
    assert tacho("kpis", scoring.ids[1], "--no-ingest", "--json") == 0
    told = {one["kpi"]: one["value"] for one in json.loads(tacho.out)["kpis"]}
    assert {name: value for name, value in told.items() if name.startswith("quality_")} == {
        "quality_relevance": 0.1, "quality_faithfulness": 0.8, "quality_coherence": 0.75, "quality_hallucination": 0.05,
    }  # fmt: skip


def test_another_model_is_asked_on_demand(tacho: Tacho, scoring: Bench) -> None:
    scoring.scores("other", 0)
    assert read(tacho, scoring.ids[0], "--model", "other")["model"] == "other"
    assert scoring.asked == [("other", "0")]


def test_no_other_command_asks(tacho: Tacho, scoring: Bench) -> None:
    for arguments in (["learn"], ["kpis"], ["baseline", "list"], ["alerts", "list"], ["suggest", "list"]):
        assert tacho(*arguments) == 0, tacho.err
    assert scoring.asked == []


def test_progress_goes_to_stderr(tacho: Tacho, scoring: Bench) -> None:
    scoring.scored[MODEL, "1"] = JudgeUnavailable("timed_out", "It took\x1b[31m too long.")
    scoring.scores(MODEL, 2, None, None, None, None)
    named = scoring.ids[:3]
    assert tacho("judge", "quality", *named) == 0
    assert tacho.err.splitlines() == [
        f"tacho: 1 of 3: {named[0]}: relevance 0, coherence 0.75, hallucination 0.05",
        f"tacho: 2 of 3: {named[1]}: no scores: It took\N{REPLACEMENT CHARACTER}[31m too long.",
        f"tacho: 3 of 3: {named[2]}: nothing can be told",
    ]
    assert "\x1b" not in tacho.out
    assert tacho("judge", "quality", named[0]) == 0
    assert tacho.err == f"tacho: 1 of 1: {named[0]}: relevance 0, coherence 0.75, hallucination 0.05 (stored)\n"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nobody"], 3, "No session is called nobody"),
        (["ID", "--since", "7d"], 2, "Name sessions, or choose some: not both."),
        (["--last", "--agent", "codex"], 2, "Name sessions, or choose some: not both."),
        (["--limit", "0"], 2, "Invalid value for '--limit'"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anybody_is_asked(
    tacho: Tacho, scoring: Bench, arguments: list[str], code: int, said: str
) -> None:
    named = [scoring.ids[0] if one == "ID" else one for one in arguments]
    assert tacho("judge", "quality", *named) == code
    assert said in tacho.err
    assert (tacho.out, scoring.asked) == ("", [])


def test_a_judge_that_is_not_there_says_why(tacho: Tacho, scoring: Bench) -> None:
    scoring.down = JudgeUnavailable("no_server", "No server answers.")
    assert tacho("judge", "quality") == 4
    assert tacho.err.endswith("tacho: The judge gave no scores on any session.\nNo server answers.\n")
    assert tacho.out == ""


def test_an_interruption_keeps_what_was_scored(tacho: Tacho, scoring: Bench) -> None:
    scoring.scored[MODEL, "3"] = KeyboardInterrupt()
    assert tacho("judge", "quality") == 130
    del scoring.scored[MODEL, "3"]
    scoring.scores(MODEL, 3)
    assert [one["id"] for one in read(tacho)["sessions"]] == scoring.ids[3::-1]


def test_an_empty_machine_has_nothing_to_ask_about(tacho: Tacho) -> None:
    assert tacho("judge", "quality") == 0
    assert tacho.out == f"No main session of this selection is without scores by {MODEL}.\n"


def test_a_hostile_reason_does_no_harm() -> None:
    row = QualityRow("claude_code:1", "1", reason="Look:\x1b]0;x\x07 here.")
    text = render(describe_quality(QualityReport(MODEL, 1, [row], 1)), 80)
    assert "\x1b" not in text
    assert "1 has no scores: Look:" in text
