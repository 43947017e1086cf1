"""Whatever the goals, each response counts once."""

from __future__ import annotations

from collections import defaultdict
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.app.goals.place import LedgerPlace
from tachograph.app.goals.sharing import Sum, share
from tachograph.app.goals.usage import sum_up
from tachograph.model.goal import Attempt, Goal
from tachograph.warehouse.store import open_reader
from tests.builders.small import MYSTERY
from tests.goals.worked import Worked, at, moment


@pytest.fixture(scope="module")
def hard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A history with everything that makes counting hard; its data folder."""
    home = tmp_path_factory.mktemp("hard")
    work = Worked(home)
    for hour in range(9, 15):
        log = work.session(f"{hour:02}:00", ("/home/ada/site", "/home/ada/site/docs", "/home/ada/tools")[hour % 3])
        work.turn(log, f"{hour:02}:05", 3, 5, 7)
        log.call("Task", {"description": "look", "prompt": "Look.", "subagent_type": "Explore"}, output=11)
        log.subagent().prompt("Look.").response(output=13, seconds=600)
        log.result("Looked.").response(output=17, model=MYSTERY)
        fork = log.fork(moment(f"{hour:02}:40"), sdk=hour % 2 == 0)
        work.turn(fork, f"{hour:02}:41", 19, 23)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CLAUDE_CONFIG_DIR", str(home / ".claude"))
        environment.setenv("CODEX_HOME", str(home / ".codex"))
        return work.store().folder


def goals() -> st.SearchStrategy[list[Goal]]:
    tag = sum(b"session")  # as tests.builders.log.Ids makes them
    names = [f"claude_code:{number:08x}-{tag:04x}-4000-8000-{tag * 65536 + number:012x}" for number in range(1, 8)]
    minutes = st.lists(st.integers(0, 400), min_size=2, max_size=6).map(sorted)

    def make(key: str, times: list[int], links: list[str]) -> Goal:
        edges = [at("08:30") + 60_000 * minute for minute in times]
        attempts = tuple(
            Attempt(number=number, status="fail", started_at=start, finished_at=end, failure_reason="other")
            for number, (start, end) in enumerate(zip(edges[::2], edges[1::2], strict=False), 1)
        )
        return Goal(
            id=key, key=key, title=key, type="meta", status="fail", started_at=edges[0],
            finished_at=attempts[-1].finished_at, attempts=attempts, sessions=tuple(links),
        )  # fmt: skip

    drawn = st.tuples(minutes, st.lists(st.sampled_from(names), max_size=2, unique=True))
    return st.lists(drawn, max_size=6).map(
        lambda several: [make(f"k{number}", *one) for number, one in enumerate(several)]
    )


_COUNTED = """
SELECT n.root_id, sum(u.responses), sum(u.output), sum(u.input), sum(u.unpriced), sum(u.cost_pico)
FROM usage_quarters u JOIN sessions n USING (session) GROUP BY n.root_id"""


@settings(max_examples=50)
@given(drawn=goals())
def test_every_response_of_a_session_looked_at_counts_exactly_once(hard: Path, drawn: list[Goal]) -> None:
    """Goals, unclear and other together are the whole of each session, whatever the goals."""
    with closing(open_reader(hard)) as connection:
        sharing = share(connection, LedgerPlace(Path("/home/ada/site"), Path("/nowhere")), drawn)
        usage = sum_up(connection, sharing, drawn)
        counted = {row[0]: row[1:] for row in connection.execute(_COUNTED)}
    sums: defaultdict[str, Sum] = defaultdict(Sum)
    for table in (sharing.goals, sharing.unclear, sharing.other):
        for place, one in table.items():  # type: ignore[attr-defined]
            sums[place if isinstance(place, str) else place[-1]].add_sum(one)
    linked = {session for goal in drawn for session in goal.sessions}
    assert linked <= sums.keys()
    for root, one in sums.items():
        assert (one.responses, one.tokens[4], one.tokens[0], one.unpriced, one.pico) == counted[root]
    totals = [*(one.totals for one in usage.goals.values()), usage.unclear, usage.other]
    assert sum(one.responses for one in totals) == sum(one.responses for one in sums.values())
    assert sum(one.output for one in totals) == sum(one.tokens[4] for one in sums.values())
    for goal in usage.goals.values():
        assert sum(one.totals.responses for one in goal.attempts) == goal.totals.responses
