"""What the child process does for each job."""

from __future__ import annotations

import os

import pytest

from tachograph.app.ingest import ingest
from tachograph.app.learn import run
from tachograph.app.watch import jobs as module
from tachograph.app.watch.jobs import Workbench
from tachograph.app.watch.records import Activity, Answer, Job, Message
from tachograph.app.workspace import Workspace
from tachograph.warehouse.lock import writer_lock
from tachograph.warehouse.store import open_writer, transaction
from tests.builders.log import milliseconds
from tests.watch.watching import append, moment

SWEEP = Job("sweep")


@pytest.fixture
def said() -> list[Message]:
    return []


@pytest.fixture
def bench(home, said) -> Workbench:
    return Workbench(said.append)


def grown(log, since: int, **fields) -> Job:
    return Job("grown", since, logs=(os.fsencode(log.path),), **fields)


def test_at_first_only_recent_sessions_are_told(bench, watching):
    old, new = watching.claude.project().session(moment(10_000)).prompt("Old.").response(), watching.session()
    for log in (old, new):
        os.utime(log.write(), (1_000, 1_000))
    answer = bench.do(Job("sweep", recent_ms=milliseconds(moment(600))))
    assert answer.changed == (Activity(f"claude_code:{new.session_id}", milliseconds(new.timestamp), 1_000_000),)
    assert answer.revision > 0


def test_then_what_has_changed_since_with_its_subagents_folded_in(bench, watching):
    log, other = watching.session(), watching.session()
    append(log)
    append(other)
    first = bench.do(SWEEP)
    subagent = log.subagent().prompt("Look.").response(output=5)
    append(subagent)
    answer = bench.do(Job("sweep", first.revision))
    assert [one.session for one in answer.changed] == [f"claude_code:{log.session_id}"]
    assert answer.changed[0].written_ms == subagent.path.stat().st_mtime_ns // 1_000_000
    assert answer.revision > first.revision
    assert bench.do(Job("sweep", answer.revision)) == Answer(answer.revision)


def test_what_another_process_has_stored_is_told_too(bench, watching):
    log = watching.session()
    append(log)
    first = bench.do(SWEEP)
    append(log.response(output=2))
    ingest(Workspace())
    answer = bench.do(grown(log, first.revision))
    assert [one.session for one in answer.changed] == [f"claude_code:{log.session_id}"]


def test_a_log_that_was_never_read_is_handed_back(bench, watching):
    append(watching.session())
    first = bench.do(SWEEP)
    new = watching.session()
    append(new)
    answer = bench.do(grown(new, first.revision))
    assert answer.strangers == (os.fsencode(new.path),)
    assert answer.changed == ()
    swept = bench.do(Job("sweep", first.revision, logs=answer.strangers))
    assert (swept.strangers, [one.session for one in swept.changed]) == ((), [f"claude_code:{new.session_id}"])


def test_folders_named_are_looked_through_as_well(bench, watching, home):
    log = watching.session()
    place = home / "elsewhere" / log.path.name
    place.parent.mkdir()
    place.write_bytes(log.content())
    bench.do(Job("sweep", folders=(os.fsencode(place.parent), os.fsencode(home / "gone"))))
    assert watching.outputs(f"claude_code:{log.session_id}") == 11


def test_only_so_many_are_told(bench, watching, monkeypatch):
    monkeypatch.setattr(module, "_MOST_TOLD", 3)
    first = bench.do(SWEEP)
    logs = [watching.session().wait(number) for number in range(5)]
    for log in logs:
        append(log.response(output=1))
    answer = bench.do(Job("sweep", first.revision))
    assert [one.session for one in answer.changed] == [f"claude_code:{log.session_id}" for log in logs[:1:-1]]
    assert answer.others == ()


def test_while_another_process_writes_it_says_so(bench, watching, monkeypatch):
    monkeypatch.setattr(module, "WAIT_SECONDS", 0.05)
    append(watching.session())
    bench.do(SWEEP)
    with writer_lock(watching.data, 1.0):
        assert bench.do(SWEEP) == Answer(busy=True)


def test_faults_are_told_in_words(bench, watching, home, monkeypatch):
    watching.data.mkdir()
    (watching.data / "warehouse.sqlite").write_bytes(b"no database at all, " * 100)
    assert "cannot be read" in bench.do(SWEEP).fault


def test_settings_are_taken_as_they_are_now(bench, watching, home):
    append(watching.session())
    assert bench.do(SWEEP).fault == ""
    config = home / ".config" / "tachograph" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("[store]\ntxt = 1\n")
    assert "store.txt" in bench.do(SWEEP).fault
    config.write_text('[store]\ntext = "none"\n')
    assert bench.do(SWEEP).fault == ""
    with open_writer(watching.data) as connection, transaction(connection):
        assert connection.execute("SELECT DISTINCT text FROM prompts").fetchall() == [("",)]


def count_points(folder):
    with open_writer(folder) as connection:
        return connection.execute("SELECT count(*) FROM points").fetchone()[0]


def test_the_first_sweep_and_every_one_that_finds_something_goes_round_the_loop(bench, watching, monkeypatch):
    rounds: list[int] = []
    learn = run.learn
    monkeypatch.setattr(run, "learn", lambda *given, **options: rounds.append(1) or learn(*given, **options))
    for number in range(1, 4):
        append(watching.session())
        bench.do(SWEEP)
        assert (count_points(watching.data), len(rounds)) == (number, number)
    bench.do(SWEEP)
    assert len(rounds) == 3


def test_a_session_that_grows_has_its_kpis_again_once_it_is_finished(bench, watching):
    log = watching.session()
    append(log)
    bench.do(SWEEP)
    append(log.response(output=3))
    bench.do(grown(log, 0))
    assert count_points(watching.data) == 0
    bench.do(Job("finished", ids=("claude_code:x",)))
    assert count_points(watching.data) == 1


def test_after_many_jobs_it_is_spent(bench, watching, monkeypatch):
    monkeypatch.setattr(module, "_MANY_JOBS", 3)
    assert [bench.do(SWEEP).spent for _ in range(4)] == [False, False, True, True]
