"""The loop closes by itself: what helps is proven, what does nothing is not, what harms is stopped."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import pytest

from tachograph.app.learn.fold import load_baselines
from tachograph.cli._frame import run
from tachograph.warehouse.store import open_reader
from tests.loop.simulated import MARK, Person, person

__all__ = ["person"]

HISTORY = 12


@pytest.fixture
def started(person: Person) -> Person:
    return start(person)


def start(person: Person) -> Person:
    """A person with a history of too much overhead; the loop has put the one suggestion that fits to the test."""
    person.history(HISTORY)
    person.install()
    report = person.learn()
    assert report.activated == 1
    assert person.trial().state in ("candidate", "active")
    return person


def overhead_n(person: Person) -> int:
    """Sessions behind the baseline of overhead."""
    connection = open_reader(person.data)
    baselines = load_baselines(connection)
    connection.close()
    (found,) = (table for group, table in baselines.items() if group.family != "*")
    return found["tool_overhead_ratio"].n


def work_on(person: Person, shift: float, sessions: int, *, every: int = 3) -> tuple[int, list[bool]]:
    """Sessions until the trial is decided; how many there were, and which got the text."""
    treated: list[bool] = []
    while len(treated) < sessions:
        treated.append(person.session(shift))
        if len(treated) % every == 0:
            person.learn()
            if person.trial().state != "active":
                break
    return len(treated), treated


def test_what_helps_by_one_standard_deviation_is_proven_and_given_to_all(started: Person) -> None:
    sessions, treated = work_on(started, -1.0, 60)
    state = started.trial()
    assert state.state == "proven", state.reason
    assert (state.target.n_treatment, state.target.n_control) == (sum(treated), sessions - sum(treated))
    assert state.target.difference is not None
    assert state.target.difference < -0.1
    assert overhead_n(started) == HISTORY + sessions - sum(treated)  # what was treated does not feed the baseline
    told = [started.hook(f"later-{number}") for number in range(6)]
    assert all(MARK in text for text in told)
    assert started.arms("later-0") == {}  # given to all: no trial any more


@pytest.mark.soak
@pytest.mark.parametrize(("shift", "least", "most"), [(-1.0, 16, 20), (0.0, 0, 2)])
def test_of_twenty_courses_an_effect_is_proven_in_most_and_none_in_hardly_any(
    shift: float, least: int, most: int, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proven = 0
    for seed in range(20):
        place = home / f"course-{seed}"
        monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(place / ".claude"))
        monkeypatch.setenv("TACHO_DATA_DIR", str(place / "tachograph"))
        person = Person(place, monkeypatch, seed + 2)
        start(person)
        work_on(person, shift, 60, every=10)
        proven += person.trial().state == "proven"
    assert least <= proven <= most


def test_what_changes_nothing_stays_undecided(started: Person) -> None:
    sessions, treated = work_on(started, 0.0, 45, every=9)
    state = started.trial()
    assert state.state == "active", state.reason
    assert sessions == 45
    assert 15 <= sum(treated) <= 30


def test_what_harms_is_stopped_at_once_and_its_text_is_gone(started: Person) -> None:
    sessions, _ = work_on(started, 3.0, 40, every=1)
    state = started.trial()
    assert state.state == "harmful", state.reason
    assert sessions < 40
    assert [(one.action, one.by) for one in started.decisions()] == [("activate", "auto"), ("retire", "auto")]
    assert started.decisions()[1].reason == state.reason
    assert not any(MARK in started.hook(f"later-{number}") for number in range(8))
    listed = json.loads((started.data / "active.json").read_bytes())
    assert listed["suggestions"] == []
    assert started.learn().activated == 0  # it is not taken up again by itself
    assert started.trial().state == "harmful"


def test_a_session_keeps_its_arm_when_it_goes_on(started: Person) -> None:
    sessions = [started.begin() for _ in range(6)]
    assert {MARK in told for _, told in sessions} == {True, False}
    lines = started.assignments()
    for session, told in sessions:
        for source in ("resume", "compact"):
            assert (MARK in started.hook(session, source)) == (MARK in told)
    assert started.assignments() == lines


def test_a_removed_entry_of_the_written_file_disables(started: Person) -> None:
    file = started.data / "active.json"
    listed = json.loads(file.read_bytes())
    assert [one["id"] for one in listed["suggestions"]] == ["batch_tasks"]
    file.write_text(json.dumps({**listed, "suggestions": []}))
    started.session(0.0)
    started.learn()
    assert started.trial().state == "retired"
    assert not any(MARK in started.hook(f"later-{number}") for number in range(8))


def test_promotion_writes_the_agents_file_and_ends_the_trial(
    started: Person, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = home / ".claude" / "CLAUDE.md"
    file.write_text("# Mine\n\nKeep it short.\n")
    assert run(["suggest", "promote", "batch_tasks"]) == 0
    assert MARK in capsys.readouterr().out
    assert MARK not in file.read_text()
    assert run(["suggest", "promote", "batch_tasks", "--apply"]) == 0
    assert file.read_text().startswith("# Mine\n\nKeep it short.\n")
    assert MARK in file.read_text()
    started.learn()
    assert not any(MARK in started.hook(f"later-{number}") for number in range(8))  # the file says it now
    assert run(["suggest", "promote", "batch_tasks", "--apply", "--remove"]) == 0
    assert file.read_text() == "# Mine\n\nKeep it short.\n"


def test_three_places_are_filled_and_the_fourth_offer_waits(person: Person) -> None:
    person.history(HISTORY, efficiency=0.004, active=0.3, completed=0.6, cached=0.5, wall=7200.0)
    person.install()
    report = person.learn()
    assert report.offers >= 4
    assert report.activated == 3
    session, told = person.begin()
    assert len(person.arms(session)) == 3
    briefing = json.loads((person.data / "hooks" / "briefing.json").read_bytes())
    given = briefing["types"]["claude_code"]["main"]["suggestions"]
    assert len(given) == 3
    for one in given:
        assert (one["text"] in told) == (person.arms(session)[one["id"]] == "treatment")
    assert len(told) <= 2000
    person.work(session, person.usual())
    assert person.learn().activated == 0  # no place is free


def test_the_end_of_a_session_brings_everything_up_to_date(started: Person) -> None:
    session, _ = started.begin()
    started.work(session, started.usual())
    made = json.loads((started.data / "hooks" / "briefing.json").read_bytes())["made_at"]
    event = json.dumps({"hook_event_name": "SessionEnd", "session_id": session}).encode()
    subprocess.run(started.command("SessionEnd"), input=event, check=True)
    deadline = time.monotonic() + 30
    while json.loads((started.data / "hooks" / "briefing.json").read_bytes())["made_at"] == made:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    connection = open_reader(started.data)
    stored = [one for (one,) in connection.execute("SELECT session FROM points")]
    connection.close()
    assert f"claude_code:{session}" in stored
    assert len(stored) == HISTORY + 1
