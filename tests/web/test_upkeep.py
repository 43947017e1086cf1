"""Keeping the warehouse up to date without a watcher, and choosing who does it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tachograph.app.dashboard.open_desk import open_desk
from tachograph.app.ingest import Progress, ingest
from tachograph.app.watch.records import Change
from tachograph.app.workspace import Workspace
from tachograph.settings import Settings
from tachograph.warehouse.store import open_writer, warehouse_file
from tachograph.web import upkeep as upkeeps
from tachograph.web.upkeep import Options, SingleUpkeep, WatchedUpkeep, make_upkeep
from tests.builders.claude import ClaudeHome


@pytest.fixture
def claude(home: Path) -> ClaudeHome:
    found = ClaudeHome(home / ".claude")
    found.project("/home/ada/orchard").session().prompt("Prune.").response()
    found.write()
    return found


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeeps, "_LOOK_SECONDS", 0.05)


Published = list[tuple[int, list[str]]]


@contextmanager
def kept(workspace: Workspace, told: list[str], **options: object) -> Iterator[tuple[SingleUpkeep, Published]]:
    published: Published = []
    found = SingleUpkeep(
        workspace,
        Options(watch=False, **options),  # type: ignore[arg-type]
        lambda revision, sessions: published.append((revision, list(sessions))),
        told.append,
    )
    assert found.reading() == "Your logs are being read for the first time."
    found.start()
    try:
        yield found, published
    finally:
        found.stop()


def wait_for(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def sessions_in(workspace: Workspace) -> int:
    with open_desk(workspace, update=False) as desk:
        return int(desk.connection.execute("SELECT count(*) FROM roll.roots").fetchone()[0])


def test_logs_are_read_once_and_what_others_store_is_seen(claude: ClaudeHome, home: Path) -> None:
    workspace, told = Workspace(home / "data", Settings()), list[str]()
    with kept(workspace, told) as (upkeep, published):
        wait_for(lambda: not upkeep.reading())
        assert sessions_in(workspace) == 1
        assert not upkeep.live.watching
        assert len(published) == 1
        claude.project("/home/ada/barn").session().prompt("Sweep.").response()
        claude.write()
        time.sleep(0.2)
        assert len(published) == 1, "nobody watches the logs"
        ingest(Workspace(home / "data", Settings()))
        wait_for(lambda: sessions_in(workspace) == 2)
        wait_for(lambda: len(published) > 1)
    assert published[-1][0] > published[0][0]
    assert {tuple(sessions) for _, sessions in published} == {()}, "too many may have changed to be named"
    assert told == []


def test_folders_named_by_the_user_are_read_too(home: Path) -> None:
    logs = ClaudeHome(home / "elsewhere")
    logs.project().session().prompt("Prune.").response()
    logs.write()
    workspace = Workspace(home / "data", Settings())
    with kept(workspace, [], paths=(home / "elsewhere",)) as (upkeep, _):
        wait_for(lambda: not upkeep.reading())
    assert sessions_in(workspace) == 1


def test_with_ingest_auto_off_nothing_is_read(claude: ClaudeHome, home: Path) -> None:
    told: list[str] = []
    with kept(Workspace(home / "data", Settings(ingest_auto=False)), told) as (upkeep, published):
        wait_for(lambda: not upkeep.reading())
    assert not warehouse_file(home / "data").exists()
    assert told == ["There is no warehouse yet."]
    assert published == []


def test_while_another_process_writes_there_is_what_is_stored(claude: ClaudeHome, home: Path) -> None:
    workspace = Workspace(home / "data", Settings())
    ingest(workspace)
    with open_writer(home / "data"), kept(workspace, []) as (upkeep, _):
        wait_for(lambda: not upkeep.reading())
        assert sessions_in(workspace) == 1


def test_a_failure_does_not_keep_the_pages_from_what_is_stored(
    claude: ClaudeHome, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = Workspace(home / "data", Settings())
    ingest(workspace)
    monkeypatch.setattr(upkeeps, "ingest", lambda *_, **__: 1 / 0)
    with kept(workspace, []) as (upkeep, _):
        wait_for(lambda: not upkeep.reading())
        assert sessions_in(workspace) == 1
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_how_far_it_is_can_be_told(home: Path) -> None:
    upkeep = SingleUpkeep(Workspace(home / "data", Settings()), Options(), lambda *_: None, print)
    upkeep._note_progress(Progress(1_200, 12_000, 1, 2))
    assert upkeep.reading() == "Your logs are being read for the first time. 1,200 of 12,000 are done."


def test_a_demo_is_never_watched(demo_workspace: Workspace, home: Path) -> None:
    def chosen(workspace: Workspace, watch: bool) -> type:
        return type(make_upkeep(workspace, Options(watch=watch), lambda *_: None, print))

    plain = Workspace(home / "data", Settings())
    assert [chosen(plain, True), chosen(plain, False)] == [WatchedUpkeep, SingleUpkeep]
    assert [chosen(demo_workspace, True), chosen(demo_workspace, False)] == [SingleUpkeep, SingleUpkeep]


@pytest.mark.parametrize(("count", "named"), [(0, 0), (1, 1), (199, 199), (200, 0)])
def test_a_change_that_may_name_too_few_names_none(home: Path, count: int, named: int) -> None:
    published: Published = []
    upkeep = WatchedUpkeep(
        Workspace(home / "data", Settings()), Options(), lambda n, ids: published.append((n, list(ids))), print
    )
    upkeep._watcher._on_change(Change(3, tuple(f"a:{n}" for n in range(count))))
    assert [(revision, len(ids)) for revision, ids in published] == [(3, named)]
