"""Which results were dear to carry, and what is said of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tachograph.analysis.detectors.heavy_result import heavy_result
from tachograph.model import TokenPrices
from tests.builders.claude import ClaudeHome
from tests.builders.codex import CodexHome
from tests.builders.waste import MYSTERY, Story, detect, read_log, scene_of

Tell = Callable[[Story], Story]
LIMIT = 13_000
"""Picodollars: what 1,000 tokens cost that are written for five minutes and read once again."""


def big(story: Story, result: int = 2_727, **fields: object) -> Story:
    """A call whose result weighs 1,010 tokens, and what came before it."""
    return story.answer(9_000).call(result=result, **fields)  # type: ignore[arg-type]


def carried(story: Story, times: int = 1) -> Story:
    """The result is taken in, and then read again so often."""
    story.answer(9_000, 9_000)
    for _ in range(times):
        story.answer(18_000)
    return story


CASES: dict[str, tuple[Tell, list[int]]] = {
    "over the limit": (lambda s: carried(big(s)), [1_010 * 13]),
    "at the limit": (lambda s: carried(big(s, 2_700)), []),
    "a token over the limit": (lambda s: carried(big(s, 2_703)), [1_001 * 13]),
    "under the limit": (lambda s: carried(big(s, 2_000)), []),
    "small, but carried for long": (lambda s: carried(big(s, 270), 120), [100 * (12 + 120)]),
    "small, and not carried for long enough": (lambda s: carried(big(s, 270), 118), []),
    "large, but never taken in": (lambda s: big(s, 99_999), []),
    "large, but compacted at once": (lambda s: carried(big(s, 99_999).mark("compaction")), []),
    "compacted in between": (lambda s: carried(big(s).answer(9_000, 9_000).mark("compaction"), 50), []),
    "rewound in between": (
        lambda s: carried(big(s.prompt(parent=7)).answer(9_000, 9_000).prompt(parent=7), 50), [],
    ),
    "a long input does not count": (lambda s: carried(big(s, 270, given=99_999)), []),
    "a long input takes its share of the growth": (
        lambda s: big(s, given=2_727).answer(9_000, 1_800).answer(10_800), [],
    ),
    "two results": (lambda s: carried(big(s).call(result=2_800)), [1_010 * 13, 1_037 * 13]),
    "one of two": (lambda s: carried(big(s).call(result=27)), [1_010 * 13]),
    "of two answers": (lambda s: carried(big(carried(big(s)))), [1_010 * 16, 1_010 * 13]),
    "no result": (lambda s: carried(big(s, 0), 999), []),
    "a result that is missing": (lambda s: carried(big(s, None, status="missing"), 999), []),  # type: ignore[arg-type]
    "sizes not stored": (lambda s: carried(big(s, 99_999, given=None), 999), []),
    "a failure is a result": (lambda s: carried(big(s, status="error")), [1_010 * 13]),
    "no more than the prompt grew by": (lambda s: big(s, 99_999).answer(9_000, 900).answer(9_900), []),
    "read at an unknown price": (lambda s: carried(big(s)).answer(18_000, model=MYSTERY), []),
    "made at an unknown price": (
        lambda s: carried(s.answer(9_000, model=MYSTERY).call(result=2_727)), [1_010 * 13],
    ),
    "dearer while fast": (lambda s: big(s, 2_000).answer(9_000, 9_000, speed="fast"), [741 * 24]),
    "written for an hour": (lambda s: big(s, 2_000).answer(9_000, hour=9_000), [741 * 20]),
    "sent again without a cache": (lambda s: big(s, 2_000).answer(9_000, 9_000).answer(input=19_000), [741 * 22]),
    "three times as large": (lambda s: carried(big(s, 9_999)), [3_703 * 13]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_results_dear_to_carry(name: str) -> None:
    tell, expected = CASES[name]
    found = detect(heavy_result, tell(Story()).done(), heavy_result_usd=LIMIT / 10**12)
    assert [finding.cost_pico for finding in found] == expected
    assert all(len(finding.calls) == 1 and finding.is_estimate for finding in found)


def test_the_limit_is_a_quarter_dollar_unless_chosen() -> None:
    prices = TokenPrices(10**7, 10**6, 125 * 10**5, 2 * 10**7, 5 * 10**7)
    session = carried(big(Story(), 24_300), 16).done()
    (found,) = heavy_result(scene_of(session, prices=lambda _: prices))
    assert found.cost_pico == 9_000 * (12_500_000 + 16 * 10**6) == 2565 * 10**8
    session = carried(big(Story(), 24_300), 15).done()
    assert heavy_result(scene_of(session, prices=lambda _: prices)) == []
    assert len(heavy_result(scene_of(session, prices=lambda _: prices, heavy_result_usd=0.24))) == 1


ADVICE = [
    ("Read", "read", {}, "read a range"),
    ("Read", "read", {"limit": 900}, "read a smaller range"),
    ("Bash", "shell", {}, "filter or cut the output"),
    ("Grep", "search", {}, "search a narrower folder"),
    ("WebFetch", "web", {}, "ask for the part"),
    ("Task", "subagent", {}, "ask the subagent"),
    ("Write", "edit", {}, "edit the part"),
    ("mcp__db__query", "mcp:db", {}, "ask the server"),
    ("Skill", "other", {}, "ask for less"),
]


@pytest.mark.parametrize(("name", "category", "fields", "advice"), ADVICE)
def test_it_is_said_how_it_could_be_smaller(name: str, category: str, fields: dict[str, object], advice: str) -> None:
    story = carried(big(Story(), name=name, category=category, path="/home/ada/site/a.py", **fields))
    (found,) = detect(heavy_result, story.done(), heavy_result_usd=LIMIT / 10**12)
    assert str(found.facts.pop("advice")).startswith(advice)
    assert found.facts == {"tool": name, "target": "/home/ada/site/a.py", "result_chars": 2_727}
    assert (found.tokens, found.carried_tokens, found.calls, found.detector) == (1_010, 1_010, ("c1",), "heavy_result")


def test_a_command_is_its_target() -> None:
    story = carried(big(Story(), command="make all", path="/home/ada"))
    (found,) = detect(heavy_result, story.done(), heavy_result_usd=LIMIT / 10**12)
    assert found.facts["target"] == "make all"


def test_from_claude_codes_log(tmp_path: Path) -> None:
    log = ClaudeHome(tmp_path).project().session().prompt()
    log.shell("make all", "y" * 2_727, cache_read=9_000)
    log.response(cache_read=9_000, write_5m=9_000).response(cache_read=18_000)
    (found,) = detect(heavy_result, read_log(log), heavy_result_usd=LIMIT / 10**12)
    assert (found.facts["target"], found.cost_pico, found.turns) == ("make all", 1_010 * 13, (1,))


def test_from_codexs_log(tmp_path: Path) -> None:
    log = CodexHome(tmp_path).session().turn().prompt()
    log.call("exec_command", {"cmd": "make all"}).output("y" * 8_000).tokens(input=9_000, cached=8_000)
    log.answer().tokens(input=18_000, cached=9_000).answer().tokens(input=19_000, cached=18_000)
    (found,) = detect(heavy_result, read_log(log), heavy_result_usd=LIMIT / 10**12)
    assert (found.facts["target"], found.tokens, found.cost_pico) == ("make all", 2_000, 2_000 * (10 + 1))
