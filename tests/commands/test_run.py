"""``tacho run``: what is kept of a command."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tachograph.app.workspace import Workspace
from tachograph.capture.hashing import hash_command, load_key
from tachograph.capture.store import open_commands
from tachograph.model import ChangedPath, CommandEvent, CommandLabel
from tachograph.settings import Settings
from tests.capture.repos import run_shell
from tests.commands.captured import TOKEN, alone, kept, repo, run, tacho

__all__ = ["alone", "repo"]


def test_event_has_every_field(repo: Path):
    before = time.time_ns() // 1_000_000
    result = run("sh", "-c", "echo five >> a.txt; rm b.txt; exit 3", keep_text=True)
    [event] = kept()
    assert result.event == event
    head = run_shell(repo, "git rev-parse HEAD").strip()
    key = load_key(Workspace().folder)
    assert event == CommandEvent(
        id=event.id, origin="run", agent=None, executed_at=event.executed_at,
        command_hash=hash_command(["sh", "-c", "echo five >> a.txt; rm b.txt; exit 3"], key), hash_key=key.id,
        program="echo", duration_ms=event.duration_ms, exit_code=3, files_touched_count=2, lines_added=1,
        lines_deleted=3, binary_files=0, renames=0, commits=0, head_before=head, head_after=head, repo=str(repo),
        command="sh -c 'echo five >> a.txt; rm b.txt; exit 3'",
    )  # fmt: skip
    assert before <= event.executed_at <= time.time_ns() // 1_000_000
    assert 0 <= (event.duration_ms or 0) < 10_000
    assert event.id.startswith("evt_")
    assert len(event.id) == 24


def test_changed_paths_are_kept_and_redacted(repo: Path):
    run("sh", "-c", f"echo x > {TOKEN}.txt")
    with open_commands(Workspace().folder) as store:
        [path] = store.paths_of(kept()[0].id)
    assert path == ChangedPath("[redacted:github-token].txt", 1, 0, after=path.after)


def test_text_is_not_kept_unless_asked_for_and_then_redacted(repo: Path):
    run("git", "check-ignore", f"https://x:{TOKEN}@example.invalid/a")
    run("echo", TOKEN, keep_text=True)
    run("echo", TOKEN, keep_text=True, settings=Settings(store_text="none"))
    first, second, third = kept()
    assert (first.program, first.command) == ("git check-ignore", None)
    assert (second.program, second.command) == ("echo", "echo [redacted:github-token]")
    assert third.command is None
    assert second.command_hash == third.command_hash != first.command_hash
    assert TOKEN.encode() not in b"".join(f.read_bytes() for f in Workspace().folder.iterdir() if f.is_file())


def test_program_that_is_a_secret_is_redacted(repo: Path):
    run(f"./{TOKEN}")
    assert kept()[0].program == "[redacted:github-token]"


def test_command_of_any_bytes_is_kept(repo: Path):
    result = run("echo", "caf\udce9", "a\nb", keep_text=True)
    assert result.problem == ""
    assert kept()[0].command == "echo 'caf\ufffd' 'a\nb'"


def test_unchanged_commands_are_kept_unless_told_otherwise(repo: Path):
    assert run("true").event is not None
    assert run("true", skip_unchanged=True).event is None
    empty = ["-c", "user.name=a", "-c", "user.email=a@b.example", "commit", "-q", "--allow-empty", "-m", "x"]
    assert run("git", *empty, skip_unchanged=True).event is not None
    assert run("touch", "new", skip_unchanged=True).event is not None
    facts = [(event.program, event.files_touched_count, event.commits) for event in kept()]
    assert facts == [("true", 0, 0), ("git commit", 0, 1), ("touch", 1, 0)]


def test_what_is_not_known_to_be_unchanged_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    event = run("true", skip_unchanged=True).event
    assert event is not None
    assert (event.repo, event.files_touched_count, event.commits, event.delta_note) == (
        None,
        None,
        None,
        "no repository",
    )


def test_repository_may_be_another_one(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    event = run("sh", "-c", "echo x >> site/a.txt", repo=repo / "dir").event
    assert event is not None
    assert (event.repo, event.lines_added) == (str(repo), 1)


@pytest.mark.parametrize("options", [("--repo", "plain"), ("--repo", "not/there")])
def test_repository_that_was_named_and_is_none_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plain").mkdir()
    done = tacho(*options, "--", "echo", "ran")
    assert (done.returncode, done.stdout) == (0, "ran\n")
    assert done.stderr == f"tacho: no repository was found at {options[1]}: what the command changed is not known\n"
    assert kept()[0].delta_note == "no repository"


def test_no_repository_around_is_nothing_to_speak_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert tacho("--", "true").stderr == ""


def test_label_is_the_persons_own(repo: Path):
    event = run("true", label=80.0).event
    assert event is not None
    with open_commands(Workspace().folder) as store:
        assert store.labels() == [
            CommandLabel(event.id, "human", "person", 80.0, event.executed_at + (event.duration_ms or 0))
        ]


@pytest.mark.parametrize(
    ("environ", "named", "agent", "session"),
    [
        ({}, None, None, None),
        ({"CLAUDECODE": "1", "CLAUDE_CODE_SESSION_ID": "0a-1"}, None, "claude_code", "claude_code:0a-1"),
        ({"CLAUDECODE": "1"}, None, "claude_code", None),
        ({"CODEX_THREAD_ID": "0b-2"}, None, "codex", "codex:0b-2"),
        ({"CODEX_SANDBOX": "seatbelt"}, None, "codex", None),
        ({"CLAUDECODE": "1", "CODEX_THREAD_ID": "0b-2"}, None, None, None),
        ({"CLAUDECODE": "1", "CODEX_THREAD_ID": "0b-2"}, "codex", "codex", "codex:0b-2"),
        ({"CODEX_THREAD_ID": "0b-2"}, "nightly", "nightly", None),
        ({"CODEX_THREAD_ID": "../x y"}, None, "codex", None),
        ({}, f"bot-{TOKEN}", "bot-[redacted:github-token]", None),
    ],
)
def test_agent_and_session_are_what_the_environment_tells(
    repo: Path, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], named: str | None, agent: str | None,
    session: str | None,
):  # fmt: skip
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    event = run("true", agent=named).event
    assert event is not None
    assert (event.agent, event.session) == (agent, session)


def test_store_of_its_own_is_made_private_and_hidden_from_git(repo: Path):
    run("true", folder=Path(".tacho"))
    event = run("true", folder=Path(".tacho")).event
    assert event is not None
    assert event.files_touched_count == 0
    assert len(kept(repo / ".tacho")) == 2
    assert not (Workspace().folder / "commands.sqlite").exists()
    assert run_shell(repo, "git status --porcelain") == ""
    assert stat.S_IMODE((repo / ".tacho").stat().st_mode) == 0o700
    assert stat.S_IMODE((repo / ".tacho" / "commands.sqlite").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("script", "code", "signal"), [("exit 0", 0, None), ("exit 255", 255, None), ("kill -KILL $$", 137, 9)]
)
def test_exit_code_is_the_commands_own(repo: Path, script: str, code: int, signal: int | None):
    done = tacho("--", "sh", "-c", script)
    assert done.returncode == code
    [event] = kept()
    assert (event.exit_code, event.signal, event.timed_out) == (code, signal, False)


def test_timeout_is_kept_as_such(repo: Path):
    done = tacho("--timeout", "0.2", "--", "sh", "-c", "echo begun; sleep 60")
    assert (done.returncode, done.stdout) == (124, "begun\n")
    [event] = kept()
    assert (event.exit_code, event.timed_out, event.signal) == (124, True, 15)


def test_command_that_is_not_there(repo: Path):
    done = tacho("--", "no-such-program", "--help")
    assert (done.returncode, done.stderr) == (127, "tacho: no-such-program: No such file or directory\n")
    assert kept()[0].exit_code == 127


def test_streams_are_the_commands_own(repo: Path):
    done = tacho("cat", input="over\n")
    assert (done.stdout, done.stderr, done.returncode) == ("over\n", "", 0)


@pytest.mark.slow
def test_model_beside_the_store_scores_after_the_command_has_returned(repo: Path, tmp_path: Path):
    pytest.importorskip("xgboost")
    rows = str(tmp_path / "rows.csv")
    for arguments in (
        ["commands", "init"],
        ["ml", "generate", "--out", rows, "--rows", "600", "--seed", "1"],
        ["ml", "train", "--dataset", rows, "--out-dir", ".tacho/model-xgb", "--n-estimators", "20"],
    ):
        subprocess.run([sys.executable, "-m", "tachograph", *arguments], check=True, capture_output=True)
    event = run("true", folder=Path(".tacho")).event
    unscored = run("true", folder=Path(".tacho"), score=False).event
    assert event is not None
    assert unscored is not None
    until = time.monotonic() + 30
    scores = []
    while not scores and time.monotonic() < until:
        time.sleep(0.1)
        with open_commands(repo / ".tacho") as store:
            scores = store.scores()
    assert [score.event for score in scores] == [event.id]
    assert scores[0].low <= scores[0].score <= scores[0].high
    assert scores[0].top_feature


def test_command_sees_its_environment_and_folder_as_they_are(repo: Path):
    done = tacho("--repo", "dir", "--", "sh", "-c", "pwd; echo $GIT_PAGER", env={**os.environ, "GIT_PAGER": "cat"})
    assert done.stdout.split() == [str(repo), "cat"]
