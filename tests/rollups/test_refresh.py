"""Refreshing the rollups: what changes with what, when they are made anew, what no interruption and no damage does."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
import pytest

from tachograph.app import purge as purging
from tachograph.app.dashboard.open_desk import open_desk
from tachograph.app.ingest import ingest
from tachograph.app.learn.agent_types import AgentTypes
from tachograph.app.learn.points import refresh_points
from tachograph.app.purge import Target, plan_purge, purge
from tachograph.app.rollups import refresh as refreshing
from tachograph.app.rollups import verdicts
from tachograph.app.rollups.cubes import KpiSums, SessionSums, ToolSums, UsageSums, VerdictSums
from tachograph.app.rollups.read import add_up
from tachograph.app.rollups.refresh import Refreshed, refresh
from tachograph.app.rollups.store import LOCK_NAME, forget_rollups
from tachograph.app.scope import Scope, parse_scope
from tachograph.app.workspace import Workspace
from tachograph.errors import Busy, TachographError
from tachograph.settings import Settings
from tachograph.warehouse.lock import file_lock
from tachograph.warehouse.store import SCHEMA_VERSION, open_reader, open_writer, transaction
from tests.builders.claude import ClaudeHome, ClaudeLog
from tests.builders.wasteful import purge_session
from tests.effort import takes_at_most
from tests.rollups.dump import dump_rollups
from tests.rollups.expected import assert_right

CANARY = "the heron stands in the reeds"


@pytest.fixture
def claude(home: Path) -> ClaudeHome:
    return ClaudeHome(home / ".claude")


@pytest.fixture
def workspace(home: Path) -> Workspace:
    return Workspace(home / "tachograph", Settings(display_timezone="UTC"))


def task(home: ClaudeHome, at: str, *, text: str = "Fix the failing test.", output: int = 100) -> ClaudeLog:
    return home.project().session(at).prompt(text).response(output=output)


def write(home: ClaudeHome) -> None:
    """Write the logs; those in which nothing is new are left as they are."""
    held = {log.path: (log.path.read_bytes(), log.path.stat()) for log in home.logs if log.path.exists()}
    home.write()
    for path, (content, status) in held.items():
        if path.read_bytes() == content:
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def store(home: ClaudeHome, workspace: Workspace) -> Refreshed:
    write(home)
    ingest(workspace)
    return refresh(workspace)


def sums(workspace: Workspace, cube: type = SessionSums, by: tuple[str, ...] = ()):
    with open_desk(workspace, update=False) as desk:
        scope = parse_scope({"range": "all"}, desk.zone, desk.zone_name, desk.now_ms)
        found = add_up(desk.connection, cube, scope, by=by)
    return dict(found) if by else found[0][1]


def roots(workspace: Workspace, column: str) -> dict[str, object]:
    with open_desk(workspace, update=False) as desk:
        return dict(desk.connection.execute(f"SELECT id, {column} FROM roll.roots").fetchall())


def name(log: ClaudeLog) -> str:
    return f"claude_code:{log.session_id}"


def assert_fresh(workspace: Workspace) -> None:
    """The rollups are what they would be if they were made now."""
    found = dump_rollups(workspace.folder)
    forget_rollups(workspace.folder)
    refresh(workspace)
    assert found == dump_rollups(workspace.folder)


# ------------------------------------------------------------------------------------------------- what changes


def test_the_first_refresh_makes_everything(claude: ClaudeHome, workspace: Workspace) -> None:
    task(claude, "2026-03-02T09:00:00Z")
    done = store(claude, workspace)
    assert (done.whole, done.held, done.roots) == (True, True, ())
    assert refresh(workspace) == Refreshed(done.revision)
    assert stat.S_IMODE((workspace.folder / "rollups.sqlite").stat().st_mode) == 0o600


def test_a_session_that_grows_is_described_anew_and_no_other(claude: ClaudeHome, workspace: Workspace) -> None:
    grown, other = task(claude, "2026-03-02T09:00:00Z"), task(claude, "2026-03-09T09:00:00Z", text="Explain this.")
    before = store(claude, workspace)
    grown.prompt("And then?").response(output=40)
    done = store(claude, workspace)
    assert done.roots == (name(grown),)
    assert done.revision > before.revision
    assert sums(workspace, UsageSums).output == 240
    assert roots(workspace, "turns") == {name(grown): 2, name(other): 1}
    assert_fresh(workspace)


def test_a_subagents_growth_is_its_main_sessions(claude: ClaudeHome, workspace: Workspace) -> None:
    main = task(claude, "2026-03-02T09:00:00Z").call("Task", {"prompt": "Look."}, output=7)
    agent = main.subagent().prompt("Look.").response(output=30)
    store(claude, workspace)
    agent.response(output=5)
    assert store(claude, workspace).roots == (name(main),)
    found = sums(workspace, UsageSums, by=("kind",))
    assert {key[0]: usage.output for key, usage in found.items()} == {"main": 107, "subagent": 35}
    assert roots(workspace, "subagents") == {name(main): 1}


def test_a_subagent_whose_parent_is_read_later_moves(claude: ClaudeHome, workspace: Workspace) -> None:
    main = task(claude, "2026-03-02T09:00:00Z").call("Task", {"prompt": "Look."}, output=7)
    first = main.subagent("a000001").prompt("Look.").response(output=30)
    second = main.subagent("a000002", spawned_by="a000001").prompt("Count.").response(output=5)
    for path, content in claude.extra.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    found = []
    for log in (second, first, main):
        log.write()
        ingest(workspace)
        refresh(workspace)
        assert_right(workspace)
        found.append({id.rpartition("/")[2]: tokens for id, tokens in roots(workspace, "tokens").items()})
    assert_fresh(workspace)
    assert [len(one) for one in found] == [1, 1, 1]
    assert set(found[-1]) == {name(main)}
    assert found[0].keys() != found[1].keys()


def test_a_subagents_usage_and_calls_are_its_own_projects(claude: ClaudeHome, workspace: Workspace) -> None:
    main = task(claude, "2026-03-02T09:00:00Z").call("Task", {"prompt": "Look."}, output=7)
    agent = main.subagent()
    agent.cwd = "/home/ada/elsewhere"
    agent.prompt("Look.").response(output=30).call("Bash", {"command": "ls"}, output=3)
    agent.result("a")
    store(claude, workspace)
    with open_desk(workspace, update=False) as desk:
        rows = desk.connection.execute("SELECT kind, project FROM sessions ORDER BY kind").fetchall()
    assert rows == [("main", "/home/ada/site"), ("subagent", "/home/ada/elsewhere")]
    used = {key[0]: usage.output for key, usage in sums(workspace, UsageSums, by=("project",)).items()}
    assert used == {"/home/ada/site": 107, "/home/ada/elsewhere": 33}
    called = {key: calls.calls for key, calls in sums(workspace, ToolSums, by=("project", "tool")).items()}
    assert called == {("/home/ada/site", "Task"): 1, ("/home/ada/elsewhere", "Bash"): 1}
    counted = {key[0]: held.sessions for key, held in sums(workspace, SessionSums, by=("project",)).items()}
    assert counted == {"/home/ada/site": 1}
    assert roots(workspace, "tokens") == {name(main): sum(u.tokens for u in [sums(workspace, UsageSums)])}
    assert_right(workspace)


def test_a_subagent_without_a_project_is_of_none(claude: ClaudeHome, workspace: Workspace) -> None:
    main = task(claude, "2026-03-02T09:00:00Z").call("Task", {"prompt": "Look."}, output=7)
    agent = main.subagent()
    agent.cwd = ""
    agent.prompt("Look.").response(output=30)
    store(claude, workspace)
    with open_desk(workspace, update=False) as desk:
        assert desk.connection.execute("SELECT project FROM sessions WHERE kind = 'subagent'").fetchall() == [(None,)]
    used = {key[0]: usage.output for key, usage in sums(workspace, UsageSums, by=("project",)).items()}
    assert used == {"/home/ada/site": 107, "": 30}
    assert_right(workspace)


def test_a_log_that_is_rewritten_leaves_nothing_of_what_it_was(claude: ClaudeHome, workspace: Workspace) -> None:
    changed = task(claude, "2026-03-02T09:00:00Z")
    task(claude, "2026-04-02T09:00:00Z", text="Explain this.")
    store(claude, workspace)
    before = changed.path.read_bytes()
    changed.path.write_bytes(before.replace(b"2026-03-02", b"2026-05-02").replace(b":100", b":7"))
    ingest(workspace)
    assert refresh(workspace).roots == (name(changed),)
    assert sums(workspace, UsageSums).output == 107
    for cube in (SessionSums, UsageSums, VerdictSums):
        assert {key[0] for key in sums(workspace, cube, by=("month",))} == {56 * 12 + 3, 56 * 12 + 4}
    assert_fresh(workspace)


def test_a_session_that_comes_between_makes_the_next_one_a_retry(claude: ClaudeHome, workspace: Workspace) -> None:
    task(claude, "2026-03-02T09:00:00Z")
    late = task(claude, "2026-03-03T12:00:00Z")
    store(claude, workspace)
    assert sums(workspace).retried == 0
    between = task(claude, "2026-03-02T18:00:00Z")
    assert set(store(claude, workspace).roots) == {name(between), name(late)}
    assert (sums(workspace).retried, sums(workspace).comparable) == (2, 3)
    between.path.unlink()
    purge_session(workspace, name(between))
    refresh(workspace)
    assert sums(workspace).retried == 0


def test_one_more_session_flips_the_verdicts_of_others(claude: ClaudeHome, workspace: Workspace) -> None:
    for number in range(10):
        task(claude, f"2026-03-{number + 1:02d}T09:00:00Z", output=1000 + number)
    store(claude, workspace)
    before = roots(workspace, "verdict")
    last = task(claude, "2026-03-20T09:00:00Z", output=900)
    flipped = set(store(claude, workspace).roots) - {name(last)}
    assert flipped == {id for id, verdict in roots(workspace, "verdict").items() if before.get(id, verdict) != verdict}
    assert len(flipped) == 10  # they had nine others
    assert_right(workspace)
    assert_fresh(workspace)


def test_verdicts_of_a_large_group_wait_for_a_minute(
    claude: ClaudeHome, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verdicts, "LARGE", 10)
    clock = [1_000_000]
    monkeypatch.setattr(refreshing, "now_ms", lambda: clock[0])
    for number in range(11):
        task(claude, f"2026-03-{number + 1:02d}T09:00:00Z", output=1000 + number)
    store(claude, workspace)
    told = {key[0]: found.sessions for key, found in sums(workspace, VerdictSums, by=("verdict",)).items()}
    assert sum(told.values()) == 11
    dear = task(claude, "2026-03-20T09:00:00Z", output=9000)
    clock[0] += 59_999
    store(claude, workspace)
    assert [key[0] for key in sums(workspace, VerdictSums, by=("verdict",))].count("unavailable") == 1
    clock[0] += 1
    assert name(dear) in refresh(workspace).roots
    assert "unavailable" not in {key[0] for key in sums(workspace, VerdictSums, by=("verdict",))}
    assert_right(workspace)


def test_kpis_follow_their_sessions(claude: ClaudeHome, workspace: Workspace) -> None:
    log = task(claude, "2026-03-31T23:00:00Z")
    store(claude, workspace)
    assert sums(workspace, KpiSums).sessions == 0
    measure(workspace)
    first = sums(workspace, KpiSums, by=("day",))
    assert [key[0] for key in first] == [20543]
    log.wait(7200).response(output=10)
    store(claude, workspace)
    assert sums(workspace, KpiSums).sessions == 0
    measure(workspace)
    assert [key[0] for key in sums(workspace, KpiSums, by=("day",))] == [20544]
    assert [key[0] for key in sums(workspace, KpiSums, by=("month",))] == [56 * 12 + 3]
    assert_right(workspace)
    assert_fresh(workspace)


def measure(workspace: Workspace) -> None:
    with open_writer(workspace.folder) as connection:
        refresh_points(connection, AgentTypes({}))
    refresh(workspace)


def test_progress_is_told_by_main_sessions(
    claude: ClaudeHome, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refreshing, "_BATCH_ROOTS", 2)
    for number in range(5):
        task(claude, f"2026-03-0{number + 1}T09:00:00Z")
    claude.write()
    ingest(workspace)
    told: list[tuple[int, int]] = []
    refresh(workspace, on_progress=lambda done, of: told.append((done, of)))
    assert told == [(2, 5), (4, 5), (5, 5)]


# ---------------------------------------------------------------------------------------------- made anew


@pytest.mark.parametrize(
    ("zone", "days"),
    [("UTC", [20543]), ("Europe/Berlin", [20544]), ("Asia/Kolkata", [20544]), ("America/St_Johns", [20543])],
)
def test_another_zone_has_other_days(claude: ClaudeHome, workspace: Workspace, zone: str, days: list[int]) -> None:
    task(claude, "2026-03-31T22:30:00Z")
    store(claude, workspace)
    moved = Workspace(workspace.folder, msgspec.structs.replace(workspace.settings, display_timezone=zone))
    with open_desk(moved, update=False) as desk:
        scope = parse_scope({"range": "all"}, desk.zone, desk.zone_name, desk.now_ms)
        assert [key[0] for key, _ in add_up(desk.connection, UsageSums, scope, by=("day",))] == days
        assert desk.zone_name == zone
    assert_right(moved)


def overwrite(path: Path) -> None:
    path.write_bytes(b"no database at all " * 5000)


def cut(path: Path) -> None:
    os.truncate(path, 6000)


def scribble(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xee" * (path.stat().st_size - 4096))


def drop(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE meta")


def forget_zone(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DELETE FROM meta WHERE name = 'noted'")


@pytest.mark.parametrize("damage", [overwrite, cut, scribble, drop, forget_zone, Path.unlink])
@pytest.mark.parametrize("update", [True, False])
def test_a_damaged_file_is_made_anew(
    claude: ClaudeHome, workspace: Workspace, damage: Callable[[Path], None], update: bool
) -> None:
    task(claude, "2026-03-02T09:00:00Z")
    store(claude, workspace)
    path = workspace.folder / "rollups.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    damage(path)
    with open_desk(workspace, update=update) as desk:
        assert desk.connection.execute("SELECT count(*) FROM roll.roots").fetchone() == (1,)
    assert_right(workspace)


def test_damage_that_only_a_refresh_meets_is_mended(claude: ClaudeHome, workspace: Workspace) -> None:
    log = task(claude, "2026-03-02T09:00:00Z")
    store(claude, workspace)
    path = workspace.folder / "rollups.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        [page] = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'roots'").fetchone()
        [size] = connection.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xee" * size)
    log.response(output=11)
    assert store(claude, workspace).whole
    assert_right(workspace)


def test_another_warehouse_in_its_place_is_noticed(claude: ClaudeHome, workspace: Workspace) -> None:
    task(claude, "2026-03-02T09:00:00Z")
    store(claude, workspace)
    for path in workspace.folder.glob("warehouse*"):
        path.unlink()
    task(claude, "2026-03-05T09:00:00Z")
    claude.write()
    ingest(workspace)
    with open_desk(workspace, update=False) as desk:
        assert desk.connection.execute("SELECT count(*) FROM roll.roots").fetchone() == (2,)


def test_without_a_warehouse_it_is_as_elsewhere(workspace: Workspace) -> None:
    for opening in (lambda: refresh(workspace), lambda: open_desk(workspace, update=True).__enter__()):
        with pytest.raises(TachographError) as caught:
            opening()
        assert (caught.value.slug, caught.value.exit_code) == ("no_warehouse", 4)
    assert not workspace.folder.exists()


def test_a_warehouse_of_an_older_tacho_is_refused(workspace: Workspace) -> None:
    with open_writer(workspace.folder) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION - 1}")
    with pytest.raises(TachographError) as caught:
        refresh(workspace)
    assert caught.value.slug == "store_too_old"


# ---------------------------------------------------------------------------------------- text that is gone


def files_with(folder: Path, text: str) -> list[str]:
    return sorted(p.name for p in folder.iterdir() if p.is_file() and text.encode() in p.read_bytes())


def test_a_purge_takes_the_copies_with_it(claude: ClaudeHome, workspace: Workspace) -> None:
    secret = task(claude, "2026-03-02T09:00:00Z", text=CANARY)
    task(claude, "2026-03-03T09:00:00Z")
    store(claude, workspace)
    assert files_with(workspace.folder, CANARY)
    with open_desk(workspace, update=False) as held:
        assert held.connection.execute("SELECT count(*) FROM roll.root_texts").fetchone() == (2,)
    purge_session(workspace, name(secret))
    assert files_with(workspace.folder, CANARY) == []
    assert files_with(workspace.folder, secret.session_id) == []
    with open_desk(workspace, update=False) as desk:
        assert desk.connection.execute("SELECT count(*) FROM roll.root_texts").fetchone() == (1,)
    assert files_with(workspace.folder, CANARY) == []
    assert_right(workspace)


def test_who_reads_while_a_purge_goes_on_sees_the_old_state_and_the_next_one_the_new(
    claude: ClaudeHome, workspace: Workspace
) -> None:
    secret = task(claude, "2026-03-02T09:00:00Z", text=CANARY)
    store(claude, workspace)
    with open_desk(workspace, update=False) as held:
        purge_session(workspace, name(secret))
        assert held.connection.execute("SELECT count(*) FROM roll.roots").fetchone() == (1,)
        assert held.connection.execute("SELECT count(*) FROM sessions").fetchone() == (1,)
        with open_desk(workspace, update=False) as desk:
            assert desk.connection.execute("SELECT count(*) FROM roll.roots").fetchone() == (0,)
            assert desk.connection.execute("SELECT count(*) FROM sessions").fetchone() == (0,)


def test_a_purge_while_they_are_refreshed_makes_them_anew_afterwards(
    claude: ClaudeHome, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = task(claude, "2026-03-02T09:00:00Z", text=CANARY)
    store(claude, workspace)
    monkeypatch.setattr(purging, "forget_rollups", lambda folder: forget_rollups(folder, wait_seconds=0.1))
    with closing(open_reader(workspace.folder)) as connection:
        plan = plan_purge(connection, Target(session=name(secret)))
    with file_lock(workspace.folder / LOCK_NAME, 0):
        assert not purge(workspace, plan).erased
        assert files_with(workspace.folder, CANARY)
    assert refresh(workspace).whole
    assert files_with(workspace.folder, CANARY) == []


def test_text_that_is_no_longer_to_be_stored_goes_from_the_copies_too(claude: ClaudeHome, workspace: Workspace) -> None:
    task(claude, "2026-03-02T09:00:00Z", text=CANARY)
    store(claude, workspace)
    bare = Workspace(workspace.folder, msgspec.structs.replace(workspace.settings, store_text="none"))
    ingest(bare)
    refresh(bare)
    assert files_with(workspace.folder, CANARY) == []
    assert roots(bare, "tokens")


def test_a_rebuild_redacts_the_copies_too(claude: ClaudeHome, workspace: Workspace) -> None:
    log = task(claude, "2026-03-02T09:00:00Z", text=CANARY)
    store(claude, workspace)
    log.path.unlink()
    with closing(sqlite3.connect(workspace.folder / "warehouse.sqlite", isolation_level=None)) as connection:
        connection.execute("UPDATE segments SET opening = 'other'")
        connection.execute("UPDATE prompts SET text = 'other'")
        connection.execute("UPDATE sessions SET opening = 'other'")
    ingest(workspace, rebuild=True)
    refresh(workspace)
    assert files_with(workspace.folder, CANARY) == []


# ----------------------------------------------------------------------------------- several at once, interruptions


def test_while_another_process_refreshes_what_is_there_is_read(claude: ClaudeHome, workspace: Workspace) -> None:
    log = task(claude, "2026-03-02T09:00:00Z")
    store(claude, workspace)
    log.response(output=50)
    claude.write()
    ingest(workspace)
    with file_lock(workspace.folder / LOCK_NAME, 0) as held:
        assert held
        assert refresh(workspace, wait_seconds=0.1) == Refreshed(0, held=False)
        assert sums(workspace, UsageSums).output == 100
    with open_desk(workspace, update=True) as desk:
        assert desk.connection.execute("SELECT tokens FROM roll.roots").fetchone()[0] > 150
    assert sums(workspace, UsageSums).output == 150


def test_while_another_process_makes_them_it_is_busy(
    claude: ClaudeHome, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    task(claude, "2026-03-02T09:00:00Z")
    claude.write()
    ingest(workspace)
    for opening in (lambda: open_desk(workspace, update=True), lambda: open_desk(workspace, update=False)):
        with file_lock(workspace.folder / LOCK_NAME, 0), pytest.raises(Busy), opening():
            pass


def test_all_that_a_desk_shows_is_of_one_moment(claude: ClaudeHome, workspace: Workspace) -> None:
    log = task(claude, "2026-03-02T09:00:00Z")
    store(claude, workspace)
    with open_desk(workspace, update=True) as desk:
        log.response(output=50)
        store(claude, workspace)
        assert desk.connection.execute("SELECT sum(output) FROM usage_quarters").fetchone() == (100,)
        assert desk.connection.execute("SELECT sum(output) FROM roll.usage_cells WHERE grain = 0").fetchone() == (200,)
        assert desk.standing.revision == desk.connection.execute("SELECT max(revision) FROM changes").fetchone()[0]
    assert sums(workspace, UsageSums).output == 150


def test_many_at_once_give_what_one_gives(claude: ClaudeHome, workspace: Workspace) -> None:
    for number in range(8):
        task(claude, f"2026-03-0{number + 1}T09:00:00Z")
    claude.write()
    ingest(workspace)
    failures: list[BaseException] = []

    def look() -> None:
        try:
            for _ in range(5):
                with open_desk(workspace, update=True) as desk:
                    assert desk.connection.execute("SELECT count(*) FROM roll.roots").fetchone() == (8,)
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert_fresh(workspace)


KILLED = """
import sys, time
from pathlib import Path
from tachograph.app.purge import Target, plan_purge, purge
from tachograph.app.rollups import refresh as refreshing
from tachograph.app.workspace import Workspace
from tachograph.settings import Settings
refreshing._BATCH_ROOTS = 1
print("ready", flush=True)
refreshing.refresh(Workspace(Path(sys.argv[1]), Settings(display_timezone="UTC")), lambda *_: time.sleep(0.02))
"""


@contextmanager
def killed_refresh(folder: Path, after: float) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(folder)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    yield


@pytest.mark.parametrize("after", [0.01, 0.05, 0.1, 0.2])
def test_a_refresh_that_was_killed_is_gone_on_with(claude: ClaudeHome, workspace: Workspace, after: float) -> None:
    logs = [task(claude, f"2026-03-{number + 1:02d}T09:00:00Z", output=number) for number in range(12)]
    claude.write()
    ingest(workspace)
    with killed_refresh(workspace.folder, after):
        refresh(workspace)
        assert_right(workspace)
    for log in logs:
        log.prompt("Go on.").response(output=3)
    claude.write()
    ingest(workspace)
    with killed_refresh(workspace.folder, after):
        refresh(workspace)
        assert_right(workspace)
    assert_fresh(workspace)


# --------------------------------------------------------------------------------------------------- adding up


def test_an_unchanged_store_costs_milliseconds(claude: ClaudeHome, workspace: Workspace) -> None:
    task(claude, "2026-03-02T09:00:00Z")
    store(claude, workspace)
    before = (workspace.folder / "rollups.sqlite").stat().st_mtime_ns

    def look() -> None:
        with open_desk(workspace, update=True):
            pass

    takes_at_most(0.05, look)
    assert (workspace.folder / "rollups.sqlite").stat().st_mtime_ns == before


def test_a_change_that_brings_nothing_leaves_the_sums(claude: ClaudeHome, workspace: Workspace) -> None:
    log = task(claude, "2026-03-02T09:00:00Z")
    store(claude, workspace)
    found = dump_rollups(workspace.folder)
    with open_writer(workspace.folder) as connection, transaction(connection):
        connection.execute("UPDATE changes SET revision = 99")
    assert refresh(workspace) == Refreshed(99, (name(log),))
    assert dump_rollups(workspace.folder) == found


def test_a_range_without_days_is_empty(claude: ClaudeHome, workspace: Workspace) -> None:
    task(claude, "2026-03-02T09:00:00Z")
    store(claude, workspace)
    with open_desk(workspace, update=False) as desk:
        scope = Scope(today=desk.standing.as_of.date(), project="/nowhere", zone=desk.zone)
        assert add_up(desk.connection, SessionSums, scope) == [((), SessionSums())]
