"""Tokens, money, time and turns."""

from __future__ import annotations

import pytest

from tachograph.analysis.expectations import Part, Recording
from tachograph.model import Session, Texts
from tachograph.redaction import default_cleaner
from tests.builders.recording import check, record, recording_of, with_parts
from tests.builders.session import START, SessionScript, play


def _spent() -> Session:
    """Input 1,100; output 550; read from the cache 30,000; written to it 4,000 and 500."""
    script = SessionScript().prompt().response(input=1_000, output=500, cache_read=30_000, reasoning=200)
    return script.response(input=100, output=50, cache_write_5m=4_000, cache_write_1h=500).done()


@pytest.mark.parametrize(
    ("budget", "status", "rationale"),
    [
        ({"max_input": 1_100}, "pass", "input: 1,100 ≤ 1,100 tokens (session)"),
        ({"max_input": 1_099}, "fail", "input: 1,100 > 1,099 tokens (session)"),
        ({"max_output": 550}, "pass", "output: 550 ≤ 550 tokens (session)"),
        ({"max_output": 549}, "fail", "output: 550 > 549 tokens (session)"),
        ({"max_total": 1_650}, "pass", "total: 1,650 ≤ 1,650 tokens (session)"),
        ({"max_total": 1_649}, "fail", "total: 1,650 > 1,649 tokens (session)"),
        ({"max_total_all": 36_150}, "pass", "total all: 36,150 ≤ 36,150 tokens (session)"),
        ({"max_total_all": 36_149}, "fail", "total all: 36,150 > 36,149 tokens (session)"),
        ({"max_cache_read": 29_999}, "fail", "cache read: 30,000 > 29,999 tokens (session)"),
        ({"max_cache_write": 4_499}, "fail", "cache write: 4,500 > 4,499 tokens (session)"),
        (
            {"max_input": 1, "max_output": 9_999, "max_cache_write": 0},
            "fail",
            "input: 1,100 > 1 tokens; cache write: 4,500 > 0 tokens (session)",
        ),
        ({"max_input": None}, "skip", "nothing is expected"),
        ({}, "skip", "nothing is expected"),
    ],
)
def test_each_kind_of_token_has_a_limit(budget: dict[str, int], status: str, rationale: str) -> None:
    result = check("token_budget", budget, recording_of(_spent()))
    assert (result.status, result.rationale) == (status, rationale)


def test_subagents_spend_too_and_the_largest_share_comes_first() -> None:
    recording = recording_of(
        SessionScript().response(output=10).done(),
        SessionScript().response(output=70).done(),
        SessionScript().response(output=20).done(),
    )
    result = check("token_budget", {"max_output": 99}, recording)
    assert (result.status, result.rationale) == ("fail", "output: 100 > 99 tokens (session and 2 subagents)")
    assert [(one.session, one.text) for one in result.evidence] == [
        ("claude_code:s1/a1-", "output: 70 tokens"),
        ("claude_code:s1/a2-", "output: 20 tokens"),
        ("claude_code:s1", "output: 10 tokens"),
    ]  # fmt: skip
    alone = check("token_budget", {"max_output": 99}, recording, "session")
    assert alone.rationale == "output: 10 ≤ 99 tokens (session alone, 2 subagents left out)"


LEAST = "the log gives a lower bound of the output of 1 response (session)"


@pytest.mark.parametrize(
    ("budget", "status", "rationale"),
    [
        ({"max_output": 99}, "fail", "output: at least 100 > 99 tokens (session)"),
        ({"max_output": 100}, "unknown", f"output: at least 100 tokens, {LEAST}"),
        ({"max_total": 109}, "fail", "total: at least 110 > 109 tokens (session)"),
        ({"max_total": 9_999}, "unknown", f"total: at least 110 tokens, {LEAST}"),
        ({"max_total_all": 9_999}, "unknown", f"total all: at least 110 tokens, {LEAST}"),
        ({"max_input": 10}, "pass", "input: 10 ≤ 10 tokens (session)"),
    ],
)  # fmt: skip
def test_a_lower_bound_fails_a_limit_and_never_keeps_it(budget: dict[str, int], status: str, rationale: str) -> None:
    session = SessionScript().response(input=10, output=60).response(output=40, reliable=False).done()
    result = check("token_budget", budget, recording_of(session))
    assert (result.status, result.rationale) == (status, rationale)


PICO = 10**12


@pytest.mark.parametrize(
    ("budget", "cost", "unpriced", "status", "rationale"),
    [
        ({"max_usd": 0.3}, 3 * PICO // 10, (), "pass", "cost: $0.30 ≤ $0.30 (session)"),
        ({"max_usd": 0.3}, 3 * PICO // 10 + 1, (), "fail", "cost: $0.300000000001 > $0.30 (session)"),
        ({"max_usd": 1}, 1_234 * PICO, (), "fail", "cost: $1,234.00 > $1.00 (session)"),
        ({"max_usd": 2}, 3_721_361_950_000, (), "fail", "cost: $3.72 > $2.00 (session)"),
        ({"max_usd": 2}, 2_000_400_000_000, (), "fail", "cost: $2.0004 > $2.00 (session)"),
        ({"max_usd": 2}, 1_999_600_000_000, (), "pass", "cost: $1.9996 ≤ $2.00 (session)"),
        ({"max_usd": 2}, 1_994_900_000_000, (), "pass", "cost: $1.99 ≤ $2.00 (session)"),
        ({"max_usd": 2.0004}, 2_000_400_000_000, (), "pass", "cost: $2.0004 ≤ $2.0004 (session)"),
        ({"max_usd": 0.0051}, 9_960_000_000, (), "fail", "cost: $0.01 > $0.0051 (session)"),
        ({"max_usd": 5}, 1_234_000, (), "pass", "cost: $0.000001 ≤ $5.00 (session)"),  # it is not nothing
        ({"max_usd": 1e300}, PICO, (), "pass", f"cost: $1.00 ≤ ${10**300:,}.00 (session)"),
        ({"max_usd": 0}, None, (), "pass", "cost: $0.00 ≤ $0.00 (session)"),  # nothing was answered, nothing is owed
        ({"max_usd": 5}, PICO, (("mystery", 2),), "fail", "no price is known for mystery (2 responses) (session)"),
        (
            {"max_usd": 5, "allow_unpriced": True}, PICO, (("mystery", 1),), "pass",
            "cost: at least $1.00 ≤ $5.00; no price is known for mystery (1 response) (session)",
        ),
        (
            {"max_usd": 0.5, "allow_unpriced": True}, PICO, (("mystery", 1),), "fail",
            "cost: at least $1.00 > $0.50 (session)",
        ),
        (
            {"max_usd": 0.5}, PICO, (("mystery", 1), ("enigma", 1)), "fail",
            "cost: at least $1.00 > $0.50; no price is known for enigma (1 response), mystery (1 response) (session)",
        ),
        ({"allow_unpriced": True}, PICO, (), "skip", "nothing is expected"),
        ({}, PICO, (), "skip", "nothing is expected"),
    ],
)  # fmt: skip
def test_money_is_compared_to_the_last_picodollar(
    budget: dict[str, object], cost: int | None, unpriced: tuple[tuple[str, int], ...], status: str, rationale: str
) -> None:
    recording = with_parts(recording_of(_spent()), {"cost_pico": cost, "unpriced": unpriced})
    result = check("cost_budget", budget, recording)
    assert (result.status, result.rationale) == (status, rationale)


@pytest.mark.parametrize(
    ("budget", "cost", "status", "rationale"),
    [
        ({"max_usd": 5}, PICO, "unknown", f"cost: at least $1.00, {LEAST}"),
        ({"max_usd": 5, "allow_unpriced": True}, PICO, "unknown", f"cost: at least $1.00, {LEAST}"),
        ({"max_usd": 0.5}, PICO, "fail", "cost: at least $1.00 > $0.50 (session)"),
    ],
)
def test_a_cost_of_a_lower_bound_is_one(budget: dict[str, object], cost: int, status: str, rationale: str) -> None:
    session = SessionScript().response(output=40, reliable=False).done()
    result = check("cost_budget", budget, with_parts(recording_of(session), {"cost_pico": cost}))
    assert (result.status, result.rationale) == (status, rationale)


def test_a_lower_bound_is_rounded_down() -> None:
    asked = {"max_usd": 5, "allow_unpriced": True}
    recording = with_parts(recording_of(_spent()), {"cost_pico": 1_999_999_999_999, "unpriced": (("mystery", 1),)})
    assert check("cost_budget", asked, recording).rationale == (
        "cost: at least $1.99 ≤ $5.00; no price is known for mystery (1 response) (session)"
    )


def test_subagents_cost_too() -> None:
    recording = recording_of(play("$ ls"), play("$ ls"))
    mine, theirs = {"cost_pico": PICO, "unpriced": (("mystery", 1),)}, {"cost_pico": 2 * PICO}
    recording = with_parts(recording, mine, {**theirs, "unpriced": (("mystery", 2),)})
    result = check("cost_budget", {"max_usd": 2.99, "allow_unpriced": True}, recording)
    assert (result.status, result.rationale) == ("fail", "cost: at least $3.00 > $2.99 (session and 1 subagent)")
    assert [(one.session, one.text) for one in result.evidence] == [
        ("claude_code:s1/a1-", "$2.00"), ("claude_code:s1", "$1.00"),
    ]  # fmt: skip
    both = check("cost_budget", {"max_usd": 3}, recording)
    assert both.rationale == "no price is known for mystery (3 responses) (session and 1 subagent)"


@pytest.mark.parametrize(
    ("asked", "status", "rationale"),
    [
        ({"max_seconds": 1_260}, "pass", "from start to end: 1,260 s ≤ 1,260 s (session)"),
        ({"max_seconds": 1_259.999}, "fail", "from start to end: 1,260 s > 1,259.999 s (session)"),
        ({"max_active_seconds": 60}, "pass", "active in the main session: 60 s ≤ 60 s (session)"),
        ({"max_active_seconds": 59.5}, "fail", "active in the main session: 60 s > 59.5 s (session)"),
        (
            {"max_seconds": 1, "max_active_seconds": 60}, "fail", "from start to end: 1,260 s > 1 s (session)",
        ),
        ({}, "skip", "nothing is expected"),
    ],
)  # fmt: skip
def test_time_is_that_of_the_clock_or_of_work(asked: dict[str, float], status: str, rationale: str) -> None:
    """Ten seconds and fifty of work, with twenty minutes between them in which nobody asked for anything."""
    script = SessionScript().prompt().at(10).response().at(1_210).prompt().at(1_260).response()
    result = check("duration", asked, recording_of(script.done()))
    assert (result.status, result.rationale) == (status, rationale)


def test_subagents_stretch_the_clock_and_add_no_work() -> None:
    main, late = SessionScript().prompt().at(10).response().done(), SessionScript().at(5).prompt("x", "task").at(40)
    recording = recording_of(main, late.response().done())
    assert check("duration", {"max_seconds": 39}, recording).rationale == (
        "from start to end: 40 s > 39 s (session and 1 subagent)"
    )
    assert check("duration", {"max_seconds": 39}, recording, "session").status == "pass"
    assert check("duration", {"max_active_seconds": 10}, recording).status == "pass"


def test_without_times_nothing_is_said_of_time() -> None:
    recording = recording_of(SessionScript().done(started_at=None, ended_at=None))
    result = check("duration", {"max_seconds": 9, "max_active_seconds": 9}, recording)
    assert (result.status, result.rationale) == (
        "unknown",
        "from start to end: the log gives no times; active in the main session: the log gives no times (session)",
    )


@pytest.mark.parametrize(
    ("limit", "status", "rationale"),
    [
        (2, "pass", "turns of the main session: 2 ≤ 2"),
        (1, "fail", "turns of the main session: 2 > 1"),
        (0, "fail", "turns of the main session: 2 > 0"),
    ],
)
def test_turns_are_those_of_the_session_itself(limit: int, status: str, rationale: str) -> None:
    main = play("> Do it.", "$ ls", ">slash /review", "$ ls", ">notification told", ">shell ls")
    subagent = play(">task one", ">task two", ">task three")
    result = check("max_turns", limit, recording_of(main, subagent))
    assert (result.status, result.rationale) == (status, rationale)


def test_a_subagent_may_be_checked_itself() -> None:
    session = play(">task Look for it.", "$ ls")
    recording = Recording([Part(session)], Texts(), default_cleaner())
    assert check("max_turns", 0, recording).rationale == "turns of the main session: 1 > 0"


def test_budgets_need_no_log() -> None:
    recording = record("$ ls", gone=True)
    for key, value in (("token_budget", {"max_total": 20}), ("max_turns", 0), ("duration", {"max_seconds": 9})):
        assert check(key, value, recording).status == "pass", key
    assert recording.main.session.started_at == START
