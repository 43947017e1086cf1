"""The watcher with real files, a real store and a real child process."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from watchfiles._rust_notify import RustNotify

from tachograph.app.watch import notices, pending
from tachograph.app.workspace import Workspace
from tachograph.warehouse.lock import writer_lock
from tests.builders.codex import CodexHome
from tests.effort import PATIENT_HOOK, TRIES
from tests.watch.watching import SOON, append, moment, wait_until


def id_of(log) -> str:
    return f"claude_code:{log.session_id}"


def test_growth_is_seen_at_once_and_read_on(watching, monkeypatch):
    monkeypatch.setattr(pending, "_PAUSE_SECONDS", 1.0)  # as it is
    log = watching.session()
    append(log)
    watching.start()
    assert watching.outputs(id_of(log)) == 11
    took = []
    for number in range(1, 4):
        append(log.response(output=4))
        took.append(wait_until(lambda number=number: watching.outputs(id_of(log)) == 11 + 4 * number))
        wait_until(lambda number=number: watching.seen(id_of(log)) == number)
    assert min(took) < SOON
    assert watching.watcher.live.is_live(id_of(log), log.clock, round(time.time() * 1000))


def test_new_files_folders_and_agents_are_found(watching, home):
    append(watching.session())
    watching.start()
    in_new_folder = watching.claude.project("/home/ada/other").session(moment(30)).prompt("Two.").response(output=7)
    append(in_new_folder)
    wait_until(lambda: watching.seen(id_of(in_new_folder)))
    beside = watching.session()
    append(beside)
    wait_until(lambda: watching.seen(id_of(beside)))
    subagent = beside.subagent().prompt("Look.").response(output=5)
    append(subagent)
    wait_until(lambda: watching.seen(id_of(beside)) > 1)  # told of as its main session
    assert watching.seen(f"{id_of(beside)}/{subagent.path.stem.removeprefix('agent-')}") == 0
    watching.assert_as_fresh()


def test_a_home_that_is_not_there_yet_is_watched_once_it_appears(watching, home, monkeypatch):
    monkeypatch.setattr(notices, "_LOOK_SECONDS", 0.3)
    watching.start()
    codex = CodexHome(home / ".codex")
    session = codex.session(moment(30))
    session.write()
    wait_until(lambda: len(watching.changes) > 1)
    before = len(watching.changes)
    watching.settle()
    with session.path.open("ab") as file:
        file.write(b"\n")
    log = watching.session()
    append(log)
    wait_until(lambda: watching.seen(id_of(log)))
    assert len(watching.changes) > before


def test_a_folder_that_is_made_anew_is_watched_anew(watching, monkeypatch):
    monkeypatch.setattr(notices, "_LOOK_SECONDS", 0.3)
    append(watching.session())
    watching.start()
    shutil.rmtree(watching.claude.folder / "projects")
    log = watching.session()
    append(log)
    wait_until(lambda: watching.seen(id_of(log)))
    watching.settle()
    append(log.response(output=4))
    wait_until(lambda: watching.outputs(id_of(log)) == 15)


def test_truncated_replaced_and_deleted_logs(watching):
    cut, replaced, deleted = (watching.session() for _ in range(3))
    for log in (cut, replaced, deleted):
        append(log)
    watching.start()
    cut.path.write_bytes(cut.content()[: len(cut.content()) // 2 + 40])
    beside = replaced.path.with_name("new")
    beside.write_bytes(replaced.response(output=30).content())
    beside.replace(replaced.path)
    deleted.path.unlink()
    wait_until(lambda: watching.outputs(id_of(replaced)) == 41 and watching.outputs(id_of(cut)) == 0)
    assert watching.outputs(id_of(deleted)) == 11  # the warehouse outlives the logs
    deleted.path.write_bytes(deleted.response(output=6).content())
    wait_until(lambda: watching.outputs(id_of(deleted)) == 17)
    watching.settle()
    watching.assert_as_fresh()


def test_a_burst_of_two_thousand_files(watching):
    append(watching.session())
    watching.start()
    logs = [watching.session() for _ in range(2_000)]
    for log in logs:
        append(log)
    last = id_of(logs[-1])
    wait_until(lambda: watching.seen(last) or (watching.changes and watching.outputs(last) == 11), 60)
    for log in logs[::400]:
        append(log.response(output=4))
    for log in logs[::400]:
        wait_until(lambda log=log: watching.outputs(id_of(log)) == 15)
    watching.settle()
    assert all(watching.outputs(id_of(log)) == 11 for log in logs[1:400:50])
    assert watching.notes == []


def test_what_is_no_log_costs_one_look(watching, monkeypatch):
    log = watching.session()
    append(log)
    watching.start()
    odd = log.path.with_name("journal.jsonl")
    text = log.path.with_name("notes.txt")
    for number in range(3):
        for path in (odd, text):
            path.write_text(f"{number}\n")
        time.sleep(0.3)
    watching.settle()
    assert watching.changes[1:] == []


def test_logs_elsewhere_are_watched_too(watching, home):
    elsewhere = home / "elsewhere"
    elsewhere.mkdir()
    watching.start(elsewhere)
    log = watching.session()
    elsewhere.joinpath(log.path.name).write_bytes(log.content())
    wait_until(lambda: watching.seen(id_of(log)))
    with elsewhere.joinpath(log.path.name).open("ab") as file:
        file.write(log.response(output=9).content()[len(log.content()) - len(log._chunks[-1]) :])
    wait_until(lambda: watching.outputs(id_of(log)) == 20)


def test_what_it_writes_itself_wakes_nobody(watching, home):
    """A folder to be watched may hold the data folder."""
    log = watching.session()
    append(log)
    watching.start(home)
    append(log.response(output=4))
    wait_until(lambda: watching.outputs(id_of(log)) == 15)
    watching.settle()
    time.sleep(1.5)  # until the notices of the log itself have come and been dealt with
    asked = []
    watching.watcher._child.ask = lambda job, show: asked.append(job)  # type: ignore[method-assign]
    time.sleep(1.5)
    assert asked == []


def test_sweeps_find_what_no_notification_told(watching, monkeypatch):
    monkeypatch.setattr("tachograph.app.watch.watcher.Watcher._find_folders", lambda self: [])
    log = watching.session()
    append(log)
    watching.start(scan_interval=1.0)
    append(log.response(output=4))
    wait_until(lambda: watching.seen(id_of(log)))
    assert watching.outputs(id_of(log)) == 15


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError("OS file watch limit reached. about [/home/ada]"), "OS file watch limit reached"),
        (RuntimeError("Too many open files (os error 24)"), "Too many open files (os error 24)"),
    ],
)
def test_without_watches_it_is_said_once_and_sweeps_go_on(watching, monkeypatch, error, reason):
    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr("watchfiles._rust_notify.RustNotify", refuse)
    monkeypatch.setattr(notices, "_RETRY_SECONDS", 0.1)
    log = watching.session()
    append(log)
    watching.start(scan_interval=1.0)
    append(log.response(output=4))
    wait_until(lambda: watching.outputs(id_of(log)) == 15)
    said = f"Changes of files cannot be watched ({reason}): the logs are looked through every 1 seconds instead."
    assert watching.notes == [said]
    assert watching.watcher.status.notes == (said,)


def test_a_folder_that_may_not_be_read_does_not_keep_the_others_from_being_watched(watching, monkeypatch):
    def particular(*arguments):
        if not arguments[-1]:
            raise PermissionError(13, "Permission denied")
        return RustNotify(*arguments)

    monkeypatch.setattr("watchfiles._rust_notify.RustNotify", particular)
    log = watching.session()
    append(log)
    watching.start()
    append(log.response(output=4))
    wait_until(lambda: watching.outputs(id_of(log)) == 15)
    assert watching.notes == []


@pytest.mark.skipif(sys.platform != "linux", reason="names that are no text exist on Linux only")
def test_a_name_that_is_no_text_does_not_stop_it(watching):
    log = watching.session()
    append(log)
    watching.start()
    with open(os.path.join(os.fsencode(log.path.parent), b"\xff\xfe.jsonl"), "wb") as file:
        file.write(b"{}\n")
    time.sleep(1.5)
    append(log.response(output=4))
    wait_until(lambda: watching.outputs(id_of(log)) == 15)
    assert watching.notes == []


# ------------------------------------------------------------------------------------------------------ finishing


def test_a_stable_session_is_finished(watching):
    log = watching.session()
    append(log)
    watching.start(stability_window=2.0)
    append(log.at(moment()).response(output=4))
    wait_until(lambda: watching.seen(id_of(log)))
    assert id_of(log) not in watching.watcher.live.ended
    wait_until(lambda: id_of(log) in watching.watcher.live.ended)
    wait_until(lambda: watching.seen(id_of(log)) == 2)  # its page shows that it is over
    append(log.at(moment()).response(output=4))
    wait_until(lambda: id_of(log) not in watching.watcher.live.ended)


def test_a_session_end_hook_finishes_it_at_once_and_the_loop_goes_round(watching, monkeypatch):
    log = watching.session()
    append(log)
    hooks = watching.data / "hooks"
    hooks.mkdir(parents=True)
    file = {"agent": "claude_code", "scope": "user", "path": "/nowhere", "written": "", "existed": False}
    (hooks / "installed.json").write_text(json.dumps({"version": 1, "activation": "manual", "files": [file]}))
    watching.start()
    wait_until(lambda: (hooks / "briefing.json").exists())  # the first sweep goes round the loop, too
    (hooks / "briefing.json").unlink()
    now = round(time.time() * 1000)
    assert watching.watcher.live.is_live(id_of(log), log.clock, now)
    event = json.dumps({"session_id": log.session_id, "hook_event_name": "SessionEnd"}).encode()
    program = f"import sys; sys.executable = ''; {PATIENT_HOOK}"  # starts no tacho learn
    subprocess.run([sys.executable, "-c", program, "session-end"], input=event, check=True)
    wait_until(lambda: id_of(log) in watching.watcher.live.ended)
    assert not watching.watcher.live.is_live(id_of(log), log.clock, now)
    wait_until(lambda: (hooks / "briefing.json").exists())
    assert watching.notes == []


# ------------------------------------------------------------------------------------------------------- failures


def test_a_worker_that_is_killed_is_replaced_and_nothing_is_lost(watching):
    log = watching.session()
    append(log)
    watching.start()
    append(log.response(output=4))
    wait_until(lambda: watching.outputs(id_of(log)) == 15)
    os.kill(watching.watcher.worker_pid, signal.SIGKILL)
    append(log.response(output=5))
    wait_until(lambda: watching.outputs(id_of(log)) == 20)
    watching.settle()
    watching.assert_as_fresh()


def test_another_process_that_writes_is_waited_for(watching):
    log = watching.session()
    append(log)
    watching.start()
    with writer_lock(watching.data, 5.0):
        append(log.response(output=4))
        time.sleep(1.5)
        assert watching.outputs(id_of(log)) == 11
    wait_until(lambda: watching.outputs(id_of(log)) == 15)
    assert watching.notes == []


def test_settings_that_are_wrong_are_told_once_and_taken_up_when_they_are_right(watching, home):
    config = home / ".config" / "tachograph" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("[store]\ntext = 7\n")
    log = watching.session()
    append(log)
    watching.start(ready=False, scan_interval=0.5)
    wait_until(lambda: watching.notes)
    time.sleep(1.5)
    assert len(watching.notes) == 1
    assert "store.text" in watching.notes[0]
    assert not watching.watcher.status.ready
    config.write_text('[store]\ntext = "none"\n')
    wait_until(lambda: watching.watcher.status.ready)
    assert watching.outputs(id_of(log)) == 11


def test_two_watchers_on_one_store_do_no_harm(watching):
    logs = [watching.session() for _ in range(4)]
    for log in logs:
        append(log)
    watching.start()
    watching.start()
    for _ in range(5):
        for log in logs:
            append(log.response(output=1))
        time.sleep(0.2)
    for log in logs:
        wait_until(lambda log=log: watching.outputs(id_of(log)) == 16)
        wait_until(lambda log=log: watching.seen(id_of(log)) >= 2)
    assert watching.notes == []
    watching.assert_as_fresh()


_SERVER = """
import sys, time
from tachograph.app.watch.watcher import Watcher
from tachograph.app.workspace import Workspace
watcher = Watcher(Workspace(), on_change=lambda change: None)
watcher.start()
while watcher.worker_pid is None:
    time.sleep(0.01)
print(watcher.worker_pid, flush=True)
time.sleep(60)
"""


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not Path(f"/proc/{pid}/stat").exists() or Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] != "Z"


def test_a_session_end_that_went_unnoticed_is_read_at_the_next_look_at_everything(watching, monkeypatch):
    monkeypatch.setattr("tachograph.app.watch.ended.EndedSessions.owns", lambda *_: False)
    log = watching.session()
    append(log)
    watching.start(scan_interval=1.0)
    hooks = watching.data / "hooks"
    hooks.mkdir(exist_ok=True)
    (hooks / "ended.ndjson").write_text(json.dumps({"session": id_of(log), "at": time.time_ns() // 1_000_000}) + "\n")
    wait_until(lambda: id_of(log) in watching.watcher.live.ended)


def test_the_worker_ends_with_a_server_that_is_killed(watching):
    append(watching.session())
    server = subprocess.Popen([sys.executable, "-c", _SERVER], stdout=subprocess.PIPE)
    assert server.stdout is not None
    worker = int(server.stdout.readline())
    assert is_there(worker)
    server.kill()
    server.communicate()
    assert wait_until(lambda: not is_there(worker)) < 10


def test_stopping_takes_less_than_a_second(watching):
    append(watching.session())

    def stop() -> float:
        watcher = watching.start(ready=False)
        wait_until(lambda: watcher.worker_pid)
        began = time.monotonic()
        watcher.stop()
        spent = time.monotonic() - began
        assert watcher.worker_pid is None
        assert not watcher.live.watching
        return spent

    assert any(stop() < 1.0 for _ in range(TRIES))


def test_a_demo_is_left_as_it_is(watching):
    watching.data.mkdir()
    (watching.data / "demo.json").write_text("{}")
    append(watching.session())
    watching.start(ready=False)
    wait_until(lambda: watching.notes)
    assert "demo" in watching.notes[0]
    assert Workspace().is_demo
