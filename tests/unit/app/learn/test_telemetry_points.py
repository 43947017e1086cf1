"""Sessions and scores of the folder that the user names."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders.claude import ClaudeHome
from tests.builders.pointed import Loop, loop
from tests.unit.telemetry.spans import OTHER, SESSION, Folder

__all__ = ["loop"]

ID, OTHER_ID = f"claude_code:{SESSION}", f"claude_code:{OTHER}"


@pytest.fixture
def folder(loop: Loop, tmp_path: Path) -> Folder:
    """An empty telemetry folder that the settings name."""
    loop.settings(f'[learn]\nfolder = "{tmp_path / "telemetry"}"\n')
    return Folder(tmp_path / "telemetry")


def work(folder: Folder, session: str = SESSION, failed: int = 2) -> Folder:
    folder.prompt(session=session)
    for number in range(12):
        folder.tool("Bash", session, code=2 if number < failed else 0)
    folder.tokens(2_000, 500, read=8_000, session=session).write()
    return folder


def values(loop: Loop, session: str = ID) -> dict[str, float]:
    return dict(loop.rows("SELECT kpi, value FROM kpis WHERE session = ?", session))


def test_a_session_without_a_transcript_has_kpis(loop: Loop, folder: Folder) -> None:
    work(folder)
    report = loop.learn()
    assert (report.sessions, report.changed, report.notes) == (1, True, [])
    assert loop.rows("SELECT session, origin, agent_type, family, kind, cost_pico FROM points") == [
        (ID, "telemetry", "main", "claude-house", "main", None),
    ]
    assert values(loop)["error_rate"] == pytest.approx(2 / 12)
    assert values(loop)["cache_efficiency"] == pytest.approx(0.8)
    assert "cost_per_turn" not in values(loop)  # nothing is priced


def test_what_is_read_again_changes_nothing(loop: Loop, folder: Folder) -> None:
    work(folder)
    loop.learn()
    assert not loop.learn().changed


def test_a_session_that_goes_on_is_measured_anew(loop: Loop, folder: Folder) -> None:
    work(folder)
    loop.learn()
    folder.tool("Bash", code=2).tool("Bash", code=2).write()
    assert loop.learn().changed
    assert values(loop)["error_rate"] == pytest.approx(4 / 14)


def test_what_was_read_stays_when_the_files_go(loop: Loop, folder: Folder) -> None:
    work(folder)
    loop.learn()
    for file in folder.place.glob("*.jsonl"):
        file.unlink()
    loop.learn(forced=True)
    assert values(loop)["error_rate"] == pytest.approx(2 / 12)


def test_a_transcript_is_believed_instead_of_telemetry(loop: Loop, folder: Folder) -> None:
    work(folder)
    loop.learn()
    home = ClaudeHome(loop.home / ".claude")
    log = home.project().session("2026-05-28T21:00:00Z", id=SESSION).prompt("Do it.")
    for number in range(20):
        log.call("Bash", {"command": f"make {number}"}).result("ok")
    log.write()
    from tachograph.app.learn.run import learn

    learn(loop.workspace)
    assert loop.rows("SELECT session, origin, family FROM points") == [(ID, "transcript", "claude-sonnet")]
    assert values(loop)["error_rate"] == 0.0


def test_scores_belong_to_sessions_with_and_without_a_transcript(loop: Loop, folder: Folder) -> None:
    work(folder).score("relevance", 0.9).score("hallucination", 0.2).score("relevance", 0.5, OTHER).write()
    loop.learn()
    assert values(loop)["quality_relevance"] == 0.9
    assert values(loop)["quality_hallucination"] == 0.2
    assert loop.rows("SELECT DISTINCT origin FROM evaluations") == [("telemetry",)]
    assert loop.rows("SELECT score FROM evaluations WHERE session = ?", OTHER_ID) == [(0.5,)]
    work(folder, OTHER)
    loop.learn()
    assert values(loop, OTHER_ID)["quality_relevance"] == 0.5


def test_a_score_that_comes_late_is_measured(loop: Loop, folder: Folder) -> None:
    work(folder)
    loop.learn()
    assert "quality_relevance" not in values(loop)
    folder.score("relevance", 0.7).write()
    assert loop.learn().changed
    assert values(loop)["quality_relevance"] == 0.7


def test_what_cannot_be_read_is_a_note(loop: Loop, folder: Folder) -> None:
    work(folder).line("traces-2026-05-28.jsonl", "{no JSON").span("hook:session-start", None).write()
    report = loop.learn()
    assert report.sessions == 1
    assert [note.partition(", the first in ")[0] for note in report.notes] == [
        "1 line of the telemetry folder could not be read",
        "1 record of the telemetry folder without a session left out.",
    ]


def test_a_folder_that_is_not_there_is_a_note(loop: Loop, tmp_path: Path) -> None:
    loop.settings(f'[learn]\nfolder = "{tmp_path / "nowhere"}"\n')
    told = f"The telemetry folder {tmp_path / 'nowhere'} does not exist (learn.folder)"
    assert any(note.startswith(told) for note in loop.learn().notes)


def test_no_text_of_telemetry_is_kept(loop: Loop, folder: Folder) -> None:
    folder.prompt("a secret plan")
    work(folder)
    loop.learn()
    store = b"".join(file.read_bytes() for file in loop.folder.glob("warehouse.sqlite*"))
    assert b"secret plan" not in store


def test_an_agent_type_that_the_user_names_holds_for_telemetry_too(loop: Loop, folder: Folder) -> None:
    work(folder)
    loop.learn()
    file = loop.home / ".config" / "tachograph" / "config.toml"
    loop.settings(file.read_text() + '\n[agent_types]\n"nowhere" = "docs"\n')
    loop.learn()
    assert loop.rows("SELECT agent_type FROM points") == [("main",)]
