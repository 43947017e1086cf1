"""What is known at a moment of a session, and how a model sees it."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest

from tachograph.learning.ml.session_cut import (
    Cut,
    SeenCall,
    SeenMarker,
    SeenPrompt,
    SeenResponse,
    SessionRecords,
    look_at,
)
from tachograph.learning.ml.session_features import (
    FEATURES,
    History,
    Outcome,
    Past,
    from_scale,
    read_cut,
    reference_of,
    to_scale,
)

SECOND = 1000


def response(at: int, model: str = "claude-opus-4", own: bool = True, **usage: Any) -> SeenResponse:
    given = {"input": 100, "cache_read": 1000, "output": 10, "pico": 10**12, **usage}
    return SeenResponse(ended_at=at * SECOND, is_own=own, model=model, **given)


def call(start: int, end: int | None, status: str = "ok", category: str = "shell", lines: int = 0) -> SeenCall:
    return SeenCall(start * SECOND, None if end is None else end * SECOND, True, category, status, lines)


def records(**changes: Any) -> SessionRecords:
    """Turns open at 10, 100 and 200 seconds."""
    given: dict[str, Any] = {
        "agent": "claude_code",
        "is_fork": False,
        "started_at": 0,
        "openings": (10 * SECOND, 100 * SECOND, 200 * SECOND),
        "task_types": ((10 * SECOND, "debug-fix"),),
        "prompts": tuple(SeenPrompt(at * SECOND, chars) for at, chars in ((10, 30), (100, 50), (200, 70))),
        "responses": (
            response(20),
            response(30, own=False, model="claude-haiku-4", output=5),
            response(120, input=900),
        ),
        "calls": (call(21, 22, "error"), call(23, 24, lines=7, category="edit"), call(95, 105, "error")),
        "markers": (SeenMarker(50 * SECOND, "interruption"), SeenMarker(150 * SECOND, "compaction")),
    }
    return SessionRecords(**{**given, **changes})


# --------------------------------------------------------------------------------------------------------- the cut


def test_what_was_over_after_the_first_turn():
    cut = look_at(records(), 1)
    assert cut == Cut(
        turns=1, agent="claude_code", is_fork=False, task_type="debug-fix", family="claude-opus",
        first_prompt_chars=30, prompt_chars=30, prompts=1, seconds=30.0, responses=2, input=200, cache_read=2000,
        output=15, first_context=1100, last_context=1100, usd=2.0, calls=3, errors=1, denied=0, reads=0, edits=1,
        shell=2, subagents=0, lines=7, interruptions=1, compactions=0, api_errors=0,
    )  # fmt: skip


def test_a_call_that_fails_after_the_cut_is_no_error_yet():
    after_two = look_at(records(), 2)
    assert after_two is not None
    assert (after_two.calls, after_two.errors, after_two.compactions) == (3, 2, 1)


def test_the_kind_of_work_is_told_by_the_prompts_before_the_cut():
    later = records(task_types=((100 * SECOND, "debug-fix"),))
    assert [look_at(later, turns).task_type for turns in (1, 2)] == [None, "debug-fix"]  # type: ignore[union-attr]


@pytest.mark.parametrize("turns", [1, 2])
def test_what_comes_after_the_cut_changes_nothing(turns):
    whole = records()
    end = whole.openings[turns]
    told = {
        "responses": (*whole.responses, response(9999, model="gpt-5", output=10**6, pico=None)),
        "calls": (*(one for one in whole.calls), call(9000, 9001, "denied")),
        "markers": (*whole.markers, SeenMarker(9000 * SECOND, "api_error")),
        "prompts": tuple(one if one.at < end else SeenPrompt(one.at, 10**6) for one in whole.prompts),
        "task_types": (*whole.task_types, (9000 * SECOND, "ml-eval")),
        "openings": (*whole.openings, 300 * SECOND),
    }
    assert look_at(records(**told), turns) == look_at(whole, turns)


def test_a_session_has_no_cut_beyond_its_turns():
    assert look_at(records(), 3) is not None
    assert look_at(records(), 4) is None
    assert look_at(records(), 0) is None
    assert look_at(records(openings=()), 1) is None


def test_the_cost_is_unknown_when_a_response_has_no_price_and_before_the_first():
    assert look_at(records(responses=(response(20), response(21, pico=None))), 1).usd is None  # type: ignore[union-attr]
    assert look_at(records(responses=()), 1).usd is None  # type: ignore[union-attr]


# ------------------------------------------------------------------------------------------------------- the label


@pytest.mark.parametrize(
    ("what", "value", "scaled"),
    [
        ("cost", 1.0, 0.0),
        ("cost", math.e, 1.0),
        ("cost", 0.0, math.log(1e-4)),
        ("waste", 0.0, 0.0),
        ("waste", 0.99, math.log(100)),
        ("success", 1.0, 1.0),
    ],
)
def test_labels_are_on_a_scale_that_goes_back(what, value, scaled):
    assert to_scale(what, value) == pytest.approx(scaled)
    assert from_scale(what, scaled) == pytest.approx(max(value, 1e-4) if what == "cost" else value)


def test_predictions_stay_within_what_is_possible():
    assert from_scale("waste", -3.0) == 0.0
    assert (from_scale("success", 1.2), from_scale("success", -0.1)) == (1.0, 0.0)
    assert all(math.isfinite(from_scale(what, 1e6)) for what in ("cost", "waste"))


# -------------------------------------------------------------------------------------------------------- the past


def outcome(
    session: str, ended: int, value: float, project: str | None = "/site", family: str | None = "opus"
) -> Outcome:
    return Outcome(session, ended, value, project, family, "debug-fix")


def test_the_past_is_what_was_over_before_and_nothing_else():
    history = History([outcome("c", 300, 9.0), outcome("a", 100, 1.0), outcome("b", 200, 3.0, project="/tools")])
    assert history.past(100, "/site", "opus", "debug-fix") == Past()  # a session without length is not its own past
    assert history.past(150, "/site", None, None) == Past(1.0)
    known = history.past(250, "/site", "opus", "ml-eval")
    assert known.project == pytest.approx((1.0 + 3 * 2.0) / 4)
    assert known.family == pytest.approx((4.0 + 3 * 2.0) / 5)
    assert known.task_type == 2.0  # nothing of that kind was over: as all others


def test_a_project_without_a_history_is_like_all_others():
    history = History([outcome("a", 100, 5.0)])
    assert history.past(200, "/new", None, None) == Past(5.0)
    assert history.past(200, None, None, None).project is None


# ---------------------------------------------------------------------------------------------------- the features


def test_the_values_are_in_the_order_of_their_names():
    cut = look_at(records(), 1)
    assert cut is not None
    values = read_cut(cut, Past(2.0, 4.0, 5.0), 0.5)
    told = dict(zip((one.name for one in FEATURES), values, strict=True))
    expected = {
        "turns": 1, "is_codex": 0.0, "is_fork": 0.0, "is_debug_fix": 1.0, "is_ml_eval": 0.0, "project_past": 1.5,
        "family_past": 3.5, "task_type_past": 4.5, "first_prompt_chars_log": math.log1p(30), "prompts": 1,
        "seconds_log": math.log1p(30), "output_log": math.log1p(15), "usd_log": math.log(2), "errors": 1,
        "error_share": 1 / 3, "edits_log": math.log(2), "shell_log": math.log(3), "lines_log": math.log(8),
        "interruptions": 1, "api_errors": 0,
    }  # fmt: skip
    assert {name: told[name] for name in expected} == pytest.approx(expected)
    assert len(told) == len(FEATURES)


def test_what_is_not_known_is_none():
    cut = look_at(records(responses=(), calls=(), task_types=()), 1)
    assert cut is not None
    told = dict(zip((one.name for one in FEATURES), read_cut(cut, Past(), 0.0), strict=True))
    unknown = {name for name, value in told.items() if value is None}
    assert unknown == {
        "is_ml_eval", "is_debug_fix", "is_infra_deploy", "is_research_recon", "is_feature_build", "project_past",
        "family_past", "task_type_past", "first_context_log", "last_context_log", "usd_log", "error_share",
    }  # fmt: skip


def test_no_feature_names_a_model():
    cut = look_at(records(), 1)
    assert cut is not None
    other = msgspec.structs.replace(cut, family="another-line")
    assert read_cut(cut, Past(), 0.0) == read_cut(other, Past(), 0.0)


@pytest.mark.parametrize(
    ("what", "usd", "reference"),
    [
        ("cost", 1.0, 0.0),
        ("cost", None, None),
        ("waste", 0.99, math.log(100)),
        ("waste", None, None),
        ("success", None, 0.0),
    ],
)
def test_labels_are_counted_from_what_was_spent(what, usd, reference):
    found = reference_of(what, usd)
    assert found == (None if reference is None else pytest.approx(reference))
