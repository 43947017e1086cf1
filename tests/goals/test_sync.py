"""Noting in the ledger what sessions used."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import msgspec
import pytest

from tachograph.app.goals import sync as syncing
from tachograph.app.goals.book import read
from tachograph.app.goals.sync import NotedSession, SyncReport, sync
from tachograph.app.goals.telling import tell_goal
from tachograph.app.goals.usage import measure
from tachograph.cli._goal import describe_goal
from tachograph.ledger import file
from tachograph.ledger.events import GoalUpdated, UsageSynced
from tachograph.model.goal import SyncedUsage
from tachograph.report.document import Facts
from tests.builders.small import MYSTERY
from tests.goals.worked import Worked, at, name_of


@pytest.fixture
def work(home: Path) -> Worked:
    return Worked(home)


def run(work: Worked) -> SyncReport:
    with work.connection() as connection:
        return sync(connection, work.place)


def lines(work: Worked) -> list[bytes]:
    return work.place.path.read_bytes().splitlines()


def fill(work: Worked) -> tuple[str, str]:
    """Two goals; one session is the first's alone, one is shared."""
    one, two = work.session("09:00"), work.session("10:00")
    work.turn(one, "09:00", 1_000)
    work.turn(two, "10:00", 20_000, 30_000)
    two.response(output=5, model=MYSTERY)
    work.turn(two, "12:00", 400_000)
    work.goal("a", "08:30", "11:00", title="First")
    work.goal("b", "11:30", "12:30", title="Second")
    work.write_ledger()
    return name_of(one), name_of(two)


def test_what_sessions_used_is_noted_exactly(work: Worked) -> None:
    one, two = fill(work)
    before = lines(work)
    report = run(work)
    assert (report.goals, report.events, [goal.title for goal in report.changed]) == (2, 2, ["First", "Second"])
    assert report.changed[0].sessions == [
        NotedSession(one, 1, 0.01, 0, None), NotedSession(two, 3, 0.5, 0, None)
    ]  # fmt: skip
    first, second = read(work.place).state.goals
    assert first.synced == (
        SyncedUsage(session=one, responses=1, input=10, output=1_000, pico_usd=10**10),
        SyncedUsage(session=two, responses=3, input=30, output=50_005, pico_usd=5 * 10**11, unpriced_responses=1),
    )
    assert second.synced == (SyncedUsage(session=two, responses=1, input=10, output=400_000, pico_usd=4 * 10**12),)
    assert lines(work)[: len(before)] == before
    assert (first.sessions, second.sessions) == ((), ()), "to note a session is not to link it"


def test_a_second_run_writes_nothing(work: Worked) -> None:
    fill(work)
    run(work)
    before = work.place.path.read_bytes()
    report = run(work)
    assert (report.events, report.changed, work.place.path.read_bytes()) == (0, [], before)


def test_only_what_differs_is_noted(work: Worked) -> None:
    _, two = fill(work)
    run(work)
    log = work.claude.logs[1]
    work.turn(log, "12:10", 7)
    report = run(work)
    assert [(one.title, one.sessions) for one in report.changed] == [
        ("Second", [NotedSession(two, 2, 4.00007, 0, 1)])
    ]  # fmt: skip
    event = read(work.place).events[-1].event
    assert isinstance(event, UsageSynced)
    assert (event.session, [one.session for one in event.sessions]) == (None, [two])


def test_a_session_that_no_longer_falls_to_the_goal_is_noted_with_nothing(work: Worked) -> None:
    one, _ = fill(work)
    run(work)
    work.ledger.update("b", link=(one,))
    work.ledger.update("a", started_at=at("09:30"))
    updates = [event for event in work.ledger.events if isinstance(event, GoalUpdated)]
    file.change(work.place.path, lambda reading: [later(event, reading.state.last_ts) for event in updates])
    report = run(work)
    assert [(goal.title, [(part.session, part.responses) for part in goal.sessions]) for goal in report.changed] == [
        ("First", [(one, 0)]), ("Second", [(name_of(work.claude.logs[1]), 0)]),
    ]  # fmt: skip
    assert run(work).events == 0


def later(event: GoalUpdated, last_ts: int) -> GoalUpdated:
    return msgspec.structs.replace(event, ts=last_ts + event.ts % 1_000_000_000)


def test_sessions_of_other_machines_are_left_as_they_are(work: Worked) -> None:
    fill(work)
    other = SyncedUsage(session="codex:there", responses=3, output=9)
    work.ledger.sync("a", other)
    work.write_ledger()
    assert "codex:there" not in [part.session for goal in run(work).changed for part in goal.sessions]
    assert other in read(work.place).state.goals[0].synced


def test_unclear_responses_are_noted_for_each_goal_that_was_open(work: Worked) -> None:
    log = work.session("10:00")
    work.turn(log, "10:00", 5, 6)
    work.goal("a", "09:30", "11:00")
    work.goal("b", "09:30", "11:00")
    work.write_ledger()
    run(work)
    noted = SyncedUsage(session=name_of(log), responses=0, unclear_responses=2)
    assert [goal.synced for goal in read(work.place).state.goals] == [(noted,), (noted,)]
    assert run(work).events == 0


def test_a_clone_without_the_logs_knows_the_costs(
    work: Worked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(work)
    run(work)
    goals = read(work.place).state.goals
    with work.connection() as connection:
        here = measure(connection, work.place, goals)
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "nowhere"))
    with Worked(tmp_path).connection() as connection:
        there = measure(connection, work.place, goals)
        assert sync(connection, work.place).events == 0, "what it does not know, it does not take back"
    told = {key: (one.totals.usd, one.totals.output, one.totals.responses) for key, one in there.goals.items()}
    assert told == {"a": (0.51, 51_005, 4), "b": (4.0, 400_000, 1)}
    assert told == {key: (one.totals.usd, one.totals.output, one.totals.responses) for key, one in here.goals.items()}
    assert [one.synced.responses for one in there.goals.values()] == [4, 1]
    state = read(work.place).state
    facts = describe_goal(tell_goal(state, state.goals[1], there.goals["b"]), UTC).blocks[1]
    assert isinstance(facts, Facts)
    assert ("of which", "$4.00 that only the ledger knows (from tacho goal sync)") in facts.items
    assert [one.synced.responses for one in here.goals.values()] == [0, 0]


def test_no_ledger_is_made_where_there_is_none(work: Worked) -> None:
    work.turn(work.session("10:00"), "10:00", 5)
    report = run(work)
    assert (report.goals, report.events) == (0, 0)
    assert not work.place.path.parent.exists()


def test_what_somebody_wrote_meanwhile_is_seen(work: Worked, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(work)
    found = syncing.find_changes
    calls: list[int] = []

    def find_and_write(connection, place, state):  # type: ignore[no-untyped-def]
        calls.append(len(state.goals))
        changes = found(connection, place, state)
        if len(calls) == 1:
            work.goal("c", "11:10", "11:20")
            with work.place.path.open("ab") as ledger:
                from tachograph.ledger.lines import encode

                ledger.writelines(encode(event) for event in work.ledger.events[-2:])
        return changes

    monkeypatch.setattr(syncing, "find_changes", find_and_write)
    run(work)
    assert calls == [2, 3]


def test_many_sessions_are_noted_in_lines_of_bearable_length(work: Worked) -> None:
    goal = work.goal("a", "09:30", "11:00")
    noted = [SyncedUsage(session=f"codex:{number:04}", responses=1) for number in range(1201)]
    events = syncing._make_events(work.reading().state, {goal: noted})
    assert [len(event.sessions) for event in events if isinstance(event, UsageSynced)] == [500, 500, 201]
    assert len({event.ts for event in events}) == 3
