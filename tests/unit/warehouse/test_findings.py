"""Findings in the warehouse follow what is stored: growing logs, forks, siblings, purges, settings, migration."""

from __future__ import annotations

import itertools
import sqlite3
from contextlib import closing
from importlib import resources
from pathlib import Path

import pytest

from tachograph.app.ingest import ingest
from tachograph.app.purge import Target, plan_purge, purge
from tachograph.app.workspace import Workspace
from tachograph.settings import Settings
from tachograph.warehouse.store import SCHEMA_VERSION, open_reader, open_writer
from tests.builders.claude import ClaudeHome, ClaudeLog
from tests.builders.codex import CodexHome
from tests.builders.log import LogBuilder
from tests.dump import assert_same, dump_warehouse

MODEL = "house-model-1"
PRICES = {MODEL: {"input": 10, "output": 50, "cache_read": 1, "cache_write_5m": 12, "cache_write_1h": 20}}
Findings = list[tuple[str, str, int]]


def workspace(folder: Path, heavy: float = 1000.0) -> Workspace:
    """With prices of our own, in dollars for a million tokens; nothing is heavy unless a test says so."""
    return Workspace(folder, Settings(prices=PRICES, waste_heavy_result_usd=heavy))


@pytest.fixture
def folder(home: Path) -> Path:
    return home / "tachograph"


@pytest.fixture
def claude(home: Path) -> ClaudeHome:
    return ClaudeHome(home / ".claude")


def findings(folder: Path) -> Findings:
    """(session, detector, tokens) of all findings."""
    with closing(open_reader(folder)) as connection:
        return connection.execute(
            "SELECT substr(s.session, instr(s.session, ':') + 1), detector, tokens"
            " FROM findings JOIN segments s USING (segment) ORDER BY s.session, position, detector"
        ).fetchall()


def ids(folder: Path) -> set[str]:
    with closing(open_reader(folder)) as connection:
        return {row[0] for row in connection.execute("SELECT id FROM findings")}


def forget(folder: Path, session: str) -> None:
    """Purge a session."""
    with closing(open_reader(folder)) as connection:
        plan = plan_purge(connection, Target(session=session))
    purge(workspace(folder), plan)


def rebuilt(log: ClaudeLog, read: int = 20_000) -> ClaudeLog:
    """A prefix of ``read`` + 1,000 tokens, written again after a pause."""
    log.prompt().response(cache_read=read, write_5m=1_000)
    return log.prompt(seconds=400).response(cache_read=0, write_5m=read + 2_000)


def read_same(agent: ClaudeLog, count: int = 5) -> ClaudeLog:
    """A subagent that reads so many files."""
    agent.prompt("Look.")
    for number in range(count):
        agent.read(f"/home/ada/site/{number}.py", f"content {number}\n")
    return agent


def fresh(tmp_path: Path) -> dict[str, list[tuple[object, ...]]]:
    """What one ingestion of all that is there gives."""
    ingest(workspace(tmp_path / "fresh"))
    return dump_warehouse(tmp_path / "fresh")


def test_findings_are_those_of_the_log_as_it_is_now(claude: ClaudeHome, folder: Path, tmp_path: Path) -> None:
    log = rebuilt(claude.project().session(model=MODEL))
    claude.write()
    ingest(workspace(folder))
    assert findings(folder) == [(log.session_id, "cache_rebuild", 21_000)]
    before = ids(folder)
    rebuilt(log, 50_000)
    claude.write()
    ingest(workspace(folder))
    assert [tokens for _, _, tokens in findings(folder)] == [21_000, 51_000]
    assert before < ids(folder)
    assert_same(dump_warehouse(folder), fresh(tmp_path))


def test_a_finding_goes_when_the_log_no_longer_proves_it(claude: ClaudeHome, folder: Path) -> None:
    log = claude.project().session(model=MODEL)
    log.prompt().response(cache_read=20_000, write_5m=1_000)
    path = log.write()
    rebuilt_later = log.content()
    rebuilt(log)
    log.write()
    ingest(workspace(folder))
    assert findings(folder) != []
    path.write_bytes(rebuilt_later)
    ingest(workspace(folder))
    assert findings(folder) == []


def test_findings_go_with_their_session(claude: ClaudeHome, folder: Path) -> None:
    gone, kept = (rebuilt(claude.project().session(model=MODEL)) for _ in range(2))
    claude.write()
    ingest(workspace(folder))
    assert len(findings(folder)) == 2
    forget(folder, gone.session_id)
    assert findings(folder) == [(kept.session_id, "cache_rebuild", 21_000)]


def test_a_forks_copy_is_found_once_in_any_order(claude: ClaudeHome, tmp_path: Path) -> None:
    parent = rebuilt(claude.project().session(model=MODEL))
    child = parent.fork("2026-05-20T12:00:00Z")
    child.prompt().response(cache_read=21_900, write_5m=100)
    rebuilt(child, 30_000)
    older = parent.fork("2026-05-20T15:00:00Z", sdk=False)
    older.prompt().response(input=5)
    logs: list[LogBuilder] = [parent, child, older]
    dumps = []
    for number, order in enumerate(itertools.permutations(logs)):
        for log in logs:
            log.path.unlink(missing_ok=True)
        for log in order:
            log.write()
            ingest(workspace(tmp_path / f"{number}"))
        dumps.append(dump_warehouse(tmp_path / f"{number}"))
    assert findings(tmp_path / "0") == sorted(
        [(parent.session_id, "cache_rebuild", 21_000), (child.session_id, "cache_rebuild", 31_000)]
    )
    for dump in dumps[1:]:
        assert dump["findings"] == dumps[0]["findings"]


def test_rederiving_gives_the_same_findings_and_ids(claude: ClaudeHome, home: Path, folder: Path) -> None:
    log = rebuilt(claude.project().session(model=MODEL))
    tip = log.tip
    log.prompt("One way.").shell("make all", "y" * 90_000).response(cache_read=30_000).response(cache_read=30_000)
    log.rewind(tip).prompt("Another way.").response(cache_read=100)
    agents = [log.subagent() for _ in range(2)]
    for agent in agents:
        read_same(agent)
    claude.write()
    codex = CodexHome(home / ".codex").session()
    codex.turn("gpt-5.4").prompt().answer().tokens(input=21_000, cached=20_000).complete()
    codex.turn(seconds=400).prompt().answer().tokens(input=22_000).complete()
    codex.write()
    ingest(workspace(folder, heavy=0.001))
    before = dump_warehouse(folder)
    kinds = {row[1] for row in findings(folder)}
    assert kinds == {"abandoned_branch", "cache_rebuild", "duplicate_subagent_work", "heavy_result"}
    with open_writer(folder) as connection:
        connection.execute("DELETE FROM findings WHERE detector <> 'cache_rebuild'")
        connection.execute("UPDATE findings SET tokens = 1, id = 'wrong'")
    ingest(workspace(folder, heavy=0.001), rederive=True)
    assert_same(dump_warehouse(folder), before)


def test_another_threshold_derives_anew_also_where_the_log_is_gone(claude: ClaudeHome, folder: Path) -> None:
    log = claude.project().session(model=MODEL).prompt()
    log.shell("make all", "y" * 27_000, cache_read=9_000)
    log.response(cache_read=9_000, write_5m=20_000)  # 10,000 tokens written for five minutes: $0.12
    claude.write()
    ingest(workspace(folder, heavy=0.12))
    assert findings(folder) == []
    log.path.unlink()
    assert ingest(workspace(folder, heavy=0.1199)).rederived
    assert findings(folder) == [(log.session_id, "heavy_result", 10_000)]
    assert not ingest(workspace(folder, heavy=0.1199)).rederived
    ingest(workspace(folder, heavy=0.12))
    assert findings(folder) == []


def test_another_price_changes_what_a_finding_cost(claude: ClaudeHome, folder: Path) -> None:
    rebuilt(claude.project().session(model=MODEL))
    claude.write()
    ingest(Workspace(folder, Settings()))
    ingest(workspace(folder))
    with closing(open_reader(folder)) as connection:
        assert connection.execute("SELECT cost_pico FROM findings").fetchall() == [(21_000 * 11 * 10**6,)]


# ---------------------------------------------------------------------------------------------------- siblings


def test_siblings_are_compared_when_the_second_one_comes_and_no_more_when_one_goes(
    claude: ClaudeHome, folder: Path, tmp_path: Path
) -> None:
    main = claude.project().session(model=MODEL).prompt().response()
    first = read_same(main.subagent())
    second = read_same(main.wait(60).subagent())
    for log in (main, first):
        log.write()
    ingest(workspace(folder))
    assert findings(folder) == []
    second.write()
    ingest(workspace(folder))
    named = f"{main.session_id}/{second.agent_id}"
    assert [row[:2] for row in findings(folder)] == [(named, "duplicate_subagent_work")]
    assert_same(dump_warehouse(folder), fresh(tmp_path))
    forget(folder, f"{main.session_id}/{first.agent_id}")
    assert findings(folder) == []


def test_siblings_come_in_any_order(claude: ClaudeHome, tmp_path: Path) -> None:
    main = claude.project().session(model=MODEL).prompt().response()
    logs = [main, *(read_same(main.wait(60).subagent()) for _ in range(3))]
    dumps = []
    for number, order in enumerate(list(itertools.permutations(logs))[::5]):
        for log in logs:
            log.path.unlink(missing_ok=True)
        for log in order:
            log.write()
            ingest(workspace(tmp_path / f"{number}"))
        dumps.append(dump_warehouse(tmp_path / f"{number}")["findings"])
    assert len(dumps[0]) == 2
    assert all(dump == dumps[0] for dump in dumps)


def test_a_siblings_growth_changes_the_comparison(claude: ClaudeHome, folder: Path) -> None:
    main = claude.project().session(model=MODEL).prompt().response()
    read_same(main.subagent())
    second = read_same(main.wait(60).subagent(), 4)
    claude.write()
    ingest(workspace(folder))
    assert findings(folder) == []
    second.read("/home/ada/site/4.py", "content 4\n")
    second.write()
    ingest(workspace(folder))
    assert [row[1] for row in findings(folder)] == ["duplicate_subagent_work"]
    for number in range(9):
        second.read(f"/home/ada/site/more{number}.py", f"more {number}\n")
    second.write()
    ingest(workspace(folder))
    assert [row[1] for row in findings(folder)] == ["duplicate_subagent_work"]  # all of the smaller set


def test_the_main_session_growing_keeps_what_its_subagents_share(claude: ClaudeHome, folder: Path) -> None:
    main = claude.project().session(model=MODEL).prompt().response()
    for _ in range(2):
        read_same(main.wait(60).subagent())
    claude.write()
    ingest(workspace(folder))
    before = findings(folder)
    main.prompt().response()
    main.write()
    ingest(workspace(folder))
    assert findings(folder) == before != []


@pytest.mark.parametrize("main_is_there", [True, False])
def test_two_subagents_are_enough_also_where_the_main_session_left_no_log(
    claude: ClaudeHome, folder: Path, main_is_there: bool
) -> None:
    main = claude.project().session(model=MODEL).prompt().response()
    logs = [read_same(main.wait(60).subagent()) for _ in range(2)]
    for log in [*logs, *([main] if main_is_there else [])]:
        log.write()
    ingest(workspace(folder))
    assert [row[1] for row in findings(folder)] == ["duplicate_subagent_work"]


def test_a_subagents_own_subagent_is_compared_too(claude: ClaudeHome, folder: Path) -> None:
    main = claude.project().session(model=MODEL).prompt().response()
    above = read_same(main.subagent())
    read_same(main.wait(60).subagent(spawned_by=above.agent_id))
    claude.write()
    ingest(workspace(folder))
    assert [row[1] for row in findings(folder)] == ["duplicate_subagent_work"]


def test_subagents_of_different_sessions_are_not_compared(claude: ClaudeHome, folder: Path) -> None:
    for _ in range(2):
        read_same(claude.project().session(model=MODEL).prompt().response().subagent())
    claude.write()
    ingest(workspace(folder))
    assert findings(folder) == []


def test_the_sieve_lets_through_four_of_five_and_no_less(claude: ClaudeHome, folder: Path) -> None:
    for shared in (4, 3):
        main = claude.project().session(model=MODEL).prompt().response()
        for nth in range(2):
            agent = read_same(main.wait(60).subagent(), shared)
            for number in range(5 - shared):
                agent.read(f"/own{nth}{number}", f"own {nth} {number}\n")
    claude.write()
    ingest(workspace(folder))
    assert len(findings(folder)) == 1


def test_codexs_subagents_are_siblings(home: Path, folder: Path) -> None:
    codex = CodexHome(home / ".codex")
    main = codex.session().turn().prompt().answer().tokens(input=9, output=1)
    for _ in range(2):
        agent = main.wait(60).subagent().turn().prompt("Look.")
        for number in range(5):
            agent.shell(f"cat src/{number}.py", f"content {number}\n").tokens(input=900, output=5)
    codex.write()
    ingest(workspace(folder))
    assert [row[1] for row in findings(folder)] == ["duplicate_subagent_work"]


# --------------------------------------------------------------------------------------------------- migration

ADDED = {
    2: {
        "segments": ["task_type"],
        "tool_calls": ["cwd", "input_chars", "command_hash", "error_hash", "result_kind"],
        "prompts": ["parent_hash"],
        "sessions": ["task_type", "model", "real_tokens", "input_tokens", "unreliable"],
    },
    3: {"tool_calls": ["tasks"]},
    4: {},
}
"""Columns that the schemas before did not have."""
SCHEMA_1 = {
    "meta": 2, "logs": 16, "problems": 6, "segments": 37, "responses": 27, "tool_calls": 25, "prompts": 8, "markers": 7,
    "better_copies": 4, "sessions": 31, "usage_quarters": 15, "rates": 2, "purged": 1,
}  # fmt: skip
SCHEMA_2 = {
    **SCHEMA_1, "segments": 38, "tool_calls": 30, "prompts": 9, "sessions": 36, "findings": 12, "judgements": 11,
    "calibrations": 4,
}  # fmt: skip
SCHEMA_3 = {
    **SCHEMA_2, "tool_calls": 31, "evaluations": 6, "telemetry": 2, "assignments": 7, "starts": 3, "decisions": 9,
    "baseline_resets": 6, "alert_acks": 3, "points": 12, "points_changed": 1, "kpis": 3, "alerts": 7, "loop_records": 3,
}  # fmt: skip
OLD = {1: SCHEMA_1, 2: SCHEMA_2, 3: SCHEMA_3}
"""The tables that a schema had, and how many columns each."""


def make_old(folder: Path, schema: int = 1) -> None:
    """Make a store what one of an older schema with the same logs was like."""
    with closing(sqlite3.connect(folder / "warehouse.sqlite", isolation_level=None)) as connection:
        if schema == 1:
            connection.execute("DROP INDEX sessions_by_task")
            connection.execute("DELETE FROM meta WHERE name = 'analysis_fingerprint'")
        noting = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '%INTO changes %'"
        for (trigger,) in connection.execute(noting).fetchall():
            connection.execute(f"DROP TRIGGER {trigger}")
        connection.execute("DELETE FROM meta WHERE name = 'store'")
        for index in ("alerts_by_severity", "logs_by_agent", "logs_with_unknown"):
            connection.execute(f"DROP INDEX {index}")
        for number in range(schema + 1, SCHEMA_VERSION + 1):
            for table, columns in ADDED[number].items():
                for column in columns:
                    connection.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        for table in tables - OLD[schema].keys():
            connection.execute(f"DROP TABLE {table}")
        connection.execute("UPDATE logs SET parser = CASE ? WHEN 1 THEN 1 ELSE parser - 1 END", (schema,))
        connection.execute(f"PRAGMA user_version = {schema}")
        width = "SELECT count(*) FROM pragma_table_info(?)"
        assert {table: connection.execute(width, (table,)).fetchone()[0] for table in OLD[schema]} == OLD[schema]


def columns_of(folder: Path) -> dict[str, list[str]]:
    with closing(open_reader(folder)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {name: [row[1] for row in connection.execute(f"PRAGMA table_info({name})")] for (name,) in tables}


def beside_tables(folder: Path) -> list[tuple[str, str]]:
    with closing(open_reader(folder)) as connection:
        return connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql NOTNULL ORDER BY name"
        ).fetchall()


@pytest.mark.parametrize("schema", sorted(OLD))
def test_an_old_store_becomes_what_a_fresh_one_is(
    claude: ClaudeHome, folder: Path, tmp_path: Path, schema: int
) -> None:
    main = rebuilt(claude.project().session(model=MODEL)).create_task().update_task("1", "completed")
    for _ in range(2):
        read_same(main.wait(60).subagent())
    claude.write()
    ingest(workspace(folder))
    make_old(folder, schema)
    ingest(workspace(folder))
    expected = fresh(tmp_path)
    assert len(expected["findings"]) == 2
    assert sum(row[-1] is not None for row in expected["tool_calls"]) == 2
    assert_same(dump_warehouse(folder), expected)
    assert columns_of(folder) == columns_of(tmp_path / "fresh")
    assert beside_tables(folder) == beside_tables(tmp_path / "fresh")
    with closing(open_reader(folder)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)


def test_what_is_known_of_a_log_that_is_gone_is_looked_at(claude: ClaudeHome, folder: Path) -> None:
    log = rebuilt(claude.project().session(model=MODEL))
    tip = log.tip
    log.prompt().shell("ls", "y" * 27_000).response(write_5m=99_000).rewind(tip).prompt().response()
    claude.write()
    ingest(workspace(folder, heavy=0.001))
    assert {row[1] for row in findings(folder)} == {"abandoned_branch", "cache_rebuild", "heavy_result"}
    make_old(folder)
    log.path.unlink()
    ingest(workspace(folder, heavy=0.001))
    assert {row[1] for row in findings(folder)} == {"cache_rebuild"}  # rewinds and sizes were not stored then


def test_every_migration_is_part_of_the_package() -> None:
    folder = resources.files("tachograph.warehouse").joinpath("migrations")
    assert sorted(entry.name for entry in folder.iterdir()) == [f"{n}.sql" for n in range(2, SCHEMA_VERSION + 1)]
