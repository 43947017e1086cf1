"""Events from agents' logs: which calls become one, what it holds, and that order never shows."""

from __future__ import annotations

import random
import shlex
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tachograph.app.commands.backfill import backfill
from tachograph.app.commands.log_events import NOTE, event_id, split_words
from tachograph.app.commands.log_store import read_mark, write_mark
from tachograph.app.ingest import ingest
from tachograph.app.workspace import Workspace
from tachograph.capture.hashing import hash_command, hash_line, load_key
from tachograph.capture.store import open_commands
from tachograph.errors import TachographError
from tachograph.model import CommandEvent
from tachograph.settings import Settings
from tests.builders.claude import ClaudeLog
from tests.builders.log import milliseconds
from tests.commands.logged import SITE, Machine, captured

REFUSED = "The user doesn't want to proceed with this tool use."


def changes(event: CommandEvent) -> tuple[int | None, int | None, int | None]:
    return event.files_touched_count, event.lines_added, event.lines_deleted


def test_an_event_holds_what_the_log_says_and_no_more(home: Path) -> None:
    machine = Machine(home)
    log = machine.session(at="2026-03-02T09:00:00Z")
    log.prompt("Repair it.").edit(f"{SITE}/a.py", "a\n", "b\nc\n").shell("pytest -q tests", "1 failed", exit_code=1)
    report = machine.backfill()
    (event,) = machine.events()
    key = load_key(machine.workspace.folder)
    assert msgspec.structs.asdict(event) == {
        "id": event_id("claude_code", f"claude_code:{log.session_id}", log.call_id),
        "origin": "log", "agent": "claude_code", "executed_at": event.executed_at,
        "command_hash": hash_command(["pytest", "-q", "tests"], key), "hash_key": key.id, "program": "pytest",
        "duration_ms": 1000, "exit_code": 1, "timed_out": False, "signal": None,
        "files_touched_count": 1, "lines_added": 2, "lines_deleted": 1,
        "binary_files": None, "renames": None, "commits": None, "head_before": None, "head_after": None,
        "delta_note": NOTE, "repo": SITE, "session": f"claude_code:{log.session_id}", "call": log.call_id,
        "command": None,
    }  # fmt: skip
    assert milliseconds("2026-03-02T09:00:00Z") < event.executed_at < milliseconds("2026-03-02T09:01:00Z")
    assert (report.sessions, report.events, report.removed, report.matched, report.total) == (1, 1, 0, 0, 1)


def test_edits_count_for_the_command_after_them_and_for_no_other(home: Path) -> None:
    machine = Machine(home)
    log = machine.session()
    log.prompt().shell("ls").edit(f"{SITE}/a.py", "1\n", "2\n").edit(f"{SITE}/a.py", "2\n", "3\n4\n")
    log.create(f"{SITE}/b.py", "x\ny\n").shell("make test").shell("git status")
    machine.backfill()
    found = {event.program: changes(event) for event in machine.events()}
    assert found["ls"] == found["git status"] == (0, 0, 0)
    assert found["make test"][0] == 2
    assert found["make test"][2] == 2


@pytest.mark.parametrize("refusal", [{"error": True, "denial": "user-rejected"}, None])
def test_what_was_refused_or_has_no_result_is_no_event(home: Path, refusal: dict[str, object] | None) -> None:
    machine = Machine(home)
    log = machine.session().prompt().shell("ls").call("Bash", {"command": "rm -r build"})
    if refusal is not None:
        log.result(REFUSED, **refusal)  # type: ignore[arg-type]
    machine.backfill()
    assert machine.programs() == ["ls"]


def test_an_edit_that_failed_changed_nothing(home: Path) -> None:
    machine = Machine(home)
    log = machine.session().prompt()
    log.tool("Edit", {"file_path": f"{SITE}/a", "old_string": "a", "new_string": "b"}, result="not found", error=True)
    log.shell("ls")
    machine.backfill()
    assert changes(machine.events()[0]) == (0, 0, 0)


@pytest.mark.parametrize("sdk", [True, False])
def test_a_fork_counts_its_prefix_once(home: Path, sdk: bool) -> None:
    machine = Machine(home)
    log = machine.session().prompt().response().shell("make one").shell("make two")
    fork = log.fork("2026-05-20T12:00:00Z", sdk=sdk)
    fork.prompt("Another way.").response().shell("make three")
    assert machine.backfill().total == 3
    sessions = {event.program: event.session for event in machine.events()}
    assert sessions == {
        "make one": f"claude_code:{log.session_id}",
        "make two": f"claude_code:{log.session_id}",
        "make three": f"claude_code:{fork.session_id}",
    }


def test_commands_of_codex_with_the_time_that_it_reports(home: Path) -> None:
    machine = Machine(home)
    log = machine.codex.session().turn("gpt-5.4").prompt().tokens(input=10, output=5)
    log.shell("make -j2", "ok").tokens(input=10, output=5).complete()
    machine.backfill()
    (event,) = machine.events()
    assert (event.agent, event.program, event.exit_code) == ("codex", "make", 0)
    assert event.duration_ms is not None


def test_a_subagents_commands_are_its_own(home: Path) -> None:
    machine = Machine(home)
    log = (
        machine.session().prompt().call("Task", {"description": "look", "prompt": "Look.", "subagent_type": "Explore"})
    )
    agent = log.subagent()
    agent.prompt("Look.").shell("rg login")
    log.result("Looked.").shell("ls")
    machine.backfill()
    assert {event.program: event.session for event in machine.events()} == {
        "rg": f"claude_code:{log.session_id}/{agent.agent_id}",
        "ls": f"claude_code:{log.session_id}",
    }


def test_without_stored_text_commands_still_have_a_hash_of_their_own(home: Path) -> None:
    machine = Machine(home, store_text="none")
    machine.session().prompt().shell("make one").shell("make two").shell("make one")
    machine.backfill()
    first, second, third = machine.events()
    assert (first.program, first.exit_code) == ("", 0)
    assert first.command_hash == third.command_hash != second.command_hash


def test_commands_that_are_stored_cut_are_told_apart_by_their_whole_text(home: Path) -> None:
    machine = Machine(home)
    long = "echo " + "word " * 200
    machine.session().prompt().shell(long + "one").shell(long + "two").shell(long + "one")
    machine.backfill()
    first, second, third = (event.command_hash for event in machine.events())
    assert first == third != second


def test_only_what_changed_is_read_again(home: Path) -> None:
    machine = Machine(home)
    machine.session().prompt().shell("ls")
    second = machine.session().prompt().shell("make one")
    assert machine.backfill().sessions == 2
    with machine.store() as store:
        assert backfill(machine.workspace, store).sessions == 0
    second.shell("make two").write()
    ingest(machine.workspace, jobs=1)
    with machine.store() as store:
        report = backfill(machine.workspace, store)
    assert (report.sessions, report.events, report.total) == (1, 2, 3)


def test_two_at_once_do_not_leave_older_rows_behind(home: Path) -> None:
    machine = Machine(home)
    machine.session().prompt().shell("ls")
    machine.backfill()
    with machine.store() as store:
        first = read_mark(store)
        assert first is not None
        other = msgspec.structs.replace(first, revision=first.revision + 5)
        write_mark(store, other, first)
        assert read_mark(store) == other
        write_mark(store, msgspec.structs.replace(first, revision=first.revision + 3), first)
        assert read_mark(store) == first
        write_mark(store, other, None)
        assert read_mark(store) is None


def test_a_call_that_gets_its_result_later_becomes_an_event_then(home: Path) -> None:
    machine = Machine(home)
    log = machine.session().prompt().call("Bash", {"command": "make"})
    assert machine.backfill().total == 0
    log.result("done", error=False, detail={"stdout": "done", "stderr": "", "interrupted": False, "isImage": False})
    machine.backfill()
    assert [(event.program, event.exit_code) for event in machine.events()] == [("make", 0)]


def test_another_key_hashes_all_anew(home: Path) -> None:
    machine = Machine(home)
    machine.session().prompt().shell("make one")
    machine.backfill()
    (before,) = machine.events()
    common = home / "common.key"
    common.write_text("a secret of the whole organisation\n")
    machine.workspace = Workspace(machine.workspace.folder, Settings(capture_key_file=str(common)))
    machine.backfill()
    (after,) = machine.events()
    assert after.id == before.id
    assert after.hash_key != before.hash_key
    assert after.command_hash == hash_command(["make", "one"], load_key(home, str(common)))


def test_what_another_warehouse_does_not_hold_is_gone_but_a_persons_label_stays(home: Path) -> None:
    machine = Machine(home)
    kept, gone = machine.session().prompt().shell("ls"), machine.session().prompt().shell("make test")
    machine.backfill()
    lost = next(event for event in machine.events() if event.program == "make test")
    with machine.store() as store:
        rows = [(lost.id, kind, "x", 50.0, 1, "") for kind in ("human", "outcome", "pseudo")]
        store.connection.executemany("INSERT INTO labels VALUES (?, ?, ?, ?, ?, ?)", rows)
    machine.claude.logs.remove(gone)
    gone.path.unlink()
    for file in machine.workspace.folder.glob("warehouse.sqlite*"):
        file.unlink()
    report = machine.backfill()
    assert (report.removed, report.total) == (1, 1)
    assert machine.programs() == ["ls"]
    assert [one.kind for one in machine.labels(f"target = '{lost.id}'")] == ["human"]
    assert kept.session_id in str(machine.events()[0].session)


def test_without_a_warehouse_there_is_nothing_to_take(home: Path) -> None:
    machine = Machine(home)
    with machine.store() as store, pytest.raises(TachographError) as raised:
        backfill(machine.workspace, store)
    assert raised.value.slug == "no_warehouse"


def test_hostile_text_does_no_harm(home: Path) -> None:
    machine = Machine(home)
    commands = [
        "'; DROP TABLE events; --",
        "\x1b[31mmake\x07 test",
        "make 'open",
        "((((" * 200,
        "make\x00test",
    ]
    log = machine.session(cwd="/home/ada/it's\x1b[2J").prompt()
    for number, command in enumerate(commands):
        log.calls(("Bash", {"command": command}), call_id=f"call'\x1b\n{number}").result("ok")
    assert machine.backfill().total == len(commands)
    assert len({event.id for event in machine.events()}) == len(commands)


@given(st.text(st.sampled_from("ab '\"\\\\\n\t#;\u00a0é"), max_size=30))
@example('git commit -m \'a "b" \\ c\' "d \\" e \\n" f\\ g \'\'')
def test_words_are_those_that_a_shell_would_make(line: str) -> None:
    try:
        expected = shlex.split(line)
    except ValueError:
        expected = None
    assert split_words(line) == expected


@pytest.mark.parametrize("line", ["pytest -q", "git commit -m 'a b'", "echo 'open", "a | b > c"])
def test_a_logs_hash_is_that_of_the_same_line_at_a_prompt(home: Path, line: str) -> None:
    machine = Machine(home)
    machine.session().prompt().shell(line)
    machine.backfill()
    key = load_key(machine.workspace.folder)
    assert machine.events()[0].command_hash == hash_line(line, key)


# ---------------------------------------------------------------------------------------------- under tacho run


def run_in(log: ClaudeLog, command: str, *, program: str = "pytest", number: int = 1, **fields: object) -> CommandEvent:
    """A command in the log that runs ``tacho run``, and the event that this has kept."""
    log.call("Bash", {"command": command})
    start = milliseconds(log.timestamp) + 200
    log.result(
        "ok", error=False, detail={"stdout": "ok", "stderr": "", "interrupted": False, "isImage": False}, seconds=4
    )
    given = {"session": f"claude_code:{log.session_id}", "agent": "claude_code", "repo": SITE, "files_touched_count": 3}
    given |= {"program": program, "executed_at": start, "duration_ms": 3500, "lines_added": 7, "lines_deleted": 2}
    return captured(number, **(given | fields))


@pytest.mark.parametrize("note_first", [True, False])
def test_a_command_under_tacho_run_is_one_event_with_its_own_delta(home: Path, note_first: bool) -> None:
    machine = Machine(home)
    log = machine.session().prompt().shell("ls").edit(f"{SITE}/a.py", "1\n", "2\n")
    run = run_in(log, "cd /home/ada/site && tacho run -- pytest -q")
    if note_first:
        machine.note(run)
        assert machine.backfill().matched == 1
    else:
        assert machine.backfill().total == 2
        machine.note(run)
        assert machine.backfill().removed == 1
    _, event = machine.events()
    assert event == msgspec.structs.replace(run, call=log.call_id)
    assert changes(event) == (3, 7, 2)


@pytest.mark.parametrize(
    ("command", "fields"),
    [
        ("make test", {}),  # a script that uses tacho run: two commands, one within the other
        ("tacho run -- pytest", {"session": "claude_code:another"}),
        ("tacho run -- pytest", {"executed_at": milliseconds("2026-05-20T08:00:00Z")}),
        ("tacho run -- pytest", {"agent": "codex"}),
        ("tacho run -- pytest", {"session": None, "agent": None}),  # a person's, in another terminal
        ("tacho runs pytest", {}),
    ],
)
def test_other_commands_are_not_taken_for_the_inside_of_a_call(
    home: Path, command: str, fields: dict[str, object]
) -> None:
    machine = Machine(home)
    run = run_in(machine.session().prompt(), command, **fields)
    machine.note(run)
    report = machine.backfill()
    assert (report.matched, report.total) == (0, 1)
    assert run in machine.events()


def test_several_within_one_call_and_one_that_names_no_session(home: Path) -> None:
    machine = Machine(home)
    log = machine.session().prompt()
    first = run_in(log, "tacho run -- pytest -q; tacho run -- make")
    second = captured(
        2, session=None, agent="claude_code", repo=SITE, executed_at=first.executed_at + 100, program="make"
    )
    machine.note(first, second)
    report = machine.backfill()
    assert (report.matched, report.total) == (2, 0)
    assert {(event.session, event.call) for event in machine.events()} == {(first.session, log.call_id)}


def test_a_subagents_command_that_names_the_main_session(home: Path) -> None:
    machine = Machine(home)
    log = (
        machine.session().prompt().call("Task", {"description": "look", "prompt": "Look.", "subagent_type": "Explore"})
    )
    agent = log.subagent()
    agent.prompt("Look.")
    run = run_in(agent, "tacho run -- pytest", session=f"claude_code:{log.session_id}")
    log.result("Looked.", seconds=30)
    machine.note(run)
    assert machine.backfill().matched == 1
    assert [(event.id, event.call) for event in machine.events()] == [(run.id, agent.call_id)]


def test_of_parallel_calls_each_gets_the_command_that_it_names(home: Path) -> None:
    machine = Machine(home)
    log = machine.session().prompt()
    log.calls(("Bash", {"command": "tacho run -- make"}), ("Bash", {"command": "tacho run --agent x -- pytest -q"}))
    second = log.call_id
    first = f"toolu_01TEST{int(second[-6:]) - 1:06d}"
    start = milliseconds(log.timestamp)
    log.result("ok", call=first, seconds=5).result("ok", call=second, seconds=1)
    common = {"session": f"claude_code:{log.session_id}", "agent": "claude_code", "executed_at": start + 50}
    machine.note(captured(1, program="pytest", **common), captured(2, program="make", **common))
    assert machine.backfill().matched == 2
    assert {event.program: event.call for event in machine.events()} == {"make": first, "pytest": second}


# --------------------------------------------------------------------------------------------------------- order


def _history(machine: Machine) -> list[CommandEvent]:
    """Sessions, a fork, a subagent, captured commands within and beside them."""
    log = machine.session(at="2026-05-20T09:00:00Z").prompt("Build it.")
    log.edit(f"{SITE}/a.py", "1\n", "2\n").shell("make build", exit_code=2).edit(f"{SITE}/a.py", "2\n", "3\n")
    runs = [run_in(log, "tacho run -- make build", program="make build")]
    log.shell("pytest -q").interruption().prompt("That's wrong.").response().shell("git checkout a.py").shell(
        "make test"
    )
    log.prompt("Thanks, that looks good!")
    log.call("Task", {"description": "look", "prompt": "Look.", "subagent_type": "Explore"})
    agent = log.subagent()
    agent.prompt("Look.").edit(f"{SITE}/b.py", "1\n", "2\n").shell("sed -i s/a/b/ b.py").shell("pytest -q b")
    runs.append(run_in(agent, "tacho run -- pytest", number=2, session=f"claude_code:{log.session_id}"))
    log.result("Looked.", seconds=60)
    fork = log.fork("2026-05-20T12:00:00Z")
    fork.prompt("Another way.").response().shell("touch c").shell("make test", exit_code=1)
    runs.append(run_in(fork, "tacho run -- pytest", number=3, session=None))
    codex = machine.codex.session().turn("gpt-5.4").prompt().tokens(input=10, output=5)
    codex.shell("touch d", "ok").shell("make test", "ok").tokens(input=10, output=5).complete()
    beside = {"repo": SITE, "executed_at": milliseconds("2026-05-20T20:00:00Z")}
    later = beside | {"executed_at": milliseconds("2026-05-20T20:05:00Z")}
    return [*runs, captured(8, files_touched_count=1, **beside), captured(9, program="pytest", **later)]


def _dump(machine: Machine) -> tuple[set[object], set[object]]:
    replace = msgspec.structs.replace  # the key is each machine's own
    return {replace(e, command_hash="", hash_key="") for e in machine.events()}, set(machine.labels())


@pytest.mark.parametrize("seed", range(4))
def test_any_sequence_of_steps_gives_the_same_events_and_labels(home: Path, seed: int) -> None:
    machine = Machine(home)
    runs = _history(machine)
    machine.claude.write()
    machine.codex.write()
    contents = {path: path.read_bytes() for path in home.rglob("*.json*") if path.is_file()}
    machine.note(*runs)
    machine.backfill()
    machine.refresh()
    expected = _dump(machine)
    assert (len(expected[0]), len(expected[1])) == (15, 10)

    chance = random.Random(seed)
    for path in contents:
        path.unlink()
    machine.workspace = Workspace(home / "again", Settings())
    steps = [*contents, *runs] * 2
    chance.shuffle(steps)
    for step in steps:
        if isinstance(step, CommandEvent):
            if not machine.events(f"id = '{step.id}'"):
                machine.note(step)
        elif step.exists():
            step.write_bytes(contents[step])
        else:
            step.write_bytes(_beginning(contents[step], chance))
        for use in chance.choices(["ingest", "backfill", "refresh", "rebuild"], [4, 3, 3, 1], k=2):
            _take(machine, use)
    ingest(machine.workspace, jobs=1)
    machine.refresh()
    assert _dump(machine) == expected


def _beginning(content: bytes, chance: random.Random) -> bytes:
    lines = content.splitlines(keepends=True)
    return b"".join(lines[: chance.randint(0, len(lines))])


def _take(machine: Machine, step: str) -> None:
    if step in ("ingest", "rebuild"):
        ingest(machine.workspace, jobs=1, rebuild=step == "rebuild")
    elif step == "refresh":
        machine.refresh()
    elif (machine.workspace.folder / "warehouse.sqlite").exists():
        with open_commands(machine.workspace.folder) as store:
            backfill(machine.workspace, store)
