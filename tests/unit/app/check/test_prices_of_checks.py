"""Prices for checks without a warehouse: loaded only where a key asks for them, and never twice on one machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tachograph.app.check.recordings import open_recordings
from tachograph.app.ingest import ingest
from tachograph.app.workspace import Workspace
from tachograph.settings import Settings
from tests.builders.claude import ClaudeHome, ClaudeLog

CODE = """
import sys
from tachograph.cli._frame import run
code = run(sys.argv[1:])
print(code, 'genai_prices' in sys.modules)
"""


@pytest.fixture
def log(home: Path) -> ClaudeLog:
    made = ClaudeHome(home / ".claude").project().session(model="claude-opus-5").prompt().response(input=10, output=100)
    made.write()
    return made


def check(log: ClaudeLog, folder: Path, text: str) -> list[str]:
    """Exit code of a check in a process of its own, and whether that loaded the price library."""
    (folder / "a.yaml").write_text(text)
    command = [sys.executable, "-c", CODE, "check", str(log.path), "--expect", str(folder / "a.yaml")]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1].split()


@pytest.mark.parametrize(
    ("text", "loads"),
    [
        ("tool_limits: {Bash: 5}\ntoken_budget: {max_total: 1000}\n", "False"),
        ("no_findings: [repeated_failed_retry]\nmax_findings: {redundant_read: 1}\n", "False"),
        ("cost_budget: {max_usd: 1}\n", "True"),
        ("no_findings: [heavy_result]\n", "True"),
        ("max_findings: 3\n", "True"),
    ],
)
def test_the_price_library_is_loaded_only_for_keys_that_look_at_costs(log, tmp_path, text, loads):
    assert check(log, tmp_path, text) == ["0", loads]


def test_prices_that_the_warehouse_remembers_are_not_looked_up_again(log, home, tmp_path):
    ingest(Workspace())
    assert check(log, tmp_path, "cost_budget: {max_usd: 1}\n") == ["0", "False"]


@pytest.mark.parametrize("stored", [True, False])
def test_the_cost_is_the_same_whether_prices_are_remembered_or_not(log, home, stored):
    workspace = Workspace(home / "tachograph", Settings())
    if stored:
        ingest(workspace)
    with open_recordings(workspace, [str(log.path)]) as opened:
        (one,) = opened
    assert one.recording.main.cost_pico == (10 * 5 + 100 * 25) * 10**6


def test_without_prices_nothing_is_made_up(log, home):
    with open_recordings(Workspace(home / "tachograph", Settings()), [str(log.path)], priced=False) as opened:
        (one,) = opened
    assert (one.recording.main.cost_pico, one.recording.main.unpriced) == (None, (("claude-opus-5", 1),))
