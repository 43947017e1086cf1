"""The page on commands: counts by how they ended, days of the user's zone, scores and labels beside each."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tachograph.app.dashboard.command_sums import PAGE_SIZE, CommandPage, gather_commands, has_commands
from tachograph.app.dashboard.desk import Desk
from tachograph.app.dashboard.open_desk import open_desk
from tachograph.app.dashboard.pages.commands import PAGE, show
from tachograph.app.scope import Scope, parse_scope
from tachograph.app.workspace import Workspace
from tachograph.capture.store import commands_file, open_commands
from tachograph.model import CommandEvent, CommandLabel, CommandScore
from tachograph.report.view import Cards, Chart, Code, Empty
from tachograph.settings import Settings
from tests.dashboard.conftest import NOW_MS
from tests.dashboard.walking import grid_of, walk

ORCHARD = "/home/ada/orchard"


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def event(id: str, when: str, **known: object) -> CommandEvent:
    facts = {"origin": "run", "agent": None, "command_hash": "0" * 32, "hash_key": "k", "program": "make test",
             "duration_ms": 2000, "exit_code": 0} | known  # fmt: skip
    return CommandEvent(id=id, executed_at=at(when), **facts)  # type: ignore[arg-type]


EVENTS = [
    event("evt_a", "2026-11-20T10:00:00", repo=ORCHARD, files_touched_count=0, lines_added=0,
          lines_deleted=0, commits=0),
    event("evt_b", "2026-11-20T23:30:00", repo=ORCHARD, exit_code=2, files_touched_count=3, lines_added=12,
          lines_deleted=4, commits=0, agent="codex", session="codex:1"),
    event("evt_c", "2026-11-19T08:00:00", exit_code=124, timed_out=True, duration_ms=60_000, program="npm ci"),
    event("evt_d", "2026-11-18T08:00:00", exit_code=None, duration_ms=None, origin="log", agent="claude_code"),
    event("evt_e", "2026-09-01T08:00:00"),
]  # fmt: skip


@pytest.fixture
def full(empty_desk: Desk) -> Desk:
    with open_commands(empty_desk.workspace.folder) as store:
        for one in EVENTS:
            store.note(one)
        store.put_labels(
            [
                CommandLabel("evt_b", "human", "person", 20, 1),
                CommandLabel("evt_b", "outcome", "next_check", 100, 1),
                CommandLabel("evt_c", "outcome", "next_check", 0, 1),
                CommandLabel("codex:1", "human", "person", 70, 1),
            ]
        )
        store.put_scores(
            [
                CommandScore("evt_b", "m1", 41.6, 30.0, 55.2, "exit_failed", -20.04),
                CommandScore("evt_a", "m2", 30.2, 19.0, 35.4, "exit_failed", 12.06, "chance"),
                CommandScore("evt_c", "m2", 30.2, None, None, "", 0.0, "chance"),
            ]
        )
    return empty_desk


def gather(desk: Desk, **query: str) -> CommandPage:
    zone, name = desk.zone, desk.zone_name
    params = {"page": query.pop("page", "1")}
    return gather_commands(desk, parse_scope(query, zone, name, NOW_MS), params)


def test_counts_of_the_range(full: Desk) -> None:
    total = gather(full).total
    assert (total.commands, total.ok, total.failed, total.timed_out, total.changing) == (4, 1, 2, 1, 1)
    assert (total.lines_added, total.lines_deleted, total.commits) == (12, 4, 0)
    assert (total.seconds, total.timed) == (64.0, 3)


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({}, ["evt_b", "evt_a", "evt_c", "evt_d"]),
        ({"range": "all"}, ["evt_b", "evt_a", "evt_c", "evt_d", "evt_e"]),
        ({"project": ORCHARD}, ["evt_b", "evt_a"]),
        ({"agent": "claude_code"}, ["evt_d"]),
        ({"from": "2026-11-19", "to": "2026-11-19"}, ["evt_c"]),
        ({"project": "/nowhere"}, []),
    ],
)
def test_the_latest_first(full: Desk, query: dict[str, str], ids: list[str]) -> None:
    data = gather(full, **query)
    assert [one.id for one in data.rows] == ids
    assert data.total.commands == len(ids) == sum(one.commands for one in data.steps)


def test_programs(full: Desk) -> None:
    found = [(one.key, one.commands, one.failed, one.seconds) for one in gather(full).programs]
    assert found == [("make test", 3, 1, 4.0), ("npm ci", 1, 1, 60.0)]


def test_days_are_those_of_the_zone(full: Desk, tmp_path: Path) -> None:
    utc = {one.key: (one.commands, one.ok, one.failed) for one in gather(full).steps if one.commands}
    assert utc == {"2026-11-20": (2, 1, 1), "2026-11-19": (1, 0, 1), "2026-11-18": (1, 0, 0)}
    folder = full.workspace.folder
    with open_desk(Workspace(folder, Settings(display_timezone="Asia/Kathmandu")), update=True) as desk:
        there = {one.key: one.commands for one in gather(desk).steps if one.commands}
    assert there == {"2026-11-21": 1, "2026-11-20": 1, "2026-11-19": 1, "2026-11-18": 1}  # 23:30 is 05:15 there


def test_the_most_trustworthy_label_counts(full: Desk) -> None:
    data = gather(full)
    assert (data.labels, data.scored) == ({"human": 1, "outcome": 1}, 3)
    assert {one.id: one.label and one.label.score for one in data.rows} == {
        "evt_a": None, "evt_b": 20, "evt_c": 0, "evt_d": None,
    }  # fmt: skip


def test_what_people_see(full: Desk, scope: Scope) -> None:
    data = gather(full)
    view = show(data, scope, {"page": "1"})
    cards = {card.title: card.cell for block in view.blocks if isinstance(block, Cards) for card in block.items}
    assert cards["Failed"].value == pytest.approx(2 / 3)
    assert (cards["Labelled"].value, cards["Labelled"].note) == (2, "1 human, 1 outcome")
    rows = {row[0].note.partition(" ")[0]: [cell.value for cell in row[2:]] for row in grid_of(view, "commands").rows}
    assert rows["evt_b"] == [2, 2.0, 3, "+12 −4", 42, "30–55", "whether it failed -20.0", 20]
    assert rows["evt_a"][-4:] == [30, "of such 19–35 %", "whether it failed +12.1", ""]
    assert rows["evt_c"][-4:] == [30, "", "", 0], "where the chance lies outside its interval there is none"
    units = [row[6].note for row in grid_of(view, "commands").rows]
    assert units == ["of 100", "% chance of success", "% chance of success", ""], "each score says what it is"
    assert rows["evt_d"] == [None, None, None, None, None, "", "", ""], "nothing is known of it: no invented zero"
    assert grid_of(view, "commands").rows[0][0].href == "/session?id=codex%3A1"
    assert any(isinstance(block, Chart) for block in view.blocks)
    assert not any(isinstance(block, Code) for block in view.blocks), "there is a model"


def test_pages_of_the_list(empty_desk: Desk, scope: Scope) -> None:
    with open_commands(empty_desk.workspace.folder) as store:
        store.note_all((event(f"evt_{n:03}", "2026-11-20T10:00:00"), ()) for n in range(PAGE_SIZE + 5))
    first, second = gather(empty_desk), gather(empty_desk, page="2")
    assert (len(first.rows), len(second.rows)) == (PAGE_SIZE, 5)
    assert not {one.id for one in first.rows} & {one.id for one in second.rows}
    paging = grid_of(show(second, scope, {"page": "2"}), "commands").paging
    assert paging is not None
    assert (paging.first, paging.matching, bool(paging.previous), paging.next) == (51, 55, True, "")
    assert gather(empty_desk, page="none").page == 1


def test_without_commands_there_is_no_page_in_the_menu(empty_desk: Desk, scope: Scope) -> None:
    assert not has_commands(empty_desk)
    data = gather(empty_desk)
    assert data.rows == []
    assert not commands_file(empty_desk.workspace.folder).exists(), "a reader makes no file"
    assert [type(block) for block in show(data, scope, {}).blocks] == [Empty]
    with open_commands(empty_desk.workspace.folder) as store:
        assert not has_commands(empty_desk)
        store.note(EVENTS[0])
    assert has_commands(empty_desk)
    assert PAGE.needs is has_commands


def test_what_no_model_has_seen_says_how_to_get_one(empty_desk: Desk, scope: Scope) -> None:
    with open_commands(empty_desk.workspace.folder) as store:
        store.note(EVENTS[0])
    view = show(gather(empty_desk), scope, {})
    [code] = [block for block in walk(view.blocks) if isinstance(block, Code)]
    assert "tacho ml train" in code.text
