"""``tacho goal`` alone, ``list``, ``show``, ``fsck`` and ``import``: what they tell."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

import pytest

from tachograph.ledger.events import Changes, OwnEvent
from tachograph.ledger.lines import encode
from tachograph.ledger.reading import NOTES, Slug, read_ledger
from tests.builders.claude import ClaudeHome, ClaudeLog
from tests.builders.small import HOUSE, write_config
from tests.conftest import ROOT
from tests.effort import takes_at_most
from tests.goals.commands import Goals, goals
from tests.golden import check_golden
from tests.ledger.making import Writer

__all__ = ["goals"]

GOAL = "2026-05-04-001"
GOAL_OF_THE_PAGE = "2026-10-09-001"


@pytest.fixture
def history(goals: Goals, home: Path) -> Goals:
    """Three goals: one failed, one that took it up again and succeeded, one open; and sessions that worked on them."""
    write_config(home)
    claude = ClaudeHome(home / ".claude")
    project = claude.project(str(goals.folder))

    def work(at: str, model: str = HOUSE) -> ClaudeLog:
        return project.session(at, model=model).prompt("Work.")

    work("2026-05-04T09:10:00Z").response(output=50_000)
    work("2026-05-04T10:10:00Z").response(output=100_000).response(output=20_000)
    work("2026-05-05T09:10:00Z").response(output=7_000).response(model="mystery", output=1)
    claude.write()
    goals.start("Fix the login", "product", "--notes", "only the web form")
    goals(
        "finish", GOAL, "--status", "fail", "--failure-reason", "missing_context", "--finished-at", "2026-05-04T10:00Z"
    )
    goals.start("Fix the login, with the session store", "product", "--supersedes", GOAL, at="2026-05-04T10:00Z")
    second = "2026-05-04-002"
    goals("continue", second, "--failure-reason", "validation_failed", "--started-at", "2026-05-04T10:10:08Z")
    goals("finish", second, "--status", "success", "--result-fit", "exact_fit", "--finished-at", "2026-05-04T11:00Z")
    goals.start("Look back at May", "retro", at="2026-05-05T09:00Z")
    return goals


def test_without_a_ledger_it_says_how_to_begin(goals: Goals) -> None:
    told = goals()
    assert told.startswith("There are no goals yet: metrics/events.ndjson holds none.\n")
    assert 'tacho goal start --title "…" --type product begins one; tacho goal infer proposes some' in told
    assert goals.json("list", schema="goals")["goals"] == []
    assert goals("show", "x", code=3).endswith("There is none yet: tacho goal start --title … --type …\n")
    assert not goals.ledger.exists()


def test_alone_it_lists_what_is_open(history: Goals) -> None:
    told = history()
    assert "Look back at May" in told
    assert "Fix the login" not in told


def test_what_is_not_open_is_said_to_be_there(goals: Goals) -> None:
    goals.start()
    goals("finish", GOAL, "--status", "success")
    assert goals() == "None of 1 goal matches (tacho goal list shows all).\n"


def test_the_list_as_a_person_sees_it(history: Goals) -> None:
    check_golden("goals/list.txt", history("list"))
    check_golden("goals/effective.txt", history("list", "--effective", "--no-ingest"))


def test_a_goal_as_a_person_sees_it(history: Goals) -> None:
    check_golden("goals/show.txt", history("show", "2026-05-04-002"))


def test_costs_are_those_of_the_responses(history: Goals) -> None:
    rows = history.json("list", schema="goals")["goals"]
    assert [(row["goal"]["goal_id"], row["cost"]["totals"]["usd"], row["cost"]["coverage"]) for row in rows] == [
        ("2026-05-05-001", 0.07, 0.5), ("2026-05-04-002", 1.2, 1.0), (GOAL, 0.5, 1.0),
    ]  # fmt: skip
    assert history.json("show", "2026-05-04-002")["cost"]["totals"]["output"] == 120_000


def test_a_cost_of_which_a_part_is_unknown_is_a_lower_bound(history: Goals) -> None:
    assert "≥$0.07" in history("list", "--status", "in_progress")


def test_chains_are_one_goal_each(history: Goals) -> None:
    answer = history.json("list", "--effective", schema="goals")
    assert (answer["effective"], answer["known"], answer["matching"]) == (True, 3, 2)
    row = answer["goals"][1]
    assert row["chain"] == [GOAL, "2026-05-04-002"]
    goal, totals = row["goal"], row["cost"]["totals"]
    assert (goal["goal_id"], goal["status"], goal["attempts"], goal["started_at"]) == (
        "2026-05-04-002", "success", 3, "2026-05-04T09:00:00Z",
    )  # fmt: skip
    assert (totals["usd"], totals["responses"], totals["sessions"]) == (1.7, 3, 2)


SELECTIONS = [
    (["--status", "fail"], [GOAL]),
    (["--status", "fail", "--effective"], []),
    (["--type", "retro"], ["2026-05-05-001"]),
    (["--since", "2026-05-04T10:30Z"], ["2026-05-05-001", "2026-05-04-002"]),
    (["--limit", "1"], ["2026-05-05-001"]),
    (["--limit", "0"], ["2026-05-05-001", "2026-05-04-002", GOAL]),
]


@pytest.mark.parametrize(("arguments", "found"), SELECTIONS)
def test_the_list_shows_what_was_asked_for(history: Goals, arguments: list[str], found: list[str]) -> None:
    rows = history.json("list", *arguments, schema="goals")["goals"]
    assert [row["goal"]["goal_id"] for row in rows] == found


def test_a_ledger_is_found_from_a_folder_within(history: Goals, monkeypatch: pytest.MonkeyPatch) -> None:
    (history.folder / "src" / "deep").mkdir(parents=True)
    monkeypatch.chdir(history.folder / "src" / "deep")
    assert history.json("list", schema="goals")["known"] == 3
    monkeypatch.chdir(history.folder.parent)
    assert history.json("list", "--repo", "site", schema="goals")["known"] == 3
    assert history.json("list", "--ledger", str(history.ledger), schema="goals")["known"] == 3
    assert "is no folder" in history("list", "--repo", "nowhere", code=2)


def test_the_place_of_the_ledger_is_a_setting(goals: Goals, home: Path) -> None:
    config = home / ".config" / "tachograph" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('[goals]\npath = "docs/goals.ndjson"\n')
    goals.start()
    assert (goals.folder / "docs" / "goals.ndjson").is_file()
    config.write_text('[goals]\npath = "../goals.ndjson"\n')
    assert "would lie outside of the repository" in goals("list", code=4)


@pytest.mark.parametrize("kind", ["folder", "link"])
def test_what_is_no_file_is_no_ledger(goals: Goals, kind: str) -> None:
    goals.ledger.parent.mkdir()
    if kind == "folder":
        goals.ledger.mkdir()
    else:
        goals.ledger.symlink_to("/etc/hostname")
    for arguments in ([], ["list"], ["show", "x"], ["fsck"], ["start", "--title", "x", "--type", "meta"]):
        assert "metrics/events.ndjson" in goals(*arguments, code=4)


def test_ten_thousand_events_are_read_quickly(goals: Goals) -> None:
    writer = Writer()
    while len(writer.events) < 10_000:
        key = writer.start()
        writer.resume(key)
        writer.finish(key)
    goals.ledger.parent.mkdir()
    goals.ledger.write_bytes(b"".join(map(encode, writer.events)))
    goals("list")  # everything is loaded
    told = takes_at_most(1.0, lambda: goals("list", "--no-ingest"))  # 0.3 s where it was written
    assert told.startswith("Goals  20 of 3,334\n")


# ----------------------------------------------------------------------------------------------- others' ledgers


def test_texts_of_others_ledgers_are_harmless(goals: Goals) -> None:
    writer = Writer()
    evil = "\x1b]0;x\x07\u202e\nNew line"
    key = writer.start(title=evil, notes=evil, agent=evil, model=evil)
    writer.resume(key, notes=evil, agent=evil)
    writer.add_usage(key, usd="1" * 5_000)
    writer.update(key, link=(evil,))
    goals.ledger.parent.mkdir()
    goals.ledger.write_bytes(b"".join(map(encode, writer.events)))
    for arguments in (["list"], ["show", "2026-11-18-001"], ["fsck"]):
        told = goals(*arguments) + goals(*arguments, "--json")
        assert [char for char in "\x1b\x07\u202e" if char in told] == []
    assert len(goals("show", "2026-11-18-001")) < 2_000
    assert goals.json("show", "2026-11-18-001")["goal"]["title"] == evil


def test_fsck_tells_and_repairs(history: Goals) -> None:
    assert history("fsck").endswith("Nothing is wrong with it.\n")
    first, *others = history.ledger.read_text("utf-8").splitlines(keepends=True)
    damaged = ["<<<<<<< ours\n", first.replace("web form", "web"), *others[:2], "noise\n", *others[2:], '{"torn": tru']
    history.ledger.write_text("".join(damaged), "utf-8")
    check_golden("goals/fsck.txt", history("fsck", code=1))
    assert "4 things about the ledger to look at: tacho goal fsck" in history("list")
    report = history.json("fsck", "--repair", schema="goal_fsck")
    assert (report["repaired"], report["rejected"], report["removed_markers"], report["restamped"]) == (True, 2, 1, 1)
    assert Path(report["backup_path"]).read_text("utf-8") == "".join(damaged)
    assert history("fsck").endswith("Nothing is wrong with it.\n")
    assert history.json("list", schema="goals")["known"] == 3


def test_what_no_repair_changes_does_not_fail_fsck(goals: Goals) -> None:
    writer = Writer()
    key = writer.start()
    writer.finish(key)
    goals.ledger.parent.mkdir()
    finish = encode(writer.events[1]).replace(writer.events[1].event_id.encode(), b"ev_c000000000000001")
    goals.ledger.write_bytes(encode(writer.events[0]) + encode(writer.events[1]) + finish)
    told = goals("fsck")
    assert "Without effect: 2026-11-18-001 is closed already" in told


def test_another_tools_ledger_is_taken_over(goals: Goals, tmp_path: Path) -> None:
    old = {
        "goal_id": "2026-04-01-001", "title": "Old", "goal_type": "product", "status": "success", "attempts": 1,
        "started_at": "2026-04-01T09:00:00+00:00", "finished_at": "2026-04-01T10:00:00+00:00",
        "result_fit": "exact_fit",
    }  # fmt: skip
    event = {"event_type": "goal_finished", "ts": "2026-04-01T10:00:00+00:00", "goal": old, "entries": []}
    source = tmp_path / "old.ndjson"
    source.write_text(json.dumps(event) + "\nnoise\n")
    told = goals("import", str(source))
    assert told.startswith("1 event taken over, 0 known already · 0 → 1 goal\nline 2 of ")
    assert goals.json("import", str(source), schema="goal_import")["added"] == 0
    assert goals.json("show", "2026-04-01-001")["goal"]["result_fit"] == "exact_fit"
    assert "There is no file" in goals("import", "nowhere.ndjson", code=3)


# ------------------------------------------------------------------------------------------------- docs/ledger.md


def test_the_ledger_of_the_documents_is_sound() -> None:
    page = (ROOT / "docs" / "ledger.md").read_text("utf-8")
    lines = page.partition("```ndjson\n")[2].partition("```")[0]
    reading = read_ledger(lines.encode())
    assert (reading.problems, len(reading.events)) == ((), 5)
    (goal,) = reading.state.goals
    assert (goal.id, goal.status, len(goal.attempts), goal.manual[0].usd) == (GOAL_OF_THE_PAGE, "fail", 2, "1.50")


def test_the_page_names_every_event_key_and_problem() -> None:
    page = (ROOT / "docs" / "ledger.md").read_text("utf-8")
    events = {one.__struct_config__.tag: one for one in get_args(OwnEvent)}
    assert set(re.findall(r"^\| `(\w+_\w+)` \|", page, re.MULTILINE)) == {
        *events, *get_args(Slug), "event_type", "goal_id", "event_id"
    }  # fmt: skip
    fields = {name for one in (*events.values(), Changes) for name in one.__struct_fields__}
    assert [name for name in sorted(fields) if f"`{name}" not in page] == []


def test_the_page_says_the_exit_code() -> None:
    lost = {slug for slug in get_args(Slug) if slug not in NOTES and slug != "refused_event"}
    page = (ROOT / "docs" / "ledger.md").read_text("utf-8")
    listed = re.findall(r"^\| `(\w+)` \|", page.partition("## What `tacho goal fsck` says")[2], re.MULTILINE)
    assert set(listed[:5]) == lost


def test_goals_of_two_clones_with_one_number_are_told_apart_and_not_warned_of(goals: Goals) -> None:
    goals.start("of one clone")
    first = goals.ledger.read_bytes()
    goals.ledger.unlink()
    goals.start("of the other")
    goals.ledger.write_bytes(first + goals.ledger.read_bytes())
    assert "fsck" not in goals("list")
    assert goals.json("list", schema="goals")["problems"] == 0
    assert "Another goal has the name" in goals("fsck")
    goals.ledger.write_bytes(goals.ledger.read_bytes() + b"torn")
    assert "1 thing about the ledger to look at: tacho goal fsck" in goals("list")
