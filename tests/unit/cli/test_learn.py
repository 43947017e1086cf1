from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from tachograph.app.learn.decisions import decide
from tachograph.warehouse.lock import writer_lock
from tests.builders.claude import ClaudeHome
from tests.builders.pointed import DAY, HOUR, NOW, Loop, loop, make_point, points_of
from tests.unit.cli.running import Tacho, assert_valid, tacho

__all__ = ["loop", "tacho"]


def read(tacho: Tacho, *arguments: str, schema: str = "learn") -> dict[str, Any]:
    assert tacho("learn", *arguments, "--json") == 0, tacho.err
    answer: dict[str, Any] = json.loads(tacho.out)
    assert_valid(schema, answer)
    return answer


def measures(tacho: Tacho) -> dict[str, dict[str, Any]]:
    status = read(tacho, "status", "--no-ingest", schema="learn_status")
    return {one["name"]: one for one in status["measures"]}


def work(loop: Loop, at: str = "2026-11-18T09:00:00Z") -> None:
    log = ClaudeHome(loop.home / ".claude").project().session(at).prompt("Repair it.")
    log.tool("Bash", {"command": "make"}).response(output=9).write()


def test_one_round_reads_new_logs_and_prepares_the_next_briefing(tacho: Tacho, loop: Loop) -> None:
    work(loop)
    first = read(tacho)
    assert (first["sessions"], first["new_sessions"], first["changed"]) == (1, 1, True)
    assert list(loop.briefing()["types"]["claude_code"]) == ["main"]
    again = read(tacho)
    assert (again["sessions"], again["new_sessions"], again["changed"]) == (1, 0, False)
    assert tacho("learn") == 0
    assert "Nothing has changed since the last round." in tacho.out


def test_without_reading_logs_only_what_is_stored_is_learnt_from(tacho: Tacho, loop: Loop) -> None:
    work(loop)
    assert read(tacho, "--no-ingest")["sessions"] == 0
    assert read(tacho)["sessions"] == 1


def test_quiet_says_nothing(tacho: Tacho, loop: Loop) -> None:
    work(loop)
    assert tacho("learn", "--quiet") == 0
    assert (tacho.out, tacho.err) == ("", "")
    assert loop.rows("SELECT count(*) FROM points") == [(1,)]


def test_while_another_process_is_at_it(tacho: Tacho, loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tachograph.cli.learn._PATIENCE_SECONDS", 0.05)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with writer_lock(loop.folder, 1.0):
            held.set()
            done.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(30)
    try:
        assert tacho("learn", "--quiet") == 0
        assert (tacho.out, tacho.err) == ("", "")
    finally:
        done.set()
        thread.join()


def test_what_came_of_it_is_told(tacho: Tacho, loop: Loop) -> None:
    loop.bad_days()
    loop.install()
    report = read(tacho, "--no-ingest")
    assert (report["offers"], report["activated"], report["trials"]) == (6, 3, {"active": 3})
    assert sum(report["alerts"].values()) > 0
    loop.now += HOUR
    assert tacho("learn", "--no-ingest") == 0
    assert "suggestions that fit: 6; trials: 3 active" in tacho.out


def test_another_hour_another_round(tacho: Tacho, loop: Loop) -> None:
    loop.bad_days()
    assert read(tacho, "--no-ingest")["changed"]
    assert not read(tacho, "--no-ingest")["changed"]
    loop.now += HOUR
    assert read(tacho, "--no-ingest")["changed"]


@pytest.mark.parametrize(
    "table", ['[agent_types]\n"site" = "two words"\n', '[agent_types]\n"site" = 7\n', '[agent_types]\n"" = "docs"\n']
)
def test_an_agent_type_that_is_no_name_is_refused(tacho: Tacho, loop: Loop, table: str) -> None:
    loop.settings(table)
    assert tacho("learn") == 4
    assert "[agent_types] must be a short name" in tacho.err


def test_agent_types_of_projects_become_groups_of_their_own(tacho: Tacho, loop: Loop) -> None:
    work(loop)
    loop.settings('[agent_types]\n"ada/site" = "web"\n')
    assert tacho("learn") == 0
    assert loop.rows("SELECT agent_type FROM points") == [("web",)]
    assert loop.briefing()["projects"] == [["ada/site", "web"]]
    assert list(loop.briefing()["types"]["claude_code"]) == ["web"]


# --------------------------------------------------------------------------------------------- how the loop does


def test_a_loop_that_has_done_nothing_has_nothing_to_measure(tacho: Tacho, loop: Loop) -> None:
    found = measures(tacho)
    assert list(found) == ["coverage", "analysis_seconds", "false_critical", "promoted", "gain", "briefed"]
    for name in ("coverage", "false_critical", "promoted", "gain", "briefed"):
        assert (found[name]["value"], found[name]["met"], found[name]["of"]) == (None, None, 0), name


def test_the_share_of_false_alarms_is_of_what_people_said(tacho: Tacho, loop: Loop) -> None:
    usual = [0.02, 0.03, 0.02, 0.04, 0.03, 0.02, 0.03, 0.04, 0.02, 0.03]
    loop.put(*points_of("error_rate", [*usual, 0.2, 0.25], first=89))
    loop.learn()
    ids = [one for (one,) in loop.rows("SELECT id FROM alerts WHERE severity = 'critical' ORDER BY at")]
    assert len(ids) == 2
    assert tacho("alerts", "ack", ids[0], "--false-alarm") == 0
    assert tacho("alerts", "ack", ids[1]) == 0  # seen: that says neither
    found = measures(tacho)["false_critical"]
    assert (found["value"], found["met"], found["of"]) == (1.0, False, 1)
    assert tacho("alerts", "ack", ids[1], "--real") == 0
    assert measures(tacho)["false_critical"]["value"] == 0.5


def test_sessions_that_the_hooks_saw_begin_are_counted_from_the_first_one_on(tacho: Tacho, loop: Loop) -> None:
    points = [make_point(number, {"error_rate": 0.02}) for number in range(90, 100)]
    loop.put(*points)
    for point in (points[6], points[8], points[9]):
        start = {"v": 1, "start": point.session, "agent_type": "main", "at": point.started_at}
        loop.say(json.dumps(start))
    loop.learn()
    found = measures(tacho)["briefed"]
    assert (found["value"], found["of"], found["met"]) == (0.75, 4, False)


def test_what_was_promoted_counts_among_the_decided(tacho: Tacho, loop: Loop) -> None:
    loop.bad_days()
    loop.learn()
    with loop.write() as connection:
        for name, action in (("batch_tasks", "promote"), ("idle_timeout", "disable")):
            decide(connection, name, "main", "activate", "user", "", NOW, {"sessions": 5, "value": 3.0, "bound": 1.0})
            decide(connection, name, "main", action, "user", "", NOW + 1)  # type: ignore[arg-type]
    loop.now += DAY
    loop.learn()
    found = measures(tacho)["promoted"]
    assert (found["value"], found["of"], found["met"]) == (1.0, 1, True)


def test_the_status_as_a_person_reads_it(tacho: Tacho, loop: Loop) -> None:
    work(loop)
    assert tacho("learn", "status") == 0
    assert "last round 2026-11-18 12:00 UTC, 1 session with KPIs" in tacho.out
    assert "100 %" in tacho.out
    assert "met" in tacho.out


@pytest.mark.parametrize(("has_hooks", "rounds"), [(False, 0), (True, 1)])
def test_an_ingestion_that_found_something_goes_round_where_hooks_wait(
    tacho: Tacho, loop: Loop, has_hooks: bool, rounds: int
) -> None:
    if has_hooks:
        loop.install()
    work(loop)
    assert tacho("ingest") == 0
    assert loop.rows("SELECT count(*) FROM points WHERE family <> ''") == [(rounds,)]
