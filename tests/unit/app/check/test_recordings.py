"""From files, folders and names to recordings: whole trees, exact numbers, and nothing left behind."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tachograph.analysis.expectations import Recording
from tachograph.app.check.recordings import OpenedRecording, open_recordings, record_session
from tachograph.app.find_session import find_last
from tachograph.app.ingest import ingest
from tachograph.app.purge import Target, plan_purge, purge
from tachograph.app.workspace import Workspace
from tachograph.errors import NotFound, TachographError
from tachograph.model import TextKind
from tachograph.redaction import default_cleaner
from tachograph.settings import Settings
from tachograph.warehouse.store import open_reader, warehouse_file
from tests.builders.claude import ClaudeHome, ClaudeLog
from tests.builders.codex import CodexHome
from tests.builders.session import play

ALL: frozenset[TextKind] = frozenset({"commands", "inputs", "prompts", "said"})
RATES = {"input": 10, "output": 50, "cache_read": 1, "cache_write_5m": 12, "cache_write_1h": 20}
LONG = "echo " + "x" * 700


@pytest.fixture
def workspace(home: Path) -> Workspace:
    return Workspace(home / "tachograph", Settings(prices={"house": RATES}))


@pytest.fixture
def claude(home: Path) -> ClaudeHome:
    return ClaudeHome(home / ".claude")


def opened(workspace: Workspace, *targets: object, **options) -> list[OpenedRecording]:
    wanted = options.pop("wanted", ALL)
    with open_recordings(workspace, [str(one) for one in targets], wanted, **options) as found:
        return list(found)


def names(found: list[OpenedRecording]) -> list[str]:
    return [one.recording.main.session.native_id for one in found]


def commands(recording: Recording) -> list[str | None]:
    return [recording.command(call) for call in recording.calls]


def run(log: ClaudeLog, command: str, result: str = "", **usage: int) -> ClaudeLog:
    """A response with this usage that runs a command; one with a result fails."""
    log.calls(("Bash", {"command": command}), **usage)
    return log.result(result, error=True) if result else log.result("", error=False)


def make_tree(claude: ClaudeHome) -> ClaudeLog:
    """A session with two subagents, one of them the other's."""
    log = claude.project().session(model="house")
    run(log.prompt("Build it."), LONG, input=100, output=10)
    child = log.subagent("a000001")
    run(child.prompt("Look."), "rg x", input=7, output=3)
    grandchild = log.subagent("a000002", spawned_by="a000001")
    grandchild.prompt("Deeper.").response("Found.", input=5, output=2)
    log.wait(60).response("All built.", input=50, output=20, model="mystery")
    claude.write()
    return log


# ----------------------------------------------------------------------------------------------------- one file


def test_a_file_is_read_with_its_subagents_and_leaves_nothing_behind(claude, workspace):
    log = make_tree(claude)
    (one,) = opened(workspace, log.path)
    assert (one.target, one.name, one.title, one.notes) == (str(log.path), log.session_id[:8], "Build it.", ())
    assert [part.session.kind for part in one.recording.parts] == ["main", "subagent", "subagent"]
    assert commands(one.recording) == [LONG, "rg x"]
    assert one.recording.said == "All built."
    assert (one.recording.usage.input, one.recording.usage.output) == (162, 35)
    assert not warehouse_file(workspace.folder).exists()


def test_costs_are_exact_and_what_has_no_price_is_named(claude, workspace):
    log = make_tree(claude)
    (one,) = opened(workspace, log.path)
    main, child, grandchild = one.recording.parts
    assert main.cost_pico == (100 * 10 + 10 * 50) * 10**6
    assert main.unpriced == (("mystery", 1),)
    assert (child.cost_pico, grandchild.cost_pico) == ((7 * 10 + 3 * 50) * 10**6, (5 * 10 + 2 * 50) * 10**6)


def test_a_subagents_file_is_checked_by_itself(claude, workspace):
    make_tree(claude)
    (path,) = claude.folder.rglob("agent-a000001.jsonl")
    (one,) = opened(workspace, path)
    assert one.recording.main.session.kind == "subagent"
    assert commands(one.recording) == ["rg x"]


def test_codexs_subagents_are_found_by_their_parent(home, workspace):
    codex = CodexHome(home / ".codex")
    log = codex.session().turn().prompt("Go.").shell("ls").tokens(input=10, output=5)
    log.subagent().turn().prompt("Look.").shell("rg x").tokens(input=3, output=1)
    stranger = codex.session().turn().prompt("Else.").shell("pwd").tokens(input=1, output=1)
    codex.write()
    (one,) = opened(workspace, log.path)
    assert commands(one.recording) == ["ls", "rg x"]
    assert names(opened(workspace, stranger.path)) == [stranger.id]


@pytest.mark.parametrize("name", ["nowhere.jsonl", "/nowhere/at/all", "./nothing"])
def test_a_path_that_is_not_there_is_named(workspace, name):
    with pytest.raises(NotFound, match="does not exist"):
        opened(workspace, name)


def test_a_file_that_is_no_log_is_reported(workspace, tmp_path):
    (tmp_path / "a.jsonl").write_text('{"x": 1}\n', encoding="utf-8")
    with open_recordings(workspace, [str(tmp_path / "a.jsonl")], ALL) as found:
        assert list(found) == []
        assert found.unreadable == (f"{tmp_path / 'a.jsonl'}: no line belongs to a session",)


# ------------------------------------------------------------------------------------------------------ folders


def test_a_folders_main_sessions_are_checked_with_their_own_texts(claude, workspace):
    first = make_tree(claude)
    second = claude.project().session().prompt().shell("make").response("Made.")
    claude.write()
    found = opened(workspace, claude.folder)
    assert names(found) == [first.session_id, second.session_id]
    assert [one.recording.said for one in found] == ["All built.", "Made."]
    assert [len(one.recording.parts) for one in found] == [3, 1]


def test_subagents_without_their_session_count_only_where_there_is_nothing_else(claude, workspace):
    log = make_tree(claude)
    log.path.unlink()
    found = opened(workspace, claude.folder)
    assert {one.recording.main.session.kind for one in found} == {"subagent"}
    other = claude.project().session().prompt().response()
    other.write()
    notes: list[str] = []
    assert names(opened(workspace, claude.folder, note=notes.append)) == [other.session_id]
    (told,) = notes
    assert told.startswith(f"{len(found)} subagents of sessions that are not there: not checked.")
    assert opened(workspace, other.path, note=notes.append)
    assert notes == [told]


def test_a_copy_in_the_same_folder_counts_once(claude, workspace):
    log = run(claude.project().session(model="house").prompt(), "ls", input=10, output=5)
    fork = log.fork()
    run(fork.prompt("Again."), "pwd", input=1, output=1)
    claude.write()
    by_id = {one.recording.main.session.native_id: one for one in opened(workspace, claude.folder)}
    assert commands(by_id[log.session_id].recording) == ["ls"]
    assert commands(by_id[fork.session_id].recording) == ["pwd"]
    assert by_id[fork.session_id].notes == (
        "It begins with 1 responses copied from another session; these and their calls were left out.",
    )


def test_a_fork_that_is_read_alone_says_what_it_counts(claude, workspace):
    log = run(claude.project().session(model="house").prompt(), "ls", input=10, output=5)
    fork = log.fork()
    run(fork.prompt("Again."), "pwd", input=1, output=1)
    claude.write()
    (one,) = opened(workspace, fork.path)
    assert one.notes == ("It is a fork: what it copies from another session counts, where the log does not mark it.",)


# ------------------------------------------------------------------------------------------------ sessions' names


def test_a_named_session_is_read_again_for_its_texts(claude, workspace):
    log = make_tree(claude)
    (one,) = opened(workspace, log.session_id[:8])
    assert commands(one.recording) == [LONG, "rg x"]
    assert (one.recording.said, one.recording.has_texts) == ("All built.", True)
    assert warehouse_file(workspace.folder).exists()


def test_the_last_session_of_a_project(claude, workspace):
    make_tree(claude)
    other = claude.project("/home/ada/tools").session("2027-01-01T00:00:00Z").prompt().shell("make")
    claude.write()
    last = opened(workspace, find_more=lambda connection: [find_last(connection, "/home/ada/tools/src")])
    assert names(last) == [other.session_id]


def without_logs(claude: ClaudeHome, log: ClaudeLog) -> None:
    shutil.rmtree(claude.folder)


def without_a_subagents_log(claude: ClaudeHome, log: ClaudeLog) -> None:
    next(claude.folder.rglob("agent-a000001.jsonl")).unlink()


def with_another_log(claude: ClaudeHome, log: ClaudeLog) -> None:
    log.path.write_text('{"type": "summary"}\n', encoding="utf-8")


def with_its_end_cut_off(claude: ClaudeHome, log: ClaudeLog) -> None:
    log.path.write_bytes(b"".join(log.path.read_bytes().splitlines(keepends=True)[:-1]))


@pytest.mark.parametrize(
    ("change", "told", "kept"),
    [
        (with_its_end_cut_off, [None, "rg x"], [False, True, True]),
        (without_logs, [None, None], [False, False, False]),
        (without_a_subagents_log, [LONG, None], [True, False, True]),
        (with_another_log, [None, "rg x"], [False, True, True]),
    ],
)
def test_what_is_gone_is_not_made_up(claude, workspace, change: Callable[[ClaudeHome, ClaudeLog], None], told, kept):
    log = make_tree(claude)
    ingest(workspace)
    change(claude, log)
    (one,) = opened(workspace, log.session_id, update=False)
    assert commands(one.recording) == told
    assert [part.has_texts for part in one.recording.parts] == kept
    gone = (
        "A log of it is gone, or is no longer the one that was read: whole commands, inputs and messages are not known."
    )
    assert (gone in one.notes) is (not all(kept))
    assert one.recording.usage.output == 35


def test_without_texts_no_log_is_opened(claude, workspace):
    log = make_tree(claude)
    ingest(workspace)
    shutil.rmtree(claude.folder)
    (one,) = opened(workspace, log.session_id, update=False, wanted=frozenset())
    assert one.recording.has_texts
    assert commands(one.recording) == [None, None]
    assert one.recording.said is None


def test_findings_come_along(claude, workspace):
    log = claude.project().session(model="house").prompt()
    for _ in range(4):
        run(log, "make", "Exit code 2\nboom: no such module", input=100, output=10)
    claude.write()
    found = [one.recording.main.findings for one in opened(workspace, log.path)]
    assert [[(one.detector, len(one.calls)) for one in findings] for findings in found] == [
        [("repeated_failed_retry", 4)]
    ]


def test_names_come_after_paths(claude, workspace):
    first, second = (claude.project().session().prompt().shell("ls") for _ in range(2))
    claude.write()
    assert names(opened(workspace, first.session_id, second.path)) == [second.session_id, first.session_id]


def test_names_that_are_redacted_in_the_warehouse_are_still_found(home, workspace, monkeypatch):
    """A folder whose name holds a secret is stored redacted: its logs are found again by what they are called."""
    folder = home / ("ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8")
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(folder))
    claude = ClaudeHome(folder)
    log = claude.project().session().prompt().shell("ls")
    claude.write()
    (one,) = opened(workspace, log.session_id)
    with closing(open_reader(workspace.folder)) as connection:
        ((stored,),) = connection.execute("SELECT path FROM logs").fetchall()
    assert str(folder) not in stored
    assert commands(one.recording) == ["ls"]


def test_a_session_without_a_warehouse(workspace):
    recording = record_session(play(), default_cleaner())
    assert (recording.has_texts, recording.said, recording.scope_words) == (False, None, "session")


def test_a_compressed_log_is_read_as_a_file(home, workspace):
    codex = CodexHome(home / ".codex")
    codex.session().turn().prompt("Hi.").tokens(input=9, output=4).complete().compressed()
    codex.write()
    (path,) = codex.folder.rglob("*.jsonl.zst")
    with open_recordings(workspace, [str(path)]) as found:
        assert ([len(one.recording.main.session.responses) for one in found], found.unreadable) == ([1], ())


def test_a_folder_for_what_is_read_is_needed(workspace, claude, monkeypatch, tmp_path):
    log = make_tree(claude)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    with pytest.raises(TachographError) as raised:
        opened(workspace, log.path)
    assert (raised.value.slug, raised.value.exit_code) == ("cannot_write", 4)
    assert raised.value.message == "No temporary folder can be made: No such file or directory."


def test_a_purged_sessions_log_can_still_be_checked(claude, workspace):
    log = make_tree(claude)
    ingest(workspace)
    with closing(open_reader(workspace.folder)) as connection:
        plan = plan_purge(connection, Target(session=log.session_id))
    purge(workspace, plan)
    (one,) = opened(workspace, log.path)
    assert commands(one.recording) == [LONG, "rg x"]
    with pytest.raises(NotFound):
        opened(workspace, log.session_id)
