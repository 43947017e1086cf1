"""The line at a session's first prompt: prepared by the loop when it was asked for, said once, in time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tachograph.analysis.task_type import classify_task
from tachograph.app.hooks.install import Request, install_hooks
from tachograph.app.learn.expectations import Expectations, prepare_expectations
from tachograph.app.learn.forgetting import forget_in_files
from tachograph.app.ml import usual
from tachograph.app.workspace import Workspace
from tachograph.hooks.expect import guess_task
from tachograph.hooks.run import answer
from tachograph.learning.records import Group
from tachograph.settings import Settings
from tests.builders.briefing import NOW, gate, write_briefing
from tests.builders.pointed import Loop, loop, make_point
from tests.effort import TRIES

__all__ = ["loop"]

ID = "00000000-0000-4000-8000-00000000000{}"
SAID = "Tachograph: such sessions usually go worse."
TEXTS = {"claude_code": {"main": {"debug-fix": SAID}, "docs": {"feature-build": "Docs are dear."}}}
FIX = "Fix the broken login."
COMMAND = [sys.executable, "-c", "from tachograph.hooks import main; main()", "user-prompt-submit"]


def prepared(data: Path, **changes: Any) -> Path:
    """The file as ``tacho learn`` writes it, but for its texts."""
    (data / "hooks").mkdir(parents=True, exist_ok=True)
    record = {
        "version": 1, "made_at": NOW, "texts": TEXTS, "least": 3.0, "default": "feature-build",
        "cues": {"fix": ["debug-fix", 2, 6], "broken": ["debug-fix", 4, 0], "build": ["feature-build", 1, 5]},
        "fillers": ["please"],
    }  # fmt: skip
    (data / "hooks" / "expectations.json").write_text(json.dumps({**record, **changes}), encoding="utf-8")
    return data


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return prepared(write_briefing(tmp_path))


def say(data: Path, prompt: Any = FIX, number: int = 0, **event: Any) -> dict[str, Any]:
    told = {"session_id": ID.format(number), "cwd": "/srv/app", "prompt": prompt, **event}
    said = answer("user-prompt-submit", "claude_code", told, str(data), NOW)
    return json.loads(said) if said else {}


# ---------------------------------------------------------------------------------------------------- what is said


def test_the_person_is_told_at_the_first_prompt_and_only_there(data):
    assert say(data) == {"systemMessage": SAID}
    assert say(data) == {}
    assert say(data, number=1) == {"systemMessage": SAID}


def test_a_session_that_began_with_other_work_is_not_told_later(data):
    assert say(data, "Build a page.") == {}
    assert say(data, FIX) == {}


@pytest.mark.parametrize(
    ("prompt", "event"),
    [
        ("Build a page.", {}),
        ("/clear", {}),
        ("  ", {}),
        (7, {}),
        (FIX, {"agent_id": "agent-1"}),
        (FIX, {"session_id": "../../x"}),
        (FIX, {"session_id": "a\nb"}),
        (FIX, {"agent_type": "unknown"}),
    ],
)
def test_nothing_is_said(data, prompt, event):
    expected = {"systemMessage": SAID} if event.get("agent_type") else {}  # a type of which nothing is known is main
    assert say(data, prompt, **event) == expected


def test_the_agent_type_is_that_of_the_project(tmp_path):
    data = prepared(write_briefing(tmp_path, projects=[["srv/app", "docs"]]))
    assert say(data, "Write the guide.") == {"systemMessage": "Docs are dear."}


def test_a_prompt_that_is_held_back_is_told_only_why(tmp_path):
    data = prepared(write_briefing(tmp_path, gate=gate()))
    assert say(data)["decision"] == "block"
    assert say(data, f"!go {FIX}") == {"systemMessage": SAID}


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"version":2}', b'{"version":1,"texts":[]}', b"\xff", b"x" * 300_000]
)
def test_a_broken_file_says_nothing(data, content):
    (data / "hooks" / "expectations.json").write_bytes(content)
    assert say(data) == {}


def test_broken_tables_say_nothing_wrong(data):
    prepared(data, cues={"fix": ["debug-fix"], "broken": 7}, fillers="x", least="y", default=None)
    assert say(data) == {}


def test_without_the_file_nothing_is_written_down(tmp_path):
    data = write_briefing(tmp_path)
    assert say(data) == {}
    assert not (data / "hooks" / "expected").exists()


def test_a_folder_that_cannot_be_written_to_says_nothing(data):
    (data / "hooks" / "expected").mkdir()
    assert say(data) == {}


def test_the_list_of_sessions_does_not_grow_for_ever(data):
    for number in range(3):
        (data / "hooks" / "expected").write_bytes(b"claude_code:old\n" * 5_000)
        say(data, number=number)
    assert (data / "hooks" / "expected").stat().st_size < 1_000
    assert len(list((data / "hooks").glob("expected*"))) == 2


def test_purged_sessions_are_forgotten(data):
    for number in (0, 1):
        say(data, number=number)
    (data / "hooks" / "expected-before").write_bytes(b"claude_code:old\n")
    forget_in_files(data, [f"claude_code:{ID.format(0)}", "claude_code:old"])
    assert (data / "hooks" / "expected").read_bytes().split() == [f"claude_code:{ID.format(1)}".encode()]
    assert (data / "hooks" / "expected-before").read_bytes().split() == []
    assert say(data, number=1) == {}


def test_the_process_answers_in_time(data):
    """On a machine that is too busy it gives up and says nothing."""

    def answers(number: int) -> bool:
        event = {"session_id": ID.format(number), "prompt": FIX + " x" * 100_000, "cwd": "/srv/app"}
        environment = {**os.environ, "TACHO_DATA_DIR": str(data)}
        started = time.monotonic()
        done = subprocess.run(
            COMMAND, input=json.dumps(event).encode(), capture_output=True, timeout=30, env=environment
        )
        spent = time.monotonic() - started
        assert (done.returncode, done.stderr) == (0, b"")
        return spent < 1.5 and bool(done.stdout) and json.loads(done.stdout) == {"systemMessage": SAID}

    assert any(answers(number) for number in range(TRIES))


# ------------------------------------------------------------------------------------------------ the words it knows

PROMPTS = [
    FIX, "please fix this", "why is the build failing?", "the app crashes when I open a second window",
    "Add a button that exports the list.", "Implement the login page", "Look at the parser first, then rename it.",
    "Explain how the cache works.", "what does this module do?", "Deploy it to staging.", "Train the model again.",
    "Set up the pipeline in CI", "Compare the two approaches and report", "Refactor it, don't touch the tests",
    "Kannst du das Menü übersetzen?", "Fix typo in the docs", "add error handling to the upload",
]  # fmt: skip


def test_it_takes_prompts_for_what_the_analysis_takes_them(tmp_path, monkeypatch):
    monkeypatch.setattr("tachograph.app.learn.expectations.load_happened", lambda *_: [])
    monkeypatch.setattr("tachograph.app.learn.expectations.tell_expectations", lambda _: TEXTS)
    prepare_expectations(None, tmp_path, NOW, wanted=True)  # type: ignore[arg-type]
    table = json.loads((tmp_path / "hooks" / "expectations.json").read_bytes())
    for prompt in PROMPTS:
        match = classify_task(prompt)
        assert match is not None
        assert (prompt, guess_task(prompt, table)) == (prompt, match.task_type)


# --------------------------------------------------------------------------------------------------- the loop's part


def dear_and_cheap(loop: Loop) -> None:
    group = Group("main", "claude_code", "claude-opus")
    for number in range(40):
        fields = {"task_type": "debug-fix" if number % 4 == 0 else "feature-build"}
        value = 0.2 if number % 4 == 0 else 0.9
        loop.put(make_point(50 + number, {"task_completion_rate": value}, group, **fields))


def test_the_file_is_there_only_when_it_was_asked_for(loop: Loop):
    dear_and_cheap(loop)
    file = loop.folder / "hooks" / "expectations.json"
    loop.learn(forced=True)
    assert not file.exists()
    loop.settings("[hooks]\npredict = true\n")
    loop.learn(forced=True)
    told = json.loads(file.read_bytes())
    assert list(told) == list(Expectations.__struct_fields__)
    assert "Tasks completed: 0.2" in told["texts"]["claude_code"]["main"]["debug-fix"]
    assert file.stat().st_size < 100_000
    assert say(loop.folder)["systemMessage"].startswith("Tachograph: debug-fix sessions (10 so far)")
    loop.settings("")
    loop.learn(forced=True)
    assert not file.exists()


def test_sessions_that_go_on_are_not_counted(loop: Loop):
    dear_and_cheap(loop)
    with loop.read() as connection:
        assert len(usual.load_happened(connection, loop.now)) == 40
        assert len(usual.load_happened(connection, loop.now - 14 * 6 * 3_600_000)) == 36


@pytest.mark.parametrize(("gate_on", "predict"), [(False, False), (False, True), (True, False)])
def test_prompts_are_watched_only_when_there_is_something_to_say(home, gate_on, predict):
    (home / ".claude").mkdir()
    workspace = Workspace(settings=Settings(hooks_gate=gate_on, hooks_predict=predict))
    request = Request(agent="claude_code", scope="user", directory=home)
    change = install_hooks(workspace, request)
    written = json.loads((home / ".claude" / "settings.json").read_text())
    assert ("UserPromptSubmit" in written["hooks"]) == (gate_on or predict)
    assert any("hooks.predict is on" in note for note in change.notes) == predict
