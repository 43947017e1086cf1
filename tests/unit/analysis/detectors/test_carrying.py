"""What calls and results weigh and cost to carry: by hand in small cases, and against a plain count in any."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.analysis.detectors._carrying import CHARS_PER_TOKEN, Carrying, Estimate, add_up
from tachograph.model import Response, Session, TokenPrices, ToolCall
from tests.builders.claude import ClaudeHome
from tests.builders.codex import CodexHome
from tests.builders.waste import MYSTERY, Story, price_tokens, read_log

Tell = Callable[[Story], Story]


def estimate(session: Session, id: str = "", *, result_alone: bool = False) -> Estimate:
    """Of the call ``id``, else of the first one."""
    call = next(call for call in session.tool_calls if id in ("", call.id))
    return Carrying(session, price_tokens).estimate(call, result_alone=result_alone)


def call(story: Story, result: int = 2_700, given: int = 270, **fields: object) -> Story:
    """A call that weighs 100 tokens, and its result of 1,000."""
    return story.call(result=result, given=given, **fields)  # type: ignore[arg-type]


# Input 10, read 1, write 12 (hour 20), output 50. The call is written once: 100 x 50 = 5,000.
CASES: dict[str, tuple[Tell, Estimate]] = {
    "nothing after it": (lambda s: call(s.answer(9_000)), Estimate(1_100, 0, 5_000)),
    "taken in": (lambda s: call(s.answer(9_000)).answer(9_000, 2_000), Estimate(1_100, 0, 5_000 + 1_100 * 12)),
    "taken in for an hour": (
        lambda s: call(s.answer(9_000)).answer(9_000, hour=2_000), Estimate(1_100, 0, 5_000 + 1_100 * 20),
    ),
    "taken in mostly for an hour": (
        lambda s: call(s.answer(9_000)).answer(9_000, 999, hour=1_001), Estimate(1_100, 0, 5_000 + 1_100 * 20),
    ),
    "taken in half for an hour": (
        lambda s: call(s.answer(9_000)).answer(9_000, 1_000, hour=1_000), Estimate(1_100, 0, 5_000 + 1_100 * 12),
    ),
    "taken in without a cache": (
        lambda s: call(s.answer(input=9_000)).answer(input=11_000), Estimate(1_100, 0, 5_000 + 1_100 * 10),
    ),
    "read again": (
        lambda s: call(s.answer(9_000)).answer(9_000, 2_000).answer(11_000, 9),
        Estimate(1_100, 1_100, 5_000 + 1_100 * (12 + 1)),
    ),
    "read again twice": (
        lambda s: call(s.answer(9_000)).answer(9_000, 2_000).answer(11_000, 9).answer(11_009, 9),
        Estimate(1_100, 2_200, 5_000 + 1_100 * (12 + 1 + 1)),
    ),
    "half read from the cache": (
        lambda s: call(s.answer(9_000)).answer(9_000, 2_000).answer(6_000, 6_000),
        Estimate(1_100, 1_100, 5_000 + 1_100 * (12 + 1)),
    ),
    "written again": (
        lambda s: call(s.answer(9_000)).answer(9_000, 2_000).answer(5_999, 6_000),
        Estimate(1_100, 1_100, 5_000 + 1_100 * (12 + 12)),
    ),
    "sent again without a cache": (
        lambda s: call(s.answer(9_000)).answer(9_000, 2_000).answer(input=12_000),
        Estimate(1_100, 1_100, 5_000 + 1_100 * (12 + 10)),
    ),
    "at each response's own price": (
        lambda s: call(s.answer(9_000, speed="fast")).answer(9_000, 2_000).answer(11_000, 9, speed="fast"),
        Estimate(1_100, 1_100, 10_000 + 1_100 * (12 + 2)),
    ),
    "until the compaction": (
        lambda s: call(s.answer(9_000)).answer(9_000, 2_000).mark("compaction").answer(3_000).answer(3_000),
        Estimate(1_100, 0, 5_000 + 1_100 * 12),
    ),
    "compacted at once": (
        lambda s: call(s.answer(9_000)).mark("compaction").answer(3_000), Estimate(1_100, 0, 5_000),
    ),
    "an earlier compaction": (
        lambda s: call(s.mark("compaction").answer(9_000)).answer(9_000, 2_000), Estimate(1_100, 0, 5_000 + 1_100 * 12),
    ),
    "the next compaction, not the last": (
        lambda s: call(s.answer(9_000)).answer(9_000, 2_000).mark("compaction").answer(9).mark("compaction").answer(9),
        Estimate(1_100, 0, 5_000 + 1_100 * 12),
    ),
    "until the rewind": (
        lambda s: call(s.prompt(parent=7).answer(9_000)).answer(9_000, 2_000).prompt(parent=7).answer(9_000),
        Estimate(1_100, 0, 5_000 + 1_100 * 12),
    ),
    "a rewind to later": (
        lambda s: call(s.answer(9_000)).answer(9_000, 2_000).prompt(parent=7).answer(11_000).prompt(parent=7)
        .answer(11_000),
        Estimate(1_100, 2_200, 5_000 + 1_100 * 14),
    ),
    "until the rollback": (
        lambda s: call(s.prompt().answer(9_000)).answer(9_000, 2_000).mark("rollback", 1).answer(9_000),
        Estimate(1_100, 0, 5_000 + 1_100 * 12),
    ),
    "by a response not known": (
        lambda s: call(s.answer(9_000), response="?").answer(9_000, 2_000), Estimate(1_100, 0, 5_000 + 1_100 * 12),
    ),
    "before all responses": (lambda s: call(s, response="").answer(0, 2_000), Estimate(1_100, 0, 1_100 * 12)),
    "no more than the prompt grew by": (
        lambda s: call(s.answer(9_000)).answer(9_000, 550), Estimate(550, 0, 100 * 50 + 550 * 12),
    ),
    "no more than its share of that": (
        lambda s: call(call(s.answer(9_000)), given=0, result=2_970).answer(9_000, 1_000),
        Estimate(500, 0, 100 * 50 + 500 * 12),
    ),
    "the call no more than the whole": (
        lambda s: call(s.answer(9_000)).answer(9_000, 55), Estimate(55, 0, 55 * 50 + 55 * 12),
    ),
    "a prompt that did not grow says nothing": (
        lambda s: call(s.answer(9_000)).answer(8_000, 1_000), Estimate(1_100, 0, 5_000 + 1_100 * 12),
    ),
    "growth after a compaction says nothing": (
        lambda s: call(s.answer(9_000)).mark("compaction").answer(9_000, 20), Estimate(1_100, 0, 5_000),
    ),
    "sizes not stored": (lambda s: s.answer(9).call(given=None, result=9).answer(9), Estimate(None, 0, None)),
    "no result": (lambda s: call(s.answer(9_000), result=None).answer(9_000, 2_000), Estimate(100, 0, 5_000 + 1_200)),  # type: ignore[arg-type]
    "made at an unknown price": (
        lambda s: call(s.answer(9_000, model=MYSTERY)).answer(9_000, 2_000), Estimate(1_100, 0, None),
    ),
    "read at an unknown price": (
        lambda s: call(s.answer(9_000)).answer(9_000, 2_000).answer(9_000, model=MYSTERY), Estimate(1_100, 1_100, None),
    ),
    "an unknown price before": (
        lambda s: call(s.answer(9, model=MYSTERY).answer(9_000)).answer(9_000, 2_000),
        Estimate(1_100, 0, 5_000 + 1_100 * 12),
    ),
    "an unknown price after the compaction": (
        lambda s: call(s.answer(9_000)).answer(9_000, 2_000).mark("compaction").answer(9_000, model=MYSTERY),
        Estimate(1_100, 0, 5_000 + 1_100 * 12),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_a_call_cost(name: str) -> None:
    tell, expected = CASES[name]
    assert estimate(tell(Story()).done()) == expected


def test_a_result_alone_costs_no_output() -> None:
    for model, cost in (("house-model-1", 1_000 * 13), (MYSTERY, 1_000 * 13)):
        story = call(Story().answer(9_000, model=model)).answer(9_000, 2_000).answer(11_000, 9)
        assert estimate(story.done(), result_alone=True) == Estimate(1_000, 1_000, cost)


def test_a_codex_response_lies_after_its_calls() -> None:
    story = Story(agent="codex").call(result=400, given=40, response="r1").answer(input=9_000)
    session = story.answer(9_000, input=2_000).answer(11_000, input=9).done()
    assert estimate(session) == Estimate(110, 110, 10 * 50 + 110 * (10 + 1))


def test_the_ratio_is_the_agents() -> None:
    for agent, ratio in (*CHARS_PER_TOKEN.items(), ("mossy", 4.0)):
        story = Story(agent=agent).answer(9_000).call(result=10_800).answer(9_000, 9_000)
        assert estimate(story.done()).tokens == round(10_800 / ratio)


def test_a_sum_is_unknown_where_a_part_is() -> None:
    one, two = Estimate(1, 2, 3), Estimate(10, 20, 30)
    assert add_up([]) == Estimate(0, 0, 0)
    assert add_up([one, two]) == Estimate(11, 22, 33)
    assert add_up([one, Estimate(None, 0, None)]) == Estimate(None, 2, None)
    assert add_up([one, Estimate(4, 5, None)]) == Estimate(5, 7, None)


def test_from_claude_codes_log(tmp_path: object) -> None:
    log = ClaudeHome(tmp_path).project().session().prompt()  # type: ignore[arg-type]
    log.tool("Grep", {"pattern": "x"}, result="y" * 2_700, cache_read=9_000, write_5m=10)
    log.response(cache_read=9_010, write_5m=2_000).response(cache_read=11_010, write_5m=10)
    written = round(len('{"pattern":"x"}') / 2.7)
    assert estimate(read_log(log)) == Estimate(1_006, 1_006, written * 50 + 1_006 * (12 + 1))


def test_from_codexs_log(tmp_path: object) -> None:
    log = CodexHome(tmp_path).session().turn().prompt()  # type: ignore[arg-type]
    log.call("exec_command", {"cmd": "ls"}).output("y" * 4_000).tokens(input=9_000, cached=8_000)
    log.answer().tokens(input=11_000, cached=9_000).answer().tokens(input=12_000, cached=11_000)
    session = read_log(log)
    characters = session.tool_calls[0].input_chars or 0
    tokens = round((4_000 + characters) / 4)
    assert estimate(session) == Estimate(tokens, tokens, round(characters / 4) * 50 + tokens * (10 + 1))


# ------------------------------------------------------------------------------------- against a plain count


def naive(session: Session, call: ToolCall, *, result_alone: bool) -> Estimate:
    """The definition, response by response."""
    responses = sorted(session.responses, key=lambda r: r.position)
    maker = next((r for r in responses if r.id == call.response), None)
    if maker is None:
        maker = max((r for r in responses if r.position <= call.position), key=lambda r: r.position, default=None)
    place = maker.position if maker else -1
    ends = [m.position for m in session.markers if m.kind == "compaction" and m.position > place]
    after = [r for r in responses if r.position > place]
    carriers = [r for r in after if not ends or r.position < min(ends)]
    ratio = CHARS_PER_TOKEN.get(session.agent, 4.0)
    given, result = call.input_chars or 0, call.result_chars or 0
    weight = result if result_alone else given + result
    tokens = round(weight / ratio)
    if maker and carriers and carriers[0].usage.prompt_size > maker.usage.prompt_size:
        family = [c for c in session.tool_calls if _maker_of(session, c) == maker.id]
        all_chars = sum((c.input_chars or 0) + (c.result_chars or 0) for c in family)
        growth = carriers[0].usage.prompt_size - maker.usage.prompt_size
        tokens = min(tokens, growth * weight // max(1, all_chars))
    cost: int | None = 0
    written = 0 if result_alone else min(tokens, round(given / ratio))
    if maker and written:
        prices = price_tokens(maker)
        cost = None if prices is None else written * (prices.output or 0)
    for nth, carrier in enumerate(carriers):
        prices = price_tokens(carrier)
        cost = None if prices is None or cost is None else cost + tokens * _unit(carrier, prices, nth == 0)
    return Estimate(tokens, tokens * max(0, len(carriers) - 1), cost)


def _maker_of(session: Session, call: ToolCall) -> str:
    known = {r.id for r in session.responses}
    if call.response in known:
        return call.response
    before = [r for r in session.responses if r.position <= call.position]
    return max(before, key=lambda r: r.position).id if before else ""


def _unit(response: Response, prices: TokenPrices, first: bool) -> int:
    usage = response.usage
    if not first and usage.cache_read >= usage.prompt_size / 2:
        return prices.cache_read or 0
    if usage.cache_write_1h > usage.cache_write_5m:
        return prices.cache_write_1h or 0
    return (prices.cache_write_5m if usage.cache_write_5m else prices.input) or 0


_COUNT = st.integers(0, 3_000)
_STEP = st.one_of(
    st.tuples(st.just("answer"), _COUNT, _COUNT, _COUNT, _COUNT, st.sampled_from(["house-model-1", MYSTERY, "b", "c"])),
    st.tuples(st.just("call"), st.integers(0, 9_000), st.integers(0, 900), st.sampled_from([None, "?", "r0", "r2"])),
    st.tuples(st.just("compaction")),
    st.tuples(st.just("prompt")),
)


@given(st.lists(_STEP, max_size=14), st.sampled_from(["claude_code", "codex"]))
def test_it_is_what_a_plain_count_gives(steps: list[tuple[object, ...]], agent: str) -> None:
    story = Story(agent=agent)
    for kind, *rest in steps:
        if kind == "answer":
            read, write, hour, input, model = rest
            story.answer(read, write, hour=hour, input=input, output=1, model=model)  # type: ignore[arg-type]
        elif kind == "call":
            result, given_chars, response = rest
            story.call(result=result, given=given_chars, response=response)  # type: ignore[arg-type]
        elif kind == "compaction":
            story.mark("compaction")
        else:
            story.prompt()
    session = story.done()
    carrying = Carrying(session, price_tokens)
    for made in session.tool_calls:
        for alone in (False, True):
            assert carrying.estimate(made, result_alone=alone) == naive(session, made, result_alone=alone)
