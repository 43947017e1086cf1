"""A promotion that two rounds make at once, or that was cut short, is made and written down once."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tachograph.app.learn.decisions import decide, find_activations, load_decisions
from tachograph.app.learn.promote_proven import promote_proven
from tachograph.app.workspace import Workspace
from tachograph.settings import Settings
from tachograph.warehouse.store import open_reader, open_writer, transaction

NUMBERS = {"sessions": 8.0, "value": 1.2, "bound": 1.0}


@pytest.fixture
def workspace(home: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A suggestion was proven, and each round believes so whatever another one has done since."""
    for folder in (".claude", ".codex"):
        (home / folder).mkdir()
    workspace = Workspace(home / "tachograph", Settings(learn_promotion="auto"))
    with open_writer(workspace.folder) as connection, transaction(connection):
        decide(connection, "batch_tasks", "main", "activate", "user", at=1_780_000_000_000, numbers=NUMBERS)
    activations = find_activations(_decisions(workspace))
    states = {one.trial: SimpleNamespace(state="proven") for one in activations}
    monkeypatch.setattr("tachograph.app.suggestions.load_state", lambda _: (activations, states))
    return workspace


def _decisions(workspace: Workspace) -> list[Any]:
    connection = open_reader(workspace.folder)
    found = load_decisions(connection)
    connection.close()
    return list(found)


@pytest.mark.parametrize("agents", [["claude_code"], ["claude_code", "codex"]])
def test_two_rounds_promote_once(agents: list[str], workspace: Workspace, home: Path) -> None:
    for _ in range(2):
        assert len(promote_proven(workspace, agents)) == len(agents)
    assert [(one.action, one.by) for one in _decisions(workspace)] == [("activate", "user"), ("promote", "auto")]
    files = [home / ".claude" / "CLAUDE.md", home / ".codex" / "AGENTS.md"][: len(agents)]
    assert len({file.read_text() for file in files}) == 1
    assert files[0].read_text().count("Creating all tasks in one go") == 1


def test_one_that_was_cut_short_before_it_was_written_down_is_made_up_for(
    workspace: Workspace, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("tachograph.app.promoting.decide", interrupted)
        promote_proven(workspace, ["claude_code"])
    written = (home / ".claude" / "CLAUDE.md").read_bytes()
    promote_proven(workspace, ["claude_code"])
    assert (home / ".claude" / "CLAUDE.md").read_bytes() == written
    assert [one.action for one in _decisions(workspace)] == ["activate", "promote"]
