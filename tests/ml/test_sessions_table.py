"""The warehouse's sessions as examples: what was known, what they came to; the one never tells of the other."""

from __future__ import annotations

import math
from contextlib import closing
from pathlib import Path

import pytest

from tachograph.app.ml.session_outcomes import load_outcomes, load_roots, load_waste
from tachograph.app.ml.sessions import session_table
from tachograph.app.workspace import Workspace
from tachograph.capture.store import open_commands
from tachograph.learning.ml.session_features import FEATURES, What
from tachograph.learning.ml.table import Row
from tachograph.model import CommandLabel
from tachograph.warehouse.store import open_reader, open_writer, transaction
from tests.builders.small import MYSTERY, TOOLS
from tests.builders.wasteful import Wasteful, wasteful
from tests.ml.session_histories import BUILD, DAY, NOW, Sessions, session_id

__all__ = ["wasteful"]


@pytest.fixture
def sessions(home: Path) -> Sessions:
    return Sessions(home)


def rows(workspace: Workspace, what: What = "cost", turns: int = 3) -> dict[str, Row]:
    table = session_table(workspace, what, turns, NOW)
    assert table.grouped_by == "session"
    return {row.id: row for row in table.rows}


def told(row: Row) -> dict[str, float | None]:
    return dict(zip((one.name for one in FEATURES), row.values, strict=True))


# -------------------------------------------------------------------------------------------------------- the rows


def test_a_row_for_each_of_the_first_turns_that_is_over(sessions):
    log = sessions.open(DAY.format(1), 100_000, 200_000)
    table = rows(sessions.ingest())
    id = session_id(log)
    assert list(table) == [f"{id}@1", f"{id}@2"]
    assert {(row.group, row.kind, row.source) for row in table.values()} == {(id, "outcome", "price")}
    assert [told(row)["usd_log"] for row in table.values()] == pytest.approx([0.0, math.log(3.0)])
    assert [row.label for row in table.values()] == pytest.approx([math.log(3.0), 0.0])  # three times as much; as much


def test_no_more_turns_than_asked_for(sessions):
    sessions.open(DAY.format(1), 1, 2, 3, 4, 5)
    workspace = sessions.ingest()
    assert [len(rows(workspace, turns=turns)) for turns in (1, 2, 3, 9)] == [1, 2, 3, 5]


def test_a_turn_that_is_not_over_is_no_row(sessions):
    log = sessions.open(DAY.format(1), 100)
    log.prompt("More.").call("Bash", {"command": "make"})
    assert [one[-2:] for one in rows(sessions.ingest())] == ["@1"]


def test_a_session_that_may_go_on_has_no_label(sessions):
    sessions.open("2026-11-20T11:30:00Z", 100)
    assert {row.label for row in rows(sessions.ingest()).values()} == {None}


def test_of_a_session_without_a_price_nothing_is_said_but_whether_it_succeeds(sessions):
    sessions.open(DAY.format(1), 100, model=MYSTERY)
    workspace = sessions.ingest()
    assert [len(rows(workspace, what)) for what in ("cost", "waste", "success")] == [0, 0, 1]


def test_a_price_that_is_missing_later_leaves_the_cost_unknown(sessions):
    sessions.open(DAY.format(1), 100).prompt("Go on.").response(output=5, model=MYSTERY)
    table = rows(sessions.ingest())
    assert [(one[-2:], row.label) for one, row in table.items()] == [("@1", None)]


@pytest.mark.parametrize(("seconds", "known"), [(60, 5.0), (1, 1.0)])
def test_subagents_count_with_their_session_once_they_have_answered(sessions, seconds, known):
    log = sessions.open(DAY.format(1), 100_000)
    given = {"description": "look", "prompt": "Look.", "subagent_type": "Explore"}
    agent = log.call("Task", given, output=0).subagent()
    agent.prompt("Look.").response(input=0, output=400_000)
    log.wait(seconds).result("Looked.").prompt("Thanks.").response(input=0, output=0)
    table = rows(sessions.ingest())
    first, second = (told(row) for row in table.values())
    assert first["subagents"] == 1
    assert (first["usd_log"], second["usd_log"]) == pytest.approx((math.log(known), math.log(5.0)))
    assert [row.label for row in table.values()] == pytest.approx([math.log(5.0 / known), 0.0])


def test_the_kind_of_work_is_that_of_the_prompts_so_far(sessions):
    log = sessions.open(DAY.format(1), 100, text="/clear")
    log.prompt(BUILD).response(output=1)
    table = rows(sessions.ingest())
    assert [told(row)["is_feature_build"] for row in table.values()] == [None, 1.0]


# ------------------------------------------------------------------------------------------------------- no leaks


def test_the_later_part_of_a_session_changes_no_feature_of_its_earlier_part(home, tmp_path):
    tables = []
    for number, folder in enumerate((home, tmp_path)):
        sessions = Sessions(folder)
        sessions.open(DAY.format(1), 50_000)
        log = sessions.open(DAY.format(2), 1000, 2000)
        log.prompt("Now something else altogether." * (1 + 99 * number))
        if number:
            log.shell("make", "boom", 1).shell("make", "boom", 1).api_error().compaction()
            log.edit("/home/ada/site/a.py", "a = 1\n", "a = 2\n" * 500).response(output=900_000, model=MYSTERY)
            log.prompt("Go on.").response(output=900_000)
            sessions.open(DAY.format(9), 10**6)
        log.response(output=10)
        table = rows(sessions.ingest(), turns=2)
        tables.append({id: row.values for id, row in table.items() if id.startswith(session_id(log))})
    assert tables[0] == tables[1]
    assert len(tables[0]) == 2


def test_the_past_is_that_before_the_session_began(sessions):
    sessions.open(DAY.format(1), 100_000)  # $1
    sessions.open(DAY.format(2), 400_000, project=TOOLS)  # $4
    third = sessions.open(DAY.format(3), 25_000, 25_000)
    sessions.open(DAY.format(4), 10**6)
    beside = sessions.open("2026-05-03T09:00:05Z", 70_000)  # begins while the third goes on
    table = rows(sessions.ingest())
    everything = (math.log(1) + math.log(4)) / 2
    for log in (third, beside):
        values = told(table[f"{session_id(log)}@1"])
        spent = values["usd_log"] or 0.0
        assert values["project_past"] == pytest.approx((math.log(1) + 3 * everything) / 4 - spent)
        assert values["family_past"] == values["task_type_past"] == pytest.approx(everything - spent)


def test_the_first_session_has_no_past(sessions):
    sessions.open(DAY.format(1), 100)
    for row in rows(sessions.ingest()).values():
        values = told(row)
        assert values["project_past"] is values["family_past"] is values["task_type_past"] is None


def test_a_time_split_never_has_a_session_on_both_sides(sessions):
    for day in range(1, 6):
        sessions.open(DAY.format(day), 10, 20, 30)
    table = list(rows(sessions.ingest()).values())
    assert [row.at for row in table] == sorted(row.at for row in table)
    assert all(len({row.at for row in table if row.group == group}) == 1 for group in {row.group for row in table})


# ------------------------------------------------------------------------------------------------------- the labels


def test_waste_is_that_of_the_dearest_detector(wasteful: Wasteful):
    workspace = wasteful.ingest()
    with closing(open_reader(workspace.folder)) as connection:
        waste = load_waste(connection)
        roots = load_roots(connection)
        known = load_outcomes(connection, workspace.folder, "waste", roots, NOW)
    assert waste[session_id(wasteful.heavy)] == pytest.approx(1.3)
    assert known[session_id(wasteful.clean)].value == 0.0
    row = rows(workspace, "waste")[f"{session_id(wasteful.heavy)}@1"]
    spent = math.exp(told(row)["usd_log"] or 0.0)
    assert row.label == pytest.approx(math.log1p(130) - math.log1p(100 * spent))


@pytest.mark.parametrize(
    ("verdict", "labels", "expected"),
    [
        (None, (), None),
        ("BETTER", (), (1.0, "pseudo", "judge:house-judge")),
        ("SIMILAR", (), (1.0, "pseudo", "judge:house-judge")),
        ("WORSE", (), (0.0, "pseudo", "judge:house-judge")),
        ("WORSE", (("human", "person", 80.0),), (1.0, "human", "person")),
        ("BETTER", (("outcome", "goal", 0.0),), (0.0, "outcome", "goal")),
        (None, (("human", "person", 49.0), ("outcome", "goal", 100.0)), (0.0, "human", "person")),
    ],
)
def test_success_is_told_by_the_strongest_label(sessions, verdict, labels, expected):
    log = sessions.open(DAY.format(1), 100)
    workspace, id = sessions.ingest(), session_id(log)
    if verdict:
        with open_writer(workspace.folder) as connection, transaction(connection):
            connection.execute(
                "INSERT INTO judgements VALUES (?, 'house-judge', 1, 0, 1, ?, NULL, '', '[]', 1, 0)", (id, verdict)
            )
    if labels:
        with open_commands(workspace.folder) as store:
            store.put_labels(CommandLabel(id, kind, source, score, NOW) for kind, source, score in labels)
    found = {(row.label, row.kind, row.source) for row in rows(workspace, "success").values()}
    assert found == {expected or (None, None, "")}


def test_labels_of_commands_and_of_other_sessions_are_left_alone(sessions):
    sessions.open(DAY.format(1), 100)
    workspace = sessions.ingest()
    with open_commands(workspace.folder) as store:
        store.put_labels([CommandLabel("evt_0", "human", "person", 9.0, NOW)])
        store.put_labels([CommandLabel("claude_code:gone", "human", "person", 9.0, NOW)])
    assert {row.label for row in rows(workspace, "success").values()} == {None}
