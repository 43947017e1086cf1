"""``tacho run``: nothing that goes wrong with the keeping harms the command."""

from __future__ import annotations

import os
import shlex
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tachograph.app.workspace import Workspace
from tachograph.capture.store import open_commands
from tests.commands.captured import alone, kept, repo, run, tacho
from tests.effort import takes_at_most

__all__ = ["alone", "repo"]


def test_folder_with_other_things_is_left_alone(repo: Path):
    result = run("true", folder=Path("."))
    assert result.finished.exit_code == 0
    assert "other things lie in it" in result.problem
    assert not (repo / "commands.sqlite").exists()
    assert (repo / ".gitignore").read_text() == "*.log\nbuild/\n"


def break_config(folder: Path) -> None:
    config = folder.parent / ".config" / "tachograph"
    config.mkdir(parents=True)
    (config / "config.toml").write_text("[store\n")


def break_store(folder: Path) -> None:
    folder.mkdir()
    (folder / "commands.sqlite").write_bytes(b"no database at all" * 500)


def make_newer(folder: Path) -> None:
    with open_commands(folder) as store:
        store.connection.execute("PRAGMA user_version = 99")


def make_folder_a_file(folder: Path) -> None:
    folder.write_text("in the way")


def empty_key(folder: Path) -> None:
    folder.mkdir()
    (folder / "commands.key").touch()


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (break_config, "is not valid TOML"),
        (break_store, "file is not a database"),
        (make_newer, "newer tacho"),
        (make_folder_a_file, "is not a folder"),
        (empty_key, "fewer than 16 bytes"),
    ],
)
def test_command_runs_whatever_is_broken(repo: Path, home: Path, harm, said: str):
    harm(home / "tachograph")
    done = tacho("--", "sh", "-c", "echo out; touch ran; exit 5")
    assert (done.returncode, done.stdout) == (5, "out\n")
    assert (repo / "ran").exists()
    assert done.stderr.startswith("tacho: the command was not recorded: ")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_locked_store_is_not_waited_for_long(repo: Path):
    with open_commands(Workspace().folder):
        pass
    locker = sqlite3.connect(Workspace().folder / "commands.sqlite", isolation_level=None)
    locker.execute("BEGIN IMMEDIATE")
    result = takes_at_most(4, lambda: run("true"), clock=time.monotonic)
    locker.close()
    assert result.finished.exit_code == 0
    assert "locked" in result.problem


def test_full_disk_costs_the_event_alone(repo: Path, home: Path):
    if not os.path.exists("/dev/full"):
        pytest.skip("no device that is always full")
    with open_commands(home / "tachograph"):
        pass
    limit = "ulimit -f 0; trap '' XFSZ; exec \"$@\""  # no file may grow
    command = [sys.executable, "-m", "tachograph", "run", "--", "sh", "-c", "exit 6"]
    done = subprocess.run(["bash", "-c", limit, "x", *command], capture_output=True, text=True, check=False)
    assert done.returncode == 6
    assert done.stderr.startswith("tacho: the command was not recorded: ")


def test_repository_that_cannot_be_looked_at_is_a_note(repo: Path):
    (repo / ".git" / "HEAD").write_text("nonsense")
    result = run("true")
    assert (result.finished.exit_code, result.problem) == (0, "")
    assert kept()[0].files_touched_count is None


def test_model_that_is_not_there_is_told_and_the_event_is_kept(repo: Path):
    result = run("true", model_dir=Path("none"))
    assert result.event is not None
    assert "There is no model in none" in result.problem


def test_python_of_the_current_folder_is_not_imported(repo: Path):
    """The process that scores must not run what lies in a repository."""
    from tachograph.app.commands.capture import own_command

    (repo / "msgspec.py").write_text("open('ran', 'w')")
    shutil.copy(repo / "msgspec.py", repo / "sqlite3.py")
    subprocess.run([*own_command(), "--version"], check=True, capture_output=True)
    subprocess.run([*own_command(), "run", "--", "true"], check=True, capture_output=True)
    assert not (repo / "ran").exists()


def test_ctrl_c_after_the_command_costs_the_event_and_not_the_exit_code(repo: Path, monkeypatch: pytest.MonkeyPatch):
    def interrupted(*arguments) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tachograph.capture.store.CommandStore.note", interrupted)
    result = run("sh", "-c", "exit 4")
    assert (result.finished.exit_code, result.event, result.problem) == (4, None, "interrupted")


def test_nothing_is_left_in_the_temporary_folder(repo: Path, tmp_path: Path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    (scratch / "of the user").touch()
    done = tacho("--", "sh", "-c", "echo x >> a.txt", env={**os.environ, "TMPDIR": str(scratch)})
    assert done.returncode == 0
    assert [entry.name for entry in scratch.iterdir()] == ["of the user"]


def test_folder_that_is_gone_and_streams_that_are_closed(repo: Path):
    command = f"{shlex.quote(sys.executable)} -P -m tachograph run -- sh -c"
    gone = f"mkdir gone && cd gone && rmdir ../gone && {command} 'exit 5'"
    for script in (gone, f"{command} 'exit 5' <&-", f"{command} 'exit 5' >&-", f"{command} 'exit 5' <&- >&- 2>&-"):
        assert subprocess.run(["bash", "-c", script], check=False, timeout=60).returncode == 5, script
    assert [event.exit_code for event in kept()] == [5, 5, 5, 5]


def test_git_is_asked_before_our_own_libraries_are_loaded():
    code = "import sys, tachograph.capture.asking; print({name for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = ("msgspec", "platformdirs", "tempfile", "hashlib", "sqlite3", "tachograph.model", "tachograph.settings")
    assert "'tachograph.capture.git'" in done.stdout
    assert [name for name in heavy if f"'{name}'" in done.stdout] == []


def test_nothing_heavy_is_loaded_before_the_command_or_after_it():
    """Start-up is most of what the command waits for: neither click nor what reads packages' files may be in it."""
    code = (
        "import os, sys; from tachograph.cli import _quick_run as quick;"
        " os._exit = lambda code: None; quick.run_quickly(['true']); print({name for name in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "'tachograph.capture.store'" in done.stdout
    heavy = ("click", "rich", "typing_extensions", "importlib.resources", "numpy", "xgboost", "asyncio", "logging")
    assert [name for name in heavy if f"'{name}'" in done.stdout] == []
