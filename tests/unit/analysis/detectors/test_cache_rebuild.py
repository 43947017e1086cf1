"""When a cached prefix was written again, why, and what that cost more than reading it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tachograph.analysis.detectors.cache_rebuild import cache_rebuild
from tachograph.model import Pass, TokenPrices, Usage
from tests.builders.claude import ClaudeHome
from tests.builders.codex import CodexHome
from tests.builders.waste import HOUSE, MYSTERY, OTHER, Story, detect, read_log, scene_of

Tell = Callable[[Story], Story]


def warm(story: Story) -> Story:
    """A response that read 20,000 tokens and wrote 1,000."""
    return story.prompt().answer(20_000, 1_000)


def warm_hour(story: Story) -> Story:
    return story.prompt().answer(20_000, hour=1_000)


GIVEN_UP = (Pass(HOUSE, Usage(0, 20_000, 900)), Pass(OTHER, Usage(0, 0, 22_100)))
"""The pass that answered, and one before at another model."""

CASES: dict[str, tuple[Tell, list[tuple[str, int]]]] = {
    # ---- whether it is one
    "all written again": (lambda s: warm(s).answer(0, 22_000), [("unexplained", 21_000)]),
    "no more than what was not read": (lambda s: warm(s).answer(9_000, 40_000), [("unexplained", 12_000)]),
    "no more than what was written": (lambda s: warm(s).prompt().answer(9_000, 3_000), [("unexplained", 3_000)]),
    "everything read": (lambda s: warm(s).answer(21_000, 500), []),
    "half read": (lambda s: warm(s).answer(10_000, 11_000), []),
    "a token less than half read": (lambda s: warm(s).answer(9_999, 11_000), [("unexplained", 11_000)]),
    "a fifth written": (lambda s: warm(s).answer(4_000, 1_000), []),
    "a token more than a fifth written": (lambda s: warm(s).prompt().answer(4_000, 1_001), [("unexplained", 1_001)]),
    "input counts in the prompt": (lambda s: warm(s).answer(4_000, 1_001, input=5), []),
    "the first response": (lambda s: s.prompt().answer(0, 22_000), []),
    "the one before read nothing": (lambda s: s.answer(0, 21_000).answer(0, 22_000), []),
    "the one before read a little": (lambda s: s.answer(1, 21_000).answer(0, 22_000), [("unexplained", 21_001)]),
    "a prefix of 4,999": (lambda s: s.answer(4_000, 999).answer(0, 6_000), []),
    "a prefix of 5,000": (lambda s: s.answer(4_000, 1_000).answer(0, 6_000), [("unexplained", 5_000)]),
    "no provider's cache at all": (lambda s: s.answer(input=21_000).answer(input=22_000), []),
    "input where nothing is written": (lambda s: warm(s).answer(0, input=22_000), [("unexplained", 21_000)]),
    "twice in a row": (
        lambda s: warm(s).answer(100, 22_000).answer(0, 23_000),
        [("unexplained", 20_900), ("unexplained", 22_100)],
    ),
    "not the pass that was given up": (
        lambda s: s.answer(20_000, 23_000, passes=GIVEN_UP).answer(0, 30_000), [("unexplained", 20_900)],
    ),
    # ---- why
    "compaction": (lambda s: warm(s).mark("compaction").answer(0, 6_000), [("compaction", 6_000)]),
    "compaction comes before all": (
        lambda s: warm(s).mark("compaction").mark("setup_change").wait(9_999).answer(0, 6_000, model=OTHER),
        [("compaction", 6_000)],
    ),
    "a compaction before the one before": (
        lambda s: s.mark("compaction").answer(20_000, 1_000).answer(0, 22_000), [("unexplained", 21_000)],
    ),
    "a tenth cleared within a turn": (lambda s: warm(s).answer(0, 18_900), [("compaction", 18_900)]),
    "not quite a tenth": (lambda s: warm(s).answer(0, 18_901), [("unexplained", 18_901)]),
    "a tenth less after a prompt": (lambda s: warm(s).prompt().answer(0, 18_900), [("unexplained", 18_900)]),
    "a tenth less after a pause": (lambda s: warm(s).wait(301).answer(0, 18_900), [("idle", 18_900)]),
    "a harness text is within the turn": (
        lambda s: warm(s).prompt("x", "meta").answer(0, 18_900), [("compaction", 18_900)],
    ),
    "another model": (lambda s: warm(s).answer(0, 22_000, model=OTHER), [("model_switch", 21_000)]),
    "another model after a pause": (
        lambda s: warm(s).wait(9_999).answer(0, 22_000, model=OTHER), [("model_switch", 21_000)],
    ),
    "five minutes": (lambda s: warm(s).wait(300).answer(0, 22_000), [("unexplained", 21_000)]),
    "over five minutes": (lambda s: warm(s).wait(300.001).answer(0, 22_000), [("idle", 21_000)]),
    "over five minutes, and read": (lambda s: warm(s).wait(301).answer(21_000, 50), []),
    "an hour": (lambda s: warm_hour(s).wait(3_600).answer(0, hour=22_000), [("unexplained", 21_000)]),
    "over an hour": (lambda s: warm_hour(s).wait(3_601).answer(0, hour=22_000), [("idle", 21_000)]),
    "half for an hour": (
        lambda s: s.answer(20_000, 500, hour=500).wait(3_599).answer(0, 22_000), [("unexplained", 21_000)],
    ),
    "less than half for an hour": (
        lambda s: s.answer(20_000, 501, hour=500).wait(3_599).answer(0, 22_000), [("idle", 21_001)],
    ),
    "what wrote last says for how long": (
        lambda s: s.answer(19_000, hour=1_000).answer(20_000, input=9).wait(3_000).answer(0, 22_000),
        [("unexplained", 20_009)],
    ),
    "idle before a change": (lambda s: warm(s).mark("setup_change").wait(301).answer(0, 22_000), [("idle", 21_000)]),
    "another version": (lambda s: warm(s).mark("setup_change").answer(0, 22_000), [("setup_change", 21_000)]),
    "a change before the one before": (
        lambda s: s.mark("setup_change").answer(20_000, 1_000).answer(0, 22_000), [("unexplained", 21_000)],
    ),
    "other tools": (
        lambda s: warm(s).prompt("/mcp reconnect", "slash").answer(0, 22_000), [("setup_change", 21_000)],
    ),
    "a new process": (
        lambda s: warm(s).prompt("/exit", "slash").prompt().answer(0, 22_000), [("setup_change", 21_000)],
    ),
    "a command that changes nothing": (
        lambda s: warm(s).prompt("/cost", "slash").answer(0, 22_000), [("unexplained", 21_000)],
    ),
    "a longer name": (lambda s: warm(s).prompt("/mcpish", "slash").answer(0, 22_000), [("unexplained", 21_000)]),
    "a person writes of one": (lambda s: warm(s).prompt("/mcp", "human").answer(0, 22_000), [("unexplained", 21_000)]),
    "another speed": (lambda s: warm(s).answer(0, 22_000, speed="fast"), [("setup_change", 21_000)]),
    # ---- rewinds
    "a rewind reads what is left": (
        lambda s: s.answer(6_000, 500).prompt(parent=7).answer(6_500, 60_000).answer(66_500, 900)
        .prompt(parent=7).answer(6_500, 3_000),
        [],
    ),
    "a rewind that lost the rest too": (
        lambda s: s.answer(6_000, 500).prompt(parent=7).answer(6_500, 60_000).answer(66_500, 900)
        .prompt(parent=7).answer(0, 9_000),
        [("unexplained", 6_500)],
    ),
    "a rewind to the beginning": (
        lambda s: s.prompt(parent=7).answer(6_500, 60_000).prompt(parent=7).answer(100, 9_000), [],
    ),
    "a compaction that was rewound": (
        lambda s: s.answer(6_000, 500).prompt(parent=7).answer(6_500, 60_000).mark("compaction").answer(0, 3_000)
        .prompt(parent=7).answer(0, 9_000),
        [("compaction", 3_000), ("unexplained", 6_500)],
    ),
    "the branch left kept the prefix alive": (
        lambda s: s.answer(6_000, 500).prompt(parent=7).wait(299).answer(6_500, 600).wait(299)
        .prompt(parent=7).answer(0, 9_000),
        [("unexplained", 6_500)],
    ),
    "a rollback": (
        lambda s: s.prompt().answer(6_000, 500).prompt().answer(6_500, 60_000).mark("rollback", 1).prompt()
        .answer(6_500, 3_000),
        [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_prefix_written_again(name: str) -> None:
    tell, expected = CASES[name]
    found = detect(cache_rebuild, tell(Story()).done())
    assert [(finding.facts["cause"], finding.tokens) for finding in found] == expected


def test_the_evidence_says_what_was_compared() -> None:
    session = warm(Story()).wait(400).answer(2_000, 30_000).done()
    (found,) = detect(cache_rebuild, session)
    previous, this = session.responses
    assert found.responses == (this.id, previous.id)
    assert (found.position, found.at, found.turns) == (this.position, this.started_at, (1,))
    assert (found.detector, found.count, found.is_estimate, found.carried_tokens) == ("cache_rebuild", 1, True, 0)
    assert found.facts == {
        "cause": "idle", "previous_prefix": 21_000, "previous_read": 20_000, "read": 2_000, "written": 30_000,
        "gap_seconds": 400, "lifetime_seconds": 300, "model": HOUSE, "previous_model": HOUSE,
    }  # fmt: skip


COSTS: dict[str, tuple[Tell, int | None]] = {
    "five minutes' write less read": (lambda s: warm(s).answer(0, 22_000), 21_000 * (12 - 1)),
    "an hour's write": (lambda s: warm(s).answer(0, hour=22_000), 21_000 * (20 - 1)),
    "a blend of both": (lambda s: warm(s).answer(0, 5_500, hour=16_500), 21_000 * (18 - 1)),
    "input, where nothing is written": (lambda s: warm(s).answer(0, input=22_000), 21_000 * (10 - 1)),
    "this response's prices": (lambda s: warm(s).answer(0, 22_000, speed="fast"), 21_000 * (24 - 2)),
    "no price": (lambda s: s.answer(20_000, 1_000, model=MYSTERY).answer(0, 22_000, model=MYSTERY), None),
    "no price before": (lambda s: s.answer(20_000, 1_000, model=MYSTERY).answer(0, 22_000), 21_000 * (12 - 1)),
}


@pytest.mark.parametrize("name", COSTS)
def test_it_cost_more_than_reading(name: str) -> None:
    tell, expected = COSTS[name]
    (found,) = detect(cache_rebuild, tell(Story()).done())
    assert found.cost_pico == expected


@pytest.mark.parametrize(
    ("prices", "expected"),
    [
        (TokenPrices(10, None, 12, 20, 50), None),
        (TokenPrices(10, 1, None, 20, 50), None),
        (TokenPrices(None, 1, 12, None, None), 21_000 * 11),
        (TokenPrices(10, 15, 12, 20, 50), 0),
    ],
)
def test_only_the_prices_it_needs_have_to_be_known(prices: TokenPrices, expected: int | None) -> None:
    session = warm(Story()).answer(0, 22_000).done()
    (found,) = cache_rebuild(scene_of(session, prices=lambda _: prices))
    assert found.cost_pico == expected


def test_two_rebuilds_after_rewinds_to_one_point_are_two_findings() -> None:
    story = warm(Story()).prompt(parent=7).answer(0, 22_000).prompt(parent=7).answer(0, 23_000)
    found = detect(cache_rebuild, story.done())
    assert [finding.tokens for finding in found] == [21_000, 21_000]
    assert len({finding.responses[0] for finding in found}) == 2


def test_what_another_session_owns_is_not_looked_at() -> None:
    session = warm(Story()).answer(0, 22_000).done()
    assert [found.position for found in detect(cache_rebuild, session)] == [2]
    assert detect(cache_rebuild, session, after=1) == []


# ------------------------------------------------------------------------------------------------ from logs


def test_claude_code_idle_model_and_version(tmp_path: Path) -> None:
    log = ClaudeHome(tmp_path).project().session(version="2.1.200", model="claude-sonnet-5")
    log.prompt().response(cache_read=20_000, write_5m=1_000)
    log.prompt(seconds=400).response(cache_read=0, write_5m=22_000)
    log.prompt().response(cache_read=22_000, write_5m=900)
    log.slash("/model", "opus").prompt().response(cache_read=0, write_5m=24_000, model="claude-opus-5")
    log.prompt().response(cache_read=24_000, write_5m=100, model="claude-opus-5")
    log.version = "2.1.219"
    log.prompt().response(cache_read=900, write_5m=25_000, model="claude-opus-5")
    log.prompt().response(cache_read=25_900, write_5m=25_000, model="claude-opus-5")
    log.compaction().response(cache_read=900, write_5m=7_000, model="claude-opus-5")
    found = detect(cache_rebuild, read_log(log))
    assert [(f.facts["cause"], f.tokens) for f in found] == [
        ("idle", 21_000), ("model_switch", 22_900), ("setup_change", 23_200), ("compaction", 7_000),
    ]  # fmt: skip


def test_claude_code_waits_for_an_hour_where_it_wrote_for_one(tmp_path: Path) -> None:
    log = ClaudeHome(tmp_path).project().session()
    log.prompt().response(cache_read=20_000, write_1h=1_000)
    log.prompt(seconds=3_000).response(cache_read=0, write_1h=22_000)
    log.prompt().response(cache_read=22_000, write_1h=1_000)
    log.prompt(seconds=4_000).response(cache_read=0, write_1h=24_000)
    found = detect(cache_rebuild, read_log(log))
    assert [(f.facts["cause"], f.facts["lifetime_seconds"]) for f in found] == [("unexplained", 3_600), ("idle", 3_600)]


def test_codex_sends_input_anew(tmp_path: Path) -> None:
    log = CodexHome(tmp_path).session()
    log.turn().prompt().answer().tokens(input=21_000, cached=20_000).complete()
    log.turn(seconds=400).prompt().answer().tokens(input=22_000, cached=2_000).complete()
    log.turn().prompt().answer().tokens(input=23_000, cached=22_000).complete()
    log.turn("gpt-5.4").prompt().answer().tokens(input=24_000, cached=2_000).complete()
    log.turn().prompt().answer().tokens(input=25_000, cached=24_000).complete()
    log.compaction().turn().prompt().answer().tokens(input=6_000, cached=2_000).complete()
    found = detect(cache_rebuild, read_log(log))
    assert [(f.facts["cause"], f.tokens, f.cost_pico) for f in found] == [
        ("idle", 19_000, 19_000 * 9), ("model_switch", 21_000, 21_000 * 9), ("compaction", 4_000, 4_000 * 9),
    ]  # fmt: skip


def test_codex_tells_the_usage_after_the_command_that_let_the_prefix_die(tmp_path: Path) -> None:
    log = CodexHome(tmp_path).session()
    log.turn().prompt().call("exec_command", {"cmd": "make soak"}).wait(400).output("done").tokens(
        input=21_000, cached=20_000
    )
    log.answer().tokens(input=22_000, cached=2_000).complete()
    (found,) = detect(cache_rebuild, read_log(log))
    assert (found.facts["cause"], found.facts["gap_seconds"]) == ("idle", 404)
