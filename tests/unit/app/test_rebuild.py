from __future__ import annotations

from pathlib import Path

import pytest

from tachograph.app.ingest import ingest
from tachograph.app.workspace import Workspace
from tachograph.settings import Settings
from tachograph.warehouse.store import open_writer
from tests.builders.claude import ClaudeHome, ClaudeLog
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
    assert ingest(Workspace(folder, priced)).repriced
    assert cost(folder) == [(3 * 10**12, 0)]
    assert not ingest(Workspace(folder, priced)).repriced
    assert ingest(Workspace(folder, Settings())).repriced
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


def test_text_that_is_no_longer_wanted_goes_at_once(home: Path, log: ClaudeLog) -> None:
    folder = home / "tachograph"
    log.prompt("Rename the harbour module.").shell("grep -r harbour src").write()
    ingest(Workspace(folder, Settings()))
    log.path.unlink()
    ingest(Workspace(folder, Settings(store_text="none")))
    assert not any(b"harbour" in path.read_bytes() for path in folder.iterdir())
