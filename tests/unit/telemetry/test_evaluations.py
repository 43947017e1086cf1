"""Scores of evaluation files."""

from __future__ import annotations

from typing import Any

import pytest

from tachograph.telemetry import Evaluation
from tests.unit.telemetry.spans import OTHER, SESSION, Folder

AT = 1_780_002_000_000
FULL = f"claude_code:{SESSION}"


def test_a_score_is_told_whole(folder: Folder) -> None:
    assert folder.score("Relevance", 0.95).read().evaluations == (Evaluation(FULL, "relevance", "llm-judge", AT, 0.95),)


def test_newer_files_name_the_judges_model(folder: Folder) -> None:
    told = {
        "gen_ai.evaluation.name": "coherence", "gen_ai.evaluation.score.value": 1, "session.id": SESSION,
        "integritystudio.evaluation.evaluator.kind": "llm", "integritystudio.evaluation.cohort": "normal",
        "integritystudio.evaluation.producer": "judge", "integritystudio.evaluation.judge.model": "claude-small",
    }  # fmt: skip
    folder.line("evaluations-1.jsonl", {"timestamp": "2026-05-28T21:00:00Z", "attributes": told})
    assert folder.read().evaluations == (Evaluation(FULL, "coherence", "claude-small", AT, 1.0),)


def test_a_score_counts_once_however_often_it_is_written(folder: Folder) -> None:
    folder.score("relevance", 0.5).score("relevance", 0.5).score("faithfulness", 0.5).score("relevance", 0.5, OTHER)
    folder.lines["evaluations-2026-05-29.jsonl"] = list(folder.lines["evaluations-2026-05-28.jsonl"])
    assert [(e.session[-1], e.name) for e in folder.read().evaluations] == [
        ("1", "faithfulness"), ("1", "relevance"), ("2", "relevance"),
    ]  # fmt: skip


def test_of_two_scores_by_the_same_judge_at_the_same_moment_the_later_line_counts(folder: Folder) -> None:
    assert [e.score for e in folder.score("relevance", 0.9).score("relevance", 0.4).read().evaluations] == [0.4]


@pytest.mark.parametrize(
    ("value", "score"), [(0, 0.0), (1, 1.0), ("0.25", 0.25), (1.01, None), (-0.1, None), ("high", None), (True, None)]
)
def test_a_score_outside_0_to_1_is_a_problem(folder: Folder, value: Any, score: float | None) -> None:
    folder.score("relevance", 0.5, OTHER).score("relevance", value)
    found = {e.session[-1]: e.score for e in folder.read().evaluations}
    assert found == {"2": 0.5} if score is None else {"1": score, "2": 0.5}
    assert folder.problems() == ([("evaluations-2026-05-28.jsonl", "unexpected_shape", 2)] if score is None else [])


@pytest.mark.parametrize("attributes", [{"gen_ai__evaluation__score__label": "pass"}, {"error__type": "refused"}])
def test_an_evaluation_that_says_why_it_has_no_score_is_no_problem(folder: Folder, attributes: Any) -> None:
    told = folder.score("relevance", None, **attributes).read()
    assert (told.evaluations, told.problems) == ((), ())


@pytest.mark.parametrize(
    ("attributes", "counts"),
    [
        ({"gen_ai__evaluation__evaluator__type": "rule"}, False),  # a rule's guess at what takes a judge
        ({"gen_ai__evaluation__evaluator__type": "rule", "gen_ai__evaluation__name": "tool_correctness"}, True),
        ({"gen_ai__evaluation__evaluator__type": "human"}, True),
        ({"gen_ai__evaluation__score__unit": "seconds"}, False),
        ({"gen_ai__evaluation__score__unit": "ratio_0_1"}, True),
    ],
)
def test_only_shares_count_and_of_rules_only_what_a_rule_can_tell(
    folder: Folder, attributes: Any, counts: bool
) -> None:
    told = folder.score("coherence", 0.5, **attributes).read()
    assert (len(told.evaluations), told.problems, told.made_up) == (int(counts), (), 0)


@pytest.mark.parametrize(
    "attributes",
    [
        {"gen_ai__evaluation__evaluator__type": "seed"},
        {"gen_ai__evaluation__evaluator__type": "canary"},
        {"integritystudio__evaluation__cohort": "backfill"},
    ],
)
def test_scores_that_no_judge_gave_are_counted_and_left_out(folder: Folder, attributes: Any) -> None:
    told = folder.score("relevance", 0.5, **attributes).read()
    assert (told.evaluations, told.made_up) == ((), 1)


@pytest.mark.parametrize(
    ("record", "problems"),
    [
        ({"attributes": {"session.id": SESSION}}, 1),
        ({"attributes": {"gen_ai.evaluation.name": "relevance", "gen_ai.evaluation.score.value": 1}}, 1),
        ({"attributes": None}, 1),
    ],
)
def test_an_evaluation_without_name_or_time_is_a_problem(folder: Folder, record: Any, problems: int) -> None:
    folder.line("evaluations-1.jsonl", record)
    assert [slug for _, slug, _ in folder.problems()] == ["unexpected_shape"] * problems


@pytest.mark.parametrize(
    "moment",
    [
        {"timestamp": "2026-05-28T21:00:00.000Z"},
        {"timestamp": "2026-05-28T21:00:00"},
        {"hrTime": [1_780_002_000, 0]},
        {"timeUnixNano": "1780002000000000000"},
        {"timestamp": 1_780_002_000_000_000},
        {"timestamp": AT},
        {"timestamp": "never", "startTime": [1_780_002_000, 0]},
    ],
)
def test_the_time_may_be_written_in_many_ways(folder: Folder, moment: dict[str, Any]) -> None:
    told = {"gen_ai.evaluation.name": "relevance", "gen_ai.evaluation.score.value": 1, "session.id": SESSION}
    folder.line("evaluations-1.jsonl", {**moment, "attributes": told})
    assert [e.at for e in folder.read().evaluations] == [AT]


def test_a_log_record_may_be_an_evaluation(folder: Folder) -> None:
    told = {"gen_ai.evaluation.name": "hallucination", "gen_ai.evaluation.score.value": 0.03, "session.id": SESSION}
    folder.log(timestamp=AT, attributes=told).log(timestamp=AT, attributes={"hook.name": "stop"}).log(body="text")
    assert [(e.name, e.score) for e in folder.read().evaluations] == [("hallucination", 0.03)]
    assert folder.problems() == []


def test_a_score_has_the_agent_of_its_session(folder: Folder) -> None:
    folder.span("x", attributes={"context.utilization_percent": 5}, resource={"service.name": "codex_cli_rs"})
    assert folder.score("relevance", 0.5).read().evaluations[0].session == f"codex:{SESSION}"


def test_a_score_without_a_session_counts_for_none(folder: Folder) -> None:
    told = folder.score("relevance", 0.5, None).read()
    assert (told.evaluations, told.unassigned) == ((), 1)
