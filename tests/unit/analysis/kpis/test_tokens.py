"""KPIs of tokens: what counts, and where they are silent."""

from __future__ import annotations

import pytest

from tachograph.analysis.kpis import Lacking, Seen
from tachograph.analysis.kpis.tokens import cache_efficiency, cache_reuse, context_peak, token_efficiency
from tachograph.model import Pass, Session, Usage
from tests.builders.session import SessionScript

EMPTY = Session("claude_code:s1", "claude_code", "main")
SUMS = Lacking("telemetry adds its answers up, so that the size of a single one is not known")
PLACEHOLDERS = Lacking("its log has placeholders in place of output counts")


def answers(*usages: dict[str, int], unreliable: int = 0) -> Session:
    """A session of these responses; the last ``unreliable`` of them without a true output count."""
    script = SessionScript()
    for at, usage in enumerate(usages):
        script.response(reliable=at < len(usages) - unreliable, **usage)
    return script.done()


# --------------------------------------------------------------------------------------------- token efficiency


def test_token_efficiency_is_output_among_all_that_was_read_and_written_but_for_cache_writes() -> None:
    session = answers(
        {"input": 100, "cache_read": 700, "cache_write_5m": 5_000, "cache_write_1h": 9_000, "output": 150},
        {"input": 0, "cache_read": 0, "output": 50, "reasoning": 50},
    )
    assert token_efficiency(Seen(session)) == 0.2


def test_a_session_of_998_tokens_read_for_each_one_written_is_critical() -> None:
    value = token_efficiency(Seen(answers({"input": 17_000, "cache_read": 981_000, "output": 1_000})))
    assert value == pytest.approx(1 / 999)
    assert token_efficiency.status(value) == "critical"


@pytest.mark.parametrize(
    ("value", "status"),
    [
        (0.0014, "critical"),
        (0.0015, "warning"),
        (0.0029, "warning"),
        (0.003, "fair"),
        (0.0069, "fair"),
        (0.007, "good"),
    ],
)
def test_the_thresholds_of_token_efficiency_are_those_of_real_sessions(value: float, status: str) -> None:
    assert token_efficiency.status(value) == status


def test_responses_without_a_true_output_count_are_left_out_whole() -> None:
    usages = [{"input": 90, "output": 10}] * 19 + [{"input": 5_000, "output": 1}]
    assert token_efficiency(Seen(answers(*usages, unreliable=1))) == 0.1


@pytest.mark.parametrize(
    ("responses", "unreliable", "is_told"), [(20, 1, True), (19, 1, False), (40, 2, True), (40, 3, False)]
)
def test_more_than_one_placeholder_in_twenty_responses_silences_token_efficiency(
    responses: int, unreliable: int, is_told: bool
) -> None:
    value = token_efficiency(Seen(answers(*[{"input": 90, "output": 10}] * responses, unreliable=unreliable)))
    assert value == (0.1 if is_told else PLACEHOLDERS)


def test_without_responses_or_tokens_there_is_no_token_efficiency() -> None:
    assert token_efficiency(Seen(EMPTY)) is None
    assert token_efficiency(Seen(answers({}))) is None


# -------------------------------------------------------------------------------------------------------- cache


def test_cache_efficiency_is_the_part_of_unwritten_input_that_came_from_a_cache() -> None:
    usages = [{"input": 17, "cache_read": 983, "cache_write_5m": 50_000}] * 5
    assert cache_efficiency(Seen(answers(*usages))) == 0.983


def test_cache_reuse_is_the_part_of_cache_traffic_that_was_reading() -> None:
    usages = [{"input": 500, "cache_read": 900, "cache_write_5m": 60, "cache_write_1h": 40}] * 5
    assert cache_reuse(Seen(answers(*usages))) == 0.9


def test_cache_reuse_is_silent_where_no_writes_are_recorded() -> None:
    seen = Seen(answers(*[{"input": 100, "cache_read": 900}] * 5))
    assert (cache_reuse(seen), cache_efficiency(seen)) == (None, 0.9)


def test_short_sessions_have_no_cache_kpis_but_sums_of_telemetry_do() -> None:
    usage = {"input": 100, "cache_read": 900, "cache_write_5m": 300}
    short = answers(*[usage] * 4)
    assert (cache_efficiency(Seen(short)), cache_reuse(Seen(short))) == (None, None)
    assert cache_efficiency(Seen(answers(*[usage] * 5))) == 0.9
    summed = Seen(answers(usage), is_summed=True)
    assert (cache_efficiency(summed), cache_reuse(summed)) == (0.9, 0.75)


def test_where_nothing_was_read_there_is_no_cache_efficiency() -> None:
    assert cache_efficiency(Seen(answers(*[{"output": 5}] * 5))) is None


# ------------------------------------------------------------------------------------------------------ context


def test_context_peak_is_the_largest_prompt_of_one_answer() -> None:
    session = answers(
        {"input": 10, "cache_read": 20_000, "output": 9_000},
        {"input": 1, "cache_read": 40_000, "cache_write_5m": 1_000, "cache_write_1h": 500},
        {"input": 3_000},
    )
    assert context_peak(Seen(session)) == 41_501


def test_of_several_passes_the_largest_is_the_context() -> None:
    passes = (Pass("house-model", Usage(input=600)), Pass("house-model", Usage(input=700)))
    session = SessionScript().response(passes=passes, input=1_300).done()
    assert context_peak(Seen(session)) == 700


@pytest.mark.parametrize(
    ("seen", "value"),
    [
        (Seen(answers({"input": 9_000_000}), context_utilization=0.35, is_summed=True), 70_000),
        (Seen(answers({"input": 120_000}), context_utilization=0.35), 70_000),
        (Seen(EMPTY, context_utilization=0.5), 100_000),
        (Seen(EMPTY, context_utilization=0.0), None),
        (Seen(answers({"input": 9_000_000}), is_summed=True), SUMS),
        (Seen(EMPTY, is_summed=True), None),
        (Seen(EMPTY), None),
        (Seen(answers({"output": 4})), None),
    ],
)
def test_context_peak_is_always_tokens(seen: Seen, value: object) -> None:
    assert context_peak(seen) == value
