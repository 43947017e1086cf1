"""Hostile names in telemetry do nothing on the terminal, in files and in their names; chance shows in no round."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tachograph.cli._frame import run
from tests.loop.machine import Machine, write_history
from tests.security.commands import reporting_commands, run_quietly
from tests.security.test_hostile import _RAW, HOSTILE
from tests.unit.telemetry.spans import Folder

ROOT = Path(__file__).parents[2]
TEXTS = {**HOSTILE, "very long": "Zq" * 500_000, "lone surrogate": "high \ud83d low"}
_LEARN = """
import sys
from pathlib import Path
from tachograph.app.learn.run import learn
from tachograph.app.workspace import Workspace
from tachograph.settings import Settings
from tests.loop.machine import still
with still():
    learn(Workspace(Path(sys.argv[1]), Settings()))
"""


def write_telemetry(place: Path) -> Path:
    """Two sessions for each text, which stands in every name that they have."""
    told = Folder(place)
    for number, text in enumerate(TEXTS.values()):
        for session in (f"{number:08x}-0000-4000-8000-000000000001", f"{text[:200]}{number}"):
            about = {"agent.type": text, "cwd": f"/home/{text}", "git.branch": text, "builtin.task_id": text}
            told.at(number * 5000).span("hook:session-start", session, attributes=about).prompt(text, session)
            told.tool(text, session, code=2, error_type=text, file_path=text)
            told.tokens(90_000, 400, model=text, session=session).at(number * 5000 + 900).tool("Read", session)
            told.score(text, 0.1, session, gen_ai__evaluation__evaluator=text).score("relevance", 0.1, session)
    return told.write()


def test_names_of_telemetry_do_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "outer").mkdir()
    folder = write_telemetry(home / "outer" / "telemetry")
    monkeypatch.setenv("TACHO_LEARN_FOLDER", str(folder))
    assert run(["learn"]) == 0
    shown = "".join(capsys.readouterr())
    for arguments in reporting_commands():
        if arguments[0] in ("kpis", "baseline", "alerts", "suggest", "trials") or arguments[:2] == ["report", "weekly"]:
            code = run_quietly(arguments)
            answer = "".join(capsys.readouterr())
            assert code == 0 or "--last" in arguments, answer  # there are no logs
            assert (arguments, set(_RAW.findall(answer))) == (arguments, set())
            shown += answer
    assert "\N{REPLACEMENT CHARACTER}" in shown
    assert [path.name for path in (home / "outer").iterdir()] == ["telemetry"]
    written = [path for path in folder.rglob("*") if path.is_file() and not path.name.endswith("-2026-05-28.jsonl")]
    assert len([path for path in written if path.parent.name == "baselines"]) > 10
    for path in written:
        assert re.fullmatch(r"[A-Za-z0-9_%.~-]{1,160}", path.name), path.name
        assert path.parent.parent == folder
        assert "<script>" not in path.read_text() or path.suffix in (".json", ".jsonl"), path.name
        if path.suffix == ".json":
            assert json.loads(path.read_bytes())
    briefing = (home / "tachograph" / "hooks" / "briefing.json").read_text()
    assert "script" not in briefing
    assert "Zq" not in briefing


def test_two_fresh_rounds_are_the_same_byte_for_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logs = write_history(tmp_path / "history")
    dumps = [learn_afresh(tmp_path / f"machine{seed}", logs, seed, monkeypatch) for seed in (1, 2)]
    assert dumps[0] == dumps[1]
    assert sum(line.startswith('INSERT INTO "alerts"') for line in dumps[0]) > 10


def learn_afresh(folder: Path, logs: dict[Path, bytes], seed: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every row that the loop holds, as SQL, in the order in which it is stored."""
    for variable, name in {"CLAUDE_CONFIG_DIR": "claude", "CODEX_HOME": "codex"}.items():
        monkeypatch.setenv(variable, str(folder / name))
    machine = Machine(folder, logs)
    for path in sorted(logs, reverse=seed % 2 == 0):
        machine.grow(path)
    environment: dict[str, Any] = {**os.environ, "PYTHONHASHSEED": str(seed)}
    data = machine.workspace.folder
    subprocess.run([sys.executable, "-c", _LEARN, str(data)], env=environment, cwd=ROOT, check=True)
    tables = ("points", "kpis", "alerts", "loop_records", "decisions", "assignments", "starts", "evaluations")
    connection = sqlite3.connect(data / "warehouse.sqlite")
    rows = [
        line for line in connection.iterdump() if line.startswith(tuple(f'INSERT INTO "{name}"' for name in tables))
    ]
    connection.close()
    return rows
