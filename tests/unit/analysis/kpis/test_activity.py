"""Time at work: what is waiting, and what a wall clock is."""

from __future__ import annotations

import msgspec
import pytest

from tachograph.analysis.kpis import Lacking, Seen
from tachograph.analysis.kpis._waits import find_waits, leave_out
from tachograph.analysis.kpis.activity import active_time_ratio
from tachograph.model import Session
from tests.builders.session import START, SessionScript


def ratio(script: SessionScript, **fields: object) -> object:
    return active_time_ratio(Seen(script.done(**fields)))


def test_time_from_the_prompt_to_the_last_answer_counts_and_time_up_to_the_next_prompt_does_not() -> None:
    script = SessionScript().prompt().response(took=60).at(200).prompt().at(202).response(took=38)
    assert ratio(script) == pytest.approx(100 / 240)


def test_a_silence_of_more_than_ten_minutes_is_no_work() -> None:
    script = SessionScript().prompt().response(took=100).at(800).response(took=100)
    assert ratio(script) == pytest.approx(200 / 900)


def test_work_from_the_first_line_to_the_last_is_all_of_the_time() -> None:
    assert ratio(SessionScript().prompt().response(took=61)) == 1.0


@pytest.mark.parametrize(
    ("name", "category"), [("AskUserQuestion", "other"), ("ExitPlanMode", "other"), ("request_user_input", "other")]
)
def test_the_time_of_a_question_is_the_person_s(name: str, category: str) -> None:
    script = SessionScript().prompt().response(took=50).call(name, category, took=100).response(took=50)
    assert ratio(script) == 0.5


@pytest.mark.parametrize(
    ("category", "status", "value"),
    [
        ("edit", "denied", 0.5),
        ("read", "denied", 0.5),
        ("shell", "denied", 1.0),
        ("edit", "ok", 1.0),
        ("edit", "error", 1.0),
    ],
)
def test_a_refused_edit_has_only_waited_but_a_refused_command_may_have_run(
    category: str, status: str, value: float
) -> None:
    script = SessionScript().prompt().response(took=50).call("Tool", category, status, took=100).response(took=50)
    assert ratio(script) == value


def test_questions_at_the_same_time_count_once_and_work_beside_them_is_work() -> None:
    script = SessionScript().prompt().response(took=50)
    script.call("AskUserQuestion", "other", took=100).at(50).call("AskUserQuestion", "other", took=60)
    script.at(120).call("Bash", "shell", took=20).at(150).response(took=50)
    assert ratio(script) == pytest.approx((50 + 20 + 50) / 200)


def test_a_long_wait_is_left_out_once_as_silence_or_as_a_question() -> None:
    script = SessionScript().prompt().response(took=60).call("AskUserQuestion", "other", took=3_000).response(took=60)
    assert ratio(script) == pytest.approx(120 / 3_120)


def test_a_question_that_says_how_long_it_took_is_still_no_work() -> None:
    script = SessionScript().prompt().response(took=60)
    script.call("AskUserQuestion", "other", took=3_000, duration_ms=3_000_000).response(took=60)
    assert ratio(script) == pytest.approx(120 / 3_120)


def test_a_question_without_an_answer_has_no_time() -> None:
    script = SessionScript().prompt().response(took=100).call("AskUserQuestion", "other", "missing", took=None)
    assert ratio(script) == 1.0


def test_sessions_under_a_minute_or_without_a_clock_are_left_alone() -> None:
    assert ratio(SessionScript().prompt().response(took=59.9)) is None
    assert ratio(SessionScript().prompt().response(took=100), started_at=None) is None
    assert ratio(SessionScript().prompt().response(took=100), ended_at=None) is None
    assert active_time_ratio(Seen(Session("claude_code:s1", "claude_code", "main"))) is None


def test_without_a_prompt_the_agent_s_time_is_not_known() -> None:
    reason = "no prompt is recorded, so that the agent's time cannot be told from the person's"
    assert ratio(SessionScript().response(took=100)) == Lacking(reason)


def test_the_clock_begins_with_the_first_line_but_in_a_fork_with_its_own_first_record() -> None:
    script = SessionScript().at(100).prompt().response(took=100)
    assert ratio(script) == 0.5
    assert ratio(script, forked_from="claude_code:s0") == 1.0
    assert ratio(script, forked_from="") == 1.0


def test_a_subagent_s_time_counts_from_its_task() -> None:
    session = SessionScript().prompt(kind="task").response(took=30).at(730).response(took=30).done()
    seen = Seen(msgspec.structs.replace(session, kind="subagent"))
    assert active_time_ratio(seen) == pytest.approx(60 / 760)


def test_records_beyond_the_session_s_own_times_never_make_more_than_all_of_it() -> None:
    assert ratio(SessionScript().prompt().response(took=200), ended_at=START + 100_000) == 1.0


def test_the_plan_s_thresholds_and_defaults_hold() -> None:
    assert active_time_ratio.default == (0.50, 0.15)
    assert [active_time_ratio.status(value) for value in (0.6, 0.4, 0.22, 0.19)] == [
        "good",
        "fair",
        "warning",
        "critical",
    ]


# -------------------------------------------------------------------------------------------------------- waits


def spans(*calls: tuple[str, float, float]) -> list[tuple[float, float]]:
    """The waits among calls: tool, begin and end in seconds."""
    script = SessionScript()
    for name, begin, end in calls:
        script.at(begin).call(name, "other", took=end - begin)
    return [((start - START) / 1000, (end - START) / 1000) for start, end in find_waits(script.done())]


ASK, RUN = "AskUserQuestion", "Task"


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ([(ASK, 0, 5)], [(0, 5)]),
        ([(RUN, 0, 5)], []),
        ([(ASK, 0, 0)], []),
        ([(ASK, 0, 5), (ASK, 5, 9), (ASK, 20, 30), (ASK, 22, 24)], [(0, 9), (20, 30)]),
        ([(ASK, 0, 10), (RUN, 2, 3), (RUN, 6, 8)], [(0, 2), (3, 6), (8, 10)]),
        ([(ASK, 0, 10), (RUN, 0, 10)], []),
        ([(ASK, 5, 10), (RUN, 0, 7)], [(7, 10)]),
        ([(ASK, 5, 10), (RUN, 7, 20), (ASK, 15, 25)], [(5, 7), (20, 25)]),
        ([(ASK, 5, 10), (RUN, 0, 4), (RUN, 10, 12)], [(5, 10)]),
        ([(ASK, 0, 4), (ASK, 6, 9), (RUN, 3, 7)], [(0, 3), (7, 9)]),
        ([(ASK, 0, 30), (RUN, 20, 10)], [(0, 30)]),
        ([(ASK, 30, 20)], []),
    ],
)
def test_waits_are_the_questions_without_the_work_beside_them(
    calls: list[tuple[str, float, float]], expected: list[tuple[float, float]]
) -> None:
    assert spans(*calls) == expected


def test_the_clock_stands_still_while_a_person_is_waited_for() -> None:
    script = SessionScript().prompt().at(10).response(took=10).at(25).prompt().at(50).response(took=10)
    waits = [(START + 15_000, START + 20_000), (START + 24_000, START + 30_000)]
    moved = leave_out(script.done(), waits)
    assert [p.at - START for p in moved.prompts] == [0, 19_000]
    assert [(r.started_at - START, r.ended_at - START) for r in moved.responses] == [(10_000, 15_000), (39_000, 49_000)]


def test_without_waits_the_session_is_the_same() -> None:
    session = SessionScript().prompt().done()
    assert leave_out(session, []) is session
