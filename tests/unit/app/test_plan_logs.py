"""Ingesting only the logs that are named."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from tachograph.app.ingest import IngestReport, ingest
from tachograph.app.purge import Target, plan_purge, purge
from tachograph.app.workspace import Workspace
from tachograph.settings import Settings
from tachograph.warehouse.store import open_reader
from tests.builders.claude import ClaudeHome, ClaudeLog
from tests.builders.codex import CodexHome
from tests.dump import assert_same, dump_warehouse


@pytest.fixture
def claude(home: Path) -> ClaudeHome:
    return ClaudeHome(home / ".claude")


@pytest.fixture
def log(claude: ClaudeHome) -> ClaudeLog:
    """Stored, with another one beside it."""
    claude.project().session().prompt("Zero.").response(output=5)
    log = claude.project().session().prompt("One.").response(output=11)
    claude.write()
    ingest(Workspace(settings=Settings()))
    return log


def read(*paths: object) -> IngestReport:
    return ingest(Workspace(settings=Settings()), logs=[str(path) for path in paths])


def assert_as_fresh(home: Path) -> None:
    fresh = Workspace(home / "fresh", Settings())
    ingest(fresh)
    assert_same(dump_warehouse(home / "tachograph"), dump_warehouse(fresh.folder))


def test_only_what_is_named_is_looked_at(home, claude, log):
    for one in claude.logs:
        one.response(output=3)
    claude.write()
    report = read(log.path)
    assert (report.seen, report.changed, report.responses, report.strangers) == (1, 1, 2, [])
    assert read(log.path).changed == 0
    assert ingest(Workspace(settings=Settings())).changed == 1
    assert_as_fresh(home)


def test_of_a_log_that_grew_only_the_new_bytes_are_read(log):
    before = log.path.stat().st_size
    log.prompt("Two.").response(output=4).write()
    report = read(log.path)
    assert (report.changed, report.bytes) == (1, log.path.stat().st_size - before)


def test_what_was_never_read_is_a_stranger(home, claude, log):
    new = claude.project().session().prompt("New.").response()
    claude.write()
    rollout = CodexHome(home / ".codex").session()
    rollout.write()
    odd = log.path.with_name("journal.jsonl")
    odd.write_text("{}\n")
    text = log.path.with_name("notes.txt")
    text.write_text("{}\n")
    report = read(new.path, rollout.path, odd, text, log.path.parent, home / "gone.jsonl")
    assert report.strangers == [str(new.path), str(rollout.path)]
    assert (report.seen, report.changed) == (0, 0)


def test_a_log_that_is_gone_or_replaced(home, log):
    log.path.rename(log.path.with_suffix(".bak"))
    assert read(log.path).seen == 0
    log.path.write_bytes(log.response(output=8).content())  # another file of that name
    assert read(log.path).changed == 1
    assert_as_fresh(home)


def test_a_companion_file_makes_it_read_again(home, claude, log):
    subagent = log.subagent().prompt("Look.").response(output=9)
    claude.write()
    ingest(Workspace(settings=Settings()))
    meta = subagent.path.with_name(subagent.path.name.replace(".jsonl", ".meta.json"))
    meta.write_text('{"agentType":"reviewer"}')
    assert read(subagent.path).changed == 1
    assert_as_fresh(home)


def test_a_purged_log_is_no_stranger(log):
    workspace = Workspace(settings=Settings())
    with closing(open_reader(workspace.folder)) as connection:
        doomed = plan_purge(connection, Target(session=log.session_id))
    purge(workspace, doomed)
    log.response(output=4).write()
    report = read(log.path)
    assert (report.strangers, report.seen) == ([], 0)
