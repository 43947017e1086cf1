"""What the token axis is told of sessions: by the warehouse, and by one log alone."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from tachograph.analysis.axes.token_economy import TokenFacts, TokenScore
from tachograph.app.analysis import read_session
from tachograph.app.filters import Filter, make_filter
from tachograph.app.ingest import ingest
from tachograph.app.token_facts import copied_until, count_verdicts, load_facts, load_references, session_facts
from tachograph.app.workspace import Workspace
from tachograph.warehouse.store import open_reader
from tests.builders.claude import ClaudeHome
from tests.builders.codex import CodexHome
from tests.builders.wasteful import HOUSE, MYSTERY, SITE, Wasteful, make_workspace, wasteful

__all__ = ["wasteful"]


def facts_of(workspace: Workspace, *ids: str) -> dict[str, TokenFacts]:
    with closing(open_reader(workspace.folder)) as connection:
        if not ids:
            ids = tuple(row[0] for row in connection.execute("SELECT id FROM sessions"))
        return load_facts(connection, list(ids))


def write_sizes(home: Path, *outputs: int, claude: ClaudeHome | None = None) -> list[str]:
    """Sessions of one kind with so many real tokens each; returns their ids."""
    claude = claude or ClaudeHome(home / ".claude")
    logs = []
    for number, output in enumerate(outputs):
        log = claude.project(SITE).session(f"2026-05-{number + 1:02d}T09:00:00Z", model=HOUSE).prompt("Fix the bug.")
        logs.append(log.response(input=0, output=output))
    claude.write()
    return [f"claude_code:{log.session_id}" for log in logs]


def test_real_tokens_are_input_cache_writes_and_output_of_its_own(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    log = claude.project(SITE).session(model=HOUSE).prompt("Fix the bug.")
    log.response(input=1, cache_read=1000, write_5m=20, write_1h=300, output=4000).prompt("More.")
    log.response(input=0, model=MYSTERY, output=5)
    log.subagent().prompt("x").response(output=9_999)
    claude.write()
    ingest(workspace := make_workspace(home))
    name = f"claude_code:{log.session_id}"
    assert facts_of(workspace, name) == {name: TokenFacts(name, "main", "debug-fix", "house-model", 2, 4326, 321, True)}


def test_a_log_tells_of_itself_what_the_warehouse_tells(wasteful: Wasteful) -> None:
    stored = facts_of(wasteful.ingest())
    assert len(stored) == 11
    for log in (*wasteful.claude.logs, *wasteful.codex.logs):
        session = read_session(log.path)
        assert session_facts(session) == stored[session.id]


def test_ids_that_are_not_there_are_left_out(wasteful: Wasteful) -> None:
    assert facts_of(wasteful.ingest(), "claude_code:nothing") == {}


def test_many_ids_at_once(home: Path) -> None:
    name = write_sizes(home, 5)[0]
    ingest(workspace := make_workspace(home))
    assert list(facts_of(workspace, *(f"x:{number}" for number in range(1200)), name)) == [name]


def test_without_stored_text_there_is_no_task_type(home: Path) -> None:
    name = write_sizes(home, 5)[0]
    ingest(workspace := make_workspace(home, store_text="none"))
    assert facts_of(workspace, name)[name].task_type is None
    with closing(open_reader(workspace.folder)) as connection:
        found = load_references(connection).score(facts_of(workspace, name)[name])
    assert (found.verdict, found.reason, found.value) == ("unavailable", "no_task", 5)
    assert found.hint


def test_what_codex_copied_is_not_the_forks_own(home: Path) -> None:
    codex = CodexHome(home / ".codex")
    first = codex.session("2026-05-19T12:00:00Z", cwd=SITE, model=HOUSE)
    first.turn().prompt("Fix the bug.").answer().tokens(input=700, output=70).complete()
    fork = first.fork("2026-05-19T13:00:00Z").turn().prompt("Add a page.").answer().tokens(input=300, output=30)
    fork.complete()
    codex.write()
    ingest(workspace := make_workspace(home))
    session = read_session(fork.path)
    assert copied_until(read_session(first.path)) == -1
    assert copied_until(session) == max(r.position for r in session.responses if r.replayed)
    alone = session_facts(session, copied_until(session))
    assert (alone.real_tokens, alone.turns, alone.task_type) == (330, 1, "feature-build")
    assert alone == facts_of(workspace, session.id)[session.id]


# --------------------------------------------------------------------------------------------------- verdicts


def test_verdicts_are_counted_each_with_its_number(home: Path) -> None:
    write_sizes(home, *range(100, 1300, 100))
    ingest(workspace := make_workspace(home))
    with closing(open_reader(workspace.folder)) as connection:
        counts = count_verdicts(connection, Filter())
        assert counts == {"above_p75": 3, "within_band": 6, "below_p25": 3, "unavailable": 0}
        since = count_verdicts(connection, make_filter(since="2026-05-10", tz="UTC"))
    assert since == {"above_p75": 3, "within_band": 0, "below_p25": 0, "unavailable": 0}, "against all of them still"


def test_subagents_have_no_part_in_the_counts(wasteful: Wasteful) -> None:
    workspace = wasteful.ingest()
    with closing(open_reader(workspace.folder)) as connection:
        assert sum(count_verdicts(connection, Filter()).values()) == 7


def test_nothing_stored_gives_zeros(home: Path) -> None:
    (home / ".claude" / "projects").mkdir(parents=True)
    ingest(workspace := make_workspace(home))
    with closing(open_reader(workspace.folder)) as connection:
        assert count_verdicts(connection, Filter()) == dict.fromkeys(
            ("above_p75", "within_band", "below_p25", "unavailable"), 0
        )


def test_a_late_old_session_changes_verdicts(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    names = write_sizes(home, *[500] * 10, claude=claude)
    ingest(workspace := make_workspace(home))
    before = score_stored(workspace, names[0])
    claude.project(SITE).session("2025-01-01T09:00:00Z", model=HOUSE).prompt("Fix the bug.").response(output=50).write()
    ingest(workspace)
    after = score_stored(workspace, names[0])
    assert before.reference is None or before.reference.kind == "bundled"
    assert after.reference is not None
    assert (after.reference.kind, after.reference.n, after.verdict) == ("own", 10, "within_band")


def score_stored(workspace: Workspace, name: str) -> TokenScore:
    with closing(open_reader(workspace.folder)) as connection:
        return load_references(connection).score(load_facts(connection, [name])[name])
