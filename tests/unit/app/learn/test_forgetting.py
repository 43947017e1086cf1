"""A purged session leaves nothing behind in what the loop keeps."""

from __future__ import annotations

from contextlib import closing

import pytest

from tachograph.app.ingest import ingest
from tachograph.app.learn.run import learn
from tachograph.app.purge import Target, plan_purge, purge
from tachograph.warehouse.store import open_reader
from tests.builders.claude import ClaudeHome
from tests.builders.pointed import Loop, loop

__all__ = ["loop"]

TRIAL = "batch_tasks:main:1"


@pytest.fixture
def purged(loop: Loop) -> tuple[str, str]:
    """Ids of a session that is gone and of one that stays, of nine that the loop knew."""
    home = ClaudeHome(loop.home / ".claude")
    ids = []
    for day in range(1, 10):
        log = home.project().session(f"2026-11-{day:02d}T09:00:00Z").prompt("Repair it.")
        for number in range(12):
            bad = day == 8
            log.call("Bash", {"command": f"make {number}"}).result("Exit code 1\nno" if bad else "ok", error=bad)
        ids.append(f"claude_code:{log.session_id}")
    home.write()
    for one in (ids[7], ids[8]):
        loop.assign(TRIAL, one, "control")
    ingest(loop.workspace, jobs=1)
    learn(loop.workspace)
    gone, stays = ids[7], ids[8]
    assert loop.rows("SELECT DISTINCT session FROM alerts WHERE severity <> 'info'") == [(gone,)]
    with closing(open_reader(loop.folder)) as connection:
        plan = plan_purge(connection, Target(session=gone))
    purge(loop.workspace, plan)
    return gone, stays


def test_no_byte_of_its_id_is_left(loop: Loop, purged: tuple[str, str]) -> None:
    native = purged[0].partition(":")[2].encode()
    found = [
        str(file.relative_to(loop.folder))
        for file in loop.folder.rglob("*")
        if file.is_file() and native in file.read_bytes()
    ]
    assert found == []


def test_the_next_round_knows_the_others_and_brings_nothing_back(loop: Loop, purged: tuple[str, str]) -> None:
    gone, stays = purged
    assert learn(loop.workspace).sessions == 8
    for table in ("points", "kpis", "alerts", "assignments", "starts"):
        assert loop.rows(f"SELECT count(*) FROM {table} WHERE session = ?", gone) == [(0,)], table
    assert loop.rows("SELECT session FROM assignments") == [(stays,)]
