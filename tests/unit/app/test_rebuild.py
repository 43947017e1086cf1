from __future__ import annotations

import json
from pathlib import Path

import pytest

from tachograph.app import rebuild
from tachograph.app.ingest import ingest
from tachograph.app.workspace import Workspace
from tachograph.cli._frame import run
from tachograph.settings import Settings
from tachograph.warehouse.store import open_writer
from tests.builders.claude import ClaudeHome, ClaudeLog
from tests.builders.codex import CodexHome
from tests.dump import assert_same, dump_warehouse


@pytest.fixture
def log(home: Path) -> ClaudeLog:
    claude = ClaudeHome(home / ".claude")
    log = claude.project().session().prompt("One.").response(input=1_000_000, output=0, model="house-model-1")
    claude.write()
    return log


def cost(folder: Path) -> list[tuple[object, ...]]:
    with open_writer(folder) as connection:
        return connection.execute("SELECT sum(cost_pico), sum(unpriced) FROM usage_quarters").fetchall()


def test_a_price_of_ones_own_reaches_what_is_stored_already(home: Path, log: ClaudeLog) -> None:
    folder = home / "tachograph"
    ingest(Workspace(folder, Settings()))
    assert cost(folder) == [(None, 1)]
    priced = Settings(prices={"house-model-1": {"input": 3, "output": 15}})
    log.path.unlink()
    assert ingest(Workspace(folder, priced)).rederived
    assert cost(folder) == [(3 * 10**12, 0)]
    assert not ingest(Workspace(folder, priced)).rederived
    assert ingest(Workspace(folder, Settings())).rederived
    assert cost(folder) == [(None, 1)]


def test_a_rebuild_redacts_the_text_of_sessions_whose_logs_are_gone(home: Path, log: ClaudeLog) -> None:
    folder = home / "tachograph"
    ingest(Workspace(folder, Settings()))
    log.path.unlink()
    secret = "sk-ant-" + "api03-" + "Zx9" * 20
    with open_writer(folder) as connection:
        connection.execute("UPDATE prompts SET text = ?", (f"use {secret} please",))
    ingest(Workspace(folder, Settings()), rebuild=True)
    texts = [row[5] for row in dump_warehouse(folder)["prompts"]]
    assert all(secret not in str(text) for text in texts)
    assert any("[redacted:" in str(text) for text in texts)


def test_an_interrupted_rebuild_is_gone_on_with(home: Path, log: ClaudeLog, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = home / "tachograph"
    ingest(Workspace(folder, Settings()))
    before = dump_warehouse(folder)
    from tachograph.app import ingest as ingestion

    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ingestion._Ingestion, "_store_log", interrupted)
        with pytest.raises(KeyboardInterrupt):
            ingest(Workspace(folder, Settings()), rebuild=True)
    assert ingest(Workspace(folder, Settings())).changed == 1
    assert_same(dump_warehouse(folder), before)


def test_rederiving_changes_nothing_that_was_right_and_mends_what_was_not(home: Path, log: ClaudeLog) -> None:
    folder = home / "tachograph"
    ingest(Workspace(folder, Settings()))
    before = dump_warehouse(folder)
    with open_writer(folder) as connection:
        connection.execute("UPDATE usage_quarters SET output = 5")
        connection.execute("UPDATE segments SET prompts = 9")
        connection.execute("DELETE FROM sessions")
    ingest(Workspace(folder, Settings()), rederive=True)
    assert_same(dump_warehouse(folder), before)


@pytest.fixture
def outdated(home: Path) -> list[str]:
    """Six sessions of Claude Code and one of Codex, read by an older version; all logs but one are gone. Their ids."""
    claude, codex = ClaudeHome(home / ".claude"), CodexHome(home / ".codex")
    logs = [claude.project().session(f"2026-03-0{day}T09:00:00Z").prompt("One.").response() for day in range(1, 7)]
    thread = codex.session().turn().prompt("One.").answer().tokens(input=5).complete()
    claude.write()
    codex.write()
    ingest(Workspace(home / "tachograph"))
    with open_writer(home / "tachograph") as connection:
        connection.execute("UPDATE logs SET parser = 0")
    for log in (*logs[1:], thread):
        log.path.unlink()
    return [*(f"claude_code:{log.session_id}" for log in logs[1:]), f"codex:{thread.id}"]


def test_what_can_no_longer_be_computed_is_told_by_session(home: Path, outdated: list[str]) -> None:
    folder = home / "tachograph"
    assert ingest(Workspace(folder)).unexamined_sessions == [], "nothing was rederived"
    told = ingest(Workspace(folder), rederive=True)
    assert (told.rederived, told.unexamined_sessions) == (True, outdated)
    told = ingest(Workspace(folder), rebuild=True)
    assert (told.rederived, told.unexamined_sessions) == (False, outdated)
    assert ingest(Workspace(folder), rederive=True, agent="codex").unexamined_sessions == outdated[-1:]


def test_a_rederivation_after_an_upgrade_tells_the_same(home: Path, outdated: list[str]) -> None:
    folder = home / "tachograph"
    with open_writer(folder) as connection:
        connection.execute("UPDATE meta SET value = 'older' WHERE name = 'analysis_fingerprint'")
    told = ingest(Workspace(folder))
    assert (told.changed, told.rederived, told.unexamined_sessions) == (1, True, outdated)
    told = ingest(Workspace(folder))
    assert (told.rederived, told.unexamined_sessions) == (False, [])


def test_the_command_names_the_first_sessions(
    home: Path, outdated: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["ingest", "--rederive", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["rederived"], answer["unexamined_sessions"]) == (True, outdated)
    assert run(["ingest", "--rederive"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "Prices, findings and totals were recomputed from what is stored",
        "6 sessions last read by an older version, logs gone: not all waste can be found in them",
        *(f"  {one}" for one in outdated[:3]),
        "  … and 3 more: see --json",
    ]
    assert run(["ingest", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["rederived"], answer["unexamined_sessions"]) == (False, [])


def test_text_that_is_no_longer_wanted_goes_at_once(home: Path, log: ClaudeLog) -> None:
    folder = home / "tachograph"
    log.prompt("Rename the harbour module.").shell("grep -r harbour src").write()
    ingest(Workspace(folder, Settings()))
    log.path.unlink()
    ingest(Workspace(folder, Settings(store_text="none")))
    assert not any(b"harbour" in path.read_bytes() for path in folder.iterdir())


def test_erasing_is_tried_until_it_is_done_and_then_no_more(
    home: Path, log: ClaudeLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, tried = home / "tachograph", []

    def erase(answer: bool) -> None:
        monkeypatch.setattr(rebuild, "erase_free_pages", lambda _: tried.append(answer) or answer)
        ingest(Workspace(folder, Settings(store_text="none")))

    ingest(Workspace(folder, Settings()))
    for answer in (False, False, True, True):
        erase(answer)
    assert tried == [False, False, True]


def test_a_store_that_never_held_text_has_none_to_erase(
    home: Path, log: ClaudeLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild, "erase_free_pages", lambda _: pytest.fail("there is nothing to erase"))
    ingest(Workspace(home / "tachograph", Settings(store_text="none")))
