"""Whatever stands where the loop's own files should be: hooks stay quiet, commands go on or say one clear sentence."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import pytest

from tachograph.cli._frame import run
from tachograph.hooks.places import ASSIGNMENTS, append
from tests.loop.machine import Dump, Machine, dump_loop, still, write_history

pytestmark = pytest.mark.skipif(os.name == "nt", reason="makes FIFOs and links")

DEEP = b"[" * 100_000
DAMAGE: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "truncated": lambda path: path.write_bytes(b'{"version": 1, "suggestions": [{"id'),
    "binary": lambda path: path.write_bytes(bytes(range(256)) * 50),
    "large": lambda path: path.write_bytes(b'{"a": "' + b"x" * 20_000_000 + b'"}\n'),
    "folder": lambda path: path.mkdir(),
    "fifo": os.mkfifo,
    "link to nowhere": lambda path: path.symlink_to("/nonexistent/file"),
    "link to itself": lambda path: path.symlink_to(path.name),
    "zeros": lambda path: path.write_bytes(b"\0" * 5000),
    "deep": lambda path: path.write_bytes(b'{"version": 1, "types": ' + DEEP + b"\n"),
    "deep in a short line": lambda path: path.write_bytes(b'{"x":' + DEEP[:2000] + b"]" * 2000 + b',"trial":"a"}\n'),
    "deep toml": lambda path: path.write_bytes(b"a = " + DEEP),
    "no numbers": lambda path: path.write_bytes(b'{"version": NaN, "at": Infinity, "share": 1e999, "trial": "x"}\n'),
    "twice the same key": lambda path: path.write_bytes(b'{"version": 1, "version": 2, "files": [], "files": 3}\n'),
    "an array": lambda path: path.write_bytes(b"[]"),
}
FILES = (
    "tachograph/hooks/briefing.json", "tachograph/hooks/assignments.ndjson", "tachograph/hooks/trial.key",
    "tachograph/hooks/installed.json", "tachograph/hooks/let-through", "tachograph/hooks/learn-started",
    "tachograph/active.json", "tachograph/reports", "telemetry/traces-1.jsonl", "telemetry/evaluations-1.jsonl",
    "telemetry/history/kpis.jsonl", "telemetry/baselines/main.json", "telemetry/baselines",
    "telemetry/optimizations/active.json", "rules/alerts.toml",
)  # fmt: skip
REFUSED = {
    ("tachograph/hooks/briefing.json", "folder"), ("tachograph/hooks/trial.key", "folder"),
    *(("rules/alerts.toml", damage) for damage in DAMAGE if damage not in ("empty", "link to nowhere")),
}  # fmt: skip
"""What a person has to put right before the loop can go on."""
EVENT = {"hook_event_name": "SessionStart", "session_id": "0a1b2c3d", "source": "startup", "prompt": "hello"}


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Dump]]:
    """The data folder of a machine on which the loop has gone round, and what it holds."""
    folder = tmp_path_factory.mktemp("settled")
    with pytest.MonkeyPatch.context() as patch:
        for variable, name in {"CLAUDE_CONFIG_DIR": "claude", "CODEX_HOME": "codex"}.items():
            patch.setenv(variable, str(folder / "machine" / name))
        machine = Machine(folder / "machine", write_history(folder / "history"))
        yield machine.workspace.folder, machine.settle()


@pytest.fixture
def place(settled: tuple[Path, Dump], home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a copy of it, a telemetry folder, and rules of the user's own."""
    shutil.copytree(settled[0], home / "tachograph")
    for folder in ("telemetry", "rules"):
        (home / folder).mkdir()
    (home / "rules" / "config.toml").touch()
    monkeypatch.setenv("TACHO_LEARN_FOLDER", str(home / "telemetry"))
    monkeypatch.setenv("TACHO_CONFIG", str(home / "rules" / "config.toml"))
    return home


@pytest.fixture(autouse=True)
def not_for_ever() -> Iterator[None]:
    """A test that waits for a FIFO fails after a minute."""

    def give_up(_: int, __: FrameType | None) -> NoReturn:
        raise TimeoutError("it waits for ever")

    held = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, held)


def damage(path: Path, how: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    remove(path)
    DAMAGE[how](path)


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def learn(capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Exit code, and what a person is told."""
    with still():
        code = run(["learn", "--no-ingest"])
    return code, capsys.readouterr().err


@pytest.mark.parametrize("how", DAMAGE)
@pytest.mark.parametrize("file", FILES)
def test_a_round_goes_on_or_says_what_is_wrong_and_loses_nothing(
    file: str, how: str, place: Path, settled: tuple[Path, Dump], capsys: pytest.CaptureFixture[str]
) -> None:
    damage(place / file, how)
    code, told = learn(capsys)
    assert (code, "Traceback" in told) == (4 if (file, how) in REFUSED else 0, False), told
    assert all(line.startswith("tacho: ") for line in told.splitlines()[:1])
    if code:
        assert str(place / file) in told
    remove(place / file)
    assert learn(capsys)[0] == 0
    found = dump_loop(place / "tachograph")
    own = {name: part for name, part in settled[1].items() if name not in ("briefing", "assignments")}
    assert {name: found[name] for name in own} == own
    assert set(settled[1]["assignments"]) <= set(found["assignments"])
    assert [path.name for path in place.rglob("*.part")] == []


@pytest.mark.parametrize("how", DAMAGE)
@pytest.mark.parametrize("file", [FILES[1], FILES[4], FILES[6], FILES[7]])
def test_purging_removes_the_session_all_the_same(
    file: str, how: str, place: Path, settled: tuple[Path, Dump], capsys: pytest.CaptureFixture[str]
) -> None:
    session = settled[1]["assignments"][0][1]
    damage(place / file, how)
    assert run(["purge", "--session", session, "--yes"]) == 0, capsys.readouterr().err
    assert session not in str({**dump_loop_tables(place), "told": capsys.readouterr().err})


def dump_loop_tables(place: Path) -> dict[str, Any]:
    """As dump_loop, without a briefing: that may be what is damaged."""
    remove(place / "tachograph" / "hooks" / "briefing.json")
    (place / "tachograph" / "hooks" / "briefing.json").write_text("{}")
    return dump_loop(place / "tachograph")


@pytest.mark.parametrize("how", DAMAGE)
@pytest.mark.parametrize("file", [FILES[0], FILES[1], FILES[4]])
def test_a_hook_says_nothing_wrong(file: str, how: str, place: Path) -> None:
    damage(place / file, how)
    for word in ("session-start", "user-prompt-submit", "statusline"):
        done = subprocess.run(
            [sys.executable, "-c", "from tachograph.hooks import main; main()", word],
            input=json.dumps(EVENT).encode(), capture_output=True, timeout=30, check=False,
        )  # fmt: skip
        assert (word, done.returncode, done.stderr) == (word, 0, b"")
        if done.stdout and word != "statusline":
            assert isinstance(json.loads(done.stdout), dict)


def test_the_hooks_folder_may_be_a_file(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    remove(place / "tachograph" / "hooks")
    (place / "tachograph" / "hooks").write_text("nothing")
    code, told = learn(capsys)
    assert (code, told.splitlines()[-2:][0].startswith("tacho: ")) == (4, True)
    assert "is not a folder" in told


def test_a_line_that_a_full_disk_cut_off_does_not_take_the_next_one_with_it(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = place / "tachograph" / "hooks" / ASSIGNMENTS
    with file.open("ab") as stream:
        stream.write(b'{"v":1,"trial":"batch_tasks:main:1779')
    line = json.loads(file.read_bytes().splitlines()[0])
    line["session"] = "claude_code:after"
    assert append(str(place / "tachograph"), ASSIGNMENTS, json.dumps(line).encode() + b"\n")
    assert learn(capsys) == (0, "tacho: 1 line of the hooks' assignments could not be read.\n")
    assert "claude_code:after" in str(dump_loop(place / "tachograph")["assignments"])


def test_nothing_is_written_to_what_keeps_nothing(place: Path) -> None:
    file = place / "tachograph" / "hooks" / ASSIGNMENTS
    file.unlink()
    os.mkfifo(file)
    reader = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
    assert not append(str(place / "tachograph"), ASSIGNMENTS, b"{}\n")
    os.close(reader)


@pytest.mark.parametrize("named", ["/dev/null", "/dev/null/below"])
def test_a_telemetry_folder_that_cannot_be_one_is_a_note(
    named: str, place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    monkeypatch.setenv("TACHO_LEARN_FOLDER", named)
    code, told = learn(capsys)
    assert (code, "does not exist (learn.folder)" in told) == (0, True)


@pytest.mark.parametrize("named", ["~nobody-of-this-name/telemetry", "telemetry", "./telemetry"])
def test_a_folder_that_depends_on_where_one_stands_is_none(
    named: str, place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = place / "work"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("TACHO_LEARN_FOLDER", named)
    code, told = learn(capsys)
    assert (code, "learn.folder is no whole path" in told) == (0, True)
    assert list(here.iterdir()) == []
